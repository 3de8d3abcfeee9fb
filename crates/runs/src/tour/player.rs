//! Follows a reader through a tour.
//!
//! To enter a step always gives the same run, whatever the reader did before: the commands of the
//! steps above, at the times that the [`Plan`] found, and then the moment where the step begins. A
//! reader who gives commands of his own or travels elsewhere is noticed, and may return; what he did
//! is then replaced.

use serde_json::Value;
use sim::Stamped;

use super::plan::{Plan, Stop, Watch};
use super::{Step, Tour, TourError, Wait};
use crate::command;
use crate::run::Run;
use crate::session::Session;

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is to be read; nothing is waited for.
    Reading,
    /// The reader is asked to do something.
    Inviting,
    /// Something is waited for.
    Waiting,
    /// What was waited for has come true.
    Reached,
    /// It can no longer come true within its bound.
    Missed,
    /// The reader is on his own.
    Away,
}

/// What is to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The run, commands planned for later included.
    pub run: &'a Run,
    /// The moment to go to, in µs.
    pub time_us: u64,
    /// Whether it plays from there.
    pub plays: bool,
    /// Where it stops to play, in µs.
    pub until_us: Option<u64>,
    /// Simulated seconds per real second.
    pub speed: f64,
}

/// A reader's way through a tour.
#[derive(Debug)]
pub struct Player {
    tour: Tour,
    plan: Plan,
    index: usize,
    /// Whether the reader let the tour do what he is asked to do.
    tried: bool,
    reached: bool,
    watch: Watch,
    /// The commands of the scene; known from the first look on.
    given: Option<Vec<Stamped<Value>>>,
    /// What the reader's own commands were found out for.
    known: (String, Vec<u64>),
    own: Own,
}

/// What the reader has done of his own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Own {
    Nothing,
    /// He has given commands, the first at this time, in µs.
    Since(u64, Vec<String>),
    /// A command of the tour is gone.
    Broken,
}

impl Player {
    /// A reader before the first step.
    pub fn new(tour: Tour) -> Result<Self, TourError> {
        let plan = Plan::of(&tour)?;
        let watch = Watch::new(plan.stops[0].base_step);
        let known = (String::new(), Vec::new());
        Ok(Self { tour, plan, index: 0, tried: false, reached: false, watch, given: None, known, own: Own::Nothing })
    }

    /// The tour.
    #[must_use]
    pub const fn tour(&self) -> &Tour {
        &self.tour
    }

    /// Where the steps begin and end.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The step that is shown, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The step that is shown.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.tour.steps[self.index]
    }

    fn stop(&self) -> &Stop {
        &self.plan.stops[self.index]
    }

    /// Enters a step afresh; the last one, when there are not so many.
    pub fn enter(&mut self, index: usize) -> Scene<'_> {
        self.index = index.min(self.tour.steps.len() - 1);
        self.begin(false)
    }

    /// Does what the reader is asked to do, in the step as it was when it was entered.
    pub fn attempt(&mut self) -> Scene<'_> {
        self.begin(self.step().attempt.is_some())
    }

    fn begin(&mut self, tried: bool) -> Scene<'_> {
        self.tried = tried;
        self.reached = false;
        self.watch = Watch::new(self.stop().base_step);
        self.given = None;
        self.known = (String::new(), Vec::new());
        self.own = Own::Nothing;
        let (step, stop) = (self.step(), self.stop());
        let acts = step.wait.is_some() && (tried || step.attempt.is_none());
        Scene {
            run: if tried { stop.full() } else { &stop.run },
            time_us: stop.start_us,
            plays: acts && stop.end_us > stop.start_us,
            until_us: (acts && !step.go_on).then_some(stop.end_us),
            speed: step.speed.unwrap_or(step.base.entry.info.speed),
        }
    }

    /// Looks at the run as it is now, and says how the step stands. Call it right after a scene was
    /// shown, and from then on whenever the run has moved.
    pub fn look(&mut self, session: &Session) -> Standing {
        if !self.at_home(session) {
            return Standing::Away;
        }
        let (invites, wait) = (self.step().attempt.is_some(), self.step().wait.clone());
        let since_us = match &self.own {
            Own::Broken => return Standing::Away,
            Own::Since(..) if !invites || self.tried => return Standing::Away,
            Own::Since(at_us, _) => Some(*at_us),
            Own::Nothing if invites && !self.tried => None,
            Own::Nothing => Some(self.stop().start_us),
        };
        let Some(since_us) = since_us else { return Standing::Inviting };
        let Some(wait) = wait else { return if invites { Standing::Reached } else { Standing::Reading } };
        if !self.reached {
            self.reached = match (&wait, &self.own) {
                (Wait::Command { word }, Own::Since(_, words)) => words.contains(word),
                (Wait::Command { .. }, _) => self.tried && session.time_us() >= self.stop().end_us,
                _ => self.watch.look(session, &wait, since_us).is_some(),
            };
        }
        match wait.within_us() {
            _ if self.reached => Standing::Reached,
            Some(within_us) if session.time_us() > since_us + within_us => Standing::Missed,
            _ => Standing::Waiting,
        }
    }

    /// Whether this is the step's run, from its beginning on; takes note of what the reader did.
    fn at_home(&mut self, session: &Session) -> bool {
        let (ours, theirs) = (&self.stop().run, session.run_as_opened());
        let same = ours.entry.info.id == theirs.entry.info.id
            && ours.variant.id == theirs.variant.id
            && ours.seed == theirs.seed
            && ours.settings == theirs.settings;
        if !same || session.time_us() < self.stop().start_us {
            return false;
        }
        let known = (session.branch(), session.command_times_us());
        if known != self.known || self.given.is_none() {
            self.known = known;
            self.take_note(session);
        }
        true
    }

    fn take_note(&mut self, session: &Session) {
        let run = session.run();
        let given = self.given.get_or_insert_with(|| run.commands.clone());
        let own: Vec<&Stamped<Value>> = run.commands.iter().filter(|command| !given.contains(command)).collect();
        self.own = match own.first() {
            _ if !given.iter().all(|command| run.commands.contains(command)) => Own::Broken,
            None => Own::Nothing,
            Some(first) => {
                let names = run.names();
                let word = |stamped: &&Stamped<Value>| {
                    let written = command::write_command(&stamped.command, &names, run.entry.info, Value::clone);
                    written["do"].as_str().unwrap_or_default().to_owned()
                };
                Own::Since(first.at_us, own.iter().map(word).collect())
            }
        };
        // Another course of events: what was seen of it may never have happened.
        self.watch = Watch::new(self.stop().base_step);
    }
}
