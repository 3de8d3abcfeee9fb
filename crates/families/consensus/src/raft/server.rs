//! A server: the rules of Figures 2 and 13, and of the dissertation's additions.

use std::collections::VecDeque;

use sim::{Actor, Disk, Fx, Map, NodeId, RequestId, Set};

use super::log::{Entry, Log, Payload, Snapshot};
use super::quorum::{majority, overlap, reached_by};
use super::{
    AppendOutcome, Cell, Kv, KvOp, KvRet, LEASE_DRIFT_PERCENT, LogEnd, Msg, Note, Op, Origin, Raft, Reads, Refusal,
    Ret, StepDown, Term, Timer, Why, draw,
};

/// Most entries in one message.
const ENTRIES_PER_MESSAGE_MAX: usize = 16;

/// Most entries that a leader keeps uncommitted; beyond it new ones are refused.
const UNCOMMITTED_MAX: u64 = 256;

/// Most reads that wait at a leader.
const READS_MAX: usize = 256;

/// What a server is in its current term (Figure 4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers candidates and leaders.
    Follower {
        /// Whom it hears lead this term, if anybody.
        leader: Option<NodeId>,
    },
    /// Asks whether it could win.
    PreCandidate {
        /// Who would vote for it, itself included.
        votes: Set<NodeId>,
    },
    /// Collects votes.
    Candidate {
        /// Who voted for it, itself included.
        votes: Set<NodeId>,
    },
    /// Leads.
    Leader(Leader),
}

/// What only a leader keeps (Figure 2, "volatile state on leaders", and what reads and transfers need).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leader {
    /// How far each other member is.
    pub progress: Map<NodeId, Progress>,
    /// Counts rounds of heartbeats.
    pub round: u64,
    /// When the newest rounds were sent, by the leader's monotonic clock.
    sent_us: VecDeque<(u64, u64)>,
    /// Until when nobody else can have been elected, by the leader's monotonic clock.
    lease_until_us: u64,
    /// Whether it ever told somebody to start an election, after which there are no leases.
    handed_over: bool,
    /// Reads that wait for a round to be confirmed, oldest first.
    reads: VecDeque<PendingRead>,
    /// Reads that wait for the first commit of this term.
    early_reads: Vec<(Origin, KvOp)>,
    /// Requests that were asked of this server directly, by the index of their entry.
    pending: Map<u64, RequestId>,
    /// To whom it is handing over.
    pub transfer: Option<NodeId>,
}

/// How far a member is, as its leader knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    /// The next entry to send.
    pub next: u64,
    /// Up to where its log is known to agree.
    pub matched: u64,
    /// The newest round that it has answered.
    pub round: u64,
    /// Whether it was heard since the last check of the quorum.
    recent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PendingRead {
    origin: Origin,
    op: KvOp,
    round: u64,
}

/// A Raft server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// The latest term it has seen.
    pub term: Term,
    /// Who got its vote in this term.
    pub voted_for: Option<NodeId>,
    /// What it is.
    pub role: Role,
    /// Its log.
    pub log: Log,
    /// Up to where the log is known to be committed.
    pub commit: u64,
    /// Up to where it is applied to the map.
    pub applied: u64,
    /// The map.
    pub kv: Kv,
    /// When it last heard a leader, by its monotonic clock.
    heard_leader_us: Option<u64>,
    /// When it last heard each other server; only the mistake `majority_of_reachable` looks at it.
    heard_us: Map<NodeId, u64>,
    /// The timeout it keeps; only `timeout_drawn_once` does.
    kept_timeout_us: Option<u64>,
}

