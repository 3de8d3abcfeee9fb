//! How things look, as shapes with named paints. A backend (SVG element, canvas, SVG text) only
//! has to know these few shapes; themes only have to know the paints.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::layout::HEIGHT;
use crate::stage::{Condition, Message, MessageShape, Node, Stage};

/// Radius of a node, in units of the stage.
pub const NODE_RADIUS: f64 = 38.0;
/// Radius of a node that is drawn small.
pub const SMALL_RADIUS: f64 = 24.0;
/// Radius of the arc that shows a running timer.
pub const TIMER_RADIUS: f64 = 46.0;
/// Half the size of a message.
pub const MESSAGE_RADIUS: f64 = 8.0;
/// Hues repeat after this many terms: the Okabe–Ito palette without black and grey.
pub const HUES: u32 = 7;

/// A colour by meaning; the theme decides what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// No paint.
    None,
    /// Text, outlines.
    Ink,
    /// Secondary text, timers, what is down.
    Mute,
    /// The ground that nodes are cut out of.
    Panel,
    /// The ground of the stage.
    Ground,
    /// Diagonal stripes: crashed.
    Hatch,
    /// A fault.
    Fault,
    /// Dark ink on a hue, in both themes.
    OnHue,
    /// The colour of a term, ballot or shard; index below [`HUES`].
    Hue(u32),
}

impl Paint {
    /// The hue of a term; consecutive terms differ, and grey stands for none.
    #[must_use]
    pub const fn hue(of: Option<u32>) -> Self {
        match of {
            Some(number) => Self::Hue(number % HUES),
            None => Self::Mute,
        }
    }

    /// The name that themes use.
    #[must_use]
    pub fn name(self) -> &'static str {
        const NAMES: [&str; HUES as usize] = ["hue-0", "hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-6"];
        match self {
            Self::None => "none",
            Self::Ink => "ink",
            Self::Mute => "mute",
            Self::Panel => "panel",
            Self::Ground => "ground",
            Self::Hatch => "hatch",
            Self::Fault => "fault",
            Self::OnHue => "on-hue",
            Self::Hue(index) => NAMES[(index % HUES) as usize],
        }
    }
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// A node's name.
    Name,
    /// The name of a node that is drawn small.
    SmallName,
    /// The name of one among a hundred.
    TinyName,
    /// The line below it.
    Label,
    /// The count above a node.
    Badge,
    /// A remark beside a node, with a halo.
    Remark,
}

/// Where a text stands against its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It starts there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// The largest radius at the corners of a [`Shape::Pill`].
pub const ROUND: f64 = 14.0;

/// Something to draw, in units of the stage, relative to an origin that the caller chooses.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A disk with an outline.
    Circle { x: f64, y: f64, r: f64, fill: Paint, stroke: Paint, width: f64, dashed: bool },
    /// A closed polygon with an outline.
    Polygon { points: Vec<(f64, f64)>, fill: Paint, stroke: Paint, width: f64 },
    /// Strokes between pairs of points.
    Strokes { lines: Vec<[(f64, f64); 2]>, stroke: Paint, width: f64 },
    /// A line through these points; a number other than 0 stands for a pattern of dashes ([`dashes`]).
    Line { points: Vec<(f64, f64)>, stroke: Paint, width: f64, dash: usize },
    /// A translucent polygon ([`TRANSLUCENT`]).
    Area { points: Vec<(f64, f64)>, fill: Paint },
    /// A rectangle around a text, round at its ends where it holds one line; see [`ROUND`].
    Pill { x: f64, y: f64, width: f64, height: f64, fill: Paint, stroke: Paint },
    /// One line of text; `y` is the baseline.
    Text { x: f64, y: f64, text: String, style: TextStyle, anchor: Anchor, fill: Paint },
}

/// How opaque an [`Shape::Area`] is.
pub const TRANSLUCENT: f64 = 0.15;

/// A pattern of dashes by its number, as attributes of SVG take it; none for 0, and patterns repeat.
#[must_use]
pub const fn dashes(number: usize) -> Option<&'static str> {
    const PATTERNS: [Option<&str>; 7] =
        [None, Some("12 3"), Some("5 3"), Some("2 3"), Some("10 3 2 3"), Some("7 3 2 3 2 3"), Some("2 6")];
    PATTERNS[number % PATTERNS.len()]
}

