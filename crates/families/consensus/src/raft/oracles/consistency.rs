//! Linearizability of what clients see.

use std::collections::BTreeMap;

use check::history::{History, Moment, OpId};
use check::linearizability::{Incremental, Limits, Model, Outcome, Witness};
use check::{Kind, Property, Verdict, Violation};
use sim::{Command, Event, NodeId, Record};

use super::{At, Note, Raft};
use crate::raft::{KvOp, KvRet, Origin, Ret};

/// Each operation takes effect at one instant between question and answer (§8; Herlihy and Wing,
/// "Linearizability: a correctness condition for concurrent objects", TOPLAS 1990).
pub const LINEARIZABILITY: Property = Property {
    id: "linearizability",
    name: "Linearizability",
    claim: "Clients see one up-to-date copy",
    kind: Kind::Always,
};

/// What an answer may cost, in states. Beyond it a key is not judged any more, and the verdict says so.
const LIMITS: Limits = Limits { states_max: 2_000, configurations_max: 128, search_states_max: 50_000 };

/// The map, one key at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct KvModel;

impl Model for KvModel {
    type Op = KvOp;
    type Ret = KvRet;
    type State = Option<i64>;
    type Key = String;

    fn key(op: &KvOp) -> String {
        op.key().to_owned()
    }

    fn init(_key: &String) -> Option<i64> {
        None
    }

    fn step(state: &Option<i64>, op: &KvOp) -> (Option<i64>, KvRet) {
        match op {
            KvOp::Put { value, .. } => (Some(*value), KvRet::Done),
            KvOp::Get { .. } => (*state, KvRet::Value(*state)),
            KvOp::Add { by, .. } => {
                let sum = Some(state.unwrap_or(0).wrapping_add(*by));
                (sum, KvRet::Value(sum))
            }
        }
    }

    fn reads_only(op: &KvOp) -> bool {
        op.is_read()
    }

    fn op_words(op: &KvOp) -> String {
        match op {
            KvOp::Put { key, value } => format!("put {key}={value}"),
            KvOp::Get { key } => format!("get {key}"),
            KvOp::Add { key, by } => format!("add {by} to {key}"),
        }
    }

    fn ret_words(ret: &KvRet) -> String {
        match ret {
            KvRet::Done => String::new(),
            KvRet::Value(_) => ret.to_string(),
        }
    }
}

/// The state of the oracle.
#[derive(Clone, Debug)]
pub(super) struct Consistency {
    check: Incremental<KvModel>,
    /// Operations that are open, and what the history calls them.
    open: BTreeMap<Origin, OpId>,
    newest: Option<OpId>,
    asked: u64,
    answered: u64,
    violation: Option<Violation>,
}

impl Default for Consistency {
    fn default() -> Self {
        let check = Incremental::new(LIMITS);
        Self { check, open: BTreeMap::new(), newest: None, asked: 0, answered: 0, violation: None }
    }
}

