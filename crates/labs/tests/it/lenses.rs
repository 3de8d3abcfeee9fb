//! The lenses' data against what the rest of a session says of the same moment.

use std::collections::BTreeMap;

use labs::{Run, Session};
use serde_json::{Value, json};
use view::PaneAsk;
use view::lens::LensKind;
use view::pane::{Act, Block, Cell, Does, Graph, Grid, Id, Item, Lanes, Mark, Node, Pane, Pattern, Sign, Span, Table};

fn open(run: Value) -> Session {
    let run = Run::from_json(labs::catalogue(), &run).unwrap();
    run.open().unwrap()
}

fn file(path: &str) -> Value {
    let folder = crate::systems::folder("raft-log");
    serde_json::from_str(&std::fs::read_to_string(folder.join(path)).unwrap()).unwrap()
}

fn state(session: &Session) -> Value {
    serde_json::to_value(session.state()).unwrap()
}

fn nodes(state: &Value) -> Vec<Value> {
    state["nodes"].as_array().unwrap().clone()
}

fn leader(session: &Session) -> String {
    let nodes = nodes(&state(session));
    nodes.iter().find(|node| node["role"] == "leader").expect("somebody leads")["id"].as_str().unwrap().to_owned()
}

#[test]
fn each_lab_opens_lenses_that_it_offers() {
    for entry in crate::systems::entries() {
        let info = entry.info;
        assert!(info.opening_lenses.iter().all(|kind| info.lenses.contains(kind)), "{}", info.id);
        let session = open(json!({"lab": info.id}));
        for kind in info.lenses {
            let offered = match kind {
                LensKind::Inspector => session.inspector("n1", false).is_some(),
                LensKind::SpaceTime | LensKind::Comparison => !session.processes().is_empty(),
                LensKind::Pane(info) => session.pane(info.id, &PaneAsk::default()).is_some(),
                LensKind::Checks | LensKind::Wire | LensKind::Story => true,
            };
            assert!(offered, "{} has nothing for {kind:?}", info.id);
        }
    }
}

/// The grid of the logs, and what its reader can ask for.
fn log(session: &Session, ask: &PaneAsk) -> (Grid, Pane) {
    let pane = session.pane("log", ask).unwrap();
    match &pane.blocks[..] {
        [Block::Grid(grid)] => (grid.clone(), pane),
        other => panic!("a grid, not {other:?}"),
    }
}

/// A row's cells with their indices; what is in a snapshot and what is empty left out.
fn entries(grid: &Grid, row: usize) -> Vec<(u64, &Cell)> {
    let mut column = 0;
    let mut entries = Vec::new();
    for cell in &grid.rows[row].cells {
        if !cell.item.text.is_empty() && !full(&cell.item).ends_with(" in a snapshot") {
            entries.push((grid.columns[column].parse().unwrap(), cell));
        }
        column += cell.span as usize;
    }
    entries
}

fn full(item: &Item) -> &str {
    item.full.as_deref().unwrap_or_default()
}

/// Whether an entry is shown as committed, as applied, and as being on disk.
fn standing(cell: &Cell) -> (bool, bool, bool) {
    let full = full(&cell.item);
    let committed = full.contains(", committed");
    assert_eq!(committed, cell.item.ink.pattern == Pattern::Plain, "{full}: it looks otherwise");
    assert_eq!(full.ends_with(", applied"), cell.signs.contains(&Sign::Below), "{full}: it looks otherwise");
    (committed, full.ends_with(", applied"), !full.contains("not on disk yet"))
}

