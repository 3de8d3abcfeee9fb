//! The board: one place into which the oracles of a system write their verdicts.
//!
//! A system declares its properties once, as a list of [`Property`] constants in the order in which people read them;
//! its oracles watch the run and tell the board what they see. The board keeps the first evidence for each, knows
//! whether anything is violated, minds the deadlines of what has to come true in time, and makes the list of verdicts.
//!
//! ```
//! use check::{At, Board, Names, Property, Status};
//! use sim::NodeId;
//! # extern crate netsplit_check as check;
//!
//! const AGREEMENT: Property =
//!     Property::always("agreement", "Atomic Commitment", "Nobody commits what another aborts");
//! const DECIDED: Property =
//!     Property::eventually("decided", "Termination", "Everybody decides");
//!
//! let mut board = Board::new(&[AGREEMENT, DECIDED], Names::servers(3));
//! let at = At { step: 7, time_us: 7_000 };
//! board.observe(at); // At each step, before anything else: deadlines pass.
//! board.wait(&DECIDED, at, 1_000_000, "everybody works", "n2 has not decided");
//! board.violate(&AGREEMENT, at, |names| format!("{} commits, {} has aborted", names.of(NodeId(0)), names.of(NodeId(2))));
//! let verdicts = board.verdicts(8_000, |property| match *property {
//!     AGREEMENT => "1 transaction checked".to_owned(),
//!     _ => String::new(),
//! });
//! assert_eq!(verdicts[0].status, Status::Violated);
//! assert_eq!(verdicts[0].evidence.as_ref().unwrap().reason, "n1 commits, n3 has aborted");
//! assert_eq!((verdicts[1].status, verdicts[1].basis.as_str()), (Status::Pending, "waiting for 1 ms of 1000"));
//! ```
//!
//! Property by property:
//!
//! - *Always* holds until [`Board::violate`].
//! - *Sometimes* is unseen until [`Board::see`].
//! - *Eventually* is met, or waits since some moment and is violated when its bound has passed, or is excused while its
//!   premise does not hold: [`Board::meet`], [`Board::wait`], [`Board::excuse`]. It starts met.

use std::rc::Rc;

use crate::names::Names;
use crate::verdict::{At, Evidence, Kind, Property, Status, Verdict};

/// How a property that has to come true in time stands, apart from its evidence.
#[derive(Clone, Debug)]
enum Wait {
    Met,
    Waiting { since_us: u64, bound_us: u64, premise: &'static str, missing: &'static str },
    Excused(&'static str),
}

#[derive(Clone, Debug)]
struct Entry {
    property: Property,
    evidence: Option<Rc<Evidence>>,
    wait: Wait,
}

impl Entry {
    /// What there is to show at `now_us`: what was kept, or that a bound has passed.
    fn overdue(&self, at: At) -> Option<Evidence> {
        match self.wait {
            Wait::Waiting { since_us, bound_us, premise, missing }
                if at.time_us > since_us.saturating_add(bound_us) =>
            {
                let (since_ms, bound_ms) = (since_us / 1_000, bound_us / 1_000);
                Some(at.evidence(format!("{premise} since {since_ms} ms, and {bound_ms} ms later {missing}")))
            }
            _ => None,
        }
    }
}

/// Verdicts in the making. See the [module](self).
#[derive(Clone, Debug)]
pub struct Board {
    entries: Vec<Entry>,
    names: Names,
    violated: bool,
    /// The first moment at which a bound may have passed.
    alarm_us: u64,
    last_step: u64,
}

impl Board {
    /// A board for these properties, in the order in which they are listed. Reasons call nodes by `names`.
    #[must_use]
    pub fn new(properties: &[Property], names: Names) -> Self {
        let entry = |&property: &Property| Entry { property, evidence: None, wait: Wait::Met };
        let entries = properties.iter().map(entry).collect();
        Self { entries, names, violated: false, alarm_us: u64::MAX, last_step: 0 }
    }

    /// What nodes are called.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Whether any property is violated.
    #[must_use]
    pub const fn violated(&self) -> bool {
        self.violated
    }

    /// The evidence for a property, if there is any.
    #[must_use]
    pub fn evidence(&self, property: &Property) -> Option<&Evidence> {
        self.entries.iter().find(|entry| entry.property.id == property.id)?.evidence.as_deref()
    }

    /// A step is about to be judged: what has waited for too long is violated. Costs a comparison.
    #[inline]
    pub fn observe(&mut self, at: At) {
        self.last_step = at.step;
        if at.time_us > self.alarm_us {
            self.expire(at);
        }
    }

