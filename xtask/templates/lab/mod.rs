//! A system to begin with, which counts: replace it part by part. Say here what the system does, after which paper.
//!
//! Every node has a number. When its timer runs out it adds one, and tells the number to one of the others, drawn at random.
//! Whoever hears a larger number than its own takes it over.
//!
//! What it survives: crashes, because a number is on disk before anybody hears it; and pauses, cuts, loss, duplicates, any
//! delay, because a number that is not larger changes nothing.
//!
//! Left out: whatever makes it useful.

mod lab;
mod oracle;
#[cfg(test)]
mod tests;

use sim::{Disk, Flags, Fx, Named, NodeId, Operation, Params, Protocol, RequestId};

pub use lab::ENTRY;
pub use oracle::CounterOracle;

/// What the draws of a node are for.
const DRAW_PAUSE: u32 = 1;
const DRAW_PEER: u32 = 2;

/// What all nodes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub struct Config {
    /// About how often a node counts of its own accord, in µs; 0 for never.
    #[param("count-every-ms")]
    pub count_us: u64,
    /// The mistakes that are made.
    pub bugs: Bugs,
}

/// Mistakes. All off is as published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub struct Bugs {
    /// A node takes over whatever it hears, smaller or not.
    #[title("takes anything over")]
    pub takes_anything: bool,
}

/// What nodes send to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Msg {
    /// The sender's number.
    Number(u64),
}

/// The timer of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    /// Time to count.
    Count,
}

/// What can be asked of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Op {
    /// Add so many.
    Add(u64),
}

/// The answer to an [`Op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// The node's number now.
    Number(u64),
}

/// What a node keeps on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named)]
pub enum Cell {
    /// Its number.
    Number(u64),
}

/// What a node says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    /// It has booted with this number.
    Started(u64),
    /// It has counted, and has this number now.
    Counted(u64),
    /// It has taken over this number.
    CaughtUp(u64),
}

impl Note {
    /// The number that the node has now.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match *self {
            Self::Started(number) | Self::Counted(number) | Self::CaughtUp(number) => number,
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Counter {
    /// Its number.
    pub number: u64,
}

impl Counter {
    fn add(&mut self, count: u64, fx: &mut Fx<'_, Self>) {
        self.number = self.number.saturating_add(count);
        fx.save(Cell::Number(self.number));
        fx.note(Note::Counted(self.number));
    }

    fn wind_up(fx: &mut Fx<'_, Self>) {
        let count_us = fx.config().count_us;
        if count_us > 0 {
            let after_us = fx.draw(DRAW_PAUSE, count_us / 2, count_us + count_us / 2);
            fx.set_timer(Timer::Count, after_us);
        }
    }
}

impl Protocol for Counter {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = ();
    type Note = Note;

    fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        let number = match disk.cell("number") {
            Some(Cell::Number(number)) => *number,
            None => 0,
        };
        fx.note(Note::Started(number));
        Self::wind_up(fx);
        Self { number }
    }

    fn on_message(&mut self, _: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        let Msg::Number(number) = msg;
        if number > self.number || (fx.config().bugs.takes_anything && number != self.number) {
            self.number = number;
            fx.save(Cell::Number(number));
            fx.note(Note::CaughtUp(number));
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Self>) {
        match timer {
            Timer::Count => {
                self.add(1, fx);
                let peers: Vec<NodeId> = fx.peers().collect();
                if !peers.is_empty() {
                    let peer = peers[fx.draw(DRAW_PEER, 0, peers.len() as u64 - 1) as usize];
                    // What others have heard must not be forgotten in a crash.
                    fx.send_durable(peer, Msg::Number(self.number));
                }
                Self::wind_up(fx);
            }
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Self>) {
        let Op::Add(count) = op;
        self.add(count, fx);
        fx.reply_durable(id, Ret::Number(self.number));
    }
}
