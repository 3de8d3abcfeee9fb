//! Causal delivery: a broadcast waits until everything that it may depend on has been delivered.
//!
//! Kenneth Birman, André Schiper, Pat Stephenson, "Lightweight Causal and Atomic Group Multicast", TOCS 9(3), 1991:
//! the CBCAST rule. The vectors count broadcasts, not events.

use sim::NodeId;

use super::VectorClock;

/// A broadcast, as it is received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broadcast<T> {
    /// Who sent it.
    pub from: NodeId,
    /// The sender's vector: the broadcasts it had delivered, with this one counted among its own.
    pub clock: VectorClock,
    /// What it says.
    pub body: T,
}

/// There is no room for another broadcast that has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What one process has delivered, and what waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CausalBuffer<T> {
    delivered: VectorClock,
    waiting: Vec<Broadcast<T>>,
    waiting_max: u32,
}

impl<T> CausalBuffer<T> {
    /// An empty buffer that keeps at most so many that wait.
    #[must_use]
    pub const fn new(waiting_max: u32) -> Self {
        Self { delivered: VectorClock::EMPTY, waiting: Vec::new(), waiting_max }
    }

    /// A broadcast of one's own: it counts as delivered to oneself at once.
    pub fn broadcast(&mut self, me: NodeId, body: T) -> Broadcast<T> {
        self.delivered.tick(me);
        Broadcast { from: me, clock: self.delivered.clone(), body }
    }

    /// Takes what has arrived; returns what can be delivered now, in order. What was delivered before, or waits
    /// already, is left out.
    ///
    /// # Errors
    ///
    /// [`Full`] when it would have to wait and there is no room; nothing has changed then.
    pub fn receive(&mut self, arrived: Broadcast<T>) -> Result<Vec<Broadcast<T>>, Full> {
        let again = |other: &Broadcast<T>| other.from == arrived.from && other.number() == arrived.number();
        if arrived.number() <= self.delivered.get(arrived.from) || self.waiting.iter().any(again) {
            return Ok(Vec::new());
        }
        if !self.ready(&arrived) && self.waiting.len() >= self.waiting_max as usize {
            return Err(Full);
        }
        self.waiting.push(arrived);
        let mut out = Vec::new();
        while let Some(place) = self.waiting.iter().position(|waiting| self.ready(waiting)) {
            let next = self.waiting.remove(place);
            self.delivered.merge(&VectorClock::of([(next.from, next.number())]));
            out.push(next);
        }
        Ok(out)
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// It is the sender's next, and whatever else its sender had delivered is delivered here.
    fn ready(&self, broadcast: &Broadcast<T>) -> bool {
        broadcast.clock.entries().all(|(node, count)| {
            let here = self.delivered.get(node);
            if node == broadcast.from { count == here.saturating_add(1) } else { count <= here }
        })
    }
}

impl<T> Broadcast<T> {
    /// Counts the sender's broadcasts, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.clock.get(self.from)
    }
}
