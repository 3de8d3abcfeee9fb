//! The claims about reads that write nothing (§8; diss. §6.4).

use check::Status;
use sim::Command;

use super::*;
use crate::raft::{KvRet, LINEARIZABILITY, Why};

fn value(told: &Told, id: RequestId) -> Option<Option<i64>> {
    match told.answer(id) {
        Some(Ret::Kv(KvRet::Value(value))) => Some(*value),
        _ => None,
    }
}

/// §8: "Read-only operations can be handled without writing anything into the log"; "a leader must
/// check whether it has been deposed before processing a read-only request … by having the leader
/// exchange heartbeat messages with a majority of the cluster before responding".
#[test]
fn a_read_takes_one_round_and_no_entry() {
    let mut told = by_hand(5).start();
    told.elects(N1);
    told.puts(N1, 7);
    told.wait(60);
    let before = told.terms(N1);
    let id = told.gets(N1);
    told.wait(19);
    assert_eq!(value(&told, id), None);
    told.wait(1);
    assert_eq!(value(&told, id), Some(Some(7)), "there and back is 20 ms");
    assert_eq!(told.terms(N1), before);
    told.is_safe();
}

/// §8 and diss. §6.4: a leader that has been deposed and does not know it answers no read. One that
/// does not ask answers what is long over.
#[test]
fn a_leader_that_is_cut_off_answers_no_read() {
    for bug in [false, true] {
        let mut told = by_hand(3).with(|config| config.bugs.stale_leader_reads = bug).start();
        told.elects(N1);
        told.puts(N1, 1);
        told.wait(60);
        told.cuts(&[&[N1], &[N2, N3]]);
        told.elects(N2);
        told.puts(N2, 2);
        told.wait(60);
        let id = told.gets(N1);
        told.wait(5_000);
        assert_eq!(told.leaders(), [N1, N2], "n1 still believes it leads");
        assert_eq!(value(&told, id), bug.then_some(Some(1)));
        assert_eq!(told.status(LINEARIZABILITY), if bug { Status::Violated } else { Status::Holds });
        told.heals();
        told.wait(100);
        if !bug {
            assert_eq!(told.answer(id), Some(&Ret::Unknown));
        }
    }
}

/// Diss. §6.4: an answer to a heartbeat that was sent before the read came proves nothing.
#[test]
fn answers_to_older_rounds_confirm_no_read() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.puts(N1, 1);
    told.wait(60);
    // Heartbeats are on their way when both followers are cut off from hearing more.
    while told.log().sent.last().is_none_or(|(_, from, ..)| *from != N1) {
        told.wait(1);
    }
    told.wait(1);
    for to in [N2, N3] {
        told.does(&Command::Hold { from: to, to: N1, both: false });
    }
    told.wait(30);
    let held = told.world().flights().len();
    told.mutes(N1);
    assert!(held >= 1);
    let id = told.gets(N1);
    for to in [N2, N3] {
        told.does(&Command::Release { from: to, to: N1, both: false });
    }
    told.wait(1_000);
    assert_eq!(told.answer(id), None);
    told.is_safe();
}

/// §8: "a leader must have the latest information on which entries are committed … at the start of
/// its term, it may not know which those are. To find out, it needs to commit an entry from its term."
#[test]
fn a_read_waits_for_the_first_commit_of_the_term() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    let write = told.puts(N1, 7);
    told.wait(24);
    assert!(told.answer(write).is_some());
    told.does(&Command::Crash(N1));
    told.asks(N2, Op::TimeOut);
    told.wait(24);
    assert!(told.server(N2).leads());
    assert_eq!(told.x(N2), None, "n2 has the entry and does not know that it is committed");
    let id = told.gets(N2);
    told.wait(19);
    assert_eq!(told.answer(id), None);
    told.wait(60);
    assert_eq!(value(&told, id), Some(Some(7)));
    told.is_safe();
}

/// A server that does not lead answers no read at all.
#[test]
fn only_a_leader_answers_reads() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    let id = told.gets(N2);
    assert_eq!(told.answer(id), Some(&Ret::Refused(Why::NotLeader)));
}

/// Servers with leases: the shortest timeout is 1 s, so a lease lasts 900 ms.
fn leased() -> Cluster {
    by_hand(3).with(|config| {
        config.reads = Reads::Lease;
        config.check_quorum = true;
        config.election_timeout_us = (1_000 * MS, 2_000 * MS);
    })
}

fn lead_by_timeout(told: &mut Told) -> NodeId {
    told.wait(6_000);
    let [leader] = told.leaders()[..] else { panic!("one leader") };
    leader
}

