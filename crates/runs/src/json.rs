//! Reading JSON objects field by field, so that every complaint names its field and a field that
//! nobody knows is never silently ignored.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::InputError;

/// Reads JSON. `otherwise` is the complaint about what is none; an object that has a field twice is refused by the
/// field's name, because either value could be the one that is meant. Everything is read by this: a second parser, of
/// text or of numbers alone, is seven kilobytes of the page.
pub fn parse(text: &[u8], otherwise: &str) -> Result<Value, InputError> {
    let Strict(value) = serde_json::from_slice(text).map_err(|error| {
        let problem = if error.is_data() { error.to_string() } else { format!("{otherwise}: {error}") };
        InputError::new("", problem)
    })?;
    Ok(value)
}

/// A value in which no object has a field twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Strict(value))) = fields.next_entry::<String, _>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the field \"{key}\" is given twice")));
            }
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

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

/// A number that somebody has typed: decimal, as in JSON, and the zero before the point may be left out. Numbers are read
/// in one way only, because each way of reading fractions is 15 KB of tables and code.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let zero = if text.starts_with('.') { "0" } else { "" };
    parse(format!("{zero}{text}").as_bytes(), "").ok()?.as_f64()
}

/// A whole number of at most `max`.
pub fn whole(value: &Value, max: u64) -> Result<u64, InputError> {
    match value.as_u64() {
        Some(number) if number <= max => Ok(number),
        _ => Err(InputError::new("", format!("is a whole number of at most {max}, not {value}"))),
    }
}

/// A value on one line, with room behind commas and colons: `{"put": ["x", 1]}`.
#[must_use]
pub fn one_line(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), one_line(value)));
            format!("{{{}}}", list(fields.collect()))
        }
        Value::Array(items) => format!("[{}]", list(items.iter().map(one_line).collect())),
        other => other.to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_stands() {
        let text = r#"{"a": [1, -2, 2.5, 18446744073709551615, true, null, "x\n\u00e9"], "b": {"a": {}}}"#;
        assert_eq!(parse(text.as_bytes(), "").unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert!(parse(b"{\"a\": }", "no JSON").unwrap_err().to_string().starts_with("no JSON: expected value"));
    }

    #[test]
    fn a_field_that_is_there_twice_is_named_however_deep_it_lies() {
        for text in
            [r#"{"seed":1,"lab":"x","seed":1}"#, r#"[{"a":[{"seed":1,"seed":2}]}]"#, r#"{"seed":1,"\u0073eed":2}"#]
        {
            let problem = parse(text.as_bytes(), "").unwrap_err().to_string();
            assert!(problem.starts_with("the field \"seed\" is given twice at line 1"), "{problem}");
        }
    }
}
