//! The ring as shapes: outlines as paths of SVG, dots of keys, and what it says in its middle.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::{BAND, Circle, Key, MIDDLE, NEXT_BAND, Piece, Ring, Scheme, Server, Token};
use crate::geometry::Spot;
use crate::shapes::HUES;
use crate::stage::Condition;

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
fn seams(pieces: &[Piece], (inner, outer): (f64, f64)) -> String {
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

/// How the dots of keys are drawn. The more there are, the smaller they are, and the more lanes they are spread over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dots {
    /// The radius of one.
    pub size: f64,
    lanes: usize,
    gap: f64,
}

impl Dots {
    /// For so many keys.
    #[must_use]
    pub const fn of(keys: usize) -> Self {
        match keys {
            0..=60 => Self { size: 4.6, lanes: 3, gap: 11.0 },
            61..=400 => Self { size: 3.6, lanes: 3, gap: 11.0 },
            401..=2_000 => Self { size: 1.7, lanes: 9, gap: 5.0 },
            _ => Self { size: 0.9, lanes: 18, gap: 2.0 },
        }
    }

    /// Whether they are too small for outlines.
    #[must_use]
    pub const fn fine(self) -> bool {
        self.size < 3.0
    }

    /// Where the dot of a key is: within the ring, and neighbours in different lanes.
    #[must_use]
    pub fn spot(self, position: u32, place: usize) -> Spot {
        at_position(position, BAND.0 - 13.0 - self.gap * (place % self.lanes) as f64)
    }

    /// All dots as one path: disks, or squares where nobody can tell the difference.
    #[must_use]
    pub fn path(self, spots: impl Iterator<Item = Spot>) -> String {
        if !self.fine() {
            return dots(spots, self.size);
        }
        let (mut path, side) = (String::new(), 2.0 * self.size);
        for (x, y) in spots {
            let _ = write!(path, "M{:.1} {:.1}h{side}v{side}h-{side}z", x - self.size, y - self.size);
        }
        path
    }
}

/// What a server owns, as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Arcs {
    /// The server's hue.
    pub hue: u32,
    /// Whether it is down.
    pub down: bool,
    /// Its part of the ring.
    pub path: String,
    /// Its part of the ring to come.
    pub next: String,
}

/// The dots of keys as paths: one for each hue, one for keys that nobody owns, and one around those that move.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDots {
    /// How they are drawn.
    pub dots: Dots,
    /// A path for each hue, and behind the last one for no hue.
    pub hues: Vec<String>,
    /// What is drawn below those that move.
    pub halo: String,
}

impl KeyDots {
    /// The dots of some keys: their places, hues, and whether they move.
    #[must_use]
    pub fn new(keys: &[Key], looks: impl Iterator<Item = (usize, Option<u32>, bool)>) -> Self {
        let dots = Dots::of(keys.len());
        let mut spots: Vec<Vec<Spot>> = vec![Vec::new(); HUES as usize + 1];
        let mut moving = Vec::new();
        for (place, hue, moves) in looks {
            let Some(key) = keys.get(place) else { continue };
            let spot = dots.spot(key.position, place);
            spots[hue.map_or(HUES, |hue| hue % HUES) as usize].push(spot);
            if moves {
                moving.push(spot);
            }
        }
        let halo = Dots { size: dots.size + if dots.fine() { 1.2 } else { 3.2 }, ..dots };
        Self {
            dots,
            hues: spots.into_iter().map(|spots| dots.path(spots.into_iter())).collect(),
            halo: halo.path(moving.into_iter()),
        }
    }
}

impl Ring {
    /// What a server owns, of `now` and of `next`, whose pieces are given.
    #[must_use]
    pub fn arcs(&self, server: &Server, now: (&Circle, &[Piece]), next: (&Circle, &[Piece])) -> Arcs {
        let path = |(circle, pieces): (&Circle, &[Piece]), band| {
            circle.member(&server.name).map_or_else(String::new, |member| band_path(pieces, member, band))
        };
        let down = server.condition == Condition::Crashed;
        Arcs { hue: server.hue, down, path: path(now, BAND), next: path(next, NEXT_BAND) }
    }

    /// How the dot of each key looks: the hue of its owner, and whether it moves.
    pub fn looks(&self) -> impl Iterator<Item = (usize, Option<u32>, bool)> {
        let hue = |server: usize| self.servers.get(server).map(|server| server.hue % HUES);
        self.keys.iter().enumerate().map(move |(place, key)| (place, self.owner(key).and_then(hue), key.moves()))
    }

    /// A third line in its middle: how many keys get another owner, or why there is nothing to drag.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        if self.next.is_some() {
            let others = self.keys.iter().filter(|key| key.next.first() != key.replicas.first()).count();
            let verb = if others == 1 { "gets" } else { "get" };
            return Some(format!("{} {verb} another owner", count(others, "key")));
        }
        match self.scheme {
            Scheme::Clockwise | Scheme::Unsorted => None,
            Scheme::Rendezvous => Some("Rendezvous has no arcs to drag".to_owned()),
            Scheme::Modulo => Some("Modulo has no arcs to drag".to_owned()),
        }
    }

    /// What to try where there are no arcs to drag.
    #[must_use]
    pub const fn invitation(&self) -> Option<(&'static str, &'static str)> {
        match self.scheme {
            Scheme::Rendezvous => {
                Some(("Add a server.", "Each server throws dice for each key, and the highest throws hold it."))
            }
            Scheme::Clockwise | Scheme::Unsorted | Scheme::Modulo => None,
        }
    }

    /// What it says in its middle: a line, and a smaller one.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        if self.next.is_some() {
            let moving = self.keys.iter().filter(|key| key.moves()).count();
            let verb = if moving == 1 { "moves" } else { "move" };
            return (format!("{} {verb}", count(moving, "key")), "old and new ring both hold".to_owned());
        }
        let servers = count(self.now.of.servers.len(), "server");
        let about = match self.now.tokens.len() {
            0 => servers,
            tokens => format!("{} · {servers}", count(tokens, "virtual node")),
        };
        (count(self.keys.len(), "key"), about)
    }
}

/// So many virtual nodes are drawn as handles; of more, those of the server that is picked.
const HANDLES_MAX: usize = 120;
/// Of more than so many, none: arcs are all that can be seen.
const TOKENS_MAX: usize = 400;

impl Circle {
    /// The virtual nodes as dots: all of them, or those of one member.
    #[must_use]
    pub fn token_dots(&self, of: Option<usize>) -> String {
        let many = self.tokens.len() > HANDLES_MAX;
        let most = if of.is_some() { TOKENS_MAX } else { HANDLES_MAX };
        let shown = |token: &&Token| self.tokens.len() <= most && of.is_none_or(|member| member == token.member);
        let spots = self.tokens.iter().filter(shown).map(|token| at_position(token.position, (BAND.0 + BAND.1) / 2.0));
        dots(spots, if many { 3.0 } else { 4.4 })
    }

    /// The lines between pieces, while they are few enough to be seen.
    #[must_use]
    pub fn seams(pieces: &[Piece], band: (f64, f64)) -> String {
        if pieces.len() <= TOKENS_MAX { seams(pieces, band) } else { String::new() }
    }
}

/// So many of something: `1 key`, `10,000 keys`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with commas.
#[must_use]
pub fn grouped(number: usize) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1_000), number % 1_000) }
}
