//! How often servers went from one state to another (Figure 4 of the paper): a statistic, not a
//! check. It travels with the oracles, so that it is exact at any moment of a run.

use sim::{Command, Event, NodeId, Record, World};

use super::{Note, Raft};
use crate::raft::{Role, Server};

/// What a server is, or that it is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// It answers candidates and leaders.
    Follower,
    /// It asks whether it could win.
    PreCandidate,
    /// It collects votes.
    Candidate,
    /// It leads.
    Leader,
    /// It does not run.
    Crashed,
}

impl Stance {
    /// How many there are.
    const COUNT: usize = 5;

    /// What a server is.
    #[must_use]
    pub const fn of(server: &Server) -> Self {
        match server.role {
            Role::Follower { .. } => Self::Follower,
            Role::PreCandidate { .. } => Self::PreCandidate,
            Role::Candidate { .. } => Self::Candidate,
            Role::Leader(_) => Self::Leader,
        }
    }
}

/// The statistic.
#[derive(Clone, Debug, Default)]
pub(super) struct Stances {
    /// By node; what is not a server here, or not any more, is a hole.
    now: Vec<Option<Stance>>,
    counts: [[u32; Stance::COUNT]; Stance::COUNT],
}

impl Stances {
    pub(super) fn count(&self, from: Stance, to: Stance) -> u64 {
        u64::from(self.counts[from as usize][to as usize])
    }

    /// Where the notes say that a server is.
    #[cfg(test)]
    pub(super) fn now(&self, node: NodeId) -> Option<Stance> {
        self.now.get(node.index()).copied().flatten()
    }

    pub(super) fn observe(&mut self, record: &Record<Raft>, world: &World<Raft>) {
        let Some(node) = record.event.node() else { return };
        match &record.event {
            Event::Boot(_) | Event::Command(Command::AddNode(_)) => {
                if world.node(node).is_some_and(|raft| raft.server().is_some()) {
                    self.enter(node);
                }
            }
            Event::Command(Command::Crash(_)) => self.go(node, Stance::Crashed),
            Event::Command(Command::Restart(_)) => {
                // A restart of what runs changes nothing.
                if self.now.get(node.index()) == Some(&Some(Stance::Crashed)) {
                    self.go(node, Stance::Follower);
                }
            }
            Event::Command(Command::RemoveNode(_)) => {
                if let Some(slot) = self.now.get_mut(node.index()) {
                    *slot = None;
                }
            }
            Event::Command(_)
            | Event::Deliver { .. }
            | Event::Vanish { .. }
            | Event::Timer { .. }
            | Event::Synced(_) => {}
        }
        for note in record.notes() {
            match note {
                Note::BecamePreCandidate { .. } => self.go(node, Stance::PreCandidate),
                Note::BecameCandidate { .. } => self.go(node, Stance::Candidate),
                Note::BecameLeader { .. } => self.go(node, Stance::Leader),
                Note::SteppedDown { .. } => self.go(node, Stance::Follower),
                _ => {}
            }
        }
    }

    fn enter(&mut self, node: NodeId) {
        if self.now.len() <= node.index() {
            self.now.resize(node.index() + 1, None);
        }
        self.now[node.index()] = Some(Stance::Follower);
    }

    fn go(&mut self, node: NodeId, to: Stance) {
        let Some(Some(now)) = self.now.get_mut(node.index()) else { return };
        // A crash of what is down changes nothing.
        let idle = match to {
            Stance::Crashed => *now == Stance::Crashed,
            Stance::Follower => *now == Stance::Follower,
            Stance::PreCandidate | Stance::Candidate | Stance::Leader => false,
        };
        if !idle {
            let count = &mut self.counts[*now as usize][to as usize];
            *count = count.saturating_add(1);
            *now = to;
        }
    }
}
