//! A session over the types of its lab.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sim::{BranchId, Command, NodeId, Presence, Protocol, Timeline};
use view::layout::{self, Point};
use view::lens::Inspector;
use view::narration::Sentence;
use view::pane::{Pane, PaneAsk};
use view::stage::{Condition, Link, Message, Node, Stage};
use view::timeline::Strip;

use check::Oracle;
use sim::timeline::Facts;

use super::operations::{read_op, read_ops, write_ops};
use super::{Divergence, Session};
use crate::bands::{self, Watch};
use crate::command::{self, ADDED_MAX, Roster, TIME_US_MAX, write_message_id};
use crate::error::InputError;
use crate::lab::{Lab, Look, Setup};
use crate::lab_words;
use crate::names::Names;
use crate::params::DISTANCE;
use crate::plain::{self, PlainRecord};
use crate::run::{End, Run};
use crate::space_time::{self, Moment};
use crate::state::{
    BranchState, LinkState, MessageState, NodeState, NoteState, State, VerdictState, branch_name, digest_text,
};

/// A stage shows all its links up to so many; beyond, a net of lines would hide everything.
const LINKS_SHOWN_MAX: usize = 500;

/// Most steps that a summary tells apart.
const SUMMARY_STEPS_MAX: u64 = 500;

/// A session of one lab.
pub struct LabSession<L: Lab> {
    run: Run,
    /// The machines of the start; from then on those that were added in any branch.
    initial: usize,
    names: Names,
    layout: BTreeMap<NodeId, Point>,
    /// Where the machines of the start stand when nobody has moved them.
    first_layout: Vec<Point>,
    opening_us: u64,
    timeline: Timeline<L::Protocol, (L::Oracle, Watch<L>)>,
}

impl<L: Lab> LabSession<L> {
    /// Opens a run at time 0.
    pub fn open(run: &Run) -> Result<Self, InputError> {
        let setup = Setup::<L>::of(run);
        let names = Names::from(setup.names);
        let initial = names.len();
        let commands = read_ops::<L>(run, &names.with_added(ADDED_MAX))?;
        let names = names.with_added(command::added(&commands, initial));
        let timeline = Timeline::new(run.seed, setup.config, setup.cluster, (setup.oracle, Watch::new()), commands);
        let opening_us = L::opening_us(timeline.world());
        let first_layout = setup.layout;
        let this =
            Self { run: run.clone(), initial, names, layout: run.layout.clone(), first_layout, opening_us, timeline };
        this.arrive();
        Ok(this)
    }

    fn watch(&self) -> &Watch<L> {
        &self.timeline.observer().1
    }

