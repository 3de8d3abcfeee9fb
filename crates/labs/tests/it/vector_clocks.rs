//! The lab of vector clocks as people use it: the example of the book, causal delivery off and on, concurrent writes, and
//! vectors that forget.

use labs::{Run, Session};
use serde_json::{Value, json};
use view::lens::space_time::{Relation, SpaceTime, Window};

/// A run in which nobody does anything of his own accord, and messages take ten milliseconds.
fn quiet(variant: &str, set: &[(&str, &str)], commands: &Value) -> Session {
    let mut run = Run::of_lab(labs::catalogue(), "vector-clocks").unwrap();
    run.variant = run.entry.info.variant(variant).unwrap();
    for (key, value) in [("act-every-ms", "0"), ("ask-every-ms", "0"), ("latency-ms", "10")].iter().chain(set) {
        run.settings.set(run.entry.info.params, key, value).unwrap();
    }
    run.set_commands(commands).unwrap();
    run.open().unwrap()
}

fn ask(at_ms: u64, node: &str, op: Value) -> Value {
    json!({"at_us": at_ms * 1_000, "do": "request", "node": node, "op": op})
}

fn slow(at_ms: u64, from: &str, to: &str, latency_ms: u64) -> Value {
    json!({"at_us": at_ms * 1_000, "do": "link", "from": from, "to": to, "both": false, "latency_us": latency_ms * 1_000})
}

fn detail(session: &Session, node: &str) -> Value {
    session.state().nodes.into_iter().find(|state| state.id == node).expect("the node is there").detail
}

fn status(session: &Session, property: &str) -> &'static str {
    session.verdicts().into_iter().find(|verdict| verdict.property == property).unwrap().status
}

fn told(session: &Session) -> Vec<String> {
    (1..=session.step_count()).filter_map(|step| session.sentence(step)).map(|sentence| sentence.text).collect()
}

const ALL: Window = Window { from_us: 0, until_us: u64::MAX };

/// The events with a vector, in the order of the run: label, and the vector's counts at n1, n2, n3.
fn stamps(diagram: &SpaceTime) -> Vec<(String, [u64; 3])> {
    let stamped = diagram.events.iter().filter(|event| !event.stamp.vector.is_empty());
    let of =
        |vector: &[(String, u64)], name: &str| vector.iter().find(|(known, _)| known == name).map_or(0, |(_, n)| *n);
    stamped.map(|event| (event.label.clone(), ["n1", "n2", "n3"].map(|name| of(&event.stamp.vector, name)))).collect()
}

#[test]
fn three_processes_have_the_clocks_of_the_book() {
    let mut session = quiet(
        "correct",
        &[],
        &json!([
            slow(0, "n2", "n3", 30),
            ask(100, "n1", json!({"tell": ["n2", "n3"]})),
            ask(120, "n1", json!("local")),
            ask(125, "n3", json!("local")),
        ]),
    );
    session.seek(500_000);
    let diagram = session.space_time(ALL);
    let stamp = |label: &str, counts: [u64; 3]| (label.to_owned(), counts);
    assert_eq!(
        stamps(&diagram),
        [
            stamp("tell n2", [1, 0, 0]),
            stamp("hear, tell n3", [1, 1, 0]),
            stamp("local", [2, 0, 0]),
            stamp("local", [0, 0, 1]),
            stamp("hear", [1, 1, 2]),
        ]
    );
    let number = |place: usize| {
        (0u32..).zip(&diagram.events).filter(|(_, event)| !event.stamp.vector.is_empty()).nth(place).unwrap().0
    };
    let [a1, b2, a3, c4, c5] = [0, 1, 2, 3, 4].map(number);
    for (first, second, relation) in [
        (a1, b2, Relation::Before),
        (b2, c5, Relation::Before),
        (a1, c5, Relation::Before),
        (a3, c4, Relation::Concurrent),
        (a3, b2, Relation::Concurrent),
        (c4, b2, Relation::Concurrent),
    ] {
        assert_eq!(diagram.relation(first, second), relation);
    }
    assert_eq!(
        told(&session).iter().filter(|text| text.contains('{')).cloned().collect::<Vec<_>>(),
        [
            "n1 tells n2: {n1:1}",
            "n2 hears from n1 and tells n3: {n1:1, n2:1}",
            "n1 does something of its own: {n1:2}",
            "n3 does something of its own: {n3:1}",
            "n3 hears from n2: {n1:1, n2:1, n3:2}",
        ]
    );
}

