//! Leads through a tour: reads it, shows its scenes in the playground, and says on the card how the step stands.
//!
//! What a tour is and how a reader gets through it is [`labs::tour`]'s business.

use labs::tour::words::{Paragraph, Span};
use labs::tour::{Player, Scene, Standing, Tour};
use leptos::prelude::*;

use crate::platform::page;
use crate::reactive::Memo;

use super::super::icons::{Glyph, Icon};
use super::{OFFER, Shown, Tours};

/// The id of the button that goes on; focus moves there when another button goes.
const NEXT: &str = "tour-next";

/// What the page does with tours, as functions that may come later than the page.
#[derive(Clone, Copy)]
pub struct Guide {
    /// Starts the tour of a text, which has a name for errors.
    pub begin: fn(Tours, &str, String),
    /// Starts a tour whose lab's code is there, by name and text; the last says whether somebody has chosen it on the
    /// page.
    pub take: fn(Tours, &str, &str, bool),
    /// Looks how the step stands.
    pub look: fn(Tours),
    /// Takes a key; the last says whether somebody presents.
    pub key: fn(Tours, &str, bool) -> bool,
}

impl Guide {
    pub const HERE: Self = Self { begin: Tours::begin, take: Tours::take, look: Tours::look, key: Tours::take_key };
}

impl Tours {
    /// Starts a tour once the code of its lab is there.
    fn begin(self, name: &str, text: String) {
        let name = name.to_owned();
        match Tour::lab_of(labs::catalogue(), &text) {
            Some(lab) => self.desk.fetch(lab, move || self.take(&name, &text, false), drop),
            // Without a lab it cannot be read; reading it says why.
            None => self.take(&name, &text, false),
        }
    }

    /// Starts a tour whose lab's code is there; `plays` says whether somebody has chosen it on the page.
    fn take(self, name: &str, text: &str, plays: bool) {
        match Tour::read(labs::catalogue(), text).and_then(Player::new) {
            Ok(player) => {
                self.player.set_value(Some(player));
                self.show(|player| player.enter(0).into(), plays);
                if plays {
                    page::focus_soon(NEXT);
                }
            }
            Err(error) => self.desk.notices.report(format!("{name}: {error}")),
        }
    }

    /// Shows a scene of the player, and the step it belongs to.
    fn show(self, scene: impl FnOnce(&mut Player) -> OwnScene, plays: bool) {
        let found = self.player.try_update_value(|player| {
            let player = player.as_mut()?;
            let scene = scene(player);
            let step = player.step();
            let shown = Shown {
                title: player.tour().title.clone(),
                index: player.index(),
                count: player.tour().steps.len(),
                words: step.words.clone(),
                label: step.attempt.as_ref().map(|attempt| attempt.label.clone()),
            };
            Some((scene, shown, step.highlight.clone(), step.lenses.clone()))
        });
        let Some((scene, shown, highlight, lenses)) = found.flatten() else { return };
        let playground = self.desk.show(&scene.run, Some(scene.time_us));
        playground.stop_at(scene.until_us);
        playground.speed.set(scene.speed);
        playground.highlight.set(highlight);
        // The stage is always there.
        let lenses: Vec<String> = lenses.into_iter().filter(|lens| lens != "stage").collect();
        if !lenses.is_empty() {
            playground.open_lenses(&lenses);
        }
        if self.home.get_untracked() {
            self.home.set(false);
        }
        self.shown.set(Some(shown));
        self.look();
        if scene.plays && plays && !page::prefers_reduced_motion() {
            playground.play();
        }
    }

    /// Looks how the step stands; a step that has got where it wanted stops.
    fn look(self) {
        let Some(playground) = self.desk.open_run() else { return };
        let found = self.player.try_update_value(|player| {
            let player = player.as_mut()?;
            let standing = playground.read(|session| player.look(session));
            Some((standing, player.step().go_on))
        });
        let Some((standing, goes_on)) = found.flatten() else { return };
        if standing == self.standing.get_untracked() {
            return;
        }
        self.standing.set(standing);
        if standing == Standing::Reached && !goes_on && playground.playing.get_untracked() {
            playground.pause();
        }
    }

    fn index(self) -> usize {
        self.shown.with_untracked(|shown| shown.as_ref().map_or(0, |shown| shown.index))
    }

    /// The next step; behind the last one the tour is over.
    fn next(self) {
        let last = self.shown.with_untracked(|shown| shown.as_ref().is_none_or(|shown| shown.index + 1 == shown.count));
        if last { self.finish() } else { self.enter(self.index() + 1) }
    }

    fn back(self) {
        if let Some(before) = self.index().checked_sub(1) {
            self.enter(before);
        }
    }

    fn enter(self, index: usize) {
        self.show(|player| player.enter(index).into(), true);
    }

    /// Ends the tour; the run stays.
    fn leave(self) {
        self.end();
        page::focus(OFFER);
    }

    /// Ends the tour behind its last step: the lab is there to play with, as it is without a tour.
    fn finish(self) {
        self.leave();
        let Some(playground) = self.desk.open_run() else { return };
        playground.pause();
        self.desk.start(playground.lab.get_untracked().id);
    }

