//! The links of a world and the messages on them.

use crate::network::{Flight, Link, LinkChange, LinkProfile, LossReason, MessageId, NO_SLOT};
use crate::protocol::{NodeId, Protocol};
use crate::queue::Due;
use crate::random::{self, Domain, Purpose, Source};
use crate::record::{FlightSlot, Outcome};

use super::World;

pub(super) fn fresh_link(seed: u64, from: usize, to: usize, up: bool) -> Link {
    let source = Source::new(seed, Domain::Link, &[from as u64, to as u64]);
    Link { up, held: false, profile: None, own_latency: false, sent: 0, busy_until_us: 0, first: NO_SLOT, source }
}

/// Messages and their slots in the order of their ids. All protocols share the sort.
fn by_id(mut slots: Vec<(MessageId, u32)>) -> Vec<(MessageId, u32)> {
    slots.sort_unstable();
    slots
}

impl<P: Protocol> World<P> {
    /// Whether messages from `from` reach `to`.
    #[must_use]
    pub fn link_up(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link_index(from, to)].up
    }

    /// Whether messages from `from` to `to` are frozen.
    #[must_use]
    pub fn link_held(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link_index(from, to)].held
    }

    /// How the link from `from` to `to` treats messages.
    #[must_use]
    pub fn link_profile(&self, from: NodeId, to: NodeId) -> LinkProfile {
        self.profile(&self.links[self.link_index(from, to)])
    }

    /// All messages on their way, in the order of their ids.
    #[must_use]
    pub fn flights(&self) -> Vec<&Flight<P>> {
        let slots = (0u32..).zip(&self.flights).filter_map(|(slot, flight)| Some((flight.as_ref()?.id, slot)));
        let slots = by_id(slots.collect());
        slots.into_iter().filter_map(|(_, slot)| self.flights[slot as usize].as_ref()).collect()
    }

    /// A message that the last step sent.
    #[must_use]
    pub fn flight_in(&self, slot: FlightSlot) -> Option<&Flight<P>> {
        self.flights[slot.0 as usize].as_ref()
    }

    /// Whether there is a link between two machines: both are in the world.
    pub(super) fn joined(&self, from: NodeId, to: NodeId) -> bool {
        self.is_present(from) && self.is_present(to)
    }

    pub(super) fn link_index(&self, from: NodeId, to: NodeId) -> usize {
        debug_assert!(to.index() < self.nodes.len(), "{to:?} is not a node of this cluster");
        from.index() * self.nodes.len() + to.index()
    }

    pub(super) fn profile(&self, link: &Link) -> LinkProfile {
        let profile = link.profile.as_deref().copied().unwrap_or(self.cluster.link);
        let towards = if link.own_latency { None } else { self.cluster.link.towards };
        LinkProfile { distance_us: self.distance_us_on(link), towards, ..profile }
    }

    /// Whether distance counts for all links alike is one decision; what a command has changed about a
    /// link otherwise does not matter.
    #[inline]
    const fn distance_us_on(&self, link: &Link) -> u32 {
        if link.own_latency { 0 } else { self.cluster.link.distance_us }
    }

    /// What a message on this link needs on top because of where it goes, in µs.
    #[inline]
    fn towards_us_on(&self, link: &Link, to: NodeId) -> u64 {
        match self.cluster.link.towards {
            Some((node, us)) if node == to && !link.own_latency => us.into(),
            _ => 0,
        }
    }

    /// The way between two machines in whole units.
    fn distance(&self, from: NodeId, to: NodeId) -> u64 {
        let ((x1, y1), (x2, y2)) = (self.place(from), self.place(to));
        let squared = |a: i32, b: i32| u64::from(a.abs_diff(b)).pow(2);
        squared(x1, x2).saturating_add(squared(y1, y2)).isqrt()
    }

    /// How long a message needs at most, in µs, if it is neither made late, nor waits for the messages before it.
    #[must_use]
    pub fn longest_way_us(&self, from: NodeId, to: NodeId) -> u64 {
        let link = &self.links[self.link_index(from, to)];
        let (low, high) = self.profile(link).latency_us;
        let way_us = match self.distance_us_on(link) {
            0 => high,
            distance_us => (high - low).saturating_add(self.distance(from, to).saturating_mul(distance_us.into())),
        };
        way_us.saturating_add(self.towards_us_on(link, to))
    }

    pub(super) fn on_links(
        &mut self,
        from: NodeId,
        to: NodeId,
        both: bool,
        mut act: impl FnMut(&mut Self, NodeId, NodeId),
    ) {
        if !self.joined(from, to) {
            return;
        }
        act(self, from, to);
        if both {
            act(self, to, from);
        }
    }

    pub(super) fn transmit(
        &mut self,
        from: NodeId,
        to: NodeId,
        msg: P::Msg,
        cause: u64,
        outcomes: &mut Vec<Outcome<P>>,
    ) {
        if to.index() >= self.nodes.len() {
            return;
        }
        let index = self.link_index(from, to);
        let link = &mut self.links[index];
        link.sent += 1;
        let id = MessageId { from, to, number: link.sent, copy: 0 };
        if !link.up {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Cut });
            return;
        }
        let profile = link.profile.as_deref().unwrap_or(&self.cluster.link);
        let mut leaves_us = self.time_us;
        if profile.bandwidth_bps > 0 {
            let bits = u128::from(P::size_bytes(&msg)) * 8;
            let length_us = (bits * 1_000_000).div_ceil(u128::from(profile.bandwidth_bps));
            let start_us = link.busy_until_us.max(self.time_us);
            leaves_us = start_us.saturating_add(u64::try_from(length_us).unwrap_or(u64::MAX));
            link.busy_until_us = leaves_us;
        }
        let source = link.source;
        let (duplicate_ppm, loss_ppm) = (profile.duplicate_ppm, profile.loss_ppm);
        if duplicate_ppm > 0 && random::happens(source.draw(Purpose::Duplicate as u32, id.number), duplicate_ppm) {
            self.launch(MessageId { copy: 1, ..id }, msg.clone(), cause, leaves_us, outcomes);
        }
        if loss_ppm > 0 && random::happens(source.draw(Purpose::Loss as u32, id.number), loss_ppm) {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Random });
            return;
        }
        self.launch(id, msg, cause, leaves_us, outcomes);
    }

    /// Puts a message on the wire that has left its sender at `leaves_us`.
    #[inline]
    pub(super) fn launch(
        &mut self,
        id: MessageId,
        msg: P::Msg,
        cause: u64,
        leaves_us: u64,
        outcomes: &mut Vec<Outcome<P>>,
    ) {
        let now_us = self.time_us;
        let index = self.link_index(id.from, id.to);
        let link = &self.links[index];
        let profile = link.profile.as_deref().unwrap_or(&self.cluster.link);
        let draw = |purpose: Purpose| link.source.draw(purpose as u32 | id.copy << 8, id.number);
        let (low, high) = profile.latency_us;
        let mut way_us = if low == high { low } else { random::in_range(draw(Purpose::Latency), low, high) };
        let distance_us = self.distance_us_on(link);
        if distance_us > 0 {
            way_us = (way_us - low).saturating_add(self.distance(id.from, id.to).saturating_mul(distance_us.into()));
        }
        way_us = way_us.saturating_add(self.towards_us_on(link, id.to));
        if profile.reorder_ppm > 0 && random::happens(draw(Purpose::Reorder), profile.reorder_ppm) {
            way_us = way_us.saturating_add(random::in_range(draw(Purpose::Lateness), 1, high.max(1)));
        }
        let link = &mut self.links[index];
        let due_us = leaves_us.saturating_add(way_us);
        let latency_us = due_us - now_us;
        let held_by_link = link.held;
        let sequence = if held_by_link { 0 } else { self.queue.number() };
        let flight = Flight {
            id,
            msg,
            cause,
            sent_us: now_us,
            latency_us,
            due_us,
            held_by_link,
            held_by_hand: false,
            remaining_us: latency_us,
            sequence,
            before: NO_SLOT,
            behind: link.first,
        };
        let next = link.first;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.flights.push(Some(flight));
                (self.flights.len() - 1) as u32
            }
        };
        link.first = slot;
        if next != NO_SLOT {
            self.flight_mut(next).before = slot;
        }
        if !held_by_link {
            self.queue.push(due_us, sequence, Due::Arrival(slot));
        }
        outcomes.push(Outcome::Sent { id, due_us, slot: FlightSlot(slot) });
    }

    #[inline]
    pub(super) fn flight_mut(&mut self, slot: u32) -> &mut Flight<P> {
        self.flights[slot as usize].as_mut().expect("a live slot holds a message")
    }

    /// Takes a message off the wire.
    #[inline]
    pub(super) fn land(&mut self, slot: u32) -> Flight<P> {
        self.free.push(slot);
        let flight = self.flights[slot as usize].take().expect("a live slot holds a message");
        if flight.behind != NO_SLOT {
            self.flight_mut(flight.behind).before = flight.before;
        }
        if flight.before != NO_SLOT {
            self.flight_mut(flight.before).behind = flight.behind;
        } else {
            let index = self.link_index(flight.id.from, flight.id.to);
            self.links[index].first = flight.behind;
        }
        flight
    }

    pub(super) fn lose(&mut self, slot: u32, why: LossReason, outcomes: &mut Vec<Outcome<P>>) {
        let flight = self.land(slot);
        outcomes.push(Outcome::Lost { id: flight.id, msg: flight.msg, why });
    }

    /// The messages on a link and the slots they are in.
    fn on_link(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = (MessageId, u32)> {
        let mut slot = self.links[self.link_index(from, to)].first;
        std::iter::from_fn(move || {
            let flight = self.flights.get(slot as usize)?.as_ref().expect("a list holds messages");
            let found = (flight.id, slot);
            slot = flight.behind;
            Some(found)
        })
    }

    /// The slots of the messages on a link, in the order of their ids.
    fn slots(&self, from: NodeId, to: NodeId) -> Vec<u32> {
        by_id(self.on_link(from, to).collect()).into_iter().map(|(_, slot)| slot).collect()
    }

    pub(super) fn slot_of(&self, id: MessageId) -> Option<u32> {
        if !self.joined(id.from, id.to) {
            return None;
        }
        self.on_link(id.from, id.to).find(|&(known, _)| known == id).map(|(_, slot)| slot)
    }

    pub(super) fn set_link_up(&mut self, from: NodeId, to: NodeId, up: bool, outcomes: &mut Vec<Outcome<P>>) {
        let index = self.link_index(from, to);
        self.links[index].up = up;
        if !up {
            self.links[index].busy_until_us = 0;
            for slot in self.slots(from, to) {
                let (paused, now_us) = (self.nodes[to.index()].paused, self.time_us);
                let flight = self.flight_mut(slot);
                // What a paused process has not read yet has already arrived at its machine.
                let arrived = paused && !flight.held() && flight.due_us <= now_us;
                if !arrived {
                    self.lose(slot, LossReason::Cut, outcomes);
                }
            }
        }
    }

    pub(super) fn change_link(&mut self, from: NodeId, to: NodeId, change: &LinkChange) {
        let index = self.link_index(from, to);
        let profile = change.applied_to(self.profile(&self.links[index]));
        let link = &mut self.links[index];
        link.own_latency = !change.resets() && (link.own_latency || change.latency_us.is_some());
        link.profile = if change.resets() { None } else { Some(Box::new(profile)) };
    }

    pub(super) fn set_link_held(&mut self, from: NodeId, to: NodeId, held: bool) {
        let index = self.link_index(from, to);
        self.links[index].held = held;
        for slot in self.slots(from, to) {
            self.hold_message(slot, |flight| flight.held_by_link = held);
        }
    }

    /// Changes what holds a message, and stops it or sets it going accordingly.
    pub(super) fn hold_message(&mut self, slot: u32, change: impl FnOnce(&mut Flight<P>)) {
        let now_us = self.time_us;
        let flight = self.flight_mut(slot);
        let was_held = flight.held();
        change(flight);
        if flight.held() == was_held {
            return;
        }
        if flight.held() {
            flight.remaining_us = flight.due_us.saturating_sub(now_us);
            flight.sequence = 0;
        } else {
            flight.due_us = now_us.saturating_add(flight.remaining_us);
            self.reschedule(slot);
        }
    }

    pub(super) fn reschedule(&mut self, slot: u32) {
        let sequence = self.queue.number();
        let flight = self.flight_mut(slot);
        flight.sequence = sequence;
        let due_us = flight.due_us;
        self.queue.push(due_us, sequence, Due::Arrival(slot));
    }
}
