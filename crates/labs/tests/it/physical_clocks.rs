//! The lab of clocks that are set, as people use it: ways that get uneven, clocks that somebody sets, any moment of the
//! chart.

use labs::{Run, Session};
use serde_json::{Value, json};
use view::PaneAsk;
use view::pane::{Block, Chart, Facts, Pane, Table};

fn open(variant: &str, set: &[(&str, &str)], commands: &Value) -> Session {
    let mut run = Run::of_lab(labs::catalogue(), "physical-clocks").unwrap();
    run.variant = run.entry.info.variant(variant).unwrap();
    for (key, value) in set {
        run.settings.set(run.entry.info.params, key, value).unwrap();
    }
    run.set_commands(commands).unwrap();
    run.open().unwrap()
}

/// Clocks that are right, do not drift, and a network without jitter.
const EXACT: [(&str, &str); 4] = [("skew-ms", "0"), ("drift-ppm", "0"), ("wait-us", "0"), ("latency-ms", "10")];

/// The pane's blocks, in the window that is asked for.
fn blocks(session: &Session, window: Option<&str>) -> (Facts, Chart, Table) {
    let args = window.map(|window| ("window".to_owned(), window.to_owned())).into_iter().collect();
    let Pane { blocks, .. } = session.pane("clock-error", &PaneAsk { args }).unwrap();
    match <[Block; 3]>::try_from(blocks) {
        Ok([Block::Chart(chart), Block::Facts(facts), Block::Table(table)]) => (facts, chart, table),
        other => panic!("a chart, facts and a table, not {other:?}"),
    }
}

/// The chart of the whole run.
fn chart(session: &Session) -> Chart {
    blocks(session, None).1
}

/// How far a node's clock is ahead now, in µs, and what it believes of that, give or take; none while it is down.
pub fn reading(session: &Session, node: &str) -> Option<(i64, Option<(i64, i64)>)> {
    let series = chart(session).series.into_iter().find(|series| series.item.text == node).unwrap();
    let (at_us, error_us) = *series.line.last().unwrap();
    assert_eq!(at_us, session.time_us());
    let band = series.band.last().and_then(|(_, band)| *band);
    Some((error_us?, band.map(|(low, high)| ((low + high) / 2, (high - low) / 2))))
}

fn stands(session: &Session, node: &str) -> (i64, Option<(i64, i64)>) {
    reading(session, node).expect("it runs")
}

fn status(session: &Session, property: &str) -> &'static str {
    session.verdicts().into_iter().find(|verdict| verdict.property == property).unwrap().status
}

fn label(session: &Session, node: &str) -> (String, Option<String>) {
    let node = session.stage().nodes.into_iter().find(|known| known.id == node).unwrap();
    (node.label, node.remark)
}

#[test]
fn sixty_there_and_ten_back_is_25_wrong_and_reported_as_nothing() {
    for scheme in ["0", "2", "3"] {
        let set = [&EXACT[..], &[("towards-ms", "50"), ("scheme", scheme), ("serve-us", "0")]].concat();
        let mut session = open("correct", &set, &json!([]));
        session.seek(6_000_000);
        assert_eq!(stands(&session, "n2").0, 25_000, "scheme {scheme}");
        assert_eq!(label(&session, "n2"), ("+25 ms".to_owned(), Some("believes 0.0 ms".to_owned())));
        assert_eq!(label(&session, "n1").1.as_deref(), Some("+50 ms towards n1"));
        assert_eq!((status(&session, "confidently-wrong"), status(&session, "converges")), ("met", "pending"));
        assert_eq!(status(&session, "within-half-the-delay"), "holds");
        // Even again, they come to agree.
        session.apply(&json!({"do": "set", "key": "towards-ms", "value": 0})).unwrap();
        session.seek(9_000_000);
        assert_eq!((stands(&session, "n2").0, status(&session, "converges")), (0, "met"));
    }
}

