//! Majorities: plain arithmetic beside the protocol.

use sim::{NodeId, Set};

/// How many of `servers` are a majority.
#[must_use]
pub const fn majority(servers: u32) -> u32 {
    servers / 2 + 1
}

/// The largest number that at least `needed` of `numbers` reach; 0 when there are fewer.
#[must_use]
pub fn reached_by(mut numbers: Vec<u64>, needed: u32) -> u64 {
    numbers.sort_unstable();
    let place = numbers.len().checked_sub(needed as usize);
    place.and_then(|place| numbers.get(place)).copied().unwrap_or(0)
}

/// Whether every majority of `old` shares a server with every majority of `new`. It does when the
/// two differ by at most one server (§4.1 of Ongaro's dissertation).
#[must_use]
pub fn overlap(old: &Set<NodeId>, new: &Set<NodeId>) -> bool {
    old.difference(new).count() + new.difference(old).count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majorities_of_the_same_servers_intersect() {
        for servers in 1..=9 {
            assert!(2 * majority(servers) > servers);
            assert!(2 * (majority(servers) - 1) <= servers);
        }
    }

    #[test]
    fn reached_by_equals_counting() {
        // The dumb twin: try every candidate and count.
        let dumb = |numbers: &[u64], needed: u32| {
            let reached = |n: u64| numbers.iter().filter(|&&m| m >= n).count() as u32 >= needed;
            numbers.iter().copied().chain([0]).filter(|&n| n == 0 || reached(n)).max().unwrap_or(0)
        };
        for code in 0..4u64.pow(5) {
            let numbers: Vec<u64> = (0..5).map(|place| code / 4u64.pow(place) % 4).collect();
            for needed in 1..=5 {
                assert_eq!(reached_by(numbers.clone(), needed), dumb(&numbers, needed), "{numbers:?}, {needed}");
            }
        }
        assert_eq!(reached_by(vec![7, 8], 3), 0, "fewer numbers than needed");
    }

    #[test]
    fn neighbouring_memberships_overlap_and_others_need_not() {
        let set = |ids: &[u32]| ids.iter().map(|&id| NodeId(id)).collect::<Set<_>>();
        assert!(overlap(&set(&[0, 1, 2]), &set(&[0, 1, 2, 3])));
        assert!(overlap(&set(&[0, 1, 2]), &set(&[0, 1])));
        assert!(!overlap(&set(&[0, 1, 2]), &set(&[0, 1, 2, 3, 4])));
        // The dumb twin: all majorities of all pairs of subsets of six servers that differ by one.
        let members = |bits: u32| (0..6u32).filter(|bit| bits & (1 << bit) != 0).collect::<Vec<_>>();
        let majorities = |servers: u32| {
            (1..64u32).filter(move |sub| sub & !servers == 0 && sub.count_ones() >= majority(servers.count_ones()))
        };
        for old in 1..64u32 {
            for bit in 0..6 {
                let new = old ^ (1 << bit);
                if new == 0 {
                    continue;
                }
                assert!(overlap(&set(&members(old)), &set(&members(new))));
                assert!(majorities(old).all(|a| majorities(new).all(|b| a & b != 0)), "{old:06b} and {new:06b}");
            }
        }
    }
}
