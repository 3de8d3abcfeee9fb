//! Two-phase commit, as a lab: transfers between accounts, locks, and a coordinator to cut off.

use super::{
    Bugs, COORDINATOR, CommitOracle, Config, Coordinator, Msg, Node, Note, Participant, Timer, Tx, panes, words,
};
use runs::prelude::*;
use sim::Set;

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<CommitLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "two-phase-commit",
    title: "Two-phase commit",
    aliases: &["2pc", "atomic-commit"],
    family: "Transactions and coordination",
    summary: "All commit or all abort. Whoever has voted yes waits for the outcome with its lock held, however long that takes.",
    invitation: (
        "Stop the coordinator between vote and outcome.",
        "Wait until everybody who takes part has voted yes, and crash n1. Who may still decide?",
    ),
    variants: &[
        correct("Votes and outcomes are on disk before anybody hears of them; who has voted yes only asks."),
        bug(Bugs::FORGETS_DECISION),
        bug(Bugs::TIMES_OUT_TO_ABORT),
        bug(Bugs::UNLOCKS_EARLY),
        bug(Bugs::RESTARTS_ANEW),
    ],
    params: &[
        params::number("participants", "Participants", 4, (2, 8), ""),
        live(params::number("transfer-every-ms", "A transfer about every (0: never)", 120, (0, 60_000), "ms")),
        live(params::number("timeout-ms", "Timeout", 150, (10, 10_000), "ms")),
        LATENCY,
        DISK_SYNC,
        DISTANCE,
    ],
    ops: &[op("transfer", "Transfer", "The coordinator takes money from one account, for each of the others.")
        .with(&[node("From", "n2"), nodes("To", &["n3", "n4"], 8), ops::number("Amount for each", 10, (1, 1_000))])],
    metrics: &["begun", "committed", "aborted"],
    speed: 0.02,
    roles: Some(&Roles {
        holder: "coordinator",
        holds: "coordinates",
        seeks: "in doubt",
        number: "transaction",
        turning: "Vote",
    }),
    showcase: Showcase { from_us: 60_000, until_us: 460_000, still_us: 100_000, speed: 0.05, ..LabInfo::BASE.showcase },
    lenses: runs::lenses![LensKind::Pane(&panes::TRANSACTIONS), LensKind::Pane(&panes::LOCKS)],
    opening_lenses: &[LensKind::Pane(&panes::TRANSACTIONS), LensKind::Pane(&panes::LOCKS), LensKind::Checks],
    ..LabInfo::BASE
};

/// How long before the first transaction the lab opens, in µs.
const OPENING_LEAD_US: u64 = 10_000;

/// How long sweeps make faults, in µs, and how long they wait after that.
const CHAOS_US: u64 = 3_000_000;
const CALM_US: u64 = 8_000_000;

/// The lab of two-phase commit.
pub(crate) struct CommitLab;

