//! The claims about snapshots (§7) and client sessions (§8; diss. §6.3).

use sim::{Command, DiskMode, Outcome, Set, Write};

use super::*;
use crate::raft::KvRet;

/// Three servers that take a snapshot every five entries.
fn short() -> Cluster {
    by_hand(3).with(|config| config.snapshot_every = 5)
}

fn write_many(told: &mut Told, node: NodeId, values: std::ops::Range<i64>) {
    for value in values {
        told.puts(node, value);
        told.wait(30);
    }
}

/// §7: "Each server takes snapshots independently, covering just the committed entries in its log";
/// "Once a server completes writing a snapshot, it may delete all log entries up through the last
/// included index, as well as any prior snapshot."
#[test]
fn a_snapshot_replaces_the_log_before_it() {
    let mut told = short().start();
    told.elects(N1);
    write_many(&mut told, N1, 0..12);
    told.wait(200);
    for node in [N1, N2, N3] {
        let server = told.server(node);
        assert_eq!((server.log.snapshot().index, server.log.last_index(), server.x_value()), (10, 13, Some(11)));
        assert_eq!(server.log.entry(10), None, "what the snapshot covers is gone");
        let disk = told.world().disk(node);
        assert_eq!((disk.first(), disk.entries().len()), (10, 3), "also from the disk");
    }
    told.is_safe();
}

impl Server {
    fn x_value(&self) -> Option<i64> {
        self.kv.values().get("x").copied()
    }
}

/// §7: the leader sends a snapshot to a follower that lags behind "when the leader has already
/// discarded the next log entry that it needs to send"; the follower "discards its entire log; it is
/// all superseded by the snapshot".
#[test]
fn a_follower_that_lags_behind_gets_a_snapshot() {
    let mut told = short().start();
    told.elects(N1);
    told.cuts(&[&[N1, N2], &[N3]]);
    write_many(&mut told, N1, 0..12);
    assert_eq!(told.terms(N3), [1]);
    told.heals();
    told.wait(200);
    assert!(told.said(N3, &Note::InstalledSnapshot { index: 10 }));
    assert_eq!((told.x(N3), told.server(N3).log.last_index()), (Some(11), 13));
    told.is_safe();
}

/// The same when what the follower has contradicts the leader's log: none of it may survive, in
/// memory or on disk.
#[test]
fn a_snapshot_overrules_conflicting_entries() {
    let mut told = short().start();
    told.elects(N1);
    told.cuts(&[&[N1], &[N2, N3]]);
    for value in 100..120 {
        told.puts(N1, value);
    }
    told.elects(N2);
    write_many(&mut told, N2, 0..12);
    told.heals();
    told.wait(300);
    assert!(told.notes(N1).iter().any(|(_, note)| matches!(note, Note::InstalledSnapshot { .. })));
    for again in [false, true] {
        assert_eq!(told.server(N1).log.last_index(), told.server(N2).log.last_index());
        assert!(told.terms(N1).iter().all(|&term| term == 2));
        assert_eq!(
            told.x(N1),
            if again { told.server(N1).log.snapshot().kv.values().get("x").copied() } else { Some(11) }
        );
        told.restarts(N1);
    }
    told.wait(300);
    assert_eq!(told.x(N1), Some(11));
    told.is_safe();
}

/// §7: "If instead the follower receives a snapshot that describes a prefix of its log (due to
/// retransmission or by mistake), then log entries covered by the snapshot are deleted but entries
/// following the snapshot are still valid and must be retained."
#[test]
fn a_late_copy_of_a_snapshot_takes_nothing_back() {
    let mut told = short().start();
    told.elects(N1);
    told.cuts(&[&[N1, N2], &[N3]]);
    write_many(&mut told, N1, 0..6);
    told.heals();
    let snapshot = loop {
        told.wait(1);
        let flights = told.world().flights();
        if let Some(flight) = flights.iter().find(|flight| matches!(flight.msg, Msg::InstallSnapshot { .. })) {
            break flight.id;
        }
    };
    told.does(&Command::Message { id: snapshot, act: sim::MessageAct::Duplicate });
    let copy = sim::MessageId { copy: 2, ..snapshot };
    told.does(&Command::Message { id: copy, act: sim::MessageAct::Hold });
    write_many(&mut told, N1, 6..8);
    told.wait(100);
    let before = told.server(N3).log.clone();
    assert!(before.last_index() > before.snapshot().index && before.snapshot().index > 0);
    told.does(&Command::Message { id: copy, act: sim::MessageAct::Deliver });
    told.wait(1);
    assert_eq!((&told.server(N3).log, told.x(N3)), (&before, Some(7)));
    told.is_safe();
}

