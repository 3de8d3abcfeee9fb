//! Jumps from one turning point to the next, also to those that nobody has simulated yet.

use labs::Roles;
use leptos::prelude::*;
use view::timeline::{Strip, Target, Turning};

use crate::components::icons::{Glyph, Icon};
use crate::components::words::seconds;
use crate::platform::frame::FrameLoop;
use crate::platform::page::Guard;
use crate::playground::{Playground, use_playground};
use crate::reactive::{Memo, RwSignal, StoredValue};

use super::Axis;
use super::transport::change_speed;

/// How far ahead is looked for something that has not been simulated yet, in µs.
const AHEAD_US: u64 = 30_000_000;
/// Steps that are simulated within one frame while looking ahead.
const STEPS_PER_FRAME: u32 = 2_000;

/// Looking ahead for a turning point.
#[derive(Clone, Copy)]
struct Search {
    turning: Turning,
    /// Where it began, as time and step.
    from: (u64, u64),
    until_us: u64,
    /// Where it is now. If the run is somewhere else, somebody has gone there, and the search is over.
    at: (u64, u64),
}

/// Jumps; copies share it.
#[derive(Clone, Copy)]
pub struct Jumper {
    playground: Playground,
    axis: Axis,
    search: StoredValue<Option<Search>>,
    frames: StoredValue<Option<FrameLoop>>,
}

impl Jumper {
    pub fn new(playground: Playground, axis: Axis) -> Self {
        let this = Self { playground, axis, search: StoredValue::new(None), frames: StoredValue::new(None) };
        let frames = FrameLoop::new(move |_| this.look_on());
        this.frames.set_value(Some(frames.clone()));
        Guard::new(move || frames.end()).keep();
        this
    }

    /// Takes a key press; returns whether it means something here.
    pub fn key(self, key: &str) -> bool {
        match key {
            "[" => self.back(Turning::Any),
            "]" => self.on(Turning::Any),
            "<" => change_speed(self.playground, false),
            ">" => change_speed(self.playground, true),
            _ => return false,
        }
        true
    }

    /// Goes somewhere.
    pub fn go(self, target: Target) {
        self.stop();
        match target.step {
            Some(step) => self.playground.seek_step(step),
            None => self.playground.seek(target.at_us),
        }
    }

    /// The last turning point before the present, if there is one.
    fn before(self, turning: Turning) -> Option<Target> {
        self.find(turning, Strip::before)
    }

    /// The next that is known.
    fn after(self, turning: Turning) -> Option<Target> {
        self.find(turning, Strip::after)
    }

    fn find(self, turning: Turning, look: fn(&Strip, Turning, (u64, u64)) -> Option<Target>) -> Option<Target> {
        self.axis.strip.with(|strip| look(strip, turning, self.here()))
    }

    fn here(self) -> (u64, u64) {
        self.playground.read(|session| (session.time_us(), session.step_count()))
    }

    /// Goes to the last turning point before the present.
    fn back(self, turning: Turning) {
        self.playground.pause();
        match untrack(|| self.before(turning)) {
            Some(target) => self.go(target),
            None => self.say(format!("No {} before this", noun(turning, self.playground.lab.get_untracked().roles))),
        }
    }

    /// Goes to the next turning point, and looks ahead for it if none is known.
    fn on(self, turning: Turning) {
        self.playground.pause();
        match untrack(|| self.after(turning)) {
            Some(target) => self.go(target),
            // Faults are given by people; the run itself brings none.
            None if turning == Turning::Fault => self.say("No fault after this".to_owned()),
            None => {
                let from = self.here();
                let until_us = self.playground.read(|session| session.explored_us()).max(from.0) + AHEAD_US;
                self.search.set_value(Some(Search { turning, from, until_us, at: from }));
                self.frames.with_value(|frames| frames.iter().for_each(FrameLoop::start));
            }
        }
    }

    fn stop(self) {
        self.search.set_value(None);
        self.frames.with_value(|frames| frames.iter().for_each(FrameLoop::stop));
    }

    /// One frame of looking ahead.
    fn look_on(self) {
        let Some(search) = self.search.get_value() else { return self.stop() };
        if self.here() != search.at || self.playground.playing.get_untracked() {
            self.axis.notice.set(None);
            return self.stop();
        }
        let arrived = self.playground.look_ahead(search.until_us, STEPS_PER_FRAME);
        let found = self.playground.read(|session| session.strip().after(search.turning, search.from));
        if let Some(target) = found {
            return self.go(target);
        }
        let (at_us, step) = self.here();
        if !arrived {
            self.search.set_value(Some(Search { at: (at_us, step), ..search }));
            let what = noun(search.turning, self.playground.lab.get_untracked().roles);
            self.axis
                .notice
                .set(Some((search.from.0, format!("Looking ahead for the next {what}: {}", seconds(at_us)))));
            return;
        }
        // Back to where it began, which may lie between two steps.
        self.stop();
        self.playground.seek_step(search.from.1);
        if self.here().0 < search.from.0 {
            self.playground.seek(search.from.0);
        }
        self.say(format!(
            "No {} up to {}",
            noun(search.turning, self.playground.lab.get_untracked().roles),
            seconds(search.until_us)
        ));
    }

