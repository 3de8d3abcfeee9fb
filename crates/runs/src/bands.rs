//! The turning points of a run, gathered while it is simulated: who led and when, which step each command was.
//!
//! [`Spans`] travel with the oracles. They know who leads at their own moment, so that a branch starts from what is
//! exactly so where it leaves; whatever happens for the first time they enter into the [`BandLog`] of the branch that is
//! shown. A step that is simulated again, on the way back or towards a record, enters nothing.
//!
//! A branch keeps at most [`CLOSED_MAX`] bands that have ended: then the older half is merged, [`MERGED`] at a time,
//! into bands that only say that there were many. What is merged stays merged, so the further back, the coarser.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;
use sim::{BranchId, Command, NodeId, Stamped};
use view::timeline::{self, Band, BandKind, Branch, Mark, MarkKind};

use crate::info::Roles;
use crate::lab_words::Words;
use crate::names::Names;
use crate::state::branch_name;

/// Most ended bands that a branch keeps.
const CLOSED_MAX: usize = 512;
/// How many of the oldest become one when there are too many.
const MERGED: usize = 16;

/// What a note means for a node's role, for the bands of the timeline. What the roles are called is the lab's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// The node that says so is in charge from now on, under this number.
    Holds(u64),
    /// It wants to be, under this number.
    Seeks(u64),
    /// It is neither any more.
    Ends,
}

/// What one node has been doing since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RoleSpan {
    node: NodeId,
    kind: BandKind,
    /// The term; of several elections in a row that it stood for, the first and the last.
    numbers: (u64, u64),
    from_step: u64,
    from_us: u64,
}

/// A span that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Closed {
    span: RoleSpan,
    to_step: u64,
    to_us: u64,
}

/// What is known of one branch.
#[derive(Clone, Debug, Default)]
struct BranchBands {
    /// In the order of their ends.
    closed: Vec<Closed>,
    /// What lasts at the furthest moment that has been simulated.
    open: Vec<RoleSpan>,
    /// The steps of the commands that were applied, in order.
    commands: Vec<u64>,
    /// The violations known at the furthest moment that has been simulated.
    violations: Vec<Mark>,
    /// The last step that has been entered.
    last_step: u64,
}

impl BranchBands {
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
            if closed.span.kind == BandKind::Many && closed.span.from_step <= step && closed.to_step > step {
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
    let earliest = |closed: &&Closed| closed.span.from_step;
    let first = chunk.iter().min_by_key(earliest).expect("chunks are not empty");
    let last = chunk.last().expect("chunks are not empty");
    Closed { span: RoleSpan { kind: BandKind::Many, ..first.span }, ..*last }
}

/// What is known of all branches of a run.
#[derive(Debug)]
pub(crate) struct BandLog {
    branches: Vec<BranchBands>,
    current: usize,
}

impl BandLog {
    fn here(&mut self) -> &mut BranchBands {
        &mut self.branches[self.current]
    }
}

/// Who is in charge, and the log into which whatever has not been seen before is entered.
#[derive(Clone)]
pub(crate) struct Spans {
    /// At the watch's own moment; a handful, in the order in which they began.
    open: Vec<RoleSpan>,
    log: Rc<RefCell<BandLog>>,
}

impl Spans {
    pub(crate) fn new() -> Self {
        let log = BandLog { branches: vec![BranchBands::default()], current: 0 };
        Self { open: Vec::new(), log: Rc::new(RefCell::new(log)) }
    }

    /// A new branch leaves the one that is shown at this moment.
    pub(crate) fn fork(&self, step: u64, time_us: u64) {
        let mut log = self.log.borrow_mut();
        let mut branch = log.here().clone();
        branch.truncate(step, time_us);
        branch.open.clone_from(&self.open);
        log.branches.push(branch);
        log.current = log.branches.len() - 1;
    }

    /// Another branch is shown from now on.
    pub(crate) fn switch(&self, branch: u32) {
        self.log.borrow_mut().current = branch as usize;
    }

    /// A command is about to be taken back; `applied` counts from 0.
    pub(crate) fn undo(&self, applied: usize, time_us: u64) {
        let mut log = self.log.borrow_mut();
        let here = log.here();
        if let Some(&step) = here.commands.get(applied) {
            here.truncate(step - 1, time_us);
        }
    }

    /// The present is the furthest moment that has been simulated: what lasts and what is violated is known.
    pub(crate) fn arrive(&self, violations: Vec<Mark>) {
        let mut log = self.log.borrow_mut();
        let here = log.here();
        here.open.clone_from(&self.open);
        here.violations = violations;
    }

