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
//! The lab `physical-clocks` runs all this. Left out: peer selection, the discipline of frequency.

/// How many measurements NTP's filter keeps (RFC 5905 §10).
pub const FILTER_STAGES: usize = 8;

/// What one exchange says of another clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    /// How far the other clock is ahead, in µs.
    pub offset_us: i64,
    /// How long both ways took together, in µs.
    pub delay_us: u64,
    /// What each way takes at least, as far as that is known, in µs.
    pub way_min_us: u64,
}

impl Measured {
    /// The true offset lies within this of the measured one, either way, however the delay divides into two ways, in µs.
    #[must_use]
    pub const fn error_max_us(&self) -> u64 {
        self.delay_us.div_ceil(2).saturating_sub(self.way_min_us)
    }
}

fn difference(a: u64, b: u64) -> i64 {
    i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(if a > b { i64::MAX } else { i64::MIN })
}

/// Cristian: one's own clock showed `asked_us` and `answered_us`, and the server's `server_us` at some moment in between,
/// which is taken for the middle. What the server needs for its answer counts as part of the ways, because only one
/// reading of its clock is known. A message takes at least `way_min_us`: the reading was made that long after the question
/// and that long before the answer, or longer, so that the error is at most half of the round trip less that.
#[must_use]
pub fn cristian(asked_us: u64, server_us: u64, answered_us: u64, way_min_us: u64) -> Measured {
    let delay_us = answered_us.saturating_sub(asked_us);
    let server_now_us = i128::from(server_us) + i128::from(delay_us / 2);
    let offset_us = i64::try_from(server_now_us - i128::from(answered_us)).unwrap_or(0);
    Measured { offset_us, delay_us, way_min_us }
}

