//! What the panes show of Raft.

mod progress;
mod states;

pub use progress::{PROGRESS, progress};
pub use states::{STATES, states};
