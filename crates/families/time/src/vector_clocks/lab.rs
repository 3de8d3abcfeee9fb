//! Vector clocks at work, as a lab: feeds in causal order, and registers that keep concurrent writes beside each other.

use crate::clocks::{Stamp, WALL_AT_START_US, machine};
use crate::vector_clocks::{
    Bugs, Config, Deed, EVERYBODY, FeedOracle, Live, Msg, Note, Op, PATH_MAX, Post, PostId, Process, Ret,
    TEXT_CHARS_MAX, Timer, VALUE_MAX,
};
use algorithms::clocks::{Order, VectorClock};
use check::plan::PlannedOps;
use check::{FaultKind, FaultModel};
use serde_json::{Map, Value, json};
use sim::random::Stream;
use sim::{ClusterConfig, Command, Event, LinkProfile, NodeId, Outcome, Record, World};
use view::lens::LensKind;
use view::lens::space_time;
use view::narration::Weight;
use view::{Condition, MessageShape, Picture, Stage, layout};

use runs::Entry;
use runs::error::InputError;
use runs::kit::bug;
use runs::lab::{Asked, Lab, LabInfo, Names, OpInfo, Setup, Showcase, VariantInfo, VariantKind};
use runs::params::{DISTANCE, ParamInfo, Setting, Settings, Shape, number};
use runs::plain::{Telling, Topic};

const fn live(param: ParamInfo) -> ParamInfo {
    ParamInfo { live: true, ..param }
}

const NODES: ParamInfo = number("nodes", "Processes", 3, (2, 8), "");
const CAUSAL_DELIVERY: ParamInfo = live(number("causal-delivery", "Causal delivery (1 is on)", 1, (0, 1), ""));
/// Where it stands in [`INFO`]'s parameters: a test holds it there.
const CAUSAL_DELIVERY_KEY: u32 = 1;
const SKEW: ParamInfo = number("skew-ms", "Wall clocks are off by up to", 60, (0, 10_000), "ms");
const PRUNE_AFTER: ParamInfo =
    number("prune-after", "Vectors forget who is silent for (0: never)", 0, (0, 1_000), "events");
const ACT_EVERY: ParamInfo =
    live(number("act-every-ms", "Each process acts about every (0: never)", 400, (0, 60_000), "ms"));
const ASK_EVERY: ParamInfo =
    number("ask-every-ms", "Each asks what it missed about every (0: never)", 1_000, (0, 60_000), "ms");
const LATENCY: ParamInfo = ParamInfo {
    key: "latency-ms",
    title: "One-way latency",
    shape: Shape::Range,
    default: Setting { low: 5, high: 60 },
    min: 0,
    max: 10_000,
    unit: "ms",
    live: true,
};

