//! The dissertation's claims about who leads: transfer (§3.10), check-quorum (§6.2), pre-vote (§9.6).

use check::Status;
use sim::Command;

use super::*;
use crate::raft::{EVENTUALLY_A_LEADER, Refusal, StepDown, Why};

/// Five servers of which one was cut off for long enough to stand for election again and again, and is
/// back: who led meanwhile, who was gone, and the term in which the others were.
fn after_a_partition(pre_vote: bool) -> (Told, NodeId, NodeId, Term) {
    let mut told = alive(3).with(|config| config.pre_vote = pre_vote).start();
    told.wait(1_000);
    let [leader] = told.leaders()[..] else { panic!("one leader") };
    let gone = if leader == N1 { N2 } else { N1 };
    let others: Vec<_> = [N1, N2, N3, N4, N5].into_iter().filter(|node| *node != gone).collect();
    told.cuts(&[&others, &[gone]]);
    told.wait(3_000);
    assert_eq!(told.leaders(), [leader]);
    let term = told.server(leader).term;
    told.heals();
    told.wait(1_500);
    told.is_safe();
    (told, leader, gone, term)
}

/// Diss. §9.6: a server that was partitioned "will keep increasing its term … when it rejoins the
/// cluster … its increased term number will cause the cluster's leader to step down"; with pre-vote
/// "a partitioned server … cannot increment its term".
#[test]
fn with_pre_vote_a_returning_server_deposes_nobody() {
    let deposed = |told: &Told, leader| {
        told.notes(leader).iter().any(|(_, note)| matches!(note, Note::SteppedDown { led: true, .. }))
    };
    let (told, leader, _, term) = after_a_partition(false);
    assert!(told.server(leader).term > term && deposed(&told, leader), "without pre-vote it does");
    let (told, leader, gone, term) = after_a_partition(true);
    assert_eq!((told.server(gone).term, told.leaders()), (term, vec![leader]));
    assert!(told.notes(gone).iter().any(|(_, note)| matches!(note, Note::BecamePreCandidate { .. })));
    assert!(!deposed(&told, leader));
}

/// Diss. §9.6: servers grant a pre-vote if the candidate's log is as up to date as theirs "and they
/// have not received heartbeats from a valid leader for at least a baseline election timeout".
#[test]
fn a_pre_vote_is_refused_by_whoever_hears_a_leader_or_is_ahead() {
    let cluster = by_hand(3).with(|config| {
        config.pre_vote = true;
        config.election_timeout_us = (1_000 * MS, 2_000 * MS);
    });
    let mut told = cluster.start();
    // Nobody grants a pre-vote within a timeout of having booted.
    told.wait(999);
    told.wait(2);
    told.asks(N1, Op::TimeOut);
    told.wait(100);
    assert_eq!(told.leaders(), [N1]);
    // n3 hears nothing more of n1, which n2 hears.
    told.does(&Command::Cut { from: N1, to: N3, both: true });
    told.puts(N1, 1);
    told.wait(5_000);
    let refusals = |told: &Told, reason| {
        told.notes(N2)
            .iter()
            .any(|(_, note)| matches!(note, Note::RefusedVote { why, pre: true, .. } if *why == reason))
    };
    assert!(refusals(&told, Refusal::HearsLeader));
    assert_eq!((told.leaders(), told.server(N3).term), (vec![N1], told.server(N1).term));
    // With n1 gone n2 has the longer log, so n3's questions come to nothing and n2's do not.
    told.does(&Command::Crash(N1));
    told.wait(5_000);
    assert_eq!(told.leaders(), [N2]);
    told.is_safe();
}

/// Diss. §6.2: "a leader steps down if an election timeout elapses without a successful round of
/// heartbeats to a majority of its cluster". Without check-quorum it goes on for ever.
#[test]
fn a_leader_that_is_cut_off_steps_down() {
    for check_quorum in [false, true] {
        let mut told = alive(1).with(|config| config.check_quorum = check_quorum).start();
        told.wait(2_000);
        let [leader] = told.leaders()[..] else { panic!("one leader") };
        let term = told.server(leader).term;
        let others: Vec<_> = [N1, N2, N3, N4, N5].into_iter().filter(|node| *node != leader).collect();
        told.cuts(&[&[leader, others[0]], &others[1..]]);
        let lost = Note::SteppedDown { term, led: true, why: StepDown::QuorumLost };
        told.wait(140);
        assert!(!told.said(leader, &lost), "less than a timeout is not enough");
        told.wait(510);
        assert_eq!(told.said(leader, &lost), check_quorum, "two timeouts are");
        told.is_safe();
    }
}

