//! The dissertation's claims about membership changes, one server at a time (diss. §4), and Ongaro's
//! correction of July 2015 ("bug in single-server membership changes", raft-dev).

use check::Status;
use sim::{Command, Set};

use super::*;
use crate::raft::{EVENTUALLY_A_LEADER, LEADER_COMPLETENESS, StepDown, Why};

fn set(nodes: &[NodeId]) -> Set<NodeId> {
    nodes.iter().copied().collect()
}

/// So many servers, and one machine more.
fn with_spare(servers: u32) -> Told {
    let mut cluster = by_hand(servers);
    cluster.spare = 1;
    cluster.start()
}

/// Diss. §4.1: "When the leader receives a request to add or remove a server from its current
/// configuration, it appends the new configuration as an entry in its log and replicates that entry";
/// "the new configuration takes effect on each server as soon as it is added to that server's log".
#[test]
fn a_server_is_added() {
    let mut told = with_spare(3);
    told.elects(N1);
    told.puts(N1, 7);
    told.wait(60);
    assert!(told.server(N4).members().is_empty());
    let id = told.asks(N1, Op::AddServer(N4));
    assert_eq!(told.server(N1).members(), &set(&[N1, N2, N3, N4]), "as soon as it is in the log");
    assert_eq!(told.answer(id), None, "committed it is later");
    told.wait(200);
    assert_eq!(told.answer(id), Some(&Ret::Changed));
    for node in [N2, N3, N4] {
        assert_eq!(told.server(node).members(), &set(&[N1, N2, N3, N4]));
    }
    assert_eq!((told.x(N4), told.terms(N4)), (Some(7), told.terms(N1)));
    // It counts: with two of four down nothing commits, with n4 and another there is a majority.
    told.does(&Command::Crash(N2));
    let id = told.puts(N1, 8);
    told.wait(60);
    assert!(told.answer(id).is_some());
    told.does(&Command::Crash(N3));
    let id = told.puts(N1, 9);
    told.wait(300);
    assert_eq!(told.answer(id), None);
    told.is_safe();
}

/// A machine that is a member of nothing waits; it stands for no election.
#[test]
fn a_machine_that_is_no_member_waits() {
    let mut cluster = alive(1);
    cluster.spare = 2;
    let told = check(&cluster, &[], 5_000 * MS);
    let quiet = |node| told.notes(node).iter().all(|(_, note)| !matches!(note, Note::BecameCandidate { .. }));
    assert!(quiet(N6) && quiet(N7) && told.leaders().len() == 1);
}

/// Diss. §4.1: a removed server is no longer waited for.
#[test]
fn a_server_is_removed() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    let id = told.asks(N1, Op::RemoveServer(N3));
    told.wait(60);
    assert_eq!(told.answer(id), Some(&Ret::Changed));
    assert_eq!([N1, N2].map(|node| told.server(node).members().clone()), [set(&[N1, N2]), set(&[N1, N2])]);
    told.does(&Command::Crash(N2));
    let id = told.puts(N1, 7);
    told.wait(300);
    assert_eq!(told.answer(id), None, "n3 is not asked any more");
    told.does(&Command::Restart(N2));
    told.wait(300);
    assert!(told.answer(id).is_some() && told.x(N3).is_none());
    told.is_safe();
}

/// Diss. §4.2.2: "a leader that is removed from the configuration steps down once the C_new entry is
/// committed"; until then it "replicates log entries but does not count itself in majorities".
#[test]
fn a_leader_that_removes_itself_steps_down_once_that_is_committed() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1, N2], &[N3]]);
    let id = told.asks(N1, Op::RemoveServer(N1));
    told.wait(300);
    assert_eq!((told.answer(id), told.leaders()), (None, vec![N1]), "n1 and n2 are no majority of n2 and n3");
    told.heals();
    told.wait(200);
    assert_eq!((told.answer(id), told.leaders()), (Some(&Ret::Changed), vec![]));
    assert!(told.said(N1, &Note::SteppedDown { term: 1, led: true, why: StepDown::Removed }));
    told.elects(N2);
    let id = told.puts(N2, 7);
    told.wait(60);
    assert!(told.answer(id).is_some());
    assert_eq!(told.x(N1), None);
    told.is_safe();
}

