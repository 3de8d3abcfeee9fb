//! What is due, in order: by time, and at one time in the order in which it was scheduled.
//!
//! Nothing is ever removed from the middle of the queue. Whoever has an entry in it keeps the
//! entry's sequence number; an entry that nobody stands by any more is void and is skipped when it
//! comes up. Entries are three words, because moving them is what a queue does all day.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::protocol::NodeId;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The message in this slot arrives.
    Arrival(u32),
    /// A timer of this node may have run out.
    Timer(NodeId),
    /// This node's oldest write is durable.
    Sync(NodeId),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) time_us: u64,
    pub(crate) sequence: u64,
    pub(crate) due: Due,
}

impl Entry {
    /// One comparison instead of two with a branch in between.
    #[inline]
    fn key(&self) -> u128 {
        (u128::from(self.time_us) << 64) | u128::from(self.sequence)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Turned around, because the heap's greatest comes first and the earliest is wanted.
impl Ord for Entry {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

impl Queue {
    /// A new sequence number, for something that will be scheduled or may be.
    #[inline]
    pub(crate) fn number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    #[inline]
    pub(crate) fn push(&mut self, time_us: u64, sequence: u64, due: Due) {
        self.heap.push(Entry { time_us, sequence, due });
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<Entry> {
        self.heap.peek().copied()
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.heap.pop()
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}
