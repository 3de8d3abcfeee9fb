//! What clients asked and were told: a lane per client, an operation as a bar from question to
//! answer.

use leptos::prelude::*;
use view::lens::history::{End, History, Operation, Part};
use view::lens::{LensKind, OfHistory};

use crate::components::list::For;
use crate::platform::page;
use crate::playground::use_playground;

use super::super::words::seconds;
use super::{Frame, reading};

/// The windows that can be chosen, in µs.
const WINDOWS_US: [u64; 6] = [250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000];
/// The window at first, by position.
const WINDOW: usize = 1;

/// The drawing, in its own units.
const WIDTH: f64 = 340.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = 334.0;
const LANE: f64 = 44.0;
const BAR: f64 = 13.0;
/// Width of a character of a label.
const CHARACTER: f64 = 6.3;

/// Clients' operations.
#[component]
pub fn HistoryLens() -> impl IntoView {
    let playground = use_playground();
    let history = reading(|session| session.ask(&OfHistory));
    let window = RwSignal::new(WINDOW);
    let picked = RwSignal::new(None::<u32>);
    let tools = view! {
        <span class="pager" role="group" aria-label="Window">
            <button
                class="square plain"
                aria-label="Shorter window"
                disabled=move || window.get() == 0
                on:click=move |_| window.update(|window| *window -= 1)
            >
                "+"
            </button>
            <button
                class="square plain"
                aria-label="Longer window"
                disabled=move || window.get() + 1 == WINDOWS_US.len()
                on:click=move |_| window.update(|window| *window += 1)
            >
                "−"
            </button>
        </span>
    }
    .into_any();
    let window_us = move || WINDOWS_US[window.get()];
    let lanes = Memo::new(move |_| history.with(|now| now.as_ref().map(|now| now.lanes.clone()).unwrap_or_default()));
    let height = move || 18.0 + LANE * lanes.with(Vec::len) as f64;
    let shown = Memo::new(move |_| {
        history.with(|now| {
            let Some(now) = now else { return Vec::new() };
            let from_us = now.now_us.saturating_sub(window_us());
            let ended_us = |operation: &Operation| match operation.end {
                End::Open => u64::MAX,
                End::Answered { at_us, .. } | End::GivenUp { at_us, .. } => at_us,
            };
            now.operations.iter().filter(|it| ended_us(it) >= from_us).map(|it| it.number).collect::<Vec<_>>()
        })
    });
    // One operation is reached by Tab, the others from there by arrow keys.
    let stop = Memo::new(move |_| {
        shown.with(|shown| picked.get().filter(|number| shown.contains(number)).or_else(|| shown.last().copied()))
    });
    let frame = move || {
        let lane = |(position, name): (usize, String)| {
            let y = LANE * position as f64;
            view! {
                <line class="lane" x1="0" x2=WIDTH y1=y + LANE y2=y + LANE></line>
                <text class="lane-name" x="0" y=y + 32.0>{name}</text>
            }
        };
        lanes.get().into_iter().enumerate().map(lane).collect_view()
    };
    let ticks = move || {
        history.with(|now| {
            let now_us = now.as_ref()?.now_us;
            let window_us = window_us();
            let (from_us, spacing_us) = (now_us.saturating_sub(window_us), window_us / 5);
            let bottom = height() - 18.0;
            let ticks = (from_us / spacing_us + 1..=now_us / spacing_us).map(|tick| {
                let x = place(tick * spacing_us, now_us, window_us);
                // At the edge there is no room for it.
                let label = (x < RIGHT - 12.0).then(|| tick_label(tick * spacing_us));
                view! {
                    <line class="tick" x1=x x2=x y1="0" y2=bottom></line>
                    <text class="tick-label" x=x y=bottom + 14.0 text-anchor="middle">{label}</text>
                }
            });
            Some(ticks.collect_view())
        })
    };
    let bar = move |number: u32| {
        let operation = Memo::new(move |_| history.with(|now| now.as_ref().and_then(|now| find(now, number).cloned())));
        let drawn = move || {
            let now_us = history.with(|now| now.as_ref().map_or(0, |now| now.now_us));
            let room = history.with(|now| now.as_ref().map_or(0.0, |now| room(now, number, window_us())));
            operation.with(|operation| operation.as_ref().map(|it| draw(it, now_us, window_us(), room)))
        };
        let spoken = move || history.with(|now| now.as_ref().and_then(|now| Some(spoken(now, find(now, number)?))));
        let reach = move || {
            history.with(|now| {
                let now = now.as_ref()?;
                let operation = find(now, number)?;
                let (start, end) = ends(operation, now.now_us, window_us());
                Some((start - 3.0, LANE * operation.lane as f64 + 4.0, end - start + 6.0))
            })
        };
        let part = move |pick: fn((f64, f64, f64)) -> f64| move || reach().map(pick);
        view! {
            <g class="operation" class:picked=move || stop.get() == Some(number)>
                // The picture is apart from the button, whose name says more than the words in the picture.
                <g aria-hidden="true">{drawn}</g>
                <rect
                    class="reach"
                    x=part(|it| it.0)
                    y=part(|it| it.1)
                    width=part(|it| it.2)
                    height=LANE - 6.0
                    role="button"
                    data-rove=""
                    tabindex=move || if stop.get() == Some(number) { "0" } else { "-1" }
                    aria-label=spoken
                    aria-pressed=move || (picked.get() == Some(number)).to_string()
                    on:focus=move |_| picked.set(Some(number))
                    on:pointerenter=move |_| picked.set(Some(number))
                    on:click=move |_| picked.set(Some(number))
                ></rect>
            </g>
        }
        .into_any()
    };
    let about = move || {
        history.with(|now| {
            let now = now.as_ref()?;
            let Some(operation) = stop.get().and_then(|number| find(now, number)) else {
                return Some(view! { <p class="about">"Nobody has asked for anything in this window."</p> }.into_any());
            };
            let step = match operation.end {
                End::Open => operation.asked_step,
                End::Answered { step, .. } | End::GivenUp { step, .. } => step,
            };
            Some(
                view! {
                    <p class="about">{spoken(now, operation)}</p>
                    <button class="quiet" on:click=move |_| playground.seek_step(step)>{format!("Go to step {step}")}</button>
                }
                .into_any(),
            )
        })
    };
    let violation = move || {
        history.with(|now| {
            let violation = now.as_ref()?.violation.clone()?;
            let order = violation.order.into_iter().map(|it| view! { <li>{it}</li> }).collect_view();
            Some(view! {
                <p class="reason">{violation.reason}</p>
                <h3>"The longest order that works"</h3>
                <ol class="order">{order}</ol>
            })
        })
    };
    view! {
        <Frame kind=LensKind::History tools=tools>
            <svg
                class="operations"
                viewBox=move || format!("0 0 {WIDTH} {}", height())
                role="group"
                aria-label="Operations"
                on:keydown=move |event| page::rove(&event)
            >
                <defs>
                    <linearGradient id="fade">
                        <stop class="fade-from" offset="0"></stop>
                        <stop class="fade-to" offset="1"></stop>
                    </linearGradient>
                    <linearGradient id="fade-edge">
                        <stop class="fade-edge-from" offset="0"></stop>
                        <stop class="fade-edge-to" offset="1"></stop>
                    </linearGradient>
                </defs>
                <g aria-hidden="true">{ticks}{frame}</g>
                <For each=move || shown.get() key=|number| *number children=bar />
            </svg>
            <div class="about-box">{about}</div>
            {violation}
        </Frame>
    }
    .into_any()
}

