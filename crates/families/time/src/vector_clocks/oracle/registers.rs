//! Registers: a value goes when somebody writes who has seen it, and not otherwise.
//!
//! Which writes a process or a client had seen is worked out from the values that were handed to it, one by one, and not
//! from the contexts that are sent along.

use std::rc::Rc;

use check::{Evidence, Property};
use sim::{Map, NodeId, Set};

use super::{At, who};
use crate::clocks::EventId;
use crate::vector_clocks::Process;
use algorithms::clocks::{Dot, VectorClock};

/// A value is only replaced by one whose writer had seen it.
pub const NO_LOST_WRITE: Property =
    Property::always("no-lost-write", "No Lost Updates", "A write is gone only if a later one had seen it");

/// A value is replaced by whatever its writer had seen it for.
pub const NO_FALSE_SIBLING: Property =
    Property::always("no-false-sibling", "No False Siblings", "A write is gone once a later one had seen it");

/// A register has two values, neither of whose writers had seen the other.
pub const CONCURRENT_WRITES: Property =
    Property::sometimes("concurrent-writes", "Concurrent Writes", "Two writes have not seen each other");

/// Writes that somebody has seen, each process's counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// All of each process up to this number.
    upto: VectorClock,
    beyond: Set<Dot>,
}

impl Seen {
    fn has(&self, dot: Dot) -> bool {
        dot.is_in(&self.upto) || self.beyond.contains(&dot)
    }

    fn merge(&mut self, other: &Self, dot: Dot) {
        self.upto.merge(&other.upto);
        let mut beyond = std::mem::take(&mut self.beyond);
        beyond.extend(other.beyond.iter().copied().chain([dot]));
        // By process and number: what closes a gap comes before what it closes it for.
        for dot in beyond {
            if dot.number == self.upto.get(dot.node) + 1 {
                self.upto.tick(dot.node);
            } else if !dot.is_in(&self.upto) {
                self.beyond.insert(dot);
            }
        }
    }
}

/// What is known of a write.
#[derive(Clone, Debug)]
struct Known {
    serial: u64,
    value: u64,
    dot: Dot,
    /// The writes that its writer had seen.
    past: Seen,
}

/// What one process should have in a register.
#[derive(Clone, Debug, Default)]
struct Replica {
    values: Vec<EventId>,
    /// Counts the writes of this process.
    written: u64,
}

/// All writes, as far as anything can still refer to them, and what processes should have.
#[derive(Clone, Debug, Default)]
pub(super) struct Registers {
    writes: Map<EventId, Rc<Known>>,
    replicas: Map<(NodeId, String), Rc<Replica>>,
    /// What a client has seen of a register, by its newest read.
    clients: Map<(NodeId, String), Rc<Seen>>,
    /// What was handed to a client, or had been seen by one that wrote, by the event that sent it.
    sent: Map<EventId, Rc<Seen>>,
    pub(super) written: u64,
    pub(super) concurrent: u64,
    pub(super) unknown: u64,
    pub(super) lost: Option<Evidence>,
    pub(super) stale: Option<Evidence>,
    pub(super) concurrent_writes: Option<Evidence>,
}

impl Registers {
    /// What somebody has seen who sees what this process has.
    fn seen_at(&self, me: NodeId, key: &str) -> Seen {
        let mut seen = Seen::default();
        let values = self.replicas.get(&(me, key.to_owned())).map_or(&[][..], |replica| &replica.values);
        for known in values.iter().filter_map(|write| self.writes.get(write)) {
            seen.merge(&known.past, known.dot);
        }
        seen
    }

    /// A process hands what it has to a client.
    pub(super) fn hands(&mut self, event: EventId, key: &str) {
        let seen = self.seen_at(event.process, key);
        self.sent.insert(event, Rc::new(seen));
    }

    /// A client takes that.
    pub(super) fn reads(&mut self, me: NodeId, key: &str, sent: EventId) {
        match self.sent.get(&sent) {
            Some(seen) => drop(self.clients.insert((me, key.to_owned()), seen.clone())),
            None => self.unknown += 1,
        }
    }

    /// A client sends a write.
    pub(super) fn puts(&mut self, event: EventId, key: &str) {
        let seen = self.clients.get(&(event.process, key.to_owned())).cloned().unwrap_or_default();
        self.sent.insert(event, seen);
    }

    /// A process writes: of its own accord, or what a client sent at this event.
    pub(super) fn wrote(
        &mut self,
        at: At,
        serial: u64,
        (key, value): (&str, u64),
        write: EventId,
        sent: Option<EventId>,
    ) {
        self.written += 1;
        let me = write.process;
        let past = match sent.map(|sent| self.sent.get(&sent)) {
            None => self.seen_at(me, key),
            Some(Some(seen)) => Seen::clone(seen),
            Some(None) => {
                self.unknown += 1;
                Seen::default()
            }
        };
        let replica = Rc::make_mut(self.replicas.entry((me, key.to_owned())).or_default());
        replica.written += 1;
        let dot = Dot { node: me, number: replica.written };
        self.writes.insert(write, Rc::new(Known { serial, value, dot, past }));
        self.arrived(at, me, key, write);
    }

