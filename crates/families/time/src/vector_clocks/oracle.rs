//! What must hold of vectors, feeds and registers, checked event by event against what really happened before what.
//!
//! The oracles keep vectors of their own, made of what processes were seen to receive and to show, and never look at
//! those that the processes attach.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use check::{Kind, Oracle, Property, Status, Verdict, Violation};
use sim::{Command, Event, NodeId, Observer, Record, World};

use super::{Config, Deed, Msg, Note, POSTS_KEPT, Post, PostId, Process, Version};
use crate::clocks::{EventId, Stamp, machine};
use algorithms::clocks::{Order, VectorClock};

/// a → b exactly when V(a) < V(b) (Fidge 1988; Mattern 1989).
pub const VECTOR_CHARACTERIZES: Property = Property {
    id: "vector-characterizes",
    name: "Strong Clock Condition",
    claim: "Vector clocks say exactly what happened before what",
    kind: Kind::Always,
};

/// If m → m′ nobody delivers m′ before m (Birman, Schiper, Stephenson 1991).
pub const CAUSAL_DELIVERY: Property = Property {
    id: "causal-delivery",
    name: "Causal Delivery",
    claim: "Nothing is shown before what it depends on",
    kind: Kind::Always,
};

/// A value is only replaced by one whose writer had seen it.
pub const NO_LOST_WRITE: Property = Property {
    id: "no-lost-write",
    name: "No Lost Updates",
    claim: "A write is gone only if a later one had seen it",
    kind: Kind::Always,
};

/// What any running process has, all have before long.
pub const CONVERGENCE: Property = Property {
    id: "convergence",
    name: "Eventual Consistency",
    claim: "Feeds show the same posts, and registers the same values",
    kind: Kind::Eventually,
};

/// A post had to wait.
pub const POST_WAITED: Property = Property {
    id: "post-waited",
    name: "Delivery Delayed",
    claim: "A post waits for what it depends on",
    kind: Kind::Sometimes,
};

/// A register has two values, neither of whose writers had seen the other.
pub const CONCURRENT_WRITES: Property = Property {
    id: "concurrent-writes",
    name: "Concurrent Writes",
    claim: "Two writes have not seen each other",
    kind: Kind::Sometimes,
};

/// Somebody has fetched what was lost.
pub const CAUGHT_UP: Property = Property {
    id: "caught-up",
    name: "Anti-Entropy",
    claim: "A process fetches what it has missed",
    kind: Kind::Sometimes,
};

/// How many events, posts and writes are kept besides those that may still be needed.
const KEPT_MAX: usize = 256;

/// A clock that is off by more than this is outside every promise, in parts per million.
const DRIFT_PPM_MAX: u32 = 100_000;

/// What is known of an event.
#[derive(Clone, Debug)]
struct Known {
    serial: u64,
    stamp: Stamp,
    /// What really happened before it, in events of each process, itself counted.
    truth: VectorClock,
}

/// What is known of a post.
#[derive(Clone, Debug)]
struct KnownPost {
    serial: u64,
    text: String,
    /// The posts that it depends on, itself counted.
    needs: VectorClock,
}

/// What is known of a write.
#[derive(Clone, Debug)]
struct KnownWrite {
    serial: u64,
    value: u64,
    /// Counts the writes of this register by this process.
    number: u64,
    /// The writes that its writer had seen, itself counted.
    seen: VectorClock,
}

impl KnownWrite {
    /// Whether another write had seen this one, whose event is given.
    fn seen_by(&self, write: EventId, other: &Self) -> bool {
        self.number <= other.seen.get(write.process)
    }
}

/// What one process has shown.
#[derive(Clone, Debug, Default)]
struct Screen {
    /// All posts of each author up to this number.
    upto: VectorClock,
    beyond: BTreeSet<PostId>,
    newest: VectorClock,
    /// What all that depends on.
    past: VectorClock,
}

impl Screen {
    fn has(&self, post: PostId) -> bool {
        // What is that much older than the newest has scrolled away, whether or not anybody saw it.
        post.number.saturating_add(POSTS_KEPT) <= self.newest.get(post.author)
            || post.number <= self.upto.get(post.author)
            || self.beyond.contains(&post)
    }

    fn raise(&mut self, author: NodeId, number: u64) {
        self.upto.merge(&VectorClock::of([(author, number)]));
        let mut next = PostId { author, number: self.upto.get(author) + 1 };
        while self.beyond.remove(&next) {
            self.upto.tick(author);
            next.number += 1;
        }
        self.beyond.retain(|post| post.author != author || post.number > next.number);
    }

