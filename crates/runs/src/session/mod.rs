//! A run that is open: it can be advanced, sought, changed and looked at.
//!
//! [`Session`] is what the page and the command line see. It knows no algorithm's types: it stands over a
//! [`Core`](crate::lab_core::Core). [`look`] has what is shown of the present moment.

mod look;

use serde_json::{Value, json};
use sim::{Command, Map, NodeId, Presence};
use view::layout::{self, Point};

pub use sim::timeline::Facts;

use crate::bands;
use crate::command::{self, ADDED_MAX, Roster, TIME_US_MAX};
use crate::error::InputError;
use crate::lab_core::{Core, Opened};
use crate::names::Names;
use crate::params::{DISTANCE, ParamInfo, Setting};
use crate::run::{End, Run};
use crate::state::{branch_name, digest_text};

/// An open run of some lab.
pub struct Session {
    run: Run,
    /// The machines of the start; from then on those that were added in any branch.
    initial: usize,
    names: Names,
    layout: Map<NodeId, Point>,
    /// Where the machines of the start stand when nobody has moved them.
    first_layout: Vec<Point>,
    opening_us: u64,
    core: Box<dyn Core>,
}

impl Run {
    /// Opens the run at time 0.
    pub fn open(&self) -> Result<Session, InputError> {
        Session::open(self)
    }
}

impl Session {
    fn open(run: &Run) -> Result<Self, InputError> {
        let Opened { core, names, layout: first_layout, opening_us } =
            (run.entry.open)(run.chosen(), run.seed, &run.commands)?;
        let initial = names.len();
        let names = names.with_added(command::added(&run.commands, initial));
        let this =
            Self { run: run.clone(), initial, names, layout: run.layout.clone(), first_layout, opening_us, core };
        this.arrive();
        Ok(this)
    }

    /// The run, ending at the present moment.
    #[must_use]
    pub fn run(&self) -> Run {
        // What a command has put elsewhere has to be said to stand where it stands by default.
        let net = self.core.net();
        let moved = |(node, here): &(&NodeId, &Point)| {
            **here != self.default_position(**node) || net.position(**node).is_some()
        };
        let mut layout = Map::new();
        layout.extend(self.layout.iter().filter(moved));
        let (commands, _) = self.core.course(self.core.whereabouts().branch, &self.names.with_added(ADDED_MAX));
        Run {
            commands,
            layout,
            end: Some(End { step: self.step_count(), time_us: self.time_us(), digest: self.digest() }),
            engine: crate::run::ENGINE_VERSION,
            revision: self.run.entry.info.revision,
            ..self.run.clone()
        }
    }

    /// The run as it was when it was opened, with the end that was recorded then.
    #[must_use]
    pub fn run_as_opened(&self) -> &Run {
        &self.run
    }

    /// The branch that is shown.
    #[must_use]
    pub fn branch(&self) -> String {
        branch_name(self.core.whereabouts().branch.0)
    }

    /// When the commands of this branch were given or are planned, in µs.
    #[must_use]
    pub fn command_times_us(&self) -> Vec<u64> {
        self.core.command_times_us()
    }

    /// Simulated time, in µs.
    #[must_use]
    pub fn time_us(&self) -> u64 {
        self.core.net().time_us()
    }

    /// Steps so far.
    #[must_use]
    pub fn step_count(&self) -> u64 {
        self.core.net().step_count()
    }

    /// The digest of the present moment.
    #[must_use]
    pub fn digest(&self) -> String {
        digest_text(self.core.digest())
    }

    /// The furthest time that this branch has been simulated to, in µs.
    #[must_use]
    pub fn explored_us(&self) -> u64 {
        self.core.whereabouts().explored_us
    }

    /// The moment at which the lab is best opened, in µs.
    #[must_use]
    pub fn opening_us(&self) -> u64 {
        self.opening_us
    }

    /// Goes towards `until_us`, at most `steps` steps. Returns whether it got there.
    pub fn advance(&mut self, until_us: u64, steps: u32) -> bool {
        let until_us = until_us.min(TIME_US_MAX);
        for _ in 0..steps {
            if !self.core.step_until(until_us) {
                self.core.settle(until_us);
                self.arrive();
                return true;
            }
        }
        self.arrive();
        false
    }

