//! A world in one number: the digest, and how large it is.

use std::hash::{Hash, Hasher};

use crate::hash::StableHasher;
use crate::network::{Flight, Link, LinkProfile};
use crate::protocol::{NodeId, Protocol};
use crate::queue::Entry;

use super::net::{Machine, Net};
use super::{Node, TimerSlot, Waiting, World};

impl<P: Protocol> World<P> {
    /// About how many bytes this world takes: its tables, counted by what they hold and not by what was
    /// reserved. What the protocol's own types keep behind pointers (logs, maps, payloads) is not seen,
    /// so that it is a lower bound.
    #[must_use]
    pub fn bytes_estimate(&self) -> usize {
        let node = |node: &Node<P>| {
            size_of::<Node<P>>()
                + node.timers.len() * size_of::<TimerSlot<P::Timer>>()
                + node.waiting.len() * size_of::<Waiting<P>>()
                + size_of_val(node.drive.durable.entries())
                + node.drive.pending() * size_of::<crate::disk::Write<P>>()
        };
        let machine = |machine: &Machine| size_of::<Machine>() + machine.backlog.len() * size_of::<Entry>();
        let profiles = self.links.iter().filter(|link| link.profile.is_some()).count();
        size_of::<Self>()
            + self.nodes.iter().map(node).sum::<usize>()
            + self.machines.iter().map(machine).sum::<usize>()
            + self.links.len() * size_of::<Link>()
            + profiles * size_of::<LinkProfile>()
            + self.flights.len() * (size_of::<Option<Flight>>() + size_of::<Option<P::Msg>>())
            + self.queue.len() * size_of::<Entry>()
    }

    /// 64 bits that depend on every step so far and on all state: nodes, disks, clocks, timers,
    /// links, messages on their way. Idle time alone does not change it, and neither does a parameter
    /// that has changed nothing so far: the protocol's configuration is left out, so that runs stay
    /// what they are when a parameter is added or goes.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = self.rolling.clone();
        self.net.hash_cluster(&mut hasher);
        for (node, machine) in self.nodes.iter().zip(&self.machines) {
            machine.hash_standing(&mut hasher);
            node.state.hash(&mut hasher);
            machine.hash_clock(&mut hasher);
            node.drive.hash(&mut hasher);
            // There are few, so that the shortest sort is the best: it is made once for each protocol.
            let mut timers: Vec<&TimerSlot<P::Timer>> = Vec::with_capacity(node.timers.len());
            for slot in &node.timers {
                timers.insert(timers.partition_point(|other| other.timer < slot.timer), slot);
            }
            for slot in timers {
                (slot.timer, slot.due_us, slot.cause).hash(&mut hasher);
            }
            for waiting in &node.waiting {
                (waiting.write, waiting.cause).hash(&mut hasher);
                waiting.parcel.hash(&mut hasher);
            }
        }
        self.links.hash(&mut hasher);
        for slot in self.all_slots() {
            self.net.hash_flight(slot, &mut hasher);
            // What is on its way says something.
            if let Some(msg) = &self.messages[slot as usize] {
                msg.hash(&mut hasher);
            }
        }
        self.net.hash_places(&mut hasher);
        hasher.finish()
    }
}

impl Machine {
    fn hash_standing(&self, hasher: &mut StableHasher) {
        (self.presence, self.incarnation, self.paused, self.position).hash(hasher);
    }

    fn hash_clock(&self, hasher: &mut StableHasher) {
        self.clock.hash(hasher);
        self.counters.hash(hasher);
    }
}

impl Net {
    fn hash_cluster(&self, hasher: &mut StableHasher) {
        self.step.hash(hasher);
        (self.cluster.link, self.cluster.disk_sync_us).hash(hasher);
    }

    fn hash_flight(&self, slot: u32, hasher: &mut StableHasher) {
        if let Some(flight) = &self.flights[slot as usize] {
            (flight.id, flight.cause, flight.sent_us, flight.due_us).hash(hasher);
            (flight.held_by_link, flight.held_by_hand, flight.remaining_us).hash(hasher);
        }
    }

    fn hash_places(&self, hasher: &mut StableHasher) {
        if self.distance_us() > 0 {
            for node in (0..self.machines.len() as u32).map(NodeId) {
                self.place(node).hash(hasher);
            }
        }
    }
}
