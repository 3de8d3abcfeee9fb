//! Where nodes stand when nobody has moved them.
//!
//! The stage is a plane of [`WIDTH`] × [`HEIGHT`] units, whatever the size of the window; the
//! origin is its top left corner. Positions are integers because they are part of a run's data.

/// Width of the stage, in its own units.
pub const WIDTH: i32 = 640;
/// Height of the stage, in its own units.
pub const HEIGHT: i32 = 600;

/// A point of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// `count` nodes evenly on a circle, clockwise, the first at the top.
#[must_use]
pub fn circle(count: usize) -> Vec<Point> {
    let (centre_x, centre_y) = (f64::from(WIDTH) / 2.0, f64::from(HEIGHT) / 2.0);
    let radius = 215.0;
    (0..count)
        .map(|index| {
            let angle = std::f64::consts::TAU * index as f64 / count.max(1) as f64;
            // A pentagon stands on its base: its middle lies below the circle's.
            let sag =
                if count % 2 == 1 { radius * (1.0 - (std::f64::consts::PI / count as f64).cos()) / 2.0 } else { 0.0 };
            Point {
                x: (centre_x + radius * angle.sin()).round() as i32,
                y: (centre_y + sag - radius * angle.cos()).round() as i32,
            }
        })
        .collect()
}

/// One node above, and the others in half a circle below it, clockwise: the first is about all of them, and what stands
/// below a node is in nobody's way.
#[must_use]
pub fn fan(count: usize) -> Vec<Point> {
    let radius = 215.0;
    let others = count.saturating_sub(1);
    let below = |index: usize| {
        let part = if others > 1 { index as f64 / (others - 1) as f64 } else { 0.5 };
        let angle = std::f64::consts::PI * part;
        Point {
            x: (f64::from(WIDTH) / 2.0 + radius * angle.cos()).round() as i32,
            y: (f64::from(HEIGHT) / 2.0 + radius * angle.sin()).round() as i32,
        }
    };
    let above = Point { x: WIDTH / 2, y: HEIGHT / 2 - 215 };
    std::iter::once(above).chain((0..others).map(below)).take(count).collect()
}

/// Machines that come later: at the sides, from the bottom up, and then in the middle.
#[must_use]
pub fn late(index: usize) -> Point {
    let sides = [(WIDTH - 50, 420), (50, 420), (WIDTH - 50, 130), (50, 130)];
    let (x, y) = sides.get(index).copied().unwrap_or_else(|| {
        let place = (index - sides.len()) as i32;
        (WIDTH / 2 + (place % 5 - 2) * 50, HEIGHT / 2 + place / 5 * 50)
    });
    Point { x, y }
}

/// Up to four bystanders in the corners, the lower ones first: they watch the circle.
#[must_use]
pub fn corners(count: usize) -> Vec<Point> {
    let (near, far) = (50, 55);
    let corner = |index: usize| Point {
        x: if index.is_multiple_of(2) { near } else { WIDTH - near },
        y: if index % 4 < 2 { HEIGHT - far } else { far },
    };
    (0..count).map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_of_four_is_a_circle_and_nobody_stands_on_another() {
        assert_eq!(fan(4), circle(4));
        assert_eq!((fan(0), fan(1).len(), fan(2)[1]), (Vec::new(), 1, Point { x: 320, y: 515 }));
        for count in 2..=8 {
            let points = fan(count);
            assert_eq!(points.len(), count);
            for (index, a) in points.iter().enumerate() {
                let apart = |b: &Point| (a.x - b.x).pow(2) + (a.y - b.y).pow(2);
                assert!(points[index + 1..].iter().all(|b| apart(b) >= 100 * 100), "{count}: {points:?}");
            }
            assert!(points[1..].iter().all(|point| point.y >= HEIGHT / 2));
        }
    }

    #[test]
    fn nodes_stay_on_the_stage_and_apart() {
        for count in 1..=9 {
            let points = circle(count);
            assert_eq!(points.len(), count);
            for (index, a) in points.iter().enumerate() {
                assert!((60..=WIDTH - 60).contains(&a.x) && (60..=HEIGHT - 60).contains(&a.y), "{count}: {a:?}");
                for b in &points[..index] {
                    let distance_squared = (a.x - b.x).pow(2) + (a.y - b.y).pow(2);
                    assert!(distance_squared > 110 * 110, "{count} nodes: {a:?} and {b:?} are too close");
                }
            }
        }
    }
}