/// Each step is one event of the clocks at most, so that the diagram and the vectors say the same of any two of them.
#[test]
fn the_diagram_and_the_vectors_agree_on_every_pair() {
    let mut pairs = 0;
    for seed in 1..=6 {
        let mut run = Run::of_lab(labs::catalogue(), "vector-clocks").unwrap();
        run.seed = seed;
        run.set_commands(&json!([
            {"at_us": 700_000, "do": "crash", "node": "n1"},
            {"at_us": 1_100_000, "do": "restart", "node": "n1"},
            {"at_us": 1_300_000, "do": "hold", "from": "n2", "to": "n3"},
            {"at_us": 1_900_000, "do": "release", "from": "n2", "to": "n3"},
        ]))
        .unwrap();
        let mut session = run.open().unwrap();
        session.seek(3_000_000);
        let diagram = session.space_time(ALL);
        let stamped: Vec<u32> =
            (0u32..).zip(&diagram.events).filter(|(_, event)| !event.stamp.vector.is_empty()).map(|(n, _)| n).collect();
        for &first in &stamped {
            for &second in &stamped {
                let comparison = compared(&diagram, first, second);
                assert_eq!(comparison, diagram.relation(first, second), "seed {seed}: {first} and {second}");
                pairs += 1;
            }
        }
    }
    assert!(pairs > 10_000, "only {pairs} pairs");
}

fn compared(diagram: &SpaceTime, first: u32, second: u32) -> Relation {
    let of = |event: u32| &diagram.events[event as usize].stamp.vector;
    let at_most = |a: &[(String, u64)], b: &[(String, u64)]| {
        a.iter().all(|(name, count)| b.iter().any(|(other, known)| other == name && known >= count))
    };
    match (at_most(of(first), of(second)), at_most(of(second), of(first))) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Before,
        (false, true) => Relation::After,
        (false, false) => Relation::Concurrent,
    }
}

fn photo_and_comment() -> Value {
    json!([
        slow(0, "n1", "n3", 100),
        ask(100, "n1", json!({"post": "photo"})),
        ask(150, "n2", json!({"reply": "nice"})),
    ])
}

#[test]
fn the_comment_waits_for_its_photo() {
    let mut session = quiet("correct", &[], &photo_and_comment());
    session.seek(165_000);
    let n3 = detail(&session, "n3");
    assert_eq!((&n3["feed"], &n3["waiting"]), (&json!([]), &json!(["n2: “nice” on “photo”"])));
    // It has been received, so it counts in the event vector, and not among what is shown.
    assert_eq!((&n3["vector"], &n3["shown"]), (&json!({"n1": 1, "n2": 2, "n3": 1}), &json!({})));
    session.seek(500_000);
    assert_eq!(detail(&session, "n3")["feed"], json!(["n1: “photo”", "n2: “nice” on “photo”"]));
    assert_eq!((status(&session, "post-waited"), status(&session, "causal-delivery")), ("met", "holds"));
    let told = told(&session);
    assert!(
        told.iter()
            .any(|text| text == "n3 receives “nice”; it waits for “photo”, which it answers: {n1:1, n2:2, n3:1}")
    );
    assert!(
        told.iter()
            .any(|text| text
                == "n3 receives “photo” and shows it; it shows “nice”, which has waited: {n1:1, n2:2, n3:2}")
    );
}

#[test]
fn without_causal_delivery_the_comment_comes_first() {
    // Switched off it promises nothing; a bug promises and does not keep it.
    for (variant, set, wanted) in [
        ("correct", &[("causal-delivery", "0")][..], "holds"),
        ("no-causal-delivery", &[], "violated"),
        ("correct", &[], "holds"),
    ] {
        let mut session = quiet(variant, set, &photo_and_comment());
        session.seek(500_000);
        assert_eq!(status(&session, "causal-delivery"), wanted, "{variant} {set:?}");
        let early = told(&session).iter().any(|text| text.contains("shows it before “photo”, which it answers"));
        assert_eq!(early, variant != "correct" || !set.is_empty());
    }
}