const POST: OpInfo = OpInfo {
    id: "post",
    title: "Post",
    summary: "The process posts something to everybody.",
    form: "{\"post\": \"photo\"}",
    of: Asked::Servers,
};
const REPLY: OpInfo = OpInfo {
    id: "reply",
    title: "Reply",
    summary: "The process answers the newest post of somebody else.",
    form: "{\"reply\": \"nice\"}",
    of: Asked::Servers,
};
const TELL: OpInfo = OpInfo {
    id: "tell",
    title: "Tell",
    summary: "The process tells the first one, which passes it on to the next.",
    form: "{\"tell\": [\"n2\", \"n3\"]}",
    of: Asked::Servers,
};
const WRITE: OpInfo = OpInfo {
    id: "write",
    title: "Write",
    summary: "The process writes a replicated register.",
    form: "{\"write\": [\"account\", 120]}",
    of: Asked::Servers,
};
const LOCAL: OpInfo = OpInfo {
    id: "local",
    title: "Local event",
    summary: "Something happens at the process.",
    form: "\"local\"",
    of: Asked::Servers,
};

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<VectorClocksLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "vector-clocks",
    title: "Vector clocks",
    family: "Time and order",
    summary: "Posts wait for what they depend on, and concurrent writes stay beside each other: vectors tell which is which.",
    invitation: (
        "Let a comment overtake its photo.",
        "Make n1 → n3 slow, let n1 post and n2 reply: at n3 the reply waits. Switch causal delivery off, and it does not.",
    ),
    variants: &[
        VariantInfo {
            id: "correct",
            title: "as published",
            summary: "An entry for each process, causal delivery, and dotted version vectors for registers.",
            kind: VariantKind::Correct,
            overrides: &[],
        },
        bug(
            "no-causal-delivery",
            "causal in name only",
            "Posts are shown as they arrive: a reply may come before what it answers.",
            &[],
        ),
        bug(
            "last-writer-wins",
            "last writer wins",
            "Of two values the one with the later wall clock stays. An acknowledged write disappears.",
            &[],
        ),
        bug(
            "prunes-silent",
            "prunes silent processes",
            "Vectors forget who has been silent for four events: “before” turns into “concurrent”.",
            &[("prune-after", Setting::number(4))],
        ),
        bug(
            "counter-called-vector-clock",
            "a counter called vector clock",
            "One counter for all: it is a Lamport clock, and nothing is ever concurrent.",
            &[],
        ),
    ],
    params: &[NODES, CAUSAL_DELIVERY, SKEW, PRUNE_AFTER, ACT_EVERY, ASK_EVERY, LATENCY, DISTANCE],
    ops: &[POST, REPLY, TELL, WRITE, LOCAL],
    metrics: &[
        "events",
        "posts-shown",
        "posts-that-waited",
        "writes",
        "concurrent-writes",
        "fetched",
        "vector-entries-max",
    ],
    speed: 0.1,
    roles: None,
    picture: Picture::SpaceTime,
    showcase: Showcase {
        commands: r#"[{"at_us": 500000, "do": "link", "from": "n1", "to": "n3", "both": false, "latency_us": 250000}, {"at_us": 600000, "do": "request", "node": "n1", "op": {"post": "photo"}}, {"at_us": 700000, "do": "request", "node": "n2", "op": {"reply": "nice"}}]"#,
        from_us: 550_000,
        until_us: 1_100_000,
        still_us: 720_000,
        speed: 0.1,
    },
    lenses: &[
        LensKind::Comparison,
        LensKind::Checks,
        LensKind::Inspector,
        LensKind::SpaceTime,
        LensKind::Wire,
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Comparison, LensKind::Checks],
};

/// The mistakes of a variant.
fn bugs(variant: &str) -> Bugs {
    Bugs {
        no_causal_delivery: variant == "no-causal-delivery",
        last_writer_wins: variant == "last-writer-wins",
        prunes_silent: variant == "prunes-silent",
        one_counter: variant == "counter-called-vector-clock",
    }
}

/// How long before the first event the lab opens, in µs.
const OPENING_LEAD_US: u64 = 10_000;

/// How long sweeps make faults, in µs.
const CHAOS_US: u64 = 4_000_000;

/// What disks need, in µs. Nobody writes.
const DISK_SYNC_US: (u64, u64) = (1_000, 1_000);

/// Somebody is asked for something.
const EVENTS: PlannedOps<Op> = PlannedOps {
    interval_us: 150_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream: &mut Stream, nodes| {
        let node = |stream: &mut Stream| NodeId((stream.range(0, 1_000_000) % u64::from(nodes.max(1))) as u32);
        let (me, peer) = (node(stream), node(stream));
        let op = match stream.range(0, 5) {
            0 | 1 => Op::Post("news".to_owned()),
            2 => Op::Reply("why?".to_owned()),
            3 => Op::Write("account".to_owned(), stream.range(0, 99)),
            4 if peer != me => Op::Tell(vec![peer]),
            _ => Op::Local,
        };
        Some(Command::Request { node: me, op })
    },
};

/// Causal delivery is switched off, and on again.
const SWITCHES: PlannedOps<Op> = PlannedOps {
    interval_us: 400_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream: &mut Stream, _| {
        let on = stream.range(0, 1);
        Some(Command::Set { key: CAUSAL_DELIVERY_KEY, value: (on, on) })
    },
};

/// The lab of vector clocks.
pub struct VectorClocksLab;

impl Lab for VectorClocksLab {
    type Protocol = Process;
    type Oracle = FeedOracle;

