//! A lab's code, as everybody may use it: functions without the lab's types.

#[cfg(not(target_family = "wasm"))]
use check::FaultModel;
use serde_json::Value;
use sim::Stamped;

use crate::error::InputError;
use crate::info::LabInfo;
use crate::lab::{Chosen, Lab, Setup};
#[cfg(not(target_family = "wasm"))]
use crate::lab_core::sweeps::{self, Sweep, Swept};
use crate::lab_core::{self, Opened, read_op};
use crate::names::Names;
use crate::ops::OpInfo;

/// Opens a run: what it has chosen, its seed and its commands.
pub type Open = fn(Chosen<'_>, u64, &[Stamped<Value>]) -> Result<Opened, InputError>;

/// A lab and its code: how to use it without knowing its types.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What the lab is.
    pub info: &'static LabInfo,
    /// Opens the run of a seed under these commands at time 0.
    pub open: Open,
    /// What people call the nodes.
    pub names: fn(Chosen<'_>) -> Names,
    /// Whether this is one of these operations.
    pub check_op: fn(&Value, &Names, &[OpInfo]) -> Result<(), InputError>,
    /// What the algorithm claims to survive.
    #[cfg(not(target_family = "wasm"))]
    pub fault_model: fn(Chosen<'_>) -> FaultModel,
    /// The fault plan of a seed, written out as commands.
    #[cfg(not(target_family = "wasm"))]
    pub planned: fn(Chosen<'_>, u64) -> Vec<Stamped<Value>>,
    /// Runs one seed under its fault plan.
    #[cfg(not(target_family = "wasm"))]
    pub sweep_seed: fn(Chosen<'_>, u64, Sweep) -> Swept,
}

impl Entry {
    /// The entry of a lab.
    #[must_use]
    pub const fn of<L: Lab>(info: &'static LabInfo) -> Self {
        Self {
            info,
            open: lab_core::open::<L>,
            names: |chosen| Setup::<L>::of(chosen).names.into(),
            check_op: |op, names, known| read_op::<L>(op, names, known).map(|_| ()),
            #[cfg(not(target_family = "wasm"))]
            fault_model: |chosen| Setup::<L>::of(chosen).fault_model,
            #[cfg(not(target_family = "wasm"))]
            planned: sweeps::planned::<L>,
            #[cfg(not(target_family = "wasm"))]
            sweep_seed: sweeps::seed::<L>,
        }
    }
}
