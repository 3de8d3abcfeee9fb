//! What the papers say of setting clocks, as runs.

use check::{Oracle, Status};
use sim::{ClusterConfig, Command, Driver, LinkChange, LinkProfile, NodeId, Stamped, World};

use super::*;

const A: NodeId = NodeId(1);
const MS: u64 = 1_000;

fn config(scheme: Scheme) -> Config {
    Config {
        scheme,
        skew_us: 0,
        drift_ppm: 0,
        poll_us: 500 * MS,
        wait_us: 0,
        serve_us: 0,
        way_min_us: 0,
        gamma_us: 250 * MS,
        slew_ppm: 50_000,
        bugs: Bugs::default(),
    }
}

struct Cluster {
    config: Config,
    link: LinkProfile,
    nodes: u32,
    commands: Vec<Stamped<Op>>,
}

fn cluster(scheme: Scheme) -> Cluster {
    let link = LinkProfile { latency_us: (10 * MS, 10 * MS), ..LinkProfile::default() };
    Cluster { config: config(scheme), link, nodes: 4, commands: Vec::new() }
}

impl Cluster {
    fn command(&mut self, at_us: u64, command: Command<Op>) {
        self.commands.push(Stamped::at(at_us, command));
    }

    /// Runs it, and hands every moment to `each`.
    fn watch(&self, seed: u64, until_us: u64, mut each: impl FnMut(&World<Node>)) -> (World<Node>, PhysicalOracle) {
        let machines =
            ClusterConfig { nodes: self.nodes, link: self.link, disk_sync_us: (1, 1), positions: Vec::new() };
        let mut driver = Driver::new(seed, self.config.clone(), machines, PhysicalOracle::new());
        while driver.step(&self.commands, until_us) {
            each(&driver.world);
        }
        driver.run_until(&self.commands, until_us);
        (driver.world, driver.observer)
    }

    fn run(&self, seed: u64, until_us: u64) -> (World<Node>, PhysicalOracle) {
        self.watch(seed, until_us, |_| ())
    }
}

fn bare(world: &World<Node>, node: NodeId) -> Bare {
    world.config().bare_at(node, world.clock(node), world.time_us())
}

/// How far a client's software clock is ahead of the server's, and what it believes.
fn error_and_claim(world: &World<Node>, node: NodeId) -> (i64, Option<Claim>) {
    let shown = |node: NodeId| world.node(node).unwrap().shown_us(bare(world, node)) as i64;
    let claim = world.node(node).unwrap().claim(bare(world, node), world.config().phi_ppm());
    (shown(node) - shown(SERVER), claim)
}

fn status(oracle: &PhysicalOracle, id: &str) -> Status {
    oracle.verdicts(0).into_iter().find(|verdict| verdict.property.id == id).unwrap().status
}

#[test]
fn uneven_ways_bias_the_offset_by_half_of_their_difference_and_nothing_shows_it() {
    // 60 ms there and 10 ms back: 25 ms wrong.
    for scheme in [Scheme::Cristian, Scheme::Ntp, Scheme::Ptp] {
        let mut cluster = cluster(scheme);
        cluster.link.towards = towards(50 * MS);
        let (world, oracle) = cluster.run(1, 10_000 * MS);
        for client in [A, NodeId(2), NodeId(3)] {
            let (error_us, claim) = error_and_claim(&world, client);
            let Claim { error_us: believed_us, bound_us } = claim.expect("it has measured");
            assert_eq!((error_us, believed_us), (25_000, 0), "{scheme:?}");
            // The truth is within what it admits; nobody looks at that.
            assert!((35_000..35_200).contains(&bound_us), "{bound_us}");
        }
        assert_eq!(status(&oracle, "confidently-wrong"), Status::Met);
        assert_eq!(status(&oracle, "converges"), Status::Pending);
        assert!(!oracle.violated());
    }
    // The other way round it is wrong by as much to the other side.
    let mut other = cluster(Scheme::Ntp);
    for client in [A, NodeId(2), NodeId(3)] {
        let change = LinkChange { latency_us: Some((60 * MS, 60 * MS)), ..LinkChange::default() };
        other.command(0, Command::Link { from: SERVER, to: client, both: false, change });
    }
    let (world, oracle) = other.run(1, 10_000 * MS);
    assert_eq!(error_and_claim(&world, A).0, -25_000);
    assert!(!oracle.violated());
}

