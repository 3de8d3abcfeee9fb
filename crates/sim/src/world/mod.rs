//! One simulated cluster, executed one event at a time: what it is made of, and what can be asked of it. `net` has what does
//! not depend on the protocol, `step` events, `commands` what somebody does, `digest` all of it in one number.

mod commands;
mod digest;
mod net;
mod step;

use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;

use crate::command::ParamKey;
use crate::disk::{Disk, DiskDrive, DiskManners};
use crate::hash::StableHasher;
use crate::network::{InFlight, LinkProfile};
use crate::protocol::{Effect, NodeId, Protocol, RequestId};
use crate::record::{Event, FlightSlot, Observer, Outcome};

pub use net::Net;

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

/// What a machine's protocol remembers, and what waits for its disk.
#[derive(Clone, Debug)]
struct Node<P: Protocol> {
    /// `None` while the machine is down.
    state: Option<P>,
    timers: Vec<TimerSlot<P::Timer>>,
    drive: DiskDrive<P>,
    waiting: VecDeque<Waiting<P>>,
}

impl<P: Protocol> Default for Node<P> {
    fn default() -> Self {
        Self { state: None, timers: Vec::new(), drive: DiskDrive::default(), waiting: VecDeque::new() }
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

/// A cluster of one protocol at one moment of one run. What can be asked of it without the protocol's types is [`Net`]'s.
#[derive(Clone, Debug)]
pub struct World<P: Protocol> {
    net: Net,
    config: P::Config,
    rolling: StableHasher,
    nodes: Vec<Node<P>>,
    /// What the messages say that are on their way, by their slots.
    messages: Vec<Option<P::Msg>>,
    effects: Scratch<Effect<P>>,
    outcomes: Scratch<Outcome<P>>,
}

impl<P: Protocol> Deref for World<P> {
    type Target = Net;

    #[inline]
    fn deref(&self) -> &Net {
        &self.net
    }
}

impl<P: Protocol> World<P> {
    /// A cluster at time 0, all nodes booted (steps 1 to n).
    ///
    /// # Panics
    ///
    /// When `cluster.nodes` is 0 or above [`NODES_MAX`]; labs check parameters before.
    pub fn new(seed: u64, config: P::Config, cluster: ClusterConfig, observer: &mut impl Observer<P>) -> Self {
        assert!((1..=NODES_MAX).contains(&cluster.nodes), "a cluster of {} nodes", cluster.nodes);
        let nodes = cluster.nodes;
        let mut world = Self {
            net: Net::new(seed, cluster),
            config,
            rolling: StableHasher::new(seed),
            nodes: (0..nodes).map(|_| Node::default()).collect(),
            messages: Vec::new(),
            effects: Scratch(Vec::new()),
            outcomes: Scratch(Vec::new()),
        };
        for node in (0..nodes).map(NodeId) {
            world.net.step += 1;
            let mut outcomes = world.outcomes.take();
            world.boot(node, &mut outcomes);
            world.finish_step(None, Event::Boot(node), outcomes, observer);
        }
        world
    }

    /// The protocol's configuration.
    #[must_use]
    pub const fn config(&self) -> &P::Config {
        &self.config
    }

    /// What does not depend on the protocol.
    #[must_use]
    pub const fn net(&self) -> &Net {
        &self.net
    }

    /// A node's state; `None` while the machine is down or not in the world.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Option<&P> {
        self.nodes.get(node.index())?.state.as_ref()
    }

    /// What is durable on a node's disk.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> &Disk<P> {
        &self.nodes[node.index()].drive.durable
    }

    /// How a node's disk behaves, and how long it takes to sync a write where a command has said so,
    /// in µs.
    #[must_use]
    pub fn disk_mode(&self, node: NodeId) -> DiskManners {
        let drive = &self.nodes[node.index()].drive;
        (drive.mode, drive.sync_us)
    }

    /// How many of a node's writes are not durable yet.
    #[must_use]
    pub fn unsynced_writes(&self, node: NodeId) -> usize {
        self.nodes[node.index()].drive.pending()
    }

    /// The timers that run on a node.
    pub fn timers(&self, node: NodeId) -> impl Iterator<Item = RunningTimer<P::Timer>> {
        self.nodes[node.index()].timers.iter().map(|slot| RunningTimer {
            timer: slot.timer,
            set_us: slot.set_us,
            due_us: slot.due_us,
        })
    }

    /// All messages on their way, in the order of their ids.
    #[must_use]
    pub fn flights(&self) -> Vec<InFlight<'_, P::Msg>> {
        self.all_slots().into_iter().filter_map(|slot| self.flight_in(FlightSlot(slot))).collect()
    }

    /// A message that the last step sent.
    #[must_use]
    pub fn flight_in(&self, slot: FlightSlot) -> Option<InFlight<'_, P::Msg>> {
        let slot = slot.0 as usize;
        Some(InFlight::new(self.flights[slot].as_ref()?, self.messages[slot].as_ref()?))
    }
}
