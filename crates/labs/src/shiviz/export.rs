//! Writes a run as a ShiViz log, event by event.

use std::collections::BTreeMap;

use algorithms::clocks::VectorClock;
use serde_json::Value;
use sim::NodeId;

use crate::error::{InputError, OneLine};
use crate::space_time::Moment;

/// Most events of a log: each keeps its clock, because a message may be on its way for as long as the run goes on.
pub const EVENTS_MAX: u32 = 250_000;

/// Gives the events of a run vector clocks.
#[derive(Debug)]
pub struct Export {
    processes: Vec<String>,
    newest: Vec<VectorClock>,
    /// The clock of each step that was an event.
    of_step: BTreeMap<u64, VectorClock>,
}

impl Export {
    /// Starts a log of a run with these processes.
    #[must_use]
    pub fn new(processes: Vec<String>) -> Self {
        let newest = vec![VectorClock::default(); processes.len()];
        Self { processes, newest, of_step: BTreeMap::new() }
    }

    /// The next step of the run as two lines, if it is an event of a process.
    pub fn lines(&mut self, moment: &Moment) -> Result<Option<String>, InputError> {
        if self.of_step.len() >= EVENTS_MAX as usize {
            let problem = format!("the run has more than {EVENTS_MAX} events; --for ends it sooner");
            return Err(InputError::new("", problem));
        }
        let Some(me) = moment.process.map(NodeId).filter(|me| me.index() < self.newest.len()) else {
            return Ok(None);
        };
        let clock = &mut self.newest[me.index()];
        match moment.received.as_ref().and_then(|(_, sent)| self.of_step.get(sent)) {
            Some(attached) => clock.receive(me, attached),
            None => clock.tick(me),
        }
        self.of_step.insert(moment.step, clock.clone());
        let name = |node: NodeId| self.processes[node.index()].as_str();
        let entries = clock.entries().map(|(node, count)| (name(node).to_owned(), Value::from(count)));
        let clock = Value::Object(entries.collect());
        let text = format!("{:.6} s: {}", moment.time_us as f64 / 1e6, OneLine(&moment.text));
        Ok(Some(format!("{text}\n{} {clock}\n", name(me))))
    }
}
