//! The home page: what netsplit is, in a sentence, and below the live lab all labs there are.

use std::cell::Cell;

use labs::{Listed, Run};
use leptos::html::Canvas;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::list::For;
use crate::desk::{Desk, use_desk};
use crate::mode::use_mode;
use crate::platform::canvas::Painter;
use crate::platform::frame::FrameLoop;
use crate::platform::page;
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

use super::icons::{Glyph, Icon};

/// What netsplit is.
#[component]
pub fn Introduction() -> impl IntoView {
    view! {
        <section class="introduction" aria-label="Introduction">
            <p class="claim">"Break a distributed system. See why it broke."</p>
            <p>
                "Real algorithms run here against a simulated cluster. Drag nodes, draw across links to cut them, catch a \
                 message, rewind, try something else, and send what you found as a link."
            </p>
        </section>
    }
    .into_any()
}

/// All labs, as cards, and a search.
#[component]
pub fn Catalogue() -> impl IntoView {
    let wanted = RwSignal::new(String::new());
    let fits = move |lab: &&'static Listed| {
        let card = &lab.card;
        let mut words = format!("{} {} {} {}", card.id, card.title, card.family, card.summary);
        for alias in card.aliases {
            // As one word and as several.
            words.push_str(&format!(" {alias} {}", alias.replace('-', " ")));
        }
        let summaries =
            lab.entry().ok().into_iter().flat_map(|entry| entry.info.variants).map(|variant| variant.summary);
        for text in card.mistakes.iter().copied().chain(summaries) {
            words.push(' ');
            words.push_str(text);
        }
        let words = words.to_ascii_lowercase();
        wanted.with(|wanted| wanted.to_ascii_lowercase().split_whitespace().all(|word| words.contains(word)))
    };
    let found = Memo::new(move |_| labs::catalogue().iter().filter(fits).map(|lab| lab.card.id).collect::<Vec<_>>());
    let said = move || match found.with(Vec::len) {
        0 => "No lab is about that yet.".to_owned(),
        1 => "1 lab".to_owned(),
        count => format!("{count} labs"),
    };
    view! {
        <section class="catalogue" aria-label="Labs">
            <div class="catalogue-head">
                <h2>"Labs"</h2>
                <label class="search">
                    <Glyph icon=Icon::Search />
                    <input
                        type="search"
                        aria-label="Search labs"
                        placeholder="Search: split vote, commit, …"
                        prop:value=move || wanted.get()
                        on:input=move |event| wanted.set(event_target_value(&event))
                    />
                </label>
                <span class="found" role="status">{said}</span>
            </div>
            <ul class="cards">
                <For each=move || found.get() key=|id| *id let:id>
                    {labs::catalogue().find(id).ok().map(|lab| view! { <Card lab=lab /> })}
                </For>
            </ul>
        </section>
    }
    .into_any()
}

/// One lab.
#[component]
fn Card(lab: &'static Listed) -> impl IntoView {
    let mode = use_mode();
    let card = &lab.card;
    view! {
        <li>
            <a
                class="card"
                href=mode.address_of(Some(card.id))
                on:click=move |event| {
                    if page::is_plain_click(&event) {
                        event.prevent_default();
                        mode.go(Some(card.id));
                    }
                }
            >
                <Thumbnail lab=lab />
                <span class="family">{card.family}</span>
                <b>{card.title}</b>
                <span class="summary">{card.summary}</span>
                <span class="mistakes">{format!("{} ways to get it wrong", card.mistakes.len())}</span>
            </a>
        </li>
    }
    .into_any()
}

/// The lab's picture, and over it a small run of its own showcase, again and again, while it is on the screen. The lab's
/// code is fetched when the card is first seen, and not before the page itself has what it needs.
#[component]
fn Thumbnail(lab: &'static Listed) -> impl IntoView {
    let desk = use_desk();
    let canvas = NodeRef::<Canvas>::new();
    // What is kept for a card goes with it, also when the lab's code comes only then.
    let picture = StoredValue::new(CardPicture::default());
    let kept = StoredValue::new(Vec::new());
    let painted = RwSignal::new(false);
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        if desk.playground.with(Option::is_none) {
            return;
        }
        let begun = Cell::new(false);
        let shown = canvas.clone();
        let watch = page::on_seen(&canvas, move |now| {
            picture.update_value(|picture| picture.see(now));
            if now && !begun.replace(true) {
                let canvas = shown.clone();
                spawn_local(async move {
                    // Without its code a card stays as it is.
                    if desk.load(lab).await.is_ok() && !picture.is_disposed() {
                        let painter = Painter::new(canvas);
                        painted.set(painter.is_some());
                        let frames = painter.and_then(|painter| perform(desk, lab, painter));
                        picture.update_value(|picture| picture.play(frames));
                    }
                });
            }
        });
        let end = page::Guard::new(move || {
            picture.try_update_value(|picture| picture.play(None));
        });
        kept.set_value(vec![watch, end]);
    });
    let still = move || {
        desk.theme.track();
        page::card_picture(lab.card.id)
    };
    view! {
        <span class="thumbnail" class:painted=move || painted.get() aria-hidden="true">
            {move || still().map(|file| view! { <img alt="" src=file /> })}
            <canvas node_ref=canvas></canvas>
        </span>
    }
    .into_any()
}

/// What moves on a card, while somebody sees it.
#[derive(Default)]
struct CardPicture {
    seen: bool,
    frames: Option<FrameLoop>,
}

impl CardPicture {
    fn see(&mut self, seen: bool) {
        self.seen = seen;
        match &self.frames {
            Some(frames) if seen => frames.start(),
            Some(frames) => frames.stop(),
            None => {}
        }
    }

    fn play(&mut self, frames: Option<FrameLoop>) {
        if let Some(before) = std::mem::replace(&mut self.frames, frames) {
            before.end();
        }
        self.see(self.seen);
    }
}

/// Draws a still of a lab's showcase; returns what plays it, where motion is welcome.
fn perform(desk: Desk, lab: &'static Listed, mut painter: Painter) -> Option<FrameLoop> {
    let entry = lab.entry().ok()?;
    let showcase = &entry.info.showcase;
    let mut session = Run::of_showcase(entry).ok()?.open().ok()?;
    session.seek(showcase.still_us);
    painter.draw_all(&session.stage(), showcase.still_us as f64);
    if page::prefers_reduced_motion() {
        return None;
    }
    let mut shown_us = showcase.still_us as f64;
    let mut before_ms = None;
    let mut theme = desk.theme.get_untracked();
    Some(FrameLoop::new(move |now_ms: f64| {
        let elapsed_ms = before_ms.map_or(0.0, |before: f64| (now_ms - before).clamp(0.0, 100.0));
        before_ms = Some(now_ms);
        shown_us += elapsed_ms * 1_000.0 * showcase.speed;
        if shown_us > showcase.until_us as f64 {
            shown_us = showcase.from_us as f64;
            session.seek(showcase.from_us);
        }
        session.advance(shown_us as u64, 1_000);
        if theme != desk.theme.get_untracked() {
            theme = desk.theme.get_untracked();
            painter.read_theme();
        }
        painter.draw_all(&session.stage(), shown_us);
    }))
}
