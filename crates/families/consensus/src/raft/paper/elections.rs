//! The claims about elections (§5.1, §5.2, §5.6).

use check::Status;
use sim::{Command, Event, LinkChange, Map, NodeId, Outcome, Record, Set};

use super::*;
use crate::raft::{EVENTUALLY_A_LEADER, LogEnd, Refusal, SPLIT_VOTE, StepDown, Timer, majority};

/// §5.1: "Current terms are exchanged whenever servers communicate"; a server's term "increases
/// monotonically over time", and what it has told others survives its crashes.
#[test]
fn terms_increase_monotonically() {
    let mut loud = 0;
    for seed in 0..60 {
        let told = check(&alive(seed), &faults(seed), 6_000 * MS);
        let mut newest: Map<NodeId, Term> = Map::new();
        let mut said: Map<NodeId, Term> = Map::new();
        let mut states = told.log().states.iter().peekable();
        let mut sent = told.log().sent.iter().peekable();
        for record in &told.log().records {
            let restart = matches!(record.event, Event::Command(Command::Restart(_)));
            while let Some((_, node, term, _)) = states.next_if(|(step, ..)| *step <= record.step) {
                let floor = if restart { &said } else { &newest }.get(node).copied().unwrap_or(0);
                assert!(*term >= floor, "seed {seed}, step {}: {node:?} goes from term {floor} to {term}", record.step);
                newest.insert(*node, *term);
            }
            while let Some((_, from, _, msg)) = sent.next_if(|(time_us, ..)| *time_us <= record.time_us) {
                let newest = said.entry(*from).or_default();
                *newest = msg.term().unwrap_or(0).max(*newest);
            }
        }
        loud += u32::from(newest.values().any(|&term| term > 2));
    }
    assert!(loud > 20, "only {loud} runs see more than two terms");
}

/// §5.1: "If a server receives a request with a stale term number, it rejects the request", and the
/// stale server learns the newer term from the answer and becomes a follower.
#[test]
fn a_request_with_a_stale_term_is_rejected() {
    let others = [N1, N2, N3];
    let commands = in_order(&[
        &hold(0, &[N3], &others),
        &[time_out(0, N3), time_out(0, N1), time_out(100, N2), time_out(200, N1)],
        &release(300, &[N3], &others),
    ]);
    let told = check(&by_hand(3), &commands, 1_000 * MS);
    // n3 has learned of term 3 meanwhile; its request is of term 1.
    assert!(told.said(N1, &Note::RefusedVote { term: 3, candidate: N3, why: Refusal::OldTerm, pre: false }));
    assert!(!told.notes(N1).iter().any(|(_, note)| matches!(note, Note::GrantedVote { candidate: N3, .. })));
    let answer = Msg::RequestVoteReply { term: 3, granted: false };
    assert!(told.log().sent.iter().any(|(_, from, to, msg)| (*from, *to, msg) == (N1, N3, &answer)));
    assert_eq!(told.leaders(), [N1]);
}

/// §5.1: "If a candidate or leader discovers that its term is out of date, it immediately reverts
/// to follower state."
#[test]
fn a_newer_term_turns_leaders_and_candidates_into_followers() {
    let cut_off = at(100, Command::Partition(vec![vec![N1], vec![N2, N3]]));
    let commands = [time_out(0, N1), cut_off, time_out(200, N2), at(400, Command::HealAll)];
    let told = check(&by_hand(3), &commands[..3], 399 * MS);
    assert_eq!(told.leaders(), [N1, N2], "two leaders at once, of different terms");
    assert_eq!((told.server(N1).term, told.server(N2).term), (1, 2));
    let told = check(&by_hand(3), &commands, 1_000 * MS);
    assert_eq!(told.leaders(), [N2]);
    let (time_us, _) = *told
        .notes(N1)
        .iter()
        .find(|(_, note)| *note == Note::SteppedDown { term: 2, led: true, why: StepDown::NewerTerm })
        .unwrap();
    let arrived = told.log().records.iter().find(|record| {
        record.time_us > 400 * MS
            && matches!(&record.event, Event::Deliver { id, msg } if id.to == N1 && msg.term() == Some(2))
    });
    assert_eq!(arrived.unwrap().time_us, time_us, "with the first message that says so");
    // A candidate: n3 asks in term 1 and hears nothing of the leader of that term.
    let commands = in_order(&[
        &hold(0, &[N3], &[N1, N2]),
        &hold(0, &[N1], &[N3]),
        &[time_out(0, N3), time_out(10, N1), time_out(50, N2)],
    ]);
    let told = check(&by_hand(3), &commands, 500 * MS);
    assert!(told.said(N3, &Note::SteppedDown { term: 2, led: false, why: StepDown::NewerTerm }));
    assert_eq!(told.server(N3).role, Role::Follower { leader: Some(N2) });
}

