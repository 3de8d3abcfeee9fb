//! A lab's parameters: what can be set, in which range, in which unit.

use serde_json::Value;
use sim::{Map, ParamKey};

use crate::error::InputError;
use crate::info::{LabInfo, VariantInfo};

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One whole number.
    Number,
    /// An inclusive range of whole numbers, written `a..b`; a single number stands for `n..n`.
    Range,
    /// `on` or `off`; 1 and 0 are read as well.
    Switch,
    /// One of these words, with what people call it; the word's number is read as well.
    Choice(&'static [(&'static str, &'static str)]),
}

/// The value of a parameter: `low == high` for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Lower end.
    pub low: u64,
    /// Upper end, included.
    pub high: u64,
}

impl Setting {
    /// One number.
    #[must_use]
    pub const fn number(value: u64) -> Self {
        Self { low: value, high: value }
    }
}

/// One parameter of a lab.
#[derive(Clone, Copy, Debug)]
pub struct ParamInfo {
    /// Stable kebab-case key; ends in its unit where it has one.
    pub key: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it accepts.
    pub shape: Shape,
    /// Its value when nobody sets it.
    pub default: Setting,
    /// Smallest number accepted.
    pub min: u64,
    /// Largest number accepted.
    pub max: u64,
    /// Its unit, such as `ms`; empty for counts.
    pub unit: &'static str,
    /// Whether it can be changed while the run goes on.
    pub live: bool,
}

/// A parameter that is a number and stays as it is while a lab runs.
pub const fn number(
    key: &'static str,
    title: &'static str,
    default: u64,
    (min, max): (u64, u64),
    unit: &'static str,
) -> ParamInfo {
    ParamInfo { key, title, shape: Shape::Number, default: Setting::number(default), min, max, unit, live: false }
}

/// A parameter that is on or off.
#[must_use]
pub const fn switch(key: &'static str, title: &'static str, on: bool) -> ParamInfo {
    let default = Setting::number(on as u64);
    ParamInfo { key, title, shape: Shape::Switch, default, min: 0, max: 1, unit: "", live: false }
}

/// A parameter that is one of some words, each with what people call it; the first one unless somebody sets it.
#[must_use]
pub const fn choice(
    key: &'static str,
    title: &'static str,
    words: &'static [(&'static str, &'static str)],
) -> ParamInfo {
    let max = words.len() as u64 - 1;
    let default = Setting::number(0);
    ParamInfo { key, title, shape: Shape::Choice(words), default, min: 0, max, unit: "", live: false }
}

impl ParamInfo {
    /// The same parameter with another default.
    #[must_use]
    pub const fn by_default(self, value: u64) -> Self {
        self.by_default_range(value, value)
    }

    /// The same parameter with another range as its default.
    #[must_use]
    pub const fn by_default_range(self, low: u64, high: u64) -> Self {
        Self { default: Setting { low, high }, ..self }
    }

    /// What commands and records call it.
    #[must_use]
    pub const fn id(&self) -> ParamKey {
        ParamKey::of(self.key)
    }

