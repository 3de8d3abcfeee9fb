//! Reading a tour: strictly, so that whoever writes one is told at once what will not work.

use serde_json::{Map, Value};
use sim::Command;

use super::words::{self, Paragraph};
use super::{
    Attempt, COMMANDS_MAX, CONTROLS, FORMAT_VERSION, Planned, SPEED_RANGE, STEPS_MAX, Step, TIME_US_MAX, Tour,
    TourError, Wait, link, source,
};
use crate::catalogue::{Catalogue, Listed};
use crate::command::{self, Roster, parse_duration};
use crate::error::InputError;
use crate::json::{Fields, check_depth, kind_of};
use crate::run::{Run, SEED_MAX};

const ID_MAX: usize = 64;
const TITLE_MAX: usize = 80;
const SUMMARY_MAX: usize = 300;
const WORDS_MAX: usize = 1_200;
const NOTES_MAX: usize = 4_000;
const LABEL_MAX: usize = 40;
const NAMES_MAX: usize = 20;

/// How the five kinds of verdicts are written.
const STATUSES: [&str; 5] = ["holds", "violated", "pending", "met", "unseen"];

impl Tour {
    /// Reads the text of a tour.
    pub fn read(catalogue: &Catalogue, text: &str) -> Result<Self, TourError> {
        link::check_size(text)?;
        let (value, lines) = source::parse(text)?;
        read_tour(catalogue, &value, lines.clone()).map_err(|error| lines.locate(error))
    }

    /// The lab that the text of a tour is about, for whoever has to fetch its code before the rest can be read. None
    /// where it names none: reading says what is wrong then.
    #[must_use]
    pub fn lab_of(catalogue: &Catalogue, text: &str) -> Option<&'static Listed> {
        link::check_size(text).ok()?;
        let (value, _) = source::parse(text).ok()?;
        catalogue.find(value.get("lab")?.as_str()?).ok()
    }

    /// The run that the tour opens with, without any command.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.steps[0].base
    }

    /// A problem with a step's field that only playing brings to light.
    pub(super) fn problem(&self, index: usize, field: &str, problem: impl Into<String>) -> TourError {
        self.lines.locate(InputError::new(format!("step[{index}].{field}"), problem))
    }
}

fn read_tour(catalogue: &Catalogue, value: &Value, lines: source::Lines) -> Result<Tour, InputError> {
    check_depth(value)?;
    let mut fields = Fields::of(value, "a tour")?;
    let format = fields.whole("format", u64::MAX)?.ok_or_else(|| InputError::new("format", "is missing"))?;
    if format != FORMAT_VERSION {
        let problem = format!("{format} is not known here; this is netsplit's format {FORMAT_VERSION} of tours");
        return Err(InputError::new("format", problem));
    }
    let id = identifier(&mut fields, "id")?;
    let title = line(&mut fields, "title", TITLE_MAX)?;
    let summary = line(&mut fields, "summary", SUMMARY_MAX)?;
    let run = read_run(catalogue, &mut fields)?;
    let Value::Array(items) = fields.need("step")? else {
        return Err(InputError::new("step", "is a list: each step starts with [[step]]"));
    };
    if items.is_empty() || items.len() > STEPS_MAX {
        return Err(InputError::new("step", format!("has {} entries; 1 to {STEPS_MAX} are fine", items.len())));
    }
    fields.finish()?;
    let mut reader = Reader::new(run)?;
    let mut steps = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        steps.push(reader.step(item, index > 0).map_err(|error| error.within(&format!("step[{index}]")))?);
    }
    Ok(Tour { id, title, summary, steps, lines })
}

fn read_run(catalogue: &Catalogue, fields: &mut Fields<'_>) -> Result<Run, InputError> {
    let mut run = Run::of_lab(catalogue, fields.text("lab")?)?;
    if fields.get("variant").is_some() {
        run.variant = run.entry.info.variant(fields.text("variant")?)?;
    }
    run.set_seed(fields.whole("seed", SEED_MAX)?.unwrap_or(1))?;
    if let Some(set) = fields.get("set") {
        let Value::Object(set) = set else {
            return Err(InputError::new("set", format!("is a table, not {}", kind_of(set))));
        };
        for (key, value) in set {
            run.settings.set_json(run.entry.info.params, key, value)?;
        }
    }
    Ok(run)
}

