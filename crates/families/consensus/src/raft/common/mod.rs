//! What the labs about Raft have in common: parameters, operations, looks.

pub mod panes;
pub mod words;

use runs::prelude::*;
use sim::Set;

use crate::raft::{
    Config, KEY_BYTES_MAX, KvOp, Msg, Note, Op, Payload, Raft, RaftOracle, Role, Server, Timer, majority,
};

// Only heartbeats and snapshots can change while a cluster runs: promises that are under way, a lease above all, rest on
// timeouts and on the ways of voting and reading.
pub const NODES: ParamInfo = servers(5, (3, 9));
pub const ELECTION_TIMEOUT: ParamInfo =
    range("election-timeout-ms", "Election timeout", (150, 300), (10, 10_000), "ms");
pub const HEARTBEAT: ParamInfo = live(params::number("heartbeat-ms", "Heartbeat interval", 50, (1, 10_000), "ms"));
pub const PRE_VOTE: ParamInfo = switch("pre-vote", "Pre-vote", false);
pub const CHECK_QUORUM: ParamInfo = switch("check-quorum", "Check-quorum", false);
pub const LEASE_READS: ParamInfo = switch("lease-reads", "Reads by lease instead of read index", false);
pub const CLIENTS: ParamInfo = params::number("clients", "Clients", 2, (0, 4), "");
/// Where a lab is not about snapshots and does not offer this, they are rare, and only keep the log of
/// a long run short.
pub const SNAPSHOT_EVERY: ParamInfo =
    live(params::number("snapshot-every", "Entries between snapshots (0: none)", 200, (0, 10_000), ""));
pub const WRITE_EVERY: ParamInfo =
    params::number("write-every-ms", "Each client acts about every (0: never)", 400, (0, 60_000), "ms");

/// The algorithm as published.
pub const CORRECT: VariantInfo = correct("Everything that must survive a crash is on disk before anybody hears of it.");

/// Who leads and who wants to.
pub const ROLES: Roles = Roles { holder: "leader", holds: "", seeks: "stands", number: "term", turning: "Election" };

/// The cluster of a Raft lab.
fn setup(chosen: Chosen<'_>) -> Setup<RaftLab> {
    let members_change = chosen.info.ops.iter().any(|op| op.id == ADD_SERVER.id);
    let config = Config {
        // The basic algorithm of the paper has no such guard; whoever removes servers needs it.
        vote_guard: members_change && chosen.variant.id != "no-vote-guard",
        bugs: chosen.bugs(),
        ..chosen.config_with(&[LEASE_READS, SNAPSHOT_EVERY])
    };
    let Config { servers, clients, .. } = config;
    let (names, oracle) = (check::Names::servers_and_clients(servers, clients), RaftOracle::new(&config));
    let layout = layout::circle(servers as usize).into_iter().chain(layout::corners(clients as usize)).collect();
    Setup {
        // Where members cannot be changed from outside there is nothing to plan but transfers.
        planned_ops: if members_change {
            vec![MEMBERSHIP_CHANGES, TRANSFERS, DIRECT_REQUESTS]
        } else {
            vec![TRANSFERS]
        },
        fault_model: fault_model(chosen.variant, &config),
        ..Setup::new(names, config, oracle, layout)
    }
}

/// What Raft claims to survive: everything but clocks that run wild and disks that forget what was
/// synced. Its safety needs no clock at all; its leases need one within their margin.
fn fault_model(variant: &VariantInfo, config: &Config) -> FaultModel {
    // A lease ends early enough for a clock that is off by a tenth of its margin and more; beyond that
    // it promises nothing, which is what the variant shows.
    let wild = variant.id == "lease-reads-with-drift";
    FaultModel {
        servers: config.servers,
        interval_us: 60_000,
        drift_ppm_max: if wild { 400_000 } else { 40_000 },
        ..FaultModel::of(&FaultKind::ALL, 4_000_000, 25 * config.election_timeout_us.1)
    }
}

