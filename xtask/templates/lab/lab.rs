//! The system as a lab: what can be set and asked, how it looks, and what is said of it.

use runs::prelude::*;
use view::pane::{Block, Column, Item, Pattern, Row, Table};

use super::{Bugs, Config, Counter, CounterOracle, Msg, Note, Op, Timer};

const NODES: ParamInfo = servers(3, (2, 9));

const NUMBERS: PaneInfo = PaneInfo { id: "numbers", title: "Numbers", heading: "Who has which number" };

/// The lab's line in the catalogue.
pub static ENTRY: Entry = Entry::of::<CounterLab>(&INFO);

/// The lab.
static INFO: LabInfo = LabInfo {
    id: "@ID@",
    title: "@TITLE@",
    family: "@FAMILY@",
    summary: "Nodes count, and tell each other how far they are; nobody ever goes back.",
    invitation: ("Let a node add.", "The others hear of it one after the other, and take the larger number over."),
    variants: &[
        correct("Only a larger number is taken over, and it is on disk before anybody hears it."),
        bug(Bugs::TAKES_ANYTHING),
    ],
    params: &[
        NODES,
        live(params::number("count-every-ms", "Each node counts about every (0: never)", 200, (0, 60_000), "ms")),
        LATENCY,
        DISK_SYNC,
        params::DISTANCE,
    ],
    ops: &[op("add", "Add", "A node adds to its number.").with(&[ops::number("Count", 10, (1, 1_000))])],
    metrics: &["counted", "caught-up"],
    speed: 0.1,
    showcase: Showcase { from_us: 0, until_us: 2_000_000, still_us: 500_000, speed: 0.2, ..LabInfo::BASE.showcase },
    lenses: runs::lenses![LensKind::Pane(&NUMBERS)],
    opening_lenses: &[LensKind::Pane(&NUMBERS), LensKind::Checks],
    ..LabInfo::BASE
};

/// How long sweeps make faults, in µs, and how long they wait after that.
const CHAOS_US: u64 = 4_000_000;
const CALM_US: u64 = 1_000_000;

/// Somebody adds something.
const ADDITIONS: PlannedOps<Op> = PlannedOps {
    interval_us: 300_000,
    until_us: CHAOS_US,
    swarm: true,
    next: |stream, nodes| {
        let node = NodeId(stream.range(0, u64::from(nodes.max(1)) - 1) as u32);
        Some(Command::Request { node, op: Op::Add(stream.range(1, 10)) })
    },
};

pub(super) struct CounterLab;

impl Lab for CounterLab {
    type Protocol = Counter;
    type Oracle = CounterOracle;

    fn setup(chosen: Chosen<'_>) -> Setup<Self> {
        let names = check::Names::servers(chosen.count(&NODES));
        let config = Config { bugs: chosen.bugs(), ..chosen.config() };
        let (oracle, layout) = (CounterOracle::new(names.clone()), layout::circle(chosen.count(&NODES) as usize));
        Setup {
            fault_model: FaultModel::of(&FaultKind::ALL, CHAOS_US, CALM_US),
            planned_ops: vec![ADDITIONS],
            ..Setup::new(names, config, oracle, layout)
        }
    }

    fn dress(world: &World<Counter>, _: &Names, stage: &mut Stage) {
        for (id, node) in world.node_ids().zip(&mut stage.nodes) {
            node.hue = Some(id.0 % shapes::HUES);
            if let Some(counter) = world.node(id) {
                node.role = "counter".into();
                node.label = counter.number.to_string();
            }
        }
    }

    fn message_look(_: &Msg) -> (MessageShape, Option<u32>) {
        (MessageShape::Circle, None)
    }

    /// `number`.
    fn detail(node: &Counter, _: &Names) -> Value {
        json!({ "number": node.number })
    }

    fn tell(record: &Record<Counter>, names: &Names) -> Telling {
        let me = record.event.node().map_or("", |node| names.of(node));
        let told = match (record.notes().next(), &record.event) {
            (Some(Note::Started(number)), _) => (format!("{me} starts with {number}"), Weight::Routine),
            (Some(Note::Counted(number)), _) => (format!("{me} counts to {number}"), Weight::Event),
            (Some(Note::CaughtUp(number)), Event::Deliver { id, .. }) => {
                (format!("{me} takes over {number} from {}", names.of(id.from)), Weight::Event)
            }
            _ => (format!("{me} hears nothing new"), Weight::Routine),
        };
        Telling::new(told)
    }

    fn metrics(oracle: &CounterOracle) -> Vec<u64> {
        let (counted, caught_up) = oracle.counts();
        vec![counted, caught_up]
    }

    fn opening_us(world: &World<Counter>) -> u64 {
        before_first(world, 20_000, |_, timer| timer == Timer::Count)
    }

    fn pane(_: &str, look: Look<'_, Self>, _: &PaneAsk) -> Pane {
        let row = |id: NodeId| {
            let number = look.world.node(id).map(|node| node.number);
            let down = if number.is_none() { Pattern::Down } else { Pattern::Plain };
            let text = |number: Option<u64>| vec![Item::new(number.map_or_else(String::new, |it| it.to_string()))];
            Row::new(Item::node(look.names.of(id)).pattern(down), vec![text(number), text(look.oracle.told(id))])
        };
        let table = Table {
            caption: "Nobody’s number is smaller than what it has told".into(),
            corner: "Node".into(),
            columns: vec![Column::of_numbers("Number"), Column::of_numbers("Told")],
            rows: look.world.node_ids().map(row).collect(),
        };
        Pane::of([Block::Table(table)])
    }
}
