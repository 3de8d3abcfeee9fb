//! Whatever somebody pastes or loads: an answer or an error of one line, never a panic.
//!
//! `fixtures/corpus` holds inputs that are nasty on purpose, or that once broke something.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use labs::{InputError, Run, Session, link};
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn effort(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

/// An error is one line of bearable length.
fn one_line(error: &InputError) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.chars().count() <= 1_000, "{} characters: {text:.200}", text.chars().count());
    assert!(!text.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}'), "{text:?}");
}

/// Reads a text in every way that there is. What is accepted is a run that opens and can be written
/// again.
fn read(text: &str) -> Result<Run, InputError> {
    if let Err(error) = link::decode(labs::catalogue(), text) {
        one_line(&error);
    }
    let run = Run::from_text(labs::catalogue(), text).inspect_err(one_line)?;
    let written = run.to_json();
    assert_eq!(Run::from_json(labs::catalogue(), &written).expect("what was written is read").to_json(), written);
    let mut session = run.open().inspect_err(one_line)?;
    session.advance(1_000_000, 200);
    Ok(run)
}

fn pack(json: &[u8]) -> String {
    format!("#v1.{}", URL_SAFE_NO_PAD.encode(compress_to_vec(json, 6)))
}

fn session() -> Session {
    let mut session = Run::of_lab(labs::catalogue(), "raft-election").unwrap().open().unwrap();
    session.seek(250_000);
    session
}

fn example() -> Value {
    json!({
        "format": 1, "engine": 1, "lab": "raft-election", "variant": "forgets-vote", "seed": 7,
        "set": {"nodes": 5, "latency-ms": "5..15"},
        "commands": commands(),
        "layout": {"n1": [120, -80]},
        "end": {"step": 30, "time_us": 200_000, "digest": "00ff00ff00ff00ff"}
    })
}

fn commands() -> Value {
    json!([
        {"at_us": 0, "do": "request", "node": "n1", "op": "time-out"},
        {"at_us": 1, "do": "crash", "node": "n1"},
        {"at_us": 1, "do": "restart", "node": "n1"},
        {"at_us": 2, "after": 3, "do": "pause", "node": "n2"},
        {"at_us": 2, "do": "resume", "node": "n2"},
        {"at": "3us", "do": "cut", "from": "n1", "to": "n2"},
        {"at_us": 4, "do": "heal", "from": "n1", "to": "n2", "both": false},
        {"at_us": 6, "do": "partition", "groups": [["n1"], ["n2", "n3"]]},
        {"at_us": 7, "do": "heal-all"},
        {"at_us": 8, "do": "link", "from": "n1", "to": "n3", "latency_us": "100..200", "loss_ppm": 5, "duplicate_ppm": 6},
        {"at_us": 9, "do": "hold", "from": "n1", "to": "n3"},
        {"at_us": 9, "do": "release", "from": "n1", "to": "n3"},
        {"at_us": 10, "do": "message", "id": "n1>n2#17", "act": "drop"},
        {"at_us": 12, "do": "clock", "node": "n1", "offset_us": -5, "drift_ppm": 100},
        {"at_us": 13, "do": "disk", "node": "n1", "mode": "lose-unsynced"},
        {"at_us": 13, "do": "disk", "node": "n1", "mode": "slow", "sync_us": "5..900"},
        {"at_us": 14, "do": "link", "from": "n1", "to": "n3", "reorder_ppm": 7, "bandwidth_bps": 8_000},
        {"at_us": 15, "do": "add-node", "node": "n6"},
        {"at_us": 17, "do": "remove-node", "node": "n4"},
        {"at_us": 20, "do": "move", "node": "n2", "x": -40, "y": 70},
    ])
}

/// Any JSON, with a taste for the words and numbers that mean something here.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "\\PC{0,12}",
        ".{0,6}",
        prop::sample::select(vec![
            "n1",
            "n5",
            "n6",
            "n206",
            "n1>n2#1",
            "n1>n2#1.1",
            "n1>n2#",
            ">#.",
            "n1>n2#99999999999999999999",
            "5..15",
            "15..5",
            "..",
            "1..",
            "12us",
            "1e3ms",
            "correct",
            "raft-election",
            "time-out",
            "drop",
            "a\nb\r\u{1b}[2J\u{2028}",
            "00ff00ff00ff00ff",
        ])
        .prop_map(str::to_owned),
    ];
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![0u64, 1, 1_000_000, 1_000_001, (1 << 53) - 1, 1 << 53, u64::MAX])
            .prop_map(Value::from),
    ];
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, word.clone().prop_map(Value::from)];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let field = prop_oneof![
            word.clone(),
            prop::sample::select(vec![
                "do", "node", "key", "value", "mode", "x", "from", "to", "both", "groups", "id", "act", "at_us", "lab",
                "seed", "set", "commands", "end"
            ])
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((field, inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Replaces, adds or removes something somewhere inside.
fn mutate(value: &mut Value, path: &[prop::sample::Index], with: &Value) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let index = first.index(items.len());
            match with {
                Value::Null => drop(items.remove(index)),
                _ if rest.is_empty() => items[index] = with.clone(),
                _ => mutate(&mut items[index], rest, with),
            }
        }
        Value::Object(map) if !map.is_empty() => {
            let key = map.keys().nth(first.index(map.len())).expect("the index is inside").clone();
            match with {
                Value::Null => drop(map.remove(&key)),
                Value::Bool(true) => drop(map.insert(format!("{key}x"), with.clone())),
                _ if rest.is_empty() => drop(map.insert(key, with.clone())),
                _ => mutate(&mut map[&key], rest, with),
            }
        }
        other => *other = with.clone(),
    }
}

