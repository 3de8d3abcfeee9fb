//! Linearizability: can what clients were told be explained by doing one operation at a time, each
//! at some instant between its question and its answer?
//!
//! Two independent procedures decide it, and tests hold them against each other:
//!
//! - [`check`] takes a whole [`History`] and searches depth first for an order of its operations
//!   (Wing, Gong: "Testing and verifying concurrent objects", JPDC 1993), remembering every pair of
//!   linearized operations and state (Lowe: "Testing for linearizability", Concurrency and
//!   Computation 2017, §§3–4), one key after the other (Horn, Kroening: "Faster linearizability
//!   checking via P-compositionality", FORTE 2015).
//! - [`Incremental`] follows a run. It keeps, for each key, the configurations in which the object
//!   may be now, and linearizes operations only when an answer demands it (Lowe's just-in-time
//!   linearization, §5). The past needs no second look, so an answer costs what is open, not what
//!   has been.
//!
//! A history is linearizable only if each of its prefixes is, so a violation belongs to the answer
//! at which it shows first. It is explained by a [`Witness`].
//!
//! Both count the states that they explore (every application of [`Model::step`] is one) and give
//! up with [`Outcome::Unknown`] when a budget of them is used up. They never look at a clock.
//!
//! Configurations are remembered by 128-bit fingerprints. A collision could hide an order and
//! report a violation where there is none; at a billion states, its probability is below 10⁻²⁰.
//!
//! What is left out: weaker conditions (sequential consistency, k-atomicity), and operations on
//! more than one key, which a model has to give one common key.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use sim::hash::{StableHasher, mix};

use crate::history::{End, History, Moment, OpId, Operation};

/// The most answers that a reason lists as possible.
const POSSIBLE_MAX: usize = 4;
/// The budget of the search for the longest partial linearization, in states. There is one
/// explanation per run, and it does not depend on what the check itself may spend.
const EXPLANATION_STATES_MAX: u64 = 200_000;
/// The most operations of which an explanation asks: "would it have been right without this one?"
const SUSPECTS_MAX: usize = 16;
/// The budget of each such question, in states.
const SUSPECT_STATES_MAX: u64 = 50_000;
/// The most different answers that a configuration remembers for one open read.
const GLIMPSES_MAX: usize = 32;
/// The most operations that were given up and that a key carries along as "may happen yet".
const GIVEN_UP_MAX: usize = 64;
/// How often the whole history of one key may be searched.
const SEARCHES_MAX: u32 = 64;
/// The most configurations with which a new one is compared.
const COMPARISONS_MAX: usize = 32;

/// What an object does when nobody else is there: the sequential semantics.
pub trait Model: 'static {
    /// An operation.
    type Op: Clone;
    /// An answer.
    type Ret: Clone + Eq + Hash;
    /// The state of the object that one key names.
    type State: Clone + Eq + Hash;
    /// Operations on different keys do not influence each other. A model of one object has `()`.
    type Key: Ord + Clone;

    /// The key on which an operation works.
    fn key(op: &Self::Op) -> Self::Key;
    /// The state in which a key starts.
    fn init(key: &Self::Key) -> Self::State;
    /// What an operation does, and what it answers.
    fn step(state: &Self::State, op: &Self::Op) -> (Self::State, Self::Ret);
    /// Whether what a client was told agrees with what the model answers. Clients may be told less.
    fn same(expected: &Self::Ret, observed: &Self::Ret) -> bool {
        expected == observed
    }
    /// Whether an operation leaves every state as it is. Saying so is optional and saves much
    /// search; saying so of an operation that changes a state makes verdicts wrong.
    fn reads_only(_op: &Self::Op) -> bool {
        false
    }
    /// An operation in words: `put x=2`.
    fn op_words(op: &Self::Op) -> String;
    /// An answer in words: `2`. Empty when it says no more than that the operation was done.
    fn ret_words(ret: &Self::Ret) -> String;
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<K> {
    /// There is an order that explains all answers.
    Linearizable {
        /// States explored.
        explored: u64,
    },
    /// There is none.
    Violated {
        /// The object with which it showed.
        key: K,
        /// Why.
        witness: Witness,
    },
    /// The budget did not suffice for at least one key, and the other keys are right.
    Unknown {
        /// States explored.
        explored: u64,
    },
}

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The first answer after which no order explains all answers so far.
    pub answer: OpId,
    /// When it was given.
    pub at: Moment,
    /// The longest partial linearization that was found, of the key's history up to that answer.
    pub order: Vec<OpId>,
    /// The operations of which one would have to come next, and none can.
    pub stuck: Vec<OpId>,
    /// The operation with whose answer `answer` is at odds.
    pub blamed: Option<OpId>,
    /// All answers that would have been right, in words. Empty when there are too many to list, or
    /// when they are not all known.
    pub possible: Vec<String>,
    /// All that in one sentence.
    pub reason: String,
}

