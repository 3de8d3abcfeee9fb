//! Nodes: a click or Enter picks one, a double click crashes or restarts it, a drag or the arrow keys move it.

use leptos::prelude::*;
use serde_json::json;
use view::layout::WIDTH;
use view::pane::Id;
use view::shapes;
use view::{Condition, Node};

use crate::components::list::For;
use crate::platform::page;
use crate::playground::{Selection, use_playground};
use crate::reactive::Memo;

use super::super::ring::use_ring;
use super::gesture::{Gestures, on_stage};
use super::{PICKED_ID, shape_view};

/// How far an arrow key moves a node, in units of the stage.
const NUDGE: i32 = 16;

/// All nodes.
#[component]
pub fn Nodes() -> impl IntoView {
    let playground = use_playground();
    let count = Memo::new(move |_| playground.stage.with(|stage| stage.nodes.len()));
    view! {
        <For each=move || 0..count.get() key=|index| *index let:index>
            <NodeView index=index />
        </For>
    }
    .into_any()
}

/// The name of one of a crowd, large enough to be read: of the one in somebody's hand, under the pointer, with
/// the focus, or picked.
#[component]
pub fn Named() -> impl IntoView {
    let playground = use_playground();
    let gestures = expect_context::<Gestures>();
    let ring = use_ring();
    let named = Memo::new(move |_| {
        let (pointed, picked) = (gestures.pointed.get(), playground.selected.get());
        // What somebody drags comes first: others pass below the pointer.
        let held = ring.hand.with(|hand| hand.as_ref().map(|hand| hand.server.clone()));
        playground.stage.with(|stage| {
            let called = |id: &String| stage.nodes.iter().find(|node| node.id == *id);
            let picked = || match &picked {
                Some(Selection::Node(id)) => called(id),
                _ => None,
            };
            let pointed = || pointed.and_then(|index| stage.nodes.get(index));
            let node = held.as_ref().and_then(called).or_else(pointed).or_else(picked)?;
            let r = f64::from(node.crowd?);
            let text = if node.label.is_empty() { node.id.clone() } else { format!("{} · {}", node.id, node.label) };
            // Half the plate below the text; it stays on the stage.
            let half = 4.6 * text.chars().count() as f64 + 8.0;
            let x = f64::from(node.position.x).clamp(half, f64::from(WIDTH) - half);
            // Above the node; at the top below it.
            let y = f64::from(node.position.y);
            Some((x, if y < 60.0 { y + r + 22.0 } else { y - r - 12.0 }, half, text))
        })
    });
    move || {
        named.get().map(|(x, y, half, text)| {
            view! {
                <rect class="crowd-plate" x=x - half y=y - 16.0 width=2.0 * half height="22" rx="6"></rect>
                <text class="crowd-name" x=x y=y text-anchor="middle" aria-hidden="true">{text}</text>
            }
        })
    }
}

/// What a double click does, as a command.
pub fn toggle(node: &Node) -> serde_json::Value {
    let word = match node.condition {
        Condition::Up => "crash",
        Condition::Paused => "resume",
        Condition::Crashed => "restart",
    };
    json!({"do": word, "node": node.id})
}

#[component]
fn NodeView(index: usize) -> impl IntoView {
    let playground = use_playground();
    let gestures = expect_context::<Gestures>();
    let ring = use_ring();
    // The timer runs on the canvas; a node is drawn anew only when something else about it changes.
    let node = Memo::new(move |_| {
        playground.stage.with(|stage| stage.nodes.get(index).map(|node| Node { timer_us: None, ..node.clone() }))
    });
    // What is drawn around the centre does not depend on where that is, except for the side that remarks are on.
    let drawn = Memo::new(move |_| node.with(|node| node.as_ref().map(shapes::node)));
    let is_picked = move |node: &Node| {
        playground.selected.with(|picked| matches!(picked, Some(Selection::Node(id)) if *id == node.id))
    };
    let picked = Memo::new(move |_| node.with(|node| node.as_ref().is_some_and(is_picked)));
    let threatened = Memo::new(move |_| gestures.threat.with(|threat| threat.nodes.contains(&index)));
    let lit = Memo::new(move |_| {
        let id = node.with(|node| node.as_ref().map(|node| node.id.clone()));
        let Some(id) = id else { return false };
        // Somebody points at it in a pane; on the stage itself that needs no glow.
        let elsewhere = || playground.pointed.with(|pointed| matches!(pointed, Some(Id::Node(name)) if *name == id));
        playground.highlight.with(|names| names.contains(&id)) || gestures.pointed.get().is_none() && elsewhere()
    });
    let radius = Memo::new(move |_| node.with(|node| node.as_ref().map_or(0.0, shapes::radius)));
    let reach = Memo::new(move |_| node.with(|node| node.as_ref().map_or(0.0, shapes::reach)));
    let place = Memo::new(move |_| {
        node.with(|node| node.as_ref().map(|node| format!("translate({} {})", node.position.x, node.position.y)))
    });
    let pick = move || {
        if let Some(node) = node.get_untracked() {
            playground.select(Some(Selection::Node(node.id)));
        }
    };
    let point = move |here: bool| {
        gestures.pointed.set(here.then_some(index));
        // Panes light it up as well.
        playground.pointed.set(node.get_untracked().filter(|_| here).map(|node| Id::Node(node.id)));
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        let Some(node) = node.get_untracked() else { return };
        if ring.key(&node.id, &event.key()) {
            event.prevent_default();
            return;
        }
        let arrow = match event.key().as_str() {
            "ArrowLeft" => Some((-NUDGE, 0)),
            "ArrowRight" => Some((NUDGE, 0)),
            "ArrowUp" => Some((0, -NUDGE)),
            "ArrowDown" => Some((0, NUDGE)),
            _ => None,
        };
        match (arrow, event.key().as_str()) {
            (Some((dx, dy)), _) => {
                let at = on_stage(f64::from(node.position.x + dx), f64::from(node.position.y + dy));
                playground.put(&node.id, at);
            }
            (None, "Enter" | " ") => {
                pick();
                page::focus_soon(PICKED_ID);
            }
            (None, "x" | "X" | "Delete") => playground.command(&toggle(&node)),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <circle class="glow" class:lit=move || lit.get() transform=move || place.get() r=move || radius.get() + 18.0></circle>
        // The picture is apart from the button, whose name says more than the words in the picture.
        <g class="picture" aria-hidden="true" transform=move || place.get()>
            {move || drawn.with(|drawn| drawn.iter().flatten().map(shape_view).collect_view())}
        </g>
        <g
            class="node"
            class:picked=move || picked.get()
            class:threatened=move || threatened.get()
            role="button"
            tabindex="0"
            transform=move || place.get()
            aria-label=move || node.with(|node| node.as_ref().map(Node::spoken))
            aria-pressed=move || picked.get().to_string()
            aria-keyshortcuts="X ArrowLeft ArrowRight ArrowUp ArrowDown"
            on:click=move |_| {
                if !gestures.takes_click() {
                    pick();
                }
            }
            on:pointerenter=move |_| point(true)
            on:pointerleave=move |_| point(false)
            on:focus=move |_| point(true)
            on:blur=move |_| point(false)
            on:dblclick=move |_| {
                if let Some(node) = node.get_untracked() {
                    playground.command(&toggle(&node));
                }
            }
            on:keydown=key
        >
            <circle class="reach" r=move || reach.get()></circle>
            <circle class="focus" r=move || reach.get() + 10.0></circle>
        </g>
    }
    .into_any()
}