/// How long sweeps go on asking, in µs; as long as faults act.
const ASK_UNTIL_US: u64 = 4_000_000;

/// Somebody asks some server to add or remove some server. Only a leader does it, and most of what
/// is asked is refused for a good reason.
const MEMBERSHIP_CHANGES: PlannedOps<Op> = PlannedOps {
    interval_us: 60_000,
    until_us: ASK_UNTIL_US,
    swarm: true,
    next: |stream, nodes| {
        let server = draw_node(stream, nodes);
        let op = if stream.happens(500_000) { Op::AddServer(server) } else { Op::RemoveServer(server) };
        Some(Command::Request { node: draw_node(stream, nodes), op })
    },
};

/// Somebody asks some server to hand over to some server.
const TRANSFERS: PlannedOps<Op> = PlannedOps {
    interval_us: 200_000,
    until_us: ASK_UNTIL_US,
    swarm: true,
    next: |stream, nodes| {
        let to = draw_node(stream, nodes);
        Some(Command::Request { node: draw_node(stream, nodes), op: Op::Transfer(to) })
    },
};

/// Somebody asks some server directly, without a session and without retrying.
const DIRECT_REQUESTS: PlannedOps<Op> = PlannedOps {
    interval_us: 100_000,
    until_us: ASK_UNTIL_US,
    swarm: true,
    next: |stream, nodes| {
        let key = String::from(if stream.happens(500_000) { "x" } else { "y" });
        // Values that no client writes, so that a read tells whose write it saw.
        let value = stream.range(1_000_000, 2_000_000) as i64;
        let op = if stream.happens(500_000) { KvOp::Put { key, value } } else { KvOp::Get { key } };
        Some(Command::Request { node: draw_node(stream, nodes), op: Op::Kv(op) })
    },
};

fn draw_node(stream: &mut Stream, nodes: u32) -> NodeId {
    NodeId(stream.range(0, u64::from(nodes) - 1) as u32)
}

const KEY: ArgInfo = key("x", KEY_BYTES_MAX);

pub const TIME_OUT: OpInfo = op(
    "time-out",
    "Time out now",
    "The server's election timer runs out at once. You ordered it, so servers that hear a leader vote as well, unless \
     leases rest on their not doing so.",
);
pub const TRANSFER: OpInfo =
    op("transfer", "Hand over", "The leader lets another server take its place.").with(&[node("To", "n2")]);
pub const PUT: OpInfo =
    op("put", "Write", "Sets a key.").with(&[KEY, ops::number("Value", 1, (-NUMBER_MAX, NUMBER_MAX))]).of_anybody();
pub const GET: OpInfo = op("get", "Read", "Reads a key.").with(&[KEY]).of_anybody();
pub const ADD: OpInfo =
    op("add", "Add", "Adds to a key.").with(&[KEY, ops::number("Value", 1, (-NUMBER_MAX, NUMBER_MAX))]).of_anybody();
pub const ADD_SERVER: OpInfo =
    op("add-server", "Add a server", "A machine becomes a member.").with(&[node("Server", "n6")]);
pub const REMOVE_SERVER: OpInfo =
    op("remove-server", "Remove a server", "A member stops being one.").with(&[node("Server", "n2")]);

/// Fills in what servers and clients look like.
fn dress(world: &World<Raft>, names: &Names, stage: &mut Stage) {
    let newest_led = world
        .node_ids()
        .filter_map(|id| world.node(id).and_then(Raft::server))
        .filter(|server| server.leads())
        .map(|server| server.term)
        .max();
    for (id, node) in world.node_ids().zip(&mut stage.nodes) {
        let Some(raft) = world.node(id) else { continue };
        match raft {
            Raft::Server(server) => dress_server(id, server, newest_led, names, node),
            Raft::Client(client) => {
                node.small = true;
                node.role = "client".into();
                node.label = client.current.as_ref().map_or_else(String::new, |(_, op)| op.to_string());
            }
        }
        let running = world.timers(id).find(|running| running.timer == Timer::Election);
        node.timer_us = running.filter(|_| !raft.leads()).map(|running| (running.set_us, running.due_us));
    }
    quiet_clients(stage);
}

