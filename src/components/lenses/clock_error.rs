//! How wrong each clock is: its error over time, and the band in which it believes to be.

use std::fmt::Write as _;

use leptos::prelude::*;
use view::lens::clock_error::{Line, Reading, plain_ms, signed_ms, ticks};
use view::lens::{ClockError, LensKind, OfClockError};
use view::shapes::Paint;

use super::{Frame, reading};
use crate::components::list::For;
use crate::playground::{Selection, use_playground};

/// The windows that can be chosen, in µs; the last is the whole run.
const WINDOWS_US: [u64; 5] = [1_000_000, 3_000_000, 10_000_000, 30_000_000, u64::MAX];

/// The drawing, in its own units.
const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 196.0;
const LEFT: f64 = 38.0;
const RIGHT: f64 = 316.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 174.0;
/// How far names at the ends of lines stand apart at least.
const APART: f64 = 11.0;

/// What part of the plane is shown.
#[derive(Clone, Copy, PartialEq)]
struct Plane {
    from_us: u64,
    now_us: u64,
    low_us: i64,
    high_us: i64,
}

impl Plane {
    fn of(chart: &ClockError, window_us: u64) -> Self {
        let from_us = chart.now_us.saturating_sub(window_us);
        let (low_us, high_us) = chart.range_us(from_us);
        // Lines do not run along the edge.
        let spare_us = (high_us.saturating_sub(low_us)) / 16;
        Self {
            from_us,
            now_us: chart.now_us.max(from_us + 1),
            low_us: low_us.saturating_sub(spare_us),
            high_us: high_us.saturating_add(spare_us),
        }
    }

    fn x(&self, at_us: u64) -> f64 {
        // What lies before the window is cut off by the drawing's edge.
        let since = at_us as f64 - self.from_us as f64;
        LEFT + since / (self.now_us - self.from_us) as f64 * (RIGHT - LEFT)
    }

    fn y(&self, us: i64) -> f64 {
        let part = (us as f64 - self.low_us as f64) / (self.high_us as f64 - self.low_us as f64);
        BOTTOM - part * (BOTTOM - TOP)
    }

