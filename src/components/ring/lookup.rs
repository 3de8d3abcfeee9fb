//! Looks a key up: its hash, the walk, its owner and its other replicas, in numbers.

use leptos::prelude::*;
use serde_json::json;
use view::lens::Ring;
use view::lens::ring::{Key, Scheme};

use super::use_ring;
use crate::playground::use_playground;
use crate::reactive::Memo;

/// A field for a key, and what becomes of it.
#[component]
pub fn Lookup() -> impl IntoView {
    let state = use_ring();
    let playground = use_playground();
    let found = Memo::new(move |_| {
        state.ring.with(|ring| ring.as_ref().and_then(|ring| ring.asked.as_ref().map(|key| explain(ring, key))))
    });
    let lines = move || {
        found
            .get()
            .map(|lines| lines.into_iter().map(|(what, is)| view! { <dt>{what}</dt><dd>{is}</dd> }).collect_view())
    };
    let reader = Memo::new(move |_| {
        playground
            .stage
            .with(|stage| stage.nodes.iter().find(|node| node.id.starts_with('c')).map(|node| node.id.clone()))
    });
    let read = move |_| {
        if let Some(client) = reader.get_untracked() {
            let key = state.asked.get_untracked();
            playground.command(&json!({"do": "request", "node": client, "op": {"get": key.trim()}}));
        }
    };
    view! {
        <h3>"Look up a key"</h3>
        <div class="lookup">
            <input
                type="text"
                aria-label="Key"
                placeholder="such as k7"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                maxlength="32"
                prop:value=move || state.asked.get()
                on:input=move |event| state.asked.set(event_target_value(&event))
            />
            <button disabled=move || found.with(Option::is_none) || reader.with(Option::is_none) on:click=read>"Read it"</button>
            <button disabled=move || state.asked.with(String::is_empty) on:click=move |_| state.asked.set(String::new())>"Clear"</button>
        </div>
        <dl class="walk-steps" aria-live="polite">{lines}</dl>
    }
    .into_any()
}

/// The way of a key, as names and values.
fn explain(ring: &Ring, key: &Key) -> Vec<(&'static str, String)> {
    let names = |places: &[usize]| {
        let names: Vec<&str> =
            places.iter().filter_map(|&place| ring.servers.get(place)).map(|server| server.name.as_str()).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    };
    let mut lines = vec![("Hash", format!("{} = {:08x}", ring.now.of.hash, key.position))];
    match ring.scheme {
        Scheme::Clockwise => {
            let walk = ring.now.walk(key.position, ring.count);
            let stops: Vec<String> = walk
                .iter()
                .filter(|(_, new)| *new)
                .map(|(token, _)| format!("{} ({:08x})", ring.now.label(token), token.position))
                .collect();
            let passed = walk.iter().filter(|(_, new)| !*new).count();
            let passed = if passed == 0 { String::new() } else { format!(", past {passed} of the same servers") };
            lines.push(("Clockwise", format!("{}{passed}", stops.join(" → "))));
        }
        Scheme::Unsorted => lines.push(("Walk", "the first virtual node in the list that is not before it".to_owned())),
        Scheme::Modulo => {
            let servers = ring.now.of.servers.len().max(1) as u32;
            lines.push(("Modulo", format!("{} mod {servers} = {}", key.position, key.position % servers)));
        }
        Scheme::Rendezvous => lines.push(("Dice", "the servers with the highest throws for this key".to_owned())),
    }
    lines.push(("Owner", names(&key.replicas[..key.replicas.len().min(1)])));
    if key.replicas.len() > 1 {
        lines.push(("Replicas", names(&key.replicas[1..])));
    }
    if key.moves() {
        lines.push(("Moves to", names(&key.next)));
    }
    let holders = ring.holders(key);
    let held = if holders.is_empty() { "nobody: nothing is written under it".to_owned() } else { names(holders) };
    lines.push(("Stored by", held));
    lines
}
