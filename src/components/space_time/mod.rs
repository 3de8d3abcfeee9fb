//! The space-time diagram on the stage and in the panel: which diagram it is, what is picked in it, and what is asked
//! of it.

pub mod bar;
pub mod comparison;
pub mod diagram;
pub mod log;

use std::sync::Arc;

use labs::comparison::compare;
use labs::space_time::Gathering;
use leptos::prelude::*;
use leptos::reactive::owner::WeakOwner;
use view::Picture;
use view::lens::space_time::plan::{Axis, Scene, Viewport};
use view::lens::space_time::{Folded, Index, Relation, SpaceTime};
use view::lens::{Comparison, LensKind};

use crate::playground::Playground;
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

use super::lenses::Frame;
use diagram::Diagram;

/// Routine events are folded where at least so many follow each other.
const FOLD_LEAST: usize = 3;

/// A log that somebody opened, in place of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenLog {
    /// What it is called.
    pub name: String,
    /// How many events it has.
    pub events: usize,
    /// What is wrong in it, line by line.
    pub malformed: Arc<Vec<(u32, String)>>,
}

/// What is drawn, and what was worked out for it.
#[derive(Default)]
struct Kept {
    gathering: Gathering,
    imported: Option<SpaceTime>,
    index: Index,
    columns: Vec<u32>,
    folded: Option<Folded>,
    /// What the gathering was made of: it is made anew when the story is.
    retelling: u32,
    has_routine: bool,
}

impl Kept {
    const fn diagram(&self) -> &SpaceTime {
        match &self.imported {
            Some(diagram) => diagram,
            None => self.gathering.diagram(),
        }
    }

    fn work_out(&mut self, fold: bool, axis: Axis) {
        let diagram = self.diagram();
        let index = diagram.index();
        let columns = if axis == Axis::Steps || self.imported.is_some() { index.columns() } else { Vec::new() };
        let folded = diagram.folded(FOLD_LEAST);
        let has_routine = folded.marks.len() < diagram.events.len();
        let folded = (fold && has_routine).then_some(folded);
        (self.index, self.columns, self.folded, self.has_routine) = (index, columns, folded, has_routine);
    }
}

/// The past and the future of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Cone {
    pub event: u32,
    pub past: Arc<Vec<bool>>,
    pub future: Arc<Vec<bool>>,
}

/// Where the diagram of a playground has its place: whether the stage shows it, and of what. The diagram itself is made
/// when something draws it for the first time, because its code comes only then. Copies share it.
#[derive(Clone, Copy)]
pub struct Place {
    playground: Playground,
    /// Whether the stage shows it.
    pub shown: Memo<bool>,
    /// The log that is shown instead of the run.
    log: RwSignal<Option<OpenLog>>,
    /// Who owns the diagram: what draws it may come and go.
    owner: StoredValue<Option<WeakOwner>>,
    made: StoredValue<Option<SpaceTimeState>>,
}

impl Place {
    /// The place in a playground, for as long as what is around the call lives.
    pub fn new(playground: Playground) -> Self {
        Self {
            playground,
            shown: Memo::new(move |_| playground.picture.get() == Picture::SpaceTime),
            log: RwSignal::new(None),
            owner: StoredValue::new(Owner::current().map(|owner| owner.downgrade())),
            made: StoredValue::new(None),
        }
    }

    /// Whether the stage shows a log instead of the run.
    pub fn is_logged(self) -> bool {
        self.shown.get() && self.log.with(Option::is_some)
    }

    /// The place, for the stage of a lab.
    pub fn of_lab() -> Self {
        expect_context::<Self>()
    }

    fn diagram(self) -> SpaceTimeState {
        self.made.get_value().unwrap_or_else(|| {
            let owner = self.owner.get_value().and_then(|owner| owner.upgrade()).unwrap_or_default();
            let made = owner.with(|| SpaceTimeState::new(self));
            self.made.set_value(Some(made));
            made
        })
    }
}

