//! Vector clocks: how many events of each process one knows of.
//!
//! Colin Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 1988; Friedemann Mattern,
//! "Virtual Time and Global States of Distributed Systems", 1989.

use sim::{Map, NodeId};

use super::Order;

/// A vector clock. Sparse: an entry that is missing is 0, and none of those kept is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VectorClock(Map<NodeId, u64>);

impl VectorClock {
    /// Knows of nothing.
    pub const EMPTY: Self = Self(Map::new());

    /// From entries; of those for one process the largest counts.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item = (NodeId, u64)>) -> Self {
        let mut clock = Self::default();
        entries.into_iter().for_each(|(node, count)| clock.raise(node, count));
        clock
    }

    /// The entry of a process.
    #[must_use]
    pub fn get(&self, node: NodeId) -> u64 {
        self.0.get(&node).copied().unwrap_or(0)
    }

    /// The entries that are not 0, by process.
    pub fn entries(&self) -> impl Iterator<Item = (NodeId, u64)> + '_ {
        self.0.iter().map(|(&node, &count)| (node, count))
    }

    /// How many entries there are: up to one for each process that ever did anything.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows of nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A local event of `me`, or a send, whose message takes the new value with it.
    pub fn tick(&mut self, me: NodeId) {
        let count = self.0.entry(me).or_default();
        *count = count.saturating_add(1);
    }

    /// The receipt of a message by `me`: merge by maximum, then tick.
    pub fn receive(&mut self, me: NodeId, attached: &Self) {
        self.merge(attached);
        self.tick(me);
    }

    /// The least clock that is at least both: the maximum, entry by entry.
    pub fn merge(&mut self, other: &Self) {
        other.entries().for_each(|(node, count)| self.raise(node, count));
    }

    /// Forgets a process, to save room. That is wrong while anybody may still compare: what knew of an event of that
    /// process no longer does, and "before" becomes "concurrent".
    pub fn prune(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// Whether everything that this clock knows of is known to the other.
    #[must_use]
    pub fn at_most(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.entries().all(|(node, count)| count <= other.get(node))
    }

    /// How the events with these clocks stand to each other.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Order {
        Order::of(self.at_most(other), other.at_most(self))
    }

    /// Learns of so many events of one process.
    pub fn raise(&mut self, node: NodeId, count: u64) {
        if count > 0 {
            let entry = self.0.entry(node).or_default();
            *entry = count.max(*entry);
        }
    }
}
