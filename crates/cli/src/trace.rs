//! `netsplit trace`: every step for other programs to read, one after the other.

use std::io::Write;

use labs::Run;
use labs::shiviz::{Export, Mermaid};

use crate::args::{Failure, TraceFormat};

/// Prints a run up to the horizon: an object for each step, two lines for each event, or a diagram of it all.
pub fn trace(run: &Run, horizon_us: u64, format: TraceFormat, out: &mut impl Write) -> Result<u8, Failure> {
    let mut session = run.open()?;
    let mut export = Export::new(session.processes());
    let mut diagram = Mermaid::new(session.processes());
    let mut told = 0;
    loop {
        let arrived = session.advance(horizon_us, 1);
        for step in told + 1..=session.step_count() {
            match format {
                TraceFormat::Jsonl => {
                    if let Some(event) = session.event(step) {
                        writeln!(out, "{event}")?;
                    }
                }
                TraceFormat::Shiviz => {
                    if let Some(moment) = session.moment(step)
                        && let Some(lines) = export.lines(&moment)?
                    {
                        out.write_all(lines.as_bytes())?;
                    }
                }
                TraceFormat::Mermaid => {
                    if let Some(moment) = session.moment(step) {
                        diagram.add(&moment);
                    }
                }
            }
        }
        told = session.step_count();
        if arrived {
            break;
        }
    }
    if format == TraceFormat::Mermaid {
        let (text, left_out) = diagram.finish();
        out.write_all(text.as_bytes())?;
        if left_out > 0 {
            crate::say(&format!("the diagram leaves {left_out} messages and notes out; --for ends the run sooner"));
        }
    }
    Ok(0)
}