    fn show(&mut self, post: PostId, needs: &VectorClock) {
        if post.number == self.upto.get(post.author) + 1 {
            self.raise(post.author, post.number);
        } else if !self.has(post) {
            self.beyond.insert(post);
        }
        self.newest.merge(&VectorClock::of([(post.author, post.number)]));
        self.past.merge(needs);
    }
}

/// What one process should have in a register.
#[derive(Clone, Debug, Default)]
struct Replica {
    seen: VectorClock,
    values: Vec<EventId>,
}

/// What all running processes are to have before long.
#[derive(Clone, Debug)]
struct Round {
    begin_us: u64,
    end_us: u64,
    posts: BTreeSet<PostId>,
    contexts: BTreeMap<String, VectorClock>,
}

/// All oracles of the feed.
#[derive(Clone, Debug)]
pub struct FeedOracle {
    /// Vectors are pruned, and nobody says that they are exact.
    inexact: bool,
    known: BTreeMap<EventId, Rc<Known>>,
    newest: BTreeMap<NodeId, Rc<Known>>,
    posts: BTreeMap<PostId, Rc<KnownPost>>,
    screens: BTreeMap<NodeId, Rc<Screen>>,
    writes: BTreeMap<EventId, Rc<KnownWrite>>,
    replicas: BTreeMap<(NodeId, String), Rc<Replica>>,
    /// The newest post of each author.
    posted: VectorClock,
    events: u64,
    received: u64,
    shown: u64,
    waited: u64,
    written: u64,
    concurrent: u64,
    fetched: u64,
    unknown: u64,
    entries_max: u64,
    /// Posts were shown while nothing was promised of their order.
    unordered: bool,
    /// All machines run and all links are as they should be.
    calm: bool,
    round: Option<Round>,
    machine_max: u32,
    converged: Option<Violation>,
    vector: Option<Violation>,
    causal: Option<Violation>,
    lost: Option<Violation>,
    apart: Option<Violation>,
    post_waited: Option<Violation>,
    concurrent_writes: Option<Violation>,
    caught_up: Option<Violation>,
}

/// Where in the run something shows.
#[derive(Clone, Copy, Debug)]
struct At {
    step: u64,
    time_us: u64,
}

impl At {
    fn mark(&self, slot: &mut Option<Violation>, reason: impl FnOnce() -> String) {
        slot.get_or_insert_with(|| Violation { step: self.step, time_us: self.time_us, reason: reason() });
    }
}

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

impl FeedOracle {
    /// The oracles for this configuration.
    #[must_use]
    pub const fn new(config: &Config) -> Self {
        Self {
            inexact: config.prune_after > 0 && !config.bugs.prunes_silent,
            known: BTreeMap::new(),
            newest: BTreeMap::new(),
            posts: BTreeMap::new(),
            screens: BTreeMap::new(),
            writes: BTreeMap::new(),
            replicas: BTreeMap::new(),
            posted: VectorClock::EMPTY,
            events: 0,
            received: 0,
            shown: 0,
            waited: 0,
            written: 0,
            concurrent: 0,
            fetched: 0,
            unknown: 0,
            entries_max: 0,
            unordered: false,
            calm: false,
            round: None,
            machine_max: 0,
            converged: None,
            vector: None,
            causal: None,
            lost: None,
            apart: None,
            post_waited: None,
            concurrent_writes: None,
            caught_up: None,
        }
    }

    /// Events, posts shown, posts that waited, writes, values that stood beside others when they were taken in, what was
    /// fetched because it had been missed, and the most entries that a vector had.
    #[must_use]
    pub const fn counts(&self) -> [u64; 7] {
        [self.events, self.shown, self.waited, self.written, self.concurrent, self.fetched, self.entries_max]
    }

