//! What any running process has, all have before long.

use check::{Evidence, Property, Status, Verdict};
use sim::{Command, Event, Map, NodeId, Record, Set, World};

use super::registers::Registers;
use super::{At, who};
use crate::clocks::EventId;
use crate::vector_clocks::{Note, PostId, Process};

/// What any running process has, all have before long.
pub const CONVERGENCE: Property = Property::eventually(
    "convergence",
    "Eventual Consistency",
    "Feeds show the same posts, and registers the same values",
);

/// A clock that is off by more than this is outside every promise, in parts per million.
const DRIFT_PPM_MAX: u32 = 100_000;

/// What all running processes are to have before long.
#[derive(Clone, Debug)]
struct Round {
    begin_us: u64,
    end_us: u64,
    posts: Set<PostId>,
    /// The writes whose values somebody had, by register.
    writes: Map<String, Set<EventId>>,
    /// Registers that have changed somewhere since.
    changed: Set<String>,
}

/// Rounds, one after the other, in each of which everybody can hear of everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Convergence {
    /// All machines run and all links are as they should be.
    calm: bool,
    round: Option<Round>,
    machine_max: u32,
    converged: Option<Evidence>,
    pub(super) apart: Option<Evidence>,
}

impl Convergence {
    /// How long it takes at most until all have what one has, where nothing disturbs them, in µs: everybody asks
    /// everybody in turn, with some room for clocks that are slow.
    fn bound_us(&self, world: &World<Process>) -> u64 {
        let latency_us = latency_us(world);
        let turns = u64::from(self.machine_max.max(1));
        turns * 2 * world.config().ask_us + 8 * latency_us + 500_000
    }

    /// `unordered`: posts were shown while nothing was promised of their order.
    pub(super) fn observe(
        &mut self,
        at: At,
        record: &Record<Process>,
        world: &World<Process>,
        registers: &Registers,
        unordered: bool,
    ) {
        match &record.event {
            Event::Boot(node) => {
                self.machine_max = self.machine_max.max(node.0);
                self.calm = is_calm(world);
            }
            Event::Command(command) => {
                if let Command::AddNode(node) = command {
                    self.machine_max = self.machine_max.max(node.0);
                }
                if !matches!(command, Command::Request { .. }) {
                    self.calm = is_calm(world);
                    self.round = None;
                }
            }
            _ => {}
        }
        // What was shown early may depend on what is lost, and nobody who keeps to the rule would ever show it.
        if !self.calm || self.apart.is_some() || (unordered && world.config().causal_delivery) {
            return;
        }
        if let Some(round) = &mut self.round {
            // Before the round is judged: what changes at its very end has not had any time.
            round.changed.extend(record.notes().filter_map(|note| match note {
                Note::Took { key, .. } => Some(key.clone()),
                _ => None,
            }));
        }
        match &self.round {
            None => self.round = Some(self.next_round(at, world)),
            Some(round) if at.time_us >= round.end_us => {
                let processes: Vec<&Process> = world.node_ids().filter_map(|id| world.node(id)).collect();
                match apart(round, &processes, registers) {
                    Some(reason) => at.mark(&mut self.apart, || reason),
                    None if round.posts.is_empty() && round.writes.is_empty() => {}
                    None => at.mark(&mut self.converged, String::new),
                }
                self.round = Some(self.next_round(at, world));
            }
            Some(_) => {}
        }
    }

    fn next_round(&self, at: At, world: &World<Process>) -> Round {
        let (mut posts, mut writes) = (Set::new(), Map::<String, Set<EventId>>::new());
        for process in world.node_ids().filter_map(|id| world.node(id)) {
            posts.extend(process.feed.posts().iter().map(|post| post.id));
            for key in process.registers.keys() {
                writes.entry(key.clone()).or_default().extend(held(process, key));
            }
        }
        let end_us = at.time_us + self.bound_us(world);
        Round { begin_us: at.time_us, end_us, posts, writes, changed: Set::new() }
    }

    pub(super) fn verdict(&self, now_us: u64) -> Verdict {
        let (status, basis) = match (&self.apart, &self.converged, &self.round) {
            (Some(_), ..) => (Status::Violated, String::new()),
            (None, Some(_), _) => (Status::Met, String::new()),
            (None, None, Some(round)) => {
                let since_ms = now_us.saturating_sub(round.begin_us) / 1_000;
                (Status::Pending, format!("waiting for {since_ms} ms of {}", (round.end_us - round.begin_us) / 1_000))
            }
            (None, None, None) => {
                (Status::Pending, "somebody is cut off or down, or nobody asks, so nothing is promised".to_owned())
            }
        };
        Verdict { property: CONVERGENCE, status, evidence: self.apart.clone(), basis }
    }

