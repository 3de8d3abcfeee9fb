//! What must hold of the hash ring, checked step by step.

mod moves;
mod placement;
mod writes;

use check::{Oracle, Verdict, Violation};
use sim::{NodeId, Observer, Record, World};

use super::{Change, Config, HashRing, Members, Note, View};

pub use moves::{HAND_OFF_COMPLETES, HAND_OFF_RESUMED, HINTED_WRITE, READ_ON_THE_MOVE};
pub use placement::{DISTINCT_REPLICAS, EVERY_KEY_HAS_AN_OWNER, MINIMAL_MOVEMENT};
pub use writes::ACKNOWLEDGED_WRITES;

/// All oracles of the hash ring.
#[derive(Clone, Debug)]
pub struct HashRingOracle {
    placement: placement::Placed,
    writes: writes::Writes,
    moves: moves::Moves,
    /// The members of the settled ring, as the administrator has numbered them.
    settled: Members,
    last: Option<(Members, Members, Change)>,
}

impl HashRingOracle {
    /// The oracles for a cluster with this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            placement: placement::Placed::new(config),
            writes: writes::Writes::new(config),
            moves: moves::Moves::default(),
            settled: View::first(config).now,
            last: None,
        }
    }

    /// How many operations clients have started, and how many have their answer.
    #[must_use]
    pub const fn operations(&self) -> (u64, u64) {
        self.writes.counts()
    }

    /// How many changes are complete.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.moves.ended
    }

    /// How many keys new replicas have been sent.
    #[must_use]
    pub const fn keys_moved(&self) -> u64 {
        self.moves.keys
    }

    /// The members before and after the change that was started last.
    #[must_use]
    pub fn last_change(&self) -> Option<(&Members, &Members, &Change)> {
        self.last.as_ref().map(|(before, after, change)| (before, after, change))
    }

    fn follow(&mut self, node: NodeId, note: &Note, world: &World<HashRing>) {
        let Some(admin) = world.node(node).and_then(HashRing::admin) else { return };
        match note {
            Note::ChangeStarted { change, .. } => {
                let next = admin.view.next.as_ref().unwrap_or(&admin.view.now).clone();
                self.last = Some((self.settled.clone(), next, *change));
            }
            Note::ChangeEnded { .. } => {
                if let Some((_, after, _)) = &self.last {
                    self.settled = after.clone();
                }
            }
            _ => {}
        }
    }

    /// How many writes were kept for silent replicas.
    #[must_use]
    pub const fn hints(&self) -> u64 {
        self.moves.hints
    }
}

impl Observer<HashRing> for HashRingOracle {
    fn observe(&mut self, record: &Record<HashRing>, world: &World<HashRing>) {
        let at = At { step: record.step, time_us: record.time_us };
        if let Some(node) = record.event.node() {
            for note in record.notes() {
                self.writes.noted(&at, note);
                self.placement.noted(&at, node, note, world);
                self.moves.noted(&at, node, note, world.config());
                self.follow(node, note, world);
            }
        }
        self.writes.observe(record);
        self.moves.observe(&at, record, world);
    }
}

impl Oracle<HashRing> for HashRingOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        let mut verdicts = self.placement.always();
        verdicts.push(self.writes.verdict());
        verdicts.push(self.moves.verdict(now_us));
        verdicts.extend(self.moves.sometimes());
        verdicts
    }

    fn violated(&self) -> bool {
        self.placement.violated() || self.writes.violated() || self.moves.violated()
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

/// Servers in words: "n1, n2 and n3".
fn list(config: &Config, nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(|&node| config.name(node)).collect();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A configuration for tests of oracles: four servers and a client.
#[cfg(test)]
fn some_config() -> Config {
    Config {
        servers: 4,
        clients: 1,
        replicas: 3,
        write_quorum: 2,
        read_quorum: 2,
        scheme: super::Scheme::Ring,
        hash: algorithms::hashing::HashKind::Sha1,
        vnodes: 8,
        keys: 24,
        workload_us: 0,
        retry_us: 100_000,
        live: Vec::new(),
        bugs: super::Bugs::default(),
    }
}
