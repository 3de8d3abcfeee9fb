//! Keys on a picture of the diagram: from event to event, along messages, nearer and further.

use leptos::prelude::*;

use super::{Picture, ZOOM};

impl Picture {
    pub(super) fn key(self, event: &leptos::ev::KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let forth_keys = if self.upright.get_untracked() {
            ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]
        } else {
            ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]
        };
        let key = event.key();
        let here = self.state.hovered.get_untracked().or(self.state.picked.get_untracked()[0]);
        let here = here.and_then(|step| self.state.number(step));
        let viewport = self.viewport_now();
        let next = |event: u32, forth: bool| {
            self.state.with_scene(&viewport, |scene| {
                let line = &scene.index.lines[scene.diagram.events[event as usize].process as usize];
                let place = line.binary_search(&event).ok()?;
                if forth { line.get(place + 1) } else { line.get(place.checked_sub(1)?) }.copied()
            })
        };
        let beside = |event: u32, forth: bool| self.state.with_scene(&viewport, |scene| scene.beside(event, forth));
        let messages = |event: u32, forth: bool| {
            self.state.with(|diagram| {
                let mut ends = diagram.messages.iter().filter_map(|message| message.from.zip(message.to));
                if forth {
                    ends.find(|(from, _)| *from == event).map(|(_, to)| to)
                } else {
                    ends.find(|(_, to)| *to == event).map(|(from, _)| from)
                }
            })
        };
        let goal = match (key.as_str(), here) {
            ("Escape", _) => {
                let nothing =
                    self.state.hovered.get_untracked().is_none() && self.state.picked.get_untracked() == [None; 2];
                if nothing {
                    return;
                }
                self.state.hovered.set(None);
                self.state.picked.set([None; 2]);
                event.prevent_default();
                return;
            }
            ("+" | "=", _) => {
                self.zoom(1.0 / ZOOM, None);
                event.prevent_default();
                return;
            }
            ("-", _) => {
                self.zoom(ZOOM, None);
                event.prevent_default();
                return;
            }
            ("0", _) => {
                self.fit();
                event.prevent_default();
                return;
            }
            ("Enter", Some(here)) => {
                if let Some(step) = self.state.step(here) {
                    self.state.pick(step);
                }
                event.prevent_default();
                return;
            }
            (key, None) if forth_keys.contains(&key) || key == "Home" || key == "End" => {
                // From nowhere one comes to the newest event in sight.
                self.state.with_scene(&viewport, |scene| {
                    let last = (0..scene.diagram.events.len() as u32)
                        .rev()
                        .find(|&event| scene.moment(event) <= viewport.until.min(scene.now.0));
                    last.or((!scene.diagram.events.is_empty()).then_some(0))
                })
            }
            (key, Some(here)) if key == forth_keys[0] => next(here, false),
            (key, Some(here)) if key == forth_keys[1] => next(here, true),
            (key, Some(here)) if key == forth_keys[2] => beside(here, false),
            (key, Some(here)) if key == forth_keys[3] => beside(here, true),
            ("m", Some(here)) => messages(here, true),
            ("M", Some(here)) => messages(here, false),
            ("Home", Some(here)) => self.state.with_scene(&viewport, |scene| {
                scene.index.lines[scene.diagram.events[here as usize].process as usize].first().copied()
            }),
            ("End", Some(here)) => self.state.with_scene(&viewport, |scene| {
                scene.index.lines[scene.diagram.events[here as usize].process as usize].last().copied()
            }),
            _ => return,
        };
        event.prevent_default();
        if let Some(step) = goal.and_then(|event| self.state.step(event)) {
            self.state.hovered.set(Some(step));
            self.reveal(step);
        }
    }
}
