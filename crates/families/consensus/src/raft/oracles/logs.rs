//! The properties of Figure 3 about logs: Log Matching, Leader Append-Only, Leader Completeness,
//! State Machine Safety.

use check::{Evidence, Property, Verdict};
use sim::hash::StableHasher;
use sim::{Map, NodeId, Outcome, Record, Set, World, Write};

use super::{At, Note, Raft, Term, count_of, name};
use crate::raft::{Cell, Config, Entry, Kv, Log, Payload, Snapshot};

/// Entries of the same index and term are the same, and so is everything before them (Figure 3).
pub const LOG_MATCHING: Property =
    Property::always("log-matching", "Log Matching", "Logs that share an entry agree before it");

/// A leader never takes back an entry of its log (Figure 3).
pub const LEADER_APPEND_ONLY: Property =
    Property::always("leader-append-only", "Leader Append-Only", "A leader only appends to its log");

/// What is committed in a term is in the log of every leader of a later term (Figure 3).
pub const LEADER_COMPLETENESS: Property =
    Property::always("leader-completeness", "Leader Completeness", "Later leaders have every committed entry");

/// No two servers apply different entries at the same index (Figure 3), and a snapshot is what the
/// entries that it replaces come to (§7).
pub const STATE_MACHINE_SAFETY: Property =
    Property::always("state-machine-safety", "State Machine Safety", "All servers apply the same entries");

/// A follower drops entries that its leader does not have (§5.3).
pub const CONFLICT: Property =
    Property::sometimes("conflicting-entries", "Conflicting Entries", "A follower drops entries its leader lacks");

/// An entry known to be committed: the first server that applied it made it so.
#[derive(Clone, Copy, Debug)]
struct Committed {
    term: Term,
    payload: u64,
    /// The hash of what a snapshot up to this entry has to hold.
    state: u64,
    /// The term in which it was committed, which may be later than its own.
    in_term: Term,
    by: NodeId,
    step: u64,
}

/// What a leader had in its log when it was elected, of what was not known to be committed: an older
/// leader may commit some of it later.
#[derive(Clone, Debug)]
struct Elected {
    leader: NodeId,
    step: u64,
    /// The first index that nobody had committed.
    first: u64,
    /// The terms of its entries from there on.
    terms: Vec<Term>,
}

/// What a snapshot holds besides the place of its last entry: the map with its sessions, and the
/// members.
#[derive(Clone, Debug, Default, Hash)]
struct Machine {
    kv: Kv,
    members: Set<NodeId>,
}

impl Machine {
    fn apply(&mut self, payload: &Payload) {
        match payload {
            Payload::Noop => {}
            Payload::Command { origin, op } => drop(self.kv.apply(*origin, op)),
            Payload::Members(members) => self.members.clone_from(members),
        }
    }
}

/// The state of the oracles about logs. Its maps grow with the run, at or near their ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Logs {
    /// For each index and term ever written: the term of the entry before it, where known, and the
    /// payload's hash. Matching step by step, it matches as a whole, by induction.
    written: Map<(u64, Term), (Option<Term>, u64)>,
    committed: Map<u64, Committed>,
    /// Who was elected in each term, with what nobody had committed yet.
    elected: Map<Term, Elected>,
    /// What the committed entries come to. Every entry is first applied by some server that has
    /// applied, or has a snapshot of, all before it, so they get here in order.
    reference: Machine,
    leading: Set<NodeId>,
    matching: Option<Evidence>,
    append_only: Option<Evidence>,
    completeness: Option<Evidence>,
    machine: Option<Evidence>,
    conflict: Option<Evidence>,
}

impl Logs {
    pub(super) fn new(config: &Config) -> Self {
        let reference = Machine { kv: Kv::default(), members: config.first_servers().collect() };
        Self { reference, ..Self::default() }
    }

    pub(super) fn committed(&self) -> u64 {
        self.committed.len() as u64
    }

    /// Looks at what a server writes to its log in a step.
    pub(super) fn wrote(&mut self, at: &At, node: NodeId, record: &Record<Raft>, world: &World<Raft>) {
        for outcome in &record.outcomes {
            let Outcome::Wrote { write, .. } = outcome else { continue };
            match write {
                Write::Append(entry) => {
                    let log = world.node(node).and_then(Raft::server).map(|server| &server.log);
                    let before = log.and_then(|log| log.term_at(entry.index - 1));
                    self.on_append(at, node, entry, before);
                }
                Write::Truncate { .. } => self.on_truncate(at, node, world.node(node).is_some_and(Raft::leads)),
                _ => {}
            }
        }
        if world.node(node).is_none() {
            self.leading.remove(&node);
        }
    }

