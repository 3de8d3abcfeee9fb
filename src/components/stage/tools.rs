//! The buttons on the stage: what people want to do most, in one click.

use leptos::prelude::*;
use serde_json::json;
use view::Condition;

use crate::playground::use_playground;

use super::super::icons::{Glyph, Icon};

/// Cut off whoever leads, heal, undo, another seed.
#[component]
pub fn Tools() -> impl IntoView {
    let playground = use_playground();
    // The leader that others can hear; of several, the one that was elected last is filled with the newest hue,
    // which the stage cannot tell, so the first one that still has a link is taken.
    let leader = Memo::new(move |_| {
        playground.stage.with(|stage| {
            let connected =
                |index: usize| stage.links.iter().any(|link| (link.a == index || link.b == index) && link.up());
            let leads = |node: &view::Node| node.leads && node.condition == Condition::Up;
            stage
                .nodes
                .iter()
                .enumerate()
                .find(|&(index, node)| leads(node) && connected(index))
                .map(|(_, node)| node.id.clone())
        })
    });
    let healthy = Memo::new(move |_| playground.stage.with(|stage| stage.links.iter().all(view::Link::up)));
    let cut_off = move |_| {
        if let Some(leader) = leader.get_untracked() {
            let others: Vec<String> = playground.stage.with_untracked(|stage| {
                stage.nodes.iter().map(|node| node.id.clone()).filter(|id| *id != leader).collect()
            });
            playground.command(&json!({"do": "partition", "groups": [[leader], others]}));
        }
    };
    view! {
        <div class="tools" role="toolbar" aria-label="Actions">
            <button data-control="cut-off" disabled=move || leader.with(Option::is_none) on:click=cut_off>
                <Glyph icon=Icon::Scissors />
                <span>{move || leader.get().map_or_else(|| "Cut off the leader".to_owned(), |leader| format!("Cut off {leader}"))}</span>
            </button>
            <button data-control="heal-all" disabled=move || healthy.get() on:click=move |_| playground.command(&json!({"do": "heal-all"}))>
                <Glyph icon=Icon::Heal />
                <span>"Heal all"</span>
            </button>
            <button
                data-control="undo"
                disabled=move || playground.marks.with(Vec::is_empty)
                on:click=move |_| {
                    playground.undo();
                }
            >
                <Glyph icon=Icon::Undo />
                <span>"Undo"</span>
            </button>
            <button data-control="seed" title="The same cluster with other luck" on:click=move |_| playground.reseed()>
                <Glyph icon=Icon::Dice />
                <span>{move || format!("Seed {}", playground.seed.get())}</span>
            </button>
        </div>
    }
}
