//! A node's disk: named atomic cells and one append-only file, with honest crashes.
//!
//! Writes are issued in order and become durable in order, each after a sync time. A crash keeps
//! everything that was synced, and of the rest a prefix (drawn from the seed). A protocol that
//! answers before its write is synced can therefore be caught forgetting what it promised.

use std::collections::VecDeque;

use crate::protocol::{Named, NodeId, Protocol};
use crate::random::{self, Domain};

/// One change of a disk.
#[derive(Clone, Debug, Hash)]
pub enum Write<P: Protocol> {
    /// Replace the cell that bears the value's name.
    Save(P::Cell),
    /// Append to the file.
    Append(P::Entry),
    /// Drop entries from this position on.
    Truncate {
        /// The first position that goes.
        from: u64,
    },
    /// Drop entries before this position.
    Discard {
        /// The first position that stays.
        before: u64,
    },
}

/// What is on a disk. Positions of entries count from the first entry ever appended.
#[derive(Clone, Debug, Hash)]
pub struct Disk<P: Protocol> {
    cells: Vec<P::Cell>,
    first: u64,
    entries: Vec<P::Entry>,
}

impl<P: Protocol> Default for Disk<P> {
    fn default() -> Self {
        Self { cells: Vec::new(), first: 0, entries: Vec::new() }
    }
}

impl<P: Protocol> Disk<P> {
    /// The value of the cell with this name.
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<&P::Cell> {
        self.cells.iter().find(|cell| cell.name() == name)
    }

    /// All cells, ordered by name.
    #[must_use]
    pub fn cells(&self) -> &[P::Cell] {
        &self.cells
    }

    /// The position of the first entry that is kept.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The entries that are kept, from [`Disk::first`] on.
    #[must_use]
    pub fn entries(&self) -> &[P::Entry] {
        &self.entries
    }

    fn apply(&mut self, write: Write<P>) {
        match write {
            Write::Save(cell) => match self.cells.binary_search_by(|known| known.name().cmp(cell.name())) {
                Ok(position) => self.cells[position] = cell,
                Err(position) => self.cells.insert(position, cell),
            },
            Write::Append(entry) => self.entries.push(entry),
            Write::Truncate { from } => {
                let kept = from.saturating_sub(self.first).min(self.entries.len() as u64);
                self.entries.truncate(kept as usize);
            }
            Write::Discard { before } => {
                let gone = before.saturating_sub(self.first).min(self.entries.len() as u64);
                self.entries.drain(..gone as usize);
                self.first += gone;
            }
        }
    }
}

/// How a disk behaves when its machine crashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DiskMode {
    /// A crash keeps what was synced and a drawn prefix of the rest.
    #[default]
    Normal,
    /// A crash keeps what was synced and nothing else.
    LoseUnsynced,
}

/// A disk with its writes under way; the world's side of [`Disk`].
#[derive(Clone, Debug, Hash)]
pub(crate) struct DiskDrive<P: Protocol> {
    pub(crate) durable: Disk<P>,
    pub(crate) mode: DiskMode,
    /// Writes that were issued and are not synced yet, oldest first, each with its due time.
    pending: VecDeque<(u64, Write<P>)>,
    issued: u64,
    synced: u64,
    busy_until_us: u64,
}

impl<P: Protocol> Default for DiskDrive<P> {
    fn default() -> Self {
        Self {
            durable: Disk::default(),
            mode: DiskMode::Normal,
            pending: VecDeque::new(),
            issued: 0,
            synced: 0,
            busy_until_us: 0,
        }
    }
}

impl<P: Protocol> DiskDrive<P> {
    /// The number of the last write that was issued; a durable effect waits for it.
    pub(crate) const fn last_issued(&self) -> Option<u64> {
        if self.issued == self.synced { None } else { Some(self.issued) }
    }

    /// The number of the last write that is durable.
    pub(crate) const fn last_synced(&self) -> u64 {
        self.synced
    }

    /// How many writes are not synced yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Issues a write; returns when it will be durable.
    pub(crate) fn issue(&mut self, write: Write<P>, now_us: u64, seed: u64, node: NodeId, sync_us: (u64, u64)) -> u64 {
        self.issued += 1;
        let bits = random::keyed(seed, Domain::DiskSync, &[u64::from(node.0), self.issued]);
        let due_us = self.busy_until_us.max(now_us) + random::in_range(bits, sync_us.0, sync_us.1);
        // One head: a write starts when the one before it is done.
        self.busy_until_us = due_us;
        self.pending.push_back((due_us, write));
        due_us
    }

    /// Makes the oldest write durable.
    pub(crate) fn sync_one(&mut self) {
        let (_, write) = self.pending.pop_front().expect("a sync is scheduled once per pending write");
        self.durable.apply(write);
        self.synced += 1;
    }

    /// The machine stops. Returns how many unsynced writes were lost.
    pub(crate) fn crash(&mut self, now_us: u64, seed: u64, node: NodeId, incarnation: u32) -> u32 {
        let pending = self.pending.len() as u64;
        let kept = match self.mode {
            DiskMode::LoseUnsynced => 0,
            DiskMode::Normal => {
                let key = [u64::from(node.0), u64::from(incarnation)];
                random::in_range(random::keyed(seed, Domain::DiskCrash, &key), 0, pending)
            }
        };
        for _ in 0..kept {
            self.sync_one();
        }
        self.pending.clear();
        self.synced = self.issued;
        self.busy_until_us = now_us;
        (pending - kept) as u32
    }
}