    /// Takes a key: of slides, for somebody who presents, or of the card.
    fn take_key(self, key: &str, presenting: bool) -> bool {
        match key {
            " " | "ArrowRight" if presenting => self.next(),
            "ArrowLeft" if presenting => self.back(),
            "n" | "N" | "PageDown" if !presenting => self.next(),
            "p" | "P" | "PageUp" if !presenting => self.back(),
            "Escape" if !presenting => self.leave(),
            _ => return false,
        }
        true
    }

    fn plays(self) -> bool {
        self.desk.playground.get().is_some_and(|playground| playground.playing.get())
    }

    /// What the middle button does, as the step stands.
    fn offer(self) -> Option<Offer> {
        match self.standing.get() {
            Standing::Inviting => Some(Offer::Attempt),
            Standing::Waiting if !self.plays() => Some(Offer::Watch),
            Standing::Missed => Some(Offer::Again),
            Standing::Away => Some(Offer::Return),
            Standing::Reading | Standing::Waiting | Standing::Reached => None,
        }
    }

    fn accept(self, offer: Offer) {
        match offer {
            Offer::Attempt => self.show(|player| player.attempt().into(), true),
            Offer::Watch => {
                if let Some(playground) = self.desk.open_run() {
                    playground.play();
                }
            }
            Offer::Again | Offer::Return => self.enter(self.index()),
        }
        page::focus(NEXT);
    }
}

/// What the middle button offers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    Attempt,
    Watch,
    Again,
    Return,
}

/// A scene that has left the player.
struct OwnScene {
    run: labs::Run,
    time_us: u64,
    until_us: Option<u64>,
    plays: bool,
    speed: f64,
}

impl From<Scene<'_>> for OwnScene {
    fn from(scene: Scene<'_>) -> Self {
        let Scene { run, time_us, plays, until_us, speed } = scene;
        Self { run: run.clone(), time_us, until_us, plays, speed }
    }
}

/// The card of the tour that is on.
#[component]
pub fn TourCard() -> impl IntoView {
    let tours = expect_context::<Tours>();
    // The card stays as it is from step to step, so that focus does.
    let on = Memo::new(move |_| tours.shown.with(Option::is_some));
    move || on.get().then(|| card(tours))
}

fn card(tours: Tours) -> AnyView {
    let shown = tours.shown;
    let field = move |read: fn(&Shown) -> usize| move || shown.with(|shown| shown.as_ref().map_or(0, read));
    let (index, count) = (field(|shown| shown.index), field(|shown| shown.count));
    let title = move || shown.with(|shown| shown.as_ref().map(|shown| shown.title.clone()));
    let words = move || shown.with(|shown| shown.iter().flat_map(|shown| &shown.words).map(paragraph).collect_view());
    let dots = move || {
        let now = index();
        (0..count()).map(|dot| view! { <i class:done={dot <= now}></i> }).collect_view()
    };
    let offer = Memo::new(move |_| tours.offer());
    let offer_label = move || match offer.get() {
        Some(Offer::Attempt) => shown.with(|shown| shown.as_ref().and_then(|shown| shown.label.clone())),
        Some(Offer::Watch) => Some("Watch".to_owned()),
        Some(Offer::Again) => Some("Start this step again".to_owned()),
        Some(Offer::Return) => Some("Return to the tour".to_owned()),
        None => None,
    };
    let status = move || match tours.standing.get() {
        Standing::Away => "You are on your own.",
        Standing::Missed => "That did not happen in time.",
        Standing::Reached => "Ready for the next step.",
        Standing::Waiting if tours.plays() => "Wait for it…",
        Standing::Reading | Standing::Inviting | Standing::Waiting => "",
    };
    let lit = move || matches!(tours.standing.get(), Standing::Reading | Standing::Reached);
    let next = move || if index() + 1 == count() { "Finish" } else { "Next" };
    view! {
        <section class="tour" aria-label="Tour">
            <div class="tour-head">
                <h1>{title}</h1>
                <p class="tour-place">
                    <span>{move || format!("Step {} of {}", index() + 1, count())}</span>
                    <span class="dots" aria-hidden="true">{dots}</span>
                </p>
                <button class="square bare" aria-label="Leave the tour" title="Leave the tour (Esc)" on:click=move |_| tours.leave()>
                    <Glyph icon=Icon::Cross />
                </button>
            </div>
            <div class="tour-words" aria-live="polite">{words}</div>
            <p class="tour-status" class:alone=move || offer.get() == Some(Offer::Return) role="status">{status}</p>
            <div class="tour-way">
                {move || {
                    offer_label().map(|label| {
                        view! {
                            <button class="tour-offer primary" on:click=move |_| {
                                if let Some(offer) = offer.get_untracked() {
                                    tours.accept(offer);
                                }
                            }>{label}</button>
                        }
                    })
                }}
                <button
                    aria-disabled=move || (index() == 0).to_string()
                    title="The step before (P)"
                    on:click=move |_| tours.back()
                >"Back"</button>
                <button id=NEXT class:primary=lit title="The next step (N)" on:click=move |_| tours.next()>{next}</button>
            </div>
        </section>
    }
    .into_any()
}

fn paragraph(paragraph: &Paragraph) -> impl IntoView + use<> {
    let spans: Vec<AnyView> = paragraph
        .iter()
        .map(|span| match span {
            Span::Plain(text) => text.clone().into_any(),
            Span::Emphasis(text) => view! { <em>{text.clone()}</em> }.into_any(),
            Span::Code(text) => view! { <code>{text.clone()}</code> }.into_any(),
        })
        .collect();
    view! { <p>{spans}</p> }
}