impl Actor<Raft> for Server {
    fn boot(disk: &Disk<Raft>, fx: &mut Fx<'_, Raft>) -> Self {
        let (mut term, mut voted_for, mut snapshot) = (0, None, None);
        for cell in disk.cells() {
            match cell {
                Cell::HardState { term: saved_term, voted_for: saved_vote } => {
                    (term, voted_for) = (*saved_term, *saved_vote)
                }
                Cell::Snapshot(saved) => snapshot = Some(saved.clone()),
            }
        }
        let snapshot = snapshot.unwrap_or_else(|| {
            // The first servers know each other from the start; one that is added knows nobody.
            let config = fx.config();
            let members = if fx.me().0 < config.servers { config.first_servers().collect() } else { Set::new() };
            Snapshot { index: 0, term: 0, kv: Kv::default(), members }
        });
        let (log, cut) = Log::restore(snapshot, disk.first(), disk.entries());
        // A record that a crash left half written was never promised to anybody, and whatever is
        // appended behind it could not be read again.
        let torn = disk.torn_tail().then(|| disk.first() + disk.entries().len() as u64);
        if let Some(from) = cut.or(torn) {
            fx.truncate(from);
        }
        let now_us = fx.monotonic_us();
        let mut server = Self {
            term,
            voted_for,
            role: Role::Follower { leader: None },
            commit: log.snapshot().index,
            applied: log.snapshot().index,
            kv: log.snapshot().kv.clone(),
            log,
            // Before the crash it may have promised a leader not to vote for a while.
            heard_leader_us: Some(now_us),
            heard_us: Map::new(),
            kept_timeout_us: None,
        };
        if fx.config().bugs.majority_of_reachable {
            server.heard_us = fx.config().first_servers().map(|node| (node, now_us)).collect();
        }
        server.reset_election_timer(fx);
        server
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Raft>) {
        if fx.config().bugs.majority_of_reachable && !fx.config().is_client(from) {
            self.heard_us.insert(from, fx.monotonic_us());
        }
        // A server that hears a leader does not let itself be drawn into a new term (diss. §4.2.3).
        if let Msg::RequestVote { ordered: false, .. } = msg
            && self.keeps_to_leader(fx)
        {
            fx.note(Note::RefusedVote { term: self.term, candidate: from, why: Refusal::HearsLeader, pre: false });
            return;
        }
        // "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert
        // to follower" (Figure 2, all servers).
        if let Some(term) = msg.term()
            && term > self.term
        {
            self.step_down(term, StepDown::NewerTerm, fx);
        }
        match msg {
            Msg::PreVote { next_term, last } => self.on_pre_vote(from, next_term, last, fx),
            Msg::PreVoteReply { next_term, granted, .. } => self.on_pre_vote_reply(from, next_term, granted, fx),
            Msg::RequestVote { term, last, .. } => self.on_request_vote(from, term, last, fx),
            Msg::RequestVoteReply { term, granted } => self.on_vote(from, term, granted, fx),
            Msg::AppendEntries { term, prev_index, prev_term, entries, commit, round } => {
                if self.hears_leader_of(term, from, round, fx) {
                    let outcome = self.append(prev_index, prev_term, entries, commit, fx);
                    self.acknowledge(from, round, outcome, fx);
                }
            }
            Msg::InstallSnapshot { term, snapshot, round } => {
                if self.hears_leader_of(term, from, round, fx) {
                    let outcome = self.install(snapshot, fx);
                    self.acknowledge(from, round, outcome, fx);
                }
            }
            Msg::AppendEntriesReply { term, round, outcome } if term == self.term => {
                self.on_append_reply(from, round, outcome, fx);
            }
            // An answer from an older term of ours speaks of another leadership.
            Msg::AppendEntriesReply { .. } => {}
            Msg::TimeoutNow { term } if term == self.term && !self.leads() && !self.is_out(fx) => {
                self.start_election(true, fx);
            }
            Msg::TimeoutNow { .. } => {}
            Msg::ClientRequest { origin, op } => self.on_client_request(from, origin, op, fx),
            // What only clients handle.
            Msg::ClientReply { .. } | Msg::NotLeader { .. } => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Raft>) {
        match timer {
            Timer::Election if self.leads() => self.check_quorum(fx),
            // Whoever is no member waits for a leader that makes it one.
            Timer::Election if self.is_out(fx) => self.reset_election_timer(fx),
            Timer::Election => self.stand(false, fx),
            Timer::Heartbeat => self.heartbeat(fx),
            Timer::Patience => self.on_patience(fx),
            Timer::Retry | Timer::Workload => {}
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Raft>) {
        let refusal = match op {
            Op::TimeOut if self.leads() => Some(Why::AlreadyLeader),
            // It has promised that nobody gets its vote yet, so it may not vote for itself either.
            Op::TimeOut if fx.config().reads == Reads::Lease && self.hears_leader(fx) => Some(Why::HearsLeader),
            Op::TimeOut if self.is_out(fx) => Some(Why::NotAMember),
            Op::TimeOut => {
                // Leases rest on a promise that only the leader itself can release others from.
                let ordered = fx.config().reads != Reads::Lease;
                self.stand(ordered, fx);
                fx.reply(id, Ret::Started);
                None
            }
            Op::Kv(op) => self.on_direct_request(id, op, fx).err(),
            Op::Transfer(to) => self.start_transfer(to, fx).map(|()| fx.reply(id, Ret::Started)).err(),
            Op::AddServer(node) => self.change_members(id, node, true, fx).err(),
            Op::RemoveServer(node) => self.change_members(id, node, false, fx).err(),
        };
        if let Some(why) = refusal {
            fx.reply(id, Ret::Refused(why));
        }
    }
}

impl Server {
    /// Whether it leads its term.
    #[must_use]
    pub const fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// What it keeps as a leader, if it is one.
    #[must_use]
    pub const fn leader(&self) -> Option<&Leader> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            _ => None,
        }
    }

    /// Up to where each member in force has the log, as the leader `me` knows, which counts itself; nothing for others.
    #[must_use]
    pub fn matches(&self, me: NodeId) -> Vec<(NodeId, u64)> {
        let Some(leader) = self.leader() else { return Vec::new() };
        let own = (me, self.log.last_index());
        let others = leader.progress.iter().map(|(&node, progress)| (node, progress.matched));
        let mut matches = Vec::with_capacity(leader.progress.len() + 1);
        matches.extend(others.chain([own]).filter(|(node, _)| self.members().contains(node)));
        matches
    }

    /// The members in force, as far as this server knows.
    #[must_use]
    pub fn members(&self) -> &Set<NodeId> {
        self.log.members()
    }

    // ----- elections (§5.2, §5.4.1; diss. §4.2, §6.2, §9.6)

    fn save(&self, fx: &mut Fx<'_, Raft>) {
        let voted_for = if fx.config().bugs.forgets_vote { None } else { self.voted_for };
        fx.save(Cell::HardState { term: self.term, voted_for });
    }

