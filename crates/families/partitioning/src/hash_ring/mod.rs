//! A replicated map on a hash ring: servers join, leave and change weight, and keys move as messages.
//!
//! Papers: David Karger et al., "Consistent Hashing and Random Trees", STOC 1997; Giuseppe DeCandia et al.,
//! "Dynamo: Amazon's Highly Available Key-value Store", SOSP 2007 (virtual nodes and preference lists §4.2 and
//! §4.3, hinted hand-off §4.6); Hagit Attiya, Amotz Bar-Noy, Danny Dolev, "Sharing Memory Robustly in
//! Message-Passing Systems", JACM 42(1), 1995, and Nancy Lynch, Alexander Shvartsman, "Robust Emulation of
//! Shared Memory", FTCS 1997, for writes in two rounds by many writers.
//!
//! How it works. A client asks any replica of a key. A write first reads the newest version from a read
//! quorum, and then stores the next one, which the client keeps through all retries: a late copy of an old
//! attempt can never come out on top. The replica that was asked sends the write to all replicas and answers
//! once a write quorum has it on disk; for those that stay silent it keeps a hint, which does not count.
//!
//! An administrator's machine numbers the memberships. A change has two epochs. In the first, old and new ring
//! both hold: reads and writes need a quorum of each, and every old replica hands the keys that move to their
//! new replicas, batch by batch. Once the old members have confirmed, all but as many as a write quorum can do
//! without, the second epoch starts, in which only the new ring holds; only then is anything deleted. Servers
//! work together only within an epoch, and whoever is behind is told.
//!
//! What it survives: crashes, torn and lost unsynced writes, pauses, cuts, partitions, loss, duplicates, any
//! delay and any clock, of servers; the administrator's machine may be cut off but keeps running, or nothing
//! changes until it is back. Read and write quorums have to overlap (R + W > N); otherwise nothing is promised.
//!
//! Left out: write-back by readers (two reads may see a write that is still open in either order), sibling
//! versions, Merkle trees, deletion, giving a change up, and an administrator that is itself replicated. The
//! ring never has fewer members than a key has replicas.

mod admin;
mod client;
mod lab;
mod oracles;
mod rings;
#[cfg(test)]
mod scripts;
mod server;

pub use lab::ENTRY;
use std::collections::BTreeMap;

use sim::{
    Actor, Disk, Flags, Fx, Map, Named, NodeId, Operation, Param, Params, Protocol, RequestId, Shared, Variants,
};

use algorithms::hashing::HashKind;

pub use admin::Admin;
pub use algorithms::client::Origin;
pub use client::Client;
pub use oracles::{
    ACKNOWLEDGED_WRITES, DISTINCT_REPLICAS, EVERY_KEY_HAS_AN_OWNER, HAND_OFF_COMPLETES, HAND_OFF_RESUMED, HINTED_WRITE,
    HashRingOracle, MINIMAL_MOVEMENT, READ_ON_THE_MOVE,
};
pub use rings::{Rings, Table, in_order};
pub use server::Server;

/// Numbers memberships: even ones are settled, in odd ones keys move.
pub type Epoch = u64;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 32;
/// Heaviest server.
pub const WEIGHT_MAX: u32 = 16;
/// Most virtual nodes for each share of weight.
pub const VNODES_MAX: u32 = 200;

/// What all nodes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub struct Config {
    /// The first servers are nodes 0 to this number, and the ring's first members.
    #[param("nodes")]
    pub servers: u32,
    /// The nodes behind the first servers are clients, this many; behind them is the administrator. Nodes added
    /// later are servers that are members of nothing.
    #[param]
    pub clients: u32,
    /// How many servers hold each key.
    #[param]
    pub replicas: u32,
    /// How many of them have to have a write on disk before it is acknowledged.
    #[param]
    pub write_quorum: u32,
    /// How many of them have to answer a read.
    #[param]
    pub read_quorum: u32,
    /// How keys are placed.
    #[param("rendezvous")]
    pub scheme: Scheme,
    /// The hash of keys and virtual nodes.
    #[param]
    pub hash: HashKind,
    /// Virtual nodes for each share of weight, at first.
    #[param]
    pub vnodes: u32,
    /// Clients use the keys k1 to this number of their own accord.
    #[param]
    pub keys: u32,
    /// Each client writes or reads this often of its own accord, in µs; 0 for never.
    #[param("write-every-ms")]
    pub workload_us: u64,
    /// Whoever has waited this long for an answer asks again, in µs.
    #[param("retry-ms")]
    pub retry_us: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

