//! Builds the page: Trunk bundles, wasm-opt shrinks, and the result is moved to dist/ in one go.
//!
//! Trunk names files by what they held before wasm-opt. A name that is cached for ever must follow the content, so the
//! wasm and its glue are named again here, and the pages that mention them rewritten.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::hash::Fnv;
use crate::{paths, proc, setup};

/// What the page is made of. A change elsewhere needs no new build.
const INPUTS: [&str; 13] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "assets",
    "crates",
    "index.html",
    "package-lock.json",
    "rust-toolchain.toml",
    "src",
    "style",
    "xtask/src/build.rs",
    "xtask/src/systems.rs",
];

/// With `--all-features` the output does not load in browsers: these are the features that rustc's output uses. `-O3`,
/// because the simulator's speed counts and `-Oz` saves nothing once the result is compressed.
const WASM_OPT_ARGS: [&str; 8] = [
    "-O3",
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-extended-const",
];

/// How much trouble a build takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// As it is published: small and fast.
    Publish,
    /// To look at while working on it: built in seconds, and several times larger.
    Draft,
}

/// Builds dist/ unless it is up to date, and prints its sizes. The tools have to be there already.
pub fn page(care: Care) -> Result<(), String> {
    let started = Instant::now();
    let stamp = paths::page_work().join("stamp");
    let inputs = match care {
        Care::Publish => inputs_hash()?,
        Care::Draft => format!("draft-{}", inputs_hash()?),
    };
    if fs::read_to_string(&stamp).is_ok_and(|old| Some(old) == dist_stamp(&inputs)) {
        println!("build: dist/ is up to date");
        return Ok(());
    }
    let bundled = paths::page_work().join("bundle");
    trunk(&bundled, care)?;
    assemble(&bundled, care)?;
    let new = dist_stamp(&inputs).ok_or("dist/ was built but cannot be read")?;
    write(&stamp, new.as_bytes())?;
    if care == Care::Publish {
        print_sizes()?;
    }
    println!("build: done after {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
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

fn trunk(out: &Path, care: Care) -> Result<(), String> {
    let [trunk_dir, bindgen_dir] = setup::tool_dirs()?;
    let mut trunk = proc::command(trunk_dir.join(format!("trunk{}", std::env::consts::EXE_SUFFIX)));
    // Trunk takes the wasm-bindgen that it finds on PATH if the version is the lock file's, and downloads one otherwise.
    // Its `--offline` would also keep cargo from fetching crates, so this is checked below.
    proc::with_path_first(&mut trunk, &[&trunk_dir, &bindgen_dir])?;
    trunk.args(["build", "--release", "--locked", "--dist"]).arg(out);
    // Leptos then builds views from boxed parts instead of one type for each: a tenth less of wasm, and it compiles faster.
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    trunk.env("RUSTFLAGS", format!("{flags} --cfg erase_components").trim_start());
    if care == Care::Draft {
        trunk.args(["--cargo-profile", "draft"]);
    }
    trunk.env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Trunk reads `NO_COLOR` as a value of its own and refuses some of the usual ones; its errors need no backtrace.
    trunk.env_remove("NO_COLOR").env("TRUNK_COLOR", "never").env_remove("RUST_BACKTRACE");
    let finished = proc::stream(trunk, "trunk build", |line| println!("{line}"))?;
    if finished.text.contains("INFO downloading") {
        return Err("Trunk did not take the tool from the cache and tried to download one; see its output above".into());
    }
    if finished.ok { Ok(()) } else { Err("trunk build failed".into()) }
}

/// Copies the bundle to a new directory with the wasm shrunk and names that follow content, then swaps it with dist/.
fn assemble(bundle: &Path, care: Care) -> Result<(), String> {
    let files = files_below(bundle)?;
    let wasm = only(&files, ".wasm")?;
    let old_wasm = file_name(wasm);
    let stem = old_wasm.strip_suffix("_bg.wasm").ok_or(format!("Trunk wrote an unexpected name: {old_wasm}"))?;
    let old_js = format!("{stem}.js");
    let js = files.iter().find(|file| file_name(file) == old_js).ok_or(format!("Trunk did not write {old_js}"))?;

    let shrunk = if care == Care::Publish { wasm_opt(wasm)? } else { read(wasm)? };
    let new_wasm = format!("netsplit-{}.wasm", Fnv::new().field(&shrunk).hex());
    let glue = read_text(js)?.replace(&old_wasm, &new_wasm);
    let new_js = format!("netsplit-{}.js", Fnv::new().field(glue.as_bytes()).hex());

    let fresh = paths::page_work().join("dist");
    remove_dir(&fresh)?;
    for file in &files {
        let inside = file.strip_prefix(bundle).map_err(|error| error.to_string())?;
        let (place, content) = if file == wasm {
            (inside.with_file_name(&new_wasm), shrunk.clone())
        } else if file == js {
            (inside.with_file_name(&new_js), glue.clone().into_bytes())
        } else if file.extension().is_some_and(|ext| ext == "html") {
            let text = read_text(file)?.replace(&old_wasm, &new_wasm).replace(&old_js, &new_js);
            (inside.to_path_buf(), text.into_bytes())
        } else {
            (inside.to_path_buf(), read(file)?)
        };
        write(&fresh.join(place), &content)?;
    }
    swap(&fresh, &paths::dist())
}

/// Puts a finished directory where dist/ is. Two renames, so that a half-written dist/ is never seen; where dist/ is a
/// link or on another disk, a copy.
fn swap(fresh: &Path, dist: &Path) -> Result<(), String> {
    let old = paths::page_work().join("old");
    remove_dir(&old)?;
    let gone = !dist.exists() || fs::rename(dist, &old).is_ok();
    if gone && fs::rename(fresh, dist).is_ok() {
        return remove_dir(&old);
    }
    remove_dir(dist)?;
    copy_tree(fresh, dist)
}

/// Shrinks the wasm. The result is kept by content, because wasm-opt takes longer than everything else.
fn wasm_opt(wasm: &Path) -> Result<Vec<u8>, String> {
    let before = read(wasm)?;
    let binaryen = read(&paths::root().join("node_modules/binaryen/package.json"))?;
    let key = Fnv::new().field(&before).field(WASM_OPT_ARGS.join(" ").as_bytes()).field(&binaryen).hex();
    let kept = paths::page_work().join(format!("opt-{key}.wasm"));
    if !kept.is_file() {
        println!("build: wasm-opt {}", WASM_OPT_ARGS[0]);
        // Results for earlier contents are of no use any more.
        for old in files_below(&paths::page_work())? {
            if file_name(&old).starts_with("opt-") {
                fs::remove_file(&old).map_err(|error| format!("{} cannot be removed: {error}", old.display()))?;
            }
        }
        let unfinished = paths::page_work().join("unfinished.wasm");
        let mut node = proc::command("node");
        node.arg("node_modules/binaryen/bin/wasm-opt").arg(wasm).args(WASM_OPT_ARGS).arg("-o").arg(&unfinished);
        proc::show(node, "wasm-opt")?;
        fs::rename(&unfinished, &kept).map_err(|error| format!("{} cannot be written: {error}", kept.display()))?;
    }
    read(&kept)
}

/// Prints raw, brotli and gzip sizes; node has both compressors, so that no dependency is needed.
fn print_sizes() -> Result<(), String> {
    const SCRIPT: &str = "
        const fs = require('fs'), zlib = require('zlib'), path = require('path');
        const files = fs.readdirSync('dist', { recursive: true }).map(String).sort();
        const kinds = [['wasm', /\\.wasm$/], ['glue', /netsplit-[0-9a-f]{16}\\.js$/], ['boot', /boot\\.js$/], ['css', /\\.css$/], ['html', /\\.html$/]];
        const row = (...cells) => console.log(cells.map((cell, i) => i ? String(cell).padStart(10) : cell.padEnd(6)).join(''));
        row('', 'raw', 'brotli', 'gzip');
        for (const [kind, pattern] of kinds) {
            const content = Buffer.concat(files.filter((file) => pattern.test(file)).map((file) => fs.readFileSync(path.join('dist', file))));
            row(kind, content.length, zlib.brotliCompressSync(content).length, zlib.gzipSync(content, { level: 9 }).length);
        }";
    let mut node = proc::command("node");
    node.args(["-e", SCRIPT]);
    proc::show(node, "measuring dist/")
}

fn only<'a>(files: &'a [PathBuf], end: &str) -> Result<&'a PathBuf, String> {
    let mut found = files.iter().filter(|file| file_name(file).ends_with(end));
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file),
        (None, _) => Err(format!("Trunk wrote no {end} file")),
        (Some(_), Some(_)) => Err(format!("Trunk wrote more than one {end} file")),
    }
}

fn files_below(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error| format!("{} cannot be read: {error}", dir.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn read_text(path: &Path) -> Result<String, String> {
    String::from_utf8(read(path)?).map_err(|_| format!("{} is not UTF-8", path.display()))
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let cannot = |error| format!("{} cannot be written: {error}", path.display());
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(cannot)?;
    }
    fs::write(path, content).map_err(cannot)
}

fn remove_dir(path: &Path) -> Result<(), String> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} cannot be removed: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), String> {
    for file in files_below(from)? {
        let inside = file.strip_prefix(from).map_err(|error| error.to_string())?;
        write(&to.join(inside), &read(&file)?)?;
    }
    Ok(())
}
