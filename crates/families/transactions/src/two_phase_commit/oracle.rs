//! What must hold of two-phase commit (AC1–AC5 of BHG, ch. 7), judged by what nodes say to each other.
//!
//! A vote or a decision counts when a message that carries it leaves: what waits for the disk and dies in a crash was
//! never said. AC4, that without failures a yes of everybody is a commit, is in this folder's scripts.

use std::collections::VecDeque;

use algorithms::bounded::keep_last;
use check::works::Bounds;
use check::{At, Board, Names, Oracle, Property, Verdict};
use sim::{Command, Event, Map, NodeId, Observer, Record, World};

use super::{COORDINATOR, Msg, Node, Note, Parts, Tx};

/// All that decide on a transaction decide alike (AC1), and for good (AC2).
pub(crate) const ATOMIC_COMMITMENT: Property =
    Property::always("atomic-commitment", "Atomic Commitment", "Nobody commits what anybody aborts");

/// Commit is decided only if everybody has voted yes (AC3).
pub(crate) const COMMIT_NEEDS_ALL: Property =
    Property::always("commit-needs-all", "Commit Validity", "Only what all voted yes to is committed");

/// Whoever has voted yes decides only as he is told.
pub(crate) const NEVER_ALONE: Property =
    Property::always("never-alone", "No Unilateral Decision", "Nobody decides alone after a yes");

/// No account is touched between a yes and its outcome (strict executions, BHG ch. 2).
pub(crate) const STRICTNESS: Property =
    Property::always("strictness", "Strictness", "A lock is held until the outcome");

/// While everybody runs and is linked, everybody decides before long (AC5).
pub(crate) const TERMINATION: Property = Property::eventually("termination", "Termination", "Everybody decides");

/// Everybody has voted yes, the coordinator is gone, and nobody may move (Skeen 1981).
pub(crate) const BLOCKED: Property = Property::sometimes("blocked", "Blocking", "All voted yes, and nobody may move");

/// A participant in doubt learns the outcome from another participant (cooperative termination, BHG 7.4).
pub(crate) const LEARNED_FROM_PEER: Property =
    Property::sometimes("learned-from-peer", "Cooperative Termination", "A participant tells another the outcome");

/// What is checked, in the order in which people read it.
const PROPERTIES: [Property; 7] =
    [ATOMIC_COMMITMENT, COMMIT_NEEDS_ALL, NEVER_ALONE, STRICTNESS, TERMINATION, BLOCKED, LEARNED_FROM_PEER];

/// So many transactions are remembered, and so many locks that have been released.
const KEPT_MAX: usize = 96;

/// A wait is over after this, in µs, and so many timeouts.
const BOUND_US: u64 = 5_000_000;
const BOUND_TIMEOUTS: u64 = 10;

/// What has been said about a transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Who takes part.
    pub parts: Parts,
    /// Votes.
    pub votes: Map<NodeId, bool>,
    /// Decisions, also the coordinator's.
    pub decided: Map<NodeId, bool>,
}

impl Said {
    /// Whether a participant has voted yes and has not said that it knows the outcome.
    pub fn doubts(&self, node: NodeId) -> bool {
        self.has_voted_yes(node) && !self.decided.contains_key(&node)
    }

    /// Whether a participant has voted yes.
    fn has_voted_yes(&self, node: NodeId) -> bool {
        self.votes.get(&node) == Some(&true)
    }
}

/// An account that was or is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lock {
    /// Whose account.
    pub node: NodeId,
    /// For which transaction.
    pub tx: Tx,
    /// Since when, in µs.
    pub from_us: u64,
    /// Until when, in µs; none while it lasts.
    pub until_us: Option<u64>,
}

/// All oracles of two-phase commit.
#[derive(Clone, Debug)]
pub(crate) struct CommitOracle {
    board: Board,
    /// The newest transactions, and what has been said about them.
    pub said: Map<Tx, Said>,
    /// Locks that are held, since when, in µs; and the newest that are not.
    held: Map<(Tx, NodeId), u64>,
    released: VecDeque<Lock>,
    /// Whose decision is waited for.
    awaited: Option<(Tx, NodeId)>,
    works: bool,
    /// Transactions begun, committed, aborted.
    pub counts: [u64; 3],
}

