//! Sorting pairs of numbers as single numbers: for pairs the standard sort is nine kilobytes of the page on top of the three for
//! numbers, and no faster.

/// Pairs in their order.
#[must_use]
pub fn sorted_pairs(pairs: impl IntoIterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut numbers: Vec<u64> =
        pairs.into_iter().map(|(first, second)| u64::from(first) << 32 | u64::from(second)).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| ((number >> 32) as u32, number as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_pair_weighs_more() {
        let pairs = [(2, 0), (0, u32::MAX), (1, 7), (u32::MAX, 1), (0, 3), (1, 7)];
        assert_eq!(sorted_pairs(pairs), [(0, 3), (0, u32::MAX), (1, 7), (1, 7), (2, 0), (u32::MAX, 1)]);
    }
}
