//! Fault plans: what a seed does to a cluster.
//!
//! A plan is made from the seed alone, before the run, as a list of ordinary commands. So a hit of
//! a sweep needs no special replay: its plan is its run. Each seed switches every kind of fault
//! off with probability one half (swarm testing; Groce et al., ISSTA 2012): a run with crashes and
//! nothing else goes places where a run with everything never goes. Chaos comes first; then all
//! faults end, so that liveness can be demanded of the rest.
//!
//! One thing a plan cannot know: which messages will be in flight. Where it drops or duplicates a
//! single message it says "any" ([`MessageId::any`]), and [`run_seed`](crate::run_seed) writes down
//! which one that was.
//!
//! Left out: faults that depend on what the cluster does ("crash the leader"); a lab can plan them
//! as operations of its own.

use sim::random::{Domain, Stream};
use sim::{Command, DiskMode, LinkChange, MessageAct, MessageId, NodeId, Stamped};

/// A kind of fault that an algorithm may claim to survive. Each fault lasts for 1 to 30 ms or for
/// 30 ms to 1 s, half of them each; what it says below is the range of its intensity, drawn anew
/// for each fault.
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
    /// Make a link lose up to 50 % and duplicate up to 30 % of its messages for a while.
    Loss,
    /// A clock runs fast or slow for a while, by up to [`FaultModel::drift_ppm_max`].
    ClockDrift,
    /// A wall clock is ahead or behind for a while, by up to [`FaultModel::offset_us_max`].
    ClockOffset,
    /// A disk keeps nothing that is not synced, should its machine crash; it does crash while this
    /// lasts, half of the time.
    LoseUnsynced,
    /// A disk leaves a corrupt record behind, should its machine crash; it does crash while this
    /// lasts, half of the time.
    TornWrites,
    /// A disk is slow for a while.
    SlowDisk,
    /// A disk is full for a while.
    FullDisk,
    /// A link is slow for a while: up to [`FaultModel::spike_us_max`] one way.
    LatencySpike,
    /// A link holds its messages for a while and then lets them all go.
    Hold,
    /// Drop one message in flight.
    DropMessage,
    /// Duplicate one message in flight.
    DuplicateMessage,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::Crash,
        Self::Cut,
        Self::Partition,
        Self::Pause,
        Self::Loss,
        Self::ClockDrift,
        Self::ClockOffset,
        Self::LoseUnsynced,
        Self::TornWrites,
        Self::SlowDisk,
        Self::FullDisk,
        Self::LatencySpike,
        Self::Hold,
        Self::DropMessage,
        Self::DuplicateMessage,
    ];

    /// All kinds but those of disks, for who keeps nothing there.
    pub const NO_DISKS: [Self; 11] = [
        Self::Crash,
        Self::Cut,
        Self::Partition,
        Self::Pause,
        Self::Loss,
        Self::ClockDrift,
        Self::ClockOffset,
        Self::LatencySpike,
        Self::Hold,
        Self::DropMessage,
        Self::DuplicateMessage,
    ];
}

/// What a lab claims to survive, and how its sweeps stress it.
#[derive(Clone, Debug)]
pub struct FaultModel {
    /// The kinds of faults inside the model.
    pub kinds: Vec<FaultKind>,
    /// Only nodes below this number have faulty machines, clocks and disks; the network is faulty
    /// for all. Clients come after servers.
    pub servers: u32,
    /// Faults act until this time, in µs; then everything is healed and restarted.
    pub chaos_us: u64,
    /// The run ends here, in µs.
    pub horizon_us: u64,
    /// Typical time between faults of one kind at full intensity, in µs.
    pub interval_us: u64,
    /// Largest drift of a clock, either way, in parts per million.
    pub drift_ppm_max: u32,
    /// Largest offset of a wall clock, either way, in µs.
    pub offset_us_max: u64,
    /// Longest latency in a spike, one way, in µs.
    pub spike_us_max: u64,
}

