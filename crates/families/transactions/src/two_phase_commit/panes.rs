//! Who has voted what, and who holds which lock.

use runs::kit::hue;
use runs::lab::Look;
use sim::NodeId;
use view::pane::{Block, Column, Id, Item, Lane, Lanes, Mark, Pane, PaneInfo, Pattern, Row, Span, Table};

use super::lab::CommitLab;
use super::oracle::{Lock, Said};
use super::{COORDINATOR, CommitOracle, Tx, words};

/// The newest transactions: votes and decisions.
pub(crate) const TRANSACTIONS: PaneInfo =
    PaneInfo { id: "transactions", title: "Transactions", heading: "Who has said what" };

/// Who holds its lock how long.
pub(crate) const LOCKS: PaneInfo = PaneInfo { id: "locks", title: "Locks", heading: "How long accounts are locked" };

/// So many transactions are shown, and so much time.
const SHOWN: usize = 6;
const WINDOW_US: u64 = 500_000;

/// The pane [`TRANSACTIONS`]: the newest, and those in doubt.
pub(crate) fn transactions(look: Look<'_, CommitLab>) -> Pane {
    let Look { world, oracle: CommitOracle { said, .. }, names } = look;
    let nodes = world.config().nodes();
    let newest: Vec<Tx> = said.keys().rev().take(SHOWN / 2).copied().collect();
    let open = |(tx, said): &(&Tx, &Said)| nodes.iter().any(|node| said.doubts(*node)) || newest.contains(tx);
    let mut shown: Vec<(&Tx, &Said)> = said.iter().rev().filter(open).take(SHOWN).collect();
    shown.reverse();
    let row =
        |&(&tx, said): &(&Tx, &Said)| Row::new(transaction(tx), nodes.iter().map(|&node| cell(said, node)).collect());
    let table = Table {
        caption: "The newest, and those in doubt".into(),
        corner: "Txn".into(),
        columns: nodes.iter().map(|&node| Column::of_words(names.of(node))).collect(),
        rows: shown.iter().map(row).collect(),
    };
    let told = shown.iter().filter(|(_, said)| !said.parts.is_empty());
    let told = told.map(|(tx, said)| Item::new(format!("T{tx}: {}", words::changes(&said.parts, names))));
    Pane::of([Block::Table(table), Block::text(told)])
}

/// A transaction, in its colour.
fn transaction(tx: Tx) -> Item {
    Item::new(format!("T{tx}")).hue(hue(tx)).id(Id::Own(format!("T{tx}")))
}

/// The last that a node has said.
fn cell(said: &Said, node: NodeId) -> Vec<Item> {
    let takes_part = node == COORDINATOR || said.parts.contains_key(&node);
    vec![match said.decided.get(&node) {
        _ if !takes_part => return Vec::new(),
        Some(true) => Item::new("commit").pattern(Pattern::Strong),
        Some(false) if said.votes.get(&node) == Some(&false) => Item::new("no").mark(Some(Mark::No)),
        Some(false) => Item::new("abort").pattern(Pattern::Strong),
        None if said.doubts(node) => Item::new("yes").mark(Some(Mark::Waits)).pattern(Pattern::Tentative),
        None if node == COORDINATOR => Item::new("asks"),
        None => Item::new("silent").pattern(Pattern::Faint),
    }]
}

/// The pane [`LOCKS`].
pub(crate) fn locks(look: Look<'_, CommitLab>) -> Pane {
    let Look { world, oracle, names } = look;
    let now = world.time_us();
    let from = now.saturating_sub(WINDOW_US);
    let span = |Lock { tx, from_us, until_us, .. }: Lock| {
        let pattern = if until_us.is_none() { Pattern::Tentative } else { Pattern::Plain };
        Span { item: transaction(tx).pattern(pattern), from: from_us, until: until_us }
    };
    let lane = |&node: &NodeId| {
        let shown = oracle.locks().filter(|lock| lock.node == node && lock.until_us.is_none_or(|until| until > from));
        let down = if world.is_up(node) { Pattern::Plain } else { Pattern::Down };
        Lane { head: Item::node(names.of(node)).pattern(down), spans: shown.map(span).collect(), points: Vec::new() }
    };
    let line = |Lock { node, tx, from_us, .. }: Lock| {
        let held_ms = now.saturating_sub(from_us) / 1_000;
        let text = format!("{} has been locked by T{tx} for {held_ms} ms.", names.of(node));
        Item::new(text).mark(Some(Mark::Waits))
    };
    let lanes = world.config().nodes()[1..].iter().map(lane).collect();
    let lanes = Lanes::recent("From a yes to its outcome", now, WINDOW_US, lanes);
    let held = oracle.locks().filter(|lock| lock.until_us.is_none());
    Pane::of([Block::Lanes(lanes), Block::text(held.map(line))])
}
