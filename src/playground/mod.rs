//! The open run and everything that is shown of it.
//!
//! [`Playground`] is a handle on one run: a session that only this module touches, and a few coarse signals that are
//! published from it. The page never changes simulated state; it gives commands. What the page has once, however many
//! runs are open on it, is in [`crate::desk`].
//!
//! `clock.rs` has time: frames, playing, stepping, seeking. `commands.rs` has what changes the run. `publish.rs` has the
//! way from the session to the signals and the canvas. `pair.rs` has a second run beside the first.

mod clock;
mod commands;
mod pair;
mod publish;

use labs::info::{LabInfo, VariantInfo};
use labs::state::VerdictState;
use labs::{InputError, Map, Run, Session, link};
use leptos::prelude::*;
use view::geometry::Spot;
use view::layout::Point;
use view::lens::LensKind;
use view::pane::{Id, PaneAsk};
use view::{Picture, Sentence, Stage, shapes};

use crate::notices::Notices;
use crate::platform::canvas::Painter;
use crate::platform::frame::FrameLoop;
use crate::platform::{crash, page};
use crate::reactive::{RwSignal, StoredValue};
use crate::signals::Signals;

pub use clock::Effort;
pub use pair::Contrast;
use pair::Role;
pub use publish::Drawer;

/// How near a finger has to come to a message, in units of the stage.
const MESSAGE_REACH: f64 = 13.0;
/// The middle of a link belongs to the link, whatever passes there.
const MIDDLE_REACH: f64 = 7.0;

/// What somebody has picked on the stage, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A node.
    Node(String),
    /// A link, by its ends, in the order of the stage.
    Link(String, String),
    /// A message on its way.
    Message(String),
}

/// What only this module touches.
struct Player {
    session: Session,
    /// Whether it is one of two runs side by side.
    role: Role,
    /// A node under somebody's hand, and where it is held.
    held: Option<(String, Point)>,
    /// Places that a picture of the run gives to nodes, instead of those of the network.
    seats: Vec<(String, Point)>,
    /// Whether the stage is on the screen.
    seen: bool,
    effort: Effort,
    /// The moment that is drawn; runs between steps, which the session cannot.
    shown_us: f64,
    frame_ms: Option<f64>,
    /// Where playing stops, in µs, once it gets there from before.
    stop_us: Option<u64>,
    painter: Option<Painter>,
    /// Draws the stage as SVG while it is no picture that the run has of itself.
    drawer: Option<Drawer>,
    frames: Option<FrameLoop>,
    /// The step that the signals show.
    published_step: u64,
    logged_step: u64,
    labelled_ms: f64,
    announced_ms: f64,
    verdicts: Vec<VerdictState>,
    branch: String,
}

/// A handle on an open run; copies share it.
#[derive(Clone, Copy)]
pub struct Playground {
    player: StoredValue<Player>,
    signals: Signals,
    /// What the page says about somebody's input.
    pub notices: Notices,
    /// The cluster, anew after each step.
    pub stage: RwSignal<Stage>,
    /// Whether it plays.
    pub playing: RwSignal<bool>,
    /// Simulated seconds per real second.
    pub speed: RwSignal<f64>,
    /// Simulated time for labels, at most ten times a second while it plays.
    pub time_us: RwSignal<u64>,
    /// The furthest time simulated.
    pub explored_us: RwSignal<u64>,
    /// When commands were given, in µs.
    pub marks: RwSignal<Vec<u64>>,
    /// How the properties stand.
    pub verdicts: RwSignal<Vec<VerdictState>>,
    /// The newest sentence worth telling.
    pub caption: RwSignal<Option<Sentence>>,
    /// The story so far, oldest first.
    pub log: RwSignal<Vec<Sentence>>,
    /// What a screen reader is told.
    pub announcement: RwSignal<String>,
    /// The lab.
    pub lab: RwSignal<&'static LabInfo>,
    /// The variant.
    pub variant: RwSignal<&'static VariantInfo>,
    /// The seed.
    pub seed: RwSignal<u64>,
    /// Grows whenever the story is told anew: the same step may be another one then.
    pub retellings: RwSignal<u32>,
    /// Grows with each run that is opened from outside.
    pub loads: RwSignal<u32>,
    /// The lenses that are open beside the stage.
    pub lenses: RwSignal<Vec<LensKind>>,
    /// What the stage is a picture of.
    pub picture: RwSignal<Picture>,
    /// What is picked on the stage.
    pub selected: RwSignal<Option<Selection>>,
    /// What somebody points at, on the stage or in a pane; it lights up wherever it is shown.
    pub pointed: RwSignal<Option<Id>>,
    /// What the reader has chosen in each pane, by its id.
    pub asks: RwSignal<Map<&'static str, PaneAsk>>,
    /// What is lit up, by name: nodes, links such as `n1-n2`, controls, lenses.
    pub highlight: RwSignal<Vec<String>>,
    /// Grows when lenses have to look again: at most ten times a second while it plays.
    pub revision: RwSignal<u64>,
    /// In what a second run beside this one differs, if there is one.
    pub contrast: RwSignal<Option<Contrast>>,
}

