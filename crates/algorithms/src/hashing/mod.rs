//! Ways to say which node a key belongs to, as plain types without a cluster around them.
//!
//! Consistent hashing is David Karger et al., "Consistent Hashing and Random Trees", STOC 1997; each
//! file names the paper of its own. All are pure functions of the nodes' names and weights: the order
//! in which nodes are given never matters, and no float is involved.
//!
//! Left out: tables that are updated instead of built anew, and hashes with a secret seed.

pub mod bounded;
pub mod functions;
pub mod jump;
pub mod ketama;
pub mod maglev;
pub mod modulo;
pub mod rendezvous;
pub mod ring;

pub use bounded::Bounded;
pub use functions::HashKind;
pub use ketama::Ketama;
pub use maglev::Maglev;
pub use modulo::Modulo;
pub use rendezvous::Rendezvous;
pub use ring::{Point, Ring, Spot};

/// A node as tables know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Its name; what is hashed.
    pub name: String,
    /// How many shares of the keys it should have; 0 counts as 1.
    pub weight: u32,
}

impl Node {
    /// A node with this name and weight.
    #[must_use]
    pub fn new(name: impl Into<String>, weight: u32) -> Self {
        Self { name: name.into(), weight }
    }

    /// Its weight, at least 1.
    #[must_use]
    pub fn shares(&self) -> u32 {
        self.weight.max(1)
    }
}

/// Nodes in the order of their names, each name once; of two with one name the heavier counts. Tables
/// answer with positions in this order.
#[must_use]
pub fn in_order(nodes: Vec<Node>) -> Vec<Node> {
    let mut weights: sim::Map<String, u32> = sim::Map::new();
    for Node { name, weight } in nodes {
        let known = weights.entry(name).or_default();
        *known = weight.max(*known);
    }
    weights.into_iter().map(|(name, weight)| Node { name, weight }).collect()
}

/// Something that gives keys to nodes.
pub trait Placement {
    /// The nodes of a key: up to `count` distinct ones, the first of which owns it. Fewer where there
    /// are fewer nodes. They are positions in the order of [`in_order`].
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32>;

    /// The nodes of each of several keys that arrive in this order. It matters only where a node that
    /// has enough passes keys on.
    fn place(&self, keys: &[&[u8]], count: usize) -> Vec<Vec<u32>> {
        keys.iter().map(|key| self.owners(key, count)).collect()
    }
}

/// The first `count` distinct nodes of a walk, which has an end.
fn distinct(walk: impl Iterator<Item = u32>, count: usize) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::with_capacity(count);
    if count == 0 {
        return found;
    }
    for node in walk {
        if !found.contains(&node) {
            found.push(node);
            if found.len() == count {
                break;
            }
        }
    }
    found
}
