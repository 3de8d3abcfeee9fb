//! Sets of operations, and fingerprints that stand for what was explored.

use std::hash::{Hash, Hasher};

use sim::hash::{StableHasher, mix};

/// The most configurations with which a new one is compared.
pub(super) const COMPARISONS_MAX: usize = 32;

/// 128 bits that stand for a value: two hashes from different starting points.
pub(super) fn fingerprint<T: Hash>(value: &T) -> u128 {
    let half = |seed| {
        let mut hasher = StableHasher::new(seed);
        value.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0x6c69_6e65) << 64 | half(0x6172_697a)
}

/// 128 bits that stand for an operation as a member of a set; a set is the XOR of its members
/// (Zobrist: "A new hashing method with application for game playing", 1970).
pub(super) fn member(item: u32) -> u128 {
    u128::from(mix(u64::from(item) ^ 0x5a6f_6272_0000_0000)) << 64 | u128::from(mix(!u64::from(item)))
}

/// A sorted list with one more member.
pub(super) fn with(set: &[u32], member: u32) -> Vec<u32> {
    let at = set.partition_point(|&known| known < member);
    let mut more = Vec::with_capacity(set.len() + 1);
    more.extend_from_slice(&set[..at]);
    more.push(member);
    more.extend_from_slice(&set[at..]);
    more
}

/// Whether a sorted list contains another.
pub(super) fn is_subset(fewer: &[u32], more: &[u32]) -> bool {
    let mut rest = more.iter();
    fewer.iter().all(|member| rest.any(|candidate| candidate == member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_operations_are_told_apart() {
        let mut sets = std::collections::BTreeSet::new();
        for one in 0..200 {
            for other in 0..one {
                assert!(sets.insert(member(one) ^ member(other)));
            }
        }
        assert!(is_subset(&[2, 5], &[1, 2, 5]) && !is_subset(&[2, 4], &[1, 2, 5]) && is_subset(&[], &[]));
        assert_eq!(with(&[1, 5], 3), [1, 3, 5]);
    }
}