#[test]
fn the_log_shows_what_the_servers_have() {
    let mut session = open(json!({"lab": "raft-log", "seed": 3}));
    let (mut snapshots, mut followed) = (0, 0);
    for moment in 1..=60u64 {
        session.seek(moment * 100_000);
        let servers: Vec<Value> =
            nodes(&state(&session)).into_iter().filter(|node| node["id"].as_str().unwrap().starts_with('n')).collect();
        let last = |server: &Value| {
            let last = server["detail"]["log"].as_array().unwrap().last().map(|entry| entry["index"].as_u64().unwrap());
            last.unwrap_or_else(|| server["detail"]["snapshot"].as_u64().unwrap())
        };
        let end = servers.iter().map(last).max().unwrap();
        let leading = servers.iter().find(|server| server["role"] == "leader");
        // From the end to the beginning, page by page.
        let mut ask = PaneAsk::default();
        let mut newest = None;
        loop {
            let (grid, pane) = log(&session, &ask);
            let (first, until) = (grid.columns[0].parse().unwrap(), grid.columns[7].parse::<u64>().unwrap());
            assert_eq!(newest.get_or_insert(until.min(end)), &end, "it starts at the end");
            assert_eq!((grid.columns.len(), grid.rows.len()), (8, servers.len()));
            for (place, (row, server)) in grid.rows.iter().zip(&servers).enumerate() {
                let (detail, name) = (&server["detail"], &row.head.text);
                assert_eq!(json!(name), server["id"]);
                let role = server["role"].as_str().unwrap();
                assert!(full(&row.head).starts_with(&format!("{name} {role}")), "{}", full(&row.head));
                assert_eq!(row.head.ink.mark == Some(Mark::Leads), role == "leader");
                let snapshot = detail["snapshot"].as_u64().unwrap();
                let folded = row.cells.iter().filter(|cell| full(&cell.item).ends_with("in a snapshot"));
                let folded: Vec<&str> = folded.map(|cell| cell.item.text.as_str()).collect();
                assert_eq!(folded, if snapshot < first { vec![] } else { vec![format!("… {snapshot}")] });
                let known = detail["log"].as_array().unwrap().iter();
                let known: Vec<&Value> =
                    known.filter(|entry| (first..=until).contains(&entry["index"].as_u64().unwrap())).collect();
                let shown = entries(&grid, place);
                assert_eq!(shown.len(), known.len());
                let known_of = leading.map_or(&Value::Null, |leader| &leader["detail"]["progress"][name]);
                for ((index, cell), entry) in shown.iter().zip(known) {
                    assert_eq!(json!(index), entry["index"]);
                    assert!(full(&cell.item).contains(&format!("term {}, ", entry["term"])), "{}", full(&cell.item));
                    assert_eq!(json!(cell.item.ink.hue), json!((entry["term"].as_u64().unwrap() - 1) % 7));
                    let (committed, applied, _) = standing(cell);
                    assert_eq!(committed, *index <= detail["commit"].as_u64().unwrap());
                    assert_eq!(applied, *index <= detail["applied"].as_u64().unwrap());
                    assert_eq!(cell.signs.contains(&Sign::After), json!(index) == known_of["matched"]);
                    assert_eq!(cell.signs.contains(&Sign::Before), json!(index) == known_of["next"]);
                }
                if let Some(next) = known_of["next"].as_u64() {
                    let told = format!("matched {}, next {next}", known_of["matched"]);
                    assert!(full(&row.head).ends_with(&told), "{}: {told}", full(&row.head));
                    let leader = grid.rows.iter().find(|row| row.head.ink.mark == Some(Mark::Leads)).unwrap();
                    assert!(full(&leader.head).contains(&format!("{name} {told}")), "{}", full(&leader.head));
                    followed += 1;
                }
                snapshots += folded.len();
            }
            let Some(Does::Ask(name, value)) = &pane.tools[0].does else { break };
            ask.args.insert(name.clone(), value.clone());
        }
        assert_eq!(log(&session, &ask).0.columns[0], "1");
    }
    assert!(snapshots > 0 && followed > 0, "{snapshots} snapshots and {followed} followers were shown");
}

#[test]
fn an_entry_is_pale_until_a_majority_has_it() {
    let mut session = open(json!({"lab": "raft-log", "seed": 4, "set": {"write-every-ms": 0}}));
    session.seek(1_000_000);
    let name = leader(&session);
    session.apply(&json!({"do": "request", "node": name, "op": {"put": ["x", 42]}})).unwrap();
    let (grid, _) = log(&session, &PaneAsk::default());
    let row = grid.rows.iter().position(|row| row.head.text == name).unwrap();
    let (_, cell) = *entries(&grid, row).last().unwrap();
    assert_eq!(cell.item.text, "x=42");
    assert!(full(&cell.item).starts_with("put x=42, "));
    assert_eq!(standing(cell), (false, false, false), "it was only just asked for: {cell:?}");
    assert_eq!(cell.item.ink.pattern, Pattern::Tentative);
    session.seek(1_200_000);
    let (grid, _) = log(&session, &PaneAsk::default());
    for row in 0..grid.rows.len() {
        let (_, cell) = *entries(&grid, row).last().unwrap();
        assert_eq!((cell.item.text.as_str(), standing(cell)), ("x=42", (true, true, true)), "row {row}");
    }
}