/// Checks a whole history. Each key may cost `states_max` states.
///
/// Keys are searched in order, and the first that is violated is reported, even if the budget did
/// not suffice for one before it.
#[must_use]
pub fn check<M: Model>(history: &History<M::Op, M::Ret>, states_max: u64) -> Outcome<M::Key> {
    let mut keys: BTreeMap<M::Key, Vec<u32>> = BTreeMap::new();
    for (position, operation) in (0..).zip(history.iter()) {
        keys.entry(M::key(&operation.op)).or_default().push(position);
    }
    let (mut explored, mut unknown) = (0, false);
    for (key, positions) in keys {
        let part = Part::<M> { history, key: &key, positions: &positions };
        let found = Search::run(&part.items(u32::MAX, Pretend::Nothing), &part, states_max, u32::MAX);
        explored += found.explored;
        match found.end {
            Ending::Placed => {}
            Ending::Exhausted => unknown = true,
            Ending::Impossible => {
                let blow = part.locate().unwrap_or_else(|| part.bisect(states_max));
                let witness = part.explain(blow);
                return Outcome::Violated { key, witness };
            }
        }
    }
    if unknown { Outcome::Unknown { explored } } else { Outcome::Linearizable { explored } }
}

// ---------------------------------------------------------------------------------------------------------------------
// Fingerprints
// ---------------------------------------------------------------------------------------------------------------------

/// 128 bits that stand for a value: two hashes from different starting points.
fn fingerprint<T: Hash>(value: &T) -> u128 {
    let half = |seed| {
        let mut hasher = StableHasher::new(seed);
        value.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0x6c69_6e65) << 64 | half(0x6172_697a)
}

/// 128 bits that stand for an operation as a member of a set; a set is the XOR of its members
/// (Zobrist: "A new hashing method with application for game playing", 1970).
fn member(item: u32) -> u128 {
    u128::from(mix(u64::from(item) ^ 0x5a6f_6272_0000_0000)) << 64 | u128::from(mix(!u64::from(item)))
}

// ---------------------------------------------------------------------------------------------------------------------
// Depth first: Wing and Gong, Lowe
// ---------------------------------------------------------------------------------------------------------------------

/// One key's share of a history.
struct Part<'a, M: Model> {
    history: &'a History<M::Op, M::Ret>,
    key: &'a M::Key,
    /// Positions in the history, ascending.
    positions: &'a [u32],
}

/// An operation as the search sees it.
struct Item<'a, M: Model> {
    position: u32,
    op: &'a M::Op,
    /// Absent while the operation is open.
    ret: Option<&'a M::Ret>,
    asked: u32,
    /// `u32::MAX` while the operation is open.
    answered: u32,
}

/// The items that are not linearized yet, as a doubly linked list from which one can be taken and,
/// in reverse order, put back in constant time (Knuth: "Dancing links", 2000).
struct Links {
    next: Vec<u32>,
    previous: Vec<u32>,
}

impl Links {
    /// Links `order`, a selection of the items below `count`; position `count` is both ends.
    fn new(count: u32, order: impl Iterator<Item = u32>) -> Self {
        let size = count as usize + 1;
        let mut links = Self { next: vec![count; size], previous: vec![count; size] };
        let mut last = count;
        for item in order {
            links.next[last as usize] = item;
            links.previous[item as usize] = last;
            last = item;
        }
        links.next[last as usize] = count;
        links.previous[count as usize] = last;
        links
    }

