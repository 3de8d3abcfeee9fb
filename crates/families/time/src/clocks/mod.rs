//! Processes that stamp each event with four clocks: wall, Lamport, vector and hybrid logical.
//!
//! Papers: those of [`crate::clocks`], which has the clocks themselves. Here they run: a process does something of its
//! own, or asks another one, which answers. Whoever receives a message says how the event that sent it stands to the
//! newest one it had heard of, and an answer to its question; the oracles know what really happened before what.
//!
//! A crash takes a process's memory and its clocks with it. What boots on that machine later is another process, with
//! a name of its own, that nothing happened before: so nothing has to be on disk.
//!
//! What it survives: crashes, pauses, cuts, partitions, loss, duplicates, any delay. Vector and Lamport clocks survive
//! any wall clock; that a hybrid clock stays close to its wall clock is promised while no wall clock is further off
//! than half of the maximum offset.
//!
//! Left out: clocks on disk, and names for processes that are sure to be new (they are drawn).

mod lab;
mod oracle;

pub use lab::ENTRY;
use sim::{Disk, Flags, Fx, Named, NodeId, Operation, Params, Protocol, RequestId};

use algorithms::clocks::{Hybrid, HybridClock, LamportClock, Order, VectorClock};

pub use oracle::{
    CLOCK_CONDITION, CONCURRENT_SEEN, ClocksOracle, EXACT_VERDICTS, HYBRID_BOUNDS, HYBRID_CARRIED, NO_REVERSAL,
    VECTOR_CHARACTERIZES, WALL_REVERSED,
};

/// What wall clocks show when a run begins, so that none has to show less than nothing.
pub const WALL_AT_START_US: u64 = 100_000_000;

/// Processes are numbered by their machine, plus this many for each name that was drawn.
pub(crate) const STRIDE: u32 = 4_096;

/// Names are drawn from so many.
pub(crate) const NAMES: u64 = 1_000_000;

/// What the draws of a process are for.
const DRAW_PAUSE: u32 = 1;
const DRAW_DEED: u32 = 2;
const DRAW_PEER: u32 = 3;
const DRAW_NAME: u32 = 4;

/// What all processes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub struct Config {
    /// How far wall clocks are off from the start, at most, in µs.
    #[param("skew-ms")]
    pub skew_us: u64,
    /// By how much any two wall clocks may differ, in µs: what a hybrid clock relies on.
    #[param("max-offset-ms")]
    pub offset_max_us: u64,
    /// Each process does something about this often of its own accord, in µs; 0 for never.
    #[param("act-every-ms")]
    pub act_us: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

impl Config {
    /// How far the wall clock of a machine is off from the start: n1 is ahead, n2 behind by as much, and so on with
    /// less and less.
    #[must_use]
    pub const fn offset_us(&self, node: NodeId) -> i64 {
        let magnitude = (self.skew_us / (1 + node.0 as u64 / 2)) as i64;
        if node.0.is_multiple_of(2) { magnitude } else { -magnitude }
    }
}

/// Classic mistakes. All off is what the papers say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub struct Bugs {
    /// A receipt merges the clocks and does not count as an event.
    #[title("no tick on receive")]
    pub no_tick_on_receive: bool,
    /// A receipt takes the message’s clock over and forgets its own.
    #[title("merge without maximum")]
    pub merge_without_max: bool,
    /// Events are ordered by what the wall clocks showed.
    #[title("ordered by the wall clock")]
    pub wall_clock_order: bool,
    /// Equal clocks are taken for “before”: a duplicate counts as news.
    #[title("equal is before")]
    pub equal_is_before: bool,
    /// What is not “before” is taken for concurrent, so that what came after looks like a conflict.
    #[title("concurrent unless before")]
    pub concurrent_unless_before: bool,
}

/// Names an event for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The process. [`EventId::machine`] says where it runs.
    pub process: NodeId,
    /// Counts its events, from 1.
    pub number: u64,
}

impl EventId {
    /// The machine of the process, and whether it had another process before.
    #[must_use]
    pub const fn machine(self) -> (NodeId, bool) {
        machine(self.process)
    }
}

/// The machine of a process, and whether it had another process before.
#[must_use]
pub const fn machine(process: NodeId) -> (NodeId, bool) {
    (NodeId(process.0 % STRIDE), process.0 >= STRIDE)
}

