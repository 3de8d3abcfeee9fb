//! Sets the machine up: the wasm target, Trunk and wasm-bindgen in a per-user cache, npm's packages, a Chromium.
//!
//! The two tools compile for minutes on a fresh machine, so they build in the background while tests already run.
//! What is missing and cannot be installed is named in one line.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::hash::Fnv;
use crate::{paths, proc};

/// 0.22 needs a newer compiler than the pinned one.
const TRUNK_VERSION: &str = "0.21.14";
const NODE_MAJOR_MIN: u32 = 20;
const PROGRESS_EVERY: Duration = Duration::from_secs(15);

/// What a command needs. Building the page needs no browser.
#[derive(Clone, Copy)]
pub struct Needs {
    pub browser: bool,
}

impl Needs {
    pub const BUILD: Self = Self { browser: false };
    pub const PAGE: Self = Self { browser: true };
}

/// The tools on their way; `wait` returns once they can be used.
pub struct Tools {
    builds: Vec<JoinHandle<Result<(), String>>>,
}

impl Tools {
    /// Does what is quick at once, and starts what takes minutes.
    pub fn start(needs: Needs) -> Result<Self, String> {
        // First what we cannot install, so that a person does not wait for minutes to read that.
        node_is_new_enough()?;
        let mut builds = Vec::new();
        for tool in [Tool::trunk()?, Tool::wasm_bindgen()?] {
            if tool.works() {
                continue;
            }
            let state = if tool.home().exists() { "in the cache does not run" } else { "is not in the cache yet" };
            println!("setup: {} {state}; building it takes a few minutes, once for this user", tool.id());
            builds.push(thread::spawn(move || tool.install()));
        }
        wasm_target()?;
        npm_packages()?;
        if needs.browser {
            chromium()?;
        }
        Ok(Self { builds })
    }

    pub fn wait(self) -> Result<(), String> {
        // Both are waited for even if the first failed, so that both messages are seen in one run.
        let mut failures = Vec::new();
        for build in self.builds {
            match build.join() {
                Ok(Ok(())) => {}
                Ok(Err(message)) => failures.push(message),
                Err(_) => failures.push("a tool's build ended unexpectedly".into()),
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    }
}

/// The directories that hold Trunk and wasm-bindgen, to be put first on a child's PATH.
pub fn tool_dirs() -> Result<[PathBuf; 2], String> {
    Ok([Tool::trunk()?.bin_dir(), Tool::wasm_bindgen()?.bin_dir()])
}

/// The version of a package in Cargo.lock.
pub fn locked_version(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{package}\""))?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"').map(String::from)
}

struct Tool {
    /// The crate.
    name: &'static str,
    /// The program in it that we use.
    program: &'static str,
    version: String,
    cache: PathBuf,
}

impl Tool {
    fn trunk() -> Result<Self, String> {
        Ok(Self { name: "trunk", program: "trunk", version: TRUNK_VERSION.into(), cache: paths::cache()? })
    }

    /// Its version has to be the library's, to the last digit.
    fn wasm_bindgen() -> Result<Self, String> {
        let lock = paths::root().join("Cargo.lock");
        let text = fs::read_to_string(&lock).map_err(|error| format!("{} cannot be read: {error}", lock.display()))?;
        let version = locked_version(&text, "wasm-bindgen").ok_or("Cargo.lock does not name wasm-bindgen")?;
        Ok(Self { name: "wasm-bindgen-cli", program: "wasm-bindgen", version, cache: paths::cache()? })
    }

    fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    fn home(&self) -> PathBuf {
        self.cache.join("tools").join(self.id())
    }

    fn bin_dir(&self) -> PathBuf {
        self.home().join("bin")
    }

    /// A half-installed or damaged tool does not print its version, and a stranger prints another one.
    fn works(&self) -> bool {
        self.works_in(&self.home())
    }

    fn works_in(&self, home: &Path) -> bool {
        let mut ask = proc::command(home.join("bin").join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX)));
        ask.arg("--version");
        proc::quiet(ask).is_some_and(|answer| answer.split_whitespace().nth(1) == Some(&self.version))
    }

    /// Builds into a directory beside and moves the result into place when it works. The build directory stays until
    /// then, so that an interrupted build goes on where it was.
    fn install(&self) -> Result<(), String> {
        let work = self.cache.join("build").join(self.id());
        let cannot = |error: std::io::Error| format!("{} cannot be used: {error}", work.display());
        fs::create_dir_all(&work).map_err(cannot)?;
        // Two clones may set up at once. The second one waits here, and then finds the tool.
        let lock = File::create(self.cache.join("build").join(format!("{}.lock", self.id()))).map_err(cannot)?;
        lock.lock().map_err(cannot)?;
        if self.works() {
            return Ok(());
        }
        let started = Instant::now();
        let staged = work.join("root");
        if let Err(message) = self.cargo_install(&work, &staged, true) {
            println!("setup: {message}; trying again without its lock file");
            self.cargo_install(&work, &staged, false)?;
        }
        if !self.works_in(&staged) {
            return Err(format!("{} {} was built but does not run", self.name, self.version));
        }
        let home = self.home();
        // What is in the way is damaged, or `works` would have been true.
        if home.exists() {
            fs::remove_dir_all(&home).map_err(cannot)?;
        }
        fs::create_dir_all(self.cache.join("tools")).map_err(cannot)?;
        fs::rename(&staged, &home).map_err(cannot)?;
        // The build directory takes hundreds of megabytes and has done its work; leaving it would do no harm.
        let _ = fs::remove_dir_all(&work);
        println!("setup: {} {} is ready after {} s", self.name, self.version, started.elapsed().as_secs());
        Ok(())
    }

    fn cargo_install(&self, work: &Path, root: &Path, locked: bool) -> Result<(), String> {
        let mut install = proc::cargo(&["install", self.name, "--version", &self.version, "--force"]);
        install.arg("--root").arg(root).arg("--target-dir").arg(work.join("target"));
        // Outside of the repository, so that its Cargo settings do not apply.
        install.current_dir(work);
        if locked {
            install.arg("--locked");
        }
        let (started, mut shown, mut crates) = (Instant::now(), Instant::now(), 0);
        let what = format!("building {}", self.name);
        let finished = proc::stream_with_silence(install, &what, PROGRESS_EVERY, |line| {
            crates += u32::from(line.is_some_and(|line| line.trim_start().starts_with("Compiling")));
            if shown.elapsed() >= PROGRESS_EVERY {
                shown = Instant::now();
                println!("setup: {}: {crates} crates compiled after {} s", self.id(), started.elapsed().as_secs());
            }
        })?;
        if finished.ok {
            return Ok(());
        }
        let log = self.cache.join("build").join(format!("{}.log", self.id()));
        // The log is a help, not the message; where it cannot be written the message stands alone.
        let _ = fs::write(&log, &finished.text);
        let reason = finished.text.lines().find(|line| line.starts_with("error")).unwrap_or("error: no reason given");
        Err(format!(
            "`cargo install {} --version {}` failed ({reason}); see {}",
            self.name,
            self.version,
            log.display()
        ))
    }
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
    use super::locked_version;

    #[test]
    fn the_lock_file_names_the_version() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.128\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.128"));
        assert_eq!(locked_version(lock, "trunk"), None);
    }
}
