//! Where everything in a space-time diagram goes: pure functions from a diagram and a piece of it to paths in pixels.
//!
//! However many events there are, only those that can be seen are drawn, and of those that would lie on each other only
//! one. Whatever looks alike is one path, so that a page has a handful of elements and not one for each event.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Event, Folded, Index, Message, SpaceTime, Standing};
use crate::geometry::{Spot, distance_to_segment};
use crate::narration::Weight;

/// Room before the first moment, for the names of processes, in pixels; upright there is less to be said.
const HEAD: [f64; 2] = [64.0, 54.0];
/// Room behind the last moment, in pixels.
const TAIL: f64 = 26.0;
/// Room beside the processes, for times, in pixels: below them, or, upright, on their left.
const GUTTER: [f64; 2] = [24.0, 46.0];
/// Processes are never nearer to each other than this, in pixels.
const LANE_MIN: f64 = 30.0;
/// Lanes at least this far apart have labels, and two lines of them, in pixels.
const LABELLED: f64 = 44.0;
const LABELLED_TWICE: f64 = 60.0;
/// How wide a letter is, on average, in pixels: of a label, and of what stands below it.
const LETTER: f64 = 6.2;
const SMALL_LETTER: f64 = 6.7;
/// Most labels at a time.
const LABELS_MAX: usize = 90;
/// With more arrows than this in sight, those that nearly coincide are drawn as one.
const ARROWS_MANY: usize = 1_200;
/// With more than this they are drawn finely.
const ARROWS_SOME: usize = 160;
/// Ticks are at least this far apart, in pixels.
const TICKS_APART: f64 = 84.0;
/// How far an arrow of a message reaches that never arrives, as a share of the way.
const STUB: f64 = 0.4;
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
    const fn side(&self) -> usize {
        self.upright as usize
    }

    fn room(&self) -> f64 {
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

/// What a path shows; each is drawn in a way of its own, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The line of a process.
    Line,
    /// A message between routine events.
    Quiet,
    /// A message that has nothing to do with the event in focus.
    Dim,
    /// A message.
    Arrow,
    /// The part of a message's way that is still to come.
    Expected,
    /// A message that never arrives.
    Lost,
    /// A message within the past of the event in focus.
    PastArrow,
    /// A message within its future.
    FutureArrow,
    /// How one of the events that are compared came to know of the other.
    Chain,
    /// Many routine events as one.
    Fold,
    /// A routine event.
    Routine,
    /// An event.
    Dot,
    /// An event that matters.
    Major,
    /// Concurrent with the event in focus: a diamond.
    Beside,
    /// In its past: full.
    Past,
    /// In its future: hollow.
    Future,
    /// Not yet, or not any more: after the present moment.
    ToCome,
    /// The process begins.
    Up,
    /// The process stops: a cross.
    Down,
    /// A ring around what was searched for.
    Found,
    /// The event in focus.
    Focus,
    /// The events that are compared.
    Picked,
}

impl Class {
    /// All of them, from below.
    pub const ALL: [Self; 22] = [
        Self::Line,
        Self::Quiet,
        Self::Dim,
        Self::Arrow,
        Self::Expected,
        Self::Lost,
        Self::PastArrow,
        Self::FutureArrow,
        Self::Chain,
        Self::Fold,
        Self::Routine,
        Self::Dot,
        Self::Major,
        Self::Beside,
        Self::Past,
        Self::Future,
        Self::ToCome,
        Self::Up,
        Self::Down,
        Self::Found,
        Self::Focus,
        Self::Picked,
    ];

