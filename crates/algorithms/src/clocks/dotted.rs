//! Dotted version vectors: which write is this, and which ones had its writer seen.
//!
//! Nuno Preguiça, Carlos Baquero, Paulo Sérgio Almeida, Victor Fonte, Ricardo Gonçalves, "Brief Announcement: Efficient
//! Causality Tracking in Distributed Storage Systems with Dotted Version Vectors", PODC 2012 (in full: "Dotted Version
//! Vectors: Logical Clocks for Optimistic Replication", 2010). One entry for each server suffices, whatever the number
//! of clients: two clients that write through one server with the same context get different dots, and both values
//! stay, where a plain version vector for each server would let the second swallow the first.

use sim::NodeId;

use super::{Order, VectorClock};

/// One write: the n-th of a server, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// The server that took it.
    pub node: NodeId,
    /// Counts its writes.
    pub number: u64,
}

impl Dot {
    /// Whether somebody who knows of so many writes of each server knows of this one.
    #[must_use]
    pub fn is_in(&self, known: &VectorClock) -> bool {
        self.number <= known.get(self.node)
    }
}

/// The clock of one version of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dotted {
    /// The write itself.
    pub dot: Dot,
    /// The writes that its writer had seen.
    pub past: VectorClock,
}

impl Dotted {
    /// How two versions stand to each other: whether one's dot lies in the other's past.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Order {
        if self.dot == other.dot {
            return Order::Equal;
        }
        Order::of(self.dot.is_in(&other.past), other.dot.is_in(&self.past))
    }

    /// The same write as a version vector with an entry for each server has it: that entry counts this write, and so
    /// all before it at that server, whether its writer had seen them or not.
    #[must_use]
    pub fn without_dot(mut self) -> Self {
        self.past.merge(&VectorClock::of([(self.dot.node, self.dot.number.saturating_sub(1))]));
        self
    }

    /// The least version vector that has seen this version and its past.
    #[must_use]
    pub fn ceiling(&self) -> VectorClock {
        let mut all = self.past.clone();
        all.merge(&VectorClock::of([(self.dot.node, self.dot.number)]));
        all
    }
}

/// What two replicas have together: versions that one of them has seen overwritten go (`sync` in the paper).
#[must_use]
pub fn sync(first: &[Dotted], second: &[Dotted]) -> Vec<Dotted> {
    let mut all: Vec<Dotted> = Vec::new();
    for version in first.iter().chain(second) {
        let known = all.iter().any(|other| other.dot == version.dot);
        let overwritten =
            first.iter().chain(second).any(|other| other.dot != version.dot && version.compare(other) == Order::Before);
        if !known && !overwritten {
            let place = all.partition_point(|other| other.dot < version.dot);
            all.insert(place, version.clone());
        }
    }
    all
}

/// The clock of a new write that `node` takes from a client which has read `context`, where it holds `stored`
/// (`update` in the paper).
#[must_use]
pub fn update(context: &VectorClock, stored: &[Dotted], node: NodeId) -> Dotted {
    let newest = stored.iter().map(|version| version.ceiling().get(node)).max().unwrap_or(0).max(context.get(node));
    Dotted { dot: Dot { node, number: newest.saturating_add(1) }, past: context.clone() }
}
