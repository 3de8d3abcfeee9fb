//! What clients asked and were told, and why no order explains it where none does.

use check::linearizability::Witness;
use check::operations::{End, OpId, Operation};
use sim::{NodeId, World};
use view::pane::{
    Block, Does, Fact, Facts, Group, Id, Item, Lane, Lanes, Mark, Pane, PaneAsk, PaneInfo, Pattern, Span, Tool,
};

use crate::raft::{KvOp, KvRet, Raft, RaftOracle};
use runs::names::Names;

use super::words;

/// The newest operations, a lane for each client.
pub const HISTORY: PaneInfo = PaneInfo { id: "history", title: "Operations", heading: "Clients’ operations" };

/// Most operations that are shown.
const OPERATIONS_MAX: usize = 200;

/// Most operations of an order that are told.
const ORDER_MAX: usize = 12;

/// How much time can be shown, in ms, and the argument that says which of these.
const WINDOWS_MS: [u64; 6] = [250, 500, 1_000, 2_000, 5_000, 10_000];
const WINDOW: &str = "window-ms";

/// The pane [`HISTORY`].
pub fn history(world: &World<Raft>, oracle: &RaftOracle, names: &Names, ask: &PaneAsk) -> Pane {
    let window = WINDOWS_MS.iter().position(|ms| ask.arg(WINDOW) == Some(ms.to_string().as_str())).unwrap_or(1);
    let (now_us, window_us) = (world.time_us(), WINDOWS_MS[window] * 1_000);
    let from_us = now_us.saturating_sub(window_us);
    let (asked, witness) = (oracle.history(), oracle.witness());
    let skipped = (asked.len() as usize).saturating_sub(OPERATIONS_MAX) as u32;
    let newest: Vec<_> = (skipped..asked.len()).filter_map(|number| Some((number, asked.get(number)?))).collect();
    let mut nodes: Vec<NodeId> = world.node_ids().filter(|&id| world.config().is_client(id)).collect();
    for (_, operation) in &newest {
        if !nodes.contains(&operation.id.node) {
            nodes.push(operation.id.node);
        }
    }
    let shown = newest.iter().filter(|(_, operation)| ended(operation).is_none_or(|(at_us, _)| at_us >= from_us));
    let shown: Vec<_> = shown.copied().collect();
    let lane = |&node: &NodeId| Lane {
        head: Item::node(names.of(node)),
        spans: shown
            .iter()
            .filter(|(_, it)| it.id.node == node)
            .map(|&(number, it)| span(number, it, names, witness))
            .collect(),
        points: Vec::new(),
    };
    let time = |ms: u64| if ms < 1_000 { format!("{ms} ms") } else { format!("{} s", ms / 1_000) };
    // What was asked for within the window may be more than is shown.
    let all = shown.first().is_none_or(|(number, _)| *number > skipped) || skipped == 0;
    let part = if all { String::new() } else { format!(", the newest {OPERATIONS_MAX}") };
    let caption = format!("Operations of the last {}{part}", time(WINDOWS_MS[window]));
    let lanes = Lanes::recent(&caption, now_us, window_us, nodes.iter().map(lane).collect());
    let mut pane = Pane::of([Block::Lanes(lanes)]);
    if shown.is_empty() {
        pane.blocks.push(Block::text([Item::new("Nobody has asked for anything in this window.")]));
    }
    if let Some(witness) = witness {
        let reason = Item::new(&witness.reason).pattern(Pattern::Fault).full(&witness.reason);
        let find = |id: OpId| asked.iter().rev().find(|operation| operation.id == id);
        let skipped = witness.order.len().saturating_sub(ORDER_MAX);
        let order =
            witness.order.iter().enumerate().skip(skipped).filter_map(|(place, &id)| Some((place + 1, find(id)?)));
        let facts =
            order.map(|(place, operation)| Fact::new(&format!("{place}."), Item::new(told(operation)))).collect();
        let title = "The longest order that works".to_owned();
        pane.blocks.extend([Block::text([reason]), Block::Facts(Facts { groups: vec![Group { title, facts }] })]);
    }
    let tool = |sign, title: &str, other: Option<usize>| {
        let ask = other.and_then(|other| WINDOWS_MS.get(other)).map(|ms| Does::Ask(WINDOW.to_owned(), ms.to_string()));
        Tool::new(sign, title.to_owned(), ask)
    };
    pane.with(vec![tool("+", "Shorter window", window.checked_sub(1)), tool("−", "Longer window", Some(window + 1))])
}

