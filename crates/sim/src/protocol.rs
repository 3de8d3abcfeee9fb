//! What an algorithm is to the simulator, and the only door through which it acts.

use std::fmt::{self, Debug};
use std::hash::Hash;

use crate::command::ParamKey;
use crate::disk::{Disk, Write};
use crate::network::LinkProfile;
use crate::params::Params;
use crate::random::{self, Source};

/// Plain data that can be kept, compared by digest and printed.
pub trait Data: Clone + Hash + Debug + 'static {}
impl<T: Clone + Hash + Debug + 'static> Data for T {}

/// Data with a stable kebab-case name of its kind, such as `request-vote`. It is derived: see [`macro@crate::Named`].
pub trait Named {
    /// The kind's name. Names are part of the public contract: links and tours refer to them.
    fn name(&self) -> &'static str;
}

/// What people are told of a switch: of a known mistake, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Stable kebab-case identifier.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it does, in a sentence or two.
    pub summary: &'static str,
}

/// Switches that are off by default and have stable kebab-case names, such as the known mistakes of an algorithm.
pub trait Flags: Default + PartialEq {
    /// All off but the one of this name; none when no flag is called so.
    #[must_use]
    fn only(name: &str) -> Option<Self>;
}

/// A node of the cluster, counted from 0. What people call it (`n1`, `c1`) is the lab's business.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The position in arrays that hold one entry per node.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Identifies a client operation by when and where it was asked for, so that leaving out one
/// operation renames no other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId {
    /// Simulated time of the request, in µs.
    pub at_us: u64,
    /// The node that was asked.
    pub node: NodeId,
    /// Counts requests to the same node at the same time, from 0.
    pub ordinal: u32,
}