#[test]
fn a_crashed_server_shows_what_its_disk_has() {
    let mut session = open(json!({"lab": "raft-log", "seed": 5}));
    session.seek(2_000_000);
    let (before, _) = log(&session, &PaneAsk::default());
    session.apply(&json!({"do": "crash", "node": "n2"})).unwrap();
    let (after, _) = log(&session, &PaneAsk::default());
    let head = &after.rows[1].head;
    assert_eq!(head.ink.pattern, Pattern::Down);
    assert!(full(head).starts_with("n2 crashed"), "{}", full(head));
    let survivors = entries(&before, 1).into_iter().filter(|(_, cell)| standing(cell).2);
    let survivors: Vec<u64> = survivors.map(|(index, _)| index).collect();
    assert!(!survivors.is_empty());
    let shown: Vec<u64> = entries(&after, 1).iter().map(|(index, _)| *index).collect();
    assert!(shown.starts_with(&survivors), "{shown:?} does not start with {survivors:?}");
    for (_, cell) in entries(&after, 1) {
        assert!(full(&cell.item).ends_with(", on disk") && cell.item.ink.pattern == Pattern::Down, "{cell:?}");
    }
    // A leader's own row says how far the others are.
    let known = |grid: &Grid| grid.rows[1].head.ink.mark.is_none() && full(&grid.rows[1].head).contains("matched");
    assert_eq!(known(&after), known(&before), "the leader does not know");
}

/// How often the trace says that a node noted something.
fn noted(session: &Session, note: &str) -> u64 {
    let steps = (1..=session.step_count()).filter_map(|step| session.event(step));
    let outcomes = steps.flat_map(|event| event["outcomes"].as_array().unwrap().clone());
    outcomes.filter(|outcome| outcome["note"] == note).count() as u64
}

/// The diagram of the states.
fn states(session: &Session) -> Graph {
    match session.pane("states", &PaneAsk::default()).unwrap().blocks.swap_remove(0) {
        Block::Graph(graph) => graph,
        other => panic!("a graph, not {other:?}"),
    }
}

/// How often a way was taken, whether it has an arrow or is told below.
fn count(session: &Session, from: &str, to: &str) -> u64 {
    let graph = states(session);
    let is = |place: usize, title: &str| graph.nodes[place].item.text == title;
    let drawn = graph.edges.iter().filter(|edge| is(edge.from, from) && is(edge.to, to)).filter_map(|edge| edge.count);
    let pane = session.pane("states", &PaneAsk::default()).unwrap();
    let Some(Block::Text(text)) = pane.blocks.get(1) else { panic!("{pane:?}") };
    let told = text.lines.iter().filter_map(|line| line.text.strip_prefix(&format!("{from} → {to}: ")));
    let told = told.map(|way| way.split_once('×').unwrap().1.parse::<u64>().unwrap());
    drawn.chain(told).sum()
}

#[test]
fn transitions_are_counted_as_the_trace_tells_them() {
    for pre_vote in [0, 1] {
        let mut session = open(json!({"lab": "raft-election", "seed": 2, "set": {"pre-vote": pre_vote}}));
        for round in 1..=6u64 {
            session.seek(round * 1_000_000);
            let name = leader(&session);
            session.apply(&json!({"do": "crash", "node": name})).unwrap();
            session.seek(round * 1_000_000 + 700_000);
            session.apply(&json!({"do": "restart", "node": name})).unwrap();
        }
        session.seek(8_000_000);
        assert_eq!(count(&session, "Candidate", "Leader"), noted(&session, "became-leader"));
        let stood = ["Follower", "Pre-candidate", "Candidate"];
        let stood: u64 = stood.iter().map(|from| count(&session, from, "Candidate")).sum();
        assert_eq!(stood, noted(&session, "became-candidate"));
        let stepped_down: u64 =
            ["Pre-candidate", "Candidate", "Leader"].iter().map(|from| count(&session, from, "Follower")).sum();
        assert_eq!(stepped_down, noted(&session, "stepped-down"));
        assert_eq!((count(&session, "Any state", "Crashed"), count(&session, "Crashed", "Follower")), (6, 6));
        let graph = states(&session);
        let here = |node: &Node| node.holds.iter().flatten().map(|item| item.text.clone()).collect::<Vec<_>>();
        assert_eq!(graph.nodes.iter().map(|state| here(state).len()).sum::<usize>(), 5);
        // Who is where is what the roles say.
        for node in nodes(&state(&session)).iter().filter(|node| node["role"] != "client") {
            let name = node["id"].as_str().unwrap();
            let place = graph.nodes.iter().find(|state| here(state).iter().any(|known| known == name)).unwrap();
            assert_eq!(place.item.text.to_lowercase(), node["role"].as_str().unwrap());
        }
        // Going back takes transitions back.
        session.seek(0);
        assert!(states(&session).edges.iter().all(|edge| edge.count == Some(0)));
    }
}

