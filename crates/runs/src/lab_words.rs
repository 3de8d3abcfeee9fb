//! What commands do, in words: the same for every lab.

use serde_json::Value;
use sim::{Command, DiskMode, LinkChange, MessageAct, NodeId, ParamKey};
use view::narration::Weight;
use view::timeline::MarkKind;

use crate::command::write_message_id;
use crate::info::LabInfo;
use crate::names::Names;
use crate::params::{self, Setting, Shape};
use crate::plain::{OTHER, PlainEvent, PlainOutcome, Topic};

/// What is said of a step that is the same in every lab, and what it is counted as; nothing for steps in which the
/// algorithm acts.
pub fn common(
    event: &PlainEvent,
    outcomes: &[PlainOutcome],
    names: &Names,
    info: &LabInfo,
) -> Option<(String, Weight, Topic)> {
    Some(match event {
        PlainEvent::Boot(_) | PlainEvent::Deliver(..) | PlainEvent::Timer(..) => return None,
        PlainEvent::Command(Command::Request { .. }) => return None,
        PlainEvent::Command(what) => (command(what, outcomes, names, info), Weight::Milestone, OTHER),
        PlainEvent::Vanish(id, kind) => {
            let text = format!("{}'s {kind} reaches {}, which is down", names.of(id.from), names.of(id.to));
            (text, Weight::Routine, ("message to a dead machine", "messages to dead machines"))
        }
        PlainEvent::Synced(node) => {
            (format!("{}'s write is on disk", names.of(*node)), Weight::Routine, ("disk sync", "disk syncs"))
        }
    })
}

