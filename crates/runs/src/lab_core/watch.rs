//! Who is in charge, found out from a lab's notes while its run is simulated.

use std::marker::PhantomData;

use sim::{Command, Event, Observer, Outcome, Record, World};

use crate::bands::{RoleChange, Spans};
use crate::lab::Lab;

/// Watches a run: knows what a lab's notes mean for its nodes' roles.
pub(super) struct Watch<L> {
    spans: Spans,
    lab: PhantomData<fn() -> L>,
}

impl<L> Clone for Watch<L> {
    fn clone(&self) -> Self {
        Self { spans: self.spans.clone(), lab: PhantomData }
    }
}

impl<L> Watch<L> {
    pub(super) fn new() -> Self {
        Self { spans: Spans::new(), lab: PhantomData }
    }

    pub(super) const fn spans(&self) -> &Spans {
        &self.spans
    }
}

impl<L: Lab> Observer<L::Protocol> for Watch<L> {
    fn observe(&mut self, record: &Record<L::Protocol>, _world: &World<L::Protocol>) {
        let command = matches!(record.event, Event::Command(_));
        if !command && !record.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Noted(_))) {
            return;
        }
        let ends = match &record.event {
            Event::Command(Command::Crash(node) | Command::RemoveNode(node)) => Some((*node, RoleChange::Ends)),
            _ => None,
        };
        let said = record.noted().filter_map(|(node, note)| Some((node, L::role_change(note)?)));
        self.spans.enter((record.step, record.time_us), ends.into_iter().chain(said).collect(), command);
    }
}
