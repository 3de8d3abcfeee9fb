//! A step free of its algorithm's types, with what its lab says of it. It is made only for steps that somebody looks at;
//! sentences, traces, diagrams and counts are all made of it, once for all labs.

use serde_json::Value;
use sim::{Command, LossReason, MessageId, NodeId, Protocol, Record, RequestId};
use view::lens::space_time::Stamp;
use view::narration::Weight;

use crate::info::LabInfo;
use crate::lab_words;
use crate::names::Names;

/// A kind of routine event, in the singular and the plural.
pub type Topic = (&'static str, &'static str);

/// What has no name of its own.
pub const OTHER: Topic = ("other step", "other steps");

/// What a lab says of a step in which its algorithm acted: a boot, a delivery, a timer, a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// What happened and why, as a sentence.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
    /// The step in a word or two, to stand beside a dot; none for what it is called anyway.
    pub label: Option<String>,
    /// What it is counted as where many are told in one line.
    pub topic: Topic,
    /// What the clocks say of it that the algorithm keeps; none where it keeps none.
    pub stamp: Option<Stamp>,
}

impl Telling {
    /// A sentence and how much it matters.
    #[must_use]
    pub fn new((text, weight): (String, Weight)) -> Self {
        Self { text, weight, label: None, topic: OTHER, stamp: None }
    }

    /// The same, counted as this.
    #[must_use]
    pub fn counted(self, topic: Topic) -> Self {
        Self { topic, ..self }
    }

    /// The same, with a word or two beside its dot.
    #[must_use]
    pub fn labelled(self, label: Option<String>) -> Self {
        Self { label, ..self }
    }

    /// The same, with what the algorithm's clocks say.
    #[must_use]
    pub fn stamped(self, stamp: Option<Stamp>) -> Self {
        Self { stamp, ..self }
    }
}

/// What a step was about: the weightiest thing that its node says of itself, of several the last; where it says nothing,
/// what `otherwise` has to say. Both are given the node's name.
pub fn told<P: Protocol>(
    record: &Record<P>,
    names: &Names,
    note: impl Fn(&P::Note, &str) -> Option<(String, Weight)>,
    otherwise: impl FnOnce(&str) -> (String, Weight),
) -> (String, Weight) {
    let me = record.event.node().map_or("", |node| names.of(node));
    let told = record.notes().filter_map(|said| note(said, me)).max_by_key(|(_, weight)| *weight);
    told.unwrap_or_else(|| otherwise(me))
}

/// What happened, as far as all algorithms have it in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlainEvent {
    /// A node started.
    Boot(NodeId),
    /// A message of some kind arrived.
    Deliver(MessageId, &'static str),
    /// A message of some kind reached a machine that is down.
    Vanish(MessageId, &'static str),
    /// A node's timer ran out.
    Timer(NodeId, &'static str),
    /// A node's write became durable.
    Synced(NodeId),
    /// Somebody did something.
    Command(Command<Value>),
}

/// What a step led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlainOutcome {
    /// A message left and is due then, in µs.
    Sent(MessageId, u64),
    /// A message of some kind will never arrive.
    Lost(MessageId, &'static str, LossReason),
    /// The command's message is not on its way.
    Missed(MessageId),
    /// A message or an answer waits for the disk.
    Waiting,
    /// A write: what kind, to which cell, and when it is durable, in µs; never while the disk is full.
    Wrote(&'static str, Option<&'static str>, Option<u64>),
    /// A crash took so many writes.
    WritesLost(u64),
    /// A timer is set and due then, in µs.
    TimerSet(&'static str, u64),
    /// A request was answered.
    Replied(RequestId),
    /// A request reached nobody.
    Refused(RequestId),
    /// A node said something about itself.
    Noted(&'static str),
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRecord {
    /// Which.
    pub step: u64,
    /// When, in simulated µs.
    pub time_us: u64,
    /// What the wall clock of the node showed at which it took place, in µs.
    pub wall_us: Option<u64>,
    /// The step that caused it.
    pub cause: Option<u64>,
    /// What happened.
    pub event: PlainEvent,
    /// What it led to, in order.
    pub outcomes: Vec<PlainOutcome>,
    /// What the lab says of it; for steps that are the same in every lab, what is said of them everywhere.
    pub telling: Telling,
}

impl PlainRecord {
    /// The node at which it took place; none for commands on links.
    #[must_use]
    pub fn node(&self) -> Option<NodeId> {
        match &self.event {
            PlainEvent::Boot(node) | PlainEvent::Timer(node, _) | PlainEvent::Synced(node) => Some(*node),
            PlainEvent::Deliver(id, _) | PlainEvent::Vanish(id, _) => Some(id.to),
            PlainEvent::Command(command) => command.node(),
        }
    }

    /// What the node said about itself, by name.
    pub fn notes(&self) -> impl Iterator<Item = &'static str> {
        self.outcomes.iter().filter_map(|outcome| match outcome {
            PlainOutcome::Noted(note) => Some(*note),
            _ => None,
        })
    }

    /// The step in a word or two.
    #[must_use]
    pub fn label(&self, names: &Names, info: &LabInfo) -> String {
        self.telling.label.clone().unwrap_or_else(|| match &self.event {
            PlainEvent::Boot(_) => "start".into(),
            PlainEvent::Deliver(_, kind) | PlainEvent::Vanish(_, kind) => (*kind).into(),
            PlainEvent::Timer(_, timer) => (*timer).into(),
            PlainEvent::Synced(_) => "on disk".into(),
            PlainEvent::Command(command) => lab_words::short(command, names, info).1,
        })
    }
}
