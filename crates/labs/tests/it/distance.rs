//! Distance as latency in the labs: a node that is dragged away hears later, and a run tells it all.

use labs::params::DISTANCE_ON_US;
use labs::{Run, Session, link};
use serde_json::{Value, json};
use view::layout::Point;

fn open(run: &Run) -> Session {
    run.open().unwrap()
}

fn fresh(value: Value) -> Session {
    open(&Run::from_json(labs::catalogue(), &value).unwrap())
}

/// How long the append-entries need that are under way to `node` at any moment up to `until_us`, at least and at most.
fn heartbeats(session: &mut Session, node: &str, until_us: u64) -> (u64, u64) {
    let (mut least, mut most) = (u64::MAX, 0);
    while session.time_us() < until_us && session.step() {
        for flight in session.state().in_flight {
            if flight.kind == "append-entries" && flight.to == node {
                let took_us = flight.due_us - flight.sent_us;
                (least, most) = (least.min(took_us), most.max(took_us));
            }
        }
    }
    assert!(most > 0, "{node} hears nothing");
    (least, most)
}

fn leader(session: &Session) -> (String, Point) {
    let stage = session.stage();
    let node = stage.nodes.iter().find(|node| node.in_charge).expect("somebody leads");
    (node.id.clone(), node.position)
}

/// Whole units between two points.
fn distance(a: Point, b: Point) -> u64 {
    let squared = |a: i32, b: i32| u64::from(a.abs_diff(b)).pow(2);
    (squared(a.x, b.x) + squared(a.y, b.y)).isqrt()
}

#[test]
fn a_node_that_is_dragged_away_hears_later() {
    let mut session = fresh(json!({"lab": "raft-election", "seed": 4}));
    session.seek(1_000_000);
    let (leader, centre) = leader(&session);
    let follower = session.state().nodes.into_iter().find(|node| node.role == "follower").unwrap();
    let latency_us =
        session.run_as_opened().entry.info.params.iter().find(|param| param.key == "latency-ms").unwrap().default;
    let jitter_us = (latency_us.high - latency_us.low) * 1_000;
    assert!(heartbeats(&mut session, &follower.id, 1_200_000).1 <= latency_us.high * 1_000);
    session.set_distance(DISTANCE_ON_US).unwrap();
    assert_eq!(session.distance_us(), DISTANCE_ON_US);
    // What was under way keeps its time.
    session.seek(session.time_us() + 20_000);
    let mut check = |at: Point| {
        let apart_us = distance(centre, at) * DISTANCE_ON_US;
        let until_us = session.time_us() + 300_000;
        let (least, most) = heartbeats(&mut session, &follower.id, until_us);
        assert!(apart_us <= least && most <= apart_us + jitter_us, "{least} to {most} µs for {apart_us}");
        let far = Point { x: centre.x + 900, y: centre.y };
        session.place(&follower.id, far).unwrap();
        session.seek(session.time_us() + 40_000);
        far
    };
    let far = check(Point { x: follower.x, y: follower.y });
    check(far);
    assert!(session.run().layout.is_empty(), "the run says it by commands");
    assert_eq!(leader, self::leader(&session).0, "nothing else happened");
}

#[test]
fn the_switch_moves_nothing_on_the_stage() {
    let mut session = fresh(json!({"lab": "raft-log", "seed": 2, "layout": {"n2": [5, 6]}}));
    let places =
        |session: &Session| -> Vec<Point> { session.stage().nodes.into_iter().map(|node| node.position).collect() };
    session.seek(500_000);
    session.apply(&json!({"do": "add-node", "node": "n6"})).unwrap();
    session.place("n4", Point { x: 70, y: 80 }).unwrap();
    session.place("n6", Point { x: 320, y: 300 }).unwrap();
    let before = places(&session);
    session.set_distance(DISTANCE_ON_US).unwrap();
    assert_eq!(places(&session), before);
    let told = |session: &Session| -> Vec<String> {
        let run = session.run().to_json();
        run["commands"].as_array().unwrap().iter().map(|command| command["do"].as_str().unwrap().to_owned()).collect()
    };
    // Only who has been moved is pinned, and the switch itself comes last.
    assert_eq!(told(&session), ["add-node", "move", "move", "move", "set"]);
    // To turn on what is on changes nothing.
    session.set_distance(DISTANCE_ON_US).unwrap();
    assert_eq!(told(&session).len(), 5);
    session.place("n4", Point { x: 1, y: 2 }).unwrap();
    let moved = places(&session);
    assert_eq!(moved[3], Point { x: 1, y: 2 });
    session.seek(900_000);
    session.set_distance(0).unwrap();
    assert_eq!(places(&session), moved, "off, everybody stays where they are");
    assert_eq!(told(&session), ["add-node", "move", "move", "move", "set", "move", "set"]);
    // Now a place is a matter of looks again, also for a node that a command has moved.
    session.place("n4", Point { x: 3, y: 4 }).unwrap();
    assert_eq!(told(&session).len(), 7);
    assert_eq!(places(&session)[3], Point { x: 3, y: 4 });
    let mut other = open(&link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap());
    other.check_end().unwrap();
    assert_eq!(places(&other), places(&session));
    // Back in time the run's own places are shown while they count.
    other.seek(600_000);
    assert_eq!(places(&other)[..3], moved[..3]);
    assert_eq!(places(&other)[3], Point { x: 1, y: 2 });
}

