//! Runs as data: what is written is read, and what is wrong is named.

use labs::Run;
use serde_json::{Value, json};

fn error(value: Value) -> String {
    Run::from_json(labs::catalogue(), &value).unwrap_err().to_string()
}

#[test]
fn a_run_survives_a_round_trip() {
    let value = json!({
        "format": 1, "engine": 1, "lab": "raft-election", "variant": "forgets-vote", "seed": 7,
        "set": {"nodes": 3, "latency-ms": "5..15"},
        "commands": [{"at_us": 1_000_000, "do": "crash", "node": "n1"}],
        "layout": {"n1": [120, -80]},
        "end": {"step": 812, "time_us": 10_000_000, "digest": "00ff00ff00ff00ff"}
    });
    assert_eq!(Run::from_json(labs::catalogue(), &value).unwrap().to_json(), value);
}

#[test]
fn what_is_wrong_with_a_run_is_named() {
    assert!(error(json!({"lab": "raft"})).starts_with("lab: there is no lab \"raft\""));
    assert_eq!(error(json!({})), "lab: is missing");
    assert_eq!(error(json!([])), "a run is an object, not a list");
    assert_eq!(
        error(json!({"format": 2, "lab": "raft-election"})),
        "format: 2 is not known here; this is netsplit's format 1"
    );
    assert!(
        error(json!({"lab": "raft-election", "variant": "x"}))
            .starts_with("variant: raft-election has no variant \"x\"")
    );
    assert!(
        error(json!({"lab": "raft-election", "seed": 9_007_199_254_740_992u64})).starts_with("seed: is a whole number")
    );
    assert!(error(json!({"lab": "raft-election", "seed": 1.5})).starts_with("seed: is a whole number"));
    assert!(error(json!({"lab": "raft-election", "sed": 1})).starts_with("sed: is not a known field"));
    assert_eq!(
        error(
            json!({"lab": "raft-election", "set": {"nodes": 3}, "commands": [{"at_us": 1, "do": "crash", "node": "n4"}]})
        ),
        "commands[0].node: there is no node \"n4\"; there are n1, n2, n3, c1"
    );
    assert_eq!(
        error(json!({"lab": "raft-election", "commands": [{"at_us": 1, "do": "request", "node": "n1", "op": "sing"}]})),
        "commands[0].op: there is no operation \"sing\"; there are \"time-out\", {\"transfer\": \"n2\"}, \
         {\"put\": [\"x\", 1]}, {\"get\": \"x\"}, {\"add\": [\"x\", 1]}"
    );
    assert!(
        error(json!({"lab": "raft-election", "end": {"step": 1, "time_us": 1, "digest": "XYZ"}}))
            .starts_with("end.digest: ")
    );
    assert!(error(json!({"lab": "raft-election", "layout": {"n1": [1]}})).starts_with("layout.n1: is a pair"));
}