impl Playground {
    /// Opens a run, at time 0. Whoever opens it says where to go.
    pub fn open(run: &Run, notices: Notices) -> Self {
        let signals = Signals::new();
        let info = run.entry.info;
        let this = Self {
            player: StoredValue::new(Player::new(run, Role::Alone)),
            signals,
            notices,
            stage: signals.signal(Stage::default()),
            playing: signals.signal(false),
            speed: signals.signal(info.speed),
            time_us: signals.signal(0),
            explored_us: signals.signal(0),
            marks: signals.signal(Vec::new()),
            verdicts: signals.signal(Vec::new()),
            caption: signals.signal(None),
            log: signals.signal(Vec::new()),
            announcement: signals.signal(String::new()),
            lab: signals.signal(info),
            variant: signals.signal(run.variant),
            seed: signals.signal(run.seed),
            retellings: signals.signal(0),
            loads: signals.signal(0),
            lenses: signals.signal(info.opening_lenses.to_vec()),
            picture: signals.signal(info.picture),
            selected: signals.signal(None),
            pointed: signals.signal(None),
            asks: signals.signal(Map::new()),
            highlight: signals.signal(Vec::new()),
            revision: signals.signal(0),
            contrast: signals.signal(None),
        };
        let frames = FrameLoop::new(move |now_ms| this.frame(now_ms));
        this.player.update_value(|player| player.frames = Some(frames));
        this
    }

    /// Goes to where the run is best seen first: a given time, its recorded end, or the lab's
    /// opening.
    pub fn go_to_start(self, time_us: Option<u64>) {
        let (divergence, remarks) = self.with_session(|session| {
            let recorded = session.run_as_opened().end.is_some();
            let divergence = if recorded { session.check_end().err() } else { None };
            let remarks = session.run_as_opened().remarks();
            match time_us {
                Some(time_us) => session.seek(time_us),
                None if recorded => {}
                None => session.seek(session.opening_us()),
            }
            (divergence, remarks)
        });
        let differs = divergence.map(|divergence| {
            format!("This run differs from its recording from step {} on: {}", divergence.step, divergence.what)
        });
        let is_error = differs.is_some();
        let said = differs.into_iter().chain(remarks).collect::<Vec<_>>().join(". ");
        if is_error {
            self.report(said);
        } else if !said.is_empty() {
            // The run shows what it did; who recorded it is worth a word, and no error.
            self.notices.problem.set(Some(said));
        }
        self.publish();
        self.remember();
    }

    /// Shows another run in place of this one, at a time or where it is best seen first.
    pub fn replace(self, run: &Run, time_us: Option<u64>) {
        self.pause();
        let session = open_session(run);
        self.player.update_value(|player| {
            player.session = session;
            player.logged_step = 0;
            player.stop_us = None;
        });
        self.log.set(Vec::new());
        self.caption.set(None);
        self.select(None);
        self.signals.drop_stale_subscribers();
        self.pointed.set(None);
        self.asks.set(Map::new());
        if run.entry.info.id != self.lab.get_untracked().id {
            self.lenses.set(run.entry.info.opening_lenses.to_vec());
            self.picture.set(run.entry.info.picture);
        }
        self.lab.set(run.entry.info);
        self.variant.set(run.variant);
        self.seed.set(run.seed);
        self.go_to_start(time_us);
    }

    /// Playing stops at a time, once it gets there from before.
    pub fn stop_at(self, until_us: Option<u64>) {
        self.player.update_value(|player| player.stop_us = until_us);
    }

