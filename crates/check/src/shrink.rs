//! Shrinking: the fewest commands that still show a violation.

/// Removes as many items as it can while `fails` stays true for what is left: halves first, then
/// smaller and smaller pieces (Zeller and Hildebrandt: "Simplifying and isolating failure-inducing
/// input", 2002, without the complement cache). The result is 1-minimal: no single item can go.
///
/// `fails(items)` must be true for the items given; otherwise they come back unchanged.
pub fn shrink<T: Clone>(items: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut size = kept.len().div_ceil(2).max(1);
    loop {
        let mut removed = false;
        let mut start = 0;
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let candidate: Vec<T> = kept[..start].iter().chain(&kept[end..]).cloned().collect();
            if fails(&candidate) {
                kept = candidate;
                removed = true;
            } else {
                start = end;
            }
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if !removed {
            return kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn exactly_what_is_needed_stays() {
        let items: Vec<u32> = (0..100).collect();
        let needed = |items: &[u32]| [3, 41, 97].iter().all(|n| items.contains(n));
        assert_eq!(shrink(&items, needed), [3, 41, 97]);
        assert_eq!(shrink(&items, |_| true), [] as [u32; 0]);
        assert_eq!(shrink(&items[..1], |items| !items.is_empty()), [0]);
    }

    #[test]
    fn what_becomes_needless_later_goes_too() {
        // The first item can go only after the second has gone.
        assert_eq!(shrink(&[0, 1], |items| items != [1]), [] as [u32; 0]);
        assert_eq!(shrink(&[0, 1, 2, 3, 4], |items| items.is_empty() || items[0] == 0), [] as [u32; 0]);
    }

    #[test]
    fn what_does_not_fail_comes_back_unchanged() {
        assert_eq!(shrink(&[1, 2, 3], |_| false), [1, 2, 3]);
    }
}
