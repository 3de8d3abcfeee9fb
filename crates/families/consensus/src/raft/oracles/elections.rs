//! Election Safety, one vote per term, and split votes.

use check::{Evidence, Property, Verdict};
use sim::{Map, NodeId, Record, World};

use super::{At, Note, Raft, Term, count_of, name};
use crate::raft::{Msg, Refusal, majority};

/// At most one leader in a term (Figure 3, "Election Safety").
pub const ELECTION_SAFETY: Property =
    Property::always("election-safety", "Election Safety", "At most one leader per term");

/// A server votes at most once in a term, whether or not it crashes in between (§5.2).
pub const ONE_VOTE_PER_TERM: Property =
    Property::always("one-vote-per-term", "One Vote per Term", "At most one vote per server and term");

/// An election ends without a leader because the votes were split (§5.2): a server refused one
/// candidate because another had its vote, and neither got a majority.
pub const SPLIT_VOTE: Property =
    Property::sometimes("split-vote", "Split Vote", "Two candidates divide a term's votes");

/// One term's election.
#[derive(Clone, Debug, Default)]
struct Election {
    /// The candidates, and how many votes each needs.
    candidates: Map<NodeId, u32>,
    /// A server refused one of them because its vote was another's.
    contested: bool,
    leader: Option<(NodeId, u64)>,
}

/// The state of the oracles about elections. Its maps grow with the run, at or near their ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Elections {
    elections: Map<Term, Election>,
    votes: Map<(Term, NodeId), (NodeId, u64)>,
    two_leaders: Option<Evidence>,
    two_votes: Option<Evidence>,
    split_vote: Option<Evidence>,
}

impl Elections {
    pub(super) fn leaders(&self) -> impl Iterator<Item = (Term, NodeId)> {
        self.elections.iter().filter_map(|(&term, election)| election.leader.map(|(leader, _)| (term, leader)))
    }

    pub(super) fn started(&self) -> u64 {
        self.elections.values().map(|election| election.candidates.len() as u64).sum()
    }

    /// Looks at the votes that leave in a step.
    pub(super) fn sent(&mut self, at: &At, record: &Record<Raft>, world: &World<Raft>) {
        for (id, msg) in record.sent(world) {
            match *msg {
                // Asking for votes is voting for oneself, unless the vote is somebody else's.
                Msg::RequestVote { term, .. } => {
                    let server = world.node(id.from).and_then(Raft::server).filter(|server| server.term == term);
                    if server.is_none_or(|server| server.voted_for == Some(id.from)) {
                        self.on_vote(at, id.from, term, id.from);
                    }
                }
                Msg::RequestVoteReply { term, granted: true } => self.on_vote(at, id.from, term, id.to),
                _ => {}
            }
        }
    }

    pub(super) fn noted(&mut self, at: &At, node: NodeId, note: &Note, world: &World<Raft>) {
        match note {
            Note::BecameCandidate { term } => {
                let members = world.node(node).and_then(Raft::server).map_or(0, |server| server.members().len());
                self.on_candidate(at, node, *term, majority(members as u32));
            }
            Note::RefusedVote { term, why: Refusal::VotedFor(_), pre: false, .. } => self.on_contested(*term),
            Note::BecameLeader { term, .. } => self.on_leader(at, node, *term),
            _ => {}
        }
    }

    fn on_contested(&mut self, term: Term) {
        self.elections.entry(term).or_default().contested = true;
    }

    fn votes_for(&self, candidate: NodeId, term: Term) -> u32 {
        let votes = self.votes.range((term, NodeId(0))..=(term, NodeId(u32::MAX)));
        votes.filter(|(_, (other, _))| *other == candidate).count() as u32
    }

