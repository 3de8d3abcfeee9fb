//! The time axis: who led, what was done and violated, where we are. One slider lies over it all; marks are buttons.

use leptos::ev;
use leptos::html::{Div, Input};
use leptos::prelude::*;
use view::shapes::HUES;
use view::timeline::MarkKind;

use crate::components::words::seconds;
use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Effect, Memo, RwSignal};

use super::Axis;
use super::drawing::{self, Bands, Flag, Sizes};
use super::jumps::Jumper;

/// The axis with its slider.
#[component]
pub fn AxisView(axis: Axis, jumper: Jumper) -> impl IntoView {
    let playground = use_playground();
    let (plot, slider) = (NodeRef::<Div>::new(), NodeRef::<Input>::new());
    Effect::new(move |_| {
        if let Some(plot) = plot.get() {
            let measured = plot.clone();
            page::on_resize(&plot, move || axis.width.set(f64::from(measured.client_width()))).keep();
        }
    });
    // The ends before the value, which they would otherwise cut off.
    Effect::new(move |_| {
        if let Some(slider) = slider.get() {
            let window = axis.window.get();
            slider.set_min(&window.from_us.to_string());
            slider.set_max(&window.to_us.to_string());
            slider.set_value(&playground.time_us.get().to_string());
        }
    });
    let sizes = Memo::new(move |_| Sizes::of(axis.width.get()));
    let input = move |event| {
        if let Ok(time_us) = event_target_value(&event).parse::<u64>() {
            playground.seek(time_us);
        }
    };
    let hover = move |event: ev::PointerEvent| {
        if event.pointer_type() == "mouse" && event.buttons() == 0 {
            let sizes = sizes.get_untracked();
            // The slider reaches half a thumb further than the plot on both sides.
            let x = f64::from(event.offset_x()) - THUMB / 2.0;
            let at_us = axis.window.get_untracked().time_us(x, sizes.width);
            let explored_us = playground.explored_us.get_untracked();
            let y = f64::from(event.offset_y());
            let hint = axis.strip.with_untracked(|strip| drawing::describe(strip, at_us, y, explored_us, sizes));
            if axis.hint.with_untracked(|before| *before != hint) {
                axis.hint.set(hint);
            }
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        if !(event.ctrl_key() || event.alt_key() || event.meta_key()) && jumper.key(&event.key()) {
            event.prevent_default();
        }
    };
    view! {
        <div class="axis">
            <div class="plot" node_ref=plot>
                <Picture axis sizes />
            </div>
            <input
                node_ref=slider
                type="range"
                aria-label="Time"
                step="1000"
                aria-valuetext=move || seconds(playground.time_us.get())
                on:input=input
                on:keydown=key
                on:pointerdown=move |_| axis.held.set(true)
                on:pointerup=move |_| axis.held.set(false)
                on:pointercancel=move |_| axis.held.set(false)
                on:lostpointercapture=move |_| axis.held.set(false)
                on:pointermove=hover
                on:pointerleave=move |_| axis.hint.set(None)
            />
            <div class="plot above">
                <Marks axis sizes jumper />
            </div>
        </div>
    }
    .into_any()
}

/// How wide the slider's thumb is, in pixels; the style sheet has it, too.
const THUMB: f64 = 16.0;

/// What lies under the slider: bands, times, what has been explored.
#[component]
fn Picture(axis: Axis, sizes: Memo<Sizes>) -> impl IntoView {
    let playground = use_playground();
    let bands = Memo::new(move |_| {
        let (window, sizes, explored_us) = (axis.window.get(), sizes.get(), playground.explored_us.get());
        axis.strip.with(|strip| drawing::bands(strip, window, explored_us, sizes))
    });
    let explored = Memo::new(move |_| {
        let width = sizes.get().width;
        drawing::tenth(axis.window.get().place(playground.explored_us.get(), width).clamp(0.0, width))
    });
    let path = move |class: String, look: fn(&Bands, usize) -> &str, hue: usize| {
        view! { <path class=class d=move || bands.with(|bands| look(bands, hue).to_owned())></path> }
    };
    let hues = 0..HUES as usize;
    let leads = hues.clone().map(|hue| path(format!("leads fill-hue-{hue}"), |bands, hue| &bands.leads[hue], hue));
    let stands = hues.map(|hue| path(format!("stands fill-hue-{hue}"), |bands, hue| &bands.stands[hue], hue));
    let labels = move || {
        let label = |label: drawing::Label| {
            view! { <text class=if label.on_hue { "on-hue" } else { "" } x=label.x y=label.y>{label.text}</text> }
        };
        bands.with(|bands| bands.labels.clone()).into_iter().map(label).collect_view()
    };
    let ticks = Memo::new(move |_| drawing::ticks(axis.window.get(), sizes.get()));
    let tick = move |(x, text): (f64, String)| {
        let sizes = sizes.get();
        let anchor = match x {
            x if x < 12.0 => "start",
            x if x > sizes.width - 20.0 => "end",
            _ => "middle",
        };
        view! {
            <path class="tick" d=format!("M{x} {}v-4", sizes.foot())></path>
            <text class="times" x=x y=sizes.ticks text-anchor=anchor>{text}</text>
        }
    };
    let top = move || sizes.get().bands;
    let high = move || sizes.get().foot() - sizes.get().bands;
    view! {
        <svg width="100%" height=move || sizes.get().height aria-hidden="true">
            <defs>
                <pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="fill-panel" width="5" height="5"></rect>
                    <rect class="fill-mute" width="1.5" height="5"></rect>
                </pattern>
            </defs>
            <rect class="unexplored" x="0" y=top width="100%" height=high></rect>
            <rect class="explored" x="0" y=top width=move || explored.get() height=high></rect>
            <path class="many" d=move || bands.with(|bands| bands.many.clone())></path>
            {leads.collect_view()}
            {stands.collect_view()}
            <path class="reached" d=move || format!("M0 {}H{}", sizes.get().foot(), explored.get())></path>
            {labels}
            {move || ticks.get().into_iter().map(tick).collect_view()}
        </svg>
    }
    .into_any()
}

/// The marks: one stop for the keyboard; arrow keys go from one to the next.
#[component]
fn Marks(axis: Axis, sizes: Memo<Sizes>, jumper: Jumper) -> impl IntoView {
    let flags = Memo::new(move |_| {
        let (window, sizes) = (axis.window.get(), sizes.get());
        axis.strip.with(|strip| drawing::flags(strip, window, sizes))
    });
    let group = NodeRef::<Div>::new();
    let active = RwSignal::new(0);
    let flag_at = move |index: usize| flags.with_untracked(|flags| flags.get(index).cloned());
    let tell = move |index: usize| axis.hint.set(flag_at(index).map(|flag| flag.text));
    let go = move |index: usize| {
        if let Some(flag) = flag_at(index) {
            jumper.go(flag.target);
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let now: usize = active.get_untracked();
        let last = flags.with_untracked(|flags| flags.len().saturating_sub(1));
        let next = match event.key().as_str() {
            "ArrowRight" => (now + 1).min(last),
            "ArrowLeft" => now.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                event.prevent_default();
                return go(now);
            }
            _ => return,
        };
        event.prevent_default();
        active.set(next);
        if let Some(group) = group.get_untracked() {
            page::focus_within(&group, &format!("[data-place='{next}']"));
        }
    };
    let row = move |(index, flag): (usize, Flag)| {
        let sizes = sizes.get();
        let (marks, top) = (sizes.marks, sizes.bands);
        let kind = kind_name(flag.kind);
        let class = if flag.planned { format!("mark {kind} planned") } else { format!("mark {kind}") };
        let shape = match flag.kind {
            MarkKind::Fault => "M-4 -4L4 4M-4 4L4 -4",
            MarkKind::Repair => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
            MarkKind::Request => "M0 -4L4 3H-4z",
            MarkKind::Violation => "M0 -6L6 0L0 6L-6 0z",
        };
        // What can be read is part of the name, for whoever says it to reach it.
        let name = match &flag.word {
            Some(word) if !flag.text.contains(word.as_str()) => format!("{word}: {}", flag.text),
            _ => flag.text,
        };
        view! {
            <g
                class=class
                role="button"
                data-place=index
                tabindex=move || if active.get().min(flags.with(Vec::len).saturating_sub(1)) == index { "0" } else { "-1" }
                aria-label=name
                transform=format!("translate({} {marks})", flag.x)
                on:click=move |_| go(index)
                on:focus=move |_| {
                    active.set(index);
                    tell(index);
                }
                on:blur=move |_| axis.hint.set(None)
                on:pointerenter=move |_| tell(index)
                on:pointerleave=move |_| axis.hint.set(None)
            >
                <rect class="reach" x="-12" y=-marks width="24" height=top></rect>
                <path class="glyph" d=shape></path>
                <text x="9" y="4">{flag.word}</text>
            </g>
        }
    };
    // Drawn apart, so that a button is no larger than what takes the pointer.
    let pole = move |flag: Flag| {
        let sizes = sizes.get();
        let foot = if flag.alone { sizes.foot() } else { sizes.bands + 2.0 };
        let class = if flag.planned { "pole planned" } else { "pole" };
        let class = format!("{class} {}", kind_name(flag.kind));
        view! { <path class=class d=format!("M{} {}V{foot}", flag.x, sizes.marks + 6.0)></path> }
    };
    view! {
        <div role="group" aria-label="Marks" node_ref=group on:keydown=key>
            <svg width="100%" height=move || sizes.get().height>
                {move || flags.get().into_iter().map(pole).collect_view()}
                {move || flags.get().into_iter().enumerate().map(row).collect_view()}
            </svg>
        </div>
    }
    .into_any()
}

const fn kind_name(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Fault => "fault",
        MarkKind::Repair => "repair",
        MarkKind::Request => "request",
        MarkKind::Violation => "violation",
    }
}
