//! What somebody does to a running cluster.

use crate::disk::DiskMode;
use crate::hash::mix;
use crate::network::{LinkChange, MessageId};
use crate::protocol::NodeId;

/// Names a parameter in commands and records: a hash of its name, so that it is the same whatever other
/// parameters there are, now or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamKey(u64);

impl ParamKey {
    /// How long a message needs by default, a range in ms: [`LinkProfile::latency_us`](crate::LinkProfile).
    pub const LATENCY_MS: Self = Self::of("latency-ms");
    /// What a unit of distance costs, in µs: [`LinkProfile::distance_us`](crate::LinkProfile).
    pub const DISTANCE_US: Self = Self::of("distance-us");
    /// How long a disk takes to sync one write, a range in ms: [`ClusterConfig::disk_sync_us`](crate::ClusterConfig).
    pub const DISK_SYNC_MS: Self = Self::of("disk-sync-ms");

    /// The key of the parameter with this name (FNV-1a, scrambled). A test of the labs finds two names that would
    /// share a key.
    #[must_use]
    pub const fn of(name: &str) -> Self {
        let (bytes, mut hash, mut place) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
        while place < bytes.len() {
            hash = (hash ^ bytes[place] as u64).wrapping_mul(0x0100_0000_01b3);
            place += 1;
        }
        Self(mix(hash))
    }
}

/// One intervention. Commands that would change nothing are legal and change nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command<Op> {
    /// A client's operation, handed to a node. Lost when the node is down.
    Request {
        /// The node that is asked.
        node: NodeId,
        /// The operation.
        op: Op,
    },
    /// The machine stops; memory is lost, the disk stays.
    Crash(NodeId),
    /// A crashed machine boots from its disk.
    Restart(NodeId),
    /// The process stops running and keeps its memory; what arrives waits.
    Pause(NodeId),
    /// A paused process goes on with what has been waiting.
    Resume(NodeId),
    /// Cuts a link; what is on the wire is lost.
    Cut {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Both directions, or only `from` → `to`.
        both: bool,
    },
    /// Heals a link.
    Heal {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Both directions, or only `from` → `to`.
        both: bool,
    },
    /// Cuts every link between different groups; nodes that are not named keep all links.
    Partition(Vec<Vec<NodeId>>),
    /// Heals every link.
    HealAll,
    /// Changes how a link treats messages from now on; what is on its way keeps its time.
    Link {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Both directions, or only `from` → `to`.
        both: bool,
        /// What changes.
        change: LinkChange,
    },
    /// Freezes a link: messages stop where they are.
    Hold {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Both directions, or only `from` → `to`.
        both: bool,
    },
    /// Lets a frozen link go on.
    Release {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Both directions, or only `from` → `to`.
        both: bool,
    },
    /// Acts on one message in flight; nothing happens when it is not in flight.
    Message {
        /// Which message.
        id: MessageId,
        /// What to do.
        act: MessageAct,
    },
    /// Sets a node's clock.
    Clock {
        /// The node.
        node: NodeId,
        /// Wall clock minus monotonic clock, in µs.
        offset_us: i64,
        /// Speed against true time, in parts per million.
        drift_ppm: i32,
    },
    /// Sets how a disk behaves from now on.
    Disk {
        /// The node.
        node: NodeId,
        /// How it treats writes, and what a crash leaves.
        mode: DiskMode,
        /// How long it takes to sync a write, inclusive range in µs; `None` is what the cluster's
        /// disks need, and [`SLOW_FACTOR`](crate::disk::SLOW_FACTOR) times that when it is slow.
        sync_us: Option<(u64, u64)>,
    },
    /// A blank machine joins the world and boots, with links to all others. Whether it takes part in
    /// anything is the algorithm's business. Numbers may be left out: what was added under a number
    /// keeps it, whatever else is added or not. A number that is taken, or was once, changes nothing.
    AddNode(NodeId),
    /// A machine leaves the world for good: it stops, its disk is gone, so are its links and what is
    /// on them, and nothing brings it back.
    RemoveNode(NodeId),
    /// Changes a parameter of the cluster ([`ClusterConfig::set`](crate::ClusterConfig::set)) or of the algorithm
    /// ([`Protocol::set`](crate::Protocol::set)) while it runs. A key that neither knows changes nothing.
    Set {
        /// Which.
        key: ParamKey,
        /// Lower and upper end; the same for a number.
        value: (u64, u64),
    },
    /// Puts a machine somewhere. The world keeps the place; it matters while distance counts, see
    /// [`LinkProfile::distance_us`](crate::LinkProfile::distance_us).
    Move {
        /// The node.
        node: NodeId,
        /// To the right.
        x: i32,
        /// Downwards.
        y: i32,
    },
}

