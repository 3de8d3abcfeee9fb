//! The hash ring on the stage: what is shown of it, and what somebody holds in their hand.

pub mod bar;
pub mod fields;
pub mod layer;
pub mod lookup;
mod tries;

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Value, json};
use view::Picture;
use view::geometry::Spot;
use view::lens::Ring;
use view::lens::ring::{Ask, BAND, Circle, Shift, Token, at_position, position_at};

use crate::playground::Playground;
use crate::reactive::{Effect, Memo, RwSignal};

/// How near a pointer has to come to a virtual node, in units of the stage.
const TOKEN_REACH: f64 = 13.0;
/// How far an arrow key moves a virtual node.
const NUDGE: u32 = 1 << 25;

/// A virtual node that somebody has picked, and where they hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hand {
    /// Whose it is.
    pub server: String,
    /// Which.
    pub index: u32,
    /// Where it was.
    pub from: u32,
    /// Where it is held.
    pub position: u32,
    /// Where the pointer took hold, as a position of the ring.
    grip: u32,
    /// Whether a pointer holds it; otherwise it is held by buttons and keys.
    pub gripped: bool,
}

impl Hand {
    /// Whether it would go elsewhere.
    pub const fn moved(&self) -> bool {
        self.position != self.from
    }
}

/// What the ring would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The ring.
    pub circle: Arc<Circle>,
    /// The virtual node that goes elsewhere, where that is all.
    pub shift: Option<Shift>,
    /// The keys that would get another server, by position in [`Ring::keys`].
    pub moves: Vec<usize>,
}

/// The ring of the page; copies share it.
#[derive(Clone, Copy)]
pub struct RingState {
    playground: Playground,
    /// The key that somebody looks up.
    pub asked: RwSignal<String>,
    /// The ring, if the lab has one.
    pub ring: Memo<Option<Arc<Ring>>>,
    /// Whether the stage shows it.
    pub shown: Memo<bool>,
    /// What somebody holds.
    pub hand: RwSignal<Option<Hand>>,
    /// A number of virtual nodes that somebody tries.
    pub trial: RwSignal<Option<u32>>,
    /// What would come of that.
    pub preview: Memo<Option<Preview>>,
    tries: RwSignal<Option<Tries>>,
}

/// Works out what would come of what is held, or of another number of virtual nodes; it comes with what draws the ring.
type Tries = fn(&Ring, Option<&Hand>, Option<u32>) -> Option<Preview>;

impl RingState {
    /// The ring of a playground.
    pub fn new(playground: Playground) -> Self {
        let asked = RwSignal::new(String::new());
        let ring = Memo::new(move |before: Option<&Option<Arc<Ring>>>| {
            playground.revision.track();
            let key = asked.get();
            let key = Some(key.trim().to_owned()).filter(|key| !key.is_empty());
            let ask = Ask { known: before.cloned().flatten(), key };
            playground.read(|session| session.ask(&ask)).map(Arc::new)
        });
        let shown = Memo::new(move |_| playground.picture.get() == Picture::Ring && ring.with(Option::is_some));
        let (hand, trial) = (RwSignal::new(None::<Hand>), RwSignal::new(None));
        let tries = RwSignal::new(None);
        let preview = Memo::new(move |_| {
            let work_out: Tries = tries.get()?;
            work_out(ring.get()?.as_ref(), hand.get().as_ref(), trial.get())
        });
        let anchors = Memo::new(move |before: Option<&Vec<(String, u32)>>| {
            let before = before.map_or(&[][..], Vec::as_slice);
            let Some(ring) = ring.get() else { return Vec::new() };
            let hand = hand.get();
            let follows = hand.as_ref().filter(|hand: &&Hand| hand.moved());
            let follows = follows.map(|hand| (hand.server.as_str(), hand.position));
            match preview.get() {
                Some(preview) => ring.anchors(&preview.circle, before, follows),
                None => ring.anchors(ring.newest(), before, None),
            }
        });
        let seats = Memo::new(move |_| {
            let ring = ring.get().filter(|_| shown.get())?;
            Some(anchors.with(|anchors| ring.seats(anchors)))
        });
        Effect::new(move |before: Option<bool>| {
            let seats = seats.get();
            let seated = seats.is_some();
            if seated || before == Some(true) {
                playground.seat(seats.unwrap_or_default());
            }
            seated
        });
        on_cleanup(move || playground.seat(Vec::new()));
        // What is held belongs to one ring.
        Effect::new(move |_| {
            let gone = ring.with(|ring| {
                hand.with_untracked(|hand: &Option<Hand>| {
                    hand.as_ref().is_some_and(|hand| ring.as_ref().is_none_or(|ring| token(ring, hand).is_none()))
                })
            });
            if gone {
                hand.set(None);
            }
        });
        Self { playground, asked, ring, shown, hand, trial, preview, tries }
    }

