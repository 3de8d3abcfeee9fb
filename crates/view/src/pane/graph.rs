//! Graphs: who points at whom, laid out in layers, as a tree, on a circle, or where the lab wants it.

use serde::Serialize;

use super::drawing::{
    Drawing, LINE, arrow, cell_width, ground, lettering, mark_shapes, moved, name_of, text, text_width, wrapped,
};
use super::{Item, MARK_SIZE, Pattern, sentence, spoken_items};
use crate::shapes::{Anchor, Paint, Shape, TextStyle};

/// A graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// What it shows, in a few words.
    pub caption: String,
    /// Where its nodes stand.
    pub layout: Layout,
    /// The nodes; those beyond [`Graph::NODES_MAX`] are only counted.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// A cycle that one should see, as nodes by position, each of which has an edge to the next, and the last one to the
    /// first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cycle: Vec<usize>,
}

/// Where the nodes of a graph stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// In layers, so that edges point down where they can.
    #[default]
    Layered,
    /// Parents above the middle of their children.
    Tree,
    /// On a circle, in order.
    Circle,
    /// Where they say.
    Given,
}

/// A node of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Node {
    /// What it is.
    pub item: Item,
    /// What is in it; none where nothing can be. It may move from one node to another, so all that hold something are
    /// large enough for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<Item>>,
    /// Where its middle stands if the layout is given, in pixels; where there is more room, the picture becomes wider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<(i32, i32)>,
}

/// An edge of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Where it begins: a node by position.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What it says.
    pub item: Item,
    /// How often it counts, where that is worth a number; one that counts for nothing is pale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

type Spot = (f64, f64);

/// The height of a node that holds nothing, in pixels.
const HIGH: f64 = 28.0;
/// Room for the name of a node that holds something, in pixels.
const NAME: f64 = 24.0;
/// Between two of what a node holds, in pixels.
const CLOSE: f64 = 4.0;
/// Most that stand beside each other in a node.
const ROW_MAX: usize = 5;
/// How wide words beside an edge are before they wrap, and how high a line of them is, in pixels.
const WORDS: (f64, f64) = (92.0, 14.0);
/// How far a loop rises above its node, in pixels.
const LOOP: f64 = 13.0;
/// Between the middles of two layers, in pixels.
const LAYER: f64 = 74.0;
/// Room between two nodes beside each other, in pixels.
const BESIDE: f64 = 26.0;
/// Rounds of putting nodes in order and in place.
const ROUNDS: u32 = 6;
/// Most points at which edges bend; beyond that they are straight.
const BENDS_MAX: usize = 2_000;

impl Graph {
    /// Most nodes that are drawn.
    pub const NODES_MAX: usize = 200;

    /// The nodes that are drawn.
    fn drawn(&self) -> &[Node] {
        &self.nodes[..self.nodes.len().min(Self::NODES_MAX)]
    }

    /// The edges between nodes that are drawn.
    fn ways(&self) -> impl Iterator<Item = &Edge> {
        let count = self.drawn().len();
        self.edges.iter().filter(move |edge| edge.from < count && edge.to < count)
    }

    /// In how many columns what nodes hold stands, and how large a node is for all of it.
    fn held(&self) -> Held {
        let all: Vec<&Item> = self.drawn().iter().filter_map(|node| node.holds.as_ref()).flatten().collect();
        let rows = if all.len() > 3 { 2 } else { 1 };
        let columns = all.len().div_ceil(rows).clamp(1, ROW_MAX);
        let rows = all.len().div_ceil(columns).max(1);
        let widest = all.iter().map(|item| chip_width(item)).fold(0.0, f64::max);
        Held {
            columns,
            wide: columns as f64 * (widest + CLOSE) + 8.0,
            high: if self.drawn().iter().any(|node| node.holds.is_some()) { NAME + rows as f64 * LINE } else { HIGH },
        }
    }

    fn is_lit(&self, from: usize, to: usize) -> bool {
        let next = self.cycle.iter().cycle().skip(1);
        self.cycle.iter().zip(next).any(|pair| pair == (&from, &to))
    }

