//! When commands apply: before the events of their instant, after `k` of them, in list order.

use sim::{Command, Event, NodeId, Outcome, Record, Stamped};

use crate::toy::{N1, N2, N3, Note, Op, Toy, at, quiet, request, send};

/// What happens at 1,000 µs: three messages arrive there, from n1, in the order of their sending.
fn at_noon(commands: &[Stamped<Op>]) -> Vec<String> {
    let mut plan = vec![send(0, N1, N2, 1), send(0, N1, N3, 2), send(0, N1, N2, 3)];
    plan.extend_from_slice(commands);
    let run = quiet().run(&plan, 1_000);
    run.log.iter().filter(|record| record.time_us == 1_000).map(word).collect()
}

fn word(record: &Record<Toy>) -> String {
    match &record.event {
        Event::Deliver { id, .. } => format!("message {}", id.number + u64::from(id.to == N3) * 10),
        Event::Command(Command::Request { op: Op::Save(n), .. }) => format!("command {n}"),
        Event::Synced(_) => "synced".into(),
        other => format!("{other:?}"),
    }
}

fn command(after: u32, n: u64) -> Stamped<Op> {
    Stamped { at_us: 1_000, after, command: Command::Request { node: N1, op: Op::Save(n) } }
}

#[test]
fn a_command_applies_before_the_events_of_its_instant() {
    assert_eq!(at_noon(&[command(0, 7)]), ["command 7", "message 1", "message 11", "message 2"]);
}

#[test]
fn after_k_waits_for_k_events_of_the_instant() {
    assert_eq!(at_noon(&[command(1, 7)]), ["message 1", "command 7", "message 11", "message 2"]);
    assert_eq!(at_noon(&[command(3, 7)]), ["message 1", "message 11", "message 2", "command 7"]);
}

#[test]
fn after_more_than_there_are_waits_for_all_of_them() {
    assert_eq!(at_noon(&[command(9, 7)]), ["message 1", "message 11", "message 2", "command 7"]);
    assert_eq!(at_noon(&[command(u32::MAX, 7)]).last().unwrap(), "command 7");
}

#[test]
fn ties_apply_in_list_order() {
    let both = at_noon(&[command(0, 8), command(0, 7)]);
    assert_eq!(both, ["command 8", "command 7", "message 1", "message 11", "message 2"]);
    // Time and list order are what counts: the second waits for the first, whatever its `after`.
    let waits = at_noon(&[command(2, 8), command(0, 7)]);
    assert_eq!(waits, ["message 1", "message 11", "command 8", "command 7", "message 2"]);
}

#[test]
fn commands_do_not_count_as_events() {
    let counted = at_noon(&[command(0, 6), command(0, 7), command(1, 8)]);
    assert_eq!(counted, ["command 6", "command 7", "message 1", "command 8", "message 11", "message 2"]);
}

#[test]
fn boots_are_no_events_of_the_first_instant() {
    let run =
        quiet().run(&[Stamped { at_us: 0, after: 2, command: Command::Crash(N1) }, at(0, Command::Crash(N2))], 10);
    let crashed: Vec<NodeId> = run.log.iter().skip(3).filter_map(|record| record.event.node()).collect();
    assert_eq!(crashed, [N1, N2], "nothing else happens at time 0, so both apply");
}

#[test]
fn a_command_beyond_the_horizon_does_not_apply() {
    let run = quiet().run(&[send(0, N1, N2, 1), at(1_001, Command::Crash(N2))], 1_000);
    assert!(run.world.is_up(N2));
    assert_eq!(run.world.time_us(), 1_000);
    assert_eq!(run.heard(), [(1_000, N1, N2, 1)], "an event at the horizon runs");
}

#[test]
fn commands_that_change_nothing_are_legal_and_said_to_change_nothing() {
    let world = quiet().run(&[at(1, Command::Crash(N1))], 10).world;
    for command in [
        Command::Crash(N1),
        Command::Pause(N1),
        Command::Resume(N1),
        Command::Restart(N2),
        Command::Resume(N2),
        Command::Heal { from: N1, to: N2, both: true },
        Command::Release { from: N1, to: N2, both: true },
        Command::HealAll,
        Command::Message { id: crate::toy::message(N1, N2, 1, 0), act: sim::MessageAct::Drop },
    ] {
        assert!(!world.would_change(&command), "{command:?}");
        let run = quiet().run(&[at(1, Command::Crash(N1)), at(5, command.clone())], 10);
        let outcomes = &run.log.last().unwrap().outcomes;
        assert!(matches!(outcomes[..], [] | [Outcome::Missed(_)]), "{command:?}");
        assert_eq!(run.world.is_up(N2), world.is_up(N2));
    }
    for command in [
        Command::Crash(N2),
        Command::Restart(N1),
        Command::Pause(N2),
        Command::Cut { from: N1, to: N2, both: false },
        Command::Hold { from: N1, to: N2, both: false },
    ] {
        assert!(world.would_change(&command), "{command:?}");
    }
}

#[test]
fn requests_of_one_instant_have_names_of_their_own() {
    let run = quiet().run(&[request(5, N1, Op::Put(1)), request(5, N1, Op::Put(2)), request(5, N2, Op::Put(3))], 1_000);
    let mut answered: Vec<_> = run
        .log
        .iter()
        .flat_map(|record| &record.outcomes)
        .filter_map(|outcome| match outcome {
            sim::Outcome::Replied { id, ret } => Some((id.at_us, id.node, id.ordinal, *ret)),
            _ => None,
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, [(5, N1, 0, 1), (5, N1, 1, 2), (5, N2, 0, 3)]);
}

#[test]
fn a_request_to_a_machine_that_does_not_run_is_refused() {
    for command in [Command::Crash(N1), Command::Pause(N1)] {
        let run = quiet().run(&[at(1, command), request(5, N1, Op::Clock)], 10);
        assert!(matches!(run.log.last().unwrap().outcomes[..], [sim::Outcome::Refused(_)]));
        assert!(!run.notes().iter().any(|(_, _, note)| matches!(note, Note::Clock { .. })));
    }
}
