//! Randomness by key: each draw is a pure function of the seed and of what the draw is for.
//!
//! A stream of random numbers that is shared between causes would shift for everybody as soon as
//! one cause disappears. Here message `n` on link `a→b` draws from `hash(seed, a, b, n, copy,
//! purpose)` and a node from `(seed, node, incarnation, purpose, n)`; dropping one message leaves
//! every other draw as it was. That is what makes branches comparable and shrinking work.
//!
//! What a link's or a node's keys have in common is mixed once ([`Source`]); a draw then costs one
//! round.

use crate::hash::mix;

/// Separates the families of keys, so that no node's draw can equal a link's by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Domain {
    /// What happens to the messages of a link; see [`Purpose`].
    Link = 1,
    /// A protocol's own draws, by way of [`crate::Fx::draw`].
    Node = 4,
    /// How long a disk takes to make a write durable.
    DiskSync = 5,
    /// How many unsynced writes a crash leaves behind.
    DiskCrash = 6,
    /// Fault plans of seed sweeps.
    Faults = 7,
    /// Generated client operations.
    Workload = 8,
    /// Which message in flight a fault plan picks.
    Pick = 9,
}

/// What a message's draw decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Its latency.
    Latency = 1,
    /// Whether it is lost.
    Loss = 2,
    /// Whether it arrives twice.
    Duplicate = 3,
    /// Whether it is late, so that others overtake it.
    Reorder = 4,
    /// How late it is then.
    Lateness = 5,
}

/// 64 uniformly distributed bits for a key.
#[inline]
#[must_use]
pub fn keyed(seed: u64, domain: Domain, key: &[u64]) -> u64 {
    let mut word = mix(seed ^ (domain as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for part in key {
        word = mix(word.rotate_left(23) ^ part.wrapping_mul(STEP)).wrapping_add(*part);
    }
    mix(word)
}

/// Odd, so that multiples of it visit every word.
const STEP: u64 = 0xd6e8_feb8_6659_fd93;

/// Where the draws of one link or one node come from: SplitMix64, started at the hash of what the
/// keys have in common, and asked for its n-th number instead of for its next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(u64);

impl Source {
    /// The source of `key` in `domain`.
    #[must_use]
    pub fn new(seed: u64, domain: Domain, key: &[u64]) -> Self {
        Self(keyed(seed, domain, key))
    }

    /// 64 uniformly distributed bits for the n-th draw of this purpose. `number` below 2⁴⁰ and
    /// `purpose` below 2²⁴ never share a draw.
    #[inline]
    #[must_use]
    pub const fn draw(self, purpose: u32, number: u64) -> u64 {
        mix(self.0.wrapping_add((number ^ ((purpose as u64) << 40)).wrapping_mul(STEP)))
    }
}

/// Maps 64 random bits to the inclusive range `low..=high`.
///
/// Uses the high half of a 64-bit product (Lemire: "Fast random integer generation in an
/// interval", 2019, without the rejection step: the bias is below span / 2³² and a draw always
/// costs exactly one key).
///
/// # Panics
///
/// When `low > high` or the range spans more than 2³² values: both are defects of the caller.
#[inline]
#[must_use]
pub fn in_range(bits: u64, low: u64, high: u64) -> u64 {
    assert!(low <= high, "the range {low}..{high} is empty");
    let width = high - low;
    assert!(width < 1 << 32, "the range {low}..{high} is too wide");
    low + (((bits >> 32) * (width + 1)) >> 32)
}

/// Whether an event of `ppm` parts per million happens for these random bits.
#[inline]
#[must_use]
pub fn happens(bits: u64, ppm: u32) -> bool {
    ppm > 0 && in_range(bits, 0, 999_999) < u64::from(ppm)
}

/// A sequence of draws under one key, for plans and workloads that are made before a run.
#[derive(Clone, Debug)]
pub struct Stream {
    seed: u64,
    domain: Domain,
    key: u64,
    drawn: u64,
}

impl Stream {
    /// The stream of `key` in `domain`.
    #[must_use]
    pub const fn new(seed: u64, domain: Domain, key: u64) -> Self {
        Self { seed, domain, key, drawn: 0 }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.drawn += 1;
        keyed(self.seed, self.domain, &[self.key, self.drawn])
    }

    /// The next number in the inclusive range `low..=high`; see [`in_range`].
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        in_range(self.bits(), low, high)
    }

    /// True in `ppm` of a million draws.
    pub fn happens(&mut self, ppm: u32) -> bool {
        happens(self.bits(), ppm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_uniform_enough_to_simulate_with() {
        // Chi-squared over 64 cells and 64,000 draws: the 99.9 % quantile for 63 degrees of
        // freedom is 103.4. The keys are the worst kind: small consecutive integers.
        let uniform = |what: &str, bits: &dyn Fn(u64) -> u64| {
            let mut cells = [0u64; 64];
            for number in 0..64_000 {
                cells[in_range(bits(number), 0, 63) as usize] += 1;
            }
            let chi_squared: u64 = cells.iter().map(|&count| count.abs_diff(1_000).pow(2)).sum::<u64>() / 1_000;
            assert!(chi_squared < 104, "{what}: chi-squared is {chi_squared}");
        };
        for domain in [Domain::Link, Domain::Faults, Domain::Node] {
            uniform(&format!("{domain:?}"), &|number| keyed(1, domain, &[0, 1, number, 0]));
        }
        for pair in [[0, 1], [1, 0], [7, 7]] {
            let source = Source::new(1, Domain::Link, &pair);
            for purpose in [Purpose::Latency, Purpose::Loss] {
                uniform(&format!("{pair:?}, {purpose:?}"), &|number| source.draw(purpose as u32, number));
            }
        }
        // The first draws of many sources are as good as many draws of one.
        uniform("first draws", &|link| Source::new(1, Domain::Link, &[link % 250, link / 250]).draw(1, 1));
    }

    #[test]
    fn sources_do_not_share_draws() {
        let mut seen = std::collections::BTreeSet::new();
        for pair in 0..20 {
            let source = Source::new(1, Domain::Link, &[pair, pair + 1]);
            for purpose in 1..=3 {
                for number in 1..=200 {
                    assert!(seen.insert(source.draw(purpose, number)), "a draw repeats");
                }
            }
        }
    }

    #[test]
    fn both_ends_of_a_range_are_reached() {
        assert_eq!(in_range(0, 5, 15), 5);
        assert_eq!(in_range(u64::MAX, 5, 15), 15);
        assert_eq!(in_range(u64::MAX / 3, 7, 7), 7);
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let base = keyed(1, Domain::Link, &[1, 2, 3, 0]);
        assert_ne!(base, keyed(2, Domain::Link, &[1, 2, 3, 0]));
        assert_ne!(base, keyed(1, Domain::Node, &[1, 2, 3, 0]));
        for part in 0..4 {
            let mut key = [1, 2, 3, 0];
            key[part] += 1;
            assert_ne!(base, keyed(1, Domain::Link, &key), "part {part} does not matter");
        }
        assert_ne!(base, keyed(1, Domain::Link, &[2, 1, 3, 0]), "order does not matter");
    }

    #[test]
    fn a_probability_is_kept() {
        let hits = (0..100_000).filter(|&n| happens(keyed(9, Domain::Link, &[n]), 50_000)).count();
        assert!((4_700..5_300).contains(&hits), "5 % came out as {hits} of 100,000");
        assert!(!(0..1_000).any(|n| happens(keyed(9, Domain::Link, &[n]), 0)));
        assert!((0..1_000).all(|n| happens(keyed(9, Domain::Link, &[n]), 1_000_000)));
    }
}
