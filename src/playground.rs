//! The open run and everything that is shown of it.
//!
//! [`Playground`] is the page's one piece of state: a session that only this module touches, and a
//! few coarse signals that are published from it. The page never changes simulated state; it gives
//! commands.

use labs::lab::{LabInfo, VariantInfo};
use labs::state::VerdictState;
use labs::{InputError, Run, Session, link};
use leptos::prelude::*;
use serde_json::{Value, json};
use view::narration::Weight;
use view::{Sentence, Stage};

use crate::address::{self, Opening};
use crate::platform::api::{self, Topic};
use crate::platform::canvas::Painter;
use crate::platform::frame::FrameLoop;
use crate::platform::{crash, page};

/// Most steps that are simulated within one frame; what is left waits for the next one.
const STEPS_PER_FRAME: u32 = 3_000;
/// A frame never stands for more real time than this, in ms: after a pause of the page the run
/// goes on where it was.
const FRAME_MS_MAX: f64 = 100.0;
/// Labels change at most this often, in ms.
const LABEL_MS: f64 = 100.0;
/// Announcements for screen readers come at most this often, in ms.
const ANNOUNCE_MS: f64 = 1_000.0;
/// Sentences that the log keeps.
const LOG_LINES: usize = 200;
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

/// What only this module touches.
struct Player {
    session: Box<dyn Session>,
    /// The moment that is drawn; runs between steps, which the session cannot.
    shown_us: f64,
    frame_ms: Option<f64>,
    /// Where playing stops, in µs, once it gets there from before.
    stop_us: Option<u64>,
    painter: Option<Painter>,
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
    /// What is picked on the stage.
    pub selected: RwSignal<Option<Selection>>,
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
                shown_us: 0.0,
                frame_ms: None,
                stop_us: None,
                painter: None,
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
            selected: RwSignal::new(None),
            highlight: RwSignal::new(Vec::new()),
            revision: RwSignal::new(0),
            problem: RwSignal::new((!opening.problems.is_empty()).then(|| opening.problems.join(" · "))),
        };
        let frames = FrameLoop::new(move |now_ms| this.frame(now_ms));
        this.player.update_value(|player| player.frames = Some(frames));
        this.go_to_start(opening.time_us);
        let calm = page::prefers_reduced_motion();
        if !(opening.paused || opening.linked || opening.time_us.is_some() || calm) {
            this.play();
        }
        this
    }

    /// Goes to where the run is best seen first: a given time, its recorded end, or the lab's
    /// opening.
    fn go_to_start(self, time_us: Option<u64>) {
        let divergence = self.with_session(|session| {
            let recorded = session.run_as_opened().end.is_some();
            let divergence = if recorded { session.check_end().err() } else { None };
            match time_us {
                Some(time_us) => session.seek(time_us),
                None if recorded => {}
                None => session.seek(session.opening_us()),
            }
            divergence
        });
        if let Some(divergence) = divergence {
            self.report(format!(
                "This run was recorded by another version of the engine and differs from step {} on: {}",
                divergence.step, divergence.what
            ));
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
        self.lab.set(run.entry.info);
        self.variant.set(run.variant);
        self.seed.set(run.seed);
        self.go_to_start(time_us);
    }

    /// Starts to play.
    pub fn play(self) {
        self.playing.set(true);
        self.player.update_value(|player| {
            player.frame_ms = None;
            if let Some(frames) = &player.frames {
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
        self.stop_and(|session| {
            for _ in 0..count {
                if !session.step() {
                    break;
                }
            }
        });
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

    /// Another lab, with its defaults.
    pub fn choose_lab(self, id: &str) {
        match Run::of_lab(id) {
            Ok(run) => {
                self.speed.set(run.entry.info.speed);
                self.restart(&run);
            }
            Err(error) => self.report(error.to_string()),
        }
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
        self.settle();
        self.with_session(|session| session.apply(command))?;
        self.publish();
        self.remember();
        Ok(())
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

    /// Opens the run of a link.
    pub fn open_link(self, fragment: &str) {
        match link::decode(fragment) {
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
        self.player.update_value(|player| {
            if let Some(painter) = &mut player.painter {
                painter.read_theme();
            }
        });
        self.paint();
    }

    fn stop_and(self, act: impl FnOnce(&mut dyn Session)) {
        self.playing.set(false);
        self.player.with_value(|player| {
            if let Some(frames) = &player.frames {
                frames.stop();
            }
        });
        self.with_session(act);
        self.publish();
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
        let stopped = self.player.try_update_value(|player| {
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
            stopped
        });
        if stopped == Some(true) {
            return self.pause();
        }
        self.show(now_ms, false);
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
            // After a jump the story is told anew from a little before.
            let retold =
                step < player.logged_step || step > player.logged_step + LOG_STEPS || (all && player.logged_step == 0);
            let from = if retold { step.saturating_sub(LOG_STEPS) + 1 } else { player.logged_step + 1 };
            let told: Vec<Sentence> = (from..=step)
                .filter_map(|step| player.session.sentence(step))
                .filter(|sentence| sentence.weight > Weight::Routine)
                .collect();
            player.logged_step = step;
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
                stage: moved.then(|| player.session.stage()),
                time_us: label.then(|| player.session.time_us()),
                explored_us: player.session.explored_us(),
                verdicts,
                told,
                retold,
                marks: if all { player.session.command_times_us() } else { Vec::new() },
                announcement,
                branch,
            }
        });
        let Some(news) = news else { return };
        if let Some(stage) = news.stage {
            self.stage.set(stage);
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
        }
        if news.retold {
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
            api::emit(Topic::Step, || {
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
        labs::catalogue::describe()
    }

    fn load(&self, run: &Value) -> Result<(), InputError> {
        let run = match run {
            Value::String(text) => Run::from_text(text)?,
            data => Run::from_json(data)?,
        };
        self.problem.set(None);
        self.replace(&run);
        Ok(())
    }

    fn run(&self) -> Value {
        self.with_session(|session| session.run().to_json())
    }

    fn state(&self) -> Value {
        let mut state = self.with_session(|session| json!(session.state()));
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
        self.with_session(|session| session.set_branch(id))?;
        self.publish();
        Ok(())
    }

    fn share_url(&self) -> Result<String, InputError> {
        Self::share_url(*self)
    }
}

/// The playground of the page, for components below the app.
pub fn use_playground() -> Playground {
    expect_context::<Playground>()
}
