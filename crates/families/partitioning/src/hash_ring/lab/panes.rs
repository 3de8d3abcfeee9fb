//! Who has how much of all keys, and how many keys a change would move under other ways to place them.

use std::cell::RefCell;
use std::sync::Arc;

use runs::placements::{KEYS, Placements, Row as Outcome, Way, ideal};
use runs::prelude::*;
use runs::recent::Recent;
use view::lens::ring::{Circle, Membership, grouped, percent};
use view::pane::{Block, Column, Does, Item, Mark, Pattern, Row, Table};

use super::ring::{circle, hue, membership, newest_view};
use super::{HashRingLab, words};
use crate::hash_ring::in_order;
use crate::hash_ring::{HashRing, VNODES_MAX};

/// Who has how much of all keys. Its name is that of the picture, whose fields stand beside it.
pub(super) const SHARES: PaneInfo = PaneInfo { id: Picture::Ring.id(), title: "Shares", heading: "Share of keys" };

/// The same keys under other ways to place them.
pub(super) const PLACEMENTS: PaneInfo =
    PaneInfo { id: "placements", title: "Compare", heading: "The same keys, placed otherwise" };

/// So much of a comparison is worked out whenever somebody looks: some milliseconds of it.
const PIECES: usize = 14;

/// More than so many times what has to move is too much.
const MUCH: u32 = 4;

/// The pane [`SHARES`]. With `token` (`n1#0@2147483648`) or `virtual-nodes` it shows what would be.
pub(super) fn shares(look: Look<'_, HashRingLab>, ask: &PaneAsk) -> Pane {
    let Look { world, names, .. } = look;
    let config = world.config();
    let view = newest_view(world);
    let members = view.next.as_ref().unwrap_or(&view.now);
    let now = circle(config, members);
    let tried = tried(&now, ask);
    let (caption, circle) = match &tried {
        Some(tried) => ("As it would be", tried),
        None => ("As it is", &now),
    };
    let fair = circle.fair_ppm();
    let longest = circle.share_ppm.iter().chain(&fair).copied().max().unwrap_or(0).max(1);
    let bar = |ppm: u32| (u64::from(ppm) * 1_000_000 / u64::from(longest)) as u32;
    let row = |((id, weight), (&share, due)): ((NodeId, u32), (&u32, u32))| {
        let running = world.node(id).and_then(HashRing::server);
        let keys = running.map_or_else(|| "down".to_owned(), |server| server.kept.keys.len().to_string());
        let hue = Some(hue(config, id));
        let cell = |text: String| vec![Item::new(text)];
        Row::new(
            Item::node(names.of(id)).hue(hue).pattern(if running.is_some() { Pattern::Plain } else { Pattern::Down }),
            vec![
                cell(format!("×{weight}")),
                vec![Item::new(percent(share)).hue(hue).filled_of(bar(share), bar(due))],
                cell(percent(due)),
                cell(keys),
            ],
        )
    };
    let servers = in_order(config, members).into_iter().map(|id| (id, members.weights[&id]));
    let rows = servers.zip(circle.share_ppm.iter().zip(fair.iter().copied())).map(row).collect();
    let table = Table {
        caption: caption.to_owned(),
        corner: "Server".to_owned(),
        columns: vec![
            Column::of_numbers("Weight"),
            Column::of_words("Share"),
            Column::of_numbers("Due"),
            Column::of_numbers("Keys"),
        ],
        rows,
    };
    let (fullest, deviation) = circle.spread_ppm();
    let even = format!("Fullest {} its due · deviation {}", times(fullest), percent(deviation));
    Pane::of([Block::Table(table), Block::text([Item::new(even).pattern(Pattern::Faint)])])
}

/// `1.46 ×`
fn times(ppm: u32) -> String {
    format!("{}.{:02} ×", ppm / 1_000_000, ppm / 10_000 % 100)
}

