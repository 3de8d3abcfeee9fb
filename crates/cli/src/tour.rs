//! `netsplit tour`: a tour as its author or speaker wants it: its words, whether it comes true, its
//! address.

use std::io::Write;

use labs::tour::{Plan, Tour, TourError, link, words};

use crate::args::{Failure, TourCall};

/// Reads a tour and does what was asked. Every problem in its text is one of input: a wait that does
/// not come true as well.
pub fn tour(call: &TourCall, out: &mut impl Write) -> Result<u8, Failure> {
    let wrong = |error: TourError| Failure::Input(format!("{}: {error}", call.from));
    let tour = Tour::read(labs::catalogue(), &call.text).map_err(wrong)?;
    if call.check {
        let plan = Plan::of(&tour).map_err(wrong)?;
        check(&tour, &plan, out)?;
    }
    if call.link {
        writeln!(out, "{}", link::encode(&call.text).map_err(wrong)?)?;
    }
    if !call.check && !call.link {
        read_out(&tour, out)?;
    }
    Ok(0)
}

fn check(tour: &Tour, plan: &Plan, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "{}: {} steps, {} ({})", tour.id, tour.steps.len(), tour.run().entry.info.id, tour.run().variant.id)?;
    for (number, (step, stop)) in (1..).zip(tour.steps.iter().zip(&plan.stops)) {
        let anew = if step.anew { format!(" · anew as {}", step.base.variant.id) } else { String::new() };
        let asked = step.attempt.as_ref().map_or_else(String::new, |attempt| format!(" · asks: {}", attempt.label));
        let waited = step.wait.as_ref().map_or_else(
            || " · waits for the reader".to_owned(),
            |wait| format!(" · {} after {} ms", wait.describe(), (stop.end_us - stop.start_us) as f64 / 1e3),
        );
        writeln!(out, "  {number:>2}  {:>10.3} ms{anew}{asked}{waited}", stop.start_us as f64 / 1e3)?;
    }
    Ok(())
}

fn read_out(tour: &Tour, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "{}\n{}", tour.title, tour.summary)?;
    for (number, step) in (1..).zip(&tour.steps) {
        writeln!(out, "\n{number}. {}", words::plain(&step.words))?;
        if let Some(attempt) = &step.attempt {
            writeln!(out, "\n   [{}]", attempt.label)?;
        }
        if !step.notes.is_empty() {
            writeln!(out, "\n   Notes: {}", step.notes)?;
        }
    }
    Ok(())
}