proptest! {
    #![proptest_config(effort(1_500))]

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof!["\\PC{0,60}", ".{0,60}", "(#v1\\.|v1\\.|#v|http)[A-Za-z0-9_=-]{0,60}"]) {
        let _ = read(&text);
    }

    #[test]
    fn any_bytes_in_a_link_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&format!("#v1.{}", URL_SAFE_NO_PAD.encode(&bytes)));
        let _ = read(&pack(&bytes));
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let _ = read(&value.to_string());
        let _ = read(&pack(value.to_string().as_bytes()));
        let mut run = Run::of_lab(labs::catalogue(), "raft-election").unwrap();
        if let Err(error) = run.set_commands(&value) {
            one_line(&error);
        }
    }

    #[test]
    fn a_damaged_link_is_read_or_refused(at: prop::sample::Index, to in "[A-Za-z0-9_.#%=-]", cut: bool) {
        let link = pack(example().to_string().as_bytes());
        let position = at.index(link.len());
        let damaged = if cut { link[..position].to_owned() } else { format!("{}{to}{}", &link[..position], &link[position + 1..]) };
        let _ = read(&damaged);
    }

    #[test]
    fn a_run_with_something_wrong_inside_is_read_or_refused(path in prop::collection::vec(any::<prop::sample::Index>(), 1..5), with in any_json()) {
        let mut value = example();
        mutate(&mut value, &path, &with);
        let _ = read(&value.to_string());
        let _ = read(&pack(value.to_string().as_bytes()));
    }

    #[test]
    fn any_command_is_applied_or_refused_and_a_refused_one_changes_nothing(
        pick: prop::sample::Index, path in prop::collection::vec(any::<prop::sample::Index>(), 1..4), with in any_json(), whole: bool,
    ) {
        let mut command = commands()[pick.index(20)].clone();
        for time in ["at_us", "at", "after"] {
            command.as_object_mut().unwrap().remove(time);
        }
        if whole { command = with } else { mutate(&mut command, &path, &with) }
        let mut session = session();
        let before = (session.digest(), session.run().to_json());
        match session.apply(&command) {
            Ok(()) => {
                session.advance(u64::MAX, 50);
                let run = link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).expect("its link is good");
                prop_assert!(run.open().unwrap().check_end().is_ok());
            }
            Err(error) => {
                one_line(&error);
                prop_assert_eq!((session.digest(), session.run().to_json()), before);
            }
        }
    }
}

fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() > 10, "the corpus in {} is gone", folder.display());
    files
}

#[test]
fn every_link_of_the_corpus_is_refused_or_good() {
    for (name, bytes) in corpus("links") {
        let text = String::from_utf8_lossy(&bytes);
        let result = read(&text);
        assert_eq!(result.is_ok(), name.starts_with("ok-"), "{name}: {:?}", result.err());
        if let Ok(run) = result {
            // What is recorded in these is made up; to find that out must not take for ever.
            assert!(run.open().unwrap().check_end().is_err() || run.end.is_none(), "{name}");
        }
    }
}

#[test]
fn every_command_list_of_the_corpus_is_refused_or_good() {
    for (name, bytes) in corpus("commands") {
        let text = String::from_utf8_lossy(&bytes);
        let mut run = Run::of_lab(labs::catalogue(), "raft-election").unwrap();
        let result = match serde_json::from_str(&text) {
            Ok(value) => run.set_commands(&value).inspect_err(one_line),
            Err(error) => Err(InputError::new("", error.to_string())).inspect_err(one_line),
        };
        assert_eq!(result.is_ok(), name.starts_with("ok-"), "{name}: {:?}", result.err());
        let mut session = run.open().unwrap();
        session.seek(1_000_000);
    }
}

/// What a page hands over has been through no parser.
#[test]
fn what_is_nested_too_deeply_is_refused_before_anybody_looks_at_it() {
    let mut deep = json!("bottom");
    for _ in 0..500 {
        deep = json!([deep]);
    }
    let mut session = session();
    for command in [deep.clone(), json!({"do": "request", "node": "n1", "op": deep.clone()})] {
        assert!(session.apply(&command).unwrap_err().to_string().contains("nested more than 32 levels"));
        assert!(
            Run::from_json(labs::catalogue(), &command).unwrap_err().to_string().contains("nested more than 32 levels")
        );
        assert!(session.run().set_commands(&command).unwrap_err().to_string().contains("nested more than 32 levels"));
    }
    one_line(&Run::from_text(labs::catalogue(), &format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))).unwrap_err());
}
