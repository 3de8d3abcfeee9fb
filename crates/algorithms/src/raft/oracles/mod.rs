//! What must hold of Raft, checked step by step.
//!
//! The oracles look at what leaves a server, what it writes and what it says about itself, never at
//! what it intended: a vote counts once a message that carries it is sent.

mod consistency;
mod elections;
mod liveness;
mod logs;

use check::{Oracle, Verdict, Violation};
use sim::{NodeId, Observer, Record, World};

use super::{Config, Note, Raft, Term};

pub use consistency::LINEARIZABILITY;
pub use elections::{ELECTION_SAFETY, ONE_VOTE_PER_TERM, SPLIT_VOTE};
pub use liveness::EVENTUALLY_A_LEADER;
pub use logs::{CONFLICT, LEADER_APPEND_ONLY, LEADER_COMPLETENESS, LOG_MATCHING, STATE_MACHINE_SAFETY};

/// All oracles of Raft.
#[derive(Clone, Debug)]
pub struct RaftOracle {
    elections: elections::Elections,
    logs: logs::Logs,
    liveness: liveness::Liveness,
    consistency: consistency::Consistency,
}

impl RaftOracle {
    /// The oracles for a cluster with this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            elections: elections::Elections::default(),
            logs: logs::Logs::default(),
            liveness: liveness::Liveness::new(config),
            consistency: consistency::Consistency::default(),
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
}

impl Observer<Raft> for RaftOracle {
    fn observe(&mut self, record: &Record<Raft>, world: &World<Raft>) {
        let at = At { step: record.step, time_us: record.time_us };
        self.elections.sent(&at, record, world);
        if let Some(node) = record.event.node() {
            self.logs.wrote(&at, node, record, world);
            for note in record.notes() {
                self.elections.noted(&at, node, note);
                self.logs.noted(&at, node, note, world);
                self.consistency.noted(&at, note);
            }
        }
        self.consistency.observe(&at, record);
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

/// Where in the run something showed.
#[derive(Clone, Copy, Debug)]
struct At {
    step: u64,
    time_us: u64,
}

impl At {
    fn evidence(&self, reason: String) -> Violation {
        Violation { step: self.step, time_us: self.time_us, reason }
    }
}

/// What a server is called in reasons: n1, n2 and so on. Clients are not spoken of.
fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

fn count_of(count: usize, noun: &str, verb: &str) -> String {
    format!("{count} {noun}{} {verb}", if count == 1 { "" } else { "s" })
}
