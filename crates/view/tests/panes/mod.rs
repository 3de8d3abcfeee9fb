//! Panes: golden pictures and golden words of each block, and that whatever a lab says stays text.

use view::Theme;
use view::pane::{
    Align, Arrow, Axis, Block, Cell, Chart, Column, Does, Edge, Fact, Facts, Graph, Grid, Group, Id, Item, Lane, Lanes,
    Layout, Limit, Line, Mark, Node, Pane, Pattern, Point, Row, Scale, Series, Sign, Span, Table, Text, Tool, picture,
};
use view::shapes::Shape;

use super::{check, parse};

fn table() -> Block {
    let number = |number: u64| vec![Item::new(number.to_string())];
    let row = |head: Item, next: u64, filled: u32| Row {
        head,
        cells: vec![number(next), vec![Item::new((next - 1).to_string()).filled(filled)]],
        rows: Vec::new(),
    };
    let mut rows = vec![
        row(Item::node("n1").mark(Some(Mark::Leads)), 13, 1_000_000),
        row(Item::node("n2"), 11, 760_000),
        row(Item::node("n3").pattern(Pattern::Down), 2, 0),
    ];
    let sibling = |text: &str, hue| Item::new(text).hue(Some(hue)).id(Id::Own(text.to_owned()));
    rows[1].cells.push(vec![sibling("v1", 0), sibling("v2", 1).pattern(Pattern::Tentative)]);
    rows[2].cells.push(vec![Item::new("31.0 %").hue(Some(3)).filled_of(1_000_000, 640_000)]);
    rows[1].rows.push(Row {
        head: Item::new("round 4").pattern(Pattern::Faint),
        cells: vec![
            Vec::new(),
            vec![Item::new("yes").mark(Some(Mark::Yes))],
            vec![Item::new("").mark(Some(Mark::Waits))],
        ],
        rows: Vec::new(),
    });
    let columns = vec![
        Column::of_numbers("Next"),
        Column { title: "Matched".into(), align: Align::End },
        Column::of_words("Values"),
    ];
    Block::Table(Table { caption: "What n1 knows".into(), corner: "Server".into(), columns, rows })
}

fn lanes(axis: Axis) -> Block {
    let unit = if axis == Axis::Time { 1_000 } else { 1 };
    let span = |text: &str, from: u64, until: Option<u64>| Span {
        item: Item::new(text),
        from: from * unit,
        until: until.map(|until| until * unit),
    };
    let coordinator = Lane {
        head: Item::node("n1"),
        spans: vec![
            Span { item: Item::new("prepares").hue(Some(0)), ..span("", 2, Some(14)) },
            Span { item: Item::new("commits").hue(Some(2)).mark(Some(Mark::Yes)), ..span("", 16, Some(38)) },
        ],
        points: vec![Point { item: Item::new("asked"), at: unit }],
    };
    let participant = Lane {
        head: Item::node("n2"),
        spans: vec![
            Span { item: Item::new("in doubt").pattern(Pattern::Tentative), ..span("", 6, Some(21)) },
            span("holds x", 5, None),
            Span { item: Item::new("down").pattern(Pattern::Down), ..span("", 27, Some(36)) },
        ],
        points: vec![],
    };
    let quiet = Lane { head: Item::node("client"), ..Lane::default() };
    let arrow = |text: &str, from: (usize, u64), to: (usize, u64)| Arrow {
        item: Item::new(text),
        from: (from.0, from.1 * unit),
        to: (to.0, to.1 * unit),
    };
    let arrows = vec![
        arrow("vote", (1, 9), (0, 14)),
        Arrow { item: Item::new("").hue(Some(2)), ..arrow("", (0, 17), (1, 21)) },
        // Nobody has so many lanes.
        arrow("lost", (0, 1), (9, 2)),
    ];
    Block::Lanes(Lanes {
        caption: "One transaction".into(),
        axis,
        from: 0,
        until: 40 * unit,
        now: Some(33 * unit),
        lanes: vec![coordinator, participant, quiet],
        arrows,
    })
}

