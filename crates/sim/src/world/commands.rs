//! What somebody does to a running cluster.

use crate::clock::Clock;
use crate::command::{Command, MessageAct};
use crate::disk::DiskDrive;
use crate::hash::StableHasher;
use crate::network::{Link, LossReason, MessageId};
use crate::protocol::{NodeId, Protocol, RequestId};
use crate::queue::Due;
use crate::record::{Event, Observer, Outcome};

use super::net::fresh_link;
use super::{NODES_MAX, Node, Presence, World, source_of};

impl<P: Protocol> World<P> {
    /// Applies a command at `at_us`, or now if that is past. Nothing may be due before.
    pub(crate) fn command_at(&mut self, at_us: u64, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.enter(at_us.max(self.time_us));
        self.command(command, observer);
    }

    /// Applies a command now. It is a step with a record like any other. A command that names a
    /// machine which is not in the world changes nothing.
    pub fn command(&mut self, command: &Command<P::Op>, observer: &mut impl Observer<P>) {
        self.idle = false;
        self.step += 1;
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
                    self.nodes[node.index()].paused = true;
                }
            }
            Command::Resume(node) => self.resume(*node, outcomes),
            Command::Cut { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_up(from, to, false, outcomes));
            }
            Command::Heal { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_up(from, to, true, outcomes));
            }
            Command::Partition(groups) => {
                let mut apart = Vec::new();
                pairs_apart(groups, |from, to| apart.push((from, to)));
                for (from, to) in apart {
                    self.on_links(from, to, false, |world, from, to| world.set_link_up(from, to, false, outcomes));
                }
            }
            Command::HealAll => {
                let present: Vec<NodeId> = self.node_ids().collect();
                for &from in &present {
                    for &to in &present {
                        let index = self.link_index(from, to);
                        self.links[index].up = true;
                    }
                }
            }
            Command::Link { from, to, both, change } => {
                self.on_links(*from, *to, *both, |world, from, to| world.change_link(from, to, change));
            }
            Command::Hold { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_held(from, to, true));
            }
            Command::Release { from, to, both } => {
                self.on_links(*from, *to, *both, |world, from, to| world.set_link_held(from, to, false));
            }
            Command::Message { id, act } => self.act_on_message(*id, *act, outcomes),
            Command::Clock { node, offset_us, drift_ppm } => {
                if self.is_present(*node) {
                    self.adjust_clock(*node, *offset_us, *drift_ppm);
                }
            }
            Command::Disk { node, mode, sync_us } => {
                if self.is_present(*node) {
                    self.nodes[node.index()].drive.behave(*mode, *sync_us, self.time_us);
                    self.schedule_sync(*node);
                }
            }
            Command::AddNode(node) => self.add_node(*node, outcomes),
            Command::RemoveNode(node) => self.remove_node(*node, outcomes),
            Command::Set { key, value } => {
                if !self.cluster.set(*key, *value) {
                    P::set(&mut self.config, &mut self.cluster.link, *key, *value);
                }
            }
            Command::Move { node, x, y } => {
                if self.is_present(*node) {
                    self.nodes[node.index()].position = Some((*x, *y));
                }
            }
        }
    }

    /// Whether the command would change anything now; what would not is greyed out on the page.
    #[must_use]
    pub fn would_change(&self, command: &Command<P::Op>) -> bool {
        let any = |from: NodeId, to: NodeId, both: bool, test: &dyn Fn(&Link) -> bool| {
            let direction = |from, to| self.joined(from, to) && test(&self.links[self.link_index(from, to)]);
            direction(from, to) || (both && direction(to, from))
        };
        match command {
            Command::Request { node, .. } | Command::Crash(node) => self.is_up(*node),
            Command::Restart(node) => self.is_present(*node) && !self.is_up(*node),
            Command::Pause(node) => self.is_up(*node) && !self.is_paused(*node),
            Command::Resume(node) => self.is_paused(*node),
            Command::Cut { from, to, both } => any(*from, *to, *both, &|link| link.up),
            Command::Heal { from, to, both } => any(*from, *to, *both, &|link| !link.up),
            Command::HealAll => {
                self.node_ids().any(|from| self.node_ids().any(|to| any(from, to, false, &|link| !link.up)))
            }
            Command::Partition(groups) => {
                let mut cuts = false;
                pairs_apart(groups, |from, to| cuts |= any(from, to, false, &|link| link.up));
                cuts
            }
            Command::Link { from, to, both, change } => any(*from, *to, *both, &|link| {
                if change.resets() {
                    link.profile.is_some()
                } else {
                    change.applied_to(self.profile(link)) != self.profile(link)
                }
            }),
            Command::Hold { from, to, both } => any(*from, *to, *both, &|link| !link.held),
            Command::Release { from, to, both } => any(*from, *to, *both, &|link| link.held),
            Command::Message { id, .. } => self.slot_of(*id).is_some(),
            Command::Clock { node, offset_us, drift_ppm } => {
                let differs = |clock: &Clock| (clock.offset_us(), clock.drift_ppm()) != (*offset_us, *drift_ppm);
                self.is_present(*node) && differs(self.clock(*node))
            }
            Command::Disk { node, mode, sync_us } => {
                self.is_present(*node) && self.disk_mode(*node) != (*mode, *sync_us)
            }
            Command::AddNode(node) => node.0 < NODES_MAX && self.presence(*node) == Presence::Absent,
            Command::RemoveNode(node) => self.is_present(*node),
            Command::Set { key, value } => {
                let mut cluster = self.cluster.clone();
                if cluster.set(*key, *value) {
                    return cluster != self.cluster;
                }
                let mut config = self.config.clone();
                P::set(&mut config, &mut cluster.link, *key, *value);
                cluster != self.cluster || StableHasher::of(&config) != StableHasher::of(&self.config)
            }
            Command::Move { node, x, y } => {
                self.distance_us() > 0 && self.is_present(*node) && self.place(*node) != (*x, *y)
            }
        }
    }

    fn adjust_clock(&mut self, node: NodeId, offset_us: i64, drift_ppm: i32) {
        let this = &mut self.nodes[node.index()];
        let drifts_as_before = this.clock.drift_ppm() == drift_ppm;
        this.clock.adjust(self.time_us, offset_us, drift_ppm);
        if drifts_as_before {
            return;
        }
        for slot in &mut this.timers {
            slot.sequence = self.queue.number();
            slot.due_us = this.clock.true_time_of(slot.due_monotonic_us, self.time_us);
            slot.queued = slot.sequence;
            slot.queued_us = slot.due_us;
            self.queue.push(slot.due_us, slot.sequence, Due::Timer(node));
        }
    }

    fn act_on_message(&mut self, id: MessageId, act: MessageAct, outcomes: &mut Vec<Outcome<P>>) {
        let Some(slot) = self.slot_of(id) else {
            outcomes.push(Outcome::Missed(id));
            return;
        };
        match act {
            MessageAct::Drop => self.lose(slot, LossReason::Dropped, outcomes),
            MessageAct::Hold => self.hold_message(slot, |flight| flight.held_by_hand = true),
            MessageAct::Release => self.hold_message(slot, |flight| flight.held_by_hand = false),
            MessageAct::Deliver => {
                let now_us = self.time_us;
                let flight = self.flight_mut(slot);
                flight.held_by_link = false;
                flight.held_by_hand = false;
                flight.due_us = now_us;
                self.reschedule(slot);
            }
            MessageAct::Duplicate => {
                let flight = self.flight_mut(slot);
                let (msg, cause) = (flight.msg.clone(), flight.cause);
                // It may have reached the machine of a paused process before the link was cut.
                if !self.link_up(id.from, id.to) {
                    return;
                }
                // Copy 1 belongs to duplication by the network.
                let copy = self.hand_copies.entry((id.from, id.to, id.number)).or_insert(1);
                *copy += 1;
                let copy = *copy;
                self.launch(MessageId { copy, ..id }, msg, cause, self.time_us, outcomes);
            }
        }
    }

    fn request(&mut self, node: NodeId, op: &P::Op, outcomes: &mut Vec<Outcome<P>>) {
        let Some(this) = self.nodes.get_mut(node.index()) else { return };
        let ordinal = match this.last_request {
            Some(last) if last.at_us == self.time_us => last.ordinal + 1,
            _ => 0,
        };
        let id = RequestId { at_us: self.time_us, node, ordinal };
        this.last_request = Some(id);
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
        let (seed, now_us) = (self.seed, self.time_us);
        let this = &mut self.nodes[node.index()];
        this.state = None;
        this.paused = false;
        this.timers.clear();
        this.waiting.clear();
        this.counters.clear();
        let writes_lost = this.drive.crash(seed, node, this.incarnation);
        this.sync_sequence = 0;
        this.incarnation += 1;
        this.source = source_of(seed, node, this.incarnation);
        if writes_lost > 0 {
            outcomes.push(Outcome::WritesLost(writes_lost));
        }
        for entry in std::mem::take(&mut this.backlog) {
            if entry.time_us > now_us {
                self.queue.push(entry.time_us, entry.sequence, entry.due);
            } else if let Due::Arrival(slot) = entry.due
                && self.flights[slot as usize].as_ref().is_some_and(|flight| flight.sequence == entry.sequence)
            {
                self.lose(slot, LossReason::ReceiverDown, outcomes);
            }
        }
    }

    fn resume(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_paused(node) {
            return;
        }
        let this = &mut self.nodes[node.index()];
        this.paused = false;
        // Back in the queue they come in the order in which they were due: first what is overdue.
        for entry in std::mem::take(&mut this.backlog) {
            self.queue.push(entry.time_us, entry.sequence, entry.due);
        }
        self.release_parcels(node, outcomes);
    }

    fn add_node(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if node.0 >= NODES_MAX || self.presence(node) != Presence::Absent {
            return;
        }
        let (seed, had) = (self.seed, self.nodes.len());
        let count = had.max(node.index() + 1);
        if count > had {
            self.nodes.extend((had..count).map(|id| Node::new(seed, NodeId(id as u32), Presence::Absent)));
            let mut old = std::mem::take(&mut self.links).into_iter();
            for from in 0..count {
                for to in 0..count {
                    let known = if from < had && to < had { old.next() } else { None };
                    self.links.push(known.unwrap_or_else(|| fresh_link(seed, from, to, false)));
                }
            }
        }
        self.nodes[node.index()].presence = Presence::Present;
        for other in self.node_ids().collect::<Vec<_>>() {
            for index in [self.link_index(node, other), self.link_index(other, node)] {
                self.links[index].up = true;
            }
        }
        self.boot(node, outcomes);
    }

    fn remove_node(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        if !self.is_present(node) {
            return;
        }
        self.crash(node, outcomes);
        for other in self.node_ids().collect::<Vec<_>>() {
            self.set_link_up(node, other, false, outcomes);
            if other != node {
                self.set_link_up(other, node, false, outcomes);
            }
        }
        let this = &mut self.nodes[node.index()];
        this.presence = Presence::Removed;
        this.drive = DiskDrive::default();
    }
}

/// Every direction between nodes of different groups.
fn pairs_apart(groups: &[Vec<NodeId>], mut each: impl FnMut(NodeId, NodeId)) {
    for (here, group) in groups.iter().enumerate() {
        for (_, other) in groups.iter().enumerate().filter(|&(there, _)| there != here) {
            for &from in group {
                for &to in other {
                    each(from, to);
                }
            }
        }
    }
}
