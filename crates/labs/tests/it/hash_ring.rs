//! The hash ring as people use it: servers come, go and crash while clients read and write.

use labs::{Run, Session};
use serde_json::{Value, json};

fn open(commands: &Value, until_us: u64) -> Session {
    let mut run = Run::of_lab(labs::catalogue(), "hash-ring").unwrap();
    run.set_commands(commands).unwrap();
    let mut session = run.open().unwrap();
    session.seek(until_us);
    for verdict in session.verdicts() {
        assert_ne!(verdict.status, "violated", "{verdict:?}");
    }
    session
}

fn ask(at_us: u64, op: Value) -> Value {
    json!({"at_us": at_us, "do": "request", "node": "a1", "op": op})
}

fn detail(session: &Session, node: &str) -> Value {
    session.state().nodes.into_iter().find(|state| state.id == node).expect("the node is there").detail
}

fn status(session: &Session, property: &str) -> &'static str {
    session.verdicts().into_iter().find(|verdict| verdict.property == property).unwrap().status
}

#[test]
fn a_server_that_leaves_ends_up_with_nothing_and_nobody_else_waits() {
    let session = open(&json!([ask(2_000_000, json!({"remove-server": "n2"}))]), 5_000_000);
    let gone = detail(&session, "n2");
    assert_eq!((&gone["weight"], &gone["ring"]["keys"], &gone["ring"]["moving"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(detail(&session, "a1")["epoch"], 2);
    // The shares of those that stay make up the whole ring, but for what rounding takes.
    let share = |node: &str| detail(&session, node)["ring"]["share_ppm"].as_u64().unwrap();
    let shares: u64 = ["n1", "n3", "n4", "n5"].into_iter().map(share).sum();
    assert!((999_996..=1_000_000).contains(&shares), "{shares}");
}

#[test]
fn a_crash_in_the_middle_of_a_hand_off_is_made_up_for() {
    // n3 and n2 are down right after the change has reached them; both are needed.
    let commands = json!([
        ask(2_000_000, json!({"remove-server": "n2"})),
        {"at_us": 2_018_000, "do": "crash", "node": "n2"},
        {"at_us": 2_018_000, "do": "crash", "node": "n3"},
        {"at_us": 4_000_000, "do": "restart", "node": "n2"},
        {"at_us": 4_000_000, "do": "restart", "node": "n3"},
    ]);
    let during = open(&commands, 3_900_000);
    assert_eq!((status(&during, "hand-off-completes"), &detail(&during, "a1")["moving"]), ("pending", &json!(true)));
    let after = open(&commands, 6_000_000);
    assert_eq!((status(&after, "hand-off-resumed"), status(&after, "hand-off-completes")), ("met", "met"));
    assert_eq!(detail(&after, "a1")["epoch"], 2);
}

#[test]
fn a_server_that_is_down_can_be_removed() {
    let commands = json!([
        {"at_us": 1_000_000, "do": "crash", "node": "n2"},
        ask(2_000_000, json!({"remove-server": "n2"})),
    ]);
    let session = open(&commands, 6_000_000);
    assert_eq!(detail(&session, "a1")["epoch"], 2);
}

#[test]
fn a_machine_that_is_added_joins_and_one_that_is_not_there_does_not() {
    let commands = json!([
        ask(1_000_000, json!({"add-server": "n6"})),
        {"at_us": 4_000_000, "do": "add-node", "node": "n6"},
        ask(4_100_000, json!({"add-server": "n6"})),
    ]);
    assert_eq!(detail(&open(&commands, 3_900_000), "a1")["epoch"], 0);
    let session = open(&commands, 7_000_000);
    assert_eq!(detail(&session, "a1")["epoch"], 2);
    let joined = detail(&session, "n6");
    assert!(joined["weight"] == 1 && joined["ring"]["keys"].as_u64().unwrap() > 0, "{joined}");
    assert_eq!(joined["ring"]["tokens"].as_array().unwrap().len(), 8);
}

#[test]
fn a_token_goes_where_it_is_told() {
    let commands = json!([
        ask(1_000_000, json!({"token": ["n1", 3, 77]})),
        ask(1_000_000, json!({"weight": ["n1", 2]})),
        ask(1_000_000, json!({"virtual-nodes": 5})),
        ask(1_000_000, json!({"token": ["n1", 10, 78]})),
    ]);
    let session = open(&commands, 6_000_000);
    assert_eq!(detail(&session, "a1")["epoch"], 6, "there is no virtual node 10 any more");
    let tokens = detail(&session, "n1")["ring"]["tokens"].as_array().unwrap().clone();
    assert!(tokens.len() == 10 && tokens.contains(&json!(77)) && !tokens.contains(&json!(78)));
}

#[test]
fn operations_are_read_strictly() {
    for (op, wanted) in [
        (json!("put"), "takes a key of 1 to 32 bytes"),
        (json!(7), "is a text or an object, not a number"),
        (json!({"put": ["x", 1], "get": "x"}), "has 2 fields"),
        (json!({"fetch": "x"}), "there is no operation \"fetch\""),
        (json!({"put": ["x"]}), "takes a key of 1 to 32 bytes"),
        (
            json!({"put": ["x", 1.5]}),
            "takes a key of 1 to 32 bytes and a whole number, as in {\"put\": [\"k1\", 1]}, not",
        ),
        (json!({"get": ""}), "takes a key of 1 to"),
        (json!({"get": 5}), "takes a key of 1 to"),
        (json!({"add-server": "n999"}), "there is no node \"n999\""),
        (json!({"weight": ["n1", 0]}), "takes the name of a node and a whole number from 1 to 16"),
        (json!({"weight": "n1"}), "as in {\"weight\": [\"n2\", 3]}, not"),
        (json!({"token": ["n1", 0, 4_294_967_296u64]}), "and a whole number from 0 to 4294967295"),
        (json!({"token": ["n1", -1, 5]}), "and a whole number from 0 to 3199"),
        (json!({"virtual-nodes": 201}), "takes a whole number from 1 to 200"),
    ] {
        let mut run = Run::of_lab(labs::catalogue(), "hash-ring").unwrap();
        let error = run.set_commands(&json!([ask(1, op.clone())])).expect_err(&format!("{op} is wrong")).to_string();
        assert!(error.contains(wanted), "{op}: {error}");
    }
}
