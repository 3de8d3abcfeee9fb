//! A client: one operation at a time, asked of a replica of the key, and of the next one when that is silent.

use sim::{Actor, Disk, Fx, NodeId, RequestId};

use super::{
    Config, HashRing, KeyOp, Msg, Note, Op, Origin, Ret, Rings, Stored, Timer, Version, View, Why, draw, pass_on,
};
use algorithms::client::{self, Job, Workload};

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its operations.
    pub requests: client::Client<KeyOp>,
    /// What the write under way stores, once its version is known.
    pub write: Option<Stored>,
    /// The membership that it knows.
    pub view: View,
    /// Its tables.
    pub rings: Rings,
    /// The last answer, for people.
    pub answer: Option<(KeyOp, Option<i64>)>,
}

impl Actor<HashRing> for Client {
    fn boot(_: &Disk<HashRing>, fx: &mut Fx<'_, HashRing>) -> Self {
        let view = View::first(fx.config());
        workload(fx.config()).arm(Timer::Workload, draw::WORKLOAD, fx);
        Self {
            requests: client::Client::new(fx.me(), client::session(draw::SESSION, fx)),
            write: None,
            rings: Rings::new(fx.config(), &view),
            view,
            answer: None,
        }
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, HashRing>) {
        match msg {
            Msg::Membership(view) => {
                if view.epoch > self.view.epoch {
                    self.rings = Rings::new(fx.config(), &view);
                    self.view = view;
                }
                // Whoever it came from, it is the administrator who wants to know.
                fx.send(fx.config().admin(), Msg::MembershipKnown { epoch: self.view.epoch });
            }
            Msg::ReadReply { origin, stored } if self.requests.waits_for(origin) => {
                match self.requests.current.as_ref().map(|job| &job.op) {
                    Some(KeyOp::Put { value, .. }) if self.write.is_none() => {
                        let counter = stored.map_or(0, |stored| stored.version.counter) + 1;
                        self.write = Some(Stored { version: Version { counter, origin }, value: *value });
                        // Whoever answered is a replica that runs.
                        self.ask(from, fx);
                    }
                    Some(KeyOp::Put { .. }) | None => {}
                    Some(KeyOp::Get { .. }) => self.finish(origin, stored, fx),
                }
            }
            Msg::WriteReply { origin } if self.write.is_some() => self.finish(origin, self.write, fx),
            Msg::NotMine { origin } if origin == self.requests.origin() => fx.send(from, Msg::WhichMembership),
            // Answers to what is over, and what only servers handle.
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, HashRing>) {
        match timer {
            Timer::Retry => self.ask_again(fx),
            Timer::Workload => {
                let workload = workload(fx.config());
                workload.arm(Timer::Workload, draw::WORKLOAD, fx);
                if workload.asks(&self.requests) {
                    let op = draw_op(self.requests.number(), fx);
                    if self.requests.submit(None, op) {
                        self.start_next(fx);
                    }
                }
            }
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, HashRing>) {
        match op {
            Op::Key(op) => {
                if self.requests.submit(Some(id), op) {
                    self.start_next(fx);
                } else {
                    fx.reply(id, Ret::Refused(Why::Busy));
                }
            }
            Op::Change(change) => pass_on(id, change, fx),
        }
    }
}

impl Client {
    fn start_next(&mut self, fx: &mut Fx<'_, HashRing>) {
        let Some(origin) = self.requests.start() else { return };
        let Some(Job { op, .. }) = &self.requests.current else { return };
        fx.note(Note::Invoked { origin, op: op.clone() });
        match self.rings.now().replicas(op.key(), 1).first() {
            Some(&owner) => self.ask(owner, fx),
            None => self.ask_again(fx),
        }
    }

    /// Asks the replica whose turn it is.
    fn ask_again(&mut self, fx: &mut Fx<'_, HashRing>) {
        let Some(job) = self.requests.retry() else { return };
        match job.turn(&self.rings.replicas(job.op.key()).all()) {
            Some(server) => {
                fx.note(Note::Retried { server });
                self.ask(server, fx);
            }
            None => {
                fx.note(Note::NobodyToAsk { key: job.op.key().to_owned() });
                fx.set_timer(Timer::Retry, fx.config().retry_us * 4);
            }
        }
    }

    fn ask(&self, server: NodeId, fx: &mut Fx<'_, HashRing>) {
        if let Some(job) = &self.requests.current {
            let (origin, key) = (self.requests.origin(), job.op.key().to_owned());
            let msg = match self.write {
                Some(stored) => Msg::Write { origin, key, stored },
                None => Msg::Read { origin, key },
            };
            fx.send(server, msg);
            // The server itself asks again in between.
            fx.set_timer(Timer::Retry, fx.config().retry_us * 2);
        }
    }

    fn finish(&mut self, origin: Origin, stored: Option<Stored>, fx: &mut Fx<'_, HashRing>) {
        let Some(Job { request, op, .. }) = self.requests.finish(origin) else { return };
        self.write = None;
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

const fn workload(config: &Config) -> Workload {
    Workload::Closed { every_us: config.workload_us }
}

fn draw_op(number: u64, fx: &mut Fx<'_, HashRing>) -> KeyOp {
    let key = Config::key(fx.draw(draw::WORKLOAD, 1, u64::from(fx.config().keys.max(1))) as u32);
    // Values differ between clients and operations, so that a read tells which write it saw.
    let value = number as i64 * 10 + i64::from(fx.me().0);
    if fx.draw(draw::WORKLOAD, 0, 1) == 0 { KeyOp::Put { key, value } } else { KeyOp::Get { key } }
}

#[cfg(test)]
mod tests {
    use sim::testing::{Bench, Effects};

    use super::super::oracles::some_config;
    use super::super::{Op, Scheme};
    use super::*;

    const CLIENT: NodeId = NodeId(4);

    /// A client of four servers on the bench, and the replicas of key x in the order in which it asks them.
    fn client() -> (Bench<HashRing>, Vec<NodeId>) {
        let config = Config { scheme: Scheme::Rendezvous, ..some_config() };
        let (bench, _) = Bench::<HashRing>::boot(CLIENT, 6, config);
        let replicas = bench.node().client().unwrap().rings.replicas("x").all();
        assert_eq!(replicas.len(), 3);
        (bench, replicas)
    }

    fn put(value: i64) -> Op {
        Op::Key(KeyOp::Put { key: "x".into(), value })
    }

    /// The only message that was sent.
    fn asked(effects: &Effects<HashRing>) -> (NodeId, Msg) {
        let [sent] = &effects.sent()[..] else { panic!("{effects:?}") };
        (sent.to, sent.msg.clone())
    }

    fn read_origin(msg: &Msg) -> Origin {
        let Msg::Read { origin, .. } = msg else { panic!("{msg:?}") };
        *origin
    }

    #[test]
    fn a_write_beats_the_version_that_it_has_read_and_keeps_its_own_through_retries() {
        let (mut bench, replicas) = client();
        let (id, effects) = bench.request(put(7));
        let (first, read) = asked(&effects);
        let origin = read_origin(&read);
        assert_eq!(first, replicas[0]);
        let older = Stored { version: Version { counter: 3, origin: Origin { number: 9, ..origin } }, value: 1 };
        let (server, write) = asked(&bench.message(first, Msg::ReadReply { origin, stored: Some(older) }));
        let Msg::Write { stored, .. } = &write else { panic!("{write:?}") };
        assert_eq!((server, stored.version, stored.value), (first, Version { counter: 4, origin }, 7));
        let effects = bench.fire(Timer::Retry);
        assert_eq!(asked(&effects), (replicas[1], write), "the same write, asked of the next replica");
        let effects = bench.message(replicas[1], Msg::WriteReply { origin });
        assert_eq!(effects.replies(), [(id, &Ret::Written)]);
        assert!(bench.message(first, Msg::WriteReply { origin }).0.is_empty(), "the other copy's answer is nothing");
    }

    #[test]
    fn replicas_are_asked_in_turn_until_one_answers() {
        let (mut bench, replicas) = client();
        bench.request(Op::Key(KeyOp::Get { key: "x".into() }));
        let turns: Vec<NodeId> = (0..3).map(|_| asked(&bench.fire(Timer::Retry)).0).collect();
        assert_eq!(turns, [replicas[1], replicas[2], replicas[0]]);
    }

    #[test]
    fn an_answer_to_the_operation_before_is_not_taken_for_one_to_this() {
        let (mut bench, _) = client();
        let (_, effects) = bench.request(Op::Key(KeyOp::Get { key: "x".into() }));
        let (server, read) = asked(&effects);
        bench.message(server, Msg::ReadReply { origin: read_origin(&read), stored: None });
        let (_, effects) = bench.request(Op::Key(KeyOp::Get { key: "x".into() }));
        let second = read_origin(&asked(&effects).1);
        assert!(bench.message(server, Msg::ReadReply { origin: read_origin(&read), stored: None }).0.is_empty());
        assert_eq!(bench.message(server, Msg::ReadReply { origin: second, stored: None }).replies().len(), 1);
    }

    #[test]
    fn a_client_that_reboots_is_another_session() {
        let (mut bench, _) = client();
        let session = bench.node().client().unwrap().requests.session();
        bench.reboot(sim::testing::Unsynced::Lost);
        assert_ne!(bench.node().client().unwrap().requests.session(), session);
    }
}
