//! Where servers stand around the ring, few of them or a hundred.

use std::cell::LazyCell;
use std::f64::consts::TAU;

use super::{Circle, NEXT_BAND, Piece, Ring, at_turn};
use crate::layout::{HEIGHT, Point, WIDTH};

/// How far from the middle servers stand.
const SEATS: f64 = 238.0;
/// Most servers that are drawn large, and most that are drawn at half that size.
const LARGE_MAX: usize = 13;
const MEDIUM_MAX: usize = 26;
/// Most servers of a crowd that stand in one row.
const ROW_MAX: usize = 40;
/// Places for servers that are not on the ring.
const BENCH: [Point; 4] =
    [Point { x: 598, y: 440 }, Point { x: 42, y: 440 }, Point { x: 42, y: 330 }, Point { x: 598, y: 330 }];

/// How large each of so many servers is drawn, as a radius; none where there is room for all that a node has to say.
#[must_use]
pub const fn crowd(servers: usize) -> Option<u32> {
    if servers <= LARGE_MAX {
        None
    } else if servers <= MEDIUM_MAX {
        Some(20)
    } else {
        Some(13)
    }
}

/// Where a crowd of servers stands when the ring is not in the middle: on circles within each other.
#[must_use]
pub fn crowd_places(servers: usize) -> Vec<Point> {
    let apart = f64::from(2 * crowd(servers).unwrap_or(0) + 6);
    let mut places = Vec::with_capacity(servers);
    let mut radius = 225.0;
    while places.len() < servers {
        let fit = ((TAU * radius / apart) as usize).clamp(1, servers - places.len());
        places.extend((0..fit).map(|place| {
            let angle = TAU * place as f64 / fit as f64;
            let (x, y) =
                (f64::from(WIDTH) / 2.0 + radius * angle.sin(), f64::from(HEIGHT) / 2.0 - radius * angle.cos());
            Point { x: x.round() as i32, y: y.round() as i32 }
        }));
        // So many that they fill the middle do not occur; they would stand on top of each other.
        radius = (radius - apart).max(apart);
    }
    places
}

impl Ring {
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
        let middle_of = |largest: &[Option<Piece>], member: usize| {
            largest.get(member).copied().flatten().map_or_else(|| evenly(member), |piece| piece.middle())
        };
        // While everybody stays nobody has to look.
        let largest = LazyCell::new(|| circle.largest());
        let anchor = |(member, (name, _)): (usize, &(String, u32))| {
            let followed = follows.filter(|(followed, _)| followed == name).and_then(|(_, end)| circle.piece_at(end));
            let kept = old(name).filter(|&position| circle.owner(position).is_none_or(|owner| owner == member));
            let position = followed.map(|piece| piece.middle()).or(kept);
            (name.clone(), position.unwrap_or_else(|| middle_of(&largest, member)))
        };
        let mut anchors: Vec<(String, u32)> = circle.of.servers.iter().enumerate().map(anchor).collect();
        let leaving = self.now.of.servers.iter().enumerate().filter(|(_, (name, _))| circle.member(name).is_none());
        anchors.extend(leaving.map(|(member, (name, _))| {
            let largest = || middle_of(&self.now.largest(), member);
            (name.clone(), old(name).unwrap_or_else(largest))
        }));
        anchors
    }

    /// Where servers stand: outside the ring by their anchors, apart from each other; those without one aside. Of a
    /// crowd there are several rows, and each server keeps to its own, so that one that is dragged past others moves
    /// nobody from row to row.
    #[must_use]
    pub fn seats(&self, anchors: &[(String, u32)]) -> Vec<(String, Point)> {
        let turn = |position: u32| f64::from(position) / 2f64.powi(32);
        let crowd = crowd(self.servers.len());
        let count = if crowd.is_some() { anchors.len().div_ceil(ROW_MAX).max(1) } else { 1 };
        let mut rows: Vec<Vec<(f64, usize)>> = vec![Vec::new(); count];
        for (place, (name, position)) in anchors.iter().enumerate() {
            // Whoever joins is the last one of the servers, so that the others keep their rows.
            let row = self.servers.iter().position(|server| server.name == *name).unwrap_or(place) % count;
            rows[row].push((turn(*position), place));
        }
        let mut seats = Vec::with_capacity(self.servers.len());
        for (row, wanted) in rows.iter_mut().enumerate() {
            // What a server needs to each side. Above those that are drawn large there may be a note.
            let (radius, half) = crowd.map_or((SEATS, 53.0), |radius| {
                let radius = f64::from(radius);
                (NEXT_BAND.1 + 6.0 + radius + row as f64 * (2.0 * radius + 3.0), radius + 1.5)
            });
            crate::order::by(wanted, |a, b| a.0.total_cmp(&b.0));
            let apart = (2.0 * (half / radius).asin() / TAU).min(0.98 / wanted.len().max(1) as f64);
            spread(wanted, apart);
            seats.extend(wanted.iter().map(|&(turn, place)| {
                let (x, y) = at_turn(turn, radius);
                (anchors[place].0.clone(), Point { x: x.round() as i32, y: y.round() as i32 })
            }));
        }
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

#[cfg(test)]
mod tests {
    use super::super::tests::{many, ring_of};
    use super::*;

    fn apart(places: &[Point], radius: i32, what: &str) {
        for (index, a) in places.iter().enumerate() {
            assert!(
                (radius..=WIDTH - radius).contains(&a.x) && (radius..=HEIGHT - radius).contains(&a.y),
                "{what} {a:?}"
            );
            for b in &places[..index] {
                let distance_squared = (a.x - b.x).pow(2) + (a.y - b.y).pow(2);
                assert!(distance_squared >= (2 * radius).pow(2), "{what}: {a:?} and {b:?} overlap");
            }
        }
    }

    #[test]
    fn crowds_do_not_overlap() {
        for servers in 14..=100 {
            let radius = crowd(servers).unwrap() as i32;
            apart(&crowd_places(servers), radius, &format!("{servers} in the network"));
            for vnodes in [1, 8, 200] {
                let ring = ring_of(many(servers as u32, vnodes));
                let seats = ring.seats(&ring.anchors(&ring.now, &[], None));
                let places: Vec<Point> = seats.iter().map(|(_, point)| *point).collect();
                assert_eq!(places.len(), servers);
                apart(&places, radius, &format!("{servers} at the ring"));
            }
        }
    }

    #[test]
    fn nobody_changes_rows_when_a_server_is_dragged_past_others() {
        let ring = ring_of(many(100, 8));
        let before = ring.anchors(&ring.now, &[], None);
        let row = |point: &Point| {
            let (x, y) = (f64::from(point.x) - super::super::MIDDLE.0, f64::from(point.y) - super::super::MIDDLE.1);
            (x.hypot(y) / 10.0).round() as i32
        };
        let handle = ring.now.handle(0).unwrap();
        let to = handle.position.wrapping_add(1 << 30);
        let after = ring.now.with_token(0, handle.index, to).unwrap();
        let moved = ring.seats(&ring.anchors(&after, &before, Some((ring.now.name(0), to))));
        for (name, point) in ring.seats(&before) {
            let (_, other) = moved.iter().find(|(known, _)| *known == name).unwrap();
            assert_eq!(row(&point), row(other), "{name}");
        }
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