    fn reset_election_timer(&mut self, fx: &mut Fx<'_, Raft>) {
        let (low, high) = fx.config().election_timeout_us;
        let bugs = &fx.config().bugs;
        let timeout_us = match self.kept_timeout_us {
            _ if bugs.fixed_timeout => low,
            Some(kept_us) => kept_us,
            None => fx.draw(draw::ELECTION_TIMEOUT, low, high),
        };
        if bugs.timeout_drawn_once {
            self.kept_timeout_us = Some(timeout_us);
        }
        fx.set_timer(Timer::Election, timeout_us);
    }

    /// Whether it hears a leader and has to stay with it, for the shortest election timeout. Where
    /// members change this keeps removed servers from disturbing the others (diss. §4.2.3); leases
    /// rest on it (diss. §6.4.1); and with check-quorum, a leader that a majority hears stays.
    fn keeps_to_leader(&self, fx: &Fx<'_, Raft>) -> bool {
        let config = fx.config();
        let guards = config.vote_guard || config.check_quorum || config.reads == Reads::Lease;
        guards && (self.leads() || self.hears_leader(fx))
    }

    /// Whether it is no member and knows that this has committed. As long as its removal may not have
    /// committed, it may be the only one that can win, and stands for election (diss. §4.2.2).
    fn is_out(&self, fx: &Fx<'_, Raft>) -> bool {
        !self.members().contains(&fx.me()) && self.log.members_index() <= self.commit
    }

    fn hears_leader(&self, fx: &Fx<'_, Raft>) -> bool {
        let timeout_us = fx.config().election_timeout_us.0;
        self.heard_leader_us.is_some_and(|heard_us| fx.monotonic_us() < heard_us + timeout_us)
    }

    fn end_of_log(&self) -> LogEnd {
        LogEnd { term: self.log.last_term(), index: self.log.last_index() }
    }

    /// How many servers a majority takes, out of the members in force.
    fn quorum(&self, fx: &Fx<'_, Raft>) -> u32 {
        let members = self.members();
        if !fx.config().bugs.majority_of_reachable {
            return majority(members.len() as u32);
        }
        let window_us = 2 * fx.config().election_timeout_us.1;
        let lately = |heard_us: u64| fx.monotonic_us() < heard_us + window_us;
        let reachable = members.iter().filter(|node| self.heard_us.get(node).copied().is_some_and(lately));
        majority(reachable.filter(|node| **node != fx.me()).count() as u32 + 1)
    }

    fn peers(&self, fx: &Fx<'_, Raft>) -> Vec<NodeId> {
        let me = fx.me();
        self.members().iter().copied().filter(|&node| node != me).collect()
    }

    /// What a server does when its election timer runs out. With pre-vote it asks first, also when
    /// somebody ordered it.
    fn stand(&mut self, ordered: bool, fx: &mut Fx<'_, Raft>) {
        if fx.config().pre_vote {
            self.start_pre_vote(fx);
        } else {
            self.start_election(ordered, fx);
        }
    }

    fn start_pre_vote(&mut self, fx: &mut Fx<'_, Raft>) {
        self.role = Role::PreCandidate { votes: Set::from([fx.me()]) };
        fx.note(Note::BecamePreCandidate { next_term: self.term + 1 });
        self.reset_election_timer(fx);
        let ask = Msg::PreVote { next_term: self.term + 1, last: self.end_of_log() };
        for peer in self.peers(fx) {
            fx.send(peer, ask.clone());
        }
        self.count_votes(fx);
    }

    /// "Increment currentTerm, vote for self, reset election timer, send RequestVote RPCs to all
    /// other servers" (Figure 2, candidates).
    fn start_election(&mut self, ordered: bool, fx: &mut Fx<'_, Raft>) {
        self.term += 1;
        if self.voted_for.is_none() || !fx.config().bugs.votes_once_ever {
            self.voted_for = Some(fx.me());
        }
        let votes = if self.voted_for == Some(fx.me()) { Set::from([fx.me()]) } else { Set::new() };
        self.role = Role::Candidate { votes };
        self.save(fx);
        fx.note(Note::BecameCandidate { term: self.term });
        self.reset_election_timer(fx);
        if fx.config().bugs.wins_by_waiting {
            fx.set_timer(Timer::Patience, fx.config().heartbeat_us / 2);
        }
        let ask = Msg::RequestVote { term: self.term, last: self.end_of_log(), ordered };
        for peer in self.peers(fx) {
            fx.send_durable(peer, ask.clone());
        }
        self.count_votes(fx);
    }

    fn on_pre_vote(&mut self, candidate: NodeId, next_term: Term, last: LogEnd, fx: &mut Fx<'_, Raft>) {
        let refusal = if next_term <= self.term {
            Some(Refusal::OldTerm)
        } else if self.leads() || self.hears_leader(fx) {
            Some(Refusal::HearsLeader)
        } else {
            self.behind(last, fx)
        };
        match refusal {
            None => fx.note(Note::GrantedVote { term: next_term, candidate, pre: true }),
            Some(why) => fx.note(Note::RefusedVote { term: self.term, candidate, why, pre: true }),
        }
        // It promises nothing, so nothing has to be on disk, except the term that it speaks of.
        fx.send_durable(candidate, Msg::PreVoteReply { term: self.term, next_term, granted: refusal.is_none() });
    }

