//! Tours on the page: where they start, and which one is on. What leads through them, and the card, is [`guide`]: on a
//! published page it comes with the first tour.

pub mod guide;

use labs::tour::words::Paragraph;
use labs::tour::{Player, Standing, link};
use leptos::prelude::*;

use crate::desk::Desk;
use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

use guide::Guide;

/// The id of the button that offers the tours.
const OFFER: &str = "tour-offer";

/// The tour that is on, if one is; copies share it.
#[derive(Clone, Copy)]
pub struct Tours {
    desk: Desk,
    home: RwSignal<bool>,
    /// What leads through tours, once there was one.
    guide: StoredValue<Option<Guide>>,
    player: StoredValue<Option<Player>>,
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
            guide: StoredValue::new(None),
            player: StoredValue::new(None),
            shown: desk.signals.signal(None),
            standing: desk.signals.signal(Standing::Reading),
        };
        Effect::new(move |_| {
            if let Some(playground) = desk.playground.get() {
                playground.revision.track();
                if let Some(guide) = this.guide.get_value() {
                    (guide.look)(this);
                }
            }
        });
        Effect::new(move |_| {
            if let Some(playground) = desk.playground.get() {
                playground.highlight.with(|names| page::set_lit(&names.join(" ")));
            }
        });
        page::on_page_key(move |press| this.key(&press.key, false)).keep();
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
            Ok(text) => self.lead_through(path, text),
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
            Ok(text) => self.lead_through("tour".to_owned(), text),
            Err(error) => self.desk.notices.report(error.to_string()),
        }
    }

    /// Starts the tour of a text.
    fn lead_through(self, name: String, text: String) {
        self.desk.fetch_guide(move |guide| {
            self.guide.set_value(Some(guide));
            (guide.begin)(self, &name, text);
        });
    }

    /// Starts a tour that somebody has chosen on the page.
    fn choose(self, id: &str) {
        self.desk.notices.clear();
        self.start(id, true);
    }

    /// Starts one of netsplit's own tours.
    fn start(self, id: &str, plays: bool) {
        match labs::catalogue().find_tour(id) {
            Ok(shelved) => self.desk.fetch_tour(shelved, move |guide| {
                self.guide.set_value(Some(guide));
                (guide.take)(self, shelved.id, shelved.text().unwrap_or_default(), plays);
            }),
            Err(error) => self.desk.notices.report(error.to_string()),
        }
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

    /// Takes a key when a tour is on: of slides, for somebody who presents, or of the card.
    pub fn key(self, key: &str, presenting: bool) -> bool {
        let on = self.shown.with_untracked(Option::is_some);
        self.guide.get_value().is_some_and(|guide| on && (guide.key)(self, key, presenting))
    }
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
