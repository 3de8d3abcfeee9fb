//! Disks: writes are synced in order, a crash keeps what was synced and a drawn prefix of the rest.

use std::collections::BTreeSet;

use sim::{Command, DiskMode, Event, Outcome, Stamped};

use crate::toy::{N1, N2, Note, Op, Straight, at, quiet, request};

fn entries(run: &Straight) -> Vec<u32> {
    match run.booted(N1) {
        Note::Booted { entries, .. } => entries,
        other => panic!("{other:?} is no boot"),
    }
}

fn appends(at_us: u64, count: u32) -> Vec<Stamped<Op>> {
    (1..=count).map(|entry| request(at_us, N1, Op::Append(entry))).collect()
}

fn crash_and_restart(mut plan: Vec<Stamped<Op>>, at_us: u64) -> Vec<Stamped<Op>> {
    plan.push(at(at_us, Command::Crash(N1)));
    plan.push(at(at_us + 10, Command::Restart(N1)));
    plan
}

#[test]
fn writes_are_synced_one_after_the_other_in_order() {
    let run = quiet().run(&appends(1_000, 4), 10_000);
    let synced: Vec<u64> =
        run.log.iter().filter(|record| matches!(record.event, Event::Synced(_))).map(|record| record.time_us).collect();
    assert_eq!(synced, [1_100, 1_200, 1_300, 1_400], "100 µs each, one head");
    assert_eq!(run.world.disk(N1).entries(), [1, 2, 3, 4]);
    let halfway = quiet().run(&appends(1_000, 4), 1_250).world;
    assert_eq!((halfway.disk(N1).entries(), halfway.unsynced_writes(N1)), (&[1, 2][..], 2));
}

#[test]
fn a_crash_keeps_what_was_synced_and_a_drawn_prefix_of_the_rest() {
    let mut kept = BTreeSet::new();
    for seed in 0..60 {
        let mut setup = quiet();
        setup.seed = seed;
        let run = setup.run(&crash_and_restart(appends(1_000, 5), 1_250), 5_000);
        let entries = entries(&run);
        assert!(entries.len() >= 2, "seed {seed}: a synced write is lost");
        assert_eq!(entries, (1..=entries.len() as u32).collect::<Vec<_>>(), "seed {seed}: no prefix");
        let crash = run.log.iter().find(|record| matches!(record.event, Event::Command(Command::Crash(_)))).unwrap();
        let lost = match crash.outcomes[..] {
            [] => 0,
            [Outcome::WritesLost(lost)] => lost as usize,
            ref other => panic!("{other:?}"),
        };
        assert_eq!(entries.len() + lost, 5, "seed {seed}");
        assert_eq!(
            run.world.disk(N1).entries(),
            entries,
            "seed {seed}: a write from before the crash is synced after it"
        );
        kept.insert(entries.len());
    }
    assert_eq!(kept, BTreeSet::from([2, 3, 4, 5]), "every prefix happens in some run");
}

#[test]
fn lose_unsynced_keeps_nothing_else() {
    for seed in 0..20 {
        let mut setup = quiet();
        setup.seed = seed;
        let mut plan = vec![at(0, Command::Disk { node: N1, mode: DiskMode::LoseUnsynced, sync_us: None })];
        plan.extend(crash_and_restart(appends(1_000, 5), 1_250));
        assert_eq!(entries(&setup.run(&plan, 5_000)), [1, 2], "seed {seed}");
    }
}

#[test]
fn a_cell_is_replaced_as_a_whole_and_survives() {
    let plan = vec![request(0, N1, Op::Save(1)), request(500, N1, Op::Save(2))];
    let run = quiet().run(&crash_and_restart(plan, 700), 5_000);
    assert_eq!(run.booted(N1), Note::Booted { counter: 2, first: 0, entries: vec![], torn: false });
    assert_eq!(run.world.disk(N1).cells().len(), 1);
    assert_eq!(run.world.disk(N1).cell("counter").unwrap().0, 2);
}

#[test]
fn truncate_and_discard_count_from_the_first_entry_ever() {
    let mut plan = appends(0, 6);
    plan.push(request(0, N1, Op::Discard(2)));
    plan.push(request(0, N1, Op::Truncate(4)));
    plan.push(request(0, N1, Op::Append(50)));
    let world = quiet().run(&plan, 5_000).world;
    assert_eq!((world.disk(N1).first(), world.disk(N1).entries()), (2, &[3, 4, 50][..]));
    // Positions outside of what there is.
    plan.push(request(1_000, N1, Op::Discard(1)));
    plan.push(request(1_000, N1, Op::Truncate(99)));
    plan.push(request(1_000, N1, Op::Truncate(u64::MAX)));
    let world = quiet().run(&plan, 5_000).world;
    assert_eq!((world.disk(N1).first(), world.disk(N1).entries()), (2, &[3, 4, 50][..]), "nothing to take");
    plan.push(request(2_000, N1, Op::Discard(u64::MAX)));
    let world = quiet().run(&plan, 5_000).world;
    assert_eq!((world.disk(N1).first(), world.disk(N1).entries()), (5, &[][..]));
}

