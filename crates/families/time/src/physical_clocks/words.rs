//! Amounts of time in words.

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
}
