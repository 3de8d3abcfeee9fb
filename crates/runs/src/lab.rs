//! What a lab has to say about its system; everything else is common to all labs.

use check::plan::PlannedOps;
use check::{FaultModel, Oracle};
use serde_json::Value;
use sim::{ClusterConfig, NodeId, Protocol, Record, World};
use view::layout::{self, Point};
use view::lens::{ClockError, History, LensKind, Log, LogWindow, Ring, States};
use view::{MessageShape, Picture, Stage};

use crate::bands::RoleChange;
use crate::command::ADDED_MAX;
use crate::error::InputError;
use crate::json::kind_of;
use crate::params::{DISTANCE, ParamInfo, Setting, Settings};
use crate::plain::Telling;
use crate::run::Run;

/// A lab as data: what `list` prints and what the page offers.
#[derive(Debug)]
pub struct LabInfo {
    /// Stable kebab-case identifier.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The family it belongs to.
    pub family: &'static str,
    /// What there is to see, in one sentence.
    pub summary: &'static str,
    /// What a newcomer is invited to try: a heading and a sentence or two.
    pub invitation: (&'static str, &'static str),
    /// `correct` first, then the classic mistakes.
    pub variants: &'static [VariantInfo],
    /// What can be set.
    pub params: &'static [ParamInfo],
    /// What clients can ask of a node.
    pub ops: &'static [OpInfo],
    /// Names of the numbers that a run reports.
    pub metrics: &'static [&'static str],
    /// Simulated seconds per real second at which it is best watched.
    pub speed: f64,
    /// Who can be in charge, in words; none where nobody is.
    pub roles: Option<&'static Roles>,
    /// What its stage shows at first.
    pub picture: Picture,
    /// What its card shows.
    pub showcase: Showcase,
    /// The ways to look at it, in the order in which they are offered.
    pub lenses: &'static [LensKind],
    /// Those that are open at first.
    pub opening_lenses: &'static [LensKind],
}

/// A lab's words for who is in charge: for the bands of the timeline, for what one can jump to, and for whom one cuts off.
#[derive(Debug, PartialEq, Eq)]
pub struct Roles {
    /// Who is in charge: `leader`. The stage says who that is ([`view::Node::in_charge`]).
    pub holder: &'static str,
    /// What a band says of a node that holds the role: empty, or `in doubt`.
    pub holds: &'static str,
    /// What a band says of a node that wants the role: `stands`.
    pub seeks: &'static str,
    /// What bands are numbered by: `term`.
    pub number: &'static str,
    /// What one jumps to where a band begins: `Election`.
    pub turning: &'static str,
}

/// A short piece of a run that shows what a lab is about, to be repeated.
#[derive(Debug)]
pub struct Showcase {
    /// The commands of the run, as JSON; seed 1, `correct`.
    pub commands: &'static str,
    /// Where it begins, in simulated µs.
    pub from_us: u64,
    /// Where it ends, in simulated µs.
    pub until_us: u64,
    /// The moment that stands for all of it where nothing moves, in simulated µs.
    pub still_us: u64,
    /// Simulated seconds per real second.
    pub speed: f64,
}

impl LabInfo {
    /// This lab's version of a parameter, which may have another default; as given, when the lab
    /// does not offer it.
    #[must_use]
    pub fn param<'a>(&'a self, param: &'a ParamInfo) -> &'a ParamInfo {
        self.params.iter().find(|known| known.key == param.key).unwrap_or(param)
    }

    /// The variant with this identifier.
    pub fn variant(&'static self, id: &str) -> Result<&'static VariantInfo, InputError> {
        self.variants.iter().find(|variant| variant.id == id).ok_or_else(|| {
            let known: Vec<_> = self.variants.iter().map(|variant| variant.id).collect();
            InputError::new("variant", format!("{} has no variant \"{id}\"; it has {}", self.id, known.join(", ")))
        })
    }
}

/// One version of a lab's algorithm.
#[derive(Debug)]
pub struct VariantInfo {
    /// Stable kebab-case identifier.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The mistake in one sentence.
    pub summary: &'static str,
    /// What kind of version it is.
    pub kind: VariantKind,
    /// Parameters that have other defaults in it.
    pub overrides: &'static [(&'static str, Setting)],
}

/// What kind of version a variant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariantKind {
    /// The algorithm as published.
    Correct,
    /// Some oracle catches it.
    Bug,
    /// It is only worse.
    Cost,
}

