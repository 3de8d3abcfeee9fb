//! Runs the test suites, shows their output as it comes, counts, and prints a table.

use std::process::Command;
use std::time::Instant;

use std::collections::BTreeMap;

use crate::{browser, build, parity, proc, setup, systems};

/// What has nothing to do with the page is tested first; the page's crate takes its framework along.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "netsplit-app"];

/// The crates whose tests run many steps, besides the families.
const ENGINE: [&str; 5] = ["sim", "check", "script", "algorithms", "labs"];

/// The tests of the crate `labs` that look at one lab, when they are told which.
const OF_ONE_LAB: [&str; 8] = [
    "systems::no_system_lacks_anything",
    "fixtures::",
    "sweeps::correct_survives",
    "sweeps::each_bug",
    "tours::the_shelf",
    "tours::each_tour_comes_true",
    "lenses::each_lab_opens",
    "parameters::each_live",
];

/// Runs what was asked for. False if anything failed; the report has said so then, and its counts are the last line.
pub fn command(args: &[String]) -> Result<bool, String> {
    let mut report = Report::default();
    match args {
        [] => everything(&mut report),
        [one] if one == "fast" => fast(&mut report),
        [one] if one == "sim" => sim(&mut report),
        [one, id] if one == "lab" => lab(&mut report, id)?,
        [one] if one == "lab" => return Err("`test lab` takes the identifier of a lab".into()),
        [one] if one == "page" => {
            setup::Tools::start(setup::Needs::PAGE)?.wait()?;
            page(&mut report);
        }
        [other] => return Err(format!("there is no test suite `{other}`: fast, sim, page, lab ID, or none for all")),
        [_, other, ..] => return Err(format!("`test` takes one suite, and got `{other}` as well")),
    }
    report.print();
    Ok(report.failed() == 0)
}

