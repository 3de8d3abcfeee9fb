//! Sweeps as the command line and the page run them: one seed at a time, hits as runs.

use crate::run::Run;
use crate::state::VerdictState;

pub use crate::lab_core::sweeps::Sweep;
use crate::lab_core::sweeps::Swept;

/// What one seed came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Steps executed, shrinking not counted.
    pub steps: u64,
    /// The first violation.
    pub hit: Option<Hit>,
    /// Identifiers of the `Sometimes` properties that were seen.
    pub seen: Vec<&'static str>,
}

/// A violation, with the run that shows it.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What was violated.
    pub verdict: VerdictState,
    /// The run, its fault plan written out as commands, ending at the violation.
    pub run: Run,
}

impl Run {
    /// This run under another seed, with the fault plan that the seed makes written out as commands.
    #[must_use]
    pub fn planned(&self, seed: u64) -> Self {
        Self { seed, commands: (self.entry.planned)(self.chosen(), seed), ..self.clone() }
    }

    /// Runs another seed of this run under the fault plan that the seed makes.
    #[must_use]
    pub fn sweep_seed(&self, seed: u64, sweep: Sweep) -> Outcome {
        let Swept { steps, hit, seen } = (self.entry.sweep_seed)(self.chosen(), seed, sweep);
        let hit = hit.map(|(verdict, commands, end)| {
            let run = Self { seed, commands, end: Some(end), ..self.clone() };
            Hit { verdict, run }
        });
        Outcome { steps, hit, seen }
    }
}
