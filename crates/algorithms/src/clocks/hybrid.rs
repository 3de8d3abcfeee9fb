//! Hybrid logical clocks: close to the wall clock, and never against causality.
//!
//! Sandeep Kulkarni, Murat Demirbas, Deepak Madappa, Bharadwaj Avva, Marcelo Leone, "Logical Physical Clocks", OPODIS
//! 2014: the algorithm is Figure 5. What holds: a → b implies (l, c)(a) < (l, c)(b); l is the largest wall
//! reading that the event knows of, so that it is never below its own and above it by at most the
//! largest difference between any two wall clocks.
//!
//! Left out: refusing a message that is too far ahead, and packing both parts into 64 bits.

use super::Order;

/// A reading: compared by `wall_us` first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hybrid {
    /// The largest wall reading known of, in µs: l in the paper.
    pub wall_us: u64,
    /// Tells events apart that share it: c in the paper.
    pub count: u64,
}

impl Hybrid {
    /// What the two readings say: never that the events are concurrent.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Order {
        Order::total(self, other)
    }
}

/// The clock of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HybridClock {
    newest: Hybrid,
}

impl HybridClock {
    /// The reading of the newest event.
    #[must_use]
    pub const fn newest(&self) -> Hybrid {
        self.newest
    }

    /// A local event, or a send, whose message takes the reading with it; the wall clock says `wall_us`.
    pub fn tick(&mut self, wall_us: u64) -> Hybrid {
        let before = self.newest;
        let wall_us = before.wall_us.max(wall_us);
        let count = if wall_us == before.wall_us { before.count.saturating_add(1) } else { 0 };
        self.newest = Hybrid { wall_us, count };
        self.newest
    }

    /// The receipt of a message; the wall clock says `wall_us`.
    pub fn receive(&mut self, attached: Hybrid, wall_us: u64) -> Hybrid {
        let before = self.newest;
        let wall_us = before.wall_us.max(attached.wall_us).max(wall_us);
        let count = match (wall_us == before.wall_us, wall_us == attached.wall_us) {
            (true, true) => before.count.max(attached.count).saturating_add(1),
            (true, false) => before.count.saturating_add(1),
            (false, true) => attached.count.saturating_add(1),
            (false, false) => 0,
        };
        self.newest = Hybrid { wall_us, count };
        self.newest
    }

    /// Takes a reading as it is; for mistakes.
    pub const fn set(&mut self, reading: Hybrid) {
        self.newest = reading;
    }
}
