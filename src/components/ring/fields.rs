//! What is asked of the ring beside its pane: how many virtual nodes there are, and which server has a key.

use leptos::prelude::*;
use serde_json::json;

use crate::reactive::Memo;

use super::super::sheet::use_sheet;
use super::lookup::Lookup;
use super::use_ring;

/// The fields above or below the pane. In a sheet the table is long, and what becomes of a key is to be seen at once.
#[component]
pub fn RingFields(above: bool) -> impl IntoView {
    let narrow = use_sheet().narrow;
    view! {
        {(!above).then(|| view! { <Vnodes /> })}
        {move || (narrow.get() == above).then(|| view! { <Lookup /> })}
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
