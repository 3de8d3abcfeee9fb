//! Who holds what: every key has an owner, replicas are distinct, and a change moves only what it must.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use check::{Kind, Property, Verdict, Violation};
use sim::{NodeId, World};

use super::{At, Config, HashRing, Note, list};
use crate::hash_ring::{Members, Rings, View};

/// Whatever the key, somebody owns it.
pub const EVERY_KEY_HAS_AN_OWNER: Property = Property {
    id: "every-key-has-an-owner",
    name: "Total Ownership",
    claim: "Every key has an owner",
    kind: Kind::Always,
};

/// The replicas of a key are the first R distinct servers clockwise (DeCandia et al. §4.3).
pub const DISTINCT_REPLICAS: Property = Property {
    id: "distinct-replicas",
    name: "Distinct Replicas",
    claim: "Each key is on R distinct servers",
    kind: Kind::Always,
};

/// A key whose servers, old and new, a change does not concern stays where it is (Karger et al., "monotonicity").
pub const MINIMAL_MOVEMENT: Property = Property {
    id: "minimal-movement",
    name: "Monotonicity",
    claim: "A change moves only keys of affected arcs",
    kind: Kind::Always,
};

/// The state of the oracles.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Keys that changes are tried on: those that clients use of their own accord, and those asked for.
    /// Keyframes share them.
    keys: Rc<BTreeSet<String>>,
    asked: u64,
    changes: u64,
    ownerless: Option<Violation>,
    few: Option<Violation>,
    moved: Option<Violation>,
}

impl Placed {
    pub(super) fn new(config: &Config) -> Self {
        let keys: BTreeSet<String> = (1..=config.keys).map(Config::key).collect();
        Self { keys: Rc::new(keys), asked: 0, changes: 0, ownerless: None, few: None, moved: None }
    }

    pub(super) fn noted(&mut self, at: &At, node: NodeId, note: &Note, world: &World<HashRing>) {
        let config = world.config();
        match note {
            Note::Invoked { op, .. } => {
                if let Some(client) = world.node(node).and_then(HashRing::client) {
                    let replicas = client.rings.now().replicas(op.key(), config.replicas);
                    self.asked_for(at, op.key(), &replicas, config);
                }
            }
            Note::ChangeStarted { .. } => {
                if let Some(admin) = world.node(node).and_then(HashRing::admin) {
                    self.change(at, &admin.view, config);
                }
            }
            _ => {}
        }
    }

    /// A client asks for a key that these servers hold, as far as it knows.
    fn asked_for(&mut self, at: &At, key: &str, replicas: &[NodeId], config: &Config) {
        self.asked += 1;
        if !self.keys.contains(key) {
            Rc::make_mut(&mut self.keys).insert(key.to_owned());
        }
        let distinct: BTreeSet<NodeId> = replicas.iter().copied().collect();
        if replicas.is_empty() {
            self.ownerless.get_or_insert_with(|| {
                at.evidence(format!("no server owns {key}: behind the last point of the ring there is nothing"))
            });
        } else if distinct.len() < config.replicas as usize {
            let reason =
                format!("{key} has to be on {} servers, but is on {}", config.replicas, list(config, replicas));
            self.few.get_or_insert_with(|| at.evidence(reason));
        }
    }

    fn change(&mut self, at: &At, view: &View, config: &Config) {
        self.changes += 1;
        let Some(next) = &view.next else { return };
        let concerned = concerned(&view.now, next);
        let rings = Rings::new(config, view);
        for key in &*self.keys {
            let replicas = rings.replicas(key);
            self.moved = self
                .moved
                .take()
                .or_else(|| moved_for_nothing(at, key, &replicas.now, &replicas.next, &concerned, config));
        }
    }

    pub(super) fn always(&self) -> Vec<Verdict> {
        let asked = || format!("{} operations checked", self.asked);
        vec![
            Verdict::always(EVERY_KEY_HAS_AN_OWNER, self.ownerless.as_ref(), asked()),
            Verdict::always(DISTINCT_REPLICAS, self.few.as_ref(), asked()),
            Verdict::always(
                MINIMAL_MOVEMENT,
                self.moved.as_ref(),
                format!("{} changes checked on {} keys", self.changes, self.keys.len()),
            ),
        ]
    }

    pub(super) const fn violated(&self) -> bool {
        self.ownerless.is_some() || self.few.is_some() || self.moved.is_some()
    }
}

