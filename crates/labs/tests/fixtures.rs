//! The minimal run of each bug: replayed it is violated, and without the bug it is not; and the
//! digests of runs that are committed.
//!
//! `UPDATE_EXPECT=1 cargo test -p netsplit-labs --test fixtures` records the ends of these runs anew,
//! after a change of the engine. It does so only where the violation still shows; where it does
//! not, the run has to be made again: by a shrinking sweep, or by hand.

extern crate netsplit_labs as labs;

use std::path::{Path, PathBuf};

use labs::{End, Run, Session, VariantKind};
use serde_json::Value;

/// What each run shows, and its story. A run that somebody directed says so; the others are what a
/// shrinking sweep left of a random one.
const STORIES: [(&str, &str, &str, &str); 31] = [
    (
        "raft-election",
        "forgets-vote",
        "one-vote-per-term",
        "A server votes, crashes, is back at once and votes again in the same term.",
    ),
    (
        "raft-election",
        "no-log-check",
        "leader-completeness",
        "One link holds its messages: a server that has heard nothing of a committed entry times out and wins without it.",
    ),
    (
        "raft-election",
        "fixed-timeout",
        "eventually-a-leader",
        "Nothing happens but time: five servers time out together, and again, for twenty timeouts.",
    ),
    (
        "raft-election",
        "majority-of-reachable",
        "leader-completeness",
        "n1 and n5 are cut off, count only each other before long, and elect n5 without what the others committed.",
    ),
    (
        "raft-election",
        "wins-by-waiting",
        "election-safety",
        "Nothing but luck: two candidates of one term both wait, and both lead.",
    ),
    (
        "raft-election",
        "votes-once-ever",
        "eventually-a-leader",
        "Nothing but luck: the first election splits, the votes stay where they are, and nobody can ever win.",
    ),
    (
        "raft-election",
        "counts-late-votes",
        "election-safety",
        "A candidate of one term is stopped for a while and stands again in the next; the votes of the first term that \
         were still on their way elect it in the second.",
    ),
    (
        "raft-log",
        "commits-old-terms",
        "leader-completeness",
        "Directed, Figure 8: n1 leads term 2 and gets 16 entries to n2 alone; n5 leads term 3 and takes an entry that \
         nobody hears of; n1 leads term 4 and gets the 16 to n3 as well, but not its own entry: it counts three copies \
         and commits. Then n5 wins with n3 and n4. There are 16 because a leader sends as many in one message.",
    ),
    (
        "raft-log",
        "no-consistency-check",
        "state-machine-safety",
        "The network splits and heals. n4 has an entry of the old leader where the new one, n3, has its own; it appends \
         what n3 sends behind that, and applies what it has.",
    ),
    (
        "raft-log",
        "acks-before-fsync",
        "leader-completeness",
        "Directed: n2 acknowledges an entry that its disk has not got yet, n1 commits it, n2 crashes and forgets it, and \
         n3, which never had it, wins with n2's vote.",
    ),
    (
        "raft-log",
        "commits-beyond-verified",
        "state-machine-safety",
        "Directed: n1 is cut off and takes an entry; n2 leads and commits others. Back together, n1 hears how far n2 has \
         committed, and applies its own.",
    ),
    (
        "raft-log",
        "truncates-always",
        "leader-completeness",
        "A slow link makes n2 stand for election. Heartbeats that were overtaken by an entry take it back from n1 and n5, \
         which have acknowledged it, and so n2 wins without it.",
    ),
    (
        "raft-log",
        "stale-leader-reads",
        "linearizability",
        "A new leader answers a read before it has applied what its predecessor committed.",
    ),
    (
        "raft-log",
        "lease-reads-with-drift",
        "linearizability",
        "Directed: the followers' clocks run half as fast again as the leader's. The leader is cut off, n3 stands as soon as \
         its own clock allows, wins and writes, and n1's lease is still good by n1's clock.",
    ),
    (
        "raft-log",
        "overlapping-changes",
        "leader-completeness",
        "Directed: n1, with n2, removes n5 and, before that has committed, n4; the two are a majority of three. n3 to n5 \
         are a majority of five.",
    ),
    (
        "raft-log",
        "change-before-own-term",
        "leader-completeness",
        "Directed, after Ongaro's correction of July 2015: of four members n1 adds n5, which only n5 hears of. n2 is \
         elected by n3 and n4 and removes n1, which n3 hears of: two of three, committed. n1 is elected by n4 and n5: \
         three of five.",
    ),
    (
        "hash-ring",
        "unsorted-ring",
        "every-key-has-an-owner",
        "Nothing happens but a read: k13 lies behind the last virtual node, and there the walk ends.",
    ),
    (
        "hash-ring",
        "modulo-called-consistent",
        "minimal-movement",
        "n5 leaves, and k1 moves from n3 to n2, which have nothing to do with it.",
    ),
    (
        "hash-ring",
        "drops-before-confirmed",
        "acknowledged-writes-survive",
        "n1 leaves. The server that k16 goes to has not heard of the change yet and leaves the batch alone; n1 has deleted \
         k16 already.",
    ),
    (
        "hash-ring",
        "new-ring-at-once",
        "acknowledged-writes-survive",
        "Every server gets more virtual nodes, so that keys change most of their replicas at once; what the old ones \
         delete the new ones never had.",
    ),
    (
        "clocks",
        "no-tick-on-receive",
        "clock-condition",
        "Nothing but time: n1 has had an event of its own when it receives a question that is as old, and the receipt gets \
         the number of the event before it.",
    ),
    (
        "clocks",
        "merge-without-max",
        "vector-characterizes",
        "Nothing but time: n3 takes the clock of a message over and forgets its own, and two concurrent events look equal.",
    ),
    (
        "clocks",
        "wall-clock-order",
        "no-reversal",
        "Nothing but time: n3, whose clock is ahead, asks n2, whose clock is behind. By the wall clocks the answer comes \
         before its question.",
    ),
    (
        "clocks",
        "equal-is-before",
        "exact-verdicts",
        "A message arrives twice, and n3 takes the copy for something newer.",
    ),
    (
        "clocks",
        "concurrent-unless-before",
        "exact-verdicts",
        "Nothing but time: a message overtakes another, and what comes late looks like a conflict.",
    ),
    (
        "vector-clocks",
        "no-causal-delivery",
        "causal-delivery",
        "Nothing but time: n1 posts when it has seen n2's post, which is still on its way to n3.",
    ),
    (
        "vector-clocks",
        "last-writer-wins",
        "no-lost-write",
        "Nothing but time: n1 and n3 write one register. n3's is the later one, and by the wall clocks the earlier: n3 \
         itself gives its value up.",
    ),
    (
        "vector-clocks",
        "prunes-silent",
        "vector-characterizes",
        "Nothing but time: n2 has answered what n1 posted, hears nothing new of n1 for four events, and its vector knows \
         nothing of that post any more.",
    ),
    (
        "vector-clocks",
        "counter-called-vector-clock",
        "vector-characterizes",
        "Nothing but time: two processes receive the same post, and their clocks say that this is one event.",
    ),
    (
        "physical-clocks",
        "ignores-delay",
        "within-half-the-delay",
        "Nothing but time: the way back takes longer than the way there, and n4 is wrong by all of it.",
    ),
    (
        "physical-clocks",
        "steps-backwards",
        "never-back",
        "Nothing but time: n2's clock is ahead, and jumps back with the first answer.",
    ),
];

