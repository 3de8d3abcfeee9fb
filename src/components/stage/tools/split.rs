//! Splits the network without drawing: tick who is on one side.

use leptos::prelude::*;
use serde_json::json;

use crate::playground::use_playground;
use crate::reactive::{Memo, RwSignal};

use super::super::super::icons::Icon;
use super::super::super::parts::Part;
use super::super::super::popover::{Closer, Popover};

/// A button with a form.
#[component]
pub fn Split() -> impl IntoView {
    view! {
        <Popover name="Split" icon=Icon::Split>
            {Part::SplitForm.show()}
        </Popover>
    }
    .into_any()
}

/// Who is on one side.
#[component]
pub fn SplitForm() -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    let side = RwSignal::new(labs::Set::<String>::new());
    let nodes =
        playground.stage.with_untracked(|stage| stage.nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>());
    let boxes = nodes.iter().cloned().map(|id| {
        let name = id.clone();
        let toggle = move |_| {
            side.update(|side| {
                if !side.remove(&id) {
                    side.insert(id.clone());
                }
            });
        };
        view! {
            <label class="tick">
                <input type="checkbox" on:change=toggle />
                <span>{name}</span>
            </label>
        }
    });
    let boxes = boxes.collect_view();
    let command = Memo::new(move |_| {
        let others: Vec<&String> = nodes.iter().filter(|id| side.with(|side| !side.contains(*id))).collect();
        json!({"do": "partition", "groups": [side.get().iter().collect::<Vec<_>>(), others]})
    });
    let possible = move || {
        let groups = command.get();
        let lists = [&groups["groups"][0], &groups["groups"][1]];
        lists.iter().all(|list| list.as_array().is_some_and(|list| !list.is_empty())) && playground.would(&groups)
    };
    view! {
        <form on:submit=move |event| {
            event.prevent_default();
            playground.command(&command.get_untracked());
            closer.close();
        }>
            <fieldset>
                <legend>"On one side"</legend>
                <div class="ticks">{boxes}</div>
            </fieldset>
            <p class="small">"Or draw around them on the stage."</p>
            <div class="row">
                <button class="primary" type="submit" disabled=move || !possible()>"Split the network"</button>
            </div>
        </form>
    }
    .into_any()
}
