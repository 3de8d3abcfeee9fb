//! A client: one operation at a time, retried within a session until it is answered.

use std::collections::VecDeque;

use sim::{Actor, Disk, Fx, NodeId, RequestId};

use super::{KvOp, KvRet, Msg, Note, Op, Origin, Raft, Ret, Timer, Why, draw};

/// Most operations that wait at a client.
const QUEUE_MAX: usize = 64;

/// A client asks again after this many heartbeats without an answer.
const RETRY_HEARTBEATS: u64 = 3;

/// The keys of operations that nobody asked for.
const KEYS: [&str; 3] = ["x", "y", "z"];

/// An operation, and the request it came from; none for those of the client's own accord.
type Job = (Option<RequestId>, KvOp);

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its session: a number nobody else has, drawn at each boot.
    pub session: u64,
    /// How many operations it has started.
    pub number: u64,
    /// The operation under way.
    pub current: Option<Job>,
    /// Those that wait.
    pub queue: VecDeque<Job>,
    /// Whom it believes to lead.
    pub leader: NodeId,
    /// The last answer, for people.
    pub answer: Option<(KvOp, KvRet)>,
}

impl Actor<Raft> for Client {
    fn boot(_: &Disk<Raft>, fx: &mut Fx<'_, Raft>) -> Self {
        let session = fx.draw(draw::SESSION, 1, u64::from(u32::MAX));
        let leader = draw_server(fx);
        set_workload_timer(fx);
        Self { session, number: 0, current: None, queue: VecDeque::new(), leader, answer: None }
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Raft>) {
        match msg {
            Msg::ClientReply { origin, ret } if origin == self.origin(fx) => {
                if let Some((request, op)) = self.current.take() {
                    self.leader = from;
                    fx.cancel_timer(Timer::Retry);
                    fx.note(Note::Answered { origin, ret: ret.clone() });
                    if let Some(id) = request {
                        fx.reply(id, Ret::Kv(ret.clone()));
                    }
                    self.answer = Some((op, ret));
                    self.start_next(fx);
                }
            }
            // With a better idea of who leads, ask there at once; without one, wait a little.
            Msg::NotLeader { origin, hint: Some(hint) }
                if origin == self.origin(fx)
                    && self.current.is_some()
                    && hint != self.leader
                    && from == self.leader =>
            {
                self.leader = hint;
                self.ask_again(fx);
            }
            // Answers to what is over, and what only servers handle.
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Raft>) {
        match timer {
            Timer::Retry => {
                // Whoever was asked is down, cut off, or knows no leader: try the next one.
                self.leader = next_server(self.leader, fx);
                self.ask_again(fx);
            }
            Timer::Workload => {
                set_workload_timer(fx);
                if self.current.is_none() {
                    let op = draw_op(self.number, fx);
                    self.queue.push_back((None, op));
                    self.start_next(fx);
                }
            }
            Timer::Election | Timer::Heartbeat | Timer::Patience => {}
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Raft>) {
        match op {
            Op::Kv(op) if self.queue.len() < QUEUE_MAX => {
                self.queue.push_back((Some(id), op));
                self.start_next(fx);
            }
            Op::Kv(_) => fx.reply(id, Ret::Refused(Why::Busy)),
            Op::TimeOut | Op::Transfer(_) | Op::AddServer(_) | Op::RemoveServer(_) => {
                fx.reply(id, Ret::Refused(Why::NotAServer));
            }
        }
    }
}

impl Client {
    fn origin(&self, fx: &Fx<'_, Raft>) -> Origin {
        Origin::Session { client: fx.me(), session: self.session, number: self.number }
    }

    fn start_next(&mut self, fx: &mut Fx<'_, Raft>) {
        if self.current.is_some() {
            return;
        }
        if let Some((request, op)) = self.queue.pop_front() {
            self.number += 1;
            fx.note(Note::Invoked { origin: self.origin(fx), op: op.clone() });
            self.current = Some((request, op));
            self.ask(fx);
        }
    }

    fn ask_again(&mut self, fx: &mut Fx<'_, Raft>) {
        if self.current.is_some() {
            fx.note(Note::Retried { origin: self.origin(fx), server: self.leader });
            self.ask(fx);
        }
    }

    fn ask(&mut self, fx: &mut Fx<'_, Raft>) {
        if let Some((_, op)) = &self.current {
            fx.send(self.leader, Msg::ClientRequest { origin: self.origin(fx), op: op.clone() });
            fx.set_timer(Timer::Retry, fx.config().heartbeat_us * RETRY_HEARTBEATS);
        }
    }
}

fn set_workload_timer(fx: &mut Fx<'_, Raft>) {
    let every_us = fx.config().workload_us;
    if every_us > 0 {
        let after_us = fx.draw(draw::WORKLOAD, every_us / 2, every_us + every_us / 2);
        fx.set_timer(Timer::Workload, after_us);
    }
}

/// A write more often than a read, and now and then an addition, which shows when it is done twice.
fn draw_op(number: u64, fx: &mut Fx<'_, Raft>) -> KvOp {
    let key = KEYS[fx.draw(draw::WORKLOAD, 0, KEYS.len() as u64 - 1) as usize].to_owned();
    // Values differ between clients and operations, so that a read tells which write it saw.
    let value = (number * 10 + u64::from(fx.me().0)) as i64;
    match fx.draw(draw::WORKLOAD, 0, 9) {
        0..=4 => KvOp::Put { key, value },
        5..=8 => KvOp::Get { key },
        _ => KvOp::Add { key, by: 1 },
    }
}

fn draw_server(fx: &mut Fx<'_, Raft>) -> NodeId {
    let servers = u64::from(fx.config().servers);
    NodeId(fx.draw(draw::SERVER, 0, servers - 1) as u32)
}

/// The server after this one; clients are passed over.
fn next_server(node: NodeId, fx: &Fx<'_, Raft>) -> NodeId {
    let mut next = node;
    loop {
        next = NodeId((next.0 + 1) % fx.nodes());
        if !fx.config().is_client(next) {
            return next;
        }
    }
}
