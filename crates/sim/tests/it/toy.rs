//! A toy protocol that uses every effect, and helpers to run it.
//!
//! With `tick_us` set a node talks on its own: at every tick it saves a counter and pings two
//! others, one of them durably. Without it a node does only what operations tell it to.

use sim::hash::StableHasher;
use sim::{
    ClusterConfig, Command, Disk, Driver, Event, Fx, LinkProfile, MessageId, Named, NodeId, Observer, Outcome,
    ParamKey, Params, Protocol, Record, RequestId, Stamped, World,
};

pub const N1: NodeId = NodeId(0);
pub const N2: NodeId = NodeId(1);
pub const N3: NodeId = NodeId(2);

#[derive(Clone, Debug, Default, Hash, Params)]
pub struct Config {
    pub tick_us: Option<(u64, u64)>,
    /// Whether boot cuts off a corrupt record.
    pub mends: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Msg {
    Ping { n: u64, drawn: u64 },
    Pong { n: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    Tick,
    Alarm(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Op {
    Send {
        to: NodeId,
        n: u64,
    },
    SendDurable {
        to: NodeId,
        n: u64,
    },
    Save(u64),
    Append(u32),
    /// Append, and answer once it is on disk.
    Put(u32),
    Truncate(u64),
    Discard(u64),
    Alarm {
        name: u32,
        after_us: u64,
    },
    Cancel(u32),
    Draw {
        purpose: u32,
    },
    Clock,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub struct Counter(pub u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    Booted { counter: u64, first: u64, entries: Vec<u32>, torn: bool },
    Heard { from: NodeId, n: u64 },
    Rang(u32),
    Drew(u64),
    Clock { monotonic_us: u64, wall_us: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Toy {
    pub ticks: u64,
    pub heard: u64,
}

impl Protocol for Toy {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = u64;
    type Cell = Counter;
    type Entry = u32;
    type Note = Note;

    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        let counter = disk.cell("counter").map_or(0, |counter| counter.0);
        fx.note(Note::Booted {
            counter,
            first: disk.first(),
            entries: disk.entries().to_vec(),
            torn: disk.torn_tail(),
        });
        if disk.torn_tail() && fx.config().mends {
            fx.truncate(disk.end());
        }
        set_tick(fx);
        Self { ticks: counter, heard: 0 }
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        self.heard += 1;
        match msg {
            Msg::Ping { n, .. } => {
                fx.note(Note::Heard { from, n });
                fx.send(from, Msg::Pong { n });
            }
            Msg::Pong { n } => {
                fx.note(Note::Heard { from, n });
                if n.is_multiple_of(3) {
                    fx.append(n as u32);
                }
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Self>) {
        match timer {
            Timer::Alarm(name) => fx.note(Note::Rang(name)),
            Timer::Tick => {
                self.ticks += 1;
                fx.save(Counter(self.ticks));
                let drawn = fx.draw(7, 0, 999);
                let peers: Vec<NodeId> = fx.peers().collect();
                let at = |n: u64| peers[(n % peers.len() as u64) as usize];
                fx.send(at(self.ticks), Msg::Ping { n: self.ticks, drawn });
                fx.send_durable(at(self.ticks + 1), Msg::Ping { n: self.ticks, drawn });
                set_tick(fx);
            }
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Self>) {
        match op {
            Op::Send { to, n } => fx.send(to, Msg::Ping { n, drawn: 0 }),
            Op::SendDurable { to, n } => fx.send_durable(to, Msg::Ping { n, drawn: 0 }),
            Op::Save(value) => fx.save(Counter(value)),
            Op::Append(entry) => fx.append(entry),
            Op::Put(entry) => {
                fx.append(entry);
                fx.reply_durable(id, u64::from(entry));
            }
            Op::Truncate(from) => fx.truncate(from),
            Op::Discard(before) => fx.discard(before),
            Op::Alarm { name, after_us } => fx.set_timer(Timer::Alarm(name), after_us),
            Op::Cancel(name) => fx.cancel_timer(Timer::Alarm(name)),
            Op::Draw { purpose } => {
                let drawn = fx.draw(purpose, 0, 999_999);
                fx.note(Note::Drew(drawn));
                fx.reply(id, drawn);
            }
            Op::Clock => fx.note(Note::Clock { monotonic_us: fx.monotonic_us(), wall_us: fx.wall_us() }),
        }
    }

    fn set(config: &mut Config, link: &mut LinkProfile, key: ParamKey, value: (u64, u64)) {
        match key {
            SET_TICK => config.tick_us = Some(value),
            SET_LATENCY => link.latency_us = value,
            _ => {}
        }
    }

    /// As many bytes as the number says, so that tests can tell.
    fn size_bytes(msg: &Msg) -> u64 {
        match msg {
            Msg::Ping { n, .. } | Msg::Pong { n } => *n,
        }
    }
}

/// Keys of live parameters.
pub const SET_TICK: ParamKey = ParamKey::of("tick-us");
pub const SET_LATENCY: ParamKey = ParamKey::of("latency-us");

fn set_tick(fx: &mut Fx<'_, Toy>) {
    if let Some((low, high)) = fx.config().tick_us {
        let after_us = fx.draw(1, low, high);
        fx.set_timer(Timer::Tick, after_us);
    }
}

/// Keeps every record.
#[derive(Clone, Default)]
pub struct Log(pub Vec<Record<Toy>>);

impl Observer<Toy> for Log {
    fn observe(&mut self, record: &Record<Toy>, _world: &World<Toy>) {
        self.0.push(record.clone());
    }
}

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    pub seed: u64,
    pub tick_us: Option<(u64, u64)>,
    pub mends: bool,
    pub cluster: ClusterConfig,
}

/// Three silent nodes, each message 1,000 µs on its way, each write 100 µs.
pub fn quiet() -> Setup {
    let link = LinkProfile { latency_us: (1_000, 1_000), ..LinkProfile::default() };
    Setup {
        seed: 1,
        tick_us: None,
        mends: true,
        cluster: ClusterConfig { nodes: 3, link, disk_sync_us: (100, 100), positions: Vec::new() },
    }
}

/// Three nodes that talk all the time.
pub fn busy(seed: u64) -> Setup {
    let link = LinkProfile { latency_us: (100, 3_000), ..LinkProfile::default() };
    let cluster = ClusterConfig { nodes: 3, link, disk_sync_us: (50, 900), positions: Vec::new() };
    Setup { seed, tick_us: Some((500, 2_500)), mends: true, cluster }
}

impl Setup {
    pub fn config(&self) -> Config {
        Config { tick_us: self.tick_us, mends: self.mends }
    }

    pub fn driver(&self) -> Driver<Toy, Log> {
        Driver::new(self.seed, self.config(), self.cluster.clone(), Log::default())
    }

    /// The run under `commands` up to `until_us`.
    pub fn run(&self, commands: &[Stamped<Op>], until_us: u64) -> Straight {
        let mut driver = self.driver();
        let mut digests = vec![driver.world.digest()];
        while driver.step(commands, until_us) {
            digests.push(driver.world.digest());
        }
        driver.run_until(commands, until_us);
        Straight { world: driver.world, log: driver.observer.0, digests }
    }
}

/// A run that went straight from the beginning to the end.
pub struct Straight {
    pub world: World<Toy>,
    pub log: Vec<Record<Toy>>,
    /// After the boots, and after each step from then on.
    pub digests: Vec<u64>,
}

impl Straight {
    /// The digest right after a step.
    pub fn digest(&self, step: u64) -> u64 {
        let boots = self.log.iter().filter(|record| matches!(record.event, Event::Boot(_))).count() as u64;
        self.digests[step.saturating_sub(boots) as usize]
    }

    /// Hashes of the records up to a step.
    pub fn trace(&self, step: u64) -> Vec<u64> {
        self.log.iter().take_while(|record| record.step <= step).map(StableHasher::of).collect()
    }

    /// What nodes said, each with its time and node, boots left out.
    pub fn notes(&self) -> Vec<(u64, NodeId, Note)> {
        let mut notes = Vec::new();
        for record in &self.log {
            for note in record.notes().filter(|note| !matches!(note, Note::Booted { .. })) {
                notes.push((record.time_us, record.event.node().expect("only nodes note"), note.clone()));
            }
        }
        notes
    }

    /// The newest thing that boot saw on a node's disk.
    pub fn booted(&self, node: NodeId) -> Note {
        let boots = self.log.iter().filter(|record| record.event.node() == Some(node)).flat_map(Record::notes);
        boots.filter(|note| matches!(note, Note::Booted { .. })).last().expect("every node boots").clone()
    }

    /// When each message is heard: time, sender, receiver, number.
    pub fn heard(&self) -> Vec<(u64, NodeId, NodeId, u64)> {
        let heard = self.notes().into_iter().filter_map(|(time_us, to, note)| match note {
            Note::Heard { from, n } => Some((time_us, from, to, n)),
            _ => None,
        });
        heard.collect()
    }

    /// Each message that left and how long its way is.
    pub fn latencies(&self) -> std::collections::BTreeMap<MessageId, u64> {
        let mut found = std::collections::BTreeMap::new();
        for record in &self.log {
            for outcome in &record.outcomes {
                if let Outcome::Sent { id, due_us, .. } = outcome {
                    found.insert(*id, due_us - record.time_us);
                }
            }
        }
        found
    }
}

pub fn at(at_us: u64, command: Command<Op>) -> Stamped<Op> {
    Stamped::at(at_us, command)
}

pub fn request(at_us: u64, node: NodeId, op: Op) -> Stamped<Op> {
    at(at_us, Command::Request { node, op })
}

pub fn send(at_us: u64, from: NodeId, to: NodeId, n: u64) -> Stamped<Op> {
    request(at_us, from, Op::Send { to, n })
}

pub fn message(from: NodeId, to: NodeId, number: u64, copy: u32) -> MessageId {
    MessageId { from, to, number, copy }
}
