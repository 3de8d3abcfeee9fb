//! Exact travel in time, and branches that keep the old future.
//!
//! A branch keeps at most [`KEYFRAMES_MAX`] evenly spaced snapshots; any moment is reached from
//! the snapshot before it by replay, so it is exact by construction. Records are not kept at all:
//! who asks for one gets it by replay from the snapshot before it, and finds those next to it in a
//! small cache ([`Timeline::record`]). So a run that nobody reads costs nothing to record, and the
//! memory of a run does not grow with its length, but for what its oracles keep.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::command::{Command, Stamped};
use crate::driver::Driver;
use crate::map::Set;
use crate::protocol::{NodeId, Protocol};
use crate::record::{Observer, Record};
use crate::world::{ClusterConfig, World};

/// Most keyframes a branch keeps; when it is reached, every second one goes.
pub const KEYFRAMES_MAX: usize = 128;

/// Steps between keyframes of a fresh branch.
const SPACING_STEPS: u64 = 256;

/// Most records that are kept for readers.
const RECORDS_MAX: usize = 4_096;

/// Identifies a branch within its timeline, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BranchId(pub u32);

/// One course of events.
#[derive(Debug)]
struct Branch<P: Protocol, O> {
    parent: Option<BranchId>,
    forked_at_us: u64,
    commands: Vec<Stamped<P::Op>>,
    keyframes: Vec<Rc<Driver<P, O>>>,
    spacing_steps: u64,
    /// The furthest that this branch has been simulated.
    explored_us: u64,
    explored_step: u64,
    /// How many of the commands had been applied there; the rest is planned.
    explored_commands: usize,
}

/// Keeps the newest records.
#[derive(Clone, Debug)]
struct Newest<P: Protocol> {
    /// Earlier steps are not worth keeping.
    from: u64,
    records: VecDeque<Rc<Record<P>>>,
}

impl<P: Protocol> Observer<P> for Newest<P> {
    fn observe(&mut self, record: &Record<P>, _world: &World<P>) {
        if record.step >= self.from {
            if self.records.len() == RECORDS_MAX {
                self.records.pop_front();
            }
            self.records.push_back(Rc::new(record.clone()));
        }
    }
}

impl<P: Protocol> Newest<P> {
    /// The record of a step, if it is among them.
    fn of(&self, step: u64) -> Option<&Rc<Record<P>>> {
        let first = self.records.front()?.step;
        self.records.get(usize::try_from(step.checked_sub(first)?).ok()?)
    }
}

/// Simulates again what has been simulated before, to see what happened.
#[derive(Debug)]
struct Reader<P: Protocol> {
    branch: BranchId,
    driver: Driver<P, Newest<P>>,
}

/// What the engine holds at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Entries of the queue, void ones included.
    pub queue: usize,
    /// Keyframes of all branches; those that branches share count once.
    pub keyframes: usize,
    /// What these keyframes take, estimated by [`World::bytes_estimate`].
    pub keyframe_bytes: usize,
    /// Records that are kept for readers.
    pub records: usize,
}

/// A run that can be visited at any moment and changed at any moment.
#[derive(Debug)]
pub struct Timeline<P: Protocol, O> {
    branches: Vec<Branch<P, O>>,
    current: BranchId,
    driver: Driver<P, O>,
    /// The boots at the beginning, which happen before there is a keyframe.
    boots: Newest<P>,
    reader: RefCell<Option<Reader<P>>>,
}

impl<P: Protocol, O: Observer<P>> Timeline<P, O> {
    /// A run at time 0. `commands` must be ordered by time.
    pub fn new(
        seed: u64,
        config: P::Config,
        cluster: ClusterConfig,
        observer: O,
        commands: Vec<Stamped<P::Op>>,
    ) -> Self {
        let boots = Newest { from: 1, records: VecDeque::new() };
        let Driver { world, observer: (observer, boots), .. } = Driver::new(seed, config, cluster, (observer, boots));
        let driver = Driver::resume(world, observer, 0);
        let branch = Branch {
            parent: None,
            forked_at_us: 0,
            commands,
            keyframes: vec![Rc::new(driver.clone())],
            spacing_steps: SPACING_STEPS,
            explored_us: 0,
            explored_step: driver.world.step_count(),
            explored_commands: 0,
        };
        Self { branches: vec![branch], current: BranchId(0), driver, boots, reader: RefCell::new(None) }
    }

