//! What must hold of vectors, feeds and registers, checked event by event against what really happened before what.
//!
//! The oracles keep vectors of their own, made of what processes were seen to receive and to show, and never look at
//! those that the processes attach.

mod convergence;
mod delivery;
mod registers;
mod vectors;

use check::{At, Evidence, Oracle, Verdict};
use sim::{Command, Event, NodeId, Observer, Record, Set, World};

use super::{Config, Deed, Msg, Note, Process};
use crate::clocks::{EventId, Stamp, machine};
use algorithms::clocks::Order;

use check::Property;
pub use convergence::CONVERGENCE;
use convergence::Convergence;
use delivery::Delivery;
pub use delivery::{CAUSAL_DELIVERY, POST_WAITED};
use registers::Registers;
pub use registers::{CONCURRENT_WRITES, NO_FALSE_SIBLING, NO_LOST_WRITE};
pub use vectors::VECTOR_CHARACTERIZES;
use vectors::Vectors;

/// Somebody has fetched what was lost.
pub const CAUGHT_UP: Property =
    Property::sometimes("caught-up", "Anti-Entropy", "A process fetches what it has missed");

/// How many events, posts and writes are kept besides those that may still be needed.
const KEPT_MAX: usize = 256;

fn who(process: NodeId) -> String {
    let (machine, again) = machine(process);
    format!("n{}{}", machine.0 + 1, if again { "′" } else { "" })
}

fn name(event: EventId) -> String {
    format!("event {} of {}", event.number, who(event.process))
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

/// All oracles of the feed.
#[derive(Clone, Debug)]
pub struct FeedOracle {
    /// Whether vectors have to be exact: they are not pruned, or said to be exact all the same.
    exact: bool,
    events: u64,
    fetched: u64,
    caught_up: Option<Evidence>,
    vectors: Vectors,
    delivery: Delivery,
    registers: Registers,
    convergence: Convergence,
}

impl FeedOracle {
    /// The oracles for this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            exact: config.prune_after == 0 || config.bugs.prunes_silent,
            events: 0,
            fetched: 0,
            caught_up: None,
            vectors: Vectors::default(),
            delivery: Delivery::default(),
            registers: Registers::default(),
            convergence: Convergence::default(),
        }
    }

    /// Events, posts shown, posts that waited, writes, values that stood beside others when they were taken in, what was
    /// fetched because it had been missed, and the most entries that a vector had.
    #[must_use]
    pub const fn counts(&self) -> [u64; 7] {
        let Self { vectors, delivery, registers, .. } = self;
        let (shown, waited) = (delivery.shown, delivery.waited);
        [self.events, shown, waited, registers.written, registers.concurrent, self.fetched, vectors.entries_max]
    }

    fn happened(&mut self, at: At, stamp: &Stamp, deed: &Deed) {
        self.events += 1;
        self.vectors.happened(at, self.events, stamp, deed, self.exact);
        match deed {
            Deed::Posted(post) => self.delivery.posted(self.events, stamp.event.process, post),
            Deed::Wrote { key, value } => self.registers.wrote(at, self.events, (key, *value), stamp.event, None),
            Deed::Put { key, .. } => self.registers.puts(stamp.event, key),
            Deed::Local | Deed::Told(_) | Deed::Get(..) | Deed::Asked(_) | Deed::Received(_) => {}
        }
    }

    /// What a message brings to a process, at this event of it.
    fn received(&mut self, at: At, here: EventId, record: &Record<Process>) {
        let Event::Deliver { msg, .. } = &record.event else { return };
        let me = here.process;
        let notes = |test: fn(&Note) -> bool| record.notes().any(test);
        match msg {
            Msg::Write { key, versions, .. } => {
                versions.iter().for_each(|version| self.registers.arrived(at, me, key, version.write));
            }
            Msg::CatchUp { registers, .. } => {
                let versions = registers.iter().flat_map(|(key, versions)| versions.iter().map(move |of| (key, of)));
                versions.for_each(|(key, version)| self.registers.arrived(at, me, key, version.write));
            }
            Msg::Get { key, .. } => self.registers.hands(here, key),
            Msg::Got { stamp, key, .. } if notes(|note| matches!(note, Note::Read(..))) => {
                self.registers.reads(me, key, stamp.event);
            }
            Msg::Put { stamp, key, value, .. } if !notes(|note| matches!(note, Note::Refused)) => {
                self.registers.wrote(at, self.events, (key, *value), here, Some(stamp.event));
            }
            Msg::Got { .. } | Msg::Put { .. } | Msg::Post { .. } | Msg::Told { .. } | Msg::Have { .. } => {}
        }
    }

    /// Whether this was asked for because it had been missed.
    fn fetch(&mut self, at: At, me: NodeId, record: &Record<Process>) {
        if let Event::Deliver { msg: Msg::CatchUp { stamp, .. }, .. } = &record.event {
            self.fetched += 1;
            at.mark(&mut self.caught_up, || format!("{} fetches from {}", who(me), who(stamp.event.process)));
        }
    }

    /// Forgets what nothing can refer to any more: old things that are not under way and that nobody has.
    fn forget(&mut self, world: &World<Process>) {
        let (mut events, mut posts, mut writes) = (Set::new(), Set::new(), Set::new());
        for flight in &world.flights() {
            events.insert(flight.msg.stamp().event);
            match &flight.msg {
                Msg::Post { post, .. } => drop(posts.insert(post.id)),
                Msg::Write { versions, .. } => writes.extend(versions.iter().map(|version| version.write)),
                Msg::CatchUp { posts: supplied, registers, .. } => {
                    posts.extend(supplied.iter().map(|post| post.id));
                    writes.extend(registers.iter().flat_map(|(_, versions)| versions).map(|version| version.write));
                }
                Msg::Told { .. } | Msg::Get { .. } | Msg::Got { .. } | Msg::Put { .. } | Msg::Have { .. } => {}
            }
        }
        for process in world.node_ids().filter_map(|id| world.node(id)) {
            let feed = &process.feed;
            posts.extend(feed.posts().iter().chain(feed.waiting()).map(|post| post.id));
            let siblings = process.registers.values().flat_map(|register| register.siblings());
            writes.extend(siblings.map(|version| version.write));
        }
        writes.extend(self.convergence.needed());
        let from = self.events.saturating_sub(KEPT_MAX as u64);
        self.vectors.forget(from, &events);
        self.delivery.forget(from, &posts);
        self.registers.forget(from, &writes, &events);
    }
}