    /// How it is drawn.
    #[must_use]
    pub const fn ink(self) -> Ink {
        let (fill, stroke, width) = match self {
            Self::Line => ("none", "cut", 1.8),
            Self::Quiet => ("cut", "cut", 0.8),
            Self::Dim => ("cut", "cut", 1.2),
            Self::Arrow => ("mute", "mute", 1.5),
            Self::Expected => ("mute", "mute", 1.5),
            Self::Lost => ("none", "fault", 1.8),
            Self::PastArrow => ("ink", "ink", 2.2),
            Self::FutureArrow => ("accent", "accent", 2.2),
            Self::Chain => ("accent", "accent", 5.0),
            Self::Fold => ("ground", "mute", 1.5),
            Self::Routine => ("mute", "none", 0.0),
            Self::Dot | Self::Past => ("ink", "ground", 1.5),
            Self::Major => ("ink", "ground", 2.0),
            Self::Beside => ("ground", "mute", 1.8),
            Self::Future => ("ground", "accent", 3.0),
            Self::ToCome => ("ground", "cut", 1.5),
            Self::Up => ("panel", "ink", 2.0),
            Self::Down => ("none", "fault", 3.0),
            Self::Found => ("none", "fault", 2.5),
            Self::Focus => ("accent", "ink", 2.0),
            Self::Picked => ("accent", "ink", 2.5),
        };
        let dash = match self {
            Self::Dim => "2 4",
            Self::Expected => "1.5 5",
            _ => "",
        };
        Ink { fill, stroke, width, dash }
    }
}

