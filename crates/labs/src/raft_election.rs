//! Raft: leader election, as a lab.

use algorithms::raft::{Bugs, Config, Msg, Note, Op, Raft, RaftOracle, Refusal, Ret, Role, Timer, majority};
use check::{FaultKind, FaultModel};
use serde_json::{Value, json};
use sim::{ClusterConfig, Command, Event, LinkProfile, NodeId, Outcome, Record, World};
use view::narration::Weight;
use view::{Condition, MessageShape, Stage};

use crate::error::InputError;
use crate::json::kind_of;
use crate::lab::{Lab, LabInfo, Names, OpInfo, Setup, VariantInfo, VariantKind};
use crate::params::{ParamInfo, Setting, Settings, Shape};

const NODES: ParamInfo = ParamInfo {
    key: "nodes",
    title: "Servers",
    shape: Shape::Number,
    default: Setting::number(5),
    min: 3,
    max: 9,
    unit: "",
    live: false,
};
const ELECTION_TIMEOUT: ParamInfo = ParamInfo {
    key: "election-timeout-ms",
    title: "Election timeout",
    shape: Shape::Range,
    default: Setting { low: 150, high: 300 },
    min: 10,
    max: 10_000,
    unit: "ms",
    live: false,
};
const HEARTBEAT: ParamInfo = ParamInfo {
    key: "heartbeat-ms",
    title: "Heartbeat interval",
    shape: Shape::Number,
    default: Setting::number(50),
    min: 1,
    max: 10_000,
    unit: "ms",
    live: false,
};
const LATENCY: ParamInfo = ParamInfo {
    key: "latency-ms",
    title: "One-way latency",
    shape: Shape::Range,
    default: Setting { low: 5, high: 15 },
    min: 0,
    max: 10_000,
    unit: "ms",
    live: false,
};
const DISK_SYNC: ParamInfo = ParamInfo {
    key: "disk-sync-ms",
    title: "Disk sync",
    shape: Shape::Range,
    default: Setting::number(1),
    min: 0,
    max: 10_000,
    unit: "ms",
    live: false,
};

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
        VariantInfo {
            id: "correct",
            title: "as published",
            summary: "Terms and votes are on disk before they are answered.",
            kind: VariantKind::Correct,
        },
        VariantInfo {
            id: "forgets-vote",
            title: "forgets its vote",
            summary: "The vote is kept in memory only: a server that restarts votes again in the same term.",
            kind: VariantKind::Bug,
        },
    ],
    params: &[NODES, ELECTION_TIMEOUT, HEARTBEAT, LATENCY, DISK_SYNC],
    ops: &[OpInfo { id: "time-out", title: "Time out now", summary: "The server's election timer runs out at once." }],
    metrics: &["elections", "leaders"],
    speed: 0.05,
};

/// How long before the first timeout the lab opens, in µs: about a second at its own speed.
const OPENING_LEAD_US: u64 = 50_000;

/// The lab.
pub struct RaftElection;

impl Lab for RaftElection {
    type Protocol = Raft;
    type Oracle = RaftOracle;

    const INFO: &'static LabInfo = &INFO;

    fn setup(variant: &'static VariantInfo, settings: &Settings) -> Setup<Self> {
        let nodes = settings.get(&NODES).low as u32;
        let in_us = |param: &ParamInfo| {
            let Setting { low, high } = settings.get(param);
            (low * 1_000, high * 1_000)
        };
        let election_timeout_us = in_us(&ELECTION_TIMEOUT);
        Setup {
            config: Config {
                election_timeout_us,
                heartbeat_us: in_us(&HEARTBEAT).0,
                bugs: Bugs { forgets_vote: variant.id == "forgets-vote" },
            },
            cluster: ClusterConfig {
                nodes,
                link: LinkProfile { latency_us: in_us(&LATENCY), ..LinkProfile::default() },
                disk_sync_us: in_us(&DISK_SYNC),
            },
            oracle: RaftOracle::new(election_timeout_us.1),
            names: Names::servers(nodes),
            fault_model: FaultModel {
                kinds: vec![FaultKind::Crash, FaultKind::Cut, FaultKind::Partition, FaultKind::Pause, FaultKind::Loss],
                chaos_us: 4_000_000,
                horizon_us: 4_000_000 + 25 * election_timeout_us.1,
                interval_us: 60_000,
                ..FaultModel::default()
            },
        }
    }