#[test]
fn what_the_server_needs_for_its_answer_is_half_in_cristians_error_and_not_in_ntps() {
    // 10 ms each way, and 8 ms for the answer. Cristian's clients know that no way takes less than 10 ms.
    for (scheme, error_us, bound_us) in [("0", 4_000, 4_000), ("2", 0, 10_000)] {
        let mut session =
            open("correct", &[&EXACT[..], &[("scheme", scheme), ("serve-us", "8000")]].concat(), &json!([]));
        session.seek(4_000_000);
        let (now_us, claim) = stands(&session, "n2");
        let (believed_us, stated_us) = claim.expect("it has measured");
        assert_eq!((now_us, believed_us), (error_us, 0), "scheme {scheme}");
        assert!((bound_us..bound_us + 200).contains(&stated_us), "scheme {scheme}: {stated_us}");
        assert_eq!((status(&session, "truth-in-band"), status(&session, "converges")), ("holds", "met"));
    }
}

#[test]
fn a_clock_that_somebody_sets_comes_back_without_going_back() {
    let ahead = json!([{"at_us": 2_000_000, "do": "clock", "node": "n3", "offset_us": 80_000}]);
    let mut session = open("correct", &EXACT, &ahead);
    session.seek(2_000_000);
    assert_eq!(stands(&session, "n3"), (80_000, stands(&session, "n3").1));
    let mut before_us = 80_000;
    for moment in 0..40u64 {
        session.seek(2_000_000 + moment * 100_000);
        let (error_us, _) = stands(&session, "n3");
        // In a tenth of a second it gains no more than 5 % of it, which is less than the tenth itself: it never goes back.
        assert!((before_us - 5_001..=before_us).contains(&error_us), "{error_us} after {before_us}");
        before_us = error_us;
    }
    assert_eq!(before_us, 0);
    assert_eq!(status(&session, "never-back"), "holds");
    let mut session = open("steps-backwards", &EXACT, &ahead);
    session.seek(4_000_000);
    assert_eq!((status(&session, "never-back"), stands(&session, "n3").0), ("violated", 0));
}

#[test]
fn the_chart_is_the_same_whichever_way_one_comes_to_a_moment() {
    let commands = json!([
        {"at_us": 1_500_000, "do": "crash", "node": "n2"},
        {"at_us": 2_500_000, "do": "restart", "node": "n2"},
        {"at_us": 3_000_000, "do": "clock", "node": "n3", "offset_us": -40_000, "drift_ppm": 300},
        {"at_us": 3_500_000, "do": "set", "key": "towards-ms", "value": 30},
    ]);
    let chart = |session: &mut Session, at_us: u64| -> Chart {
        session.seek(at_us);
        chart(session)
    };
    let moments = [4_000_000, 700_000, 30_000_000, 2_000_000, 12_345_678, 2_000_001];
    let mut session = open("correct", &[], &commands);
    for at_us in moments {
        let here = chart(&mut session, at_us);
        assert_eq!(here, chart(&mut open("correct", &[], &commands), at_us), "at {at_us}");
        assert_eq!((here.now, here.series.len()), (Some(at_us), 4));
        for series in &here.series {
            let line = &series.line;
            assert!(line.len() <= 513 && line.is_sorted_by_key(|(spot_us, _)| spot_us));
            assert_eq!((line[0].0, line.last().unwrap().0), (0, at_us));
        }
    }
    // While its machine is down a clock shows nothing, and says so.
    let here = chart(&mut session, 2_000_000);
    let server = &here.series[0];
    assert!(server.band.is_empty() && server.line.iter().all(|(_, error_us)| *error_us == Some(0)));
    let spoken = session.pane("clock-error", &PaneAsk::default()).unwrap().spoken();
    assert!(reading(&session, "n2").is_none() && spoken.contains("n2, down: Ahead by down."), "{spoken}");
}

#[test]
fn numbers_and_chart_say_the_same_and_a_window_shows_the_end() {
    let mut session = open("correct", &[&EXACT[..], &[("towards-ms", "50")]].concat(), &json!([]));
    session.seek(6_000_000);
    let (facts, all, table) = blocks(&session, None);
    assert_eq!(stands(&session, "n2"), (25_000, Some((0, 35_001))));
    let cells =
        |row: usize| table.rows[row].cells.iter().map(|cell| cell.iter().map(|item| item.text.as_str()).collect());
    assert_eq!(cells(0).collect::<Vec<String>>(), ["0.0 ms", "reference", ""]);
    assert_eq!(cells(1).collect::<Vec<String>>(), ["+25.0 ms", "0.0 ms", "± 35.0 ms"]);
    let acts = |facts: &Facts| -> Vec<String> {
        facts.groups[0].facts[0].value[0].acts.iter().map(|act| act.title.clone()).collect()
    };
    assert_eq!((acts(&facts), all.from), (vec!["Shorter window".to_owned()], 0));
    let (facts, chart, _) = blocks(&session, Some("0"));
    assert_eq!((acts(&facts), chart.from), (vec!["Longer window".to_owned()], 5_000_000));
    // The lines are the same, and only what is shown of them differs.
    assert_eq!(chart.series, all.series);
    for nonsense in ["", "-1", "99999999999999999999", "five"] {
        assert_eq!(blocks(&session, Some(nonsense)).1, all);
    }
}

