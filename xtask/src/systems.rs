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

/// All systems, by family and name: every folder that says what it expects of itself.
pub fn all() -> Result<Vec<System>, String> {
    let mut systems = Vec::new();
    for family in folders(&paths::root().join("crates/families"))? {
        for folder in folders(&family.join("src"))? {
            if folder.join("expect.json").is_file() {
                let id = folder.file_name().unwrap_or_default().to_string_lossy().replace('_', "-");
                systems.push(System { id, folder });
            }
        }
    }
    Ok(systems)
}

/// Copies the minimal run of each mistake to `bugs/LAB/VARIANT.json` below a folder that is to be published. Trunk calls
/// this as its last hook, so that the page has them however it is built.
pub fn gather() -> Result<(), String> {
    let staging = std::env::var_os("TRUNK_STAGING_DIR").ok_or("TRUNK_STAGING_DIR is not set: Trunk calls `gather`")?;
    for System { id, folder } in all()? {
        let Ok(runs) = fs::read_dir(folder.join("bugs")) else { continue };
        let out = Path::new(&staging).join("bugs").join(&id);
        fs::create_dir_all(&out).map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
        for run in runs {
            let run = run.map_err(|error| format!("the runs of {id} cannot be read: {error}"))?;
            fs::copy(run.path(), out.join(run.file_name()))
                .map_err(|error| format!("{} cannot be copied: {error}", run.path().display()))?;
        }
    }
    Ok(())
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(parent).map_err(|error| format!("{} cannot be read: {error}", parent.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}
