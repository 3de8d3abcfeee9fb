//! Judging a history while it grows.

use std::fmt;
use std::rc::Rc;

use sim::Map;

use super::explanation::{Blow, Pretend};
use super::frontier::Frontier;
use super::search::{Ending, Search};
use super::{Judgement, Model, Part, Witness};
use crate::operations::{History, OpId, Operation};
use crate::verdict::At;

/// How often the whole history of one key may be searched.
const SEARCHES_MAX: u32 = 64;

/// What [`Incremental`] may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// States explored per answer, going on from what is known.
    pub states_max: u64,
    /// Configurations kept per key.
    pub configurations_max: u32,
    /// States explored by a search of a key's whole history, which is needed when those that were
    /// kept lead nowhere and others had been left out.
    pub search_states_max: u64,
}

impl Default for Limits {
    /// In the tests' runs, five clients of a register need no more than 256 configurations unless
    /// operations that were given up may still happen. Natively, a million states take about a
    /// third of a second.
    fn default() -> Self {
        Self { states_max: 2_000, configurations_max: 256, search_states_max: 1_000_000 }
    }
}

/// Checks a history while it grows, with the verdict of [`check`](super::check) after every event.
///
/// - An answer costs what is open on its key, whatever came before. Each configuration says in
///   which state the object is and which open operations have had their effect.
/// - An operation that stays open stays optional. Say so with [`Incremental::give_up`] as soon as
///   no answer can come: then configurations that differ only in having used it up are merged, and
///   a key carries along the latest 64 such operations.
/// - When there are more configurations than [`Limits::configurations_max`], those that linearized
///   the least are kept. Any one of them proves the history linearizable. When the last of such a
///   selection dies, the key's whole history is searched with [`Limits::search_states_max`], at most
///   64 times, and if that does not decide, the key is unknown *for good*: later answers could only be judged from
///   the states before them, and a quiet moment does not bring those back. [`check`](super::check) with a larger
///   budget may still tell.
/// - The first violation stays, and nothing is searched after it.
///
/// A clone shares the history and all keys that do not change afterwards.
pub struct Incremental<M: Model> {
    history: History<M::Op, M::Ret>,
    keys: Map<M::Key, Rc<Frontier<M>>>,
    limits: Limits,
    violation: Option<Rc<(M::Key, Witness)>>,
    unknown_keys: u32,
    explored: u64,
    searches: u64,
}

impl<M: Model> Clone for Incremental<M> {
    fn clone(&self) -> Self {
        Self { history: self.history.clone(), keys: self.keys.clone(), violation: self.violation.clone(), ..*self }
    }
}

