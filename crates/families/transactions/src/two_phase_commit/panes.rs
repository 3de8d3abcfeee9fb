//! Who has voted what, and who holds which lock.

use runs::lab::Look;
use runs::names::Names;
use sim::NodeId;
use view::pane::{Axis, Block, Column, Id, Item, Lane, Lanes, Mark, Pane, PaneInfo, Pattern, Row, Span, Table, Text};

use super::lab::{CommitLab, hue};
use super::oracle::Said;
use super::{COORDINATOR, Tx, words};

/// The newest transactions: votes and decisions.
pub(crate) const TRANSACTIONS: PaneInfo =
    PaneInfo { id: "transactions", title: "Transactions", heading: "Who has said what" };

/// Who holds its lock how long.
pub(crate) const LOCKS: PaneInfo = PaneInfo { id: "locks", title: "Locks", heading: "How long accounts are locked" };

/// So many transactions are shown, and so much time.
const SHOWN: usize = 6;
const WINDOW_US: u64 = 500_000;

/// The pane [`TRANSACTIONS`].
pub(crate) fn transactions(look: Look<'_, CommitLab>) -> Pane {
    let Look { world, oracle, names } = look;
    let nodes: Vec<NodeId> = (1..=world.config().participants).map(NodeId).collect();
    let open = |(tx, said): &(&Tx, &Said)| nodes.iter().any(|node| doubts(said, *node)) || newest(look, **tx);
    let mut shown: Vec<(&Tx, &Said)> = oracle.transactions().iter().rev().filter(open).take(SHOWN).collect();
    shown.sort_by_key(|(tx, _)| **tx);
    let row = |&(&tx, said): &(&Tx, &Said)| Row {
        head: Item::new(format!("T{tx}")).hue(hue(tx)).id(Id::Own(format!("T{tx}"))),
        cells: [COORDINATOR].iter().chain(&nodes).map(|&node| cell(said, node)).collect(),
        rows: Vec::new(),
    };
    let columns = std::iter::once(COORDINATOR).chain(nodes.iter().copied());
    let table = Table {
        caption: "The newest, and those in doubt".into(),
        corner: "Txn".into(),
        columns: columns.map(|node| Column::of_words(names.of(node))).collect(),
        rows: shown.iter().map(row).collect(),
    };
    let told = shown.iter().filter(|(_, said)| !said.parts.is_empty());
    let told = told.map(|(tx, said)| Item::new(format!("T{tx}: {}", words::changes(&said.parts, names))));
    Pane { blocks: vec![Block::Table(table), Block::Text(Text { lines: told.collect() })] }
}

/// Whether a transaction is one of the newest.
fn newest(look: Look<'_, CommitLab>, tx: Tx) -> bool {
    look.oracle.transactions().keys().rev().take(SHOWN / 2).any(|newest| *newest == tx)
}

/// Whether a participant has voted yes and has not said that it knows the outcome.
fn doubts(said: &Said, node: NodeId) -> bool {
    said.votes.get(&node) == Some(&true) && !said.decided.contains_key(&node)
}

/// The last that a node has said.
fn cell(said: &Said, node: NodeId) -> Vec<Item> {
    let takes_part = node == COORDINATOR || said.parts.contains_key(&node);
    vec![match said.decided.get(&node) {
        _ if !takes_part => return Vec::new(),
        Some(true) => Item::new("commit").pattern(Pattern::Strong),
        Some(false) if said.votes.get(&node) == Some(&false) => Item::new("no").mark(Some(Mark::No)),
        Some(false) => Item::new("abort").pattern(Pattern::Strong),
        None if doubts(said, node) => Item::new("yes").mark(Some(Mark::Waits)).pattern(Pattern::Tentative),
        None if node == COORDINATOR => Item::new("asks"),
        None => Item::new("silent").pattern(Pattern::Faint),
    }]
}

/// The pane [`LOCKS`].
pub(crate) fn locks(look: Look<'_, CommitLab>) -> Pane {
    let Look { world, oracle, names } = look;
    let now = world.time_us();
    let from = now.saturating_sub(WINDOW_US);
    let lane = |node: NodeId| {
        let shown = oracle.locks().filter(|lock| lock.node == node && lock.until_us.is_none_or(|until| until > from));
        let span = |lock: super::oracle::Lock| {
            let pattern = if lock.until_us.is_none() { Pattern::Tentative } else { Pattern::Plain };
            let item = Item::new(format!("T{}", lock.tx)).hue(hue(lock.tx)).pattern(pattern);
            Span { item: item.id(Id::Own(format!("T{}", lock.tx))), from: lock.from_us, until: lock.until_us }
        };
        let down = if world.is_up(node) { Pattern::Plain } else { Pattern::Down };
        Lane { head: Item::node(names.of(node)).pattern(down), spans: shown.map(span).collect(), points: Vec::new() }
    };
    let held = oracle.locks().filter(|lock| lock.until_us.is_none());
    let line = |lock: super::oracle::Lock| held_line(names, lock, now);
    let lanes = Lanes {
        caption: "From a yes to its outcome".into(),
        axis: Axis::Time,
        from,
        until: from + WINDOW_US,
        now: Some(now),
        lanes: (1..=world.config().participants).map(NodeId).map(lane).collect(),
        arrows: Vec::new(),
    };
    Pane { blocks: vec![Block::Lanes(lanes), Block::Text(Text { lines: held.map(line).collect() })] }
}

fn held_line(names: &Names, lock: super::oracle::Lock, now_us: u64) -> Item {
    let held_ms = now_us.saturating_sub(lock.from_us) / 1_000;
    Item::new(format!("{} has been locked by T{} for {held_ms} ms.", names.of(lock.node), lock.tx))
        .mark(Some(Mark::Waits))
}