/// Diss. §4.2.2: "a server that is not part of its own latest configuration should still start new
/// elections, as it might still be needed until the C_new entry is committed. It does not count its
/// own vote in elections unless it is part of its latest configuration."
#[test]
fn a_server_that_is_being_removed_may_still_be_needed() {
    let mut told = alive(1).with(|config| config.servers = 4).start();
    told.asks(N1, Op::TimeOut);
    told.wait(150);
    assert_eq!(told.leaders(), [N1]);
    // Only n1 has the entry that removes it, and n4 is gone. n2 and n3, which go by four members, need
    // a third vote, and n1 with its longer log gives it to neither; n1 itself goes by n2, n3 and n4,
    // and the first two are enough for it.
    told.does(&Command::Crash(N4));
    told.mutes(N1);
    told.asks(N1, Op::RemoveServer(N1));
    told.wait(10);
    told.restarts(N1);
    told.heals();
    told.wait(4_000);
    assert_eq!(told.leaders().len(), 1);
    assert!(told.notes(N1).iter().any(|(_, note)| matches!(note, Note::BecameLeader { votes: 2, .. })));
    told.is_safe();
    told.does(&Command::Restart(N4));
    told.wait(4_000);
    assert_eq!(told.status(EVENTUALLY_A_LEADER), Status::Met);
    told.is_safe();
}

/// Diss. §4.2.3: a removed server "will not receive heartbeats, so it will time out and start new
/// elections"; with the rule that nobody votes who hears a leader, it disturbs nobody.
#[test]
fn a_removed_server_disturbs_nobody() {
    let story = |guarded: bool| {
        let mut told = alive(4).with(|config| config.vote_guard = guarded).start();
        told.wait(2_000);
        let [leader] = told.leaders()[..] else { panic!("one leader") };
        let gone = [N1, N2, N3, N4, N5].into_iter().find(|node| *node != leader).unwrap();
        let id = told.asks(leader, Op::RemoveServer(gone));
        told.wait(5_000);
        assert_eq!(told.answer(id), Some(&Ret::Changed));
        told.is_safe();
        assert!(told.notes(gone).iter().any(|(_, note)| matches!(note, Note::BecameCandidate { term } if *term > 3)));
        let terms = told.server(leader).term;
        (terms, told.leaders() == [leader], told.oracle().leaders().count())
    };
    assert_eq!(story(true), (1, true, 1));
    let (term, _, leaders) = story(false);
    assert!(term > 10 && leaders > 5, "without it, it does disturb: {leaders} leaders up to term {term}");
}

/// Diss. §4.2.2: once its removal has committed, a server has no part in the cluster any more: it
/// stands for no election, whether its timer runs out or somebody tells it to.
#[test]
fn a_removed_leader_does_not_stand() {
    let mut told = alive(1).start();
    told.wait(1_000);
    let [gone] = told.leaders()[..] else { panic!("one leader") };
    told.asks(gone, Op::RemoveServer(gone));
    told.wait(50);
    assert!(told.said(gone, &Note::SteppedDown { term: 1, led: true, why: StepDown::Removed }));
    let asked = told.asks(gone, Op::TimeOut);
    assert_eq!(told.answer(asked), Some(&Ret::Refused(Why::NotAMember)));
    told.wait(5_000);
    let stood = told.notes(gone).iter().filter(|(_, note)| matches!(note, Note::BecameCandidate { .. })).count();
    assert_eq!(stood, 1, "that was before it was removed");
    let [leader] = told.leaders()[..] else { panic!("one leader") };
    assert_ne!(leader, gone);
    told.is_safe();
}

