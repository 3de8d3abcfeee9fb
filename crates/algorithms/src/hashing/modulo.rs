//! The hash modulo the number of nodes: what consistent hashing was invented against. When a node comes or
//! goes, about N of N + 1 keys move.

use super::{HashKind, Node, Placement, in_order};

/// Nodes in a row, without weights.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Modulo {
    hash: HashKind,
    nodes: u32,
}

impl Modulo {
    /// Gives keys to these nodes in turn.
    #[must_use]
    pub fn new(nodes: Vec<Node>, hash: HashKind) -> Self {
        Self { hash, nodes: in_order(nodes).len() as u32 }
    }
}

impl Placement for Modulo {
    /// Further owners are the nodes that come next in the order of names.
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32> {
        let first = self.hash.of(key).checked_rem(self.nodes);
        let walk = |first: u32| (first..self.nodes).chain(0..first).take(count).collect();
        first.map_or_else(Vec::new, walk)
    }
}
