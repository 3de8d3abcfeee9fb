//! Vector clocks at work, as a lab: feeds in causal order, and registers that keep concurrent writes beside each other.

use crate::clocks::{Stamp, WALL_AT_START_US, machine};
use crate::vector_clocks::{
    Bugs, Config, Deed, EVERYBODY, FeedOracle, Msg, Note, Op, PATH_MAX, Post, PostId, Process, Ret, TEXT_CHARS_MAX,
    Taken, Timer, VALUE_MAX, Version,
};
use algorithms::clocks::{Order, VectorClock};
use runs::prelude::*;
use view::lens::space_time;

const NODES: ParamInfo = params::number("nodes", "Processes", 3, (2, 8), "");
const CAUSAL_DELIVERY: ParamInfo = live(switch("causal-delivery", "Causal delivery", true));

const KEY: ArgInfo = text("Key", "account", TEXT_CHARS_MAX);
const VALUE: ArgInfo = ops::number("Value", 120, (0, VALUE_MAX as i64));

const POST: OpInfo =
    op("post", "Post", "The process posts something to everybody.").with(&[text("Text", "photo", TEXT_CHARS_MAX)]);
const REPLY: OpInfo = op("reply", "Reply", "The process answers the newest post of somebody else.").with(&[text(
    "Text",
    "nice",
    TEXT_CHARS_MAX,
)]);
const TELL: OpInfo = op("tell", "Tell", "The process tells the first one, which passes it on to the next.")
    .with(&[nodes("Path", &["n2", "n3"], PATH_MAX)]);
const WRITE: OpInfo = op("write", "Write", "The process writes a replicated register.").with(&[KEY, VALUE]);
const GET: OpInfo =
    op("get", "Read at another", "The process reads a register of another one, as its client, and keeps the context.")
        .with(&[node("Server", "n1"), KEY]);
const PUT: OpInfo = op(
    "put",
    "Write at another",
    "The process writes a register of another one, as its client, with the context of what it read last.",
)
.with(&[node("Server", "n1"), KEY, VALUE]);
const LOCAL: OpInfo = op("local", "Local event", "Something happens at the process.");

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<VectorClocksLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "vector-clocks",
    title: "Vector clocks",
    aliases: &["version-vectors", "causal-broadcast"],
    family: "Time and order",
    summary: "Posts wait for what they depend on, and concurrent writes stay beside each other: vectors tell which is which.",
    invitation: (
        "Let a comment overtake its photo.",
        "Make n1 → n3 slow, let n1 post and n2 reply: at n3 the reply waits. Switch causal delivery off, and it does not.",
    ),
    variants: &[
        correct("An entry for each process, causal delivery, and dotted version vectors for registers."),
        bug(Bugs::NO_CAUSAL_DELIVERY),
        bug(Bugs::LAST_WRITER_WINS),
        bug(Bugs::NO_DOTS),
        bug(Bugs::IGNORES_CONTEXTS),
        bug(Bugs::PRUNES_SILENT).with(&[("prune-after", Setting::number(4))]),
        bug(Bugs::ONE_COUNTER),
    ],
    params: &[
        NODES,
        CAUSAL_DELIVERY,
        params::number("skew-ms", "Wall clocks are off by up to", 60, (0, 10_000), "ms"),
        params::number("prune-after", "Vectors forget who is silent for (0: never)", 0, (0, 1_000), "events"),
        live(params::number("act-every-ms", "Each process acts about every (0: never)", 400, (0, 60_000), "ms")),
        params::number("ask-every-ms", "Each asks what it missed about every (0: never)", 1_000, (0, 60_000), "ms"),
        LATENCY.by_default_range(5, 60),
        DISTANCE,
    ],
    ops: &[POST, REPLY, TELL, WRITE, GET, PUT, LOCAL],
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
    lenses: runs::lenses![LensKind::Comparison],
    opening_lenses: &[LensKind::Comparison, LensKind::Checks],
    ..LabInfo::BASE
};

/// How long before the first event the lab opens, in µs.
const OPENING_LEAD_US: u64 = 10_000;

/// How long sweeps make faults, in µs.
const CHAOS_US: u64 = 4_000_000;

