//! The open run and everything that is shown of it.
//!
//! [`Playground`] is the page's one piece of state: a session that only this module touches, and a
//! few coarse signals that are published from it. The page never changes simulated state; it gives
//! commands.

use std::collections::BTreeMap;

use labs::lab::{LabInfo, VariantInfo};
use labs::params::DISTANCE_ON_US;
use labs::retime::retime;
use labs::state::{NoteState, VerdictState};
use labs::{InputError, Run, Session, link, picture};
use leptos::prelude::*;
use leptos::reactive::graph::{Source as _, ToAnySource as _};
use serde_json::{Value, json};
use view::geometry::Spot;
use view::layout::Point;
use view::lens::LensKind;
use view::narration::Weight;
use view::pane::{Id, PaneAsk};
use view::{Picture, Sentence, Stage, Theme, shapes};

use crate::address::{self, Opening};
use crate::platform::api::{self, Topic};
use crate::platform::canvas::Painter;
use crate::platform::frame::FrameLoop;
use crate::platform::{crash, page};

/// Most steps that are simulated within one frame; what is left waits for the next one.
const STEPS_PER_FRAME: u32 = 3_000;
/// Most notes that listeners are told of for one frame or call: the newest ones.
const NOTES_MAX: usize = 1_000;
/// How long a demonstration plays before it gets to the point, in real seconds.
const DEMONSTRATION_S: f64 = 4.0;
/// A frame never stands for more real time than this, in ms: after a pause of the page the run
/// goes on where it was.
const FRAME_MS_MAX: f64 = 100.0;
/// Labels change at most this often, in ms.
const LABEL_MS: f64 = 100.0;
/// Announcements for screen readers come at most this often, in ms.
const ANNOUNCE_MS: f64 = 1_000.0;
/// Sentences that the log keeps.
const LOG_LINES: usize = 200;
/// How near a finger has to come to a message, in units of the stage.
const MESSAGE_REACH: f64 = 13.0;
/// The middle of a link belongs to the link, whatever passes there.
const MIDDLE_REACH: f64 = 7.0;
/// Steps that are looked through for the log after a jump.
const LOG_STEPS: u64 = 3_000;

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

/// What the page has done since the last look at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effort {
    /// Frames.
    pub frames: u32,
    /// Steps that were simulated in them.
    pub steps: u64,
    /// Time that our own code took for them, in ms.
    pub script_ms: f64,
}

/// Draws the stage as a text of SVG.
pub type Drawer = Box<dyn Fn(Theme) -> String>;

/// What only this module touches.
struct Player {
    session: Box<dyn Session>,
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

/// A handle on the open run; copies share it.
#[derive(Clone, Copy)]
pub struct Playground {
    player: StoredValue<Player, LocalStorage>,
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
    /// Grows with each change of the theme.
    pub theme: RwSignal<u32>,
    /// The lenses that are open beside the stage.
    pub lenses: RwSignal<Vec<LensKind>>,
    /// What the stage is a picture of.
    pub picture: RwSignal<Picture>,
    /// What is picked on the stage.
    pub selected: RwSignal<Option<Selection>>,
    /// What somebody points at, on the stage or in a pane; it lights up wherever it is shown.
    pub pointed: RwSignal<Option<Id>>,
    /// What the reader has chosen in each pane, by its id.
    pub asks: RwSignal<BTreeMap<&'static str, PaneAsk>>,
    /// What is lit up, by name: nodes, links such as `n1-n2`, controls, lenses.
    pub highlight: RwSignal<Vec<String>>,
    /// Grows when lenses have to look again: at most ten times a second while it plays.
    pub revision: RwSignal<u64>,
    /// What went wrong with somebody's input.
    pub problem: RwSignal<Option<String>>,
}

impl Playground {
    /// Opens the run that the page's address names.
    pub fn open(opening: &Opening) -> Self {
        let run = &opening.run;
        let session = open_session(run);
        let this = Self {
            player: StoredValue::new_local(Player {
                session,
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
            }),
            stage: RwSignal::new(Stage::default()),
            playing: RwSignal::new(false),
            speed: RwSignal::new(opening.speed.unwrap_or(run.entry.info.speed)),
            time_us: RwSignal::new(0),
            explored_us: RwSignal::new(0),
            marks: RwSignal::new(Vec::new()),
            verdicts: RwSignal::new(Vec::new()),
            caption: RwSignal::new(None),
            log: RwSignal::new(Vec::new()),
            announcement: RwSignal::new(String::new()),
            lab: RwSignal::new(run.entry.info),
            variant: RwSignal::new(run.variant),
            seed: RwSignal::new(run.seed),
            retellings: RwSignal::new(0),
            loads: RwSignal::new(0),
            theme: RwSignal::new(0),
            lenses: RwSignal::new(run.entry.info.opening_lenses.to_vec()),
            picture: RwSignal::new(opening.picture.unwrap_or(run.entry.info.picture)),
            selected: RwSignal::new(None),
            pointed: RwSignal::new(None),
            asks: RwSignal::new(BTreeMap::new()),
            highlight: RwSignal::new(Vec::new()),
            revision: RwSignal::new(0),
            problem: RwSignal::new((!opening.problems.is_empty()).then(|| opening.problems.join(" · "))),
        };
        let frames = FrameLoop::new(move |now_ms| this.frame(now_ms));
        this.player.update_value(|player| player.frames = Some(frames));
        this.go_to_start(opening.time_us);
        this.start_as_asked(opening);
        this
    }

