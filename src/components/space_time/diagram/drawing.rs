//! The pieces that a picture of the diagram is drawn with, in place: ticks, labels, an event in the hand, processes.

use leptos::prelude::*;
use view::lens::space_time::picture::badge_text;
use view::lens::space_time::plan::{Drawing, Label};
use view::shapes::{HUES, Paint};
use view::{Condition, Node};

use crate::components::list::For;
use crate::components::words::seconds;
use crate::platform::page;
use crate::playground::Selection;
use crate::reactive::Memo;

use super::Picture;
use super::gesture::Hand;

#[component]
pub(super) fn Ticks(picture: Picture, drawing: Memo<Drawing>) -> impl IntoView {
    let ticks = Memo::new(move |_| drawing.with(|drawing| drawing.ticks.clone()));
    let now = move || {
        let viewport = picture.viewport();
        picture.state.now_us.track();
        picture.state.version.track();
        let logged = picture.state.log.with(Option::is_some);
        let place = picture.state.with_scene(&viewport, |scene| viewport.place(scene.now.0));
        let seen = !logged && place > viewport.badge() + 24.0 && place < viewport.along;
        seen.then(|| {
            let ((x, y), (x2, y2)) = (viewport.spot(place, 4.0), viewport.spot(place, viewport.across - 4.0));
            format!("M{x:.1} {y:.1}L{x2:.1} {y2:.1}")
        })
    };
    let tick = move |index: usize| {
        let text = move || ticks.with(|ticks| ticks.get(index).map(|tick| tick.text.clone()));
        let place = move || ticks.with(|ticks| ticks.get(index).map_or(0.0, |tick| tick.place));
        let spot = move || {
            let viewport = picture.viewport();
            if viewport.upright {
                (viewport.spot(place() + 4.0, 6.0), "start")
            } else {
                (viewport.spot(place(), viewport.across - 7.0), "middle")
            }
        };
        let line = move || {
            let viewport = picture.viewport();
            let (x, y) = viewport.spot(place(), if viewport.upright { 42.0 } else { 0.0 });
            let (x2, y2) =
                viewport.spot(place(), if viewport.upright { viewport.across } else { viewport.across - 22.0 });
            format!("M{x:.1} {y:.1}L{x2:.1} {y2:.1}")
        };
        view! {
            <path class="st-grid" d=line></path>
            <text class="st-time" x=move || spot().0.0 y=move || spot().0.1 text-anchor=move || spot().1>{text}</text>
        }
    };
    let count = Memo::new(move |_| ticks.with(Vec::len));
    view! {
        <g aria-hidden="true">
            <For each=move || 0..count.get() key=|index| *index let:index>{tick(index)}</For>
            <path class="st-now" d=now></path>
        </g>
    }
    .into_any()
}

#[component]
pub(super) fn Labels(picture: Picture, drawing: Memo<Drawing>) -> impl IntoView {
    let count = Memo::new(move |_| drawing.with(|drawing| drawing.labels.len()));
    let upright = picture.upright;
    // Texts are reused in place: there are few, and what they say changes with every frame that moves on.
    let label = move |index: usize| {
        let label = Memo::new(move |_| drawing.with(|drawing| drawing.labels.get(index).cloned()));
        let read =
            move |part: fn(&Label) -> String| move || label.with(|label| label.as_ref().map(part).unwrap_or_default());
        view! {
            <g
                class="st-label"
                class:dim=move || label.with(|label| label.as_ref().is_some_and(|label| label.dim))
                text-anchor=move || if upright.get() { "start" } else { "middle" }
                transform=read(|label| format!("translate({:.1} {:.1})", label.spot.0, label.spot.1))
            >
                <text>{read(|label| label.text.clone())}</text>
                <text class="st-vector" y="13">{read(|label| label.small.clone())}</text>
            </g>
        }
    };
    let numbers = move || {
        drawing.with(|drawing| {
            drawing
                .numbers
                .iter()
                .map(|((x, y), which)| {
                    view! { <text class="st-number" x=*x y=y + 4.2 text-anchor="middle">{which.to_string()}</text> }
                })
                .collect_view()
        })
    };
    view! {
        <g aria-hidden="true">
            <For each=move || 0..count.get() key=|index| *index let:index>{label(index)}</For>
            {numbers}
        </g>
    }
    .into_any()
}

