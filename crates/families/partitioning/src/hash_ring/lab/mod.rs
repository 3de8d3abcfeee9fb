//! A replicated map on a hash ring, as a lab: servers join, leave and change weight while clients read and write.

pub mod ring;
mod words;

use crate::hash_ring::{
    Bugs, Change, Config, HashRing, HashRingOracle, KEY_BYTES_MAX, KeyOp, Live, Msg, Op, Scheme, Server, Timer,
    VNODES_MAX, WEIGHT_MAX,
};
use algorithms::hashing::HashKind;
use check::plan::PlannedOps;
use check::{FaultKind, FaultModel};
use serde_json::{Map, Value, json};
use sim::random::Stream;
use sim::{ClusterConfig, Command, LinkProfile, NodeId, Record, World};
use view::lens::{LensKind, Ring};
use view::{Condition, MessageShape, Picture, Stage, layout};

use runs::Entry;
use runs::error::InputError;
use runs::kit::{DISK_SYNC, LATENCY, bug};
use runs::lab::{Asked, Lab, LabInfo, Names, OpInfo, RingAsk, Setup, Showcase, VariantInfo, VariantKind};
use runs::params::{DISTANCE, ParamInfo, Setting, Settings, number};
use runs::plain::Telling;

const NODES: ParamInfo = number("nodes", "Servers", 5, (1, 100), "");
const CLIENTS: ParamInfo = number("clients", "Clients", 2, (1, 3), "");
const REPLICAS: ParamInfo = number("replicas", "Replicas of a key", 3, (1, 5), "");
const WRITE_QUORUM: ParamInfo = number("write-quorum", "Replicas that acknowledge a write", 2, (1, 5), "");
const READ_QUORUM: ParamInfo = number("read-quorum", "Replicas that answer a read", 2, (1, 5), "");
const VNODES: ParamInfo = number("vnodes", "Virtual nodes per weight", 8, (1, VNODES_MAX as u64), "");
const HASH: ParamInfo = number("hash", "Hash (0 SHA-1, 1 CRC-32, 2 FNV-1a, 3 Murmur3)", 0, (0, 3), "");
const RENDEZVOUS: ParamInfo = number("rendezvous", "Rendezvous instead of a ring (1 is on)", 0, (0, 1), "");
const KEYS: ParamInfo = number("keys", "Keys that clients use", 24, (1, 10_000), "");
const WRITE_EVERY: ParamInfo =
    number("write-every-ms", "Each client acts about every (0: never)", 200, (0, 60_000), "ms");
const RETRY: ParamInfo = number("retry-ms", "Asks again after", 100, (10, 10_000), "ms");

const PUT: OpInfo =
    OpInfo { id: "put", title: "Write", summary: "Sets a key.", form: "{\"put\": [\"k1\", 1]}", of: Asked::Anybody };
const GET: OpInfo =
    OpInfo { id: "get", title: "Read", summary: "Reads a key.", form: "{\"get\": \"k1\"}", of: Asked::Anybody };