    fn on_pre_vote_reply(&mut self, voter: NodeId, next_term: Term, granted: bool, fx: &mut Fx<'_, Raft>) {
        if let Role::PreCandidate { votes } = &mut self.role
            && granted
            && next_term == self.term + 1
        {
            votes.insert(voter);
            self.count_votes(fx);
        }
    }

    fn on_request_vote(&mut self, candidate: NodeId, term: Term, last: LogEnd, fx: &mut Fx<'_, Raft>) {
        let refusal = match self.voted_for {
            _ if term < self.term => Some(Refusal::OldTerm),
            Some(other) if other != candidate => Some(Refusal::VotedFor(other)),
            // Only where a vote is kept into new terms does a candidate not hold its own.
            _ if matches!(self.role, Role::Candidate { .. }) => Some(Refusal::VotedFor(fx.me())),
            _ => self.behind(last, fx),
        };
        match refusal {
            None => {
                self.voted_for = Some(candidate);
                self.save(fx);
                fx.note(Note::GrantedVote { term, candidate, pre: false });
                self.reset_election_timer(fx);
            }
            Some(why) => fx.note(Note::RefusedVote { term: self.term, candidate, why, pre: false }),
        }
        // The answer must not leave before the vote is on disk: a vote that can be forgotten can
        // be given twice.
        fx.send_durable(candidate, Msg::RequestVoteReply { term: self.term, granted: refusal.is_none() });
    }

    /// Whether this server's log is more up to date than a candidate's (§5.4.1).
    fn behind(&self, last: LogEnd, fx: &Fx<'_, Raft>) -> Option<Refusal> {
        let covered = fx.config().bugs.no_log_check || self.log.is_covered_by(last.index, last.term);
        (!covered).then(|| Refusal::LogBehind { own: self.end_of_log(), candidate: last })
    }

    fn on_vote(&mut self, voter: NodeId, term: Term, granted: bool, fx: &mut Fx<'_, Raft>) {
        let late = term < self.term && !fx.config().bugs.counts_late_votes;
        if late || !granted {
            return;
        }
        if let Role::Candidate { votes } = &mut self.role {
            votes.insert(voter);
            self.count_votes(fx);
        }
    }

    fn count_votes(&mut self, fx: &mut Fx<'_, Raft>) {
        let quorum = self.quorum(fx);
        let members = self.members();
        match &self.role {
            Role::PreCandidate { votes } if votes.intersection(members).count() as u32 >= quorum => {
                self.start_election(false, fx);
            }
            Role::Candidate { votes } => {
                let votes = votes.intersection(members).count() as u32;
                if votes >= quorum {
                    self.lead(votes, fx);
                }
            }
            _ => {}
        }
    }

    fn lead(&mut self, votes: u32, fx: &mut Fx<'_, Raft>) {
        let mut leader = Leader::default();
        for peer in self.peers(fx) {
            leader.progress.insert(peer, self.fresh_progress());
        }
        self.role = Role::Leader(leader);
        fx.note(Note::BecameLeader { term: self.term, votes });
        fx.cancel_timer(Timer::Patience);
        if fx.config().check_quorum {
            self.reset_election_timer(fx);
        } else {
            fx.cancel_timer(Timer::Election);
        }
        // An entry of its own term, so that what is left of older terms can commit (§5.4.2, §8).
        self.propose(Payload::Noop, fx);
        fx.set_timer(Timer::Heartbeat, fx.config().heartbeat_us);
        self.count_matches(fx);
    }

    fn fresh_progress(&self) -> Progress {
        Progress { next: self.log.last_index() + 1, matched: 0, round: 0, recent: true }
    }

    fn step_down(&mut self, term: Term, why: StepDown, fx: &mut Fx<'_, Raft>) {
        debug_assert!(term >= self.term, "a term never goes back");
        let before = std::mem::replace(&mut self.role, Role::Follower { leader: None });
        let led = matches!(before, Role::Leader(_));
        if !matches!(before, Role::Follower { .. }) {
            fx.note(Note::SteppedDown { term, led, why });
            fx.cancel_timer(Timer::Patience);
        }
        if let Role::Leader(leader) = before {
            fx.cancel_timer(Timer::Heartbeat);
            self.reset_election_timer(fx);
            // What was asked directly may yet commit under another leader, or never.
            for id in leader.pending.into_values() {
                fx.reply(id, Ret::Unknown);
            }
            let reads = leader.reads.into_iter().map(|read| read.origin);
            for origin in reads.chain(leader.early_reads.into_iter().map(|(origin, _)| origin)) {
                refuse_read(origin, fx);
            }
        }
        if term > self.term {
            self.term = term;
            if !fx.config().bugs.votes_once_ever {
                self.voted_for = None;
            }
            self.save(fx);
        }
    }

    /// A leader that has not heard from a majority since the last check steps down (diss. §6.2).
    fn check_quorum(&mut self, fx: &mut Fx<'_, Raft>) {
        let quorum = self.quorum(fx);
        let is_member = self.members().contains(&fx.me());
        let Role::Leader(leader) = &mut self.role else { return };
        let heard = leader
            .progress
            .values_mut()
            .filter_map(|progress| std::mem::take(&mut progress.recent).then_some(()))
            .count();
        if heard as u32 + u32::from(is_member) < quorum {
            self.step_down(self.term, StepDown::QuorumLost, fx);
        } else {
            self.reset_election_timer(fx);
        }
    }

