//! What commands do, in words: the same for every lab.

use sim::{Command, MessageAct, NodeId, Outcome, Protocol, Record};
use view::narration::Weight;

use crate::command::write_message_id;
use crate::lab::Names;

/// Tells of a command other than a request or a restart.
pub fn command<P: Protocol>(command: &Command<P::Op>, record: &Record<P>, names: &Names) -> (String, Weight) {
    let lost = record.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Lost { .. })).count();
    let with_losses = |text: String| match lost {
        0 => text,
        1 => format!("{text}; a message on its way is lost"),
        _ => format!("{text}; {lost} messages on their way are lost"),
    };
    let link = |from: NodeId, to: NodeId, both: bool| {
        let arrow = if both { "–" } else { "→" };
        format!("the link {}{arrow}{}", names.of(from), names.of(to))
    };
    let text = match command {
        Command::Crash(node) => {
            let unsynced = record.outcomes.iter().find_map(|outcome| match outcome {
                Outcome::WritesLost(count) => Some(*count),
                _ => None,
            });
            let disk = match unsynced {
                None => "its disk is kept".to_owned(),
                Some(1) => "its disk is kept, but for one write that was not synced".to_owned(),
                Some(count) => format!("its disk is kept, but for {count} writes that were not synced"),
            };
            format!("{} crashes: its memory is gone, {disk}", names.of(*node))
        }
        Command::Pause(node) => format!("{} stops running; what arrives waits", names.of(*node)),
        Command::Resume(node) => format!("{} goes on with what has been waiting", names.of(*node)),
        Command::Cut { from, to, both } => with_losses(format!("{} is cut", capital(&link(*from, *to, *both)))),
        Command::Heal { from, to, both } => format!("{} works again", capital(&link(*from, *to, *both))),
        Command::Partition(groups) => {
            let groups: Vec<String> = groups
                .iter()
                .map(|group| group.iter().map(|&node| names.of(node)).collect::<Vec<_>>().join(", "))
                .collect();
            with_losses(format!("The network splits: {}", groups.join(" | ")))
        }
        Command::HealAll => "Every link works again".to_owned(),
        Command::Link { from, to, both, .. } => format!("{} changes its manners", capital(&link(*from, *to, *both))),
        Command::Hold { from, to, both } => format!("{} holds its messages", capital(&link(*from, *to, *both))),
        Command::Release { from, to, both } => format!("{} lets its messages go on", capital(&link(*from, *to, *both))),
        Command::Message { id, act } => {
            let what = match act {
                MessageAct::Drop => "is dropped",
                MessageAct::Hold => "is held",
                MessageAct::Release => "goes on",
                MessageAct::Duplicate => "is sent twice",
                MessageAct::Deliver => "arrives now",
            };
            format!("Message {} {what}", write_message_id(*id, names))
        }
        Command::Clock { node, offset_us, drift_ppm } => {
            format!("{}'s clock is set {offset_us} µs ahead and runs {drift_ppm} ppm fast", names.of(*node))
        }
        Command::Disk { node, .. } => format!("{}'s disk behaves differently at a crash from now on", names.of(*node)),
        Command::Request { .. } | Command::Restart(_) => String::new(),
    };
    (text, Weight::Milestone)
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