    const FORGETS: bool = true;

    fn setup(info: &'static LabInfo, variant: &'static VariantInfo, settings: &Settings) -> Setup<Self> {
        let get = |param: &ParamInfo| settings.get(variant, param);
        let in_us = |param: &ParamInfo| {
            let Setting { low, high } = get(param);
            (low * 1_000, high * 1_000)
        };
        let nodes = get(&NODES).low as u32;
        let live = |param: &ParamInfo| match param.key {
            key if key == CAUSAL_DELIVERY.key => Some(Live::CausalDelivery),
            key if key == LATENCY.key => Some(Live::LatencyMs),
            key if key == ACT_EVERY.key => Some(Live::ActMs),
            _ => None,
        };
        let config = Config {
            causal_delivery: get(&CAUSAL_DELIVERY).low > 0,
            skew_us: in_us(&SKEW).0,
            prune_after: get(&PRUNE_AFTER).low,
            act_us: in_us(&ACT_EVERY).0,
            ask_us: in_us(&ASK_EVERY).0,
            live: info.params.iter().filter(|param| param.key != DISTANCE.key).map(live).collect(),
            bugs: bugs(variant.id),
        };
        let latency_us = in_us(&LATENCY);
        // Long enough for everybody to ask everybody twice.
        let calm_us = 4 * u64::from(nodes) * config.ask_us + 32 * latency_us.1 + 2_000_000;
        Setup {
            oracle: FeedOracle::new(&config),
            config,
            cluster: ClusterConfig {
                nodes,
                link: LinkProfile { latency_us, ..LinkProfile::default() },
                disk_sync_us: DISK_SYNC_US,
                positions: Vec::new(),
            },
            names: Names::servers(nodes),
            layout: layout::circle(nodes as usize),
            fault_model: FaultModel {
                kinds: vec![
                    FaultKind::Crash,
                    FaultKind::Cut,
                    FaultKind::Partition,
                    FaultKind::Pause,
                    FaultKind::Loss,
                    FaultKind::ClockDrift,
                    FaultKind::ClockOffset,
                    FaultKind::LatencySpike,
                    FaultKind::Hold,
                    FaultKind::DropMessage,
                    FaultKind::DuplicateMessage,
                ],
                servers: nodes,
                chaos_us: CHAOS_US,
                horizon_us: CHAOS_US + calm_us,
                ..FaultModel::default()
            },
            planned_ops: vec![EVENTS, SWITCHES],
        }
    }

    fn read_op(value: &Value, names: &Names, known: &[OpInfo]) -> Result<Op, InputError> {
        let (info, argument) = OpInfo::read(value, known)?;
        let within = |error: InputError| error.within(info.id);
        match (info.id, argument) {
            ("local", Value::Null) => Ok(Op::Local),
            ("post", Value::String(text)) => read_text(text).map(Op::Post).map_err(within),
            ("reply", Value::String(text)) => read_text(text).map(Op::Reply).map_err(within),
            ("tell", Value::Array(path)) => read_path(path, names).map(Op::Tell).map_err(within),
            ("write", Value::Array(pair)) => match &pair[..] {
                [Value::String(key), value] => {
                    let key = read_text(key).map_err(within)?;
                    let value = value.as_u64().filter(|&value| value <= VALUE_MAX).ok_or_else(|| {
                        InputError::new(info.id, format!("takes a whole number from 0 to {VALUE_MAX}"))
                    })?;
                    Ok(Op::Write(key, value))
                }
                _ => Err(info.unlike(argument)),
            },
            _ => Err(info.unlike(argument)),
        }
    }

    fn write_op(op: &Op, names: &Names) -> Value {
        match op {
            Op::Local => json!("local"),
            Op::Post(text) => json!({"post": text}),
            Op::Reply(text) => json!({"reply": text}),
            Op::Tell(path) => json!({"tell": path.iter().map(|&node| names.of(node)).collect::<Vec<_>>()}),
            Op::Write(key, value) => json!({"write": [key, value]}),
        }
    }