    fn on_patience(&mut self, fx: &mut Fx<'_, Raft>) {
        match &mut self.role {
            // A transfer that takes longer than an election timeout has failed (diss. §3.10).
            Role::Leader(leader) => leader.transfer = None,
            Role::Candidate { votes } if fx.config().bugs.wins_by_waiting => {
                let votes = votes.len() as u32;
                self.lead(votes, fx);
            }
            _ => {}
        }
    }

    fn start_transfer(&mut self, to: NodeId, fx: &mut Fx<'_, Raft>) -> Result<(), Why> {
        let last = self.log.last_index();
        let Role::Leader(leader) = &mut self.role else { return Err(Why::NotLeader) };
        let progress = leader.progress.get(&to).ok_or(Why::NoChange)?;
        let ready = progress.matched == last;
        leader.transfer = Some(to);
        // From here on somebody else may be elected at any moment of this term, also when the
        // transfer is given up: the order to start an election may still be on its way.
        leader.handed_over = true;
        fx.set_timer(Timer::Patience, fx.config().election_timeout_us.1);
        fx.note(Note::Transferring { to });
        if ready {
            fx.send(to, Msg::TimeoutNow { term: self.term });
        } else {
            self.send_entries(to, fx);
        }
        Ok(())
    }

    // ----- replication: the leader's side (§5.3)

    /// Puts an entry into the leader's log and sends it on. Returns its index.
    fn propose(&mut self, payload: Payload, fx: &mut Fx<'_, Raft>) -> u64 {
        let index = self.log.last_index() + 1;
        let entry = Entry { index, term: self.term, payload };
        fx.append(entry.clone());
        self.log.push(entry);
        fx.note(Note::Proposed { index });
        self.follow_members(fx);
        self.next_round(fx);
        index
    }

    /// Sends everybody what they lack, or a heartbeat, under a new round.
    fn next_round(&mut self, fx: &mut Fx<'_, Raft>) {
        let now_us = fx.monotonic_us();
        let Role::Leader(leader) = &mut self.role else { return };
        leader.round += 1;
        leader.sent_us.push_back((leader.round, now_us));
        // Rounds that were sent more than a timeout ago can extend no lease.
        let oldest_us = now_us.saturating_sub(fx.config().election_timeout_us.0);
        while leader.sent_us.front().is_some_and(|&(_, sent_us)| sent_us < oldest_us) {
            leader.sent_us.pop_front();
        }
        let peers: Vec<NodeId> = leader.progress.keys().copied().collect();
        for peer in peers {
            self.send_entries(peer, fx);
        }
    }

    fn heartbeat(&mut self, fx: &mut Fx<'_, Raft>) {
        self.next_round(fx);
        fx.set_timer(Timer::Heartbeat, fx.config().heartbeat_us);
    }

    fn send_entries(&mut self, to: NodeId, fx: &mut Fx<'_, Raft>) {
        let (term, commit, last) = (self.term, self.commit, self.log.last_index());
        let Role::Leader(leader) = &mut self.role else { return };
        let round = leader.round;
        let Some(progress) = leader.progress.get_mut(&to) else { return };
        // "If the leader has discarded the next log entry that it needs to send" (§7).
        let Some(prev_term) = self.log.term_at(progress.next - 1) else {
            let snapshot = self.log.snapshot().clone();
            progress.next = snapshot.index + 1;
            fx.send_durable(to, Msg::InstallSnapshot { term, snapshot, round });
            return;
        };
        let prev_index = progress.next - 1;
        let entries =
            if progress.next > last { Vec::new() } else { self.log.slice(progress.next, ENTRIES_PER_MESSAGE_MAX) };
        // Optimistic: the next message continues this one; a rejection takes it back.
        progress.next += entries.len() as u64;
        // The leader counts itself for what it sends, so that has to be on its own disk first.
        fx.send_durable(to, Msg::AppendEntries { term, prev_index, prev_term, entries, commit, round });
    }

    fn on_append_reply(&mut self, from: NodeId, round: u64, outcome: AppendOutcome, fx: &mut Fx<'_, Raft>) {
        let last = self.log.last_index();
        let Role::Leader(leader) = &mut self.role else { return };
        let transfer = leader.transfer;
        let Some(progress) = leader.progress.get_mut(&from) else { return };
        progress.recent = true;
        progress.round = progress.round.max(round);
        match outcome {
            AppendOutcome::Matched(index) => {
                let news = index > progress.matched;
                progress.matched = progress.matched.max(index);
                progress.next = progress.next.max(progress.matched + 1);
                let (more, complete) = (progress.next <= last, progress.matched == last);
                if news && complete && transfer == Some(from) {
                    fx.send(from, Msg::TimeoutNow { term: self.term });
                }
                if more {
                    self.send_entries(from, fx);
                }
            }
            // A rejection of something older than what was sent since says nothing new.
            AppendOutcome::Rejected { prev_index, conflict }
                if prev_index < progress.next && prev_index > progress.matched =>
            {
                let matched = progress.matched;
                // "The leader can decrement nextIndex to bypass all of the conflicting entries in
                // that term" (§5.3): where it has the term too, it goes on after its own last entry of it.
                let after_term = conflict.term.and_then(|term| self.log.last_of_term(term)).map(|index| index + 1);
                let next = after_term
                    .filter(|&next| next <= prev_index)
                    .unwrap_or(conflict.index)
                    .min(prev_index)
                    .max(matched + 1);
                if let Role::Leader(leader) = &mut self.role
                    && let Some(progress) = leader.progress.get_mut(&from)
                {
                    progress.next = next;
                }
                self.send_entries(from, fx);
            }
            AppendOutcome::Rejected { .. } | AppendOutcome::OldTerm => {}
        }
        self.count_matches(fx);
        self.confirm_rounds(fx);
    }

    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N" (Figure 2, leaders).
    fn count_matches(&mut self, fx: &mut Fx<'_, Raft>) {
        let quorum = self.quorum(fx);
        if !self.leads() {
            return;
        }
        let index = reached_by(self.matches(fx.me()).into_iter().map(|(_, matched)| matched).collect(), quorum);
        let own_term = self.log.term_at(index) == Some(self.term);
        if index > self.commit && (own_term || fx.config().bugs.commits_old_terms) {
            self.commit = index;
            self.apply(fx);
            self.read_early(fx);
        }
    }