/// Reads steps one after the other.
struct Reader {
    /// The run of the present step, without commands.
    base: Run,
    roster: Roster,
    properties: Vec<&'static str>,
    /// The latest `at` that a step has named.
    at_us: u64,
    commands: usize,
}

impl Reader {
    fn new(base: Run) -> Result<Self, InputError> {
        let roster = Roster::new(&(base.entry.names)(base.chosen()), base.entry.info);
        let session = base.open()?;
        let properties = session.verdicts().iter().map(|verdict| verdict.property).collect();
        Ok(Self { base, roster, properties, at_us: 0, commands: 0 })
    }

    fn step(&mut self, value: &Value, later: bool) -> Result<Step, InputError> {
        let mut fields = Fields::of(value, "a step")?;
        let anew = fields.get("variant").is_some();
        if anew {
            if !later {
                return Err(InputError::new("variant", "stands above the first step, for the whole tour"));
            }
            let variant = self.base.entry.info.variant(fields.text("variant")?)?;
            let commands = self.commands;
            *self = Self { commands, ..Self::new(Run { variant, ..self.base.clone() })? };
        }
        let words = read_words(&mut fields)?;
        let at_us = time(&mut fields, "at")?;
        if let Some(at_us) = at_us {
            if at_us < self.at_us {
                let problem = format!("{} ms is before {} ms, where a step above begins", ms(at_us), ms(self.at_us));
                return Err(InputError::new("at", problem));
            }
            self.at_us = at_us;
        }
        let commands = match fields.get("do") {
            Some(commands) => self.commands(commands).map_err(|error| error.within("do"))?,
            None => Vec::new(),
        };
        let attempt = match fields.get("try") {
            Some(attempt) => Some(self.attempt(attempt).map_err(|error| error.within("try"))?),
            None => None,
        };
        let highlight = self.names(&mut fields, "highlight", |reader, name| reader.check_highlight(name))?;
        let lenses = self.names(&mut fields, "lens", |reader, name| reader.check_lens(name))?;
        let speed = read_speed(&mut fields)?;
        let wait = match fields.get("wait") {
            Some(wait) => Some(self.wait(wait).map_err(|error| error.within("wait"))?),
            None => None,
        };
        if let Some(Wait::Command { word }) = &wait
            && !attempt.iter().flat_map(|attempt| &attempt.commands).any(|planned| planned.word == *word)
        {
            let problem = format!("the reader is not asked to {word}: `try` has no such command");
            return Err(InputError::new("wait.command", problem));
        }
        let go_on = fields.flag("go_on", false)?;
        if go_on && wait.is_none() {
            return Err(InputError::new("go_on", "means something only together with wait"));
        }
        let notes = if fields.get("notes").is_some() { text(&mut fields, "notes", NOTES_MAX)? } else { String::new() };
        fields.finish()?;
        let base = self.base.clone();
        Ok(Step { words, base, anew, at_us, commands, attempt, highlight, lenses, speed, wait, go_on, notes })
    }

    fn attempt(&mut self, value: &Value) -> Result<Attempt, InputError> {
        let mut fields = Fields::of(value, "what the reader is asked to do")?;
        let label = line(&mut fields, "label", LABEL_MAX)?;
        let commands = self.commands(fields.need("do")?).map_err(|error| error.within("do"))?;
        if commands.is_empty() {
            return Err(InputError::new("do", "is empty; the button would do nothing"));
        }
        fields.finish()?;
        Ok(Attempt { label, commands })
    }

