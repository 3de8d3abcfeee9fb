//! House rules that a compiler does not know: where arrows between crates may point, that files say what they are for,
//! where browser calls live, what may make a run depend on the machine, and what must not be committed.
//!
//! Every rule is a function from text to complaints, and has a test that shows it a bad sample: a rule that cannot fail
//! holds nothing. It leaves out what rustfmt and clippy already see.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of the page whose signals live as long as it, beside those of its runs.
const LONG_LIVED: [&str; 3] = ["src/desk.rs", "src/mode.rs", "src/notices.rs"];

/// Each package of the workspace with those it may depend on. Order matters: tests may use whatever stands further up.
const ARROWS: [(&str, &[&str]); 22] = [
    ("derive", &[]),
    ("sim", &["derive"]),
    ("view", &[]),
    ("check", &["sim"]),
    ("algorithms", &["sim", "check"]),
    ("runs", &["sim", "check", "algorithms", "view"]),
    ("script", &["sim", "check", "runs"]),
    ("consensus", FAMILY),
    ("time", FAMILY),
    ("partitioning", FAMILY),
    ("replication", FAMILY),
    ("consistency", FAMILY),
    ("transactions", FAMILY),
    ("resilience", FAMILY),
    ("traffic", FAMILY),
    ("messaging", FAMILY),
    ("storage", FAMILY),
    ("parallel", FAMILY),
    (
        "labs",
        &[
            "runs",
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
        ],
    ),
    ("cli", &["labs", "view"]),
    ("app", &["labs", "view"]),
    ("xtask", &[]),
];

/// Families do not know each other.
const FAMILY: &[&str] = &["sim", "check", "algorithms", "runs", "view"];

/// Of the web: only the page's own package may have these.
const WEB: [&str; 9] = [
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "web-sys",
    "js-sys",
    "serde-wasm-bindgen",
    "gloo",
    "gloo-net",
    "gloo-timers",
    "leptos",
];

/// Forms are the labs' business; the simulator's types have none.
const SERDE: [&str; 4] = ["serde", "serde_json", "serde_derive", "toml"];

/// Crates whose results must be the same on every machine.
const DETERMINISTIC: [&str; 4] = ["crates/sim/src", "crates/check/src", "crates/algorithms/src", "crates/families"];

// ---------------------------------------------------------------------------------------------------------------------
// The rules
// ---------------------------------------------------------------------------------------------------------------------

/// Complaints about a package's dependencies.
fn arrows(package: &str, manifest: &str) -> Vec<String> {
    let Some(rank) = ARROWS.iter().position(|(name, _)| *name == package) else {
        return vec![format!("`{package}` is not in the table of arrows")];
    };
    let (_, allowed) = ARROWS[rank];
    let mut complaints = Vec::new();
    for Dependency { name, for_tests } in dependencies(manifest) {
        let ours = ARROWS.iter().position(|(other, _)| name == *other || name == format!("netsplit-{other}"));
        let (wrong, reason) = match ours {
            Some(other) if for_tests => (other >= rank, "even for tests, arrows do not point back"),
            Some(other) => (!allowed.contains(&ARROWS[other].0), "this arrow is not in the table"),
            None if package == "sim" && SERDE.contains(&&*name) => (!for_tests, "sim has no forms; labs owns them"),
            None => (package != "app" && WEB.contains(&&*name), "only the page knows the web"),
        };
        if wrong {
            complaints.push(format!("{package} -> {name}: {reason}"));
        }
    }
    complaints
}

/// A source file has to open with what it is for.
fn opening(path: &str, text: &str) -> Vec<String> {
    let first = text.trim_start_matches('\u{feff}').trim_start();
    // A script's interpreter has to stand in the first line.
    let first = if first.starts_with("#!/") { first.split_once('\n').unwrap_or_default().1 } else { first };
    let words = if path.ends_with(".rs") {
        first.strip_prefix("//!")
    } else {
        first.strip_prefix("/**").or_else(|| first.strip_prefix("//"))
    };
    // One word is a label and not a purpose.
    let says = words.and_then(|rest| rest.lines().find(|line| line.split_whitespace().count() > 1)).is_some();
    if says { Vec::new() } else { vec![format!("{path}: does not open with a comment that says what it is for")] }
}

