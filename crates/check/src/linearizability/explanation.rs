//! Why a history is not linearizable: the answer at which it shows, what it is at odds with, and all that in words.

use sim::order::sorted_pairs;

use super::frontier::Frontier;
use super::search::{Ending, Item, Search};
use super::{Limits, Model, Part, Witness};
use crate::operations::{End, Operation};

/// The budget of the search for the longest partial linearization, in states. There is one
/// explanation per run, and it does not depend on what the check itself may spend.
const EXPLANATION_STATES_MAX: u64 = 200_000;
/// The most operations of which an explanation asks: "would it have been right without this one?"
const SUSPECTS_MAX: usize = 16;
/// The budget of each such question, in states.
const SUSPECT_STATES_MAX: u64 = 50_000;

/// The answer at which a violation showed, with all that would have been right if that is known.
pub(super) struct Blow<R> {
    pub(super) position: u32,
    pub(super) possible: Option<Vec<R>>,
}

/// In which way a history is taken differently from how it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pretend {
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
    pub(super) fn operation(&self, position: u32) -> &'a Operation<M::Op, M::Ret> {
        self.history.get(position).expect("positions come from this history")
    }

    /// The operations up to and with event `until`, in the order in which they were asked for; of
    /// what came later nothing is known yet.
    pub(super) fn items(&self, until: u32, pretend: Pretend) -> Vec<Item<'a, M>> {
        let positions = self.positions.iter().take_while(|&&position| self.operation(position).asked_event <= until);
        let asked = |position: u32| match pretend {
            Pretend::Asked { position: moved, event } if moved == position => event,
            _ => self.operation(position).asked_event,
        };
        let item = |(asked, position): (u32, u32)| {
            let operation = self.operation(position);
            let answer = operation.answer().filter(|&(event, _)| event <= until && pretend != Pretend::Open(position));
            Item {
                position,
                op: &operation.op,
                ret: answer.map(|(_, ret)| ret),
                asked,
                answered: answer.map_or(u32::MAX, |(event, _)| event),
            }
        };
        sorted_pairs(positions.map(|&position| (asked(position), position))).into_iter().map(item).collect()
    }

    /// The first answer that is at odds with what came before it, found by telling the history
    /// again. None if too much had to be left out on the way to be sure.
    pub(super) fn locate(&self) -> Option<Blow<M::Ret>> {
        let mut events: Vec<(u32, u32)> = Vec::new();
        for &position in self.positions {
            let operation = self.operation(position);
            events.push((operation.asked_event, position));
            match operation.end {
                End::Open => {}
                End::Answered { event, .. } | End::GivenUp { event, .. } => {
                    events.push((event, position));
                }
            }
        }
        let mut frontier = Frontier::<M>::new(self.key);
        for (event, position) in sorted_pairs(events) {
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
    pub(super) fn bisect(&self, states_max: u64) -> Blow<M::Ret> {
        let answered = |&position: &u32| Some((self.operation(position).answer()?.0, position));
        let answers = sorted_pairs(self.positions.iter().filter_map(answered));
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

    pub(super) fn explain(&self, blow: Blow<M::Ret>) -> Witness {
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
        let others = sorted_pairs(self.positions.iter().filter_map(answered).filter(|&(event, _)| event < until));
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
