//! Ketama: the ring of memcached's clients. Each node has 160 points, four to an MD5 digest, more or fewer by
//! weight; a key is at the first four bytes of its own digest.
//!
//! Richard Jones, "libketama: a consistent hashing algo for memcache clients", 2007, with weights as in
//! libmemcached: a node has ⌊40 · nodes · weight / weights⌋ digests, of `NAME-0`, `NAME-1` and so on, whose
//! bytes are little-endian numbers. That quotient is exact here; both C libraries compute it in floats.
//! libmemcached calls a node by its host alone where its port is 11211, and `HOST:PORT` otherwise.

use super::functions::{label, md5};
use super::ring::clockwise;
use super::{Node, Placement, Point, distinct, in_order};

/// Digests of a node of mean weight.
const DIGESTS: u64 = 40;

/// Most digests of one node, whatever it weighs.
const DIGESTS_MAX: u64 = 1 << 20;

/// A continuum, as its authors call it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ketama {
    points: Vec<Point>,
}

impl Ketama {
    /// The continuum of these nodes.
    #[must_use]
    pub fn new(nodes: Vec<Node>) -> Self {
        let nodes = in_order(nodes);
        let all: u64 = nodes.iter().map(|node| u64::from(node.shares())).sum();
        let mut points = Vec::new();
        for (place, node) in (0u32..).zip(&nodes) {
            let due = DIGESTS * nodes.len() as u64 * u64::from(node.shares()) / all;
            for number in 0..due.min(DIGESTS_MAX) as u32 {
                let digest = md5(&label(&node.name, b'-', number));
                let (tokens, _) = digest.as_chunks::<4>();
                points.extend(tokens.iter().map(|token| Point { token: u32::from_le_bytes(*token), node: place }));
            }
        }
        Self { points: clockwise(&points) }
    }

    /// Its points, from 0 upwards.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Where a key is.
    #[must_use]
    pub fn token(key: &[u8]) -> u32 {
        let [a, b, c, d, ..] = md5(key);
        u32::from_le_bytes([a, b, c, d])
    }

    /// The position of the point that a place belongs to.
    #[must_use]
    pub fn at(&self, token: u32) -> usize {
        let position = self.points.partition_point(|point| point.token < token);
        if position == self.points.len() { 0 } else { position }
    }
}

impl Placement for Ketama {
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32> {
        let start = self.at(Self::token(key));
        distinct(self.points[start..].iter().chain(&self.points[..start]).map(|point| point.node), count)
    }
}