#[test]
fn switching_it_off_lets_go_what_waits() {
    let mut commands = photo_and_comment();
    commands.as_array_mut().unwrap().extend([
        json!({"at_us": 170_000, "do": "set", "key": "causal-delivery", "value": 0}),
        ask(180, "n3", json!("local")),
    ]);
    let mut session = quiet("correct", &[], &commands);
    session.seek(185_000);
    assert_eq!(detail(&session, "n3")["feed"], json!(["n2: “nice” on “photo”"]));
    session.seek(500_000);
    assert_eq!(detail(&session, "n3")["feed"], json!(["n2: “nice” on “photo”", "n1: “photo”"]));
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn two_branches_keep_both_or_lose_one() {
    // n1's clock is 60 ms ahead, and n2's as much behind. n2 writes 50 ms later.
    let commands = json!([
        ask(100, "n1", json!({"write": ["account", 120]})),
        {"at_us": 100_000, "do": "hold", "from": "n1", "to": "n2"},
        ask(150, "n2", json!({"write": ["account", 80]})),
        {"at_us": 200_000, "do": "release", "from": "n1", "to": "n2"},
    ]);
    let mut session = quiet("correct", &[], &commands);
    session.seek(400_000);
    for node in ["n1", "n2", "n3"] {
        assert_eq!(detail(&session, node)["registers"], json!({"account": [120, 80]}), "{node}");
    }
    assert_eq!((status(&session, "no-lost-write"), status(&session, "concurrent-writes")), ("holds", "met"));
    let mut session = quiet("last-writer-wins", &[], &commands);
    session.seek(400_000);
    for node in ["n1", "n2", "n3"] {
        assert_eq!(detail(&session, node)["registers"], json!({"account": [120]}), "{node}");
    }
    assert_eq!(status(&session, "no-lost-write"), "violated");
    // Whoever has seen both replaces both.
    let mut session = quiet(
        "correct",
        &[],
        &json!([
            commands[0],
            commands[1],
            commands[2],
            commands[3],
            ask(300, "n3", json!({"write": ["account", 200]}))
        ]),
    );
    session.seek(400_000);
    assert_eq!(detail(&session, "n2")["registers"], json!({"account": [200]}));
    assert_eq!(status(&session, "no-lost-write"), "holds");
}

#[test]
fn a_write_is_lost_even_though_it_had_seen_the_other() {
    let commands =
        json!([ask(100, "n1", json!({"write": ["account", 120]})), ask(150, "n2", json!({"write": ["account", 80]})),]);
    let mut session = quiet("last-writer-wins", &[], &commands);
    session.seek(150_000);
    assert_eq!(detail(&session, "n2")["registers"], json!({"account": [120]}), "its own write is gone at once");
    let verdict = session.verdicts().into_iter().find(|verdict| verdict.property == "no-lost-write").unwrap();
    assert_eq!(
        verdict.reason.as_deref(),
        Some("at n2, n2’s account = 80 gives way to n1’s 120, which had not seen it")
    );
    let mut session = quiet("correct", &[], &commands);
    session.seek(400_000);
    assert_eq!(detail(&session, "n1")["registers"], json!({"account": [80]}));
}

#[test]
fn of_two_clients_at_one_server_neither_loses_its_write() {
    // n2 and n3 read 100 at n1. n2's 90 comes back first, then n3's 80: it has the context that n2 had.
    let commands = json!([
        ask(100, "n1", json!({"write": ["account", 100]})),
        ask(200, "n2", json!({"get": ["n1", "account"]})),
        ask(200, "n3", json!({"get": ["n1", "account"]})),
        ask(300, "n2", json!({"put": ["n1", "account", 90]})),
        ask(350, "n3", json!({"put": ["n1", "account", 80]})),
    ]);
    for (variant, values, lost) in
        [("correct", json!([90, 80]), "holds"), ("version-vectors-without-dots", json!([80]), "violated")]
    {
        let mut session = quiet(variant, &[], &commands);
        session.seek(320_000);
        assert_eq!(detail(&session, "n3")["contexts"], json!({"account": {"n1": 1}}), "it has not read again");
        for node in ["n1", "n2", "n3"] {
            session.seek(400_000);
            assert_eq!(detail(&session, node)["registers"], json!({"account": values}), "{variant}, {node}");
        }
        assert_eq!(status(&session, "no-lost-write"), lost, "{variant}");
    }
    let mut session = quiet("version-vectors-without-dots", &[], &commands);
    session.seek(400_000);
    let verdict = session.verdicts().into_iter().find(|verdict| verdict.property == "no-lost-write").unwrap();
    let reason = "at n1, n1’s account = 90 gives way to n1’s 80, which had not seen it";
    assert_eq!((verdict.reason.as_deref(), verdict.time_us), (Some(reason), Some(360_000)));
    let told = told(&session);
    for sentence in [
        "n2 reads account at n1, as its client: {n1:1, n2:2}",
        "n1 hands account out to n2: 100, with the context {n1:1}: {n1:2, n2:2}",
        "n2 hears that n1 has account = 100, and keeps the context {n1:1}: {n1:2, n2:3}",
        "n3 writes account = 80 at n1, having seen the writes {n1:1}: {n1:4, n2:4, n3:5}",
    ] {
        assert!(told.iter().any(|text| text == sentence), "{sentence}: {told:#?}");
    }
}

#[test]
fn a_client_that_reads_again_replaces_all_that_it_has_read() {
    let mut commands = vec![
        ask(100, "n1", json!({"write": ["account", 100]})),
        // Who has read nothing replaces nothing.
        ask(200, "n2", json!({"put": ["n1", "account", 90]})),
        ask(300, "n2", json!({"get": ["n1", "account"]})),
        ask(400, "n2", json!({"put": ["n1", "account", 80]})),
    ];
    let mut session = quiet("correct", &[], &Value::from(commands.clone()));
    session.seek(250_000);
    assert_eq!(detail(&session, "n3")["registers"], json!({"account": [100, 90]}));
    session.seek(450_000);
    assert_eq!(detail(&session, "n3")["registers"], json!({"account": [80]}));
    // Who ignores what clients have read keeps everything, and refuses what is too much.
    commands.extend((0..9).map(|turn| ask(500 + turn * 50, "n2", json!({"put": ["n1", "account", turn]}))));
    let mut session = quiet("ignores-contexts", &[], &Value::from(commands.clone()));
    session.seek(450_000);
    let verdict = session.verdicts().into_iter().find(|verdict| verdict.property == "no-false-sibling").unwrap();
    let reason = "at n1, n1’s account = 100 stays beside n1’s 80, which had seen it";
    assert_eq!(verdict.reason.as_deref(), Some(reason));
    session.seek(1_200_000);
    assert_eq!(detail(&session, "n3")["registers"]["account"].as_array().unwrap().len(), 8);
    assert!(told(&session).iter().any(|text| text.contains("it refuses")));
    // As it should be, one write and those of the client since stay: it has not read those.
    let mut session = quiet("correct", &[], &Value::from(commands));
    session.seek(1_200_000);
    assert_eq!(detail(&session, "n3")["registers"]["account"].as_array().unwrap().len(), 8);
}

/// The question of the tour: the clerk at n1 has seen 120 and 70 and writes 90; n2 writes 80 meanwhile.
#[test]
fn what_is_written_beside_the_clerk_stays_beside_what_he_writes() {
    let branches = [
        ask(100, "n1", json!({"write": ["account", 100]})),
        ask(200, "n1", json!({"write": ["account", 120]})),
        ask(205, "n2", json!({"write": ["account", 70]})),
    ];
    let after = |more: &[Value]| Value::from([&branches[..], more].concat());
    // n2 has heard of 120, and replaces both as the clerk does: neither has seen what the other writes.
    let clerk = ask(300, "n1", json!({"write": ["account", 90]}));
    for at_ms in [300, 306] {
        let commands = after(&[clerk.clone(), ask(at_ms, "n2", json!({"write": ["account", 80]}))]);
        let mut session = quiet("correct", &[], &commands);
        session.seek(400_000);
        for node in ["n1", "n2", "n3"] {
            assert_eq!(detail(&session, node)["registers"], json!({"account": [90, 80]}), "{node}");
        }
    }
    // Ten milliseconds later n2 has heard of the 90, and its 80 replaces it.
    let mut session = quiet("correct", &[], &after(&[clerk, ask(311, "n2", json!({"write": ["account", 80]}))]));
    session.seek(400_000);
    assert_eq!(detail(&session, "n1")["registers"], json!({"account": [80]}));
    // The same at one server: the clerk is a client of n2, and n2 writes while his 90 is on its way.
    let at_one_server = after(&[
        ask(300, "n1", json!({"get": ["n2", "account"]})),
        ask(325, "n2", json!({"write": ["account", 80]})),
        ask(330, "n1", json!({"put": ["n2", "account", 90]})),
    ]);
    for (variant, values) in [("correct", json!([80, 90])), ("version-vectors-without-dots", json!([90]))] {
        let mut session = quiet(variant, &[], &at_one_server);
        session.seek(400_000);
        for node in ["n1", "n2", "n3"] {
            assert_eq!(detail(&session, node)["registers"], json!({"account": values}), "{variant}, {node}");
        }
    }
}

#[test]
fn what_was_pruned_looks_concurrent() {
    let mut commands = vec![ask(100, "n1", json!({"tell": ["n2"]}))];
    commands.extend((0..5).map(|n| ask(200 + n * 10, "n2", json!("local"))));
    let commands = Value::from(commands);
    let mut session = quiet("prunes-silent", &[], &commands);
    session.seek(500_000);
    assert_eq!(detail(&session, "n2")["vector"], json!({"n2": 6}));
    let verdict = session.verdicts().into_iter().find(|verdict| verdict.property == "vector-characterizes").unwrap();
    assert_eq!(
        verdict.reason.as_deref(),
        Some("event 1 of n1 is before event 5 of n2, and the vector clocks say concurrent")
    );
    // The same with the parameter alone: it is said that nothing is promised.
    let mut session = quiet("correct", &[("prune-after", "4")], &commands);
    session.seek(500_000);
    assert_eq!(
        (status(&session, "vector-characterizes"), detail(&session, "n2")["vector"].clone()),
        ("holds", json!({"n2": 6}))
    );
}

#[test]
fn what_is_lost_is_fetched_and_all_show_the_same() {
    let commands = json!([
        {"at_us": 50_000, "do": "cut", "from": "n1", "to": "n3"},
        ask(100, "n1", json!({"post": "photo"})),
        ask(120, "n1", json!({"write": ["account", 1]})),
        {"at_us": 200_000, "do": "heal-all"},
    ]);
    for (set, wanted, feed) in
        [(&[("ask-every-ms", "100")][..], "met", json!(["n1: “photo”"])), (&[], "pending", json!([]))]
    {
        let mut session = quiet("correct", set, &commands);
        session.seek(6_000_000);
        assert_eq!(status(&session, "convergence"), wanted);
        assert_eq!(detail(&session, "n3")["feed"], feed);
    }
    // A process that starts again has another name, and fetches everything at once.
    let mut session = quiet(
        "correct",
        &[],
        &json!([
            ask(100, "n1", json!({"post": "photo"})),
            ask(100, "n1", json!({"write": ["account", 1]})),
            {"at_us": 200_000, "do": "crash", "node": "n2"},
            {"at_us": 300_000, "do": "restart", "node": "n2"},
        ]),
    );
    session.seek(400_000);
    let n2 = detail(&session, "n2");
    assert_eq!(
        (&n2["process"], &n2["feed"], &n2["registers"]),
        (&json!("n2′"), &json!(["n1: “photo”"]), &json!({"account": [1]}))
    );
    assert_eq!(status(&session, "caught-up"), "met");
}

#[test]
fn a_register_needs_a_vector_of_its_own() {
    // n3 hears of n1 by way of n2, but never of its value: to have heard of somebody is not to have seen what it wrote.
    let mut session = quiet(
        "correct",
        &[],
        &json!([
            {"at_us": 50_000, "do": "hold", "from": "n1", "to": "n3", "both": false},
            ask(100, "n1", json!({"write": ["account", 1]})),
            ask(150, "n2", json!({"tell": ["n3"]})),
            ask(200, "n3", json!({"write": ["account", 2]})),
            {"at_us": 300_000, "do": "release", "from": "n1", "to": "n3", "both": false},
        ]),
    );
    session.seek(250_000);
    assert_eq!(
        detail(&session, "n3")["vector"],
        json!({"n1": 1, "n2": 2, "n3": 2}),
        "the event vector knows of the write"
    );
    session.seek(500_000);
    for node in ["n1", "n2", "n3"] {
        assert_eq!(detail(&session, node)["registers"], json!({"account": [1, 2]}), "{node}: and both stay");
    }
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn long_runs_with_messages_under_way_for_ever_are_still_judged() {
    let mut run = Run::of_lab(labs::catalogue(), "vector-clocks").unwrap();
    run.set_commands(&json!([
        {"at_us": 100_000, "do": "hold", "from": "n1", "to": "n2"},
        {"at_us": 55_000_000, "do": "release", "from": "n1", "to": "n2"},
    ]))
    .unwrap();
    let mut session = run.open().unwrap();
    session.seek(70_000_000);
    for verdict in session.verdicts() {
        assert_ne!(verdict.status, "violated", "{verdict:?}");
        assert!(!verdict.basis.contains("not known"), "{}", verdict.basis);
    }
    assert!(session.metrics()["posts-shown"].as_u64().unwrap() > 500);
    assert_eq!(status(&session, "convergence"), "met");
    let feed = detail(&session, "n1")["feed"].as_array().unwrap().len();
    assert!(feed <= 48, "{feed}: old posts scroll away");
}

#[test]
fn operations_are_read_strictly_and_written_as_they_are_read() {
    for (op, wanted) in [
        (json!("post"), "post: takes a text of 1 to 24 characters, as in {\"post\": \"photo\"}, not null"),
        (json!("jump"), "there is no operation \"jump\"; there are {\"post\": \"photo\"}, "),
        (json!({"jump": 1}), "there is no operation \"jump\""),
        (json!({"post": 2}), "post: takes a text of 1 to 24 characters"),
        (json!({"post": "  "}), "post: takes a text of 1 to 24 characters"),
        (json!({"reply": "x".repeat(25)}), "reply: takes a text of 1 to 24 characters"),
        (json!({"post": "a\u{7}"}), "post: takes a text of 1 to 24 characters"),
        (json!({"tell": []}), "tell: takes a list of 1 to 8 nodes"),
        (json!({"tell": "n2"}), "tell: takes a list of 1 to 8 nodes"),
        (json!({"tell": ["n2", "x1"]}), "tell: there is no node \"x1\""),
        (json!({"tell": ["n2", 3]}), "tell: takes a list of 1 to 8 nodes"),
        (json!({"tell": ["n2", "n2"]}), "none twice in a row"),
        (
            json!({"write": ["account"]}),
            "write: takes a text of 1 to 24 characters and a whole number from 0 to 999999999",
        ),
        (json!({"write": ["account", -1]}), "and a whole number from 0 to 999999999"),
        (json!({"write": ["", 1]}), "write: takes a text of 1 to 24 characters"),
        (json!({"get": ["n1"]}), "get: takes the name of a node and a text"),
        (json!({"get": ["x1", "account"]}), "get: there is no node \"x1\""),
        (json!({"put": ["n1", "account"]}), "put: takes the name of a node and a text"),
        (json!({"put": ["n1", "account", -1]}), "and a whole number from 0 to 999999999"),
        (json!({"put": ["n1", "", 1]}), "put: takes the name of a node and a text of 1 to 24 characters"),
        (json!({"local": 1}), "local: takes nothing: it is written as a text"),
        (json!({"post": "a", "local": 1}), "has 2 fields"),
        (json!({}), "has 0 fields"),
        (json!(7), "is a text or an object, not a number"),
    ] {
        let mut run = Run::of_lab(labs::catalogue(), "vector-clocks").unwrap();
        let error = run.set_commands(&json!([ask(1, "n1", op.clone())])).expect_err("it is wrong").to_string();
        assert!(error.contains(wanted), "{op}: {error}");
    }
    let commands = json!([
        ask(1, "n1", json!("local")),
        ask(2, "n1", json!({"post": "photo"})),
        ask(3, "n1", json!({"reply": "nice"})),
        ask(4, "n1", json!({"tell": ["n1"]})),
        ask(5, "n1", json!({"tell": ["n2", "n1", "n3"]})),
        ask(6, "n1", json!({"write": ["account", 5]})),
        ask(6, "n2", json!({"get": ["n1", "account"]})),
        ask(6, "n2", json!({"put": ["n1", "account", 6]})),
        ask(6, "n1", json!({"get": ["n1", "account"]})),
    ]);
    let mut session = quiet("correct", &[], &commands);
    session.seek(6_000);
    assert_eq!(session.run().to_json()["commands"], commands);
    assert_eq!(detail(&session, "n1")["events"], 4, "nobody answers himself, or tells himself");
    assert!(told(&session).iter().any(|text| text == "n1 has nothing to answer"));
    assert!(told(&session).iter().any(|text| text == "n1 does not send to itself"));
}
