//! What a session needs of its lab's own types: a few small things. Everything else is [`Session`](crate::Session)'s,
//! once for all labs, because each copy of it costs the page room. [`of_lab`] implements it over a lab's types,
//! [`operations`] stands between operations as data and a lab's own.

mod of_lab;
mod operations;
mod records;
#[cfg(not(target_family = "wasm"))]
pub mod sweeps;
mod watch;

use std::any::Any;

use check::Verdict;
use serde_json::Value;
use sim::disk::DiskManners;
use sim::timeline::Facts;
use sim::{BranchId, Command, Flight, Net, NodeId, ParamKey, Presence, Stamped};
use view::MessageShape;
use view::layout::Point;
use view::pane::{Pane, PaneAsk};
use view::stage::Stage;

pub(crate) use of_lab::open;
pub(crate) use operations::read_op;

use crate::bands::Spans;
use crate::error::InputError;
use crate::info::LabInfo;
use crate::names::Names;
use crate::plain::PlainRecord;

/// A lab's run at time 0, and what is known of it from the start.
pub struct Opened {
    /// The run.
    pub(crate) core: Box<dyn Core>,
    /// What people call the machines of the start.
    pub(crate) names: Names,
    /// Where they stand when nobody has moved them.
    pub(crate) layout: Vec<Point>,
    /// The moment at which the lab is best opened, in µs.
    pub(crate) opening_us: u64,
}

/// Where on a run's branches one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whereabouts {
    /// The branch that is shown.
    pub branch: BranchId,
    /// The furthest time that it has been simulated to, in µs.
    pub explored_us: u64,
    /// How many of its commands have been applied up to now.
    pub applied: usize,
    /// Whether something later has been simulated already.
    pub would_fork: bool,
}

/// A message on its way, as it looks.
#[derive(Clone, Debug)]
pub(crate) struct Passing {
    pub flight: Flight,
    pub kind: &'static str,
    pub shape: MessageShape,
    pub hue: Option<u32>,
    pub carries: Option<u32>,
}

/// What there is to say of a node.
#[derive(Clone, Debug)]
pub(crate) struct Inside {
    /// The protocol's state as data; null while the machine is down.
    pub detail: Value,
    /// Timers that run, and how long they still do, in µs.
    pub timers: Vec<(&'static str, u64)>,
    pub presence: Presence,
    pub up: bool,
    pub paused: bool,
    /// The clock's offset in µs, and its drift in parts per million.
    pub clock: (i64, i32),
    pub disk: DiskManners,
    /// How many records are on it.
    pub records: usize,
    /// The names of its cells.
    pub cells: Vec<&'static str>,
    pub torn: bool,
    pub unsynced: usize,
    pub incarnation: u32,
}

/// A run over its lab's types.
pub(crate) trait Core {
    /// What does not depend on the protocol.
    fn net(&self) -> &Net;
    fn digest(&self) -> u64;
    fn whereabouts(&self) -> Whereabouts;
    /// All branches, each with its parent and where it leaves that, in µs.
    fn branches(&self) -> Vec<(BranchId, Option<BranchId>, u64)>;
    /// The commands of a branch, applied or planned, as data, and the furthest time that it has been simulated to, in µs.
    fn course(&self, branch: BranchId, names: &Names) -> (Vec<Stamped<Value>>, u64);
    /// When the commands of the branch that is shown were given or are planned, in µs.
    fn command_times_us(&self) -> Vec<u64>;
    fn facts(&self) -> Facts;

    /// Executes what is next, if that is due at or before a time; false when nothing is.
    fn step_until(&mut self, time_us: u64) -> bool;
    /// Lets time pass, if nothing is due.
    fn settle(&mut self, time_us: u64);
    fn next_us(&mut self) -> Option<u64>;
    fn seek_step(&mut self, step: u64);
    fn seek(&mut self, time_us: u64);
    /// Applies a command now; fails when its operation is none of the lab's.
    fn apply(&mut self, command: Command<Value>, names: &Names, info: &LabInfo) -> Result<(), InputError>;
    /// Whether a parameter has another value now.
    fn would_set(&self, key: ParamKey, value: (u64, u64)) -> bool;
    /// How a disk behaves, and how long it takes to sync a write where a command has said so, in µs.
    fn disk_mode(&self, node: NodeId) -> DiskManners;
    fn fork(&mut self);
    fn undo(&mut self) -> bool;
    fn switch(&mut self, branch: BranchId);

    fn verdicts(&self) -> Vec<Verdict>;
    fn metrics(&self) -> Vec<u64>;
    /// Who was in charge when.
    fn spans(&self) -> &Spans;
    /// A step, looked at; none when this branch has not been there.
    fn look(&self, step: u64, names: &Names, info: &LabInfo) -> Option<PlainRecord>;
    /// All messages on their way, in the order of their ids.
    fn passing(&self) -> Vec<Passing>;
    /// Fills in what is particular to the algorithm.
    fn dress(&self, names: &Names, stage: &mut Stage);
    /// A node's state as data; null while it is down.
    fn detail(&self, node: NodeId, names: &Names) -> Value;
    fn inside(&self, node: NodeId, names: &Names) -> Inside;
    /// The same right after a step of this branch; none where nobody has been.
    fn inside_after(&self, step: u64, node: NodeId, names: &Names) -> Option<Inside>;
    fn pane(&self, id: &str, ask: &PaneAsk, names: &Names) -> Pane;
    fn answer(&self, question: &dyn Any, names: &Names) -> Option<Box<dyn Any>>;
    /// Whether a machine that starts again is another process in its place.
    fn forgets(&self) -> bool;
}

impl dyn Core + '_ {
    /// Whether a command would change anything now.
    pub(crate) fn would_change(&self, command: &Command<Value>) -> bool {
        self.net().would_change(command, |node| self.disk_mode(node), |key, value| self.would_set(key, value))
    }
}
