//! The laws of clocks, held against the graph of random executions, and the examples of textbooks.

use algorithms::clocks::{
    Broadcast, CausalBuffer, Dot, Dotted, Execution, Full, Hybrid, HybridClock, LamportClock, MatrixClock, Order,
    VectorClock, sync, update,
};
use sim::NodeId;
use sim::random::{Domain, Stream};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

fn stream(seed: u64) -> Stream {
    Stream::new(seed, Domain::Faults, 7)
}

fn clock(entries: &[(NodeId, u64)]) -> VectorClock {
    VectorClock::of(entries.iter().copied())
}

/// Everything that the clocks say of one event.
#[derive(Clone, Debug)]
struct Stamp {
    process: NodeId,
    wall_us: u64,
    lamport: LamportClock,
    vector: VectorClock,
    hybrid: Hybrid,
    matrix: MatrixClock,
}

/// A random execution, its graph, and the stamps of its events. Wall clocks are off by up to `offset_us_max`.
fn execution(seed: u64, processes: u32, events: u32, offset_us_max: u64) -> (Execution, Vec<Stamp>) {
    let mut stream = stream(seed);
    let offsets: Vec<u64> = (0..processes).map(|_| stream.range(0, offset_us_max)).collect();
    let mut graph = Execution::default();
    let mut stamps: Vec<Stamp> = Vec::new();
    let mut wire: Vec<(u32, NodeId)> = Vec::new();
    let mut lamport = vec![LamportClock::default(); processes as usize];
    let mut vector = vec![VectorClock::default(); processes as usize];
    let mut hybrid = vec![HybridClock::default(); processes as usize];
    let mut matrix = vec![MatrixClock::default(); processes as usize];
    let mut true_us = 1_000;
    for _ in 0..events {
        // Several events may share a moment.
        true_us += stream.range(0, 3);
        let receives = !wire.is_empty() && stream.happens(500_000);
        let (process, received) = if receives {
            let (sent, to) = wire.swap_remove(stream.range(0, wire.len() as u64 - 1) as usize);
            (to, Some(sent))
        } else {
            (NodeId(stream.range(0, u64::from(processes) - 1) as u32), None)
        };
        let me = process.index();
        let wall_us = true_us + offsets[me];
        let number = graph.add(process.0, received);
        match received {
            None => {
                lamport[me].tick();
                vector[me].tick(process);
                hybrid[me].tick(wall_us);
                matrix[me].tick(process);
            }
            Some(sent) => {
                let sent = &stamps[sent as usize];
                lamport[me].receive(sent.lamport);
                vector[me].receive(process, &sent.vector);
                hybrid[me].receive(sent.hybrid, wall_us);
                matrix[me].receive(process, sent.process, &sent.matrix);
            }
        }
        stamps.push(Stamp {
            process,
            wall_us,
            lamport: lamport[me],
            vector: vector[me].clone(),
            hybrid: hybrid[me].newest(),
            matrix: matrix[me].clone(),
        });
        if received.is_none() && stream.happens(600_000) {
            let to = NodeId(stream.range(0, u64::from(processes) - 1) as u32);
            if to != process {
                wire.push((number, to));
            }
        }
    }
    (graph, stamps)
}

/// All pairs of all events of some random executions, with how they really stand.
fn for_all_pairs(offset_us_max: u64, mut check: impl FnMut(&Stamp, &Stamp, Order)) {
    for seed in 0..12 {
        let (graph, stamps) = execution(seed, 2 + seed as u32 % 5, 70, offset_us_max);
        for (first, a) in stamps.iter().enumerate() {
            for (second, b) in stamps.iter().enumerate() {
                check(a, b, graph.order(first as u32, second as u32));
            }
        }
    }
}

#[test]
fn a_vector_clock_says_exactly_what_happened() {
    let (mut before, mut concurrent) = (0, 0);
    for_all_pairs(0, |a, b, order| {
        assert_eq!(a.vector.compare(&b.vector), order);
        before += u32::from(order == Order::Before);
        concurrent += u32::from(order == Order::Concurrent);
    });
    assert!(before > 1_000 && concurrent > 1_000, "{before} and {concurrent}: the executions show little");
}

#[test]
fn numbers_never_contradict_causality_and_never_say_concurrent() {
    let mut claimed = 0;
    for_all_pairs(5_000, |a, b, order| {
        for said in [a.lamport.compare(&b.lamport), a.hybrid.compare(&b.hybrid)] {
            assert_ne!(said, Order::Concurrent);
            match order {
                Order::Before | Order::After | Order::Equal => assert_eq!(said, order),
                // Whatever they say here is not known: all it excludes is the opposite.
                Order::Concurrent => claimed += u32::from(said != Order::Equal),
            }
        }
    });
    assert!(claimed > 1_000, "no number ever claims an order that is not there");
}

