//! Panes: what a lab says beside the stage, as plain data in a small closed vocabulary.
//!
//! A lab fills in blocks. How they look and sound is decided here, once for the page, for pictures that stand alone, for
//! screen readers, and for whoever reads the data: [`Block::draw`] turns a block into shapes, [`Block::spoken`] into
//! text. If a lab needs another kind of block, all labs get it.

mod chart;
mod drawing;
mod facts;
mod graph;
mod grid;
mod lanes;
mod paging;
mod picture;
mod table;

use std::collections::BTreeMap;

use serde::Serialize;

pub use chart::{Chart, Limit, Scale, Series, ticks};
pub use drawing::{Drawing, MARK_SIZE, Part, mark_shapes};
pub use facts::{Fact, Facts, Group, Text};
pub use graph::{Edge, Graph, Layout, Node};
pub use grid::{Cell, Grid, Line, Sign};
pub use lanes::{Arrow, Axis, Lane, Lanes, Point, Span};
pub use paging::Page;
pub use picture::picture;
pub use table::{Align, Column, Row, Table};

/// A pane that a lab offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaneInfo {
    /// Stable kebab-case identifier.
    pub id: &'static str,
    /// What its button says.
    pub title: &'static str,
    /// What stands above it.
    pub heading: &'static str,
}

/// What a pane shows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pane {
    /// Its parts, from the top down.
    pub blocks: Vec<Block>,
    /// What its reader may ask for, as buttons above it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether some of it is still being worked out: whoever asks again gets more of it, and in the end all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
}

/// A button above a pane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// What it shows: a sign.
    pub sign: String,
    /// What it is called.
    pub title: String,
    /// What it does; none while there is nothing to do.
    #[serde(flatten)]
    pub does: Option<Does>,
}

/// A part of a pane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Block {
    /// Rows and columns.
    Table(Table),
    /// Many small cells.
    Grid(Grid),
    /// Values over time.
    Chart(Chart),
    /// What lasts and what happens, along an axis.
    Lanes(Lanes),
    /// Who points at whom.
    Graph(Graph),
    /// Names and values.
    Facts(Facts),
    /// Sentences.
    Text(Text),
}

/// Something that is shown: in a cell, as a span, as a node of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it stands for, if that is shown elsewhere as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// What it says.
    pub text: String,
    /// What it says where there is room for more: it is heard instead of text, pattern and mark, and read where
    /// somebody points at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full: Option<String>,
    /// How it looks.
    #[serde(flatten)]
    pub ink: Ink,
    /// A bar beside it that is filled to this share, in parts per million. The text says the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled_ppm: Option<u32>,
    /// How far the bar should be filled, in parts per million: a dashed line across it. Such a bar is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_ppm: Option<u32>,
    /// What can be done with it, the most likely first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
}

/// How an item looks. A hue never says anything alone: the text names the term, ballot or shard that the hue stands for,
/// and patterns and marks are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ink {
    /// The hue of its term, ballot or shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hue: Option<u32>,
    /// How it stands out or holds back.
    #[serde(skip_serializing_if = "Pattern::is_plain")]
    pub pattern: Pattern,
    /// A sign before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

/// How an item stands out or holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Neither.
    #[default]
    Plain,
    /// What one should see first: bold.
    Strong,
    /// What matters less: pale.
    Faint,
    /// What is not settled yet: a dashed outline.
    Tentative,
    /// What is down: hatched.
    Down,
    /// What is wrong: in the colour of faults.
    Fault,
}

impl Pattern {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }

    /// The name used in data and in style sheets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Strong => "strong",
            Self::Faint => "faint",
            Self::Tentative => "tentative",
            Self::Down => "down",
            Self::Fault => "fault",
        }
    }

    /// What it says to those who do not see it.
    #[must_use]
    pub const fn spoken(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Strong | Self::Faint => None,
            Self::Tentative => Some("not settled"),
            Self::Down => Some("down"),
            Self::Fault => Some("wrong"),
        }
    }
}

/// A sign before a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The crown of the stage.
    Leads,
    /// A tick.
    Yes,
    /// A cross.
    No,
    /// Three dots.
    Waits,
    /// A question mark.
    Doubt,
}

impl Mark {
    /// What it says to those who do not see it.
    #[must_use]
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Yes => "yes",
            Self::No => "no",
            Self::Waits => "waiting",
            Self::Doubt => "in doubt",
        }
    }
}

/// What an item stands for: the same thing may be on the stage and in several panes, and is lit in all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Id {
    /// A machine, by name.
    Node(String),
    /// A link, by the names of its ends.
    Link(String, String),
    /// A message on its way.
    Message(String),
    /// A client's operation, by its number.
    Op(u64),
    /// A key of some map.
    Key(String),
    /// A step of the run.
    Step(u64),
    /// Something that only this lab knows.
    Own(String),
}

/// Something that can be done with an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// What its button says.
    pub title: String,
    /// What it does.
    #[serde(flatten)]
    pub does: Does,
}

/// What an act does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Gives a command, as JSON without a time.
    Run(String),
    /// Goes to a time, in µs.
    Seek(u64),
    /// Picks what this stands for, on the stage too.
    Select(Id),
    /// Asks the pane for something else from now on: the name of an argument, and its value.
    Ask(String, String),
}

/// What the reader of a pane has chosen in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaneAsk {
    /// Arguments by name, as [`Does::Ask`] sets them.
    pub args: BTreeMap<String, String>,
}

impl PaneAsk {
    /// The value of an argument.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.get(name).map(String::as_str)
    }
}

