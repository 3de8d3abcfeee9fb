//! Machines that come, go and move, and parameters that change while the cluster runs.

use sim::{Command, Event, LinkChange, LossReason, NodeId, Outcome, ParamKey, Presence};

use crate::toy::{N1, N2, N3, Note, Op, SET_LATENCY, SET_TICK, Setup, at, busy, quiet, request, send};

const N4: NodeId = NodeId(3);
const N6: NodeId = NodeId(5);

#[test]
fn a_new_machine_is_blank_and_joined_to_all_others() {
    let run = quiet().run(&[at(100, Command::AddNode(N4)), send(200, N4, N1, 1), send(200, N2, N4, 2)], 10_000);
    assert_eq!(run.booted(N4), Note::Booted { counter: 0, first: 0, entries: vec![], torn: false });
    assert_eq!(run.world.node_ids().collect::<Vec<_>>(), [N1, N2, N3, N4]);
    assert_eq!(run.heard()[..2], [(1_200, N4, N1, 1), (1_200, N2, N4, 2)]);
    assert!(run.world.link_up(N3, N4) && run.world.link_up(N4, N3) && run.world.link_up(N4, N4));
}

#[test]
fn a_new_machine_changes_no_draw_of_the_others() {
    let (without, with) = (busy(6).run(&[], 8_000), busy(6).run(&[at(8_000, Command::AddNode(N6))], 8_000));
    assert_eq!(without.latencies(), with.latencies());
    let (added, gaps) = (NodeId(4), [at(10, Command::AddNode(NodeId(4))), at(20, Command::AddNode(N4))]);
    for plan in [&gaps[..], &gaps[..1]] {
        let mut plan = plan.to_vec();
        plan.push(send(30, added, N1, 1));
        plan.push(send(40, N1, added, 2));
        let run = quiet().run(&plan, 5_000);
        assert!(run.world.is_up(added) && run.world.presence(added) == Presence::Present);
        assert_eq!(run.heard()[..2], [(1_030, added, N1, 1), (1_040, N1, added, 2)], "it keeps its number");
    }
}

#[test]
fn a_gap_is_no_machine() {
    let run = quiet().run(&[at(10, Command::AddNode(N6)), send(20, N1, N4, 1), at(30, Command::HealAll)], 5_000);
    assert_eq!(run.world.presence(N4), Presence::Absent);
    assert_eq!(run.world.node_ids().collect::<Vec<_>>(), [N1, N2, N3, N6]);
    assert!(!run.world.link_up(N1, N4), "heal-all does not join what is not there");
    assert!(run.heard().is_empty());
    let after = quiet().run(&[at(10, Command::AddNode(N6)), at(20, Command::AddNode(N4))], 5_000);
    assert!(after.world.is_up(N4) && after.world.link_up(N6, N4));
}

#[test]
fn a_removed_machine_is_gone_with_all_that_was_on_its_links() {
    let plan = [
        send(0, N1, N2, 1),
        send(0, N2, N3, 2),
        send(0, N1, N3, 3),
        request(0, N2, Op::Save(9)),
        at(500, Command::RemoveNode(N2)),
        at(600, Command::Restart(N2)),
        at(600, Command::AddNode(N2)),
        at(600, Command::HealAll),
        at(600, Command::Heal { from: N1, to: N2, both: true }),
        at(600, Command::Link { from: N1, to: N2, both: true, change: LinkChange::default() }),
        request(600, N2, Op::Save(1)),
        send(700, N1, N2, 4),
    ];
    let run = quiet().run(&plan, 20_000);
    assert_eq!(run.world.presence(N2), Presence::Removed);
    assert!(!run.world.is_up(N2) && !run.world.link_up(N1, N2) && !run.world.link_up(N3, N2));
    assert_eq!(run.world.node_ids().collect::<Vec<_>>(), [N1, N3]);
    assert!(run.world.disk(N2).cells().is_empty());
    let removal = run.log.iter().find(|record| record.time_us == 500).unwrap();
    let lost: Vec<u64> = removal
        .outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Lost { id, why: LossReason::Cut, .. } => Some(u64::from(id.from.0 * 10 + id.to.0)),
            _ => None,
        })
        .collect();
    assert_eq!(lost.len(), 2, "{lost:?}: what was on its links");
    assert!(run.heard().iter().all(|&(_, from, to, _)| from != N2 && to != N2));
    for command in [Command::RemoveNode(N2), Command::AddNode(N2), Command::Restart(N2), Command::Crash(N2)] {
        assert!(!run.world.would_change(&command), "{command:?}");
    }
}

