//! Algorithms: one folder each, with the protocol, its oracles, its known bugs and the tests of
//! its paper's claims. Every algorithm is sans-IO: it sees only [`sim::Fx`].

pub mod causal_feed;
pub mod client;
pub mod clocks;
pub mod clocks_lab;
pub mod hash_ring;
pub mod hashing;
pub mod physical_clocks;
pub mod physical_clocks_lab;
pub mod raft;