/// §5.2: "When servers start up, they begin as followers", and again after each restart.
#[test]
fn servers_begin_as_followers() {
    let follower = Role::Follower { leader: None };
    let told = check(&alive(1), &[], 0);
    assert!(told.world().node_ids().all(|node| told.server(node).role == follower && told.server(node).term == 0));
    let told =
        check(&by_hand(3), &[time_out(0, N1), at(100, Command::Crash(N1)), at(101, Command::Restart(N1))], 101 * MS);
    let server = told.server(N1);
    assert_eq!((server.term, server.voted_for, &server.role), (1, Some(N1), &follower));
}

/// §5.2: "To begin an election, a follower increments its current term and transitions to candidate
/// state. It then votes for itself and issues RequestVote RPCs in parallel to each of the other
/// servers"; it wins with "votes from a majority" and "then sends heartbeat messages to all of the
/// other servers".
#[test]
fn an_election_runs_as_described() {
    let told = check(&by_hand(5), &[time_out(0, N2)], 5 * MS);
    assert_eq!((told.server(N2).term, told.server(N2).voted_for), (1, Some(N2)));
    assert_eq!(told.server(N2).role, Role::Candidate { votes: Set::from([N2]) });
    let asked: Vec<_> = told.log().sent.iter().map(|(time_us, _, to, msg)| (*time_us, *to, msg.clone())).collect();
    let ask = |to| (MS, to, Msg::RequestVote { term: 1, last: LogEnd { term: 0, index: 0 }, ordered: true });
    assert_eq!(asked, [ask(N1), ask(N3), ask(N4), ask(N5)], "as soon as its own vote is on disk");
    let told = check(&by_hand(5), &[time_out(0, N2)], 1_000 * MS);
    let (won_us, _) =
        *told.notes(N2).iter().find(|(_, note)| *note == Note::BecameLeader { term: 1, votes: 3 }).unwrap();
    let beats =
        told.log().sent.iter().filter(|(time_us, _, _, msg)| {
            *time_us == won_us + MS && matches!(msg, Msg::AppendEntries { term: 1, .. })
        });
    assert_eq!(beats.map(|(_, _, to, _)| *to).collect::<Vec<_>>(), [N1, N3, N4, N5]);
}

/// Figure 4: the states of a server and the ways between them.
#[test]
fn roles_change_only_as_in_figure_4() {
    let mut seen = Set::new();
    for seed in 0..60 {
        let told = check(&alive(seed), &faults(seed), 6_000 * MS);
        let boots: Set<u64> = told
            .log()
            .records
            .iter()
            .filter(|record| matches!(record.event, Event::Boot(_) | Event::Command(Command::Restart(_))))
            .map(|record| record.step)
            .collect();
        let mut last: Map<NodeId, (Term, &str)> = Map::new();
        for (step, node, term, role) in &told.log().states {
            if let Some((before, from)) = last.insert(*node, (*term, role))
                && !boots.contains(step)
            {
                let to = *role;
                let newer = *term > before;
                let legal = match (from, to) {
                    ("follower", "candidate") => *term == before + 1,
                    ("candidate", "candidate") => *term == before + 1 || *term == before,
                    ("candidate", "leader") => *term == before,
                    ("candidate" | "follower", "follower") => true,
                    ("leader", "follower") => newer,
                    _ => false,
                };
                assert!(legal, "seed {seed}, step {step}: {node:?} goes from {from} of {before} to {to} of {term}");
                seen.insert((from, to));
            }
        }
    }
    assert_eq!(seen.len(), 6, "every way of the figure is taken: {seen:?}");
}