impl<M: Model> fmt::Debug for Incremental<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incremental")
            .field("operations", &self.history.len())
            .field("keys", &self.keys.len())
            .field("violated", &self.violation.is_some())
            .field("unknown_keys", &self.unknown_keys)
            .field("explored", &self.explored)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Default for Incremental<M> {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl<M: Model> Incremental<M> {
    /// A check of a history in which nothing has happened yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            history: History::default(),
            keys: Map::new(),
            limits,
            violation: None,
            unknown_keys: 0,
            explored: 0,
            searches: 0,
        }
    }

    /// An operation is asked for.
    ///
    /// # Panics
    ///
    /// As [`History::invoke`].
    pub fn invoke(&mut self, id: OpId, at: At, op: M::Op) {
        if self.violation.is_none() {
            let key = M::key(&op);
            let frontier = self.keys.entry(key.clone()).or_insert_with(|| Rc::new(Frontier::new(&key)));
            if !frontier.lost {
                let frontier = Rc::make_mut(frontier);
                let before = frontier.explored;
                frontier.invoke(self.history.len(), &op);
                self.explored += frontier.explored - before;
            }
        }
        self.history.invoke(id, at, op);
    }

    /// An operation is answered. Returns whether this very answer shows a violation.
    ///
    /// # Panics
    ///
    /// As [`History::answer`].
    pub fn answer(&mut self, id: OpId, at: At, ret: M::Ret) -> bool {
        let position = self.history.answer(id, at, ret.clone());
        let key = self.key_at(position);
        let Some(frontier) = self.keys.get_mut(&key).filter(|frontier| !frontier.lost) else { return false };
        let frontier = Rc::make_mut(frontier);
        let before = frontier.explored;
        let mut possible = frontier.answer(position, &ret, self.limits);
        let mut violated = false;
        if frontier.configurations.is_empty() {
            let same_key = |(position, operation): (u32, &Operation<M::Op, M::Ret>)| {
                (M::key(&operation.op) == key).then_some(position)
            };
            let positions: Vec<u32> = (0..).zip(self.history.iter()).filter_map(same_key).collect();
            let part = Part::<M> { history: &self.history, key: &key, positions: &positions };
            violated = frontier.exact;
            if !frontier.exact {
                possible = None;
                self.searches += 1;
                frontier.searches += 1;
                let states_max = if frontier.searches > SEARCHES_MAX { 0 } else { self.limits.search_states_max };
                let items = part.items(u32::MAX, Pretend::Nothing);
                let found = Search::run(&items, &part, states_max, u32::MAX);
                frontier.explored += found.explored;
                match found.end {
                    Ending::Placed => frontier.restart(&part, &items, &found.order),
                    Ending::Impossible => violated = true,
                    Ending::Exhausted => {
                        frontier.lost = true;
                        frontier.pending.clear();
                        self.unknown_keys += 1;
                    }
                }
            }
            if violated {
                let witness = part.explain(Blow { position, possible });
                self.violation = Some(Rc::new((key.clone(), witness)));
            }
        }
        self.explored += frontier.explored - before;
        if violated {
            self.keys.clear();
        }
        violated
    }

    /// No answer to an operation will come: the client or the server it asked has crashed.
    ///
    /// # Panics
    ///
    /// As [`History::give_up`].
    pub fn give_up(&mut self, id: OpId, at: At) {
        let position = self.history.give_up(id, at);
        let key = self.key_at(position);
        if let Some(frontier) = self.keys.get_mut(&key).filter(|frontier| !frontier.lost) {
            Rc::make_mut(frontier).give_up(position);
        }
    }

    /// Everything that was asked and told so far.
    #[must_use]
    pub const fn history(&self) -> &History<M::Op, M::Ret> {
        &self.history
    }

    /// Whether there is an order that explains all answers so far.
    #[must_use]
    pub fn judgement(&self) -> Judgement<M::Key> {
        match &self.violation {
            Some(violation) => Judgement::Violated { key: violation.0.clone(), witness: violation.1.clone() },
            None if self.unknown_keys > 0 => Judgement::Unknown { explored: self.explored },
            None => Judgement::Linearizable { explored: self.explored },
        }
    }

    /// The first violation, with its key.
    #[must_use]
    pub fn violation(&self) -> Option<(&M::Key, &Witness)> {
        self.violation.as_deref().map(|(key, witness)| (key, witness))
    }

    /// How many keys cannot be judged any more.
    #[must_use]
    pub const fn unknown_keys(&self) -> u32 {
        self.unknown_keys
    }

    /// States explored so far, explanations left aside.
    #[must_use]
    pub const fn explored(&self) -> u64 {
        self.explored
    }

    /// How often a key's whole history had to be searched.
    #[must_use]
    pub const fn searches(&self) -> u64 {
        self.searches
    }

    fn key_at(&self, position: u32) -> M::Key {
        M::key(&self.history.get(position).expect("the history has just said so").op)
    }
}

#[cfg(test)]
mod tests {
    use sim::NodeId;

    use super::*;

    /// One register per key.
    struct Registers;

    impl Model for Registers {
        type Op = (u32, Option<u32>);
        type Ret = u32;
        type State = u32;
        type Key = u32;

        fn key(op: &Self::Op) -> u32 {
            op.0
        }
        fn init(_key: &u32) -> u32 {
            0
        }
        fn step(state: &u32, op: &Self::Op) -> (u32, u32) {
            op.1.map_or((*state, *state), |value| (value, value))
        }
        fn op_words(op: &Self::Op) -> String {
            format!("{op:?}")
        }
        fn ret_words(ret: &u32) -> String {
            ret.to_string()
        }
    }

    fn tell(checker: &mut Incremental<Registers>, number: u64, key: u32) {
        let at = At { step: number, time_us: number };
        let id = OpId { at_us: number, node: NodeId(0), ordinal: 0 };
        checker.invoke(id, at, (key, Some(7)));
        checker.answer(id, at, 7);
    }

    #[test]
    fn a_clone_shares_the_keys_that_do_not_change() {
        let mut checker = Incremental::<Registers>::default();
        for number in 0..100 {
            tell(&mut checker, number, number as u32);
        }
        let branch = checker.clone();
        tell(&mut checker, 100, 42);
        let shared = |key: &u32| Rc::ptr_eq(&checker.keys[key], &branch.keys[key]);
        assert!((0..100).all(|key| shared(&key) == (key != 42)));
        assert_eq!((checker.history().len(), branch.history().len()), (101, 100));
    }

    #[test]
    fn what_is_quiet_has_one_configuration() {
        let mut checker = Incremental::<Registers>::default();
        for number in 0..1000 {
            tell(&mut checker, number, 0);
            assert_eq!((checker.keys[&0].configurations.len(), checker.keys[&0].pending.len()), (1, 0));
        }
        assert_eq!(checker.explored(), 1000);
    }
}
