//! What BHG, ch. 7, says of each participant and of the coordinator, one claim a test; a node on the bench. What it says of
//! all of them is in the scripts.

use sim::NodeId;
use sim::testing::{Bench, Sent, Unsynced};

use super::*;

const N2: NodeId = NodeId(1);
const N3: NodeId = NodeId(2);
const N4: NodeId = NodeId(3);

/// A node of four on the bench; nobody begins anything of his own accord.
fn bench(node: NodeId) -> Bench<Node> {
    Bench::boot(node, 4, Config { participants: 3, timeout_us: 100_000, ..Config::default() }).0
}

fn balance(bench: &Bench<Node>) -> i64 {
    bench.node().participant().unwrap().account.balance
}

fn transfer() -> Transfer {
    Transfer { from: N2, to: vec![N3, N4], amount: 10 }
}

fn prepare(tx: Tx) -> Msg {
    Msg::Prepare { tx, parts: Parts::from([(N2, -20), (N3, 10), (N4, 10)]) }
}

fn yes(tx: Tx) -> Msg {
    Msg::Vote { tx, yes: true }
}

fn no(tx: Tx) -> Msg {
    Msg::Vote { tx, yes: false }
}

#[test]
fn a_vote_waits_for_the_disk_and_survives_a_crash_with_its_lock() {
    let mut bench = bench(N2);
    assert_eq!(bench.message(COORDINATOR, prepare(1)).sent(), [Sent::durable(COORDINATOR, yes(1))]);
    bench.sync();
    let booted = bench.reboot(Unsynced::Lost);
    assert_eq!(booted.notes(), [&Note::InDoubt { tx: 1 }]);
    assert_eq!(booted.to(), [COORDINATOR, N3, N4], "whoever may know is asked");
    assert_eq!(
        bench.message(COORDINATOR, prepare(2)).sent(),
        [Sent::durable(COORDINATOR, no(2))],
        "its account is still locked"
    );
}

#[test]
fn who_has_not_voted_aborts_when_asked_and_then_votes_no() {
    let mut bench = bench(N2);
    let abort = Msg::Outcome { tx: 1, commit: false };
    assert_eq!(bench.message(N3, Msg::Ask { tx: 1 }).sent(), [Sent::durable(N3, abort)]);
    assert_eq!(bench.message(COORDINATOR, prepare(1)).sent(), [Sent::durable(COORDINATOR, no(1))]);
}

#[test]
fn who_has_voted_yes_asks_for_ever_and_is_blocked_once_all_others_are_in_doubt() {
    let mut bench = bench(N2);
    bench.message(COORDINATOR, prepare(1));
    for _ in 0..50 {
        assert_eq!(bench.fire(Timer::Patience(1)).sent().len(), 3);
    }
    assert!(bench.message(N3, Msg::InDoubtToo { tx: 1 }).notes().is_empty());
    assert_eq!(bench.message(N4, Msg::InDoubtToo { tx: 1 }).notes(), [&Note::Blocked { tx: 1 }]);
    let told = bench.message(N4, Msg::Outcome { tx: 1, commit: true });
    assert_eq!(told.notes(), [&Note::Decided { tx: 1, commit: true, why: Why::Told(N4) }]);
    assert_eq!(balance(&bench), BALANCE - 20);
    let copies = bench.message(COORDINATOR, Msg::Outcome { tx: 1, commit: true });
    assert_eq!(copies.sent(), [Sent::durable(COORDINATOR, Msg::Ack { tx: 1, commit: true })]);
    assert!(bench.message(COORDINATOR, prepare(1)).sent().is_empty(), "a late copy of the question asks nothing");
    assert_eq!(balance(&bench), BALANCE - 20, "it counts once");
}

#[test]
fn the_coordinator_commits_only_with_every_vote_and_tells_only_what_is_on_disk() {
    let mut bench = bench(COORDINATOR);
    let (id, asked) = bench.request(transfer());
    assert_eq!(asked.sent(), [N2, N3, N4].map(|node| Sent::durable(node, prepare(1))));
    for node in [N2, N3, N2] {
        assert!(bench.message(node, yes(1)).sent().is_empty(), "a copy of a vote is no vote");
    }
    let decided = bench.message(N4, yes(1));
    assert_eq!(decided.replies(), [(id, &Ret::Decided { tx: 1, commit: true })]);
    let told = [N2, N3, N4].map(|node| Sent::durable(node, Msg::Outcome { tx: 1, commit: true }));
    assert_eq!(decided.sent(), told);
    bench.sync();
    assert_eq!(bench.reboot(Unsynced::Lost).sent(), told, "and goes on until everybody has acknowledged");
    for node in [N2, N3, N4] {
        bench.message(node, Msg::Ack { tx: 1, commit: true });
    }
    assert!(bench.node().coordinator().unwrap().records.open.is_empty());
}

#[test]
fn a_coordinator_without_an_outcome_on_disk_aborts() {
    for unsynced_votes in [0, 3] {
        let mut bench = bench(COORDINATOR);
        bench.request(transfer());
        bench.sync();
        for node in [N2, N3, N4].into_iter().take(unsynced_votes) {
            bench.message(node, yes(1));
        }
        let booted = bench.reboot(Unsynced::Lost);
        assert_eq!(booted.notes(), [&Note::Decided { tx: 1, commit: false, why: Why::Restarted }]);
        assert_eq!(bench.request(transfer()).1.notes().len(), 1);
        assert_eq!(bench.node().coordinator().unwrap().records.newest, 2, "numbers are not used twice");
    }
}

#[test]
fn silence_and_a_no_are_aborts() {
    let mut bench = bench(COORDINATOR);
    bench.request(transfer());
    assert_eq!(bench.message(N3, no(1)).to(), [N2, N4], "n3 knows");
    bench.request(transfer());
    bench.message(N2, yes(2));
    let silent = Why::Silent(vec![N3, N4]);
    assert_eq!(bench.fire(Timer::Patience(2)).notes(), [&Note::Decided { tx: 2, commit: false, why: silent }]);
}

#[test]
fn what_cannot_be_done_is_refused() {
    let transfers = [(N2, vec![N2]), (N2, vec![COORDINATOR]), (N2, vec![N3, N4, N3]), (NodeId(9), vec![N3])];
    for (from, to) in transfers {
        let mut bench = bench(COORDINATOR);
        let (id, effects) = bench.request(Transfer { from, to, amount: 1 });
        assert_eq!(effects.replies(), [(id, &Ret::NoSuchAccounts)]);
    }
    let (id, effects) = bench(N2).request(transfer());
    assert_eq!(effects.replies(), [(id, &Ret::NotTheCoordinator)]);
    let mut bench = bench(COORDINATOR);
    let busy = (0..100).filter(|_| bench.request(transfer()).1.replies().len() == 1).count();
    assert_eq!(busy, 100 - 32, "so many are open, and each asks for an answer");
}

#[test]
fn scripts() {
    script::check_folder(&script::OfLab::<lab::CommitLab>::new(&ENTRY), "src/two_phase_commit/scripts");
}