/// The servers that a change is about: those that come, go, or have other points than before.
fn concerned(now: &Members, next: &Members) -> BTreeSet<NodeId> {
    let tokens = |members: &Members, node: NodeId| -> BTreeMap<u32, u32> {
        let own = members.tokens.iter().filter(|((owner, _), _)| *owner == node);
        own.map(|(&(_, index), &token)| (index, token)).collect()
    };
    let points = |members: &Members, node: NodeId| (members.vnodes_of(node), tokens(members, node));
    let all = now.weights.keys().chain(next.weights.keys()).copied();
    all.filter(|&node| points(now, node) != points(next, node)).collect()
}

/// Complains when the list of a key's servers changes although nobody in it is concerned; the owner on its own
/// has to stay likewise.
fn moved_for_nothing(
    at: &At,
    key: &str,
    now: &[NodeId],
    next: &[NodeId],
    concerned: &BTreeSet<NodeId>,
    config: &Config,
) -> Option<Violation> {
    let concerns = |nodes: &[NodeId]| nodes.iter().any(|node| concerned.contains(node));
    let owners = |nodes: &[NodeId]| nodes.first().copied().into_iter().collect::<Vec<_>>();
    let for_nothing = |now: &[NodeId], next: &[NodeId]| now != next && !concerns(now) && !concerns(next);
    let complain = |what: &str, now: &[NodeId], next: &[NodeId]| {
        let whom: Vec<NodeId> = concerned.iter().copied().collect();
        let (whom, now, next) = (list(config, &whom), list(config, now), list(config, next));
        at.evidence(format!("a change of {whom} moves {key} {what} {now} to {next}"))
    };
    let (owner_now, owner_next) = (owners(now), owners(next));
    if for_nothing(&owner_now, &owner_next) {
        return Some(complain("from", &owner_now, &owner_next));
    }
    for_nothing(now, next).then(|| complain("from the servers", now, next))
}

#[cfg(test)]
mod tests {
    use super::super::some_config;
    use super::*;

    const AT: At = At { step: 7, time_us: 7_000 };

    fn nodes(numbers: &[u32]) -> Vec<NodeId> {
        numbers.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn a_key_without_an_owner_or_with_too_few_is_rejected() {
        let config = some_config();
        let mut placed = Placed::new(&config);
        placed.asked_for(&AT, "x", &nodes(&[0, 1, 2]), &config);
        assert!(!placed.violated());
        placed.asked_for(&AT, "y", &[], &config);
        assert!(placed.ownerless.as_ref().unwrap().reason.contains("owns y"));
        for few in [&[0, 1][..], &[0, 1, 0]] {
            let mut placed = Placed::new(&config);
            placed.asked_for(&AT, "z", &nodes(few), &config);
            assert!(placed.few.as_ref().unwrap().reason.contains("n1"));
        }
    }

    #[test]
    fn a_key_that_moves_for_nothing_is_rejected() {
        let config = some_config();
        let newcomer = BTreeSet::from([NodeId(3)]);
        let judge = |now: &[u32], next: &[u32]| {
            moved_for_nothing(&AT, "x", &nodes(now), &nodes(next), &newcomer, &config).map(|violation| violation.reason)
        };
        assert_eq!(judge(&[0, 1, 2], &[0, 1, 2]), None);
        assert_eq!(judge(&[0, 1, 2], &[3, 0, 1]), None);
        assert_eq!(judge(&[0, 1, 2], &[0, 1, 3]), None);
        assert_eq!(judge(&[0, 1, 2], &[1, 0, 3]).as_deref(), Some("a change of n4 moves x from n1 to n2"));
        assert!(judge(&[0, 1, 2], &[0, 2, 1]).is_some());
    }

    #[test]
    fn whoever_has_other_points_is_concerned() {
        let config = some_config();
        let now = View::first(&config).now;
        let changed = |change: &dyn Fn(&mut Members)| {
            let mut next = now.clone();
            change(&mut next);
            concerned(&now, &next).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(changed(&|_| {}), []);
        assert_eq!(
            changed(&|next| {
                next.weights.insert(NodeId(9), 1);
            }),
            nodes(&[9])
        );
        assert_eq!(
            changed(&|next| {
                next.weights.remove(&NodeId(2));
            }),
            nodes(&[2])
        );
        assert_eq!(
            changed(&|next| {
                next.weights.insert(NodeId(1), 2);
            }),
            nodes(&[1])
        );
        assert_eq!(
            changed(&|next| {
                next.tokens.insert((NodeId(0), 3), 5);
            }),
            nodes(&[0])
        );
        assert_eq!(changed(&|next| next.vnodes = 9), nodes(&[0, 1, 2, 3]));
    }
}
