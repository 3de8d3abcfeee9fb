//! The buttons on the stage: what people want to do most, in one click.

use labs::params::DISTANCE;
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
            <button disabled=move || leader.with(Option::is_none) on:click=cut_off>
                <Glyph icon=Icon::Scissors />
                <span>{move || leader.get().map_or_else(|| "Cut off the leader".to_owned(), |leader| format!("Cut off {leader}"))}</span>
            </button>
            <button disabled=move || healthy.get() on:click=move |_| playground.command(&json!({"do": "heal-all"}))>
                <Glyph icon=Icon::Heal />
                <span>"Heal all"</span>
            </button>
            <button
                disabled=move || playground.marks.with(Vec::is_empty)
                on:click=move |_| {
                    playground.undo();
                }
            >
                <Glyph icon=Icon::Undo />
                <span>"Undo"</span>
            </button>
            <DistanceSwitch />
            <button title="The same cluster with other luck" on:click=move |_| playground.reseed()>
                <Glyph icon=Icon::Dice />
                <span>{move || format!("Seed {}", playground.seed.get())}</span>
            </button>
        </div>
    }
}

/// Whether the length of a link is its latency; only where the lab knows about it.
#[component]
fn DistanceSwitch() -> impl IntoView {
    let playground = use_playground();
    let known = move || playground.lab.with(|lab| lab.params.iter().any(|param| param.key == DISTANCE.key));
    let on = Memo::new(move |_| {
        playground.revision.track();
        playground.read(|session| session.distance_us() > 0)
    });
    view! {
        <Show when=known>
            <button
                title="Messages need longer the further apart nodes stand"
                aria-pressed=move || on.get().to_string()
                on:click=move |_| playground.count_distance(!on.get_untracked())
            >
                <Glyph icon=Icon::Ruler />
                <span>"Distance is latency"</span>
            </button>
        </Show>
    }
}
