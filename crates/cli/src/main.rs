//! The `netsplit` command: the same labs without a browser.
//!
//! Exit codes: 0 nothing violated, 1 something violated, 2 wrong usage or input, 3 a replay that
//! no longer reproduces.

mod args;
mod clocks;
mod explore;
mod list;
mod render;
mod ring;
mod run;
mod tour;
mod trace;

use std::io::{self, Write};
use std::process::ExitCode;

use args::{Call, Failure};
use labs::error::OneLine;

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = args::parse().and_then(|call| match call {
        Call::Help => out.write_all(args::HELP.as_bytes()).map(|()| 0).map_err(Failure::from),
        Call::Version => writeln!(out, "netsplit {}", env!("CARGO_PKG_VERSION")).map(|()| 0).map_err(Failure::from),
        Call::List { json } => list::list(json, &mut out),
        Call::Run(call) => run::run(&call, &mut out),
        Call::Replay { run, json } => run::replay(&run, json, &mut out),
        Call::Trace { run, horizon_us, format } => trace::trace(&run, horizon_us, format, &mut out),
        Call::CompareClocks(first, second) => clocks::compare(&first, &second, &mut out),
        Call::Import(call) => clocks::import(&call, &mut out),
        Call::Render(call) => render::render(&call, &mut out),
        Call::Ring(call) => ring::ring(&call, &mut out),
        Call::Explore(call) => explore::explore(&call, &mut out),
        Call::Tour(call) => tour::tour(&call, &mut out),
    });
    let result = result.and_then(|code| match out.flush() {
        // Whoever read our output has seen enough; what we found stays what we found.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(code),
        flushed => flushed.map(|()| code).map_err(Failure::from),
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => complain(&format!("cannot write the output: {error}")),
        Err(Failure::Input(problem)) => complain(&problem),
    }
}

fn complain(problem: &str) -> ExitCode {
    say(problem);
    ExitCode::from(2)
}

/// One line on stderr, whatever it quotes; not even a closed stderr is a reason to panic.
fn say(problem: &str) {
    let _ = writeln!(io::stderr(), "netsplit: {}", OneLine(problem));
}
