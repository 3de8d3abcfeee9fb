//! Runs as space-time diagrams, as logs for ShiViz and as diagrams for Mermaid, and logs of others: whatever way a run
//! takes, happened-before stays what the simulator recorded.

use std::collections::BTreeMap;
use std::time::Instant;

use labs::clock_types::{Execution, Order};
use labs::comparison::{compare, relation_text, wall_reversal};
use labs::shiviz::{self, Export, Imported, Mermaid, import};
use labs::space_time::Gathering;
use labs::{Run, Session};
use serde_json::{Value, json};
use view::lens::Comparison;
use view::lens::SpaceTime;
use view::lens::comparison::{Clock, Worth};
use view::lens::space_time::{Relation, Window};

const EVERYTHING: Window = Window { from_us: 0, until_us: u64::MAX };

/// Loss, duplicates, a crash, a pause, a cut, a held link and a disk that is slow: whatever can come between a cause
/// and its effect.
fn troubled(lab: &str, until_us: u64) -> Session {
    let mut run = Run::of_lab(labs::catalogue(), lab).unwrap();
    if lab == "clocks" {
        run.settings.set(run.entry.info.params, "nodes", "5").unwrap();
    }
    run.set_commands(&json!([
        {"at_us": 1, "do": "link", "from": "n1", "to": "n2", "loss_ppm": 300_000, "duplicate_ppm": 300_000},
        {"at_us": 100_000, "do": "disk", "node": "n3", "mode": "slow"},
        {"at_us": 200_000, "do": "crash", "node": "n1"},
        {"at_us": 300_000, "do": "hold", "from": "n3", "to": "n4"},
        {"at_us": 400_000, "do": "restart", "node": "n1"},
        {"at_us": 500_000, "do": "pause", "node": "n2"},
        {"at_us": 600_000, "do": "release", "from": "n3", "to": "n4"},
        {"at_us": 700_000, "do": "resume", "node": "n2"},
        {"at_us": 750_000, "do": "move", "node": "n2", "x": 5, "y": 5},
        {"at_us": 800_000, "do": "cut", "from": "n4", "to": "n5"},
    ]))
    .unwrap();
    let mut session = run.open().unwrap();
    session.seek(until_us);
    session
}

/// The graph of a run from its trace, which is made without any of what is tested here; and the step of each event.
fn graph(session: &Session) -> (Execution, Vec<u64>) {
    let processes = session.processes();
    let (mut graph, mut steps, mut event_of) = (Execution::default(), Vec::new(), BTreeMap::new());
    for step in 1..=session.step_count() {
        let event = session.event(step).unwrap();
        let moves = event["command"]["do"] == "move";
        let Some(node) = event["node"].as_str().filter(|_| event["what"] != "vanish" && !moves) else { continue };
        let process = processes.iter().position(|name| name == node).unwrap() as u32;
        let sent = event["cause"].as_u64().filter(|_| event["what"] == "deliver").map(|cause| event_of[&cause]);
        event_of.insert(step, graph.add(process, sent));
        steps.push(step);
    }
    (graph, steps)
}

fn shiviz_log(session: &Session) -> String {
    let mut export = Export::new(session.processes());
    (1..=session.step_count()).filter_map(|step| export.lines(&session.moment(step).unwrap()).unwrap()).collect()
}

fn good(text: &str) -> Imported {
    let log = import(text, None).unwrap();
    assert_eq!(log.malformed, []);
    log
}

#[test]
fn a_run_goes_to_shiviz_and_back_and_happened_before_stays() {
    for lab in ["raft-election", "raft-log", "hash-ring"] {
        let session = troubled(lab, 900_000);
        let (graph, steps) = graph(&session);
        let log = good(&shiviz_log(&session));
        assert_eq!(log.events.len(), steps.len());
        let (mut ordered, mut concurrent) = (0, 0);
        for first in 0..steps.len() as u32 {
            for second in first + 1..steps.len() as u32 {
                let order = graph.order(first, second);
                assert_eq!(
                    log.order(first, second),
                    order,
                    "{lab}: steps {} and {}",
                    steps[first as usize],
                    steps[second as usize]
                );
                ordered += u64::from(order == Order::Before);
                concurrent += u64::from(order == Order::Concurrent);
            }
        }
        assert_eq!(log.concurrent_pairs(), concurrent);
        assert!(ordered > 1_000 && concurrent > 100, "{lab}: {ordered} and {concurrent}");
        // Every message that the clocks show was there, and orders what they say.
        let shown = log.messages();
        assert!(shown.len() > 50);
        assert!(shown.iter().all(|&(from, to)| graph.order(from, to) == Order::Before));
        // A log has no message twice, and no order of its own that matters: backwards it says the same.
        let text = shiviz_log(&session);
        let lines: Vec<&str> = text.lines().collect();
        let backwards: String = lines.chunks(2).rev().map(|pair| format!("{}\n{}\n", pair[0], pair[1])).collect();
        let again = good(&backwards);
        assert_eq!((again.concurrent_pairs(), again.messages().len()), (concurrent, shown.len()));
    }
}

