//! What becomes of keys and arcs when one virtual node goes elsewhere, found without looking at all of them.

use std::ops::Range;

use super::{Circle, Piece, Ring, Token};

/// A virtual node that goes elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Where it was.
    pub from: Token,
    /// Where it goes.
    pub to: u32,
}

impl Shift {
    const fn after(self) -> Token {
        Token { position: self.to, ..self.from }
    }

    /// The arcs that have another owner: what it leaves to the next one, and on top of that what it takes.
    #[must_use]
    pub fn pieces(self, before: &Circle, after: &Circle) -> Vec<Piece> {
        let arc = |circle: &Circle, token: Token, member: Option<usize>| {
            let place = circle.place_of(&token)?;
            let from = circle.tokens[(place + circle.tokens.len() - 1) % circle.tokens.len()].position;
            circle.owns(place).then_some(Piece { member: member?, from, to: token.position })
        };
        let left = arc(before, self.from, after.owner(self.from.position));
        let taken = arc(after, self.after(), Some(self.from.member));
        left.into_iter().chain(taken).collect()
    }
}

impl Circle {
    /// From behind which position on a walk that looks for `count` members may come past a virtual node; none where
    /// all walks may.
    fn reached_from(&self, token: Token, count: usize) -> Option<u32> {
        let at = self.place_of(&token)?;
        let mut found: Vec<usize> = Vec::new();
        for back in 1..self.tokens.len() {
            let before = self.tokens[(at + self.tokens.len() - back) % self.tokens.len()];
            if !found.contains(&before.member) {
                found.push(before.member);
            }
            if found.len() >= count {
                // Whoever starts there or before has enough.
                return Some(before.position);
            }
        }
        None
    }
}

impl Ring {
    /// The keys that would have other servers, or another owner, on the ring `after`: places in [`Ring::keys`]. Of a
    /// single virtual node that shifts only its neighbourhoods are looked at.
    #[must_use]
    pub fn would_move(&self, after: &Circle, shift: Option<Shift>) -> Vec<usize> {
        let before = self.newest();
        let near = shift.map(|shift| {
            let old = self.keys_between(before.reached_from(shift.from, self.count), shift.from.position);
            let new = self.keys_between(after.reached_from(shift.after(), self.count), shift.to);
            old.into_iter().chain(new).collect::<Vec<_>>()
        });
        let (mut was, mut is) = (Vec::new(), Vec::new());
        let moves = |place: &usize| {
            if near.as_ref().is_some_and(|near| !near.iter().any(|part| part.contains(place))) {
                return false;
            }
            let position = self.keys[*place].position;
            before.members(position, self.count, &mut was);
            after.members(position, self.count, &mut is);
            was.first() != is.first() || was.len() != is.len() || !was.iter().all(|member| is.contains(member))
        };
        (0..self.keys.len()).filter(moves).collect()
    }

    /// The keys behind `from` up to `to`, clockwise; all of them without a beginning.
    fn keys_between(&self, from: Option<u32>, to: u32) -> [Range<usize>; 2] {
        let all = self.keys.len();
        let behind = |position: u32| self.keys.partition_point(|key| key.position <= position);
        match from {
            None => [0..all, 0..0],
            Some(from) if from < to => [behind(from)..behind(to), 0..0],
            Some(from) => [behind(from)..all, 0..behind(to)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{circle, draws, many, ring_of};
    use super::*;

    /// The same by looking at everything.
    fn by_looking_at_all(ring: &Ring, after: &Circle) -> Vec<usize> {
        let servers = |circle: &Circle, position: u32| {
            let walk = circle.walk(position, ring.count);
            let mut found: Vec<usize> = walk.iter().filter(|(_, new)| *new).map(|(token, _)| token.member).collect();
            found.sort_unstable();
            (circle.owner(position), found)
        };
        let moves = |place: &usize| {
            let position = ring.keys[*place].position;
            servers(&ring.now, position) != servers(after, position)
        };
        (0..ring.keys.len()).filter(moves).collect()
    }

    #[test]
    fn looking_at_neighbourhoods_finds_what_looking_at_all_finds() {
        let mut draw = draws(7);
        let mut found = 0;
        for (servers, vnodes) in [(1, 1), (1, 5), (2, 1), (3, 4), (5, 1), (5, 8), (9, 30), (40, 2)] {
            let mut ring = ring_of(many(servers, vnodes));
            for _ in 0..60 {
                ring.count = 1 + draw() as usize % 5;
                let from = ring.now.tokens[draw() as usize % ring.now.tokens.len()];
                let other = ring.now.tokens[draw() as usize % ring.now.tokens.len()].position;
                // Anywhere, a little further, and right on another one or a key.
                let to = match draw() % 4 {
                    0 => draw(),
                    1 => from.position.wrapping_add(draw() >> 8),
                    2 => other,
                    _ => ring.keys[draw() as usize % ring.keys.len()].position,
                };
                let after = ring.now.with_token(from.member, from.index, to).unwrap();
                let shift = Shift { from, to };
                let moved = ring.would_move(&after, Some(shift));
                assert_eq!(
                    moved,
                    by_looking_at_all(&ring, &after),
                    "{servers} × {vnodes}, {} each: {shift:?}",
                    ring.count
                );
                assert_eq!(moved, ring.would_move(&after, None));
                found += moved.len();
                // Outside the pieces that are drawn anew everybody owns what they owned.
                let pieces = shift.pieces(&ring.now, &after);
                for key in ring.keys.iter() {
                    let within = |piece: &&Piece| {
                        u64::from(key.position.wrapping_sub(piece.from).wrapping_sub(1)) < piece.length()
                    };
                    let drawn = pieces.iter().rfind(within).map(|piece| piece.member);
                    let is = after.owner(key.position);
                    assert_eq!(drawn.or(ring.now.owner(key.position)), is, "{shift:?} {}", key.position);
                }
                // A token that went is gone from where it was, wherever two stood at one place.
                assert_eq!(after, Circle::new(after.of.clone(), after.tokens.clone()));
            }
        }
        assert!(found > 5_000, "{found}");
    }

    #[test]
    fn tokens_at_one_place_shift_as_well() {
        let mut ring = ring_of(circle(&[("a", 5), ("b", 5), ("c", 900), ("c", 900), ("a", 1_000)]));
        for count in 1..=3 {
            ring.count = count;
            for from in ring.now.tokens.clone() {
                for to in [0, 4, 5, 6, 899, 900, 901, 1_000, u32::MAX] {
                    let after = ring.now.with_token(from.member, from.index, to).unwrap();
                    let moved = ring.would_move(&after, Some(Shift { from, to }));
                    assert_eq!(moved, by_looking_at_all(&ring, &after), "{from:?} to {to}");
                }
            }
        }
    }
}
