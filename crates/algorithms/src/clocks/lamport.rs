//! Lamport's clock: one number that grows with every event.
//!
//! Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978.

use super::Order;

/// The clock of one process: the number of its newest event, 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LamportClock(pub u64);

impl LamportClock {
    /// A local event, or a send, whose message takes the new value with it (IR1).
    pub const fn tick(&mut self) -> Self {
        self.0 = self.0.saturating_add(1);
        *self
    }

    /// The receipt of a message: merge by maximum, then tick. It comes to the same as IR1 and IR2 of the paper.
    pub fn receive(&mut self, attached: Self) -> Self {
        self.0 = self.0.max(attached.0);
        self.tick()
    }

    /// IR2(b) of the paper on its own: at least the present value, and more than what was attached. Where the
    /// receiver is ahead, nothing moves: a receipt that is an event of its own needs IR1 besides, and then it is
    /// [`LamportClock::receive`].
    pub fn receive_without_tick(&mut self, attached: Self) -> Self {
        self.0 = self.0.max(attached.0.saturating_add(1));
        *self
    }

    /// What the two numbers say: never that the events are concurrent. [`Order::Before`] means no more than that
    /// the second did not happen before the first.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Order {
        Order::total(self, other)
    }
}