fn relation(order: Order) -> Relation {
    match order {
        Order::Before => Relation::Before,
        Order::After => Relation::After,
        Order::Equal => Relation::Equal,
        Order::Concurrent => Relation::Concurrent,
    }
}

#[test]
fn a_diagram_of_a_run_and_one_of_its_log_show_the_same_order() {
    for lab in ["raft-log", "hash-ring"] {
        let session = troubled(lab, 800_000);
        let (graph, steps) = graph(&session);
        let diagram = session.space_time(EVERYTHING);
        assert_eq!(diagram.events.iter().map(|event| event.step).collect::<Vec<_>>(), steps);
        let imported = good(&shiviz_log(&session)).space_time();
        assert_eq!(imported.events.len(), steps.len());
        // Where two events have the same text at the same time the log cannot tell which is which.
        let mut place_of: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        for (event, place) in imported.events.iter().zip(0u32..) {
            place_of.entry(&event.text).and_modify(|known| *known = None).or_insert(Some(place));
        }
        let found = |number: u32| {
            let event = &diagram.events[number as usize];
            place_of.get(format!("{:.6} s: {}", event.time_us as f64 / 1e6, event.text).as_str()).copied().flatten()
        };
        let mut compared = 0;
        for first in (0..steps.len() as u32).step_by(3) {
            let (past, future, beside) = (diagram.past(first), diagram.future(first), diagram.concurrent(first));
            for second in 0..steps.len() as u32 {
                let order = graph.order(first, second);
                let at = second as usize;
                assert_eq!(
                    (future[at], past[at], beside[at]),
                    (order == Order::Before, order == Order::After, order == Order::Concurrent)
                );
                if let (Some(a), Some(b)) = (found(first), found(second)) {
                    assert_eq!(imported.relation(a, b), relation(order));
                    compared += 1;
                }
            }
        }
        assert!(compared > 1_000, "only {compared} pairs compared");
        // In logical time everything goes forward.
        let logical = diagram.logical_steps();
        for message in &diagram.messages {
            if let (Some(from), Some(to)) = (message.from, message.to) {
                assert!(logical[from as usize] < logical[to as usize]);
            }
        }
    }
}

#[test]
fn every_message_is_accounted_for() {
    let mut session = troubled("raft-log", 850_000);
    while session.state().in_flight.is_empty() {
        assert!(session.step(), "something is sent again");
    }
    let diagram = session.space_time(EVERYTHING);
    let (mut delivered, mut sent, mut lost) = (0, 0, 0);
    for step in 1..=session.step_count() {
        let event = session.event(step).unwrap();
        delivered += usize::from(event["what"] == "deliver");
        lost += usize::from(event["what"] == "vanish");
        for outcome in event["outcomes"].as_array().unwrap() {
            sent += usize::from(outcome["what"] == "sent");
            lost += usize::from(outcome["what"] == "lost");
        }
    }
    let count =
        |test: &dyn Fn(&view::lens::space_time::Message) -> bool| diagram.messages.iter().filter(|m| test(m)).count();
    assert_eq!(count(&|message| message.to.is_some()), delivered);
    assert_eq!(count(&|message| message.lost), lost);
    let under_way = count(&|message| message.to.is_none() && !message.lost);
    assert_eq!(under_way, session.state().in_flight.len());
    assert!(lost > 5 && delivered > 100 && under_way > 0 && sent > 0);
    assert!(diagram.messages.iter().all(|message| !message.kind.is_empty() && message.from.is_some()));
    for message in &diagram.messages {
        let process = |event: Option<u32>| event.map(|event| diagram.events[event as usize].process);
        assert!(
            process(message.from) == Some(message.sender)
                && process(message.to).is_none_or(|to| to == message.receiver)
        );
    }
}

