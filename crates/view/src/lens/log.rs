//! The replicated log: a row per server, a column per index.

use crate::stage::Condition;

/// Which columns are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogWindow {
    /// The last index to show; none for the end, wherever it is.
    pub last: Option<u64>,
    /// How many columns at most.
    pub columns: u32,
}

/// A window onto the logs of all servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The first index in the window.
    pub first: u64,
    /// The last index in the window; one less than `first` while all logs are empty.
    pub last: u64,
    /// The last index that any log has.
    pub end: u64,
    /// The servers.
    pub rows: Vec<Row>,
}

/// One server's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The server's name.
    pub node: String,
    /// What it is, such as "leader"; "crashed" while only its disk is there.
    pub role: String,
    /// Whether it runs. What a crashed server shows is what its disk has.
    pub condition: Condition,
    /// Whether it leads.
    pub leads: bool,
    /// The hue of its term.
    pub hue: Option<u32>,
    /// Everything up to this index is in a snapshot; 0 for none.
    pub snapshot: u64,
    /// Up to where it is committed, as far as it knows.
    pub commit: u64,
    /// What the newest leader knows of it.
    pub progress: Option<Progress>,
    /// The entries within the window, in order.
    pub cells: Vec<Cell>,
}

/// How far a server is, as its leader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The next entry that it will be sent.
    pub next: u64,
    /// Up to where its log is known to agree.
    pub matched: u64,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its index.
    pub index: u64,
    /// The term of the leader that made it.
    pub term: u64,
    /// The hue of that term.
    pub hue: Option<u32>,
    /// What it holds, in a few characters.
    pub text: String,
    /// What it holds, in full.
    pub what: String,
    /// Whether this server knows that it is committed.
    pub committed: bool,
    /// Whether this server has applied it.
    pub applied: bool,
    /// Whether it is on this server's disk.
    pub durable: bool,
}

impl Log {
    /// The window that ends where it was asked to, or at the end, and starts at index 1 at the
    /// earliest.
    #[must_use]
    pub fn at(window: LogWindow, end: u64) -> Self {
        let columns = u64::from(window.columns.max(1));
        let last = window.last.map_or(end, |last| last.max(columns).min(end));
        Self { first: (last + 1).saturating_sub(columns).max(1), last, end, rows: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_follows_the_end_and_never_starts_before_the_first_entry() {
        let window = |last, end| {
            let log = Log::at(LogWindow { last, columns: 8 }, end);
            (log.first, log.last)
        };
        assert_eq!(window(None, 0), (1, 0));
        assert_eq!(window(None, 5), (1, 5));
        assert_eq!(window(None, 20), (13, 20));
        assert_eq!(window(Some(12), 20), (5, 12));
        assert_eq!(window(Some(3), 20), (1, 8), "a window is full where it can be");
        assert_eq!(window(Some(99), 20), (13, 20), "after going back in time the end may lie before");
    }
}
