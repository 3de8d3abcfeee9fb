//! The hash ring's data against the rest of a session and against the plain types, whatever the variant.

use std::sync::Arc;

use labs::placements::circle;
use labs::{Run, Session};
use serde_json::{Value, json};
use view::PaneAsk;
use view::lens::Ring;
use view::lens::ring::{Ask, Scheme, percent};
use view::pane::{Block, Does, Pane, Pattern, Row, Table};

fn open(run: Value) -> Session {
    let run = Run::from_json(labs::catalogue(), &run).unwrap();
    run.open().unwrap()
}

fn ring(session: &Session) -> Ring {
    session.ask(&Ask::default()).expect("the lab has a ring")
}

fn ask(session: &mut Session, op: Value) {
    session.apply(&json!({"do": "request", "node": "a1", "op": op})).unwrap();
}

/// What must hold of every picture.
fn check(session: &Session) -> Ring {
    let ring = ring(session);
    let state = serde_json::to_value(session.state()).unwrap();
    let detail = |name: &str| {
        let nodes = state["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["id"] == name).unwrap()["detail"].clone()
    };
    for server in &ring.servers {
        let told = detail(&server.name);
        match server.keys {
            Some(keys) => assert_eq!(json!(keys), told["ring"]["keys"], "{}", server.name),
            None => assert_eq!(told, Value::Null, "{}", server.name),
        }
    }
    for key in ring.keys.iter() {
        assert_eq!(key.next.is_empty(), ring.next.is_none());
        for &holder in ring.holders(key) {
            assert!(!detail(&ring.servers[holder].name)["map"][&key.name].is_null(), "{}", key.name);
        }
        if ring.scheme == Scheme::Clockwise {
            for (circle, servers) in [(Some(&ring.now), &key.replicas), (ring.next.as_ref(), &key.next)] {
                let Some(circle) = circle else { continue };
                let walk = circle.walk(key.position, ring.count);
                let drawn = walk.iter().filter(|(_, new)| *new).map(|(token, _)| circle.name(token.member));
                let told = servers.iter().map(|&place| ring.servers[place].name.as_str());
                assert!(drawn.eq(told), "{}: what is drawn is not what is so", key.name);
            }
        }
    }
    for circle in [Some(&ring.now), ring.next.as_ref()].into_iter().flatten() {
        assert!(circle.share_ppm.iter().sum::<u32>().abs_diff(1_000_000) < 1_000);
    }
    let seats = ring.seats(&ring.anchors(ring.newest(), &[], None));
    assert_eq!(seats.len(), ring.servers.len(), "everybody has a seat");
    ring
}

#[test]
fn what_is_drawn_is_what_is_so_at_every_step_of_a_change() {
    let mut session = open(json!({"lab": "hash-ring", "seed": 5}));
    session.seek(1_000_000);
    let (mut moving, mut moved, mut before) = (0, 0, None::<Ring>);
    for op in [
        json!({"remove-server": "n2"}),
        json!({"weight": ["n3", 3]}),
        json!({"token": ["n1", 2, 77]}),
        json!({"virtual-nodes": 3}),
        json!({"add-server": "n2"}),
    ] {
        ask(&mut session, op);
        for _ in 0..80 {
            let ring = check(&session);
            // Whoever has a picture of before gets the same one.
            assert_eq!(session.ask(&Ask { known: before.clone().map(Arc::new), key: None }).as_ref(), Some(&ring));
            moving += u32::from(ring.next.is_some());
            moved += ring.keys.iter().filter(|key| key.moves()).count();
            before = Some(ring);
            session.step();
        }
        session.seek(session.time_us() + 400_000);
    }
    assert!(moving > 100 && moved > 100, "{moving} {moved}");
    let ring = check(&session);
    assert_eq!((ring.epoch, ring.next), (10, None));
    // A node that has been moved twice is where it was put, as long as it has so many.
    assert_eq!(ring.now.of.moved.iter().filter(|(_, _, token)| *token == 77).count(), 1);
}

#[test]
fn every_variant_and_scheme_has_a_picture() {
    for (run, scheme) in [
        (json!({"lab": "hash-ring"}), Scheme::Clockwise),
        (json!({"lab": "hash-ring", "variant": "unsorted-ring"}), Scheme::Unsorted),
        (json!({"lab": "hash-ring", "variant": "modulo-called-consistent"}), Scheme::Modulo),
        (json!({"lab": "hash-ring", "set": {"rendezvous": 1}}), Scheme::Rendezvous),
        (json!({"lab": "hash-ring", "variant": "new-ring-at-once"}), Scheme::Clockwise),
    ] {
        let mut session = open(run);
        session.seek(800_000);
        let ring = check(&session);
        assert_eq!(ring.scheme, scheme);
        assert_eq!(ring.now.tokens.is_empty(), matches!(scheme, Scheme::Modulo | Scheme::Rendezvous));
        ask(&mut session, json!({"remove-server": "n4"}));
        session.seek(1_600_000);
        let change = check(&session).change.expect("there was a change");
        assert_eq!(change.what, "n4 leaves the ring");
        assert_eq!((change.before.servers.len(), change.after.servers.len()), (5, 4));
    }
    assert!(open(json!({"lab": "raft-log"})).ask(&Ask::default()).is_none());
}

#[test]
fn the_walk_of_an_unsorted_ring_is_seen_to_differ_from_its_picture() {
    let mut session = open(json!({"lab": "hash-ring", "variant": "unsorted-ring"}));
    session.seek(500_000);
    let ring = ring(&session);
    let differs = |key: &&view::lens::ring::Key| {
        let drawn = ring.now.owner(key.position).map(|member| ring.now.name(member).to_owned());
        drawn != ring.owner(key).map(|place| ring.servers[place].name.clone())
    };
    assert!(ring.keys.iter().filter(differs).count() > 4);
}

#[test]
fn circles_are_kept_while_members_stay() {
    let mut session = open(json!({"lab": "hash-ring", "set": {"vnodes": 200, "nodes": 9}}));
    session.seek(400_000);
    let before = ring(&session);
    assert_eq!(before.now.tokens.len(), 1_800);
    session.seek(600_000);
    let after = session.ask(&Ask { known: Some(Arc::new(before.clone())), key: None }).unwrap();
    assert!(Arc::ptr_eq(&before.now, &after.now) && Arc::ptr_eq(&before.keys, &after.keys));
    assert_eq!(after.now, circle(after.now.of.clone()));
    assert_eq!(after, ring(&session));
}

#[test]
fn a_key_that_nobody_uses_can_be_looked_up() {
    let mut session = open(json!({"lab": "hash-ring"}));
    session.seek(400_000);
    let ask = |key: &str| session.ask(&Ask { known: None, key: Some(key.into()) }).unwrap().asked;
    let key = ask("user-7").expect("a key");
    assert_eq!((key.replicas.len(), ring(&session).holders(&key).len()), (3, 0));
    // SHA-1 of `abc` begins so (FIPS 180-4).
    assert_eq!(ask("abc").unwrap().position, 0xa999_3e36);
    assert_eq!(ask(""), None);
    assert_eq!(ask(&"x".repeat(33)), None);
}

#[test]
fn the_ring_is_there_while_machines_are_down() {
    let mut session = open(json!({"lab": "hash-ring"}));
    session.seek(400_000);
    for node in ["a1", "n2", "n3"] {
        session.apply(&json!({"do": "crash", "node": node})).unwrap();
    }
    let ring = check(&session);
    assert_eq!(ring.now.of.servers.len(), 5);
    for node in ["n1", "n4", "n5", "c1", "c2"] {
        session.apply(&json!({"do": "crash", "node": node})).unwrap();
    }
    check(&session);
    session.apply(&json!({"do": "remove-node", "node": "n3"})).unwrap();
    let ring = self::ring(&session);
    assert_eq!(ring.servers.len(), 4);
    // It is still on the ring, which nobody could tell anything.
    let shown = pane(&session, "ring", &[]);
    assert_eq!((table(&shown).rows.len(), row(table(&shown), "n3")[3]), (5, "down"));
}

#[test]
fn a_key_of_somebodys_own_joins_those_that_are_used() {
    let mut session = open(json!({"lab": "hash-ring"}));
    session.seek(400_000);
    let before = ring(&session);
    session.apply(&json!({"do": "request", "node": "c1", "op": {"put": ["user-7", 1]}})).unwrap();
    session.seek(800_000);
    let after = session.ask(&Ask { known: Some(Arc::new(before.clone())), key: None }).unwrap();
    assert_eq!((before.keys.len(), after.keys.len()), (24, 25));
    assert_eq!(after, ring(&session));
    session.seek(400_000);
    let back = session.ask(&Ask { known: Some(Arc::new(after.clone())), key: None }).unwrap();
    assert_eq!(back.keys, before.keys);
}

#[test]
fn a_hundred_servers_and_ten_thousand_keys_have_a_picture() {
    let mut session = open(json!({"lab": "hash-ring", "set": {"nodes": 100, "vnodes": 200, "keys": 10_000}}));
    session.seek(400_000);
    let before = ring(&session);
    assert_eq!((before.now.tokens.len(), before.keys.len(), before.servers.len()), (20_000, 10_000, 100));
    session.apply(&json!({"do": "add-node", "node": "n101"})).unwrap();
    ask(&mut session, json!({"add-server": "n101"}));
    session.seek(2_000_000);
    let after = ring(&session);
    assert_eq!((after.epoch, after.now.tokens.len()), (2, 20_200));
    let moved = before.keys.iter().zip(after.keys.iter()).filter(|(was, is)| was.replicas[0] != is.replicas[0]).count();
    // A hundred and first server is due 99 of the keys.
    assert!((70..=130).contains(&moved), "{moved}");
}

/// A pane of the lab, all of it.
fn pane(session: &Session, id: &str, args: &[(&str, &str)]) -> Pane {
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let ask = PaneAsk { args };
    let whole = |_| Some(session.pane(id, &ask).unwrap()).filter(|pane| !pane.pending);
    (0..10_000).find_map(whole).expect("it has an end")
}

fn table(pane: &Pane) -> &Table {
    pane.blocks.iter().find_map(|block| if let Block::Table(table) = block { Some(table) } else { None }).unwrap()
}

/// The texts of a row.
fn row<'a>(table: &'a Table, head: &str) -> Vec<&'a str> {
    let row = table.rows.iter().find(|row| row.head.text == head).unwrap_or_else(|| panic!("{head} has a row"));
    row.cells.iter().map(|cell| cell[0].text.as_str()).collect()
}

