//! What the panes show of Raft.

use std::cmp::Reverse;

use crate::raft::quorum::{majority, reached_by};
use crate::raft::{Progress, Raft, Server, Term};
use sim::{Map, NodeId, World};
use view::pane::{Block, Column, Does, Fact, Facts, Group, Item, Mark, Pane, PaneAsk, PaneInfo, Pattern, Row, Table};

use runs::kit::hue;
use runs::names::Names;

/// How far the servers are as a leader knows, and what is committed on that account.
pub const PROGRESS: PaneInfo = PaneInfo { id: "progress", title: "Progress", heading: "What the leader knows" };

/// The argument that names a leader, where several servers believe that they lead.
const LEADER: &str = "leader";

/// The pane [`PROGRESS`].
pub fn progress(world: &World<Raft>, names: &Names, ask: &PaneAsk) -> Pane {
    // An old leader may not have heard yet that it is none any more.
    let by_term = |id: NodeId| {
        let server = world.node(id)?.server().filter(|server| server.leads())?;
        Some(((Reverse(server.term), id), server))
    };
    let leaders: Map<(Reverse<Term>, NodeId), &Server> = world.node_ids().filter_map(by_term).collect();
    let asked = leaders.iter().find(|((_, id), _)| ask.arg(LEADER) == Some(names.of(*id)));
    let Some((&(_, me), &leader)) = asked.or(leaders.first_key_value()) else {
        let line = Item::new("Nobody leads, so nobody knows how far the others are.");
        return Pane::of([Block::text([line])]);
    };
    let mut lines = Vec::new();
    for (&(_, id), server) in leaders.iter().filter(|((_, id), _)| *id != me) {
        let (name, term) = (names.of(id), server.term);
        let line = Item::new(format!("{name} believes that it leads as well, in term {term}."));
        lines.push(line.act(format!("Show what {name} knows"), Does::Ask(LEADER.to_owned(), name.to_owned())));
    }
    let why = why(me, leader);
    lines.extend(why.lines);
    let facts = vec![
        Fact::new("Reached by a majority", Item::new(why.reached.to_string())),
        Fact::new("Committed", Item::new(leader.commit.to_string()).pattern(Pattern::Strong)),
    ];
    Pane::of([
        Block::Table(table(world, names, me, leader, why.reached)),
        Block::Facts(Facts { groups: vec![Group { title: String::new(), facts }] }),
        Block::text(lines),
    ])
}

fn table(world: &World<Raft>, names: &Names, me: NodeId, leader: &Server, reached: u64) -> Table {
    let (last, round) = (leader.log.last_index(), leader.leader().map_or(0, |it| it.round));
    let matched = |index: u64| {
        let share = index.saturating_mul(1_000_000) / last.max(1);
        vec![
            Item::new(index.to_string())
                .filled(share.min(1_000_000) as u32)
                .mark((index >= reached).then_some(Mark::Yes)),
        ]
    };
    let own = Row::new(
        Item::node(names.of(me)).hue(hue(leader.term)).mark(Some(Mark::Leads)),
        vec![Vec::new(), matched(last), vec![Item::new(round.to_string())]],
    );
    let follower = |(&id, progress): (&NodeId, &Progress)| {
        let down = if world.is_up(id) { Pattern::Plain } else { Pattern::Down };
        let late = if progress.round < round { Pattern::Faint } else { Pattern::Plain };
        Row::new(
            Item::node(names.of(id)).pattern(down),
            vec![
                vec![Item::new(progress.next.to_string())],
                matched(progress.matched),
                vec![Item::new(progress.round.to_string()).pattern(late)],
            ],
        )
    };
    let followers = leader.leader().into_iter().flat_map(|it| it.progress.iter().map(follower));
    Table {
        caption: format!("{}, term {}; ✓ has what a majority has", names.of(me), leader.term),
        corner: "Server".into(),
        columns: vec![
            Column::of_numbers("Next index"),
            Column::of_numbers("Match index"),
            Column::of_numbers("Round answered"),
        ],
        rows: std::iter::once(own).chain(followers).collect(),
    }
}

/// Up to where a majority has a leader's log, and what follows from that.
struct Why {
    reached: u64,
    lines: Vec<Item>,
}

/// §5.3 and §5.4.2 of the paper, with this leader's numbers.
fn why(me: NodeId, leader: &Server) -> Why {
    let mut matches: Vec<u64> = leader.matches(me).into_iter().map(|(_, matched)| matched).collect();
    matches.sort_unstable();
    matches.reverse();
    let (count, needed) = (matches.len(), majority(leader.members().len() as u32));
    let sorted = matches.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let reached = reached_by(matches, needed);
    let mut lines = vec![Item::new(format!(
        "In order, the matches are {sorted}: {needed} of {count} servers have index {reached} or more."
    ))];
    let term = leader.log.term_at(reached);
    lines.push(match term {
        _ if leader.commit > reached => {
            // What a leader commits itself ends with an entry of its own term.
            let why = match leader.log.term_at(leader.commit) == Some(leader.term) {
                true => "a majority had it before the members changed",
                false => "the leader knew that before it led, and has still to hear that a majority has it",
            };
            Item::new(format!("Committed is {}: {why}.", leader.commit))
        }
        _ if reached == 0 => Item::new("Nothing is committed yet."),
        Some(term) if leader.commit == reached && term == leader.term => Item::new(format!(
            "Entry {reached} is of term {term}, which is the leader’s own, so it is committed, and all before it."
        )),
        Some(term) if leader.commit < reached && term != leader.term => Item::new(format!(
            "Entry {reached} is of term {term}, before the leader’s own. It is committed once a majority has an entry of \
             term {}: until then another leader may still replace it (Figure 8).",
            leader.term
        ))
        .mark(Some(Mark::Waits)),
        _ => Item::new(format!("Committed is {}.", leader.commit)),
    });
    Why { reached, lines }
}
