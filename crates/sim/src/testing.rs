//! One node on a bench: feed it a message, a timer or a request, and look at what it asks for. No world, no network, no
//! other nodes; the same [`Fx`], disk and randomness as in a run.
//!
//! ```text
//! let (mut bench, booted) = Bench::<Raft>::boot(N1, 3, config);
//! assert!(booted.timer(Timer::Election).is_some());
//! let effects = bench.fire(Timer::Election);             // time goes on to where the timer runs out
//! assert_eq!(effects.notes(), [&Note::BecameCandidate { term: 1 }]);
//! let effects = bench.message(N2, Msg::Vote { term: 1, granted: true, .. });
//! assert!(bench.node().leads());
//! let booted = bench.reboot(Unsynced::Lost);             // what was not synced is gone; nothing was, without `sync`
//! ```
//!
//! Left out: durable messages and answers do not wait here, they are marked as [`durable`](Sent::durable) instead.

use crate::disk::{Disk, DiskDrive, Write};
use crate::map::Map;
use crate::protocol::{DrawCounters, Effect, Fx, NodeId, Protocol, RequestId};
use crate::random::{Domain, Source};

/// The seed of draws on the bench.
const SEED: u64 = 1;

/// What becomes, in a crash, of writes that are not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// All of them are on disk.
    Kept,
    /// None is.
    Lost,
    /// None is, and where an entry was being appended the file ends in a corrupt record.
    Torn,
}

/// A message that a node sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent<M> {
    /// The receiver.
    pub to: NodeId,
    /// What it says.
    pub msg: M,
    /// Whether it leaves only once all earlier writes are synced.
    pub durable: bool,
}

impl<M> Sent<M> {
    /// A message that leaves at once.
    pub const fn now(to: NodeId, msg: M) -> Self {
        Self { to, msg, durable: false }
    }

    /// A message that leaves once all earlier writes are synced.
    pub const fn durable(to: NodeId, msg: M) -> Self {
        Self { to, msg, durable: true }
    }
}

/// What a handler asked for, in order.
#[derive(Debug)]
pub struct Effects<P: Protocol>(pub Vec<Effect<P>>);

impl<P: Protocol> Effects<P> {
    /// The messages.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent<P::Msg>> {
        self.pick(|effect| match effect {
            Effect::Send { to, msg, durable } => Some(Sent { to: *to, msg: msg.clone(), durable: *durable }),
            _ => None,
        })
    }

    /// Who is sent something, in order.
    #[must_use]
    pub fn to(&self) -> Vec<NodeId> {
        self.sent().iter().map(|sent| sent.to).collect()
    }

    /// The answers, with the requests that they answer.
    #[must_use]
    pub fn replies(&self) -> Vec<(RequestId, &P::Ret)> {
        self.pick(|effect| match effect {
            Effect::Reply { id, ret, .. } => Some((*id, ret)),
            _ => None,
        })
    }

    /// What the node says about itself.
    #[must_use]
    pub fn notes(&self) -> Vec<&P::Note> {
        self.pick(|effect| match effect {
            Effect::Note(note) => Some(note),
            _ => None,
        })
    }

    /// What it writes.
    #[must_use]
    pub fn writes(&self) -> Vec<&Write<P>> {
        self.pick(|effect| match effect {
            Effect::Write(write) => Some(write),
            _ => None,
        })
    }

    /// After how long a timer is to run out, in µs, if it was set and not cancelled again.
    #[must_use]
    pub fn timer(&self, wanted: P::Timer) -> Option<u64> {
        let last = self.0.iter().rev().find_map(|effect| match effect {
            Effect::SetTimer { timer, after_us } if *timer == wanted => Some(Some(*after_us)),
            Effect::CancelTimer(timer) if *timer == wanted => Some(None),
            _ => None,
        });
        last.flatten()
    }

    fn pick<'a, T>(&'a self, choose: impl Fn(&'a Effect<P>) -> Option<T>) -> Vec<T> {
        self.0.iter().filter_map(choose).collect()
    }
}

/// One node, its disk, its timers and its clock.
#[derive(Debug)]
pub struct Bench<P: Protocol> {
    me: NodeId,
    nodes: u32,
    /// What the cluster knows; may be changed between events.
    pub config: P::Config,
    node: Option<P>,
    drive: DiskDrive<P>,
    timers: Map<P::Timer, u64>,
    counters: DrawCounters,
    incarnation: u32,
    now_us: u64,
    writes: u64,
    requests: u32,
}