    fn say(self, text: String) {
        self.playground.announcement.set(text.clone());
        self.axis.notice.set(Some((self.here().0, text)));
    }
}

fn noun(turning: Turning, roles: Option<&Roles>) -> String {
    let word = match turning {
        Turning::Role => return roles.map_or("turning point", |roles| roles.turning).to_ascii_lowercase(),
        Turning::Fault => "fault",
        Turning::Violation => "violation",
        Turning::Any => "turning point",
    };
    word.to_owned()
}

/// The times of which one can see as much as one wants, in µs.
const ZOOMS: [(&str, Option<u64>); 3] = [("Whole run", None), ("10 s", Some(10_000_000)), ("1 s", Some(1_000_000))];

/// Jumps, the zoom and, on phones, the branches. On narrow windows a button opens them.
#[component]
pub fn Jumps(axis: Axis, jumper: Jumper) -> impl IntoView {
    let open = RwSignal::new(false);
    let zoom = move |event| {
        let chosen = event_target_value(&event);
        if let Some((_, zoom)) = ZOOMS.iter().find(|(name, _)| *name == chosen) {
            axis.zoom.set(*zoom);
        }
    };
    let option = |(name, zoom): (&'static str, Option<u64>)| {
        view! { <option value=name selected=move || axis.zoom.get() == zoom>{name}</option> }
    };
    // Where nobody can be in charge there is nothing of the kind to jump to.
    let playground = use_playground();
    let elections = move || {
        let roles = playground.lab.get().roles?;
        Some(view! { <Pair jumper turning=Turning::Role name=roles.turning /> })
    };
    let close = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            open.set(false);
        }
    };
    view! {
        <div class="jumps" class:open=move || open.get() on:keydown=close>
            <button
                class="square more"
                aria-label="Jump"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Glyph icon=Icon::Jump />
            </button>
            <div class="choices">
                {elections}
                <Pair jumper turning=Turning::Fault name="Fault" />
                <Pair jumper turning=Turning::Violation name="Violation" />
                <BranchChoice axis />
                <select aria-label="Zoom" title="How much of the run is shown" on:change=zoom>{ZOOMS.map(option)}</select>
            </div>
        </div>
    }
    .into_any()
}

/// Back and on to one kind of turning point.
#[component]
fn Pair(jumper: Jumper, turning: Turning, name: &'static str) -> impl IntoView {
    let playground = use_playground();
    let moved = move || {
        playground.revision.track();
        playground.time_us.track();
    };
    let none_before = Memo::new(move |_| {
        moved();
        jumper.before(turning).is_none()
    });
    let none_after = Memo::new(move |_| {
        moved();
        turning == Turning::Fault && jumper.after(turning).is_none()
    });
    let noun = noun(turning, playground.lab.get_untracked().roles);
    view! {
        <div class="pair" role="group" aria-label=name>
            <button
                aria-label=format!("Previous {noun}")
                aria-disabled=move || none_before.get().to_string()
                on:click=move |_| jumper.back(turning)
            >
                <Glyph icon=Icon::Back />
            </button>
            <span aria-hidden="true">{name}</span>
            <button
                aria-label=format!("Next {noun}")
                aria-disabled=move || none_after.get().to_string()
                on:click=move |_| jumper.on(turning)
            >
                <Glyph icon=Icon::On />
            </button>
        </div>
    }
    .into_any()
}

/// The branches where there is no room for lanes.
#[component]
fn BranchChoice(axis: Axis) -> impl IntoView {
    let playground = use_playground();
    let branches = move || axis.strip.with(|strip| strip.branches.clone());
    let options = move || {
        let option = |branch: view::timeline::Branch| {
            view! { <option value=branch.id.clone() selected=branch.shown>{format!("Branch {}", branch.id)}</option> }
        };
        branches().into_iter().map(option).collect_view()
    };
    let choose = move |event| {
        if let Err(error) = playground.show_branch(&event_target_value(&event)) {
            playground.report(error.to_string());
        }
    };
    let several = Memo::new(move |_| axis.strip.with(|strip| strip.branches.len() > 1));
    let select = move || {
        several.get().then(|| view! { <select class="branch" aria-label="Branch" on:change=choose>{options}</select> })
    };
    view! { {select} }.into_any()
}