/// Tells of a command other than a request.
fn command(command: &Command<Value>, outcomes: &[PlainOutcome], names: &Names, info: &LabInfo) -> String {
    let lost = outcomes.iter().filter(|outcome| matches!(outcome, PlainOutcome::Lost(..))).count();
    let with_losses = |text: String| match lost {
        0 => text,
        1 => format!("{text}; a message on its way is lost"),
        _ => format!("{text}; {lost} messages on their way are lost"),
    };
    let link = |from: NodeId, to: NodeId, both: bool| {
        let arrow = if both { "–" } else { "→" };
        format!("the link {}{arrow}{}", names.of(from), names.of(to))
    };
    match command {
        Command::Crash(node) => {
            let unsynced = outcomes.iter().find_map(|outcome| match outcome {
                PlainOutcome::WritesLost(count) => Some(*count),
                _ => None,
            });
            let disk = match unsynced {
                None => "its disk is kept".to_owned(),
                Some(1) => "its disk is kept, but for one write that was not synced".to_owned(),
                Some(count) => format!("its disk is kept, but for {count} writes that were not synced"),
            };
            format!("{} crashes: its memory is gone, {disk}", names.of(*node))
        }
        Command::Pause(node) => format!("{} stops running; what arrives waits", names.of(*node)),
        Command::Resume(node) => format!("{} goes on with what has been waiting", names.of(*node)),
        Command::Cut { from, to, both } => with_losses(format!("{} is cut", capital(&link(*from, *to, *both)))),
        Command::Heal { from, to, both } => format!("{} works again", capital(&link(*from, *to, *both))),
        Command::Partition(groups) => {
            let groups: Vec<String> = groups
                .iter()
                .map(|group| group.iter().map(|&node| names.of(node)).collect::<Vec<_>>().join(", "))
                .collect();
            with_losses(format!("The network splits: {}", groups.join(" | ")))
        }
        Command::HealAll => "Every link works again".to_owned(),
        Command::Link { from, to, both, change } => {
            format!("{} {}", capital(&link(*from, *to, *both)), manners(change))
        }
        Command::Hold { from, to, both } => format!("{} holds its messages", capital(&link(*from, *to, *both))),
        Command::Release { from, to, both } => format!("{} lets its messages go on", capital(&link(*from, *to, *both))),
        Command::Message { id, act } => {
            let missed = outcomes.iter().any(|outcome| matches!(outcome, PlainOutcome::Missed(_)));
            let copied = outcomes.iter().any(|outcome| matches!(outcome, PlainOutcome::Sent(..)));
            let what = match act {
                _ if missed => "is not on its way: nothing changes",
                MessageAct::Duplicate if !copied => "is not sent twice: its link is cut",
                MessageAct::Drop => "is dropped",
                MessageAct::Hold => "is held",
                MessageAct::Release => "goes on",
                MessageAct::Duplicate => "is sent twice",
                MessageAct::Deliver => "arrives now",
            };
            format!("Message {} {what}", write_message_id(*id, names))
        }
        Command::Clock { node, offset_us: 0, drift_ppm: 0 } => {
            format!("{}'s clock is right again", names.of(*node))
        }
        Command::Clock { node, offset_us, drift_ppm } => {
            let ahead = if *offset_us < 0 { "behind" } else { "ahead" };
            let fast = if *drift_ppm < 0 { "slow" } else { "fast" };
            format!(
                "{}'s clock is set {} µs {ahead} and runs {} ppm {fast}",
                names.of(*node),
                offset_us.unsigned_abs(),
                drift_ppm.unsigned_abs()
            )
        }
        Command::Disk { node, mode, sync_us } => {
            let what = match mode {
                DiskMode::Normal => "behaves normally",
                DiskMode::LoseUnsynced => "will lose in a crash whatever is not synced",
                DiskMode::Torn => "will leave a corrupt record behind in a crash",
                DiskMode::Slow => "is slow from now on",
                DiskMode::Full => "is full: nothing more becomes durable",
            };
            let sync = match sync_us {
                None => String::new(),
                Some((low, high)) if low == high => format!("; a write takes {low} µs"),
                Some((low, high)) => format!("; a write takes {low} to {high} µs"),
            };
            format!("{}'s disk {what}{sync}", names.of(*node))
        }
        Command::AddNode(node) => format!("{} joins the network, a blank machine", names.of(*node)),
        Command::RemoveNode(node) => {
            with_losses(format!("{} is taken away for good, with all that it knew", names.of(*node)))
        }
        Command::Set { key: ParamKey::DISTANCE_US, value: (0, _) } => "Distance does not matter any more".to_owned(),
        Command::Set { key: ParamKey::DISTANCE_US, value: (us, _) } => {
            format!("Distance is latency from now on: {us} µs a unit")
        }
        Command::Set { key, value: (low, high) } => match params::of_set(info, *key) {
            Some(param) if param.shape == Shape::Switch => {
                format!("{} is switched {}", param.title, if *low == 0 { "off" } else { "on" })
            }
            Some(param) => {
                let value =
                    match (param.choices().get(*low as usize), param.to_json(Setting { low: *low, high: *high })) {
                        (Some((_, name)), _) => (*name).to_owned(),
                        (None, Value::String(text)) => text,
                        (None, other) => other.to_string(),
                    };
                format!("{} is set to {value} {}", param.title, param.unit).trim_end().to_owned()
            }
            None => "A parameter is set".to_owned(),
        },
        Command::Move { node, .. } => format!("{} is moved", names.of(*node)),
        Command::Restart(node) => format!("{} boots again from its disk", names.of(*node)),
        Command::Request { .. } => String::new(),
    }
}

/// What a command is about, what was done to it, and what kind of mark it makes.
pub type Words = (String, String, MarkKind);

