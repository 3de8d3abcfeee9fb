//! What the lenses of all labs have in common: one node's state as text, and routine in numbers.

use std::fmt::Write as _;

use serde_json::Value;
use sim::DiskMode;
use view::lens::inspector::{Field, Group, Part};

use crate::lab_core::Inside;
use crate::plain::Topic;

/// Counts topics, the most frequent first: `9 heartbeats, 1 disk sync`.
pub(crate) fn tally(topics: impl Iterator<Item = Topic>) -> String {
    let mut counts: Vec<(Topic, u32)> = Vec::new();
    for topic in topics {
        match counts.iter_mut().find(|(known, _)| *known == topic) {
            Some((_, count)) => *count += 1,
            None => counts.push((topic, 1)),
        }
    }
    in_words(counts)
}

fn in_words(mut counts: Vec<(Topic, u32)>) -> String {
    view::order::by_key(&mut counts, |&(_, count)| std::cmp::Reverse(count));
    let mut text = String::new();
    for ((one, many), count) in counts {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{count} {}", if count == 1 { one } else { many });
    }
    text
}

/// Everything there is to say about a node.
pub(crate) fn groups(node: &Inside) -> Vec<Group> {
    let mut groups = Vec::new();
    if let Value::Object(fields) = &node.detail {
        let fields = fields.iter().map(|(name, value)| field(name, value)).collect();
        groups.push(Group { title: "State", fields });
    }
    if !node.timers.is_empty() {
        let timers = node.timers.iter().map(|&(timer, left_us)| line(timer, format!("in {}", milliseconds(left_us))));
        groups.push(Group { title: "Timers", fields: timers.collect() });
    }
    groups.push(Group { title: "Machine", fields: machine(node) });
    groups
}

fn machine(node: &Inside) -> Vec<Field> {
    let (mode, sync_us) = node.disk;
    let mut disk = match mode {
        DiskMode::Normal => "normal",
        DiskMode::LoseUnsynced => "loses what is not synced",
        DiskMode::Torn => "tears records in a crash",
        DiskMode::Slow => "slow",
        DiskMode::Full => "full",
    }
    .to_owned();
    if let Some((low, high)) = sync_us {
        let _ = write!(disk, ", {} to {} a write", milliseconds(low), milliseconds(high));
    }
    let skew = match node.clock {
        (0, 0) => "right".to_owned(),
        (offset_us, 0) => signed_milliseconds(offset_us),
        (0, drift_ppm) => format!("{drift_ppm:+} ppm"),
        (offset_us, drift_ppm) => format!("{}, {drift_ppm:+} ppm", signed_milliseconds(offset_us)),
    };
    let mut durable = match node.records {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    };
    for cell in &node.cells {
        let _ = write!(durable, ", {cell}");
    }
    if node.torn {
        durable.push_str(", a corrupt record");
    }
    let process = match (node.up, node.paused) {
        (false, _) => "down",
        (true, true) => "paused",
        (true, false) => "runs",
    };
    vec![
        line("process", process.to_owned()),
        line("clock", skew),
        line("disk", disk),
        line("on disk", durable),
        line("unsynced writes", node.unsynced.to_string()),
        line("incarnation", node.incarnation.to_string()),
    ]
}

fn milliseconds(time_us: u64) -> String {
    format!("{}.{} ms", time_us / 1_000, time_us / 100 % 10)
}

fn signed_milliseconds(offset_us: i64) -> String {
    let sign = if offset_us < 0 { '−' } else { '+' };
    format!("{sign}{}", milliseconds(offset_us.unsigned_abs()))
}

fn line(name: &str, value: String) -> Field {
    Field { name: name.to_owned(), value, changed: false, parts: Vec::new() }
}

