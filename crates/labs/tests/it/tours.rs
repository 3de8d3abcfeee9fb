//! Tours: each one that comes with netsplit is true on its seed, whichever way a reader takes; and
//! a text that will not work is refused with line, step and field.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use labs::comparison::compare;
use labs::tour::{Player, Scene, Standing, Tour, link};
use labs::{Run, Session};
use proptest::prelude::*;
use serde_json::{Value, json};
use view::lens::comparison::{Clock, Worth};
use view::lens::space_time::{Relation, SpaceTime, Window};

/// The whole run.
const ALL: Window = Window { from_us: 0, until_us: u64::MAX };

fn player(id: &str) -> Player {
    let shelved = labs::catalogue().find_tour(id).expect("a tour on the shelf");
    Player::new(Tour::read(labs::catalogue(), text(shelved)).unwrap_or_else(|error| panic!("{id}: {error}")))
        .unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// What the page does with a scene.
fn show(scene: Scene<'_>) -> Session {
    let mut session = open(scene.run);
    session.seek(scene.time_us);
    session
}

fn open(run: &Run) -> Session {
    run.open().expect("the run of a tour opens")
}

/// Plays a step to its end, as a reader does who follows the tour. Answers with the run there.
fn follow(player: &mut Player, index: usize) -> Session {
    let id = player.tour().id.clone();
    let mut session = show(player.enter(index));
    let mut standing = player.look(&session);
    if standing == Standing::Inviting {
        session = show(player.attempt());
        standing = player.look(&session);
    }
    let end_us = player.plan().stops[index].end_us;
    let mut moves = 0;
    while standing == Standing::Waiting {
        let arrived = session.advance(end_us, 1);
        standing = player.look(&session);
        assert!(!arrived || standing == Standing::Reached, "{id}, step {}: {standing:?} at its end", index + 1);
        moves += 1;
        assert!(moves < 10_000, "{id}, step {}: no end", index + 1);
    }
    assert!(matches!(standing, Standing::Reading | Standing::Reached), "{id}, step {}: {standing:?}", index + 1);
    session.advance(end_us, u32::MAX);
    assert_eq!(session.time_us(), end_us, "{id}, step {}", index + 1);
    session
}

#[test]
fn the_lab_of_a_tour_is_known_before_it_is_read() {
    for shelved in labs::catalogue().tours {
        let lab = Tour::lab_of(labs::catalogue(), text(shelved)).map(|lab| lab.card.id);
        assert_eq!(lab, Some(shelved.lab), "{}", shelved.id);
    }
    // Where it names none, reading says what is wrong.
    for text in ["", "lab = 1", "lab = \"nowhere\"", "= ", "format = 1"] {
        assert!(Tour::lab_of(labs::catalogue(), text).is_none(), "{text}");
        assert!(Tour::read(labs::catalogue(), text).is_err(), "{text}");
    }
}

/// The text of a tour, which is a part of this program.
fn text(shelved: &labs::Shelved) -> &str {
    shelved.text().expect("it is here")
}

/// The tours of the labs that are looked at.
fn shelf() -> impl Iterator<Item = &'static labs::Shelved> {
    let catalogue = labs::catalogue();
    crate::systems::entries().into_iter().flat_map(move |entry| catalogue.tours_of(entry.info.id))
}

#[test]
fn the_shelf_holds_what_the_files_say() {
    for shelved in shelf() {
        let tour =
            Tour::read(labs::catalogue(), text(shelved)).unwrap_or_else(|error| panic!("{}: {error}", shelved.id));
        assert_eq!((tour.id.as_str(), tour.title.as_str()), (shelved.id, shelved.title));
        assert_eq!(tour.run().entry.info.id, shelved.lab);
        assert!((4..=8).contains(&tour.steps.len()), "{}: {} steps", tour.id, tour.steps.len());
        assert_eq!(link::decode(&link::encode(text(shelved)).unwrap()).unwrap(), text(shelved));
    }
}

#[test]
fn each_tour_comes_true_and_any_way_through_it_shows_the_same() {
    for shelved in shelf() {
        let mut player = player(shelved.id);
        let count = player.tour().steps.len();
        let mut ends = Vec::new();
        for index in 0..count {
            ends.push(follow(&mut player, index).digest());
        }
        let begins: Vec<String> = (0..count).map(|index| show(player.enter(index)).digest()).collect();
        // Back, and forth, and across; with and without playing in between.
        for index in (0..count).rev().chain([count - 1, 0, count / 2, 1, count - 2, 1]) {
            assert_eq!(show(player.enter(index)).digest(), begins[index], "{}, step {}", shelved.id, index + 1);
            assert_eq!(follow(&mut player, index).digest(), ends[index], "{}, step {}", shelved.id, index + 1);
        }
    }
}