    fn happened(&mut self, at: At, stamp: &Stamp, deed: &Deed) {
        self.events += 1;
        self.entries_max = self.entries_max.max(stamp.vector.len() as u64);
        let me = stamp.event.process;
        let mut truth = self.newest.get(&me).map_or(VectorClock::EMPTY, |known| known.truth.clone());
        if let Deed::Received(sent) = deed {
            self.received += 1;
            match self.known.get(sent) {
                Some(source) => truth.merge(&source.truth),
                None => self.unknown += 1,
            }
        }
        truth.tick(me);
        if self.vector.is_none() && !self.inexact && stamp.vector != truth {
            self.judge_vector(at, stamp, &truth);
        }
        let known = Rc::new(Known { serial: self.events, stamp: stamp.clone(), truth });
        self.newest.insert(me, known.clone());
        self.known.insert(stamp.event, known);
        match deed {
            Deed::Posted(post) => self.posted(me, post),
            Deed::Wrote { key, version } => self.wrote(me, key, version),
            Deed::Local | Deed::Told(_) | Deed::Asked(_) | Deed::Received(_) => {}
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

    fn posted(&mut self, me: NodeId, post: &Post) {
        let screen = Rc::make_mut(self.screens.entry(me).or_default());
        let mut needs = screen.past.clone();
        needs.merge(&VectorClock::of([(post.id.author, post.id.number)]));
        self.posted.merge(&VectorClock::of([(post.id.author, post.id.number)]));
        screen.show(post.id, &needs);
        let known = KnownPost { serial: self.events, text: post.text.clone(), needs };
        self.posts.insert(post.id, Rc::new(known));
        self.shown += 1;
    }

    fn post_name(&self, post: PostId) -> String {
        match self.posts.get(&post) {
            Some(known) => format!("{}’s “{}”", who(post.author), known.text),
            None => format!("post {} of {}", post.number, who(post.author)),
        }
    }

    /// A process shows a post; `promised` says whether it has to be in order.
    fn show(&mut self, at: At, me: NodeId, post: PostId, waited: bool, promised: bool) {
        self.shown += 1;
        self.waited += u64::from(waited);
        let Some(known) = self.posts.get(&post).cloned() else {
            self.unknown += 1;
            return;
        };
        let screen = self.screens.entry(me).or_default();
        let missing = known.needs.entries().find_map(|(author, count)| {
            let first = screen.upto.get(author) + 1;
            let posts = (first..=count).map(|number| PostId { author, number });
            posts.into_iter().find(|&other| other != post && !screen.has(other))
        });
        Rc::make_mut(screen).show(post, &known.needs);
        self.unordered |= !promised;
        if let (true, Some(missing)) = (promised, missing) {
            let (post, missing) = (self.post_name(post), self.post_name(missing));
            at.mark(&mut self.causal, || format!("{} shows {post} before {missing}, which it depends on", who(me)));
        }
    }

    /// Old posts count as shown, as far as they really have scrolled away.
    fn skip(&mut self, me: NodeId, upto: &VectorClock) {
        let screen = Rc::make_mut(self.screens.entry(me).or_default());
        for (author, number) in upto.entries() {
            let gone = number.min(self.posted.get(author).saturating_sub(POSTS_KEPT));
            screen.raise(author, gone);
        }
        let upto = screen.upto.clone();
        screen.past.merge(&upto);
    }

    fn wrote(&mut self, me: NodeId, key: &str, version: &Version) {
        self.written += 1;
        let replica = Rc::make_mut(self.replicas.entry((me, key.to_owned())).or_default());
        replica.seen.tick(me);
        let (number, seen) = (replica.seen.get(me), replica.seen.clone());
        let known = KnownWrite { serial: self.events, value: version.value, number, seen };
        self.writes.insert(version.write, Rc::new(known));
        // It has seen whatever was here.
        replica.values = vec![version.write];
    }

    /// A value arrives at a replica.
    fn arrived(&mut self, at: At, me: NodeId, key: &str, write: EventId) {
        let Some(known) = self.writes.get(&write) else {
            self.unknown += 1;
            return;
        };
        let replica = Rc::make_mut(self.replicas.entry((me, key.to_owned())).or_default());
        if known.number <= replica.seen.get(write.process) {
            return;
        }
        replica.seen.merge(&known.seen);
        let writes = &self.writes;
        replica.values.retain(|&other| writes.get(&other).is_some_and(|value| !value.seen_by(other, known)));
        if let Some(&other) = replica.values.first() {
            self.concurrent += 1;
            at.mark(&mut self.concurrent_writes, || {
                let value = writes.get(&other).map_or(0, |other| other.value);
                let (one, two) = (who(other.process), who(write.process));
                format!("{one}’s {key} = {value} and {two}’s {key} = {}", known.value)
            });
        }
        replica.values.push(write);
    }

    /// Whether this was asked for because it had been missed.
    fn fetch(&mut self, at: At, me: NodeId, record: &Record<Process>) {
        if let Event::Deliver { msg: Msg::CatchUp { stamp, .. }, .. } = &record.event {
            self.fetched += 1;
            at.mark(&mut self.caught_up, || format!("{} fetches from {}", who(me), who(stamp.event.process)));
        }
    }

    /// Whether a process has every value that it should have.
    fn judge_replica(&mut self, at: At, me: NodeId, key: &str, process: &Process) {
        let Some(replica) = self.replicas.get(&(me, key.to_owned())) else { return };
        let there = process.registers.get(key).map_or(&[][..], |register| register.siblings());
        let Some(&gone) = replica.values.iter().find(|&&write| there.iter().all(|version| version.write != write))
        else {
            return;
        };
        let value = self.writes.get(&gone).map_or(0, |write| write.value);
        at.mark(&mut self.lost, || {
            let (here, writer) = (who(me), who(gone.process));
            match there {
                [] => format!("at {here}, {writer}’s {key} = {value} is gone"),
                [left, ..] => {
                    let other = who(left.write.process);
                    format!(
                        "at {here}, {writer}’s {key} = {value} gives way to {other}’s {}, which had not seen it",
                        left.value
                    )
                }
            }
        });
    }

    /// How long it takes at most until all have what one has, where nothing disturbs them, in µs: everybody asks
    /// everybody in turn, with some room for clocks that are slow.
    fn bound_us(&self, world: &World<Process>) -> u64 {
        let latency_us = self.latency_us(world);
        let turns = u64::from(self.machine_max.max(1));
        turns * 2 * world.config().ask_us + 8 * latency_us + 500_000
    }

    fn latency_us(&self, world: &World<Process>) -> u64 {
        let nodes: Vec<NodeId> = world.node_ids().collect();
        let pairs = nodes.iter().flat_map(|&from| nodes.iter().map(move |&to| (from, to)));
        pairs.filter(|(from, to)| from != to).map(|(from, to)| latency_max_us(world, from, to)).max().unwrap_or(0)
    }

    fn converge(&mut self, at: At, record: &Record<Process>, world: &World<Process>) {
        match &record.event {
            Event::Boot(node) => {
                self.machine_max = self.machine_max.max(node.0);
                self.calm = is_calm(world);
            }
            Event::Command(command) => {
                if let Command::AddNode(node) = command {
                    self.machine_max = self.machine_max.max(node.0);
                }
                if !matches!(command, Command::Request { .. }) {
                    self.calm = is_calm(world);
                    self.round = None;
                }
            }
            _ => {}
        }
        // What was shown early may depend on what is lost, and nobody who keeps to the rule would ever show it.
        if !self.calm || self.apart.is_some() || (self.unordered && world.config().causal_delivery) {
            return;
        }
        match &self.round {
            None => self.round = Some(self.next_round(at, world)),
            Some(round) if at.time_us >= round.end_us => {
                match apart(round, world) {
                    Some(reason) => at.mark(&mut self.apart, || reason),
                    None if round.posts.is_empty() && round.contexts.is_empty() => {}
                    None => at.mark(&mut self.converged, String::new),
                }
                self.round = Some(self.next_round(at, world));
            }
            Some(_) => {}
        }
    }

    fn next_round(&self, at: At, world: &World<Process>) -> Round {
        let (mut posts, mut contexts) = (BTreeSet::new(), BTreeMap::<String, VectorClock>::new());
        for process in world.node_ids().filter_map(|id| world.node(id)) {
            posts.extend(process.feed.posts().iter().map(|post| post.id));
            for (key, register) in &process.registers {
                contexts.entry(key.clone()).or_default().merge(register.context());
            }
        }
        Round { begin_us: at.time_us, end_us: at.time_us + self.bound_us(world), posts, contexts }
    }

    /// Forgets what nothing can refer to any more: old things that are not under way and that nobody has.
    fn forget(&mut self, world: &World<Process>) {
        let flights = world.flights();
        let (mut events, mut posts, mut writes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for flight in &flights {
            events.insert(flight.msg.stamp().event);
            match &flight.msg {
                Msg::Post { post, .. } => drop(posts.insert(post.id)),
                Msg::Write { version, .. } => drop(writes.insert(version.write)),
                Msg::CatchUp { posts: supplied, versions, .. } => {
                    posts.extend(supplied.iter().map(|post| post.id));
                    writes.extend(versions.iter().map(|(_, version)| version.write));
                }
                Msg::Told { .. } | Msg::Have { .. } => {}
            }
        }
        for process in world.node_ids().filter_map(|id| world.node(id)) {
            let feed = &process.feed;
            posts.extend(feed.posts().iter().chain(feed.waiting()).map(|post| post.id));
            let siblings = process.registers.values().flat_map(|register| register.siblings());
            writes.extend(siblings.map(|version| version.write));
        }
        writes.extend(self.replicas.values().flat_map(|replica| replica.values.iter().copied()));
        let from = self.events.saturating_sub(KEPT_MAX as u64);
        self.known.retain(|event, known| known.serial > from || events.contains(event));
        self.posts.retain(|post, known| known.serial > from || posts.contains(post));
        self.writes.retain(|write, known| known.serial > from || writes.contains(write));
    }
}

fn latency_max_us(world: &World<Process>, from: NodeId, to: NodeId) -> u64 {
    let profile = world.link_profile(from, to);
    let ((x, y), (other_x, other_y)) = (world.place(from), world.place(to));
    let distance = u64::from(x.abs_diff(other_x)) + u64::from(y.abs_diff(other_y));
    2 * profile.latency_us.1 + u64::from(profile.distance_us) * distance
}

/// Whether all machines run, and all links carry everything in good time.
fn is_calm(world: &World<Process>) -> bool {
    let nodes: Vec<NodeId> = world.node_ids().collect();
    let machine = |&node: &NodeId| {
        world.is_up(node) && !world.is_paused(node) && world.clock(node).drift_ppm().unsigned_abs() <= DRIFT_PPM_MAX
    };
    let link = |from: NodeId, to: NodeId| {
        let profile = world.link_profile(from, to);
        world.link_up(from, to) && !world.link_held(from, to) && profile.loss_ppm == 0 && profile.bandwidth_bps == 0
    };
    world.config().ask_us > 0
        && nodes.iter().all(machine)
        && nodes.iter().all(|&from| nodes.iter().all(|&to| from == to || link(from, to)))
}

/// What somebody has not got, if anything.
fn apart(round: &Round, world: &World<Process>) -> Option<String> {
    let waited_ms = |round: &Round| (round.end_us - round.begin_us) / 1_000;
    for process in world.node_ids().filter_map(|id| world.node(id)) {
        if let Some(post) = round.posts.iter().find(|&&post| !process.feed.has_shown(post)) {
            let (here, author) = (who(process.me), who(post.author));
            return Some(format!(
                "{here} does not show post {} of {author}, which another process had shown {} ms ago",
                post.number,
                waited_ms(round)
            ));
        }
        for (key, context) in &round.contexts {
            if process.registers.get(key).is_none_or(|register| !context.at_most(register.context())) {
                let here = who(process.me);
                return Some(format!(
                    "{here} has not taken in a write of {key} that another process had {} ms ago",
                    waited_ms(round)
                ));
            }
        }
    }
    None
}

impl Observer<Process> for FeedOracle {
    fn observe(&mut self, record: &Record<Process>, world: &World<Process>) {
        let at = At { step: record.step, time_us: record.time_us };
        if let Event::Command(Command::Crash(node) | Command::RemoveNode(node)) = &record.event {
            // Its memory is gone, and what is there later is another process.
            let elsewhere = |process: NodeId| machine(process).0 != *node;
            self.screens.retain(|&process, _| elsewhere(process));
            self.replicas.retain(|(process, _), _| elsewhere(*process));
            self.newest.retain(|&process, _| elsewhere(process));
        }
        let here = record.event.node().and_then(|node| world.node(node));
        let promised = world.config().causal_delivery;
        let mut touched: Vec<&str> = Vec::new();
        for note in record.notes() {
            let Some(process) = here else { break };
            let me = process.me;
            match note {
                Note::Happened { stamp, deed } => {
                    self.happened(at, stamp, deed);
                    if let Deed::Wrote { key, .. } = deed {
                        touched.push(key);
                    }
                }
                Note::Shown { post, waited, .. } => {
                    self.fetch(at, me, record);
                    self.show(at, me, post.id, *waited, promised);
                }
                Note::Waits { post, missing } => {
                    at.mark(&mut self.post_waited, || {
                        format!(
                            "{}’s “{}” waits at {} for post {} of {}",
                            who(post.id.author),
                            post.text,
                            who(me),
                            missing.number,
                            who(missing.author)
                        )
                    });
                }
                Note::Skipped(upto) => self.skip(me, upto),
                Note::Took { key, version, .. } => {
                    if version.write.process != me {
                        self.arrived(at, me, key, version.write);
                    }
                    self.fetch(at, me, record);
                    touched.push(key);
                }
                Note::Supplied(..) | Note::PassedOn(_) | Note::NoRoom(_) => {}
            }
        }
        if let Some(process) = here {
            for key in touched {
                self.judge_replica(at, process.me, key, process);
            }
        }
        self.converge(at, record, world);
        if self.known.len() > 2 * KEPT_MAX && self.events.is_multiple_of(KEPT_MAX as u64) {
            self.forget(world);
        }
    }
}

impl Oracle<Process> for FeedOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let checked = |count: u64, what: &str| match self.unknown {
            0 => format!("{count} {what} checked"),
            unknown => format!("{count} {what} checked, {unknown} not known any more"),
        };
        let exact = if self.inexact {
            "vectors are pruned: nothing is promised".into()
        } else {
            checked(self.events, "events")
        };
        let ordered = if self.unordered {
            "posts were shown while causal delivery was off, which promises nothing".into()
        } else {
            checked(self.shown, "posts")
        };
        let (status, basis) = match (&self.apart, &self.converged, &self.round) {
            (Some(_), ..) => (Status::Violated, String::new()),
            (None, Some(_), _) => (Status::Met, String::new()),
            (None, None, Some(round)) => (
                Status::Pending,
                format!(
                    "waiting for {} ms of {}",
                    now_us.saturating_sub(round.begin_us) / 1_000,
                    (round.end_us - round.begin_us) / 1_000
                ),
            ),
            (None, None, None) => {
                (Status::Pending, "somebody is cut off or down, or nobody asks, so nothing is promised".to_owned())
            }
        };
        vec![
            Verdict::always(VECTOR_CHARACTERIZES, self.vector.as_ref(), exact),
            Verdict::always(CAUSAL_DELIVERY, self.causal.as_ref(), ordered),
            Verdict::always(NO_LOST_WRITE, self.lost.as_ref(), checked(self.written, "writes")),
            Verdict { property: CONVERGENCE, status, evidence: self.apart.clone(), basis },
            Verdict::sometimes(POST_WAITED, self.post_waited.as_ref(), String::new()),
            Verdict::sometimes(CONCURRENT_WRITES, self.concurrent_writes.as_ref(), String::new()),
            Verdict::sometimes(CAUGHT_UP, self.caught_up.as_ref(), String::new()),
        ]
    }

    fn violated(&self) -> bool {
        self.vector.is_some() || self.causal.is_some() || self.lost.is_some() || self.apart.is_some()
    }
}

#[cfg(test)]
mod tests {
    use sim::{ClusterConfig, Driver, LinkChange, LinkProfile, Stamped};

