//! Lanes: what lasts, what happens, and what leads from one lane to another, along an axis of time or of order.

use serde::Serialize;

use super::drawing::{
    Drawing, LINE, arrow, cell_width, fitting, ground, lettering, mark_shapes, moved, name_of, text, text_width,
};
use super::{Item, MARK_SIZE, sentence, ticks};
use crate::shapes::{Anchor, Paint, Shape, TextStyle};

/// Lanes along one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lanes {
    /// What they show, in a few words.
    pub caption: String,
    /// What the axis counts.
    pub axis: Axis,
    /// Where the axis begins.
    pub from: u64,
    /// Where it ends.
    pub until: u64,
    /// The present moment, where it is worth a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<u64>,
    /// The lanes, from the top down.
    pub lanes: Vec<Lane>,
    /// What leads from one lane to another.
    pub arrows: Vec<Arrow>,
}

/// What an axis counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// Simulated time, in µs.
    #[default]
    Time,
    /// Places in an order.
    Order,
}

/// A lane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// Whose it is.
    pub head: Item,
    /// What lasts. Spans that overlap stand below each other.
    pub spans: Vec<Span>,
    /// What happens at one place.
    pub points: Vec<Point>,
}

/// Something that lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What.
    pub item: Item,
    /// Where it begins.
    pub from: u64,
    /// Where it ends; none while it goes on.
    pub until: Option<u64>,
}

/// Something that happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Point {
    /// What.
    pub item: Item,
    /// Where.
    pub at: u64,
}

/// Something that leads from one place of a lane to one of another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// What.
    pub item: Item,
    /// The lane in which it begins, by position, and where.
    pub from: (usize, u64),
    /// The lane in which it ends, by position, and where.
    pub to: (usize, u64),
}

/// Room for an axis' labels below the lanes, in pixels.
const AXIS: f64 = 26.0;
/// What a span is narrower by than its line, in pixels.
const INSET: f64 = 2.0;

impl Lanes {
    /// What was going on in the last `window_us` before `now_us`.
    #[must_use]
    pub fn recent(caption: &str, now_us: u64, window_us: u64, lanes: Vec<Lane>) -> Self {
        let from = now_us.saturating_sub(window_us);
        let (caption, until, now) = (caption.to_owned(), from + window_us, Some(now_us));
        Self { caption, axis: Axis::Time, from, until, now, lanes, arrows: Vec::new() }
    }

    fn told(&self, at: u64) -> String {
        match self.axis {
            Axis::Time => time(at),
            Axis::Order => at.to_string(),
        }
    }

