//! One event at a time: what the queue says is next, what handlers are given, and what becomes of what they ask for.

use std::hash::Hash;

use crate::disk::Disk;
use crate::network::{LossReason, MessageId};
use crate::protocol::{Effect, Fx, NodeId, Protocol};
use crate::queue::{Due, Entry};
use crate::record::{Event, FlightSlot, Observer, Outcome, Record};

use super::{Parcel, TimerSlot, Waiting, World};

impl<P: Protocol> World<P> {
    /// When the next event is due, in µs. Drops void entries of the queue on the way.
    #[inline]
    pub fn next_event_us(&mut self) -> Option<u64> {
        loop {
            let entry = self.net.queue.peek()?;
            if self.is_live(entry) {
                // What waited for a paused process is overdue and happens now.
                return Some(entry.time_us.max(self.time_us));
            }
            self.net.queue.pop();
            self.set_aside(entry);
        }
    }

    /// Executes the next event, if there is one, and tells the observer.
    pub fn step(&mut self, observer: &mut impl Observer<P>) -> bool {
        let Some(time_us) = self.next_event_us() else { return false };
        self.run_next(time_us, observer);
        true
    }

    /// Executes the next event, which was just found to be due at `time_us`.
    #[inline]
    pub(crate) fn run_next(&mut self, time_us: u64, observer: &mut impl Observer<P>) {
        let entry = self.net.queue.pop().expect("a next event was just seen");
        self.net.enter(time_us);
        self.net.instant_events += 1;
        self.net.step += 1;
        let mut outcomes = self.outcomes.take();
        let (cause, event) = match entry.due {
            Due::Arrival(slot) => self.arrive(slot, &mut outcomes),
            Due::Timer(node) => self.run_timer(node, entry.sequence, &mut outcomes),
            Due::Sync(node) => self.sync(node, &mut outcomes),
        };
        self.finish_step(cause, event, outcomes, observer);
    }

    /// Lets time pass without an event.
    ///
    /// # Panics
    ///
    /// When an event is due at or before `time_us`, or `time_us` lies in the past.
    pub fn idle_until(&mut self, time_us: u64) {
        assert!(time_us >= self.time_us, "time runs backwards");
        self.net.idle |= time_us > self.time_us;
        assert!(self.next_event_us().is_none_or(|next_us| next_us > time_us), "an event would be skipped");
        self.net.time_us = time_us;
    }

    #[inline]
    pub(super) fn finish_step(
        &mut self,
        cause: Option<u64>,
        event: Event<P>,
        outcomes: Vec<Outcome<P>>,
        observer: &mut impl Observer<P>,
    ) {
        let place = event.node().and_then(|node| self.net.machines.get(node.index()));
        let wall_us = place.map(|machine| machine.clock.wall_us(self.time_us));
        let record = Record { step: self.net.step, time_us: self.net.time_us, wall_us, cause, event, outcomes };
        record.hash(&mut self.rolling);
        observer.observe(&record, self);
        self.outcomes.give_back(record.outcomes);
    }

    /// Whether a queue entry stands for something that can happen now.
    #[inline]
    fn is_live(&self, entry: Entry) -> bool {
        match entry.due {
            Due::Arrival(slot) => match &self.flights[slot as usize] {
                Some(flight) => flight.sequence == entry.sequence && !self.machines[flight.id.to.index()].paused,
                None => false,
            },
            Due::Timer(node) => {
                let timers = &self.nodes[node.index()].timers;
                !self.machines[node.index()].paused && timers.iter().any(|slot| slot.sequence == entry.sequence)
            }
            // The disk works on while the process is paused.
            Due::Sync(node) => self.machines[node.index()].sync_sequence == entry.sequence,
        }
    }

    /// Deals with an entry that was taken off the queue without being live: it is void, or waits
    /// for a paused process, or stood for a timer that has been moved.
    fn set_aside(&mut self, entry: Entry) {
        match entry.due {
            Due::Arrival(slot) => {
                if let Some(flight) = &self.net.flights[slot as usize]
                    && flight.sequence == entry.sequence
                {
                    self.net.machines[flight.id.to.index()].backlog.push(entry);
                }
            }
            Due::Timer(node) => {
                let timers = &mut self.nodes[node.index()].timers;
                let Some(slot) = timers.iter_mut().find(|slot| slot.queued == entry.sequence) else { return };
                if slot.sequence == entry.sequence {
                    self.net.machines[node.index()].backlog.push(entry);
                } else {
                    slot.queued = slot.sequence;
                    slot.queued_us = slot.due_us;
                    self.net.queue.push(slot.due_us, slot.sequence, Due::Timer(node));
                }
            }
            Due::Sync(_) => {}
        }
    }

