//! The replicated state machine: a map from keys to numbers, with client sessions.
//!
//! Sessions make a retried command apply once (§8 of the paper; §6.3 of Ongaro's dissertation): a
//! command carries its client's session and a number that grows, and the machine remembers the
//! newest answer of each session. Sessions are never dropped here; a real system expires them.

use sim::{Map, NodeId, RequestId};

/// What clients ask of the map, and what they are told.
pub use check::models::{MapOp as KvOp, MapRet as KvRet};

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 16;

/// Who asked for an operation, and which of theirs it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A client within a session; retried until it is answered, applied once.
    Session {
        /// The client's node.
        client: NodeId,
        /// The session, drawn anew at each boot of the client.
        session: u64,
        /// Counts the session's operations, from 1.
        number: u64,
    },
    /// Asked of a server directly and never retried.
    Direct(RequestId),
}

/// The map and the sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kv {
    values: Map<String, i64>,
    /// The newest operation of each session, and its answer.
    sessions: Map<(NodeId, u64), (u64, KvRet)>,
}

impl Kv {
    /// The keys and their values.
    #[must_use]
    pub const fn values(&self) -> &Map<String, i64> {
        &self.values
    }

    /// Applies an operation, or answers as before when it is a session's newest one again.
    pub fn apply(&mut self, origin: Origin, op: &KvOp) -> KvRet {
        if let Some(ret) = self.answered(origin) {
            return ret.clone();
        }
        let ret = self.execute(op);
        if let Origin::Session { client, session, number } = origin {
            self.sessions.insert((client, session), (number, ret.clone()));
        }
        ret
    }

    /// The answer, if the operation has been applied already.
    #[must_use]
    pub fn answered(&self, origin: Origin) -> Option<&KvRet> {
        let Origin::Session { client, session, number } = origin else { return None };
        // A session has one operation at a time, so an older number than the newest is a late
        // duplicate whose answer nobody waits for; the newest answer does for it.
        self.sessions.get(&(client, session)).filter(|(newest, _)| number <= *newest).map(|(_, ret)| ret)
    }

    /// Reads without touching sessions.
    #[must_use]
    pub fn read(&self, op: &KvOp) -> KvRet {
        KvRet::Value(self.values.get(op.key()).copied())
    }

    fn execute(&mut self, op: &KvOp) -> KvRet {
        match op {
            KvOp::Put { key, value } => {
                self.values.insert(key.clone(), *value);
                KvRet::Done
            }
            KvOp::Get { .. } => self.read(op),
            KvOp::Add { key, by } => {
                let value = self.values.entry(key.clone()).or_insert(0);
                *value = value.wrapping_add(*by);
                KvRet::Value(Some(*value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retried_addition_applies_once() {
        let mut kv = Kv::default();
        let origin = |number| Origin::Session { client: NodeId(5), session: 9, number };
        let add = KvOp::Add { key: "x".into(), by: 1 };
        assert_eq!(kv.apply(origin(1), &add), KvRet::Value(Some(1)));
        assert_eq!(kv.apply(origin(1), &add), KvRet::Value(Some(1)));
        assert_eq!(kv.apply(origin(2), &add), KvRet::Value(Some(2)));
        assert_eq!(kv.apply(origin(1), &add), KvRet::Value(Some(2)), "a late duplicate changes nothing");
        assert_eq!(kv.values()["x"], 2);
    }

    #[test]
    fn sessions_are_apart_and_direct_requests_have_none() {
        let mut kv = Kv::default();
        let add = KvOp::Add { key: "x".into(), by: 1 };
        let session = |session| Origin::Session { client: NodeId(5), session, number: 1 };
        let direct = Origin::Direct(RequestId { at_us: 0, node: NodeId(0), ordinal: 0 });
        for origin in [session(1), session(2), direct, direct] {
            kv.apply(origin, &add);
        }
        assert_eq!(kv.values()["x"], 4);
    }
}
