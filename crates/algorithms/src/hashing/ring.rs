//! The hash ring: nodes at many points of a circle, and a key belongs to the next point.
//!
//! Karger et al., STOC 1997; virtual nodes and preference lists as in DeCandia et al., "Dynamo: Amazon's
//! Highly Available Key-value Store", SOSP 2007, §4.2 and §4.3.

use sim::order::sorted_pairs;

use super::functions::label;
use super::{HashKind, Node, Placement, distinct, in_order};

/// A virtual node: a place on the circle, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The place.
    pub token: u32,
    /// The node, by its position in the order of names. Where two virtual nodes fall on one place the
    /// lower name comes first, and so owns what falls there.
    pub node: u32,
}

/// Points in their order.
pub(super) fn clockwise(points: &[Point]) -> Vec<Point> {
    let pairs = points.iter().map(|point| (point.token, point.node));
    sorted_pairs(pairs).into_iter().map(|(token, node)| Point { token, node }).collect()
}

/// A virtual node that somebody has moved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The node's name.
    pub name: String,
    /// Which of its virtual nodes, from 0.
    pub index: u32,
    /// Where it is now.
    pub token: u32,
}

/// A ring.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ring {
    hash: HashKind,
    points: Vec<Point>,
}

impl Ring {
    /// A ring on which each node has `per_share` virtual nodes for each share of its weight, at the hashes
    /// of `NAME#0`, `NAME#1` and so on.
    #[must_use]
    pub fn new(nodes: Vec<Node>, hash: HashKind, per_share: u32) -> Self {
        Self::with_spots(nodes, hash, per_share, &[])
    }

    /// The same, but for the virtual nodes that somebody has moved.
    #[must_use]
    pub fn with_spots(nodes: Vec<Node>, hash: HashKind, per_share: u32, spots: &[Spot]) -> Self {
        let nodes = in_order(nodes);
        let mut points = Vec::new();
        for (node, Node { name, weight }) in (0u32..).zip(&nodes) {
            for index in 0..(*weight).max(1).saturating_mul(per_share.max(1)) {
                let moved = spots.iter().find(|spot| spot.index == index && spot.name == *name);
                let token = moved.map_or_else(|| hash.of(&label(name, b'#', index)), |spot| spot.token);
                points.push(Point { token, node });
            }
        }
        Self { hash, points: clockwise(&points) }
    }

    /// Its points, clockwise from 0.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Which hash it goes by.
    #[must_use]
    pub const fn hash(&self) -> HashKind {
        self.hash
    }

    /// The position of the first point at or after `token`; the circle closes behind the last.
    #[must_use]
    pub fn at(&self, token: u32) -> usize {
        let position = self.points.partition_point(|point| point.token < token);
        if position == self.points.len() { 0 } else { position }
    }

    /// The nodes that come clockwise from `token` on, each as often as it has points.
    pub fn walk(&self, token: u32) -> impl Iterator<Item = u32> {
        let start = self.at(token);
        self.points[start..].iter().chain(&self.points[..start]).map(|point| point.node)
    }

    /// How much of the circle each of `nodes` nodes owns; together 2³².
    #[must_use]
    pub fn arcs(&self, nodes: usize) -> Vec<u64> {
        let mut arcs = vec![0u64; nodes];
        let Some(last) = self.points.last() else { return arcs };
        // The first point owns what lies behind the last.
        let mut before = i64::from(last.token) - (1 << 32);
        for point in &self.points {
            arcs[point.node as usize] += (i64::from(point.token) - before) as u64;
            before = i64::from(point.token);
        }
        arcs
    }
}

impl Placement for Ring {
    fn owners(&self, key: &[u8], count: usize) -> Vec<u32> {
        distinct(self.walk(self.hash.of(key)), count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(names: &[&str]) -> Vec<Node> {
        names.iter().map(|name| Node::new(*name, 1)).collect()
    }

    /// The same by looking at all points, unsorted, again and again.
    fn by_scanning(points: &[Point], token: u32, count: usize) -> Vec<u32> {
        let mut left: Vec<Point> = points.to_vec();
        let mut found = Vec::new();
        while found.len() < count && !left.is_empty() {
            let distance = |point: &Point| (point.token.wrapping_sub(token), point.node);
            let next = *left.iter().min_by_key(|point| distance(point)).unwrap();
            found.push(next.node);
            left.retain(|point| point.node != next.node);
        }
        found
    }

    #[test]
    fn lookup_agrees_with_a_linear_scan() {
        for hash in HashKind::ALL {
            for per_share in [1, 2, 7] {
                let ring = Ring::new(nodes(&["a", "b", "c", "d", "e"]), hash, per_share);
                for number in 0..2_000u32 {
                    let token = number.wrapping_mul(0x9e37_79b9);
                    for count in 0..=6 {
                        let found = distinct(ring.walk(token), count);
                        assert_eq!(found, by_scanning(ring.points(), token, count), "{hash:?} {token}");
                    }
                }
                for point in ring.points() {
                    assert_eq!(ring.walk(point.token).next(), by_scanning(ring.points(), point.token, 1).pop());
                }
            }
        }
    }

    #[test]
    fn a_key_at_a_point_belongs_to_it_and_the_circle_closes() {
        let spots = [("a", 10), ("b", 20)].map(|(name, token)| Spot { name: name.into(), index: 0, token });
        let ring = Ring::with_spots(nodes(&["a", "b"]), HashKind::Sha1, 1, &spots);
        for (token, owner) in [(0, 0), (10, 0), (11, 1), (20, 1), (21, 0), (u32::MAX, 0)] {
            assert_eq!(ring.walk(token).next(), Some(owner), "{token}");
        }
        assert_eq!(ring.arcs(2), [(1 << 32) - 10, 10]);
    }

    #[test]
    fn where_two_points_meet_the_lower_name_owns() {
        let spots = [("a", 5), ("b", 5)].map(|(name, token)| Spot { name: name.into(), index: 0, token });
        for names in [["a", "b"], ["b", "a"]] {
            let ring = Ring::with_spots(nodes(&names), HashKind::Sha1, 1, &spots);
            assert_eq!(distinct(ring.walk(5), 2), [0, 1]);
            assert_eq!(distinct(ring.walk(6), 2), [0, 1]);
        }
    }

    #[test]
    fn an_empty_ring_owns_nothing() {
        let ring = Ring::new(Vec::new(), HashKind::Fnv1a, 8);
        assert!(ring.owners(b"x", 3).is_empty());
        assert!(ring.arcs(0).is_empty());
    }

    #[test]
    fn arcs_add_up_to_the_circle() {
        for per_share in [1, 10] {
            let ring = Ring::new(nodes(&["a", "b", "c"]), HashKind::Murmur3, per_share);
            assert_eq!(ring.arcs(3).iter().sum::<u64>(), 1 << 32);
        }
    }
}
