//! Raft: leader election, as a lab.

use crate::raft::Bugs;
use crate::raft::common::panes::{HISTORY, LOG, STATES};
use crate::raft::common::{self as raft, CHECK_QUORUM, CORRECT, ELECTION_TIMEOUT, HEARTBEAT, NODES, PRE_VOTE, RaftLab};
use runs::prelude::*;

/// One client that writes now and then, so that logs differ.
const CLIENTS: ParamInfo = ParamInfo { default: Setting::number(1), max: 1, ..raft::CLIENTS };

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<RaftLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "raft-election",
    title: "Raft: leader election",
    aliases: &["leader-election"],
    family: "Consensus and leadership",
    summary: "Five servers elect a leader; cut it off, and the majority elects another.",
    invitation: (
        "Cut the leader off.",
        "Draw across its links, or around it. The majority elects somebody else. And the old leader goes on believing.",
    ),
    variants: &[
        CORRECT,
        bug(Bugs::FORGETS_VOTE),
        bug(Bugs::NO_LOG_CHECK),
        bug(Bugs::FIXED_TIMEOUT),
        bug(Bugs::MAJORITY_OF_REACHABLE),
        bug(Bugs::WINS_BY_WAITING),
        bug(Bugs::VOTES_ONCE_EVER),
        bug(Bugs::COUNTS_LATE_VOTES),
        cost(Bugs::TIMEOUT_DRAWN_ONCE),
        cost(Flag {
            name: "even-cluster",
            title: "an even number of servers",
            summary: "Four servers survive no more failures than three, and split votes more often.",
        })
        .with(&[("nodes", Setting::number(4))]),
    ],
    params: &[
        NODES,
        ELECTION_TIMEOUT,
        HEARTBEAT,
        LATENCY,
        DISK_SYNC,
        PRE_VOTE,
        CHECK_QUORUM,
        CLIENTS,
        raft::WRITE_EVERY,
        DISTANCE,
    ],
    ops: &[raft::TIME_OUT, raft::TRANSFER, raft::PUT, raft::GET, raft::ADD],
    metrics: raft::METRICS,
    speed: 0.05,
    roles: Some(&raft::ROLES),
    picture: Picture::Network,
    showcase: Showcase {
        commands: r#"[{"at_us": 300000, "do": "partition", "groups": [["n3"], ["n1", "n2", "n4", "n5", "c1"]]}, {"at_us": 1100000, "do": "heal-all"}]"#,
        from_us: 130_000,
        until_us: 1_400_000,
        still_us: 800_000,
        speed: 0.15,
    },
    lenses: &[
        LensKind::Checks,
        LensKind::Pane(&STATES),
        LensKind::SpaceTime,
        LensKind::Comparison,
        LensKind::Wire,
        LensKind::Inspector,
        LensKind::Pane(&LOG),
        LensKind::Pane(&HISTORY),
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Checks, LensKind::Story],
    ..LabInfo::BASE
};
