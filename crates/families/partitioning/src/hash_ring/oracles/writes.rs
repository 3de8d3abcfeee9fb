//! No acknowledged write is lost.

use std::collections::BTreeMap;

use check::{At, Board, Property};
use sim::{Command, Event, Map, Record};

use super::{Config, HashRing, Note};
use crate::hash_ring::{KeyOp, Origin, Version};

/// Whatever moves: an operation that starts after a write was acknowledged finds that write or a newer one. It
/// is promised as long as read and write quorums overlap.
pub const ACKNOWLEDGED_WRITES: Property = Property::always(
    "acknowledged-writes-survive",
    "Durability of Acknowledged Writes",
    "No acknowledged write is lost",
);

/// An acknowledged write: its version and value.
type Acked = (Version, i64);

/// The state of the oracle.
#[derive(Clone, Debug)]
pub(super) struct Writes {
    /// Whether anything is promised.
    overlap: bool,
    /// The newest acknowledged write of each key.
    acked: BTreeMap<String, Acked>,
    /// What operations that are open have to find at least.
    open: Map<Origin, Option<Acked>>,
    asked: u64,
    answered: u64,
}

impl Writes {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            overlap: config.read_quorum + config.write_quorum > config.replicas,
            acked: BTreeMap::new(),
            open: Map::new(),
            asked: 0,
            answered: 0,
        }
    }

    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.asked, self.answered)
    }

    pub(super) fn noted(&mut self, board: &mut Board, at: At, note: &Note) {
        match note {
            Note::Invoked { origin, op } => {
                self.asked += 1;
                self.open.insert(*origin, self.acked.get(op.key()).copied());
            }
            Note::Answered { origin, op, stored } => {
                let Some(floor) = self.open.remove(origin) else { return };
                self.answered += 1;
                let found = stored.map(|stored| (stored.version, stored.value));
                if let Some((wanted, value)) = floor
                    && self.overlap
                    && found.is_none_or(|(version, _)| version < wanted)
                {
                    board.violate(&ACKNOWLEDGED_WRITES, at, |_| {
                        let what = match (op, found) {
                            (KeyOp::Get { .. }, None) => "a read that started later found nothing".to_owned(),
                            (KeyOp::Get { .. }, Some((_, old))) => format!("a read that started later found {old}"),
                            (KeyOp::Put { value, .. }, _) => format!("a later write of {value} counts as older"),
                        };
                        format!("{}={value} was acknowledged, and {what}", op.key())
                    });
                }
                if let (KeyOp::Put { key, .. }, Some((version, value))) = (op, found) {
                    let newest = self.acked.entry(key.clone()).or_insert((version, value));
                    if newest.0 < version {
                        *newest = (version, value);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a client that is gone had asked for will never be answered.
    pub(super) fn observe(&mut self, record: &Record<HashRing>) {
        if let Event::Command(Command::Crash(node) | Command::RemoveNode(node)) = record.event {
            self.open.retain(|origin, _| origin.client != node);
        }
    }

    pub(super) fn basis(&self) -> String {
        if self.overlap {
            format!("{} of {} operations answered", self.answered, self.asked)
        } else {
            "read and write quorums do not overlap, so nothing is promised".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use sim::NodeId;

    use super::super::{some_board, some_config};
    use super::*;
    use crate::hash_ring::Stored;

    const fn at(step: u64) -> At {
        At { step, time_us: step * 1_000 }
    }

    fn origin(number: u64) -> Origin {
        Origin { client: NodeId(4), session: 1, number }
    }

    fn get() -> KeyOp {
        KeyOp::Get { key: "x".into() }
    }

    fn put(value: i64) -> KeyOp {
        KeyOp::Put { key: "x".into(), value }
    }

    fn stored(counter: u64, number: u64, value: i64) -> Option<Stored> {
        Some(Stored { version: Version { counter, origin: origin(number) }, value })
    }

    /// The board after these notes.
    fn told(writes: &mut Writes, notes: &[Note]) -> Board {
        let mut board = some_board();
        for (step, note) in (1..).zip(notes) {
            writes.noted(&mut board, at(step), note);
        }
        board
    }

    fn invoked(number: u64, op: KeyOp) -> Note {
        Note::Invoked { origin: origin(number), op }
    }

    fn answered(number: u64, op: KeyOp, stored: Option<Stored>) -> Note {
        Note::Answered { origin: origin(number), op, stored }
    }

    /// Acknowledges x=1, starts an operation, and gives it this answer.
    fn after_a_write(op: KeyOp, answer: Option<Stored>) -> Board {
        let notes =
            [invoked(1, put(1)), answered(1, put(1), stored(5, 1, 1)), invoked(2, op.clone()), answered(2, op, answer)];
        let mut writes = Writes::new(&some_config());
        assert!(!told(&mut writes, &notes[..3]).violated());
        told(&mut Writes::new(&some_config()), &notes)
    }

    #[test]
    fn a_read_of_something_older_is_rejected() {
        assert!(!after_a_write(get(), stored(5, 1, 1)).violated());
        assert!(!after_a_write(get(), stored(6, 9, 3)).violated());
        for old in [None, stored(4, 9, 3)] {
            let board = after_a_write(get(), old);
            let reason = &board.evidence(&ACKNOWLEDGED_WRITES).unwrap().reason;
            assert!(reason.contains("x=1 was acknowledged"), "{reason}");
        }
    }

    #[test]
    fn a_write_that_counts_as_older_is_rejected() {
        assert!(!after_a_write(put(2), stored(6, 2, 2)).violated());
        assert!(after_a_write(put(2), stored(1, 2, 2)).violated());
    }

    #[test]
    fn what_was_not_acknowledged_before_may_be_missed() {
        let notes =
            [invoked(2, get()), invoked(1, put(1)), answered(1, put(1), stored(1, 1, 1)), answered(2, get(), None)];
        assert!(!told(&mut Writes::new(&some_config()), &notes).violated());
    }

    #[test]
    fn without_overlap_nothing_is_promised() {
        let mut writes = Writes::new(&Config { read_quorum: 1, ..some_config() });
        let notes =
            [invoked(1, put(1)), answered(1, put(1), stored(5, 1, 1)), invoked(2, get()), answered(2, get(), None)];
        assert!(!told(&mut writes, &notes).violated() && writes.basis().contains("do not overlap"));
    }
}
