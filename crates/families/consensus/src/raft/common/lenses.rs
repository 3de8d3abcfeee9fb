//! What the lenses show of Raft.

use crate::raft::{Cell, Entry, KvOp, KvRet, Msg, Payload, Raft, RaftOracle, Server, Timer};
use check::linearizability::Witness;
use check::operations::{End, OpId, Operation};
use sim::{Event, NodeId, Record, World};
use view::Condition;
use view::lens::history::{self, History};
use view::lens::log::{self, Log, LogWindow};

use runs::names::Names;
use runs::plain::{OTHER, Topic};

use super::{hue, role_name};

// ----- the replicated log

/// The servers' logs. A server that is down shows what its disk has.
pub fn log(world: &World<Raft>, names: &Names, window: LogWindow) -> Log {
    let servers = || world.node_ids().filter(|&id| !world.config().is_client(id));
    let sources: Vec<(NodeId, Source<'_>)> = servers().map(|id| (id, Source::of(world, id))).collect();
    let end = sources.iter().map(|(_, source)| source.last()).max().unwrap_or(0);
    let mut log = Log::at(window, end);
    let leader = newest_leader(world);
    log.rows = sources
        .iter()
        .map(|(id, source)| {
            let server = world.node(*id).and_then(Raft::server);
            let (commit, applied) = server.map_or((0, 0), |server| (server.commit, server.applied));
            let cells = (log.first..=log.last).filter_map(|index| source.entry(index)).map(|entry| log::Cell {
                index: entry.index,
                term: entry.term,
                hue: hue(entry.term),
                text: short(&entry.payload, names),
                what: full(&entry.payload, names),
                committed: entry.index <= commit,
                applied: entry.index <= applied,
                durable: on_disk(world, *id, entry),
            });
            log::Row {
                node: names.of(*id).to_owned(),
                role: server.map_or("crashed", |server| role_name(&server.role)).to_owned(),
                condition: match server {
                    None => Condition::Crashed,
                    Some(_) if world.is_paused(*id) => Condition::Paused,
                    Some(_) => Condition::Up,
                },
                leads: server.is_some_and(Server::leads),
                hue: server.and_then(|server| hue(server.term)),
                snapshot: source.snapshot,
                commit,
                progress: leader
                    .and_then(|leader| leader.leader()?.progress.get(id))
                    .map(|progress| log::Progress { next: progress.next, matched: progress.matched }),
                cells: cells.collect(),
            }
        })
        .collect();
    log
}

/// The leader of the newest term; an old one may still believe that it leads.
fn newest_leader(world: &World<Raft>) -> Option<&Server> {
    let servers = world.node_ids().filter_map(|id| world.node(id)?.server());
    servers.filter(|server| server.leads()).max_by_key(|server| server.term)
}

/// Where a server's log is read from.
struct Source<'a> {
    snapshot: u64,
    entries: &'a [Entry],
}

impl<'a> Source<'a> {
    fn of(world: &'a World<Raft>, node: NodeId) -> Self {
        if let Some(server) = world.node(node).and_then(Raft::server) {
            return Self { snapshot: server.log.snapshot().index, entries: server.log.entries() };
        }
        let disk = world.disk(node);
        let snapshot = disk.cells().iter().find_map(|cell| match cell {
            Cell::Snapshot(snapshot) => Some(snapshot.index),
            Cell::HardState { .. } => None,
        });
        Self { snapshot: snapshot.unwrap_or(0), entries: disk.entries() }
    }

    fn last(&self) -> u64 {
        self.entries.last().map_or(self.snapshot, |entry| entry.index.max(self.snapshot))
    }

    /// An entry that no snapshot has replaced. Entries have no gaps.
    fn entry(&self, index: u64) -> Option<&'a Entry> {
        let first = self.entries.first()?.index;
        let position = usize::try_from(index.checked_sub(first)?).ok()?;
        (index > self.snapshot).then(|| self.entries.get(position)).flatten()
    }
}

fn on_disk(world: &World<Raft>, node: NodeId, entry: &Entry) -> bool {
    let disk = Source { snapshot: 0, entries: world.disk(node).entries() };
    disk.entry(entry.index).is_some_and(|stored| stored.term == entry.term)
}

fn short(payload: &Payload, names: &Names) -> String {
    match payload {
        Payload::Noop => "·".to_owned(),
        Payload::Command { op, .. } => op.to_string(),
        Payload::Members(members) => format!("{}n", members.iter().filter(|node| node.index() < names.len()).count()),
    }
}

fn full(payload: &Payload, names: &Names) -> String {
    match payload {
        Payload::Noop => "empty, the first of its term".to_owned(),
        Payload::Command { op, .. } => words(op),
        Payload::Members(members) => {
            format!("members {}", members.iter().map(|&node| names.of(node)).collect::<Vec<_>>().join(" "))
        }
    }
}

