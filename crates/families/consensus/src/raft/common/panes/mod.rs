//! What the panes show of Raft.

mod history;
mod log;
mod progress;
mod states;

pub use history::{HISTORY, history};
pub use log::{LOG, log};
pub use progress::{PROGRESS, progress};
pub use states::{STATES, states};

use crate::raft::KvOp;

/// An operation in words: `put x=1`.
fn words(op: &KvOp) -> String {
    match op {
        KvOp::Put { key, value } => format!("put {key}={value}"),
        KvOp::Get { key } => format!("get {key}"),
        KvOp::Add { key, by } => format!("add {by} to {key}"),
    }
}
