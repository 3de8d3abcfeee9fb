//! What is wrong with somebody's input, and where.

use std::fmt::{self, Write as _};

/// Most characters of a place or a problem that are shown.
const QUOTED_MAX: usize = 400;

/// A problem with input: the place it was found in and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The place, such as `commands[2].node` or `set.latency-ms`.
    pub place: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl InputError {
    /// A problem at a place.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }

    /// The same problem, seen from further out: `commands[2]` before `node`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        let place = match self.place.as_str() {
            "" => outer.to_owned(),
            inner if inner.starts_with('[') => format!("{outer}{inner}"),
            inner => format!("{outer}.{inner}"),
        };
        Self { place, ..self }
    }
}

/// One line of bearable length without control characters, whatever the input was.
impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", OneLine(&self.place))?;
        }
        OneLine(&self.problem).fmt(f)
    }
}

/// A text that may quote what somebody typed, as part of one line.
#[derive(Clone, Copy, Debug)]
pub struct OneLine<'a>(pub &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars().take(QUOTED_MAX) {
            // Line and paragraph separators are no control characters, but break lines all the same.
            let breaks = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
            f.write_char(if breaks { ' ' } else { character })?;
        }
        if self.0.chars().nth(QUOTED_MAX).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

impl std::error::Error for InputError {}
