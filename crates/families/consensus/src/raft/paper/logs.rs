//! The claims about logs (§5.3, §5.4; Figures 2, 3, 6, 7, 8).

use check::Status;
use sim::{Command, DiskMode, MessageAct, Outcome, Write};

use super::*;
use crate::raft::{AppendOutcome, Conflict, LEADER_COMPLETENESS, LogEnd, Refusal, STATE_MACHINE_SAFETY};

fn outcomes(told: &Told, from: NodeId) -> Vec<AppendOutcome> {
    let sent = told.log().sent.iter().filter(|(_, sender, _, _)| *sender == from);
    sent.filter_map(|(_, _, _, msg)| match msg {
        Msg::AppendEntriesReply { outcome, .. } => Some(*outcome),
        _ => None,
    })
    .collect()
}

/// §5.3: the leader "appends the command to its log as a new entry, then issues AppendEntries RPCs
/// in parallel to each of the other servers … When the entry has been safely replicated, the leader
/// applies the entry to its state machine and returns the result of that execution to the client."
/// Followers hear of the commit with the next message.
#[test]
fn a_command_is_replicated_then_applied_then_answered() {
    let mut told = by_hand(5).start();
    told.elects(N1);
    let id = told.puts(N1, 7);
    assert_eq!((told.terms(N1), told.x(N1)), (vec![1, 1], None));
    // 1 ms to its disk, 10 to the others, 1 to theirs, 10 back.
    told.wait(21);
    assert_eq!((told.answer(id), told.x(N1)), (None, None), "nothing before a majority has it on disk");
    told.wait(1);
    assert_eq!((told.answer(id), told.x(N1)), (Some(&Ret::Kv(crate::raft::KvRet::Done)), Some(7)));
    assert_eq!((told.terms(N3), told.x(N3)), (vec![1, 1], None), "followers have it and do not know");
    told.wait(100);
    assert!([N2, N3, N4, N5].iter().all(|&node| told.x(node) == Some(7)));
    told.is_safe();
}

/// §5.3: an entry is committed "once the leader that created the entry has replicated it on a
/// majority of the servers": with a minority it is not, however long one waits.
#[test]
fn an_entry_on_a_minority_is_not_committed() {
    let mut told = by_hand(5).start();
    told.elects(N1);
    told.wait(60);
    told.cuts(&[&[N1, N2], &[N3, N4, N5]]);
    let id = told.puts(N1, 7);
    told.wait(5_000);
    assert_eq!((told.answer(id), told.x(N1), told.terms(N2)), (None, None, vec![1, 1]));
    told.heals();
    told.wait(100);
    assert!(told.answer(id).is_some());
    told.is_safe();
}

/// §5.3: if followers "crash or run slowly, or if network packets are lost, the leader retries
/// AppendEntries RPCs indefinitely (even after it has responded to the client)".
#[test]
fn the_leader_retries_for_ever() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.does(&Command::Crash(N3));
    let id = told.puts(N1, 7);
    told.wait(9_000);
    assert!(told.answer(id).is_some());
    told.does(&Command::Restart(N3));
    told.wait(150);
    assert_eq!(told.x(N3), Some(7));
    told.is_safe();
}

/// Figure 2, AppendEntries 1: "Reply false if term < currentTerm."
#[test]
fn entries_of_an_old_term_are_refused() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1], &[N2, N3]]);
    told.elects(N2);
    told.heals();
    let id = told.puts(N1, 7);
    told.wait(60);
    assert!(outcomes(&told, N2).contains(&AppendOutcome::OldTerm));
    assert_eq!(told.answer(id), Some(&Ret::Unknown));
    assert_eq!([N1, N2, N3].map(|node| told.terms(node)), [vec![1, 2], vec![1, 2], vec![1, 2]]);
    told.is_safe();
}

