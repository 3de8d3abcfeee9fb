//! Committed digests: when one of them changes, every recorded run changes with it, and the
//! engine's version has to grow (`ENGINE_VERSION` in the labs).

use sim::{Command, DiskMode, LinkChange, MessageAct, NodeId, Stamped};

use crate::toy::{N1, N2, N3, Op, SET_LATENCY, Setup, at, busy, message, quiet, request, send};

fn check(name: &str, setup: &Setup, commands: &[Stamped<Op>], steps: u64, digest: u64) {
    let run = setup.run(commands, 50_000);
    let got = (run.world.step_count(), run.world.digest());
    assert_eq!(got, (steps, digest), "{name} has changed: now {}, {:#018x}", got.0, got.1);
}

#[test]
fn golden_digests() {
    check("silence", &quiet(), &[], 3, 0x6d41_03e9_9a76_7bb7);
    check("talk", &busy(1), &[], 573, 0x888d_fbe0_5055_03b7);
    check("talk of a large seed", &busy((1 << 53) - 1), &[], 645, 0xcc56_9b06_408e_0330);
    let mut lossy = busy(7);
    lossy.cluster.link.loss_ppm = 100_000;
    lossy.cluster.link.duplicate_ppm = 100_000;
    check("loss and duplication", &lossy, &[], 583, 0xaba4_51d5_f79e_59d5);
    let crashes = [
        at(5_000, Command::Crash(N1)),
        at(9_000, Command::Restart(N1)),
        at(12_000, Command::Disk { node: N2, mode: DiskMode::LoseUnsynced, sync_us: None }),
        at(12_000, Command::Crash(N2)),
        at(20_000, Command::Restart(N2)),
    ];
    check("crashes", &busy(2), &crashes, 507, 0xe7c2_4367_1642_947f);
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
    check("the network", &busy(3), &network, 609, 0xa499_26e8_8af7_40ba);
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
    check("hands", &quiet(), &hands, 23, 0x0628_4980_d332_2af2);
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
    check("machines, disks and wires", &busy(5), &machines, 499, 0x2b32_cace_26ed_8a22);
    check("hands among talk", &busy(4), &hands, 455, 0x531b_2ede_97e8_8d99);
}
