//! What one node does, event by event: here belong the claims of the paper.

use sim::NodeId;
use sim::testing::{Bench, Sent, Unsynced};

use super::lab::CounterLab;
use super::{Config, Counter, ENTRY, Msg, Note, Op, Ret, Timer};

const N1: NodeId = NodeId(0);
const N2: NodeId = NodeId(1);

fn bench() -> Bench<Counter> {
    Bench::boot(N1, 2, Config { count_us: 200_000, ..Config::default() }).0
}

#[test]
fn only_a_larger_number_is_taken_over() {
    let mut bench = bench();
    assert_eq!(bench.message(N2, Msg::Number(7)).notes(), [&Note::CaughtUp(7)]);
    assert!(bench.message(N2, Msg::Number(7)).notes().is_empty());
    assert!(bench.message(N2, Msg::Number(3)).notes().is_empty());
    assert_eq!(bench.node().number, 7);
}

#[test]
fn what_a_node_tells_is_on_disk_before() {
    let mut bench = bench();
    let effects = bench.fire(Timer::Count);
    assert_eq!(effects.sent(), [Sent::durable(N2, Msg::Number(1))]);
    assert!(effects.timer(Timer::Count).is_some());
    // The message has not left as long as the number can be lost.
    assert_eq!(bench.reboot(Unsynced::Lost).notes(), [&Note::Started(0)]);
    bench.fire(Timer::Count);
    assert_eq!(bench.reboot(Unsynced::Kept).notes(), [&Note::Started(1)]);
}

#[test]
fn who_asks_is_told_the_sum() {
    let mut bench = bench();
    let (id, effects) = bench.request(Op::Add(10));
    assert_eq!(effects.replies(), [(id, &Ret::Number(10))]);
}

#[test]
fn scripts() {
    script::check_folder(&script::OfLab::<CounterLab>::new(&ENTRY), "src/@MODULE@/scripts");
}
