//! Writes a run as a sequence diagram for Mermaid.
//!
//! Messages stand in the order in which they arrive or are lost, turning points as notes. Mermaid draws nothing of a
//! text of more than 50,000 characters (`maxTextSize`), so a diagram ends before that and says how much is missing.

use std::fmt::Write as _;

use view::narration::Weight;

use crate::space_time::{Moment, Passed};

/// Most messages and notes of a diagram: what somebody may still read.
const LINES_MAX: u32 = 400;

/// Most bytes of a diagram, the last note not counted.
const BYTES_MAX: usize = 48_000;

/// Most characters of a note.
const NOTE_MAX: usize = 120;

/// A sequence diagram in the making.
#[derive(Debug)]
pub struct Mermaid {
    processes: Vec<String>,
    text: String,
    lines: u32,
    left_out: u64,
}

impl Mermaid {
    /// Starts a diagram of a run with these processes.
    #[must_use]
    pub fn new(processes: Vec<String>) -> Self {
        let mut text = "sequenceDiagram\n".to_owned();
        for process in &processes {
            let _ = writeln!(text, "  participant {process}");
        }
        Self { processes, text, lines: 0, left_out: 0 }
    }

    /// Adds the next step of the run.
    pub fn add(&mut self, moment: &Moment) {
        if let Some((passed, _)) = &moment.received {
            self.arrow(passed, "->>", "");
        }
        for (passed, _) in &moment.lost {
            self.arrow(passed, "--x", " (lost)");
        }
        if let Some(process) = moment.process.filter(|_| moment.weight == Weight::Milestone) {
            let line = format!("  Note over {}: {}\n", self.name(process), plain(&moment.text));
            self.line(&line);
        }
    }

    /// The diagram, and how many messages and notes are not in it.
    #[must_use]
    pub fn finish(mut self) -> (String, u64) {
        if self.left_out > 0
            && let (Some(first), Some(last)) = (self.processes.first(), self.processes.last())
        {
            let over = if first == last { first.clone() } else { format!("{first},{last}") };
            let _ = writeln!(self.text, "  Note over {over}: {} more messages and notes are left out", self.left_out);
        }
        (self.text, self.left_out)
    }

    fn name(&self, process: u32) -> &str {
        self.processes.get(process as usize).map_or("unknown", String::as_str)
    }

    fn arrow(&mut self, passed: &Passed, arrow: &str, remark: &str) {
        let (sender, receiver) = (self.name(passed.sender), self.name(passed.receiver));
        let line = format!("  {sender}{arrow}{receiver}: {}{remark}\n", plain(passed.kind));
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        // Once something is missing, so is all that follows: a diagram with holes would tell another story.
        if self.left_out > 0 || self.lines >= LINES_MAX || self.text.len() + line.len() > BYTES_MAX {
            self.left_out += 1;
            return;
        }
        self.text.push_str(line);
        self.lines += 1;
    }
}

/// Text without what Mermaid reads as its own: a semicolon ends a statement, and # begins an entity.
fn plain(text: &str) -> String {
    let escape = |character: char| match character {
        ';' => ',',
        '#' => '№',
        character if character.is_control() => ' ',
        character => character,
    };
    text.chars().take(NOTE_MAX).map(escape).collect()
}
