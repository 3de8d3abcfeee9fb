//! The claims of the Raft paper, one test each.