/// Outside of src/platform/ the page makes no browser call of its own.
fn browser_calls(path: &str, text: &str) -> Vec<String> {
    if path.starts_with("src/platform/") || path == "src/platform.rs" {
        return Vec::new();
    }
    let words = ["web_sys", "js_sys", "wasm_bindgen", "serde_wasm_bindgen"];
    code_lines(text)
        .filter_map(|(number, code, _)| {
            let word = words.iter().find(|word| has_word(code, word))?;
            Some(format!("{path}:{number}: `{word}` belongs into src/platform/"))
        })
        .collect()
}

/// What outlives the views that read it is made by `Signals`, which drops subscribers that are gone.
fn unregistered_signals(path: &str, text: &str) -> Vec<String> {
    let lives_long = path.starts_with("src/playground/") || LONG_LIVED.contains(&path);
    code_lines(text)
        .filter(|(_, code, _)| lives_long && code.contains("RwSignal::new"))
        .map(|(number, ..)| format!("{path}:{number}: lives as long as the page: let `Signals` make it"))
        .collect()
}

/// What the framework would compile anew for each type comes from `src/reactive.rs`.
fn generic_signals(path: &str, text: &str) -> Vec<String> {
    let own = |name: &str| {
        let imported = code_lines(text).any(|(_, code, _)| code.contains("crate::reactive::") && has_word(code, name));
        imported || path == "src/reactive.rs"
    };
    let made = |name: &&&str| text.contains(&format!("{name}::new("));
    let missing = ["Effect", "Memo", "RwSignal", "StoredValue"];
    let missing = missing.iter().filter(made).filter(|name| !own(name));
    missing.map(|name| format!("{path}: `{name}` is that of `crate::reactive`, which is compiled once")).collect()
}

/// Unordered collections and floats give other results on other machines. A float is allowed on a line, on the line
/// after, or in a file, by a comment `// float-ok: reason`; for the file it stands alone, before the first code.
fn determinism(path: &str, text: &str) -> Vec<String> {
    let reasoned = |comment: &str| comment.split_once("float-ok:").is_some_and(|(_, reason)| !reason.trim().is_empty());
    let mut complaints = Vec::new();
    let (mut any_code, mut file_ok, mut before_ok) = (false, false, false);
    for (number, code, comment) in code_lines(text) {
        let here_ok = reasoned(comment);
        if code.trim().is_empty() {
            file_ok |= here_ok && !any_code;
            before_ok = here_ok;
            continue;
        }
        any_code = true;
        for word in ["HashMap", "HashSet", "RandomState"] {
            if has_word(code, word) {
                complaints.push(format!("{path}:{number}: `{word}` has no order; take the BTree kind"));
            }
        }
        for word in ["f32", "f64"] {
            if has_number_type(code, word) && !(file_ok || before_ok || here_ok) {
                complaints.push(format!(
                    "{path}:{number}: `{word}` may round differently elsewhere; see `// float-ok: reason`"
                ));
            }
        }
        before_ok = false;
    }
    complaints
}

/// Whether a file of a family is one of those in which a system meets its audience; everything else there is the system itself.
fn for_the_audience(path: &str) -> bool {
    let parts = || path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    // Tests beside a family's source see whatever they like.
    !path.contains("/src/") || parts().any(|part| ["lab", "common", "words", "panes"].contains(&part))
}

/// Protocols and oracles know only the engine and the library; runs and views are the lab's business.
fn engine_only(path: &str, text: &str) -> Vec<String> {
    if for_the_audience(path) {
        return Vec::new();
    }
    code_lines(text)
        .filter_map(|(number, code, _)| {
            let word = ["runs", "view"].into_iter().find(|word| code.contains(&format!("{word}::")))?;
            Some(format!("{path}:{number}: `{word}` belongs into the system's `lab`, `words` or `panes`"))
        })
        .collect()
}

