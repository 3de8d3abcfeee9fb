//! Everything at once: requests, transfers, membership changes, timeouts by hand, crashes that lose
//! writes, pauses, cuts, frozen links, late and doubled messages. Whatever the paper claims of safety
//! holds at every step; when the storm is over there is a leader, and it commits.

use sim::random::{Domain, Stream};
use sim::{Command, DiskMode, Flags};

use super::*;
use crate::raft::LEASE_DRIFT_PERCENT;

const STORM_US: u64 = 5_000 * MS;

struct Storm {
    draw: Stream,
    nodes: u32,
    servers: Vec<NodeId>,
}

impl Storm {
    fn upto(&mut self, most: u64) -> u64 {
        self.draw.range(0, most)
    }

    fn node(&mut self) -> NodeId {
        NodeId(self.draw.range(0, u64::from(self.nodes) - 1) as u32)
    }

    fn server(&mut self) -> NodeId {
        let place = self.draw.range(0, self.servers.len() as u64 - 1);
        self.servers[place as usize]
    }

    fn op(&mut self, changes: bool) -> Op {
        let key = ["x", "y"][self.upto(1) as usize].to_owned();
        match self.upto(if changes { 11 } else { 7 }) {
            0..=2 => Op::Kv(KvOp::Put { key, value: self.upto(1_000_000) as i64 }),
            3 | 4 => Op::Kv(KvOp::Get { key }),
            5 => Op::Kv(KvOp::Add { key, by: 1 }),
            6 => Op::TimeOut,
            7 => Op::Transfer(self.server()),
            8 | 9 => Op::AddServer(self.server()),
            _ => Op::RemoveServer(self.server()),
        }
    }

    fn command(&mut self, told: &Told, changes: bool, drift_ppm: i32) -> Command<Op> {
        let (node, other) = (self.node(), self.node());
        let both = self.upto(2) > 0;
        let apart = node != other;
        match self.upto(21) {
            0..=7 => {
                Command::Request { node: if self.upto(3) == 0 { node } else { self.server() }, op: self.op(changes) }
            }
            8 => Command::Crash(node),
            9..=11 => Command::Restart(node),
            12 if apart => Command::Cut { from: node, to: other, both },
            13 if apart => Command::Heal { from: node, to: other, both },
            14 if self.upto(3) == 0 => {
                let split = self.draw.range(1, u64::from(self.nodes) - 1);
                let place = |offset: u64| NodeId(((offset + u64::from(node.0)) % u64::from(self.nodes)) as u32);
                let all = u64::from(self.nodes);
                Command::Partition(vec![(0..split).map(place).collect(), (split..all).map(place).collect()])
            }
            14 | 15 => Command::HealAll,
            16 => Command::Pause(node),
            17 => Command::Resume(node),
            18 if apart && self.upto(1) == 0 => Command::Hold { from: node, to: other, both },
            18 if apart => Command::Release { from: node, to: other, both },
            19 => {
                let mode = if self.upto(1) == 0 { DiskMode::Normal } else { DiskMode::LoseUnsynced };
                Command::Disk { node, mode, sync_us: None }
            }
            20 => Command::Clock {
                node,
                offset_us: 0,
                drift_ppm: self.draw.range(0, 2 * drift_ppm as u64) as i32 - drift_ppm,
            },
            _ => {
                let flights = told.world().flights();
                if flights.is_empty() {
                    return Command::HealAll;
                }
                let id = flights[self.draw.range(0, flights.len() as u64 - 1) as usize].id;
                let acts = [
                    sim::MessageAct::Drop,
                    sim::MessageAct::Hold,
                    sim::MessageAct::Release,
                    sim::MessageAct::Duplicate,
                    sim::MessageAct::Deliver,
                ];
                Command::Message { id, act: acts[self.upto(4) as usize] }
            }
        }
    }
}