/// Figure 2, AppendEntries 2: "Reply false if log doesn't contain an entry at prevLogIndex whose
/// term matches prevLogTerm"; §5.3: the leader then goes back, and "eventually nextIndex will reach
/// a point where the leader and follower logs match".
#[test]
fn entries_that_do_not_follow_are_refused_until_they_do() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1, N2], &[N3]]);
    for value in 0..5 {
        told.puts(N1, value);
    }
    told.wait(100);
    told.heals();
    told.wait(200);
    let missed = Conflict { term: None, index: 2 };
    assert!(told.said(N3, &Note::RejectedEntries { conflict: missed }));
    assert_eq!(told.terms(N3), [1; 6]);
    assert_eq!(told.x(N3), Some(4));
    told.is_safe();
}

/// Figure 2, AppendEntries 3: "If an existing entry conflicts with a new one (same index but
/// different terms), delete the existing entry and all that follow it"; Figure 6 and §5.3: the leader
/// "forces the followers' logs to duplicate its own".
#[test]
fn conflicting_entries_go_with_all_that_follow_them() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1], &[N2, N3]]);
    let lost: Vec<_> = (0..3).map(|value| told.puts(N1, value)).collect();
    told.wait(20);
    told.elects(N2);
    let kept = told.puts(N2, 9);
    told.wait(60);
    assert_eq!((told.terms(N1), told.terms(N2)), (vec![1, 1, 1, 1], vec![1, 2, 2]));
    told.heals();
    told.wait(200);
    assert!(told.said(N1, &Note::Truncated { from: 2, to: 4 }));
    assert_eq!((told.terms(N1), told.x(N1)), (vec![1, 2, 2], Some(9)));
    // What the old leader had taken is not known to be lost when it steps down; what it is told of
    // is neither done nor refused.
    assert!(lost.iter().all(|&id| told.answer(id) == Some(&Ret::Unknown)));
    assert!(told.answer(kept).is_some());
    told.is_safe();
}

/// The ids of the entries on their way from one server to another.
fn in_flight(told: &Told, from: NodeId, to: NodeId) -> Vec<sim::MessageId> {
    let flights = told.world().flights().into_iter();
    flights
        .filter(|flight| {
            (flight.id.from, flight.id.to) == (from, to)
                && matches!(&flight.msg, Msg::AppendEntries { entries, .. } if !entries.is_empty())
        })
        .map(|flight| flight.id)
        .collect()
}

/// Figure 2, AppendEntries 3 and 4: only a *conflict* deletes, and only entries "not already in the
/// log" are appended. A late copy of an older message takes nothing back and adds nothing.
#[test]
fn a_late_copy_of_older_entries_changes_nothing() {
    let mut told = late_copy(&by_hand(3));
    assert_eq!(told.terms(N2), [1, 1, 1]);
    told.wait(200);
    assert_eq!((told.terms(N2), told.x(N2)), (vec![1, 1, 1], Some(2)));
    told.is_safe();
    // The mistake that this is about: between the late copy and the next heartbeat n2 has lost an
    // entry that n1 has counted; n3 has never had it. With n1 gone, nobody has.
    let mut told = late_copy(&by_hand(3).with(|config| config.bugs.truncates_always = true));
    assert_eq!(told.terms(N2), [1, 1]);
    told.does(&Command::Crash(N1));
    told.asks(N3, Op::TimeOut);
    told.wait(60);
    assert_eq!(told.status(LEADER_COMPLETENESS), Status::Violated);
}

fn late_copy(cluster: &Cluster) -> Told {
    let mut told = cluster.start();
    told.elects(N1);
    told.wait(60);
    told.puts(N1, 1);
    told.wait(2);
    let id = in_flight(&told, N1, N2)[0];
    told.does(&Command::Message { id, act: MessageAct::Duplicate });
    let copy = sim::MessageId { copy: 2, ..id };
    told.does(&Command::Message { id: copy, act: MessageAct::Hold });
    told.wait(25);
    told.does(&Command::Cut { from: N1, to: N3, both: true });
    let id = told.puts(N1, 2);
    told.wait(23);
    assert!(told.answer(id).is_some());
    assert_eq!(told.terms(N2), [1, 1, 1]);
    told.does(&Command::Message { id: copy, act: MessageAct::Deliver });
    told.wait(1);
    told
}