#[test]
fn a_durable_message_leaves_when_the_writes_before_it_are_synced() {
    let plan = [
        request(0, N1, Op::Save(1)),
        request(0, N1, Op::SendDurable { to: N2, n: 7 }),
        request(0, N1, Op::Save(2)),
        request(0, N1, Op::Send { to: N2, n: 8 }),
    ];
    let heard: Vec<_> = quiet().run(&plan, 5_000).heard().into_iter().filter(|(_, _, to, _)| *to == N2).collect();
    // Not before the first write, not after the second; an ordinary message waits for neither.
    assert_eq!(heard.iter().map(|(time_us, _, _, n)| (*time_us, *n)).collect::<Vec<_>>(), [(1_000, 8), (1_100, 7)]);
    let two = [
        request(0, N1, Op::Save(1)),
        request(0, N1, Op::Save(2)),
        request(0, N1, Op::SendDurable { to: N2, n: 7 }),
        request(150, N1, Op::Save(3)),
    ];
    assert_eq!(quiet().run(&two, 5_000).heard()[0], (1_200, N1, N2, 7), "both writes before it, not the one after");
    let idle = quiet().run(&[request(0, N1, Op::SendDurable { to: N2, n: 7 })], 5_000).heard();
    assert_eq!(idle[0].0, 1_000, "with nothing to wait for it leaves at once");
}

#[test]
fn a_durable_answer_waits_for_the_disk() {
    let run = quiet().run(&[request(0, N1, Op::Put(5))], 5_000);
    let replied: Vec<u64> = run
        .log
        .iter()
        .filter(|record| record.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Replied { ret: 5, .. })))
        .map(|record| record.time_us)
        .collect();
    assert_eq!(replied, [100]);
}

#[test]
fn what_waits_for_the_disk_vanishes_in_a_crash() {
    let plan = vec![
        request(0, N1, Op::Save(1)),
        request(0, N1, Op::SendDurable { to: N2, n: 7 }),
        request(0, N1, Op::Put(9)),
        // A new life must not release what the old one was waiting for.
        at(50, Command::Crash(N1)),
        at(60, Command::Restart(N1)),
        request(60, N1, Op::Save(3)),
    ];
    for seed in 0..20 {
        let mut setup = quiet();
        setup.seed = seed;
        let run = setup.run(&plan, 10_000);
        assert!(run.heard().is_empty(), "seed {seed}");
        let outcomes = || run.log.iter().flat_map(|record| &record.outcomes);
        assert!(!outcomes().any(|outcome| matches!(outcome, Outcome::Replied { .. } | Outcome::Sent { .. })));
        assert_eq!(run.world.disk(N1).cell("counter").unwrap().0, 3);
    }
}

