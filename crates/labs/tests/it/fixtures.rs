//! The minimal run of each bug: replayed it is violated, and without the bug it is not; and the
//! digests of runs that are committed.
//!
//! `UPDATE_EXPECT=1 cargo test -p netsplit-labs --test it fixtures` records the ends of these runs anew,
//! after a change of the engine. It does so only where the violation still shows; where it does
//! not, the run has to be made again: by a shrinking sweep, or by hand. A lab that has no runs in `parity/` yet gets some.
//! With `NETSPLIT_LAB=ID` beside it only this lab's are recorded.

use std::path::Path;

use labs::json::one_line;
use labs::{End, Entry, Run, Session, VariantKind};
use serde_json::Value;

use crate::systems::{bugs, entries, folder};

/// Long enough for what a violation leads to, and what its absence does.
const HORIZON_US: u64 = 10_000_000;

fn open(run: &Run) -> Session {
    run.open().unwrap()
}

fn read(path: &Path) -> Run {
    let place = path.display();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{place}: {error}"));
    Run::from_text(labs::catalogue(), &text).unwrap_or_else(|error| panic!("{place}: {error}"))
}

fn violated(session: &Session) -> Vec<&'static str> {
    session
        .verdicts()
        .into_iter()
        .filter(|verdict| verdict.status == "violated")
        .map(|verdict| verdict.property)
        .collect()
}

fn updates() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

/// The first moment at which a run is violated.
fn first_violation(run: &Run) -> Option<End> {
    let mut session = open(run);
    while violated(&session).is_empty() {
        if session.time_us() > HORIZON_US || !session.step() {
            return None;
        }
    }
    Some(End { step: session.step_count(), time_us: session.time_us(), digest: session.digest() })
}

/// A run as its file has it: a command a line, so that a difference can be read.
fn file_of(run: &Run) -> String {
    let value = run.to_json();
    let mut text = String::from("{\n");
    let fields = value.as_object().expect("a run is an object");
    for (place, (key, value)) in fields.iter().enumerate() {
        let written = match value {
            Value::Array(items) if !items.is_empty() => {
                let lines: Vec<String> = items.iter().map(|item| format!("    {}", one_line(item))).collect();
                format!("[\n{}\n  ]", lines.join(",\n"))
            }
            other => one_line(other),
        };
        let comma = if place + 1 < fields.len() { "," } else { "" };
        text += &format!("  \"{key}\": {written}{comma}\n");
    }
    text + "}\n"
}

#[test]
fn each_bug_has_a_run_that_shows_it_and_only_it() {
    let mut gone = Vec::new();
    for bug in bugs() {
        let (lab, variant, property) = (bug.lab, bug.variant.as_str(), bug.property.as_str());
        let path = bug.run_file();
        let place = path.display();
        let mut run = read(&path);
        assert_eq!((run.entry.info.id, run.variant.id), (lab, variant), "{place}");
        if updates() {
            run.end = first_violation(&run);
            if run.end.is_none() {
                gone.push(format!("{lab} {variant}"));
                continue;
            }
            (run.engine, run.revision) = (labs::ENGINE_VERSION, run.entry.info.revision);
            std::fs::write(&path, file_of(&run)).unwrap();
        }
        let end = run.end.clone().unwrap_or_else(|| panic!("{place}: no end"));
        let mut session = open(&run);
        session.check_end().unwrap_or_else(|divergence| panic!("{place}: {divergence:?}"));
        assert_eq!(violated(&session), [property], "{place}");
        // It shows at the very end.
        session.seek_step(end.step - 1);
        assert_eq!(violated(&session), [""; 0], "{place}: violated before its end");
        let horizon_us = end.time_us.max(HORIZON_US);
        let mut correct = run.clone();
        correct.variant = run.entry.info.variant("correct").unwrap();
        let mut session = open(&correct);
        for until_us in [end.time_us, horizon_us] {
            session.seek(until_us);
            assert_eq!(violated(&session), [""; 0], "{place}: violated without the bug at {until_us} µs");
        }
    }
    assert!(gone.is_empty(), "the violation does not show any more, so these runs have to be made again: {gone:?}");
}

#[test]
fn no_command_of_these_runs_can_go() {
    if updates() {
        // The files are being written at this moment.
        return;
    }
    for bug in bugs() {
        let (lab, variant, property) = (bug.lab, bug.variant.as_str(), bug.property.as_str());
        let run = read(&bug.run_file());
        let end = run.end.clone().expect("a fixture has an end");
        for left_out in 0..run.commands.len() {
            let mut less = run.clone();
            less.commands.remove(left_out);
            let mut session = open(&less);
            session.seek(end.time_us.max(HORIZON_US));
            assert!(!violated(&session).contains(&property), "{lab} {variant}: command {left_out} is not needed");
        }
    }
}

#[test]
fn there_is_a_story_and_a_run_for_each_bug_and_no_other() {
    for entry in entries() {
        let lab = entry.info.id;
        let known = entry.info.variants.iter().filter(|variant| variant.kind == VariantKind::Bug);
        let mut known: Vec<&str> = known.map(|variant| variant.id).collect();
        let told: Vec<String> = bugs().into_iter().filter(|bug| bug.lab == lab).map(|bug| bug.variant).collect();
        assert_eq!(told, known, "{lab}: expect.json");
        let mut files: Vec<String> = names_in(&folder(lab).join("bugs"));
        files.sort();
        known.sort_unstable();
        assert_eq!(files, known, "{lab}: bugs/");
    }
}

/// The names of a folder's JSON files; nothing where there is no such folder.
fn names_in(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().file_name());
    files.filter_map(|name| name.to_str()?.strip_suffix(".json").map(str::to_owned)).collect()
}

/// The runs of a lab that has none yet: four seeds with their fault plans.
fn plan_parity(entry: &Entry, folder: &Path) -> Vec<String> {
    std::fs::create_dir_all(folder).unwrap();
    let base = Run::of_lab(labs::catalogue(), entry.info.id).unwrap();
    let write = |seed: u64| {
        let mut run = base.planned(seed);
        run.commands.retain(|stamped| stamped.at_us <= PARITY_UNTIL_US);
        std::fs::write(folder.join(format!("{seed}.json")), file_of(&run)).unwrap();
        seed.to_string()
    };
    (11..=14).map(write).collect()
}

/// Native and wasm are compared over so much time.
const PARITY_UNTIL_US: u64 = 3_000_000;

/// Committed digests of the runs in `parity/`: when one of them changes, every link that exists
/// changes with it, and `ENGINE_VERSION` has to grow.
#[test]
fn golden_digests() {
    for entry in entries() {
        let (lab, folder) = (entry.info.id, folder(entry.info.id).join("parity"));
        let mut names = names_in(&folder);
        if updates() && names.is_empty() {
            names = plan_parity(entry, &folder);
        }
        names.sort();
        let mut now = String::new();
        for name in names {
            let mut session = open(&read(&folder.join(format!("{name}.json"))));
            session.seek(HORIZON_US);
            now += &format!("{name} {} {}\n", session.step_count(), session.digest());
        }
        let path = folder.join("golden.txt");
        if updates() {
            std::fs::write(&path, &now).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(now, golden, "{lab}: see the head of fixtures.rs");
    }
}