    /// What kind of parameter it is, as data has it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.shape {
            Shape::Number => "number",
            Shape::Range => "range",
            Shape::Switch => "switch",
            Shape::Choice(_) => "choice",
        }
    }

    /// A setting as data: a number, a text `a..b`, `on` or `off`, or a word.
    #[must_use]
    pub fn to_json(&self, setting: Setting) -> Value {
        match self.shape {
            Shape::Number => Value::from(setting.low),
            Shape::Range => Value::from(format!("{}..{}", setting.low, setting.high)),
            Shape::Switch => if setting.low == 0 { "off" } else { "on" }.into(),
            Shape::Choice(words) => words[setting.low as usize].0.into(),
        }
    }

    /// What one can choose from, as data and for people; nothing where numbers are asked for.
    #[must_use]
    pub const fn choices(&self) -> &'static [(&'static str, &'static str)] {
        match self.shape {
            Shape::Number | Shape::Range => &[],
            Shape::Switch => &[("on", "on"), ("off", "off")],
            Shape::Choice(words) => words,
        }
    }

    /// Reads a setting from text, as in `--set key=value` or a page's address.
    pub fn parse(&self, text: &str) -> Result<Setting, InputError> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let word = |words: &[(&str, &str)]| {
            let place = words.iter().position(|(word, _)| *word == text.trim());
            place.map(|place| Setting::number(place as u64)).or_else(|| number(text).map(Setting::number))
        };
        let setting = match (self.shape, text.split_once("..")) {
            (Shape::Switch, _) => word(&[("off", ""), ("on", "")]),
            (Shape::Choice(words), _) => word(words),
            (_, None) => number(text).map(Setting::number),
            (Shape::Range, Some((low, high))) => number(low).zip(number(high)).map(|(low, high)| Setting { low, high }),
            (Shape::Number, Some(_)) => None,
        };
        // Numbers are read of words as well, but not told of.
        let fits = |setting: &Setting| setting.high <= self.max || self.choices().is_empty();
        let setting = setting.filter(fits).ok_or_else(|| {
            let wanted = match self.shape {
                Shape::Number => "a whole number".to_owned(),
                Shape::Range => "a whole number or a range like 5..15".to_owned(),
                Shape::Switch => "on or off".to_owned(),
                Shape::Choice(words) => {
                    format!("one of {}", words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "))
                }
            };
            self.wrong(&format!("takes {wanted}, not \"{text}\""))
        })?;
        self.check(setting)
    }

    /// Reads a setting from JSON.
    pub fn from_json(&self, value: &Value) -> Result<Setting, InputError> {
        match value {
            Value::String(text) => self.parse(text),
            Value::Number(number) => self.parse(&number.to_string()),
            other => Err(self.wrong(&format!("takes a number or a text, not {}", crate::json::kind_of(other)))),
        }
    }

    fn check(&self, setting: Setting) -> Result<Setting, InputError> {
        let Self { min, max, unit, .. } = self;
        if setting.low > setting.high {
            return Err(
                self.wrong(&format!("{}..{} is empty; the smaller number comes first", setting.low, setting.high))
            );
        }
        if setting.low < *min || setting.high > *max {
            let given = if setting.low == setting.high {
                setting.low.to_string()
            } else {
                format!("{}..{}", setting.low, setting.high)
            };
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            return Err(self.wrong(&format!("{given} is out of range; it takes {min} to {max}{unit}")));
        }
        Ok(setting)
    }

    fn wrong(&self, problem: &str) -> InputError {
        InputError::new(format!("set.{}", self.key), problem)
    }
}

/// How long a message needs for each unit between two machines on the stage: any lab may take it.
/// The simulator knows it, and an algorithm never sees it.
pub const DISTANCE: ParamInfo = ParamInfo {
    key: "distance-us",
    title: "Latency per unit of distance (0: off)",
    shape: Shape::Number,
    default: Setting::number(0),
    min: 0,
    max: 1_000,
    unit: "µs",
    live: true,
};

/// What the page's switch sets [`DISTANCE`] to: on a stage where nobody has moved anything, messages
/// then need about as long as they do by default.
pub const DISTANCE_ON_US: u64 = 40;

/// What was set, and the defaults of the rest.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    given: Map<&'static str, Setting>,
}

impl Settings {
    /// Sets one parameter of `params` from text.
    pub fn set(&mut self, params: &[ParamInfo], key: &str, text: &str) -> Result<(), InputError> {
        let param = find(params, key)?;
        self.given.insert(param.key, param.parse(text)?);
        Ok(())
    }

    /// Sets one parameter of `params` from JSON.
    pub fn set_json(&mut self, params: &[ParamInfo], key: &str, value: &Value) -> Result<(), InputError> {
        let param = find(params, key)?;
        self.given.insert(param.key, param.from_json(value)?);
        Ok(())
    }

    /// The value of a parameter: what was set, or what the variant overrides, or its default.
    #[must_use]
    pub fn get(&self, variant: &VariantInfo, param: &ParamInfo) -> Setting {
        let overridden = variant.overrides.iter().find(|(key, _)| *key == param.key).map(|(_, setting)| *setting);
        self.given.get(param.key).copied().or(overridden).unwrap_or(param.default)
    }

    /// What was set, as data, in the order of `params`.
    #[must_use]
    pub fn to_json(&self, params: &[ParamInfo]) -> Value {
        let given = params.iter().filter_map(|param| {
            self.given.get(param.key).map(|&setting| (param.key.to_owned(), param.to_json(setting)))
        });
        Value::Object(given.collect())
    }
}

/// The parameter that a command with this key sets, or once set.
pub(crate) fn of_set(info: &LabInfo, key: ParamKey) -> Option<&ParamInfo> {
    info.params.iter().chain(info.retired).find(|param| param.id() == key)
}

