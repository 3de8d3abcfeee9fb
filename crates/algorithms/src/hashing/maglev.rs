//! Maglev hashing: a table of a prime number of slots, filled by the nodes in turn, each in an order of its
//! own. Lookup is one division; shares are almost equal; a change moves a little more than it has to.
//!
//! Daniel Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, §3.4.
//! The paper leaves its two hashes open. Here a node starts at the hash of its name and skips by the hash of
//! `NAME#skip`. A node takes as many slots in a turn as it has shares.

use super::{HashKind, Node, Placement, distinct, in_order};

/// Slots of a table: a prime, and the paper's choice for small tables.
pub const SLOTS: u32 = 65_537;

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Maglev {
    hash: HashKind,
    slots: Vec<u32>,
}

impl Maglev {
    /// The table of these nodes, with [`SLOTS`] slots.
    #[must_use]
    pub fn new(nodes: Vec<Node>, hash: HashKind) -> Self {
        let orders: Vec<(u64, u64, u32)> = in_order(nodes)
            .iter()
            .map(|node| {
                let start = hash.of(node.name.as_bytes()) % SLOTS;
                let skip = hash.of(&[node.name.as_bytes(), b"#skip"].concat()) % (SLOTS - 1) + 1;
                (u64::from(start), u64::from(skip), node.shares())
            })
            .collect();
        Self { hash, slots: fill(&orders, SLOTS) }
    }

    /// The table: a node's position for each slot.
    #[must_use]
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }
}

/// Fills `slots` slots, a prime number of them, for nodes that start somewhere, skip by something from 1 to
/// `slots` − 1, and take so many at a turn (the paper's pseudocode 1).
fn fill(orders: &[(u64, u64, u32)], slots: u32) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    if orders.is_empty() {
        return Vec::new();
    }
    let mut table = vec![FREE; slots as usize];
    let mut next = vec![0u64; orders.len()];
    let mut left = slots;
    // Each turn fills a slot at least, and a node looks at each slot once at most.
    loop {
        for (node, &(start, skip, shares)) in orders.iter().enumerate() {
            for _ in 0..shares {
                let slot = loop {
                    let slot = ((start + next[node] * skip) % u64::from(slots)) as usize;
                    next[node] += 1;
                    if table[slot] == FREE {
                        break slot;
                    }
                };
                table[slot] = node as u32;
                left -= 1;
                if left == 0 {
                    return table;
                }
            }
        }
    }
}

impl Placement for Maglev {
    /// Further owners are those of the slots that follow.
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32> {
        if self.slots.is_empty() {
            return Vec::new();
        }
        let start = (self.hash.of(key) % SLOTS) as usize;
        distinct(self.slots[start..].iter().chain(&self.slots[..start]).copied(), count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's Table 1: seven slots; B0 goes 3 0 4 1 5 2 6, B1 goes 0 2 4 6 1 3 5, B2 goes 3 4 5 6 0 1 2. Both
    /// tables, before and after the removal, are also those of the first tests of github.com/dgryski/go-maglev.
    #[test]
    fn the_papers_example() {
        let (b0, b1, b2) = ((3, 4, 1), (0, 2, 1), (3, 1, 1));
        assert_eq!(fill(&[b0, b1, b2], 7), [1, 0, 1, 0, 2, 2, 0]);
        // After the removal of B1; B2 is at position 1 now.
        assert_eq!(fill(&[b0, b2], 7), [0, 0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn shares_are_almost_equal_and_weights_are_kept() {
        let nodes = (0..9).map(|number| Node::new(format!("n{number}"), if number == 0 { 3 } else { 1 })).collect();
        for hash in HashKind::ALL {
            let table = Maglev::new(in_order(Vec::clone(&nodes)), hash);
            let mut counts = [0u32; 9];
            table.slots().iter().for_each(|&node| counts[node as usize] += 1);
            let share = SLOTS / 11;
            assert!(counts[0].abs_diff(3 * share) <= 3, "{counts:?}");
            assert!(counts[1..].iter().all(|count| count.abs_diff(share) <= 1), "{counts:?}");
        }
    }

    #[test]
    fn no_nodes_no_owner() {
        assert!(Maglev::new(Vec::new(), HashKind::Sha1).owners(b"x", 1).is_empty());
    }
}
