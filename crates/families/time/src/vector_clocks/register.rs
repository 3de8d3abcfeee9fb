//! One replica of a register: the values that no later write has replaced.
//!
//! Nuno Preguiça et al., "Dotted Version Vectors", 2010 (see [`algorithms::clocks::Dotted`]): a client reads the values and a
//! *context*, which says which writes are in them, and hands the context back when it writes. The write gets a dot of
//! its own and replaces what its context covers, and nothing else. So two clients that wrote at one replica with the
//! same context stay beside each other as siblings, until somebody who has read both writes again.
//!
//! Replicas send each other all values that they hold, never one alone: only then does a context that covers the n-th
//! write of a replica cover all before it, and a version vector is enough to say so.

use sim::NodeId;

use crate::clocks::EventId;
use algorithms::clocks::{Dot, Dotted, Order, VectorClock};

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// The event that wrote it.
    pub write: EventId,
    /// Which write of this register it is, and which ones its writer had seen.
    pub clock: Dotted,
    /// The value.
    pub value: u64,
    /// What the clock on the wall showed where it was taken, in µs.
    pub wall_us: u64,
}

/// Which versions stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Those that no other one had seen, as dotted version vectors tell it.
    Dotted,
    /// Those that no other one had seen, as version vectors with an entry for each replica tell it.
    Plain,
    /// The one with the latest wall clock.
    LastWriterWins,
}

/// A register as one process has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Register {
    siblings: Vec<Version>,
    /// Counts the writes that were made here.
    written: u64,
}

/// What new versions did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Taken {
    /// Those that were not known here.
    pub new: Vec<Version>,
    /// Whether any of those stays.
    pub kept: bool,
    /// Versions that were here, and went.
    pub gone: Vec<Version>,
    /// All values that there are now.
    pub values: Vec<u64>,
}

impl Register {
    /// The values that nothing has replaced, by dot.
    #[must_use]
    pub fn siblings(&self) -> &[Version] {
        &self.siblings
    }

    /// Those values alone.
    #[must_use]
    pub fn values(&self) -> Vec<u64> {
        self.siblings.iter().map(|version| version.value).collect()
    }

    /// What somebody has seen who has read this.
    #[must_use]
    pub fn context(&self) -> VectorClock {
        let mut context = VectorClock::EMPTY;
        self.siblings.iter().for_each(|version| context.merge(&version.clock.ceiling()));
        context
    }

    /// How many of its values somebody has not seen who has this context.
    #[must_use]
    pub fn unseen(&self, context: &VectorClock) -> usize {
        self.siblings.iter().filter(|version| !version.clock.dot.is_in(context)).count()
    }

    /// A write at `me` by somebody who has read this context.
    pub fn write(
        &mut self,
        me: NodeId,
        context: VectorClock,
        rule: Rule,
        (write, value, wall_us): (EventId, u64, u64),
    ) -> Taken {
        self.written += 1;
        let dotted = Dotted { dot: Dot { node: me, number: self.written }, past: context };
        let clock = if rule == Rule::Plain { dotted.without_dot() } else { dotted };
        self.keep(vec![Version { write, clock, value, wall_us }], rule)
    }

    /// Takes in what another replica holds; nothing where that, or something later, is here already.
    pub fn sync(&mut self, theirs: &[Version], rule: Rule) -> Option<Taken> {
        let known = |version: &Version| {
            let replaced = |other: &Version| version.clock.compare(&other.clock) == Order::Before;
            self.siblings
                .iter()
                .any(|other| other.write == version.write || (rule != Rule::LastWriterWins && replaced(other)))
        };
        let new: Vec<Version> = theirs.iter().filter(|version| !known(version)).cloned().collect();
        (!new.is_empty()).then(|| self.keep(new, rule))
    }

    fn keep(&mut self, new: Vec<Version>, rule: Rule) -> Taken {
        let all: Vec<Version> = self.siblings.iter().chain(&new).cloned().collect();
        let later = |version: &Version| (version.wall_us, version.clock.dot);
        let stays = |version: &Version| match rule {
            Rule::Dotted | Rule::Plain => !all.iter().any(|other| version.clock.compare(&other.clock) == Order::Before),
            Rule::LastWriterWins => all.iter().all(|other| later(other) <= later(version)),
        };
        let gone = self.siblings.iter().filter(|version| !stays(version)).cloned().collect();
        let kept = new.iter().any(stays);
        self.siblings.clear();
        for version in all.iter().filter(|version| stays(version)) {
            let place = self.siblings.partition_point(|other| other.clock.dot <= version.clock.dot);
            self.siblings.insert(place, version.clone());
        }
        Taken { new, kept, gone, values: self.values() }
    }
}

#[cfg(test)]
mod tests {
    use sim::random::{Domain, Stream};

    use super::*;
    use algorithms::clocks::{sync, update};

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn put(register: &mut Register, me: NodeId, context: VectorClock, value: u64, rule: Rule) -> Taken {
        register.write(me, context, rule, (EventId { process: me, number: value }, value, value))
    }

