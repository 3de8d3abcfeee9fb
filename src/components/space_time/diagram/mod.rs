//! One picture of the diagram: what is seen of it, and what is said below.
//!
//! `window.rs` says which piece of the diagram that is, `gesture.rs` what pointers do, `keys.rs` what keys do, and
//! `drawing.rs` draws what is no path.

mod drawing;
mod gesture;
mod keys;
mod window;

use leptos::html::Div;
use leptos::prelude::*;
use view::lens::space_time::picture::picture as svg_of;
use view::lens::space_time::plan::{Axis, Class, Lit};

use crate::mode::use_mode;
use crate::platform::frame::FrameLoop;
use crate::platform::page;
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

use super::{SpaceTimeState, use_space_time};
use drawing::{Badges, Ghost, Labels, Ticks};
use gesture::Hand;

/// How much more or less one turn of the wheel or one key shows.
const ZOOM: f64 = 1.25;

/// A picture of the diagram, and what is at hand in it.
#[derive(Clone, Copy)]
struct Picture {
    state: SpaceTimeState,
    /// The box, in pixels.
    size: RwSignal<(f64, f64)>,
    upright: Signal<bool>,
    /// How much larger than on a desk everything is.
    scale: Signal<f64>,
    /// The beginning and the length of what is seen, in units of the axis.
    window: RwSignal<(f64, f64)>,
    /// Whether it moves on with the run.
    follows: RwSignal<bool>,
    /// The present moment when it was last looked for.
    seen_now: StoredValue<f64>,
    /// Whether nobody has chosen how much is seen: a short run is seen whole.
    whole: RwSignal<bool>,
    hand: RwSignal<Option<Hand>>,
    /// Fingers that are down: which, and where.
    fingers: RwSignal<Vec<(i32, (f64, f64))>>,
    /// The message under the pointer, by number.
    message: RwSignal<Option<u32>>,
}