#[test]
fn a_window_shows_what_lies_in_it_and_says_what_it_leaves_out() {
    let session = troubled("raft-log", 900_000);
    let window = session.space_time(Window { from_us: 300_000, until_us: 500_000 });
    let times: Vec<u64> = window.events.iter().map(|event| event.time_us).collect();
    assert!(times.len() > 20 && times.iter().all(|time_us| (300_000..=500_000).contains(time_us)));
    let all = session.space_time(EVERYTHING);
    let inside = all.events.iter().filter(|event| (300_000..=500_000).contains(&event.time_us)).count();
    assert_eq!((inside, window.left_out, all.left_out), (times.len(), 0, 0));
    assert!(window.messages.iter().any(|message| message.from.is_none()), "some were sent before");
    assert!(window.messages.iter().any(|message| message.to.is_none() && !message.lost), "some arrive later");
    assert_eq!(session.space_time(Window { from_us: 5, until_us: 4 }).events, []);
    assert_eq!(
        session.space_time(Window { from_us: 10_000_000, until_us: u64::MAX }),
        SpaceTime { processes: session.processes(), ..SpaceTime::default() }
    );
    // A long run is cut at the beginning.
    let run = Run::of_lab(labs::catalogue(), "raft-log").unwrap();
    let mut session = run.open().unwrap();
    session.seek(20_000_000);
    let long = session.space_time(EVERYTHING);
    assert_eq!(long.left_out, session.step_count() - labs::space_time::STEPS_MAX);
    assert!(long.events.len() as u64 <= labs::space_time::STEPS_MAX);
    assert_eq!(long.events.last().unwrap().step, session.step_count());
    // Reading changes nothing, and what is read in the past stays there.
    let digest = session.digest();
    session.seek(1_000_000);
    assert!(session.space_time(EVERYTHING).events.iter().all(|event| event.time_us <= 1_000_000));
    session.seek(20_000_000);
    assert_eq!(session.digest(), digest);
    // Heartbeats fold: what is left can be looked at.
    let folded = long.folded(3);
    assert!(folded.marks.len() * 2 < long.events.len(), "{} of {}", folded.marks.len(), long.events.len());
    assert_eq!(folded.marks.iter().map(|mark| mark.events.len()).sum::<usize>(), long.events.len());
}

/// The example that everybody draws, as ShiViz wants it.
const FIVE: &str = "sends\nA {\"A\":1}\nreceives\nB {\"A\":1,\"B\":1}\nlocal\nA {\"A\":2}\nlocal\nC {\"C\":1}\nreceives\nC {\"A\":1, \"B\":1, \"C\":2}\n";

#[test]
fn the_default_format_and_others() {
    let log = good(FIVE);
    assert_eq!(
        (log.hosts.clone(), log.events.len(), log.messages()),
        (vec!["A".into(), "B".into(), "C".into()], 5, vec![(0, 1), (1, 4)])
    );
    assert_eq!(log.concurrent_pairs(), 5);
    assert_eq!((log.order(0, 4), log.order(2, 3), log.order(4, 1)), (Order::Before, Order::Concurrent, Order::After));
    assert_eq!((log.events[4].line, log.events[4].text.as_str()), (9, "receives"));
    // Windows' line ends, blank lines between, a missing last line end.
    let windows = FIVE.replace('\n', "\r\n");
    assert_eq!(good(&windows), log);
    let spaced = FIVE.replace("}\n", "}\n\n");
    assert_eq!((good(&spaced).concurrent_pairs(), good(spaced.trim_end()).events.len()), (5, 5));
    // The host first, as GoVector writes.
    let lines: Vec<&str> = FIVE.lines().collect();
    let govector: String = lines.chunks(2).map(|pair| format!("{}\n{}\n", pair[1], pair[0])).collect();
    let turned = good(&govector);
    assert_eq!(
        (turned.events.len(), turned.messages(), turned.events[4].text.as_str()),
        (5, log.messages(), "receives")
    );
    // An event a line, by a regular expression that is given, or that the file begins with.
    let one_line: String = lines.chunks(2).map(|pair| format!("12:00:01 {} | {}\n", pair[1], pair[0])).collect();
    let regex = r"(?<time>\d{2}:\d\d:\d\d) (?<host>\w+) (?<clock>{[^}]*}) \| (?<event>.*)";
    let read = import(&one_line, Some(regex)).unwrap();
    assert_eq!((read.malformed.len(), read.messages(), read.concurrent_pairs()), (0, log.messages(), 5));
    let own = good(&format!("{regex}\n\n{one_line}"));
    assert_eq!((own.events.len(), own.events[0].line, own.messages()), (5, 3, log.messages()));
    // TLA+ escapes its quotation marks.
    let escaped = FIVE.replace('"', "\\\"");
    assert_eq!(good(&escaped).messages(), log.messages());
}