/// Diss. §4.2.3: "if a server receives a RequestVote request within the minimum election timeout of
/// hearing from a current leader, it does not update its term or grant its vote". That is a rule of
/// its own, which check-quorum and leases bring with them.
#[test]
fn nobody_votes_who_hears_a_leader() {
    for (vote_guard, check_quorum, reads) in [
        (true, false, Reads::ReadIndex),
        (false, true, Reads::ReadIndex),
        (false, false, Reads::Lease),
        (false, false, Reads::ReadIndex),
    ] {
        let cluster = by_hand(3).with(|config| {
            config.election_timeout_us = (1_000 * MS, 2_000 * MS);
            (config.vote_guard, config.check_quorum, config.reads) = (vote_guard, check_quorum, reads);
        });
        let mut told = cluster.start();
        told.wait(5_000);
        let [leader] = told.leaders()[..] else { panic!("one leader") };
        let [apart, other] = [N1, N2, N3].into_iter().filter(|node| *node != leader).collect::<Vec<_>>()[..] else {
            panic!("two followers")
        };
        let term = told.server(leader).term;
        // It hears nothing more of the leader, which the third server goes on hearing.
        told.does(&Command::Cut { from: leader, to: apart, both: true });
        told.wait(5_000);
        assert!(told.server(apart).term > term, "it stood for election");
        let guarded = vote_guard || check_quorum || reads == Reads::Lease;
        assert_eq!(told.server(other).term == term, guarded);
        assert_eq!(told.leaders() == [leader], guarded);
        let refused = told.notes(other).iter().any(|(_, note)| {
            matches!(note, Note::RefusedVote { candidate, why: Refusal::HearsLeader, pre: false, .. } if *candidate == apart)
        });
        assert_eq!(refused, guarded);
        told.is_safe();
    }
}

/// Diss. §4.2.3: requests for votes "can include a special flag to indicate" that the election is
/// wanted. A leader that hands over sets it, and so does whoever orders a timeout by hand; but a lease
/// rests on nobody's voting meanwhile, and only the leader itself knows when it gives that up.
#[test]
fn an_ordered_election_passes_the_guard_but_no_lease() {
    for reads in [Reads::ReadIndex, Reads::Lease] {
        let mut told = by_hand(3).with(|config| (config.vote_guard, config.reads) = (true, reads)).start();
        told.wait(30_000);
        let [leader] = told.leaders()[..] else { panic!("one leader") };
        let [one, two] = [N1, N2, N3].into_iter().filter(|node| *node != leader).collect::<Vec<_>>()[..] else {
            panic!("two followers")
        };
        let (term, asked) = (told.server(leader).term, told.asks(one, Op::TimeOut));
        told.wait(100);
        if reads == Reads::Lease {
            assert_eq!(told.answer(asked), Some(&Ret::Refused(Why::HearsLeader)));
            assert_eq!((told.leaders(), told.server(two).term), (vec![leader], term));
        } else {
            assert_eq!((told.leaders(), told.server(one).term), (vec![one], term + 1));
        }
        let [leader] = told.leaders()[..] else { panic!("one leader") };
        told.asks(leader, Op::Transfer(two));
        told.wait(100);
        assert_eq!(told.leaders(), [two]);
        told.is_safe();
    }
}

