//! The states that a server can be in, who is where, and how often each way was taken.

use crate::raft::{Raft, RaftOracle, Stance};
use sim::World;
use view::pane::{Block, Edge, Graph, Item, Layout, Node, Pane, PaneInfo, Pattern};

use runs::kit::hue;
use runs::names::Names;

/// Figure 4 of the paper, with crashes.
pub const STATES: PaneInfo = PaneInfo { id: "states", title: "States", heading: "States" };

/// A way from one state to another; none stands for every state.
struct Way {
    from: Option<Stance>,
    to: Stance,
    cause: &'static str,
    count: u64,
}

/// The pane [`STATES`], with pre-candidates where there are any.
pub fn states(world: &World<Raft>, oracle: &RaftOracle, names: &Names) -> Pane {
    use Stance::{Candidate, Crashed, Follower, Leader, PreCandidate};
    let pre_vote = world.config().pre_vote;
    let stands = if pre_vote { ROW } else { 0 };
    let mut stances = vec![
        (Follower, "Follower", (0, 0)),
        (Candidate, "Candidate", (RIGHT, stands)),
        (Leader, "Leader", (RIGHT, stands + ROW)),
        (Crashed, "Crashed", (0, stands + ROW + 90)),
    ];
    if pre_vote {
        stances.push((PreCandidate, "Pre-candidate", (RIGHT, 0)));
    }
    let way = |from: Option<Stance>, to: Stance, cause: &'static str| {
        let from_each = stances.iter().map(|(stance, ..)| *stance).filter(|stance| from.is_none_or(|it| it == *stance));
        Way { from, to, cause, count: from_each.map(|from| oracle.transitions(from, to)).sum() }
    };
    let deposed = if world.config().check_quorum { "newer term, or no quorum" } else { "newer term" };
    let first = if pre_vote { PreCandidate } else { Candidate };
    let mut ways = vec![
        way(Some(Follower), first, "times out"),
        way(Some(first), Follower, "leader or newer term"),
        way(Some(first), first, "times out again"),
        way(Some(Candidate), Leader, "majority of votes"),
        way(Some(Leader), Follower, deposed),
        way(None, Crashed, "crashes"),
        way(Some(Crashed), Follower, "restarts"),
    ];
    let mut rare = Vec::new();
    if pre_vote {
        ways.push(way(Some(PreCandidate), Candidate, "majority would vote"));
        ways.push(way(Some(Candidate), Follower, "leader or newer term"));
        rare.push(way(Some(Candidate), PreCandidate, "times out"));
        rare.push(way(Some(Follower), Candidate, "leader hands over"));
    }
    let server = |id| world.node(id).and_then(Raft::server);
    let occupants = |stance: Stance| {
        let here = world.node_ids().filter(|&id| !world.config().is_client(id));
        let here = here.filter(|&id| server(id).map_or(Crashed, Stance::of) == stance);
        let occupant = |id| match server(id) {
            Some(server) => Item::node(names.of(id)).hue(hue(server.term)),
            None => Item::node(names.of(id)).pattern(Pattern::Down),
        };
        here.map(occupant).collect::<Vec<Item>>()
    };
    let state = |&(stance, title, at): &(Stance, &str, (i32, i32))| {
        let holds = occupants(stance);
        let pattern = if holds.is_empty() { Pattern::Faint } else { Pattern::Strong };
        Node { item: Item::new(title).pattern(pattern), holds: Some(holds), at: Some(at) }
    };
    let mut nodes: Vec<Node> = stances.iter().map(state).collect();
    let any = Item::new("Any state").pattern(Pattern::Faint);
    nodes.push(Node { item: any, holds: None, at: Some((RIGHT, stands + ROW + 90)) });
    let place = |stance: Stance| stances.iter().position(|(known, ..)| *known == stance);
    let edge = |way: &Way| {
        let from = way.from.map_or(Some(stances.len()), place)?;
        Some(Edge { from, to: place(way.to)?, item: Item::new(way.cause), count: Some(way.count) })
    };
    let edges = ways.iter().filter_map(edge).collect();
    let title = |stance| place(stance).map_or("", |place| stances[place].1);
    // What happens seldom has no arrow of its own: it is told once it has happened.
    let told = rare.iter().filter(|way| way.count > 0).map(|way| {
        let from = way.from.map_or("Any state", title);
        Item::new(format!("{from} → {}: {} ×{}", title(way.to), way.cause, way.count)).pattern(Pattern::Faint)
    });
    let caption = String::new();
    Pane::of([
        Block::Graph(Graph { caption, layout: Layout::Given, nodes, edges, cycle: Vec::new() }),
        Block::text(told),
    ])
}

/// How far apart those stand who want to lead, in pixels.
const ROW: i32 = 118;

/// How far to the right those stand who want to lead, in pixels.
const RIGHT: i32 = 196;