/// Somebody is asked for something.
const EVENTS: PlannedOps<Op> = PlannedOps {
    interval_us: 150_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream: &mut Stream, nodes| {
        let node = |stream: &mut Stream| NodeId((stream.range(0, 1_000_000) % u64::from(nodes.max(1))) as u32);
        let (me, peer) = (node(stream), node(stream));
        let account = || "account".to_owned();
        let op = match stream.range(0, 8) {
            0 | 1 => Op::Post("news".to_owned()),
            2 => Op::Reply("why?".to_owned()),
            3 => Op::Write(account(), stream.range(0, 99)),
            4 if peer != me => Op::Tell(vec![peer]),
            5 | 6 if peer != me => Op::Get(peer, account()),
            7 if peer != me => Op::Put(peer, account(), stream.range(0, 99)),
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
        Some(Command::Set { key: CAUSAL_DELIVERY.id(), value: (on, on) })
    },
};

/// The lab of vector clocks.
pub struct VectorClocksLab;

impl Lab for VectorClocksLab {
    type Protocol = Process;
    type Oracle = FeedOracle;

    const FORGETS: bool = true;

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        let nodes = chosen.count(&NODES);
        let config = Config { bugs: chosen.bugs(), ..chosen.config() };
        // Long enough for everybody to ask everybody twice.
        let calm_us = 4 * u64::from(nodes) * config.ask_us + 32 * chosen.range_us(&LATENCY).1 + 2_000_000;
        let oracle = FeedOracle::new(&config);
        Setup {
            fault_model: FaultModel::of(&FaultKind::NO_DISKS, CHAOS_US, calm_us),
            planned_ops: vec![EVENTS, SWITCHES],
            ..Setup::new(check::Names::servers(nodes), config, oracle, layout::circle(nodes as usize))
        }
    }

    fn dress(world: &World<Process>, names: &Names, stage: &mut Stage) {
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.hue = Some(id.0 % shapes::HUES);
            match world.node(id) {
                None => {}
                Some(process) => {
                    node.role = "process".into();
                    node.label = counts(&process.vector, names);
                    let waiting = process.feed.waiting().len();
                    if waiting > 0 {
                        node.remark = Some(format!("{waiting} waiting"));
                    }
                }
            }
        }
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        let hue = Some(msg.stamp().event.machine().0.0 % shapes::HUES);
        match msg {
            Msg::Post { .. } => (MessageShape::Triangle, hue),
            Msg::Write { .. } => (MessageShape::Square, hue),
            Msg::Told { .. } => (MessageShape::Diamond, hue),
            Msg::Get { .. } => (MessageShape::Circle, hue),
            Msg::Got { .. } => (MessageShape::Ring, hue),
            Msg::Put { .. } => (MessageShape::Square, hue),
            Msg::Have { .. } => (MessageShape::Circle, hue),
            Msg::CatchUp { .. } => (MessageShape::Ring, hue),
        }
    }

    /// `process` (its name; `n1′` is another process on n1's machine), `events`; its clocks at its newest event:
    /// `vector` (by process), `lamport`, `wall_us`; `feed`: what it shows, the oldest first; `waiting`: what waits;
    /// `shown`: the newest post that it shows of each author; `registers`: the values of each; `contexts`: as a client,
    /// which writes were in what it read last of each.
    fn detail(process: &Process, names: &Names) -> Value {
        let line = |post: &Post| {
            let author = process_name(post.id.author, names);
            match &post.answers {
                None => format!("{author}: “{}”", post.text),
                Some(answered) => format!("{author}: “{}” on “{}”", post.text, answered.text),
            }
        };
        let lines = |posts: &[std::rc::Rc<Post>]| posts.iter().map(|post| line(post)).collect::<Vec<_>>();
        let registers = process.registers.iter().map(|(key, register)| (key.clone(), Value::from(register.values())));
        let contexts = process.contexts.iter().map(|(key, context)| (key.clone(), vector(context, names)));
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
            "contexts": contexts.collect::<Map<_, _>>(),
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
        before_first(world, OPENING_LEAD_US, |_, timer| timer == Timer::Act)
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
        Deed::Wrote { value, .. } if took(record).is_some_and(|taken| !taken.kept) => format!("{value} is lost"),
        Deed::Wrote { key, value } => format!("{key} = {value}"),
        Deed::Get(from, key) => format!("read {key} at {}", names.of(*from)),
        Deed::Put { to, key, value, .. } => format!("{key} = {value} at {}", names.of(*to)),
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

/// What a step that wrote a register, or took values in, did there.
fn took(record: &Record<Process>) -> Option<&Taken> {
    record.notes().find_map(|note| match note {
        Note::Took { taken, .. } => Some(taken),
        _ => None,
    })
}

/// `120 and 80`; of what holds nothing, `nothing`.
fn list(values: &[u64]) -> String {
    if values.is_empty() {
        return "nothing".to_owned();
    }
    values.iter().map(u64::to_string).collect::<Vec<_>>().join(" and ")
}

/// The values of versions, as a list.
fn values_of(versions: &[Version]) -> String {
    list(&versions.iter().map(|version| version.value).collect::<Vec<_>>())
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
        Msg::Write { versions, .. } => match took(record) {
            None => format!("{} again", values_of(versions)),
            Some(taken) => kept_label(taken),
        },
        Msg::Get { key, .. } => format!("hand out {key}"),
        Msg::Got { values, .. } => format!("read {}", list(values)),
        Msg::Put { value, .. } => match took(record) {
            None => format!("{value} is refused"),
            Some(taken) => kept_label(taken),
        },
        Msg::Have { .. } => format!("hear what {} has", names.of(id.from)),
        Msg::CatchUp { .. } => "catch up".to_owned(),
    }
}

