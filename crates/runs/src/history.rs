//! The turning points of a run, gathered while it is simulated: who led and when, which step each command was.
//!
//! A [`Watch`] travels with the oracles. It knows who leads at its own moment, so that a branch starts from what is
//! exactly so where it leaves; whatever happens for the first time it enters into the [`Ledger`] of the branch that is
//! shown. A step that is simulated again, on the way back or towards a record, enters nothing.
//!
//! A branch keeps at most [`CLOSED_MAX`] bands that have ended: then the older half is merged, [`MERGED`] at a time,
//! into bands that only say that there were many. What is merged stays merged, so the further back, the coarser.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;

use sim::hash::StableHasher;
use sim::{BranchId, Command, Event, NodeId, Observer, Outcome, Protocol, Record, Stamped, Timeline, World};
use view::timeline::{self, Band, BandKind, Branch, Mark, MarkKind};

use crate::lab::{Lab, Names};
use crate::state::branch_name;

/// Most ended bands that a branch keeps.
const CLOSED_MAX: usize = 512;
/// How many of the oldest become one when there are too many.
const MERGED: usize = 16;

/// What a note means for who leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The node that says so leads from now on, in this term.
    Leads(u64),
    /// It stands for election, for this term.
    Stands(u64),
    /// It does neither any more.
    Rests,
}

/// What one node has been doing since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reign {
    node: NodeId,
    kind: BandKind,
    /// The term; of several elections in a row that it stood for, the first and the last.
    terms: (u64, u64),
    from_step: u64,
    from_us: u64,
}

/// A reign that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Closed {
    reign: Reign,
    to_step: u64,
    to_us: u64,
}

/// What is known of one branch.
#[derive(Clone, Debug, Default)]
struct Chapter {
    /// In the order of their ends.
    closed: Vec<Closed>,
    /// What lasts at the furthest moment that has been simulated.
    open: Vec<Reign>,
    /// The steps of the commands that were applied, in order.
    commands: Vec<u64>,
    /// The violations known at the furthest moment that has been simulated.
    violations: Vec<Mark>,
    /// The last step that has been entered.
    last_step: u64,
}

impl Chapter {
    fn close(&mut self, closed: Closed) {
        self.closed.push(closed);
        if self.closed.len() > CLOSED_MAX {
            let recent = self.closed.split_off(CLOSED_MAX / 2);
            self.closed = self.closed.chunks(MERGED).map(merge).chain(recent).collect();
        }
    }

    /// Forgets everything after a moment.
    fn truncate(&mut self, step: u64, time_us: u64) {
        self.closed.retain_mut(|closed| {
            if closed.reign.kind == BandKind::Many && closed.reign.from_step <= step && closed.to_step > step {
                (closed.to_step, closed.to_us) = (step, time_us);
            }
            closed.to_step <= step
        });
        self.commands.retain(|&command| command <= step);
        self.violations.retain(|violation| violation.step.is_some_and(|shown| shown <= step));
        self.last_step = self.last_step.min(step);
    }
}

fn merge(chunk: &[Closed]) -> Closed {
    let earliest = |closed: &&Closed| closed.reign.from_step;
    let first = chunk.iter().min_by_key(earliest).expect("chunks are not empty");
    let last = chunk.last().expect("chunks are not empty");
    Closed { reign: Reign { kind: BandKind::Many, ..first.reign }, ..*last }
}

/// What is known of all branches of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    chapters: Vec<Chapter>,
    current: usize,
}

impl Ledger {
    fn here(&mut self) -> &mut Chapter {
        &mut self.chapters[self.current]
    }
}

/// Watches a run, and enters into the ledger what has not been seen before.
pub(crate) struct Watch<L> {
    /// At the watch's own moment; a handful, in the order in which they began.
    open: Vec<Reign>,
    ledger: Rc<RefCell<Ledger>>,
    lab: PhantomData<fn() -> L>,
}

