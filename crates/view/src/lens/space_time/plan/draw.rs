//! From what can be seen to paths: lines, arrows, events. Whatever looks alike is one path, and of what would lie on
//! each other only one is drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::ink::Class;
use super::labels::{LABELLED, LETTER};
use super::strokes::{arrow, capsule, cross, dot, fine_arrow, ring};
use super::viewport::{HEAD, Viewport};
use super::{Drawing, Label, Lit, Message, Scene, Standing, Way};
use crate::geometry::Spot;
use crate::narration::Weight;

/// With more arrows than this in sight, those that nearly coincide are drawn as one.
const ARROWS_MANY: usize = 1_200;
/// With more than this they are drawn finely.
const ARROWS_SOME: usize = 160;

impl Scene<'_> {
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
            crate::order::by(&mut wishes, |a, b| a.0.cmp(&b.0).then(a.2.total_cmp(&b.2)));
            self.put_labels(viewport, lit, wishes, &mut labels);
        }
        (labels, numbers)
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
}