/// The diagram. Upright time goes down, as on phones and in the panel.
#[component]
pub fn Diagram(
    /// Whether time goes down.
    #[prop(into)]
    upright: Signal<bool>,
    /// Whether it is part of something that scrolls, so that fingers and wheels are for that.
    #[prop(optional)]
    within: bool,
) -> impl IntoView {
    let state = use_space_time();
    state.attend();
    let mode = use_mode();
    let picture = Picture {
        state,
        size: RwSignal::new((0.0, 0.0)),
        upright,
        scale: Signal::derive(move || if mode.present.get() { 1.5 } else { 1.0 }),
        window: RwSignal::new((0.0, 1_000_000.0)),
        follows: RwSignal::new(true),
        seen_now: StoredValue::new(0.0),
        whole: RwSignal::new(true),
        hand: RwSignal::new(None),
        fingers: RwSignal::new(Vec::new()),
        message: RwSignal::new(None),
    };
    let area = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            let measured = area.clone();
            page::on_resize(&area, move || {
                let scale = picture.scale.get_untracked();
                let size = (f64::from(measured.client_width()) / scale, f64::from(measured.client_height()) / scale);
                let first = picture.size.get_untracked() == (0.0, 0.0);
                picture.size.set(size);
                if first {
                    picture.open();
                }
            })
            .keep();
        }
    });
    // While it plays, the present moment goes on with every frame.
    let frames = FrameLoop::new(move |_| state.follow());
    let playing = state.playground.playing;
    Effect::new({
        let frames = frames.clone();
        move |_| if playing.get() { frames.start() } else { frames.stop() }
    });
    page::Guard::new(move || frames.end()).keep();
    Effect::new(move |_| {
        state.version.track();
        state.now_us.track();
        picture.catch_up();
    });
    Effect::new(move |before: Option<(u32, bool)>| {
        let (shows, upright) = (state.shows.get(), upright.get());
        if before.is_some_and(|(count, was)| count != shows.0 || was != upright) {
            match shows.1 {
                Some(step) if before.is_some_and(|(count, _)| count != shows.0) => picture.reveal(step),
                _ => picture.open(),
            }
        }
        (shows.0, upright)
    });
    // The timeline leads to a moment: it comes into view, wherever one has looked.
    Effect::new(move |_| {
        state.playground.time_us.track();
        state.version.track();
        if !playing.get_untracked() {
            picture.see_now();
        }
    });
    // Whoever has not chosen what to see sees a run that begins anew as when it was opened.
    Effect::new(move |_| {
        state.beginnings.track();
        if picture.whole.get_untracked() && picture.size.get_untracked() != (0.0, 0.0) {
            picture.open();
        }
    });
    // The axis means something else: the window has to be found anew. A run that is opened begins elsewhere.
    Effect::new(move |before: Option<(Axis, u32)>| {
        let now = (state.axis.get(), state.playground.loads.get());
        if before.is_some_and(|before| before != now) {
            picture.open();
        }
        now
    });
    let drawing = Memo::new(move |_| {
        state.version.track();
        state.now_us.track();
        state.aside.track();
        let viewport = picture.viewport();
        let cone = state.cone.get();
        let picked = state.picked.get().map(|step| step.and_then(|step| state.number(step)));
        let comparison = state.comparison.get();
        let chain = comparison.as_ref().map_or(&[][..], |comparison| &comparison.chain);
        state.found.with(|found| {
            let lit = Lit {
                focus: cone.as_ref().map(|cone| (cone.event, &cone.past[..], &cone.future[..])),
                picked,
                chain,
                found,
            };
            state.with_scene(&viewport, |scene| scene.draw(&viewport, &lit))
        })
    });
    if !within {
        state.playground.draw_stage_with(Some(Box::new(move |theme| {
            let viewport = picture.viewport_now();
            let title = state.log.with_untracked(|log| log.as_ref().map(|log| log.name.clone()));
            let title = title.unwrap_or_else(|| state.playground.title());
            let picked = state.picked.get_untracked().map(|step| step.and_then(|step| state.number(step)));
            let comparison = state.comparison.get_untracked();
            let chain = comparison.as_ref().map_or(&[][..], |comparison| &comparison.chain);
            let cone = state.cone.get_untracked();
            let focus = cone.as_ref().map(|cone| (cone.event, &cone.past[..], &cone.future[..]));
            let lit = Lit { focus, picked, chain, found: &[] };
            state.with_scene(&viewport, |scene| svg_of(scene, &viewport, &lit, theme, &title))
        })));
        on_cleanup(move || state.playground.draw_stage_with(None));
    }
    let spot_of = move |event: &leptos::ev::PointerEvent| {
        let area = area.get_untracked();
        let scale = picture.scale.get_untracked();
        let spot = area.map(|area| page::spot_in(&area, f64::from(event.client_x()), f64::from(event.client_y())));
        spot.map_or((0.0, 0.0), |(x, y)| (x / scale, y / scale))
    };
    let finger = |event: &leptos::ev::PointerEvent| event.pointer_type() == "touch";
    let wheel = move |event: leptos::ev::WheelEvent| {
        let zoom = event.ctrl_key() || event.meta_key();
        let (dx, dy) = (event.delta_x(), event.delta_y());
        if !zoom && within && dx.abs() <= dy.abs() {
            return;
        }
        event.prevent_default();
        if zoom {
            let area = area.get_untracked();
            let spot = area.map(|area| page::spot_in(&area, f64::from(event.client_x()), f64::from(event.client_y())));
            let place = spot.map(|spot| picture.viewport_now().along_across(spot).0);
            picture.zoom(if dy > 0.0 { ZOOM } else { 1.0 / ZOOM }, place);
        } else {
            let by = if dx.abs() > dy.abs() { dx } else { dy };
            picture.set(picture.viewport_now().moved(by));
        }
    };
    let size = move || {
        let viewport = picture.viewport();
        if viewport.upright { (viewport.across, viewport.along) } else { (viewport.along, viewport.across) }
    };
    let hand = move || match picture.hand.get() {
        Some(Hand::Ground { moved: true, .. }) => "grabbing",
        Some(Hand::Event { .. }) => "moving",
        _ if state.hovered.get().is_some() => "event",
        _ => "ground",
    };
    view! {
        <div class="st" class:upright=move || upright.get() class:within=within>
            <div
                class="st-area"
                node_ref=area
                role="application"
                aria-roledescription="space-time diagram"
                aria-label="Space-time diagram. Arrow keys move along a process and to another one, M follows a message, Enter compares."
                tabindex="0"
                data-hand=hand
                on:keydown=move |event| picture.key(&event)
                on:wheel=wheel
                on:pointerdown=move |event| {
                    if event.button() == 0 && !page::came_to(&event, ".st-badge") {
                        page::capture(&event);
                        picture.down(event.pointer_id(), spot_of(&event), finger(&event));
                    }
                }
                on:pointermove=move |event| picture.moved(event.pointer_id(), spot_of(&event), finger(&event))
                on:pointerup=move |event| picture.up(event.pointer_id(), spot_of(&event), finger(&event))
                on:pointercancel=move |event| {
                    picture.hand.set(None);
                    picture.fingers.update(|fingers| fingers.retain(|(known, _)| *known != event.pointer_id()));
                }
                on:pointerleave=move |_| {
                    if picture.hand.get_untracked().is_none() {
                        state.hovered.set(None);
                        picture.message.set(None);
                    }
                }
            >
                <svg
                    class="st-art"
                    width=move || size().0 * picture.scale.get()
                    height=move || size().1 * picture.scale.get()
                    viewBox=move || format!("0 0 {} {}", size().0, size().1)
                >
                    <Ticks picture=picture drawing=drawing />
                    {Class::ALL
                        .iter()
                        .map(|&class| {
                            let path = move || {
                                drawing.with(|drawing| drawing.paths.get(class as usize).cloned().unwrap_or_default())
                            };
                            let ink = class.ink();
                            let dash = (!ink.dash.is_empty()).then_some(ink.dash);
                            view! {
                                <path
                                    class=format!("fill-{} stroke-{}", ink.fill, ink.stroke)
                                    data-shows=format!("{class:?}")
                                    stroke-width=ink.width
                                    stroke-dasharray=dash
                                    d=path
                                ></path>
                            }
                        })
                        .collect_view()}
                    <Labels picture=picture drawing=drawing />
                    <Ghost picture=picture />
                    <Badges picture=picture />
                </svg>
            </div>
            <Said picture=picture />
        </div>
    }
    .into_any()
}

