//! The ring on the stage, below links, messages and servers: arcs, virtual nodes, keys, and the walk of a key.

use std::sync::Arc;

use leptos::prelude::*;
use view::Condition;
use view::layout::{HEIGHT, WIDTH};
use view::lens::Ring;
use view::lens::ring::{
    self, BAND, Circle, Key, MIDDLE, NEXT_BAND, Piece, arc_path, at_position, band_path, dots, key_spot, seams,
};
use view::shapes::{HUES, Paint};

use crate::playground::{Selection, use_playground};

use super::use_ring;

/// So many virtual nodes are drawn as handles; of more, those of the server that is picked.
const HANDLES_MAX: usize = 120;
/// Of more than so many, none: arcs are all that can be seen.
const TOKENS_MAX: usize = 400;
/// The line of a walk, just inside the ring.
const WALK: f64 = BAND.0 - 5.0;

/// A server's part of the ring.
#[derive(Clone, PartialEq)]
struct Arcs {
    hue: u32,
    down: bool,
    path: String,
    next: String,
}

/// The ring, while the stage shows it.
#[component]
pub fn RingLayer() -> impl IntoView {
    let ring = use_ring();
    let view_box = format!("0 0 {WIDTH} {HEIGHT}");
    move || {
        let view_box = view_box.clone();
        ring.shown.get().then(|| {
            view! {
                <svg class="layer ring-art" viewBox=view_box aria-hidden="true">
                    <Band />
                    <Keys />
                    <Tokens />
                    <Walk />
                    <Middle />
                </svg>
            }
            .into_any()
        })
    }
}

/// Which server is picked on the stage.
fn picked() -> Memo<Option<String>> {
    let playground = use_playground();
    Memo::new(move |_| match playground.selected.get() {
        Some(Selection::Node(id)) => Some(id),
        _ => None,
    })
}

#[component]
fn Band() -> impl IntoView {
    let state = use_ring();
    // The ring that is drawn, and the one to come around it.
    let drawn = Memo::new(move |_| {
        let ring = state.ring.get()?;
        let next = match state.preview.get() {
            Some(preview) => return Some((ring, preview.circle.clone(), preview.circle.drawn(), Vec::new())),
            None => ring.next.as_ref().map(|next| next.drawn()).unwrap_or_default(),
        };
        let (now, pieces) = (ring.now.clone(), ring.now.drawn());
        Some((ring, now, pieces, next))
    });
    let names = Memo::new(move |_| {
        state.ring.with(|ring| {
            ring.iter().flat_map(|ring| ring.servers.iter().map(|server| server.name.clone())).collect::<Vec<_>>()
        })
    });
    let chosen = picked();
    let arcs = move |name: String| {
        let look = {
            let name = name.clone();
            Memo::new(move |_| drawn.with(|drawn| drawn.as_ref().and_then(|drawn| arcs_of(drawn, &name))))
        };
        let other = Memo::new(move |_| {
            chosen.with(|chosen| {
                let member = |id: &String| {
                    state.ring.with(|ring| ring.as_ref().is_some_and(|ring| ring.newest().member(id).is_some()))
                };
                chosen.as_ref().is_some_and(|id| *id != name && member(id))
            })
        });
        let class = move || {
            look.with(|look| {
                let look = look.as_ref()?;
                Some(format!(
                    "arc fill-{}{}{}",
                    Paint::Hue(look.hue).name(),
                    if look.down { " down" } else { "" },
                    if other.get() { " other" } else { "" },
                ))
            })
        };
        view! {
            <path class=class d=move || look.with(|look| look.as_ref().map(|look| look.path.clone()))></path>
            <path class=class d=move || look.with(|look| look.as_ref().map(|look| look.next.clone()))></path>
        }
    };
    let lines = move || {
        drawn.with(|drawn| {
            drawn.as_ref().map(|(.., pieces, next)| {
                let few =
                    |pieces: &[Piece], band| if pieces.len() <= 400 { seams(pieces, band) } else { String::new() };
                format!("{}{}", few(pieces, BAND), few(next, NEXT_BAND))
            })
        })
    };
    let moving = move || drawn.with(|drawn| drawn.as_ref().is_some_and(|(.., next)| !next.is_empty()));
    view! {
        <circle class="ring-ground" cx=MIDDLE.0 cy=MIDDLE.1 r=(BAND.0 + BAND.1) / 2.0 stroke-width=BAND.1 - BAND.0></circle>
        <For each=move || names.get() key=|name| name.clone() let:name>{arcs(name)}</For>
        <path class="seams" d=lines></path>
        <circle class="edge" cx=MIDDLE.0 cy=MIDDLE.1 r=BAND.0></circle>
        <circle class="edge" cx=MIDDLE.0 cy=MIDDLE.1 r=BAND.1></circle>
        <circle class="edge thin" class:gone=move || !moving() cx=MIDDLE.0 cy=MIDDLE.1 r=NEXT_BAND.0></circle>
        <circle class="edge thin" class:gone=move || !moving() cx=MIDDLE.0 cy=MIDDLE.1 r=NEXT_BAND.1></circle>
    }
    .into_any()
}

