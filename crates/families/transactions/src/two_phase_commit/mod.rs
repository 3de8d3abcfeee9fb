//! Two-phase commit: a coordinator asks all participants of a transaction whether they can commit, and tells them what
//! follows from their votes.
//!
//! Gray, "Notes on Data Base Operating Systems", 1978; Bernstein, Hadzilacos and Goodman, "Concurrency Control and
//! Recovery in Database Systems", 1987, ch. 7 (BHG below), whose rules AC1–AC5 the oracles go by; Skeen, "Nonblocking
//! Commit Protocols", 1981, for why somebody can always be blocked.
//!
//! n1 coordinates, n2 and so on keep an account each. A transaction takes money from one account and puts it into one or
//! more others. A participant that votes yes has a prepared record on its disk and holds the lock of its account until it
//! hears the outcome; one whose account is locked or short of money votes no. Nothing is presumed: the coordinator has a
//! record on disk before it asks, and one of the outcome before it tells, and keeps both until everybody has acknowledged.
//! Who is in doubt for too long asks the coordinator and the other participants (cooperative termination, BHG 7.4).
//!
//! What it survives: crashes with any loss of unsynced writes, pauses, cuts, partitions, loss, duplicates, any delay, slow
//! and full disks, clocks that drift: nobody ever goes by time alone once he has voted yes.
//!
//! Left out: clients of the coordinator, waiting for locks (a vote of no takes their place), a tree of coordinators,
//! read-only participants, and presumed abort or commit.

mod coordinator;
mod lab;
mod oracle;
mod panes;
mod participant;
#[cfg(test)]
mod tests;
mod words;

use sim::{Actor, Disk, Flags, Fx, Map, Named, NodeId, Operation, Params, Protocol, Shared, Variants};

pub(crate) use coordinator::Coordinator;
pub use lab::ENTRY;
pub(crate) use oracle::CommitOracle;
pub(crate) use participant::Participant;

/// The coordinator.
pub(crate) const COORDINATOR: NodeId = NodeId(0);

/// What is in each account at first.
pub(crate) const BALANCE: i64 = 100;

/// A transaction, by its number.
pub(crate) type Tx = u64;

/// Whose accounts a transaction changes, and by how much.
pub(crate) type Parts = Map<NodeId, i64>;

/// What all nodes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub(crate) struct Config {
    /// How many accounts there are.
    #[param]
    pub participants: u32,
    /// How long anybody waits before he does something about it, in µs.
    #[param("timeout-ms")]
    pub timeout_us: u64,
    /// About how often the coordinator begins a transaction of its own accord, in µs; 0 for never.
    #[param("transfer-every-ms")]
    pub workload_us: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

impl Config {
    /// All nodes.
    pub fn nodes(&self) -> Vec<NodeId> {
        (0..=self.participants).map(NodeId).collect()
    }
}

/// Known mistakes. All off is what the book says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub(crate) struct Bugs {
    /// The coordinator tells the outcome without having it on disk. Back from a crash it aborts what it had committed.
    #[title("keeps the outcome in memory")]
    pub forgets_decision: bool,
    /// A participant that has voted yes and hears nothing aborts. The others may have committed.
    #[title("aborts when nobody answers")]
    pub times_out_to_abort: bool,
    /// A participant releases its lock once it has voted, and the next transaction relies on what may yet change.
    #[title("unlocks with its vote")]
    pub unlocks_early: bool,
    /// After a crash the coordinator knows nothing and counts from T1 again; old votes count for new transactions.
    #[named("coordinator-restarts-anew")]
    #[title("a coordinator without a disk")]
    pub restarts_anew: bool,
}

/// What nodes send to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Shared)]
#[shared(tx: Tx)]
pub(crate) enum Msg {
    /// The coordinator wants a vote.
    Prepare { tx: Tx, parts: Parts },
    /// A participant votes; a no is its decision as well.
    #[named(if *yes { "vote-yes" } else { "vote-no" })]
    Vote { tx: Tx, yes: bool },
    /// Somebody who knows the outcome tells it.
    #[named(if *commit { "commit" } else { "abort" })]
    Outcome { tx: Tx, commit: bool },
    /// A participant has the outcome on its disk.
    Ack { tx: Tx, commit: bool },
    /// A participant in doubt asks for the outcome.
    Ask { tx: Tx },
    /// A participant that was asked is in doubt as well.
    InDoubtToo { tx: Tx },
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub(crate) enum Timer {
    /// Votes, acknowledgements or an outcome.
    Patience(Tx),
    /// The next transaction.
    Workload,
}

/// A transfer: so much from one account to each of the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub(crate) struct Transfer {
    /// Who gives.
    pub from: NodeId,
    /// Who gets.
    pub to: Vec<NodeId>,
    /// How much each of them gets.
    pub amount: i64,
}

/// The answer to a [`Transfer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ret {
    /// It has been decided.
    Decided { tx: Tx, commit: bool },
    /// Only the coordinator begins transactions.
    NotTheCoordinator,
    /// The accounts of a transfer differ, and are there.
    NoSuchAccounts,
    /// Too many transactions are open.
    Busy,
}

/// What is on a node's disk, each time as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub(crate) enum Cell {
    /// The coordinator's transactions.
    Transactions(coordinator::Records),
    /// A participant's account.
    Account(participant::Account),
}

/// Why somebody decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Why {
    /// Everybody has voted yes.
    AllYes,
    /// This one has voted no.
    No(NodeId),
    /// These have not voted in time.
    Silent(Vec<NodeId>),
    /// The coordinator comes back, and has no outcome on its disk.
    Restarted,
    /// This one has told it.
    Told(NodeId),
    /// The account is locked by this transaction.
    Locked(Tx),
    /// There is only so much in the account.
    Short(i64),
    /// It had not voted when this one asked.
    NotVoted(NodeId),
    /// A mistake: it has waited for long enough.
    Impatience,
}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub(crate) enum Note {
    /// The coordinator asks for votes.
    Began { tx: Tx, parts: Parts },
    /// The coordinator counts a yes.
    Counted { tx: Tx, missing: Vec<NodeId> },
    /// A node decides.
    #[named(if *commit { "committed" } else { "aborted" })]
    Decided { tx: Tx, commit: bool, why: Why },
    /// Everybody has acknowledged, and the coordinator forgets.
    Ended { tx: Tx },
    /// A participant votes yes and locks its account.
    Prepared { tx: Tx },
    /// A participant boots, and its disk says that it has voted yes.
    InDoubt { tx: Tx },
    /// A participant asks everybody for the outcome.
    Asked { tx: Tx },
    /// All other participants have said that they are in doubt too, and the coordinator has said nothing.
    Blocked { tx: Tx },
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Variants)]
pub(crate) enum Node {
    /// n1.
    Coordinator(Coordinator),
    /// Any other.
    Participant(Participant),
}

impl Protocol for Node {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Transfer;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = ();
    type Note = Note;

    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        if fx.me() == COORDINATOR {
            Self::Coordinator(Actor::boot(disk, fx))
        } else {
            Self::Participant(Actor::boot(disk, fx))
        }
    }

    sim::actors!(Coordinator, Participant);
}
