//! Events that somebody drags along their line: the rest of the run stays what was done, at its time.

use labs::retime::retime;
use labs::{Run, Session};
use serde_json::{Value, json};

fn open(commands: &Value) -> Session {
    let mut run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
    run.settings.set(run.entry.info.params, "act-every-ms", "0").unwrap();
    run.set_commands(commands).unwrap();
    run.open().unwrap()
}

fn quiet() -> Session {
    let mut session = open(&json!([
        {"at_us": 100_000, "do": "request", "node": "n1", "op": {"send": "n2"}},
        {"at_us": 200_000, "do": "request", "node": "n3", "op": "local"},
        {"at_us": 300_000, "do": "request", "node": "n3", "op": "local"},
        {"at_us": 400_000, "do": "clock", "node": "n3", "offset_us": 5_000},
    ]));
    session.seek(500_000);
    session
}

/// Step and time of the steps that a test picks.
fn steps(session: &Session, test: impl Fn(&Value) -> bool) -> Vec<(u64, u64)> {
    let all = (1..=session.step_count()).filter_map(|step| session.event(step));
    all.filter(|event| test(event))
        .map(|event| (event["step"].as_u64().unwrap(), event["time_us"].as_u64().unwrap()))
        .collect()
}

fn receipts(session: &Session) -> Vec<(u64, u64)> {
    steps(session, |event| event["what"] == "deliver" && event["message"] == "n1>n2#1")
}

fn locals(session: &Session) -> Vec<u64> {
    steps(session, |event| event["command"]["op"] == "local").into_iter().map(|(_, time_us)| time_us).collect()
}

#[test]
fn a_receipt_goes_where_it_is_dragged() {
    for at_us in [101_000, 250_000, 350_000, 700_000] {
        let mut session = quiet();
        let (step, was_us) = receipts(&session)[0];
        assert!(was_us > 101_000 && was_us < 200_000);
        retime(&mut session, step, at_us).unwrap();
        assert_eq!(receipts(&session).iter().map(|(_, time_us)| *time_us).collect::<Vec<_>>(), [at_us]);
        assert_eq!(locals(&session), [200_000, 300_000], "the rest was done again");
        assert_eq!(
            steps(&session, |event| event["command"]["do"] == "clock"),
            [(session_clock_step(&session), 400_000)]
        );
        assert_eq!(session.time_us(), 500_000.max(at_us));
        // It is an ordinary run: replayed from its data it is the same.
        let run = session.run();
        let mut again = run.open().unwrap();
        assert_eq!(again.check_end(), Ok(()));
        // The past that was is still there.
        session.set_branch("a").unwrap();
        assert_eq!(receipts(&session), [(step, was_us)]);
    }
}

fn session_clock_step(session: &Session) -> u64 {
    steps(session, |event| event["command"]["do"] == "clock")[0].0
}

#[test]
fn what_was_asked_for_can_be_asked_at_another_time() {
    for at_us in [50_000, 150_000, 250_000, 450_000, 600_000] {
        let mut session = quiet();
        let step = steps(&session, |event| event["command"]["op"] == "local")[0].0;
        retime(&mut session, step, at_us).unwrap();
        let mut expected = [at_us, 300_000];
        expected.sort_unstable();
        assert_eq!(locals(&session), expected);
        assert_eq!(receipts(&session).len(), 1);
        let run = session.run();
        assert_eq!(run.open().unwrap().check_end(), Ok(()));
    }
}

#[test]
fn what_cannot_be_moved_says_why_and_nothing_changes() {
    let mut session = quiet();
    let before = session.digest();
    let (step, _) = receipts(&session)[0];
    let error = retime(&mut session, step, 90_000).unwrap_err();
    assert!(error.to_string().contains("not under way"), "{error}");
    assert!(retime(&mut session, 99_999, 1).unwrap_err().to_string().contains("no step"));
    let mut restless = {
        let run = Run::of_lab(labs::catalogue(), "clocks").unwrap();
        run.open().unwrap()
    };
    restless.seek(1_000_000);
    let timer = steps(&restless, |event| event["what"] == "timer")[0].0;
    assert!(retime(&mut restless, timer, 5).unwrap_err().to_string().contains("of its own accord"));
    assert_eq!((session.digest(), session.time_us(), session.branch().as_str()), (before, 500_000, "a"));
}
