//! Uneven ways: messages towards one machine need longer than all others.

use sim::{Command, LinkChange, Stamped, World};

use crate::toy::{Log, N1, N2, N3, Op, Setup, at, quiet, send};

fn uneven(us: u32) -> Setup {
    let mut setup = quiet();
    setup.cluster.link.towards = Some((N2, us));
    setup
}

fn heard(setup: &Setup, plan: &[Stamped<Op>]) -> Vec<u64> {
    setup.run(plan, 1_000_000).heard().into_iter().map(|(time_us, ..)| time_us).collect()
}

#[test]
fn only_the_way_towards_the_machine_is_longer() {
    // 1,000 µs each way, and 5,000 more towards n2; the answer comes back as fast as ever.
    assert_eq!(heard(&uneven(5_000), &[send(10, N1, N2, 1)]), [6_010, 7_010]);
    assert_eq!(heard(&uneven(5_000), &[send(10, N2, N1, 1)]), [1_010, 7_010]);
    assert_eq!(heard(&uneven(5_000), &[send(10, N1, N3, 1)]), [1_010, 2_010]);
}

#[test]
fn who_gives_a_link_a_latency_means_it() {
    let own = LinkChange { latency_us: Some((50, 50)), ..LinkChange::default() };
    let link = |at_us, change| at(at_us, Command::Link { from: N1, to: N2, both: false, change });
    let plan = [link(0, own), send(10, N1, N2, 1), link(20_000, LinkChange::default()), send(30_000, N1, N2, 2)];
    assert_eq!(heard(&uneven(5_000), &plan), [60, 1_060, 36_000, 37_000]);
}

#[test]
fn it_counts_in_digests_only_where_there_is_such_a_way() {
    let world = |setup: &Setup| World::new(1, setup.config(), setup.cluster.clone(), &mut Log::default());
    let (plain, one, two) = (world(&quiet()), world(&uneven(1)), world(&uneven(2)));
    assert_ne!(plain.digest(), one.digest());
    assert_ne!(one.digest(), two.digest());
    assert_eq!(one.link_profile(N1, N2).towards, Some((N2, 1)));
}
