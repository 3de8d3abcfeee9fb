//! What a hand does on the stage: drag a node, catch a message, draw a stroke that cuts links, close it around nodes
//! to split the network. Every one of these has a way by click and one by keyboard as well.

use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;
use serde_json::{Value, json};
use view::geometry::{self, Spot};
use view::layout::{HEIGHT, Point, WIDTH};
use view::shapes::{reach, rim_to_rim};

use crate::platform::page;
use crate::playground::{Playground, Selection};
use crate::reactive::{Memo, RwSignal, StoredValue};

use super::super::ring::RingState;

/// A pointer that moves less than this, in units of the stage, has clicked.
const CLICK_SLACK: f64 = 6.0;
/// Nodes stay this far inside the stage.
const MARGIN: i32 = 26;
/// Strokes have at most so many points; a longer one ends there.
const SPOTS_MAX: usize = 512;

/// What the pointer is doing.
#[derive(Clone, Debug, PartialEq)]
enum Doing {
    Nothing,
    /// A node is held, this far from its centre.
    Node {
        id: String,
        start: Spot,
        offset: Spot,
        moved: bool,
    },
    /// A virtual node of the ring is held, by itself or by its server.
    Token {
        server: Option<String>,
        start: Spot,
        moved: bool,
    },
    /// A server that keeps its seat is touched.
    Seat {
        id: String,
        start: Spot,
        moved: bool,
    },
    /// A stroke is drawn.
    Stroke {
        moved: bool,
    },
}

/// What the stroke that is drawn would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threat {
    /// Links it would cut, by position in the stage.
    pub links: Vec<(usize, usize)>,
    /// Nodes it would part from the others.
    pub nodes: Vec<usize>,
}

/// The gestures of one stage.
#[derive(Clone, Copy)]
pub struct Gestures {
    playground: Playground,
    ring: RingState,
    layers: NodeRef<html::Div>,
    doing: StoredValue<Doing>,
    /// Whether the click that ends a gesture has to be swallowed.
    swallow: StoredValue<bool>,
    /// The node under the pointer or with the focus, by position in the stage: one of a crowd is named large.
    pub pointed: RwSignal<Option<usize>>,
    /// The stroke so far.
    pub stroke: RwSignal<Vec<Spot>>,
    /// What it would do.
    pub threat: Memo<Threat>,
}

impl Gestures {
    /// For a playground, on the layers of its stage.
    pub fn new(playground: Playground, ring: RingState, layers: NodeRef<html::Div>) -> Self {
        let stroke = RwSignal::new(Vec::new());
        Self {
            playground,
            ring,
            layers,
            doing: StoredValue::new(Doing::Nothing),
            swallow: StoredValue::new(false),
            pointed: RwSignal::new(None),
            stroke,
            threat: Memo::new(move |_| stroke.with(|stroke| threat(playground, stroke))),
        }
    }

    /// Whether a click on a node or a link was the end of a gesture and means nothing by itself.
    pub fn takes_click(self) -> bool {
        self.swallow.get_value()
    }

    /// Where an event is, in units of the stage.
    fn spot(self, event: &PointerEvent) -> Option<Spot> {
        let layers = self.layers.get_untracked()?;
        Some(page::stage_spot(&layers, f64::from(event.client_x()), f64::from(event.client_y())))
    }

    /// A pointer comes down.
    pub fn down(self, event: &PointerEvent) {
        self.swallow.set_value(false);
        if !event.is_primary() || event.button() != 0 {
            return;
        }
        let Some(spot) = self.spot(event) else { return };
        let playground = self.playground;
        let node = playground.stage.with_untracked(|stage| {
            let held = stage.nodes.iter().rev().find_map(|node| {
                let (x, y) = (f64::from(node.position.x), f64::from(node.position.y));
                let offset = (spot.0 - x, spot.1 - y);
                (offset.0.hypot(offset.1) <= reach(node)).then(|| (node.id.clone(), offset))
            })?;
            if self.ring.hold_server(&held.0, spot) {
                return Some(Doing::Token { server: Some(held.0), start: spot, moved: false });
            }
            if self.ring.keeps_seat(&held.0) {
                return Some(Doing::Seat { id: held.0, start: spot, moved: false });
            }
            Some(Doing::Node { id: held.0, start: spot, offset: held.1, moved: false })
        });
        let doing = node.unwrap_or_else(|| match playground.message_near(spot) {
            Some(id) => {
                playground.pause();
                playground.select(Some(Selection::Message(id)));
                self.swallow.set_value(true);
                Doing::Nothing
            }
            None if self.ring.hold_token(spot) => Doing::Token { server: None, start: spot, moved: false },
            None => {
                self.stroke.set(vec![spot]);
                Doing::Stroke { moved: false }
            }
        });
        if matches!(doing, Doing::Token { .. }) {
            self.ring.grip(true);
        }
        self.doing.set_value(doing);
    }

