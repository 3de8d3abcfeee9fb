//! What blocks are drawn with: items as shapes, and drawings as lists of parts that keep their names.

use super::{Item, Mark, Pattern};
use crate::shapes::{Anchor, Paint, Shape, TextStyle};

/// The side of the square that a mark fills, in pixels.
pub const MARK_SIZE: f64 = 14.0;

/// The height of a line of text, in pixels.
pub(super) const LINE: f64 = 24.0;

/// Room between two items of one cell, in pixels.
const GAP: f64 = 10.0;

/// Room to the left and the right of a text on a ground of its own, in pixels.
const PAD: f64 = 8.0;

/// The bar beside a number, in pixels: its width, its width where it is a long one, and its height.
const BAR: (f64, f64, f64) = (46.0, 110.0, 10.0);

/// A block as shapes. Lengths are pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
    /// Its parts, in the order in which they are drawn.
    pub parts: Vec<Part>,
    /// How many parts have a name so far, in the order of names.
    names: Vec<(String, u32)>,
}

/// A part of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name, which no other part of the drawing has. The same thing has the same name a moment later.
    pub key: String,
    /// What it shows; nothing for rules and axes.
    pub item: Option<Item>,
    /// How it looks.
    pub shapes: Vec<Shape>,
    /// Left, top, width and height of what can be pointed at; without a width there is nothing to point at.
    pub area: [f64; 4],
}

impl Part {
    /// Whether there is something to point at.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.area[2] > 0.0
    }
}

impl Drawing {
    /// Adds a part. Of several with the same name the later ones are numbered.
    pub(super) fn push(&mut self, key: String, item: Option<Item>, shapes: Vec<Shape>, area: [f64; 4]) {
        let at = self.names.partition_point(|(known, _)| *known < key);
        if self.names.get(at).is_none_or(|(known, _)| *known != key) {
            self.names.insert(at, (key.clone(), 0));
        }
        let count = &mut self.names[at].1;
        *count += 1;
        let key = if *count == 1 { key } else { format!("{key}~{count}") };
        self.parts.push(Part { key, item, shapes, area });
    }

    /// Adds what nobody can point at.
    pub(super) fn rule(&mut self, key: &str, shapes: Vec<Shape>) {
        self.push(key.to_owned(), None, shapes, [0.0; 4]);
    }

    /// Makes room for what reaches to this corner.
    pub(super) fn reach(&mut self, right: f64, bottom: f64) {
        (self.width, self.height) = (self.width.max(right), self.height.max(bottom));
    }

    /// Adds the items of a cell beside each other, from `x` on, in the line whose middle is at `y`.
    pub(super) fn cell(&mut self, key: &str, items: &[Item], mut x: f64, y: f64) {
        for item in items {
            let wide = item_width(item);
            self.push(
                format!("{key}/{}", name_of(item)),
                Some(item.clone()),
                item_shapes(item, x, y),
                [x, y - LINE / 2.0, wide, LINE],
            );
            x += wide + GAP;
        }
    }
}

/// What an item is called among its neighbours: what it stands for, or what it says.
pub(super) fn name_of(item: &Item) -> String {
    item.id.as_ref().map_or_else(|| item.text.clone(), |id| format!("{id:?}"))
}

/// About how wide a text is, in pixels. Fonts differ, so it is on the safe side.
pub(super) fn text_width(text: &str, bold: bool) -> f64 {
    text.chars().count() as f64 * if bold { 7.2 } else { 6.8 }
}

/// As much of a text as fits, with an ellipsis for the rest; nothing where not even three characters do.
pub(super) fn fitting(text: &str, width: f64) -> String {
    let room = (width / text_width("x", false)) as usize;
    match text.chars().count() {
        count if count <= room => text.to_owned(),
        _ if room < 3 => String::new(),
        _ => text.chars().take(room - 1).chain(['…']).collect(),
    }
}

/// Lines no wider than `width`, broken between words. A word that is wider stands alone.
pub(super) fn wrapped(text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line, false) + text_width(word, false) + 7.0 <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Whether an item has a ground of its own, so that its text needs room on both sides.
fn has_ground(item: &Item) -> bool {
    item.ink.hue.is_some() || matches!(item.ink.pattern, Pattern::Tentative | Pattern::Down)
}

fn is_bold(item: &Item) -> bool {
    matches!(item.ink.pattern, Pattern::Strong | Pattern::Fault)
}

/// How long the bar of an item is.
fn bar_width(item: &Item) -> f64 {
    match (item.filled_ppm, item.due_ppm) {
        (None, _) => 0.0,
        (Some(_), None) => BAR.0,
        (Some(_), Some(_)) => BAR.1,
    }
}