    fn commands(&mut self, value: &Value) -> Result<Vec<Planned>, InputError> {
        let Value::Array(items) = value else {
            return Err(InputError::new("", format!("is a list, not {}", kind_of(value))));
        };
        self.commands += items.len();
        if self.commands > COMMANDS_MAX {
            return Err(InputError::new("", format!("is too much: a tour takes {COMMANDS_MAX} commands at most")));
        }
        let read = |(index, item)| self.command(item).map_err(|error| error.within(&format!("[{index}]")));
        items.iter().enumerate().map(read).collect()
    }

    fn command(&mut self, value: &Value) -> Result<Planned, InputError> {
        let Value::Object(map) = value else {
            return Err(InputError::new(
                "",
                format!("is a table such as {{ do = \"crash\", node = \"n1\" }}, not {}", kind_of(value)),
            ));
        };
        let at_us = match map.get("at") {
            Some(at) => Some(read_time(at).map_err(|error| error.within("at"))?),
            None => None,
        };
        let untimed: Map<String, Value> =
            map.iter().filter(|(key, _)| *key != "at").map(|(key, value)| (key.clone(), value.clone())).collect();
        let entry = self.base.entry;
        let roster = &self.roster;
        let command = command::read_untimed(&Value::Object(untimed), roster, |op| {
            (entry.check_op)(op, roster.names(), entry.info.ops)?;
            Ok(op.clone())
        })?;
        if let Command::AddNode(node) = command {
            self.roster.add(node);
        }
        // It has been read, so it has a word.
        let word = map.get("do").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Planned { at_us, command, word })
    }

    fn wait(&self, value: &Value) -> Result<Wait, InputError> {
        let mut fields = Fields::of(value, "what a step waits for")?;
        let kinds = ["note", "property", "time", "command"];
        let given: Vec<&str> = kinds.into_iter().filter(|kind| value.get(kind).is_some()).collect();
        let [kind] = given.as_slice() else {
            return Err(InputError::new("", format!("takes exactly one of {}", kinds.join(", "))));
        };
        let wait = match *kind {
            "note" => Wait::Note {
                note: identifier(&mut fields, "note")?,
                node: match fields.get("node") {
                    Some(_) => {
                        let name = fields.text("node")?;
                        Some(self.node(name).map_err(|error| error.within("node"))?.to_owned())
                    }
                    None => None,
                },
                within_us: within(&mut fields)?,
            },
            "property" => {
                let property = fields.text("property")?;
                if !self.properties.contains(&property) {
                    let problem =
                        format!("there is no property \"{property}\"; there are {}", self.properties.join(", "));
                    return Err(InputError::new("property", problem));
                }
                let status = fields.text("status")?;
                if !STATUSES.contains(&status) {
                    return Err(InputError::new(
                        "status",
                        format!("is one of {}, not \"{status}\"", STATUSES.join(", ")),
                    ));
                }
                Wait::Property { property: property.into(), status: status.into(), within_us: within(&mut fields)? }
            }
            "time" => match time(&mut fields, "time")? {
                None | Some(0) => return Err(InputError::new("time", "is a time above zero")),
                Some(time_us) => Wait::Time { time_us },
            },
            _ => Wait::Command { word: identifier(&mut fields, "command")? },
        };
        fields.finish()?;
        Ok(wait)
    }

    fn node<'a>(&self, name: &'a str) -> Result<&'a str, InputError> {
        self.roster.require(name).map(|()| name)
    }

    fn names(
        &self,
        fields: &mut Fields<'_>,
        key: &'static str,
        check: impl Fn(&Self, &str) -> Result<(), InputError>,
    ) -> Result<Vec<String>, InputError> {
        let items = match fields.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(InputError::new(key, format!("is a list of names, not {}", kind_of(other)))),
        };
        if items.len() > NAMES_MAX {
            return Err(InputError::new(key, format!("has {} names; {NAMES_MAX} are the most", items.len())));
        }
        let mut names = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{key}[{index}]");
            let name = item
                .as_str()
                .ok_or_else(|| InputError::new(place.as_str(), format!("is a name, not {}", kind_of(item))))?;
            check(self, name).map_err(|error| error.within(&place))?;
            names.push(name.to_owned());
        }
        Ok(names)
    }

    fn check_highlight(&self, name: &str) -> Result<(), InputError> {
        let lenses = super::lenses(self.base.entry.info);
        if CONTROLS.contains(&name) || lenses.contains(&name) || self.node(name).is_ok() {
            return Ok(());
        }
        if let Some((a, b)) = name.split_once('-')
            && self.node(a).is_ok()
        {
            return self.node(b).map(|_| ());
        }
        let problem = format!(
            "\"{name}\" is no node, no link such as n1-n2, no control ({}) and no lens ({})",
            CONTROLS.join(", "),
            lenses.join(", ")
        );
        Err(InputError::new("", problem))
    }

    fn check_lens(&self, name: &str) -> Result<(), InputError> {
        let lenses = super::lenses(self.base.entry.info);
        if lenses.contains(&name) {
            return Ok(());
        }
        Err(InputError::new("", format!("there is no lens \"{name}\"; there are {}", lenses.join(", "))))
    }
}

