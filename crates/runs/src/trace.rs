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
//! `receiver-down`, `dropped`), `missed` (`message`: the command's, which is not on its way), `waiting` (a message or answer waits for the disk), `wrote` (`write`:
//! `save`, `append`, `truncate`, `discard`; `cell`; `due_us`, null while the disk is full), `writes-lost`
//! (`count`), `timer-set` (`timer`, `due_us`), `replied` and `refused` (`node`, `at_us`, `ordinal`: which
//! request) and `noted` (`note`: what the node said about itself, by name).

use serde_json::{Map, Value, json};
use sim::{LossReason, NodeId};

use crate::command::{self, write_message_id};
use crate::info::LabInfo;
use crate::names::Names;
use crate::plain::{PlainEvent, PlainOutcome, PlainRecord};

/// A record as data.
pub(crate) fn event(record: &PlainRecord, names: &Names, info: &LabInfo) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| drop(map.insert(key.into(), value));
    let node = |node: Option<NodeId>| node.map_or(Value::Null, |node| names.of(node).into());
    put("step", record.step.into());
    put("time_us", record.time_us.into());
    put("cause", record.cause.into());
    let what = match &record.event {
        PlainEvent::Boot(_) => "boot",
        PlainEvent::Deliver(..) => "deliver",
        PlainEvent::Vanish(..) => "vanish",
        PlainEvent::Timer(..) => "timer",
        PlainEvent::Synced(_) => "synced",
        PlainEvent::Command(_) => "command",
    };
    put("what", what.into());
    put("node", node(record.node()));
    match &record.event {
        PlainEvent::Boot(_) | PlainEvent::Synced(_) => {}
        PlainEvent::Deliver(id, kind) | PlainEvent::Vanish(id, kind) => {
            put("message", write_message_id(*id, names).into());
            put("kind", (*kind).into());
        }
        PlainEvent::Timer(_, timer) => put("timer", (*timer).into()),
        PlainEvent::Command(what) => put("command", command::write_command(what, names, info, Value::clone)),
    }
    put("outcomes", record.outcomes.iter().map(|outcome| self::outcome(outcome, names)).collect());
    Value::Object(map)
}

fn outcome(outcome: &PlainOutcome, names: &Names) -> Value {
    match outcome {
        PlainOutcome::Sent(id, due_us) => {
            json!({"what": "sent", "message": write_message_id(*id, names), "due_us": due_us})
        }
        PlainOutcome::Lost(id, kind, why) => {
            let why = match why {
                LossReason::Cut => "cut",
                LossReason::Random => "random",
                LossReason::ReceiverDown => "receiver-down",
                LossReason::Dropped => "dropped",
            };
            json!({"what": "lost", "message": write_message_id(*id, names), "kind": kind, "why": why})
        }
        PlainOutcome::Missed(id) => json!({"what": "missed", "message": write_message_id(*id, names)}),
        PlainOutcome::Waiting => json!({"what": "waiting"}),
        PlainOutcome::Wrote(write, cell, due_us) => {
            json!({"what": "wrote", "write": write, "cell": cell, "due_us": due_us})
        }
        PlainOutcome::WritesLost(count) => json!({"what": "writes-lost", "count": count}),
        PlainOutcome::TimerSet(timer, due_us) => json!({"what": "timer-set", "timer": timer, "due_us": due_us}),
        PlainOutcome::Replied(id) => {
            json!({"what": "replied", "node": names.of(id.node), "at_us": id.at_us, "ordinal": id.ordinal})
        }
        PlainOutcome::Refused(id) => {
            json!({"what": "refused", "node": names.of(id.node), "at_us": id.at_us, "ordinal": id.ordinal})
        }
        PlainOutcome::Noted(note) => json!({"what": "noted", "note": note}),
    }
}
