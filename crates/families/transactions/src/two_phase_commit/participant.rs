//! A participant: it votes, and whoever has voted yes holds its lock until somebody tells it the outcome.

use algorithms::bounded::keep_last;
use sim::{Actor, Disk, Fx, Map, NodeId, RequestId, Set};

use super::{BALANCE, COORDINATOR, Cell, Msg, Node, Note, Parts, Ret, Timer, Transfer, Tx, Why};

/// Of so many transactions a participant remembers the outcome.
const OUTCOMES_MAX: usize = 64;

/// What a participant keeps on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    /// What is in it.
    pub balance: i64,
    /// What it has voted yes to and does not know the outcome of.
    pub prepared: Map<Tx, Parts>,
    /// Outcomes.
    pub outcomes: Map<Tx, bool>,
    /// It has forgotten the outcomes up to here; whoever still needs them asks the coordinator.
    pub forgotten: Tx,
}

/// A participant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Participant {
    /// What is on its disk, or on its way there.
    pub account: Account,
    /// Who has said, since it last asked, that he is in doubt too.
    pub in_doubt_too: Map<Tx, Set<NodeId>>,
    /// Where everybody who takes part is in doubt.
    pub blocked: Set<Tx>,
}

impl Actor<Node> for Participant {
    fn boot(disk: &Disk<Node>, fx: &mut Fx<'_, Node>) -> Self {
        let account = match disk.cell("account") {
            Some(Cell::Account(account)) => account.clone(),
            _ => {
                let (prepared, outcomes) = (Map::new(), Map::new());
                Account { balance: BALANCE, prepared, outcomes, forgotten: 0 }
            }
        };
        let mut this = Self { account, in_doubt_too: Map::new(), blocked: Set::new() };
        let prepared: Vec<Tx> = this.account.prepared.keys().copied().collect();
        for tx in prepared {
            fx.note(Note::InDoubt { tx });
            this.ask(tx, fx);
        }
        this
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Node>) {
        match msg {
            Msg::Prepare { tx, parts } => self.vote(tx, parts, fx),
            Msg::Outcome { tx, commit } => {
                if self.account.prepared.contains_key(&tx) || !(commit || self.is_over(tx)) {
                    self.decide(tx, commit, Why::Told(from), fx);
                }
                if from == COORDINATOR && self.is_over(tx) {
                    let commit = self.account.outcomes.get(&tx).copied().unwrap_or(commit);
                    fx.send_durable(from, Msg::Ack { tx, commit });
                }
            }
            Msg::Ask { tx } if self.account.prepared.contains_key(&tx) => fx.send(from, Msg::InDoubtToo { tx }),
            Msg::Ask { tx } => {
                // Whoever has not voted is free to abort, and by that frees the one that asks.
                if !self.is_over(tx) {
                    self.decide(tx, false, Why::NotVoted(from), fx);
                }
                if let Some(&commit) = self.account.outcomes.get(&tx) {
                    fx.send_durable(from, Msg::Outcome { tx, commit });
                }
            }
            Msg::InDoubtToo { tx } => self.count_doubt(from, tx, fx),
            Msg::Vote { .. } | Msg::Ack { .. } => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Node>) {
        match timer {
            Timer::Patience(tx) if !self.account.prepared.contains_key(&tx) => {}
            Timer::Patience(tx) if fx.config().bugs.times_out_to_abort => self.decide(tx, false, Why::Impatience, fx),
            Timer::Patience(tx) => {
                fx.note(Note::Asked { tx });
                self.ask(tx, fx);
            }
            Timer::Workload => {}
        }
    }

    fn on_request(&mut self, id: RequestId, _: Transfer, fx: &mut Fx<'_, Node>) {
        fx.reply(id, Ret::NotTheCoordinator);
    }
}

impl Participant {
    /// The transaction for which the account is locked.
    pub fn locked_by(&self) -> Option<Tx> {
        self.account.prepared.keys().next().copied()
    }

    /// A copy of the question gets the same answer; what is over has been answered.
    fn vote(&mut self, tx: Tx, parts: Parts, fx: &mut Fx<'_, Node>) {
        let Some(&change) = parts.get(&fx.me()) else { return };
        if !self.account.prepared.contains_key(&tx) && !self.is_over(tx) {
            let locked = self.locked_by().filter(|_| !fx.config().bugs.unlocks_early);
            let why_not = match locked {
                Some(other) => Some(Why::Locked(other)),
                None if self.account.balance + change < 0 => Some(Why::Short(self.account.balance)),
                None => None,
            };
            if let Some(why) = why_not {
                self.decide(tx, false, why, fx);
            } else {
                self.account.prepared.insert(tx, parts);
                fx.save(Cell::Account(self.account.clone()));
                fx.set_timer(Timer::Patience(tx), fx.config().timeout_us);
                fx.note(Note::Prepared { tx });
            }
        }
        let yes = self.account.prepared.contains_key(&tx);
        if yes || self.account.outcomes.get(&tx) == Some(&false) {
            fx.send_durable(COORDINATOR, Msg::Vote { tx, yes });
        }
    }

    /// Asks everybody who may know. The coordinator is silent while it has not decided itself.
    fn ask(&mut self, tx: Tx, fx: &mut Fx<'_, Node>) {
        self.in_doubt_too.insert(tx, Set::new());
        fx.send(COORDINATOR, Msg::Ask { tx });
        for node in self.others(tx, fx.me()) {
            fx.send(node, Msg::Ask { tx });
        }
        fx.set_timer(Timer::Patience(tx), fx.config().timeout_us);
    }

    fn count_doubt(&mut self, from: NodeId, tx: Tx, fx: &mut Fx<'_, Node>) {
        let others: Set<NodeId> = self.others(tx, fx.me()).into_iter().collect();
        let Some(known) = self.in_doubt_too.get_mut(&tx) else { return };
        known.insert(from);
        if *known == others && self.blocked.insert(tx) {
            fx.note(Note::Blocked { tx });
        }
    }

    /// The other participants of what it has voted yes to.
    fn others(&self, tx: Tx, me: NodeId) -> Vec<NodeId> {
        let parts = self.account.prepared.get(&tx).into_iter().flat_map(Map::keys);
        parts.copied().filter(|&node| node != me).collect()
    }

    /// Whether it knows the outcome, or has known it.
    fn is_over(&self, tx: Tx) -> bool {
        let account = &self.account;
        !account.prepared.contains_key(&tx) && (account.outcomes.contains_key(&tx) || tx <= account.forgotten)
    }

    fn decide(&mut self, tx: Tx, commit: bool, why: Why, fx: &mut Fx<'_, Node>) {
        let account = &mut self.account;
        if let Some(parts) = account.prepared.remove(&tx)
            && commit
        {
            account.balance += parts.get(&fx.me()).copied().unwrap_or(0);
        }
        account.outcomes.insert(tx, commit);
        if let Some(gone) = keep_last(&mut account.outcomes, OUTCOMES_MAX) {
            account.forgotten = account.forgotten.max(gone);
        }
        self.in_doubt_too.remove(&tx);
        self.blocked.remove(&tx);
        fx.save(Cell::Account(account.clone()));
        fx.cancel_timer(Timer::Patience(tx));
        fx.note(Note::Decided { tx, commit, why });
    }
}
