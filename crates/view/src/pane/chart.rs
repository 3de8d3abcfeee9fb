//! Charts: values over time as lines and bands, told apart by hue, by dash, and by a name at the end of each line.

use serde::Serialize;

use super::drawing::{Drawing, LINE, item_shapes, item_width, text, text_width, wrapped};
use super::lanes::time;
use super::{Item, Pattern, Point, sentence};
use crate::shapes::{Anchor, Paint, Shape, TextStyle};

/// Values over time. A value is a whole number of the unit's smallest part that counts: with `decimals` 3 and the unit
/// `ms`, 1500 is 1.5 ms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chart {
    /// What it shows, in a few words.
    pub caption: String,
    /// The unit of its values, such as `ms` or `requests/s`.
    pub unit: String,
    /// How many decimals of the unit a value has.
    pub decimals: u8,
    /// How values are spread over the height.
    pub scale: Scale,
    /// Where the time that is shown begins, in µs.
    pub from: u64,
    /// Where it ends, in µs.
    pub until: u64,
    /// The present moment, where it is worth a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<u64>,
    /// The lowest and the highest value that the axis shows at least. Zero is always on a linear one.
    pub reach: (i64, i64),
    /// The lines.
    pub series: Vec<Series>,
    /// Values to hold the others against.
    pub limits: Vec<Limit>,
    /// What happened, and where somebody may want to go.
    pub points: Vec<Point>,
}

/// How values are spread over the height of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Each power of ten has the same height. What is not positive stands at the lower edge.
    Log,
}

/// A line and a band, in the order of time. `None` is a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Whose: its name stands at the end of the line. A faint one is thin.
    pub item: Item,
    /// When, in µs, and what.
    pub line: Vec<(u64, Option<i64>)>,
    /// When, in µs, and between what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub band: Vec<(u64, Option<(i64, i64)>)>,
}

/// A value to hold others against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// What it is; a limit without words is only a line.
    pub item: Item,
    /// The value.
    pub value: i64,
}

/// The least height of the plane, in pixels.
const HEIGHT: f64 = 160.0;
/// Room for the labels of the time axis, in pixels.
const AXIS: f64 = 26.0;
/// How far names at the ends of lines stand apart at least, in pixels.
const APART: f64 = 22.0;
/// Room between the end of a line and its name, in pixels.
const LEADER: f64 = 12.0;

/// Round values between two ends, at most `most` and at least two of them, all multiples of one step: 1, 2 or 5 times a
/// power of ten.
#[must_use]
pub fn ticks(low: i64, high: i64, most: u32) -> Vec<i64> {
    let span = i128::from(high) - i128::from(low);
    let mut step: i128 = 1;
    let fits = |step: i128| span / step < i128::from(most.max(2));
    // 1, 2, 5, 10 and so on.
    let factors = [2, 5, 10];
    let (mut power, mut place) = (1i128, 0);
    while !fits(step) && power < i128::from(i64::MAX) {
        step = power * factors[place];
        place += 1;
        if place == factors.len() {
            (power, place) = (power * 10, 0);
        }
    }
    let first = i128::from(low).div_euclid(step) * step;
    let inside = |value: &i128| *value >= i128::from(low);
    let values = (0..).map(|count| first + count * step).take_while(|value| *value <= i128::from(high)).filter(inside);
    values.filter_map(|value| i64::try_from(value).ok()).take(most.max(2) as usize + 1).collect()
}

/// Powers of ten between two positive ends, and where there are few, twice and five times these.
fn log_ticks(low: i64, high: i64) -> Vec<i64> {
    let powers = std::iter::successors(Some(1i64), |power| power.checked_mul(10));
    let fine = high / low.max(1) < 1_000;
    let factors = if fine { &[1, 2, 5][..] } else { &[1] };
    let values = powers.flat_map(|power| factors.iter().filter_map(move |factor| power.checked_mul(*factor)));
    values.filter(|value| (low..=high).contains(value)).collect()
}

