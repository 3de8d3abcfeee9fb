//! A run as a space-time diagram: what happened at which process, and which message carries it on.
//!
//! What counts as an event of a process is whatever a machine does or has done to it: boots, deliveries, timers, disk
//! syncs, requests, crashes, restarts, pauses, and changes of its clock and disk. A message that reaches a machine
//! which is down is no event of anybody. Happened-before is built from what the simulator records as causes: a message
//! comes from the step that asked for it, also when it has had to wait for the disk.

use sim::{Command, LossReason, Map, MessageId};
use view::lens::space_time::{self, Message, SpaceTime, Stamp, Standing, Window};
use view::narration::Weight;

use crate::command::write_message_id;
use crate::info::LabInfo;
use crate::names::Names;
use crate::plain::{PlainEvent, PlainOutcome, PlainRecord, Telling, Topic};
use crate::session::Session;

/// Most steps that a diagram is made of: as many as a timeline keeps for readers, so that a window that moves on
/// costs only what is new in it.
pub const STEPS_MAX: u64 = 4_000;

/// A step, as far as processes and messages are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which step.
    pub step: u64,
    /// When, in simulated µs.
    pub time_us: u64,
    /// The process at which it took place, by number; none where it is no event of any process.
    pub process: Option<u32>,
    /// What happened, as a sentence.
    pub text: String,
    /// What happened, in a word or two.
    pub label: String,
    /// How much it matters.
    pub weight: Weight,
    /// What it is counted as where many are folded.
    pub topic: Topic,
    /// What it means for the process.
    pub standing: Standing,
    /// What clocks say of it.
    pub stamp: Stamp,
    /// The message that it received, and the step that sent it.
    pub received: Option<(Passed, u64)>,
    /// Messages that left.
    pub sent: Vec<Passed>,
    /// Messages that will never arrive; for those that reached a machine that is down, the step that sent them.
    pub lost: Vec<(Passed, Option<u64>)>,
}

/// A message, as it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its id, as commands name it.
    pub id: String,
    /// Its kind; empty where only the id is known.
    pub kind: &'static str,
    /// The process that sent it, by number.
    pub sender: u32,
    /// The process that it is for, by number.
    pub receiver: u32,
}

fn passed(id: MessageId, kind: &'static str, names: &Names) -> Passed {
    Passed { id: write_message_id(id, names), kind, sender: id.from.0, receiver: id.to.0 }
}

/// A record as a moment. With `forgets`, whoever starts again knows nothing of what was there before.
pub(crate) fn moment(record: PlainRecord, names: &Names, info: &LabInfo, forgets: bool) -> Moment {
    let (mut received, mut sent, mut lost) = (None, Vec::new(), Vec::new());
    match (&record.event, record.cause) {
        (PlainEvent::Deliver(id, kind), Some(cause)) => received = Some((passed(*id, kind, names), cause)),
        (PlainEvent::Vanish(id, kind), cause) => lost.push((passed(*id, kind, names), cause)),
        _ => {}
    }
    for outcome in &record.outcomes {
        match outcome {
            PlainOutcome::Sent(id, _) => sent.push(passed(*id, "", names)),
            PlainOutcome::Lost(id, kind, why) => {
                // What the network loses at once has never left before.
                if matches!(why, LossReason::Cut | LossReason::Random) && record.node() == Some(id.from) {
                    sent.push(passed(*id, kind, names));
                }
                lost.push((passed(*id, kind, names), None));
            }
            _ => {}
        }
    }
    let process = match &record.event {
        // What reaches a machine that is down is an event of nobody.
        PlainEvent::Vanish(..) | PlainEvent::Command(Command::Move { .. }) => None,
        _ => record.node().map(|node| node.0),
    };
    let standing = match &record.event {
        PlainEvent::Boot(_) | PlainEvent::Command(Command::Restart(_)) if forgets => Standing::Anew,
        PlainEvent::Boot(_) | PlainEvent::Command(Command::Restart(_)) => Standing::Up,
        PlainEvent::Command(Command::Crash(_) | Command::RemoveNode(_)) => Standing::Down,
        _ => Standing::Same,
    };
    let label = record.label(names, info);
    let PlainRecord { step, time_us, wall_us, telling, .. } = record;
    let Telling { text, weight, topic, stamp, .. } = telling;
    let stamp = stamp.unwrap_or(Stamp { wall_us, ..Stamp::default() });
    Moment { step, time_us, process, text, label, weight, topic, standing, stamp, received, sent, lost }
}

/// The steps of a window, or the last of them.
pub(crate) fn of_window(session: &Session, window: Window) -> SpaceTime {
    let steps = session.step_count();
    // The first step after a time; steps are in the order of their times.
    let first_after = |limit_us: u64| {
        let (mut low, mut high) = (1, steps + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let earlier = session.moment(middle).is_some_and(|moment| moment.time_us <= limit_us);
            if earlier { low = middle + 1 } else { high = middle }
        }
        low
    };
    let end = if window.until_us >= session.time_us() { steps + 1 } else { first_after(window.until_us) };
    let begin = window.from_us.checked_sub(1).map_or(1, first_after).min(end);
    let first = begin.max(end.saturating_sub(STEPS_MAX));
    let mut gathering = Gathering::new(session.processes());
    (first..end).filter_map(|step| session.moment(step)).for_each(|moment| gathering.take(moment));
    gathering.name_what_is_under_way(session);
    SpaceTime { left_out: first - begin, ..gathering.diagram }
}