    use super::super::{Answered, Bugs, Op};
    use super::*;
    use algorithms::clocks::{Dot, Dotted, Hybrid, LamportClock};

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);
    const C: NodeId = NodeId(2);

    fn config() -> Config {
        Config {
            causal_delivery: true,
            skew_us: 0,
            prune_after: 0,
            act_us: 0,
            ask_us: 100_000,
            live: Vec::new(),
            bugs: Bugs::default(),
        }
    }

    const fn at(step: u64) -> At {
        At { step, time_us: step }
    }

    const fn event(process: NodeId, number: u64) -> EventId {
        EventId { process, number }
    }

    fn stamp(process: NodeId, number: u64, vector: &[(NodeId, u64)]) -> Stamp {
        Stamp {
            event: event(process, number),
            wall_us: 0,
            lamport: LamportClock(0),
            vector: VectorClock::of(vector.iter().copied()),
            hybrid: Hybrid::default(),
        }
    }

    /// A1 sends to B; B2 receives; A3 is local: as it should be.
    fn good() -> FeedOracle {
        let mut oracle = FeedOracle::new(&config());
        oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Told(B));
        oracle.happened(at(2), &stamp(B, 1, &[(A, 1), (B, 1)]), &Deed::Received(event(A, 1)));
        oracle.happened(at(3), &stamp(A, 2, &[(A, 2)]), &Deed::Local);
        assert!(!oracle.violated());
        oracle
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
            assert_eq!(oracle.vector.unwrap().reason, wanted);
        }
        // Where vectors are pruned and nobody claims anything, nothing is broken.
        let mut oracle = FeedOracle::new(&Config { prune_after: 4, ..config() });
        oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Told(B));
        oracle.happened(at(2), &stamp(B, 1, &[(B, 1)]), &Deed::Received(event(A, 1)));
        assert!(!oracle.violated() && oracle.verdicts(2)[0].basis.contains("nothing is promised"));
        let bugs = Bugs { prunes_silent: true, ..Bugs::default() };
        let mut oracle = FeedOracle::new(&Config { prune_after: 4, bugs, ..config() });
        oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Told(B));
        oracle.happened(at(2), &stamp(B, 1, &[(B, 1)]), &Deed::Received(event(A, 1)));
        assert!(oracle.violated());
    }

    fn post(author: NodeId, number: u64, text: &str) -> Rc<Post> {
        let answers: Option<Answered> = None;
        // What a post says of itself is not what the oracle goes by.
        let (depends_on, vector) = (VectorClock::EMPTY, VectorClock::EMPTY);
        Rc::new(Post { id: PostId { author, number }, text: text.to_owned(), answers, depends_on, vector })
    }

    const PHOTO: PostId = PostId { author: A, number: 1 };
    const NICE: PostId = PostId { author: B, number: 1 };

    /// A posts a photo; B sees it and posts "nice"; C has seen neither.
    fn posts() -> FeedOracle {
        let mut oracle = FeedOracle::new(&config());
        oracle.happened(at(1), &stamp(A, 1, &[(A, 1)]), &Deed::Posted(post(A, 1, "photo")));
        oracle.happened(at(2), &stamp(B, 1, &[(A, 1), (B, 1)]), &Deed::Received(event(A, 1)));
        oracle.show(at(2), B, PHOTO, false, true);
        oracle.happened(at(3), &stamp(B, 2, &[(A, 1), (B, 2)]), &Deed::Posted(post(B, 1, "nice")));
        assert!(!oracle.violated());
        oracle
    }

    #[test]
    fn a_comment_before_its_photo_is_rejected() {
        let mut oracle = posts();
        oracle.show(at(4), C, NICE, false, true);
        assert_eq!(oracle.causal.unwrap().reason, "n3 shows n2’s “nice” before n1’s “photo”, which it depends on");
        let mut oracle = posts();
        oracle.show(at(4), C, PHOTO, false, true);
        oracle.show(at(5), C, NICE, true, true);
        assert!(!oracle.violated());
        // Nobody who promises nothing breaks a promise, and it is said that he did not.
        let mut oracle = posts();
        oracle.show(at(4), C, NICE, false, false);
        assert!(!oracle.violated() && oracle.verdicts(4)[1].basis.contains("promises nothing"));
        // What depends on a post that was shown early depends on what that one depends on.
        oracle.happened(at(5), &stamp(C, 1, &[(C, 1)]), &Deed::Posted(post(C, 1, "so what")));
        oracle.skip(NodeId(3), &VectorClock::of([(B, 1)]));
        oracle.show(at(6), NodeId(3), PostId { author: C, number: 1 }, false, true);
        assert!(oracle.violated());
    }

    #[test]
    fn the_posts_of_one_author_come_in_their_order_and_nothing_is_skipped_that_is_still_there() {
        let three = || {
            let mut oracle = FeedOracle::new(&config());
            for number in 1..=3 {
                let text = format!("post {number}");
                let vector = [(A, number)];
                oracle.happened(at(number), &stamp(A, number, &vector), &Deed::Posted(post(A, number, &text)));
            }
            oracle
        };
        let mut oracle = three();
        oracle.show(at(4), B, PostId { author: A, number: 2 }, false, true);
        assert!(oracle.violated());
        let mut oracle = three();
        oracle.skip(B, &VectorClock::of([(A, 2)]));
        oracle.show(at(4), B, PostId { author: A, number: 3 }, false, true);
        assert!(oracle.violated(), "only what is long gone may be skipped");
    }

    fn version(process: NodeId, number: u64, value: u64, past: &[(NodeId, u64)]) -> Version {
        let clock = Dotted { dot: Dot { node: process, number: 1 }, past: VectorClock::of(past.iter().copied()) };
        Version { write: event(process, number), clock, value, wall_us: 0 }
    }

    /// A process with these values of `x`, whatever anybody thinks of that.
    fn holding(me: NodeId, versions: &[Version]) -> Process {
        let config = config();
        let cluster =
            ClusterConfig { nodes: 1, link: LinkProfile::default(), disk_sync_us: (0, 0), positions: Vec::new() };
        let mut process = World::<Process>::new(1, config, cluster, &mut ()).node(A).cloned().expect("it is there");
        process.me = me;
        let register = process.registers.entry("x".to_owned()).or_default();
        for version in versions {
            register.take(version.clone(), super::super::Rule::KeepConcurrent);
        }
        process
    }

    #[test]
    fn a_write_that_gives_way_to_a_concurrent_one_is_rejected() {
        let (one, two) = (version(A, 1, 120, &[]), version(B, 1, 80, &[]));
        let both = || {
            let mut oracle = FeedOracle::new(&config());
            for (process, version) in [(A, &one), (B, &two)] {
                let deed = Deed::Wrote { key: "x".to_owned(), version: version.clone() };
                oracle.happened(at(1), &stamp(process, 1, &[(process, 1)]), &deed);
            }
            oracle.arrived(at(2), B, "x", one.write);
            oracle
        };
        let mut oracle = both();
        assert!(oracle.concurrent_writes.is_some());
        oracle.judge_replica(at(2), B, "x", &holding(B, &[one.clone(), two.clone()]));
        assert!(!oracle.violated());
        oracle.judge_replica(at(2), B, "x", &holding(B, std::slice::from_ref(&one)));
        assert_eq!(oracle.lost.unwrap().reason, "at n2, n2’s x = 80 gives way to n1’s 120, which had not seen it");
        let mut oracle = both();
        oracle.judge_replica(at(2), B, "x", &holding(B, &[]));
        assert_eq!(oracle.lost.unwrap().reason, "at n2, n2’s x = 80 is gone");
        // Whoever has seen both replaces both, whatever he says of that.
        let mut oracle = both();
        let three = version(B, 2, 200, &[]);
        oracle.happened(at(3), &stamp(B, 2, &[(B, 2)]), &Deed::Wrote { key: "x".to_owned(), version: three.clone() });
        oracle.judge_replica(at(3), B, "x", &holding(B, std::slice::from_ref(&three)));
        oracle.arrived(at(4), A, "x", three.write);
        oracle.judge_replica(at(4), A, "x", &holding(A, &[three]));
        assert!(!oracle.violated() && oracle.concurrent == 1);
    }

    /// Three processes that ask each other, and what happens to them.
    fn driver(ask_us: u64) -> Driver<Process, FeedOracle> {
        let config = Config { ask_us, ..config() };
        let link = LinkProfile { latency_us: (10_000, 10_000), ..LinkProfile::default() };
        let cluster = ClusterConfig { nodes: 3, link, disk_sync_us: (0, 0), positions: Vec::new() };
        let oracle = FeedOracle::new(&config);
        Driver::new(1, config, cluster, oracle)
    }

    fn status(driver: &Driver<Process, FeedOracle>) -> Status {
        let verdicts = driver.observer.verdicts(driver.world.time_us());
        verdicts.iter().find(|verdict| verdict.property == CONVERGENCE).expect("it is among them").status
    }

    #[test]
    fn feeds_that_stay_apart_are_rejected() {
        let post = |at_us: u64| Stamped::at(at_us, Command::Request { node: A, op: Op::Post("photo".to_owned()) });
        let loss = LinkChange { loss_ppm: Some(1_000_000), ..LinkChange::default() };
        let link =
            |at_us: u64, change: LinkChange| Stamped::at(at_us, Command::Link { from: A, to: C, both: true, change });
        let plan = [link(0, loss), post(1_000), link(50_000, LinkChange::default())];
        let mut fine = driver(100_000);
        while fine.step(&plan, 5_000_000) {}
        assert_eq!(status(&fine), Status::Met);
        // The same, but what the oracle is told to be there is never shown by anybody.
        let mut oracle_alone = driver(100_000);
        while oracle_alone.step(&plan, 40_000) {}
        while oracle_alone.step(&plan, 100_000) {}
        let round = oracle_alone.observer.round.as_mut().expect("all is calm");
        round.posts.insert(PostId { author: A, number: 2 });
        while oracle_alone.step(&plan, 5_000_000) {}
        assert_eq!(status(&oracle_alone), Status::Violated);
        let reason = oracle_alone.observer.apart.unwrap().reason;
        assert!(reason.starts_with("n1 does not show post 2 of n1, which another process had shown"), "{reason}");
        // As long as a link loses messages nothing is promised; nor where nobody asks.
        for (ask_us, plan) in [(100_000, &plan[..2]), (0, &plan[..])] {
            let mut driver = driver(ask_us);
            while driver.step(plan, 5_000_000) {}
            assert_eq!(status(&driver), Status::Pending);
        }
    }

    #[test]
    fn a_register_that_stays_behind_is_rejected() {
        let plan = [Stamped::at(1_000, Command::Request { node: B, op: Op::Write("x".to_owned(), 1) })];
        let mut driver = driver(100_000);
        while driver.step(&plan, 200_000) {}
        let round = driver.observer.round.as_mut().expect("all is calm");
        round.contexts.insert("x".to_owned(), VectorClock::of([(B, 2)]));
        while driver.step(&plan, 5_000_000) {}
        let reason = driver.observer.apart.unwrap().reason;
        assert!(reason.starts_with("n1 has not taken in a write of x"), "{reason}");
    }
}
