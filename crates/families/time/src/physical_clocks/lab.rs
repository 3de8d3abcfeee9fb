//! Setting clocks by messages, as a lab: a time server, clients whose clocks drift, and how wrong they really are.

use super::panes;
use super::words::{plain_ms, short_ms, signed_ms};
use crate::physical_clocks::{
    Added, Bare, Bugs, Claim, Config, Msg, Node, Note, Op, PhysicalOracle, Ret, SERVER, Scheme, Timer, reference_us,
    towards,
};
use runs::prelude::*;

const NODES: ParamInfo = params::number("nodes", "Machines, the server among them", 4, (2, 7), "");
const SCHEME: ParamInfo = live(
    choice(
        "scheme",
        "Scheme",
        &[("cristian", "Cristian"), ("berkeley", "Berkeley"), ("ntp", "NTP"), ("ptp-like", "PTP-like")],
    )
    .by_default(2),
);
const TOWARDS: ParamInfo = live(params::number("towards-ms", "More towards n1", 0, (0, 10_000), "ms"));

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<PhysicalClocksLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "physical-clocks",
    title: "Setting clocks",
    aliases: &["clock-synchronization", "ntp", "ptp"],
    family: "Time and order",
    summary: "Cristian, Berkeley, NTP and a PTP-like protocol set clocks that drift; no message shows which way was slow.",
    invitation: (
        "Make one way slow.",
        "Under Settings, give messages 50 ms more towards n1. After eight questions all measure that they are right, and are 25 ms off.",
    ),
    variants: &[
        correct(
            "Half of the delay is taken for the way back. Clocks far behind are set forward at once, and all others slewed; NTP as published sets clocks back as well.",
        ),
        bug(Bugs::IGNORES_DELAY),
        bug(Bugs::STEPS_BACKWARDS),
    ],
    params: &[
        NODES,
        SCHEME,
        params::number("skew-ms", "Clients’ clocks are off by up to", 60, (0, 10_000), "ms"),
        params::number("drift-ppm", "Clients’ clocks drift by up to", 100, (0, 10_000), "ppm"),
        live(params::number("poll-ms", "Asks every", 500, (10, 60_000), "ms")),
        LATENCY.by_default_range(8, 14),
        TOWARDS,
        live(params::number("wait-us", "Wait in their sender up to", 1_000, (0, 200_000), "µs")),
        live(params::number("slew-ppm", "Slewed by up to", 50_000, (100, 400_000), "ppm")),
        params::number("serve-us", "Time to make an answer", 1_000, (0, 100_000), "µs"),
        params::number("gamma-ms", "Berkeley: averaged clocks differ by up to", 250, (0, 10_000), "ms"),
        DISTANCE,
    ],
    ops: &[op("poll", "Ask for the time", "The node asks now, if in this scheme it is the one that asks.")],
    metrics: &["measurements", "unanswered", "corrections", "steps", "error-us", "largest-error-us"],
    speed: 0.2,
    roles: None,
    showcase: Showcase {
        commands: r#"[{"at_us": 1800000, "do": "set", "key": "towards-ms", "value": 50}]"#,
        from_us: 0,
        until_us: 6_000_000,
        still_us: 640_000,
        speed: 0.5,
    },
    lenses: &[
        LensKind::Checks,
        LensKind::Pane(&panes::CLOCK_ERROR),
        LensKind::SpaceTime,
        LensKind::Comparison,
        LensKind::Inspector,
        LensKind::Wire,
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Checks, LensKind::Pane(&panes::CLOCK_ERROR), LensKind::Story],
    picture: Picture::Network,
    ..LabInfo::BASE
};

/// How long before the first question the lab opens, in µs.
const OPENING_LEAD_US: u64 = 5_000;

/// How long sweeps make faults, in µs, and how long they wait after that.
const CHAOS_US: u64 = 6_000_000;
const CALM_US: u64 = 12_000_000;

/// Somebody asks out of turn.
const POLLS: PlannedOps<Op> = PlannedOps {
    interval_us: 400_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream, nodes| {
        let node = NodeId(stream.range(0, u64::from(nodes.max(1)) - 1) as u32);
        Some(Command::Request { node, op: Op::Poll })
    },
};

/// Clocks are set in other ways.
const SCHEMES: PlannedOps<Op> = PlannedOps {
    interval_us: 800_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream, _| {
        let scheme = stream.range(0, Scheme::ALL.len() as u64 - 1);
        Some(Command::Set { key: SCHEME.id(), value: (scheme, scheme) })
    },
};

/// Ways get uneven, and even again half of the time.
const WAYS: PlannedOps<Op> = PlannedOps {
    interval_us: 600_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream, _| {
        let more_ms = if stream.happens(500_000) { 0 } else { stream.range(1, 80) };
        Some(Command::Set { key: TOWARDS.id(), value: (more_ms, more_ms) })
    },
};

