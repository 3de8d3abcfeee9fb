//! What happens in Raft, in words.

use crate::raft::{AppendOutcome, LogEnd, Msg, Note, Op, Payload, Raft, Refusal, Ret, StepDown, Timer, Why};
use runs::prelude::*;

/// A step that boots a node, delivers a message, runs a timer or handles a request.
pub fn tell(record: &Record<Raft>, names: &Names) -> (String, Weight) {
    let note = |note: &Note, me: &str| tell_note(record, note, me, names);
    told(record, names, note, |me| match &record.event {
        Event::Boot(_) => (format!("{me} boots"), Weight::Routine),
        Event::Timer { timer, .. } => (tell_timer(me, *timer), Weight::Routine),
        Event::Deliver { id, msg } => tell_delivery(names.of(id.from), me, msg),
        Event::Command(Command::Request { op, .. }) => {
            let answer = record.outcomes.iter().find_map(|outcome| match outcome {
                Outcome::Replied { ret: Ret::Refused(why), .. } => Some(format!("refuses to: {}", refusal(*why))),
                Outcome::Refused(_) => Some("is not running and does not answer".to_owned()),
                _ => None,
            });
            let asked = sim::Named::name(op);
            (format!("{me}, asked to {asked}, {}", answer.unwrap_or_else(|| "starts".into())), Weight::Event)
        }
        _ => (String::new(), Weight::Routine),
    })
}

fn tell_timer(me: &str, timer: Timer) -> String {
    match timer {
        Timer::Election => format!("{me}'s election timer runs out"),
        Timer::Heartbeat => format!("{me} sends heartbeats"),
        Timer::Patience => format!("{me} has waited long enough"),
        Timer::Retry => format!("{me} has waited long enough for an answer"),
        Timer::Workload => format!("{me} has nothing to ask just now"),
    }
}

