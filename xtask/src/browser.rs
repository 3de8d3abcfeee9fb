//! Runs scripts that drive the page in Chromium, with our own server behind them.

use std::process::Command;

use crate::serve::Server;
use crate::{paths, proc, setup};

/// A node command that knows where the page and the browser are. The server ends with this process.
pub fn node(args: &[&str]) -> Result<Command, String> {
    let server = Server::bind_anywhere(&paths::dist())?;
    let mut node = proc::command("node");
    node.args(args)
        .env("NETSPLIT_URL", server.url())
        .env("NETSPLIT_CHROMIUM", setup::chromium()?)
        .env("NETSPLIT_CLI", paths::cli("release"))
        // Colours would be in the way of whoever reads the output by program.
        .env_remove("FORCE_COLOR");
    server.in_background();
    Ok(node)
}
