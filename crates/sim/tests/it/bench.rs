//! One node on a bench behaves as in a world.

use sim::testing::{Bench, Sent, Unsynced};
use sim::{Command, Disk, World, Write};

use super::toy::{Config, Counter, Log, Msg, N1, N2, N3, Note, Op, Timer, Toy, quiet};

const QUIET: Config = Config { tick_us: None, mends: true };

fn quiet_bench() -> Bench<Toy> {
    Bench::boot(N1, 3, QUIET).0
}

#[test]
fn a_handler_is_asked_and_its_effects_come_back() {
    let (mut bench, booted) = Bench::<Toy>::boot(N1, 3, Config { tick_us: Some((500, 500)), mends: true });
    assert_eq!(booted.timer(Timer::Tick), Some(500));
    let effects = bench.fire(Timer::Tick);
    assert_eq!((bench.now_us(), bench.node().ticks), (500, 1));
    assert!(matches!(effects.writes()[..], [Write::Save(Counter(1))]));
    let sent = effects.sent();
    assert_eq!(sent.iter().map(|sent| (sent.to, sent.durable)).collect::<Vec<_>>(), [(N3, false), (N2, true)]);
    let effects = bench.message(N2, Msg::Ping { n: 4, drawn: 0 });
    assert_eq!(effects.sent(), [Sent::now(N2, Msg::Pong { n: 4 })]);
    assert_eq!(effects.notes(), [&Note::Heard { from: N2, n: 4 }]);
    let (id, effects) = bench.request(Op::Put(7));
    assert_eq!(effects.replies(), [(id, &7)]);
}

#[test]
fn a_timer_that_was_cancelled_or_is_over_is_not_set() {
    let mut bench = quiet_bench();
    let (_, effects) = bench.request(Op::Alarm { name: 1, after_us: 300 });
    assert_eq!((effects.timer(Timer::Alarm(1)), effects.timer(Timer::Alarm(2))), (Some(300), None));
    bench.wait(200);
    bench.fire(Timer::Alarm(1));
    assert_eq!(bench.now_us(), 300);
    bench.request(Op::Alarm { name: 1, after_us: 300 });
    bench.request(Op::Cancel(1));
    let fired = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.fire(Timer::Alarm(1))));
    assert!(fired.is_err(), "a world would not let it run out");
}

#[test]
fn a_reboot_finds_what_was_synced_and_what_the_crash_has_left() {
    for (unsynced, entries, torn) in
        [(Unsynced::Kept, vec![1, 2], false), (Unsynced::Lost, vec![1], false), (Unsynced::Torn, vec![1], true)]
    {
        let mut bench = quiet_bench();
        bench.request(Op::Append(1));
        bench.sync();
        bench.request(Op::Append(2));
        assert_eq!(bench.disk().entries(), [1], "the second is under way");
        let booted = bench.reboot(unsynced);
        assert_eq!(booted.notes(), [&Note::Booted { counter: 0, first: 0, entries, torn }]);
    }
}

/// The same draws, disk and answers as the node of a world with the bench's seed.
#[test]
fn a_bench_draws_what_a_world_draws() {
    let (mut bench, mut log) = (quiet_bench(), Log::default());
    let setup = quiet();
    let mut world = World::<Toy>::new(1, setup.config(), setup.cluster.clone(), &mut log);
    for op in [Op::Draw { purpose: 3 }, Op::Draw { purpose: 3 }, Op::Save(9), Op::Append(4)] {
        world.command(&Command::Request { node: N1, op: op.clone() }, &mut log);
        let (_, effects) = bench.request(op);
        let of_world: Vec<Note> = log.0.last().unwrap().notes().cloned().collect();
        assert_eq!(effects.notes(), of_world.iter().collect::<Vec<_>>());
    }
    world.idle_until(0);
    while world.next_event_us().is_some() {
        world.step(&mut log);
    }
    bench.sync();
    let text = |disk: &Disk<Toy>| format!("{disk:?}");
    assert_eq!(text(bench.disk()), text(world.disk(N1)));
}
