//! What must hold of clocks, checked event by event against what really happened before what.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use check::{Evidence, Oracle, Property, Verdict};
use sim::{NodeId, Observer, Record, World};

use super::{By, Config, Deed, EventId, Msg, Note, Process, Stamp, WALL_AT_START_US};
use algorithms::clocks::{Order, VectorClock};

/// a → b implies C(a) < C(b), for Lamport's clock and the hybrid one (Lamport 1978).
pub const CLOCK_CONDITION: Property = Property::always(
    "clock-condition",
    "Clock Condition",
    "An effect has a larger Lamport clock and hybrid clock than its cause",
);

/// a → b exactly when V(a) < V(b) (Fidge 1988; Mattern 1989).
pub const VECTOR_CHARACTERIZES: Property = Property::always(
    "vector-characterizes",
    "Strong Clock Condition",
    "Vector clocks say exactly what happened before what",
);

/// l is the largest wall reading of all events that happened before, its own counted; so physical ≤ l ≤ physical +
/// maximum offset (Kulkarni et al. 2014).
pub const HYBRID_BOUNDS: Property = Property::always(
    "hybrid-bounds",
    "Bounded Drift of HLC",
    "A hybrid clock is the largest wall clock known of, and not far ahead of its own",
);

/// What is said to come first has not happened after.
pub const NO_REVERSAL: Property =
    Property::always("no-reversal", "No Effect Before Its Cause", "What is said to come first did not come after");

/// Whoever goes by vector clocks says what is so.
pub const EXACT_VERDICTS: Property =
    Property::always("exact-verdicts", "Exact Verdicts", "Before, after, equal and concurrent are told apart");

/// Two events that were compared were concurrent.
pub const CONCURRENT_SEEN: Property =
    Property::sometimes("concurrent-events", "Concurrent Events", "Two events are concurrent");

/// An effect has an earlier wall clock than its cause.
pub const WALL_REVERSED: Property =
    Property::sometimes("wall-clock-reversed", "Wall Clock Reversal", "A wall clock shows an effect before its cause");

/// A hybrid clock is ahead of its wall clock: it has heard of a later one.
pub const HYBRID_CARRIED: Property = Property::sometimes(
    "hybrid-carried",
    "HLC Carried Ahead",
    "A message carries a hybrid clock ahead of the wall clock",
);

/// How many events are kept besides those whose messages are still under way.
const KEPT_MAX: usize = 256;

/// What is known of an event.
#[derive(Clone, Debug)]
struct Known {
    /// Counts events over all processes.
    serial: u64,
    stamp: Stamp,
    /// What really happened before it, in events of each process, itself counted.
    truth: VectorClock,
    /// The largest wall clock of all those events, in µs.
    wall_max_us: u64,
}

/// All oracles of the clocks.
#[derive(Clone, Debug)]
pub struct ClocksOracle {
    offset_max_us: u64,
    known: BTreeMap<EventId, Rc<Known>>,
    newest: BTreeMap<NodeId, Rc<Known>>,
    /// Events, messages received, comparisons, those of concurrent events, wall clocks that ran backwards.
    events: u64,
    received: u64,
    compared: u64,
    concurrent: u64,
    reversed: u64,
    unknown: u64,
    /// Some wall clock was further off than a hybrid clock can rely on.
    off: bool,
    condition: Option<Evidence>,
    vector: Option<Evidence>,
    bounds: Option<Evidence>,
    reversal: Option<Evidence>,
    inexact: Option<Evidence>,
    concurrent_seen: Option<Evidence>,
    wall_reversed: Option<Evidence>,
    carried: Option<Evidence>,
}

/// Where in the run something shows.
#[derive(Clone, Copy, Debug)]
struct At {
    step: u64,
    time_us: u64,
}

impl At {
    fn mark(&self, slot: &mut Option<Evidence>, reason: impl FnOnce() -> String) {
        slot.get_or_insert_with(|| Evidence { step: self.step, time_us: self.time_us, reason: reason() });
    }
}

