//! Who owns which key, compared with a second implementation and with published tables; and what every way of
//! placing keys has to keep: few keys move, shares are fair, replicas are distinct, and order does not matter.

use std::path::Path;

use algorithms::hashing::{
    Bounded, HashKind, Ketama, Maglev, Modulo, Node, Placement, Rendezvous, Ring, in_order, jump,
};
use serde_json::Value;

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hashing").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn nodes_of(value: &Value) -> Vec<Node> {
    let node = |pair: &Value| Node::new(text(&pair[0]), pair[1].as_u64().unwrap() as u32);
    list(value).iter().map(node).collect()
}

fn hash_of(name: &str) -> HashKind {
    HashKind::ALL.into_iter().find(|hash| hash.name() == name).unwrap_or(HashKind::Sha1)
}

fn table(algorithm: &str, nodes: Vec<Node>, hash: HashKind, vnodes: u32) -> Box<dyn Placement> {
    match algorithm {
        "ring" => Box::new(Ring::new(nodes, hash, vnodes)),
        "modulo" => Box::new(Modulo::new(nodes, hash)),
        "rendezvous" => Box::new(Rendezvous::new(nodes, hash)),
        "weighted" => Box::new(Rendezvous::weighted(nodes, hash)),
        "maglev" => Box::new(Maglev::new(nodes, hash)),
        "bounded" => Box::new(Bounded::new(nodes, hash, vnodes, Bounded::PERCENT)),
        "ketama" => Box::new(Ketama::new(nodes)),
        other => panic!("there is no algorithm {other}"),
    }
}

#[test]
fn owners_agree_with_the_second_implementation() {
    let fixture = fixture("owners.json");
    let names: Vec<String> = in_order(nodes_of(&fixture["nodes"])).into_iter().map(|node| node.name).collect();
    let keys: Vec<&[u8]> = list(&fixture["keys"]).iter().map(|key| text(key).as_bytes()).collect();
    for hash in HashKind::ALL {
        let tokens = list(&fixture["tokens"][hash.name()]).iter().map(|token| token.as_u64().unwrap() as u32);
        assert!(keys.iter().map(|key| hash.of(key)).eq(tokens), "{hash:?}");
    }
    let cases = list(&fixture["cases"]);
    assert_eq!(cases.len(), 4 * 4 + 2 * 4 * 2 + 1);
    for case in cases {
        let (algorithm, vnodes) = (text(&case["algorithm"]), case["vnodes"].as_u64().unwrap() as u32);
        let table = table(algorithm, nodes_of(&fixture["nodes"]), hash_of(text(&case["hash"])), vnodes);
        let placed = table.place(&keys, 3);
        assert_eq!(placed.len(), list(&case["owners"]).len());
        for ((owners, wanted), key) in placed.iter().zip(list(&case["owners"])).zip(&keys) {
            let owners: Vec<&str> = owners.iter().map(|&owner| names[owner as usize].as_str()).collect();
            let wanted: Vec<&str> = list(wanted).iter().map(text).collect();
            assert_eq!(owners, wanted, "{algorithm} {} {vnodes}, {}", case["hash"], String::from_utf8_lossy(key));
        }
    }
    for vector in list(&fixture["jump"]) {
        let key = text(&vector[0]).parse().unwrap();
        let bucket = jump::bucket(key, vector[1].as_u64().unwrap() as u32);
        assert_eq!(u64::from(bucket), vector[2].as_u64().unwrap(), "{vector}");
    }
}

#[test]
fn ketama_is_libmemcacheds() {
    let fixture = fixture("ketama.json");
    let nodes = in_order(nodes_of(&fixture["nodes"]));
    let ketama = Ketama::new(nodes.clone());
    let keys = list(&fixture["keys"]);
    assert_eq!(keys.len(), 99);
    for row in keys {
        let token = Ketama::token(text(&row[0]).as_bytes());
        let point = ketama.points()[ketama.at(token)];
        assert_eq!((u64::from(token), u64::from(point.token)), (row[1].as_u64().unwrap(), row[2].as_u64().unwrap()));
        assert_eq!(nodes[point.node as usize].name, text(&row[3]), "{}", row[0]);
    }
    // The same test's wrap-around: a key behind the last point belongs to the first.
    assert_eq!((Ketama::token(b"VDEAAAAA"), ketama.at(Ketama::token(b"VDEAAAAA"))), (0xfffc_d1b5, 0));
}

const ALGORITHMS: [&str; 7] = ["ring", "modulo", "rendezvous", "weighted", "maglev", "bounded", "ketama"];

fn some_nodes(numbers: std::ops::Range<u32>) -> Vec<Node> {
    numbers.map(|number| Node::new(format!("node-{number:02}"), 1)).collect()
}

