//! One picture of the diagram: pointer, wheel and keys on it.

use leptos::html::Div;
use leptos::prelude::*;
use view::lens::space_time::picture::{badge_text, picture as svg_of};
use view::lens::space_time::plan::{Axis, Class, Drawing, Label, Lit, SPAN_MIN, Viewport};
use view::shapes::{HUES, Paint};
use view::{Condition, Node};

use crate::components::words::seconds;
use crate::mode::use_mode;
use crate::platform::frame::FrameLoop;
use crate::platform::page;
use crate::playground::Selection;

use super::{SpaceTimeState, use_space_time};

/// How near a pointer has to come to an event, in pixels: of a mouse, and of a finger.
const REACH: [f64; 2] = [13.0, 22.0];
/// How near it has to come to an arrow, in pixels.
const ARROW_REACH: f64 = 6.0;
/// A pointer that has moved less has not dragged, in pixels.
const SLIP: f64 = 6.0;
/// A diagram opens with about this many events in it.
const EVENTS_AT_FIRST: usize = 60;
/// How much more or less one turn of the wheel or one key shows.
const ZOOM: f64 = 1.25;
/// Of the window that follows the run, this much is behind the present moment.
const BEHIND: f64 = 0.86;

/// What a pointer does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hand {
    /// It has gone down on the ground, or on an event that cannot be moved.
    Ground { from: (f64, f64), event: Option<u64>, moved: bool },
    /// It holds an event, which goes along its line.
    Event { step: u64, process: u32, from: (f64, f64), at: f64, moved: bool },
}

/// A picture of the diagram, and what is at hand in it.
#[derive(Clone, Copy)]
struct Picture {
    state: SpaceTimeState,
    /// The box, in pixels.
    size: RwSignal<(f64, f64)>,
    upright: Signal<bool>,
    /// How much larger than on a desk everything is.
    scale: Signal<f64>,
    /// The beginning and the length of what is seen, in units of the axis.
    window: RwSignal<(f64, f64)>,
    /// Whether it moves on with the run.
    follows: RwSignal<bool>,
    /// The present moment when it was last looked for.
    seen_now: StoredValue<f64>,
    /// Whether nobody has chosen how much is seen: a short run is seen whole.
    whole: RwSignal<bool>,
    hand: RwSignal<Option<Hand>>,
    /// Fingers that are down: which, and where.
    fingers: RwSignal<Vec<(i32, (f64, f64))>>,
    /// The message under the pointer, by number.
    message: RwSignal<Option<u32>>,
}

impl Picture {
    fn viewport(self) -> Viewport {
        let (width, height) = self.size.get();
        let (from, span) = self.window.get();
        self.box_of(width, height, from, span)
    }

    fn viewport_now(self) -> Viewport {
        let (width, height) = self.size.get_untracked();
        let (from, span) = self.window.get_untracked();
        self.box_of(width, height, from, span)
    }

    fn box_of(self, width: f64, height: f64, from: f64, span: f64) -> Viewport {
        let upright = self.upright.get_untracked();
        let (along, across) = if upright { (height, width) } else { (width, height) };
        let processes = self.state.with(|diagram| diagram.processes.len());
        let across = across.max(Viewport::across_min(upright, processes));
        Viewport { along, across, upright, from, until: from + span }
    }

    fn set(self, viewport: Viewport) {
        self.follows.set(false);
        self.whole.set(false);
        self.window.set((viewport.from, (viewport.until - viewport.from).max(SPAN_MIN)));
    }

    fn zoom(self, factor: f64, place: Option<f64>) {
        let viewport = self.viewport_now();
        if self.follows.get_untracked() {
            // The present moment stays where it is.
            self.whole.set(false);
            self.window.update(|window| window.1 = (window.1 * factor).max(SPAN_MIN));
            self.catch_up();
        } else {
            self.set(viewport.zoomed(factor, place.unwrap_or(viewport.along / 2.0)));
        }
    }

    /// Shows everything.
    fn fit(self) {
        let viewport = self.viewport_now();
        let (from, until) = self.state.with_scene(&viewport, |scene| scene.extent());
        let margin = ((until - from) * 0.03).max(1.0);
        self.set(Viewport { from: from - margin, until: until + margin, ..viewport });
    }

