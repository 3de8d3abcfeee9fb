//! Reading JSON objects field by field, so that every complaint names its field and a field that
//! nobody knows is never silently ignored.

use serde_json::{Map, Value};

use crate::error::InputError;

/// An object that is being read. Ask for its fields, then call [`Fields::finish`].
#[derive(Debug)]
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Reads `value`, which has to be an object; `what` says what it is for.
    pub fn of(value: &'a Value, what: &str) -> Result<Self, InputError> {
        match value {
            Value::Object(map) => Ok(Self { map, known: Vec::new() }),
            other => Err(InputError::new("", format!("{what} is an object, not {}", kind_of(other)))),
        }
    }

    /// A field's value, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.map.get(key)
    }

    /// A field that has to be there.
    pub fn need(&mut self, key: &'static str) -> Result<&'a Value, InputError> {
        self.get(key).ok_or_else(|| InputError::new(key, "is missing"))
    }

    /// A text that has to be there.
    pub fn text(&mut self, key: &'static str) -> Result<&'a str, InputError> {
        let value = self.need(key)?;
        value.as_str().ok_or_else(|| InputError::new(key, format!("is a text, not {}", kind_of(value))))
    }

    /// A whole number of at most `max`, if it is there.
    pub fn whole(&mut self, key: &'static str, max: u64) -> Result<Option<u64>, InputError> {
        self.get(key).map(|value| whole(value, max).map_err(|error| error.within(key))).transpose()
    }

    /// A whole number between `min` and `max` that may be negative, if it is there.
    pub fn signed(&mut self, key: &'static str, min: i64, max: i64) -> Result<Option<i64>, InputError> {
        self.get(key)
            .map(|value| match value.as_i64() {
                Some(number) if (min..=max).contains(&number) => Ok(number),
                _ => Err(InputError::new(key, format!("is a whole number between {min} and {max}, not {value}"))),
            })
            .transpose()
    }

    /// True or false; `default` when it is not there.
    pub fn flag(&mut self, key: &'static str, default: bool) -> Result<bool, InputError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(InputError::new(key, format!("is true or false, not {}", kind_of(other)))),
        }
    }

    /// Complains about the first field that nobody asked for.
    pub fn finish(self) -> Result<(), InputError> {
        match self.map.keys().find(|key| !self.known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                Err(InputError::new(key.as_str(), format!("is not a known field; known are {}", self.known.join(", "))))
            }
        }
    }
}

/// Deepest nesting of lists and objects in anything that is read; the deepest run has four levels.
pub const DEPTH_MAX: usize = 32;

/// Refuses what is nested so deeply that reading, printing or dropping it could exhaust a stack.
/// What comes as text has been through a parser with a limit of its own; a page hands over values.
pub fn check_depth(value: &Value) -> Result<(), InputError> {
    let mut open: Vec<(&Value, usize)> = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        if depth > DEPTH_MAX {
            return Err(InputError::new("", format!("is nested more than {DEPTH_MAX} levels deep")));
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(map) => open.extend(map.values().map(|item| (item, depth + 1))),
            _ => {}
        }
    }
    Ok(())
}

/// A whole number of at most `max`.
pub fn whole(value: &Value, max: u64) -> Result<u64, InputError> {
    match value.as_u64() {
        Some(number) if number <= max => Ok(number),
        _ => Err(InputError::new("", format!("is a whole number of at most {max}, not {value}"))),
    }
}

/// What kind of thing a value is, in words.
#[must_use]
pub const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
