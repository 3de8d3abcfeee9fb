//! Matrix clocks: what one knows of what others know.
//!
//! Gene Wuu, Arthur Bernstein, "Efficient Solutions to the Replicated Log and Dictionary Problems", PODC 1984. What
//! every process is known to know need not be kept any longer.

use sim::{Map, NodeId};

use super::VectorClock;

/// The clock of one process: a vector for each process that it has heard of, its own among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MatrixClock {
    rows: Map<NodeId, VectorClock>,
}

impl MatrixClock {
    /// What `node` is known to know; of oneself that is the vector clock.
    #[must_use]
    pub fn row(&self, node: NodeId) -> VectorClock {
        self.rows.get(&node).cloned().unwrap_or_default()
    }

    /// A local event of `me`, or a send, whose message takes the new value with it.
    pub fn tick(&mut self, me: NodeId) {
        self.rows.entry(me).or_default().tick(me);
    }

    /// The receipt of a message from `from` by `me`: all rows merge by maximum; one's own takes in what the sender
    /// knew as well; then it ticks.
    pub fn receive(&mut self, me: NodeId, from: NodeId, attached: &Self) {
        for (&node, row) in &attached.rows {
            self.rows.entry(node).or_default().merge(row);
        }
        let known_to_sender = attached.row(from);
        self.rows.entry(me).or_default().receive(me, &known_to_sender);
    }

    /// How many events of `node` everybody in `all` is known to know of.
    #[must_use]
    pub fn known_to_all(&self, node: NodeId, all: impl IntoIterator<Item = NodeId>) -> u64 {
        all.into_iter().map(|other| self.rows.get(&other).map_or(0, |row| row.get(node))).min().unwrap_or(0)
    }
}