    /// The cluster as it is at the present moment.
    #[must_use]
    pub fn world(&self) -> &World<P> {
        &self.driver.world
    }

    /// The oracles as they are at the present moment.
    #[must_use]
    pub fn observer(&self) -> &O {
        &self.driver.observer
    }

    /// The branch that is shown.
    #[must_use]
    pub const fn branch(&self) -> BranchId {
        self.current
    }

    /// All branches: their parents and when they parted, in µs.
    pub fn branches(&self) -> impl Iterator<Item = (BranchId, Option<BranchId>, u64)> {
        (0u32..).zip(&self.branches).map(|(id, branch)| (BranchId(id), branch.parent, branch.forked_at_us))
    }

    /// The commands of a branch, applied or not, and the furthest time it has been simulated to, in µs.
    #[must_use]
    pub fn course(&self, branch: BranchId) -> Option<(&[Stamped<P::Op>], u64)> {
        self.branches.get(branch.0 as usize).map(|branch| (&*branch.commands, branch.explored_us))
    }

    /// Whether a command now would start a branch: something later has been simulated already.
    #[must_use]
    pub fn would_fork(&self) -> bool {
        let here = self.here();
        self.world().time_us() < here.explored_us || self.world().step_count() < here.explored_step
    }

    /// The commands of the current branch, applied or not, in order.
    #[must_use]
    pub fn commands(&self) -> &[Stamped<P::Op>] {
        &self.here().commands
    }

    /// How many commands of the current branch lie in the past.
    #[must_use]
    pub const fn applied(&self) -> usize {
        self.driver.applied()
    }

    /// The furthest time that the current branch has been simulated to, in µs.
    #[must_use]
    pub fn explored_us(&self) -> u64 {
        self.here().explored_us
    }

    /// How many keyframes the current branch keeps.
    #[must_use]
    pub fn keyframe_count(&self) -> usize {
        self.here().keyframes.len()
    }

    /// The record of a step of the current branch, if it has been simulated. It is found out by
    /// simulating that stretch once more; to read steps one after the other costs one step each.
    #[must_use]
    pub fn record(&self, step: u64) -> Option<Rc<Record<P>>> {
        let here = self.here();
        if step > here.explored_step {
            return None;
        }
        if let Some(boot) = self.boots.of(step) {
            return Some(Rc::clone(boot));
        }
        let mut reader = self.reader.borrow_mut();
        if let Some(found) = reader.as_ref().filter(|reader| reader.branch == self.current)
            && let Some(record) = found.driver.observer.of(step)
        {
            return Some(Rc::clone(record));
        }
        let position = here.keyframes.partition_point(|keyframe| keyframe.world.step_count() < step);
        let keyframe = &here.keyframes[position.checked_sub(1)?];
        let from = keyframe.world.step_count();
        let goes_on = |reader: &Reader<P>| {
            let reached = reader.driver.world.step_count();
            reader.branch == self.current && (from..step).contains(&reached)
        };
        if !reader.as_ref().is_some_and(goes_on) {
            let newest = Newest { from: step.saturating_sub(RECORDS_MAX as u64 / 2), records: VecDeque::new() };
            let driver = Driver::resume(keyframe.world.clone(), newest, keyframe.applied());
            *reader = Some(Reader { branch: self.current, driver });
        }
        let driver = &mut reader.as_mut().expect("a reader was just made").driver;
        while driver.world.step_count() < step && driver.step(&here.commands, u64::MAX) {}
        driver.observer.of(step).cloned()
    }

    /// The cluster as it was right after a step of the current branch; none where nobody has been,
    /// and before the last boot. It is found out by simulating again from the keyframe before.
    #[must_use]
    pub fn world_after(&self, step: u64) -> Option<World<P>> {
        let here = self.here();
        if step > here.explored_step {
            return None;
        }
        let position = here.keyframes.partition_point(|keyframe| keyframe.world.step_count() <= step);
        let keyframe = &here.keyframes[position.checked_sub(1)?];
        let mut driver = Driver::resume(keyframe.world.clone(), (), keyframe.applied());
        while driver.world.step_count() < step && driver.step(&here.commands, u64::MAX) {}
        Some(driver.world)
    }

    /// The newest record at the present moment.
    #[must_use]
    pub fn last_record(&self) -> Option<Rc<Record<P>>> {
        self.record(self.world().step_count())
    }

    /// Executes the next event or command, wherever in time it lies; false when nothing is left.
    pub fn step(&mut self) -> bool {
        self.step_until(u64::MAX)
    }

