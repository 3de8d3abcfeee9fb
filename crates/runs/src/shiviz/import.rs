//! Reads a ShiViz log.

use std::collections::BTreeMap;

use algorithms::clocks::{Order, VectorClock};
use regex_lite::{Regex, RegexBuilder};
use serde::de::IgnoredAny;
use sim::NodeId;
use sim::order::sorted_pairs;
use view::lens::space_time::{Event, Message, SpaceTime, Stamp, Standing};
use view::narration::Weight;

use super::{DEFAULT_REGEX, HOST_FIRST_REGEX, Hosts};
use crate::error::InputError;
use crate::json::parse;

/// Most events of a log.
const EVENTS_MAX: usize = 200_000;

/// Longest regular expression, in bytes.
const REGEX_BYTES_MAX: usize = 2_000;

/// An execution that somebody recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The hosts that events are of, and after them others that clocks name.
    pub hosts: Vec<String>,
    /// The events, in the order of the log.
    pub events: Vec<ImportedEvent>,
    /// What is wrong, in the order of lines. Nothing that the log says is missing from events without being here.
    pub malformed: Vec<Malformed>,
}

/// One event of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedEvent {
    /// The line of the log at which it starts, from 1.
    pub line: u32,
    /// The host, by number.
    pub host: u32,
    /// Its vector clock.
    pub clock: VectorClock,
    /// What happened.
    pub text: String,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub problem: String,
}

/// Reads a log by a regular expression with groups named `event`, `host` and `clock`, as JavaScript writes them. Without
/// one, a log that starts with a regular expression of its own is read by that, as ShiViz does with files; one that
/// starts with a host and its clock by [`HOST_FIRST_REGEX`]; any other by [`DEFAULT_REGEX`].
///
/// # Errors
///
/// When nothing can be read at all. What is wrong with single lines is in [`Imported::malformed`].
pub fn import(text: &str, regex: Option<&str>) -> Result<Imported, InputError> {
    let unix;
    let text = if text.contains('\r') {
        unix = text.replace("\r\n", "\n");
        unix.as_str()
    } else {
        text
    };
    let mut lines = text.split_inclusive('\n');
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let own = regex.is_none() && first.contains("(?<host>") && first.contains("(?<clock>");
    if own && !second.trim().is_empty() {
        let problem = "separates executions; a log with several is not read, take them apart";
        return Err(InputError::new("line 2", problem));
    }
    let head = if own { first.len() + second.len() } else { 0 };
    let anchored;
    let pattern = match regex {
        Some(given) => given,
        None if own => {
            anchored = format!("^{}$", first.trim_end_matches('\n'));
            &anchored
        }
        None if starts_with_a_clock(text) => HOST_FIRST_REGEX,
        None => DEFAULT_REGEX,
    };
    let place = if own { "line 1" } else { "the regular expression" };
    let regex = compile(pattern).map_err(|error| error.within(place))?;
    let mut reader = Reader { lines: Lines::new(text, head), ..Reader::default() };
    for found in regex.captures_iter(&text[head..]) {
        let group = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        let line = reader.lines.take(head + whole.start, head + whole.end, &mut reader.malformed);
        let read = reader.event(line, group("host"), group("clock"), group("event"));
        if let Err(InputError { place, problem }) = read {
            let problem = if place.is_empty() { problem } else { format!("{place}: {problem}") };
            reader.malformed.push(Malformed { line, problem });
        }
        if reader.events.len() > EVENTS_MAX {
            return Err(InputError::new("", format!("there are more than {EVENTS_MAX} events")));
        }
    }
    reader.lines.take(text.len(), text.len(), &mut reader.malformed);
    if reader.events.is_empty() {
        let why =
            reader.malformed.first().map_or_else(String::new, |bad| format!("; line {}: {}", bad.line, bad.problem));
        return Err(InputError::new("", format!("there is no event in the log, read by {pattern}{why}")));
    }
    Ok(reader.finish())
}

/// Whether the first line that is not blank is a host and its clock.
fn starts_with_a_clock(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim_end();
    let Some((host, clock)) = first.split_once(' ') else { return false };
    !host.is_empty() && clock.starts_with('{') && serde_json::from_slice::<IgnoredAny>(clock.as_bytes()).is_ok()
}