#[test]
fn what_cannot_be_read_is_named_by_its_line() {
    let wrong = |text: &str| -> Vec<(u32, String)> {
        import(text, None).unwrap().malformed.into_iter().map(|bad| (bad.line, bad.problem)).collect()
    };
    let said = |text: &str, line: u32, wanted: &str| {
        let wrong = wrong(text);
        assert!(wrong.iter().any(|(at, problem)| *at == line && problem.contains(wanted)), "{wanted}: {wrong:?}");
        wrong.len()
    };
    assert_eq!(said(&format!("{FIVE}something else\n"), 11, "belongs to no event"), 1);
    assert_eq!(said(&format!("not a log\nnor this\n{FIVE}"), 1, "belongs to no event"), 2);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":three}}\n"), 11, "the clock of A is no JSON"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":-3}}\n"), 11, "the clock.A: counts events"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":2.5}}\n"), 11, "whole number"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"B\":1}}\n"), 11, "does not count its own events"), 1);
    assert_eq!(said(&format!("{FIVE}x\n {{\"B\":1}}\n"), 11, "has no host"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":2}}\n"), 11, "event 2 of A is in line 5 already"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":4}}\n"), 11, "event 4 of A follows event 2"), 1);
    assert_eq!(said(&format!("{FIVE}x\nB {{\"B\":2}}\n"), 11, "has forgotten what event 1 knew"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":3,\"B\":7}}\n"), 11, "knows of event 7 of B, which is not here"), 1);
    assert_eq!(said(&format!("{FIVE}x\nD {{\"D\":1,\"C\":2}}\n"), 11, "but not of all that it knew"), 1);
    assert_eq!(said(&format!("{FIVE}x\nA {{\"A\":3,\"Z\":1}}\n"), 11, "event 1 of Z, which is not here"), 1);
    // A line that is wrong takes nothing else with it.
    let log = import(&format!("x\nA {{\"A\":}}\n{FIVE}"), None).unwrap();
    assert_eq!((log.events.len(), log.malformed.len(), log.malformed[0].line, log.concurrent_pairs()), (5, 1, 1, 5));
    // Where nothing can be read that is said.
    for (text, regex, wanted) in [
        ("", None, "there is no event in the log"),
        ("hello\nworld\n", None, "line 1: belongs to no event"),
        (FIVE, Some("(?<host>x"), "the regular expression: has no group (?<clock>"),
        (FIVE, Some("(?<host>x)(?<clock>y)(?<event>z"), "the regular expression: cannot be read"),
        (FIVE, Some("(?<host>x)(?<clock>y)(?<event>z)"), "there is no event in the log"),
        ("(?<host>x)(?<clock>y)(?<event>z)\n=== (?<trace>.*)\n", None, "line 2: separates executions"),
    ] {
        let error = import(text, regex).expect_err(wanted).to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}

#[test]
fn hostile_logs_end_in_an_error_or_a_list() {
    for text in [
        "a\nA {\"A\":18446744073709551615}\n".to_owned(),
        "a\nA {\"A\":99999999999999999999}\n".to_owned(),
        format!("a\nA {}\n", "{\"A\":".repeat(10_000)),
        "{".repeat(100_000),
        "\n".repeat(100_000),
        "é\nü {\"ü\":1}\nß".to_owned(),
        format!("a\nA {{\"A\":1}}\n{}", "\u{2028}\n".repeat(50)),
    ] {
        if let Ok(log) = import(&text, None) {
            let _ = (log.messages(), log.concurrent_pairs(), log.space_time());
        }
    }
    let many: String = (0..1_100).map(|host| format!("x\nh{host} {{\"h{host}\":1}}\n")).collect();
    let log = import(&many, None).unwrap();
    assert_eq!((log.events.len(), log.malformed.len()), (1_000, 100));
    assert!(log.malformed[0].problem.contains("more than 1000 hosts"));
}

#[test]
fn ten_thousand_events_are_read_quickly() {
    let run = Run::of_lab(labs::catalogue(), "raft-log").unwrap();
    let mut session = run.open().unwrap();
    session.seek(30_000_000);
    let text = shiviz_log(&session);
    let started = Instant::now();
    let log = good(&text);
    let (messages, pairs) = (log.messages().len(), log.concurrent_pairs());
    let took = started.elapsed();
    assert!(log.events.len() > 10_000 && messages > 5_000 && pairs > 10_000);
    assert!(took.as_millis() < 2_000, "{took:?} for {} events", log.events.len());
}

