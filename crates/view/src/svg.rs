//! The stage as a text of SVG that stands alone: for documents, slides and exports.
//!
//! It draws the same shapes as the page, from the same functions ([`crate::shapes`]), in the page's
//! three layers: links, what moves, nodes. Colours and fonts come along in a style of its own, whose
//! rules begin with the picture's class so that they touch nothing else in a document; nothing is
//! fetched from anywhere. Screen readers get a title and a description.

mod ring;

use std::fmt::Write as _;

use crate::layout::{HEIGHT, WIDTH};
use crate::lens::Ring;
use crate::shapes::{self, Anchor, Paint, Shape, TextStyle};
use crate::stage::{Link, Node, Stage};
use crate::theme::{FONTS, Theme};

/// What a node needs around its centre, in units of the stage: names, badges, remarks.
const ROOM: i32 = 76;

/// The stage at the moment `time_us`. `title` says what is seen.
#[must_use]
pub fn stage(stage: &Stage, time_us: f64, theme: Theme, title: &str) -> String {
    picture(stage, None, time_us, theme, title)
}

/// The same around a hash ring, with servers where `stage` has seated them. Of links only those are drawn that
/// something is the matter with.
#[must_use]
pub fn ring(stage: &Stage, ring: &Ring, time_us: f64, theme: Theme, title: &str) -> String {
    picture(stage, Some(ring), time_us, theme, title)
}

fn picture(stage: &Stage, ring: Option<&Ring>, time_us: f64, theme: Theme, title: &str) -> String {
    let mut out = String::with_capacity(8 * 1024);
    let [left, top, width, height] = extent(stage);
    let name = theme.name();
    put(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"netsplit-{name}\" role=\"img\" \
             viewBox=\"{left} {top} {width} {height}\" width=\"{width}\" height=\"{height}\">\n"
        ),
    );
    put(
        &mut out,
        format_args!("<title>{}</title>\n<desc>{}</desc>\n", Escaped(title), Escaped(&description(stage, ring))),
    );
    style(&mut out, stage, ring, theme);
    hatch(&mut out, theme);
    put(
        &mut out,
        format_args!("<rect class=\"fill-ground\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>\n"),
    );
    if let Some(ring) = ring {
        ring::draw(&mut out, ring);
    }
    out.push_str("<g>\n");
    for link in stage.links.iter().filter(|link| ring.is_none() || link.held || !link.up()) {
        draw_link(&mut out, stage, link);
    }
    out.push_str("</g>\n<g>\n");
    for node in &stage.nodes {
        draw_timer(&mut out, node, time_us);
    }
    for message in &stage.messages {
        let (x, y) = shapes::message_position(stage, message, time_us);
        let (from, to) = (stage.nodes[message.from].position, stage.nodes[message.to].position);
        let towards = f64::from(to.y - from.y).atan2(f64::from(to.x - from.x));
        put(&mut out, format_args!("<g transform=\"translate({} {})\">", Number(x), Number(y)));
        draw(&mut out, &shapes::message(message, towards));
        if let Some(shape) = shapes::carried(message) {
            draw(&mut out, &shape);
        }
        out.push_str("</g>\n");
    }
    out.push_str("</g>\n<g>\n");
    for node in &stage.nodes {
        put(&mut out, format_args!("<g transform=\"translate({} {})\">", node.position.x, node.position.y));
        for shape in shapes::node(node) {
            draw(&mut out, &shape);
        }
        out.push_str("</g>\n");
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// The part of the plane that is shown: the stage, and whatever somebody has moved out of it. Left,
/// top, width and height.
fn extent(stage: &Stage) -> [i32; 4] {
    let (mut left, mut top, mut right, mut bottom) = (0, 0, WIDTH, HEIGHT);
    for node in &stage.nodes {
        let (x, y) = (node.position.x, node.position.y);
        // On the stage itself nodes may stand close to the edge, as they do on the page.
        if !(0..=WIDTH).contains(&x) || !(0..=HEIGHT).contains(&y) {
            left = left.min(x.saturating_sub(ROOM));
            right = right.max(x.saturating_add(ROOM));
            top = top.min(y.saturating_sub(ROOM));
            bottom = bottom.max(y.saturating_add(ROOM));
        }
    }
    [left, top, right.saturating_sub(left), bottom.saturating_sub(top)]
}

/// Everybody and everything, in words.
fn description(stage: &Stage, ring: Option<&Ring>) -> String {
    let mut parts: Vec<String> = ring.into_iter().map(ring::spoken).collect();
    parts.extend(stage.nodes.iter().map(Node::spoken));
    let ends = |link: &Link| (stage.nodes[link.a].id.as_str(), stage.nodes[link.b].id.as_str());
    for link in &stage.links {
        let (a, b) = ends(link);
        match (link.forward, link.backward) {
            (true, true) => {}
            (false, false) => parts.push(format!("link {a}–{b} cut")),
            (false, true) => parts.push(format!("link {a}→{b} cut")),
            (true, false) => parts.push(format!("link {b}→{a} cut")),
        }
        if link.held {
            parts.push(format!("link {a}–{b} held"));
        }
    }
    parts.push(match stage.messages.len() {
        0 => "no message under way".to_owned(),
        1 => "1 message under way".to_owned(),
        count => format!("{count} messages under way"),
    });
    parts.join("; ")
}

/// The colours and fonts of a picture, as its style element.
pub(crate) fn style(out: &mut String, stage: &Stage, ring: Option<&Ring>, theme: Theme) {
    let name = theme.name();
    out.push_str("<style>\n");
    let mut rule = |selector: &str, body: std::fmt::Arguments<'_>| {
        put(out, format_args!(".netsplit-{name} {selector}{{{body}}}\n"));
    };
    for (colour, value) in theme.colours() {
        rule(&format!(".fill-{colour}"), format_args!("fill:{value}"));
        rule(&format!(".stroke-{colour}"), format_args!("stroke:{value}"));
    }
    let colour = |wanted: &str| theme.colours().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
    rule(".fill-none", format_args!("fill:none"));
    rule(".stroke-none", format_args!("stroke:none"));
    rule(".fill-hatch", format_args!("fill:url(#netsplit-{name}-hatch)"));
    rule(".faint", format_args!("opacity:.5"));
    rule(".wire", format_args!("fill:none;stroke:{};stroke-width:2", colour("mute")));
    rule(".held", format_args!("stroke-dasharray:12 6"));
    rule(".quiet", format_args!("stroke:{};stroke-width:1.5", colour("line")));
    rule(".cut", format_args!("stroke:{};stroke-dasharray:2 8;stroke-linecap:round", colour("cut")));
    rule(".cut-mark", format_args!("fill:none;stroke:{};stroke-width:3;stroke-linecap:round", colour("fault")));
    rule(".timer", format_args!("fill:none;stroke:{};stroke-width:4;stroke-linecap:round", colour("mute")));
    rule("text", format_args!("font-family:{}", FONTS.replace('"', "'")));
    for (style, size, weight) in [("name", 18, 700), ("small-name", 14, 600), ("label", 12, 400), ("badge", 12, 600)] {
        rule(&format!(".text-{style}"), format_args!("font-size:{size}px;font-weight:{weight}"));
    }
    if stage.nodes.iter().any(|node| node.crowd.is_some()) {
        rule(".text-tiny-name", format_args!("font-size:8px;font-weight:600"));
    }
    let halo = "paint-order:stroke;stroke-width:4px;stroke-linejoin:round";
    rule(".text-remark", format_args!("font-size:12px;{halo};stroke:{}", colour("ground")));
    if ring.is_some() {
        ring::style(out, theme);
    }
    out.push_str("</style>\n");
}

