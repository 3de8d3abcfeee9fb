//! One message in the hand: drop, hold, release, duplicate, deliver.

use sim::{Command, Event, LossReason, MessageAct, MessageId, Outcome, Stamped};

use crate::toy::{N1, N2, Op, Straight, at, message, quiet, send};

fn act(at_us: u64, act: MessageAct) -> Stamped<Op> {
    at(at_us, Command::Message { id: message(N1, N2, 1, 0), act })
}

/// Which copies of n1's first message to n2 arrive when.
fn arrivals(commands: &[Stamped<Op>]) -> Vec<(u64, u32)> {
    of(&run(commands))
}

fn run(commands: &[Stamped<Op>]) -> Straight {
    let mut plan = vec![send(0, N1, N2, 1)];
    plan.extend_from_slice(commands);
    quiet().run(&plan, 50_000)
}

fn of(run: &Straight) -> Vec<(u64, u32)> {
    let arrived = run.log.iter().filter_map(|record| match record.event {
        Event::Deliver { id: MessageId { from: N1, to: N2, number: 1, copy }, .. } => Some((record.time_us, copy)),
        _ => None,
    });
    arrived.collect()
}

#[test]
fn a_dropped_message_is_lost() {
    let run = run(&[act(500, MessageAct::Drop)]);
    assert_eq!(of(&run), []);
    let dropped = |outcome: &Outcome<_>| matches!(outcome, Outcome::Lost { why: LossReason::Dropped, .. });
    assert!(run.log.iter().any(|record| record.outcomes.iter().any(dropped)));
    assert_eq!(arrivals(&[act(1_001, MessageAct::Drop)]), [(1_000, 0)], "too late changes nothing");
}

#[test]
fn a_held_message_waits_until_it_is_released() {
    assert_eq!(arrivals(&[act(300, MessageAct::Hold)]), []);
    assert_eq!(arrivals(&[act(300, MessageAct::Hold), act(2_000, MessageAct::Release)]), [(2_700, 0)]);
    assert_eq!(arrivals(&[act(300, MessageAct::Release)]), [(1_000, 0)]);
}

#[test]
fn held_by_hand_and_by_its_link_it_needs_both_releases() {
    let link = |at_us, hold| {
        let command = if hold {
            Command::Hold { from: N1, to: N2, both: true }
        } else {
            Command::Release { from: N1, to: N2, both: true }
        };
        at(at_us, command)
    };
    let (hold, release) = (MessageAct::Hold, MessageAct::Release);
    assert_eq!(arrivals(&[act(300, hold), link(400, true), link(1_000, false)]), []);
    assert_eq!(arrivals(&[act(300, hold), link(400, true), link(1_000, false), act(2_000, release)]), [(2_700, 0)]);
    assert_eq!(arrivals(&[act(300, hold), link(400, true), act(1_000, release), link(2_000, false)]), [(2_700, 0)]);
}

#[test]
fn a_message_that_is_delivered_by_hand_arrives_now_and_once() {
    assert_eq!(arrivals(&[act(300, MessageAct::Deliver)]), [(300, 0)]);
    assert_eq!(arrivals(&[act(300, MessageAct::Hold), act(900, MessageAct::Deliver)]), [(900, 0)]);
    let held = at(100, Command::Hold { from: N1, to: N2, both: true });
    assert_eq!(arrivals(&[held, act(400, MessageAct::Deliver)]), [(400, 0)], "a hand is stronger than a held link");
}

#[test]
fn a_copy_made_by_hand_goes_its_own_way_under_its_own_name() {
    assert_eq!(arrivals(&[act(300, MessageAct::Duplicate)]), [(1_000, 0), (1_300, 2)]);
    let twice = arrivals(&[act(300, MessageAct::Duplicate), act(400, MessageAct::Duplicate)]);
    assert_eq!(twice, [(1_000, 0), (1_300, 2), (1_400, 3)]);
    let drop_copy = at(500, Command::Message { id: message(N1, N2, 1, 2), act: MessageAct::Drop });
    assert_eq!(arrivals(&[act(300, MessageAct::Duplicate), drop_copy]), [(1_000, 0)]);
}

#[test]
fn the_networks_own_copy_is_the_first_and_those_by_hand_follow() {
    let mut setup = quiet();
    setup.cluster.link.duplicate_ppm = 1_000_000;
    let copy = |at_us, copy| at(at_us, Command::Message { id: message(N1, N2, 1, copy), act: MessageAct::Duplicate });
    // A copy of a copy is one more copy of the message.
    let run = setup.run(&[send(0, N1, N2, 1), copy(100, 0), copy(200, 1), copy(300, 2)], 5_000);
    assert_eq!(of(&run), [(1_000, 1), (1_000, 0), (1_100, 2), (1_200, 3), (1_300, 4)]);
}

#[test]
fn a_command_about_a_message_that_is_not_there_says_so() {
    for what in [MessageAct::Drop, MessageAct::Hold, MessageAct::Release, MessageAct::Duplicate, MessageAct::Deliver] {
        // It has arrived; it never was; it has no such copy.
        for (number, copy) in [(1, 0), (9, 0), (1, 1)] {
            let id = message(N1, N2, number, copy);
            let run = run(&[at(1_500, Command::Message { id, act: what })]);
            let record = run.log.iter().find(|record| record.time_us == 1_500).unwrap();
            assert!(matches!(record.outcomes[..], [Outcome::Missed(missed)] if missed == id), "{what:?}");
        }
        let run = run(&[act(500, what)]);
        assert!(!run.log.iter().any(|record| record.outcomes.iter().any(|o| matches!(o, Outcome::Missed(_)))));
    }
}

#[test]
fn nothing_is_launched_into_a_cut_link() {
    // The message has reached the machine of a paused process when the link is cut: it is still
    // there, but a copy of it would have to travel.
    let plan = [
        at(0, Command::Pause(N2)),
        at(2_000, Command::Cut { from: N1, to: N2, both: true }),
        act(3_000, MessageAct::Duplicate),
        at(9_000, Command::Resume(N2)),
    ];
    assert_eq!(arrivals(&plan), [(9_000, 0)]);
}

#[test]
fn flights_tell_what_is_on_its_way() {
    let world = quiet().run(&[send(0, N1, N2, 1), send(100, N1, N2, 2), send(100, N2, N1, 3)], 600).world;
    let ids: Vec<_> = world.flights().iter().map(|flight| flight.id).collect();
    assert_eq!(ids, [message(N1, N2, 1, 0), message(N1, N2, 2, 0), message(N2, N1, 1, 0)]);
    let first = world.flights()[0];
    assert_eq!((first.sent_us, first.latency_us, first.due_us, first.held()), (0, 1_000, 1_000, false));
    assert_eq!(first.progress_ppm(600), 600_000);
}
