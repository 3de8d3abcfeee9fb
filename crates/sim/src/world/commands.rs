//! What somebody does to a running cluster.

use crate::command::{Command, MessageAct, ParamKey};
use crate::disk::DiskDrive;
use crate::hash::StableHasher;
use crate::network::{LossReason, MessageId};
use crate::protocol::{NodeId, Protocol};
use crate::queue::Due;
use crate::record::{Event, Observer, Outcome};

use super::net::pairs_apart;
use super::{Node, Presence, World};

impl<P: Protocol> World<P> {
    /// Applies a command at `at_us`, or now if that is past. Nothing may be due before.
    pub(crate) fn command_at(&mut self, at_us: u64, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.net.enter(at_us.max(self.time_us));
        self.command(command, observer);
    }

    /// Applies a command now. It is a step with a record like any other. A command that names a
    /// machine which is not in the world changes nothing.
    pub fn command(&mut self, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.net.idle = false;
        self.net.step += 1;
        let mut outcomes = self.outcomes.take();
        self.intervene(command, &mut outcomes);
        self.finish_step(None, Event::Command(command.clone()), outcomes, observer);
    }

    fn intervene(&mut self, command: &Command<P::Op>, outcomes: &mut Vec<Outcome<P>>) {
        match command {
            Command::Request { node, op } => self.request(*node, op, outcomes),
            Command::Crash(node) => self.crash(*node, outcomes),
            Command::Restart(node) => {
                if self.is_present(*node) && !self.is_up(*node) {
                    self.boot(*node, outcomes);
                }
            }
            Command::Pause(node) => {
                if self.is_up(*node) {
                    self.net.machines[node.index()].paused = true;
                }
            }
            Command::Resume(node) => self.resume(*node, outcomes),
            Command::Cut { from, to, both } => self.cut(self.directions(*from, *to, *both), outcomes),
            Command::Partition(groups) => {
                let apart = pairs_apart(groups).into_iter();
                let joined: Vec<_> = apart.filter(|&(from, to)| self.joined(from, to)).collect();
                self.cut(joined.into_iter(), outcomes);
            }
            Command::Heal { from, to, both } => {
                self.directions(*from, *to, *both).for_each(|(from, to)| self.net.heal(from, to));
            }
            Command::HealAll => self.net.heal_all(),
            Command::Link { from, to, both, change } => {
                self.directions(*from, *to, *both).for_each(|(from, to)| self.net.change_link(from, to, change));
            }
            Command::Hold { from, to, both } => {
                self.directions(*from, *to, *both).for_each(|(from, to)| self.net.set_link_held(from, to, true));
            }
            Command::Release { from, to, both } => {
                self.directions(*from, *to, *both).for_each(|(from, to)| self.net.set_link_held(from, to, false));
            }
            Command::Message { id, act } => self.act_on_message(*id, *act, outcomes),
            Command::Clock { node, offset_us, drift_ppm } => {
                if self.is_present(*node) {
                    self.adjust_clock(*node, *offset_us, *drift_ppm);
                }
            }
            Command::Disk { node, mode, sync_us } => {
                if self.is_present(*node) {
                    self.nodes[node.index()].drive.behave(*mode, *sync_us, self.net.time_us);
                    self.schedule_sync(*node);
                }
            }
            Command::AddNode(node) => self.add_node(*node, outcomes),
            Command::RemoveNode(node) => self.remove_node(*node, outcomes),
            Command::Set { key, value } => {
                if !self.net.cluster.set(*key, *value) {
                    P::set(&mut self.config, &mut self.net.cluster.link, *key, *value);
                }
            }
            Command::Move { node, x, y } => {
                if self.is_present(*node) {
                    self.net.machines[node.index()].position = Some((*x, *y));
                }
            }
        }
    }

    /// Whether the command would change anything now; what would not is greyed out on the page.
    #[must_use]
    pub fn would_change(&self, command: &Command<P::Op>) -> bool {
        self.net.would_change(command, |node| self.disk_mode(node), |key, value| self.would_set(key, value))
    }