fn dress_server(id: NodeId, server: &Server, newest_led: Option<u64>, names: &Names, node: &mut view::Node) {
    node.role = role_name(&server.role).into();
    node.label = format!("term {}", server.term);
    node.hue = hue(server.term);
    node.in_charge = server.leads();
    let needed = majority(server.members().len() as u32);
    match &server.role {
        Role::Leader(leader) => {
            node.remark = match leader.transfer {
                _ if newest_led > Some(server.term) => Some("still believes it leads".into()),
                Some(to) => Some(format!("hands over to {}", names.of(to))),
                None => None,
            };
        }
        Role::Candidate { votes } | Role::PreCandidate { votes } => {
            node.contends = true;
            let question = if matches!(server.role, Role::PreCandidate { .. }) { "?" } else { "" };
            node.badge = Some(format!("{} / {needed}{question}", votes.len()));
        }
        Role::Follower { leader: None } if !server.members().contains(&id) => node.remark = Some("not a member".into()),
        Role::Follower { leader: None } => {
            node.remark = server.voted_for.map(|candidate| format!("voted for {}", names.of(candidate)));
        }
        Role::Follower { leader: Some(_) } => {}
    }
}

/// The shape of a message and the hue of its term.
fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
    let shape = match msg {
        Msg::RequestVote { .. } | Msg::PreVote { .. } | Msg::TimeoutNow { .. } => MessageShape::Triangle,
        Msg::RequestVoteReply { granted: true, .. } | Msg::PreVoteReply { granted: true, .. } => MessageShape::Diamond,
        Msg::RequestVoteReply { .. } | Msg::PreVoteReply { .. } | Msg::NotLeader { .. } => MessageShape::Square,
        Msg::AppendEntries { .. } | Msg::InstallSnapshot { .. } | Msg::ClientRequest { .. } => MessageShape::Circle,
        Msg::AppendEntriesReply { .. } | Msg::ClientReply { .. } => MessageShape::Ring,
    };
    let term = match msg {
        Msg::PreVote { next_term, .. } => Some(*next_term),
        other => other.term(),
    };
    (shape, term.and_then(hue))
}

/// For a server: `term`, `voted_for`, `leader` (whom a follower hears), `votes` (a candidate's
/// voters), `commit`, `applied`, `members`, `snapshot` (its last index), `log` (the entries after
/// it: `index`, `term`, `what`), `map` (the state machine), `progress` (a leader's `next` and
/// `matched` for each member). For a client: `session`, `number`, `leader` (whom it asks),
/// `current` (the operation under way), `waiting` (how many wait), `answer`.
fn detail(raft: &Raft, names: &Names) -> Value {
    let name = |node: NodeId| names.of(node);
    match raft {
        Raft::Server(server) => server_detail(server, names),
        Raft::Client(client) => json!({
            "session": client.session,
            "number": client.number,
            "leader": name(client.leader),
            "current": client.current.as_ref().map(|(_, op)| op.to_string()),
            "waiting": client.queue.len(),
            "answer": client.answer.as_ref().map(|(op, ret)| format!("{op} → {ret}")),
        }),
    }
}

