//! Sets the machine up: the wasm target, the page's binder in a per-user cache, npm's packages, a Chromium.
//!
//! The binder compiles for minutes on a fresh machine, so it builds in the background while tests already run.
//! What is missing and cannot be installed is named in one line.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::hash::Fnv;
use crate::{files, patch, paths, proc};

const NODE_MAJOR_MIN: u32 = 20;

/// What a command needs. Building the page needs no browser, and a draft not always our own binder.
#[derive(Clone, Copy)]
pub struct Needs {
    binder: bool,
    browser: bool,
}

impl Needs {
    pub const BUILD: Self = Self { binder: true, browser: false };
    pub const PAGE: Self = Self { binder: true, browser: true };

    /// For a draft, which wasm-bindgen can bind where it is at hand.
    pub fn draft() -> Self {
        Self { binder: wasm_bindgen().is_none(), browser: false }
    }
}

/// What is needed, on its way; `wait` returns once it can be used.
pub struct Tools {
    build: Option<JoinHandle<Result<(), String>>>,
}

impl Tools {
    /// Does what is quick at once, and starts what takes minutes.
    pub fn start(needs: Needs) -> Result<Self, String> {
        // First what we cannot install, so that a person does not wait for minutes to read that.
        node_is_new_enough()?;
        let tool = Tool::splitter()?;
        let build = (needs.binder && !tool.works()).then(|| {
            println!(
                "setup: the page's binder is not in the cache yet; building it takes a few minutes, once for this user"
            );
            thread::spawn(move || tool.install())
        });
        wasm_target()?;
        npm_packages()?;
        if needs.browser {
            chromium()?;
        }
        Ok(Self { build })
    }

    pub fn wait(self) -> Result<(), String> {
        self.build
            .map_or(Ok(()), |build| build.join().unwrap_or_else(|_| Err("a tool's build ended unexpectedly".into())))
    }
}

/// The program that binds the page's wasm, and cuts it into chunks.
pub fn splitter() -> Result<PathBuf, String> {
    Ok(Tool::splitter()?.program())
}

/// wasm-bindgen of the version that the page has, from the PATH or, where cargo-binstall is at hand, fetched by that. It is
/// enough to bind a draft, and there minutes before our own binder is built.
pub fn wasm_bindgen() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(find_or_fetch_wasm_bindgen).as_deref()
}

fn find_or_fetch_wasm_bindgen() -> Option<PathBuf> {
    let version = locked_version(&files::read_text(&paths::root().join("Cargo.lock")).ok()?, "wasm-bindgen")?;
    let fits = |program: &PathBuf| {
        let mut ask = proc::command(program);
        ask.arg("--version");
        proc::quiet(ask).is_some_and(|answer| answer.split(' ').nth(1) == Some(&version))
    };
    let tools = paths::cache().ok()?.join("tools");
    let fetched = tools.join("bin").join(format!("wasm-bindgen{}", std::env::consts::EXE_SUFFIX));
    let known = ["wasm-bindgen".into(), fetched.clone()];
    if let Some(program) = known.into_iter().find(fits) {
        return Some(program);
    }
    proc::quiet(proc::cargo(&["binstall", "-V"]))?;
    println!("setup: fetching wasm-bindgen {version} with cargo binstall");
    // It would otherwise compile what it does not find, and our own binder is as good as that.
    let mut fetch = proc::cargo(&["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"]);
    fetch.arg(&tools).arg(format!("wasm-bindgen-cli@{version}"));
    if let Err(message) = proc::show(fetch, "fetching wasm-bindgen") {
        println!("setup: {message}; building the page's own binder instead");
    }
    Some(fetched).filter(fits)
}

/// The version of a package that a lock file has once.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{package}\""))?;
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

/// `tools/split/`, which is built from source: the crates that its lock file names, one of them with a patch of ours.
struct Tool {
    /// What it is built from, as a hash: another source is another tool.
    key: String,
    cache: PathBuf,
}

/// The crate that is patched, and the patch beside the tool's manifest.
const PATCHED: &str = "wasm_split_cli_support";
const PATCH: &str = "splitter.patch";

impl Tool {
    fn splitter() -> Result<Self, String> {
        let mut key = Fnv::new();
        for part in ["Cargo.toml", "Cargo.lock", "src", PATCH] {
            key = key.tree(&paths::splitter().join(part))?;
        }
        Ok(Self { key: key.hex(), cache: paths::cache()? })
    }

    fn id(&self) -> String {
        format!("netsplit-split-{}", self.key)
    }

    fn program(&self) -> PathBuf {
        self.cache.join("tools").join(format!("{}{}", self.id(), std::env::consts::EXE_SUFFIX))
    }

    /// A half-installed or damaged tool does not say who it is.
    fn works(&self) -> bool {
        let mut ask = proc::command(self.program());
        ask.arg("--version");
        proc::quiet(ask).is_some_and(|answer| answer.starts_with("netsplit-split "))
    }

