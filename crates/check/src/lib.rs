//! Checks: what must hold in a run, seed sweeps that look for runs in which it does not, and
//! shrinking of what they find.
//!
//! An oracle watches a run step by step and keeps a [`Verdict`] for each property. A sweep makes a
//! fault plan from each seed ([`plan`]), runs it, and reports violations as plain commands
//! ([`sweep`]); [`shrink()`] takes away whatever the violation does not need.
//!
//! Clients' operations form a [`history`]; [`linearizability`] says whether some order explains it.
#![deny(missing_docs)]

pub mod history;
pub mod linearizability;
pub mod plan;
pub mod shrink;
pub mod sweep;
pub mod verdict;

pub use plan::{FaultKind, FaultModel};
pub use shrink::shrink;
pub use sweep::{Finding, SeedResult, run_seed};
pub use verdict::{Kind, Oracle, Property, Status, Verdict, Violation};