impl VariantKind {
    /// The name used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Bug => "bug",
            Self::Cost => "cost",
        }
    }
}

/// Something a client can ask of a node.
#[derive(Debug)]
pub struct OpInfo {
    /// Stable identifier; the first word of the operation.
    pub id: &'static str,
    /// What a button says.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// An example of it as it stands in a command's `op`, as JSON.
    pub form: &'static str,
    /// Whom it is asked of.
    pub of: Asked,
}

impl OpInfo {
    /// Reads an operation that is written as its name, or as an object whose one field has its name: which it is, and
    /// its argument, null for a name alone.
    pub fn read<'a>(value: &'a Value, known: &'a [Self]) -> Result<(&'a Self, &'a Value), InputError> {
        let list = || known.iter().map(|op| op.form).collect::<Vec<_>>().join(", ");
        let (word, argument) = match value {
            Value::String(word) => (word.as_str(), &Value::Null),
            Value::Object(map) => match map.iter().next() {
                Some((word, argument)) if map.len() == 1 => (word.as_str(), argument),
                _ => {
                    let example = known.first().map_or("", |op| op.form);
                    let problem = format!("has {} fields; an operation has one, such as {example}", map.len());
                    return Err(InputError::new("", problem));
                }
            },
            other => {
                let problem = format!("is a text or an object, not {}; there are {}", kind_of(other), list());
                return Err(InputError::new("", problem));
            }
        };
        let info = known
            .iter()
            .find(|op| op.id == word)
            .ok_or_else(|| InputError::new("", format!("there is no operation \"{word}\"; there are {}", list())))?;
        Ok((info, argument))
    }

    /// The complaint about an argument that the operation cannot take.
    pub fn unlike(&self, argument: &Value) -> InputError {
        InputError::new(self.id, format!("is written like {}, unlike {argument}", self.form))
    }
}

/// Whom an operation is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Servers only.
    Servers,
    /// Clients, which ask servers in their turn and retry, or servers directly.
    Anybody,
}

/// A lab's cluster for one variant and one choice of parameters.
pub struct Setup<L: Lab> {
    /// The protocol's configuration.
    pub config: <L::Protocol as Protocol>::Config,
    /// The machines and the network. Positions and distance are filled in by [`Setup::of`].
    pub cluster: ClusterConfig,
    /// The oracles, before the first step.
    pub oracle: L::Oracle,
    /// What people call the nodes, by [`NodeId`].
    pub names: Names,
    /// Where the nodes stand when nobody has moved them.
    pub layout: Vec<Point>,
    /// What the algorithm claims to survive.
    pub fault_model: FaultModel,
    /// What sweeps ask of the nodes besides what clients do of their own accord.
    pub planned_ops: Vec<PlannedOps<<L::Protocol as Protocol>::Op>>,
}

impl<L: Lab> Setup<L> {
    /// The cluster of a run, with what all labs have in common: where machines stand, and whether
    /// distance counts.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let info = run.entry.info;
        let mut setup = L::setup(info, run.variant, &run.settings);
        let late = (0..ADDED_MAX as usize).map(layout::late);
        setup.cluster.positions = setup.layout.iter().copied().chain(late).map(|Point { x, y }| (x, y)).collect();
        if let Some(param) = info.params.iter().find(|param| param.key == DISTANCE.key) {
            setup.cluster.link.distance_us = run.settings.get(run.variant, param).low as u32;
        }
        setup
    }
}