#[test]
fn even_ways_leave_an_error_within_the_stated_limit() {
    for scheme in Scheme::ALL {
        for seed in 0..20 {
            let mut cluster = cluster(scheme);
            cluster.link.latency_us = (8 * MS, 16 * MS);
            (cluster.config.skew_us, cluster.config.drift_ppm, cluster.config.wait_us) = (60 * MS, 100, 2 * MS);
            let (world, oracle) = cluster.run(seed, 12_000 * MS);
            let limit_us = error_limit_us(world.config(), &world.cluster().link, 100);
            assert!(limit_us < 9 * MS, "{limit_us}");
            for client in [A, NodeId(2), NodeId(3)] {
                let (error_us, claim) = error_and_claim(&world, client);
                assert!(error_us.unsigned_abs() <= limit_us, "{scheme:?}, seed {seed}: {error_us}");
                let claim = claim.expect("it has measured");
                assert!(error_us.abs_diff(claim.error_us) <= claim.bound_us + 1, "{scheme:?}: {error_us}, {claim:?}");
            }
            assert_eq!(status(&oracle, "converges"), Status::Met, "{scheme:?}, seed {seed}");
            assert!(!oracle.violated());
        }
    }
}

#[test]
fn what_a_node_claims_is_so_at_any_moment_whatever_the_ways() {
    for scheme in [Scheme::Cristian, Scheme::Ntp, Scheme::Ptp] {
        let mut cluster = cluster(scheme);
        cluster.link.latency_us = (0, 90 * MS);
        cluster.link.towards = towards(30 * MS);
        (cluster.config.skew_us, cluster.config.drift_ppm, cluster.config.wait_us) = (300 * MS, 200, 5 * MS);
        cluster.config.serve_us = 20 * MS;
        let mut claims = 0;
        cluster.watch(3, 20_000 * MS, |world| {
            for client in [A, NodeId(2), NodeId(3)] {
                let (error_us, claim) = error_and_claim(world, client);
                if let Some(Claim { error_us: believed_us, bound_us }) = claim {
                    assert!(error_us.abs_diff(believed_us) <= bound_us + 3, "{scheme:?} at {}", world.time_us());
                    claims += 1;
                }
            }
        });
        assert!(claims > 300, "{scheme:?}: {claims}");
    }
}

#[test]
fn stamps_of_the_network_card_take_away_jitter_and_no_bias() {
    // Messages wait up to 20 ms in the sender's operating system. How far do errors reach, and where is their middle?
    let errors = |scheme: Scheme| {
        let mut cluster = cluster(scheme);
        cluster.link.towards = towards(50 * MS);
        cluster.config.wait_us = 20 * MS;
        let mut errors: Vec<i64> = Vec::new();
        for seed in 0..10 {
            cluster.watch(seed, 15_000 * MS, |world| {
                if world.time_us() > 5_000 * MS {
                    errors.push(error_and_claim(world, A).0);
                }
            });
        }
        (errors.iter().max().unwrap() - errors.iter().min().unwrap(), errors.iter().sum::<i64>() / errors.len() as i64)
    };
    let (software, hardware) = (errors(Scheme::Cristian), errors(Scheme::Ptp));
    assert!(software.0 > 10_000, "{software:?}");
    assert!((20_000..30_000).contains(&software.1), "{software:?}");
    assert_eq!(hardware, (0, 25_000), "no jitter at all, and the whole bias");
}