/// What of a series lies within the window, in pieces without a gap. Where a line crosses the edge of the window, it
/// begins or ends there.
fn pieces(
    spots: impl Iterator<Item = (u64, Option<(f64, f64)>)>,
    from: u64,
    until: u64,
) -> Vec<Vec<(u64, (f64, f64))>> {
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    let mut before: Option<(u64, (f64, f64))> = None;
    for (at, value) in spots {
        let Some(value) = value else {
            pieces.push(std::mem::take(&mut piece));
            before = None;
            continue;
        };
        if let Some((known, was)) = before {
            if at < known {
                // Nothing goes back in time.
                continue;
            }
            for edge in [from, until] {
                if known < edge && edge < at {
                    let share = (edge - known) as f64 / (at - known) as f64;
                    piece.push((edge, (was.0 + (value.0 - was.0) * share, was.1 + (value.1 - was.1) * share)));
                }
            }
        }
        if (from..=until).contains(&at) {
            piece.push((at, value));
        }
        before = Some((at, value));
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

type Pieces = Vec<Vec<(u64, (f64, f64))>>;

/// A part of the plane, and where it is drawn.
struct Plane {
    low: f64,
    high: f64,
    from: u64,
    until: u64,
    log: bool,
    /// Left, top, right and bottom, in pixels.
    area: [f64; 4],
}

impl Plane {
    fn x(&self, at: u64) -> f64 {
        let [left, _, right, _] = self.area;
        let since = at.clamp(self.from, self.until) - self.from;
        left + since as f64 / (self.until - self.from).max(1) as f64 * (right - left)
    }

    fn y(&self, value: f64) -> f64 {
        let [_, top, _, bottom] = self.area;
        let spread = |value: f64| if self.log { value.max(1.0).log10() } else { value };
        let (low, high) = (spread(self.low), spread(self.high));
        bottom - (spread(value.clamp(self.low, self.high)) - low) / (high - low) * (bottom - top)
    }
}

impl Chart {
    /// What can be seen of each series: of its line, and of its band.
    fn seen(&self) -> Vec<(Pieces, Pieces)> {
        let until = self.until.max(self.from);
        let line = |it: &Series| it.line.clone().into_iter().map(|(at, it)| (at, it.map(|it| (it as f64, it as f64))));
        let band = |it: &Series| {
            it.band.clone().into_iter().map(|(at, it)| (at, it.map(|(low, high)| (low as f64, high as f64))))
        };
        let seen = |it: &Series| (pieces(line(it), self.from, until), pieces(band(it), self.from, until));
        self.series.iter().map(seen).collect()
    }

    /// The lowest and the highest value that is shown.
    fn range(&self, seen: &[(Pieces, Pieces)]) -> (i64, i64) {
        let pieces = seen.iter().flat_map(|(line, band)| line.iter().chain(band)).flatten();
        // Conversions from floats stop at the ends of an integer.
        let values = pieces.flat_map(|(_, (low, high))| [low.floor() as i64, high.ceil() as i64]);
        let values = values.chain(self.limits.iter().map(|limit| limit.value)).chain([self.reach.0, self.reach.1]);
        let unit = 10i64.checked_pow(self.decimals.into()).unwrap_or(i64::MAX);
        if self.scale == Scale::Log {
            let positive = values.filter(|value| *value > 0);
            let (low, high) = positive.fold((i64::MAX, 1), |(low, high), value| (low.min(value), high.max(value)));
            return if low < high {
                (low - low / 5, high.saturating_add(high / 4))
            } else {
                ((high / 10).max(1), high.saturating_mul(10))
            };
        }
        let (low, high) = values.fold((0, 0), |(low, high), value| (low.min(value), high.max(value)));
        let high = if low == high { unit } else { high };
        // Lines do not run along the edges, unless that is zero.
        let spare = (high / 16).saturating_sub(low / 16);
        let wider = |edge: i64, by: i64| if edge == 0 { 0 } else { edge.saturating_add(by) };
        (wider(low, spare.saturating_neg()), wider(high, spare))
    }

    /// A value in its unit, with no more decimals than it needs; with a sign where there are negative ones.
    fn told(&self, value: i64, signed: bool) -> String {
        let digits = format!("{:0width$}", value.unsigned_abs(), width = usize::from(self.decimals) + 1);
        let (whole, part) = digits.split_at(digits.len() - usize::from(self.decimals));
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        let sign = match value {
            _ if value < 0 => "−",
            _ if value > 0 && signed => "+",
            _ => "",
        };
        format!("{sign}{whole}{point}{part}")
    }

    pub(super) fn spoken(&self) -> String {
        let seen = self.seen();
        let signed = self.range(&seen).0 < 0;
        let told = |value: f64| format!("{} {}", self.told(value.round() as i64, signed), self.unit);
        let told = |value: f64| told(value).trim_end().to_owned();
        let mut sentences = vec![sentence(&self.caption)];
        for (series, (line, band)) in self.series.iter().zip(&seen) {
            let mut said = Vec::new();
            if let Some((at, (value, _))) = line.last().and_then(|piece| piece.last()) {
                said.push(format!("{} at {}", told(*value), time(*at)));
                let values = || line.iter().flatten().map(|(_, (value, _))| *value);
                let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
                if low < high {
                    said.push(format!("between {} and {} since {}", told(low), told(high), time(self.from)));
                }
            }
            if let Some((_, (low, high))) = band.last().and_then(|piece| piece.last()) {
                said.push(format!("band from {} to {}", told(*low), told(*high)));
            }
            let said = if said.is_empty() { "nothing".to_owned() } else { said.join(", ") };
            sentences.push(sentence(&format!("{}: {said}", series.item.spoken())));
        }
        for limit in self.limits.iter().filter(|limit| !limit.item.text.is_empty()) {
            sentences.push(sentence(&format!("{}: {}", limit.item.spoken(), told(limit.value as f64))));
        }
        let points = self.points.iter().map(|point| format!("{} at {}", point.item.spoken(), time(point.at)));
        sentences.extend(points.map(|point| sentence(&point)));
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    pub(super) fn draw(&self, width: f64) -> Drawing {
        let mut drawing = Drawing::default();
        let seen = self.seen();
        let (low, high) = self.range(&seen);
        let marks = if self.scale == Scale::Log { log_ticks(low, high) } else { ticks(low, high, 6) };
        let marks: Vec<(i64, String)> = marks.into_iter().map(|value| (value, self.told(value, low < 0))).collect();
        let label =
            |x: f64, y: f64, what: &str, anchor: Anchor| text(x, y, what, TextStyle::Label, anchor, Paint::Mute);
        let comma = if self.caption.is_empty() || self.unit.is_empty() { "" } else { ", " };
        let caption = wrapped(&format!("{}{comma}{}", self.caption, self.unit), width);
        let top = LINE * caption.len() as f64;
        let head = caption
            .iter()
            .enumerate()
            .map(|(place, line)| label(0.0, LINE * (place as f64 + 0.5), line, Anchor::Start));
        drawing.rule("caption", head.collect());
        let names = self.series.iter().zip(&seen).filter(|(_, (line, band))| !line.is_empty() || !band.is_empty());
        let room = names.map(|(series, _)| LEADER + item_width(&series.item) + 2.0).fold(10.0, f64::max);
        let left = marks.iter().map(|(_, told)| text_width(told, false)).fold(0.0, f64::max) + 10.0;
        let right = width.max(left + room + 120.0) - room;
        let bottom = top + HEIGHT.max(APART * self.series.len() as f64);
        let (from, until) = (self.from, self.until.max(self.from));
        let log = self.scale == Scale::Log;
        let plane = Plane { low: low as f64, high: high as f64, from, until, log, area: [left, top, right, bottom] };
        let across = |y: f64, stroke, width| Shape::Strokes { lines: vec![[(left, y), (right, y)]], stroke, width };
        let upright = |x: f64, from: f64, to: f64, stroke, width| Shape::Strokes {
            lines: vec![[(x, from), (x, to)]],
            stroke,
            width,
        };
        for (value, told) in &marks {
            let y = plane.y(*value as f64);
            let shapes = vec![across(y, Paint::Mute, 0.3), label(left - 6.0, y, told, Anchor::End)];
            drawing.rule(&format!("value {told}"), shapes);
        }
        let most = ((right - left) / 52.0).clamp(2.0, 12.0) as u32;
        let signed = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
        for at in ticks(signed(from), signed(until), most).into_iter().map(i64::unsigned_abs) {
            let shapes = vec![
                upright(plane.x(at), bottom, bottom + 4.0, Paint::Mute, 1.0),
                label(plane.x(at), bottom + 14.0, &time(at), Anchor::Middle),
            ];
            drawing.rule(&format!("time {at}"), shapes);
        }
        for limit in &self.limits {
            drawing
                .rule(&format!("limit {}", limit.value), vec![across(plane.y(limit.value as f64), Paint::Mute, 1.2)]);
        }
        let ends = ends(&plane, &seen);
        for (dash, ((series, (line, band)), end)) in self.series.iter().zip(&seen).zip(ends).enumerate() {
            let fill = series.item.ink.hue.map_or(Paint::Ink, |hue| Paint::hue(Some(hue)));
            let mut shapes: Vec<Shape> = band.iter().map(|piece| area(&plane, piece, fill)).collect();
            let thin = series.item.ink.pattern == Pattern::Faint;
            shapes.extend(line.iter().flat_map(|piece| stroke(&plane, piece, fill, dash, thin)));
            if let Some((end, y)) = end {
                let lines = vec![[end, (right + LEADER - 2.0, y)]];
                shapes.push(Shape::Strokes { lines, stroke: Paint::Mute, width: 1.0 });
                shapes.extend(item_shapes(&series.item, right + LEADER, y));
            }
            // A line has no room for a finger: what can be done with it stands below.
            drawing.push(super::drawing::name_of(&series.item), Some(series.item.clone()), shapes, [0.0; 4]);
        }
        for limit in self.limits.iter().filter(|limit| !limit.item.text.is_empty()) {
            let y = plane.y(limit.value as f64) - 8.0;
            let name = text(left + 4.0, y, &limit.item.text, TextStyle::Remark, Anchor::Start, Paint::Ink);
            drawing.rule(&format!("limit {} name", limit.value), vec![name]);
        }
        if let Some(now) = self.now.filter(|now| (from..=until).contains(now)) {
            drawing.rule("now", vec![upright(plane.x(now), top, bottom + 4.0, Paint::Ink, 1.5)]);
        }
        for point in &self.points {
            let (x, r) = (plane.x(point.at), 6.0);
            let fill = point.item.ink.hue.map_or(Paint::Panel, |hue| Paint::hue(Some(hue)));
            let points = vec![(x, bottom - r), (x + r, bottom), (x, bottom + r), (x - r, bottom)];
            let shapes = vec![
                upright(x, top, bottom, Paint::Mute, 1.0),
                Shape::Polygon { points, fill, stroke: Paint::Ink, width: 1.5 },
            ];
            let key = format!("{}@{}", super::drawing::name_of(&point.item), point.at);
            drawing.push(key, Some(point.item.clone()), shapes, [x - 12.0, bottom - 12.0, 24.0, 24.0]);
        }
        drawing.reach(right + room, bottom + AXIS);
        drawing
    }
}

/// Where each line ends, and how high its name stands: beside that, as far as names do not cover each other. A series
/// of which nothing is seen has none.
fn ends(plane: &Plane, seen: &[(Pieces, Pieces)]) -> Vec<Option<((f64, f64), f64)>> {
    let end = |(line, band): &(Pieces, Pieces)| {
        let (at, (low, high)) = line.last().or(band.last())?.last()?;
        let y = plane.y(low / 2.0 + high / 2.0);
        Some(((plane.x(*at), y), y))
    };
    let mut ends: Vec<_> = seen.iter().map(end).collect();
    let [_, top, _, bottom] = plane.area;
    let names = ends.iter().enumerate().filter_map(|(place, end)| Some((place, (*end)?.1)));
    let mut names: Vec<(usize, f64)> = names.collect();
    crate::order::by(&mut names, |a, b| a.1.total_cmp(&b.1));
    let mut least = top + APART / 2.0;
    for (_, y) in &mut names {
        *y = y.max(least);
        least = *y + APART;
    }
    // Those that were pushed out at the bottom push back.
    let mut most = bottom - APART / 2.0;
    for (_, y) in names.iter_mut().rev() {
        *y = y.min(most);
        most = *y - APART;
    }
    for (place, y) in names {
        if let Some((_, name)) = &mut ends[place] {
            *name = y;
        }
    }
    ends
}

/// A band: translucent, so that lines and other bands are seen through it.
fn area(plane: &Plane, piece: &[(u64, (f64, f64))], fill: Paint) -> Shape {
    let upper = piece.iter().map(|(at, (_, high))| (plane.x(*at), plane.y(*high)));
    let lower = piece.iter().rev().map(|(at, (low, _))| (plane.x(*at), plane.y(*low)));
    Shape::Area { points: upper.chain(lower).collect(), fill }
}

/// A piece of a line. A hue lies on ink, which carries the contrast; gaps in it tell lines apart without colour.
fn stroke(plane: &Plane, piece: &[(u64, (f64, f64))], stroke: Paint, dash: usize, thin: bool) -> Vec<Shape> {
    let points: Vec<(f64, f64)> = piece.iter().map(|(at, (value, _))| (plane.x(*at), plane.y(*value))).collect();
    if let [(x, y)] = points[..] {
        return vec![Shape::Circle { x, y, r: 3.0, fill: stroke, stroke: Paint::Ink, width: 1.0, dashed: false }];
    }
    let (casing, width) = if thin { (2.4, 1.2) } else { (3.6, 2.0) };
    let casing = Shape::Line { points: points.clone(), stroke: Paint::Ink, width: casing, dash: 0 };
    let line = Shape::Line { points, stroke, width, dash };
    if stroke == Paint::Ink { vec![line] } else { vec![casing, line] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_not_many() {
        assert_eq!(ticks(-60_000, 30_000, 6), [-60_000, -40_000, -20_000, 0, 20_000]);
        assert_eq!(ticks(-1_000, 1_000, 6), [-1_000, -500, 0, 500, 1_000]);
        assert_eq!(ticks(0, 10_000_000, 5), [0, 5_000_000, 10_000_000]);
        for (low, high) in [(0, 1), (-7, 13), (i64::MIN, i64::MAX), (-1, 999_999), (123, 456_789)] {
            for most in [2, 4, 7] {
                let ticks = ticks(low, high, most);
                assert!(ticks.len() <= most as usize + 1, "{low}..{high}: {ticks:?}");
                assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{low}..{high}: {ticks:?}");
            }
        }
        assert_eq!(log_ticks(3, 400), [5, 10, 20, 50, 100, 200]);
        assert_eq!(log_ticks(1, 100_000), [1, 10, 100, 1_000, 10_000, 100_000]);
        assert_eq!(log_ticks(1, i64::MAX).len(), 19);
    }

    #[test]
    fn values_have_no_more_decimals_than_they_need() {
        let chart = |decimals| Chart { decimals, ..Chart::default() };
        let told = [0, 7, 1_500, -60_000, 1_000_000].map(|value| chart(3).told(value, true));
        assert_eq!(told, ["0", "+0.007", "+1.5", "−60", "+1000"]);
        assert_eq!((chart(0).told(42, false), chart(1).told(-5, false)), ("42".to_owned(), "−0.5".to_owned()));
        let _ = (chart(u8::MAX).told(i64::MIN, true), chart(0).told(i64::MAX, true));
    }

    fn line(spots: &[(u64, Option<i64>)]) -> Pieces {
        pieces(spots.iter().map(|(at, it)| (*at, it.map(|it| (it as f64, it as f64)))), 10, 20)
    }

    #[test]
    fn a_line_enters_and_leaves_the_window_where_it_crosses_its_edges() {
        let at = |piece: &[(u64, (f64, f64))]| piece.iter().map(|(at, (it, _))| (*at, *it as i64)).collect::<Vec<_>>();
        let crossing = line(&[(0, Some(0)), (5, Some(50)), (15, Some(150)), (25, Some(50)), (30, Some(0))]);
        assert_eq!(crossing.iter().map(|piece| at(piece)).collect::<Vec<_>>(), [[(10, 100), (15, 150), (20, 100)]]);
        let through = line(&[(0, Some(0)), (40, Some(400))]);
        assert_eq!(at(&through[0]), [(10, 100), (20, 200)]);
        // A gap stays a gap, also across an edge, and what goes back in time is left out.
        assert_eq!(line(&[(0, Some(1)), (9, None), (12, Some(2)), (11, Some(9)), (13, None), (16, Some(3))]).len(), 2);
        assert!(line(&[]).is_empty() && line(&[(3, Some(1)), (4, None)]).is_empty());
        assert_eq!(at(&line(&[(10, Some(4))])[0]), [(10, 4)]);
    }

    #[test]
    fn the_axis_holds_what_is_seen_and_zero() {
        let spots = |spots: &[(u64, i64)]| spots.iter().map(|(at, it)| (*at, Some(*it))).collect();
        let mut chart = Chart { until: 10, reach: (-1_000, 1_000), ..Chart::default() };
        assert_eq!(chart.range(&chart.seen()), (-1_124, 1_124));
        chart.series = vec![Series { line: spots(&[(1, 60_000), (9, 25_000)]), ..Series::default() }];
        chart.series[0].band = vec![(9, Some((-35_000, 35_000)))];
        assert_eq!(chart.range(&chart.seen()), (-40_937, 65_937));
        // What was before the window is not seen.
        (chart.from, chart.series[0].line[0].0) = (5, 0);
        chart.series[0].line.insert(1, (4, None));
        assert_eq!(chart.range(&chart.seen()), (-39_374, 39_374));
        // From zero on, zero is the edge.
        let rates = Chart {
            until: 9,
            series: vec![Series { line: spots(&[(1, 320)]), ..Series::default() }],
            ..Chart::default()
        };
        assert_eq!(rates.range(&rates.seen()), (0, 340));
        assert_eq!(Chart::default().range(&[]), (0, 1));
        let log = Chart { scale: Scale::Log, ..rates };
        assert_eq!(log.range(&log.seen()), (32, 3_200));
    }
}
