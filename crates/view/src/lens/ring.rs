//! The hash ring as plain data, and how it is drawn: which server owns which arc, where keys lie, who stands where.

mod draw;
mod seats;
mod shift;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::geometry::Spot;
use crate::layout::{HEIGHT, WIDTH};
use crate::stage::Condition;

pub use draw::*;
pub use seats::{crowd, crowd_places};
pub use shift::Shift;

/// Where the ring's middle is, in units of the stage.
pub const MIDDLE: Spot = (WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0 + 4.0);
/// The inner and the outer edge of the ring.
pub const BAND: (f64, f64) = (164.0, 184.0);
/// The band outside it that shows the ring to come.
pub const NEXT_BAND: (f64, f64) = (187.0, 193.0);
/// So many arcs are drawn one by one; of more, each thin slice of the ring shows who owns its beginning.
const SLICES: u32 = 1 << 11;
/// What a ring is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The name of the hash function.
    pub hash: &'static str,
    /// Virtual nodes for each share of weight.
    pub vnodes: u32,
    /// The servers and their weights, in the order of their names.
    pub servers: Vec<(String, u32)>,
    /// Virtual nodes that somebody has moved: whose, by position in `servers`, which, and where to.
    pub moved: Vec<(usize, u32, u32)>,
}

impl Membership {
    /// The same with another number of virtual nodes. Those that it does not have any more are where they would be.
    #[must_use]
    pub fn with_vnodes(&self, vnodes: u32) -> Self {
        let mut of = Self { vnodes, ..self.clone() };
        let known = |place: usize, index: u32| {
            self.servers.get(place).is_some_and(|(_, weight)| index < weight.saturating_mul(vnodes))
        };
        of.moved.retain(|(place, index, _)| known(*place, *index));
        of
    }
}

/// A virtual node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    /// Where it is, of 2³².
    pub position: u32,
    /// Whose, by position in [`Membership::servers`].
    pub member: usize,
    /// Which of them, from 0.
    pub index: u32,
}

/// A piece of the ring, from behind `from` up to `to`, that one server owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Whose, by position in [`Membership::servers`].
    pub member: usize,
    /// The token before it.
    pub from: u32,
    /// The token that ends it.
    pub to: u32,
}

impl Piece {
    /// How much of the ring it is, of 2³².
    #[must_use]
    pub const fn length(&self) -> u64 {
        match self.to.wrapping_sub(self.from) {
            0 => 1 << 32,
            length => length as u64,
        }
    }

    /// Its middle.
    #[must_use]
    pub const fn middle(&self) -> u32 {
        self.from.wrapping_add((self.length() / 2) as u32)
    }
}

/// A ring of some membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// What it is made from.
    pub of: Membership,
    /// Its virtual nodes, clockwise from 0; empty where keys are not placed by arcs.
    pub tokens: Vec<Token>,
    /// How much of all keys each server has, in parts per million.
    pub share_ppm: Vec<u32>,
}

impl Circle {
    /// A ring with these virtual nodes.
    #[must_use]
    pub fn new(of: Membership, mut tokens: Vec<Token>) -> Self {
        crate::order::by_key(&mut tokens, |token| *token);
        let mut circle = Self { of, tokens, share_ppm: Vec::new() };
        circle.measure();
        circle
    }

    fn measure(&mut self) {
        let mut arcs = vec![0u64; self.of.servers.len()];
        if let Some(last) = self.tokens.last() {
            // What lies behind the last token belongs to the first one.
            let mut before = i64::from(last.position) - (1 << 32);
            for token in &self.tokens {
                arcs[token.member] += (i64::from(token.position) - before) as u64;
                before = i64::from(token.position);
            }
        }
        self.share_ppm = arcs.into_iter().map(|arc| (((arc * 1_000_000) + (1 << 31)) >> 32) as u32).collect();
    }

    /// What is due to each server by its weight, in parts per million.
    #[must_use]
    pub fn fair_ppm(&self) -> Vec<u32> {
        let all: u64 = self.of.servers.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let due = |(_, weight): &(String, u32)| (u64::from(*weight) * 1_000_000 / all.max(1)) as u32;
        self.of.servers.iter().map(due).collect()
    }

