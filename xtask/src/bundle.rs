//! Makes the page's files: cargo compiles, `tools/split/` cuts and binds, wasm-opt shrinks, and everything is named by
//! what it holds, because a name with a hash in it is cached for ever.
//!
//! `index.html` says what the page needs in lines with `data-trunk`, so that `trunk serve` works from the same file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::Care;
use crate::hash::Fnv;
use crate::{files, paths, proc, setup, symbols, systems};

/// With `--all-features` the output does not load in browsers: these are the features that rustc's output uses. `-O3`,
/// because the simulator's speed counts and `-Oz` saves nothing once the result is compressed. Functions by name: instances
/// of one generic function stand together, and compress by a hundredth more.
const WASM_OPT_ARGS: [&str; 9] = [
    "-O3",
    "--reorder-functions-by-name",
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-extended-const",
];

const TARGET: &str = "wasm32-unknown-unknown";

/// What the glue imports the loaders of chunks from, until that file has its final name.
const LOADER: &str = "./chunks.js";

/// The list of what the newest builds are made of, beside the page.
const BUILDS: &str = "builds.txt";

/// How many builds' files are kept: a page that is still open somewhere asks for chunks of the build that it is of.
const BUILDS_KEPT: usize = 3;

/// Makes the page's files in a fresh folder, and says where that is.
pub fn make(care: Care) -> Result<PathBuf, String> {
    let wasm = compile(care)?;
    let bound = paths::page_work().join("bound");
    bind(&wasm, &bound, care)?;
    if care == Care::Publish {
        check(&bound)?;
    }
    let fresh = paths::page_work().join("dist");
    files::remove_dir(&fresh)?;
    let mut page = Page { fresh, named: Vec::new(), care };
    let code = page.code(&bound, care)?;
    let first = match care {
        Care::Publish => Some(page.first()?),
        Care::Draft => None,
    };
    page.html(&code, first.as_deref())?;
    systems::gather(&page.fresh)?;
    page.keep_older_builds(&paths::dist(), care)?;
    Ok(page.fresh)
}

/// Compiles the page, and says where the result is. Needs no tools.
pub fn compile(care: Care) -> Result<PathBuf, String> {
    let profile = match care {
        Care::Publish => "page",
        Care::Draft => "draft",
    };
    let mut cargo = proc::cargo(&["build", "--locked", "--package", "netsplit-app", "--target", TARGET]);
    cargo.args(["--profile", profile]);
    // Leptos then builds views from boxed parts instead of one type for each: a tenth less of wasm, and it compiles faster.
    let mut flags = vec!["--cfg".to_owned(), "erase_components".to_owned()];
    if care == Care::Publish {
        // The splitter goes by what the linker knew; and symbols name the types that generic code is made for, so that
        // code in the wrong file is seen.
        let split = ["--cfg", "split", "-Clink-args=--emit-relocs", "-Csymbol-mangling-version=v0"];
        flags.extend(split.map(str::to_owned));
        // Where somebody's files lie is nobody's business, and two machines make the same page.
        for (place, name) in [(paths::root(), "netsplit"), (cargo_home()?, "cargo")] {
            flags.push(format!("--remap-path-prefix={}={name}", place.display()));
        }
    }
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    if !proc::compile(cargo, "compiling the page", |line| println!("{line}"))?.ok {
        return Err("compiling the page failed".into());
    }
    Ok(paths::target().join(TARGET).join(profile).join("netsplit-app.wasm"))
}

fn cargo_home() -> Result<PathBuf, String> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let usual = || Some(std::env::home_dir()?.join(".cargo"));
    set.or_else(usual).ok_or("there is no home directory, and CARGO_HOME is not set".into())
}

fn bind(wasm: &Path, out: &Path, care: Care) -> Result<(), String> {
    files::remove_dir(out)?;
    fs::create_dir_all(out).map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
    // Only a draft asks for wasm-bindgen, because asking may fetch it.
    let plain = if care == Care::Draft { setup::wasm_bindgen() } else { None };
    let binder = match plain {
        Some(program) => {
            let mut binder = proc::command(program);
            binder
                .arg(wasm)
                .args(["--target", "web", "--no-typescript", "--out-name", "netsplit", "--out-dir"])
                .arg(out);
            binder
        }
        None => {
            let mut binder = proc::command(setup::splitter()?);
            binder.arg(wasm).arg(out).arg("netsplit").args((care == Care::Publish).then_some(LOADER));
            binder
        }
    };
    proc::show(binder, "binding the page")
}