    /// An *always* is broken. The first time counts, and `reason` is asked only then.
    pub fn violate(&mut self, property: &Property, at: At, reason: impl FnOnce(&Names) -> String) {
        debug_assert_eq!(property.kind, Kind::Always, "{}", property.id);
        self.keep(property, at, reason);
        self.violated = true;
    }

    /// A *sometimes* shows. The first time counts, and `reason` is asked only then.
    pub fn see(&mut self, property: &Property, at: At, reason: impl FnOnce(&Names) -> String) {
        debug_assert_eq!(property.kind, Kind::Sometimes, "{}", property.id);
        self.keep(property, at, reason);
    }

    /// An *eventually* is not true, although its premise holds: `premise` ("everything has been working") and `missing`
    /// ("keys are still on the move") become the reason once this has been so for more than `bound_us`. While it waits
    /// already, nothing changes.
    pub fn wait(&mut self, property: &Property, at: At, bound_us: u64, premise: &'static str, missing: &'static str) {
        let entry = self.eventually(property);
        if !matches!(entry.wait, Wait::Waiting { .. }) && entry.evidence.is_none() {
            entry.wait = Wait::Waiting { since_us: at.time_us, bound_us, premise, missing };
            self.alarm_us = self.alarm_us.min(at.time_us.saturating_add(bound_us));
        }
    }

    /// An *eventually* is true, for now or for good.
    pub fn meet(&mut self, property: &Property) {
        self.eventually(property).wait = Wait::Met;
    }

    /// An *eventually* is not true, and nothing is promised, because `why`.
    pub fn excuse(&mut self, property: &Property, why: &'static str) {
        self.eventually(property).wait = Wait::Excused(why);
    }

    /// The verdicts at `now_us`, in the order of the properties. `basis` says what each rests on ("2 terms checked"),
    /// or nothing; it is not asked about what waits, is excused, or came too late.
    #[must_use]
    pub fn verdicts(&self, now_us: u64, basis: impl Fn(&Property) -> String) -> Vec<Verdict> {
        let now = At { step: self.last_step, time_us: now_us };
        let verdict = |entry: &Entry| {
            let property = entry.property;
            let evidence = entry.evidence.as_deref().cloned().or_else(|| entry.overdue(now));
            let (status, basis) = match (property.kind, &evidence, &entry.wait) {
                (Kind::Always, None, _) => (Status::Holds, basis(&property)),
                (Kind::Always, Some(_), _) => (Status::Violated, basis(&property)),
                (Kind::Sometimes, None, _) => (Status::Unseen, basis(&property)),
                (Kind::Sometimes, Some(_), _) => (Status::Met, basis(&property)),
                (Kind::Eventually, Some(_), _) => (Status::Violated, String::new()),
                (Kind::Eventually, None, Wait::Met) => (Status::Met, basis(&property)),
                (Kind::Eventually, None, Wait::Excused(why)) => (Status::Pending, (*why).to_owned()),
                (Kind::Eventually, None, Wait::Waiting { since_us, bound_us, .. }) => {
                    let waited_ms = now_us.saturating_sub(*since_us) / 1_000;
                    (Status::Pending, format!("waiting for {waited_ms} ms of {}", bound_us / 1_000))
                }
            };
            Verdict { property, status, evidence, basis }
        };
        self.entries.iter().map(verdict).collect()
    }

    /// How one property stands at `now_us`.
    #[must_use]
    pub fn status(&self, property: &Property, now_us: u64) -> Status {
        let verdicts = self.verdicts(now_us, |_| String::new());
        let verdict = verdicts.iter().find(|verdict| verdict.property == *property);
        verdict.unwrap_or_else(|| panic!("{} was not declared", property.id)).status
    }

    fn keep(&mut self, property: &Property, at: At, reason: impl FnOnce(&Names) -> String) {
        let entry = entry(&mut self.entries, property);
        if entry.evidence.is_none() {
            entry.evidence = Some(Rc::new(at.evidence(reason(&self.names))));
        }
    }

    fn eventually(&mut self, property: &Property) -> &mut Entry {
        debug_assert_eq!(property.kind, Kind::Eventually, "{}", property.id);
        entry(&mut self.entries, property)
    }

    /// Turns waits that are over into violations, and finds out when the next one may be.
    #[cold]
    fn expire(&mut self, at: At) {
        self.alarm_us = u64::MAX;
        for entry in &mut self.entries {
            if let Some(evidence) = entry.overdue(at) {
                entry.evidence.get_or_insert_with(|| Rc::new(evidence));
                entry.wait = Wait::Met;
                self.violated = true;
            }
            if let Wait::Waiting { since_us, bound_us, .. } = entry.wait {
                self.alarm_us = self.alarm_us.min(since_us.saturating_add(bound_us));
            }
        }
    }
}

fn entry<'a>(entries: &'a mut [Entry], property: &Property) -> &'a mut Entry {
    let found = entries.iter_mut().find(|entry| entry.property.id == property.id);
    found.unwrap_or_else(|| panic!("{} was not declared", property.id))
}