    pub(super) fn spoken(&self) -> String {
        let mut sentences = vec![sentence(&self.caption)];
        let node = |node: &Node| match &node.holds {
            None => node.item.spoken(),
            Some(held) if held.is_empty() => format!("{}: empty", node.item.spoken()),
            Some(held) => format!("{}: {}", node.item.spoken(), spoken_items(held)),
        };
        let nodes = self.nodes.iter().map(node).collect::<Vec<_>>().join("; ");
        if !nodes.is_empty() {
            sentences.push(sentence(&nodes));
        }
        let name = |place: usize| self.nodes.get(place).map(|node| node.item.text.as_str());
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (name(edge.from), name(edge.to)) {
                let what = edge.item.spoken();
                let what = if what.is_empty() { what } else { format!(", {what}") };
                let count = edge.count.map_or(String::new(), |count| format!(": {count}"));
                sentences.push(sentence(&format!("{from} to {to}{what}{count}")));
            }
        }
        let cycle: Vec<&str> = self.cycle.iter().chain(self.cycle.first()).filter_map(|&place| name(place)).collect();
        if !cycle.is_empty() {
            sentences.push(sentence(&format!("A cycle: {}", cycle.join(", "))));
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    pub(super) fn draw(&self, width: f64) -> Drawing {
        let mut drawing = Drawing::default();
        let mut top = 4.0;
        if !self.caption.is_empty() {
            let caption = text(0.0, LINE / 2.0, &self.caption, TextStyle::Label, Anchor::Start, Paint::Mute);
            drawing.rule("caption", vec![caption]);
            drawing.reach(text_width(&self.caption, false), LINE);
            top += LINE;
        }
        let holds = self.held();
        let size = |node: &Node| {
            let name = cell_width(std::slice::from_ref(&node.item)).max(24.0) + 20.0;
            node.holds.as_ref().map_or((name, HIGH), |_| (name.max(holds.wide), holds.high))
        };
        let sizes: Vec<(f64, f64)> = self.drawn().iter().map(size).collect();
        let widths: Vec<f64> = sizes.iter().map(|size| size.0).collect();
        let ways: Vec<(usize, usize)> = self.ways().map(|edge| (edge.from, edge.to)).collect();
        let (mut spots, mut bends) = match self.layout {
            Layout::Layered => layered(&widths, &ways),
            Layout::Tree => (tree(&widths, &ways), vec![Vec::new(); ways.len()]),
            Layout::Circle => (circle(&widths), vec![Vec::new(); ways.len()]),
            Layout::Given => {
                let spot = |node: &Node| node.at.map_or((0.0, 0.0), |(x, y)| (f64::from(x), f64::from(y)));
                (self.drawn().iter().map(spot).collect(), vec![Vec::new(); ways.len()])
            }
        };
        if spots.is_empty() {
            return drawing;
        }
        if self.layout != Layout::Given {
            // Layers are as far apart as high nodes need.
            let stretch = (LAYER + holds.high - HIGH) / LAYER;
            spots.iter_mut().chain(bends.iter_mut().flatten()).for_each(|spot| spot.1 *= stretch);
        }
        let labels: Vec<Vec<String>> = self.ways().map(label).collect();
        // Everything into view, and into the middle where there is room.
        let extent = |spots: &[Spot], of: &dyn Fn(usize, Spot) -> (f64, f64)| {
            let ends = spots.iter().enumerate().map(|(place, &spot)| of(place, spot));
            ends.fold((f64::MAX, f64::MIN), |(least, most), (low, high)| (least.min(low), most.max(high)))
        };
        let across = |place: usize, (x, _): Spot| (x - widths[place] / 2.0, x + widths[place] / 2.0);
        let upright = |place: usize, (_, y): Spot| {
            // A loop and its words stand above their node.
            let loops = ways.iter().zip(&labels).filter(|(way, _)| **way == (place, place));
            let rise = loops.map(|(_, lines)| LOOP + 8.0 + lines.len() as f64 * WORDS.1).fold(0.0, f64::max);
            (y - sizes[place].1 / 2.0 - rise, y + sizes[place].1 / 2.0)
        };
        let margin = 6.0;
        let (left, right) = extent(&spots, &across);
        if self.layout == Layout::Given {
            let (first, last) = extent(&spots, &|_, (x, _)| (x, x));
            let more = (width - 2.0 * margin - (right - left)).max(0.0);
            let stretch = if last > first { 1.0 + more / (last - first) } else { 1.0 };
            spots.iter_mut().for_each(|spot| spot.0 *= stretch);
        }
        let ((left, right), (above, below)) = (extent(&spots, &across), extent(&spots, &upright));
        let wide = (right - left + 2.0 * margin).max(width);
        let (dx, dy) = (wide / 2.0 - (left + right) / 2.0, top + 4.0 - above);
        for (x, y) in spots.iter_mut().chain(bends.iter_mut().flatten()) {
            (*x, *y) = (*x + dx, *y + dy);
        }
        // Words lie above all lines and nodes.
        let mut words = Vec::new();
        for ((edge, bends), lines) in self.ways().zip(&bends).zip(&labels) {
            let lit = self.is_lit(edge.from, edge.to);
            let back = ways.contains(&(edge.to, edge.from)) && bends.is_empty();
            let points = way(edge, bends, &spots, &sizes, back);
            let (paint, thick) = match edge.count {
                _ if lit => (Paint::Fault, 3.5),
                Some(0) => (Paint::Mute, 1.0),
                _ => (Paint::Ink, 1.5),
            };
            let shapes = arrow(&points, paint, thick, edge.item.ink.pattern == Pattern::Tentative);
            let half = lines.iter().map(|line| text_width(line, false)).fold(0.0, f64::max) / 2.0;
            let tall = lines.len() as f64 * WORDS.1;
            let (x, y) = match lines[..] {
                [] => middle(&points),
                _ if edge.from == edge.to => (spots[edge.from].0, points[1].1 - tall / 2.0 - 3.0),
                _ => beside(&points, wide / 2.0, back, (half, tall / 2.0)),
            };
            // Words stay in the picture.
            let x = x.clamp(half, (wide - half).max(half));
            for (line, says) in lines.iter().enumerate() {
                let y = y + (line as f64 - (lines.len() - 1) as f64 / 2.0) * WORDS.1;
                words.push(text(x, y, says, TextStyle::Remark, Anchor::Middle, paint));
            }
            let (reach, high) = (half.max(12.0), tall.max(24.0));
            let area = [x - reach, y - high / 2.0, 2.0 * reach, high];
            let (from, to) = (&self.nodes[edge.from].item.text, &self.nodes[edge.to].item.text);
            let says = if lines.is_empty() { String::new() } else { format!(": {}", lines.join(" ")) };
            let item = Item { text: format!("{from} to {to}{says}"), ..edge.item.clone() };
            drawing.push(format!("{}-{}/{}", edge.from, edge.to, name_of(&edge.item)), Some(item), shapes, area);
        }
        for (place, ((node, &(x, y)), &(wide, high))) in self.drawn().iter().zip(&spots).zip(&sizes).enumerate() {
            let area = [x - wide / 2.0, y - high / 2.0, wide, high];
            let mut shapes = Vec::new();
            if self.cycle.contains(&place) {
                let [left, top, wide, high] = area;
                let (left, top, width, height) = (left - 3.0, top - 3.0, wide + 6.0, high + 6.0);
                shapes.push(Shape::Pill { x: left, y: top, width, height, fill: Paint::Fault, stroke: Paint::None });
            }
            shapes.extend(ground(&node.item, area, Paint::Panel));
            let (fill, style) = lettering(&node.item);
            let middle = y;
            let y = if node.holds.is_some() { y - high / 2.0 + NAME / 2.0 } else { y };
            match node.item.ink.mark {
                Some(mark) => {
                    let from = x - wide / 2.0 + 10.0;
                    shapes.extend(moved(mark_shapes(mark, fill), from, y - MARK_SIZE / 2.0));
                    shapes.push(text(from + MARK_SIZE + 4.0, y, &node.item.text, style, Anchor::Start, fill));
                }
                None => shapes.push(text(x, y, &node.item.text, style, Anchor::Middle, fill)),
            }
            drawing.push(name_of(&node.item), Some(node.item.clone()), shapes, area);
            let held = node.holds.as_deref().unwrap_or_default();
            for (row, items) in held.chunks(holds.columns).enumerate() {
                let y = middle - high / 2.0 + NAME + (row as f64 + 0.5) * LINE - 3.0;
                let mut x = x - held_width(items) / 2.0;
                for item in items {
                    let wide = chip_width(item);
                    let shapes = chip(item, [x, y - 9.0, wide, 18.0]);
                    drawing.push(name_of(item), Some(item.clone()), shapes, [x, y - LINE / 2.0, wide, LINE]);
                    x += wide + CLOSE;
                }
            }
        }
        drawing.rule("words", words);
        let mut bottom = below + dy + 8.0;
        let more = self.nodes.len() - self.drawn().len();
        if more > 0 {
            let said = format!("and {more} more");
            drawing.rule(
                "more",
                vec![text(wide / 2.0, bottom + LINE / 2.0, &said, TextStyle::Label, Anchor::Middle, Paint::Mute)],
            );
            bottom += LINE;
        }
        drawing.reach(wide, bottom);
        drawing
    }
}

/// How large a node has to be for all that nodes hold.
struct Held {
    columns: usize,
    wide: f64,
    high: f64,
}

/// How wide something is that a node holds: as little as can be pointed at.
fn chip_width(item: &Item) -> f64 {
    let mark = if item.ink.mark.is_some() { MARK_SIZE } else { 0.0 };
    (text_width(&item.text, false) + mark + 8.0).max(24.0)
}

/// How wide items are beside each other in a node.
fn held_width(items: &[Item]) -> f64 {
    items.iter().map(chip_width).sum::<f64>() + CLOSE * items.len().saturating_sub(1) as f64
}

/// Something that a node holds.
fn chip(item: &Item, area: [f64; 4]) -> Vec<Shape> {
    let [x, y, wide, high] = area;
    let (fill, style) = lettering(item);
    let mut shapes = ground(item, area, Paint::Panel);
    let mut middle = x + wide / 2.0;
    if let Some(mark) = item.ink.mark {
        shapes.extend(moved(mark_shapes(mark, fill), x + 3.0, y + (high - MARK_SIZE) / 2.0));
        middle += MARK_SIZE / 2.0;
    }
    shapes.push(text(middle, y + high / 2.0, &item.text, style, Anchor::Middle, fill));
    shapes
}

/// What stands beside an edge: its words and how often it counts, in lines.
fn label(edge: &Edge) -> Vec<String> {
    let count = edge.count.filter(|&count| count > 0).map_or(String::new(), |count| format!(" ×{count}"));
    wrapped(&format!("{}{count}", edge.item.text), WORDS.0)
}

/// The middle of words beside an edge, which are half as wide and high as `half` says: on the side on which the middle
/// of the picture is, or, where there is an edge the other way, on the outer one.
fn beside(points: &[Spot], centre: f64, back: bool, half: (f64, f64)) -> Spot {
    let (at, (x, y)) = (points.len() / 2, middle(points));
    let (a, b) = (points[at.saturating_sub(1)], points[at]);
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx.hypot(dy).max(1.0);
    let mut normal = (-dy / length, dx / length);
    let inward = (centre - x) * normal.0;
    if !back && (inward < -1.0 || inward <= 1.0 && normal.1 < 0.0) {
        normal = (-normal.0, -normal.1);
    }
    let far = normal.0.abs() * half.0 + normal.1.abs() * half.1 + 5.0;
    (x + normal.0 * far, y + normal.1 * far)
}

/// The points of an edge, from the rim of one node to that of the other. `back` says that there is one the other way.
fn way(edge: &Edge, bends: &[Spot], spots: &[Spot], sizes: &[(f64, f64)], back: bool) -> Vec<Spot> {
    let (mut from, mut to) = (spots[edge.from], spots[edge.to]);
    if edge.from == edge.to {
        // A loop above its node.
        let (x, top) = (from.0, from.1 - sizes[edge.from].1 / 2.0);
        return vec![(x - 16.0, top), (x - 16.0, top - LOOP), (x + 16.0, top - LOOP), (x + 16.0, top - 1.0)];
    }
    if back {
        // Each keeps to its own right.
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let aside = (-dy / length * 7.0, dx / length * 7.0);
        (from, to) = ((from.0 + aside.0, from.1 + aside.1), (to.0 + aside.0, to.1 + aside.1));
    }
    let first = bends.first().copied().unwrap_or(to);
    let last = bends.last().copied().unwrap_or(from);
    let mut points = vec![rim(from, first, sizes[edge.from])];
    points.extend_from_slice(bends);
    points.push(rim(to, last, sizes[edge.to]));
    points
}

/// Where the line from the middle of a node towards a spot leaves the node.
fn rim(node: Spot, towards: Spot, (wide, high): (f64, f64)) -> Spot {
    let (dx, dy) = (towards.0 - node.0, towards.1 - node.1);
    let share = |half: f64, along: f64| if along.abs() < 1e-6 { f64::MAX } else { (half + 3.0) / along.abs() };
    let share = share(wide / 2.0, dx).min(share(high / 2.0, dy)).min(0.5);
    (node.0 + dx * share, node.1 + dy * share)
}

/// The middle of a line with bends.
fn middle(points: &[Spot]) -> Spot {
    let at = points.len() / 2;
    let (a, b) = (points[at.saturating_sub(1)], points[at]);
    if points.len() % 2 == 1 { b } else { ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0) }
}