/// The radius of a node, in units of the stage.
#[must_use]
pub fn radius(node: &Node) -> f64 {
    match node.crowd {
        Some(radius) => f64::from(radius),
        None if node.small => SMALL_RADIUS,
        None => NODE_RADIUS,
    }
}

/// How far from its centre a node is hit: a little beyond its rim, and in a crowd no further than halfway to the next.
#[must_use]
pub fn reach(node: &Node) -> f64 {
    radius(node) + if node.crowd.is_some() { 1.5 } else { 4.0 }
}

/// A node, around its own centre. Everything but the timer, which moves every frame.
#[must_use]
pub fn node(node: &Node) -> Vec<Shape> {
    if node.crowd.is_some() {
        return one_of_a_crowd(node);
    }
    let hue = Paint::hue(node.hue);
    let r = radius(node);
    let disk = |fill, stroke, width, dashed| Shape::Circle { x: 0.0, y: 0.0, r, fill, stroke, width, dashed };
    let mut shapes = Vec::new();
    if node.condition == Condition::Crashed {
        shapes.push(disk(Paint::Hatch, Paint::Mute, 3.0, false));
    } else if node.small {
        shapes.push(disk(Paint::Panel, Paint::Mute, 2.0, false));
    } else if node.in_charge {
        shapes.push(disk(hue, Paint::Ink, 3.0, false));
        shapes.push(crown());
    } else {
        // The hue lies on an ink outline, so that it never has to carry the contrast alone.
        shapes.push(disk(Paint::Panel, Paint::None, 0.0, false));
        shapes.push(disk(Paint::None, Paint::Ink, 7.0, node.contends));
        shapes.push(disk(Paint::None, hue, 4.0, node.contends));
    }
    let (name, label) = match node.condition {
        Condition::Crashed => (Paint::Mute, Paint::Mute),
        _ if node.in_charge => (Paint::OnHue, Paint::OnHue),
        _ => (Paint::Ink, Paint::Mute),
    };
    let text = |y, text: &str, style, fill| Shape::Text {
        x: 0.0,
        y,
        text: text.to_owned(),
        style,
        anchor: Anchor::Middle,
        fill,
    };
    let labelled = node.condition != Condition::Crashed && !node.label.is_empty();
    let style = if node.small { TextStyle::SmallName } else { TextStyle::Name };
    let centred = if node.small { 4.5 } else { 6.0 };
    shapes.push(text(if labelled && !node.small { -1.0 } else { centred }, &node.id, style, name));
    if labelled && node.small {
        // There is no room inside.
        shapes.push(text(r + 16.0, &node.label, TextStyle::Remark, label));
    } else if labelled {
        shapes.push(text(16.0, &node.label, TextStyle::Label, label));
    }
    if node.condition == Condition::Paused {
        let bar = |x| [(x, 22.0), (x, 31.0)];
        shapes.push(Shape::Strokes { lines: vec![bar(-3.5), bar(3.5)], stroke: label, width: 3.0 });
    }
    if let Some(badge) = &node.badge {
        let width = 16.0 + 7.0 * badge.chars().count() as f64;
        let (height, y) = (19.0, -NODE_RADIUS - 31.0);
        shapes.push(Shape::Pill { x: -width / 2.0, y, width, height, fill: hue, stroke: Paint::Ink });
        shapes.push(text(y + 13.5, badge, TextStyle::Badge, Paint::OnHue));
    }
    if let Some(remark) = &node.remark {
        // Away from the middle of the stage, where the links are; above, it clears the crown.
        let above = node.position.y < HEIGHT / 2;
        let y = match (node.small, above) {
            (true, _) => r + if labelled { 31.0 } else { 16.0 },
            (false, true) => -r - 32.0,
            (false, false) => r + 26.0,
        };
        shapes.push(text(y, remark, TextStyle::Remark, Paint::Mute));
    }
    shapes
}

