//! Keys that move arrive, and what has been seen on the way.

use check::works::Bounds;
use check::{At, Board, Property};
use sim::{Event, NodeId, Record, World};

use super::{HashRing, Note};

/// A change ends before long while all machines and links that it needs work.
pub const HAND_OFF_COMPLETES: Property =
    Property::eventually("hand-off-completes", "Hand-off Liveness", "Keys that move arrive");

/// A client reads a key whose replicas are changing.
pub const READ_ON_THE_MOVE: Property =
    Property::sometimes("read-on-the-move", "Read on the move", "Somebody reads a key that moves");

/// A write is kept for a silent replica, and delivered.
pub const HINTED_WRITE: Property = Property::sometimes("hinted-write", "Hinted hand-off", "A hint reaches its replica");

/// A server crashes while it hands keys over, and goes on.
pub const HAND_OFF_RESUMED: Property =
    Property::sometimes("hand-off-resumed", "Resumed hand-off", "A hand-off survives a crash");

/// The bound, in µs: for a view to spread and for every batch to be acknowledged, twenty times over.
const BOUND_US: u64 = 5_000_000;

/// The state of the oracle.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    /// How many changes are complete.
    pub(super) ended: u64,
    /// How many keys new replicas have been sent.
    pub(super) keys: u64,
    /// How many writes were kept for silent replicas.
    pub(super) hints: u64,
    moving: bool,
}

impl Moves {
    pub(super) fn noted(&mut self, board: &mut Board, at: At, node: NodeId, note: &Note) {
        match note {
            Note::ReadMoving { key } => {
                board.see(&READ_ON_THE_MOVE, at, |names| {
                    format!("{} serves a read of {key}, which moves", names.of(node))
                });
            }
            Note::HintKept { .. } => self.hints += 1,
            Note::HintDelivered { replica, key } => {
                board.see(&HINTED_WRITE, at, |names| {
                    format!("{} has given {key} to {}", names.of(node), names.of(*replica))
                });
            }
            Note::HandOffResumed => {
                board.see(&HAND_OFF_RESUMED, at, |names| format!("{} goes on handing keys over", names.of(node)));
            }
            Note::BatchStored { keys, .. } => self.keys += u64::from(*keys),
            Note::ChangeStarted { .. } => self.moving = true,
            Note::ChangeEnded { .. } => {
                // The next change may start in the same step; it has its own time.
                self.moving = false;
                board.meet(&HAND_OFF_COMPLETES);
                self.ended += 1;
            }
            _ => {}
        }
    }

    pub(super) fn observe(&self, board: &mut Board, at: At, record: &Record<HashRing>, world: &World<HashRing>) {
        // Only commands and changes decide who is needed and whether all of it works.
        let changed = matches!(record.event, Event::Command(_))
            || record.notes().any(|note| matches!(note, Note::ChangeStarted { .. } | Note::ChangeEnded { .. }));
        if changed {
            self.look(board, at, || all_works(world));
        }
    }

    fn look(&self, board: &mut Board, at: At, works: impl FnOnce() -> bool) {
        if !self.moving {
            board.meet(&HAND_OFF_COMPLETES);
        } else if works() {
            let missing = "keys are still on the move";
            board.wait(&HAND_OFF_COMPLETES, at, BOUND_US, "everything has been working", missing);
        } else {
            board.excuse(&HAND_OFF_COMPLETES, "somebody who is needed cannot take part");
        }
    }
}

/// Whether all members, old and new, and the administrator run and reach each other in good time.
fn all_works(world: &World<HashRing>) -> bool {
    let admin = world.config().admin();
    let Some(view) = world.node(admin).and_then(HashRing::admin).map(|admin| &admin.view) else { return false };
    let mut needed = view.everybody();
    needed.push(admin);
    Bounds::GENEROUS.all_work(world, &needed)
}

#[cfg(test)]
mod tests {
    use check::Status;
    use check::testing::at;

    use super::super::some_board;
    use super::*;
    use crate::hash_ring::Change;

    #[test]
    fn a_hand_off_that_never_ends_is_rejected() {
        let (mut moves, mut board) = (Moves::default(), some_board());
        let hand_off = |board: &Board, now_us| board.status(&HAND_OFF_COMPLETES, now_us);
        assert_eq!(hand_off(&board, 0), Status::Met);
        let started = Note::ChangeStarted { epoch: 1, change: Change::Vnodes(9) };
        moves.noted(&mut board, at(1_000), NodeId(5), &started);
        moves.look(&mut board, at(1_000), || true);
        assert_eq!(hand_off(&board, BOUND_US + 1_000), Status::Pending);
        assert_eq!(hand_off(&board, BOUND_US + 1_001), Status::Violated);
        let mut late = board.clone();
        late.observe(at(BOUND_US + 1_001));
        assert!(late.evidence(&HAND_OFF_COMPLETES).unwrap().reason.contains("since 1 ms"));
        // One that ends in time, and one that cannot go on, are not.
        let (mut ended, mut in_time) = (moves.clone(), board.clone());
        ended.noted(&mut in_time, at(2_000), NodeId(5), &Note::ChangeEnded { epoch: 2 });
        assert_eq!(hand_off(&in_time, 2 * BOUND_US), Status::Met);
        moves.look(&mut board, at(3_000), || false);
        assert_eq!(hand_off(&board, 2 * BOUND_US), Status::Pending);
    }

    #[test]
    fn what_sometimes_happens_is_seen() {
        let (mut moves, mut board) = (Moves::default(), some_board());
        let seen = |board: &Board| {
            [READ_ON_THE_MOVE, HINTED_WRITE, HAND_OFF_RESUMED].map(|property| board.status(&property, 1))
        };
        assert_eq!(seen(&board), [Status::Unseen; 3]);
        for note in [
            Note::ReadMoving { key: "x".into() },
            Note::HintDelivered { replica: NodeId(1), key: "x".into() },
            Note::HandOffResumed,
        ] {
            moves.noted(&mut board, at(1), NodeId(0), &note);
        }
        assert_eq!(seen(&board), [Status::Met; 3]);
    }
}
