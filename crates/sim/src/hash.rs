//! A hasher whose result is the same on every machine.
//!
//! `std`'s derive of `Hash` feeds a hasher widths that depend on the platform (`usize` lengths,
//! `isize` discriminants). [`StableHasher`] widens them to 64 bits and mixes little-endian words,
//! so a digest made in wasm32 equals one made on a 64-bit machine. State that gets hashed still
//! must not contain `Vec<usize>`: slices of integers are hashed as raw memory.

use std::hash::{Hash, Hasher};

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scrambles one 64-bit word so that each input bit reaches each output bit
/// (the finalizer of SplitMix64; Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
#[inline]
#[must_use]
pub const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A 64-bit rolling hash with fixed widths. Not for adversaries: it detects differences, it does
/// not resist somebody who looks for collisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StableHasher {
    state: u64,
}

impl StableHasher {
    /// A hasher that starts from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: mix(seed ^ MULTIPLIER) }
    }

    /// The hash of one value, from a fresh hasher.
    #[must_use]
    pub fn of<T: Hash + ?Sized>(value: &T) -> u64 {
        let mut hasher = Self::new(0);
        value.hash(&mut hasher);
        hasher.finish()
    }

    #[inline]
    fn word(&mut self, word: u64) {
        let product = (self.state ^ word).wrapping_mul(MULTIPLIER);
        self.state = product ^ (product >> 32);
    }
}

impl Hasher for StableHasher {
    #[inline]
    fn finish(&self) -> u64 {
        mix(self.state)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            // The length keeps "ab" apart from "ab\0".
            self.word(u64::from_le_bytes(last));
            self.word(rest.len() as u64);
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }
    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.word(u64::from(value));
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }
    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }
    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }
    // The signed widths funnel into one sign-extended form.
    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.word(i64::from(value) as u64);
    }
    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.word(i64::from(value) as u64);
    }
    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.word(i64::from(value) as u64);
    }
    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.word(value as u64);
    }
    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.word(value as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Hash)]
    enum Shape {
        Empty,
        Pair(u32, Option<u8>),
        Text(&'static str),
    }

    #[test]
    fn golden_values_hold_on_every_platform() {
        // Committed numbers: when one changes, every recorded run changes with it, and the engine's
        // version has to grow.
        assert_eq!(StableHasher::of(&0u64), 0x569b_4582_1041_e465);
        assert_eq!(StableHasher::of(&Shape::Empty), StableHasher::of(&0i64));
        assert_eq!(StableHasher::of(&Shape::Pair(7, Some(3))), 0x56a1_a0ae_f82a_0814);
        assert_eq!(StableHasher::of(&Shape::Text("netsplit")), 0xbe78_d36b_ea13_a8fb);
        assert_eq!(StableHasher::of(&vec![1u32, 2, 3]), 0xcd50_cb32_7b05_c7ce);
    }

    #[test]
    fn each_bit_of_the_input_reaches_each_bit_of_the_hash() {
        const TRIES: u64 = 512;
        let hash = |words: [u64; 3]| StableHasher::of(&words.map(Some));
        for place in 0..3 {
            for bit in 0..64 {
                let mut flips = [0u64; 64];
                for n in 0..TRIES {
                    let words = [mix(3 * n), mix(3 * n + 1), mix(3 * n + 2)];
                    let mut other = words;
                    other[place] ^= 1 << bit;
                    let differ = hash(words) ^ hash(other);
                    (0..64).for_each(|at| flips[at] += differ >> at & 1);
                }
                // Half of them, give or take seven standard deviations.
                let fair = TRIES / 2 - 80..=TRIES / 2 + 80;
                assert!(flips.iter().all(|count| fair.contains(count)), "bit {bit} of word {place}: {flips:?}");
            }
        }
    }

    #[test]
    fn neighbours_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for value in 0..10_000u64 {
            assert!(seen.insert(StableHasher::of(&value)), "two values share a hash");
        }
        assert_ne!(StableHasher::of("ab"), StableHasher::of("ab\0"));
    }
}