/// How a path is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// The name of the colour inside.
    pub fill: &'static str,
    /// The name of the colour of the line.
    pub stroke: &'static str,
    /// How wide the line is, in pixels.
    pub width: f64,
    /// Its dashes; empty for none.
    pub dash: &'static str,
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

    /// The event nearest to a spot, at most `reach` pixels away.
    #[must_use]
    pub fn nearest(&self, viewport: &Viewport, spot: Spot, reach: f64) -> Option<u32> {
        let (along, across) = viewport.along_across(spot);
        let (from, until) = (viewport.moment(along - reach), viewport.moment(along + reach));
        let mut best: Option<(f64, u32)> = None;
        for (process, &lane) in self.lanes.iter().enumerate() {
            if (lane - across).abs() > reach || process >= self.index.lines.len() {
                continue;
            }
            for &event in self.within(process, from, until) {
                let far = (viewport.place(self.moment(event)) - along).hypot(lane - across);
                if far <= reach && best.is_none_or(|(known, _)| far < known) {
                    best = Some((far, event));
                }
            }
        }
        best.map(|(_, event)| event)
    }

    /// The event of another process that is nearest to this one along the axis; processes are taken in the order in
    /// which they stand.
    #[must_use]
    pub fn beside(&self, event: u32, forth: bool) -> Option<u32> {
        let moment = self.moment(event);
        let here = self.event(event).process as usize;
        let others: Vec<usize> =
            if forth { (here + 1..self.index.lines.len()).collect() } else { (0..here).rev().collect() };
        others.into_iter().filter(|&process| !self.aside.get(process).copied().unwrap_or(false)).find_map(|process| {
            let line = &self.index.lines[process];
            let place = line.partition_point(|&event| self.moment(event) < moment);
            let near = [place.checked_sub(1), Some(place)].into_iter().flatten().filter_map(|place| line.get(place));
            near.copied().min_by(|&a, &b| (self.moment(a) - moment).abs().total_cmp(&(self.moment(b) - moment).abs()))
        })
    }

    /// The message whose arrow comes nearest to a spot, at most `reach` pixels away, by number.
    #[must_use]
    pub fn message_at(&self, viewport: &Viewport, spot: Spot, reach: f64) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for (number, message) in (0u32..).zip(&self.diagram.messages) {
            let Some(way) = self.way(viewport, message) else { continue };
            let far = distance_to_segment(spot, [way.from, way.until]);
            if far <= reach && best.is_none_or(|(known, _)| far < known) {
                best = Some((far, number));
            }
        }
        best.map(|(_, number)| number)
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

    /// Draws what can be seen.
    #[must_use]
    pub fn draw(&self, viewport: &Viewport, lit: &Lit<'_>) -> Drawing {
        let mut paths = vec![String::new(); Class::ALL.len()];
        self.draw_lines(viewport, &mut paths);
        self.draw_arrows(viewport, lit, &mut paths);
        let (labels, numbers) = self.draw_events(viewport, lit, &mut paths);
        self.draw_chain(viewport, lit, &mut paths);
        Drawing { paths, labels, numbers, ticks: self.ticks(viewport) }
    }

    /// A line for each process, with gaps where it is down.
    fn draw_lines(&self, viewport: &Viewport, paths: &mut [String]) {
        let (begin, end) = (HEAD[viewport.side()] - 8.0, viewport.along - 8.0);
        let now = viewport.place(self.now.0).max(begin).min(end);
        for (process, line) in self.index.lines.iter().enumerate() {
            let lane = self.lane(process as u32);
            // Downs and ups are few; where there are none the line is one piece.
            let mut from = Some(begin);
            let mut piece = |from: f64, until: f64| {
                if until > from {
                    let ((x, y), (x2, y2)) = (viewport.spot(from, lane), viewport.spot(until, lane));
                    let _ = write!(paths[Class::Line as usize], "M{x:.1} {y:.1}L{x2:.1} {y2:.1}");
                }
            };
            for &event in line {
                let place = viewport.place(self.moment(event)).max(begin).min(end);
                match self.event(event).standing {
                    Standing::Same => {}
                    Standing::Down => {
                        if let Some(from) = from.take() {
                            piece(from, place);
                        }
                    }
                    Standing::Up | Standing::Anew => from = from.or(Some(place)),
                }
            }
            if let Some(from) = from {
                piece(from, now);
            }
        }
    }

    fn folded_mark(&self, event: u32) -> Option<u32> {
        let folded = self.folded?;
        let mark = *folded.mark_of.get(event as usize)?;
        (folded.marks[mark as usize].events.len() > 1).then_some(mark)
    }

    fn draw_arrows(&self, viewport: &Viewport, lit: &Lit<'_>, paths: &mut [String]) {
        let mut ways: Vec<(u32, Way)> = Vec::new();
        for (number, message) in (0u32..).zip(&self.diagram.messages) {
            if let Some(way) = self.way(viewport, message) {
                ways.push((number, way));
            }
        }
        let apart = if ways.len() > ARROWS_MANY { 4.0 } else { 0.8 };
        // By pair of processes: where the last arrow was.
        let mut last: BTreeMap<(u32, u32), (f64, f64)> = BTreeMap::new();
        let crowded = ways.len() > ARROWS_MANY / 3;
        for (number, way) in &ways {
            let message = &self.diagram.messages[*number as usize];
            let class = self.arrow_class(message, lit);
            if class < Class::PastArrow {
                let (from, until) = (viewport.along_across(way.from).0, viewport.along_across(way.until).0);
                let known = last.entry((message.sender, message.receiver)).or_insert((f64::MIN, f64::MIN));
                if (from - known.0).abs() < apart && (until - known.1).abs() < apart {
                    continue;
                }
                *known = (from, until);
            }
            if class == Class::Arrow && ways.len() > ARROWS_SOME {
                fine_arrow(&mut paths[Class::Quiet as usize], way.from, way.until, ways.len() < ARROWS_MANY);
                continue;
            }
            let path = &mut paths[class as usize];
            let head = class != Class::Quiet && class != Class::Lost && !(class == Class::Dim && crowded);
            arrow(path, way.from, way.until, head && message.to.is_some());
            if class == Class::Lost {
                cross(path, way.until, 4.0);
            }
            if let Some(goal) = way.expected {
                arrow(&mut paths[Class::Expected as usize], way.until, goal, true);
            }
        }
    }

    fn arrow_class(&self, message: &Message, lit: &Lit<'_>) -> Class {
        let ends = (message.from, message.to);
        if let (Some(from), Some(to)) = ends
            && lit.chain.windows(2).any(|pair| pair == [from, to])
        {
            return Class::Chain;
        }
        if message.lost {
            return Class::Lost;
        }
        if let Some((focus, past, future)) = lit.focus {
            let (from, to) = match ends {
                (Some(from), Some(to)) => (from, to),
                (Some(from), None) if from == focus || future[from as usize] => return Class::FutureArrow,
                _ => return Class::Dim,
            };
            return if to == focus || past[to as usize] {
                Class::PastArrow
            } else if from == focus || future[from as usize] {
                Class::FutureArrow
            } else {
                Class::Dim
            };
        }
        let routine = |event: Option<u32>| {
            event.is_none_or(|event| self.folded_mark(event).is_some() || self.event(event).weight == Weight::Routine)
        };
        let to_come = message.to.or(message.from).is_some_and(|event| self.event(event).step > self.now.1);
        if to_come {
            Class::Dim
        } else if routine(message.from) && routine(message.to) && self.folded.is_some() {
            Class::Quiet
        } else {
            Class::Arrow
        }
    }

    /// The class of an event, and how large it is.
    fn event_class(&self, number: u32, lit: &Lit<'_>) -> Class {
        let event = self.event(number);
        if lit.picked.contains(&Some(number)) {
            return Class::Picked;
        }
        if event.step > self.now.1 {
            return Class::ToCome;
        }
        if let Some((focus, past, future)) = lit.focus {
            return if number == focus {
                Class::Focus
            } else if past[number as usize] {
                Class::Past
            } else if future[number as usize] {
                Class::Future
            } else {
                Class::Beside
            };
        }
        match (event.standing, event.weight) {
            (Standing::Down, _) => Class::Down,
            (Standing::Up | Standing::Anew, _) => Class::Up,
            (Standing::Same, Weight::Milestone) => Class::Major,
            (Standing::Same, Weight::Event) => Class::Dot,
            (Standing::Same, Weight::Routine) => Class::Routine,
        }
    }

    fn draw_events(&self, viewport: &Viewport, lit: &Lit<'_>, paths: &mut [String]) -> (Vec<Label>, Vec<(Spot, u8)>) {
        let (mut labels, mut numbers) = (Vec::new(), Vec::new());
        let margin = 12.0;
        let (low, high) = (viewport.moment(HEAD[viewport.side()] - margin), viewport.moment(viewport.along + margin));
        let gap = self.gap(viewport);
        // What wants a label: how urgent, which event, where, and the words of a fold.
        let mut wishes: Vec<(u8, u32, f64, String)> = Vec::new();
        for process in 0..self.index.lines.len() {
            let lane = self.lane(process as u32);
            let aside = self.aside.get(process).copied().unwrap_or(false);
            let shown = self.within(process, low, high);
            let spacing = viewport.room() / shown.len().max(1) as f64;
            let size: f64 = if aside || spacing < 7.0 {
                0.5
            } else if spacing < 15.0 {
                0.75
            } else {
                1.0
            };
            let mut last: Option<(f64, Class)> = None;
            let mut skip_to = 0;
            for (place, &event) in shown.iter().enumerate() {
                if place < skip_to {
                    continue;
                }
                let at = viewport.place(self.moment(event));
                if let Some(mark) = self.folded_mark(event).filter(|_| lit.focus.is_none()) {
                    let events = &self.folded.expect("a mark is of a fold").marks[mark as usize].events;
                    let after = *events.last().expect("a mark has events");
                    skip_to = place + shown[place..].partition_point(|&event| event <= after);
                    let end = viewport.place(self.moment(after)).min(viewport.along + margin);
                    capsule(&mut paths[Class::Fold as usize], viewport, at, end, lane, 5.0 * size.max(0.6));
                    // What they are, where there is room for it; elsewhere how many.
                    let (from, until) = (at.max(HEAD[viewport.side()]), end.min(viewport.along));
                    let words = self.diagram.label(&self.folded.expect("a mark is of a fold").marks[mark as usize]);
                    let fits = !viewport.upright && words.chars().count() as f64 * LETTER < until - from;
                    let words = if fits { words } else { format!("×{}", events.len()) };
                    if until - from > 30.0 {
                        wishes.push((3, event, (from + until) / 2.0, words));
                    }
                    last = None;
                    continue;
                }
                let class = self.event_class(event, lit);
                // Of what would lie on each other one is enough.
                if class < Class::Found && last.is_some_and(|(known, same)| same == class && at - known < 1.6) {
                    continue;
                }
                last = Some((at, class));
                let spot = viewport.spot(at, lane);
                dot(&mut paths[class as usize], class, spot, size);
                let urgency = match class {
                    Class::Picked | Class::Focus => 0,
                    Class::Major | Class::Down | Class::Up | Class::Past | Class::Future => 1,
                    Class::Routine => 4,
                    _ => 2,
                };
                if !aside && (urgency < 4 || spacing > 90.0) {
                    wishes.push((urgency, event, at, String::new()));
                }
                if class == Class::Picked {
                    let which = if lit.picked[0] == Some(event) { 1 } else { 2 };
                    numbers.push((spot, which));
                }
            }
        }
        for &event in lit.found {
            let at = viewport.place(self.moment(event));
            if (0.0..=viewport.along).contains(&at) {
                ring(&mut paths[Class::Found as usize], viewport.spot(at, self.lane(self.event(event).process)), 10.0);
            }
        }
        if gap >= LABELLED || viewport.upright {
            wishes.sort_by(|a, b| a.0.cmp(&b.0).then(a.2.total_cmp(&b.2)));
            self.put_labels(viewport, lit, wishes, &mut labels);
        }
        (labels, numbers)
    }

    /// How far apart processes are that are not put aside.
    fn gap(&self, viewport: &Viewport) -> f64 {
        let shown: Vec<f64> =
            self.lanes.iter().zip(self.aside).filter(|(_, aside)| !**aside).map(|(lane, _)| *lane).collect();
        match shown[..] {
            [first, second, ..] => second - first,
            _ => viewport.across,
        }
    }

    /// Puts as many labels as have room, the urgent ones first.
    fn put_labels(
        &self,
        viewport: &Viewport,
        lit: &Lit<'_>,
        wishes: Vec<(u8, u32, f64, String)>,
        labels: &mut Vec<Label>,
    ) {
        let gap = self.gap(viewport);
        let mut taken: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.lanes.len()];
        for (_, event, at, fold) in wishes {
            if labels.len() == LABELS_MAX {
                break;
            }
            let process = self.event(event).process;
            let Some(taken) = taken.get_mut(process as usize) else { continue };
            let lane = self.lane(process);
            let text = if fold.is_empty() { self.event(event).label.clone() } else { fold };
            let small =
                if gap >= LABELLED_TWICE && !viewport.upright { self.vector_text(event) } else { String::new() };
            if text.is_empty() && small.is_empty() {
                continue;
            }
            let (text, small, low, high, spot) = if viewport.upright {
                // Beside the dot, as far as the next line or the edge.
                let letters = ((gap.min(viewport.across - lane) - 16.0) / LETTER).max(0.0) as usize;
                let lit_up = lit.focus.is_some_and(|(focus, ..)| focus == event) || lit.picked.contains(&Some(event));
                if letters < 3 || (letters < 7 && !lit_up && !text.starts_with('×')) {
                    continue;
                }
                let text = shortened(&text, letters);
                (text, small, at - 8.0, at + 8.0, (lane + 10.0, at + 4.0))
            } else {
                let text = if text.starts_with(char::is_numeric) { text } else { shortened(&text, 26) };
                let half =
                    (text.chars().count() as f64 * LETTER).max(small.chars().count() as f64 * SMALL_LETTER) / 2.0;
                // Near the ends it moves inwards instead of being cut off.
                let head = HEAD[0] - 8.0;
                let middle = at.min((viewport.along - half - 2.0).max(at - half)).max((head + half).min(at + half));
                let lift = if small.is_empty() { 14.0 } else { 27.0 };
                (text, small, middle - half - 5.0, middle + half + 5.0, (middle, lane - lift))
            };
            if low < -40.0 || high > viewport.along + 40.0 || taken.iter().any(|&(a, b)| low < b && a < high) {
                continue;
            }
            taken.push((low, high));
            let dim = lit.focus.is_some_and(|(focus, past, future)| {
                event != focus && !past[event as usize] && !future[event as usize] && !lit.picked.contains(&Some(event))
            }) || self.event(event).step > self.now.1;
            labels.push(Label { event, spot, text, small, dim });
        }
        labels.sort_by_key(|label| label.event);
    }

    /// The vector of an event, if clocks are kept: `[1 0 2]` by process, or by name where others are in it.
    #[must_use]
    pub fn vector_text(&self, event: u32) -> String {
        let vector = &self.event(event).stamp.vector;
        if vector.is_empty() {
            return String::new();
        }
        let names = &self.diagram.processes;
        if names.len() > 6 || vector.iter().any(|(name, _)| !names.contains(name)) {
            let entries: Vec<String> = vector.iter().map(|(name, count)| format!("{name}:{count}")).collect();
            return shortened(&format!("{{{}}}", entries.join(" ")), 24);
        }
        let count = |name: &String| vector.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
        let counts: Vec<String> = names.iter().map(|name| count(name).to_string()).collect();
        format!("[{}]", counts.join(" "))
    }

    /// The way of knowledge, along lines and arrows.
    fn draw_chain(&self, viewport: &Viewport, lit: &Lit<'_>, paths: &mut [String]) {
        for pair in lit.chain.windows(2) {
            if self.event(pair[0]).process == self.event(pair[1]).process {
                let (from, until) = (self.spot(viewport, pair[0]), self.spot(viewport, pair[1]));
                arrow(&mut paths[Class::Chain as usize], from, until, false);
            }
        }
    }

    fn ticks(&self, viewport: &Viewport) -> Vec<Tick> {
        let least = (viewport.until - viewport.from) * TICKS_APART / viewport.room();
        let mut step = 1.0;
        // 1, 2, 5, 10 and so on.
        for factor in [2.0, 2.5, 2.0].into_iter().cycle().take(60) {
            if step >= least {
                break;
            }
            step *= factor;
        }
        let first = (viewport.from.max(0.0) / step).ceil();
        let mut ticks = Vec::new();
        for number in 0..64 {
            let moment = (first + f64::from(number)) * step;
            let place = viewport.place(moment);
            if place > viewport.along - 14.0 || moment > viewport.until {
                break;
            }
            let text = if self.columns.is_empty() { time_text(moment, step) } else { format!("{moment:.0}") };
            ticks.push(Tick { place, text });
        }
        ticks
    }
}

