//! A world in one number: the digest, and how large it is.

use std::hash::{Hash, Hasher};

use crate::network::{Flight, Link, LinkProfile};
use crate::protocol::{NodeId, Protocol};
use crate::queue::Entry;

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
                + node.backlog.len() * size_of::<Entry>()
                + node.waiting.len() * size_of::<Waiting<P>>()
                + size_of_val(node.drive.durable.entries())
                + node.drive.pending() * size_of::<crate::disk::Write<P>>()
        };
        let profiles = self.links.iter().filter(|link| link.profile.is_some()).count();
        size_of::<Self>()
            + self.nodes.iter().map(node).sum::<usize>()
            + self.links.len() * size_of::<Link>()
            + profiles * size_of::<LinkProfile>()
            + self.flights.len() * size_of::<Option<Flight<P>>>()
            + self.queue.len() * size_of::<Entry>()
    }

    /// 64 bits that depend on every step so far and on all state: nodes, disks, clocks, timers,
    /// links, messages on their way. Idle time alone does not change it, and neither does a parameter
    /// that has changed nothing so far: the protocol's configuration is left out, so that runs stay
    /// what they are when a parameter is added or goes.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = self.rolling.clone();
        self.step.hash(&mut hasher);
        (self.cluster.link, self.cluster.disk_sync_us).hash(&mut hasher);
        for node in &self.nodes {
            (node.presence, node.incarnation, node.paused, node.position).hash(&mut hasher);
            node.state.hash(&mut hasher);
            node.clock.hash(&mut hasher);
            node.counters.hash(&mut hasher);
            node.drive.hash(&mut hasher);
            let mut timers: Vec<_> = node.timers.iter().collect();
            timers.sort_unstable_by_key(|slot| slot.timer);
            for slot in timers {
                (slot.timer, slot.due_us, slot.cause).hash(&mut hasher);
            }
            for waiting in &node.waiting {
                (waiting.write, waiting.cause).hash(&mut hasher);
                waiting.parcel.hash(&mut hasher);
            }
        }
        self.links.hash(&mut hasher);
        for flight in self.flights() {
            (flight.id, flight.cause, flight.sent_us, flight.due_us).hash(&mut hasher);
            (flight.held_by_link, flight.held_by_hand, flight.remaining_us).hash(&mut hasher);
            flight.msg.hash(&mut hasher);
        }
        if self.distance_us() > 0 {
            for node in (0..self.nodes.len() as u32).map(NodeId) {
                self.place(node).hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}