/// Nodes on a circle, the first one at the top; so large that neighbours stand clear of each other.
fn circle(widths: &[f64]) -> Vec<Spot> {
    let count = widths.len() as f64;
    let widest = widths.iter().copied().fold(0.0, f64::max);
    let radius = if widths.len() < 2 { 0.0 } else { (count * (widest + BESIDE) / std::f64::consts::TAU).max(64.0) };
    let at = |place: usize| {
        let angle = std::f64::consts::TAU * place as f64 / count - std::f64::consts::FRAC_PI_2;
        (radius * angle.cos(), radius * angle.sin())
    };
    (0..widths.len()).map(at).collect()
}

/// Parents above the middle of their children. A node that several point at hangs below the first.
fn tree(widths: &[f64], ways: &[(usize, usize)]) -> Vec<Spot> {
    let count = widths.len();
    let mut children = vec![Vec::new(); count];
    let mut has_parent = vec![false; count];
    for &(from, to) in ways.iter().filter(|(from, to)| from != to) {
        children[from].push(to);
        has_parent[to] = true;
    }
    let mut spots = vec![None; count];
    let mut seen = vec![false; count];
    let mut right = 0.0;
    // Roots first; what lies on cycles has none and comes last.
    let roots = (0..count).filter(|&node| !has_parent[node]).chain(0..count);
    for root in roots {
        // A node comes up twice: on the way down, and once its children have their places.
        let mut open = vec![(root, 0u32, false)];
        while let Some((node, depth, done)) = open.pop() {
            if done {
                let below: Vec<f64> = children[node]
                    .iter()
                    .filter_map(|&child: &usize| spots[child].filter(|&(_, y)| y > f64::from(depth)).map(|(x, _)| x))
                    .collect();
                let x = match (below.first(), below.last()) {
                    (Some(first), Some(last)) => (first + last) / 2.0,
                    _ => {
                        let x = right + widths[node] / 2.0;
                        right += widths[node] + BESIDE;
                        x
                    }
                };
                spots[node] = Some((x, f64::from(depth)));
            } else if !std::mem::replace(&mut seen[node], true) {
                open.push((node, depth, true));
                open.extend(
                    children[node].iter().rev().filter(|&&child| !seen[child]).map(|&child| (child, depth + 1, false)),
                );
            }
        }
    }
    spots.into_iter().map(|spot| spot.map_or((0.0, 0.0), |(x, depth)| (x, depth * LAYER))).collect()
}

