//! Tables: a heading for each row and each column, and cells of several items.

use serde::Serialize;

use super::drawing::{Drawing, LINE, cell_width, text, text_width};
use super::{Item, sentence, spoken_items};
use crate::shapes::{Anchor, Paint, Shape, TextStyle};

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it shows, in a few words.
    pub caption: String,
    /// What the headings of the rows are.
    pub corner: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Column {
    /// What stands above it.
    pub title: String,
    /// Where its cells stand.
    pub align: Align,
}

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// To the left, as words do.
    #[default]
    Start,
    /// To the right, as numbers do.
    End,
}

impl Align {
    /// The name used in data and in style sheets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its heading.
    pub head: Item,
    /// A list of items for each column; those that are missing are empty.
    pub cells: Vec<Vec<Item>>,
    /// Rows that belong to it. Rows of these are not shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn of_words(title: &str) -> Self {
        Self { title: title.to_owned(), align: Align::Start }
    }

    /// A column of numbers.
    #[must_use]
    pub fn of_numbers(title: &str) -> Self {
        Self { title: title.to_owned(), align: Align::End }
    }
}

/// Room between two columns, in pixels.
const BETWEEN: f64 = 20.0;
/// How far a row within another is moved to the right, in pixels.
const INDENT: f64 = 16.0;

impl Row {
    /// A row of these cells, to which no others belong.
    #[must_use]
    pub const fn new(head: Item, cells: Vec<Vec<Item>>) -> Self {
        Self { head, cells, rows: Vec::new() }
    }
}

impl Table {
    /// All rows in the order in which they are shown, with how deep each lies.
    pub fn lines(&self) -> impl Iterator<Item = (&Row, bool)> {
        self.rows.iter().flat_map(|row| std::iter::once((row, false)).chain(row.rows.iter().map(|inner| (inner, true))))
    }

    pub(super) fn spoken(&self) -> String {
        let mut sentences = vec![sentence(&self.caption)];
        for row in &self.rows {
            sentences.push(self.spoken_row(row, ""));
            let outer = format!("{}, ", row.head.spoken());
            sentences.extend(row.rows.iter().map(|inner| self.spoken_row(inner, &outer)));
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    fn spoken_row(&self, row: &Row, outer: &str) -> String {
        let cell = |(column, items): (&Column, &Vec<Item>)| {
            let spoken = spoken_items(items);
            (!spoken.is_empty()).then(|| format!("{} {spoken}", column.title).trim().to_owned())
        };
        let cells: Vec<String> = self.columns.iter().zip(&row.cells).filter_map(cell).collect();
        let head = format!("{outer}{}", row.head.spoken());
        if cells.is_empty() { sentence(&head) } else { sentence(&format!("{head}: {}", cells.join("; "))) }
    }

    /// A table is as wide as it has to be.
    pub(super) fn draw(&self) -> Drawing {
        let mut drawing = Drawing::default();
        let head =
            |(row, inner): (&Row, bool)| cell_width(std::slice::from_ref(&row.head)) + if inner { INDENT } else { 0.0 };
        let mut widths = vec![self.lines().map(head).fold(text_width(&self.corner, true), f64::max)];
        for (place, column) in self.columns.iter().enumerate() {
            let cells = self.lines().filter_map(|(row, _)| row.cells.get(place));
            widths.push(cells.map(|items| cell_width(items)).fold(text_width(&column.title, true), f64::max));
        }
        let mut lefts = Vec::with_capacity(widths.len());
        let mut right = 0.0;
        for width in &widths {
            lefts.push(right);
            right += width + BETWEEN;
        }
        let right = (right - BETWEEN).max(text_width(&self.caption, false));
        let rule =
            |y: f64, width: f64| Shape::Strokes { lines: vec![[(0.0, y), (right, y)]], stroke: Paint::Mute, width };
        let mut y = 0.0;
        if !self.caption.is_empty() {
            drawing.rule(
                "caption",
                vec![text(0.0, LINE / 2.0, &self.caption, TextStyle::Label, Anchor::Start, Paint::Mute)],
            );
            y += LINE;
        }
        let titles = std::iter::once((&self.corner, Align::Start));
        let titles = titles.chain(self.columns.iter().map(|column| (&column.title, column.align)));
        let mut heads = Vec::new();
        for ((title, align), (left, width)) in titles.zip(lefts.iter().zip(&widths)) {
            let (x, anchor) = match align {
                Align::Start => (*left, Anchor::Start),
                Align::End => (left + width, Anchor::End),
            };
            heads.push(text(x, y + LINE / 2.0, title, TextStyle::Badge, anchor, Paint::Mute));
        }
        y += LINE;
        heads.push(rule(y, 1.0));
        drawing.rule("heads", heads);
        for (row, inner) in self.lines() {
            let (middle, indent) = (y + 2.0 + LINE / 2.0, if inner { INDENT } else { 0.0 });
            let key = super::drawing::name_of(&row.head);
            drawing.cell(&format!("{key}/head"), std::slice::from_ref(&row.head), indent, middle);
            for (place, (column, items)) in self.columns.iter().zip(&row.cells).enumerate() {
                let (left, width) = (lefts[place + 1], widths[place + 1]);
                let x = match column.align {
                    Align::Start => left,
                    Align::End => left + width - cell_width(items),
                };
                drawing.cell(&format!("{key}/{place}"), items, x, middle);
            }
            y += LINE + 4.0;
            drawing.rule("rule", vec![rule(y, 0.5)]);
        }
        drawing.reach(right, y + 1.0);
        drawing
    }
}