/// Diss. §3.10: "The prior leader stops accepting new client requests. The prior leader fully updates
/// the target server's log to match its own … The prior leader sends a TimeoutNow request to the
/// target server"; the target starts an election at once and most likely wins.
#[test]
fn leadership_goes_to_a_server_that_is_up_to_date() {
    let mut told = by_hand(5).start();
    told.elects(N1);
    told.cuts(&[&[N1, N2, N4, N5], &[N3]]);
    for value in 0..20 {
        told.puts(N1, value);
    }
    told.wait(100);
    told.heals();
    let asked = told.asks(N1, Op::Transfer(N3));
    assert_eq!(told.answer(asked), Some(&Ret::Started));
    let refused = told.puts(N1, 99);
    assert_eq!(told.answer(refused), Some(&Ret::Refused(Why::Transferring)));
    let read = told.gets(N1);
    assert_eq!(told.answer(read), Some(&Ret::Refused(Why::Transferring)));
    let change = told.asks(N1, Op::RemoveServer(N5));
    assert_eq!(told.answer(change), Some(&Ret::Refused(Why::Transferring)));
    told.wait(200);
    assert_eq!((told.leaders(), told.server(N3).term), (vec![N3], 2));
    let (sent_us, ..) = *told.log().sent.iter().find(|(_, _, _, msg)| matches!(msg, Msg::TimeoutNow { .. })).unwrap();
    let complete = told.notes(N3).into_iter().find(|(_, note)| matches!(note, Note::Appended { to: 21, .. })).unwrap();
    assert!(complete.0 < sent_us, "the target has everything before it is told to stand");
    told.is_safe();
}

/// Diss. §3.10: "if leadership transfer does not complete after about an election timeout, the current
/// leader … should abort the transfer and resume accepting client requests".
#[test]
fn a_transfer_that_takes_too_long_is_given_up() {
    let cluster = by_hand(3).with(|config| config.election_timeout_us = (1_000 * MS, 1_000 * MS));
    let mut told = cluster.start();
    told.elects(N1);
    told.does(&Command::Crash(N3));
    told.asks(N1, Op::Transfer(N3));
    told.wait(990);
    let early = told.puts(N1, 1);
    assert_eq!(told.answer(early), Some(&Ret::Refused(Why::Transferring)));
    told.wait(20);
    let late = told.puts(N1, 2);
    told.wait(60);
    assert!(matches!(told.answer(late), Some(Ret::Kv(_))));
    assert_eq!(told.leaders(), [N1]);
    told.is_safe();
}

/// Diss. §4.2.3: a transfer works although the others hear a leader, because the request says that
/// the leader wants it.
#[test]
fn a_transfer_passes_check_quorum_and_pre_vote() {
    let mut told = by_hand(3).with(|config| (config.check_quorum, config.pre_vote) = (true, true)).start();
    told.wait(30_000);
    let [old] = told.leaders()[..] else { panic!("one leader") };
    let target = if old == N2 { N3 } else { N2 };
    told.asks(old, Op::Transfer(target));
    told.wait(100);
    assert_eq!(told.leaders(), [target]);
    told.is_safe();
}

/// What "the election timer runs out now" means: the server does what it does when it runs out, so
/// with pre-vote it asks first, and a healthy cluster keeps its leader.
#[test]
fn a_timeout_by_hand_is_a_timeout() {
    let mut told = alive(2).with(|config| config.pre_vote = true).start();
    told.wait(2_000);
    let [leader] = told.leaders()[..] else { panic!("one leader") };
    let other = if leader == N2 { N3 } else { N2 };
    told.asks(other, Op::TimeOut);
    told.wait(1_000);
    assert!(told.notes(other).iter().any(|(_, note)| matches!(note, Note::BecamePreCandidate { .. })));
    assert_eq!(told.leaders(), [leader]);
    told.is_safe();
}

/// All three together under faults: safe, and a leader in the end.
#[test]
fn pre_vote_and_check_quorum_survive_faults() {
    for seed in 0..60 {
        let cluster = alive(seed).with(|config| {
            (config.pre_vote, config.check_quorum) = (seed % 2 == 0, seed % 3 != 0);
            (config.clients, config.workload_us, config.snapshot_every) = (2, 80 * MS, 10);
            config.reads = if seed % 5 < 2 { Reads::Lease } else { Reads::ReadIndex };
        });
        let mut plan = faults(seed);
        for round in 1..20 {
            let node = NodeId(((seed + round) % 5) as u32);
            let to = NodeId(((seed + 3 * round) % 5) as u32);
            let op = if round % 3 == 0 { Op::TimeOut } else { Op::Transfer(to) };
            plan.push(at(200 * round, Command::Request { node, op }));
        }
        plan.sort_by_key(|stamped| stamped.at_us);
        let told = check(&cluster, &plan, 9_000 * MS);
        assert_eq!(told.status(EVENTUALLY_A_LEADER), Status::Met, "seed {seed}");
    }
}
