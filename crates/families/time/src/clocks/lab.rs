//! Four clocks side by side, as a lab: the same events stamped by wall, Lamport, vector and hybrid logical clocks.

use crate::clocks::{
    Bugs, ClocksOracle, Config, Deed, EventId, Msg, Note, Op, Process, Ret, Stamp, Timer, WALL_AT_START_US, machine,
};
use algorithms::clocks::{Order, VectorClock};
use runs::prelude::*;
use view::lens::space_time;

const NODES: ParamInfo = params::number("nodes", "Processes", 3, (2, 8), "");

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<ClocksLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "clocks",
    title: "Four clocks",
    aliases: &["logical-clocks", "lamport-clocks", "hybrid-logical-clocks"],
    family: "Time and order",
    summary: "One run, seen by wall, Lamport, vector and hybrid logical clocks; only vectors can always tell what is concurrent.",
    invitation: (
        "Ask, and look at the clocks.",
        "n1’s wall clock is ahead and n2’s behind. Let n1 ask n2: by the wall clocks the answer comes before its question.",
    ),
    variants: &[
        correct("Tick on every event, attach after the tick, merge by maximum, compare by vectors."),
        bug(Bugs::NO_TICK_ON_RECEIVE),
        bug(Bugs::MERGE_WITHOUT_MAX),
        bug(Bugs::WALL_CLOCK_ORDER),
        bug(Bugs::EQUAL_IS_BEFORE),
        bug(Bugs::CONCURRENT_UNLESS_BEFORE),
    ],
    params: &[
        NODES,
        params::number("skew-ms", "Wall clocks are off by up to", 60, (0, 10_000), "ms"),
        params::number("max-offset-ms", "Wall clocks may differ by", 400, (0, 60_000), "ms"),
        live(params::number("act-every-ms", "Each process acts about every (0: never)", 150, (0, 60_000), "ms")),
        LATENCY.by_default_range(5, 60),
        DISTANCE,
    ],
    ops: &[
        op("local", "Local event", "Something happens at the process."),
        op("send", "Send a question", "The process asks another one, which answers.").with(&[node("To", "n2")]),
    ],
    metrics: &["events", "messages-received", "verdicts", "concurrent-verdicts", "wall-clock-reversals"],
    speed: 0.05,
    roles: None,
    picture: Picture::SpaceTime,
    showcase: Showcase {
        commands: r#"[{"at_us": 300000, "do": "request", "node": "n1", "op": {"send": "n2"}}, {"at_us": 500000, "do": "request", "node": "n3", "op": {"send": "n1"}}]"#,
        from_us: 250_000,
        until_us: 900_000,
        still_us: 320_000,
        speed: 0.1,
    },
    lenses: runs::lenses![LensKind::Comparison],
    opening_lenses: &[LensKind::Comparison, LensKind::Checks],
    ..LabInfo::BASE
};

/// How long before the first event the lab opens, in µs.
const OPENING_LEAD_US: u64 = 10_000;

/// How long sweeps make faults, in µs, and how long they wait after that.
const CHAOS_US: u64 = 4_000_000;
const CALM_US: u64 = 1_000_000;

/// Somebody is asked for some event.
const EVENTS: PlannedOps<Op> = PlannedOps {
    interval_us: 150_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream, nodes| {
        let pick = |bits: u64| NodeId((bits % u64::from(nodes.max(1))) as u32);
        let (node, peer) = (pick(stream.range(0, 1_000_000)), pick(stream.range(0, 1_000_000)));
        let op = if node == peer { Op::Local } else { Op::Send(peer) };
        Some(Command::Request { node, op })
    },
};

/// The lab of clocks.
pub struct ClocksLab;

impl Lab for ClocksLab {
    type Protocol = Process;
    type Oracle = ClocksOracle;