fn name(event: EventId) -> String {
    let (machine, again) = event.machine();
    format!("event {} of n{}{}", event.number, machine.0 + 1, if again { "′" } else { "" })
}

/// How the first stands to the second, in the middle of a sentence.
const fn stands(order: Order) -> &'static str {
    match order {
        Order::Before => "before",
        Order::After => "after",
        Order::Equal => "the same as",
        Order::Concurrent => "concurrent with",
    }
}

impl ClocksOracle {
    /// The oracles for this configuration.
    #[must_use]
    pub const fn new(config: &Config) -> Self {
        Self {
            offset_max_us: config.offset_max_us,
            known: BTreeMap::new(),
            newest: BTreeMap::new(),
            events: 0,
            received: 0,
            compared: 0,
            concurrent: 0,
            reversed: 0,
            unknown: 0,
            off: false,
            condition: None,
            vector: None,
            bounds: None,
            reversal: None,
            inexact: None,
            concurrent_seen: None,
            wall_reversed: None,
            carried: None,
        }
    }

    /// Events, messages received, comparisons, comparisons of concurrent events, effects with an earlier wall clock
    /// than their causes.
    #[must_use]
    pub const fn counts(&self) -> [u64; 5] {
        [self.events, self.received, self.compared, self.concurrent, self.reversed]
    }

    fn happened(&mut self, at: At, stamp: &Stamp, deed: Deed) {
        self.events += 1;
        let me = stamp.event.process;
        let previous = self.newest.get(&me).cloned();
        let source = match deed {
            Deed::Received(sent) => {
                self.received += 1;
                let source = self.known.get(&sent).cloned();
                self.unknown += u64::from(source.is_none());
                source
            }
            Deed::Local | Deed::Sent(_) => None,
        };
        let mut truth = previous.as_ref().map_or(VectorClock::EMPTY, |known| known.truth.clone());
        if let Some(source) = &source {
            truth.merge(&source.truth);
        }
        truth.tick(me);
        for cause in [&previous, &source].into_iter().flatten() {
            self.direct_cause(at, &cause.stamp, stamp);
        }
        if self.vector.is_none() && stamp.vector != truth {
            self.judge_vector(at, stamp, &truth);
        }
        // What nobody knows of any more may have been larger.
        let lost = matches!(deed, Deed::Received(_)) && source.is_none();
        let causes = [&previous, &source].into_iter().flatten().map(|cause| cause.wall_max_us);
        let mut wall_max_us = causes.fold(stamp.wall_us, u64::max);
        if lost {
            wall_max_us = wall_max_us.max(stamp.hybrid.wall_us);
        }
        self.judge_hybrid(at, stamp, wall_max_us);
        let known = Rc::new(Known { serial: self.events, stamp: stamp.clone(), truth, wall_max_us });
        self.newest.insert(me, Rc::clone(&known));
        self.known.insert(stamp.event, known);
    }

    /// The first directly precedes the second; the rest of the order follows from such steps.
    fn direct_cause(&mut self, at: At, cause: &Stamp, effect: &Stamp) {
        let (first, second) = (cause.event, effect.event);
        if cause.lamport >= effect.lamport {
            at.mark(&mut self.condition, || {
                let (c, e) = (cause.lamport.0, effect.lamport.0);
                format!(
                    "{} happened before {}, but its Lamport clock is {c}, not less than {e}",
                    name(first),
                    name(second)
                )
            });
        } else if cause.hybrid >= effect.hybrid {
            at.mark(&mut self.condition, || {
                format!("{} happened before {}, but its hybrid clock is not less", name(first), name(second))
            });
        }
        if cause.wall_us > effect.wall_us {
            self.reversed += 1;
            at.mark(&mut self.wall_reversed, || {
                let early_us = cause.wall_us - effect.wall_us;
                format!("{} follows {}, and its wall clock shows {early_us} µs less", name(second), name(first))
            });
        }
    }