/// A test that is skipped says nothing and looks like one that passes.
fn skipped(path: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not complain about itself.
    let marks: Vec<String> = if path.ends_with(".rs") {
        vec![["#[", "ignore"].concat()]
    } else {
        [".skip(", ".only(", ".fixme(", "xit("].map(|mark| ["", mark].concat()).to_vec()
    };
    code_lines(text)
        .filter_map(|(number, code, _)| {
            let mark = marks.iter().find(|mark| code.contains(mark.as_str()))?;
            Some(format!("{path}:{number}: `{mark}` hides a test"))
        })
        .collect()
}

/// A strict content security policy refuses whatever is inline.
fn inline_in_html(path: &str, text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut complaints = Vec::new();
    for (mark, what) in
        [(" style=", "a style attribute"), ("<style", "a style element"), ("javascript:", "a script as an address")]
    {
        if lower.contains(mark) {
            complaints.push(format!("{path}: {what} is inline"));
        }
    }
    let inline_script = |tag: &str| !tag.split('>').next().unwrap_or_default().contains(" src=");
    if lower.split("<script").skip(1).any(inline_script) {
        complaints.push(format!("{path}: a script is inline"));
    }
    complaints
}

/// What is committed works on any machine, and so names none.
fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let marks: Vec<String> =
        [["/ho", "me/"], ["/ro", "ot/"], ["/Use", "rs/"], ["\\Use", "rs\\"]].map(|halves| halves.concat()).to_vec();
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for mark in &marks {
            // The middle of a longer path or of an address is none of a machine.
            let starts_here = |(at, _): (usize, &str)| {
                let before = line[..at].chars().next_back();
                let windows = mark.starts_with('\\');
                windows || before.is_none_or(|before| !before.is_alphanumeric() && !"/._-}".contains(before))
            };
            if line.match_indices(mark.as_str()).any(starts_here) {
                complaints.push(format!("{path}:{}: `{mark}` is a place on somebody's machine", index + 1));
            }
        }
    }
    complaints
}

/// npm's lock file says what was installed, not from where.
fn registry_hosts(path: &str, text: &str) -> Vec<String> {
    let found = text.lines().position(|line| line.trim_start().starts_with("\"resolved\""));
    found.map(|index| format!("{path}:{}: `resolved` records a registry's host", index + 1)).into_iter().collect()
}

// ---------------------------------------------------------------------------------------------------------------------
// The rules, held against the repository
// ---------------------------------------------------------------------------------------------------------------------

#[test]
fn arrows_point_one_way() {
    let mut complaints = Vec::new();
    let mut packages = BTreeSet::from([("app".to_string(), "Cargo.toml".to_string())]);
    packages.insert(("xtask".into(), "xtask/Cargo.toml".into()));
    for folder in ["crates", "crates/families"] {
        for entry in fs::read_dir(root().join(folder)).expect("a readable folder") {
            let name = entry.expect("a readable entry").file_name().to_string_lossy().into_owned();
            packages.insert((name.clone(), format!("{folder}/{name}/Cargo.toml")));
        }
    }
    packages.retain(|(_, manifest)| root().join(manifest).is_file());
    for (package, manifest) in &packages {
        let Ok(text) = fs::read_to_string(root().join(manifest)) else { continue };
        complaints.extend(arrows(package, &text));
    }
    assert!(packages.len() >= ARROWS.len(), "the table of arrows names a package that is gone");
    none(complaints);
}

#[test]
fn every_source_file_opens_with_its_purpose() {
    each(&["src/", "crates/", "xtask/"], &["rs"], opening);
    each(&["e2e/", "assets/"], &["js", "mjs"], opening);
}

#[test]
fn browser_calls_live_in_one_place() {
    each(&["src/"], &["rs"], browser_calls);
}

#[test]
fn signals_that_live_long_are_registered() {
    each(&["src/"], &["rs"], unregistered_signals);
}

#[test]
fn signals_are_compiled_once() {
    each(&["src/"], &["rs"], generic_signals);
}

#[test]
fn nothing_in_the_engine_depends_on_the_machine() {
    // What a lab tells of speeds and places is shown, and never part of a run.
    each(
        &DETERMINISTIC,
        &["rs"],
        |path, text| if for_the_audience(path) { Vec::new() } else { determinism(path, text) },
    );
}