/// The operations of the last so many ms, and what stands below them.
fn history(session: &Session, window_ms: u64) -> (Lanes, Vec<Block>) {
    let mut ask = PaneAsk::default();
    for _ in 0..10 {
        let pane = session.pane("history", &ask).unwrap();
        let mut blocks = pane.blocks;
        let Block::Lanes(lanes) = blocks.remove(0) else { panic!("{blocks:?}") };
        if lanes.until - lanes.from == window_ms * 1_000 {
            return (lanes, blocks);
        }
        let longer = lanes.until - lanes.from < window_ms * 1_000;
        let Some(Does::Ask(name, value)) = &pane.tools[usize::from(longer)].does else { break };
        ask.args.insert(name.clone(), value.clone());
    }
    panic!("nobody can see {window_ms} ms");
}

fn operations(lanes: &Lanes) -> Vec<&Span> {
    lanes.lanes.iter().flat_map(|lane| &lane.spans).collect()
}

/// The step to which an operation leads.
fn step(span: &Span) -> u64 {
    match &span.item.acts[..] {
        [Act { does: Does::Select(Id::Step(step)), .. }] => *step,
        other => panic!("it leads to a step, not {other:?}"),
    }
}

#[test]
fn operations_are_those_that_the_verdict_counts() {
    let mut session = open(json!({"lab": "raft-log", "seed": 6}));
    session.seek(3_000_000);
    let (lanes, below) = history(&session, 5_000);
    let answered = |span: &&&Span| span.until.is_some() && span.item.ink.mark.is_none();
    let metrics = session.metrics();
    assert_eq!(metrics["operations"], json!(operations(&lanes).len()));
    assert_eq!(metrics["operations-answered"], json!(operations(&lanes).iter().filter(answered).count()));
    let heads: Vec<&str> = lanes.lanes.iter().map(|lane| lane.head.text.as_str()).collect();
    assert_eq!(heads, ["c1", "c2"]);
    assert_eq!(below, [], "there is nothing wrong");
    for span in operations(&lanes) {
        assert!(span.until.is_none_or(|until| until >= span.from));
        assert_eq!(span.item.ink.pattern, Pattern::Plain);
        assert_eq!(full(&span.item).ends_with("no answer yet"), span.until.is_none(), "{}", full(&span.item));
    }
    // A shorter window has those that were not over before it began.
    let (short, _) = history(&session, 250);
    let not_over = operations(&lanes).into_iter().filter(|span| span.until.is_none_or(|until| until >= 2_750_000));
    let not_over: Vec<&Span> = not_over.collect();
    assert_eq!(operations(&short), not_over);
    session.apply(&json!({"do": "crash", "node": "c1"})).unwrap();
    let (lanes, _) = history(&session, 5_000);
    assert!(lanes.lanes[0].spans.iter().all(|span| span.until.is_some()), "nobody waits on a machine that is down");
}

#[test]
fn a_history_stays_bounded() {
    let mut session = open(json!({"lab": "raft-log", "seed": 6, "set": {"write-every-ms": 20}}));
    session.seek(20_000_000);
    let total = session.metrics()["operations"].as_u64().unwrap();
    assert!(total > 200, "{total} operations");
    let (lanes, _) = history(&session, 10_000);
    assert_eq!(operations(&lanes).len(), 200);
    assert!(lanes.caption.ends_with(", the newest 200"), "{}", lanes.caption);
    assert!(operations(&lanes).iter().any(|span| span.item.id == Some(Id::Op(total - 1))), "the newest is not there");
}

