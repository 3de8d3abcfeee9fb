//! What the labs about Raft say of themselves, held against what happens.

use labs::{Run, Session};
use serde_json::{Value, json};

fn open(run: Value) -> Box<dyn Session> {
    let run = Run::from_json(labs::catalogue(), &run).unwrap();
    (run.entry.open)(&run).unwrap()
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