/// The same for a server that has its removal in its log and does not know that it has committed: it
/// may stand (diss. §4.2.2) and win, and steps down as soon as it finds out.
#[test]
fn a_removed_server_that_wins_steps_down_when_it_knows() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.asks(N1, Op::RemoveServer(N1));
    told.wait(60);
    assert_eq!(told.leaders(), []);
    told.restarts(N1);
    told.asks(N1, Op::TimeOut);
    told.wait(60);
    assert!(told.said(N1, &Note::BecameLeader { term: 2, votes: 2 }));
    assert!(told.said(N1, &Note::SteppedDown { term: 2, led: true, why: StepDown::Removed }));
    told.elects(N2);
    told.is_safe();
}

/// Diss. §4.1: "the leader … can only begin another change once the previous one has committed": two
/// changes at once and two majorities need not meet.
#[test]
fn only_one_change_at_a_time() {
    for bug in [false, true] {
        let mut told = by_hand(5).with(|config| config.bugs.overlapping_changes = bug).start();
        told.elects(N1);
        told.wait(60);
        told.cuts(&[&[N1, N2], &[N3, N4, N5]]);
        told.asks(N1, Op::RemoveServer(N5));
        let second = told.asks(N1, Op::RemoveServer(N4));
        told.wait(60);
        // n1 and n2 are a majority of n1 to n3; n3 to n5 are one of all five.
        let wanted = if bug { Ret::Changed } else { Ret::Refused(Why::ChangeUnderWay) };
        assert_eq!(told.answer(second), Some(&wanted));
        told.elects(N3);
        assert_eq!(told.status(LEADER_COMPLETENESS), if bug { Status::Violated } else { Status::Holds });
        if bug {
            // Two majorities at work, one index, two entries.
            told.puts(N3, 1);
            told.puts(N3, 2);
            told.wait(60);
            assert!(told.violated().contains(&"state-machine-safety"), "{:?}", told.violated());
        } else {
            told.is_safe();
        }
    }
}

/// Ongaro, July 2015: "a leader may not append a new configuration entry until it has committed an
/// entry from its current term". Without that, a change of an older term, which nobody remembered,
/// and a newer one have majorities that do not meet.
#[test]
fn no_change_before_the_first_commit_of_the_term() {
    for bug in [false, true] {
        let mut cluster = by_hand(4).with(|config| config.bugs.change_before_own_term = bug);
        cluster.spare = 1;
        let mut told = cluster.start();
        told.elects(N1);
        told.wait(60);
        // S1 adds S5; the entry reaches S5 and nobody else.
        told.cuts(&[&[N1, N5], &[N2, N3, N4]]);
        told.asks(N1, Op::AddServer(N5));
        told.wait(150);
        assert_eq!(told.server(N5).members().len(), 5);
        // S2 is elected for term 2 by S3 and S4, and removes S1; that reaches S3.
        told.asks(N2, Op::TimeOut);
        told.wait(15);
        told.does(&Command::Cut { from: N2, to: N4, both: false });
        told.wait(9);
        assert!(told.server(N2).leads());
        let change = told.asks(N2, Op::RemoveServer(N1));
        told.wait(60);
        let wanted = if bug { Ret::Changed } else { Ret::Refused(Why::NothingCommittedYet) };
        assert_eq!(told.answer(change), Some(&wanted));
        // S1 is elected for term 3 by S4 and S5, a majority of the five it goes by.
        told.cuts(&[&[N2, N3], &[N1, N4, N5]]);
        told.does(&Command::Heal { from: N1, to: N4, both: true });
        told.restarts(N1);
        told.asks(N1, Op::TimeOut);
        told.wait(40);
        told.asks(N1, Op::TimeOut);
        told.wait(60);
        assert_eq!((told.server(N1).leads(), told.server(N1).term), (true, 3));
        assert_eq!(told.status(LEADER_COMPLETENESS), if bug { Status::Violated } else { Status::Holds });
    }
}