    /// Executes the next event or command that is due at or before `horizon_us`.
    pub fn step_until(&mut self, horizon_us: u64) -> bool {
        let branch = &mut self.branches[self.current.0 as usize];
        if !self.driver.step(&branch.commands, horizon_us) {
            return false;
        }
        let step = self.driver.world.step_count();
        branch.explored_us = branch.explored_us.max(self.driver.world.time_us());
        branch.explored_step = branch.explored_step.max(step);
        branch.explored_commands = branch.explored_commands.max(self.driver.applied());
        let newest = branch.keyframes.last().expect("a branch starts with a keyframe");
        if step >= newest.world.step_count() + branch.spacing_steps {
            branch.keyframes.push(Rc::new(self.driver.clone()));
            if branch.keyframes.len() > KEYFRAMES_MAX {
                let mut index = 0;
                branch.keyframes.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                branch.spacing_steps *= 2;
            }
        }
        true
    }

    /// Executes everything due at or before `time_us` and lets time pass up to there; goes only
    /// forward.
    pub fn run_until(&mut self, time_us: u64) {
        while self.step_until(time_us) {}
        self.settle(time_us);
    }

    /// Lets time pass up to `time_us` when nothing is due before; otherwise does nothing.
    pub fn settle(&mut self, time_us: u64) {
        let due_us = self.next_us();
        if time_us > self.world().time_us() && due_us.is_none_or(|due_us| due_us > time_us) {
            self.driver.world.idle_until(time_us);
            let branch = &mut self.branches[self.current.0 as usize];
            branch.explored_us = branch.explored_us.max(time_us);
        }
    }

    /// When the next event or command is due, in µs.
    pub fn next_us(&mut self) -> Option<u64> {
        let command_us = self.here().commands.get(self.driver.applied()).map(|next| next.at_us);
        match (command_us, self.driver.world.next_event_us()) {
            (Some(command_us), Some(event_us)) => Some(command_us.min(event_us)),
            (command_us, event_us) => command_us.or(event_us),
        }
    }

    /// Goes to `time_us`, forward or back: afterwards everything due at or before it has run.
    pub fn seek(&mut self, time_us: u64) {
        self.approach(time_us < self.world().time_us(), |world| world.time_us() <= time_us);
        self.run_until(time_us);
    }

    /// Goes to the moment right after `step`, forward or back; stops at the end of the run when it
    /// has fewer steps. Steps before the last boot do not exist as moments.
    pub fn seek_step(&mut self, step: u64) {
        let idle = self.world().is_idle();
        let back = step < self.world().step_count() || (step == self.world().step_count() && idle);
        self.approach(back, |world| world.step_count() <= step);
        while self.world().step_count() < step && self.step() {}
    }

    /// Applies a command now. At the end of what has been simulated it continues the branch; in
    /// the past it starts a new one, and the old future is kept. Commands that were planned for
    /// later than anybody has seen stay planned.
    pub fn apply(&mut self, command: Command<P::Op>) {
        self.fork();
        let now_us = self.world().time_us();
        let applied = self.driver.applied();
        let after = self.world().events_at(now_us);
        let branch = &mut self.branches[self.current.0 as usize];
        branch.commands.insert(applied, Stamped { at_us: now_us, after, command });
        let stepped = self.step_until(now_us);
        debug_assert!(stepped, "a command that is due now applies now");
    }

    /// In the past, starts a branch in which nothing of what was done later has been done; the old future is kept.
    /// At the end of what has been simulated it does nothing.
    pub fn fork(&mut self) {
        if !self.would_fork() {
            return;
        }
        let now_us = self.world().time_us();
        let step = self.world().step_count();
        let applied = self.driver.applied();
        let here = self.here();
        let planned = &here.commands[here.explored_commands..];
        let mut commands = here.commands[..applied].iter().chain(planned).cloned().collect();
        let initial = self.world().cluster().nodes;
        drop_orphans(&mut commands, applied, &here.commands[applied..here.explored_commands], initial);
        let keyframes = here.keyframes.iter().filter(|keyframe| keyframe.world.step_count() <= step).cloned().collect();
        let branch = Branch {
            parent: Some(self.current),
            forked_at_us: now_us,
            commands,
            keyframes,
            spacing_steps: here.spacing_steps,
            explored_us: now_us,
            explored_step: step,
            explored_commands: applied,
        };
        self.branches.push(branch);
        self.current = BranchId((self.branches.len() - 1) as u32);
    }