impl Tool {
    /// A button; without something that it does it cannot be pressed.
    #[must_use]
    pub fn new(sign: &str, title: String, does: Option<Does>) -> Self {
        Self { sign: sign.to_owned(), title, does }
    }
}

impl Item {
    /// An item that says something.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A machine, by name.
    #[must_use]
    pub fn node(name: &str) -> Self {
        Self { id: Some(Id::Node(name.to_owned())), ..Self::new(name) }
    }

    /// The same, standing for something.
    #[must_use]
    pub fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    /// The same with more to say.
    #[must_use]
    pub fn full(mut self, full: impl Into<String>) -> Self {
        self.full = Some(full.into());
        self
    }

    /// The same in a hue.
    #[must_use]
    pub const fn hue(mut self, hue: Option<u32>) -> Self {
        self.ink.hue = hue;
        self
    }

    /// The same in a pattern.
    #[must_use]
    pub const fn pattern(mut self, pattern: Pattern) -> Self {
        self.ink.pattern = pattern;
        self
    }

    /// The same with a sign before it.
    #[must_use]
    pub const fn mark(mut self, mark: Option<Mark>) -> Self {
        self.ink.mark = mark;
        self
    }

    /// The same with a bar beside it.
    #[must_use]
    pub const fn filled(mut self, ppm: u32) -> Self {
        self.filled_ppm = Some(ppm);
        self
    }

    /// The same with a long bar beside it, and where that should end.
    #[must_use]
    pub const fn filled_of(mut self, ppm: u32, due_ppm: u32) -> Self {
        (self.filled_ppm, self.due_ppm) = (Some(ppm), Some(due_ppm));
        self
    }

    /// The same with something that can be done.
    #[must_use]
    pub fn act(mut self, title: impl Into<String>, does: Does) -> Self {
        self.acts.push(Act { title: title.into(), does });
        self
    }

    /// What can be done with it: what the lab says, or else, where it stands for something on the stage, to pick that.
    #[must_use]
    pub fn offered(&self) -> Vec<Act> {
        match &self.id {
            Some(id @ (Id::Node(_) | Id::Link(..) | Id::Message(_))) if self.acts.is_empty() => {
                vec![Act { title: format!("Select {}", self.text), does: Does::Select(id.clone()) }]
            }
            _ => self.acts.clone(),
        }
    }

    /// The item for ears.
    #[must_use]
    pub fn spoken(&self) -> String {
        if let Some(full) = &self.full {
            return full.clone();
        }
        let words = [self.ink.mark.map(Mark::spoken), self.ink.pattern.spoken()];
        // What the text says already is not said again.
        let more = words.into_iter().flatten().filter(|word| !word.eq_ignore_ascii_case(&self.text));
        let mut said = self.text.clone();
        for word in more {
            said.truncate(said.trim_end_matches('.').len());
            said.push_str(if said.is_empty() { "" } else { ", " });
            said.push_str(word);
        }
        said
    }
}

/// Several items for ears.
fn spoken_items(items: &[Item]) -> String {
    items.iter().map(Item::spoken).filter(|spoken| !spoken.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A sentence that ends.
fn sentence(text: &str) -> String {
    let ended = text.is_empty() || text.ends_with(['.', '!', '?', ':']);
    if ended { text.to_owned() } else { format!("{text}.") }
}

impl Block {
    /// A text of these lines.
    pub fn text(lines: impl IntoIterator<Item = Item>) -> Self {
        Self::Text(Text { lines: lines.into_iter().collect() })
    }

    /// What it shows, in a few words; empty where the pane says enough.
    #[must_use]
    pub fn caption(&self) -> &str {
        match self {
            Self::Table(table) => &table.caption,
            Self::Grid(grid) => &grid.caption,
            Self::Chart(chart) => &chart.caption,
            Self::Lanes(lanes) => &lanes.caption,
            Self::Graph(graph) => &graph.caption,
            Self::Facts(_) | Self::Text(_) => "",
        }
    }

    /// The block for ears: everything that it shows, in whole sentences.
    #[must_use]
    pub fn spoken(&self) -> String {
        match self {
            Self::Table(table) => table.spoken(),
            Self::Grid(grid) => grid.spoken(),
            Self::Chart(chart) => chart.spoken(),
            Self::Lanes(lanes) => lanes.spoken(),
            Self::Graph(graph) => graph.spoken(),
            Self::Facts(facts) => facts.spoken(),
            Self::Text(text) => text.spoken(),
        }
    }

    /// The block as shapes, as wide as it is asked to be where it can: words wrap, axes stretch. What needs more room
    /// becomes wider.
    #[must_use]
    pub fn draw(&self, width: f64) -> Drawing {
        match self {
            Self::Table(table) => table.draw(),
            Self::Grid(grid) => grid.draw(width),
            Self::Chart(chart) => chart.draw(width),
            Self::Lanes(lanes) => lanes.draw(width),
            Self::Graph(graph) => graph.draw(width),
            Self::Facts(facts) => facts.draw(width),
            Self::Text(text) => text.draw(width),
        }
    }
}

impl Pane {
    /// These blocks, one below the other.
    #[must_use]
    pub fn of<const N: usize>(blocks: [Block; N]) -> Self {
        Self { blocks: blocks.into(), ..Self::default() }
    }

    /// The same with buttons above it.
    #[must_use]
    pub fn with(mut self, tools: Vec<Tool>) -> Self {
        self.tools = tools;
        self
    }

    /// The pane for ears.
    #[must_use]
    pub fn spoken(&self) -> String {
        self.blocks.iter().map(Block::spoken).filter(|spoken| !spoken.is_empty()).collect::<Vec<_>>().join(" ")
    }
}
