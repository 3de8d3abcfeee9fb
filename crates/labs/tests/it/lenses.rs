//! The lenses' data against what the rest of a session says of the same moment.

use std::collections::BTreeMap;

use labs::{Run, Session};
use serde_json::{Value, json};
use view::lens::history::{End, Part};
use view::lens::{LensKind, LogWindow, OfClockError, OfHistory};
use view::pane::{Block, Does, Graph, Item, Node, Table};
use view::{Condition, PaneAsk};

fn open(run: Value) -> Session {
    let run = Run::from_json(labs::catalogue(), &run).unwrap();
    run.open().unwrap()
}

fn file(path: &str) -> Value {
    let folder = crate::systems::folder("raft-log");
    serde_json::from_str(&std::fs::read_to_string(folder.join(path)).unwrap()).unwrap()
}

const ALL: LogWindow = LogWindow { last: None, columns: 10_000 };

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
                LensKind::Log => session.ask(&ALL).is_some(),
                LensKind::Ring | LensKind::Placements => session.ask(&view::lens::ring::Ask::default()).is_some(),
                LensKind::ClockError => session.ask(&OfClockError).is_some(),
                LensKind::History => session.ask(&OfHistory).is_some(),
                LensKind::Inspector => session.inspector("n1", false).is_some(),
                LensKind::SpaceTime | LensKind::Comparison => !session.processes().is_empty(),
                LensKind::Pane(info) => session.pane(info.id, &PaneAsk::default()).is_some(),
                LensKind::Checks | LensKind::Wire | LensKind::Story => true,
            };
            assert!(offered, "{} has nothing for {kind:?}", info.id);
        }
    }
}

#[test]
fn the_log_shows_what_the_servers_have() {
    let mut session = open(json!({"lab": "raft-log", "seed": 3}));
    let mut snapshots = 0;
    for moment in 1..=60u64 {
        session.seek(moment * 100_000);
        let log = session.ask(&ALL).unwrap();
        let servers: Vec<Value> =
            nodes(&state(&session)).into_iter().filter(|node| node["id"].as_str().unwrap().starts_with('n')).collect();
        assert_eq!(log.rows.len(), servers.len());
        for (row, server) in log.rows.iter().zip(&servers) {
            let detail = &server["detail"];
            assert_eq!((json!(row.node), json!(row.role)), (server["id"].clone(), server["role"].clone()));
            assert_eq!(json!(row.snapshot), detail["snapshot"]);
            let entries = detail["log"].as_array().unwrap();
            assert_eq!(row.cells.len(), entries.len());
            for (cell, entry) in row.cells.iter().zip(entries) {
                assert_eq!((json!(cell.index), json!(cell.term)), (entry["index"].clone(), entry["term"].clone()));
                assert_eq!(cell.committed, cell.index <= detail["commit"].as_u64().unwrap());
                assert_eq!(cell.applied, cell.index <= detail["applied"].as_u64().unwrap());
            }
            snapshots += u32::from(row.snapshot > 0);
        }
        let leading = servers.iter().find(|server| server["role"] == "leader");
        for row in &log.rows {
            let known = leading.map_or(Value::Null, |leader| leader["detail"]["progress"][&row.node].clone());
            let shown = row.progress.map_or(Value::Null, |it| json!({"next": it.next, "matched": it.matched}));
            assert_eq!(shown, known, "what the leader knows of {}", row.node);
        }
        let window = session.ask(&LogWindow { last: None, columns: 8 }).unwrap();
        assert_eq!((window.end, window.last), (log.end, log.end));
        assert!(window.rows.iter().all(|row| row.cells.iter().all(|cell| cell.index >= window.first)));
        assert!(window.last + 1 - window.first <= 8);
    }
    assert!(snapshots > 0, "no snapshot was shown");
}

#[test]
fn an_entry_is_pale_until_a_majority_has_it() {
    let mut session = open(json!({"lab": "raft-log", "seed": 4, "set": {"write-every-ms": 0}}));
    session.seek(1_000_000);
    let name = leader(&session);
    session.apply(&json!({"do": "request", "node": name, "op": {"put": ["x", 42]}})).unwrap();
    let last = |session: &Session, node: &str| {
        let row = session.ask(&ALL).unwrap().rows.into_iter().find(|row| row.node == node).unwrap();
        row.cells.last().cloned().unwrap()
    };
    let cell = last(&session, &name);
    assert_eq!((cell.text.as_str(), cell.what.as_str()), ("x=42", "put x=42"));
    assert!(!cell.committed && !cell.applied && !cell.durable, "it was only just asked for: {cell:?}");
    session.seek(1_200_000);
    let log = session.ask(&ALL).unwrap();
    for row in &log.rows {
        let cell = last(&session, &row.node);
        assert!(cell.text == "x=42" && cell.committed && cell.applied && cell.durable, "{}: {cell:?}", row.node);
    }
}

