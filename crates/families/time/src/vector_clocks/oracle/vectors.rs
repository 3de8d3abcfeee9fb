//! Vector clocks against what really happened before what.

use std::rc::Rc;

use check::{Evidence, Property};
use sim::{Map, NodeId, Set};

use super::{At, name, stands};
use crate::clocks::{EventId, Stamp};
use crate::vector_clocks::Deed;
use algorithms::clocks::VectorClock;

/// a → b exactly when V(a) < V(b) (Fidge 1988; Mattern 1989).
pub const VECTOR_CHARACTERIZES: Property = Property::always(
    "vector-characterizes",
    "Strong Clock Condition",
    "Vector clocks say exactly what happened before what",
);

/// What is known of an event.
#[derive(Clone, Debug)]
struct Known {
    serial: u64,
    stamp: Stamp,
    /// What really happened before it, in events of each process, itself counted.
    truth: VectorClock,
}

/// All events, as far as anything can still refer to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Vectors {
    known: Map<EventId, Rc<Known>>,
    newest: Map<NodeId, Rc<Known>>,
    pub(super) entries_max: u64,
    pub(super) unknown: u64,
    pub(super) wrong: Option<Evidence>,
}

impl Vectors {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// An event, by its number among all; `promised` says whether vectors have to be exact.
    pub(super) fn happened(&mut self, at: At, serial: u64, stamp: &Stamp, deed: &Deed, promised: bool) {
        self.entries_max = self.entries_max.max(stamp.vector.len() as u64);
        let me = stamp.event.process;
        let mut truth = self.newest.get(&me).map_or(VectorClock::EMPTY, |known| known.truth.clone());
        if let Deed::Received(sent) = deed {
            match self.known.get(sent) {
                Some(source) => truth.merge(&source.truth),
                None => self.unknown += 1,
            }
        }
        truth.tick(me);
        if self.wrong.is_none() && promised && stamp.vector != truth {
            self.judge(at, stamp, &truth);
        }
        let known = Rc::new(Known { serial, stamp: stamp.clone(), truth });
        self.newest.insert(me, known.clone());
        self.known.insert(stamp.event, known);
    }

    /// A vector that is not what it should be: is there an event that it stands wrongly to?
    fn judge(&mut self, at: At, stamp: &Stamp, truth: &VectorClock) {
        for other in self.known.values() {
            let order = other.truth.compare(truth);
            let said = other.stamp.vector.compare(&stamp.vector);
            if said != order {
                at.mark(&mut self.wrong, || {
                    let (first, second) = (name(other.stamp.event), name(stamp.event));
                    format!("{first} is {} {second}, and the vector clocks say {}", stands(order), said.name())
                });
                return;
            }
        }
    }

    /// These processes are no more.
    pub(super) fn retain(&mut self, stays: impl Fn(NodeId) -> bool) {
        self.newest.retain(|&process, _| stays(process));
    }

    pub(super) fn forget(&mut self, from: u64, needed: &Set<EventId>) {
        self.known.retain(|event, known| known.serial > from || needed.contains(event));
    }
}

#[cfg(test)]
mod tests {
    use super::super::FeedOracle;
    use super::super::tests::{A, B, at, config, event, stamp};
    use super::*;
    use crate::vector_clocks::{Bugs, Config};

    /// A1 sends to B; B2 receives; A3 is local: as it should be.
    fn good() -> FeedOracle {
        let mut oracle = FeedOracle::new(&config());
        oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Told(B));
        oracle.happened(at(2), &stamp(B, 1, &[(A, 1), (B, 1)]), &Deed::Received(event(A, 1)));
        oracle.happened(at(3), &stamp(A, 2, &[(A, 2)]), &Deed::Local);
        assert!(!violated(&oracle));
        oracle
    }

    fn violated(oracle: &FeedOracle) -> bool {
        oracle.vectors.wrong.is_some()
    }

    #[test]
    fn a_vector_that_forgets_or_invents_is_rejected() {
        for (vector, wanted) in [
            (&[(B, 2)][..], "event 1 of n1 is before event 2 of n2, and the vector clocks say concurrent"),
            (&[(A, 1), (B, 1)], "event 1 of n2 is before event 2 of n2, and the vector clocks say equal"),
            (&[(A, 2), (B, 2)], "event 2 of n1 is concurrent with event 2 of n2, and the vector clocks say before"),
        ] {
            let mut oracle = good();
            oracle.happened(at(4), &stamp(B, 2, vector), &Deed::Local);
            assert_eq!(oracle.vectors.wrong.unwrap().reason, wanted);
        }
        // Where vectors are pruned and nobody claims anything, nothing is broken.
        for prunes_silent in [false, true] {
            let bugs = Bugs { prunes_silent, ..Bugs::default() };
            let mut oracle = FeedOracle::new(&Config { prune_after: 4, bugs, ..config() });
            oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Told(B));
            oracle.happened(at(2), &stamp(B, 1, &[(B, 1)]), &Deed::Received(event(A, 1)));
            assert_eq!(violated(&oracle), prunes_silent);
        }
    }
}
