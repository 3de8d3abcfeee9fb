//! What must hold of Raft elections, checked step by step.
//!
//! The oracles look at what leaves a server and at what a server says about itself, never at what
//! it intended: a vote counts once a message that carries it is sent.

use std::collections::{BTreeMap, BTreeSet};

use check::{Kind, Oracle, Property, Status, Verdict, Violation};
use sim::{Event, NodeId, Observer, Record, World};

use super::{Msg, Note, Raft, Term, majority};

/// At most one leader in a term (Figure 3, "Election Safety").
pub const ELECTION_SAFETY: Property = Property {
    id: "election-safety",
    name: "Election Safety",
    claim: "At most one leader per term",
    kind: Kind::Always,
};

/// A server votes at most once in a term, whether or not it crashes in between (§5.2).
pub const ONE_VOTE_PER_TERM: Property = Property {
    id: "one-vote-per-term",
    name: "One Vote per Term",
    claim: "At most one vote per server and term",
    kind: Kind::Always,
};

/// While a majority can talk to each other, a leader emerges and stays (§5.6, availability).
pub const EVENTUALLY_A_LEADER: Property = Property {
    id: "eventually-a-leader",
    name: "Leader Liveness",
    claim: "A connected majority has a leader",
    kind: Kind::Eventually,
};

/// An election ends without a leader because the votes were split (§5.2).
pub const SPLIT_VOTE: Property = Property {
    id: "split-vote",
    name: "Split Vote",
    claim: "Two candidates divide a term's votes",
    kind: Kind::Sometimes,
};

/// The bound of [`EVENTUALLY_A_LEADER`], in longest election timeouts. A round of an election ends
/// split with a probability well below one half, so twenty rounds in a row do not.
const BOUND_TIMEOUTS: u64 = 20;

/// One term's election.
#[derive(Clone, Debug, Default)]
struct Election {
    candidates: BTreeSet<NodeId>,
    leader: Option<(NodeId, u64)>,
}

/// All oracles of Raft elections.
#[derive(Clone, Debug)]
pub struct RaftOracle {
    elections: BTreeMap<Term, Election>,
    votes: BTreeMap<(Term, NodeId), (NodeId, u64)>,
    two_leaders: Option<Violation>,
    two_votes: Option<Violation>,
    split_vote: Option<Violation>,
    liveness: Liveness,
}

/// The state of [`EVENTUALLY_A_LEADER`].
#[derive(Clone, Debug)]
struct Liveness {
    bound_us: u64,
    /// Since when a majority is connected and has no leader.
    leaderless_since_us: Option<u64>,
    connected: bool,
    violation: Option<Violation>,
    last_step: u64,
}

impl RaftOracle {
    /// The oracles for servers with election timeouts of at most `election_timeout_us_max`.
    #[must_use]
    pub const fn new(election_timeout_us_max: u64) -> Self {
        Self {
            elections: BTreeMap::new(),
            votes: BTreeMap::new(),
            two_leaders: None,
            two_votes: None,
            split_vote: None,
            liveness: Liveness {
                bound_us: BOUND_TIMEOUTS * election_timeout_us_max,
                leaderless_since_us: Some(0),
                connected: true,
                violation: None,
                last_step: 0,
            },
        }
    }

    /// Who led which term, in order of terms.
    pub fn leaders(&self) -> impl Iterator<Item = (Term, NodeId)> {
        self.elections.iter().filter_map(|(&term, election)| election.leader.map(|(leader, _)| (term, leader)))
    }

    /// How many elections were started.
    #[must_use]
    pub fn elections_started(&self) -> u64 {
        self.elections.values().map(|election| election.candidates.len() as u64).sum()
    }

    fn on_note(&mut self, at: &At, node: NodeId, note: &Note) {
        match note {
            Note::BecameCandidate { term } => self.on_candidate(at, node, *term),
            Note::BecameLeader { term, .. } => self.on_leader(at, node, *term),
            Note::SteppedDown { .. }
            | Note::GrantedVote { .. }
            | Note::RefusedVote { .. }
            | Note::FollowsLeader { .. } => {}
        }
    }