fn find(history: &History, number: u32) -> Option<&Operation> {
    let first = history.operations.first()?.number;
    history.operations.get(number.checked_sub(first)? as usize)
}

/// Where a time stands; what lies before the window stands at its edge.
fn place(time_us: u64, now_us: u64, window_us: u64) -> f64 {
    let ago = now_us.saturating_sub(time_us).min(window_us) as f64 / window_us as f64;
    RIGHT - ago * (RIGHT - LEFT)
}

fn tick_label(time_us: u64) -> String {
    format!("{}.{:02} s", time_us / 1_000_000, time_us / 10_000 % 100)
}

/// How much room a label has before the next operation in its lane.
fn room(history: &History, number: u32, window_us: u64) -> f64 {
    let Some(operation) = find(history, number) else { return 0.0 };
    let later = history.operations.iter().filter(|it| it.number > number && it.lane == operation.lane);
    let end = later.map(|it| place(it.asked_us, history.now_us, window_us)).next().unwrap_or(WIDTH);
    end - place(operation.asked_us, history.now_us, window_us)
}

/// Where an operation's bar starts and ends.
fn ends(operation: &Operation, now_us: u64, window_us: u64) -> (f64, f64) {
    let start = place(operation.asked_us, now_us, window_us);
    let end = match operation.end {
        End::Open => RIGHT,
        End::Answered { at_us, .. } | End::GivenUp { at_us, .. } => place(at_us, now_us, window_us),
    };
    (start, end.max(start + 4.0))
}

