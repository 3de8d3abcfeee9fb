//! Raft: leader election.
//!
//! Paper: Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm
//! (Extended Version)", 2014. Section numbers below are that paper's.
//!
//! Implemented: terms, votes, election timeouts, heartbeats, and the persistence they need (§5.1,
//! §5.2). Left out until the log exists: log replication and with it the election restriction
//! (§5.4.1), membership changes (§6), log compaction (§7), client interaction (§8); pre-vote,
//! check-quorum and leadership transfer of Ongaro's dissertation.

mod oracles;
#[cfg(test)]
mod paper;

use std::collections::BTreeSet;

use sim::{Disk, Fx, Named, NodeId, Protocol, RequestId};

pub use oracles::{ELECTION_SAFETY, EVENTUALLY_A_LEADER, ONE_VOTE_PER_TERM, RaftOracle, SPLIT_VOTE};

/// A term: logical time of the cluster, at most one leader each (§5.1).
pub type Term = u64;

/// What all servers know from the start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// A server that hears from no leader for this long starts an election; redrawn from the
    /// inclusive range at every reset (§5.2), in µs.
    pub election_timeout_us: (u64, u64),
    /// A leader sends heartbeats this often, in µs.
    pub heartbeat_us: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

/// Classic mistakes, each of which some oracle catches. All off is the algorithm as published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bugs {
    /// The vote is kept in memory only: after a restart the server votes again in the same term.
    pub forgets_vote: bool,
}

/// What a server is in its current term (Figure 4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers candidates and leaders.
    Follower {
        /// Whose heartbeats it hears in this term, if any.
        leader: Option<NodeId>,
    },
    /// Collects votes.
    Candidate {
        /// Who voted for it, itself included.
        votes: BTreeSet<NodeId>,
    },
    /// Sends heartbeats.
    Leader,
}

/// What servers send to each other (Figure 2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Msg {
    /// A candidate asks for a vote.
    RequestVote {
        /// The candidate's term.
        term: Term,
    },
    /// The answer to a candidate.
    RequestVoteReply {
        /// The voter's term, for the candidate to update itself.
        term: Term,
        /// Whether the candidate got the vote.
        granted: bool,
    },
    /// A leader's heartbeat.
    AppendEntries {
        /// The leader's term.
        term: Term,
    },
    /// The answer to a heartbeat.
    AppendEntriesReply {
        /// The receiver's term, for the leader to update itself.
        term: Term,
    },
}

impl Msg {
    /// The term every message carries.
    #[must_use]
    pub const fn term(&self) -> Term {
        match self {
            Self::RequestVote { term }
            | Self::RequestVoteReply { term, .. }
            | Self::AppendEntries { term }
            | Self::AppendEntriesReply { term } => *term,
        }
    }
}

impl Named for Msg {
    fn name(&self) -> &'static str {
        match self {
            Self::RequestVote { .. } => "request-vote",
            Self::RequestVoteReply { .. } => "request-vote-reply",
            Self::AppendEntries { .. } => "append-entries",
            Self::AppendEntriesReply { .. } => "append-entries-reply",
        }
    }
}

/// The timers of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard, or an election came to nothing.
    Election,
    /// Time for a leader's next heartbeat.
    Heartbeat,
}

impl Named for Timer {
    fn name(&self) -> &'static str {
        match self {
            Self::Election => "election",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// What can be asked of a server from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The election timer runs out now.
    TimeOut,
}

impl Named for Op {
    fn name(&self) -> &'static str {
        match self {
            Self::TimeOut => "time-out",
        }
    }
}

/// The answer to an [`Op`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// An election has been started.
    Started,
    /// A leader does not time out.
    AlreadyLeader,
}

/// What must survive a crash (Figure 2, "persistent state").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HardState {
    /// The latest term the server has seen.
    pub term: Term,
    /// The candidate that got its vote in that term.
    pub voted_for: Option<NodeId>,
}

/// The name of the cell that holds the [`HardState`].
const HARD_STATE: &str = "hard-state";

