//! The lab of clocks as people use it: events on request, wall clocks that lie, processes that start again.

use labs::{Run, Session};
use serde_json::{Value, json};

/// A run in which nobody does anything of his own accord, and messages take ten milliseconds.
fn quiet(variant: &str, commands: &Value) -> Session {
    let mut run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
    run.variant = run.entry.info.variant(variant).unwrap();
    for (key, value) in [("act-every-ms", "0"), ("latency-ms", "10")] {
        run.settings.set(run.entry.info.params, key, value).unwrap();
    }
    run.set_commands(commands).unwrap();
    run.open().unwrap()
}

fn ask(at_us: u64, node: &str, op: Value) -> Value {
    json!({"at_us": at_us, "do": "request", "node": node, "op": op})
}

fn detail(session: &Session, node: &str) -> Value {
    session.state().nodes.into_iter().find(|state| state.id == node).expect("the node is there").detail
}

fn status(session: &Session, property: &str) -> &'static str {
    session.verdicts().into_iter().find(|verdict| verdict.property == property).unwrap().status
}

#[test]
fn a_question_and_its_answer_have_the_clocks_of_the_book() {
    let mut session =
        quiet("correct", &json!([ask(1_000_000, "n3", json!("local")), ask(1_000_000, "n1", json!({"send": "n2"}))]));
    session.seek(2_000_000);
    // n1: sends, receives. n2: receives, sends. n3: a local event that nobody hears of.
    let (n1, n2, n3) = (detail(&session, "n1"), detail(&session, "n2"), detail(&session, "n3"));
    assert_eq!((&n1["vector"], &n1["lamport"]), (&json!({"n1": 2, "n2": 2}), &json!(4)));
    assert_eq!((&n2["vector"], &n2["lamport"]), (&json!({"n1": 1, "n2": 2}), &json!(3)));
    assert_eq!((&n3["vector"], &n3["lamport"]), (&json!({"n3": 1}), &json!(1)));
    // n1 is 60 ms ahead, n2 as much behind, and a way takes 10 ms: n2's hybrid clock stays at n1's.
    assert_eq!((&n2["wall_us"], &n2["hybrid"]), (&json!(950_000), &json!({"wall_us": 1_060_000, "count": 2})));
    assert_eq!((&n1["wall_us"], &n1["hybrid"]), (&json!(1_080_000), &json!({"wall_us": 1_080_000, "count": 0})));
}

#[test]
fn the_wall_clock_swears_the_reply_came_first() {
    let mut session = quiet("correct", &json!([ask(1_000_000, "n1", json!({"send": "n2"}))]));
    session.seek(2_000_000);
    assert_eq!(status(&session, "wall-clock-reversed"), "met");
    let told = session.sentence(session.step_count()).unwrap().text;
    assert!(told.contains("n1’s event 1 comes before n2’s event 2"), "{told}");
    assert!(told.ends_with("the wall clocks show the answer 110.0 ms before its question"), "{told}");
    // Whoever goes by it is wrong, and who has right clocks is not.
    let mut session = quiet("wall-clock-order", &json!([ask(1_000_000, "n1", json!({"send": "n2"}))]));
    session.seek(2_000_000);
    assert_eq!(status(&session, "no-reversal"), "violated");
    let right = json!([
        {"at_us": 1, "do": "clock", "node": "n1", "offset_us": -60_000},
        {"at_us": 1, "do": "clock", "node": "n2", "offset_us": 60_000},
        ask(1_000_000, "n1", json!({"send": "n2"})),
    ]);
    let mut session = quiet("wall-clock-order", &right);
    session.seek(2_000_000);
    assert_eq!(status(&session, "no-reversal"), "holds");
}

#[test]
fn what_starts_again_is_another_process() {
    let mut session = quiet(
        "correct",
        &json!([
            ask(100_000, "n1", json!({"send": "n2"})),
            {"at_us": 200_000, "do": "crash", "node": "n1"},
            {"at_us": 300_000, "do": "restart", "node": "n1"},
            ask(400_000, "n1", json!("local")),
            ask(500_000, "n2", json!({"send": "n1"})),
        ]),
    );
    session.seek(450_000);
    assert_eq!(
        (&detail(&session, "n1")["process"], &detail(&session, "n1")["vector"]),
        (&json!("n1′"), &json!({"n1′": 1}))
    );
    session.seek(1_000_000);
    assert_eq!(detail(&session, "n2")["vector"], json!({"n1": 1, "n2": 4, "n1′": 3}));
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn a_clock_that_is_further_off_than_is_allowed_breaks_no_promise() {
    let far = json!([
        {"at_us": 1, "do": "clock", "node": "n1", "offset_us": 5_000_000},
        ask(100_000, "n1", json!({"send": "n2"})),
    ]);
    let mut session = quiet("correct", &far);
    session.seek(1_000_000);
    let verdict = session.verdicts().into_iter().find(|verdict| verdict.property == "hybrid-bounds").unwrap();
    assert_eq!(verdict.status, "holds");
    assert!(verdict.basis.contains("nothing is promised"), "{}", verdict.basis);
    assert_eq!(status(&session, "vector-characterizes"), "holds");
}

#[test]
fn long_runs_with_messages_under_way_for_ever_are_still_judged() {
    let mut run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
    run.set_commands(&json!([
        {"at_us": 100_000, "do": "hold", "from": "n1", "to": "n2"},
        {"at_us": 55_000_000, "do": "release", "from": "n1", "to": "n2"},
    ]))
    .unwrap();
    let mut session = run.open().unwrap();
    session.seek(60_000_000);
    for verdict in session.verdicts() {
        assert_ne!(verdict.status, "violated", "{verdict:?}");
        assert!(!verdict.basis.contains("not known"), "{}", verdict.basis);
    }
    assert!(session.metrics()["events"].as_u64().unwrap() > 2_000);
}

#[test]
fn operations_are_read_strictly_and_written_as_they_are_read() {
    for (op, wanted) in [
        (json!("send"), "send: takes the name of a node, as in {\"send\": \"n2\"}, not null"),
        (json!("jump"), "there is no operation \"jump\"; there are \"local\", {\"send\": \"n2\"}"),
        (json!({"send": 2}), "takes the name of a node"),
        (json!({"local": 1}), "local: takes nothing: it is written as a text"),
        (json!({"send": "x1"}), "there is no node \"x1\""),
        (json!({"send": "n1", "local": 1}), "has 2 fields"),
        (json!({}), "has 0 fields"),
        (json!(7), "is a text or an object, not a number"),
    ] {
        let mut run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
        let error = run.set_commands(&json!([ask(1, "n1", op.clone())])).expect_err("it is wrong").to_string();
        assert!(error.contains(wanted), "{op}: {error}");
    }
    let commands =
        json!([ask(1, "n1", json!("local")), ask(2, "n1", json!({"send": "n2"})), ask(3, "n1", json!({"send": "n1"}))]);
    let mut session = quiet("correct", &commands);
    session.seek(100_000);
    assert_eq!(session.run().to_json()["commands"], commands);
    assert_eq!(detail(&session, "n1")["events"], 3, "two, and a receipt; nobody sends to himself");
}
