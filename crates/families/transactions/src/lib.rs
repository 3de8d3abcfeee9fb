//! Transactions and coordination: one folder a system.
//!
//! Each line below is a system of the catalogue, in the order in which the systems are shown; a blank line between them keeps that
//! order. What several systems share is a private module.

pub mod two_phase_commit;