impl Named for HardState {
    fn name(&self) -> &'static str {
        HARD_STATE
    }
}

/// Why a vote was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The candidate's term is over.
    OldTerm,
    /// The vote of this term belongs to another candidate.
    VotedFor(NodeId),
}

/// What a server says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// It starts an election.
    BecameCandidate {
        /// The new term.
        term: Term,
    },
    /// It has a majority of the votes.
    BecameLeader {
        /// Its term.
        term: Term,
        /// How many votes it has.
        votes: u32,
    },
    /// It has seen a newer term, or a leader of its own term, and gives up being more.
    SteppedDown {
        /// Its term from now on.
        term: Term,
        /// Whether it was the leader of an older term.
        led: bool,
    },
    /// It gives its vote away. Its own vote goes without saying.
    GrantedVote {
        /// The term.
        term: Term,
        /// Who gets it.
        candidate: NodeId,
    },
    /// It keeps its vote.
    RefusedVote {
        /// Its term.
        term: Term,
        /// Who asked.
        candidate: NodeId,
        /// Why not.
        why: Refusal,
    },
    /// It hears a leader of its term for the first time.
    FollowsLeader {
        /// The term.
        term: Term,
        /// The leader.
        leader: NodeId,
    },
}

impl Named for Note {
    fn name(&self) -> &'static str {
        match self {
            Self::BecameCandidate { .. } => "became-candidate",
            Self::BecameLeader { .. } => "became-leader",
            Self::SteppedDown { .. } => "stepped-down",
            Self::GrantedVote { .. } => "granted-vote",
            Self::RefusedVote { .. } => "refused-vote",
            Self::FollowsLeader { .. } => "follows-leader",
        }
    }
}

/// Purposes of a server's random draws.
const DRAW_ELECTION_TIMEOUT: u32 = 0;

/// How many servers are a majority of `servers`.
#[must_use]
pub const fn majority(servers: u32) -> u32 {
    servers / 2 + 1
}

/// A Raft server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft {
    /// The latest term it has seen.
    pub term: Term,
    /// Who got its vote in this term.
    pub voted_for: Option<NodeId>,
    /// What it is.
    pub role: Role,
}

impl Protocol for Raft {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = HardState;
    // The log comes with log replication.
    type Entry = ();
    type Note = Note;

    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        let HardState { term, voted_for } =
            disk.cell(HARD_STATE).cloned().unwrap_or(HardState { term: 0, voted_for: None });
        let mut raft = Self { term, voted_for, role: Role::Follower { leader: None } };
        raft.reset_election_timer(fx);
        raft
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        // "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert
        // to follower" (Figure 2, all servers).
        if msg.term() > self.term {
            self.step_down(msg.term(), fx);
        }
        match msg {
            Msg::RequestVote { term } => self.on_request_vote(from, term, fx),
            Msg::RequestVoteReply { term, granted } => self.on_vote(from, term, granted, fx),
            Msg::AppendEntries { term } => self.on_append_entries(from, term, fx),
            // A newer term in the answer has been dealt with above.
            Msg::AppendEntriesReply { .. } => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Self>) {
        match timer {
            Timer::Election => self.start_election(fx),
            Timer::Heartbeat => self.send_heartbeats(fx),
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Self>) {
        match op {
            Op::TimeOut if self.role == Role::Leader => fx.reply(id, Ret::AlreadyLeader),
            Op::TimeOut => {
                self.start_election(fx);
                fx.reply(id, Ret::Started);
            }
        }
    }
}

impl Raft {
    /// Whether it leads its term.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.role == Role::Leader
    }

    fn save(&self, fx: &mut Fx<'_, Self>) {
        let voted_for = if fx.config().bugs.forgets_vote { None } else { self.voted_for };
        fx.save(HardState { term: self.term, voted_for });
    }