/// How keys are placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Param)]
pub enum Scheme {
    /// On a ring.
    #[default]
    Ring,
    /// By weighted rendezvous hashing, which has neither virtual nodes nor tokens.
    Rendezvous,
}

/// Classic mistakes. All off is the algorithm as described above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub struct Bugs {
    /// Virtual nodes are walked in no particular order, and behind the last there is nobody.
    #[title("unsorted ring")]
    pub unsorted_ring: bool,
    /// The ring is the hash modulo the number of servers: one more, and nearly all keys move.
    #[named("modulo-called-consistent")]
    #[title("modulo, called consistent")]
    pub modulo: bool,
    /// A server deletes what it hands over as soon as it is sent; a lost message is a lost key.
    #[title("deletes before it is confirmed")]
    pub drops_before_confirmed: bool,
    /// Nobody waits for the keys: the new ring holds as soon as it is known, and old servers delete.
    #[title("a new ring at once")]
    pub new_ring_at_once: bool,
}

/// The members of a ring.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Members {
    /// The servers and their weights.
    pub weights: Map<NodeId, u32>,
    /// Virtual nodes for each share of weight.
    pub vnodes: u32,
    /// Virtual nodes that somebody has moved: whose, which, and where to.
    pub tokens: Map<(NodeId, u32), u32>,
}

impl Members {
    /// How many virtual nodes a member has.
    #[must_use]
    pub fn vnodes_of(&self, node: NodeId) -> u32 {
        self.weights.get(&node).map_or(0, |weight| weight * self.vnodes)
    }
}

/// What is known of the membership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Its number.
    pub epoch: Epoch,
    /// The ring that holds.
    pub now: Members,
    /// The ring that will hold, while keys move.
    pub next: Option<Members>,
}

impl View {
    /// The view that everybody starts with.
    #[must_use]
    pub fn first(config: &Config) -> Self {
        let weights = config.first_servers().map(|node| (node, 1)).collect();
        let now = Members { weights, vnodes: config.vnodes, tokens: Map::new() };
        Self { epoch: 0, now, next: None }
    }

    /// The members of both rings.
    #[must_use]
    pub fn everybody(&self) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.now.weights.keys().copied().collect();
        if let Some(next) = &self.next {
            all.extend(next.weights.keys().filter(|node| !self.now.weights.contains_key(node)));
        }
        all
    }
}

/// Orders the writes of a key; the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// One more than the largest that the writer has found.
    pub counter: u64,
    /// Whose it is, between equals.
    pub origin: Origin,
}

/// What is stored under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Which write it is.
    pub version: Version,
    /// What it says.
    pub value: i64,
}

/// What a client wants with a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Operation, Shared)]
#[shared(key: &str)]
pub enum KeyOp {
    /// Write.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: i64,
    },
    /// Read.
    Get {
        /// The key.
        key: String,
    },
}

/// What changes a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Change {
    /// A server becomes a member, with weight 1.
    #[named("add-server")]
    Add(NodeId),
    /// A member leaves.
    #[named("remove-server")]
    Remove(NodeId),
    /// A member has another weight.
    Weight(NodeId, u32),
    /// A virtual node of a member goes elsewhere.
    Token(NodeId, u32, u32),
    /// Each member has this many virtual nodes for each share of its weight.
    #[named("virtual-nodes")]
    Vnodes(u32),
}

