//! Times in words, the same everywhere on the page.

use crate::address::SPEED_RANGE;

/// A time on labels: `5.642 s`.
pub fn seconds(time_us: u64) -> String {
    format!("{}.{:03} s", time_us / 1_000_000, time_us / 1_000 % 1_000)
}

/// A speed on labels: `0.05×`, `1/100×`; the fastest is as fast as it goes.
pub fn speed(speed: f64) -> String {
    if speed >= SPEED_RANGE.1 {
        "max".to_owned()
    } else if speed <= 0.01 {
        format!("1/{}×", (1.0 / speed).round())
    } else {
        format!("{speed}×")
    }
}
