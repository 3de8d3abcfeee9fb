//! Linearizability of what clients see.

use check::clients::ClientHistory;
use check::linearizability::Witness;
use check::models::Map;
use check::operations::History;
use check::{At, Evidence, Verdict};
use sim::{NodeId, Record};

use super::{Note, Raft};
use crate::raft::{KvOp, KvRet, Origin, Ret};

/// What clients see is one up-to-date copy (§8).
pub use check::clients::LINEARIZABILITY;

/// The state of the oracle.
#[derive(Clone, Debug, Default)]
pub(super) struct Consistency {
    clients: ClientHistory<Map, Origin>,
    violation: Option<Evidence>,
}

impl Consistency {
    pub(super) const fn counts(&self) -> (u64, u64) {
        self.clients.counts()
    }

    pub(super) const fn history(&self) -> &History<KvOp, KvRet> {
        self.clients.history()
    }

    pub(super) fn witness(&self) -> Option<&Witness> {
        self.clients.witness()
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
        self.clients.observe(record);
        for outcome in &record.outcomes {
            if let sim::Outcome::Replied { id, ret: Ret::Unknown } = outcome {
                self.clients.give_up(*at, Origin::Direct(*id));
            }
        }
    }

    fn invoked(&mut self, at: &At, origin: Origin, op: &KvOp) {
        self.clients.invoke(*at, asked_of(&origin), origin, op.clone());
    }

    fn answered(&mut self, at: &At, origin: Origin, ret: &KvRet) {
        if let Some(witness) = self.clients.answer(*at, origin, ret.clone()) {
            self.violation = Some(at.evidence(witness.reason.clone()));
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        Verdict::always(LINEARIZABILITY, self.violation.as_ref(), self.clients.basis())
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
            oracle.clients.give_up(at(2), origin(5, 1));
            oracle.invoked(&at(3), origin(6, 1), &get());
            oracle.answered(&at(4), origin(6, 1), &KvRet::Value(seen));
            assert_eq!(oracle.verdict().status, Status::Holds);
        }
    }
}
