//! The kit for labs: variants and parameters that several labs word alike.

use crate::lab::{VariantInfo, VariantKind};
use crate::params::{ParamInfo, Setting, Shape, number};

/// The algorithm as published; `summary` says what makes it right.
#[must_use]
pub const fn correct(summary: &'static str) -> VariantInfo {
    VariantInfo { id: "correct", title: "as published", summary, kind: VariantKind::Correct, overrides: &[] }
}

/// A variant with a mistake that some oracle catches.
#[must_use]
pub const fn bug(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    overrides: &'static [(&'static str, Setting)],
) -> VariantInfo {
    VariantInfo { id, title, summary, kind: VariantKind::Bug, overrides }
}

/// A variant that is only worse.
#[must_use]
pub const fn cost(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    overrides: &'static [(&'static str, Setting)],
) -> VariantInfo {
    VariantInfo { id, title, summary, kind: VariantKind::Cost, overrides }
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