/// A storm over a cluster; what it came to, and whether a write commits afterwards. It ends at the
/// first violation of safety.
fn storm(seed: u64, bugs: &Bugs) -> (Told, bool) {
    let mut draw = Stream::new(seed, Domain::Faults, 77);
    let pick = |draw: &mut Stream, most: u64| draw.range(0, most);
    let mut cluster = alive(seed).with(|config| {
        config.servers = 3 + pick(&mut draw, 2) as u32;
        config.clients = pick(&mut draw, 2) as u32;
        config.workload_us = [0, 30, 90][pick(&mut draw, 2) as usize] * MS;
        config.snapshot_every = [0, 2, 5, 20][pick(&mut draw, 3) as usize];
        config.pre_vote = pick(&mut draw, 1) == 1;
        config.check_quorum = pick(&mut draw, 1) == 1;
        config.reads = if pick(&mut draw, 1) == 1 { Reads::Lease } else { Reads::ReadIndex };
        config.vote_guard = seed.is_multiple_of(2);
        config.bugs = bugs.clone();
    });
    cluster.spare = pick(&mut draw, 2) as u32;
    cluster.disk_sync_us = [(MS, MS), (0, 0), (0, 20 * MS)][pick(&mut draw, 2) as usize];
    let changes = pick(&mut draw, 2) > 0;
    // Half of what a lease allows for, since clocks may be off in both directions.
    let drift_ppm = LEASE_DRIFT_PERCENT as i32 * 10_000 / 2 - 5_000;
    let pace_us = [3, 10, 40][pick(&mut draw, 2) as usize] * MS;
    let mut told = cluster.start();
    let nodes = told.world().cluster().nodes;
    let servers = (0..nodes).map(NodeId).filter(|&node| !told.world().config().is_client(node)).collect();
    let mut storm = Storm { draw, nodes, servers };
    while told.world().time_us() < STORM_US {
        let command = storm.command(&told, changes, drift_ppm);
        told.does(&command);
        let until_us = told.world().time_us() + storm.upto(pace_us);
        told.0.run_until(&[], until_us);
        if told.oracle().violated() {
            return (told, false);
        }
    }
    told.heals();
    for node in (0..nodes).map(NodeId) {
        told.does(&Command::Restart(node));
        told.does(&Command::Resume(node));
        told.does(&Command::Clock { node, offset_us: 0, drift_ppm: 0 });
        for to in (0..nodes).map(NodeId).filter(|to| *to != node) {
            told.does(&Command::Release { from: node, to, both: false });
        }
    }
    let held: Vec<_> = told.world().flights().iter().filter(|flight| flight.held()).map(|flight| flight.id).collect();
    for id in held {
        told.does(&Command::Message { id, act: sim::MessageAct::Release });
    }
    told.wait(4_000);
    let mut commits = false;
    for _ in 0..20 {
        for leader in told.leaders() {
            let id = told.puts(leader, 1);
            told.wait(150);
            commits |= matches!(told.answer(id), Some(Ret::Kv(_)));
        }
        if commits {
            break;
        }
        told.wait(200);
    }
    (told, commits)
}

fn seeds(otherwise: u64) -> std::ops::Range<u64> {
    // `SEEDS=100000..200000` for a long night.
    let given = std::env::var("SEEDS").ok();
    given
        .as_deref()
        .and_then(|text| text.split_once(".."))
        .map_or(0..otherwise, |(from, to)| from.parse().expect("a number")..to.parse().expect("a number"))
}

#[test]
fn nothing_breaks_in_a_storm_and_all_is_well_after_it() {
    let range = seeds(400);
    let count = range.end - range.start;
    let (mut leaders, mut committed, mut installed, mut changed) = (0, 0, 0, 0);
    for seed in range {
        let (told, commits) = storm(seed, &Bugs::default());
        assert_eq!(told.violated(), [""; 0], "seed {seed}");
        assert!(commits, "seed {seed}: nothing commits after the storm");
        leaders += told.oracle().leaders().count() as u64;
        committed += told.oracle().entries_committed();
        for note in told.log().records.iter().flat_map(Record::notes) {
            installed += u64::from(matches!(note, Note::InstalledSnapshot { .. }));
            changed +=
                u64::from(matches!(note, Note::Applied { entry } if matches!(entry.payload, Payload::Members(_))));
        }
    }
    // About three leaders, thirty entries and two applied changes each, and a snapshot in every second.
    assert!(leaders > 2 * count && committed > 15 * count, "{leaders} leaders, {committed} entries");
    assert!(installed > count / 4 && changed > count, "{installed} snapshots, {changed} changes");
}

/// The storm is one in which mistakes show: each within fifteen times as many seeds as one hit takes on
/// average. Hits in seeds 0 to 1999, when this was written, are behind each line. Measured as well, and
/// too rare for a test: `truncates_always` 28, `overlapping_changes` 7, `acks_before_fsync` 4; never:
/// `counts_late_votes`, `commits_old_terms`, `change_before_own_term`, which have tests of their own.
#[test]
fn mistakes_show_in_a_storm() {
    let bugs = [
        ("forgets-vote", 110),            // 282
        ("no-log-check", 55),             // 550
        ("majority-of-reachable", 40),    // 832
        ("wins-by-waiting", 25),          // 1258
        ("no-consistency-check", 280),    // 107
        ("commits-beyond-verified", 480), // 62
        ("stale-leader-reads", 420),      // 71
    ];
    for (name, within) in bugs {
        let wrong = Bugs::only(name).expect("a known mistake");
        let found = (0..within).any(|seed| !storm(seed, &wrong).0.violated().is_empty());
        assert!(found, "{name} does not show in {within} storms");
    }
}
