//! One simulated cluster, executed one event at a time.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::clock::Clock;
use crate::command::{Command, MessageAct, ParamKey};
use crate::disk::{Disk, DiskDrive, DiskMode};
use crate::hash::StableHasher;
use crate::network::{Flight, Link, LinkChange, LinkProfile, LossReason, MessageId, NO_SLOT};
use crate::protocol::{DrawCounters, Effect, Fx, NodeId, Protocol, RequestId};
use crate::queue::{Due, Entry, Queue};
use crate::random::{self, Domain, Purpose, Source};
use crate::record::{Event, FlightSlot, Observer, Outcome, Record};

/// Largest cluster, so that per-link state stays small enough to keep keyframes of.
pub const NODES_MAX: u32 = 512;

/// The machines and the network between them, as a run finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// How many nodes, 1 to [`NODES_MAX`].
    pub nodes: u32,
    /// How every link behaves until a command changes it.
    pub link: LinkProfile,
    /// How long a disk takes to sync one write, uniform in this inclusive range, in µs.
    pub disk_sync_us: (u64, u64),
    /// Where machines stand that no command has moved, in order, those included that may be added; a
    /// machine beyond the list stands at the origin. It matters while distance counts, see
    /// [`LinkProfile::distance_us`].
    pub positions: Vec<(i32, i32)>,
}

impl ClusterConfig {
    /// So many machines, with links and disks that need no time.
    #[must_use]
    pub fn of(nodes: u32) -> Self {
        Self { nodes, link: LinkProfile::default(), disk_sync_us: (0, 0), positions: Vec::new() }
    }

    /// Sets a parameter that the simulator knows by itself, so that no algorithm has to; false for any
    /// other. A number has the same value at both ends.
    pub fn set(&mut self, key: ParamKey, (low, high): (u64, u64)) -> bool {
        let in_us = (low.saturating_mul(1_000), high.saturating_mul(1_000));
        match key {
            ParamKey::LATENCY_MS => self.link.latency_us = in_us,
            ParamKey::DISK_SYNC_MS => self.disk_sync_us = in_us,
            ParamKey::DISTANCE_US => self.link.distance_us = u32::try_from(low).unwrap_or(u32::MAX),
            _ => return false,
        }
        true
    }
}

/// Whether a machine is in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Not yet: only machines with higher numbers have been added.
    Absent,
    /// It is, whether or not it runs.
    Present,
    /// It was, and has been taken away for good.
    Removed,
}

#[derive(Clone, Debug)]
struct TimerSlot<T> {
    timer: T,
    /// The queue entry that would stand for it.
    sequence: u64,
    /// The queue entry that does: the same, or an earlier one that makes it scheduled anew when it
    /// comes up. A timer that is moved again and again, as timeouts are, so costs no entry each time.
    queued: u64,
    queued_us: u64,
    due_monotonic_us: u64,
    set_us: u64,
    due_us: u64,
    cause: u64,
}

/// A timer that is running on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningTimer<T> {
    /// Which.
    pub timer: T,
    /// When it was set, in µs of true time.
    pub set_us: u64,
    /// When it runs out, in µs of true time.
    pub due_us: u64,
}

/// A durable message or answer that waits for the disk.
#[derive(Clone, Debug, Hash)]
enum Parcel<P: Protocol> {
    Message { to: NodeId, msg: P::Msg },
    Reply { id: RequestId, ret: P::Ret },
}

#[derive(Clone, Debug)]
struct Waiting<P: Protocol> {
    write: u64,
    cause: u64,
    parcel: Parcel<P>,
}

#[derive(Clone, Debug)]
struct Node<P: Protocol> {
    presence: Presence,
    /// `None` while the machine is down.
    state: Option<P>,
    incarnation: u32,
    paused: bool,
    /// What the queue came to while the process was paused; some of it may not be due yet.
    backlog: Vec<Entry>,
    clock: Clock,
    /// Where this incarnation's draws come from.
    source: Source,
    counters: DrawCounters,
    timers: Vec<TimerSlot<P::Timer>>,
    drive: DiskDrive<P>,
    /// The queue entry that stands for the oldest unsynced write.
    sync_sequence: u64,
    waiting: VecDeque<Waiting<P>>,
    last_request: Option<RequestId>,
    /// Where a command has put it.
    position: Option<(i32, i32)>,
}

impl<P: Protocol> Node<P> {
    fn new(seed: u64, node: NodeId, presence: Presence) -> Self {
        Self {
            presence,
            state: None,
            incarnation: 0,
            paused: false,
            backlog: Vec::new(),
            clock: Clock::default(),
            source: source_of(seed, node, 0),
            counters: Vec::new(),
            timers: Vec::new(),
            drive: DiskDrive::default(),
            sync_sequence: 0,
            waiting: VecDeque::new(),
            last_request: None,
            position: None,
        }
    }
}

/// Room that steps use again and again, so that a step allocates nothing. It is empty between
/// steps and no part of the state.
struct Scratch<T>(Vec<T>);

impl<T> Clone for Scratch<T> {
    fn clone(&self) -> Self {
        Self(Vec::new())
    }
}

impl<T> fmt::Debug for Scratch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}

impl<T> Scratch<T> {
    fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0)
    }

    fn give_back(&mut self, mut items: Vec<T>) {
        items.clear();
        self.0 = items;
    }
}

/// A cluster of one protocol at one moment of one run.
#[derive(Clone, Debug)]
pub struct World<P: Protocol> {
    seed: u64,
    config: P::Config,
    cluster: ClusterConfig,
    time_us: u64,
    idle: bool,
    step: u64,
    /// The last instant at which events ran, and how many did.
    instant_us: u64,
    instant_events: u32,
    rolling: StableHasher,
    queue: Queue,
    nodes: Vec<Node<P>>,
    links: Vec<Link>,
    flights: Vec<Option<Flight<P>>>,
    free: Vec<u32>,
    hand_copies: BTreeMap<(NodeId, NodeId, u64), u32>,
    effects: Scratch<Effect<P>>,
    outcomes: Scratch<Outcome<P>>,
}