    /// The steps of the commands that have been applied on the branch that is shown.
    pub(crate) fn command_steps(&self) -> Vec<u64> {
        self.log.borrow_mut().here().commands.clone()
    }

    pub(crate) fn violations(&self) -> Vec<Mark> {
        self.log.borrow_mut().here().violations.clone()
    }

    /// The bands of the branch that is shown, in their lanes.
    pub(crate) fn bands(&self, names: &Names, words: &Roles) -> Vec<Band> {
        let mut log = self.log.borrow_mut();
        let here = log.here();
        let closed = here.closed.iter().map(|closed| (closed.span, Some((closed.to_step, closed.to_us))));
        let open = here.open.iter().map(|span| (*span, None));
        in_lanes(closed.chain(open).map(|(span, to)| band(&span, to, names, words)).collect())
    }

    /// Follows a change of one node's role; returns the span that it ends.
    fn change(&mut self, node: NodeId, change: RoleChange, (step, time_us): (u64, u64)) -> Option<Closed> {
        let place = self.open.iter().position(|span| span.node == node);
        let (kind, number) = match change {
            RoleChange::Holds(number) => (BandKind::Holds, number),
            RoleChange::Seeks(number) => (BandKind::Seeks, number),
            RoleChange::Ends => return place.map(|place| self.end(place, step, time_us)),
        };
        if let Some(place) = place {
            let span = &mut self.open[place];
            // Who stands again because nobody won is still standing.
            if kind == BandKind::Seeks && span.kind == kind {
                span.numbers.1 = number;
                return None;
            }
        }
        let ended = place.map(|place| self.end(place, step, time_us));
        self.open.push(RoleSpan { node, kind, numbers: (number, number), from_step: step, from_us: time_us });
        ended
    }

    fn end(&mut self, place: usize, step: u64, time_us: u64) -> Closed {
        Closed { span: self.open.remove(place), to_step: step, to_us: time_us }
    }

