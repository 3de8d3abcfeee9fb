//! A node's disk: named atomic cells and one append-only file, with honest crashes.
//!
//! Writes are issued in order and become durable in order, each after a sync time. A crash keeps
//! everything that was synced, and of the rest what the disk's [`DiskMode`] says. A protocol that
//! answers before its write is synced can therefore be caught forgetting what it promised.
//!
//! Nobody tells a protocol that its disk is slow or full: writes take longer, or never become
//! durable, and what waits for them waits. Left out: reads that fail, and records that rot while
//! nobody writes.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use crate::protocol::{Named, NodeId, Protocol};
use crate::random::{self, Domain};

/// How many times longer a [`DiskMode::Slow`] disk needs to sync a write.
pub const SLOW_FACTOR: u64 = 20;

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
    /// With a corrupt record at the end: what was appended behind it, where nobody can read it.
    unreadable: Option<Vec<P::Entry>>,
}

impl<P: Protocol> Default for Disk<P> {
    fn default() -> Self {
        Self { cells: Vec::new(), first: 0, entries: Vec::new(), unreadable: None }
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

    /// The entries that are kept and can be read, from [`Disk::first`] on.
    #[must_use]
    pub fn entries(&self) -> &[P::Entry] {
        &self.entries
    }

    /// The position behind the last entry: where a corrupt record lies, if there is one.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Whether a corrupt record follows the last entry, left by a crash in the middle of a write.
    /// Reading stops there: whatever is appended behind it cannot be read at the next boot. A
    /// protocol that boots has to cut it off, with [`Fx::truncate`](crate::Fx::truncate) to
    /// [`Disk::end`], before it appends again.
    #[must_use]
    pub const fn torn_tail(&self) -> bool {
        self.unreadable.is_some()
    }

    fn apply(&mut self, write: Write<P>) {
        match write {
            Write::Save(cell) => match self.cells.binary_search_by(|known| known.name().cmp(cell.name())) {
                Ok(position) => self.cells[position] = cell,
                Err(position) => self.cells.insert(position, cell),
            },
            Write::Append(entry) => self.unreadable.as_mut().unwrap_or(&mut self.entries).push(entry),
            Write::Truncate { from } => {
                let end = self.end();
                match &mut self.unreadable {
                    Some(behind) if from > end => {
                        let kept = (from - end).min(behind.len() as u64);
                        behind.truncate(kept as usize);
                    }
                    unreadable => {
                        *unreadable = None;
                        let kept = from.saturating_sub(self.first).min(self.entries.len() as u64);
                        self.entries.truncate(kept as usize);
                    }
                }
            }
            Write::Discard { before } => {
                // A corrupt record in the part that goes is gone with it.
                if before > self.end()
                    && let Some(behind) = self.unreadable.take()
                {
                    self.entries.extend(behind);
                }
                let gone = before.saturating_sub(self.first).min(self.entries.len() as u64);
                self.entries.drain(..gone as usize);
                self.first += gone;
            }
        }
    }
}

/// How a disk treats writes, and what a crash leaves of those that are not synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DiskMode {
    /// A crash keeps what was synced and a drawn prefix of the rest.
    #[default]
    Normal,
    /// A crash keeps what was synced and nothing else.
    LoseUnsynced,
    /// As [`DiskMode::Normal`]; the first write that does not survive leaves a corrupt record
    /// behind, if it was to append one. See [`Disk::torn_tail`].
    Torn,
    /// As [`DiskMode::Normal`]; each write that is issued from now on takes [`SLOW_FACTOR`] times as
    /// long.
    Slow,
    /// There is no room: nothing becomes durable until the mode changes; then writes that are still
    /// wanted go on in order, each with its whole time. A crash keeps what was synced.
    Full,
}

/// How a disk behaves, and how long it takes to sync a write where a command has said so, in µs.
pub type DiskManners = (DiskMode, Option<(u64, u64)>);

/// A write that is not synced yet.
#[derive(Clone, Debug)]
struct Pending<P: Protocol> {
    write: Write<P>,
    /// How long it takes by itself, in µs.
    length_us: u64,
    /// When it will be durable, in µs; never, while the disk is full.
    due_us: u64,
    /// The queue entry that stands for it.
    sequence: u64,
    /// The step that issued it.
    cause: u64,
}

/// A disk with its writes under way; the world's side of [`Disk`].
#[derive(Clone, Debug)]
pub(crate) struct DiskDrive<P: Protocol> {
    pub(crate) durable: Disk<P>,
    pub(crate) mode: DiskMode,
    /// How long it takes to sync a write, where a command has said so.
    pub(crate) sync_us: Option<(u64, u64)>,
    /// Writes that were issued and are not synced yet, oldest first.
    pending: VecDeque<Pending<P>>,
    issued: u64,
    synced: u64,
}