/// The way of an arrow, and where it would end.
struct Way {
    from: Spot,
    until: Spot,
    expected: Option<Spot>,
}

/// A time on the axis, as exact as the distance of ticks asks for.
fn time_text(time_us: f64, step_us: f64) -> String {
    let (unit_us, unit) = if step_us >= 100_000.0 {
        (1_000_000.0, "s")
    } else if step_us >= 100.0 {
        (1_000.0, "ms")
    } else {
        (1.0, "µs")
    };
    let digits = [1.0, 0.1, 0.01].iter().position(|&digit| step_us >= unit_us * digit).unwrap_or(3);
    format!("{:.digits$} {unit}", time_us / unit_us)
}

/// A text with at most so many letters.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A line, with a head at its end unless it is too short for one.
fn arrow(path: &mut String, (x, y): Spot, (x2, y2): Spot, head: bool) {
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
fn fine_arrow(path: &mut String, (x, y): Spot, (x2, y2): Spot, head: bool) {
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

fn cross(path: &mut String, (x, y): Spot, r: f64) {
    let _ =
        write!(path, "M{:.1} {:.1}l{s:.1} {s:.1}m0 {:.1}l{:.1} {s:.1}", x - r, y - r, -2.0 * r, -2.0 * r, s = 2.0 * r,);
}

fn ring(path: &mut String, (x, y): Spot, r: f64) {
    let d = 2.0 * r;
    let _ = write!(path, "M{:.1} {y:.1}a{r:.1} {r:.1} 0 1 0 {d:.1} 0a{r:.1} {r:.1} 0 1 0-{d:.1} 0z", x - r);
}

fn dot(path: &mut String, class: Class, spot: Spot, size: f64) {
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

fn capsule(path: &mut String, viewport: &Viewport, from: f64, until: f64, lane: f64, r: f64) {
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
            assert!(drawing.labels.len() <= LABELS_MAX);
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

    #[test]
    fn times_are_as_exact_as_their_distance() {
        assert_eq!(time_text(1_500_000.0, 500_000.0), "1.5 s");
        assert_eq!(time_text(2_000_000.0, 1_000_000.0), "2 s");
        assert_eq!(time_text(12_340.0, 20.0), "12340 µs");
        assert_eq!(time_text(12_300.0, 100.0), "12.3 ms");
        assert_eq!(time_text(5_000.0, 5_000.0), "5 ms");
    }
}