/// The lab of clocks that are set.
pub struct PhysicalClocksLab;

/// What a node's bare clock is like now.
fn bare(world: &World<Node>, node: NodeId) -> Bare {
    world.config().bare_at(node, world.clock(node), world.time_us())
}

/// How wrong a node's software clock is, in µs, and what it believes; nothing while it is down.
pub(super) fn stands(world: &World<Node>, id: NodeId) -> Option<(i64, Option<Claim>)> {
    let (node, bare) = (world.node(id)?, bare(world, id));
    let error_us = i128::from(node.shown_us(bare)) - i128::from(reference_us(world.time_us()));
    let claim = if id == SERVER { None } else { node.claim(bare, world.config().phi_ppm()) };
    Some((i64::try_from(error_us).unwrap_or(0), claim))
}

impl Lab for PhysicalClocksLab {
    type Protocol = Node;
    type Oracle = PhysicalOracle;

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        let nodes = chosen.count(&NODES);
        let config = Config { bugs: chosen.bugs(), ..chosen.config() };
        let names = check::Names::servers(nodes);
        let mut setup = Setup::new(names, config, PhysicalOracle::new(), layout::fan(nodes as usize));
        setup.cluster.link.towards = towards(chosen.us(&TOWARDS));
        setup.fault_model = FaultModel {
            interval_us: 200_000,
            drift_ppm_max: 800,
            offset_us_max: 150_000,
            spike_us_max: 300_000,
            ..FaultModel::of(&FaultKind::NO_DISKS, CHAOS_US, CALM_US)
        };
        setup.planned_ops = vec![POLLS, SCHEMES, WAYS];
        setup
    }

    fn dress(world: &World<Node>, names: &Names, stage: &mut Stage) {
        let scheme = world.config().scheme;
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.hue = Some(id.0 % shapes::HUES);
            let Some((error_us, claim)) = stands(world, id) else { continue };
            node.label = short_ms(error_us);
            node.role = match (id == SERVER, scheme) {
                (false, _) => "client".into(),
                (true, Scheme::Berkeley) => "coordinator".into(),
                (true, Scheme::Ptp) => "master".into(),
                (true, Scheme::Cristian | Scheme::Ntp) => "time server".into(),
            };
            node.remark = match (id == SERVER, claim, world.cluster().link.towards) {
                (true, _, Some((_, more_us))) => Some(format!("+{} ms towards {}", more_us / 1_000, names.of(id))),
                (true, _, None) => Some(node.role.clone()),
                (false, Some(claim), _) => Some(format!("believes {}", signed_ms(claim.error_us))),
                (false, None, _) => Some("has not measured".into()),
            };
        }
        // Clients do not talk to each other.
        let server = world.node_ids().position(|id| id == SERVER);
        for link in &mut stage.links {
            link.quiet = Some(link.a) != server && Some(link.b) != server;
        }
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        let server = Some(SERVER.0);
        match msg {
            Msg::Ask { .. } | Msg::DelayRequest { .. } => (MessageShape::Triangle, None),
            Msg::Answer { .. } | Msg::DelayResponse { .. } => (MessageShape::Diamond, server),
            Msg::Adjust { .. } => (MessageShape::Square, server),
            Msg::Sync { .. } => (MessageShape::Circle, server),
            Msg::FollowUp { .. } => (MessageShape::Ring, server),
        }
    }

    /// `added_us`: what it adds to its machine's clock in the end, and `left_us`: what of that is still to come;
    /// `delay_us`: of the measurement that counts; `unanswered`: how often nobody answered. The machine's own clock, and
    /// how wrong it all is, only the run knows.
    fn detail(node: &Node, _: &Names) -> Value {
        // What has been added so far depends on the moment; where it is heading does not.
        let Added { target_us, .. } = node.added(Bare { counter_us: u64::MAX, base_us: 0 });
        json!({
            "added_us": target_us,
            "delay_us": node.counting().map(|counting| counting.delay_us),
            "waits": node.waits(),
            "unanswered": node.unanswered(),
        })
    }

    fn tell(record: &Record<Node>, names: &Names) -> Telling {
        Telling::new(tell(record, names)).counted(topic(record))
    }

    fn metrics(oracle: &PhysicalOracle) -> Vec<u64> {
        oracle.counts().to_vec()
    }

    fn opening_us(world: &World<Node>) -> u64 {
        let polls = |id: NodeId| match world.config().scheme {
            Scheme::Cristian | Scheme::Ntp => id != SERVER,
            Scheme::Berkeley | Scheme::Ptp => id == SERVER,
        };
        before_first(world, OPENING_LEAD_US, |id, timer| polls(id) && timer == Timer::Poll)
    }

    fn pane(_: &str, look: Look<'_, Self>, ask: &PaneAsk) -> Pane {
        panes::clock_error(look, ask)
    }
}