/// What became of a register, in a word or two.
fn kept_label(taken: &Taken) -> String {
    match &taken.values[..] {
        _ if !taken.kept => format!("drop {}", values_of(&taken.new)),
        [value] => format!("take {value}"),
        [one, two] => format!("keep {one} and {two}"),
        values => format!("keep {} values", values.len()),
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
        Deed::Wrote { key, value } => format!("{me} writes {key} = {value}"),
        Deed::Get(from, key) => format!("{me} reads {key} at {}, as its client", names.of(*from)),
        Deed::Put { to, key, value, context } => {
            let (to, context) = (names.of(*to), vector_text(context, names));
            format!("{me} writes {key} = {value} at {to}, having seen the writes {context}")
        }
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
        (_, Some(Ret::ToItself)) => format!("{me} does not send to itself"),
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
        Msg::Write { key, versions, .. } => {
            format!("{me} receives {from}’s {key} = {}{again}", values_of(versions))
        }
        Msg::Get { key, .. } => format!("{me} hands {key} out to {from}"),
        Msg::Got { key, values, .. } => format!("{me} hears that {from} has {key} = {}", list(values)),
        Msg::Put { key, value, .. } => format!("{me} receives {key} = {value} from its client {from}"),
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
        Note::Took { key, taken } => {
            let fetched = matches!(&record.event, Event::Deliver { msg: Msg::CatchUp { .. }, .. });
            let what = if fetched { format!("; {key} = {}", values_of(&taken.new)) } else { String::new() };
            if !taken.kept {
                (format!("{what}; it is gone at once: {} has the later wall clock", list(&taken.values)), true)
            } else if taken.values.len() > 1 {
                let none = if taken.values.len() == 2 { "neither had seen the other" } else { "none had seen another" };
                (format!("{what}; it keeps {}: {none}", list(&taken.values)), true)
            } else if taken.gone.is_empty() {
                (what, false)
            } else {
                (format!("{what} in place of {}", values_of(&taken.gone)), false)
            }
        }
        Note::Refused => {
            ("; it refuses, for it has too many registers, or values that its client has not seen".into(), true)
        }
        Note::Handed(values, context) => {
            (format!(": {}, with the context {}", list(values), vector_text(context, names)), false)
        }
        Note::Read(_, context) => (format!(", and keeps the context {}", vector_text(context, names)), false),
        Note::Supplied(to, count) => {
            let things = if *count == 1 { "1 thing".to_owned() } else { format!("{count} things") };
            (format!(", and sends {} {things} that it had not", names.of(*to)), false)
        }
    })
}
