//! Where things are: the repository, what is built, and the cache that outlives a clone.

use std::env;
use std::path::{Path, PathBuf};

/// The repository's root. Cargo names the package's directory when it runs us; a binary started by hand looks upwards.
pub fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    if let Some(parent) = package.as_deref().and_then(Path::parent) {
        return parent.to_path_buf();
    }
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let is_root = |dir: &&Path| dir.join("xtask/Cargo.toml").is_file();
    here.ancestors().find(is_root).unwrap_or(&here).to_path_buf()
}

pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Cargo's target directory, which `CARGO_TARGET_DIR` may have moved.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if !dir.is_empty() => root().join(dir),
        _ => root().join("target"),
    }
}

/// The tool that binds the page's wasm and cuts it into chunks.
pub fn splitter() -> PathBuf {
    root().join("tools/split")
}

/// Intermediate results of the page's build.
pub fn page_work() -> PathBuf {
    target().join("page")
}

/// The native command line tool, as a profile builds it.
pub fn cli(profile: &str) -> PathBuf {
    target().join(profile).join(format!("netsplit{}", env::consts::EXE_SUFFIX))
}

/// The per-user cache that a second clone finds again.
pub fn cache() -> Result<PathBuf, String> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = set("NETSPLIT_CACHE") {
        // Children run in other directories, so a relative path is fixed here.
        return std::path::absolute(dir).map_err(|error| format!("NETSPLIT_CACHE cannot be used: {error}"));
    }
    if let Some(dir) = set("XDG_CACHE_HOME").filter(|dir| dir.is_absolute()) {
        return Ok(dir.join("netsplit"));
    }
    if let Some(dir) = set("LOCALAPPDATA").filter(|_| cfg!(windows)) {
        return Ok(dir.join("netsplit").join("cache"));
    }
    let home = env::home_dir().filter(|dir| !dir.as_os_str().is_empty());
    home.map(|dir| dir.join(".cache").join("netsplit"))
        .ok_or("there is no home directory to keep tools in: set NETSPLIT_CACHE to a directory".into())
}