/// Refuses a page whose files hold what they should not: a lab's code anywhere but in its family's chunk, or a place on
/// this machine.
fn check(bound: &Path) -> Result<(), String> {
    let mut families: Vec<String> = systems::all()?.iter().map(|system| files::name(system.family())).collect();
    families.dedup();
    let mut wrong = Vec::new();
    for file in files::below(bound)? {
        let (name, content) = (files::name(&file), files::read(&file)?);
        if name.ends_with(".wasm") {
            let chunk = name.strip_prefix("split_").and_then(|rest| rest.strip_suffix(".wasm"));
            wrong.extend(symbols::misplaced(&content, &families, chunk));
        }
        // With what follows in the path of a source: a clone may lie in a folder whose name alone stands for nothing.
        let root = paths::root();
        for place in [root.join("crates/"), root.join("src/"), cargo_home()?.join("registry/")] {
            let place = place.display().to_string();
            if content.windows(place.len()).any(|window| window == place.as_bytes()) {
                wrong.push(format!("{name} names the folder {place}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// What a page's start-up script is told.
struct Code {
    js: String,
    wasm: String,
    /// The loader of chunks, where the page is split.
    chunks: Option<String>,
}

/// A page that is being made.
struct Page {
    fresh: PathBuf,
    /// The files that are named by what they hold.
    named: Vec<String>,
    care: Care,
}

impl Page {
    /// Writes a file under a name that follows from its content.
    fn named(&mut self, stem: &str, ending: &str, content: &[u8]) -> Result<String, String> {
        let content = self.minified(ending, content)?;
        let name = format!("{stem}-{}.{ending}", Fnv::new().field(&content).hex());
        files::write(&self.fresh.join(&name), &content)?;
        self.named.push(name.clone());
        Ok(name)
    }

    /// Scripts and styles as they are published: without what only their authors read.
    fn minified(&self, ending: &str, content: &[u8]) -> Result<Vec<u8>, String> {
        match (self.care, ending) {
            (Care::Publish, "js" | "css") => minify(ending, content),
            _ => Ok(content.to_vec()),
        }
    }

    fn code(&mut self, bound: &Path, care: Care) -> Result<Code, String> {
        let mut shrunk = Vec::new();
        let mut shrink = |file: &Path| match care {
            Care::Publish => wasm_opt(file, &mut shrunk),
            Care::Draft => files::read(file),
        };
        let mut chunks = Vec::new();
        for file in files::below(bound)? {
            let name = files::name(&file);
            if let Some(point) = name.strip_prefix("split_").and_then(|rest| rest.strip_suffix(".wasm")) {
                let content = shrink(&file)?;
                let name = self.named(&point.replace('_', "-"), "wasm", &content)?;
                chunks.push(Chunk { point: point.to_owned(), file: name, bytes: content.len() });
            }
        }
        let main = shrink(&bound.join("netsplit_bg.wasm"))?;
        let wasm = self.named("netsplit", "wasm", &main)?;
        let mut glue = files::read_text(&bound.join("netsplit.js"))?.replace("netsplit_bg.wasm", &wasm);
        let chunks = match care {
            Care::Publish => {
                let tours = self.tours()?;
                let text = loader(&files::read_text(&paths::root().join("assets/chunks.js"))?, &chunks, &tours)?;
                let name = self.named("chunks", "js", text.as_bytes())?;
                // The wasm itself knows the loader by its first name; only where it is imported from changes.
                for quote in ['"', '\''] {
                    glue = glue.replace(&format!("from {quote}{LOADER}{quote}"), &format!("from \"./{name}\""));
                }
                forget_others(&shrunk)?;
                Some(name)
            }
            Care::Draft => None,
        };
        Ok(Code { js: self.named("netsplit", "js", glue.as_bytes())?, wasm, chunks })
    }

    /// Writes the texts of the tours on the shelf; how the loader lists each: its file, the length, the lab.
    fn tours(&mut self) -> Result<Vec<String>, String> {
        let mut tours = Vec::new();
        for system in systems::all()? {
            for (id, file) in system.tours()? {
                let text = files::read(&file)?;
                let name = self.named(&format!("tour-{id}"), "toml", &text)?;
                tours.push(format!("\"{id}\": [\"./{name}\", {}, \"{}\"]", text.len(), system.id));
            }
        }
        Ok(tours)
    }

    /// Makes what is shown before the code is there: the labs' pictures, and the script that knows them. All labs are
    /// compiled for this machine to draw them, so a draft does without.
    fn first(&mut self) -> Result<String, String> {
        let drawn = paths::page_work().join("pictures");
        files::remove_dir(&drawn)?;
        let mut cargo =
            proc::cargo(&["run", "--quiet", "--locked", "--package", "netsplit-labs", "--example", "pictures", "--"]);
        cargo.arg(&drawn);
        proc::show(cargo, "drawing the labs' pictures")?;
        let mut pictures = Vec::new();
        for file in files::below(&drawn)? {
            if let Some(stem) = files::name(&file).strip_suffix(".svg") {
                let name = self.named(stem, "svg", &files::read(&file)?)?;
                let hash = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".svg"));
                pictures.push(format!("\"{stem}\": \"{}\"", hash.unwrap_or_default()));
            }
        }
        let mut text = files::read_text(&paths::root().join("assets/first.js"))?;
        let labs = files::read_text(&drawn.join("labs.json"))?;
        fill_in(&mut text, "const LABS = [];", &format!("const LABS = {labs};"))?;
        fill_in(&mut text, "const PICTURES = {};", &format!("const PICTURES = {{ {} }};", pictures.join(", ")))?;
        self.named("first", "js", text.as_bytes())
    }

    /// Writes `index.html` and what it names.
    fn html(&mut self, code: &Code, first: Option<&str>) -> Result<(), String> {
        let source = files::read_text(&paths::root().join("index.html"))?;
        let (mut lines, mut styles, mut styles_at) = (Vec::new(), Vec::new(), None);
        for line in source.lines() {
            let file = || attribute(line, "href").map(|href| paths::root().join(href));
            let wanted = if line.contains(" data-trunk ") { Some(attribute(line, "rel")?) } else { None };
            match wanted {
                None => lines.push(line.to_owned()),
                Some("css") => {
                    styles_at.get_or_insert(lines.len());
                    styles.extend(files::read(&file()?)?);
                    styles.push(b'\n');
                }
                Some("icon") => {
                    lines.extend(first.map(|name| format!("    <script src=\"./{name}\"></script>")));
                    let icon = file()?;
                    let name = self.named("icon", "svg", &files::read(&icon)?)?;
                    lines.push(format!("    <link rel=\"icon\" href=\"./{name}\">"));
                }
                Some("copy-file") => {
                    let file = file()?;
                    let name = files::name(&file);
                    let ending = name.rsplit_once('.').unwrap_or_default().1;
                    files::write(&self.fresh.join(&name), &self.minified(ending, &files::read(&file)?)?)?;
                }
                Some("rust") => lines.extend(start(code)),
                Some(other) => return Err(format!("index.html: nobody knows what rel=\"{other}\" is")),
            }
        }
        // All styles are one file: each file is a request.
        let name = self.named("netsplit", "css", &styles)?;
        lines.insert(styles_at.unwrap_or_default(), format!("    <link rel=\"stylesheet\" href=\"./{name}\">"));
        lines.push(String::new());
        files::write(&self.fresh.join("index.html"), lines.join("\n").as_bytes())
    }

    /// Takes over what the builds before consist of, as far as they are kept, from where the page is published.
    fn keep_older_builds(&mut self, dist: &Path, care: Care) -> Result<(), String> {
        let list = fs::read_to_string(dist.join(BUILDS)).unwrap_or_default();
        let mut builds = read_builds(&list);
        if care == Care::Publish {
            self.named.sort();
            builds.retain(|build| *build != self.named);
            builds.insert(0, self.named.clone());
        }
        builds.truncate(BUILDS_KEPT);
        for name in builds.iter().flatten() {
            let (old, new) = (dist.join(name), self.fresh.join(name));
            if !new.exists() && old.is_file() {
                files::write(&new, &files::read(&old)?)?;
            }
        }
        files::write(&self.fresh.join(BUILDS), write_builds(&builds).as_bytes())
    }
}

/// A file of code that comes when it is needed.
struct Chunk {
    /// The split point that it begins at.
    point: String,
    file: String,
    bytes: usize,
}

/// The loader of chunks, with what there is to load.
fn loader(source: &str, chunks: &[Chunk], tours: &[String]) -> Result<String, String> {
    let mut text = source.to_owned();
    let list = chunks.iter().map(|Chunk { point, file, bytes }| format!("{point}: [\"./{file}\", {bytes}]"));
    let mut labs = Vec::new();
    for system in systems::all()? {
        let family = files::name(system.family());
        labs.push(format!("\"{}\": \"{family}\"", system.id));
    }
    let list = list.collect::<Vec<_>>().join(", ");
    for (name, content) in [("CHUNKS", list), ("LABS", labs.join(", ")), ("TOURS", tours.join(", "))] {
        fill_in(&mut text, &format!("const {name} = {{}};"), &format!("const {name} = {{ {content} }};"))?;
    }
    for Chunk { point, .. } in chunks {
        text.push_str(&format!("export const __wasm_split_load_{point} = loader(\"{point}\");\n"));
    }
    Ok(text)
}

/// Puts what only the build knows where a script leaves room for it.
fn fill_in(script: &mut String, empty: &str, full: &str) -> Result<(), String> {
    if !script.contains(empty) {
        return Err(format!("a script of the page has no `{empty}` to fill in"));
    }
    *script = script.replace(empty, full);
    Ok(())
}

/// The lines of a page that start its code, and have the browser fetch it early.
fn start(Code { js, wasm, chunks }: &Code) -> Vec<String> {
    let version = env!("CARGO_PKG_VERSION");
    let split = chunks.as_ref().map_or(String::new(), |file| format!(" data-chunks=\"./{file}\""));
    let mut lines = vec![
        format!("    <link rel=\"preload\" href=\"./{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>"),
        format!("    <link rel=\"modulepreload\" href=\"./{js}\">"),
    ];
    lines.extend(chunks.as_ref().map(|file| format!("    <link rel=\"modulepreload\" href=\"./{file}\">")));
    lines.push(format!(
        "    <script src=\"./boot.js\" data-js=\"./{js}\" data-wasm=\"./{wasm}\"{split} data-version=\"{version}\"></script>"
    ));
    lines
}

/// What an attribute of an element is, in a line of HTML that has it on it.
fn attribute<'a>(line: &'a str, name: &str) -> Result<&'a str, String> {
    let begin = format!(" {name}=\"");
    let found = line.split_once(&begin).and_then(|(_, rest)| Some(rest.split_once('"')?.0));
    found.ok_or(format!("index.html: a line has no {name}: {}", line.trim()))
}

/// Builds as lists of files, newest first.
fn read_builds(text: &str) -> Vec<Vec<String>> {
    let builds = text.split("\nbuild\n").skip(1);
    builds.map(|build| build.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()).collect()
}

fn write_builds(builds: &[Vec<String>]) -> String {
    let mut text = "The files of the newest builds. Pages that are still open ask for those of theirs.\n".to_owned();
    for build in builds {
        text.push_str(&format!("\nbuild\n{}\n", build.join("\n")));
    }
    text
}

/// Makes a script or a style sheet small.
fn minify(ending: &str, content: &[u8]) -> Result<Vec<u8>, String> {
    const SCRIPT: &str = "import { transformSync } from 'esbuild'; import { readFileSync } from 'node:fs';
        process.stdout.write(transformSync(readFileSync(0), { minify: true, loader: process.argv[1] }).code);";
    let mut node = proc::command("node");
    node.args(["--input-type=module", "--eval", SCRIPT, ending]);
    proc::filter(node, content, "esbuild")
}

/// Shrinks a wasm. The result is kept by content, because wasm-opt takes longer than everything else.
fn wasm_opt(wasm: &Path, used: &mut Vec<PathBuf>) -> Result<Vec<u8>, String> {
    let before = files::read(wasm)?;
    let binaryen = files::read(&paths::root().join("node_modules/binaryen/package.json"))?;
    let key = Fnv::new().field(&before).field(WASM_OPT_ARGS.join(" ").as_bytes()).field(&binaryen).hex();
    let kept = paths::page_work().join(format!("opt-{key}.wasm"));
    if !kept.is_file() {
        println!("build: wasm-opt {} {}", WASM_OPT_ARGS[0], files::name(wasm));
        let unfinished = paths::page_work().join("unfinished.wasm");
        let mut node = proc::command("node");
        node.arg("node_modules/binaryen/bin/wasm-opt").arg(wasm).args(WASM_OPT_ARGS).arg("-o").arg(&unfinished);
        proc::show(node, "wasm-opt")?;
        fs::rename(&unfinished, &kept).map_err(|error| format!("{} cannot be written: {error}", kept.display()))?;
    }
    used.push(kept.clone());
    files::read(&kept)
}

/// Results for earlier contents are of no use any more.
fn forget_others(used: &[PathBuf]) -> Result<(), String> {
    for old in files::below(&paths::page_work())? {
        if files::name(&old).starts_with("opt-") && !used.contains(&old) {
            fs::remove_file(&old).map_err(|error| format!("{} cannot be removed: {error}", old.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_builds_is_read_as_it_was_written() {
        let builds = vec![vec!["a-1.js".to_owned(), "b-2.wasm".to_owned()], vec!["c-3.css".to_owned()]];
        assert_eq!(read_builds(&write_builds(&builds)), builds);
        assert_eq!(read_builds(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn the_files_of_three_builds_are_kept() {
        let work = paths::target().join("tmp/builds");
        files::remove_dir(&work).expect("a folder to work in");
        let dist = work.join("dist");
        for turn in 1..=5 {
            let mut page = Page { fresh: work.join("fresh"), named: Vec::new(), care: Care::Draft };
            files::remove_dir(&page.fresh).expect("it can be removed");
            // What does not change is the same file in each build.
            page.named("style", "css", b"same").expect("it can be written");
            page.named("code", "js", format!("turn {turn}").as_bytes()).expect("it can be written");
            // A draft leaves the list as it is.
            let care = if turn == 4 { Care::Draft } else { Care::Publish };
            page.keep_older_builds(&dist, care).expect("they can be kept");
            files::remove_dir(&dist).expect("it can be removed");
            files::copy_tree(&page.fresh, &dist).expect("it can be copied");
        }
        let code = |turn: u32| format!("code-{}.js", Fnv::new().field(format!("turn {turn}").as_bytes()).hex());
        let there = |turn| dist.join(code(turn)).is_file();
        assert_eq!([1, 2, 3, 4, 5].map(there), [false, true, true, false, true]);
        let builds = read_builds(&files::read_text(&dist.join(BUILDS)).expect("the list"));
        assert_eq!(builds.iter().map(|build| build[0].clone()).collect::<Vec<_>>(), [code(5), code(3), code(2)]);
        assert!(builds.iter().all(|build| dist.join(&build[1]).is_file()), "what they share is there");
    }

    #[test]
    fn the_loader_is_told_what_there_is() {
        let source = files::read_text(&paths::root().join("assets/chunks.js")).expect("the loader");
        let chunk = Chunk { point: "time".into(), file: "time-0123.wasm".into(), bytes: 7 };
        let tour = "\"three-nodes\": [\"./tour-three-nodes-4567.toml\", 9, \"vector-clocks\"]".to_owned();
        let text = loader(&source, &[chunk], &[tour]).expect("it can be filled in");
        assert!(text.contains("const TOURS = { \"three-nodes\": ["), "{text}");
        assert!(text.contains("const CHUNKS = { time: [\"./time-0123.wasm\", 7] };"), "{text}");
        assert!(text.contains("\"vector-clocks\": \"time\""), "{text}");
        assert!(text.ends_with("export const __wasm_split_load_time = loader(\"time\");\n"), "{text}");
        assert!(loader("nothing", &[], &[]).is_err());
    }

    #[test]
    fn the_scripts_and_the_page_open_the_same_lab() {
        let after = |path: &str, begin: &str| {
            let text = files::read_text(&paths::root().join(path)).expect("a source");
            let rest = text.split_once(begin).expect("the constant").1.to_owned();
            rest.split('"').nth(1).expect("a text").to_owned()
        };
        for script in ["assets/chunks.js", "assets/first.js"] {
            assert_eq!(after(script, "const LAB_DEFAULT"), after("src/address.rs", "const DEFAULT_LAB"), "{script}");
        }
    }

    #[test]
    fn a_link_keeps_the_same_looks_before_the_page_is_there_and_after() {
        let looks = |path: &str| {
            let text = files::read_text(&paths::root().join(path)).expect("a source");
            let list = text.split_once("const LOOKS").and_then(|(_, rest)| rest.split_once("= [")).expect("the list").1;
            list.split_once(']').expect("its end").0.to_owned()
        };
        assert_eq!(looks("assets/first.js"), looks("src/address.rs"));
    }

    #[test]
    fn a_script_without_room_is_refused() {
        let mut script = "const LABS = [];".to_owned();
        assert!(fill_in(&mut script, "const PICTURES = {};", "").is_err());
        assert_eq!(fill_in(&mut script, "[]", "[1]").map(|()| script), Ok("const LABS = [1];".to_owned()));
    }

    #[test]
    fn an_attribute_is_found_in_its_line() {
        let line = "<link data-trunk rel=\"css\" href=\"style/a.css\">";
        assert_eq!(attribute(line, "rel"), Ok("css"));
        assert_eq!(attribute(line, "href"), Ok("style/a.css"));
        assert!(attribute(line, "src").is_err());
    }
}
