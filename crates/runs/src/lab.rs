//! What a lab has to say about its system; everything else is common to all labs.

use std::any::Any;

use check::plan::PlannedOps;
use check::{FaultModel, Oracle};
use serde_json::Value;
use sim::{ClusterConfig, NodeId, Protocol, Record, World};
use view::layout::{self, Point};
use view::lens::LensKind;
use view::{MessageShape, Pane, PaneAsk, PaneInfo, Picture, Stage};

use crate::bands::RoleChange;
use crate::command::ADDED_MAX;
use crate::error::InputError;
use crate::ops::{Args, OpInfo, Parts};
use crate::params::{ParamInfo, Setting, Settings};
use crate::plain::Telling;
use crate::run::Run;

/// A lab as data: what `list` prints and what the page offers.
#[derive(Clone, Copy, Debug)]
pub struct LabInfo {
    /// Stable kebab-case identifier.
    pub id: &'static str,
    /// Grows when its runs change: protocol, set-up, or draws. Runs say by which revision they were recorded.
    pub revision: u64,
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
    /// What could be set once: recorded runs still name it, and it changes nothing any more.
    pub retired: &'static [ParamInfo],
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
#[derive(Clone, Copy, Debug)]
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
    /// What a lab fills in as it has something to say.
    pub const BASE: Self = Self {
        id: "",
        revision: 1,
        title: "",
        family: "",
        summary: "",
        invitation: ("", ""),
        variants: &[],
        params: &[],
        retired: &[],
        ops: &[],
        metrics: &[],
        speed: 1.0,
        roles: None,
        picture: Picture::Network,
        showcase: Showcase { commands: "[]", from_us: 0, until_us: 1_000_000, still_us: 0, speed: 1.0 },
        lenses: &[],
        opening_lenses: &[],
    };

    /// This lab's version of a parameter, which may have another default; as given, when the lab
    /// does not offer it.
    #[must_use]
    pub fn param<'a>(&'a self, param: &'a ParamInfo) -> &'a ParamInfo {
        self.params.iter().find(|known| known.key == param.key).unwrap_or(param)
    }

    /// The panes that it offers.
    pub fn panes(&self) -> impl Iterator<Item = &'static PaneInfo> {
        self.lenses.iter().filter_map(|kind| match kind {
            LensKind::Pane(info) => Some(*info),
            _ => None,
        })
    }

    /// The lens with this identifier: one that it offers, or any that is built in.
    #[must_use]
    pub fn lens(&self, id: &str) -> Option<LensKind> {
        self.lenses.iter().copied().find(|kind| kind.id() == id).or_else(|| LensKind::parse(id))
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

/// A lab's cluster for one variant and one choice of parameters.
pub struct Setup<L: Lab> {
    /// The protocol's configuration.
    pub config: <L::Protocol as Protocol>::Config,
    /// The machines and the network. Positions, and the parameters that the simulator knows by itself
    /// ([`ClusterConfig::set`]), are filled in by [`Setup::of`].
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
    /// The cluster of a run, with what all labs have in common: where machines stand, how long messages and disks
    /// need, and whether distance counts.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let info = run.entry.info;
        let mut setup = L::setup(info, run.variant, &run.settings);
        let late = (0..ADDED_MAX as usize).map(layout::late);
        setup.cluster.positions = setup.layout.iter().copied().chain(late).map(|Point { x, y }| (x, y)).collect();
        for param in info.params {
            let Setting { low, high } = run.settings.get(run.variant, param);
            setup.cluster.set(param.id(), (low, high));
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

/// Everything of a run that a lab may look at to show something.
pub struct Look<'a, L: Lab> {
    /// The cluster, at the moment that is shown.
    pub world: &'a World<L::Protocol>,
    /// What the oracles have seen up to then.
    pub oracle: &'a L::Oracle,
    /// What people call the nodes.
    pub names: &'a Names,
}

impl<L: Lab> Clone for Look<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Lab> Copy for Look<'_, L> {}

/// One algorithm as a lab, or as several that differ in their [`LabInfo`]. Implementations hold no
/// state: everything lives in the run.
pub trait Lab: Sized + 'static {
    /// The algorithm.
    type Protocol: Protocol;
    /// Its checks.
    type Oracle: Oracle<Self::Protocol>;

    /// The cluster for a variant of a lab and its parameters.
    fn setup(info: &'static LabInfo, variant: &'static VariantInfo, settings: &Settings) -> Setup<Self>;

    /// Makes one of a lab's operations, of arguments as the lab has declared them. Only identifiers of the lab's own
    /// operations are handed over.
    fn make_op(id: &str, args: &mut Args) -> <Self::Protocol as Protocol>::Op;

    /// Takes an operation apart: the opposite of [`Lab::make_op`].
    fn op_parts(op: &<Self::Protocol as Protocol>::Op) -> Parts;

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

    /// What stands in one of the panes that [`LabInfo::lenses`] offers, by its id.
    fn pane(_id: &str, _look: Look<'_, Self>, _ask: &PaneAsk) -> Pane {
        Pane::default()
    }

    /// The answer to what a built-in lens asks ([`view::lens::Question`]); none for questions that are not about this
    /// lab.
    fn answer(_question: &dyn Any, _look: Look<'_, Self>) -> Option<Box<dyn Any>> {
        None
    }

    /// Whether a machine that starts again knows nothing of what was there before: another process in its place.
    const FORGETS: bool = false;
}
