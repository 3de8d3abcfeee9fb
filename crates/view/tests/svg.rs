//! The SVG backend: golden pictures, and that whatever is drawn is well-formed and stands alone.
//!
//! `UPDATE_EXPECT=1 cargo test -p netsplit-view --test svg` writes the pictures anew; look at each
//! difference, and at the picture, before committing it.

extern crate netsplit_view as view;

mod panes;

use std::collections::BTreeSet;
use std::path::Path;

use view::layout::{self, Point};
use view::{Condition, Link, Message, MessageShape, Node, Stage, Theme, svg};

fn node(id: &str, position: Point) -> Node {
    Node {
        id: id.into(),
        role: "follower".into(),
        label: "term 1".into(),
        position,
        condition: Condition::Up,
        hue: Some(0),
        in_charge: false,
        contends: false,
        badge: None,
        remark: None,
        small: false,
        crowd: None,
        timer_us: None,
    }
}

fn message(from: usize, to: usize, shape: MessageShape, due_us: u64) -> Message {
    Message {
        id: format!("n{from}>n{to}#1"),
        from,
        to,
        kind: "request-vote".into(),
        shape,
        hue: Some(1),
        sent_us: 10_000,
        latency_us: 10_000,
        due_us,
        carries: None,
        held_at_ppm: None,
    }
}

/// One of everything that a stage can show.
fn everything() -> Stage {
    let places: Vec<Point> = layout::circle(5).into_iter().chain(layout::corners(2)).collect();
    let names = ["n1", "n2", "n3", "n4", "n5", "c1", "c2"];
    let mut nodes: Vec<Node> = names.iter().zip(&places).map(|(id, &place)| node(id, place)).collect();
    nodes[0] = Node {
        role: "leader".into(),
        in_charge: true,
        remark: Some("still believes it leads".into()),
        ..nodes[0].clone()
    };
    nodes[1] = Node {
        role: "candidate".into(),
        contends: true,
        badge: Some("2 / 3".into()),
        hue: Some(1),
        ..nodes[1].clone()
    };
    nodes[2] = Node { condition: Condition::Crashed, remark: Some("crashed · disk kept".into()), ..nodes[2].clone() };
    nodes[3] = Node { condition: Condition::Paused, remark: Some("paused".into()), ..nodes[3].clone() };
    nodes[4] = Node { timer_us: Some((0, 20_000)), hue: None, ..nodes[4].clone() };
    nodes[1].timer_us = Some((0, 60_000));
    nodes[3].timer_us = Some((0, 60_000));
    for client in &mut nodes[5..] {
        *client = Node { role: "client".into(), small: true, hue: None, label: "put x 1".into(), ..client.clone() };
    }
    let link = |a, b| Link { a, b, forward: true, backward: true, held: false, quiet: false };
    let links = vec![
        link(0, 1),
        Link { forward: false, backward: false, ..link(0, 2) },
        Link { forward: false, ..link(0, 3) },
        Link { backward: false, ..link(0, 4) },
        Link { held: true, ..link(1, 2) },
        link(1, 3),
        Link { forward: false, held: true, ..link(2, 4) },
        Link { quiet: true, ..link(0, 5) },
        Link { quiet: true, backward: false, forward: false, ..link(1, 6) },
    ];
    let messages = vec![
        message(1, 0, MessageShape::Triangle, 17_000),
        message(0, 1, MessageShape::Diamond, 18_000),
        message(1, 3, MessageShape::Square, 22_000),
        message(3, 1, MessageShape::Circle, 14_000),
        message(5, 0, MessageShape::Ring, 16_000),
        Message { held_at_ppm: Some(250_000), ..message(1, 2, MessageShape::Triangle, 20_000) },
    ];
    Stage { time_us: 12_500, nodes, links, messages }
}

fn check(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/svg").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, picture).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(picture, golden, "{name} differs; see the head of this file");
}

/// An element's name, and its attributes.
type Element = (String, Vec<(String, String)>);

/// The tags and texts of a document, read by the rules of XML as far as a picture needs them; a
/// complaint when it breaks them.
fn parse(text: &str) -> Result<Vec<Element>, String> {
    let mut open: Vec<String> = Vec::new();
    let mut elements = Vec::new();
    let mut rest = text;
    let mut roots = 0;
    while let Some(at) = rest.find('<') {
        plain(&rest[..at], open.is_empty())?;
        rest = &rest[at + 1..];
        let (tag, behind) = rest.split_once('>').ok_or("a tag without an end")?;
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            let wanted = open.pop().ok_or_else(|| format!("</{name}> closes nothing"))?;
            if wanted != name {
                return Err(format!("</{name}> closes <{wanted}>"));
            }
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if name.is_empty() || !name.chars().all(char::is_alphanumeric) {
            return Err(format!("<{name}> is no name"));
        }
        let mut read: Vec<(String, String)> = Vec::new();
        while !attributes.trim().is_empty() {
            let (key, behind) = attributes.trim_start().split_once("=\"").ok_or_else(|| format!("<{tag}>"))?;
            let (value, behind) = behind.split_once('"').ok_or_else(|| format!("<{tag}>: an open quote"))?;
            if value.contains('<') || read.iter().any(|(known, _)| known == key) || key.contains(char::is_whitespace) {
                return Err(format!("<{tag}>: {key}"));
            }
            plain(value, false)?;
            read.push((key.to_owned(), value.to_owned()));
            attributes = behind;
        }
        roots += usize::from(open.is_empty());
        elements.push((name.to_owned(), read));
        if !closed {
            open.push(name.to_owned());
        }
    }
    plain(rest, true)?;
    match (open.is_empty(), roots) {
        (true, 1) => Ok(elements),
        _ => Err(format!("{open:?} stay open, {roots} roots")),
    }
}

