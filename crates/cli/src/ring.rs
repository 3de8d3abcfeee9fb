//! `netsplit ring`: who owns which key, how evenly, and how many keys move when nodes go.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use labs::hashing::{Bounded, HashKind, Ketama, Maglev, Modulo, Node, Placement, Rendezvous, Ring, in_order, jump};
use lexopt::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::args::{Failure, number, text};

/// Longest name of a node, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Heaviest node.
const WEIGHT_MAX: u32 = 10_000;
/// Most virtual nodes for each share of weight.
const VNODES_MAX: u64 = 10_000;
/// Most virtual nodes of all nodes together.
const POINTS_MAX: u64 = 1_000_000;
/// Most nodes.
const NODES_MAX: usize = 10_000;
/// Most keys.
const KEYS_MAX: u64 = 1_000_000;

/// A way to place keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Ring,
    Modulo,
    Rendezvous,
    Jump,
    Maglev,
    Bounded,
    Ketama,
}

impl Algorithm {
    const ALL: [(&'static str, Self); 7] = [
        ("ring", Self::Ring),
        ("modulo", Self::Modulo),
        ("rendezvous", Self::Rendezvous),
        ("jump", Self::Jump),
        ("maglev", Self::Maglev),
        ("bounded", Self::Bounded),
        ("ketama", Self::Ketama),
    ];
}

/// What was asked for.
pub struct RingCall {
    algorithm: Algorithm,
    hash: HashKind,
    vnodes: u32,
    nodes: Vec<Node>,
    removed: BTreeSet<String>,
    replicas: usize,
    keys: Vec<String>,
    buckets: u32,
    key_numbers: Vec<u64>,
    json: bool,
}

/// Where every key is.
struct Placed {
    /// The keys' nodes, by name.
    owners: Vec<Vec<String>>,
    /// All nodes, those without keys included.
    nodes: Vec<String>,
}

fn wrong(problem: impl Into<String>) -> Failure {
    Failure::Input(problem.into())
}

/// Reads what follows the word `ring`; none when help was asked for.
pub fn parse(parser: &mut lexopt::Parser) -> Result<Option<RingCall>, Failure> {
    let mut call = RingCall {
        algorithm: Algorithm::Ring,
        hash: HashKind::Sha1,
        vnodes: 1,
        nodes: Vec::new(),
        removed: BTreeSet::new(),
        replicas: 1,
        keys: Vec::new(),
        buckets: 0,
        key_numbers: Vec::new(),
        json: false,
    };
    let (mut prefix, mut count, mut given) = (None, None, BTreeSet::new());
    while let Some(arg) = parser.next()? {
        let name = match arg {
            Short('h') | Long("help") => return Ok(None),
            Long(name) => name.to_owned(),
            Short(_) => return Err(arg.unexpected().into()),
            Value(word) => return Err(wrong(format!("ring does not know what to do with \"{}\"", text(word)?))),
        };
        let repeats = matches!(name.as_str(), "node" | "remove" | "key" | "key-u64" | "json");
        if !given.insert(name.clone()) && !repeats {
            return Err(wrong(format!("--{name} is given twice")));
        }
        let mut value = || text(parser.value()?);
        match name.as_str() {
            "json" => call.json = true,
            "algorithm" => {
                let value = value()?;
                call.algorithm = choose("algorithm", &value, Algorithm::ALL.into_iter())?;
            }
            "hash" => {
                let value = value()?;
                call.hash = choose("hash", &value, HashKind::ALL.into_iter().map(|hash| (hash.name(), hash)))?;
            }
            "vnodes" => call.vnodes = within("--vnodes", &value()?, VNODES_MAX)? as u32,
            "replicas" => call.replicas = within("--replicas", &value()?, NODES_MAX as u64)? as usize,
            "buckets" => call.buckets = within("--buckets", &value()?, u64::from(jump::BUCKETS_MAX))? as u32,
            "count" => count = Some(within("--count", &value()?, KEYS_MAX)?),
            "keys-prefix" => prefix = Some(value()?),
            "node" => call.nodes.push(read_node(&value()?)?),
            "remove" => {
                let name = value()?;
                if !call.removed.insert(name.clone()) {
                    return Err(wrong(format!("--remove: \"{name}\" is given twice")));
                }
            }
            "key" => call.keys.push(value()?),
            "key-u64" => call.key_numbers.push(number("--key-u64", &value()?)?),
            other => return Err(wrong(format!("ring does not take --{other}; try netsplit --help"))),
        }
    }
    match (prefix, count) {
        (Some(prefix), Some(count)) => call.keys.extend((0..count).map(|number| format!("{prefix}{number}"))),
        (None, None) => {}
        (Some(_), None) => return Err(wrong("--keys-prefix: needs --count")),
        (None, Some(_)) => return Err(wrong("--count: needs --keys-prefix")),
    }
    if call.algorithm == Algorithm::Jump { call.check_jump(&given) } else { call.check(&given) }?;
    Ok(Some(call))
}

fn choose<T>(
    option: &str,
    given: &str,
    mut known: impl Iterator<Item = (&'static str, T)> + Clone,
) -> Result<T, Failure> {
    let names = || known.clone().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    let problem = format!("--{option}: there is no {option} \"{given}\"; there are {}", names());
    known.find(|(name, _)| *name == given).map(|(_, choice)| choice).ok_or_else(|| wrong(problem))
}

fn within(option: &str, text: &str, max: u64) -> Result<u64, Failure> {
    match text.parse() {
        Ok(number) if (1..=max).contains(&number) => Ok(number),
        _ => Err(wrong(format!("{option}: takes a whole number from 1 to {max}, not \"{text}\""))),
    }
}

/// `NAME` or `NAME:WEIGHT`; what follows the last colon is the weight.
fn read_node(given: &str) -> Result<Node, Failure> {
    let (name, weight) = match given.rsplit_once(':') {
        None => (given, 1),
        Some((name, weight)) => match weight.parse::<u32>() {
            Ok(number) if number <= WEIGHT_MAX && weight.bytes().all(|byte| byte.is_ascii_digit()) => (name, number),
            _ => {
                let what = format!(
                    "--node: a weight is a whole number from 0 to {WEIGHT_MAX}, not \"{weight}\" as in \"{given}\""
                );
                return Err(wrong(what));
            }
        },
    };
    let fits = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.contains(|c: char| c.is_control() || c.is_whitespace());
    if !fits {
        let what = format!("--node: a name has 1 to {NAME_BYTES_MAX} bytes without blanks, unlike \"{name}\"");
        return Err(wrong(what));
    }
    Ok(Node::new(name, weight))
}

impl RingCall {
    fn check(&mut self, given: &BTreeSet<String>) -> Result<(), Failure> {
        if let Some(name) = ["buckets", "key-u64"].iter().find(|name| given.contains(**name)) {
            return Err(wrong(format!("--{name}: is for --algorithm jump")));
        }
        let names: BTreeSet<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        if names.is_empty() {
            return Err(wrong("--node: is missing; a ring needs a node"));
        }
        if self.nodes.len() > NODES_MAX {
            return Err(wrong(format!("--node: there are {}; {NODES_MAX} is the most", self.nodes.len())));
        }
        if names.len() < self.nodes.len() {
            let twice =
                (1..self.nodes.len()).find(|&at| self.nodes[..at].iter().any(|node| node.name == self.nodes[at].name));
            let name = twice.map_or("", |at| &self.nodes[at].name);
            return Err(wrong(format!("--node: \"{name}\" is given twice")));
        }
        if let Some(name) = self.removed.iter().find(|name| !names.contains(name.as_str())) {
            return Err(wrong(format!("--remove: there is no node \"{name}\"")));
        }
        if self.removed.len() == names.len() {
            return Err(wrong("--remove: no node would be left"));
        }
        let points: u64 = self.nodes.iter().map(|node| u64::from(node.shares()) * u64::from(self.vnodes)).sum();
        if points > POINTS_MAX {
            return Err(wrong(format!("--vnodes: {points} virtual nodes are too many; {POINTS_MAX} is the most")));
        }
        // A key that is named twice is still one key.
        let mut seen = BTreeSet::new();
        self.keys.retain(|key| seen.insert(key.clone()));
        if self.keys.is_empty() {
            return Err(wrong("--key: is missing; give keys by --key, or by --keys-prefix and --count"));
        }
        Ok(())
    }

    fn check_jump(&mut self, given: &BTreeSet<String>) -> Result<(), Failure> {
        if let Some(name) =
            given.iter().find(|name| !["algorithm", "buckets", "key-u64", "json"].contains(&name.as_str()))
        {
            return Err(wrong(format!("--{name}: jump has buckets with numbers; it takes --buckets and --key-u64")));
        }
        if self.buckets == 0 {
            return Err(wrong("--buckets: is missing"));
        }
        let mut seen = BTreeSet::new();
        self.key_numbers.retain(|key| seen.insert(*key));
        if self.key_numbers.is_empty() {
            return Err(wrong("--key-u64: is missing"));
        }
        Ok(())
    }

    fn table(&self, nodes: Vec<Node>) -> Box<dyn Placement> {
        match self.algorithm {
            Algorithm::Ring => Box::new(Ring::new(nodes, self.hash, self.vnodes)),
            Algorithm::Modulo => Box::new(Modulo::new(nodes, self.hash)),
            Algorithm::Rendezvous => Box::new(Rendezvous::weighted(nodes, self.hash)),
            Algorithm::Maglev => Box::new(Maglev::new(nodes, self.hash)),
            Algorithm::Bounded => Box::new(Bounded::new(nodes, self.hash, self.vnodes, Bounded::PERCENT)),
            Algorithm::Ketama | Algorithm::Jump => Box::new(Ketama::new(nodes)),
        }
    }

    fn place(&self, nodes: Vec<Node>) -> Placed {
        let keys: Vec<&[u8]> = self.keys.iter().map(String::as_bytes).collect();
        let nodes = in_order(nodes);
        let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
        let name = |owner: &u32| names[*owner as usize].clone();
        let placed = self.table(nodes).place(&keys, self.replicas);
        Placed { owners: placed.iter().map(|owners| owners.iter().map(name).collect()).collect(), nodes: names }
    }
}

/// How many keys each node has, and how far that is from fair.
fn statistics(per_node: &BTreeMap<&str, u64>, keys: usize) -> (f64, f64) {
    let mean = keys as f64 / per_node.len().max(1) as f64;
    let max = per_node.values().copied().max().unwrap_or(0) as f64;
    let variance =
        per_node.values().map(|&count| (count as f64 - mean).powi(2)).sum::<f64>() / per_node.len().max(1) as f64;
    (max / mean, variance.sqrt())
}

/// Prints who owns what. With nodes removed, owners and shares are those after the removal.
pub fn ring(call: &RingCall, out: &mut impl Write) -> Result<u8, Failure> {
    let (keys, placed, moved, ideal, numbers): (Vec<String>, Placed, usize, f64, bool) = if call.algorithm
        == Algorithm::Jump
    {
        let keys: Vec<String> = call.key_numbers.iter().map(u64::to_string).collect();
        let owners = call.key_numbers.iter().map(|&key| vec![jump::bucket(key, call.buckets).to_string()]).collect();
        (keys, Placed { owners, nodes: (0..call.buckets).map(|bucket| bucket.to_string()).collect() }, 0, 0.0, true)
    } else {
        let before = call.place(call.nodes.clone());
        let left = call.nodes.iter().filter(|node| !call.removed.contains(&node.name)).cloned().collect();
        let after = if call.removed.is_empty() { None } else { Some(call.place(left)) };
        let changed =
            |after: &Placed| before.owners.iter().zip(&after.owners).filter(|(a, b)| a.first() != b.first()).count();
        let moved = after.as_ref().map_or(0, changed);
        // What the removed nodes had a right to is what has to move.
        let shares = |gone: bool| -> u64 {
            let counted = call.nodes.iter().filter(|node| !gone || call.removed.contains(&node.name));
            counted.map(|node| if call.algorithm == Algorithm::Modulo { 1 } else { u64::from(node.shares()) }).sum()
        };
        let ideal = call.keys.len() as f64 * shares(true) as f64 / shares(false) as f64;
        (call.keys.clone(), after.unwrap_or(before), moved, ideal, false)
    };
    let mut per_node: BTreeMap<&str, u64> = placed.nodes.iter().map(|name| (name.as_str(), 0)).collect();
    for owner in placed.owners.iter().filter_map(|owners| owners.first()) {
        *per_node.entry(owner).or_default() += 1;
    }
    let (max_over_mean, stddev) = statistics(&per_node, keys.len());
    if call.json {
        let name = |owner: &String| {
            if numbers { Json::from(owner.parse::<u32>().unwrap_or(0)) } else { Json::from(owner.as_str()) }
        };
        let owners: Map<String, Json> = keys
            .iter()
            .zip(&placed.owners)
            .map(|(key, owners)| (key.clone(), owners.iter().map(name).collect()))
            .collect();
        // In the order in which people count.
        let per_node: Map<String, Json> =
            placed.nodes.iter().map(|name| (name.clone(), Json::from(per_node[name.as_str()]))).collect();
        let answer = json!({
            "owners": owners,
            "stats": {"per_node": per_node, "max_over_mean": max_over_mean, "stddev": stddev},
            "moved": {"from_keys": keys.len(), "moved": moved, "ideal": ideal},
        });
        writeln!(out, "{answer}")?;
        return Ok(0);
    }
    for (key, owners) in keys.iter().zip(&placed.owners) {
        writeln!(out, "{key}  {}", owners.join(" "))?;
    }
    writeln!(out)?;
    for name in &placed.nodes {
        writeln!(out, "{name}  {}", per_node[name.as_str()])?;
    }
    writeln!(out, "max / mean {max_over_mean:.3}, standard deviation {stddev:.1}")?;
    if !call.removed.is_empty() {
        writeln!(out, "moved {moved} of {} keys; ideal {ideal:.1}", keys.len())?;
    }
    Ok(0)
}
