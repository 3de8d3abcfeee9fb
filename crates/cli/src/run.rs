//! `netsplit run` and `netsplit replay`: one run.

use std::io::Write;

use labs::session::Divergence;
use labs::state::VerdictState;
use labs::{Run, Session};
use serde_json::{Map, Value, json};
use view::narration::Weight;

use crate::args::{Failure, RunCall};

const VIOLATED: u8 = 1;
const DIFFERS: u8 = 3;

/// Runs up to the horizon.
pub fn run(call: &RunCall, out: &mut impl Write) -> Result<u8, Failure> {
    let mut session = call.run.open()?;
    let mut digests = Vec::new();
    let mut told = 0;
    let wanted = |step: u64| call.digests.is_some_and(|every| step.is_multiple_of(every));
    if wanted(session.step_count()) {
        digests.push((session.step_count(), session.digest()));
    }
    // Somebody who looks at every step wants to stop at every step.
    let stride = if call.explain || call.digests.is_some() { 1 } else { u32::MAX };
    loop {
        let arrived = session.advance(call.horizon_us, stride);
        let step = session.step_count();
        if call.explain && !call.json {
            for step in told + 1..=step {
                explain(&session, step, out)?;
            }
            told = step;
        }
        if !arrived && wanted(step) {
            digests.push((step, session.digest()));
        }
        if arrived {
            break;
        }
    }
    if !call.json {
        for (step, digest) in &digests {
            writeln!(out, "{step} {digest}")?;
        }
        let code = summary(&session, out)?;
        return Ok(recorded_end(call)?.unwrap_or(code));
    }
    let mut report = report(&session, &call.run);
    if call.digests.is_some() {
        report.insert("digests".into(), digests.into_iter().map(|(step, digest)| json!([step, digest])).collect());
    }
    if call.explain {
        let story = (1..=session.step_count()).filter_map(|step| session.sentence(step));
        report.insert("story".into(), story.map(|sentence| json!(sentence)).collect());
    }
    writeln!(out, "{}", Value::Object(report))?;
    Ok(recorded_end(call)?.unwrap_or(code(&session.verdicts())))
}

/// A recorded run that no longer comes to its end says so, even when nobody asked for a replay.
fn recorded_end(call: &RunCall) -> Result<Option<u8>, Failure> {
    let run = &call.run;
    if run.end.as_ref().is_none_or(|end| end.time_us > call.horizon_us) {
        remark(run);
        return Ok(None);
    }
    Ok(checked(run, &mut run.open()?))
}

/// The exit code of a replay that does not come to its recorded end; one that does has none.
fn checked(run: &Run, session: &mut Session) -> Option<u8> {
    match session.check_end() {
        Ok(()) => {
            remark(run);
            None
        }
        Err(divergence) => Some(differs(run, &divergence)),
    }
}

/// Says what there is to know about a recording, beside the output.
fn remark(run: &Run) {
    run.remarks().iter().for_each(|remark| crate::say(remark));
}

fn differs(run: &Run, Divergence { step, what }: &Divergence) -> u8 {
    let remarks: String = run.remarks().iter().map(|remark| format!("; {remark}")).collect();
    crate::say(&format!("the replay differs from step {step} on: {what}{remarks}"));
    DIFFERS
}

/// Replays a recorded run to its end and checks it.
pub fn replay(run: &Run, as_json: bool, out: &mut impl Write) -> Result<u8, Failure> {
    let Some(end) = &run.end else {
        return Err(Failure::Input("end: is missing, so there is nothing to check a replay against; use run".into()));
    };
    let mut session = run.open()?;
    if let Some(code) = checked(run, &mut session) {
        return Ok(code);
    }
    if as_json {
        writeln!(out, "{}", Value::Object(report(&session, run)))?;
        return Ok(code(&session.verdicts()));
    }
    let digest = if run.is_current() { format!(", digest {}", end.digest) } else { String::new() };
    writeln!(out, "reproduced: step {}, {} µs{digest}", end.step, end.time_us)?;
    summary(&session, out)
}

/// The run as data. What there is to know about its recording is in `remarks`, which is there only then.
fn report(session: &Session, recorded: &Run) -> Map<String, Value> {
    let state = session.state();
    let mut report = Map::new();
    report.insert("lab".into(), state.lab.into());
    report.insert("variant".into(), state.variant.into());
    report.insert("seed".into(), state.seed.into());
    report.insert("set".into(), state.set.clone());
    report.insert("steps".into(), state.step.into());
    report.insert("time_us".into(), state.time_us.into());
    report.insert("digest".into(), state.digest.clone().into());
    report.insert("metrics".into(), Value::Object(session.metrics()));
    report.insert("verdicts".into(), json!(state.verdicts));
    report.insert("state".into(), json!(state));
    let remarks = recorded.remarks();
    if !remarks.is_empty() {
        report.insert("remarks".into(), json!(remarks));
    }
    report
}

fn explain(session: &Session, step: u64, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(sentence) = session.sentence(step)
        && sentence.weight > Weight::Routine
    {
        writeln!(out, "{:>12.6} s  #{:<6} {}", sentence.time_us as f64 / 1e6, step, sentence.text)?;
    }
    Ok(())
}

fn summary(session: &Session, out: &mut impl Write) -> Result<u8, Failure> {
    let run = session.run();
    let (steps, time_us) = (session.step_count(), session.time_us());
    writeln!(
        out,
        "{} ({}), seed {}: {steps} steps in {:.6} s, digest {}",
        run.entry.info.id,
        run.variant.id,
        run.seed,
        time_us as f64 / 1e6,
        session.digest()
    )?;
    for (name, value) in session.metrics() {
        writeln!(out, "  {name}: {value}")?;
    }
    let verdicts = session.verdicts();
    for verdict in &verdicts {
        let why = match (&verdict.reason, verdict.step) {
            (Some(reason), Some(step)) => format!(" at step {step}: {reason}"),
            _ if verdict.basis.is_empty() => String::new(),
            _ => format!(": {}", verdict.basis),
        };
        writeln!(out, "  {:<10} {} ({}){why}", verdict.status, verdict.claim, verdict.property)?;
    }
    Ok(code(&verdicts))
}

fn code(verdicts: &[VerdictState]) -> u8 {
    if verdicts.iter().any(|verdict| verdict.status == "violated") { VIOLATED } else { 0 }
}
