//! Depth first: is there an order of these operations that explains their answers? (Wing, Gong; Lowe.)

use std::collections::BTreeMap;
use std::rc::Rc;

use sim::order::sorted_pairs;

use super::sets::{COMPARISONS_MAX, fingerprint, is_subset, member, with};
use super::{Model, Part};

/// An operation as the search sees it.
pub(super) struct Item<'a, M: Model> {
    pub(super) position: u32,
    pub(super) op: &'a M::Op,
    /// Absent while the operation is open.
    pub(super) ret: Option<&'a M::Ret>,
    pub(super) asked: u32,
    /// `u32::MAX` while the operation is open.
    pub(super) answered: u32,
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
pub(super) enum Ending {
    /// All answered operations are placed, or as many as were asked for.
    Placed,
    Impossible,
    Exhausted,
}

/// What a search came to.
pub(super) struct Found {
    pub(super) end: Ending,
    pub(super) explored: u64,
    /// The most answered operations that were placed at once.
    pub(super) placed_best: u32,
    /// Items in the order in which they are placed at the end of the search.
    pub(super) order: Vec<u32>,
    /// Answered items that could come next at the end of the search.
    pub(super) stuck: Vec<u32>,
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

pub(super) struct Search<'a, M: Model> {
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
    pub(super) fn run(items: &'a [Item<'a, M>], part: &Part<'_, M>, states_max: u64, target: u32) -> Found {
        let count = items.len() as u32;
        let is_answered = |&(_, item): &(u32, u32)| items[item as usize].ret.is_some();
        let by_answer = sorted_pairs((0..count).map(|item| (items[item as usize].answered, item)).filter(is_answered));
        let target = target.min(by_answer.len() as u32);
        let mut search = Self {
            items,
            asked: Links::new(count, 0..count),
            answered: Links::new(count, by_answer.into_iter().map(|(_, item)| item)),
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
        let ranked = sorted_pairs(candidates.into_iter().map(|item| (self.items[item as usize].answered, item)));
        let ranked = ranked.into_iter().map(|(_, item)| item);
        let Some(ret) = needed else { return ranked.collect() };
        let (mut first, rest): (Vec<u32>, Vec<u32>) = ranked.partition(|&item| {
            self.explored += 2;
            M::same(&M::step(&M::step(state, self.items[item as usize].op).0, urgent.op).1, ret)
        });
        first.extend(rest);
        first
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
