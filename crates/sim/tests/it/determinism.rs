//! The same run is the same run: twice, under other faults, and with a message or command left out.

use proptest::prelude::*;
use sim::{Command, Event, MessageAct};

use crate::plans::{SPAN_US, effort, plan};
use crate::toy::{Note, busy};

/// Settings of links shape what draws mean; a machine that comes shapes whom others talk to.
fn shapes_draws(command: &Command<crate::toy::Op>) -> bool {
    matches!(command, Command::Link { .. } | Command::Set { .. } | Command::AddNode(_) | Command::RemoveNode(_))
}

proptest! {
    #![proptest_config(effort(60))]

    #[test]
    fn the_same_run_twice_is_the_same_at_every_step(seed: u64, plan in plan()) {
        let (one, two) = (busy(seed).run(&plan, 2 * SPAN_US), busy(seed).run(&plan, 2 * SPAN_US));
        prop_assert_eq!(&one.digests, &two.digests);
        prop_assert_eq!(one.trace(u64::MAX), two.trace(u64::MAX));
        let distinct: std::collections::BTreeSet<_> = one.digests.iter().collect();
        prop_assert_eq!(distinct.len(), one.digests.len(), "a step leaves the digest as it was");
        let other = busy(seed ^ 1).run(&plan, 2 * SPAN_US);
        prop_assert_ne!(one.digests.last(), other.digests.last());
    }

    #[test]
    fn every_command_applies_at_its_time_in_list_order(seed: u64, plan in plan()) {
        let run = busy(seed).run(&plan, 2 * SPAN_US);
        let applied: Vec<_> = run.log.iter().filter_map(|record| match &record.event {
            Event::Command(command) => Some((record.time_us, command.clone())),
            _ => None,
        }).collect();
        let planned: Vec<_> = plan.iter().map(|stamped| (stamped.at_us, stamped.command.clone())).collect();
        prop_assert_eq!(applied, planned);
    }

    #[test]
    fn a_command_less_changes_nothing_before_it_and_no_draw_after_it(seed: u64, plan in plan(), pick: prop::sample::Index) {
        prop_assume!(!plan.is_empty());
        let plan: Vec<_> = plan.into_iter().filter(|s| !shapes_draws(&s.command)).collect();
        prop_assume!(!plan.is_empty());
        let gone = pick.index(plan.len());
        let mut less = plan.clone();
        less.remove(gone);
        let (with, without) = (busy(seed).run(&plan, 2 * SPAN_US), busy(seed).run(&less, 2 * SPAN_US));
        let before = with.log.iter().filter(|record| record.time_us < plan[gone].at_us).count() as u64;
        prop_assert_eq!(with.trace(before), without.trace(before));
        let (with, without) = (with.latencies(), without.latencies());
        for (id, latency_us) in &with {
            if let Some(other_us) = without.get(id) {
                prop_assert_eq!(latency_us, other_us, "{:?}", id);
            }
        }
    }
}

#[test]
fn a_dropped_message_leaves_every_other_draw_as_it_was() {
    let setup = busy(11);
    let whole = setup.run(&[], 40_000);
    // Some message of the middle, while it is on the wire.
    let (id, due_us) = whole
        .log
        .iter()
        .filter(|record| record.time_us > 10_000)
        .flat_map(|record| &record.outcomes)
        .find_map(|outcome| match outcome {
            sim::Outcome::Sent { id, due_us, .. } => Some((*id, *due_us)),
            _ => None,
        })
        .expect("nodes talk");
    let drop = crate::toy::at(due_us - 1, Command::Message { id, act: MessageAct::Drop });
    let dropped = setup.run(&[drop], 40_000);
    let lost = dropped.log.iter().find(|record| matches!(record.event, Event::Command(_))).unwrap();
    assert_eq!(lost.outcomes.len(), 1, "the message was on its way and is lost");
    assert!(!dropped.log.iter().any(|record| matches!(record.event, Event::Deliver { id: other, .. } if other == id)));
    let (whole_latencies, latencies) = (whole.latencies(), dropped.latencies());
    let shared = latencies.iter().filter(|(id, latency_us)| whole_latencies.get(id) == Some(latency_us)).count();
    let differing =
        latencies.iter().filter(|(id, latency_us)| whole_latencies.get(id).is_some_and(|w| w != *latency_us));
    assert_eq!(differing.count(), 0, "a latency has shifted");
    assert!(shared > 50, "only {shared} messages are in both runs");
    // Nodes' own draws: what the pings carry is the n-th draw of their sender in both runs.
    let pings = |run: &crate::toy::Straight| {
        let mut found = std::collections::BTreeMap::new();
        for record in &run.log {
            if let Event::Deliver { id, msg: crate::toy::Msg::Ping { n, drawn } } = &record.event {
                found.insert((id.from, *n), *drawn);
            }
        }
        found
    };
    let (before, after) = (pings(&whole), pings(&dropped));
    assert!(after.len() > 20);
    assert!(after.iter().all(|(key, drawn)| before.get(key).is_none_or(|known| known == drawn)));
}

#[test]
fn loss_and_duplication_do_not_shift_latencies() {
    let plain = busy(5);
    let mut lossy = busy(5);
    lossy.cluster.link.loss_ppm = 300_000;
    lossy.cluster.link.duplicate_ppm = 300_000;
    let (plain, lossy) = (plain.run(&[], 60_000), lossy.run(&[], 60_000));
    let (plain, lossy) = (plain.latencies(), lossy.latencies());
    let copies = lossy.keys().filter(|id| id.copy == 1).count();
    let both: Vec<_> = lossy.iter().filter(|(id, _)| plain.contains_key(id)).collect();
    assert!(
        copies > 10 && both.len() > 50 && both.len() * 10 < plain.len() * 9,
        "{copies} copies, {} common",
        both.len()
    );
    assert!(both.iter().all(|(id, latency_us)| plain[id] == **latency_us));
}

#[test]
fn a_nodes_draws_depend_on_purpose_incarnation_and_count_only() {
    use crate::toy::{N1, N2, Op, at, quiet, request};
    let draw = |at_us, purpose| request(at_us, N1, Op::Draw { purpose });
    let drawn = |plan: &[sim::Stamped<Op>]| -> Vec<Note> {
        let run = quiet().run(plan, 10_000);
        run.notes().into_iter().filter(|(_, node, _)| *node == N1).map(|(_, _, note)| note).collect()
    };
    let plain = drawn(&[draw(1, 0), draw(2, 0)]);
    // Other nodes, other purposes and messages in between do not matter.
    let mixed = drawn(&[
        request(0, N2, Op::Draw { purpose: 0 }),
        draw(1, 0),
        draw(2, 1),
        request(2, N1, Op::Send { to: N2, n: 2 }),
        draw(3, 0),
    ]);
    assert_eq!([&mixed[0], &mixed[2]], [&plain[0], &plain[1]]);
    assert_ne!(mixed[1], mixed[0], "purposes share their draws");
    assert_ne!(plain[0], plain[1], "a draw repeats");
    let rebooted = drawn(&[draw(1, 0), at(2, Command::Crash(N1)), at(3, Command::Restart(N1)), draw(4, 0)]);
    assert_eq!(rebooted[0], plain[0]);
    assert!(!plain.contains(&rebooted[1]), "an incarnation repeats the draws of the one before");
}
