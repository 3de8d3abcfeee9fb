//! Sweeps as the command line and the page run them: one seed at a time, hits as runs.

use check::{run_seed, shrink};
use sim::Stamped;

use crate::command::ADDED_MAX;
use crate::lab::{Lab, Setup};
use crate::names::Names;
use crate::run::{End, Run};
use crate::session::write_ops;
use crate::state::{VerdictState, digest_text};

/// How a sweep treats what it finds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sweep {
    /// Take away whatever the violation does not need.
    pub shrink: bool,
}

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

/// The run of a seed with the fault plan that the seed makes, written out as commands.
pub(crate) fn planned<L: Lab>(base: &Run, seed: u64) -> Run {
    let setup = Setup::<L>::of(base);
    let plan = setup.fault_model.plan_with(seed, setup.cluster.nodes, &setup.planned_ops);
    Run { seed, commands: write_ops::<L>(&plan, &Names::from(setup.names).with_added(ADDED_MAX)), ..base.clone() }
}

/// Runs one seed of `base` under the fault plan that the seed makes.
pub(crate) fn seed<L: Lab>(base: &Run, seed: u64, sweep: Sweep) -> Outcome {
    let setup = || Setup::<L>::of(base);
    let first = setup();
    let (model, nodes) = (first.fault_model.clone(), first.cluster.nodes);
    let mut plan = model.plan_with(seed, nodes, &first.planned_ops);
    let run = |commands: &mut [Stamped<_>]| {
        let setup = setup();
        run_seed(seed, setup.config, setup.cluster, setup.oracle, commands, model.horizon_us)
    };
    let result = run(&mut plan);
    let Some(finding) = result.finding else {
        return Outcome { steps: result.steps, hit: None, seen: result.seen };
    };
    let property = finding.verdict.property;
    // Commands after the violation have no part in it.
    let mut commands: Vec<_> = plan.into_iter().filter(|stamped| stamped.at_us <= finding.time_us).collect();
    let mut finding = finding;
    if sweep.shrink {
        commands =
            shrink(&commands, |kept| run(&mut kept.to_vec()).finding.is_some_and(|f| f.verdict.property == property));
        if let Some(smaller) = run(&mut commands).finding {
            finding = smaller;
        }
    }
    let end = End { step: finding.step, time_us: finding.time_us, digest: digest_text(finding.digest) };
    let run = Run {
        seed,
        commands: write_ops::<L>(&commands, &Names::from(first.names).with_added(ADDED_MAX)),
        end: Some(end),
        ..base.clone()
    };
    Outcome { steps: result.steps, hit: Some(Hit { verdict: finding.verdict.into(), run }), seen: result.seen }
}
