//! The command line as people call it, in one binary.

mod cli;
mod clocks;
mod ring;