    fn after(&self, item: u32) -> u32 {
        self.next[item as usize]
    }

    fn take(&mut self, item: u32) {
        let (previous, next) = (self.previous[item as usize], self.next[item as usize]);
        self.next[previous as usize] = next;
        self.previous[next as usize] = previous;
    }

    fn put_back(&mut self, item: u32) {
        let (previous, next) = (self.previous[item as usize], self.next[item as usize]);
        self.next[previous as usize] = item;
        self.previous[next as usize] = item;
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// All answered operations are placed, or as many as were asked for.
    Placed,
    Impossible,
    Exhausted,
}

/// What a search came to.
struct Found {
    end: Ending,
    explored: u64,
    /// The most answered operations that were placed at once.
    placed_best: u32,
    /// Items in the order in which they are placed at the end of the search.
    order: Vec<u32>,
    /// Answered items that could come next at the end of the search.
    stuck: Vec<u32>,
}

/// A configuration on the way, and what is left to try from it.
struct Frame<S> {
    state: S,
    /// The item whose placement led here; none at the root.
    item: Option<u32>,
    /// Answered items placed so far, as a set.
    answered: u128,
    /// Open items placed so far, ascending.
    optional: Rc<[u32]>,
    candidates: Vec<u32>,
    tried: usize,
}

struct Search<'a, M: Model> {
    items: &'a [Item<'a, M>],
    /// Items not placed, by question.
    asked: Links,
    /// Answered items not placed, by answer.
    answered: Links,
    placed: u32,
    explored: u64,
    /// For each set of answered items and state: the sets of open items with which it was reached.
    known: BTreeMap<u128, Vec<Rc<[u32]>>>,
}

