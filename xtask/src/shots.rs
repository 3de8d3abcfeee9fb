//! Screenshots of named states, in light, dark and on a phone. The states are listed in e2e/shots.mjs.

use crate::{browser, build, proc, setup};

pub fn command() -> Result<(), String> {
    setup::Tools::start(setup::Needs::PAGE)?.wait()?;
    build::page(build::Care::Publish)?;
    proc::show(browser::node(&["e2e/shots.mjs"])?, "taking screenshots")
}