fn arcs_of((ring, now, pieces, next): &(Arc<Ring>, Arc<Circle>, Vec<Piece>, Vec<Piece>), name: &str) -> Option<Arcs> {
    let server = ring.server(name)?;
    let path = |circle: &Circle, pieces: &[Piece], band| {
        circle.member(name).map_or_else(String::new, |member| band_path(pieces, member, band))
    };
    Some(Arcs {
        hue: server.hue,
        down: server.condition == Condition::Crashed,
        path: path(now, pieces, BAND),
        next: path(ring.newest(), next, NEXT_BAND),
    })
}

#[component]
fn Keys() -> impl IntoView {
    let state = use_ring();
    // One path for each hue, and one around those that move.
    let drawn = Memo::new(move |_| {
        let ring = state.ring.get()?;
        let preview = state.preview.get();
        let size = match ring.keys.len() {
            0..=60 => 4.6,
            61..=400 => 3.6,
            _ => 2.2,
        };
        let owner = |key: &Key| match &preview {
            Some(preview) => {
                let member = preview.circle.owner(key.position)?;
                ring.servers.iter().position(|server| server.name == preview.circle.name(member))
            }
            None => key.owner(),
        };
        let mut spots: Vec<Vec<(f64, f64)>> = vec![Vec::new(); HUES as usize + 1];
        let mut moving = Vec::new();
        for (place, key) in ring.keys.iter().enumerate() {
            let spot = key_spot(key.position, place);
            let hue = owner(key).map_or(HUES, |server| ring.servers[server].hue % HUES);
            spots[hue as usize].push(spot);
            let moves = preview.as_ref().map_or_else(|| key.moves(), |preview| preview.moves.contains(&place));
            if moves {
                moving.push(spot);
            }
        }
        let paths: Vec<String> = spots.into_iter().map(|spots| dots(spots.into_iter(), size)).collect();
        Some((paths, dots(moving.into_iter(), size + 3.2)))
    });
    let path = move |hue: u32| {
        let class = if hue == HUES {
            "key-dots fill-panel".to_owned()
        } else {
            format!("key-dots fill-{}", Paint::Hue(hue).name())
        };
        view! { <path class=class d=move || drawn.with(|drawn| drawn.as_ref().map(|(paths, _)| paths[hue as usize].clone()))></path> }
    };
    view! {
        <path class="key-halo" d=move || drawn.with(|drawn| drawn.as_ref().map(|(_, moving)| moving.clone()))></path>
        {(0..=HUES).map(path).collect_view()}
    }
    .into_any()
}

#[component]
fn Tokens() -> impl IntoView {
    let state = use_ring();
    let chosen = picked();
    let middle = (BAND.0 + BAND.1) / 2.0;
    let path = move |own: bool| {
        let ring = state.ring.get()?;
        let preview = state.preview.get();
        let circle = preview.as_ref().map_or(ring.newest(), |preview| &preview.circle);
        let mine = chosen.get().and_then(|id| circle.member(&id));
        let many = circle.tokens.len() > HANDLES_MAX;
        let tokens = circle
            .tokens
            .iter()
            .filter(|token| circle.tokens.len() <= TOKENS_MAX && if own { Some(token.member) == mine } else { !many });
        Some(dots(tokens.map(|token| at_position(token.position, middle)), if many { 3.0 } else { 4.4 }))
    };
    let held = move || {
        let hand = state.hand.get()?;
        let (x, y) = at_position(hand.position, middle);
        let from = hand.moved().then(|| arc_path_between(hand.from, hand.position));
        Some(view! {
            <path class="drag-way" d=from></path>
            <circle class="held-token" cx=x cy=y r="9"></circle>
        })
    };
    view! {
        <path class="tokens" d=move || path(false)></path>
        <path class="tokens own" d=move || path(true)></path>
        {held}
    }
    .into_any()
}

