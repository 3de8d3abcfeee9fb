//! The kit for labs: what several labs declare, word and do alike.

use sim::{Flag, NodeId, Protocol, World};
use view::{Stage, shapes};

use crate::info::{VariantInfo, VariantKind};
use crate::params::{ParamInfo, Setting, Shape, number};

/// The algorithm as published; `summary` says what makes it right.
#[must_use]
pub const fn correct(summary: &'static str) -> VariantInfo {
    VariantInfo { id: "correct", title: "as published", summary, kind: VariantKind::Correct, overrides: &[] }
}

/// A variant with a mistake that some oracle catches.
#[must_use]
pub const fn bug(flag: Flag) -> VariantInfo {
    VariantInfo { id: flag.name, title: flag.title, summary: flag.summary, kind: VariantKind::Bug, overrides: &[] }
}

/// A variant that is only worse.
#[must_use]
pub const fn cost(flag: Flag) -> VariantInfo {
    VariantInfo { kind: VariantKind::Cost, ..bug(flag) }
}

/// A parameter that is an inclusive range of whole numbers.
#[must_use]
pub const fn range(
    key: &'static str,
    title: &'static str,
    (low, high): (u64, u64),
    (min, max): (u64, u64),
    unit: &'static str,
) -> ParamInfo {
    ParamInfo { key, title, shape: Shape::Range, default: Setting { low, high }, min, max, unit, live: false }
}

/// The same parameter, as one that can change while the cluster runs.
#[must_use]
pub const fn live(param: ParamInfo) -> ParamInfo {
    ParamInfo { live: true, ..param }
}

/// How long a message needs, by default.
pub const LATENCY: ParamInfo = live(range("latency-ms", "One-way latency", (5, 15), (0, 10_000), "ms"));

/// How long a disk takes to sync one write.
pub const DISK_SYNC: ParamInfo = range("disk-sync-ms", "Disk sync", (1, 1), (0, 10_000), "ms");

/// The number of servers.
#[must_use]
pub const fn servers(default: u64, limits: (u64, u64)) -> ParamInfo {
    number("nodes", "Servers", default, limits, "")
}

/// The hue of a number that counts terms or transactions: they take hues in turn, and 0, in which nothing has happened, is
/// grey.
#[must_use]
pub fn hue(number: u64) -> Option<u32> {
    number.checked_sub(1).map(|index| (index % u64::from(shapes::HUES)) as u32)
}

/// A moment shortly before the first timer runs out for which `counts` holds, in µs: where a lab is best opened.
pub fn before_first<P: Protocol>(world: &World<P>, lead_us: u64, counts: impl Fn(NodeId, P::Timer) -> bool) -> u64 {
    let running = world.node_ids().flat_map(|id| world.timers(id).map(move |running| (id, running)));
    let due_us = running.filter(|(id, running)| counts(*id, running.timer)).map(|(_, running)| running.due_us);
    due_us.min().unwrap_or(0).saturating_sub(lead_us)
}

/// Leaves clients, which are drawn small, in the background: their links are quiet, and they do not talk to each other.
pub fn quiet_clients(stage: &mut Stage) {
    let small: Vec<bool> = stage.nodes.iter().map(|node| node.small).collect();
    for link in &mut stage.links {
        link.quiet = small[link.a] || small[link.b];
    }
    stage.links.retain(|link| !(small[link.a] && small[link.b]));
}