const ADD_SERVER: OpInfo = OpInfo {
    id: "add-server",
    title: "Add a server",
    summary: "A machine joins the ring.",
    form: "{\"add-server\": \"n6\"}",
    of: Asked::Servers,
};
const REMOVE_SERVER: OpInfo = OpInfo {
    id: "remove-server",
    title: "Remove a server",
    summary: "A server leaves the ring.",
    form: "{\"remove-server\": \"n2\"}",
    of: Asked::Servers,
};
const WEIGHT: OpInfo = OpInfo {
    id: "weight",
    title: "Change a weight",
    summary: "A server has more or fewer virtual nodes.",
    form: "{\"weight\": [\"n2\", 3]}",
    of: Asked::Servers,
};
const TOKEN: OpInfo = OpInfo {
    id: "token",
    title: "Move a virtual node",
    summary: "One virtual node of a server goes elsewhere: which, and where to.",
    form: "{\"token\": [\"n2\", 0, 2147483648]}",
    of: Asked::Servers,
};
const VIRTUAL_NODES: OpInfo = OpInfo {
    id: "virtual-nodes",
    title: "Virtual nodes",
    summary: "Every server has this many for each share of its weight.",
    form: "{\"virtual-nodes\": 16}",
    of: Asked::Servers,
};

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<HashRingLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "hash-ring",
    title: "A hash ring",
    family: "Partitioning",
    summary: "Keys belong to the next server clockwise; when one joins or leaves, only its neighbours' keys move.",
    invitation: ("Drag a server.", "Its arc and the keys in it follow your hand. Everything else stays where it is."),
    variants: &[
        VariantInfo {
            id: "correct",
            title: "as published",
            summary: "Nothing is deleted before its new servers have confirmed it.",
            kind: VariantKind::Correct,
            overrides: &[],
        },
        bug(
            "unsorted-ring",
            "unsorted ring",
            "Virtual nodes are walked in no particular order, and behind the last there is nobody.",
            &[],
        ),
        bug(
            "modulo-called-consistent",
            "modulo, called consistent",
            "The ring is the hash modulo the number of servers: one more, and nearly all keys move.",
            &[],
        ),
        bug(
            "drops-before-confirmed",
            "deletes before it is confirmed",
            "A server deletes what it hands over as soon as it is sent; a lost message is a lost key.",
            &[("replicas", Setting::number(1))],
        ),
        bug(
            "new-ring-at-once",
            "a new ring at once",
            "Nobody waits for the keys: the new ring holds as soon as it is known, and old servers delete.",
            &[],
        ),
        VariantInfo {
            id: "no-virtual-nodes",
            title: "no virtual nodes",
            summary: "One point each: shares are unfair, and a server that leaves burdens one neighbour.",
            kind: VariantKind::Cost,
            overrides: &[("vnodes", Setting::number(1))],
        },
    ],
    params: &[
        NODES,
        CLIENTS,
        REPLICAS,
        WRITE_QUORUM,
        READ_QUORUM,
        VNODES,
        HASH,
        RENDEZVOUS,
        KEYS,
        WRITE_EVERY,
        RETRY,
        LATENCY,
        DISK_SYNC,
        DISTANCE,
    ],
    ops: &[PUT, GET, ADD_SERVER, REMOVE_SERVER, WEIGHT, TOKEN, VIRTUAL_NODES],
    metrics: &["operations-answered", "operations", "changes", "keys-moved", "hints"],
    speed: 0.05,
    roles: None,
    picture: Picture::Ring,
    showcase: Showcase {
        commands: r#"[{"at_us": 600000, "do": "request", "node": "a1", "op": {"remove-server": "n2"}}, {"at_us": 1200000, "do": "request", "node": "a1", "op": {"add-server": "n2"}}]"#,
        from_us: 400_000,
        until_us: 1_800_000,
        still_us: 640_000,
        speed: 0.15,
    },
    lenses: &[
        LensKind::Ring,
        LensKind::Placements,
        LensKind::Checks,
        LensKind::Inspector,
        LensKind::SpaceTime,
        LensKind::Comparison,
        LensKind::Wire,
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Ring, LensKind::Placements, LensKind::Checks],
};

/// The mistakes of a variant.
fn bugs(variant: &str) -> Bugs {
    Bugs {
        unsorted_ring: variant == "unsorted-ring",
        modulo: variant == "modulo-called-consistent",
        drops_before_confirmed: variant == "drops-before-confirmed",
        new_ring_at_once: variant == "new-ring-at-once",
    }
}

/// How long before the first operation the lab opens, in µs.
const OPENING_LEAD_US: u64 = 20_000;

/// How long sweeps make faults, in µs, and how long they wait after that.
const CHAOS_US: u64 = 4_000_000;
const CALM_US: u64 = 6_000_000;

/// Somebody asks the administrator, who is the last node, for some change.
const CHANGES: PlannedOps<Op> = PlannedOps {
    interval_us: 250_000,
    until_us: CHAOS_US,
    swarm: false,
    next: |stream, nodes| {
        let server = NodeId(draw(stream, nodes));
        let change = match stream.range(0, 9) {
            0..=3 => Change::Remove(server),
            4..=6 => Change::Add(server),
            7 => Change::Weight(server, 1 + draw(stream, 4)),
            8 => Change::Token(server, draw(stream, 8), stream.bits() as u32),
            _ => Change::Vnodes(1 + draw(stream, 16)),
        };
        Some(Command::Request { node: NodeId(nodes.saturating_sub(1)), op: Op::Change(change) })
    },
};

fn draw(stream: &mut Stream, below: u32) -> u32 {
    stream.range(0, u64::from(below.max(1)) - 1) as u32
}

/// The lab of the hash ring.
pub struct HashRingLab;

