//! Random commands of every kind, for the property tests.

use proptest::prelude::*;
use sim::{Command, DiskMode, LinkChange, MessageAct, MessageId, NodeId, ParamKey, Stamped};

use crate::toy::{Op, SET_LATENCY, SET_TICK};

/// Commands act within this time, in µs.
pub const SPAN_US: u64 = 30_000;

/// Mostly the three that are there from the start.
fn node() -> impl Strategy<Value = NodeId> {
    prop_oneof![8 => 0u32..3, 1 => 3u32..6].prop_map(NodeId)
}

fn link() -> impl Strategy<Value = (NodeId, NodeId, bool)> {
    let nodes = prop_oneof![8 => Just(3u32), 1 => Just(6)];
    (nodes, 0u32..6, 1u32..6, any::<bool>()).prop_map(|(nodes, from, ahead, both)| {
        let from = from % nodes;
        (NodeId(from), NodeId((from + 1 + ahead % (nodes - 1)) % nodes), both)
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (node(), 0u64..100).prop_map(|(to, n)| Op::Send { to, n }),
        (node(), 0u64..100).prop_map(|(to, n)| Op::SendDurable { to, n }),
        (0u64..1_000).prop_map(Op::Save),
        (0u32..1_000).prop_map(Op::Append),
        (0u32..1_000).prop_map(Op::Put),
        (0u64..10).prop_map(Op::Truncate),
        (0u64..10).prop_map(Op::Discard),
        (0u32..3, 0u64..5_000).prop_map(|(name, after_us)| Op::Alarm { name, after_us }),
        (0u32..3).prop_map(Op::Cancel),
        (0u32..3).prop_map(|purpose| Op::Draw { purpose }),
        Just(Op::Clock),
    ]
}

/// One command of any kind.
pub fn command() -> impl Strategy<Value = Command<Op>> {
    let act = prop_oneof![
        Just(MessageAct::Drop),
        Just(MessageAct::Hold),
        Just(MessageAct::Release),
        Just(MessageAct::Duplicate),
        Just(MessageAct::Deliver),
    ];
    let latency_us = proptest::option::of((0u64..2_000, 0u64..2_000).prop_map(|(low, more)| (low, low + more)));
    let ppm = || proptest::option::of(0u32..=600_000);
    let mode = prop::sample::select(vec![
        DiskMode::Normal,
        DiskMode::LoseUnsynced,
        DiskMode::Torn,
        DiskMode::Slow,
        DiskMode::Full,
    ]);
    let sync_us = proptest::option::of((0u64..500, 0u64..500).prop_map(|(low, more)| (low, low + more)));
    let bandwidth_bps = proptest::option::of(prop_oneof![Just(0u64), 1_000u64..10_000_000]);
    let change = prop_oneof![
        1 => Just(LinkChange::default()),
        4 => (latency_us, ppm(), ppm(), ppm(), bandwidth_bps).prop_map(
            |(latency_us, loss_ppm, duplicate_ppm, reorder_ppm, bandwidth_bps)| LinkChange {
                latency_us,
                loss_ppm,
                duplicate_ppm,
                reorder_ppm,
                bandwidth_bps,
            }
        ),
    ];
    let key = prop::sample::select(vec![SET_TICK, SET_LATENCY, ParamKey::of("nobody-knows-it")]);
    prop_oneof![
        3 => (node(), op()).prop_map(|(node, op)| Command::Request { node, op }),
        2 => node().prop_map(Command::Crash),
        2 => node().prop_map(Command::Restart),
        2 => node().prop_map(Command::Pause),
        2 => node().prop_map(Command::Resume),
        1 => link().prop_map(|(from, to, both)| Command::Cut { from, to, both }),
        1 => link().prop_map(|(from, to, both)| Command::Heal { from, to, both }),
        1 => (node(), node()).prop_map(|(a, b)| Command::Partition(if a == b { vec![vec![a]] } else { vec![vec![a], vec![b]] })),
        1 => Just(Command::HealAll),
        2 => (link(), change).prop_map(|((from, to, both), change)| Command::Link { from, to, both, change }),
        1 => link().prop_map(|(from, to, both)| Command::Hold { from, to, both }),
        1 => link().prop_map(|(from, to, both)| Command::Release { from, to, both }),
        3 => (link(), 1u64..20, 0u32..3, act).prop_map(|((from, to, _), number, copy, act)| {
            Command::Message { id: MessageId { from, to, number, copy }, act }
        }),
        1 => (node(), -9_000i64..9_000, -400_000i32..400_000).prop_map(|(node, offset_us, drift_ppm)| {
            Command::Clock { node, offset_us, drift_ppm }
        }),
        2 => (node(), mode, sync_us).prop_map(|(node, mode, sync_us)| Command::Disk { node, mode, sync_us }),
        // Gaps, and numbers that are taken.
        1 => (2u32..6).prop_map(|id| Command::AddNode(NodeId(id))),
        1 => node().prop_map(Command::RemoveNode),
        1 => (key, 50u64..1_500, 0u64..1_500).prop_map(|(key, low, more)| {
            Command::Set { key, value: (low, low + more) }
        }),
        1 => (prop::sample::select(vec![ParamKey::DISTANCE_US, ParamKey::LATENCY_MS, ParamKey::DISK_SYNC_MS]), 0u64..9)
            .prop_map(|(key, low)| Command::Set { key, value: (low, low) }),
        1 => (node(), -50i32..50, -50i32..50).prop_map(|(node, x, y)| Command::Move { node, x, y }),
    ]
}

/// A list of commands, ordered by time; several often share an instant.
pub fn plan() -> impl Strategy<Value = Vec<Stamped<Op>>> {
    let at_us = prop_oneof![0..SPAN_US, (0..SPAN_US / 1_000).prop_map(|ms| ms * 1_000)];
    let after = prop_oneof![4 => Just(0u32), 1 => 0u32..4, 1 => Just(u32::MAX)];
    let stamped = (at_us, after, command()).prop_map(|(at_us, after, command)| Stamped { at_us, after, command });
    proptest::collection::vec(stamped, 0..25).prop_map(|mut plan| {
        plan.sort_by_key(|stamped| stamped.at_us);
        plan
    })
}

/// How hard a property test tries; `PROPTEST_CASES` overrides it.
pub fn effort(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}