/// §5.2: "Each server will vote for at most one candidate in a given term, on a
/// first-come-first-served basis."
#[test]
fn a_server_votes_for_whoever_asks_first() {
    // n1 asks 1 ms before n2; n5 is nearer to n2 and hears it first.
    let near = Command::Link {
        from: N2,
        to: N5,
        both: true,
        change: LinkChange { latency_us: Some((MS, MS)), ..LinkChange::default() },
    };
    let told = check(&by_hand(5), &[at(0, near), time_out(0, N1), time_out(1, N2)], 1_000 * MS);
    for node in [N3, N4] {
        assert!(told.said(node, &Note::GrantedVote { term: 1, candidate: N1, pre: false }));
        assert!(told.said(node, &Note::RefusedVote { term: 1, candidate: N2, why: Refusal::VotedFor(N1), pre: false }));
    }
    assert!(told.said(N5, &Note::GrantedVote { term: 1, candidate: N2, pre: false }));
    assert!(told.said(N5, &Note::RefusedVote { term: 1, candidate: N1, why: Refusal::VotedFor(N2), pre: false }));
    assert!(told.said(N1, &Note::RefusedVote { term: 1, candidate: N2, why: Refusal::VotedFor(N1), pre: false }));
    assert_eq!(told.leaders(), [N1]);
}

/// §5.2: asked again by the same candidate, a server confirms the vote (a lost answer must not
/// lose the vote).
#[test]
fn a_vote_that_is_asked_for_twice_is_given_twice_to_the_same() {
    let again = sim::MessageId { from: N1, to: N2, number: 1, copy: 0 };
    let duplicate = at(5, Command::Message { id: again, act: sim::MessageAct::Duplicate });
    let told = check(&by_hand(3), &[time_out(0, N1), duplicate], 40 * MS);
    let yes = Msg::RequestVoteReply { term: 1, granted: true };
    assert_eq!(told.log().sent.iter().filter(|(_, from, _, msg)| (*from, msg) == (N2, &yes)).count(), 2);
}

/// §5.2: a candidate that hears a leader whose term "is at least as large as the candidate's
/// current term … returns to follower state".
#[test]
fn a_candidate_gives_way_to_a_leader_of_its_term() {
    let told = check(&by_hand(5), &[time_out(0, N1), time_out(5, N2)], 1_000 * MS);
    assert!(told.said(N2, &Note::BecameCandidate { term: 1 }));
    assert!(told.said(N2, &Note::SteppedDown { term: 1, led: false, why: StepDown::LeaderOfTerm }));
    assert_eq!(told.server(N2).role, Role::Follower { leader: Some(N1) });
    assert_eq!(told.server(N2).voted_for, Some(N2), "its vote of the term stays with itself");
}

/// §5.2: "If the term in the RPC is smaller than the candidate's current term, then the candidate
/// rejects the RPC and continues in candidate state."
#[test]
fn a_candidate_ignores_a_leader_of_an_older_term() {
    let commands = in_order(&[&[time_out(0, N1)], &hold(100, &[N2], &[N1, N3]), &[time_out(100, N2)]]);
    let told = check(&by_hand(3), &commands, 1_000 * MS);
    let heard = told.log().records.iter().filter(|record| {
        record.time_us > 110 * MS
            && matches!(&record.event, Event::Deliver { id, msg: Msg::AppendEntries { term: 1, .. } } if id.to == N2)
    });
    assert!(heard.count() > 10);
    assert_eq!(told.server(N2).role, Role::Candidate { votes: Set::from([N2]) });
    assert!(
        told.world().flights().iter().any(|flight| matches!(flight.msg, Msg::AppendEntriesReply { term: 2, .. })),
        "it answers with its term"
    );
}

/// Figure 2: a vote counts for the term in which it was given.
#[test]
fn late_votes_do_not_elect_in_a_newer_term() {
    let others = [N2, N3, N4, N5];
    let commands = in_order(&[
        &hold(0, &others, &[N1]),
        &[time_out(0, N1)],
        &hold(100, &[N1], &others),
        &[time_out(100, N1)],
        &release(200, &others, &[N1]),
    ]);
    let told = check(&by_hand(5), &commands, 1_000 * MS);
    let arrived = told.log().records.iter().filter(|record| {
        matches!(&record.event, Event::Deliver { msg: Msg::RequestVoteReply { term: 1, granted: true }, .. })
    });
    assert_eq!(arrived.count(), 4);
    assert_eq!(told.server(N1).role, Role::Candidate { votes: Set::from([N1]) });
}

