//! The systems' folders, and what each says that it expects: `expect.json`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use labs::{Entry, Run, VariantKind};
use serde_json::Value;
use view::lens::LensKind;

/// The lab that is looked at alone, where somebody works on one: `cargo xtask test lab ID`.
fn one_lab() -> Option<String> {
    std::env::var("NETSPLIT_LAB").ok().filter(|lab| !lab.is_empty())
}

/// Whether only one lab is looked at.
pub fn of_one_lab() -> bool {
    one_lab().is_some()
}

/// Whether this lab is looked at.
pub fn is_meant(entry: &Entry) -> bool {
    one_lab().is_none_or(|lab| lab == entry.info.id)
}

/// The labs that are looked at: all of them, or one.
pub fn entries() -> Vec<&'static Entry> {
    let all = labs::catalogue().iter().map(|lab| lab.entry().unwrap());
    let meant: Vec<_> = all.filter(|entry| is_meant(entry)).collect();
    assert!(!meant.is_empty(), "NETSPLIT_LAB: there is no such lab");
    meant
}

/// The entry of a lab.
pub fn entry(id: &str) -> &'static Entry {
    labs::catalogue().find(id).and_then(|lab| lab.entry()).unwrap()
}

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
    let mut found = folders.filter(|folder| folder.join("expect.json").is_file());
    found.next().unwrap_or_else(|| panic!("{lab} has no folder {system}"))
}

/// What a system expects of itself.
pub fn expectations(lab: &str) -> Value {
    let path = folder(lab).join("expect.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The mistakes of the systems that are looked at, in the order of the catalogue.
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
    entries().into_iter().flat_map(|entry| of_lab(entry.info.id)).collect()
}

/// The files in a folder that end so, by name.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    files.sort();
    files
}

/// All source files below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> =
        files(folder, ".rs").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let inside = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    found.extend(inside.filter(|path| path.is_dir()).flat_map(|path| sources(&path)));
    found
}

/// Whether a system has tests beside its source: in its folder, or in that of what it shares with others of its family.
fn has_tests(folder: &Path) -> bool {
    let tested = |texts: &[String]| texts.iter().any(|text| text.contains("#[test]"));
    let own = sources(folder);
    let used = own.iter().flat_map(|text| text.split("use crate::").skip(1));
    let shared: BTreeSet<&str> = used.filter_map(|rest| rest.split([':', ';']).next()).collect();
    tested(&own) || shared.iter().any(|module| tested(&sources(&folder.join("..").join(module))))
}

/// What a system lacks, each with what to do about it.
fn lacks(entry: &'static Entry, folder: &Path) -> Vec<String> {
    let (info, mut lacks) = (entry.info, Vec::new());
    let mut need = |there: bool, what: &str| {
        if !there {
            lacks.push(format!("{}: {what}", info.id));
        }
    };
    let text = std::fs::read_to_string(folder.join("expect.json")).unwrap_or_default();
    let expected: Value = serde_json::from_str(&text).unwrap_or_default();
    let keys = expected.as_object().into_iter().flat_map(|fields| fields.keys());
    need(
        keys.eq(["sweep", "settings", "bugs"].iter()),
        "expect.json has `sweep`, `settings` and `bugs`, in this order",
    );
    for key in ["seeds", "steps_min"] {
        let number = expected["sweep"][key].as_u64();
        need(number.is_some_and(|number| number > 0), &format!("expect.json: `sweep.{key}` is a number above zero"));
    }
    let settings = expected["settings"].as_array().is_some_and(|settings| !settings.is_empty());
    need(settings, "expect.json: `settings` has other settings for sweeps, such as \"nodes=5 latency-ms=0..0\"");
    let session = Run::of_entry(entry).open().unwrap();
    let properties: Vec<&str> = session.verdicts().iter().map(|verdict| verdict.property).collect();
    for variant in info.variants.iter().filter(|variant| variant.kind == VariantKind::Bug).map(|variant| variant.id) {
        let bug = &expected["bugs"][variant];
        let told = bug["story"].as_str().is_some_and(|story| !story.is_empty());
        need(told, &format!("expect.json: `bugs.{variant}.story` says what its run shows"));
        let known = bug["property"].as_str().is_some_and(|property| properties.contains(&property));
        need(known, &format!("expect.json: `bugs.{variant}.property` is the one that it violates"));
        let explore = format!("netsplit explore {} --variant {variant} --shrink", info.id);
        let run = folder.join("bugs").join(format!("{variant}.json")).is_file();
        need(run, &format!("bugs/{variant}.json is its minimal run: `{explore}` finds one"));
    }
    let record = format!("NETSPLIT_LAB={} UPDATE_EXPECT=1 cargo test -p netsplit-labs --test it fixtures", info.id);
    let parity = files(&folder.join("parity"), ".json").len() >= 4;
    need(parity, &format!("parity/ has four runs or more: `{record}` makes them"));
    let tours = !files(&folder.join("tours"), ".toml").is_empty();
    need(tours, "tours/ has a tour, 1-ID.toml: docs/TOURS.md says how to write one");
    need(has_tests(folder), "its paper's claims are tests beside its source, or scripts that a test plays");
    for kind in [LensKind::Checks, LensKind::Inspector, LensKind::SpaceTime, LensKind::Wire, LensKind::Story] {
        need(info.lenses.contains(&kind), &format!("`lenses` offers {}", kind.id()));
    }
    let own = info.lenses.iter().any(|kind| matches!(kind, LensKind::Pane(_)) || asks_its_lab(*kind));
    need(own, "`lenses` offers a pane of its own");
    need(!info.opening_lenses.is_empty(), "`opening_lenses` says what is open at first");
    need(!info.metrics.is_empty(), "`metrics` has numbers that a run reports");
    need(!info.ops.is_empty(), "`ops` has something to ask of a node");
    need(
        !info.summary.is_empty() && !info.invitation.0.is_empty(),
        "`summary` and `invitation` say what there is to see",
    );
    lacks
}

/// Whether a built-in lens asks its lab something, as a pane would.
fn asks_its_lab(kind: LensKind) -> bool {
    matches!(kind, LensKind::Comparison)
}

#[test]
fn no_system_lacks_anything() {
    let lacking: Vec<String> = entries().into_iter().flat_map(|entry| lacks(entry, &folder(entry.info.id))).collect();
    assert!(lacking.is_empty(), "\n{}\n", lacking.join("\n"));
}

#[test]
fn an_empty_folder_lacks_everything() {
    let entry = entry("raft-log");
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-such-system");
    let lacking = lacks(entry, &nowhere).join("\n");
    for part in
        ["`sweep`", "sweep.seeds", "`settings` has", ".story`", ".property`", "bugs/", "parity/", "tours/", "tests"]
    {
        assert!(lacking.contains(part), "{part}: {lacking}");
    }
    // What stands in its lab is there all the same.
    assert!(!lacking.contains("lenses") && !lacking.contains("metrics"), "{lacking}");
}

#[test]
fn every_name_leads_to_one_lab() {
    let catalogue = labs::catalogue();
    let mut names = Vec::new();
    for lab in catalogue.iter() {
        for name in [&lab.card.id].into_iter().chain(lab.card.aliases) {
            assert_eq!(catalogue.find(name).map(|found| found.card.id), Ok(lab.card.id));
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(name.bytes().all(plain), "{name}: a name may stand in an address");
            names.push(*name);
        }
    }
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