#[test]
fn shares_are_those_of_the_ring_and_of_what_is_tried() {
    for run in [
        json!({"lab": "hash-ring"}),
        json!({"lab": "hash-ring", "set": {"rendezvous": 1}}),
        json!({"lab": "hash-ring", "variant": "modulo-called-consistent"}),
        json!({"lab": "hash-ring", "variant": "unsorted-ring"}),
    ] {
        let mut session = open(run);
        session.seek(1_000_000);
        ask(&mut session, json!({"weight": ["n3", 3]}));
        session.seek(2_000_000);
        session.apply(&json!({"do": "crash", "node": "n1"})).unwrap();
        let ring = ring(&session);
        let shown = pane(&session, "ring", &[]);
        for (member, (name, weight)) in ring.now.of.servers.iter().enumerate() {
            let keys = ring.server(name).unwrap().keys.map_or_else(|| "down".to_owned(), |keys| keys.to_string());
            let (share, due) = (percent(ring.now.share_ppm[member]), percent(ring.now.fair_ppm()[member]));
            assert_eq!(row(table(&shown), name), [format!("×{weight}"), share, due, keys]);
        }
        // The longest bar is full, and bars are to each other as what they stand for.
        let bars: Vec<(u32, u32)> = table(&shown)
            .rows
            .iter()
            .map(|row| (row.cells[1][0].filled_ppm.unwrap(), row.cells[1][0].due_ppm.unwrap()))
            .collect();
        assert_eq!(bars.iter().map(|(share, due)| share.max(due)).max(), Some(&1_000_000));
        let spoken = shown.spoken();
        assert!(spoken.contains("n1, down: Weight ×1") && spoken.contains("Fullest"), "{spoken}");
        let other = pane(&session, "ring", &[("virtual-nodes", "50")]);
        if ring.now.tokens.is_empty() {
            assert_eq!(other, shown, "there are no virtual nodes to try");
            continue;
        }
        assert_ne!(other, shown);
        let token = ring.now.tokens[7];
        let (member, name) = (token.member, ring.now.name(token.member));
        let tried = format!("{name}#{}@{}", token.index, token.position.wrapping_add(1 << 26));
        let moved = ring.now.with_token(member, token.index, token.position.wrapping_add(1 << 26)).unwrap();
        let shown_moved = pane(&session, "ring", &[("token", &tried)]);
        assert_eq!(row(table(&shown_moved), name)[1], percent(moved.share_ppm[member]));
        assert_eq!(table(&shown_moved).caption, "As it would be");
        for (arg, nonsense) in [
            ("token", ""),
            ("token", "n1"),
            ("token", "n1#0@-1"),
            ("token", "n9#0@1"),
            ("token", "n1#99@1"),
            ("token", "n1#0@99999999999"),
            ("virtual-nodes", "0"),
            ("virtual-nodes", "4294967295"),
        ] {
            assert_eq!(pane(&session, "ring", &[(arg, nonsense)]), shown, "{arg} {nonsense}");
        }
    }
}