impl<L> Clone for Watch<L> {
    fn clone(&self) -> Self {
        Self { open: self.open.clone(), ledger: Rc::clone(&self.ledger), lab: PhantomData }
    }
}

impl<L> Watch<L> {
    pub(crate) fn new() -> Self {
        let ledger = Ledger { chapters: vec![Chapter::default()], current: 0 };
        Self { open: Vec::new(), ledger: Rc::new(RefCell::new(ledger)), lab: PhantomData }
    }

    /// A new branch leaves the one that is shown at this watch's moment.
    pub(crate) fn fork(&self, step: u64, time_us: u64) {
        let mut ledger = self.ledger.borrow_mut();
        let mut chapter = ledger.here().clone();
        chapter.truncate(step, time_us);
        chapter.open.clone_from(&self.open);
        ledger.chapters.push(chapter);
        ledger.current = ledger.chapters.len() - 1;
    }

    /// Another branch is shown from now on.
    pub(crate) fn switch(&self, branch: u32) {
        self.ledger.borrow_mut().current = branch as usize;
    }

    /// A command is about to be taken back; `applied` counts from 0.
    pub(crate) fn undo(&self, applied: usize, time_us: u64) {
        let mut ledger = self.ledger.borrow_mut();
        let here = ledger.here();
        if let Some(&step) = here.commands.get(applied) {
            here.truncate(step - 1, time_us);
        }
    }

    /// The present is the furthest moment that has been simulated: what lasts and what is violated is known.
    pub(crate) fn arrive(&self, violations: Vec<Mark>) {
        let mut ledger = self.ledger.borrow_mut();
        let here = ledger.here();
        here.open.clone_from(&self.open);
        here.violations = violations;
    }

    /// The steps of the commands that have been applied on the branch that is shown.
    pub(crate) fn command_steps(&self) -> Vec<u64> {
        self.ledger.borrow_mut().here().commands.clone()
    }

    pub(crate) fn violations(&self) -> Vec<Mark> {
        self.ledger.borrow_mut().here().violations.clone()
    }
}

impl<L: Lab> Watch<L> {
    /// The bands of the branch that is shown, in their lanes.
    pub(crate) fn bands(&self, names: &Names) -> Vec<Band> {
        let mut ledger = self.ledger.borrow_mut();
        let here = ledger.here();
        let closed = here.closed.iter().map(|closed| (closed.reign, Some((closed.to_step, closed.to_us))));
        let open = here.open.iter().map(|reign| (*reign, None));
        let mut bands: Vec<Band> = closed.chain(open).map(|(reign, to)| band::<L>(&reign, to, names)).collect();
        // The sort is stable, so a reign follows the candidacy that ended with the same step.
        bands.sort_by_key(|band| band.from_step);
        timeline::assign_lanes(&mut bands);
        bands
    }

    /// Follows one node's turn; returns the reign that it ends.
    fn turn(&mut self, node: NodeId, turn: Turn, (step, time_us): (u64, u64)) -> Option<Closed> {
        let place = self.open.iter().position(|reign| reign.node == node);
        let (kind, term) = match turn {
            Turn::Leads(term) => (BandKind::Leads, term),
            Turn::Stands(term) => (BandKind::Stands, term),
            Turn::Rests => return place.map(|place| self.end(place, step, time_us)),
        };
        if let Some(place) = place {
            let reign = &mut self.open[place];
            // Who stands again because nobody won is still standing.
            if kind == BandKind::Stands && reign.kind == kind {
                reign.terms.1 = term;
                return None;
            }
        }
        let ended = place.map(|place| self.end(place, step, time_us));
        self.open.push(Reign { node, kind, terms: (term, term), from_step: step, from_us: time_us });
        ended
    }

    fn end(&mut self, place: usize, step: u64, time_us: u64) -> Closed {
        Closed { reign: self.open.remove(place), to_step: step, to_us: time_us }
    }
}

