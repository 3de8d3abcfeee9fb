//! The buttons on the stage: for the whole cluster, or for whatever is picked.
//!
//! The buttons for the cluster are always there. The others, and all forms, come with [`Part`]s.

pub mod ask;
mod fields;
mod link;
mod message;
mod node;
pub mod settings;
pub mod split;

use labs::params::DISTANCE;
use leptos::prelude::*;
use serde_json::{Value, json};
use view::Condition;

use crate::platform::page;
use crate::playground::{Playground, Selection, use_playground};
use crate::reactive::Memo;

use super::super::icons::{Glyph, Icon};
use super::super::parts::Part;
use super::PICKED_ID;

/// What can be done to the cluster, or to what is picked.
#[component]
pub fn Tools() -> impl IntoView {
    let playground = use_playground();
    let leave = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && playground.selected.with_untracked(Option::is_some) {
            event.stop_propagation();
            deselect(playground);
        }
    };
    let tools = move || match playground.selected.get() {
        None => view! { <Everywhere /> }.into_any(),
        Some(picked) => Part::Actions(picked).show(),
    };
    view! {
        <div class="tools" role="toolbar" aria-label="Actions" on:keydown=leave>
            {tools}
            <span class="space"></span>
            <button
                data-control="undo"
                aria-label="Undo"
                title="Undo"
                disabled=move || playground.marks.with(Vec::is_empty)
                on:click=move |_| {
                    playground.undo();
                }
            >
                <Glyph icon=Icon::Undo />
                <span>"Undo"</span>
            </button>
        </div>
    }
    .into_any()
}

/// What can be done to what is picked.
#[component]
pub fn Actions(of: Selection) -> impl IntoView {
    match of {
        Selection::Node(id) => view! { <node::NodeTools id=id /> }.into_any(),
        Selection::Link(a, b) => view! { <link::LinkTools a=a b=b /> }.into_any(),
        Selection::Message(id) => view! { <message::MessageTools id=id /> }.into_any(),
    }
}

/// Lets go of what is picked, and puts the keyboard back where it came from.
fn deselect(playground: Playground) {
    if let Some(picked) = playground.selected.get_untracked() {
        playground.select(None);
        match picked {
            Selection::Node(id) => page::focus_named(&format!("{id},")),
            Selection::Link(a, b) => page::focus_named(&format!("Link {a}–{b}")),
            Selection::Message(_) => {}
        }
    }
}

/// What is picked, and a way to let go of it.
#[component]
fn Picked(#[prop(into)] name: String) -> impl IntoView {
    let playground = use_playground();
    let label = format!("Let go of {name}");
    view! {
        <button id=PICKED_ID class="picked-name" aria-label=label title="Let go (Escape)" on:click=move |_| deselect(playground)>
            <b>{name}</b>
            <Glyph icon=Icon::Cross />
        </button>
    }
    .into_any()
}

/// A button that gives one command, and is grey while that would change nothing.
#[component]
fn Act(
    /// The button's icon.
    icon: Icon,
    /// What it says.
    #[prop(into)]
    name: String,
    /// The command.
    command: Value,
) -> impl IntoView {
    let playground = use_playground();
    let tried = command.clone();
    view! {
        <button disabled=move || !playground.would(&tried) on:click=move |_| playground.command(&command)>
            <Glyph icon=icon />
            <span>{name}</span>
        </button>
    }
    .into_any()
}

/// For the whole cluster.
#[component]
fn Everywhere() -> impl IntoView {
    let playground = use_playground();
    // Of several the one that reaches most: whoever is cut off already still thinks it is in charge.
    let leader = Memo::new(move |_| {
        playground.stage.with(|stage| {
            let reach = |index: usize| {
                stage.links.iter().filter(|link| (link.a == index || link.b == index) && link.up()).count()
            };
            let in_charge = |node: &view::Node| node.in_charge && node.condition == Condition::Up;
            let leaders = stage.nodes.iter().enumerate().filter(|(_, node)| in_charge(node));
            let leader = leaders.map(|(index, node)| (reach(index), node)).max_by_key(|(reach, _)| *reach);
            leader.filter(|(reach, _)| *reach > 0).map(|(_, node)| node.id.clone())
        })
    });
    let healthy = Memo::new(move |_| playground.stage.with(|stage| stage.links.iter().all(view::Link::up)));
    let cut_off = move |_| {
        if let Some(leader) = leader.get_untracked() {
            playground.command(&cut_off_command(playground, &leader));
        }
    };
    let cut_off_leader = move || {
        playground.lab.get().roles.map(|roles| {
            let name = move || {
                leader
                    .get()
                    .map_or_else(|| format!("Cut off the {}", roles.holder), |leader| format!("Cut off {leader}"))
            };
            view! {
                <button data-control="cut-off" disabled=move || leader.with(Option::is_none) on:click=cut_off>
                    <Glyph icon=Icon::Scissors />
                    <span>{name}</span>
                </button>
            }
        })
    };
    view! {
        {cut_off_leader}
        <button data-control="heal-all" disabled=move || healthy.get() on:click=move |_| playground.command(&json!({"do": "heal-all"}))>
            <Glyph icon=Icon::Heal />
            <span>"Heal all"</span>
        </button>
        <split::Split />
        <ask::Ask of=None />
        <DistanceSwitch />
        <settings::Settings />
        <button data-control="seed" title="The same cluster with other luck" on:click=move |_| playground.reseed()>
            <Glyph icon=Icon::Dice />
            <span>{move || format!("Seed {}", playground.seed.get())}</span>
        </button>
    }
    .into_any()
}

/// The command that parts one node from all the others.
fn cut_off_command(playground: Playground, id: &str) -> Value {
    let others: Vec<String> = playground
        .stage
        .with_untracked(|stage| stage.nodes.iter().map(|node| node.id.clone()).filter(|other| other != id).collect());
    json!({"do": "partition", "groups": [[id], others]})
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
    let switch = move || {
        view! {
            <button
                data-control="distance"
                title="Messages need longer the further apart nodes stand"
                aria-label="Distance is latency"
                aria-pressed=move || on.get().to_string()
                on:click=move |_| playground.count_distance(!on.get_untracked())
            >
                <Glyph icon=Icon::Ruler />
                <span>"Distance"</span>
            </button>
        }
    };
    move || known().then(switch)
}
