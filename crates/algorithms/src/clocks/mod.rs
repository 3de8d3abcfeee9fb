//! Clocks that order events, as plain types: Lamport's, vector, hybrid logical, dotted version vectors, matrix.
//!
//! An event a happened before b (a → b) when both are of one process and a came first, when a sends a message that b
//! receives, or by way of others (Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System",
//! CACM 21(7), 1978). Two different events of which neither happened before the other are concurrent.
//!
//! A clock is consistent with that order when a → b implies C(a) < C(b); all clocks here are. It characterizes the
//! order when C(a) < C(b) also implies a → b: vector clocks do (Colin Fidge, "Timestamps in Message-Passing Systems
//! That Preserve the Partial Ordering", 1988; Friedemann Mattern, "Virtual Time and Global States of Distributed
//! Systems", 1989). A clock whose values are all comparable cannot: C(a) < C(b) only says that b did not happen
//! before a, so that of most pairs that are concurrent it cannot tell. Only where it is equal at two different events are
//! they known to be concurrent: one that happened before the other would have the smaller value.
//!
//! The rules are those that textbooks agree on: tick on a local event; tick, then attach, on a send; merge by
//! maximum, then tick, on a receipt.
//!
//! Left out: interval tree clocks, plausible clocks, compression of vectors on the wire.

mod causal;
mod dotted;
mod execution;
mod hybrid;
mod lamport;
mod matrix;
mod vector;

pub use causal::{Broadcast, CausalBuffer, Full};
pub use dotted::{Dot, Dotted, sync, update};
pub use execution::Execution;
pub use hybrid::{Hybrid, HybridClock};
pub use lamport::LamportClock;
pub use matrix::MatrixClock;
pub use vector::VectorClock;

/// How two events stand to each other, or their clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The first comes first.
    Before,
    /// The second comes first.
    After,
    /// They are the same. That is not "before": what orders itself before itself replaces what it has by a copy.
    Equal,
    /// Neither comes first.
    Concurrent,
}

impl Order {
    /// From whether each is at most the other.
    #[must_use]
    pub const fn of(first_at_most: bool, second_at_most: bool) -> Self {
        match (first_at_most, second_at_most) {
            (true, true) => Self::Equal,
            (true, false) => Self::Before,
            (false, true) => Self::After,
            (false, false) => Self::Concurrent,
        }
    }

    /// Of values that are all comparable; never [`Order::Concurrent`].
    #[must_use]
    pub fn total<T: Ord>(first: &T, second: &T) -> Self {
        Self::of(first <= second, second <= first)
    }

    /// The same, asked the other way round.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
            Self::Equal => Self::Equal,
            Self::Concurrent => Self::Concurrent,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Equal => "equal",
            Self::Concurrent => "concurrent",
        }
    }
}