    /// A value arrives at a replica.
    pub(super) fn arrived(&mut self, at: At, me: NodeId, key: &str, write: EventId) {
        let Self { writes, replicas, .. } = self;
        let Some(new) = writes.get(&write) else {
            self.unknown += 1;
            return;
        };
        let replica = Rc::make_mut(replicas.entry((me, key.to_owned())).or_default());
        let known = |other: &EventId| writes.get(other).map(Rc::as_ref);
        let old = |other: &EventId| *other == write || known(other).is_some_and(|other| other.past.has(new.dot));
        if replica.values.iter().any(old) {
            return;
        }
        replica.values.retain(|other| known(other).is_some_and(|other| !new.past.has(other.dot)));
        if let Some(other) = replica.values.first() {
            self.concurrent += 1;
            at.mark(&mut self.concurrent_writes, || {
                let value = known(other).map_or(0, |other| other.value);
                let (one, two) = (who(other.process), who(write.process));
                format!("{one}’s {key} = {value} and {two}’s {key} = {}", new.value)
            });
        }
        replica.values.push(write);
    }

    /// Whether a write, or one that had seen it, has ever arrived at a process.
    pub(super) fn covers(&self, me: NodeId, key: &str, write: EventId) -> bool {
        let Some(wanted) = self.writes.get(&write) else { return true };
        let Some(replica) = self.replicas.get(&(me, key.to_owned())) else { return false };
        let covers =
            |other: &EventId| *other == write || self.writes.get(other).is_some_and(|other| other.past.has(wanted.dot));
        replica.values.iter().any(covers)
    }

    /// Whether a process has the values that it should have, and no others.
    pub(super) fn judge(&mut self, at: At, process: &Process, key: &str) {
        let me = process.me;
        if self.lost.is_some() || self.stale.is_some() {
            return;
        }
        let Some(replica) = self.replicas.get(&(me, key.to_owned())) else { return };
        let there = process.registers.get(key).map_or(&[][..], |register| register.siblings());
        let said = |write: EventId| {
            let value = self.writes.get(&write).map_or(0, |known| known.value);
            (who(write.process), value)
        };
        let here = who(me);
        if let Some(&gone) = replica.values.iter().find(|&&write| there.iter().all(|version| version.write != write)) {
            let (writer, value) = said(gone);
            at.mark(&mut self.lost, || match there {
                [] => format!("at {here}, {writer}’s {key} = {value} is gone"),
                [left, ..] => {
                    let (other, left) = (who(left.write.process), left.value);
                    format!(
                        "at {here}, {writer}’s {key} = {value} gives way to {other}’s {left}, which had not seen it"
                    )
                }
            });
        } else if let Some(extra) = there.iter().find(|version| !replica.values.contains(&version.write)) {
            let (writer, value) = (who(extra.write.process), extra.value);
            let dot = self.writes.get(&extra.write).map(|known| known.dot);
            let had_seen =
                |other: &&EventId| self.writes.get(other).zip(dot).is_some_and(|(other, dot)| other.past.has(dot));
            let by = replica.values.iter().find(had_seen).map(|&other| said(other));
            at.mark(&mut self.stale, || match by {
                Some((other, by)) => {
                    format!("at {here}, {writer}’s {key} = {value} stays beside {other}’s {by}, which had seen it")
                }
                None => format!("at {here}, {writer}’s {key} = {value} is there, and has never arrived"),
            });
        }
    }

    /// These processes are no more.
    pub(super) fn retain(&mut self, stays: impl Fn(NodeId) -> bool) {
        self.replicas.retain(|(process, _), _| stays(*process));
        self.clients.retain(|(process, _), _| stays(*process));
    }

    pub(super) fn forget(&mut self, from: u64, needed: &Set<EventId>, events: &Set<EventId>) {
        let expected: Set<EventId> =
            self.replicas.values().flat_map(|replica| replica.values.iter().copied()).collect();
        self.writes.retain(|write, known| known.serial > from || needed.contains(write) || expected.contains(write));
        self.sent.retain(|event, _| events.contains(event));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, C, at, event, holding, version};
    use super::*;

    const fn dot(node: NodeId, number: u64) -> Dot {
        Dot { node, number }
    }

    #[test]
    fn what_was_seen_with_gaps_is_told_from_what_was_seen_without() {
        let mut seen = Seen::default();
        seen.merge(&Seen::default(), dot(A, 2));
        assert!(seen.has(dot(A, 2)) && !seen.has(dot(A, 1)));
        let mut other = Seen::default();
        other.merge(&Seen::default(), dot(A, 1));
        seen.merge(&other, dot(B, 1));
        assert_eq!(seen, Seen { upto: VectorClock::of([(A, 2), (B, 1)]), beyond: Set::new() });
    }

    /// A writes 120, B writes 80, neither has seen the other, and B hears of A's.
    fn both() -> Registers {
        let mut registers = Registers::default();
        registers.wrote(at(1), 1, ("x", 120), event(A, 1), None);
        registers.wrote(at(1), 2, ("x", 80), event(B, 1), None);
        registers.arrived(at(2), B, "x", event(A, 1));
        registers
    }

