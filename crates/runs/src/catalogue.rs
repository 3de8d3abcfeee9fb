//! What there is to open: labs and the tours about them. The list itself is made from the families' folders, in the
//! crate `labs`; whoever reads a run or a tour is handed it.

use check::FaultModel;
use serde_json::{Value, json};

use crate::error::InputError;
use crate::info::{LabInfo, VariantInfo};
use crate::lab::{Chosen, Lab};
use crate::names::Names;
use crate::ops::OpInfo;
use crate::params::ParamInfo;
use crate::run::Run;
use crate::session::{LabSession, Session, read_op};
#[cfg(not(target_family = "wasm"))]
use crate::sweep::{self, Sweep};
use crate::tour::{Tour, TourError};

/// A lab in the catalogue: what it is, and how to use it without knowing its types.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What the lab is.
    pub info: &'static LabInfo,
    /// Opens a run at time 0.
    pub open: fn(&Run) -> Result<Box<dyn Session>, InputError>,
    /// What people call the nodes.
    pub names: fn(&Run) -> Names,
    /// Whether this is one of these operations.
    pub check_op: fn(&Value, &Names, &[OpInfo]) -> Result<(), InputError>,
    /// What the algorithm claims to survive.
    pub fault_model: fn(&Run) -> FaultModel,
    /// The run of a seed with its fault plan written out as commands.
    #[cfg(not(target_family = "wasm"))]
    pub planned: fn(&Run, u64) -> Run,
    /// Runs one seed under its fault plan.
    #[cfg(not(target_family = "wasm"))]
    pub sweep_seed: fn(&Run, u64, Sweep) -> sweep::Outcome,
}

impl Entry {
    /// The entry of a lab.
    #[must_use]
    pub const fn of<L: Lab>(info: &'static LabInfo) -> Self {
        Self {
            info,
            open: |run| Ok(Box::new(LabSession::<L>::open(run)?)),
            names: |run| L::setup(Chosen::of(run)).names.into(),
            check_op: |op, names, known| read_op::<L>(op, names, known).map(|_| ()),
            fault_model: |run| L::setup(Chosen::of(run)).fault_model,
            #[cfg(not(target_family = "wasm"))]
            planned: sweep::planned::<L>,
            #[cfg(not(target_family = "wasm"))]
            sweep_seed: sweep::seed::<L>,
        }
    }
}

/// The code of a lab, for whoever may have to wait for it: it opens runs of this lab.
#[derive(Clone, Copy, Debug)]
pub struct Code(&'static Entry);

impl Code {
    /// Opens a run at time 0.
    pub fn open(self, run: &Run) -> Result<Box<dyn Session>, InputError> {
        if run.entry.info.id != self.0.info.id {
            return Err(InputError::new("lab", format!("is {}, not {}", self.0.info.id, run.entry.info.id)));
        }
        (self.0.open)(run)
    }

    /// The lab.
    #[must_use]
    pub const fn entry(self) -> &'static Entry {
        self.0
    }
}

/// Why the code of a lab is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub String);

impl Entry {
    /// Hands out the lab's code, once it is there. All labs are in one file today, so it is there at once; whoever may
    /// have to wait asks here all the same.
    pub async fn load(&'static self) -> Result<Code, LoadError> {
        Ok(Code(self))
    }
}

/// A tour on the shelf.
#[derive(Debug)]
pub struct Shelved {
    /// Its identifier.
    pub id: &'static str,
    /// The lab it is about.
    pub lab: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All labs and all tours, in the order in which they are shown.
#[derive(Debug)]
pub struct Catalogue {
    /// The labs.
    pub labs: &'static [&'static Entry],
    /// The tours, those about one lab beside each other.
    pub tours: &'static [Shelved],
}

impl Catalogue {
    /// All labs.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'static Entry> + ExactSizeIterator + use<> {
        self.labs.iter().copied()
    }

    /// The lab with this identifier.
    pub fn find(&self, id: &str) -> Result<&'static Entry, InputError> {
        self.iter().find(|entry| entry.info.id == id).ok_or_else(|| {
            let known: Vec<_> = self.iter().map(|entry| entry.info.id).collect();
            InputError::new("lab", format!("there is no lab \"{id}\"; there are {}", known.join(", ")))
        })
    }

    /// The tours about a lab.
    pub fn tours_of(&self, lab: &str) -> impl Iterator<Item = &'static Shelved> {
        self.tours.iter().filter(move |shelved| shelved.lab == lab)
    }

    /// The tour with this identifier.
    pub fn find_tour(&self, id: &str) -> Result<&'static Shelved, InputError> {
        self.tours.iter().find(|shelved| shelved.id == id).ok_or_else(|| {
            let known: Vec<_> = self.tours.iter().map(|shelved| shelved.id).collect();
            InputError::new("tour", format!("there is no tour \"{id}\"; there are {}", known.join(", ")))
        })
    }

    /// Reads a tour that is on the shelf.
    pub fn read_tour(&self, shelved: &Shelved) -> Result<Tour, TourError> {
        Tour::read(self, shelved.text)
    }

    /// The catalogue as data: what `list --json` prints and the page's `labs()` returns.
    #[must_use]
    pub fn describe(&self) -> Value {
        self.iter().map(|entry| self.describe_lab(entry.info)).collect()
    }

    fn describe_lab(&self, lab: &LabInfo) -> Value {
        let variant = |variant: &VariantInfo| json!({"id": variant.id, "title": variant.title, "kind": variant.kind.name(), "summary": variant.summary});
        let param = |param: &ParamInfo| {
            json!({
                "key": param.key, "title": param.title, "kind": param.kind(), "default": param.to_json(param.default),
                "min": param.min, "max": param.max, "unit": param.unit, "live": param.live,
                "choices": param.choices().iter().map(|(word, _)| *word).collect::<Vec<_>>(),
            })
        };
        let op = |op: &OpInfo| json!({"id": op.id, "title": op.title, "summary": op.summary, "form": op.form()});
        let tours = self.tours_of(lab.id).map(|tour| json!({"id": tour.id, "title": tour.title}));
        json!({
            "id": lab.id,
            "revision": lab.revision,
            "title": lab.title,
            "family": lab.family,
            "summary": lab.summary,
            "variants": lab.variants.iter().map(variant).collect::<Vec<_>>(),
            "params": lab.params.iter().map(param).collect::<Vec<_>>(),
            "ops": lab.ops.iter().map(op).collect::<Vec<_>>(),
            "metrics": lab.metrics,
            "lenses": lab.lenses.iter().map(|lens| lens.id()).collect::<Vec<_>>(),
            "tours": tours.collect::<Vec<_>>(),
        })
    }
}
