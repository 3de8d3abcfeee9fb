//! Everything of a world that does not depend on its protocol: time, machines, links, messages on their way, the queue.
//! It is compiled once and not for each protocol; what machines remember and what messages say is the world's.

use std::collections::BinaryHeap;

use crate::clock::Clock;
use crate::command::{Command, ParamKey};
use crate::disk::DiskManners;
use crate::map::Map;
use crate::network::{Flight, Link, LinkChange, LinkProfile, MessageId, NO_SLOT};
use crate::protocol::{DrawCounters, NodeId, RequestId};
use crate::queue::{Due, Entry, Queue};
use crate::random::{self, Domain, Purpose, Source};

use super::{ClusterConfig, NODES_MAX, Presence};

/// A machine, without what its protocol remembers.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) presence: Presence,
    /// Whether it runs.
    pub(super) up: bool,
    pub(super) incarnation: u32,
    pub(super) paused: bool,
    /// What the queue came to while the process was paused; some of it may not be due yet.
    pub(super) backlog: Vec<Entry>,
    pub(super) clock: Clock,
    /// Where this incarnation's draws come from.
    pub(super) source: Source,
    pub(super) counters: DrawCounters,
    /// The queue entry that stands for the oldest unsynced write.
    pub(super) sync_sequence: u64,
    last_request: Option<RequestId>,
    /// Where a command has put it.
    pub(super) position: Option<(i32, i32)>,
}

impl Machine {
    fn new(seed: u64, node: NodeId, presence: Presence) -> Self {
        Self {
            presence,
            up: false,
            incarnation: 0,
            paused: false,
            backlog: Vec::new(),
            clock: Clock::default(),
            source: source_of(seed, node, 0),
            counters: Vec::new(),
            sync_sequence: 0,
            last_request: None,
            position: None,
        }
    }
}

fn source_of(seed: u64, node: NodeId, incarnation: u32) -> Source {
    Source::new(seed, Domain::Node, &[u64::from(node.0), u64::from(incarnation)])
}

fn fresh_link(seed: u64, from: usize, to: usize, up: bool) -> Link {
    let source = Source::new(seed, Domain::Link, &[from as u64, to as u64]);
    Link { up, held: false, profile: None, own_latency: false, sent: 0, busy_until_us: 0, first: NO_SLOT, source }
}

/// A world without what depends on its protocol.
#[derive(Debug)]
pub struct Net {
    pub(super) seed: u64,
    pub(super) cluster: ClusterConfig,
    pub(super) time_us: u64,
    pub(super) idle: bool,
    pub(super) step: u64,
    /// The last instant at which events ran, and how many did.
    instant_us: u64,
    pub(super) instant_events: u32,
    pub(super) queue: Queue,
    pub(super) machines: Vec<Machine>,
    pub(super) links: Vec<Link>,
    pub(super) flights: Vec<Option<Flight>>,
    free: Vec<u32>,
    hand_copies: Map<(NodeId, NodeId, u64), u32>,
}

/// Out of line, so that the copy of a world is not as large for each protocol.
impl Clone for Net {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self {
            cluster: self.cluster.clone(),
            queue: self.queue.clone(),
            machines: self.machines.clone(),
            links: self.links.clone(),
            flights: self.flights.clone(),
            free: self.free.clone(),
            hand_copies: self.hand_copies.clone(),
            ..*self
        }
    }
}

/// What becomes of a message that leaves over a link which is up.
pub(super) struct Fate {
    pub(super) doubled: bool,
    pub(super) lost: bool,
}

/// What can be asked of it.
impl Net {
    /// The seed of the run.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The machines as the run found them, and the network as it is by default now.
    #[must_use]
    pub const fn cluster(&self) -> &ClusterConfig {
        &self.cluster
    }

    /// Simulated time, in µs.
    #[must_use]
    pub const fn time_us(&self) -> u64 {
        self.time_us
    }

