//! The claims of the Raft paper about elections, one test each.
