//! What the page has once, however many runs are open on it: which run that is, the way to another one, what went wrong,
//! the theme.
//!
//! A run is opened in two steps, because a lab's code may have to come first: the code is fetched, and then the run
//! takes the place of the one before. Until then that one stays as it is, and goes on. Of several that somebody asks
//! for the newest counts. When the code does not come, the page says so and offers to try again. A run cannot even be
//! read without its lab's code, so whoever has the text of one asks which lab it is about, fetches, and reads then.

use labs::{InputError, Listed, LoadError, Run, Shelved};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use crate::address::Opening;
use crate::components::parts;
use crate::components::tour::guide::Guide;
use crate::notices::Notices;
use crate::platform::{api, page};
use crate::playground::{Contrast, Playground};
use crate::reactive::{RwSignal, StoredValue};
use crate::signals::Signals;

/// How long the code of a lab may take before the page says that it is loading, in ms.
const SLOW_MS: f64 = 250.0;
/// How long a demonstration plays before it gets to the point, in real seconds.
const DEMONSTRATION_S: f64 = 4.0;

/// Why a run that somebody asked for does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something else was asked for since.
    Superseded,
    /// The code of its lab is not there.
    Failed(String),
}

/// What is shown while the code of a lab, or the text of a tour, is on its way, or does not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The lab, or the tour.
    pub title: &'static str,
    /// What went wrong, if it did.
    pub problem: Option<String>,
}

/// What somebody has asked for, until it is there.
struct Errand {
    /// Which attempt it is, among all.
    attempt: u32,
    wanted: Wanted,
    /// Opens it; a tour is given what leads through it.
    open: Box<dyn FnOnce(Option<Guide>)>,
    /// Hears once why nothing comes of it, or not yet.
    refused: Option<Box<dyn FnOnce(Refusal)>>,
}

/// What has to be fetched.
#[derive(Clone, Copy)]
enum Wanted {
    /// The code of a lab.
    Lab(&'static Listed),
    /// The text of a tour on the shelf, what leads through it, and the code of its lab.
    Tour(&'static Shelved, &'static Listed),
    /// What leads through a tour whose text is there.
    Guide,
}

impl Wanted {
    /// What people call it.
    const fn title(self) -> &'static str {
        match self {
            Self::Lab(lab) => lab.card.title,
            Self::Tour(tour, _) => tour.title,
            Self::Guide => "The tour",
        }
    }
}

/// The page's one desk; copies share it.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Makes the signals that live as long as the page.
    pub signals: Signals,
    /// What went wrong with somebody's input.
    pub notices: Notices,
    /// The run that is open; none before the first one is there.
    pub playground: RwSignal<Option<Playground>>,
    /// Grows with each change of the theme.
    pub theme: RwSignal<u32>,
    /// What the page waits for.
    pub waiting: RwSignal<Option<Waiting>>,
    errand: StoredValue<Option<Errand>>,
    attempts: StoredValue<u32>,
    /// What the run belongs to.
    owner: StoredValue<Option<Owner>>,
    /// Whether somebody works on netsplit itself.
    debug: bool,
}

impl Desk {
    /// An empty desk. Runs that are opened on it belong to what is around the call.
    pub fn new(debug: bool) -> Self {
        let signals = Signals::new();
        Self {
            signals,
            notices: Notices::new(signals),
            playground: signals.signal(None),
            theme: signals.signal(0),
            waiting: signals.signal(None),
            errand: StoredValue::new(None),
            attempts: StoredValue::new(0),
            owner: StoredValue::new(Owner::current()),
            debug,
        }
    }

    /// The run that is open.
    pub fn open_run(self) -> Option<Playground> {
        self.playground.get_untracked()
    }

    /// Fetches the code of a lab, for whatever is to be opened with it. `refused` hears when nothing comes of it.
    pub fn fetch(self, lab: &'static Listed, open: impl FnOnce() + 'static, refused: impl FnOnce(Refusal) + 'static) {
        self.send(Wanted::Lab(lab), move |_| open(), Some(Box::new(refused)));
    }

    /// Fetches the text of a tour on the shelf, what leads through it, and the code of its lab.
    pub fn fetch_tour(self, tour: &'static Shelved, open: impl FnOnce(Guide) + 'static) {
        match labs::catalogue().find(tour.lab) {
            Ok(lab) => self.send(Wanted::Tour(tour, lab), move |guide| guide.map_or((), open), None),
            Err(error) => self.notices.report(error.to_string()),
        }
    }

    /// Fetches what leads through tours.
    pub fn fetch_guide(self, open: impl FnOnce(Guide) + 'static) {
        self.send(Wanted::Guide, move |guide| guide.map_or((), open), None);
    }

