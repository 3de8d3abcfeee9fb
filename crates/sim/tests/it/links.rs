//! Links: cuts, partitions, holds, loss and duplication, each direction on its own.

use sim::{Command, Event, LinkChange, LossReason, NodeId, Outcome, Stamped};

use crate::toy::{N1, N2, N3, Op, Straight, at, quiet, send};

fn lost(run: &Straight) -> Vec<(NodeId, NodeId, u64, LossReason)> {
    let outcomes = run.log.iter().flat_map(|record| &record.outcomes);
    outcomes
        .filter_map(|outcome| match outcome {
            Outcome::Lost { id, why, .. } => Some((id.from, id.to, id.number, *why)),
            _ => None,
        })
        .collect()
}

fn cut(at_us: u64, from: NodeId, to: NodeId, both: bool) -> Stamped<Op> {
    at(at_us, Command::Cut { from, to, both })
}

/// When a ping from n1 to n2 that is sent at time 0 is heard under these commands.
fn arrival(commands: &[Stamped<Op>]) -> Option<u64> {
    let mut plan = vec![send(0, N1, N2, 1)];
    plan.extend_from_slice(commands);
    quiet().run(&plan, 100_000).heard().iter().find(|(_, _, to, _)| *to == N2).map(|(time_us, ..)| *time_us)
}

#[test]
fn a_cut_kills_what_is_on_the_wire_in_its_direction_only() {
    let plan = [send(0, N1, N2, 1), send(0, N2, N1, 2), send(0, N1, N3, 3), cut(500, N1, N2, false)];
    let run = quiet().run(&plan, 900);
    assert_eq!(lost(&run), [(N1, N2, 1, LossReason::Cut)]);
    assert!(!run.world.link_up(N1, N2) && run.world.link_up(N2, N1));
    let run = quiet().run(&plan, 10_000);
    let heard: Vec<u64> = run.heard().iter().map(|(_, _, _, n)| *n).collect();
    // n1 hears the ping of n2, but its pong dies on the cut direction; n3 is not concerned.
    assert_eq!(heard, [2, 3, 3]);
}

#[test]
fn a_cut_of_both_kills_both() {
    let plan = [send(0, N1, N2, 1), send(0, N2, N1, 2), cut(500, N2, N1, true)];
    assert_eq!(lost(&quiet().run(&plan, 10_000)), [(N2, N1, 1, LossReason::Cut), (N1, N2, 1, LossReason::Cut)]);
}

#[test]
fn what_is_sent_into_a_cut_is_lost_and_a_heal_brings_nothing_back() {
    let heal = at(300, Command::Heal { from: N1, to: N2, both: true });
    let plan = [cut(0, N1, N2, true), send(100, N1, N2, 1), heal, send(400, N1, N2, 2)];
    let run = quiet().run(&plan, 10_000);
    assert_eq!(lost(&run), [(N1, N2, 1, LossReason::Cut)]);
    assert_eq!(run.heard()[0], (1_400, N1, N2, 2));
}

#[test]
fn a_heal_in_one_direction_heals_one() {
    let run = quiet().run(&[cut(0, N1, N2, true), at(1, Command::Heal { from: N2, to: N1, both: false })], 10);
    assert_eq!((run.world.link_up(N1, N2), run.world.link_up(N2, N1)), (false, true));
}

#[test]
fn a_partition_cuts_between_groups_and_nowhere_else() {
    let mut setup = quiet();
    setup.cluster.nodes = 6;
    let node = NodeId;
    let groups = vec![vec![node(0), node(1)], vec![node(2)], vec![node(3)]];
    let world = setup.run(&[at(0, Command::Partition(groups))], 10).world;
    let group = |id: NodeId| [0, 0, 1, 2, 9, 9][id.index()];
    for a in world.node_ids() {
        for b in world.node_ids() {
            let apart = group(a) != group(b) && group(a) != 9 && group(b) != 9;
            assert_eq!(world.link_up(a, b), !apart, "{a:?} to {b:?}");
        }
    }
    let healed =
        setup.run(&[at(0, Command::Partition(vec![vec![node(0)], vec![node(1)]])), at(1, Command::HealAll)], 10);
    assert!(healed.world.node_ids().all(|a| healed.world.node_ids().all(|b| healed.world.link_up(a, b))));
}

#[test]
fn a_partition_kills_what_is_between_the_groups() {
    let plan = [send(0, N1, N2, 1), send(0, N1, N3, 2), at(500, Command::Partition(vec![vec![N1], vec![N2]]))];
    let run = quiet().run(&plan, 10_000);
    assert_eq!(lost(&run), [(N1, N2, 1, LossReason::Cut)]);
}

fn hold(at_us: u64, both: bool) -> Stamped<Op> {
    at(at_us, Command::Hold { from: N1, to: N2, both })
}

fn release(at_us: u64) -> Stamped<Op> {
    at(at_us, Command::Release { from: N1, to: N2, both: true })
}