/// An algorithm: a deterministic state machine of one node, without input or output of its own.
///
/// One world runs one protocol; different roles (client, server, registry) are variants of one
/// type, see [`Actor`](crate::Actor). The value itself is a node's volatile memory: a crash drops
/// it. What must survive goes through [`Fx::save`] and [`Fx::append`] and comes back as the
/// [`Disk`] handed to [`Protocol::boot`].
pub trait Protocol: Clone + Hash + Debug + 'static {
    /// What all nodes of the cluster know from the start: parameters and the variant's flags.
    type Config: Data + Params;
    /// What nodes send to each other.
    type Msg: Data + Named;
    /// Names a timer; setting a timer that is already set moves it.
    type Timer: Data + Copy + Ord + Named;
    /// A client's operation.
    type Op: Data + Named;
    /// The answer to an operation.
    type Ret: Data;
    /// A value in a named atomic cell of the disk; [`Named::name`] names the cell.
    type Cell: Data + Named;
    /// An entry of the disk's append-only file.
    type Entry: Data;
    /// What a node says about itself, for oracles and people ("became leader").
    type Note: Data + Named;

    /// Starts a node, at the beginning of time and after each restart.
    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self;
    /// A message has arrived.
    fn on_message(&mut self, from: NodeId, msg: Self::Msg, fx: &mut Fx<'_, Self>);
    /// A timer has run out.
    fn on_timer(&mut self, timer: Self::Timer, fx: &mut Fx<'_, Self>);
    /// A client asks for an operation.
    fn on_request(&mut self, id: RequestId, op: Self::Op, fx: &mut Fx<'_, Self>);

    /// Changes a parameter, in the configuration or in how links are by default, while the cluster
    /// runs; which of them may be changed then is said where they are offered. Nodes see the new
    /// configuration from their next event on; links that a command has changed keep what it gave
    /// them. A number has the same value at both ends. What the simulator itself knows
    /// ([`ClusterConfig::set`](crate::ClusterConfig::set)) does not come here.
    fn set(config: &mut Self::Config, link: &mut LinkProfile, key: ParamKey, value: (u64, u64)) {
        let _ = link;
        config.set(key, value);
    }

    /// How large a message is on the wire, in bytes; matters where a link has a bandwidth.
    #[must_use]
    fn size_bytes(msg: &Self::Msg) -> u64 {
        let _ = msg;
        64
    }
}

/// What a handler asked for, in order. The closed list of everything a protocol can do.
#[derive(Debug)]
pub enum Effect<P: Protocol> {
    /// Send a message; a durable one leaves once all earlier writes are synced.
    Send {
        /// The receiver.
        to: NodeId,
        /// The message.
        msg: P::Msg,
        /// Whether it waits for earlier writes.
        durable: bool,
    },
    /// Write to this node's disk.
    Write(Write<P>),
    /// Set or move a timer.
    SetTimer {
        /// Which timer.
        timer: P::Timer,
        /// Delay on this node's own clock, in µs.
        after_us: u64,
    },
    /// Cancel a timer; harmless when it is not set.
    CancelTimer(P::Timer),
    /// Answer a client's operation; a durable answer waits like a durable message.
    Reply {
        /// The operation.
        id: RequestId,
        /// The answer.
        ret: P::Ret,
        /// Whether it waits for earlier writes.
        durable: bool,
    },
    /// Say something about oneself.
    Note(P::Note),
}

/// Counts a node's draws by purpose; restarts with each incarnation.
pub(crate) type DrawCounters = Vec<(u32, u64)>;

/// Everything a handler may know and do besides its own state and its arguments.
pub struct Fx<'a, P: Protocol> {
    pub(crate) me: NodeId,
    pub(crate) nodes: u32,
    pub(crate) source: Source,
    pub(crate) monotonic_us: u64,
    pub(crate) wall_us: u64,
    pub(crate) config: &'a P::Config,
    pub(crate) counters: &'a mut DrawCounters,
    pub(crate) effects: &'a mut Vec<Effect<P>>,
}

impl<'a, P: Protocol> Fx<'a, P> {
    /// This node.
    #[must_use]
    pub const fn me(&self) -> NodeId {
        self.me
    }

    /// How many machines the world has numbers for, those included that joined later or have left;
    /// the cluster's membership is the algorithm's business.
    #[must_use]
    pub const fn nodes(&self) -> u32 {
        self.nodes
    }

    /// All machines but this one, in order.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + use<P> {
        let me = self.me;
        (0..self.nodes).map(NodeId).filter(move |&node| node != me)
    }

    /// The cluster's configuration. It outlives the handler, so it can be read while acting.
    #[must_use]
    pub const fn config(&self) -> &'a P::Config {
        self.config
    }

    /// This node's monotonic clock, in µs. It drifts and never jumps.
    #[must_use]
    pub const fn monotonic_us(&self) -> u64 {
        self.monotonic_us
    }

    /// This node's wall clock, in µs. It drifts, is offset, and may be set.
    #[must_use]
    pub const fn wall_us(&self) -> u64 {
        self.wall_us
    }

    /// A random number in the inclusive range `low..=high`, from this node's own randomness.
    /// Draws for different purposes are independent of each other.
    ///
    /// # Panics
    ///
    /// As [`random::in_range`].
    pub fn draw(&mut self, purpose: u32, low: u64, high: u64) -> u64 {
        let position = match self.counters.iter().position(|&(known, _)| known == purpose) {
            Some(position) => position,
            None => {
                self.counters.push((purpose, 0));
                self.counters.len() - 1
            }
        };
        let count = &mut self.counters[position].1;
        *count += 1;
        random::in_range(self.source.draw(purpose, *count), low, high)
    }

    /// Sends a message now, whatever is still on its way to the disk. What is sent to a number that
    /// no machine has ever had goes nowhere, without a trace.
    pub fn send(&mut self, to: NodeId, msg: P::Msg) {
        self.effects.push(Effect::Send { to, msg, durable: false });
    }

    /// Sends a message once everything written so far is synced. A crash before that drops it.
    pub fn send_durable(&mut self, to: NodeId, msg: P::Msg) {
        self.effects.push(Effect::Send { to, msg, durable: true });
    }

    /// Replaces the value of the cell that bears the value's name, atomically.
    pub fn save(&mut self, cell: P::Cell) {
        self.effects.push(Effect::Write(Write::Save(cell)));
    }

    /// Appends an entry to the file.
    pub fn append(&mut self, entry: P::Entry) {
        self.effects.push(Effect::Write(Write::Append(entry)));
    }

    /// Drops the file's entries from position `from` on (positions count from the first entry
    /// ever appended and survive [`Fx::discard`]).
    pub fn truncate(&mut self, from: u64) {
        self.effects.push(Effect::Write(Write::Truncate { from }));
    }

    /// Drops the file's entries before position `before`.
    pub fn discard(&mut self, before: u64) {
        self.effects.push(Effect::Write(Write::Discard { before }));
    }

    /// Sets `timer` to run out `after_us` from now on this node's clock; moves it if it is set.
    pub fn set_timer(&mut self, timer: P::Timer, after_us: u64) {
        self.effects.push(Effect::SetTimer { timer, after_us });
    }

    /// Cancels `timer`; harmless when it is not set.
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.effects.push(Effect::CancelTimer(timer));
    }

    /// Answers a client's operation now.
    pub fn reply(&mut self, id: RequestId, ret: P::Ret) {
        self.effects.push(Effect::Reply { id, ret, durable: false });
    }

    /// Answers a client's operation once everything written so far is synced.
    pub fn reply_durable(&mut self, id: RequestId, ret: P::Ret) {
        self.effects.push(Effect::Reply { id, ret, durable: true });
    }

    /// Says something about this node, for oracles and people. It changes nothing in the world.
    pub fn note(&mut self, note: P::Note) {
        self.effects.push(Effect::Note(note));
    }
}

impl<P: Protocol> Debug for Fx<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fx").field("me", &self.me).field("monotonic_us", &self.monotonic_us).finish()
    }
}