    /// Goes where another address leads, without loading the page again.
    pub fn visit(self, opening: &Opening) {
        self.problem.set((!opening.problems.is_empty()).then(|| opening.problems.join(" · ")));
        self.speed.set(opening.speed.unwrap_or(opening.run.entry.info.speed));
        self.replace_at(&opening.run, opening.time_us);
        self.picture.set(opening.picture.unwrap_or(opening.run.entry.info.picture));
        self.start_as_asked(opening);
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

    /// Plays, unless somebody would rather not see it move by itself.
    fn start_as_asked(self, opening: &Opening) {
        if let Some(lenses) = &opening.lenses {
            self.open_lenses(lenses);
        }
        let calm = page::prefers_reduced_motion();
        if !(opening.paused || opening.linked || opening.time_us.is_some() || calm) {
            self.play();
        }
    }

    /// Goes to where the run is best seen first: a given time, its recorded end, or the lab's
    /// opening.
    fn go_to_start(self, time_us: Option<u64>) {
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
            self.problem.set(Some(said));
        }
        self.publish();
        self.remember();
    }

    /// Opens another run in place of this one.
    fn replace(self, run: &Run) {
        self.replace_at(run, None);
    }

    /// Opens another run in place of this one, paused at a time. Playing goes on from there up to
    /// `until_us`, if that is given.
    pub fn show_run(self, run: &Run, time_us: u64, until_us: Option<u64>) {
        self.replace_at(run, Some(time_us));
        self.player.update_value(|player| player.stop_us = until_us);
    }

    fn replace_at(self, run: &Run, time_us: Option<u64>) {
        self.pause();
        let session = open_session(run);
        self.player.update_value(|player| {
            player.session = session;
            player.logged_step = 0;
            player.stop_us = None;
        });
        self.log.set(Vec::new());
        self.caption.set(None);
        self.let_go_of_the_past();
        self.pointed.set(None);
        self.asks.set(BTreeMap::new());
        if run.entry.info.id != self.lab.get_untracked().id {
            self.lenses.set(run.entry.info.opening_lenses.to_vec());
            self.picture.set(run.entry.info.picture);
        }
        self.lab.set(run.entry.info);
        self.variant.set(run.variant);
        self.seed.set(run.seed);
        self.go_to_start(time_us);
    }

