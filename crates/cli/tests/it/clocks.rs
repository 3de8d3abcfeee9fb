//! `netsplit compare-clocks`, `netsplit import` and `netsplit trace` for ShiViz and Mermaid.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn call(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netsplit"));
    let output = command.args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn file(name: &str, contents: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

fn refused(args: &[&str], wanted: &str) {
    let (code, out, err) = call(args);
    assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{args:?}: {err}");
    assert!(err.starts_with("netsplit: ") && err.contains(wanted), "{wanted}: {err}");
}

#[test]
fn clocks_are_compared() {
    for (first, second, wanted) in [
        (r#"{"A":1}"#, r#"{"A":1,"B":1}"#, "before\n"),
        (r#"{"A":1,"B":1}"#, r#"{"A":1}"#, "after\n"),
        (r#"{"B":1,"A":1}"#, r#"{"A":1,"B":1}"#, "equal\n"),
        (r#"{"A":2}"#, r#"{"C":1}"#, "concurrent\n"),
    ] {
        assert_eq!(call(&["compare-clocks", first, second]), (0, wanted.into(), String::new()));
    }
    refused(&["compare-clocks", "{}"], "needs two clocks");
    refused(&["compare-clocks", "{}", "{}", "{}"], "does not know what to do with \"{}\"");
    refused(&["compare-clocks", "{}", "{\"A\":-1}"], "the second clock.A: counts events");
    refused(&["compare-clocks", "--json", "{}", "{}"], "does not take --json");
}

#[test]
fn a_run_goes_out_and_comes_back() {
    let (code, log, err) = call(&["trace", "raft-log", "--seed", "4", "--for", "2s", "--format", "shiviz"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let path = file("run.shiviz", &log);
    let (code, out, err) = call(&["import", &path, "--json"]);
    assert_eq!((code, err.as_str(), out.lines().count()), (0, "", 1));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        report.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["hosts", "events", "messages", "concurrent_pairs"]
    );
    let trace = call(&["trace", "raft-log", "--seed", "4", "--for", "2s", "--format", "jsonl"]).1;
    let events = trace.lines().filter(|line| !line.contains("\"what\":\"vanish\"")).count();
    assert_eq!((&report["hosts"], &report["events"]), (&json!(7), &json!(events)));
    assert!(report["messages"].as_u64().unwrap() > 100 && report["concurrent_pairs"].as_u64().unwrap() > 100);
    // The same without --json, in words.
    assert!(call(&["import", &path]).1.starts_with(&format!("7 hosts, {events} events, ")));
}

#[test]
fn a_log_with_mistakes_names_their_lines() {
    let text =
        "sends\nA {\"A\":1}\n\nthis is nothing\n\nreceives\nB {\"A\":1,\"B\":1}\nlater\nB {\"A\":1,\"B\":oops}\n";
    let (code, out, err) = call(&["import", &file("mistakes.log", text), "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, err.lines().count()), (2, 1));
    assert!(err.contains("mistakes.log: line 4: belongs to no event; also in lines 8"), "{err}");
    assert_eq!(
        (&report["events"], &report["messages"], &report["concurrent_pairs"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!((&report["malformed"][0]["line"], &report["malformed"][1]["line"]), (&json!(4), &json!(8)));
    refused(&["import", &file("nothing.log", "nothing\n")], "line 1: belongs to no event");
    refused(&["import", "no-such-file.log"], "no-such-file.log");
    refused(&["import"], "import needs a file");
    refused(&["import", &file("any.log", text), "--regex", "(?<host>a"], "has no group (?<clock>");
    refused(&["import", &file("any.log", text), "--seed", "1"], "does not take --seed");
}

#[test]
fn a_log_of_another_form_needs_its_expression() {
    let path = file("other.log", "A|{\"A\":1}|sends\nB|{\"A\":1,\"B\":1}|receives\nA|{\"A\":2}|rests\n");
    let regex = r"(?<host>\w+)\|(?<clock>{.*})\|(?<event>.*)";
    let (code, out, _) = call(&["import", &path, "--regex", regex, "--json"]);
    assert_eq!((code, out.as_str()), (0, "{\"hosts\":2,\"events\":3,\"messages\":1,\"concurrent_pairs\":1}\n"));
    assert_eq!(call(&["import", &path]).0, 2);
}

#[test]
fn diagrams_for_mermaid_say_when_they_stop() {
    let (code, out, err) = call(&["trace", "raft-election", "--for", "400ms", "--format", "mermaid"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("sequenceDiagram\n  participant n1\n") && out.contains(": request-vote\n"));
    let (code, out, err) = call(&["trace", "raft-log", "--for", "20s", "--format", "mermaid"]);
    assert!(
        code == 0 && out.len() < 50_000 && err.contains("messages and notes out; --for ends the run sooner"),
        "{err}"
    );
    refused(&["trace", "raft-log", "--format", "dot"], "there are jsonl, shiviz and mermaid");
}