    /// Shows the newest events, and what is to come.
    fn open(self) {
        let viewport = self.viewport_now();
        let logged = self.state.log.with_untracked(Option::is_some);
        let (extent, recent) = self.state.with_scene(&viewport, |scene| {
            let count = scene.diagram.events.len();
            let recent = count.checked_sub(EVENTS_AT_FIRST).map(|event| scene.moment(event as u32));
            let early = scene.moment((EVENTS_AT_FIRST.min(count.saturating_sub(1))) as u32);
            (scene.extent(), if logged { Some(early) } else { recent })
        });
        let span = match recent {
            Some(early) if logged => early - extent.0,
            Some(recent) => extent.1 - recent,
            None => extent.1 - extent.0,
        };
        let span = (span * 1.1).max(if logged { SPAN_MIN } else { 200_000.0 });
        self.window.set((extent.0 - span * 0.03, span));
        self.follows.set(!logged);
        self.whole.set(!logged);
        self.catch_up();
    }

    /// Moves on with the run.
    fn catch_up(self) {
        if !self.follows.get_untracked() {
            return;
        }
        let viewport = self.viewport_now();
        let (extent, now, count) =
            self.state.with_scene(&viewport, |scene| (scene.extent(), scene.now.0, scene.diagram.events.len()));
        let span = viewport.until - viewport.from;
        let all = (now - extent.0) / BEHIND * 1.02;
        let span = if self.whole.get_untracked() && count <= EVENTS_AT_FIRST { span.max(all) } else { span };
        let from = (now - span * BEHIND).max(extent.0 - span * 0.02);
        if (from - viewport.from).abs() > span * 1e-4 || span > viewport.until - viewport.from {
            self.window.set((from, span));
        }
    }

    /// Brings the present moment into view, unless it has been where it is for a while.
    fn see_now(self) {
        let viewport = self.viewport_now();
        let now = self.state.with_scene(&viewport, |scene| scene.now.0);
        let before = self.seen_now.get_value();
        self.seen_now.set_value(now);
        if before != now
            && !(viewport.from..=viewport.until).contains(&now)
            && self.state.log.with_untracked(Option::is_none)
        {
            let span = viewport.until - viewport.from;
            self.window.set((now - span / 2.0, span));
        }
    }

    /// Brings a step into view.
    fn reveal(self, step: u64) {
        let viewport = self.viewport_now();
        let Some(moment) =
            self.state.number(step).map(|event| self.state.with_scene(&viewport, |scene| scene.moment(event)))
        else {
            return;
        };
        let span = viewport.until - viewport.from;
        if !(viewport.from..=viewport.until).contains(&moment) {
            self.follows.set(false);
            self.window.set((moment - span / 2.0, span));
        }
    }

    fn event_at(self, spot: (f64, f64), finger: bool) -> Option<u64> {
        let viewport = self.viewport_now();
        let event =
            self.state.with_scene(&viewport, |scene| scene.nearest(&viewport, spot, REACH[usize::from(finger)]))?;
        self.state.step(event)
    }

