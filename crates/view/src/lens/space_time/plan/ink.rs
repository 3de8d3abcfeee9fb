//! What can be drawn in a diagram, and how each of it looks.

/// What a path shows; each is drawn in a way of its own, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The line of a process.
    Line,
    /// A message between routine events.
    Quiet,
    /// A message that has nothing to do with the event in focus.
    Dim,
    /// A message.
    Arrow,
    /// The part of a message's way that is still to come.
    Expected,
    /// A message that never arrives.
    Lost,
    /// A message within the past of the event in focus.
    PastArrow,
    /// A message within its future.
    FutureArrow,
    /// How one of the events that are compared came to know of the other.
    Chain,
    /// Many routine events as one.
    Fold,
    /// A routine event.
    Routine,
    /// An event.
    Dot,
    /// An event that matters.
    Major,
    /// Concurrent with the event in focus: a diamond.
    Beside,
    /// In its past: full.
    Past,
    /// In its future: hollow.
    Future,
    /// Not yet, or not any more: after the present moment.
    ToCome,
    /// The process begins.
    Up,
    /// The process stops: a cross.
    Down,
    /// A ring around what was searched for.
    Found,
    /// The event in focus.
    Focus,
    /// The events that are compared.
    Picked,
}

impl Class {
    /// All of them, from below.
    pub const ALL: [Self; 22] = [
        Self::Line,
        Self::Quiet,
        Self::Dim,
        Self::Arrow,
        Self::Expected,
        Self::Lost,
        Self::PastArrow,
        Self::FutureArrow,
        Self::Chain,
        Self::Fold,
        Self::Routine,
        Self::Dot,
        Self::Major,
        Self::Beside,
        Self::Past,
        Self::Future,
        Self::ToCome,
        Self::Up,
        Self::Down,
        Self::Found,
        Self::Focus,
        Self::Picked,
    ];

    /// How it is drawn.
    #[must_use]
    pub const fn ink(self) -> Ink {
        let (fill, stroke, width) = match self {
            Self::Line => ("none", "cut", 1.8),
            Self::Quiet => ("cut", "cut", 0.8),
            Self::Dim => ("cut", "cut", 1.2),
            Self::Arrow => ("mute", "mute", 1.5),
            Self::Expected => ("mute", "mute", 1.5),
            Self::Lost => ("none", "fault", 1.8),
            Self::PastArrow => ("ink", "ink", 2.2),
            Self::FutureArrow => ("accent", "accent", 2.2),
            Self::Chain => ("accent", "accent", 5.0),
            Self::Fold => ("ground", "mute", 1.5),
            Self::Routine => ("mute", "none", 0.0),
            Self::Dot | Self::Past => ("ink", "ground", 1.5),
            Self::Major => ("ink", "ground", 2.0),
            Self::Beside => ("ground", "mute", 1.8),
            Self::Future => ("ground", "accent", 3.0),
            Self::ToCome => ("ground", "cut", 1.5),
            Self::Up => ("panel", "ink", 2.0),
            Self::Down => ("none", "fault", 3.0),
            Self::Found => ("none", "fault", 2.5),
            Self::Focus => ("accent", "ink", 2.0),
            Self::Picked => ("accent", "ink", 2.5),
        };
        let dash = match self {
            Self::Dim => "2 4",
            Self::Expected => "1.5 5",
            _ => "",
        };
        Ink { fill, stroke, width, dash }
    }
}

/// How a path is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// The name of the colour inside.
    pub fill: &'static str,
    /// The name of the colour of the line.
    pub stroke: &'static str,
    /// How wide the line is, in pixels.
    pub width: f64,
    /// Its dashes; empty for none.
    pub dash: &'static str,
}
