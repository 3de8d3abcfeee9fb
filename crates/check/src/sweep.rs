//! One seed of a sweep: run it under its plan until something is violated or the horizon is
//! reached.

use sim::{ClusterConfig, Driver, Protocol, Stamped};

use crate::verdict::{Oracle, Status, Verdict};

/// What one run of a sweep came to.
#[derive(Clone, Debug)]
pub struct SeedResult {
    /// Steps executed.
    pub steps: u64,
    /// The first violation, if there was one.
    pub finding: Option<Finding>,
    /// Identifiers of the `Sometimes` properties that were seen.
    pub seen: Vec<&'static str>,
}

/// A violation that a sweep came upon.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The verdict of the property that was violated first.
    pub verdict: Verdict,
    /// The moment at which the sweep stopped, in µs.
    pub time_us: u64,
    /// The last step before that moment.
    pub step: u64,
    /// The state's digest right after that step.
    pub digest: u64,
}

/// Runs one seed under `commands` up to `horizon_us`; stops at the first violation.
pub fn run_seed<P: Protocol, O: Oracle<P>>(
    seed: u64,
    config: P::Config,
    cluster: ClusterConfig,
    oracle: O,
    commands: &[Stamped<P::Op>],
    horizon_us: u64,
) -> SeedResult {
    let mut driver = Driver::new(seed, config, cluster, oracle);
    while !driver.observer.violated() && driver.step(commands, horizon_us) {}
    let violated = driver.observer.violated();
    if !violated {
        driver.run_until(commands, horizon_us);
    }
    let verdicts = driver.observer.verdicts(driver.world.time_us());
    let seen = verdicts
        .iter()
        .filter(|verdict| verdict.property.kind == crate::Kind::Sometimes && verdict.status == Status::Met)
        .map(|verdict| verdict.property.id)
        .collect();
    let finding = verdicts.into_iter().find(|verdict| verdict.status == Status::Violated).map(|verdict| Finding {
        time_us: driver.world.time_us(),
        step: driver.world.step_count(),
        digest: driver.world.digest(),
        verdict,
    });
    SeedResult { steps: driver.world.step_count(), finding, seen }
}