impl CommitOracle {
    /// The oracles, before the first step.
    pub fn new(names: Names) -> Self {
        Self {
            board: Board::new(&PROPERTIES, names),
            said: Map::new(),
            held: Map::new(),
            released: VecDeque::new(),
            awaited: None,
            works: true,
            counts: [0; 3],
        }
    }

    /// The newest locks, those that are held behind those that are not.
    pub fn locks(&self) -> impl Iterator<Item = Lock> {
        let held = self.held.iter().map(|(&(tx, node), &from_us)| Lock { node, tx, from_us, until_us: None });
        self.released.iter().copied().chain(held)
    }

    /// A message has left its sender.
    fn hear(&mut self, at: At, from: NodeId, msg: &Msg) {
        let said = self.said.entry(msg.tx()).or_default();
        match msg {
            Msg::Prepare { parts, .. } => {
                self.counts[0] += u64::from(said.parts.is_empty());
                said.parts.clone_from(parts);
            }
            Msg::Vote { tx, yes } => {
                said.votes.insert(from, *yes);
                if !yes {
                    self.decides(at, from, *tx, false);
                }
            }
            Msg::Outcome { tx, commit } | Msg::Ack { tx, commit } => self.decides(at, from, *tx, *commit),
            Msg::Ask { .. } | Msg::InDoubtToo { .. } => {}
        }
        keep_last(&mut self.said, KEPT_MAX);
    }

    /// A node says how it has decided.
    fn decides(&mut self, at: At, node: NodeId, tx: Tx, commit: bool) {
        let said = self.said.entry(tx).or_default();
        let what = |commit: bool| if commit { "committed" } else { "aborted" };
        if let Some((other, _)) = said.decided.iter().find(|(_, known)| **known != commit) {
            self.board.violate(&ATOMIC_COMMITMENT, at, |names| {
                let (who, is, was) = (names.of(node), what(commit), what(!commit));
                let other = if *other == node { "" } else { &format!("{} ", names.of(*other)) };
                format!("{who} says that T{tx} is {is}, and {other}has said that it is {was}")
            });
        } else if let Some(missing) = said.parts.keys().find(|part| commit && !said.has_voted_yes(**part)) {
            self.board.violate(&COMMIT_NEEDS_ALL, at, |names| {
                format!("{} says that T{tx} is committed, and {} has not voted yes", names.of(node), names.of(*missing))
            });
        }
        if said.decided.insert(node, commit).is_none() && node == COORDINATOR {
            self.counts[if commit { 1 } else { 2 }] += 1;
        }
    }

    /// A participant locks its account, or boots and finds that it is locked.
    fn locks_for(&mut self, at: At, node: NodeId, tx: Tx) {
        if let Some((&(other, _), _)) = self.held.iter().find(|((other, holder), _)| *holder == node && *other != tx) {
            self.board.violate(&STRICTNESS, at, |names| {
                let node = names.of(node);
                format!("{node} votes yes to T{tx}, and has voted yes to T{other}, whose outcome it does not know")
            });
        }
        self.held.insert((tx, node), at.time_us);
    }

    /// A participant decides; `told` is who has told it that very outcome in this step.
    fn decided(&mut self, at: At, node: NodeId, (tx, commit): (Tx, bool), told: Option<NodeId>) {
        let voted_yes = self.said.get(&tx).is_some_and(|said| said.has_voted_yes(node));
        match told {
            None if voted_yes => self.board.violate(&NEVER_ALONE, at, |names| {
                let what = if commit { "commits" } else { "aborts" };
                format!("{} has voted yes to T{tx} and {what} it, which nobody has told it", names.of(node))
            }),
            Some(peer) if voted_yes && peer != COORDINATOR => self.board.see(&LEARNED_FROM_PEER, at, |names| {
                format!("{} tells {} the outcome of T{tx}", names.of(peer), names.of(node))
            }),
            _ => {}
        }
        self.release(at, |key| key == (tx, node));
    }

    fn release(&mut self, at: At, which: impl Fn((Tx, NodeId)) -> bool) {
        for ((tx, node), from_us) in self.held.extract_if(.., |key, _| which(*key)) {
            self.released.push_back(Lock { node, tx, from_us, until_us: Some(at.time_us) });
        }
        while self.released.len() > KEPT_MAX {
            self.released.pop_front();
        }
    }