    // ----- replication: the follower's side (§5.3)

    /// Takes note of a leader; false when its term is over, which it is told.
    fn hears_leader_of(&mut self, term: Term, leader: NodeId, round: u64, fx: &mut Fx<'_, Raft>) -> bool {
        if term < self.term {
            self.acknowledge(leader, round, AppendOutcome::OldTerm, fx);
            return false;
        }
        if self.leads() {
            // Two leaders of one term: only a mistake leads here, and an oracle says so.
            return false;
        }
        // "If AppendEntries RPC received from new leader: convert to follower" (candidates).
        if !matches!(self.role, Role::Follower { .. }) {
            self.step_down(term, StepDown::LeaderOfTerm, fx);
        }
        if self.role != (Role::Follower { leader: Some(leader) }) {
            self.role = Role::Follower { leader: Some(leader) };
            fx.note(Note::FollowsLeader { term, leader });
        }
        self.heard_leader_us = Some(fx.monotonic_us());
        self.reset_election_timer(fx);
        true
    }

    fn acknowledge(&mut self, leader: NodeId, round: u64, outcome: AppendOutcome, fx: &mut Fx<'_, Raft>) {
        let reply = Msg::AppendEntriesReply { term: self.term, round, outcome };
        if fx.config().bugs.acks_before_fsync {
            fx.send(leader, reply);
        } else {
            fx.send_durable(leader, reply);
        }
    }

    fn append(
        &mut self,
        prev_index: u64,
        prev_term: Term,
        entries: Vec<Entry>,
        leader_commit: u64,
        fx: &mut Fx<'_, Raft>,
    ) -> AppendOutcome {
        let bugs = &fx.config().bugs;
        // What the snapshot covers is committed and agrees; the comparison starts behind it.
        let start = self.log.snapshot().index;
        let verified = prev_index + entries.len() as u64;
        if prev_index >= start {
            let conflict = self.log.conflict_at(prev_index, prev_term);
            let ignored = bugs.no_consistency_check && prev_index <= self.log.last_index();
            if let Some(conflict) = conflict.filter(|_| !ignored) {
                fx.note(Note::RejectedEntries { conflict });
                if bugs.commits_beyond_verified {
                    self.commit_up_to(leader_commit.min(self.log.last_index()), fx);
                }
                return AppendOutcome::Rejected { prev_index, conflict };
            }
        } else if verified < start {
            return AppendOutcome::Matched(start);
        }
        if bugs.truncates_always && prev_index >= start {
            self.truncate_from(prev_index + 1, fx);
        }
        let mut fresh: Option<(u64, u64)> = None;
        for entry in entries.into_iter().filter(|entry| entry.index > start) {
            // "If an existing entry conflicts with a new one, delete the existing entry and all
            // that follow it. Append any new entries not already in the log" (Figure 2).
            match self.log.term_at(entry.index) {
                Some(term) if term == entry.term => continue,
                Some(_) => self.truncate_from(entry.index, fx),
                None => {}
            }
            let index = entry.index;
            fx.append(entry.clone());
            self.log.push(entry);
            fresh = Some((fresh.map_or(index, |(from, _)| from), index));
        }
        if let Some((from, to)) = fresh {
            fx.note(Note::Appended { from, to });
            self.note_members(from, fx);
        }
        // "Set commitIndex = min(leaderCommit, index of last new entry)": what lies behind it has
        // not been compared.
        let limit = if bugs.commits_beyond_verified { self.log.last_index() } else { verified };
        self.commit_up_to(leader_commit.min(limit), fx);
        AppendOutcome::Matched(verified)
    }

    fn commit_up_to(&mut self, index: u64, fx: &mut Fx<'_, Raft>) {
        if index > self.commit {
            self.commit = index;
            self.apply(fx);
        }
    }

    fn truncate_from(&mut self, index: u64, fx: &mut Fx<'_, Raft>) {
        let to = self.log.last_index();
        if index > to {
            return;
        }
        let members = self.log.members().clone();
        let position = self.log.truncate(index);
        fx.truncate(position);
        fx.note(Note::Truncated { from: index, to });
        if *self.log.members() != members {
            fx.note(Note::MembersChanged { members: self.log.members().clone() });
        }
    }

