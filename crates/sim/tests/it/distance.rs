//! Distance as latency: while it counts, how far machines stand apart is how long messages need.

use sim::{Command, LinkChange, NodeId, ParamKey, Stamped, Timeline, World};

use crate::toy::{Log, N1, N2, N3, Op, Setup, at, busy, quiet, send};

/// n1 at the origin, n2 500 units away, n3 on top of n1.
fn apart(setup: Setup, distance_us: u32) -> Setup {
    let mut setup = setup;
    setup.cluster.positions = vec![(0, 0), (300, 400), (0, 0)];
    setup.cluster.link.distance_us = distance_us;
    setup
}

fn distance(at_us: u64, us: u64) -> Stamped<Op> {
    at(at_us, Command::Set { key: ParamKey::DISTANCE_US, value: (us, us) })
}

fn place(at_us: u64, node: NodeId, x: i32, y: i32) -> Stamped<Op> {
    at(at_us, Command::Move { node, x, y })
}

/// When the first messages of the plan are heard.
fn heard(setup: &Setup, plan: &[Stamped<Op>]) -> Vec<(u64, NodeId)> {
    setup.run(plan, 1_000_000).heard().into_iter().map(|(time_us, _, to, _)| (time_us, to)).collect()
}

#[test]
fn a_message_needs_a_time_for_each_unit() {
    let plan = [send(10, N1, N2, 1)];
    // There and back again; the link's own 1,000 µs vary by nothing, so nothing is added.
    assert_eq!(heard(&apart(quiet(), 7), &plan), [(10 + 3_500, N2), (10 + 7_000, N1)]);
    assert_eq!(heard(&apart(quiet(), 0), &plan), [(10 + 1_000, N2), (10 + 2_000, N1)]);
    // On the same spot it needs no time at all.
    assert_eq!(heard(&apart(quiet(), 7), &[send(10, N1, N3, 1)]), [(10, N3), (10, N1)]);
    // Parts of a unit do not count: the square root of 2 is 1.
    let moved = [place(0, N2, 1, 1), send(10, N1, N2, 1)];
    assert_eq!(heard(&apart(quiet(), 100), &moved)[0], (110, N2));
}

#[test]
fn the_longest_way_is_what_the_slowest_message_needs() {
    let longest_us = |distance_us: u32| {
        let mut setup = apart(quiet(), distance_us);
        setup.cluster.link.latency_us = (1_000, 1_200);
        setup.cluster.link.towards = Some((N1, 50));
        let world = World::new(1, setup.config(), setup.cluster.clone(), &mut Log::default());
        [(N1, N2), (N2, N1), (N2, N3)].map(|(from, to)| world.longest_way_us(from, to))
    };
    assert_eq!(longest_us(0), [1_200, 1_250, 1_200]);
    assert_eq!(longest_us(7), [3_700, 3_750, 3_700]);
}

#[test]
fn it_starts_and_ends_while_the_cluster_runs() {
    let plan = [
        send(0, N1, N2, 1),
        distance(10_000, 7),
        send(20_000, N1, N2, 2),
        place(30_000, N2, 30, 40),
        send(40_000, N1, N2, 4),
        distance(50_000, 0),
        send(60_000, N1, N2, 5),
    ];
    let times: Vec<u64> =
        heard(&apart(quiet(), 0), &plan).into_iter().filter(|(_, to)| *to == N2).map(|(time_us, _)| time_us).collect();
    assert_eq!(times, [1_000, 23_500, 40_350, 61_000]);
}

#[test]
fn what_is_on_its_way_keeps_its_time() {
    let plan = [send(0, N1, N2, 1), place(1, N2, 0, 0), distance(2, 0)];
    assert_eq!(heard(&apart(quiet(), 7), &plan)[0], (3_500, N2));
}

#[test]
fn a_link_with_a_latency_of_its_own_keeps_it() {
    let change = |change: LinkChange| at(0, Command::Link { from: N1, to: N2, both: true, change });
    let own = LinkChange { latency_us: Some((50, 50)), ..LinkChange::default() };
    let lossless = LinkChange { loss_ppm: Some(0), bandwidth_bps: Some(0), ..LinkChange::default() };
    let setup = apart(quiet(), 7);
    let first = |commands: &[Stamped<Op>]| {
        let mut plan = commands.to_vec();
        plan.push(send(1, N1, N2, 1));
        heard(&setup, &plan)[0].0
    };
    assert_eq!(first(&[change(own)]), 51);
    // Whatever else changes about it before or after; and a reset takes it back.
    assert_eq!(first(&[change(lossless)]), 3_501);
    assert_eq!(first(&[change(own), change(lossless)]), 51);
    assert_eq!(first(&[change(own), change(LinkChange::default())]), 3_501);
    // It is asked of the world, too, and said to change something although the numbers are the same.
    let world = setup.run(&[], 0).world;
    assert_eq!(world.link_profile(N1, N2).distance_us, 7);
    let same = LinkChange { latency_us: Some((1_000, 1_000)), ..LinkChange::default() };
    let same = Command::Link { from: N1, to: N2, both: true, change: same };
    assert!(world.would_change(&same));
    let world = setup.run(&[at(0, same.clone())], 0).world;
    assert_eq!(world.link_profile(N1, N2).distance_us, 0);
    assert!(!world.would_change(&same));
}