/// The diagram of the page; copies share it.
#[derive(Clone, Copy)]
pub struct SpaceTimeState {
    pub playground: Playground,
    kept: StoredValue<Kept>,
    /// Grows when the diagram is another one, or has more in it.
    pub version: RwSignal<u32>,
    /// Grows when the diagram begins anew: the run is another one, or its past is.
    pub beginnings: RwSignal<u32>,
    /// The present moment in µs, finer than a step.
    pub now_us: RwSignal<f64>,
    /// Whether the stage shows it.
    pub shown: Memo<bool>,
    /// How many pictures of it there are.
    readers: RwSignal<u32>,
    /// The log that is shown instead of the run.
    pub log: RwSignal<Option<OpenLog>>,
    /// What the long axis means.
    pub axis: RwSignal<Axis>,
    /// Whether routine events are folded.
    pub fold: RwSignal<bool>,
    /// Which processes are put aside, by name.
    pub aside: RwSignal<Vec<String>>,
    /// The events that are compared, by step.
    pub picked: RwSignal<[Option<u64>; 2]>,
    /// The event under the pointer, or reached by keyboard, by step.
    pub hovered: RwSignal<Option<u64>>,
    /// What is searched for.
    pub wanted: RwSignal<String>,
    /// The events that were found, by number.
    pub found: Memo<Vec<u32>>,
    /// The past and the future of the event in focus.
    pub cone: Memo<Option<Cone>>,
    /// The two events that are compared.
    pub comparison: Memo<Option<Comparison>>,
    /// A step that every picture should show, and a count so that it may be the same one twice.
    pub shows: RwSignal<(u32, Option<u64>)>,
}

impl SpaceTimeState {
    /// The diagram of a playground.
    fn new(place: Place) -> Self {
        let Place { playground, shown, log, .. } = place;
        let kept = StoredValue::new(Kept::default());
        let version = RwSignal::new(0);
        let (picked, hovered) = (RwSignal::new([None; 2]), RwSignal::new(None));
        let wanted = RwSignal::new(String::new());
        let number = move |step: u64| {
            kept.with_value(|kept| {
                kept.diagram().events.binary_search_by_key(&step, |event| event.step).ok().map(|place| place as u32)
            })
        };
        let found = Memo::new(move |_| {
            version.track();
            wanted.with(|wanted| kept.with_value(|kept| kept.diagram().search(wanted)))
        });
        let focus = Memo::new(move |_| hovered.get().or(picked.get()[0]));
        let cone = Memo::new(move |_| {
            version.track();
            let event = number(focus.get()?)?;
            Some(kept.with_value(|kept| Cone {
                event,
                past: Arc::new(kept.index.past(event)),
                future: Arc::new(kept.index.future(event)),
            }))
        });
        let comparison = Memo::new(move |before: Option<&Option<Comparison>>| {
            version.track();
            let [first, second] = picked.get().map(|step| step.and_then(number));
            let (first, second) = (first?, second?);
            // What happened stays as it was: a diagram that has only grown says the same.
            let known = before.and_then(Option::as_ref);
            let same = known.filter(|known| (known.first.event, known.second.event) == (first, second));
            same.cloned().or_else(|| kept.with_value(|kept| compare(kept.diagram(), first, second)))
        });
        let this = Self {
            playground,
            kept,
            version,
            beginnings: RwSignal::new(0),
            now_us: RwSignal::new(0.0),
            shown,
            readers: RwSignal::new(0),
            log,
            axis: RwSignal::new(Axis::Time),
            fold: RwSignal::new(true),
            aside: RwSignal::new(Vec::new()),
            picked,
            hovered,
            wanted,
            found,
            cone,
            comparison,
            shows: RwSignal::new((0, None)),
        };
        // Another run has another diagram.
        Effect::new(move |before: Option<u32>| {
            let loads = playground.loads.get();
            if before.is_some_and(|before| before != loads) {
                this.close_log();
            }
            loads
        });
        // The comparison asks for the diagram as well.
        let wanted = Memo::new(move |_| {
            this.readers.get() > 0
                || playground.lenses.with(|open| open.contains(&LensKind::Comparison))
                    && playground.lab.with(|lab| lab.lenses.contains(&LensKind::Comparison))
        });
        Effect::new(move |_| {
            playground.revision.track();
            playground.retellings.track();
            if wanted.get() {
                this.follow();
            }
        });
        Effect::new(move |before: Option<(bool, Axis)>| {
            let now = (this.fold.get(), this.axis.get());
            if before.is_some_and(|before| before != now) {
                this.change(|kept| kept.work_out(now.0, now.1));
            }
            now
        });
        this
    }

