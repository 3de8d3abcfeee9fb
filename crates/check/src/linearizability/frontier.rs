//! Breadth first: in which configurations the object of one key may be now (Lowe's just-in-time linearization).

use std::collections::VecDeque;
use std::hash::Hash;

use sim::Map;

use super::search::Item;
use super::sets::{COMPARISONS_MAX, fingerprint, is_subset, with};
use super::{Limits, Model, Part};

/// The most answers that a reason lists as possible.
const POSSIBLE_MAX: usize = 4;
/// The most different answers that a configuration remembers for one open read.
const GLIMPSES_MAX: usize = 32;
/// The most operations that were given up and that a key carries along as "may happen yet".
const GIVEN_UP_MAX: usize = 64;

/// One way in which the object of a key may stand now.
#[derive(Clone, Debug)]
pub(super) struct Configuration<S, R> {
    state: S,
    /// Open operations that have been linearized, with what they will have to answer.
    done: Vec<(u32, R)>,
    /// Operations that were given up and have been linearized.
    spent: Vec<u32>,
    /// Open reads, with the answers they could have got so far. A read needs no instant of its own:
    /// any state that the object went through while the read was open will do.
    seen: Vec<(u32, Vec<R>)>,
}

impl<S: Eq, R: Eq> Configuration<S, R> {
    /// How much was linearized before an answer demanded it.
    fn haste(&self) -> usize {
        self.done.len() + self.spent.len()
    }

    /// Whether whatever can happen to `other` can happen to this one.
    fn covers(&self, other: &Self) -> bool {
        self.state == other.state
            && self.done == other.done
            && is_subset(&self.spent, &other.spent)
            && self.seen.len() == other.seen.len()
            && self.seen.iter().zip(&other.seen).all(|(mine, theirs)| {
                mine.0 == theirs.0 && mine.1.len() >= theirs.1.len() && theirs.1.iter().all(|ret| mine.1.contains(ret))
            })
    }
}

/// Configurations of which none covers one that came later.
struct Pool<S, R> {
    members: Vec<Configuration<S, R>>,
    /// Positions of members by state and `done`.
    places: Map<u128, Vec<u32>>,
}

impl<S: Eq + Hash, R: Eq + Hash> Pool<S, R> {
    const fn new() -> Self {
        Self { members: Vec::new(), places: Map::new() }
    }

    /// Takes a configuration in unless it is covered. Returns its position.
    fn insert(&mut self, configuration: Configuration<S, R>) -> Option<usize> {
        let alike = self.places.entry(fingerprint(&(&configuration.state, &configuration.done))).or_default();
        let covered = |&place: &u32| self.members[place as usize].covers(&configuration);
        if alike.iter().take(COMPARISONS_MAX).any(covered) {
            return None;
        }
        let place = self.members.len();
        alike.push(place as u32);
        self.members.push(configuration);
        Some(place)
    }
}

/// An operation that may still take effect.
#[derive(Clone, Debug)]
pub(super) struct Pending<Op> {
    position: u32,
    op: Op,
    given_up: bool,
}

/// Everything that is known about one key: in which configurations its object may be.
pub(super) struct Frontier<M: Model> {
    /// The least hasty first. Empty once no order explains the answers.
    pub(super) configurations: Vec<Configuration<M::State, M::Ret>>,
    /// In the order in which they were asked for.
    pub(super) pending: Vec<Pending<M::Op>>,
    /// Whether `configurations` covers all that are possible. Otherwise it is a selection of them:
    /// while one is left the history is linearizable, but when none is left that proves nothing.
    pub(super) exact: bool,
    /// Nothing is known any more.
    pub(super) lost: bool,
    pub(super) explored: u64,
    /// How often the key's whole history was searched.
    pub(super) searches: u32,
}

impl<M: Model> Clone for Frontier<M> {
    fn clone(&self) -> Self {
        Self { configurations: self.configurations.clone(), pending: self.pending.clone(), ..*self }
    }
}

impl<M: Model> Frontier<M> {
    pub(super) fn new(key: &M::Key) -> Self {
        let start = Configuration { state: M::init(key), done: Vec::new(), spent: Vec::new(), seen: Vec::new() };
        Self { configurations: vec![start], pending: Vec::new(), exact: true, lost: false, explored: 0, searches: 0 }
    }

    pub(super) fn invoke(&mut self, position: u32, op: &M::Op) {
        if M::reads_only(op) {
            for configuration in &mut self.configurations {
                self.explored += 1;
                configuration.seen.push((position, vec![M::step(&configuration.state, op).1]));
            }
        }
        self.pending.push(Pending { position, op: op.clone(), given_up: false });
    }