    /// Enters a step into the log: the changes of roles in it, in order, and whether it was a command.
    pub(crate) fn enter(&mut self, at: (u64, u64), changes: Vec<(NodeId, RoleChange)>, command: bool) {
        if changes.is_empty() && !command {
            return;
        }
        let mut ended = Vec::new();
        for (node, change) in changes {
            ended.extend(self.change(node, change, at));
        }
        let mut log = self.log.borrow_mut();
        let here = log.here();
        if at.0 <= here.last_step {
            return;
        }
        here.last_step = at.0;
        if command {
            here.commands.push(at.0);
        }
        ended.into_iter().for_each(|closed| here.close(closed));
        here.open.clone_from(&self.open);
    }
}

/// Bands by their beginnings, each in a lane.
fn in_lanes(mut bands: Vec<Band>) -> Vec<Band> {
    // The sort is stable, so a span follows the candidacy that ended with the same step.
    view::order::by_key(&mut bands, |band| band.from_step);
    timeline::assign_lanes(&mut bands);
    bands
}

/// Marks by their times.
pub(crate) fn in_order(mut marks: Vec<Mark>) -> Vec<Mark> {
    view::order::by_key(&mut marks, |mark| mark.at_us);
    marks
}

fn band(span: &RoleSpan, to: Option<(u64, u64)>, names: &Names, words: &Roles) -> Band {
    let RoleSpan { node, kind, numbers: (first, last), from_step, from_us } = *span;
    let (name, Roles { number, holds, seeks, .. }) = (names.of(node), words);
    let doing = match kind {
        BandKind::Holds => holds,
        BandKind::Seeks | BandKind::Many => seeks,
    };
    let doing = if doing.is_empty() { String::new() } else { format!(" {doing}") };
    let label = match kind {
        BandKind::Many => "many changes".to_owned(),
        _ if first == last => format!("{name}{doing} · {number} {last}"),
        _ => format!("{name}{doing} · {number}s {first}–{last}"),
    };
    let hue = last.checked_sub(1).map(|index| (index % u64::from(view::shapes::HUES)) as u32);
    let hue = hue.filter(|_| kind != BandKind::Many);
    Band { kind, label, hue, lane: 0, lanes: 1, from_step, from_us, to }
}

/// The mark of a violation.
pub(crate) fn violation(name: &str, evidence: &check::Evidence) -> Mark {
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
pub(crate) fn command_marks(
    commands: &[Stamped<Value>],
    steps: &[u64],
    words: impl Fn(&Command<Value>) -> Words,
) -> Vec<Mark> {
    let words: Vec<(u64, Option<u64>, Words)> = commands
        .iter()
        .enumerate()
        .map(|(place, stamped)| (stamped.at_us, steps.get(place).copied(), words(&stamped.command)))
        .collect();
    let together = |a: &(u64, Option<u64>, Words), b: &(u64, Option<u64>, Words)| {
        (a.0, a.1.is_some(), &a.2.1, a.2.2) == (b.0, b.1.is_some(), &b.2.1, b.2.2)
    };
    words
        .chunk_by(together)
        .map(|group| {
            let (at_us, step, (_, done, kind)) = group.last().expect("groups are not empty");
            let subjects: Vec<&str> = group.iter().map(|(.., (subject, ..))| &**subject).collect();
            let text = format!("{} {done}", list(&subjects));
            let short = if text.chars().count() <= SHORT_MAX { text.clone() } else { done.clone() };
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

/// One branch: its parent, where it leaves that in µs, its commands, and the furthest time that it has been simulated to,
/// in µs.
pub(crate) struct Course {
    pub id: BranchId,
    pub parent: Option<BranchId>,
    pub at_us: u64,
    pub commands: Vec<Stamped<Value>>,
    pub explored_us: u64,
}

/// All branches of a run, by their numbers, and how each differs.
pub(crate) fn branches(courses: &[Course], shown: BranchId, words: impl Fn(&Command<Value>) -> Words) -> Vec<Branch> {
    let commands_of = |branch: BranchId| &*courses[branch.0 as usize].commands;
    let branch = |&Course { id, parent, at_us, ref commands, explored_us }: &Course| {
        let other = if id == shown { parent } else { Some(shown) };
        let own = match parent {
            Some(parent) => missing(commands, commands_of(parent)),
            None => commands.iter().collect(),
        };
        Branch {
            id: branch_name(id.0),
            parent: parent.map(|parent| branch_name(parent.0)),
            at_us,
            explored_us,
            shown: id == shown,
            differs: other.map_or_else(String::new, |other| differs(commands, commands_of(other), &words)),
            marks_us: own.into_iter().map(|stamped| stamped.at_us).collect(),
        }
    };
    courses.iter().map(branch).collect()
}

/// The commands of one list that are not in the other. Both are in the order of their times, and begin alike as a rule.
fn missing<'a>(commands: &'a [Stamped<Value>], others: &[Stamped<Value>]) -> Vec<&'a Stamped<Value>> {
    let alike = commands.iter().zip(others).take_while(|(one, other)| one == other).count();
    let (commands, others) = (&commands[alike..], &others[alike..]);
    let known = |stamped: &Stamped<Value>| {
        let first = others.partition_point(|other| other.at_us < stamped.at_us);
        others[first..].iter().take_while(|other| other.at_us == stamped.at_us).any(|other| other == stamped)
    };
    commands.iter().filter(|stamped| !known(stamped)).collect()
}

fn differs(here: &[Stamped<Value>], other: &[Stamped<Value>], words: impl Fn(&Command<Value>) -> Words) -> String {
    let tell = |stamped: &[&Stamped<Value>], not: &str| -> Vec<String> {
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
        let span =
            RoleSpan { node: NodeId(0), kind: BandKind::Holds, numbers: (1, 1), from_step: from, from_us: from * 10 };
        Closed { span, to_step: to, to_us: to * 10 }
    }

    #[test]
    fn old_bands_are_merged_and_recent_ones_are_kept() {
        let mut branch = BranchBands::default();
        let count = 100_000;
        for step in 0..count {
            branch.close(closed(step, step + 1));
            assert!(branch.closed.len() <= CLOSED_MAX);
        }
        let (first, last) = (branch.closed[0], *branch.closed.last().unwrap());
        assert_eq!((first.span.kind, first.span.from_step), (BandKind::Many, 0));
        assert_eq!((last.span.kind, last.to_step), (BandKind::Holds, count));
        // Nothing is lost between them.
        assert!(branch.closed.windows(2).all(|pair| pair[0].to_step == pair[1].span.from_step));
        let kept = branch.closed.iter().filter(|closed| closed.span.kind == BandKind::Holds).count();
        assert!(kept >= CLOSED_MAX / 2);
        // A branch that leaves in the middle of what is merged keeps the part before.
        let middle = first.to_step / 2;
        branch.truncate(middle, middle * 10);
        assert_eq!(branch.closed, [Closed { to_step: middle, to_us: middle * 10, ..first }]);
    }
}