fn band<L: Lab>(reign: &Reign, to: Option<(u64, u64)>, names: &Names) -> Band {
    let Reign { node, kind, terms: (first, last), from_step, from_us } = *reign;
    let (name, word) = (names.of(node), L::TERM);
    let label = match kind {
        BandKind::Leads => format!("{name} · {word} {last}"),
        BandKind::Stands if first == last => format!("{name} stands · {word} {last}"),
        BandKind::Stands => format!("{name} stands · {word}s {first}–{last}"),
        BandKind::Many => "many changes".to_owned(),
    };
    let hue = last.checked_sub(1).map(|index| (index % u64::from(view::shapes::HUES)) as u32);
    let hue = hue.filter(|_| kind != BandKind::Many);
    Band { kind, label, hue, lane: 0, lanes: 1, from_step, from_us, to }
}

impl<L: Lab> Observer<L::Protocol> for Watch<L> {
    fn observe(&mut self, record: &Record<L::Protocol>, _world: &World<L::Protocol>) {
        let command = matches!(record.event, Event::Command(_));
        if !command && !record.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Noted(_))) {
            return;
        }
        let at = (record.step, record.time_us);
        let ends = match &record.event {
            Event::Command(Command::Crash(node) | Command::RemoveNode(node)) => Some((*node, Turn::Rests)),
            _ => None,
        };
        let said = record
            .event
            .node()
            .into_iter()
            .flat_map(|node| record.notes().filter_map(L::turn).map(move |turn| (node, turn)));
        let mut turned = false;
        let mut ended = Vec::new();
        for (node, turn) in ends.into_iter().chain(said) {
            turned = true;
            ended.extend(self.turn(node, turn, at));
        }
        if !turned && !command {
            return;
        }
        let mut ledger = self.ledger.borrow_mut();
        let here = ledger.here();
        if record.step <= here.last_step {
            return;
        }
        here.last_step = record.step;
        if command {
            here.commands.push(record.step);
        }
        ended.into_iter().for_each(|closed| here.close(closed));
        here.open.clone_from(&self.open);
    }
}

/// What a command is about, what was done to it, and what kind of mark it makes.
type Words = (String, &'static str, MarkKind);

/// The mark of a violation.
pub(crate) fn violation(name: &str, evidence: &check::Violation) -> Mark {
    Mark {
        kind: MarkKind::Violation,
        short: name.to_owned(),
        text: format!("{name} violated: {}", evidence.reason),
        step: Some(evidence.step),
        at_us: evidence.time_us,
    }
}

/// The marks of a branch's commands. What was done to several things at the same time is one mark; `steps` are those
/// of the commands that were applied.
pub(crate) fn command_marks<Op>(
    commands: &[Stamped<Op>],
    steps: &[u64],
    words: impl Fn(&Command<Op>) -> Words,
) -> Vec<Mark> {
    let words: Vec<(u64, Option<u64>, Words)> = commands
        .iter()
        .enumerate()
        .map(|(place, stamped)| (stamped.at_us, steps.get(place).copied(), words(&stamped.command)))
        .collect();
    let together = |a: &(u64, Option<u64>, Words), b: &(u64, Option<u64>, Words)| {
        (a.0, a.1.is_some(), a.2.1, a.2.2) == (b.0, b.1.is_some(), b.2.1, b.2.2)
    };
    words
        .chunk_by(together)
        .map(|group| {
            let (at_us, step, (_, done, kind)) = group.last().expect("groups are not empty");
            let subjects: Vec<&str> = group.iter().map(|(.., (subject, ..))| &**subject).collect();
            let text = format!("{} {done}", list(&subjects));
            let short = if text.chars().count() <= SHORT_MAX { text.clone() } else { (*done).to_owned() };
            Mark { kind: *kind, short, text, step: *step, at_us: *at_us }
        })
        .collect()
}

/// Longer labels are cut to what was done.
const SHORT_MAX: usize = 12;
/// Longer lists only count what else there is.
const LISTED_MAX: usize = 4;

fn list(items: &[&str]) -> String {
    match items.len().checked_sub(LISTED_MAX) {
        None | Some(0) => items.join(", "),
        Some(more) => format!("{} and {more} more", items[..LISTED_MAX].join(", ")),
    }
}

/// All branches of a run, and how each differs.
pub(crate) fn branches<P: Protocol, O: Observer<P>>(
    timeline: &Timeline<P, O>,
    words: impl Fn(&Command<P::Op>) -> Words,
) -> Vec<Branch> {
    let shown = timeline.branch();
    let course = |branch: BranchId| timeline.course(branch).unwrap_or_default();
    timeline
        .branches()
        .map(|(id, parent, at_us)| {
            let (commands, explored_us) = course(id);
            let other = if id == shown { parent } else { Some(shown) };
            let own = match parent {
                Some(parent) => missing(commands, course(parent).0),
                None => commands.iter().collect(),
            };
            Branch {
                id: branch_name(id.0),
                parent: parent.map(|parent| branch_name(parent.0)),
                at_us,
                explored_us,
                shown: id == shown,
                differs: other.map_or_else(String::new, |other| differs(commands, course(other).0, &words)),
                marks_us: own.into_iter().map(|stamped| stamped.at_us).collect(),
            }
        })
        .collect()
}

/// The commands of one list that are not in the other. Operations can be hashed but not compared; two that hash alike
/// would only be left out of a sentence.
fn missing<'a, Op: Hash>(commands: &'a [Stamped<Op>], others: &[Stamped<Op>]) -> Vec<&'a Stamped<Op>> {
    let others: BTreeSet<u64> = others.iter().map(StableHasher::of).collect();
    commands.iter().filter(|stamped| !others.contains(&StableHasher::of(*stamped))).collect()
}

