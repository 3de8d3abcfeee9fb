//! The systems' folders, `crates/families/FAMILY/src/SYSTEM/`, and what the page takes from them as files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::paths;

/// A system's folder.
pub struct System {
    /// The lab's identifier.
    pub id: String,
    pub folder: PathBuf,
}

impl System {
    /// The folder of its family.
    pub fn family(&self) -> &Path {
        self.folder.ancestors().nth(2).expect("a system lies in the source of a family")
    }

    /// The identifiers of its tours, and their files.
    pub fn tours(&self) -> Result<Vec<(String, PathBuf)>, String> {
        let folder = self.folder.join("tours");
        let stems = stems(&folder)?;
        let tour = |stem: String| Some((stem.split_once('-')?.1.to_owned(), folder.join(format!("{stem}.toml"))));
        let mut tours: Vec<_> = stems.into_iter().filter_map(tour).collect();
        tours.sort();
        Ok(tours)
    }
}

/// The folders of a repository's families.
pub fn home() -> PathBuf {
    paths::root().join("crates/families")
}

/// The names of the families.
pub fn families(home: &Path) -> Result<Vec<String>, String> {
    let names = folders(home)?.into_iter().filter(|family| family.join("src").is_dir());
    Ok(names.map(|family| family.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect())
}

/// All systems, by family and name: every folder that says what it expects of itself.
pub fn all() -> Result<Vec<System>, String> {
    below(&home())
}

/// The same, of families that lie elsewhere.
pub fn below(home: &Path) -> Result<Vec<System>, String> {
    let mut systems = Vec::new();
    for family in families(home)? {
        for folder in folders(&home.join(family).join("src"))? {
            if folder.join("expect.json").is_file() {
                let id = folder.file_name().unwrap_or_default().to_string_lossy().replace('_', "-");
                systems.push(System { id, folder });
            }
        }
    }
    Ok(systems)
}

/// As [`gather`], for Trunk, which calls it as its last hook.
pub fn gather_for_trunk() -> Result<(), String> {
    let staging = std::env::var_os("TRUNK_STAGING_DIR").ok_or("TRUNK_STAGING_DIR is not set: Trunk calls `gather`")?;
    gather(Path::new(&staging))
}

/// Copies the minimal run of each mistake to `bugs/LAB/VARIANT.json` below a folder that is to be published.
pub fn gather(page: &Path) -> Result<(), String> {
    for System { id, folder } in all()? {
        let Ok(runs) = fs::read_dir(folder.join("bugs")) else { continue };
        let out = page.join("bugs").join(&id);
        fs::create_dir_all(&out).map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
        for run in runs {
            let run = run.map_err(|error| format!("the runs of {id} cannot be read: {error}"))?;
            fs::copy(run.path(), out.join(run.file_name()))
                .map_err(|error| format!("{} cannot be copied: {error}", run.path().display()))?;
        }
    }
    Ok(())
}

/// The names of a folder's files, without what they end in; none where there is no such folder.
fn stems(folder: &Path) -> Result<Vec<String>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    let stem = |path: PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    Ok(entries.filter_map(|entry| stem(entry.ok()?.path())).collect())
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(parent).map_err(|error| format!("{} cannot be read: {error}", parent.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}
