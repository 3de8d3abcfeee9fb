//! A paused process does nothing at all; its machine, its disk and the network go on.

use sim::{Command, Event, Outcome, Stamped};

use crate::toy::{N1, N2, N3, Note, Op, Straight, at, quiet, request, send};

fn pause(at_us: u64) -> Stamped<Op> {
    at(at_us, Command::Pause(N2))
}

fn resume(at_us: u64) -> Stamped<Op> {
    at(at_us, Command::Resume(N2))
}

fn heard_by_n2(run: &Straight) -> Vec<(u64, u64)> {
    run.heard().into_iter().filter(|(_, _, to, _)| *to == N2).map(|(time_us, _, _, n)| (time_us, n)).collect()
}

fn alarm(at_us: u64, name: u32, after_us: u64) -> Stamped<Op> {
    request(at_us, N2, Op::Alarm { name, after_us })
}

#[test]
fn what_came_due_waits_and_is_handled_in_order() {
    let plan = [
        alarm(0, 1, 1_600),
        pause(10),
        send(1_000, N1, N2, 1),
        send(200, N3, N2, 2),
        send(800, N1, N2, 3),
        resume(5_000),
    ];
    let mut plan = plan.to_vec();
    plan.sort_by_key(|stamped| stamped.at_us);
    let run = quiet().run(&plan, 20_000);
    let told: Vec<_> = run.notes().into_iter().filter(|(_, node, _)| *node == N2).collect();
    let heard = |from, n| Note::Heard { from, n };
    assert_eq!(
        told,
        [(5_000, N2, heard(N3, 2)), (5_000, N2, Note::Rang(1)), (5_000, N2, heard(N1, 3)), (5_000, N2, heard(N1, 1)),]
    );
}

#[test]
fn what_is_not_due_yet_when_the_process_goes_on_keeps_its_time() {
    // Nothing else is in the queue, so the simulator sees the message long before it is due.
    let plan = [send(0, N1, N2, 1), alarm(0, 1, 2_000), pause(10), resume(500)];
    let run = quiet().run(&plan, 20_000);
    assert_eq!(heard_by_n2(&run), [(1_000, 1)]);
    assert!(run.notes().contains(&(2_000, N2, Note::Rang(1))));
}

#[test]
fn a_pause_while_a_message_waits_to_arrive_does_not_stop_it_for_a_later_life() {
    let plan = [send(0, N1, N2, 1), pause(10), at(400, Command::Crash(N2)), at(600, Command::Restart(N2))];
    assert_eq!(heard_by_n2(&quiet().run(&plan, 20_000)), [(1_000, 1)]);
}

#[test]
fn a_crash_while_paused_loses_what_was_waiting() {
    let plan = [
        send(0, N1, N2, 1),
        alarm(0, 1, 500),
        pause(10),
        at(4_000, Command::Crash(N2)),
        at(5_000, Command::Restart(N2)),
    ];
    let run = quiet().run(&plan, 20_000);
    assert_eq!(heard_by_n2(&run), []);
    assert!(run.notes().is_empty());
    assert!(run.world.is_up(N2) && !run.world.is_paused(N2), "a restart is no longer paused");
    assert!(run.world.flights().is_empty());
}

#[test]
fn a_paused_process_sends_nothing_though_its_disk_goes_on() {
    let plan = [
        request(0, N2, Op::SendDurable { to: N1, n: 1 }),
        request(0, N2, Op::Save(1)),
        request(0, N2, Op::SendDurable { to: N1, n: 2 }),
        request(0, N2, Op::Put(3)),
        pause(50),
        resume(5_000),
    ];
    let paused = quiet().run(&plan[..5], 4_000);
    assert_eq!((paused.world.unsynced_writes(N2), paused.world.disk(N2).entries()), (0, &[3][..]));
    let run = quiet().run(&plan, 20_000);
    let from_n2: Vec<_> = run.heard().into_iter().filter(|(_, from, _, _)| *from == N2).collect();
    assert_eq!(from_n2, [(1_000, N2, N1, 1), (6_000, N2, N1, 2)]);
    let replied: Vec<u64> = run
        .log
        .iter()
        .filter(|record| record.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Replied { .. })))
        .map(|record| record.time_us)
        .collect();
    assert_eq!(replied, [5_000]);
}

#[test]
fn nothing_happens_at_a_paused_node() {
    let plan = [alarm(0, 1, 100), send(0, N1, N2, 1), pause(50)];
    let run = quiet().run(&plan, 50_000);
    let after = run.log.iter().filter(|record| record.time_us > 50);
    assert_eq!(after.filter(|record| record.event.node() == Some(N2)).count(), 0);
    assert_eq!(run.world.time_us(), 50_000);
}

#[test]
fn a_link_that_is_cut_during_a_pause_kills_only_what_is_still_on_the_wire() {
    let cut = |at_us| at(at_us, Command::Cut { from: N1, to: N2, both: true });
    let early = quiet().run(&[send(0, N1, N2, 1), pause(10), cut(500), resume(3_000)], 20_000);
    assert_eq!(heard_by_n2(&early), []);
    let late = quiet().run(&[send(0, N1, N2, 1), pause(10), cut(1_500), resume(3_000)], 20_000);
    assert_eq!(heard_by_n2(&late), [(3_000, 1)], "it had reached the machine");
}

#[test]
fn pausing_twice_is_pausing_once() {
    let plan = [send(0, N1, N2, 1), pause(10), pause(2_000), resume(3_000), resume(4_000)];
    assert_eq!(heard_by_n2(&quiet().run(&plan, 20_000)), [(3_000, 1)]);
    let run = quiet().run(&plan, 20_000);
    assert_eq!(run.log.iter().filter(|record| matches!(record.event, Event::Command(_))).count(), 5);
}
