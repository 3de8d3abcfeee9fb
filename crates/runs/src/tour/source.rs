//! A tour's text as data, with the line of every value.
//!
//! `toml_parser` knows the language and reports what it reads as events; here the events become
//! tables. The crate `toml` on top of it would do the same for 11 KB more of the page; the tests
//! hold this to it.

use std::borrow::Cow;
use std::slice::Iter;

use serde_json::{Map, Number, Value};
use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

use super::TourError;
use crate::error::InputError;
use crate::json::DEPTH_MAX;

/// The line of every value, by its place: `step[2].do[0].node`.
#[derive(Clone, Debug, Default)]
pub struct Lines(sim::Map<String, u32>);

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
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events = Vec::with_capacity(tokens.len());
    let mut error = None;
    let mut checked = ValidateWhitespace::new(&mut events, source);
    parse_document(&tokens, &mut RecursionGuard::new(&mut checked, DEPTH_MAX as u32), &mut error);
    let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut builder = Builder { source, line_starts, error, lines: Lines::default() };
    builder.check()?;
    let root = builder.document(&mut events.iter())?;
    builder.check()?;
    Ok((root.into_value(), builder.lines))
}

/// How a table came about, which says who may add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// By a line of its own: `[set]`, or `[[step]]`.
    Headed,
    /// On the way to such a line's table.
    OnTheWay,
    /// By a key with dots.
    Dotted,
}

#[derive(Debug)]
struct Table {
    how: How,
    entries: sim::Map<String, Node>,
}

#[derive(Debug)]
enum Node {
    Value(Value),
    Table(Table),
    /// Each `[[step]]` adds one.
    Tables(Vec<Table>),
}

impl Table {
    const fn new(how: How) -> Self {
        Self { how, entries: sim::Map::new() }
    }

    fn into_value(self) -> Value {
        let value = |node| match node {
            Node::Value(value) => value,
            Node::Table(table) => table.into_value(),
            Node::Tables(tables) => tables.into_iter().map(Self::into_value).collect(),
        };
        Value::Object(self.entries.into_iter().map(|(key, node)| (key, value(node))).collect::<Map<_, _>>())
    }
}

/// A part of a key, and where it stands in the text.
type Key = (String, usize);

struct Builder<'a> {
    source: Source<'a>,
    line_starts: Vec<usize>,
    /// The first thing that the parser complained about.
    error: Option<ParseError>,
    lines: Lines,
}

impl<'a> Builder<'a> {
    fn line_of(&self, at: usize) -> u32 {
        self.line_starts.partition_point(|start| *start <= at) as u32
    }

    fn wrong(&self, at: usize, problem: impl Into<String>) -> TourError {
        TourError { line: self.line_of(at), ..TourError::whole(problem) }
    }

    /// Complains when the parser has.
    fn check(&self) -> Result<(), TourError> {
        let Some(error) = &self.error else { return Ok(()) };
        let at = error.unexpected().or_else(|| error.context()).map_or(0, |span| span.start());
        let mut problem = format!("is not TOML: {}", error.description());
        for (index, expected) in error.expected().into_iter().flatten().enumerate() {
            let (Expected::Literal(what) | Expected::Description(what)) = expected else { continue };
            problem.push_str(if index == 0 { "; expected is " } else { " or " });
            problem.push_str(what);
        }
        Err(self.wrong(at, problem))
    }

