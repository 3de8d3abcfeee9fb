//! What must hold of clocks, checked event by event against what really happened before what.

use std::rc::Rc;

use check::{At, Board, Names, Oracle, Property, Verdict};
use sim::{Map, NodeId, Observer, Record, Set, World};

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

/// What is checked, in the order in which people read it.
const PROPERTIES: [Property; 8] = [
    CLOCK_CONDITION,
    VECTOR_CHARACTERIZES,
    HYBRID_BOUNDS,
    NO_REVERSAL,
    EXACT_VERDICTS,
    CONCURRENT_SEEN,
    WALL_REVERSED,
    HYBRID_CARRIED,
];

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
    board: Board,
    offset_max_us: u64,
    known: Map<EventId, Rc<Known>>,
    newest: Map<NodeId, Rc<Known>>,
    /// Events, messages received, comparisons, those of concurrent events, wall clocks that ran backwards.
    events: u64,
    received: u64,
    compared: u64,
    concurrent: u64,
    reversed: u64,
    unknown: u64,
    /// Some wall clock was further off than a hybrid clock can rely on.
    off: bool,
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
    pub fn new(config: &Config) -> Self {
        Self {
            board: Board::new(&PROPERTIES, Names::servers(0)),
            offset_max_us: config.offset_max_us,
            known: Map::new(),
            newest: Map::new(),
            events: 0,
            received: 0,
            compared: 0,
            concurrent: 0,
            reversed: 0,
            unknown: 0,
            off: false,
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
        if stamp.vector != truth && self.board.evidence(&VECTOR_CHARACTERIZES).is_none() {
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
            self.board.violate(&CLOCK_CONDITION, at, |_| {
                let (c, e) = (cause.lamport.0, effect.lamport.0);
                format!(
                    "{} happened before {}, but its Lamport clock is {c}, not less than {e}",
                    name(first),
                    name(second)
                )
            });
        } else if cause.hybrid >= effect.hybrid {
            self.board.violate(&CLOCK_CONDITION, at, |_| {
                format!("{} happened before {}, but its hybrid clock is not less", name(first), name(second))
            });
        }
        if cause.wall_us > effect.wall_us {
            self.reversed += 1;
            self.board.see(&WALL_REVERSED, at, |_| {
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
                self.board.violate(&VECTOR_CHARACTERIZES, at, |_| {
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
            self.board.violate(&HYBRID_BOUNDS, at, |_| {
                format!(
                    "the hybrid clock of {} shows {} µs, and the largest wall clock that it knows of is {} µs",
                    name(event),
                    shown(l_us),
                    shown(wall_max_us)
                )
            });
        } else if !self.off && l_us - wall_us > self.offset_max_us {
            let ahead_us = l_us - wall_us;
            self.board.violate(&HYBRID_BOUNDS, at, |_| {
                format!("the hybrid clock of {} is {ahead_us} µs ahead of its wall clock", name(event))
            });
        }
        if l_us > wall_us {
            self.board.see(&HYBRID_CARRIED, at, |_| {
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
            self.board.see(&CONCURRENT_SEEN, at, |_| format!("{} and {}", name(first), name(second)));
        }
        if matches!((order, said), (Order::Before, Order::After) | (Order::After, Order::Before)) {
            self.board.violate(&NO_REVERSAL, at, |_| {
                format!(
                    "{} happened {} {}, but is said to come {} it",
                    name(first),
                    order.name(),
                    name(second),
                    said.name()
                )
            });
        } else if by == By::Vector && said != order {
            self.board.violate(&EXACT_VERDICTS, at, |_| {
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
        let mut needed: Set<EventId> = Set::new();
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
        let at = At::of(record);
        self.board.observe(at);
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
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let events = || format!("{} events checked", self.events);
        let compared = || match self.unknown {
            0 => format!("{} verdicts checked", self.compared),
            unknown => format!("{} verdicts checked, {unknown} not known any more", self.compared),
        };
        self.board.verdicts(now_us, |property| match *property {
            HYBRID_BOUNDS if self.off => "wall clocks differ by more than is allowed: nothing is promised".into(),
            CLOCK_CONDITION | VECTOR_CHARACTERIZES | HYBRID_BOUNDS => events(),
            NO_REVERSAL | EXACT_VERDICTS => compared(),
            _ => String::new(),
        })
    }

    fn violated(&self) -> bool {
        self.board.violated()
    }
}

#[cfg(test)]
mod tests {
    use check::testing::at;

    use super::super::Bugs;
    use super::*;
    use algorithms::clocks::{Hybrid, LamportClock};

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn oracle() -> ClocksOracle {
        let config = Config { skew_us: 0, offset_max_us: 1_000, act_us: 0, bugs: Bugs::default() };
        ClocksOracle::new(&config)
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
            oracle.board.evidence(&CLOCK_CONDITION).unwrap().reason,
            "event 2 of n2 happened before event 3 of n2, but its Lamport clock is 2, not less than 2"
        );
        // So is one that stands still from a send to its receipt.
        let mut oracle = good();
        oracle.happened(at(4), &stamp(A, 2, 4, 7, &[(A, 2)]), Deed::Sent(B));
        oracle.happened(at(5), &stamp(B, 3, 5, 7, &[(A, 2), (B, 3)]), Deed::Received(event(A, 2)));
        assert!(
            oracle
                .board
                .evidence(&CLOCK_CONDITION)
                .unwrap()
                .reason
                .starts_with("event 2 of n1 happened before event 3 of n2")
        );
    }

    #[test]
    fn a_hybrid_clock_that_goes_back_is_rejected() {
        let mut oracle = good();
        let mut late = stamp(B, 3, 3, 3, &[(A, 1), (B, 3)]);
        late.hybrid.count = 0;
        oracle.happened(at(3), &late, Deed::Local);
        assert!(oracle.board.evidence(&CLOCK_CONDITION).unwrap().reason.contains("hybrid clock is not less"));
    }

    #[test]
    fn a_vector_clock_that_forgets_or_invents_is_rejected() {
        for (vector, wanted) in [
            (&[(B, 3)][..], "is before event 3 of n2, and the vector clocks say concurrent"),
            (&[(A, 1), (B, 2)], "event 2 of n2 is before event 3 of n2, and the vector clocks say equal"),
        ] {
            let mut oracle = good();
            oracle.happened(at(4), &stamp(B, 3, 4, 3, vector), Deed::Local);
            let reason = &oracle.board.evidence(&VECTOR_CHARACTERIZES).unwrap().reason;
            assert!(reason.contains(wanted), "{reason}");
        }
        // It claims to know of an event of A that it has not heard of.
        let mut oracle = good();
        oracle.happened(at(4), &stamp(A, 2, 4, 2, &[(A, 2)]), Deed::Local);
        oracle.happened(at(5), &stamp(B, 3, 5, 3, &[(A, 2), (B, 3)]), Deed::Local);
        assert_eq!(
            oracle.board.evidence(&VECTOR_CHARACTERIZES).unwrap().reason,
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
            let oracle = with(5_400, 5_000, l_us);
            let reason = &oracle.board.evidence(&HYBRID_BOUNDS).unwrap().reason;
            let wanted = format!(
                "the hybrid clock of event 1 of n2 shows {said} µs, and the largest wall clock that it knows of is 5400 µs"
            );
            assert_eq!(*reason, wanted);
        }
        let good = with(5_400, 5_000, 5_400);
        assert!(!good.violated() && good.board.evidence(&HYBRID_CARRIED).is_some());
        // One's own wall clock counts as well, and what is ahead of every one is rejected however little it is.
        assert!(!with(5_000, 5_400, 5_400).violated());
        assert!(with(5_000, 5_400, 5_401).board.evidence(&HYBRID_BOUNDS).is_some());
        // It carries on: a later event of the same process knows of it too.
        let mut oracle = good;
        oracle.happened(at(5_100), &stamp(B, 2, 5_100, 3, &[(A, 1), (B, 2)]), Deed::Local);
        assert!(
            oracle.board.evidence(&HYBRID_BOUNDS).unwrap().reason.contains("shows 5100 µs, and the largest wall clock")
        );
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
        assert!(with(1_001, 5_000).board.evidence(&HYBRID_BOUNDS).unwrap().reason.contains("1001 µs ahead"));
        // Where a wall clock is further off than is allowed that is not promised.
        assert!(!with(1_502, 4_499).violated());
    }

    #[test]
    fn what_is_said_the_wrong_way_round_is_rejected_whatever_it_goes_by() {
        for by in [By::Wall, By::Vector] {
            let mut oracle = good();
            oracle.compared(at(4), event(A, 1), event(B, 2), Order::After, by);
            assert_eq!(
                oracle.board.evidence(&NO_REVERSAL).unwrap().reason,
                "event 1 of n1 happened before event 2 of n2, but is said to come after it"
            );
        }
        let mut oracle = good();
        oracle.compared(at(4), event(A, 1), event(B, 1), Order::After, By::Wall);
        assert!(!oracle.violated(), "of concurrent events a wall clock may say what it likes");
        assert!(oracle.board.evidence(&CONCURRENT_SEEN).is_some());
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
            assert_eq!(oracle.board.evidence(&EXACT_VERDICTS).unwrap().reason, wanted);
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