/// An operation in words: `put x=1`.
fn words(op: &KvOp) -> String {
    match op {
        KvOp::Put { key, value } => format!("put {key}={value}"),
        KvOp::Get { key } => format!("get {key}"),
        KvOp::Add { key, by } => format!("add {by} to {key}"),
    }
}

// ----- clients' operations

/// Most operations that are shown.
const OPERATIONS_MAX: usize = 200;

/// Most operations of an order that are told.
const ORDER_MAX: usize = 12;

/// The newest operations.
pub fn history(world: &World<Raft>, oracle: &RaftOracle, names: &Names) -> History {
    let asked = oracle.history();
    let witness = oracle.witness();
    let skipped = (asked.len() as usize).saturating_sub(OPERATIONS_MAX) as u32;
    let newest = || (skipped..asked.len()).filter_map(|number| Some((number, asked.get(number)?)));
    let mut nodes: Vec<NodeId> = world.node_ids().filter(|&id| world.config().is_client(id)).collect();
    for (_, operation) in newest() {
        if !nodes.contains(&operation.id.node) {
            nodes.push(operation.id.node);
        }
    }
    let find = |id: OpId| asked.iter().rev().find(|operation| operation.id == id);
    let violation = witness.map(|witness| history::Violation {
        step: witness.at.step,
        reason: witness.reason.clone(),
        order: {
            let skipped = witness.order.len().saturating_sub(ORDER_MAX);
            witness.order[skipped..].iter().filter_map(|&id| find(id)).map(told).collect()
        },
    });
    History {
        now_us: world.time_us(),
        lanes: nodes.iter().map(|&node| names.of(node).to_owned()).collect(),
        operations: newest()
            .map(|(number, operation)| history::Operation {
                number,
                lane: nodes.iter().position(|&node| node == operation.id.node).unwrap_or(0),
                what: words(&operation.op),
                text: operation.op.to_string(),
                asked_us: operation.asked.time_us,
                asked_step: operation.asked.step,
                end: match &operation.end {
                    End::Open => history::End::Open,
                    End::Answered { at, ret, .. } => {
                        history::End::Answered { at_us: at.time_us, step: at.step, answer: answer(ret) }
                    }
                    End::GivenUp { at, .. } => history::End::GivenUp { at_us: at.time_us, step: at.step },
                },
                part: witness.and_then(|witness| part(witness, operation.id)),
                place: witness
                    .and_then(|witness| witness.order.iter().position(|&id| id == operation.id))
                    .map(|position| position as u32 + 1),
            })
            .collect(),
        total: asked.len(),
        violation,
    }
}

fn part(witness: &Witness, id: OpId) -> Option<history::Part> {
    if witness.answer == id {
        Some(history::Part::Wrong)
    } else if witness.blamed == Some(id) {
        Some(history::Part::AtOdds)
    } else {
        witness.stuck.contains(&id).then_some(history::Part::Stuck)
    }
}

fn answer(ret: &KvRet) -> String {
    match ret {
        KvRet::Done => String::new(),
        KvRet::Value(_) => ret.to_string(),
    }
}

/// An operation with its answer, if it has one that says something.
fn told(operation: &Operation<KvOp, KvRet>) -> String {
    match operation.answer() {
        Some((_, ret @ KvRet::Value(_))) => format!("{} → {ret}", words(&operation.op)),
        _ => words(&operation.op),
    }
}

// ----- routine

/// What a routine event is counted as.
pub fn topic(record: &Record<Raft>) -> Topic {
    match &record.event {
        Event::Timer { timer: Timer::Heartbeat, .. } => ("round of heartbeats", "rounds of heartbeats"),
        Event::Timer { timer: Timer::Workload, .. } => ("idle client", "idle clients"),
        Event::Deliver { msg, .. } => match msg {
            Msg::AppendEntries { .. } | Msg::InstallSnapshot { .. } => ("heartbeat", "heartbeats"),
            Msg::AppendEntriesReply { .. } => ("acknowledgement", "acknowledgements"),
            Msg::ClientRequest { .. } => ("request", "requests"),
            Msg::ClientReply { .. } | Msg::NotLeader { .. } => ("late answer", "late answers"),
            Msg::PreVote { .. } | Msg::RequestVote { .. } | Msg::TimeoutNow { .. } => ("question", "questions"),
            Msg::PreVoteReply { .. } | Msg::RequestVoteReply { .. } => ("vote", "votes"),
        },
        Event::Boot(_) => ("boot", "boots"),
        Event::Timer { .. } | Event::Vanish { .. } | Event::Synced(_) | Event::Command(_) => OTHER,
    }
}
