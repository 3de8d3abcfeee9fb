//! Raft: the replicated log, as a lab.

use crate::raft::Bugs;
use crate::raft::common::panes::{HISTORY, LOG, PROGRESS, STATES};
use crate::raft::common::{
    self as raft, CHECK_QUORUM, CLIENTS, CORRECT, ELECTION_TIMEOUT, HEARTBEAT, LEASE_READS, NODES, PRE_VOTE, RaftLab,
};
use runs::prelude::*;

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<RaftLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "raft-log",
    title: "Raft: the replicated log",
    aliases: &["replicated-log", "log-replication"],
    family: "Consensus and leadership",
    summary: "Clients write through a leader. An entry of its own term commits once a majority has it on disk, and all \
              before it with it.",
    invitation: (
        "Watch a write commit.",
        "The leader answers once a majority has it on disk. Crash the leader before that, and see whether the write survives.",
    ),
    variants: &[
        CORRECT,
        bug(Bugs::COMMITS_OLD_TERMS),
        bug(Bugs::NO_CONSISTENCY_CHECK),
        bug(Bugs::ACKS_BEFORE_FSYNC).with(&[("disk-sync-ms", Setting { low: 5, high: 40 })]),
        bug(Bugs::COMMITS_BEYOND_VERIFIED),
        bug(Bugs::TRUNCATES_ALWAYS),
        bug(Bugs::STALE_LEADER_READS),
        bug(Flag {
            name: "lease-reads-with-drift",
            title: "leases and bad clocks",
            summary: "Reads rely on a lease, which allows each clock to be about 5 % off. Set one further off, and cut the leader off.",
        })
        .with(&[("lease-reads", Setting::number(1)), ("check-quorum", Setting::number(1))]),
        bug(Bugs::OVERLAPPING_CHANGES),
        bug(Bugs::CHANGE_BEFORE_OWN_TERM),
        cost(Flag {
            name: "no-vote-guard",
            title: "no guard against removed servers",
            summary: "A removed server, which hears no leader any more, deposes one leader after another.",
        }),
    ],
    params: &[
        NODES,
        ELECTION_TIMEOUT,
        HEARTBEAT,
        LATENCY,
        DISK_SYNC,
        PRE_VOTE,
        CHECK_QUORUM,
        LEASE_READS,
        CLIENTS,
        raft::WRITE_EVERY.by_default(150),
        raft::SNAPSHOT_EVERY.by_default(20),
        DISTANCE,
    ],
    ops: &[raft::PUT, raft::GET, raft::ADD, raft::TRANSFER, raft::ADD_SERVER, raft::REMOVE_SERVER, raft::TIME_OUT],
    metrics: raft::METRICS,
    speed: 0.05,
    roles: Some(&raft::ROLES),
    picture: Picture::Network,
    showcase: Showcase {
        commands: r#"[{"at_us": 700000, "do": "crash", "node": "n3"}, {"at_us": 1400000, "do": "restart", "node": "n3"}]"#,
        from_us: 400_000,
        until_us: 1_800_000,
        still_us: 460_000,
        speed: 0.15,
    },
    lenses: &[
        LensKind::Pane(&LOG),
        LensKind::Pane(&PROGRESS),
        LensKind::Checks,
        LensKind::Pane(&STATES),
        LensKind::Inspector,
        LensKind::Pane(&HISTORY),
        LensKind::SpaceTime,
        LensKind::Comparison,
        LensKind::Wire,
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Pane(&LOG), LensKind::Checks, LensKind::Story],
    ..LabInfo::BASE
};