    const FORGETS: bool = true;

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        let nodes = chosen.count(&NODES);
        let config = Config { bugs: chosen.bugs(), ..chosen.config() };
        let oracle = ClocksOracle::new(&config);
        Setup {
            fault_model: FaultModel {
                // With what clocks are off from the start this stays within what they may differ by.
                drift_ppm_max: 10_000,
                offset_us_max: 50_000,
                ..FaultModel::of(&FaultKind::NO_DISKS, CHAOS_US, CALM_US)
            },
            planned_ops: vec![EVENTS],
            ..Setup::new(check::Names::servers(nodes), config, oracle, layout::circle(nodes as usize))
        }
    }

    fn dress(world: &World<Process>, _: &Names, stage: &mut Stage) {
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.hue = Some(id.0 % shapes::HUES);
            match world.node(id) {
                None => {}
                Some(process) => {
                    node.role = "process".into();
                    node.label = format!("L {}", process.lamport.0);
                }
            }
        }
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        match msg {
            Msg::Question { stamp } => (MessageShape::Triangle, Some(stamp.event.machine().0.0 % shapes::HUES)),
            Msg::Answer { stamp, .. } => (MessageShape::Diamond, Some(stamp.event.machine().0.0 % shapes::HUES)),
        }
    }

    /// `process` (its name; `n1′` is another process on n1's machine), `events`, its clocks at its newest event:
    /// `wall_us`, `lamport`, `vector` (by process), `hybrid` (`wall_us`, `count`); `newest`: the newest event of
    /// another process that it has heard of; `conflicts`: how often it could not tell which was newer.
    fn detail(process: &Process, names: &Names) -> Value {
        let hybrid = process.hybrid.newest();
        let newest = process.newest.as_ref().map(|stamp| event_name(stamp.event, names));
        json!({
            "process": process_name(process.me, names),
            "events": process.events,
            "wall_us": process.wall_us.saturating_sub(WALL_AT_START_US),
            "lamport": process.lamport.0,
            "vector": vector(&process.vector, names),
            "hybrid": {"wall_us": hybrid.wall_us.saturating_sub(WALL_AT_START_US), "count": hybrid.count},
            "newest": newest,
            "conflicts": process.conflicts,
        })
    }

    fn tell(record: &Record<Process>, names: &Names) -> Telling {
        Telling::new(tell(record, names))
            .counted(topic(record))
            .labelled(label(record, names))
            .stamped(stamp(record, names))
    }

    fn metrics(oracle: &ClocksOracle) -> Vec<u64> {
        oracle.counts().to_vec()
    }

    fn opening_us(world: &World<Process>) -> u64 {
        before_first(world, OPENING_LEAD_US, |_, timer| timer == Timer::Act)
    }
}

fn topic(record: &Record<Process>) -> Topic {
    match record.event {
        Event::Boot(_) => ("boot", "boots"),
        Event::Deliver { .. } => ("receipt", "receipts"),
        Event::Timer { .. } | Event::Command(_) | Event::Synced(_) | Event::Vanish { .. } => ("event", "events"),
    }
}

fn label(record: &Record<Process>, names: &Names) -> Option<String> {
    let deed = record.notes().find_map(|note| match note {
        Note::Happened { deed, .. } => Some(*deed),
        Note::Compared { .. } => None,
    })?;
    Some(match deed {
        Deed::Local => "local".into(),
        Deed::Sent(peer) => format!("ask {}", names.of(peer)),
        Deed::Received(_) if matches!(record.event, Event::Deliver { msg: Msg::Answer { .. }, .. }) => "answer".into(),
        Deed::Received(_) => "question".into(),
    })
}

fn stamp(record: &Record<Process>, names: &Names) -> Option<space_time::Stamp> {
    // Of a receipt and the answer to it the receipt counts: what it knew, and who came to know of it, is the same.
    let stamp = record.notes().find_map(|note| match note {
        Note::Happened { stamp, .. } => Some(stamp),
        Note::Compared { .. } => None,
    })?;
    Some(space_time::Stamp {
        wall_us: Some(stamp.wall_us.saturating_sub(WALL_AT_START_US)),
        lamport: Some(stamp.lamport.0),
        vector: stamp.vector.entries().map(|(process, count)| (process_name(process, names), count)).collect(),
        hybrid: Some((stamp.hybrid.wall_us.saturating_sub(WALL_AT_START_US), stamp.hybrid.count)),
    })
}

