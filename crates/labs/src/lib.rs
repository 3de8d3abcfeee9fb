//! Labs: each system as something that can be opened, run, changed, checked and looked at.
//!
//! This crate is the boundary of the engine: the page and the command line see labs, runs and
//! views, never an algorithm's types. It owns the only textual forms of runs and commands
//! (`CONTRACTS`: JSON and links) and one small object-safe trait, [`Session`].

pub mod catalogue;
mod clocks;
pub mod command;
pub mod comparison;
pub mod error;
mod hash_ring;
pub mod history;
pub mod json;
pub mod lab;
mod lab_words;
pub mod lenses;
pub mod link;
pub mod params;
mod physical_clocks;
pub mod picture;
pub mod placements;
mod raft;
mod raft_election;
mod raft_log;
pub mod retime;
pub mod run;
pub mod session;
pub mod shiviz;
pub mod space_time;
pub mod state;
#[cfg(not(target_family = "wasm"))]
pub mod sweep;
pub mod tour;
pub mod trace;
mod vector_clocks;

pub use algorithms::{clocks as clock_types, hashing};
pub use catalogue::{Code, Entry, LoadError, catalogue, find};
pub use error::InputError;
pub use hash_ring::ring::RingAsk;
pub use lab::{Asked, LabInfo, VariantInfo, VariantKind};
pub use run::{ENGINE_VERSION, End, FORMAT_VERSION, Run};
pub use session::Session;
pub use state::State;
