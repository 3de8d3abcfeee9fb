//! The stage, in three layers: links below, what moves on a canvas, nodes above. Gestures come to all of it at once.

mod gesture;
mod links;
mod nodes;
mod picture;
mod side;
pub mod tools;

use leptos::html::{Canvas, Div, Section};
use std::fmt::Write as _;

use labs::{InputError, VariantKind};
use leptos::prelude::*;
use view::layout::{HEIGHT, WIDTH};
use view::shapes::{Anchor, Paint, ROUND, Shape, TRANSLUCENT, TextStyle, dashes};

use crate::components::icons::{Glyph, Icon};
use crate::desk::use_desk;
use crate::platform::canvas::Painter;
use crate::platform::page;
use crate::playground::{Selection, use_playground};
use crate::reactive::{Effect, Memo, RwSignal};

use super::parts::Part;
use super::ring::use_ring;
use super::space_time;

/// The button that names what is picked, first among what can be done to it.
pub const PICKED_ID: &str = "picked";

/// The cluster.
#[component]
pub fn StageView() -> impl IntoView {
    let playground = use_playground();
    let canvas = NodeRef::<Canvas>::new();
    let layers = NodeRef::<Div>::new();
    let section = NodeRef::<Section>::new();
    let ring = use_ring();
    let space_time = space_time::Place::of_lab();
    // Of two stages the first one has what is common to both.
    let second = playground.is_second();
    let paired = Memo::new(move |_| playground.contrast.with(Option::is_some));
    let opening = move || {
        if paired.get() { view! { <side::Side /> }.into_any() } else { view! { <Invitation /> }.into_any() }
    };
    let narrow = RwSignal::new(page::is_narrow());
    if let Some(guard) = page::on_narrow_change(move |now| narrow.set(now)) {
        guard.keep();
    }
    let has_ring = Memo::new(move |_| ring.ring.with(Option::is_some));
    // Servers in rows reach up to where the buttons are.
    let crowded = Memo::new(move |_| {
        ring.ring.with(|ring| ring.as_ref().is_some_and(|ring| view::lens::ring::crowd(ring.servers.len()).is_some()))
    });
    let gestures = gesture::Gestures::new(playground, ring, layers);
    provide_context(gestures);
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            page::on_resize(&canvas, move || playground.resize()).keep();
            playground.paint_on(Painter::new(canvas));
        }
    });
    Effect::new(move |_| {
        if let Some(section) = section.get() {
            page::on_seen(&section, move |seen| playground.set_seen(seen)).keep();
        }
    });
    on_cleanup(move || {
        playground.paint_on(None);
        // Whatever is shown next says itself whether it can be seen.
        playground.set_seen(true);
    });
    let view_box = format!("0 0 {WIDTH} {HEIGHT}");
    view! {
        <section class="stage" class:space-time=move || space_time.shown.get() class:logged=move || space_time.is_logged() aria-label=if second { "Second stage" } else { "Stage" } node_ref=section>
            {opening}
            <div class="stage-top">
                <Violated />
                {(!second).then(|| view! { <picture::PictureBar /> })}
            </div>
            {move || space_time.shown.get().then(|| Part::Diagram(narrow).show())}
            <div
                class="layers"
                class:ringed=move || ring.shown.get()
                class:crowded=move || ring.shown.get() && crowded.get()
                node_ref=layers
                on:pointerdown=move |event| gestures.down(&event)
                on:pointermove=move |event| gestures.moved(&event)
                on:pointerup=move |event| gestures.up(&event)
                on:pointercancel=move |_| gestures.cancelled()
            >
                {move || has_ring.get().then(|| Part::RingLayer.show())}
                <svg class="layer" viewBox=view_box.clone() role="group" aria-label="Links">
                    <links::Links />
                </svg>
                <canvas class="layer" node_ref=canvas aria-hidden="true"></canvas>
                <svg class="layer above" viewBox=view_box role="group" aria-label="Nodes">
                    <defs>
                        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                            <rect class="fill-ground" width="6" height="6"></rect>
                            <rect class="fill-mute faint" width="2" height="6"></rect>
                        </pattern>
                    </defs>
                    <Caught />
                    <nodes::Nodes />
                    <nodes::Named />
                    {move || has_ring.get().then(|| Part::TokenSlider.show())}
                    <Stroke />
                </svg>
            </div>
            {(!second).then(|| view! { <tools::Tools /> })}
        </section>
    }
    .into_any()
}

/// What to try; in a wrong variant, what is wrong with it, and a way to see it break.
#[component]
fn Invitation() -> impl IntoView {
    let (desk, playground) = (use_desk(), use_playground());
    let ring = use_ring();
    let instead = Memo::new(move |_| ring.ring.with(|ring| ring.as_ref().and_then(|ring| ring.invitation())));
    let words = move || {
        let (lab, variant) = (playground.lab.get(), playground.variant.get());
        match variant.kind {
            VariantKind::Correct => instead.get().unwrap_or(lab.invitation),
            VariantKind::Bug | VariantKind::Cost => (variant.title, variant.summary),
        }
    };
    let demonstrate = move || {
        let (lab, variant) = (playground.lab.get(), playground.variant.get());
        (variant.kind == VariantKind::Bug).then(|| {
            let path = format!("bugs/{}/{}.json", lab.id, variant.id);
            let show = move |_| {
                let named = path.clone();
                page::fetch_text(&path, move |text| match text.map_err(|problem| InputError::new(named, problem)) {
                    Ok(text) => desk.demonstrate(&text),
                    Err(error) => playground.report(error.to_string()),
                });
            };
            view! {
                <button class="demonstrate" on:click=show>
                    <Glyph icon=Icon::Play />
                    <span>"Watch it break"</span>
                </button>
            }
        })
    };
    view! {
        <div class="invitation">
            <h1>{move || words().0}</h1>
            <p>{move || words().1}</p>
            {demonstrate}
        </div>
    }
    .into_any()
}

