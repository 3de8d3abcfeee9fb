//! Clocks: drift moves timers, an offset does not, and the monotonic clock never jumps.

use sim::{Command, Stamped};

use crate::toy::{N1, Note, Op, Straight, at, quiet, request};

fn clock(at_us: u64, offset_us: i64, drift_ppm: i32) -> Stamped<Op> {
    at(at_us, Command::Clock { node: N1, offset_us, drift_ppm })
}

fn alarm(at_us: u64, after_us: u64) -> Stamped<Op> {
    request(at_us, N1, Op::Alarm { name: 1, after_us })
}

fn rings(run: &Straight) -> Vec<u64> {
    run.notes().into_iter().filter(|(_, _, note)| *note == Note::Rang(1)).map(|(time_us, ..)| time_us).collect()
}

fn rung(plan: &[Stamped<Op>]) -> Vec<u64> {
    rings(&quiet().run(plan, 100_000))
}

#[test]
fn a_fast_clock_rings_early_and_a_slow_one_late() {
    assert_eq!(rung(&[alarm(0, 10_000)]), [10_000]);
    assert_eq!(rung(&[clock(0, 0, 250_000), alarm(0, 10_000)]), [8_000]);
    assert_eq!(rung(&[clock(0, 0, -200_000), alarm(0, 10_000)]), [12_500]);
}

#[test]
fn a_change_of_drift_moves_timers_that_run() {
    // 5,000 µs at true speed, the other 5,000 at half of it.
    assert_eq!(rung(&[alarm(0, 10_000), clock(5_000, 0, -500_000)]), [15_000]);
    assert_eq!(rung(&[alarm(0, 10_000), clock(5_000, 0, 500_000)]), [8_334]);
    assert_eq!(rung(&[alarm(0, 10_000), clock(5_000, 0, -500_000), clock(7_000, 0, 0)]), [11_000]);
}

#[test]
fn an_offset_moves_no_timer() {
    assert_eq!(rung(&[alarm(0, 10_000), clock(5_000, 1_000_000, 0)]), [10_000]);
    // With a drift that leaves a remainder, setting the offset again and again must not either.
    let drifting = [clock(0, 0, 333), alarm(10, 10_000)];
    let mut nudged = drifting.to_vec();
    nudged.extend((1..50).map(|n| clock(n * 97, n as i64, 333)));
    assert_eq!(rung(&nudged), rung(&drifting));
}

#[test]
fn an_offset_does_not_reorder_what_is_due_at_one_instant() {
    let order = |extra: Option<Stamped<Op>>| {
        let mut plan = vec![alarm(0, 2_000), request(1_000, N1, Op::Send { to: N1, n: 5 })];
        plan.extend(extra);
        quiet().run(&plan, 10_000).notes().into_iter().map(|(_, _, note)| note).take(2).collect::<Vec<_>>()
    };
    assert_eq!(order(None), order(Some(clock(1_500, 777, 0))));
}

#[test]
fn the_wall_is_offset_and_the_monotonic_clock_is_not() {
    let read = |at_us| request(at_us, N1, Op::Clock);
    let run = quiet()
        .run(&[read(1_000), clock(2_000, -500, 0), read(2_000), clock(3_000, 900, 100_000), read(13_000)], 20_000);
    let readings: Vec<_> = run.notes().into_iter().map(|(_, _, note)| note).collect();
    let reading = |monotonic_us, wall_us| Note::Clock { monotonic_us, wall_us };
    assert_eq!(readings, [reading(1_000, 1_000), reading(2_000, 1_500), reading(14_000, 14_900)]);
}

#[test]
fn a_timer_that_is_set_again_moves_and_a_cancelled_one_never_rings() {
    assert_eq!(rung(&[alarm(0, 1_000), alarm(500, 1_000)]), [1_500]);
    assert_eq!(rung(&[alarm(0, 1_000), alarm(500, 100)]), [600]);
    assert_eq!(rung(&[alarm(0, 1_000), request(500, N1, Op::Cancel(1))]), [0u64; 0]);
    assert_eq!(rung(&[alarm(0, 1_000), at(500, Command::Crash(N1)), at(600, Command::Restart(N1))]), [0u64; 0]);
    assert_eq!(rung(&[alarm(0, 0)]), [0]);
}

#[test]
fn a_timer_that_never_runs_out_is_no_accident() {
    let forever = alarm(50, u64::MAX);
    assert_eq!(rung(&[forever.clone(), clock(60, 0, -500_000), clock(70, 0, 300_000)]), [0u64; 0]);
    assert_eq!(rung(&[clock(40, 0, -500_000), forever]), [0u64; 0]);
}
