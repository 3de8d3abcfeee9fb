//! The coordinator: it asks for votes, decides, and tells the outcome until everybody has acknowledged it.

use algorithms::client::Workload;
use sim::{Actor, Disk, Fx, Map, NodeId, RequestId, Set};

use super::{Cell, Config, Msg, Node, Note, Parts, Ret, Timer, Transfer, Tx, Why};

/// Most transactions that are open at once.
const OPEN_MAX: usize = 32;

/// What draws are for.
const DRAW_PAUSE: u32 = 1;
const DRAW_TRANSFER: u32 = 2;

/// What the coordinator keeps on its disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Records {
    /// The number of the newest transaction.
    pub newest: Tx,
    /// Those that somebody may still ask about.
    pub open: Map<Tx, Open>,
}

/// A transaction that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Open {
    /// Who takes part.
    pub parts: Parts,
    /// The outcome, once there is one.
    pub outcome: Option<bool>,
}

/// The coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Coordinator {
    /// What is on its disk, or on its way there.
    pub records: Records,
    /// Whose votes, and once it has decided, whose acknowledgements are missing.
    pub missing: Map<Tx, Set<NodeId>>,
    requests: Map<Tx, RequestId>,
}

impl Actor<Node> for Coordinator {
    /// What has an outcome is told again. What has none may not have heard all votes: it aborts, which nobody has been
    /// told otherwise, since the outcome would have been on disk before (BHG 7.4, recovery).
    fn boot(disk: &Disk<Node>, fx: &mut Fx<'_, Node>) -> Self {
        let records = match disk.cell("transactions") {
            Some(Cell::Transactions(records)) => records.clone(),
            _ => Records::default(),
        };
        let missing = records.open.iter().map(|(tx, open)| (*tx, open.parts.keys().copied().collect())).collect();
        let mut this = Self { records, missing, requests: Map::new() };
        let open: Vec<(Tx, bool)> = this.records.open.iter().map(|(tx, open)| (*tx, open.outcome.is_some())).collect();
        for (tx, decided) in open {
            if decided { this.tell(tx, fx) } else { this.decide(tx, false, Why::Restarted, fx) }
        }
        workload(fx.config()).arm(Timer::Workload, DRAW_PAUSE, fx);
        this
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Node>) {
        let tx = msg.tx();
        let (Some(open), Some(missing)) = (self.records.open.get(&tx), self.missing.get_mut(&tx)) else { return };
        match (&msg, open.outcome) {
            (Msg::Vote { yes: true, .. }, None) if missing.remove(&from) => {
                let missing: Vec<NodeId> = missing.iter().copied().collect();
                let all = missing.is_empty();
                fx.note(Note::Counted { tx, missing });
                if all {
                    self.decide(tx, true, Why::AllYes, fx);
                }
            }
            (Msg::Vote { yes: false, .. }, None) => {
                self.decide(tx, false, Why::No(from), fx);
            }
            (Msg::Ack { .. }, Some(_)) if missing.remove(&from) && missing.is_empty() => {
                self.missing.remove(&tx);
                self.records.open.remove(&tx);
                self.save(fx);
                fx.cancel_timer(Timer::Patience(tx));
                fx.note(Note::Ended { tx });
            }
            (Msg::Ask { .. }, Some(commit)) => fx.send_durable(from, Msg::Outcome { tx, commit }),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Node>) {
        match timer {
            Timer::Patience(tx) => match self.records.open.get(&tx).map(|open| open.outcome) {
                None => {}
                Some(None) => {
                    let silent = self.missing.get(&tx).into_iter().flatten().copied().collect();
                    self.decide(tx, false, Why::Silent(silent), fx);
                }
                Some(Some(_)) => self.tell(tx, fx),
            },
            Timer::Workload => {
                workload(fx.config()).arm(Timer::Workload, DRAW_PAUSE, fx);
                if self.records.open.len() < OPEN_MAX {
                    let transfer = draw_transfer(fx);
                    // Nobody waits for an answer.
                    self.begin(&transfer, fx).ok();
                }
            }
        }
    }

    fn on_request(&mut self, id: RequestId, transfer: Transfer, fx: &mut Fx<'_, Node>) {
        match self.begin(&transfer, fx) {
            Ok(tx) => drop(self.requests.insert(tx, id)),
            Err(refusal) => fx.reply(id, refusal),
        }
    }
}

impl Coordinator {
    fn begin(&mut self, transfer: &Transfer, fx: &mut Fx<'_, Node>) -> Result<Tx, Ret> {
        let parts = parts(transfer, fx.config()).ok_or(Ret::NoSuchAccounts)?;
        if self.records.open.len() >= OPEN_MAX {
            return Err(Ret::Busy);
        }
        self.records.newest += 1;
        let tx = self.records.newest;
        self.missing.insert(tx, parts.keys().copied().collect());
        self.records.open.insert(tx, Open { parts: parts.clone(), outcome: None });
        self.save(fx);
        for &node in parts.keys() {
            fx.send_durable(node, Msg::Prepare { tx, parts: parts.clone() });
        }
        fx.set_timer(Timer::Patience(tx), fx.config().timeout_us);
        fx.note(Note::Began { tx, parts });
        Ok(tx)
    }

