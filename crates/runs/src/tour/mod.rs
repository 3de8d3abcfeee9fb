//! Tours: lessons over a live simulation, as text files.
//!
//! A tour names a run (lab, variant, seed, settings) and leads through it in steps. A step has
//! words, what it does to the run, what the reader is asked to do, and what it waits for.
//! `docs/TOURS.md` has the format for authors.
//!
//! Reading is [`Tour::read`]; where each step begins and ends is a [`Plan`], found by playing the
//! tour once; [`Player`] follows a reader through it. Nothing here knows a page.

mod error;
pub mod link;
mod plan;
mod player;
mod read;
mod source;
pub mod words;

pub use error::TourError;
pub use plan::{Plan, Stop};
pub use player::{Player, Scene, Standing};

use serde_json::Value;
use sim::Command;
use view::lens::LensKind;

use crate::info::LabInfo;
use crate::run::Run;
use words::Paragraph;

/// The version of the format.
pub const FORMAT_VERSION: u64 = 1;

/// Most bytes of a tour's text.
pub const BYTES_MAX: usize = 256 * 1024;

/// Most steps of a tour.
pub const STEPS_MAX: usize = 40;

/// Most commands of a tour, all steps together.
pub const COMMANDS_MAX: usize = 400;

/// Latest time that a tour may name, in µs: everybody who enters a step waits for the run up to it.
pub const TIME_US_MAX: u64 = 120 * 1_000_000;

/// Slowest and fastest speed, in simulated seconds per real second.
pub const SPEED_RANGE: (f64, f64) = (0.001, 1_000.0);

/// What a step may light up besides nodes and links: the page's controls.
pub const CONTROLS: &[&str] = &[
    "play",
    "step",
    "step-back",
    "reset",
    "time",
    "speed",
    "share",
    "cut-off",
    "heal-all",
    "undo",
    "seed",
    "lab",
    "variant",
];

/// What a step may open or light up: the stage, which is always there, the built-in lenses, and the lab's own panes.
pub fn lenses(lab: &LabInfo) -> Vec<&'static str> {
    let built_in = LensKind::BUILT_IN.into_iter().map(LensKind::id);
    std::iter::once("stage").chain(built_in).chain(lab.panes().map(|pane| pane.id)).collect()
}

/// A tour, as its file says.
#[derive(Clone, Debug)]
pub struct Tour {
    /// Stable kebab-case identifier.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// What there is to learn, in a sentence or two.
    pub summary: String,
    /// At least one.
    pub steps: Vec<Step>,
    /// Where things stand in the text, for errors that only playing brings to light.
    lines: source::Lines,
}

/// One step of a tour.
#[derive(Clone, Debug)]
pub struct Step {
    /// What the reader reads.
    pub words: Vec<Paragraph>,
    /// The run that the step belongs to, from its start, without any command.
    pub base: Run,
    /// Whether the run begins anew here.
    pub anew: bool,
    /// When the step begins; where the one before ended, when it does not say.
    pub at_us: Option<u64>,
    /// What the step does.
    pub commands: Vec<Planned>,
    /// What the reader is asked to do.
    pub attempt: Option<Attempt>,
    /// What is lit up: nodes, links, controls, lenses.
    pub highlight: Vec<String>,
    /// Which lenses are open; the lab's own when it is empty.
    pub lenses: Vec<String>,
    /// Simulated seconds per real second; the lab's own when it does not say.
    pub speed: Option<f64>,
    /// What the step waits for.
    pub wait: Option<Wait>,
    /// Whether the run plays on when the wait has come true.
    pub go_on: bool,
    /// For the speaker.
    pub notes: String,
}

/// A command of a step.
#[derive(Clone, Debug)]
pub struct Planned {
    /// When it applies; at the step's beginning, when it does not say.
    pub at_us: Option<u64>,
    /// What it does.
    pub command: Command<Value>,
    /// Its first word, such as `cut`.
    pub word: String,
}

/// What the reader is asked to do.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What the button says that does it.
    pub label: String,
    /// What it does.
    pub commands: Vec<Planned>,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A node says something about itself.
    Note {
        /// What it says, such as `became-leader`.
        note: String,
        /// Which node; any, when it does not say.
        node: Option<String>,
        /// How long that may take, in µs.
        within_us: u64,
    },
    /// A property comes to stand in some way.
    Property {
        /// The property's identifier.
        property: String,
        /// How it has to stand, such as `violated`.
        status: String,
        /// How long that may take, in µs.
        within_us: u64,
    },
    /// Time passes.
    Time {
        /// How much, from the step's beginning on, in µs.
        time_us: u64,
    },
    /// The reader gives a command.
    Command {
        /// Its first word, such as `cut`.
        word: String,
    },
}

impl Wait {
    /// The wait in words, for lists.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Note { note, node: Some(node), .. } => format!("{node} notes {note}"),
            Self::Note { note, node: None, .. } => format!("a node notes {note}"),
            Self::Property { property, status, .. } => format!("{property} is {status}"),
            Self::Time { time_us } => format!("{} ms pass", *time_us as f64 / 1_000.0),
            Self::Command { word } => format!("the reader gives {word}"),
        }
    }

    const fn within_us(&self) -> Option<u64> {
        match self {
            Self::Note { within_us, .. } | Self::Property { within_us, .. } => Some(*within_us),
            Self::Time { .. } | Self::Command { .. } => None,
        }
    }
}
