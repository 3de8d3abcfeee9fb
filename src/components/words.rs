//! Times in words, the same everywhere on the page.

/// A time on labels: `5.642 s`.
pub fn seconds(time_us: u64) -> String {
    format!("{}.{:03} s", time_us / 1_000_000, time_us / 1_000 % 1_000)
}

/// A speed on labels: `0.05×`.
pub fn speed(speed: f64) -> String {
    format!("{speed}×")
}
