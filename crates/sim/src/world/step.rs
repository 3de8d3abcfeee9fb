//! One event at a time: what the queue says is next, what handlers are given, and what becomes of what they ask for.

use std::hash::Hash;

use crate::disk::Disk;
use crate::network::Flight;
use crate::protocol::{Effect, Fx, NodeId, Protocol};
use crate::queue::{Due, Entry};
use crate::record::{Event, Observer, Outcome, Record};

use super::{Parcel, TimerSlot, Waiting, World};

impl<P: Protocol> World<P> {
    /// How many events have run at the instant `at_us`.
    #[must_use]
    pub const fn events_at(&self, at_us: u64) -> u32 {
        if self.instant_us == at_us { self.instant_events } else { 0 }
    }

    /// When the next event is due, in µs. Drops void entries of the queue on the way.
    #[inline]
    pub fn next_event_us(&mut self) -> Option<u64> {
        loop {
            let entry = self.queue.peek()?;
            if self.is_live(entry) {
                // What waited for a paused process is overdue and happens now.
                return Some(entry.time_us.max(self.time_us));
            }
            self.queue.pop();
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
        let entry = self.queue.pop().expect("a next event was just seen");
        self.enter(time_us);
        self.instant_events += 1;
        self.step += 1;
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
        self.idle |= time_us > self.time_us;
        assert!(self.next_event_us().is_none_or(|next_us| next_us > time_us), "an event would be skipped");
        self.time_us = time_us;
    }

    #[inline]
    pub(super) fn finish_step(
        &mut self,
        cause: Option<u64>,
        event: Event<P>,
        outcomes: Vec<Outcome<P>>,
        observer: &mut impl Observer<P>,
    ) {
        let place = event.node().and_then(|node| self.nodes.get(node.index()));
        let wall_us = place.map(|node| node.clock.wall_us(self.time_us));
        let record = Record { step: self.step, time_us: self.time_us, wall_us, cause, event, outcomes };
        record.hash(&mut self.rolling);
        observer.observe(&record, self);
        self.outcomes.give_back(record.outcomes);
    }

    pub(super) fn enter(&mut self, time_us: u64) {
        self.time_us = time_us;
        self.idle = false;
        if self.instant_us != time_us {
            self.instant_us = time_us;
            self.instant_events = 0;
        }
    }

    /// Whether a queue entry stands for something that can happen now.
    #[inline]
    fn is_live(&self, entry: Entry) -> bool {
        match entry.due {
            Due::Arrival(slot) => match &self.flights[slot as usize] {
                Some(flight) => flight.sequence == entry.sequence && !self.nodes[flight.id.to.index()].paused,
                None => false,
            },
            Due::Timer(node) => {
                let this = &self.nodes[node.index()];
                !this.paused && this.timers.iter().any(|slot| slot.sequence == entry.sequence)
            }
            // The disk works on while the process is paused.
            Due::Sync(node) => self.nodes[node.index()].sync_sequence == entry.sequence,
        }
    }

    /// Deals with an entry that was taken off the queue without being live: it is void, or waits
    /// for a paused process, or stood for a timer that has been moved.
    fn set_aside(&mut self, entry: Entry) {
        match entry.due {
            Due::Arrival(slot) => {
                if let Some(flight) = &self.flights[slot as usize]
                    && flight.sequence == entry.sequence
                {
                    self.nodes[flight.id.to.index()].backlog.push(entry);
                }
            }
            Due::Timer(node) => {
                let this = &mut self.nodes[node.index()];
                let Some(slot) = this.timers.iter_mut().find(|slot| slot.queued == entry.sequence) else { return };
                if slot.sequence == entry.sequence {
                    this.backlog.push(entry);
                } else {
                    slot.queued = slot.sequence;
                    slot.queued_us = slot.due_us;
                    self.queue.push(slot.due_us, slot.sequence, Due::Timer(node));
                }
            }
            Due::Sync(_) => {}
        }
    }

    #[inline]
    fn arrive(&mut self, slot: u32, outcomes: &mut Vec<Outcome<P>>) -> (Option<u64>, Event<P>) {
        let Flight { id, msg, cause, .. } = self.land(slot);
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
        let this = &mut self.nodes[node.index()];
        let cause = this.drive.sync_one();
        let paused = this.paused;
        self.schedule_sync(node);
        if !paused {
            self.release_parcels(node, outcomes);
        }
        (Some(cause), Event::Synced(node))
    }

    /// Makes the queue stand for the write that the disk is busy with, and for no other.
    pub(super) fn schedule_sync(&mut self, node: NodeId) {
        let this = &mut self.nodes[node.index()];
        match this.drive.head() {
            Some((due_us, sequence)) if sequence != this.sync_sequence => {
                this.sync_sequence = sequence;
                self.queue.push(due_us, sequence, Due::Sync(node));
            }
            Some(_) => {}
            None => this.sync_sequence = 0,
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
        let this = &mut self.nodes[node.index()];
        let mut fx = Fx {
            me: node,
            nodes,
            source: this.source,
            monotonic_us: this.clock.monotonic_us(self.time_us),
            wall_us: this.clock.wall_us(self.time_us),
            config: &self.config,
            counters: &mut this.counters,
            effects: &mut effects,
        };
        act(&mut this.state, &mut fx);
        for effect in effects.drain(..) {
            self.apply(node, effect, outcomes);
        }
        self.effects.give_back(effects);
    }

    #[inline]
    fn apply(&mut self, node: NodeId, effect: Effect<P>, outcomes: &mut Vec<Outcome<P>>) {
        match effect {
            Effect::Send { to, msg, durable: false } => self.transmit(node, to, msg, self.step, outcomes),
            Effect::Send { to, msg, durable: true } => {
                self.when_durable(node, Parcel::Message { to, msg }, outcomes);
            }
            Effect::Reply { id, ret, durable: false } => outcomes.push(Outcome::Replied { id, ret }),
            Effect::Reply { id, ret, durable: true } => self.when_durable(node, Parcel::Reply { id, ret }, outcomes),
            Effect::Write(write) => {
                let sequence = self.queue.number();
                let drive = &mut self.nodes[node.index()].drive;
                let sync_us = self.cluster.disk_sync_us;
                let due_us = drive.issue(write.clone(), self.time_us, self.seed, node, sync_us, (sequence, self.step));
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
                this.waiting.push_back(Waiting { write, cause: self.step, parcel });
                outcomes.push(Outcome::Waiting);
            }
            None => self.deliver_parcel(node, parcel, self.step, outcomes),
        }
    }

    fn set_timer(&mut self, node: NodeId, timer: P::Timer, after_us: u64) -> u64 {
        let sequence = self.queue.number();
        let this = &mut self.nodes[node.index()];
        let due_monotonic_us = this.clock.monotonic_us(self.time_us).saturating_add(after_us);
        let due_us = this.clock.true_time_of(due_monotonic_us, self.time_us);
        let (set_us, cause) = (self.time_us, self.step);
        let fresh =
            TimerSlot { timer, sequence, queued: sequence, queued_us: due_us, due_monotonic_us, set_us, due_us, cause };
        match this.timers.iter_mut().find(|slot| slot.timer == timer) {
            // The entry that it has comes up no later: it will see to the rest.
            Some(slot) if slot.queued_us <= due_us => {
                *slot = TimerSlot { queued: slot.queued, queued_us: slot.queued_us, ..fresh };
                return due_us;
            }
            Some(slot) => *slot = fresh,
            None => this.timers.push(fresh),
        }
        self.queue.push(due_us, sequence, Due::Timer(node));
        due_us
    }
}