    /// A vector that is not what it should be: is there an event that it stands wrongly to?
    fn judge_vector(&mut self, at: At, stamp: &Stamp, truth: &VectorClock) {
        for other in self.known.values() {
            let order = other.truth.compare(truth);
            let said = other.stamp.vector.compare(&stamp.vector);
            if said != order {
                at.mark(&mut self.vector, || {
                    let (first, second) = (name(other.stamp.event), name(stamp.event));
                    format!("{first} is {} {second}, and the vector clocks say {}", stands(order), said.name())
                });
                return;
            }
        }
    }

    fn judge_hybrid(&mut self, at: At, stamp: &Stamp, wall_max_us: u64) {
        // Clocks that are off by no more than half of it, each, differ by no more than all of it.
        self.off |= stamp.wall_us.abs_diff(at.time_us + WALL_AT_START_US) > self.offset_max_us / 2;
        let (l_us, wall_us) = (stamp.hybrid.wall_us, stamp.wall_us);
        let event = stamp.event;
        if l_us != wall_max_us {
            let shown = |us: u64| us.saturating_sub(WALL_AT_START_US);
            at.mark(&mut self.bounds, || {
                format!(
                    "the hybrid clock of {} shows {} µs, and the largest wall clock that it knows of is {} µs",
                    name(event),
                    shown(l_us),
                    shown(wall_max_us)
                )
            });
        } else if !self.off && l_us - wall_us > self.offset_max_us {
            let ahead_us = l_us - wall_us;
            at.mark(&mut self.bounds, || {
                format!("the hybrid clock of {} is {ahead_us} µs ahead of its wall clock", name(event))
            });
        }
        if l_us > wall_us {
            at.mark(&mut self.carried, || {
                format!("the hybrid clock of {} is {} µs ahead of its wall clock", name(event), l_us - wall_us)
            });
        }
    }

    fn compared(&mut self, at: At, first: EventId, second: EventId, said: Order, by: By) {
        self.compared += 1;
        let (Some(a), Some(b)) = (self.known.get(&first), self.known.get(&second)) else {
            self.unknown += 1;
            return;
        };
        let order = a.truth.compare(&b.truth);
        if order == Order::Concurrent {
            self.concurrent += 1;
            at.mark(&mut self.concurrent_seen, || format!("{} and {}", name(first), name(second)));
        }
        if matches!((order, said), (Order::Before, Order::After) | (Order::After, Order::Before)) {
            at.mark(&mut self.reversal, || {
                format!(
                    "{} happened {} {}, but is said to come {} it",
                    name(first),
                    order.name(),
                    name(second),
                    said.name()
                )
            });
        } else if by == By::Vector && said != order {
            at.mark(&mut self.inexact, || {
                let (first, second) = (name(first), name(second));
                format!("{first} is {} {second}, but said to be {}", stands(order), said.name())
            });
        }
    }

    /// Forgets events that nothing can refer to any more: old ones with no message under way.
    fn forget(&mut self, world: &World<Process>) {
        if self.known.len() <= 2 * KEPT_MAX + world.flights().len() {
            return;
        }
        let mut needed: BTreeSet<EventId> = BTreeSet::new();
        for flight in world.flights() {
            match &flight.msg {
                Msg::Question { stamp } => drop(needed.insert(stamp.event)),
                Msg::Answer { stamp, question } => needed.extend([stamp.event, question.event]),
            }
        }
        for node in world.node_ids() {
            needed.extend(world.node(node).and_then(|process| process.newest.as_ref()).map(|stamp| stamp.event));
        }
        let from = self.events.saturating_sub(KEPT_MAX as u64);
        self.known.retain(|event, known| known.serial > from || needed.contains(event));
    }
}

