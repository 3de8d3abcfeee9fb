//! One replica of a register: the values that no later write has replaced.
//!
//! Nuno Preguiça et al., "Dotted Version Vectors", 2010 (see [`algorithms::clocks::Dotted`]): a write replaces what its writer
//! had seen, and nothing else. Concurrent writes stay beside each other as siblings until somebody who has seen them
//! all writes again.

use sim::NodeId;

use crate::clocks::EventId;
use algorithms::clocks::{Dotted, Order, VectorClock, update};

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// The event that wrote it.
    pub write: EventId,
    /// Which write of this register it is, and which ones its writer had seen.
    pub clock: Dotted,
    /// The value.
    pub value: u64,
    /// What the writer's wall clock showed, in µs.
    pub wall_us: u64,
}

/// Which versions stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Those that no other one had seen.
    KeepConcurrent,
    /// The one with the latest wall clock.
    LastWriterWins,
}

/// A register as one process has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Register {
    siblings: Vec<Version>,
    /// All writes that were ever taken in, and what they had seen.
    context: VectorClock,
}

/// What a new version did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it stays.
    pub kept: bool,
    /// Versions that went.
    pub gone: Vec<Version>,
    /// How many versions there are now.
    pub siblings: u32,
}

impl Register {
    /// The values that nothing has replaced, by dot.
    #[must_use]
    pub fn siblings(&self) -> &[Version] {
        &self.siblings
    }

    /// All writes that were ever taken in.
    #[must_use]
    pub const fn context(&self) -> &VectorClock {
        &self.context
    }

    /// The clock of a write by somebody who has seen what is here.
    #[must_use]
    pub fn next_of(&self, me: NodeId) -> Dotted {
        update(&self.context, &[], me)
    }

    /// Takes a version in; nothing when it, or something later, was taken in before.
    pub fn take(&mut self, version: Version, rule: Rule) -> Option<Taken> {
        let dot = version.clock.dot;
        if dot.number <= self.context.get(dot.node) {
            return None;
        }
        self.context.merge(&version.clock.ceiling());
        let mut gone = Vec::new();
        let newest = |version: &Version| (version.wall_us, version.clock.dot);
        let kept = match rule {
            Rule::KeepConcurrent => true,
            Rule::LastWriterWins => self.siblings.iter().all(|other| newest(other) < newest(&version)),
        };
        if kept {
            let replaced = |other: &Version| match rule {
                Rule::KeepConcurrent => other.clock.compare(&version.clock) == Order::Before,
                Rule::LastWriterWins => true,
            };
            gone = self.siblings.iter().filter(|other| replaced(other)).cloned().collect();
            self.siblings.retain(|other| !replaced(other));
            self.siblings.push(version);
            self.siblings.sort_by_key(|version| version.clock.dot);
        }
        Some(Taken { kept, gone, siblings: self.siblings.len() as u32 })
    }
}

#[cfg(test)]
mod tests {
    use sim::random::{Domain, Stream};

    use super::*;
    use algorithms::clocks::sync;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn write(register: &mut Register, me: NodeId, value: u64, wall_us: u64, rule: Rule) -> Version {
        let clock = register.next_of(me);
        let write = EventId { process: me, number: value };
        let version = Version { write, clock, value, wall_us };
        register.take(version.clone(), rule).expect("a write is new");
        version
    }

    fn values(register: &Register) -> Vec<u64> {
        register.siblings().iter().map(|version| version.value).collect()
    }

    #[test]
    fn concurrent_writes_stay_until_somebody_has_seen_both() {
        let rule = Rule::KeepConcurrent;
        let (mut a, mut b) = (Register::default(), Register::default());
        let (first, second) = (write(&mut a, A, 120, 9, rule), write(&mut b, B, 100, 1, rule));
        assert_eq!(a.take(second.clone(), rule).unwrap(), Taken { kept: true, gone: Vec::new(), siblings: 2 });
        assert!(b.take(first.clone(), rule).is_some());
        assert_eq!((values(&a), a == b), (vec![120, 100], true));
        let third = write(&mut b, B, 130, 0, rule);
        assert_eq!(a.take(third, rule).unwrap().gone, [first, second.clone()]);
        assert_eq!(values(&a), [130]);
        assert_eq!(a.take(second, rule), None, "a late copy changes nothing");
    }

    #[test]
    fn the_later_wall_clock_wins_whatever_it_had_seen() {
        let rule = Rule::LastWriterWins;
        let (mut a, mut b) = (Register::default(), Register::default());
        let first = write(&mut a, A, 120, 500, rule);
        b.take(first.clone(), rule);
        // B has seen it, and writes later, by a clock that is behind.
        write(&mut b, B, 100, 400, rule);
        assert_eq!(values(&b), [120]);
    }

    #[test]
    fn it_keeps_what_sync_keeps() {
        for seed in 0..80 {
            let mut stream = Stream::new(seed, Domain::Faults, 4);
            let rule = Rule::KeepConcurrent;
            let mut registers = vec![Register::default(); 3];
            let mut all: Vec<Version> = Vec::new();
            let mut known: Vec<Vec<Dotted>> = vec![Vec::new(); 3];
            for value in 0..40 {
                let at = stream.range(0, 2) as usize;
                let version = if stream.happens(400_000) || all.is_empty() {
                    let version = write(&mut registers[at], NodeId(at as u32), value, 0, rule);
                    all.push(version.clone());
                    version
                } else {
                    let version = all[stream.range(0, all.len() as u64 - 1) as usize].clone();
                    registers[at].take(version.clone(), rule);
                    version
                };
                known[at].push(version.clock);
                let kept: Vec<Dotted> = registers[at].siblings().iter().map(|version| version.clock.clone()).collect();
                assert_eq!(kept, sync(&known[at], &[]), "seed {seed}");
            }
        }
    }
}
