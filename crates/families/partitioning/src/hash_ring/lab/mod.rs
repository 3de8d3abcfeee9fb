//! A replicated map on a hash ring, as a lab: servers join, leave and change weight while clients read and write.

mod panes;
pub mod ring;
mod words;

use std::any::Any;

use crate::hash_ring::{
    Bugs, Change, Config, HashRing, HashRingOracle, KEY_BYTES_MAX, Msg, Op, Server, Timer, VNODES_MAX, WEIGHT_MAX,
};
use runs::prelude::*;

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<HashRingLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "hash-ring",
    title: "A hash ring",
    aliases: &["consistent-hashing", "dynamo-ring", "rendezvous-hashing"],
    family: "Partitioning",
    summary: "Keys belong to the next server clockwise; when one joins or leaves, only its neighbours' keys move.",
    invitation: ("Drag a server.", "Its arc and the keys in it follow your hand. Everything else stays where it is."),
    variants: &[
        correct("Nothing is deleted before its new servers have confirmed it."),
        bug(Bugs::UNSORTED_RING),
        bug(Bugs::MODULO),
        bug(Bugs::DROPS_BEFORE_CONFIRMED).with(&[("replicas", Setting::number(1))]),
        bug(Bugs::NEW_RING_AT_ONCE),
        cost(Flag {
            name: "no-virtual-nodes",
            title: "no virtual nodes",
            summary: "One point each: shares are unfair, and a server that leaves burdens one neighbour.",
        })
        .with(&[("vnodes", Setting::number(1))]),
    ],
    params: &[
        servers(5, (1, 100)),
        params::number("clients", "Clients", 2, (1, 3), ""),
        params::number("replicas", "Replicas of a key", 3, (1, 5), ""),
        params::number("write-quorum", "Replicas that acknowledge a write", 2, (1, 5), ""),
        params::number("read-quorum", "Replicas that answer a read", 2, (1, 5), ""),
        params::number("vnodes", "Virtual nodes per weight", 8, (1, VNODES_MAX as u64), ""),
        choice(
            "hash",
            "Hash",
            &[("sha-1", "SHA-1"), ("crc-32", "CRC-32"), ("fnv-1a", "FNV-1a"), ("murmur3", "Murmur3")],
        ),
        switch("rendezvous", "Rendezvous instead of a ring", false),
        params::number("keys", "Keys that clients use", 24, (1, 10_000), ""),
        params::number("write-every-ms", "Each client acts about every (0: never)", 200, (0, 60_000), "ms"),
        params::number("retry-ms", "Asks again after", 100, (10, 10_000), "ms"),
        LATENCY,
        DISK_SYNC,
        DISTANCE,
    ],
    ops: &[
        op("put", "Write", "Sets a key.")
            .with(&[key("k1", KEY_BYTES_MAX), ops::number("Value", 1, (-NUMBER_MAX, NUMBER_MAX))])
            .of_anybody(),
        op("get", "Read", "Reads a key.").with(&[key("k1", KEY_BYTES_MAX)]).of_anybody(),
        op("add-server", "Add a server", "A machine joins the ring.").with(&[node("Server", "n6")]),
        op("remove-server", "Remove a server", "A server leaves the ring.").with(&[node("Server", "n2")]),
        op("weight", "Change a weight", "A server has more or fewer virtual nodes.")
            .with(&[node("Server", "n2"), ops::number("Weight", 3, (1, WEIGHT_MAX as i64))]),
        op("token", "Move a virtual node", "One virtual node of a server goes elsewhere: which, and where to.").with(
            &[
                node("Server", "n2"),
                ops::number("Virtual node", 0, (0, VNODES_MAX as i64 * WEIGHT_MAX as i64 - 1)),
                ops::number("Position", 2_147_483_648, (0, u32::MAX as i64)),
            ],
        ),
        op("virtual-nodes", "Virtual nodes", "Every server has this many for each share of its weight.")
            .with(&[ops::number("Virtual nodes", 16, (1, VNODES_MAX as i64))]),
    ],
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
        LensKind::Pane(&panes::SHARES),
        LensKind::Pane(&panes::PLACEMENTS),
        LensKind::Checks,
        LensKind::Inspector,
        LensKind::SpaceTime,
        LensKind::Comparison,
        LensKind::Wire,
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Pane(&panes::SHARES), LensKind::Pane(&panes::PLACEMENTS), LensKind::Checks],
    ..LabInfo::BASE
};

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

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        let mut config = Config { bugs: chosen.bugs(), ..chosen.config() };
        config.replicas = config.replicas.min(config.servers);
        config.write_quorum = config.write_quorum.min(config.replicas);
        config.read_quorum = config.read_quorum.min(config.replicas);
        let Config { servers, clients, .. } = config;
        let names = check::Names::servers_and_clients(servers, clients).and("a1");
        let oracle = HashRingOracle::new(&config, names.clone());
        Setup {
            fault_model: FaultModel {
                servers,
                interval_us: 80_000,
                ..FaultModel::of(&FaultKind::ALL, CHAOS_US, CALM_US)
            },
            planned_ops: vec![CHANGES],
            ..Setup::new(names, config, oracle, places(servers as usize, clients as usize))
        }
    }

    fn dress(world: &World<HashRing>, _: &Names, stage: &mut Stage) {
        let config = world.config();
        let crowd = view::lens::ring::crowd(world.node_ids().filter(|&id| config.is_server(id)).count());
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.small = !config.is_server(id);
            if config.is_server(id) {
                node.crowd = crowd;
                node.hue = Some(ring::hue(config, id));
            }
            match world.node(id) {
                None => {}
                Some(HashRing::Server(server)) => dress_server(server, node),
                Some(HashRing::Client(client)) => {
                    node.role = "client".into();
                    node.label =
                        client.requests.current.as_ref().map_or_else(String::new, |job| words::key_op(&job.op));
                }
                Some(HashRing::Admin(admin)) => {
                    node.role = "administrator".into();
                    node.label = if admin.view.next.is_some() { "keys move".into() } else { String::new() };
                }
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
                "session": client.requests.session(),
                "number": client.requests.number(),
                "epoch": client.view.epoch,
                "current": client.requests.current.as_ref().map(|job| words::key_op(&job.op)),
                "waiting": client.requests.waiting(),
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

    fn answer(question: &dyn Any, look: Look<'_, Self>) -> Option<Box<dyn Any>> {
        let ask = question.downcast_ref()?;
        Some(Box::new(ring::ring(look.world, look.oracle, look.names, ask)))
    }

    fn pane(id: &str, look: Look<'_, Self>, ask: &PaneAsk) -> Pane {
        if id == panes::SHARES.id { panes::shares(look, ask) } else { panes::placements(look, ask) }
    }

    fn opening_us(world: &World<HashRing>) -> u64 {
        before_first(world, OPENING_LEAD_US, |_, timer| timer == Timer::Workload)
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
