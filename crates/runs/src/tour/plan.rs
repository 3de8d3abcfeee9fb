//! Where each step of a tour begins and ends: found by playing the tour once, as a reader would who
//! does what he is asked.

use sim::Stamped;

use super::{Planned, Step, Tour, TourError, Wait};
use crate::run::Run;
use crate::session::Session;
use serde_json::Value;

/// Most steps of the simulation that planning a tour takes.
const BUDGET_STEPS: u64 = 400_000;

/// Most steps of the simulation that one look goes through; what is left waits for the next one.
const LOOK_STEPS: u64 = 5_000;

/// A step's place in time.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Where it begins, in µs.
    pub start_us: u64,
    /// Where it ends, in µs: right behind what it waits for.
    pub end_us: u64,
    /// The step of the simulation right before its beginning.
    pub base_step: u64,
    /// The run with what the step does.
    pub run: Run,
    /// The same with what the reader is asked to do.
    pub tried: Option<Run>,
}

impl Stop {
    /// The run of a reader who has done what he is asked.
    #[must_use]
    pub fn full(&self) -> &Run {
        self.tried.as_ref().unwrap_or(&self.run)
    }
}

/// All steps' places.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One for each step.
    pub stops: Vec<Stop>,
}

impl Plan {
    /// Plays a tour once. It fails when a wait does not come true within its bound.
    pub fn of(tour: &Tour) -> Result<Self, TourError> {
        let mut stops: Vec<Stop> = Vec::with_capacity(tour.steps.len());
        let mut budget_steps = BUDGET_STEPS;
        for (index, step) in tour.steps.iter().enumerate() {
            let before = stops.last().filter(|_| !step.anew);
            let stop = place(tour, index, step, before, &mut budget_steps)?;
            stops.push(stop);
        }
        Ok(Self { stops })
    }
}

fn place(
    tour: &Tour,
    index: usize,
    step: &Step,
    before: Option<&Stop>,
    budget_steps: &mut u64,
) -> Result<Stop, TourError> {
    let wrong = |field: &str, problem: String| tour.problem(index, field, problem);
    let start_us = match (step.at_us, before) {
        (Some(at_us), _) => at_us,
        (None, Some(before)) => before.end_us,
        // Where nothing came before, the lab knows a good moment.
        (None, None) => {
            let session = step.base.open().map_err(|error| wrong("at", error.to_string()))?;
            session.opening_us()
        }
    };
    if let Some(before) = before
        && start_us < before.start_us
    {
        let problem = format!("is before the step above, which begins at {} ms", before.start_us as f64 / 1_000.0);
        return Err(wrong("at", problem));
    }
    let mut run = before.map_or_else(|| step.base.clone(), |before| before.full().clone());
    // A step that begins a run may also say what has happened up to there.
    let earliest_us = if before.is_some() { start_us } else { 0 };
    add(tour, index, "do", &step.commands, (start_us, earliest_us), &mut run)?;
    let tried = match &step.attempt {
        Some(attempt) => {
            let mut tried = run.clone();
            add(tour, index, "try.do", &attempt.commands, (start_us, start_us), &mut tried)?;
            Some(tried)
        }
        None => None,
    };
    let mut stop = Stop { start_us, end_us: start_us, base_step: 0, run, tried };
    let mut session = stop.full().open().map_err(|error| wrong("do", error.to_string()))?;
    let too_long = || wrong("at", "is beyond what a page can play at once; the tour is too long".into());
    if !session.advance(start_us.saturating_sub(1), u32::try_from(*budget_steps).unwrap_or(u32::MAX)) {
        return Err(too_long());
    }
    stop.base_step = session.step_count();
    stop.end_us = match &step.wait {
        None => step.attempt.iter().flat_map(|attempt| &attempt.commands).filter_map(|planned| planned.at_us).max(),
        Some(Wait::Time { time_us }) => Some(start_us + time_us),
        Some(Wait::Command { word }) => {
            let commands = step.attempt.iter().flat_map(|attempt| &attempt.commands);
            commands.filter(|planned| planned.word == *word).map(|planned| planned.at_us.unwrap_or(start_us)).min()
        }
        Some(wait) => Some(play(&mut session, wait, &stop, *budget_steps).map_err(|missed| match missed {
            Missed::Never => wrong("wait", format!("never comes true: {} was expected", expected(wait))),
            Missed::Budget => too_long(),
        })?),
    }
    .unwrap_or(start_us)
    .max(start_us);
    *budget_steps = budget_steps.saturating_sub(session.step_count());
    Ok(stop)
}

