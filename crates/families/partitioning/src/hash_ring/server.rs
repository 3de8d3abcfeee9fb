//! A server: it stores keys, coordinates what clients ask of it, keeps hints, and hands keys over.

use std::ops::Bound;

use algorithms::bounded::keep_last;
use sim::{Actor, Disk, Fx, Map, NodeId, RequestId, Set};

use super::rings::Replicas;
use super::{Cell, Entry, Epoch, HashRing, Kept, Msg, Note, Op, Origin, Ret, Rings, Stored, Timer, View, Why, pass_on};

/// Most operations that a server coordinates at a time; others have to ask again.
const PENDING_MAX: usize = 256;
/// Most hints; the smallest key makes room.
const HINTS_MAX: usize = 1_024;
/// Keys in a batch.
const BATCH: usize = 4;
/// An operation that has come to nothing after so many tries is left to the client.
const TRIES_MAX: u32 = 10;
/// After so many entries of the file everything goes into a snapshot.
const FILE_MAX: u64 = 256;

/// An operation that a server coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    key: String,
    replicas: Replicas,
    /// What is to be stored; none for a read.
    write: Option<Stored>,
    /// The newest that was found.
    newest: Option<Stored>,
    /// Who has answered.
    heard: Set<NodeId>,
    replied: bool,
    tries: u32,
}

/// What goes to one new replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Outgoing {
    /// Up to which key it has confirmed.
    pub through: Option<String>,
    /// The batch that is on its way: its number and its last key.
    pub sent: Option<(u64, String)>,
    /// Whether it has everything.
    pub done: bool,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Itself.
    pub me: NodeId,
    /// The membership that it goes by.
    pub view: View,
    /// Its tables.
    pub rings: Rings,
    /// What is on its disk, or on the way there.
    pub kept: Kept,
    /// What it coordinates; a client may have a read and a write of one operation under way.
    pub pending: Map<(Origin, bool), Pending>,
    /// What it hands over, to whom; empty in settled times.
    pub outgoing: Map<NodeId, Outgoing>,
    /// Counts its batches.
    batches: u64,
    /// The position behind the last entry of its file.
    file_end: u64,
    /// The position of the first.
    file_start: u64,
    ticking: bool,
}

impl Kept {
    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Put(key, stored) => {
                self.keys.insert(key, stored);
            }
            Entry::Drop(key) => {
                self.keys.remove(&key);
            }
            Entry::Hint(replicas, key, stored) => {
                for replica in replicas {
                    self.hints.insert((replica, key.clone()), stored);
                }
                keep_last(&mut self.hints, HINTS_MAX);
            }
            Entry::Moved(replica, epoch, through) => {
                self.moved.insert(replica, (epoch, through));
            }
        }
    }
}