fn plain(text: &str, outside: bool) -> Result<(), String> {
    if outside && !text.trim().is_empty() {
        return Err(format!("{text:?} stands outside"));
    }
    let odd = |c: char| (c < ' ' && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.contains(odd) || text.contains("]]>") {
        return Err(format!("{text:?} has what XML forbids"));
    }
    for entity in text.split('&').skip(1) {
        if !["amp;", "lt;", "gt;"].iter().any(|known| entity.starts_with(known)) {
            return Err(format!("&{entity:.10} is no entity"));
        }
    }
    Ok(())
}

#[test]
fn pictures_are_as_they_were() {
    let stage = everything();
    for theme in [Theme::Light, Theme::Dark] {
        let picture = svg::stage(&stage, 12_500.0, theme, "Everything, at 0.0125 s");
        parse(&picture).unwrap();
        check(&format!("everything-{}.svg", theme.name()), &picture);
    }
    check("empty.svg", &svg::stage(&Stage::default(), 0.0, Theme::Light, "Nothing"));
}

#[test]
fn a_picture_stands_alone() {
    let picture = svg::stage(&everything(), 12_500.0, Theme::Dark, "Everything");
    let elements = parse(&picture).unwrap();
    assert!(elements.iter().any(|(name, _)| name == "title") && elements.iter().any(|(name, _)| name == "desc"));
    // Whatever a class promises is in the style.
    let style = picture.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let classes: BTreeSet<&str> = elements[1..]
        .iter()
        .flat_map(|(_, attributes)| attributes)
        .filter(|(key, _)| key == "class")
        .flat_map(|(_, value)| value.split(' '))
        .collect();
    assert!(classes.len() > 15, "{classes:?}");
    for class in classes {
        assert!(style.contains(&format!(".netsplit-dark .{class}{{")), "{class} has no style");
    }
    // Each rule begins with the picture's own class: a document keeps its looks.
    for rule in style.lines().filter(|line| !line.is_empty()) {
        assert!(rule.starts_with(".netsplit-dark "), "{rule}");
    }
    for foreign in ["http", "@import", "@font-face", "href", "<script", "<image", " style="] {
        let own = picture.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!own.contains(foreign), "{foreign}");
    }
}

#[test]
fn whatever_people_write_stays_text() {
    let mut stage = everything();
    stage.nodes[0].id = "<script>alert(1)</script>".into();
    stage.nodes[5].label = "put \"&amp;]]>\u{0}\u{b}\u{ffff}\r\n' 1".into();
    let picture = svg::stage(&stage, 0.0, Theme::Light, "</title><b x='\u{1}'>&");
    let elements = parse(&picture).unwrap();
    assert_eq!(elements.iter().filter(|(name, _)| name == "title").count(), 1);
    assert!(!elements.iter().any(|(name, _)| ["script", "b"].contains(&name.as_str())));
    assert!(picture.contains("<title>&lt;/title&gt;&lt;b x='\u{fffd}'&gt;&amp;</title>"), "{picture:.400}");
}

#[test]
fn what_has_been_moved_away_is_still_in_the_picture() {
    let mut stage = everything();
    stage.nodes[0].position = Point { x: -300, y: 900 };
    let picture = svg::stage(&stage, 0.0, Theme::Light, "Far");
    assert!(picture.contains("viewBox=\"-376 0 1016 976\""), "{picture:.300}");
    stage.nodes[0].position = Point { x: -100_000, y: 100_000 };
    parse(&svg::stage(&stage, f64::NAN, Theme::Light, "Further")).unwrap();
}

#[test]
fn what_is_not_well_formed_is_seen() {
    for text in [
        "",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a x=1/>",
        "<a x=\"1\" x=\"2\"/>",
        "<a>&nbsp;</a>",
        "<a>& </a>",
        "<a>\u{1}</a>",
        "text<a/>",
        "<a>]]></a>",
        "<a b=\"<\"/>",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse("<a x=\"1\"><b/>t &lt; u</a>").unwrap().len(), 2);
}
