//! What somebody tries on the ring: a virtual node elsewhere, or another number of them. The code comes with what draws it.

use labs::placements::{circle, moved};
use view::Picture;
use view::lens::Ring;
use view::lens::ring::Shift;

use super::{Hand, Preview, RingState, token};
use crate::platform::page;
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

/// Beside a ring of more servers than this the pane follows what is tried at intervals, and otherwise at once.
const FOLLOWED_AT_ONCE: usize = 24;
/// How often it does then.
const PANE_FOLLOWS_MS: f64 = 100.0;

impl RingState {
    /// Works out what would come of what is tried, for as long as what is around the call lives.
    pub(super) fn attend(self) {
        self.tries.set(Some(preview));
        let Self { playground, ring, hand, trial, .. } = self;
        let is_long =
            move || ring.with_untracked(|ring| ring.as_ref().is_some_and(|ring| ring.servers.len() > FOLLOWED_AT_ONCE));
        let tried = Memo::new(move |_| match (hand.get().filter(Hand::moved), trial.get()) {
            (Some(hand), _) => Some(("token", format!("{}#{}@{}", hand.server, hand.index, hand.position))),
            (None, Some(vnodes)) => Some(("virtual-nodes", vnodes.to_string())),
            (None, None) => None,
        });
        // The pane beside it shows what would be, too. To lay a long table out costs as much as all the rest of a move, so
        // that one follows some times a second; that nothing is tried any more it learns at once.
        let (due, waits) = (RwSignal::new(()), StoredValue::new(false));
        Effect::new(move |before: Option<Option<(&'static str, String)>>| {
            due.track();
            let (before, tried) = (before.flatten(), tried.get());
            if before == tried || tried.is_some() && waits.get_value() {
                return before;
            }
            playground.asks.update(|asks| {
                let args = &mut asks.entry(Picture::Ring.id()).or_default().args;
                args.retain(|name, _| name != "token" && name != "virtual-nodes");
                args.extend(tried.clone().map(|(name, value)| (name.to_owned(), value)));
            });
            if is_long() {
                waits.set_value(true);
                page::after_ms(PANE_FOLLOWS_MS, move || {
                    waits.set_value(false);
                    due.notify();
                });
            }
            tried
        });
    }
}

fn preview(ring: &Ring, hand: Option<&Hand>, trial: Option<u32>) -> Option<Preview> {
    let newest = ring.newest();
    if newest.tokens.is_empty() {
        return None;
    }
    let (circle, shift) = match (hand.filter(|hand| hand.moved()), trial) {
        (Some(hand), _) => {
            let from = token(ring, hand)?;
            let circle = moved(newest, from.member, from.index, hand.position)?;
            (circle, Some(Shift { from, to: hand.position }))
        }
        (None, Some(vnodes)) if vnodes != newest.of.vnodes => (circle(newest.of.with_vnodes(vnodes)), None),
        _ => return None,
    };
    let moves = ring.would_move(&circle, shift);
    Some(Preview { circle, shift, moves })
}
