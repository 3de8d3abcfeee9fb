//! What is wrong with a tour: line, step, field, and what would be right.

use std::fmt;

use crate::error::{InputError, OneLine};

/// A problem in a tour's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TourError {
    /// The line it is found in, from 1.
    pub line: u32,
    /// The step, from 1, unless the problem lies outside of all steps.
    pub step: Option<u32>,
    /// The field, such as `do[0].node`; empty when it is the text as a whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl TourError {
    /// A problem of the whole text.
    pub(super) fn whole(problem: impl Into<String>) -> Self {
        Self { line: 1, step: None, field: String::new(), problem: problem.into() }
    }

    /// The same as a problem with an input called `tour`, for whoever shows problems in one line.
    #[must_use]
    pub fn as_input(&self) -> InputError {
        InputError::new("tour", self.to_string())
    }

    /// A problem at a place such as `step[2].do[0].node`.
    pub(super) fn at(line: u32, InputError { place, problem }: InputError) -> Self {
        let inside = place.strip_prefix("step[").and_then(|rest| rest.split_once(']'));
        let found = inside.and_then(|(index, rest)| Some((index.parse::<u32>().ok()?, rest)));
        match found {
            Some((index, rest)) => {
                Self { line, step: Some(index + 1), field: rest.trim_start_matches('.').to_owned(), problem }
            }
            None => Self { line, step: None, field: place, problem },
        }
    }
}

/// One line, whatever the text was: `line 12, step 3: do[0].node: there is no node "n9"`.
impl fmt::Display for TourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(step) = self.step {
            write!(f, ", step {step}")?;
        }
        f.write_str(": ")?;
        if !self.field.is_empty() {
            write!(f, "{}: ", OneLine(&self.field))?;
        }
        OneLine(&self.problem).fmt(f)
    }
}

impl std::error::Error for TourError {}