#[test]
fn asking_now_is_a_matter_of_who_asks() {
    for (scheme, asks, not) in [("0", "n2", "n1"), ("1", "n1", "n2"), ("2", "n4", "n1"), ("3", "n1", "n3")] {
        let mut session = open("correct", &[("scheme", scheme), ("poll-ms", "60000"), ("wait-us", "0")], &json!([]));
        session.seek(1_000);
        let before = session.state().in_flight.len();
        session.apply(&json!({"do": "request", "node": not, "op": "poll"})).unwrap();
        assert!(session.sentence(session.step_count()).unwrap().text.contains("in this scheme others do"));
        assert_eq!(session.state().in_flight.len(), before, "scheme {scheme}");
        session.apply(&json!({"do": "request", "node": asks, "op": "poll"})).unwrap();
        assert!(session.state().in_flight.len() > before, "scheme {scheme}");
    }
    let mut session = open("correct", &[], &json!([]));
    let error = session.apply(&json!({"do": "request", "node": "n2", "op": "ask"})).unwrap_err().to_string();
    assert!(error.contains("there is no operation \"ask\"; there are \"poll\""), "{error}");
    let error = session.apply(&json!({"do": "request", "node": "n2", "op": {"poll": 1}})).unwrap_err().to_string();
    assert_eq!(error, "op.poll: takes nothing: it is written as a text");
}

#[test]
fn without_an_answer_a_client_asks_again_and_says_so() {
    let cut = json!([{"at_us": 100_000, "do": "cut", "from": "n1", "to": "n2"}]);
    let mut session = open("correct", &EXACT, &cut);
    session.seek(5_000_000);
    let node = session.state().nodes.into_iter().find(|node| node.id == "n2").unwrap();
    assert!(node.detail["unanswered"].as_u64().unwrap() >= 3 && node.detail["waits"] == true, "{:?}", node.detail);
    assert_eq!(label(&session, "n2").1.as_deref(), Some("has not measured"));
    assert!(session.metrics()["unanswered"].as_u64().unwrap() >= 3);
}

#[test]
fn it_opens_right_before_the_first_question() {
    for scheme in ["0", "1", "2", "3"] {
        let mut session = open("correct", &[("scheme", scheme), ("wait-us", "0")], &json!([]));
        let opening_us = session.opening_us();
        session.seek(opening_us);
        assert!(session.state().in_flight.is_empty());
        session.seek(opening_us + 5_000);
        assert!(!session.state().in_flight.is_empty(), "scheme {scheme}");
    }
}

#[test]
fn what_is_set_now_is_known_at_every_moment() {
    let commands = json!([
        {"at_us": 1_000_000, "do": "set", "key": "towards-ms", "value": 50},
        {"at_us": 2_000_000, "do": "set", "key": "latency-ms", "value": "3..9"},
    ]);
    let mut session = open("correct", &[("scheme", "3")], &commands);
    let mut now = |at_us: u64| -> Vec<(u64, u64)> {
        session.seek(at_us);
        let settings = session.live_settings();
        let of = |key: &str| settings.iter().find(|(param, _)| param.key == key).unwrap().1;
        ["scheme", "towards-ms", "latency-ms"].map(|key| (of(key).low, of(key).high)).to_vec()
    };
    assert_eq!(now(2_500_000), [(3, 3), (50, 50), (3, 9)]);
    assert_eq!(now(1_500_000), [(3, 3), (50, 50), (8, 14)]);
    assert_eq!(now(500_000), [(3, 3), (0, 0), (8, 14)]);
}