    /// Shows another branch, at the present time if it reaches that far.
    ///
    /// # Panics
    ///
    /// When there is no such branch.
    pub fn switch(&mut self, branch: BranchId) {
        let now_us = self.world().time_us();
        assert!((branch.0 as usize) < self.branches.len(), "there is no branch {branch:?}");
        self.current = branch;
        self.approach(true, |world| world.time_us() <= now_us);
        self.run_until(now_us);
    }

    /// Takes the newest command of the past back: the branch goes on as though it had never been
    /// given. Returns whether there was one. What had been simulated after it is dropped, and so is what
    /// was planned for a machine that now never comes.
    pub fn undo(&mut self) -> bool {
        let Some(position) = self.driver.applied().checked_sub(1) else { return false };
        let now_us = self.world().time_us();
        let index = self.current.0 as usize;
        let branch = &mut self.branches[index];
        let undone = branch.commands.remove(position);
        let initial = self.driver.world.cluster().nodes;
        drop_orphans(&mut branch.commands, position, std::slice::from_ref(&undone), initial);
        branch.keyframes.retain(|keyframe| keyframe.applied() <= position);
        let newest = Rc::clone(branch.keyframes.last().expect("the first keyframe has applied nothing"));
        // A branch point that lay later moves back with it.
        branch.forked_at_us = branch.forked_at_us.min(undone.at_us);
        branch.explored_us = newest.world.time_us();
        branch.explored_step = newest.world.step_count();
        branch.explored_commands = newest.applied();
        self.driver = (*newest).clone();
        // It may have read on in a future that is no more.
        self.reader.replace(None);
        self.run_until(now_us);
        true
    }

    /// Facts for whoever looks at the engine itself.
    #[must_use]
    pub fn facts(&self) -> Facts {
        // Branches share keyframes; each is counted once.
        let mut seen = Set::new();
        let all = self.branches.iter().flat_map(|branch| &branch.keyframes);
        let keyframes: Vec<_> = all.filter(|keyframe| seen.insert(Rc::as_ptr(keyframe).cast::<u8>())).collect();
        let reader = self.reader.borrow();
        Facts {
            queue: self.world().queue_len(),
            keyframes: keyframes.len(),
            keyframe_bytes: keyframes
                .iter()
                .map(|keyframe| keyframe.world.bytes_estimate() + size_of::<Driver<P, O>>() - size_of::<World<P>>())
                .sum(),
            records: self.boots.records.len()
                + reader.as_ref().map_or(0, |reader| reader.driver.observer.records.len()),
        }
    }

    fn here(&self) -> &Branch<P, O> {
        &self.branches[self.current.0 as usize]
    }

    /// Goes to the newest keyframe of the current branch that fits, if it is behind us and we have
    /// to go back, or if it lies on the way ahead.
    fn approach(&mut self, back: bool, fits: impl Fn(&World<P>) -> bool) {
        let keyframes = &self.here().keyframes;
        let position = keyframes.partition_point(|keyframe| fits(&keyframe.world));
        let keyframe = &keyframes[position.saturating_sub(1)];
        if back || keyframe.world.step_count() > self.world().step_count() {
            self.driver = (**keyframe).clone();
        }
    }
}

/// Takes from the commands at `from` and behind what is about machines that only `gone` has added
/// to the `initial` ones: such a plan has lost its object, and a run that names it could not be read again.
fn drop_orphans<Op: Clone>(commands: &mut Vec<Stamped<Op>>, from: usize, gone: &[Stamped<Op>], initial: u32) {
    let adds =
        |node: NodeId, stamped: &Stamped<Op>| matches!(stamped.command, Command::AddNode(added) if added == node);
    let mut lost: Vec<NodeId> = Vec::new();
    for stamped in gone {
        if let Command::AddNode(node) = stamped.command
            && node.0 >= initial
            && !commands[..from].iter().any(|stamped| adds(node, stamped))
        {
            lost.push(node);
        }
    }
    if lost.is_empty() {
        return;
    }
    for Stamped { at_us, after, command } in commands.split_off(from) {
        // From there on it comes after all.
        if let Command::AddNode(node) = command {
            lost.retain(|&known| known != node);
        }
        let kept = command.without(|node| !lost.contains(&node));
        commands.extend(kept.map(|command| Stamped { at_us, after, command }));
    }
}