impl FaultModel {
    /// These kinds of faults on all nodes for so long, and then so long without any, in µs; their bounds are usual ones.
    #[must_use]
    pub fn of(kinds: &[FaultKind], chaos_us: u64, calm_us: u64) -> Self {
        Self {
            kinds: kinds.to_vec(),
            servers: u32::MAX,
            chaos_us,
            horizon_us: chaos_us + calm_us,
            interval_us: 100_000,
            drift_ppm_max: 50_000,
            offset_us_max: 1_000_000,
            spike_us_max: 500_000,
        }
    }
}

/// What a lab itself plans for each seed: client requests, changes of membership, transfers.
#[derive(Clone, Copy, Debug)]
pub struct PlannedOps<Op> {
    /// Typical time between two, in µs; a seed has them up to eight times as rare.
    pub interval_us: u64,
    /// They are planned up to this time, in µs.
    pub until_us: u64,
    /// Whether half of the seeds do without, as with faults.
    pub swarm: bool,
    /// Makes the next command, for a cluster of so many nodes; none leaves one out.
    pub next: fn(&mut Stream, u32) -> Option<Command<Op>>,
}

impl FaultModel {
    /// The fault plan of `seed` for a cluster of `nodes`, ordered by time.
    #[must_use]
    pub fn plan<Op: Clone>(&self, seed: u64, nodes: u32) -> Vec<Stamped<Op>> {
        self.plan_with(seed, nodes, &[])
    }

    /// The fault plan of `seed` for a cluster of `nodes`, together with operations of the lab's own,
    /// ordered by time. Leaving out one of `ops` changes none of the others' draws.
    #[must_use]
    pub fn plan_with<Op: Clone>(&self, seed: u64, nodes: u32, ops: &[PlannedOps<Op>]) -> Vec<Stamped<Op>> {
        let mut plan = Vec::new();
        for &kind in &self.kinds {
            let mut stream = Stream::new(seed, Domain::Faults, kind as u64);
            if stream.happens(500_000) {
                continue;
            }
            each_moment(&mut stream, self.interval_us, self.chaos_us, |at_us, stream| {
                // Short faults race with messages, long ones with timeouts.
                let length_us =
                    if stream.happens(500_000) { stream.range(1_000, 30_000) } else { stream.range(30_000, 1_000_000) };
                let span_us = (at_us, (at_us + length_us).min(self.chaos_us));
                self.push_fault(kind, nodes, span_us, stream, &mut plan);
            });
        }
        for (index, planned) in (0u64..).zip(ops) {
            let mut stream = Stream::new(seed, Domain::Workload, index);
            if planned.swarm && stream.happens(500_000) {
                continue;
            }
            each_moment(&mut stream, planned.interval_us, planned.until_us, |at_us, stream| {
                plan.extend((planned.next)(stream, nodes).map(|command| Stamped::at(at_us, command)));
            });
        }
        plan.push(Stamped::at(self.chaos_us, Command::HealAll));
        plan.sort_by_key(|stamped| stamped.at_us);
        plan
    }

