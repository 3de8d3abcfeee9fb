//! Records of a lab without its types, and told.

use serde_json::Value;
use sim::{Command, Event, Named, Outcome, Protocol, Record, Write};
use view::narration::Weight;

use crate::info::LabInfo;
use crate::lab::Lab;
use crate::lab_words;
use crate::names::Names;
use crate::ops;
use crate::plain::{PlainEvent, PlainOutcome, PlainRecord, Telling};

/// A record, looked at: without the algorithm's types, and told.
pub(super) fn plain<L: Lab>(record: &Record<L::Protocol>, names: &Names, info: &LabInfo) -> PlainRecord {
    let event = match &record.event {
        Event::Boot(node) => PlainEvent::Boot(*node),
        Event::Deliver { id, msg } => PlainEvent::Deliver(*id, msg.name()),
        Event::Vanish { id, msg } => PlainEvent::Vanish(*id, msg.name()),
        Event::Timer { node, timer } => PlainEvent::Timer(*node, timer.name()),
        Event::Synced(node) => PlainEvent::Synced(*node),
        Event::Command(command) => PlainEvent::Command(write_command::<L>(command, names)),
    };
    let outcomes: Vec<PlainOutcome> = record.outcomes.iter().map(outcome).collect();
    let acted = match &record.event {
        Event::Boot(_) | Event::Deliver { .. } | Event::Timer { .. } => true,
        Event::Command(command) => matches!(command, Command::Request { .. } | Command::Restart(_)),
        Event::Vanish { .. } | Event::Synced(_) => false,
    };
    let mut telling = if acted { L::tell(record, names) } else { Telling::new((String::new(), Weight::Routine)) };
    if let Some((text, weight, topic)) = lab_words::common(&event, &outcomes, names, info) {
        telling = Telling { text, weight, topic: if acted { telling.topic } else { topic }, ..telling };
    }
    let (step, time_us, wall_us, cause) = (record.step, record.time_us, record.wall_us, record.cause);
    PlainRecord { step, time_us, wall_us, cause, event, outcomes, telling }
}

/// A command with its operation as data.
pub(super) fn write_command<L: Lab>(command: &Command<<L::Protocol as Protocol>::Op>, names: &Names) -> Command<Value> {
    let written = command.clone().try_map_op(|op| Ok::<_, std::convert::Infallible>(ops::write(&op, names)));
    written.unwrap_or_else(|never| match never {})
}

fn outcome<P: Protocol>(outcome: &Outcome<P>) -> PlainOutcome {
    match outcome {
        Outcome::Sent { id, due_us, .. } => PlainOutcome::Sent(*id, *due_us),
        Outcome::Lost { id, msg, why } => PlainOutcome::Lost(*id, msg.name(), *why),
        Outcome::Missed(id) => PlainOutcome::Missed(*id),
        Outcome::Waiting => PlainOutcome::Waiting,
        Outcome::Wrote { write, due_us } => {
            let (write, cell) = match write {
                Write::Save(cell) => ("save", Some(cell.name())),
                Write::Append(_) => ("append", None),
                Write::Truncate { .. } => ("truncate", None),
                Write::Discard { .. } => ("discard", None),
            };
            PlainOutcome::Wrote(write, cell, (*due_us < u64::MAX).then_some(*due_us))
        }
        Outcome::WritesLost(count) => PlainOutcome::WritesLost((*count).into()),
        Outcome::TimerSet { timer, due_us } => PlainOutcome::TimerSet(timer.name(), *due_us),
        Outcome::Replied { id, .. } => PlainOutcome::Replied(*id),
        Outcome::Refused(id) => PlainOutcome::Refused(*id),
        Outcome::Noted(note) => PlainOutcome::Noted(note.name()),
    }
}
