//! Figure 16: how long a cluster has no leader after its leader crashed, against the randomness of
//! election timeouts.
//!
//! The paper (§9.3): five servers, a broadcast time of roughly 15 ms, the leader crashed at a random
//! moment of its heartbeat interval, which was half of the minimum election timeout; servers had
//! different log lengths, so that some could not win; 1000 trials, and 100 for 150–150 ms. Found:
//! without randomness "leader election consistently took longer than 10 seconds in our tests due to
//! many split votes"; "adding just 5ms of randomness helps significantly, resulting in a median
//! downtime of 287ms"; "with 50ms of randomness the worst-case completion time (over 1000 trials)
//! was 513ms".
//!
//! Here: five servers, 1–6 ms one way and 1 ms to disk, which comes to a broadcast time of 10 ms on
//! average and 15 ms for the slowest; the same heartbeats and crashes; a client that writes every
//! 40 ms on average, and one server that is 15–30 ms away from the leader, so that logs differ in
//! length. What differs: the paper does not say how its broadcast time divides into network and
//! disk, and with so little randomness that is what the result hangs on, because two candidates
//! divide the votes unless one's request arrives before the other's timeout runs out. (With 6–9 ms
//! one way the median for 150–155 ms is 1.8 s here, with 4–10 ms 1.2 s, with 1–3 ms and 2 ms to disk
//! 0.45 s; the other curves hardly move.) Latencies are drawn message by message. Downtime counts
//! from the crash to the moment at which a new leader has its majority.

use sim::{Command, LinkChange};

use super::*;

/// The downtimes of so many trials, sorted, in ms; those beyond 10 s count as 10 s.
fn downtimes(timeout_ms: (u64, u64), trials: u64) -> Vec<u64> {
    let mut found: Vec<u64> = (0..trials).map(|seed| downtime(timeout_ms, seed)).collect();
    found.sort_unstable();
    found
}

const GIVE_UP_MS: u64 = 10_000;

fn downtime((low_ms, high_ms): (u64, u64), seed: u64) -> u64 {
    let mut cluster = by_hand(5).with(|config| {
        config.election_timeout_us = (low_ms * MS, high_ms * MS);
        config.heartbeat_us = low_ms * MS / 2;
        (config.clients, config.workload_us) = (1, 40 * MS);
    });
    (cluster.seed, cluster.latency_us) = (seed, (MS, 6 * MS));
    let link = LinkProfile { latency_us: cluster.latency_us, ..LinkProfile::default() };
    let machines = ClusterConfig { nodes: 6, link, disk_sync_us: cluster.disk_sync_us, positions: Vec::new() };
    let mut driver = Driver::new(seed, cluster.config.clone(), machines, Watch::default());
    // Without randomness nobody would ever lead; n1 is made to before the first timeout.
    let far = Command::Link {
        from: N1,
        to: N5,
        both: true,
        change: LinkChange { latency_us: Some((15 * MS, 30 * MS)), ..LinkChange::default() },
    };
    // Any moment of a heartbeat interval, once the cluster has settled.
    let crash_us = 1_000 * MS + seed * 7_919 * 13 % cluster.config.heartbeat_us;
    let commands = [at(0, far), time_out(0, N1), Stamped::at(crash_us, Command::Crash(N1))];
    driver.run_until(&commands, crash_us);
    assert_eq!(driver.observer.elected.map(|(node, _)| node), Some(N1), "seed {seed}");
    while driver.observer.elected.is_some_and(|(node, _)| node == N1)
        && driver.step(&commands, crash_us + GIVE_UP_MS * MS)
    {}
    match driver.observer.elected {
        Some((node, time_us)) if node != N1 => (time_us - crash_us) / MS,
        _ => GIVE_UP_MS,
    }
}

/// Who was elected last, and when.
#[derive(Clone, Default)]
struct Watch {
    elected: Option<(NodeId, u64)>,
}

impl Observer<Raft> for Watch {
    fn observe(&mut self, record: &Record<Raft>, _world: &World<Raft>) {
        if let Some(node) = record.event.node()
            && record.notes().any(|note| matches!(note, Note::BecameLeader { .. }))
        {
            self.elected = Some((node, record.time_us));
        }
    }
}

fn median(sorted: &[u64]) -> u64 {
    sorted[sorted.len() / 2]
}

/// Figure 16, top. See above for the paper's findings.
#[test]
fn downtime_falls_with_randomness_until_the_timeout_itself_dominates() {
    let none = downtimes((150, 150), 60);
    let little = downtimes((150, 155), 400);
    let more = downtimes((150, 200), 1_000);
    let much = downtimes((150, 300), 400);
    // Without randomness: split votes without end, "consistently … longer than 10 seconds". Drawn
    // latencies are a little randomness of their own, so here it is most trials and not all.
    assert_eq!(median(&none), GIVE_UP_MS, "most trials have no leader for 10 s");
    // 5 ms: a median of 287 ms, within a factor of two: it lies between one round and two, so it hangs on
    // details that the paper does not give (see above). And a long tail.
    assert!((287 / 2..=287 * 2).contains(&median(&little)), "the median is {} ms", median(&little));
    assert!(little[little.len() * 99 / 100] > 1_000, "a long tail");
    // 50 ms: a worst case of 513 ms in 1000 trials, within 25 %, in 1000 trials.
    let worst = more[more.len() - 1];
    assert!(worst.abs_diff(513) <= 513 / 4, "the worst case is {worst} ms");
    // More randomness: no long tail, but the longer timeouts are waited for. Typically one round.
    assert!(median(&much) > median(&more) && much[much.len() - 1] < 700);
    for found in [&more, &much] {
        assert!((100..=250).contains(&median(found)), "the median is {} ms", median(found));
        // Half a heartbeat less than the shortest timeout is the least one can wait.
        assert!(found[0] >= 75);
    }
}