/// Figure 2 and §7: a server comes back with its newest snapshot and the entries after it; what it
/// had applied beyond the snapshot it applies again once it knows that it is committed.
#[test]
fn a_server_restarts_from_snapshot_and_log() {
    let mut told = short().start();
    told.elects(N1);
    write_many(&mut told, N1, 0..12);
    told.wait(100);
    told.restarts(N2);
    let server = told.server(N2);
    assert_eq!((server.log.snapshot().index, server.log.last_index()), (10, 13));
    assert_eq!((server.commit, server.applied, server.x_value()), (10, 10, Some(8)));
    told.wait(100);
    assert_eq!(told.x(N2), Some(11));
    told.is_safe();
}

/// A crash between writing a snapshot and discarding what it covers, and after each other write
/// around it: whatever prefix of its writes a disk keeps, the server comes back with a whole log.
#[test]
fn a_crash_between_snapshot_and_discard_is_survived() {
    let mut cluster = short();
    cluster.disk_sync_us = (3 * MS, 3 * MS);
    let (mut between, mut snapshots) = (0, 0);
    // The fifth entry arrives at about 250 ms; n3 is crashed at every ms around its snapshot, once
    // with all unsynced writes lost and once with a drawn part of them.
    for crash_ms in 0..60 {
        for mode in [DiskMode::LoseUnsynced, DiskMode::Normal] {
            cluster.seed = crash_ms;
            let mut told = cluster.start();
            told.does(&Command::Disk { node: N3, mode, sync_us: None });
            told.elects(N1);
            for value in 0..4 {
                told.puts(N1, value);
                told.wait(30);
            }
            told.wait(crash_ms);
            told.does(&Command::Crash(N3));
            let disk = told.world().disk(N3);
            let has_snapshot = disk.cell("snapshot").is_some();
            snapshots += u32::from(has_snapshot);
            between += u32::from(has_snapshot && disk.first() == 0);
            told.does(&Command::Restart(N3));
            write_many(&mut told, N1, 4..9);
            told.wait(300);
            assert_eq!(told.x(N3), Some(8), "crashed after {crash_ms} ms");
            let disk = told.world().disk(N3);
            let entries = disk.entries();
            assert!(entries.windows(2).all(|pair| pair[1].index == pair[0].index + 1), "the file has no gap");
            told.is_safe();
        }
    }
    assert!(between >= 2 && snapshots > 40, "{between} crashes in between, {snapshots} after a snapshot");
}

/// The order of the writes of which the test before lives.
#[test]
fn a_snapshot_is_written_before_anything_is_discarded() {
    let mut told = short().start();
    told.elects(N1);
    write_many(&mut told, N1, 0..12);
    let mut seen = 0;
    for record in &told.log().records {
        let writes: Vec<&Write<Raft>> = record
            .outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Wrote { write, .. } => Some(write),
                _ => None,
            })
            .collect();
        if let Some(place) = writes.iter().position(|write| matches!(write, Write::Discard { .. })) {
            assert!(matches!(writes[place - 1], Write::Save(super::super::Cell::Snapshot(_))));
            seen += 1;
        }
    }
    assert!(seen >= 6);
}

/// A server that does not know the members takes no snapshot: it would hand its ignorance on to
/// whoever installs it. (A new server can have applied entries from before its own membership.)
#[test]
fn a_snapshot_names_the_members() {
    for seed in 0..40 {
        let mut cluster = by_hand(3).with(|config| config.snapshot_every = 20);
        (cluster.spare, cluster.seed, cluster.latency_us) = (1, seed, (5 * MS, 15 * MS));
        let mut told = cluster.start();
        told.asks(N1, Op::TimeOut);
        told.wait(80);
        write_many(&mut told, N1, 0..9);
        for value in 9..29 {
            told.puts(N1, value);
        }
        told.asks(N1, Op::AddServer(N4));
        told.wait(20 + seed);
        told.puts(N1, 50);
        for _ in 0..100 {
            told.wait(3);
            for node in [N1, N2, N3, N4] {
                let snapshot = told.server(node).log.snapshot();
                assert!(snapshot.index == 0 || !snapshot.members.is_empty(), "seed {seed}: {node:?}");
            }
        }
        assert_eq!(told.server(N4).members().len(), 4);
        told.is_safe();
    }
}

// ----- sessions

const C1: NodeId = NodeId(3);

/// Three servers and a client that retries after 150 ms.
fn with_client() -> Told {
    by_hand(3).with(|config| config.clients = 1).start()
}

