//! Runs as data: what is written is read, and what is wrong is named.

use labs::params::{ParamInfo, number};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use labs::{Catalogue, ENGINE_VERSION, Entry, Family, LabInfo, Listed, LoadError, Run, link};
use serde_json::{Value, json};

fn error(value: Value) -> String {
    Run::from_json(labs::catalogue(), &value).unwrap_err().to_string()
}

#[test]
fn a_run_survives_a_round_trip() {
    let value = json!({
        "format": 1, "engine": 1, "revision": 1, "lab": "raft-election", "variant": "forgets-vote", "seed": 7,
        "set": {"nodes": 3, "latency-ms": "5..15"},
        "commands": [{"at_us": 1_000_000, "do": "crash", "node": "n1"}],
        "layout": {"n1": [120, -80]},
        "end": {"step": 812, "time_us": 10_000_000, "digest": "00ff00ff00ff00ff"}
    });
    assert_eq!(Run::from_json(labs::catalogue(), &value).unwrap().to_json(), value);
}

#[test]
fn a_run_says_when_its_recording_is_another_engines_or_revisions() {
    let read = |value: Value| Run::from_json(labs::catalogue(), &value).unwrap();
    // Who says nothing means the present ones.
    let plain = read(json!({"lab": "raft-election"}));
    assert!(plain.is_current() && plain.remarks().is_empty());
    let now = json!({"lab": "raft-election", "engine": ENGINE_VERSION, "revision": plain.entry.info.revision});
    assert!(read(now).is_current());
    for (field, version) in [("engine", 1), ("revision", 99)] {
        let other = read(json!({"lab": "raft-election", field: version}));
        assert!(!other.is_current(), "{field}");
        let [remark] = &other.remarks()[..] else { panic!("{:?}", other.remarks()) };
        assert!(remark.contains(&format!("{field} {version}")) && remark.contains("by step and time"), "{remark}");
    }
}

#[test]
fn a_retired_parameter_is_read_and_changes_nothing() {
    const JITTER: ParamInfo = number("jitter-ms", "Jitter", 0, (0, 9), "ms");
    let known = crate::systems::entry("raft-election");
    let info: &'static LabInfo = Box::leak(Box::new(LabInfo { retired: &[JITTER], ..*known.info }));
    let entry: &'static Entry = Box::leak(Box::new(Entry { info, ..*known }));
    let family = Box::leak(Box::new(Family::here("consensus", Box::leak(Box::new([entry])))));
    let catalogue = Catalogue { labs: Box::leak(Box::new([Listed { card: info.card(), family }])), tours: &[] };
    let read = |value: &Value| Run::from_json(&catalogue, value).unwrap();
    let set = |at_us: u64| json!({"at_us": at_us, "do": "set", "key": "jitter-ms", "value": 3});
    let value = json!({"lab": "raft-election", "set": {"jitter-ms": 4, "nodes": 3}, "commands": [set(5)]});
    let run = read(&value);
    assert_eq!(run.remarks(), ["jitter-ms is no longer a parameter; what the run sets it to changes nothing"]);
    // The command stays, because a command is a step.
    assert_eq!((&run.to_json()["set"], &run.to_json()["commands"]), (&json!({"nodes": 3}), &json!([set(5)])));
    let mut session = run.open().unwrap();
    let before = session.step_count();
    assert!(!session.would_change(&json!({"do": "set", "key": "jitter-ms", "value": 3})).unwrap());
    session.seek(10);
    assert_eq!(session.step_count(), before + 1);
    assert_eq!(session.run().remarks(), run.remarks());
    // Either of the two is worth the remark; a run without them has none.
    assert_eq!(read(&json!({"lab": "raft-election", "set": {"jitter-ms": 4}})).remarks().len(), 1);
    assert_eq!(read(&json!({"lab": "raft-election", "commands": [set(5)]})).remarks().len(), 1);
    assert!(read(&json!({"lab": "raft-election"})).remarks().is_empty());
}

/// Answers at once, as everything here does.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn without_a_labs_code_its_runs_are_not_read_and_say_so() {
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    static LATE: Family = Family::apart("consensus", || {
        Box::pin(async {
            match ATTEMPTS.fetch_add(1, Ordering::SeqCst) {
                0 => Err(LoadError("the network is down".into())),
                _ => Ok(labs::catalogue().find("raft-election").unwrap().family.entries().unwrap()),
            }
        })
    });
    let known = crate::systems::entry("raft-election");
    let labs = Box::leak(Box::new([Listed { card: known.info.card(), family: &LATE }]));
    let catalogue = Catalogue { labs, tours: &[] };
    let value = json!({"lab": "raft-election", "commands": [{"at_us": 5, "do": "crash", "node": "n1"}]});
    let linked = link::encode(&Run::from_json(labs::catalogue(), &value).unwrap()).unwrap();
    for text in [value.to_string(), linked.clone(), format!(" https://example.org/{linked}\n")] {
        assert!(Run::lab_of(&catalogue, &text.clone().into()).is_some(), "{text}");
        let error = Run::from_text(&catalogue, &text).unwrap_err().to_string();
        assert!(error.ends_with("lab: the code of raft-election is not loaded"), "{error}");
    }
    for nothing in
        [json!(7), json!({}), json!({"lab": 4}), json!({"lab": "raft"}), json!("{"), json!("#v1.x"), json!("")]
    {
        assert!(Run::lab_of(&catalogue, &nothing).is_none(), "{nothing}");
    }
    // What has failed can be tried again, and what is there stays.
    assert_eq!(now(LATE.load()), Err(LoadError("the network is down".into())));
    assert!(LATE.entries().is_none());
    for _ in 0..2 {
        assert_eq!(now(LATE.load()), Ok(()));
        assert_eq!(Run::from_json(&catalogue, &value).unwrap().to_json()["commands"], value["commands"]);
    }
    assert_eq!(ATTEMPTS.load(Ordering::SeqCst), 2);
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
