//! Nodes: a click or a key crashes or restarts.

use leptos::prelude::*;
use serde_json::json;
use view::shapes;
use view::{Condition, Node};

use crate::playground::use_playground;

use super::shape_view;

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
}

#[component]
fn NodeView(index: usize) -> impl IntoView {
    let playground = use_playground();
    // The timer runs on the canvas; a node is drawn anew only when something else about it changes.
    let node = Memo::new(move |_| {
        playground.stage.with(|stage| stage.nodes.get(index).map(|node| Node { timer_us: None, ..node.clone() }))
    });
    let toggle = move || {
        if let Some(node) = node.get_untracked() {
            let word = match node.condition {
                Condition::Up => "crash",
                Condition::Paused => "resume",
                Condition::Crashed => "restart",
            };
            playground.command(&json!({"do": word, "node": node.id}));
        }
    };
    let radius = move || node.with(|node| node.as_ref().map_or(0.0, shapes::radius));
    let place = move || {
        node.with(|node| node.as_ref().map(|node| format!("translate({} {})", node.position.x, node.position.y)))
    };
    let shapes =
        move || node.with(|node| node.iter().flat_map(shapes::node).map(|shape| shape_view(&shape)).collect_view());
    view! {
        // The picture is apart from the button, whose name says more than the words in the picture.
        <g class="picture" aria-hidden="true" transform=place>{shapes}</g>
        <g
            class="node"
            role="button"
            tabindex="0"
            transform=place
            aria-label=move || node.with(|node| node.as_ref().map(Node::spoken))
            on:click=move |_| toggle()
            on:keydown=move |event| {
                if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    toggle();
                }
            }
        >
            <circle class="reach" r=move || radius() + 4.0></circle>
            <circle class="focus" r=move || radius() + 14.0></circle>
        </g>
    }
}