/// How wide an item is in a line.
pub(super) fn item_width(item: &Item) -> f64 {
    let mark = if item.ink.mark.is_some() { MARK_SIZE + 4.0 } else { 0.0 };
    let bar = if item.filled_ppm.is_some() { bar_width(item) + 6.0 } else { 0.0 };
    let pad = if has_ground(item) { 2.0 * PAD } else { 0.0 };
    mark + bar + pad + text_width(&item.text, is_bold(item))
}

/// How wide the items of a cell are beside each other.
pub(super) fn cell_width(items: &[Item]) -> f64 {
    items.iter().map(item_width).sum::<f64>() + GAP * items.len().saturating_sub(1) as f64
}

/// A line of text around `y`.
pub(super) fn text(x: f64, y: f64, text: &str, style: TextStyle, anchor: Anchor, fill: Paint) -> Shape {
    Shape::Text { x, y: y + 4.2, text: text.to_owned(), style, anchor, fill }
}

/// The paint of an item's text, and how it is set.
pub(super) fn lettering(item: &Item) -> (Paint, TextStyle) {
    let fill = match (item.ink.pattern, item.ink.hue) {
        // The stripes have no hue.
        (Pattern::Down, _) | (Pattern::Plain | Pattern::Strong | Pattern::Tentative, None) => Paint::Ink,
        (Pattern::Faint, None) => Paint::Mute,
        (Pattern::Fault, None) => Paint::Fault,
        (_, Some(_)) => Paint::OnHue,
    };
    let style = match item.ink.pattern {
        Pattern::Strong | Pattern::Fault => TextStyle::Badge,
        // On stripes a text needs a halo.
        Pattern::Down => TextStyle::Remark,
        _ => TextStyle::Label,
    };
    (fill, style)
}

/// The ground of an item and its outline, which say what its pattern and its hue do. `plain` is the paint of the ground
/// where there is neither.
pub(super) fn ground(item: &Item, [x, y, width, height]: [f64; 4], plain: Paint) -> Vec<Shape> {
    let pill = |fill, stroke| Shape::Pill { x, y, width, height, fill, stroke };
    let fill = item.ink.hue.map_or(plain, |hue| Paint::hue(Some(hue)));
    match item.ink.pattern {
        Pattern::Down => vec![pill(Paint::Hatch, Paint::Mute)],
        Pattern::Tentative => {
            let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
            let lines = (0..4).flat_map(|side| dashes(corners[side], corners[(side + 1) % 4])).collect();
            vec![
                Shape::Polygon { points: corners.to_vec(), fill, stroke: Paint::None, width: 0.0 },
                Shape::Strokes { lines, stroke: Paint::Ink, width: 1.5 },
            ]
        }
        Pattern::Faint => vec![pill(fill, Paint::Mute)],
        Pattern::Fault => {
            let points = vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
            vec![Shape::Polygon { points, fill, stroke: Paint::Fault, width: 2.5 }]
        }
        Pattern::Plain | Pattern::Strong => vec![pill(fill, Paint::Ink)],
    }
}

/// An item in a line of text whose middle is at `y`.
pub(super) fn item_shapes(item: &Item, mut x: f64, y: f64) -> Vec<Shape> {
    let mut shapes = Vec::new();
    if let Some(ppm) = item.filled_ppm {
        let (wide, high) = (bar_width(item), BAR.2);
        let pill = |width, fill, stroke| Shape::Pill { x, y: y - high / 2.0, width, height: high, fill, stroke };
        let share = f64::from(ppm.min(1_000_000)) / 1e6;
        shapes.push(pill(wide, Paint::Panel, Paint::None));
        if share > 0.0 {
            shapes.push(pill(
                (wide * share).max(high),
                match item.ink.hue {
                    Some(hue) => Paint::hue(Some(hue)),
                    // Its text is bold.
                    None if is_bold(item) => Paint::Fault,
                    None => Paint::Mute,
                },
                Paint::None,
            ));
        }
        shapes.push(pill(wide, Paint::None, Paint::Ink));
        if let Some(due_ppm) = item.due_ppm {
            let due = x + wide * f64::from(due_ppm.min(1_000_000)) / 1e6;
            let lines = [-8.0, -3.0, 2.0].map(|from| [(due, y + from), (due, y + from + 4.0)]).to_vec();
            shapes.push(Shape::Strokes { lines, stroke: Paint::Ink, width: 2.0 });
        }
        x += wide + 6.0;
    }
    let mark = item.ink.mark.map(|mark| (mark, MARK_SIZE + 4.0));
    let own = has_ground(item);
    let width = text_width(&item.text, is_bold(item)) + mark.map_or(0.0, |(_, room)| room);
    // A bar has the hue already.
    let (fill, style) = if own && item.filled_ppm.is_none() {
        shapes.extend(ground(item, [x, y - 10.0, width + 2.0 * PAD, 20.0], Paint::Panel));
        lettering(item)
    } else {
        let fill = match item.ink.pattern {
            Pattern::Faint => Paint::Mute,
            Pattern::Fault => Paint::Fault,
            _ => Paint::Ink,
        };
        (fill, lettering(item).1)
    };
    if own {
        x += PAD;
    }
    if let Some((mark, room)) = mark {
        shapes.extend(moved(mark_shapes(mark, fill), x, y - MARK_SIZE / 2.0));
        x += room;
    }
    if !item.text.is_empty() {
        shapes.push(text(x, y, &item.text, style, Anchor::Start, fill));
    }
    shapes
}

