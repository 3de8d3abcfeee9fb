//! The replicated log of one server: entries after a snapshot, addressed by index from 1.
//!
//! A plain data structure: it knows nothing of messages, timers or disks. It keeps the position of
//! its first entry in the disk's file, so that the caller can truncate and discard there as well.

use sim::{NodeId, Set};

use super::Term;
use super::kv::{Kv, KvOp, Origin};

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing: what a new leader starts its term with (§8).
    Noop,
    /// A client's operation.
    Command {
        /// Who asked for it.
        origin: Origin,
        /// What it does.
        op: KvOp,
    },
    /// The cluster's members from here on (§4 of the dissertation). In force once it is in the log.
    Members(Set<NodeId>),
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its index, from 1.
    pub index: u64,
    /// The term of the leader that made it.
    pub term: Term,
    /// What it holds.
    pub payload: Payload,
}

impl Entry {
    const fn names_members(&self) -> bool {
        matches!(self.payload, Payload::Members(_))
    }
}

/// Everything up to an index, in one piece (§7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last entry that it replaces.
    pub index: u64,
    /// That entry's term.
    pub term: Term,
    /// The state machine after that entry.
    pub kv: Kv,
    /// The members in force at that entry.
    pub members: Set<NodeId>,
}

/// Where two logs cannot agree, so that a leader can go back by whole terms (§5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// The term of the entry in the way; none when the log is too short.
    pub term: Option<Term>,
    /// The first index of that term in the follower's log; otherwise one past its end.
    pub index: u64,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    snapshot: Snapshot,
    entries: Vec<Entry>,
    /// The indexes of the entries that name members, so that nobody has to search for them.
    members: Vec<u64>,
    /// The position of `entries[0]` in the disk's file.
    position: u64,
}

impl Log {
    /// A log as a disk has it: a snapshot, and entries of which the first has this position in the
    /// file. Entries that the snapshot replaces are left out. Entries that contradict it are of no
    /// use to anybody: then the second answer says from which position on the file has to be cut.
    #[must_use]
    pub fn restore(snapshot: Snapshot, position: u64, entries: &[Entry]) -> (Self, Option<u64>) {
        let replaced = entries.iter().take_while(|entry| entry.index <= snapshot.index).count();
        let continues = match entries[..replaced].last() {
            Some(last) => last.index == snapshot.index && last.term == snapshot.term,
            None => entries.first().is_none_or(|first| first.index == snapshot.index + 1),
        };
        let (entries, position, cut) = if continues {
            (entries[replaced..].to_vec(), position + replaced as u64, None)
        } else {
            (Vec::new(), position, Some(position))
        };
        let members = entries.iter().filter(|entry| entry.names_members()).map(|entry| entry.index).collect();
        (Self { snapshot, entries, members, position }, cut)
    }

    /// The newest snapshot; index 0 when there is none yet.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The entries after the snapshot.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The index of the last entry; the snapshot's when there are none.
    #[must_use]
    pub fn last_index(&self) -> u64 {
        self.snapshot.index + self.entries.len() as u64
    }

