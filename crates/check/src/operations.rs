//! What clients asked and were told: the observable side of a run.
//!
//! A [`History`] is a list of operations in the order in which they were asked for. Each is open
//! until it is answered or given up. An open operation may or may not have happened, at any time
//! after it was asked for (Herlihy, Wing: "Linearizability: a correctness condition for concurrent
//! objects", TOPLAS 1990, §2).
//!
//! A history travels with keyframes, so a clone shares all full chunks with its original, and only
//! a chunk that either of them writes to afterwards is copied.
//!
//! What is left out: nothing is ever forgotten, so a history grows with the run, up to
//! [`OPERATIONS_MAX`].

use std::rc::Rc;

use sim::Map;

use crate::verdict::At;

/// Identifies an operation: the client or the server asked (`node`), when, and which of those that
/// were asked at the same time. One identifier names one operation of a history.
pub use sim::RequestId as OpId;

/// The most operations that a history takes. A run that reaches it has been watched for hours.
pub const OPERATIONS_MAX: u32 = 1_000_000;

/// Operations per chunk: what is copied at most when a shared chunk is written to, and the divisor
/// of what a clone costs. Measured with 10,000 operations: see `clones_share_chunks`.
const CHUNK: usize = 64;

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End<Ret> {
    /// It has not: an answer may still come.
    Open,
    /// It was answered.
    Answered {
        /// When.
        at: At,
        /// Counts the history's events, see [`Operation::asked_event`].
        event: u32,
        /// The answer.
        ret: Ret,
    },
    /// No answer will come, because the client or the server it asked has crashed. It may have
    /// happened, and it may happen yet.
    GivenUp {
        /// When.
        at: At,
        /// Counts the history's events, see [`Operation::asked_event`].
        event: u32,
    },
}

/// One operation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<Op, Ret> {
    /// Which.
    pub id: OpId,
    /// What was asked for.
    pub op: Op,
    /// When it was asked for.
    pub asked: At,
    /// Counts the history's events (asked, answered, given up) from 0. Events of one step are told
    /// apart by it: what precedes what is decided by these numbers, not by steps.
    pub asked_event: u32,
    /// How it ended.
    pub end: End<Ret>,
}

impl<Op, Ret> Operation<Op, Ret> {
    /// When it was answered, as a number of an event, with the answer.
    #[must_use]
    pub const fn answer(&self) -> Option<(u32, &Ret)> {
        match &self.end {
            End::Answered { event, ret, .. } => Some((*event, ret)),
            End::Open | End::GivenUp { .. } => None,
        }
    }
}

/// The operations of a run, in the order in which they were asked for.
#[derive(Debug)]
pub struct History<Op, Ret> {
    /// All but the last are full.
    chunks: Vec<Rc<Vec<Operation<Op, Ret>>>>,
    /// The operations that may still be answered, with their positions.
    open: Map<OpId, u32>,
    len: u32,
    given_up: u32,
    events: u32,
    last: At,
}

// Derived, `Clone` and `Default` would ask the same of `Op` and `Ret`.
impl<Op, Ret> Clone for History<Op, Ret> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), open: self.open.clone(), ..*self }
    }
}

impl<Op, Ret> Default for History<Op, Ret> {
    fn default() -> Self {
        let last = At { step: 0, time_us: 0 };
        Self { chunks: Vec::new(), open: Map::new(), len: 0, given_up: 0, events: 0, last }
    }
}

impl<Op, Ret> History<Op, Ret> {
    /// How many operations were asked for.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether [`History::invoke`] would panic because there are [`OPERATIONS_MAX`] operations.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len >= OPERATIONS_MAX
    }

    /// How many operations may still be answered.
    #[must_use]
    pub fn open_count(&self) -> u32 {
        self.open.len() as u32
    }

    /// How many operations were given up.
    #[must_use]
    pub const fn given_up_count(&self) -> u32 {
        self.given_up
    }

    /// How many events (asked, answered, given up) there were.
    #[must_use]
    pub const fn event_count(&self) -> u32 {
        self.events
    }

    /// Whether an operation was asked for and neither answered nor given up.
    #[must_use]
    pub fn is_open(&self, id: OpId) -> bool {
        self.open.contains_key(&id)
    }

    /// The operations that may still be answered, in order of their identifiers.
    pub fn open(&self) -> impl Iterator<Item = OpId> {
        self.open.keys().copied()
    }

    /// The operation at a position, counted from 0 in the order in which they were asked for.
    #[must_use]
    pub fn get(&self, position: u32) -> Option<&Operation<Op, Ret>> {
        self.chunks.get(position as usize / CHUNK)?.get(position as usize % CHUNK)
    }

    /// All operations, in the order in which they were asked for.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Operation<Op, Ret>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    fn event(&mut self, at: At) -> u32 {
        assert!(at.step >= self.last.step && at.time_us >= self.last.time_us, "a history is told in order of time");
        self.last = at;
        self.events += 1;
        self.events - 1
    }

    fn close(&mut self, id: OpId) -> u32 {
        self.open.remove(&id).unwrap_or_else(|| panic!("{id:?} is not open"))
    }
}