    /// What the lab may look at, as things stand.
    fn now(&self) -> Look<'_, L> {
        Look { world: self.timeline.world(), oracle: &self.timeline.observer().0, names: &self.names }
    }

    /// Tells the watch how things stand at the furthest moment that has been simulated, if that is where we are.
    fn arrive(&self) {
        if !self.timeline.would_fork() {
            let violated = |verdict: check::Verdict| {
                let evidence = verdict.evidence.filter(|_| verdict.status == check::Status::Violated)?;
                Some(bands::violation(verdict.property.name, &evidence))
            };
            let verdicts = self.timeline.observer().0.verdicts(self.time_us());
            self.watch().arrive(verdicts.into_iter().filter_map(violated).collect());
        }
    }

    /// What can be named now: what is in the world, or was.
    fn roster(&self) -> Roster {
        let mut roster = Roster::new(&self.names.first(self.initial), self.run.entry.info);
        let world = self.timeline.world();
        let added = (self.initial as u32..self.names.len() as u32).map(NodeId);
        added.filter(|&node| world.presence(node) != Presence::Absent).for_each(|node| roster.add(node));
        roster
    }

    fn read_command(&self, value: &Value) -> Result<Command<<L::Protocol as Protocol>::Op>, InputError> {
        let roster = self.roster();
        command::read_untimed(value, &roster, |op| read_op::<L>(op, roster.names(), self.run.entry.info.ops))
    }

    /// Where a machine stands. While distance counts that is part of the run; otherwise it is where
    /// somebody on the page has put it, or else a command, or by default.
    fn position(&self, node: NodeId) -> Point {
        let world = self.timeline.world();
        let (x, y) = world.place(node);
        match self.layout.get(&node) {
            Some(&here) if world.distance_us() == 0 => here,
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
        if self.timeline.commands().len() + more > command::COMMANDS_MAX {
            return Err(InputError::new("", format!("a run takes at most {} commands", command::COMMANDS_MAX)));
        }
        Ok(())
    }

    fn condition(&self, node: NodeId) -> Condition {
        let world = self.timeline.world();
        match (world.is_up(node), world.is_paused(node)) {
            (false, _) => Condition::Crashed,
            (true, true) => Condition::Paused,
            (true, false) => Condition::Up,
        }
    }

    /// A step, looked at; none when this branch has not been there.
    fn look(&self, step: u64) -> Option<PlainRecord> {
        let record = self.timeline.record(step)?;
        Some(plain::plain::<L>(&record, &self.names, self.run.entry.info))
    }

    /// A command in two words.
    fn short(&self, command: &Command<<L::Protocol as Protocol>::Op>) -> lab_words::Words {
        lab_words::short(&plain::write_command::<L>(command, &self.names), &self.names, self.run.entry.info)
    }
}

impl<L: Lab> Session for LabSession<L> {
    fn run(&self) -> Run {
        // What a command has put elsewhere has to be said to stand where it stands by default.
        let world = self.timeline.world();
        let moved = |(node, here): &(&NodeId, &Point)| {
            **here != self.default_position(**node) || world.position(**node).is_some()
        };
        let mut layout = BTreeMap::new();
        layout.extend(self.layout.iter().filter(moved));
        Run {
            commands: write_ops::<L>(self.timeline.commands(), &self.names.with_added(ADDED_MAX)),
            layout,
            end: Some(End { step: self.step_count(), time_us: self.time_us(), digest: self.digest() }),
            engine: crate::run::ENGINE_VERSION,
            revision: self.run.entry.info.revision,
            ..self.run.clone()
        }
    }

    fn run_as_opened(&self) -> &Run {
        &self.run
    }

    fn branch(&self) -> String {
        branch_name(self.timeline.branch().0)
    }

    fn command_times_us(&self) -> Vec<u64> {
        self.timeline.commands().iter().map(|stamped| stamped.at_us).collect()
    }

    fn time_us(&self) -> u64 {
        self.timeline.world().time_us()
    }

    fn step_count(&self) -> u64 {
        self.timeline.world().step_count()
    }

    fn digest(&self) -> String {
        digest_text(self.timeline.world().digest())
    }

    fn explored_us(&self) -> u64 {
        self.timeline.explored_us()
    }

    fn opening_us(&self) -> u64 {
        self.opening_us
    }

    fn advance(&mut self, until_us: u64, steps: u32) -> bool {
        let until_us = until_us.min(TIME_US_MAX);
        for _ in 0..steps {
            if !self.timeline.step_until(until_us) {
                self.timeline.settle(until_us);
                self.arrive();
                return true;
            }
        }
        self.arrive();
        false
    }

    fn step(&mut self) -> bool {
        let stepped = self.timeline.step_until(TIME_US_MAX);
        self.arrive();
        stepped
    }

    fn seek_step(&mut self, step: u64) {
        if step <= self.step_count() {
            self.timeline.seek_step(step);
        }
        while self.step_count() < step && self.timeline.step_until(TIME_US_MAX) {}
        self.arrive();
    }

    fn seek(&mut self, time_us: u64) {
        self.timeline.seek(time_us.min(TIME_US_MAX));
        self.arrive();
    }

