//! Commands as data: JSON in both directions.

use serde_json::{Map, Value, json};
use sim::clock::DRIFT_PPM_MAX;
use sim::{Command, DiskMode, MessageAct, MessageId, NodeId, Stamped};

use crate::error::InputError;
use crate::json::{Fields, kind_of, whole};
use crate::lab::Names;

/// Latest time that is accepted, in µs: a simulated day.
pub const TIME_US_MAX: u64 = 24 * 3_600 * 1_000_000;

/// Most commands in a run.
pub const COMMANDS_MAX: usize = 10_000;

const PPM_MAX: u64 = 1_000_000;
const OFFSET_US_MAX: i64 = TIME_US_MAX as i64;

/// Reads a list of commands, ordered by time. `op` reads a client's operation.
pub fn read_commands<Op>(
    value: &Value,
    names: &Names,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Vec<Stamped<Op>>, InputError> {
    let Value::Array(items) = value else {
        return Err(InputError::new("commands", format!("is a list, not {}", kind_of(value))));
    };
    if items.len() > COMMANDS_MAX {
        return Err(InputError::new("commands", format!("has {} entries; {COMMANDS_MAX} are the most", items.len())));
    }
    let mut commands: Vec<Stamped<Op>> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = format!("commands[{index}]");
        let stamped = read_stamped(item, names, &op).map_err(|error| error.within(&place))?;
        if let Some(before) = commands.last()
            && stamped.at_us < before.at_us
        {
            let problem = format!("{} µs is before the command above, at {} µs", stamped.at_us, before.at_us);
            return Err(InputError::new(format!("{place}.at_us"), problem));
        }
        commands.push(stamped);
    }
    Ok(commands)
}