    fn with<T>(self, look: impl FnOnce(&Ring) -> Option<T>) -> Option<T> {
        if !self.shown.get_untracked() {
            return None;
        }
        self.ring.with_untracked(|ring| ring.as_ref().and_then(|ring| look(ring)))
    }

    /// Takes hold of a server by the virtual node that ends what it owns most of; false where there is none.
    pub fn hold_server(self, id: &str, spot: Spot) -> bool {
        let held = self.with(|ring| {
            let circle = ring.newest();
            circle.handle(circle.member(id)?)
        });
        held.is_some_and(|token| self.hold(token, spot))
    }

    /// Whether a server has to stay where the ring has seated it, because it has no arc that would come along.
    pub fn keeps_seat(self, id: &str) -> bool {
        let fixed = self.with(|ring| {
            let circle = ring.newest();
            Some(ring.server(id).is_some() && (circle.tokens.is_empty() || circle.member(id).is_none()))
        });
        fixed.unwrap_or(false)
    }

    /// Takes hold of the virtual node near a spot; false where there is none.
    pub fn hold_token(self, spot: Spot) -> bool {
        let (position, radius) = position_at(spot);
        if radius < BAND.0 - TOKEN_REACH || radius > BAND.1 + TOKEN_REACH {
            return false;
        }
        let far = |token: &Token| {
            let at = at_position(token.position, radius);
            (at.0 - spot.0).hypot(at.1 - spot.1)
        };
        let near = self.with(|ring| {
            let tokens = &ring.newest().tokens;
            let at = ring.newest().at(position)?;
            // The nearest one is next to the spot on one side or the other.
            let before = (at + tokens.len() - 1) % tokens.len();
            [tokens[before], tokens[at]].into_iter().min_by(|a, b| far(a).total_cmp(&far(b)))
        });
        near.is_some_and(|token| far(&token) <= TOKEN_REACH && self.hold(token, spot))
    }

    fn hold(self, token: Token, spot: Spot) -> bool {
        let server = self.with(|ring| Some(ring.newest().name(token.member).to_owned()));
        let Some(server) = server else { return false };
        let (from, grip) = (token.position, position_at(spot).0);
        self.hand.set(Some(Hand { server, index: token.index, from, position: from, grip, gripped: false }));
        true
    }

    /// A pointer holds it, or leaves it to buttons and keys.
    pub fn grip(self, gripped: bool) {
        self.hand.update(|hand| {
            if let Some(hand) = hand {
                hand.gripped = gripped;
            }
        });
    }

    /// The pointer moves what is held.
    pub fn drag(self, spot: Spot) {
        let at = position_at(spot).0;
        self.hand.update(|hand| {
            if let Some(hand) = hand {
                hand.position = hand.from.wrapping_add(at.wrapping_sub(hand.grip));
            }
        });
    }

    /// Keys or buttons move what is held.
    pub fn nudge(self, forth: bool) {
        let step = if forth { NUDGE } else { NUDGE.wrapping_neg() };
        self.hand.update(|hand| {
            if let Some(hand) = hand {
                hand.position = hand.position.wrapping_add(step);
            }
        });
    }