/// The shorter way from one position to another.
fn arc_path_between(from: u32, to: u32) -> String {
    if to.wrapping_sub(from) < 1 << 31 { arc_path(from, to, NEXT_BAND.0) } else { arc_path(to, from, NEXT_BAND.0) }
}

/// The walk of the key that is looked up: clockwise to its replicas, which are numbered.
#[component]
fn Walk() -> impl IntoView {
    let state = use_ring();
    let playground = use_playground();
    let drawn = move || {
        let ring = state.ring.get()?;
        let key = ring.asked.as_ref()?;
        let spot = key_spot(key.position, 0);
        let edge = at_position(key.position, WALK);
        let label = at_position(key.position, BAND.0 - 50.0);
        let walk = ring.now.walk(key.position, ring.count);
        let way = walk.last().map(|(last, _)| arc_path(key.position, last.position, WALK));
        let stops = walk.iter().filter(|(_, new)| *new).enumerate().map(|(place, (token, _))| {
            let (x, y) = at_position(token.position, (BAND.0 + BAND.1) / 2.0);
            view! {
                <circle class="stop" cx=x cy=y r="9"></circle>
                <text class="stop-number" x=x y=y + 4.0 text-anchor="middle">{place + 1}</text>
            }
        });
        let passed =
            dots(walk.iter().filter(|(_, new)| !*new).map(|(token, _)| at_position(token.position, WALK)), 2.5);
        let replicas: Vec<String> = key
            .replicas
            .iter()
            .filter_map(|&place| ring.servers.get(place))
            .map(|server| server.name.clone())
            .collect();
        let circles = playground.stage.with(|stage| {
            let at = |name: &String| stage.nodes.iter().find(|node| node.id == *name).map(|node| node.position);
            replicas.iter().filter_map(at).collect::<Vec<_>>()
        });
        let circles = circles.into_iter().map(|at| view! { <circle class="replica" cx=at.x cy=at.y r="47"></circle> });
        Some(view! {
            {circles.collect_view()}
            <line class="aim" x1=spot.0 y1=spot.1 x2=edge.0 y2=edge.1></line>
            <path class="walk" pathLength="1" d=way></path>
            <path class="passed" d=passed></path>
            <circle class="asked-key" cx=spot.0 cy=spot.1 r="7"></circle>
            <text class="asked-name" x=label.0 y=label.1 text-anchor="middle">{key.name.clone()}</text>
            {stops.collect_view()}
        })
    };
    view! { <g class="lookup-walk">{drawn}</g> }.into_any()
}

/// What the ring says in its middle.
#[component]
fn Middle() -> impl IntoView {
    let state = use_ring();
    let words = Memo::new(move |_| state.ring.get().map(|ring| middle(&ring, state.hand.get(), state.preview.get())));
    view! {
        <text class="ring-count" x=MIDDLE.0 y=MIDDLE.1 text-anchor="middle">
            {move || words.with(|words| words.as_ref().map(|(large, _)| large.clone()))}
        </text>
        <text class="ring-about" x=MIDDLE.0 y=MIDDLE.1 + 24.0 text-anchor="middle">
            {move || words.with(|words| words.as_ref().map(|(_, small)| small.clone()))}
        </text>
    }
    .into_any()
}

/// So many of something.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn middle(ring: &Ring, hand: Option<super::Hand>, preview: Option<super::Preview>) -> (String, String) {
    if let Some(preview) = preview {
        let large = format!("{} would move", count(preview.moves.len(), "key"));
        let small = match hand {
            Some(hand) => format!("{}#{} at {}", hand.server, hand.index, ring::position_percent(hand.position)),
            None => format!("with {}", count(preview.circle.tokens.len(), "virtual node")),
        };
        return (large, small);
    }
    let moving = ring.keys.iter().filter(|key| key.moves()).count();
    if ring.next.is_some() {
        return (format!("{} move", count(moving, "key")), "old and new ring both hold".to_owned());
    }
    let servers = count(ring.now.of.servers.len(), "server");
    let about = match ring.now.tokens.len() {
        0 => servers,
        tokens => format!("{} · {servers}", count(tokens, "virtual node")),
    };
    (count(ring.keys.len(), "key"), about)
}
