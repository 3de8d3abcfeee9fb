//! Who has how much of all keys: a row per server, how even it is, and how many virtual nodes there are.

use leptos::prelude::*;
use serde_json::json;
use view::lens::LensKind;
use view::lens::ring::{Circle, Ring, percent};
use view::shapes::Paint;

use super::super::lenses::Frame;
use super::super::sheet::use_sheet;
use super::lookup::Lookup;
use super::use_ring;
use crate::components::list::For;
use crate::playground::{Selection, use_playground};

/// A server's row.
#[derive(Clone, PartialEq)]
struct Row {
    name: String,
    hue: u32,
    weight: u32,
    share_ppm: u32,
    fair_ppm: u32,
    keys: Option<u32>,
}

/// The shares.
#[component]
pub fn Shares() -> impl IntoView {
    let state = use_ring();
    // What would be, where somebody tries something.
    let circle = Memo::new(move |_| {
        let ring = state.ring.get()?;
        Some(match state.preview.get() {
            Some(preview) => preview.circle,
            None => ring.newest().clone(),
        })
    });
    let names = Memo::new(move |_| {
        circle.with(|circle| {
            circle.iter().flat_map(|circle| circle.of.servers.iter().map(|(name, _)| name.clone())).collect::<Vec<_>>()
        })
    });
    let rows = Memo::new(move |_| match (state.ring.get(), circle.get()) {
        (Some(ring), Some(circle)) => rows(&ring, &circle),
        _ => Vec::new(),
    });
    let scale = Memo::new(move |_| {
        rows.with(|rows| rows.iter().map(|row| row.share_ppm.max(row.fair_ppm)).max().unwrap_or(1).max(1))
    });
    let row = move |name: String| {
        let look = {
            let name = name.clone();
            Memo::new(move |_| rows.with(|rows| rows.iter().find(|row| row.name == name).cloned()))
        };
        view! { <ShareRow name=name look=look scale=scale /> }
    };
    let even = move || {
        circle.with(|circle| {
            circle.as_ref().map(|circle| {
                let (max, deviation) = circle.spread_ppm();
                format!(
                    "Fullest {}.{:02} × its due · deviation {}",
                    max / 1_000_000,
                    max / 10_000 % 100,
                    percent(deviation)
                )
            })
        })
    };
    // In a sheet the table is long, and what becomes of a key is to be seen at once.
    let narrow = use_sheet().narrow;
    view! {
        <Frame kind=LensKind::Ring>
            {move || narrow.get().then(|| view! { <Lookup /> })}
            <table class="shares">
                <thead>
                    <tr>
                        <th scope="col">"Server"</th>
                        <th scope="col" class="number">"Weight"</th>
                        <th scope="col" class="bars">"Against its due"</th>
                        <th scope="col" class="number">"Share"</th>
                        <th scope="col" class="number">"Keys"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || names.get() key=|name| name.clone() let:name>{row(name)}</For>
                </tbody>
            </table>
            <p class="small">{even}</p>
            <Vnodes />
            {move || (!narrow.get()).then(|| view! { <Lookup /> })}
        </Frame>
    }
    .into_any()
}

fn rows(ring: &Ring, circle: &Circle) -> Vec<Row> {
    let row = |(member, ((name, weight), fair_ppm)): (usize, (&(String, u32), u32))| {
        let server = ring.server(name);
        Row {
            name: name.clone(),
            hue: server.map_or(0, |server| server.hue),
            weight: *weight,
            share_ppm: circle.share_ppm.get(member).copied().unwrap_or(0),
            fair_ppm,
            keys: server.and_then(|server| server.keys),
        }
    };
    circle.of.servers.iter().zip(circle.fair_ppm()).enumerate().map(row).collect()
}

#[component]
fn ShareRow(name: String, look: Memo<Option<Row>>, scale: Memo<u32>) -> impl IntoView {
    let playground = use_playground();
    let get = move |of: fn(&Row) -> u32| look.with(|look| look.as_ref().map_or(0, of));
    // Bars are as wide as a hundred.
    let part = move |of: fn(&Row) -> u32| f64::from(get(of)) / f64::from(scale.get()) * 100.0;
    let fill = move || format!("bar fill-{}", Paint::Hue(get(|row| row.hue)).name());
    let keys = move || {
        look.with(|look| look.as_ref().map(|look| look.keys.map_or_else(|| "down".to_owned(), |keys| keys.to_string())))
    };
    let spoken = move || format!("{}, due {}", percent(get(|row| row.share_ppm)), percent(get(|row| row.fair_ppm)));
    let id = name.clone();
    let pick = move |_| playground.select(Some(Selection::Node(id.clone())));
    view! {
        <tr>
            <th scope="row"><button class="quiet" on:click=pick>{name}</button></th>
            <td class="number">"×" {move || get(|row| row.weight)}</td>
            <td class="bars">
                <svg viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label=spoken>
                    <rect class=fill x="0.5" y="2" width=move || part(|row| row.share_ppm) * 0.985 height="12"></rect>
                    <line class="due" x1=move || part(|row| row.fair_ppm) * 0.985 x2=move || part(|row| row.fair_ppm) * 0.985 y1="0" y2="16"></line>
                </svg>
            </td>
            <td class="number">{move || percent(get(|row| row.share_ppm))}</td>
            <td class="number">{keys}</td>
        </tr>
    }
    .into_any()
}

/// How many virtual nodes there are for each share of weight.
#[component]
fn Vnodes() -> impl IntoView {
    let state = use_ring();
    let vnodes = Memo::new(move |_| {
        state.ring.with(|ring| {
            ring.as_ref().map(|ring| (ring.newest().of.vnodes, ring.vnodes_max, ring.newest().tokens.len()))
        })
    });
    let now = move || vnodes.get().map_or(1, |(vnodes, ..)| vnodes);
    let shown = move || state.trial.get().unwrap_or_else(now);
    let read = |event: &leptos::ev::Event| event_target_value(event).parse::<u32>().ok();
    let slider = move || {
        view! {
            <label class="vnodes">
                <span>"Virtual nodes per weight"</span>
                <input
                    type="range"
                    min="1"
                    max=move || vnodes.get().map_or(1, |(_, max, _)| max)
                    prop:value=move || shown().to_string()
                    on:input=move |event| state.trial.set(read(&event))
                    on:change=move |event| {
                        state.trial.set(None);
                        if let Some(vnodes) = read(&event).filter(|vnodes| *vnodes != now()) {
                            state.ask(json!({"virtual-nodes": vnodes}));
                        }
                    }
                />
                <b>{shown}</b>
            </label>
        }
        .into_any()
    };
    let some = Memo::new(move |_| vnodes.get().is_some_and(|(.., tokens)| tokens > 0));
    move || some.get().then(slider)
}
