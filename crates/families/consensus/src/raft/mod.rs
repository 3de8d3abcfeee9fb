//! Raft: leader election and a replicated log.
//!
//! Papers: Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm
//! (Extended Version)", 2014, cited as §; Diego Ongaro, "Consensus: Bridging Theory and Practice",
//! dissertation, Stanford 2014, cited as "diss. §".
//!
//! Implemented: elections (§5.2, §5.4.1) with pre-vote (diss. §9.6), check-quorum (diss. §6.2) and
//! leadership transfer (diss. §3.10); log replication with fast back-up (§5.3); snapshots and
//! truncation (§7); single-server membership changes (diss. §4.1), allowed only after an entry of
//! the current term has committed, with the guard against removed servers (diss. §4.2.3);
//! linearizable reads by read index or lease (diss. §6.4); serial numbers that make a retried
//! command apply once (§8). Everything that must survive a crash is on disk before anybody hears
//! of it.
//!
//! Left out: joint consensus, snapshots in chunks, non-voting members that catch up before they
//! join, batching and flow control. A cluster never shrinks below two servers.
//!
//! Also left out: registering and expiring sessions (diss. §6.3). A client draws a number at each
//! boot, and the first command that names a session opens it. So sessions stay in the state machine
//! and its snapshots for ever, and both grow with every boot of a client. A command of an unknown
//! session is executed, where §6.3 refuses it because it may be the retry of an expired one; here
//! that is safe, because none expires. And nothing but chance keeps two boots of a client from
//! drawing the same number, after which the second would be told the first one's answers.

mod client;
pub mod common;
mod kv;
mod log;
mod oracles;
#[cfg(test)]
mod paper;
pub mod quorum;
#[cfg(test)]
mod scripts;
mod server;

use sim::{Actor, Disk, Flags, Fx, Named, NodeId, Operation, Param, Params, Protocol, Set, Variants};

pub use client::Client;
pub use kv::{KEY_BYTES_MAX, Kv, KvOp, KvRet, Origin};
pub use log::{Conflict, Entry, Log, Payload, Snapshot};
pub use oracles::{
    CONFLICT, ELECTION_SAFETY, EVENTUALLY_A_LEADER, LEADER_APPEND_ONLY, LEADER_COMPLETENESS, LINEARIZABILITY,
    LOG_MATCHING, ONE_VOTE_PER_TERM, RaftOracle, SPLIT_VOTE, STATE_MACHINE_SAFETY, Stance,
};
pub use quorum::majority;
pub use server::{Leader, Progress, Role, Server};

/// A term: logical time of the cluster, at most one leader each (§5.1).
pub type Term = u64;

/// What all nodes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub struct Config {
    /// The first servers are nodes 0 to this number; they are the cluster's first members.
    #[param("nodes")]
    pub servers: u32,
    /// The nodes behind the first servers are clients, this many. Nodes added later are servers
    /// that are members of nothing.
    #[param]
    pub clients: u32,
    /// A server that hears from no leader for this long starts an election; redrawn from the
    /// inclusive range at every reset (§5.2), in µs.
    #[param("election-timeout-ms")]
    pub election_timeout_us: (u64, u64),
    /// A leader sends heartbeats this often, in µs.
    #[param("heartbeat-ms")]
    pub heartbeat_us: u64,
    /// A candidate first asks whether it could win (diss. §9.6).
    #[param]
    pub pre_vote: bool,
    /// A leader that hears no majority for an election timeout steps down (diss. §6.2). Brings the
    /// rule of [`Config::vote_guard`] with it.
    #[param]
    pub check_quorum: bool,
    /// Servers that hear a current leader ignore requests for votes, and the terms in them, so that
    /// a removed server, to which no leader speaks any more, disturbs nobody (diss. §4.2.3).
    pub vote_guard: bool,
    /// How a leader makes sure that it still leads before it answers a read.
    #[param("lease-reads")]
    pub reads: Reads,
    /// A server takes a snapshot once it has applied this many entries since the last; 0 for never.
    #[param]
    pub snapshot_every: u64,
    /// Each client writes or reads this often of its own accord, in µs; 0 for never.
    #[param("write-every-ms")]
    pub workload_us: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

/// How reads are made linearizable without a log entry (diss. §6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Param)]
pub enum Reads {
    /// The leader hears from a majority after it was asked.
    #[default]
    ReadIndex,
    /// The leader relies on nobody else being elected within an election timeout. Correct only as
    /// long as clocks drift less than [`LEASE_DRIFT_PERCENT`] allows.
    Lease,
}