#[test]
fn what_cannot_be_placed_is_marked() {
    let mut session = open(file("bugs/stale-leader-reads.json"));
    session.check_end().unwrap();
    let verdicts = session.verdicts();
    let verdict = verdicts.iter().find(|verdict| verdict.property == "linearizability").unwrap();
    assert_eq!(verdict.status, "violated");
    let (lanes, below) = history(&session, 10_000);
    let [Block::Text(text), Block::Facts(facts)] = &below[..] else { panic!("a reason and an order, not {below:?}") };
    assert_eq!(Some(&text.lines[0].text), verdict.reason.as_ref());
    let all = operations(&lanes);
    let wrong: Vec<_> = all.iter().filter(|it| full(&it.item).contains("nothing explains this answer")).collect();
    let [wrong] = wrong[..] else { panic!("one answer is the first that is wrong") };
    assert_eq!((wrong.item.ink.pattern, wrong.item.ink.mark), (Pattern::Fault, Some(Mark::No)));
    assert!(wrong.until.is_some() && Some(step(wrong)) == verdict.step);
    assert!(!full(&wrong.item).contains("in the order"), "what cannot be placed has no place");
    let order = &facts.groups[0].facts;
    assert!(!order.is_empty());
    let place = |span: &&Span| full(&span.item).split_once(" in the order")?.0.rsplit(' ').next()?.parse::<u32>().ok();
    let mut places: Vec<u32> = all.iter().filter_map(place).collect();
    places.sort_unstable();
    assert!(places.iter().zip(1..).all(|(place, number)| *place == number), "{places:?}");
    assert_eq!(order.len(), places.len());
    for span in all.iter().filter(|span| span.item.ink.mark == Some(Mark::Doubt)) {
        let told = full(&span.item);
        assert!(told.contains("at odds with the wrong answer") || told.contains("would come next"), "{told}");
    }
}

#[test]
fn the_inspector_marks_what_the_last_step_changed() {
    let mut session = open(json!({"lab": "raft-election", "seed": 1}));
    let changed = |session: &Session, node: &str| -> Vec<String> {
        let groups = session.inspector(node, true).unwrap().groups;
        let fields = groups.into_iter().flat_map(|group| group.fields);
        fields.filter(|field| field.changed).map(|field| field.name).collect()
    };
    // The step in which somebody stands for the first time.
    session.seek(0);
    let stands =
        |session: &Session| session.sentence(session.step_count()).unwrap().text.contains("starts an election");
    while !stands(&session) {
        assert!(session.step());
    }
    let step = session.step_count();
    let name = session.sentence(step).unwrap().text[..2].to_owned();
    let other = if name == "n1" { "n2" } else { "n1" };
    assert_eq!(changed(&session, &name), ["term", "voted for", "votes", "unsynced writes"]);
    assert_eq!(changed(&session, other), [""; 0]);
    // The same after going on and stepping back.
    for _ in 0..20 {
        session.step();
    }
    session.seek_step(step);
    assert_eq!(changed(&session, &name), ["term", "voted for", "votes", "unsynced writes"]);
    assert!(session.inspector("n9", true).is_none());
}