    /// Whoever writes here has seen what is here.
    fn write(register: &mut Register, me: NodeId, value: u64) -> Taken {
        let context = register.context();
        put(register, me, context, value, Rule::Dotted)
    }

    #[test]
    fn concurrent_writes_stay_until_somebody_has_seen_both() {
        let rule = Rule::Dotted;
        let (mut a, mut b) = (Register::default(), Register::default());
        write(&mut a, A, 120);
        write(&mut b, B, 100);
        let (held, before) = (b.siblings().to_vec(), a.siblings().to_vec());
        let taken = a.sync(&held, rule).unwrap();
        assert_eq!((taken.kept, taken.gone, taken.values), (true, Vec::new(), vec![120, 100]));
        assert!(b.sync(&before, rule).is_some());
        assert_eq!((a.values(), a.siblings()), (vec![120, 100], b.siblings()));
        write(&mut b, B, 130);
        assert_eq!(a.sync(b.siblings(), rule).unwrap().gone.len(), 2);
        assert_eq!(a.values(), [130]);
        assert_eq!(a.sync(&held, rule), None, "a late copy changes nothing");
    }

    #[test]
    fn two_clients_with_one_context_stay_beside_each_other_where_writes_have_dots() {
        for (rule, wanted) in [(Rule::Dotted, &[90, 80][..]), (Rule::Plain, &[80])] {
            let mut register = Register::default();
            put(&mut register, A, VectorClock::EMPTY, 100, rule);
            let read = register.context();
            assert_eq!(put(&mut register, A, read.clone(), 90, rule).values, [90]);
            // The second has read no more than the first.
            assert_eq!(put(&mut register, A, read, 80, rule).values, wanted, "{rule:?}");
            // Who has read what is there now replaces it, and who has read nothing replaces nothing.
            let read = register.context();
            assert_eq!(put(&mut register, A, read, 70, rule).values, [70]);
        }
        let mut register = Register::default();
        write(&mut register, A, 100);
        assert_eq!(put(&mut register, A, VectorClock::EMPTY, 90, Rule::Dotted).values, [100, 90]);
    }

    #[test]
    fn a_context_covers_what_was_read_elsewhere_and_has_not_arrived_here() {
        let (mut a, mut b) = (Register::default(), Register::default());
        write(&mut a, A, 120);
        let first = a.siblings().to_vec();
        write(&mut b, B, 100);
        // Read at A, written at B: it replaces A's value, and B's own one stays.
        assert_eq!(put(&mut b, B, a.context(), 130, Rule::Dotted).values, [100, 130]);
        assert_eq!(b.sync(&first, Rule::Dotted), None, "what it had seen comes later and is old");
        assert_eq!((b.unseen(&a.context()), b.unseen(&b.context())), (2, 0));
    }

    #[test]
    fn the_later_wall_clock_wins_whatever_it_had_seen() {
        let rule = Rule::LastWriterWins;
        let (mut a, mut b) = (Register::default(), Register::default());
        put(&mut a, A, VectorClock::EMPTY, 120, rule);
        b.sync(a.siblings(), rule);
        // B has seen it, and writes later, by a clock that is behind.
        let context = b.context();
        let taken = put(&mut b, B, context, 100, rule);
        assert_eq!((taken.kept, taken.values), (false, vec![120]));
    }

    #[test]
    fn it_keeps_what_sync_and_update_keep() {
        let rule = Rule::Dotted;
        for seed in 0..80 {
            let mut stream = Stream::new(seed, Domain::Faults, 4);
            let mut registers = vec![Register::default(); 3];
            let mut twins: Vec<Vec<Dotted>> = vec![Vec::new(); 3];
            // Contexts that clients have read and may write with at any time, wherever they are then.
            let mut contexts = vec![VectorClock::EMPTY];
            for value in 0..60 {
                let at = stream.range(0, 2) as usize;
                let me = NodeId(at as u32);
                match stream.range(0, 2) {
                    0 => contexts.push(registers[at].context()),
                    1 => {
                        // At one replica, what a context covers of its own is there or has been; `update` knows no
                        // more of it than that.
                        let context = contexts[stream.range(0, contexts.len() as u64 - 1) as usize].clone();
                        let dotted = update(&context, &twins[at], me);
                        put(&mut registers[at], me, context, value, rule);
                        twins[at] = sync(&twins[at], &[dotted]);
                    }
                    _ => {
                        let from = stream.range(0, 2) as usize;
                        let held = registers[from].siblings().to_vec();
                        registers[at].sync(&held, rule);
                        twins[at] = sync(&twins[at], &twins[from].clone());
                    }
                }
                let kept: Vec<Dotted> = registers[at].siblings().iter().map(|version| version.clock.clone()).collect();
                assert_eq!(kept, twins[at], "seed {seed}");
            }
        }
    }
}
