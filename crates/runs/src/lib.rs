//! What all labs have in common: runs, commands, links, parameters, sessions, tours, formats of others; and the kit that
//! labs are made with.
//!
//! This crate is the boundary of the engine: the page and the command line see labs, runs and views, never an
//! algorithm's types. It owns the only textual forms of runs and commands (JSON and links), and [`Session`], a run that is
//! open. It names no lab: whoever reads a run hands over the [`Catalogue`].

pub mod bands;
pub mod catalogue;
pub mod command;
pub mod comparison;
pub mod entry;
pub mod error;
pub mod info;
pub mod json;
pub mod kit;
pub mod lab;
pub mod lab_core;
mod lab_words;
pub mod lenses;
pub mod link;
pub mod names;
pub mod ops;
pub mod params;
pub mod picture;
pub mod placements;
pub mod plain;
pub mod prelude;
pub mod recent;
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

pub use algorithms::{clocks as clock_types, hashing};
pub use catalogue::{Catalogue, Entries, Family, Listed, LoadError, Loading, Shelved, TourText};
pub use entry::Entry;
pub use error::InputError;
pub use info::{Card, LabInfo, Roles, VariantInfo, VariantKind};
pub use ops::{Asked, OpInfo};
pub use run::{ENGINE_VERSION, End, FORMAT_VERSION, Run};
pub use session::Session;
pub use sim::{Map, Set};
pub use state::State;