    fn read_op(value: &Value) -> Result<Op, InputError> {
        match value {
            Value::String(text) if text == "time-out" => Ok(Op::TimeOut),
            Value::String(text) => {
                Err(InputError::new("", format!("there is no operation \"{text}\"; there is time-out")))
            }
            other => Err(InputError::new("", format!("is a text, not {}", kind_of(other)))),
        }
    }

    fn write_op(op: &Op) -> Value {
        match op {
            Op::TimeOut => "time-out".into(),
        }
    }

    fn dress(world: &World<Raft>, names: &Names, stage: &mut Stage) {
        let newest_led =
            world.node_ids().filter_map(|id| world.node(id)).filter(|raft| raft.leads()).map(|raft| raft.term).max();
        let servers = stage.nodes.len() as u32;
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            let Some(raft) = world.node(id) else {
                node.remark = Some("crashed · disk kept".into());
                continue;
            };
            node.role = role_name(&raft.role).into();
            node.label = format!("term {}", raft.term);
            node.hue = hue(raft.term);
            node.leads = raft.leads();
            match &raft.role {
                Role::Leader if newest_led > Some(raft.term) => node.remark = Some("still believes it leads".into()),
                Role::Leader => {}
                Role::Candidate { votes } => {
                    node.candidate = true;
                    node.badge = Some(format!("{} / {}", votes.len(), majority(servers)));
                }
                Role::Follower { leader: None } => {
                    node.remark = raft.voted_for.map(|candidate| format!("voted for {}", names.of(candidate)));
                }
                Role::Follower { leader: Some(_) } => {}
            }
            if node.condition == Condition::Paused {
                node.remark = Some("paused".into());
            }
            node.timer_us = world
                .timers(id)
                .find(|running| running.timer == Timer::Election)
                .map(|running| (running.set_us, running.due_us));
        }
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        let shape = match msg {
            Msg::RequestVote { .. } => MessageShape::Triangle,
            Msg::RequestVoteReply { granted: true, .. } => MessageShape::Diamond,
            Msg::RequestVoteReply { granted: false, .. } => MessageShape::Square,
            Msg::AppendEntries { .. } => MessageShape::Circle,
            Msg::AppendEntriesReply { .. } => MessageShape::Ring,
        };
        (shape, hue(msg.term()))
    }

    /// `term`, `voted_for`, `leader` (whom a follower hears), `votes` (a candidate's voters).
    fn detail(raft: &Raft, names: &Names) -> Value {
        let name = |node: NodeId| names.of(node);
        let (leader, votes) = match &raft.role {
            Role::Follower { leader } => (leader.map(name), None),
            Role::Candidate { votes } => (None, Some(votes.iter().map(|&node| name(node)).collect::<Vec<_>>())),
            Role::Leader => (None, None),
        };
        json!({"term": raft.term, "voted_for": raft.voted_for.map(name), "leader": leader, "votes": votes})
    }

    fn tell(record: &Record<Raft>, names: &Names) -> (String, Weight) {
        let me = record.event.node().map_or("", |node| names.of(node));
        if let Some(told) = record.notes().last().map(|note| tell_note(record, note, me, names)) {
            return told;
        }
        match &record.event {
            Event::Boot(_) => (format!("{me} boots as a follower and starts its election timer"), Weight::Routine),
            Event::Timer { timer: Timer::Heartbeat, .. } => (format!("{me} sends heartbeats"), Weight::Routine),
            Event::Timer { timer: Timer::Election, .. } => (format!("{me}'s election timer runs out"), Weight::Event),
            Event::Deliver { id, msg } => tell_delivery(names.of(id.from), me, msg),
            Event::Command(Command::Request { .. }) => {
                let answer = record.outcomes.iter().find_map(|outcome| match outcome {
                    Outcome::Replied { ret: Ret::AlreadyLeader, .. } => {
                        Some("leads: it has no election timer to run out")
                    }
                    Outcome::Refused(_) => Some("is not running and does not answer"),
                    _ => None,
                });
                (format!("{me} {}", answer.unwrap_or("is asked to time out")), Weight::Event)
            }
            Event::Vanish { .. } | Event::Synced(_) | Event::Command(_) => (String::new(), Weight::Routine),
        }
    }

    fn metrics(oracle: &RaftOracle) -> Vec<u64> {
        vec![oracle.elections_started(), oracle.leaders().count() as u64]
    }

    fn opening_us(world: &World<Raft>) -> u64 {
        let first_us = world.node_ids().flat_map(|id| world.timers(id)).map(|running| running.due_us).min();
        first_us.unwrap_or(0).saturating_sub(OPENING_LEAD_US)
    }
}