/// When an operation ended, and at which step.
fn ended(operation: &Operation<KvOp, KvRet>) -> Option<(u64, u64)> {
    match &operation.end {
        End::Open => None,
        End::Answered { at, .. } | End::GivenUp { at, .. } => Some((at.time_us, at.step)),
    }
}

/// An operation, from the question to its end. How it ended is a shape; its place in the longest order that was found
/// before no operation could follow, and its part in what is wrong, are said as well.
fn span(number: u32, operation: &Operation<KvOp, KvRet>, names: &Names, witness: Option<&Witness>) -> Span {
    let id = operation.id;
    let part = witness.and_then(|witness| match witness {
        _ if witness.answer == id => Some((Mark::No, "; nothing explains this answer")),
        _ if witness.blamed == Some(id) => Some((Mark::Doubt, "; at odds with the wrong answer")),
        _ => witness.stuck.contains(&id).then_some((Mark::Doubt, "; would come next, and cannot")),
    });
    let place = witness.and_then(|witness| witness.order.iter().position(|&other| other == id)).map(|place| place + 1);
    let text = place.map_or_else(|| operation.op.to_string(), |place| format!("{place}. {}", operation.op));
    let (pattern, mark) = match (&operation.end, part) {
        (_, Some((mark, _))) => (Pattern::Fault, Some(mark)),
        // It may have happened, and may happen yet.
        (End::GivenUp { .. }, None) => (Pattern::Tentative, Some(Mark::No)),
        (End::Open | End::Answered { .. }, None) => (Pattern::Plain, None),
    };
    let end = ended(operation);
    let took = end.map_or(0, |(at_us, _)| at_us.saturating_sub(operation.asked.time_us));
    let took = format!("{}.{} ms", took / 1_000, took / 100 % 10);
    let how = match &operation.end {
        End::Open => "no answer yet".to_owned(),
        End::Answered { ret: KvRet::Done, .. } => format!("done after {took}"),
        End::Answered { ret: ret @ KvRet::Value(_), .. } => format!("{ret} after {took}"),
        End::GivenUp { at, .. } => format!("no answer will come, since {}", seconds(at.time_us)),
    };
    let who = names.of(id.node);
    let part = part.map_or("", |(_, part)| part);
    let place = place.map_or_else(String::new, |place| format!("; {place} in the order"));
    let at = seconds(operation.asked.time_us);
    let step = end.map_or(operation.asked.step, |(_, step)| step);
    let item = Item::new(text)
        .id(Id::Op(u64::from(number)))
        .pattern(pattern)
        .mark(mark)
        .full(format!("{who} at {at}: {}: {how}{part}{place}", words(&operation.op)))
        .act(format!("Go to step {step}"), Does::Select(Id::Step(step)));
    Span { item, from: operation.asked.time_us, until: end.map(|(at_us, _)| at_us) }
}

fn seconds(time_us: u64) -> String {
    format!("{}.{:03} s", time_us / 1_000_000, time_us / 1_000 % 1_000)
}

/// An operation with its answer, if it has one that says something.
fn told(operation: &Operation<KvOp, KvRet>) -> String {
    match operation.answer() {
        Some((_, ret @ KvRet::Value(_))) => format!("{} → {ret}", words(&operation.op)),
        _ => words(&operation.op),
    }
}