    fn down(self, id: i32, spot: (f64, f64), finger: bool) {
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

    fn moved(self, id: i32, spot: (f64, f64), finger: bool) {
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

    fn up(self, id: i32, spot: (f64, f64), finger: bool) {
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

    fn key(self, event: &leptos::ev::KeyboardEvent) {
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

/// The diagram. Upright time goes down, as on phones and in the panel.
#[component]
pub fn Diagram(
    /// Whether time goes down.
    #[prop(into)]
    upright: Signal<bool>,
    /// Whether it is part of something that scrolls, so that fingers and wheels are for that.
    #[prop(optional)]
    within: bool,
) -> impl IntoView {
    let state = use_space_time();
    state.attend();
    let mode = use_mode();
    let picture = Picture {
        state,
        size: RwSignal::new((0.0, 0.0)),
        upright,
        scale: Signal::derive(move || if mode.present.get() { 1.5 } else { 1.0 }),
        window: RwSignal::new((0.0, 1_000_000.0)),
        follows: RwSignal::new(true),
        seen_now: StoredValue::new(0.0),
        whole: RwSignal::new(true),
        hand: RwSignal::new(None),
        fingers: RwSignal::new(Vec::new()),
        message: RwSignal::new(None),
    };
    let area = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            let measured = area.clone();
            page::on_resize(&area, move || {
                let scale = picture.scale.get_untracked();
                let size = (f64::from(measured.client_width()) / scale, f64::from(measured.client_height()) / scale);
                let first = picture.size.get_untracked() == (0.0, 0.0);
                picture.size.set(size);
                if first {
                    picture.open();
                }
            })
            .keep();
        }
    });
    // While it plays, the present moment goes on with every frame.
    let frames = FrameLoop::new(move |_| state.follow());
    let playing = state.playground.playing;
    Effect::new({
        let frames = frames.clone();
        move |_| if playing.get() { frames.start() } else { frames.stop() }
    });
    page::Guard::new(move || frames.end()).keep();
    Effect::new(move |_| {
        state.version.track();
        state.now_us.track();
        picture.catch_up();
    });
    Effect::new(move |before: Option<(u32, bool)>| {
        let (shows, upright) = (state.shows.get(), upright.get());
        if before.is_some_and(|(count, was)| count != shows.0 || was != upright) {
            match shows.1 {
                Some(step) if before.is_some_and(|(count, _)| count != shows.0) => picture.reveal(step),
                _ => picture.open(),
            }
        }
        (shows.0, upright)
    });
    // The timeline leads to a moment: it comes into view, wherever one has looked.
    Effect::new(move |_| {
        state.playground.time_us.track();
        state.version.track();
        if !playing.get_untracked() {
            picture.see_now();
        }
    });
    // Whoever has not chosen what to see sees a run that begins anew as when it was opened.
    Effect::new(move |_| {
        state.beginnings.track();
        if picture.whole.get_untracked() && picture.size.get_untracked() != (0.0, 0.0) {
            picture.open();
        }
    });
    // The axis means something else: the window has to be found anew. A run that is opened begins elsewhere.
    Effect::new(move |before: Option<(Axis, u32)>| {
        let now = (state.axis.get(), state.playground.loads.get());
        if before.is_some_and(|before| before != now) {
            picture.open();
        }
        now
    });
    let drawing = Memo::new(move |_| {
        state.version.track();
        state.now_us.track();
        state.aside.track();
        let viewport = picture.viewport();
        let cone = state.cone.get();
        let picked = state.picked.get().map(|step| step.and_then(|step| state.number(step)));
        let comparison = state.comparison.get();
        let chain = comparison.as_ref().map_or(&[][..], |comparison| &comparison.chain);
        state.found.with(|found| {
            let lit = Lit {
                focus: cone.as_ref().map(|cone| (cone.event, &cone.past[..], &cone.future[..])),
                picked,
                chain,
                found,
            };
            state.with_scene(&viewport, |scene| scene.draw(&viewport, &lit))
        })
    });
    if !within {
        state.playground.draw_stage_with(Some(Box::new(move |theme| {
            let viewport = picture.viewport_now();
            let title = state.log.with_untracked(|log| log.as_ref().map(|log| log.name.clone()));
            let title = title.unwrap_or_else(|| state.playground.title());
            let picked = state.picked.get_untracked().map(|step| step.and_then(|step| state.number(step)));
            let comparison = state.comparison.get_untracked();
            let chain = comparison.as_ref().map_or(&[][..], |comparison| &comparison.chain);
            let cone = state.cone.get_untracked();
            let focus = cone.as_ref().map(|cone| (cone.event, &cone.past[..], &cone.future[..]));
            let lit = Lit { focus, picked, chain, found: &[] };
            state.with_scene(&viewport, |scene| svg_of(scene, &viewport, &lit, theme, &title))
        })));
        on_cleanup(move || state.playground.draw_stage_with(None));
    }
    let spot_of = move |event: &leptos::ev::PointerEvent| {
        let area = area.get_untracked();
        let scale = picture.scale.get_untracked();
        let spot = area.map(|area| page::spot_in(&area, f64::from(event.client_x()), f64::from(event.client_y())));
        spot.map_or((0.0, 0.0), |(x, y)| (x / scale, y / scale))
    };
    let finger = |event: &leptos::ev::PointerEvent| event.pointer_type() == "touch";
    let wheel = move |event: leptos::ev::WheelEvent| {
        let zoom = event.ctrl_key() || event.meta_key();
        let (dx, dy) = (event.delta_x(), event.delta_y());
        if !zoom && within && dx.abs() <= dy.abs() {
            return;
        }
        event.prevent_default();
        if zoom {
            let area = area.get_untracked();
            let spot = area.map(|area| page::spot_in(&area, f64::from(event.client_x()), f64::from(event.client_y())));
            let place = spot.map(|spot| picture.viewport_now().along_across(spot).0);
            picture.zoom(if dy > 0.0 { ZOOM } else { 1.0 / ZOOM }, place);
        } else {
            let by = if dx.abs() > dy.abs() { dx } else { dy };
            picture.set(picture.viewport_now().moved(by));
        }
    };
    let size = move || {
        let viewport = picture.viewport();
        if viewport.upright { (viewport.across, viewport.along) } else { (viewport.along, viewport.across) }
    };
    let hand = move || match picture.hand.get() {
        Some(Hand::Ground { moved: true, .. }) => "grabbing",
        Some(Hand::Event { .. }) => "moving",
        _ if state.hovered.get().is_some() => "event",
        _ => "ground",
    };
    view! {
        <div class="st" class:upright=move || upright.get() class:within=within>
            <div
                class="st-area"
                node_ref=area
                role="application"
                aria-roledescription="space-time diagram"
                aria-label="Space-time diagram. Arrow keys move along a process and to another one, M follows a message, Enter compares."
                tabindex="0"
                data-hand=hand
                on:keydown=move |event| picture.key(&event)
                on:wheel=wheel
                on:pointerdown=move |event| {
                    if event.button() == 0 && !page::came_to(&event, ".st-badge") {
                        page::capture(&event);
                        picture.down(event.pointer_id(), spot_of(&event), finger(&event));
                    }
                }
                on:pointermove=move |event| picture.moved(event.pointer_id(), spot_of(&event), finger(&event))
                on:pointerup=move |event| picture.up(event.pointer_id(), spot_of(&event), finger(&event))
                on:pointercancel=move |event| {
                    picture.hand.set(None);
                    picture.fingers.update(|fingers| fingers.retain(|(known, _)| *known != event.pointer_id()));
                }
                on:pointerleave=move |_| {
                    if picture.hand.get_untracked().is_none() {
                        state.hovered.set(None);
                        picture.message.set(None);
                    }
                }
            >
                <svg
                    class="st-art"
                    width=move || size().0 * picture.scale.get()
                    height=move || size().1 * picture.scale.get()
                    viewBox=move || format!("0 0 {} {}", size().0, size().1)
                >
                    <Ticks picture=picture drawing=drawing />
                    {Class::ALL
                        .iter()
                        .map(|&class| {
                            let path = move || {
                                drawing.with(|drawing| drawing.paths.get(class as usize).cloned().unwrap_or_default())
                            };
                            let ink = class.ink();
                            let dash = (!ink.dash.is_empty()).then_some(ink.dash);
                            view! {
                                <path
                                    class=format!("fill-{} stroke-{}", ink.fill, ink.stroke)
                                    data-shows=format!("{class:?}")
                                    stroke-width=ink.width
                                    stroke-dasharray=dash
                                    d=path
                                ></path>
                            }
                        })
                        .collect_view()}
                    <Labels picture=picture drawing=drawing />
                    <Ghost picture=picture />
                    <Badges picture=picture />
                </svg>
            </div>
            <Said picture=picture />
        </div>
    }
    .into_any()
}

#[component]
fn Ticks(picture: Picture, drawing: Memo<Drawing>) -> impl IntoView {
    let ticks = Memo::new(move |_| drawing.with(|drawing| drawing.ticks.clone()));
    let now = move || {
        let viewport = picture.viewport();
        picture.state.now_us.track();
        picture.state.version.track();
        let logged = picture.state.log.with(Option::is_some);
        let place = picture.state.with_scene(&viewport, |scene| viewport.place(scene.now.0));
        let seen = !logged && place > viewport.badge() + 24.0 && place < viewport.along;
        seen.then(|| {
            let ((x, y), (x2, y2)) = (viewport.spot(place, 4.0), viewport.spot(place, viewport.across - 4.0));
            format!("M{x:.1} {y:.1}L{x2:.1} {y2:.1}")
        })
    };
    let tick = move |index: usize| {
        let text = move || ticks.with(|ticks| ticks.get(index).map(|tick| tick.text.clone()));
        let place = move || ticks.with(|ticks| ticks.get(index).map_or(0.0, |tick| tick.place));
        let spot = move || {
            let viewport = picture.viewport();
            if viewport.upright {
                (viewport.spot(place() + 4.0, 6.0), "start")
            } else {
                (viewport.spot(place(), viewport.across - 7.0), "middle")
            }
        };
        let line = move || {
            let viewport = picture.viewport();
            let (x, y) = viewport.spot(place(), if viewport.upright { 42.0 } else { 0.0 });
            let (x2, y2) =
                viewport.spot(place(), if viewport.upright { viewport.across } else { viewport.across - 22.0 });
            format!("M{x:.1} {y:.1}L{x2:.1} {y2:.1}")
        };
        view! {
            <path class="st-grid" d=line></path>
            <text class="st-time" x=move || spot().0.0 y=move || spot().0.1 text-anchor=move || spot().1>{text}</text>
        }
    };
    let count = Memo::new(move |_| ticks.with(Vec::len));
    view! {
        <g aria-hidden="true">
            <For each=move || 0..count.get() key=|index| *index let:index>{tick(index)}</For>
            <path class="st-now" d=now></path>
        </g>
    }
    .into_any()
}

#[component]
fn Labels(picture: Picture, drawing: Memo<Drawing>) -> impl IntoView {
    let count = Memo::new(move |_| drawing.with(|drawing| drawing.labels.len()));
    let upright = picture.upright;
    // Texts are reused in place: there are few, and what they say changes with every frame that moves on.
    let label = move |index: usize| {
        let label = Memo::new(move |_| drawing.with(|drawing| drawing.labels.get(index).cloned()));
        let read =
            move |part: fn(&Label) -> String| move || label.with(|label| label.as_ref().map(part).unwrap_or_default());
        view! {
            <g
                class="st-label"
                class:dim=move || label.with(|label| label.as_ref().is_some_and(|label| label.dim))
                text-anchor=move || if upright.get() { "start" } else { "middle" }
                transform=read(|label| format!("translate({:.1} {:.1})", label.spot.0, label.spot.1))
            >
                <text>{read(|label| label.text.clone())}</text>
                <text class="st-vector" y="13">{read(|label| label.small.clone())}</text>
            </g>
        }
    };
    let numbers = move || {
        drawing.with(|drawing| {
            drawing
                .numbers
                .iter()
                .map(|((x, y), which)| {
                    view! { <text class="st-number" x=*x y=y + 4.2 text-anchor="middle">{which.to_string()}</text> }
                })
                .collect_view()
        })
    };
    view! {
        <g aria-hidden="true">
            <For each=move || 0..count.get() key=|index| *index let:index>{label(index)}</For>
            {numbers}
        </g>
    }
    .into_any()
}

/// The event in somebody's hand, where it would be.
#[component]
fn Ghost(picture: Picture) -> impl IntoView {
    move || {
        let Some(Hand::Event { step, process, at, moved: true, .. }) = picture.hand.get() else { return None };
        let viewport = picture.viewport();
        let event = picture.state.number(step)?;
        let (lane, sender) = picture.state.with_scene(&viewport, |scene| {
            let from = scene
                .diagram
                .messages
                .iter()
                .find(|message| message.to == Some(event))
                .and_then(|message| message.from);
            (scene.lanes.get(process as usize).copied().unwrap_or(0.0), from.map(|from| scene.spot(&viewport, from)))
        });
        let (x, y) = viewport.spot(at, lane);
        let time_us = viewport.moment(at).max(0.0) as u64;
        let arrow = sender.map(|(x1, y1)| format!("M{x1:.1} {y1:.1}L{x:.1} {y:.1}"));
        Some(view! {
            <g class="st-ghost" aria-hidden="true">
                <path d=arrow></path>
                <circle cx=x cy=y r="8"></circle>
                <text x=x + 12.0 y=y - 12.0>{seconds(time_us)}</text>
            </g>
        })
    }
}

/// The names of the processes, which are machines that something can be done to.
#[component]
fn Badges(picture: Picture) -> impl IntoView {
    let state = picture.state;
    let names = Memo::new(move |_| {
        state.version.track();
        state.with(|diagram| diagram.processes.clone())
    });
    let badge = move |(index, name): (usize, String)| {
        let node = {
            let name = name.clone();
            Memo::new(move |_| {
                let logged = state.log.with(Option::is_some);
                let found =
                    state.playground.stage.with(|stage| stage.nodes.iter().find(|node| node.id == name).cloned());
                found.filter(|_| !logged).map(|node| Node { timer_us: None, ..node })
            })
        };
        let place = move || {
            let viewport = picture.viewport();
            state.aside.track();
            state.version.track();
            let lane = viewport.lanes(&state.aside_by_number()).get(index).copied().unwrap_or(0.0);
            let (x, y) = viewport.spot(viewport.badge(), lane);
            format!("translate({x:.1} {y:.1})")
        };
        let picked = {
            let name = name.clone();
            Memo::new(move |_| {
                state.playground.selected.with(|picked| matches!(picked, Some(Selection::Node(id)) if *id == name))
            })
        };
        let hue = move || {
            let hue = node.with(|node| node.as_ref().map_or(Some(index as u32 % HUES), |node| node.hue));
            format!("st-disk stroke-{}", Paint::hue(hue).name())
        };
        let shown = badge_text(&name);
        let label = {
            let name = name.clone();
            move || node.with(|node| node.as_ref().map_or_else(|| name.clone(), Node::spoken))
        };
        let down = move || node.with(|node| node.as_ref().is_some_and(|node| node.condition == Condition::Crashed));
        let pick = {
            let name = name.clone();
            move || {
                if node.with_untracked(Option::is_some) {
                    state.playground.select(Some(Selection::Node(name.clone())));
                }
            }
        };
        let by_key = pick.clone();
        view! {
            <g
                class="st-badge"
                class:picked=move || picked.get()
                class:down=down
                role="button"
                tabindex="0"
                aria-label=label
                aria-pressed=move || picked.get().to_string()
                transform=place
                on:click=move |_| pick()
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "Enter" | " ") {
                        event.prevent_default();
                        event.stop_propagation();
                        by_key();
                        page::focus_first_of(crate::components::stage::TOOLS_ID);
                    }
                }
            >
                <circle class="st-rim" r="19"></circle>
                <circle class=hue r="17"></circle>
                <text y="4.5" text-anchor="middle">{shown}</text>
            </g>
        }
    };
    let each = move || names.get().into_iter().enumerate().collect::<Vec<_>>();
    view! { <For each=each key=|(index, name)| (*index, name.clone()) let:one>{badge(one)}</For> }.into_any()
}