/// A lease ends this much before an election timeout has passed on the leader's clock, in percent.
pub const LEASE_DRIFT_PERCENT: u64 = 10;

/// Classic mistakes, each of which some oracle catches, and versions that are only worse. All off
/// is the algorithm as published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub struct Bugs {
    /// The vote is kept in memory only: a server that restarts votes again in the same term.
    #[title("forgets its vote")]
    pub forgets_vote: bool,
    /// A server with an old log can win, and committed entries vanish.
    #[title("votes without comparing logs")]
    pub no_log_check: bool,
    /// All servers wait equally long, so they stand for election together, again and again.
    #[title("equal timeouts")]
    pub fixed_timeout: bool,
    /// The timeout is drawn at boot and kept: whoever drew alike splits the vote every time.
    #[title("timeout drawn once")]
    pub timeout_drawn_once: bool,
    /// After a partition each side counts only itself, and each elects a leader.
    #[title("majority of those it reaches")]
    pub majority_of_reachable: bool,
    /// A candidate that nobody contradicts for a while leads without a vote.
    #[title("wins by waiting")]
    pub wins_by_waiting: bool,
    /// The vote is kept into new terms: after the first leader crashes nobody can win.
    #[title("votes once for ever")]
    pub votes_once_ever: bool,
    /// Votes of an older term elect in a newer one.
    #[title("counts late votes")]
    pub counts_late_votes: bool,
    /// A leader commits whatever a majority holds. An entry on a majority can still vanish (Figure 8).
    #[title("commits entries of old terms")]
    pub commits_old_terms: bool,
    /// A follower does not look at the entry before what it is sent.
    #[title("appends without comparing")]
    pub no_consistency_check: bool,
    /// A follower says yes first and writes afterwards: a crash in between takes back its word.
    #[title("acknowledges before it is on disk")]
    pub acks_before_fsync: bool,
    /// A follower commits up to the leader's index, also entries that the leader may not have.
    #[title("commits what it has not compared")]
    pub commits_beyond_verified: bool,
    /// A follower drops everything behind the point of comparison: a late message takes entries back.
    #[title("truncates always")]
    pub truncates_always: bool,
    /// A leader answers reads at once. Once it is cut off, they are stale.
    #[title("reads without asking")]
    pub stale_leader_reads: bool,
    /// A second change starts before the first has committed: two majorities need not meet.
    #[title("overlapping membership changes")]
    pub overlapping_changes: bool,
    /// A new leader changes the members before it has committed anything in its term.
    #[title("changes members too early")]
    pub change_before_own_term: bool,
}

/// The end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogEnd {
    /// The last entry's term. It comes first, because it decides first (§5.4.1).
    pub term: Term,
    /// The last entry's index.
    pub index: u64,
}

/// What nodes send to each other (Figures 2 and 13, and the dissertation's additions).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Msg {
    /// A server asks whether it would get a vote; changes nothing at the receiver.
    PreVote {
        /// The term that the server would start.
        next_term: Term,
        /// The end of its log.
        last: LogEnd,
    },
    /// The answer to a [`Msg::PreVote`].
    PreVoteReply {
        /// The voter's term.
        term: Term,
        /// The term that was asked about.
        next_term: Term,
        /// Whether it would get the vote.
        granted: bool,
    },
    /// A candidate asks for a vote.
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// The end of its log.
        last: LogEnd,
        /// The election was ordered, so hearing a leader is no objection (diss. §4.2.3): by the
        /// leader itself, which hands over, or by whoever told the candidate to time out.
        ordered: bool,
    },
    /// The answer to a candidate.
    RequestVoteReply {
        /// The voter's term, for the candidate to update itself.
        term: Term,
        /// Whether the candidate got the vote.
        granted: bool,
    },
    /// A leader's entries; without any it is a heartbeat.
    AppendEntries {
        /// The leader's term.
        term: Term,
        /// The entry before the first one sent: its index.
        prev_index: u64,
        /// The entry before the first one sent: its term.
        prev_term: Term,
        /// The entries.
        entries: Vec<Entry>,
        /// Up to where the leader has committed.
        commit: u64,
        /// Counts the leader's rounds of heartbeats, to date what followers confirm.
        round: u64,
    },
    /// The answer to entries.
    AppendEntriesReply {
        /// The receiver's term, for the leader to update itself.
        term: Term,
        /// The leader's round that is answered.
        round: u64,
        /// What came of it.
        outcome: AppendOutcome,
    },
    /// A leader's snapshot, for a follower that needs entries which are gone (§7).
    InstallSnapshot {
        /// The leader's term.
        term: Term,
        /// The snapshot, in one piece.
        snapshot: Snapshot,
        /// As in [`Msg::AppendEntries`].
        round: u64,
    },
    /// A leader asks its successor to start an election at once (diss. §3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// A client asks for an operation.
    ClientRequest {
        /// The session and the operation's number in it.
        origin: Origin,
        /// The operation.
        op: KvOp,
    },
    /// The answer to a client.
    ClientReply {
        /// The session and the operation's number in it.
        origin: Origin,
        /// The answer.
        ret: KvRet,
    },
    /// This server does not lead.
    NotLeader {
        /// The session and the operation's number in it.
        origin: Origin,
        /// Who does, if it knows.
        hint: Option<NodeId>,
    },
}