    fn on_candidate(&mut self, at: &At, node: NodeId, term: Term) {
        if self.split_vote.is_none()
            && let Some((&before, election)) = self.elections.range(..term).next_back()
            && election.leader.is_none()
            && election.candidates.len() > 1
        {
            let names = names(&election.candidates);
            self.split_vote =
                Some(at.evidence(format!("term {before} ends without a leader: {names} divided its votes")));
        }
        self.elections.entry(term).or_default().candidates.insert(node);
    }

    fn on_leader(&mut self, at: &At, node: NodeId, term: Term) {
        let election = self.elections.entry(term).or_default();
        match election.leader {
            None => election.leader = Some((node, at.step)),
            Some((other, step)) if other != node => {
                self.two_leaders.get_or_insert_with(|| {
                    at.evidence(format!(
                        "{} becomes leader of term {term}, which {} has led since step {step}",
                        name(node),
                        name(other)
                    ))
                });
            }
            Some(_) => {}
        }
    }

    fn on_vote(&mut self, at: &At, voter: NodeId, term: Term, candidate: NodeId) {
        match self.votes.get(&(term, voter)) {
            None => {
                self.votes.insert((term, voter), (candidate, at.step));
            }
            Some(&(other, step)) if other != candidate => {
                self.two_votes.get_or_insert_with(|| {
                    at.evidence(format!(
                        "{} votes for {} in term {term}, but its vote went to {} at step {step}",
                        name(voter),
                        name(candidate),
                        name(other)
                    ))
                });
            }
            Some(_) => {}
        }
    }
}

impl Observer<Raft> for RaftOracle {
    fn observe(&mut self, record: &Record<Raft>, world: &World<Raft>) {
        let at = At { step: record.step, time_us: record.time_us };
        for (id, msg) in record.sent(world) {
            match *msg {
                // Asking for votes is voting for oneself.
                Msg::RequestVote { term } => self.on_vote(&at, id.from, term, id.from),
                Msg::RequestVoteReply { term, granted: true } => self.on_vote(&at, id.from, term, id.to),
                Msg::RequestVoteReply { .. } | Msg::AppendEntries { .. } | Msg::AppendEntriesReply { .. } => {}
            }
        }
        let mut roles_changed = false;
        if let Some(node) = record.event.node() {
            for note in record.notes() {
                roles_changed |= matches!(note, Note::BecameLeader { .. } | Note::SteppedDown { .. });
                self.on_note(&at, node, note);
            }
        }
        self.liveness.last_step = record.step;
        self.liveness.expire(record.time_us);
        // Only commands and changes of roles can change who is connected and who leads.
        if roles_changed || matches!(record.event, Event::Command(_) | Event::Boot(_)) {
            self.liveness
                .look(record.time_us, &Connectivity::of(world), |node| world.node(node).is_some_and(Raft::leads));
        }
    }
}

impl Oracle<Raft> for RaftOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let terms = self.elections.len();
        vec![
            Verdict::always(ELECTION_SAFETY, self.two_leaders.as_ref(), plural(terms, "term", "checked")),
            Verdict::always(ONE_VOTE_PER_TERM, self.two_votes.as_ref(), plural(self.votes.len(), "vote", "checked")),
            self.liveness.verdict(now_us),
            Verdict::sometimes(SPLIT_VOTE, self.split_vote.as_ref(), String::new()),
        ]
    }

    fn violated(&self) -> bool {
        self.two_leaders.is_some() || self.two_votes.is_some() || self.liveness.violation.is_some()
    }
}

impl Liveness {
    fn look(&mut self, now_us: u64, net: &Connectivity, leads: impl Fn(NodeId) -> bool) {
        self.connected = net.has_connected_majority();
        let led = net.nodes().any(|node| leads(node) && net.reaches_majority(node));
        self.leaderless_since_us = match self.leaderless_since_us {
            _ if led || !self.connected => None,
            None => Some(now_us),
            since => since,
        };
    }