    /// The pointer moves.
    pub fn moved(self, event: &PointerEvent) {
        if !event.is_primary() {
            return;
        }
        let Some(spot) = self.spot(event) else { return };
        let far = |start: Spot| (spot.0 - start.0).hypot(spot.1 - start.1) >= CLICK_SLACK;
        match self.doing.get_value() {
            Doing::Nothing => {}
            Doing::Node { id, start, offset, moved } => {
                if !moved && !far(start) {
                    return;
                }
                if !moved {
                    self.begin_drag(event);
                }
                self.playground.hold_at(&id, on_stage(spot.0 - offset.0, spot.1 - offset.1));
                self.doing.set_value(Doing::Node { id, start, offset, moved: true });
            }
            Doing::Token { server, start, moved } => {
                if !moved && !far(start) {
                    return;
                }
                if !moved {
                    self.begin_drag(event);
                }
                self.ring.drag(spot);
                self.doing.set_value(Doing::Token { server, start, moved: true });
            }
            Doing::Seat { id, start, moved } => {
                if !moved && far(start) {
                    self.swallow.set_value(true);
                    self.doing.set_value(Doing::Seat { id, start, moved: true });
                }
            }
            Doing::Stroke { moved } => {
                let Some(last) = self.stroke.with_untracked(|stroke| stroke.last().copied()) else { return };
                if !far(last) || self.stroke.with_untracked(Vec::len) >= SPOTS_MAX {
                    return;
                }
                if !moved {
                    self.begin_drag(event);
                    self.doing.set_value(Doing::Stroke { moved: true });
                }
                self.stroke.update(|stroke| stroke.push(spot));
            }
        }
    }

    /// From here on it is a drag: it stays ours outside the stage, and the click at its end means nothing.
    fn begin_drag(self, event: &PointerEvent) {
        self.swallow.set_value(true);
        if let Some(layers) = self.layers.get_untracked() {
            // A pointer that is gone already cannot be captured; then it simply ends at the edge.
            let _ = layers.set_pointer_capture(event.pointer_id());
        }
    }

    /// The pointer goes up.
    pub fn up(self, event: &PointerEvent) {
        if !event.is_primary() {
            return;
        }
        let threat = self.threat.get_untracked();
        match self.doing.get_value() {
            Doing::Node { moved: true, .. } => self.playground.put_down(),
            // Not left to the click that follows: after a drag by finger a browser may leave that one out.
            Doing::Node { id, moved: false, .. } | Doing::Seat { id, moved: false, .. } => {
                self.playground.select(Some(Selection::Node(id)))
            }
            Doing::Token { moved: true, .. } => self.ring.let_go(),
            Doing::Token { server, moved: false, .. } => match server {
                Some(id) => {
                    self.ring.cancel();
                    self.playground.select(Some(Selection::Node(id)));
                }
                // A token that is only touched stays picked, for buttons and keys.
                None => {
                    self.ring.grip(false);
                    self.swallow.set_value(true);
                }
            },
            Doing::Stroke { moved: true } => self.strike(&threat),
            Doing::Stroke { moved: false } if !self.takes_click() && on_ground(event) => {
                self.ring.cancel();
                self.playground.select(None);
            }
            _ => {}
        }
        self.stop();
    }

    /// The browser takes the pointer away; nothing happens.
    pub fn cancelled(self) {
        match self.doing.get_value() {
            Doing::Node { moved: true, .. } => self.playground.put_down(),
            Doing::Token { .. } => self.ring.cancel(),
            _ => {}
        }
        self.stop();
    }

    fn stop(self) {
        self.doing.set_value(Doing::Nothing);
        if !self.stroke.with_untracked(Vec::is_empty) {
            self.stroke.set(Vec::new());
        }
    }

    /// What a finished stroke does.
    fn strike(self, threat: &Threat) {
        let commands: Vec<Value> = self.playground.stage.with_untracked(|stage| {
            let name = |index: &usize| stage.nodes[*index].id.clone();
            if threat.nodes.is_empty() {
                let cut = |(a, b): &(usize, usize)| json!({"do": "cut", "from": name(a), "to": name(b)});
                return threat.links.iter().map(cut).collect();
            }
            let inside: Vec<String> = threat.nodes.iter().map(name).collect();
            let outside = (0..stage.nodes.len()).filter(|index| !threat.nodes.contains(index));
            let outside: Vec<String> = outside.map(|index| name(&index)).collect();
            vec![json!({"do": "partition", "groups": [inside, outside]})]
        });
        self.playground.command_all(&commands);
    }
}

/// Whether an event came to the ground of the stage, and not to a node or a link.
fn on_ground(event: &PointerEvent) -> bool {
    !page::came_to(event, "[role=button], [role=switch]")
}

/// The nearest place at which a node may stand.
pub fn on_stage(x: f64, y: f64) -> Point {
    let fit = |value: f64, size: i32| (value.round() as i32).clamp(MARGIN, size - MARGIN);
    Point { x: fit(x, WIDTH), y: fit(y, HEIGHT) }
}

fn threat(playground: Playground, stroke: &[Spot]) -> Threat {
    if geometry::is_slip(stroke) {
        return Threat::default();
    }
    playground.stage.with(|stage| {
        if let Some(lasso) = geometry::lasso(stroke) {
            let inside =
                |node: &view::Node| geometry::encloses(lasso, (f64::from(node.position.x), f64::from(node.position.y)));
            let nodes: Vec<usize> = (0..stage.nodes.len()).filter(|&index| inside(&stage.nodes[index])).collect();
            if !nodes.is_empty() && nodes.len() < stage.nodes.len() {
                let parted = |link: &&view::Link| nodes.contains(&link.a) != nodes.contains(&link.b);
                let links = stage.links.iter().filter(parted).map(|link| (link.a, link.b)).collect();
                return Threat { links, nodes };
            }
        }
        let crossed = |link: &&view::Link| {
            geometry::stroke_crosses(stroke, rim_to_rim(&stage.nodes[link.a], &stage.nodes[link.b]))
        };
        let links = stage.links.iter().filter(crossed).filter(|link| link.up()).map(|link| (link.a, link.b)).collect();
        Threat { links, nodes: Vec::new() }
    })
}