    pub(super) fn noted(&mut self, at: &At, node: NodeId, note: &Note, world: &World<Raft>) {
        let server = world.node(node).and_then(Raft::server);
        match note {
            Note::BecameLeader { term, .. } => {
                self.leading.insert(node);
                if let Some(server) = server {
                    self.on_leader(at, node, *term, &server.log);
                }
            }
            Note::SteppedDown { led: true, .. } => {
                self.leading.remove(&node);
            }
            Note::Applied { entry } => {
                let term = server.map_or(entry.term, |server| server.term);
                self.on_apply(at, node, entry, term);
            }
            Note::Truncated { from, to } if self.conflict.is_none() => {
                let reason = format!("{} drops entries {from} to {to}, which its leader does not have", name(node));
                self.conflict = Some(at.evidence(reason));
            }
            _ => {}
        }
    }

    /// Looks at the snapshots that a server writes in a step, after what it applied in it.
    pub(super) fn saved(&mut self, at: &At, node: NodeId, record: &Record<Raft>) {
        for outcome in &record.outcomes {
            if let Outcome::Wrote { write: Write::Save(Cell::Snapshot(snapshot)), .. } = outcome {
                self.on_snapshot(at, node, snapshot);
            }
        }
    }

    fn on_snapshot(&mut self, at: &At, node: NodeId, snapshot: &Snapshot) {
        let Snapshot { index, term, kv, members } = snapshot;
        let wrong = match self.committed.get(index) {
            None => "but nobody has applied that entry".to_owned(),
            Some(known) if known.term != *term => format!("but that entry is of term {}", known.term),
            Some(known) if known.state != StableHasher::of(&(kv, members)) => {
                format!("but entries 1 to {index} come to something else")
            }
            Some(_) => return,
        };
        if self.machine.is_none() {
            let reason = format!("{} has a snapshot up to entry {index} of term {term}, {wrong}", name(node));
            self.machine = Some(at.evidence(reason));
        }
    }

    fn on_append(&mut self, at: &At, node: NodeId, entry: &Entry, before: Option<Term>) {
        let payload = StableHasher::of(&entry.payload);
        let known = self.written.entry((entry.index, entry.term)).or_insert((before, payload));
        let (known_before, known_payload) = *known;
        known.0 = known_before.or(before);
        if self.matching.is_some() {
            return;
        }
        let what = if known_payload != payload {
            "but it holds something else"
        } else if known_before.zip(before).is_some_and(|(one, other)| one != other) {
            "but the entry before it differs"
        } else {
            return;
        };
        let Entry { index, term, .. } = entry;
        let reason = format!("{} writes entry {index} of term {term}, which others have as well, {what}", name(node));
        self.matching = Some(at.evidence(reason));
    }

    /// Who leads before and after a step takes back entries as a leader.
    fn on_truncate(&mut self, at: &At, node: NodeId, leads_after: bool) {
        if leads_after && self.leading.contains(&node) {
            let reason = || at.evidence(format!("{} takes entries back while it leads", name(node)));
            self.append_only.get_or_insert_with(reason);
        }
    }

    fn on_leader(&mut self, at: &At, node: NodeId, term: Term, log: &Log) {
        if self.completeness.is_some() {
            return;
        }
        let first = self.committed.last_key_value().map_or(0, |(index, _)| *index) + 1;
        let terms = (first..=log.last_index()).map_while(|index| log.term_at(index)).collect();
        self.elected.insert(term, Elected { leader: node, step: at.step, first, terms });
        let first = log.snapshot().index + 1;
        let lacks = self
            .committed
            .range(first..)
            .find(|(index, committed)| committed.in_term < term && log.term_at(**index) != Some(committed.term));
        if let Some((index, committed)) = lacks {
            let reason = format!(
                "{} leads term {term} without entry {index} of term {}, which {} committed at step {}",
                name(node),
                committed.term,
                name(committed.by),
                committed.step
            );
            self.completeness = Some(at.evidence(reason));
        }
    }

    fn on_apply(&mut self, at: &At, node: NodeId, entry: &Entry, in_term: Term) {
        let payload = StableHasher::of(&entry.payload);
        if !self.committed.contains_key(&entry.index) {
            self.on_commit(at, node, entry, in_term);
        }
        let known = self.committed.entry(entry.index).or_insert_with(|| {
            self.reference.apply(&entry.payload);
            let state = StableHasher::of(&self.reference);
            Committed { term: entry.term, payload, state, in_term, by: node, step: at.step }
        });
        if self.machine.is_none() && (known.term, known.payload) != (entry.term, payload) {
            let reason = format!(
                "{} applies {} at index {}, where {} applied an entry of term {} at step {}",
                name(node),
                words(entry),
                entry.index,
                name(known.by),
                known.term,
                known.step
            );
            self.machine = Some(at.evidence(reason));
        }
    }