    fn push_fault<Op>(
        &self,
        kind: FaultKind,
        nodes: u32,
        (at_us, end_us): (u64, u64),
        stream: &mut Stream,
        plan: &mut Vec<Stamped<Op>>,
    ) {
        let pick = |stream: &mut Stream, below: u32| NodeId(stream.range(0, u64::from(below.max(1)) - 1) as u32);
        let server = |stream: &mut Stream| pick(stream, nodes.min(self.servers));
        let either_way = |stream: &mut Stream, max: u64| stream.range(0, 2 * max) as i64 - max as i64;
        let mut push = |at_us: u64, command: Command<Op>| plan.push(Stamped::at(at_us, command));
        match kind {
            FaultKind::Crash => {
                let node = server(stream);
                push(at_us, Command::Crash(node));
                push(end_us, Command::Restart(node));
            }
            FaultKind::Pause => {
                let node = server(stream);
                push(at_us, Command::Pause(node));
                push(end_us, Command::Resume(node));
            }
            FaultKind::ClockDrift | FaultKind::ClockOffset => {
                let node = server(stream);
                let (mut offset_us, mut drift_ppm) = (0, 0);
                if kind == FaultKind::ClockDrift {
                    drift_ppm = either_way(stream, u64::from(self.drift_ppm_max)) as i32;
                } else {
                    offset_us = either_way(stream, self.offset_us_max);
                }
                push(at_us, Command::Clock { node, offset_us, drift_ppm });
                push(end_us, Command::Clock { node, offset_us: 0, drift_ppm: 0 });
            }
            FaultKind::LoseUnsynced | FaultKind::TornWrites | FaultKind::SlowDisk | FaultKind::FullDisk => {
                let node = server(stream);
                let mode = match kind {
                    FaultKind::LoseUnsynced => DiskMode::LoseUnsynced,
                    FaultKind::TornWrites => DiskMode::Torn,
                    FaultKind::SlowDisk => DiskMode::Slow,
                    _ => DiskMode::Full,
                };
                push(at_us, Command::Disk { node, mode, sync_us: None });
                // What a crash leaves shows only in a crash.
                if matches!(mode, DiskMode::LoseUnsynced | DiskMode::Torn) && stream.happens(500_000) {
                    push(stream.range(at_us, end_us), Command::Crash(node));
                    push(end_us, Command::Restart(node));
                }
                push(end_us, Command::Disk { node, mode: DiskMode::Normal, sync_us: None });
            }
            FaultKind::Partition => {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                for node in (0..nodes).map(NodeId) {
                    if stream.happens(500_000) { left.push(node) } else { right.push(node) }
                }
                if !left.is_empty() && !right.is_empty() {
                    push(at_us, Command::Partition(vec![left, right]));
                    push(end_us, Command::HealAll);
                }
            }
            FaultKind::Cut | FaultKind::Hold | FaultKind::Loss | FaultKind::LatencySpike => {
                let (from, to) = (pick(stream, nodes), pick(stream, nodes));
                let both = stream.happens(700_000);
                let change = match kind {
                    FaultKind::LatencySpike => {
                        let high = stream.range(1, self.spike_us_max.max(1));
                        LinkChange { latency_us: Some((high / 4, high)), ..LinkChange::default() }
                    }
                    _ => LinkChange {
                        loss_ppm: Some(stream.range(0, 500_000) as u32),
                        duplicate_ppm: Some(stream.range(0, 300_000) as u32),
                        ..LinkChange::default()
                    },
                };
                if from == to {
                    return;
                }
                let (start, end) = match kind {
                    FaultKind::Cut => (Command::Cut { from, to, both }, Command::Heal { from, to, both }),
                    FaultKind::Hold => (Command::Hold { from, to, both }, Command::Release { from, to, both }),
                    _ => {
                        let link = |change| Command::Link { from, to, both, change };
                        (link(change), link(LinkChange::default()))
                    }
                };
                push(at_us, start);
                push(end_us, end);
            }
            FaultKind::DropMessage | FaultKind::DuplicateMessage => {
                let act = if kind == FaultKind::DropMessage { MessageAct::Drop } else { MessageAct::Duplicate };
                push(at_us, Command::Message { id: MessageId::any(stream.bits() as u32), act });
            }
        }
    }
}

