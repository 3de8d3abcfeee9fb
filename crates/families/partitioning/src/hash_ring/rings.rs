//! Memberships turned into tables: which servers hold a key, now and next.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use sim::order::sorted_pairs;
use sim::{Map, NodeId};

use super::{Bugs, Config, Members, Scheme, View};
use algorithms::hashing::{self, HashKind, Modulo, Node, Placement, Rendezvous, Ring, Spot};

/// A table for some members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// The members in the order of their names.
    nodes: Vec<NodeId>,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Ring(Ring),
    Rendezvous(Rendezvous),
    Modulo(Modulo),
    /// Points in the order in which they were put in.
    Unsorted(HashKind, Vec<(u32, u32)>),
}

impl Table {
    /// The table of some members.
    #[must_use]
    pub fn new(config: &Config, members: &Members) -> Self {
        let name = |&node: &NodeId| config.name(node);
        let named = |(node, &weight)| Node::new(name(node), weight);
        let list = hashing::in_order(members.weights.iter().map(named).collect());
        let nodes = in_order(config, members);
        let Bugs { unsorted_ring, modulo, .. } = config.bugs;
        let spots: Vec<Spot> = members
            .tokens
            .iter()
            .map(|((node, index), &token)| Spot { name: name(node), index: *index, token })
            .collect();
        let place = if modulo {
            Place::Modulo(Modulo::new(list, config.hash))
        } else if config.scheme == Scheme::Rendezvous {
            Place::Rendezvous(Rendezvous::weighted(list, config.hash))
        } else {
            let ring = Ring::with_spots(list, config.hash, members.vnodes, &spots);
            if unsorted_ring {
                // As good as any order that a map without order may have: by server, and then by chance.
                let mut points =
                    sorted_pairs(ring.points().iter().map(|point| (point.node, point.token.reverse_bits())));
                points.iter_mut().for_each(|(_, token)| *token = token.reverse_bits());
                Place::Unsorted(config.hash, points)
            } else {
                Place::Ring(ring)
            }
        };
        Self { nodes, place }
    }

    /// The same, from whoever had it made before: a hundred nodes that hear of a change want one and the same table.
    fn shared(config: &Config, members: &Members) -> Rc<Self> {
        TABLES.with_borrow_mut(|tables| {
            let known = tables.iter().find(|known| known.members == *members && known.config == *config);
            if let Some(known) = known {
                return known.table.clone();
            }
            let table = Rc::new(Self::new(config, members));
            if tables.len() == TABLES_KEPT {
                tables.pop_front();
            }
            tables.push_back(Made { config: config.clone(), members: members.clone(), table: table.clone() });
            table
        })
    }

    /// The servers that hold a key, the owner first.
    #[must_use]
    pub fn replicas(&self, key: &str, count: u32) -> Vec<NodeId> {
        let (key, count) = (key.as_bytes(), count as usize);
        let found = match &self.place {
            Place::Ring(ring) => ring.owners(key, count),
            Place::Rendezvous(rendezvous) => rendezvous.owners(key, count),
            Place::Modulo(modulo) => modulo.owners(key, count),
            Place::Unsorted(hash, points) => walk_unsorted(points, hash.of(key), count),
        };
        found.into_iter().map(|node| self.nodes[node as usize]).collect()
    }

    /// The members in the order in which [`Ring::points`] and [`Ring::arcs`] number them.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// The ring, where there is one.
    #[must_use]
    pub fn ring(&self) -> Option<&Ring> {
        match &self.place {
            Place::Ring(ring) => Some(ring),
            Place::Rendezvous(_) | Place::Modulo(_) | Place::Unsorted(..) => None,
        }
    }
}

/// The members in the order of their names, as tables number them.
#[must_use]
pub fn in_order(config: &Config, members: &Members) -> Vec<NodeId> {
    let by_name: Map<String, NodeId> = members.weights.keys().map(|&node| (config.name(node), node)).collect();
    by_name.into_values().collect()
}

/// So many tables are remembered: a change needs two, and readers of another moment two more.
const TABLES_KEPT: usize = 4;

/// A table, and what it was made from.
struct Made {
    config: Config,
    members: Members,
    table: Rc<Table>,
}

thread_local! {
    /// The tables that were made last. A table depends on nothing but configuration and members, so that no run can
    /// tell whether it was remembered.
    static TABLES: RefCell<VecDeque<Made>> = const { RefCell::new(VecDeque::new()) };
}

/// The mistake: the first point in no particular order that does not lie before the key, and nobody when all do.
fn walk_unsorted(points: &[(u32, u32)], token: u32, count: usize) -> Vec<u32> {
    let mut found = Vec::new();
    if let Some(start) = points.iter().position(|&(_, point)| point >= token) {
        for &(node, _) in points[start..].iter().chain(&points[..start]) {
            if found.len() < count && !found.contains(&node) {
                found.push(node);
            }
        }
    }
    found
}

/// The tables of a view. Shared, because nodes and keyframes hold many copies and no node ever changes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rings {
    now: Rc<Table>,
    next: Option<Rc<Table>>,
    /// How many servers hold each key.
    count: u32,
}

impl Rings {
    /// The tables of a view.
    #[must_use]
    pub fn new(config: &Config, view: &View) -> Self {
        let next = view.next.as_ref().map(|members| Table::shared(config, members));
        Self { now: Table::shared(config, &view.now), next, count: config.replicas }
    }

    /// The one that holds.
    #[must_use]
    pub fn now(&self) -> &Table {
        &self.now
    }

    /// The one that will hold, while keys move.
    #[must_use]
    pub fn next(&self) -> Option<&Table> {
        self.next.as_deref()
    }

    /// The replicas of a key, now and next.
    #[must_use]
    pub fn replicas(&self, key: &str) -> Replicas {
        let next = self.next().map_or_else(Vec::new, |next| next.replicas(key, self.count));
        Replicas { now: self.now().replicas(key, self.count), next }
    }
}

/// The replicas of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replicas {
    /// Those that hold it.
    pub now: Vec<NodeId>,
    /// Those that will hold it, while keys move; otherwise nobody.
    pub next: Vec<NodeId>,
}

impl Replicas {
    /// All of them, each once.
    #[must_use]
    pub fn all(&self) -> Vec<NodeId> {
        let new = self.next.iter().filter(|node| !self.now.contains(node));
        self.now.iter().chain(new).copied().collect()
    }

    /// Whether a server is one of them.
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        self.now.contains(&node) || self.next.contains(&node)
    }

    /// Whether it will be one, and is none yet.
    #[must_use]
    pub fn joins(&self, node: NodeId) -> bool {
        self.next.contains(&node) && !self.now.contains(&node)
    }

    /// Whether the key has other replicas afterwards.
    #[must_use]
    pub fn change(&self) -> bool {
        self.next.iter().any(|node| !self.now.contains(node))
    }

    /// Whether those for whom `has` holds are `quorum` of each list.
    #[must_use]
    pub fn quorum(&self, quorum: u32, has: impl Fn(NodeId) -> bool) -> bool {
        let enough =
            |list: &[NodeId]| list.iter().filter(|&&node| has(node)).count() >= (quorum as usize).min(list.len());
        !self.now.is_empty() && enough(&self.now) && enough(&self.next)
    }
}
