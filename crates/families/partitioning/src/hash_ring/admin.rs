//! The administrator: it numbers the memberships, one change at a time.

use std::collections::VecDeque;

use sim::{Actor, Disk, Fx, Map, NodeId, RequestId, Set};

use super::{Cell, Change, Epoch, HashRing, Msg, Note, Op, Ret, Timer, VNODES_MAX, View, WEIGHT_MAX, Why};

/// Most changes that wait.
const QUEUE_MAX: usize = 32;

/// A server that has not answered after so many tries does not become a member.
const TRIES_MAX: u32 = 10;

/// After so many tries the administrator does without those that a write quorum can do without.
const PATIENCE_TRIES: u32 = 10;

/// The administrator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Admin {
    /// The newest membership.
    pub view: View,
    /// Who knows of which epoch.
    pub known: Map<NodeId, Epoch>,
    /// The old members that have handed over.
    pub done: Set<NodeId>,
    /// Changes that wait, and who asked. The first may wait for a newcomer to answer.
    pub queue: VecDeque<(Option<RequestId>, Change)>,
    /// Who asked for the change under way.
    asker: Option<RequestId>,
    /// How often it has sent what is unanswered.
    tries: u32,
    /// Whether the retry timer runs.
    ticking: bool,
}

impl Actor<HashRing> for Admin {
    fn boot(disk: &Disk<HashRing>, fx: &mut Fx<'_, HashRing>) -> Self {
        let view = match disk.cell("view") {
            Some(Cell::View(view)) => view.clone(),
            _ => View::first(fx.config()),
        };
        let mut admin = Self {
            view,
            known: Map::new(),
            done: Set::new(),
            queue: VecDeque::new(),
            asker: None,
            tries: 0,
            ticking: false,
        };
        // At first everybody knows; after a restart they may not.
        if admin.view.epoch > 0 {
            admin.announce(fx);
        }
        admin
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, HashRing>) {
        match msg {
            Msg::MembershipKnown { epoch } => {
                let known = self.known.entry(from).or_default();
                *known = epoch.max(*known);
                self.start_next(fx);
            }
            Msg::HandedOver { epoch } if epoch == self.view.epoch => {
                self.done.insert(from);
                self.end_change(fx);
            }
            Msg::HandedOver { .. } | Msg::WhichMembership => fx.send_durable(from, Msg::Membership(self.view.clone())),
            Msg::ChangeRequest(change) => self.ask(None, change, fx),
            // What only servers and clients handle.
            _ => {}
        }
    }

    fn on_timer(&mut self, _: Timer, fx: &mut Fx<'_, HashRing>) {
        self.ticking = false;
        self.tries = self.tries.saturating_add(1);
        let clients = (0..fx.nodes()).map(NodeId).filter(|&node| fx.config().is_client(node));
        let behind: Vec<NodeId> = self
            .view
            .everybody()
            .into_iter()
            .chain(clients)
            .filter(|node| self.known.get(node) != Some(&self.view.epoch))
            .collect();
        for &node in &behind {
            fx.send_durable(node, Msg::Membership(self.view.clone()));
        }
        if self.view.next.is_some() {
            self.end_change(fx);
        } else if let Some(&(asker, Change::Add(_))) = self.queue.front()
            && self.tries > TRIES_MAX
        {
            self.queue.pop_front();
            self.tries = 0;
            self.refuse(asker, Why::Silent, fx);
            self.start_next(fx);
        } else {
            self.start_next(fx);
        }
        if !behind.is_empty() || self.view.next.is_some() || !self.queue.is_empty() {
            self.tick(fx);
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, HashRing>) {
        match op {
            Op::Key(_) => fx.reply(id, Ret::Refused(Why::NotAClient)),
            Op::Change(change) => self.ask(Some(id), change, fx),
        }
    }
}

impl Admin {
    /// Somebody asks for a change.
    fn ask(&mut self, asker: Option<RequestId>, change: Change, fx: &mut Fx<'_, HashRing>) {
        if self.queue.len() >= QUEUE_MAX {
            self.refuse(asker, Why::Busy, fx);
            return;
        }
        if self.queue.is_empty() && self.view.next.is_none() {
            self.tries = 0;
        }
        self.queue.push_back((asker, change));
        self.start_next(fx);
    }

    fn refuse(&self, asker: Option<RequestId>, why: Why, fx: &mut Fx<'_, HashRing>) {
        fx.note(Note::ChangeRefused { why });
        if let Some(id) = asker {
            fx.reply(id, Ret::Refused(why));
        }
    }