/// What nodes send to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Msg {
    /// A client asks for what is stored: to read it, or to find the version that a write has to beat.
    Read {
        /// The operation.
        origin: Origin,
        /// The key.
        key: String,
    },
    /// What a read quorum knows.
    ReadReply {
        /// The operation.
        origin: Origin,
        /// The newest.
        stored: Option<Stored>,
    },
    /// A client wants something stored.
    Write {
        /// The operation.
        origin: Origin,
        /// The key.
        key: String,
        /// What.
        stored: Stored,
    },
    /// A write quorum has it.
    WriteReply {
        /// The operation.
        origin: Origin,
    },
    /// This server is no replica of that key.
    NotMine {
        /// The operation.
        origin: Origin,
    },
    /// A replica is asked what it has.
    Fetch {
        /// The sender's epoch.
        epoch: Epoch,
        /// The operation.
        origin: Origin,
        /// The key.
        key: String,
    },
    /// What a replica has.
    Fetched {
        /// The sender's epoch.
        epoch: Epoch,
        /// The operation.
        origin: Origin,
        /// It.
        stored: Option<Stored>,
    },
    /// A replica is to store something.
    Store {
        /// The sender's epoch.
        epoch: Epoch,
        /// The operation.
        origin: Origin,
        /// The key.
        key: String,
        /// What.
        stored: Stored,
    },
    /// A replica has stored it, or something newer.
    Acked {
        /// The sender's epoch.
        epoch: Epoch,
        /// The operation.
        origin: Origin,
    },
    /// A write that was kept for a replica which was silent.
    Hint {
        /// The sender's epoch.
        epoch: Epoch,
        /// The key.
        key: String,
        /// What.
        stored: Stored,
    },
    /// The replica has it now.
    HintAcked {
        /// The sender's epoch.
        epoch: Epoch,
        /// The key.
        key: String,
        /// Which version.
        version: Version,
    },
    /// Keys on their way to a new replica.
    Batch {
        /// The sender's epoch.
        epoch: Epoch,
        /// Counts the sender's batches.
        number: u64,
        /// Keys and what is stored under them.
        keys: Vec<(String, Stored)>,
    },
    /// The new replica has a batch on disk.
    BatchAcked {
        /// The sender's epoch.
        epoch: Epoch,
        /// Which batch.
        number: u64,
    },
    /// An old member has handed over all it had to.
    HandedOver {
        /// The epoch.
        epoch: Epoch,
    },
    /// A membership.
    Membership(View),
    /// It has been taken note of.
    MembershipKnown {
        /// Its epoch.
        epoch: Epoch,
    },
    /// Somebody has heard of a newer one and asks for it.
    WhichMembership,
    /// Somebody asks the administrator for a change.
    ChangeRequest(Change),
}

/// The timers of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    /// Time to send again what is unanswered.
    Retry,
    /// Time for a client's next operation of its own accord.
    Workload,
}

/// What can be asked of a node from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Op {
    /// A client reads or writes.
    #[inner]
    Key(KeyOp),
    /// The ring changes. Whoever is not the administrator passes it on, once.
    #[inner]
    Change(Change),
}

/// The answer to an [`Op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// It is written.
    Written,
    /// What is stored.
    Value(Option<i64>),
    /// The administrator is told.
    PassedOn,
    /// The new ring holds.
    Changed,
    /// It is not done, and will not be.
    Refused(Why),
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Keys are a client's business.
    NotAClient,
    /// Too much is under way.
    Busy,
    /// It is so already, or there is no such member or virtual node.
    NoChange,
    /// There would be fewer members than a key has replicas.
    TooFew,
    /// The server does not answer.
    Silent,
}

/// What must survive a crash, in cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Cell {
    /// The newest membership.
    View(View),
    /// Everything that the file said up to some position.
    Snapshot {
        /// That position.
        end: u64,
        /// All of it.
        state: Kept,
    },
}

/// What a server has on disk, apart from its view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kept {
    /// The map. There may be thousands of keys.
    pub keys: BTreeMap<String, Stored>,
    /// Writes kept for replicas that were silent.
    pub hints: Map<(NodeId, String), Stored>,
    /// Up to which key a new replica has confirmed, in this epoch.
    pub moved: Map<NodeId, (Epoch, String)>,
}

