//! The long sweeps: `correct` of every lab over many seeds, and how often blind search finds each mistake.
//!
//! The command line does the work, in as many shards as there are cores; this file starts them and adds them up. It
//! reads their JSON lines by looking for single fields, which is all it needs.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use crate::{paths, proc};

/// Seeds for `correct`, unless the command line says otherwise.
const SEEDS: u64 = 20_000;

/// Seeds for each variant with a mistake.
const BLIND_SEEDS: u64 = 2_000;

/// Sweeps everything; false when `correct` was violated or a witness was never seen.
pub fn command(args: &[String]) -> Result<bool, String> {
    let seeds = match args {
        [] => SEEDS,
        [flag, number] if flag == "--seeds" => match number.parse() {
            Ok(seeds) if seeds > 0 => seeds,
            _ => return Err(format!("--seeds: `{number}` is not a number above zero")),
        },
        [other, ..] => return Err(format!("`sweep` does not know `{other}`; it takes --seeds N")),
    };
    proc::show(
        proc::cargo(&["build", "--profile", "sweeps", "--package", "netsplit-cli"]),
        "building the command line",
    )?;
    let labs = proc::quiet(netsplit(&["list", "--json"])).ok_or("netsplit list failed")?;
    let mut sound = true;
    for lab in objects(&labs) {
        let id = text(lab, "id").ok_or("a lab has no id")?;
        let total = sweep(id, "correct", seeds)?;
        let seen: Vec<_> = total.sometimes.iter().map(|(property, count)| format!("{property} in {count}")).collect();
        println!(
            "{id}, correct, {seeds} seeds: {} violated, {} steps; seen {}",
            total.violations,
            total.steps,
            seen.join(", ")
        );
        for line in total.hits.iter().take(3) {
            println!("  {line}");
        }
        sound &= total.violations == 0 && !total.sometimes.is_empty();
        let variants = lab.split_once("\"variants\":").map_or("", |(_, rest)| rest);
        let variants = variants.split_once("\"params\":").map_or(variants, |(before, _)| before);
        for variant in objects(variants).filter(|variant| text(variant, "kind") != Some("correct")) {
            let name = text(variant, "id").ok_or("a variant has no id")?;
            let total = sweep(id, name, BLIND_SEEDS)?;
            let first = total.first.map_or("none".to_owned(), |seed| seed.to_string());
            let kind = text(variant, "kind").unwrap_or_default();
            let found: Vec<_> =
                total.properties.iter().map(|(property, count)| format!("{property} {count}")).collect();
            println!(
                "  {name} ({kind}): {} of {BLIND_SEEDS}, first seed {first}; {}",
                total.violations,
                found.join(", ")
            );
        }
    }
    Ok(sound)
}

/// What all shards of a sweep came to.
#[derive(Default)]
struct Total {
    violations: u64,
    steps: u64,
    first: Option<u64>,
    hits: Vec<String>,
    properties: BTreeMap<String, u64>,
    sometimes: BTreeMap<String, u64>,
}

fn sweep(lab: &str, variant: &str, seeds: u64) -> Result<Total, String> {
    let shards = thread::available_parallelism().map_or(2, usize::from);
    let running: Vec<_> = (1..=shards)
        .map(|shard| {
            let (range, shard) = (format!("0..{seeds}"), format!("{shard}/{shards}"));
            let call =
                ["explore", lab, "--variant", variant, "--seeds", &range, "--shard", &shard, "--keep-going", "--json"];
            let mut command = netsplit(&call);
            // A violation makes the exit code 1, which is an answer like any other.
            thread::spawn(move || command.output().map_err(|error| format!("netsplit explore: {error}")))
        })
        .collect();
    let mut total = Total::default();
    for shard in running {
        let output = shard.join().map_err(|_| "a shard panicked".to_owned())??;
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(format!("netsplit explore {lab}: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            add(&mut total, line);
        }
    }
    Ok(total)
}

fn add(total: &mut Total, line: &str) {
    if text(line, "kind") == Some("violation") {
        total.violations += 1;
        let seed = number(line, "seed");
        total.first = total.first.into_iter().chain(seed).min();
        if let Some(property) = text(line, "property") {
            *total.properties.entry(property.to_owned()).or_default() += 1;
        }
        total.hits.push(line.to_owned());
        return;
    }
    total.steps += number(line, "steps").unwrap_or(0);
    let sometimes =
        line.split_once("\"sometimes\":{").and_then(|(_, rest)| rest.split_once('}')).map_or("", |(inside, _)| inside);
    for pair in sometimes.split(',').filter(|pair| !pair.is_empty()) {
        if let Some((property, count)) = pair.split_once(':') {
            let count: u64 = count.trim().parse().unwrap_or(0);
            *total.sometimes.entry(property.trim().trim_matches('"').to_owned()).or_default() += count;
        }
    }
}

fn netsplit(args: &[&str]) -> Command {
    let mut command = proc::command(paths::cli("sweeps"));
    command.args(args);
    command
}

/// The objects of a JSON array, or of the array that a text begins with, as text; nested ones stay inside theirs.
fn objects(json: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut start, mut quoted, mut escaped) = (0u32, 0, false, false);
    json.char_indices().filter_map(move |(at, character)| {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
            return None;
        }
        match character {
            '"' => quoted = true,
            '{' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some(&json[start..=at]);
                }
            }
            _ => {}
        }
        None
    })
}

/// The first text with this key.
fn text<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The first number with this key.
fn number(json: &str, key: &str) -> Option<u64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_add_up() {
        let mut total = Total::default();
        for line in [
            r#"{"kind":"violation","seed":41,"property":"election-safety","step":812,"reason":"{\"odd\"}"}"#,
            r#"{"kind":"summary","tried":10,"violations":1,"steps":500,"sometimes":{"split-vote":3,"conflict":1}}"#,
            r#"{"kind":"violation","seed":7,"property":"election-safety","step":1}"#,
            r#"{"kind":"summary","tried":10,"violations":1,"steps":70,"sometimes":{"split-vote":2}}"#,
            r#"{"kind":"summary","tried":10,"violations":0,"steps":1,"sometimes":{}}"#,
        ] {
            add(&mut total, line);
        }
        assert_eq!((total.violations, total.steps, total.first), (2, 571, Some(7)));
        assert_eq!(total.properties["election-safety"], 2);
        assert_eq!(total.sometimes.into_iter().collect::<Vec<_>>(), [("conflict".into(), 1), ("split-vote".into(), 5)]);
    }

    #[test]
    fn objects_are_taken_apart_whatever_their_texts_hold() {
        let json = r#"[{"id":"a","v":[{"id":"x"}],"s":"br}ace \" {"},{"id":"b"}]"#;
        let found: Vec<_> = objects(json).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((text(found[0], "id"), text(found[1], "id")), (Some("a"), Some("b")));
    }
}