    fn install(&mut self, snapshot: Snapshot, fx: &mut Fx<'_, Raft>) -> AppendOutcome {
        let index = snapshot.index;
        if index <= self.commit {
            // It has all of that already.
            return AppendOutcome::Matched(index.max(self.log.snapshot().index));
        }
        let members = self.members().clone();
        self.kv = snapshot.kv.clone();
        self.commit = index;
        self.applied = index;
        fx.save(Cell::Snapshot(snapshot.clone()));
        let position = self.log.compact(snapshot);
        fx.discard(position);
        fx.note(Note::InstalledSnapshot { index });
        if *self.members() != members {
            fx.note(Note::MembersChanged { members: self.members().clone() });
        }
        AppendOutcome::Matched(index)
    }

    // ----- the state machine (§5.3, §7, §8)

    fn apply(&mut self, fx: &mut Fx<'_, Raft>) {
        // A mistake may commit what this server does not have; it applies what it has.
        while self.applied < self.commit.min(self.log.last_index()) {
            let index = self.applied + 1;
            let Some(entry) = self.log.entry(index).cloned() else { break };
            self.applied = index;
            fx.note(Note::Applied { entry: entry.clone() });
            match entry.payload {
                Payload::Noop => {}
                Payload::Command { origin, op } => {
                    let ret = self.kv.apply(origin, &op);
                    self.answer_write(index, origin, ret, fx);
                }
                Payload::Members(_) => self.answer_change(index, fx),
            }
        }
        // "A leader that is removed from the configuration steps down once the C_new entry is
        // committed" (diss. §4.2.2).
        if self.leads() && self.is_out(fx) {
            self.step_down(self.term, StepDown::Removed, fx);
        }
        self.take_snapshot(fx);
    }

    fn answer_write(&mut self, index: u64, origin: Origin, ret: KvRet, fx: &mut Fx<'_, Raft>) {
        let Role::Leader(leader) = &mut self.role else { return };
        match origin {
            Origin::Session { client, .. } => fx.send(client, Msg::ClientReply { origin, ret }),
            Origin::Direct(_) => {
                if let Some(id) = leader.pending.remove(&index) {
                    fx.note(Note::Answered { origin, ret: ret.clone() });
                    fx.reply(id, Ret::Kv(ret));
                }
            }
        }
    }

    fn take_snapshot(&mut self, fx: &mut Fx<'_, Raft>) {
        let every = fx.config().snapshot_every;
        let index = self.applied;
        if every == 0 || index < self.log.snapshot().index + every {
            return;
        }
        let Some(term) = self.log.term_at(index) else { return };
        let members = self.log.members_at(index).clone();
        if members.is_empty() {
            // A new server does not know who the members are until it gets to the entry that made it
            // one; its snapshot must not hand that on.
            return;
        }
        let snapshot = Snapshot { index, term, kv: self.kv.clone(), members };
        fx.save(Cell::Snapshot(snapshot.clone()));
        let position = self.log.compact(snapshot);
        fx.discard(position);
        fx.note(Note::TookSnapshot { index });
    }

    // ----- clients (§8; diss. §6)

    fn on_client_request(&mut self, client: NodeId, origin: Origin, op: KvOp, fx: &mut Fx<'_, Raft>) {
        let hint = match self.role {
            Role::Follower { leader } => leader,
            _ => None,
        };
        let ready = self.leader().is_some_and(|leader| leader.transfer.is_none());
        if !ready || self.overloaded() {
            fx.send(client, Msg::NotLeader { origin, hint });
            return;
        }
        if op.is_read() {
            self.read(origin, op, fx);
        } else if let Some(ret) = self.kv.answered(origin).cloned() {
            fx.send(client, Msg::ClientReply { origin, ret });
        } else {
            self.propose(Payload::Command { origin, op }, fx);
        }
    }

    fn on_direct_request(&mut self, id: RequestId, op: KvOp, fx: &mut Fx<'_, Raft>) -> Result<(), Why> {
        let leader = self.leader().ok_or(Why::NotLeader)?;
        if leader.transfer.is_some() {
            return Err(Why::Transferring);
        }
        if self.overloaded() {
            return Err(Why::Busy);
        }
        let origin = Origin::Direct(id);
        fx.note(Note::Invoked { origin, op: op.clone() });
        if op.is_read() {
            self.read(origin, op, fx);
        } else {
            let index = self.propose(Payload::Command { origin, op }, fx);
            if let Role::Leader(leader) = &mut self.role {
                leader.pending.insert(index, id);
            }
        }
        Ok(())
    }

    fn overloaded(&self) -> bool {
        let reads = self.leader().map_or(0, |leader| leader.reads.len() + leader.early_reads.len());
        self.log.last_index() >= self.commit + UNCOMMITTED_MAX || reads >= READS_MAX
    }

    /// Reads without writing to the log (diss. §6.4).
    fn read(&mut self, origin: Origin, op: KvOp, fx: &mut Fx<'_, Raft>) {
        let now_us = fx.monotonic_us();
        if fx.config().bugs.stale_leader_reads {
            self.answer_read(origin, &op, fx);
            return;
        }
        let committed_own = self.log.term_at(self.commit) == Some(self.term);
        let Role::Leader(leader) = &mut self.role else { return };
        if !committed_own {
            // Before that it cannot know what its predecessors committed (diss. §6.4, step 1).
            leader.early_reads.push((origin, op));
            return;
        }
        if fx.config().reads == Reads::Lease && !leader.handed_over && now_us < leader.lease_until_us {
            self.answer_read(origin, &op, fx);
            return;
        }
        // Everything committed by now is applied by now, so the read needs only to be confirmed.
        leader.reads.push_back(PendingRead { origin, op, round: leader.round + 1 });
        self.next_round(fx);
        self.confirm_rounds(fx);
    }

