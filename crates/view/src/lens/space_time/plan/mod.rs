//! Where everything in a space-time diagram goes: pure functions from a diagram and a piece of it to paths in pixels.
//!
//! However many events there are, only those that can be seen are drawn, and of those that would lie on each other only
//! one. Whatever looks alike is one path, so that a page has a handful of elements and not one for each event.
//!
//! `viewport.rs` says where moments and processes are in pixels, `ink.rs` what can be drawn and how it looks, `draw.rs`
//! draws it with the pieces of `strokes.rs`, `labels.rs` puts words to it, and `hit.rs` finds what is at a spot.

mod draw;
mod hit;
mod ink;
mod labels;
mod strokes;
mod viewport;

use super::{Event, Folded, Index, Message, SpaceTime, Standing};
use crate::geometry::Spot;

pub use ink::{Class, Ink};
pub use viewport::{Axis, SPAN_MIN, Viewport};

/// How far an arrow of a message reaches that never arrives, as a share of the way.
const STUB: f64 = 0.4;

/// A diagram with all that is needed to draw it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The diagram.
    pub diagram: &'a SpaceTime,
    /// What was worked out for it.
    pub index: &'a Index,
    /// The logical step of each event; empty where time is shown.
    pub columns: &'a [u32],
    /// With its routine folded, if that is wanted.
    pub folded: Option<&'a Folded>,
    /// Where each process is; see [`Viewport::lanes`].
    pub lanes: &'a [f64],
    /// Which processes are put aside.
    pub aside: &'a [bool],
    /// The present moment, in units of the axis, and the last step that has happened.
    pub now: (f64, u64),
}

/// What is lit up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lit<'a> {
    /// The event whose past and future are shown, with both.
    pub focus: Option<(u32, &'a [bool], &'a [bool])>,
    /// The events that are compared.
    pub picked: [Option<u32>; 2],
    /// How one of them came to know of the other.
    pub chain: &'a [u32],
    /// What was searched for.
    pub found: &'a [u32],
}

/// A text beside a dot.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The event, or the first of many.
    pub event: u32,
    /// Where it stands: the middle of its base line, or, upright, its beginning.
    pub spot: Spot,
    /// What it says.
    pub text: String,
    /// What stands below that, such as a vector; often nothing.
    pub small: String,
    /// Whether it says something about what is not in focus.
    pub dim: bool,
}

/// A tick of the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it is along the axis, in pixels.
    pub place: f64,
    /// What it says.
    pub text: String,
}

/// Everything that is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// One path of SVG for each class, in the order of [`Class::ALL`].
    pub paths: Vec<String>,
    /// Texts beside dots.
    pub labels: Vec<Label>,
    /// The numbers of the events that are compared, in their dots: where, and which.
    pub numbers: Vec<(Spot, u8)>,
    /// Times.
    pub ticks: Vec<Tick>,
}