impl<P: Protocol> Bench<P> {
    /// Boots node `me` of a world of `nodes`, with an empty disk, at time 0.
    pub fn boot(me: NodeId, nodes: u32, config: P::Config) -> (Self, Effects<P>) {
        let mut bench = Self {
            me,
            nodes,
            config,
            node: None,
            drive: DiskDrive::default(),
            timers: Map::new(),
            counters: DrawCounters::new(),
            incarnation: 0,
            now_us: 0,
            writes: 0,
            requests: 0,
        };
        let effects = bench.start();
        (bench, effects)
    }

    /// The node.
    pub fn node(&self) -> &P {
        self.node.as_ref().expect("a node on the bench runs")
    }

    /// What is durable on its disk.
    pub const fn disk(&self) -> &Disk<P> {
        &self.drive.durable
    }

    /// The time on its clocks, in µs.
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Lets time pass; timers do not run out by that.
    pub const fn wait(&mut self, us: u64) {
        self.now_us += us;
    }

    /// A message arrives.
    pub fn message(&mut self, from: NodeId, msg: P::Msg) -> Effects<P> {
        self.handle(|node, fx| node.on_message(from, msg, fx))
    }

    /// A timer runs out, at the time for which it was set.
    ///
    /// # Panics
    ///
    /// When it is not set: a world would not let it run out.
    pub fn fire(&mut self, timer: P::Timer) -> Effects<P> {
        let due_us = self.timers.remove(&timer).unwrap_or_else(|| panic!("{timer:?} is not set"));
        self.now_us = self.now_us.max(due_us);
        self.handle(|node, fx| node.on_timer(timer, fx))
    }

    /// Somebody asks for an operation. The answer bears the identifier that comes back.
    pub fn request(&mut self, op: P::Op) -> (RequestId, Effects<P>) {
        let id = RequestId { at_us: self.now_us, node: self.me, ordinal: self.requests };
        self.requests += 1;
        (id, self.handle(|node, fx| node.on_request(id, op, fx)))
    }

    /// Everything written so far is durable.
    pub fn sync(&mut self) {
        while self.drive.pending() > 0 {
            self.drive.sync_one();
        }
    }

    /// The node crashes and boots from what its disk has kept.
    pub fn reboot(&mut self, unsynced: Unsynced) -> Effects<P> {
        match unsynced {
            Unsynced::Kept => self.sync(),
            Unsynced::Lost => {}
            Unsynced::Torn => self.drive.tear(),
        }
        self.drive.lose_unsynced();
        self.node = None;
        self.timers.clear();
        self.counters.clear();
        self.incarnation += 1;
        self.start()
    }

    fn start(&mut self) -> Effects<P> {
        let disk = self.drive.durable.clone();
        let mut booted = None;
        let effects = self.with_fx(|_, fx| booted = Some(P::boot(&disk, fx)));
        self.node = booted;
        effects
    }

    fn handle(&mut self, act: impl FnOnce(&mut P, &mut Fx<'_, P>)) -> Effects<P> {
        self.with_fx(|node, fx| act(node.as_mut().expect("a node on the bench runs"), fx))
    }

    fn with_fx(&mut self, act: impl FnOnce(&mut Option<P>, &mut Fx<'_, P>)) -> Effects<P> {
        let mut effects = Vec::new();
        let mut fx = Fx {
            me: self.me,
            nodes: self.nodes,
            source: Source::new(SEED, Domain::Node, &[u64::from(self.me.0), u64::from(self.incarnation)]),
            monotonic_us: self.now_us,
            wall_us: self.now_us,
            config: &self.config,
            counters: &mut self.counters,
            effects: &mut effects,
        };
        act(&mut self.node, &mut fx);
        for effect in &effects {
            match effect {
                Effect::SetTimer { timer, after_us } => drop(self.timers.insert(*timer, self.now_us + after_us)),
                Effect::CancelTimer(timer) => drop(self.timers.remove(timer)),
                Effect::Write(write) => {
                    self.writes += 1;
                    self.drive.issue(write.clone(), self.now_us, SEED, self.me, (0, 0), (self.writes, 0));
                }
                Effect::Send { .. } | Effect::Reply { .. } | Effect::Note(_) => {}
            }
        }
        Effects(effects)
    }
}
