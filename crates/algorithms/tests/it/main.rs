//! What the library promises, in one binary.

extern crate netsplit_algorithms as algorithms;

mod clocks;
mod hashing;