impl Scene<'_> {
    /// Where an event is on the axis.
    #[must_use]
    pub fn moment(&self, event: u32) -> f64 {
        match self.columns.get(event as usize) {
            Some(&column) => f64::from(column),
            None => self.diagram.events.get(event as usize).map_or(0.0, |event| event.time_us as f64),
        }
    }

    fn event(&self, event: u32) -> &Event {
        &self.diagram.events[event as usize]
    }

    fn lane(&self, process: u32) -> f64 {
        self.lanes.get(process as usize).copied().unwrap_or(0.0)
    }

    /// Where an event is in the box.
    #[must_use]
    pub fn spot(&self, viewport: &Viewport, event: u32) -> Spot {
        viewport.spot(viewport.place(self.moment(event)), self.lane(self.event(event).process))
    }

    /// The earliest and the latest moment of all.
    #[must_use]
    pub fn extent(&self) -> (f64, f64) {
        let ends = |line: &Vec<u32>| Some((self.moment(*line.first()?), self.moment(*line.last()?)));
        let (from, until) = self
            .index
            .lines
            .iter()
            .filter_map(ends)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, until), (first, last)| {
                (from.min(first), until.max(last))
            });
        let until = until.max(self.now.0);
        if from <= until { (from, until) } else { (0.0, until.max(1.0)) }
    }

    /// The events of a process within a piece of the axis.
    fn within(&self, process: usize, from: f64, until: f64) -> &[u32] {
        let line = &self.index.lines[process];
        let begin = line.partition_point(|&event| self.moment(event) < from);
        let end = line.partition_point(|&event| self.moment(event) <= until);
        &line[begin..end.max(begin)]
    }

    /// The arrow of a message; none where nothing of it can be seen.
    fn way(&self, viewport: &Viewport, message: &Message) -> Option<Way> {
        let sent = self.moment(message.from?);
        let (low, high) = (self.lane(message.sender), self.lane(message.receiver));
        // Nothing is known of an end that is not there; a stub says so.
        let (until, expected) = match (message.to, message.lost) {
            (Some(to), _) => (self.moment(to), None),
            (None, true) => {
                let begin = viewport.place(sent);
                let far = begin + (high - low).abs() * 0.35;
                if far < 0.0 || begin > viewport.along {
                    return None;
                }
                let end = (begin + (far - begin) * STUB, low + (high - low) * STUB);
                let from = viewport.spot(begin, low);
                return Some(Way { from, until: viewport.spot(end.0, end.1), expected: None });
            }
            (None, false) => match message.due_us.filter(|_| self.columns.is_empty()) {
                Some(due_us) => (self.now.0.max(sent), Some((due_us as f64).max(self.now.0))),
                None => (self.now.0.max(sent) + (viewport.until - viewport.from) * 0.02, None),
            },
        };
        let last = expected.unwrap_or(until);
        if sent > viewport.until || last < viewport.from {
            return None;
        }
        let share =
            if message.to.is_some() { 1.0 } else { expected.map_or(0.5, |due| (until - sent) / (due - sent).max(1.0)) };
        let end = viewport.spot(viewport.place(until), low + (high - low) * share);
        let goal = expected.map(|due| viewport.spot(viewport.place(due), high));
        Some(Way { from: viewport.spot(viewport.place(sent), low), until: end, expected: goal })
    }
}

/// The way of an arrow, and where it would end.
struct Way {
    from: Spot,
    until: Spot,
    expected: Option<Spot>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lens::space_time::tests::five;

    fn scene<'a>(diagram: &'a SpaceTime, index: &'a Index, lanes: &'a [f64], aside: &'a [bool]) -> Scene<'a> {
        Scene { diagram, index, columns: &[], folded: None, lanes, aside, now: (60.0, 6) }
    }

    fn wide() -> Viewport {
        Viewport { along: 900.0, across: 400.0, upright: false, from: 0.0, until: 60.0 }
    }

    #[test]
    fn a_place_is_a_moment_and_back() {
        for upright in [false, true] {
            let viewport = Viewport { upright, ..wide() };
            for moment in [-5.0, 0.0, 17.0, 60.0, 90.0] {
                assert!((viewport.moment(viewport.place(moment)) - moment).abs() < 1e-9);
            }
            let zoomed = viewport.zoomed(0.25, 300.0);
            assert!((zoomed.moment(300.0) - viewport.moment(300.0)).abs() < 1e-9);
            assert!((zoomed.until - zoomed.from - 15.0).abs() < 1e-9);
            assert!((viewport.zoomed(1e-9, 300.0).until - viewport.zoomed(1e-9, 300.0).from - SPAN_MIN).abs() < 1e-9);
            let moved = viewport.moved(80.0);
            assert!((moved.place(moved.from) - viewport.place(0.0)).abs() < 1e-9);
            assert!((viewport.place(30.0) - moved.place(30.0) - 80.0).abs() < 1e-9);
        }
    }

    #[test]
    fn lanes_follow_each_other_and_those_put_aside_come_last() {
        for upright in [false, true] {
            let viewport = Viewport { upright, ..wide() };
            let lanes = viewport.lanes(&[false, true, false, false]);
            assert!(lanes[0] < lanes[2] && lanes[2] < lanes[3] && lanes[3] < lanes[1]);
            assert!(lanes.iter().all(|&lane| lane > 0.0 && lane < viewport.across));
            assert_eq!(viewport.lanes(&[]), []);
        }
    }

    #[test]
    fn what_is_pointed_at_is_found() {
        let diagram = five();
        let (index, viewport) = (diagram.index(), wide());
        let aside = [false; 3];
        let lanes = viewport.lanes(&aside);
        let scene = scene(&diagram, &index, &lanes, &aside);
        for event in 0..5 {
            let (x, y) = scene.spot(&viewport, event);
            assert_eq!(scene.nearest(&viewport, (x + 3.0, y - 4.0), 10.0), Some(event));
            assert_eq!(scene.nearest(&viewport, (x, y + 40.0), 10.0), None);
        }
        // A1 sends to B2: the middle of the arrow is of no event.
        let ((x, y), (x2, y2)) = (scene.spot(&viewport, 0), scene.spot(&viewport, 1));
        assert_eq!(scene.message_at(&viewport, ((x + x2) / 2.0 + 2.0, (y + y2) / 2.0), 6.0), Some(0));
        assert_eq!(scene.message_at(&viewport, (x, y + 100.0), 2.0), None);
        // One line on, and back.
        assert_eq!((scene.beside(0, true), scene.beside(1, false), scene.beside(0, false)), (Some(1), Some(0), None));
    }