#[test]
fn a_summary_counts_steps() {
    let mut session = open(json!({"lab": "raft-election", "seed": 1}));
    session.seek(1_000_000);
    let (from, to) = (session.step_count() - 30, session.step_count());
    let summary = session.summary(from, to);
    let counted: u64 = summary.split(", ").map(|part| part.split(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(counted, 31, "{summary}");
    assert!(summary.contains("heartbeats") && summary.contains("acknowledgements"), "{summary}");
    assert_eq!(session.summary(9, 8), "");
    session.seek(4_000_000);
    assert_eq!(session.summary(1, 600), "600 steps", "so many are not told apart");
}

/// The table of the pane `progress`, and its sentences.
fn progress(session: &Session, ask: &PaneAsk) -> (Table, Vec<Item>) {
    let pane = session.pane("progress", ask).unwrap();
    match <[Block; 3]>::try_from(pane.blocks) {
        Ok([Block::Table(table), Block::Facts(_), Block::Text(text)]) => (table, text.lines),
        other => panic!("a table, facts and text, not {other:?}"),
    }
}

/// Holds the pane against the leader's own state; how often each thing was said of what is committed.
fn check_progress(session: &Session, said: &mut BTreeMap<&'static str, u32>) {
    let state = state(session);
    let Some(leader) = nodes(&state).into_iter().find(|node| node["role"] == "leader") else { return };
    let (table, lines) = progress(session, &PaneAsk::default());
    let (detail, commit) = (&leader["detail"], leader["detail"]["commit"].as_u64().unwrap());
    let mut matches = Vec::new();
    for row in &table.rows {
        let [next, matched, _] = &row.cells[..] else { panic!("three columns") };
        matches.push(matched[0].text.parse::<u64>().unwrap());
        let known = &detail["progress"][&row.head.text];
        if known.is_null() {
            assert_eq!(json!(row.head.text), leader["id"], "everybody else is followed");
            continue;
        }
        assert_eq!(json!(next[0].text.parse::<u64>().unwrap()), known["next"]);
        assert_eq!(json!(matches.last()), known["matched"]);
    }
    matches.sort_unstable();
    let reached = matches[2];
    let text: String = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("3 of 5 servers have index {reached} or more")), "{text}");
    // Committed is what the third of five has, once that is an entry of the leader's own term.
    for (words, holds) in [
        ("the leader’s own, so it is committed", commit == reached),
        ("Figure 8", commit < reached),
        ("has still to hear", commit > reached),
        ("Nothing is committed yet", commit == 0 && reached == 0),
    ] {
        if text.contains(words) {
            assert!(holds, "committed {commit}, reached {reached}: {text}");
            *said.entry(words).or_default() += 1;
        }
    }
}

#[test]
fn progress_is_what_the_leader_keeps_and_says_why_it_commits() {
    let session = open(json!({"lab": "raft-log", "seed": 3}));
    assert!(session.pane("no-such-pane", &PaneAsk::default()).is_none());
    assert!(open(json!({"lab": "raft-election"})).pane("progress", &PaneAsk::default()).is_none(), "not offered there");
    assert!(session.pane("progress", &PaneAsk::default()).unwrap().spoken().starts_with("Nobody leads"));
    let mut said = BTreeMap::new();
    // Figure 8 of the paper, with a leader that minds the terms of entries.
    let mut figure_8 = file("bugs/commits-old-terms.json");
    let end_us = figure_8["end"]["time_us"].as_u64().unwrap();
    figure_8["variant"] = json!("correct");
    figure_8.as_object_mut().unwrap().remove("end");
    let mut session = open(figure_8);
    while session.time_us() < end_us && session.step() {
        check_progress(&session, &mut said);
    }
    for seed in 1..=3 {
        let mut session = open(json!({"lab": "raft-log", "seed": seed}));
        for crash_us in [1_000_000, 2_000_000] {
            while session.time_us() < crash_us {
                session.step();
                check_progress(&session, &mut said);
            }
            let name = leader(&session);
            session.apply(&json!({"do": "crash", "node": name})).unwrap();
            session.step();
            session.apply(&json!({"do": "restart", "node": name})).unwrap();
        }
    }
    assert_eq!(said.len(), 4, "{said:?}");
}

#[test]
fn an_old_leader_is_asked_for_what_it_still_believes() {
    let mut session = open(json!({"lab": "raft-log", "seed": 3}));
    session.seek(1_000_000);
    let old = leader(&session);
    let others: Vec<String> = (1..=5).map(|number| format!("n{number}")).filter(|name| *name != old).collect();
    session.apply(&json!({"do": "partition", "groups": [[old], others]})).unwrap();
    session.seek(2_000_000);
    let (table, lines) = progress(&session, &PaneAsk::default());
    assert_ne!(table.rows[0].head.text, old, "the newest leader comes first");
    let Does::Ask(name, value) = &lines[0].acts[0].does else { panic!("{lines:?}") };
    assert_eq!(value, &old);
    let ask = PaneAsk { args: [(name.clone(), value.clone())].into() };
    let (table, _) = progress(&session, &ask);
    assert_eq!(table.rows[0].head.text, old);
    // Who leads no longer is not asked any more.
    session.apply(&json!({"do": "heal-all"})).unwrap();
    session.seek(3_000_000);
    assert_ne!(progress(&session, &ask).0.rows[0].head.text, old);
}
