//! Grids: many small cells of one size, such as the entries of logs, with signs that say how things stand around them.

use serde::Serialize;

use super::drawing::{Drawing, LINE, cell_width, dashes, fitting, lettering, name_of, text, text_width};
use super::{Item, Pattern, sentence};
use crate::shapes::{Anchor, Paint, Shape, TextStyle};

/// A grid: a heading for each row and each column, and a cell for each of both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Grid {
    /// What it shows, in a few words.
    pub caption: String,
    /// What the headings of the rows are.
    pub corner: String,
    /// The headings of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Line>,
    /// Looks of cells, with texts that say what they mean. Cells say the same to those who do not see them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legend: Vec<Cell>,
}

/// A row of a grid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its heading.
    pub head: Item,
    /// Its cells; those that are missing are empty.
    pub cells: Vec<Cell>,
}

/// A cell of a grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What is in it; without a text it is empty.
    pub item: Item,
    /// How many columns it takes: at least one.
    pub span: u32,
    /// What stands around its text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
}

/// Something at the edge of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// A pointer at its beginning.
    Before,
    /// A short line below its text.
    Below,
    /// A thick line at its end.
    After,
}

impl Sign {
    /// The name used in data and in style sheets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Below => "below",
            Self::After => "after",
        }
    }
}

/// The height of a cell, and room between two, in pixels.
const HIGH: f64 = 26.0;
const GAP: f64 = 3.0;
/// The least width of a cell, in pixels.
const LEAST: f64 = 28.0;
/// The width of a sample in the legend, in pixels.
const SAMPLE: f64 = 16.0;

impl Cell {
    /// A cell of one column.
    #[must_use]
    pub const fn new(item: Item) -> Self {
        Self { item, span: 1, signs: Vec::new() }
    }

    /// The same with a sign, if it has that.
    #[must_use]
    pub fn sign(mut self, sign: Sign, has: bool) -> Self {
        self.signs.extend(has.then_some(sign));
        self
    }

    fn shapes(&self, [x, y, wide, high]: [f64; 4], says: &str) -> Vec<Shape> {
        let corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)];
        let stroke = |lines, width| Shape::Strokes { lines, stroke: Paint::Ink, width };
        let square = |fill, stroke| Shape::Polygon { points: corners.to_vec(), fill, stroke, width: 1.5 };
        let hue = self.item.ink.hue.map_or(Paint::Panel, |hue| Paint::hue(Some(hue)));
        let mut shapes = Vec::new();
        match self.item.ink.pattern {
            _ if self.item.text.is_empty() => shapes.push(square(Paint::Ground, Paint::None)),
            Pattern::Down => shapes.push(square(Paint::Hatch, Paint::Mute)),
            Pattern::Faint => shapes.push(square(hue, Paint::Mute)),
            Pattern::Tentative => {
                shapes.push(square(hue, Paint::None));
                let lines = (0..4).flat_map(|side| dashes(corners[side], corners[(side + 1) % 4])).collect();
                shapes.push(stroke(lines, 1.5));
            }
            Pattern::Plain | Pattern::Strong | Pattern::Fault => shapes.push(square(hue, Paint::Ink)),
        }
        let (fill, style) = lettering(&self.item);
        for sign in &self.signs {
            let (middle, right) = (x + wide / 2.0, x + wide - 2.0);
            shapes.push(match sign {
                Sign::Before => text(x - 1.0, y + high / 2.0, "›", TextStyle::Label, Anchor::Start, Paint::Ink),
                Sign::Below => stroke(vec![[(middle - 5.0, y + high - 2.5), (middle + 5.0, y + high - 2.5)]], 1.5),
                Sign::After => stroke(vec![[(right, y), (right, y + high)]], 4.0),
            });
        }
        let says = fitting(says, wide);
        if !says.is_empty() {
            shapes.push(text(x + wide / 2.0, y + high / 2.0, &says, style, Anchor::Middle, fill));
        }
        shapes
    }
}

impl Grid {
    pub(super) fn spoken(&self) -> String {
        let mut sentences = vec![sentence(&self.caption)];
        for row in &self.rows {
            let mut place = 0;
            let mut cells = Vec::new();
            for cell in &row.cells {
                let Some(title) = self.columns.get(place) else { break };
                if !cell.item.text.is_empty() {
                    cells.push(format!("{title} {}", cell.item.spoken()).trim().to_owned());
                }
                place += cell.span.max(1) as usize;
            }
            let colon = if cells.is_empty() { "" } else { ": " };
            sentences.push(sentence(&format!("{}{colon}{}", row.head.spoken(), cells.join("; "))));
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    pub(super) fn draw(&self, width: f64) -> Drawing {
        let mut drawing = Drawing::default();
        let heads = self.rows.iter().map(|row| cell_width(std::slice::from_ref(&row.head)));
        let left = heads.fold(text_width(&self.corner, true), f64::max) + 10.0;
        let count = self.columns.len().max(1) as f64;
        let wide = ((width - left) / count).max(LEAST);
        let mut y = 0.0;
        if !self.caption.is_empty() {
            let caption = text(0.0, LINE / 2.0, &self.caption, TextStyle::Label, Anchor::Start, Paint::Mute);
            drawing.rule("caption", vec![caption]);
            y += LINE;
        }
        let column = |(place, title): (usize, &String)| {
            let x = left + wide * (place as f64 + 0.5) - GAP / 2.0;
            text(x, y + LINE / 2.0, title, TextStyle::Label, Anchor::Middle, Paint::Mute)
        };
        let corner = text(0.0, y + LINE / 2.0, &self.corner, TextStyle::Label, Anchor::Start, Paint::Mute);
        drawing.rule("columns", std::iter::once(corner).chain(self.columns.iter().enumerate().map(column)).collect());
        y += LINE;
        for row in &self.rows {
            let key = name_of(&row.head);
            drawing.cell(&format!("{key}/head"), std::slice::from_ref(&row.head), 0.0, y + HIGH / 2.0);
            let mut place = 0;
            for cell in &row.cells {
                let span = (cell.span.max(1) as usize).min(self.columns.len().saturating_sub(place));
                if span == 0 {
                    break;
                }
                let area = [left + wide * place as f64, y, wide * span as f64 - GAP, HIGH];
                let item = (!cell.item.text.is_empty()).then(|| cell.item.clone());
                drawing.push(format!("{key}/{place}"), item, cell.shapes(area, &cell.item.text), area);
                place += span;
            }
            y += HIGH + GAP;
        }
        let right = left + wide * count;
        let (mut x, mut legend) = (0.0, Vec::new());
        for sample in &self.legend {
            let room = SAMPLE + 6.0 + text_width(&sample.item.text, false) + 12.0;
            if x > 0.0 && x + room > right {
                (x, y) = (0.0, y + LINE);
            }
            legend.extend(sample.shapes([x, y + 5.0, SAMPLE, LINE - 10.0], ""));
            let at = (x + SAMPLE + 6.0, y + LINE / 2.0);
            legend.push(text(at.0, at.1, &sample.item.text, TextStyle::Label, Anchor::Start, Paint::Mute));
            x += room;
        }
        if !legend.is_empty() {
            drawing.rule("legend", legend);
            y += LINE;
        }
        drawing.reach(right.max(x), y);
        drawing
    }
}