    fn decide(&mut self, tx: Tx, commit: bool, why: Why, fx: &mut Fx<'_, Node>) {
        let Some(open) = self.records.open.get_mut(&tx) else { return };
        open.outcome = Some(commit);
        // Whoever votes no has aborted by that.
        let knows = |node: &NodeId| why == Why::No(*node);
        self.missing.insert(tx, open.parts.keys().copied().filter(|node| !knows(node)).collect());
        self.save(fx);
        fx.note(Note::Decided { tx, commit, why });
        if let Some(id) = self.requests.remove(&tx) {
            fx.reply_durable(id, Ret::Decided { tx, commit });
        }
        self.tell(tx, fx);
    }

    /// Tells the outcome to those who have not acknowledged it; nobody hears it before it is on disk.
    fn tell(&self, tx: Tx, fx: &mut Fx<'_, Node>) {
        let Some(commit) = self.records.open.get(&tx).and_then(|open| open.outcome) else { return };
        for &node in self.missing.get(&tx).into_iter().flatten() {
            fx.send_durable(node, Msg::Outcome { tx, commit });
        }
        fx.set_timer(Timer::Patience(tx), fx.config().timeout_us);
    }

    fn save(&self, fx: &mut Fx<'_, Node>) {
        let bugs = fx.config().bugs;
        let mut records = self.records.clone();
        if bugs.forgets_decision {
            records.open.values_mut().for_each(|open| open.outcome = None);
        }
        if !bugs.restarts_anew {
            fx.save(Cell::Transactions(records));
        }
    }
}

const fn workload(config: &Config) -> Workload {
    Workload::Open { every_us: config.workload_us }
}

/// What a transfer does to each account; none unless all of them differ and are there.
fn parts(transfer: &Transfer, config: &Config) -> Option<Parts> {
    let all = || transfer.to.iter().chain([&transfer.from]);
    let known = |node: &NodeId| (1..=config.participants).contains(&node.0);
    let mut parts: Parts = transfer.to.iter().map(|&node| (node, transfer.amount)).collect();
    parts.insert(transfer.from, -transfer.amount * transfer.to.len() as i64);
    (parts.len() == all().count() && all().all(known)).then_some(parts)
}

/// From one account to one or two others.
fn draw_transfer(fx: &mut Fx<'_, Node>) -> Transfer {
    let count = fx.config().participants;
    let first = fx.draw(DRAW_TRANSFER, 0, u64::from(count) - 1) as u32;
    let others = fx.draw(DRAW_TRANSFER, 1, u64::from(count.min(3)) - 1) as u32;
    let node = |place: u32| NodeId(1 + (first + place) % count);
    let amount = 5 * fx.draw(DRAW_TRANSFER, 1, 4) as i64;
    Transfer { from: node(0), to: (1..=others).map(node).collect(), amount }
}