    #[test]
    fn a_write_that_gives_way_to_a_concurrent_one_is_rejected() {
        let (one, two) = (version(A, 1, 120), version(B, 1, 80));
        let mut registers = both();
        assert!(registers.concurrent_writes.is_some());
        registers.judge(at(2), &holding(B, &[one.clone(), two]), "x");
        assert_eq!((&registers.lost, &registers.stale), (&None, &None));
        registers.judge(at(2), &holding(B, std::slice::from_ref(&one)), "x");
        assert_eq!(registers.lost.unwrap().reason, "at n2, n2’s x = 80 gives way to n1’s 120, which had not seen it");
        let mut registers = both();
        registers.judge(at(2), &holding(B, &[]), "x");
        assert_eq!(registers.lost.unwrap().reason, "at n2, n2’s x = 80 is gone");
        // Whoever has seen both replaces both, whatever he says of that.
        let mut registers = both();
        let three = version(B, 2, 200);
        registers.wrote(at(3), 3, ("x", 200), three.write, None);
        registers.judge(at(3), &holding(B, std::slice::from_ref(&three)), "x");
        registers.arrived(at(4), A, "x", three.write);
        registers.judge(at(4), &holding(A, &[three]), "x");
        assert!(registers.lost.is_none() && registers.stale.is_none() && registers.concurrent == 1);
    }

    #[test]
    fn a_value_that_stays_although_it_was_overwritten_is_rejected() {
        // A writes 100; B hears of it and writes 120.
        let (old, new) = (version(A, 1, 100), version(B, 1, 120));
        let mut registers = Registers::default();
        registers.wrote(at(1), 1, ("x", 100), old.write, None);
        registers.arrived(at(2), B, "x", old.write);
        registers.wrote(at(3), 2, ("x", 120), new.write, None);
        registers.arrived(at(4), A, "x", new.write);
        registers.judge(at(4), &holding(B, std::slice::from_ref(&new)), "x");
        assert_eq!(registers.stale, None);
        registers.judge(at(4), &holding(A, &[old.clone(), new]), "x");
        let reason = "at n1, n1’s x = 100 stays beside n2’s 120, which had seen it";
        assert_eq!((registers.stale.take().unwrap().reason.as_str(), &registers.lost), (reason, &None));
        // And so is one that nobody has brought.
        registers.arrived(at(5), C, "x", version(B, 1, 120).write);
        registers.judge(at(5), &holding(C, &[version(B, 1, 120), version(B, 7, 1)]), "x");
        assert_eq!(registers.stale.unwrap().reason, "at n3, n2’s x = 1 is there, and has never arrived");
    }

    /// A has 100, which B and C read there; B's 90 comes back first, then C's 80.
    fn two_clients() -> Registers {
        let mut registers = Registers::default();
        registers.wrote(at(1), 1, ("x", 100), event(A, 1), None);
        for (client, handed) in [(B, event(A, 2)), (C, event(A, 3))] {
            registers.hands(handed, "x");
            registers.reads(client, "x", handed);
            registers.puts(event(client, 3), "x");
        }
        registers.wrote(at(4), 2, ("x", 90), event(A, 4), Some(event(B, 3)));
        registers.judge(at(4), &holding(A, &[version(A, 4, 90)]), "x");
        registers.wrote(at(5), 3, ("x", 80), event(A, 5), Some(event(C, 3)));
        assert!(registers.lost.is_none() && registers.stale.is_none());
        registers
    }

    #[test]
    fn of_two_clients_at_one_server_the_second_may_not_swallow_the_first() {
        let (first, second) = (version(A, 4, 90), version(A, 5, 80));
        let mut registers = two_clients();
        registers.judge(at(5), &holding(A, &[first.clone(), second.clone()]), "x");
        assert_eq!(registers.lost, None);
        registers.judge(at(5), &holding(A, std::slice::from_ref(&second)), "x");
        assert_eq!(registers.lost.unwrap().reason, "at n1, n1’s x = 90 gives way to n1’s 80, which had not seen it");
        // What both had read is gone, and must not come back with a late message.
        let mut registers = two_clients();
        registers.arrived(at(6), A, "x", event(A, 1));
        registers.judge(at(6), &holding(A, &[version(A, 1, 100), first.clone(), second.clone()]), "x");
        assert!(registers.stale.unwrap().reason.starts_with("at n1, n1’s x = 100 stays beside n1’s 90"));
        // A client that reads again has seen both.
        let mut registers = two_clients();
        registers.hands(event(A, 6), "x");
        registers.reads(B, "x", event(A, 6));
        registers.puts(event(B, 5), "x");
        registers.wrote(at(8), 4, ("x", 70), event(A, 7), Some(event(B, 5)));
        registers.judge(at(8), &holding(A, &[version(A, 7, 70)]), "x");
        assert!(registers.lost.is_none() && registers.stale.is_none());
        registers.judge(at(8), &holding(A, &[first, version(A, 7, 70)]), "x");
        assert!(registers.stale.is_some());
    }
}