fn add(told: &mut Told, by: i64) -> RequestId {
    told.asks(C1, Op::Kv(KvOp::Add { key: "x".into(), by }))
}

fn sum(told: &Told, id: RequestId) -> Option<i64> {
    match told.answer(id) {
        Some(Ret::Kv(KvRet::Value(value))) => *value,
        _ => None,
    }
}

/// §8: "if the leader crashes after committing the log entry but before responding to the client,
/// the client will retry the command with a new leader, causing it to be executed a second time. The
/// solution is for clients to assign unique serial numbers to every command."
#[test]
fn a_command_that_is_retried_at_a_new_leader_applies_once() {
    let mut told = with_client();
    told.elects(N1);
    // The answer does not get back to the client, and then the leader is gone.
    told.does(&Command::Cut { from: N1, to: C1, both: false });
    let id = add(&mut told, 5);
    told.wait(700);
    assert_eq!((told.x(N1), told.answer(id)), (Some(5), None));
    told.does(&Command::Crash(N1));
    told.elects(N2);
    told.wait(700);
    assert_eq!((sum(&told, id), told.x(N2)), (Some(5), Some(5)));
    let asked: Set<NodeId> = told
        .log()
        .sent
        .iter()
        .filter(|(_, _, _, msg)| matches!(msg, Msg::ClientRequest { .. }))
        .map(|(_, _, to, _)| *to)
        .collect();
    assert!(asked.contains(&N1) && asked.contains(&N2));
    let id = add(&mut told, 2);
    told.wait(300);
    assert_eq!(sum(&told, id), Some(7));
    told.is_safe();
}

/// The same command can even be in the log twice: "If it receives a command whose serial number has
/// already been executed, it responds immediately without re-executing the request" (§8).
#[test]
fn a_command_that_is_in_the_log_twice_applies_once() {
    let mut told = with_client();
    told.elects(N1);
    // n1 takes the command and cannot commit it, so the client asks it twice.
    told.cuts(&[&[N1, C1], &[N2, N3]]);
    told.wait(100);
    let id = add(&mut told, 5);
    told.wait(2_000);
    let copies = told.server(N1).log.entries().iter().filter(|entry| matches!(entry.payload, Payload::Command { .. }));
    assert!(copies.count() >= 2, "{:?}", told.terms(N1));
    told.heals();
    told.wait(1_000);
    assert_eq!((sum(&told, id), told.x(N2)), (Some(5), Some(5)));
    told.is_safe();
}

/// §8: "When a client first starts up, it connects to a randomly-chosen server. If the client's first
/// choice is not the leader, that server will reject the client's request and supply information
/// about the most recent leader it has heard from."
#[test]
fn a_client_finds_the_leader() {
    let mut first = Set::new();
    for seed in 0..12 {
        let mut cluster = by_hand(3).with(|config| config.clients = 1);
        cluster.seed = seed;
        let mut told = cluster.start();
        told.elects(N2);
        let id = add(&mut told, 1);
        told.wait(100);
        assert_eq!(sum(&told, id), Some(1), "seed {seed}: one rejection at most, without waiting");
        let asked = told.log().sent.iter().find(|(_, _, _, msg)| matches!(msg, Msg::ClientRequest { .. })).unwrap();
        first.insert(asked.2);
        told.is_safe();
    }
    assert_eq!(first.len(), 3, "the first choice is random");
}

/// §7: the snapshot holds the sessions too, or a retry after it would apply again.
#[test]
fn sessions_are_part_of_the_snapshot() {
    let mut told = by_hand(3).with(|config| (config.clients, config.snapshot_every) = (1, 4)).start();
    told.elects(N1);
    told.cuts(&[&[N1, N2, C1], &[N3]]);
    told.does(&Command::Cut { from: N1, to: C1, both: false });
    told.does(&Command::Cut { from: N2, to: C1, both: false });
    let id = add(&mut told, 5);
    told.wait(700);
    for value in 0..9 {
        told.asks(N1, Op::Kv(KvOp::Put { key: "y".into(), value }));
    }
    told.wait(100);
    told.heals();
    told.does(&Command::Cut { from: N1, to: C1, both: false });
    told.wait(100);
    assert!(told.notes(N3).iter().any(|(_, note)| matches!(note, Note::InstalledSnapshot { .. })));
    told.does(&Command::Crash(N1));
    told.elects(N3);
    told.wait(700);
    assert_eq!((sum(&told, id), told.x(N3)), (Some(5), Some(5)));
    told.is_safe();
}
