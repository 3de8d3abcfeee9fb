//! What happened, step by step: the run as something that can be read.

use std::hash::{Hash, Hasher};

use crate::command::Command;
use crate::disk::Write;
use crate::network::{LossReason, MessageId};
use crate::protocol::{NodeId, Protocol, RequestId};
use crate::world::World;

/// What a step was about.
#[derive(Clone, Debug)]
pub enum Event<P: Protocol> {
    /// A node starts, at the beginning of time. Later boots are part of the command that asks for
    /// them.
    Boot(NodeId),
    /// A message arrives and is handled.
    Deliver {
        /// Which message.
        id: MessageId,
        /// What it says.
        msg: P::Msg,
    },
    /// A message arrives at a machine that is down.
    Vanish {
        /// Which message.
        id: MessageId,
        /// What it said.
        msg: P::Msg,
    },
    /// A timer runs out.
    Timer {
        /// Whose.
        node: NodeId,
        /// Which.
        timer: P::Timer,
    },
    /// The oldest unsynced write of a node is durable now.
    Synced(NodeId),
    /// Somebody intervened.
    Command(Command<P::Op>),
}

impl<P: Protocol> Event<P> {
    /// The node at which the step took place; commands on links have none.
    #[must_use]
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Boot(node) | Self::Synced(node) | Self::Timer { node, .. } => Some(*node),
            Self::Deliver { id, .. } | Self::Vanish { id, .. } => Some(id.to),
            Self::Command(command) => command.node(),
        }
    }
}

/// Every step is hashed into the digest, so hashing packs what it can into few words.
impl<P: Protocol> Hash for Event<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Deliver { id, msg } => {
                id.hash_in(1, state);
                msg.hash(state);
            }
            Self::Vanish { id, msg } => {
                id.hash_in(2, state);
                msg.hash(state);
            }
            Self::Timer { node, timer } => {
                state.write_u64((3 << 56) | u64::from(node.0));
                timer.hash(state);
            }
            Self::Synced(node) => state.write_u64((4 << 56) | u64::from(node.0)),
            Self::Boot(node) => state.write_u64((5 << 56) | u64::from(node.0)),
            Self::Command(command) => {
                state.write_u64(6 << 56);
                command.hash(state);
            }
        }
    }
}

/// Finds a message that was just sent; see [`World::flight_in`]. It is a handle, not part of what
/// happened, so it stays out of the digest.
#[derive(Clone, Copy, Debug)]
pub struct FlightSlot(pub(crate) u32);

/// What a step led to, in order.
#[derive(Clone, Debug)]
pub enum Outcome<P: Protocol> {
    /// A message is on its way.
    Sent {
        /// Which message.
        id: MessageId,
        /// When it arrives, in µs, unless something happens to it.
        due_us: u64,
        /// Where the world keeps it; good until the next step.
        slot: FlightSlot,
    },
    /// The command was about a message that is not on its way, and changed nothing.
    Missed(MessageId),
    /// A message will never arrive.
    Lost {
        /// Which message.
        id: MessageId,
        /// What it said.
        msg: P::Msg,
        /// Why.
        why: LossReason,
    },
    /// A durable message or answer waits for the disk.
    Waiting,
    /// A write was issued and will be durable at `due_us`.
    Wrote {
        /// The write.
        write: Write<P>,
        /// When it is synced, in µs, unless something happens to the disk; never while it is full.
        due_us: u64,
    },
    /// Unsynced writes were lost in a crash.
    WritesLost(u32),
    /// A timer was set.
    TimerSet {
        /// Which.
        timer: P::Timer,
        /// When it runs out, in µs of true time.
        due_us: u64,
    },
    /// A client's operation was answered.
    Replied {
        /// The operation.
        id: RequestId,
        /// The answer.
        ret: P::Ret,
    },
    /// A client's operation found the node down.
    Refused(RequestId),
    /// The node said something about itself.
    Noted(P::Note),
}