#[test]
fn a_step_goes_on_where_the_one_before_ended() {
    let mut seams = 0;
    for shelved in labs::catalogue().tours {
        let mut player = player(shelved.id);
        for index in 1..player.tour().steps.len() {
            let step = &player.tour().steps[index];
            if step.anew || !step.commands.is_empty() {
                continue;
            }
            let mut before = follow(&mut player, index - 1);
            let here = show(player.enter(index));
            before.advance(here.time_us(), u32::MAX);
            assert_eq!(before.digest(), here.digest(), "{}, step {}", shelved.id, index + 1);
            seams += 1;
        }
    }
    assert!(seams >= 8, "only {seams} seams were looked at");
}

fn detail(session: &Session, node: &str) -> Value {
    session.state().nodes.into_iter().find(|found| found.id == node).expect("the node is there").detail
}

fn status(session: &Session, property: &str) -> &'static str {
    session.verdicts().iter().find(|verdict| verdict.property == property).expect("the property is there").status
}

fn leaders(session: &Session) -> Vec<(String, u64)> {
    let nodes = session.state().nodes.into_iter().filter(|node| node.role == "leader");
    nodes.map(|node| (node.id, node.detail["term"].as_u64().unwrap())).collect()
}

fn log(session: &Session, node: &str) -> Vec<(u64, String)> {
    let log = detail(session, node)["log"].as_array().unwrap().clone();
    log.iter().map(|entry| (entry["term"].as_u64().unwrap(), entry["what"].as_str().unwrap().to_owned())).collect()
}

/// The newest thing that was told of this node, and begins like this.
fn told(session: &Session, beginning: &str) -> String {
    let sentences = (1..=session.step_count()).rev().filter_map(|step| session.sentence(step));
    sentences.map(|sentence| sentence.text).find(|text| text.starts_with(beginning)).expect("it was told")
}

