//! Committed digests: when one of them changes, every recorded run changes with it, and the
//! engine's version has to grow (`ENGINE_VERSION` in the labs).

use sim::{Command, DiskMode, MessageAct, Stamped};

use crate::toy::{N1, N2, N3, Op, Setup, at, busy, message, quiet, request, send};

fn check(name: &str, setup: &Setup, commands: &[Stamped<Op>], steps: u64, digest: u64) {
    let run = setup.run(commands, 50_000);
    let got = (run.world.step_count(), run.world.digest());
    assert_eq!(got, (steps, digest), "{name} has changed: now {}, {:#018x}", got.0, got.1);
}

#[test]
fn golden_digests() {
    check("silence", &quiet(), &[], 3, 0x50f2_5ccd_82af_16ed);
    check("talk", &busy(1), &[], 636, 0x97bd_e850_f749_9867);
    check("talk of a large seed", &busy((1 << 53) - 1), &[], 623, 0xd446_da51_8fa4_d615);
    let mut lossy = busy(7);
    lossy.cluster.link.loss_ppm = 100_000;
    lossy.cluster.link.duplicate_ppm = 100_000;
    check("loss and duplication", &lossy, &[], 679, 0x2983_e1db_96e8_3ed0);
    let crashes = [
        at(5_000, Command::Crash(N1)),
        at(9_000, Command::Restart(N1)),
        at(12_000, Command::Disk { node: N2, mode: DiskMode::LoseUnsynced }),
        at(12_000, Command::Crash(N2)),
        at(20_000, Command::Restart(N2)),
    ];
    check("crashes", &busy(2), &crashes, 556, 0xb544_21ee_7858_cfd9);
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
                latency_us: Some((7, 9)),
                loss_ppm: Some(9),
                duplicate_ppm: Some(8),
            },
        ),
    ];
    check("the network", &busy(3), &network, 572, 0xbfea_b38b_d469_c338);
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
    check("hands", &quiet(), &hands, 23, 0xf5ff_1c6d_0a01_a57f);
    check("hands among talk", &busy(4), &hands, 465, 0x25e0_07ef_5ff6_7239);
}