impl<Op: Clone, Ret: Clone> History<Op, Ret> {
    /// An operation is asked for. Returns its position.
    ///
    /// # Panics
    ///
    /// If an operation with that identifier is open, if `at` lies before an earlier event, or if
    /// the history is full. In debug builds also if one of the latest operations had that
    /// identifier.
    pub fn invoke(&mut self, id: OpId, at: At, op: Op) -> u32 {
        assert!(!self.is_full(), "a history takes at most {OPERATIONS_MAX} operations");
        debug_assert!(self.iter().rev().take(CHUNK).all(|known| known.id != id), "{id:?} was asked for before");
        let asked_event = self.event(at);
        let position = self.len;
        assert!(self.open.insert(id, position).is_none(), "{id:?} is open already");
        let operation = Operation { id, op, asked: at, asked_event, end: End::Open };
        if (position as usize).is_multiple_of(CHUNK) {
            let mut chunk = Vec::with_capacity(CHUNK);
            chunk.push(operation);
            self.chunks.push(Rc::new(chunk));
        } else {
            let chunk = self.chunks.last_mut().expect("a history whose length is no multiple has a chunk");
            Rc::make_mut(chunk).push(operation);
        }
        self.len += 1;
        position
    }

    /// An operation is answered. Returns its position.
    ///
    /// A broken protocol may answer twice: an oracle that watches one asks [`History::is_open`]
    /// first.
    ///
    /// # Panics
    ///
    /// If the operation is not open, or if `at` lies before an earlier event.
    pub fn answer(&mut self, id: OpId, at: At, ret: Ret) -> u32 {
        let position = self.close(id);
        let event = self.event(at);
        self.operation_mut(position).end = End::Answered { at, event, ret };
        position
    }

    /// No answer to an operation will come. Returns its position.
    ///
    /// # Panics
    ///
    /// If the operation is not open, or if `at` lies before an earlier event.
    pub fn give_up(&mut self, id: OpId, at: At) -> u32 {
        let position = self.close(id);
        let event = self.event(at);
        self.given_up += 1;
        self.operation_mut(position).end = End::GivenUp { at, event };
        position
    }

    fn operation_mut(&mut self, position: u32) -> &mut Operation<Op, Ret> {
        &mut Rc::make_mut(&mut self.chunks[position as usize / CHUNK])[position as usize % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use sim::NodeId;

    use super::*;

    fn id(number: u64) -> OpId {
        OpId { at_us: number, node: NodeId((number % 3) as u32), ordinal: 0 }
    }

    fn at(step: u64) -> At {
        At { step, time_us: 10 * step }
    }

    #[test]
    fn operations_are_kept_in_order_with_their_ends() {
        let mut history = History::default();
        history.invoke(id(1), at(1), "a");
        history.invoke(id(2), at(1), "b");
        history.invoke(id(3), at(2), "c");
        history.answer(id(2), at(3), 7);
        history.give_up(id(1), at(3));
        assert_eq!((history.len(), history.open_count(), history.given_up_count()), (3, 1, 1));
        assert_eq!(history.iter().map(|operation| operation.op).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(history.get(1).unwrap().answer(), Some((3, &7)));
        assert_eq!(history.get(0).unwrap().end, End::GivenUp { at: at(3), event: 4 });
        assert!(history.is_open(id(3)) && !history.is_open(id(1)) && history.get(3).is_none());
    }

    #[test]
    fn a_clone_is_its_own_history() {
        let mut history = History::default();
        for number in 0..200 {
            history.invoke(id(number), at(number), number);
        }
        let mut branch = history.clone();
        history.answer(id(3), at(300), "here");
        branch.answer(id(3), at(300), "there");
        branch.invoke(id(200), at(301), 200);
        assert_eq!(history.get(3).unwrap().answer(), Some((200, &"here")));
        assert_eq!(branch.get(3).unwrap().answer(), Some((200, &"there")));
        assert_eq!((history.len(), branch.len()), (200, 201));
    }

    #[test]
    fn clones_share_chunks() {
        // A run of 10,000 operations with 128 keyframes. Without sharing there would be 645,000
        // operations in all; what is written to between two keyframes is at most three chunks,
        // because ten clients have at most ten operations open.
        let mut history = History::default();
        let mut keyframes = Vec::new();
        for number in 0..10_000_u64 {
            if number.is_multiple_of(79) {
                keyframes.push(history.clone());
            }
            history.invoke(id(number), at(number), number);
            if number >= 10 {
                history.answer(id(number - 10), at(number), ());
            }
        }
        assert_eq!(keyframes.len(), 127);
        let mut chunks = std::collections::BTreeSet::new();
        let mut operations = 0;
        for chunk in keyframes.iter().chain([&history]).flat_map(|keyframe| &keyframe.chunks) {
            if chunks.insert(Rc::as_ptr(chunk).addr()) {
                operations += chunk.len();
            }
        }
        assert!(operations < 20_000, "{operations} operations are kept");
        assert_eq!(history.chunks.len(), 157, "pointers that a clone copies");
    }

    #[test]
    #[should_panic(expected = "is not open")]
    fn an_answer_needs_a_question() {
        History::<&str, u32>::default().answer(id(1), at(1), 7);
    }

    #[test]
    #[should_panic(expected = "is not open")]
    fn what_was_given_up_is_not_answered() {
        let mut history = History::default();
        history.invoke(id(1), at(1), "a");
        history.give_up(id(1), at(2));
        history.answer(id(1), at(3), 7);
    }

    #[test]
    #[should_panic(expected = "in order of time")]
    fn time_does_not_go_back() {
        let mut history = History::<&str, u32>::default();
        history.invoke(id(1), at(2), "a");
        history.invoke(id(2), at(1), "b");
    }
}