fn server_detail(server: &Server, names: &Names) -> Value {
    let name = |node: NodeId| names.of(node);
    let list = |nodes: &Set<NodeId>| nodes.iter().map(|&node| name(node)).collect::<Vec<_>>();
    let (leader, votes) = match &server.role {
        Role::Follower { leader } => (leader.map(name), None),
        Role::Candidate { votes } | Role::PreCandidate { votes } => (None, Some(list(votes))),
        Role::Leader(_) => (None, None),
    };
    let progress = server.leader().map(|leader| {
        let entries = leader.progress.iter();
        entries
            .map(|(&node, progress)| {
                (name(node).to_owned(), json!({"next": progress.next, "matched": progress.matched}))
            })
            .collect::<Map<_, _>>()
    });
    let what = |payload: &Payload| match payload {
        Payload::Noop => "·".to_owned(),
        Payload::Command { op, .. } => op.to_string(),
        Payload::Members(members) => list(members).join(" "),
    };
    let log = server
        .log
        .entries()
        .iter()
        .map(|entry| json!({"index": entry.index, "term": entry.term, "what": what(&entry.payload)}));
    let map = server.kv.values().iter().map(|(key, &value)| (key.clone(), Value::from(value)));
    json!({
        "term": server.term,
        "voted_for": server.voted_for.map(name),
        "leader": leader,
        "votes": votes,
        "commit": server.commit,
        "applied": server.applied,
        "members": list(server.members()),
        "snapshot": server.log.snapshot().index,
        "log": log.collect::<Vec<_>>(),
        "map": map.collect::<Map<_, _>>(),
        "progress": progress,
    })
}

/// `elections`, `leaders`, `entries-committed`, `operations-answered`, `operations`.
pub const METRICS: &[&str] = &["elections", "leaders", "entries-committed", "operations-answered", "operations"];

/// The numbers of [`METRICS`].
fn metrics(oracle: &RaftOracle) -> Vec<u64> {
    let (answered, asked) = oracle.operations();
    vec![oracle.elections_started(), oracle.leaders().count() as u64, oracle.entries_committed(), answered, asked]
}

/// The labs about Raft. They differ in what their files say.
pub struct RaftLab;

impl Lab for RaftLab {
    type Protocol = Raft;
    type Oracle = RaftOracle;

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        setup(chosen)
    }

    fn dress(world: &World<Raft>, names: &Names, stage: &mut Stage) {
        dress(world, names, stage);
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        message_look(msg)
    }

    fn detail(raft: &Raft, names: &Names) -> Value {
        detail(raft, names)
    }

    fn tell(record: &Record<Raft>, names: &Names) -> Telling {
        Telling::new(words::tell(record, names)).counted(words::topic(record))
    }

    fn role_change(note: &Note) -> Option<RoleChange> {
        match note {
            Note::BecameLeader { term, .. } => Some(RoleChange::Holds(*term)),
            Note::BecameCandidate { term } => Some(RoleChange::Seeks(*term)),
            Note::SteppedDown { .. } => Some(RoleChange::Ends),
            _ => None,
        }
    }

    fn metrics(oracle: &RaftOracle) -> Vec<u64> {
        metrics(oracle)
    }

    fn opening_us(world: &World<Raft>) -> u64 {
        before_first(world, OPENING_LEAD_US, |_, timer| timer == Timer::Election)
    }

    fn pane(id: &str, Look { world, oracle, names }: Look<'_, Self>, ask: &PaneAsk) -> Pane {
        match id {
            _ if id == panes::PROGRESS.id => panes::progress(world, names, ask),
            _ if id == panes::STATES.id => panes::states(world, oracle, names),
            _ if id == panes::LOG.id => panes::log(world, names, ask),
            _ if id == panes::HISTORY.id => panes::history(world, oracle, names, ask),
            _ => Pane::default(),
        }
    }
}

/// How long before the first election timeout the labs open, in µs: about a second at their own speed.
const OPENING_LEAD_US: u64 = 50_000;

const fn role_name(role: &Role) -> &'static str {
    match role {
        Role::Follower { .. } => "follower",
        Role::PreCandidate { .. } => "pre-candidate",
        Role::Candidate { .. } => "candidate",
        Role::Leader(_) => "leader",
    }
}
