//! A step as data: what `netsplit trace --format jsonl` prints, one object a line.
//!
//! | field | what it is |
//! | --- | --- |
//! | `step`, `time_us` | which step, and when |
//! | `cause` | the step that sent the message, set the timer or issued the write; null for boots and commands |
//! | `what` | `boot`, `deliver`, `vanish` (it reached a machine that is down), `timer`, `synced` or `command` |
//! | `node` | where it took place; null for commands on links |
//! | `message`, `kind` | the message's id and kind; `deliver` and `vanish` only |
//! | `timer` | the timer's name; `timer` only |
//! | `command` | the command, as in a run, without its time; `command` only |
//! | `outcomes` | what it led to, in order; each an object with `what` |
//!
//! Outcomes are `sent` (`message`, `due_us`), `lost` (`message`, `kind`, `why`: `cut`, `random`,
//! `receiver-down`, `dropped`), `waiting` (a message or answer waits for the disk), `wrote` (`write`:
//! `save`, `append`, `truncate`, `discard`; `cell`; `due_us`, null while the disk is full), `writes-lost`
//! (`count`), `timer-set` (`timer`, `due_us`), `replied` and `refused` (`node`, `at_us`, `ordinal`: which
//! request) and `noted` (`note`: what the node said about itself, by name).

use serde_json::{Map, Value, json};
use sim::{Command, Event, LossReason, Named, NodeId, Outcome, Protocol, Record, Write};

use crate::command::write_message_id;
use crate::lab::Names;

/// A record as data. `command` writes a command.
pub(crate) fn event<P: Protocol>(
    record: &Record<P>,
    names: &Names,
    command: impl Fn(&Command<P::Op>) -> Value,
) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| drop(map.insert(key.into(), value));
    let node = |node: Option<NodeId>| node.map_or(Value::Null, |node| names.of(node).into());
    put("step", record.step.into());
    put("time_us", record.time_us.into());
    put("cause", record.cause.into());
    let what = match &record.event {
        Event::Boot(_) => "boot",
        Event::Deliver { .. } => "deliver",
        Event::Vanish { .. } => "vanish",
        Event::Timer { .. } => "timer",
        Event::Synced(_) => "synced",
        Event::Command(_) => "command",
    };
    put("what", what.into());
    put("node", node(record.event.node()));
    match &record.event {
        Event::Boot(_) | Event::Synced(_) => {}
        Event::Deliver { id, msg } | Event::Vanish { id, msg } => {
            put("message", write_message_id(*id, names).into());
            put("kind", msg.name().into());
        }
        Event::Timer { timer, .. } => put("timer", timer.name().into()),
        Event::Command(what) => put("command", command(what)),
    }
    let outcomes = record.outcomes.iter();
    put("outcomes", outcomes.map(|outcome| self::outcome(outcome, names)).collect());
    Value::Object(map)
}

fn outcome<P: Protocol>(outcome: &Outcome<P>, names: &Names) -> Value {
    match outcome {
        Outcome::Sent { id, due_us, .. } => {
            json!({"what": "sent", "message": write_message_id(*id, names), "due_us": due_us})
        }
        Outcome::Lost { id, msg, why } => {
            let why = match why {
                LossReason::Cut => "cut",
                LossReason::Random => "random",
                LossReason::ReceiverDown => "receiver-down",
                LossReason::Dropped => "dropped",
            };
            json!({"what": "lost", "message": write_message_id(*id, names), "kind": msg.name(), "why": why})
        }
        Outcome::Waiting => json!({"what": "waiting"}),
        Outcome::Wrote { write, due_us } => {
            let due_us = (*due_us < u64::MAX).then_some(*due_us);
            let (write, cell) = match write {
                Write::Save(cell) => ("save", Some(cell.name())),
                Write::Append(_) => ("append", None),
                Write::Truncate { .. } => ("truncate", None),
                Write::Discard { .. } => ("discard", None),
            };
            json!({"what": "wrote", "write": write, "cell": cell, "due_us": due_us})
        }
        Outcome::WritesLost(count) => json!({"what": "writes-lost", "count": count}),
        Outcome::TimerSet { timer, due_us } => json!({"what": "timer-set", "timer": timer.name(), "due_us": due_us}),
        Outcome::Replied { id, .. } => {
            json!({"what": "replied", "node": names.of(id.node), "at_us": id.at_us, "ordinal": id.ordinal})
        }
        Outcome::Refused(id) => {
            json!({"what": "refused", "node": names.of(id.node), "at_us": id.at_us, "ordinal": id.ordinal})
        }
        Outcome::Noted(note) => json!({"what": "noted", "note": note.name()}),
    }
}