    /// Builds in a directory of its own and moves the program into place when it is whole. The build directory stays
    /// until then, so that an interrupted build goes on where it was.
    fn install(&self) -> Result<(), String> {
        let work = self.cache.join("build").join(self.id());
        let cannot = |error: std::io::Error| format!("{} cannot be used: {error}", work.display());
        fs::create_dir_all(&work).map_err(cannot)?;
        fs::create_dir_all(self.cache.join("tools")).map_err(cannot)?;
        // Two clones may set up at once. The second one waits here, and then finds the tool.
        let lock = File::create(self.cache.join("build").join(format!("{}.lock", self.id()))).map_err(cannot)?;
        lock.lock().map_err(cannot)?;
        if self.works() {
            return Ok(());
        }
        let started = Instant::now();
        self.unpack(&work)?;
        self.build(&work)?;
        let built = work.join("target/debug").join(format!("netsplit-split{}", std::env::consts::EXE_SUFFIX));
        let staged = self.program().with_extension("new");
        fs::copy(built, &staged).and_then(|_| fs::rename(&staged, self.program())).map_err(cannot)?;
        if !self.works() {
            return Err(format!("{} was built but does not run", self.id()));
        }
        // The build directory takes hundreds of megabytes and has done its work; leaving it would do no harm.
        let _ = fs::remove_dir_all(&work);
        println!("setup: the page's binder is ready after {} s", started.elapsed().as_secs());
        Ok(())
    }

    /// Lays out the tool's source and, beside it, the patched crate's, whose checksum cargo has compared with the lock
    /// file's.
    fn unpack(&self, work: &Path) -> Result<(), String> {
        files::copy_tree(&paths::splitter().join("src"), &work.join("src"))?;
        for part in ["Cargo.toml", "Cargo.lock"] {
            files::write(&work.join(part), &files::read(&paths::splitter().join(part))?)?;
        }
        let mut fetch = proc::cargo(&["fetch", "--locked"]);
        fetch.current_dir(work);
        let fetched = proc::stream(fetch, "fetching what the page's binder is made of", |_| {})?;
        if !fetched.ok {
            let reason = fetched.text.lines().find(|line| line.starts_with("error")).unwrap_or("no reason given");
            return Err(format!("what the page's binder is made of cannot be fetched: {reason}"));
        }
        let mut ask = proc::cargo(&["metadata", "--locked", "--offline", "--format-version", "1"]);
        ask.current_dir(work);
        let metadata = proc::quiet(ask).ok_or("cargo metadata failed for the page's binder")?;
        let manifest = manifest_of(&metadata, PATCHED).ok_or(format!("the page's binder does not use {PATCHED}"))?;
        let source = manifest.parent().ok_or("a manifest lies in a folder")?;
        let patched = work.join("patched");
        files::remove_dir(&patched)?;
        files::copy_tree(source, &patched)?;
        patch::apply(&files::read_text(&paths::splitter().join(PATCH))?, &patched)?;
        let mut manifest = files::read_text(&work.join("Cargo.toml"))?;
        manifest.push_str(&format!("\n[patch.crates-io]\n{PATCHED} = {{ path = \"patched\" }}\n"));
        files::write(&work.join("Cargo.toml"), manifest.as_bytes())
    }

    fn build(&self, work: &Path) -> Result<(), String> {
        // The lock file loses the patched crate's checksum here, and nothing else changes.
        let mut build = proc::cargo(&["build", "--offline"]);
        // Outside of the repository, so that its Cargo settings do not apply.
        build.current_dir(work).env("CARGO_TARGET_DIR", work.join("target")).env_remove("RUSTFLAGS");
        let finished = proc::compile(build, "compiling the page's binder", |_| {})?;
        if finished.ok {
            return Ok(());
        }
        let log = self.cache.join("build").join(format!("{}.log", self.id()));
        // The log is a help, not the message; where it cannot be written the message stands alone.
        let _ = fs::write(&log, &finished.text);
        let reason = finished.text.lines().find(|line| line.starts_with("error")).unwrap_or("error: no reason given");
        Err(format!("building the page's binder failed ({reason}); see {}", log.display()))
    }
}

/// The manifest of a package from the registry, in what `cargo metadata` prints.
fn manifest_of(metadata: &str, package: &str) -> Option<PathBuf> {
    let paths = metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    // JSON doubles what separates the parts of a path on Windows.
    let mut paths = paths.map(|path| PathBuf::from(path.replace("\\\\", "\\")));
    paths.find(|path| {
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        folder.and_then(|name| name.strip_prefix(package)?.strip_prefix('-').map(str::to_owned)).is_some()
    })
}

