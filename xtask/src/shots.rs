//! Scripts that look at the page as it is published: `shots` takes screenshots of the states that e2e/shots.mjs lists, in
//! light, dark, on a phone and in a hall; `frames` measures what a frame costs.

use crate::{browser, build, proc, setup};

/// `name` is that of the script.
pub fn command(name: &str) -> Result<(), String> {
    setup::Tools::start(setup::Needs::PAGE)?.wait()?;
    build::page(build::Care::Publish)?;
    proc::show(browser::node(&[&format!("e2e/{name}.mjs")])?, name)
}