#[test]
fn the_filter_is_better_than_the_newest_answer() {
    let mean_us = |scheme: Scheme| {
        let mut cluster = cluster(scheme);
        cluster.link.latency_us = (5 * MS, 60 * MS);
        let (mut sum_us, mut count) = (0, 0);
        for seed in 0..20 {
            cluster.watch(seed, 20_000 * MS, |world| {
                if world.time_us() > 6_000 * MS {
                    sum_us += error_and_claim(world, A).0.unsigned_abs();
                    count += 1;
                }
            });
        }
        sum_us / count
    };
    let (newest_us, filtered_us) = (mean_us(Scheme::Cristian), mean_us(Scheme::Ntp));
    assert!(filtered_us * 3 < newest_us * 2, "{filtered_us} µs, unfiltered {newest_us} µs");
}

#[test]
fn berkeley_comes_to_the_average_of_all() {
    // 3:00, 3:25 and 2:50, in ms for minutes: all come to 3:05.
    let mut cluster = cluster(Scheme::Berkeley);
    cluster.nodes = 3;
    for (node, offset_us) in [(A, 25_000), (NodeId(2), -10_000)] {
        cluster.command(1, Command::Clock { node, offset_us, drift_ppm: 0 });
    }
    let (world, oracle) = cluster.run(1, 10_000 * MS);
    for node in [SERVER, A, NodeId(2)] {
        let shown_us = world.node(node).unwrap().shown_us(bare(&world, node));
        assert_eq!(shown_us as i64 - reference_us(world.time_us()) as i64, 5_000, "{node:?}");
    }
    assert!(!oracle.violated());
}

#[test]
fn berkeley_follows_the_largest_set_that_agrees() {
    // Which clocks are ahead, how far any two of a set may differ, and where the coordinator goes.
    for (offsets_us, gamma_us, wanted_us) in [
        // A clock that has gone mad moves nobody.
        ([10_000, -10_000, 900_000], 40_000, 0),
        // The coordinator's own clock is the one: it joins the others.
        ([500_000, 510_000, 490_000], 40_000, 500_000),
        // 0, 30, 60 and 90 ms: only two of them agree within 40 ms, or all four within 90.
        ([30_000, 60_000, 90_000], 40_000, 15_000),
        ([30_000, 60_000, 90_000], 90_000, 45_000),
    ] {
        let mut cluster = cluster(Scheme::Berkeley);
        cluster.config.gamma_us = gamma_us;
        for (node, offset_us) in [A, NodeId(2), NodeId(3)].into_iter().zip(offsets_us) {
            cluster.command(1, Command::Clock { node, offset_us, drift_ppm: 0 });
        }
        let (world, oracle) = cluster.run(1, 30_000 * MS);
        for node in world.node_ids() {
            let shown_us = world.node(node).unwrap().shown_us(bare(&world, node));
            let error_us = shown_us as i64 - reference_us(world.time_us()) as i64;
            assert_eq!(error_us, wanted_us, "{node:?} of {offsets_us:?} within {gamma_us}");
        }
        assert!(!oracle.violated());
    }
}

#[test]
fn what_the_server_needs_for_its_answer_biases_cristian_by_half_of_it() {
    for (scheme, wanted_us) in [(Scheme::Cristian, 3_000), (Scheme::Ntp, 0), (Scheme::Berkeley, 0), (Scheme::Ptp, 0)] {
        let mut cluster = cluster(scheme);
        (cluster.config.serve_us, cluster.config.way_min_us) = (6 * MS, 10 * MS);
        let (world, oracle) = cluster.run(1, 10_000 * MS);
        let (error_us, claim) = error_and_claim(&world, A);
        let Claim { error_us: believed_us, bound_us } = claim.expect("it has measured");
        assert_eq!((error_us, believed_us), (wanted_us, 0), "{scheme:?}");
        // Cristian's clients know that no message is quicker than 10 ms, so that the 26 ms leave open no more than that.
        let half_us = if scheme == Scheme::Cristian { 3_000 } else { 10_000 };
        assert!((half_us..half_us + 100).contains(&bound_us), "{scheme:?}: {bound_us}");
        assert!(!oracle.violated());
    }
}