/// An event, as four clocks have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Which event.
    pub event: EventId,
    /// What the wall clock showed, in µs.
    pub wall_us: u64,
    /// Lamport's clock.
    pub lamport: LamportClock,
    /// The vector clock.
    pub vector: VectorClock,
    /// The hybrid logical clock.
    pub hybrid: Hybrid,
}

/// What processes send to each other; each message has the stamp of the event that sent it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Msg {
    /// Somebody wants to know.
    Question {
        /// When it was sent.
        stamp: Stamp,
    },
    /// The answer.
    Answer {
        /// When it was sent.
        stamp: Stamp,
        /// The question, when it was sent.
        question: Stamp,
    },
}

/// The timer of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    /// Time to do something.
    Act,
}

/// What can be asked of a process from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Op {
    /// A local event.
    Local,
    /// A question to another process.
    Send(NodeId),
}

/// The answer to an [`Op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// The event has happened.
    Done(EventId),
    /// Nobody sends messages to himself.
    ToItself,
}

/// Never written: processes keep nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named)]
pub enum Cell {}

/// What an event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named)]
pub enum Deed {
    /// Something of its own.
    #[named("local-event")]
    Local,
    /// A message left.
    Sent(NodeId),
    /// A message arrived, which this event had sent.
    Received(EventId),
}

/// What a verdict goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Vector clocks: it claims to be exact.
    Vector,
    /// Wall clocks: all it can claim is an order.
    Wall,
}

/// What a process says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    /// Something happened.
    #[named(deed.name())]
    Happened {
        /// The event.
        stamp: Stamp,
        /// What it was.
        deed: Deed,
    },
    /// It has compared two events.
    #[named(match said {
        Order::Before => "said-before",
        Order::After => "said-after",
        Order::Equal => "said-equal",
        Order::Concurrent => "said-concurrent",
    })]
    Compared {
        /// One.
        first: Stamp,
        /// The other.
        second: Stamp,
        /// How the first stands to the second, as it says.
        said: Order,
        /// What by.
        by: By,
        /// Whether these are a question and its answer.
        answer: bool,
    },
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Itself.
    pub me: NodeId,
    /// How many events it has had.
    pub events: u64,
    /// Its Lamport clock.
    pub lamport: LamportClock,
    /// Its vector clock.
    pub vector: VectorClock,
    /// Its hybrid logical clock.
    pub hybrid: HybridClock,
    /// What its wall clock showed at its last event, in µs.
    pub wall_us: u64,
    /// The newest event of another process that it has heard of, as far as it can tell.
    pub newest: Option<Stamp>,
    /// How often it could not tell which was newer.
    pub conflicts: u64,
}

impl Process {
    fn wall_us(fx: &Fx<'_, Self>) -> u64 {
        (WALL_AT_START_US + fx.wall_us()).saturating_add_signed(fx.config().offset_us(fx.me()))
    }

    /// Something happens, and every clock takes note of it.
    fn happen(&mut self, deed: Deed, attached: Option<&Stamp>, fx: &mut Fx<'_, Self>) -> Stamp {
        let bugs = &fx.config().bugs;
        let wall_us = Self::wall_us(fx);
        self.events += 1;
        self.wall_us = wall_us;
        match attached {
            None => {
                self.lamport.tick();
                self.vector.tick(self.me);
                self.hybrid.tick(wall_us);
            }
            Some(attached) => {
                if bugs.merge_without_max {
                    self.lamport = attached.lamport;
                    self.vector = attached.vector.clone();
                } else {
                    self.lamport = self.lamport.max(attached.lamport);
                    self.vector.merge(&attached.vector);
                }
                if !bugs.no_tick_on_receive {
                    self.lamport.tick();
                    self.vector.tick(self.me);
                }
                self.hybrid.receive(attached.hybrid, wall_us);
            }
        }
        let stamp = Stamp {
            event: EventId { process: self.me, number: self.events },
            wall_us,
            lamport: self.lamport,
            vector: self.vector.clone(),
            hybrid: self.hybrid.newest(),
        };
        fx.note(Note::Happened { stamp: stamp.clone(), deed });
        stamp
    }