/// NTP: T1 and T4 by one's own clock, T2 and T3 by the server's, for the question and the answer. What the server
/// needs in between does not count.
#[must_use]
pub fn ntp(t1_us: u64, t2_us: u64, t3_us: u64, t4_us: u64) -> Measured {
    let (there, back) = (i128::from(difference(t2_us, t1_us)), i128::from(difference(t3_us, t4_us)));
    let round_trip = i128::from(difference(t4_us, t1_us)) - i128::from(difference(t3_us, t2_us));
    let offset_us = i64::try_from((there + back).div_euclid(2)).unwrap_or(0);
    Measured { offset_us, delay_us: u64::try_from(round_trip).unwrap_or(0), way_min_us: 0 }
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

/// Berkeley: a coordinator has measured how far others are ahead of it. The largest set of clocks, its own (0) among all,
/// of which no two differ by more than `gamma_us` is averaged; everybody is told what to add: itself first, then the
/// others in order. Of sets that are as large the one whose clocks are closest together counts, and of those the one
/// closest to the coordinator's clock, which Gusella and Zatti leave open.
#[must_use]
pub fn berkeley(offsets_us: &[i64], gamma_us: u64) -> Vec<i64> {
    let asked: Vec<i64> = std::iter::once(0).chain(offsets_us.iter().copied()).collect();
    let mut sorted: Vec<i64> = Vec::with_capacity(asked.len());
    for &offset_us in &asked {
        sorted.insert(sorted.partition_point(|&known_us| known_us < offset_us), offset_us);
    }
    // Such a set is a stretch of the sorted clocks; here each one begins a stretch.
    let stretches = (0..sorted.len()).map(|first| {
        let near = sorted[first..].iter().take_while(|offset| offset.abs_diff(sorted[first]) <= gamma_us);
        &sorted[first..first + near.count()]
    });
    let average = |set: &[i64]| set.iter().copied().map(i128::from).sum::<i128>().div_euclid(set.len() as i128);
    let agreed = stretches.min_by_key(|set| {
        let spread_us = set[set.len() - 1].abs_diff(set[0]);
        (std::cmp::Reverse(set.len()), spread_us, average(set).unsigned_abs())
    });
    let average = agreed.map_or(0, average);
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

    const fn measured(offset_us: i64, delay_us: u64) -> Measured {
        Measured { offset_us, delay_us, way_min_us: 0 }
    }

    /// A question at the true time 1 s, with these ways; the server is `ahead_us` ahead and needs 3 ms.
    fn exchange(there_us: u64, back_us: u64, ahead_us: i64) -> Measured {
        let arrives_us = 1_000_000 + there_us;
        let server = |true_us: u64| true_us.saturating_add_signed(ahead_us);
        ntp(1_000_000, server(arrives_us), server(arrives_us + 3_000), arrives_us + 3_000 + back_us)
    }

    #[test]
    fn equal_ways_give_the_offset_and_unequal_ones_half_their_difference() {
        assert_eq!(exchange(10_000, 10_000, 7_000), measured(7_000, 20_000));
        // The clocks agree. 60 ms there and 10 ms back, and it reports 25 ms with a straight face.
        assert_eq!(exchange(60_000, 10_000, 0), measured(25_000, 70_000));
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
    fn cristian_takes_half_of_the_round_trip_and_knows_its_least_way() {
        let measured = cristian(1_000, 51_000, 21_000, 0);
        assert_eq!(measured, Measured { offset_us: 40_000, delay_us: 20_000, way_min_us: 0 });
        assert_eq!(measured.error_max_us(), 10_000);
        // A message takes 8 ms at least: of the 20 ms only 4 can lie on either side.
        assert_eq!(cristian(1_000, 51_000, 21_000, 8_000).error_max_us(), 2_000);
    }

    #[test]
    fn what_the_server_needs_biases_cristian_by_half_and_ntp_not_at_all() {
        // 10 ms each way, the clocks agree, and the server reads its clock when it answers, 6 ms after the question.
        let (asked_us, arrives_us) = (1_000_000, 1_010_000);
        let answers_us = arrives_us + 6_000;
        let back_us = answers_us + 10_000;
        assert_eq!(ntp(asked_us, arrives_us, answers_us, back_us), measured(0, 20_000));
        let one_reading = cristian(asked_us, answers_us, back_us, 10_000);
        assert_eq!((one_reading.offset_us, one_reading.delay_us, one_reading.error_max_us()), (3_000, 26_000, 3_000));
    }

    #[test]
    fn cristians_error_is_never_more_than_half_of_the_round_trip_less_the_least_way() {
        let mut stream = Stream::new(4, Domain::Faults, 1);
        let mut largest_us = 0;
        for _ in 0..2_000 {
            let way_min_us = stream.range(0, 10_000);
            let ways = [(); 2].map(|()| way_min_us + stream.range(0, 80_000));
            let (needs_us, read_us) = (stream.range(0, 5_000), stream.range(0, 5_000));
            let ahead_us = stream.range(0, 400_000) as i64 - 200_000;
            // It reads its clock at some moment while it works on the answer.
            let reads_us = 1_000_000 + ways[0] + read_us.min(needs_us);
            let back_us = 1_000_000 + ways[0] + needs_us + ways[1];
            let measured = cristian(1_000_000, reads_us.saturating_add_signed(ahead_us), back_us, way_min_us);
            let error_us = measured.offset_us.abs_diff(ahead_us);
            assert!(error_us <= measured.error_max_us(), "{error_us} of {measured:?}");
            largest_us = largest_us.max(error_us * 100 / measured.error_max_us().max(1));
        }
        assert!(largest_us > 95, "the bound is as close as it can be: {largest_us} %");
    }

    #[test]
    fn of_eight_the_quickest_counts() {
        let of = |delay_us: u64| measured(delay_us as i64, delay_us);
        let mut filter = Filter::default();
        assert_eq!([50, 20, 30].map(|delay_us| filter.add(of(delay_us)).delay_us), [50, 20, 20]);
        let later: Vec<u64> = (0..8).map(|_| filter.add(of(40)).delay_us).collect();
        assert_eq!(later, [20, 20, 20, 20, 20, 20, 30, 40], "each is forgotten after eight");
    }

    #[test]
    fn berkeley_averages_the_largest_set_that_agrees_and_corrects_all() {
        // 3:00, 3:25 and 2:50 in minutes: all come to 3:05.
        assert_eq!(berkeley(&[25, -10], 60), [5, -20, 15]);
        // One clock has gone mad; it is told, and nobody else is moved by it.
        assert_eq!(berkeley(&[2, -2, 90_000], 10), [0, -2, 2, -90_000]);
        // So it is where the coordinator's own clock is the one: it joins the others.
        assert_eq!(berkeley(&[500, 502, 498], 10), [500, 0, -2, 2]);
        // 0, 9 and 18 differ by 18: only two of them agree within 10, although all are near the median.
        assert_eq!(berkeley(&[9, 18], 10), [4, -5, -14]);
        assert_eq!(berkeley(&[9, 18], 18), [9, 0, -9]);
        // Two against two: those that are closer together count, and where that is equal the coordinator's own.
        assert_eq!(berkeley(&[6, 900, 904], 10), [902, 896, 2, -2]);
        assert_eq!(berkeley(&[900], 10), [0, -900]);
        assert_eq!(berkeley(&[], 0), [0]);
    }

    #[test]
    fn berkeley_takes_the_set_that_a_search_of_all_sets_finds() {
        let mut stream = Stream::new(6, Domain::Faults, 1);
        for _ in 0..400 {
            let gamma_us = stream.range(0, 60);
            let offsets: Vec<i64> = (0..stream.range(0, 6)).map(|_| stream.range(0, 200) as i64 - 100).collect();
            let all: Vec<i64> = std::iter::once(0).chain(offsets.iter().copied()).collect();
            let chosen = |bits: u32| (0..all.len()).filter(move |place| bits >> place & 1 == 1).map(|place| all[place]);
            let agree = |bits: &u32| {
                let (least, most) = (chosen(*bits).min(), chosen(*bits).max());
                least.zip(most).is_some_and(|(least, most)| most.abs_diff(least) <= gamma_us)
            };
            let largest = (1..1 << all.len()).filter(agree).map(u32::count_ones).max().unwrap();
            let heading = berkeley(&offsets, gamma_us)[0];
            let averages = |bits: u32| chosen(bits).sum::<i64>().div_euclid(i64::from(bits.count_ones())) == heading;
            let found = (1..1 << all.len()).filter(agree).any(|bits| bits.count_ones() == largest && averages(bits));
            assert!(found, "{all:?} within {gamma_us}: {heading}");
        }
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
        let uneven = ptp(sync_us + ahead_us, sync_us + back_us, asks_us, asks_us + there_us + ahead_us);
        assert_eq!(uneven, measured(29_000, 70_000));
        assert_eq!(exchange(there_us, back_us, 4_000).offset_us, 29_000);
        // Where both ways are alike it is right.
        let even = ptp(sync_us + ahead_us, sync_us + 10_000, asks_us, asks_us + 10_000 + ahead_us);
        assert_eq!(even, measured(4_000, 20_000));
    }

    #[test]
    fn readings_at_the_ends_of_the_range_are_no_accident() {
        for t in [0, 1, u64::MAX] {
            let _ =
                (ntp(t, u64::MAX, 0, t), ntp(0, t, u64::MAX, 0), cristian(u64::MAX, t, 0, t), ptp(t, 0, u64::MAX, t));
        }
        let _ = (berkeley(&[i64::MIN, i64::MAX], u64::MAX), berkeley(&[i64::MIN, i64::MAX], 0));
    }
}