#[test]
fn undo_takes_the_switch_back_first() {
    let mut session = fresh(json!({"lab": "raft-election", "seed": 2, "layout": {"n2": [5, 6]}}));
    session.seek(500_000);
    let digest = session.digest();
    session.set_distance(100).unwrap();
    assert!(session.undo());
    assert_eq!(session.distance_us(), 0);
    assert!(session.undo(), "the node that was pinned");
    assert!(!session.undo());
    assert_eq!(session.digest(), digest);
    // In the past it starts one branch, not several.
    session.seek(900_000);
    session.seek(300_000);
    session.set_distance(100).unwrap();
    assert_eq!(session.state().branches.len(), 2);
    assert_eq!(session.run().commands.len(), 2);
}

#[test]
fn it_is_a_parameter_like_any_other() {
    let mut set = fresh(json!({"lab": "raft-election", "seed": 2, "set": {"distance-us": 40}}));
    assert_eq!(set.distance_us(), 40);
    let mut given = fresh(json!({
        "lab": "raft-election", "seed": 2, "commands": [{"at_us": 700_000, "do": "set", "key": "distance-us", "value": 40}]
    }));
    given.seek(1_000_000);
    set.seek(1_000_000);
    assert_eq!(given.distance_us(), 40);
    assert_ne!(given.digest(), set.digest());
    let told: Vec<String> =
        (1..=given.step_count()).filter_map(|step| given.sentence(step)).map(|sentence| sentence.text).collect();
    assert!(told.iter().any(|text| text == "Distance is latency from now on: 40 µs a unit"));
    for session in [&set, &given] {
        let mut other = open(&link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap());
        other.check_end().unwrap();
    }
    assert_eq!(given.run().to_json()["commands"][0]["key"], "distance-us");
    assert_eq!(
        given.set_distance(1_001).unwrap_err().to_string(),
        "value: 1001 is out of range; it takes 0 to 1000 µs"
    );
    // A move is taken at any time, and said to matter only while distance does.
    let moved = json!({"do": "move", "node": "n1", "x": 1, "y": 1});
    assert!(given.would_change(&moved).unwrap());
    given.set_distance(0).unwrap();
    assert!(!given.would_change(&moved).unwrap());
    given.apply(&moved).unwrap();
}

#[test]
fn a_link_to_a_run_opens_after_an_add_node_was_taken_back() {
    let mut session = fresh(json!({
        "lab": "raft-log", "seed": 2,
        "commands": [
            {"at_us": 100_000, "do": "add-node", "node": "n6"},
            {"at_us": 200_000, "do": "crash", "node": "n6"},
            {"at_us": 250_000, "do": "partition", "groups": [["n1", "n6"], ["n2"]]},
            {"at_us": 300_000, "do": "request", "node": "n1", "op": {"add-server": "n6"}}
        ]
    }));
    session.seek(150_000);
    assert!(session.undo());
    let run = link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap();
    let left: Vec<Value> = run.to_json()["commands"].as_array().unwrap().clone();
    assert_eq!(
        left,
        [
            json!({"at_us": 250_000, "do": "partition", "groups": [["n1"], ["n2"]]}),
            json!({"at_us": 300_000, "do": "request", "node": "n1", "op": {"add-server": "n6"}})
        ]
    );
    session.seek(400_000);
    open(&link::decode(labs::catalogue(), &link::encode(&session.run()).unwrap()).unwrap()).check_end().unwrap();
    assert!(session.facts().keyframes >= 1 && session.facts().queue > 0);
}