/// A node among many: its hue as a ring, and its name.
fn one_of_a_crowd(node: &Node) -> Vec<Shape> {
    let r = radius(node);
    let disk = |r, fill, stroke, width| Shape::Circle { x: 0.0, y: 0.0, r, fill, stroke, width, dashed: false };
    let crashed = node.condition == Condition::Crashed;
    let mut shapes = if crashed {
        vec![disk(r - 1.0, Paint::Hatch, Paint::Mute, 2.0)]
    } else {
        // The outline is within the radius: neighbours stand close.
        let rim = (r / 5.0).max(3.0);
        vec![
            disk(r, Paint::Ink, Paint::None, 0.0),
            disk(r - rim / 2.0 - 0.8, Paint::Panel, Paint::hue(node.hue), rim - 1.0),
        ]
    };
    if node.condition == Condition::Paused {
        let (x, y) = (r / 6.0, r / 3.0);
        let bar = |x: f64| [(x, -y), (x, y)];
        shapes.push(Shape::Strokes { lines: vec![bar(-x), bar(x)], stroke: Paint::Mute, width: r / 6.0 });
    } else {
        let (style, y) = if r < 16.0 { (TextStyle::TinyName, 3.0) } else { (TextStyle::SmallName, 4.5) };
        let fill = if crashed { Paint::Mute } else { Paint::Ink };
        shapes.push(Shape::Text { x: 0.0, y, text: node.id.clone(), style, anchor: Anchor::Middle, fill });
    }
    shapes
}

fn crown() -> Shape {
    let base = -NODE_RADIUS - 7.0;
    let points = vec![
        (-12.0, base),
        (-14.0, base - 13.0),
        (-6.0, base - 6.5),
        (0.0, base - 15.0),
        (6.0, base - 6.5),
        (14.0, base - 13.0),
        (12.0, base),
    ];
    Shape::Polygon { points, fill: Paint::Ink, stroke: Paint::None, width: 0.0 }
}

/// The share of a node's timer that is left at `time_us`, as start and end angle in radians,
/// clockwise from the top; `None` without a timer.
#[must_use]
pub fn timer_arc(node: &Node, time_us: f64) -> Option<(f64, f64)> {
    let (set_us, due_us) = node.timer_us?;
    let left = ((due_us as f64 - time_us) / (due_us - set_us).max(1) as f64).clamp(0.0, 1.0);
    (node.condition == Condition::Up && left > 0.0).then_some((-FRAC_PI_2, -FRAC_PI_2 + TAU * left))
}

/// Where a message is at `time_us`: on the way from rim to rim, in units of the stage.
#[must_use]
pub fn message_position(stage: &Stage, message: &Message, time_us: f64) -> (f64, f64) {
    let [start, end] = rim_to_rim(&stage.nodes[message.from], &stage.nodes[message.to]);
    let progress = message.progress(time_us);
    (start.0 + (end.0 - start.0) * progress, start.1 + (end.1 - start.1) * progress)
}

/// The part of the line between two nodes that lies outside both of them.
#[must_use]
pub fn rim_to_rim(from: &Node, to: &Node) -> [(f64, f64); 2] {
    let (a, b) = (from.position, to.position);
    let (dx, dy) = (f64::from(b.x - a.x), f64::from(b.y - a.y));
    let length = dx.hypot(dy).max(1.0);
    // Nodes that overlap leave nothing between them; the line then shrinks to its middle.
    let inset = |node: &Node| (radius(node) + 4.0).min(length / 2.0) / length;
    let (ax, ay, start, end) = (f64::from(a.x), f64::from(a.y), inset(from), 1.0 - inset(to));
    [(ax + dx * start, ay + dy * start), (ax + dx * end, ay + dy * end)]
}

/// Where a link with these ends carries the mark that says it is cut; none while both directions work.
/// A cut in one direction is marked near the end that hears nothing.
#[must_use]
pub fn cut_mark([(x1, y1), (x2, y2)]: [(f64, f64); 2], forward: bool, backward: bool) -> Option<(f64, f64)> {
    let share = match (forward, backward) {
        (true, true) => return None,
        (false, false) => 0.5,
        (false, true) => 0.75,
        (true, false) => 0.25,
    };
    Some((x1 + (x2 - x1) * share, y1 + (y2 - y1) * share))
}

