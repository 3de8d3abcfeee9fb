//! How many messages a second the engine moves, beside a bare heap-and-RNG loop in the same run.
//!
//! Every node keeps a few typed messages going: a ping is answered, an answer is followed by the
//! next ping to the next peer. One message is one delivery and one sending. The floor does as much
//! as no simulator can do without: it pops a time from a heap, draws a latency and pushes again,
//! with as many entries in the heap. Ratios to the floor count, not absolute times.
//!
//! `traced` clones every record into a ring, as a trace does, and has an observer that looks at
//! each; `timeline` is what an open run costs (keyframes, and no trace until somebody asks). An
//! algorithm's own oracles belong to benches further up.

// The short name, as the workspace has it.
extern crate netsplit_sim as sim;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sim::hash::mix;
use sim::{
    ClusterConfig, Disk, Event, Fx, LinkProfile, Named, NodeId, Observer, Protocol, Record, RequestId, Timeline, World,
};

/// Messages that each node keeps on their way.
const WINDOW: u64 = 4;
const MESSAGES: u64 = 200_000;
const LATENCY_US: (u64, u64) = (5_000, 15_000);

#[derive(Clone, Debug, Hash, Named)]
enum Msg {
    Ping { n: u64 },
    Pong { n: u64 },
}

/// For what this workload has no use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
struct Nothing;

#[derive(Clone, Debug, Hash)]
struct Pinger {
    heard: u64,
    next: u32,
}

impl Pinger {
    fn ping(&mut self, n: u64, fx: &mut Fx<'_, Self>) {
        self.next = (self.next + 1) % fx.nodes();
        if self.next == fx.me().0 {
            self.next = (self.next + 1) % fx.nodes();
        }
        fx.send(NodeId(self.next), Msg::Ping { n });
    }
}

impl Protocol for Pinger {
    type Config = ();
    type Msg = Msg;
    type Timer = Nothing;
    type Op = Nothing;
    type Ret = ();
    type Cell = Nothing;
    type Entry = ();
    type Note = Nothing;

    fn boot(_disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        let mut node = Self { heard: 0, next: fx.me().0 };
        for n in 0..WINDOW {
            node.ping(n, fx);
        }
        node
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        self.heard += 1;
        match msg {
            Msg::Ping { n } => fx.send(from, Msg::Pong { n }),
            Msg::Pong { n } => self.ping(n + WINDOW, fx),
        }
    }

    fn on_timer(&mut self, _: Nothing, _: &mut Fx<'_, Self>) {}
    fn on_request(&mut self, _: RequestId, _: Nothing, _: &mut Fx<'_, Self>) {}
}

fn cluster(nodes: u32) -> ClusterConfig {
    let link = LinkProfile { latency_us: LATENCY_US, ..LinkProfile::default() };
    ClusterConfig { nodes, link, disk_sync_us: (0, 0), positions: Vec::new() }
}

/// Keeps the newest records and looks at each.
#[derive(Clone)]
struct Trace {
    ring: Vec<Record<Pinger>>,
    pings: u64,
}

impl Observer<Pinger> for Trace {
    fn observe(&mut self, record: &Record<Pinger>, _world: &World<Pinger>) {
        self.pings += u64::from(matches!(record.event, Event::Deliver { msg: Msg::Ping { .. }, .. }));
        if self.ring.len() < 4_096 {
            self.ring.push(record.clone());
        } else {
            self.ring[(record.step % 4_096) as usize] = record.clone();
        }
    }
}

/// What is left when everything that makes it a simulation is taken away.
fn floor(nodes: u64) -> u64 {
    let mut heap = BinaryHeap::new();
    let mut state = 1u64;
    let mut sequence = 0u64;
    let draw = |state: &mut u64| {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        LATENCY_US.0 + (((mix(*state) >> 32) * (LATENCY_US.1 - LATENCY_US.0 + 1)) >> 32)
    };
    for _ in 0..nodes * WINDOW {
        sequence += 1;
        heap.push(Reverse((draw(&mut state), sequence, sequence)));
    }
    for _ in 0..MESSAGES {
        let Reverse((now_us, _, payload)) = heap.pop().expect("it never runs empty");
        sequence += 1;
        heap.push(Reverse((now_us + draw(&mut state), sequence, payload)));
    }
    sequence
}

fn engine<O: Observer<Pinger>>(nodes: u32, mut observer: O) -> u64 {
    let mut world = World::new(1, (), cluster(nodes), &mut observer);
    for _ in 0..MESSAGES {
        world.step(&mut observer);
    }
    world.digest()
}

fn timeline(nodes: u32) -> u64 {
    let mut timeline: Timeline<Pinger, ()> = Timeline::new(1, (), cluster(nodes), (), Vec::new());
    for _ in 0..MESSAGES {
        timeline.step();
    }
    timeline.world().digest()
}

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("messages");
    group.throughput(Throughput::Elements(MESSAGES)).sample_size(20);
    for nodes in [5u32, 50] {
        let id = |name: &str| BenchmarkId::new(name, nodes);
        group.bench_function(id("floor"), |bench| bench.iter(|| floor(black_box(u64::from(nodes)))));
        group.bench_function(id("engine"), |bench| bench.iter(|| engine(black_box(nodes), ())));
        let trace = || Trace { ring: Vec::new(), pings: 0 };
        group.bench_function(id("traced"), |bench| bench.iter(|| engine(black_box(nodes), trace())));
        group.bench_function(id("timeline"), |bench| bench.iter(|| timeline(black_box(nodes))));
    }
    group.finish();
}

criterion_group!(benches, messages);
criterion_main!(benches);
