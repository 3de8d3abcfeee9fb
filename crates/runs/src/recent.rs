//! What was worked out last, by what it was worked out from, for what depends on nothing else: nobody can tell whether it
//! was remembered.

use std::collections::VecDeque;

/// So many are remembered: before and after a change, and as many for a reader of another moment.
const KEPT: usize = 4;

/// The results that were asked for last.
#[derive(Debug, Default)]
pub struct Recent<K, V>(VecDeque<(K, V)>);

impl<K: PartialEq, V> Recent<K, V> {
    /// Without any.
    #[must_use]
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// The result of `of`, which is made unless it is known. The one that was made first is forgotten for it.
    pub fn of(&mut self, of: K, make: impl FnOnce(&K) -> V) -> &mut V {
        let place = match self.0.iter().position(|(known, _)| *known == of) {
            Some(place) => place,
            None => {
                self.0.truncate(KEPT - 1);
                let made = make(&of);
                self.0.push_front((of, made));
                0
            }
        };
        &mut self.0[place].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_are_made_once() {
        let mut recent = Recent::new();
        let mut made = Vec::new();
        for of in [1, 2, 1, 3, 4, 1, 5, 2, 1] {
            assert_eq!(*recent.of(of, |of| of * 10), of * 10);
            recent.of(of, |_| unreachable!("it is known"));
            made.push(recent.0.front().map(|(newest, _)| *newest));
        }
        assert_eq!(made.into_iter().flatten().collect::<Vec<_>>(), [1, 2, 2, 3, 4, 4, 5, 5, 1]);
        assert_eq!(recent.0.len(), KEPT);
    }
}