    fn send(
        self,
        wanted: Wanted,
        open: impl FnOnce(Option<Guide>) + 'static,
        refused: Option<Box<dyn FnOnce(Refusal)>>,
    ) {
        let errand = Errand { attempt: 0, wanted, open: Box::new(open), refused };
        let before = self.errand.try_update_value(|now| now.replace(errand)).flatten();
        if let Some(refused) = before.and_then(|before| before.refused) {
            refused(Refusal::Superseded);
        }
        self.attempt();
    }

    /// Tries anew what has failed.
    pub fn try_again(self) {
        self.attempt();
    }

    /// Leaves it at the run that is open.
    pub fn give_up(self) {
        self.errand.set_value(None);
        self.waiting.set(None);
    }

    fn attempt(self) {
        let attempt = self.attempts.get_value() + 1;
        self.attempts.set_value(attempt);
        let wanted = self.errand.try_update_value(|errand| {
            let errand = errand.as_mut()?;
            errand.attempt = attempt;
            Some(errand.wanted)
        });
        let Some(wanted) = wanted.flatten() else { return };
        self.wait(None);
        spawn_local(async move {
            let found = self.find(wanted).await;
            self.arrived(attempt, found);
        });
        page::after_ms(SLOW_MS, move || {
            if self.is_on(attempt) && self.waiting.with_untracked(Option::is_none) {
                self.wait(Some(Waiting { title: wanted.title(), problem: None }));
            }
        });
    }

    async fn find(self, wanted: Wanted) -> Result<Option<Guide>, LoadError> {
        if let Wanted::Tour(tour, _) = wanted {
            page::fetch_tour(tour).await.map_err(LoadError)?;
        }
        let guide = match wanted {
            Wanted::Lab(_) => None,
            Wanted::Tour(..) | Wanted::Guide => Some(parts::guide().await?),
        };
        if let Wanted::Lab(lab) | Wanted::Tour(_, lab) = wanted {
            self.load(lab).await?;
        }
        Ok(guide)
    }

    /// The code of a lab, as far as the page is concerned: all that opens runs comes through here.
    pub async fn load(self, lab: &'static Listed) -> Result<(), LoadError> {
        if self.debug {
            page::rehearse_load(lab.card.id).await.map_err(LoadError)?;
        }
        lab.family.load().await.map_err(|error| LoadError(page::why_missing(lab.family.id).unwrap_or(error.0)))
    }

    fn is_on(self, attempt: u32) -> bool {
        self.errand.with_value(|errand| errand.as_ref().is_some_and(|errand| errand.attempt == attempt))
    }

    fn wait(self, waiting: Option<Waiting>) {
        if self.waiting.with_untracked(|now| *now != waiting) {
            self.waiting.set(waiting);
        }
    }

    fn arrived(self, attempt: u32, found: Result<Option<Guide>, LoadError>) {
        if !self.is_on(attempt) {
            return;
        }
        match found {
            Ok(guide) => {
                self.wait(None);
                if let Some(errand) = self.errand.try_update_value(Option::take).flatten() {
                    (errand.open)(guide);
                }
                // It may have asked for something else, such as the tour that the address names.
                if self.errand.with_value(Option::is_none) {
                    api::say_ready();
                }
            }
            Err(LoadError(problem)) => {
                let refused = self.errand.try_update_value(|errand| {
                    let errand = errand.as_mut()?;
                    Some((errand.wanted.title(), errand.refused.take()))
                });
                let Some((title, refused)) = refused.flatten() else { return };
                self.wait(Some(Waiting { title, problem: Some(problem.clone()) }));
                if let Some(refused) = refused {
                    refused(Refusal::Failed(problem));
                }
            }
        }
    }

    /// Shows a run whose code is there, at a time or where it is best seen first.
    pub fn show(self, run: &Run, time_us: Option<u64>) -> Playground {
        if let Some(playground) = self.open_run() {
            playground.contrast.set(None);
            playground.replace(run, time_us);
            return playground;
        }
        let owner = self.owner.get_value().unwrap_or_default();
        let playground = owner.with(|| {
            let playground = Playground::open(run, self.notices);
            provide_context(playground);
            playground
        });
        playground.go_to_start(time_us);
        self.playground.set(Some(playground));
        playground
    }

    /// Goes where an address leads; `then` happens when its run is there.
    pub fn visit(self, mut opening: Opening, then: impl FnOnce(&Opening) + 'static) {
        let lab = opening.lab;
        let say = move |opening: &Opening| {
            self.notices.problem.set((!opening.problems.is_empty()).then(|| opening.problems.join(" · ")));
        };
        say(&opening);
        let arrive = move || {
            let known = opening.problems.len();
            let run = match opening.read_run() {
                Ok(run) => run,
                Err(error) => return self.notices.report(error.to_string()),
            };
            if opening.problems.len() != known {
                say(&opening);
            }
            self.signals.drop_stale_subscribers();
            let playground = self.show(&run, opening.time_us);
            playground.speed.set(opening.speed.unwrap_or(run.entry.info.speed));
            playground.picture.set(opening.picture.unwrap_or(run.entry.info.picture));
            if let Some(lenses) = &opening.lenses {
                playground.open_lenses(lenses);
            }
            if let Some(compare) = opening.compare.as_ref().filter(|_| !opening.home) {
                match Contrast::read(compare, &run) {
                    Ok(contrast) => playground.contrast.set(Some(contrast)),
                    Err(error) => self.notices.report(error.to_string()),
                }
            }
            // Nothing moves by itself where somebody would rather not see that.
            let calm = page::prefers_reduced_motion();
            if !(opening.paused || opening.linked || opening.time_us.is_some() || calm) {
                playground.play();
            }
            then(&opening);
        };
        self.fetch(lab, arrive, drop);
    }

