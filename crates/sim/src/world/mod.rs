//! One simulated cluster, executed one event at a time: what it is made of, and what can be asked of it. `step` has
//! events, `commands` what somebody does, `net` links and messages, `digest` all of it in one number.

mod commands;
mod digest;
mod net;
mod step;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::Hash;

use crate::clock::Clock;
use crate::command::ParamKey;
use crate::disk::{Disk, DiskDrive, DiskMode};
use crate::hash::StableHasher;
use crate::network::{Flight, Link, LinkProfile};
use crate::protocol::{DrawCounters, Effect, NodeId, Protocol, RequestId};
use crate::queue::{Entry, Queue};
use crate::random::{Domain, Source};
use crate::record::{Event, Observer, Outcome};

use net::fresh_link;

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

    /// How many entries the queue holds, void ones included.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.queue.len()
    }

    fn is_present(&self, node: NodeId) -> bool {
        self.presence(node) == Presence::Present
    }
}