impl Lab for HashRingLab {
    type Protocol = HashRing;
    type Oracle = HashRingOracle;

    fn setup(info: &'static LabInfo, variant: &'static VariantInfo, settings: &Settings) -> Setup<Self> {
        let get = |param: &ParamInfo| settings.get(variant, param);
        let small = |param: &ParamInfo| get(param).low as u32;
        let in_us = |param: &ParamInfo| {
            let Setting { low, high } = get(param);
            (low * 1_000, high * 1_000)
        };
        let (servers, clients) = (small(&NODES), small(&CLIENTS));
        let replicas = small(&REPLICAS).min(servers);
        let config = Config {
            servers,
            clients,
            replicas,
            write_quorum: small(&WRITE_QUORUM).min(replicas),
            read_quorum: small(&READ_QUORUM).min(replicas),
            scheme: if small(&RENDEZVOUS) == 1 { Scheme::Rendezvous } else { Scheme::Ring },
            hash: HashKind::ALL[small(&HASH) as usize % HashKind::ALL.len()],
            vnodes: small(&VNODES),
            keys: small(&KEYS),
            workload_us: in_us(&WRITE_EVERY).0,
            retry_us: in_us(&RETRY).0,
            live: info
                .params
                .iter()
                .filter(|param| param.key != DISTANCE.key)
                .map(|param| (param.key == LATENCY.key).then_some(Live::LatencyMs))
                .collect(),
            bugs: bugs(variant.id),
        };
        Setup {
            oracle: HashRingOracle::new(&config),
            config,
            cluster: ClusterConfig {
                nodes: servers + clients + 1,
                link: LinkProfile { latency_us: in_us(&LATENCY), ..LinkProfile::default() },
                disk_sync_us: in_us(&DISK_SYNC),
                positions: Vec::new(),
            },
            names: Names::servers_and_clients(servers, clients).and("a1"),
            layout: places(servers as usize, clients as usize),
            fault_model: FaultModel {
                kinds: FaultKind::ALL.to_vec(),
                servers,
                chaos_us: CHAOS_US,
                horizon_us: CHAOS_US + CALM_US,
                interval_us: 80_000,
                ..FaultModel::default()
            },
            planned_ops: vec![CHANGES],
        }
    }

    fn read_op(value: &Value, names: &Names, known: &[OpInfo]) -> Result<Op, InputError> {
        read_op(value, names, known)
    }

    fn write_op(op: &Op, names: &Names) -> Value {
        match op {
            Op::Key(KeyOp::Put { key, value }) => json!({"put": [key, value]}),
            Op::Key(KeyOp::Get { key }) => json!({"get": key}),
            Op::Change(Change::Add(node)) => json!({"add-server": names.of(*node)}),
            Op::Change(Change::Remove(node)) => json!({"remove-server": names.of(*node)}),
            Op::Change(Change::Weight(node, weight)) => json!({"weight": [names.of(*node), weight]}),
            Op::Change(Change::Token(node, index, token)) => json!({"token": [names.of(*node), index, token]}),
            Op::Change(Change::Vnodes(vnodes)) => json!({"virtual-nodes": vnodes}),
        }
    }