    fn document(&mut self, events: &mut Iter<'_, Event>) -> Result<Table, TourError> {
        let mut root = Table::new(How::Headed);
        let mut header: Vec<Key> = Vec::new();
        while let Some(event) = events.next() {
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    header = self.key(None, events)?;
                    self.open(&mut root, &header, event.kind() == EventKind::ArrayTableOpen)?;
                }
                EventKind::SimpleKey => {
                    let key = self.key(Some(event), events)?;
                    let (table, place) = self.walk(&mut root, String::new(), &header, How::OnTheWay)?;
                    self.put(table, place, &key, events, header.len())?;
                }
                // Blanks and comments; everything else has been part of one of these.
                _ => {}
            }
        }
        Ok(root)
    }

    /// Reads the parts of a key, up to what closes it.
    fn key(&mut self, first: Option<&Event>, events: &mut Iter<'_, Event>) -> Result<Vec<Key>, TourError> {
        let mut parts = Vec::new();
        let mut next = first;
        while let Some(event) = next.take().or_else(|| events.next()) {
            match event.kind() {
                EventKind::SimpleKey => {
                    let mut name = Cow::Borrowed("");
                    if let Some(raw) = self.source.get(event) {
                        raw.decode_key(&mut name, &mut self.error);
                    }
                    parts.push((name.into_owned(), event.span().start()));
                }
                EventKind::KeySep | EventKind::Whitespace | EventKind::Newline | EventKind::Comment => {}
                _ => break,
            }
            if parts.len() > DEPTH_MAX {
                return Err(self.wrong(event.span().start(), format!("a key has at most {DEPTH_MAX} parts")));
            }
        }
        self.check()?;
        Ok(parts)
    }

    /// Opens the table of a header.
    fn open(&mut self, root: &mut Table, header: &[Key], one_more: bool) -> Result<(), TourError> {
        let Some(((name, at), way)) = header.split_last() else { return Ok(()) };
        let (parent, place) = self.walk(root, String::new(), way, How::OnTheWay)?;
        let place = inside(&place, name);
        let line = self.line_of(*at);
        let twice = self.wrong(*at, format!("is not TOML: there is a {place} already"));
        match (parent.entries.get_mut(name), one_more) {
            (None, true) => {
                self.lines.0.insert(format!("{place}[0]"), line);
                parent.entries.insert(name.clone(), Node::Tables(vec![Table::new(How::Headed)]));
            }
            (None, false) => drop(parent.entries.insert(name.clone(), Node::Table(Table::new(How::Headed)))),
            (Some(Node::Tables(tables)), true) => {
                self.lines.0.insert(format!("{place}[{}]", tables.len()), line);
                tables.push(Table::new(How::Headed));
            }
            (Some(Node::Table(table)), false) if table.how == How::OnTheWay => table.how = How::Headed,
            (Some(_), _) => return Err(twice),
        }
        self.lines.0.entry(place).or_insert(line);
        Ok(())
    }

    /// The table at the end of a way, made where it is missing, and its place.
    fn walk<'t>(
        &mut self,
        root: &'t mut Table,
        place: String,
        way: &[Key],
        how: How,
    ) -> Result<(&'t mut Table, String), TourError> {
        let (mut table, mut place) = (root, place);
        for (name, at) in way {
            place = inside(&place, name);
            let line = self.line_of(*at);
            self.lines.0.entry(place.clone()).or_insert(line);
            let node = table.entries.entry(name.clone()).or_insert_with(|| Node::Table(Table::new(how)));
            table = match node {
                Node::Table(table) if how == How::OnTheWay || table.how != How::Headed => {
                    // A dotted key defines the tables on its way; no header may do so again.
                    if how == How::Dotted {
                        table.how = How::Dotted;
                    }
                    table
                }
                Node::Tables(tables) if how == How::OnTheWay && !tables.is_empty() => {
                    place = format!("{place}[{}]", tables.len() - 1);
                    tables.last_mut().expect("there is one")
                }
                _ => return Err(self.wrong(*at, format!("is not TOML: {place} is no table that can be added to"))),
            };
        }
        Ok((table, place))
    }

    /// Reads a value and puts it into a table.
    fn put(
        &mut self,
        table: &mut Table,
        place: String,
        key: &[Key],
        events: &mut Iter<'_, Event>,
        depth: usize,
    ) -> Result<(), TourError> {
        let Some(((name, at), way)) = key.split_last() else { return Ok(()) };
        let (table, place) = self.walk(table, place, way, How::Dotted)?;
        let place = inside(&place, name);
        if table.entries.contains_key(name) {
            return Err(self.wrong(*at, format!("is not TOML: there is a {place} already")));
        }
        self.lines.0.insert(place.clone(), self.line_of(*at));
        let value = self.value(events, &place, depth + key.len())?;
        table.entries.insert(name.clone(), Node::Value(value));
        Ok(())
    }

    /// Reads the value that comes next, after blanks.
    fn value(&mut self, events: &mut Iter<'_, Event>, place: &str, depth: usize) -> Result<Value, TourError> {
        for event in events.by_ref() {
            match event.kind() {
                EventKind::Whitespace | EventKind::Comment | EventKind::Newline => {}
                _ => return self.value_at(event, events, place, depth),
            }
        }
        Err(self.wrong(0, "is not TOML: the text ends before a value"))
    }

    fn value_at(
        &mut self,
        event: &Event,
        events: &mut Iter<'_, Event>,
        place: &str,
        depth: usize,
    ) -> Result<Value, TourError> {
        if depth > DEPTH_MAX {
            return Err(
                self.wrong(event.span().start(), format!("{place} is nested more than {DEPTH_MAX} levels deep"))
            );
        }
        match event.kind() {
            EventKind::ArrayOpen => {
                let mut items = Vec::new();
                while let Some(event) = events.next() {
                    match event.kind() {
                        EventKind::ArrayClose => break,
                        EventKind::Scalar | EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                            let place = format!("{place}[{}]", items.len());
                            self.lines.0.insert(place.clone(), self.line_of(event.span().start()));
                            items.push(self.value_at(event, events, &place, depth + 1)?);
                        }
                        _ => {}
                    }
                }
                Ok(Value::Array(items))
            }
            EventKind::InlineTableOpen => {
                let mut table = Table::new(How::Headed);
                while let Some(event) = events.next() {
                    match event.kind() {
                        EventKind::InlineTableClose => break,
                        EventKind::SimpleKey => {
                            let key = self.key(Some(event), events)?;
                            self.put(&mut table, place.to_owned(), &key, events, depth)?;
                        }
                        _ => {}
                    }
                }
                Ok(table.into_value())
            }
            _ => self.scalar(event, place),
        }
    }

    fn scalar(&mut self, event: &Event, place: &str) -> Result<Value, TourError> {
        let at = event.span().start();
        let Some(raw) = self.source.get(event) else { return Ok(Value::Null) };
        let mut decoded = Cow::Borrowed("");
        let kind = raw.decode_scalar(&mut decoded, &mut self.error);
        self.check()?;
        let wrong = |problem: &str| {
            let line = self.line_of(at);
            TourError::at(line, InputError::new(place, problem))
        };
        match kind {
            ScalarKind::String => Ok(Value::String(decoded.into_owned())),
            ScalarKind::Boolean(flag) => Ok(Value::Bool(flag)),
            ScalarKind::Integer(radix) => i64::from_str_radix(&decoded, radix.value())
                .map(Value::from)
                .map_err(|_| wrong("is too large a number")),
            ScalarKind::Float => {
                let number = decoded.parse::<f64>().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(|| wrong("is a number that netsplit does not know"))
            }
            ScalarKind::DateTime => Err(wrong("is a date; tours have none")),
        }
    }
}