    /// What is held stays where it is now.
    pub fn let_go(self) {
        if let Some(hand) = self.hand.get_untracked() {
            self.hand.set(None);
            if hand.moved() {
                self.ask(json!({"token": [hand.server, hand.index, hand.position]}));
            }
        }
    }

    /// What is held goes back.
    pub fn cancel(self) {
        self.hand.set(None);
    }

    /// Takes hold of a virtual node by its place among the others.
    pub fn pick(self, place: usize) {
        if let Some(token) = self.with(|ring| ring.newest().tokens.get(place).copied()) {
            self.hold(token, at_position(token.position, BAND.1));
        }
    }

    /// The place of what is held among the virtual nodes, and how many there are.
    pub fn place(self) -> Option<(usize, usize)> {
        let hand = self.hand.get()?;
        self.ring.with(|ring| {
            let ring = ring.as_ref()?;
            let tokens = &ring.newest().tokens;
            let found = token(ring, &hand)?;
            Some((tokens.iter().position(|token| *token == found)?, tokens.len()))
        })
    }

    /// A key on the badge of a server; says whether it was used.
    pub fn key(self, id: &str, key: &str) -> bool {
        let holds = |moved: bool| {
            self.hand
                .with_untracked(|hand| hand.as_ref().is_some_and(|hand| hand.server == id && (!moved || hand.moved())))
        };
        match key {
            "ArrowLeft" | "ArrowDown" | "ArrowRight" | "ArrowUp" => {
                let at = self.playground.stage.with_untracked(|stage| {
                    stage
                        .nodes
                        .iter()
                        .find(|node| node.id == id)
                        .map(|node| (node.position.x.into(), node.position.y.into()))
                });
                if self.keeps_seat(id) {
                    return true;
                }
                if !holds(false) && !at.is_some_and(|at| self.hold_server(id, at)) {
                    return false;
                }
                self.nudge(matches!(key, "ArrowRight" | "ArrowUp"));
            }
            "Enter" if holds(true) => self.let_go(),
            "Escape" if holds(false) => self.cancel(),
            _ => return false,
        }
        true
    }

    /// Asks the administrator for a change.
    pub fn ask(self, op: Value) {
        self.playground.command(&self.request(op));
    }

    /// The command that asks the administrator for a change.
    fn request(self, op: Value) -> Value {
        let admin = self.ring.with_untracked(|ring| ring.as_ref().map(|ring| ring.admin.clone()));
        json!({"do": "request", "node": admin.unwrap_or_default(), "op": op})
    }

    /// A server joins: one that waits beside the ring, or a new machine.
    pub fn add_server(self) {
        let found = self.ring.with_untracked(|ring| {
            let ring = ring.as_ref()?;
            let aside = |server: &&view::lens::ring::Server| {
                ring.newest().member(&server.name).is_none() && server.condition == view::Condition::Up
            };
            let waits = ring.servers.iter().find(aside).map(|server| server.name.clone());
            let number = |name: &str| name.trim_start_matches('n').parse::<u32>().ok();
            let last = ring.servers.iter().filter_map(|server| number(&server.name)).max().unwrap_or(0);
            Some((waits, format!("n{}", last + 1)))
        });
        match found {
            Some((Some(name), _)) => self.ask(json!({"add-server": name})),
            Some((None, name)) => {
                let add = json!({"do": "add-node", "node": name});
                self.playground.command_all(&[add, self.request(json!({"add-server": name}))]);
            }
            None => {}
        }
    }
}

/// The virtual node that somebody holds, on the ring as it is.
fn token(ring: &Ring, hand: &Hand) -> Option<Token> {
    let circle = ring.newest();
    let member = circle.member(&hand.server)?;
    circle.tokens.iter().find(|token| (token.member, token.index) == (member, hand.index)).copied()
}

/// The ring, for components of a lab.
pub fn use_ring() -> RingState {
    expect_context::<RingState>()
}