    fn apply(&mut self, command: &Value) -> Result<(), InputError> {
        let command = self.read_command(command)?;
        self.check_room(1)?;
        if let Command::AddNode(node) = command {
            let more = (node.index() + 1).saturating_sub(self.names.len());
            self.names = self.names.with_added(more as u32);
        }
        if self.timeline.would_fork() {
            self.watch().fork(self.step_count(), self.time_us());
        }
        self.timeline.apply(command);
        self.arrive();
        Ok(())
    }

    fn would_change(&self, command: &Value) -> Result<bool, InputError> {
        Ok(self.timeline.world().would_change(&self.read_command(command)?))
    }

    fn fork(&mut self) {
        if self.timeline.would_fork() {
            self.watch().fork(self.step_count(), self.time_us());
            self.timeline.fork();
            self.arrive();
        }
    }

    fn applied(&self) -> usize {
        self.timeline.applied()
    }

    fn undo(&mut self) -> bool {
        if let Some(undone) = self.timeline.applied().checked_sub(1) {
            self.watch().undo(undone, self.timeline.commands()[undone].at_us);
        }
        let undone = self.timeline.undo();
        self.arrive();
        undone
    }

    fn set_branch(&mut self, id: &str) -> Result<(), InputError> {
        let found = self.timeline.branches().map(|(branch, ..)| branch).find(|branch| branch_name(branch.0) == id);
        let branch = found.ok_or_else(|| InputError::new("branch", format!("there is no branch \"{id}\"")))?;
        self.watch().switch(branch.0);
        self.timeline.switch(branch);
        self.arrive();
        Ok(())
    }

    fn place(&mut self, node: &str, at: Point) -> Result<(), InputError> {
        if self.timeline.world().distance_us() > 0 {
            return self.apply(&json!({"do": "move", "node": node, "x": at.x, "y": at.y}));
        }
        let node = self.names.find(node)?;
        self.layout.insert(node, at);
        Ok(())
    }

    fn distance_us(&self) -> u64 {
        self.timeline.world().distance_us().into()
    }

    fn set_distance(&mut self, distance_us: u64) -> Result<(), InputError> {
        // It is read like anybody's command, so that the lab has to know it and its range counts.
        let set = self.read_command(&json!({"do": "set", "key": DISTANCE.key, "value": distance_us}))?;
        if !self.timeline.world().would_change(&set) {
            return Ok(());
        }
        let shown: Vec<(NodeId, Point)> =
            self.timeline.world().node_ids().map(|node| (node, self.position(node))).collect();
        let world = self.timeline.world();
        let elsewhere = shown.iter().filter(|(node, at)| world.place(*node) != (at.x, at.y));
        let moves: Vec<_> = elsewhere.map(|&(node, Point { x, y })| Command::Move { node, x, y }).collect();
        self.check_room(moves.len() + 1)?;
        if distance_us > 0 {
            moves.into_iter().for_each(|command| self.timeline.apply(command));
        } else {
            self.layout.extend(shown);
        }
        self.timeline.apply(set);
        Ok(())
    }

    fn state(&self) -> State {
        let world = self.timeline.world();
        let stage = self.stage();
        let name = |BranchId(index)| branch_name(index);
        let directions = world.node_ids().flat_map(|from| world.node_ids().map(move |to| (from, to)));
        State {
            lab: self.run.entry.info.id,
            variant: self.run.variant.id,
            seed: self.run.seed,
            set: self.run.settings.to_json(self.run.entry.info.params),
            time_us: self.time_us(),
            step: self.step_count(),
            digest: self.digest(),
            nodes: world
                .node_ids()
                .zip(stage.nodes)
                .map(|(id, node)| NodeState {
                    role: if node.condition == Condition::Crashed { "crashed".into() } else { node.role },
                    up: world.is_up(id),
                    paused: world.is_paused(id),
                    x: node.position.x,
                    y: node.position.y,
                    label: node.label,
                    detail: world.node(id).map_or(Value::Null, |state| L::detail(state, &self.names)),
                    id: node.id,
                })
                .collect(),
            links: directions
                .filter(|(from, to)| from != to)
                .map(|(from, to)| LinkState {
                    from: self.names.of(from).to_owned(),
                    to: self.names.of(to).to_owned(),
                    up: world.link_up(from, to),
                    held: world.link_held(from, to),
                })
                .collect(),
            in_flight: world
                .flights()
                .into_iter()
                .map(|flight| MessageState {
                    id: write_message_id(flight.id, &self.names),
                    from: self.names.of(flight.id.from).to_owned(),
                    to: self.names.of(flight.id.to).to_owned(),
                    kind: sim::Named::name(&flight.msg),
                    sent_us: flight.sent_us,
                    due_us: flight.due_us,
                    held: flight.held(),
                })
                .collect(),
            verdicts: self.verdicts(),
            branch: self.branch(),
            branches: self
                .timeline
                .branches()
                .map(|(id, parent, at_us)| BranchState { id: name(id), parent: parent.map(name), at_us })
                .collect(),
        }
    }

