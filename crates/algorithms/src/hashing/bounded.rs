//! Consistent hashing with bounded loads: a ring whose nodes take no more than a little above the mean; what
//! a node has no room for goes on clockwise.
//!
//! Vahab Mirrokni, Mikkel Thorup, Morteza Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018
//! (arXiv:1608.01350, 2016). A node has room for ⌈c · keys · weight / weights⌉; the paper rounds some nodes
//! down so that capacities add up exactly, and allows for keys that leave, which is left out here.

use super::{HashKind, Node, Placement, Ring, distinct, in_order};

/// A ring with room to spare, but not much.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bounded {
    ring: Ring,
    shares: Vec<u32>,
    percent: u32,
}

impl Bounded {
    /// How full a node may be, in percent of the mean, unless somebody says otherwise.
    pub const PERCENT: u32 = 125;

    /// A ring as [`Ring::new`] makes it, on which nobody has more than `percent` of what is their due, which is
    /// 100 at least.
    #[must_use]
    pub fn new(nodes: Vec<Node>, hash: HashKind, per_share: u32, percent: u32) -> Self {
        let nodes = in_order(nodes);
        let shares = nodes.iter().map(Node::shares).collect();
        Self { ring: Ring::new(nodes, hash, per_share), shares, percent: percent.max(100) }
    }

    /// For how many of `keys` keys each node has room.
    #[must_use]
    pub fn room(&self, keys: u64) -> Vec<u64> {
        let all: u128 = self.shares.iter().copied().map(u128::from).sum();
        let room = |&shares: &u32| {
            let due = u128::from(self.percent) * u128::from(keys) * u128::from(shares);
            due.div_ceil((100 * all).max(1)) as u64
        };
        self.shares.iter().map(room).collect()
    }
}

impl Placement for Bounded {
    /// A key that comes alone finds room at once.
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32> {
        self.ring.owners(key, count)
    }

    /// Only the first owner counts against a node's room.
    fn place(&self, keys: &[&[u8]], count: usize) -> Vec<Vec<u32>> {
        let mut room = self.room(keys.len() as u64);
        let mut place = |key: &&[u8]| {
            let token = self.ring.hash().of(key);
            let walk: Vec<u32> = distinct(self.ring.walk(token), room.len());
            let Some(skipped) = walk.iter().position(|&node| room[node as usize] > 0) else { return Vec::new() };
            room[walk[skipped] as usize] -= 1;
            walk[skipped..].iter().chain(&walk[..skipped]).copied().take(count).collect()
        };
        keys.iter().map(&mut place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_its_room_and_every_key_a_place() {
        let nodes: Vec<Node> = (0..7).map(|number| Node::new(format!("n{number}"), 1 + number % 2)).collect();
        let keys: Vec<String> = (0..1_000).map(|number| format!("k{number}")).collect();
        let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        for percent in [100, 110, 125, 400] {
            let bounded = Bounded::new(nodes.clone(), HashKind::Sha1, 3, percent);
            let room = bounded.room(1_000);
            let mut loads = [0u64; 7];
            for owners in bounded.place(&keys, 2) {
                assert_eq!(owners.len(), 2);
                assert_ne!(owners[0], owners[1]);
                loads[owners[0] as usize] += 1;
            }
            assert!(loads.iter().zip(&room).all(|(load, room)| load <= room), "{loads:?} {room:?}");
            assert_eq!(loads.iter().sum::<u64>(), 1_000);
        }
        // With room for everybody it is the ring itself.
        let (loose, ring) =
            (Bounded::new(nodes.clone(), HashKind::Sha1, 3, 1_000_000), Ring::new(nodes, HashKind::Sha1, 3));
        assert_eq!(loose.place(&keys, 3), ring.place(&keys, 3));
    }

    #[test]
    fn a_full_node_passes_on_clockwise() {
        let nodes: Vec<Node> = ["a", "b"].iter().map(|name| Node::new(*name, 1)).collect();
        let bounded = Bounded::new(nodes, HashKind::Sha1, 1, 100);
        // The same key four times: two each, in the order in which they came.
        let first = bounded.owners(b"x", 1)[0];
        let placed = bounded.place(&[b"x", b"x", b"x", b"x"], 1);
        assert_eq!(placed, [[first], [first], [1 - first], [1 - first]]);
    }
}