    /// The name of a member.
    #[must_use]
    pub fn name(&self, member: usize) -> &str {
        self.of.servers.get(member).map_or("", |(name, _)| name)
    }

    /// The member with a name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<usize> {
        self.of.servers.iter().position(|(known, _)| known == name)
    }

    /// The label of a virtual node, such as `n2#0`.
    #[must_use]
    pub fn label(&self, token: &Token) -> String {
        format!("{}#{}", self.name(token.member), token.index)
    }

    /// The first virtual node at or behind a position, by its place among the tokens.
    #[must_use]
    pub fn at(&self, position: u32) -> Option<usize> {
        let found = self.tokens.partition_point(|token| token.position < position);
        (!self.tokens.is_empty()).then_some(if found == self.tokens.len() { 0 } else { found })
    }

    /// Who owns a position.
    #[must_use]
    pub fn owner(&self, position: u32) -> Option<usize> {
        self.at(position).map(|at| self.tokens[at].member)
    }

    /// The walk clockwise from a position that finds `count` distinct members: every token on the way, and whether it
    /// is the first one of its member.
    #[must_use]
    pub fn walk(&self, position: u32, count: usize) -> Vec<(Token, bool)> {
        let Some(start) = self.at(position) else { return Vec::new() };
        let mut found: Vec<usize> = Vec::new();
        let mut walk = Vec::new();
        for token in self.tokens[start..].iter().chain(&self.tokens[..start]) {
            if found.len() >= count {
                break;
            }
            let new = !found.contains(&token.member);
            if new {
                found.push(token.member);
            }
            walk.push((*token, new));
        }
        walk
    }

    /// What everybody owns, clockwise; neighbouring arcs of one server are one piece.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        let Some(last) = self.tokens.last() else { return Vec::new() };
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.tokens.len());
        let mut from = last.position;
        for token in &self.tokens {
            // Of several tokens at one place the first one owns it.
            if token.position == from && !pieces.is_empty() {
                continue;
            }
            match pieces.last_mut() {
                Some(piece) if piece.member == token.member => piece.to = token.position,
                _ => pieces.push(Piece { member: token.member, from, to: token.position }),
            }
            from = token.position;
        }
        // The piece over 0 may be in two parts.
        if pieces.len() > 1 && pieces[0].member == pieces[pieces.len() - 1].member {
            let tail = pieces.pop().map_or(from, |piece| piece.from);
            pieces[0].from = tail;
        }
        pieces
    }

    /// The first `count` distinct members clockwise from a position, into `found`.
    pub fn members(&self, position: u32, count: usize, found: &mut Vec<usize>) {
        found.clear();
        let Some(start) = self.at(position) else { return };
        for token in self.tokens[start..].iter().chain(&self.tokens[..start]) {
            if found.len() >= count {
                break;
            }
            if !found.contains(&token.member) {
                found.push(token.member);
            }
        }
    }

    /// The place of a virtual node among the others.
    #[must_use]
    pub fn place_of(&self, token: &Token) -> Option<usize> {
        self.tokens.binary_search(token).ok()
    }

    /// Whether a token, by its place, owns anything: of several at one position only the first one does.
    fn owns(&self, place: usize) -> bool {
        place == 0 || self.tokens[place - 1].position != self.tokens[place].position
    }

    /// The piece that a position lies in.
    #[must_use]
    pub fn piece_at(&self, position: u32) -> Option<Piece> {
        let (at, count) = (self.at(position)?, self.tokens.len());
        let member = self.tokens[at].member;
        let mut to = self.tokens[at].position;
        for place in (1..count).map(|step| (at + step) % count).filter(|&place| self.owns(place)) {
            if self.tokens[place].member != member {
                break;
            }
            to = self.tokens[place].position;
        }
        let others = |place: &usize| self.owns(*place) && self.tokens[*place].member != member;
        // Without anybody else it is the whole ring.
        let from = (1..count).map(|step| (at + count - step) % count).find(others);
        Some(Piece { member, from: from.map_or(to, |place| self.tokens[place].position), to })
    }

    /// The pieces as they are drawn: where there are too many to be seen, one for each slice with an owner of its own.
    #[must_use]
    pub fn drawn(&self) -> Vec<Piece> {
        let pieces = self.pieces();
        if pieces.len() <= SLICES as usize / 2 {
            return pieces;
        }
        let width = u32::MAX / SLICES + 1;
        let mut drawn: Vec<Piece> = Vec::new();
        for slice in 0..SLICES {
            let from = slice * width;
            let Some(member) = self.owner(from + width / 2) else { break };
            match drawn.last_mut() {
                Some(piece) if piece.member == member => piece.to = from.wrapping_add(width),
                _ => drawn.push(Piece { member, from, to: from.wrapping_add(width) }),
            }
        }
        drawn
    }

    /// The largest piece of each member.
    #[must_use]
    pub fn largest(&self) -> Vec<Option<Piece>> {
        let mut largest: Vec<Option<Piece>> = vec![None; self.of.servers.len()];
        for piece in self.pieces() {
            let known = &mut largest[piece.member];
            if known.is_none_or(|known| known.length() <= piece.length()) {
                *known = Some(piece);
            }
        }
        largest
    }

    /// The virtual node that ends the largest piece of a member: the one that somebody who drags the server drags.
    #[must_use]
    pub fn handle(&self, member: usize) -> Option<Token> {
        let end = self.largest().get(member).copied().flatten()?.to;
        self.tokens.iter().find(|token| token.position == end && token.member == member).copied()
    }

    /// The ring with one virtual node elsewhere; nothing where it has no such node.
    #[must_use]
    pub fn with_token(&self, member: usize, index: u32, position: u32) -> Option<Self> {
        let from = self.tokens.iter().position(|token| (token.member, token.index) == (member, index))?;
        let mut tokens = self.tokens.clone();
        tokens.remove(from);
        let token = Token { position, member, index };
        tokens.insert(tokens.partition_point(|known| *known < token), token);
        let mut circle = Self { of: self.of.clone(), tokens, share_ppm: Vec::new() };
        circle.measure();
        Some(circle)
    }

    /// The largest share against the mean by weight, and the standard deviation of shares, both in parts per million
    /// of what is due.
    #[must_use]
    pub fn spread_ppm(&self) -> (u32, u32) {
        let ratios: Vec<f64> = self
            .share_ppm
            .iter()
            .zip(self.fair_ppm())
            .map(|(&share, fair)| f64::from(share) / f64::from(fair.max(1)))
            .collect();
        let max = ratios.iter().copied().fold(0.0, f64::max);
        let variance = ratios.iter().map(|ratio| (ratio - 1.0).powi(2)).sum::<f64>() / ratios.len().max(1) as f64;
        ((max * 1e6) as u32, (variance.sqrt() * 1e6) as u32)
    }
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Its hue.
    pub hue: u32,
    /// Whether it runs.
    pub condition: Condition,
    /// Its weight on the ring that holds; none for one that is not on it.
    pub weight: Option<u32>,
    /// Its weight on the ring to come, while keys move.
    pub next_weight: Option<u32>,
    /// How many keys it stores; none where nobody knows, because it is down.
    pub keys: Option<u32>,
    /// How many keys it has still to hand over.
    pub to_move: u32,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Its hash: where it lies.
    pub position: u32,
    /// The servers that have to hold it, the owner first, by position in [`Ring::servers`].
    pub replicas: Vec<usize>,
    /// Those of the ring to come; empty in settled times.
    pub next: Vec<usize>,
}