/// Figure 2, AppendEntries 5: "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit,
/// index of last new entry)": a follower must not take its own entries for the leader's.
#[test]
fn a_follower_commits_only_what_it_has_compared() {
    let story = |bugs: Bugs| {
        let mut told = by_hand(3).with(|config| config.bugs = bugs).start();
        told.elects(N1);
        told.wait(60);
        told.cuts(&[&[N1], &[N2, N3]]);
        for value in 0..3 {
            told.puts(N1, value);
        }
        told.elects(N2);
        for value in 10..14 {
            told.puts(N2, value);
        }
        told.wait(100);
        assert_eq!((told.server(N2).commit, told.server(N1).commit), (6, 1));
        told.heals();
        told.wait(100);
        told
    };
    let told = story(Bugs::default());
    // The first message that arrives says that 6 entries are committed; n1 has four, three of them
    // its own.
    assert!(told.said(N1, &Note::Truncated { from: 2, to: 4 }));
    assert_eq!((told.terms(N1), told.x(N1)), (vec![1, 2, 2, 2, 2, 2], Some(13)));
    told.is_safe();
    let told = story(Bugs { commits_beyond_verified: true, ..Bugs::default() });
    assert_eq!(told.status(STATE_MACHINE_SAFETY), Status::Violated);
}

/// Figure 2, RequestVote 2, and §5.4.1: "the voter denies its vote if its own log is more
/// up-to-date than that of the candidate": the later last term wins, then the longer log.
#[test]
fn the_more_up_to_date_log_wins() {
    // Same term, longer log.
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1, N2], &[N3]]);
    told.puts(N1, 7);
    told.wait(60);
    told.does(&Command::Crash(N1));
    told.heals();
    told.asks(N3, Op::TimeOut);
    told.wait(60);
    let why = Refusal::LogBehind { own: LogEnd { term: 1, index: 2 }, candidate: LogEnd { term: 1, index: 1 } };
    let refused = Note::RefusedVote { term: 2, candidate: N3, why, pre: false };
    assert!(told.said(N2, &refused) && told.leaders().is_empty());
    told.elects(N2);
    told.wait(40);
    assert_eq!(told.x(N2), Some(7));
    told.is_safe();
    // A later term wins over a longer log: n1's three entries of term 1 against one of term 2.
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1], &[N2, N3]]);
    for value in 0..3 {
        told.puts(N1, value);
    }
    told.elects(N2);
    told.restarts(N1);
    told.heals();
    told.restarts(N2);
    told.asks(N1, Op::TimeOut);
    told.wait(60);
    told.asks(N1, Op::TimeOut);
    told.wait(60);
    let why = Refusal::LogBehind { own: LogEnd { term: 2, index: 2 }, candidate: LogEnd { term: 1, index: 4 } };
    assert!(told.said(N3, &Note::RefusedVote { term: 3, candidate: N1, why, pre: false }));
    assert!(told.leaders().is_empty());
    told.is_safe();
}

/// §5.4.1: without the restriction a leader comes to power that lacks what is committed.
#[test]
fn without_the_election_restriction_committed_entries_vanish() {
    for bug in [false, true] {
        let mut told = by_hand(3).with(|config| config.bugs.no_log_check = bug).start();
        told.elects(N1);
        told.cuts(&[&[N1, N2], &[N3]]);
        let id = told.puts(N1, 7);
        told.wait(60);
        assert!(told.answer(id).is_some());
        told.does(&Command::Crash(N1));
        told.heals();
        told.asks(N3, Op::TimeOut);
        told.wait(60);
        assert_eq!(told.violated().contains(&LEADER_COMPLETENESS.id), bug);
    }
}

