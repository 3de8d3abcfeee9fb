//! An open run through its object-safe interface: what the page and the command line live on.

use labs::{Run, Session, link};
use proptest::prelude::*;
use serde_json::{Value, json};
use view::layout::Point;

fn run(value: Value) -> Run {
    Run::from_json(labs::catalogue(), &value).unwrap()
}

fn open(run: &Run) -> Session {
    run.open().unwrap()
}

fn fresh(seed: u64) -> Session {
    open(&run(json!({"lab": "raft-election", "seed": seed})))
}

fn state(session: &Session) -> Value {
    serde_json::to_value(session.state()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn leader(session: &Session) -> String {
    let state = state(session);
    let leader = state["nodes"].as_array().unwrap().iter().find(|node| node["role"] == "leader");
    leader.expect("somebody leads")["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_state_has_the_fields_of_the_contract() {
    let mut session = fresh(7);
    session.seek(1_000_000);
    while session.state().in_flight.is_empty() {
        session.step();
    }
    let now_us = session.time_us();
    let state = state(&session);
    // `playing` and `speed` are the page's. `property`, `claim` and `basis` are additions.
    let fields = [
        "lab",
        "variant",
        "seed",
        "set",
        "time_us",
        "step",
        "digest",
        "nodes",
        "links",
        "in_flight",
        "verdicts",
        "branch",
        "branches",
    ];
    assert_eq!(keys(&state), fields);
    assert_eq!(keys(&state["nodes"][0]), ["id", "role", "up", "paused", "x", "y", "label", "detail"]);
    let server =
        ["term", "voted_for", "leader", "votes", "commit", "applied", "members", "snapshot", "log", "map", "progress"];
    assert_eq!(keys(&state["nodes"][0]["detail"]), server);
    let client = ["session", "number", "leader", "current", "waiting", "answer"];
    assert_eq!(keys(&state["nodes"][5]["detail"]), client);
    assert_eq!(keys(&state["links"][0]), ["from", "to", "up", "held"]);
    assert_eq!(keys(&state["in_flight"][0]), ["id", "from", "to", "kind", "sent_us", "due_us", "held"]);
    assert_eq!(
        keys(&state["verdicts"][0]),
        ["name", "property", "kind", "status", "step", "time_us", "reason", "claim", "basis"]
    );
    assert_eq!(keys(&state["branches"][0]), ["id", "parent", "at_us"]);
    assert_eq!(state["nodes"].as_array().unwrap().len(), 6, "five servers and a client");
    assert_eq!(state["links"].as_array().unwrap().len(), 30, "one entry per direction");
    assert_eq!(
        (&state["branch"], &state["branches"]),
        (&json!("a"), &json!([{"id": "a", "parent": null, "at_us": 0}]))
    );
    let digest = state["digest"].as_str().unwrap();
    assert!(digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    for verdict in state["verdicts"].as_array().unwrap() {
        assert!(["always", "eventually", "sometimes"].contains(&verdict["kind"].as_str().unwrap()));
        assert!(["holds", "violated", "pending", "met", "unseen"].contains(&verdict["status"].as_str().unwrap()));
    }
    for message in state["in_flight"].as_array().unwrap() {
        let (from, to) = (message["from"].as_str().unwrap(), message["to"].as_str().unwrap());
        assert!(message["id"].as_str().unwrap().starts_with(&format!("{from}>{to}#")));
        assert!(message["sent_us"].as_u64() <= Some(now_us) && message["due_us"].as_u64() > Some(now_us));
    }
}

#[test]
fn a_crashed_a_paused_and_a_cut_thing_say_so() {
    let mut session = fresh(7);
    session.seek(1_000_000);
    for command in [
        json!({"do": "crash", "node": "n1"}),
        json!({"do": "pause", "node": "n2"}),
        json!({"do": "cut", "from": "n3", "to": "n4", "both": false}),
        json!({"do": "hold", "from": "n4", "to": "n5"}),
    ] {
        assert!(session.would_change(&command).unwrap());
        session.apply(&command).unwrap();
        assert!(!session.would_change(&command).unwrap(), "{command}");
    }
    let state = state(&session);
    let node = |index: usize| &state["nodes"][index];
    assert_eq!(
        (&node(0)["role"], &node(0)["up"], &node(0)["detail"]),
        (&json!("crashed"), &json!(false), &json!(null))
    );
    assert_eq!((&node(1)["up"], &node(1)["paused"]), (&json!(true), &json!(true)));
    let link = |from: &str, to: &str| {
        let links = state["links"].as_array().unwrap();
        let link = links.iter().find(|link| link["from"] == from && link["to"] == to).unwrap();
        (link["up"].as_bool().unwrap(), link["held"].as_bool().unwrap())
    };
    assert_eq!((link("n3", "n4"), link("n4", "n3")), ((false, false), (true, false)));
    assert_eq!((link("n4", "n5"), link("n5", "n4")), ((true, true), (true, true)));
}

#[test]
fn seeking_and_advancing_in_pieces_come_to_the_same() {
    let mut straight = fresh(3);
    straight.seek(3_000_000);
    let mut pieces = fresh(3);
    while !pieces.advance(3_000_000, 7) {}
    assert_eq!(state(&pieces), state(&straight));
    pieces.seek(500_000);
    pieces.step();
    pieces.seek_step(100);
    assert_eq!(pieces.step_count(), 100);
    pieces.seek(3_000_000);
    assert_eq!(state(&pieces), state(&straight));
    assert_eq!(straight.explored_us(), 3_000_000);
}

#[test]
fn to_act_in_the_past_is_to_branch_and_both_futures_are_kept() {
    let mut session = fresh(7);
    session.seek(3_000_000);
    let (old, old_leader) = (state(&session), leader(&session));
    session.seek(1_000_000);
    session.apply(&json!({"do": "crash", "node": old_leader})).unwrap();
    assert_eq!(session.branch(), "b");
    session.seek(3_000_000);
    let new = state(&session);
    assert_ne!(leader(&session), old_leader);
    assert_eq!(
        new["branches"],
        json!([{"id": "a", "parent": null, "at_us": 0}, {"id": "b", "parent": "a", "at_us": 1_000_000}])
    );
    session.set_branch("a").unwrap();
    let mut back = state(&session);
    back["branches"] = old["branches"].clone();
    assert_eq!(back, old);
    session.set_branch("b").unwrap();
    assert_eq!(state(&session), new);
    assert!(session.undo());
    assert_eq!(session.digest(), old["digest"].as_str().unwrap(), "without the command it is the old future");
    assert!(!session.undo());
    assert_eq!(session.set_branch("c").unwrap_err().place, "branch");
}

#[test]
fn a_link_made_anywhere_is_the_same_run_elsewhere() {
    let mut session = fresh(11);
    session.seek(700_000);
    session.apply(&json!({"do": "crash", "node": "n1"})).unwrap();
    for _ in 0..25 {
        session.step();
    }
    session.apply(&json!({"do": "partition", "groups": [["n2"], ["n3", "n4"]]})).unwrap();
    session.apply(&json!({"do": "request", "node": "n5", "op": "time-out"})).unwrap();
    session.place("n2", Point { x: 7, y: 9 }).unwrap();
    for until_us in [session.time_us(), 1_234_567, 2_000_000] {
        session.seek(until_us);
        let run = link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap();
        let mut other = open(&run);
        other.check_end().unwrap();
        assert_eq!(state(&other), state(&session));
        assert_eq!(other.metrics(), session.metrics());
        let told = |session: &Session| {
            (1..=session.step_count()).map(|step| session.sentence(step).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(told(&other), told(&session));
    }
    // In the middle of an instant, too.
    session.seek_step(session.step_count() - 3);
    open(&link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap()).check_end().unwrap();
}

fn recorded() -> Value {
    let mut session = fresh(5);
    session.seek(400_000);
    session.apply(&json!({"do": "crash", "node": "n2"})).unwrap();
    session.seek(1_000_003);
    session.run().to_json()
}

#[test]
fn a_recorded_end_that_differs_is_a_divergence_with_its_step() {
    let good = recorded();
    let (step, time_us) = (good["end"]["step"].as_u64().unwrap(), good["end"]["time_us"].as_u64().unwrap());
    let divergence = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        open(&run(value)).check_end().map_err(|divergence| divergence.step)
    };
    assert_eq!(divergence(&|_| {}), Ok(()));
    assert_eq!(divergence(&|value| value["end"]["digest"] = "00000000000000ff".into()), Err(step));
    assert_eq!(
        divergence(&|value| value["end"]["step"] = (step + 1).into()),
        Err(step + 1),
        "one step more than there is"
    );
    assert_eq!(divergence(&|value| value["end"]["step"] = u64::MAX.into()), Err(step + 1), "and it ends");
    assert_eq!(divergence(&|value| value["end"]["step"] = (step - 1).into()), Err(step - 1));
    assert_eq!(divergence(&|value| value["end"]["step"] = 0.into()), Err(1));
    assert_eq!(
        divergence(&|value| value["end"]["time_us"] = (time_us + 500_000).into()),
        Err(step + 1),
        "steps are missing"
    );
    assert!(divergence(&|value| value["end"]["time_us"] = 0.into()).is_err());
    assert!(divergence(&|value| value["seed"] = 6.into()).is_err());
    assert!(divergence(&|value| value["commands"] = json!([])).is_err());
    assert!(divergence(&|value| value["variant"] = "forgets-vote".into()).is_err());
}

#[test]
fn an_end_can_be_checked_from_anywhere() {
    let run = run(recorded());
    for moment_us in [0, 500_000, 1_000_003, 5_000_000] {
        let mut session = open(&run);
        session.seek(moment_us);
        session.check_end().unwrap_or_else(|divergence| panic!("from {moment_us} µs: {divergence:?}"));
        assert_eq!(session.time_us(), 1_000_003);
    }
}

#[test]
fn bad_input_leaves_the_session_as_it_was() {
    let mut session = fresh(2);
    session.seek(800_000);
    let before = (state(&session), session.run().to_json());
    for command in [
        json!(null),
        json!([]),
        json!({}),
        json!({"do": "explode"}),
        json!({"do": "crash"}),
        json!({"do": "crash", "node": "n6"}),
        json!({"do": "crash", "node": 1}),
        json!({"do": "crash", "node": "n1", "at_us": 5}),
        json!({"do": "cut", "from": "n1", "to": "n1"}),
        json!({"do": "cut", "from": "n1", "to": "n2", "both": 1}),
        json!({"do": "partition", "groups": [["n1"], ["n1"]]}),
        json!({"do": "link", "from": "n1", "to": "n2", "loss_ppm": 1_000_001}),
        json!({"do": "link", "from": "n1", "to": "n2", "latency_us": "9..3"}),
        json!({"do": "message", "id": "n1>n2", "act": "drop"}),
        json!({"do": "message", "id": "n1>n2#1", "act": "burn"}),
        json!({"do": "clock", "node": "n1", "drift_ppm": 500_001}),
        json!({"do": "disk", "node": "n1", "mode": "wet"}),
        json!({"do": "request", "node": "n1", "op": "sing"}),
        json!({"do": "request", "node": "n1"}),
    ] {
        let error = session.apply(&command).unwrap_err();
        assert!(!error.to_string().is_empty() && !error.to_string().contains('\n'), "{command}: {error}");
        assert!(session.would_change(&command).is_err());
        assert_eq!((state(&session), session.run().to_json()), before, "{command}");
    }
    assert!(session.place("n6", Point { x: 0, y: 0 }).is_err());
    assert!(session.set_branch("").is_err());
    assert_eq!((state(&session), session.run().to_json()), before);
}

#[test]
fn every_step_that_was_seen_has_a_sentence() {
    let mut session = fresh(9);
    session.seek(300_000);
    for command in [
        json!({"do": "crash", "node": "n1"}),
        json!({"do": "pause", "node": "n2"}),
        json!({"do": "request", "node": "n1", "op": "time-out"}),
        json!({"do": "heal-all"}),
        json!({"do": "clock", "node": "n3", "offset_us": -4}),
        json!({"do": "disk", "node": "n3", "mode": "lose-unsynced"}),
        json!({"do": "link", "from": "n3", "to": "n4", "loss_ppm": 500_000, "duplicate_ppm": 500_000}),
        json!({"do": "restart", "node": "n1"}),
        json!({"do": "resume", "node": "n2"}),
        json!({"do": "add-node", "node": "n6"}),
        json!({"do": "disk", "node": "n6", "mode": "torn"}),
        json!({"do": "disk", "node": "n6", "mode": "slow", "sync_us": "70..90"}),
        json!({"do": "disk", "node": "n6", "mode": "full"}),
        json!({"do": "link", "from": "n3", "to": "n6", "reorder_ppm": 5, "bandwidth_bps": 9_000}),
        json!({"do": "link", "from": "n3", "to": "n6"}),
        json!({"do": "move", "node": "n6", "x": 1, "y": 2}),
        json!({"do": "clock", "node": "n6", "offset_us": 0, "drift_ppm": 0}),
        json!({"do": "remove-node", "node": "n6"}),
        json!({"do": "message", "id": "n1>n6#1", "act": "drop"}),
    ] {
        session.apply(&command).unwrap();
        session.advance(u64::MAX, 20);
    }
    session.seek(3_000_000);
    for step in 1..=session.step_count() {
        let sentence = session.sentence(step).unwrap();
        assert!(!sentence.text.is_empty() && !sentence.text.contains('\n'), "step {step}: {sentence:?}");
        assert_eq!(sentence.step, step);
    }
    assert!(session.sentence(0).is_none());
    assert!(session.sentence(session.step_count() + 1).is_none());
}

#[derive(Clone, Debug)]
enum Act {
    Seek(u64),
    Step(u8),
    Apply(Value),
    Undo,
    Branch(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    let node = || (1u32..=5).prop_map(|number| format!("n{number}"));
    let word = prop::sample::select(vec!["crash", "restart", "pause", "resume"]);
    let between = prop::sample::select(vec!["cut", "heal", "hold", "release"]);
    let command = prop_oneof![
        (word, node()).prop_map(|(word, node)| json!({"do": word, "node": node})),
        (between, 1u32..=4, any::<bool>()).prop_map(
            |(word, a, both)| json!({"do": word, "from": format!("n{a}"), "to": format!("n{}", a + 1), "both": both})
        ),
        node().prop_map(|node| json!({"do": "request", "node": node, "op": "time-out"})),
        (1u64..30, prop::sample::select(vec!["drop", "duplicate", "deliver", "hold"]))
            .prop_map(|(number, act)| json!({"do": "message", "id": format!("n1>n2#{number}"), "act": act})),
        (node(), -100_000i64..100_000)
            .prop_map(|(node, drift)| json!({"do": "clock", "node": node, "drift_ppm": drift})),
        Just(json!({"do": "heal-all"})),
        (node(), prop::sample::select(vec!["normal", "lose-unsynced", "torn", "slow", "full"]))
            .prop_map(|(node, mode)| json!({"do": "disk", "node": node, "mode": mode})),
        (node(), 0u64..900_000, 0u64..1_000_000).prop_map(|(node, ppm, bps)| {
            json!({"do": "link", "from": node, "to": "n6", "reorder_ppm": ppm, "bandwidth_bps": bps})
        }),
        (6u32..9).prop_map(|number| json!({"do": "add-node", "node": format!("n{number}")})),
        (5u32..8).prop_map(|number| json!({"do": "remove-node", "node": format!("n{number}")})),
        (node(), -50i32..50).prop_map(|(node, x)| json!({"do": "move", "node": node, "x": x, "y": 9})),
    ];
    prop_oneof![
        (0u64..1_500_000).prop_map(Act::Seek),
        (1u8..40).prop_map(Act::Step),
        command.prop_map(Act::Apply),
        Just(Act::Undo),
        any::<prop::sample::Index>().prop_map(Act::Branch),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever somebody has done with a session: its link shows the same moment elsewhere.
    #[test]
    fn wherever_one_is_the_link_leads_there(seed in 0u64..1_000, acts in prop::collection::vec(act(), 1..15)) {
        let mut session = fresh(seed);
        for act in acts {
            match act {
                Act::Seek(time_us) => session.seek(time_us),
                Act::Step(times) => (0..times).for_each(|_| {
                    session.step();
                }),
                // What has not been added yet cannot be named.
                Act::Apply(command) => drop(session.apply(&command)),
                Act::Undo => drop(session.undo()),
                Act::Branch(index) => {
                    let branches = session.state().branches;
                    session.set_branch(&branches[index.index(branches.len())].id).unwrap();
                }
            }
            let mut other = open(&link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap());
            prop_assert_eq!(other.check_end(), Ok(()));
            let (mut here, mut there) = (state(&session), state(&other));
            for value in [&mut here, &mut there] {
                value.as_object_mut().unwrap().retain(|key, _| key != "branch" && key != "branches");
            }
            prop_assert_eq!(here, there);
        }
    }
}

#[test]
fn live_parameters_change_while_the_run_goes_on() {
    let mut session = fresh(2);
    session.seek(500_000);
    let slow = json!({"do": "set", "key": "latency-ms", "value": "90..95"});
    assert!(session.would_change(&slow).unwrap());
    session.apply(&slow).unwrap();
    assert!(!session.would_change(&slow).unwrap(), "it is set");
    session.seek(1_500_000);
    let state = state(&session);
    let flights = state["in_flight"].as_array().unwrap();
    let took = |flight: &Value| flight["due_us"].as_u64().unwrap() - flight["sent_us"].as_u64().unwrap();
    assert!(
        !flights.is_empty() && flights.iter().all(|flight| (90_000..=95_000).contains(&took(flight))),
        "{flights:?}"
    );
    let error = session.apply(&json!({"do": "set", "key": "nodes", "value": 3})).unwrap_err().to_string();
    assert!(error.starts_with("key: "), "{error}");
    let mut other = open(&link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap());
    assert_eq!(other.check_end(), Ok(()));
}

#[test]
fn machines_come_and_go_on_the_stage() {
    let mut session = fresh(4);
    session.seek(500_000);
    let error = session.apply(&json!({"do": "crash", "node": "n6"})).unwrap_err().to_string();
    assert_eq!(error, "node: there is no node \"n6\"; there are n1, n2, n3, n4, n5, c1");
    let add = json!({"do": "add-node", "node": "n6"});
    assert!(session.would_change(&add).unwrap());
    session.apply(&add).unwrap();
    assert!(!session.would_change(&add).unwrap(), "it is there");
    session.apply(&json!({"do": "add-node", "node": "n8"})).unwrap();
    session.apply(&json!({"do": "remove-node", "node": "n2"})).unwrap();
    session.apply(&json!({"do": "move", "node": "n8", "x": -5, "y": 6})).unwrap();
    session.seek(2_000_000);
    let state = state(&session);
    let names: Vec<&str> = state["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["n1", "n3", "n4", "n5", "c1", "n6", "n8"]);
    assert_eq!(state["links"].as_array().unwrap().len(), 7 * 6);
    assert_eq!((&state["nodes"][6]["x"], &state["nodes"][6]["y"]), (&json!(-5), &json!(6)));
    let stage = session.stage();
    assert_eq!((stage.nodes.len(), stage.links.len()), (7, 21));
    assert!(
        stage.links.iter().all(|link| link.a < 7 && link.b < 7)
            && stage.messages.iter().all(|m| m.from < 7 && m.to < 7)
    );
    let places: std::collections::BTreeSet<_> =
        stage.nodes.iter().map(|node| (node.position.x, node.position.y)).collect();
    assert_eq!(places.len(), 7, "two machines stand in one place");
    // A link carries them; places on the stage are kept for them, too.
    session.place("n6", Point { x: 11, y: 12 }).unwrap();
    let run = session.run();
    let mut other = open(&link::decode(labs::catalogue(), &link::encode(&run).unwrap()).unwrap());
    other.check_end().unwrap();
    assert_eq!(other.state().nodes[5].x, 11);
    assert!(other.run().to_json().to_string().contains("\"n8\""));
    // Before it came nobody can name it, and a removed machine does not come back.
    session.seek(100_000);
    assert!(session.apply(&json!({"do": "pause", "node": "n6"})).is_err());
    assert!(!other.would_change(&json!({"do": "restart", "node": "n2"})).unwrap());
    assert!(!other.would_change(&json!({"do": "add-node", "node": "n2"})).unwrap());
    assert!(other.would_change(&json!({"do": "add-node", "node": "n7"})).unwrap());
}

#[test]
fn time_ends_after_a_day() {
    let mut session = fresh(1);
    // Nothing happens any more, so that the day is over soon.
    for node in 1..=5 {
        session.apply(&json!({"do": "crash", "node": format!("n{node}")})).unwrap();
    }
    session.seek(u64::MAX);
    assert_eq!(session.time_us(), labs::command::TIME_US_MAX);
    assert!(session.advance(u64::MAX, 10), "it got as far as one gets");
    assert!(!session.step());
    session.seek_step(u64::MAX);
    assert_eq!(session.time_us(), labs::command::TIME_US_MAX);
    let run = session.run();
    open(&link::decode(labs::catalogue(), &link::encode(&run).unwrap()).unwrap()).check_end().unwrap();
}

#[test]
fn every_step_is_there_as_data() {
    let mut session = fresh(9);
    session.seek(900_000);
    for step in 1..=session.step_count() {
        assert_eq!(session.event(step).unwrap()["step"], step);
    }
    assert!(session.event(0).is_none() && session.event(session.step_count() + 1).is_none());
}
