//! Raft: leader election, as a lab.

use algorithms::raft::{Msg, Op, Raft, RaftOracle};
use check::plan::PlannedOps;
use serde_json::Value;
use sim::{Record, World};
use view::narration::Weight;
use view::{MessageShape, Stage};

use crate::error::InputError;
use crate::lab::{Lab, LabInfo, Names, Setup, VariantInfo, VariantKind};
use crate::params::{ParamInfo, Setting, Settings};
use crate::raft::{self, CHECK_QUORUM, CORRECT, DISK_SYNC, ELECTION_TIMEOUT, HEARTBEAT, LATENCY, NODES, PRE_VOTE, bug};

/// One client that writes now and then, so that logs differ.
const CLIENTS: ParamInfo = ParamInfo { default: Setting::number(1), max: 1, ..raft::CLIENTS };

static INFO: LabInfo = LabInfo {
    id: "raft-election",
    title: "Raft: leader election",
    family: "Consensus and leadership",
    summary: "Five servers elect a leader; cut it off, and the majority elects another.",
    invitation: (
        "Cut the leader off.",
        "Click a link to cut it, a node to crash it. The majority elects somebody else. And the old leader goes on \
         believing.",
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
    ],
    ops: &[raft::TIME_OUT, raft::TRANSFER, raft::PUT, raft::GET, raft::ADD],
    metrics: raft::METRICS,
    speed: 0.05,
};

/// The lab.
pub struct RaftElection;

impl Lab for RaftElection {
    type Protocol = Raft;
    type Oracle = RaftOracle;

    const INFO: &'static LabInfo = &INFO;

    fn setup(variant: &'static VariantInfo, settings: &Settings) -> Setup<Self> {
        raft::setup(variant, settings)
    }

    fn planned_ops() -> Vec<PlannedOps<Op>> {
        vec![raft::TRANSFERS]
    }

    fn read_op(value: &Value, names: &Names) -> Result<Op, InputError> {
        raft::read_op(value, names, INFO.ops)
    }

    fn write_op(op: &Op, names: &Names) -> Value {
        raft::write_op(op, names)
    }

    fn dress(world: &World<Raft>, names: &Names, stage: &mut Stage) {
        raft::dress(world, names, stage);
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        raft::message_look(msg)
    }

    fn detail(raft: &Raft, names: &Names) -> Value {
        raft::detail(raft, names)
    }

    fn tell(record: &Record<Raft>, names: &Names) -> (String, Weight) {
        raft::words::tell(record, names)
    }

    fn metrics(oracle: &RaftOracle) -> Vec<u64> {
        raft::metrics(oracle)
    }

    fn opening_us(world: &World<Raft>) -> u64 {
        raft::opening_us(world)
    }
}
