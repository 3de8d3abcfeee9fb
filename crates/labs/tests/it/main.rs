//! Whatever takes several labs to hold, in one binary.

extern crate netsplit_labs as labs;

mod clocks;
mod decoders;
mod distance;
mod fixtures;
mod hash_ring;
mod lenses;
mod link_text;
mod links;
mod parameters;
mod physical_clocks;
mod pictures;
mod raft;
mod retime;
mod ring;
mod run_data;
mod session;
mod space_time;
mod strip;
mod sweeps;
mod systems;
mod tours;
mod vector_clocks;
