//! One simulated cluster, executed one event at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::hash::{Hash, Hasher};

use crate::clock::Clock;
use crate::command::{Command, MessageAct, Stamped};
use crate::disk::{Disk, DiskDrive};
use crate::hash::StableHasher;
use crate::network::{Flight, Link, LinkProfile, LossReason, MessageId};
use crate::protocol::{DrawCounters, Effect, Fx, NodeId, Protocol, RequestId};
use crate::random::{self, Domain};
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
}

/// What is due at some time. Entries that something has overtaken are recognised by their
/// generation and skipped, so nothing ever has to be removed from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Arrival { slot: u32, generation: u32 },
    Timer { node: NodeId, generation: u32 },
    Sync { node: NodeId, incarnation: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    time_us: u64,
    sequence: u64,
    due: Due,
}

#[derive(Clone, Debug, Hash)]
struct TimerSlot<T> {
    timer: T,
    generation: u32,
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
    /// `None` while the machine is down.
    state: Option<P>,
    incarnation: u32,
    paused: bool,
    /// What the queue came to while the process was paused; some of it may not be due yet.
    backlog: Vec<Entry>,
    clock: Clock,
    counters: DrawCounters,
    timers: Vec<TimerSlot<P::Timer>>,
    timer_generation: u32,
    drive: DiskDrive<P>,
    /// The step that issued each pending write, oldest first.
    write_causes: Vec<u64>,
    waiting: Vec<Waiting<P>>,
    last_request: Option<RequestId>,
}

/// A cluster of one protocol at one moment of one run.
#[derive(Clone, Debug)]
pub struct World<P: Protocol> {
    seed: u64,
    config: P::Config,
    cluster: ClusterConfig,
    time_us: u64,
    step: u64,
    /// The last instant at which events ran, and how many did.
    instant_us: u64,
    instant_events: u32,
    rolling: StableHasher,
    queue: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
    nodes: Vec<Node<P>>,
    links: Vec<Link>,
    flights: Vec<Option<Flight<P>>>,
    free: Vec<u32>,
    flight_generation: u32,
    hand_copies: BTreeMap<(NodeId, NodeId, u64), u32>,
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
        let link = Link { up: true, held: false, profile: cluster.link, sent: 0 };
        let node = || Node {
            state: None,
            incarnation: 0,
            paused: false,
            backlog: Vec::new(),
            clock: Clock::default(),
            counters: Vec::new(),
            timers: Vec::new(),
            timer_generation: 0,
            drive: DiskDrive::default(),
            write_causes: Vec::new(),
            waiting: Vec::new(),
            last_request: None,
        };
        let mut world = Self {
            seed,
            config,
            time_us: 0,
            step: 0,
            instant_us: 0,
            instant_events: 0,
            rolling: StableHasher::new(seed),
            queue: BinaryHeap::new(),
            sequence: 0,
            nodes: (0..count).map(|_| node()).collect(),
            links: vec![link; count * count],
            flights: Vec::new(),
            free: Vec::new(),
            flight_generation: 0,
            hand_copies: BTreeMap::new(),
            cluster,
        };
        for node in world.node_ids() {
            world.step += 1;
            let mut outcomes = Vec::new();
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

    /// The machines and the network as the run found them.
    #[must_use]
    pub const fn cluster(&self) -> &ClusterConfig {
        &self.cluster
    }

    /// Simulated time, in µs.
    #[must_use]
    pub const fn time_us(&self) -> u64 {
        self.time_us
    }

    /// Steps so far.
    #[must_use]
    pub const fn step_count(&self) -> u64 {
        self.step
    }

    /// All nodes, in order.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<P> {
        (0..self.cluster.nodes).map(NodeId)
    }