    fn stage(&self) -> Stage {
        let world = self.timeline.world();
        let time_us = world.time_us();
        let node = |id: NodeId| Node {
            id: self.names.of(id).to_owned(),
            role: String::new(),
            label: String::new(),
            position: self.position(id),
            condition: self.condition(id),
            hue: None,
            in_charge: false,
            contends: false,
            badge: None,
            remark: None,
            small: false,
            crowd: None,
            timer_us: None,
        };
        // What is drawn is numbered without gaps.
        let shown: Vec<NodeId> = world.node_ids().collect();
        let place = |node: NodeId| shown.binary_search(&node).expect("links join machines that are there");
        let pairs = world.node_ids().flat_map(|a| world.node_ids().filter(move |b| a < *b).map(move |b| (a, b)));
        let mut stage = Stage {
            time_us,
            nodes: world.node_ids().map(node).collect(),
            links: pairs
                .map(|(a, b)| Link {
                    a: place(a),
                    b: place(b),
                    forward: world.link_up(a, b),
                    backward: world.link_up(b, a),
                    held: world.link_held(a, b) || world.link_held(b, a),
                    quiet: false,
                })
                .collect(),
            messages: world
                .flights()
                .into_iter()
                // What waits at a paused process may come from a machine that has been removed since.
                .filter(|flight| shown.contains(&flight.id.from) && shown.contains(&flight.id.to))
                .map(|flight| {
                    let (shape, hue) = L::message_look(&flight.msg);
                    Message {
                        id: write_message_id(flight.id, &self.names),
                        from: place(flight.id.from),
                        to: place(flight.id.to),
                        kind: sim::Named::name(&flight.msg).to_owned(),
                        shape,
                        hue,
                        sent_us: flight.sent_us,
                        latency_us: flight.latency_us,
                        due_us: flight.due_us,
                        carries: L::carries(&flight.msg),
                        held_at_ppm: flight.held().then(|| flight.progress_ppm(time_us)),
                    }
                })
                .collect(),
        };
        if stage.links.len() > LINKS_SHOWN_MAX {
            // In a crowd only those links are shown that something is about.
            let busy: BTreeSet<(usize, usize)> = stage
                .messages
                .iter()
                .map(|message| (message.from.min(message.to), message.from.max(message.to)))
                .collect();
            stage.links.retain(|link| !link.up() || link.held || busy.contains(&(link.a, link.b)));
        }
        L::dress(world, &self.names, &mut stage);
        // What has happened to a machine is said before what its algorithm is about.
        for node in &mut stage.nodes {
            node.remark = match node.condition {
                Condition::Up => node.remark.take(),
                Condition::Paused => Some("paused".into()),
                Condition::Crashed => {
                    Some(if L::FORGETS { "crashed · forgotten" } else { "crashed · disk kept" }.into())
                }
            };
        }
        stage
    }

    fn verdicts(&self) -> Vec<VerdictState> {
        self.timeline.observer().0.verdicts(self.time_us()).into_iter().map(VerdictState::from).collect()
    }