    fn dress(world: &World<HashRing>, _: &Names, stage: &mut Stage) {
        let config = world.config();
        let crowd = view::lens::ring::crowd(world.node_ids().filter(|&id| config.is_server(id)).count());
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.small = !config.is_server(id);
            if config.is_server(id) {
                node.crowd = crowd;
                node.hue = Some((config.number(id) + view::shapes::HUES - 1) % view::shapes::HUES);
            }
            match world.node(id) {
                None => node.remark = Some("crashed · disk kept".into()),
                Some(HashRing::Server(server)) => dress_server(server, node),
                Some(HashRing::Client(client)) => {
                    node.role = "client".into();
                    node.label = client.current.as_ref().map_or_else(String::new, |job| words::key_op(&job.op));
                }
                Some(HashRing::Admin(admin)) => {
                    node.role = "administrator".into();
                    node.label = if admin.view.next.is_some() { "keys move".into() } else { String::new() };
                }
            }
            if node.condition == Condition::Paused {
                node.remark = Some("paused".into());
            }
        }
        // Keys on the move have the hue of whoever hands them over.
        for message in stage.messages.iter_mut().filter(|message| message.kind == "batch") {
            message.hue = stage.nodes[message.from].hue;
        }
        let small: Vec<bool> = stage.nodes.iter().map(|node| node.small).collect();
        for link in &mut stage.links {
            link.quiet = small[link.a] || small[link.b];
        }
        // Clients do not talk to each other.
        let client: Vec<bool> = world.node_ids().map(|id| config.is_client(id)).collect();
        stage.links.retain(|link| !(client[link.a] && client[link.b]));
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        let shape = match msg {
            Msg::Read { .. } | Msg::Fetch { .. } | Msg::WhichMembership | Msg::ChangeRequest(_) => {
                MessageShape::Triangle
            }
            Msg::ReadReply { .. } | Msg::WriteReply { .. } | Msg::HandedOver { .. } => MessageShape::Diamond,
            Msg::NotMine { .. } => MessageShape::Square,
            Msg::Write { .. } | Msg::Store { .. } | Msg::Hint { .. } | Msg::Batch { .. } | Msg::Membership(_) => {
                MessageShape::Circle
            }
            Msg::Fetched { .. }
            | Msg::Acked { .. }
            | Msg::HintAcked { .. }
            | Msg::BatchAcked { .. }
            | Msg::MembershipKnown { .. } => MessageShape::Ring,
        };
        (shape, None)
    }

    fn carries(msg: &Msg) -> Option<u32> {
        match msg {
            Msg::Batch { keys, .. } => Some(keys.len() as u32),
            _ => None,
        }
    }

    /// For a server: `epoch`, `weight` (0 for one that is no member), `map` (what it stores), `hints` (kept for
    /// silent replicas), `ring`: its `tokens`, the share of the circle that it owns in parts per million
    /// (`share_ppm`; 0 where there is no ring), how many `keys` it holds, how many of them it owns as the first
    /// replica (`owned`), how many it has still to hand over (`moving`). For a client: `session`, `number`, `epoch`,
    /// `current`, `waiting`, `answer`. For the administrator: `epoch`, `moving` (whether keys are), `members` with
    /// their weights, `done` (who has handed over), `waiting` (changes).
    fn detail(node: &HashRing, names: &Names) -> Value {
        match node {
            HashRing::Server(server) => server_detail(server, names),
            HashRing::Client(client) => json!({
                "session": client.session,
                "number": client.number,
                "epoch": client.view.epoch,
                "current": client.current.as_ref().map(|job| words::key_op(&job.op)),
                "waiting": client.queue.len(),
                "answer": client.answer.as_ref().map(|(op, value)| words::answer(op, *value)),
            }),
            HashRing::Admin(admin) => {
                let members = admin.view.next.as_ref().unwrap_or(&admin.view.now).weights.iter();
                let members = members.map(|(&node, &weight)| (names.of(node).to_owned(), Value::from(weight)));
                json!({
                    "epoch": admin.view.epoch,
                    "moving": admin.view.next.is_some(),
                    "members": members.collect::<Map<_, _>>(),
                    "done": admin.done.iter().map(|&node| names.of(node)).collect::<Vec<_>>(),
                    "waiting": admin.queue.len(),
                })
            }
        }
    }

    fn tell(record: &Record<HashRing>, names: &Names) -> Telling {
        Telling::new(words::tell(record, names))
    }

    fn metrics(oracle: &HashRingOracle) -> Vec<u64> {
        let (asked, answered) = oracle.operations();
        vec![answered, asked, oracle.changes(), oracle.keys_moved(), oracle.hints()]
    }

    fn ring(world: &World<HashRing>, oracle: &HashRingOracle, names: &Names, ask: RingAsk<'_>) -> Option<Ring> {
        Some(ring::ring(world, oracle, names, ask))
    }

    fn opening_us(world: &World<HashRing>) -> u64 {
        let running =
            world.node_ids().flat_map(|id| world.timers(id)).filter(|running| running.timer == Timer::Workload);
        running.map(|running| running.due_us).min().unwrap_or(0).saturating_sub(OPENING_LEAD_US)
    }
}

/// Servers on a circle, clients in the corners, the administrator at the right: the upper left belongs to the
/// invitation.
fn places(servers: usize, clients: usize) -> Vec<layout::Point> {
    let corners = layout::corners(4);
    let crowded = view::lens::ring::crowd(servers).is_some();
    let mut places = if crowded { view::lens::ring::crowd_places(servers) } else { layout::circle(servers) };
    places.extend(&corners[..clients.min(3)]);
    // A crowd reaches further out.
    places.push(layout::Point { y: corners[3].y + if crowded { 70 } else { 100 }, ..corners[3] });
    places
}