#[cfg(test)]
mod tests {
    use crate::testing::at;
    use sim::NodeId;

    use super::*;

    const SAFE: Property = Property::always("safe", "Safe", "It is safe");
    const LIVE: Property = Property::eventually("live", "Live", "It gets there");
    const RICH: Property = Property::sometimes("rich", "Rich", "It is seen");

    fn board() -> Board {
        Board::new(&[SAFE, LIVE, RICH], Names::servers(2))
    }

    fn statuses(board: &Board, now_us: u64) -> Vec<Status> {
        board.verdicts(now_us, |_| String::new()).iter().map(|verdict| verdict.status).collect()
    }

    #[test]
    fn the_first_evidence_counts() {
        let mut board = board();
        assert_eq!(statuses(&board, 0), [Status::Holds, Status::Met, Status::Unseen]);
        for time_us in [3_000, 5_000] {
            board.violate(&SAFE, at(time_us), |names| format!("{} at {time_us}", names.of(NodeId(1))));
            board.see(&RICH, at(time_us), |_| format!("seen at {time_us}"));
        }
        assert_eq!(statuses(&board, 9_000), [Status::Violated, Status::Met, Status::Met]);
        assert_eq!(board.evidence(&SAFE), Some(&Evidence { step: 3, time_us: 3_000, reason: "n2 at 3000".into() }));
        assert_eq!(board.evidence(&RICH).unwrap().reason, "seen at 3000");
        assert!(board.violated());
    }

    #[test]
    fn what_is_seen_is_no_violation() {
        let mut board = board();
        board.see(&RICH, at(1), |_| String::new());
        assert!(!board.violated());
    }

    #[test]
    fn a_wait_is_violated_by_the_first_look_after_its_bound() {
        let mut waiting = board();
        waiting.wait(&LIVE, at(1_000), 10_000, "all has been well", "nothing has come");
        waiting.wait(&LIVE, at(9_000), 10_000, "all has been well", "nothing has come");
        waiting.observe(at(11_000));
        assert_eq!(statuses(&waiting, 11_000)[1], Status::Pending);
        assert_eq!(waiting.verdicts(6_500, |_| "unused".into())[1].basis, "waiting for 5 ms of 10");
        // Whether somebody looks or a step passes, the reason is the same.
        let looked = waiting.verdicts(12_000, |_| String::new()).remove(1);
        waiting.observe(at(12_000));
        assert!(waiting.violated());
        let stepped = waiting.verdicts(20_000, |_| String::new()).remove(1);
        assert_eq!((looked.status, stepped.status), (Status::Violated, Status::Violated));
        let reason = "all has been well since 1 ms, and 10 ms later nothing has come";
        assert_eq!(looked.evidence, Some(Evidence { step: 11, time_us: 12_000, reason: reason.into() }));
        assert_eq!(stepped.evidence, Some(Evidence { step: 12, time_us: 12_000, reason: reason.into() }));
        // It stays so, whatever comes later.
        waiting.meet(&LIVE);
        assert_eq!(statuses(&waiting, 30_000)[1], Status::Violated);
    }

    #[test]
    fn a_wait_that_ends_or_is_excused_begins_anew() {
        for end in [Board::meet as fn(&mut Board, &Property), |board, property| board.excuse(property, "all is cut")] {
            let mut board = board();
            board.wait(&LIVE, at(0), 10_000, "", "");
            end(&mut board, &LIVE);
            board.observe(at(50_000));
            board.wait(&LIVE, at(50_000), 10_000, "", "");
            board.observe(at(60_000));
            assert_eq!(statuses(&board, 60_000)[1], Status::Pending);
            assert_eq!(statuses(&board, 60_001)[1], Status::Violated);
        }
        let mut board = board();
        board.excuse(&LIVE, "all is cut");
        let verdict = board.verdicts(1 << 60, |_| String::new()).remove(1);
        assert_eq!((verdict.status, verdict.basis.as_str()), (Status::Pending, "all is cut"));
    }

    #[test]
    fn a_clone_is_a_board_of_its_own() {
        let mut board = board();
        let before = board.clone();
        board.violate(&SAFE, at(1), |_| String::new());
        assert!(board.violated() && !before.violated() && before.evidence(&SAFE).is_none());
    }
}
