//! Plane geometry of gestures: what a stroke crosses, what a lasso encloses, what a finger hits.

/// A point, in units of the stage.
pub type Spot = (f64, f64);

/// How near the end of a stroke has to come to its beginning to count as a lasso, in units of the stage.
const CLOSING: f64 = 48.0;
/// A shorter stroke is a slip of the hand, in units of the stage.
const STROKE_MIN: f64 = 12.0;

/// The distance of a point from a segment.
#[must_use]
pub fn distance_to_segment((x, y): Spot, [(x1, y1), (x2, y2)]: [Spot; 2]) -> f64 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length_squared = dx * dx + dy * dy;
    let along = if length_squared == 0.0 { 0.0 } else { ((x - x1) * dx + (y - y1) * dy) / length_squared };
    let along = along.clamp(0.0, 1.0);
    (x1 + along * dx - x).hypot(y1 + along * dy - y)
}

/// Whether two segments have a point in common.
#[must_use]
pub fn segments_cross([a, b]: [Spot; 2], [c, d]: [Spot; 2]) -> bool {
    let side = |p: Spot, q: Spot, r: Spot| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    let (d1, d2, d3, d4) = (side(c, d, a), side(c, d, b), side(a, b, c), side(a, b, d));
    let within = |p: Spot, q: Spot, r: Spot| {
        (p.0.min(q.0)..=p.0.max(q.0)).contains(&r.0) && (p.1.min(q.1)..=p.1.max(q.1)).contains(&r.1)
    };
    ((d1 > 0.0) != (d2 > 0.0) && (d3 > 0.0) != (d4 > 0.0) && d1 != 0.0 && d2 != 0.0 && d3 != 0.0 && d4 != 0.0)
        || (d1 == 0.0 && within(c, d, a))
        || (d2 == 0.0 && within(c, d, b))
        || (d3 == 0.0 && within(a, b, c))
        || (d4 == 0.0 && within(a, b, d))
}

/// Whether a stroke crosses a segment.
#[must_use]
pub fn stroke_crosses(stroke: &[Spot], segment: [Spot; 2]) -> bool {
    stroke.windows(2).any(|piece| segments_cross([piece[0], piece[1]], segment))
}

/// How long a stroke is.
#[must_use]
pub fn stroke_length(stroke: &[Spot]) -> f64 {
    stroke.windows(2).map(|piece| (piece[1].0 - piece[0].0).hypot(piece[1].1 - piece[0].1)).sum()
}

/// Whether a stroke is too short to have been meant.
#[must_use]
pub fn is_slip(stroke: &[Spot]) -> bool {
    stroke_length(stroke) < STROKE_MIN
}

/// The loop that a stroke closes, if it does: by ending where it began, or by crossing itself.
#[must_use]
pub fn lasso(stroke: &[Spot]) -> Option<&[Spot]> {
    let (&first, &last) = (stroke.first()?, stroke.last()?);
    let gap = (last.0 - first.0).hypot(last.1 - first.1);
    if gap <= CLOSING && stroke_length(stroke) > 4.0 * CLOSING {
        return Some(stroke);
    }
    // The newest piece that crosses an older one closes the loop between them.
    (2..stroke.len()).rev().find_map(|end| {
        let newest = [stroke[end - 1], stroke[end]];
        let start = (1..end - 1).find(|&start| segments_cross([stroke[start - 1], stroke[start]], newest))?;
        (stroke_length(&stroke[start..end]) > 3.0 * CLOSING).then_some(&stroke[start..end])
    })
}

/// Whether a point lies inside a polygon, by counting the edges to its right.
#[must_use]
pub fn encloses(polygon: &[Spot], (x, y): Spot) -> bool {
    let edges = polygon.iter().zip(polygon.iter().cycle().skip(1));
    let crossed =
        edges.filter(|&(&(x1, y1), &(x2, y2))| (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1);
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_as_far_from_a_segment_as_from_its_nearest_point() {
        let segment = [(0.0, 0.0), (10.0, 0.0)];
        assert_eq!(distance_to_segment((5.0, 3.0), segment), 3.0);
        assert_eq!(distance_to_segment((14.0, 3.0), segment), 5.0);
        assert_eq!(distance_to_segment((3.0, 4.0), [(0.0, 0.0), (0.0, 0.0)]), 5.0);
    }

    #[test]
    fn segments_cross_touch_or_miss() {
        let across = [(0.0, 0.0), (10.0, 10.0)];
        assert!(segments_cross(across, [(0.0, 10.0), (10.0, 0.0)]));
        assert!(segments_cross(across, [(5.0, 5.0), (9.0, 0.0)]), "an end on the other counts");
        assert!(!segments_cross(across, [(0.0, 1.0), (4.0, 5.0)]), "parallel");
        assert!(!segments_cross(across, [(20.0, 20.0), (30.0, 30.0)]), "on one line, but apart");
        assert!(!segments_cross(across, [(6.0, 0.0), (6.0, 5.0)]), "too short to reach");
    }

    #[test]
    fn a_stroke_that_comes_back_is_a_lasso_and_one_that_does_not_is_none() {
        let round: Vec<Spot> = (0..20)
            .map(|step| f64::from(step) / 20.0 * 6.2)
            .map(|angle| (100.0 * angle.cos(), 100.0 * angle.sin()))
            .collect();
        assert_eq!(lasso(&round).map(<[Spot]>::len), Some(20));
        assert!(encloses(&round, (10.0, -20.0)));
        assert!(!encloses(&round, (120.0, 0.0)));
        assert_eq!(lasso(&[(0.0, 0.0), (100.0, 0.0), (200.0, 10.0)]), None);
        assert_eq!(lasso(&[]), None);
        // Like the letter alpha: the ends stick out, and the loop counts.
        let alpha = [(0.0, 0.0), (100.0, 100.0), (200.0, 50.0), (100.0, 0.0), (0.0, 100.0)];
        let inside = lasso(&alpha).expect("it crosses itself");
        assert!(encloses(inside, (140.0, 50.0)));
        assert!(!encloses(inside, (10.0, 50.0)));
    }

    #[test]
    fn a_twitch_is_no_stroke() {
        assert!(is_slip(&[(0.0, 0.0), (3.0, 4.0)]));
        assert!(!is_slip(&[(0.0, 0.0), (30.0, 4.0)]));
        assert!(stroke_crosses(&[(0.0, 0.0), (30.0, 4.0)], [(15.0, -5.0), (15.0, 9.0)]));
    }
}
