//! What happens on the hash ring, in words.

use crate::hash_ring::{Change, HashRing, KeyOp, Msg, Note, Ret, Timer, Why};
use runs::prelude::*;

/// An operation: `k1=5` or `k1`.
pub fn key_op(op: &KeyOp) -> String {
    match op {
        KeyOp::Put { key, value } => format!("{key}={value}"),
        KeyOp::Get { key } => format!("{key}?"),
    }
}

/// An operation and what came of it.
pub fn answer(op: &KeyOp, value: Option<i64>) -> String {
    match (op, value) {
        (KeyOp::Put { key, value }, _) => format!("{key}={value} → done"),
        (KeyOp::Get { key }, Some(value)) => format!("{key} → {value}"),
        (KeyOp::Get { key }, None) => format!("{key} → nothing"),
    }
}

fn keys(count: u32) -> String {
    if count == 1 { "a key".to_owned() } else { format!("{count} keys") }
}

/// A change of the ring.
pub fn change(change: &Change, names: &Names) -> String {
    match change {
        Change::Add(node) => format!("{} joins the ring", names.of(*node)),
        Change::Remove(node) => format!("{} leaves the ring", names.of(*node)),
        Change::Weight(node, weight) => format!("{} gets weight {weight}", names.of(*node)),
        Change::Token(node, index, token) => format!("virtual node {index} of {} goes to {token}", names.of(*node)),
        Change::Vnodes(vnodes) => format!("there are {vnodes} virtual nodes for each weight"),
    }
}

const fn refusal(why: Why) -> &'static str {
    match why {
        Why::NotAClient => "only clients read and write",
        Why::Busy => "too much is under way",
        Why::NoChange => "there is nothing to change",
        Why::TooFew => "a key needs as many servers as it has replicas",
        Why::Silent => "the server does not answer",
    }
}

/// A step that boots a node, delivers a message, runs a timer or handles a request.
pub fn tell(record: &Record<HashRing>, names: &Names) -> (String, Weight) {
    told(
        record,
        names,
        |note, me| Some(tell_note(note, me, names)),
        |me| match &record.event {
            Event::Boot(_) => (format!("{me} boots"), Weight::Routine),
            Event::Timer { timer, .. } => {
                let what = match timer {
                    Timer::Retry => "sends again what is unanswered",
                    Timer::Workload => "has nothing to ask just now",
                };
                (format!("{me} {what}"), Weight::Routine)
            }
            Event::Deliver { id, msg } => tell_delivery(names.of(id.from), me, msg),
            Event::Command(Command::Request { op, .. }) => {
                let answer = record.outcomes.iter().find_map(|outcome| match outcome {
                    Outcome::Replied { ret: Ret::Refused(why), .. } => Some(format!("refuses: {}", refusal(*why))),
                    Outcome::Replied { ret: Ret::PassedOn, .. } => Some("passes it on to the administrator".to_owned()),
                    Outcome::Refused(_) => Some("is not running and does not answer".to_owned()),
                    _ => None,
                });
                let asked = sim::Named::name(op);
                let answer = answer.unwrap_or_else(|| "has it wait for its turn".into());
                (format!("{me}, asked for {asked}, {answer}"), Weight::Event)
            }
            _ => (String::new(), Weight::Routine),
        },
    )
}

fn tell_note(note: &Note, me: &str, names: &Names) -> (String, Weight) {
    match note {
        Note::Invoked { op: KeyOp::Put { key, value }, .. } => {
            (format!("{me} writes {key}={value}: it asks for the newest version first"), Weight::Event)
        }
        Note::Invoked { op: KeyOp::Get { key }, .. } => (format!("{me} reads {key}"), Weight::Event),
        Note::Answered { op, stored, .. } => {
            let value = stored.map(|stored| stored.value);
            (format!("{me} has its answer: {}", answer(op, value)), Weight::Event)
        }
        Note::Retried { server } => (format!("{me} asks again, {} this time", names.of(*server)), Weight::Event),
        Note::NobodyToAsk { key } => (format!("{me} finds nobody who owns {key}"), Weight::Milestone),
        Note::ReadMoving { key } => {
            (format!("{me} serves a read of {key}, which moves: it asks old and new replicas"), Weight::Event)
        }
        Note::HintKept { replica, key } => {
            (format!("{me} keeps {key} for {}, which is silent", names.of(*replica)), Weight::Event)
        }
        Note::HintDelivered { replica, key } => {
            (format!("{} has {key} now, and {me} need not keep it any longer", names.of(*replica)), Weight::Event)
        }
        Note::ChangeStarted { epoch, change } => {
            let what = self::change(change, names);
            (format!("{me} starts epoch {epoch}, in which keys move: {what}"), Weight::Milestone)
        }
        Note::ChangeEnded { epoch } => {
            let why = "the old servers have handed over, and the new ring holds";
            (format!("{me} starts epoch {epoch}: {why}"), Weight::Milestone)
        }
        Note::ChangeRefused { why } => (format!("{me} refuses a change: {}", refusal(*why)), Weight::Event),
        Note::HandOffStarted { keys: count } => (format!("{me} starts to hand over {}", keys(*count)), Weight::Event),
        Note::HandOffResumed => (format!("{me} is back and goes on handing keys over"), Weight::Event),
        Note::HandOffDone => (format!("{me} has handed over all that moves"), Weight::Event),
        Note::BatchStored { keys: count, from } => {
            (format!("{me} stores {} that {} hands over", keys(*count), names.of(*from)), Weight::Event)
        }
        Note::Dropped { keys: count } => {
            (format!("{me} deletes {}: others hold what it held", keys(*count)), Weight::Event)
        }
    }
}

fn tell_delivery(from: &str, me: &str, msg: &Msg) -> (String, Weight) {
    let text = match msg {
        Msg::Read { key, .. } => format!("{from} asks {me} for {key}"),
        Msg::ReadReply { .. } => format!("{me} hears from {from} what a read quorum knows"),
        Msg::Write { key, stored, .. } => format!("{from} asks {me} to store {key}={}", stored.value),
        Msg::WriteReply { .. } => format!("{me} hears from {from} that a write quorum has it"),
        Msg::NotMine { .. } => format!("{from} tells {me} that the key is not its own"),
        Msg::Fetch { key, .. } => format!("{from} asks {me} for what it has under {key}"),
        Msg::Fetched { .. } => format!("{me} hears what {from} has"),
        Msg::Store { key, stored, .. } => format!("{me} stores {key}={} for {from}", stored.value),
        Msg::Acked { .. } => format!("{me} hears that {from} has stored it"),
        Msg::Hint { key, .. } => format!("{me} gets {key}, which {from} has kept for it"),
        Msg::HintAcked { key, .. } => format!("{me} hears that {from} has {key} already"),
        Msg::Batch { .. } => format!("{me} is in another epoch than {from}, and leaves what it sends"),
        Msg::BatchAcked { .. } => format!("{me} hears that {from} has stored a batch"),
        Msg::HandedOver { .. } => format!("{me} hears that {from} has handed over"),
        Msg::Membership(view) => format!("{me} hears of epoch {}", view.epoch),
        Msg::MembershipKnown { epoch } => format!("{me} hears that {from} knows of epoch {epoch}"),
        Msg::WhichMembership => format!("{from} asks {me} for the membership"),
        Msg::ChangeRequest(_) => format!("{from} passes a change on to {me}"),
    };
    (text, Weight::Routine)
}
