//! The ring on the stage, below links, messages and servers: arcs, virtual nodes, keys, and the walk of a key.
//!
//! It is two pictures. The lower one is the ring as it is, and stays as it is while somebody drags: with twenty
//! thousand virtual nodes and ten thousand keys it is dear to draw. The upper one is what changes under a hand.

use std::sync::Arc;

use leptos::prelude::*;
use view::layout::{HEIGHT, WIDTH};
use view::lens::Ring;
use view::lens::ring::{
    self, Arcs, BAND, Circle, Dots, Key, KeyDots, MIDDLE, NEXT_BAND, Piece, arc_path, at_position, band_path, count,
    dots,
};
use view::shapes::{self, HUES, Paint};

use crate::components::list::For;
use crate::playground::{Selection, use_playground};
use crate::reactive::Memo;

use super::{Hand, Preview, use_ring};

/// The line of a walk, just inside the ring.
const WALK: f64 = BAND.0 - 5.0;

/// The ring, while the stage shows it.
#[component]
pub fn RingLayer() -> impl IntoView {
    let ring = use_ring();
    ring.attend();
    let view_box = format!("0 0 {WIDTH} {HEIGHT}");
    move || {
        let view_box = view_box.clone();
        ring.shown.get().then(|| {
            view! {
                <svg class="layer ring-base" viewBox=view_box.clone() aria-hidden="true">
                    <Band />
                    <Keys />
                </svg>
                <svg class="layer ring-art" viewBox=view_box aria-hidden="true">
                    <Shifted />
                    <Edges />
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

/// The ring that somebody tries, unless it is the one that holds but for a virtual node in their hand.
fn trial(preview: Option<Preview>) -> Option<Preview> {
    preview.filter(|preview| preview.shift.is_none())
}

/// The ring that is drawn and its pieces, and the one to come around it.
#[derive(Clone, PartialEq)]
struct Drawn {
    ring: Arc<Ring>,
    now: Arc<Circle>,
    pieces: Vec<Piece>,
    next: Vec<Piece>,
}

#[component]
fn Band() -> impl IntoView {
    let state = use_ring();
    let trial = Memo::new(move |_| trial(state.preview.get()));
    let drawn = Memo::new(move |_| {
        let ring = state.ring.get()?;
        let (now, next) = match trial.get() {
            Some(trial) => (trial.circle, Vec::new()),
            None => (ring.now.clone(), ring.next.as_ref().map(|next| next.drawn()).unwrap_or_default()),
        };
        Some(Drawn { pieces: now.drawn(), ring, now, next })
    });
    let names = Memo::new(move |_| {
        state.ring.with(|ring| {
            ring.iter().flat_map(|ring| ring.servers.iter().map(|server| server.name.clone())).collect::<Vec<_>>()
        })
    });
    // The member that is picked: the others stand back.
    let chosen = picked();
    let chosen = Memo::new(move |_| {
        let member =
            |id: &String| state.ring.with(|ring| ring.as_ref().is_some_and(|ring| ring.newest().member(id).is_some()));
        chosen.get().filter(member)
    });
    let arcs = move |name: String| {
        let look = {
            let name = name.clone();
            Memo::new(move |_| {
                drawn.with(|drawn| {
                    let Drawn { ring, now, pieces, next } = drawn.as_ref()?;
                    Some(ring.arcs(ring.server(&name)?, (now, pieces), (ring.newest(), next)))
                })
            })
        };
        let other = Memo::new(move |_| chosen.with(|chosen| chosen.as_ref().is_some_and(|id| *id != name)));
        let class = move || {
            look.with(|look| {
                let Arcs { hue, down, .. } = look.as_ref()?;
                Some(format!(
                    "arc fill-{}{}{}",
                    Paint::Hue(*hue).name(),
                    if *down { " down" } else { "" },
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
            drawn.as_ref().map(|Drawn { pieces, next, .. }| {
                format!("{}{}", Circle::seams(pieces, BAND), Circle::seams(next, NEXT_BAND))
            })
        })
    };
    view! {
        <circle class="ring-ground" cx=MIDDLE.0 cy=MIDDLE.1 r=(BAND.0 + BAND.1) / 2.0 stroke-width=BAND.1 - BAND.0></circle>
        <For each=move || names.get() key=|name| name.clone() let:name>{arcs(name)}</For>
        <path class="seams" d=lines></path>
    }
    .into_any()
}

/// The edges of the ring, and of the one to come.
#[component]
fn Edges() -> impl IntoView {
    let state = use_ring();
    let moving = Memo::new(move |_| {
        let next = state.ring.with(|ring| ring.as_ref().is_some_and(|ring| ring.next.is_some()));
        next && state.preview.with(|preview| preview.as_ref().is_none_or(|preview| preview.shift.is_some()))
    });
    view! {
        <circle class="edge" cx=MIDDLE.0 cy=MIDDLE.1 r=BAND.0></circle>
        <circle class="edge" cx=MIDDLE.0 cy=MIDDLE.1 r=BAND.1></circle>
        <circle class="edge thin" class:gone=move || !moving.get() cx=MIDDLE.0 cy=MIDDLE.1 r=NEXT_BAND.0></circle>
        <circle class="edge thin" class:gone=move || !moving.get() cx=MIDDLE.0 cy=MIDDLE.1 r=NEXT_BAND.1></circle>
    }
    .into_any()
}

/// The class of a path of dots.
fn dots_class(hue: u32, dots: Dots) -> String {
    let fill = if hue == HUES { "panel" } else { Paint::Hue(hue).name() };
    format!("key-dots fill-{fill}{}", if dots.fine() { " fine" } else { "" })
}

#[component]
fn Keys() -> impl IntoView {
    let state = use_ring();
    let trial = Memo::new(move |_| trial(state.preview.get()));
    // What a dot looks like changes seldom; the paths of ten thousand are made anew only then.
    let looks = Memo::new(move |_| {
        let ring = state.ring.get()?;
        let looks: Vec<(Option<u32>, bool)> = match trial.get() {
            None => ring.looks().map(|(_, hue, moves)| (hue, moves)).collect(),
            Some(trial) => {
                let mut looks: Vec<_> =
                    ring.keys.iter().map(|key| (hue_on(&ring, &trial.circle, key), false)).collect();
                trial.moves.iter().for_each(|&place| looks[place].1 = true);
                looks
            }
        };
        Some((ring.keys.clone(), looks))
    });
    let drawn = Memo::new(move |_| {
        looks.with(|looks| {
            let (keys, looks) = looks.as_ref()?;
            Some(KeyDots::new(keys, looks.iter().enumerate().map(|(place, &(hue, moves))| (place, hue, moves))))
        })
    });
    view! { <DotPaths drawn=drawn /> }
}

/// The hue of the owner of a key on some ring.
fn hue_on(ring: &Ring, circle: &Circle, key: &Key) -> Option<u32> {
    Some(ring.hue(circle, circle.owner(key.position)?))
}

/// Dots: a path for each hue, on top of a halo around those that move.
#[component]
fn DotPaths(drawn: Memo<Option<KeyDots>>) -> impl IntoView {
    let path = move |hue: u32| {
        let class = move || drawn.with(|drawn| drawn.as_ref().map(|drawn| dots_class(hue, drawn.dots)));
        let path = move || drawn.with(|drawn| drawn.as_ref().map(|drawn| drawn.hues[hue as usize].clone()));
        view! { <path class=class d=path></path> }
    };
    view! {
        <path class="key-halo" d=move || drawn.with(|drawn| drawn.as_ref().map(|drawn| drawn.halo.clone()))></path>
        {(0..=HUES).map(path).collect_view()}
    }
    .into_any()
}

/// What changes under a hand: the arcs at both ends of the way of a virtual node, and the keys that would move.
#[component]
fn Shifted() -> impl IntoView {
    let state = use_ring();
    let keys = Memo::new(move |_| {
        let (ring, preview) = (state.ring.get()?, state.preview.get()?);
        preview.shift?;
        let look = |&place: &usize| Some((place, hue_on(&ring, &preview.circle, ring.keys.get(place)?), true));
        Some(KeyDots::new(&ring.keys, preview.moves.iter().filter_map(look)))
    });
    let arcs = move || {
        let (ring, preview) = (state.ring.get()?, state.preview.get()?);
        let pieces = preview.shift?.pieces(ring.newest(), &preview.circle);
        let band = if ring.next.is_some() { NEXT_BAND } else { BAND };
        let arc = |piece: &Piece| {
            let path = band_path(std::slice::from_ref(piece), piece.member, band);
            let hue = Paint::Hue(ring.hue(&preview.circle, piece.member)).name();
            view! { <path class=format!("arc shifted fill-{hue}") d=path></path> }
        };
        Some(pieces.iter().map(arc).collect_view())
    };
    view! {
        {arcs}
        <DotPaths drawn=keys />
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
        if !own {
            return Some(circle.token_dots(None));
        }
        let mine = chosen.get().and_then(|id| circle.member(&id));
        Some(circle.token_dots(Some(mine?)))
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
        let spot = Dots::of(ring.keys.len()).spot(key.position, 0);
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
        let replicas: Vec<&str> = key
            .replicas
            .iter()
            .filter_map(|&place| ring.servers.get(place))
            .map(|server| server.name.as_str())
            .collect();
        let circles = playground.stage.with(|stage| {
            let of = |name: &&str| stage.nodes.iter().find(|node| node.id == *name);
            let circle = |node: &view::Node| (node.position, shapes::radius(node) + 9.0);
            replicas.iter().filter_map(of).map(circle).collect::<Vec<_>>()
        });
        let circles =
            circles.into_iter().map(|(at, r)| view! { <circle class="replica" cx=at.x cy=at.y r=r></circle> });
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
    let words = Memo::new(move |_| {
        let ring = state.ring.get()?;
        Some(match state.preview.get() {
            Some(preview) => foretold(&preview, state.hand.get()),
            None => ring.words(),
        })
    });
    // Many dots leave less room between them.
    let dense =
        Memo::new(move |_| state.ring.with(|ring| ring.as_ref().is_some_and(|ring| Dots::of(ring.keys.len()).fine())));
    let remark = Memo::new(move |_| {
        let foretold = state.preview.with(Option::is_some);
        state.ring.with(|ring| ring.as_ref().filter(|_| !foretold).and_then(|ring| ring.remark()))
    });
    view! {
        <text class="ring-count" class:dense=move || dense.get() x=MIDDLE.0 y=MIDDLE.1 text-anchor="middle">
            {move || words.with(|words| words.as_ref().map(|(large, _)| large.clone()))}
        </text>
        <text class="ring-about" x=MIDDLE.0 y=MIDDLE.1 + 24.0 text-anchor="middle">
            {move || words.with(|words| words.as_ref().map(|(_, small)| small.clone()))}
        </text>
        <text class="ring-remark" x=MIDDLE.0 y=MIDDLE.1 + 44.0 text-anchor="middle">{move || remark.get()}</text>
    }
    .into_any()
}

/// What would come of it.
fn foretold(preview: &Preview, hand: Option<Hand>) -> (String, String) {
    let large = format!("{} would move", count(preview.moves.len(), "key"));
    let small = match hand {
        Some(hand) => format!("{}#{} at {}", hand.server, hand.index, ring::position_percent(hand.position)),
        None => format!("with {}", count(preview.circle.tokens.len(), "virtual node")),
    };
    (large, small)
}