/// A mark in a square of [`MARK_SIZE`] whose upper left corner is the origin.
#[must_use]
pub fn mark_shapes(mark: Mark, paint: Paint) -> Vec<Shape> {
    let strokes = |lines| Shape::Strokes { lines, stroke: paint, width: 2.0 };
    match mark {
        Mark::Leads => {
            let points = vec![(1.0, 12.0), (0.0, 3.0), (4.0, 7.0), (7.0, 1.5), (10.0, 7.0), (14.0, 3.0), (13.0, 12.0)];
            vec![Shape::Polygon { points, fill: paint, stroke: Paint::None, width: 0.0 }]
        }
        Mark::Yes => vec![strokes(vec![[(2.0, 7.5), (5.5, 11.0)], [(5.5, 11.0), (12.0, 3.0)]])],
        Mark::No => vec![strokes(vec![[(3.0, 3.0), (11.0, 11.0)], [(11.0, 3.0), (3.0, 11.0)]])],
        Mark::Doubt => vec![text(7.0, 7.0, "?", TextStyle::Badge, Anchor::Middle, paint)],
        Mark::Waits => [2.5, 7.0, 11.5]
            .map(|x| Shape::Circle { x, y: 7.0, r: 1.4, fill: paint, stroke: Paint::None, width: 0.0, dashed: false })
            .to_vec(),
    }
}

/// The same shapes elsewhere.
pub(super) fn moved(shapes: Vec<Shape>, by_x: f64, by_y: f64) -> Vec<Shape> {
    let mut shapes = shapes;
    for shape in &mut shapes {
        match shape {
            Shape::Circle { x, y, .. } | Shape::Pill { x, y, .. } | Shape::Text { x, y, .. } => {
                (*x, *y) = (*x + by_x, *y + by_y);
            }
            Shape::Polygon { points, .. } | Shape::Line { points, .. } | Shape::Area { points, .. } => {
                points.iter_mut().for_each(|(x, y)| (*x, *y) = (*x + by_x, *y + by_y));
            }
            Shape::Strokes { lines, .. } => {
                lines.iter_mut().flatten().for_each(|(x, y)| (*x, *y) = (*x + by_x, *y + by_y));
            }
        }
    }
    shapes
}

/// A dashed line as strokes; never more than a hundred of them.
pub(super) fn dashes(from: (f64, f64), to: (f64, f64)) -> Vec<[(f64, f64); 2]> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let count = ((dx.hypot(dy) / 7.0) as usize).clamp(1, 100);
    let at = |share: f64| (from.0 + dx * share, from.1 + dy * share);
    (0..count).map(|dash| [at(dash as f64 / count as f64), at((dash as f64 + 0.6) / count as f64)]).collect()
}

/// A line with a head at its end, along these points.
pub(super) fn arrow(points: &[(f64, f64)], stroke: Paint, width: f64, dashed: bool) -> Vec<Shape> {
    let [.., before, tip] = points else { return Vec::new() };
    let angle = (tip.1 - before.1).atan2(tip.0 - before.0);
    let back = |turn: f64, far: f64| (tip.0 - far * (angle + turn).cos(), tip.1 - far * (angle + turn).sin());
    let head = vec![*tip, back(0.45, 10.0), back(-0.45, 10.0)];
    let mut lines: Vec<[(f64, f64); 2]> = points.windows(2).map(|pair| [pair[0], pair[1]]).collect();
    if let Some(last) = lines.last_mut() {
        // The line ends within the head, which would be blunt otherwise.
        last[1] = back(0.0, 6.0);
    }
    if dashed {
        lines = lines.into_iter().flat_map(|[from, to]| dashes(from, to)).collect();
    }
    vec![
        Shape::Strokes { lines, stroke, width },
        Shape::Polygon { points: head, fill: stroke, stroke: Paint::None, width: 0.0 },
    ]
}
