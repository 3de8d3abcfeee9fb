//! What must hold of the hash ring, checked step by step.

mod moves;
mod placement;
mod writes;

use check::{At, Board, Names, Oracle, Property, Verdict};
use sim::{NodeId, Observer, Record, World};

use super::{Change, Config, HashRing, Members, Note, View};

pub use moves::{HAND_OFF_COMPLETES, HAND_OFF_RESUMED, HINTED_WRITE, READ_ON_THE_MOVE};
pub use placement::{DISTINCT_REPLICAS, EVERY_KEY_HAS_AN_OWNER, MINIMAL_MOVEMENT};
pub use writes::ACKNOWLEDGED_WRITES;

/// What is checked, in the order in which people read it.
const PROPERTIES: [Property; 8] = [
    EVERY_KEY_HAS_AN_OWNER,
    DISTINCT_REPLICAS,
    MINIMAL_MOVEMENT,
    ACKNOWLEDGED_WRITES,
    HAND_OFF_COMPLETES,
    READ_ON_THE_MOVE,
    HINTED_WRITE,
    HAND_OFF_RESUMED,
];

/// All oracles of the hash ring.
#[derive(Clone, Debug)]
pub struct HashRingOracle {
    board: Board,
    placement: placement::Placed,
    writes: writes::Writes,
    moves: moves::Moves,
    /// The members of the settled ring, as the administrator has numbered them.
    settled: Members,
    last: Option<(Members, Members, Change)>,
}

impl HashRingOracle {
    /// The oracles for a cluster with this configuration, whose nodes are called by these names.
    #[must_use]
    pub fn new(config: &Config, names: Names) -> Self {
        Self {
            board: Board::new(&PROPERTIES, names),
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
        let at = At::of(record);
        self.board.observe(at);
        for (node, note) in record.noted() {
            self.writes.noted(&mut self.board, at, note);
            self.placement.noted(&mut self.board, at, node, note, world);
            self.moves.noted(&mut self.board, at, node, note);
            self.follow(node, note, world);
        }
        self.writes.observe(record);
        self.moves.observe(&mut self.board, at, record, world);
    }
}

impl Oracle<HashRing> for HashRingOracle {
    fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
        self.board.verdicts(now_us, |property| match *property {
            EVERY_KEY_HAS_AN_OWNER | DISTINCT_REPLICAS => self.placement.operations_basis(),
            MINIMAL_MOVEMENT => self.placement.changes_basis(),
            ACKNOWLEDGED_WRITES => self.writes.basis(),
            HAND_OFF_COMPLETES => format!("{} changes complete", self.moves.ended),
            HINTED_WRITE => format!("{} hints kept", self.moves.hints),
            _ => String::new(),
        })
    }

    fn violated(&self) -> bool {
        self.board.violated()
    }
}

/// A board for tests of oracles: four servers and a client.
#[cfg(test)]
fn some_board() -> Board {
    Board::new(&PROPERTIES, Names::servers_and_clients(4, 1).and("a1"))
}

/// A configuration for tests of oracles: four servers and a client.
#[cfg(test)]
pub(super) fn some_config() -> Config {
    Config {
        servers: 4,
        clients: 1,
        replicas: 3,
        write_quorum: 2,
        read_quorum: 2,
        vnodes: 8,
        keys: 24,
        retry_us: 100_000,
        ..Config::default()
    }
}