    /// Whether time has passed since the last step.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    /// Steps so far.
    #[must_use]
    pub const fn step_count(&self) -> u64 {
        self.step
    }

    /// How many events have run at the instant `at_us`.
    #[must_use]
    pub const fn events_at(&self, at_us: u64) -> u32 {
        if self.instant_us == at_us { self.instant_events } else { 0 }
    }

    /// All nodes that are in the world, in order; what has been removed, or has not been added, is
    /// left out.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<'_> {
        let known = (0u32..).map(NodeId).zip(&self.machines);
        known.filter(|(_, machine)| machine.presence == Presence::Present).map(|(id, _)| id)
    }

    /// How many machines there are numbers for: those included that have been removed, or are not there yet.
    #[must_use]
    pub fn machine_count(&self) -> usize {
        self.machines.len()
    }

    /// Whether a machine is in the world. Any number may be asked for.
    #[must_use]
    #[inline]
    pub fn presence(&self, node: NodeId) -> Presence {
        self.machines.get(node.index()).map_or(Presence::Absent, |machine| machine.presence)
    }

    /// Whether the machine runs (a paused process counts as running).
    #[must_use]
    #[inline]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.machines.get(node.index()).is_some_and(|machine| machine.up)
    }

    /// Whether the process is paused.
    #[must_use]
    #[inline]
    pub fn is_paused(&self, node: NodeId) -> bool {
        self.machines.get(node.index()).is_some_and(|machine| machine.paused)
    }

    /// Where a command has put a machine.
    #[must_use]
    pub fn position(&self, node: NodeId) -> Option<(i32, i32)> {
        self.machines.get(node.index())?.position
    }

    /// Where a machine stands: where a command has put it, or where it stood from the start.
    #[must_use]
    pub fn place(&self, node: NodeId) -> (i32, i32) {
        let first = || self.cluster.positions.get(node.index()).copied().unwrap_or_default();
        self.position(node).unwrap_or_else(first)
    }

    /// What a message needs for each unit of distance by default, in µs; 0 while distance does not
    /// count.
    #[must_use]
    pub const fn distance_us(&self) -> u32 {
        self.cluster.link.distance_us
    }

    /// A node's clock.
    #[must_use]
    #[inline]
    pub fn clock(&self, node: NodeId) -> &Clock {
        &self.machines[node.index()].clock
    }

    /// How often a node has been restarted.
    #[must_use]
    pub fn incarnation(&self, node: NodeId) -> u32 {
        self.machines[node.index()].incarnation
    }

    /// How many entries the queue holds, void ones included.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.queue.len()
    }

    /// Whether messages from `from` reach `to`.
    #[must_use]
    #[inline]
    pub fn link_up(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link_index(from, to)].up
    }

    /// Whether messages from `from` to `to` are frozen.
    #[must_use]
    #[inline]
    pub fn link_held(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link_index(from, to)].held
    }

    /// How the link from `from` to `to` treats messages.
    #[must_use]
    #[inline]
    pub fn link_profile(&self, from: NodeId, to: NodeId) -> LinkProfile {
        self.profile(&self.links[self.link_index(from, to)])
    }

    /// How long a message needs at most, in µs, if it is neither made late, nor waits for the messages before it.
    #[must_use]
    #[inline]
    pub fn longest_way_us(&self, from: NodeId, to: NodeId) -> u64 {
        let link = &self.links[self.link_index(from, to)];
        let (low, high) = self.profile(link).latency_us;
        let way_us = match self.distance_us_on(link) {
            0 => high,
            distance_us => (high - low).saturating_add(self.distance(from, to).saturating_mul(distance_us.into())),
        };
        way_us.saturating_add(self.towards_us_on(link, to))
    }

    /// Whether the command would change anything now; what would not is greyed out on the page. How a disk behaves and
    /// whether a parameter has another value is asked of the world ([`World::would_change`](super::World::would_change)).
    #[must_use]
    pub fn would_change<Op>(
        &self,
        command: &Command<Op>,
        disk_mode: impl Fn(NodeId) -> DiskManners,
        would_set: impl Fn(ParamKey, (u64, u64)) -> bool,
    ) -> bool {
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
                pairs_apart(groups).into_iter().any(|(from, to)| any(from, to, false, &|link| link.up))
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
            Command::AddNode(node) => node.0 < NODES_MAX && self.presence(*node) == Presence::Absent,
            Command::RemoveNode(node) => self.is_present(*node),
            Command::Move { node, x, y } => {
                self.distance_us() > 0 && self.is_present(*node) && self.place(*node) != (*x, *y)
            }
            Command::Disk { node, mode, sync_us } => self.is_present(*node) && disk_mode(*node) != (*mode, *sync_us),
            Command::Set { key, value } => would_set(*key, *value),
        }
    }

    pub(super) fn is_present(&self, node: NodeId) -> bool {
        self.presence(node) == Presence::Present
    }

    /// Whether there is a link between two machines: both are in the world.
    pub(super) fn joined(&self, from: NodeId, to: NodeId) -> bool {
        self.is_present(from) && self.is_present(to)
    }

    /// The directions between two machines that a command is about; none where one of them is not in the world.
    pub(super) fn directions(
        &self,
        from: NodeId,
        to: NodeId,
        both: bool,
    ) -> impl Iterator<Item = (NodeId, NodeId)> + use<> {
        let count = if !self.joined(from, to) { 0 } else { 1 + usize::from(both) };
        [(from, to), (to, from)].into_iter().take(count)
    }

    #[inline]
    fn link_index(&self, from: NodeId, to: NodeId) -> usize {
        debug_assert!(to.index() < self.machines.len(), "{to:?} is not a node of this cluster");
        from.index() * self.machines.len() + to.index()
    }

    #[inline]
    fn profile(&self, link: &Link) -> LinkProfile {
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
        by_id(self.on_link(from, to).collect())
    }

    /// The slots of all messages on their way, in the order of their ids.
    pub(super) fn all_slots(&self) -> Vec<u32> {
        let slots = (0u32..).zip(&self.flights).filter_map(|(slot, flight)| Some((flight.as_ref()?.id, slot)));
        by_id(slots.collect())
    }

    pub(super) fn slot_of(&self, id: MessageId) -> Option<u32> {
        if !self.joined(id.from, id.to) {
            return None;
        }
        self.on_link(id.from, id.to).find(|&(known, _)| known == id).map(|(_, slot)| slot)
    }
}