/// A field of a node's detail. Lists of short values take one line; whatever else has parts can be
/// unfolded.
fn field(name: &str, value: &Value) -> Field {
    let name = name.replace('_', " ");
    let parts: Vec<Part> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| part(name.clone(), value)).collect(),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            let numbered = items.iter().enumerate().map(|(position, item)| {
                let index = item.get("index").and_then(Value::as_u64);
                part(index.map_or_else(|| (position + 1).to_string(), |index| index.to_string()), item)
            });
            numbered.collect()
        }
        _ => Vec::new(),
    };
    let value = match value {
        Value::Object(map) if map.is_empty() => "empty".to_owned(),
        Value::Array(items) if items.is_empty() => "empty".to_owned(),
        _ if !parts.is_empty() => parts.len().to_string(),
        value => one_line(value),
    };
    Field { name, value, changed: false, parts }
}

fn part(name: String, value: &Value) -> Part {
    Part { name, value: one_line(value), changed: false }
}

/// A value in one line: `term 2, x=1`.
fn one_line(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(one_line).collect::<Vec<_>>().join(" "),
        Value::Object(map) => {
            // The index is what the part is called, and text speaks for itself.
            let said = map.iter().filter(|(name, _)| *name != "index").map(|(name, value)| match value {
                Value::String(text) => text.clone(),
                value => format!("{} {}", name.replace('_', " "), one_line(value)),
            });
            said.collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    }
}

/// Marks what differs from before. Groups and fields are told apart by their names.
pub(crate) fn mark_changes(now: &mut [Group], before: &[Group]) {
    for group in now {
        // Of a timer only its being set anew would count, and what is left changes all the time.
        if group.title == "Timers" {
            continue;
        }
        let before = before.iter().find(|known| known.title == group.title);
        for field in &mut group.fields {
            let before = before.and_then(|group| group.fields.iter().find(|known| known.name == field.name));
            for part in &mut field.parts {
                let before = before.and_then(|field| field.parts.iter().find(|known| known.name == part.name));
                part.changed = before.is_none_or(|known| known.value != part.value);
            }
            field.changed = before
                .is_none_or(|known| known.value != field.value || known.parts.len() != field.parts.len())
                || field.parts.iter().any(|part| part.changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn routine_is_counted_by_topic() {
        let (beat, sync) = (("heartbeat", "heartbeats"), ("disk sync", "disk syncs"));
        assert_eq!(tally([sync, beat, beat].into_iter()), "2 heartbeats, 1 disk sync");
        assert_eq!(tally(std::iter::empty()), "");
    }

    #[test]
    fn nested_data_becomes_lines_that_can_be_read() {
        let log = field("log", &json!([{"index": 7, "term": 2, "what": "x=1"}]));
        assert_eq!((log.value.as_str(), log.parts.len()), ("1", 1));
        assert_eq!((log.parts[0].name.as_str(), log.parts[0].value.as_str()), ("7", "term 2, x=1"));
        assert_eq!(field("voted_for", &Value::Null), line("voted for", "none".into()));
        assert_eq!(field("members", &json!(["n1", "n2"])), line("members", "n1 n2".into()));
        assert_eq!(field("map", &json!({})).value, "empty");
        let progress = field("progress", &json!({"n2": {"next": 3, "matched": 2}}));
        assert_eq!(progress.parts[0].value, "next 3, matched 2");
    }

    #[test]
    fn what_differs_is_marked_and_nothing_else() {
        let group = |term: u64, log: Value| {
            vec![Group { title: "State", fields: vec![field("term", &json!(term)), field("log", &log)] }]
        };
        let entry = |index: u64| json!({"index": index, "term": 1, "what": "x=1"});
        let before = group(1, json!([entry(1)]));
        let mut now = group(1, json!([entry(1), entry(2)]));
        mark_changes(&mut now, &before);
        let [term, log] = &now[0].fields[..] else { panic!("there are two fields") };
        assert!(!term.changed && log.changed);
        assert_eq!(log.parts.iter().map(|part| part.changed).collect::<Vec<_>>(), [false, true]);
        let mut back = group(1, json!([entry(1)]));
        mark_changes(&mut back, &now);
        assert!(back[0].fields[1].changed, "what has become shorter has changed");
    }
}
