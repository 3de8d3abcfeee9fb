//! What the page says about somebody's input: one problem at a time.

use serde_json::json;

use crate::platform::api::{self, Topic};
use crate::reactive::RwSignal;
use crate::signals::Signals;

/// The page's problem, if it has one; copies share it.
#[derive(Clone, Copy)]
pub struct Notices {
    /// What is shown.
    pub problem: RwSignal<Option<String>>,
}

impl Notices {
    /// No problem.
    pub fn new(signals: Signals) -> Self {
        Self { problem: signals.signal(None) }
    }

    /// Shows a problem, and tells whoever listens.
    pub fn report(self, problem: String) {
        api::emit(Topic::Error, || json!({"message": problem}));
        self.problem.set(Some(problem));
    }

    /// Shows none any more.
    pub fn clear(self) {
        self.problem.set(None);
    }
}