impl Observer<Process> for ClocksOracle {
    fn observe(&mut self, record: &Record<Process>, world: &World<Process>) {
        let at = At { step: record.step, time_us: record.time_us };
        for note in record.notes() {
            match note {
                Note::Happened { stamp, deed } => self.happened(at, stamp, *deed),
                Note::Compared { first, second, said, by, answer: _ } => {
                    self.compared(at, first.event, second.event, *said, *by);
                }
            }
        }
        if self.known.len() > 2 * KEPT_MAX {
            self.forget(world);
        }
    }
}

impl Oracle<Process> for ClocksOracle {
    fn verdicts(&self, _: u64) -> Vec<Verdict> {
        let events = || format!("{} events checked", self.events);
        let compared = || match self.unknown {
            0 => format!("{} verdicts checked", self.compared),
            unknown => format!("{} verdicts checked, {unknown} not known any more", self.compared),
        };
        let bounds =
            if self.off { "wall clocks differ by more than is allowed: nothing is promised".into() } else { events() };
        vec![
            Verdict::always(CLOCK_CONDITION, self.condition.as_ref(), events()),
            Verdict::always(VECTOR_CHARACTERIZES, self.vector.as_ref(), events()),
            Verdict::always(HYBRID_BOUNDS, self.bounds.as_ref(), bounds),
            Verdict::always(NO_REVERSAL, self.reversal.as_ref(), compared()),
            Verdict::always(EXACT_VERDICTS, self.inexact.as_ref(), compared()),
            Verdict::sometimes(CONCURRENT_SEEN, self.concurrent_seen.as_ref(), String::new()),
            Verdict::sometimes(WALL_REVERSED, self.wall_reversed.as_ref(), String::new()),
            Verdict::sometimes(HYBRID_CARRIED, self.carried.as_ref(), String::new()),
        ]
    }