    pub(super) fn give_up(&mut self, position: u32) {
        let Some(at) = self.pending.iter().position(|pending| pending.position == position) else { return };
        if M::reads_only(&self.pending[at].op) {
            self.pending.remove(at);
            for configuration in &mut self.configurations {
                configuration.seen.retain(|&(open, _)| open != position);
            }
        } else {
            self.pending[at].given_up = true;
            for configuration in &mut self.configurations {
                let before = configuration.done.len();
                configuration.done.retain(|&(open, _)| open != position);
                if configuration.done.len() < before {
                    configuration.spent = with(&configuration.spent, position);
                }
            }
            self.forget();
        }
        let configurations = std::mem::take(&mut self.configurations);
        self.keep(configurations, usize::MAX);
    }

    /// Operations that were given up may happen until the end of time. Those that have happened in
    /// all configurations need not be carried along; of the others the oldest are left out when
    /// they are too many.
    fn forget(&mut self) {
        let spent_in_all = |position: u32, configurations: &[Configuration<M::State, M::Ret>]| {
            configurations.iter().all(|configuration| configuration.spent.binary_search(&position).is_ok())
        };
        let mut given_up = self.pending.iter().filter(|pending| pending.given_up).count();
        let mut at = 0;
        while at < self.pending.len() {
            let Pending { position, given_up: optional, .. } = self.pending[at];
            let settled = optional && spent_in_all(position, &self.configurations);
            let excess = optional && given_up > GIVEN_UP_MAX;
            if settled || excess {
                self.exact &= settled;
                given_up -= 1;
                self.pending.remove(at);
                for configuration in &mut self.configurations {
                    configuration.spent.retain(|&spent| spent != position);
                }
            } else {
                at += 1;
            }
        }
    }

    /// Keeps those that are not covered by another, the least hasty first, at most `most` of them.
    fn keep(&mut self, configurations: Vec<Configuration<M::State, M::Ret>>, most: usize) {
        let mut by_haste: Map<usize, Vec<_>> = Map::new();
        for configuration in configurations {
            by_haste.entry(configuration.haste()).or_default().push(configuration);
        }
        let mut pool = Pool::new();
        for configuration in by_haste.into_values().flatten() {
            pool.insert(configuration);
        }
        self.exact &= pool.members.len() <= most;
        self.configurations = pool.members;
        self.configurations.truncate(most);
    }

    /// Keeps the configurations that agree with an answer, after linearizing as much as that takes.
    /// When none is left, returns all answers that would have been right, if they are few and known.
    pub(super) fn answer(&mut self, position: u32, ret: &M::Ret, limits: Limits) -> Option<Vec<M::Ret>> {
        let Some(at) = self.pending.iter().position(|pending| pending.position == position) else {
            unreachable!("the history has this operation open");
        };
        let op = self.pending.remove(at).op;
        let reads_only = M::reads_only(&op);
        let mut possible = Vec::new();
        let (mut accepted, mut unplaced) = (Pool::new(), Pool::new());
        for mut configuration in std::mem::take(&mut self.configurations) {
            let place = configuration.done.iter().position(|&(open, _)| open == position);
            let glimpsed = configuration.seen.iter().position(|&(open, _)| open == position);
            let rets = match (place, glimpsed) {
                (Some(place), _) => vec![configuration.done.remove(place).1],
                (None, Some(place)) => configuration.seen.remove(place).1,
                (None, None) => Vec::new(),
            };
            let agrees = rets.iter().any(|expected| M::same(expected, ret));
            note(&mut possible, rets);
            if agrees {
                accepted.insert(configuration);
            } else if place.is_none() {
                unplaced.insert(configuration);
            }
        }
        let most = limits.configurations_max.max(1) as usize;
        let states_end = self.explored.saturating_add(limits.states_max);
        // Breadth first: what linearizes the least is found first. The queue cannot become longer
        // than the budget.
        let mut queue: VecDeque<(usize, u32)> = (0..unplaced.members.len()).map(|place| (place, 0)).collect();
        let (mut level, mut within) = (0, true);
        while let Some((place, depth)) = queue.pop_front() {
            // Once there are enough, what is hastier still is not looked for.
            let found = accepted.members.len();
            if self.explored >= states_end || (depth > level && found >= most) {
                within = false;
                break;
            }
            level = depth;
            if !reads_only {
                self.explored += 1;
                let (state, expected) = M::step(&unplaced.members[place].state, &op);
                let agrees = M::same(&expected, ret);
                note(&mut possible, vec![expected]);
                if agrees {
                    let mut next = Configuration { state, ..unplaced.members[place].clone() };
                    self.look(&mut next);
                    accepted.insert(next);
                }
            }
            for index in 0..self.pending.len() {
                let Some(next) = self.linearize(&unplaced.members[place], index) else { continue };
                if reads_only {
                    self.explored += 1;
                    let expected = M::step(&next.state, &op).1;
                    let agrees = M::same(&expected, ret);
                    note(&mut possible, vec![expected]);
                    if agrees {
                        accepted.insert(next);
                        continue;
                    }
                }
                if let Some(place) = unplaced.insert(next) {
                    queue.push_back((place, depth + 1));
                }
            }
        }
        self.exact &= within;
        self.keep(accepted.members, most);
        self.forget();
        let known = self.exact && self.configurations.is_empty() && possible.len() <= POSSIBLE_MAX;
        known.then_some(possible)
    }