#[test]
fn skewed_wall_clocks_contradict_causality_and_right_ones_do_not() {
    let lies = |offset_us_max| {
        let mut lies = 0;
        for_all_pairs(offset_us_max, |a, b, order| {
            lies += u32::from(order == Order::Before && a.wall_us > b.wall_us);
        });
        lies
    };
    assert_eq!(lies(0), 0);
    assert!(lies(5_000) > 100);
}

#[test]
fn a_hybrid_clock_stays_close_to_the_wall_clock() {
    // What the paper proves of it: l is the largest wall reading in the event's past.
    for offset_us_max in [0, 3, 5_000] {
        for seed in 0..12 {
            let (graph, stamps) = execution(seed, 2 + seed as u32 % 5, 70, offset_us_max);
            for (number, stamp) in stamps.iter().enumerate() {
                let past = |(other, _): &(usize, &Stamp)| {
                    matches!(graph.order(*other as u32, number as u32), Order::Before | Order::Equal)
                };
                let largest = stamps.iter().enumerate().filter(past).map(|(_, known)| known.wall_us).max();
                assert_eq!(Some(stamp.hybrid.wall_us), largest);
                assert!(stamp.wall_us <= stamp.hybrid.wall_us);
                assert!(stamp.hybrid.wall_us <= stamp.wall_us + offset_us_max);
                // c counts at most the events of the past that share l.
                let sharing = stamps
                    .iter()
                    .enumerate()
                    .filter(|(other, known)| {
                        known.hybrid.wall_us == stamp.hybrid.wall_us
                            && graph.happened_before(*other as u32, number as u32)
                    })
                    .count();
                assert!(stamp.hybrid.count <= sharing as u64);
            }
        }
    }
}

#[test]
fn the_orders_are_partial_orders_and_merging_is_a_join() {
    let mut stream = stream(3);
    let mut some = || {
        let entries = stream.range(0, 4);
        clock(&(0..entries).map(|_| (NodeId(stream.range(0, 3) as u32), stream.range(0, 2))).collect::<Vec<_>>())
    };
    let mut seen = [0u32; 4];
    for _ in 0..4_000 {
        let (a, b, c) = (some(), some(), some());
        assert_eq!(a.compare(&a), Order::Equal);
        assert_eq!(a.compare(&b), b.compare(&a).reversed());
        assert_eq!(a.compare(&b) == Order::Equal, a == b);
        seen[a.compare(&b) as usize] += 1;
        if a.at_most(&b) && b.at_most(&c) {
            assert!(a.at_most(&c));
        }
        let join = |a: &VectorClock, b: &VectorClock| {
            let mut join = a.clone();
            join.merge(b);
            join
        };
        let ab = join(&a, &b);
        assert_eq!((ab.clone(), join(&a, &a)), (join(&b, &a), a.clone()));
        assert_eq!(join(&ab, &c), join(&a, &join(&b, &c)));
        assert!(a.at_most(&ab) && b.at_most(&ab));
        assert_eq!(ab.at_most(&c), a.at_most(&c) && b.at_most(&c), "the least upper bound");
    }
    assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
}

#[test]
fn tick_then_attach_and_merge_then_tick() {
    let mut sender = VectorClock::default();
    sender.tick(A);
    assert_eq!(sender, clock(&[(A, 1)]), "a local event ticks");
    sender.tick(A);
    let attached = sender.clone();
    assert_eq!(attached, clock(&[(A, 2)]), "a send ticks, and takes the new value along");
    let mut receiver = clock(&[(A, 1), (B, 5), (C, 2)]);
    receiver.receive(B, &attached);
    assert_eq!(receiver, clock(&[(A, 2), (B, 6), (C, 2)]), "a receipt merges and ticks its own entry only");
    let mut lamport = LamportClock(3);
    assert_eq!(lamport.tick(), LamportClock(4));
    assert_eq!(lamport.receive(LamportClock(9)), LamportClock(10));
    assert_eq!(lamport.receive(LamportClock(2)), LamportClock(11));
}

#[test]
fn the_older_rule_differs_where_the_receiver_is_ahead() {
    for (own, attached) in (0..8).flat_map(|own| (0..8).map(move |attached| (own, attached))) {
        let (mut today, mut alone, mut paper) = (LamportClock(own), LamportClock(own), LamportClock(own));
        today.receive(LamportClock(attached));
        alone.receive_without_tick(LamportClock(attached));
        // IR1 between successive events, and then IR2(b).
        paper.tick();
        paper.receive_without_tick(LamportClock(attached));
        assert_eq!(today, paper, "the paper's two rules together are today's one");
        assert_eq!(today != alone, own > attached, "own {own}, attached {attached}");
        assert_eq!(alone == LamportClock(own), own > attached, "and then nothing has moved");
    }
}