/// What can be done to one message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageAct {
    /// It is lost.
    Drop,
    /// It stops where it is.
    Hold,
    /// It goes on.
    Release,
    /// A copy goes its own way.
    Duplicate,
    /// It arrives now.
    Deliver,
}

/// A command and when it applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stamped<Op> {
    /// Simulated time, in µs.
    pub at_us: u64,
    /// How many events of that instant run before the command.
    pub after: u32,
    /// The command.
    pub command: Command<Op>,
}

impl<Op> Stamped<Op> {
    /// A command that applies at `at_us`, before the other events of that instant.
    #[must_use]
    pub const fn at(at_us: u64, command: Command<Op>) -> Self {
        Self { at_us, after: 0, command }
    }
}

impl<Op> Command<Op> {
    /// The same command for a world in which some machines never come: without those that `comes`
    /// refuses; none when it is about one of them.
    #[must_use]
    pub fn without(self, comes: impl Fn(NodeId) -> bool) -> Option<Self> {
        let stays = match &self {
            Self::Partition(_) | Self::HealAll | Self::Set { .. } => true,
            Self::Request { node, .. }
            | Self::Crash(node)
            | Self::Restart(node)
            | Self::Pause(node)
            | Self::Resume(node)
            | Self::Clock { node, .. }
            | Self::Disk { node, .. }
            | Self::AddNode(node)
            | Self::RemoveNode(node)
            | Self::Move { node, .. } => comes(*node),
            Self::Cut { from, to, .. }
            | Self::Heal { from, to, .. }
            | Self::Link { from, to, .. }
            | Self::Hold { from, to, .. }
            | Self::Release { from, to, .. } => comes(*from) && comes(*to),
            Self::Message { id, .. } => comes(id.from) && comes(id.to),
        };
        if let Self::Partition(mut groups) = self {
            groups.iter_mut().for_each(|group| group.retain(|&node| comes(node)));
            return Some(Self::Partition(groups));
        }
        stays.then_some(self)
    }

    /// The node that it is done to; none for what is done to links, messages or the whole cluster.
    #[must_use]
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Request { node, .. }
            | Self::Crash(node)
            | Self::Restart(node)
            | Self::Pause(node)
            | Self::Resume(node)
            | Self::Clock { node, .. }
            | Self::Disk { node, .. }
            | Self::AddNode(node)
            | Self::RemoveNode(node)
            | Self::Move { node, .. } => Some(*node),
            Self::Cut { .. }
            | Self::Heal { .. }
            | Self::Partition(_)
            | Self::HealAll
            | Self::Link { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Message { .. }
            | Self::Set { .. } => None,
        }
    }

    /// The same command with its operation, if it has one, put in another form.
    pub fn try_map_op<Other, E>(self, map: impl FnOnce(Op) -> Result<Other, E>) -> Result<Command<Other>, E> {
        Ok(match self {
            Self::Request { node, op } => Command::Request { node, op: map(op)? },
            Self::Crash(node) => Command::Crash(node),
            Self::Restart(node) => Command::Restart(node),
            Self::Pause(node) => Command::Pause(node),
            Self::Resume(node) => Command::Resume(node),
            Self::Cut { from, to, both } => Command::Cut { from, to, both },
            Self::Heal { from, to, both } => Command::Heal { from, to, both },
            Self::Partition(groups) => Command::Partition(groups),
            Self::HealAll => Command::HealAll,
            Self::Link { from, to, both, change } => Command::Link { from, to, both, change },
            Self::Hold { from, to, both } => Command::Hold { from, to, both },
            Self::Release { from, to, both } => Command::Release { from, to, both },
            Self::Message { id, act } => Command::Message { id, act },
            Self::Clock { node, offset_us, drift_ppm } => Command::Clock { node, offset_us, drift_ppm },
            Self::Disk { node, mode, sync_us } => Command::Disk { node, mode, sync_us },
            Self::AddNode(node) => Command::AddNode(node),
            Self::RemoveNode(node) => Command::RemoveNode(node),
            Self::Set { key, value } => Command::Set { key, value },
            Self::Move { node, x, y } => Command::Move { node, x, y },
        })
    }
}
