//! What a lab has to say about its system; everything else is common to all labs.

use std::any::Any;

use check::plan::PlannedOps;
use check::{FaultModel, Oracle};
use serde_json::Value;
use sim::{ClusterConfig, Flags, Operation, Params, Protocol, Record, World};
use view::layout::{self, Point};
use view::{MessageShape, Pane, PaneAsk, Stage};

use crate::bands::RoleChange;
use crate::command::ADDED_MAX;
use crate::info::{LabInfo, VariantInfo};
use crate::names::Names;
use crate::params::{ParamInfo, Setting, Settings};
use crate::plain::Telling;

/// A lab's cluster for one variant and one choice of parameters.
pub struct Setup<L: Lab> {
    /// The protocol's configuration.
    pub config: <L::Protocol as Protocol>::Config,
    /// The machines and the network. Positions, and the parameters that the simulator knows by itself
    /// ([`ClusterConfig::set`]), are filled in by [`Setup::of`].
    pub cluster: ClusterConfig,
    /// The oracles, before the first step.
    pub oracle: L::Oracle,
    /// What people call the nodes.
    pub names: check::Names,
    /// Where the nodes stand when nobody has moved them.
    pub layout: Vec<Point>,
    /// What the algorithm claims to survive.
    pub fault_model: FaultModel,
    /// What sweeps ask of the nodes besides what clients do of their own accord.
    pub planned_ops: Vec<PlannedOps<<L::Protocol as Protocol>::Op>>,
}

/// What a run has chosen of its lab.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The lab.
    pub info: &'static LabInfo,
    /// The version of its algorithm.
    pub variant: &'static VariantInfo,
    settings: &'a Settings,
}

impl<'a> Chosen<'a> {
    /// A version of a lab's algorithm and what is set; a [`Run`](crate::Run) knows its own.
    #[must_use]
    pub const fn new(info: &'static LabInfo, variant: &'static VariantInfo, settings: &'a Settings) -> Self {
        Self { info, variant, settings }
    }

    /// The range of a parameter; its default when the lab does not offer it.
    #[must_use]
    pub fn range(&self, param: &ParamInfo) -> (u64, u64) {
        let Setting { low, high } = self.settings.get(self.variant, self.info.param(param));
        (low, high)
    }

    /// A parameter that counts something small.
    #[must_use]
    pub fn count(&self, param: &ParamInfo) -> u32 {
        u32::try_from(self.range(param).0).unwrap_or(u32::MAX)
    }

    /// A parameter in milliseconds, in µs.
    #[must_use]
    pub fn us(&self, param: &ParamInfo) -> u64 {
        self.range_us(param).0
    }

    /// A range in milliseconds, in µs.
    #[must_use]
    pub fn range_us(&self, param: &ParamInfo) -> (u64, u64) {
        let (low, high) = self.range(param);
        (low * 1_000, high * 1_000)
    }

    /// The configuration: each of its parameters as it is set.
    ///
    /// # Panics
    ///
    /// When the lab does not offer one of them.
    #[must_use]
    pub fn config<C: Params>(&self) -> C {
        self.config_with(&[])
    }

    /// The same, where a lab does not offer these: they keep their defaults.
    ///
    /// # Panics
    ///
    /// When the lab does not offer another one.
    #[must_use]
    pub fn config_with<C: Params>(&self, not_offered: &[ParamInfo]) -> C {
        let mut config = C::default();
        for key in C::KEYS {
            let mut known = self.info.params.iter().chain(not_offered);
            let param = known.find(|param| param.key == *key);
            let param = param.unwrap_or_else(|| panic!("{} has no parameter {key}", self.info.id));
            config.set(param.id(), self.range(param));
        }
        config
    }

    /// The mistakes of the variant: the flag that has its name, or none.
    #[must_use]
    pub fn bugs<B: Flags>(&self) -> B {
        B::only(self.variant.id).unwrap_or_default()
    }
}

impl<L: Lab> Setup<L> {
    /// The machines that have these names, with disks that need 1 ms unless a parameter says otherwise. What the algorithm survives, and
    /// what sweeps ask of it, is still to be said: `Setup { fault_model, ..Setup::new(…) }`.
    #[must_use]
    pub fn new(
        names: check::Names,
        config: <L::Protocol as Protocol>::Config,
        oracle: L::Oracle,
        layout: Vec<Point>,
    ) -> Self {
        let cluster = ClusterConfig { disk_sync_us: (1_000, 1_000), ..ClusterConfig::of(names.first().count() as u32) };
        let fault_model = FaultModel::of(&[], 0, 0);
        Self { config, cluster, oracle, names, layout, fault_model, planned_ops: Vec::new() }
    }

    /// The cluster of a run, with what all labs have in common: where machines stand, how long messages and disks
    /// need, and whether distance counts.
    #[must_use]
    pub fn of(chosen: Chosen<'_>) -> Self {
        let mut setup = L::setup(chosen);
        let late = (0..ADDED_MAX as usize).map(layout::late);
        setup.cluster.positions = setup.layout.iter().copied().chain(late).map(|Point { x, y }| (x, y)).collect();
        for param in chosen.info.params {
            setup.cluster.set(param.id(), chosen.range(param));
        }
        setup
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
    type Protocol: Protocol<Op: Operation>;
    /// Its checks.
    type Oracle: Oracle<Self::Protocol>;

    /// The cluster for a variant of a lab and its parameters.
    fn setup(chosen: Chosen<'_>) -> Setup<Self>;

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