/// Diss. §4.1: a change that did not commit is taken back with its entry; the members are then those
/// of the entry before, also after a restart.
#[test]
fn a_change_that_is_overwritten_is_taken_back() {
    let mut told = by_hand(5).start();
    told.elects(N1);
    told.wait(60);
    told.cuts(&[&[N1], &[N2, N3, N4, N5]]);
    told.asks(N1, Op::RemoveServer(N5));
    told.wait(10);
    assert_eq!(told.server(N1).members().len(), 4);
    told.restarts(N1);
    assert_eq!(told.server(N1).members().len(), 4, "it is in the log");
    told.elects(N2);
    told.heals();
    told.wait(100);
    assert_eq!(told.server(N1).members().len(), 5);
    told.is_safe();
}

/// A server that installs a snapshot goes by the members that it names, and says so.
#[test]
fn a_snapshot_brings_its_members() {
    let mut told = by_hand(5).with(|config| config.snapshot_every = 5).start();
    told.elects(N1);
    told.cuts(&[&[N1, N2, N3, N5], &[N4]]);
    told.asks(N1, Op::RemoveServer(N5));
    told.wait(60);
    for value in 0..12 {
        told.puts(N1, value);
        told.wait(30);
    }
    told.heals();
    told.wait(200);
    assert_eq!(told.server(N4).members(), &set(&[N1, N2, N3, N4]));
    assert!(told.said(N4, &Note::MembersChanged { members: set(&[N1, N2, N3, N4]) }));
    told.restarts(N4);
    assert_eq!(told.server(N4).members(), &set(&[N1, N2, N3, N4]));
    told.is_safe();
}

/// What is refused, and why.
#[test]
fn senseless_changes_are_refused() {
    let mut told = by_hand(3).with(|config| config.clients = 1).start();
    told.elects(N1);
    let refused = |told: &mut Told, node, op| {
        let id = told.asks(node, op);
        told.answer(id).cloned()
    };
    assert_eq!(refused(&mut told, N2, Op::RemoveServer(N3)), Some(Ret::Refused(Why::NotLeader)));
    assert_eq!(refused(&mut told, N1, Op::AddServer(N3)), Some(Ret::Refused(Why::NoChange)));
    assert_eq!(refused(&mut told, N1, Op::AddServer(N4)), Some(Ret::Refused(Why::NotAServer)));
    told.asks(N1, Op::RemoveServer(N3));
    told.wait(60);
    assert_eq!(refused(&mut told, N1, Op::RemoveServer(N2)), Some(Ret::Refused(Why::TooFew)));
    assert_eq!(refused(&mut told, N1, Op::RemoveServer(N3)), Some(Ret::Refused(Why::NoChange)));
    told.is_safe();
}

/// Members come and go under faults: every property holds, and in the end there is a leader.
#[test]
fn changes_under_faults_are_safe() {
    let mut changed = 0;
    for seed in 0..80 {
        let mut cluster = alive(seed).with(|config| {
            (config.pre_vote, config.check_quorum) = (seed % 4 != 0, seed % 4 != 0);
            config.vote_guard = seed % 8 != 0;
            (config.clients, config.workload_us, config.snapshot_every) = (2, 80 * MS, [0, 6, 20][seed as usize % 3]);
        });
        cluster.spare = 2;
        let mut plan = faults(seed);
        for round in 1..60 {
            // Everybody is asked, so the leader is.
            let (seven, eight) = (NodeId(7), NodeId(8));
            let node = [N1, N2, N3, N4, N5, seven, eight][((seed + round / 7) % 7) as usize];
            let op = if (round / 7) % 2 == 0 { Op::AddServer(node) } else { Op::RemoveServer(node) };
            let asked = [N1, N2, N3, N4, N5, seven, eight][(round % 7) as usize];
            plan.push(at(60 * round, Command::Request { node: asked, op }));
        }
        plan.sort_by_key(|stamped| stamped.at_us);
        let told = check(&cluster, &plan, 12_000 * MS);
        changed += told
            .log()
            .records
            .iter()
            .flat_map(|record| &record.outcomes)
            .filter(|outcome| matches!(outcome, Outcome::Replied { ret: Ret::Changed, .. }))
            .count();
        assert_ne!(told.status(EVENTUALLY_A_LEADER), Status::Violated, "seed {seed}");
    }
    assert!(changed > 150, "only {changed} changes");
}
