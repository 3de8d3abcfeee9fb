//! A client of any service: one operation at a time, asked again until it is answered, within a session.
//!
//! These are plain types that a protocol's client role is made of. They send nothing and set no timers of their own
//! accord: the protocol knows its messages, whom to ask, and how long to wait. What they see to is what is easily got
//! wrong: that a late answer to an old operation is not taken for one to the new, that an operation has one name
//! through all attempts, that the line of those who wait has an end, that a request is answered once.
//!
//! ```
//! # extern crate netsplit_algorithms as algorithms;
//! use algorithms::client::Client;
//! use sim::NodeId;
//!
//! let mut client = Client::<&str>::new(NodeId(3), 77); // in `boot`, with `session(PURPOSE, fx)` for the number
//! client.submit(None, "put x");                        // in `on_request` and when it is the client's turn
//! let origin = client.start().unwrap();                // the next in line: say so in a note, send it, set the timer
//! client.retry();                                      // in `on_timer`: send it once more, perhaps to somebody else
//! assert_eq!(client.current.as_ref().unwrap().attempts, 2);
//! let job = client.finish(origin).unwrap();            // an answer to `origin` has come: note, reply, start the next
//! assert!(client.finish(origin).is_none());            // and the answer to the other attempt is nothing
//! # assert_eq!(job.op, "put x");
//! ```
//!
//! What a client asks of its own accord, and when, is its [`Workload`]. What it was told is the oracle's business: see
//! `check::clients`. A service that answers a repeated operation as before, without doing it again, keeps the newest
//! [`Origin`] of each session with its answer (Ongaro's dissertation, §6.3).

use std::collections::VecDeque;

use sim::{Fx, NodeId, Protocol, RequestId};

/// Most operations that wait at a client.
const QUEUE_MAX: usize = 64;

/// Names an operation of a client for ever, whatever becomes of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The client.
    pub client: NodeId,
    /// A number drawn at each boot, which nobody else has.
    pub session: u64,
    /// Counts the session's operations, from 1.
    pub number: u64,
}

/// An operation under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job<Op> {
    /// The request it came from; none for those of the client's own accord.
    pub request: Option<RequestId>,
    /// What it does.
    pub op: Op,
    /// How often it has been asked, the first time included.
    pub attempts: u32,
}

impl<Op> Job<Op> {
    /// Whom to ask now: each in turn, attempt by attempt. None if there is nobody.
    #[must_use]
    pub fn turn(&self, of: &[NodeId]) -> Option<NodeId> {
        let place = (self.attempts.wrapping_sub(1) as usize).checked_rem(of.len())?;
        Some(of[place])
    }
}

/// A client's session, the operation under way, and those that wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client<Op> {
    me: NodeId,
    session: u64,
    number: u64,
    /// The operation under way.
    pub current: Option<Job<Op>>,
    queue: VecDeque<(Option<RequestId>, Op)>,
}

impl<Op> Client<Op> {
    /// A client that has asked nothing in this session.
    #[must_use]
    pub const fn new(me: NodeId, session: u64) -> Self {
        Self { me, session, number: 0, current: None, queue: VecDeque::new() }
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> u64 {
        self.session
    }

    /// How many operations it has started.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How many operations wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The name of the operation that was started last.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        Origin { client: self.me, session: self.session, number: self.number }
    }

    /// Whether an answer to `origin` is one to the operation under way.
    #[must_use]
    pub fn waits_for(&self, origin: Origin) -> bool {
        self.current.is_some() && origin == self.origin()
    }

    /// Puts an operation in line; false when the line is too long.
    #[must_use]
    pub fn submit(&mut self, request: Option<RequestId>, op: Op) -> bool {
        let room = self.queue.len() < QUEUE_MAX;
        if room {
            self.queue.push_back((request, op));
        }
        room
    }

    /// Starts the next operation in line, if none is under way. Returns its name.
    pub fn start(&mut self) -> Option<Origin> {
        if self.current.is_some() {
            return None;
        }
        let (request, op) = self.queue.pop_front()?;
        self.number += 1;
        self.current = Some(Job { request, op, attempts: 1 });
        Some(self.origin())
    }

