//! Tours on the page: the card with the words and the way through, and where tours start.
//!
//! What a tour is and how a reader gets through it is [`labs::tour`]'s business; here a scene is
//! shown in the playground, and the card says how the step stands.

use labs::tour::words::{Paragraph, Span};
use labs::tour::{Player, Scene, Standing, Tour, link};
use leptos::prelude::*;

use crate::desk::Desk;
use crate::platform::page;
use crate::playground::use_playground;

use super::icons::{Glyph, Icon};

/// The id of the button that goes on; focus moves there when another button goes.
const NEXT: &str = "tour-next";
/// The id of the button that offers the tours.
const OFFER: &str = "tour-offer";

/// The tour that is on, if one is; copies share it.
#[derive(Clone, Copy)]
pub struct Tours {
    desk: Desk,
    home: RwSignal<bool>,
    player: StoredValue<Option<Player>, LocalStorage>,
    /// What the card shows.
    shown: RwSignal<Option<Shown>>,
    /// How the step stands.
    standing: RwSignal<Standing>,
}

/// A step, as the card shows it.
#[derive(Clone, PartialEq)]
struct Shown {
    title: String,
    index: usize,
    count: usize,
    words: Vec<Paragraph>,
    label: Option<String>,
}

impl Tours {
    /// No tour.
    pub fn new(desk: Desk, home: RwSignal<bool>) -> Self {
        let this = Self {
            desk,
            home,
            player: StoredValue::new_local(None),
            shown: desk.signals.signal(None),
            standing: desk.signals.signal(Standing::Reading),
        };
        Effect::new(move |_| {
            if let Some(playground) = desk.playground.get() {
                playground.revision.track();
                this.look();
            }
        });
        Effect::new(move |_| {
            if let Some(playground) = desk.playground.get() {
                playground.highlight.with(|names| page::set_lit(&names.join(" ")));
            }
        });
        page::on_page_key(move |press| this.on_key(&press.key)).keep();
        this
    }

    /// Starts the tour that the page's address names, if it names one.
    pub fn open_address(self, name: Option<&str>, fragment: &str) {
        if link::looks_like_tour(fragment) {
            return self.begin_linked(fragment);
        }
        let Some(name) = name else { return };
        if !name.ends_with(".toml") {
            return self.start(name, false);
        }
        let path = name.to_owned();
        page::fetch_text(name, move |text| match text {
            Ok(text) => self.begin(&path, text, false),
            Err(problem) => self.desk.notices.report(format!("tour: {path} {problem}")),
        });
    }

    /// Starts the tour in a fragment; false when the fragment is something else.
    pub fn open_fragment(self, fragment: &str) -> bool {
        if !link::looks_like_tour(fragment) {
            return false;
        }
        self.desk.notices.clear();
        self.begin_linked(fragment);
        true
    }

    fn begin_linked(self, fragment: &str) {
        match link::decode(fragment) {
            Ok(text) => self.begin("tour", text, false),
            Err(error) => self.desk.notices.report(error.to_string()),
        }
    }

    /// Starts a tour that somebody has chosen on the page.
    fn choose(self, id: &str) {
        self.desk.notices.clear();
        self.start(id, true);
    }

    /// Starts one of netsplit's own tours.
    fn start(self, id: &str, plays: bool) {
        match labs::catalogue().find_tour(id) {
            Ok(shelved) => {
                self.desk.fetch_tour(shelved, move || self.take(shelved.id, shelved.text().unwrap_or_default(), plays));
            }
            Err(error) => self.desk.notices.report(error.to_string()),
        }
    }

    /// Starts a tour once the code of its lab is there; `plays` says whether somebody has chosen it on the page.
    fn begin(self, name: &str, text: String, plays: bool) {
        let name = name.to_owned();
        match Tour::lab_of(labs::catalogue(), &text) {
            Some(lab) => self.desk.fetch(lab, move || self.take(&name, &text, plays), drop),
            // Without a lab it cannot be read; reading it says why.
            None => self.take(&name, &text, plays),
        }
    }

    /// Starts a tour whose lab's code is there.
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

    /// Whether a tour is on; follows it.
    pub fn is_on(self) -> bool {
        self.shown.with(Option::is_some)
    }

    /// Ends the tour, if one is on, because somebody goes elsewhere.
    pub fn end(self) {
        if self.shown.with_untracked(Option::is_none) {
            return;
        }
        self.player.set_value(None);
        self.shown.set(None);
        if let Some(playground) = self.desk.open_run() {
            playground.highlight.set(Vec::new());
        }
    }

    /// Takes a key of somebody who presents, when a tour is on: the keys of slides.
    pub fn present_key(self, key: &str) -> bool {
        if self.shown.with_untracked(Option::is_none) {
            return false;
        }
        match key {
            " " | "ArrowRight" => self.next(),
            "ArrowLeft" => self.back(),
            _ => return false,
        }
        true
    }

    fn on_key(self, key: &str) -> bool {
        if self.shown.with_untracked(Option::is_none) {
            return false;
        }
        match key {
            "n" | "N" | "PageDown" => self.next(),
            "p" | "P" | "PageUp" => self.back(),
            "Escape" => self.leave(),
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

/// A button for the lab's tours; a list when it has several.
#[component]
pub fn TourMenu() -> impl IntoView {
    let (playground, tours) = (use_playground(), expect_context::<Tours>());
    let open = RwSignal::new(false);
    let lab = Memo::new(move |_| playground.lab.get().id);
    let count = move || labs::catalogue().tours_of(lab.get()).count();
    let press = move |_| {
        let mut offered = labs::catalogue().tours_of(lab.get_untracked());
        match (offered.next(), offered.next()) {
            (Some(only), None) => tours.choose(only.id),
            _ => open.update(|open| *open = !*open),
        }
    };
    let choices = move || {
        let choice = |shelved: &'static labs::Shelved| {
            let start = move |_| {
                open.set(false);
                tours.choose(shelved.id);
            };
            view! { <li><button on:click=start>{shelved.title}</button></li> }
        };
        labs::catalogue().tours_of(lab.get()).map(choice).collect_view()
    };
    let close = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            open.set(false);
            page::focus(OFFER);
        }
    };
    view! {
        <div class="anchor" class:nothing=move || count() == 0>
            <button id=OFFER aria-expanded=move || (count() > 1).then(|| open.get().to_string()) on:click=press>
                {move || if count() > 1 { "Tours" } else { "Tour" }}
            </button>
            {move || {
                open.get().then(|| {
                    view! {
                        <div class="popover tours" role="dialog" aria-label="Tours of this lab" on:keydown=close>
                            <ul>{choices}</ul>
                        </div>
                    }
                })
            }}
        </div>
    }
}