#[test]
fn commands_on_machines_that_never_were_change_nothing() {
    let nobody = NodeId(400);
    let world = quiet().run(&[], 10).world;
    for command in [
        Command::Crash(nobody),
        Command::Restart(nobody),
        Command::Pause(nobody),
        Command::Resume(nobody),
        Command::Cut { from: N1, to: nobody, both: true },
        Command::Partition(vec![vec![N1], vec![nobody]]),
        Command::Clock { node: nobody, offset_us: 1, drift_ppm: 1 },
        Command::Disk { node: nobody, mode: sim::DiskMode::Full, sync_us: None },
        Command::RemoveNode(nobody),
        Command::Move { node: nobody, x: 1, y: 1 },
        Command::AddNode(NodeId(u32::MAX)),
        Command::Request { node: nobody, op: Op::Clock },
        Command::Request { node: N1, op: Op::Send { to: nobody, n: 1 } },
    ] {
        let run = quiet().run(&[at(5, command.clone())], 10_000);
        assert!(run.log.last().unwrap().outcomes.is_empty(), "{command:?}");
        assert_eq!(run.world.step_count(), 4, "{command:?}");
        assert!(matches!(command, Command::Request { node: N1, .. }) || !world.would_change(&command), "{command:?}");
    }
}

#[test]
fn a_live_parameter_counts_from_now_on_and_spares_links_that_were_changed() {
    let own = LinkChange { latency_us: Some((300, 300)), ..LinkChange::default() };
    let link = |at_us, change| at(at_us, Command::Link { from: N1, to: N2, both: false, change });
    let plan = [
        link(0, own),
        at(10, Command::Set { key: SET_LATENCY, value: (50, 50) }),
        send(20, N1, N2, 1),
        send(20, N1, N3, 2),
        link(1_000, LinkChange::default()),
        send(2_000, N1, N2, 3),
    ];
    let run = quiet().run(&plan, 10_000);
    let first: Vec<_> = run.heard().into_iter().filter(|(_, from, ..)| *from == N1).collect();
    assert_eq!(first[..3], [(70, N1, N3, 2), (320, N1, N2, 1), (2_050, N1, N2, 3)]);
    let world = &run.world;
    assert!(!world.would_change(&Command::Set { key: SET_LATENCY, value: (50, 50) }));
    assert!(world.would_change(&Command::Set { key: SET_LATENCY, value: (50, 51) }));
    assert!(world.would_change(&Command::Set { key: SET_TICK, value: (50, 51) }));
    assert!(!world.would_change(&Command::Set { key: ParamKey::of("nobody-knows-it"), value: (50, 51) }));
    // Nodes see a new configuration from their next event on: n1 hears of it when n2 speaks.
    let ticking = quiet().run(
        &[
            at(5, Command::Set { key: SET_TICK, value: (100, 100) }),
            at(6, Command::Crash(N1)),
            at(7, Command::Restart(N1)),
        ],
        2_000,
    );
    assert!(ticking.world.node(N1).unwrap().ticks > 10 && ticking.world.node(N2).unwrap().ticks == 0);
}

#[test]
fn the_simulator_sets_what_it_knows_by_itself() {
    let set = |key, low, high| at(10, Command::Set { key, value: (low, high) });
    let heard = |command| quiet().run(&[command, send(20, N1, N2, 1)], 50_000).heard()[0].0;
    assert_eq!(heard(set(ParamKey::LATENCY_MS, 7, 7)), 7_020);
    let run = quiet().run(&[set(ParamKey::DISK_SYNC_MS, 3, 3), request(20, N1, Op::Put(1))], 50_000);
    let synced = run.log.iter().find(|record| matches!(record.event, Event::Synced(N1))).unwrap();
    assert_eq!(synced.time_us, 3_020);
    let world = &run.world;
    assert!(!world.would_change(&Command::Set { key: ParamKey::DISK_SYNC_MS, value: (3, 3) }));
    assert!(world.would_change(&Command::Set { key: ParamKey::DISK_SYNC_MS, value: (3, 4) }));
    assert!(!world.would_change(&Command::Set { key: ParamKey::LATENCY_MS, value: (1, 1) }));
    assert!(world.would_change(&Command::Set { key: ParamKey::LATENCY_MS, value: (1, 2) }));
}

#[test]
fn a_parameter_that_nobody_uses_changes_no_digest() {
    // The clusters differ only in what they would do with a corrupt record, and there is none.
    let (with, without) = (busy(6), Setup { mends: false, ..busy(6) });
    let plan = [
        at(9_000, Command::Set { key: SET_TICK, value: (300, 900) }),
        at(9_000, Command::Set { key: ParamKey::of("nobody-knows-it"), value: (1, 2) }),
        at(20_000, Command::Crash(N1)),
        at(30_000, Command::Restart(N1)),
    ];
    let (with, without) = (with.run(&plan, 60_000), without.run(&plan, 60_000));
    assert!(with.digests.len() > 500);
    assert_eq!(with.digests, without.digests);
}

#[test]
fn a_place_is_part_of_the_run_and_nothing_more() {
    let (moved, not) =
        (busy(9).run(&[at(5_000, Command::Move { node: N2, x: -7, y: 8 })], 20_000), busy(9).run(&[], 20_000));
    assert_eq!((moved.world.position(N2), moved.world.position(N1)), (Some((-7, 8)), None));
    assert_eq!(moved.latencies(), not.latencies());
    assert_ne!(moved.world.digest(), not.world.digest());
    assert!(!moved.world.would_change(&Command::Move { node: N2, x: -7, y: 8 }));
}