    #[test]
    fn past_future_and_what_is_beside_look_different() {
        let diagram = five();
        let (index, viewport) = (diagram.index(), wide());
        let aside = [false; 3];
        let lanes = viewport.lanes(&aside);
        let scene = scene(&diagram, &index, &lanes, &aside);
        let plain = scene.draw(&viewport, &Lit::default());
        let path = |drawing: &Drawing, class: Class| drawing.paths[class as usize].matches('M').count();
        assert_eq!((path(&plain, Class::Dot), path(&plain, Class::Beside)), (5, 0));
        assert_eq!(path(&plain, Class::Line), 3);
        let (past, future) = (index.past(1), index.future(1));
        let lit = Lit { focus: Some((1, &past, &future)), picked: [Some(0), Some(4)], chain: &[0, 1, 4], found: &[2] };
        let drawing = scene.draw(&viewport, &lit);
        let counts = [Class::Focus, Class::Past, Class::Future, Class::Beside, Class::Picked, Class::Found]
            .map(|class| path(&drawing, class));
        assert_eq!(counts, [1, 0, 0, 2, 2, 1]);
        assert_eq!(path(&drawing, Class::Chain), 4, "two arrows with heads");
        assert_eq!(drawing.numbers.iter().map(|(_, which)| *which).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn however_many_there_are_what_is_drawn_is_bounded() {
        let mut diagram = five();
        let first = diagram.events[0].clone();
        let kept = diagram.messages[0].clone();
        diagram.messages.clear();
        diagram.events.clear();
        for number in 0..100_000u32 {
            let (process, step) = (number % 3, u64::from(number) + 1);
            diagram.events.push(Event { process, step, time_us: u64::from(number), ..first.clone() });
            if number >= 2 {
                let (from, to) = (Some(number - 2), Some(number));
                diagram.messages.push(Message {
                    from,
                    to,
                    sender: (number - 2) % 3,
                    receiver: process,
                    ..kept.clone()
                });
            }
        }
        let index = diagram.index();
        let aside = [false; 3];
        for span in [10.0, 1_000.0, 50_000.0, 1e6] {
            let viewport = Viewport { until: span, ..wide() };
            let lanes = viewport.lanes(&aside);
            let scene = Scene { now: (1e6, u64::MAX), ..scene(&diagram, &index, &lanes, &aside) };
            let drawing = scene.draw(&viewport, &Lit::default());
            let bytes: usize = drawing.paths.iter().map(String::len).sum();
            assert!(bytes < 400_000, "{bytes} bytes for {span}");
            assert!(drawing.labels.len() <= labels::LABELS_MAX);
        }
    }

    #[test]
    fn no_box_and_no_window_is_too_strange() {
        let diagram = five();
        let index = diagram.index();
        let aside = [false; 3];
        let (past, future) = (index.past(2), index.future(2));
        for (along, across) in [(0.0, 0.0), (1.0, 900.0), (30.0, 5.0), (5_000.0, 30.0)] {
            for (from, until) in [(0.0, 0.0), (-1e12, 1e12), (5.0, 4.0), (40.0, 41.0), (1e15, 1e15 + 1.0)] {
                for upright in [false, true] {
                    let viewport = Viewport { along, across, upright, from, until };
                    let lanes = viewport.lanes(&aside);
                    let scene = scene(&diagram, &index, &lanes, &aside);
                    let lit = Lit { focus: Some((2, &past, &future)), ..Lit::default() };
                    let _ = (scene.draw(&viewport, &lit), scene.draw(&viewport, &Lit::default()));
                    let _ = scene.nearest(&viewport, (10.0, 10.0), 20.0);
                }
            }
        }
        let nothing = SpaceTime::default();
        let scene = scene(&nothing, &index, &[], &[]);
        let scene = Scene { index: &Index::default(), ..scene };
        assert_eq!(scene.draw(&wide(), &Lit::default()).labels, []);
        assert_eq!(scene.extent(), (0.0, 60.0));
    }
}