    /// The readings that are seen, in pieces without a gap: the last before the window is needed as well.
    fn pieces(self, line: &Line) -> Vec<Vec<(f64, Reading)>> {
        let first = line.spots.partition_point(|spot| spot.at_us < self.from_us).saturating_sub(1);
        let mut pieces = vec![Vec::new()];
        for spot in &line.spots[first..] {
            match spot.reading {
                Some(reading) => pieces.last_mut().unwrap_or(&mut Vec::new()).push((self.x(spot.at_us), reading)),
                None => pieces.push(Vec::new()),
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    fn line(self, line: &Line) -> String {
        let mut path = String::new();
        for piece in self.pieces(line) {
            for (place, (x, reading)) in piece.iter().enumerate() {
                let _ = write!(path, "{}{x:.1} {:.1}", if place == 0 { 'M' } else { 'L' }, self.y(reading.error_us));
            }
        }
        path
    }

    /// The band in which a clock believes to be.
    fn band(self, line: &Line) -> String {
        let mut path = String::new();
        for piece in self.pieces(line) {
            for part in piece.split(|(_, reading)| reading.claim_us.is_none()).filter(|part| !part.is_empty()) {
                let edge = |(x, reading): &(f64, Reading), upper: bool| {
                    let (error_us, bound_us) = reading.claim_us.unwrap_or_default();
                    let bound_us = i64::try_from(bound_us).unwrap_or(i64::MAX);
                    let us = if upper { error_us.saturating_add(bound_us) } else { error_us.saturating_sub(bound_us) };
                    (*x, self.y(us))
                };
                let there = part.iter().map(|spot| edge(spot, true));
                let back = part.iter().rev().map(|spot| edge(spot, false));
                for (place, (x, y)) in there.chain(back).enumerate() {
                    let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
                }
                path.push('Z');
            }
        }
        path
    }
}

/// Where the names at the ends of lines stand: beside their ends, as far as they do not cover each other.
fn ends(chart: &ClockError, plane: Plane) -> Vec<(String, f64)> {
    let mut ends: Vec<(String, f64)> = chart
        .lines
        .iter()
        .filter_map(|line| Some((line.node.clone(), plane.y(line.now()?.error_us).clamp(TOP, BOTTOM))))
        .collect();
    view::order::by(&mut ends, |a, b| a.1.total_cmp(&b.1));
    let mut least = TOP;
    for (_, y) in &mut ends {
        *y = y.max(least);
        least = *y + APART;
    }
    // Those that were pushed out at the bottom push back.
    let mut most = BOTTOM;
    for (_, y) in ends.iter_mut().rev() {
        *y = y.min(most);
        most = *y - APART;
    }
    ends
}

/// A value on the axis, in ms: `+20`.
fn axis_ms(us: i64) -> String {
    let sign = match us {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let part = match us.unsigned_abs() % 1_000 {
        0 => String::new(),
        part => format!(".{part:03}").trim_end_matches('0').to_owned(),
    };
    format!("{sign}{}{part}", us.unsigned_abs() / 1_000)
}

/// A time on the axis, in s: `1.5`.
fn axis_s(us: i64) -> String {
    let part = format!(".{:06}", us % 1_000_000);
    format!("{}{}", us / 1_000_000, part.trim_end_matches('0').trim_end_matches('.'))
}

/// The chart, and the same as a table.
#[component]
pub fn ClockErrorLens() -> impl IntoView {
    let playground = use_playground();
    let chart = reading(|session| session.ask(&OfClockError));
    let window = RwSignal::new(WINDOWS_US.len() - 1);
    let plane =
        Memo::new(move |_| chart.with(|chart| chart.as_ref().map(|chart| Plane::of(chart, WINDOWS_US[window.get()]))));
    let names = Memo::new(move |_| {
        chart.with(|chart| {
            let lines = chart.iter().flat_map(|chart| &chart.lines);
            lines.map(|line| (line.node.clone(), line.hue, line.reference)).collect::<Vec<_>>()
        })
    });
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
    let picked = move |name: &str| {
        playground.selected.with(|picked| matches!(picked, Some(Selection::Node(picked)) if picked == name))
    };
    // What one clock's line has to say, at its place in the chart.
    let of = move |name: &str, tell: fn(Plane, &Line) -> String| {
        chart.with(|chart| {
            let line = chart.as_ref()?.lines.iter().find(|line| line.node == name)?;
            Some(tell(plane.get()?, line))
        })
    };
    let band = move |(name, hue, reference): (String, u32, bool)| {
        let path = {
            let name = name.clone();
            move || (!reference).then(|| of(&name, Plane::band)).flatten()
        };
        view! { <path class=format!("band fill-{}", Paint::Hue(hue).name()) class:picked=move || picked(&name) d=path></path> }
    };
    let line = move |(name, hue, reference): (String, u32, bool)| {
        let path = Memo::new(move |_| of(&name, Plane::line));
        let class = if reference { "error reference" } else { "error" };
        view! {
            <path class=format!("{class} casing") d=move || path.get()></path>
            <path class=format!("{class} dash-{hue} stroke-{}", Paint::Hue(hue).name()) d=move || path.get()></path>
        }
    };
    let row = move |(name, hue, reference): (String, u32, bool)| {
        let now = {
            let name = name.clone();
            Memo::new(move |_| {
                chart.with(|chart| chart.as_ref()?.lines.iter().find(|line| line.node == name).map(Line::now))
            })
        };
        let now = move || now.get().flatten();
        let error = move || now().map_or_else(|| "down".to_owned(), |now| signed_ms(now.error_us));
        let believes = move || match now().map(|now| now.claim_us) {
            None => String::new(),
            Some(_) if reference => "reference".to_owned(),
            Some(None) => "nothing yet".to_owned(),
            Some(Some((error_us, _))) => signed_ms(error_us),
        };
        let bound = move || now().and_then(|now| now.claim_us).map(|(_, bound_us)| format!("± {}", plain_ms(bound_us)));
        let pick = {
            let name = name.clone();
            move |_| playground.select(Some(Selection::Node(name.clone())))
        };
        view! {
            <tr>
                <th scope="row">
                    <button class="quiet" on:click=pick>
                        <svg class="key" viewBox="0 0 26 8" aria-hidden="true">
                            <path class="error casing" d="M1 4H25"></path>
                            <path class=format!("error dash-{hue} stroke-{}", Paint::Hue(hue).name()) d="M1 4H25"></path>
                        </svg>
                        {name}
                    </button>
                </th>
                <td class="number off">{error}</td>
                <td class="number">{believes}</td>
                <td class="number">{bound}</td>
            </tr>
        }
    };
    view! {
        <Frame kind=LensKind::ClockError tools=tools>
            <svg class="clock-error" viewBox=format!("0 0 {WIDTH} {HEIGHT}") aria-hidden="true">
                <defs>
                    <clipPath id="clock-error-plane">
                        <rect x=LEFT y=TOP - 4.0 width=RIGHT - LEFT + 2.0 height=BOTTOM - TOP + 8.0></rect>
                    </clipPath>
                </defs>
                {move || plane.get().map(grid)}
                <g clip-path="url(#clock-error-plane)">
                    <For each=move || names.get() key=Clone::clone let:name>{band(name)}</For>
                    {move || plane.get().map(|plane| {
                        let y = plane.y(0);
                        view! { <line class="zero" x1=LEFT x2=RIGHT y1=y y2=y></line> }
                    })}
                    <For each=move || names.get() key=Clone::clone let:name>{line(name)}</For>
                </g>
                <line class="present" x1=RIGHT x2=RIGHT y1=TOP - 4.0 y2=BOTTOM + 4.0></line>
                {move || {
                    let plane = plane.get()?;
                    let ends = chart.with(|chart| chart.as_ref().map(|chart| ends(chart, plane)))?;
                    Some(ends.into_iter().map(|(name, y)| view! { <text class="end" x=RIGHT + 5.0 y=y + 3.5>{name}</text> }).collect_view())
                }}
            </svg>
            <table class="shares clock-errors">
                <thead>
                    <tr>
                        <th scope="col">"Clock"</th>
                        <th scope="col" class="number">"Ahead by"</th>
                        <th scope="col" class="number">"Believes"</th>
                        <th scope="col" class="number">"Give or take"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || names.get() key=Clone::clone let:name>{row(name)}</For>
                </tbody>
            </table>
        </Frame>
    }
    .into_any()
}

/// Round values, with their names.
fn grid(plane: Plane) -> AnyView {
    let rows = ticks(plane.low_us, plane.high_us, 6).into_iter().map(|us| {
        let y = plane.y(us);
        view! {
            <line class="grid" x1=LEFT x2=RIGHT y1=y y2=y></line>
            <text class="label" x=LEFT - 5.0 y=y + 3.5 text-anchor="end">{axis_ms(us)}</text>
        }
    });
    let signed = |us: u64| i64::try_from(us).unwrap_or(i64::MAX);
    let columns = ticks(signed(plane.from_us), signed(plane.now_us), 5).into_iter().filter_map(|us| {
        let x = plane.x(us.unsigned_abs());
        // The unit stands at the end.
        (x < RIGHT - 16.0).then(|| {
            view! {
                <line class="grid" x1=x x2=x y1=BOTTOM y2=BOTTOM + 4.0></line>
                <text class="label" x=x y=BOTTOM + 16.0 text-anchor="middle">{axis_s(us)}</text>
            }
        })
    });
    view! {
        {rows.collect_view()}
        {columns.collect_view()}
        <text class="label" x="0" y=TOP + 1.0>"ms"</text>
        <text class="label" x=RIGHT y=BOTTOM + 16.0 text-anchor="middle">"s"</text>
    }
    .into_any()
}