fn read_words(fields: &mut Fields<'_>) -> Result<Vec<Paragraph>, InputError> {
    words::parse(&text(fields, "words", WORDS_MAX)?).map_err(|error| error.within("words"))
}

fn read_speed(fields: &mut Fields<'_>) -> Result<Option<f64>, InputError> {
    let Some(value) = fields.get("speed") else { return Ok(None) };
    let (slowest, fastest) = SPEED_RANGE;
    match value.as_f64() {
        Some(speed) if (slowest..=fastest).contains(&speed) => Ok(Some(speed)),
        _ => Err(InputError::new("speed", format!("is a number from {slowest} to {fastest}, not {value}"))),
    }
}

/// A text that says something.
fn text(fields: &mut Fields<'_>, key: &'static str, most: usize) -> Result<String, InputError> {
    let text = fields.text(key)?.trim();
    let count = text.chars().count();
    if count == 0 || count > most {
        return Err(InputError::new(key, format!("has {count} characters; 1 to {most} are fine")));
    }
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err(InputError::new(key, "has a control character"));
    }
    Ok(text.to_owned())
}

/// A text in one line.
fn line(fields: &mut Fields<'_>, key: &'static str, most: usize) -> Result<String, InputError> {
    let text = text(fields, key, most)?;
    if text.chars().any(char::is_control) {
        return Err(InputError::new(key, "is one line"));
    }
    Ok(text)
}

fn identifier(fields: &mut Fields<'_>, key: &'static str) -> Result<String, InputError> {
    let text = fields.text(key)?;
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > ID_MAX || !text.bytes().all(fine) {
        let problem = format!("is made of 1 to {ID_MAX} of a–z, 0–9 and -, not \"{text}\"");
        return Err(InputError::new(key, problem));
    }
    Ok(text.to_owned())
}

fn within(fields: &mut Fields<'_>) -> Result<u64, InputError> {
    match time(fields, "within")? {
        None => Err(InputError::new("within", "is missing: how long the reader waits at most, such as \"2s\"")),
        Some(0) => Err(InputError::new("within", "is a time above zero")),
        Some(within_us) => Ok(within_us),
    }
}

fn time(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<u64>, InputError> {
    fields.get(key).map(|value| read_time(value).map_err(|error| error.within(key))).transpose()
}

fn read_time(value: &Value) -> Result<u64, InputError> {
    let Value::String(text) = value else {
        return Err(InputError::new("", format!("is a text like \"250ms\" or \"1.2s\", not {}", kind_of(value))));
    };
    match parse_duration(text) {
        None => Err(InputError::new("", format!("is a time like \"250ms\" or \"1.2s\", not \"{text}\""))),
        Some(time_us) if time_us > TIME_US_MAX => {
            Err(InputError::new("", format!("{text} is too late; {} s are the most", TIME_US_MAX / 1_000_000)))
        }
        Some(time_us) => Ok(time_us),
    }
}

fn ms(time_us: u64) -> f64 {
    time_us as f64 / 1_000.0
}
