//! An execution as a graph, and whether one event happened before another: by search, so that clocks can be held
//! against it.

use super::Order;

/// Events and what directly precedes them.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    events: Vec<Event>,
}

#[derive(Clone, Debug)]
struct Event {
    process: u32,
    previous: Option<u32>,
    received: Option<u32>,
}

impl Execution {
    /// Adds an event to a process: a receipt when `received` says which event sent the message. Returns its number.
    ///
    /// # Panics
    ///
    /// When `received` is not the number of an event.
    pub fn add(&mut self, process: u32, received: Option<u32>) -> u32 {
        let number = self.events.len() as u32;
        assert!(received.is_none_or(|sent| sent < number), "a message is sent before it is received");
        let previous = self.events.iter().rposition(|event| event.process == process).map(|place| place as u32);
        self.events.push(Event { process, previous, received });
        number
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether one happened before the other.
    #[must_use]
    pub fn happened_before(&self, first: u32, second: u32) -> bool {
        let mut seen = vec![false; self.events.len()];
        let mut open = vec![second];
        while let Some(number) = open.pop() {
            let event = &self.events[number as usize];
            for before in [event.previous, event.received].into_iter().flatten() {
                if before == first {
                    return true;
                }
                if !std::mem::replace(&mut seen[before as usize], true) {
                    open.push(before);
                }
            }
        }
        false
    }

    /// How two events stand to each other.
    #[must_use]
    pub fn order(&self, first: u32, second: u32) -> Order {
        if first == second {
            return Order::Equal;
        }
        match (self.happened_before(first, second), self.happened_before(second, first)) {
            (true, _) => Order::Before,
            (false, true) => Order::After,
            (false, false) => Order::Concurrent,
        }
    }
}