    /// A candidate that needs so many votes.
    fn on_candidate(&mut self, at: &At, node: NodeId, term: Term, needed: u32) {
        if self.split_vote.is_none()
            && let Some((&before, election)) = self.elections.range(..term).next_back()
            && election.leader.is_none()
            && election.contested
            && election.candidates.len() > 1
            && election.candidates.iter().all(|(&node, &needed)| self.votes_for(node, before) < needed)
        {
            let names: Vec<_> = election.candidates.keys().map(|&node| name(node)).collect();
            let reason = format!("term {before} ends without a leader: {} divided its votes", names.join(" and "));
            self.split_vote = Some(at.evidence(reason));
        }
        self.elections.entry(term).or_default().candidates.insert(node, needed);
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

    pub(super) fn always(&self) -> Vec<Verdict> {
        let terms = count_of(self.elections.len(), "term", "checked");
        let votes = count_of(self.votes.len(), "vote", "checked");
        vec![
            Verdict::always(ELECTION_SAFETY, self.two_leaders.as_ref(), terms),
            Verdict::always(ONE_VOTE_PER_TERM, self.two_votes.as_ref(), votes),
        ]
    }

    pub(super) fn sometimes(&self) -> Vec<Verdict> {
        vec![Verdict::sometimes(SPLIT_VOTE, self.split_vote.as_ref(), String::new())]
    }

    pub(super) const fn violated(&self) -> bool {
        self.two_leaders.is_some() || self.two_votes.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::Status;

    const AT: At = At { step: 9, time_us: 9_000 };
    const N1: NodeId = NodeId(0);
    const N2: NodeId = NodeId(1);
    const N3: NodeId = NodeId(2);

    fn status(elections: &Elections, property: Property) -> Status {
        let verdicts = elections.always().into_iter().chain(elections.sometimes());
        verdicts.into_iter().find(|verdict| verdict.property == property).expect("the oracle knows the property").status
    }

    #[test]
    fn two_leaders_in_one_term_are_rejected() {
        let mut elections = Elections::default();
        elections.on_leader(&AT, N1, 1);
        elections.on_leader(&AT, N2, 2);
        assert_eq!(status(&elections, ELECTION_SAFETY), Status::Holds);
        elections.on_leader(&AT, N3, 2);
        assert_eq!(status(&elections, ELECTION_SAFETY), Status::Violated);
        assert!(elections.violated());
    }

    #[test]
    fn two_votes_in_one_term_are_rejected() {
        let mut elections = Elections::default();
        elections.on_vote(&AT, N1, 1, N2);
        elections.on_vote(&AT, N1, 1, N2);
        elections.on_vote(&AT, N1, 2, N3);
        assert_eq!(status(&elections, ONE_VOTE_PER_TERM), Status::Holds);
        elections.on_vote(&AT, N1, 2, N1);
        assert_eq!(status(&elections, ONE_VOTE_PER_TERM), Status::Violated);
    }

    /// Two candidates of term 1, each with its own vote, and then one of term 2.
    fn two_candidates(between: impl FnOnce(&mut Elections)) -> Status {
        let mut elections = Elections::default();
        for node in [N1, N2] {
            elections.on_candidate(&AT, node, 1, 2);
            elections.on_vote(&AT, node, 1, node);
        }
        between(&mut elections);
        assert_eq!(status(&elections, SPLIT_VOTE), Status::Unseen);
        elections.on_candidate(&AT, N1, 2, 2);
        status(&elections, SPLIT_VOTE)
    }

    #[test]
    fn a_split_vote_is_seen_when_the_next_term_begins() {
        assert_eq!(two_candidates(|elections| elections.on_contested(1)), Status::Met);
    }

    #[test]
    fn candidates_whose_requests_nobody_gets_divide_no_votes() {
        assert_eq!(two_candidates(|_| {}), Status::Unseen);
    }

    #[test]
    fn a_candidate_that_fails_with_a_majority_has_split_no_votes() {
        let crashes = |elections: &mut Elections| {
            elections.on_vote(&AT, N3, 1, N1);
            elections.on_contested(1);
        };
        assert_eq!(two_candidates(crashes), Status::Unseen);
    }

    #[test]
    fn a_term_with_one_candidate_is_no_split_vote() {
        let mut elections = Elections::default();
        elections.on_candidate(&AT, N1, 1, 2);
        elections.on_candidate(&AT, N1, 2, 2);
        elections.on_candidate(&AT, N2, 2, 2);
        elections.on_leader(&AT, N2, 2);
        elections.on_candidate(&AT, N1, 3, 2);
        assert_eq!(status(&elections, SPLIT_VOTE), Status::Unseen);
    }
}
