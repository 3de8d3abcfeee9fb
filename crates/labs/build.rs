//! Makes the catalogue from the families' folders: each `pub mod` of a family whose folder has an `expect.json` is a
//! system, and the files in its `tours/` are its tours, `N-ID.toml`, in the order of their numbers.
//!
//! With `--cfg split` a family's entries are reached only through a function of its own, which is where the splitter cuts
//! (`tools/split/`). That function must stay the only one that mentions them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The families, in the order in which they are shown.
const FAMILIES: [&str; 11] = [
    "consensus",
    "time",
    "partitioning",
    "replication",
    "consistency",
    "transactions",
    "resilience",
    "traffic",
    "messaging",
    "storage",
    "parallel",
];

fn main() {
    let families = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../families");
    println!("cargo:rerun-if-changed={}", families.display());
    let (mut code, mut labs, mut tours, mut count) = (String::new(), String::new(), String::new(), 0);
    for family in FAMILIES {
        let source = families.join(family).join("src");
        let systems = systems(&source);
        if !systems.is_empty() {
            code.push_str(&family_code(family, &systems));
        }
        for system in systems {
            let place = family.to_uppercase();
            let entry = format!("{family}::{system}::ENTRY");
            // The card alone: what a lab's parameters and operations say comes with its code.
            let _ = writeln!(
                labs,
                "        Listed {{ card: Card {{ mistakes: &{entry}.info.mistakes::<{{ {entry}.info.variants.len() - 1 }}>(), \
                 ..{entry}.info.card() }}, family: &{place} }},"
            );
            for (id, path) in tours_of(&source.join(&system)) {
                let text = read(&path);
                let title = text.lines().find_map(|line| line.strip_prefix("title = "));
                let title = title.unwrap_or_else(|| panic!("{}: no line `title = \"…\"`", path.display()));
                let (lab, path) = (system.replace('_', "-"), path.display().to_string());
                count += 1;
                let _ = writeln!(
                    tours,
                    "    Shelved {{ id: {id:?}, lab: {lab:?}, title: {title}, text: tour_text!({path:?}) }},"
                );
            }
        }
    }
    let text = format!(
        "{code}static CATALOGUE: Catalogue = Catalogue {{\n    labs: &[\n{labs}    ],\n    tours: &TOURS,\n}};\n\
         static TOURS: [Shelved; {count}] = [\n{tours}];\n"
    );
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("catalogue.rs");
    fs::write(&out, text).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// Where the code of a family's systems is.
fn family_code(family: &str, systems: &[String]) -> String {
    let place = family.to_uppercase();
    let entries: Vec<String> = systems.iter().map(|system| format!("&{family}::{system}::ENTRY")).collect();
    let entries = entries.join(", ");
    format!(
        "#[cfg(not(split))]
static {place}: Family = Family::here({family:?}, &[{entries}]);
#[cfg(split)]
static {place}: Family = Family::apart({family:?}, || Box::pin(async {{ code_of_{family}().await.map_err(not_loaded) }}));
#[cfg(split)]
#[wasm_split_helpers::wasm_split({family}, fallible)]
fn code_of_{family}() -> Result<Entries, wasm_split_helpers::SplitLoaderError> {{
    static ENTRIES: [&Entry; {count}] = [{entries}];
    Ok(&ENTRIES)
}}
",
        count = systems.len()
    )
}

/// The systems of a family, in the order of its lines.
fn systems(source: &Path) -> Vec<String> {
    let text = read(&source.join("lib.rs"));
    let modules = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    modules.filter(|module| source.join(module).join("expect.json").is_file()).map(str::to_owned).collect()
}

/// The tours in a system's folder: identifiers and files.
fn tours_of(system: &Path) -> Vec<(String, PathBuf)> {
    let Ok(folder) = fs::read_dir(system.join("tours")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = folder.map(|file| file.expect("a readable folder").path()).collect();
    files.sort();
    let tour = |path: PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.split_once('-'));
        let numbered = stem.filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
        let (_, id) = numbered.unwrap_or_else(|| panic!("{}: tours are called N-ID.toml", path.display()));
        (id.to_owned(), path)
    };
    files.into_iter().map(tour).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
