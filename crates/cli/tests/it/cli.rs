//! The real binary, held to the command-line section of the contract.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one object on one line");
        serde_json::from_str(&self.out).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_netsplit"))
}

fn finish(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    let said =
        Said { code: output.status.code().expect("no signal"), out: text(output.stdout), err: text(output.stderr) };
    assert!(!said.err.contains("panicked"), "{}", said.err);
    said
}

/// Calls netsplit with arguments separated by blanks.
fn call(line: &str) -> Said {
    finish(binary().args(line.split_whitespace()))
}

fn good(line: &str) -> Said {
    let said = call(line);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}");
    said
}

/// Wrong usage or input: exit 2, nothing on stdout, one line on stderr that says what is wrong.
fn refused(command: &mut Command, wanted: &str) {
    complained(&finish(command), 2, wanted);
}

fn complained(said: &Said, code: i32, wanted: &str) {
    assert_eq!((said.code, said.out.as_str()), (code, ""), "{wanted}: {}", said.err);
    let line = said.err.strip_suffix('\n').expect("a whole line");
    assert!(line.starts_with("netsplit: ") && line.chars().count() < 1_500, "{line:.200}");
    assert!(!line.chars().any(|c| c.is_control() || c == '\u{2028}'), "{line:?}");
    assert!(line.contains(wanted), "{line:.300}\ndoes not say: {wanted}");
}

