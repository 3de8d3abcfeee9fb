//! Every record names the step that caused it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sim::{Command, Event, MessageId, Outcome};

use crate::plans::{SPAN_US, effort, plan};
use crate::toy::{N1, N2, Op, busy, quiet, request};

proptest! {
    #![proptest_config(effort(60))]

    #[test]
    fn causes_are_earlier_steps_that_did_it(seed: u64, plan in plan()) {
        let run = busy(seed).run(&plan, 2 * SPAN_US);
        let mut sent: BTreeMap<MessageId, u64> = BTreeMap::new();
        for record in &run.log {
            let step = record.step;
            match (&record.event, record.cause) {
                (Event::Boot(_) | Event::Command(_), cause) => prop_assert_eq!(cause, None),
                (_, None) => prop_assert!(false, "step {} has no cause: {:?}", step, record.event),
                (event, Some(cause)) => {
                    prop_assert!(cause < step, "step {} is caused by step {}", step, cause);
                    let origin = &run.log[cause as usize - 1];
                    prop_assert_eq!(origin.step, cause);
                    match event {
                        Event::Deliver { id, .. } | Event::Vanish { id, .. } => {
                            // A durable message is caused by the step that wanted to send it and
                            // leaves in a later one, when the disk is done.
                            let left = sent[id];
                            let waited = origin.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Waiting));
                            let by_hand = matches!(&run.log[left as usize - 1].event, Event::Command(Command::Message { .. }));
                            prop_assert!(left == cause || ((waited || by_hand) && cause < left && left < step));
                            prop_assert_eq!(origin.event.node(), Some(id.from));
                        }
                        Event::Timer { node, timer } => {
                            prop_assert_eq!(origin.event.node(), Some(*node));
                            let sets = |outcome: &Outcome<_>| matches!(outcome, Outcome::TimerSet { timer: set, .. } if set == timer);
                            prop_assert!(origin.outcomes.iter().any(sets));
                        }
                        Event::Synced(node) => {
                            prop_assert_eq!(origin.event.node(), Some(*node));
                            let wrote = origin.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Wrote { .. }));
                            prop_assert!(wrote);
                        }
                        Event::Boot(_) | Event::Command(_) => unreachable!("handled above"),
                    }
                }
            }
            for outcome in &record.outcomes {
                if let Outcome::Sent { id, .. } = outcome {
                    prop_assert!(sent.insert(*id, step).is_none(), "{:?} is sent twice", id);
                }
            }
        }
    }
}

#[test]
fn a_delivery_is_caused_by_the_step_that_sent_it() {
    let run = quiet().run(&[request(5, N1, Op::Send { to: N2, n: 1 })], 10_000);
    let step = |find: fn(&Event<_>) -> bool| run.log.iter().find(|record| find(&record.event)).unwrap();
    let asked = step(|event| matches!(event, Event::Command(_)));
    let ping = step(|event| matches!(event, Event::Deliver { id, .. } if id.from == N1));
    let pong = step(|event| matches!(event, Event::Deliver { id, .. } if id.from == N2));
    assert_eq!((ping.cause, pong.cause), (Some(asked.step), Some(ping.step)));
}

#[test]
fn what_waited_for_the_disk_is_caused_by_the_step_that_wanted_it() {
    let plan = [
        request(5, N1, Op::Save(1)),
        request(6, N1, Op::SendDurable { to: N2, n: 1 }),
        request(7, N1, Op::Alarm { name: 1, after_us: 500 }),
    ];
    let run = quiet().run(&plan, 10_000);
    let caused_by = |time_us: u64| run.log.iter().find(|record| record.time_us == time_us).unwrap().step;
    let ping = run.log.iter().find(|record| matches!(record.event, Event::Deliver { .. })).unwrap();
    assert_eq!((ping.time_us, ping.cause), (1_105, Some(caused_by(6))), "not by the sync at 105 µs, in which it left");
    let synced = run.log.iter().find(|record| matches!(record.event, Event::Synced(_))).unwrap();
    assert_eq!((synced.time_us, synced.cause), (105, Some(caused_by(5))));
    let alarm = run.log.iter().find(|record| matches!(record.event, Event::Timer { .. })).unwrap();
    assert_eq!((alarm.time_us, alarm.cause), (507, Some(caused_by(7))));
}