impl Key {
    /// Whether it gets a server that it did not have.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.next.iter().any(|server| !self.replicas.contains(server))
    }
}

/// A change of the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it was, such as "n2 leaves the ring".
    pub what: String,
    /// The members before.
    pub before: Membership,
    /// The members after.
    pub after: Membership,
}

/// How keys find their servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By the next virtual node clockwise.
    Clockwise,
    /// The same, except that virtual nodes are in no order.
    Unsorted,
    /// Each server throws dice for each key.
    Rendezvous,
    /// The hash modulo the number of servers.
    Modulo,
}

/// What somebody who reads the ring has already, and what they ask for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The ring of before: what has not changed is taken over as it is.
    pub known: Option<Arc<Ring>>,
    /// A key that is looked up.
    pub key: Option<String>,
}

/// The hash ring at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The number of the membership; keys move in odd ones.
    pub epoch: u64,
    /// How many servers hold a key.
    pub count: usize,
    /// How keys find their servers.
    pub scheme: Scheme,
    /// The ring that holds.
    pub now: Arc<Circle>,
    /// The ring to come, while keys move.
    pub next: Option<Arc<Circle>>,
    /// All servers, members or not.
    pub servers: Vec<Server>,
    /// The keys that are stored or used, in the order of their positions and names. Shared as long as members stay.
    pub keys: Arc<Vec<Key>>,
    /// The keys k1 to this number are used whether or not anything is stored under them.
    pub used: u32,
    /// The running servers that store something under a key, by its name.
    pub held: BTreeMap<String, Vec<usize>>,
    /// The key that was asked for.
    pub asked: Option<Key>,
    /// The last change that was started.
    pub change: Option<Change>,
    /// The most virtual nodes for each share of weight.
    pub vnodes_max: u32,
    /// The heaviest server.
    pub weight_max: u32,
    /// Whom changes are asked of.
    pub admin: String,
}