fn file(name: &str, contents: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::File::create(&path).unwrap().write_all(contents.as_ref()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A file in the folder of `raft-election`.
fn fixture(path: &str) -> String {
    format!("{}/../families/consensus/src/raft_election/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn bug() -> String {
    fixture("bugs/forgets-vote.json")
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn has(value: &Value, wanted: &[&str]) {
    for key in wanted {
        assert!(value.get(key).is_some(), "{key} is missing in {value:.200}");
    }
}

#[test]
fn list_describes_every_lab() {
    let list = good("list --json").json();
    for lab in list.as_array().unwrap() {
        has(lab, &["id", "title", "family", "aliases", "variants", "params", "ops", "metrics"]);
        assert_eq!(lab["variants"][0]["id"], "correct");
        for variant in lab["variants"].as_array().unwrap() {
            has(variant, &["id", "title", "kind"]);
            assert!(["correct", "bug", "cost"].contains(&variant["kind"].as_str().unwrap()));
        }
        for param in lab["params"].as_array().unwrap() {
            has(param, &["key", "default", "min", "max", "unit", "live"]);
            assert!(param["live"].is_boolean() && param["min"].is_u64() && param["max"].is_u64());
            assert!(param["default"].is_u64() || param["default"].is_string());
        }
        assert!(lab["metrics"].as_array().unwrap().iter().all(Value::is_string));
    }
    let text = good("list").out;
    assert!(text.contains("raft-election") && text.contains("forgets-vote") && text.contains("latency-ms=5..15"));
}

#[test]
fn a_lab_goes_by_other_names_as_well() {
    let [one, other] =
        ["run 2pc --for 1s --json", "run two-phase-commit --for 1s --json"].map(|call| good(call).json());
    assert_eq!(one, other);
    assert_eq!(one["lab"], "two-phase-commit");
}

#[test]
fn a_run_has_the_fields_of_the_contract() {
    let run = good("run raft-election --seed 7 --for 3s --set nodes=7 --set latency-ms=1..4 --json").json();
    let fields = ["lab", "variant", "seed", "set", "steps", "time_us", "digest", "metrics", "verdicts", "state"];
    assert_eq!(keys(&run), fields);
    assert_eq!((&run["lab"], &run["variant"], &run["seed"]), (&json!("raft-election"), &json!("correct"), &json!(7)));
    assert_eq!(run["set"], json!({"nodes": 7, "latency-ms": "1..4"}));
    assert_eq!(run["time_us"], 3_000_000);
    assert_eq!(
        (&run["state"]["step"], &run["state"]["digest"], &run["state"]["time_us"]),
        (&run["steps"], &run["digest"], &run["time_us"])
    );
    // Seven servers and a client.
    assert_eq!(run["state"]["nodes"].as_array().unwrap().len(), 8);
    has(&run["verdicts"][0], &["name", "property", "kind", "status", "step", "time_us", "reason"]);
    let metrics = ["elections", "leaders", "entries-committed", "operations-answered", "operations"];
    assert_eq!(keys(&run["metrics"]), metrics);
    let default = good("run raft-election --json").json();
    assert_eq!((&default["seed"], &default["time_us"], &default["set"]), (&json!(1), &json!(10_000_000), &json!({})));
}

#[test]
fn a_run_twice_is_byte_identical() {
    for line in [
        "run raft-election --seed 7 --for 10s --json",
        "run raft-election --seed 7 --for 2s --explain",
        "run raft-election --seed 7 --for 2s --json --explain --digests 10",
        "explore raft-election --seeds 0..40 --json",
        "list",
    ] {
        assert_eq!(good(line).out, good(line).out, "{line}");
    }
    assert_ne!(
        good("run raft-election --seed 7 --for 1s --json").out,
        good("run raft-election --seed 8 --for 1s --json").out
    );
}

#[test]
fn the_horizon_is_a_time_from_zero_and_what_is_due_at_it_runs() {
    // n1's crash is due at the horizon; the message that it sends 1 µs later is not.
    let commands =
        file("horizon.json", r#"[{"at":"500ms","do":"crash","node":"n1"},{"at_us":500001,"do":"crash","node":"n2"}]"#);
    let run = good(&format!("run raft-election --commands {commands} --for 500ms --json")).json();
    let up = |index: usize| run["state"]["nodes"][index]["up"].as_bool().unwrap();
    assert_eq!((run["time_us"].as_u64(), up(0), up(1)), (Some(500_000), false, true));
    for (text, time_us) in [("12us", 12), ("250ms", 250_000), ("3.2s", 3_200_000), ("0.01m", 600_000)] {
        assert_eq!(good(&format!("run raft-election --for {text} --json")).json()["time_us"], time_us);
    }
}

#[test]
fn the_command_line_sees_what_a_session_sees() {
    let commands = json!([
        {"at_us": 600_000, "do": "crash", "node": "n1"},
        {"at": "0.8s", "do": "partition", "groups": [["n2", "n3"], ["n4", "n5"]]},
        {"at_us": 900_000, "do": "request", "node": "n2", "op": "time-out"},
        {"at_us": 1_500_000, "do": "heal-all"},
    ]);
    let path = file("session.json", commands.to_string());
    let run = good(&format!("run raft-election --seed 3 --commands {path} --for 2s --json")).json();
    let mut base = labs::Run::of_lab(labs::catalogue(), "raft-election").unwrap();
    base.set_seed(3).unwrap();
    base.set_commands(&commands).unwrap();
    let mut session = base.open().unwrap();
    session.seek(2_000_000);
    assert_eq!(run["state"], serde_json::to_value(session.state()).unwrap());
    // The same by hand, and as a link, and as a file.
    let mut by_hand = labs::Run { commands: Vec::new(), ..base.clone() }.open().unwrap();
    for command in commands.as_array().unwrap() {
        let mut command = command.as_object().unwrap().clone();
        let at_us = command.remove("at_us").and_then(|at_us| at_us.as_u64()).unwrap_or(800_000);
        command.remove("at");
        by_hand.seek(at_us);
        by_hand.apply(&Value::Object(command)).unwrap();
    }
    by_hand.seek(2_000_000);
    assert_eq!(run["digest"], by_hand.digest());
    assert_eq!(run["verdicts"], serde_json::to_value(by_hand.verdicts()).unwrap());
    let link = labs::link::encode(&session.run()).unwrap();
    let recorded = file("session-run.json", session.run().to_json().to_string());
    for what in [
        link.as_str(),
        &link[1..],
        &format!("https://example.org/?theme=dark{link}"),
        &recorded,
        &file("session-link.txt", &link),
    ] {
        assert_eq!(good(&format!("run {what} --json")).out, good(&format!("run {what} --json --for 10s")).out);
        let again = good(&format!("run {what} --json --for 2s")).json();
        assert_eq!(again["digest"], run["digest"]);
        let replayed = good(&format!("replay {what} --json")).json();
        assert_eq!(replayed, again);
    }
}

#[test]
fn digests_come_every_so_many_steps() {
    let run = good("run raft-election --for 1s --json --digests 50").json();
    let digests = run["digests"].as_array().unwrap();
    let steps: Vec<u64> = digests.iter().map(|pair| pair[0].as_u64().unwrap()).collect();
    assert_eq!(steps, (1..=run["steps"].as_u64().unwrap() / 50).map(|n| n * 50).collect::<Vec<_>>());
    let every = good("run raft-election --for 1s --json --digests 1").json();
    let every = every["digests"].as_array().unwrap();
    // The six boots are one moment; it comes after step 6.
    assert_eq!(every[0][0], 6);
    assert_eq!(every.last().unwrap()[1], run["digest"]);
    assert!(digests.iter().all(|pair| every.contains(pair)));
    let text = good("run raft-election --for 1s --digests 50").out;
    assert!(text.starts_with(&format!("50 {}\n", digests[0][1].as_str().unwrap())), "{text:.100}");
}

#[test]
fn explaining_tells_the_story() {
    let text = good("run raft-election --seed 7 --for 1s --explain").out;
    assert!(
        text.contains("starts an election for term 1") && text.contains("with 3 votes it has a majority"),
        "{text}"
    );
    let story = good("run raft-election --seed 7 --for 1s --explain --json").json();
    assert_eq!(story["story"].as_array().unwrap().len() as u64, story["steps"].as_u64().unwrap());
}

#[test]
fn exit_codes_tell_how_it_ended() {
    assert_eq!(good("run raft-election").code, 0);
    let violated = call(&format!("run {} --json", bug()));
    assert_eq!((violated.code, violated.err.as_str()), (1, ""));
    assert!(violated.json()["verdicts"].as_array().unwrap().iter().any(|verdict| verdict["status"] == "violated"));
    let replayed = call(&format!("replay {}", bug()));
    assert_eq!((replayed.code, replayed.err.as_str()), (1, ""));
    assert!(replayed.out.starts_with("reproduced: step "), "{}", replayed.out);
    assert_eq!(call("explore raft-election --variant forgets-vote --seeds 0..100 --json").code, 1);
    good("explore raft-election --seeds 0..20");
    good("--help");
    good("help");
    good("--version");
    good("run --help");
}

#[test]
fn a_replay_that_differs_names_the_step() {
    let good_run: Value = serde_json::from_str(&std::fs::read_to_string(bug()).unwrap()).unwrap();
    let step = good_run["end"]["step"].as_u64().unwrap();
    let differs = |name: &str, change: &dyn Fn(&mut Value), wanted: &str| {
        let mut run = good_run.clone();
        change(&mut run);
        let path = file(&format!("differs-{name}.json"), run.to_string());
        complained(&call(&format!("replay {path}")), 3, wanted);
        complained(&call(&format!("replay {path} --json")), 3, wanted);
        // To run it shows what happens now, and says that it is not what was recorded.
        let ran = call(&format!("run {path} --for 1s --json"));
        assert_eq!((ran.code, ran.json()["time_us"].as_u64()), (3, Some(1_000_000)), "{name}");
        complained(&Said { out: String::new(), ..ran }, 3, wanted);
        assert_ne!(call(&format!("run {path} --for 1ms")).code, 3, "the end is not reached");
    };
    let at = format!("from step {step} on");
    differs("digest", &|run| run["end"]["digest"] = "0123456789abcdef".into(), &at);
    differs("variant", &|run| run["variant"] = "correct".into(), "from step ");
    differs("seed", &|run| run["seed"] = 1.into(), "from step ");
    differs("step", &|run| run["end"]["step"] = (step + 9).into(), &format!("from step {} on", step + 1));
    differs("time", &|run| run["end"]["time_us"] = 900_000.into(), &format!("from step {} on", step + 1));
    differs(
        "engine",
        &|run| {
            run["engine"] = 99.into();
            run["end"]["step"] = (step + 9).into()
        },
        "recorded by engine 99",
    );
}

#[test]
fn what_another_engine_recorded_is_compared_by_step_and_time() {
    for (field, version) in [("engine", 1), ("revision", 99)] {
        let mut run: Value = serde_json::from_str(&std::fs::read_to_string(bug()).unwrap()).unwrap();
        run[field] = version.into();
        run["end"]["digest"] = "0123456789abcdef".into();
        let path = file(&format!("{field}-{version}.json"), run.to_string());
        for line in [format!("replay {path}"), format!("run {path} --for 1s")] {
            let said = call(&line);
            assert!(said.code < 2, "{line}: {}", said.code);
            let wanted = format!("{field} {version}");
            assert!(said.err.contains(&wanted) && said.err.contains("by step and time"), "{line}: {}", said.err);
            let report = call(&format!("{line} --json")).json();
            assert!(report["remarks"][0].as_str().is_some_and(|remark| remark.contains(&wanted)), "{line}");
        }
    }
    assert!(call("run raft-election --for 1s --json").json().get("remarks").is_none());
}

#[test]
fn a_field_that_is_there_twice_is_bad_input() {
    let run = file("twice.json", r#"{"lab":"raft-election","seed":1,"seed":2}"#);
    refused(binary().args(["run", &run]), "the field \"seed\" is given twice");
    let commands = file("twice-commands.json", r#"[{"at_us":1,"do":"heal-all","at_us":2}]"#);
    refused(binary().args(["run", "raft-election", "--commands", &commands]), "the field \"at_us\" is given twice");
    refused(binary().args(["compare-clocks", r#"{"a":1,"a":2}"#, "{}"]), "the field \"a\" is given twice");
}

#[test]
fn wrong_usage_is_one_clear_line() {
    for (line, wanted) in [
        ("", "a command is missing"),
        ("lits", "there is no command \"lits\""),
        ("list raft-election", "\"raft-election\""),
        ("list --seed 1", "list does not take --seed"),
        ("run", "run needs a lab"),
        ("replay", "replay needs a link or a file"),
        ("explore", "explore needs a lab"),
        ("run raft-election raft-election", "run does not know what to do with"),
        ("run raft-election --colour red", "--colour"),
        ("run raft-election -x", "-x"),
        ("run raft-election --json=1", "--json"),
        ("run raft-election --seed", "--seed"),
        ("run raft-election --seed 1 --seed 2", "--seed is given twice"),
        ("run raft-election --keep-going", "run does not take --keep-going"),
        ("run raft-elections", "neither a lab, nor a link, nor a file"),
        ("replay raft-election", "is a lab"),
        ("explore raft-elections", "there is no lab \"raft-elections\"; there are raft-election, raft-log"),
        ("run raft-election --variant corect", "variant: raft-election has no variant \"corect\""),
        ("explore raft-election --variant corect", "variant: raft-election has no variant \"corect\""),
        ("run raft-election --set knodes=3", "set.knodes: is not a parameter of this lab"),
        ("run raft-election --set nodes", "--set: takes key=value"),
        ("run raft-election --set nodes=10", "set.nodes: 10 is out of range; it takes 3 to 9"),
        ("run raft-election --set nodes=2", "set.nodes: 2 is out of range"),
        ("run raft-election --set nodes=", "set.nodes: takes a whole number"),
        ("run raft-election --set latency-ms=15..5", "set.latency-ms: 15..5 is empty"),
        ("run raft-election --set latency-ms=5..99999", "set.latency-ms: 5..99999 is out of range"),
        ("run raft-election --seed x", "--seed: takes a whole number"),
        ("run raft-election --seed -1", "--seed: takes a whole number"),
        ("run raft-election --seed 1.5", "--seed: takes a whole number"),
        ("run raft-election --seed 9007199254740992", "seed: 9007199254740992 is too large"),
        ("run raft-election --seed 99999999999999999999999", "--seed: takes a whole number"),
        ("run raft-election --for 0s", "--for: takes a time above zero"),
        ("run raft-election --for 10", "--for: takes a time"),
        ("run raft-election --for 1h", "--for: takes a time"),
        ("run raft-election --for -1s", "--for: takes a time"),
        ("run raft-election --for 1.5us", "--for: takes a time"),
        ("run raft-election --for 0.0000001s", "--for: takes a time"),
        ("run raft-election --for 1441m", "a day is the most"),
        ("run raft-election --for 99999999999999999999s", "--for: takes a time"),
        ("run raft-election --digests 0", "--digests: takes a whole number above zero"),
        ("run raft-election --digests x", "--digests: takes a whole number"),
        ("explore raft-election --seeds 5", "--seeds: takes A..B"),
        ("explore raft-election --seeds 5..5", "--seeds: takes A..B with A below B"),
        ("explore raft-election --seeds 9..5", "--seeds: takes A..B with A below B"),
        ("explore raft-election --seeds a..b", "--seeds: takes A..B"),
        ("explore raft-election --seeds 0..9007199254740993", "the largest seed"),
        ("explore raft-election --seeds 0..18446744073709551616", "--seeds: takes A..B"),
        ("explore raft-election --shard 0/4", "--shard: takes k/n"),
        ("explore raft-election --shard 5/4", "--shard: takes k/n"),
        ("explore raft-election --shard 1/0", "--shard: takes k/n"),
        ("explore raft-election --shard 2", "--shard: takes k/n"),
        ("explore raft-election --for 3s", "explore does not take --for"),
        ("trace", "trace needs a lab"),
        ("trace raft-election", "--format: is missing; there are jsonl, shiviz and mermaid"),
        ("trace raft-election --format csv", "--format: there is no format \"csv\""),
        ("trace raft-election --format jsonl --json", "trace does not take --json"),
        ("run raft-election --format jsonl", "run does not take --format"),
        ("explore raft-election --seed 3", "explore does not take --seed"),
        ("explore v1.AAAA", "there is no lab"),
        ("run #v9.AAAA", "links that are known here start with v1."),
        ("run v1.%%%", "link: is damaged"),
        ("run https://example.org/", "no part after #"),
        ("run v1.AAAA --seed 3", "a recorded run does not take --seed"),
    ] {
        refused(binary().args(line.split_whitespace()), wanted);
    }
}

#[test]
fn the_largest_seed_is_a_seed() {
    good("run raft-election --seed 9007199254740991 --for 1ms");
    good("explore raft-election --seeds 9007199254740990..9007199254740992");
}

#[test]
fn what_is_wrong_with_a_file_of_commands_is_named_by_index_and_field() {
    let many = format!("[{}]", vec![r#"{"at_us":1,"do":"heal-all"}"#; 10_001].join(","));
    for (name, contents, wanted) in [
        (
            "node",
            r#"[{"at_us":1,"do":"heal-all"},{"at_us":2,"do":"crash","node":"n9"}]"#,
            "commands[1].node: there is no node \"n9\"",
        ),
        ("syntax", r#"[{"at_us":1,]"#, "not JSON"),
        ("empty", "", "not JSON"),
        ("object", "{}", "commands: is a list, not an object"),
        ("many", many.as_str(), "commands: has 10001 entries; 10000 are the most"),
        (
            "unordered",
            r#"[{"at_us":5,"do":"heal-all"},{"at_us":4,"do":"heal-all"}]"#,
            "commands[1].at_us: 4 µs is before",
        ),
        ("field", r#"[{"at_us":5,"do":"heal-all","nodes":3}]"#, "commands[0].nodes: is not a known field"),
        ("do", r#"[{"at_us":5,"do":"explode"}]"#, "commands[0].do: there is no command \"explode\""),
        ("time", r#"[{"do":"heal-all"}]"#, "commands[0].at_us: is missing"),
        (
            "early",
            r#"[{"at_us":1,"do":"crash","node":"n6"},{"at_us":2,"do":"add-node","node":"n6"}]"#,
            "commands[0].node: there is no node \"n6\"; there are n1, n2, n3, n4, n5",
        ),
        ("live", r#"[{"at_us":1,"do":"set","key":"nodes","value":3}]"#, "commands[0].key: "),
        (
            "op",
            r#"[{"at_us":5,"do":"request","node":"n1","op":"sing"}]"#,
            "commands[0].op: there is no operation \"sing\"",
        ),
        (
            "lines",
            "[{\"at_us\":1,\"do\":\"crash\",\"node\":\"n\\n1\\u001b[2J\"}]",
            "commands[0].node: there is no node",
        ),
    ] {
        let path = file(&format!("commands-{name}.json"), contents);
        refused(binary().args(["run", "raft-election", "--commands", &path]), wanted);
    }
    let most = format!("[{}]", vec![r#"{"at_us":1,"do":"heal-all"}"#; 10_000].join(","));
    good(&format!("run raft-election --for 1ms --commands {}", file("commands-most.json", most)));
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    refused(binary().args(["run", folder]), folder);
    refused(binary().args(["run", "raft-election", "--commands", "/no/such/file"]), "/no/such/file: ");
    refused(binary().args(["replay", "/no/such/file"]), "/no/such/file");
    let large = file("large.json", vec![b' '; (1 << 20) + 1]);
    refused(binary().args(["run", &large]), "is larger than 1 MiB");
    refused(binary().args(["run", "raft-election", "--commands", &large]), "is larger than 1 MiB");
    // Even where the limit falls into the middle of a character.
    let large = file("large-umlauts.json", format!(" {}", "ä".repeat(1 << 20)));
    refused(binary().args(["run", &large]), "is larger than 1 MiB");
    refused(binary().args(["run", &file("bytes.json", [0xff, 0xfe, 0x00])]), "is not text in UTF-8");
    refused(binary().args(["run", &file("words.json", "hello")]), "neither a link nor JSON");
    refused(binary().args(["replay", &file("no-end.json", r#"{"lab":"raft-election"}"#)]), "end: is missing");
    refused(
        binary().args(["run", &file("colour.json", r#"{"lab":"raft-election","colour":1}"#)]),
        "colour: is not a known field",
    );
    let whole = labs::link::encode(&labs::Run::of_lab(labs::catalogue(), "raft-election").unwrap()).unwrap();
    refused(binary().args(["run", &whole[..whole.len() / 2]]), "was it copied whole?");
    refused(binary().args(["run", "a\nb"]), "neither a lab");
    let corpus = |name: &str| {
        let path = format!("{}/../../fixtures/corpus/links/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    refused(binary().args(["run", &corpus("bomb-of-spaces")]), "more than 256 KiB");
    refused(binary().args(["replay", &corpus("unknown-field-with-breaks")]), "is not a known field");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_text_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let bytes = OsStr::from_bytes(b"raft\xff\xfe");
    refused(binary().arg("run").arg(bytes), "is not valid text");
    refused(binary().arg(bytes), "is not valid text");
    refused(binary().args(["run", "raft-election", "--variant"]).arg(bytes), "is not valid text");
    refused(binary().args(["run", "raft-election"]).arg(OsStr::from_bytes(b"--\xff")), "netsplit: ");
}

#[test]
fn a_closed_pipe_is_no_accident() {
    for line in [
        "list",
        "list --json",
        "run raft-election --for 1s --explain",
        "trace raft-election --format jsonl",
        "explore raft-election --seeds 0..3",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = finish(binary().args(line.split_whitespace()).stdout(writer));
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}");
    }
}

#[test]
fn a_hit_stays_a_hit_when_nobody_reads_on() {
    for more in ["", "--json", "--keep-going", "--keep-going --json --shrink"] {
        let line = format!("explore raft-election --variant forgets-vote --seeds 0..100 {more}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = finish(binary().args(line.split_whitespace()).stdout(writer));
        assert_eq!((said.code, said.err.as_str()), (1, ""), "{line}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(finish(binary().args(["run", &bug()]).stdout(writer)).code, 1);
}

#[test]
fn a_recorded_run_goes_on_for_ten_seconds_or_to_its_end() {
    let short = good(&format!("run {} --json", fixture("parity/1.json"))).json();
    assert_eq!(short["time_us"], 10_000_000);
    let mut session = labs::Run::of_lab(labs::catalogue(), "raft-election").unwrap().open().unwrap();
    session.seek(12_345_678);
    let long = file("long.json", session.run().to_json().to_string());
    assert_eq!(good(&format!("run {long} --json")).json()["time_us"], 12_345_678);
    // What it comes to beyond the recorded end does not excuse what it did not come to there.
    let mut wrong = session.run().to_json();
    wrong["end"] = json!({"step": 9, "time_us": 5, "digest": "0123456789abcdef"});
    let said = call(&format!("run {}", file("wrong-end.json", wrong.to_string())));
    assert_eq!(said.code, 3);
}

#[test]
fn a_trace_is_one_object_a_step() {
    let commands = json!([
        {"at": "300ms", "do": "crash", "node": "n1"},
        {"at": "310ms", "do": "add-node", "node": "n6"},
        {"at": "320ms", "do": "disk", "node": "n6", "mode": "full"},
        {"at": "330ms", "do": "cut", "from": "n6", "to": "n2"},
        {"at": "400ms", "do": "request", "node": "n1", "op": "time-out"},
        {"at": "500ms", "do": "restart", "node": "n1"},
    ]);
    let line = format!("raft-election --seed 3 --commands {} --for 1s", file("trace.json", commands.to_string()));
    let trace = good(&format!("trace {line} --format jsonl")).lines();
    let run = good(&format!("run {line} --json")).json();
    assert_eq!(trace.len() as u64, run["steps"].as_u64().unwrap());
    let mut seen = std::collections::BTreeSet::new();
    for (event, step) in trace.iter().zip(1..) {
        assert_eq!(keys(event)[..5], ["step", "time_us", "cause", "what", "node"]);
        assert_eq!(event["step"], step);
        let what = event["what"].as_str().unwrap();
        seen.insert(what.to_owned());
        match what {
            "deliver" | "vanish" => {
                let (id, node) = (event["message"].as_str().unwrap(), event["node"].as_str().unwrap());
                assert!(id.contains(&format!(">{node}#")) && event["kind"].is_string());
                assert!(event["cause"].as_u64().unwrap() < step);
            }
            "timer" => assert!(event["timer"].is_string() && event["cause"].is_u64()),
            "command" => assert!(event["command"]["do"].is_string() && event["cause"].is_null()),
            _ => {}
        }
        seen.extend(
            event["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["what"].as_str().unwrap().into()),
        );
    }
    for what in ["boot", "deliver", "timer", "synced", "command", "sent", "wrote", "timer-set", "noted", "refused"] {
        assert!(seen.contains(what), "{what} is not in {seen:?}");
    }
    let crash = trace.iter().find(|event| event["command"]["do"] == "crash").unwrap();
    assert_eq!(
        (&crash["node"], &crash["time_us"], &crash["command"]["node"]),
        (&json!("n1"), &json!(300_000), &json!("n1"))
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said = finish(binary().arg("list").stdout(full()));
    assert!(said.code == 2 && said.err.contains("cannot write the output"), "{}: {}", said.code, said.err);
    assert_eq!(finish(binary().arg("lits").stderr(full())).code, 2);
}

#[test]
fn a_sweep_speaks_in_lines() {
    let said = call("explore raft-election --variant forgets-vote --seeds 0..100 --json");
    let lines = said.lines();
    assert_eq!((said.code, lines.len()), (1, 2), "it stops at the first hit");
    assert_eq!(keys(&lines[0]), ["kind", "seed", "property", "step", "time_us", "reason", "run"]);
    assert_eq!(lines[0]["kind"], "violation");
    let summary = ["kind", "lab", "variant", "seeds", "shard", "tried", "violations", "steps", "sometimes"];
    assert_eq!(keys(&lines[1]), summary);
    assert_eq!(
        (&lines[1]["kind"], &lines[1]["seeds"], &lines[1]["shard"]),
        (&json!("summary"), &json!("0..100"), &json!("1/1"))
    );
    assert_eq!(lines[1]["tried"].as_u64().unwrap(), lines[0]["seed"].as_u64().unwrap() + 1);
    assert_eq!(lines[1]["violations"], 1);
    let replayed = call(&format!("replay {} --json", lines[0]["run"].as_str().unwrap()));
    assert_eq!((replayed.code, replayed.json()["steps"].as_u64()), (1, lines[0]["step"].as_u64()));
    let correct = good("explore raft-election --seeds 10..30 --json").lines();
    assert_eq!((correct.len(), &correct[0]["tried"], &correct[0]["violations"]), (1, &json!(20), &json!(0)));
    assert!(correct[0]["sometimes"]["split-vote"].as_u64() > Some(0));
}

#[test]
fn shards_add_up_to_one_run() {
    let sweep = |shard: &str| {
        call(&format!(
            "explore raft-election --variant forgets-vote --seeds 7..67 --keep-going --json --shrink {shard}"
        ))
    };
    let merge = |parts: Vec<Said>| {
        let (mut hits, mut sums) = (Vec::new(), [0u64; 4]);
        for part in parts {
            for line in part.lines() {
                if line["kind"] == "violation" {
                    hits.push(line);
                } else {
                    let number = |value: &Value| value.as_u64().unwrap_or(0);
                    for (sum, value) in sums.iter_mut().zip([
                        &line["tried"],
                        &line["violations"],
                        &line["steps"],
                        &line["sometimes"]["split-vote"],
                    ]) {
                        *sum += number(value);
                    }
                }
            }
        }
        hits.sort_by_key(|hit| hit["seed"].as_u64());
        (hits, sums)
    };
    let whole = merge(vec![sweep("")]);
    assert!(whole.0.len() > 3 && whole.1[0] == 60 && whole.1[3] > 0, "{:?}", whole.1);
    for shards in [2u64, 7] {
        let parts: Vec<Said> = (1..=shards).map(|shard| sweep(&format!("--shard {shard}/{shards}"))).collect();
        for (part, shard) in parts.iter().zip(1..) {
            for hit in part.lines().iter().filter(|line| line["kind"] == "violation") {
                assert_eq!((hit["seed"].as_u64().unwrap() - 7) % shards, shard - 1);
            }
        }
        assert_eq!(merge(parts), whole, "{shards} shards");
    }
    // More shards than seeds: the last has nothing to do.
    let idle = good("explore raft-election --seeds 0..3 --shard 9/9 --json").lines();
    assert_eq!(idle[0]["tried"], 0);
}

#[test]
fn every_parity_fixture_runs() {
    for file in std::fs::read_dir(fixture("parity")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let run = good(&format!("run {} --for 3s --json", path.display())).json();
        assert_eq!(run["time_us"], 3_000_000);
    }
}

#[test]
fn render_draws_a_moment_as_a_picture() {
    let line = "render raft-election --seed 7 --at 1.25s --theme dark";
    let picture = good(line).out;
    assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("<title>Raft: leader election, seed 7, at 1.25 s</title>"), "{picture:.400}");
    assert!(picture.contains(", leader, term 1"), "{picture:.900}");
    assert_eq!(good(line).out, picture, "twice the same");
    let light = good("render raft-election --seed 7 --at 1.25s --lens stage").out;
    assert!(light.contains("netsplit-light") && !light.contains("netsplit-dark"));
    // Into a file, from a recorded run, at its very start.
    let path = file("moment.svg", "");
    let said = finish(binary().args(["render", &bug(), "--at", "0s", "-o", &path]));
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains(" (forgets its vote), seed ") && written.contains("at 0 s</title>"), "{written:.400}");
}

#[test]
fn render_draws_a_pane_and_prints_it_as_data() {
    let line = "render raft-log --at 2s --lens progress";
    let picture = good(&format!("{line} --theme dark")).out;
    assert!(picture.starts_with("<svg xmlns=") && picture.contains("class=\"netsplit-dark\""), "{picture:.400}");
    assert!(
        picture.contains("<title>What the leader knows: Raft: the replicated log, seed 1, at 2 s</title>"),
        "{picture:.400}"
    );
    let data = good(&format!("{line} --json")).json();
    let kinds: Vec<&str> =
        data["blocks"].as_array().unwrap().iter().map(|block| block["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["table", "facts", "text"]);
    // What the picture says and what the data says is the same.
    for row in data["blocks"][0]["rows"].as_array().unwrap() {
        assert!(picture.contains(&format!(">{}</text>", row["head"]["text"].as_str().unwrap())));
    }
    let path = file("pane.json", "");
    assert_eq!(good(&format!("{line} --json -o {path}")).out, "");
    assert_eq!(serde_json::from_str::<Value>(&std::fs::read_to_string(&path).unwrap()).unwrap(), data);
    assert!(
        good("run raft-log --for 1s --json").json()["state"]["panes"].is_null(),
        "a page has panes, a run has none"
    );
}

#[test]
fn logs_states_and_operations_are_drawn_without_a_page() {
    for (lens, kind, words) in [
        ("log", "grid", "not committed"),
        ("states", "graph", "majority of"),
        ("history", "lanes", "Operations of the last 500 ms"),
    ] {
        let line = format!("render raft-log --at 2s --lens {lens}");
        let picture = good(&line).out;
        assert!(picture.contains(&format!(">{words}</text>")) && picture.contains(">n1</text>") != (lens == "history"));
        assert_eq!(good(&format!("{line} --json")).json()["blocks"][0]["kind"], kind);
    }
}

#[test]
fn render_draws_a_ring_where_the_lab_has_one() {
    let add = r#"[{"at_us":500000,"do":"add-node","node":"n11"},
        {"at_us":500000,"do":"request","node":"a1","op":{"add-server":"n11"}}]"#;
    let commands = file("ring-commands.json", add);
    let line = format!("render hash-ring --set nodes=10 --set vnodes=100 --set keys=10000 --commands {commands}");
    let before = good(&format!("{line} --at 400ms")).out;
    assert!(before.contains(">10,000 keys</text>") && before.contains(">1,000 virtual nodes · 10 servers</text>"));
    let after = good(&format!("{line} --at 2s")).out;
    assert!(after.contains(">1,100 virtual nodes · 11 servers</text>"));
}

#[test]
fn render_says_what_is_wrong() {
    for (line, wanted) in [
        ("render", "render needs a lab, a link or a file"),
        ("render raft-election", "--at: is missing"),
        ("render raft-election --at soon", "--at: takes a time above zero such as 12us"),
        ("render raft-election --at 25h", "--at: "),
        ("render raft-election --at 2000m", "--at: 2000m is too long"),
        ("render raft-election --at 5s --for 2s", "--at: 5s lies beyond the end of the run that --for sets"),
        ("render raft-election --at 1s --theme blue", "--theme: there is no theme \"blue\"; there are light and dark"),
        (
            "render raft-election --at 1s --lens ring",
            "--lens: \"ring\" cannot be drawn here; stage, states, log, history can",
        ),
        (
            "render raft-log --at 1s --lens ring",
            "--lens: \"ring\" cannot be drawn here; stage, log, progress, states, history can",
        ),
        ("render raft-election --at 1s --json", "--json: prints a pane as data; --lens says which"),
        ("render raft-election --at 1s --at 2s", "--at is given twice"),
        ("render raft-election --at 1s -o a.svg -o b.svg", "-o is given twice"),
        ("render raft-election --at 1s -o /nowhere/at/all.svg", "-o: /nowhere/at/all.svg: "),
        ("render raft-election --at 1s -o", "-o"),
        ("run raft-election --at 1s", "run does not take --at"),
        ("render raft-election extra --at 1s", "render does not know what to do with \"extra\""),
    ] {
        refused(binary().args(line.split_whitespace()), wanted);
    }
}

#[test]
fn tours_are_read_checked_and_made_links() {
    let said = good("tour cut-the-leader-off --check");
    assert!(said.out.starts_with("cut-the-leader-off: 8 steps, raft-election (correct)\n"), "{}", said.out);
    assert!(said.out.contains("asks: Cut n3 off · n4 notes became-leader after 151.045 ms"), "{}", said.out);
    let read = good("tour two-leaders-one-term").out;
    assert!(read.contains("[Restart n2]") && read.contains("Notes: ") && !read.contains('*'), "{read}");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mine.toml");
    let text = "format = 1\nid = \"mine\"\ntitle = \"Mine\"\nsummary = \"x\"\nlab = \"raft-election\"\n[[step]]\nwords = \"One.\"\n";
    let file = |more: &str| std::fs::write(&path, format!("{text}{more}")).unwrap();
    let tour = |option: &str| {
        let mut command = binary();
        command.arg("tour").arg(&path).args((!option.is_empty()).then_some(option));
        command
    };
    file("");
    let link = finish(&mut tour("--link"));
    assert_eq!((link.code, link.err.as_str()), (0, ""));
    assert!(link.out.starts_with("#tour1.") && link.out.lines().count() == 1, "{}", link.out);
    assert_eq!(finish(&mut tour("--check")).code, 0);
    file("at = \"soon\"\n");
    refused(&mut tour(""), "mine.toml: line 8, step 1: at: is a time like");
    file("wait = { note = \"became-king\", within = \"1s\" }\n");
    refused(&mut tour("--check"), "mine.toml: line 8, step 1: wait: never comes true");
    refused(binary().args(["tour", "no-such-tour"]), "neither a file nor a tour; tours are cut-the-leader-off");
    refused(binary().arg("tour"), "tour needs a file");
    refused(binary().args(["tour", "cut-the-leader-off", "--json"]), "tour does not take --json");
    refused(binary().args(["list", "--check"]), "list does not take --check");
}
