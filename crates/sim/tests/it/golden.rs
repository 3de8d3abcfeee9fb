//! Committed digests: when one of them changes, every recorded run changes with it, and the
//! engine's version has to grow (`ENGINE_VERSION` in the labs).
//!
//! `UPDATE_EXPECT=1 cargo test -p netsplit-sim --test it golden` records them anew.

use sim::{Command, DiskMode, LinkChange, MessageAct, NodeId, Stamped};

use crate::toy::{N1, N2, N3, Op, SET_LATENCY, Setup, at, busy, message, quiet, request, send};

/// What a run comes to, as a line of the file.
fn line(name: &str, setup: &Setup, commands: &[Stamped<Op>]) -> String {
    let run = setup.run(commands, 50_000);
    format!("{name}: {} {:016x}\n", run.world.step_count(), run.world.digest())
}

#[test]
fn golden_digests() {
    let mut now = String::new();
    now += &line("silence", &quiet(), &[]);
    now += &line("talk", &busy(1), &[]);
    now += &line("talk of a large seed", &busy((1 << 53) - 1), &[]);
    let mut lossy = busy(7);
    lossy.cluster.link.loss_ppm = 100_000;
    lossy.cluster.link.duplicate_ppm = 100_000;
    now += &line("loss and duplication", &lossy, &[]);
    let crashes = [
        at(5_000, Command::Crash(N1)),
        at(9_000, Command::Restart(N1)),
        at(12_000, Command::Disk { node: N2, mode: DiskMode::LoseUnsynced, sync_us: None }),
        at(12_000, Command::Crash(N2)),
        at(20_000, Command::Restart(N2)),
    ];
    now += &line("crashes", &busy(2), &crashes);
    let network = [
        at(2_000, Command::Cut { from: N1, to: N2, both: false }),
        at(4_000, Command::Hold { from: N2, to: N3, both: true }),
        at(6_000, Command::Partition(vec![vec![N1], vec![N2, N3]])),
        at(9_000, Command::HealAll),
        at(11_000, Command::Release { from: N2, to: N3, both: true }),
        at(
            12_000,
            Command::Link {
                from: N1,
                to: N3,
                both: true,
                change: LinkChange {
                    latency_us: Some((7, 9)),
                    loss_ppm: Some(9),
                    duplicate_ppm: Some(8),
                    ..LinkChange::default()
                },
            },
        ),
    ];
    now += &line("the network", &busy(3), &network);
    let hands = [
        send(0, N1, N2, 1),
        at(100, Command::Message { id: message(N1, N2, 1, 0), act: MessageAct::Duplicate }),
        Stamped {
            at_us: 100,
            after: 3,
            command: Command::Message { id: message(N1, N2, 1, 2), act: MessageAct::Hold },
        },
        at(200, Command::Message { id: message(N1, N2, 1, 0), act: MessageAct::Deliver }),
        at(900, Command::Message { id: message(N1, N2, 1, 2), act: MessageAct::Release }),
        request(1_000, N3, Op::Put(4)),
        request(1_000, N3, Op::Discard(1)),
        request(1_000, N3, Op::Truncate(0)),
        at(1_000, Command::Clock { node: N3, offset_us: -9, drift_ppm: 1_234 }),
        request(1_001, N3, Op::Alarm { name: 2, after_us: 9_999 }),
        at(1_002, Command::Pause(N2)),
        at(40_000, Command::Resume(N2)),
    ];
    now += &line("hands", &quiet(), &hands);
    let change = LinkChange { reorder_ppm: Some(200_000), bandwidth_bps: Some(80_000), ..LinkChange::default() };
    let disk = |at_us, node, mode, sync_us| at(at_us, Command::Disk { node, mode, sync_us });
    let machines = [
        at(1_000, Command::AddNode(NodeId(4))),
        at(2_000, Command::Link { from: N1, to: N2, both: true, change }),
        disk(3_000, N1, DiskMode::Torn, None),
        disk(4_000, N2, DiskMode::Full, None),
        disk(5_000, N3, DiskMode::Slow, Some((90, 4_000))),
        at(9_000, Command::Crash(N1)),
        at(11_000, Command::Set { key: SET_LATENCY, value: (40, 7_000) }),
        at(12_000, Command::Restart(N1)),
        at(13_000, Command::Move { node: N1, x: -3, y: 4 }),
        disk(20_000, N2, DiskMode::Normal, None),
        at(30_000, Command::RemoveNode(N3)),
    ];
    now += &line("machines, disks and wires", &busy(5), &machines);
    now += &line("hands among talk", &busy(4), &hands);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    assert_eq!(now, std::fs::read_to_string(path).unwrap_or_default(), "see the head of golden.rs");
}
