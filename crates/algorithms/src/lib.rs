//! What needs no cluster: clocks, placements and estimates as plain types with laws. Systems host them.

pub mod client;
pub mod clocks;
pub mod hashing;
pub mod physical_clocks;