#[test]
fn sync_times_are_drawn_by_the_number_of_the_write() {
    let mut setup = quiet();
    setup.cluster.disk_sync_us = (100, 900);
    let lengths = |plan: &[Stamped<Op>]| {
        let run = setup.run(plan, 100_000);
        let wrote = run.log.iter().flat_map(|record| record.outcomes.iter().map(|outcome| (record.time_us, outcome)));
        wrote
            .filter_map(|(time_us, outcome)| match outcome {
                Outcome::Wrote { due_us, .. } => Some(due_us - time_us),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let spread: Vec<_> = (0..6).map(|n| request(n * 2_000, N1, Op::Save(n))).collect();
    let later: Vec<_> = (0..6).map(|n| request(n * 3_000 + 500, N1, Op::Save(n))).collect();
    assert_eq!(lengths(&spread), lengths(&later));
    assert!(lengths(&spread).iter().collect::<BTreeSet<_>>().len() > 3);
}

fn disk(at_us: u64, mode: DiskMode, sync_us: Option<(u64, u64)>) -> Stamped<Op> {
    at(at_us, Command::Disk { node: N1, mode, sync_us })
}

fn torn(run: &Straight) -> bool {
    matches!(run.booted(N1), Note::Booted { torn: true, .. })
}

#[test]
fn a_torn_write_is_a_corrupt_record_behind_what_survived() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let mut setup = quiet();
        setup.seed = seed;
        let mut plan = vec![disk(0, DiskMode::Torn, None)];
        plan.extend(crash_and_restart(appends(1_000, 3), 1_150));
        let run = setup.run(&plan, 1_161);
        let kept = entries(&run).len();
        assert_eq!(torn(&run), kept < 3, "seed {seed}: whatever is lost first was half written");
        assert_eq!(entries(&run), (1..=kept as u32).collect::<Vec<_>>());
        seen.insert(kept);
        // It cuts the corrupt record off, so it can go on appending.
        plan.push(request(3_000, N1, Op::Append(9)));
        let run = setup.run(&crash_and_restart(plan, 4_000), 5_000);
        assert!(!torn(&run), "seed {seed}");
        assert_eq!(entries(&run).last(), Some(&9), "seed {seed}");
    }
    assert_eq!(seen, BTreeSet::from([1, 2, 3]));
}

#[test]
fn what_is_appended_behind_a_corrupt_record_cannot_be_read() {
    let mut setup = quiet();
    setup.mends = false;
    // Nothing is synced yet when it crashes; a seed that keeps nothing leaves a torn first record.
    let crash = crash_and_restart(vec![disk(0, DiskMode::Torn, None), request(0, N1, Op::Append(1))], 50);
    setup.seed = (0..60)
        .find(|&seed| {
            torn(&{
                let mut s = setup.clone();
                s.seed = seed;
                s.run(&crash, 100)
            })
        })
        .unwrap();
    let mut plan = crash;
    plan.extend([
        request(1_000, N1, Op::Append(7)),
        request(1_000, N1, Op::Append(8)),
        disk(1_000, DiskMode::Normal, None),
    ]);
    let with = |more: &[Op]| {
        let mut plan = plan.clone();
        plan.extend(more.iter().map(|op| request(2_000, N1, op.clone())));
        let run = setup.run(&crash_and_restart(plan, 4_000), 5_000);
        (entries(&run), torn(&run))
    };
    assert_eq!(with(&[]), (vec![], true), "synced, and yet not there");
    assert_eq!(with(&[Op::Truncate(1)]), (vec![], true), "a cut behind it does not help");
    assert_eq!(with(&[Op::Truncate(0), Op::Append(5)]), (vec![5], false));
    assert_eq!(with(&[Op::Discard(1), Op::Append(5)]), (vec![8, 5], false), "what is discarded takes it along");
}

#[test]
fn a_write_that_is_no_append_tears_nothing() {
    for seed in 0..20 {
        let mut setup = quiet();
        setup.seed = seed;
        let plan = vec![disk(0, DiskMode::Torn, None), request(0, N1, Op::Save(1)), request(0, N1, Op::Save(2))];
        assert!(!torn(&setup.run(&crash_and_restart(plan, 50), 1_000)), "cells are atomic");
    }
}

fn durable_at(plan: &[Stamped<Op>]) -> Vec<u64> {
    let run = quiet().run(plan, 100_000);
    run.log.iter().filter(|record| matches!(record.event, Event::Synced(_))).map(|record| record.time_us).collect()
}

#[test]
fn a_slow_disk_takes_its_time_and_a_command_may_say_how_much() {
    let save = |at_us| request(at_us, N1, Op::Save(1));
    assert_eq!(
        durable_at(&[save(0), disk(10, DiskMode::Slow, None), save(20), disk(30, DiskMode::Normal, None), save(40)]),
        [100, 2_100, 2_200],
        "what was issued keeps its time"
    );
    assert_eq!(durable_at(&[disk(0, DiskMode::Slow, Some((7, 7))), save(0)]), [7]);
    assert_eq!(
        durable_at(&[disk(0, DiskMode::Normal, Some((7, 7))), save(0), disk(1, DiskMode::Normal, None), save(1)]),
        [7, 107]
    );
}

#[test]
fn a_full_disk_makes_nothing_durable_until_there_is_room() {
    let mut plan = vec![
        request(0, N1, Op::Save(1)),
        request(50, N1, Op::Put(5)),
        disk(60, DiskMode::Full, None),
        request(70, N1, Op::SendDurable { to: N2, n: 4 }),
        request(80, N1, Op::Save(2)),
    ];
    let full = quiet().run(&plan, 50_000);
    assert_eq!((full.world.unsynced_writes(N1), full.world.disk(N1).cells().len()), (3, 0));
    assert!(full.heard().is_empty(), "what waits for the disk waits");
    let due = full.log.last().unwrap().outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Wrote { due_us, .. } => Some(*due_us),
        _ => None,
    });
    assert_eq!(due, Some(u64::MAX));
    for seed in 0..10 {
        let mut setup = quiet();
        setup.seed = seed;
        let crashed = setup.run(&crash_and_restart(plan.clone(), 9_000), 10_000);
        assert_eq!(crashed.booted(N1), Note::Booted { counter: 0, first: 0, entries: vec![], torn: false });
    }
    plan.push(disk(5_000, DiskMode::Normal, None));
    assert_eq!(durable_at(&plan), [5_100, 5_200, 5_300]);
    assert_eq!(quiet().run(&plan, 50_000).heard()[0], (6_200, N1, N2, 4));
    plan.insert(3, disk(65, DiskMode::Full, None));
    assert_eq!(durable_at(&plan), [5_100, 5_200, 5_300], "twice full is full");
}