    fn reset_election_timer(&mut self, fx: &mut Fx<'_, Self>) {
        let (low, high) = fx.config().election_timeout_us;
        let timeout_us = fx.draw(DRAW_ELECTION_TIMEOUT, low, high);
        fx.set_timer(Timer::Election, timeout_us);
    }

    fn step_down(&mut self, term: Term, fx: &mut Fx<'_, Self>) {
        debug_assert!(term >= self.term, "a term never goes back");
        let led = self.leads();
        let followed = matches!(self.role, Role::Follower { .. });
        self.role = Role::Follower { leader: None };
        if !followed {
            fx.note(Note::SteppedDown { term, led });
        }
        if led {
            fx.cancel_timer(Timer::Heartbeat);
            self.reset_election_timer(fx);
        }
        if term > self.term {
            self.term = term;
            self.voted_for = None;
            self.save(fx);
        }
    }

    /// "Increment currentTerm, vote for self, reset election timer, send RequestVote RPCs to all
    /// other servers" (Figure 2, candidates).
    fn start_election(&mut self, fx: &mut Fx<'_, Self>) {
        self.term += 1;
        self.voted_for = Some(fx.me());
        self.role = Role::Candidate { votes: BTreeSet::from([fx.me()]) };
        self.save(fx);
        fx.note(Note::BecameCandidate { term: self.term });
        self.reset_election_timer(fx);
        for peer in fx.peers() {
            fx.send_durable(peer, Msg::RequestVote { term: self.term });
        }
        self.lead_with_a_majority(fx);
    }

    fn on_request_vote(&mut self, candidate: NodeId, term: Term, fx: &mut Fx<'_, Self>) {
        let refusal = match self.voted_for {
            _ if term < self.term => Some(Refusal::OldTerm),
            Some(other) if other != candidate => Some(Refusal::VotedFor(other)),
            _ => None,
        };
        match refusal {
            None => {
                self.voted_for = Some(candidate);
                self.save(fx);
                fx.note(Note::GrantedVote { term, candidate });
                self.reset_election_timer(fx);
            }
            Some(why) => fx.note(Note::RefusedVote { term: self.term, candidate, why }),
        }
        // The answer must not leave before the vote is on disk: a vote that can be forgotten can
        // be given twice.
        fx.send_durable(candidate, Msg::RequestVoteReply { term: self.term, granted: refusal.is_none() });
    }

    fn on_vote(&mut self, voter: NodeId, term: Term, granted: bool, fx: &mut Fx<'_, Self>) {
        if term < self.term || !granted {
            return;
        }
        if let Role::Candidate { votes } = &mut self.role {
            votes.insert(voter);
            self.lead_with_a_majority(fx);
        }
    }

    fn lead_with_a_majority(&mut self, fx: &mut Fx<'_, Self>) {
        let Role::Candidate { votes } = &self.role else { return };
        let votes = votes.len() as u32;
        if votes < majority(fx.nodes()) {
            return;
        }
        self.role = Role::Leader;
        fx.note(Note::BecameLeader { term: self.term, votes });
        fx.cancel_timer(Timer::Election);
        self.send_heartbeats(fx);
    }

    fn send_heartbeats(&mut self, fx: &mut Fx<'_, Self>) {
        for peer in fx.peers() {
            fx.send(peer, Msg::AppendEntries { term: self.term });
        }
        fx.set_timer(Timer::Heartbeat, fx.config().heartbeat_us);
    }

    fn on_append_entries(&mut self, leader: NodeId, term: Term, fx: &mut Fx<'_, Self>) {
        if term == self.term && !self.leads() {
            // "If AppendEntries RPC received from new leader: convert to follower" (candidates).
            if matches!(self.role, Role::Candidate { .. }) {
                self.step_down(term, fx);
            }
            if self.role != (Role::Follower { leader: Some(leader) }) {
                self.role = Role::Follower { leader: Some(leader) };
                fx.note(Note::FollowsLeader { term, leader });
            }
            self.reset_election_timer(fx);
        }
        fx.send_durable(leader, Msg::AppendEntriesReply { term: self.term });
    }
}
