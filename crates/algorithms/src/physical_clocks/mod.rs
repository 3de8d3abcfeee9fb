//! Setting physical clocks by messages, as plain types: Cristian, Berkeley, NTP's offset and filter, slewing.
//!
//! Papers: Flaviu Cristian, "Probabilistic Clock Synchronization", Distributed Computing 3, 1989; Riccardo Gusella, Stefano
//! Zatti, "The Accuracy of the Clock Synchronization Achieved by TEMPO in Berkeley UNIX 4.3BSD", IEEE TSE 15(7), 1989;
//! David Mills et al., RFC 5905, 2010 (on-wire protocol §8, clock filter §10, clock discipline §11.3); IEEE Std 1588-2008
//! (delay request-response mechanism, two-step).
//!
//! All times are readings in µs; offsets say how far another clock is ahead of one's own.
//!
//! What no exchange of messages can find out is how the round trip divides into its two ways. Whoever takes half of it
//! for each is wrong by half of the difference, and nothing that is measured shows it.
//!
//! [`crate::physical_clocks_lab`] runs all this. Left out: peer selection, the discipline of frequency.

/// How many measurements NTP's filter keeps (RFC 5905 §10).
pub const FILTER_STAGES: usize = 8;

/// What one exchange says of another clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    /// How far the other clock is ahead, in µs.
    pub offset_us: i64,
    /// How long both ways took together, in µs.
    pub delay_us: u64,
}

impl Measured {
    /// The true offset lies within this of the measured one, either way, whatever the two ways took, in µs.
    #[must_use]
    pub const fn error_max_us(&self) -> u64 {
        self.delay_us.div_ceil(2)
    }
}

fn difference(a: u64, b: u64) -> i64 {
    i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(if a > b { i64::MAX } else { i64::MIN })
}

/// Cristian: one's own clock showed `asked_us` and `answered_us`, and the server's `server_us` in between. That was
/// half a round trip ago.
#[must_use]
pub fn cristian(asked_us: u64, server_us: u64, answered_us: u64) -> Measured {
    ntp(asked_us, server_us, server_us, answered_us)
}

/// NTP: T1 and T4 by one's own clock, T2 and T3 by the server's, for the question and the answer. What the server
/// needs in between does not count.
#[must_use]
pub fn ntp(t1_us: u64, t2_us: u64, t3_us: u64, t4_us: u64) -> Measured {
    let (there, back) = (i128::from(difference(t2_us, t1_us)), i128::from(difference(t3_us, t4_us)));
    let round_trip = i128::from(difference(t4_us, t1_us)) - i128::from(difference(t3_us, t2_us));
    let offset_us = i64::try_from((there + back).div_euclid(2)).unwrap_or(0);
    Measured { offset_us, delay_us: u64::try_from(round_trip).unwrap_or(0) }
}

/// PTP, two-step: a sync message left the master at `t1_us` by its clock and arrived at `t2_us` by one's own; a delay
/// request left at `t3_us` and arrived at `t4_us`. The same four readings as NTP's, taken in another order: so what one
/// way takes longer than the other goes into the offset in the same way.
#[must_use]
pub fn ptp(t1_us: u64, t2_us: u64, t3_us: u64, t4_us: u64) -> Measured {
    ntp(t3_us, t4_us, t1_us, t2_us)
}

/// NTP's clock filter: of the last eight measurements the one with the smallest delay counts, because there least can
/// have come between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Measurements, and when they were made by one's own clock, in µs.
    newest_last: Vec<(Measured, u64)>,
}

impl Filter {
    /// Takes a measurement, and says which one counts.
    pub fn add(&mut self, measured: Measured) -> Measured {
        self.add_at(measured, 0).0
    }

    /// Takes a measurement made at `at_us`, and says which one counts and when that was made.
    pub fn add_at(&mut self, measured: Measured, at_us: u64) -> (Measured, u64) {
        if self.newest_last.len() == FILTER_STAGES {
            self.newest_last.remove(0);
        }
        self.newest_last.push((measured, at_us));
        // Of equals the newest.
        self.newest_last.iter().rev().min_by_key(|(known, _)| known.delay_us).copied().unwrap_or((measured, at_us))
    }

    /// Whether nothing has been measured.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.newest_last.is_empty()
    }

    /// Forgets all, because the clock was set: what was measured says nothing about it any more.
    pub fn clear(&mut self) {
        self.newest_last.clear();
    }
}

/// Berkeley: a coordinator has measured how far others are ahead of it. Those that agree within `apart_us` of the median
/// are averaged, itself (0) included; everybody is told what to add: itself first, then the others in order.
#[must_use]
pub fn berkeley(offsets_us: &[i64], apart_us: u64) -> Vec<i64> {
    let mut all: Vec<i64> = std::iter::once(0).chain(offsets_us.iter().copied()).collect();
    let asked = all.clone();
    all.sort_unstable();
    let median = all[all.len() / 2];
    let sound: Vec<i128> =
        all.iter().filter(|offset| offset.abs_diff(median) <= apart_us).map(|&offset| i128::from(offset)).collect();
    let average = sound.iter().sum::<i128>().div_euclid(sound.len() as i128);
    asked.into_iter().map(|offset| i64::try_from(average - i128::from(offset)).unwrap_or(0)).collect()
}

