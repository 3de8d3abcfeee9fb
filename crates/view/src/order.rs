//! Sorting for what is looked at by people: one sort for all types, since each instance of the standard one is five
//! kilobytes of the page. It is stable. Where a simulation sorts, or a diagram of a hundred
//! thousand events, the standard one is faster and is taken.

use std::cmp::Ordering;

/// Sorts by a comparison.
pub fn by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    for (here, there) in swaps(items.len(), &|a, b| compare(&items[a], &items[b])) {
        items.swap(here, there);
    }
}

/// Sorts by a key.
pub fn by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    by(items, |a, b| key(a).cmp(&key(b)));
}

/// The swaps that bring so many items into order.
fn swaps(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| compare(a, b));
    let mut swaps = Vec::new();
    for start in 0..count {
        // Each cycle of the order is followed once; who is at his place points at himself.
        let mut here = start;
        loop {
            let next = std::mem::replace(&mut order[here], here);
            if next == start {
                break;
            }
            swaps.push((here, next));
            here = next;
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_sort_does() {
        let mut state = 7_u64;
        for count in (0..40).chain([1_000]) {
            let mut draw = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) % 10
            };
            // Few keys, so that the order of equals matters.
            let mut items: Vec<(u64, usize)> = (0..count).map(|place| (draw(), place)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|&(key, _)| key);
            by_key(&mut items, |&(key, _)| key);
            assert_eq!(items, expected);
        }
    }
}