/// Most events of a diagram that follows a run; of more, the oldest quarter goes.
pub const EVENTS_MAX: usize = 100_000;

/// How many steps back a diagram begins that somebody opens late in a run.
const STEPS_BEFORE: u64 = 20_000;

/// A diagram that grows with a run.
#[derive(Debug, Default)]
pub struct Gathering {
    diagram: SpaceTime,
    /// The event of each step. There are many; what is new is the last.
    event_of: Map<u64, u32>,
    /// The messages that have not arrived, by id.
    under_way: Map<String, u32>,
    /// The first step that is not in it.
    next: u64,
}

impl Gathering {
    fn new(processes: Vec<String>) -> Self {
        Self { diagram: SpaceTime { processes, ..SpaceTime::default() }, ..Self::default() }
    }

    /// What there is so far.
    #[must_use]
    pub const fn diagram(&self) -> &SpaceTime {
        &self.diagram
    }

    /// Takes in what has happened since the last time; returns whether anything has. A run whose past has become
    /// another one needs another diagram.
    pub fn follow(&mut self, session: &Session) -> bool {
        let steps = session.step_count();
        if self.next == 0 {
            self.next = steps.saturating_sub(STEPS_BEFORE).max(1);
            self.diagram.left_out = self.next - 1;
        }
        if steps < self.next {
            return false;
        }
        self.diagram.processes = session.processes();
        for step in self.next..=steps {
            if let Some(moment) = session.moment(step) {
                self.take(moment);
            }
        }
        self.next = steps + 1;
        if self.diagram.events.len() > EVENTS_MAX {
            self.forget(EVENTS_MAX / 4);
        }
        self.name_what_is_under_way(session);
        true
    }

    /// Leaves the oldest events out.
    fn forget(&mut self, count: usize) {
        let gone = count as u32;
        self.diagram.left_out += u64::from(gone);
        self.diagram.events.drain(..count);
        self.event_of.retain(|_, event| {
            let stays = *event >= gone;
            *event = event.saturating_sub(gone);
            stays
        });
        let mut place_of = Vec::with_capacity(self.diagram.messages.len());
        let mut kept: Vec<Message> = Vec::with_capacity(self.diagram.messages.len());
        for mut message in std::mem::take(&mut self.diagram.messages) {
            message.from = message.from.and_then(|event| event.checked_sub(gone));
            message.to = message.to.and_then(|event| event.checked_sub(gone));
            let stays = message.from.is_some() || message.to.is_some();
            place_of.push(stays.then_some(kept.len() as u32));
            if stays {
                kept.push(message);
            }
        }
        self.diagram.messages = kept;
        self.under_way.retain(|_, place| match place_of[*place as usize] {
            Some(kept) => {
                *place = kept;
                true
            }
            None => false,
        });
    }

    /// Of what is under way here and now the kind is known; a window in the past does not say.
    fn name_what_is_under_way(&mut self, session: &Session) {
        for message in session.stage().messages {
            if let Some(&place) = self.under_way.get(&message.id) {
                let known = &mut self.diagram.messages[place as usize];
                known.due_us = message.held_at_ppm.is_none().then_some(message.due_us);
                known.kind = message.kind;
            }
        }
    }

    fn take(&mut self, moment: Moment) {
        let Moment { step, time_us, process, text, label, weight, topic, standing, stamp, received, sent, lost } =
            moment;
        let diagram = &mut self.diagram;
        let message = |passed: &Passed| Message {
            id: passed.id.clone(),
            kind: passed.kind.to_owned(),
            sender: passed.sender,
            receiver: passed.receiver,
            from: None,
            to: None,
            lost: false,
            due_us: None,
        };
        let here = process.map(|process| {
            let number = diagram.events.len() as u32;
            let event = space_time::Event { process, step, time_us, text, label, weight, topic, standing, stamp };
            diagram.events.push(event);
            self.event_of.insert(step, number);
            number
        });
        if let Some((passed, sent)) = &received {
            // It comes from the step that asked for it, which may have been before it left.
            let arrived = Message { from: self.event_of.get(sent).copied(), to: here, ..message(passed) };
            match self.under_way.remove(&passed.id) {
                Some(known) => diagram.messages[known as usize] = arrived,
                None => diagram.messages.push(arrived),
            }
        }
        for passed in &sent {
            self.under_way.insert(passed.id.clone(), diagram.messages.len() as u32);
            diagram.messages.push(Message { from: here, ..message(passed) });
        }
        for (passed, sent) in &lost {
            match self.under_way.remove(&passed.id) {
                Some(known) => {
                    let known = &mut diagram.messages[known as usize];
                    (known.lost, known.kind, known.due_us) = (true, passed.kind.to_owned(), None);
                }
                None => {
                    let from = sent.as_ref().and_then(|step| self.event_of.get(step)).copied();
                    diagram.messages.push(Message { from, lost: true, ..message(passed) });
                }
            }
        }
    }
}