/// The ring that somebody tries: with a virtual node elsewhere, or with another number of them.
fn tried(now: &Circle, ask: &PaneAsk) -> Option<Arc<Circle>> {
    if now.tokens.is_empty() {
        return None;
    }
    if let Some(token) = ask.arg("token") {
        let (token, position) = token.split_once('@')?;
        let (name, index) = token.split_once('#')?;
        return runs::placements::moved(now, now.member(name)?, index.parse().ok()?, position.parse().ok()?);
    }
    let vnodes = ask.arg("virtual-nodes")?.parse().ok().filter(|vnodes| (1..=VNODES_MAX).contains(vnodes))?;
    Some(runs::placements::circle(now.of.with_vnodes(vnodes)))
}

thread_local! {
    static COMPARED: RefCell<Recent<[Membership; 2], Placements>> = const { RefCell::new(Recent::new()) };
}

/// The pane [`PLACEMENTS`]: what the last change does; before there is any, or where `compare` is `join`, what one more
/// server would.
pub(super) fn placements(look: Look<'_, HashRingLab>, ask: &PaneAsk) -> Pane {
    let Look { world, oracle, names } = look;
    let config = world.config();
    let last = oracle.last_change();
    let join = last.is_none() || ask.arg("compare") == Some("join");
    let (what, sides) = match last.filter(|_| !join) {
        Some((before, after, change)) => {
            (words::change(change, names), [membership(config, before), membership(config, after)])
        }
        None => {
            let now = membership(config, &newest_view(world).now);
            let servers = world.node_ids().filter(|&id| config.is_server(id));
            let number = servers.map(|id| config.number(id)).max().unwrap_or(0) + 1;
            ("If one more server joined".to_owned(), [now.clone(), joined(now, format!("n{number}"))])
        }
    };
    let least = ideal(&sides[0], &sides[1]);
    let (rows, pending) = COMPARED.with_borrow_mut(|compared| {
        let work = compared.of(sides, |[before, after]| Placements::new(before.clone(), after.clone()));
        let pending = (0..PIECES).all(|_| work.work());
        (work.rows().to_vec(), pending)
    });
    let (all, due) = (grouped(KEYS), grouped(least as usize));
    let mut what = Item::new(format!("{what}: keys that move, of {all}. At least {due} have to (dashed)."));
    if last.is_some() {
        let (title, value) =
            if join { ("Compare the last change", "last") } else { ("Compare one more server", "join") };
        what = what.act(title, Does::Ask("compare".to_owned(), value.to_owned()));
    }
    let table = Table {
        caption: String::new(),
        corner: "Placed by".to_owned(),
        columns: vec![Column::of_words("Moved"), Column::of_numbers("Fullest")],
        rows: Way::ALL.iter().enumerate().map(|(place, way)| row(*way, rows.get(place), least)).collect(),
    };
    let note =
        "Jump can only add or lose its last bucket, and that is what is counted. Jump and modulo know no weights.";
    let blocks = [Block::text([what]), Block::Table(table), Block::text([Item::new(note).pattern(Pattern::Faint)])];
    Pane { pending, ..Pane::of(blocks) }
}

/// A way to place keys, and what comes of it; until that is counted, that it is.
fn row(way: Way, outcome: Option<&Outcome>, least: u32) -> Row {
    let cells = outcome.map_or_else(
        || vec![vec![Item::new("being counted").mark(Some(Mark::Waits)).pattern(Pattern::Faint)]],
        |Outcome { max_ppm, moved, .. }| {
            let bar = |keys: u32| (u64::from(keys) * 1_000_000 / KEYS as u64) as u32;
            let much = *moved > MUCH * least.max(1);
            let moved = Item::new(grouped(*moved as usize)).filled_of(bar(*moved), bar(least));
            vec![
                vec![moved.pattern(if much { Pattern::Strong } else { Pattern::Plain })],
                vec![Item::new(times(*max_ppm))],
            ]
        },
    );
    Row::new(Item::new(way.title()), cells)
}

/// The members and one more.
fn joined(mut of: Membership, name: String) -> Membership {
    let place = of.servers.partition_point(|(known, _)| *known < name);
    of.servers.insert(place, (name, 1));
    for (member, ..) in of.moved.iter_mut().filter(|(member, ..)| *member >= place) {
        *member += 1;
    }
    of
}