    #[inline]
    fn arrive(&mut self, slot: u32, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let (id, cause, msg) = self.land(slot);
        if !self.is_up(id.to) {
            return (Some(cause), Event::Vanish { id, msg });
        }
        let event = Event::Deliver { id, msg: msg.clone() };
        self.handle(id.to, outcomes, |state, fx| state.on_message(id.from, msg, fx));
        (Some(cause), event)
    }

    fn run_timer(&mut self, node: NodeId, sequence: u64, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let timers = &mut self.nodes[node.index()].timers;
        let position = timers.iter().position(|slot| slot.sequence == sequence).expect("a live entry has its timer");
        let slot = timers.swap_remove(position);
        self.handle(node, outcomes, |state, fx| state.on_timer(slot.timer, fx));
        (Some(slot.cause), Event::Timer { node, timer: slot.timer })
    }

    fn sync(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let cause = self.nodes[node.index()].drive.sync_one();
        self.schedule_sync(node);
        if !self.is_paused(node) {
            self.release_parcels(node, outcomes);
        }
        (Some(cause), Event::Synced(node))
    }

    /// Makes the queue stand for the write that the disk is busy with, and for no other.
    pub(super) fn schedule_sync(&mut self, node: NodeId) {
        let scheduled = &mut self.net.machines[node.index()].sync_sequence;
        match self.nodes[node.index()].drive.head() {
            Some((due_us, sequence)) if sequence != *scheduled => {
                *scheduled = sequence;
                self.net.queue.push(due_us, sequence, Due::Sync(node));
            }
            Some(_) => {}
            None => *scheduled = 0,
        }
    }

    /// Lets go what waited for writes that are synced now. A paused process does so when it goes on.
    pub(super) fn release_parcels(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let synced = self.nodes[node.index()].drive.last_synced();
        while let Some(waiting) = self.nodes[node.index()].waiting.pop_front_if(|waiting| waiting.write <= synced) {
            // What waited was caused by the step that asked for it, not by the disk.
            self.deliver_parcel(node, waiting.parcel, waiting.cause, outcomes);
        }
    }

    fn deliver_parcel(&mut self, node: NodeId, parcel: Parcel<P>, cause: u64, outcomes: &mut Vec<Outcome<P>>) {
        match parcel {
            Parcel::Message { to, msg } => self.transmit(node, to, msg, cause, outcomes),
            Parcel::Reply { id, ret } => outcomes.push(Outcome::Replied { id, ret }),
        }
    }

    pub(super) fn boot(&mut self, node: NodeId, outcomes: &mut Vec<Outcome<P>>) {
        let disk: Disk<P> = self.nodes[node.index()].drive.durable.clone();
        self.net.machines[node.index()].up = true;
        self.with_fx(node, outcomes, |state, fx| *state = Some(P::boot(&disk, fx)));
    }

