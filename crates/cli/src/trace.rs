//! `netsplit trace`: every step as data, one after the other, as far as the reader goes on reading.

use std::io::Write;

use labs::Run;

use crate::args::Failure;

/// Prints one JSON object for each step up to the horizon.
pub fn trace(run: &Run, horizon_us: u64, out: &mut impl Write) -> Result<u8, Failure> {
    let mut session = (run.entry.open)(run)?;
    let mut told = 0;
    loop {
        let arrived = session.advance(horizon_us, 1);
        for step in told + 1..=session.step_count() {
            if let Some(event) = session.event(step) {
                writeln!(out, "{event}")?;
            }
        }
        told = session.step_count();
        if arrived {
            return Ok(0);
        }
    }
}
