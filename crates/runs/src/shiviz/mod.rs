//! Executions as text that other tools read and write: ShiViz logs, both ways, and Mermaid's sequence diagrams.
//!
//! A ShiViz log has for each event its text, its host, and its vector clock as JSON. Which part is where a regular
//! expression says, with groups named `event`, `host` and `clock`; its own default takes two lines for an event, the
//! text and then `host {"host": 1}`. The local host must be in the clock; its entry counts the host's events from 1.
//! Ivan Beschastnikh et al., "Debugging Distributed Systems", CACM 59(8), 2016; format: bestchai.bitbucket.io/shiviz.
//!
//! Left out: several executions in one log.

mod export;
mod import;
mod mermaid;

pub use export::{EVENTS_MAX, Export};
pub use import::{Imported, ImportedEvent, Malformed, import};
pub use mermaid::Mermaid;

use algorithms::clocks::{Order, VectorClock};
use serde_json::{Map, Value};
use sim::NodeId;

use crate::error::InputError;
use crate::json::kind_of;

/// ShiViz's own default.
pub const DEFAULT_REGEX: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// The other order, which GoVector and many of ShiViz's examples have.
pub const HOST_FIRST_REGEX: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// Most hosts of a log.
pub const HOSTS_MAX: usize = 1_000;

/// How the events with these vector clocks stand to each other; clocks are objects of names and whole numbers, and
/// what is missing is 0.
pub fn compare(first: &str, second: &str) -> Result<Order, InputError> {
    let mut hosts = Hosts::default();
    let mut read = |text: &str, which: &str| -> Result<VectorClock, InputError> {
        let problem = "is no JSON; a clock is written like {\"A\":1}";
        let value = crate::json::parse(text.as_bytes(), problem).map_err(|error| error.within(which))?;
        hosts.clock(&value).map_err(|error| error.within(which))
    };
    let (first, second) = (read(first, "the first clock")?, read(second, "the second clock")?);
    Ok(first.compare(&second))
}

/// Names of hosts, numbered in the order in which they come up.
#[derive(Debug, Default)]
struct Hosts {
    names: Vec<String>,
    numbers: sim::Map<String, u32>,
}

impl Hosts {
    fn number(&mut self, name: &str) -> Result<NodeId, InputError> {
        if let Some(&number) = self.numbers.get(name) {
            return Ok(NodeId(number));
        }
        if self.names.len() == HOSTS_MAX {
            return Err(InputError::new("", format!("there are more than {HOSTS_MAX} hosts")));
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Ok(NodeId(number))
    }

    fn clock(&mut self, value: &Value) -> Result<VectorClock, InputError> {
        let Value::Object(map) = value else {
            let problem = format!("a clock is written like {{\"A\":1}}, not as {}", kind_of(value));
            return Err(InputError::new("", problem));
        };
        self.entries(map)
    }

    fn entries(&mut self, map: &Map<String, Value>) -> Result<VectorClock, InputError> {
        let mut entries = Vec::with_capacity(map.len());
        for (name, count) in map {
            let count = count.as_u64().ok_or_else(|| {
                InputError::new(name.as_str(), format!("counts events with a whole number, not with {count}"))
            })?;
            entries.push((self.number(name)?, count));
        }
        Ok(VectorClock::of(entries))
    }
}