    /// Whether a parameter has another value now.
    #[must_use]
    pub fn would_set(&self, key: ParamKey, value: (u64, u64)) -> bool {
        let mut cluster = self.net.cluster.clone();
        if cluster.set(key, value) {
            return cluster != self.net.cluster;
        }
        let mut config = self.config.clone();
        P::set(&mut config, &mut cluster.link, key, value);
        cluster != self.net.cluster || StableHasher::of(&config) != StableHasher::of(&self.config)
    }

    /// Cuts these directions; what is on them is lost.
    fn cut(&mut self, directions: impl Iterator<Item = (NodeId, NodeId)>, outcomes: &mut Vec<Outcome<P>>) {
        for (from, to) in directions {
            let slots = self.net.cut(from, to);
            self.lose(slots, LossReason::Cut, outcomes);
        }
    }

    fn adjust_clock(&mut self, node: NodeId, offset_us: i64, drift_ppm: i32) {
        let now_us = self.net.time_us;
        let clock = &mut self.net.machines[node.index()].clock;
        let drifts_as_before = clock.drift_ppm() == drift_ppm;
        clock.adjust(now_us, offset_us, drift_ppm);
        if drifts_as_before {
            return;
        }
        for slot in &mut self.nodes[node.index()].timers {
            slot.sequence = self.net.queue.number();
            slot.due_us = clock.true_time_of(slot.due_monotonic_us, now_us);
            slot.queued = slot.sequence;
            slot.queued_us = slot.due_us;
            self.net.queue.push(slot.due_us, slot.sequence, Due::Timer(node));
        }
    }

    fn act_on_message(&mut self, id: MessageId, act: MessageAct, outcomes: &mut Vec<Outcome<P>>) {
        let Some(slot) = self.slot_of(id) else {
            outcomes.push(Outcome::Missed(id));
            return;
        };
        match act {
            MessageAct::Drop => self.lose(vec![slot], LossReason::Dropped, outcomes),
            MessageAct::Hold => self.net.hold_message(slot, |flight| flight.held_by_hand = true),
            MessageAct::Release => self.net.hold_message(slot, |flight| flight.held_by_hand = false),
            MessageAct::Deliver => self.net.deliver_now(slot),
            MessageAct::Duplicate => {
                // It may have reached the machine of a paused process before the link was cut.
                let there = self.flights[slot as usize].as_ref().zip(self.messages[slot as usize].clone());
                if let Some((flight, msg)) = there
                    && self.link_up(id.from, id.to)
                {
                    let (cause, now_us) = (flight.cause, self.net.time_us);
                    let copy = self.net.copy_by_hand(id);
                    self.launch(copy, msg, cause, now_us, outcomes);
                }
            }
        }
    }

    fn request(&mut self, node: NodeId, op: &P::Op, outcomes: &mut Vec<Outcome<P>>) {
        let Some(id) = self.net.number_request(node) else { return };
        if self.is_up(node) && !self.is_paused(node) {
            self.handle(node, outcomes, |state, fx| state.on_request(id, op.clone(), fx));
        } else {
            outcomes.push(Outcome::Refused(id));
        }
    }

    fn crash(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_up(node) {
            return;
        }
        let incarnation = self.incarnation(node);
        let this = &mut self.nodes[node.index()];
        this.state = None;
        this.timers.clear();
        this.waiting.clear();
        let writes_lost = this.drive.crash(self.net.seed, node, incarnation);
        if writes_lost > 0 {
            outcomes.push(Outcome::WritesLost(writes_lost));
        }
        let unread = self.net.stop(node);
        self.lose(unread, LossReason::ReceiverDown, outcomes);
    }

    fn resume(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if self.is_paused(node) {
            self.net.unpause(node);
            self.release_parcels(node, outcomes);
        }
    }

    fn add_node(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if self.net.add(node) {
            self.nodes.resize_with(self.net.machines.len(), Node::default);
            self.boot(node, outcomes);
        }
    }

    fn remove_node(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_present(node) {
            return;
        }
        self.crash(node, outcomes);
        for other in self.node_ids().collect::<Vec<_>>() {
            let both = other != node;
            self.cut(self.directions(node, other, both), outcomes);
        }
        self.net.machines[node.index()].presence = Presence::Removed;
        self.nodes[node.index()].drive = DiskDrive::default();
    }
}