impl<'a, M: Model> Search<'a, M> {
    /// Searches for an order of `items`, until `target` answered items are placed or all of them.
    fn run(items: &'a [Item<'a, M>], part: &Part<'_, M>, states_max: u64, target: u32) -> Found {
        let count = items.len() as u32;
        let mut by_answer: Vec<u32> = (0..count).filter(|&item| items[item as usize].ret.is_some()).collect();
        by_answer.sort_by_key(|&item| items[item as usize].answered);
        let target = target.min(by_answer.len() as u32);
        let mut search = Self {
            items,
            asked: Links::new(count, 0..count),
            answered: Links::new(count, by_answer.into_iter()),
            placed: 0,
            explored: 0,
            known: BTreeMap::new(),
        };
        let root = M::init(part.key);
        let candidates = search.candidates(&root);
        let mut frames =
            vec![Frame { state: root, item: None, answered: 0, optional: Rc::new([]), candidates, tried: 0 }];
        let mut placed_best = 0;
        // Every turn explores a state or takes a frame back, and a frame costs a state: the budget
        // bounds the loop.
        let end = loop {
            placed_best = placed_best.max(search.placed);
            if search.placed == target {
                break Ending::Placed;
            }
            if search.explored >= states_max {
                break Ending::Exhausted;
            }
            let Some(frame) = frames.last_mut() else { break Ending::Impossible };
            if let Some(&item) = frame.candidates.get(frame.tried) {
                frame.tried += 1;
                if let Some(next) = search.place(&frames, item) {
                    frames.push(next);
                }
            } else if let Some(item) = frames.pop().and_then(|frame| frame.item) {
                search.asked.put_back(item);
                if search.items[item as usize].ret.is_some() {
                    search.answered.put_back(item);
                    search.placed -= 1;
                }
            }
        };
        let stuck = search.next_up().filter(|&item| items[item as usize].ret.is_some()).collect();
        let order = frames.iter().filter_map(|frame| frame.item).collect();
        Found { end, explored: search.explored, placed_best, order, stuck }
    }

    /// The items that may come next: those asked for before the first answer to one that is not
    /// placed.
    fn next_up(&self) -> impl Iterator<Item = u32> {
        let end = self.items.len() as u32;
        let first = self.answered.after(end);
        let horizon = if first == end { u32::MAX } else { self.items[first as usize].answered };
        let following = move |&item: &u32| Some(self.asked.after(item));
        std::iter::successors(following(&end), following)
            .take_while(move |&item| item != end && self.items[item as usize].asked < horizon)
    }

    /// What to try from here, the best first.
    fn candidates(&mut self, state: &M::State) -> Vec<u32> {
        let mut candidates: Vec<u32> = self.next_up().collect();
        // A read that was answered and fits can be placed at once and nothing else has to be tried:
        // in any order that places it later it can be moved here. One that does not fit has to
        // wait, and one that is open is never needed.
        let mut fits = None;
        candidates.retain(|&item| {
            let Item { op, ret, .. } = self.items[item as usize];
            if fits.is_some() || !M::reads_only(op) {
                return fits.is_none();
            }
            if let Some(ret) = ret {
                self.explored += 1;
                if M::same(&M::step(state, op).1, ret) {
                    fits = Some(item);
                }
            }
            false
        });
        if let Some(item) = fits {
            return vec![item];
        }
        // The most urgent first, and what is open last: an order that places operations no earlier
        // than needed is rarely wrong. When the most urgent one is a read that does not fit, what
        // makes it fit comes before everything else.
        let urgent = &self.items[self.answered.after(self.items.len() as u32) as usize % self.items.len()];
        let needed = urgent.ret.filter(|_| M::reads_only(urgent.op));
        let mut ranked: Vec<(bool, u32, u32)> = Vec::with_capacity(candidates.len());
        for item in candidates {
            let Item { op, answered, .. } = self.items[item as usize];
            let helps = needed.is_some_and(|ret| {
                self.explored += 2;
                M::same(&M::step(&M::step(state, op).0, urgent.op).1, ret)
            });
            ranked.push((!helps, answered, item));
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, _, item)| item).collect()
    }

    /// The configuration after placing `item`, unless it does not fit or is known.
    fn place(&mut self, frames: &[Frame<M::State>], item: u32) -> Option<Frame<M::State>> {
        let frame = frames.last().expect("there is something to go on from");
        let Item { op, ret, .. } = self.items[item as usize];
        self.explored += 1;
        let (state, expected) = M::step(&frame.state, op);
        let (answered, optional) = match ret {
            Some(ret) => {
                if !M::same(&expected, ret) {
                    return None;
                }
                (frame.answered ^ member(item), frame.optional.clone())
            }
            // Leaving an open operation out is as good as placing it where it changes nothing.
            None if state == frame.state => return None,
            None => (frame.answered, with(&frame.optional, item).into()),
        };
        // An open operation that leaves no trace, because this one comes right after it and would
        // have done the same without it, was placed in vain.
        if let [.., before, Frame { item: Some(last), .. }] = frames
            && self.items[*last as usize].ret.is_none()
        {
            self.explored += 1;
            let (without, expected) = M::step(&before.state, op);
            if without == state && ret.is_none_or(|ret| M::same(&expected, ret)) {
                return None;
            }
        }
        let known = self.known.entry(answered ^ fingerprint(&state)).or_default();
        // What was impossible, or is being tried, with fewer open operations used up is impossible,
        // or covered, with more of them.
        if known.iter().take(COMPARISONS_MAX).any(|fewer| is_subset(fewer, &optional)) {
            return None;
        }
        known.push(optional.clone());
        self.asked.take(item);
        if ret.is_some() {
            self.answered.take(item);
            self.placed += 1;
        }
        let candidates = self.candidates(&state);
        Some(Frame { state, item: Some(item), answered, optional, candidates, tried: 0 })
    }
}

/// A sorted list with one more member.
fn with(set: &[u32], member: u32) -> Vec<u32> {
    let at = set.partition_point(|&known| known < member);
    let mut more = Vec::with_capacity(set.len() + 1);
    more.extend_from_slice(&set[..at]);
    more.push(member);
    more.extend_from_slice(&set[at..]);
    more
}