fn inside(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use toml::de::{DeTable, DeValue};

    /// What the crate `toml` says; `None` where it refuses a text, or where it holds what no tour may.
    fn second_opinion(text: &str) -> Option<Value> {
        table(DeTable::parse(text).ok()?.get_ref())
    }

    fn table(table: &DeTable<'_>) -> Option<Value> {
        let entries = table.iter().map(|(key, item)| Some((key.get_ref().to_string(), value(item.get_ref())?)));
        entries.collect::<Option<Map<_, _>>>().map(Value::Object)
    }

    fn value(value: &DeValue<'_>) -> Option<Value> {
        Some(match value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Integer(number) => Value::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
            DeValue::Float(number) => Value::Number(Number::from_f64(number.as_str().parse().ok()?)?),
            DeValue::Datetime(_) => return None,
            DeValue::Array(items) => items.iter().map(|item| self::value(item.get_ref())).collect::<Option<_>>()?,
            DeValue::Table(inner) => table(inner)?,
        })
    }

    fn agree(text: &str) {
        let (first, second) = (parse(text).map(|(value, _)| value), second_opinion(text));
        match (&first, &second) {
            (Ok(first), Some(second)) => assert!(first == second, "{text}"),
            (Err(_), None) => {}
            _ => panic!("{text}\n{:?} against {}", first.err(), second.is_some()),
        }
    }

    #[test]
    fn both_read_the_same() {
        for text in [
            "",
            "a = 1",
            "a.b.c = 1\na.b.d = 2",
            "a.b = 1\na = 2",
            "a = 1\na.b = 2",
            "a = 1\n[a]",
            "[a]\n[a]",
            "[a.b]\n[a]\nx = 1",
            "[a.b]\nx = 1\n[a]\nb.y = 2",
            "[a]\nb.c = 1\n[a.b]\nd = 2",
            "[a]\nb.c = 1\n[a.b.d]",
            "[[a]]\n[[a]]\nx = 1\n[a.b]\ny = 1\n[[a]]\n[a.b]",
            "[a.b.c]\n[a]\nb.d = 1\n[a.b]",
            "[a]\n[[a]]",
            "[[a]]\n[a]",
            "a = []\n[[a]]",
            "a = { b = 1 }\n[a.c]",
            "a = { b = 1, b = 2 }",
            "a = { b.c = 1, b.d = 2 }",
            "a = { b.c = 1, b = 2 }",
            "a = { b = {}, b.c = 1 }",
            "a = [1, 'x', [true], { y = 1.5 }, # c\n ]",
            "[a.b.c.d]\nz=9\n[a]\nb.c.d.k.t = 1",
            "\"a.b\" = 1\na.b = 2",
            "\"\" = 1",
            "'' = 1\n[a]\n'' = 2",
            "a = 0x1F\nb = 1_000\nc = +5\nd = 0b11",
            "a = 1__0",
            "a = \"\\q\"",
            "a = \"\\u00e4\"",
            "a = \"\"\"\nx\n  y \\\n  z\"\"\"",
            "a = '''\nx'''",
            "a = inf",
            "a = nan",
            "a = 1e400",
            "a = 07",
            "a = 9223372036854775808",
            "a = 1979-05-27",
            "a = ",
            "= 1",
            "a",
            "[",
            "[a",
            "[[a]",
            "]",
            "a = [1",
            "a = { b = 1",
            "a = 1 b = 2",
            "# \u{1}",
            "a = 1\r\nb = 2",
            "\u{feff}a = 1",
            "[a]b = 1",
            "[]",
            "[a..b]",
            "a..b = 1",
            "[[a.b]]\n[a]\nb = 1",
            "[[a.b]]\n[[a.b]]\nx = 1\n[a]\nc = 1",
            "a.b = 1\n[a]",
            "a.b.c = 1\n[a.b]",
            "[x]\na.b = 1\n[x.a.c]\nd = 1",
        ] {
            agree(text);
        }
    }

    /// Texts to damage, with all that tours are written with.
    const SAMPLES: [&str; 3] = [
        include_str!("../../../families/consensus/src/raft_election/tours/1-cut-the-leader-off.toml"),
        include_str!("../../../families/partitioning/src/hash_ring/tours/1-one-server-leaves.toml"),
        include_str!("../../../families/time/src/vector_clocks/tours/1-three-nodes.toml"),
    ];

    const KEY: &str = r#"(a|b|a\.b|b\.a|a\.b\.c|"a")"#;

    fn line() -> impl Strategy<Value = String> {
        let value = r"(1|01|'x'|\{ (a|a\.b) = 1(, (b|a\.c) = 2)? \}|\[1, \{ a\.b = 1 \}\])";
        let (entry, header) = (format!("{KEY} = {value}"), r"\[(a|b|a\.b|a\.b\.c|c\.a)\]|\[\[(a|b|a\.b|c\.a)\]\]");
        prop::string::string_regex(&format!("{entry}|{header}")).expect("a fine pattern")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn both_read_the_same_of_anything(lines in prop::collection::vec(line(), 0..7)) {
            agree(&lines.join("\n"));
        }

        #[test]
        fn both_refuse_the_same_damage(
            which in 0..SAMPLES.len(),
            at in 0..100_000usize,
            cut in 0..30usize,
            put in r#"[a-z\n"'=\[\]{}.,#]{0,4}"#,
        ) {
            let mut text: Vec<char> = SAMPLES[which].chars().collect();
            let at = at % text.len();
            let end = (at + cut).min(text.len());
            text.splice(at..end, put.chars());
            agree(&text.into_iter().collect::<String>());
        }
    }
}