#[test]
fn protocols_and_oracles_know_only_the_engine() {
    each(&["crates/families/"], &["rs"], engine_only);
}

#[test]
fn no_test_is_skipped() {
    each(&["src/", "crates/", "xtask/"], &["rs"], skipped);
    each(&["e2e/"], &["js", "mjs", "ts"], skipped);
}

#[test]
fn nothing_is_inline_in_pages() {
    each(&["index.html"], &["html"], inline_in_html);
}

#[test]
fn no_path_of_a_machine_is_committed() {
    each(&[""], &[], machine_paths);
}

#[test]
fn the_lock_file_of_npm_names_no_host() {
    each(&["package-lock.json"], &["json"], registry_hosts);
}

#[test]
fn the_page_and_the_workspace_have_one_version() {
    let version = |file: &str| {
        let text = fs::read_to_string(root().join(file)).expect("a readable file");
        let line = text.lines().find(|line| line.starts_with("version = ")).expect("a version");
        line.to_string()
    };
    assert_eq!(version("Trunk.toml"), version("Cargo.toml"));
}

// ---------------------------------------------------------------------------------------------------------------------
// The rules, held against samples
// ---------------------------------------------------------------------------------------------------------------------

#[test]
fn a_wrong_arrow_is_seen() {
    for (package, manifest) in [
        ("sim", "[dependencies]\ncheck.workspace = true\n"),
        ("sim", "[dependencies]\nserde = \"1\"\n"),
        ("sim", "[dev-dependencies]\nnetsplit-labs = { path = \"../labs\" }\n"),
        ("check", "[dependencies.algorithms]\nworkspace = true\n"),
        ("view", "[dependencies]\nengine = { package = \"netsplit-algorithms\", path = \"../algorithms\" }\n"),
        ("labs", "[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nweb-sys = \"0.3\"\n"),
        ("cli", "[build-dependencies]\nsim = { workspace = true }\n"),
        ("app", "[dependencies]\nalgorithms.workspace = true\n"),
        ("newcomer", ""),
    ] {
        assert_eq!(arrows(package, manifest).len(), 1, "{package}: {manifest}");
    }
    none(arrows(
        "check",
        "[dependencies]\nsim.workspace = true # check = \"no\"\n[dev-dependencies]\nproptest = \"1\"\n",
    ));
    none(arrows("cli", "[dev-dependencies]\nsim.workspace = true\n[features]\ncheck = []\n"));
}

#[test]
fn a_protocol_that_knows_its_audience_is_seen() {
    let bad = "use runs::lab::Names;\nlet x = view::Stage::default();\n";
    assert_eq!(engine_only("crates/families/time/src/clocks/oracle.rs", bad).len(), 2);
    none(engine_only("crates/families/time/src/clocks/lab.rs", bad));
    none(engine_only("crates/families/time/src/clocks/lab/words.rs", bad));
    none(engine_only("crates/families/time/src/clocks/mod.rs", "// What runs::here.\nuse sim::World;\n"));
}

#[test]
fn a_file_without_a_purpose_is_seen() {
    for (path, text) in [
        ("a.rs", "fn main() {}\n"),
        ("a.rs", "// What it is for.\n"),
        ("a.rs", "//! a\n"),
        ("a.mjs", "import x;\n"),
        ("a.js", ""),
    ] {
        assert_eq!(opening(path, text).len(), 1, "{text}");
    }
    none(opening("a.rs", "//! What it is for.\n"));
    none(opening("a.mjs", "/**\n * What it is for.\n */"));
    none(opening("a.js", "#!/usr/bin/env node\n// What it is for.\n"));
}

#[test]
fn a_browser_call_elsewhere_is_seen() {
    assert_eq!(browser_calls("src/app.rs", "use leptos::web_sys::Window;\n").len(), 1);
    assert_eq!(browser_calls("src/main.rs", "let now = js_sys::Date::now();\n").len(), 1);
    none(browser_calls("src/platform/clock.rs", "use web_sys::Window;\n"));
    none(browser_calls("src/app.rs", "// See web_sys for more.\nlet a = \"web_sys\";\n"));
}