    /// Says that a picture of the diagram is there, for as long as what is around the call lives.
    pub fn attend(self) {
        self.readers.update(|count| *count += 1);
        on_cleanup(move || {
            self.readers.update(|count| *count -= 1);
        });
    }

    fn change(self, act: impl FnOnce(&mut Kept)) {
        self.kept.update_value(act);
        self.version.update(|version| *version += 1);
    }

    /// Takes in what the run has done since the last time.
    pub fn follow(self) {
        let now_us = self.playground.shown_us();
        if self.now_us.get_untracked() != now_us {
            self.now_us.set(now_us);
        }
        if self.log.with_untracked(Option::is_some) {
            return;
        }
        let retelling = self.playground.retellings.get_untracked();
        let (fold, axis) = (self.fold.get_untracked(), self.axis.get_untracked());
        let (anew, more) = self
            .kept
            .try_update_value(|kept| {
                let anew = kept.retelling != retelling;
                if anew {
                    (kept.gathering, kept.retelling) = (Gathering::default(), retelling);
                }
                let more = self.playground.read(|session| kept.gathering.follow(session));
                if anew || more {
                    kept.work_out(fold, axis);
                }
                (anew, more)
            })
            .unwrap_or_default();
        if anew {
            self.picked.set([None; 2]);
            self.hovered.set(None);
        }
        if anew || more {
            self.version.update(|version| *version += 1);
        }
        if anew {
            self.beginnings.update(|count| *count += 1);
        }
    }

    /// Shows a log in place of the run, and says what is wrong in it, line by line.
    pub fn open_log(self, name: String, diagram: SpaceTime, malformed: Vec<(u32, String)>) {
        self.playground.pause();
        self.forget_picks();
        self.log.set(Some(OpenLog { name, events: diagram.events.len(), malformed: Arc::new(malformed) }));
        let (fold, axis) = (self.fold.get_untracked(), self.axis.get_untracked());
        self.change(|kept| {
            kept.imported = Some(diagram);
            kept.work_out(fold, axis);
        });
        self.playground.picture.set(Picture::SpaceTime);
        self.show(None);
    }

    /// Shows the run again.
    pub fn close_log(self) {
        if self.log.with_untracked(Option::is_none) {
            return;
        }
        self.log.set(None);
        self.forget_picks();
        let (fold, axis) = (self.fold.get_untracked(), self.axis.get_untracked());
        self.change(|kept| {
            kept.imported = None;
            kept.work_out(fold, axis);
        });
        self.follow();
        self.show(None);
    }

    fn forget_picks(self) {
        self.picked.set([None; 2]);
        self.hovered.set(None);
        self.wanted.set(String::new());
        self.aside.set(Vec::new());
    }

    /// Asks every picture to show a step, or everything.
    pub fn show(self, step: Option<u64>) {
        self.shows.update(|shows| *shows = (shows.0 + 1, step));
    }

    /// Looks at the diagram.
    pub fn with<T>(self, look: impl FnOnce(&SpaceTime) -> T) -> T {
        self.kept.with_value(|kept| look(kept.diagram()))
    }