/// Terms take hues in turn; term 0, in which nothing has happened, is grey.
fn hue(term: u64) -> Option<u32> {
    term.checked_sub(1).map(|index| (index % u64::from(view::shapes::HUES)) as u32)
}

const fn role_name(role: &Role) -> &'static str {
    match role {
        Role::Follower { .. } => "follower",
        Role::Candidate { .. } => "candidate",
        Role::Leader => "leader",
    }
}

fn tell_note(record: &Record<Raft>, note: &Note, me: &str, names: &Names) -> (String, Weight) {
    match note {
        Note::BecameCandidate { term } => {
            let why = match record.event {
                Event::Command(_) => "it was told to time out",
                _ => "it has heard no leader until its election timer ran out",
            };
            (format!("{me} starts an election for term {term} and votes for itself: {why}"), Weight::Milestone)
        }
        Note::BecameLeader { term, votes } => {
            (format!("{me} leads term {term}: with {votes} votes it has a majority"), Weight::Milestone)
        }
        Note::SteppedDown { term, led } => {
            let was = if *led { "stops leading" } else { "gives its candidacy up" };
            (format!("{me} {was}: it has learned of term {term}"), Weight::Milestone)
        }
        Note::GrantedVote { term, candidate } => {
            let candidate = names.of(*candidate);
            (
                format!("{me} grants its vote to {candidate} in term {term}: it had not voted for anybody else in it"),
                Weight::Event,
            )
        }
        Note::RefusedVote { term, candidate, why } => {
            let candidate = names.of(*candidate);
            let why = match why {
                Refusal::OldTerm => format!("it is in term {term} already"),
                Refusal::VotedFor(other) => format!("its vote in term {term} went to {}", names.of(*other)),
            };
            (format!("{me} refuses {candidate} its vote: {why}"), Weight::Event)
        }
        Note::FollowsLeader { term, leader } => {
            (format!("{me} follows {}, which leads term {term}", names.of(*leader)), Weight::Event)
        }
    }
}

fn tell_delivery(from: &str, me: &str, msg: &Msg) -> (String, Weight) {
    match msg {
        Msg::RequestVote { term } => (format!("{me} is asked by {from} for its vote in term {term}"), Weight::Event),
        Msg::RequestVoteReply { term, granted: true } => {
            (format!("{from}'s vote for term {term} reaches {me}"), Weight::Event)
        }
        Msg::RequestVoteReply { term, granted: false } => {
            (format!("{from}'s refusal of term {term} reaches {me}"), Weight::Event)
        }
        Msg::AppendEntries { term } => {
            (format!("{from}'s heartbeat of term {term} reaches {me}, which waits for it anew"), Weight::Routine)
        }
        Msg::AppendEntriesReply { .. } => (format!("{me} learns that {from} has heard it"), Weight::Routine),
    }
}
