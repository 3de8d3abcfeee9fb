//! A run that is open: it can be advanced, sought, changed and looked at.
//!
//! [`Session`] is what the page and the command line see; [`of_lab`] is the one implementation, over a lab's types, and
//! [`operations`] stands between operations as data and a lab's own.

mod of_lab;
mod operations;

use std::any::Any;

use serde_json::{Map, Value};
use sim::Command;
use view::layout::Point;
use view::lens::space_time::Window;
use view::lens::{Inspector, Question, SpaceTime};
use view::narration::Sentence;
use view::pane::{Pane, PaneAsk};
use view::stage::Stage;
use view::timeline::Strip;

pub use sim::timeline::Facts;

pub use of_lab::LabSession;
pub(crate) use operations::read_op;
#[cfg(not(target_family = "wasm"))]
pub(crate) use operations::write_ops;

use crate::error::InputError;
use crate::params::{ParamInfo, Setting};
use crate::run::Run;
use crate::space_time::{self, Moment};
use crate::state::{NoteState, State, VerdictState};

/// An open run of some lab.
pub trait Session {
    /// The run, ending at the present moment.
    fn run(&self) -> Run;
    /// The run as it was when it was opened, with the end that was recorded then.
    fn run_as_opened(&self) -> &Run;
    /// The branch that is shown.
    fn branch(&self) -> String;
    /// When the commands of this branch were given or are planned, in µs.
    fn command_times_us(&self) -> Vec<u64>;
    /// Simulated time, in µs.
    fn time_us(&self) -> u64;
    /// Steps so far.
    fn step_count(&self) -> u64;
    /// The digest of the present moment.
    fn digest(&self) -> String;
    /// The furthest time that this branch has been simulated to, in µs.
    fn explored_us(&self) -> u64;
    /// The moment at which the lab is best opened, in µs.
    fn opening_us(&self) -> u64;

    /// Goes towards `until_us`, at most `steps` steps. Returns whether it got there.
    fn advance(&mut self, until_us: u64, steps: u32) -> bool;
    /// Executes the next step; false when nothing is left to happen.
    fn step(&mut self) -> bool;
    /// Goes to the moment right after a step.
    fn seek_step(&mut self, step: u64);
    /// Goes to a time: everything due at or before it has run.
    fn seek(&mut self, time_us: u64);
    /// Applies a command, given as data without a time, now; in the past it starts a branch.
    fn apply(&mut self, command: &Value) -> Result<(), InputError>;
    /// Whether a command would change anything now.
    fn would_change(&self, command: &Value) -> Result<bool, InputError>;
    /// In the past, starts a branch in which nothing of what was done later has been done; otherwise does nothing.
    fn fork(&mut self);
    /// How many commands of this branch have been applied up to now.
    fn applied(&self) -> usize;
    /// Takes the newest command back.
    fn undo(&mut self) -> bool;
    /// Shows another branch.
    fn set_branch(&mut self, id: &str) -> Result<(), InputError>;
    /// Puts a node somewhere else on the stage. It changes nothing in the run but its layout; while
    /// distance counts ([`Session::distance_us`]) it is a command, `move`: give it once a drag ends.
    fn place(&mut self, node: &str, at: Point) -> Result<(), InputError>;
    /// What a message needs for each unit of distance, in µs; 0 while distance does not count.
    fn distance_us(&self) -> u64;
    /// Makes distance count, or not any more, from now on, without moving anything on the stage: by
    /// ordinary commands, a `move` for each node that the run has elsewhere, and then the `set`.
    fn set_distance(&mut self, distance_us: u64) -> Result<(), InputError>;

    /// Everything that can be seen, as data.
    fn state(&self) -> State;
    /// The cluster, ready to be drawn.
    fn stage(&self) -> Stage;
    /// How the properties stand.
    fn verdicts(&self) -> Vec<VerdictState>;
    /// The lab's numbers.
    fn metrics(&self) -> Map<String, Value>;
    /// Who led, what was done and what was violated on the branch that is shown, as far as it has been simulated, and
    /// the branches.
    fn strip(&self) -> Strip;
    /// A step in words; none when this branch has not been there.
    fn sentence(&self, step: u64) -> Option<Sentence>;
    /// A step as data, as [`crate::trace`] documents it; none when this branch has not been there.
    fn event(&self, step: u64) -> Option<Value>;
    /// What the processes are called, by number: machines that were added in any branch come last.
    fn processes(&self) -> Vec<String>;
    /// A step as far as processes and messages are concerned; none when this branch has not been there.
    fn moment(&self, step: u64) -> Option<Moment>;
    /// What nodes said about themselves in a step, in order; nothing when this branch has not been there.
    fn notes(&self, step: u64) -> Vec<NoteState>;
    /// What the engine holds at the moment.
    fn facts(&self) -> Facts;
    /// The steps from one to another in numbers: `9 heartbeats, 1 disk sync`. Very many are only
    /// counted.
    fn summary(&self, from: u64, to: u64) -> String;
    /// What stands in a pane; none when the lab offers no such pane.
    fn pane(&self, id: &str, ask: &PaneAsk) -> Option<Pane>;
    /// The answer to a question of a built-in lens; ask by way of [`Session::ask`](trait.Session.html#method.ask).
    fn answer(&self, question: &dyn Any) -> Option<Box<dyn Any>>;
    /// Everything about a node; none when there is no such node. With `changes`, fields that the
    /// last step changed are marked, which takes a replay of up to a keyframe's spacing.
    fn inspector(&self, node: &str, changes: bool) -> Option<Inspector>;
    /// Whether the run's recorded end is what a replay comes to; goes to that end.
    fn check_end(&mut self) -> Result<(), Divergence>;
}

/// What can be said of every session alike; once for all labs, because each copy costs the page room.
impl dyn Session + '_ {
    /// A piece of the run up to the present moment as a space-time diagram; of very many steps the last ones
    /// ([`STEPS_MAX`](crate::space_time::STEPS_MAX)).
    #[must_use]
    pub fn space_time(&self, window: Window) -> SpaceTime {
        space_time::of_window(self, window)
    }

    /// The answer to a question of a built-in lens; none where the lab has no such thing.
    #[must_use]
    pub fn ask<Q: Question>(&self, question: &Q) -> Option<Q::Answer> {
        self.answer(question)?.downcast().ok().map(|answer| *answer)
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
}

/// A replay that did not come to the recorded end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The first step known to differ.
    pub step: u64,
    /// What differs, as a sentence.
    pub what: String,
}
