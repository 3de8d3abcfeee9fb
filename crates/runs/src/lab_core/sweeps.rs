//! Sweeps over the types of a lab: one seed at a time.

use check::{run_seed, shrink};
use serde_json::Value;
use sim::Stamped;

use super::operations::write_ops;
use crate::command::ADDED_MAX;
use crate::lab::{Chosen, Lab, Setup};
use crate::names::Names;
use crate::state::{End, VerdictState, digest_text};

/// How a sweep treats what it finds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sweep {
    /// Take away whatever the violation does not need.
    pub shrink: bool,
}

/// What one seed came to.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Steps executed, shrinking not counted.
    pub steps: u64,
    /// The first violation, with the commands and the end of the run that shows it.
    pub hit: Option<(VerdictState, Vec<Stamped<Value>>, End)>,
    /// Identifiers of the `Sometimes` properties that were seen.
    pub seen: Vec<&'static str>,
}

/// The fault plan that a seed makes, written out as commands.
pub(crate) fn planned<L: Lab>(chosen: Chosen<'_>, seed: u64) -> Vec<Stamped<Value>> {
    let setup = Setup::<L>::of(chosen);
    let plan = setup.fault_model.plan_with(seed, setup.cluster.nodes, &setup.planned_ops);
    write_ops::<L>(&plan, &Names::from(setup.names).with_added(ADDED_MAX))
}

/// Runs one seed under the fault plan that it makes.
pub(crate) fn seed<L: Lab>(chosen: Chosen<'_>, seed: u64, sweep: Sweep) -> Swept {
    let setup = || Setup::<L>::of(chosen);
    let first = setup();
    let (model, nodes) = (first.fault_model.clone(), first.cluster.nodes);
    let mut plan = model.plan_with(seed, nodes, &first.planned_ops);
    let run = |commands: &mut [Stamped<_>]| {
        let setup = setup();
        run_seed(seed, setup.config, setup.cluster, setup.oracle, commands, model.horizon_us)
    };
    let result = run(&mut plan);
    let Some(finding) = result.finding else {
        return Swept { steps: result.steps, hit: None, seen: result.seen };
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
    let commands = write_ops::<L>(&commands, &Names::from(first.names).with_added(ADDED_MAX));
    Swept { steps: result.steps, hit: Some((finding.verdict.into(), commands, end)), seen: result.seen }
}