#[test]
fn a_hold_freezes_and_a_release_continues_the_rest_of_the_way() {
    assert_eq!(arrival(&[]), Some(1_000));
    assert_eq!(arrival(&[hold(400, false)]), None);
    assert_eq!(arrival(&[hold(400, false), release(5_000)]), Some(5_600));
    assert_eq!(arrival(&[hold(400, false), release(500), hold(700, false), release(9_000)]), Some(9_400));
    assert_eq!(arrival(&[hold(400, false), hold(600, false), release(5_000)]), Some(5_600), "holding twice holds once");
    // Released before it would have arrived: the first due time must be void.
    assert_eq!(arrival(&[hold(400, false), release(900)]), Some(1_500));
    assert_eq!(arrival(&[hold(400, false), release(400)]), Some(1_000));
}

#[test]
fn a_hold_of_the_other_direction_does_not_matter() {
    assert_eq!(arrival(&[at(400, Command::Hold { from: N2, to: N1, both: false })]), Some(1_000));
}

#[test]
fn what_is_sent_while_held_waits_with_its_whole_way_before_it() {
    let run = quiet().run(&[hold(0, true), send(100, N1, N2, 1), release(2_000)], 10_000);
    assert_eq!(run.heard()[0], (3_000, N1, N2, 1));
    let held = quiet().run(&[hold(0, true), send(100, N1, N2, 1)], 10_000).world;
    let flight = held.flights()[0];
    assert!(flight.held() && flight.progress_ppm(9_000) == 0);
}

#[test]
fn a_held_message_shows_how_far_it_came_and_dies_in_a_cut() {
    let world = quiet().run(&[send(0, N1, N2, 1), hold(250, true)], 50_000).world;
    assert_eq!(world.flights()[0].progress_ppm(50_000), 250_000);
    assert_eq!(arrival(&[hold(250, true), cut(300, N1, N2, true), release(5_000)]), None);
}

#[test]
fn a_duplicate_is_the_same_message_on_its_own_way() {
    let mut setup = quiet();
    setup.cluster.link.duplicate_ppm = 1_000_000;
    setup.cluster.link.latency_us = (100, 5_000);
    let run = setup.run(&[send(0, N1, N2, 4)], 4_999);
    let arrived: Vec<_> = run
        .log
        .iter()
        .filter_map(|record| match record.event {
            Event::Deliver { id, ref msg } if id.to == N2 => Some((id.number, id.copy, msg.clone(), record.time_us)),
            _ => None,
        })
        .collect();
    assert_eq!(arrived.len(), 2);
    assert_ne!(arrived[0].3, arrived[1].3, "both copies draw the same latency");
    assert_eq!(arrived[0].2, arrived[1].2);
    let mut copies: Vec<_> = arrived.iter().map(|(number, copy, ..)| (*number, *copy)).collect();
    copies.sort_unstable();
    assert_eq!(copies, [(1, 0), (1, 1)]);
}

#[test]
fn loss_loses_about_as_many_as_it_says_and_new_latency_counts_from_now_on() {
    let change = |at_us, latency_us, loss_ppm| {
        at(
            at_us,
            Command::Link {
                from: N1,
                to: N2,
                both: false,
                change: LinkChange { latency_us, loss_ppm, ..LinkChange::default() },
            },
        )
    };
    let mut plan = vec![change(0, None, Some(250_000))];
    plan.extend((0..4_000).map(|n| send(n, N1, N2, 1)));
    let run = quiet().run(&plan, 20_000);
    let random = lost(&run).iter().filter(|(.., why)| *why == LossReason::Random).count();
    assert!((900..1_100).contains(&random), "25 % of 4,000 came out as {random}");
    assert_eq!(arrival(&[change(500, Some((5, 5)), None)]), Some(1_000), "what is on its way keeps its latency");
    let run = quiet().run(&[change(0, Some((5, 5)), None), send(1, N1, N2, 1), send(1, N2, N1, 2)], 10_000);
    assert_eq!(run.heard()[0], (6, N1, N2, 1));
    let other_way = run.heard().iter().find(|(_, _, to, n)| *to == N1 && *n == 2).copied();
    assert_eq!(other_way, Some((1_001, N2, N1, 2)), "the other direction is another link");
}

#[test]
fn messages_to_a_crashed_machine_vanish() {
    let plan =
        [send(0, N1, N2, 1), at(500, Command::Crash(N2)), at(5_000, Command::Restart(N2)), send(5_000, N1, N2, 2)];
    let run = quiet().run(&plan, 20_000);
    assert!(run.log.iter().any(|record| matches!(record.event, Event::Vanish { id, .. } if id.number == 1)));
    assert_eq!(run.heard()[0], (6_000, N1, N2, 2));
    // A machine that is up again in time hears it: the network knows nothing of crashes.
    assert_eq!(arrival(&[at(500, Command::Crash(N2)), at(600, Command::Restart(N2))]), Some(1_000));
    // The sender's crash does not call back what has left.
    assert_eq!(arrival(&[at(500, Command::Crash(N1))]), Some(1_000));
}