impl Observer<Process> for FeedOracle {
    fn observe(&mut self, record: &Record<Process>, world: &World<Process>) {
        let at = At::of(record);
        if let Event::Command(Command::Crash(node) | Command::RemoveNode(node)) = &record.event {
            // Its memory is gone, and what is there later is another process.
            let elsewhere = |process: NodeId| machine(process).0 != *node;
            self.vectors.retain(elsewhere);
            self.delivery.retain(elsewhere);
            self.registers.retain(elsewhere);
        }
        let promised = world.config().causal_delivery;
        if let Some(process) = record.event.node().and_then(|node| world.node(node)) {
            let me = process.me;
            for note in record.notes() {
                match note {
                    Note::Happened { stamp, deed } => {
                        self.happened(at, stamp, deed);
                        self.received(at, stamp.event, record);
                    }
                    Note::Shown { post, waited, .. } => {
                        self.fetch(at, me, record);
                        self.delivery.show(at, me, post.id, *waited, promised);
                    }
                    Note::Waits { post, missing } => self.delivery.waits(at, me, post, *missing),
                    Note::Skipped(upto) => self.delivery.skip(me, upto),
                    Note::Took { .. } => self.fetch(at, me, record),
                    Note::Supplied(..)
                    | Note::PassedOn(_)
                    | Note::NoRoom(_)
                    | Note::Refused
                    | Note::Handed(..)
                    | Note::Read(..) => {}
                }
            }
            for key in touched(record) {
                self.registers.judge(at, process, key);
            }
        }
        self.convergence.observe(at, record, world, &self.registers, self.delivery.unordered);
        if self.vectors.len() > 2 * KEPT_MAX && self.events.is_multiple_of(KEPT_MAX as u64) {
            self.forget(world);
        }
    }
}

/// The registers that a step may have changed.
fn touched(record: &Record<Process>) -> Vec<&str> {
    let mut keys: Vec<&str> = match &record.event {
        Event::Deliver { msg: Msg::Write { key, .. } | Msg::Put { key, .. }, .. } => vec![key],
        Event::Deliver { msg: Msg::CatchUp { registers, .. }, .. } => {
            registers.iter().map(|(key, _)| key.as_str()).collect()
        }
        _ => Vec::new(),
    };
    keys.extend(record.notes().filter_map(|note| match note {
        Note::Happened { deed: Deed::Wrote { key, .. }, .. } => Some(key.as_str()),
        _ => None,
    }));
    keys
}