    /// The term of the last entry.
    #[must_use]
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(self.snapshot.term, |entry| entry.term)
    }

    /// The term of an entry; none before the snapshot and past the end. Index 0 has term 0.
    #[must_use]
    pub fn term_at(&self, index: u64) -> Option<Term> {
        if index == self.snapshot.index {
            return Some(self.snapshot.term);
        }
        self.entry(index).map(|entry| entry.term)
    }

    /// An entry; none up to the snapshot and past the end.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<&Entry> {
        let offset = index.checked_sub(self.snapshot.index + 1)?;
        self.entries.get(offset as usize)
    }

    /// Up to `count` entries from `from` on; `from` must lie after the snapshot.
    #[must_use]
    pub fn slice(&self, from: u64, count: usize) -> Vec<Entry> {
        debug_assert!(from > self.snapshot.index, "entry {from} is in the snapshot");
        let start = ((from - self.snapshot.index - 1) as usize).min(self.entries.len());
        let end = (start + count).min(self.entries.len());
        self.entries[start..end].to_vec()
    }

    /// Whether a log that ends with `(index, term)` is at least as up to date as this one (§5.4.1).
    #[must_use]
    pub fn is_covered_by(&self, index: u64, term: Term) -> bool {
        (term, index) >= (self.last_term(), self.last_index())
    }

    /// The members in force: those of the newest entry that names them, committed or not.
    #[must_use]
    pub fn members(&self) -> &Set<NodeId> {
        self.members_at(u64::MAX)
    }

    /// The members in force at an index.
    #[must_use]
    pub fn members_at(&self, index: u64) -> &Set<NodeId> {
        let named = self.members.partition_point(|&named| named <= index);
        let newest = named.checked_sub(1).and_then(|place| self.entry(self.members[place]));
        match newest.map(|entry| &entry.payload) {
            Some(Payload::Members(members)) => members,
            _ => &self.snapshot.members,
        }
    }

    /// The index of the newest entry that names members; the snapshot's when none does.
    #[must_use]
    pub fn members_index(&self) -> u64 {
        self.members.last().copied().unwrap_or(self.snapshot.index)
    }

    /// Why a leader's entries after `(index, term)` do not fit; none when they do.
    #[must_use]
    pub fn conflict_at(&self, index: u64, term: Term) -> Option<Conflict> {
        match self.term_at(index) {
            Some(mine) if mine == term => None,
            Some(mine) => {
                let first = self.entries.iter().find(|entry| entry.term == mine).map_or(index, |entry| entry.index);
                Some(Conflict { term: Some(mine), index: first })
            }
            // Before the snapshot everything is committed, so it fits; the caller has cut it off.
            None => Some(Conflict { term: None, index: self.last_index() + 1 }),
        }
    }

    /// The last entry of a term, if there is one.
    #[must_use]
    pub fn last_of_term(&self, term: Term) -> Option<u64> {
        let entry = self.entries.iter().rev().find(|entry| entry.term == term);
        entry
            .map(|entry| entry.index)
            .or((self.snapshot.term == term && self.snapshot.index > 0).then_some(self.snapshot.index))
    }

    /// Adds an entry at the end.
    ///
    /// # Panics
    ///
    /// When its index is not the next one: a defect of the caller.
    pub fn push(&mut self, entry: Entry) {
        assert_eq!(entry.index, self.last_index() + 1, "entries have no gaps");
        if entry.names_members() {
            self.members.push(entry.index);
        }
        self.entries.push(entry);
    }

    /// Drops entries from `index` on; returns from which position on the file has to be cut.
    pub fn truncate(&mut self, index: u64) -> u64 {
        assert!(index > self.snapshot.index, "what is in a snapshot is never taken back");
        let kept = ((index - self.snapshot.index - 1) as usize).min(self.entries.len());
        self.entries.truncate(kept);
        self.members.retain(|&named| named < index);
        self.position + kept as u64
    }

    /// Replaces everything up to the snapshot; returns before which position the file can go. When
    /// the log does not continue the snapshot, all entries go.
    pub fn compact(&mut self, snapshot: Snapshot) -> u64 {
        assert!(snapshot.index >= self.snapshot.index, "a snapshot never goes back");
        let continues = self.term_at(snapshot.index) == Some(snapshot.term);
        let gone = if continues { (snapshot.index - self.snapshot.index) as usize } else { self.entries.len() };
        self.entries.drain(..gone);
        self.members.retain(|&named| continues && named > snapshot.index);
        self.position += gone as u64;
        self.snapshot = snapshot;
        self.position
    }
}

#[cfg(test)]
mod tests {
    use sim::random::{Domain, Stream};

    use super::*;

    fn entry(index: u64, term: Term) -> Entry {
        Entry { index, term, payload: Payload::Noop }
    }

    fn snapshot(index: u64, term: Term) -> Snapshot {
        Snapshot { index, term, kv: Kv::default(), members: Set::new() }
    }

    /// A log without snapshot whose entries have these terms.
    fn log(terms: &[Term]) -> Log {
        let entries: Vec<_> = (1..).zip(terms).map(|(index, &term)| entry(index, term)).collect();
        Log::restore(snapshot(0, 0), 0, &entries).0
    }