#[test]
fn a_clock_far_behind_is_set_forward_and_one_far_ahead_is_slewed() {
    let after = |offset_us: i64, slew_ppm: u64, until_us: u64| {
        let mut cluster = cluster(Scheme::Ntp);
        cluster.config.slew_ppm = slew_ppm;
        cluster.command(1_000, Command::Clock { node: A, offset_us, drift_ppm: 0 });
        let (world, oracle) = cluster.run(1, until_us);
        assert!(!oracle.violated());
        (error_and_claim(&world, A).0, oracle.counts()[3])
    };
    assert_eq!(after(-900_000, 50_000, 3_000 * MS), (0, 1));
    // Ahead: 200 ms at 5 % take four seconds.
    let (error_us, stepped) = after(200_000, 50_000, 3_000 * MS);
    assert!((50_000..=180_000).contains(&error_us), "{error_us}");
    assert_eq!((stepped, after(200_000, 50_000, 6_000 * MS)), (0, (0, 0)));
    // As kernels do it, 30 ms take a minute.
    let (error_us, _) = after(30_000, 500, 31_000 * MS);
    assert!((14_500..15_500).contains(&error_us), "{error_us}");
    assert_eq!(after(30_000, 500, 63_000 * MS), (0, 0));
}

#[test]
fn answers_that_are_late_lost_or_copied_do_no_harm() {
    for scheme in Scheme::ALL {
        let mut cluster = cluster(scheme);
        cluster.link =
            LinkProfile { latency_us: (0, 900 * MS), loss_ppm: 200_000, duplicate_ppm: 300_000, ..cluster.link };
        (cluster.config.skew_us, cluster.config.wait_us) = (100 * MS, 3 * MS);
        for seed in 0..10 {
            let (_, oracle) = cluster.run(seed, 30_000 * MS);
            assert!(!oracle.violated(), "{scheme:?}, seed {seed}");
            assert!(oracle.counts()[0] > 5, "{scheme:?}, seed {seed}");
            assert!(scheme == Scheme::Ptp || oracle.counts()[1] > 0, "{scheme:?}: nobody gave up");
        }
    }
}

#[test]
fn who_ignores_the_delay_is_wrong_by_it_and_who_steps_goes_back() {
    for scheme in Scheme::ALL {
        let mut cluster = cluster(scheme);
        cluster.link.latency_us = (8 * MS, 16 * MS);
        cluster.config.bugs.ignores_delay = true;
        let (_, oracle) = cluster.run(1, 10_000 * MS);
        assert_eq!(status(&oracle, "within-half-the-delay"), Status::Violated, "{scheme:?}");
        cluster.config.bugs = Bugs { ignores_delay: false, steps_backwards: true };
        cluster.config.skew_us = 60 * MS;
        let (_, oracle) = cluster.run(1, 10_000 * MS);
        assert_eq!(status(&oracle, "never-back"), Status::Violated, "{scheme:?}");
        assert_eq!(status(&oracle, "within-half-the-delay"), Status::Holds, "{scheme:?}");
    }
}

#[test]
fn another_scheme_takes_over_while_the_cluster_runs() {
    let mut cluster = cluster(Scheme::Berkeley);
    cluster.config.skew_us = 80 * MS;
    cluster.link.latency_us = (8 * MS, 12 * MS);
    for (turn, number) in [2, 3, 0, 1, 3, 1, 2].into_iter().enumerate() {
        cluster.command(
            (turn as u64 + 1) * 7_100 * MS,
            Command::Set { key: ParamKey::of("scheme"), value: (number, number) },
        );
    }
    let (world, oracle) = cluster.run(4, 60_000 * MS);
    assert!(!oracle.violated());
    assert_eq!((world.config().scheme, status(&oracle, "converges")), (Scheme::Ntp, Status::Met));
    assert!(error_and_claim(&world, A).0.abs() < 3_000);
}