/// Whether a sorted list contains another.
fn is_subset(fewer: &[u32], more: &[u32]) -> bool {
    let mut rest = more.iter();
    fewer.iter().all(|member| rest.any(|candidate| candidate == member))
}

// ---------------------------------------------------------------------------------------------------------------------
// Explanations
// ---------------------------------------------------------------------------------------------------------------------

/// The answer at which a violation showed, with all that would have been right if that is known.
struct Blow<R> {
    position: u32,
    possible: Option<Vec<R>>,
}

/// In which way a history is taken differently from how it was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pretend {
    Nothing,
    /// The operation at this position was not answered.
    Open(u32),
    /// The operation at this position was asked for right after this event.
    Asked {
        position: u32,
        event: u32,
    },
}

impl<'a, M: Model> Part<'a, M> {
    fn operation(&self, position: u32) -> &'a Operation<M::Op, M::Ret> {
        self.history.get(position).expect("positions come from this history")
    }

    /// The operations up to and with event `until`, in the order in which they were asked for; of
    /// what came later nothing is known yet.
    fn items(&self, until: u32, pretend: Pretend) -> Vec<Item<'a, M>> {
        let positions = self.positions.iter().take_while(|&&position| self.operation(position).asked_event <= until);
        let item = |&position: &u32| {
            let operation = self.operation(position);
            let answer = operation.answer().filter(|&(event, _)| event <= until && pretend != Pretend::Open(position));
            let asked = match pretend {
                Pretend::Asked { position: moved, event } if moved == position => event,
                _ => operation.asked_event,
            };
            Item {
                position,
                op: &operation.op,
                ret: answer.map(|(_, ret)| ret),
                asked,
                answered: answer.map_or(u32::MAX, |(event, _)| event),
            }
        };
        let mut items: Vec<Item<'a, M>> = positions.map(item).collect();
        items.sort_by_key(|item| item.asked);
        items
    }

    /// The first answer that is at odds with what came before it, found by telling the history
    /// again. None if too much had to be left out on the way to be sure.
    fn locate(&self) -> Option<Blow<M::Ret>> {
        let mut events = BTreeMap::new();
        for &position in self.positions {
            let operation = self.operation(position);
            events.insert(operation.asked_event, position);
            match operation.end {
                End::Open => {}
                End::Answered { event, .. } | End::GivenUp { event, .. } => {
                    events.insert(event, position);
                }
            }
        }
        let mut frontier = Frontier::<M>::new(self.key);
        for (event, position) in events {
            let operation = self.operation(position);
            if operation.asked_event == event {
                frontier.invoke(position, &operation.op);
                continue;
            }
            match &operation.end {
                End::Answered { ret, .. } => {
                    let possible = frontier.answer(position, ret, Limits::default());
                    if frontier.configurations.is_empty() {
                        return frontier.exact.then_some(Blow { position, possible });
                    }
                }
                End::GivenUp { .. } | End::Open => frontier.give_up(position),
            }
        }
        None
    }

    /// The answer to name when [`Part::locate`] cannot say, of a history that is not linearizable:
    /// the first with which a search within the budget fails.
    fn bisect(&self, states_max: u64) -> Blow<M::Ret> {
        let answered = |&position: &u32| Some((self.operation(position).answer()?.0, position));
        let mut answers: Vec<(u32, u32)> = self.positions.iter().filter_map(answered).collect();
        answers.sort_unstable();
        let (mut right, mut wrong) = (0, answers.len() - 1);
        while right < wrong {
            let middle = usize::midpoint(right, wrong);
            let items = self.items(answers[middle].0, Pretend::Nothing);
            if Search::run(&items, self, states_max, u32::MAX).end == Ending::Impossible {
                wrong = middle;
            } else {
                right = middle + 1;
            }
        }
        Blow { position: answers[wrong].1, possible: None }
    }

    fn explain(&self, blow: Blow<M::Ret>) -> Witness {
        let operation = self.operation(blow.position);
        let End::Answered { at, event, .. } = operation.end else {
            unreachable!("only an answer can be at odds with what came before it");
        };
        let items = self.items(event, Pretend::Nothing);
        let best = Search::run(&items, self, EXPLANATION_STATES_MAX, u32::MAX).placed_best;
        let found = Search::run(&items, self, EXPLANATION_STATES_MAX, best);
        let id = |&item: &u32| self.operation(items[item as usize].position).id;
        let blamed = self.blame(blow.position, event);
        let possible: Vec<String> = blow.possible.iter().flatten().map(M::ret_words).collect();
        Witness {
            answer: operation.id,
            at,
            order: found.order.iter().map(id).collect(),
            stuck: found.stuck.iter().map(id).collect(),
            blamed: blamed.map(|other| other.id),
            reason: Self::reason(operation, blamed, &possible),
            possible,
        }
    }

    /// The operation that stands in the way of the one at position `accused`: it had been answered
    /// when that one was asked for, and a question asked before that answer could have been
    /// answered so. If the question came at no wrong time: an operation without whose answer all
    /// would be well.
    fn blame(&self, accused: u32, until: u32) -> Option<&'a Operation<M::Op, M::Ret>> {
        let asked = self.operation(accused).asked_event;
        let answered = |&position: &u32| Some((self.operation(position).answer()?.0, position));
        let mut others: Vec<(u32, u32)> =
            self.positions.iter().filter_map(answered).filter(|&(event, _)| event < until).collect();
        others.sort_unstable();
        let right = |pretend| {
            Search::run(&self.items(until, pretend), self, SUSPECT_STATES_MAX, u32::MAX).end == Ending::Placed
        };
        let asked_earlier =
            |&(event, _): &(u32, u32)| event < asked && right(Pretend::Asked { position: accused, event: event - 1 });
        // The earlier a question, the more could be answered, so those in whose time it would have
        // been right come first.
        let in_time = others.partition_point(asked_earlier);
        let late = in_time.checked_sub(1).map(|last| others[last].1);
        let suspects = || others.iter().rev().take(SUSPECTS_MAX).map(|&(_, position)| position);
        let blamed = late.or_else(|| suspects().find(|&position| right(Pretend::Open(position))));
        blamed.map(|position| self.operation(position))
    }

    fn reason(
        accused: &Operation<M::Op, M::Ret>,
        blamed: Option<&Operation<M::Op, M::Ret>>,
        possible: &[String],
    ) -> String {
        let told = |operation: &Operation<M::Op, M::Ret>, before: bool| {
            let (at, words) = match &operation.end {
                End::Answered { at, ret, .. } => (*at, M::ret_words(ret)),
                End::Open | End::GivenUp { .. } => unreachable!("only answers are at odds"),
            };
            let verb = match (words.is_empty(), before) {
                (true, false) => "was answered".to_owned(),
                (true, true) => "had been answered".to_owned(),
                (false, false) => format!("returned {words}"),
                (false, true) => format!("had returned {words}"),
            };
            (format!("{} {verb}", M::op_words(&operation.op)), at.step)
        };
        let (what, step) = told(accused, false);
        let mut reason = format!("{what} at step {step}");
        let listed = possible.join(" or ");
        let listable = !possible.is_empty() && possible.iter().all(|words| !words.is_empty());
        match blamed {
            Some(other) => {
                let (what, step) = told(other, true);
                let before = other.answer().is_some_and(|(event, _)| event < accused.asked_event);
                let when = if before { "before it was asked" } else { "while it was under way" };
                reason += &format!(", but {what} {when}, at step {step}");
                if listable {
                    reason += &format!("; only {listed} was possible");
                }
            }
            None if listable => reason += &format!(", but only {listed} was possible"),
            None => reason += ", and no order of the operations explains that",
        }
        reason
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Breadth first: just-in-time linearization
// ---------------------------------------------------------------------------------------------------------------------

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

/// One way in which the object of a key may stand now.
#[derive(Clone, Debug)]
struct Configuration<S, R> {
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
    places: BTreeMap<u128, Vec<u32>>,
}

impl<S: Eq + Hash, R: Eq + Hash> Pool<S, R> {
    const fn new() -> Self {
        Self { members: Vec::new(), places: BTreeMap::new() }
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
struct Pending<Op> {
    position: u32,
    op: Op,
    given_up: bool,
}

/// Everything that is known about one key: in which configurations its object may be.
struct Frontier<M: Model> {
    /// The least hasty first. Empty once no order explains the answers.
    configurations: Vec<Configuration<M::State, M::Ret>>,
    /// In the order in which they were asked for.
    pending: Vec<Pending<M::Op>>,
    /// Whether `configurations` covers all that are possible. Otherwise it is a selection of them:
    /// while one is left the history is linearizable, but when none is left that proves nothing.
    exact: bool,
    /// Nothing is known any more.
    lost: bool,
    explored: u64,
    /// How often the key's whole history was searched.
    searches: u32,
}

impl<M: Model> Clone for Frontier<M> {
    fn clone(&self) -> Self {
        Self { configurations: self.configurations.clone(), pending: self.pending.clone(), ..*self }
    }
}

impl<M: Model> Frontier<M> {
    fn new(key: &M::Key) -> Self {
        let start = Configuration { state: M::init(key), done: Vec::new(), spent: Vec::new(), seen: Vec::new() };
        Self { configurations: vec![start], pending: Vec::new(), exact: true, lost: false, explored: 0, searches: 0 }
    }

    fn invoke(&mut self, position: u32, op: &M::Op) {
        if M::reads_only(op) {
            for configuration in &mut self.configurations {
                self.explored += 1;
                configuration.seen.push((position, vec![M::step(&configuration.state, op).1]));
            }
        }
        self.pending.push(Pending { position, op: op.clone(), given_up: false });
    }

    fn give_up(&mut self, position: u32) {
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
    fn keep(&mut self, mut configurations: Vec<Configuration<M::State, M::Ret>>, most: usize) {
        configurations.sort_by_key(Configuration::haste);
        let mut pool = Pool::new();
        for configuration in configurations {
            pool.insert(configuration);
        }
        self.exact &= pool.members.len() <= most;
        self.configurations = pool.members;
        self.configurations.truncate(most);
    }

    /// Keeps the configurations that agree with an answer, after linearizing as much as that takes.
    /// When none is left, returns all answers that would have been right, if they are few and known.
    fn answer(&mut self, position: u32, ret: &M::Ret, limits: Limits) -> Option<Vec<M::Ret>> {
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
    fn restart(&mut self, part: &Part<'_, M>, items: &[Item<'_, M>], order: &[u32]) {
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

/// Checks a history while it grows, with the verdict of [`check`] after every event.
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
///   the states before them, and a quiet moment does not bring those back. [`check`] with a larger
///   budget may still tell.
/// - The first violation stays, and nothing is searched after it.
///
/// A clone shares the history and all keys that do not change afterwards.
pub struct Incremental<M: Model> {
    history: History<M::Op, M::Ret>,
    keys: BTreeMap<M::Key, Rc<Frontier<M>>>,
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
            keys: BTreeMap::new(),
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
    pub fn invoke(&mut self, id: OpId, at: Moment, op: M::Op) {
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
    pub fn answer(&mut self, id: OpId, at: Moment, ret: M::Ret) -> bool {
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
    pub fn give_up(&mut self, id: OpId, at: Moment) {
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
    pub fn outcome(&self) -> Outcome<M::Key> {
        match &self.violation {
            Some(violation) => Outcome::Violated { key: violation.0.clone(), witness: violation.1.clone() },
            None if self.unknown_keys > 0 => Outcome::Unknown { explored: self.explored },
            None => Outcome::Linearizable { explored: self.explored },
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
        let at = Moment { step: number, time_us: number };
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

    #[test]
    fn sets_of_operations_are_told_apart() {
        let mut sets = std::collections::BTreeSet::new();
        for one in 0..200 {
            for other in 0..one {
                assert!(sets.insert(member(one) ^ member(other)));
            }
        }
        assert!(is_subset(&[2, 5], &[1, 2, 5]) && !is_subset(&[2, 4], &[1, 2, 5]) && is_subset(&[], &[]));
        assert_eq!(with(&[1, 5], 3), [1, 3, 5]);
    }
}