#[test]
fn placements_compare_the_last_change_or_one_more_server() {
    let mut session = open(json!({"lab": "hash-ring", "set": {"nodes": 10, "vnodes": 100}}));
    session.seek(400_000);
    let first = session.pane("placements", &PaneAsk::default()).unwrap();
    assert!(first.pending && first.spoken().contains("Modulo: Moved being counted, waiting."));
    let moved = |pane: &Pane, way: &str| row(table(pane), way)[0].replace(',', "").parse::<u32>().unwrap();
    let text = |pane: &Pane| match &pane.blocks[0] {
        Block::Text(text) => text.lines[0].clone(),
        other => panic!("a text, not {other:?}"),
    };
    let before = pane(&session, "placements", &[]);
    assert!(
        text(&before).text.starts_with("If one more server joined: keys that move, of 10,000. At least 909 have to")
    );
    assert!(text(&before).acts.is_empty(), "there is nothing else to compare yet");
    assert!((637..=1_181).contains(&moved(&before, "Ring")) && moved(&before, "Modulo") > 8_800);
    // What is far too much says so without its colour.
    let much = |pane: &Pane| -> Vec<String> {
        let strong = |row: &&Row| row.cells[0][0].ink.pattern == Pattern::Strong;
        table(pane).rows.iter().filter(strong).map(|row| row.head.text.clone()).collect()
    };
    assert_eq!(much(&before), ["Modulo"]);
    ask(&mut session, json!({"remove-server": "n2"}));
    session.seek(1_400_000);
    let after = pane(&session, "placements", &[]);
    assert!(text(&after).text.starts_with("n2 leaves the ring: keys that move, of 10,000. At least 1,000 have to"));
    let Does::Ask(name, value) = &text(&after).acts[0].does else { panic!("{after:?}") };
    let join = pane(&session, "placements", &[(name, value)]);
    assert!(text(&join).text.starts_with("If one more server joined"));
    let Does::Ask(name, value) = &text(&join).acts[0].does else { panic!("{join:?}") };
    assert_eq!(pane(&session, "placements", &[(name, value)]), after);
    assert_eq!(session.whole_pane("placements"), Some(after));
}
