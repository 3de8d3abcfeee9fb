//! The claims of the Raft paper and of Ongaro's dissertation, one test each.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)",
//! 2014; sections and figures are that paper's. Ongaro, "Consensus: Bridging Theory and Practice",
//! 2014, is cited as "diss. §".
//!
//! Most tests call elections by hand: timeouts are so long (10 s and more) that nothing happens by
//! itself, every message is 10 ms on its way, and every write takes 1 ms. So a server that is asked
//! to time out leads 23 ms later, and its first entry arrives 11 ms after that.

mod downtime;
mod elections;
mod leadership;
mod logs;
mod members;
mod reads;
mod snapshots;
mod storm;

use check::{FaultKind, FaultModel, Kind, Oracle, Property, Status};
use sim::{
    ClusterConfig, Command, Driver, Event, LinkProfile, NodeId, Observer, Outcome, Record, RequestId, Stamped, World,
};

use super::{Bugs, Config, Entry, KvOp, Msg, Note, Op, Payload, Raft, RaftOracle, Reads, Ret, Role, Server, Term};

const N1: NodeId = NodeId(0);
const N2: NodeId = NodeId(1);
const N3: NodeId = NodeId(2);
const N4: NodeId = NodeId(3);
const N5: NodeId = NodeId(4);
const N6: NodeId = NodeId(5);
const N7: NodeId = NodeId(6);

const MS: u64 = 1_000;

/// Looks at every step and keeps what the claims are about.
#[derive(Clone, Default)]
struct Log {
    records: Vec<Record<Raft>>,
    /// A server's term and role after each step at which one of them changed.
    states: Vec<(u64, NodeId, Term, &'static str)>,
    /// What left: time, sender, receiver, message.
    sent: Vec<(u64, NodeId, NodeId, Msg)>,
}

impl Observer<Raft> for Log {
    fn observe(&mut self, record: &Record<Raft>, world: &World<Raft>) {
        self.records.push(record.clone());
        self.sent.extend(record.sent(world).map(|(id, msg)| (record.time_us, id.from, id.to, msg.clone())));
        let Some(node) = record.event.node() else { return };
        let Some(server) = world.node(node).and_then(Raft::server) else { return };
        let last = self.states.iter().rev().find(|(_, other, ..)| *other == node);
        let now = (server.term, word(&server.role));
        if last.is_none_or(|(_, _, term, role)| (*term, *role) != now) {
            self.states.push((record.step, node, now.0, now.1));
        }
    }
}

fn word(role: &Role) -> &'static str {
    match role {
        Role::Follower { .. } => "follower",
        Role::PreCandidate { .. } => "pre-candidate",
        Role::Candidate { .. } => "candidate",
        Role::Leader(_) => "leader",
    }
}

/// A cluster to make a claim about.
#[derive(Clone)]
struct Cluster {
    seed: u64,
    config: Config,
    /// Machines beyond servers and clients: members of nothing.
    spare: u32,
    latency_us: (u64, u64),
    disk_sync_us: (u64, u64),
}

/// Servers that never time out by themselves.
fn by_hand(servers: u32) -> Cluster {
    let config =
        Config { servers, election_timeout_us: (10_000 * MS, 20_000 * MS), heartbeat_us: 50 * MS, ..Config::default() };
    Cluster { seed: 1, config, spare: 0, latency_us: (10 * MS, 10 * MS), disk_sync_us: (MS, MS) }
}

/// Servers with the lab's times.
fn alive(seed: u64) -> Cluster {
    let mut cluster = Cluster { seed, latency_us: (5 * MS, 15 * MS), ..by_hand(5) };
    cluster.config.election_timeout_us = (150 * MS, 300 * MS);
    cluster
}

impl Cluster {
    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    fn start(&self) -> Told {
        let link = LinkProfile { latency_us: self.latency_us, ..LinkProfile::default() };
        let Config { servers, clients, .. } = self.config;
        let oracle = RaftOracle::new(&self.config);
        let machines = ClusterConfig {
            nodes: servers + clients + self.spare,
            link,
            disk_sync_us: self.disk_sync_us,
            positions: Vec::new(),
        };
        let driver = Driver::new(self.seed, self.config.clone(), machines, (Log::default(), oracle));
        Told(driver)
    }
}

/// A run: what it came to, or how it goes on.
struct Told(Driver<Raft, (Log, RaftOracle)>);

/// Runs a cluster under commands; safety holds in every run, whatever the claim is.
fn check(cluster: &Cluster, commands: &[Stamped<Op>], until_us: u64) -> Told {
    let told = run(cluster, commands, until_us);
    told.is_safe();
    told
}

fn run(cluster: &Cluster, commands: &[Stamped<Op>], until_us: u64) -> Told {
    let mut told = cluster.start();
    told.0.run_until(commands, until_us);
    told
}

impl Told {
    // ----- going on

    /// Lets so many ms pass.
    fn wait(&mut self, ms: u64) {
        let until_us = self.0.world.time_us() + ms * MS;
        self.0.run_until(&[], until_us);
    }

    fn does(&mut self, command: &Command<Op>) {
        self.0.world.command(command, &mut self.0.observer);
    }

    /// Asks for an operation; the answer can be looked up with [`Told::answer`].
    fn asks(&mut self, node: NodeId, op: Op) -> RequestId {
        let at_us = self.0.world.time_us();
        let earlier = self.log().records.iter().filter(|record| {
            record.time_us == at_us
                && matches!(&record.event, Event::Command(Command::Request { node: other, .. }) if *other == node)
        });
        let id = RequestId { at_us, node, ordinal: earlier.count() as u32 };
        self.does(&Command::Request { node, op });
        id
    }