fn read_stamped<Op>(
    value: &Value,
    names: &Names,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Stamped<Op>, InputError> {
    let mut fields = Fields::of(value, "a command")?;
    let at_us = match (fields.whole("at_us", TIME_US_MAX)?, fields.get("at")) {
        (Some(at_us), None) => at_us,
        (None, Some(Value::String(text))) => parse_duration(text)
            .filter(|&at_us| at_us <= TIME_US_MAX)
            .ok_or_else(|| InputError::new("at", format!("is a time like 12us, 250ms, 3.2s or 1m, not \"{text}\"")))?,
        (None, Some(other)) => {
            return Err(InputError::new("at", format!("is a text like 250ms, not {}", kind_of(other))));
        }
        (None, None) => return Err(InputError::new("at_us", "is missing")),
        (Some(_), Some(_)) => return Err(InputError::new("at", "is given together with at_us; one of them is enough")),
    };
    let after = fields.whole("after", u64::from(u32::MAX))?.unwrap_or(0) as u32;
    let command = read_command(&mut fields, names, op)?;
    fields.finish()?;
    Ok(Stamped { at_us, after, command })
}

/// Reads a command without a time, as the page's `apply` takes it.
pub fn read_untimed<Op>(
    value: &Value,
    names: &Names,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Command<Op>, InputError> {
    let mut fields = Fields::of(value, "a command")?;
    let command = read_command(&mut fields, names, op)?;
    fields.finish()?;
    Ok(command)
}

fn read_command<Op>(
    fields: &mut Fields<'_>,
    names: &Names,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Command<Op>, InputError> {
    let node = |fields: &mut Fields<'_>| node_field(fields, "node", names);
    Ok(match fields.text("do")? {
        "request" => {
            let node = node(fields)?;
            Command::Request { node, op: op(fields.need("op")?).map_err(|error| error.within("op"))? }
        }
        "crash" => Command::Crash(node(fields)?),
        "restart" => Command::Restart(node(fields)?),
        "pause" => Command::Pause(node(fields)?),
        "resume" => Command::Resume(node(fields)?),
        "cut" => {
            let (from, to, both) = link_fields(fields, names)?;
            Command::Cut { from, to, both }
        }
        "heal" => {
            let (from, to, both) = link_fields(fields, names)?;
            Command::Heal { from, to, both }
        }
        "partition" => Command::Partition(groups_field(fields, names)?),
        "heal-all" => Command::HealAll,
        "link" => {
            let (from, to, both) = link_fields(fields, names)?;
            Command::Link {
                from,
                to,
                both,
                latency_us: latency_field(fields)?,
                loss_ppm: fields.whole("loss_ppm", PPM_MAX)?.map(|ppm| ppm as u32),
                duplicate_ppm: fields.whole("duplicate_ppm", PPM_MAX)?.map(|ppm| ppm as u32),
            }
        }
        "hold" => {
            let (from, to, both) = link_fields(fields, names)?;
            Command::Hold { from, to, both }
        }
        "release" => {
            let (from, to, both) = link_fields(fields, names)?;
            Command::Release { from, to, both }
        }
        "message" => {
            let id = fields.text("id")?;
            let id = read_message_id(id, names).map_err(|error| error.within("id"))?;
            let act = match fields.text("act")? {
                "drop" => MessageAct::Drop,
                "hold" => MessageAct::Hold,
                "release" => MessageAct::Release,
                "duplicate" => MessageAct::Duplicate,
                "deliver" => MessageAct::Deliver,
                other => {
                    let problem = format!("is drop, hold, release, duplicate or deliver, not \"{other}\"");
                    return Err(InputError::new("act", problem));
                }
            };
            Command::Message { id, act }
        }
        "clock" => Command::Clock {
            node: node(fields)?,
            offset_us: fields.signed("offset_us", -OFFSET_US_MAX, OFFSET_US_MAX)?.unwrap_or(0),
            drift_ppm: fields.signed("drift_ppm", -i64::from(DRIFT_PPM_MAX), i64::from(DRIFT_PPM_MAX))?.unwrap_or(0)
                as i32,
        },
        "disk" => {
            let node = node(fields)?;
            let mode = match fields.text("mode")? {
                "normal" => DiskMode::Normal,
                "lose-unsynced" => DiskMode::LoseUnsynced,
                other => return Err(InputError::new("mode", format!("is normal or lose-unsynced, not \"{other}\""))),
            };
            Command::Disk { node, mode }
        }
        other => {
            let problem = format!(
                "there is no command \"{other}\"; there are request, crash, restart, pause, resume, cut, heal, \
                 partition, heal-all, link, hold, release, message, clock, disk"
            );
            return Err(InputError::new("do", problem));
        }
    })
}

fn node_field(fields: &mut Fields<'_>, key: &'static str, names: &Names) -> Result<NodeId, InputError> {
    let name = fields.text(key)?;
    names.find(name).map_err(|error| error.within(key))
}

fn link_fields(fields: &mut Fields<'_>, names: &Names) -> Result<(NodeId, NodeId, bool), InputError> {
    let from = node_field(fields, "from", names)?;
    let to = node_field(fields, "to", names)?;
    if from == to {
        return Err(InputError::new("to", "is the same node as from; a link joins two"));
    }
    Ok((from, to, fields.flag("both", true)?))
}

fn groups_field(fields: &mut Fields<'_>, names: &Names) -> Result<Vec<Vec<NodeId>>, InputError> {
    let value = fields.need("groups")?;
    let list = |value: &Value, place: &str| match value {
        Value::Array(items) => Ok(items.clone()),
        other => Err(InputError::new(place, format!("is a list, not {}", kind_of(other)))),
    };
    let mut groups: Vec<Vec<NodeId>> = Vec::new();
    for (index, group) in list(value, "groups")?.iter().enumerate() {
        let place = format!("groups[{index}]");
        let mut nodes = Vec::new();
        for name in list(group, &place)? {
            let name = name
                .as_str()
                .ok_or_else(|| InputError::new(place.as_str(), format!("lists names, not {}", kind_of(&name))))?;
            let node = names.find(name).map_err(|error| error.within(&place))?;
            if nodes.contains(&node) || groups.iter().any(|group| group.contains(&node)) {
                return Err(InputError::new(place, format!("names {name} a second time")));
            }
            nodes.push(node);
        }
        groups.push(nodes);
    }
    Ok(groups)
}

fn latency_field(fields: &mut Fields<'_>) -> Result<Option<(u64, u64)>, InputError> {
    const LATENCY_US_MAX: u64 = 3_600 * 1_000_000;
    let wrong = || {
        let problem = format!("is a number of µs or a range like \"5000..15000\", at most {LATENCY_US_MAX}");
        InputError::new("latency_us", problem)
    };
    let range = match fields.get("latency_us") {
        None => return Ok(None),
        Some(Value::String(text)) => {
            let (low, high) = text.split_once("..").unwrap_or((text, text));
            low.parse::<u64>().ok().zip(high.parse::<u64>().ok()).ok_or_else(wrong)?
        }
        Some(value) => {
            let number = whole(value, LATENCY_US_MAX).map_err(|_| wrong())?;
            (number, number)
        }
    };
    if range.0 > range.1 || range.1 > LATENCY_US_MAX { Err(wrong()) } else { Ok(Some(range)) }
}

/// Writes a command with its time.
pub fn write_stamped<Op>(stamped: &Stamped<Op>, names: &Names, op: impl Fn(&Op) -> Value) -> Value {
    let mut map = Map::new();
    map.insert("at_us".into(), stamped.at_us.into());
    if stamped.after > 0 {
        map.insert("after".into(), stamped.after.into());
    }
    let Value::Object(command) = write_command(&stamped.command, names, op) else {
        unreachable!("a command is written as an object")
    };
    map.extend(command);
    Value::Object(map)
}

/// Writes a command without a time.
pub fn write_command<Op>(command: &Command<Op>, names: &Names, op: impl Fn(&Op) -> Value) -> Value {
    let link = |word: &str, from: NodeId, to: NodeId, both: bool| {
        let mut value = json!({"do": word, "from": names.of(from), "to": names.of(to)});
        if !both {
            value["both"] = false.into();
        }
        value
    };
    let node = |word: &str, node: NodeId| json!({"do": word, "node": names.of(node)});
    match command {
        Command::Request { node, op: what } => json!({"do": "request", "node": names.of(*node), "op": op(what)}),
        Command::Crash(id) => node("crash", *id),
        Command::Restart(id) => node("restart", *id),
        Command::Pause(id) => node("pause", *id),
        Command::Resume(id) => node("resume", *id),
        Command::Cut { from, to, both } => link("cut", *from, *to, *both),
        Command::Heal { from, to, both } => link("heal", *from, *to, *both),
        Command::Partition(groups) => {
            let groups: Vec<Vec<&str>> =
                groups.iter().map(|group| group.iter().map(|&id| names.of(id)).collect()).collect();
            json!({"do": "partition", "groups": groups})
        }
        Command::HealAll => json!({"do": "heal-all"}),
        Command::Link { from, to, both, latency_us, loss_ppm, duplicate_ppm } => {
            let mut value = link("link", *from, *to, *both);
            if let Some((low, high)) = latency_us {
                value["latency_us"] = format!("{low}..{high}").into();
            }
            if let Some(ppm) = loss_ppm {
                value["loss_ppm"] = (*ppm).into();
            }
            if let Some(ppm) = duplicate_ppm {
                value["duplicate_ppm"] = (*ppm).into();
            }
            value
        }
        Command::Hold { from, to, both } => link("hold", *from, *to, *both),
        Command::Release { from, to, both } => link("release", *from, *to, *both),
        Command::Message { id, act } => {
            let act = match act {
                MessageAct::Drop => "drop",
                MessageAct::Hold => "hold",
                MessageAct::Release => "release",
                MessageAct::Duplicate => "duplicate",
                MessageAct::Deliver => "deliver",
            };
            json!({"do": "message", "id": write_message_id(*id, names), "act": act})
        }
        Command::Clock { node, offset_us, drift_ppm } => {
            json!({"do": "clock", "node": names.of(*node), "offset_us": offset_us, "drift_ppm": drift_ppm})
        }
        Command::Disk { node, mode } => {
            let mode = match mode {
                DiskMode::Normal => "normal",
                DiskMode::LoseUnsynced => "lose-unsynced",
            };
            json!({"do": "disk", "node": names.of(*node), "mode": mode})
        }
    }
}

/// A message's name: `n1>n2#17`, a copy `n1>n2#17.1`.
#[must_use]
pub fn write_message_id(id: MessageId, names: &Names) -> String {
    let MessageId { from, to, number, copy } = id;
    let copy = if copy == 0 { String::new() } else { format!(".{copy}") };
    format!("{}>{}#{number}{copy}", names.of(from), names.of(to))
}

fn read_message_id(text: &str, names: &Names) -> Result<MessageId, InputError> {
    let wrong = || InputError::new("", format!("is a message like n1>n2#17, not \"{text}\""));
    let (from, rest) = text.split_once('>').ok_or_else(wrong)?;
    let (to, rest) = rest.split_once('#').ok_or_else(wrong)?;
    let (number, copy) = rest.split_once('.').unwrap_or((rest, "0"));
    Ok(MessageId {
        from: names.find(from)?,
        to: names.find(to)?,
        number: number.parse().map_err(|_| wrong())?,
        copy: copy.parse().map_err(|_| wrong())?,
    })
}

/// Reads a time: `12us`, `250ms`, `3.2s` or `1m`, in whole microseconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_us: u64 = match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || (number.contains('.') && !digits(fraction)) || fraction.len() > 9 {
        return None;
    }
    let scale = 10u64.pow(fraction.len() as u32);
    let fraction_us = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()?.checked_mul(unit_us)? };
    // A fraction of a microsecond is not a time that the simulator knows.
    if fraction_us % scale != 0 {
        return None;
    }
    whole.parse::<u64>().ok()?.checked_mul(unit_us)?.checked_add(fraction_us / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::servers(3)
    }

    fn read(value: &Value) -> Result<Vec<Stamped<String>>, InputError> {
        read_commands(value, &names(), |op| {
            op.as_str().map(str::to_owned).ok_or_else(|| InputError::new("", "is a text"))
        })
    }

    #[test]
    fn every_command_survives_a_round_trip() {
        let all = json!([
            {"at_us": 0, "do": "request", "node": "n1", "op": "time-out"},
            {"at_us": 1, "do": "crash", "node": "n1"},
            {"at_us": 1, "do": "restart", "node": "n1"},
            {"at_us": 2, "after": 3, "do": "pause", "node": "n2"},
            {"at_us": 2, "do": "resume", "node": "n2"},
            {"at_us": 3, "do": "cut", "from": "n1", "to": "n2"},
            {"at_us": 4, "do": "cut", "from": "n1", "to": "n2", "both": false},
            {"at_us": 5, "do": "heal", "from": "n1", "to": "n2"},
            {"at_us": 6, "do": "partition", "groups": [["n1"], ["n2", "n3"]]},
            {"at_us": 7, "do": "heal-all"},
            {"at_us": 8, "do": "link", "from": "n1", "to": "n3", "latency_us": "100..200", "loss_ppm": 5, "duplicate_ppm": 6},
            {"at_us": 9, "do": "hold", "from": "n1", "to": "n3"},
            {"at_us": 9, "do": "release", "from": "n1", "to": "n3"},
            {"at_us": 10, "do": "message", "id": "n1>n2#17", "act": "drop"},
            {"at_us": 11, "do": "message", "id": "n1>n2#17.1", "act": "deliver"},
            {"at_us": 12, "do": "clock", "node": "n1", "offset_us": -5, "drift_ppm": 100},
            {"at_us": 13, "do": "disk", "node": "n1", "mode": "lose-unsynced"},
        ]);
        let commands = read(&all).unwrap();
        let written: Vec<Value> =
            commands.iter().map(|stamped| write_stamped(stamped, &names(), |op| Value::from(op.as_str()))).collect();
        assert_eq!(Value::Array(written), all);
    }

    #[test]
    fn what_is_wrong_is_named_by_index_and_field() {
        let error = |command: Value| read(&json!([{"at_us": 0, "do": "heal-all"}, command])).unwrap_err().to_string();
        assert_eq!(
            error(json!({"at_us": 1, "do": "crash", "node": "n9"})),
            "commands[1].node: there is no node \"n9\"; there are n1, n2, n3"
        );
        assert_eq!(error(json!({"do": "heal-all"})), "commands[1].at_us: is missing");
        assert_eq!(
            error(json!({"at_us": 1, "do": "crash", "node": "n1", "nodes": 3})),
            "commands[1].nodes: is not a known field; known are at_us, at, after, do, node"
        );
        assert_eq!(error(json!(7)), "commands[1]: a command is an object, not a number");
        assert_eq!(
            error(json!({"at_us": 1, "do": "cut", "from": "n1", "to": "n1"})),
            "commands[1].to: is the same node as from; a link joins two"
        );
        assert_eq!(
            error(json!({"at_us": 1, "do": "partition", "groups": [["n1"], ["n1"]]})),
            "commands[1].groups[1]: names n1 a second time"
        );
        assert_eq!(
            error(json!({"at": "soon", "do": "heal-all"})),
            "commands[1].at: is a time like 12us, 250ms, 3.2s or 1m, not \"soon\""
        );
        assert_eq!(
            error(json!({"at_us": 1, "do": "message", "id": "n1-n2", "act": "drop"})),
            "commands[1].id: is a message like n1>n2#17, not \"n1-n2\""
        );
        assert!(
            error(json!({"at_us": 1, "do": "explode"})).starts_with("commands[1].do: there is no command \"explode\"")
        );
        assert!(error(json!({"at_us": -1, "do": "heal-all"})).starts_with("commands[1].at_us: is a whole number"));
        let unordered = json!([{"at_us": 5, "do": "heal-all"}, {"at_us": 4, "do": "heal-all"}]);
        assert_eq!(read(&unordered).unwrap_err().place, "commands[1].at_us");
    }

    #[test]
    fn durations_are_whole_microseconds() {
        assert_eq!(parse_duration("12us"), Some(12));
        assert_eq!(parse_duration("250ms"), Some(250_000));
        assert_eq!(parse_duration("3.2s"), Some(3_200_000));
        assert_eq!(parse_duration("1m"), Some(60_000_000));
        assert_eq!(parse_duration("0.000001s"), Some(1));
        for wrong in
            ["", "s", "1", "1.s", ".5s", "1.5us", "0.0000001s", "1h", "-1s", "1 s", "1e3ms", "99999999999999999999s"]
        {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