fn node_is_new_enough() -> Result<(), String> {
    let mut node = proc::command("node");
    node.arg("--version");
    let version = proc::quiet(node).ok_or(format!("node is missing: install Node.js {NODE_MAJOR_MIN} or newer"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        return Err(format!("node {version} is too old: install Node.js {NODE_MAJOR_MIN} or newer"));
    }
    let mut npm = proc::command(proc::npm_program("npm"));
    npm.arg("--version");
    match proc::quiet(npm) {
        Some(_) => Ok(()),
        None => Err(format!("npm is missing: install Node.js {NODE_MAJOR_MIN} or newer, with npm")),
    }
}

fn wasm_target() -> Result<(), String> {
    let mut rustc = proc::command("rustc");
    rustc.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
    if proc::quiet(rustc).is_some_and(|dir| Path::new(&dir).is_dir()) {
        return Ok(());
    }
    println!("setup: adding the target wasm32-unknown-unknown");
    let mut rustup = proc::command("rustup");
    rustup.args(["target", "add", "wasm32-unknown-unknown"]);
    proc::show(rustup, "adding the target wasm32-unknown-unknown with rustup")
}

/// `npm ci` when the lock file has changed since the last time.
fn npm_packages() -> Result<(), String> {
    let root = paths::root();
    let wanted = Fnv::new().tree(&root.join("package.json"))?.tree(&root.join("package-lock.json"))?.hex();
    let stamp = root.join("node_modules").join(".netsplit-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    println!("setup: npm ci");
    let mut npm = proc::command(proc::npm_program("npm"));
    npm.args(["ci", "--no-audit", "--no-fund"]);
    proc::show(npm, "npm ci")?;
    fs::write(&stamp, wanted).map_err(|error| format!("{} cannot be written: {error}", stamp.display()))
}

/// The Chromium to drive, installed where possible. Found once per run.
pub fn chromium() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(find_or_install_chromium).clone()
}

fn find_or_install_chromium() -> Result<PathBuf, String> {
    for name in ["NETSPLIT_CHROMIUM", "CHROMIUM"] {
        if let Some(path) = std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from) {
            return match path.is_file() {
                true => Ok(path),
                false => Err(format!("{name} names {}, which does not exist", path.display())),
            };
        }
    }
    if let Some(path) = installed_chromium() {
        return Ok(path);
    }
    if Path::new("/etc/debian_version").is_file() && is_root() {
        println!("setup: installing Chromium with apt-get");
        let mut update = Command::new("apt-get");
        update.arg("update");
        let mut install = Command::new("apt-get");
        install.args(["install", "-y", "--no-install-recommends", "chromium"]).env("DEBIAN_FRONTEND", "noninteractive");
        let done = proc::show(update, "apt-get update").and_then(|()| proc::show(install, "installing Chromium"));
        if let Err(message) = done {
            println!("setup: {message}; trying Playwright's own Chromium");
        }
    }
    if let Some(path) = installed_chromium() {
        return Ok(path);
    }
    println!("setup: installing Playwright's Chromium");
    let mut install = proc::command("node");
    install.args(["node_modules/@playwright/test/cli.js", "install", "chromium"]);
    let tried = proc::show(install, "installing Playwright's Chromium");
    installed_chromium().filter(|_| tried.is_ok()).ok_or(
        "Chromium is missing and could not be installed: install it with your package manager, or let NETSPLIT_CHROMIUM name one".into(),
    )
}

fn installed_chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name)));
    let usual = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    ];
    let found = on_path.chain(usual.iter().map(PathBuf::from)).find(|path| path.is_file());
    found.or_else(playwrights_chromium)
}

fn playwrights_chromium() -> Option<PathBuf> {
    let mut node = proc::command("node");
    node.args(["-e", "console.log(require('@playwright/test').chromium.executablePath())"]);
    proc::quiet(node).map(PathBuf::from).filter(|path| path.is_file())
}

fn is_root() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    proc::quiet(id).is_some_and(|user| user == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_says_where_a_crate_lies() {
        let text = r#"{"name":"wasm_split","manifest_path":"/a/wasm_split-0.1.0/Cargo.toml"},
            {"manifest_path":"/c/wasm_split_cli_support-0.2.4/Cargo.toml","x":"y"}"#;
        let place = PathBuf::from("/c/wasm_split_cli_support-0.2.4/Cargo.toml");
        assert_eq!(manifest_of(text, PATCHED), Some(place));
        assert_eq!(manifest_of(text, "wasm"), None);
    }

    #[test]
    fn the_binder_and_the_page_use_one_wasm_bindgen() {
        let version = |lock: &Path, package: &str| {
            let text = fs::read_to_string(lock).expect("a lock file");
            locked_version(&text, package).expect("the package is locked")
        };
        let page = version(&paths::root().join("Cargo.lock"), "wasm-bindgen");
        assert_eq!(page, version(&paths::splitter().join("Cargo.lock"), "wasm-bindgen-cli-support"));
    }
}