    /// The view that a change leads to, in which keys move.
    fn changed(&self, change: Change, fx: &Fx<'_, HashRing>) -> Result<View, Why> {
        let mut next = self.view.now.clone();
        let member = |node: NodeId| self.view.now.weights.contains_key(&node);
        match change {
            Change::Add(node) if !fx.config().is_server(node) || member(node) => return Err(Why::NoChange),
            Change::Add(node) => {
                next.weights.insert(node, 1);
            }
            Change::Remove(node) | Change::Weight(node, _) | Change::Token(node, ..) if !member(node) => {
                return Err(Why::NoChange);
            }
            Change::Remove(_) if next.weights.len() <= fx.config().replicas as usize => return Err(Why::TooFew),
            Change::Remove(node) => {
                next.weights.remove(&node);
            }
            Change::Weight(node, weight) => {
                next.weights.insert(node, weight.clamp(1, WEIGHT_MAX));
            }
            Change::Token(node, index, token) if index < next.vnodes_of(node) => {
                next.tokens.insert((node, index), token);
            }
            Change::Token(..) => return Err(Why::NoChange),
            Change::Vnodes(vnodes) => next.vnodes = vnodes.clamp(1, VNODES_MAX),
        }
        let mut tokens = std::mem::take(&mut next.tokens);
        tokens.retain(|&(node, index), _| index < next.vnodes_of(node));
        next.tokens = tokens;
        if next == self.view.now {
            return Err(Why::NoChange);
        }
        Ok(View { epoch: self.view.epoch + 1, now: self.view.now.clone(), next: Some(next) })
    }

    fn start_next(&mut self, fx: &mut Fx<'_, HashRing>) {
        if self.view.next.is_some() {
            return;
        }
        while let Some(&(asker, change)) = self.queue.front() {
            let view = match self.changed(change, fx) {
                Ok(view) => view,
                Err(why) => {
                    self.queue.pop_front();
                    self.refuse(asker, why, fx);
                    continue;
                }
            };
            // A change that waits for a machine which is not there could never end.
            if let Change::Add(node) = change
                && self.known.get(&node) != Some(&self.view.epoch)
            {
                fx.send_durable(node, Msg::Membership(self.view.clone()));
                self.tick(fx);
                return;
            }
            self.queue.pop_front();
            self.asker = asker;
            self.done.clear();
            fx.note(Note::ChangeStarted { epoch: view.epoch, change });
            self.adopt(view, fx);
            if fx.config().bugs.new_ring_at_once {
                self.done.extend(self.view.now.weights.keys());
                self.end_change(fx);
            }
            return;
        }
    }

    fn adopt(&mut self, view: View, fx: &mut Fx<'_, HashRing>) {
        self.tries = 0;
        self.view = view;
        fx.save(Cell::View(self.view.clone()));
        self.announce(fx);
    }

    /// Tells everybody, and goes on telling those who matter.
    fn announce(&mut self, fx: &mut Fx<'_, HashRing>) {
        for node in fx.peers() {
            fx.send_durable(node, Msg::Membership(self.view.clone()));
        }
        self.tick(fx);
    }

    /// Ends the change once enough old members have handed over. An acknowledged write is on a write quorum of
    /// a key's replicas, so that without all but one of those somebody who had it still has handed it over.
    fn end_change(&mut self, fx: &mut Fx<'_, HashRing>) {
        let missing = self.view.now.weights.keys().filter(|node| !self.done.contains(node)).count();
        let config = fx.config();
        let spare = config.write_quorum.min(config.replicas).saturating_sub(1) as usize;
        let enough = missing == 0 || (self.tries >= PATIENCE_TRIES && missing <= spare);
        if !enough {
            return;
        }
        if let Some(next) = self.view.next.take() {
            let view = View { epoch: self.view.epoch + 1, now: next, next: None };
            fx.note(Note::ChangeEnded { epoch: view.epoch });
            self.adopt(view, fx);
            if let Some(id) = self.asker.take() {
                fx.reply_durable(id, Ret::Changed);
            }
            self.start_next(fx);
        }
    }

    fn tick(&mut self, fx: &mut Fx<'_, HashRing>) {
        if !self.ticking {
            self.ticking = true;
            fx.set_timer(Timer::Retry, fx.config().retry_us);
        }
    }
}