#[test]
fn a_crashed_server_shows_what_its_disk_has() {
    let mut session = open(json!({"lab": "raft-log", "seed": 5}));
    session.seek(2_000_000);
    let before = session.ask(&ALL).unwrap();
    session.apply(&json!({"do": "crash", "node": "n2"})).unwrap();
    let after = session.ask(&ALL).unwrap();
    let row = |log: &view::lens::Log| log.rows[1].clone();
    assert_eq!((row(&after).condition, row(&after).role.as_str()), (Condition::Crashed, "crashed"));
    let survivors: Vec<u64> = row(&before).cells.iter().filter(|cell| cell.durable).map(|cell| cell.index).collect();
    assert!(!survivors.is_empty());
    let shown: Vec<u64> = row(&after).cells.iter().map(|cell| cell.index).collect();
    assert!(shown.starts_with(&survivors), "{shown:?} does not start with {survivors:?}");
    assert!(row(&after).cells.iter().all(|cell| cell.durable && !cell.committed));
    assert_eq!(row(&after).progress.is_some(), row(&before).progress.is_some(), "the leader does not know");
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

#[test]
fn operations_are_those_that_the_verdict_counts() {
    let mut session = open(json!({"lab": "raft-log", "seed": 6}));
    session.seek(3_000_000);
    let history = session.ask(&OfHistory).unwrap();
    let answered = history.operations.iter().filter(|it| matches!(it.end, End::Answered { .. })).count();
    let metrics = session.metrics();
    assert_eq!(metrics["operations"], json!(history.total));
    assert_eq!(metrics["operations-answered"], json!(answered));
    assert_eq!(history.lanes, ["c1", "c2"]);
    assert!(history.violation.is_none() && history.operations.iter().all(|it| it.part.is_none() && it.place.is_none()));
    for operation in &history.operations {
        if let End::Answered { at_us, step, .. } = operation.end {
            assert!(at_us >= operation.asked_us && step > operation.asked_step);
        }
    }
    session.apply(&json!({"do": "crash", "node": "c1"})).unwrap();
    let ends = session.ask(&OfHistory).unwrap().operations;
    let open = |it: &view::lens::history::Operation| it.lane == 0 && it.end == End::Open;
    assert!(!ends.iter().any(open), "nobody waits on a machine that is down");
}

#[test]
fn a_history_stays_bounded() {
    let mut session = open(json!({"lab": "raft-log", "seed": 6, "set": {"write-every-ms": 20}}));
    session.seek(20_000_000);
    let history = session.ask(&OfHistory).unwrap();
    assert!(history.total > 200, "{} operations", history.total);
    assert_eq!(history.operations.len(), 200);
    assert_eq!(history.operations.last().unwrap().number + 1, history.total);
}

#[test]
fn what_cannot_be_placed_is_marked() {
    let mut session = open(file("bugs/stale-leader-reads.json"));
    session.check_end().unwrap();
    let verdicts = session.verdicts();
    let verdict = verdicts.iter().find(|verdict| verdict.property == "linearizability").unwrap();
    assert_eq!(verdict.status, "violated");
    let history = session.ask(&OfHistory).unwrap();
    let violation = history.violation.unwrap();
    assert_eq!((Some(violation.step), Some(&violation.reason)), (verdict.step, verdict.reason.as_ref()));
    let wrong: Vec<_> = history.operations.iter().filter(|it| it.part == Some(Part::Wrong)).collect();
    let [wrong] = wrong[..] else { panic!("one answer is the first that is wrong") };
    assert!(matches!(wrong.end, End::Answered { step, .. } if step == violation.step));
    assert!(wrong.place.is_none(), "what cannot be placed has no place");
    assert!(!violation.order.is_empty());
    let mut places: Vec<u32> = history.operations.iter().filter_map(|it| it.place).collect();
    places.sort_unstable();
    assert!(places.iter().zip(1..).all(|(place, number)| *place == number), "{places:?}");
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
