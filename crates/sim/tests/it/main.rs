//! The simulator's promises, each held by a toy protocol; see [`toy`].
//!
//! One test binary, because linking is what tests wait for.

// The short name, as the workspace has it.
extern crate netsplit_sim as sim;

mod bench;
mod causes;
mod clocks;
mod commands;
mod determinism;
mod disks;
mod distance;
mod golden;
mod links;
mod machines;
mod maps;
mod messages;
mod names;
mod pauses;
mod plans;
mod timelines;
mod toy;
mod uneven;
