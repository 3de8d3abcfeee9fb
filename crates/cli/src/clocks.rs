//! `netsplit compare-clocks` and `netsplit import`: vector clocks and logs of other systems.

use std::io::Write;

use labs::shiviz::{self, Malformed};
use serde_json::{Value, json};

use crate::args::{Failure, ImportCall};

const INPUT: u8 = 2;

/// Says how the events with two vector clocks stand to each other.
pub fn compare(first: &str, second: &str, out: &mut impl Write) -> Result<u8, Failure> {
    writeln!(out, "{}", shiviz::compare(first, second)?.name())?;
    Ok(0)
}

/// Reads a log and says what is in it. What cannot be read is in the report, and makes for exit code 2.
pub fn import(call: &ImportCall, out: &mut impl Write) -> Result<u8, Failure> {
    let log = shiviz::import(&call.text, call.regex.as_deref()).map_err(|error| error.within(&call.path))?;
    let (hosts, messages, pairs) = (log.hosts_with_events(), log.messages().len(), log.concurrent_pairs());
    if call.json {
        let mut report = json!({
            "hosts": hosts,
            "events": log.events.len(),
            "messages": messages,
            "concurrent_pairs": pairs,
        });
        if !log.malformed.is_empty() {
            report["malformed"] = log
                .malformed
                .iter()
                .map(|Malformed { line, problem }| json!({"line": line, "problem": problem}))
                .collect::<Value>();
        }
        writeln!(out, "{report}")?;
    } else {
        writeln!(out, "{hosts} hosts, {} events, {messages} messages, {pairs} concurrent pairs", log.events.len())?;
        for Malformed { line, problem } in &log.malformed {
            writeln!(out, "line {line}: {}", labs::error::OneLine(problem))?;
        }
    }
    let Some(first) = log.malformed.first() else { return Ok(0) };
    let others: Vec<String> = log.malformed[1..].iter().map(|other| other.line.to_string()).collect();
    let others = if others.is_empty() { String::new() } else { format!("; also in lines {}", others.join(", ")) };
    crate::say(&format!("{}: line {}: {}{others}", call.path, first.line, first.problem));
    Ok(INPUT)
}