impl Consistency {
    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.answered, self.asked)
    }

    pub(super) const fn history(&self) -> &History<KvOp, KvRet> {
        self.check.history()
    }

    pub(super) fn witness(&self) -> Option<&Witness> {
        self.check.violation().map(|(_, witness)| witness)
    }

    pub(super) fn noted(&mut self, at: &At, note: &Note) {
        match note {
            Note::Invoked { origin, op } => self.invoked(at, *origin, op),
            Note::Answered { origin, ret } => self.answered(at, *origin, ret),
            _ => {}
        }
    }

    /// Looks for operations that will never be answered.
    pub(super) fn observe(&mut self, at: &At, record: &Record<Raft>) {
        if let Event::Command(Command::Crash(node)) = record.event {
            let gone: Vec<Origin> = self.open.keys().copied().filter(|origin| asked_of(origin) == node).collect();
            for origin in gone {
                self.give_up(at, origin);
            }
        }
        for outcome in &record.outcomes {
            if let sim::Outcome::Replied { id, ret: Ret::Unknown } = outcome {
                self.give_up(at, Origin::Direct(*id));
            }
        }
    }

    fn invoked(&mut self, at: &At, origin: Origin, op: &KvOp) {
        if self.check.history().is_full() {
            return;
        }
        let (at_us, node) = (at.time_us, asked_of(&origin));
        let ordinal = match self.newest {
            Some(newest) if newest.at_us == at_us => newest.ordinal + 1,
            _ => 0,
        };
        let id = OpId { at_us, node, ordinal };
        self.newest = Some(id);
        self.open.insert(origin, id);
        self.asked += 1;
        self.check.invoke(id, moment(at), op.clone());
    }

    fn answered(&mut self, at: &At, origin: Origin, ret: &KvRet) {
        // A mistake may answer twice; what counts is the first answer.
        let Some(id) = self.open.remove(&origin) else { return };
        self.answered += 1;
        if self.check.answer(id, moment(at), ret.clone())
            && let Some((_, witness)) = self.check.violation()
        {
            self.violation = Some(at.evidence(witness.reason.clone()));
        }
    }

    fn give_up(&mut self, at: &At, origin: Origin) {
        if let Some(id) = self.open.remove(&origin) {
            self.check.give_up(id, moment(at));
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        let basis = match self.check.outcome() {
            Outcome::Unknown { .. } => {
                format!("{} of {} answers; some keys were too much to check", self.answered, self.asked)
            }
            _ => format!("{} of {} operations answered", self.answered, self.asked),
        };
        Verdict::always(LINEARIZABILITY, self.violation.as_ref(), basis)
    }

    pub(super) const fn violated(&self) -> bool {
        self.violation.is_some()
    }
}

const fn asked_of(origin: &Origin) -> NodeId {
    match origin {
        Origin::Session { client, .. } => *client,
        Origin::Direct(id) => id.node,
    }
}

const fn moment(at: &At) -> Moment {
    Moment { step: at.step, time_us: at.time_us }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::Status;

    const fn at(step: u64) -> At {
        At { step, time_us: step * 1_000 }
    }

    const fn origin(client: u32, number: u64) -> Origin {
        Origin::Session { client: NodeId(client), session: 1, number }
    }

    fn put(value: i64) -> KvOp {
        KvOp::Put { key: "x".into(), value }
    }

    fn get() -> KvOp {
        KvOp::Get { key: "x".into() }
    }

    #[test]
    fn a_stale_read_is_rejected_with_a_reason() {
        let mut oracle = Consistency::default();
        oracle.invoked(&at(1), origin(5, 1), &put(1));
        oracle.answered(&at(2), origin(5, 1), &KvRet::Done);
        oracle.invoked(&at(3), origin(5, 2), &put(2));
        oracle.answered(&at(4), origin(5, 2), &KvRet::Done);
        oracle.invoked(&at(5), origin(6, 1), &get());
        assert_eq!(oracle.verdict().status, Status::Holds);
        oracle.answered(&at(6), origin(6, 1), &KvRet::Value(Some(1)));
        let verdict = oracle.verdict();
        assert_eq!(verdict.status, Status::Violated);
        let reason = verdict.evidence.expect("a violation has a reason").reason;
        assert!(reason.contains("get x") && reason.contains("put x=2"), "{reason}");
    }

    #[test]
    fn what_a_crashed_client_asked_for_may_or_may_not_have_happened() {
        for seen in [None, Some(7)] {
            let mut oracle = Consistency::default();
            oracle.invoked(&at(1), origin(5, 1), &put(7));
            oracle.give_up(&at(2), origin(5, 1));
            oracle.invoked(&at(3), origin(6, 1), &get());
            oracle.answered(&at(4), origin(6, 1), &KvRet::Value(seen));
            assert_eq!(oracle.verdict().status, Status::Holds);
        }
    }
}