    #[test]
    fn figure_7_back_up_goes_by_terms() {
        // The leader of Figure 7 has terms 1 1 1 4 4 5 5 6 6 6; the followers are (a) to (f).
        let conflict = |terms: &[Term]| log(terms).conflict_at(10, 6);
        assert_eq!(conflict(&[1, 1, 1, 4, 4, 5, 5, 6, 6]), Some(Conflict { term: None, index: 10 }));
        assert_eq!(conflict(&[1, 1, 1, 4]), Some(Conflict { term: None, index: 5 }));
        assert_eq!(conflict(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]), None);
        assert_eq!(conflict(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]), None);
        assert_eq!(conflict(&[1, 1, 1, 4, 4, 4, 4]), Some(Conflict { term: None, index: 8 }));
        assert_eq!(conflict(&[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]), Some(Conflict { term: Some(3), index: 7 }));
    }

    #[test]
    fn up_to_date_compares_terms_first_and_then_length() {
        let mine = log(&[1, 1, 2]);
        assert!(mine.is_covered_by(3, 2));
        assert!(mine.is_covered_by(1, 3), "a later term wins over length");
        assert!(!mine.is_covered_by(9, 1), "length does not win over a later term");
        assert!(!mine.is_covered_by(2, 2));
    }

    #[test]
    fn truncating_and_compacting_keep_the_positions_of_the_file() {
        let mut log = log(&[1, 1, 2, 2, 3]);
        assert_eq!(log.compact(snapshot(2, 1)), 2);
        assert_eq!((log.last_index(), log.term_at(2), log.term_at(1)), (5, Some(1), None));
        assert_eq!(log.truncate(4), 3);
        assert_eq!(log.last_index(), 3);
        log.push(entry(4, 4));
        assert_eq!(log.slice(3, 9), [entry(3, 2), entry(4, 4)]);
        // A snapshot from a leader that the log does not lead up to replaces all of it.
        assert_eq!(log.compact(snapshot(9, 5)), 4);
        assert_eq!((log.last_index(), log.last_term(), log.entries().len()), (9, 5, 0));
    }

    #[test]
    fn a_crash_between_snapshot_and_discard_is_repaired() {
        let file = [entry(1, 1), entry(2, 1), entry(3, 2)];
        let (mut continued, cut) = Log::restore(snapshot(2, 1), 0, &file);
        assert_eq!((continued.last_index(), continued.entries().len(), cut), (3, 1, None));
        assert_eq!(continued.truncate(3), 2, "the position of the third entry");
        // The snapshot says that entry 2 was of term 4: what the file has was overruled.
        let (overruled, cut) = Log::restore(snapshot(2, 4), 0, &file);
        assert_eq!((overruled.last_index(), overruled.entries().len(), cut), (2, 0, Some(0)));
        let (beyond, cut) = Log::restore(snapshot(7, 4), 5, &file);
        assert_eq!((beyond.last_index(), beyond.entries().len(), cut), (7, 0, Some(5)));
    }

    #[test]
    fn the_newest_members_are_in_force() {
        let set = |ids: &[u32]| ids.iter().map(|&id| NodeId(id)).collect::<Set<_>>();
        let mut log = log(&[1]);
        log.push(Entry { index: 2, term: 1, payload: Payload::Members(set(&[0, 1])) });
        log.push(entry(3, 1));
        assert_eq!((log.members(), log.members_index()), (&set(&[0, 1]), 2));
        assert_eq!(log.members_at(1), &Set::new());
        log.truncate(2);
        assert_eq!((log.members(), log.members_index()), (&Set::new(), 0));
    }

    /// The dumb twin of what the log remembers of its members: a search through its entries, after
    /// any pushes, truncations, snapshots and restarts.
    #[test]
    fn members_are_those_that_a_search_finds() {
        let mut named = 0;
        for seed in 0..200 {
            let mut draw = Stream::new(seed, Domain::Faults, 0);
            let mut log = log(&[]);
            for number in 0..60 {
                let (start, end) = (log.snapshot().index, log.last_index());
                match draw.range(0, 7) {
                    0..=2 => log.push(entry(end + 1, 1)),
                    3 | 4 => {
                        log.push(Entry { index: end + 1, term: 1, payload: Payload::Members([NodeId(number)].into()) });
                    }
                    5 if end > start => drop(log.truncate(draw.range(start + 1, end))),
                    6 => {
                        // Now and then one that the log does not lead up to.
                        let index = start + draw.range(0, 8);
                        let members = log.members_at(index).clone();
                        log.compact(Snapshot { members, ..snapshot(index, u64::from(index > 0)) });
                    }
                    _ => log = Log::restore(log.snapshot().clone(), 0, log.entries()).0,
                }
                for index in log.snapshot().index..=log.last_index() {
                    let found = log.entries().iter().rev().find_map(|entry| match &entry.payload {
                        Payload::Members(members) if entry.index <= index => Some((entry.index, members)),
                        _ => None,
                    });
                    named += u32::from(found.is_some());
                    let (newest, members) = found.unwrap_or((log.snapshot().index, &log.snapshot().members));
                    assert_eq!(log.members_at(index), members, "seed {seed}");
                    if index == log.last_index() {
                        assert_eq!((log.members_index(), log.members()), (newest, members), "seed {seed}");
                    }
                }
            }
        }
        assert!(named > 1_000, "only {named} of the places had a membership in the log");
    }
}