/// A clock that is never set back: it runs a little faster or slower until the difference is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slewed {
    /// What still has to be added, in µs.
    left_us: i64,
    /// What has been added so far, in µs.
    added_us: i64,
    /// Up to which reading of the raw clock that counts.
    raw_us: u64,
    /// By how much it runs faster or slower meanwhile, in parts per million.
    rate_ppm: u64,
}

impl Slewed {
    /// The most that is added or held back in a million by Unix kernels, and RFC 5905's frequency tolerance: 500.
    pub const RATE_PPM: u64 = 500;

    /// From now on, while the raw clock shows `raw_us`, the difference to make up for is this.
    pub fn correct(&mut self, raw_us: u64, offset_us: i64) {
        self.correct_by(raw_us, offset_us, Self::RATE_PPM);
    }

    /// The same, at another rate, which has to be less than a million: at that the clock would stand.
    pub fn correct_by(&mut self, raw_us: u64, offset_us: i64, rate_ppm: u64) {
        self.read(raw_us);
        *self = Self { left_us: offset_us, added_us: self.added_us, raw_us, rate_ppm };
    }

    /// From now on it shows so much more, or less, at once.
    pub fn step(&mut self, raw_us: u64, offset_us: i64) {
        self.read(raw_us);
        *self = Self { left_us: 0, added_us: self.added_us.saturating_add(offset_us), raw_us, rate_ppm: self.rate_ppm };
    }

    /// What it shows while the raw clock shows `raw_us`, which must not go back.
    pub fn read(&mut self, raw_us: u64) -> u64 {
        let elapsed_us = raw_us.saturating_sub(self.raw_us);
        let room_us = i64::try_from(u128::from(elapsed_us) * u128::from(self.rate_ppm) / 1_000_000).unwrap_or(i64::MAX);
        let step_us = self.left_us.clamp(-room_us, room_us);
        self.left_us -= step_us;
        self.added_us = self.added_us.saturating_add(step_us);
        // What is too little for a whole microsecond counts at the next reading. Rounded up, or time that has been
        // made use of would count again.
        let used_us = (u128::from(step_us.unsigned_abs()) * 1_000_000).div_ceil(u128::from(self.rate_ppm.max(1)));
        let used_us = u64::try_from(used_us).unwrap_or(elapsed_us).min(elapsed_us);
        self.raw_us = if self.left_us == 0 { raw_us } else { self.raw_us.saturating_add(used_us) };
        raw_us.saturating_add_signed(self.added_us)
    }

    /// What has been added while the raw clock shows `raw_us`, and what is still to be added, in µs.
    #[must_use]
    pub fn added_and_left(&self, raw_us: u64) -> (i64, i64) {
        let mut then = *self;
        then.read(raw_us);
        (then.added_us, then.left_us)
    }
}

#[cfg(test)]
mod tests {
    use sim::random::{Domain, Stream};

    use super::*;

    /// A question at the true time 1 s, with these ways; the server is `ahead_us` ahead and needs 3 ms.
    fn exchange(there_us: u64, back_us: u64, ahead_us: i64) -> Measured {
        let arrives_us = 1_000_000 + there_us;
        let server = |true_us: u64| true_us.saturating_add_signed(ahead_us);
        ntp(1_000_000, server(arrives_us), server(arrives_us + 3_000), arrives_us + 3_000 + back_us)
    }

    #[test]
    fn equal_ways_give_the_offset_and_unequal_ones_half_their_difference() {
        assert_eq!(exchange(10_000, 10_000, 7_000), Measured { offset_us: 7_000, delay_us: 20_000 });
        // The clocks agree. 60 ms there and 10 ms back, and it reports 25 ms with a straight face.
        assert_eq!(exchange(60_000, 10_000, 0), Measured { offset_us: 25_000, delay_us: 70_000 });
        // The other way round: 25 ms wrong, and it reports perfect agreement.
        assert_eq!(exchange(60_000, 10_000, -25_000).offset_us, 0);
    }

    #[test]
    fn the_error_is_never_more_than_half_of_the_round_trip() {
        let mut stream = Stream::new(1, Domain::Faults, 1);
        for _ in 0..2_000 {
            let (there_us, back_us) = (stream.range(0, 80_000), stream.range(0, 80_000));
            let ahead_us = stream.range(0, 400_000) as i64 - 200_000;
            let measured = exchange(there_us, back_us, ahead_us);
            assert_eq!(measured.delay_us, there_us + back_us);
            let error_us = measured.offset_us.abs_diff(ahead_us);
            assert!(error_us <= measured.error_max_us());
            assert_eq!(error_us, (there_us as i64 - back_us as i64).div_euclid(2).unsigned_abs());
        }
    }

