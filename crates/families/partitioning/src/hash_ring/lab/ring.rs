//! The hash ring as the page draws it: tokens, servers, keys, and the last change.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hash_ring::{
    Bugs, Config, HashRing, HashRingOracle, KEY_BYTES_MAX, Members, Rings, Scheme as Placing, VNODES_MAX, View,
    WEIGHT_MAX, in_order,
};
use sim::{NodeId, World};
use view::Condition;
use view::lens::ring::{Ask, Change, Circle, Key, Membership, Ring, Scheme, Server};

use super::words;
use runs::names::Names;
use runs::recent::Recent;

/// Most keys that are shown.
const KEYS_MAX: usize = 12_000;
/// So many keys tell the shares of servers where there are no arcs.
const SAMPLE: u32 = 2_000;

/// The ring as it is now.
pub fn ring(world: &World<HashRing>, oracle: &HashRingOracle, names: &Names, ask: &Ask) -> Ring {
    let known = ask.known.as_deref();
    let config = world.config();
    let view = newest_view(world);
    let rings = rings_of(world, &view).unwrap_or_else(|| Rings::new(config, &view));
    let servers: Vec<NodeId> = world.node_ids().filter(|&id| config.is_server(id)).collect();
    // By way of the list, because machines may have been removed that the ring still names.
    let shown = |nodes: &[NodeId]| -> Vec<usize> {
        nodes.iter().filter_map(|node| servers.iter().position(|known| known == node)).collect()
    };
    let mut held: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, &id) in servers.iter().enumerate() {
        for key in world.node(id).and_then(HashRing::server).iter().flat_map(|server| server.kept.keys.keys()) {
            match held.get_mut(key) {
                Some(holders) => holders.push(place),
                None => drop(held.insert(key.clone(), vec![place])),
            }
        }
    }
    let key = |name: &str| {
        let replicas = rings.replicas(name);
        Key {
            name: name.to_owned(),
            position: config.hash.of(name.as_bytes()),
            replicas: shown(&replicas.now),
            next: shown(&replicas.next),
        }
    };
    let circle = |members: &Members| circle(config, members);
    let (now, next) = (circle(&view.now), view.next.as_ref().map(circle));
    let described: Vec<Server> = servers.iter().map(|&id| server(world, &view, id, names)).collect();
    let others: Vec<&str> = held.keys().map(String::as_str).filter(|name| !is_used(config, name)).collect();
    let stays = |known: &&Ring| {
        let same_servers =
            known.servers.iter().map(|server| &server.name).eq(described.iter().map(|server| &server.name));
        known.now.of == now.of
            && known.next.as_ref().map(|next| &next.of) == next.as_ref().map(|next| &next.of)
            && (known.count, known.scheme, known.used) == (config.replicas as usize, scheme(config), config.keys)
            && same_servers
            && known.keys.len() == (config.keys as usize + others.len()).min(KEYS_MAX)
            && others.iter().all(|name| known.key(config.hash.of(name.as_bytes()), name).is_some())
    };
    let keys = known.filter(stays).map_or_else(
        || {
            let used = (1..=config.keys).map(Config::key).chain(others.iter().map(|&name| name.to_owned()));
            let mut keys: Vec<Key> = used.take(KEYS_MAX).map(|name| key(&name)).collect();
            view::order::by(&mut keys, |a, b| (a.position, &a.name).cmp(&(b.position, &b.name)));
            Arc::new(keys)
        },
        |known| known.keys.clone(),
    );
    let asked = ask.key.as_deref().filter(|name| !name.is_empty() && name.len() <= KEY_BYTES_MAX).map(key);
    Ring {
        epoch: view.epoch,
        count: config.replicas as usize,
        scheme: scheme(config),
        now,
        next,
        servers: described,
        keys,
        used: config.keys,
        held,
        asked,
        change: oracle.last_change().map(|(before, after, change)| Change {
            what: words::change(change, names),
            before: membership(config, before),
            after: membership(config, after),
        }),
        vnodes_max: VNODES_MAX,
        weight_max: WEIGHT_MAX,
        admin: names.of(config.admin()).to_owned(),
    }
}

/// Whether clients use a key of their own accord.
fn is_used(config: &Config, name: &str) -> bool {
    let number = name.strip_prefix('k').and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| (1..=config.keys).contains(&number) && Config::key(number) == name)
}