impl Actor<HashRing> for Server {
    fn boot(disk: &Disk<HashRing>, fx: &mut Fx<'_, HashRing>) -> Self {
        let view = match disk.cell("view") {
            Some(Cell::View(view)) => view.clone(),
            _ => View::first(fx.config()),
        };
        let (end, mut kept) = match disk.cell("snapshot") {
            Some(Cell::Snapshot { end, state }) => (*end, state.clone()),
            _ => (0, Kept::default()),
        };
        for (position, entry) in (disk.first()..).zip(disk.entries()) {
            if position >= end {
                kept.apply(entry.clone());
            }
        }
        if disk.torn_tail() {
            fx.truncate(disk.end());
        }
        let mut server = Self {
            me: fx.me(),
            rings: Rings::new(fx.config(), &view),
            view,
            kept,
            pending: Map::new(),
            outgoing: Map::new(),
            batches: 0,
            file_end: disk.end(),
            file_start: disk.first(),
            ticking: false,
        };
        server.drop_stray_hints();
        server.start_moving(true, fx);
        server.tick(fx);
        server
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, HashRing>) {
        match msg {
            Msg::Membership(view) => self.adopt(view, fx),
            Msg::WhichMembership => fx.send_durable(from, Msg::Membership(self.view.clone())),
            Msg::Read { origin, key } => self.coordinate(origin, key, None, fx),
            Msg::Write { origin, key, stored } => self.coordinate(origin, key, Some(stored), fx),
            Msg::Fetch { epoch, origin, key } if self.same_epoch(from, epoch, fx) => {
                let stored = self.kept.keys.get(&key).copied();
                fx.send(from, Msg::Fetched { epoch, origin, stored });
            }
            Msg::Fetched { epoch, origin, stored } if self.same_epoch(from, epoch, fx) => {
                let slot = (origin, false);
                if let Some(pending) = self.pending.get_mut(&slot) {
                    pending.heard.insert(from);
                    if stored.map(|stored| stored.version) > pending.newest.map(|newest| newest.version) {
                        pending.newest = stored;
                    }
                    self.conclude(slot, fx);
                }
            }
            Msg::Store { epoch, origin, key, stored } if self.same_epoch(from, epoch, fx) => {
                self.store(&key, stored, fx);
                fx.send_durable(from, Msg::Acked { epoch, origin });
            }
            Msg::Acked { epoch, origin } if self.same_epoch(from, epoch, fx) => {
                let slot = (origin, true);
                if let Some(pending) = self.pending.get_mut(&slot) {
                    pending.heard.insert(from);
                    self.conclude(slot, fx);
                }
            }
            Msg::Hint { epoch, key, stored } if self.same_epoch(from, epoch, fx) => {
                self.store(&key, stored, fx);
                fx.send_durable(from, Msg::HintAcked { epoch, key, version: stored.version });
            }
            Msg::HintAcked { epoch, key, version } if self.same_epoch(from, epoch, fx) => {
                let slot = (from, key);
                if self.kept.hints.get(&slot).is_some_and(|hint| hint.version <= version) {
                    fx.note(Note::HintDelivered { replica: from, key: slot.1.clone() });
                    self.kept.hints.remove(&slot);
                    self.send_hints(Some(from), fx);
                }
            }
            Msg::Batch { epoch, number, keys } if self.same_epoch(from, epoch, fx) => {
                fx.note(Note::BatchStored { keys: keys.len() as u32, from });
                for (key, stored) in keys {
                    self.store(&key, stored, fx);
                }
                fx.send_durable(from, Msg::BatchAcked { epoch, number });
            }
            Msg::BatchAcked { epoch, number } if self.same_epoch(from, epoch, fx) => {
                let Some(outgoing) = self.outgoing.get_mut(&from) else { return };
                if let Some((_, last)) = outgoing.sent.take_if(|(sent, _)| *sent == number) {
                    outgoing.through = Some(last.clone());
                    self.log(Entry::Moved(from, epoch, last), fx);
                    self.send_batch(from, fx);
                    if self.outgoing.values().all(|outgoing| outgoing.done) {
                        fx.note(Note::HandOffDone);
                    }
                    self.report(fx);
                }
            }
            // Of another epoch, or what only clients and the administrator handle.
            _ => {}
        }
    }

    fn on_timer(&mut self, _: Timer, fx: &mut Fx<'_, HashRing>) {
        self.ticking = false;
        let slots: Vec<(Origin, bool)> = self.pending.keys().copied().collect();
        for slot in slots {
            self.retry(slot, fx);
        }
        self.send_hints(None, fx);
        let targets: Vec<NodeId> = self.outgoing.keys().copied().collect();
        for to in targets {
            self.send_batch(to, fx);
        }
        self.report(fx);
        self.tick(fx);
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, HashRing>) {
        match op {
            Op::Key(_) => fx.reply(id, Ret::Refused(Why::NotAClient)),
            Op::Change(change) => pass_on(id, change, fx),
        }
    }
}

impl Server {
    /// Writes an entry and does what it says.
    fn log(&mut self, entry: Entry, fx: &mut Fx<'_, HashRing>) {
        fx.append(entry.clone());
        self.kept.apply(entry);
        self.file_end += 1;
        if self.file_end - self.file_start >= FILE_MAX {
            fx.save(Cell::Snapshot { end: self.file_end, state: self.kept.clone() });
            fx.discard(self.file_end);
            self.file_start = self.file_end;
        }
    }