    fn ask(&mut self, peer: NodeId, fx: &mut Fx<'_, Self>) -> Stamp {
        let stamp = self.happen(Deed::Sent(peer), None, fx);
        fx.send(peer, Msg::Question { stamp: stamp.clone() });
        stamp
    }

    /// Says how two events stand to each other.
    fn compare(first: &Stamp, second: &Stamp, answer: bool, fx: &mut Fx<'_, Self>) -> Order {
        let bugs = &fx.config().bugs;
        let by = if bugs.wall_clock_order { By::Wall } else { By::Vector };
        let said = match (by, first.vector.compare(&second.vector)) {
            (By::Wall, _) => Order::total(&first.wall_us, &second.wall_us),
            (By::Vector, Order::Equal) if bugs.equal_is_before => Order::Before,
            (By::Vector, Order::After | Order::Equal) if bugs.concurrent_unless_before => Order::Concurrent,
            (By::Vector, order) => order,
        };
        fx.note(Note::Compared { first: first.clone(), second: second.clone(), said, by, answer });
        said
    }

    /// Of what it hears it keeps the newest.
    fn hear(&mut self, stamp: &Stamp, fx: &mut Fx<'_, Self>) {
        let Some(known) = &self.newest else {
            self.newest = Some(stamp.clone());
            return;
        };
        match Self::compare(known, stamp, false, fx) {
            Order::Before => self.newest = Some(stamp.clone()),
            Order::After | Order::Equal => {}
            Order::Concurrent => {
                // Neither is newer. It keeps the one that came last, and says that it could not tell.
                self.conflicts += 1;
                self.newest = Some(stamp.clone());
            }
        }
    }

    fn wind_up(fx: &mut Fx<'_, Self>) {
        let act_us = fx.config().act_us;
        if act_us > 0 {
            let after_us = fx.draw(DRAW_PAUSE, act_us / 2, act_us + act_us / 2);
            fx.set_timer(Timer::Act, after_us.max(1));
        }
    }
}

impl Protocol for Process {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = ();
    type Note = Note;

    fn boot(_: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        // Whoever boots after the beginning may have had a predecessor, and takes a name that nobody has.
        let name = if fx.monotonic_us() == 0 { 0 } else { fx.draw(DRAW_NAME, 1, NAMES) as u32 };
        let me = NodeId(fx.me().0 % STRIDE + name * STRIDE);
        Self::wind_up(fx);
        Self {
            me,
            events: 0,
            lamport: LamportClock::default(),
            vector: VectorClock::default(),
            hybrid: HybridClock::default(),
            wall_us: Self::wall_us(fx),
            newest: None,
            conflicts: 0,
        }
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        let (Msg::Question { stamp } | Msg::Answer { stamp, .. }) = &msg;
        self.happen(Deed::Received(stamp.event), Some(stamp), fx);
        self.hear(stamp, fx);
        match msg {
            Msg::Question { stamp: question } => {
                let stamp = self.happen(Deed::Sent(from), None, fx);
                fx.send(from, Msg::Answer { stamp, question });
            }
            Msg::Answer { stamp, question } => {
                Self::compare(&question, &stamp, true, fx);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Self>) {
        match timer {
            Timer::Act => {
                let peers: Vec<NodeId> = fx.peers().collect();
                // One in three is an event of its own.
                if peers.is_empty() || fx.draw(DRAW_DEED, 1, 3) == 1 {
                    self.happen(Deed::Local, None, fx);
                } else {
                    let peer = peers[fx.draw(DRAW_PEER, 0, peers.len() as u64 - 1) as usize];
                    self.ask(peer, fx);
                }
                Self::wind_up(fx);
            }
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Self>) {
        let ret = match op {
            Op::Local => Ret::Done(self.happen(Deed::Local, None, fx).event),
            Op::Send(peer) if peer == fx.me() => Ret::ToItself,
            Op::Send(peer) => Ret::Done(self.ask(peer, fx).event),
        };
        fx.reply(id, ret);
    }

    fn size_bytes(msg: &Msg) -> u64 {
        let entries = match msg {
            Msg::Question { stamp } => stamp.vector.len(),
            Msg::Answer { stamp, question } => stamp.vector.len() + question.vector.len(),
        };
        64 + 12 * entries as u64
    }
}