#[test]
fn an_unregistered_signal_is_seen() {
    let text = "let home = RwSignal::new(true);\n";
    assert_eq!(unregistered_signals("src/mode.rs", text).len(), 1);
    assert_eq!(unregistered_signals("src/playground/clock.rs", text).len(), 1);
    none(unregistered_signals("src/components/panel.rs", text));
}

#[test]
fn a_signal_of_the_framework_is_seen() {
    let text = "let home = RwSignal::new(true);\n";
    assert_eq!(generic_signals("src/mode.rs", text).len(), 1);
    assert_eq!(generic_signals("src/mode.rs", &format!("use crate::reactive::Memo;\n{text}")).len(), 1);
    none(generic_signals("src/mode.rs", &format!("use crate::reactive::{{Memo, RwSignal}};\n{text}")));
}

#[test]
fn a_source_of_chance_is_seen() {
    for text in [
        "use std::collections::HashMap;\n",
        "let x: f64 = 0.0;\n",
        "let x = 1f32;\n",
        "let x = 2.0_f64; // float-ok:\n",
        "fn f() {}\n// float-ok: this line\nlet x: f64 = a;\nlet y: f64 = b;\n",
        "// float-ok: maps are never fine\nlet x: HashSet<u8> = a;\n",
        "fn f() {}\n// float-ok: too late for the file\n\nfn g(x: f32) {}\n",
    ] {
        assert_eq!(determinism("a.rs", text).len(), 1, "{text}");
    }
    none(determinism("a.rs", "// A HashMap would be wrong, and so would an f64.\nlet half64 = \"f64\";\n"));
    none(determinism("a.rs", "let x: f64 = a; // float-ok: only shown\n"));
    none(determinism("a.rs", "// float-ok: only shown\nlet x: f64 = a;\n"));
    none(determinism(
        "a.rs",
        "//! Statistics.\n// float-ok: nothing here feeds back into a run\nfn f(x: f64) -> f64 { x }\n",
    ));
}

#[test]
fn a_skipped_test_is_seen() {
    assert_eq!(skipped("a.rs", &["#[", "ignore = \"slow\"]"].concat()).len(), 1);
    assert_eq!(skipped("a.mjs", "test.skip(\"x\", f);").len(), 1);
    assert_eq!(skipped("a.mjs", "test.only(\"x\", f);").len(), 1);
    none(skipped("a.rs", "iter.skip(1)"));
}

#[test]
fn inline_code_in_a_page_is_seen() {
    for text in [
        "<p style=\"color: red\">",
        "<style>p {}</style>",
        "<script>go()</script>",
        "<script type=\"module\">go()</script>",
    ] {
        assert_eq!(inline_in_html("a.html", text).len(), 1, "{text}");
    }
    none(inline_in_html("a.html", "<link rel=\"stylesheet\" href=\"a.css\"><script src=\"a.js\"></script>"));
}

#[test]
fn a_path_of_a_machine_is_seen() {
    for halves in [["see /ho", "me/me/x"], ["\"/ro", "ot/.cargo\""], ["(/Use", "rs/me"], ["C:\\Use", "rs\\me"]] {
        assert_eq!(machine_paths("a.md", &halves.concat()).len(), 1, "{halves:?}");
    }
    none(machine_paths("a.md", &["https://example.org/ho", "me/ and ./ro", "ot/"].concat()));
}