    fn store(&mut self, key: &str, stored: Stored, fx: &mut Fx<'_, HashRing>) {
        if self.kept.keys.get(key).is_none_or(|known| known.version < stored.version) {
            self.log(Entry::Put(key.to_owned(), stored), fx);
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Memberships
    // ------------------------------------------------------------------------------------------------------------

    fn adopt(&mut self, view: View, fx: &mut Fx<'_, HashRing>) {
        if view.epoch > self.view.epoch {
            self.rings = Rings::new(fx.config(), &view);
            self.view = view;
            fx.save(Cell::View(self.view.clone()));
            // Answers from another epoch count for nothing; clients ask again.
            self.pending.clear();
            self.outgoing.clear();
            self.drop_stray_hints();
            if self.view.next.is_none() {
                self.drop_strangers(fx);
            }
            self.start_moving(false, fx);
        }
        fx.send_durable(fx.config().admin(), Msg::MembershipKnown { epoch: self.view.epoch });
        self.tick(fx);
    }

    /// Forgets what was kept for servers that are no replicas any more.
    fn drop_stray_hints(&mut self) {
        let rings = &self.rings;
        self.kept.hints.retain(|(replica, key), _| rings.replicas(key).contains(*replica));
    }

    /// Deletes what belongs to others, once the ring has settled.
    fn drop_strangers(&mut self, fx: &mut Fx<'_, HashRing>) {
        let me = fx.me();
        let strangers: Vec<String> =
            self.kept.keys.keys().filter(|key| !self.rings.replicas(key).contains(me)).cloned().collect();
        if !strangers.is_empty() {
            fx.note(Note::Dropped { keys: strangers.len() as u32 });
        }
        for key in strangers {
            self.log(Entry::Drop(key), fx);
        }
    }

    /// The keys from `after` on that this server has to hand to `to`.
    fn moving<'a>(&'a self, to: NodeId, after: Option<&str>) -> impl Iterator<Item = (&'a String, &'a Stored)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.kept.keys.range::<str, _>((from, Bound::Unbounded)).filter(move |(key, _)| {
            let replicas = self.rings.replicas(key);
            replicas.now.contains(&self.me) && replicas.joins(to)
        })
    }

    fn start_moving(&mut self, resumed: bool, fx: &mut Fx<'_, HashRing>) {
        let Some(next) = &self.view.next else { return };
        let (me, epoch) = (fx.me(), self.view.epoch);
        if !self.hands_over() {
            return;
        }
        for &to in next.weights.keys().filter(|&&to| to != me) {
            let through =
                self.kept.moved.get(&to).filter(|(moved, _)| *moved == epoch).map(|(_, through)| through.clone());
            self.outgoing.insert(to, Outgoing { through, sent: None, done: false });
        }
        // One look at each key, however many may get it: of a hundred servers a change concerns a few.
        let (mut keys, mut gaining) = (0, Set::new());
        for key in self.kept.keys.keys() {
            let replicas = self.rings.replicas(key);
            if replicas.now.contains(&me) && replicas.change() {
                keys += 1;
                gaining.extend(replicas.next.into_iter().filter(|to| !replicas.now.contains(to)));
            }
        }
        if resumed {
            fx.note(Note::HandOffResumed);
        } else if keys > 0 {
            fx.note(Note::HandOffStarted { keys });
        }
        let targets: Vec<NodeId> = self.outgoing.keys().copied().collect();
        for to in targets {
            if gaining.contains(&to) {
                self.send_batch(to, fx);
            } else if let Some(outgoing) = self.outgoing.get_mut(&to) {
                // An empty batch has a number as well.
                self.batches += 1;
                outgoing.done = true;
            }
        }
        self.report(fx);
    }

