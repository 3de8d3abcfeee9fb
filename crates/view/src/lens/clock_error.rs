//! How wrong clocks are over a run, against true time, and what each believes of that.

/// The chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockError {
    /// The present moment, in simulated µs.
    pub now_us: u64,
    /// A line per clock.
    pub lines: Vec<Line>,
}

/// One clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub node: String,
    /// Its hue.
    pub hue: u32,
    /// The others set themselves by it.
    pub reference: bool,
    /// What it was at some moments, the newest last, which is the present one.
    pub spots: Vec<Spot>,
}

/// A clock at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// When, in simulated µs.
    pub at_us: u64,
    /// How it stood; nothing while its machine was down.
    pub reading: Option<Reading>,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How far it is ahead of true time, in µs.
    pub error_us: i64,
    /// What it believes: how far it is ahead, and by how much that may be wrong, in µs.
    pub claim_us: Option<(i64, u64)>,
}

impl Line {
    /// How it stands now.
    #[must_use]
    pub fn now(&self) -> Option<Reading> {
        self.spots.last().and_then(|spot| spot.reading)
    }
}

impl ClockError {
    /// The smallest and the largest value from `from_us` on, zero and what clocks believe included, in µs.
    #[must_use]
    pub fn range_us(&self, from_us: u64) -> (i64, i64) {
        let (mut low, mut high) = (0, 0);
        let mut reach = |us: i64| (low, high) = (low.min(us), high.max(us));
        let spots = self.lines.iter().flat_map(|line| &line.spots).filter(|spot| spot.at_us >= from_us);
        for Reading { error_us, claim_us } in spots.filter_map(|spot| spot.reading) {
            reach(error_us);
            if let Some((error_us, bound_us)) = claim_us {
                let bound_us = i64::try_from(bound_us).unwrap_or(i64::MAX);
                reach(error_us.saturating_sub(bound_us));
                reach(error_us.saturating_add(bound_us));
            }
        }
        // A line needs some room even where nothing is wrong at all.
        (low.min(-1_000), high.max(1_000))
    }
}

/// Round values between two ends, at most `most` and at least two of them, all multiples of one step: 1, 2 or 5 times a
/// power of ten.
#[must_use]
pub fn ticks(low: i64, high: i64, most: u32) -> Vec<i64> {
    let span = i128::from(high) - i128::from(low);
    let mut step: i128 = 1;
    let fits = |step: i128| span / step < i128::from(most.max(2));
    // 1, 2, 5, 10 and so on.
    let factors = [2, 5, 10];
    let (mut power, mut place) = (1i128, 0);
    while !fits(step) && power < i128::from(i64::MAX) {
        step = power * factors[place];
        place += 1;
        if place == factors.len() {
            (power, place) = (power * 10, 0);
        }
    }
    let first = i128::from(low).div_euclid(step) * step;
    let inside = |value: &i128| *value >= i128::from(low);
    let values = (0..).map(|count| first + count * step).take_while(|value| *value <= i128::from(high)).filter(inside);
    values.filter_map(|value| i64::try_from(value).ok()).take(most.max(2) as usize + 1).collect()
}

/// `+12.3 ms`, with a true minus; whole milliseconds from a hundred on, seconds from ten thousand on.
#[must_use]
pub fn signed_ms(us: i64) -> String {
    let tenths = (us.unsigned_abs() + 50) / 100;
    let sign = match us {
        _ if tenths == 0 => "",
        0.. => "+",
        _ => "−",
    };
    format!("{sign}{}", plain_ms(us.unsigned_abs()))
}

/// As [`signed_ms`], and from ten on in whole milliseconds, where there is little room: `+12 ms`.
#[must_use]
pub fn short_ms(us: i64) -> String {
    match us.unsigned_abs() {
        9_950..9_999_500 => format!("{}{} ms", if us < 0 { '−' } else { '+' }, (us.unsigned_abs() + 500) / 1_000),
        _ => signed_ms(us),
    }
}

/// `12.3 ms`; see [`signed_ms`].
#[must_use]
pub fn plain_ms(us: u64) -> String {
    let tenths = (us.saturating_add(50)) / 100;
    match tenths {
        0..1_000 => format!("{}.{} ms", tenths / 10, tenths % 10),
        1_000..100_000 => format!("{} ms", us.saturating_add(500) / 1_000),
        _ => format!("{} s", us.saturating_add(500_000) / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short_and_signed() {
        let told: Vec<String> =
            [0, 49, 50, -49, -12_345, 25_000, 99_949, 99_950, -1_234_567, 12_000_000].map(signed_ms).to_vec();
        let wanted = [
            "0.0 ms",
            "0.0 ms",
            "+0.1 ms",
            "0.0 ms",
            "−12.3 ms",
            "+25.0 ms",
            "+99.9 ms",
            "+100 ms",
            "−1235 ms",
            "+12 s",
        ];
        assert_eq!(told, wanted);
        let short: Vec<String> = [0, -9_949, 9_950, -12_345, 99_600, 9_999_499, 20_000_000].map(short_ms).to_vec();
        assert_eq!(short, ["0.0 ms", "−9.9 ms", "+10 ms", "−12 ms", "+100 ms", "+9999 ms", "+20 s"]);
        assert_eq!((plain_ms(35_040), plain_ms(u64::MAX).ends_with(" s")), ("35.0 ms".to_owned(), true));
        let _ = (signed_ms(i64::MIN), signed_ms(i64::MAX));
    }

    #[test]
    fn ticks_are_round_and_not_many() {
        assert_eq!(ticks(-60_000, 30_000, 6), [-60_000, -40_000, -20_000, 0, 20_000]);
        assert_eq!(ticks(-1_000, 1_000, 6), [-1_000, -500, 0, 500, 1_000]);
        assert_eq!(ticks(0, 10_000_000, 5), [0, 5_000_000, 10_000_000]);
        for (low, high) in [(0, 1), (-7, 13), (i64::MIN, i64::MAX), (-1, 999_999), (123, 456_789)] {
            for most in [2, 4, 7] {
                let ticks = ticks(low, high, most);
                assert!(ticks.len() <= most as usize + 1, "{low}..{high}: {ticks:?}");
                assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{low}..{high}: {ticks:?}");
            }
        }
    }

    #[test]
    fn the_range_holds_what_is_drawn() {
        let spot = |at_us, error_us, claim_us| Spot { at_us, reading: Some(Reading { error_us, claim_us }) };
        let line = |spots| Line { node: "n2".into(), hue: 1, reference: false, spots };
        let chart = ClockError {
            now_us: 9,
            lines: vec![line(vec![
                spot(1, 60_000, None),
                Spot { at_us: 2, reading: None },
                spot(9, 25_000, Some((0, 35_000))),
            ])],
        };
        assert_eq!((chart.range_us(0), chart.range_us(2)), ((-35_000, 60_000), (-35_000, 35_000)));
        assert_eq!(chart.lines[0].now().unwrap().error_us, 25_000);
        assert_eq!(ClockError::default().range_us(0), (-1_000, 1_000));
    }
}
