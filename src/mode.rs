//! What the page is at the moment: home or a lab, alone or inside another page, for a desk or for a hall.

use leptos::prelude::*;

use crate::address::{self, Chrome, Opening};
use crate::components::tour::Tours;
use crate::desk::Desk;
use crate::platform::page;
use crate::reactive::{Effect, RwSignal};

/// How the page is shown; copies share it.
#[derive(Clone, Copy)]
pub struct Mode {
    desk: Desk,
    tours: Tours,
    /// The home page: a lab, and the catalogue below.
    pub home: RwSignal<bool>,
    /// For a hall: large type, and only what is talked about.
    pub present: RwSignal<bool>,
    /// How much is around the stage.
    pub chrome: Chrome,
    /// Whether the page stands inside another one.
    pub embedded: bool,
    /// Whether to show what the engine does.
    pub debug: bool,
}

impl Mode {
    /// As the address asks.
    pub fn new(desk: Desk, opening: &Opening) -> Self {
        let home = desk.signals.signal(opening.home);
        let this = Self {
            desk,
            tours: Tours::new(desk, home),
            home,
            present: desk.signals.signal(opening.present),
            chrome: opening.chrome,
            embedded: opening.embedded,
            debug: opening.debug,
        };
        page::on_history(move || {
            if page::fragment().is_empty() {
                this.arrive();
            }
        });
        page::set_mark(
            "data-chrome",
            match this.chrome {
                Chrome::Full => None,
                Chrome::Minimal => Some("minimal"),
                Chrome::None => Some("none"),
            },
        );
        // A run that somebody opens wants the whole page.
        Effect::new(move |before: Option<u32>| {
            let loads = desk.playground.get().map_or(0, |playground| playground.loads.get());
            if before.is_some_and(|before| before != loads) && this.home.get_untracked() {
                this.home.set(false);
            }
            loads
        });
        // Marks of the document, for styles to follow.
        Effect::new(move |_| page::set_mark("data-home", this.home.get().then_some("")));
        Effect::new(move |_| page::set_mark("data-present", this.present.get().then_some("")));
        Effect::new(move |_| {
            let lab = desk.playground.get().filter(|_| !this.home.get()).map(|playground| playground.lab.get().title);
            page::set_title(&lab.map_or_else(|| "netsplit".to_owned(), |lab| format!("{lab} · netsplit")));
        });
        this
    }

    /// The address of a lab, or of the home page.
    pub fn address_of(self, lab: Option<&str>) -> String {
        let query = address::leading_to(lab, &page::query());
        if query.is_empty() { page::base_address() } else { query }
    }

    /// Goes to a lab, or home.
    pub fn go(self, lab: Option<&str>) {
        let query = address::leading_to(lab, &page::query());
        if !self.embedded {
            page::push_query(&query);
            self.arrive();
        } else if let Some(lab) = lab {
            // The address of a page inside another one is its host's business.
            self.desk.start(lab);
        }
    }

    /// The tour that is on.
    pub fn tours(self) -> Tours {
        self.tours
    }

    /// Shows what the address names when the page is opened.
    pub fn begin(self, opening: Opening) {
        self.desk.visit(opening, move |opening| self.start_tour(opening));
    }

    /// Shows what the address names now.
    fn arrive(self) {
        let opening = address::read(&page::query(), &page::fragment());
        self.desk.visit(opening, move |opening| {
            self.home.set(opening.home);
            self.tours.end();
            self.start_tour(opening);
            page::scroll_up();
        });
    }

    /// Starts the tour that the address names, if it names one.
    fn start_tour(self, opening: &Opening) {
        self.tours.open_address(opening.tour.as_deref(), &page::fragment());
    }
}

/// The page's mode, for components below the app.
pub fn use_mode() -> Mode {
    expect_context::<Mode>()
}