/// What came of entries that a leader sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppendOutcome {
    /// The follower's log agrees with the leader's up to this index.
    Matched(u64),
    /// The entry before them was not there.
    Rejected {
        /// The index that was compared.
        prev_index: u64,
        /// Where to look next.
        conflict: Conflict,
    },
    /// The leader's term is over.
    OldTerm,
}

impl Msg {
    /// The term that the sender is in; none where the message speaks of no term of its sender.
    #[must_use]
    pub const fn term(&self) -> Option<Term> {
        match self {
            // The sender of a pre-vote has not entered the term that it asks about.
            Self::PreVote { .. } | Self::ClientRequest { .. } | Self::ClientReply { .. } | Self::NotLeader { .. } => {
                None
            }
            Self::PreVoteReply { term, .. }
            | Self::RequestVote { term, .. }
            | Self::RequestVoteReply { term, .. }
            | Self::AppendEntries { term, .. }
            | Self::AppendEntriesReply { term, .. }
            | Self::InstallSnapshot { term, .. }
            | Self::TimeoutNow { term } => Some(*term),
        }
    }
}

/// The timers of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    /// No leader was heard, or an election came to nothing; for a leader that checks its quorum,
    /// the time of the check.
    Election,
    /// Time for a leader's next heartbeat.
    Heartbeat,
    /// A candidate that wins by waiting has waited enough.
    Patience,
    /// A client has waited long enough for an answer.
    Retry,
    /// Time for a client's next operation of its own accord.
    Workload,
}

/// What can be asked of a node from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Op {
    /// An operation on the map. A client retries it within its session; a server, asked directly,
    /// does it once or says that it does not lead.
    #[inner]
    Kv(KvOp),
    /// The election timer runs out now. Whoever orders this wants an election, so servers that hear
    /// a leader take part, except where leases rest on their not doing so.
    TimeOut,
    /// The leader hands its leadership over.
    Transfer(NodeId),
    /// A server becomes a member.
    AddServer(NodeId),
    /// A server stops being a member.
    RemoveServer(NodeId),
}

/// The answer to an [`Op`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// It was done, with this answer.
    Kv(KvRet),
    /// What was asked for is under way.
    Started,
    /// The membership change has committed.
    Changed,
    /// It is not done, and will not be.
    Refused(Why),
    /// The leader lost its place before it knew; it may or may not be done.
    Unknown,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// A leader does not time out.
    AlreadyLeader,
    /// Only a leader can do this.
    NotLeader,
    /// It hears a leader, and leases rely on its not voting for anybody else, itself included.
    HearsLeader,
    /// It is no member, so it does not stand for election.
    NotAMember,
    /// A leadership transfer is under way.
    Transferring,
    /// A membership change is under way.
    ChangeUnderWay,
    /// The leader has not yet committed an entry of its term (diss. §4.1, the erratum of 2015).
    NothingCommittedYet,
    /// The server is a member already, or is none.
    NoChange,
    /// The cluster would shrink below two servers.
    TooFew,
    /// A client does not do this; ask a server.
    NotAServer,
    /// Too much is under way.
    Busy,
}

/// What must survive a crash besides the log (Figure 2, "persistent state").
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Cell {
    /// Term and vote.
    HardState {
        /// The latest term the server has seen.
        term: Term,
        /// The candidate that got its vote in that term.
        voted_for: Option<NodeId>,
    },
    /// The newest snapshot.
    Snapshot(Snapshot),
}