/// How it changes.
impl Net {
    pub(super) fn new(seed: u64, cluster: ClusterConfig) -> Self {
        let count = cluster.nodes as usize;
        let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        Self {
            seed,
            time_us: 0,
            idle: false,
            step: 0,
            instant_us: 0,
            instant_events: 0,
            queue: Queue::default(),
            machines: (0..cluster.nodes).map(|id| Machine::new(seed, NodeId(id), Presence::Present)).collect(),
            links: pairs.map(|(from, to)| fresh_link(seed, from, to, true)).collect(),
            flights: Vec::new(),
            free: Vec::new(),
            hand_copies: Map::new(),
            cluster,
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, time_us: u64) {
        self.time_us = time_us;
        self.idle = false;
        if self.instant_us != time_us {
            self.instant_us = time_us;
            self.instant_events = 0;
        }
    }

    /// Gives the next message on a link its number; says whether the link is up as well. None when there is no such
    /// machine.
    #[inline]
    pub(super) fn number(&mut self, from: NodeId, to: NodeId) -> Option<(MessageId, bool)> {
        if to.index() >= self.machines.len() {
            return None;
        }
        let index = self.link_index(from, to);
        let link = &mut self.links[index];
        link.sent += 1;
        Some((MessageId { from, to, number: link.sent, copy: 0 }, link.up))
    }

    /// When a message leaves its sender that is sent now; how large it is matters where the link has a bandwidth.
    #[inline]
    pub(super) fn leaves_us(&mut self, id: MessageId, size_bytes: impl FnOnce() -> u64) -> u64 {
        let index = self.link_index(id.from, id.to);
        let link = &mut self.links[index];
        let bandwidth_bps = link.profile.as_deref().unwrap_or(&self.cluster.link).bandwidth_bps;
        if bandwidth_bps == 0 {
            return self.time_us;
        }
        let bits = u128::from(size_bytes()) * 8;
        let length_us = (bits * 1_000_000).div_ceil(u128::from(bandwidth_bps));
        let start_us = link.busy_until_us.max(self.time_us);
        link.busy_until_us = start_us.saturating_add(u64::try_from(length_us).unwrap_or(u64::MAX));
        link.busy_until_us
    }

    /// Whether the network loses a message, or makes two of it.
    #[inline]
    pub(super) fn fate(&self, id: MessageId) -> Fate {
        let link = &self.links[self.link_index(id.from, id.to)];
        let profile = link.profile.as_deref().unwrap_or(&self.cluster.link);
        let drawn = |ppm, purpose| ppm > 0 && random::happens(link.source.draw(purpose as u32, id.number), ppm);
        Fate { doubled: drawn(profile.duplicate_ppm, Purpose::Duplicate), lost: drawn(profile.loss_ppm, Purpose::Loss) }
    }

    /// Puts a message on the wire that has left its sender at `leaves_us`; says in which slot, and when it is due.
    #[inline]
    pub(super) fn launch(&mut self, id: MessageId, cause: u64, leaves_us: u64) -> (u32, u64) {
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
        (slot, due_us)
    }

    #[inline]
    fn flight_mut(&mut self, slot: u32) -> &mut Flight {
        self.flights[slot as usize].as_mut().expect("a live slot holds a message")
    }

    /// Takes a message off the wire.
    #[inline]
    pub(super) fn land(&mut self, slot: u32) -> Flight {
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

    /// Cuts a direction; returns the slots of the messages that are lost by that.
    pub(super) fn cut(&mut self, from: NodeId, to: NodeId) -> Vec<u32> {
        let index = self.link_index(from, to);
        self.links[index].up = false;
        self.links[index].busy_until_us = 0;
        let (paused, now_us) = (self.machines[to.index()].paused, self.time_us);
        let mut slots = self.slots(from, to);
        slots.retain(|&slot| {
            let flight = self.flight_mut(slot);
            // What a paused process has not read yet has already arrived at its machine.
            let arrived = paused && !flight.held() && flight.due_us <= now_us;
            !arrived
        });
        slots
    }

    pub(super) fn heal(&mut self, from: NodeId, to: NodeId) {
        let index = self.link_index(from, to);
        self.links[index].up = true;
    }

    pub(super) fn heal_all(&mut self) {
        let present: Vec<NodeId> = self.node_ids().collect();
        for &from in &present {
            present.iter().for_each(|&to| self.heal(from, to));
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
    pub(super) fn hold_message(&mut self, slot: u32, change: impl FnOnce(&mut Flight)) {
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

    /// Lets a message arrive now, whatever holds it.
    pub(super) fn deliver_now(&mut self, slot: u32) {
        let now_us = self.time_us;
        let flight = self.flight_mut(slot);
        flight.held_by_link = false;
        flight.held_by_hand = false;
        flight.due_us = now_us;
        self.reschedule(slot);
    }

    fn reschedule(&mut self, slot: u32) {
        let sequence = self.queue.number();
        let flight = self.flight_mut(slot);
        flight.sequence = sequence;
        let due_us = flight.due_us;
        self.queue.push(due_us, sequence, Due::Arrival(slot));
    }

    /// What a copy of a message is called that somebody makes by hand.
    pub(super) fn copy_by_hand(&mut self, id: MessageId) -> MessageId {
        // Copy 1 belongs to duplication by the network.
        let copy = self.hand_copies.entry((id.from, id.to, id.number)).or_insert(1);
        *copy += 1;
        MessageId { copy: *copy, ..id }
    }

    /// What a request is called that a node is asked now; none when there is no such machine.
    pub(super) fn number_request(&mut self, node: NodeId) -> Option<RequestId> {
        let machine = self.machines.get_mut(node.index())?;
        let ordinal = match machine.last_request {
            Some(last) if last.at_us == self.time_us => last.ordinal + 1,
            _ => 0,
        };
        let id = RequestId { at_us: self.time_us, node, ordinal };
        machine.last_request = Some(id);
        Some(id)
    }

    /// A machine stops: what it was is gone, and its next start is another incarnation. Returns the slots of messages
    /// that had arrived and nobody will read.
    pub(super) fn stop(&mut self, node: NodeId) -> Vec<u32> {
        let machine = &mut self.machines[node.index()];
        machine.up = false;
        machine.paused = false;
        machine.counters.clear();
        machine.sync_sequence = 0;
        machine.incarnation += 1;
        machine.source = source_of(self.seed, node, machine.incarnation);
        let mut unread = Vec::new();
        for entry in std::mem::take(&mut machine.backlog) {
            if entry.time_us > self.time_us {
                self.queue.push(entry.time_us, entry.sequence, entry.due);
            } else if let Due::Arrival(slot) = entry.due
                && self.flights[slot as usize].as_ref().is_some_and(|flight| flight.sequence == entry.sequence)
            {
                unread.push(slot);
            }
        }
        unread
    }

    /// A paused process goes on.
    pub(super) fn unpause(&mut self, node: NodeId) {
        let machine = &mut self.machines[node.index()];
        machine.paused = false;
        // Back in the queue they come in the order in which they were due: first what is overdue.
        for entry in std::mem::take(&mut machine.backlog) {
            self.queue.push(entry.time_us, entry.sequence, entry.due);
        }
    }

    /// A machine joins, with links to all others; it does not run yet. Returns false where there is one already, or was.
    pub(super) fn add(&mut self, node: NodeId) -> bool {
        if node.0 >= NODES_MAX || self.presence(node) != Presence::Absent {
            return false;
        }
        let (seed, had) = (self.seed, self.machines.len());
        let count = had.max(node.index() + 1);
        if count > had {
            self.machines.extend((had..count).map(|id| Machine::new(seed, NodeId(id as u32), Presence::Absent)));
            let mut old = std::mem::take(&mut self.links).into_iter();
            for from in 0..count {
                for to in 0..count {
                    let known = if from < had && to < had { old.next() } else { None };
                    self.links.push(known.unwrap_or_else(|| fresh_link(seed, from, to, false)));
                }
            }
        }
        self.machines[node.index()].presence = Presence::Present;
        for other in self.node_ids().collect::<Vec<_>>() {
            self.heal(node, other);
            self.heal(other, node);
        }
        true
    }
}

/// Slots in the order of the messages' ids.
fn by_id(slots: BinaryHeap<(MessageId, u32)>) -> Vec<u32> {
    // Links are short, so a heap is quick enough. It takes less code than a sort.
    slots.into_sorted_vec().into_iter().map(|(_, slot)| slot).collect()
}

/// Every direction between nodes of different groups.
pub(super) fn pairs_apart(groups: &[Vec<NodeId>]) -> Vec<(NodeId, NodeId)> {
    let mut apart = Vec::new();
    for (here, group) in groups.iter().enumerate() {
        for (_, other) in groups.iter().enumerate().filter(|&(there, _)| there != here) {
            for &from in group {
                apart.extend(other.iter().map(|&to| (from, to)));
            }
        }
    }
    apart
}