impl Ring {
    /// The server with a name.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// The hue of a member of one of its circles.
    #[must_use]
    pub fn hue(&self, circle: &Circle, member: usize) -> u32 {
        self.server(circle.name(member)).map_or(0, |server| server.hue)
    }

    /// A key, by where it lies and its name.
    #[must_use]
    pub fn key(&self, position: u32, name: &str) -> Option<&Key> {
        let place = self.keys.binary_search_by(|key| (key.position, key.name.as_str()).cmp(&(position, name))).ok()?;
        self.keys.get(place)
    }

    /// The running servers that store something under a key.
    #[must_use]
    pub fn holders(&self, key: &Key) -> &[usize] {
        self.held.get(&key.name).map_or(&[], Vec::as_slice)
    }

    /// Who owns a key: on the ring to come, once that owner has it.
    #[must_use]
    pub fn owner(&self, key: &Key) -> Option<usize> {
        match key.next.first() {
            Some(next) if self.holders(key).contains(next) => Some(*next),
            _ => key.replicas.first().copied(),
        }
    }

    /// The ring that somebody would change: the one to come, if there is one.
    #[must_use]
    pub fn newest(&self) -> &Arc<Circle> {
        self.next.as_ref().unwrap_or(&self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn circle(places: &[(&str, u32)]) -> Circle {
        let mut servers: Vec<(String, u32)> = places.iter().map(|(name, _)| ((*name).to_owned(), 1)).collect();
        servers.sort();
        servers.dedup();
        let mut next = vec![0; servers.len()];
        let tokens = places
            .iter()
            .map(|(name, position)| {
                let member = servers.iter().position(|(known, _)| known == name).unwrap();
                next[member] += 1;
                Token { position: *position, member, index: next[member] - 1 }
            })
            .collect();
        Circle::new(Membership { hash: "sha1", vnodes: 1, servers, moved: Vec::new() }, tokens)
    }

    /// Numbers that look random.
    pub fn draws(seed: u32) -> impl FnMut() -> u32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state ^ (state >> 13)
        }
    }

    pub fn many(servers: u32, vnodes: u32) -> Circle {
        let names = (0..servers).map(|number| (format!("n{number}"), 1)).collect();
        let mut draw = draws(1);
        let tokens = (0..servers * vnodes).map(|number| Token {
            position: draw(),
            member: (number / vnodes) as usize,
            index: number % vnodes,
        });
        Circle::new(Membership { hash: "sha1", vnodes, servers: names, moved: Vec::new() }, tokens.collect())
    }