fn link(at_us: u64, change: LinkChange) -> Stamped<Op> {
    at(at_us, Command::Link { from: N1, to: N2, both: false, change })
}

#[test]
fn a_link_with_a_bandwidth_is_a_queue() {
    // 8 Mbit/s are a byte a µs; a ping is as many bytes as its number.
    let slow = link(0, LinkChange { bandwidth_bps: Some(8_000_000), ..LinkChange::default() });
    let heard = |plan: &[Stamped<Op>]| -> Vec<(u64, u64)> {
        let run = quiet().run(plan, 100_000);
        run.heard().into_iter().filter(|(_, _, to, _)| *to == N2).map(|(time_us, _, _, n)| (time_us, n)).collect()
    };
    let three =
        [slow.clone(), send(10, N1, N2, 100), send(10, N1, N2, 300), send(50, N1, N2, 7), send(9_000, N1, N2, 5)];
    assert_eq!(heard(&three), [(1_110, 100), (1_410, 300), (1_417, 7), (10_005, 5)]);
    let run = quiet().run(&three, 20);
    let flight = run.world.flights()[1];
    assert_eq!((flight.sent_us, flight.latency_us, flight.due_us), (10, 1_400, 1_410));
    let other_way = quiet().run(&[slow.clone(), send(10, N2, N1, 100)], 10_000).heard();
    assert_eq!(other_way[0].0, 1_010, "the other direction has no such limit");
    // A cut empties the queue, and without a limit there is none.
    let heal = at(20, Command::Heal { from: N1, to: N2, both: false });
    assert_eq!(
        heard(&[slow.clone(), send(10, N1, N2, 5_000), cut(20, N1, N2, false), heal, send(30, N1, N2, 1)]),
        [(1_031, 1)]
    );
    let free = link(20, LinkChange { bandwidth_bps: Some(0), ..LinkChange::default() });
    assert_eq!(heard(&[slow, send(10, N1, N2, 5_000), free, send(30, N1, N2, 1)]), [(1_030, 1), (6_010, 5_000)]);
}

#[test]
fn late_messages_are_overtaken() {
    let some = link(0, LinkChange { reorder_ppm: Some(200_000), ..LinkChange::default() });
    let mut plan = vec![some];
    plan.extend((0..1_000).map(|n| send(n * 10, N1, N2, n)));
    let run = quiet().run(&plan, 100_000);
    let late =
        run.latencies().into_iter().filter(|(id, _)| (id.from, id.to) == (N1, N2)).map(|(_, latency_us)| latency_us);
    let late: Vec<u64> = late.filter(|&latency_us| latency_us != 1_000).collect();
    assert!((150..250).contains(&late.len()), "20 % of 1,000 came out as {}", late.len());
    assert!(late.iter().all(|latency_us| (1_001..=2_000).contains(latency_us)));
    let order: Vec<u64> = run.heard().into_iter().filter(|(_, _, to, _)| *to == N2).map(|(.., n)| n).collect();
    assert!(order.len() == 1_000 && !order.is_sorted());
}

#[test]
fn bandwidth_lateness_and_loss_shift_no_draw() {
    let mut setup = quiet();
    setup.cluster.link.latency_us = (100, 5_000);
    let latencies = |change: LinkChange| {
        let mut plan = vec![link(0, change)];
        plan.extend((0..300).map(|n| send(n * 10_000, N1, N2, 3)));
        setup.run(&plan, 4_000_000).latencies()
    };
    let none = LinkChange::default();
    let plain = latencies(none);
    let wide = latencies(LinkChange { bandwidth_bps: Some(8_000_000), ..none });
    assert!(plain.iter().all(|(id, us)| wide[id] == us + if id.from == N1 { 3 } else { 0 }));
    let late = latencies(LinkChange { reorder_ppm: Some(300_000), ..none });
    assert!(plain.iter().all(|(id, us)| late[id] >= *us) && late != plain);
    let lossy = latencies(LinkChange { loss_ppm: Some(300_000), duplicate_ppm: Some(300_000), ..none });
    assert!(lossy.len() != plain.len() && plain.iter().all(|(id, us)| lossy.get(id).is_none_or(|other| other == us)));
}

#[test]
fn a_change_without_any_property_takes_a_link_back_to_the_default() {
    let odd = LinkChange { latency_us: Some((5, 5)), loss_ppm: Some(9), ..LinkChange::default() };
    let world = quiet().run(&[link(0, odd)], 10).world;
    assert_eq!(world.link_profile(N1, N2).latency_us, (5, 5));
    let back = Command::Link { from: N1, to: N2, both: false, change: LinkChange::default() };
    assert!(
        world.would_change(&back) && !world.would_change(&Command::Link { from: N1, to: N2, both: false, change: odd })
    );
    let world = quiet().run(&[link(0, odd), at(5, back.clone())], 10).world;
    assert_eq!(world.link_profile(N1, N2), world.cluster().link);
    assert!(!world.would_change(&back));
}