fn compile(pattern: &str) -> Result<Regex, InputError> {
    let wrong = |problem: String| InputError::new("", problem);
    if pattern.len() > REGEX_BYTES_MAX {
        return Err(wrong(format!("is longer than {REGEX_BYTES_MAX} bytes")));
    }
    for name in ["host", "clock", "event"] {
        if !pattern.contains(&format!("(?<{name}>")) && !pattern.contains(&format!("(?P<{name}>")) {
            return Err(wrong(format!("has no group (?<{name}>…); it takes host, clock and event")));
        }
    }
    let mut builder = RegexBuilder::new(&from_javascript(pattern));
    builder.multi_line(true).build().map_err(|error| wrong(format!("cannot be read: {error}")))
}

/// JavaScript takes a brace that counts nothing for a brace, and so a bracket within brackets.
fn from_javascript(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let (mut in_class, mut rest) = (false, pattern);
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        match character {
            '\\' => {
                taken += rest[1..].chars().next().map_or(0, char::len_utf8);
                // A slash needs no escape anywhere else.
                if &rest[..taken] == "\\/" { out.push('/') } else { out.push_str(&rest[..taken]) }
            }
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '{' if !in_class => match quantifier(rest) {
                Some(length) => {
                    taken = length;
                    out.push_str(&rest[..length]);
                }
                None => out.push_str("\\{"),
            },
            '}' if !in_class => out.push_str("\\}"),
            other => out.push(other),
        }
        rest = &rest[taken..];
    }
    out
}

/// The length of `{2}`, `{2,}` or `{2,5}` at the start of a pattern.
fn quantifier(rest: &str) -> Option<usize> {
    let end = rest.find('}')?;
    let (low, high) = rest[1..end].split_once(',').unwrap_or((&rest[1..end], "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!low.is_empty() && digits(low) && digits(high)).then_some(end + 1)
}

/// Follows which lines belong to events, and complains about the others.
#[derive(Debug, Default)]
struct Lines<'a> {
    text: &'a str,
    /// Everything before has been looked at: a position, and the number of its line.
    at: usize,
    line: u32,
    /// Where the last event ended.
    end: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str, head: usize) -> Self {
        let line = 1 + text[..head].matches('\n').count() as u32;
        Self { text, at: head, line, end: head }
    }

    /// An event goes from `start` to `end`: complains about lines before it that are of no event, and returns the
    /// number of its first line.
    fn take(&mut self, start: usize, end: usize, malformed: &mut Vec<Malformed>) -> u32 {
        // The line in which the last event ended, or the file began, may go on.
        while let Some(length) = self.text[self.at..].find('\n').filter(|length| self.at + length < start) {
            let line_end = self.at + length;
            self.complain(line_end, malformed);
            self.at = line_end + 1;
            self.line += 1;
        }
        if start == self.text.len() {
            self.complain(start, malformed);
        }
        self.end = end;
        self.line
    }

    fn complain(&self, line_end: usize, malformed: &mut Vec<Malformed>) {
        let touched = self.end > self.at;
        if !touched && !self.text[self.at..line_end].trim().is_empty() {
            malformed.push(Malformed { line: self.line, problem: "belongs to no event".into() });
        }
    }
}

#[derive(Debug, Default)]
struct Reader<'a> {
    lines: Lines<'a>,
    hosts: Hosts,
    events: Vec<ImportedEvent>,
    malformed: Vec<Malformed>,
}

