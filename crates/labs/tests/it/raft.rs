//! What the labs about Raft say of themselves, held against what happens.

use labs::{Run, Session};
use serde_json::{Value, json};

fn open(run: Value) -> Session {
    let run = Run::from_json(labs::catalogue(), &run).unwrap();
    run.open().unwrap()
}

/// Where members change, a removed server does not disturb the others; the variant shows what the guard
/// against that is good for.
#[test]
fn a_removed_server_deposes_nobody_unless_the_guard_is_missing() {
    let leaders = |variant: &str| {
        let mut session = open(json!({
            "lab": "raft-log",
            "variant": variant,
            "commands": [{"at_us": 1_000_000, "do": "request", "node": "n3", "op": {"remove-server": "n2"}}],
        }));
        session.seek(20_000_000);
        let terms: Vec<u64> = session.state().nodes.iter().filter_map(|node| node.detail["term"].as_u64()).collect();
        (session.metrics()["leaders"].as_u64().unwrap(), terms[0], terms[1])
    };
    let (count, term, n2) = leaders("correct");
    assert_eq!((count, term), (1, 1));
    assert!(n2 > 50, "it goes on standing for election: {n2} terms");
    let (count, term, _) = leaders("no-vote-guard");
    assert!(count > 30 && term > 60, "{count} leaders in {term} terms");
}

/// A long run keeps no long log, also where the lab is not about snapshots and does not offer them.
#[test]
fn no_log_grows_for_ever() {
    for lab in ["raft-election", "raft-log"] {
        let mut session = open(json!({"lab": lab, "seed": 3, "set": {"write-every-ms": 30}}));
        session.seek(120_000_000);
        let state = session.state();
        let servers: Vec<_> = state.nodes.iter().filter(|node| node.detail["commit"].is_u64()).collect();
        assert_eq!(servers.len(), 5);
        for server in servers {
            let commit = server.detail["commit"].as_u64().unwrap();
            let kept = server.detail["log"].as_array().unwrap().len();
            assert!(commit > 1_000 && kept < 300, "{lab}, {}: {kept} of {commit}", server.id);
        }
        assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
    }
}

/// A leader whose disk or clock is out of the ordinary leads all the same, as long as it is heard.
#[test]
fn a_slow_leader_is_a_leader() {
    for command in [
        json!({"at_us": 1_000_000, "do": "disk", "node": "n3", "mode": "slow"}),
        json!({"at_us": 1_000_000, "do": "disk", "node": "n3", "mode": "normal", "sync_us": 40_000}),
        json!({"at_us": 1_000_000, "do": "clock", "node": "n3", "drift_ppm": 200_000}),
        json!({"at_us": 1_000_000, "do": "clock", "node": "n3", "drift_ppm": -150_000}),
    ] {
        let mut session = open(json!({"lab": "raft-election", "commands": [command]}));
        session.seek(20_000_000);
        assert_eq!(session.metrics()["leaders"], 1, "{command}: n3 leads all the time");
        let verdicts = session.verdicts();
        let leader = verdicts.iter().find(|verdict| verdict.property == "eventually-a-leader").unwrap();
        assert_eq!(leader.status, "met", "{command}");
    }
}

/// What was written while a disk was slow is slow still when the disk works again; until it is on disk,
/// nobody can be elected, and nobody promises it.
#[test]
fn nothing_is_promised_until_slow_writes_have_landed() {
    let disks = |at_us: u64, mode: &str| -> Vec<Value> {
        (1..=5)
            .map(|number| json!({"at_us": at_us, "do": "disk", "node": format!("n{number}"), "mode": mode}))
            .collect()
    };
    let commands: Vec<Value> = [disks(1_000_000, "slow"), disks(4_000_000, "normal")].concat();
    let mut session = open(json!({
        "lab": "raft-log",
        "set": {
            "election-timeout-ms": "20..40",
            "heartbeat-ms": 4,
            "latency-ms": "0..0",
            "disk-sync-ms": "0..5",
            "clients": 4,
        },
        "commands": commands,
    }));
    let status = |session: &Session| {
        session.verdicts().iter().find(|verdict| verdict.property == "eventually-a-leader").unwrap().status
    };
    session.seek(4_700_000);
    assert_eq!((leading(&session), status(&session)), (0, "pending"));
    session.seek(8_000_000);
    assert_eq!((leading(&session), status(&session)), (1, "met"));
}

fn leading(session: &Session) -> usize {
    session.state().nodes.iter().filter(|node| node.role == "leader").count()
}