fn tell_note(record: &Record<Raft>, note: &Note, me: &str, names: &Names) -> Option<(String, Weight)> {
    Some(match note {
        Note::BecamePreCandidate { next_term } => (
            format!("{me} asks whether it could win term {next_term}: it has heard no leader until its timer ran out"),
            Weight::Event,
        ),
        Note::BecameCandidate { term } => {
            let why = match &record.event {
                Event::Command(_) => "it was told to time out",
                Event::Deliver { msg: Msg::TimeoutNow { .. }, .. } => "its leader hands over to it",
                Event::Deliver { .. } => "a majority would vote for it",
                _ => "it has heard no leader until its election timer ran out",
            };
            (format!("{me} starts an election for term {term} and votes for itself: {why}"), Weight::Milestone)
        }
        Note::BecameLeader { term, votes } => {
            let why = match record.event {
                Event::Timer { timer: Timer::Patience, .. } => format!("nobody contradicted it; it has {votes} votes"),
                _ => format!("with {votes} votes it has a majority"),
            };
            (format!("{me} leads term {term}: {why}"), Weight::Milestone)
        }
        Note::SteppedDown { term, led, why } => {
            let was = if *led { "stops leading" } else { "gives its candidacy up" };
            let why = match why {
                StepDown::NewerTerm => format!("it has learned of term {term}"),
                StepDown::LeaderOfTerm => format!("term {term} has a leader"),
                StepDown::QuorumLost => "it hears from no majority".to_owned(),
                StepDown::Removed => "it is no member any more".to_owned(),
            };
            (format!("{me} {was}: {why}"), Weight::Milestone)
        }
        Note::GrantedVote { term, candidate, pre } => {
            let candidate = names.of(*candidate);
            if *pre {
                (format!("{me} would vote for {candidate} in term {term}: it hears no leader"), Weight::Event)
            } else {
                let why = format!("it had not voted in term {term}, and {candidate}'s log is at least as up to date");
                (format!("{me} grants its vote to {candidate} in term {term}: {why}"), Weight::Event)
            }
        }
        Note::RefusedVote { term, candidate, why, .. } => {
            let candidate = names.of(*candidate);
            let why = match why {
                Refusal::OldTerm => format!("it is in term {term} already"),
                Refusal::VotedFor(other) => format!("its vote in term {term} went to {}", names.of(*other)),
                Refusal::LogBehind { own, candidate: theirs } => {
                    let end = |end: &LogEnd| format!("(term {}, index {})", end.term, end.index);
                    let newer = if own.term > theirs.term { "has the newer term" } else { "is longer" };
                    format!("its own log, which ends at {}, {newer}; {candidate}'s ends at {}", end(own), end(theirs))
                }
                Refusal::HearsLeader => "it hears a leader".to_owned(),
            };
            (format!("{me} refuses {candidate} its vote: {why}"), Weight::Event)
        }
        Note::FollowsLeader { term, leader } => {
            (format!("{me} follows {}, which leads term {term}", names.of(*leader)), Weight::Event)
        }
        Note::Proposed { index } => {
            let why = match &record.event {
                Event::Deliver { id, msg: Msg::ClientRequest { op, .. } } => {
                    format!("{} asked for {op}", names.of(id.from))
                }
                Event::Command(Command::Request { op: Op::Kv(op), .. }) => format!("it was asked for {op}"),
                Event::Command(Command::Request { op: Op::AddServer(node), .. }) => {
                    format!("{} is to become a member", names.of(*node))
                }
                Event::Command(Command::Request { op: Op::RemoveServer(node), .. }) => {
                    format!("{} is to leave", names.of(*node))
                }
                _ => "what is left of older terms commits with an entry of its own".to_owned(),
            };
            (format!("{me} puts entry {index} into its log and sends it on: {why}"), Weight::Event)
        }
        Note::Appended { from, to } => {
            let why = if *from == 1 {
                "nothing comes before".to_owned()
            } else {
                format!("it has entry {} as its leader has it", from - 1)
            };
            (format!("{me} appends {}: {why}", entries(*from, *to)), Weight::Event)
        }
        Note::Truncated { from, to } => {
            (format!("{me} drops {}: its leader has something else there", entries(*from, *to)), Weight::Milestone)
        }
        Note::RejectedEntries { conflict } => {
            let why = match conflict.term {
                None => format!("its log ends before, at {}", conflict.index - 1),
                Some(term) => format!("what it has before them is of term {term}"),
            };
            (format!("{me} cannot append what it was sent: {why}"), Weight::Event)
        }
        Note::Applied { entry } => {
            let first = record.notes().find_map(|note| match note {
                Note::Applied { entry } => Some(entry.index),
                _ => None,
            });
            if let Some(first) = first.filter(|first| *first < entry.index) {
                let what = entries(first, entry.index);
                return Some((format!("{me} applies {what}: they are committed"), Weight::Event));
            }
            let what = match &entry.payload {
                Payload::Noop => "which is empty".to_owned(),
                Payload::Command { op, .. } => op.to_string(),
                Payload::Members(_) => "a membership".to_owned(),
            };
            (format!("{me} applies entry {}, {what}: it is committed", entry.index), Weight::Event)
        }
        Note::TookSnapshot { index } => {
            (format!("{me} puts everything up to entry {index} into a snapshot: its log is long enough"), Weight::Event)
        }
        Note::InstalledSnapshot { index } => {
            let why = "its leader no longer has what it lacks";
            (format!("{me} takes over its leader's snapshot up to entry {index}: {why}"), Weight::Milestone)
        }
        Note::MembersChanged { members } => {
            let members: Vec<_> = members.iter().map(|&node| names.of(node)).collect();
            (format!("{me} goes by the members {} from here on", members.join(", ")), Weight::Milestone)
        }
        Note::Transferring { to } => (format!("{me} hands over to {}", names.of(*to)), Weight::Milestone),
        Note::Invoked { op, .. } => (format!("{me} asks for {op}"), Weight::Event),
        Note::Answered { ret, .. } => (format!("{me} has its answer: {ret}"), Weight::Event),
        Note::Retried { server, .. } => {
            let why = match &record.event {
                Event::Deliver { id, .. } => format!("{} does not lead", names.of(id.from)),
                _ => "it has waited long enough".to_owned(),
            };
            (format!("{me} asks again, {} this time: {why}", names.of(*server)), Weight::Event)
        }
    })
}