    /// An entry that nobody had applied: the leaders of later terms that there are already must have had
    /// it when they were elected.
    fn on_commit(&mut self, at: &At, node: NodeId, entry: &Entry, in_term: Term) {
        let lacks = self.elected.range(in_term + 1..).find(|(_, elected)| {
            let place = entry.index.checked_sub(elected.first);
            place.is_some_and(|place| elected.terms.get(place as usize) != Some(&entry.term))
        });
        if self.completeness.is_none()
            && let Some((term, elected)) = lacks
        {
            let reason = format!(
                "{} commits entry {} of term {} in term {in_term}, but {}, elected for term {term} at step {}, lacks it",
                name(node),
                entry.index,
                entry.term,
                name(elected.leader),
                elected.step
            );
            self.completeness = Some(at.evidence(reason));
        }
    }

    pub(super) fn always(&self) -> Vec<Verdict> {
        let written = count_of(self.written.len(), "entry", "checked").replace("entrys", "entries");
        let committed = count_of(self.committed.len(), "entry", "committed").replace("entrys", "entries");
        vec![
            Verdict::always(LOG_MATCHING, self.matching.as_ref(), written),
            Verdict::always(LEADER_APPEND_ONLY, self.append_only.as_ref(), String::new()),
            Verdict::always(LEADER_COMPLETENESS, self.completeness.as_ref(), committed.clone()),
            Verdict::always(STATE_MACHINE_SAFETY, self.machine.as_ref(), committed),
        ]
    }

    pub(super) fn sometimes(&self) -> Vec<Verdict> {
        vec![Verdict::sometimes(CONFLICT, self.conflict.as_ref(), String::new())]
    }

    pub(super) const fn violated(&self) -> bool {
        self.matching.is_some() || self.append_only.is_some() || self.completeness.is_some() || self.machine.is_some()
    }
}