    fn dress(world: &World<Process>, names: &Names, stage: &mut Stage) {
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.hue = Some(id.0 % view::shapes::HUES);
            match world.node(id) {
                None => node.remark = Some("crashed · forgotten".into()),
                Some(process) => {
                    node.role = "process".into();
                    node.label = counts(&process.vector, names);
                    let waiting = process.feed.waiting().len();
                    if waiting > 0 {
                        node.remark = Some(format!("{waiting} waiting"));
                    }
                }
            }
            if node.condition == Condition::Paused {
                node.remark = Some("paused".into());
            }
        }
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        let hue = Some(msg.stamp().event.machine().0.0 % view::shapes::HUES);
        match msg {
            Msg::Post { .. } => (MessageShape::Triangle, hue),
            Msg::Write { .. } => (MessageShape::Square, hue),
            Msg::Told { .. } => (MessageShape::Diamond, hue),
            Msg::Have { .. } => (MessageShape::Circle, hue),
            Msg::CatchUp { .. } => (MessageShape::Ring, hue),
        }
    }

    /// `process` (its name; `n1′` is another process on n1's machine), `events`; its clocks at its newest event:
    /// `vector` (by process), `lamport`, `wall_us`; `feed`: what it shows, the oldest first; `waiting`: what waits;
    /// `shown`: the newest post that it shows of each author; `registers`: the values of each.
    fn detail(process: &Process, names: &Names) -> Value {
        let line = |post: &Post| {
            let author = process_name(post.id.author, names);
            match &post.answers {
                None => format!("{author}: “{}”", post.text),
                Some(answered) => format!("{author}: “{}” on “{}”", post.text, answered.text),
            }
        };
        let lines = |posts: &[std::rc::Rc<Post>]| posts.iter().map(|post| line(post)).collect::<Vec<_>>();
        let registers = process.registers.iter().map(|(key, register)| {
            let values = register.siblings().iter().map(|version| version.value).collect::<Vec<_>>();
            (key.clone(), Value::from(values))
        });
        json!({
            "process": process_name(process.me, names),
            "events": process.events,
            "vector": vector(&process.vector, names),
            "lamport": process.lamport.0,
            "wall_us": process.wall_us.saturating_sub(WALL_AT_START_US),
            "feed": lines(process.feed.posts()),
            "waiting": lines(process.feed.waiting()),
            "shown": vector(process.feed.delivered(), names),
            "registers": registers.collect::<Map<_, _>>(),
        })
    }

    fn tell(record: &Record<Process>, names: &Names) -> Telling {
        Telling::new(tell(record, names))
            .counted(topic(record))
            .labelled(label(record, names))
            .stamped(stamp(record, names))
    }

    fn metrics(oracle: &FeedOracle) -> Vec<u64> {
        oracle.counts().to_vec()
    }

    fn opening_us(world: &World<Process>) -> u64 {
        let running = world.node_ids().flat_map(|id| world.timers(id)).filter(|running| running.timer == Timer::Act);
        running.map(|running| running.due_us).min().unwrap_or(0).saturating_sub(OPENING_LEAD_US)
    }
}

fn topic(record: &Record<Process>) -> Topic {
    match record.event {
        Event::Boot(_) => ("boot", "boots"),
        Event::Deliver { msg: Msg::Have { .. }, .. } | Event::Timer { timer: Timer::Ask, .. } => {
            ("look for what was missed", "looks for what was missed")
        }
        Event::Deliver { .. } => ("receipt", "receipts"),
        Event::Timer { .. } | Event::Command(_) | Event::Synced(_) | Event::Vanish { .. } => ("event", "events"),
    }
}

fn label(record: &Record<Process>, names: &Names) -> Option<String> {
    let deed = happened(record)?.1;
    Some(match deed {
        Deed::Local => "local".to_owned(),
        Deed::Posted(post) if post.answers.is_some() => format!("reply {}", post.text),
        Deed::Posted(post) => format!("post {}", post.text),
        Deed::Told(peer) => format!("tell {}", names.of(*peer)),
        Deed::Wrote { key, version } => match kept(record) {
            Some(values) if values != [version.value] => format!("{} is lost", version.value),
            _ => format!("{key} = {}", version.value),
        },
        Deed::Asked(Some(peer)) => format!("ask {}", names.of(*peer)),
        Deed::Asked(None) => "ask all".to_owned(),
        Deed::Received(_) => receipt_label(record, names),
    })
}

