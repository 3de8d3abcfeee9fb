//! What happens in two-phase commit, in words.

use super::{COORDINATOR, Msg, Node, Note, Parts, Ret, Why};
use runs::prelude::*;

/// What a transaction does: "n2 −10, n3 +10".
pub fn changes(parts: &Parts, names: &Names) -> String {
    let each = |(&node, &by): (&NodeId, &i64)| {
        format!("{} {}{}", names.of(node), if by < 0 { "−" } else { "+" }, by.unsigned_abs())
    };
    parts.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// A step in which a node acts.
pub fn tell(record: &Record<Node>, names: &Names) -> Telling {
    let text = told(
        record,
        names,
        |note, me| Some(tell_note(note, me, names)),
        |me| match &record.event {
            Event::Boot(_) => (format!("{me} starts"), Weight::Routine),
            Event::Deliver { id, msg } => (tell_delivery(names.of(id.from), me, msg), Weight::Routine),
            Event::Command(Command::Request { .. }) => {
                (format!("{me} {}", tell_refusal(record.reply())), Weight::Event)
            }
            Event::Command(_) => (format!("{me} boots, and is in doubt about nothing"), Weight::Event),
            _ => (format!("{me} tells again what has not been acknowledged"), Weight::Routine),
        },
    );
    let label = record.notes().last().map(|note| note.name().to_owned());
    Telling::new(text).labelled(label).counted(topic(record))
}

fn topic(record: &Record<Node>) -> Topic {
    match record.event {
        Event::Deliver { msg: Msg::Ack { .. }, .. } => ("acknowledgement", "acknowledgements"),
        Event::Deliver { msg: Msg::Ask { .. } | Msg::InDoubtToo { .. }, .. } => ("question", "questions"),
        _ => OTHER,
    }
}

fn tell_note(note: &Note, me: &str, names: &Names) -> (String, Weight) {
    match note {
        Note::Began { tx, parts } => {
            let (all, changes) = (names.list(parts.keys()), changes(parts, names));
            (format!("{me} begins T{tx} ({changes}) and asks {all} for their votes"), Weight::Event)
        }
        Note::Counted { tx, missing } if missing.is_empty() => (format!("{me} has every vote on T{tx}"), Weight::Event),
        Note::Counted { tx, missing } => {
            let waits = if missing.len() == 1 { "has" } else { "have" };
            (format!("{me} counts a yes to T{tx}; {} {waits} yet to vote", names.list(missing)), Weight::Event)
        }
        Note::Decided { tx, commit, why } => {
            let what = if *commit { "commits" } else { "aborts" };
            let weight = if me == names.of(COORDINATOR) { Weight::Milestone } else { Weight::Event };
            (format!("{me} {what} T{tx}: {}", tell_why(why, names)), weight)
        }
        Note::Ended { tx } => (format!("{me} forgets T{tx}: everybody has acknowledged it"), Weight::Event),
        Note::Prepared { tx } => (format!("{me} votes yes to T{tx} and locks its account"), Weight::Event),
        Note::InDoubt { tx } => {
            let text =
                format!("{me} boots in doubt: its disk says that it has voted yes to T{tx}; it asks for the outcome");
            (text, Weight::Milestone)
        }
        Note::Asked { tx } => (format!("{me} has waited for the outcome of T{tx}, and asks everybody"), Weight::Event),
        Note::Blocked { tx } => {
            let silent = names.of(COORDINATOR);
            let text = format!("{me} is blocked: all others have voted yes to T{tx} too, and {silent} is silent");
            (text, Weight::Milestone)
        }
    }
}

fn tell_why(why: &Why, names: &Names) -> String {
    match why {
        Why::AllYes => "everybody has voted yes".into(),
        Why::No(node) => format!("{} has voted no", names.of(*node)),
        Why::Silent(nodes) => format!("no vote has come from {}", names.list(nodes)),
        Why::Restarted => "it was down, and has no outcome on its disk".into(),
        Why::Told(node) => format!("{} says so", names.of(*node)),
        Why::Locked(tx) => format!("its account is locked by T{tx}, so it votes no"),
        Why::Short(balance) => format!("there is only {balance} in its account, so it votes no"),
        Why::NotVoted(node) => format!("{} asks, and it has not voted yet", names.of(*node)),
        Why::Impatience => "it has waited for long enough".into(),
    }
}

fn tell_delivery(from: &str, me: &str, msg: &Msg) -> String {
    match msg {
        Msg::Prepare { tx, .. } => format!("{from} asks {me} once more for its vote on T{tx}"),
        Msg::Vote { tx, yes } => {
            format!("{me} hears {from}’s {} to T{tx}, too late to matter", if *yes { "yes" } else { "no" })
        }
        Msg::Outcome { tx, commit } => {
            format!("{from} tells {me} to {} T{tx}, which it knows", if *commit { "commit" } else { "abort" })
        }
        Msg::Ack { tx, .. } => format!("{me} hears that {from} has the outcome of T{tx} on disk"),
        Msg::Ask { tx } => format!("{from} asks {me} for the outcome of T{tx}"),
        Msg::InDoubtToo { tx } => format!("{from} tells {me} that it is in doubt about T{tx} too"),
    }
}

const fn tell_refusal(answer: Option<&Ret>) -> &'static str {
    match answer {
        Some(Ret::NotTheCoordinator) => "begins no transactions; only the coordinator does",
        Some(Ret::NoSuchAccounts) => "refuses a transfer: it names an account twice, or one that is not there",
        Some(Ret::Busy) => "refuses a transfer: too many transactions are open",
        Some(Ret::Decided { .. }) | None => "is not running and does not answer",
    }
}