impl Lab for CommitLab {
    type Protocol = Node;
    type Oracle = CommitOracle;

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        let config = Config { bugs: chosen.bugs(), ..chosen.config() };
        let names = check::Names::servers(config.participants + 1);
        let (oracle, layout) = (CommitOracle::new(names.clone()), layout::fan(config.participants as usize + 1));
        let fault_model = FaultModel::of(&FaultKind::ALL, CHAOS_US, CALM_US);
        Setup { fault_model, ..Setup::new(names, config, oracle, layout) }
    }

    fn dress(world: &World<Node>, _: &Names, stage: &mut Stage) {
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.in_charge = id == COORDINATOR;
            match world.node(id) {
                None => {}
                Some(Node::Coordinator(coordinator)) => dress_coordinator(coordinator, node),
                Some(Node::Participant(participant)) => dress_participant(participant, node),
            }
        }
    }

    fn message_look(msg: &Msg) -> (MessageShape, Option<u32>) {
        let shape = match msg {
            Msg::Prepare { .. } | Msg::Ask { .. } => MessageShape::Triangle,
            Msg::Vote { yes: true, .. } | Msg::Outcome { commit: true, .. } => MessageShape::Diamond,
            Msg::Vote { yes: false, .. } | Msg::Outcome { commit: false, .. } => MessageShape::Square,
            Msg::Ack { .. } | Msg::InDoubtToo { .. } => MessageShape::Ring,
        };
        (shape, hue(msg.tx()))
    }

    /// For the coordinator: `newest`, and the `open` transactions with their `outcome` (none before there is one) and
    /// who is `missing`. For a participant: `balance`, what it has `prepared`, where it is `blocked`, `outcomes`.
    fn detail(node: &Node, names: &Names) -> Value {
        let title = |tx: &Tx| format!("T{tx}");
        match node {
            Node::Coordinator(Coordinator { records, missing, .. }) => {
                let open = records.open.iter().map(|(tx, open)| {
                    let missing = missing.get(tx).into_iter().flatten().map(|&node| names.of(node));
                    let (does, outcome) = (words::changes(&open.parts, names), open.outcome.map(outcome));
                    (title(tx), json!({"does": does, "outcome": outcome, "missing": missing.collect::<Vec<_>>()}))
                });
                json!({"newest": records.newest, "open": open.collect::<Map<_, _>>()})
            }
            Node::Participant(Participant { account, blocked, .. }) => json!({
                "balance": account.balance,
                "prepared": account.prepared.keys().map(title).collect::<Vec<_>>(),
                "blocked": blocked.iter().map(title).collect::<Vec<_>>(),
                "outcomes": account
                    .outcomes
                    .iter()
                    .map(|(tx, &commit)| (title(tx), outcome(commit).into()))
                    .collect::<Map<_, Value>>(),
            }),
        }
    }

    fn tell(record: &Record<Node>, names: &Names) -> Telling {
        words::tell(record, names)
    }

    fn role_change(note: &Note) -> Option<RoleChange> {
        match note {
            Note::Prepared { tx } | Note::InDoubt { tx } => Some(RoleChange::Seeks(*tx)),
            Note::Decided { .. } => Some(RoleChange::Ends),
            _ => None,
        }
    }

    fn metrics(oracle: &CommitOracle) -> Vec<u64> {
        oracle.counts.to_vec()
    }

    fn opening_us(world: &World<Node>) -> u64 {
        before_first(world, OPENING_LEAD_US, |_, timer| timer == Timer::Workload)
    }

    fn pane(id: &str, look: Look<'_, Self>, _ask: &PaneAsk) -> Pane {
        if id == panes::TRANSACTIONS.id { panes::transactions(look) } else { panes::locks(look) }
    }
}

const fn outcome(commit: bool) -> &'static str {
    if commit { "commit" } else { "abort" }
}

/// The newest transaction that has not ended gives the coordinator its hue.
fn dress_coordinator(coordinator: &Coordinator, node: &mut view::Node) {
    node.role = "coordinator".into();
    let Some((tx, open)) = coordinator.records.open.last_key_value() else { return };
    node.hue = hue(*tx);
    node.label = format!("T{tx}");
    let missing = coordinator.missing.get(tx).map_or(0, Set::len);
    if open.outcome.is_none() {
        node.badge = Some(format!("{} / {} yes", open.parts.len() - missing, open.parts.len()));
    }
    node.remark = open.outcome.map(|commit| format!("T{tx}: {}", outcome(commit)));
}

fn dress_participant(participant: &Participant, node: &mut view::Node) {
    node.role = "participant".into();
    node.label = participant.account.balance.to_string();
    if let Some(tx) = participant.locked_by() {
        node.contends = true;
        node.hue = hue(tx);
        let state = if participant.blocked.contains(&tx) { "blocked" } else { "locked" };
        node.remark = Some(format!("{state} · T{tx}"));
    }
}