/// Diss. §6.4.1: "Once the leader's heartbeats were acknowledged by a majority of the cluster, the
/// leader would extend its lease to start + election timeout / clock drift bound"; within it "reads …
/// without communication".
#[test]
fn within_its_lease_a_leader_answers_at_once() {
    let mut told = leased().start();
    let leader = lead_by_timeout(&mut told);
    told.puts(leader, 7);
    told.wait(60);
    let id = told.gets(leader);
    assert_eq!(value(&told, id), Some(Some(7)), "at once");
    // Cut off, it may go on for 900 ms, and not longer.
    let others: Vec<_> = [N1, N2, N3].into_iter().filter(|node| *node != leader).collect();
    told.cuts(&[&[leader], &others]);
    told.wait(800);
    let within = told.gets(leader);
    told.wait(200);
    let beyond = told.gets(leader);
    assert_eq!((value(&told, within), value(&told, beyond)), (Some(Some(7)), None));
    told.wait(6_000);
    assert_ne!(told.leaders(), [leader]);
    told.is_safe();
}

/// The story of a lease: a leader's clock runs slow and the others' fast, it is cut off, somebody
/// else is elected and writes, and the old leader is read from until it gives up.
fn drifting(seed: u64, drift_ppm: i32) -> Told {
    let mut cluster = leased();
    cluster.seed = seed;
    // By its own clock the leader would step down for want of a quorum before it does harm.
    cluster.config.check_quorum = false;
    let mut told = cluster.start();
    let leader = lead_by_timeout(&mut told);
    told.puts(leader, 1);
    told.wait(60);
    let others: Vec<_> = [N1, N2, N3].into_iter().filter(|node| *node != leader).collect();
    told.does(&Command::Clock { node: leader, offset_us: 0, drift_ppm: -drift_ppm });
    for &node in &others {
        told.does(&Command::Clock { node, offset_us: 0, drift_ppm });
    }
    told.wait(2_000);
    told.cuts(&[&[leader], &others]);
    let mut wrote = false;
    for _ in 0..800 {
        told.wait(10);
        told.gets(leader);
        if let Some(&new) = told.leaders().iter().find(|node| **node != leader)
            && !wrote
        {
            told.puts(new, 2);
            wrote = true;
        }
    }
    assert!(wrote);
    told
}

/// Diss. §6.4.1: the lease approach "assumes a bound on clock drift across servers": 5 % each way are
/// within the margin of 10 %; beyond it, reads are stale, and linearizability says so.
#[test]
fn a_lease_is_as_good_as_the_clocks() {
    for seed in 0..20 {
        assert_eq!(drifting(seed, 50_000).status(LINEARIZABILITY), Status::Holds, "seed {seed}");
    }
    let stale = (0..20).filter(|&seed| drifting(seed, 400_000).status(LINEARIZABILITY) == Status::Violated);
    assert!(stale.count() >= 15);
}

/// A server that has promised its leader not to vote does not stand for election either, not even
/// when somebody makes its timer run out: its own vote is a vote.
#[test]
fn a_lease_binds_those_who_are_told_to_time_out() {
    for node in [N1, N2, N3, N4, N5] {
        let mut cluster = leased();
        cluster.config.servers = 5;
        let mut told = cluster.start();
        let leader = lead_by_timeout(&mut told);
        if node == leader {
            continue;
        }
        told.puts(leader, 1);
        told.wait(60);
        // n and the leader hear each other until the end; the two others have heard nobody for long.
        let rest: Vec<_> = [N1, N2, N3, N4, N5].into_iter().filter(|other| ![node, leader].contains(other)).collect();
        let (with, without) = (&rest[..1], &rest[1..]);
        for &far in without {
            for near in [leader, with[0]] {
                told.does(&Command::Cut { from: near, to: far, both: true });
            }
            told.does(&Command::Cut { from: node, to: far, both: true });
        }
        told.wait(1_100);
        for &far in without {
            told.does(&Command::Heal { from: node, to: far, both: true });
        }
        told.does(&Command::Cut { from: node, to: leader, both: true });
        told.does(&Command::Cut { from: node, to: with[0], both: true });
        told.asks(node, Op::TimeOut);
        told.wait(60);
        if told.server(node).leads() {
            told.puts(node, 2);
            told.wait(60);
        }
        told.gets(leader);
        told.wait(10);
        told.is_safe();
    }
}

/// Diss. §6.4.1 and §3.10: a leader that has told somebody to start an election relies on no lease,
/// also after it has given the transfer up.
#[test]
fn a_transfer_ends_the_lease() {
    let mut told = leased().start();
    let leader = lead_by_timeout(&mut told);
    told.puts(leader, 1);
    told.wait(60);
    let others: Vec<_> = [N1, N2, N3].into_iter().filter(|node| *node != leader).collect();
    // The order to stand arrives; nothing of what follows gets back to the old leader.
    told.asks(leader, Op::Transfer(others[0]));
    told.wait(11);
    told.cuts(&[&[leader], &others]);
    told.wait(60);
    assert!(told.server(others[0]).leads());
    told.puts(others[0], 2);
    told.wait(60);
    for _ in 0..200 {
        told.gets(leader);
        told.wait(10);
    }
    told.is_safe();
}