/// The parameter with this name that a command can set, or once could.
pub(crate) fn find_live<'a>(info: &'a LabInfo, key: &str) -> Result<&'a ParamInfo, InputError> {
    let live = || info.params.iter().filter(|param| param.live);
    live().chain(info.retired).find(|param| param.key == key).ok_or_else(|| {
        let known: Vec<_> = live().map(|param| param.key).collect();
        let problem = match (known.is_empty(), info.params.iter().any(|param| param.key == key)) {
            (true, _) => "this lab has no parameter that can be changed while it runs".to_owned(),
            (_, true) => format!("{key} cannot be changed while it runs; {} can", known.join(", ")),
            (_, false) => {
                format!("there is no parameter \"{key}\" to change while it runs; there is {}", known.join(", "))
            }
        };
        InputError::new("key", problem)
    })
}

fn find<'a>(params: &'a [ParamInfo], key: &str) -> Result<&'a ParamInfo, InputError> {
    params.iter().find(|param| param.key == key).ok_or_else(|| {
        let known: Vec<_> = params.iter().map(|param| param.key).collect();
        InputError::new(format!("set.{key}"), format!("is not a parameter of this lab; it has {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: ParamInfo = ParamInfo {
        key: "latency-ms",
        title: "One-way latency",
        shape: Shape::Range,
        default: Setting { low: 5, high: 15 },
        min: 0,
        max: 1_000,
        unit: "ms",
        live: false,
    };
    const NODES: ParamInfo = ParamInfo {
        key: "nodes",
        title: "Servers",
        shape: Shape::Number,
        default: Setting::number(5),
        min: 3,
        max: 9,
        unit: "",
        live: false,
    };

    #[test]
    fn ranges_and_numbers_are_read() {
        assert_eq!(LATENCY.parse("5..15").unwrap(), Setting { low: 5, high: 15 });
        assert_eq!(LATENCY.parse("7").unwrap(), Setting::number(7));
        assert_eq!(NODES.from_json(&Value::from(7)).unwrap(), Setting::number(7));
        assert_eq!(LATENCY.to_json(Setting { low: 5, high: 15 }), Value::from("5..15"));
    }

    #[test]
    fn switches_and_choices_are_words_and_their_numbers_are_still_read() {
        let on = switch("pre-vote", "Pre-vote", false);
        assert_eq!((on.parse("on"), on.parse("1")), (Ok(Setting::number(1)), Ok(Setting::number(1))));
        assert_eq!((on.to_json(Setting::number(0)), on.kind()), (Value::from("off"), "switch"));
        assert_eq!(on.parse("2").unwrap_err().to_string(), "set.pre-vote: takes on or off, not \"2\"");
        let way = choice("way", "Way", &[("this", "This"), ("that", "That one")]).by_default(1);
        assert_eq!((way.parse("this"), way.parse("1")), (Ok(Setting::number(0)), Ok(Setting::number(1))));
        assert_eq!(way.from_json(&Value::from(0)), Ok(Setting::number(0)));
        assert_eq!((way.to_json(way.default), way.kind()), (Value::from("that"), "choice"));
        for text in ["2", "0..1", "This", ""] {
            let problem = way.parse(text).unwrap_err().to_string();
            assert_eq!(problem, format!("set.way: takes one of this, that, not \"{text}\""));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |param: ParamInfo, text: &str| param.parse(text).unwrap_err().to_string();
        assert_eq!(error(NODES, "12"), "set.nodes: 12 is out of range; it takes 3 to 9");
        assert_eq!(error(NODES, "3..5"), "set.nodes: takes a whole number, not \"3..5\"");
        assert_eq!(error(LATENCY, "15..5"), "set.latency-ms: 15..5 is empty; the smaller number comes first");
        assert_eq!(error(LATENCY, "0..2000"), "set.latency-ms: 0..2000 is out of range; it takes 0 to 1000 ms");
        assert_eq!(error(LATENCY, "-5"), "set.latency-ms: takes a whole number or a range like 5..15, not \"-5\"");
        let mut settings = Settings::default();
        assert_eq!(
            settings.set(&[NODES, LATENCY], "loss", "1").unwrap_err().to_string(),
            "set.loss: is not a parameter of this lab; it has nodes, latency-ms"
        );
    }
}