impl Oracle<Process> for FeedOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let Self { vectors, delivery, registers, .. } = self;
        let checked = |count: u64, what: &str, unknown: u64| match unknown {
            0 => format!("{count} {what} checked"),
            _ => format!("{count} {what} checked, {unknown} not known any more"),
        };
        let exact = if self.exact {
            checked(self.events, "events", vectors.unknown)
        } else {
            "vectors are pruned: nothing is promised".into()
        };
        let ordered = if delivery.unordered {
            "posts were shown while causal delivery was off, which promises nothing".into()
        } else {
            checked(delivery.shown, "posts", delivery.unknown)
        };
        let written = || checked(registers.written, "writes", registers.unknown);
        vec![
            Verdict::always(VECTOR_CHARACTERIZES, vectors.wrong.as_ref(), exact),
            Verdict::always(CAUSAL_DELIVERY, delivery.early.as_ref(), ordered),
            Verdict::always(NO_LOST_WRITE, registers.lost.as_ref(), written()),
            Verdict::always(NO_FALSE_SIBLING, registers.stale.as_ref(), written()),
            self.convergence.verdict(now_us),
            Verdict::sometimes(POST_WAITED, delivery.post_waited.as_ref(), String::new()),
            Verdict::sometimes(CONCURRENT_WRITES, registers.concurrent_writes.as_ref(), String::new()),
            Verdict::sometimes(CAUGHT_UP, self.caught_up.as_ref(), String::new()),
        ]
    }

    fn violated(&self) -> bool {
        let Self { vectors, delivery, registers, convergence, .. } = self;
        [&vectors.wrong, &delivery.early, &registers.lost, &registers.stale, &convergence.apart]
            .into_iter()
            .any(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use sim::{ClusterConfig, LinkProfile};

    use super::*;
    use crate::vector_clocks::{Bugs, Rule, Version};
    use algorithms::clocks::{Dot, Dotted, Hybrid, LamportClock, VectorClock};

    pub(super) const A: NodeId = NodeId(0);
    pub(super) const B: NodeId = NodeId(1);
    pub(super) const C: NodeId = NodeId(2);

    pub(super) fn config() -> Config {
        Config { causal_delivery: true, skew_us: 0, prune_after: 0, act_us: 0, ask_us: 100_000, bugs: Bugs::default() }
    }

    pub(super) const fn at(step: u64) -> At {
        At { step, time_us: step }
    }

    pub(super) const fn event(process: NodeId, number: u64) -> EventId {
        EventId { process, number }
    }

    pub(super) fn stamp(process: NodeId, number: u64, vector: &[(NodeId, u64)]) -> Stamp {
        Stamp {
            event: event(process, number),
            wall_us: 0,
            lamport: LamportClock(0),
            vector: VectorClock::of(vector.iter().copied()),
            hybrid: Hybrid::default(),
        }
    }

    /// A value, and the event that wrote it; it says that its writer had seen nothing, whatever that had.
    pub(super) fn version(process: NodeId, number: u64, value: u64) -> Version {
        let clock = Dotted { dot: Dot { node: process, number }, past: VectorClock::EMPTY };
        Version { write: event(process, number), clock, value, wall_us: 0 }
    }

    /// A process with these values of `x`, whatever anybody thinks of that.
    pub(super) fn holding(me: NodeId, versions: &[Version]) -> Process {
        let cluster =
            ClusterConfig { nodes: 1, link: LinkProfile::default(), disk_sync_us: (0, 0), positions: Vec::new() };
        let mut process = World::<Process>::new(1, config(), cluster, &mut ()).node(A).cloned().expect("it is there");
        process.me = me;
        process.registers.entry("x".to_owned()).or_default().sync(versions, Rule::Dotted);
        process
    }

    #[test]
    fn what_is_not_promised_is_said() {
        let mut oracle = FeedOracle::new(&Config { prune_after: 4, ..config() });
        oracle.delivery.unordered = true;
        let verdicts = oracle.verdicts(0);
        assert!(verdicts[0].basis.contains("nothing is promised") && verdicts[1].basis.contains("promises nothing"));
    }
}