/// §5.2: "a candidate wins an election if it receives votes from a majority of the servers in the
/// full cluster": two of five are none, three of five are one.
#[test]
fn a_minority_elects_nobody() {
    assert_eq!([1, 2, 3, 4, 5, 6, 9].map(majority), [1, 2, 2, 3, 3, 4, 5]);
    let split = |left: &[NodeId], right: &[NodeId]| at(0, Command::Partition(vec![left.to_vec(), right.to_vec()]));
    let told = check(&by_hand(5), &[split(&[N1, N2], &[N3, N4, N5]), time_out(1, N1)], 1_000 * MS);
    assert_eq!(told.leaders(), []);
    assert_eq!(told.server(N1).role, Role::Candidate { votes: Set::from([N1, N2]) });
    let told = check(&by_hand(5), &[split(&[N1, N2, N3], &[N4, N5]), time_out(1, N1)], 1_000 * MS);
    assert_eq!(told.leaders(), [N1]);
    // Half of four is no majority.
    let told = check(&by_hand(4), &[split(&[N1, N2], &[N3, N4]), time_out(1, N1)], 1_000 * MS);
    assert_eq!(told.leaders(), []);
}

/// §5.2: "election timeouts are chosen randomly from a fixed interval (e.g., 150–300ms)", and "each
/// candidate restarts its randomized election timeout at the start of an election". Tolerance: the
/// mean of at least 2,000 draws is within 3 % of 225 ms.
#[test]
fn timeouts_are_redrawn_from_the_interval_at_every_reset() {
    let mut drawn = Vec::new();
    for seed in 0..10 {
        let told = check(&alive(seed), &[], 3_000 * MS);
        for record in &told.log().records {
            for outcome in &record.outcomes {
                if let Outcome::TimerSet { timer: Timer::Election, due_us } = outcome {
                    drawn.push(due_us - record.time_us);
                }
            }
            let candidate = record.notes().any(|note| matches!(note, Note::BecameCandidate { .. }));
            let reset = record
                .outcomes
                .iter()
                .any(|outcome| matches!(outcome, Outcome::TimerSet { timer: Timer::Election, .. }));
            assert!(reset || !candidate, "a candidate restarts its timeout");
        }
    }
    assert!(drawn.len() > 2_000, "{} draws", drawn.len());
    assert!(drawn.iter().all(|drawn_us| (150 * MS..=300 * MS).contains(drawn_us)));
    let mean_us = drawn.iter().sum::<u64>() / drawn.len() as u64;
    assert!(mean_us.abs_diff(225 * MS) < 225 * MS * 3 / 100, "the mean is {mean_us} µs");
    let distinct: Set<_> = drawn.iter().collect();
    assert!(distinct.len() * 100 > drawn.len() * 97, "only {} of {} draws differ", distinct.len(), drawn.len());
    assert!(drawn.iter().any(|&us| us < 153 * MS) && drawn.iter().any(|&us| us > 297 * MS), "the ends are reached");
}

/// §5.2: a follower that hears a valid leader or gives its vote away starts its timeout anew; a
/// refusal does not prolong it (Figure 2: "without receiving AppendEntries RPC from current leader
/// or granting vote to candidate").
#[test]
fn only_a_leader_or_a_granted_vote_resets_the_timeout() {
    let resets = |told: &Told, node, find: fn(&Msg) -> bool| {
        let records =
            told.log().records.iter().filter(
                move |record| matches!(&record.event, Event::Deliver { id, msg } if id.to == node && find(msg)),
            );
        records
            .map(|record| {
                record
                    .outcomes
                    .iter()
                    .any(|outcome| matches!(outcome, Outcome::TimerSet { timer: Timer::Election, .. }))
            })
            .collect::<Vec<_>>()
    };
    let told = check(&by_hand(5), &[time_out(0, N1), time_out(5, N2)], 200 * MS);
    assert_eq!(resets(&told, N3, |msg| matches!(msg, Msg::RequestVote { .. })), [true, false]);
    let beats = resets(&told, N3, |msg| matches!(msg, Msg::AppendEntries { .. }));
    assert!(beats.len() > 2 && beats.iter().all(|&reset| reset));
}