fn source_of(seed: u64, node: NodeId, incarnation: u32) -> Source {
    Source::new(seed, Domain::Node, &[u64::from(node.0), u64::from(incarnation)])
}

fn fresh_link(seed: u64, from: usize, to: usize, up: bool) -> Link {
    let source = Source::new(seed, Domain::Link, &[from as u64, to as u64]);
    Link { up, held: false, profile: None, own_latency: false, sent: 0, busy_until_us: 0, first: NO_SLOT, source }
}

impl<P: Protocol> World<P> {
    /// A cluster at time 0, all nodes booted (steps 1 to n).
    ///
    /// # Panics
    ///
    /// When `cluster.nodes` is 0 or above [`NODES_MAX`]; labs check parameters before.
    pub fn new(seed: u64, config: P::Config, cluster: ClusterConfig, observer: &mut impl Observer<P>) -> Self {
        assert!((1..=NODES_MAX).contains(&cluster.nodes), "a cluster of {} nodes", cluster.nodes);
        let count = cluster.nodes as usize;
        let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        let mut world = Self {
            seed,
            config,
            time_us: 0,
            idle: false,
            step: 0,
            instant_us: 0,
            instant_events: 0,
            rolling: StableHasher::new(seed),
            queue: Queue::default(),
            nodes: (0..cluster.nodes).map(|id| Node::new(seed, NodeId(id), Presence::Present)).collect(),
            links: pairs.map(|(from, to)| fresh_link(seed, from, to, true)).collect(),
            flights: Vec::new(),
            free: Vec::new(),
            hand_copies: BTreeMap::new(),
            effects: Scratch(Vec::new()),
            outcomes: Scratch(Vec::new()),
            cluster,
        };
        for node in (0..world.cluster.nodes).map(NodeId) {
            world.step += 1;
            let mut outcomes = world.outcomes.take();
            world.boot(node, &mut outcomes);
            world.finish_step(None, Event::Boot(node), outcomes, observer);
        }
        world
    }

    /// The seed of the run.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The protocol's configuration.
    #[must_use]
    pub const fn config(&self) -> &P::Config {
        &self.config
    }

    /// The machines as the run found them, and the network as it is by default now.
    #[must_use]
    pub const fn cluster(&self) -> &ClusterConfig {
        &self.cluster
    }

    /// Simulated time, in µs.
    #[must_use]
    pub const fn time_us(&self) -> u64 {
        self.time_us
    }

    /// Whether time has passed since the last step.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    /// Steps so far.
    #[must_use]
    pub const fn step_count(&self) -> u64 {
        self.step
    }

