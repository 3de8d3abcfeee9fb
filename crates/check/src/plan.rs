//! Fault plans: what a seed does to a cluster.
//!
//! A plan is made from the seed alone, before the run, as a list of ordinary commands. So a hit of
//! a sweep needs no special replay: its plan is its run. Each seed switches every kind of fault
//! off with probability one half (swarm testing; Groce et al., ISSTA 2012): a run with crashes and
//! nothing else goes places where a run with everything never goes. Chaos comes first; then all
//! faults end, so that liveness can be demanded of the rest.

use sim::random::{Domain, Stream};
use sim::{Command, NodeId, Stamped};

/// A kind of fault that an algorithm may claim to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// Crash, and restart from disk after a while.
    Crash,
    /// Cut one link, one way or both ways, and heal it after a while.
    Cut,
    /// Split the cluster in two, and heal after a while.
    Partition,
    /// Pause a process, and let it go on after a while.
    Pause,
    /// Make links lose and duplicate messages for a while.
    Loss,
}

/// What a lab claims to survive, and how its sweeps stress it.
#[derive(Clone, Debug)]
pub struct FaultModel {
    /// The kinds of faults inside the model.
    pub kinds: Vec<FaultKind>,
    /// Faults act until this time, in µs; then everything is healed and restarted.
    pub chaos_us: u64,
    /// The run ends here, in µs.
    pub horizon_us: u64,
    /// Typical time between faults of one kind at full intensity, in µs.
    pub interval_us: u64,
}

impl FaultModel {
    /// The fault plan of `seed` for a cluster of `nodes`, ordered by time.
    #[must_use]
    pub fn plan<Op: Clone>(&self, seed: u64, nodes: u32) -> Vec<Stamped<Op>> {
        let mut plan = Vec::new();
        for &kind in &self.kinds {
            let mut stream = Stream::new(seed, Domain::Faults, kind as u64);
            if stream.happens(500_000) {
                continue;
            }
            // Intensity differs by seed: from storms to rare faults.
            let interval_us = self.interval_us << stream.range(0, 3);
            let mut at_us = stream.range(0, interval_us);
            while at_us < self.chaos_us {
                // Short faults race with messages, long ones with timeouts.
                let length_us =
                    if stream.happens(500_000) { stream.range(1_000, 30_000) } else { stream.range(30_000, 1_000_000) };
                let end_us = (at_us + length_us).min(self.chaos_us);
                push_fault(kind, nodes, at_us, end_us, &mut stream, &mut plan);
                at_us += stream.range(interval_us / 4, interval_us * 2);
            }
        }
        plan.push(Stamped::at(self.chaos_us, Command::HealAll));
        plan.sort_by_key(|stamped| stamped.at_us);
        plan
    }
}

fn push_fault<Op>(
    kind: FaultKind,
    nodes: u32,
    at_us: u64,
    end_us: u64,
    stream: &mut Stream,
    plan: &mut Vec<Stamped<Op>>,
) {
    let pick = |stream: &mut Stream| NodeId(stream.range(0, u64::from(nodes) - 1) as u32);
    let node = pick(stream);
    match kind {
        FaultKind::Crash => {
            plan.push(Stamped::at(at_us, Command::Crash(node)));
            plan.push(Stamped::at(end_us, Command::Restart(node)));
        }
        FaultKind::Pause => {
            plan.push(Stamped::at(at_us, Command::Pause(node)));
            plan.push(Stamped::at(end_us, Command::Resume(node)));
        }
        FaultKind::Cut => {
            let to = pick(stream);
            let both = stream.happens(700_000);
            if node != to {
                plan.push(Stamped::at(at_us, Command::Cut { from: node, to, both }));
                plan.push(Stamped::at(end_us, Command::Heal { from: node, to, both }));
            }
        }
        FaultKind::Partition => {
            let (mut left, mut right) = (Vec::new(), Vec::new());
            for node in (0..nodes).map(NodeId) {
                if stream.happens(500_000) { left.push(node) } else { right.push(node) }
            }
            if !left.is_empty() && !right.is_empty() {
                plan.push(Stamped::at(at_us, Command::Partition(vec![left, right])));
                plan.push(Stamped::at(end_us, Command::HealAll));
            }
        }
        FaultKind::Loss => {
            let to = pick(stream);
            let (loss, duplicate) = (stream.range(0, 500_000) as u32, stream.range(0, 300_000) as u32);
            let link = |loss_ppm, duplicate_ppm| Command::Link {
                from: node,
                to,
                both: true,
                latency_us: None,
                loss_ppm: Some(loss_ppm),
                duplicate_ppm: Some(duplicate_ppm),
            };
            if node != to {
                plan.push(Stamped::at(at_us, link(loss, duplicate)));
                plan.push(Stamped::at(end_us, link(0, 0)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> FaultModel {
        FaultModel {
            kinds: vec![FaultKind::Crash, FaultKind::Cut, FaultKind::Partition, FaultKind::Pause, FaultKind::Loss],
            chaos_us: 4_000_000,
            horizon_us: 8_000_000,
            interval_us: 100_000,
        }
    }

    #[test]
    fn a_plan_is_ordered_and_ends_healed() {
        for seed in 0..200 {
            let plan = model().plan::<()>(seed, 5);
            assert!(plan.is_sorted_by_key(|stamped| stamped.at_us));
            assert!(plan.iter().all(|stamped| stamped.at_us <= 4_000_000));
            let (mut down, mut paused) = ([0i32; 5], [0i32; 5]);
            for stamped in &plan {
                match &stamped.command {
                    Command::Crash(node) => down[node.index()] = 1,
                    Command::Restart(node) => down[node.index()] = 0,
                    Command::Pause(node) => paused[node.index()] = 1,
                    Command::Resume(node) => paused[node.index()] = 0,
                    _ => {}
                }
            }
            assert_eq!((down, paused), ([0; 5], [0; 5]), "seed {seed} leaves a machine down or paused");
        }
    }

    #[test]
    fn each_kind_is_off_in_about_half_of_the_seeds() {
        let mut crashes = 0;
        for seed in 0..400 {
            crashes += u32::from(model().plan::<()>(seed, 5).iter().any(|s| matches!(s.command, Command::Crash(_))));
        }
        assert!((150..250).contains(&crashes), "{crashes} of 400 seeds crash something");
    }
}
