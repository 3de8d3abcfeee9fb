//! What must hold of the system, and what has to be seen of it.

use std::collections::BTreeMap;

use check::{At, Board, Names, Oracle, Property, Verdict};
use sim::{NodeId, Observer, Record, World};

use super::{Counter, Msg, Note};

/// Said numbers are kept.
pub const NEVER_BACK: Property = Property::always(
    "never-back",
    "No number is taken back",
    "Once a node has told a number, its own is never smaller",
);

/// Somebody learns from somebody else.
pub const CAUGHT_UP: Property =
    Property::sometimes("caught-up", "Somebody catches up", "A node takes over a number that it hears");

/// All of them, in the order in which people read them.
const PROPERTIES: [Property; 2] = [NEVER_BACK, CAUGHT_UP];

/// The oracle.
#[derive(Clone, Debug)]
pub struct CounterOracle {
    board: Board,
    /// The largest number that each node has told.
    told: BTreeMap<NodeId, u64>,
    counted: u64,
    caught_up: u64,
}

impl CounterOracle {
    /// An oracle that calls nodes by these names.
    #[must_use]
    pub fn new(names: Names) -> Self {
        Self { board: Board::new(&PROPERTIES, names), told: BTreeMap::new(), counted: 0, caught_up: 0 }
    }

    /// The largest number that a node has told.
    #[must_use]
    pub fn told(&self, node: NodeId) -> Option<u64> {
        self.told.get(&node).copied()
    }

    /// How often nodes have counted, and how often one has caught up.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.counted, self.caught_up)
    }

    fn tells(&mut self, node: NodeId, number: u64) {
        let told = self.told.entry(node).or_default();
        *told = number.max(*told);
    }

    fn notes(&mut self, at: At, node: NodeId, note: Note) {
        match note {
            Note::Started(_) => {}
            Note::Counted(_) => self.counted += 1,
            Note::CaughtUp(number) => {
                self.caught_up += 1;
                self.board.see(&CAUGHT_UP, at, |names| format!("{} takes over {number}", names.of(node)));
            }
        }
        let number = note.number();
        if let Some(told) = self.told(node).filter(|&told| number < told) {
            let reason = |names: &Names| format!("{} has told {told}, and has {number} now", names.of(node));
            self.board.violate(&NEVER_BACK, at, reason);
        }
    }
}

impl Observer<Counter> for CounterOracle {
    fn observe(&mut self, record: &Record<Counter>, world: &World<Counter>) {
        let at = At::of(record);
        self.board.observe(at);
        for (id, Msg::Number(number)) in record.sent(world) {
            self.tells(id.from, *number);
        }
        for (node, note) in record.noted() {
            self.notes(at, node, *note);
        }
    }
}

impl Oracle<Counter> for CounterOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        self.board.verdicts(now_us, |property| match *property {
            NEVER_BACK => format!("{} nodes have told a number", self.told.len()),
            _ => String::new(),
        })
    }

    fn violated(&self) -> bool {
        self.board.violated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_taken_back_is_rejected() {
        let mut oracle = CounterOracle::new(Names::servers(2));
        let at = |step: u64| At { step, time_us: 1_000 * step };
        oracle.notes(at(1), NodeId(0), Note::Counted(5));
        oracle.tells(NodeId(0), 5);
        // Nobody has heard of n2's, and n1 only goes on.
        oracle.notes(at(2), NodeId(1), Note::Started(0));
        oracle.notes(at(3), NodeId(0), Note::Started(5));
        oracle.notes(at(4), NodeId(0), Note::Counted(6));
        assert!(!oracle.violated() && oracle.board.evidence(&CAUGHT_UP).is_none());
        oracle.notes(at(5), NodeId(0), Note::CaughtUp(4));
        let evidence = oracle.board.evidence(&NEVER_BACK).expect("it is broken");
        assert_eq!((evidence.step, evidence.reason.as_str()), (5, "n1 has told 5, and has 4 now"));
        assert!(oracle.board.evidence(&CAUGHT_UP).is_some());
    }
}
