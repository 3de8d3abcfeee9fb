//! The minimal run of each bug: replayed it is violated, and without the bug it is not.

extern crate netsplit_labs as labs;

use std::path::{Path, PathBuf};

use labs::{Run, Session, VariantKind};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bugs")
}

fn open(run: &Run) -> Box<dyn Session> {
    (run.entry.open)(run).unwrap()
}

fn violated(session: &dyn Session) -> Vec<&'static str> {
    session
        .verdicts()
        .into_iter()
        .filter(|verdict| verdict.status == "violated")
        .map(|verdict| verdict.property)
        .collect()
}

#[test]
fn each_bug_has_a_run_that_shows_it_and_only_it() {
    let mut bugs = 0;
    for entry in labs::catalogue() {
        for variant in entry.info.variants.iter().filter(|variant| variant.kind == VariantKind::Bug) {
            bugs += 1;
            let path = folder().join(entry.info.id).join(format!("{}.json", variant.id));
            let place = path.display();
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{place}: {error}"));
            let run = Run::from_text(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!((run.entry.info.id, run.variant.id), (entry.info.id, variant.id), "{place}");
            let end = run.end.clone().unwrap_or_else(|| panic!("{place}: no end"));
            let mut session = open(&run);
            session.check_end().unwrap_or_else(|divergence| panic!("{place}: {divergence:?}"));
            let shown = violated(&*session);
            assert_eq!(shown.len(), 1, "{place}: {shown:?}");
            assert_eq!(session.step_count(), end.step);
            // Minimal: the violation shows at the very end, and no command can go.
            session.seek_step(end.step - 1);
            assert_eq!(violated(&*session), [""; 0], "{place}: violated before its end");
            for left_out in 0..run.commands.len() {
                let mut less = run.clone();
                less.commands.remove(left_out);
                let mut session = open(&less);
                session.seek(end.time_us.max(10_000_000));
                assert!(!violated(&*session).contains(&shown[0]), "{place}: command {left_out} is not needed");
            }
            let mut correct = run.clone();
            correct.variant = entry.info.variant("correct").unwrap();
            let mut session = open(&correct);
            for until_us in [end.time_us, 10_000_000] {
                session.seek(until_us);
                assert_eq!(violated(&*session), [""; 0], "{place}: violated without the bug at {until_us} µs");
            }
        }
    }
    assert!(bugs > 0, "there are no bugs to show");
}

#[test]
fn there_is_no_run_without_its_bug() {
    for lab in std::fs::read_dir(folder()).unwrap() {
        let lab = lab.unwrap();
        let entry = labs::find(lab.file_name().to_str().unwrap()).expect("a folder is a lab");
        for file in std::fs::read_dir(lab.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let variant = entry.info.variant(name.strip_suffix(".json").expect("a fixture is JSON")).unwrap();
            assert_eq!(variant.kind, VariantKind::Bug, "{name}");
        }
    }
}

/// Committed digests: when one of them changes, every link that exists changes with it, and
/// `ENGINE_VERSION` has to grow.
#[test]
fn golden_digests() {
    let golden: [(&str, u64, &str); 5] = [
        ("raft-election-1", 1813, "7389adae7c12ccb2"),
        ("raft-election-2", 1557, "c61b16ac7245e81c"),
        ("raft-election-3", 1715, "235aae4b4d93cb94"),
        ("raft-election-4", 2130, "5069684e426de447"),
        ("raft-election-5", 1590, "4b2e412a8b886b94"),
    ];
    let run = |name: &str| {
        let path = folder().join("../parity").join(format!("{name}.json"));
        let run = Run::from_text(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut session = open(&run);
        session.seek(10_000_000);
        (session.step_count(), session.digest())
    };
    let now = golden.map(|(name, ..)| (name, run(name)));
    assert_eq!(now, golden.map(|(name, steps, digest)| (name, (steps, digest.to_owned()))));
}
