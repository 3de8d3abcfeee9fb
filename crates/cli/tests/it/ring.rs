//! `netsplit ring`: who owns which key, and how many keys move.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn call(line: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netsplit"));
    let output = command.args(line.split_whitespace()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn good(line: &str) -> Value {
    let (code, out, err) = call(line);
    assert_eq!((code, err.as_str(), out.lines().count()), (0, "", 1), "{line}");
    serde_json::from_str(&out).unwrap()
}

fn some_nodes(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|number| format!(" --node n{number}")).collect()
}

#[test]
fn owners_are_those_of_the_second_implementation() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/hashing/owners.json");
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let nodes: String = fixture["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| format!(" --node {}:{}", node[0].as_str().unwrap(), node[1]))
        .collect();
    let mut cases = 0;
    for case in fixture["cases"].as_array().unwrap() {
        let (algorithm, hash) = (case["algorithm"].as_str().unwrap(), case["hash"].as_str().unwrap());
        // On the command line rendezvous goes by weights; and loads depend on all the keys there are.
        if ["rendezvous", "bounded"].contains(&algorithm) {
            continue;
        }
        let algorithm = if algorithm == "weighted" { "rendezvous" } else { algorithm };
        let hash = if hash == "-" { String::new() } else { format!("--hash {hash}") };
        let vnodes = &case["vnodes"];
        let said = good(&format!(
            "ring --json --algorithm {algorithm} {hash} --vnodes {vnodes} --replicas 3 --keys-prefix key- --count 40{nodes}"
        ));
        for (number, wanted) in case["owners"].as_array().unwrap()[..40].iter().enumerate() {
            assert_eq!(&said["owners"][format!("key-{number}")], wanted, "{algorithm} {hash} {vnodes}");
        }
        cases += 1;
    }
    assert_eq!(cases, 8 + 4 + 4 + 4 + 1);
}

#[test]
fn the_shape_of_an_answer() {
    let said = good("ring --node a --node b:2 --key x --key x --replicas 5 --json");
    assert_eq!(said["owners"].as_object().unwrap().len(), 1);
    assert_eq!(said["owners"]["x"].as_array().unwrap().len(), 2);
    let per_node = said["stats"]["per_node"].as_object().unwrap();
    assert_eq!(per_node.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 1);
    assert_eq!((&said["stats"]["max_over_mean"], &said["stats"]["stddev"]), (&json!(2.0), &json!(0.5)));
    assert_eq!(said["moved"], json!({"from_keys": 1, "moved": 0, "ideal": 0.0}));
    let said = good("ring --algorithm jump --buckets 18 --key-u64 1 --key-u64 3735928559 --json");
    assert_eq!(said["owners"], json!({"1": [17], "3735928559": [16]}));
    let (code, out, _) = call("ring --node a --node b --key x --remove a");
    assert!(code == 0 && out.starts_with("x  b\n") && out.contains("of 1 keys; ideal 0.5"), "{out}");
}

#[test]
fn weight_two_can_get_fewer_keys_than_weight_one() {
    let shares = |extra: &str| {
        let said =
            good(&format!("ring --json --node n1:2 --node n2:1 --node n3:1 --keys-prefix k --count 8000 {extra}"));
        let count = |name: &str| said["stats"]["per_node"][name].as_u64().unwrap();
        (count("n1"), count("n2"), count("n3"))
    };
    let unfair = |(heavy, one, two): (u64, u64, u64)| heavy < one.max(two);
    assert!(["sha1", "crc32", "fnv1a", "murmur3"].iter().any(|hash| unfair(shares(&format!("--hash {hash}")))));
    let (heavy, one, two) = shares("--vnodes 200");
    assert!(heavy.abs_diff(4_000) < 500 && one.abs_diff(2_000) < 400 && two.abs_diff(2_000) < 400);
}