impl<P: Protocol> Hash for Outcome<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Sent { id, due_us, slot: _ } => {
                id.hash_in(1, state);
                state.write_u64(*due_us);
            }
            Self::Lost { id, msg, why } => {
                id.hash_in(2 + ((*why as u64) << 4), state);
                msg.hash(state);
            }
            Self::Waiting => state.write_u64(3 << 56),
            Self::Wrote { write, due_us } => {
                state.write_u64((4 << 56) ^ *due_us);
                write.hash(state);
            }
            Self::WritesLost(count) => state.write_u64((5 << 56) | u64::from(*count)),
            Self::TimerSet { timer, due_us } => {
                state.write_u64((6 << 56) ^ *due_us);
                timer.hash(state);
            }
            Self::Replied { id, ret } => {
                state.write_u64(7 << 56);
                (id, ret).hash(state);
            }
            Self::Refused(id) => {
                state.write_u64(8 << 56);
                id.hash(state);
            }
            Self::Noted(note) => {
                state.write_u64(9 << 56);
                note.hash(state);
            }
            Self::Missed(id) => id.hash_in(10, state),
        }
    }
}

/// One step of a run.
#[derive(Clone, Debug)]
pub struct Record<P: Protocol> {
    /// Counts steps from 1.
    pub step: u64,
    /// Simulated time, in µs.
    pub time_us: u64,
    /// What the wall clock of the node showed at which it happened, in µs; none where it is no node's event. It
    /// follows from the clocks' commands, so it stays out of the digest.
    pub wall_us: Option<u64>,
    /// The step that sent the message, set the timer or issued the write. Boots and commands have
    /// no cause inside the run.
    pub cause: Option<u64>,
    /// What happened.
    pub event: Event<P>,
    /// What it led to.
    pub outcomes: Vec<Outcome<P>>,
}

impl<P: Protocol> Hash for Record<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Which step it is follows from those before; how many outcomes there are keeps what
        // belongs to them apart from the next step.
        state.write_u64(self.time_us);
        state.write_u64(self.cause.unwrap_or(0) << 16 | (self.outcomes.len() as u64 & 0xffff));
        self.event.hash(state);
        for outcome in &self.outcomes {
            outcome.hash(state);
        }
    }
}

impl<P: Protocol> Record<P> {
    /// What nodes said about themselves in this step.
    pub fn notes(&self) -> impl Iterator<Item = &P::Note> {
        self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Noted(note) => Some(note),
            _ => None,
        })
    }

    /// The same, each with the node that said it.
    pub fn noted(&self) -> impl Iterator<Item = (NodeId, &P::Note)> {
        self.event.node().into_iter().flat_map(|node| self.notes().map(move |note| (node, note)))
    }

    /// The answer that was given to an operation in this step.
    pub fn reply(&self) -> Option<&P::Ret> {
        self.outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Replied { ret, .. } => Some(ret),
            _ => None,
        })
    }

    /// The messages that left in this step, whether or not the network lost them at once. `world`
    /// must be the world as this step left it.
    pub fn sent<'a>(&'a self, world: &'a World<P>) -> impl Iterator<Item = (MessageId, &'a P::Msg)> {
        self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Sent { id, slot, .. } => world.flight_in(*slot).map(|flight| (*id, flight.msg)),
            Outcome::Lost { id, msg, why: LossReason::Cut | LossReason::Random }
                if self.event.node() == Some(id.from) =>
            {
                Some((*id, msg))
            }
            _ => None,
        })
    }
}

/// Somebody who watches every step: a trace, an oracle, a statistic. Observers travel with
/// keyframes, hence `Clone`.
pub trait Observer<P: Protocol>: Clone {
    /// Called after each step, with the world as the step left it.
    fn observe(&mut self, record: &Record<P>, world: &World<P>);
}

/// Watches nothing.
impl<P: Protocol> Observer<P> for () {
    #[inline]
    fn observe(&mut self, _record: &Record<P>, _world: &World<P>) {}
}

/// Both watch.
impl<P: Protocol, A: Observer<P>, B: Observer<P>> Observer<P> for (A, B) {
    #[inline]
    fn observe(&mut self, record: &Record<P>, world: &World<P>) {
        self.0.observe(record, world);
        self.1.observe(record, world);
    }
}
