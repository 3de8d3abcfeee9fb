//! Playing, stepping, and how fast.

use labs::json;
use leptos::prelude::*;

use crate::components::icons::{Glyph, Icon};
use crate::components::words::{seconds, speed};
use crate::playground::{Playground, use_playground};

/// The speeds that are offered, in simulated seconds per real second. The last is as fast as it goes: what a frame
/// may cost is limited before that.
const SPEEDS: [f64; 11] = [0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0, 100.0, 1_000.0];

/// The buttons on the left, the time and the speed.
#[component]
pub fn Transport() -> impl IntoView {
    let playground = use_playground();
    let playing = playground.playing;
    view! {
        <div class="transport">
            <button class="square" aria-label="Reset" title="Reset: the same run from the start" on:click=move |_| playground.reset()>
                <Glyph icon=Icon::Reset />
            </button>
            <button class="square" aria-label="Step back" title="Step back (←)" on:click=move |_| playground.step_back()>
                <Glyph icon=Icon::StepBack />
            </button>
            <button
                class="primary round"
                aria-label=move || if playing.get() { "Pause" } else { "Play" }
                title="Play or pause (space)"
                on:click=move |_| playground.toggle()
            >
                {move || if playing.get() { view! { <Glyph icon=Icon::Pause /> } } else { view! { <Glyph icon=Icon::Play /> } }}
            </button>
            <button class="square" aria-label="Step" title="Step (→)" on:click=move |_| playground.step(1)>
                <Glyph icon=Icon::Step />
            </button>
            <output class="time">{move || seconds(playground.time_us.get())}</output>
            <Speed />
        </div>
    }
    .into_any()
}

/// How fast it plays.
#[component]
fn Speed() -> impl IntoView {
    let playground = use_playground();
    let options = move || {
        let now = playground.speed.get();
        let mut speeds = SPEEDS.to_vec();
        if !speeds.contains(&now) {
            speeds.push(now);
            view::order::by(&mut speeds, f64::total_cmp);
        }
        let option =
            |value: f64| view! { <option value=value.to_string() selected=value == now>{speed(value)}</option> };
        speeds.into_iter().map(option).collect_view()
    };
    let change = move |event| {
        if let Some(speed) = json::number(&event_target_value(&event)) {
            playground.speed.set(speed);
        }
    };
    view! {
        <select class="speed" aria-label="Speed" title="Simulated seconds per second (< and >)" on:change=change>{options}</select>
    }
    .into_any()
}

/// Goes to the next faster or slower of the speeds that are offered.
pub fn change_speed(playground: Playground, faster: bool) {
    let now = playground.speed.get_untracked();
    let next =
        if faster { SPEEDS.iter().find(|speed| **speed > now) } else { SPEEDS.iter().rfind(|speed| **speed < now) };
    if let Some(&next) = next {
        playground.speed.set(next);
    }
}