/// What the administrator says; while it is down, whoever knows most.
pub(super) fn newest_view(world: &World<HashRing>) -> View {
    let views = world.node_ids().filter_map(|id| world.node(id)).map(|node| match node {
        HashRing::Server(server) => &server.view,
        HashRing::Client(client) => &client.view,
        HashRing::Admin(admin) => &admin.view,
    });
    views.max_by_key(|view| view.epoch).cloned().unwrap_or_else(|| View::first(world.config()))
}

/// The tables of somebody who has them already.
fn rings_of(world: &World<HashRing>, view: &View) -> Option<Rings> {
    world.node_ids().filter_map(|id| world.node(id)).find_map(|node| match node {
        HashRing::Server(server) if server.view == *view => Some(server.rings.clone()),
        HashRing::Client(client) if client.view == *view => Some(client.rings.clone()),
        _ => None,
    })
}

const fn scheme(config: &Config) -> Scheme {
    match (config.bugs, config.scheme) {
        (Bugs { modulo: true, .. }, _) => Scheme::Modulo,
        (_, Placing::Rendezvous) => Scheme::Rendezvous,
        (Bugs { unsorted_ring: true, .. }, _) => Scheme::Unsorted,
        (_, Placing::Ring) => Scheme::Clockwise,
    }
}

pub(super) fn membership(config: &Config, members: &Members) -> Membership {
    let nodes = in_order(config, members);
    let place = |node: &NodeId| nodes.iter().position(|known| known == node);
    let moved = members.tokens.iter().filter_map(|((node, index), &token)| Some((place(node)?, *index, token)));
    Membership {
        hash: config.hash.name(),
        vnodes: members.vnodes,
        servers: nodes.iter().map(|node| (config.name(*node), members.weights[node])).collect(),
        moved: moved.collect(),
    }
}

thread_local! {
    /// Shares that were counted key by key.
    static COUNTED: RefCell<Recent<(Scheme, Membership), Arc<Circle>>> = const { RefCell::new(Recent::new()) };
}

/// The ring of some members; without arcs only the shares of all keys.
pub(super) fn circle(config: &Config, members: &Members) -> Arc<Circle> {
    let (scheme, of) = (scheme(config), membership(config, members));
    match scheme {
        Scheme::Clockwise | Scheme::Unsorted => runs::placements::circle(of),
        Scheme::Rendezvous | Scheme::Modulo => COUNTED.with_borrow_mut(|counted| {
            counted.of((scheme, of), |(_, of)| Arc::new(count(config, members, of.clone()))).clone()
        }),
    }
}

/// The shares of some keys.
fn count(config: &Config, members: &Members, of: Membership) -> Circle {
    let view = View { epoch: 0, now: members.clone(), next: None };
    let rings = Rings::new(config, &view);
    let nodes = in_order(config, members);
    let mut counts = vec![0; nodes.len()];
    for number in 0..SAMPLE {
        let owner = rings.now().replicas(&Config::key(number), 1).first().copied();
        if let Some(place) = nodes.iter().position(|node| Some(*node) == owner) {
            counts[place] += 1_000_000 / SAMPLE;
        }
    }
    Circle { of, tokens: Vec::new(), share_ppm: counts }
}

/// The hue of a server.
pub(super) const fn hue(config: &Config, id: NodeId) -> u32 {
    (config.number(id) + view::shapes::HUES - 1) % view::shapes::HUES
}

fn server(world: &World<HashRing>, view: &View, id: NodeId, names: &Names) -> Server {
    let config = world.config();
    let running = world.node(id).and_then(HashRing::server);
    Server {
        name: names.of(id).to_owned(),
        hue: hue(config, id),
        condition: match (running.is_some(), world.is_paused(id)) {
            (false, _) => Condition::Crashed,
            (true, true) => Condition::Paused,
            (true, false) => Condition::Up,
        },
        weight: view.now.weights.get(&id).copied(),
        next_weight: view.next.as_ref().and_then(|next| next.weights.get(&id).copied()),
        keys: running.map(|server| server.kept.keys.len() as u32),
        to_move: running.map_or(0, |server| server.keys_moving()),
    }
}
