//! The pieces that the paths of a diagram are made of.

use std::fmt::Write as _;

use super::ink::Class;
use super::viewport::Viewport;
use crate::geometry::Spot;

/// A line, with a head at its end unless it is too short for one.
pub(super) fn arrow(path: &mut String, (x, y): Spot, (x2, y2): Spot, head: bool) {
    let length = (x2 - x).hypot(y2 - y);
    let (ux, uy) = if length > 0.0 { ((x2 - x) / length, (y2 - y) / length) } else { (1.0, 0.0) };
    if !head || length < 16.0 {
        let _ = write!(path, "M{x:.1} {y:.1}L{x2:.1} {y2:.1}");
        return;
    }
    // The tip touches the dot.
    let (tip_x, tip_y) = (x2 - ux * 7.0, y2 - uy * 7.0);
    let (back_x, back_y) = (tip_x - ux * 9.0, tip_y - uy * 9.0);
    let _ = write!(
        path,
        "M{x:.1} {y:.1}L{back_x:.1} {back_y:.1}M{tip_x:.1} {tip_y:.1}L{:.1} {:.1}L{:.1} {:.1}z",
        back_x - uy * 4.2,
        back_y + ux * 4.2,
        back_x + uy * 4.2,
        back_y - ux * 4.2,
    );
}

/// A line with a small head, where there are many.
pub(super) fn fine_arrow(path: &mut String, (x, y): Spot, (x2, y2): Spot, head: bool) {
    let length = (x2 - x).hypot(y2 - y);
    if !head || length < 16.0 {
        return arrow(path, (x, y), (x2, y2), false);
    }
    let (ux, uy) = ((x2 - x) / length, (y2 - y) / length);
    let (tip_x, tip_y) = (x2 - ux * 4.0, y2 - uy * 4.0);
    let (back_x, back_y) = (tip_x - ux * 6.0, tip_y - uy * 6.0);
    let (dx, dy) = (uy * 2.4, ux * 2.4);
    let _ = write!(
        path,
        "M{x:.1} {y:.1}L{tip_x:.1} {tip_y:.1}L{:.1} {:.1}L{:.1} {:.1}L{tip_x:.1} {tip_y:.1}",
        back_x - dx,
        back_y + dy,
        back_x + dx,
        back_y - dy,
    );
}

pub(super) fn cross(path: &mut String, (x, y): Spot, r: f64) {
    let _ =
        write!(path, "M{:.1} {:.1}l{s:.1} {s:.1}m0 {:.1}l{:.1} {s:.1}", x - r, y - r, -2.0 * r, -2.0 * r, s = 2.0 * r,);
}

pub(super) fn ring(path: &mut String, (x, y): Spot, r: f64) {
    let d = 2.0 * r;
    let _ = write!(path, "M{:.1} {y:.1}a{r:.1} {r:.1} 0 1 0 {d:.1} 0a{r:.1} {r:.1} 0 1 0-{d:.1} 0z", x - r);
}

pub(super) fn dot(path: &mut String, class: Class, spot: Spot, size: f64) {
    let (x, y) = spot;
    match class {
        Class::Beside => {
            let r = 6.5 * size;
            let _ = write!(path, "M{:.1} {y:.1}l{r:.1}-{r:.1} {r:.1} {r:.1}-{r:.1} {r:.1}z", x - r);
        }
        Class::Down => cross(path, spot, 6.0 * size),
        Class::Routine => ring(path, spot, 3.2 * size),
        Class::ToCome => ring(path, spot, 3.6 * size),
        Class::Major => ring(path, spot, 7.5 * size),
        Class::Focus => ring(path, spot, 8.5),
        Class::Picked => ring(path, spot, 10.5),
        _ => ring(path, spot, 5.6 * size),
    }
}

pub(super) fn capsule(path: &mut String, viewport: &Viewport, from: f64, until: f64, lane: f64, r: f64) {
    let until = until.max(from + 0.1);
    let ((x, y), (x2, y2)) = (viewport.spot(from, lane), viewport.spot(until, lane));
    let d = 2.0 * r;
    let _ = if viewport.upright {
        write!(
            path,
            "M{:.1} {y:.1}a{r:.1} {r:.1} 0 1 1 {d:.1} 0L{:.1} {y2:.1}a{r:.1} {r:.1} 0 1 1-{d:.1} 0z",
            x - r,
            x2 + r
        )
    } else {
        write!(
            path,
            "M{x:.1} {:.1}L{x2:.1} {:.1}a{r:.1} {r:.1} 0 1 1 0 {d:.1}L{x:.1} {:.1}a{r:.1} {r:.1} 0 1 1 0-{d:.1}z",
            y - r,
            y2 - r,
            y + r
        )
    };
}
