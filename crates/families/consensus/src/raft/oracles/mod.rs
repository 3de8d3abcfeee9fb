//! What must hold of Raft, checked step by step.
//!
//! The oracles look at what leaves a server, what it writes and what it says about itself, never at
//! what it intended: a vote counts once a message that carries it is sent.

mod consistency;
mod elections;
mod liveness;
mod logs;
mod stances;

use check::linearizability::Witness;
use check::operations::History;
use check::{At, Oracle, Verdict};
use sim::{NodeId, Observer, Record, World};

use super::{Config, KvOp, KvRet, Note, Raft, Term};

pub use consistency::LINEARIZABILITY;
pub use elections::{ELECTION_SAFETY, ONE_VOTE_PER_TERM, SPLIT_VOTE};
pub use liveness::EVENTUALLY_A_LEADER;
pub use logs::{CONFLICT, LEADER_APPEND_ONLY, LEADER_COMPLETENESS, LOG_MATCHING, STATE_MACHINE_SAFETY};
pub use stances::Stance;

/// All oracles of Raft.
#[derive(Clone, Debug)]
pub struct RaftOracle {
    elections: elections::Elections,
    logs: logs::Logs,
    liveness: liveness::Liveness,
    consistency: consistency::Consistency,
    stances: stances::Stances,
}

impl RaftOracle {
    /// The oracles for a cluster with this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            elections: elections::Elections::default(),
            logs: logs::Logs::new(config),
            liveness: liveness::Liveness::new(config),
            consistency: consistency::Consistency::default(),
            stances: stances::Stances::default(),
        }
    }

    /// Who led which term, in order of terms.
    pub fn leaders(&self) -> impl Iterator<Item = (Term, NodeId)> {
        self.elections.leaders()
    }

    /// How many elections were started.
    #[must_use]
    pub fn elections_started(&self) -> u64 {
        self.elections.started()
    }

    /// How many entries are known to be committed.
    #[must_use]
    pub fn entries_committed(&self) -> u64 {
        self.logs.committed()
    }

    /// How many client operations were answered, and how many were asked for.
    #[must_use]
    pub fn operations(&self) -> (u64, u64) {
        self.consistency.counts()
    }

    /// What clients asked and were told.
    #[must_use]
    pub const fn history(&self) -> &History<KvOp, KvRet> {
        self.consistency.history()
    }

    /// Why no order of the operations explains all answers; none while there is one.
    #[must_use]
    pub fn witness(&self) -> Option<&Witness> {
        self.consistency.witness()
    }

    /// How often a server went from one state to another.
    #[must_use]
    pub fn transitions(&self, from: Stance, to: Stance) -> u64 {
        self.stances.count(from, to)
    }
}

impl Observer<Raft> for RaftOracle {
    fn observe(&mut self, record: &Record<Raft>, world: &World<Raft>) {
        let at = At::of(record);
        self.elections.sent(&at, record, world);
        if let Some(node) = record.event.node() {
            self.logs.wrote(&at, node, record, world);
            for note in record.notes() {
                self.elections.noted(&at, node, note, world);
                self.logs.noted(&at, node, note, world);
                self.consistency.noted(&at, note);
            }
            self.logs.saved(&at, node, record);
        }
        self.consistency.observe(&at, record);
        self.stances.observe(record, world);
        self.liveness.observe(&at, record, world);
    }
}

impl Oracle<Raft> for RaftOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let mut verdicts = self.elections.always();
        verdicts.extend(self.logs.always());
        verdicts.push(self.consistency.verdict());
        verdicts.push(self.liveness.verdict(now_us));
        verdicts.extend(self.elections.sometimes());
        verdicts.extend(self.logs.sometimes());
        verdicts
    }

    fn violated(&self) -> bool {
        self.elections.violated() || self.logs.violated() || self.liveness.violated() || self.consistency.violated()
    }
}

/// What a server is called in reasons: n1, n2 and so on. Clients are not spoken of.
fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

fn count_of(count: usize, noun: &str, verb: &str) -> String {
    format!("{count} {noun}{} {verb}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::{ClusterConfig, Command, LinkProfile};

    /// What the notes add up to is where the servers are, at every step, through crashes and cuts.
    #[test]
    fn transitions_lead_where_the_servers_are() {
        for pre_vote in [false, true] {
            let config = Config {
                servers: 5,
                election_timeout_us: (150_000, 300_000),
                heartbeat_us: 50_000,
                pre_vote,
                ..Config::default()
            };
            let link = LinkProfile { latency_us: (5_000, 15_000), ..LinkProfile::default() };
            let cluster = ClusterConfig { nodes: 5, link, disk_sync_us: (1_000, 1_000), positions: Vec::new() };
            let mut oracle = RaftOracle::new(&config);
            let mut world = World::<Raft>::new(3, config, cluster, &mut oracle);
            for round in 0..40u32 {
                let node = NodeId(round % 5);
                let command = match round % 4 {
                    0 => Command::Crash(node),
                    1 => Command::Restart(NodeId((round - 1) % 5)),
                    2 => Command::Partition(vec![
                        vec![node],
                        (0..5).map(NodeId).filter(|&other| other != node).collect(),
                    ]),
                    _ => Command::HealAll,
                };
                world.command(&command, &mut oracle);
                let until_us = u64::from(round + 1) * 400_000;
                while world.next_event_us().is_some_and(|due_us| due_us <= until_us) {
                    world.step(&mut oracle);
                    for id in world.node_ids() {
                        let is = world.node(id).and_then(Raft::server).map_or(Stance::Crashed, Stance::of);
                        assert_eq!(oracle.stances.now(id), Some(is), "{id:?} at step {}", world.step_count());
                    }
                }
            }
            assert_eq!(oracle.transitions(Stance::Candidate, Stance::Leader), oracle.leaders().count() as u64);
            assert!(oracle.transitions(Stance::Leader, Stance::Follower) > 0, "nobody was deposed");
            assert!(oracle.transitions(Stance::Crashed, Stance::Follower) > 0, "nobody came back");
            assert_eq!(oracle.transitions(Stance::Follower, Stance::PreCandidate) > 0, pre_vote);
        }
    }
}