/// Why a vote was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The candidate's term is over.
    OldTerm,
    /// The vote of this term belongs to another candidate.
    VotedFor(NodeId),
    /// The voter's log is more up to date than the candidate's (§5.4.1): it ends with a later term, or
    /// with the same and is longer.
    LogBehind {
        /// How the voter's log ends.
        own: LogEnd,
        /// How the candidate's does.
        candidate: LogEnd,
    },
    /// The voter hears a leader.
    HearsLeader,
}

/// Why a server stops leading or standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepDown {
    /// It has learned of a newer term.
    NewerTerm,
    /// Its own term has a leader.
    LeaderOfTerm,
    /// It hears from no majority.
    QuorumLost,
    /// It is no member any more.
    Removed,
}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    /// It asks whether it could win an election.
    BecamePreCandidate {
        /// The term that it would start.
        next_term: Term,
    },
    /// It starts an election.
    BecameCandidate {
        /// The new term.
        term: Term,
    },
    /// It leads.
    BecameLeader {
        /// Its term.
        term: Term,
        /// How many votes it has.
        votes: u32,
    },
    /// It stops leading or standing.
    SteppedDown {
        /// Its term from now on.
        term: Term,
        /// Whether it was a leader.
        led: bool,
        /// Why.
        why: StepDown,
    },
    /// It gives its vote away. Its own vote goes without saying.
    GrantedVote {
        /// The term.
        term: Term,
        /// Who gets it.
        candidate: NodeId,
        /// It was only asked whether it would.
        pre: bool,
    },
    /// It keeps its vote.
    RefusedVote {
        /// Its term.
        term: Term,
        /// Who asked.
        candidate: NodeId,
        /// Why not.
        why: Refusal,
        /// It was only asked whether it would.
        pre: bool,
    },
    /// It hears a leader of its term for the first time.
    FollowsLeader {
        /// The term.
        term: Term,
        /// The leader.
        leader: NodeId,
    },
    /// A leader puts an entry into its log.
    Proposed {
        /// Its index.
        index: u64,
    },
    /// A follower has new entries.
    Appended {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// A follower drops entries that its leader does not have.
    Truncated {
        /// The first that goes.
        from: u64,
        /// The last that goes.
        to: u64,
    },
    /// The entry before was not there, or of another term.
    RejectedEntries {
        /// Where to look next.
        conflict: Conflict,
    },
    /// An entry is committed and applied to the map.
    Applied {
        /// The entry.
        entry: Entry,
    },
    /// Everything up to an index went into a snapshot.
    TookSnapshot {
        /// That index.
        index: u64,
    },
    /// A leader's snapshot replaced what was there.
    InstalledSnapshot {
        /// Its last index.
        index: u64,
    },
    /// Other members are in force.
    MembersChanged {
        /// All of them.
        members: Set<NodeId>,
    },
    /// A leader hands over.
    Transferring {
        /// To whom.
        to: NodeId,
    },
    /// An operation was asked for.
    Invoked {
        /// Which.
        origin: Origin,
        /// What it does.
        op: KvOp,
    },
    /// An operation was answered.
    Answered {
        /// Which.
        origin: Origin,
        /// The answer.
        ret: KvRet,
    },
    /// A client asks again.
    Retried {
        /// Which operation.
        origin: Origin,
        /// Whom.
        server: NodeId,
    },
}

/// Purposes of a node's random draws.
mod draw {
    pub const ELECTION_TIMEOUT: u32 = 0;
    pub const SESSION: u32 = 1;
    pub const WORKLOAD: u32 = 2;
    pub const SERVER: u32 = 3;
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Variants)]
pub enum Raft {
    /// A server.
    Server(Box<Server>),
    /// A client.
    Client(Client),
}

impl Raft {
    /// Whether it leads.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.server().is_some_and(Server::leads)
    }
}

impl Config {
    /// Whether a node is a client.
    #[must_use]
    pub const fn is_client(&self, node: NodeId) -> bool {
        node.0 >= self.servers && node.0 < self.servers + self.clients
    }

    /// The servers that the cluster starts with.
    pub fn first_servers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.servers).map(NodeId)
    }
}

impl Protocol for Raft {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = Entry;
    type Note = Note;

    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        if fx.config().is_client(fx.me()) {
            Self::Client(Actor::boot(disk, fx))
        } else {
            Self::Server(Actor::boot(disk, fx))
        }
    }

    sim::actors!(Server, Client);
}