/// Nodes in layers, after Sugiyama: edges that close a cycle are turned round, every node comes below those that point at
/// it, what passes a layer takes a place in it, and neighbours are brought close. Returns where nodes stand, and where
/// each edge bends.
fn layered(widths: &[f64], ways: &[(usize, usize)]) -> (Vec<Spot>, Vec<Vec<Spot>>) {
    let count = widths.len();
    let down: Vec<(usize, usize)> = acyclic(count, ways);
    let layer = layers(count, &down);
    // Places within layers: the nodes, and behind them one for each layer that an edge passes.
    let mut of_layer = layer.clone();
    let mut wide = widths.to_vec();
    let mut chains: Vec<Vec<usize>> = Vec::with_capacity(down.len());
    let passed: usize = down.iter().map(|&(from, to)| layer[to].saturating_sub(layer[from] + 1)).sum();
    for &(from, to) in &down {
        let between = if passed > BENDS_MAX { 0..0 } else { layer[from] + 1..layer[to] };
        let mut chain = vec![from];
        for layer in between {
            chain.push(of_layer.len());
            of_layer.push(layer);
            wide.push(8.0);
        }
        chain.push(to);
        chains.push(chain);
    }
    let mut neighbours = vec![(Vec::new(), Vec::new()); of_layer.len()];
    for pair in chains.iter().flat_map(|chain| chain.windows(2)).filter(|pair| pair[0] != pair[1]) {
        neighbours[pair[0]].1.push(pair[1]);
        neighbours[pair[1]].0.push(pair[0]);
    }
    let depth = of_layer.iter().copied().max().map_or(0, |deepest| deepest + 1);
    let mut rows = vec![Vec::new(); depth];
    for (node, &layer) in of_layer.iter().enumerate() {
        rows[layer].push(node);
    }
    let mut place = vec![0.0; of_layer.len()];
    let number = |rows: &[Vec<usize>], place: &mut Vec<f64>| {
        for (at, node) in rows.iter().flat_map(|row| row.iter().enumerate()) {
            place[*node] = at as f64;
        }
    };
    number(&rows, &mut place);
    let mean = |of: &[usize], place: &[f64], or: f64| {
        if of.is_empty() { or } else { of.iter().map(|&node| place[node]).sum::<f64>() / of.len() as f64 }
    };
    // Down and up in turn: each node goes where its neighbours in the layer before are.
    for round in 0..ROUNDS {
        let order: Vec<usize> = if round % 2 == 0 { (0..depth).collect() } else { (0..depth).rev().collect() };
        for at in order {
            let pull = |node: usize| {
                let (above, below) = &neighbours[node];
                mean(if round % 2 == 0 { above } else { below }, &place, place[node])
            };
            crate::order::by(&mut rows[at], |&a, &b| pull(a).total_cmp(&pull(b)));
            number(&rows, &mut place);
        }
    }
    // In this order, as near to the neighbours as there is room.
    let apart = |a: usize, b: usize| (wide[a] + wide[b]) / 2.0 + BESIDE;
    let mut x = vec![0.0; of_layer.len()];
    for row in &rows {
        for pair in row.windows(2) {
            x[pair[1]] = x[pair[0]] + apart(pair[0], pair[1]);
        }
        let middle = row.last().map_or(0.0, |&last| x[last] / 2.0);
        row.iter().for_each(|&node| x[node] -= middle);
    }
    for round in 0..ROUNDS {
        let order: Vec<usize> = if round % 2 == 0 { (0..depth).collect() } else { (0..depth).rev().collect() };
        for at in order {
            let wanted: Vec<f64> = rows[at]
                .iter()
                .map(|&node| {
                    let (above, below) = &neighbours[node];
                    mean(if round % 2 == 0 { above } else { below }, &x, x[node])
                })
                .collect();
            for (index, &node) in rows[at].iter().enumerate() {
                let least =
                    index.checked_sub(1).map(|before| rows[at][before]).map(|before| x[before] + apart(before, node));
                x[node] = least.map_or(wanted[index], |least| wanted[index].max(least));
            }
            // All were pushed to the right; back by what that is on average.
            let shift = rows[at].iter().zip(&wanted).map(|(&node, wanted)| wanted - x[node]).sum::<f64>();
            let shift = shift / rows[at].len().max(1) as f64;
            rows[at].iter().for_each(|&node| x[node] += shift);
        }
    }
    let spot = |node: usize| (x[node], of_layer[node] as f64 * LAYER);
    let bends = chains.iter().zip(ways).zip(&down).map(|((chain, way), turned)| {
        let mut bends: Vec<Spot> = chain[1..chain.len() - 1].iter().map(|&node| spot(node)).collect();
        if way != turned {
            bends.reverse();
        }
        bends
    });
    let bends = bends.collect();
    ((0..count).map(spot).collect(), bends)
}

