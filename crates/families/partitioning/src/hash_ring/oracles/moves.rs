//! Keys that move arrive, and what has been seen on the way.

use check::{Kind, Property, Status, Verdict, Violation};
use sim::{DiskMode, Event, NodeId, Record, World};

use super::{At, Config, HashRing, Note};

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
    /// Since when keys move although everything works.
    since_us: Option<u64>,
    violation: Option<Violation>,
    last_step: u64,
    read: Option<Violation>,
    hinted: Option<Violation>,
    resumed: Option<Violation>,
}

impl Moves {
    pub(super) fn noted(&mut self, at: &At, node: NodeId, note: &Note, config: &Config) {
        let me = || config.name(node);
        match note {
            Note::ReadMoving { key } if self.read.is_none() => {
                self.read = Some(at.evidence(format!("{} serves a read of {key}, which moves", me())));
            }
            Note::HintKept { .. } => self.hints += 1,
            Note::HintDelivered { replica, key } if self.hinted.is_none() => {
                self.hinted = Some(at.evidence(format!("{} has given {key} to {}", me(), config.name(*replica))));
            }
            Note::HandOffResumed if self.resumed.is_none() => {
                self.resumed = Some(at.evidence(format!("{} goes on handing keys over", me())));
            }
            Note::BatchStored { keys, .. } => self.keys += u64::from(*keys),
            Note::ChangeStarted { .. } => self.moving = true,
            Note::ChangeEnded { .. } => {
                // The next change may start in the same step; it has its own time.
                self.moving = false;
                self.since_us = None;
                self.ended += 1;
            }
            _ => {}
        }
    }

    pub(super) fn observe(&mut self, at: &At, record: &Record<HashRing>, world: &World<HashRing>) {
        self.last_step = at.step;
        self.expire(at.time_us);
        // Only commands and changes decide who is needed and whether all of it works.
        let changed = matches!(record.event, Event::Command(_))
            || record.notes().any(|note| matches!(note, Note::ChangeStarted { .. } | Note::ChangeEnded { .. }));
        if changed {
            self.look(at.time_us, self.moving && all_works(world));
        }
    }

    fn look(&mut self, now_us: u64, promised: bool) {
        self.since_us = if promised { self.since_us.or(Some(now_us)) } else { None };
    }

    fn expire(&mut self, now_us: u64) {
        if self.violation.is_none()
            && let Some(since_us) = self.since_us
            && now_us > since_us + BOUND_US
        {
            let reason = format!(
                "everything has been working since {} ms, and {} ms later keys are still on the move",
                since_us / 1_000,
                BOUND_US / 1_000
            );
            self.violation = Some(Violation { step: self.last_step, time_us: now_us, reason });
        }
    }

    pub(super) const fn violated(&self) -> bool {
        self.violation.is_some()
    }

    pub(super) fn verdict(&self, now_us: u64) -> Verdict {
        let mut this = self.clone();
        this.expire(now_us);
        let (status, basis) = match (&this.violation, this.since_us) {
            (Some(_), _) => (Status::Violated, String::new()),
            (None, Some(since_us)) => {
                (Status::Pending, format!("moving for {} ms of {}", (now_us - since_us) / 1_000, BOUND_US / 1_000))
            }
            (None, None) if this.moving => (Status::Pending, "somebody who is needed cannot take part".to_owned()),
            (None, None) => (Status::Met, format!("{} changes complete", this.ended)),
        };
        Verdict { property: HAND_OFF_COMPLETES, status, evidence: this.violation, basis }
    }

    pub(super) fn sometimes(&self) -> [Verdict; 3] {
        [
            Verdict::sometimes(READ_ON_THE_MOVE, self.read.as_ref(), String::new()),
            Verdict::sometimes(HINTED_WRITE, self.hinted.as_ref(), format!("{} hints kept", self.hints)),
            Verdict::sometimes(HAND_OFF_RESUMED, self.resumed.as_ref(), String::new()),
        ]
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
    use super::super::some_config;
    use super::*;
    use crate::hash_ring::Change;

    const fn at(time_us: u64) -> At {
        At { step: time_us / 1_000, time_us }
    }

    fn started(moves: &mut Moves, time_us: u64) {
        let note = Note::ChangeStarted { epoch: 1, change: Change::Vnodes(9) };
        moves.noted(&at(time_us), NodeId(5), &note, &some_config());
    }

    #[test]
    fn a_hand_off_that_never_ends_is_rejected() {
        let mut moves = Moves::default();
        assert_eq!(moves.verdict(0).status, Status::Met);
        started(&mut moves, 1_000);
        moves.look(1_000, true);
        assert_eq!(moves.verdict(BOUND_US + 1_000).status, Status::Pending);
        let verdict = moves.verdict(BOUND_US + 1_001);
        assert_eq!(verdict.status, Status::Violated);
        assert!(verdict.evidence.unwrap().reason.contains("since 1 ms"));
        // One that ends in time, and one that cannot go on, are not.
        let mut ended = moves.clone();
        ended.noted(&at(2_000), NodeId(5), &Note::ChangeEnded { epoch: 2 }, &some_config());
        assert_eq!(ended.verdict(2 * BOUND_US).status, Status::Met);
        moves.look(3_000, false);
        assert_eq!(moves.verdict(2 * BOUND_US).status, Status::Pending);
    }

    #[test]
    fn what_sometimes_happens_is_seen() {
        let mut moves = Moves::default();
        assert!(moves.sometimes().iter().all(|verdict| verdict.status == Status::Unseen));
        for note in [
            Note::ReadMoving { key: "x".into() },
            Note::HintDelivered { replica: NodeId(1), key: "x".into() },
            Note::HandOffResumed,
        ] {
            moves.noted(&at(1), NodeId(0), &note, &some_config());
        }
        assert!(moves.sometimes().iter().all(|verdict| verdict.status == Status::Met));
    }
}