fn chart(scale: Scale) -> Block {
    let series = |name: &str, hue: Option<u32>, line: &[(u64, Option<i64>)]| Series {
        item: Item::node(name).hue(hue),
        line: line.iter().map(|(at_ms, value)| (at_ms * 1_000, *value)).collect(),
        band: Vec::new(),
    };
    let mut chart = Chart {
        caption: "How wrong each clock is".into(),
        unit: "ms".into(),
        decimals: 3,
        scale,
        from: 1_000_000,
        until: 3_000_000,
        now: Some(3_000_000),
        series: vec![
            series("n1", Some(0), &[(0, Some(500)), (3_000, Some(500))]),
            series(
                "n2",
                Some(1),
                &[(500, Some(90_000)), (1_500, Some(60_000)), (2_000, Some(800)), (3_000, Some(900))],
            ),
            series(
                "n3",
                Some(2),
                &[(0, None), (1_200, Some(40_000)), (1_800, Some(30_000)), (1_900, None), (2_500, Some(7_000))],
            ),
            series("n4", None, &[(1_000, Some(20_000)), (2_400, Some(1_000)), (3_000, Some(1_000))]),
            series("silent", Some(4), &[(0, Some(9)), (900, None)]),
        ],
        limits: vec![Limit { item: Item::new("too wrong"), value: 50_000 }, Limit::default()],
        points: vec![Point { item: Item::new("n2 is set").act("Go there", Does::Seek(2_000_000)), at: 2_000_000 }],
        ..Chart::default()
    };
    chart.series[0].item.ink.pattern = Pattern::Faint;
    chart.series[1].band =
        vec![(1_500_000, Some((20_000, 80_000))), (2_000_000, Some((300, 9_000))), (3_000_000, Some((400, 9_900)))];
    if scale == Scale::Linear {
        chart.series[3].line[1].1 = Some(-15_000);
    }
    Block::Chart(chart)
}