#[test]
fn five_events_as_everybody_draws_them() {
    let (mut a, mut b, mut c) = (VectorClock::default(), VectorClock::default(), VectorClock::default());
    a.tick(A);
    let a1 = a.clone();
    b.receive(B, &a1);
    let b2 = b.clone();
    a.tick(A);
    let a3 = a.clone();
    c.tick(C);
    let c4 = c.clone();
    c.receive(C, &b2);
    let c5 = c.clone();
    assert_eq!(a1, clock(&[(A, 1)]));
    assert_eq!(b2, clock(&[(A, 1), (B, 1)]));
    assert_eq!(a3, clock(&[(A, 2)]));
    assert_eq!(c4, clock(&[(C, 1)]));
    assert_eq!(c5, clock(&[(A, 1), (B, 1), (C, 2)]));
    assert_eq!((a1.compare(&b2), b2.compare(&c5), a1.compare(&c5)), (Order::Before, Order::Before, Order::Before));
    assert_eq!((c5.compare(&a1), c4.compare(&c5)), (Order::After, Order::Before));
    assert_eq!(
        (a3.compare(&c4), a3.compare(&b2), a3.compare(&c5)),
        (Order::Concurrent, Order::Concurrent, Order::Concurrent)
    );
    assert_eq!(c5.compare(&c5.clone()), Order::Equal);
    // The graph agrees.
    let mut graph = Execution::default();
    let [g1, g2, g3, g4] = [graph.add(0, None), graph.add(1, Some(0)), graph.add(0, None), graph.add(2, None)];
    let g5 = graph.add(2, Some(g2));
    assert_eq!(
        (graph.order(g1, g5), graph.order(g3, g4), graph.order(g5, g4)),
        (Order::Before, Order::Concurrent, Order::After)
    );
}

#[test]
fn pruning_a_silent_process_turns_before_into_concurrent() {
    let early = clock(&[(A, 1), (C, 1)]);
    let mut late = clock(&[(A, 1), (B, 1), (C, 1)]);
    assert_eq!(early.compare(&late), Order::Before);
    late.prune(C);
    assert_eq!(early.compare(&late), Order::Concurrent);
}

#[test]
fn what_a_matrix_clock_claims_of_others_they_know() {
    for seed in 0..12 {
        let processes = 2 + seed as u32 % 4;
        let (_, stamps) = execution(seed, processes, 120, 0);
        let all = || (0..processes).map(NodeId);
        let mut newest = vec![VectorClock::default(); processes as usize];
        let mut claims = 0;
        for stamp in &stamps {
            newest[stamp.process.index()] = stamp.vector.clone();
            assert_eq!(stamp.matrix.row(stamp.process), stamp.vector, "its own row is the vector clock");
            for other in all() {
                assert!(stamp.matrix.row(other).at_most(&newest[other.index()]), "it claims too much of {other:?}");
                let known = stamp.matrix.known_to_all(other, all());
                assert!(newest.iter().all(|vector| vector.get(other) >= known));
                claims += known;
            }
        }
        assert!(claims > 0, "nothing is ever known to everybody");
    }
}

#[test]
fn two_clients_of_one_server_do_not_swallow_each_other() {
    // Both read the same and write through A; B has its own.
    let context = VectorClock::default();
    let first = update(&context, &[], A);
    let second = update(&context, std::slice::from_ref(&first), A);
    assert_eq!((first.dot, second.dot), (Dot { node: A, number: 1 }, Dot { node: A, number: 2 }));
    assert_eq!(first.compare(&second), Order::Concurrent, "a plain version vector says before: {{A:1}}, {{A:2}}");
    assert_eq!(first.ceiling().compare(&second.ceiling()), Order::Before);
    let both = sync(std::slice::from_ref(&first), std::slice::from_ref(&second));
    assert_eq!(both.len(), 2);
    // Whoever has read both replaces both.
    let mut seen = first.ceiling();
    seen.merge(&second.ceiling());
    let third = update(&seen, &both, B);
    assert_eq!(
        (third.dot, first.compare(&third), third.compare(&second)),
        (Dot { node: B, number: 1 }, Order::Before, Order::After)
    );
    assert_eq!(sync(&both, std::slice::from_ref(&third)), [third]);
}

