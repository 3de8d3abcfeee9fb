//! The replicated log: a row for each server, a column for each index.

use crate::raft::{Cell, Entry, Payload, Progress, Raft, Server};
use sim::{NodeId, World};
use view::pane::{self, Block, Grid, Item, Line, Mark, Page, Pane, PaneAsk, PaneInfo, Pattern, Sign};

use runs::kit::hue;
use runs::names::Names;

use super::super::role_name;
use super::words;

/// What the servers' logs hold, and how far that is settled.
pub const LOG: PaneInfo = PaneInfo { id: "log", title: "Log", heading: "Replicated log" };

/// So many entries are shown at once.
const COLUMNS: u32 = 8;

/// The pane [`LOG`]. A server that is down shows what its disk has.
pub fn log(world: &World<Raft>, names: &Names, ask: &PaneAsk) -> Pane {
    let servers = || world.node_ids().filter(|&id| !world.config().is_client(id));
    let sources: Vec<(NodeId, Source<'_>)> = servers().map(|id| (id, Source::of(world, id))).collect();
    let end = sources.iter().map(|(_, source)| source.last()).max().unwrap_or(0);
    let page = Page::of(ask, COLUMNS, end);
    let leader = newest_leader(world);
    let row = |(id, source): &(NodeId, Source<'_>)| Line {
        head: head(world, names, *id, leader),
        cells: cells(world, names, (*id, source), page, known(leader, *id)),
    };
    let sample = |text: &str, pattern| pane::Cell::new(Item::new(text).pattern(pattern));
    let grid = Grid {
        caption: format!("Entries {} to {} of {end}", page.first, page.last),
        corner: "Server".to_owned(),
        columns: columns(page).map(|index| index.to_string()).collect(),
        rows: sources.iter().map(row).collect(),
        legend: vec![
            sample("not committed", Pattern::Tentative),
            sample("committed", Pattern::Plain),
            sample("applied", Pattern::Plain).sign(Sign::Below, true),
            sample("matched", Pattern::Plain).sign(Sign::After, true),
            sample("next", Pattern::Plain).sign(Sign::Before, true),
        ],
    };
    Pane::of([Block::Grid(grid)]).with(page.tools("entries"))
}

/// The indices for which there are columns, also where no log has an entry yet.
fn columns(page: Page) -> std::ops::Range<u64> {
    page.first..page.first.saturating_add(u64::from(COLUMNS))
}

/// A server, what it is, and how far it is as the newest leader knows; for that leader, how far the others are.
fn head(world: &World<Raft>, names: &Names, id: NodeId, leader: Option<&Server>) -> Item {
    let server = world.node(id).and_then(Raft::server);
    let leads = server.is_some_and(Server::leads);
    let about = |progress: &Progress| format!("matched {}, next {}", progress.matched, progress.next);
    let about = if leads {
        let followed = leader.and_then(Server::leader).into_iter().flat_map(|leader| &leader.progress);
        followed
            .map(|(&node, progress)| format!("{} {}", names.of(node), about(progress)))
            .collect::<Vec<_>>()
            .join("; ")
    } else {
        known(leader, id).map(about).unwrap_or_default()
    };
    let role = server.map_or("crashed", |server| role_name(&server.role));
    let comma = if about.is_empty() { "" } else { ", " };
    Item::node(names.of(id))
        .pattern(if server.is_some() { Pattern::Plain } else { Pattern::Down })
        .mark(leads.then_some(Mark::Leads))
        .full(format!("{} {role}{comma}{about}", names.of(id)))
}

/// What a server has at the page's indices.
fn cells(
    world: &World<Raft>,
    names: &Names,
    (id, source): (NodeId, &Source<'_>),
    page: Page,
    progress: Option<&Progress>,
) -> Vec<pane::Cell> {
    let mut columns = columns(page);
    let mut cells = Vec::new();
    if source.snapshot >= columns.start {
        let last = source.snapshot.min(columns.end - 1);
        let text = format!("… {}", source.snapshot);
        let item = Item::new(&text).pattern(Pattern::Faint).full(format!("{text} in a snapshot"));
        cells.push(pane::Cell { span: (last + 1 - columns.start) as u32, ..pane::Cell::new(item) });
        columns.start = last + 1;
    }
    let server = world.node(id).and_then(Raft::server);
    for index in columns {
        let entry = source.entry(index);
        let matched = progress.is_some_and(|progress| progress.matched == index);
        let next = progress.is_some_and(|progress| progress.next == index);
        let applied = server.is_some_and(|server| index <= server.applied);
        let item = entry.map_or_else(Item::default, |entry| item(world, names, id, entry));
        cells.push(
            pane::Cell::new(item)
                .sign(Sign::Before, next)
                .sign(Sign::Below, entry.is_some() && applied)
                .sign(Sign::After, entry.is_some() && matched),
        );
    }
    cells
}

/// An entry as one server has it. The same entry lights up in all logs.
fn item(world: &World<Raft>, names: &Names, id: NodeId, entry: &Entry) -> Item {
    let (text, what) = match &entry.payload {
        Payload::Noop => ("·".to_owned(), "empty, the first of its term".to_owned()),
        Payload::Command { op, .. } => (op.to_string(), words(op)),
        Payload::Members(members) => {
            let members: Vec<&str> = members.iter().map(|&node| names.of(node)).collect();
            (format!("{}n", members.len()), format!("members {}", members.join(" ")))
        }
    };
    let (pattern, standing) = match world.node(id).and_then(Raft::server) {
        None => (Pattern::Down, "on disk"),
        Some(server) if entry.index <= server.commit => (Pattern::Plain, "committed"),
        Some(_) if on_disk(world, id, entry) => (Pattern::Tentative, "not committed"),
        Some(_) => (Pattern::Tentative, "not committed, not on disk yet"),
    };
    let applied = world.node(id).and_then(Raft::server).is_some_and(|server| entry.index <= server.applied);
    let applied = if applied { ", applied" } else { "" };
    let term = entry.term;
    Item::new(text)
        .id(pane::Id::Own(format!("entry {} of term {term}", entry.index)))
        .hue(hue(term))
        .pattern(pattern)
        .full(format!("{what}, term {term}, {standing}{applied}"))
}

/// The leader of the newest term; an old one may still believe that it leads.
fn newest_leader(world: &World<Raft>) -> Option<&Server> {
    let servers = world.node_ids().filter_map(|id| world.node(id)?.server());
    servers.filter(|server| server.leads()).max_by_key(|server| server.term)
}

/// What a leader knows of a server.
fn known(leader: Option<&Server>, id: NodeId) -> Option<&Progress> {
    leader?.leader()?.progress.get(&id)
}

/// Where a server's log is read from.
struct Source<'a> {
    snapshot: u64,
    entries: &'a [Entry],
}

impl<'a> Source<'a> {
    fn of(world: &'a World<Raft>, node: NodeId) -> Self {
        if let Some(server) = world.node(node).and_then(Raft::server) {
            return Self { snapshot: server.log.snapshot().index, entries: server.log.entries() };
        }
        let disk = world.disk(node);
        let snapshot = disk.cells().iter().find_map(|cell| match cell {
            Cell::Snapshot(snapshot) => Some(snapshot.index),
            Cell::HardState { .. } => None,
        });
        Self { snapshot: snapshot.unwrap_or(0), entries: disk.entries() }
    }

    fn last(&self) -> u64 {
        self.entries.last().map_or(self.snapshot, |entry| entry.index.max(self.snapshot))
    }

    /// An entry that no snapshot has replaced. Entries have no gaps.
    fn entry(&self, index: u64) -> Option<&'a Entry> {
        let first = self.entries.first()?.index;
        let position = usize::try_from(index.checked_sub(first)?).ok()?;
        (index > self.snapshot).then(|| self.entries.get(position)).flatten()
    }
}

fn on_disk(world: &World<Raft>, node: NodeId, entry: &Entry) -> bool {
    let disk = Source { snapshot: 0, entries: world.disk(node).entries() };
    disk.entry(entry.index).is_some_and(|stored| stored.term == entry.term)
}
