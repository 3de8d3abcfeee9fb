//! The states of a node, as a diagram: who is where, and how often each way was taken.

use leptos::prelude::*;
use view::lens::states::{BOX_HEIGHT, BOX_WIDTH, State, States, Transition};
use view::lens::{LensKind, OfStates};
use view::shapes::{Anchor, Paint};

use super::{Frame, reading};

/// The state machine.
#[component]
pub fn StatesLens() -> impl IntoView {
    let states = reading(|session| session.ask(&OfStates));
    view! {
        <Frame kind=LensKind::States>
            {move || states.with(|states| states.as_ref().map(diagram))}
        </Frame>
    }
    .into_any()
}

fn diagram(states: &States) -> AnyView {
    let (width, height) = states.size;
    let ways = states.transitions.iter().filter_map(way).collect_view();
    let boxes = states.states.iter().map(state).collect_view();
    let title = |position: usize| states.states[position].title;
    // What has no arrow of its own is told below it once it has happened.
    let others = states
        .transitions
        .iter()
        .filter(|transition| transition.look.is_none() && transition.count > 0)
        .map(|transition| {
            let from = transition.from.map_or("Any", title);
            format!("{from} → {}: {} {}", title(transition.to), transition.cause, transition.count)
        })
        .collect::<Vec<_>>()
        .join(" · ");
    let rows = states.states.iter().map(|state| {
        let nodes = state.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>();
        let nodes = if nodes.is_empty() { "nobody".to_owned() } else { nodes.join(", ") };
        view! { <li>{format!("{}: {nodes}", state.title)}</li> }
    });
    let counts = states.transitions.iter().filter(|transition| transition.look.is_some()).map(|transition| {
        let from = transition.from.map_or("Any state", title);
        let text = format!("{from} to {}, {}: {}", title(transition.to), transition.cause, transition.count);
        view! { <li>{text}</li> }
    });
    view! {
        <svg class="states" viewBox=format!("0 0 {width} {height}") aria-hidden="true">
            <defs>
                <marker id="arrow" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
                    <path class="fill-mute" d="M0 1L9 5L0 9z"></path>
                </marker>
            </defs>
            {ways}
            {boxes}
        </svg>
        {(!others.is_empty()).then(|| view! { <p class="others">{others}</p> })}
        <ul class="unseen">{rows.collect_view()}{counts.collect_view()}</ul>
    }
    .into_any()
}

fn way(transition: &Transition) -> Option<AnyView> {
    let look = transition.look?;
    let anchor = match look.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let taken = transition.count > 0;
    let count = taken.then(|| view! { <tspan class="taken">{format!(" {}", transition.count)}</tspan> });
    Some(
        view! {
            <path class="way" class:any=transition.from.is_none() class:untaken=!taken d=look.path marker-end="url(#arrow)"></path>
            <text class="cause" x=look.label.0 y=look.label.1 text-anchor=anchor>
                {transition.cause}
                {count}
            </text>
        }
        .into_any(),
    )
}

fn state(state: &State) -> AnyView {
    let (x, y) = state.at;
    let occupied = !state.nodes.is_empty();
    let lift = if state.nodes.len() > 5 { 15 } else { 19 };
    // Nodes stand in rows of five below the title.
    let nodes = state.nodes.iter().enumerate().map(|(position, node)| {
        let (column, row) = ((position % 5) as i32, (position / 5) as i32);
        let many = state.nodes.len() > 5;
        let (left, top) = (x + 4 + column * 19, y + if many { 21 + row * 14 } else { 27 });
        let fill = format!("chip fill-{}", Paint::hue(node.hue).name());
        let class = if node.hue.is_some() { fill } else { "chip fill-panel".to_owned() };
        let ink = if node.hue.is_some() { "chip-name fill-on-hue" } else { "chip-name fill-ink" };
        view! {
            <rect class=class x=left y=top width="18" height="14" rx="3"></rect>
            <text class=ink x=left + 9 y=top + 11 text-anchor="middle">{node.name.clone()}</text>
        }
    });
    view! {
        <rect class="state" class:occupied=occupied x=x y=y width=BOX_WIDTH height=BOX_HEIGHT rx="9"></rect>
        <text class="state-name" x=x + BOX_WIDTH / 2 y=y + lift text-anchor="middle">{state.title}</text>
        {nodes.collect_view()}
    }
    .into_any()
}