#[test]
fn it_shifts_no_draw() {
    let (near, far) = (busy(5), apart(busy(5), 3));
    let (near, far) = (near.run(&[], 60_000).latencies(), far.run(&[], 60_000).latencies());
    let mut common = 0;
    for (id, latency_us) in &far {
        let apart_us = if id.from == N2 || id.to == N2 { 1_500 } else { 0 };
        if let Some(plain_us) = near.get(id) {
            common += 1;
            assert_eq!(*latency_us, plain_us - 100 + apart_us, "{id:?}");
        }
    }
    assert!(common > 50, "{common} in common");
}

#[test]
fn positions_are_no_part_of_a_run_in_which_distance_does_not_count() {
    let (plain, placed) = (busy(3).run(&[], 50_000), apart(busy(3), 0).run(&[], 50_000));
    assert_eq!(plain.world.digest(), placed.world.digest());
    let on = |x| {
        let mut setup = apart(quiet(), 1);
        setup.cluster.positions[0].0 = x;
        setup.run(&[], 10).world.digest()
    };
    assert_ne!(on(0), on(1), "where it counts they are part of the digest");
    assert_eq!(on(5), on(5));
}

#[test]
fn a_move_changes_something_only_while_distance_counts() {
    let moved = Command::Move { node: N1, x: 5, y: 5 };
    let off = apart(quiet(), 0).run(&[], 10).world;
    assert!(!off.would_change(&moved));
    let on = apart(quiet(), 1).run(&[], 10).world;
    assert!(on.would_change(&moved));
    assert!(!on.would_change(&Command::Move { node: N1, x: 0, y: 0 }), "it stands there");
    assert!(!on.would_change(&Command::Move { node: NodeId(9), x: 0, y: 0 }), "it is not there");
    assert!(off.would_change(&Command::Set { key: ParamKey::DISTANCE_US, value: (4, 4) }));
    assert!(!off.would_change(&Command::Set { key: ParamKey::DISTANCE_US, value: (0, 0) }));
    // A recorded move is kept all the same, and counts from the moment on at which distance does.
    let plan = [place(0, N2, 0, 10), distance(5, 100), send(10, N1, N2, 1)];
    assert_eq!(heard(&apart(quiet(), 0), &plan)[0], (1_010, N2));
}

#[test]
fn machines_that_come_later_have_a_place() {
    let mut setup = apart(quiet(), 10);
    setup.cluster.positions.push((0, 70));
    let added = NodeId(3);
    let plan = [at(0, Command::AddNode(added)), send(5, N1, added, 1)];
    assert_eq!(heard(&setup, &plan)[0], (705, added));
    let beyond = NodeId(4);
    let plan = [at(0, Command::AddNode(beyond)), send(5, N1, beyond, 1)];
    assert_eq!(heard(&setup, &plan)[0], (5, beyond), "beyond the list is the origin");
}

#[test]
fn the_furthest_places_do_no_harm() {
    let mut setup = apart(quiet(), u32::MAX);
    setup.cluster.positions = vec![(i32::MIN, i32::MIN), (i32::MAX, i32::MAX)];
    let run = setup.run(&[send(0, N1, N2, 1)], 1_000);
    assert_eq!(run.world.flights().len(), 1);
}

#[test]
fn it_travels_in_time_like_everything() {
    let setup = apart(busy(9), 2);
    let plan = [place(20_000, N2, 9, 9), distance(40_000, 0), distance(60_000, 5), place(70_000, N3, -80, 7)];
    let straight = setup.run(&plan, 100_000);
    let mut timeline = Timeline::new(setup.seed, setup.config(), setup.cluster.clone(), Log::default(), plan.to_vec());
    timeline.run_until(100_000);
    for target_us in [30_000, 100_000, 0, 65_000, 45_000, 75_000] {
        timeline.seek(target_us);
        let step = timeline.world().step_count();
        assert_eq!(timeline.world().digest(), straight.digest(step), "at {target_us} µs");
    }
}