fn everything(report: &mut Report) {
    // The tools take minutes on a fresh machine; the native suites run meanwhile.
    let tools = setup::Tools::start(setup::Needs::PAGE);
    fast(report);
    sim(report);
    let mut doc = proc::cargo(&["doc", "--locked", "--no-deps", "-p", "netsplit-sim", "-p", "netsplit-check"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    report.step("docs", doc);
    let ready = report.act("setup", || tools.and_then(setup::Tools::wait));
    if ready && page(report) && report.step("native build", parity::native()) {
        report.suite("parity", parity::compare(), count_plain);
    }
}

fn fast(report: &mut Report) {
    report.step("format", proc::cargo(&["fmt", "--all", "--check"]));
    let clippy = [&["clippy", "--locked", "--all-targets"], &NATIVE[..], &["--", "-D", "warnings"]].concat();
    report.step("lints", proc::cargo(&clippy));
    let tests = [&["test", "--locked", "--no-fail-fast"], &NATIVE[..]].concat();
    report.suite("native tests", Ok(proc::cargo(&tests)), count_cargo);
}

fn sim(report: &mut Report) {
    // Optimised, because seed sweeps are here.
    let tests = systems::families(&systems::home()).map(|families| {
        let mut tests = proc::cargo(&["test", "--profile", "sweeps", "--locked", "--no-fail-fast"]);
        for package in ENGINE.iter().map(ToString::to_string).chain(families) {
            tests.arg("-p").arg(format!("netsplit-{package}"));
        }
        tests
    });
    report.suite("sim, sweeps", tests, count_cargo);
}

/// What somebody who works on one lab wants to know after each change: its family's tests, and what is tested of every lab
/// for this one, with fewer seeds.
fn lab(report: &mut Report, id: &str) -> Result<(), String> {
    let all = systems::all()?;
    let system = all.iter().find(|system| system.id == id).ok_or_else(|| {
        let known = all.iter().map(|system| system.id.as_str()).collect::<Vec<_>>().join(", ");
        format!("there is no lab `{id}`; there are {known}")
    })?;
    let family = system.family().file_name().unwrap_or_default().to_string_lossy();
    report.suite("family", Ok(proc::cargo(&["test", "-p", &format!("netsplit-{family}"), "--lib"])), count_cargo);
    let mut tests = proc::cargo(&["test", "-p", "netsplit-labs", "--test", "it", "--"]);
    tests.args(OF_ONE_LAB).env("NETSPLIT_LAB", id);
    report.suite("lab", Ok(tests), count_cargo);
    Ok(())
}

/// The page's own suites. False if there is no page to go on with.
fn page(report: &mut Report) -> bool {
    let built = report.act("page build", || build::page(build::Care::Publish));
    if built {
        report.act("page budgets", build::weigh);
    }
    // After the build and with its profile, so that what both compile for this machine is compiled once.
    let target = ["--release", "--target", "wasm32-unknown-unknown"];
    let clippy = [&["clippy", "--locked", "-p", "netsplit-app"], &target[..], &["--", "-D", "warnings"]].concat();
    report.step("lints, wasm", proc::cargo(&clippy));
    // What it computes without a browser: windows of time, places, shapes.
    let own = proc::cargo(&["test", "--locked", "--no-fail-fast", "-p", "netsplit-app"]);
    report.suite("the page's crate", Ok(own), count_cargo);
    if built {
        let args = ["node_modules/@playwright/test/cli.js", "test", "--config", "e2e/playwright.config.mjs"];
        report.suite("page tests", browser::node(&args), count_playwright);
    }
    built
}

#[derive(Default)]
struct Report {
    rows: Vec<Row>,
    /// How long sweeps took, by lab, in ms: of the suite that came last.
    swept: BTreeMap<String, u64>,
}

struct Row {
    name: &'static str,
    count: Count,
    seconds: f64,
    note: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    passed: u32,
    failed: u32,
}

impl Report {
    /// Something that is right or wrong as a whole, like formatting.
    fn step(&mut self, name: &'static str, command: Command) -> bool {
        self.act(name, || match proc::stream(command, name, |line| println!("{line}"))?.ok {
            true => Ok(()),
            false => Err("see its output above".into()),
        })
    }

    fn act(&mut self, name: &'static str, action: impl FnOnce() -> Result<(), String>) -> bool {
        println!("\n== {name}");
        let started = Instant::now();
        let result = action();
        let count = Count { passed: u32::from(result.is_ok()), failed: u32::from(result.is_err()) };
        let ok = result.is_ok();
        self.push(name, started, count, result.err().unwrap_or_default());
        ok
    }

    /// A program that runs many tests and prints how many. One that runs none has failed.
    fn suite(&mut self, name: &'static str, command: Result<Command, String>, count: fn(&str) -> Count) {
        println!("\n== {name}");
        let started = Instant::now();
        let finished = command.and_then(|command| proc::stream(command, name, |line| println!("{line}")));
        let (count, note) = match finished {
            Ok(finished) => {
                self.swept.extend(swept(&finished.text));
                verdict(count(&finished.text), finished.ok)
            }
            Err(message) => (Count { passed: 0, failed: 1 }, message),
        };
        self.push(name, started, count, note);
    }

    fn push(&mut self, name: &'static str, started: Instant, count: Count, note: String) {
        if !note.is_empty() {
            println!("{name}: {note}");
        }
        self.rows.push(Row { name, count, seconds: started.elapsed().as_secs_f64(), note });
    }

    fn failed(&self) -> u32 {
        self.rows.iter().map(|row| row.count.failed).sum()
    }

    fn print(&self) {
        println!("\n{:<14}{:>8}{:>8}{:>9}", "suite", "passed", "failed", "seconds");
        for Row { name, count, seconds, note } in &self.rows {
            println!("{name:<14}{:>8}{:>8}{seconds:>9.1}  {note}", count.passed, count.failed);
        }
        if !self.swept.is_empty() {
            println!("\nsweeps, by lab, in seconds");
            for (lab, &ms) in &self.swept {
                println!("{lab:<24}{:>6}.{}", ms / 1_000, ms / 100 % 10);
            }
        }
        let passed: u32 = self.rows.iter().map(|row| row.count.passed).sum();
        println!("\n{passed} passed, {} failed", self.failed());
    }
}

/// Holds the counts against the exit status: a crash or a compile error fails without any failed test.
fn verdict(count: Count, ok: bool) -> (Count, String) {
    if !ok && count.failed == 0 {
        return (Count { failed: 1, ..count }, "ended with an error".into());
    }
    if count == Count::default() {
        return (Count { passed: 0, failed: 1 }, "no test was executed".into());
    }
    (count, String::new())
}

/// Adds up cargo's lines `test result: ok. 5 passed; 0 failed; 0 ignored; …`.
fn count_cargo(text: &str) -> Count {
    let lines = text.lines().filter_map(|line| line.strip_prefix("test result: "));
    lines.fold(Count::default(), |sum, line| Count {
        passed: sum.passed + number_before(line, "passed"),
        failed: sum.failed + number_before(line, "failed"),
    })
}

/// Adds up the lines `swept LAB in 1234 ms`.
fn swept(text: &str) -> BTreeMap<String, u64> {
    let mut times = BTreeMap::new();
    for line in text.lines() {
        let parts = line.strip_prefix("swept ").and_then(|rest| rest.strip_suffix(" ms")?.split_once(" in "));
        if let Some((lab, Ok(ms))) = parts.map(|(lab, ms)| (lab, ms.parse::<u64>())) {
            *times.entry(lab.to_owned()).or_default() += ms;
        }
    }
    times
}

/// Reads Playwright's closing lines `  2 failed`, `  5 passed (3.1s)`. What did not run or passed only at the second
/// try counts as failed.
fn count_playwright(text: &str) -> Count {
    let mut count = Count::default();
    for line in text.lines() {
        let Some((number, rest)) = line.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        match rest {
            "failed" | "flaky" | "interrupted" | "skipped" | "did not run" => count.failed += number,
            _ if rest == "passed" || rest.starts_with("passed (") => count.passed += number,
            _ => {}
        }
    }
    count
}

/// Reads a line that is `N passed, N failed`.
fn count_plain(text: &str) -> Count {
    let is_count = |line: &&str| line.ends_with(" failed") && line.contains(" passed, ");
    let line = text.lines().rfind(is_count).unwrap_or_default();
    Count { passed: number_before(line, "passed"), failed: number_before(line, "failed") }
}

fn number_before(line: &str, word: &str) -> u32 {
    let words: Vec<&str> = line.split([' ', ';', ',']).filter(|part| !part.is_empty()).collect();
    let at = words.iter().position(|other| *other == word);
    at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_counts_add_up() {
        let text = "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                    test result: FAILED. 2 passed; 1 failed; 0 ignored\n";
        assert_eq!(count_cargo(text), Count { passed: 7, failed: 1 });
        assert_eq!(count_cargo("error: could not compile"), Count::default());
    }

    #[test]
    fn what_sweeps_took_adds_up_by_lab() {
        let text =
            "swept raft-log in 1200 ms\ntest a ... ok\nswept clocks in 5 ms\nswept raft-log in 30 ms\nswept up\n";
        assert_eq!(swept(text), BTreeMap::from([("clocks".to_owned(), 5), ("raft-log".to_owned(), 1_230)]));
    }

    #[test]
    fn playwrights_counts_are_read() {
        let text = "Running 9 tests using 1 worker\n  1 failed\n    a.spec.mjs:3:1 › 4 passed\n  1 did not run\n  7 passed (12.3s)\n";
        assert_eq!(count_playwright(text), Count { passed: 7, failed: 2 });
        assert_eq!(count_playwright("  2 passed (1.0m)\n  1 flaky\n"), Count { passed: 2, failed: 1 });
    }

    #[test]
    fn plain_counts_are_read() {
        assert_eq!(count_plain("x\n4 passed, 1 failed\n"), Count { passed: 4, failed: 1 });
        assert_eq!(count_plain("nothing"), Count::default());
    }

    #[test]
    fn silence_and_crashes_are_failures() {
        assert_eq!(verdict(Count::default(), true).0.failed, 1);
        assert_eq!(verdict(Count::default(), false).0.failed, 1);
        assert_eq!(verdict(Count { passed: 3, failed: 0 }, false).0.failed, 1);
        assert_eq!(verdict(Count { passed: 3, failed: 0 }, true).0, Count { passed: 3, failed: 0 });
        assert_eq!(verdict(Count { passed: 3, failed: 2 }, false).0, Count { passed: 3, failed: 2 });
    }
}
