//! The bar at the bottom: transport, what happened when, branches, jumps, and the newest sentence.

mod axis;
mod drawing;
mod jumps;
mod lanes;
mod transport;

use std::sync::Arc;

use leptos::prelude::*;
use view::timeline::Strip;

use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Memo, RwSignal};

use super::words::seconds;
use drawing::Window;
use jumps::Jumper;

/// What the parts of the timeline share; copies share it.
#[derive(Clone, Copy)]
struct Axis {
    /// What is known of the run.
    strip: Memo<Arc<Strip>>,
    /// The time that is shown.
    window: Memo<Window>,
    /// How much of it somebody wants to see, in µs; the whole run if nothing.
    zoom: RwSignal<Option<u64>>,
    /// How wide it is, in pixels.
    width: RwSignal<f64>,
    /// Somebody holds the slider, so nothing may move under the hand.
    held: RwSignal<bool>,
    /// What the thing under the pointer or in focus is, in place of the newest sentence.
    hint: RwSignal<Option<String>>,
    /// What came of a jump, and the time at which it is worth saying.
    notice: RwSignal<Option<(u64, String)>>,
}

/// Transport, time axis, branches, and the newest sentence.
#[component]
pub fn Timeline() -> impl IntoView {
    let playground = use_playground();
    let strip = Memo::new(move |_| {
        playground.revision.track();
        Arc::new(playground.read(|session| session.strip()))
    });
    let (zoom, held) = (RwSignal::new(None), RwSignal::new(false));
    let window = Memo::new(move |before: Option<&Window>| {
        let (time_us, explored_us) = (playground.time_us.get(), playground.explored_us.get());
        match before.filter(|_| held.get()) {
            Some(before) => *before,
            None => Window::around(zoom.get(), time_us, explored_us, before.copied()),
        }
    });
    let axis = Axis {
        strip,
        window,
        zoom,
        width: RwSignal::new(0.0),
        held,
        hint: RwSignal::new(None),
        notice: RwSignal::new(None),
    };
    let jumper = Jumper::new(playground, axis);
    page::on_key(move |press| jumper.key(&press.key)).keep();
    view! {
        <footer class="timeline">
            <transport::Transport />
            <axis::AxisView axis jumper />
            <lanes::Lanes axis />
            <div class="below">
                <Caption axis />
                <jumps::Jumps axis jumper />
            </div>
        </footer>
    }
}

/// The newest sentence worth telling, or what the thing is that somebody points at.
#[component]
fn Caption(axis: Axis) -> impl IntoView {
    let playground = use_playground();
    let text = move || {
        if let Some(hint) = axis.hint.get() {
            return (None, hint);
        }
        if let Some((_, notice)) = axis.notice.get().filter(|(at_us, _)| *at_us == playground.time_us.get()) {
            return (None, notice);
        }
        let sentence = playground.caption.get();
        sentence.map_or((None, String::new()), |sentence| (Some(seconds(sentence.time_us)), sentence.text))
    };
    let words = move || {
        let (when, text) = text();
        view! { <b>{when.map(|when| format!("{when} "))}</b>{text} }
    };
    view! { <p class="caption">{words}</p> }.into_any()
}
