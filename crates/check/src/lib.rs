//! Checks: what must hold in a run, seed sweeps that look for runs in which it does not, and
//! shrinking of what they find.
//!
//! Oracles watch a run step by step and write what they see on a [`Board`], which makes a [`Verdict`] for each
//! property. A sweep makes a fault plan from each seed ([`plan`]), runs it, and reports violations as plain commands
//! ([`sweep`]); [`shrink()`] takes away whatever the violation does not need.
//!
//! Clients' [`operations`] form a history, which [`clients`] follows; [`linearizability`] says whether some order
//! explains it, by one of the [`models`].
#![deny(missing_docs)]

pub mod board;
pub mod clients;
pub mod linearizability;
pub mod models;
pub mod names;
pub mod operations;
pub mod plan;
pub mod shrink;
pub mod sweep;
pub mod testing;
pub mod verdict;
pub mod works;

pub use board::Board;
pub use names::Names;
pub use plan::{FaultKind, FaultModel};
pub use shrink::shrink;
pub use sweep::{Finding, SeedResult, run_seed};
/// What [`Evidence`] was called; some oracles have not moved to the [`Board`] yet.
pub use verdict::{At, Evidence, Kind, Oracle, Property, Status, Verdict};
