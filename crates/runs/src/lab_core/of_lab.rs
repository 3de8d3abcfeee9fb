//! A session's core over the types of its lab.

use std::any::Any;

use check::{Oracle, Verdict};
use serde_json::Value;
use sim::disk::DiskManners;
use sim::timeline::Facts;
use sim::{BranchId, Command, Named, Net, NodeId, ParamKey, Stamped, Timeline, World};
use view::pane::{Pane, PaneAsk};
use view::stage::Stage;

use super::operations::{read_op, read_ops, write_ops};
use super::watch::Watch;
use super::{Core, Inside, Opened, Passing, Whereabouts, records};
use crate::bands::Spans;
use crate::command::ADDED_MAX;
use crate::error::InputError;
use crate::info::LabInfo;
use crate::lab::{Chosen, Lab, Look, Setup};
use crate::names::Names;
use crate::plain::PlainRecord;

/// A run of one lab.
struct OfLab<L: Lab> {
    timeline: Timeline<L::Protocol, (L::Oracle, Watch<L>)>,
}

/// Opens the run of a seed under these commands at time 0.
pub(crate) fn open<L: Lab>(chosen: Chosen<'_>, seed: u64, commands: &[Stamped<Value>]) -> Result<Opened, InputError> {
    let setup = Setup::<L>::of(chosen);
    let names = Names::from(setup.names);
    let commands = read_ops::<L>(commands, &names.with_added(ADDED_MAX), chosen.info.ops)?;
    let timeline = Timeline::new(seed, setup.config, setup.cluster, (setup.oracle, Watch::new()), commands);
    let opening_us = L::opening_us(timeline.world());
    Ok(Opened { core: Box::new(OfLab::<L> { timeline }), names, layout: setup.layout, opening_us })
}

impl<L: Lab> OfLab<L> {
    /// What the lab may look at, as things stand.
    fn now<'a>(&'a self, names: &'a Names) -> Look<'a, L> {
        Look { world: self.timeline.world(), oracle: &self.timeline.observer().0, names }
    }
}

fn inside<L: Lab>(world: &World<L::Protocol>, node: NodeId, names: &Names) -> Inside {
    let (clock, stored) = (world.clock(node), world.disk(node));
    let left_us = |due_us: u64| due_us.saturating_sub(world.time_us());
    Inside {
        detail: world.node(node).map_or(Value::Null, |state| L::detail(state, names)),
        timers: world.timers(node).map(|running| (running.timer.name(), left_us(running.due_us))).collect(),
        presence: world.presence(node),
        up: world.is_up(node),
        paused: world.is_paused(node),
        clock: (clock.offset_us(), clock.drift_ppm()),
        disk: world.disk_mode(node),
        records: stored.entries().len(),
        cells: stored.cells().iter().map(Named::name).collect(),
        torn: stored.torn_tail(),
        unsynced: world.unsynced_writes(node),
        incarnation: world.incarnation(node),
    }
}

impl<L: Lab> Core for OfLab<L> {
    fn net(&self) -> &Net {
        self.timeline.world().net()
    }

    fn digest(&self) -> u64 {
        self.timeline.world().digest()
    }

    fn whereabouts(&self) -> Whereabouts {
        Whereabouts {
            branch: self.timeline.branch(),
            explored_us: self.timeline.explored_us(),
            applied: self.timeline.applied(),
            would_fork: self.timeline.would_fork(),
        }
    }

    fn branches(&self) -> Vec<(BranchId, Option<BranchId>, u64)> {
        self.timeline.branches().collect()
    }

    fn course(&self, branch: BranchId, names: &Names) -> (Vec<Stamped<Value>>, u64) {
        let (commands, explored_us) = self.timeline.course(branch).unwrap_or_default();
        (write_ops::<L>(commands, names), explored_us)
    }

    fn command_times_us(&self) -> Vec<u64> {
        self.timeline.commands().iter().map(|stamped| stamped.at_us).collect()
    }

    fn facts(&self) -> Facts {
        self.timeline.facts()
    }

    fn step_until(&mut self, time_us: u64) -> bool {
        self.timeline.step_until(time_us)
    }

    fn settle(&mut self, time_us: u64) {
        self.timeline.settle(time_us);
    }

    fn next_us(&mut self) -> Option<u64> {
        self.timeline.next_us()
    }

    fn seek_step(&mut self, step: u64) {
        self.timeline.seek_step(step);
    }

    fn seek(&mut self, time_us: u64) {
        self.timeline.seek(time_us);
    }

    fn apply(&mut self, command: Command<Value>, names: &Names, info: &LabInfo) -> Result<(), InputError> {
        self.timeline.apply(command.try_map_op(|op| read_op::<L>(&op, names, info.ops))?);
        Ok(())
    }

    fn would_set(&self, key: ParamKey, value: (u64, u64)) -> bool {
        self.timeline.world().would_set(key, value)
    }

    fn disk_mode(&self, node: NodeId) -> DiskManners {
        self.timeline.world().disk_mode(node)
    }

    fn fork(&mut self) {
        self.timeline.fork();
    }

    fn undo(&mut self) -> bool {
        self.timeline.undo()
    }

    fn switch(&mut self, branch: BranchId) {
        self.timeline.switch(branch);
    }

    fn verdicts(&self) -> Vec<Verdict> {
        self.timeline.observer().0.verdicts(self.net().time_us())
    }

    fn metrics(&self) -> Vec<u64> {
        L::metrics(&self.timeline.observer().0)
    }

    fn spans(&self) -> &Spans {
        self.timeline.observer().1.spans()
    }

    fn look(&self, step: u64, names: &Names, info: &LabInfo) -> Option<PlainRecord> {
        Some(records::plain::<L>(&*self.timeline.record(step)?, names, info))
    }

    fn passing(&self) -> Vec<Passing> {
        let flights = self.timeline.world().flights().into_iter();
        let passing = flights.map(|flight| {
            let (shape, hue) = L::message_look(flight.msg);
            let (kind, carries) = (flight.msg.name(), L::carries(flight.msg));
            Passing { flight: (*flight).clone(), kind, shape, hue, carries }
        });
        passing.collect()
    }

    fn dress(&self, names: &Names, stage: &mut Stage) {
        L::dress(self.timeline.world(), names, stage);
    }

    fn detail(&self, node: NodeId, names: &Names) -> Value {
        self.timeline.world().node(node).map_or(Value::Null, |state| L::detail(state, names))
    }

    fn inside(&self, node: NodeId, names: &Names) -> Inside {
        inside::<L>(self.timeline.world(), node, names)
    }

    fn inside_after(&self, step: u64, node: NodeId, names: &Names) -> Option<Inside> {
        let world = self.timeline.world_after(step)?;
        (node.index() < world.net().machine_count()).then(|| inside::<L>(&world, node, names))
    }

    fn pane(&self, id: &str, ask: &PaneAsk, names: &Names) -> Pane {
        L::pane(id, self.now(names), ask)
    }

    fn answer(&self, question: &dyn Any, names: &Names) -> Option<Box<dyn Any>> {
        L::answer(question, self.now(names))
    }

    fn forgets(&self) -> bool {
        L::FORGETS
    }
}