#[test]
fn a_registrys_host_is_seen() {
    assert_eq!(registry_hosts("package-lock.json", "  \"resolved\": \"x\",\n").len(), 1);
    none(registry_hosts("package-lock.json", "  \"version\": \"1.0.0\",\n"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading
// ---------------------------------------------------------------------------------------------------------------------

struct Dependency {
    name: String,
    for_tests: bool,
}

/// The dependencies that a manifest names, by the package's name where an entry renames one. It reads the forms that
/// this workspace uses, one entry a line.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    // Inside a table of dependencies: whether it is for tests, and whether each line is one.
    let mut table: Option<(bool, bool)> = None;
    for line in manifest.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = None;
            // The workspace's own table only gives names to paths.
            if header.starts_with("workspace") {
                continue;
            }
            let parts: Vec<&str> = header.rsplitn(3, '.').collect();
            let kind = |part: &&str| part.ends_with("dependencies");
            let for_tests = |part: &str| part == "dev-dependencies";
            if kind(&parts[0]) {
                table = Some((for_tests(parts[0]), true));
            } else if let Some(part) = parts.get(1).filter(|part| kind(part)) {
                table = Some((for_tests(part), false));
                found.push(Dependency { name: parts[0].trim_matches('"').into(), for_tests: for_tests(part) });
            }
            continue;
        }
        let Some((for_tests, a_line_each)) = table else { continue };
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        let renamed = value.split_once("package = \"").and_then(|(_, rest)| rest.split('"').next());
        if a_line_each {
            let name = renamed.unwrap_or_else(|| key.split('.').next().unwrap_or(key).trim_matches('"'));
            found.push(Dependency { name: name.into(), for_tests });
        } else if let Some(last) = found.last_mut().filter(|_| key == "package") {
            last.name = value.trim_matches('"').into();
        }
    }
    found
}

/// Lines with their number, their code without strings, and their comment. Block comments and strings over several
/// lines are not followed: neither is usual here, and the rules would rather complain once too often.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines().enumerate().map(|(index, line)| {
        let at = comment_start(line).unwrap_or(line.len());
        (index + 1, &line[..at], &line[at..])
    })
}

/// Where `//` starts outside of a string.
fn comment_start(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let (mut quoted, mut at) = (false, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            // A quote as a character, '"', opens nothing.
            b'"' if at == 0 || bytes[at - 1] != b'\'' => quoted = !quoted,
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether a name stands in the code as a whole word, outside of strings.
fn has_word(code: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let outside = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    outside.match_indices(word).any(|(at, _)| {
        let before = outside[..at].chars().next_back();
        let after = outside[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// A number's type, also as the end of a literal: `1f32`, `2.0_f64`.
fn has_number_type(code: &str, word: &str) -> bool {
    if has_word(code, word) {
        return true;
    }
    let outside = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    outside.match_indices(word).any(|(at, _)| {
        let before = outside[..at].trim_end_matches('_');
        let start = before.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_').map_or(0, |at| at + 1);
        before[start..].starts_with(|letter: char| letter.is_ascii_digit())
    })
}

/// Cargo names the package's directory when it runs a test.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs this test");
    Path::new(&package).parent().expect("the package lies in the repository").to_path_buf()
}

/// What is committed, or would be: git knows. Without git, everything but the known places of built files.
fn files() -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    if let Some(output) = git.output().ok().filter(|output| output.status.success()) {
        let listed = String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect::<BTreeSet<_>>();
        // A file that was removed but not yet committed is still listed.
        return listed.into_iter().filter(|file| root().join(file).is_file()).collect();
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort();
    found
}

fn walk(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() {
            let inside = path.strip_prefix(root()).expect("a path inside");
            found.push(inside.to_string_lossy().replace('\\', "/"));
        } else if !["target", "dist", "node_modules", "shots", "test-results", ".git"].contains(&name.as_str()) {
            walk(&path, found);
        }
    }
}

/// Holds a rule against all files below some places with some endings; no ending means all files that are text.
fn each(places: &[&str], endings: &[&str], rule: fn(&str, &str) -> Vec<String>) {
    let mut complaints = Vec::new();
    let mut seen = 0;
    for file in files() {
        let ending = file.rsplit('.').next().unwrap_or_default();
        let wanted =
            places.iter().any(|place| file.starts_with(place)) && (endings.is_empty() || endings.contains(&ending));
        if !wanted {
            continue;
        }
        // What is not UTF-8 is a picture and holds no rule.
        if let Ok(text) = fs::read_to_string(root().join(&file)) {
            seen += 1;
            complaints.extend(rule(&file, &text));
        }
    }
    assert!(seen > 0, "no file below {places:?} was looked at");
    none(complaints);
}

#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
