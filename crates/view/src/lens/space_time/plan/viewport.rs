//! The piece of a diagram that can be seen: from moments and processes to pixels, and back.

use crate::geometry::Spot;

/// Room before the first moment, for the names of processes, in pixels; upright there is less to be said.
pub(super) const HEAD: [f64; 2] = [64.0, 54.0];
/// Room behind the last moment, in pixels.
const TAIL: f64 = 26.0;
/// Room beside the processes, for times, in pixels: below them, or, upright, on their left.
const GUTTER: [f64; 2] = [24.0, 46.0];
/// Processes are never nearer to each other than this, in pixels.
const LANE_MIN: f64 = 30.0;
/// The shortest piece that can be looked at, in µs or steps.
pub const SPAN_MIN: f64 = 4.0;

/// What the long axis means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// Simulated time, in µs.
    #[default]
    Time,
    /// Logical steps: as far apart as need be for every message to go forward.
    Steps,
}

/// The piece of a diagram that can be seen, and the box that it is seen in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// The box along the axis, in pixels.
    pub along: f64,
    /// The box across it, in pixels.
    pub across: f64,
    /// Whether time goes down instead of right.
    pub upright: bool,
    /// The first moment, in units of the axis.
    pub from: f64,
    /// The last one.
    pub until: f64,
}

impl Viewport {
    pub(super) const fn side(&self) -> usize {
        self.upright as usize
    }

    pub(super) fn room(&self) -> f64 {
        (self.along - HEAD[self.side()] - TAIL).max(1.0)
    }

    /// Where a moment is along the axis, in pixels.
    #[must_use]
    pub fn place(&self, moment: f64) -> f64 {
        HEAD[self.side()] + (moment - self.from) / (self.until - self.from).max(f64::MIN_POSITIVE) * self.room()
    }

    /// The moment at a place.
    #[must_use]
    pub fn moment(&self, place: f64) -> f64 {
        self.from + (place - HEAD[self.side()]) / self.room() * (self.until - self.from)
    }

    /// The same box, with `factor` times as much in it; what is at `place` stays there.
    #[must_use]
    pub fn zoomed(&self, factor: f64, place: f64) -> Self {
        let still = self.moment(place);
        let span = ((self.until - self.from) * factor).max(SPAN_MIN);
        let factor = span / (self.until - self.from).max(f64::MIN_POSITIVE);
        let from = still - (still - self.from) * factor;
        Self { from, until: from + span, ..*self }
    }

    /// The same box, moved by so many pixels.
    #[must_use]
    pub fn moved(&self, pixels: f64) -> Self {
        let by = pixels / self.room() * (self.until - self.from);
        Self { from: self.from + by, until: self.until + by, ..*self }
    }

    /// A place along and across, as x and y.
    #[must_use]
    pub const fn spot(&self, along: f64, across: f64) -> Spot {
        if self.upright { (across, along) } else { (along, across) }
    }

    /// x and y, as places along and across.
    #[must_use]
    pub const fn along_across(&self, (x, y): Spot) -> (f64, f64) {
        if self.upright { (y, x) } else { (x, y) }
    }

    /// Where the names of processes stand along the axis.
    #[must_use]
    pub fn badge(&self) -> f64 {
        HEAD[self.side()] / 2.0 - 4.0
    }

    /// How far across a box has to reach for so many processes.
    #[must_use]
    pub fn across_min(upright: bool, processes: usize) -> f64 {
        GUTTER[usize::from(upright)] + LANE_MIN * processes as f64
    }

    /// Where each process is across the axis: those that are put aside close together at the end.
    #[must_use]
    pub fn lanes(&self, aside: &[bool]) -> Vec<f64> {
        let folded = aside.iter().filter(|aside| **aside).count();
        let shown = aside.len() - folded;
        let begin = if self.upright { GUTTER[1] } else { 6.0 };
        let end = if self.upright { self.across - 6.0 } else { self.across - GUTTER[0] };
        let thin = LANE_MIN * 0.7;
        let gap = (end - begin - thin * folded as f64) / shown.max(1) as f64;
        let (mut next, mut next_aside) = (begin, begin + gap * shown as f64);
        let place = |aside: &bool| {
            let (at, step) = if *aside { (&mut next_aside, thin) } else { (&mut next, gap) };
            let middle = *at + step / 2.0;
            *at += step;
            middle
        };
        aside.iter().map(place).collect()
    }
}