    /// Forgets readers that are gone; see [`forget_readers`].
    fn let_go_of_the_past(self) {
        self.select(None);
        forget_readers(self.stage);
        forget_readers(self.playing);
        forget_readers(self.speed);
        forget_readers(self.time_us);
        forget_readers(self.explored_us);
        forget_readers(self.marks);
        forget_readers(self.verdicts);
        forget_readers(self.caption);
        forget_readers(self.log);
        forget_readers(self.announcement);
        forget_readers(self.lab);
        forget_readers(self.variant);
        forget_readers(self.seed);
        forget_readers(self.theme);
        forget_readers(self.selected);
        forget_readers(self.pointed);
        forget_readers(self.asks);
        forget_readers(self.picture);
        forget_readers(self.retellings);
        forget_readers(self.revision);
        forget_readers(self.problem);
        forget_readers(self.lenses);
        forget_readers(self.highlight);
        forget_readers(self.loads);
    }

    /// Says whether the stage can be seen. While it cannot, nothing is simulated; what plays goes on when it can again.
    pub fn set_seen(self, seen: bool) {
        self.player.update_value(|player| {
            player.seen = seen;
            player.frame_ms = None;
            if let Some(frames) = &player.frames {
                if seen && self.playing.get_untracked() { frames.start() } else { frames.stop() }
            }
        });
        if seen {
            self.paint();
        }
    }

    /// Starts to play.
    pub fn play(self) {
        self.playing.set(true);
        self.player.update_value(|player| {
            player.frame_ms = None;
            if let Some(frames) = player.frames.as_ref().filter(|_| player.seen) {
                frames.start();
            }
        });
    }

    /// Stops playing, at the moment that is shown.
    pub fn pause(self) {
        self.playing.set(false);
        self.player.with_value(|player| {
            if let Some(frames) = &player.frames {
                frames.stop();
            }
        });
        self.publish();
    }

    /// Plays or pauses.
    pub fn toggle(self) {
        if self.playing.get_untracked() { self.pause() } else { self.play() }
    }

    /// Pauses and executes `count` steps.
    pub fn step(self, count: u64) {
        let notes = self.stop_and(|session| {
            let from = session.step_count();
            for _ in 0..count {
                if !session.step() {
                    break;
                }
            }
            notes_since(session, from)
        });
        tell_notes(notes);
    }

    /// Pauses and goes one step back.
    pub fn step_back(self) {
        self.stop_and(|session| {
            let step = session.step_count().saturating_sub(1);
            session.seek_step(step);
        });
    }

    /// Pauses and goes to the moment right after a step.
    pub fn seek_step(self, step: u64) {
        self.stop_and(|session| session.seek_step(step));
    }

    /// Pauses and goes to a time.
    pub fn seek(self, time_us: u64) {
        self.stop_and(|session| session.seek(time_us));
    }

    /// Shows another branch, at the present time.
    pub fn show_branch(self, id: &str) -> Result<(), InputError> {
        self.settle();
        self.with_session(|session| session.set_branch(id))?;
        self.log.set(Vec::new());
        self.player.update_value(|player| player.logged_step = 0);
        self.publish();
        self.remember();
        Ok(())
    }

    /// Simulates on towards a time, at most `steps` steps, without showing it; returns whether it got there. Whoever
    /// calls it goes somewhere afterwards.
    pub fn look_ahead(self, until_us: u64, steps: u32) -> bool {
        self.with_session(|session| session.advance(until_us, steps))
    }

    /// The same lab, variant and seed from the start, without any command.
    pub fn reset(self) {
        let mut run = self.with_session(|session| session.run());
        run.commands.clear();
        run.end = None;
        self.restart(&run);
    }

    /// The same lab with another seed.
    pub fn reseed(self) {
        let mut run = self.with_session(|session| session.run());
        run.seed = page::fresh_seed().unwrap_or(run.seed + 1);
        run.commands.clear();
        run.end = None;
        self.restart(&run);
    }

    /// The same seed under another variant, from the start.
    pub fn choose_variant(self, id: &str) {
        let mut run = self.with_session(|session| session.run());
        match run.entry.info.variant(id) {
            Ok(variant) => {
                run.variant = variant;
                run.commands.clear();
                run.end = None;
                self.restart(&run);
            }
            Err(error) => self.report(error.to_string()),
        }
    }