fn dress_server(server: &Server, node: &mut view::Node) {
    node.role = "server".into();
    let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    node.label = count(server.kept.keys.len(), "key");
    let moving = server.keys_moving();
    if moving > 0 {
        node.badge = Some(format!("{moving} to move"));
    }
    node.remark = if !server.view.everybody().contains(&server.me) {
        Some("not on the ring".into())
    } else if !server.kept.hints.is_empty() {
        Some(count(server.kept.hints.len(), "hint"))
    } else {
        None
    };
}

fn server_detail(server: &Server, names: &Names) -> Value {
    let now = server.rings.now();
    let place = now.nodes().iter().position(|&node| node == server.me);
    let (tokens, share_ppm) = match (now.ring(), place) {
        (Some(ring), Some(place)) => {
            let own = ring.points().iter().filter(|point| point.node as usize == place);
            let arc = ring.arcs(now.nodes().len())[place];
            (own.map(|point| point.token).collect(), (arc * 1_000_000) >> 32)
        }
        _ => (Vec::new(), 0),
    };
    let map: Map<String, Value> =
        server.kept.keys.iter().map(|(key, stored)| (key.clone(), Value::from(stored.value))).collect();
    let hints: Vec<Value> =
        server.kept.hints.keys().map(|(node, key)| json!({"for": names.of(*node), "key": key})).collect();
    json!({
        "epoch": server.view.epoch,
        "weight": server.view.now.weights.get(&server.me).copied().unwrap_or(0),
        "map": map,
        "hints": hints,
        "ring": {
            "tokens": tokens,
            "share_ppm": share_ppm,
            "keys": server.kept.keys.len(),
            "owned": server.keys_owned(),
            "moving": server.keys_moving(),
        },
    })
}

/// Numbers stay exact on their way through JavaScript.
const VALUE_MAX: i64 = 1 << 53;

/// Reads an operation: an object with one field.
fn read_op(value: &Value, names: &Names, known: &[OpInfo]) -> Result<Op, InputError> {
    let (info, argument) = OpInfo::read(value, known)?;
    let wrong = || info.unlike(argument);
    let items = argument.as_array().map_or(&[][..], Vec::as_slice);
    let server = |value: &Value| {
        let name = value.as_str().ok_or_else(wrong)?;
        names.find(name).map_err(|error| error.within(info.id))
    };
    let number = |value: &Value, min: u64, max: u64, what: &str| match value.as_u64() {
        Some(number) if (min..=max).contains(&number) => Ok(number as u32),
        _ => Err(InputError::new(info.id, format!("{what} is a whole number from {min} to {max}, not {value}"))),
    };
    let key = |value: &Value| match value.as_str() {
        Some(key) if !key.is_empty() && key.len() <= KEY_BYTES_MAX => Ok(key.to_owned()),
        _ => Err(InputError::new(info.id, format!("takes a key of 1 to {KEY_BYTES_MAX} bytes, not {value}"))),
    };
    Ok(match (info.id, items) {
        ("put", [name, value]) => {
            let value = value.as_i64().filter(|value| value.abs() < VALUE_MAX).ok_or_else(wrong)?;
            Op::Key(KeyOp::Put { key: key(name)?, value })
        }
        ("get", []) => Op::Key(KeyOp::Get { key: key(argument)? }),
        ("add-server", []) => Op::Change(Change::Add(server(argument)?)),
        ("remove-server", []) => Op::Change(Change::Remove(server(argument)?)),
        ("weight", [node, weight]) => {
            Op::Change(Change::Weight(server(node)?, number(weight, 1, u64::from(WEIGHT_MAX), "a weight")?))
        }
        ("token", [node, index, token]) => Op::Change(Change::Token(
            server(node)?,
            number(index, 0, u64::from(WEIGHT_MAX * VNODES_MAX) - 1, "a virtual node")?,
            number(token, 0, u64::from(u32::MAX), "a token")?,
        )),
        ("virtual-nodes", []) => {
            Op::Change(Change::Vnodes(number(argument, 1, u64::from(VNODES_MAX), "the number of virtual nodes")?))
        }
        _ => return Err(wrong()),
    })
}