/// Nearer, further, everything, and on with the run.
#[component]
fn Zoom(picture: Picture) -> impl IntoView {
    let follow = move || {
        (!picture.state.log.with(Option::is_some)).then(|| {
            view! {
                <button
                    aria-pressed=move || picture.follows.get().to_string()
                    on:click=move |_| {
                        picture.follows.update(|follows| *follows = !*follows);
                        picture.catch_up();
                    }
                >
                    "Follow"
                </button>
            }
        })
    };
    view! {
        <div class="st-zoom" role="group" aria-label="What is seen">
            <button class="square" aria-label="Further away" on:click=move |_| picture.zoom(ZOOM * ZOOM, None)>"−"</button>
            <button class="square" aria-label="Nearer" on:click=move |_| picture.zoom(1.0 / (ZOOM * ZOOM), None)>"+"</button>
            <button on:click=move |_| picture.fit()>"All"</button>
            {follow}
        </div>
    }
    .into_any()
}

/// What is under the pointer, in words.
#[component]
fn Said(picture: Picture) -> impl IntoView {
    let state = picture.state;
    let words = Memo::new(move |_| {
        state.version.track();
        if let Some(step) = state.hovered.get() {
            return state.spoken(step);
        }
        let number = picture.message.get()?;
        state.with(|diagram| {
            let message = diagram.messages.get(number as usize)?;
            let name = |process: u32| diagram.processes.get(process as usize).map_or("", String::as_str);
            let end = match (message.to, message.lost) {
                (Some(_), _) => "",
                (None, true) => ", lost",
                (None, false) => ", on its way",
            };
            Some(format!("{}: {} → {}{end}", message.kind, name(message.sender), name(message.receiver)))
        })
    });
    let hint = move || {
        let counts = state.counts()?;
        Some(view! {
            <span><i class="key past"></i>{format!("{} before", counts.0)}</span>
            <span><i class="key future"></i>{format!("{} after", counts.1)}</span>
            <span><i class="key beside"></i>{format!("{} concurrent", counts.2)}</span>
        })
    };
    view! {
        <div class="st-said">
            <p aria-live="polite">{move || words.get()}</p>
            <div class="st-key">{hint}</div>
            <Zoom picture=picture />
        </div>
    }
    .into_any()
}
