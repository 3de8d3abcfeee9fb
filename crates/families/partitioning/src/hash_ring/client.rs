//! A client: one operation at a time, asked of a replica of the key, and of the next one when that is silent.

use std::collections::VecDeque;

use sim::{Fx, NodeId, RequestId};

use super::{Config, HashRing, KeyOp, Msg, Note, Origin, Ret, Rings, Stored, Timer, Version, View, Why, draw};

/// Most operations that wait at a client.
const QUEUE_MAX: usize = 64;

/// An operation under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// The request it came from; none for those of the client's own accord.
    request: Option<RequestId>,
    /// What it does.
    pub op: KeyOp,
    /// What a write stores, once its version is known.
    pub write: Option<Stored>,
    /// How often it has been asked.
    asked: u32,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its session: a number nobody else has, drawn at each boot.
    pub session: u32,
    /// How many operations it has started.
    pub number: u32,
    /// The operation under way.
    pub current: Option<Job>,
    /// Those that wait.
    pub queue: VecDeque<(Option<RequestId>, KeyOp)>,
    /// The membership that it knows.
    pub view: View,
    /// Its tables.
    pub rings: Rings,
    /// The last answer, for people.
    pub answer: Option<(KeyOp, Option<i64>)>,
}

impl Client {
    pub(super) fn boot(fx: &mut Fx<'_, HashRing>) -> Self {
        let view = View::first(fx.config());
        set_workload_timer(fx);
        Self {
            session: fx.draw(draw::SESSION, 1, u64::from(u32::MAX)) as u32,
            number: 0,
            current: None,
            queue: VecDeque::new(),
            rings: Rings::new(fx.config(), &view),
            view,
            answer: None,
        }
    }

    fn origin(&self, fx: &Fx<'_, HashRing>) -> Origin {
        Origin { client: fx.me(), session: self.session, number: self.number }
    }

    pub(super) fn on_request(&mut self, id: RequestId, op: KeyOp, fx: &mut Fx<'_, HashRing>) {
        if self.queue.len() < QUEUE_MAX {
            self.queue.push_back((Some(id), op));
            self.start_next(fx);
        } else {
            fx.reply(id, Ret::Refused(Why::Busy));
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, HashRing>) {
        match timer {
            Timer::Retry => self.ask_again(fx),
            Timer::Workload => {
                set_workload_timer(fx);
                if self.current.is_none() {
                    let op = draw_op(self.number, fx);
                    self.queue.push_back((None, op));
                    self.start_next(fx);
                }
            }
        }
    }

    pub(super) fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, HashRing>) {
        let origin = self.origin(fx);
        match msg {
            Msg::Membership(view) => {
                if view.epoch > self.view.epoch {
                    self.rings = Rings::new(fx.config(), &view);
                    self.view = view;
                }
                // Whoever it came from, it is the administrator who wants to know.
                fx.send(fx.config().admin(), Msg::MembershipKnown { epoch: self.view.epoch });
            }
            Msg::ReadReply { origin: answered, stored } if answered == origin => {
                let Some(job) = &mut self.current else { return };
                match &job.op {
                    KeyOp::Get { .. } => self.finish(stored, fx),
                    KeyOp::Put { value, .. } if job.write.is_none() => {
                        let counter = stored.map_or(0, |stored| stored.version.counter) + 1;
                        job.write = Some(Stored { version: Version { counter, origin }, value: *value });
                        // Whoever answered is a replica that runs.
                        self.ask(from, fx);
                    }
                    KeyOp::Put { .. } => {}
                }
            }
            Msg::WriteReply { origin: answered } if answered == origin => {
                if let Some(write) = self.current.as_ref().and_then(|job| job.write) {
                    self.finish(Some(write), fx);
                }
            }
            Msg::NotMine { origin: answered } if answered == origin => fx.send(from, Msg::WhichMembership),
            // Answers to what is over, and what only servers handle.
            _ => {}
        }
    }

    fn start_next(&mut self, fx: &mut Fx<'_, HashRing>) {
        if self.current.is_some() {
            return;
        }
        if let Some((request, op)) = self.queue.pop_front() {
            self.number += 1;
            fx.note(Note::Invoked { origin: self.origin(fx), op: op.clone() });
            let owner = self.rings.now().replicas(op.key(), 1).first().copied();
            self.current = Some(Job { request, op, write: None, asked: 0 });
            match owner {
                Some(owner) => self.ask(owner, fx),
                None => self.ask_again(fx),
            }
        }
    }

    /// Asks the replica whose turn it is.
    fn ask_again(&mut self, fx: &mut Fx<'_, HashRing>) {
        let Some(job) = &mut self.current else { return };
        job.asked = job.asked.wrapping_add(1);
        let replicas = self.rings.replicas(job.op.key()).all();
        match (job.asked as usize).checked_rem(replicas.len()) {
            Some(turn) => {
                fx.note(Note::Retried { server: replicas[turn] });
                self.ask(replicas[turn], fx);
            }
            None => {
                fx.note(Note::NobodyToAsk { key: job.op.key().to_owned() });
                fx.set_timer(Timer::Retry, fx.config().retry_us * 4);
            }
        }
    }

    fn ask(&self, server: NodeId, fx: &mut Fx<'_, HashRing>) {
        if let Some(job) = &self.current {
            let (origin, key) = (self.origin(fx), job.op.key().to_owned());
            let msg = match job.write {
                Some(stored) => Msg::Write { origin, key, stored },
                None => Msg::Read { origin, key },
            };
            fx.send(server, msg);
            // The server itself asks again in between.
            fx.set_timer(Timer::Retry, fx.config().retry_us * 2);
        }
    }

    fn finish(&mut self, stored: Option<Stored>, fx: &mut Fx<'_, HashRing>) {
        let origin = self.origin(fx);
        let Some(Job { request, op, .. }) = self.current.take() else { return };
        fx.cancel_timer(Timer::Retry);
        fx.note(Note::Answered { origin, op: op.clone(), stored });
        let value = stored.map(|stored| stored.value);
        if let Some(id) = request {
            let ret = if matches!(op, KeyOp::Put { .. }) { Ret::Written } else { Ret::Value(value) };
            fx.reply(id, ret);
        }
        self.answer = Some((op, value));
        self.start_next(fx);
    }
}

fn set_workload_timer(fx: &mut Fx<'_, HashRing>) {
    let every_us = fx.config().workload_us;
    if every_us > 0 {
        let after_us = fx.draw(draw::WORKLOAD, every_us / 2, every_us + every_us / 2);
        fx.set_timer(Timer::Workload, after_us);
    }
}

fn draw_op(number: u32, fx: &mut Fx<'_, HashRing>) -> KeyOp {
    let key = Config::key(fx.draw(draw::WORKLOAD, 1, u64::from(fx.config().keys.max(1))) as u32);
    // Values differ between clients and operations, so that a read tells which write it saw.
    let value = i64::from(number) * 10 + i64::from(fx.me().0);
    if fx.draw(draw::WORKLOAD, 0, 1) == 0 { KeyOp::Put { key, value } } else { KeyOp::Get { key } }
}