    pub(super) fn spoken(&self) -> String {
        let mut sentences = vec![sentence(&self.caption)];
        for lane in &self.lanes {
            let span = |span: &Span| {
                let (what, from) = (span.item.spoken(), self.told(span.from));
                match span.until {
                    _ if span.item.full.is_some() => what,
                    Some(until) => format!("{what} from {from} to {}", self.told(until)),
                    None => format!("{what} since {from}"),
                }
            };
            let point = |point: &Point| format!("{} at {}", point.item.spoken(), self.told(point.at));
            // In the order in which things begin, as somebody reads the picture.
            let mut told: Vec<(u64, String)> = lane.spans.iter().map(|it| (it.from, span(it))).collect();
            told.extend(lane.points.iter().map(|it| (it.at, point(it))));
            crate::order::by_key(&mut told, |(at, _)| *at);
            let told: Vec<String> = told.into_iter().map(|(_, told)| told).collect();
            let told = if told.is_empty() { "nothing".to_owned() } else { told.join("; ") };
            sentences.push(sentence(&format!("{}: {told}", lane.head.spoken())));
        }
        for arrow in &self.arrows {
            let end = |(lane, at): (usize, u64)| {
                let lane = self.lanes.get(lane)?;
                Some(format!("{} at {}", lane.head.text, self.told(at)))
            };
            if let (Some(from), Some(to)) = (end(arrow.from), end(arrow.to)) {
                let what = arrow.item.spoken();
                let what = if what.is_empty() { "an arrow".to_owned() } else { format!("{what},") };
                sentences.push(sentence(&format!("{what} from {from} to {to}")));
            }
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    pub(super) fn draw(&self, width: f64) -> Drawing {
        let mut drawing = Drawing::default();
        let heads = self.lanes.iter().map(|lane| cell_width(std::slice::from_ref(&lane.head)));
        let left = heads.fold(0.0, f64::max) + 14.0;
        let right = width.max(left + 120.0) - 12.0;
        let span = self.until.saturating_sub(self.from).max(1) as f64;
        // What lies outside of the window stands at its edge.
        let x = |at: u64| {
            left + (at.clamp(self.from, self.until.max(self.from)) - self.from) as f64 / span * (right - left)
        };
        let mut top = 0.0;
        if !self.caption.is_empty() {
            let caption = text(0.0, LINE / 2.0, &self.caption, TextStyle::Label, Anchor::Start, Paint::Mute);
            drawing.rule("caption", vec![caption]);
            drawing.reach(text_width(&self.caption, false), LINE);
            top = LINE;
        }
        let rows: Vec<(Vec<usize>, usize)> = self.lanes.iter().map(|lane| stacked(&lane.spans)).collect();
        let mut tops = Vec::with_capacity(rows.len());
        let mut bottom = top;
        for (_, count) in &rows {
            tops.push(bottom);
            bottom += LINE * *count as f64 + 6.0;
        }
        let thin = |x: f64| Shape::Strokes { lines: vec![[(x, top), (x, bottom)]], stroke: Paint::Mute, width: 0.5 };
        let most = ((right - left) / 70.0).clamp(2.0, 12.0) as u32;
        let (low, high) = (i64::try_from(self.from), i64::try_from(self.until.max(self.from)));
        for tick in ticks(low.unwrap_or(i64::MAX), high.unwrap_or(i64::MAX), most) {
            let at = tick.unsigned_abs();
            // At the right edge a label ends where the axis does.
            let anchor = if x(at) > right - 20.0 { Anchor::End } else { Anchor::Middle };
            let label = text(x(at), bottom + 14.0, &self.told(at), TextStyle::Label, anchor, Paint::Mute);
            drawing.rule(&format!("tick {at}"), vec![thin(x(at)), label]);
        }
        // Whose the lanes are comes first, so that arrow keys lead from span to span.
        let middle = |count: usize, top: f64| top + LINE * count as f64 / 2.0;
        for ((lane, (_, count)), &top) in self.lanes.iter().zip(&rows).zip(&tops) {
            let key = name_of(&lane.head);
            let y = middle(*count, top);
            drawing.cell(&format!("{key}/head"), std::slice::from_ref(&lane.head), 0.0, y);
            let line = Shape::Strokes { lines: vec![[(left, y), (right, y)]], stroke: Paint::Mute, width: 1.0 };
            drawing.rule(&format!("{key}/line"), vec![line]);
        }
        for ((lane, (places, count)), &top) in self.lanes.iter().zip(&rows).zip(&tops) {
            let key = name_of(&lane.head);
            let middle = middle(*count, top);
            for (span, place) in lane.spans.iter().zip(places) {
                let from = x(span.from);
                let until = x(span.until.or(self.now).unwrap_or(self.until).max(span.from));
                let area = [from, top + LINE * *place as f64 + INSET, (until - from).max(6.0), LINE - 2.0 * INSET];
                let key = format!("{key}/{}@{}", name_of(&span.item), span.from);
                // What does not fit into a span stands behind it, up to the next one in its row.
                let next = lane.spans.iter().zip(places).filter(|(it, row)| *row == place && it.from > span.from);
                let next = next.map(|(it, _)| x(it.from)).fold(right + 12.0, f64::min);
                let shapes = span_shapes(span, area, next - area[0] - area[2]);
                drawing.push(key, Some(span.item.clone()), shapes, area);
            }
            for point in &lane.points {
                let (x, r) = (x(point.at), 6.0);
                let fill = point.item.ink.hue.map_or(Paint::Panel, |hue| Paint::hue(Some(hue)));
                let dot = Shape::Circle { x, y: middle, r, fill, stroke: Paint::Ink, width: 1.5, dashed: false };
                let mut shapes = vec![dot];
                if let Some(mark) = point.item.ink.mark {
                    let at = (x - MARK_SIZE / 2.0, middle - r - MARK_SIZE);
                    shapes.extend(moved(mark_shapes(mark, Paint::Ink), at.0, at.1));
                }
                let key = format!("{key}/{}@{}", name_of(&point.item), point.at);
                drawing.push(key, Some(point.item.clone()), shapes, [x - 12.0, middle - 12.0, 24.0, 24.0]);
            }
        }
        for arrow_ in &self.arrows {
            let end = |(lane, at): (usize, u64)| Some((x(at), tops.get(lane)? + LINE * rows.get(lane)?.1 as f64 / 2.0));
            let (Some(from), Some(to)) = (end(arrow_.from), end(arrow_.to)) else { continue };
            let paint = arrow_.item.ink.hue.map_or(Paint::Ink, |hue| Paint::hue(Some(hue)));
            let dashed = arrow_.item.ink.pattern == super::Pattern::Tentative;
            let mut shapes = Vec::new();
            if arrow_.item.ink.hue.is_some() {
                // A hue lies on ink, so that it never has to carry the contrast alone.
                shapes.extend(arrow(&[from, to], Paint::Ink, 3.5, dashed));
            }
            shapes.extend(arrow(&[from, to], paint, 2.0, dashed));
            let (left, top) = (from.0.min(to.0), from.1.min(to.1));
            let area = [left - 4.0, top, (from.0 - to.0).abs() + 8.0, (from.1 - to.1).abs()];
            if !arrow_.item.text.is_empty() {
                let (x, y) = ((from.0 + to.0) / 2.0 + 6.0, (from.1 + to.1) / 2.0);
                shapes.push(text(x, y, &arrow_.item.text, TextStyle::Remark, Anchor::Start, Paint::Ink));
            }
            let key = format!("{}@{}-{}", name_of(&arrow_.item), arrow_.from.1, arrow_.to.1);
            drawing.push(key, Some(arrow_.item.clone()), shapes, area);
        }
        if let Some(now) = self.now.filter(|now| (self.from..=self.until).contains(now)) {
            let line =
                Shape::Strokes { lines: vec![[(x(now), top), (x(now), bottom)]], stroke: Paint::Ink, width: 1.5 };
            drawing.rule("now", vec![line]);
        }
        drawing.reach(right + 12.0, bottom + AXIS);
        drawing
    }
}

/// A span that has ended is round on both sides; one that goes on points to where it goes. Its mark and its text stand
/// within it, or behind it, where there is so much room; a mark for which there is none on that side stands before it.
fn span_shapes(span: &Span, area: [f64; 4], behind: f64) -> Vec<Shape> {
    let [left, top, wide, high] = area;
    let mut shapes = match span.until {
        Some(_) => ground(&span.item, area, Paint::Panel),
        None => {
            let tip = (wide / 2.0).min(8.0);
            let (right, bottom) = (left + wide, top + high);
            let points =
                vec![(left, top), (right - tip, top), (right, top + high / 2.0), (right - tip, bottom), (left, bottom)];
            let fill = match (span.item.ink.pattern, span.item.ink.hue) {
                (super::Pattern::Down, _) => Paint::Hatch,
                (_, Some(hue)) => Paint::hue(Some(hue)),
                _ => Paint::Panel,
            };
            let wrong = span.item.ink.pattern == super::Pattern::Fault;
            let (stroke, width) = if wrong { (Paint::Fault, 2.5) } else { (Paint::Ink, 1.5) };
            vec![Shape::Polygon { points, fill, stroke, width }]
        }
    };
    let (mut fill, mut style) = lettering(&span.item);
    let mark = span.item.ink.mark.map_or(0.0, |_| MARK_SIZE + 4.0);
    let (mut x, mut room) = (left + 8.0, wide - 16.0);
    if text_width(&span.item.text, false) + mark > room && behind - 8.0 > room {
        (x, room) = (left + wide + 4.0, behind - 8.0);
        // There it is no longer on the span's own ground, but on the line of its lane.
        fill = if fill == Paint::OnHue { Paint::Ink } else { fill };
        style = TextStyle::Remark;
    }
    if let Some(mark) = span.item.ink.mark {
        let fits = room >= MARK_SIZE;
        let at = if fits { x } else { left - MARK_SIZE - 2.0 };
        shapes.extend(moved(mark_shapes(mark, fill), at, top + (high - MARK_SIZE) / 2.0));
        if fits {
            (x, room) = (x + MARK_SIZE + 4.0, room - MARK_SIZE - 4.0);
        }
    }
    let fits = fitting(&span.item.text, room.max(0.0));
    if !fits.is_empty() {
        shapes.push(text(x, top + high / 2.0, &fits, style, Anchor::Start, fill));
    }
    shapes
}

/// The row of each span, so that none covers another, and how many rows there are: at least one.
fn stacked(spans: &[Span]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    crate::order::by_key(&mut order, |&place| spans[place].from);
    let (mut rows, mut ends) = (vec![0; spans.len()], Vec::<u64>::new());
    for place in order {
        let span = &spans[place];
        let until = span.until.unwrap_or(u64::MAX);
        let row = ends.iter().position(|&end| end <= span.from).unwrap_or(ends.len());
        rows[place] = row;
        match ends.get_mut(row) {
            Some(end) => *end = until,
            None => ends.push(until),
        }
    }
    (rows, ends.len().max(1))
}

/// A time as short as it can be told exactly: `1.25 s`, `40 ms`, `7 µs`.
pub(super) fn time(us: u64) -> String {
    let told = |whole: u64, rest: u64, digits: usize, unit: &str| {
        let rest = format!("{rest:0digits$}");
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        format!("{whole}{point}{rest} {unit}")
    };
    match us {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{us} µs"),
        1_000..1_000_000 => told(us / 1_000, us % 1_000, 3, "ms"),
        _ => told(us / 1_000_000, us % 1_000_000, 6, "s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_stand_below_each_other() {
        let span = |from, until| Span { item: Item::default(), from, until };
        assert_eq!(stacked(&[]), (vec![], 1));
        assert_eq!(stacked(&[span(0, Some(5)), span(5, Some(9)), span(3, Some(4))]), (vec![0, 0, 1], 2));
        assert_eq!(stacked(&[span(7, Some(9)), span(0, None), span(1, None)]), (vec![2, 0, 1], 3));
    }

    #[test]
    fn times_are_told_exactly_and_short() {
        let told = [0, 7, 1_000, 1_500, 40_000, 1_000_000, 1_250_000, 61_000_001].map(time);
        assert_eq!(told, ["0 s", "7 µs", "1 ms", "1.5 ms", "40 ms", "1 s", "1.25 s", "61.000001 s"]);
    }
}
