//! Links: a click or a key cuts or heals, and picks the link for whatever else can be done to it.

use leptos::prelude::*;
use serde_json::json;
use view::shapes::{cut_mark, rim_to_rim};

use crate::components::list::For;
use crate::playground::{Playground, Selection, use_playground};
use crate::reactive::Memo;

use super::gesture::Gestures;

/// All links, in the order of their ends.
#[component]
pub fn Links() -> impl IntoView {
    let playground = use_playground();
    // Pairs of positions stay the same for the life of a run; what changes is inside each link.
    let pairs = Memo::new(move |_| {
        playground.stage.with(|stage| stage.links.iter().map(|link| (link.a, link.b)).collect::<Vec<_>>())
    });
    view! {
        <For each=move || pairs.get() key=|pair| *pair let:pair>
            <LinkView a=pair.0 b=pair.1 />
        </For>
    }
}

/// One link, as it is drawn.
#[derive(Clone, PartialEq)]
struct Look {
    names: [String; 2],
    ends: [(f64, f64); 2],
    forward: bool,
    backward: bool,
    held: bool,
    quiet: bool,
}

fn look(playground: Playground, a: usize, b: usize) -> Option<Look> {
    playground.stage.with(|stage| {
        let link = stage.links.iter().find(|link| (link.a, link.b) == (a, b))?;
        let (from, to) = (stage.nodes.get(a)?, stage.nodes.get(b)?);
        Some(Look {
            names: [from.id.clone(), to.id.clone()],
            ends: rim_to_rim(from, to),
            quiet: link.quiet,
            forward: link.forward,
            backward: link.backward,
            held: link.held,
        })
    })
}

/// Half the width of what a finger hits, in units of the stage.
const REACH: f64 = 13.0;

/// The corners of the band around a link that takes clicks. An area and not a broad stroke: a
/// stroke has no height of its own when a link lies level, and then it counts as invisible.
fn reach([(x1, y1), (x2, y2)]: [(f64, f64); 2]) -> String {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx.hypot(dy).max(1.0);
    let (nx, ny) = (-dy / length * REACH, dx / length * REACH);
    let corners = [(x1 + nx, y1 + ny), (x2 + nx, y2 + ny), (x2 - nx, y2 - ny), (x1 - nx, y1 - ny)];
    corners.map(|(x, y)| format!("{x:.1},{y:.1}")).join(" ")
}

#[component]
fn LinkView(a: usize, b: usize) -> impl IntoView {
    let playground = use_playground();
    let look = Memo::new(move |_| look(playground, a, b));
    let up = move || look.with(|look| look.as_ref().is_some_and(|look| look.forward && look.backward));
    let gestures = expect_context::<Gestures>();
    let toggle = move || {
        if let Some(look) = look.get_untracked() {
            let word = if look.forward && look.backward { "cut" } else { "heal" };
            let [from, to] = look.names;
            playground.command(&json!({"do": word, "from": from, "to": to}));
            playground.select(Some(Selection::Link(from, to)));
        }
    };
    let picked = Memo::new(move |_| {
        let names = look.with(|look| look.as_ref().map(|look| look.names.clone()));
        playground.selected.with(|picked| match (picked, names) {
            (Some(Selection::Link(from, to)), Some([a, b])) => *from == a && *to == b,
            _ => false,
        })
    });
    let threatened = Memo::new(move |_| gestures.threat.with(|threat| threat.links.contains(&(a, b))));
    let lit = Memo::new(move |_| {
        let names = look.with(|look| look.as_ref().map(|look| look.names.clone()));
        playground.highlight.with(|lit| {
            names
                .is_some_and(|[a, b]| lit.iter().any(|name| *name == format!("{a}-{b}") || *name == format!("{b}-{a}")))
        })
    });
    let name = move || look.with(|look| look.as_ref().map(|look| format!("Link {}–{}", look.names[0], look.names[1])));
    let lines = move || {
        look.get().map(|look| {
            let [(x1, y1), (x2, y2)] = look.ends;
            let mark = cut_mark(look.ends, look.forward, look.backward).map(|(x, y)| {
                view! { <path class="cut-mark" d=format!("M{} {}l12 12M{} {}l-12 12", x - 6.0, y - 6.0, x + 6.0, y - 6.0)></path> }
            });
            view! {
                <polygon class="reach" points=reach(look.ends)></polygon>
                <line class="wire-line" class:held=look.held class:quiet=look.quiet x1=x1 y1=y1 x2=x2 y2=y2></line>
                {mark}
            }
        })
    };
    view! {
        <g
            class="link"
            class:cut=move || !up()
            class:picked=move || picked.get()
            class:threatened=move || threatened.get()
            class:lit=move || lit.get()
            role="switch"
            tabindex="0"
            aria-checked=move || up().to_string()
            aria-label=name
            on:click=move |_| {
                if !gestures.takes_click() {
                    toggle();
                }
            }
            on:keydown=move |event| {
                if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    toggle();
                }
            }
        >
            {lines}
        </g>
    }
}
