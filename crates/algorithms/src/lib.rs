//! What needs no cluster: clocks, placements, estimates and collections as plain types with laws. Systems host them.

pub mod bounded;
pub mod client;
pub mod clocks;
pub mod hashing;
pub mod physical_clocks;
