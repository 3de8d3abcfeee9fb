//! What happened, in words.

use serde::Serialize;

/// One event, told: what happened and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// The step it tells of.
    pub step: u64,
    /// When, in simulated µs.
    pub time_us: u64,
    /// The sentence, without the time.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
}

/// How much an event matters to somebody who follows along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Heartbeats, disk syncs: folded away unless asked for.
    Routine,
    /// Part of the story.
    Event,
    /// A turning point, worth announcing to a screen reader.
    Milestone,
}
