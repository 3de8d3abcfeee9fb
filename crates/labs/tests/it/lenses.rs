//! The lenses' data against what the rest of a session says of the same moment.

use labs::{Run, Session};
use serde_json::{Value, json};
use view::Condition;
use view::lens::history::{End, Part};
use view::lens::{LensKind, LogWindow, States};

fn open(run: Value) -> Box<dyn Session> {
    let run = Run::from_json(labs::catalogue(), &run).unwrap();
    (run.entry.open)(&run).unwrap()
}

fn file(path: &str) -> Value {
    let folder = crate::systems::folder("raft-log");
    serde_json::from_str(&std::fs::read_to_string(folder.join(path)).unwrap()).unwrap()
}

const ALL: LogWindow = LogWindow { last: None, columns: 10_000 };

fn state(session: &dyn Session) -> Value {
    serde_json::to_value(session.state()).unwrap()
}

fn nodes(state: &Value) -> Vec<Value> {
    state["nodes"].as_array().unwrap().clone()
}

fn leader(session: &dyn Session) -> String {
    let nodes = nodes(&state(session));
    nodes.iter().find(|node| node["role"] == "leader").expect("somebody leads")["id"].as_str().unwrap().to_owned()
}

#[test]
fn each_lab_opens_lenses_that_it_offers() {
    for entry in labs::catalogue().iter() {
        let info = entry.info;
        assert!(info.opening_lenses.iter().all(|kind| info.lenses.contains(kind)), "{}", info.id);
        let session = open(json!({"lab": info.id}));
        for kind in info.lenses {
            let offered = match kind {
                LensKind::Log => session.log(ALL).is_some(),
                LensKind::Ring | LensKind::Placements => session.ring(labs::RingAsk::default()).is_some(),
                LensKind::ClockError => session.clock_error().is_some(),
                LensKind::States => session.states().is_some(),
                LensKind::History => session.history().is_some(),
                LensKind::Inspector => session.inspector("n1", false).is_some(),
                LensKind::SpaceTime | LensKind::Comparison => !session.processes().is_empty(),
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
        let log = session.log(ALL).unwrap();
        let servers: Vec<Value> =
            nodes(&state(&*session)).into_iter().filter(|node| node["id"].as_str().unwrap().starts_with('n')).collect();
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
        let window = session.log(LogWindow { last: None, columns: 8 }).unwrap();
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
    let name = leader(&*session);
    session.apply(&json!({"do": "request", "node": name, "op": {"put": ["x", 42]}})).unwrap();
    let last = |session: &dyn Session, node: &str| {
        let row = session.log(ALL).unwrap().rows.into_iter().find(|row| row.node == node).unwrap();
        row.cells.last().cloned().unwrap()
    };
    let cell = last(&*session, &name);
    assert_eq!((cell.text.as_str(), cell.what.as_str()), ("x=42", "put x=42"));
    assert!(!cell.committed && !cell.applied && !cell.durable, "it was only just asked for: {cell:?}");
    session.seek(1_200_000);
    let log = session.log(ALL).unwrap();
    for row in &log.rows {
        let cell = last(&*session, &row.node);
        assert!(cell.text == "x=42" && cell.committed && cell.applied && cell.durable, "{}: {cell:?}", row.node);
    }
}

#[test]
fn a_crashed_server_shows_what_its_disk_has() {
    let mut session = open(json!({"lab": "raft-log", "seed": 5}));
    session.seek(2_000_000);
    let before = session.log(ALL).unwrap();
    session.apply(&json!({"do": "crash", "node": "n2"})).unwrap();
    let after = session.log(ALL).unwrap();
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
fn noted(session: &dyn Session, note: &str) -> u64 {
    let steps = (1..=session.step_count()).filter_map(|step| session.event(step));
    let outcomes = steps.flat_map(|event| event["outcomes"].as_array().unwrap().clone());
    outcomes.filter(|outcome| outcome["note"] == note).count() as u64
}

fn count(states: &States, from: Option<&str>, to: &str) -> u64 {
    let is = |position: usize, title: &str| states.states[position].title == title;
    let fits = |transition: &&view::lens::states::Transition| {
        is(transition.to, to)
            && match (transition.from, from) {
                (Some(position), Some(title)) => is(position, title),
                (position, title) => position.is_none() && title.is_none(),
            }
    };
    states.transitions.iter().filter(fits).map(|transition| transition.count).sum()
}

#[test]
fn transitions_are_counted_as_the_trace_tells_them() {
    for pre_vote in [0, 1] {
        let mut session = open(json!({"lab": "raft-election", "seed": 2, "set": {"pre-vote": pre_vote}}));
        for round in 1..=6u64 {
            session.seek(round * 1_000_000);
            let name = leader(&*session);
            session.apply(&json!({"do": "crash", "node": name})).unwrap();
            session.seek(round * 1_000_000 + 700_000);
            session.apply(&json!({"do": "restart", "node": name})).unwrap();
        }
        session.seek(8_000_000);
        let states = session.states().unwrap();
        assert_eq!(count(&states, Some("Candidate"), "Leader"), noted(&*session, "became-leader"));
        let stood = ["Follower", "Pre-candidate", "Candidate"];
        let stood: u64 = stood.iter().map(|from| count(&states, Some(from), "Candidate")).sum();
        assert_eq!(stood, noted(&*session, "became-candidate"));
        let stepped_down: u64 =
            ["Pre-candidate", "Candidate", "Leader"].iter().map(|from| count(&states, Some(from), "Follower")).sum();
        assert_eq!(stepped_down, noted(&*session, "stepped-down"));
        assert_eq!((count(&states, None, "Crashed"), count(&states, Some("Crashed"), "Follower")), (6, 6));
        assert_eq!(states.states.iter().map(|state| state.nodes.len()).sum::<usize>(), 5);
        // Who is where is what the roles say.
        for node in nodes(&state(&*session)).iter().filter(|node| node["role"] != "client") {
            let name = node["id"].as_str().unwrap();
            let here = states.states.iter().find(|state| state.nodes.iter().any(|node| node.name == name)).unwrap();
            assert_eq!(here.title.to_lowercase(), node["role"].as_str().unwrap());
        }
        // Going back takes transitions back.
        session.seek(0);
        let states = session.states().unwrap();
        assert!(states.transitions.iter().all(|transition| transition.count == 0));
    }
}

#[test]
fn operations_are_those_that_the_verdict_counts() {
    let mut session = open(json!({"lab": "raft-log", "seed": 6}));
    session.seek(3_000_000);
    let history = session.history().unwrap();
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
    let ends = session.history().unwrap().operations;
    let open = |it: &view::lens::history::Operation| it.lane == 0 && it.end == End::Open;
    assert!(!ends.iter().any(open), "nobody waits on a machine that is down");
}

#[test]
fn a_history_stays_bounded() {
    let mut session = open(json!({"lab": "raft-log", "seed": 6, "set": {"write-every-ms": 20}}));
    session.seek(20_000_000);
    let history = session.history().unwrap();
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
    let history = session.history().unwrap();
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
    let changed = |session: &dyn Session, node: &str| -> Vec<String> {
        let groups = session.inspector(node, true).unwrap().groups;
        let fields = groups.into_iter().flat_map(|group| group.fields);
        fields.filter(|field| field.changed).map(|field| field.name).collect()
    };
    // The step in which somebody stands for the first time.
    session.seek(0);
    let stands =
        |session: &dyn Session| session.sentence(session.step_count()).unwrap().text.contains("starts an election");
    while !stands(&*session) {
        assert!(session.step());
    }
    let step = session.step_count();
    let name = session.sentence(step).unwrap().text[..2].to_owned();
    let other = if name == "n1" { "n2" } else { "n1" };
    assert_eq!(changed(&*session, &name), ["term", "voted for", "votes", "unsynced writes"]);
    assert_eq!(changed(&*session, other), [""; 0]);
    // The same after going on and stepping back.
    for _ in 0..20 {
        session.step();
    }
    session.seek_step(step);
    assert_eq!(changed(&*session, &name), ["term", "voted for", "votes", "unsynced writes"]);
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