    /// Sends a new replica what it gets next, or again what it has not confirmed.
    fn send_batch(&mut self, to: NodeId, fx: &mut Fx<'_, HashRing>) {
        let Some(outgoing) = self.outgoing.get(&to) else { return };
        if outgoing.done {
            return;
        }
        // What was sent before keeps its number, so that a late answer still counts.
        let again = outgoing.sent.clone();
        let until = |key: &String| again.as_ref().is_none_or(|(_, last)| key <= last);
        let limit = if again.is_some() { usize::MAX } else { BATCH };
        let keys: Vec<(String, Stored)> = self
            .moving(to, outgoing.through.as_deref())
            .take_while(|(key, _)| until(key))
            .take(limit)
            .map(|(key, stored)| (key.clone(), *stored))
            .collect();
        let last = keys.last().map(|(key, _)| key.clone());
        let sent = again.or_else(|| {
            self.batches += 1;
            last.map(|last| (self.batches, last))
        });
        let number = sent.as_ref().map_or(0, |(number, _)| *number);
        if let Some(outgoing) = self.outgoing.get_mut(&to) {
            outgoing.done = sent.is_none() || keys.is_empty();
            outgoing.sent = sent;
        }
        if keys.is_empty() {
            return;
        }
        let dropped: Vec<String> = if fx.config().bugs.drops_before_confirmed {
            let stays = |key: &str| self.rings.replicas(key).next.contains(&fx.me());
            keys.iter().map(|(key, _)| key).filter(|key| !stays(key)).cloned().collect()
        } else {
            Vec::new()
        };
        // What goes may not be on this disk yet; the new replica acknowledges what is on its own.
        fx.send(to, Msg::Batch { epoch: self.view.epoch, number, keys });
        for key in dropped {
            self.log(Entry::Drop(key), fx);
        }
    }

    /// Whether keys move and it is one of those who had them; it may be that all stay with it.
    fn hands_over(&self) -> bool {
        self.view.next.is_some() && self.view.now.weights.contains_key(&self.me)
    }

    /// Tells the administrator once everything is handed over.
    fn report(&self, fx: &mut Fx<'_, HashRing>) {
        if self.hands_over() && self.outgoing.values().all(|outgoing| outgoing.done) {
            fx.send_durable(fx.config().admin(), Msg::HandedOver { epoch: self.view.epoch });
        }
    }

    /// How many keys it holds as their owner, the first of their replicas.
    #[must_use]
    pub fn keys_owned(&self) -> u32 {
        self.kept.keys.keys().filter(|key| self.rings.replicas(key).now.first() == Some(&self.me)).count() as u32
    }

    /// How many keys are still to be confirmed by somebody.
    #[must_use]
    pub fn keys_moving(&self) -> u32 {
        if self.outgoing.is_empty() {
            return 0;
        }
        let waits = |key: &String| {
            let replicas = self.rings.replicas(key);
            replicas.now.contains(&self.me)
                && self.outgoing.iter().any(|(&to, outgoing)| {
                    !outgoing.done
                        && replicas.joins(to)
                        && outgoing.through.as_ref().is_none_or(|through| through < key)
                })
        };
        self.kept.keys.keys().filter(|key| waits(key)).count() as u32
    }

    // ------------------------------------------------------------------------------------------------------------
    // What clients ask
    // ------------------------------------------------------------------------------------------------------------

    fn coordinate(&mut self, origin: Origin, key: String, write: Option<Stored>, fx: &mut Fx<'_, HashRing>) {
        let (me, slot) = (fx.me(), (origin, write.is_some()));
        let replicas = self.rings.replicas(&key);
        if !replicas.contains(me) {
            fx.send(origin.client, Msg::NotMine { origin });
            return;
        }
        if self.pending.contains_key(&slot) {
            self.send_pending(slot, fx);
            return;
        }
        if self.pending.len() >= PENDING_MAX {
            return;
        }
        let newest = match write {
            Some(stored) => {
                self.store(&key, stored, fx);
                None
            }
            None => self.kept.keys.get(&key).copied(),
        };
        if write.is_none() && replicas.change() {
            fx.note(Note::ReadMoving { key: key.clone() });
        }
        let heard = Set::from([me]);
        self.pending.insert(slot, Pending { key, replicas, write, newest, heard, replied: false, tries: 0 });
        self.send_pending(slot, fx);
        self.conclude(slot, fx);
        self.tick(fx);
    }

    /// Asks those replicas that have not answered. A write leaves once it is on this disk, so that this server may
    /// count itself when an answer comes back.
    fn send_pending(&self, slot: (Origin, bool), fx: &mut Fx<'_, HashRing>) {
        let Some(pending) = self.pending.get(&slot) else { return };
        let (epoch, origin) = (self.view.epoch, slot.0);
        for to in pending.replicas.all() {
            if pending.heard.contains(&to) {
                continue;
            }
            let key = pending.key.clone();
            match pending.write {
                Some(stored) => fx.send_durable(to, Msg::Store { epoch, origin, key, stored }),
                None => fx.send(to, Msg::Fetch { epoch, origin, key }),
            }
        }
    }