fn entries(from: u64, to: u64) -> String {
    if from == to { format!("entry {from}") } else { format!("entries {from} to {to}") }
}

fn tell_delivery(from: &str, me: &str, msg: &Msg) -> (String, Weight) {
    match msg {
        Msg::PreVote { next_term, .. } => (format!("{me} is asked by {from} about term {next_term}"), Weight::Routine),
        Msg::PreVoteReply { next_term, granted, .. } => {
            let answer = if *granted { "yes" } else { "no" };
            (format!("{from}'s {answer} about term {next_term} reaches {me}"), Weight::Routine)
        }
        Msg::RequestVote { term, .. } => {
            (format!("{me} is asked by {from} for its vote in term {term}"), Weight::Event)
        }
        Msg::RequestVoteReply { term, granted: true } => {
            (format!("{from}'s vote for term {term} reaches {me}"), Weight::Event)
        }
        Msg::RequestVoteReply { term, granted: false } => {
            (format!("{from}'s refusal of term {term} reaches {me}"), Weight::Event)
        }
        Msg::AppendEntries { term, .. } => {
            (format!("{from}'s heartbeat of term {term} reaches {me}, which waits for it anew"), Weight::Routine)
        }
        Msg::InstallSnapshot { .. } => {
            (format!("{from}'s snapshot reaches {me}, which has all of it"), Weight::Routine)
        }
        Msg::AppendEntriesReply { outcome, .. } => {
            let what = match outcome {
                AppendOutcome::Matched(index) => format!("{from} agrees up to entry {index}"),
                AppendOutcome::Rejected { .. } => format!("{from} lacks what comes before, and goes further back"),
                AppendOutcome::OldTerm => format!("{from} is in a newer term"),
            };
            (format!("{me} learns that {what}"), Weight::Routine)
        }
        Msg::TimeoutNow { .. } => (format!("{from} tells {me} to stand for election"), Weight::Event),
        Msg::ClientRequest { op, .. } => (format!("{from}'s {op} reaches {me}"), Weight::Routine),
        Msg::ClientReply { ret, .. } => {
            (format!("{from}'s answer {ret} reaches {me}, which has it already"), Weight::Routine)
        }
        Msg::NotLeader { .. } => (format!("{from} tells {me} that it does not lead"), Weight::Routine),
    }
}

const fn refusal(why: Why) -> &'static str {
    match why {
        Why::AlreadyLeader => "it leads, and a leader does not time out",
        Why::NotLeader => "it does not lead",
        Why::HearsLeader => "it hears a leader, which relies on its lease",
        Why::NotAMember => "it is no member",
        Why::Transferring => "it is handing over",
        Why::ChangeUnderWay => "another change of members has not committed yet",
        Why::NothingCommittedYet => "it has not yet committed an entry of its term",
        Why::NoChange => "there is nothing to change",
        Why::TooFew => "the cluster would be too small",
        Why::NotAServer => "that is not a client's business",
        Why::Busy => "too much is under way",
    }
}

/// What a routine event is counted as.
pub fn topic(record: &Record<Raft>) -> Topic {
    match &record.event {
        Event::Timer { timer: Timer::Heartbeat, .. } => ("round of heartbeats", "rounds of heartbeats"),
        Event::Timer { timer: Timer::Workload, .. } => ("idle client", "idle clients"),
        Event::Deliver { msg, .. } => match msg {
            Msg::AppendEntries { .. } | Msg::InstallSnapshot { .. } => ("heartbeat", "heartbeats"),
            Msg::AppendEntriesReply { .. } => ("acknowledgement", "acknowledgements"),
            Msg::ClientRequest { .. } => ("request", "requests"),
            Msg::ClientReply { .. } | Msg::NotLeader { .. } => ("late answer", "late answers"),
            Msg::PreVote { .. } | Msg::RequestVote { .. } | Msg::TimeoutNow { .. } => ("question", "questions"),
            Msg::PreVoteReply { .. } | Msg::RequestVoteReply { .. } => ("vote", "votes"),
        },
        Event::Boot(_) => ("boot", "boots"),
        Event::Timer { .. } | Event::Vanish { .. } | Event::Synced(_) | Event::Command(_) => OTHER,
    }
}