    /// Opens a fresh run of a lab with the lab's own speed; it plays on if the one before did.
    pub fn start(self, lab: &str) {
        let listed = match labs::catalogue().find(lab) {
            Ok(listed) => listed,
            Err(error) => return self.notices.report(error.to_string()),
        };
        let open = move || match listed.entry() {
            Ok(entry) => {
                let played = self.open_run().is_some_and(|playground| playground.playing.get_untracked());
                let playground = self.bring(&Run::of_entry(entry), None);
                playground.speed.set(entry.info.speed);
                if played {
                    playground.play();
                }
            }
            Err(error) => self.notices.report(error.to_string()),
        };
        self.fetch(listed, open, drop);
    }

    /// Opens the run of a link; `then` happens when it is there.
    pub fn open_link(self, fragment: &str, then: impl FnOnce() + 'static) {
        let open = move |run: &Run| {
            self.bring(run, None);
            then();
        };
        self.read(fragment.into(), move |run| self.open_or_report(run, open), drop);
    }

    /// Opens a recorded run shortly before its end, and plays up to it.
    pub fn demonstrate(self, text: &str) {
        let open = move |run: &Run| {
            let end_us = run.end.as_ref().map_or(0, |end| end.time_us);
            let speed = run.entry.info.speed;
            let lead_us = (DEMONSTRATION_S * speed * 1e6) as u64;
            let playground = self.bring(run, Some(end_us.saturating_sub(lead_us)));
            playground.speed.set(speed);
            playground.stop_at(Some(end_us));
            playground.play();
        };
        self.read(text.into(), move |run| self.open_or_report(run, open), drop);
    }

    /// Opens a run that a script asks for; `opened` hears what came of it.
    pub fn load_run(self, run: Value, opened: impl Fn(Result<(), InputError>) + Clone + 'static) {
        let done = opened.clone();
        let open = move |run: Result<Run, InputError>| {
            done(run.map(|run| self.bring(&run, None).loads.update(|loads| *loads += 1)));
        };
        let lab = Run::lab_of(labs::catalogue(), &run).map_or("", |lab| lab.card.id);
        let refused = move |refusal| {
            let problem = match refusal {
                Refusal::Superseded => "is superseded by a newer one".to_owned(),
                Refusal::Failed(problem) => format!("the code of {lab} could not be loaded: {problem}"),
            };
            opened(Err(InputError::new("run", problem)));
        };
        self.read(run, open, refused);
    }

    /// Reads a run, given as data or as a text, and hands it over once the code of its lab is there. What is wrong with
    /// it is no request for another run: as far as that can be told at once, it is, and nothing is fetched.
    fn read(
        self,
        run: Value,
        then: impl FnOnce(Result<Run, InputError>) + 'static,
        refused: impl FnOnce(Refusal) + 'static,
    ) {
        let lab = Run::lab_of(labs::catalogue(), &run);
        let read = move || match &run {
            Value::String(text) => Run::from_text(labs::catalogue(), text),
            data => Run::from_json(labs::catalogue(), data),
        };
        match (lab, read()) {
            (Some(lab), Ok(run)) => self.fetch(lab, move || then(Ok(run)), refused),
            (Some(lab), Err(_)) if lab.family.entries().is_none() => self.fetch(lab, move || then(read()), refused),
            (_, wrong) => then(wrong),
        }
    }

    fn open_or_report(self, run: Result<Run, InputError>, open: impl FnOnce(&Run)) {
        match run {
            Ok(run) => open(&run),
            Err(error) => self.notices.report(error.to_string()),
        }
    }

    /// Shows a run that somebody asks for; what was wrong before is over.
    fn bring(self, run: &Run, time_us: Option<u64>) -> Playground {
        self.notices.clear();
        self.show(run, time_us)
    }

    /// Loads the page anew, with the run that is open.
    pub fn reload(self) {
        let run = self.open_run().and_then(|playground| playground.share_url().ok());
        page::reload(run.as_deref());
    }

    /// Draws with the theme as it is now.
    pub fn read_theme(self) {
        self.theme.update(|theme| *theme += 1);
        if let Some(playground) = self.open_run() {
            playground.read_theme();
        }
    }
}

/// The page's desk, for components.
pub fn use_desk() -> Desk {
    expect_context::<Desk>()
}
