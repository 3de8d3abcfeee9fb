//! Collections that do not grow for ever.

use sim::Map;

/// Drops what comes first in a map until no more than `most` entries are left: the oldest, where keys count up. Returns the
/// last key that went.
pub fn keep_last<K: Ord, V>(map: &mut Map<K, V>, most: usize) -> Option<K> {
    let mut gone = None;
    while map.len() > most {
        gone = map.pop_first().map(|(key, _)| key);
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_first_goes_first() {
        let mut map: Map<u32, char> = (1..).zip("abcde".chars()).collect();
        assert_eq!(keep_last(&mut map, 5), None);
        assert_eq!(keep_last(&mut map, 3), Some(2));
        assert_eq!(map.into_keys().collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(keep_last(&mut Map::from([(1, 'a')]), 0), Some(1));
    }
}