/// The event in somebody's hand, where it would be.
#[component]
pub(super) fn Ghost(picture: Picture) -> impl IntoView {
    move || {
        let Some(Hand::Event { step, process, at, moved: true, .. }) = picture.hand.get() else { return None };
        let viewport = picture.viewport();
        let event = picture.state.number(step)?;
        let (lane, sender) = picture.state.with_scene(&viewport, |scene| {
            let from = scene
                .diagram
                .messages
                .iter()
                .find(|message| message.to == Some(event))
                .and_then(|message| message.from);
            (scene.lanes.get(process as usize).copied().unwrap_or(0.0), from.map(|from| scene.spot(&viewport, from)))
        });
        let (x, y) = viewport.spot(at, lane);
        let time_us = viewport.moment(at).max(0.0) as u64;
        let arrow = sender.map(|(x1, y1)| format!("M{x1:.1} {y1:.1}L{x:.1} {y:.1}"));
        Some(view! {
            <g class="st-ghost" aria-hidden="true">
                <path d=arrow></path>
                <circle cx=x cy=y r="8"></circle>
                <text x=x + 12.0 y=y - 12.0>{seconds(time_us)}</text>
            </g>
        })
    }
}

/// The names of the processes, which are machines that something can be done to.
#[component]
pub(super) fn Badges(picture: Picture) -> impl IntoView {
    let state = picture.state;
    let names = Memo::new(move |_| {
        state.version.track();
        state.with(|diagram| diagram.processes.clone())
    });
    let badge = move |(index, name): (usize, String)| {
        let node = {
            let name = name.clone();
            Memo::new(move |_| {
                let logged = state.log.with(Option::is_some);
                let found =
                    state.playground.stage.with(|stage| stage.nodes.iter().find(|node| node.id == name).cloned());
                found.filter(|_| !logged).map(|node| Node { timer_us: None, ..node })
            })
        };
        let place = move || {
            let viewport = picture.viewport();
            state.aside.track();
            state.version.track();
            let lane = viewport.lanes(&state.aside_by_number()).get(index).copied().unwrap_or(0.0);
            let (x, y) = viewport.spot(viewport.badge(), lane);
            format!("translate({x:.1} {y:.1})")
        };
        let picked = {
            let name = name.clone();
            Memo::new(move |_| {
                state.playground.selected.with(|picked| matches!(picked, Some(Selection::Node(id)) if *id == name))
            })
        };
        let hue = move || {
            let hue = node.with(|node| node.as_ref().map_or(Some(index as u32 % HUES), |node| node.hue));
            format!("st-disk stroke-{}", Paint::hue(hue).name())
        };
        let shown = badge_text(&name);
        let label = {
            let name = name.clone();
            move || node.with(|node| node.as_ref().map_or_else(|| name.clone(), Node::spoken))
        };
        let down = move || node.with(|node| node.as_ref().is_some_and(|node| node.condition == Condition::Crashed));
        let pick = {
            let name = name.clone();
            move || {
                if node.with_untracked(Option::is_some) {
                    state.playground.select(Some(Selection::Node(name.clone())));
                }
            }
        };
        let by_key = pick.clone();
        view! {
            <g
                class="st-badge"
                class:picked=move || picked.get()
                class:down=down
                role="button"
                tabindex="0"
                aria-label=label
                aria-pressed=move || picked.get().to_string()
                transform=place
                on:click=move |_| pick()
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "Enter" | " ") {
                        event.prevent_default();
                        event.stop_propagation();
                        by_key();
                        page::focus_soon(crate::components::stage::PICKED_ID);
                    }
                }
            >
                <circle class="st-rim" r="19"></circle>
                <circle class=hue r="17"></circle>
                <text y="4.5" text-anchor="middle">{shown}</text>
            </g>
        }
    };
    let each = move || names.get().into_iter().enumerate().collect::<Vec<_>>();
    view! { <For each=each key=|(index, name)| (*index, name.clone()) let:one>{badge(one)}</For> }.into_any()
}