/// What a process is called: as its machine, and with a prime where that has had another one before.
fn process_name(process: NodeId, names: &Names) -> String {
    let (node, again) = machine(process);
    let name = if node.index() < names.len() { names.of(node) } else { "?" };
    format!("{name}{}", if again { "′" } else { "" })
}

fn event_name(event: EventId, names: &Names) -> String {
    format!("{}’s event {}", process_name(event.process, names), event.number)
}

fn vector(clock: &VectorClock, names: &Names) -> Value {
    let entries = clock.entries().map(|(process, count)| (process_name(process, names), Value::from(count)));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// `{n1:2, n2:1}`.
fn vector_text(clock: &VectorClock, names: &Names) -> String {
    let entries: Vec<String> =
        clock.entries().map(|(process, count)| format!("{}:{count}", process_name(process, names))).collect();
    format!("{{{}}}", entries.join(", "))
}

/// A step that boots a process, delivers a message, runs a timer or handles a request: what happened, and what was
/// said of it.
fn tell(record: &Record<Process>, names: &Names) -> (String, Weight) {
    let me = record.event.node().map_or("", |node| names.of(node));
    let mut happened = None;
    let mut verdict = None;
    for note in record.notes() {
        match note {
            // Of a receipt and the answer to it the receipt comes first, and says it all.
            Note::Happened { stamp, deed } => drop(happened.get_or_insert((stamp, *deed))),
            Note::Compared { first, second, said, answer, .. } => verdict = Some((first, second, *said, *answer)),
        }
    }
    let Some((stamp, deed)) = happened else {
        let text = match &record.event {
            Event::Boot(_) => format!("{me} starts, with all its clocks at nothing"),
            _ if record
                .outcomes
                .iter()
                .any(|outcome| matches!(outcome, Outcome::Replied { ret: Ret::ToItself, .. })) =>
            {
                format!("{me} does not send messages to itself")
            }
            _ => format!("{me} is not running and does nothing"),
        };
        return (text, Weight::Routine);
    };
    let clocks = clocks_text(stamp, names);
    let what = match deed {
        Deed::Local => format!("{me} does something of its own"),
        Deed::Sent(peer) => format!("{me} asks {}", names.of(peer)),
        Deed::Received(sent) => {
            let from = process_name(sent.process, names);
            if matches!(record.event, Event::Deliver { msg: Msg::Answer { .. }, .. }) {
                format!("{me} receives the answer of {from}")
            } else {
                format!("{me} receives the question of {from}, and answers")
            }
        }
    };
    let told = format!("{what}: {clocks}");
    match verdict {
        None => (told, Weight::Event),
        Some((first, second, said, answer)) => {
            let stands = match said {
                Order::Before => "comes before",
                Order::After => "comes after",
                Order::Equal => "is the same as",
                Order::Concurrent => "is concurrent with",
            };
            let (first_name, second_name) = (event_name(first.event, names), event_name(second.event, names));
            // The surprise is worth a pause.
            let reversed = answer && first.wall_us > second.wall_us;
            let wall = if reversed {
                let early_us = first.wall_us - second.wall_us;
                format!(
                    "; the wall clocks show the answer {}.{} ms before its question",
                    early_us / 1_000,
                    early_us / 100 % 10
                )
            } else {
                String::new()
            };
            let weight = if reversed { Weight::Milestone } else { Weight::Event };
            (format!("{told}. It says that {first_name} {stands} {second_name}{wall}"), weight)
        }
    }
}

/// `Lamport 4, vector {n1:2, n2:1}`.
fn clocks_text(stamp: &Stamp, names: &Names) -> String {
    format!("Lamport {}, vector {}", stamp.lamport.0, vector_text(&stamp.vector, names))
}