/// Figure 3 and §5.3, Log Matching: "If two logs contain an entry with the same index and term, then
/// the logs are identical in all entries up through the given index", compared here entry by entry
/// for all pairs of servers and, at the end, on disk; and Leader Append-Only.
#[test]
fn logs_match_under_faults() {
    let (mut compared, mut differing) = (0, 0);
    for seed in 0..120 {
        let cluster = alive(seed).with(|config| (config.clients, config.workload_us) = (2, 60 * MS));
        let told = check(&cluster, &faults(seed), 500 * MS + seed * 25_123);
        let logs: Vec<Vec<Entry>> = told
            .world()
            .node_ids()
            .take(5)
            .flat_map(|node| {
                let disk = told.world().disk(node).entries().to_vec();
                [disk]
                    .into_iter()
                    .chain(told.world().node(node).and_then(Raft::server).map(|s| s.log.entries().to_vec()))
            })
            .collect();
        for (place, a) in logs.iter().enumerate() {
            for b in &logs[..place] {
                let same = a.iter().zip(b).rposition(|(x, y)| (x.index, x.term) == (y.index, y.term));
                let upto = same.map_or(0, |last| last + 1);
                assert_eq!(a[..upto], b[..upto], "seed {seed}");
                compared += upto;
                differing += u32::from(a.len().min(b.len()) > upto);
            }
        }
    }
    assert!(compared > 10_000 && differing > 10, "{compared} entries compared, {differing} pairs of logs differ");
}

/// What the servers of Figure 7 have when the leader of term 8 comes to power: the leader and the
/// followers (a) to (f).
const FIGURE_7: [&[Term]; 7] = [
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6],
    &[1, 1, 1, 4],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    &[1, 1, 1, 4, 4, 4, 4],
    &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
];

/// Leads seven servers to where Figure 7 begins, as §5.3 tells it: servers are n1 (the leader to be)
/// and n2 to n7 for (a) to (f). The first entry of each term is the leader's empty one.
fn figure_7() -> Told {
    let (a, b, c, d, e, f) = (N2, N3, N4, N5, N6, N7);
    let mut told = by_hand(7).start();
    let puts = |told: &mut Told, node, count: i64| {
        for value in 0..count {
            told.puts(node, value);
        }
    };
    told.elects(N1);
    puts(&mut told, N1, 2);
    told.wait(30);
    // (f) "was the leader for term 2, added several entries to its log, then crashed before
    // committing any of them; it restarted quickly, became leader for term 3, and added a few more".
    told.elects_unheard(f);
    puts(&mut told, f, 2);
    told.wait(10);
    told.restarts(f);
    told.heals();
    told.elects_unheard(f);
    puts(&mut told, f, 4);
    told.wait(10);
    // Term 4: (e) replicates one entry to all but (f), a second to all but (b), two more to nobody.
    told.cuts(&[&[f], &[N1, a, b, c, d, e]]);
    told.heals();
    told.cuts(&[&[f], &[N1, a, b, c, d, e]]);
    told.elects(e);
    told.cuts(&[&[b], &[N1, a, c, d, e]]);
    puts(&mut told, e, 1);
    told.wait(30);
    told.cuts(&[&[e], &[N1, a, c, d]]);
    puts(&mut told, e, 2);
    // Term 5: n1, with (a), (c) and (d).
    told.elects(N1);
    puts(&mut told, N1, 1);
    told.wait(30);
    // Term 6: (c) replicates two entries to n1, (a) and (d), a third to n1 and (d), a fourth to nobody.
    told.elects(c);
    puts(&mut told, c, 1);
    told.wait(30);
    told.cuts(&[&[a], &[N1, c, d]]);
    puts(&mut told, c, 1);
    told.wait(30);
    told.cuts(&[&[c], &[N1, d]]);
    puts(&mut told, c, 1);
    told.wait(10);
    // Term 7: (d), elected by n1, (a) and (b), which hear nothing of its entries.
    for (one, other) in [(d, N1), (d, a), (d, b)] {
        told.does(&Command::Heal { from: one, to: other, both: true });
    }
    told.elects_unheard(d);
    puts(&mut told, d, 1);
    told.wait(10);
    // Everybody crashes and comes back with what is on disk.
    for node in told.world().node_ids().collect::<Vec<_>>() {
        told.restarts(node);
    }
    told.heals();
    told
}