fn differs<Op: Hash>(here: &[Stamped<Op>], other: &[Stamped<Op>], words: impl Fn(&Command<Op>) -> Words) -> String {
    let tell = |stamped: &[&Stamped<Op>], not: &str| -> Vec<String> {
        let words: Vec<Words> = stamped.iter().map(|stamped| words(&stamped.command)).collect();
        words
            .chunk_by(|a, b| a.1 == b.1)
            .map(|group| {
                let subjects: Vec<&str> = group.iter().map(|(subject, ..)| &**subject).collect();
                format!("{} {not}{}", list(&subjects), group[0].1)
            })
            .collect()
    };
    let said = [tell(&missing(here, other), ""), tell(&missing(other, here), "not ")].concat();
    list(&said.iter().map(|part| &**part).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(from: u64, to: u64) -> Closed {
        let reign =
            Reign { node: NodeId(0), kind: BandKind::Leads, terms: (1, 1), from_step: from, from_us: from * 10 };
        Closed { reign, to_step: to, to_us: to * 10 }
    }

    #[test]
    fn old_bands_are_merged_and_recent_ones_are_kept() {
        let mut chapter = Chapter::default();
        let count = 100_000;
        for step in 0..count {
            chapter.close(closed(step, step + 1));
            assert!(chapter.closed.len() <= CLOSED_MAX);
        }
        let (first, last) = (chapter.closed[0], *chapter.closed.last().unwrap());
        assert_eq!((first.reign.kind, first.reign.from_step), (BandKind::Many, 0));
        assert_eq!((last.reign.kind, last.to_step), (BandKind::Leads, count));
        // Nothing is lost between them.
        assert!(chapter.closed.windows(2).all(|pair| pair[0].to_step == pair[1].reign.from_step));
        let kept = chapter.closed.iter().filter(|closed| closed.reign.kind == BandKind::Leads).count();
        assert!(kept >= CLOSED_MAX / 2);
        // A branch that leaves in the middle of what is merged keeps the part before.
        let middle = first.to_step / 2;
        chapter.truncate(middle, middle * 10);
        assert_eq!(chapter.closed, [Closed { to_step: middle, to_us: middle * 10, ..first }]);
    }
}