    fn violated(&self) -> bool {
        self.condition.is_some()
            || self.vector.is_some()
            || self.bounds.is_some()
            || self.reversal.is_some()
            || self.inexact.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Bugs;
    use super::*;
    use algorithms::clocks::{Hybrid, LamportClock};

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn oracle() -> ClocksOracle {
        let config = Config { skew_us: 0, offset_max_us: 1_000, act_us: 0, bugs: Bugs::default() };
        ClocksOracle::new(&config)
    }

    const fn at(time_us: u64) -> At {
        At { step: time_us, time_us }
    }

    const fn event(process: NodeId, number: u64) -> EventId {
        EventId { process, number }
    }

    /// An event whose wall clock is right.
    fn stamp(process: NodeId, number: u64, time_us: u64, lamport: u64, vector: &[(NodeId, u64)]) -> Stamp {
        let wall_us = WALL_AT_START_US + time_us;
        Stamp {
            event: event(process, number),
            wall_us,
            lamport: LamportClock(lamport),
            vector: VectorClock::of(vector.iter().copied()),
            hybrid: Hybrid { wall_us, count: 0 },
        }
    }

    /// A1 sends, B1 is local, B2 receives, as it should be.
    fn good() -> ClocksOracle {
        let mut oracle = oracle();
        oracle.happened(at(1), &stamp(A, 1, 1, 1, &[(A, 1)]), Deed::Sent(B));
        oracle.happened(at(2), &stamp(B, 1, 2, 1, &[(B, 1)]), Deed::Local);
        oracle.happened(at(3), &stamp(B, 2, 3, 2, &[(A, 1), (B, 2)]), Deed::Received(event(A, 1)));
        assert!(!oracle.violated());
        oracle
    }

    #[test]
    fn a_lamport_clock_that_does_not_grow_is_rejected() {
        let mut oracle = good();
        oracle.happened(at(4), &stamp(B, 3, 4, 2, &[(A, 1), (B, 3)]), Deed::Local);
        assert_eq!(
            oracle.condition.unwrap().reason,
            "event 2 of n2 happened before event 3 of n2, but its Lamport clock is 2, not less than 2"
        );
        // So is one that stands still from a send to its receipt.
        let mut oracle = good();
        oracle.happened(at(4), &stamp(A, 2, 4, 7, &[(A, 2)]), Deed::Sent(B));
        oracle.happened(at(5), &stamp(B, 3, 5, 7, &[(A, 2), (B, 3)]), Deed::Received(event(A, 2)));
        assert!(oracle.condition.unwrap().reason.starts_with("event 2 of n1 happened before event 3 of n2"));
    }

    #[test]
    fn a_hybrid_clock_that_goes_back_is_rejected() {
        let mut oracle = good();
        let mut late = stamp(B, 3, 3, 3, &[(A, 1), (B, 3)]);
        late.hybrid.count = 0;
        oracle.happened(at(3), &late, Deed::Local);
        assert!(oracle.condition.unwrap().reason.contains("hybrid clock is not less"));
    }

    #[test]
    fn a_vector_clock_that_forgets_or_invents_is_rejected() {
        for (vector, wanted) in [
            (&[(B, 3)][..], "is before event 3 of n2, and the vector clocks say concurrent"),
            (&[(A, 1), (B, 2)], "event 2 of n2 is before event 3 of n2, and the vector clocks say equal"),
        ] {
            let mut oracle = good();
            oracle.happened(at(4), &stamp(B, 3, 4, 3, vector), Deed::Local);
            let reason = oracle.vector.unwrap().reason;
            assert!(reason.contains(wanted), "{reason}");
        }
        // It claims to know of an event of A that it has not heard of.
        let mut oracle = good();
        oracle.happened(at(4), &stamp(A, 2, 4, 2, &[(A, 2)]), Deed::Local);
        oracle.happened(at(5), &stamp(B, 3, 5, 3, &[(A, 2), (B, 3)]), Deed::Local);
        assert_eq!(
            oracle.vector.unwrap().reason,
            "event 2 of n1 is concurrent with event 3 of n2, and the vector clocks say before"
        );
    }

    #[test]
    fn a_hybrid_clock_that_is_not_the_largest_wall_clock_known_is_rejected() {
        // A1, by A's wall clock, is heard of at B1, whose own wall clock and l are these.
        let with = |sent_us: u64, wall_us: u64, l_us: u64| {
            let mut oracle = oracle();
            let mut sent = stamp(A, 1, 5_000, 1, &[(A, 1)]);
            (sent.wall_us, sent.hybrid.wall_us) = (WALL_AT_START_US + sent_us, WALL_AT_START_US + sent_us);
            oracle.happened(at(5_000), &sent, Deed::Sent(B));
            let mut heard = stamp(B, 1, 5_000, 2, &[(A, 1), (B, 1)]);
            heard.wall_us = WALL_AT_START_US + wall_us;
            heard.hybrid = Hybrid { wall_us: WALL_AT_START_US + l_us, count: 1 };
            oracle.happened(at(5_000), &heard, Deed::Received(event(A, 1)));
            oracle
        };
        for (l_us, said) in [(5_200, "5200"), (5_399, "5399"), (4_999, "4999")] {
            let reason = with(5_400, 5_000, l_us).bounds.unwrap().reason;
            let wanted = format!(
                "the hybrid clock of event 1 of n2 shows {said} µs, and the largest wall clock that it knows of is 5400 µs"
            );
            assert_eq!(reason, wanted);
        }
        let good = with(5_400, 5_000, 5_400);
        assert!(!good.violated() && good.carried.is_some());
        // One's own wall clock counts as well, and what is ahead of every one is rejected however little it is.
        assert!(!with(5_000, 5_400, 5_400).violated());
        assert!(with(5_000, 5_400, 5_401).bounds.is_some());
        // It carries on: a later event of the same process knows of it too.
        let mut oracle = good;
        oracle.happened(at(5_100), &stamp(B, 2, 5_100, 3, &[(A, 1), (B, 2)]), Deed::Local);
        assert!(oracle.bounds.unwrap().reason.contains("shows 5100 µs, and the largest wall clock"));
    }

    #[test]
    fn a_hybrid_clock_further_ahead_than_wall_clocks_may_differ_is_rejected() {
        // The largest wall clock known of is right, and further ahead than two wall clocks that keep to the maximum.
        let with = |ahead_us: u64, wall_us: u64| {
            let mut oracle = oracle();
            let mut known = stamp(A, 1, 5_000, 1, &[(A, 1)]);
            known.wall_us = WALL_AT_START_US + wall_us;
            known.hybrid.wall_us = known.wall_us + ahead_us;
            oracle.judge_hybrid(at(5_000), &known, known.hybrid.wall_us);
            oracle
        };
        assert!(!with(1_000, 5_000).violated());
        assert!(with(1_001, 5_000).bounds.unwrap().reason.contains("1001 µs ahead"));
        // Where a wall clock is further off than is allowed that is not promised.
        assert!(!with(1_502, 4_499).violated());
    }

    #[test]
    fn what_is_said_the_wrong_way_round_is_rejected_whatever_it_goes_by() {
        for by in [By::Wall, By::Vector] {
            let mut oracle = good();
            oracle.compared(at(4), event(A, 1), event(B, 2), Order::After, by);
            assert_eq!(
                oracle.reversal.unwrap().reason,
                "event 1 of n1 happened before event 2 of n2, but is said to come after it"
            );
        }
        let mut oracle = good();
        oracle.compared(at(4), event(A, 1), event(B, 1), Order::After, By::Wall);
        assert!(!oracle.violated(), "of concurrent events a wall clock may say what it likes");
        assert!(oracle.concurrent_seen.is_some());
    }

    #[test]
    fn a_verdict_that_is_not_exact_is_rejected() {
        for (first, second, said, wanted) in [
            (
                event(A, 1),
                event(A, 1),
                Order::Before,
                "event 1 of n1 is the same as event 1 of n1, but said to be before",
            ),
            (
                event(B, 2),
                event(A, 1),
                Order::Concurrent,
                "event 2 of n2 is after event 1 of n1, but said to be concurrent",
            ),
            (
                event(A, 1),
                event(B, 1),
                Order::Before,
                "event 1 of n1 is concurrent with event 1 of n2, but said to be before",
            ),
        ] {
            let mut oracle = good();
            oracle.compared(at(4), first, second, said, By::Vector);
            assert_eq!(oracle.inexact.unwrap().reason, wanted);
        }
        let mut oracle = good();
        oracle.compared(at(4), event(A, 1), event(B, 2), Order::Before, By::Vector);
        oracle.compared(at(4), event(A, 1), event(B, 1), Order::Concurrent, By::Vector);
        oracle.compared(at(4), event(B, 2), event(B, 2), Order::Equal, By::Vector);
        assert!(!oracle.violated());
    }

    #[test]
    fn what_the_oracle_takes_for_the_truth_is_what_happened() {
        // Its truth is a vector of its own; here it is held against the graph.
        use algorithms::clocks::Execution;
        use sim::random::{Domain, Stream};
        let mut stream = Stream::new(5, Domain::Faults, 1);
        let (mut oracle, mut graph, mut events) = (oracle(), Execution::default(), Vec::<EventId>::new());
        let mut counts = [0u64; 4];
        for time_us in 0..120 {
            let process = stream.range(0, 3) as u32;
            counts[process as usize] += 1;
            let source =
                (!events.is_empty() && stream.happens(500_000)).then(|| stream.range(0, events.len() as u64 - 1));
            let id = event(NodeId(process), counts[process as usize]);
            graph.add(process, source.map(|source| source as u32));
            let deed = source.map_or(Deed::Local, |source| Deed::Received(events[source as usize]));
            oracle.happened(at(time_us), &stamp(id.process, id.number, time_us, 0, &[]), deed);
            events.push(id);
        }
        for (first, a) in events.iter().enumerate() {
            for (second, b) in events.iter().enumerate() {
                let order = oracle.known[a].truth.compare(&oracle.known[b].truth);
                assert_eq!(order, graph.order(first as u32, second as u32));
            }
        }
    }
}