/// The first property that does not hold, large enough for the last row.
#[component]
fn Violated() -> impl IntoView {
    let playground = use_playground();
    let first = Memo::new(move |_| {
        playground.verdicts.with(|verdicts| {
            let violated = verdicts.iter().filter(|verdict| verdict.status == "violated");
            let first = violated.min_by_key(|verdict| verdict.step)?;
            Some((first.name, first.reason.clone().unwrap_or_default(), first.step))
        })
    });
    move || {
        first.get().map(|(name, reason, step)| {
            view! {
                <button
                    class="verdict-banner"
                    title="Go to the step that shows it"
                    on:click=move |_| {
                        if let Some(step) = step {
                            playground.seek_step(step);
                        }
                    }
                >
                    <b>{format!("{name} is violated")}</b>
                    <span>{reason}</span>
                </button>
            }
        })
    }
}

/// The stroke that somebody draws, and what it would do, in a word.
#[component]
fn Stroke() -> impl IntoView {
    let playground = use_playground();
    let gestures = expect_context::<gesture::Gestures>();
    let path = move || {
        gestures.stroke.with(|stroke| {
            let mut path = String::new();
            for (index, (x, y)) in stroke.iter().enumerate() {
                let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
            }
            path
        })
    };
    let word = move || {
        let threat = gestures.threat.get();
        match (threat.nodes.len(), threat.links.len()) {
            (0, 0) => String::new(),
            (0, 1) => "cut 1 link".to_owned(),
            (0, links) => format!("cut {links} links"),
            (..) => playground.stage.with_untracked(|stage| {
                let names: Vec<_> = threat.nodes.iter().map(|&index| stage.nodes[index].id.as_str()).collect();
                format!("split off {}", names.join(", "))
            }),
        }
    };
    let end = move || gestures.stroke.with(|stroke| stroke.last().copied().unwrap_or_default());
    view! {
        <path class="stroke" class:loop=move || gestures.threat.with(|threat| !threat.nodes.is_empty()) d=path></path>
        <text class="text-remark stroke-word" x=move || end().0 + 14.0 y=move || end().1 - 12.0>{word}</text>
    }
    .into_any()
}

/// A ring around the message that is picked.
#[component]
fn Caught() -> impl IntoView {
    let playground = use_playground();
    let spot = Memo::new(move |_| match playground.selected.get() {
        Some(Selection::Message(id)) => {
            playground.time_us.track();
            playground.stage.track();
            playground.message_spot(&id)
        }
        _ => None,
    });
    move || spot.get().map(|(x, y)| view! { <circle class="caught" cx=x cy=y r="15"></circle> })
}

/// The name of a paint as a class, for SVG.
fn paint_class(prefix: &str, paint: Paint) -> String {
    format!("{prefix}-{}", paint.name())
}

/// Draws a shape as an element of SVG. Colours come from classes, so that a theme needs no redraw.
pub fn shape_view(shape: &Shape) -> AnyView {
    match shape {
        Shape::Circle { x, y, r, fill, stroke, width, dashed } => {
            let class = format!("{} {}", paint_class("fill", *fill), paint_class("stroke", *stroke));
            let dashed = dashed.then_some("9 6");
            view! { <circle class=class cx=*x cy=*y r=*r stroke-width=*width stroke-dasharray=dashed></circle> }
                .into_any()
        }
        Shape::Polygon { points, fill, stroke, width } => {
            let class = format!("{} {}", paint_class("fill", *fill), paint_class("stroke", *stroke));
            let points = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect::<Vec<_>>().join(" ");
            view! { <polygon class=class points=points stroke-width=*width></polygon> }.into_any()
        }
        Shape::Strokes { lines, stroke, width } => {
            let class = format!("fill-none {}", paint_class("stroke", *stroke));
            let d: String = lines
                .iter()
                .map(|[from, to]| format!("M{:.2} {:.2}L{:.2} {:.2}", from.0, from.1, to.0, to.1))
                .collect();
            view! { <path class=class d=d stroke-width=*width></path> }.into_any()
        }
        Shape::Line { points, stroke, width, dash } => {
            let class = format!("line fill-none {}", paint_class("stroke", *stroke));
            let mut d = String::new();
            for (place, (x, y)) in points.iter().enumerate() {
                let _ = write!(d, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
            }
            view! { <path class=class d=d stroke-width=*width stroke-linejoin="round" stroke-dasharray=dashes(*dash)></path> }
                .into_any()
        }
        Shape::Area { points, fill } => {
            let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
            let class = format!("area {}", paint_class("fill", *fill));
            view! { <polygon class=class points=points fill-opacity=TRANSLUCENT></polygon> }.into_any()
        }
        Shape::Pill { x, y, width, height, fill, stroke } => {
            let class = format!("{} {}", paint_class("fill", *fill), paint_class("stroke", *stroke));
            view! { <rect class=class x=*x y=*y width=*width height=*height rx=(height / 2.0).min(width / 2.0).min(ROUND) stroke-width="1.5"></rect> }
                .into_any()
        }
        Shape::Text { x, y, text, style, anchor, fill } => {
            let style = match style {
                TextStyle::Name => "name",
                TextStyle::SmallName => "small-name",
                TextStyle::TinyName => "tiny-name",
                TextStyle::Label => "label",
                TextStyle::Badge => "badge",
                TextStyle::Remark => "remark",
            };
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let class = format!("text-{style} {}", paint_class("fill", *fill));
            view! { <text class=class x=*x y=*y text-anchor=anchor>{text.clone()}</text> }.into_any()
        }
    }
}