/// A message, around its own centre. `towards` is its direction in radians.
#[must_use]
pub fn message(message: &Message, towards: f64) -> Shape {
    let fill = Paint::hue(message.hue);
    let (r, width) = (MESSAGE_RADIUS, 1.5);
    match message.shape {
        MessageShape::Circle => {
            Shape::Circle { x: 0.0, y: 0.0, r: r * 0.75, fill, stroke: Paint::Ink, width, dashed: false }
        }
        MessageShape::Ring => Shape::Circle {
            x: 0.0,
            y: 0.0,
            r: r * 0.6,
            fill: Paint::Ground,
            stroke: Paint::Ink,
            width: 2.0,
            dashed: false,
        },
        MessageShape::Diamond => {
            let r = r * 1.15;
            Shape::Polygon { points: vec![(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)], fill, stroke: Paint::Ink, width }
        }
        MessageShape::Triangle => {
            // It points where it goes.
            let corner = |angle: f64, r: f64| ((towards + angle).cos() * r, (towards + angle).sin() * r);
            let points = vec![corner(0.0, r * 1.3), corner(TAU / 3.0, r * 1.1), corner(-TAU / 3.0, r * 1.1)];
            Shape::Polygon { points, fill, stroke: Paint::Ink, width }
        }
        MessageShape::Square => {
            let r = r * 0.8;
            Shape::Polygon { points: vec![(-r, -r), (r, -r), (r, r), (-r, r)], fill, stroke: Paint::Ink, width }
        }
    }
}

/// What a message carries, as a number beside it.
#[must_use]
pub fn carried(message: &Message) -> Option<Shape> {
    let text = message.carries?.to_string();
    let (x, y) = (MESSAGE_RADIUS + 3.0, 4.0);
    Some(Shape::Text { x, y, text, style: TextStyle::Remark, anchor: Anchor::Start, fill: Paint::Ink })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Point;

    fn node_at(x: i32, y: i32) -> Node {
        Node {
            id: "n1".into(),
            role: "follower".into(),
            label: "term 1".into(),
            position: Point { x, y },
            condition: Condition::Up,
            hue: Some(0),
            in_charge: false,
            contends: false,
            badge: None,
            remark: None,
            small: false,
            crowd: None,
            timer_us: Some((1_000, 3_000)),
        }
    }

    fn message_of(sent_us: u64, latency_us: u64) -> Message {
        Message {
            id: "n1>n2#1".into(),
            from: 0,
            to: 1,
            kind: "request-vote".into(),
            shape: MessageShape::Triangle,
            hue: Some(0),
            sent_us,
            latency_us,
            due_us: sent_us + latency_us,
            carries: None,
            held_at_ppm: None,
        }
    }

    #[test]
    fn a_message_travels_from_rim_to_rim() {
        let stage = Stage { nodes: vec![node_at(0, 0), node_at(200, 0)], ..Stage::default() };
        let message = message_of(1_000, 2_000);
        assert_eq!(message_position(&stage, &message, 1_000.0), (42.0, 0.0));
        assert_eq!(message_position(&stage, &message, 2_000.0), (100.0, 0.0));
        assert_eq!(message_position(&stage, &message, 9_000.0), (158.0, 0.0));
        let held = Message { held_at_ppm: Some(250_000), ..message };
        assert_eq!(message_position(&stage, &held, 9_000.0), (71.0, 0.0));
    }

    #[test]
    fn nodes_on_top_of_each_other_do_no_harm() {
        let stage = Stage { nodes: vec![node_at(50, 50), node_at(50, 50)], ..Stage::default() };
        let (x, y) = message_position(&stage, &message_of(0, 0), 0.0);
        assert!(x.is_finite() && y.is_finite());
    }

    #[test]
    fn a_timer_runs_down_clockwise_from_the_top() {
        let node = node_at(0, 0);
        let (start, end) = timer_arc(&node, 2_000.0).expect("half of it is left");
        assert_eq!(start, -FRAC_PI_2);
        assert!((end - FRAC_PI_2).abs() < 1e-9);
        assert_eq!(timer_arc(&node, 3_000.0), None);
        assert_eq!(timer_arc(&Node { condition: Condition::Crashed, ..node }, 2_000.0), None);
    }

    #[test]
    fn a_node_is_read_out_in_full() {
        let node = node_at(0, 0);
        assert_eq!(node.spoken(), "n1, follower, term 1");
        let crashed = Node { condition: Condition::Crashed, label: "disk kept".into(), ..node.clone() };
        assert_eq!(crashed.spoken(), "n1, crashed, disk kept");
        assert_eq!(Node { condition: Condition::Paused, ..node }.spoken(), "n1, paused, follower, term 1");
    }
}
