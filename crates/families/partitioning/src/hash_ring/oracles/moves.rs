//! Keys that move arrive, and what has been seen on the way.

use check::{At, Board, Kind, Property};
use sim::{DiskMode, Event, NodeId, Record, World};

use super::{HashRing, Note};

/// A change ends before long while all machines and links that it needs work.
pub const HAND_OFF_COMPLETES: Property = Property {
    id: "hand-off-completes",
    name: "Hand-off Liveness",
    claim: "Keys that move arrive",
    kind: Kind::Eventually,
};

/// A client reads a key whose replicas are changing.
pub const READ_ON_THE_MOVE: Property = Property {
    id: "read-on-the-move",
    name: "Read on the move",
    claim: "Somebody reads a key that moves",
    kind: Kind::Sometimes,
};

/// A write is kept for a silent replica, and delivered.
pub const HINTED_WRITE: Property = Property {
    id: "hinted-write",
    name: "Hinted hand-off",
    claim: "A hint reaches its replica",
    kind: Kind::Sometimes,
};

/// A server crashes while it hands keys over, and goes on.
pub const HAND_OFF_RESUMED: Property = Property {
    id: "hand-off-resumed",
    name: "Resumed hand-off",
    claim: "A hand-off survives a crash",
    kind: Kind::Sometimes,
};

/// The bound, in µs: for a view to spread and for every batch to be acknowledged, twenty times over.
const BOUND_US: u64 = 5_000_000;

/// A clock that is off by more than this is outside every promise, in parts per million.
const DRIFT_PPM_MAX: u32 = 100_000;

/// The slowest link and disk for which the bound is meant, in µs.
const SLOW_US_MAX: u64 = 60_000;

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
    let default_sync_us = world.cluster().disk_sync_us;
    let runs = |node: NodeId| {
        let (mode, sync_us) = world.disk_mode(node);
        world.is_up(node)
            && !world.is_paused(node)
            && world.clock(node).drift_ppm().unsigned_abs() <= DRIFT_PPM_MAX
            && !matches!(mode, DiskMode::Slow | DiskMode::Full)
            && sync_us.unwrap_or(default_sync_us).1 <= SLOW_US_MAX
    };
    let passes = |from: NodeId, to: NodeId| {
        let profile = world.link_profile(from, to);
        world.link_up(from, to)
            && !world.link_held(from, to)
            && profile.loss_ppm == 0
            && profile.bandwidth_bps == 0
            && profile.latency_us.1 <= SLOW_US_MAX
    };
    needed.iter().all(|&node| runs(node))
        && needed.iter().all(|&from| needed.iter().all(|&to| from == to || passes(from, to)))
}

#[cfg(test)]
mod tests {
    use check::Status;

    use super::super::some_board;
    use super::*;
    use crate::hash_ring::Change;

    const fn at(time_us: u64) -> At {
        At { step: time_us / 1_000, time_us }
    }

    /// How a property stands.
    fn status(board: &Board, property: Property, now_us: u64) -> Status {
        let verdicts = board.verdicts(now_us, |_| String::new());
        verdicts.into_iter().find(|verdict| verdict.property == property).unwrap().status
    }

    #[test]
    fn a_hand_off_that_never_ends_is_rejected() {
        let (mut moves, mut board) = (Moves::default(), some_board());
        let hand_off = |board: &Board, now_us| status(board, HAND_OFF_COMPLETES, now_us);
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
            [READ_ON_THE_MOVE, HINTED_WRITE, HAND_OFF_RESUMED].map(|property| status(board, property, 1))
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
