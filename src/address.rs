//! The page's address: which run it names and how to show it.
//!
//! Unknown parameters are ignored. A bad value is reported on the page, and what it was meant for
//! falls back to its default.
//!
//! An address is read in two steps: what it asks for and about which lab ([`read`]), and once that lab's code is there,
//! its run ([`Opening::read_run`]).

use labs::command::{TIME_US_MAX, parse_duration};
use labs::json;
use labs::run::check_seed;
use labs::{InputError, Listed, Run, link};
use view::Picture;

/// Slowest and fastest speed, in simulated seconds per real second.
pub const SPEED_RANGE: (f64, f64) = (0.001, 1_000.0);

/// The lab that opens when the address names none.
const DEFAULT_LAB: &str = "raft-election";

/// How much is around the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chrome {
    /// Everything.
    Full,
    /// The stage and time.
    Minimal,
    /// The stage alone.
    None,
}

/// How the page was asked to start.
pub struct Opening {
    /// The lab of its run.
    pub lab: &'static Listed,
    /// The run, as far as it can be told without the lab's code.
    wish: Wish,
    /// Whether the address names neither a lab nor a run: the home page.
    pub home: bool,
    /// Lenses to open, by their names.
    pub lenses: Option<Vec<String>>,
    /// What the stage is to show.
    pub picture: Option<Picture>,
    /// In what a second run beside this one differs, as it stands in the address.
    pub compare: Option<String>,
    /// The tour to take.
    pub tour: Option<String>,
    /// Whether the page stands inside another one.
    pub embedded: bool,
    /// How much is around the stage.
    pub chrome: Chrome,
    /// Whether to start as a presentation.
    pub present: bool,
    /// Whether to show what the engine does.
    pub debug: bool,
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

/// Which run an address asks for.
enum Wish {
    /// The one in a link, by its text.
    Linked(String),
    /// A fresh one; which variants and settings there are, the lab's code says.
    Fresh { variant: Option<String>, seed: u64, settings: Vec<(String, String)> },
}

impl Opening {
    /// The run, once the code of its lab is there. A link, a variant or a setting that turns out to be wrong is a problem of
    /// the address, and the lab opens with its defaults.
    pub fn read_run(&mut self) -> Result<Run, InputError> {
        let entry = self.lab.entry()?;
        let mut fresh = Run::of_entry(entry);
        let mut note = |error: InputError| self.problems.push(error.to_string());
        match &self.wish {
            Wish::Fresh { variant, seed, settings } => {
                fresh.seed = *seed;
                match variant.as_deref().map(|id| entry.info.variant(id)) {
                    Some(Ok(known)) => fresh.variant = known,
                    Some(Err(error)) => note(error),
                    None => {}
                }
                for (key, value) in settings {
                    fresh.settings.set(entry.info.params, key, value).unwrap_or_else(&mut note);
                }
                Ok(fresh)
            }
            Wish::Linked(text) => Ok(link::decode(labs::catalogue(), text).unwrap_or_else(|error| {
                note(error);
                fresh
            })),
        }
    }
}

/// Reads an address: its parameters and its fragment.
pub fn read(query: &[(String, String)], fragment: &str) -> Opening {
    let mut problems = Vec::new();
    let value = |key: &str| query.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    let mut note = |error: InputError| problems.push(error.to_string());

    let mut linked = None;
    if link::looks_like_link(fragment) {
        linked = Run::lab_of(labs::catalogue(), &fragment.into());
        // Without a lab it cannot be read; reading it says why.
        if linked.is_none()
            && let Err(error) = link::decode(labs::catalogue(), fragment)
        {
            note(error);
        }
    }
    let is_linked = linked.is_some();
    let (lab, wish) = match linked {
        Some(lab) => (lab, Wish::Linked(fragment.to_owned())),
        None => {
            // A tour on the shelf says which lab's code it needs.
            let toured = value("tour").and_then(|id| labs::catalogue().find_tour(id).ok()).map(|tour| tour.lab);
            let named = value("lab").or(toured).unwrap_or(DEFAULT_LAB);
            let lab = labs::catalogue().find(named).unwrap_or_else(|error| {
                note(error);
                labs::catalogue().find(DEFAULT_LAB).expect("the default lab is in the catalogue")
            });
            let mut seed = 1;
            if let Some(text) = value("seed") {
                let number = text.parse();
                let number = number.map_err(|_| InputError::new("seed", format!("is a whole number, not \"{text}\"")));
                match number.and_then(check_seed) {
                    Ok(number) => seed = number,
                    Err(error) => note(error),
                }
            }
            let settings =
                query.iter().filter_map(|(key, value)| Some((key.strip_prefix("set.")?.into(), value.clone())));
            let (variant, settings) = (value("variant").map(str::to_owned), settings.collect());
            (lab, Wish::Fresh { variant, seed, settings })
        }
    };

    let time_us = value("t").and_then(|text| {
        let time_us = parse_duration(text).filter(|&us| us <= TIME_US_MAX);
        if time_us.is_none() {
            note(InputError::new("t", format!("is a time like 250ms or 3.2s, not \"{text}\"")));
        }
        time_us
    });
    let speed = value("speed").and_then(|text| match json::number(text).filter(|&speed| check_speed(speed).is_ok()) {
        Some(speed) => Some(speed),
        None => {
            note(InputError::new(
                "speed",
                format!("is a number from {} to {}, not \"{text}\"", SPEED_RANGE.0, SPEED_RANGE.1),
            ));
            None
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
    let picture = value("stage").and_then(|name| {
        let picture = Picture::parse(name);
        if picture.is_none() {
            let known: Vec<_> = Picture::ALL.into_iter().map(Picture::id).collect();
            note(InputError::new("stage", format!("is one of {}, not \"{name}\"", known.join(", "))));
        }
        picture
    });
    let mut flag = |key: &str| match value(key) {
        None | Some("0") => false,
        Some("1") => true,
        Some(other) => {
            note(InputError::new(key, format!("is 0 or 1, not \"{other}\"")));
            false
        }
    };
    let [paused, embedded, present, debug] = ["paused", "embed", "present", "debug"].map(&mut flag);
    let chrome = match value("chrome") {
        None if embedded => Chrome::Minimal,
        None | Some("full") => Chrome::Full,
        Some("minimal") => Chrome::Minimal,
        Some("none") => Chrome::None,
        Some(other) => {
            note(InputError::new("chrome", format!("is full, minimal or none, not \"{other}\"")));
            if embedded { Chrome::Minimal } else { Chrome::Full }
        }
    };
    let list = |text: &str| text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(String::from).collect();
    let named = |key: &str| value(key).filter(|text| !text.is_empty()).map(String::from);
    let (tour, compare) = (named("tour"), named("compare"));
    let home = !is_linked
        && !labs::tour::link::looks_like_tour(fragment)
        && value("lab").is_none()
        && tour.is_none()
        && !embedded
        && !present;
    Opening {
        lab,
        wish,
        home,
        lenses: value("lens").map(list),
        picture,
        compare,
        tour,
        embedded,
        chrome,
        present,
        debug,
        linked: is_linked,
        time_us,
        paused,
        speed,
        theme,
        problems,
    }
}

/// Parameters that say how to look and not at what: they stay when one goes elsewhere.
const LOOKS: [&str; 6] = ["theme", "paused", "embed", "chrome", "present", "debug"];

/// The query that leads to a lab, or to the home page, from an address with this query.
pub fn leading_to(lab: Option<&str>, query: &[(String, String)]) -> String {
    let kept = query.iter().filter(|(key, _)| LOOKS.contains(&key.as_str()));
    let mut parts: Vec<String> = lab.map(|lab| format!("lab={lab}")).into_iter().collect();
    // What is kept has been read from an address, and has only plain characters in what is understood.
    let plain = |value: &str| value.chars().all(|character| character.is_ascii_alphanumeric());
    parts.extend(kept.filter(|(_, value)| plain(value)).map(|(key, value)| format!("{key}={value}")));
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
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
        let mut opening = open(&[], "");
        assert_eq!(opening.lab.card.id, DEFAULT_LAB);
        assert_eq!((opening.read_run().unwrap().seed, opening.paused, opening.linked), (1, false, false));
        assert!(opening.problems.is_empty());
    }

    #[test]
    fn what_names_a_lab_or_stands_in_another_page_is_not_the_home_page() {
        assert!(open(&[("theme", "dark"), ("paused", "1")], "").home);
        for query in [("lab", "raft-log"), ("embed", "1"), ("present", "1"), ("tour", "x")] {
            assert!(!open(&[query], "").home, "{query:?}");
        }
        assert_eq!(open(&[("embed", "1")], "").chrome, Chrome::Minimal);
        assert_eq!(open(&[("embed", "1"), ("chrome", "full")], "").chrome, Chrome::Full);
        assert_eq!(open(&[("stage", "space-time")], "").picture, Some(Picture::SpaceTime));
        let unknown = open(&[("stage", "map")], "");
        assert_eq!((unknown.picture, unknown.problems.len()), (None, 1));
        assert!(unknown.problems[0].contains("ring, space-time, network"), "{:?}", unknown.problems);
        assert_eq!(open(&[("lens", "log, checks,")], "").lenses, Some(vec!["log".to_owned(), "checks".to_owned()]));
    }

    #[test]
    fn a_tour_on_the_shelf_and_a_second_name_lead_to_their_lab() {
        assert_eq!(open(&[("tour", "one-server-leaves")], "").lab.card.id, "hash-ring");
        assert_eq!(open(&[("tour", "lessons/mine.toml")], "").lab.card.id, DEFAULT_LAB);
        assert_eq!(open(&[("tour", "one-server-leaves"), ("lab", "raft-log")], "").lab.card.id, "raft-log");
        let opening = open(&[("lab", "2pc")], "");
        assert_eq!((opening.lab.card.id, opening.problems.len()), ("two-phase-commit", 0));
    }

    #[test]
    fn going_elsewhere_keeps_the_look() {
        let query = [("lab", "raft-log"), ("seed", "7"), ("theme", "dark"), ("embed", "<x>")];
        let query = query.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(leading_to(Some("raft-election"), &query), "?lab=raft-election&theme=dark");
        assert_eq!(leading_to(None, &query[..2]), "");
    }

    #[test]
    fn a_fragment_wins_over_the_run_and_leaves_the_rest() {
        let mut run = Run::of_lab(labs::catalogue(), DEFAULT_LAB).unwrap();
        run.set_seed(9).unwrap();
        let mut opening = open(&[("seed", "4"), ("theme", "dark"), ("t", "1.5s")], &link::encode(&run).unwrap());
        assert_eq!(opening.read_run().unwrap().seed, 9);
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
            ("embed", "true"),
            ("chrome", "some"),
            ("utm_source", "ignored"),
        ];
        let mut opening = open(&query, "#v1.broken");
        assert_eq!(opening.problems.len(), 9, "before the lab's code is there nobody knows its variants");
        let run = opening.read_run().unwrap();
        let places: Vec<_> = opening.problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
        assert_eq!(
            places,
            ["link", "lab", "seed", "t", "speed", "theme", "paused", "embed", "chrome", "variant", "set.nodes"]
        );
        assert_eq!(run.to_json(), Run::of_lab(labs::catalogue(), DEFAULT_LAB).unwrap().to_json());
    }
}