impl Reader<'_> {
    fn event(&mut self, line: u32, host: &str, clock: &str, text: &str) -> Result<(), InputError> {
        if host.is_empty() {
            return Err(InputError::new("", "has no host"));
        }
        // TLA+ writes its quotation marks with backslashes.
        let problem = format!("the clock of {host} is no JSON");
        let value = parse(clock.as_bytes(), &problem)
            .or_else(|error| parse(clock.replace("\\\"", "\"").as_bytes(), "").map_err(|_| error))?;
        let number = self.hosts.number(host)?;
        let clock = self.hosts.clock(&value).map_err(|error| error.within("the clock"))?;
        if clock.get(number) == 0 {
            return Err(InputError::new("", format!("the clock of {host} does not count its own events")));
        }
        self.events.push(ImportedEvent { line, host: number.0, clock, text: text.trim().to_owned() });
        Ok(())
    }

    /// Checks that the clocks belong together, and leaves out what is there twice.
    fn finish(mut self) -> Imported {
        let mut chains: Vec<BTreeMap<u64, u32>> = vec![BTreeMap::new(); self.hosts.names.len()];
        let mut kept: Vec<ImportedEvent> = Vec::with_capacity(self.events.len());
        for event in self.events {
            let own = event.clock.get(NodeId(event.host));
            let chain = &mut chains[event.host as usize];
            if let Some(&other) = chain.get(&own) {
                let (host, line) = (&self.hosts.names[event.host as usize], kept[other as usize].line);
                let problem = format!("event {own} of {host} is in line {line} already");
                self.malformed.push(Malformed { line: event.line, problem });
            } else {
                chain.insert(own, kept.len() as u32);
                kept.push(event);
            }
        }
        for (host, chain) in chains.iter().enumerate() {
            let name = &self.hosts.names[host];
            let (mut expected, mut before): (u64, Option<&VectorClock>) = (1, None);
            for (&own, &number) in chain {
                let event = &kept[number as usize];
                let mut complain = |problem: String| self.malformed.push(Malformed { line: event.line, problem });
                if own != expected {
                    complain(format!("event {own} of {name} follows event {}", expected - 1));
                }
                if before.is_some_and(|before| !before.at_most(&event.clock)) {
                    complain(format!("event {own} of {name} has forgotten what event {} knew", expected - 1));
                }
                for (other, count) in event.clock.entries() {
                    let news = before.is_none_or(|before| before.get(other) < count) && other.index() != host;
                    let known = news.then(|| chains[other.index()].get(&count)).flatten();
                    let other_name = &self.hosts.names[other.index()];
                    match known {
                        None if news => {
                            complain(format!(
                                "event {own} of {name} knows of event {count} of {other_name}, which is not here"
                            ));
                        }
                        Some(&cause) if !kept[cause as usize].clock.at_most(&event.clock) => {
                            complain(format!(
                                "event {own} of {name} knows of event {count} of {other_name}, but not of all that it knew"
                            ));
                        }
                        _ => {}
                    }
                }
                (expected, before) = (own.saturating_add(1), Some(&event.clock));
            }
        }
        view::order::by_key(&mut self.malformed, |bad| bad.line);
        Imported { hosts: self.hosts.names, events: kept, malformed: self.malformed }
    }
}

impl Imported {
    /// How two events stand to each other.
    #[must_use]
    pub fn order(&self, first: u32, second: u32) -> Order {
        self.events[first as usize].clock.compare(&self.events[second as usize].clock)
    }

    /// How many hosts have events.
    #[must_use]
    pub fn hosts_with_events(&self) -> usize {
        self.events.iter().map(|event| event.host).collect::<sim::Set<_>>().len()
    }

    /// The events of each host in their order there: how many there were before, and which.
    fn chains(&self) -> Vec<Vec<(u64, u32)>> {
        let mut chains: Vec<BTreeMap<u64, u32>> = vec![BTreeMap::new(); self.hosts.len()];
        for (number, event) in (0u32..).zip(&self.events) {
            chains[event.host as usize].insert(event.clock.get(NodeId(event.host)), number);
        }
        let list = |chain: &BTreeMap<u64, u32>| chain.iter().map(|(&own, &number)| (own, number)).collect();
        chains.iter().map(list).collect()
    }

    /// How many pairs of events are concurrent: all, less those of which one knows of the other.
    #[must_use]
    pub fn concurrent_pairs(&self) -> u64 {
        let chains = self.chains();
        let mut ordered = 0;
        for event in &self.events {
            for (host, count) in event.clock.entries() {
                let chain = &chains[host.index()];
                ordered += chain.partition_point(|&(own, _)| own <= count) as u64;
            }
            // Itself.
            ordered -= 1;
        }
        let count = self.events.len() as u64;
        (count * count.saturating_sub(1) / 2).saturating_sub(ordered)
    }