impl<P: Protocol> Default for DiskDrive<P> {
    fn default() -> Self {
        Self {
            durable: Disk::default(),
            mode: DiskMode::Normal,
            sync_us: None,
            pending: VecDeque::new(),
            issued: 0,
            synced: 0,
        }
    }
}

impl<P: Protocol> Hash for DiskDrive<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { durable, mode, sync_us, pending, issued, synced } = self;
        (durable, mode, sync_us, issued, synced).hash(state);
        for Pending { write, length_us, due_us, sequence: _, cause } in pending {
            (write, length_us, due_us, cause).hash(state);
        }
    }
}

/// When the oldest write is due, and which queue entry stands for it.
pub(crate) type Head = Option<(u64, u64)>;

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

    /// The write that the disk is busy with; none when it is full.
    pub(crate) fn head(&self) -> Head {
        match self.pending.front() {
            Some(head) if self.mode != DiskMode::Full => Some((head.due_us, head.sequence)),
            _ => None,
        }
    }

    /// Issues a write; returns when it will be durable. `sync_us` is what the cluster's disks need.
    pub(crate) fn issue(
        &mut self,
        write: Write<P>,
        now_us: u64,
        seed: u64,
        node: NodeId,
        sync_us: (u64, u64),
        (sequence, cause): (u64, u64),
    ) -> u64 {
        self.issued += 1;
        let factor = if self.mode == DiskMode::Slow { SLOW_FACTOR } else { 1 };
        let (low, high) = self.sync_us.unwrap_or((sync_us.0 * factor, sync_us.1 * factor));
        let length_us = if low == high {
            low
        } else {
            let bits = random::keyed(seed, Domain::DiskSync, &[u64::from(node.0), self.issued]);
            random::in_range(bits, low, high)
        };
        // One head: a write starts when the one before it is done.
        let start_us = self.pending.back().map_or(now_us, |last| last.due_us);
        let due_us = if self.mode == DiskMode::Full { u64::MAX } else { start_us.saturating_add(length_us) };
        self.pending.push_back(Pending { write, length_us, due_us, sequence, cause });
        due_us
    }

    /// Makes the oldest write durable; returns the step that issued it.
    pub(crate) fn sync_one(&mut self) -> u64 {
        let Pending { write, cause, .. } = self.pending.pop_front().expect("the head is scheduled while there is one");
        self.durable.apply(write);
        self.synced += 1;
        cause
    }

    /// Changes how the disk behaves. A disk that was full, or is now, sets its writes anew.
    pub(crate) fn behave(&mut self, mode: DiskMode, sync_us: Option<(u64, u64)>, now_us: u64) {
        let was = std::mem::replace(&mut self.mode, mode);
        self.sync_us = sync_us;
        if (was == DiskMode::Full) == (mode == DiskMode::Full) {
            return;
        }
        let mut start_us = now_us;
        for write in &mut self.pending {
            write.due_us = if mode == DiskMode::Full { u64::MAX } else { start_us.saturating_add(write.length_us) };
            start_us = write.due_us;
        }
    }

    /// The machine stops. Returns how many unsynced writes were lost.
    pub(crate) fn crash(&mut self, seed: u64, node: NodeId, incarnation: u32) -> u32 {
        let pending = self.pending.len() as u64;
        let kept = match self.mode {
            DiskMode::LoseUnsynced | DiskMode::Full => 0,
            DiskMode::Normal | DiskMode::Torn | DiskMode::Slow => {
                let key = [u64::from(node.0), u64::from(incarnation)];
                random::in_range(random::keyed(seed, Domain::DiskCrash, &key), 0, pending)
            }
        };
        for _ in 0..kept {
            self.sync_one();
        }
        if self.mode == DiskMode::Torn {
            self.tear();
        }
        self.lose_unsynced();
        (pending - kept) as u32
    }

    /// The oldest write under way leaves a corrupt record behind, if it was to append one.
    pub(crate) fn tear(&mut self) {
        let torn = matches!(self.pending.front(), Some(Pending { write: Write::Append(_), .. }));
        if torn && self.durable.unreadable.is_none() {
            self.durable.unreadable = Some(Vec::new());
        }
    }

    /// Nothing comes of the writes under way.
    pub(crate) fn lose_unsynced(&mut self) {
        self.pending.clear();
        self.synced = self.issued;
    }
}
