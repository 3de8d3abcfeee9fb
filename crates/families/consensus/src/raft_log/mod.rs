//! Raft: the replicated log. The algorithm is [`crate::raft`]; here is what this lab makes of it.

mod lab;

pub use lab::ENTRY;
