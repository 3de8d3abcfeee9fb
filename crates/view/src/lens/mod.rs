//! Lenses: ways to look at a run besides the stage, each as plain data that a lab fills in.
//!
//! The page knows lenses, not labs. Checks, wire and story need no data of their own: verdicts, the
//! stage's messages and sentences are all there is to them.

pub mod comparison;
pub mod inspector;
pub mod ring;
pub mod space_time;

pub use comparison::Comparison;
pub use inspector::Inspector;
pub use ring::Ring;
pub use space_time::SpaceTime;

use std::any::Any;

use crate::pane::PaneInfo;

/// A way to look at a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LensKind {
    /// How the properties stand.
    Checks,
    /// One node's state.
    Inspector,
    /// Processes as lines, messages as arrows.
    SpaceTime,
    /// Two events, as each clock has them.
    Comparison,
    /// Messages in flight.
    Wire,
    /// What happened, in sentences.
    Story,
    /// A pane that a lab has of its own.
    Pane(&'static PaneInfo),
}

impl LensKind {
    /// Those that are built in.
    pub const BUILT_IN: [Self; 6] =
        [Self::Checks, Self::Inspector, Self::SpaceTime, Self::Comparison, Self::Wire, Self::Story];

    /// Stable kebab-case identifier.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Inspector => "inspector",
            Self::SpaceTime => "space-time",
            Self::Comparison => "comparison",
            Self::Wire => "wire",
            Self::Story => "story",
            Self::Pane(info) => info.id,
        }
    }

    /// What its button says.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Checks => "Checks",
            Self::Inspector => "Inspector",
            Self::SpaceTime => "Space-time",
            Self::Comparison => "Clocks",
            Self::Wire => "Wire",
            Self::Story => "Story",
            Self::Pane(info) => info.title,
        }
    }

    /// What stands above it.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Checks => "Checks",
            Self::Inspector => "Inspector",
            Self::SpaceTime => "Space-time diagram",
            Self::Comparison => "Two events, clock by clock",
            Self::Wire => "On the wire",
            Self::Story => "What happened",
            Self::Pane(info) => info.heading,
        }
    }

    /// The built-in lens with this identifier.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::BUILT_IN.into_iter().find(|kind| kind.id() == id)
    }
}

/// What the drawing of a built-in lens asks a lab, and what it is answered. A lab knows the questions that it has an
/// answer to; whoever passes them on knows none of them.
pub trait Question: Any {
    /// The answer.
    type Answer: Any;
}

impl Question for ring::Ask {
    type Answer = Ring;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lens_is_found_by_its_own_identifier() {
        for kind in LensKind::BUILT_IN {
            assert_eq!(LensKind::parse(kind.id()), Some(kind));
            assert!(kind.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
        }
        assert_eq!(LensKind::parse("Checks"), None);
    }
}