    #[test]
    fn cristian_takes_half_of_the_round_trip() {
        let measured = cristian(1_000, 51_000, 21_000);
        assert_eq!(measured, Measured { offset_us: 40_000, delay_us: 20_000 });
        assert_eq!(measured.error_max_us(), 10_000);
    }

    #[test]
    fn of_eight_the_quickest_counts() {
        let of = |delay_us: u64| Measured { offset_us: delay_us as i64, delay_us };
        let mut filter = Filter::default();
        assert_eq!([50, 20, 30].map(|delay_us| filter.add(of(delay_us)).delay_us), [50, 20, 20]);
        let later: Vec<u64> = (0..8).map(|_| filter.add(of(40)).delay_us).collect();
        assert_eq!(later, [20, 20, 20, 20, 20, 20, 30, 40], "each is forgotten after eight");
    }

    #[test]
    fn berkeley_averages_those_that_agree_and_corrects_all() {
        // 3:00, 3:25 and 2:50 in minutes: all come to 3:05.
        assert_eq!(berkeley(&[25, -10], 60), [5, -20, 15]);
        // One clock has gone mad; it is told, and nobody else is moved by it.
        assert_eq!(berkeley(&[2, -2, 90_000], 10), [0, -2, 2, -90_000]);
        assert_eq!(berkeley(&[], 0), [0]);
    }

    #[test]
    fn a_slewed_clock_never_goes_back_and_gets_there() {
        for offset_us in [-30_000, 30_000, 0] {
            let mut clock = Slewed::default();
            clock.correct(0, offset_us);
            let (mut before_us, mut raw_us) = (0, 0);
            let mut stream = Stream::new(2, Domain::Faults, 1);
            while raw_us < 70_000_000 {
                raw_us += stream.range(1, 5_000);
                let shown_us = clock.read(raw_us);
                assert!(shown_us >= before_us, "{shown_us} after {before_us}");
                before_us = shown_us;
            }
            assert_eq!(before_us, raw_us.saturating_add_signed(offset_us), "30 ms at 500 ppm take a minute");
        }
    }

    #[test]
    fn at_any_rate_and_however_often_it_is_read_it_never_goes_back() {
        let mut stream = Stream::new(3, Domain::Faults, 1);
        for rate_ppm in [1, 333, 30_000, 70_001, 333_333, 400_000, 999_999] {
            let mut clock = Slewed::default();
            let (mut raw_us, mut before_us) = (1_000_000, 1_000_000);
            clock.correct_by(raw_us, -20_000, rate_ppm);
            for turn in 0..2_000 {
                // Long pauses, and then every microsecond.
                raw_us += if turn % 97 == 0 { stream.range(1, 20_000) } else { 1 };
                let peeked = clock.added_and_left(raw_us).0;
                let shown_us = clock.read(raw_us);
                assert_eq!(shown_us, raw_us.saturating_add_signed(peeked));
                assert!(shown_us >= before_us, "{rate_ppm} ppm: {shown_us} after {before_us}");
                before_us = shown_us;
            }
        }
        let mut clock = Slewed::default();
        clock.step(5_000, 7);
        assert_eq!((clock.read(5_000), clock.added_and_left(6_000)), (5_007, (7, 0)));
    }

    #[test]
    fn ptp_reads_the_same_four_clocks() {
        // The master is 4 ms ahead; 60 ms towards it and 10 ms back: NTP and PTP are both wrong by 25 ms.
        let (there_us, back_us, ahead_us) = (60_000, 10_000, 4_000);
        let (sync_us, asks_us) = (1_000_000, 2_000_000);
        let measured = ptp(sync_us + ahead_us, sync_us + back_us, asks_us, asks_us + there_us + ahead_us);
        assert_eq!(measured, Measured { offset_us: 29_000, delay_us: 70_000 });
        assert_eq!(exchange(there_us, back_us, 4_000).offset_us, 29_000);
        // Where both ways are alike it is right.
        let measured = ptp(sync_us + ahead_us, sync_us + 10_000, asks_us, asks_us + 10_000 + ahead_us);
        assert_eq!(measured, Measured { offset_us: 4_000, delay_us: 20_000 });
    }

    #[test]
    fn readings_at_the_ends_of_the_range_are_no_accident() {
        for t in [0, 1, u64::MAX] {
            let _ = (ntp(t, u64::MAX, 0, t), ntp(0, t, u64::MAX, 0), cristian(u64::MAX, t, 0), ptp(t, 0, u64::MAX, t));
        }
        let _ = berkeley(&[i64::MIN, i64::MAX], u64::MAX);
    }
}