    #[inline]
    pub(super) fn handle(
        &mut self,
        node: NodeId,
        outcomes: &mut Vec<Outcome<P>>,
        act: impl FnOnce(&mut P, &mut Fx<'_, P>),
    ) {
        self.with_fx(node, outcomes, |state, fx| act(state.as_mut().expect("only running nodes handle events"), fx));
    }

    #[inline]
    fn with_fx(
        &mut self,
        node: NodeId,
        outcomes: &mut Vec<Outcome<P>>,
        act: impl FnOnce(&mut Option<P>, &mut Fx<'_, P>),
    ) {
        let mut effects = self.effects.take();
        let nodes = self.nodes.len() as u32;
        let (now_us, machine) = (self.net.time_us, &mut self.net.machines[node.index()]);
        let mut fx = Fx {
            me: node,
            nodes,
            source: machine.source,
            monotonic_us: machine.clock.monotonic_us(now_us),
            wall_us: machine.clock.wall_us(now_us),
            config: &self.config,
            counters: &mut machine.counters,
            effects: &mut effects,
        };
        act(&mut self.nodes[node.index()].state, &mut fx);
        for effect in effects.drain(..) {
            self.apply(node, effect, outcomes);
        }
        self.effects.give_back(effects);
    }

    #[inline]
    fn apply(&mut self, node: NodeId, effect: Effect<P>, outcomes: &mut Vec<Outcome<P>>) {
        match effect {
            Effect::Send { to, msg, durable: false } => self.transmit(node, to, msg, self.net.step, outcomes),
            Effect::Send { to, msg, durable: true } => {
                self.when_durable(node, Parcel::Message { to, msg }, outcomes);
            }
            Effect::Reply { id, ret, durable: false } => outcomes.push(Outcome::Replied { id, ret }),
            Effect::Reply { id, ret, durable: true } => self.when_durable(node, Parcel::Reply { id, ret }, outcomes),
            Effect::Write(write) => {
                let (net, drive) = (&mut self.net, &mut self.nodes[node.index()].drive);
                let (sequence, sync_us) = (net.queue.number(), net.cluster.disk_sync_us);
                let due_us = drive.issue(write.clone(), net.time_us, net.seed, node, sync_us, (sequence, net.step));
                self.schedule_sync(node);
                outcomes.push(Outcome::Wrote { write, due_us });
            }
            Effect::SetTimer { timer, after_us } => {
                let due_us = self.set_timer(node, timer, after_us);
                outcomes.push(Outcome::TimerSet { timer, due_us });
            }
            Effect::CancelTimer(timer) => self.nodes[node.index()].timers.retain(|slot| slot.timer != timer),
            Effect::Note(note) => outcomes.push(Outcome::Noted(note)),
        }
    }

    fn when_durable(&mut self, node: NodeId, parcel: Parcel<P>, outcomes: &mut Vec<Outcome<P>>) {
        let this = &mut self.nodes[node.index()];
        match this.drive.last_issued() {
            Some(write) => {
                this.waiting.push_back(Waiting { write, cause: self.net.step, parcel });
                outcomes.push(Outcome::Waiting);
            }
            None => self.deliver_parcel(node, parcel, self.net.step, outcomes),
        }
    }

    fn set_timer(&mut self, node: NodeId, timer: P::Timer, after_us: u64) -> u64 {
        let (sequence, now_us) = (self.net.queue.number(), self.net.time_us);
        let clock = &self.net.machines[node.index()].clock;
        let due_monotonic_us = clock.monotonic_us(now_us).saturating_add(after_us);
        let due_us = clock.true_time_of(due_monotonic_us, now_us);
        let (set_us, cause) = (now_us, self.net.step);
        let fresh =
            TimerSlot { timer, sequence, queued: sequence, queued_us: due_us, due_monotonic_us, set_us, due_us, cause };
        let timers = &mut self.nodes[node.index()].timers;
        match timers.iter_mut().find(|slot| slot.timer == timer) {
            // The entry that it has comes up no later: it will see to the rest.
            Some(slot) if slot.queued_us <= due_us => {
                *slot = TimerSlot { queued: slot.queued, queued_us: slot.queued_us, ..fresh };
                return due_us;
            }
            Some(slot) => *slot = fresh,
            None => timers.push(fresh),
        }
        self.net.queue.push(due_us, sequence, Due::Timer(node));
        due_us
    }

    fn transmit(&mut self, from: NodeId, to: NodeId, msg: P::Msg, cause: u64, outcomes: &mut Vec<Outcome<P>>) {
        let Some((id, up)) = self.net.number(from, to) else { return };
        if !up {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Cut });
            return;
        }
        let leaves_us = self.net.leaves_us(id, || P::size_bytes(&msg));
        let fate = self.net.fate(id);
        if fate.doubled {
            self.launch(MessageId { copy: 1, ..id }, msg.clone(), cause, leaves_us, outcomes);
        }
        if fate.lost {
            outcomes.push(Outcome::Lost { id, msg, why: LossReason::Random });
        } else {
            self.launch(id, msg, cause, leaves_us, outcomes);
        }
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
        let (slot, due_us) = self.net.launch(id, cause, leaves_us);
        match self.messages.get_mut(slot as usize) {
            Some(place) => *place = Some(msg),
            None => self.messages.push(Some(msg)),
        }
        outcomes.push(Outcome::Sent { id, due_us, slot: FlightSlot(slot) });
    }

    /// Takes a message off the wire: which it is, which step sent it, and what it says.
    #[inline]
    fn land(&mut self, slot: u32) -> (MessageId, u64, P::Msg) {
        let flight = self.net.land(slot);
        let msg = self.messages[slot as usize].take().expect("a message on its way says something");
        (flight.id, flight.cause, msg)
    }

    /// Takes messages off the wire that never arrive.
    pub(super) fn lose(&mut self, slots: Vec<u32>, why: LossReason, outcomes: &mut Vec<Outcome<P>>) {
        for slot in slots {
            let (id, _, msg) = self.land(slot);
            outcomes.push(Outcome::Lost { id, msg, why });
        }
    }
}