    fn puts(&mut self, node: NodeId, value: i64) -> RequestId {
        self.asks(node, Op::Kv(KvOp::Put { key: "x".into(), value }))
    }

    fn gets(&mut self, node: NodeId) -> RequestId {
        self.asks(node, Op::Kv(KvOp::Get { key: "x".into() }))
    }

    /// Times out a server and waits until it leads and its first entry is everywhere it can reach.
    fn elects(&mut self, node: NodeId) {
        self.asks(node, Op::TimeOut);
        self.wait(60);
        assert!(self.server(node).leads(), "{node:?} was to be elected and is {:?}", self.server(node).role);
    }

    /// Times out a server and lets it win, but nobody hears of its first entry.
    fn elects_unheard(&mut self, node: NodeId) {
        self.asks(node, Op::TimeOut);
        // The requests are there after 11 ms; the answers arrive after 23.
        self.wait(15);
        self.mutes(node);
        self.wait(15);
        assert!(self.server(node).leads(), "{node:?} was to be elected and is {:?}", self.server(node).role);
    }

    /// Cuts what goes out of a node.
    fn mutes(&mut self, from: NodeId) {
        for to in self.world().node_ids().filter(|to| *to != from).collect::<Vec<_>>() {
            self.does(&Command::Cut { from, to, both: false });
        }
    }

    fn cuts(&mut self, groups: &[&[NodeId]]) {
        self.does(&Command::Partition(groups.iter().map(|group| group.to_vec()).collect()));
    }

    fn heals(&mut self) {
        self.does(&Command::HealAll);
    }

    fn restarts(&mut self, node: NodeId) {
        self.does(&Command::Crash(node));
        self.does(&Command::Restart(node));
    }

    // ----- looking

    fn world(&self) -> &World<Raft> {
        &self.0.world
    }

    fn log(&self) -> &Log {
        &self.0.observer.0
    }

    fn oracle(&self) -> &RaftOracle {
        &self.0.observer.1
    }

    fn server(&self, node: NodeId) -> &Server {
        self.world().node(node).and_then(Raft::server).expect("the server runs")
    }

    fn leaders(&self) -> Vec<NodeId> {
        self.world().node_ids().filter(|&node| self.world().node(node).is_some_and(Raft::leads)).collect()
    }

    /// The terms of a server's entries, from index 1 on; a snapshot's are not known.
    fn terms(&self, node: NodeId) -> Vec<Term> {
        self.server(node).log.entries().iter().map(|entry| entry.term).collect()
    }

    fn x(&self, node: NodeId) -> Option<i64> {
        self.server(node).kv.values().get("x").copied()
    }

    fn answer(&self, id: RequestId) -> Option<&Ret> {
        self.log().records.iter().flat_map(|record| &record.outcomes).find_map(|outcome| match outcome {
            Outcome::Replied { id: other, ret } if *other == id => Some(ret),
            _ => None,
        })
    }

    /// What a server said about itself, and when.
    fn notes(&self, node: NodeId) -> Vec<(u64, Note)> {
        let records = self.log().records.iter().filter(|record| record.event.node() == Some(node));
        records.flat_map(|record| record.notes().map(|note| (record.time_us, note.clone()))).collect()
    }

    fn said(&self, node: NodeId, note: &Note) -> bool {
        self.notes(node).iter().any(|(_, said)| said == note)
    }

    fn status(&self, property: Property) -> Status {
        let verdicts = self.oracle().verdicts(self.world().time_us());
        verdicts.into_iter().find(|verdict| verdict.property == property).expect("the oracle knows it").status
    }

    /// What is violated.
    fn violated(&self) -> Vec<&'static str> {
        let verdicts = self.oracle().verdicts(self.world().time_us()).into_iter();
        verdicts.filter(|verdict| verdict.status == Status::Violated).map(|verdict| verdict.property.id).collect()
    }

    fn is_safe(&self) {
        for verdict in self.oracle().verdicts(self.world().time_us()) {
            if verdict.property.kind == Kind::Always {
                assert_eq!(verdict.status, Status::Holds, "{:?}", verdict.evidence);
            }
        }
    }
}

fn at(ms: u64, command: Command<Op>) -> Stamped<Op> {
    Stamped::at(ms * MS, command)
}

fn time_out(ms: u64, node: NodeId) -> Stamped<Op> {
    at(ms, Command::Request { node, op: Op::TimeOut })
}

/// Freezes everything that goes from one of these to one of those.
fn hold(ms: u64, from: &[NodeId], to: &[NodeId]) -> Vec<Stamped<Op>> {
    links(from, to).map(|(from, to)| at(ms, Command::Hold { from, to, both: false })).collect()
}

fn release(ms: u64, from: &[NodeId], to: &[NodeId]) -> Vec<Stamped<Op>> {
    links(from, to).map(|(from, to)| at(ms, Command::Release { from, to, both: false })).collect()
}

fn links(from: &[NodeId], to: &[NodeId]) -> impl Iterator<Item = (NodeId, NodeId)> {
    from.iter().flat_map(move |&a| to.iter().map(move |&b| (a, b)).filter(|(a, b)| a != b))
}

fn in_order(parts: &[&[Stamped<Op>]]) -> Vec<Stamped<Op>> {
    let commands = parts.concat();
    assert!(commands.is_sorted_by_key(|command| command.at_us), "the commands of a test are in order");
    commands
}

/// Random faults of every kind that Raft claims to survive.
fn faults(seed: u64) -> Vec<Stamped<Op>> {
    let kinds = [FaultKind::Crash, FaultKind::Cut, FaultKind::Partition, FaultKind::Pause, FaultKind::Loss];
    let model = FaultModel { interval_us: 80 * MS, ..FaultModel::of(&kinds, 4_000 * MS, 2_000 * MS) };
    model.plan(seed, 5)
}