    /// Reads that came before the first commit of this term.
    fn read_early(&mut self, fx: &mut Fx<'_, Raft>) {
        let committed_own = self.log.term_at(self.commit) == Some(self.term);
        let Role::Leader(leader) = &mut self.role else { return };
        if committed_own {
            for (origin, op) in std::mem::take(&mut leader.early_reads) {
                self.read(origin, op, fx);
            }
        }
    }

    /// Answers the reads whose round a majority has confirmed, and extends the lease.
    fn confirm_rounds(&mut self, fx: &mut Fx<'_, Raft>) {
        let quorum = self.quorum(fx);
        let config = fx.config();
        let members = self.log.members();
        let is_member = members.contains(&fx.me());
        let Role::Leader(leader) = &self.role else { return };
        let mut rounds = Vec::with_capacity(leader.progress.len() + 1);
        let counted = leader.progress.iter().filter(|(node, _)| members.contains(node));
        rounds.extend(counted.map(|(_, progress)| progress.round));
        if is_member {
            rounds.push(leader.round);
        }
        let confirmed = reached_by(rounds, quorum);
        let Role::Leader(leader) = &mut self.role else { return };
        if config.reads == Reads::Lease {
            let sent_us =
                leader.sent_us.iter().rev().find(|(round, _)| *round <= confirmed).map(|&(_, sent_us)| sent_us);
            if let Some(sent_us) = sent_us {
                // Whoever confirmed the round does not vote for the shortest timeout after it was sent.
                let lease_us = config.election_timeout_us.0 * (100 - LEASE_DRIFT_PERCENT) / 100;
                leader.lease_until_us = leader.lease_until_us.max(sent_us + lease_us);
            }
        }
        let mut ready = Vec::new();
        while leader.reads.front().is_some_and(|read| read.round <= confirmed) {
            ready.extend(leader.reads.pop_front());
        }
        for read in ready {
            self.answer_read(read.origin, &read.op, fx);
        }
    }

    fn answer_read(&mut self, origin: Origin, op: &KvOp, fx: &mut Fx<'_, Raft>) {
        let ret = self.kv.read(op);
        match origin {
            Origin::Session { client, .. } => fx.send(client, Msg::ClientReply { origin, ret }),
            Origin::Direct(id) => {
                fx.note(Note::Answered { origin, ret: ret.clone() });
                fx.reply(id, Ret::Kv(ret));
            }
        }
    }

    // ----- membership (diss. §4.1)

    fn change_members(&mut self, id: RequestId, node: NodeId, add: bool, fx: &mut Fx<'_, Raft>) -> Result<(), Why> {
        let leader = self.leader().ok_or(Why::NotLeader)?;
        if leader.transfer.is_some() {
            return Err(Why::Transferring);
        }
        if fx.config().is_client(node) {
            return Err(Why::NotAServer);
        }
        let bugs = &fx.config().bugs;
        if self.log.members_index() > self.commit && !bugs.overlapping_changes {
            return Err(Why::ChangeUnderWay);
        }
        // Without this a change of an older term may still win (the erratum of July 2015).
        if self.log.term_at(self.commit) != Some(self.term) && !bugs.change_before_own_term {
            return Err(Why::NothingCommittedYet);
        }
        let mut members = self.members().clone();
        let changed = if add { members.insert(node) } else { members.remove(&node) };
        if !changed {
            return Err(Why::NoChange);
        }
        if members.len() < 2 {
            return Err(Why::TooFew);
        }
        debug_assert!(overlap(self.members(), &members), "one server at a time");
        let index = self.propose(Payload::Members(members), fx);
        if let Role::Leader(leader) = &mut self.role {
            leader.pending.insert(index, id);
        }
        self.count_matches(fx);
        Ok(())
    }

    /// A leader sends to whoever is a member in its log, and to nobody else.
    fn follow_members(&mut self, fx: &mut Fx<'_, Raft>) {
        let fresh = Progress { next: self.log.last_index(), ..self.fresh_progress() };
        let peers = self.peers(fx);
        let from = self.log.last_index();
        let Role::Leader(leader) = &mut self.role else { return };
        leader.progress.retain(|node, _| peers.contains(node));
        for peer in peers {
            leader.progress.entry(peer).or_insert_with(|| fresh.clone());
        }
        self.note_members(from, fx);
    }

    fn note_members(&self, from: u64, fx: &mut Fx<'_, Raft>) {
        if self.log.members_index() >= from {
            fx.note(Note::MembersChanged { members: self.log.members().clone() });
        }
    }

    fn answer_change(&mut self, index: u64, fx: &mut Fx<'_, Raft>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(id) = leader.pending.remove(&index) {
            fx.reply(id, Ret::Changed);
        }
    }
}

fn refuse_read(origin: Origin, fx: &mut Fx<'_, Raft>) {
    match origin {
        // The client asks somebody else.
        Origin::Session { client, .. } => fx.send(client, Msg::NotLeader { origin, hint: None }),
        Origin::Direct(id) => fx.reply(id, Ret::Unknown),
    }
}
