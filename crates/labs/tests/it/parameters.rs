//! Parameters have keys of their own, and what nobody uses changes no run.

use std::collections::BTreeMap;

use labs::Entry;
use labs::info::LabInfo;
use labs::params::{ParamInfo, number};
use labs::{Run, Session};
use serde_json::{Value, json};
use sim::ParamKey;

/// A parameter that no lab has.
const UNUSED: ParamInfo = ParamInfo { live: true, ..number("unused", "Nobody looks at it", 3, (0, 9), "") };

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A setting of a live parameter that is not its default.
fn another(param: &ParamInfo) -> Value {
    let low = if param.default.low < param.max { param.default.low + 1 } else { param.min };
    param.to_json(labs::params::Setting { low, high: param.default.high.max(low) })
}

#[test]
fn no_two_parameters_share_a_key() {
    let mut names: BTreeMap<ParamKey, &str> = BTreeMap::new();
    for entry in labs::catalogue().iter().map(|lab| lab.entry().unwrap()) {
        for param in entry.info.params.iter().chain(entry.info.retired) {
            let known = *names.entry(param.id()).or_insert(param.key);
            assert_eq!(known, param.key, "two names share a key");
        }
        let mut own: Vec<_> = entry.info.params.iter().chain(entry.info.retired).map(|param| param.key).collect();
        own.sort_unstable();
        assert!(own.windows(2).all(|pair| pair[0] != pair[1]), "{} has a parameter twice", entry.info.id);
    }
    assert!(names.len() > 20);
}

#[test]
fn each_live_parameter_changes_something() {
    for entry in crate::systems::entries() {
        let session = Run::of_entry(entry).open().unwrap();
        for param in entry.info.params.iter().filter(|param| param.live) {
            let set = |value: Value| json!({"do": "set", "key": param.key, "value": value});
            let place = format!("{}: {}", entry.info.id, param.key);
            assert!(session.would_change(&set(another(param))).unwrap(), "{place}");
            assert!(!session.would_change(&set(param.to_json(param.default))).unwrap(), "{place}");
        }
    }
}

#[test]
fn a_parameter_that_is_added_in_front_changes_no_digest() {
    for entry in crate::systems::entries() {
        let info = entry.info;
        let params: Vec<ParamInfo> = [UNUSED].iter().chain(info.params).copied().collect();
        let more: &'static Entry = leak(Entry { info: leak(LabInfo { params: leak(params), ..*info }), ..*entry });
        let sets = info.params.iter().filter(|param| param.live).enumerate();
        let commands: Value = sets
            .map(|(turn, param)| {
                let at_us = 300_000 + 100_000 * turn;
                json!({"at_us": at_us, "do": "set", "key": param.key, "value": another(param)})
            })
            .collect();
        let open = |entry: &'static Entry| {
            let mut run = Run::of_entry(entry);
            run.set_commands(&commands).unwrap();
            run.open().unwrap()
        };
        let (mut plain, mut with): (Session, Session) = (open(entry), open(more));
        let change = with.would_change(&json!({"do": "set", "key": "unused", "value": 4}));
        assert_eq!(change, Ok(false), "{}", info.id);
        while plain.time_us() < 2_000_000 {
            assert!(plain.step() && with.step());
            assert_eq!(plain.digest(), with.digest(), "{} from step {} on", info.id, plain.step_count());
        }
    }
}