/// A command in two words, for the timeline: what it is about, and what was done to it.
pub fn short(command: &Command<Value>, names: &Names, info: &LabInfo) -> Words {
    use MarkKind::{Fault, Repair, Request};
    let node = |node: &NodeId| names.of(*node).to_owned();
    let link = |from: &NodeId, to: &NodeId, both: &bool| {
        let arrow = if *both { "–" } else { "→" };
        format!("{}{arrow}{}", names.of(*from), names.of(*to))
    };
    let (about, done, kind) = match command {
        Command::Request { node, op } => return (names.of(*node).to_owned(), word(op).to_owned(), Request),
        Command::Crash(at) => (node(at), "crashed", Fault),
        Command::Restart(at) => (node(at), "restarted", Repair),
        Command::Pause(at) => (node(at), "paused", Fault),
        Command::Resume(at) => (node(at), "resumed", Repair),
        Command::Cut { from, to, both } => (link(from, to, both), "cut", Fault),
        Command::Heal { from, to, both } => (link(from, to, both), "healed", Repair),
        Command::Partition(groups) => {
            let group = |group: &Vec<NodeId>| group.iter().map(|&node| names.of(node)).collect::<Vec<_>>().join(" ");
            (groups.iter().map(group).collect::<Vec<_>>().join(" | "), "split", Fault)
        }
        Command::HealAll => ("all links".to_owned(), "healed", Repair),
        Command::Link { from, to, both, change } if change.resets() => (link(from, to, both), "reset", Repair),
        Command::Link { from, to, both, .. } => (link(from, to, both), "changed", Fault),
        Command::Hold { from, to, both } => (link(from, to, both), "held", Fault),
        Command::Release { from, to, both } => (link(from, to, both), "released", Repair),
        Command::Message { id, act } => {
            let (what, kind) = match act {
                MessageAct::Drop => ("dropped", Fault),
                MessageAct::Hold => ("held", Fault),
                MessageAct::Release => ("released", Repair),
                MessageAct::Duplicate => ("duplicated", Fault),
                MessageAct::Deliver => ("delivered", Request),
            };
            (write_message_id(*id, names), what, kind)
        }
        Command::Clock { node: at, offset_us: 0, drift_ppm: 0 } => (format!("{}'s clock", node(at)), "mended", Repair),
        Command::Clock { node: at, .. } => (format!("{}'s clock", node(at)), "skewed", Fault),
        Command::Disk { node: at, mode, .. } => {
            let (what, kind) = match mode {
                DiskMode::Normal => ("mended", Repair),
                DiskMode::LoseUnsynced => ("made forgetful", Fault),
                DiskMode::Torn => ("made to tear writes", Fault),
                DiskMode::Slow => ("slowed down", Fault),
                DiskMode::Full => ("filled", Fault),
            };
            (format!("{}'s disk", node(at)), what, kind)
        }
        Command::AddNode(at) => (node(at), "added", Request),
        Command::RemoveNode(at) => (node(at), "removed", Fault),
        Command::Set { key, .. } => {
            (params::of_set(info, *key).map_or_else(String::new, |param| param.title.to_owned()), "set", Request)
        }
        Command::Move { node: at, .. } => (node(at), "moved", Request),
    };
    (about, done.to_owned(), kind)
}

/// What an operation is called.
fn word(op: &Value) -> &str {
    let fields = || op.as_object()?.keys().next().map(String::as_str);
    op.as_str().or_else(fields).unwrap_or("asked")
}

/// How a link treats messages from now on.
fn manners(change: &LinkChange) -> String {
    if change.resets() {
        return "is like the others again".to_owned();
    }
    let LinkChange { latency_us, loss_ppm, duplicate_ppm, reorder_ppm, bandwidth_bps } = change;
    let mut said = Vec::new();
    if let Some((low, high)) = latency_us {
        let range = if low == high { low.to_string() } else { format!("{low} to {high}") };
        said.push(format!("needs {range} µs"));
    }
    let percent = |ppm: u32| {
        format!("{}.{:04}", ppm / 10_000, ppm % 10_000).trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    for (verb, ppm) in [("loses", loss_ppm), ("duplicates", duplicate_ppm), ("delays", reorder_ppm)] {
        if let Some(ppm) = ppm {
            said.push(format!("{verb} {} % of its messages", percent(*ppm)));
        }
    }
    match bandwidth_bps {
        Some(0) => said.push("carries any amount".to_owned()),
        Some(bps) => said.push(format!("carries {bps} bits a second")),
        None => {}
    }
    said.join(", ")
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| std::iter::once(first.to_ascii_uppercase()).chain(characters).collect())
}