/// An entry of a server's file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Something is stored.
    Put(String, Stored),
    /// A key belongs to others now.
    Drop(String),
    /// Something is kept for silent replicas. That they have it is not written down: to deliver it once more does
    /// no harm.
    Hint(Vec<NodeId>, String, Stored),
    /// A new replica has confirmed up to a key.
    Moved(NodeId, Epoch, String),
}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    /// A client starts an operation.
    Invoked {
        /// Which.
        origin: Origin,
        /// What it does.
        op: KeyOp,
    },
    /// A client has its answer.
    Answered {
        /// Which operation.
        origin: Origin,
        /// What it did.
        op: KeyOp,
        /// What was read or written.
        stored: Option<Stored>,
    },
    /// A client asks again.
    Retried {
        /// Whom.
        server: NodeId,
    },
    /// A client knows nobody to ask.
    NobodyToAsk {
        /// The key.
        key: String,
    },
    /// A server serves a read of a key whose replicas are changing.
    ReadMoving {
        /// The key.
        key: String,
    },
    /// A server keeps a write for a silent replica.
    HintKept {
        /// Whose it is.
        replica: NodeId,
        /// The key.
        key: String,
    },
    /// A replica has got what was kept for it.
    HintDelivered {
        /// Who.
        replica: NodeId,
        /// The key.
        key: String,
    },
    /// The administrator starts a change.
    ChangeStarted {
        /// The epoch in which keys move.
        epoch: Epoch,
        /// What changes.
        change: Change,
    },
    /// The administrator ends a change.
    ChangeEnded {
        /// The epoch in which the new ring holds.
        epoch: Epoch,
    },
    /// The administrator refuses a change.
    ChangeRefused {
        /// Why.
        why: Why,
    },
    /// A server starts to hand keys over.
    HandOffStarted {
        /// How many go elsewhere, each counted once.
        keys: u32,
    },
    /// A server goes on with it after a crash.
    HandOffResumed,
    /// A server has handed over all it had to.
    HandOffDone,
    /// A new replica has stored a batch.
    BatchStored {
        /// How many keys.
        keys: u32,
        /// From whom.
        from: NodeId,
    },
    /// A server deletes what belongs to others now.
    Dropped {
        /// How many keys.
        keys: u32,
    },
}

/// Purposes of a node's random draws.
mod draw {
    pub const SESSION: u32 = 0;
    pub const WORKLOAD: u32 = 1;
}

impl Config {
    /// The servers that the ring starts with.
    pub fn first_servers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.servers).map(NodeId)
    }

    /// The administrator.
    #[must_use]
    pub const fn admin(&self) -> NodeId {
        NodeId(self.servers + self.clients)
    }

    /// Whether a node is a client.
    #[must_use]
    pub const fn is_client(&self, node: NodeId) -> bool {
        node.0 >= self.servers && node.0 < self.servers + self.clients
    }

    /// Whether a node is a server, of the first ones or added later.
    #[must_use]
    pub const fn is_server(&self, node: NodeId) -> bool {
        node.0 < self.servers || node.0 > self.admin().0
    }

    /// The name that a server is hashed by: n1, n2 and so on, those added later as well.
    #[must_use]
    pub fn name(&self, node: NodeId) -> String {
        format!("n{}", self.number(node))
    }

    /// The number of a server, from 1; those added later go on counting.
    #[must_use]
    pub const fn number(&self, node: NodeId) -> u32 {
        if node.0 < self.servers { node.0 + 1 } else { node.0.saturating_sub(self.clients) }
    }

    /// The key of a number, as clients use them of their own accord.
    #[must_use]
    pub fn key(number: u32) -> String {
        format!("k{number}")
    }
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Variants)]
pub enum HashRing {
    /// A server.
    Server(Box<Server>),
    /// A client.
    Client(Box<Client>),
    /// The administrator.
    Admin(Box<Admin>),
}

/// Whoever is asked for a change and is not the administrator passes it on, once.
fn pass_on(id: RequestId, change: Change, fx: &mut Fx<'_, HashRing>) {
    fx.send(fx.config().admin(), Msg::ChangeRequest(change));
    fx.reply(id, Ret::PassedOn);
}

impl Protocol for HashRing {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = Entry;
    type Note = Note;

    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        let me = fx.me();
        if fx.config().is_client(me) {
            Self::Client(Actor::boot(disk, fx))
        } else if me == fx.config().admin() {
            Self::Admin(Actor::boot(disk, fx))
        } else {
            Self::Server(Actor::boot(disk, fx))
        }
    }

    sim::actors!(Server, Client, Admin);

    fn size_bytes(msg: &Msg) -> u64 {
        match msg {
            Msg::Batch { keys, .. } => 64 + 64 * keys.len() as u64,
            Msg::Membership(view) => 64 + 16 * view.everybody().len() as u64,
            _ => 64,
        }
    }
}