    /// Executes the next step; false when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let stepped = self.core.step_until(TIME_US_MAX);
        self.arrive();
        stepped
    }

    /// Goes to the moment right after a step.
    pub fn seek_step(&mut self, step: u64) {
        if step <= self.step_count() {
            self.core.seek_step(step);
        }
        while self.step_count() < step && self.core.step_until(TIME_US_MAX) {}
        self.arrive();
    }

    /// Goes to a time: everything due at or before it has run.
    pub fn seek(&mut self, time_us: u64) {
        self.core.seek(time_us.min(TIME_US_MAX));
        self.arrive();
    }

    /// Applies a command, given as data without a time, now; in the past it starts a branch.
    pub fn apply(&mut self, command: &Value) -> Result<(), InputError> {
        let command = self.read_command(command)?;
        self.check_room(1)?;
        if let Command::AddNode(node) = command {
            let more = (node.index() + 1).saturating_sub(self.names.len());
            self.names = self.names.with_added(more as u32);
        }
        if self.core.whereabouts().would_fork {
            self.core.spans().fork(self.step_count(), self.time_us());
        }
        self.give(command)?;
        self.arrive();
        Ok(())
    }

    /// Whether a command would change anything now.
    pub fn would_change(&self, command: &Value) -> Result<bool, InputError> {
        let command = self.read_command(command)?;
        Ok(self.core.would_change(&command))
    }

    /// In the past, starts a branch in which nothing of what was done later has been done; otherwise does nothing.
    pub fn fork(&mut self) {
        if self.core.whereabouts().would_fork {
            self.core.spans().fork(self.step_count(), self.time_us());
            self.core.fork();
            self.arrive();
        }
    }

    /// How many commands of this branch have been applied up to now.
    #[must_use]
    pub fn applied(&self) -> usize {
        self.core.whereabouts().applied
    }

    /// Takes the newest command back.
    pub fn undo(&mut self) -> bool {
        if let Some(undone) = self.core.whereabouts().applied.checked_sub(1) {
            self.core.spans().undo(undone, self.core.command_times_us()[undone]);
        }
        let undone = self.core.undo();
        self.arrive();
        undone
    }

    /// Shows another branch.
    pub fn set_branch(&mut self, id: &str) -> Result<(), InputError> {
        let found =
            self.core.branches().into_iter().map(|(branch, ..)| branch).find(|branch| branch_name(branch.0) == id);
        let branch = found.ok_or_else(|| InputError::new("branch", format!("there is no branch \"{id}\"")))?;
        self.core.spans().switch(branch.0);
        self.core.switch(branch);
        self.arrive();
        Ok(())
    }

    /// Puts a node somewhere else on the stage. It changes nothing in the run but its layout; while
    /// distance counts ([`Session::distance_us`]) it is a command, `move`: give it once a drag ends.
    pub fn place(&mut self, node: &str, at: Point) -> Result<(), InputError> {
        if self.core.net().distance_us() > 0 {
            return self.apply(&json!({"do": "move", "node": node, "x": at.x, "y": at.y}));
        }
        let node = self.names.find(node)?;
        self.layout.insert(node, at);
        Ok(())
    }

    /// What a message needs for each unit of distance, in µs; 0 while distance does not count.
    #[must_use]
    pub fn distance_us(&self) -> u64 {
        self.core.net().distance_us().into()
    }

    /// Makes distance count, or not any more, from now on, without moving anything on the stage: by
    /// ordinary commands, a `move` for each node that the run has elsewhere, and then the `set`.
    pub fn set_distance(&mut self, distance_us: u64) -> Result<(), InputError> {
        // It is read like anybody's command, so that the lab has to know it and its range counts.
        let set = self.read_command(&json!({"do": "set", "key": DISTANCE.key, "value": distance_us}))?;
        if !self.core.would_change(&set) {
            return Ok(());
        }
        let net = self.core.net();
        let shown: Vec<(NodeId, Point)> = net.node_ids().map(|node| (node, self.position(node))).collect();
        let elsewhere = shown.iter().filter(|(node, at)| net.place(*node) != (at.x, at.y));
        let moves: Vec<_> = elsewhere.map(|&(node, Point { x, y })| Command::Move { node, x, y }).collect();
        self.check_room(moves.len() + 1)?;
        if distance_us > 0 {
            moves.into_iter().try_for_each(|command| self.give(command))?;
        } else {
            self.layout.extend(shown);
        }
        self.give(set)
    }

    /// Whether the run's recorded end is what a replay comes to; goes to that end.
    pub fn check_end(&mut self) -> Result<(), Divergence> {
        let Some(End { step, time_us, digest }) = self.run.end.clone() else { return Ok(()) };
        self.seek_step(step.min(self.step_count()));
        // Never beyond the recorded time: a damaged end must not keep the replay going for ever.
        while self.step_count() < step && self.core.step_until(time_us) {}
        self.arrive();
        let (reached, reached_us) = (self.step_count(), self.time_us());
        if reached != step {
            let what = format!("the replay has {reached} steps up to {time_us} µs, recorded were {step}");
            return Err(Divergence { step: reached.min(step) + 1, what });
        }
        if reached_us > time_us {
            let what = format!("step {step} is at {reached_us} µs, beyond the recorded end at {time_us} µs");
            return Err(Divergence { step, what });
        }
        // Digests of another engine or revision are others, even where the same happens.
        if self.run.is_current() && self.digest() != digest {
            let what = format!("after step {step} the digest is {}, recorded was {digest}", self.digest());
            return Err(Divergence { step, what });
        }
        if let Some(next_us) = self.core.next_us()
            && reached_us < time_us
            && next_us <= time_us
        {
            let what = format!("there is another step at {next_us} µs, before the recorded end at {time_us} µs");
            return Err(Divergence { step: step + 1, what });
        }
        self.core.settle(time_us);
        self.arrive();
        Ok(())
    }

    /// What the engine holds at the moment.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.core.facts()
    }

    /// The live parameters, and what they are now.
    #[must_use]
    pub fn live_settings(&self) -> Vec<(&'static ParamInfo, Setting)> {
        let (run, now_us) = (self.run(), self.time_us());
        let params = run.entry.info.params;
        let now = |param: &'static ParamInfo| {
            let mut setting = run.settings.get(run.variant, param);
            for stamped in run.commands.iter().filter(|stamped| stamped.at_us <= now_us) {
                if let Command::Set { key, value: (low, high) } = stamped.command
                    && key == param.id()
                {
                    setting = Setting { low, high };
                }
            }
            (param, setting)
        };
        params.iter().filter(|param| param.live).map(now).collect()
    }

    /// Tells the watch how things stand at the furthest moment that has been simulated, if that is where we are.
    fn arrive(&self) {
        if !self.core.whereabouts().would_fork {
            let violated = |verdict: check::Verdict| {
                let evidence = verdict.evidence.filter(|_| verdict.status == check::Status::Violated)?;
                Some(bands::violation(verdict.property.name, &evidence))
            };
            self.core.spans().arrive(self.core.verdicts().into_iter().filter_map(violated).collect());
        }
    }

    /// What can be named now: what is in the world, or was.
    fn roster(&self) -> Roster {
        let mut roster = Roster::new(&self.names.first(self.initial), self.run.entry.info);
        let net = self.core.net();
        let added = (self.initial as u32..self.names.len() as u32).map(NodeId);
        added.filter(|&node| net.presence(node) != Presence::Absent).for_each(|node| roster.add(node));
        roster
    }

    /// Reads a command; its operation is one of the lab's.
    fn read_command(&self, value: &Value) -> Result<Command<Value>, InputError> {
        let (roster, entry) = (self.roster(), self.run.entry);
        let checked = |op: &Value| (entry.check_op)(op, roster.names(), entry.info.ops).map(|()| op.clone());
        command::read_untimed(value, &roster, checked)
    }

    /// Applies a command now.
    fn give(&mut self, command: Command<Value>) -> Result<(), InputError> {
        self.core.apply(command, &self.names.with_added(ADDED_MAX), self.run.entry.info)
    }

    /// Where a machine stands. While distance counts that is part of the run; otherwise it is where
    /// somebody on the page has put it, or else a command, or by default.
    fn position(&self, node: NodeId) -> Point {
        let net = self.core.net();
        let (x, y) = net.place(node);
        match self.layout.get(&node) {
            Some(&here) if net.distance_us() == 0 => here,
            _ => Point { x, y },
        }
    }

    /// Where a machine stands that nobody has moved: where the lab puts it, or, if it came later,
    /// between the others.
    fn default_position(&self, node: NodeId) -> Point {
        self.first_layout.get(node.index()).copied().unwrap_or_else(|| layout::late(node.index() - self.initial))
    }

    /// Whether so many more commands fit into the run.
    fn check_room(&self, more: usize) -> Result<(), InputError> {
        if self.core.command_times_us().len() + more > command::COMMANDS_MAX {
            return Err(InputError::new("", format!("a run takes at most {} commands", command::COMMANDS_MAX)));
        }
        Ok(())
    }
}

/// A replay that did not come to the recorded end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The first step known to differ.
    pub step: u64,
    /// What differs, as a sentence.
    pub what: String,
}