    fn restart(self, run: &Run) {
        let playing = self.playing.get_untracked();
        self.problem.set(None);
        self.replace(run);
        if playing {
            self.play();
        }
    }

    /// Gives a command now, and reports what is wrong with it.
    pub fn command(self, command: &Value) {
        if let Err(error) = self.apply(command) {
            self.report(error.to_string());
        }
    }

    /// Gives a command now.
    pub fn apply(self, command: &Value) -> Result<(), InputError> {
        let from = self.with_session(|session| session.step_count());
        self.settle();
        let applied = self.with_session(|session| session.apply(command));
        let notes = self.with_session(|session| notes_since(session, from));
        if applied.is_ok() {
            self.publish();
            self.remember();
        }
        tell_notes(notes);
        applied
    }

    /// Lets the event of a step happen at another time instead, in a branch.
    pub fn retime(self, step: u64, at_us: u64) {
        self.settle();
        let done = self.stop_and(|session| retime(session, step, at_us));
        self.remember();
        if let Err(error) = done {
            self.report(error.to_string());
        }
    }

    /// The moment that is drawn, in µs: finer than the steps of the run.
    pub fn shown_us(self) -> f64 {
        self.player.with_value(|player| player.shown_us)
    }

    /// Makes distance count as latency, or not any more.
    pub fn count_distance(self, counts: bool) {
        self.settle();
        let distance_us = if counts { DISTANCE_ON_US } else { 0 };
        match self.with_session(|session| session.set_distance(distance_us)) {
            Ok(()) => {
                self.publish();
                self.remember();
            }
            Err(error) => self.report(error.to_string()),
        }
    }

    /// Gives commands that belong together, all at this moment. They have been checked before; what does not work is
    /// reported, and the others still apply.
    pub fn command_all(self, commands: &[Value]) {
        commands.iter().for_each(|command| self.command(command));
    }

    /// Whether a command would change anything now; follows the run.
    pub fn would(self, command: &Value) -> bool {
        self.revision.track();
        self.read(|session| session.would_change(command).unwrap_or(false))
    }

    /// Picks a node, a link or a message, or nothing.
    pub fn select(self, what: Option<Selection>) {
        if self.selected.with_untracked(|now| *now != what) {
            self.selected.set(what);
        }
    }

    /// Holds a node somewhere while somebody drags it; nothing of the run changes yet.
    pub fn hold_at(self, node: &str, at: Point) {
        self.player.update_value(|player| player.held = Some((node.to_owned(), at)));
        self.stage.update(|stage| {
            if let Some(node) = stage.nodes.iter_mut().find(|known| known.id == node) {
                node.position = at;
            }
        });
        self.paint();
    }

    /// Seats nodes where a picture of the run wants them, for as long as it does; nothing of the run changes. Without
    /// seats they are back where the network has them.
    pub fn seat(self, seats: Vec<(String, Point)>) {
        if seats.is_empty() {
            if self.player.with_value(|player| player.seats.is_empty()) {
                return;
            }
            self.player.update_value(|player| player.seats = seats);
            self.publish();
        } else {
            self.stage.update(|stage| picture::seat(stage, &seats));
            self.player.update_value(|player| player.seats = seats);
            self.paint();
        }
    }

    /// Puts a node down where it is held.
    pub fn put_down(self) {
        let held = self.player.try_update_value(|player| player.held.take()).flatten();
        if let Some((node, at)) = held {
            self.put(&node, at);
        }
    }

