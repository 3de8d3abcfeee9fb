//! A tour's text as data, with the line of every value.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::TourError;
use crate::error::InputError;
use crate::json::DEPTH_MAX;

/// The line of every value, by its place: `step[2].do[0].node`.
#[derive(Clone, Debug, Default)]
pub struct Lines(BTreeMap<String, u32>);

impl Lines {
    /// The line of a place, or of what it is in.
    pub fn of(&self, place: &str) -> u32 {
        let mut place = place;
        loop {
            if let Some(line) = self.0.get(place) {
                return *line;
            }
            match place.rfind(['.', '[']) {
                Some(end) => place = &place[..end],
                None => return 1,
            }
        }
    }

    /// A problem, with its line.
    pub fn locate(&self, error: InputError) -> TourError {
        TourError::at(self.of(&error.place), error)
    }
}

/// Reads the text of a tour.
pub fn parse(text: &str) -> Result<(Value, Lines), TourError> {
    let line_starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let mut problem = TourError::whole(format!("is not TOML: {}", error.message()));
        problem.line = line_of(&line_starts, at);
        problem
    })?;
    let mut reader = Reader { line_starts, lines: Lines::default() };
    let value = reader.table(table.get_ref(), "", 0).map_err(|error| reader.lines.locate(error))?;
    Ok((value, reader.lines))
}

fn line_of(line_starts: &[usize], at: usize) -> u32 {
    line_starts.partition_point(|start| *start <= at) as u32
}

struct Reader {
    line_starts: Vec<usize>,
    lines: Lines,
}

impl Reader {
    fn table(&mut self, table: &DeTable<'_>, place: &str, depth: usize) -> Result<Value, InputError> {
        let mut map = Map::new();
        for (key, value) in table.iter() {
            let name: &str = key.get_ref();
            let inner = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
            self.lines.0.insert(inner.clone(), line_of(&self.line_starts, key.span().start));
            map.insert(name.to_owned(), self.value(value, &inner, depth + 1)?);
        }
        Ok(Value::Object(map))
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, place: &str, depth: usize) -> Result<Value, InputError> {
        if depth > DEPTH_MAX {
            return Err(InputError::new(place, format!("is nested more than {DEPTH_MAX} levels deep")));
        }
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map(Value::from)
                .map_err(|_| InputError::new(place, "is too large a number"))?,
            DeValue::Float(float) => {
                float
                    .as_str()
                    .parse::<f64>()
                    .ok()
                    .and_then(Number::from_f64)
                    .map(Value::Number)
                    .ok_or_else(|| InputError::new(place, "is a number that netsplit does not know"))?
            }
            DeValue::Datetime(_) => return Err(InputError::new(place, "is a date; tours have none")),
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let inner = format!("{place}[{index}]");
                    self.lines.0.insert(inner.clone(), line_of(&self.line_starts, item.span().start));
                    list.push(self.value(item, &inner, depth + 1)?);
                }
                Value::Array(list)
            }
            DeValue::Table(table) => self.table(table, place, depth)?,
        })
    }
}
