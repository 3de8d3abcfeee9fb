//! From the session to what is shown: signals, sentences, announcements, the canvas, exports.

use labs::state::{NoteState, VerdictState};
use labs::{Session, picture};
use serde_json::json;
use view::narration::Weight;
use view::{Sentence, Stage, Theme};

use super::{Playground, Selection};
use crate::platform::api::{self, Topic};
use crate::platform::canvas::Painter;
use crate::platform::page;

/// Labels change at most this often, in ms.
const LABEL_MS: f64 = 100.0;
/// Announcements for screen readers come at most this often, in ms.
const ANNOUNCE_MS: f64 = 1_000.0;
/// Sentences that the log keeps.
const LOG_LINES: usize = 200;
/// Steps that are looked through for the log after a jump: so many if they have enough sentences, and otherwise more.
const LOG_STEPS_NEAR: u64 = 750;
const LOG_STEPS: u64 = 3_000;
/// So many sentences are enough to read after a jump.
const LOG_ENOUGH: usize = 40;
/// Most notes that listeners are told of for one frame or call: the newest ones.
const NOTES_MAX: usize = 1_000;

/// Draws the stage as a text of SVG.
pub type Drawer = Box<dyn Fn(Theme) -> String>;

impl Playground {
    /// Publishes the session as it is, whatever was shown before.
    pub(super) fn publish(self) {
        self.player.update_value(|player| {
            let time_us = player.session.time_us();
            // Between two steps the drawn moment is finer than the session's.
            if player.shown_us as u64 != time_us {
                player.shown_us = time_us as f64;
            }
        });
        self.show(page::now_ms(), true);
        if let Some(second) = self.second() {
            second.follow();
        }
    }

    /// Publishes what has changed since the last time, and draws. Everything is read first and the
    /// session let go before any signal is set: whoever listens may call back.
    pub(super) fn show(self, now_ms: f64, all: bool) {
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
            let tell = |from: u64, until: u64| -> Vec<Sentence> {
                let told = (from..=until).filter_map(|step| player.session.sentence(step));
                told.filter(|sentence| sentence.weight > Weight::Routine).collect()
            };
            let near = step.saturating_sub(LOG_STEPS_NEAR) + 1;
            let mut told = tell(if retold { near } else { player.logged_step + 1 }, step);
            if retold && told.len() < LOG_ENOUGH {
                told.splice(..0, tell(step.saturating_sub(LOG_STEPS) + 1, near - 1));
            }
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
            // What has gone cannot stay picked; of two runs the one that is acted on knows.
            let gone = !self.is_second()
                && self.selected.with_untracked(|selected| match selected {
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
        // Whoever listens hears of one run.
        if self.is_second() {
            return;
        }
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

    pub(super) fn paint(self) {
        self.player.with_value(|player| {
            if let Some(painter) = &player.painter {
                self.stage.with_untracked(|stage| painter.draw(stage, player.shown_us));
            }
        });
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
        if let Some(second) = self.second() {
            second.read_theme();
        }
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
            .try_with_value(|player| picture::seated(&player.session, player.shown_us, theme, &player.seats))
            .expect("the playground lives as long as the page")
    }

    /// Lets something else draw the stage for exports, or the run itself again.
    pub fn draw_stage_with(self, drawer: Option<Drawer>) {
        self.player.update_value(|player| player.drawer = drawer);
    }

    /// What a picture of the run is called.
    pub fn title(self) -> String {
        self.player.try_with_value(|player| picture::title(&player.session, player.shown_us)).unwrap_or_default()
    }
}

/// What nodes have said since a step, when anybody wants to know: at most the newest [`NOTES_MAX`].
pub(super) fn notes_since(session: &Session, step: u64) -> Vec<NoteState> {
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

pub(super) fn tell_notes(notes: Vec<NoteState>) {
    for note in notes {
        api::emit(Topic::Note, || json!(note));
    }
}

fn tail(mut log: Vec<Sentence>) -> Vec<Sentence> {
    let excess = log.len().saturating_sub(LOG_LINES);
    log.drain(..excess);
    log
}