    fn metrics(&self) -> Map<String, Value> {
        let names = self.run.entry.info.metrics.iter().map(|name| (*name).to_owned());
        names.zip(L::metrics(&self.timeline.observer().0).into_iter().map(Value::from)).collect()
    }

    fn strip(&self) -> Strip {
        let watch = self.watch();
        let short = |command: &Command<_>| self.short(command);
        let mut marks = bands::command_marks(self.timeline.commands(), &watch.command_steps(), short);
        marks.extend(watch.violations());
        Strip {
            bands: self.run.entry.info.roles.map_or_else(Vec::new, |roles| watch.bands(&self.names, roles)),
            marks: bands::in_order(marks),
            branches: bands::branches(&self.timeline, short),
        }
    }

    fn sentence(&self, step: u64) -> Option<Sentence> {
        let PlainRecord { time_us, telling, .. } = self.look(step)?;
        Some(Sentence { step, time_us, text: telling.text, weight: telling.weight })
    }

    fn event(&self, step: u64) -> Option<Value> {
        Some(crate::trace::event(&self.look(step)?, &self.names, self.run.entry.info))
    }

    fn processes(&self) -> Vec<String> {
        (0..self.names.len()).map(|number| self.names.of(NodeId(number as u32)).to_owned()).collect()
    }

    fn moment(&self, step: u64) -> Option<Moment> {
        Some(space_time::moment(self.look(step)?, &self.names, self.run.entry.info, L::FORGETS))
    }

    fn notes(&self, step: u64) -> Vec<NoteState> {
        let Some(record) = self.look(step) else { return Vec::new() };
        // Only a node that acts can say something.
        let Some(node) = record.node() else { return Vec::new() };
        let (time_us, node) = (record.time_us, self.names.of(node));
        record.notes().map(|note| NoteState { step, time_us, node: node.to_owned(), note }).collect()
    }

    fn facts(&self) -> Facts {
        self.timeline.facts()
    }

    fn summary(&self, from: u64, to: u64) -> String {
        let steps = (to + 1).saturating_sub(from);
        if steps > SUMMARY_STEPS_MAX {
            return format!("{steps} steps");
        }
        crate::lenses::tally((from..=to).filter_map(|step| self.look(step)).map(|record| record.telling.topic))
    }

    fn pane(&self, id: &str, ask: &PaneAsk) -> Option<Pane> {
        let known = self.run.entry.info.panes().find(|info| info.id == id)?;
        Some(L::pane(known.id, self.now(), ask))
    }

    fn answer(&self, question: &dyn Any) -> Option<Box<dyn Any>> {
        L::answer(question, self.now())
    }

    fn inspector(&self, node: &str, changes: bool) -> Option<Inspector> {
        let world = self.timeline.world();
        let id = self.names.find(node).ok().filter(|&id| world.presence(id) == Presence::Present)?;
        let mut groups = crate::lenses::groups::<L>(world, id, &self.names);
        let before = self.step_count().checked_sub(1).filter(|_| changes);
        if let Some(before) = before.and_then(|step| self.timeline.world_after(step))
            && before.presence(id) == Presence::Present
        {
            crate::lenses::mark_changes(&mut groups, &crate::lenses::groups::<L>(&before, id, &self.names));
        }
        Some(Inspector { node: node.to_owned(), groups })
    }

    fn check_end(&mut self) -> Result<(), Divergence> {
        let Some(End { step, time_us, digest }) = self.run.end.clone() else { return Ok(()) };
        self.seek_step(step.min(self.step_count()));
        // Never beyond the recorded time: a damaged end must not keep the replay going for ever.
        while self.step_count() < step && self.timeline.step_until(time_us) {}
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
        if let Some(next_us) = self.timeline.next_us()
            && reached_us < time_us
            && next_us <= time_us
        {
            let what = format!("there is another step at {next_us} µs, before the recorded end at {time_us} µs");
            return Err(Divergence { step: step + 1, what });
        }
        self.timeline.settle(time_us);
        self.arrive();
        Ok(())
    }
}