fn stamp(record: &Record<Process>, names: &Names) -> Option<space_time::Stamp> {
    let stamp = happened(record)?.0;
    let in_run_us = |wall_us: u64| wall_us.saturating_sub(WALL_AT_START_US);
    Some(space_time::Stamp {
        wall_us: Some(in_run_us(stamp.wall_us)),
        lamport: Some(stamp.lamport.0),
        vector: stamp.vector.entries().map(|(process, count)| (process_name(process, names), count)).collect(),
        hybrid: Some((in_run_us(stamp.hybrid.wall_us), stamp.hybrid.count)),
    })
}

fn read_text(text: &str) -> Result<String, InputError> {
    let text = text.trim();
    let count = text.chars().count();
    if text.is_empty() {
        return Err(InputError::new("", "is empty"));
    }
    if count > TEXT_CHARS_MAX {
        return Err(InputError::new("", format!("has {count} characters; {TEXT_CHARS_MAX} are the most")));
    }
    if text.chars().any(char::is_control) {
        return Err(InputError::new("", "has a control character"));
    }
    Ok(text.to_owned())
}

fn read_path(path: &[Value], names: &Names) -> Result<Vec<NodeId>, InputError> {
    if path.is_empty() || path.len() > PATH_MAX {
        return Err(InputError::new("", format!("names 1 to {PATH_MAX} processes, not {}", path.len())));
    }
    let mut nodes: Vec<NodeId> = Vec::new();
    for (place, name) in path.iter().enumerate() {
        let at = |error: InputError| error.within(&format!("[{place}]"));
        let name = name.as_str().ok_or_else(|| at(InputError::new("", "is a name, such as \"n2\"")))?;
        let node = names.find(name).map_err(at)?;
        if nodes.last() == Some(&node) {
            return Err(at(InputError::new(
                "",
                format!("nobody tells himself, and {name} stands there twice in a row"),
            )));
        }
        nodes.push(node);
    }
    Ok(nodes)
}

/// What a process is called: as its machine, and with a prime where that has had another one before.
fn process_name(process: NodeId, names: &Names) -> String {
    if process == EVERYBODY {
        return "all".to_owned();
    }
    let (node, again) = machine(process);
    let name = if node.index() < names.len() { names.of(node) } else { "?" };
    format!("{name}{}", if again { "′" } else { "" })
}

fn post_name(post: PostId, names: &Names) -> String {
    format!("{}’s post {}", process_name(post.author, names), post.number)
}

fn vector(clock: &VectorClock, names: &Names) -> Value {
    let mut entries: Map<String, Value> = Map::new();
    for (process, count) in clock.entries() {
        entries.insert(process_name(process, names), Value::from(count));
    }
    Value::Object(entries)
}

/// `{n1:2, n2:1}`.
fn vector_text(clock: &VectorClock, names: &Names) -> String {
    let entries: Vec<String> =
        clock.entries().map(|(process, count)| format!("{}:{count}", process_name(process, names))).collect();
    format!("{{{}}}", entries.join(", "))
}

/// `[2 1 0]`: the entries of the machines' first processes, in order. What has entries of others, or of many, is told by
/// how many entries there are.
fn counts(clock: &VectorClock, names: &Names) -> String {
    let few = names.len().min(4);
    let usual = clock.entries().all(|(process, _)| process.index() < few);
    if !usual {
        let count = clock.len();
        return if count == 1 { vector_text(clock, names) } else { format!("{count} entries") };
    }
    let entries: Vec<String> = (0..few as u32).map(|node| clock.get(NodeId(node)).to_string()).collect();
    format!("[{}]", entries.join(" "))
}

/// The event of a step; there is one at most.
fn happened(record: &Record<Process>) -> Option<(&Stamp, &Deed)> {
    record.notes().find_map(|note| match note {
        Note::Happened { stamp, deed } => Some((stamp, deed)),
        _ => None,
    })
}

