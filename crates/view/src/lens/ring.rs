//! The hash ring as plain data, and how it is drawn: which server owns which arc, where keys lie, who stands where.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::geometry::Spot;
use crate::layout::{HEIGHT, Point, WIDTH};
use crate::stage::Condition;

/// Where the ring's middle is, in units of the stage.
pub const MIDDLE: Spot = (WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0 + 4.0);
/// The inner and the outer edge of the ring.
pub const BAND: (f64, f64) = (164.0, 184.0);
/// The band outside it that shows the ring to come.
pub const NEXT_BAND: (f64, f64) = (187.0, 193.0);
/// How far from the middle servers stand.
const SEATS: f64 = 238.0;
/// So many arcs are drawn one by one; of more, each thin slice of the ring shows who owns its beginning.
const SLICES: u32 = 1 << 11;
/// Places for servers that are not on the ring.
const BENCH: [Point; 4] =
    [Point { x: 598, y: 440 }, Point { x: 42, y: 440 }, Point { x: 42, y: 330 }, Point { x: 598, y: 330 }];

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
        tokens.sort_unstable();
        let mut circle = Self { of, tokens, share_ppm: Vec::new() };
        circle.measure();
        circle
    }

    fn measure(&mut self) {
        let mut arcs = vec![0u64; self.of.servers.len()];
        for piece in self.pieces() {
            arcs[piece.member] += piece.length();
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

    /// The largest piece of a member.
    #[must_use]
    pub fn largest(&self, member: usize) -> Option<Piece> {
        self.pieces().into_iter().filter(|piece| piece.member == member).max_by_key(Piece::length)
    }

    /// The virtual node that ends the largest piece of a member: the one that somebody who drags the server drags.
    #[must_use]
    pub fn handle(&self, member: usize) -> Option<Token> {
        let end = self.largest(member)?.to;
        self.tokens.iter().find(|token| token.position == end && token.member == member).copied()
    }

    /// The ring with one virtual node elsewhere.
    #[must_use]
    pub fn with_token(&self, member: usize, index: u32, position: u32) -> Self {
        let mut tokens = self.tokens.clone();
        tokens.retain(|token| (token.member, token.index) != (member, index));
        let token = Token { position, member, index };
        tokens.insert(tokens.partition_point(|known| *known < token), token);
        let mut circle = Self { of: self.of.clone(), tokens, share_ppm: Vec::new() };
        circle.measure();
        circle
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
    /// The running servers that store something under it.
    pub held: Vec<usize>,
}

impl Key {
    /// Whether it gets a server that it did not have.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.next.iter().any(|server| !self.replicas.contains(server))
    }

    /// Who owns it: on the ring to come, once that owner has it.
    #[must_use]
    pub fn owner(&self) -> Option<usize> {
        match self.next.first() {
            Some(next) if self.held.contains(next) => Some(*next),
            _ => self.replicas.first().copied(),
        }
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
    /// The keys that are stored or used, in the order of their positions.
    pub keys: Vec<Key>,
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

    /// The ring that somebody would change: the one to come, if there is one.
    #[must_use]
    pub fn newest(&self) -> &Arc<Circle> {
        self.next.as_ref().unwrap_or(&self.now)
    }

    /// The places of the ring that servers stand by: the middle of what each owns most of on `circle`. Who still owns
    /// the place that they stood by before stays there, and so does who leaves, as long as keys move. The one that
    /// somebody `follows` stands by the piece that ends there.
    #[must_use]
    pub fn anchors(
        &self,
        circle: &Circle,
        before: &[(String, u32)],
        follows: Option<(&str, u32)>,
    ) -> Vec<(String, u32)> {
        let old = |name: &str| before.iter().find(|(known, _)| known == name).map(|(_, position)| *position);
        let evenly = |member: usize| {
            let count = circle.of.servers.len().max(1) as u64;
            // Half a place on, so that nobody stands at the very top.
            (((2 * member as u64 + 1) << 31) / count) as u32
        };
        let anchor = |(member, (name, _)): (usize, &(String, u32))| {
            let followed = follows.filter(|(followed, _)| followed == name).and_then(|(_, end)| {
                circle
                    .pieces()
                    .into_iter()
                    .find(|piece| end.wrapping_sub(piece.from).wrapping_sub(1) < piece.length() as u32)
            });
            let kept = old(name).filter(|&position| circle.owner(position).is_none_or(|owner| owner == member));
            let position = followed.map(|piece| piece.middle()).or(kept);
            let largest = || circle.largest(member).map_or_else(|| evenly(member), |piece| piece.middle());
            (name.clone(), position.unwrap_or_else(largest))
        };
        let mut anchors: Vec<(String, u32)> = circle.of.servers.iter().enumerate().map(anchor).collect();
        let leaving = self.now.of.servers.iter().enumerate().filter(|(_, (name, _))| circle.member(name).is_none());
        anchors.extend(leaving.map(|(member, (name, _))| {
            let largest = || self.now.largest(member).map_or_else(|| evenly(member), |piece| piece.middle());
            (name.clone(), old(name).unwrap_or_else(largest))
        }));
        anchors
    }

    /// Where servers stand: outside the ring by their anchors, apart from each other; those without one aside.
    #[must_use]
    pub fn seats(&self, anchors: &[(String, u32)]) -> Vec<(String, Point)> {
        let turn = |position: u32| f64::from(position) / 2f64.powi(32);
        let mut wanted: Vec<(f64, usize)> =
            anchors.iter().enumerate().map(|(place, (_, position))| (turn(*position), place)).collect();
        wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Servers are 38 units wide to each side; above them there may be a note.
        let apart = (2.0 * (53.0 / SEATS).asin() / TAU).min(0.98 / anchors.len().max(1) as f64);
        spread(&mut wanted, apart);
        let seat = |&(turn, place): &(f64, usize)| {
            let (x, y) = at_turn(turn, SEATS);
            (anchors[place].0.clone(), Point { x: x.round() as i32, y: y.round() as i32 })
        };
        let mut seats: Vec<_> = wanted.iter().map(seat).collect();
        let aside = self.servers.iter().filter(|server| !anchors.iter().any(|(name, _)| *name == server.name));
        for (place, server) in aside.enumerate() {
            let lap = (place / BENCH.len()) as i32;
            let Point { x, y } = BENCH[place % BENCH.len()];
            seats.push((server.name.clone(), Point { x, y: y - 30 * lap }));
        }
        seats
    }
}

/// Pushes places on a circle of length 1, in order, until neighbours are `apart`, and each as near as may be to where
/// it wants to be.
fn spread(places: &mut [(f64, usize)], apart: f64) {
    let count = places.len();
    if count < 2 {
        return;
    }
    // Each round moves neighbours that are too close away from each other by half of what is missing.
    for _ in 0..200 {
        let mut still = true;
        for index in 0..count {
            let other = (index + 1) % count;
            let wrap = if other == 0 { 1.0 } else { 0.0 };
            let missing = apart - (places[other].0 + wrap - places[index].0);
            if missing > 1e-4 {
                places[index].0 -= missing / 2.0;
                places[other].0 += missing / 2.0;
                still = false;
            }
        }
        if still {
            break;
        }
    }
}

/// A point on a circle around the ring's middle; turns run clockwise from the top, from 0 to 1.
#[must_use]
pub fn at_turn(turn: f64, radius: f64) -> Spot {
    let angle = turn * TAU;
    (MIDDLE.0 + radius * angle.sin(), MIDDLE.1 - radius * angle.cos())
}

/// The same for a position of the ring.
#[must_use]
pub fn at_position(position: u32, radius: f64) -> Spot {
    at_turn(f64::from(position) / 2f64.powi(32), radius)
}

/// The position of the ring that a spot of the stage points at, and how far from the middle the spot is.
#[must_use]
pub fn position_at((x, y): Spot) -> (u32, f64) {
    let (dx, dy) = (x - MIDDLE.0, y - MIDDLE.1);
    let turn = dx.atan2(-dy) / TAU;
    // The last position and the first are neighbours, so rounding up at the end comes out at 0.
    (((turn.rem_euclid(1.0) * 2f64.powi(32)) as u64 & 0xffff_ffff) as u32, dx.hypot(dy))
}

/// The pieces of one member as an outline in the form of SVG paths, between two radii.
#[must_use]
pub fn band_path(pieces: &[Piece], member: usize, (inner, outer): (f64, f64)) -> String {
    let mut path = String::new();
    for piece in pieces.iter().filter(|piece| piece.member == member) {
        let length = piece.length();
        if length >= (1 << 32) - (1 << 12) {
            // A whole circle needs two halves each way.
            let half = piece.from.wrapping_add(1 << 31);
            slice(&mut path, piece.from, half, false, inner, outer);
            slice(&mut path, half, piece.from, false, inner, outer);
        } else {
            slice(&mut path, piece.from, piece.to, length > 1 << 31, inner, outer);
        }
    }
    path
}

fn slice(path: &mut String, from: u32, to: u32, large: bool, inner: f64, outer: f64) {
    let [a, b, c, d] =
        [at_position(from, outer), at_position(to, outer), at_position(to, inner), at_position(from, inner)];
    let large = u8::from(large);
    let _ = write!(
        path,
        "M{:.1} {:.1}A{outer} {outer} 0 {large} 1 {:.1} {:.1}L{:.1} {:.1}A{inner} {inner} 0 {large} 0 {:.1} {:.1}Z",
        a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1
    );
}

/// An arc as an open line, clockwise from one position to another.
#[must_use]
pub fn arc_path(from: u32, to: u32, radius: f64) -> String {
    let mut path = String::new();
    let (a, length) = (at_position(from, radius), to.wrapping_sub(from));
    let (half, b) = (at_position(from.wrapping_add(length / 2), radius), at_position(to, radius));
    let _ = write!(
        path,
        "M{:.1} {:.1}A{radius} {radius} 0 0 1 {:.1} {:.1}A{radius} {radius} 0 0 1 {:.1} {:.1}",
        a.0, a.1, half.0, half.1, b.0, b.1
    );
    path
}

/// Lines across the ring at the ends of pieces.
#[must_use]
pub fn seams(pieces: &[Piece], (inner, outer): (f64, f64)) -> String {
    let mut path = String::new();
    for piece in pieces.iter().filter(|_| pieces.len() > 1) {
        let (a, b) = (at_position(piece.to, inner), at_position(piece.to, outer));
        let _ = write!(path, "M{:.1} {:.1}L{:.1} {:.1}", a.0, a.1, b.0, b.1);
    }
    path
}

/// Dots as one path.
#[must_use]
pub fn dots(spots: impl Iterator<Item = Spot>, radius: f64) -> String {
    let mut path = String::new();
    for (x, y) in spots {
        let _ = write!(
            path,
            "M{:.1} {y:.1}a{radius} {radius} 0 1 1 {:.1} 0a{radius} {radius} 0 1 1 {:.1} 0",
            x - radius,
            2.0 * radius,
            -2.0 * radius
        );
    }
    path
}

/// Where the dot of a key is: below the ring, in one of a few lanes, so that neighbours are not on top of each other.
#[must_use]
pub fn key_spot(position: u32, lane: usize) -> Spot {
    at_position(position, BAND.0 - 13.0 - 11.0 * (lane % 3) as f64)
}

/// A part of the ring in percent: `37.2 %`.
#[must_use]
pub fn percent(ppm: u32) -> String {
    format!("{}.{} %", ppm / 10_000, ppm / 1_000 % 10)
}

/// A position as a part of the way around.
#[must_use]
pub fn position_percent(position: u32) -> String {
    percent(((u64::from(position) * 1_000_000) >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(places: &[(&str, u32)]) -> Circle {
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

    fn many(servers: u32, vnodes: u32) -> Circle {
        let names = (0..servers).map(|number| (format!("n{number}"), 1)).collect();
        let mut state = 1u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state ^ (state >> 13)
        };
        let tokens = (0..servers * vnodes).map(|number| Token {
            position: draw(),
            member: (number / vnodes) as usize,
            index: number % vnodes,
        });
        Circle::new(Membership { hash: "sha1", vnodes, servers: names, moved: Vec::new() }, tokens.collect())
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
        let after = before.with_token(1, 0, (1 << 29) + (1 << 28));
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

    #[test]
    fn places_are_apart_and_in_order() {
        let mut places: Vec<(f64, usize)> = (0..9).map(|index| (0.5 + 0.001 * index as f64, index)).collect();
        spread(&mut places, 0.05);
        for index in 0..9 {
            let other = (index + 1) % 9;
            let gap = places[other].0 + f64::from(u8::from(other == 0)) - places[index].0;
            assert!(gap > 0.045, "{places:?}");
        }
    }
}
