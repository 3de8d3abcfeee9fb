//! Compares the native command line tool with the page, digest by digest. The comparison itself is in e2e/parity.mjs,
//! because the page is driven from there and the runs are JSON.

use std::process::Command;

use crate::{browser, build, proc, setup};

pub fn command() -> Result<(), String> {
    setup::Tools::start(setup::Needs::PAGE)?.wait()?;
    build::page(build::Care::Publish)?;
    proc::show(native(), "building the command line tool")?;
    proc::show(compare()?, "parity")
}

/// Builds the command line tool as people use it: optimised.
pub fn native() -> Command {
    proc::cargo(&["build", "--release", "--locked", "--package", "netsplit-cli"])
}

pub fn compare() -> Result<Command, String> {
    browser::node(&["e2e/parity.mjs"])
}
