//! Rendezvous hashing, or highest random weight: each node throws dice for each key, and the best throw
//! wins.
//!
//! David Thaler and Chinya Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM
//! Transactions on Networking 6(1), 1998. Weights as −w / ln(h) for h in (0, 1): Jason Resch, "New Hashing
//! Algorithms for Data Storage", SNIA 2015; a node then wins in proportion to its weight.
//!
//! Logarithms are integers here, so that a throw is the same on every machine. −log₂(h) has
//! [`LOG_BITS`] bits behind the point, cut off, not rounded: it is less than 2⁻⁴⁰ too small. Two throws
//! that agree to that precision go to the lower name. Weights are compared by cross-multiplication, exactly.

use sim::hash::mix;

use super::{HashKind, Node, Placement, in_order};

/// Bits behind the point of a logarithm.
pub const LOG_BITS: u32 = 40;

/// Nodes that throw dice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rendezvous {
    hash: HashKind,
    /// The hash of each name, and its weight.
    nodes: Vec<(u32, u32)>,
    weighted: bool,
}

impl Rendezvous {
    /// All nodes alike: the highest throw wins.
    #[must_use]
    pub fn new(nodes: Vec<Node>, hash: HashKind) -> Self {
        Self::build(nodes, hash, false)
    }

    /// A node wins in proportion to its weight.
    #[must_use]
    pub fn weighted(nodes: Vec<Node>, hash: HashKind) -> Self {
        Self::build(nodes, hash, true)
    }

    fn build(nodes: Vec<Node>, hash: HashKind, weighted: bool) -> Self {
        let nodes = in_order(nodes).iter().map(|node| (hash.of(node.name.as_bytes()), node.shares())).collect();
        Self { hash, nodes, weighted }
    }
}

impl Placement for Rendezvous {
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32> {
        let key = u64::from(self.hash.of(key));
        // What both hashes say is mixed into 64 bits: the xor or sum of two weak hashes would make throws
        // of one node depend on those of another.
        let throws =
            (0u32..).zip(&self.nodes).map(|(node, &(name, weight))| (node, weight, mix(key << 32 | u64::from(name))));
        let weighted = |(node, weight, throw)| (minus_log2(throw), weight, node);
        let alike = |(node, _, throw): (u32, u32, u64)| (!throw, 1, node);
        let costs = throws.map(|throw| if self.weighted { weighted(throw) } else { alike(throw) });
        // Nodes come in order, so that of equals the lower one is there first.
        let mut best: Vec<(u64, u32, u32)> = Vec::new();
        for (cost, weight, node) in costs {
            // w / −log(h) is larger where −log(h) / w is smaller: cost_a · weight_b against cost_b · weight_a.
            let place = best.partition_point(|&(known, of, _)| {
                u128::from(known) * u128::from(weight) <= u128::from(cost) * u128::from(of)
            });
            if place < count {
                best.truncate(count - 1);
                best.insert(place, (cost, weight, node));
            }
        }
        best.into_iter().map(|(_, _, node)| node).collect()
    }
}

/// −log₂ of (throw + ½) / 2⁶⁴, as a number with [`LOG_BITS`] bits behind the point.
///
/// Bit by bit: the square of a number in [1, 2) is at least 2 when its logarithm is at least one half. The
/// mantissa has 63 bits; what a squaring cuts off weighs half as much with each further bit, less than
/// 2⁻⁶¹ in all.
fn minus_log2(throw: u64) -> u64 {
    let odd = u128::from(throw) * 2 + 1;
    let whole = 127 - odd.leading_zeros();
    let mut mantissa = if whole >= 63 { odd >> (whole - 63) } else { odd << (63 - whole) };
    let mut log = u64::from(whole);
    for _ in 0..LOG_BITS {
        mantissa = (mantissa * mantissa) >> 63;
        log <<= 1;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            log |= 1;
        }
    }
    // The logarithm was cut off downwards, so its complement is taken one unit lower to stay below as well.
    (65 << LOG_BITS) - log - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_as_precise_as_they_claim() {
        let mut throw = 1u64;
        for _ in 0..20_000 {
            throw = mix(throw.wrapping_add(0x9e37_79b9));
            for throw in [throw, throw >> (throw % 64), !(throw >> (throw % 64))] {
                // float-ok: only a comparison in a test
                let wanted = 64.0 - (throw as f64 + 0.5).log2();
                let got = minus_log2(throw) as f64 / (1u64 << LOG_BITS) as f64; // float-ok: as above
                assert!((wanted - got).abs() < 1e-11, "{throw}: {got} against {wanted}");
            }
        }
        assert_eq!(minus_log2(0) >> LOG_BITS, 64);
        assert_eq!(minus_log2(u64::MAX), 0);
    }

    #[test]
    fn weights_are_kept_and_equal_weights_change_nothing() {
        let nodes = |weights: [u32; 3]| -> Vec<Node> {
            ["a", "b", "c"].iter().zip(weights).map(|(name, weight)| Node::new(*name, weight)).collect()
        };
        let heavy = Rendezvous::weighted(nodes([1, 2, 5]), HashKind::Sha1);
        let (equal, plain) =
            (Rendezvous::weighted(nodes([7, 7, 7]), HashKind::Sha1), Rendezvous::new(nodes([1, 2, 5]), HashKind::Sha1));
        let mut counts = [0u32; 3];
        for number in 0..16_000u32 {
            let key = number.to_le_bytes();
            counts[heavy.owners(&key, 1)[0] as usize] += 1;
            assert_eq!(equal.owners(&key, 3), plain.owners(&key, 3));
        }
        for (count, wanted) in counts.into_iter().zip([2_000, 4_000, 10_000]) {
            assert!(count.abs_diff(wanted) < wanted / 12, "{counts:?}");
        }
    }
}