    /// The writes that the end of the round asks after.
    pub(super) fn needed(&self) -> impl Iterator<Item = EventId> + '_ {
        self.round.iter().flat_map(|round| round.writes.values().flatten().copied())
    }
}

/// The writes whose values a process has.
fn held<'a>(process: &'a Process, key: &str) -> impl Iterator<Item = EventId> + 'a {
    let siblings = process.registers.get(key).map_or(&[][..], |register| register.siblings());
    siblings.iter().map(|version| version.write)
}

fn latency_us(world: &World<Process>) -> u64 {
    let nodes: Vec<NodeId> = world.node_ids().collect();
    let pairs = nodes.iter().flat_map(|&from| nodes.iter().map(move |&to| (from, to)));
    pairs.filter(|(from, to)| from != to).map(|(from, to)| latency_max_us(world, from, to)).max().unwrap_or(0)
}

fn latency_max_us(world: &World<Process>, from: NodeId, to: NodeId) -> u64 {
    let profile = world.link_profile(from, to);
    let ((x, y), (other_x, other_y)) = (world.place(from), world.place(to));
    let distance = u64::from(x.abs_diff(other_x)) + u64::from(y.abs_diff(other_y));
    2 * profile.latency_us.1 + u64::from(profile.distance_us) * distance
}

/// Whether all machines run, and all links carry everything in good time.
fn is_calm(world: &World<Process>) -> bool {
    let nodes: Vec<NodeId> = world.node_ids().collect();
    let machine = |&node: &NodeId| {
        world.is_up(node) && !world.is_paused(node) && world.clock(node).drift_ppm().unsigned_abs() <= DRIFT_PPM_MAX
    };
    let link = |from: NodeId, to: NodeId| {
        let profile = world.link_profile(from, to);
        world.link_up(from, to) && !world.link_held(from, to) && profile.loss_ppm == 0 && profile.bandwidth_bps == 0
    };
    world.config().ask_us > 0
        && nodes.iter().all(machine)
        && nodes.iter().all(|&from| nodes.iter().all(|&to| from == to || link(from, to)))
}