    /// The messages that the clocks show: for each event, what it knows more than the event before it at its host, by
    /// the shortest way. A message that brings nothing new leaves no trace in clocks.
    #[must_use]
    pub fn messages(&self) -> Vec<(u32, u32)> {
        let chains = self.chains();
        let mut messages = Vec::new();
        for chain in &chains {
            let mut before: Option<&VectorClock> = None;
            for &(_, number) in chain {
                let event = &self.events[number as usize];
                let news: Vec<(NodeId, u64, u32)> = event
                    .clock
                    .entries()
                    .filter(|(host, count)| {
                        host.0 != event.host && before.is_none_or(|before| before.get(*host) < *count)
                    })
                    .filter_map(|(host, count)| {
                        let chain = &chains[host.index()];
                        let place = chain.partition_point(|&(own, _)| own <= count).checked_sub(1)?;
                        Some((host, chain[place].0, chain[place].1))
                    })
                    .collect();
                for &(host, own, sent) in &news {
                    let through = |other: &(NodeId, u64, u32)| {
                        other.2 != sent && self.events[other.2 as usize].clock.get(host) >= own
                    };
                    if !news.iter().any(through) {
                        messages.push((sent, number));
                    }
                }
                before = Some(&event.clock);
            }
        }
        sorted_pairs(messages)
    }

    /// The log as a diagram. There is no time in a log: events stand where logical time puts them, one step apart.
    #[must_use]
    pub fn space_time(&self) -> SpaceTime {
        // Whatever comes before another knows of less.
        let known = |event: &ImportedEvent| event.clock.entries().map(|(_, count)| u128::from(count)).sum::<u128>();
        let known: Vec<u128> = self.events.iter().map(known).collect();
        let mut order: Vec<u32> = (0..known.len() as u32).collect();
        view::order::by_key(&mut order, |&number| known[number as usize]);
        let mut place_of = vec![0u32; order.len()];
        for (place, &number) in (0u32..).zip(&order) {
            place_of[number as usize] = place;
        }
        let events = (1u64..).zip(&order).map(|(step, &number)| {
            let event = &self.events[number as usize];
            let vector = event.clock.entries().map(|(host, count)| (self.hosts[host.index()].clone(), count));
            Event {
                process: event.host,
                step,
                time_us: 0,
                text: event.text.clone(),
                label: event.text.clone(),
                weight: Weight::Event,
                topic: ("event", "events"),
                standing: Standing::Same,
                stamp: Stamp { vector: vector.collect(), ..Stamp::default() },
            }
        });
        let messages = self.messages().into_iter().map(|(from, to)| Message {
            id: String::new(),
            kind: String::new(),
            sender: self.events[from as usize].host,
            receiver: self.events[to as usize].host,
            from: Some(place_of[from as usize]),
            to: Some(place_of[to as usize]),
            lost: false,
            due_us: None,
        });
        let mut diagram = SpaceTime {
            processes: self.hosts.clone(),
            events: events.collect(),
            messages: messages.collect(),
            left_out: 0,
        };
        for (event, step) in diagram.logical_steps().into_iter().enumerate() {
            diagram.events[event].time_us = u64::from(step);
        }
        diagram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_javascript_are_understood() {
        for (javascript, ours) in [
            ("(?<clock>{.*})", r"(?<clock>\{.*\})"),
            (r"(?<clock>\{.*\})", r"(?<clock>\{.*\})"),
            (r"\d{2}:\d{1,3}:\d{4,}", r"\d{2}:\d{1,3}:\d{4,}"),
            ("{,3}", r"\{,3\}"),
            ("[^{}[]+", r"[^{}\[]+"),
            (r"a\/b", "a/b"),
        ] {
            assert_eq!(from_javascript(javascript), ours);
        }
        assert!(compile(DEFAULT_REGEX).is_ok() && compile(HOST_FIRST_REGEX).is_ok());
    }

    #[test]
    fn a_pattern_that_cannot_work_says_why() {
        let problem = |pattern: &str| compile(pattern).unwrap_err().to_string();
        assert!(problem("(?<host>a)(?<clock>b)").contains("no group (?<event>"));
        assert!(problem("(?<host>a)(?<clock>b)(?<event>c").contains("cannot be read"));
        assert!(problem("(?<host>a)(?<clock>b)(?<event>c)(?=d)").contains("cannot be read"));
        assert!(problem(&"x".repeat(3_000)).contains("longer than"));
    }
}