fn expected(wait: &Wait) -> String {
    let within_ms = wait.within_us().unwrap_or(0) as f64 / 1_000.0;
    format!("that {} within {within_ms} ms", wait.describe())
}

/// Adds commands to a run, in the order of their times.
fn add(
    tour: &Tour,
    index: usize,
    field: &str,
    commands: &[Planned],
    (start_us, earliest_us): (u64, u64),
    run: &mut Run,
) -> Result<(), TourError> {
    for (number, planned) in commands.iter().enumerate() {
        let at_us = planned.at_us.unwrap_or(start_us);
        if at_us < earliest_us {
            let problem = format!("is before the step begins, at {} ms", start_us as f64 / 1_000.0);
            return Err(tour.problem(index, &format!("{field}[{number}].at"), problem));
        }
        run.commands.push(Stamped::<Value>::at(at_us, planned.command.clone()));
    }
    // What was planned for the same time keeps its order.
    view::order::by_key(&mut run.commands, |stamped| stamped.at_us);
    Ok(())
}

enum Missed {
    Never,
    Budget,
}

/// Plays until a wait comes true; answers with the moment right behind it.
fn play(session: &mut Session, wait: &Wait, stop: &Stop, budget_steps: u64) -> Result<u64, Missed> {
    let mut watch = Watch::new(stop.base_step);
    let until_us = stop.start_us + wait.within_us().unwrap_or(0);
    loop {
        let arrived = session.advance(until_us, 1);
        if session.time_us() >= stop.start_us
            && let Some(time_us) = watch.look(session, wait, stop.start_us)
        {
            // What happens at the same instant has happened as well, and what comes next comes later.
            return Ok(time_us + 1);
        }
        match (arrived, session.step_count() < budget_steps) {
            (true, _) => return Err(Missed::Never),
            (_, false) => return Err(Missed::Budget),
            _ => {}
        }
    }
}

/// Watches a run for what a step waits for.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// The last step of the simulation that was looked at.
    scanned: u64,
}

impl Watch {
    /// Looks at what comes after a step of the simulation.
    pub const fn new(base_step: u64) -> Self {
        Self { scanned: base_step }
    }

    /// When the wait came true, in µs, if it has: at or after `from_us`.
    pub fn look(&mut self, session: &Session, wait: &Wait, from_us: u64) -> Option<u64> {
        match wait {
            Wait::Note { note, node, .. } => {
                let last = session.step_count().min(self.scanned + LOOK_STEPS);
                let found = (self.scanned + 1..=last)
                    .filter_map(|step| session.event(step))
                    .find(|event| has_note(event, note, node.as_deref()) && time_of(event) >= from_us);
                self.scanned = self.scanned.max(last);
                found.map(|event| time_of(&event))
            }
            Wait::Property { property, status, .. } => {
                let now_us = session.time_us();
                let verdicts = session.verdicts();
                let found = verdicts.iter().find(|verdict| verdict.property == *property && verdict.status == *status);
                // A verdict that rests on a step came true there; another one at some time up to now.
                found.map(|verdict| verdict.time_us.filter(|time_us| *time_us >= from_us).unwrap_or(now_us))
            }
            Wait::Time { time_us } => {
                let end_us = from_us + time_us;
                (session.time_us() >= end_us).then_some(end_us)
            }
            Wait::Command { .. } => None,
        }
    }
}

fn time_of(event: &Value) -> u64 {
    event["time_us"].as_u64().unwrap_or(0)
}

fn has_note(event: &Value, note: &str, node: Option<&str>) -> bool {
    let noted = |outcome: &Value| outcome["what"] == "noted" && outcome["note"] == note;
    node.is_none_or(|node| event["node"] == node)
        && event["outcomes"].as_array().is_some_and(|all| all.iter().any(noted))
}