    /// Answers the client once there is a quorum, and forgets what is complete.
    fn conclude(&mut self, slot: (Origin, bool), fx: &mut Fx<'_, HashRing>) {
        let Some(pending) = self.pending.get_mut(&slot) else { return };
        let config = fx.config();
        let quorum = if pending.write.is_some() { config.write_quorum } else { config.read_quorum };
        let origin = slot.0;
        if !pending.replied && pending.replicas.quorum(quorum, |node| pending.heard.contains(&node)) {
            pending.replied = true;
            match pending.write {
                Some(_) => fx.send_durable(origin.client, Msg::WriteReply { origin }),
                None => fx.send(origin.client, Msg::ReadReply { origin, stored: pending.newest }),
            }
        }
        let complete = pending.replicas.all().iter().all(|node| pending.heard.contains(node));
        if pending.replied && (complete || pending.write.is_none()) {
            self.pending.remove(&slot);
        }
    }

    /// Keeps a write for replicas that are silent: one entry for all of them, because a disk that is behind makes
    /// others look silent.
    fn keep_hint(&mut self, mut silent: Vec<NodeId>, key: &str, stored: Stored, fx: &mut Fx<'_, HashRing>) {
        let hints = &self.kept.hints;
        silent.retain(|&replica| {
            hints.get(&(replica, key.to_owned())).is_none_or(|known| known.version < stored.version)
        });
        if silent.is_empty() {
            return;
        }
        for &replica in &silent {
            fx.note(Note::HintKept { replica, key: key.to_owned() });
        }
        self.log(Entry::Hint(silent, key.to_owned(), stored), fx);
    }

    /// Sends each silent replica the first thing that is kept for it, or only one of them.
    fn send_hints(&self, only: Option<NodeId>, fx: &mut Fx<'_, HashRing>) {
        let mut told = Set::new();
        for ((replica, key), &stored) in &self.kept.hints {
            if only.is_none_or(|only| only == *replica) && told.insert(*replica) {
                fx.send(*replica, Msg::Hint { epoch: self.view.epoch, key: key.clone(), stored });
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Events
    // ------------------------------------------------------------------------------------------------------------

    /// Whether a message belongs to this epoch. Whoever is behind is told, or asks.
    fn same_epoch(&self, from: NodeId, epoch: Epoch, fx: &mut Fx<'_, HashRing>) -> bool {
        if epoch < self.view.epoch {
            fx.send_durable(from, Msg::Membership(self.view.clone()));
        } else if epoch > self.view.epoch {
            fx.send(from, Msg::WhichMembership);
        }
        epoch == self.view.epoch
    }

    /// An operation that has waited for a while: what is silent gets a hint, or is asked again.
    fn retry(&mut self, slot: (Origin, bool), fx: &mut Fx<'_, HashRing>) {
        let Some(pending) = self.pending.get_mut(&slot) else { return };
        pending.tries += 1;
        // The first time comes too soon for some.
        if pending.tries < 2 {
            return;
        }
        let (write, replied, tries) = (pending.write, pending.replied, pending.tries);
        let silent: Vec<NodeId> =
            pending.replicas.all().into_iter().filter(|node| !pending.heard.contains(node)).collect();
        if let Some(stored) = write {
            let key = pending.key.clone();
            self.keep_hint(silent, &key, stored, fx);
        }
        if replied || tries > TRIES_MAX {
            self.pending.remove(&slot);
        } else {
            self.send_pending(slot, fx);
        }
    }

    /// Whether something may have to be sent again.
    fn waits(&self) -> bool {
        !self.pending.is_empty() || !self.kept.hints.is_empty() || self.hands_over()
    }

    fn tick(&mut self, fx: &mut Fx<'_, HashRing>) {
        if !self.ticking && self.waits() {
            self.ticking = true;
            fx.set_timer(Timer::Retry, fx.config().retry_us);
        }
    }
}
