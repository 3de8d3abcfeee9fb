//! What is done to the ring beside dragging: add a server, move a virtual node by keys and buttons.

use leptos::prelude::*;
use serde_json::json;
use view::lens::ring::{BAND, at_position, position_percent};

use crate::reactive::{Memo, StoredValue};

use super::super::icons::{Glyph, Icon};
use super::use_ring;

/// What can be done to the ring.
#[component]
pub fn RingBar() -> impl IntoView {
    let state = use_ring();
    view! {
        <button data-control="add-server" on:click=move |_| state.add_server()>
            <span aria-hidden="true">"+ "</span>
            "Add a server"
        </button>
        <Held />
    }
    .into_any()
}

/// The virtual node in somebody's hand, with buttons.
#[component]
fn Held() -> impl IntoView {
    let state = use_ring();
    // Not below a pointer: it would only be in the way, and on a phone push the ring away from the finger.
    let held = Memo::new(move |_| state.hand.with(|hand| hand.as_ref().is_some_and(|hand| !hand.gripped)));
    let name = move || {
        state.hand.with(|hand| {
            hand.as_ref().map(|hand| format!("{}#{} at {}", hand.server, hand.index, position_percent(hand.position)))
        })
    };
    let moved = Memo::new(move |_| state.hand.with(|hand| hand.as_ref().is_some_and(super::Hand::moved)));
    let buttons = move || {
        view! {
            <div class="ring-held" role="group" aria-label="Virtual node">
                <b>{name}</b>
                <button class="square" aria-label="Move it back" on:click=move |_| state.nudge(false)>"↺"</button>
                <button class="square" aria-label="Move it on" on:click=move |_| state.nudge(true)>"↻"</button>
                <button class="primary" disabled=move || !moved.get() on:click=move |_| state.let_go()>"Move here"</button>
                <button on:click=move |_| state.cancel()>"Cancel"</button>
            </div>
        }
        .into_any()
    };
    move || (held.get() && state.shown.get()).then(buttons)
}

/// One control for all virtual nodes: page keys go from one to the next, arrows move it, Enter leaves it there.
#[component]
pub fn TokenSlider() -> impl IntoView {
    let state = use_ring();
    let some = Memo::new(move |_| {
        state.shown.get() && state.ring.with(|ring| ring.as_ref().is_some_and(|ring| !ring.newest().tokens.is_empty()))
    });
    let position = Memo::new(move |_| match state.hand.get() {
        Some(hand) => hand.position,
        None => state
            .ring
            .with(|ring| ring.as_ref().and_then(|ring| ring.newest().tokens.first().map(|token| token.position)))
            .unwrap_or(0),
    });
    let spoken = move || {
        let moves = state.preview.with(|preview| preview.as_ref().map(|preview| preview.moves.len()));
        let moves =
            moves.map_or_else(String::new, |moves| format!(", {} would move", view::lens::ring::count(moves, "key")));
        let name = match state.hand.get() {
            Some(hand) => format!("{}#{}", hand.server, hand.index),
            None => state
                .ring
                .with(|ring| {
                    ring.as_ref().and_then(|ring| ring.newest().tokens.first().map(|token| ring.newest().label(token)))
                })
                .unwrap_or_default(),
        };
        format!("{name} at {}{moves}", position_percent(position.get()))
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        let hold = || {
            if state.hand.with_untracked(Option::is_none) {
                state.pick(0);
            }
        };
        let turn = |forth: bool| {
            let place = state
                .place()
                .map(|(place, count)| if forth { (place + 1) % count } else { (place + count - 1) % count });
            state.pick(place.unwrap_or(0));
        };
        match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => {
                hold();
                state.nudge(true);
            }
            "ArrowLeft" | "ArrowDown" => {
                hold();
                state.nudge(false);
            }
            "PageDown" => turn(true),
            "PageUp" => turn(false),
            "Enter" => state.let_go(),
            "Escape" => state.cancel(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let slider = move || {
        let part = Memo::new(move |_| (u64::from(position.get()) * 1_000) >> 32);
        let at = Memo::new(move |_| at_position(position.get(), (BAND.0 + BAND.1) / 2.0));
        view! {
            <circle
                class="token-slider"
                role="slider"
                tabindex="0"
                aria-label="Virtual node"
                aria-valuemin="0"
                aria-valuemax="1000"
                aria-valuenow=move || part.get()
                aria-valuetext=spoken
                aria-keyshortcuts="PageUp PageDown ArrowLeft ArrowRight Enter Escape"
                cx=move || at.get().0
                cy=move || at.get().1
                r="12"
                on:keydown=key
            ></circle>
        }
        .into_any()
    };
    move || some.get().then(slider)
}

/// What can be done to a server as a member of the ring.
#[component]
pub fn RingTools(id: String) -> impl IntoView {
    let state = use_ring();
    let weight = {
        let id = id.clone();
        Memo::new(move |_| {
            state.ring.with(|ring| {
                let ring = ring.as_ref()?;
                let server = ring.server(&id)?;
                Some(
                    ring.newest()
                        .member(&id)
                        .map(|place| ring.newest().of.servers[place].1)
                        .filter(|_| server.weight.is_some() || server.next_weight.is_some()),
                )
            })
        })
    };
    let id = StoredValue::new(id);
    let tools = move |weight: Option<u32>| {
        let id = id.get_value();
        match weight {
            None => {
                let add = json!({"add-server": id});
                view! { <button on:click=move |_| state.ask(add.clone())>"Onto the ring"</button> }.into_any()
            }
            Some(weight) => {
                let set = |weight: u32| json!({"weight": [id, weight]});
                let (less, more, off) = (set(weight.saturating_sub(1)), set(weight + 1), json!({"remove-server": id}));
                let most = state.ring.with_untracked(|ring| ring.as_ref().map_or(1, |ring| ring.weight_max));
                let lightest = weight <= 1;
                let heaviest = weight >= most;
                view! {
                    <span class="weight" role="group" aria-label="Weight">
                        <button aria-label="Less weight" disabled=lightest on:click=move |_| state.ask(less.clone())>"−"</button>
                        <span>"weight " {weight}</span>
                        <button aria-label="More weight" disabled=heaviest on:click=move |_| state.ask(more.clone())>"+"</button>
                    </span>
                    <button on:click=move |_| state.ask(off.clone())>
                        <Glyph icon=Icon::Trash />
                        <span>"Off the ring"</span>
                    </button>
                }
                .into_any()
            }
        }
    };
    move || weight.get().map(tools)
}