    /// Opens the lenses that somebody asks for by name; says which names are none.
    pub fn open_lenses(self, names: &[String]) {
        let lab = self.lab.get_untracked();
        let (known, unknown): (Vec<_>, Vec<_>) = names.iter().partition(|name| lab.lens(name).is_some());
        self.lenses.set(known.iter().filter_map(|name| lab.lens(name)).collect());
        if !unknown.is_empty() {
            let all: Vec<_> = lab.lenses.iter().map(|kind| kind.id()).collect();
            let unknown: Vec<_> = unknown.iter().map(|name| name.as_str()).collect();
            self.report(format!("lens: there is no lens {}; there are {}", unknown.join(", "), all.join(", ")));
        }
    }

    /// Picks a node, a link or a message, or nothing.
    pub fn select(self, what: Option<Selection>) {
        if self.selected.with_untracked(|now| *now != what) {
            self.selected.set(what);
        }
    }

    /// Where a message is at the moment that is drawn.
    pub fn message_spot(self, id: &str) -> Option<Spot> {
        let shown_us = self.player.with_value(|player| player.shown_us);
        self.stage.with_untracked(|stage| {
            let message = stage.messages.iter().find(|message| message.id == id)?;
            Some(shapes::message_position(stage, message, shown_us))
        })
    }

    /// The message nearest to a spot of the stage at this moment, within reach of a finger.
    pub fn message_near(self, (x, y): Spot) -> Option<String> {
        // Beside another run it shows what that one has not: messages are caught where commands go.
        if self.is_second() {
            return None;
        }
        let shown_us = self.player.with_value(|player| player.shown_us);
        self.stage.with_untracked(|stage| {
            let far = |message: &view::Message| {
                let at = shapes::message_position(stage, message, shown_us);
                (at.0 - x).hypot(at.1 - y)
            };
            let in_the_middle = stage.links.iter().any(|link| {
                let [from, to] = shapes::rim_to_rim(&stage.nodes[link.a], &stage.nodes[link.b]);
                ((from.0 + to.0) / 2.0 - x).hypot((from.1 + to.1) / 2.0 - y) <= MIDDLE_REACH
            });
            if in_the_middle {
                return None;
            }
            let near = stage.messages.iter().map(|message| (far(message), message));
            let near = near.filter(|(distance, _)| *distance <= MESSAGE_REACH).min_by(|a, b| a.0.total_cmp(&b.0));
            near.map(|(_, message)| message.id.clone())
        })
    }

    /// The link to the run as it is now; fails when the run is too large for one.
    pub fn share_url(self) -> Result<String, InputError> {
        let run = self.with_session(|session| session.run());
        let compare = self.contrast.get_untracked().map(|contrast| format!("?compare={}", contrast.text));
        Ok(format!("{}{}{}", page::base_address(), compare.unwrap_or_default(), link::encode(&run)?))
    }

    /// Shows a problem on the page.
    pub fn report(self, problem: String) {
        self.notices.report(problem);
    }

    /// Looks at the session. Never set a signal in there: whoever listens may look as well.
    pub fn read<T>(self, look: impl FnOnce(&Session) -> T) -> T {
        self.player.try_with_value(|player| look(&player.session)).expect("the playground lives as long as the page")
    }

    fn with_session<T>(self, act: impl FnOnce(&mut Session) -> T) -> T {
        self.player
            .try_update_value(|player| act(&mut player.session))
            .expect("the playground lives as long as the page")
    }

    fn remember(self) {
        if let Ok(link) = self.share_url() {
            crash::remember_link(link);
        }
    }
}

impl Player {
    fn new(run: &Run, role: Role) -> Self {
        Self {
            session: open_session(run),
            role,
            held: None,
            seats: Vec::new(),
            seen: true,
            effort: Effort::default(),
            shown_us: 0.0,
            frame_ms: None,
            stop_us: None,
            painter: None,
            drawer: None,
            frames: None,
            published_step: 0,
            logged_step: 0,
            labelled_ms: f64::NEG_INFINITY,
            announced_ms: f64::NEG_INFINITY,
            verdicts: Vec::new(),
            branch: String::new(),
        }
    }
}

fn open_session(run: &Run) -> Session {
    run.open().expect("a run has been checked before it gets here")
}

/// The run that the parts below a stage are about: on a page with one run, that one.
pub fn use_playground() -> Playground {
    expect_context::<Playground>()
}
