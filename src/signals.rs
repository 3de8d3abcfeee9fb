//! Signals that live as long as the page, or as long as a run is open on it.
//!
//! A signal keeps a list of its subscribers, and of those that belonged to a view that is gone nobody else takes them
//! off. So what outlives the views that read it is made here: a signal that was made is registered, and when another
//! run is opened all of them drop their stale subscribers together.

use std::rc::Rc;

use crate::reactive::{RwSignal, StoredValue};

/// Makes signals and remembers them; copies share what they remember.
#[derive(Clone, Copy)]
pub struct Signals {
    drops: StoredValue<Vec<Rc<dyn Fn()>>>,
}

impl Signals {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { drops: StoredValue::new(Vec::new()) }
    }

    /// A signal that lives as long as what is around the call.
    pub fn signal<T: Send + Sync + 'static>(self, value: T) -> RwSignal<T> {
        let signal = RwSignal::new(value);
        self.drops.update_value(|drops| {
            // Whoever still listens runs once more and is on the list again.
            drops.push(Rc::new(move || {
                signal.notify();
                signal.drop_readers();
            }));
        });
        signal
    }

    /// Drops the subscribers of views that are gone, of all signals.
    pub fn drop_stale_subscribers(self) {
        let drops = self.drops.get_value();
        drops.iter().for_each(|drop_stale| drop_stale());
    }
}