/// §5.2: when "many followers become candidates at the same time, votes could be split so that no
/// candidate obtains a majority"; then "each candidate will time out and start a new election", and
/// random timeouts "ensure that split votes are rare and that they are resolved quickly". Tolerance:
/// a leader within ten longest timeouts for each of 100 seeds, and within three for nine of ten.
#[test]
fn a_split_vote_is_resolved() {
    let mut quickly = 0;
    for seed in 0..100 {
        let all: Vec<_> = [N1, N2, N3, N4, N5].map(|node| time_out(10, node)).to_vec();
        let told = check(&alive(seed), &all, 3_000 * MS);
        let first = told.oracle().leaders().next().expect("somebody wins in the end");
        assert!(first.0 > 1, "seed {seed}: five candidates of term 1 and yet a leader");
        let seen =
            told.oracle().verdicts(3_000 * MS).into_iter().find(|verdict| verdict.property == SPLIT_VOTE).unwrap();
        assert_eq!(seen.status, Status::Met, "seed {seed}");
        let won_us = told
            .log()
            .records
            .iter()
            .find(|record| record.notes().any(|note| matches!(note, Note::BecameLeader { .. })));
        quickly += u32::from(won_us.unwrap().time_us < 900 * MS);
    }
    assert!(quickly >= 90, "only {quickly} of 100 within three timeouts");
}

/// Figure 2: currentTerm and votedFor are "updated on stable storage": after a crash the vote still
/// belongs to whom it was given.
#[test]
fn term_and_vote_survive_a_crash() {
    let commands = in_order(&[
        &hold(0, &[N2], &[N3]),
        &hold(0, &[N1], &[N2]),
        &[time_out(0, N1), time_out(0, N2)],
        // n3's vote for n1 is on disk at 13 ms at the latest; n1's first entry does not reach it.
        &[at(20, Command::Crash(N3))],
        &hold(20, &[N1], &[N3]),
        &[at(30, Command::Restart(N3))],
        &release(40, &[N2], &[N3]),
    ]);
    let told = check(&by_hand(3), &commands, 200 * MS);
    assert!(told.said(N3, &Note::RefusedVote { term: 1, candidate: N2, why: Refusal::VotedFor(N1), pre: false }));
    assert_eq!(told.server(N3).voted_for, Some(N1));
    // The mistake that this is about, so that this test is known to see it.
    let mut forgetful = by_hand(3);
    forgetful.config.bugs.forgets_vote = true;
    let told = run(&forgetful, &commands, 200 * MS);
    assert!(told.said(N3, &Note::GrantedVote { term: 1, candidate: N2, pre: false }));
    assert!(told.oracle().violated());
}

/// Figure 2: persistent state is "updated on stable storage before responding to RPCs".
#[test]
fn answers_wait_for_the_disk() {
    let mut slow = by_hand(3);
    slow.disk_sync_us = (50 * MS, 50 * MS);
    let told = check(&slow, &[time_out(0, N1)], 1_000 * MS);
    let first = |find: fn(&Msg) -> bool| told.log().sent.iter().find(|(_, _, _, msg)| find(msg)).unwrap().0;
    assert_eq!(first(|msg| matches!(msg, Msg::RequestVote { .. })), 50 * MS, "a candidate's own vote first");
    // The request is heard at 60 ms; the new term and the vote are two writes.
    assert_eq!(first(|msg| matches!(msg, Msg::RequestVoteReply { .. })), 160 * MS);
    // A voter that crashes before its disk is done has answered nobody, and says so by its disk.
    for seed in 0..20 {
        slow.seed = seed;
        let told =
            check(&slow, &[time_out(0, N1), at(159, Command::Crash(N2)), at(160, Command::Restart(N2))], 161 * MS);
        let answered =
            told.log().sent.iter().any(|(_, from, _, msg)| *from == N2 && matches!(msg, Msg::RequestVoteReply { .. }));
        assert!(!answered, "seed {seed}");
        assert_eq!(told.server(N2).term, 1, "seed {seed}: the term was on disk at 110 ms");
    }
}

