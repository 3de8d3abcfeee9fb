//! A node's clocks: one that never jumps and drifts, and the wall clock, which is also offset.
//!
//! Timers run on the monotonic clock, as they do on real machines; only the wall reading carries
//! the offset. A change of drift bends the monotonic clock from that moment on and never makes it
//! jump.

/// Largest drift that is accepted, in parts per million: a clock at half or one and a half speed.
pub const DRIFT_PPM_MAX: i32 = 500_000;

const MILLION: u64 = 1_000_000;

/// The clock of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clock {
    offset_us: i64,
    drift_ppm: i32,
    anchor_us: u64,
    anchor_monotonic_us: u64,
}

impl Clock {
    /// How far the wall reading is ahead of the monotonic one, in µs.
    #[must_use]
    pub const fn offset_us(&self) -> i64 {
        self.offset_us
    }

    /// How much faster than true time the clock runs, in parts per million.
    #[must_use]
    pub const fn drift_ppm(&self) -> i32 {
        self.drift_ppm
    }

    /// The monotonic reading at the true time `now_us`.
    #[must_use]
    pub fn monotonic_us(&self, now_us: u64) -> u64 {
        self.anchor_monotonic_us + scale(now_us - self.anchor_us, self.rate(), MILLION)
    }

    /// The wall reading at the true time `now_us`, not below zero.
    #[must_use]
    pub fn wall_us(&self, now_us: u64) -> u64 {
        self.monotonic_us(now_us).saturating_add_signed(self.offset_us)
    }

    /// The first true time at which the monotonic reading is at least `monotonic_us`; not before
    /// `now_us`.
    #[must_use]
    pub fn true_time_of(&self, monotonic_us: u64, now_us: u64) -> u64 {
        let ahead = monotonic_us.saturating_sub(self.anchor_monotonic_us);
        let rate = u128::from(self.rate());
        let elapsed = (u128::from(ahead) * u128::from(MILLION)).div_ceil(rate).min(u128::from(u64::MAX)) as u64;
        now_us.max(self.anchor_us.saturating_add(elapsed))
    }

    /// Sets offset and drift from `now_us` on. The monotonic reading does not jump.
    ///
    /// # Panics
    ///
    /// When the drift is outside ±[`DRIFT_PPM_MAX`]; commands are checked before they get here.
    pub fn adjust(&mut self, now_us: u64, offset_us: i64, drift_ppm: i32) {
        assert!(drift_ppm.abs() <= DRIFT_PPM_MAX, "a drift of {drift_ppm} ppm is out of range");
        self.offset_us = offset_us;
        // A new anchor rounds; without a new drift it would only lose fractions.
        if self.drift_ppm != drift_ppm {
            self.anchor_monotonic_us = self.monotonic_us(now_us);
            self.anchor_us = now_us;
            self.drift_ppm = drift_ppm;
        }
    }

    const fn rate(&self) -> u64 {
        (MILLION as i64 + self.drift_ppm as i64) as u64
    }
}

fn scale(value: u64, numerator: u64, denominator: u64) -> u64 {
    if numerator == denominator {
        return value;
    }
    (u128::from(value) * u128::from(numerator) / u128::from(denominator)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_bends_and_never_jumps() {
        let mut clock = Clock::default();
        assert_eq!(clock.monotonic_us(1_000), 1_000);
        clock.adjust(1_000_000, 0, 10_000);
        assert_eq!(clock.monotonic_us(1_000_000), 1_000_000);
        assert_eq!(clock.monotonic_us(2_000_000), 2_010_000);
        clock.adjust(2_000_000, -50, -10_000);
        assert_eq!(clock.monotonic_us(2_000_000), 2_010_000);
        assert_eq!(clock.wall_us(2_000_000), 2_009_950);
        assert_eq!(clock.monotonic_us(3_000_000), 3_000_000);
    }

    #[test]
    fn a_timer_is_never_early_by_its_own_clock() {
        let mut clock = Clock::default();
        for (now, drift) in [(0, 333), (5_000, -77), (9_999, 250_000), (20_001, -499_999)] {
            clock.adjust(now, 0, drift);
            for after in [1u64, 2, 3, 999, 150_001] {
                let due = clock.monotonic_us(now) + after;
                let at = clock.true_time_of(due, now);
                assert!(clock.monotonic_us(at) >= due, "early");
                assert!(at == now || clock.monotonic_us(at - 1) < due, "a microsecond late");
            }
        }
    }

    #[test]
    fn the_wall_stops_at_zero() {
        let mut clock = Clock::default();
        clock.adjust(0, -1_000, 0);
        assert_eq!(clock.wall_us(400), 0);
        assert_eq!(clock.wall_us(1_500), 500);
    }
}
