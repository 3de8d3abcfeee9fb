//! The bar at the bottom: time.

use leptos::prelude::*;

use crate::playground::use_playground;

use super::icons::{Glyph, Icon};
use super::words::{seconds, speed};

/// The speeds that are offered, in simulated seconds per real second.
const SPEEDS: [f64; 9] = [0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0, 100.0];

/// The time axis is never shorter than this, in µs.
const AXIS_US_MIN: u64 = 1_000_000;

/// Transport, time axis, and the newest sentence.
#[component]
pub fn Transport() -> impl IntoView {
    let playground = use_playground();
    let playing = playground.playing;
    view! {
        <footer>
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
            <Axis />
            <Caption />
        </footer>
    }
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
            speeds.sort_by(f64::total_cmp);
        }
        let option =
            |value: f64| view! { <option value=value.to_string() selected=value == now>{speed(value)}</option> };
        speeds.into_iter().map(option).collect_view()
    };
    let change = move |event| {
        if let Ok(speed) = event_target_value(&event).parse() {
            playground.speed.set(speed);
        }
    };
    view! {
        <select class="speed" aria-label="Speed" title="Simulated seconds per second" on:change=change>{options}</select>
    }
}

/// The time axis: where we are, what was simulated, where somebody intervened.
#[component]
fn Axis() -> impl IntoView {
    let playground = use_playground();
    // The axis grows in round steps, so that it does not move under the hand, and always reaches
    // further than anybody has been, so that one can go there.
    let length_us = Memo::new(move |_| {
        let explored_us = playground.explored_us.get().max(AXIS_US_MIN) * 11 / 10;
        let steps = [1, 2, 5].into_iter().cycle().zip((0..18u32).map(|index| 10u64.pow(index / 3)));
        steps
            .map(|(digit, power)| digit * power * 1_000_000)
            .find(|&length_us| length_us > explored_us)
            .unwrap_or(explored_us)
    });
    let marks = move || {
        let length = length_us.get() as f64;
        let mark = |at_us: u64| view! { <line class="fault-mark" x1=at_us as f64 / length * 1_000.0 x2=at_us as f64 / length * 1_000.0 y1="0" y2="20"></line> };
        playground.marks.get().into_iter().map(mark).collect_view()
    };
    let explored = move || playground.explored_us.get() as f64 / length_us.get() as f64 * 1_000.0;
    let input = move |event| {
        if let Ok(time_us) = event_target_value(&event).parse::<u64>() {
            playground.seek(time_us);
        }
    };
    view! {
        <div class="axis">
            <svg class="band" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
                <rect class="unexplored" x="0" y="6" width="1000" height="8" rx="3"></rect>
                <rect class="explored" x="0" y="6" width=explored height="8" rx="3"></rect>
                {marks}
            </svg>
            <input
                type="range"
                aria-label="Time"
                min="0"
                max=move || length_us.get().to_string()
                step="1000"
                aria-valuetext=move || seconds(playground.time_us.get())
                prop:value=move || playground.time_us.get().to_string()
                on:input=input
            />
            <span class="end">{move || format!("{} s", length_us.get() / 1_000_000)}</span>
        </div>
    }
}

/// The newest sentence worth telling.
#[component]
fn Caption() -> impl IntoView {
    let playground = use_playground();
    let caption =
        move || playground.caption.get().map(|sentence| view! { <b>{seconds(sentence.time_us)}</b>" "{sentence.text} });
    view! { <p class="caption">{caption}</p> }
}