/// Figure 7: "When the leader at the top comes to power, it is possible that any of scenarios (a–f)
/// could occur in follower logs"; §5.3: the leader brings each of them in line with its own, and with
/// the optimisation "one AppendEntries RPC will be required for each term with conflicting entries,
/// rather than one RPC per entry".
#[test]
fn the_leader_of_figure_7_repairs_every_follower() {
    let mut told = figure_7();
    assert_eq!([N1, N2, N3, N4, N5, N6, N7].map(|node| told.terms(node)), FIGURE_7.map(<[Term]>::to_vec));
    let before = told.log().records.len();
    told.asks(N1, Op::TimeOut);
    told.wait(200);
    assert_eq!(told.leaders(), [N1]);
    assert_eq!(told.server(N1).term, 8);
    let mut leader = FIGURE_7[0].to_vec();
    leader.push(8);
    // How often each is refused: (a) is too short; (b) as well; (c) and (d) have too much, which
    // shows only when the entry of term 8 conflicts with it; (e) is too short and then conflicts in
    // term 4, of which the leader has entries; (f) in term 3 and then in term 2, of which it has none.
    let refusals = [1, 1, 0, 0, 2, 2];
    for ((node, wanted), had) in [N2, N3, N4, N5, N6, N7].into_iter().zip(refusals).zip(&FIGURE_7[1..]) {
        assert_eq!(told.terms(node), leader, "{node:?}");
        let news = told.log().records[before..].iter().filter(|record| record.event.node() == Some(node));
        let notes: Vec<_> = news.flat_map(Record::notes).collect();
        let refused = notes.iter().filter(|note| matches!(note, Note::RejectedEntries { .. })).count();
        assert_eq!(refused, wanted, "{node:?} with {had:?}");
        let cut = notes.iter().find_map(|note| match note {
            Note::Truncated { from, to } => Some((*from, *to)),
            _ => None,
        });
        let agree = had.iter().zip(&leader).take_while(|(a, b)| a == b).count();
        let wanted = (agree < had.len()).then_some((agree as u64 + 1, had.len() as u64));
        assert_eq!(cut, wanted, "{node:?} keeps what agrees and nothing else");
    }
    told.is_safe();
}

/// Leads five servers through Figure 8 up to (c) and lets S1 commit what it may. What stands at index
/// 2 in the figure are 16 entries here: a leader sends as many in one message, and its own empty
/// entry of the new term, which the figure does not have, must not travel with them.
fn figure_8(bugs: Bugs) -> Told {
    let mut told = by_hand(5).with(|config| config.bugs = bugs).start();
    told.elects(N1);
    told.wait(60);
    // (a) S1 is leader (of term 2) and partially replicates the log entries at index 2.
    told.restarts(N1);
    told.asks(N1, Op::TimeOut);
    told.wait(15);
    for to in [N3, N4, N5] {
        told.does(&Command::Cut { from: N1, to, both: false });
    }
    told.wait(15);
    for value in 0..15 {
        told.puts(N1, value);
    }
    told.wait(60);
    assert_eq!([N1, N2, N3].map(|node| told.terms(node).len()), [17, 17, 1]);
    // (b) S1 crashes; S5 is elected leader for term 3 with votes from S3, S4, and itself, and accepts
    // a different entry at log index 2.
    told.does(&Command::Crash(N1));
    told.elects_unheard(N5);
    assert_eq!((told.terms(N5), told.terms(N3)), (vec![1, 3], vec![1]));
    // (c) S5 crashes; S1 restarts, is elected leader, and continues replication. At this point, the
    // log entries from term 2 have been replicated on a majority of the servers, but are not committed.
    told.does(&Command::Crash(N5));
    told.does(&Command::Restart(N1));
    told.heals();
    told.cuts(&[&[N1, N2, N3], &[N4, N5]]);
    told.elects_to_term(N1, 4);
    told
}

impl Told {
    fn elects_to_term(&mut self, node: NodeId, term: Term) {
        while self.server(node).term < term {
            self.asks(node, Op::TimeOut);
            self.wait(22);
        }
        // The deciding vote arrives next.
        self.wait(1);
        assert!(self.server(node).leads());
    }
}

