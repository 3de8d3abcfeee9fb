//! A lab's parameters: what can be set, in which range, in which unit.

use std::collections::BTreeMap;

use serde_json::Value;
use sim::ParamKey;

use crate::error::InputError;
use crate::lab::{LabInfo, VariantInfo};

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One whole number.
    Number,
    /// An inclusive range of whole numbers, written `a..b`; a single number stands for `n..n`.
    Range,
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

impl ParamInfo {
    /// What commands and records call it.
    #[must_use]
    pub const fn id(&self) -> ParamKey {
        ParamKey::of(self.key)
    }

    /// A setting as data: a number, or a text `a..b`.
    #[must_use]
    pub fn to_json(&self, setting: Setting) -> Value {
        match self.shape {
            Shape::Number => Value::from(setting.low),
            Shape::Range => Value::from(format!("{}..{}", setting.low, setting.high)),
        }
    }

    /// What its numbers stand for, where its title says so: `Scheme (0 this, 1 that)`.
    #[must_use]
    pub fn choices(&self) -> Vec<(u64, &'static str)> {
        let listed = self.title.split_once(" (").and_then(|(_, rest)| rest.strip_suffix(')'));
        let choice = |text: &'static str| {
            let (number, name) = text.split_once(' ')?;
            Some((number.parse().ok()?, name))
        };
        let choices: Option<Vec<_>> = listed.map(|listed| listed.split(", ").map(choice).collect()).unwrap_or_default();
        choices.filter(|choices| choices.len() as u64 == self.max - self.min + 1).unwrap_or_default()
    }

    /// Reads a setting from text, as in `--set key=value` or a page's address.
    pub fn parse(&self, text: &str) -> Result<Setting, InputError> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let setting = match (self.shape, text.split_once("..")) {
            (_, None) => number(text).map(Setting::number),
            (Shape::Range, Some((low, high))) => number(low).zip(number(high)).map(|(low, high)| Setting { low, high }),
            (Shape::Number, Some(_)) => None,
        };
        let wanted = match self.shape {
            Shape::Number => "a whole number",
            Shape::Range => "a whole number or a range like 5..15",
        };
        let setting = setting.ok_or_else(|| self.wrong(&format!("takes {wanted}, not \"{text}\"")))?;
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
    given: BTreeMap<&'static str, Setting>,
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
    fn a_title_may_say_what_numbers_stand_for() {
        let titled = |title: &'static str| ParamInfo { title, min: 0, max: 2, ..NODES }.choices();
        assert_eq!(titled("Way (0 this, 1 that one, 2 other)"), [(0, "this"), (1, "that one"), (2, "other")]);
        for title in ["Way", "Way (0 this, 1 that)", "Way (0: off)", "Way (1 is on)", "Way (kernels: 500)"] {
            assert_eq!(titled(title), []);
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
