//! What there is to open: labs and the tours about them. The list itself is made from the families' folders, in the
//! crate `labs`; whoever reads a run or a tour is handed it.
//!
//! An [`Entry`] has a lab's code, and a run has an entry: whoever holds a run can open it. The catalogue lists labs
//! without their code ([`Listed`]), which on a page comes when it is asked for.

use std::pin::Pin;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::entry::Entry;
use crate::error::InputError;
use crate::info::{Card, LabInfo, VariantInfo};
use crate::ops::OpInfo;
use crate::params::ParamInfo;

/// The entries of a family's labs.
pub type Entries = &'static [&'static Entry];

/// The code of a family's labs on its way.
pub type Loading = Pin<Box<dyn Future<Output = Result<Entries, LoadError>>>>;

/// Why the code of a lab is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub String);

/// Labs whose code comes as one. On a published page that is a file of its own, fetched when one of the labs is opened;
/// everywhere else it is a part of the program.
#[derive(Debug)]
pub struct Family {
    /// Its name, which the file has as well.
    pub id: &'static str,
    code: FamilyCode,
}

#[derive(Debug)]
enum FamilyCode {
    Here(Entries),
    Apart { load: fn() -> Loading, loaded: OnceLock<Entries> },
}

impl Family {
    /// A family whose code is a part of the program.
    #[must_use]
    pub const fn here(id: &'static str, entries: Entries) -> Self {
        Self { id, code: FamilyCode::Here(entries) }
    }

    /// A family whose code has to be fetched. Loading may fail and be tried again; once is enough.
    #[must_use]
    pub const fn apart(id: &'static str, load: fn() -> Loading) -> Self {
        Self { id, code: FamilyCode::Apart { load, loaded: OnceLock::new() } }
    }

    /// Its entries, if the code is there.
    #[must_use]
    pub fn entries(&self) -> Option<Entries> {
        match &self.code {
            FamilyCode::Here(entries) => Some(entries),
            FamilyCode::Apart { loaded, .. } => loaded.get().copied(),
        }
    }

    /// Sees to it that the code is there.
    pub async fn load(&self) -> Result<(), LoadError> {
        if let FamilyCode::Apart { load, loaded } = &self.code
            && loaded.get().is_none()
        {
            let entries = load().await?;
            loaded.get_or_init(|| entries);
        }
        Ok(())
    }
}

/// A lab as the catalogue lists it: what it is, and where its code comes from. Nothing here may name the lab's types, or
/// its code becomes a part of everything that knows the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// What is said of the lab at once.
    pub card: Card,
    /// Whose code it comes with.
    pub family: &'static Family,
}

impl Listed {
    /// The entry of the lab; an error on a page whose code for it has not been loaded.
    pub fn entry(&self) -> Result<&'static Entry, InputError> {
        let id = self.card.id;
        let found = self.family.entries().and_then(|entries| entries.iter().copied().find(|entry| entry.info.id == id));
        found.ok_or_else(|| InputError::new("lab", format!("the code of {id} is not loaded")))
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
    /// Where its text is.
    pub text: TourText,
}

/// The text of a tour on the shelf: a part of the program, or, on a published page, a file that is fetched when somebody takes
/// the tour.
#[derive(Debug)]
pub enum TourText {
    /// It is there.
    Here(&'static str),
    /// It is there once it has been fetched.
    Apart(OnceLock<String>),
}

impl Shelved {
    /// The text, if it is there.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.text {
            TourText::Here(text) => Some(text),
            TourText::Apart(text) => text.get().map(String::as_str),
        }
    }

    /// Keeps the text that has been fetched; one that is there stays.
    pub fn keep(&self, fetched: String) {
        if let TourText::Apart(text) = &self.text {
            text.get_or_init(|| fetched);
        }
    }
}

/// All labs and all tours, in the order in which they are shown.
#[derive(Debug)]
pub struct Catalogue {
    /// The labs.
    pub labs: &'static [Listed],
    /// The tours, those about one lab beside each other.
    pub tours: &'static [Shelved],
}

impl Catalogue {
    /// All labs.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'static Listed> + ExactSizeIterator + use<> {
        self.labs.iter()
    }

    /// The lab with this identifier, or that is also called so.
    pub fn find(&self, id: &str) -> Result<&'static Listed, InputError> {
        self.iter().find(|lab| lab.card.is_called(id)).ok_or_else(|| {
            let known: Vec<_> = self.iter().map(|lab| lab.card.id).collect();
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

    /// The catalogue as data: what `list --json` prints and the page's `labs()` returns. Of a lab whose code is not there
    /// it has only what is on its card.
    #[must_use]
    pub fn describe(&self) -> Value {
        let described = |lab: &Listed| match lab.entry() {
            Ok(entry) => self.describe_lab(entry.info),
            Err(_) => {
                let Card { id, title, aliases, family, summary, .. } = lab.card;
                json!({
                    "id": id, "title": title, "aliases": aliases, "family": family, "summary": summary,
                    "tours": self.describe_tours(id),
                })
            }
        };
        self.iter().map(described).collect()
    }

    fn describe_tours(&self, lab: &str) -> Vec<Value> {
        self.tours_of(lab).map(|tour| json!({"id": tour.id, "title": tour.title})).collect()
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
        json!({
            "id": lab.id,
            "revision": lab.revision,
            "title": lab.title,
            "aliases": lab.aliases,
            "family": lab.family,
            "summary": lab.summary,
            "variants": lab.variants.iter().map(variant).collect::<Vec<_>>(),
            "params": lab.params.iter().map(param).collect::<Vec<_>>(),
            "ops": lab.ops.iter().map(op).collect::<Vec<_>>(),
            "metrics": lab.metrics,
            "lenses": lab.lenses.iter().map(|lens| lens.id()).collect::<Vec<_>>(),
            "tours": self.describe_tours(lab.id),
        })
    }
}