#[test]
fn one_more_node_moves_few_keys_and_modulo_nearly_all() {
    let moved = |algorithm: &str| {
        // Eleven nodes without one are the ten before it came: the same keys move either way.
        let line = format!(
            "ring --json --algorithm {algorithm} --vnodes 100 --keys-prefix key- --count 10000{} --remove n10",
            some_nodes(0..11)
        );
        let said = good(&line);
        assert_eq!(said["stats"]["per_node"].as_object().unwrap().len(), 10);
        let moved = &said["moved"];
        assert_eq!(moved["from_keys"], 10_000);
        (moved["moved"].as_u64().unwrap() as f64, moved["ideal"].as_f64().unwrap())
    };
    for algorithm in ["ring", "rendezvous", "ketama"] {
        let (moved, ideal) = moved(algorithm);
        assert!((ideal - 10_000.0 / 11.0).abs() < 1e-9, "{ideal}");
        assert!((moved - ideal).abs() < 0.3 * ideal, "{algorithm}: {moved} of ideally {ideal}");
    }
    let (moved, _) = moved("modulo");
    assert!((8_800.0..9_400.0).contains(&moved), "{moved}");
}

#[test]
fn loads_stay_within_their_bound() {
    let said = good(&format!("ring --json --algorithm bounded --keys-prefix k --count 1000{}", some_nodes(0..8)));
    assert!(said["stats"]["max_over_mean"].as_f64().unwrap() <= 1.26);
    let plain = good(&format!("ring --json --keys-prefix k --count 1000{}", some_nodes(0..8)));
    assert!(plain["stats"]["max_over_mean"].as_f64().unwrap() > 1.5);
}

#[test]
fn bad_input_is_one_clear_line() {
    for (line, wanted) in [
        ("ring", "--node: is missing"),
        ("ring --node a", "--key: is missing"),
        ("ring --node a --node a --key x", "--node: \"a\" is given twice"),
        ("ring --node a: --key x", "a weight is a whole number"),
        ("ring --node a:-1 --key x", "a weight is a whole number"),
        ("ring --node a:+1 --key x", "a weight is a whole number"),
        ("ring --node a:1.5 --key x", "a weight is a whole number"),
        ("ring --node a:10001 --key x", "a weight is a whole number"),
        ("ring --node :3 --key x", "a name has 1 to"),
        ("ring --node a --key x --remove b", "--remove: there is no node \"b\""),
        ("ring --node a --key x --remove a", "no node would be left"),
        ("ring --node a --node b --key x --remove a --remove a", "given twice"),
        ("ring --node a --key x --replicas 0", "--replicas: takes a whole number from 1"),
        ("ring --node a --key x --vnodes 0", "--vnodes: takes a whole number from 1"),
        ("ring --node a:10000 --key x --vnodes 10000", "virtual nodes are too many"),
        ("ring --node a --count 5", "--count: needs --keys-prefix"),
        ("ring --node a --keys-prefix k", "--keys-prefix: needs --count"),
        ("ring --node a --keys-prefix k --count 1000001", "--count: takes a whole number from 1 to 1000000"),
        ("ring --node a --keys-prefix k --count many", "--count: takes a whole number"),
        ("ring --node a --key x --hash md4", "there is no hash \"md4\"; there are sha1, crc32, fnv1a, murmur3"),
        ("ring --node a --key x --algorithm best", "there is no algorithm \"best\""),
        ("ring --node a --key x --buckets 3", "--buckets: is for --algorithm jump"),
        ("ring --algorithm jump --key-u64 3", "--buckets: is missing"),
        ("ring --algorithm jump --buckets 3", "--key-u64: is missing"),
        ("ring --algorithm jump --buckets 0 --key-u64 3", "--buckets: takes a whole number from 1"),
        ("ring --algorithm jump --buckets 3 --key-u64 x", "--key-u64: takes a whole number"),
        ("ring --algorithm jump --buckets 3 --key-u64 18446744073709551616", "--key-u64: takes a whole number"),
        ("ring --algorithm jump --buckets 3 --key-u64 3 --node a", "--node: jump has buckets"),
        ("ring --node a --key x --seed 3", "ring does not take --seed"),
        ("ring --node a --key x extra", "ring does not know what to do with \"extra\""),
        ("ring --node a --key", "missing"),
        ("--json ring --key x", "key"),
    ] {
        let (code, out, err) = call(line);
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{line}: {err}");
        assert!(err.starts_with("netsplit: ") && err.contains(wanted), "{line}: {err}");
    }
}
