//! What pointers do on a picture of the diagram: point, click, drag the ground or an event, pinch.

use leptos::prelude::*;
use view::lens::space_time::plan::{Axis, SPAN_MIN, Viewport};

use crate::playground::Selection;

use super::Picture;

/// How near a pointer has to come to an event, in pixels: of a mouse, and of a finger.
const REACH: [f64; 2] = [13.0, 22.0];
/// How near it has to come to an arrow, in pixels.
const ARROW_REACH: f64 = 6.0;
/// A pointer that has moved less has not dragged, in pixels.
const SLIP: f64 = 6.0;

/// What a pointer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hand {
    /// It has gone down on the ground, or on an event that cannot be moved.
    Ground { from: (f64, f64), event: Option<u64>, moved: bool },
    /// It holds an event, which goes along its line.
    Event { step: u64, process: u32, from: (f64, f64), at: f64, moved: bool },
}

impl Picture {
    fn event_at(self, spot: (f64, f64), finger: bool) -> Option<u64> {
        let viewport = self.viewport_now();
        let event =
            self.state.with_scene(&viewport, |scene| scene.nearest(&viewport, spot, REACH[usize::from(finger)]))?;
        self.state.step(event)
    }

    pub(super) fn down(self, id: i32, spot: (f64, f64), finger: bool) {
        self.fingers.update(|fingers| fingers.push((id, spot)));
        if self.fingers.with_untracked(Vec::len) > 1 {
            self.hand.set(None);
            return;
        }
        let event = self.event_at(spot, finger);
        let movable = event.filter(|&step| self.is_movable(step));
        self.hand.set(Some(match movable {
            Some(step) => {
                let process = self
                    .state
                    .number(step)
                    .map_or(0, |event| self.state.with(|diagram| diagram.events[event as usize].process));
                let at = self.viewport_now().along_across(spot).0;
                Hand::Event { step, process, from: spot, at, moved: false }
            }
            None => Hand::Ground { from: spot, event, moved: false },
        }));
    }

    /// Whether an event is a receipt or was asked for, so that it could have been at another time.
    fn is_movable(self, step: u64) -> bool {
        if self.state.log.with_untracked(Option::is_some) {
            return false;
        }
        // In logical time there is nowhere to put it.
        let timed = self.state.axis.get_untracked() == Axis::Time;
        let what = self.state.playground.read(|session| session.event(step)).map(|event| event["what"].clone());
        timed && what.is_some_and(|what| what == "deliver" || what == "command")
    }

    pub(super) fn moved(self, id: i32, spot: (f64, f64), finger: bool) {
        let before = self.fingers.with_untracked(|fingers| fingers.clone());
        self.fingers.update(|fingers| {
            if let Some(known) = fingers.iter_mut().find(|(known, _)| *known == id) {
                known.1 = spot;
            }
        });
        if let ([(_, a), (_, b)], Some(now)) = (&before[..], self.pinch()) {
            let viewport = self.viewport_now();
            let along = |spot: &(f64, f64)| viewport.along_across(*spot).0;
            let was = ((along(a) - along(b)).abs().max(8.0), (along(a) + along(b)) / 2.0);
            let viewport = viewport.moved(was.1 - now.1).zoomed(was.0 / now.0, now.1);
            self.set(viewport);
            return;
        }
        match self.hand.get_untracked() {
            Some(Hand::Ground { from, event, moved }) => {
                let far = (spot.0 - from.0).hypot(spot.1 - from.1);
                if moved || far > SLIP {
                    let viewport = self.viewport_now();
                    let by = viewport.along_across(from).0 - viewport.along_across(spot).0;
                    self.set(viewport.moved(by));
                    self.hand.set(Some(Hand::Ground { from: spot, event, moved: true }));
                }
            }
            Some(Hand::Event { step, process, from, moved, .. }) => {
                let viewport = self.viewport_now();
                let far = (viewport.along_across(spot).0 - viewport.along_across(from).0).abs();
                let at = viewport.along_across(spot).0;
                self.hand.set(Some(Hand::Event { step, process, from, at, moved: moved || far > SLIP }));
            }
            None => {
                let event = self.event_at(spot, finger);
                if self.state.hovered.get_untracked() != event {
                    self.state.hovered.set(event);
                }
                let viewport = self.viewport_now();
                let message = if event.is_some() {
                    None
                } else {
                    self.state.with_scene(&viewport, |scene| scene.message_at(&viewport, spot, ARROW_REACH))
                };
                if self.message.get_untracked() != message {
                    self.message.set(message);
                }
            }
        }
    }

    /// How far apart two fingers are along the axis, and their middle.
    fn pinch(self) -> Option<(f64, f64)> {
        let upright = self.upright.get_untracked();
        self.fingers.with_untracked(|fingers| match fingers[..] {
            [(_, a), (_, b)] => {
                let along = |spot: (f64, f64)| if upright { spot.1 } else { spot.0 };
                Some(((along(a) - along(b)).abs().max(8.0), (along(a) + along(b)) / 2.0))
            }
            _ => None,
        })
    }

    pub(super) fn up(self, id: i32, spot: (f64, f64), finger: bool) {
        self.fingers.update(|fingers| fingers.retain(|(known, _)| *known != id));
        let Some(hand) = self.hand.get_untracked() else { return };
        self.hand.set(None);
        match hand {
            Hand::Ground { moved: true, .. } => {}
            Hand::Ground { event: Some(step), .. } | Hand::Event { step, moved: false, .. } => self.click(step),
            Hand::Ground { event: None, .. } => {
                let viewport = self.viewport_now();
                let reach = if finger { 2.0 * ARROW_REACH } else { ARROW_REACH };
                let message = self.state.with_scene(&viewport, |scene| scene.message_at(&viewport, spot, reach));
                self.click_message(message);
            }
            Hand::Event { step, at, moved: true, .. } => self.drop_event(step, at),
        }
        if finger {
            self.state.hovered.set(None);
        }
    }

    /// An event is picked; many in one are looked at more closely.
    fn click(self, step: u64) {
        let viewport = self.viewport_now();
        let fold = self.state.number(step).and_then(|event| {
            self.state.with_scene(&viewport, |scene| {
                let folded = scene.folded?;
                let mark = &folded.marks[*folded.mark_of.get(event as usize)? as usize];
                let (first, last) = (*mark.events.first()?, *mark.events.last()?);
                (mark.events.len() > 1 && self.state.picked.get_untracked()[0].is_none())
                    .then(|| (scene.moment(first), scene.moment(last)))
            })
        });
        match fold {
            Some((from, until))
                if until - from > SPAN_MIN && (until - from) < (viewport.until - viewport.from) / 3.0 =>
            {
                let margin = (until - from) * 0.3;
                self.set(Viewport { from: from - margin, until: until + margin, ..viewport });
                self.state.fold.set(false);
            }
            _ => self.state.pick(step),
        }
    }

    /// A message that is on its way is picked, so that something can be done to it; elsewhere nothing is picked.
    fn click_message(self, message: Option<u32>) {
        let under_way = message.and_then(|number| {
            self.state.with(|diagram| {
                let message = diagram.messages.get(number as usize)?;
                (message.to.is_none() && !message.lost).then(|| message.id.clone())
            })
        });
        match under_way {
            Some(id) => self.state.playground.select(Some(Selection::Message(id))),
            None => {
                self.state.picked.set([None; 2]);
                self.state.playground.select(None);
            }
        }
    }

    fn drop_event(self, step: u64, at: f64) {
        let at_us = self.viewport_now().moment(at).max(0.0) as u64;
        self.state.playground.retime(step, at_us);
    }
}
