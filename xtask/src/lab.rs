//! A new lab from the template, and away with one again.
//!
//! A lab is its system's folder, `crates/families/FAMILY/src/SYSTEM/`, and one line in the family's `lib.rs`; what else there
//! is of it is recorded by tests. The template, `xtask/templates/lab/`, is such a folder, with names in it to be replaced.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{paths, proc, systems};

/// The longest identifier: with a longer one a line of the template would have to be broken.
const ID_MAX: usize = 32;

/// What cannot be the name of a module.
const KEYWORDS: [&str; 41] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "try", "type",
];

/// `new-lab FAMILY ID`.
pub fn new(args: &[String]) -> Result<(), String> {
    let [family, id] = args else {
        return Err(
            "`new-lab` takes a family and an identifier: cargo xtask new-lab transactions two-phase-commit".into()
        );
    };
    let root = paths::root();
    let folder = write(&root.join("xtask/templates/lab"), &systems::home(), family, id)?;
    println!("wrote {}, and its line in the family's lib.rs", folder.strip_prefix(&root).unwrap_or(&folder).display());
    println!("next, to record its runs, and whenever you have changed something:");
    println!("  NETSPLIT_LAB={id} UPDATE_EXPECT=1 cargo test -p netsplit-labs --test it fixtures");
    println!("  cargo xtask test lab {id}");
    Ok(())
}

/// `remove-lab ID`.
pub fn remove(args: &[String]) -> Result<(), String> {
    let [id] = args else { return Err("`remove-lab` takes the identifier of one lab".into()) };
    let all = systems::all()?;
    let known = || all.iter().map(|system| system.id.as_str()).collect::<Vec<_>>().join(", ");
    let system = all.iter().find(|system| system.id == *id);
    let system = system.ok_or_else(|| format!("there is no lab `{id}`; there are {}", known()))?;
    let mut git = proc::command("git");
    git.args(["status", "--porcelain", "--ignored", "--"]).arg(&system.folder);
    match proc::quiet(git) {
        Some(changes) if changes.is_empty() => {}
        Some(changes) => {
            return Err(format!("what is not committed would be lost; commit it, or remove it by hand:\n{changes}"));
        }
        None => return Err("git does not say whether everything is committed, so nothing is removed".into()),
    }
    let lib = system.family().join("src/lib.rs");
    let lines = without_line(&read(&lib)?, &line(id))?;
    fs::remove_dir_all(&system.folder).map_err(|error| format!("{}: {error}", system.folder.display()))?;
    put(&lib, &lines)?;
    println!("removed {id}: its folder, and its line in the family's lib.rs");
    Ok(())
}

/// Writes a system's folder and its line. Either all of it is there afterwards, or nothing.
fn write(template: &Path, families: &Path, family: &str, id: &str) -> Result<PathBuf, String> {
    check_id(id)?;
    let known = systems::families(families)?;
    if !known.iter().any(|name| name == family) {
        return Err(format!("there is no family `{family}`; there are {}", known.join(", ")));
    }
    let module = id.replace('-', "_");
    for other in &known {
        let source = families.join(other).join("src");
        if source.join(&module).exists() || source.join(format!("{module}.rs")).exists() {
            return Err(format!("`{id}` is taken: {other} has a module {module}"));
        }
    }
    let tours = systems::below(families)?.iter().map(systems::System::tours).collect::<Result<Vec<_>, _>>()?.concat();
    if tours.iter().any(|(tour, _)| tour == id) {
        return Err(format!("`{id}` is taken: a tour is called so"));
    }
    let source = families.join(family).join("src");
    let lib = read(&source.join("lib.rs"))?;
    let title = lib.strip_prefix("//! ").and_then(|rest| rest.split_once(':')).map(|(title, _)| title);
    let title =
        title.ok_or_else(|| format!("the first line of {family}'s lib.rs does not say what the family is called"))?;
    let names = [("@ID@", id), ("@MODULE@", &module), ("@TITLE@", &sentence_case(id)), ("@FAMILY@", title)];
    let folder = source.join(&module);
    // Made beside its place, so that it comes there as a whole.
    let making = source.join(format!(".{module}"));
    let made = copy(template, &making, &names)
        .and_then(|()| fs::rename(&making, &folder).map_err(|error| format!("{}: {error}", folder.display())))
        .and_then(|()| put(&source.join("lib.rs"), &format!("{lib}\n{}\n", line(id))));
    if made.is_err() {
        for part in [&making, &folder] {
            // The failure that is told is the first one.
            let _ = fs::remove_dir_all(part);
        }
    }
    made.map(|()| folder)
}

/// The line of a system.
fn line(id: &str) -> String {
    format!("pub mod {};", id.replace('-', "_"))
}

fn check_id(id: &str) -> Result<(), String> {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    let begins = id.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !begins || !id.split('-').all(word) {
        return Err(format!("`{id}` is no identifier: it is made of words in a–z and 0–9, like two-phase-commit"));
    }
    if id.len() > ID_MAX {
        return Err(format!("`{id}` is too long: {ID_MAX} letters are the most"));
    }
    let taken = ["lib", "main", "lab"].iter().chain(&KEYWORDS).any(|word| *word == id);
    if taken { Err(format!("`{id}` means something in Rust; take another word")) } else { Ok(()) }
}

/// `two-phase-commit` as a title: Two phase commit.
fn sentence_case(id: &str) -> String {
    let (first, rest) = id.split_at(1);
    first.to_uppercase() + &rest.replace('-', " ")
}

