//! Raft: leader election, as a lab.

use view::Picture;
use view::lens::LensKind;

use crate::raft::common::{
    self as raft, CHECK_QUORUM, CORRECT, DISK_SYNC, ELECTION_TIMEOUT, HEARTBEAT, LATENCY, NODES, PRE_VOTE, RaftLab, bug,
};
use runs::Entry;
use runs::info::{LabInfo, Showcase, VariantInfo, VariantKind};
use runs::params::{DISTANCE, ParamInfo, Setting};

/// One client that writes now and then, so that logs differ.
const CLIENTS: ParamInfo = ParamInfo { default: Setting::number(1), max: 1, ..raft::CLIENTS };

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<RaftLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "raft-election",
    title: "Raft: leader election",
    family: "Consensus and leadership",
    summary: "Five servers elect a leader; cut it off, and the majority elects another.",
    invitation: (
        "Cut the leader off.",
        "Draw across its links, or around it. The majority elects somebody else. And the old leader goes on believing.",
    ),
    variants: &[
        CORRECT,
        bug(
            "forgets-vote",
            "forgets its vote",
            "The vote is kept in memory only: a server that restarts votes again in the same term.",
            &[],
        ),
        bug(
            "no-log-check",
            "votes without comparing logs",
            "A server with an old log can win, and committed entries vanish.",
            &[],
        ),
        bug(
            "fixed-timeout",
            "equal timeouts",
            "All servers wait equally long, so they stand for election together, again and again.",
            &[],
        ),
        bug(
            "majority-of-reachable",
            "majority of those it reaches",
            "After a partition each side counts only itself, and each elects a leader.",
            &[],
        ),
        bug(
            "wins-by-waiting",
            "wins by waiting",
            "A candidate that nobody contradicts for a while leads without a vote.",
            &[],
        ),
        bug(
            "votes-once-ever",
            "votes once for ever",
            "The vote is kept into new terms: after the first leader crashes nobody can win.",
            &[],
        ),
        bug("counts-late-votes", "counts late votes", "Votes of an older term elect in a newer one.", &[]),
        VariantInfo {
            id: "timeout-drawn-once",
            title: "timeout drawn once",
            summary: "The timeout is drawn at boot and kept: whoever drew alike splits the vote every time.",
            kind: VariantKind::Cost,
            overrides: &[],
        },
        VariantInfo {
            id: "even-cluster",
            title: "an even number of servers",
            summary: "Four servers survive no more failures than three, and split votes more often.",
            kind: VariantKind::Cost,
            overrides: &[("nodes", Setting::number(4))],
        },
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
        LensKind::States,
        LensKind::SpaceTime,
        LensKind::Comparison,
        LensKind::Wire,
        LensKind::Inspector,
        LensKind::Log,
        LensKind::History,
        LensKind::Story,
    ],
    opening_lenses: &[LensKind::Checks, LensKind::Story],
    ..LabInfo::BASE
};
