//! Two events of a space-time diagram, and what each clock says of their order.

use super::space_time::Relation;

/// Two events, clock by clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The event that was picked first.
    pub first: Picked,
    /// The other one.
    pub second: Picked,
    /// How the first really stands to the second.
    pub relation: Relation,
    /// What the clocks say, those that there are.
    pub clocks: Vec<Says>,
    /// The vectors of both, process by process; empty where there is none.
    pub components: Vec<Component>,
    /// Why it is so.
    pub sentence: String,
    /// How one came to know of the other: events from the earlier one to the later one; empty for concurrent ones.
    pub chain: Vec<u32>,
}

/// An event, as it is spoken of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Its number in the diagram.
    pub event: u32,
    /// Its process.
    pub process: String,
    /// What it is, in a word or two.
    pub label: String,
}

/// A kind of clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock on the wall.
    Wall,
    /// Lamport's.
    Lamport,
    /// Fidge's and Mattern's.
    Vector,
    /// Hybrid logical.
    Hybrid,
}

impl Clock {
    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Lamport => "Lamport",
            Self::Vector => "vector",
            Self::Hybrid => "hybrid",
        }
    }
}

/// What a clock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Says {
    /// Which clock.
    pub clock: Clock,
    /// Both readings, such as `3 < 5`; empty for vectors, which have a table of their own.
    pub readings: String,
    /// What follows from them about the first event, such as "before, by 10 ms".
    pub verdict: String,
    /// What that is worth.
    pub worth: Worth,
    /// Why, in a few words.
    pub why: String,
}

/// What a verdict is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is so, and that is all there is to know.
    Exact,
    /// It is not wrong, and leaves something open.
    Open,
    /// It is wrong.
    Lies,
}

/// What two vectors say of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The process.
    pub process: String,
    /// How many of its events the first event knows of.
    pub first: u64,
    /// How many the second one knows of.
    pub second: u64,
}