    /// Counts another attempt at the operation under way, and returns it.
    pub fn retry(&mut self) -> Option<&Job<Op>> {
        let job = self.current.as_mut()?;
        job.attempts = job.attempts.saturating_add(1);
        Some(job)
    }

    /// Ends the operation under way if that is `origin`.
    pub fn finish(&mut self, origin: Origin) -> Option<Job<Op>> {
        if self.waits_for(origin) { self.current.take() } else { None }
    }
}

/// Draws the number of a session, at a client's boot.
pub fn session<P: Protocol>(purpose: u32, fx: &mut Fx<'_, P>) -> u64 {
    fx.draw(purpose, 1, u64::from(u32::MAX))
}

/// When a client asks of its own accord. Intervals are drawn between one half and one and a half of what they are on
/// average; 0 stands for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Workload {
    /// One operation at a time: a turn that comes while one is under way is skipped, so a slow service is asked less.
    Closed {
        /// From turn to turn, in µs.
        every_us: u64,
    },
    /// At its own rate, whether or not answers come, so a slow service builds up a queue.
    Open {
        /// From turn to turn, in µs.
        every_us: u64,
    },
}

impl Workload {
    /// Sets the timer of the next turn: at boot, and whenever it has run out.
    pub fn arm<P: Protocol>(self, timer: P::Timer, purpose: u32, fx: &mut Fx<'_, P>) {
        let (Self::Closed { every_us } | Self::Open { every_us }) = self;
        if every_us > 0 {
            let after_us = fx.draw(purpose, every_us / 2, every_us + every_us / 2);
            fx.set_timer(timer, after_us);
        }
    }

    /// Whether it asks for something in this turn.
    #[must_use]
    pub const fn asks<Op>(self, client: &Client<Op>) -> bool {
        match self {
            Self::Closed { .. } => client.current.is_none(),
            Self::Open { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client<u32> {
        Client::new(NodeId(2), 9)
    }

    #[test]
    fn operations_are_done_one_by_one_in_order() {
        let mut client = client();
        assert!((0..3).all(|op| client.submit(None, op)));
        let mut done = Vec::new();
        while let Some(origin) = client.start() {
            assert_eq!(client.start(), None, "one at a time");
            done.push((origin.number, client.finish(origin).unwrap().op));
        }
        assert_eq!(done, [(1, 0), (2, 1), (3, 2)]);
    }

    #[test]
    fn an_answer_to_another_operation_ends_nothing() {
        let mut client = client();
        assert!(client.submit(None, 1) && client.submit(None, 2));
        let first = client.start().unwrap();
        assert!(client.finish(Origin { session: 8, ..first }).is_none());
        assert!(client.finish(Origin { client: NodeId(1), ..first }).is_none());
        client.finish(first).unwrap();
        assert!(!client.waits_for(first), "nothing is under way");
        let second = client.start().unwrap();
        assert!(client.finish(first).is_none() && client.finish(second).is_some());
    }

    #[test]
    fn the_line_has_an_end() {
        let mut client = client();
        assert_eq!((0..1_000).filter(|&op| client.submit(None, op)).count(), QUEUE_MAX);
        assert_eq!(client.waiting(), QUEUE_MAX);
    }

    #[test]
    fn each_is_asked_in_turn() {
        let mut client = client();
        assert!(client.submit(None, 1));
        client.start();
        let all = [NodeId(4), NodeId(7), NodeId(1)];
        let mut asked = vec![client.current.as_ref().unwrap().turn(&all)];
        asked.extend((0..3).map(|_| client.retry().unwrap().turn(&all)));
        assert_eq!(asked, [4, 7, 1, 4].map(|node| Some(NodeId(node))));
        assert_eq!(client.retry().unwrap().turn(&[]), None);
    }

    #[test]
    fn a_closed_workload_waits_for_answers_and_an_open_one_does_not() {
        let mut client = client();
        let (closed, open) = (Workload::Closed { every_us: 1 }, Workload::Open { every_us: 1 });
        assert!(closed.asks(&client) && open.asks(&client));
        assert!(client.submit(None, 1));
        client.start();
        assert!(!closed.asks(&client) && open.asks(&client));
    }
}