fn words(entry: &Entry) -> String {
    match &entry.payload {
        Payload::Noop => format!("an empty entry of term {}", entry.term),
        Payload::Command { op, .. } => format!("{op} of term {}", entry.term),
        Payload::Members(_) => format!("a membership of term {}", entry.term),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::{KvOp, Origin};
    use check::Status;
    use sim::RequestId;

    const AT: At = At { step: 9, time_us: 9_000 };
    const N1: NodeId = NodeId(0);
    const N2: NodeId = NodeId(1);

    fn entry(index: u64, term: Term, value: i64) -> Entry {
        let origin = Origin::Direct(RequestId { at_us: 0, node: N1, ordinal: 0 });
        Entry { index, term, payload: Payload::Command { origin, op: KvOp::Put { key: "x".into(), value } } }
    }

    fn log(terms: &[Term]) -> Log {
        let snapshot = Snapshot { index: 0, term: 0, kv: Kv::default(), members: Set::new() };
        let entries: Vec<_> = (1..).zip(terms).map(|(index, &term)| entry(index, term, 0)).collect();
        Log::restore(snapshot, 0, &entries).0
    }

    fn status(logs: &Logs, property: Property) -> Status {
        let verdicts = logs.always().into_iter().chain(logs.sometimes());
        verdicts.into_iter().find(|verdict| verdict.property == property).expect("the oracle knows the property").status
    }

    #[test]
    fn different_content_under_one_index_and_term_is_rejected() {
        let mut logs = Logs::default();
        logs.on_append(&AT, N1, &entry(1, 1, 7), Some(0));
        logs.on_append(&AT, N2, &entry(1, 1, 7), Some(0));
        logs.on_append(&AT, N2, &entry(1, 2, 8), Some(0));
        assert_eq!(status(&logs, LOG_MATCHING), Status::Holds);
        logs.on_append(&AT, N2, &entry(1, 1, 8), Some(0));
        assert_eq!(status(&logs, LOG_MATCHING), Status::Violated);
    }

    #[test]
    fn equal_entries_on_different_predecessors_are_rejected() {
        let mut logs = Logs::default();
        logs.on_append(&AT, N1, &entry(2, 3, 7), Some(1));
        logs.on_append(&AT, N2, &entry(2, 3, 7), None);
        assert_eq!(status(&logs, LOG_MATCHING), Status::Holds, "what a snapshot hides cannot be compared");
        logs.on_append(&AT, N2, &entry(2, 3, 7), Some(2));
        assert_eq!(status(&logs, LOG_MATCHING), Status::Violated);
    }

    #[test]
    fn a_leader_that_takes_entries_back_is_rejected() {
        let mut logs = Logs::default();
        logs.on_truncate(&AT, N1, false);
        // It comes to lead in this very step: what it dropped before, it dropped as a follower.
        logs.on_truncate(&AT, N1, true);
        logs.leading.insert(N1);
        logs.on_truncate(&AT, N1, false);
        logs.on_truncate(&AT, N2, true);
        assert_eq!(status(&logs, LEADER_APPEND_ONLY), Status::Holds);
        logs.on_truncate(&AT, N1, true);
        assert_eq!(status(&logs, LEADER_APPEND_ONLY), Status::Violated);
        assert!(logs.violated());
    }

    #[test]
    fn a_later_leader_without_a_committed_entry_is_rejected() {
        let mut logs = Logs::default();
        logs.on_apply(&AT, N1, &entry(2, 1, 7), 3);
        logs.on_leader(&AT, N2, 2, &log(&[1]));
        assert_eq!(status(&logs, LEADER_COMPLETENESS), Status::Holds, "term 2 is older than the commit in term 3");
        logs.on_leader(&AT, N2, 4, &log(&[1, 1]));
        assert_eq!(status(&logs, LEADER_COMPLETENESS), Status::Holds);
        logs.on_leader(&AT, N2, 4, &log(&[1, 2]));
        assert_eq!(status(&logs, LEADER_COMPLETENESS), Status::Violated);
    }

    #[test]
    fn a_commit_of_an_older_term_that_a_leader_lacks_is_rejected() {
        let commits_late = |log_of_n2: &[Term]| {
            let mut logs = Logs::default();
            logs.on_apply(&AT, N1, &entry(1, 1, 7), 1);
            logs.on_leader(&AT, N2, 2, &log(log_of_n2));
            // Only now n1, which leads term 1, learns that a majority has its second entry.
            logs.on_apply(&AT, N1, &entry(2, 1, 7), 1);
            status(&logs, LEADER_COMPLETENESS)
        };
        assert_eq!(commits_late(&[1, 1]), Status::Holds);
        assert_eq!(commits_late(&[1]), Status::Violated);
        assert_eq!(commits_late(&[1, 2]), Status::Violated);
    }

    #[test]
    fn different_entries_applied_at_one_index_are_rejected() {
        let mut logs = Logs::default();
        logs.on_apply(&AT, N1, &entry(1, 1, 7), 1);
        logs.on_apply(&AT, N2, &entry(1, 1, 7), 1);
        assert_eq!(status(&logs, STATE_MACHINE_SAFETY), Status::Holds);
        logs.on_apply(&AT, N2, &entry(1, 2, 7), 2);
        assert_eq!(status(&logs, STATE_MACHINE_SAFETY), Status::Violated);
    }

    #[test]
    fn a_snapshot_that_the_entries_do_not_come_to_is_rejected() {
        let member = Entry { index: 2, term: 1, payload: Payload::Members([N1, N2].into()) };
        let origin = Origin::Session { client: NodeId(7), session: 9, number: 1 };
        let add = KvOp::Add { key: "x".into(), by: 1 };
        let added = Entry { index: 3, term: 2, payload: Payload::Command { origin, op: add.clone() } };
        let mut logs = Logs::default();
        for entry in [entry(1, 1, 7), member, added] {
            logs.on_apply(&AT, N1, &entry, 2);
        }
        let mut kv = Kv::default();
        kv.apply(
            Origin::Direct(RequestId { at_us: 0, node: N1, ordinal: 0 }),
            &KvOp::Put { key: "x".into(), value: 7 },
        );
        let before = Snapshot { index: 2, term: 1, kv: kv.clone(), members: [N1, N2].into() };
        // What it holds is the same without its session; only a retry would show the difference.
        let mut without_session = kv.clone();
        without_session.apply(Origin::Direct(RequestId { at_us: 1, node: N1, ordinal: 0 }), &add);
        kv.apply(origin, &add);
        let right = Snapshot { index: 3, term: 2, kv, members: [N1, N2].into() };
        logs.on_snapshot(&AT, N1, &right);
        // One that was taken earlier by a server that lags behind is right as well.
        logs.on_snapshot(&AT, N2, &before);
        assert_eq!(status(&logs, STATE_MACHINE_SAFETY), Status::Holds);
        assert_eq!(without_session.values(), right.kv.values());
        let wrong = [
            Snapshot { kv: before.kv.clone(), ..right.clone() },
            Snapshot { kv: without_session, ..right.clone() },
            Snapshot { members: [N1].into(), ..right.clone() },
            Snapshot { term: 1, ..right.clone() },
            Snapshot { index: 2, ..right.clone() },
            Snapshot { index: 4, ..right },
        ];
        for snapshot in wrong {
            let mut logs = logs.clone();
            logs.on_snapshot(&AT, N2, &snapshot);
            assert_eq!(status(&logs, STATE_MACHINE_SAFETY), Status::Violated, "{snapshot:?}");
        }
    }
}
