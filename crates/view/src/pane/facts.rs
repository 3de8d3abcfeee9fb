//! Facts, which are names and values, and text, which is sentences.

use serde::Serialize;

use super::drawing::{Drawing, LINE, cell_width, lettering, text, text_width, wrapped};
use super::{Item, sentence, spoken_items};
use crate::shapes::{Anchor, Paint, TextStyle};

/// Names and values, in groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The groups.
    pub groups: Vec<Group>,
}

/// Facts that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What stands above them; empty for nothing.
    pub title: String,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// A name and its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Vec<Item>,
}

impl Fact {
    /// A fact.
    #[must_use]
    pub fn new(name: &str, value: Item) -> Self {
        Self { name: name.to_owned(), value: vec![value] }
    }
}

impl Facts {
    pub(super) fn spoken(&self) -> String {
        let mut sentences = Vec::new();
        for group in &self.groups {
            let facts = group.facts.iter().map(|fact| format!("{} {}", fact.name, spoken_items(&fact.value)));
            let facts = facts.collect::<Vec<_>>().join("; ");
            let head = if group.title.is_empty() { String::new() } else { format!("{}: ", group.title) };
            sentences.push(sentence(&format!("{head}{facts}")));
        }
        sentences.join(" ")
    }

    /// Values stand behind the longest name, or where there is no room for that, below theirs.
    pub(super) fn draw(&self, width: f64) -> Drawing {
        let mut drawing = Drawing::default();
        let facts = || self.groups.iter().flat_map(|group| &group.facts);
        let names = facts().map(|fact| text_width(&fact.name, false)).fold(0.0, f64::max) + 16.0;
        let values = facts().map(|fact| cell_width(&fact.value)).fold(0.0, f64::max);
        let beside = names + values <= width;
        let mut y = 0.0;
        for group in &self.groups {
            if !group.title.is_empty() {
                let title = text(0.0, y + LINE / 2.0, &group.title, TextStyle::Badge, Anchor::Start, Paint::Mute);
                drawing.rule(&group.title, vec![title]);
                y += LINE;
            }
            for fact in &group.facts {
                let key = format!("{}/{}", group.title, fact.name);
                let name = text(0.0, y + LINE / 2.0, &fact.name, TextStyle::Label, Anchor::Start, Paint::Mute);
                drawing.rule(&key, vec![name]);
                if !beside {
                    y += LINE;
                }
                drawing.cell(&key, &fact.value, if beside { names } else { 0.0 }, y + LINE / 2.0);
                y += LINE;
            }
            y += 6.0;
        }
        drawing.reach(if beside { names + values } else { names.max(values) }, y);
        drawing
    }
}

/// Sentences, each with what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The sentences, a line of their own each.
    pub lines: Vec<Item>,
}

impl Text {
    pub(super) fn spoken(&self) -> String {
        self.lines.iter().map(|line| sentence(&line.spoken())).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn draw(&self, width: f64) -> Drawing {
        let mut drawing = Drawing::default();
        let mut y = 0.0;
        for line in &self.lines {
            // Only the first row of a sentence can have a sign or a bar.
            let lead = cell_width(&[Item { text: String::new(), ..line.clone() }]);
            let rows = wrapped(&line.text, width - lead);
            let (_, style) = lettering(line);
            let top = y;
            let first = Item { text: rows.first().cloned().unwrap_or_default(), ..line.clone() };
            let mut right = cell_width(std::slice::from_ref(&first));
            let mut shapes = super::drawing::item_shapes(&first, 0.0, y + LINE / 2.0);
            for row in rows.iter().skip(1) {
                y += 18.0;
                shapes.push(text(lead, y + LINE / 2.0, row, style, Anchor::Start, Paint::Ink));
                right = right.max(lead + text_width(row, false));
            }
            y += LINE;
            drawing.push(super::drawing::name_of(line), Some(line.clone()), shapes, [0.0, top, right, y - top]);
            drawing.reach(right, y);
        }
        drawing
    }
}