/// Nearer, further, everything, and on with the run.
#[component]
fn Zoom(picture: Picture) -> impl IntoView {
    let follow = move || {
        (!picture.state.log.with(Option::is_some)).then(|| {
            view! {
                <button
                    aria-pressed=move || picture.follows.get().to_string()
                    on:click=move |_| {
                        picture.follows.update(|follows| *follows = !*follows);
                        picture.catch_up();
                    }
                >
                    "Follow"
                </button>
            }
        })
    };
    view! {
        <div class="st-zoom" role="group" aria-label="What is seen">
            <button class="square" aria-label="Further away" on:click=move |_| picture.zoom(ZOOM * ZOOM, None)>"−"</button>
            <button class="square" aria-label="Nearer" on:click=move |_| picture.zoom(1.0 / (ZOOM * ZOOM), None)>"+"</button>
            <button on:click=move |_| picture.fit()>"All"</button>
            {follow}
        </div>
    }
    .into_any()
}

/// What is under the pointer, in words.
#[component]
fn Said(picture: Picture) -> impl IntoView {
    let state = picture.state;
    let words = Memo::new(move |_| {
        state.version.track();
        if let Some(step) = state.hovered.get() {
            return state.spoken(step);
        }
        let number = picture.message.get()?;
        state.with(|diagram| {
            let message = diagram.messages.get(number as usize)?;
            let name = |process: u32| diagram.processes.get(process as usize).map_or("", String::as_str);
            let end = match (message.to, message.lost) {
                (Some(_), _) => "",
                (None, true) => ", lost",
                (None, false) => ", on its way",
            };
            Some(format!("{}: {} → {}{end}", message.kind, name(message.sender), name(message.receiver)))
        })
    });
    let hint = move || {
        let counts = state.counts()?;
        Some(view! {
            <span><i class="key past"></i>{format!("{} before", counts.0)}</span>
            <span><i class="key future"></i>{format!("{} after", counts.1)}</span>
            <span><i class="key beside"></i>{format!("{} concurrent", counts.2)}</span>
        })
    };
    view! {
        <div class="st-said">
            <p aria-live="polite">{move || words.get()}</p>
            <div class="st-key">{hint}</div>
            <Zoom picture=picture />
        </div>
    }
    .into_any()
}