    /// A participant says that it is blocked; `gone` is whether the coordinator cannot be reached.
    fn blocked(&mut self, at: At, tx: Tx, gone: bool) {
        let Some(said) = self.said.get(&tx) else { return };
        let all_yes = said.parts.keys().all(|part| said.has_voted_yes(*part));
        if gone && all_yes && said.decided.is_empty() {
            self.board.see(&BLOCKED, at, |names| {
                let all = names.list(said.parts.keys());
                format!("{all} have voted yes to T{tx}, {} is gone, and nobody may move", names.of(COORDINATOR))
            });
        }
    }

    /// Minds the deadline of the oldest decision that is missing.
    fn mind(&mut self, at: At, timeout_us: u64) {
        if !self.awaited.is_some_and(|awaited| self.held.contains_key(&awaited)) {
            self.board.meet(&TERMINATION);
            self.awaited = self.held.keys().next().copied();
        }
        let bound_us = BOUND_US + BOUND_TIMEOUTS * timeout_us;
        if self.awaited.is_some() && self.works {
            self.board.wait(&TERMINATION, at, bound_us, "everybody has been working", "somebody is still in doubt");
        } else if self.awaited.is_some() {
            self.board.excuse(&TERMINATION, "somebody is down, cut off or slow");
        }
    }
}

impl Observer<Node> for CommitOracle {
    fn observe(&mut self, record: &Record<Node>, world: &World<Node>) {
        let at = At::of(record);
        self.board.observe(at);
        for (id, msg) in record.sent(world) {
            self.hear(at, id.from, msg);
        }
        let mut changed = matches!(record.event, Event::Command(_) | Event::Boot(_));
        if changed {
            self.works = Bounds::GENEROUS.all_work(world, &world.config().nodes());
        }
        for (node, note) in record.noted() {
            changed = true;
            match note {
                Note::Prepared { tx } | Note::InDoubt { tx } => self.locks_for(at, node, *tx),
                Note::Decided { tx, commit, .. } if node != COORDINATOR => {
                    let told = match &record.event {
                        Event::Deliver { id, msg } if *msg == (Msg::Outcome { tx: *tx, commit: *commit }) => {
                            Some(id.from)
                        }
                        _ => None,
                    };
                    self.decided(at, node, (*tx, *commit), told);
                }
                Note::Blocked { tx } => self.blocked(at, *tx, !is_reached(world, node)),
                _ => {}
            }
        }
        if let Event::Command(Command::Crash(node)) = record.event {
            self.release(at, |(_, holder)| holder == node);
        }
        if changed {
            self.mind(at, world.config().timeout_us);
        }
    }
}

/// Whether a node and the coordinator, which runs, hear each other.
fn is_reached(world: &World<Node>, node: NodeId) -> bool {
    let linked = world.link_up(node, COORDINATOR) && world.link_up(COORDINATOR, node);
    linked && world.is_up(COORDINATOR) && !world.is_paused(COORDINATOR)
}

impl Oracle<Node> for CommitOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let [begun, committed, aborted] = self.counts;
        self.board.verdicts(now_us, |property| match *property {
            ATOMIC_COMMITMENT => format!("transactions: {begun}"),
            COMMIT_NEEDS_ALL => format!("committed: {committed}"),
            STRICTNESS | NEVER_ALONE => format!("locks held: {}", self.held.len()),
            TERMINATION => format!("committed: {committed}, aborted: {aborted}"),
            _ => String::new(),
        })
    }

    fn violated(&self) -> bool {
        self.board.violated()
    }
}

#[cfg(test)]
mod traces {
    use check::Status;
    use check::testing::at;

    use super::*;

    const N1: NodeId = COORDINATOR;
    const N2: NodeId = NodeId(1);
    const N3: NodeId = NodeId(2);

    /// n1 has asked n2 and n3 about T1, and these have voted.
    fn voted(votes: &[(NodeId, bool)]) -> CommitOracle {
        let mut oracle = CommitOracle::new(Names::servers(3));
        let parts = Parts::from([(N2, -5), (N3, 5)]);
        oracle.hear(at(1), N1, &Msg::Prepare { tx: 1, parts });
        votes.iter().for_each(|&(node, yes)| oracle.hear(at(2), node, &Msg::Vote { tx: 1, yes }));
        oracle
    }