/// Whatever a tour says happens, in the words of its steps.
#[test]
fn cut_the_leader_off_says_what_is_so() {
    let mut player = player("cut-the-leader-off");
    let pair = |node: &str, term| (node.to_owned(), term);
    assert_eq!(leaders(&follow(&mut player, 1)), [pair("n3", 1)]);
    let two = [pair("n3", 1), pair("n4", 2)];
    for index in [3, 4] {
        let session = follow(&mut player, index);
        assert_eq!(leaders(&session), two);
        assert_eq!(status(&session, "election-safety"), "holds");
    }
    let session = follow(&mut player, 5);
    let (old, new) = (detail(&session, "n3"), detail(&session, "n4"));
    assert_eq!((&old["map"], &new["map"]), (&json!({}), &json!({"x": 2})));
    assert_eq!(log(&session, "n3").last().unwrap(), &(1, "x=1".to_owned()));
    let session = follow(&mut player, 6);
    assert_eq!(leaders(&session), [pair("n4", 2)]);
    assert!(!log(&session, "n3").contains(&(1, "x=1".to_owned())));
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn two_leaders_one_term_says_what_is_so() {
    let mut player = player("two-leaders-one-term");
    let pair = |node: &str, term| (node.to_owned(), term);
    assert_eq!(leaders(&follow(&mut player, 1)), [pair("n1", 1)]);
    let session = follow(&mut player, 3);
    assert_eq!(leaders(&session), [pair("n1", 1), pair("n3", 1)]);
    assert_eq!(status(&session, "one-vote-per-term"), "violated");
    assert_eq!(status(&session, "election-safety"), "violated");
    let session = follow(&mut player, 4);
    assert_eq!(detail(&session, "n1")["map"], json!({"x": 1}));
    assert_eq!(detail(&session, "n3")["map"], json!({"x": 2}));
    let wrong = show(player.enter(3)).run();
    let right = show(player.enter(5)).run();
    assert_eq!(wrong.commands, right.commands, "it is said to be the same commands");
    let session = follow(&mut player, 6);
    assert_eq!(leaders(&session), [pair("n1", 1)]);
    assert_eq!(detail(&session, "n2")["voted_for"], "n1");
    let refusal = told(&session, "n2 refuses n3");
    assert_eq!(refusal, "n2 refuses n3 its vote: its vote in term 1 went to n1", "it has read its vote");
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn committed_and_gone_says_what_is_so() {
    let mut player = player("committed-and-gone");
    let session = follow(&mut player, 0);
    assert_eq!((log(&session, "n1").len(), log(&session, "n2").len()), (16, 16));
    for node in ["n3", "n4", "n5"] {
        assert_eq!(log(&session, node).len(), 0, "{node}");
    }
    assert_eq!(detail(&session, "n1")["commit"], 0);
    let session = follow(&mut player, 1);
    assert_eq!(log(&session, "n5").iter().map(|(term, _)| *term).collect::<Vec<_>>(), [2]);
    let session = follow(&mut player, 2);
    assert_eq!(detail(&session, "n1")["map"], json!({"x": 15}));
    assert_eq!(log(&session, "n3").len(), 16);
    assert_eq!(log(&session, "n4").len(), 0, "nobody else got n5's entry");
    let session = follow(&mut player, 3);
    assert_eq!(status(&session, "leader-completeness"), "violated");
    assert!(log(&session, "n3").iter().all(|(term, _)| *term != 1), "n3 has dropped what n1 had called safe");
    // With the rule: not at the moment at which the wrong one commits, but later, and for good.
    let mut session = show(player.enter(5));
    session.seek(322_001);
    assert_eq!(log(&session, "n3").len(), 16);
    assert_eq!(detail(&session, "n1")["commit"], 0);
    let session = follow(&mut player, 5);
    assert_eq!(log(&session, "n3").last().unwrap().0, 4);
    assert_eq!(detail(&session, "n1")["map"], json!({"x": 15}));
    let session = follow(&mut player, 6);
    assert_eq!(told(&session, "n3 refuses"), "n3 refuses n5 its vote: it is in term 4 already");
    let mut session = follow(&mut player, 7);
    assert_eq!(
        told(&session, "n3 refuses"),
        "n3 refuses n5 its vote: its own log, which ends at (term 4, index 17), has the newer term; n5's ends at (term 2, \
         index 1)"
    );
    session.seek(2_000_000);
    assert!(leaders(&session).iter().all(|(node, _)| node != "n5"));
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn one_server_leaves_says_what_is_so() {
    let mut player = player("one-server-leaves");
    // Hundredths of the ring, rounded.
    let share =
        |session: &Session, node: &str| (detail(session, node)["ring"]["share_ppm"].as_u64().unwrap() + 5_000) / 10_000;
    let session = follow(&mut player, 0);
    assert_eq!(["n2", "n4", "n5"].map(|node| share(&session, node)), [29, 56, 4]);
    let session = follow(&mut player, 2);
    assert_eq!(["n1", "n3", "n4", "n5"].map(|node| share(&session, node)), [6, 6, 56, 33]);
    let session = follow(&mut player, 3);
    assert_eq!(detail(&session, "a1")["members"]["n1"], 2);
    let session = follow(&mut player, 5);
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
    // What a step says is so at its beginning; servers hear of a change a little later than the administrator.
    let mut session = show(player.enter(4));
    session.seek(session.time_us() + 40_000);
    assert_eq!(["n1", "n4"].map(|node| share(&session, node)), [29, 56]);
    let mut session = show(player.enter(5));
    session.seek(session.time_us() + 40_000);
    assert_eq!(["n1", "n3", "n4", "n5"].map(|node| share(&session, node)), [44, 19, 20, 16]);
    let mut session = show(player.enter(6));
    session.seek(session.time_us() + 40_000);
    assert_eq!(["n1", "n3", "n5"].map(|node| share(&session, node)), [55, 23, 22]);
    let ring = session.ask(&view::lens::ring::Ask::default()).unwrap();
    assert_eq!(ring.newest().of.servers.len(), 3);
}

/// The events with a vector, each as its process, its number there, and where it stands in the diagram.
fn stamped(diagram: &SpaceTime) -> Vec<(String, u64, u32)> {
    let mut found = Vec::new();
    for (number, event) in (0u32..).zip(&diagram.events) {
        let name = &diagram.processes[event.process as usize];
        if let Some((_, count)) = event.stamp.vector.iter().find(|(process, _)| process == name) {
            found.push((name.clone(), *count, number));
        }
    }
    found
}

#[test]
fn the_answer_came_first_says_what_is_so() {
    let mut player = player("the-answer-came-first");
    let place = |diagram: &SpaceTime, process: &str, number: u64| {
        let events = stamped(diagram);
        events.iter().find(|(name, count, _)| name == process && *count == number).expect("there is such an event").2
    };
    let said = |diagram: &SpaceTime, pair: (u32, u32), clock: Clock| {
        let compared = compare(diagram, pair.0, pair.1).expect("both are there");
        let says = compared.clocks.iter().find(|says| says.clock == clock).expect("the clock is kept");
        (says.readings.clone(), says.verdict.clone(), says.worth)
    };
    let session = follow(&mut player, 0);
    let [n1, n2] = ["n1", "n2"].map(|node| detail(&session, node));
    assert_eq!((&n1["lamport"], &n2["lamport"]), (&json!(4), &json!(3)));
    assert_eq!((&n2["wall_us"], &n2["hybrid"]["wall_us"]), (&json!(60_000), &json!(160_000)));
    let diagram = session.space_time(ALL);
    let asked = (place(&diagram, "n1", 1), place(&diagram, "n2", 1));
    assert_eq!(diagram.relation(asked.0, asked.1), Relation::Before);
    let (readings, _, worth) = said(&diagram, asked, Clock::Wall);
    assert_eq!((readings.as_str(), worth), ("160.0 > 60.0", Worth::Lies));
    let session = follow(&mut player, 2);
    assert_eq!(["n1", "n3"].map(|node| detail(&session, node)["lamport"].clone()), [json!(5), json!(1)]);
    let diagram = session.space_time(ALL);
    let pair = (place(&diagram, "n1", 3), place(&diagram, "n3", 1));
    let time_us = |number: u32| diagram.events[number as usize].time_us;
    assert_eq!(time_us(pair.1) - time_us(pair.0), 5_000);
    assert_eq!(diagram.relation(pair.0, pair.1), Relation::Concurrent);
    assert_eq!(said(&diagram, pair, Clock::Lamport), ("5 > 1".into(), "not before".into(), Worth::Open));
    let (readings, verdict, worth) = said(&diagram, pair, Clock::Vector);
    assert_eq!((verdict.as_str(), worth), ("concurrent", Worth::Exact), "{readings}");
    assert_eq!(said(&diagram, pair, Clock::Wall).0, "220.0 > 195.0");
    // It is said to be the same run, and what n1 says of it is the other way round.
    let asked = |run: Run| run.commands.into_iter().filter(|command| command.at_us <= 100_000).collect::<Vec<_>>();
    let (right, wrong) = (show(player.enter(0)).run(), show(player.enter(4)).run());
    assert_eq!(asked(right), asked(wrong));
    let session = follow(&mut player, 4);
    assert_eq!(status(&session, "no-reversal"), "violated");
    let n2 = detail(&session, "n2");
    assert_eq!((&n2["wall_us"], &n2["hybrid"]["wall_us"]), (&json!(60_000), &json!(160_000)), "step 6 says so");
}

#[test]
fn three_nodes_says_what_is_so() {
    let mut player = player("three-nodes");
    let session = follow(&mut player, 0);
    assert_eq!(detail(&session, "n1")["vector"], json!({"n1": 1}));
    let session = follow(&mut player, 1);
    assert_eq!(detail(&session, "n2")["vector"], json!({"n1": 1, "n2": 1}));
    let session = follow(&mut player, 2);
    assert_eq!(detail(&session, "n1")["vector"], json!({"n1": 2}));
    assert_eq!(detail(&session, "n3")["vector"], json!({"n1": 1, "n2": 1, "n3": 2}));
    let diagram = session.space_time(ALL);
    let events = stamped(&diagram);
    let place = |process: &str, number: u64| {
        events.iter().find(|(name, count, _)| name == process && *count == number).expect("there is such an event").2
    };
    let pair = |a, b| compare(&diagram, a, b).expect("both are there");
    let first = pair(place("n1", 1), place("n3", 2));
    assert_eq!(first.relation, Relation::Before);
    assert_eq!(first.sentence, "The second knows of the first, by way of n1 → n2 → n3.");
    let second = pair(place("n1", 2), place("n3", 1));
    assert_eq!(second.relation, Relation::Concurrent);
    let said = |clock: Clock| second.clocks.iter().find(|says| says.clock == clock).expect("the clock is kept");
    assert_eq!(said(Clock::Wall).readings, "180.0 > 155.0");
    assert_eq!(said(Clock::Lamport).readings, "2 > 1");
    assert_eq!((said(Clock::Lamport).verdict.as_str(), said(Clock::Lamport).worth), ("not before", Worth::Open));
    assert_eq!((said(Clock::Vector).verdict.as_str(), said(Clock::Vector).worth), ("concurrent", Worth::Exact));
    let time_us = |number: u32| diagram.events[number as usize].time_us;
    assert_eq!(time_us(place("n3", 1)) - time_us(place("n1", 2)), 5_000);
    let session = follow(&mut player, 5);
    assert_eq!(detail(&session, "n3")["vector"], json!({"n3": 6}));
    let diagram = session.space_time(ALL);
    let (of_n1, last) = (stamped(&diagram)[0].2, diagram.events.len() as u32 - 1);
    assert_eq!(diagram.relation(of_n1, last), Relation::Before);
    let says = compare(&diagram, of_n1, last).unwrap();
    let vector = says.clocks.iter().find(|says| says.clock == Clock::Vector).unwrap();
    assert_eq!((vector.verdict.as_str(), vector.worth), ("concurrent", Worth::Lies));
}

#[test]
fn photo_and_comment_says_what_is_so() {
    let mut player = player("photo-and-comment");
    let session = follow(&mut player, 1);
    assert_eq!(detail(&session, "n2")["feed"], json!(["n1: “photo”"]));
    assert_eq!(detail(&session, "n3")["feed"], json!([]));
    assert!(session.state().in_flight.iter().any(|message| message.id == "n1>n3#1"), "the other arrow is long");
    let session = follow(&mut player, 2);
    assert_eq!(detail(&session, "n3")["feed"], json!(["n2: “nice” on “photo”"]));
    assert_eq!(status(&session, "causal-delivery"), "violated");
    // No clock was needed for that, and no message lost.
    let wrong = show(player.enter(3)).run();
    let right = show(player.enter(4)).run();
    assert_eq!(wrong.commands, right.commands, "it is said to be the same run");
    let session = follow(&mut player, 4);
    let n3 = detail(&session, "n3");
    assert_eq!((&n3["feed"], &n3["waiting"]), (&json!([]), &json!(["n2: “nice” on “photo”"])));
    assert_eq!((&n3["vector"]["n3"], &n3["shown"]), (&json!(1), &json!({})), "received, and not shown");
    let arrived_us = session.time_us();
    let session = follow(&mut player, 5);
    assert_eq!(session.time_us() - arrived_us, 90_000);
    assert_eq!(detail(&session, "n3")["feed"], json!(["n1: “photo”", "n2: “nice” on “photo”"]));
    let session = follow(&mut player, 6);
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn two_branches_says_what_is_so() {
    let mut player = player("two-branches");
    let account = |session: &Session, node: &str| detail(session, node)["registers"]["account"].clone();
    let session = follow(&mut player, 0);
    assert_eq!(["n1", "n2"].map(|node| account(&session, node)), [json!([100]), json!([100])]);
    let session = follow(&mut player, 1);
    let n1 = detail(&session, "n1");
    assert_eq!((&n1["wall_us"], account(&session, "n1")), (&json!(460_000), json!([120])));
    // The write at n2 stands until the other one arrives, 10 ms later.
    player.enter(2);
    let mut session = show(player.attempt());
    session.seek(440_000);
    let n2 = detail(&session, "n2");
    assert_eq!((&n2["wall_us"], account(&session, "n2")), (&json!(380_000), json!([70])));
    let session = follow(&mut player, 2);
    assert_eq!(account(&session, "n2"), json!([120]));
    let mut session = follow(&mut player, 3);
    session.seek(1_000_000);
    assert_eq!(["n1", "n2"].map(|node| account(&session, node)), [json!([120]), json!([120])]);
    let wrong = show(player.enter(3)).run();
    let right = show(player.enter(4)).run();
    assert_eq!(wrong.commands, right.commands, "it is said to be the same run");
    let session = follow(&mut player, 4);
    assert_eq!(["n1", "n2"].map(|node| account(&session, node)), [json!([120, 70]), json!([120, 70])]);
    let session = follow(&mut player, 5);
    assert_eq!(["n1", "n2"].map(|node| account(&session, node)), [json!([90]), json!([90])]);
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
    // One replica and two who write there: n2 has read before n1 paid in, and its write is n1's fifth.
    let mut plain = show(player.enter(6));
    assert_eq!(detail(&plain, "n2")["contexts"]["account"], json!({"n1": 3, "n2": 1}));
    assert_eq!(account(&plain, "n1"), json!([95]));
    plain.seek(950_000);
    assert_eq!(["n1", "n2"].map(|node| account(&plain, node)), [json!([80]), json!([80])]);
    let dotted = show(player.enter(7)).run();
    assert_eq!(plain.run().commands, dotted.commands, "it is said to be the same run");
    let mut session = follow(&mut player, 7);
    session.seek(950_000);
    assert_eq!(["n1", "n2"].map(|node| account(&session, node)), [json!([95, 80]), json!([95, 80])]);
    assert!(session.verdicts().iter().all(|verdict| verdict.status != "violated"));
}

#[test]
fn perfectly_in_sync_says_what_is_so() {
    let mut player = player("perfectly-in-sync");
    let clients = ["n2", "n3", "n4"];
    // What is true, what is believed, and the band, in whole ms.
    let stand = |session: &Session| {
        clients.map(|name| {
            let (error_us, claim_us) = crate::physical_clocks::reading(session, name).unwrap();
            let (believed_us, bound_us) = claim_us.unwrap_or((i64::MAX, 0));
            (error_us / 1_000, believed_us / 1_000, bound_us / 1_000)
        })
    };
    let told = |session: &Session| session.sentence(session.step_count()).unwrap().text;
    let session = follow(&mut player, 0);
    assert_eq!(stand(&session).map(|(error_ms, ..)| error_ms), [60, -60, 30]);
    let session = follow(&mut player, 1);
    assert!(told(&session).starts_with("n2 measures that it is 60.0 ms ahead, with a delay of 20.0 ms"));
    for index in [2, 3] {
        assert_eq!(stand(&follow(&mut player, index)), [(0, 0, 10); 3]);
    }
    let session = follow(&mut player, 4);
    assert!(told(&session).contains("measures that it is right, with a delay of 70.0 ms"));
    for index in [5, 6] {
        let session = follow(&mut player, index);
        assert_eq!(stand(&session), [(25, 0, 35); 3]);
        for property in ["within-half-the-delay", "truth-in-band", "never-back"] {
            assert_eq!(status(&session, property), "holds");
        }
    }
}

#[test]
fn what_is_asked_may_be_done_by_hand() {
    let mut player = player("cut-the-leader-off");
    let mut session = show(player.enter(3));
    assert_eq!(player.look(&session), Standing::Inviting);
    for other in ["n1", "n2", "n4", "n5"] {
        session.apply(&json!({"do": "cut", "from": "n3", "to": other})).unwrap();
        assert_eq!(player.look(&session), Standing::Waiting);
    }
    session.seek(session.time_us() + 400_000);
    assert_eq!(player.look(&session), Standing::Reached);
    // A command counts as such.
    let mut player = self::player("two-leaders-one-term");
    let mut session = show(player.enter(2));
    assert_eq!(player.look(&session), Standing::Inviting);
    session.apply(&json!({"do": "crash", "node": "n2"})).unwrap();
    assert_eq!(player.look(&session), Standing::Waiting);
    session.apply(&json!({"do": "restart", "node": "n2"})).unwrap();
    assert_eq!(player.look(&session), Standing::Reached);
    // Whatever was done by hand, the next step is what it always is.
    let by_hand = show(player.enter(3)).digest();
    assert_eq!(by_hand, show(self::player("two-leaders-one-term").enter(3)).digest());
}

#[test]
fn what_cannot_come_true_any_more_is_said() {
    let mut player = player("cut-the-leader-off");
    let mut session = show(player.enter(3));
    assert_eq!(player.look(&session), Standing::Inviting);
    for node in ["n1", "n2", "n3"] {
        session.apply(&json!({"do": "crash", "node": node})).unwrap();
    }
    assert_eq!(player.look(&session), Standing::Waiting);
    session.seek(session.time_us() + 1_000_001);
    assert_eq!(player.look(&session), Standing::Missed);
    follow(&mut player, 3);
}

#[test]
fn a_reader_who_lets_go_is_noticed_and_may_return() {
    let mut player = player("cut-the-leader-off");
    let home = show(player.enter(2)).digest();
    let mut session = show(player.enter(2));
    assert_eq!(player.look(&session), Standing::Waiting);
    session.seek(session.time_us() + 20_000);
    assert_eq!(player.look(&session), Standing::Waiting, "to look ahead is not to let go");
    session.apply(&json!({"do": "crash", "node": "n1"})).unwrap();
    assert_eq!(player.look(&session), Standing::Away);
    session.seek(session.time_us() + 500_000);
    assert_eq!(player.look(&session), Standing::Away);
    assert!(session.undo());
    assert_eq!(player.look(&session), Standing::Reached, "what was taken back was never done");
    session.seek(10_000);
    assert_eq!(player.look(&session), Standing::Away);
    let mut other = Run::of_lab(labs::catalogue(), "raft-election").unwrap();
    other.set_seed(9).unwrap();
    let mut other = open(&other);
    other.seek(300_000);
    assert_eq!(player.look(&other), Standing::Away);
    let session = show(player.enter(2));
    assert_eq!((player.look(&session), session.digest()), (Standing::Waiting, home));
    // Of a tour's own command nothing may be taken back either.
    let mut session = show(player.enter(4));
    assert_eq!(player.look(&session), Standing::Waiting);
    assert!(session.undo());
    assert_eq!(player.look(&session), Standing::Away);
}

// ---------------------------------------------------------------------------------------------------------------------
// Texts that will not work
// ---------------------------------------------------------------------------------------------------------------------

const GOOD: &str = r#"format = 1
id = "mine"
title = "Mine"
summary = "A tour."
lab = "raft-election"
seed = 1

[[step]]
words = "One."
at = "200ms"

[[step]]
words = "Two."
do = [{ do = "crash", node = "n3" }]
highlight = ["n1", "n1-n2", "play", "checks"]
speed = 0.05
wait = { note = "became-leader", within = "2s" }
"#;

fn problem(text: &str) -> String {
    match Tour::read(labs::catalogue(), text).and_then(Player::new) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_good_one_is_good() {
    let mut player = Player::new(Tour::read(labs::catalogue(), GOOD).unwrap()).unwrap();
    follow(&mut player, 1);
}

/// What the authors' guide shows is what happens.
#[test]
fn the_guides_example_comes_true() {
    let guide = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/TOURS.md")).unwrap();
    let text = guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let mut player = Player::new(Tour::read(labs::catalogue(), text).unwrap()).unwrap();
    for index in 0..3 {
        follow(&mut player, index);
    }
    let (stop, shown) =
        (&player.plan().stops[2], "183.949 ms · asks: Crash n3 · a node notes became-leader after 164.814 ms");
    assert_eq!((stop.start_us, stop.end_us - stop.start_us), (183_949, 164_814));
    assert!(guide.contains(shown));
}

#[test]
fn what_is_wrong_is_named_by_line_step_and_field() {
    let deep = format!("x = {}1{}", "[".repeat(60), "]".repeat(60));
    let cases: &[(&str, &str, &str)] = &[
        ("format = 1", "format = 2", "line 1: format: 2 is not known here"),
        ("format = 1\n", "", "line 1: format: is missing"),
        ("format = 1", "format = 1\nformat = 1", "line 2: is not TOML: there is a format already"),
        ("id = \"mine\"", "id = \"Mine!\"", "line 2: id: is made of"),
        ("title = \"Mine\"", "title = \"\"", "line 3: title: has 0 characters"),
        ("title = \"Mine\"", "title = \"a\\nb\"", "line 3: title: is one line"),
        ("title = \"Mine\"", "title = 5", "line 3: title: is a text, not a number"),
        ("title = \"Mine\"", "titel = \"Mine\"", "title: is missing"),
        ("seed = 1", "seed = 1\ncolour = \"red\"", "line 7: colour: is not a known field"),
        ("seed = 1", &deep, "line 6: is not TOML: cannot recurse further"),
        ("seed = 1", "seed = -1", "line 6: seed: is a whole number"),
        ("seed = 1", "seed = 99999999999999999999", "line 6: seed: is too large"),
        ("seed = 1", "seed = 1979-05-27", "line 6: seed: is a date"),
        ("seed = 1", "seed = nan", "line 6: seed: is a number that"),
        ("seed = 1", "seed = [1", "is not TOML"),
        ("seed = 1", "[set]\nnodes = 99", "line 7: set.nodes: 99 is out of range"),
        ("seed = 1", "set = 3", "line 6: set: is a table"),
        ("seed = 1", "[set]\nnoes = 3", "line 7: set.noes: is not a parameter"),
        ("seed = 1", "variant = \"x\"", "line 6: variant: raft-election has no variant"),
        ("lab = \"raft-election\"", "lab = \"raft\"", "line 5: lab: there is no lab"),
        ("words = \"Two.\"", "", "line 12, step 2: words: is missing"),
        ("words = \"Two.\"", "words = \"\"\"\nTwo\n*open\"\"\"", "line 13, step 2: words: has a * without its partner"),
        ("words = \"Two.\"", "words = \"a\\u0007b\"", "line 13, step 2: words: has a control character"),
        ("words = \"Two.\"", "words = \"Two.\"\nwrods = \"\"", "line 14, step 2: wrods: is not a known field"),
        ("words = \"Two.\"", "words = \"Two.\"\nat = \"100ms\"", "line 14, step 2: at: 100 ms is before 200 ms"),
        ("words = \"Two.\"", "words = \"Two.\"\nat = \"soon\"", "line 14, step 2: at: is a time like"),
        ("words = \"Two.\"", "words = \"Two.\"\nat = 3", "line 14, step 2: at: is a text like"),
        ("words = \"Two.\"", "words = \"Two.\"\nat = \"10m\"", "line 14, step 2: at: 10m is too late"),
        ("words = \"One.\"", "words = \"One.\"\nvariant = \"correct\"", "line 10, step 1: variant: stands above"),
        ("node = \"n3\"", "node = \"n9\"", "line 14, step 2: do[0].node: there is no node \"n9\""),
        ("node = \"n3\"", "node = \"n3\", at = \"1ms\"", "line 14, step 2: do[0].at: is before the step begins"),
        ("node = \"n3\"", "node = \"n3\", at_us = 1", "line 14, step 2: do[0].at_us: is not a known field"),
        ("do = \"crash\"", "do = \"explode\"", "line 14, step 2: do[0].do: there is no command \"explode\""),
        ("{ do = \"crash\", node = \"n3\" }", "5", "line 14, step 2: do[0]: is a table such as"),
        (
            "{ do = \"crash\", node = \"n3\" }",
            "{ do = \"request\", node = \"n1\", op = \"sing\" }",
            "do[0].op: there is no operation",
        ),
        ("highlight = [\"n1\", ", "highlight = [\"n7\", ", "line 15, step 2: highlight[0]: \"n7\" is no node"),
        ("\"n1-n2\"", "\"n1-n8\"", "line 15, step 2: highlight[1]: there is no node \"n8\""),
        ("highlight = [", "lens = [\"x-ray\"]\nhighlight = [", "line 15, step 2: lens[0]: there is no lens \"x-ray\""),
        ("highlight = [\"n1\"", "highlight = [7", "line 15, step 2: highlight[0]: is a name, not a number"),
        ("speed = 0.05", "speed = 0", "line 16, step 2: speed: is a number from"),
        ("speed = 0.05", "speed = inf", "line 16, step 2: speed: is a number"),
        ("speed = 0.05", "go_on = 1", "line 16, step 2: go_on: is true or false"),
        ("note = \"became-leader\", within = \"2s\"", "", "line 17, step 2: wait: takes exactly one of"),
        ("note = \"became-leader\"", "note = \"x\", time = \"1s\"", "line 17, step 2: wait: takes exactly one of"),
        ("note = \"became-leader\"", "note = \"became-king\"", "line 17, step 2: wait: never comes true"),
        ("within = \"2s\"", "within = \"1ms\"", "line 17, step 2: wait: never comes true"),
        (", within = \"2s\"", "", "line 17, step 2: wait.within: is missing"),
        ("within = \"2s\"", "within = \"2s\", node = \"x\"", "line 17, step 2: wait.node: there is no node \"x\""),
        ("within = \"2s\"", "within = \"2s\", whithin = 2", "line 17, step 2: wait.whithin: is not a known field"),
        (
            "note = \"became-leader\"",
            "property = \"safety\", status = \"holds\"",
            "wait.property: there is no property \"safety\"",
        ),
        ("note = \"became-leader\"", "property = \"election-safety\", status = \"bad\"", "wait.status: is one of"),
        (
            "note = \"became-leader\", within = \"2s\"",
            "time = \"0s\"",
            "line 17, step 2: wait.time: is a time above zero",
        ),
        (
            "note = \"became-leader\", within = \"2s\"",
            "command = \"cut\"",
            "wait.command: the reader is not asked to cut",
        ),
        ("speed = 0.05", "try = { label = \"Go\", do = [] }", "line 16, step 2: try.do: is empty"),
        ("speed = 0.05", "try = { do = [{ do = \"heal-all\" }] }", "line 16, step 2: try.label: is missing"),
        (
            "speed = 0.05",
            "try = { label = \"Go\", do = [{ do = \"cut\", from = \"n1\", to = \"n1\" }] }",
            "line 16, step 2: try.do[0].to: is the same",
        ),
    ];
    for (from, to, wanted) in cases {
        assert!(GOOD.contains(from), "{from}");
        let said = problem(&GOOD.replacen(from, to, 1));
        assert!(said.contains(wanted), "{to}\n  says {said}\n  not  {wanted}");
        assert!(said.starts_with("line ") && !said.contains('\n'), "{said}");
    }
    for (text, wanted) in [
        ("", "line 1: format: is missing"),
        ("step = []", "line 1: format: is missing"),
        ("\u{0}", "line 1: is not TOML"),
        ("]", "line 1: is not TOML"),
    ] {
        assert!(problem(text).contains(wanted), "{}", problem(text));
    }
}

#[test]
fn everything_has_a_limit() {
    let step = "[[step]]\nwords = \"x\"\n";
    let head = &GOOD[..GOOD.find("[[step]]").unwrap()];
    let tour = |steps: &str| format!("{head}{steps}");
    assert!(Tour::read(labs::catalogue(), &tour(&step.repeat(40))).is_ok());
    assert!(problem(&tour(&step.repeat(41))).contains("step: has 41 entries"));
    assert!(problem(&format!("{head}step = []")).contains("step: has 0 entries"));
    let long = |count: usize| tour(&format!("[[step]]\nwords = \"{}\"\n", "x".repeat(count)));
    assert!(problem(&long(1_201)).contains("step 1: words: has 1201 characters"));
    assert!(problem(&format!("#{}", "x".repeat(256 * 1024))).contains("256 KiB are the most"));
    let commands = |count: usize| {
        let list = "{ do = \"heal-all\" },\n".repeat(count);
        tour(&format!("[[step]]\nwords = \"x\"\ndo = [\n{list}]\n"))
    };
    assert!(Tour::read(labs::catalogue(), &commands(400)).is_ok());
    assert!(problem(&commands(401)).contains("400 commands at most"));
    let names = format!("[[step]]\nwords = \"x\"\nhighlight = [{}]\n", "\"n1\",".repeat(21));
    assert!(problem(&tour(&names)).contains("highlight: has 21 names"));
    // A tour that would take too long to play is refused in bounded time.
    let busy = format!(
        "{}\n[set]\nnodes = 9\nheartbeat-ms = 1\nlatency-ms = \"0..1\"\n{}",
        head, "[[step]]\nwords = \"x\"\nat = \"100s\"\nwait = { note = \"never\", within = \"100s\" }\n"
    );
    assert!(problem(&busy).contains("too long"), "{}", problem(&busy));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever somebody does to a text: it is read, or refused in one line that names a line.
    #[test]
    fn a_damaged_text_never_panics(which in 0..3usize, at in 0..100_000usize, cut in 0..60usize, put in "[\\PC\n\"'=\\[\\]{}*`#.]{0,8}") {
        let mut text: Vec<char> = text(&labs::catalogue().tours[which]).chars().collect();
        let at = at % text.len();
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Err(error) = Tour::read(labs::catalogue(), &text) {
            let lines = text.lines().count() as u32 + 1;
            prop_assert!((1..=lines).contains(&error.line), "{error}");
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}

#[test]
fn each_lab_lists_its_tours() {
    let labs = labs::catalogue().describe();
    let mut listed = BTreeMap::new();
    for lab in labs.as_array().unwrap() {
        for tour in lab["tours"].as_array().unwrap() {
            listed.insert(tour["id"].as_str().unwrap().to_owned(), lab["id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(listed.len(), labs::catalogue().tours.len());
    assert_eq!(listed["committed-and-gone"], "raft-log");
}