    /// All nodes that are in the world, in order; what has been removed, or has not been added, is
    /// left out.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<'_, P> {
        let known = (0u32..).map(NodeId).zip(&self.nodes);
        known.filter(|(_, node)| node.presence == Presence::Present).map(|(id, _)| id)
    }

    /// Whether a machine is in the world. Any number may be asked for.
    #[must_use]
    pub fn presence(&self, node: NodeId) -> Presence {
        self.nodes.get(node.index()).map_or(Presence::Absent, |node| node.presence)
    }

    /// A node's state; `None` while the machine is down or not in the world.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Option<&P> {
        self.nodes.get(node.index())?.state.as_ref()
    }

    /// Whether the machine runs (a paused process counts as running).
    #[must_use]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.node(node).is_some()
    }

    /// Where a command has put a machine.
    #[must_use]
    pub fn position(&self, node: NodeId) -> Option<(i32, i32)> {
        self.nodes.get(node.index())?.position
    }

    /// Where a machine stands: where a command has put it, or where it stood from the start.
    #[must_use]
    pub fn place(&self, node: NodeId) -> (i32, i32) {
        let first = || self.cluster.positions.get(node.index()).copied().unwrap_or_default();
        self.position(node).unwrap_or_else(first)
    }

    /// What a message needs for each unit of distance by default, in µs; 0 while distance does not
    /// count.
    #[must_use]
    pub const fn distance_us(&self) -> u32 {
        self.cluster.link.distance_us
    }

    /// Whether the process is paused.
    #[must_use]
    pub fn is_paused(&self, node: NodeId) -> bool {
        self.nodes.get(node.index()).is_some_and(|node| node.paused)
    }

    /// What is durable on a node's disk.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> &Disk<P> {
        &self.nodes[node.index()].drive.durable
    }

    /// How a node's disk behaves, and how long it takes to sync a write where a command has said so,
    /// in µs.
    #[must_use]
    pub fn disk_mode(&self, node: NodeId) -> (DiskMode, Option<(u64, u64)>) {
        let drive = &self.nodes[node.index()].drive;
        (drive.mode, drive.sync_us)
    }

    /// How many of a node's writes are not durable yet.
    #[must_use]
    pub fn unsynced_writes(&self, node: NodeId) -> usize {
        self.nodes[node.index()].drive.pending()
    }

    /// A node's clock.
    #[must_use]
    pub fn clock(&self, node: NodeId) -> &Clock {
        &self.nodes[node.index()].clock
    }

    /// How often a node has been restarted.
    #[must_use]
    pub fn incarnation(&self, node: NodeId) -> u32 {
        self.nodes[node.index()].incarnation
    }

    /// The timers that run on a node.
    pub fn timers(&self, node: NodeId) -> impl Iterator<Item = RunningTimer<P::Timer>> {
        self.nodes[node.index()].timers.iter().map(|slot| RunningTimer {
            timer: slot.timer,
            set_us: slot.set_us,
            due_us: slot.due_us,
        })
    }

    /// Whether messages from `from` reach `to`.
    #[must_use]
    pub fn link_up(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link_index(from, to)].up
    }

    /// Whether messages from `from` to `to` are frozen.
    #[must_use]
    pub fn link_held(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link_index(from, to)].held
    }

    /// How the link from `from` to `to` treats messages.
    #[must_use]
    pub fn link_profile(&self, from: NodeId, to: NodeId) -> LinkProfile {
        self.profile(&self.links[self.link_index(from, to)])
    }

    /// All messages on their way, in the order of their ids.
    #[must_use]
    pub fn flights(&self) -> Vec<&Flight<P>> {
        let mut flights: Vec<_> = self.flights.iter().flatten().collect();
        flights.sort_unstable_by_key(|flight| flight.id);
        flights
    }

    /// A message that the last step sent.
    #[must_use]
    pub fn flight_in(&self, slot: FlightSlot) -> Option<&Flight<P>> {
        self.flights[slot.0 as usize].as_ref()
    }

    /// How many entries the queue holds, void ones included.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.queue.len()
    }

    /// About how many bytes this world takes: its tables, counted by what they hold and not by what was
    /// reserved. What the protocol's own types keep behind pointers (logs, maps, payloads) is not seen,
    /// so that it is a lower bound.
    #[must_use]
    pub fn bytes_estimate(&self) -> usize {
        let node = |node: &Node<P>| {
            size_of::<Node<P>>()
                + node.timers.len() * size_of::<TimerSlot<P::Timer>>()
                + node.backlog.len() * size_of::<Entry>()
                + node.waiting.len() * size_of::<Waiting<P>>()
                + size_of_val(node.drive.durable.entries())
                + node.drive.pending() * size_of::<crate::disk::Write<P>>()
        };
        let profiles = self.links.iter().filter(|link| link.profile.is_some()).count();
        size_of::<Self>()
            + self.nodes.iter().map(node).sum::<usize>()
            + self.links.len() * size_of::<Link>()
            + profiles * size_of::<LinkProfile>()
            + self.flights.len() * size_of::<Option<Flight<P>>>()
            + self.queue.len() * size_of::<Entry>()
    }

    /// 64 bits that depend on every step so far and on all state: nodes, disks, clocks, timers,
    /// links, messages on their way. Idle time alone does not change it, and neither does a parameter
    /// that has changed nothing so far: the protocol's configuration is left out, so that runs stay
    /// what they are when a parameter is added or goes.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = self.rolling.clone();
        self.step.hash(&mut hasher);
        (self.cluster.link, self.cluster.disk_sync_us).hash(&mut hasher);
        for node in &self.nodes {
            (node.presence, node.incarnation, node.paused, node.position).hash(&mut hasher);
            node.state.hash(&mut hasher);
            node.clock.hash(&mut hasher);
            node.counters.hash(&mut hasher);
            node.drive.hash(&mut hasher);
            let mut timers: Vec<_> = node.timers.iter().collect();
            timers.sort_unstable_by_key(|slot| slot.timer);
            for slot in timers {
                (slot.timer, slot.due_us, slot.cause).hash(&mut hasher);
            }
            for waiting in &node.waiting {
                (waiting.write, waiting.cause).hash(&mut hasher);
                waiting.parcel.hash(&mut hasher);
            }
        }
        self.links.hash(&mut hasher);
        for flight in self.flights() {
            (flight.id, flight.cause, flight.sent_us, flight.due_us).hash(&mut hasher);
            (flight.held_by_link, flight.held_by_hand, flight.remaining_us).hash(&mut hasher);
            flight.msg.hash(&mut hasher);
        }
        if self.distance_us() > 0 {
            for node in (0..self.nodes.len() as u32).map(NodeId) {
                self.place(node).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// How many events have run at the instant `at_us`.
    #[must_use]
    pub const fn events_at(&self, at_us: u64) -> u32 {
        if self.instant_us == at_us { self.instant_events } else { 0 }
    }

    /// When the next event is due, in µs. Drops void entries of the queue on the way.
    #[inline]
    pub fn next_event_us(&mut self) -> Option<u64> {
        loop {
            let entry = self.queue.peek()?;
            if self.is_live(entry) {
                // What waited for a paused process is overdue and happens now.
                return Some(entry.time_us.max(self.time_us));
            }
            self.queue.pop();
            self.set_aside(entry);
        }
    }

    /// Executes the next event, if there is one, and tells the observer.
    pub fn step(&mut self, observer: &mut impl Observer<P>) -> bool {
        let Some(time_us) = self.next_event_us() else { return false };
        self.run_next(time_us, observer);
        true
    }

    /// Executes the next event, which was just found to be due at `time_us`.
    #[inline]
    pub(crate) fn run_next(&mut self, time_us: u64, observer: &mut impl Observer<P>) {
        let entry = self.queue.pop().expect("a next event was just seen");
        self.enter(time_us);
        self.instant_events += 1;
        self.step += 1;
        let mut outcomes = self.outcomes.take();
        let (cause, event) = match entry.due {
            Due::Arrival(slot) => self.arrive(slot, &mut outcomes),
            Due::Timer(node) => self.run_timer(node, entry.sequence, &mut outcomes),
            Due::Sync(node) => self.sync(node, &mut outcomes),
        };
        self.finish_step(cause, event, outcomes, observer);
    }

    /// Lets time pass without an event.
    ///
    /// # Panics
    ///
    /// When an event is due at or before `time_us`, or `time_us` lies in the past.
    pub fn idle_until(&mut self, time_us: u64) {
        assert!(time_us >= self.time_us, "time runs backwards");
        self.idle |= time_us > self.time_us;
        assert!(self.next_event_us().is_none_or(|next_us| next_us > time_us), "an event would be skipped");
        self.time_us = time_us;
    }

    /// Applies a command at `at_us`, or now if that is past. Nothing may be due before.
    pub(crate) fn command_at(&mut self, at_us: u64, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.enter(at_us.max(self.time_us));
        self.command(command, observer);
    }

    /// Applies a command now. It is a step with a record like any other. A command that names a
    /// machine which is not in the world changes nothing.
    pub fn command(&mut self, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.idle = false;
        self.step += 1;
        let mut outcomes = self.outcomes.take();
        self.intervene(command, &mut outcomes);
        self.finish_step(None, Event::Command(command.clone()), outcomes, observer);
    }

    fn intervene(&mut self, command: &Command<P::Op>, outcomes: &mut Vec<Outcome<P>>) {
        match command {
            Command::Request { node, op } => self.request(*node, op, outcomes),
            Command::Crash(node) => self.crash(*node, outcomes),
            Command::Restart(node) => {
                if self.is_present(*node) && !self.is_up(*node) {
                    self.boot(*node, outcomes);
                }
            }
            Command::Pause(node) => {
                if self.is_up(*node) {
                    self.nodes[node.index()].paused = true;
                }
            }
            Command::Resume(node) => self.resume(*node, outcomes),
            Command::Cut { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_up(from, to, false, outcomes));
            }
            Command::Heal { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_up(from, to, true, outcomes));
            }
            Command::Partition(groups) => {
                let mut apart = Vec::new();
                pairs_apart(groups, |from, to| apart.push((from, to)));
                for (from, to) in apart {
                    self.on_links(from, to, false, |world, from, to| world.set_link_up(from, to, false, outcomes));
                }
            }
            Command::HealAll => {
                let present: Vec<NodeId> = self.node_ids().collect();
                for &from in &present {
                    for &to in &present {
                        let index = self.link_index(from, to);
                        self.links[index].up = true;
                    }
                }
            }
            Command::Link { from, to, both, change } => {
                self.on_links(*from, *to, *both, |world, from, to| world.change_link(from, to, change));
            }
            Command::Hold { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_held(from, to, true));
            }
            Command::Release { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_held(from, to, false));
            }
            Command::Message { id, act } => self.act_on_message(*id, *act, outcomes),
            Command::Clock { node, offset_us, drift_ppm } => {
                if self.is_present(*node) {
                    self.adjust_clock(*node, *offset_us, *drift_ppm);
                }
            }
            Command::Disk { node, mode, sync_us } => {
                if self.is_present(*node) {
                    self.nodes[node.index()].drive.behave(*mode, *sync_us, self.time_us);
                    self.schedule_sync(*node);
                }
            }
            Command::AddNode(node) => self.add_node(*node, outcomes),
            Command::RemoveNode(node) => self.remove_node(*node, outcomes),
            Command::Set { key, value } => {
                if !self.cluster.set(*key, *value) {
                    P::set(&mut self.config, &mut self.cluster.link, *key, *value);
                }
            }
            Command::Move { node, x, y } => {
                if self.is_present(*node) {
                    self.nodes[node.index()].position = Some((*x, *y));
                }
            }
        }
    }

    /// Whether the command would change anything now; what would not is greyed out on the page.
    #[must_use]
    pub fn would_change(&self, command: &Command<P::Op>) -> bool {
        let any = |from: NodeId, to: NodeId, both: bool, test: &dyn Fn(&Link) -> bool| {
            let direction = |from, to| self.joined(from, to) && test(&self.links[self.link_index(from, to)]);
            direction(from, to) || (both && direction(to, from))
        };
        match command {
            Command::Request { node, .. } | Command::Crash(node) => self.is_up(*node),
            Command::Restart(node) => self.is_present(*node) && !self.is_up(*node),
            Command::Pause(node) => self.is_up(*node) && !self.is_paused(*node),
            Command::Resume(node) => self.is_paused(*node),
            Command::Cut { from, to, both } => any(*from, *to, *both, &|link| link.up),
            Command::Heal { from, to, both } => any(*from, *to, *both, &|link| !link.up),
            Command::HealAll => {
                self.node_ids().any(|from| self.node_ids().any(|to| any(from, to, false, &|link| !link.up)))
            }
            Command::Partition(groups) => {
                let mut cuts = false;
                pairs_apart(groups, |from, to| cuts |= any(from, to, false, &|link| link.up));
                cuts
            }
            Command::Link { from, to, both, change } => any(*from, *to, *both, &|link| {
                if change.resets() {
                    link.profile.is_some()
                } else {
                    change.applied_to(self.profile(link)) != self.profile(link)
                }
            }),
            Command::Hold { from, to, both } => any(*from, *to, *both, &|link| !link.held),
            Command::Release { from, to, both } => any(*from, *to, *both, &|link| link.held),
            Command::Message { id, .. } => self.slot_of(*id).is_some(),
            Command::Clock { node, offset_us, drift_ppm } => {
                let differs = |clock: &Clock| (clock.offset_us(), clock.drift_ppm()) != (*offset_us, *drift_ppm);
                self.is_present(*node) && differs(self.clock(*node))
            }
            Command::Disk { node, mode, sync_us } => {
                self.is_present(*node) && self.disk_mode(*node) != (*mode, *sync_us)
            }
            Command::AddNode(node) => node.0 < NODES_MAX && self.presence(*node) == Presence::Absent,
            Command::RemoveNode(node) => self.is_present(*node),
            Command::Set { key, value } => {
                let mut cluster = self.cluster.clone();
                if cluster.set(*key, *value) {
                    return cluster != self.cluster;
                }
                let mut config = self.config.clone();
                P::set(&mut config, &mut cluster.link, *key, *value);
                cluster != self.cluster || StableHasher::of(&config) != StableHasher::of(&self.config)
            }
            Command::Move { node, x, y } => {
                self.distance_us() > 0 && self.is_present(*node) && self.place(*node) != (*x, *y)
            }
        }
    }

    #[inline]
    fn finish_step(
        &mut self,
        cause: Option<u64>,
        event: Event<P>,
        outcomes: Vec<Outcome<P>>,
        observer: &mut impl Observer<P>,
    ) {
        let place = event.node().and_then(|node| self.nodes.get(node.index()));
        let wall_us = place.map(|node| node.clock.wall_us(self.time_us));
        let record = Record { step: self.step, time_us: self.time_us, wall_us, cause, event, outcomes };
        record.hash(&mut self.rolling);
        observer.observe(&record, self);
        self.outcomes.give_back(record.outcomes);
    }

    fn enter(&mut self, time_us: u64) {
        self.time_us = time_us;
        self.idle = false;
        if self.instant_us != time_us {
            self.instant_us = time_us;
            self.instant_events = 0;
        }
    }

    fn is_present(&self, node: NodeId) -> bool {
        self.presence(node) == Presence::Present
    }

    /// Whether there is a link between two machines: both are in the world.
    fn joined(&self, from: NodeId, to: NodeId) -> bool {
        self.is_present(from) && self.is_present(to)
    }

    fn link_index(&self, from: NodeId, to: NodeId) -> usize {
        debug_assert!(to.index() < self.nodes.len(), "{to:?} is not a node of this cluster");
        from.index() * self.nodes.len() + to.index()
    }

    fn profile(&self, link: &Link) -> LinkProfile {
        let profile = link.profile.as_deref().copied().unwrap_or(self.cluster.link);
        let towards = if link.own_latency { None } else { self.cluster.link.towards };
        LinkProfile { distance_us: self.distance_us_on(link), towards, ..profile }
    }

    /// Whether distance counts for all links alike is one decision; what a command has changed about a
    /// link otherwise does not matter.
    #[inline]
    const fn distance_us_on(&self, link: &Link) -> u32 {
        if link.own_latency { 0 } else { self.cluster.link.distance_us }
    }

    /// What a message on this link needs on top because of where it goes, in µs.
    #[inline]
    fn towards_us_on(&self, link: &Link, to: NodeId) -> u64 {
        match self.cluster.link.towards {
            Some((node, us)) if node == to && !link.own_latency => us.into(),
            _ => 0,
        }
    }

    /// The way between two machines in whole units.
    fn distance(&self, from: NodeId, to: NodeId) -> u64 {
        let ((x1, y1), (x2, y2)) = (self.place(from), self.place(to));
        let squared = |a: i32, b: i32| u64::from(a.abs_diff(b)).pow(2);
        squared(x1, x2).saturating_add(squared(y1, y2)).isqrt()
    }

    fn on_links(&mut self, from: NodeId, to: NodeId, both: bool, mut act: impl FnMut(&mut Self, NodeId, NodeId)) {
        if !self.joined(from, to) {
            return;
        }
        act(self, from, to);
        if both {
            act(self, to, from);
        }
    }

    /// Whether a queue entry stands for something that can happen now.
    #[inline]
    fn is_live(&self, entry: Entry) -> bool {
        match entry.due {
            Due::Arrival(slot) => match &self.flights[slot as usize] {
                Some(flight) => flight.sequence == entry.sequence && !self.nodes[flight.id.to.index()].paused,
                None => false,
            },
            Due::Timer(node) => {
                let this = &self.nodes[node.index()];
                !this.paused && this.timers.iter().any(|slot| slot.sequence == entry.sequence)
            }
            // The disk works on while the process is paused.
            Due::Sync(node) => self.nodes[node.index()].sync_sequence == entry.sequence,
        }
    }

    /// Deals with an entry that was taken off the queue without being live: it is void, or waits
    /// for a paused process, or stood for a timer that has been moved.
    fn set_aside(&mut self, entry: Entry) {
        match entry.due {
            Due::Arrival(slot) => {
                if let Some(flight) = &self.flights[slot as usize]
                    && flight.sequence == entry.sequence
                {
                    self.nodes[flight.id.to.index()].backlog.push(entry);
                }
            }
            Due::Timer(node) => {
                let this = &mut self.nodes[node.index()];
                let Some(slot) = this.timers.iter_mut().find(|slot| slot.queued == entry.sequence) else { return };
                if slot.sequence == entry.sequence {
                    this.backlog.push(entry);
                } else {
                    slot.queued = slot.sequence;
                    slot.queued_us = slot.due_us;
                    self.queue.push(slot.due_us, slot.sequence, Due::Timer(node));
                }
            }
            Due::Sync(_) => {}
        }
    }

    #[inline]
    fn arrive(&mut self, slot: u32, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let Flight { id, msg, cause, .. } = self.land(slot);
        if !self.is_up(id.to) {
            return (Some(cause), Event::Vanish { id, msg });
        }
        let event = Event::Deliver { id, msg: msg.clone() };
        self.handle(id.to, outcomes, |state, fx| state.on_message(id.from, msg, fx));
        (Some(cause), event)
    }

    fn run_timer(&mut self, node: NodeId, sequence: u64, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let timers = &mut self.nodes[node.index()].timers;
        let position = timers.iter().position(|slot| slot.sequence == sequence).expect("a live entry has its timer");
        let slot = timers.swap_remove(position);
        self.handle(node, outcomes, |state, fx| state.on_timer(slot.timer, fx));
        (Some(slot.cause), Event::Timer { node, timer: slot.timer })
    }

    fn sync(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let this = &mut self.nodes[node.index()];
        let cause = this.drive.sync_one();
        let paused = this.paused;
        self.schedule_sync(node);
        if !paused {
            self.release_parcels(node, outcomes);
        }
        (Some(cause), Event::Synced(node))
    }

    /// Makes the queue stand for the write that the disk is busy with, and for no other.
    fn schedule_sync(&mut self, node: NodeId) {
        let this = &mut self.nodes[node.index()];
        match this.drive.head() {
            Some((due_us, sequence)) if sequence != this.sync_sequence => {
                this.sync_sequence = sequence;
                self.queue.push(due_us, sequence, Due::Sync(node));
            }
            Some(_) => {}
            None => this.sync_sequence = 0,
        }
    }

    /// Lets go what waited for writes that are synced now. A paused process does so when it goes on.
    fn release_parcels(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let synced = self.nodes[node.index()].drive.last_synced();
        while let Some(waiting) = self.nodes[node.index()].waiting.pop_front_if(|waiting| waiting.write <= synced) {
            // What waited was caused by the step that asked for it, not by the disk.
            self.deliver_parcel(node, waiting.parcel, waiting.cause, outcomes);
        }
    }

    fn deliver_parcel(&mut self, node: NodeId, parcel: Parcel<P>, cause: u64, outcomes: &mut Vec<Outcome<P>>) {
        match parcel {
            Parcel::Message { to, msg } => self.transmit(node, to, msg, cause, outcomes),
            Parcel::Reply { id, ret } => outcomes.push(Outcome::Replied { id, ret }),
        }
    }

    fn boot(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let disk: Disk<P> = self.nodes[node.index()].drive.durable.clone();
        self.with_fx(node, outcomes, |state, fx| *state = Some(P::boot(&disk, fx)));
    }

    #[inline]
    fn handle(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>, act: impl FnOnce(&mut P, &mut Fx<'_, P>)) {
        self.with_fx(node, outcomes, |state, fx| act(state.as_mut().expect("only running nodes handle events"), fx));
    }

    #[inline]
    fn with_fx(
        &mut self,
        node: NodeId,
        outcomes: &mut Vec<Outcome<P>>,
        act: impl FnOnce(&mut Option<P>, &mut Fx<'_, P>),
    ) {
        let mut effects = self.effects.take();
        let nodes = self.nodes.len() as u32;
        let this = &mut self.nodes[node.index()];
        let mut fx = Fx {
            me: node,
            nodes,
            source: this.source,
            monotonic_us: this.clock.monotonic_us(self.time_us),
            wall_us: this.clock.wall_us(self.time_us),
            config: &self.config,
            counters: &mut this.counters,
            effects: &mut effects,
        };
        act(&mut this.state, &mut fx);
        for effect in effects.drain(..) {
            self.apply(node, effect, outcomes);
        }
        self.effects.give_back(effects);
    }

    #[inline]
    fn apply(&mut self, node: NodeId, effect: Effect<P>, outcomes: &mut Vec<Outcome<P>>) {
        match effect {
            Effect::Send { to, msg, durable: false } => self.transmit(node, to, msg, self.step, outcomes),
            Effect::Send { to, msg, durable: true } => {
                self.when_durable(node, Parcel::Message { to, msg }, outcomes);
            }
            Effect::Reply { id, ret, durable: false } => outcomes.push(Outcome::Replied { id, ret }),
            Effect::Reply { id, ret, durable: true } => self.when_durable(node, Parcel::Reply { id, ret }, outcomes),
            Effect::Write(write) => {
                let sequence = self.queue.number();
                let drive = &mut self.nodes[node.index()].drive;
                let sync_us = self.cluster.disk_sync_us;
                let due_us = drive.issue(write.clone(), self.time_us, self.seed, node, sync_us, (sequence, self.step));
                self.schedule_sync(node);
                outcomes.push(Outcome::Wrote { write, due_us });
            }
            Effect::SetTimer { timer, after_us } => {
                let due_us = self.set_timer(node, timer, after_us);
                outcomes.push(Outcome::TimerSet { timer, due_us });
            }
            Effect::CancelTimer(timer) => self.nodes[node.index()].timers.retain(|slot| slot.timer != timer),
            Effect::Note(note) => outcomes.push(Outcome::Noted(note)),
        }
    }

    fn when_durable(&mut self, node: NodeId, parcel: Parcel<P>, outcomes: &mut Vec<Outcome<P>>) {
        let this = &mut self.nodes[node.index()];
        match this.drive.last_issued() {
            Some(write) => {
                this.waiting.push_back(Waiting { write, cause: self.step, parcel });
                outcomes.push(Outcome::Waiting);
            }
            None => self.deliver_parcel(node, parcel, self.step, outcomes),
        }
    }

    fn set_timer(&mut self, node: NodeId, timer: P::Timer, after_us: u64) -> u64 {
        let sequence = self.queue.number();
        let this = &mut self.nodes[node.index()];
        let due_monotonic_us = this.clock.monotonic_us(self.time_us).saturating_add(after_us);
        let due_us = this.clock.true_time_of(due_monotonic_us, self.time_us);
        let (set_us, cause) = (self.time_us, self.step);
        let fresh =
            TimerSlot { timer, sequence, queued: sequence, queued_us: due_us, due_monotonic_us, set_us, due_us, cause };
        match this.timers.iter_mut().find(|slot| slot.timer == timer) {
            // The entry that it has comes up no later: it will see to the rest.
            Some(slot) if slot.queued_us <= due_us => {
                *slot = TimerSlot { queued: slot.queued, queued_us: slot.queued_us, ..fresh };
                return due_us;
            }
            Some(slot) => *slot = fresh,
            None => this.timers.push(fresh),
        }
        self.queue.push(due_us, sequence, Due::Timer(node));
        due_us
    }

    fn adjust_clock(&mut self, node: NodeId, offset_us: i64, drift_ppm: i32) {
        let this = &mut self.nodes[node.index()];
        let drifts_as_before = this.clock.drift_ppm() == drift_ppm;
        this.clock.adjust(self.time_us, offset_us, drift_ppm);
        if drifts_as_before {
            return;
        }
        for slot in &mut this.timers {
            slot.sequence = self.queue.number();
            slot.due_us = this.clock.true_time_of(slot.due_monotonic_us, self.time_us);
            slot.queued = slot.sequence;
            slot.queued_us = slot.due_us;
            self.queue.push(slot.due_us, slot.sequence, Due::Timer(node));
        }
    }

    fn transmit(&mut self, from: NodeId, to: NodeId, msg: P::Msg, cause: u64, outcomes: &mut Vec<Outcome<P>>) {
        if to.index() >= self.nodes.len() {
            return;
        }
        let index = self.link_index(from, to);
        let link = &mut self.links[index];
        link.sent += 1;
        let id = MessageId { from, to, number: link.sent, copy: 0 };
        if !link.up {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Cut });
            return;
        }
        let profile = link.profile.as_deref().unwrap_or(&self.cluster.link);
        let mut leaves_us = self.time_us;
        if profile.bandwidth_bps > 0 {
            let bits = u128::from(P::size_bytes(&msg)) * 8;
            let length_us = (bits * 1_000_000).div_ceil(u128::from(profile.bandwidth_bps));
            let start_us = link.busy_until_us.max(self.time_us);
            leaves_us = start_us.saturating_add(u64::try_from(length_us).unwrap_or(u64::MAX));
            link.busy_until_us = leaves_us;
        }
        let source = link.source;
        let (duplicate_ppm, loss_ppm) = (profile.duplicate_ppm, profile.loss_ppm);
        if duplicate_ppm > 0 && random::happens(source.draw(Purpose::Duplicate as u32, id.number), duplicate_ppm) {
            self.launch(MessageId { copy: 1, ..id }, msg.clone(), cause, leaves_us, outcomes);
        }
        if loss_ppm > 0 && random::happens(source.draw(Purpose::Loss as u32, id.number), loss_ppm) {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Random });
            return;
        }
        self.launch(id, msg, cause, leaves_us, outcomes);
    }

    /// Puts a message on the wire that has left its sender at `leaves_us`.
    #[inline]
    fn launch(&mut self, id: MessageId, msg: P::Msg, cause: u64, leaves_us: u64, outcomes: &mut Vec<Outcome<P>>) {
        let now_us = self.time_us;
        let index = self.link_index(id.from, id.to);
        let link = &self.links[index];
        let profile = link.profile.as_deref().unwrap_or(&self.cluster.link);
        let draw = |purpose: Purpose| link.source.draw(purpose as u32 | id.copy << 8, id.number);
        let (low, high) = profile.latency_us;
        let mut way_us = if low == high { low } else { random::in_range(draw(Purpose::Latency), low, high) };
        let distance_us = self.distance_us_on(link);
        if distance_us > 0 {
            way_us = (way_us - low).saturating_add(self.distance(id.from, id.to).saturating_mul(distance_us.into()));
        }
        way_us = way_us.saturating_add(self.towards_us_on(link, id.to));
        if profile.reorder_ppm > 0 && random::happens(draw(Purpose::Reorder), profile.reorder_ppm) {
            way_us = way_us.saturating_add(random::in_range(draw(Purpose::Lateness), 1, high.max(1)));
        }
        let link = &mut self.links[index];
        let due_us = leaves_us.saturating_add(way_us);
        let latency_us = due_us - now_us;
        let held_by_link = link.held;
        let sequence = if held_by_link { 0 } else { self.queue.number() };
        let flight = Flight {
            id,
            msg,
            cause,
            sent_us: now_us,
            latency_us,
            due_us,
            held_by_link,
            held_by_hand: false,
            remaining_us: latency_us,
            sequence,
            before: NO_SLOT,
            behind: link.first,
        };
        let next = link.first;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.flights.push(Some(flight));
                (self.flights.len() - 1) as u32
            }
        };
        link.first = slot;
        if next != NO_SLOT {
            self.flight_mut(next).before = slot;
        }
        if !held_by_link {
            self.queue.push(due_us, sequence, Due::Arrival(slot));
        }
        outcomes.push(Outcome::Sent { id, due_us, slot: FlightSlot(slot) });
    }

    #[inline]
    fn flight_mut(&mut self, slot: u32) -> &mut Flight<P> {
        self.flights[slot as usize].as_mut().expect("a live slot holds a message")
    }

    /// Takes a message off the wire.
    #[inline]
    fn land(&mut self, slot: u32) -> Flight<P> {
        self.free.push(slot);
        let flight = self.flights[slot as usize].take().expect("a live slot holds a message");
        if flight.behind != NO_SLOT {
            self.flight_mut(flight.behind).before = flight.before;
        }
        if flight.before != NO_SLOT {
            self.flight_mut(flight.before).behind = flight.behind;
        } else {
            let index = self.link_index(flight.id.from, flight.id.to);
            self.links[index].first = flight.behind;
        }
        flight
    }

    fn lose(&mut self, slot: u32, why: LossReason, outcomes: &mut Vec<Outcome<P>>) {
        let flight = self.land(slot);
        outcomes.push(Outcome::Lost { id: flight.id, msg: flight.msg, why });
    }

    /// The messages on a link and the slots they are in.
    fn on_link(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = (MessageId, u32)> {
        let mut slot = self.links[self.link_index(from, to)].first;
        std::iter::from_fn(move || {
            let flight = self.flights.get(slot as usize)?.as_ref().expect("a list holds messages");
            let found = (flight.id, slot);
            slot = flight.behind;
            Some(found)
        })
    }

    /// The slots of the messages on a link, in the order of their ids.
    fn slots(&self, from: NodeId, to: NodeId) -> Vec<u32> {
        let mut found: Vec<_> = self.on_link(from, to).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    fn slot_of(&self, id: MessageId) -> Option<u32> {
        if !self.joined(id.from, id.to) {
            return None;
        }
        self.on_link(id.from, id.to).find(|&(known, _)| known == id).map(|(_, slot)| slot)
    }

    fn set_link_up(&mut self, from: NodeId, to: NodeId, up: bool, outcomes: &mut Vec<Outcome<P>>) {
        let index = self.link_index(from, to);
        self.links[index].up = up;
        if !up {
            self.links[index].busy_until_us = 0;
            for slot in self.slots(from, to) {
                let (paused, now_us) = (self.nodes[to.index()].paused, self.time_us);
                let flight = self.flight_mut(slot);
                // What a paused process has not read yet has already arrived at its machine.
                let arrived = paused && !flight.held() && flight.due_us <= now_us;
                if !arrived {
                    self.lose(slot, LossReason::Cut, outcomes);
                }
            }
        }
    }

    fn change_link(&mut self, from: NodeId, to: NodeId, change: &LinkChange) {
        let index = self.link_index(from, to);
        let profile = change.applied_to(self.profile(&self.links[index]));
        let link = &mut self.links[index];
        link.own_latency = !change.resets() && (link.own_latency || change.latency_us.is_some());
        link.profile = if change.resets() { None } else { Some(Box::new(profile)) };
    }

    fn set_link_held(&mut self, from: NodeId, to: NodeId, held: bool) {
        let index = self.link_index(from, to);
        self.links[index].held = held;
        for slot in self.slots(from, to) {
            self.hold_message(slot, |flight| flight.held_by_link = held);
        }
    }

    /// Changes what holds a message, and stops it or sets it going accordingly.
    fn hold_message(&mut self, slot: u32, change: impl FnOnce(&mut Flight<P>)) {
        let now_us = self.time_us;
        let flight = self.flight_mut(slot);
        let was_held = flight.held();
        change(flight);
        if flight.held() == was_held {
            return;
        }
        if flight.held() {
            flight.remaining_us = flight.due_us.saturating_sub(now_us);
            flight.sequence = 0;
        } else {
            flight.due_us = now_us.saturating_add(flight.remaining_us);
            self.reschedule(slot);
        }
    }

    fn reschedule(&mut self, slot: u32) {
        let sequence = self.queue.number();
        let flight = self.flight_mut(slot);
        flight.sequence = sequence;
        let due_us = flight.due_us;
        self.queue.push(due_us, sequence, Due::Arrival(slot));
    }

    fn act_on_message(&mut self, id: MessageId, act: MessageAct, outcomes: &mut Vec<Outcome<P>>) {
        let Some(slot) = self.slot_of(id) else {
            outcomes.push(Outcome::Missed(id));
            return;
        };
        match act {
            MessageAct::Drop => self.lose(slot, LossReason::Dropped, outcomes),
            MessageAct::Hold => self.hold_message(slot, |flight| flight.held_by_hand = true),
            MessageAct::Release => self.hold_message(slot, |flight| flight.held_by_hand = false),
            MessageAct::Deliver => {
                let now_us = self.time_us;
                let flight = self.flight_mut(slot);
                flight.held_by_link = false;
                flight.held_by_hand = false;
                flight.due_us = now_us;
                self.reschedule(slot);
            }
            MessageAct::Duplicate => {
                let flight = self.flight_mut(slot);
                let (msg, cause) = (flight.msg.clone(), flight.cause);
                // It may have reached the machine of a paused process before the link was cut.
                if !self.link_up(id.from, id.to) {
                    return;
                }
                // Copy 1 belongs to duplication by the network.
                let copy = self.hand_copies.entry((id.from, id.to, id.number)).or_insert(1);
                *copy += 1;
                let copy = *copy;
                self.launch(MessageId { copy, ..id }, msg, cause, self.time_us, outcomes);
            }
        }
    }

    fn request(&mut self, node: NodeId, op: &P::Op, outcomes: &mut Vec<Outcome<P>>) {
        let Some(this) = self.nodes.get_mut(node.index()) else { return };
        let ordinal = match this.last_request {
            Some(last) if last.at_us == self.time_us => last.ordinal + 1,
            _ => 0,
        };
        let id = RequestId { at_us: self.time_us, node, ordinal };
        this.last_request = Some(id);
        if self.is_up(node) && !self.is_paused(node) {
            self.handle(node, outcomes, |state, fx| state.on_request(id, op.clone(), fx));
        } else {
            outcomes.push(Outcome::Refused(id));
        }
    }

    fn crash(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_up(node) {
            return;
        }
        let (seed, now_us) = (self.seed, self.time_us);
        let this = &mut self.nodes[node.index()];
        this.state = None;
        this.paused = false;
        this.timers.clear();
        this.waiting.clear();
        this.counters.clear();
        let writes_lost = this.drive.crash(seed, node, this.incarnation);
        this.sync_sequence = 0;
        this.incarnation += 1;
        this.source = source_of(seed, node, this.incarnation);
        if writes_lost > 0 {
            outcomes.push(Outcome::WritesLost(writes_lost));
        }
        for entry in std::mem::take(&mut this.backlog) {
            if entry.time_us > now_us {
                self.queue.push(entry.time_us, entry.sequence, entry.due);
            } else if let Due::Arrival(slot) = entry.due
                && self.flights[slot as usize].as_ref().is_some_and(|flight| flight.sequence == entry.sequence)
            {
                self.lose(slot, LossReason::ReceiverDown, outcomes);
            }
        }
    }

    fn resume(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_paused(node) {
            return;
        }
        let this = &mut self.nodes[node.index()];
        this.paused = false;
        // Back in the queue they come in the order in which they were due: first what is overdue.
        for entry in std::mem::take(&mut this.backlog) {
            self.queue.push(entry.time_us, entry.sequence, entry.due);
        }
        self.release_parcels(node, outcomes);
    }

    fn add_node(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if node.0 >= NODES_MAX || self.presence(node) != Presence::Absent {
            return;
        }
        let (seed, had) = (self.seed, self.nodes.len());
        let count = had.max(node.index() + 1);
        if count > had {
            self.nodes.extend((had..count).map(|id| Node::new(seed, NodeId(id as u32), Presence::Absent)));
            let mut old = std::mem::take(&mut self.links).into_iter();
            for from in 0..count {
                for to in 0..count {
                    let known = if from < had && to < had { old.next() } else { None };
                    self.links.push(known.unwrap_or_else(|| fresh_link(seed, from, to, false)));
                }
            }
        }
        self.nodes[node.index()].presence = Presence::Present;
        for other in self.node_ids().collect::<Vec<_>>() {
            for index in [self.link_index(node, other), self.link_index(other, node)] {
                self.links[index].up = true;
            }
        }
        self.boot(node, outcomes);
    }

    fn remove_node(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_present(node) {
            return;
        }
        self.crash(node, outcomes);
        for other in self.node_ids().collect::<Vec<_>>() {
            self.set_link_up(node, other, false, outcomes);
            if other != node {
                self.set_link_up(other, node, false, outcomes);
            }
        }
        let this = &mut self.nodes[node.index()];
        this.presence = Presence::Removed;
        this.drive = DiskDrive::default();
    }
}

/// Every direction between nodes of different groups.
fn pairs_apart(groups: &[Vec<NodeId>], mut each: impl FnMut(NodeId, NodeId)) {
    for (here, group) in groups.iter().enumerate() {
        for (_, other) in groups.iter().enumerate().filter(|&(there, _)| there != here) {
            for &from in group {
                for &to in other {
                    each(from, to);
                }
            }
        }
    }
}
