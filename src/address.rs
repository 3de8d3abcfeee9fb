//! The page's address: which run it names and how to show it.
//!
//! Unknown parameters are ignored. A bad value is reported on the page, and what it was meant for
//! falls back to its default.

use labs::command::{TIME_US_MAX, parse_duration};
use labs::{InputError, Run, link};

/// Slowest and fastest speed, in simulated seconds per real second.
pub const SPEED_RANGE: (f64, f64) = (0.001, 1_000.0);

/// The lab that opens when the address names none.
const DEFAULT_LAB: &str = "raft-election";

/// How the page was asked to start.
pub struct Opening {
    /// The run.
    pub run: Run,
    /// Whether the run came as a link; such a run never starts to play by itself.
    pub linked: bool,
    /// Where to go first, in µs.
    pub time_us: Option<u64>,
    /// Whether to start paused.
    pub paused: bool,
    /// Simulated seconds per real second.
    pub speed: Option<f64>,
    /// `light` or `dark`; follows the system otherwise.
    pub theme: Option<&'static str>,
    /// What was wrong with the address.
    pub problems: Vec<String>,
}

/// Reads an address: its parameters and its fragment.
pub fn read(query: &[(String, String)], fragment: &str) -> Opening {
    let mut problems = Vec::new();
    let value = |key: &str| query.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    let mut note = |error: InputError| problems.push(error.to_string());

    let linked = if link::looks_like_link(fragment) { link::decode(fragment).map_err(&mut note).ok() } else { None };
    let is_linked = linked.is_some();
    let run = linked.unwrap_or_else(|| {
        let mut run = Run::of_lab(value("lab").unwrap_or(DEFAULT_LAB)).unwrap_or_else(|error| {
            note(error);
            Run::of_lab(DEFAULT_LAB).expect("the default lab is in the catalogue")
        });
        if let Some(variant) = value("variant") {
            match run.entry.info.variant(variant) {
                Ok(variant) => run.variant = variant,
                Err(error) => note(error),
            }
        }
        if let Some(seed) = value("seed") {
            let parsed =
                seed.parse().map_err(|_| InputError::new("seed", format!("is a whole number, not \"{seed}\"")));
            if let Err(error) = parsed.and_then(|seed| run.set_seed(seed)) {
                note(error);
            }
        }
        for (key, value) in query.iter().filter_map(|(key, value)| Some((key.strip_prefix("set.")?, value))) {
            if let Err(error) = run.settings.set(run.entry.info.params, key, value) {
                note(error);
            }
        }
        run
    });

    let time_us = value("t").and_then(|text| {
        let time_us = parse_duration(text).filter(|&us| us <= TIME_US_MAX);
        if time_us.is_none() {
            note(InputError::new("t", format!("is a time like 250ms or 3.2s, not \"{text}\"")));
        }
        time_us
    });
    let speed = value("speed").and_then(|text| {
        match text.parse().map_err(|_| ()).and_then(|speed| check_speed(speed).map_err(|_| ())) {
            Ok(speed) => Some(speed),
            Err(()) => {
                note(InputError::new(
                    "speed",
                    format!("is a number from {} to {}, not \"{text}\"", SPEED_RANGE.0, SPEED_RANGE.1),
                ));
                None
            }
        }
    });
    let theme = match value("theme") {
        None | Some("auto") => None,
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        Some(other) => {
            note(InputError::new("theme", format!("is light, dark or auto, not \"{other}\"")));
            None
        }
    };
    let paused = match value("paused") {
        None | Some("0") => false,
        Some("1") => true,
        Some(other) => {
            note(InputError::new("paused", format!("is 0 or 1, not \"{other}\"")));
            false
        }
    };
    Opening { run, linked: is_linked, time_us, paused, speed, theme, problems }
}

/// A speed that the page accepts.
pub fn check_speed(speed: f64) -> Result<f64, InputError> {
    let (slowest, fastest) = SPEED_RANGE;
    if speed.is_finite() && (slowest..=fastest).contains(&speed) {
        return Ok(speed);
    }
    Err(InputError::new("speed", format!("is a number from {slowest} to {fastest}, not {speed}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(query: &[(&str, &str)], fragment: &str) -> Opening {
        let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        read(&query, fragment)
    }

    #[test]
    fn a_bare_address_opens_the_default_lab() {
        let opening = open(&[], "");
        assert_eq!(opening.run.entry.info.id, DEFAULT_LAB);
        assert_eq!((opening.run.seed, opening.paused, opening.linked), (1, false, false));
        assert!(opening.problems.is_empty());
    }

    #[test]
    fn a_fragment_wins_over_the_run_and_leaves_the_rest() {
        let mut run = Run::of_lab(DEFAULT_LAB).unwrap();
        run.set_seed(9).unwrap();
        let opening = open(&[("seed", "4"), ("theme", "dark"), ("t", "1.5s")], &link::encode(&run).unwrap());
        assert_eq!(opening.run.seed, 9);
        assert_eq!((opening.linked, opening.theme, opening.time_us), (true, Some("dark"), Some(1_500_000)));
    }

    #[test]
    fn each_bad_value_is_reported_and_falls_back() {
        let query = [
            ("lab", "raft"),
            ("variant", "x"),
            ("seed", "-1"),
            ("set.nodes", "99"),
            ("t", "soon"),
            ("speed", "0"),
            ("theme", "blue"),
            ("paused", "yes"),
            ("utm_source", "ignored"),
        ];
        let opening = open(&query, "#v1.broken");
        let places: Vec<_> = opening.problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
        assert_eq!(places, ["link", "lab", "variant", "seed", "set.nodes", "t", "speed", "theme", "paused"]);
        assert_eq!(opening.run.to_json(), Run::of_lab(DEFAULT_LAB).unwrap().to_json());
    }
}
