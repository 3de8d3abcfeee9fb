//! What the engine does, in numbers: for whoever works on netsplit.

use std::time::Duration;

use leptos::prelude::*;

use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::RwSignal;

/// How often the numbers change.
const REFRESH: Duration = Duration::from_millis(500);

/// Steps a second, frames a second, and what our own code takes of one.
#[component]
pub fn Debug() -> impl IntoView {
    let playground = use_playground();
    let text = RwSignal::new(String::new());
    let look = move || {
        let effort = playground.take_effort();
        let per_second = 1.0 / REFRESH.as_secs_f64();
        let script_ms = effort.script_ms / f64::from(effort.frames.max(1));
        let facts = playground.read(|session| session.facts());
        text.set(format!(
            "{:.0} events/s · {:.0} frames/s · {script_ms:.2} ms script a frame · queue {} · {} keyframes, {:.1} MB · all \
             {:.1} MB",
            effort.steps as f64 * per_second,
            f64::from(effort.frames) * per_second,
            facts.queue,
            facts.keyframes,
            facts.keyframe_bytes as f64 / 1e6,
            page::memory_bytes() / 1e6,
        ));
    };
    if let Ok(interval) = set_interval_with_handle(look, REFRESH) {
        on_cleanup(move || interval.clear());
    }
    view! { <output class="debug" aria-label="Engine">{move || text.get()}</output> }.into_any()
}