/// Long enough for what a violation leads to, and what its absence does.
const HORIZON_US: u64 = 10_000_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bugs")
}

fn open(run: &Run) -> Box<dyn Session> {
    (run.entry.open)(run).unwrap()
}

fn read(path: &Path) -> Run {
    let place = path.display();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{place}: {error}"));
    Run::from_text(&text).unwrap_or_else(|error| panic!("{place}: {error}"))
}

fn violated(session: &dyn Session) -> Vec<&'static str> {
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
    while violated(&*session).is_empty() {
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
                let lines: Vec<String> = items.iter().map(|item| format!("    {}", on_one_line(item))).collect();
                format!("[\n{}\n  ]", lines.join(",\n"))
            }
            other => on_one_line(other),
        };
        let comma = if place + 1 < fields.len() { "," } else { "" };
        text += &format!("  \"{key}\": {written}{comma}\n");
    }
    text + "}\n"
}

fn on_one_line(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Object(map) => {
            format!(
                "{{{}}}",
                list(map.iter().map(|(key, value)| format!("\"{key}\": {}", on_one_line(value))).collect())
            )
        }
        Value::Array(items) => format!("[{}]", list(items.iter().map(on_one_line).collect())),
        other => other.to_string(),
    }
}

#[test]
fn each_bug_has_a_run_that_shows_it_and_only_it() {
    let mut gone = Vec::new();
    for (lab, variant, property, _) in STORIES {
        let path = folder().join(lab).join(format!("{variant}.json"));
        let place = path.display();
        let mut run = read(&path);
        assert_eq!((run.entry.info.id, run.variant.id), (lab, variant), "{place}");
        if updates() {
            run.end = first_violation(&run);
            if run.end.is_none() {
                gone.push(format!("{lab} {variant}"));
                continue;
            }
            run.engine = labs::ENGINE_VERSION;
            std::fs::write(&path, file_of(&run)).unwrap();
        }
        let end = run.end.clone().unwrap_or_else(|| panic!("{place}: no end"));
        let mut session = open(&run);
        session.check_end().unwrap_or_else(|divergence| panic!("{place}: {divergence:?}"));
        assert_eq!(violated(&*session), [property], "{place}");
        // It shows at the very end.
        session.seek_step(end.step - 1);
        assert_eq!(violated(&*session), [""; 0], "{place}: violated before its end");
        let horizon_us = end.time_us.max(HORIZON_US);
        let mut correct = run.clone();
        correct.variant = run.entry.info.variant("correct").unwrap();
        let mut session = open(&correct);
        for until_us in [end.time_us, horizon_us] {
            session.seek(until_us);
            assert_eq!(violated(&*session), [""; 0], "{place}: violated without the bug at {until_us} µs");
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
    for (lab, variant, property, _) in STORIES {
        let run = read(&folder().join(lab).join(format!("{variant}.json")));
        let end = run.end.clone().expect("a fixture has an end");
        for left_out in 0..run.commands.len() {
            let mut less = run.clone();
            less.commands.remove(left_out);
            let mut session = open(&less);
            session.seek(end.time_us.max(HORIZON_US));
            assert!(!violated(&*session).contains(&property), "{lab} {variant}: command {left_out} is not needed");
        }
    }
}

#[test]
fn there_is_a_story_for_each_bug_and_a_run_for_each_story() {
    let mut bugs: Vec<(&str, &str)> = Vec::new();
    for entry in labs::catalogue() {
        for variant in entry.info.variants.iter().filter(|variant| variant.kind == VariantKind::Bug) {
            bugs.push((entry.info.id, variant.id));
        }
    }
    assert_eq!(STORIES.map(|(lab, variant, ..)| (lab, variant)).to_vec(), bugs);
    let mut files: Vec<(String, String)> = Vec::new();
    for lab in std::fs::read_dir(folder()).unwrap() {
        let lab = lab.unwrap();
        for file in std::fs::read_dir(lab.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let variant = name.strip_suffix(".json").expect("a fixture is JSON").to_owned();
            files.push((lab.file_name().into_string().unwrap(), variant));
        }
    }
    files.sort();
    let mut wanted: Vec<_> = bugs.into_iter().map(|(lab, variant)| (lab.to_owned(), variant.to_owned())).collect();
    wanted.sort();
    assert_eq!(files, wanted);
}

/// Committed digests of the runs in `fixtures/parity`: when one of them changes, every link that exists
/// changes with it, and `ENGINE_VERSION` has to grow.
#[test]
fn golden_digests() {
    let mut names: Vec<String> = std::fs::read_dir(folder().join("../parity"))
        .unwrap()
        .filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 20);
    let mut now = String::new();
    for name in names {
        let run = read(&folder().join("../parity").join(format!("{name}.json")));
        let mut session = open(&run);
        session.seek(HORIZON_US);
        now += &format!("{name} {} {}\n", session.step_count(), session.digest());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt");
    if updates() {
        std::fs::write(&path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(now, golden, "see the head of fixtures.rs");
}