/// Calls `act` at moments below `until_us` that are about `interval_us` apart, or two, four or eight
/// times as much: intensity differs by seed, from storms to rare events.
fn each_moment(stream: &mut Stream, interval_us: u64, until_us: u64, mut act: impl FnMut(u64, &mut Stream)) {
    let interval_us = interval_us.max(4) << stream.range(0, 3);
    let mut at_us = stream.range(0, interval_us);
    while at_us < until_us {
        act(at_us, stream);
        at_us += stream.range(interval_us / 4, interval_us * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> FaultModel {
        FaultModel { servers: 4, ..FaultModel::of(&FaultKind::ALL, 4_000_000, 4_000_000) }
    }

    #[test]
    fn a_plan_is_ordered_and_ends_as_it_began() {
        for seed in 0..300 {
            let plan = model().plan::<()>(seed, 5);
            assert!(plan.is_sorted_by_key(|stamped| stamped.at_us));
            assert!(plan.iter().all(|stamped| stamped.at_us <= 4_000_000));
            let mut machines = [(true, true, DiskMode::Normal, (0i64, 0i32)); 5];
            let mut links = [[(true, false, LinkChange::default()); 5]; 5];
            for stamped in &plan {
                let mut each = |from: NodeId, to: NodeId, both: bool, act: &dyn Fn(&mut (bool, bool, LinkChange))| {
                    act(&mut links[from.index()][to.index()]);
                    if both {
                        act(&mut links[to.index()][from.index()]);
                    }
                };
                match &stamped.command {
                    Command::Crash(node) => machines[node.index()].0 = false,
                    Command::Restart(node) => machines[node.index()].0 = true,
                    Command::Pause(node) => machines[node.index()].1 = false,
                    Command::Resume(node) => machines[node.index()].1 = true,
                    Command::Disk { node, mode, sync_us: None } => machines[node.index()].2 = *mode,
                    Command::Clock { node, offset_us, drift_ppm } => {
                        assert!(drift_ppm.abs() <= 50_000 && offset_us.abs() <= 1_000_000);
                        machines[node.index()].3 = (*offset_us, *drift_ppm);
                    }
                    Command::Cut { from, to, both } => each(*from, *to, *both, &|link| link.0 = false),
                    Command::Heal { from, to, both } => each(*from, *to, *both, &|link| link.0 = true),
                    Command::Hold { from, to, both } => each(*from, *to, *both, &|link| link.1 = true),
                    Command::Release { from, to, both } => each(*from, *to, *both, &|link| link.1 = false),
                    Command::Link { from, to, both, change } => each(*from, *to, *both, &|link| link.2 = *change),
                    Command::HealAll => links.iter_mut().flatten().for_each(|link| link.0 = true),
                    Command::Partition(groups) => assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 5),
                    Command::Message { id, .. } => assert!(id.is_any()),
                    other => panic!("{other:?} is no fault"),
                }
                assert_eq!(machines[4], (true, true, DiskMode::Normal, (0, 0)), "the fifth node is no server");
            }
            assert_eq!(machines, [(true, true, DiskMode::Normal, (0, 0)); 5], "seed {seed}");
            assert_eq!(links, [[(true, false, LinkChange::default()); 5]; 5], "seed {seed}");
        }
    }

    #[test]
    fn each_kind_is_off_in_about_half_of_the_seeds() {
        for kind in FaultKind::ALL {
            let model = FaultModel { kinds: vec![kind], ..model() };
            let on = (0..400).filter(|&seed| model.plan::<()>(seed, 5).len() > 1).count();
            assert!((150..250).contains(&on), "{kind:?} is on in {on} of 400 seeds");
        }
    }

    #[test]
    fn kinds_and_operations_do_not_shift_each_other() {
        let ops = |index: usize| {
            let next: fn(&mut Stream, u32) -> Option<Command<u64>> = |stream, nodes| {
                let node = NodeId(stream.range(0, u64::from(nodes) - 1) as u32);
                stream.happens(900_000).then(|| Command::Request { node, op: stream.range(0, 9) })
            };
            PlannedOps { interval_us: 20_000, until_us: 6_000_000, swarm: index == 1, next }
        };
        let model = FaultModel { kinds: vec![FaultKind::Crash], ..model() };
        for seed in 0..50 {
            let faults = model.plan::<u64>(seed, 5);
            let (one, two) = (model.plan_with(seed, 5, &[ops(0)]), model.plan_with(seed, 5, &[ops(0), ops(1)]));
            assert!(one.len() > faults.len() + 10 && one.is_sorted_by_key(|stamped| stamped.at_us));
            assert!(faults.iter().all(|fault| one.contains(fault)));
            assert!(one.iter().all(|stamped| two.contains(stamped)));
        }
        let swarmed =
            (0..100).filter(|&seed| model.plan_with(seed, 5, &[ops(1)]).len() > model.plan::<u64>(seed, 5).len());
        assert!((30..70).contains(&swarmed.count()));
    }
}
