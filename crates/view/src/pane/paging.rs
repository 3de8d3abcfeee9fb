//! A long row of things, of which a pane shows a part: which part, and how one gets to the others.

use super::{Does, PaneAsk, Tool};

/// The argument of a pane that says which is the last that is shown.
const LAST: &str = "last";
/// Its value for the end, wherever that is.
const END: &str = "end";

/// A part of a long row of things, which are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first that is shown.
    pub first: u64,
    /// The last that is shown; one less than `first` while there is none.
    pub last: u64,
    /// The last that there is.
    pub end: u64,
    size: u64,
}

impl Page {
    /// So many at most. They end where the reader has asked for, or at the end, and start at 1 at the earliest.
    #[must_use]
    pub fn of(ask: &PaneAsk, size: u32, end: u64) -> Self {
        let size = u64::from(size.max(1));
        let asked: Option<u64> = ask.arg(LAST).and_then(|last| last.parse().ok());
        let last = asked.map_or(end, |last| last.max(size).min(end));
        Self { first: last.saturating_sub(size - 1).max(1), last, end, size }
    }

    /// To what lies before and behind it, in steps of half a page. `what` is said of more than one.
    #[must_use]
    pub fn tools(&self, what: &str) -> Vec<Tool> {
        let step = (self.size / 2).max(1);
        let ask = |last: String| Does::Ask(LAST.to_owned(), last);
        let before = self.last.saturating_sub(step).max(self.size);
        let behind = self.last.saturating_add(step);
        let behind = if behind < self.end { behind.to_string() } else { END.to_owned() };
        vec![
            Tool::new("‹", format!("Earlier {what}"), (self.first > 1).then(|| ask(before.to_string()))),
            Tool::new("›", format!("Later {what}"), (self.last < self.end).then(|| ask(behind))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(last: &str) -> PaneAsk {
        PaneAsk { args: [(LAST.to_owned(), last.to_owned())].into() }
    }

    #[test]
    fn a_page_follows_the_end_and_never_starts_before_the_first() {
        let page = |ask: &PaneAsk, end| {
            let page = Page::of(ask, 8, end);
            (page.first, page.last)
        };
        let anew = PaneAsk::default();
        assert_eq!(page(&anew, 0), (1, 0));
        assert_eq!(page(&anew, 5), (1, 5));
        assert_eq!(page(&anew, 20), (13, 20));
        assert_eq!(page(&asked("12"), 20), (5, 12));
        assert_eq!(page(&asked("3"), 20), (1, 8), "a page is full where it can be");
        assert_eq!(page(&asked("99"), 20), (13, 20), "after going back in time the end may lie before");
        assert_eq!(page(&asked("-1"), 20), (13, 20));
        assert_eq!(page(&asked(&u64::MAX.to_string()), u64::MAX).1, u64::MAX);
    }

    #[test]
    fn tools_lead_to_everything_and_back_to_the_end() {
        let mut ask = PaneAsk::default();
        let mut take = |tool: usize, end| {
            let page = Page::of(&ask, 8, end);
            if let Some(Does::Ask(name, value)) = page.tools("entries").swap_remove(tool).does {
                ask.args.insert(name, value);
            }
            let page = Page::of(&ask, 8, end);
            (page.first, page.last)
        };
        assert_eq!([take(0, 20), take(0, 20), take(0, 20)], [(9, 16), (5, 12), (1, 8)]);
        assert_eq!(take(0, 20), (1, 8), "there is nothing before");
        assert_eq!([take(1, 20), take(1, 20), take(1, 20)], [(5, 12), (9, 16), (13, 20)]);
        assert_eq!(take(1, 30), (23, 30), "it follows the end again");
    }
}
