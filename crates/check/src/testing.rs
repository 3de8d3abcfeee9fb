//! What tests of oracles have in common.

use crate::verdict::At;

/// A step at this time, in µs; there is one a millisecond.
#[must_use]
pub const fn at(time_us: u64) -> At {
    At { step: time_us / 1_000, time_us }
}