/// What somebody has not got, or has otherwise than another one, if anything.
fn apart(round: &Round, processes: &[&Process], registers: &Registers) -> Option<String> {
    let waited_ms = (round.end_us - round.begin_us) / 1_000;
    for process in processes {
        if let Some(post) = round.posts.iter().find(|&&post| !process.feed.has_shown(post)) {
            let (here, author, number) = (who(process.me), who(post.author), post.number);
            return Some(format!(
                "{here} does not show post {number} of {author}, which another process had shown {waited_ms} ms ago"
            ));
        }
    }
    for (key, writes) in &round.writes {
        // What nobody has any more nobody can hand on.
        let still = |write: &&EventId| processes.iter().any(|process| held(process, key).any(|held| held == **write));
        for &write in writes.iter().filter(still) {
            if let Some(process) = processes.iter().find(|process| !registers.covers(process.me, key, write)) {
                let here = who(process.me);
                return Some(format!(
                    "{here} has not taken in a write of {key} that another process had {waited_ms} ms ago"
                ));
            }
        }
        if round.changed.contains(key) {
            continue;
        }
        let all = |process: &Process| held(process, key).collect::<Set<EventId>>();
        if let Some(pair) = processes.windows(2).find(|pair| all(pair[0]) != all(pair[1])) {
            let said = |process: &Process| {
                let values = process.registers.get(key).map(|register| register.values()).unwrap_or_default();
                format!("{values:?} at {}", who(process.me))
            };
            let (one, other) = (said(pair[0]), said(pair[1]));
            return Some(format!("{key} is {one} and {other}, and has not changed for {waited_ms} ms"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use sim::{ClusterConfig, Driver, LinkChange, LinkProfile, Stamped};

    use super::super::tests::{A, B, C, at, config, event, holding, version};
    use super::super::{Config, FeedOracle};
    use super::*;
    use crate::vector_clocks::{Op, Version};

    /// Three processes that ask each other, and what happens to them.
    fn driver(ask_us: u64) -> Driver<Process, FeedOracle> {
        let config = Config { ask_us, ..config() };
        let link = LinkProfile { latency_us: (10_000, 10_000), ..LinkProfile::default() };
        let cluster = ClusterConfig { nodes: 3, link, disk_sync_us: (0, 0), positions: Vec::new() };
        let oracle = FeedOracle::new(&config);
        Driver::new(1, config, cluster, oracle)
    }

    fn status(driver: &Driver<Process, FeedOracle>) -> Status {
        driver.observer.convergence.verdict(driver.world.time_us()).status
    }

    #[test]
    fn feeds_that_stay_apart_are_rejected() {
        let post = |at_us: u64| Stamped::at(at_us, Command::Request { node: A, op: Op::Post("photo".to_owned()) });
        let loss = LinkChange { loss_ppm: Some(1_000_000), ..LinkChange::default() };
        let link =
            |at_us: u64, change: LinkChange| Stamped::at(at_us, Command::Link { from: A, to: C, both: true, change });
        let plan = [link(0, loss), post(1_000), link(50_000, LinkChange::default())];
        let mut fine = driver(100_000);
        while fine.step(&plan, 5_000_000) {}
        assert_eq!(status(&fine), Status::Met);
        // The same, but what the oracle is told to be there is never shown by anybody.
        let mut oracle_alone = driver(100_000);
        while oracle_alone.step(&plan, 40_000) {}
        while oracle_alone.step(&plan, 100_000) {}
        let round = oracle_alone.observer.convergence.round.as_mut().expect("all is calm");
        round.posts.insert(PostId { author: A, number: 2 });
        while oracle_alone.step(&plan, 5_000_000) {}
        let reason = oracle_alone.observer.convergence.apart.unwrap().reason;
        assert!(reason.contains("n1 does not show post 2 of n1, which another process had shown"), "{reason}");
        // As long as a link loses messages nothing is promised; nor where nobody asks.
        for (ask_us, plan) in [(100_000, &plan[..2]), (0, &plan[..])] {
            let mut driver = driver(ask_us);
            while driver.step(plan, 5_000_000) {}
            assert_eq!(status(&driver), Status::Pending);
        }
    }

    /// A writes 100; B, which has heard of it, writes 120; both have heard of both.
    fn heard() -> Registers {
        let mut registers = Registers::default();
        registers.wrote(at(1), 1, ("x", 100), event(A, 1), None);
        registers.arrived(at(2), B, "x", event(A, 1));
        registers.wrote(at(3), 2, ("x", 120), event(B, 1), None);
        registers.arrived(at(4), A, "x", event(B, 1));
        registers
    }

    /// What is wrong at the end of a round, if anything, where processes have these values.
    fn judged(registers: &Registers, changed: bool, values: &[(NodeId, &[Version])]) -> Option<String> {
        let processes: Vec<Process> = values.iter().map(|(me, versions)| holding(*me, versions)).collect();
        let round = Round {
            begin_us: 0,
            end_us: 900_000,
            posts: Set::new(),
            writes: Map::from([("x".to_owned(), Set::from([event(A, 1), event(B, 1)]))]),
            changed: changed.then(|| "x".to_owned()).into_iter().collect(),
        };
        apart(&round, &processes.iter().collect::<Vec<_>>(), registers)
    }

    #[test]
    fn registers_with_other_values_are_rejected() {
        let (old, new) = (version(A, 1, 100), version(B, 1, 120));
        let registers = heard();
        let (both, one) = ([old, new.clone()], [new]);
        assert_eq!(judged(&registers, false, &[(A, &one), (B, &one)]), None);
        assert_eq!(
            judged(&registers, false, &[(A, &both), (B, &one)]).unwrap(),
            "x is [100, 120] at n1 and [120] at n2, and has not changed for 900 ms"
        );
        // Where somebody has just written they may differ for a while.
        assert_eq!(judged(&registers, true, &[(A, &both), (B, &one)]), None);
    }

    #[test]
    fn a_register_that_stays_behind_is_rejected() {
        let new = [version(B, 1, 120)];
        let mut registers = heard();
        let behind = judged(&registers, true, &[(A, &new), (B, &new), (C, &[])]);
        assert_eq!(behind.unwrap(), "n3 has not taken in a write of x that another process had 900 ms ago");
        // What somebody has replaced since is gone, and need not arrive.
        registers.arrived(at(5), C, "x", event(B, 1));
        assert_eq!(judged(&registers, true, &[(A, &new), (B, &new), (C, &new)]), None);
    }
}