    /// Looks at the diagram as it is drawn in a box.
    pub fn with_scene<T>(self, viewport: &Viewport, look: impl FnOnce(&Scene<'_>) -> T) -> T {
        let steps = self.playground.read(|session| session.step_count());
        let logged = self.log.with_untracked(Option::is_some);
        let aside = self.aside_by_number();
        let lanes = viewport.lanes(&aside);
        let now_us = self.now_us.get_untracked();
        self.kept.with_value(|kept| {
            let last = kept.columns.iter().max().map_or(0.0, |&column| f64::from(column));
            let now = match (logged, kept.columns.is_empty()) {
                (true, _) => (last, u64::MAX),
                (false, true) => (now_us, steps),
                (false, false) => (last, steps),
            };
            look(&Scene {
                diagram: kept.diagram(),
                index: &kept.index,
                columns: &kept.columns,
                folded: kept.folded.as_ref(),
                lanes: &lanes,
                aside: &aside,
                now,
            })
        })
    }

    /// Which processes are put aside, by number.
    pub fn aside_by_number(self) -> Vec<bool> {
        self.aside
            .with(|aside| self.with(|diagram| diagram.processes.iter().map(|name| aside.contains(name)).collect()))
    }

    /// Whether there is anything to fold.
    pub fn has_routine(self) -> bool {
        self.kept.with_value(|kept| kept.has_routine)
    }

    /// The number of the event of a step.
    pub fn number(self, step: u64) -> Option<u32> {
        self.with(|diagram| {
            diagram.events.binary_search_by_key(&step, |event| event.step).ok().map(|place| place as u32)
        })
    }

    /// The step of an event.
    pub fn step(self, event: u32) -> Option<u64> {
        self.with(|diagram| diagram.events.get(event as usize).map(|event| event.step))
    }

    /// Picks an event to compare: the first of two, then the second; a third one takes the place of the second.
    pub fn pick(self, step: u64) {
        self.picked.update(|picked| {
            *picked = match *picked {
                [None, _] => [Some(step), None],
                [Some(first), None] if first == step => [None, None],
                [Some(first), Some(second)] if second == step => [Some(first), None],
                [Some(first), Some(second)] if first == step => [Some(second), None],
                [first, _] => [first, Some(step)],
            };
        });
    }

    /// An event in words: where, what, and how it stands to the one that is picked.
    pub fn spoken(self, step: u64) -> Option<String> {
        let first = self.picked.get()[0].filter(|&first| first != step);
        self.kept.with_value(|kept| {
            let diagram = kept.diagram();
            let find = |step: u64| diagram.events.binary_search_by_key(&step, |event| event.step).ok();
            let place = find(step)?;
            let event = &diagram.events[place];
            let folded = kept.folded.as_ref().and_then(|folded| {
                let mark = &folded.marks[*folded.mark_of.get(place)? as usize];
                (mark.events.len() > 1).then(|| diagram.label(mark))
            });
            let process = diagram.processes.get(event.process as usize).map_or("", String::as_str);
            let text = folded.unwrap_or_else(|| event.text.clone());
            let text = if text.starts_with(process) { text } else { format!("{process}: {text}") };
            let stands = first.and_then(find).map(|first| match diagram.relation(place as u32, first as u32) {
                Relation::Before => " · happened before 1",
                Relation::After => " · 1 happened before it",
                Relation::Equal | Relation::Concurrent => " · concurrent with 1",
            });
            Some(format!("{text}{}", stands.unwrap_or_default()))
        })
    }

    /// How many events are in the past of one, in its future, and beside it.
    pub fn counts(self) -> Option<(usize, usize, usize)> {
        self.cone.with(|cone| {
            let cone = cone.as_ref()?;
            let count = |list: &[bool]| list.iter().filter(|in_it| **in_it).count();
            let (past, future) = (count(&cone.past), count(&cone.future));
            Some((past, future, cone.past.len().saturating_sub(past + future + 1)))
        })
    }
}

/// The diagram as a lens of the panel.
#[component]
pub fn SpaceTimeLens() -> impl IntoView {
    let state = use_space_time();
    let large = view! {
        <button
            class="quiet"
            aria-pressed=move || state.shown.get().to_string()
            on:click=move |_| state.playground.picture.set(Picture::SpaceTime)
        >
            "On the stage"
        </button>
    };
    view! {
        <Frame kind=LensKind::SpaceTime tools=large.into_any()>
            <Diagram upright=true within=true />
        </Frame>
    }
    .into_any()
}

/// The diagram, for components of a lab.
pub fn use_space_time() -> SpaceTimeState {
    Place::of_lab().diagram()
}
