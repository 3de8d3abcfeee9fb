//! The replicated state machine: a map from keys to numbers, with client sessions.
//!
//! Sessions make a retried command apply once (§8 of the paper; §6.3 of Ongaro's dissertation): a
//! command carries its client's session and a number that grows, and the machine remembers the
//! newest answer of each session. Sessions are never dropped here; a real system expires them.

use std::collections::BTreeMap;
use std::fmt;

use sim::{NodeId, RequestId};

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 16;

/// An operation on the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KvOp {
    /// Sets a key.
    Put {
        /// The key.
        key: String,
        /// Its new value.
        value: i64,
    },
    /// Reads a key.
    Get {
        /// The key.
        key: String,
    },
    /// Adds to a key, which counts as 0 when it is not there. Doing it twice shows.
    Add {
        /// The key.
        key: String,
        /// How much.
        by: i64,
    },
}

impl KvOp {
    /// The key it touches.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Get { key } | Self::Add { key, .. } => key,
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::Get { .. })
    }
}

impl fmt::Display for KvOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value } => write!(f, "{key}={value}"),
            Self::Get { key } => write!(f, "{key}?"),
            Self::Add { key, by } => write!(f, "{key}{by:+}"),
        }
    }
}

/// The answer to an operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KvRet {
    /// The key has the value that was asked for.
    Done,
    /// The key's value: what was read, or what an addition came to.
    Value(Option<i64>),
}

impl fmt::Display for KvRet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Value(None) => f.write_str("nothing"),
            Self::Value(Some(value)) => write!(f, "{value}"),
        }
    }
}

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
    values: BTreeMap<String, i64>,
    /// The newest operation of each session, and its answer.
    sessions: BTreeMap<(NodeId, u64), (u64, KvRet)>,
}

impl Kv {
    /// The keys and their values.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<String, i64> {
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
