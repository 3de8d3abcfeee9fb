//! Who holds what: every key has an owner, replicas are distinct, and a change moves only what it must.

use std::collections::BTreeSet;
use std::rc::Rc;

use check::{At, Board, Names, Property};
use sim::{Map, NodeId, Set, World};

use super::{Config, HashRing, Note};
use crate::hash_ring::{Members, Rings, View};

/// Whatever the key, somebody owns it.
pub const EVERY_KEY_HAS_AN_OWNER: Property =
    Property::always("every-key-has-an-owner", "Total Ownership", "Every key has an owner");

/// The replicas of a key are the first R distinct servers clockwise (DeCandia et al. §4.3).
pub const DISTINCT_REPLICAS: Property =
    Property::always("distinct-replicas", "Distinct Replicas", "Each key is on R distinct servers");

/// A key whose servers, old and new, a change does not concern stays where it is (Karger et al., "monotonicity").
pub const MINIMAL_MOVEMENT: Property =
    Property::always("minimal-movement", "Monotonicity", "A change moves only keys of affected arcs");

/// The state of the oracles.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Keys that changes are tried on: those that clients use of their own accord, and those asked for.
    /// Keyframes share them.
    keys: Rc<BTreeSet<String>>,
    asked: u64,
    changes: u64,
}

impl Placed {
    pub(super) fn new(config: &Config) -> Self {
        let mut keys = BTreeSet::new();
        keys.extend((1..=config.keys).map(Config::key));
        Self { keys: Rc::new(keys), asked: 0, changes: 0 }
    }

    pub(super) fn noted(&mut self, board: &mut Board, at: At, node: NodeId, note: &Note, world: &World<HashRing>) {
        let config = world.config();
        match note {
            Note::Invoked { op, .. } => {
                if let Some(client) = world.node(node).and_then(HashRing::client) {
                    let replicas = client.rings.now().replicas(op.key(), config.replicas);
                    self.asked_for(board, at, op.key(), &replicas, config);
                }
            }
            Note::ChangeStarted { .. } => {
                if let Some(admin) = world.node(node).and_then(HashRing::admin) {
                    self.change(board, at, &admin.view, config);
                }
            }
            _ => {}
        }
    }

    /// A client asks for a key that these servers hold, as far as it knows.
    fn asked_for(&mut self, board: &mut Board, at: At, key: &str, replicas: &[NodeId], config: &Config) {
        self.asked += 1;
        if !self.keys.contains(key) {
            Rc::make_mut(&mut self.keys).insert(key.to_owned());
        }
        let distinct: Set<NodeId> = replicas.iter().copied().collect();
        if replicas.is_empty() {
            board.violate(&EVERY_KEY_HAS_AN_OWNER, at, |_| {
                format!("no server owns {key}: behind the last point of the ring there is nothing")
            });
        } else if distinct.len() < config.replicas as usize {
            board.violate(&DISTINCT_REPLICAS, at, |names| {
                format!("{key} has to be on {} servers, but is on {}", config.replicas, names.list(replicas))
            });
        }
    }

    fn change(&mut self, board: &mut Board, at: At, view: &View, config: &Config) {
        self.changes += 1;
        let Some(next) = &view.next else { return };
        let concerned = concerned(&view.now, next);
        let rings = Rings::new(config, view);
        for key in &*self.keys {
            let replicas = rings.replicas(key);
            if let Some(moved) = moved_for_nothing(&replicas.now, &replicas.next, &concerned) {
                board.violate(&MINIMAL_MOVEMENT, at, |names| moved.words(key, &concerned, names));
            }
        }
    }

    pub(super) fn operations_basis(&self) -> String {
        format!("{} operations checked", self.asked)
    }

    pub(super) fn changes_basis(&self) -> String {
        format!("{} changes checked on {} keys", self.changes, self.keys.len())
    }
}

/// The servers that a change is about: those that come, go, or have other points than before.
fn concerned(now: &Members, next: &Members) -> Set<NodeId> {
    let tokens = |members: &Members, node: NodeId| -> Map<u32, u32> {
        let own = members.tokens.iter().filter(|((owner, _), _)| *owner == node);
        own.map(|(&(_, index), &token)| (index, token)).collect()
    };
    let points = |members: &Members, node: NodeId| (members.vnodes_of(node), tokens(members, node));
    let all = now.weights.keys().chain(next.weights.keys()).copied();
    all.filter(|&node| points(now, node) != points(next, node)).collect()
}

/// A move that nobody needed.
struct Moved<'a> {
    what: &'static str,
    now: &'a [NodeId],
    next: &'a [NodeId],
}

impl Moved<'_> {
    fn words(&self, key: &str, concerned: &Set<NodeId>, names: &Names) -> String {
        let (whom, now, next) = (names.list(concerned), names.list(self.now), names.list(self.next));
        format!("a change of {whom} moves {key} {} {now} to {next}", self.what)
    }
}

/// Complains when the list of a key's servers changes although nobody in it is concerned; the owner on its own
/// has to stay likewise.
fn moved_for_nothing<'a>(now: &'a [NodeId], next: &'a [NodeId], concerned: &Set<NodeId>) -> Option<Moved<'a>> {
    let concerns = |nodes: &[NodeId]| nodes.iter().any(|node| concerned.contains(node));
    let for_nothing = |now: &[NodeId], next: &[NodeId]| now != next && !concerns(now) && !concerns(next);
    let (owner_now, owner_next) = (&now[..now.len().min(1)], &next[..next.len().min(1)]);
    if for_nothing(owner_now, owner_next) {
        return Some(Moved { what: "from", now: owner_now, next: owner_next });
    }
    for_nothing(now, next).then_some(Moved { what: "from the servers", now, next })
}

#[cfg(test)]
mod tests {
    use super::super::{some_board, some_config};
    use super::*;

    const AT: At = At { step: 7, time_us: 7_000 };

    fn nodes(numbers: &[u32]) -> Vec<NodeId> {
        numbers.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn a_key_without_an_owner_or_with_too_few_is_rejected() {
        let config = some_config();
        let asked_for = |replicas: &[u32]| {
            let mut board = some_board();
            Placed::new(&config).asked_for(&mut board, AT, "x", &nodes(replicas), &config);
            board
        };
        assert!(!asked_for(&[0, 1, 2]).violated());
        assert!(asked_for(&[]).evidence(&EVERY_KEY_HAS_AN_OWNER).unwrap().reason.contains("owns x"));
        for few in [&[0, 1][..], &[0, 1, 0]] {
            assert!(asked_for(few).evidence(&DISTINCT_REPLICAS).unwrap().reason.contains("n1"));
        }
    }

    #[test]
    fn a_key_that_moves_for_nothing_is_rejected() {
        let (newcomer, names) = (Set::from([NodeId(3)]), Names::servers(4));
        let judge = |now: &[u32], next: &[u32]| {
            let (now, next) = (nodes(now), nodes(next));
            moved_for_nothing(&now, &next, &newcomer).map(|moved| moved.words("x", &newcomer, &names))
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
