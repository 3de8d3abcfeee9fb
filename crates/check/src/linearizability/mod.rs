//! Linearizability: can what clients were told be explained by doing one operation at a time, each
//! at some instant between its question and its answer?
//!
//! Two independent procedures decide it, and tests hold them against each other:
//!
//! - [`check`] takes a whole [`History`] and searches depth first for an order of its operations
//!   (Wing, Gong: "Testing and verifying concurrent objects", JPDC 1993), remembering every pair of
//!   linearized operations and state (Lowe: "Testing for linearizability", Concurrency and
//!   Computation 2017, §§3–4), one key after the other (Horn, Kroening: "Faster linearizability
//!   checking via P-compositionality", FORTE 2015).
//! - [`Incremental`] follows a run. It keeps, for each key, the configurations in which the object
//!   may be now, and linearizes operations only when an answer demands it (Lowe's just-in-time
//!   linearization, §5). The past needs no second look, so an answer costs what is open, not what
//!   has been.
//!
//! A history is linearizable only if each of its prefixes is, so a violation belongs to the answer
//! at which it shows first. It is explained by a [`Witness`].
//!
//! Both count the states that they explore (every application of [`Model::step`] is one) and give
//! up with [`Judgement::Unknown`] when a budget of them is used up. They never look at a clock.
//!
//! Configurations are remembered by 128-bit fingerprints. A collision could hide an order and
//! report a violation where there is none; at a billion states, its probability is below 10⁻²⁰.
//!
//! What is left out: weaker conditions (sequential consistency, k-atomicity), and operations on
//! more than one key, which a model has to give one common key.

mod explanation;
mod frontier;
mod incremental;
mod search;
mod sets;

use std::collections::BTreeMap;
use std::hash::Hash;

use self::explanation::Pretend;
use self::search::{Ending, Search};
use crate::operations::{History, OpId};
use crate::verdict::At;

pub use incremental::{Incremental, Limits};

/// What an object does when nobody else is there: the sequential semantics.
pub trait Model: 'static {
    /// An operation.
    type Op: Clone;
    /// An answer.
    type Ret: Clone + Eq + Hash;
    /// The state of the object that one key names.
    type State: Clone + Eq + Hash;
    /// Operations on different keys do not influence each other. A model of one object has `()`.
    type Key: Ord + Clone;

    /// The key on which an operation works.
    fn key(op: &Self::Op) -> Self::Key;
    /// The state in which a key starts.
    fn init(key: &Self::Key) -> Self::State;
    /// What an operation does, and what it answers.
    fn step(state: &Self::State, op: &Self::Op) -> (Self::State, Self::Ret);
    /// Whether what a client was told agrees with what the model answers. Clients may be told less.
    fn same(expected: &Self::Ret, observed: &Self::Ret) -> bool {
        expected == observed
    }
    /// Whether an operation leaves every state as it is. Saying so is optional and saves much
    /// search; saying so of an operation that changes a state makes verdicts wrong.
    fn reads_only(_op: &Self::Op) -> bool {
        false
    }
    /// An operation in words: `put x=2`.
    fn op_words(op: &Self::Op) -> String;
    /// An answer in words: `2`. Empty when it says no more than that the operation was done.
    fn ret_words(ret: &Self::Ret) -> String;
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement<K> {
    /// There is an order that explains all answers.
    Linearizable {
        /// States explored.
        explored: u64,
    },
    /// There is none.
    Violated {
        /// The object with which it showed.
        key: K,
        /// Why.
        witness: Witness,
    },
    /// The budget did not suffice for at least one key, and the other keys are right.
    Unknown {
        /// States explored.
        explored: u64,
    },
}

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The first answer after which no order explains all answers so far.
    pub answer: OpId,
    /// When it was given.
    pub at: At,
    /// The longest partial linearization that was found, of the key's history up to that answer.
    pub order: Vec<OpId>,
    /// The operations of which one would have to come next, and none can.
    pub stuck: Vec<OpId>,
    /// The operation with whose answer `answer` is at odds.
    pub blamed: Option<OpId>,
    /// All answers that would have been right, in words. Empty when there are too many to list, or
    /// when they are not all known.
    pub possible: Vec<String>,
    /// All that in one sentence.
    pub reason: String,
}

/// Checks a whole history. Each key may cost `states_max` states.
///
/// Keys are searched in order, and the first that is violated is reported, even if the budget did
/// not suffice for one before it.
#[must_use]
pub fn check<M: Model>(history: &History<M::Op, M::Ret>, states_max: u64) -> Judgement<M::Key> {
    let mut keys: BTreeMap<M::Key, Vec<u32>> = BTreeMap::new();
    for (position, operation) in (0..).zip(history.iter()) {
        keys.entry(M::key(&operation.op)).or_default().push(position);
    }
    let (mut explored, mut unknown) = (0, false);
    for (key, positions) in keys {
        let part = Part::<M> { history, key: &key, positions: &positions };
        let found = Search::run(&part.items(u32::MAX, Pretend::Nothing), &part, states_max, u32::MAX);
        explored += found.explored;
        match found.end {
            Ending::Placed => {}
            Ending::Exhausted => unknown = true,
            Ending::Impossible => {
                let blow = part.locate().unwrap_or_else(|| part.bisect(states_max));
                let witness = part.explain(blow);
                return Judgement::Violated { key, witness };
            }
        }
    }
    if unknown { Judgement::Unknown { explored } } else { Judgement::Linearizable { explored } }
}

/// One key's share of a history.
struct Part<'a, M: Model> {
    history: &'a History<M::Op, M::Ret>,
    key: &'a M::Key,
    /// Positions in the history, ascending.
    positions: &'a [u32],
}