    /// A ring of these members, with a few hundred keys.
    pub fn ring_of(circle: Circle) -> Ring {
        let mut draw = draws(99);
        let mut positions: Vec<u32> = (0..300).map(|_| draw()).chain([0, 5, 899, 900, u32::MAX]).collect();
        positions.sort_unstable();
        let key = |position| Key { name: format!("{position}"), position, replicas: Vec::new(), next: Vec::new() };
        let server = |(name, _): &(String, u32)| Server {
            name: name.clone(),
            hue: 0,
            condition: Condition::Up,
            weight: Some(1),
            next_weight: None,
            keys: None,
            to_move: 0,
        };
        Ring {
            epoch: 0,
            count: 3,
            scheme: Scheme::Clockwise,
            servers: circle.of.servers.iter().map(server).collect(),
            now: Arc::new(circle),
            next: None,
            keys: Arc::new(positions.into_iter().map(key).collect()),
            used: 0,
            held: BTreeMap::new(),
            asked: None,
            change: None,
            vnodes_max: 200,
            weight_max: 16,
            admin: "a1".to_owned(),
        }
    }

    #[test]
    fn a_key_belongs_to_the_next_token_and_the_circle_closes() {
        let circle = circle(&[("a", 10), ("b", 20)]);
        for (position, owner) in [(0, 0), (10, 0), (11, 1), (20, 1), (21, 0), (u32::MAX, 0)] {
            assert_eq!(circle.owner(position), Some(owner), "{position}");
        }
        assert_eq!(
            circle.walk(15, 2).iter().map(|(token, new)| (token.member, *new)).collect::<Vec<_>>(),
            [(1, true), (0, true)]
        );
    }

    #[test]
    fn pieces_cover_the_ring_and_agree_with_owners() {
        for circle in
            [circle(&[("a", 5)]), circle(&[("a", 5), ("a", 9), ("b", 70), ("a", 900)]), many(5, 8), many(3, 100)]
        {
            let pieces = circle.pieces();
            assert_eq!(pieces.iter().map(Piece::length).sum::<u64>(), 1 << 32);
            for piece in &pieces {
                assert_eq!(circle.owner(piece.to), Some(piece.member));
                assert_eq!(circle.owner(piece.middle()), Some(piece.member));
            }
            if pieces.len() > 1 {
                for piece in &pieces {
                    for position in [piece.to, piece.middle(), piece.from.wrapping_add(1)] {
                        assert_eq!(circle.piece_at(position), Some(*piece));
                    }
                }
            }
            assert!(pieces.len() == 1 || pieces.windows(2).all(|pair| pair[0].member != pair[1].member));
            assert!(circle.share_ppm.iter().sum::<u32>().abs_diff(1_000_000) < 10);
        }
    }

    #[test]
    fn tokens_at_one_place_leave_no_piece_of_no_length() {
        let circle = circle(&[("a", 5), ("b", 5), ("c", 900)]);
        assert_eq!(circle.pieces().iter().map(Piece::length).sum::<u64>(), 1 << 32);
        assert_eq!(circle.owner(5), Some(0));
        assert_eq!(circle.share_ppm[1], 0);
    }

    #[test]
    fn a_moved_token_takes_keys_from_its_neighbour_only() {
        let before = circle(&[("a", 1 << 28), ("b", 1 << 29), ("c", 1 << 30)]);
        let after = before.with_token(1, 0, (1 << 29) + (1 << 28)).unwrap();
        for position in (0..u32::MAX - 4_096).step_by(1 << 20) {
            let (was, is) = (before.owner(position), after.owner(position));
            assert!(was == is || (was == Some(2) && is == Some(1)), "{position}: {was:?} {is:?}");
        }
        assert_eq!(after.handle(1).map(|token| token.position), Some((1 << 29) + (1 << 28)));
    }

    #[test]
    fn positions_and_spots_are_each_others_inverse() {
        for turn in 0..64u32 {
            let position = turn << 26;
            let (back, radius) = position_at(at_position(position, 100.0));
            let off = back.wrapping_sub(position).min(position.wrapping_sub(back));
            assert!(off < 1 << 12 && (radius - 100.0).abs() < 1e-6, "{position} {back}");
        }
    }

    #[test]
    fn a_hundred_servers_with_two_hundred_tokens_are_few_slices() {
        let circle = many(100, 200);
        let drawn = circle.drawn();
        assert!(drawn.len() <= SLICES as usize, "{}", drawn.len());
        assert_eq!(drawn.iter().map(Piece::length).sum::<u64>(), 1 << 32);
        let path: usize = (0..100).map(|member| band_path(&drawn, member, BAND).len()).sum();
        assert!(path < 400_000, "{path} characters");
    }
}