fn topic(record: &Record<Node>) -> Topic {
    match &record.event {
        Event::Boot(_) => ("boot", "boots"),
        Event::Deliver { .. } => ("message", "messages"),
        Event::Timer { timer: Timer::Serve(_) | Timer::Leave(_), .. } => ("message sent", "messages sent"),
        Event::Timer { timer: Timer::Poll, .. } => ("poll", "polls"),
        Event::Command(_) | Event::Synced(_) | Event::Vanish { .. } => ("event", "events"),
    }
}

/// A step that boots a node, delivers a message, runs a timer or handles a request: what was measured, and what the node
/// does about it.
fn tell(record: &Record<Node>, names: &Names) -> (String, Weight) {
    let me = record.event.node().map_or("", |node| names.of(node));
    let mut said = Vec::new();
    let mut weight = Weight::Routine;
    let mut weigh = |more: Weight| weight = weight.max(more);
    for note in record.notes() {
        match note {
            Note::Measured { peer, measured, behind_us, counts, .. } => {
                let off = match *behind_us {
                    0 => "right".to_owned(),
                    us if us > 0 => format!("{} behind", plain_ms(us.unsigned_abs())),
                    us => format!("{} ahead", plain_ms(us.unsigned_abs())),
                };
                let delay = plain_ms(measured.delay_us);
                if *peer == SERVER {
                    said.push(format!("{me} measures that it is {off}, with a delay of {delay}"));
                } else {
                    let whom = names.of(*peer);
                    let off = match *behind_us {
                        0 => "right".to_owned(),
                        us if us > 0 => format!("{} ahead", plain_ms(us.unsigned_abs())),
                        us => format!("{} behind", plain_ms(us.unsigned_abs())),
                    };
                    said.push(format!("{me} measures that {whom} is {off}, with a delay of {delay}"));
                }
                if !counts {
                    said.push("an older measurement was quicker and counts instead".to_owned());
                }
                weigh(Weight::Event);
            }
            Note::Slewing(0) => said.push(format!("{me} has nothing to correct")),
            Note::Slewing(us) => {
                let way = if *us > 0 { "faster" } else { "slower" };
                said.push(format!("{me} runs {way} until {} are made up for", plain_ms(us.unsigned_abs())));
                weigh(Weight::Event);
            }
            Note::Stepped(us) => {
                let way = if *us > 0 { "forward" } else { "back" };
                said.push(format!("{me} sets its clock {way} by {}", plain_ms(us.unsigned_abs())));
                weigh(Weight::Milestone);
            }
            Note::Unanswered(peer) => {
                said.push(format!("{me} has had no answer from {}", names.of(*peer)));
                weigh(Weight::Event);
            }
            Note::ClockSet(us) => {
                said.push(format!("{me} finds its clock set by {}, and forgets what it has measured", signed_ms(*us)));
                weigh(Weight::Event);
            }
        }
    }
    if !said.is_empty() {
        return (said.join("; "), weight);
    }
    let text = match &record.event {
        Event::Boot(_) => format!("{me} starts, and knows nothing about its clock"),
        Event::Deliver { id, msg } => {
            let from = names.of(id.from);
            match msg {
                Msg::Ask { .. } => format!("{from} asks {me} for the time"),
                Msg::Answer { .. } => format!("{me} gets an answer from {from} that it does not wait for"),
                Msg::Adjust { .. } => format!("{me} is told how far off it is, about a question that is over"),
                Msg::Sync { .. } => format!("{me} receives a sync, and notes when"),
                Msg::FollowUp { .. } => format!("{me} learns when the sync left {from}, and asks about the way back"),
                Msg::DelayRequest { .. } => format!("{me} notes when {from}’s delay request arrives, and says so"),
                Msg::DelayResponse { .. } => format!("{me} gets a delay response that it does not wait for"),
            }
        }
        Event::Timer { timer: Timer::Serve(_), .. } => format!("{me} has its answer ready"),
        Event::Timer { timer: Timer::Leave(_), .. } => format!("a message leaves {me}"),
        _ => {
            let replied = record.outcomes.iter().find_map(|outcome| match outcome {
                Outcome::Replied { ret, .. } => Some(*ret),
                _ => None,
            });
            match replied {
                Some(Ret::Asked) => format!("{me} asks for the time"),
                Some(Ret::OthersAsk) => format!("{me} does not ask: in this scheme others do"),
                None if matches!(record.event, Event::Timer { .. }) => format!("{me} looks whether it is time to ask"),
                None => format!("{me} is not running and does nothing"),
            }
        }
    };
    (text, Weight::Routine)
}
