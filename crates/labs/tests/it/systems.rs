//! The systems' folders, and what each says that it expects: `expect.json`.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A mistake, as the system's folder tells it.
pub struct Bug {
    pub lab: &'static str,
    pub variant: String,
    /// The property that its run violates.
    pub property: String,
    /// Within how many seeds a blind sweep finds it; none where only a directed run shows it.
    pub found_within: Option<u64>,
}

impl Bug {
    /// The file with its minimal run.
    pub fn run_file(&self) -> PathBuf {
        folder(self.lab).join("bugs").join(format!("{}.json", self.variant))
    }
}

/// The folder of a system.
pub fn folder(lab: &str) -> PathBuf {
    let families = Path::new(env!("CARGO_MANIFEST_DIR")).join("../families");
    let system = lab.replace('-', "_");
    let folders = std::fs::read_dir(&families).unwrap().map(|family| family.unwrap().path().join("src").join(&system));
    let mut found = folders.filter(|folder| folder.is_dir());
    found.next().unwrap_or_else(|| panic!("{lab} has no folder {system}"))
}

/// What a system expects of itself.
pub fn expectations(lab: &str) -> Value {
    let path = folder(lab).join("expect.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The mistakes of all systems, in the order of the catalogue.
pub fn bugs() -> Vec<Bug> {
    let of_lab = |lab: &'static str| {
        let expected = expectations(lab);
        let bugs = expected["bugs"].as_object().unwrap_or_else(|| panic!("{lab}: bugs")).clone();
        bugs.into_iter().map(move |(variant, bug)| {
            let text = |key: &str| bug[key].as_str().unwrap_or_else(|| panic!("{lab}: {variant}: {key}")).to_owned();
            assert!(!text("story").is_empty(), "{lab}: {variant} has no story");
            Bug { lab, property: text("property"), found_within: bug["found_within"].as_u64(), variant }
        })
    };
    labs::catalogue().iter().flat_map(|entry| of_lab(entry.info.id)).collect()
}