/// The values of a register after a step that wrote one or took one in.
fn kept(record: &Record<Process>) -> Option<&[u64]> {
    record.notes().find_map(|note| match note {
        Note::Took { taken, .. } => Some(&taken.values[..]),
        _ => None,
    })
}

/// A receipt in a word or two.
fn receipt_label(record: &Record<Process>, names: &Names) -> String {
    let Event::Deliver { id, msg } = &record.event else { return String::new() };
    match msg {
        Msg::Post { post, .. } => {
            let shown: Vec<&str> = record
                .notes()
                .filter_map(|note| match note {
                    Note::Shown { post, .. } => Some(post.text.as_str()),
                    _ => None,
                })
                .collect();
            match &shown[..] {
                [] if record.notes().any(|note| matches!(note, Note::Waits { .. })) => format!("{} waits", post.text),
                [] => format!("{} again", post.text),
                [one] => format!("show {one}"),
                [one, two] => format!("show {one}, {two}"),
                [one, more @ ..] => format!("show {one} and {} more", more.len()),
            }
        }
        Msg::Told { .. } => {
            let next = record.notes().find_map(|note| match note {
                Note::PassedOn(next) => Some(*next),
                _ => None,
            });
            next.map_or_else(|| "hear".to_owned(), |next| format!("hear, tell {}", names.of(next)))
        }
        Msg::Write { version, .. } => match kept(record) {
            None => format!("{} again", version.value),
            Some([value]) if *value == version.value => format!("take {value}"),
            Some([_]) => format!("drop {}", version.value),
            Some([one, two]) => format!("keep {one} and {two}"),
            Some(values) => format!("keep {} values", values.len()),
        },
        Msg::Have { .. } => format!("hear what {} has", names.of(id.from)),
        Msg::CatchUp { .. } => "catch up".to_owned(),
    }
}

/// A step that boots a process, delivers a message, runs a timer or handles a request.
fn tell(record: &Record<Process>, names: &Names) -> (String, Weight) {
    let me = record.event.node().map_or("", |node| names.of(node));
    let Some((stamp, deed)) = happened(record) else {
        return (nothing_happened(record, me), Weight::Routine);
    };
    let clock = vector_text(&stamp.vector, names);
    let mut weight = Weight::Event;
    let what = match deed {
        Deed::Local => format!("{me} does something of its own"),
        Deed::Posted(post) => match &post.answers {
            None => format!("{me} posts “{}”", post.text),
            Some(answered) => {
                let author = process_name(answered.id.author, names);
                format!("{me} answers {author}’s “{}” with “{}”", answered.text, post.text)
            }
        },
        Deed::Told(peer) => format!("{me} tells {}", names.of(*peer)),
        Deed::Wrote { key, version } => format!("{me} writes {key} = {}", version.value),
        Deed::Asked(Some(peer)) => {
            weight = Weight::Routine;
            format!("{me} asks {} what it has missed", names.of(*peer))
        }
        Deed::Asked(None) => {
            weight = Weight::Milestone;
            format!("{me} starts again as another process, and asks the others what they have")
        }
        Deed::Received(sent) => {
            let from = process_name(sent.process, names);
            received(record, me, &from, &mut weight)
        }
    };
    let mut told = what;
    for note in record.notes() {
        if let Some((text, surprise)) = effect(note, record, names) {
            told.push_str(&text);
            if surprise {
                weight = Weight::Milestone;
            }
        }
    }
    (format!("{told}: {clock}"), weight)
}

fn nothing_happened(record: &Record<Process>, me: &str) -> String {
    let ret = record.outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Replied { ret, .. } => Some(*ret),
        _ => None,
    });
    match (&record.event, ret) {
        (Event::Boot(_), _) => format!("{me} starts, with an empty feed and no clock"),
        (_, Some(Ret::ToItself)) => format!("{me} does not tell itself"),
        (_, Some(Ret::NothingToAnswer)) => format!("{me} has nothing to answer"),
        (_, Some(Ret::TooManyRegisters)) => format!("{me} has too many registers to make another one"),
        (Event::Timer { .. }, _) => format!("{me} has nothing to do"),
        _ => format!("{me} is not running and does nothing"),
    }
}

