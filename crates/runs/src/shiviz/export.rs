//! Writes a run as a ShiViz log, event by event.

use algorithms::clocks::VectorClock;
use serde_json::Value;
use sim::{Map, NodeId};

use crate::error::{InputError, OneLine};
use crate::space_time::Moment;
use view::lens::space_time::Standing;

/// Most events of a log: each keeps its clock, because a message may be on its way for as long as the run goes on.
pub const EVENTS_MAX: u32 = 250_000;

/// Gives the events of a run vector clocks.
#[derive(Debug)]
pub struct Export {
    processes: Vec<String>,
    newest: Vec<VectorClock>,
    /// The host that each process is now: a process that starts anew is another one.
    host_of: Vec<NodeId>,
    /// The clock of each step that was an event. There are many; what is new is the last.
    of_step: Map<u64, VectorClock>,
}

impl Export {
    /// Starts a log of a run with these processes.
    #[must_use]
    pub fn new(processes: Vec<String>) -> Self {
        let newest = vec![VectorClock::default(); processes.len()];
        let host_of = (0..processes.len() as u32).map(NodeId).collect();
        Self { processes, newest, host_of, of_step: Map::new() }
    }

    /// The next step of the run as two lines, if it is an event of a process.
    pub fn lines(&mut self, moment: &Moment) -> Result<Option<String>, InputError> {
        if self.of_step.len() >= EVENTS_MAX as usize {
            let problem = format!("the run has more than {EVENTS_MAX} events; --for ends it sooner");
            return Err(InputError::new("", problem));
        }
        let Some(place) = moment.process.map(|process| process as usize).filter(|&at| at < self.host_of.len()) else {
            return Ok(None);
        };
        if moment.standing == Standing::Anew && !self.newest[self.host_of[place].index()].is_empty() {
            self.host_of[place] = NodeId(self.newest.len() as u32);
            self.newest.push(VectorClock::default());
            // Names stay apart however often one starts anew.
            let primes =
                "′".repeat(self.processes.iter().filter(|name| name.starts_with(&self.processes[place])).count());
            self.processes.push(format!("{}{primes}", self.processes[place]));
        }
        let me = self.host_of[place];
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