/// Figure 8 and §5.4.2: "a leader cannot determine commitment using log entries from older terms".
/// In (d) S5 wins with S3, S4 and itself and overwrites what was on a majority: nothing that was
/// committed is lost. A leader that counts copies of old entries had committed it.
#[test]
fn figure_8_an_entry_on_a_majority_can_still_be_overwritten() {
    for bug in [false, true] {
        let mut told = figure_8(Bugs { commits_old_terms: bug, ..Bugs::default() });
        // n3 refuses the entry of term 4, gets the 16 of term 2, and says so.
        while told.server(N1).leader().unwrap().progress[&N3].matched < 17 {
            told.wait(1);
        }
        assert_eq!([N1, N2, N3].map(|node| told.terms(node)[16]), [2, 2, 2], "on a majority");
        assert_eq!(told.server(N1).commit, if bug { 17 } else { 0 });
        // (d) S1 crashes again; S5 "could be elected leader (with votes from S2, S3, and S4) and
        // overwrite the entry with its own entry from term 3".
        told.cuts(&[&[N1], &[N2, N3, N4, N5]]);
        told.does(&Command::Crash(N1));
        told.heals();
        told.does(&Command::Restart(N5));
        while !told.server(N5).leads() {
            told.asks(N5, Op::TimeOut);
            told.wait(60);
        }
        told.wait(100);
        assert_eq!(told.terms(N3)[..2], [1, 3]);
        let told_of = told.violated();
        assert_eq!(told_of.contains(&LEADER_COMPLETENESS.id), bug, "{told_of:?}");
    }
}

/// Figure 8 (e): "if S1 replicates an entry from its current term on a majority of the servers before
/// crashing, then this entry is committed (S5 cannot win an election). At this point all preceding
/// entries in the log are committed as well."
#[test]
fn figure_8_an_entry_of_the_own_term_commits_what_is_before_it() {
    let mut told = figure_8(Bugs::default());
    told.wait(120);
    assert_eq!([N1, N2, N3].map(|node| told.terms(node).len()), [18, 18, 18]);
    assert_eq!((told.server(N1).commit, told.x(N1)), (18, Some(14)));
    told.does(&Command::Crash(N1));
    told.heals();
    told.does(&Command::Restart(N5));
    for _ in 0..5 {
        told.asks(N5, Op::TimeOut);
        told.wait(60);
    }
    assert!(!told.server(N5).leads());
    told.elects_to_term(N2, told.server(N5).term + 1);
    told.wait(200);
    assert_eq!([N3, N4, N5].map(|node| told.x(node)), [Some(14); 3]);
    told.is_safe();
}

/// §5.4.2: "Raft never commits log entries from previous terms by counting replicas. Only log entries
/// from the leader's current term are committed by counting replicas; once an entry from the current
/// term has been committed in this way, then all prior entries are committed indirectly."
#[test]
fn commits_under_faults_are_of_the_leaders_own_term() {
    let mut commits = 0;
    for seed in 0..40 {
        let cluster = alive(seed).with(|config| (config.clients, config.workload_us) = (2, 60 * MS));
        let mut told = cluster.start();
        let plan = faults(seed);
        let mut before = [0; 5];
        while told.0.step(&plan, 4_000 * MS) {
            for node in [N1, N2, N3, N4, N5] {
                let Some(server) = told.world().node(node).and_then(Raft::server) else { continue };
                if server.commit > before[node.index()] && server.leads() {
                    assert_eq!(server.log.term_at(server.commit), Some(server.term), "seed {seed}");
                    commits += 1;
                }
                before[node.index()] = server.commit;
            }
        }
        told.is_safe();
    }
    assert!(commits > 500, "only {commits} commits");
}

/// §8: "Raft handles this by having each leader commit a blank no-op entry into the log at the start
/// of its term", which commits what its predecessor left.
#[test]
fn a_term_begins_with_an_empty_entry() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.puts(N1, 7);
    // n2 and n3 have the entry, and nobody knows that it is committed.
    told.wait(13);
    told.cuts(&[&[N1], &[N2, N3]]);
    assert_eq!([N1, N2, N3].map(|node| told.server(node).commit), [1, 1, 1]);
    told.elects(N2);
    assert_eq!((told.terms(N2), told.x(N2)), (vec![1, 1, 2], Some(7)));
    assert_eq!(told.server(N2).log.entry(3).unwrap().payload, Payload::Noop);
    told.is_safe();
}