/// The stripes of what is down.
pub(crate) fn hatch(out: &mut String, theme: Theme) {
    let name = theme.name();
    put(
        out,
        format_args!(
            "<defs><pattern id=\"netsplit-{name}-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect class=\"fill-ground\" width=\"6\" height=\"6\"/>\
             <rect class=\"fill-mute faint\" width=\"2\" height=\"6\"/></pattern></defs>\n"
        ),
    );
}

fn draw_link(out: &mut String, stage: &Stage, link: &Link) {
    let ends = shapes::rim_to_rim(&stage.nodes[link.a], &stage.nodes[link.b]);
    let [(x1, y1), (x2, y2)] = ends.map(|(x, y)| (Number(x), Number(y)));
    let mut class = String::from("wire");
    for (holds, word) in [(link.held, " held"), (link.quiet, " quiet"), (!link.up(), " cut")] {
        if holds {
            class.push_str(word);
        }
    }
    put(out, format_args!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"));
    if let Some((x, y)) = shapes::cut_mark(ends, link.forward, link.backward) {
        let (left, right, top) = (Number(x - 6.0), Number(x + 6.0), Number(y - 6.0));
        put(out, format_args!("<path class=\"cut-mark\" d=\"M{left} {top}l12 12M{right} {top}l-12 12\"/>\n"));
    }
}

fn draw_timer(out: &mut String, node: &Node, time_us: f64) {
    let Some((start, end)) = shapes::timer_arc(node, time_us) else { return };
    let (x, y, r) = (f64::from(node.position.x), f64::from(node.position.y), shapes::TIMER_RADIUS);
    if end - start > std::f64::consts::TAU - 1e-3 {
        // An arc that ends where it starts is none.
        put(out, format_args!("<circle class=\"timer\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>\n"));
        return;
    }
    let at = |angle: f64| (Number(x + r * angle.cos()), Number(y + r * angle.sin()));
    let ((x1, y1), (x2, y2)) = (at(start), at(end));
    let large = u8::from(end - start > std::f64::consts::PI);
    put(out, format_args!("<path class=\"timer\" d=\"M{x1} {y1}A{r} {r} 0 {large} 1 {x2} {y2}\"/>\n"));
}

pub(crate) fn draw(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Circle { x, y, r, fill, stroke, width, dashed } => {
            let place = Place { x: *x, y: *y, names: ["cx", "cy"] };
            let dashes = if *dashed { " stroke-dasharray=\"9 6\"" } else { "" };
            put(out, format_args!("<circle{}{place} r=\"{}\"{dashes}/>", Ink(*fill, *stroke, *width), Number(*r)));
        }
        Shape::Polygon { points, fill, stroke, width } => {
            put(out, format_args!("<polygon{} points=\"", Ink(*fill, *stroke, *width)));
            for (index, (x, y)) in points.iter().enumerate() {
                let blank = if index == 0 { "" } else { " " };
                put(out, format_args!("{blank}{},{}", Number(*x), Number(*y)));
            }
            out.push_str("\"/>");
        }
        Shape::Strokes { lines, stroke, width } => {
            put(out, format_args!("<path{} d=\"", Ink(Paint::None, *stroke, *width)));
            for [(x1, y1), (x2, y2)] in lines {
                put(out, format_args!("M{} {}L{} {}", Number(*x1), Number(*y1), Number(*x2), Number(*y2)));
            }
            out.push_str("\"/>");
        }
        Shape::Line { points, stroke, width, dash } => {
            put(out, format_args!("<path{} stroke-linejoin=\"round\" d=\"", Ink(Paint::None, *stroke, *width)));
            for (index, (x, y)) in points.iter().enumerate() {
                put(out, format_args!("{}{} {}", if index == 0 { 'M' } else { 'L' }, Number(*x), Number(*y)));
            }
            let dashes = shapes::dashes(*dash).map(|dashes| format!("\" stroke-dasharray=\"{dashes}"));
            put(out, format_args!("{}\"/>", dashes.unwrap_or_default()));
        }
        Shape::Area { points, fill } => {
            put(
                out,
                format_args!(
                    "<polygon class=\"fill-{}\" fill-opacity=\"{}\" points=\"",
                    fill.name(),
                    shapes::TRANSLUCENT
                ),
            );
            for (x, y) in points {
                put(out, format_args!("{},{} ", Number(*x), Number(*y)));
            }
            out.push_str("\"/>");
        }
        Shape::Pill { x, y, width, height, fill, stroke } => {
            let place = Place { x: *x, y: *y, names: ["x", "y"] };
            let (wide, high, rx) =
                (Number(*width), Number(*height), Number((height / 2.0).min(width / 2.0).min(shapes::ROUND)));
            let ink = Ink(*fill, *stroke, 1.5);
            put(out, format_args!("<rect{ink}{place} width=\"{wide}\" height=\"{high}\" rx=\"{rx}\"/>"));
        }
        Shape::Text { x, y, text, style, anchor, fill } => {
            let style = match style {
                TextStyle::Name => "name",
                TextStyle::SmallName => "small-name",
                TextStyle::TinyName => "tiny-name",
                TextStyle::Label => "label",
                TextStyle::Badge => "badge",
                TextStyle::Remark => "remark",
            };
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let place = Place { x: *x, y: *y, names: ["x", "y"] };
            let (fill, text) = (fill.name(), Escaped(text));
            put(
                out,
                format_args!("<text class=\"text-{style} fill-{fill}\"{place} text-anchor=\"{anchor}\">{text}</text>"),
            );
        }
    }
}

/// Writes to a text, which cannot fail.
pub(crate) fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = out.write_fmt(what);
}

/// Fill, stroke and the stroke's width.
struct Ink(Paint, Paint, f64);

impl std::fmt::Display for Ink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(fill, stroke, width) = self;
        write!(f, " class=\"fill-{} stroke-{}\"", fill.name(), stroke.name())?;
        if *stroke == Paint::None { Ok(()) } else { write!(f, " stroke-width=\"{}\"", Number(*width)) }
    }
}

/// A place, left out where it is the origin.
struct Place {
    x: f64,
    y: f64,
    names: [&'static str; 2],
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, value) in self.names.into_iter().zip([self.x, self.y]) {
            if value != 0.0 {
                write!(f, " {name}=\"{}\"", Number(value))?;
            }
        }
        Ok(())
    }
}

/// A number to a hundredth of a unit, without needless digits.
pub(crate) struct Number(pub f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Adding zero takes the sign of a negative zero away.
        let rounded = (self.0 * 100.0).round() / 100.0 + 0.0;
        write!(f, "{rounded}")
    }
}

/// A text inside an element. What no XML document may contain is replaced.
pub(crate) struct Escaped<'a>(pub &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '\t' | '\n' | '\r' => f.write_char(' ')?,
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