#[test]
fn clocks_are_compared_and_nonsense_is_not() {
    for (first, second, order) in [
        (r#"{"A":1}"#, r#"{"A":1,"B":1}"#, Order::Before),
        (r#"{"A":2}"#, r#"{"A":1}"#, Order::After),
        (r#"{"B":0,"A":1}"#, r#"{"A":1}"#, Order::Equal),
        ("{}", "{}", Order::Equal),
        ("{}", r#"{"A":1}"#, Order::Before),
        (r#"{"A":2,"C":1}"#, r#"{"A":1,"B":1,"C":2}"#, Order::Concurrent),
    ] {
        assert_eq!(shiviz::compare(first, second), Ok(order));
        assert_eq!(shiviz::compare(second, first), Ok(order.reversed()));
    }
    for (first, second, wanted) in [
        ("A", "{}", "the first clock: is no JSON"),
        ("{}", "[1]", "the second clock: a clock is written like {\"A\":1}, not as a list"),
        (r#"{"A":1.5}"#, "{}", "the first clock.A: counts events with a whole number, not with 1.5"),
        ("{}", r#"{"A":"1"}"#, "the second clock.A: counts events"),
    ] {
        let error = shiviz::compare(first, second).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn a_sequence_diagram_is_bounded_and_complete_up_to_there() {
    let draw = |session: &Session| {
        let mut diagram = Mermaid::new(session.processes());
        (1..=session.step_count()).for_each(|step| diagram.add(&session.moment(step).unwrap()));
        diagram.finish()
    };
    let session = troubled("raft-election", 450_000);
    let (text, left_out) = draw(&session);
    assert_eq!(left_out, 0);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["sequenceDiagram", "  participant n1", "  participant n2"]);
    let trace: Vec<Value> = (1..=session.step_count()).map(|step| session.event(step).unwrap()).collect();
    let delivered = trace.iter().filter(|event| event["what"] == "deliver").count();
    assert_eq!(lines.iter().filter(|line| line.contains("->>")).count(), delivered);
    assert!(lines.iter().any(|line| line.contains("--x") && line.ends_with("(lost)")));
    assert!(lines.iter().any(|line| line.starts_with("  Note over n")));
    let mut long = troubled("raft-log", 800_000);
    long.seek(20_000_000);
    let (text, left_out) = draw(&long);
    assert!(left_out > 1_000 && text.len() < 50_000);
    assert!(text.ends_with(&format!("  Note over n1,c2: {left_out} more messages and notes are left out\n")));
    assert!(!text.contains(';') && !text.contains('#'));
}

#[test]
fn a_diagram_that_follows_a_run_is_that_of_the_whole_run() {
    for lab in ["raft-log", "hash-ring", "clocks"] {
        let mut session = troubled(lab, 1);
        let mut gathering = Gathering::default();
        for moment in 0..40u64 {
            session.seek(moment * 25_000);
            gathering.follow(&session);
        }
        assert!(!gathering.follow(&session));
        assert_eq!(*gathering.diagram(), session.space_time(EVERYTHING), "{lab}");
    }
}

#[test]
fn whoever_forgets_everything_is_another_process() {
    let session = troubled("clocks", 900_000);
    let diagram = session.space_time(EVERYTHING);
    let n1 = |test: &dyn Fn(u64) -> bool| {
        let mine = |event: &&view::lens::space_time::Event| event.process == 0 && test(event.time_us);
        diagram.events.iter().filter(mine).map(|event| event.step).collect::<Vec<_>>()
    };
    let (before, after) = (n1(&|time_us| time_us < 200_000), n1(&|time_us| time_us >= 400_000));
    let number = |step: u64| diagram.events.iter().position(|event| event.step == step).unwrap() as u32;
    assert_eq!(diagram.relation(number(before[0]), number(after[0])), Relation::Concurrent);
    assert_eq!(diagram.relation(number(before[0]), number(before[1])), Relation::Before);
    let log = good(&shiviz_log(&session));
    assert!(log.hosts.iter().any(|host| host == "n1′"), "{:?}", log.hosts);
}

/// Whatever clocks say of all pairs of events in a run: vectors are right, Lamport's and hybrid clocks are never
/// against causality, and skewed wall clocks are.
#[test]
fn clocks_are_compared_as_they_are() {
    let (mut lies, mut ties) = (0, 0);
    for (lab, seed) in [("clocks", 1), ("clocks", 2), ("raft-election", 1)] {
        let mut run = Run::of_lab(labs::catalogue(), lab).unwrap();
        run.set_seed(seed).unwrap();
        run.set_commands(&json!([{"at_us": 0, "do": "clock", "node": "n2", "offset_us": 300_000, "drift_ppm": 0}]))
            .unwrap();
        let mut session = run.open().unwrap();
        session.seek(if lab == "clocks" { 1_500_000 } else { 400_000 });
        let diagram = session.space_time(EVERYTHING);
        let count = diagram.events.len().min(60) as u32;
        for first in 0..count {
            for second in 0..count {
                let Comparison { relation, clocks, chain, .. } = compare(&diagram, first, second).unwrap();
                assert_eq!(relation, diagram.relation(first, second));
                for says in &clocks {
                    match says.clock {
                        Clock::Vector => {
                            assert_eq!((says.worth, says.verdict.as_str()), (Worth::Exact, relation_text(relation)))
                        }
                        Clock::Wall => lies += u32::from(says.worth == Worth::Lies && relation == Relation::Before),
                        Clock::Lamport | Clock::Hybrid if first != second && says.readings.contains(" = ") => {
                            let (said, worth) = (says.verdict.as_str(), says.worth);
                            assert_eq!((relation, said, worth), (Relation::Concurrent, "concurrent", Worth::Exact));
                            ties += 1;
                        }
                        Clock::Lamport | Clock::Hybrid => {
                            assert_ne!(says.worth, Worth::Lies, "{lab}: {first} {second}");
                            assert_ne!(says.verdict, "concurrent", "unequal clocks cannot say so");
                        }
                    }
                }
                let (from, to) = if relation == Relation::Before { (first, second) } else { (second, first) };
                let steps = chain.windows(2).all(|pair| diagram.causes(pair[1]).contains(&pair[0]));
                match relation {
                    Relation::Before | Relation::After => {
                        assert_eq!((chain.first(), chain.last(), steps), (Some(&from), Some(&to), true));
                    }
                    Relation::Equal | Relation::Concurrent => assert!(chain.is_empty()),
                }
            }
        }
        assert_eq!(compare(&diagram, 0, diagram.events.len() as u32), None);
    }
    assert!(lies > 20 && ties > 20, "{lies}, {ties}");
}

#[test]
fn a_pair_that_the_wall_clocks_get_wrong_is_found_where_there_is_one() {
    for (skew, there) in [("0", false), ("400", true)] {
        let mut run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
        run.settings.set(run.entry.info.params, "skew-ms", skew).unwrap();
        let mut session = run.open().unwrap();
        session.seek(1_500_000);
        let diagram = session.space_time(EVERYTHING);
        let found = wall_reversal(&diagram);
        assert_eq!(found.is_some(), there);
        if let Some((first, second)) = found {
            let comparison = compare(&diagram, first, second).unwrap();
            assert_eq!(comparison.relation, Relation::Before);
            let wall = comparison.clocks.iter().find(|says| says.clock == Clock::Wall).unwrap();
            assert_eq!(wall.worth, Worth::Lies, "{wall:?}");
            assert!(wall.verdict.starts_with("after"));
        }
    }
}

#[test]
fn a_mistake_in_a_clock_is_called_a_lie() {
    let lies = |variant: &str, clock: Clock| {
        let mut run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
        run.variant = run.entry.info.variant(variant).unwrap();
        let mut session = run.open().unwrap();
        session.seek(1_500_000);
        let diagram = session.space_time(EVERYTHING);
        let count = diagram.events.len() as u32;
        let pairs = (0..count).flat_map(|first| (0..count).map(move |second| (first, second)));
        let said = pairs.flat_map(|(first, second)| compare(&diagram, first, second).unwrap().clocks);
        said.filter(|says| says.clock == clock && says.worth == Worth::Lies).count()
    };
    assert_eq!(lies("correct", Clock::Vector) + lies("correct", Clock::Lamport), 0);
    assert!(lies("merge-without-max", Clock::Vector) > 0 && lies("merge-without-max", Clock::Lamport) > 0);
    assert!(lies("no-tick-on-receive", Clock::Vector) > 0 && lies("no-tick-on-receive", Clock::Lamport) > 0);
}