    /// Turns an overdue wait into a violation.
    fn expire(&mut self, now_us: u64) {
        if self.violation.is_none()
            && let Some(since_us) = self.leaderless_since_us
            && now_us > since_us + self.bound_us
        {
            // The first moment that is seen after the bound; `now_us` is that of a step or of a question.
            let reason = format!(
                "a majority has been connected since {} ms, and {} ms later it still has no leader",
                since_us / 1_000,
                self.bound_us / 1_000
            );
            self.violation = Some(Violation { step: self.last_step, time_us: now_us, reason });
        }
    }

    fn verdict(&self, now_us: u64) -> Verdict {
        let mut this = self.clone();
        this.expire(now_us);
        let (status, basis) = match (&this.violation, this.leaderless_since_us) {
            (Some(_), _) => (Status::Violated, String::new()),
            (None, Some(since_us)) => (
                Status::Pending,
                format!("waiting for {} ms of {}", (now_us - since_us) / 1_000, this.bound_us / 1_000),
            ),
            (None, None) if this.connected => (Status::Met, String::new()),
            (None, None) => (Status::Pending, "no majority is connected, so nothing is promised".to_owned()),
        };
        Verdict { property: EVENTUALLY_A_LEADER, status, evidence: this.violation, basis }
    }
}

/// Which running servers can talk to each other in good time, both ways.
struct Connectivity {
    /// `good[a]` has bit b set when a and b reach each other; its own bit when a runs.
    good: Vec<u64>,
}

impl Connectivity {
    fn of(world: &World<Raft>) -> Self {
        let runs = |node: NodeId| world.is_up(node) && !world.is_paused(node);
        let timeout_us = world.config().election_timeout_us.0;
        let sync_us = world.cluster().disk_sync_us.1;
        let one_way = |from: NodeId, to: NodeId| {
            let profile = world.link_profile(from, to);
            world.link_up(from, to)
                && !world.link_held(from, to)
                && profile.loss_ppm == 0
                // Broadcast time, stable storage included, must be well below the timeout (§5.6).
                && (profile.latency_us.1 + sync_us) * 4 <= timeout_us
        };
        let good = world
            .node_ids()
            .map(|a| {
                world
                    .node_ids()
                    .filter(|&b| runs(a) && runs(b) && (a == b || (one_way(a, b) && one_way(b, a))))
                    .fold(0u64, |bits, b| bits | 1 << b.0)
            })
            .collect();
        Self { good }
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.good.len() as u32).map(NodeId)
    }

    fn reaches_majority(&self, node: NodeId) -> bool {
        self.good[node.index()].count_ones() >= majority(self.good.len() as u32)
    }

    /// Whether some majority is fully connected among itself.
    fn has_connected_majority(&self) -> bool {
        let count = self.good.len() as u32;
        self.extend_clique(0, u64::MAX, 0, majority(count))
    }

    /// Depth first over the servers from `next` on; `common` are those that everybody chosen so far
    /// reaches. At most nine servers, so at most 512 sets.
    fn extend_clique(&self, next: usize, common: u64, size: u32, wanted: u32) -> bool {
        size >= wanted
            || (next..self.good.len()).any(|node| {
                common & (1 << node) != 0
                    && self.good[node] & (1 << node) != 0
                    && self.extend_clique(node + 1, common & self.good[node], size + 1, wanted)
            })
    }
}

/// Where in the run something showed.
struct At {
    step: u64,
    time_us: u64,
}

impl At {
    fn evidence(&self, reason: String) -> Violation {
        Violation { step: self.step, time_us: self.time_us, reason }
    }
}

/// Servers are called n1, n2 and so on.
fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

fn names(nodes: &BTreeSet<NodeId>) -> String {
    let names: Vec<_> = nodes.iter().map(|&node| name(node)).collect();
    names.join(" and ")
}