fn graph(layout: Layout) -> Block {
    let places = [(0, 0), (120, 0), (120, 90), (0, 90), (60, 160), (260, 40)];
    let mut nodes: Vec<Node> = (1..=6)
        .map(|number| Node { item: Item::new(format!("t{number}")), at: Some(places[number - 1]), ..Node::default() })
        .collect();
    nodes[1].item = Item::new("t2").hue(Some(3)).act("Abort t2", Does::Run(r#"{"do":"request"}"#.into()));
    nodes[4].item = Item::new("t5").mark(Some(Mark::No)).pattern(Pattern::Faint);
    let edge = |(from, to): (usize, usize)| Edge { from, to, ..Edge::default() };
    let mut edges: Vec<Edge> =
        [(0, 1), (1, 2), (2, 0), (0, 3), (3, 4), (0, 4), (4, 4), (3, 0), (7, 1)].map(edge).to_vec();
    edges[0] = Edge { item: Item::new("waits for x"), count: Some(3), ..edges[0].clone() };
    edges[4].item.ink.pattern = Pattern::Tentative;
    Block::Graph(Graph { caption: "Who waits for whom".into(), layout, nodes, edges, cycle: vec![0, 1, 2] })
}

fn grid() -> Block {
    let entry = |text: &str, hue| Cell::new(Item::new(text).hue(Some(hue)).full(format!("put {text}, committed")));
    let pale = |text: &str| {
        let item = Item::new(text).hue(Some(2)).pattern(Pattern::Tentative);
        Cell::new(item.full(format!("put {text}, not committed")))
    };
    let folded = Item::new("… 3").pattern(Pattern::Faint).full("… 3 in a snapshot");
    let lost = Cell::new(Item::new("x=1").pattern(Pattern::Down));
    let rows = vec![
        Line {
            head: Item::node("n1").mark(Some(Mark::Leads)).full("n1 leader, n2 matched 4, next 5"),
            cells: vec![
                Cell { span: 2, ..Cell::new(folded) },
                entry("x=1", 0).sign(Sign::Below, true),
                pale("long=12345"),
            ],
        },
        Line {
            head: Item::node("n2").full("n2 follower, matched 4, next 5"),
            cells: vec![
                Cell::new(Item::default()),
                entry("y=2", 1),
                entry("x=1", 0).sign(Sign::After, true).sign(Sign::Below, false),
                Cell::new(Item::default()).sign(Sign::Before, true),
                // Nobody has so many columns.
                entry("z=3", 1),
            ],
        },
        Line { head: Item::node("n3").pattern(Pattern::Down), cells: vec![Cell { span: 0, ..lost }] },
    ];
    let legend = vec![
        Cell::new(Item::new("not committed").pattern(Pattern::Tentative)),
        Cell::new(Item::new("matched")).sign(Sign::After, true),
    ];
    let columns = (2..=5).map(|index| index.to_string()).collect();
    Block::Grid(Grid { caption: "Entries 2 to 5 of 5".into(), corner: "Server".into(), columns, rows, legend })
}

/// Operations, most of which are too short for their texts.
fn operations() -> Block {
    let span = |number: u64, text: &str, from: u64, until: Option<u64>| Span {
        item: Item::new(text).id(Id::Op(number)).full(format!("operation {number}: {text}")),
        from: from * 1_000,
        until: until.map(|until| until * 1_000),
    };
    let looks = |span: Span, pattern, mark| Span { item: span.item.pattern(pattern).mark(mark), ..span };
    let first = Lane {
        head: Item::node("c1"),
        spans: vec![
            looks(span(0, "x=1", 10, Some(14)), Pattern::Plain, None),
            looks(span(1, "x?", 120, Some(130)), Pattern::Fault, Some(Mark::Doubt)),
            looks(span(2, "y?", 490, Some(500)), Pattern::Fault, Some(Mark::No)),
        ],
        points: vec![],
    };
    let second = Lane {
        head: Item::node("c2"),
        spans: vec![
            looks(span(3, "a name that is long", 200, Some(210)), Pattern::Tentative, Some(Mark::No)),
            span(4, "z=3", 250, Some(260)),
            span(5, "open", 480, None),
        ],
        points: vec![],
    };
    Block::Lanes(Lanes::recent("Operations of the last 500 ms", 500_000, 500_000, vec![first, second]))
}

fn facts() -> Block {
    let fact = |name: &str, item: Item| Fact::new(name, item);
    let group = |title: &str, facts| Group { title: title.into(), facts };
    Block::Facts(Facts {
        groups: vec![
            group("", vec![fact("Phase", Item::new("prepared")), fact("Coordinator", Item::node("n1"))]),
            group(
                "Votes",
                vec![
                    fact("n2", Item::new("yes").mark(Some(Mark::Yes))),
                    fact("n3", Item::new("no").mark(Some(Mark::No)).pattern(Pattern::Strong)),
                    fact("n4", Item::new("").mark(Some(Mark::Waits))),
                ],
            ),
        ],
    })
}

fn text() -> Block {
    let long = "Nobody can decide: n2 has promised to do what n1 says, and n1 is down. It waits until n1 is back";
    let lines = vec![
        Item::new(long).act("See when n1 crashed", Does::Seek(20_000)),
        Item::new("Nothing was lost.").mark(Some(Mark::Yes)).pattern(Pattern::Faint),
    ];
    Block::Text(Text { lines })
}

fn blocks() -> Vec<(&'static str, Block)> {
    vec![
        ("table", table()),
        ("chart-linear", chart(Scale::Linear)),
        ("chart-log", chart(Scale::Log)),
        ("lanes-time", lanes(Axis::Time)),
        ("lanes-order", lanes(Axis::Order)),
        ("lanes-short", operations()),
        ("grid", grid()),
        ("graph-layered", graph(Layout::Layered)),
        ("graph-tree", graph(Layout::Tree)),
        ("graph-circle", graph(Layout::Circle)),
        ("graph-given", graph(Layout::Given)),
        ("facts", facts()),
        ("text", text()),
    ]
}

#[test]
fn blocks_look_as_they_did() {
    for (name, block) in blocks() {
        let pane = Pane::of([block]);
        for theme in [Theme::Light, Theme::Dark] {
            let drawn = picture(&pane, 360.0, theme, "A pane");
            parse(&drawn).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            check(&format!("pane-{name}-{}.svg", theme.name()), &drawn);
        }
    }
}

#[test]
fn blocks_sound_as_they_did() {
    let spoken: Vec<String> = blocks().iter().map(|(name, block)| format!("{name}: {}\n", block.spoken())).collect();
    check("panes-spoken.txt", &spoken.concat());
}

#[test]
fn blocks_are_data() {
    let tool = |sign, title: &str, does| Tool::new(sign, title.to_owned(), does);
    let tools = vec![tool("‹", "Earlier", Some(Does::Ask("last".into(), "4".into()))), tool("›", "Later", None)];
    let blocks = [table(), chart(Scale::Log), grid(), lanes(Axis::Order), graph(Layout::Circle), facts(), text()];
    let pane = Pane::of(blocks).with(tools);
    check("panes.json", &(serde_json::to_string_pretty(&pane).unwrap() + "\n"));
}

#[test]
fn parts_keep_their_names_while_their_looks_change() {
    for (name, block) in blocks() {
        let keys = |block: &Block| block.draw(360.0).parts.into_iter().map(|part| part.key).collect::<Vec<_>>();
        let all = keys(&block);
        let unique: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(unique.len(), all.len(), "{name}: {all:?}");
    }
    let Block::Table(mut table) = table() else { unreachable!("it is a table") };
    let before = Block::Table(table.clone()).draw(360.0);
    table.rows[1].head.ink.hue = Some(4);
    let after = Block::Table(table).draw(360.0);
    let changed: Vec<&str> = before
        .parts
        .iter()
        .zip(&after.parts)
        .filter(|(before, after)| before.key == after.key && before.shapes != after.shapes)
        .map(|(part, _)| part.key.as_str())
        .collect();
    assert!(changed.iter().any(|key| key.contains("n2")), "{changed:?}");
}

#[test]
fn a_chart_says_all_that_it_shows_and_each_line_has_its_own_dashes() {
    let spoken = chart(Scale::Linear).spoken();
    assert!(
        spoken.contains("n2: +0.9 ms at 3 s, between +0.8 ms and +75 ms since 1 s, band from +0.4 ms to +9.9 ms."),
        "{spoken}"
    );
    assert!(spoken.contains("silent: nothing.") && spoken.contains("too wrong: +50 ms."), "{spoken}");
    assert!(spoken.contains("n2 is set at 2 s."), "{spoken}");
    let drawing = chart(Scale::Linear).draw(360.0);
    let dashes = |shapes: &[Shape]| {
        shapes.iter().filter_map(|it| if let Shape::Line { dash, .. } = it { Some(*dash) } else { None }).max()
    };
    let all: Vec<usize> = drawing.parts.iter().filter_map(|part| dashes(&part.shapes)).collect();
    // n3 has two pieces, and whoever has no value in the window no line.
    assert_eq!(all, [0, 1, 2, 3]);
    // Names at the ends of lines do not cover each other.
    let name = |shape: &Shape| match shape {
        Shape::Text { text, y, .. } if ["n1", "n2", "n3", "n4"].contains(&text.as_str()) => Some(*y),
        _ => None,
    };
    let mut names: Vec<f64> = drawing.parts.iter().flat_map(|part| part.shapes.iter().filter_map(name)).collect();
    names.sort_by(f64::total_cmp);
    assert!(names.len() == 4 && names.windows(2).all(|pair| pair[1] - pair[0] >= 20.0), "{names:?}");
}

#[test]
fn a_chart_of_anything_has_finite_places() {
    let (all, ends) = ((0..40).collect::<Vec<u64>>(), [i64::MIN, i64::MAX, 0, -1, 1]);
    let lines: Vec<Vec<(u64, Option<i64>)>> = vec![
        vec![],
        vec![(0, None)],
        vec![(5, Some(7))],
        vec![(0, Some(i64::MIN)), (u64::MAX, Some(i64::MAX))],
        vec![(u64::MAX, Some(1)), (0, Some(2)), (u64::MAX, None)],
        all.iter().map(|at| (*at, Some(ends[*at as usize % 5]))).collect(),
    ];
    for scale in [Scale::Linear, Scale::Log] {
        for line in &lines {
            for (from, until) in [(0, 0), (0, u64::MAX), (7, 3), (u64::MAX, u64::MAX), (3, 20)] {
                for width in [0.0, 20.0, 360.0] {
                    let band = line.iter().map(|(at, value)| (*at, value.map(|value| (value, value.saturating_neg()))));
                    let series = Series { item: Item::new("n1"), band: band.collect(), line: line.clone() };
                    let limits = ends.map(|value| Limit { item: Item::new("limit"), value }).to_vec();
                    let points = vec![Point { item: Item::new("point"), at: u64::MAX }];
                    let now = Some(until);
                    let reach = (i64::MAX, i64::MIN);
                    let chart = Chart {
                        scale,
                        from,
                        until,
                        now,
                        decimals: 255,
                        reach,
                        series: vec![series],
                        limits,
                        points,
                        ..Chart::default()
                    };
                    let drawn = picture(&Pane::of([Block::Chart(chart)]), width, Theme::Light, "A chart");
                    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{line:?} {from}..{until}: {drawn}");
                    parse(&drawn).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_picture_of_a_pane_stands_alone_and_its_words_stay_text() {
    let mut all: Vec<Block> = blocks().into_iter().map(|(_, block)| block).collect();
    all.push(Block::Text(Text { lines: vec![Item::new("<script>&\u{1}")] }));
    let drawn = picture(&Pane { blocks: all, ..Pane::default() }, 360.0, Theme::Dark, "</title>");
    let elements = parse(&drawn).unwrap();
    assert!(!elements.iter().any(|(name, _)| name == "script"));
    let style = drawn.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let classes = elements[1..].iter().flat_map(|(_, attributes)| attributes).filter(|(key, _)| key == "class");
    for class in classes.flat_map(|(_, value)| value.split(' ')) {
        assert!(style.contains(&format!(".netsplit-dark .{class}{{")), "{class} has no style");
    }
}

#[test]
fn what_is_wide_wraps_or_makes_room() {
    let long = Block::Text(Text { lines: vec![Item::new("several words that go on ".repeat(20))] });
    assert!(long.draw(200.0).width <= 200.0 && long.draw(200.0).height > long.draw(600.0).height);
    for (name, block) in blocks() {
        for width in [0.0, 100.0, 320.0, 2_000.0] {
            let drawing = block.draw(width);
            assert!(drawing.width.is_finite() && drawing.height > 0.0, "{name} at {width}");
            for part in drawing.parts.iter().filter(|part| part.item.is_some()) {
                let [x, y, wide, high] = part.area;
                let inside = x >= -0.01 && y >= -0.01 && y + high <= drawing.height + 0.01;
                assert!(inside && x + wide <= drawing.width + 12.0, "{name} at {width}: {} leaves it", part.key);
            }
        }
    }
}