    /// The configuration after linearizing a pending operation, unless that is nonsense.
    fn linearize(
        &mut self,
        from: &Configuration<M::State, M::Ret>,
        index: usize,
    ) -> Option<Configuration<M::State, M::Ret>> {
        let Pending { position, ref op, given_up } = self.pending[index];
        let done = from.done.iter().any(|&(open, _)| open == position);
        if done || from.spent.binary_search(&position).is_ok() || M::reads_only(op) {
            return None;
        }
        self.explored += 1;
        let (state, expected) = M::step(&from.state, op);
        // Nobody will ever hear of it.
        if given_up && state == from.state {
            return None;
        }
        let mut next = Configuration { state, ..from.clone() };
        if given_up {
            next.spent = with(&next.spent, position);
        } else {
            let at = next.done.partition_point(|&(open, _)| open < position);
            next.done.insert(at, (position, expected));
        }
        self.look(&mut next);
        Some(next)
    }

    /// Shows a configuration's new state to the open reads.
    fn look(&mut self, configuration: &mut Configuration<M::State, M::Ret>) {
        for (open, rets) in &mut configuration.seen {
            let Some(pending) = self.pending.iter().find(|pending| pending.position == *open) else { continue };
            self.explored += 1;
            let ret = M::step(&configuration.state, &pending.op).1;
            if rets.contains(&ret) {
                continue;
            }
            if rets.len() >= GLIMPSES_MAX {
                rets.remove(0);
                self.exact = false;
            }
            rets.push(ret);
        }
    }

    /// Starts again from an order that explains all answers so far. It is one of many.
    pub(super) fn restart(&mut self, part: &Part<'_, M>, items: &[Item<'_, M>], order: &[u32]) {
        let mut only = Configuration { state: M::init(part.key), done: Vec::new(), spent: Vec::new(), seen: vec![] };
        let reads: Vec<(u32, u32)> = (self.pending.iter())
            .filter(|pending| M::reads_only(&pending.op))
            .map(|pending| (pending.position, part.operation(pending.position).asked_event))
            .collect();
        only.seen = reads.iter().map(|&(open, _)| (open, Vec::new())).collect();
        self.look(&mut only);
        for &item in order {
            let Item { position, op, ret, answered, .. } = items[item as usize];
            let (state, expected) = M::step(&only.state, op);
            self.explored += 1;
            only.state = state;
            if ret.is_none() {
                match self.pending.iter().find(|pending| pending.position == position) {
                    Some(pending) if pending.given_up => only.spent = with(&only.spent, position),
                    Some(_) => {
                        let at = only.done.partition_point(|&(open, _)| open < position);
                        only.done.insert(at, (position, expected));
                    }
                    // It was forgotten, so nobody asks whether it has happened.
                    None => {}
                }
            }
            // What was answered before a read was asked for comes before it.
            for ((_, asked), (_, rets)) in reads.iter().zip(&mut only.seen) {
                if answered < *asked {
                    rets.clear();
                }
            }
            self.look(&mut only);
        }
        self.exact = false;
        self.configurations = vec![only];
    }
}

/// Adds answers to a list that may become too long to be told, but not longer.
fn note<R: Eq>(possible: &mut Vec<R>, rets: Vec<R>) {
    for ret in rets {
        if possible.len() <= POSSIBLE_MAX && !possible.contains(&ret) {
            possible.push(ret);
        }
    }
}