/// Figure 2: the log is "updated on stable storage before responding to RPCs": a follower whose
/// disk is slow answers late, and one that crashes before has answered nobody.
#[test]
fn entries_are_on_disk_before_they_are_acknowledged() {
    let story = |bugs: Bugs| {
        let mut told = by_hand(3).with(|config| config.bugs = bugs).start();
        told.elects(N1);
        told.wait(60);
        told.cuts(&[&[N1, N2], &[N3]]);
        for node in [N1, N2] {
            told.does(&Command::Disk { node, mode: DiskMode::LoseUnsynced, sync_us: None });
        }
        let id = told.puts(N1, 7);
        // n2 has the entry in memory at 11 ms and on disk at 12; its answer would leave at once.
        told.wait(11);
        told.does(&Command::Crash(N2));
        told.wait(20);
        let answered = told.answer(id).is_some();
        told.does(&Command::Crash(N1));
        told.does(&Command::Restart(N2));
        told.heals();
        told.asks(N3, Op::TimeOut);
        told.wait(60);
        assert!(told.server(N3).leads());
        (answered, told.violated())
    };
    assert_eq!(story(Bugs::default()), (false, vec![]));
    let (answered, violated) = story(Bugs { acks_before_fsync: true, ..Bugs::default() });
    assert!(answered && violated.contains(&LEADER_COMPLETENESS.id), "{violated:?}");
}

/// The same for the leader: what it counts as its own copy is on its own disk before it is sent.
#[test]
fn a_leader_sends_nothing_that_it_could_forget() {
    let mut cluster = by_hand(3);
    cluster.disk_sync_us = (20 * MS, 20 * MS);
    let mut told = cluster.start();
    told.asks(N1, Op::TimeOut);
    told.wait(300);
    let asked_us = told.world().time_us();
    told.puts(N1, 7);
    let wrote = told.log().records.last().unwrap().outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Wrote { write: Write::Append(_), due_us } => Some(*due_us),
        _ => None,
    });
    told.wait(100);
    let carried = told.log().sent.iter().find(|(time_us, _, _, msg)| {
        *time_us >= asked_us && matches!(msg, Msg::AppendEntries { entries, .. } if !entries.is_empty())
    });
    assert!(carried.unwrap().0 >= wrote.unwrap());
    told.is_safe();
}

/// A follower that is not compared with is not counted: without the consistency check of §5.3 the
/// same index and term stand for different logs.
#[test]
fn without_the_consistency_check_logs_do_not_match() {
    for bug in [false, true] {
        let mut told = by_hand(3).with(|config| config.bugs.no_consistency_check = bug).start();
        told.elects(N1);
        told.cuts(&[&[N1], &[N2, N3]]);
        for value in 0..3 {
            told.puts(N1, value);
        }
        told.elects(N2);
        told.puts(N2, 8);
        told.puts(N2, 9);
        told.wait(60);
        told.heals();
        told.wait(60);
        told.puts(N2, 10);
        told.wait(100);
        assert_eq!(!told.violated().is_empty(), bug, "{:?}", told.violated());
    }
}

/// Replays no operation: a request that was asked directly and whose leader fell is unknown, never
/// silently dropped.
#[test]
fn whoever_asked_a_fallen_leader_is_told_that_nobody_knows() {
    let mut told = by_hand(3).start();
    told.elects(N1);
    told.cuts(&[&[N1], &[N2, N3]]);
    let (write, read) = (told.puts(N1, 7), told.gets(N1));
    told.elects(N2);
    assert_eq!((told.answer(write), told.answer(read)), (None, None));
    told.heals();
    told.wait(60);
    assert_eq!((told.answer(write), told.answer(read)), (Some(&Ret::Unknown), Some(&Ret::Unknown)));
    told.is_safe();
}
