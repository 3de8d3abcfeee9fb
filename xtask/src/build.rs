//! Builds the page unless it is up to date, moves it to dist/ in one go, and says what it weighs. What the files are made
//! of is in `bundle.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::hash::Fnv;
use crate::{bundle, files, paths, proc};

/// What the page is made of. A change elsewhere needs no new build.
const INPUTS: [&str; 14] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "assets",
    "crates",
    "index.html",
    "package-lock.json",
    "rust-toolchain.toml",
    "src",
    "style",
    "tools/split",
    "xtask/src/build.rs",
    "xtask/src/bundle.rs",
    "xtask/src/systems.rs",
];

/// How much trouble a build takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// As it is published: small and fast.
    Publish,
    /// To look at while working on it: built in seconds, and several times larger.
    Draft,
}

/// Builds dist/ unless it is up to date. The tools have to be there already.
pub fn page(care: Care) -> Result<(), String> {
    let started = Instant::now();
    let inputs = inputs_of(care)?;
    if is_made_of(&inputs) {
        println!("build: dist/ is up to date");
        return Ok(());
    }
    swap(&bundle::make(care)?, &paths::dist())?;
    let new = dist_stamp(&inputs).ok_or("dist/ was built but cannot be read")?;
    files::write(&stamp(), new.as_bytes())?;
    println!("build: done after {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Whether dist/ is what a build would make.
pub fn is_current(care: Care) -> Result<bool, String> {
    Ok(is_made_of(&inputs_of(care)?))
}

/// Does what a build does first and needs no tools for.
pub fn prepare(care: Care) -> Result<(), String> {
    if is_current(care)? { Ok(()) } else { bundle::compile(care).map(drop) }
}

/// What a build is made of, as text.
fn inputs_of(care: Care) -> Result<String, String> {
    let inputs = inputs_hash()?;
    Ok(match care {
        Care::Publish => inputs,
        Care::Draft => format!("draft-{inputs}"),
    })
}

fn is_made_of(inputs: &str) -> bool {
    fs::read_to_string(stamp()).is_ok_and(|old| Some(old) == dist_stamp(inputs))
}

/// What dist/ was made of.
fn stamp() -> PathBuf {
    paths::page_work().join("stamp")
}

pub fn inputs_hash() -> Result<String, String> {
    let mut hash = Fnv::new();
    for input in INPUTS {
        hash = hash.field(input.as_bytes()).tree(&paths::root().join(input))?;
    }
    Ok(hash.hex())
}

/// Ties the inputs to what lies in dist/, so that a dist/ that somebody changed or removed is built again.
fn dist_stamp(inputs: &str) -> Option<String> {
    if !paths::dist().join("index.html").is_file() {
        return None;
    }
    let dist = Fnv::new().tree(&paths::dist()).ok()?;
    Some(format!("{inputs} {}", dist.hex()))
}

/// Puts a finished directory where dist/ is. Two renames, so that a half-written dist/ is never seen; where dist/ is a
/// link or on another disk, a copy.
fn swap(fresh: &Path, dist: &Path) -> Result<(), String> {
    let old = paths::page_work().join("old");
    files::remove_dir(&old)?;
    let gone = !dist.exists() || fs::rename(dist, &old).is_ok();
    if gone && fs::rename(fresh, dist).is_ok() {
        return files::remove_dir(&old);
    }
    files::remove_dir(dist)?;
    files::copy_tree(fresh, dist)
}

/// Prints what the files of a published page weigh, and fails when one is heavier than it may be; node has the
/// compressor, so that no dependency is needed.
pub fn weigh() -> Result<(), String> {
    let mut node = proc::command("node");
    node.arg("e2e/sizes.mjs");
    proc::show(node, "keeping to the budgets")
}
