//! A run as a space-time diagram: what happened at which process, and which message carries it on.
//!
//! What counts as an event of a process is whatever a machine does or has done to it: boots, deliveries, timers, disk
//! syncs, requests, crashes, restarts, pauses, and changes of its clock and disk. A message that reaches a machine
//! which is down is no event of anybody. Happened-before is built from what the simulator records as causes: a message
//! comes from the step that asked for it, also when it has had to wait for the disk.

use std::collections::BTreeMap;

use sim::{Command, Event, LossReason, MessageId, Named, NodeId, Outcome, Protocol, Record};
use view::lens::space_time::{self, Message, SpaceTime, Window};
use view::narration::Weight;

use crate::command::write_message_id;
use crate::lab::Names;
use crate::lenses::Topic;
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
    /// How much it matters.
    pub weight: Weight,
    /// What it is counted as where many are folded.
    pub topic: Topic,
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

/// A record as a moment, but for what the lab says of it.
pub(crate) fn moment<P: Protocol>(
    record: &Record<P>,
    names: &Names,
    (text, weight): (String, Weight),
    topic: Topic,
) -> Moment {
    let (mut received, mut sent, mut lost) = (None, Vec::new(), Vec::new());
    match (&record.event, record.cause) {
        (Event::Deliver { id, msg }, Some(cause)) => received = Some((passed(*id, msg.name(), names), cause)),
        (Event::Vanish { id, msg }, cause) => lost.push((passed(*id, msg.name(), names), cause)),
        _ => {}
    }
    for outcome in &record.outcomes {
        match outcome {
            Outcome::Sent { id, .. } => sent.push(passed(*id, "", names)),
            Outcome::Lost { id, msg, why } => {
                // What the network loses at once has never left before.
                if matches!(why, LossReason::Cut | LossReason::Random) && record.event.node() == Some(id.from) {
                    sent.push(passed(*id, msg.name(), names));
                }
                lost.push((passed(*id, msg.name(), names), None));
            }
            _ => {}
        }
    }
    let process = place(&record.event).map(|node| node.0);
    Moment { step: record.step, time_us: record.time_us, process, text, weight, topic, received, sent, lost }
}

/// The process at which an event takes place.
fn place<P: Protocol>(event: &Event<P>) -> Option<NodeId> {
    match event {
        Event::Vanish { .. } | Event::Command(Command::Move { .. }) => None,
        other => other.node(),
    }
}

/// The steps of a window, or the last of them.
pub(crate) fn of_window(session: &dyn Session, window: Window) -> SpaceTime {
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
    // Of what is still under way here and now the kind is known; a window in the past does not say.
    let kinds: BTreeMap<String, String> =
        session.stage().messages.into_iter().map(|message| (message.id, message.kind)).collect();
    let moments = (first..end).filter_map(|step| session.moment(step));
    let diagram = diagram(session.processes(), moments, |id| kinds.get(id).cloned().unwrap_or_default());
    SpaceTime { left_out: first - begin, ..diagram }
}

/// Makes a diagram of moments, in the order of their steps.
fn diagram(
    processes: Vec<String>,
    moments: impl Iterator<Item = Moment>,
    kind_of: impl Fn(&str) -> String,
) -> SpaceTime {
    let mut diagram = SpaceTime { processes, ..SpaceTime::default() };
    let mut event_of: BTreeMap<u64, u32> = BTreeMap::new();
    let mut under_way: BTreeMap<String, Message> = BTreeMap::new();
    let message = |passed: &Passed| Message {
        id: passed.id.clone(),
        kind: passed.kind.to_owned(),
        sender: passed.sender,
        receiver: passed.receiver,
        from: None,
        to: None,
        lost: false,
    };
    for moment in moments {
        let here = moment.process.map(|process| {
            let number = diagram.events.len() as u32;
            let Moment { step, time_us, ref text, weight, topic, .. } = moment;
            diagram.events.push(space_time::Event { process, step, time_us, text: text.clone(), weight, topic });
            event_of.insert(step, number);
            number
        });
        if let Some((passed, sent)) = &moment.received {
            under_way.remove(&passed.id);
            let from = event_of.get(sent).copied();
            diagram.messages.push(Message { from, to: here, ..message(passed) });
        }
        for passed in &moment.sent {
            under_way.insert(passed.id.clone(), Message { from: here, ..message(passed) });
        }
        for (passed, sent) in &moment.lost {
            let from = under_way.remove(&passed.id).and_then(|known| known.from);
            let from = sent.as_ref().and_then(|step| event_of.get(step)).copied().or(from);
            diagram.messages.push(Message { from, lost: true, ..message(passed) });
        }
    }
    for (id, mut message) in under_way {
        message.kind = kind_of(&id);
        diagram.messages.push(message);
    }
    diagram
}
