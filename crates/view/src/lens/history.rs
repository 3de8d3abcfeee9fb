//! What clients asked and were told: a lane per client over simulated time.

/// The newest operations of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The present moment, in simulated µs.
    pub now_us: u64,
    /// Who asked, in the order of the lanes.
    pub lanes: Vec<String>,
    /// The newest operations, in the order in which they were asked for.
    pub operations: Vec<Operation>,
    /// How many operations there were, these included.
    pub total: u32,
    /// Why no order of the operations explains all answers; none while there is one.
    pub violation: Option<Violation>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number within the run, from 0.
    pub number: u32,
    /// Its lane.
    pub lane: usize,
    /// What was asked for, such as `put x=1`.
    pub what: String,
    /// The same in a few characters, such as `x=1`.
    pub text: String,
    /// When it was asked for, in simulated µs.
    pub asked_us: u64,
    /// The step in which it was asked for.
    pub asked_step: u64,
    /// How it ended.
    pub end: End,
    /// Its part in a violation.
    pub part: Option<Part>,
    /// Its place, from 1, in the longest order that was found before no operation could follow.
    pub place: Option<u32>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It has not yet.
    Open,
    /// It was answered.
    Answered {
        /// When, in simulated µs.
        at_us: u64,
        /// The step.
        step: u64,
        /// The answer in words; empty when it says no more than "done".
        answer: String,
    },
    /// No answer will come.
    GivenUp {
        /// When that was certain, in simulated µs.
        at_us: u64,
        /// The step.
        step: u64,
    },
}

/// An operation's part in a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its answer is the first that nothing explains.
    Wrong,
    /// It is at odds with that answer.
    AtOdds,
    /// It would have to come next, and cannot.
    Stuck,
}

/// Why the operations cannot be put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The step at which it showed.
    pub step: u64,
    /// In one sentence.
    pub reason: String,
    /// The longest order that was found, of operations on the same key, in words.
    pub order: Vec<String>,
}