    /// A node's state; `None` while the machine is down.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Option<&P> {
        self.nodes[node.index()].state.as_ref()
    }

    /// Whether the machine runs (a paused process counts as running).
    #[must_use]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.nodes[node.index()].state.is_some()
    }

    /// Whether the process is paused.
    #[must_use]
    pub fn is_paused(&self, node: NodeId) -> bool {
        self.nodes[node.index()].paused
    }

    /// What is durable on a node's disk.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> &Disk<P> {
        &self.nodes[node.index()].drive.durable
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
        self.links[self.link_index(from, to)].profile
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

    /// 64 bits that depend on every step so far and on all state: nodes, disks, clocks, timers,
    /// links, messages on their way. Idle time alone does not change it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = self.rolling.clone();
        self.step.hash(&mut hasher);
        for node in &self.nodes {
            node.state.hash(&mut hasher);
            (node.incarnation, node.paused).hash(&mut hasher);
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
        hasher.finish()
    }

    /// How many events have run at the instant `at_us`.
    #[must_use]
    pub const fn events_at(&self, at_us: u64) -> u32 {
        if self.instant_us == at_us { self.instant_events } else { 0 }
    }

    /// When the next event is due, in µs. Drops void entries of the queue on the way.
    pub fn next_event_us(&mut self) -> Option<u64> {
        while let Some(Reverse(entry)) = self.queue.peek().copied() {
            if self.is_live(entry) {
                // What waited for a paused process is overdue and happens now.
                return Some(entry.time_us.max(self.time_us));
            }
            self.queue.pop();
        }
        None
    }

    /// Executes the next event, if there is one, and tells the observer.
    pub fn step(&mut self, observer: &mut impl Observer<P>) -> bool {
        let Some(time_us) = self.next_event_us() else { return false };
        let Reverse(entry) = self.queue.pop().expect("a next event was just seen");
        self.enter(time_us);
        self.instant_events += 1;
        self.step += 1;
        let mut outcomes = Vec::new();
        let (cause, event) = match entry.due {
            Due::Arrival { slot, .. } => self.arrive(slot, &mut outcomes),
            Due::Timer { node, generation } => self.run_timer(node, generation, &mut outcomes),
            Due::Sync { node, .. } => self.sync(node, &mut outcomes),
        };
        self.finish_step(cause, event, outcomes, observer);
        true
    }

    /// Lets time pass without an event.
    ///
    /// # Panics
    ///
    /// When an event is due at or before `time_us`, or `time_us` lies in the past.
    pub fn idle_until(&mut self, time_us: u64) {
        assert!(time_us >= self.time_us, "time runs backwards");
        assert!(self.next_event_us().is_none_or(|next_us| next_us > time_us), "an event would be skipped");
        self.time_us = time_us;
    }

    /// Applies a command now. It is a step with a record like any other.
    pub fn command(&mut self, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.step += 1;
        let mut outcomes = Vec::new();
        match command {
            Command::Request { node, op } => self.request(*node, op, &mut outcomes),
            Command::Crash(node) => self.crash(*node, &mut outcomes),
            Command::Restart(node) => {
                if !self.is_up(*node) {
                    self.boot(*node, &mut outcomes);
                }
            }
            Command::Pause(node) => {
                if self.is_up(*node) {
                    self.nodes[node.index()].paused = true;
                }
            }
            Command::Resume(node) => self.resume(*node, &mut outcomes),
            Command::Cut { from, to, both } => {
                self.for_directions(*from, *to, *both, |world, from, to| {
                    world.set_link_up(from, to, false, &mut outcomes)
                });
            }
            Command::Heal { from, to, both } => {
                self.for_directions(*from, *to, *both, |world, from, to| {
                    world.set_link_up(from, to, true, &mut outcomes)
                });
            }
            Command::Partition(groups) => {
                for (here, group) in groups.iter().enumerate() {
                    for (there, other) in groups.iter().enumerate() {
                        if here == there {
                            continue;
                        }
                        for &from in group {
                            for &to in other {
                                self.set_link_up(from, to, false, &mut outcomes);
                            }
                        }
                    }
                }
            }
            Command::HealAll => {
                for link in &mut self.links {
                    link.up = true;
                }
            }
            Command::Link { from, to, both, latency_us, loss_ppm, duplicate_ppm } => {
                self.for_directions(*from, *to, *both, |world, from, to| {
                    let index = world.link_index(from, to);
                    let profile = &mut world.links[index].profile;
                    profile.latency_us = latency_us.unwrap_or(profile.latency_us);
                    profile.loss_ppm = loss_ppm.unwrap_or(profile.loss_ppm);
                    profile.duplicate_ppm = duplicate_ppm.unwrap_or(profile.duplicate_ppm);
                });
            }
            Command::Hold { from, to, both } => {
                self.for_directions(*from, *to, *both, |world, from, to| world.set_link_held(from, to, true));
            }
            Command::Release { from, to, both } => {
                self.for_directions(*from, *to, *both, |world, from, to| world.set_link_held(from, to, false));
            }
            Command::Message { id, act } => self.act_on_message(*id, *act, &mut outcomes),
            Command::Clock { node, offset_us, drift_ppm } => self.adjust_clock(*node, *offset_us, *drift_ppm),
            Command::Disk { node, mode } => self.nodes[node.index()].drive.mode = *mode,
        }
        self.finish_step(None, Event::Command(command.clone()), outcomes, observer);
    }

    /// Whether the command would change anything now; what would not is greyed out on the page.
    #[must_use]
    pub fn would_change(&self, command: &Command<P::Op>) -> bool {
        let any = |from: NodeId, to: NodeId, both: bool, test: &dyn Fn(&Link) -> bool| {
            test(&self.links[self.link_index(from, to)]) || (both && test(&self.links[self.link_index(to, from)]))
        };
        match command {
            Command::Request { node, .. } | Command::Crash(node) => self.is_up(*node),
            Command::Restart(node) => !self.is_up(*node),
            Command::Pause(node) => self.is_up(*node) && !self.is_paused(*node),
            Command::Resume(node) => self.is_paused(*node),
            Command::Cut { from, to, both } => any(*from, *to, *both, &|link| link.up),
            Command::Heal { from, to, both } => any(*from, *to, *both, &|link| !link.up),
            Command::HealAll => self.links.iter().any(|link| !link.up),
            Command::Hold { from, to, both } => any(*from, *to, *both, &|link| !link.held),
            Command::Release { from, to, both } => any(*from, *to, *both, &|link| link.held),
            Command::Message { id, .. } => self.flights.iter().flatten().any(|flight| flight.id == *id),
            Command::Partition(_) | Command::Link { .. } | Command::Clock { .. } | Command::Disk { .. } => true,
        }
    }

    fn finish_step(
        &mut self,
        cause: Option<u64>,
        event: Event<P>,
        outcomes: Vec<Outcome<P>>,
        observer: &mut impl Observer<P>,
    ) {
        let record = Record { step: self.step, time_us: self.time_us, cause, event, outcomes };
        record.hash(&mut self.rolling);
        observer.observe(&record, self);
    }

    fn enter(&mut self, time_us: u64) {
        self.time_us = time_us;
        if self.instant_us != time_us {
            self.instant_us = time_us;
            self.instant_events = 0;
        }
    }

    fn link_index(&self, from: NodeId, to: NodeId) -> usize {
        debug_assert!(to.index() < self.nodes.len(), "{to:?} is not a node of this cluster");
        from.index() * self.nodes.len() + to.index()
    }

    fn for_directions(&mut self, from: NodeId, to: NodeId, both: bool, mut act: impl FnMut(&mut Self, NodeId, NodeId)) {
        act(self, from, to);
        if both {
            act(self, to, from);
        }
    }

    fn schedule(&mut self, time_us: u64, due: Due) {
        self.sequence += 1;
        self.queue.push(Reverse(Entry { time_us, sequence: self.sequence, due }));
    }

    /// Whether a queue entry still stands for something. A paused node's entries are moved to its
    /// backlog here, so that popping them is not a step.
    fn is_live(&mut self, entry: Entry) -> bool {
        let (node, valid) = match entry.due {
            Due::Arrival { slot, generation } => match &self.flights[slot as usize] {
                Some(flight) => (flight.id.to, flight.generation == generation && !flight.held()),
                None => return false,
            },
            Due::Timer { node, generation } => {
                (node, self.nodes[node.index()].timers.iter().any(|slot| slot.generation == generation))
            }
            // The disk works on while the process is paused.
            Due::Sync { node, incarnation } => {
                return self.nodes[node.index()].incarnation == incarnation && self.is_up(node);
            }
        };
        if valid && self.nodes[node.index()].paused {
            self.nodes[node.index()].backlog.push(entry);
            return false;
        }
        valid
    }

    fn arrive(&mut self, slot: u32, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let Flight { id, msg, cause, .. } = self.land(slot);
        if !self.is_up(id.to) {
            return (Some(cause), Event::Vanish { id, msg });
        }
        let event = Event::Deliver { id, msg: msg.clone() };
        self.handle(id.to, outcomes, |state, fx| state.on_message(id.from, msg, fx));
        (Some(cause), event)
    }

    fn run_timer(&mut self, node: NodeId, generation: u32, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let timers = &mut self.nodes[node.index()].timers;
        let position =
            timers.iter().position(|slot| slot.generation == generation).expect("a live entry has its timer");
        let slot = timers.swap_remove(position);
        self.handle(node, outcomes, |state, fx| state.on_timer(slot.timer, fx));
        (Some(slot.cause), Event::Timer { node, timer: slot.timer })
    }

    fn sync(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let this = &mut self.nodes[node.index()];
        this.drive.sync_one();
        let cause = this.write_causes.remove(0);
        if !this.paused {
            self.release_parcels(node, outcomes);
        }
        (Some(cause), Event::Synced(node))
    }

    /// Lets go what waited for writes that are synced now. A paused process does so when it goes on.
    fn release_parcels(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let this = &mut self.nodes[node.index()];
        let synced = this.drive.last_synced();
        let ready = this.waiting.iter().take_while(|waiting| waiting.write <= synced).count();
        let parcels: Vec<_> = this.waiting.drain(..ready).collect();
        for waiting in parcels {
            // What waited was caused by the step that asked for it, not by the disk.
            match waiting.parcel {
                Parcel::Message { to, msg } => self.transmit(node, to, msg, waiting.cause, outcomes),
                Parcel::Reply { id, ret } => outcomes.push(Outcome::Replied { id, ret }),
            }
        }
    }

    fn boot(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let disk = self.nodes[node.index()].drive.durable.clone();
        self.with_fx(node, outcomes, |state, fx| *state = Some(P::boot(&disk, fx)));
    }

    fn handle(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>, act: impl FnOnce(&mut P, &mut Fx<'_, P>)) {
        self.with_fx(node, outcomes, |state, fx| act(state.as_mut().expect("only running nodes handle events"), fx));
    }

    fn with_fx(
        &mut self,
        node: NodeId,
        outcomes: &mut Vec<Outcome<P>>,
        act: impl FnOnce(&mut Option<P>, &mut Fx<'_, P>),
    ) {
        let mut effects = Vec::new();
        let this = &mut self.nodes[node.index()];
        let mut fx = Fx {
            me: node,
            nodes: self.cluster.nodes,
            seed: self.seed,
            incarnation: this.incarnation,
            monotonic_us: this.clock.monotonic_us(self.time_us),
            wall_us: this.clock.wall_us(self.time_us),
            config: &self.config,
            counters: &mut this.counters,
            effects: &mut effects,
        };
        act(&mut this.state, &mut fx);
        for effect in effects {
            self.apply(node, effect, outcomes);
        }
    }

    fn apply(&mut self, node: NodeId, effect: Effect<P>, outcomes: &mut Vec<Outcome<P>>) {
        match effect {
            Effect::Send { to, msg, durable } => {
                if durable {
                    self.when_durable(node, Parcel::Message { to, msg }, outcomes);
                } else {
                    self.transmit(node, to, msg, self.step, outcomes);
                }
            }
            Effect::Reply { id, ret, durable } => {
                if durable {
                    self.when_durable(node, Parcel::Reply { id, ret }, outcomes);
                } else {
                    outcomes.push(Outcome::Replied { id, ret });
                }
            }
            Effect::Write(write) => {
                let this = &mut self.nodes[node.index()];
                let due_us = this.drive.issue(write.clone(), self.time_us, self.seed, node, self.cluster.disk_sync_us);
                this.write_causes.push(self.step);
                let incarnation = this.incarnation;
                self.schedule(due_us, Due::Sync { node, incarnation });
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
                this.waiting.push(Waiting { write, cause: self.step, parcel });
                outcomes.push(Outcome::Waiting);
            }
            None => match parcel {
                Parcel::Message { to, msg } => self.transmit(node, to, msg, self.step, outcomes),
                Parcel::Reply { id, ret } => outcomes.push(Outcome::Replied { id, ret }),
            },
        }
    }

    fn set_timer(&mut self, node: NodeId, timer: P::Timer, after_us: u64) -> u64 {
        let this = &mut self.nodes[node.index()];
        this.timers.retain(|slot| slot.timer != timer);
        this.timer_generation += 1;
        let generation = this.timer_generation;
        let due_monotonic_us = this.clock.monotonic_us(self.time_us).saturating_add(after_us);
        let due_us = this.clock.true_time_of(due_monotonic_us, self.time_us);
        this.timers.push(TimerSlot {
            timer,
            generation,
            due_monotonic_us,
            set_us: self.time_us,
            due_us,
            cause: self.step,
        });
        self.schedule(due_us, Due::Timer { node, generation });
        due_us
    }

    fn adjust_clock(&mut self, node: NodeId, offset_us: i64, drift_ppm: i32) {
        let this = &mut self.nodes[node.index()];
        let drifts_as_before = this.clock.drift_ppm() == drift_ppm;
        this.clock.adjust(self.time_us, offset_us, drift_ppm);
        if drifts_as_before {
            return;
        }
        let mut moved = Vec::new();
        for slot in &mut this.timers {
            this.timer_generation += 1;
            slot.generation = this.timer_generation;
            slot.due_us = this.clock.true_time_of(slot.due_monotonic_us, self.time_us);
            moved.push((slot.due_us, slot.generation));
        }
        for (due_us, generation) in moved {
            self.schedule(due_us, Due::Timer { node, generation });
        }
    }

    fn transmit(&mut self, from: NodeId, to: NodeId, msg: P::Msg, cause: u64, outcomes: &mut Vec<Outcome<P>>) {
        let index = self.link_index(from, to);
        let link = &mut self.links[index];
        link.sent += 1;
        let id = MessageId { from, to, number: link.sent, copy: 0 };
        let (up, profile) = (link.up, link.profile);
        if !up {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Cut });
            return;
        }
        if profile.duplicate_ppm > 0 && random::happens(self.message_bits(Domain::Duplicate, id), profile.duplicate_ppm)
        {
            self.launch(MessageId { copy: 1, ..id }, msg.clone(), cause, outcomes);
        }
        if profile.loss_ppm > 0 && random::happens(self.message_bits(Domain::Loss, id), profile.loss_ppm) {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Random });
            return;
        }
        self.launch(id, msg, cause, outcomes);
    }

    fn message_bits(&self, domain: Domain, id: MessageId) -> u64 {
        let key = [u64::from(id.from.0), u64::from(id.to.0), id.number, u64::from(id.copy)];
        random::keyed(self.seed, domain, &key)
    }

    fn launch(&mut self, id: MessageId, msg: P::Msg, cause: u64, outcomes: &mut Vec<Outcome<P>>) {
        let link = &self.links[self.link_index(id.from, id.to)];
        let (held_by_link, (low, high)) = (link.held, link.profile.latency_us);
        let latency_us = random::in_range(self.message_bits(Domain::Latency, id), low, high);
        let due_us = self.time_us.saturating_add(latency_us);
        self.flight_generation += 1;
        let generation = self.flight_generation;
        let flight = Flight {
            id,
            msg,
            cause,
            sent_us: self.time_us,
            latency_us,
            due_us,
            held_by_link,
            held_by_hand: false,
            remaining_us: latency_us,
            generation,
        };
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
        if !held_by_link {
            self.schedule(due_us, Due::Arrival { slot, generation });
        }
        outcomes.push(Outcome::Sent { id, due_us, slot: FlightSlot(slot) });
    }

    /// Takes a message off the wire.
    fn land(&mut self, slot: u32) -> Flight<P> {
        self.free.push(slot);
        self.flights[slot as usize].take().expect("a live slot holds a message")
    }

    fn lose(&mut self, slot: u32, why: LossReason, outcomes: &mut Vec<Outcome<P>>) {
        let flight = self.land(slot);
        outcomes.push(Outcome::Lost { id: flight.id, msg: flight.msg, why });
    }

    /// The slots of the messages that match, in the order of their ids.
    fn slots(&self, matches: impl Fn(MessageId) -> bool) -> Vec<u32> {
        let mut found: Vec<_> = (0u32..)
            .zip(&self.flights)
            .filter_map(|(slot, flight)| flight.as_ref().map(|flight| (flight.id, slot)))
            .filter(|&(id, _)| matches(id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    fn set_link_up(&mut self, from: NodeId, to: NodeId, up: bool, outcomes: &mut Vec<Outcome<P>>) {
        let index = self.link_index(from, to);
        self.links[index].up = up;
        if !up {
            for slot in self.slots(|id| id.from == from && id.to == to) {
                let flight = self.flights[slot as usize].as_ref().expect("a live slot holds a message");
                // What a paused process has not read yet has already arrived at its machine.
                let arrived = self.nodes[to.index()].paused && !flight.held() && flight.due_us <= self.time_us;
                if !arrived {
                    self.lose(slot, LossReason::Cut, outcomes);
                }
            }
        }
    }

    fn set_link_held(&mut self, from: NodeId, to: NodeId, held: bool) {
        let index = self.link_index(from, to);
        self.links[index].held = held;
        for slot in self.slots(|id| id.from == from && id.to == to) {
            self.hold_message(slot, |flight| flight.held_by_link = held);
        }
    }

    /// Changes what holds a message, and stops it or sets it going accordingly.
    fn hold_message(&mut self, slot: u32, change: impl FnOnce(&mut Flight<P>)) {
        let now_us = self.time_us;
        let flight = self.flights[slot as usize].as_mut().expect("a live slot holds a message");
        let was_held = flight.held();
        change(flight);
        if flight.held() == was_held {
            return;
        }
        if flight.held() {
            flight.remaining_us = flight.due_us.saturating_sub(now_us);
        } else {
            flight.due_us = now_us + flight.remaining_us;
            self.reschedule(slot);
        }
    }

    fn reschedule(&mut self, slot: u32) {
        self.flight_generation += 1;
        let generation = self.flight_generation;
        let flight = self.flights[slot as usize].as_mut().expect("a live slot holds a message");
        flight.generation = generation;
        let due_us = flight.due_us;
        self.schedule(due_us, Due::Arrival { slot, generation });
    }

    fn act_on_message(&mut self, id: MessageId, act: MessageAct, outcomes: &mut Vec<Outcome<P>>) {
        let Some(&slot) = self.slots(|known| known == id).first() else { return };
        match act {
            MessageAct::Drop => self.lose(slot, LossReason::Dropped, outcomes),
            MessageAct::Hold => self.hold_message(slot, |flight| flight.held_by_hand = true),
            MessageAct::Release => self.hold_message(slot, |flight| flight.held_by_hand = false),
            MessageAct::Deliver => {
                let now_us = self.time_us;
                let flight = self.flights[slot as usize].as_mut().expect("a live slot holds a message");
                flight.held_by_link = false;
                flight.held_by_hand = false;
                flight.due_us = now_us;
                self.reschedule(slot);
            }
            MessageAct::Duplicate => {
                let flight = self.flights[slot as usize].as_ref().expect("a live slot holds a message");
                let (msg, cause) = (flight.msg.clone(), flight.cause);
                // It may have reached the machine of a paused process before the link was cut.
                if !self.link_up(id.from, id.to) {
                    return;
                }
                // Copy 1 belongs to duplication by the network.
                let copy = self.hand_copies.entry((id.from, id.to, id.number)).or_insert(1);
                *copy += 1;
                let copy = *copy;
                self.launch(MessageId { copy, ..id }, msg, cause, outcomes);
            }
        }
    }

    fn request(&mut self, node: NodeId, op: &P::Op, outcomes: &mut Vec<Outcome<P>>) {
        let ordinal = match self.nodes[node.index()].last_request {
            Some(last) if last.at_us == self.time_us => last.ordinal + 1,
            _ => 0,
        };
        let id = RequestId { at_us: self.time_us, node, ordinal };
        self.nodes[node.index()].last_request = Some(id);
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
        this.write_causes.clear();
        this.counters.clear();
        let writes_lost = this.drive.crash(now_us, seed, node, this.incarnation);
        // What was due for the process before now is void for the one that boots later.
        this.incarnation += 1;
        if writes_lost > 0 {
            outcomes.push(Outcome::WritesLost(writes_lost));
        }
        for entry in std::mem::take(&mut this.backlog) {
            if entry.time_us > now_us {
                self.queue.push(Reverse(entry));
            } else if let Due::Arrival { slot, generation } = entry.due
                && self.flights[slot as usize].as_ref().is_some_and(|flight| flight.generation == generation)
            {
                self.lose(slot, LossReason::ReceiverDown, outcomes);
            }
        }
    }

    fn resume(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let this = &mut self.nodes[node.index()];
        if !this.paused {
            return;
        }
        this.paused = false;
        // Back in the queue they come in the order in which they were due: first what is overdue.
        self.queue.extend(std::mem::take(&mut this.backlog).into_iter().map(Reverse));
        self.release_parcels(node, outcomes);
    }
}

/// Runs a world under a list of commands: merges the two and keeps the place in the list.
#[derive(Clone, Debug)]
pub struct Driver<P: Protocol, O> {
    /// The cluster.
    pub world: World<P>,
    /// Who watches.
    pub observer: O,
    applied: usize,
}

impl<P: Protocol, O: Observer<P>> Driver<P, O> {
    /// A cluster at time 0.
    pub fn new(seed: u64, config: P::Config, cluster: ClusterConfig, mut observer: O) -> Self {
        let world = World::new(seed, config, cluster, &mut observer);
        Self { world, observer, applied: 0 }
    }

    /// How many commands of the list have been applied.
    #[must_use]
    pub const fn applied(&self) -> usize {
        self.applied
    }

    /// Executes the next command or event that is due at or before `horizon_us`; false when there
    /// is none. `commands` must be the same list at every call, ordered by time; only what lies
    /// behind the place reached may have changed.
    pub fn step(&mut self, commands: &[Stamped<P::Op>], horizon_us: u64) -> bool {
        let next_us = self.world.next_event_us();
        if let Some(next) = commands.get(self.applied) {
            let ready = match next_us {
                None => true,
                Some(next_us) => {
                    next.at_us < next_us || (next.at_us == next_us && self.world.events_at(next.at_us) >= next.after)
                }
            };
            if ready {
                if next.at_us > horizon_us {
                    return false;
                }
                self.world.enter(next.at_us.max(self.world.time_us));
                self.world.command(&next.command, &mut self.observer);
                self.applied += 1;
                return true;
            }
        }
        if next_us.is_some_and(|next_us| next_us <= horizon_us) { self.world.step(&mut self.observer) } else { false }
    }

    /// Executes everything due at or before `time_us` and lets time pass up to there.
    pub fn run_until(&mut self, commands: &[Stamped<P::Op>], time_us: u64) {
        while self.step(commands, time_us) {}
        if time_us > self.world.time_us {
            self.world.idle_until(time_us);
        }
    }
}