/// Copies a folder of text files, with its names replaced in what they say. The tour is called as the lab.
fn copy(from: &Path, to: &Path, names: &[(&str, &str)]) -> Result<(), String> {
    let wrong = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(to).map_err(|error| wrong(to, error))?;
    for entry in fs::read_dir(from).map_err(|error| wrong(from, error))? {
        let path = entry.map_err(|error| wrong(from, error))?.path();
        let name = replaced(&path.file_name().unwrap_or_default().to_string_lossy(), names);
        if path.is_dir() {
            copy(&path, &to.join(name), names)?;
        } else {
            put(&to.join(name), &replaced(&read(&path)?, names))?;
        }
    }
    Ok(())
}

fn replaced(text: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// A family's `lib.rs` without one of its lines, and without the blank one before it.
fn without_line(text: &str, line: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|other| *other == line).ok_or_else(|| format!("the family has no line `{line}`"))?;
    let blank = at > 0 && lines[at - 1].is_empty();
    lines.drain(at - usize::from(blank)..=at);
    Ok(lines.join("\n") + "\n")
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "//! Time and order: one folder a system.\n//!\n//! More.\n\npub mod clocks;\n";

    /// Families in a folder of their own: `time`, which has a system `clocks` with a tour `four-clocks`, and `storage`.
    struct Families(PathBuf);

    impl Families {
        fn new(name: &str) -> Self {
            let families = Self(paths::target().join("tmp").join(format!("families-{name}-{}", std::process::id())));
            let _ = fs::remove_dir_all(&families.0);
            fs::create_dir_all(families.0.join("time/src/clocks/tours")).unwrap();
            fs::create_dir_all(families.0.join("storage/src")).unwrap();
            put(&families.0.join("time/src/lib.rs"), LIB).unwrap();
            put(&families.0.join("storage/src/lib.rs"), "no title\n").unwrap();
            put(&families.0.join("time/src/clocks/expect.json"), "{}").unwrap();
            put(&families.0.join("time/src/clocks/tours/1-four-clocks.toml"), "").unwrap();
            families
        }

        fn write(&self, family: &str, id: &str) -> Result<PathBuf, String> {
            write(&paths::root().join("xtask/templates/lab"), &self.0, family, id)
        }

        /// All files and folders, and what the families' lines are.
        fn all(&self) -> Vec<String> {
            let mut found = vec![read(&self.0.join("time/src/lib.rs")).unwrap()];
            let mut open = vec![self.0.clone()];
            while let Some(folder) = open.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    found.push(path.display().to_string());
                    if path.is_dir() {
                        open.push(path);
                    }
                }
            }
            found.sort();
            found
        }
    }

    impl Drop for Families {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_template_is_formatted_whatever_the_lab_is_called() {
        let families = Families::new("format");
        for id in ["x", "a-lab-with-a-name-as-long-as-any"] {
            let folder = families.write("time", id).unwrap();
            let mut rustfmt = proc::command("rustfmt");
            rustfmt.args(["--check", "--edition", "2024", "--config-path"]).arg(paths::root().join("rustfmt.toml"));
            let done = rustfmt.arg(folder.join("mod.rs")).output().expect("rustfmt can be started");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
            for path in families.all().iter().filter(|path| Path::new(path).is_file()) {
                assert!(!read(Path::new(path)).unwrap().contains('@'), "{path}: a name was not replaced");
            }
        }
        assert_eq!(ID_MAX, "a-lab-with-a-name-as-long-as-any".len());
    }

    #[test]
    fn a_lab_that_is_added_and_removed_leaves_no_trace_in_its_family() {
        let families = Families::new("line");
        let folder = families.write("time", "two-clocks").unwrap();
        let lib = read(&families.0.join("time/src/lib.rs")).unwrap();
        assert_eq!(lib, format!("{LIB}\npub mod two_clocks;\n"));
        assert_eq!(folder, families.0.join("time/src/two_clocks"));
        assert!(read(&folder.join("lab.rs")).unwrap().contains(r#"family: "Time and order","#));
        assert!(folder.join("tours/1-two-clocks.toml").is_file());
        assert_eq!(without_line(&lib, "pub mod two_clocks;").unwrap(), LIB);
        assert_eq!(without_line(&lib, "pub mod clocks;").unwrap(), LIB.replace("clocks", "two_clocks"));
        assert!(without_line(&lib, "pub mod clock;").is_err());
    }

    #[test]
    fn what_cannot_be_is_refused_and_nothing_is_written() {
        let families = Families::new("refused");
        let before = families.all();
        for (family, id, why) in [
            ("time", "", "is no identifier"),
            ("time", "Two-Clocks", "is no identifier"),
            ("time", "two--clocks", "is no identifier"),
            ("time", "two-clocks-", "is no identifier"),
            ("time", "2-clocks", "is no identifier"),
            ("time", "../clocks", "is no identifier"),
            ("time", "two_clocks", "is no identifier"),
            ("time", "a-name-that-is-longer-than-any-may-be", "is too long"),
            ("time", "match", "means something"),
            ("time", "lib", "means something"),
            ("time", "clocks", "is taken: time has a module clocks"),
            ("storage", "clocks", "is taken: time has a module clocks"),
            ("time", "four-clocks", "is taken: a tour"),
            ("space", "two-clocks", "there is no family `space`; there are storage, time"),
            // This one has no title that the template could take.
            ("storage", "two-clocks", "does not say what the family is called"),
        ] {
            let error = families.write(family, id).unwrap_err();
            assert!(error.contains(why), "{family} {id}: {error}");
            assert_eq!(families.all(), before, "{family} {id}");
        }
    }
}