/// What people call the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// Servers called n1 to nN.
    #[must_use]
    pub fn servers(count: u32) -> Self {
        Self((1..=count).map(|number| format!("n{number}")).collect())
    }

    /// Servers called n1 to nN, and behind them clients called c1 to cM.
    #[must_use]
    pub fn servers_and_clients(servers: u32, clients: u32) -> Self {
        let clients = (1..=clients).map(|number| format!("c{number}"));
        Self(Self::servers(servers).0.into_iter().chain(clients).collect())
    }

    /// The same, and behind them one more.
    #[must_use]
    pub fn and(mut self, name: &str) -> Self {
        self.0.push(name.to_owned());
        self
    }

    /// The same, and names for `count` machines that are added later: nK goes on counting.
    #[must_use]
    pub fn with_added(&self, count: u32) -> Self {
        let number = |name: &String| name.strip_prefix('n').and_then(|number| number.parse::<u32>().ok());
        let last = self.0.iter().filter_map(number).max().unwrap_or(0);
        let added = (1..=count).map(|next| format!("n{}", last + next));
        Self(self.0.iter().cloned().chain(added).collect())
    }

    /// The names of the first `count` nodes.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self(self.0[..count].to_vec())
    }

    /// The name of a node.
    #[must_use]
    pub fn of(&self, node: NodeId) -> &str {
        &self.0[node.index()]
    }

    /// The node with this name.
    pub fn find(&self, name: &str) -> Result<NodeId, InputError> {
        match (0u32..).zip(&self.0).find(|(_, known)| *known == name) {
            Some((index, _)) => Ok(NodeId(index)),
            None => Err(InputError::new("", format!("there is no node \"{name}\"; there are {}", self.0.join(", ")))),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What somebody who reads the ring has already, and what they ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct RingAsk<'a> {
    /// The ring of before: what has not changed is taken over as it is.
    pub known: Option<&'a Ring>,
    /// A key that is looked up.
    pub key: Option<&'a str>,
}

/// One algorithm as a lab, or as several that differ in their [`LabInfo`]. Implementations hold no
/// state: everything lives in the run.
pub trait Lab: Sized + 'static {
    /// The algorithm.
    type Protocol: Protocol;
    /// Its checks.
    type Oracle: Oracle<Self::Protocol>;

    /// The cluster for a variant of a lab and its parameters.
    fn setup(info: &'static LabInfo, variant: &'static VariantInfo, settings: &Settings) -> Setup<Self>;

    /// Reads one of a lab's operations; the error says which there are.
    fn read_op(value: &Value, names: &Names, known: &[OpInfo]) -> Result<<Self::Protocol as Protocol>::Op, InputError>;

    /// Writes an operation.
    fn write_op(op: &<Self::Protocol as Protocol>::Op, names: &Names) -> Value;

    /// Fills in what is particular to the algorithm in a stage whose nodes, links and messages are
    /// there already, in the order of their ids.
    fn dress(world: &World<Self::Protocol>, names: &Names, stage: &mut Stage);

    /// The shape of a message of this kind and the hue it takes.
    fn message_look(msg: &<Self::Protocol as Protocol>::Msg) -> (MessageShape, Option<u32>);

    /// How many things a message carries, where that is worth a word beside it.
    fn carries(_msg: &<Self::Protocol as Protocol>::Msg) -> Option<u32> {
        None
    }

    /// A node's state as data, in documented fields.
    fn detail(node: &Self::Protocol, names: &Names) -> Value;

    /// What happened in a step in which the algorithm acted: one that boots a node, delivers a message, runs a timer or
    /// handles a request. Everything else is told alike in every lab. It is asked only of steps that somebody looks at.
    fn tell(record: &Record<Self::Protocol>, names: &Names) -> Telling;

    /// What a note means for the role of the node that says it, for the bands of the timeline.
    fn role_change(_note: &<Self::Protocol as Protocol>::Note) -> Option<RoleChange> {
        None
    }

    /// The numbers of [`LabInfo::metrics`], in that order.
    fn metrics(oracle: &Self::Oracle) -> Vec<u64>;

    /// The moment at which the lab opens, in µs, for a world at time 0.
    fn opening_us(world: &World<Self::Protocol>) -> u64;

    /// The replicated log; none where there is no such thing.
    fn log(_world: &World<Self::Protocol>, _names: &Names, _window: LogWindow) -> Option<Log> {
        None
    }

    /// The states of a node; none where there is no such thing.
    fn states(_world: &World<Self::Protocol>, _oracle: &Self::Oracle, _names: &Names) -> Option<States> {
        None
    }

    /// Clients' operations; none where there is no such thing.
    fn history(_world: &World<Self::Protocol>, _oracle: &Self::Oracle, _names: &Names) -> Option<History> {
        None
    }

    /// The hash ring; none where there is no such thing.
    fn ring(_world: &World<Self::Protocol>, _oracle: &Self::Oracle, _names: &Names, _ask: RingAsk<'_>) -> Option<Ring> {
        None
    }

    /// How wrong clocks are; none where that is not what it is about.
    fn clock_error(_world: &World<Self::Protocol>, _oracle: &Self::Oracle, _names: &Names) -> Option<ClockError> {
        None
    }

    /// Whether a machine that starts again knows nothing of what was there before: another process in its place.
    const FORGETS: bool = false;
}