fn draw(operation: &Operation, now_us: u64, window_us: u64, room: f64) -> AnyView {
    let (start, right) = ends(operation, now_us, window_us);
    let width = right - start;
    let top = LANE * operation.lane as f64 + 22.0;
    let middle = top + BAR / 2.0;
    let class = match (&operation.end, operation.part) {
        (_, Some(Part::Wrong)) => "bar wrong",
        (_, Some(Part::AtOdds | Part::Stuck)) => "bar at-odds",
        (End::Open, None) => "bar open",
        (End::GivenUp { .. }, None) => "bar given-up",
        (End::Answered { .. }, None) => "bar",
    };
    // How it ended is a shape: a bar that ends, one that fades away, one that is crossed out.
    let ending = matches!(operation.end, End::GivenUp { .. }).then(|| {
        view! { <path class="crossed" d=format!("M{} {}l8 8m0 -8l-8 8", right - 4.0, middle - 4.0)></path> }
    });
    let alarm = operation.part.map(|part| {
        let sign = if part == Part::Wrong { "✕" } else { "?" };
        let (x, anchor) = if right < RIGHT - 10.0 { (right + 3.0, "start") } else { (start - 3.0, "end") };
        view! { <text class="alarm" x=x y=top + 11.0 text-anchor=anchor>{sign}</text> }
    });
    let fits = operation.text.chars().count() as f64 * CHARACTER <= room && start >= LEFT;
    let label =
        fits.then(|| view! { <text class="operation-name" x=start y=top - 5.0>{operation.text.clone()}</text> });
    let number = operation.place.filter(|_| width >= 8.0).map(|place| {
        view! { <text class="place" x=start + width / 2.0 y=top + 10.5 text-anchor="middle">{place}</text> }
    });
    view! {
        <rect class=class x=start y=top width=width height=BAR rx="3"></rect>
        {ending}
        {number}
        {alarm}
        {label}
    }
    .into_any()
}

fn spoken(history: &History, operation: &Operation) -> String {
    let who = history.lanes.get(operation.lane).map_or("", String::as_str);
    let took = |at_us: u64| {
        let took_us = at_us.saturating_sub(operation.asked_us);
        format!("{}.{} ms", took_us / 1_000, took_us / 100 % 10)
    };
    let ended = match &operation.end {
        End::Open => "no answer yet".to_owned(),
        End::Answered { at_us, answer, .. } if answer.is_empty() => format!("done after {}", took(*at_us)),
        End::Answered { at_us, answer, .. } => format!("{answer} after {}", took(*at_us)),
        End::GivenUp { at_us, .. } => format!("no answer will come, since {}", seconds(*at_us)),
    };
    let part = match operation.part {
        None => "",
        Some(Part::Wrong) => "; nothing explains this answer",
        Some(Part::AtOdds) => "; at odds with the wrong answer",
        Some(Part::Stuck) => "; would come next, and cannot",
    };
    let place = operation.place.map(|place| format!("; {place} in the order")).unwrap_or_default();
    format!("{who} at {}: {}: {ended}{part}{place}", seconds(operation.asked_us), operation.what)
}