    #[test]
    fn commit_at_one_and_abort_at_another_is_rejected() {
        let mut oracle = voted(&[(N2, true), (N3, true)]);
        oracle.hear(at(3), N1, &Msg::Outcome { tx: 1, commit: true });
        oracle.hear(at(4), N2, &Msg::Ack { tx: 1, commit: true });
        assert!(!oracle.violated());
        assert_eq!(oracle.counts, [1, 1, 0], "begun, committed, aborted");
        let mut reversed = oracle.clone();
        oracle.hear(at(5), N3, &Msg::Ack { tx: 1, commit: false });
        assert_eq!(
            oracle.board.evidence(&ATOMIC_COMMITMENT).unwrap().reason,
            "n3 says that T1 is aborted, and n1 has said that it is committed"
        );
        reversed.hear(at(5), N1, &Msg::Outcome { tx: 1, commit: false });
        assert_eq!(reversed.board.status(&ATOMIC_COMMITMENT, 6), Status::Violated, "nor may anybody change his mind");
    }

    #[test]
    fn a_commit_without_a_vote_is_rejected() {
        let mut oracle = voted(&[(N2, true)]);
        oracle.hear(at(3), N1, &Msg::Outcome { tx: 1, commit: true });
        assert_eq!(
            oracle.board.evidence(&COMMIT_NEEDS_ALL).unwrap().reason,
            "n1 says that T1 is committed, and n3 has not voted yes"
        );
    }

    #[test]
    fn a_decision_of_ones_own_after_a_yes_is_rejected() {
        for (vote, told, status_then) in
            [(true, None, Status::Violated), (true, Some(N3), Status::Holds), (false, None, Status::Holds)]
        {
            let mut oracle = voted(&[(N2, vote)]);
            oracle.decided(at(3), N2, (1, false), told);
            assert_eq!(oracle.board.status(&NEVER_ALONE, 4), status_then);
            let learned = if told.is_some() { Status::Met } else { Status::Unseen };
            assert_eq!(oracle.board.status(&LEARNED_FROM_PEER, 4), learned);
        }
    }

    #[test]
    fn a_lock_that_is_taken_twice_is_rejected() {
        let mut oracle = voted(&[]);
        oracle.locks_for(at(2), N2, 1);
        oracle.locks_for(at(3), N3, 2);
        let mut after = oracle.clone();
        oracle.locks_for(at(4), N2, 2);
        assert_eq!(oracle.board.status(&STRICTNESS, 5), Status::Violated);
        after.decided(at(4), N2, (1, true), Some(N1));
        after.locks_for(at(5), N2, 2);
        assert_eq!(after.board.status(&STRICTNESS, 6), Status::Holds);
    }

    #[test]
    fn a_doubt_that_never_ends_is_rejected() {
        let mut oracle = voted(&[(N2, true)]);
        oracle.locks_for(at(1_000), N2, 1);
        oracle.mind(at(1_000), 0);
        assert_eq!(oracle.board.status(&TERMINATION, BOUND_US + 1_000), Status::Pending);
        assert_eq!(oracle.board.status(&TERMINATION, BOUND_US + 1_001), Status::Violated);
        let mut excused = oracle.clone();
        (excused.works, _) = (false, excused.mind(at(2_000), 0));
        excused.mind(at(3_000), 0);
        assert_eq!(excused.board.status(&TERMINATION, 2 * BOUND_US), Status::Pending);
        oracle.decided(at(2_000), N2, (1, true), Some(N1));
        oracle.mind(at(2_000), 0);
        assert_eq!(oracle.board.status(&TERMINATION, 2 * BOUND_US), Status::Met);
    }

    #[test]
    fn blocked_is_only_who_cannot_know() {
        let all = [(N2, true), (N3, true)];
        for (votes, gone, seen) in
            [(&all[..], true, Status::Met), (&all[..1], true, Status::Unseen), (&all[..], false, Status::Unseen)]
        {
            let mut oracle = voted(votes);
            oracle.blocked(at(3), 1, gone);
            assert_eq!(oracle.board.status(&BLOCKED, 4), seen);
        }
        let mut oracle = voted(&all);
        oracle.hear(at(3), N1, &Msg::Outcome { tx: 1, commit: true });
        oracle.blocked(at(4), 1, true);
        assert_eq!(oracle.board.status(&BLOCKED, 5), Status::Unseen, "somebody knows");
    }
}