/// The receipt itself; what it leads to is told note by note.
fn received(record: &Record<Process>, me: &str, from: &str, weight: &mut Weight) -> String {
    let Event::Deliver { msg, .. } = &record.event else { return format!("{me} receives something") };
    let news = record.notes().any(|note| {
        matches!(note, Note::Shown { .. } | Note::Waits { .. } | Note::NoRoom(_) | Note::Took { .. } | Note::Skipped(_))
    });
    let again = if news { "" } else { ", which it had" };
    match msg {
        Msg::Post { post, .. } => format!("{me} receives “{}”{again}", post.text),
        Msg::Told { .. } => format!("{me} hears from {from}"),
        Msg::Write { key, version, .. } => format!("{me} receives {from}’s {key} = {}{again}", version.value),
        Msg::Have { .. } => {
            let supplies = record.notes().any(|note| matches!(note, Note::Supplied(..)));
            if !supplies {
                *weight = Weight::Routine;
            }
            let what = if supplies { "" } else { ", and has nothing for it" };
            format!("{me} hears what {from} has{what}")
        }
        Msg::CatchUp { .. } => format!("{me} catches up with {from}{again}"),
    }
}

/// What else a step did, and whether that is worth a pause.
fn effect(note: &Note, record: &Record<Process>, names: &Names) -> Option<(String, bool)> {
    Some(match note {
        Note::Happened { .. } => return None,
        Note::PassedOn(next) => (format!(" and tells {}", names.of(*next)), false),
        Note::Shown { post, early, waited, above } => {
            let main =
                matches!(&record.event, Event::Deliver { msg: Msg::Post { post: own, .. }, .. } if own.id == post.id);
            let what = if main { " and shows it".to_owned() } else { format!("; it shows “{}”", post.text) };
            let late = if *waited { ", which has waited" } else { "" };
            let early = match (early, &post.answers) {
                (None, _) => String::new(),
                (Some(missing), Some(answered)) if *missing == answered.id => {
                    format!(" before “{}”, which it answers", answered.text)
                }
                (Some(missing), _) => format!(" before {}, which it depends on", post_name(*missing, names)),
            };
            let beside = match above {
                Some((other, Order::Concurrent)) => {
                    format!(", concurrent with {}’s “{}”", process_name(other.id.author, names), other.text)
                }
                _ => String::new(),
            };
            let surprise = *waited || !early.is_empty();
            (format!("{what}{late}{early}{beside}"), surprise)
        }
        Note::Waits { post, missing } => {
            let missing = match &post.answers {
                Some(answered) if answered.id == *missing => format!("“{}”, which it answers", answered.text),
                _ => post_name(*missing, names),
            };
            (format!("; it waits for {missing}"), true)
        }
        Note::NoRoom(_) => ("; it would have to wait, and there is no room".to_owned(), true),
        Note::Skipped(_) => ("; what has scrolled away everywhere it will never see".to_owned(), false),
        Note::Took { key, version, taken } => {
            let own = matches!(&record.event, Event::Deliver { msg: Msg::Write { .. }, .. } | Event::Command(_))
                || matches!(&record.event, Event::Timer { .. });
            let values = || taken.values.iter().map(u64::to_string).collect::<Vec<_>>().join(" and ");
            let what = if own { String::new() } else { format!("; {key} = {}", version.value) };
            if !taken.kept {
                (format!("{what}; it is gone at once: {} has the later wall clock", values()), true)
            } else if taken.values.len() > 1 {
                (format!("{what}; it keeps {}: neither had seen the other", values()), true)
            } else if taken.gone.is_empty() {
                (what, false)
            } else {
                let gone = taken.gone.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(" and ");
                (format!("{what} in place of {gone}"), false)
            }
        }
        Note::Supplied(to, count) => {
            let things = if *count == 1 { "1 thing".to_owned() } else { format!("{count} things") };
            (format!(", and sends {} {things} that it had not", names.of(*to)), false)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sweeps_switch_is_causal_delivery() {
        assert_eq!(INFO.params[CAUSAL_DELIVERY_KEY as usize].key, CAUSAL_DELIVERY.key);
    }
}