fn some_keys(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("key-{number}")).collect()
}

fn owners(table: &dyn Placement, keys: &[String], count: usize) -> Vec<Vec<u32>> {
    table.place(&keys.iter().map(String::as_bytes).collect::<Vec<_>>(), count)
}

#[test]
fn replicas_are_distinct_and_as_many_as_there_can_be() {
    let keys = some_keys(300);
    for algorithm in ALGORITHMS {
        for count in [0, 1, 3, 5, 9] {
            for replicas in owners(&*table(algorithm, some_nodes(0..5), HashKind::Sha1, 3), &keys, count) {
                let mut sorted = replicas.clone();
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!((sorted.len(), replicas.len()), (count.min(5), count.min(5)), "{algorithm}");
            }
        }
    }
}

#[test]
fn the_order_of_nodes_does_not_matter() {
    let keys = some_keys(300);
    let weighted = |(number, node): (u32, Node)| Node { weight: number % 3, ..node };
    let nodes: Vec<Node> = (0..).zip(some_nodes(0..7)).map(weighted).collect();
    let reversed: Vec<Node> = nodes.iter().rev().cloned().collect();
    for algorithm in ALGORITHMS {
        for hash in HashKind::ALL {
            let (one, two) = (table(algorithm, nodes.clone(), hash, 4), table(algorithm, reversed.clone(), hash, 4));
            assert_eq!(owners(&*one, &keys, 3), owners(&*two, &keys, 3), "{algorithm}");
        }
    }
}

/// How many keys of 10,000 get another owner when node 10 joins nodes 0 to 9, and whether any goes from one old
/// node to another.
fn moved(algorithm: &str, hash: HashKind, vnodes: u32) -> (usize, usize) {
    let keys = some_keys(10_000);
    let before = owners(&*table(algorithm, some_nodes(0..10), hash, vnodes), &keys, 1);
    // The new node's name is the last, so positions stay what they are.
    let after = owners(&*table(algorithm, some_nodes(0..11), hash, vnodes), &keys, 1);
    let pairs = || before.iter().zip(&after).filter(|(before, after)| before != after);
    (pairs().count(), pairs().filter(|(_, after)| after[0] != 10).count())
}

#[test]
fn few_keys_move() {
    let ideal = 10_000 / 11;
    for algorithm in ["ring", "rendezvous", "weighted", "ketama"] {
        for hash in [HashKind::Sha1, HashKind::Murmur3] {
            let (all, among_old) = moved(algorithm, hash, 100);
            assert_eq!(among_old, 0, "{algorithm}: a key moves between nodes that were there before");
            assert!(all.abs_diff(ideal) < ideal * 3 / 10, "{algorithm} {hash:?}: {all} move, ideal are {ideal}");
        }
    }
    let (all, among_old) = moved("maglev", HashKind::Sha1, 1);
    assert!(all < ideal * 2 && among_old < 500, "Maglev trades a little of it for equal shares: {all}, {among_old}");
    let (all, _) = moved("modulo", HashKind::Sha1, 1);
    assert!((8_800..9_400).contains(&all), "modulo moves nearly everything: {all}");
}

#[test]
fn replicas_change_only_where_the_newcomer_comes_in() {
    let keys = some_keys(5_000);
    for algorithm in ["ring", "rendezvous", "weighted", "ketama"] {
        let before = owners(&*table(algorithm, some_nodes(0..10), HashKind::Sha1, 20), &keys, 3);
        let after = owners(&*table(algorithm, some_nodes(0..11), HashKind::Sha1, 20), &keys, 3);
        for (before, after) in before.iter().zip(&after) {
            let others: Vec<u32> = after.iter().copied().filter(|&node| node != 10).collect();
            assert_eq!(others, before[..others.len()], "{algorithm}");
        }
    }
}

#[test]
fn shares_are_fair() {
    let keys = some_keys(10_000);
    let worst = |algorithm: &str, vnodes| {
        let mut counts = [0u32; 10];
        for owners in owners(&*table(algorithm, some_nodes(0..10), HashKind::Sha1, vnodes), &keys, 1) {
            counts[owners[0] as usize] += 1;
        }
        counts.into_iter().max().unwrap()
    };
    for (algorithm, vnodes, most) in [
        ("ring", 100, 1_350),
        ("modulo", 1, 1_100),
        ("rendezvous", 1, 1_100),
        ("maglev", 1, 1_100),
        ("bounded", 1, 1_250),
    ] {
        assert!(worst(algorithm, vnodes) <= most, "{algorithm}: {}", worst(algorithm, vnodes));
    }
    assert!(worst("ring", 1) > 1_800, "one virtual node each is far from fair");
}