/// The edges, with those turned round that lead back to where a search came from.
fn acyclic(count: usize, ways: &[(usize, usize)]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut out = vec![Vec::new(); count];
    for (edge, &(from, _)) in ways.iter().enumerate() {
        out[from].push(edge);
    }
    let (mut state, mut down) = (vec![State::New; count], ways.to_vec());
    for root in 0..count {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(&edge) = out[*node].get(*next) else {
                state[*node] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let to = ways[edge].1;
            match state[to] {
                State::Open => down[edge] = (to, ways[edge].0),
                State::New => {
                    state[to] = State::Open;
                    path.push((to, 0));
                }
                State::Done => {}
            }
        }
    }
    down
}

/// The layer of each node: one below the lowest of those that point at it.
fn layers(count: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let (mut layer, mut waits) = (vec![0; count], vec![0u32; count]);
    let mut below = vec![Vec::new(); count];
    for &(from, to) in down.iter().filter(|(from, to)| from != to) {
        below[from].push(to);
        waits[to] += 1;
    }
    let mut ready: Vec<usize> = (0..count).filter(|&node| waits[node] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &below[node] {
            layer[to] = layer[to].max(layer[node] + 1);
            waits[to] -= 1;
            if waits[to] == 0 {
                ready.push(to);
            }
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(names: usize, ways: &[(usize, usize)], layout: Layout) -> Graph {
        let node = |number| Node { item: Item::new(format!("t{number}")), ..Node::default() };
        let edge = |&(from, to): &(usize, usize)| Edge { from, to, ..Edge::default() };
        Graph {
            layout,
            nodes: (0..names).map(node).collect(),
            edges: ways.iter().map(edge).collect(),
            ..Graph::default()
        }
    }

    /// All graphs of four nodes with up to five edges, drawn by one rule of chance.
    fn many() -> impl Iterator<Item = Vec<(usize, usize)>> {
        (0..400u64).map(|seed| {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut draw = move |below: u64| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % below) as usize
            };
            (0..1 + draw(12)).map(|_| (draw(7), draw(7))).collect()
        })
    }

    #[test]
    fn turning_edges_round_leaves_no_cycle_and_layers_point_down() {
        let mut turned = 0;
        for ways in many() {
            let down = acyclic(7, &ways);
            let layer = layers(7, &down);
            for (before, after) in ways.iter().zip(&down).filter(|(before, _)| before.0 != before.1) {
                assert!(before == after || *before == (after.1, after.0));
                assert!(layer[after.0] < layer[after.1], "{ways:?}: {after:?} does not point down");
                turned += u32::from(before != after);
            }
        }
        assert!(turned > 100, "{turned} edges were turned");
        assert_eq!(acyclic(3, &[(0, 1), (1, 2), (0, 2)]), [(0, 1), (1, 2), (0, 2)], "what has no cycle stays");
    }

    #[test]
    fn nodes_never_cover_each_other() {
        let widths: Vec<f64> = (0..7).map(|number| 40.0 + 15.0 * f64::from(number % 3)).collect();
        for ways in many() {
            for spots in [layered(&widths, &ways).0, circle(&widths)] {
                for a in 0..7 {
                    for b in 0..a {
                        let (dx, dy) = ((spots[a].0 - spots[b].0).abs(), (spots[a].1 - spots[b].1).abs());
                        let apart = dy >= HIGH || dx + 0.001 >= (widths[a] + widths[b]) / 2.0;
                        assert!(apart, "{ways:?}: {a} at {:?} and {b} at {:?}", spots[a], spots[b]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_parent_stands_above_the_middle_of_its_children() {
        let spots = tree(&[40.0; 5], &[(0, 1), (0, 2), (1, 3), (1, 4)]);
        assert_eq!((spots[1].0, spots[0].0), ((spots[3].0 + spots[4].0) / 2.0, (spots[1].0 + spots[2].0) / 2.0));
        let depth: Vec<f64> = spots.iter().map(|spot| spot.1 / LAYER).collect();
        assert_eq!(depth, [0.0, 1.0, 1.0, 2.0, 2.0]);
        // What is no tree is drawn all the same.
        for ways in many() {
            assert!(tree(&[40.0; 7], &ways).iter().all(|(x, y)| x.is_finite() && y.is_finite()));
        }
    }

    #[test]
    fn what_nodes_hold_moves_and_no_node_changes_its_size() {
        let mut graph = graph(3, &[(0, 1), (1, 1), (1, 2)], Layout::Given);
        for (place, node) in graph.nodes.iter_mut().enumerate() {
            node.at = Some((150 * place as i32, 0));
            node.holds = (place < 2).then(Vec::new);
        }
        let all: Vec<Item> = (1..=5).map(|number| Item::node(&format!("n{number}"))).collect();
        let drawn = |graph: &Graph| {
            let areas = graph.draw(400.0).parts.into_iter().map(|part| (part.key, part.area));
            areas.collect::<std::collections::BTreeMap<String, [f64; 4]>>()
        };
        let mut boxes = Vec::new();
        for here in [0, 2, 5] {
            graph.nodes[0].holds = Some(all[..here].to_vec());
            graph.nodes[1].holds = Some(all[here..].to_vec());
            let areas = drawn(&graph);
            boxes.push((areas["t0"], areas["t1"], areas["t2"]));
            for (place, item) in all.iter().enumerate() {
                let [x, y, wide, high] = areas[&name_of(item)];
                let [left, top, width, height] = areas[if place < here { "t0" } else { "t1" }];
                let inside = x >= left && x + wide <= left + width && y >= top && y + high <= top + height;
                assert!(inside, "{here}: {} leaves its node", item.text);
            }
        }
        assert!(boxes.windows(2).all(|pair| pair[0] == pair[1]), "{boxes:?}");
        assert_eq!(graph.spoken(), "t0: n1, n2, n3, n4, n5; t1: empty; t2. t0 to t1. t1 to t1. t1 to t2.");
    }

    #[test]
    fn whatever_a_lab_says_is_drawn() {
        for layout in [Layout::Layered, Layout::Tree, Layout::Circle, Layout::Given] {
            for ways in many() {
                let mut graph = graph(7, &ways, layout);
                graph.cycle = vec![0, 9, 3];
                let drawing = graph.draw(300.0);
                assert_eq!(drawing.parts.iter().filter(|part| part.item.is_some()).count(), 7 + ways.len());
            }
            graph(0, &[], layout).draw(300.0);
            let crowd = graph(Graph::NODES_MAX + 5, &[(0, Graph::NODES_MAX + 1), (1, 2), (usize::MAX, 0)], layout);
            let drawing = crowd.draw(300.0);
            assert_eq!(drawing.parts.iter().filter(|part| part.item.is_some()).count(), Graph::NODES_MAX + 1);
            assert!(drawing.parts.iter().any(|part| part.key == "more"));
        }
    }
}