fn plural(count: usize, noun: &str, verb: &str) -> String {
    format!("{count} {noun}{} {verb}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: At = At { step: 9, time_us: 9_000 };
    const N1: NodeId = NodeId(0);
    const N2: NodeId = NodeId(1);
    const N3: NodeId = NodeId(2);

    fn oracle() -> RaftOracle {
        RaftOracle::new(300_000)
    }

    fn status(oracle: &RaftOracle, property: Property, now_us: u64) -> Status {
        let verdicts = oracle.verdicts(now_us);
        verdicts.iter().find(|verdict| verdict.property == property).expect("the oracle knows the property").status
    }

    #[test]
    fn two_leaders_in_one_term_are_rejected() {
        let mut oracle = oracle();
        oracle.on_note(&AT, N1, &Note::BecameLeader { term: 1, votes: 3 });
        oracle.on_note(&AT, N2, &Note::BecameLeader { term: 2, votes: 3 });
        assert_eq!(status(&oracle, ELECTION_SAFETY, 9_000), Status::Holds);
        oracle.on_note(&AT, N3, &Note::BecameLeader { term: 2, votes: 3 });
        assert_eq!(status(&oracle, ELECTION_SAFETY, 9_000), Status::Violated);
        assert!(oracle.violated());
    }

    #[test]
    fn two_votes_in_one_term_are_rejected() {
        let mut oracle = oracle();
        oracle.on_vote(&AT, N1, 1, N2);
        oracle.on_vote(&AT, N1, 1, N2);
        oracle.on_vote(&AT, N1, 2, N3);
        assert_eq!(status(&oracle, ONE_VOTE_PER_TERM, 9_000), Status::Holds);
        oracle.on_vote(&AT, N1, 2, N1);
        assert_eq!(status(&oracle, ONE_VOTE_PER_TERM, 9_000), Status::Violated);
    }

    fn mesh(count: usize) -> Connectivity {
        Connectivity { good: vec![(1 << count) - 1; count] }
    }

    #[test]
    fn a_connected_majority_without_a_leader_is_rejected_at_the_bound() {
        let mut oracle = oracle();
        oracle.liveness.look(1_000_000, &mesh(5), |node| node == N1);
        assert_eq!(status(&oracle, EVENTUALLY_A_LEADER, 1_000_000), Status::Met);
        oracle.liveness.look(2_000_000, &mesh(5), |_| false);
        assert_eq!(status(&oracle, EVENTUALLY_A_LEADER, 8_000_000), Status::Pending);
        assert_eq!(status(&oracle, EVENTUALLY_A_LEADER, 8_000_001), Status::Violated);
    }

    #[test]
    fn without_a_connected_majority_nothing_is_promised() {
        let mut oracle = oracle();
        // n1–n2 and n3–n4 reach each other, n5 is alone.
        let halves = Connectivity { good: vec![0b00011, 0b00011, 0b01100, 0b01100, 0b10000] };
        oracle.liveness.look(0, &halves, |node| node == N1);
        assert_eq!(status(&oracle, EVENTUALLY_A_LEADER, 60_000_000), Status::Pending);
        // A star reaches a majority from its centre, but is no connected majority.
        let star = Connectivity { good: vec![0b11111, 0b00011, 0b00101, 0b01001, 0b10001] };
        assert!(!star.has_connected_majority());
        assert!(star.reaches_majority(N1));
    }

    #[test]
    fn a_split_vote_is_seen_when_the_next_term_begins() {
        let mut oracle = oracle();
        oracle.on_note(&AT, N1, &Note::BecameCandidate { term: 1 });
        oracle.on_note(&AT, N2, &Note::BecameCandidate { term: 1 });
        assert_eq!(status(&oracle, SPLIT_VOTE, 9_000), Status::Unseen);
        oracle.on_note(&AT, N1, &Note::BecameCandidate { term: 2 });
        assert_eq!(status(&oracle, SPLIT_VOTE, 9_000), Status::Met);
    }

    #[test]
    fn a_term_with_one_candidate_is_no_split_vote() {
        let mut oracle = oracle();
        oracle.on_note(&AT, N1, &Note::BecameCandidate { term: 1 });
        oracle.on_note(&AT, N1, &Note::BecameCandidate { term: 2 });
        oracle.on_note(&AT, N2, &Note::BecameCandidate { term: 2 });
        oracle.on_note(&AT, N2, &Note::BecameLeader { term: 2, votes: 3 });
        oracle.on_note(&AT, N1, &Note::BecameCandidate { term: 3 });
        assert_eq!(status(&oracle, SPLIT_VOTE, 9_000), Status::Unseen);
    }
}