/// §5.2: "Leaders send periodic heartbeats … to all followers in order to maintain their
/// authority."
#[test]
fn heartbeats_keep_followers_following() {
    for seed in 0..10 {
        let told = check(&alive(seed), &[], 20_000 * MS);
        assert_eq!(told.leaders().len(), 1, "seed {seed}");
        let leader = told.leaders()[0];
        let elected = told.notes(leader).iter().rfind(|(_, note)| matches!(note, Note::BecameLeader { .. })).unwrap().0;
        assert!(elected < 2_000 * MS, "seed {seed}: still electing after 2 s");
        for node in told.world().node_ids() {
            assert!(
                told.notes(node)
                    .iter()
                    .all(|(time_us, note)| *time_us <= elected || !matches!(note, Note::BecameCandidate { .. }))
            );
        }
        let beats: Vec<u64> = told
            .log()
            .sent
            .iter()
            .filter(|(time_us, _, to, msg)| {
                *time_us > elected + 10 * MS && matches!(msg, Msg::AppendEntries { .. }) && to.0 == (leader.0 + 1) % 5
            })
            .map(|(time_us, ..)| *time_us)
            .collect();
        assert!(beats.windows(2).all(|pair| pair[1] - pair[0] == 50 * MS), "every 50 ms");
    }
}

/// §5.2: "If a follower receives no communication over a period of time called the election timeout,
/// then it assumes there is no viable leader and begins an election": a leader that crashes is
/// replaced, in a newer term. Tolerance: within 2 s for each of 50 seeds.
#[test]
fn a_crashed_leader_is_replaced() {
    for seed in 0..50 {
        let before = check(&alive(seed), &[], 2_000 * MS);
        let old = before.leaders()[0];
        let told = check(&alive(seed), &[at(2_000, Command::Crash(old))], 4_000 * MS);
        let new = told.leaders();
        assert_eq!(new.len(), 1, "seed {seed}");
        assert!(new[0] != old && told.server(new[0]).term > before.server(old).term, "seed {seed}");
    }
}

/// §5.6: broadcastTime ≪ electionTimeout. Where a round trip takes as long as a timeout, elections
/// follow each other; where it is a tenth of it, one is enough.
#[test]
fn elections_need_a_broadcast_time_well_below_the_timeout() {
    let elections = |latency_us: (u64, u64)| {
        let mut total = 0;
        for seed in 0..10 {
            let told = check(&Cluster { latency_us, ..alive(seed) }, &[], 10_000 * MS);
            total += told.oracle().elections_started();
        }
        total
    };
    let (near, far) = (elections((5 * MS, 15 * MS)), elections((150 * MS, 300 * MS)));
    assert!(near < 40, "{near} elections in ten quiet runs");
    assert!(far > 10 * near, "{far} elections far away against {near} nearby");
}

/// §5.6: the broadcast time depends "on storage technology": with a disk that is slower than the
/// timeout nobody is elected, and nothing was promised.
#[test]
fn with_a_disk_slower_than_the_timeout_nothing_is_promised() {
    let liveness = |sync_us: u64| {
        let told = check(&Cluster { disk_sync_us: (sync_us, sync_us), ..alive(1) }, &[], 20_000 * MS);
        let verdicts = told.oracle().verdicts(20_000 * MS);
        let verdict = verdicts.iter().find(|verdict| verdict.property == EVENTUALLY_A_LEADER).unwrap();
        (told.leaders().len(), verdict.status)
    };
    assert_eq!(liveness(MS), (1, Status::Met));
    assert_eq!(liveness(1_000 * MS), (0, Status::Pending));
}

/// §5.2, Figure 3: "at most one leader can be elected in a given term", under faults of every kind.
#[test]
fn at_most_one_leader_per_term() {
    let (mut terms, mut crowded) = (0, 0);
    for seed in 0..150 {
        let told = check(&alive(seed), &faults(seed), 6_000 * MS);
        terms += told.oracle().leaders().count();
        let two =
            |record: &Record<Raft>| record.notes().any(|note| matches!(note, Note::SteppedDown { led: true, .. }));
        crowded += u32::from(told.log().records.iter().any(two));
    }
    assert!(terms > 300 && crowded > 30, "{terms} terms with a leader, {crowded} runs with a deposed one");
}
