//! Objects as they behave when one client at a time uses them: what [`linearizability`](crate::linearizability) holds a
//! history against.
//!
//! - [`Register`]: one value, read and written, with compare-and-set for those that offer it.
//! - [`Map`]: registers under keys, each judged for itself.
//!
//! Values are integers; a register that nobody has written to is empty. Operations and answers are plain data, and so
//! they can be a protocol's own: Raft's clients send a [`MapOp`] as it stands here.

use std::fmt;

use sim::{Named, Operation};

use crate::linearizability::Model;

/// An operation on a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegisterOp {
    /// Sets the value.
    Write(i64),
    /// Reads the value.
    Read,
    /// Sets the value to the second if it is the first.
    CompareAndSet(Option<i64>, i64),
}

/// The answer to a [`RegisterOp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegisterRet {
    /// It is written.
    Written,
    /// The value.
    Value(Option<i64>),
    /// Whether the value was as expected, and is set now.
    Set(bool),
}

/// One register.
#[derive(Clone, Copy, Debug)]
pub struct Register;

impl Model for Register {
    type Op = RegisterOp;
    type Ret = RegisterRet;
    type State = Option<i64>;
    type Key = ();

    fn key(_: &RegisterOp) {}

    fn init((): &()) -> Option<i64> {
        None
    }

    fn step(state: &Option<i64>, op: &RegisterOp) -> (Option<i64>, RegisterRet) {
        match *op {
            RegisterOp::Write(value) => (Some(value), RegisterRet::Written),
            RegisterOp::Read => (*state, RegisterRet::Value(*state)),
            RegisterOp::CompareAndSet(expected, value) if *state == expected => (Some(value), RegisterRet::Set(true)),
            RegisterOp::CompareAndSet(..) => (*state, RegisterRet::Set(false)),
        }
    }

    fn reads_only(op: &RegisterOp) -> bool {
        matches!(op, RegisterOp::Read)
    }

    fn op_words(op: &RegisterOp) -> String {
        match op {
            RegisterOp::Write(value) => format!("write {value}"),
            RegisterOp::Read => "read".to_owned(),
            RegisterOp::CompareAndSet(expected, value) => format!("set {} to {value}", or_nothing(*expected)),
        }
    }

    fn ret_words(ret: &RegisterRet) -> String {
        match ret {
            RegisterRet::Written => String::new(),
            RegisterRet::Value(value) => or_nothing(*value),
            RegisterRet::Set(true) => "yes".to_owned(),
            RegisterRet::Set(false) => "no".to_owned(),
        }
    }
}

/// An operation on a map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named, Operation)]
pub enum MapOp {
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

impl MapOp {
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

impl fmt::Display for MapOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value } => write!(f, "{key}={value}"),
            Self::Get { key } => write!(f, "{key}?"),
            Self::Add { key, by } => write!(f, "{key}{by:+}"),
        }
    }
}

/// The answer to a [`MapOp`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MapRet {
    /// The key has the value that was asked for.
    Done,
    /// The key's value: what was read, or what an addition came to.
    Value(Option<i64>),
}

impl fmt::Display for MapRet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Value(value) => f.write_str(&or_nothing(*value)),
        }
    }
}

/// A map, one key at a time.
#[derive(Clone, Copy, Debug)]
pub struct Map;

impl Model for Map {
    type Op = MapOp;
    type Ret = MapRet;
    type State = Option<i64>;
    type Key = String;

    fn key(op: &MapOp) -> String {
        op.key().to_owned()
    }

    fn init(_: &String) -> Option<i64> {
        None
    }

    fn step(state: &Option<i64>, op: &MapOp) -> (Option<i64>, MapRet) {
        match op {
            MapOp::Put { value, .. } => (Some(*value), MapRet::Done),
            MapOp::Get { .. } => (*state, MapRet::Value(*state)),
            MapOp::Add { by, .. } => {
                let sum = Some(state.unwrap_or(0).wrapping_add(*by));
                (sum, MapRet::Value(sum))
            }
        }
    }

    fn reads_only(op: &MapOp) -> bool {
        op.is_read()
    }

    fn op_words(op: &MapOp) -> String {
        match op {
            MapOp::Put { key, value } => format!("put {key}={value}"),
            MapOp::Get { key } => format!("get {key}"),
            MapOp::Add { key, by } => format!("add {by} to {key}"),
        }
    }

    fn ret_words(ret: &MapRet) -> String {
        match ret {
            MapRet::Done => String::new(),
            MapRet::Value(_) => ret.to_string(),
        }
    }
}

fn or_nothing(value: Option<i64>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use sim::NodeId;

    use super::*;
    use crate::linearizability::{Incremental, Judgement};
    use crate::operations::OpId;
    use crate::verdict::At;

    /// Tells of operations one after the other; whether each answer could be explained.
    fn told<M: Model<Key: std::fmt::Debug>>(operations: &[(M::Op, M::Ret)]) -> Vec<bool> {
        let mut checker = Incremental::<M>::default();
        let each = (0u64..).zip(operations).map(|(time_us, (op, ret))| {
            let (id, at) = (OpId { at_us: time_us, node: NodeId(0), ordinal: 0 }, At { step: time_us, time_us });
            checker.invoke(id, at, op.clone());
            checker.answer(id, at, ret.clone());
            matches!(checker.judgement(), Judgement::Linearizable { .. })
        });
        each.collect()
    }

    #[test]
    fn a_register_is_read_written_and_compared() {
        use RegisterOp::{CompareAndSet, Read, Write};
        use RegisterRet::{Set, Value, Written};
        let right = [
            (Read, Value(None)),
            (CompareAndSet(None, 1), Set(true)),
            (CompareAndSet(None, 2), Set(false)),
            (Read, Value(Some(1))),
            (Write(3), Written),
            (CompareAndSet(Some(3), 4), Set(true)),
        ];
        assert_eq!(told::<Register>(&right), [true; 6]);
        for wrong in [(Read, Value(Some(3))), (CompareAndSet(Some(3), 5), Set(true)), (Read, Value(None))] {
            let operations: Vec<_> = right.iter().copied().chain([wrong]).collect();
            assert_eq!(told::<Register>(&operations), [true, true, true, true, true, true, false], "{wrong:?}");
        }
    }

    #[test]
    fn keys_of_a_map_are_apart() {
        let (x, y) = ("x".to_owned(), "y".to_owned());
        let put = (MapOp::Put { key: x.clone(), value: 1 }, MapRet::Done);
        let add = (MapOp::Add { key: y.clone(), by: 2 }, MapRet::Value(Some(2)));
        let twice = (MapOp::Add { key: y, by: 2 }, MapRet::Value(Some(6)));
        let get = (MapOp::Get { key: x }, MapRet::Value(Some(1)));
        assert_eq!(told::<Map>(&[put, add, get, twice]), [true, true, true, false]);
    }
}