    /// Puts a node somewhere: only the picture changes, unless distance means latency.
    pub fn put(self, node: &str, at: Point) {
        if let Err(error) = self.with_session(|session| session.place(node, at)) {
            self.report(error.to_string());
        }
        self.publish();
        self.remember();
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

    /// Takes the newest command back.
    pub fn undo(self) -> bool {
        let undone = self.with_session(|session| session.undo());
        if undone {
            self.log.set(Vec::new());
            self.player.update_value(|player| player.logged_step = 0);
            self.publish();
            self.remember();
        }
        undone
    }

    /// The link to the run as it is now; fails when the run is too large for one.
    pub fn share_url(self) -> Result<String, InputError> {
        let run = self.with_session(|session| session.run());
        Ok(format!("{}{}", page::base_address(), link::encode(&run)?))
    }

    /// Opens a recorded run shortly before its end, and plays up to it.
    pub fn demonstrate(self, text: &str) {
        match Run::from_text(labs::catalogue(), text) {
            Ok(run) => {
                let end_us = run.end.as_ref().map_or(0, |end| end.time_us);
                let speed = run.entry.info.speed;
                let lead_us = (DEMONSTRATION_S * speed * 1e6) as u64;
                self.problem.set(None);
                self.speed.set(speed);
                self.show_run(&run, end_us.saturating_sub(lead_us), Some(end_us));
                self.play();
            }
            Err(error) => self.report(error.to_string()),
        }
    }

    /// Opens a run with the lab's own speed.
    pub fn open_run(self, run: &Run) {
        self.speed.set(run.entry.info.speed);
        self.restart(run);
    }

    /// The stage as it is drawn now, as a text of SVG that stands alone.
    pub fn export_svg(self) -> String {
        let theme = if page::is_dark() { Theme::Dark } else { Theme::Light };
        // It looks at the session as well, so it is taken out meanwhile.
        if let Some(drawer) = self.player.try_update_value(|player| player.drawer.take()).flatten() {
            let drawn = drawer(theme);
            self.draw_stage_with(Some(drawer));
            return drawn;
        }
        self.player
            .try_with_value(|player| picture::seated(player.session.as_ref(), player.shown_us, theme, &player.seats))
            .expect("the playground lives as long as the page")
    }

    /// Lets something else draw the stage for exports, or the run itself again.
    pub fn draw_stage_with(self, drawer: Option<Drawer>) {
        self.player.update_value(|player| player.drawer = drawer);
    }

    /// What a picture of the run is called.
    pub fn title(self) -> String {
        self.player
            .try_with_value(|player| picture::title(player.session.as_ref(), player.shown_us))
            .unwrap_or_default()
    }

    /// Opens the run of a link.
    pub fn open_link(self, fragment: &str) {
        match link::decode(labs::catalogue(), fragment) {
            Ok(run) => {
                self.problem.set(None);
                self.replace(&run);
            }
            Err(error) => self.report(error.to_string()),
        }
    }

    /// Shows a problem on the page.
    pub fn report(self, problem: String) {
        api::emit(Topic::Error, || json!({"message": problem}));
        self.problem.set(Some(problem));
    }

    /// Takes the canvas to draw on.
    pub fn paint_on(self, painter: Option<Painter>) {
        self.player.update_value(|player| player.painter = painter);
        self.paint();
    }

    /// Fits the drawing to its box again.
    pub fn resize(self) {
        self.player.update_value(|player| {
            if let Some(painter) = &mut player.painter {
                painter.resize();
            }
        });
        self.paint();
    }

    /// Draws with the theme as it is now.
    pub fn read_theme(self) {
        self.theme.update(|theme| *theme += 1);
        self.player.update_value(|player| {
            if let Some(painter) = &mut player.painter {
                painter.read_theme();
            }
        });
        self.paint();
    }

    fn stop_and<T>(self, act: impl FnOnce(&mut dyn Session) -> T) -> T {
        self.playing.set(false);
        self.player.with_value(|player| {
            if let Some(frames) = &player.frames {
                frames.stop();
            }
        });
        let answer = self.with_session(act);
        self.publish();
        answer
    }

    /// Looks at the session. Never set a signal in there: whoever listens may look as well.
    pub fn read<T>(self, look: impl FnOnce(&dyn Session) -> T) -> T {
        self.player
            .try_with_value(|player| look(player.session.as_ref()))
            .expect("the playground lives as long as the page")
    }

    fn with_session<T>(self, act: impl FnOnce(&mut dyn Session) -> T) -> T {
        self.player
            .try_update_value(|player| act(player.session.as_mut()))
            .expect("the playground lives as long as the page")
    }

    /// Lets the session's time catch up with the moment that is drawn.
    fn settle(self) {
        self.player.update_value(|player| {
            let until_us = player.shown_us as u64;
            if until_us > player.session.time_us() {
                player.session.advance(until_us, STEPS_PER_FRAME);
            }
        });
    }

    /// One frame: simulate as far as the clock says, publish what changed, draw.
    fn frame(self, now_ms: f64) {
        let speed = self.speed.get_untracked();
        let began_ms = page::now_ms();
        let before = self.read(|session| session.step_count());
        let done = self.player.try_update_value(|player| {
            let from = player.session.step_count();
            let elapsed_ms = player.frame_ms.map_or(0.0, |before_ms| (now_ms - before_ms).clamp(0.0, FRAME_MS_MAX));
            player.frame_ms = Some(now_ms);
            let stop_us = player.stop_us.filter(|&stop_us| player.shown_us < stop_us as f64);
            player.shown_us += elapsed_ms * 1_000.0 * speed;
            if let Some(stop_us) = stop_us {
                player.shown_us = player.shown_us.min(stop_us as f64);
            }
            if !player.session.advance(player.shown_us as u64, STEPS_PER_FRAME) {
                player.shown_us = player.session.time_us() as f64;
            }
            let stopped = stop_us.is_some_and(|stop_us| player.session.time_us() >= stop_us);
            if stopped {
                player.stop_us = None;
            }
            (notes_since(player.session.as_ref(), from), stopped)
        });
        let (notes, stopped) = done.unwrap_or_default();
        if stopped {
            self.pause()
        } else {
            self.show(now_ms, false)
        }
        tell_notes(notes);
        self.player.update_value(|player| {
            let effort = &mut player.effort;
            effort.frames += 1;
            effort.steps += player.session.step_count().saturating_sub(before);
            effort.script_ms += page::now_ms() - began_ms;
        });
    }

    /// What has been done since this was asked last.
    pub fn take_effort(self) -> Effort {
        self.player.try_update_value(|player| std::mem::take(&mut player.effort)).unwrap_or_default()
    }

    /// Publishes the session as it is, whatever was shown before.
    fn publish(self) {
        self.player.update_value(|player| {
            let time_us = player.session.time_us();
            // Between two steps the drawn moment is finer than the session's.
            if player.shown_us as u64 != time_us {
                player.shown_us = time_us as f64;
            }
        });
        self.show(page::now_ms(), true);
    }

    /// Publishes what has changed since the last time, and draws. Everything is read first and the
    /// session let go before any signal is set: whoever listens may call back.
    fn show(self, now_ms: f64, all: bool) {
        struct News {
            stage: Option<Stage>,
            time_us: Option<u64>,
            explored_us: u64,
            verdicts: Option<Vec<VerdictState>>,
            told: Vec<Sentence>,
            retold: bool,
            /// The step to which somebody went back within a story that stays as it is.
            kept_to: Option<u64>,
            marks: Vec<u64>,
            announcement: Option<String>,
            branch: Option<String>,
        }
        let news = self.player.try_update_value(|player| {
            let step = player.session.step_count();
            let moved = all || step != player.published_step;
            player.published_step = step;
            let label = all || now_ms - player.labelled_ms >= LABEL_MS;
            if label {
                player.labelled_ms = now_ms;
            }
            // After a jump the story is told anew from a little before. Going back within what it tells of leaves
            // it as it is, as long as nothing is done about the future.
            let branched = all && player.session.branch() != player.branch;
            let told_of = self.log.with_untracked(|log| log.first().is_some_and(|first| first.step <= step));
            let kept = step < player.logged_step && told_of && !branched;
            let retold = !kept
                && (step < player.logged_step
                    || branched
                    || step > player.logged_step + LOG_STEPS
                    || (all && player.logged_step == 0));
            let from = if retold { step.saturating_sub(LOG_STEPS) + 1 } else { player.logged_step + 1 };
            let told: Vec<Sentence> = (from..=step)
                .filter_map(|step| player.session.sentence(step))
                .filter(|sentence| sentence.weight > Weight::Routine)
                .collect();
            if !kept {
                player.logged_step = step;
            }
            let milestone = told.iter().rev().find(|sentence| sentence.weight == Weight::Milestone);
            let announcement =
                milestone.filter(|_| now_ms - player.announced_ms >= ANNOUNCE_MS).map(|told| told.text.clone());
            if announcement.is_some() {
                player.announced_ms = now_ms;
            }
            // Verdicts also change while nothing happens: a wait may end.
            let verdicts = (moved || label).then(|| player.session.verdicts()).filter(|now| *now != player.verdicts);
            if let Some(verdicts) = &verdicts {
                player.verdicts.clone_from(verdicts);
            }
            let branch = Some(player.session.branch()).filter(|branch| all && *branch != player.branch);
            if let Some(branch) = &branch {
                player.branch.clone_from(branch);
            }
            News {
                stage: moved.then(|| {
                    let mut stage = player.session.stage();
                    picture::seat(&mut stage, &player.seats);
                    if let Some((id, at)) = &player.held
                        && let Some(node) = stage.nodes.iter_mut().find(|node| node.id == *id)
                    {
                        node.position = *at;
                    }
                    stage
                }),
                time_us: label.then(|| player.session.time_us()),
                explored_us: player.session.explored_us(),
                verdicts,
                told,
                retold,
                kept_to: kept.then_some(step),
                marks: if all { player.session.command_times_us() } else { Vec::new() },
                announcement,
                branch,
            }
        });
        let Some(news) = news else { return };
        if let Some(stage) = news.stage {
            // What has gone cannot stay picked.
            let gone = self.selected.with_untracked(|selected| match selected {
                Some(Selection::Message(id)) => !stage.messages.iter().any(|message| message.id == *id),
                Some(Selection::Node(id)) => !stage.nodes.iter().any(|node| node.id == *id),
                Some(Selection::Link(a, b)) => {
                    [a, b].into_iter().any(|id| !stage.nodes.iter().any(|node| node.id == *id))
                }
                None => false,
            });
            // Most steps only move messages, which the canvas draws by itself.
            if !all && self.stage.with_untracked(|before| before.stands_like(&stage)) {
                self.stage.update_untracked(|now| *now = stage);
            } else {
                self.stage.set(stage);
            }
            if gone {
                self.selected.set(None);
            }
        }
        if let Some(time_us) = news.time_us {
            self.time_us.set(time_us);
            self.explored_us.set(news.explored_us);
            self.revision.update(|revision| *revision += 1);
        }
        if all {
            self.marks.set(news.marks);
        }
        if let Some(newest) = news.told.last() {
            self.caption.set(Some(newest.clone()));
        } else if news.retold {
            self.caption.set(None);
        } else if let Some(step) = news.kept_to {
            let caption = self.log.with_untracked(|log| log.iter().rev().find(|told| told.step <= step).cloned());
            if self.caption.with_untracked(|shown| *shown != caption) {
                self.caption.set(caption);
            }
        }
        if news.retold {
            self.retellings.update(|count| *count += 1);
            self.log.set(tail(news.told));
        } else if !news.told.is_empty() {
            self.log.update(|log| {
                log.extend(news.told);
                *log = tail(std::mem::take(log));
            });
        }
        if let Some(announcement) = news.announcement {
            self.announcement.set(announcement);
        }
        let verdicts_changed = news.verdicts.is_some();
        if let Some(verdicts) = news.verdicts {
            self.verdicts.set(verdicts);
        }
        self.paint();
        if news.time_us.is_some() {
            api::emit_step(move || {
                self.with_session(|session| json!({"step": session.step_count(), "time_us": session.time_us()}))
            });
        }
        if verdicts_changed {
            api::emit(Topic::Verdict, || json!(self.verdicts.get_untracked()));
        }
        if let Some(branch) = news.branch {
            api::emit(Topic::Branch, || json!({"branch": branch}));
        }
    }

    fn paint(self) {
        self.player.with_value(|player| {
            if let Some(painter) = &player.painter {
                self.stage.with_untracked(|stage| painter.draw(stage, player.shown_us));
            }
        });
    }

    fn remember(self) {
        if let Ok(link) = self.share_url() {
            crash::remember_link(link);
        }
    }
}

/// Lets a signal that lives as long as the page forget readers of views that are gone: nobody else takes them off its
/// list. Whoever still listens runs once more and is on the list again.
pub fn forget_readers<T: Send + Sync + 'static>(signal: RwSignal<T>) {
    signal.notify();
    signal.to_any_source().clear_subscribers();
}

/// What nodes have said since a step, when anybody wants to know: at most the newest [`NOTES_MAX`].
fn notes_since(session: &dyn Session, step: u64) -> Vec<NoteState> {
    if !api::listens(Topic::Note) {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for step in step + 1..=session.step_count() {
        notes.extend(session.notes(step));
        if notes.len() >= 2 * NOTES_MAX {
            notes.drain(..notes.len() - NOTES_MAX);
        }
    }
    let excess = notes.len().saturating_sub(NOTES_MAX);
    notes.drain(..excess);
    notes
}

fn tell_notes(notes: Vec<NoteState>) {
    for note in notes {
        api::emit(Topic::Note, || json!(note));
    }
}

fn tail(mut log: Vec<Sentence>) -> Vec<Sentence> {
    let excess = log.len().saturating_sub(LOG_LINES);
    log.drain(..excess);
    log
}

fn open_session(run: &Run) -> Box<dyn Session> {
    (run.entry.open)(run).expect("a run has been checked before it gets here")
}

impl api::Api for Playground {
    fn labs(&self) -> Value {
        labs::catalogue().describe()
    }

    fn load(&self, run: &Value) -> Result<(), InputError> {
        let run = match run {
            Value::String(text) => Run::from_text(labs::catalogue(), text)?,
            data => Run::from_json(labs::catalogue(), data)?,
        };
        self.problem.set(None);
        self.replace(&run);
        self.loads.update(|loads| *loads += 1);
        Ok(())
    }

    fn run(&self) -> Value {
        self.with_session(|session| session.run().to_json())
    }

    fn state(&self) -> Value {
        let open = self.lenses.get_untracked();
        let asks = self.asks.get_untracked();
        let mut state = self.with_session(|session| {
            let panes = session.run_as_opened().entry.info.panes().filter(|info| open.contains(&LensKind::Pane(info)));
            let ask = |id| asks.get(id).cloned().unwrap_or_default();
            let panes =
                panes.filter_map(|info| Some((info.id.to_owned(), json!(session.pane(info.id, &ask(info.id))?))));
            let panes: serde_json::Map<_, _> = panes.collect();
            let mut state = json!(session.state());
            state["panes"] = panes.into();
            state
        });
        state["playing"] = self.playing.get_untracked().into();
        state["speed"] = self.speed.get_untracked().into();
        state
    }

    fn play(&self) {
        Self::play(*self);
    }

    fn pause(&self) {
        Self::pause(*self);
    }

    fn step(&self, count: u64) {
        Self::step(*self, count);
    }

    fn seek(&self, time_us: u64) {
        Self::seek(*self, time_us);
    }

    fn set_speed(&self, speed: f64) -> Result<(), InputError> {
        self.speed.set(address::check_speed(speed)?);
        Ok(())
    }

    fn apply(&self, command: &Value) -> Result<(), InputError> {
        Self::apply(*self, command)
    }

    fn undo(&self) -> bool {
        Self::undo(*self)
    }

    fn set_branch(&self, id: &str) -> Result<(), InputError> {
        self.show_branch(id)
    }

    fn share_url(&self) -> Result<String, InputError> {
        Self::share_url(*self)
    }

    fn export_svg(&self) -> String {
        Self::export_svg(*self)
    }
}

/// The playground of the page, for components below the app.
pub fn use_playground() -> Playground {
    expect_context::<Playground>()
}