#[test]
fn dotted_version_vectors_keep_exactly_what_nobody_has_overwritten() {
    // Clients read any replica and write through any other; replicas meet at random. Beside it, what really happened:
    // which writes each version's writer had seen.
    for seed in 0..40 {
        let mut stream = stream(seed);
        let mut replicas: Vec<Vec<Dotted>> = vec![Vec::new(); 3];
        let mut seen_by: Vec<(Dot, Vec<Dot>)> = Vec::new();
        for _ in 0..60 {
            let from = stream.range(0, 2) as usize;
            let to = stream.range(0, 2) as usize;
            if stream.happens(400_000) {
                replicas[to] = sync(&replicas[to], &replicas[from]);
                continue;
            }
            let read = replicas[from].clone();
            let mut context = VectorClock::default();
            read.iter().for_each(|version| context.merge(&version.ceiling()));
            let written = update(&context, &replicas[to], NodeId(to as u32));
            let mut past: Vec<Dot> = Vec::new();
            for version in &read {
                past.push(version.dot);
                past.extend(seen_by.iter().find(|(dot, _)| *dot == version.dot).unwrap().1.iter().copied());
            }
            assert!(seen_by.iter().all(|(dot, _)| *dot != written.dot), "a dot is given once");
            seen_by.push((written.dot, past));
            replicas[to] = sync(&replicas[to], &[written]);
        }
        let all: Vec<Dotted> = replicas.concat();
        for a in &all {
            for b in &all {
                let knows =
                    |a: &Dotted, b: &Dotted| seen_by.iter().any(|(dot, past)| *dot == b.dot && past.contains(&a.dot));
                let order = if a.dot == b.dot { Order::Equal } else { Order::of(knows(a, b), knows(b, a)) };
                assert_eq!(a.compare(b), order);
            }
        }
        for replica in &replicas {
            assert_eq!(sync(replica, replica), *replica, "merging with oneself changes nothing");
        }
    }
}

#[test]
fn causal_delivery_never_gives_an_answer_before_its_question() {
    let mut waited = 0;
    for seed in 0..40 {
        let mut stream = stream(seed);
        let mut buffers: Vec<CausalBuffer<usize>> = vec![CausalBuffer::new(1_000); 3];
        // What each process has delivered, its own included; and which broadcasts each one's sender had.
        let mut delivered: Vec<Vec<usize>> = vec![Vec::new(); 3];
        let mut knew: Vec<Vec<usize>> = Vec::new();
        let mut wire: Vec<(usize, Broadcast<usize>)> = Vec::new();
        for round in 0..160 {
            if round < 100 && (wire.is_empty() || stream.happens(400_000)) {
                let me = stream.range(0, 2) as usize;
                let sent = buffers[me].broadcast(NodeId(me as u32), knew.len());
                knew.push(delivered[me].clone());
                delivered[me].push(sent.body);
                for to in (0..3).filter(|&to| to != me) {
                    wire.push((to, sent.clone()));
                    if stream.happens(200_000) {
                        wire.push((to, sent.clone()));
                    }
                }
            }
            let take = if round == 159 { wire.len() } else { usize::from(!wire.is_empty()) };
            for _ in 0..take {
                let (to, arrived) = wire.swap_remove(stream.range(0, wire.len() as u64 - 1) as usize);
                for next in buffers[to].receive(arrived).unwrap() {
                    assert!(!delivered[to].contains(&next.body), "delivered twice");
                    assert!(knew[next.body].iter().all(|cause| delivered[to].contains(cause)), "before its cause");
                    delivered[to].push(next.body);
                }
                waited += u32::from(buffers[to].waiting() > 0);
            }
        }
        assert!(buffers.iter().all(|buffer| buffer.waiting() == 0), "nothing waits for ever");
        assert!(delivered.iter().all(|all| all.len() == knew.len()), "everything arrives everywhere");
    }
    assert!(waited > 100, "hardly anything ever had to wait");
}

#[test]
fn a_full_buffer_says_so_and_stays_as_it_is() {
    let mut sender = CausalBuffer::new(10);
    let sent: Vec<_> = (0..4).map(|body| sender.broadcast(A, body)).collect();
    let mut buffer = CausalBuffer::new(2);
    assert_eq!(buffer.receive(sent[3].clone()), Ok(Vec::new()));
    assert_eq!(buffer.receive(sent[2].clone()), Ok(Vec::new()));
    assert_eq!(buffer.receive(sent[1].clone()), Err(Full));
    let order: Vec<i32> = buffer.receive(sent[0].clone()).unwrap().into_iter().map(|next| next.body).collect();
    assert_eq!((order, buffer.waiting()), (vec![0], 2));
    let order: Vec<i32> = buffer.receive(sent[1].clone()).unwrap().into_iter().map(|next| next.body).collect();
    assert_eq!((order, buffer.waiting()), (vec![1, 2, 3], 0));
}
