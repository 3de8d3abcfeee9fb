//! Commands as data: JSON in both directions.

use serde_json::{Map, Value, json};
use sim::clock::DRIFT_PPM_MAX;
use sim::{Command, DiskMode, LinkChange, MessageAct, MessageId, NodeId, Stamped};

use crate::error::InputError;
use crate::info::LabInfo;
use crate::json::{Fields, check_depth, kind_of, whole};
use crate::names::Names;
use crate::params::{self, Setting};

/// Latest time that is accepted, in µs: a simulated day.
pub const TIME_US_MAX: u64 = 24 * 3_600 * 1_000_000;

/// Most commands in a run.
pub const COMMANDS_MAX: usize = 10_000;

/// Most machines that can be added to a cluster.
pub const ADDED_MAX: u32 = 200;

/// Furthest from the origin of the stage that anything stands.
pub const FAR: i64 = 100_000;

const PPM_MAX: u64 = 1_000_000;
const OFFSET_US_MAX: i64 = TIME_US_MAX as i64;
const SPAN_US_MAX: u64 = 3_600 * 1_000_000;
const BANDWIDTH_BPS_MAX: u64 = 1_000_000_000_000;

/// What commands may name: the machines that are there, or have been, and the lab's parameters.
#[derive(Clone, Debug)]
pub struct Roster {
    /// Names of all machines that could ever be.
    names: Names,
    known: Vec<bool>,
    info: &'static LabInfo,
}

impl Roster {
    /// The machines of a lab's cluster, before any is added.
    #[must_use]
    pub fn new(names: &Names, info: &'static LabInfo) -> Self {
        let (here, added) = (names.len(), ADDED_MAX as usize);
        let known = (0..here + added).map(|index| index < here).collect();
        Self { names: names.with_added(ADDED_MAX), known, info }
    }

    /// Names of all machines that could ever be.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// From now on this machine can be named.
    pub fn add(&mut self, node: NodeId) {
        if let Some(known) = self.known.get_mut(node.index()) {
            *known = true;
        }
    }

    /// Complains about a name that nothing has by now.
    pub fn require(&self, name: &str) -> Result<(), InputError> {
        self.find(name).map(|_| ())
    }

    fn find(&self, name: &str) -> Result<NodeId, InputError> {
        let found = self.names.find(name).ok().filter(|node| self.known[node.index()]);
        found.ok_or_else(|| {
            let known = self.known.iter().zip(0u32..).filter(|(known, _)| **known);
            let known: Vec<&str> = known.map(|(_, index)| self.names.of(NodeId(index))).collect();
            InputError::new("", format!("there is no node \"{name}\"; there are {}", known.join(", ")))
        })
    }

    /// A machine that is to be added, or has been.
    fn find_new(&self, name: &str) -> Result<NodeId, InputError> {
        self.names.find(name).map_err(|_| {
            let (first, last) = (self.known.len() - ADDED_MAX as usize, self.known.len() - 1);
            let name_of = |index: usize| self.names.of(NodeId(index as u32));
            let problem =
                format!("\"{name}\" is no name for a new node; they are {} to {}", name_of(first), name_of(last));
            InputError::new("", problem)
        })
    }
}

/// How many machines these commands add, gaps included, to a cluster of `initial`.
#[must_use]
pub fn added<Op>(commands: &[Stamped<Op>], initial: usize) -> u32 {
    let ends = commands.iter().filter_map(|stamped| match stamped.command {
        Command::AddNode(node) => Some(node.0 + 1),
        _ => None,
    });
    ends.max().unwrap_or(0).saturating_sub(initial as u32)
}

/// Reads a list of commands, ordered by time. `op` reads a client's operation. A machine that is
/// added can be named from there on.
pub fn read_commands<Op>(
    value: &Value,
    roster: &Roster,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Vec<Stamped<Op>>, InputError> {
    check_depth(value).map_err(|error| error.within("commands"))?;
    let mut roster = roster.clone();
    let Value::Array(items) = value else {
        return Err(InputError::new("commands", format!("is a list, not {}", kind_of(value))));
    };
    if items.len() > COMMANDS_MAX {
        return Err(InputError::new("commands", format!("has {} entries; {COMMANDS_MAX} are the most", items.len())));
    }
    let mut commands: Vec<Stamped<Op>> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = format!("commands[{index}]");
        let stamped = read_stamped(item, &roster, &op).map_err(|error| error.within(&place))?;
        if let Some(before) = commands.last()
            && stamped.at_us < before.at_us
        {
            let problem = format!("{} µs is before the command above, at {} µs", stamped.at_us, before.at_us);
            return Err(InputError::new(format!("{place}.at_us"), problem));
        }
        if let Command::AddNode(node) = stamped.command {
            roster.add(node);
        }
        commands.push(stamped);
    }
    Ok(commands)
}

fn read_stamped<Op>(
    value: &Value,
    roster: &Roster,
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
    let command = read_command(&mut fields, roster, op)?;
    fields.finish()?;
    Ok(Stamped { at_us, after, command })
}

/// Reads a command without a time, as the page's `apply` takes it.
pub fn read_untimed<Op>(
    value: &Value,
    roster: &Roster,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Command<Op>, InputError> {
    check_depth(value)?;
    let mut fields = Fields::of(value, "a command")?;
    let command = read_command(&mut fields, roster, op)?;
    fields.finish()?;
    Ok(command)
}

fn read_command<Op>(
    fields: &mut Fields<'_>,
    roster: &Roster,
    op: impl Fn(&Value) -> Result<Op, InputError>,
) -> Result<Command<Op>, InputError> {
    let node = |fields: &mut Fields<'_>| node_field(fields, "node", roster);
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
            let (from, to, both) = link_fields(fields, roster)?;
            Command::Cut { from, to, both }
        }
        "heal" => {
            let (from, to, both) = link_fields(fields, roster)?;
            Command::Heal { from, to, both }
        }
        "partition" => Command::Partition(groups_field(fields, roster)?),
        "heal-all" => Command::HealAll,
        "link" => {
            let (from, to, both) = link_fields(fields, roster)?;
            let ppm = |fields: &mut Fields<'_>, key| Ok(fields.whole(key, PPM_MAX)?.map(|ppm| ppm as u32));
            let change = LinkChange {
                latency_us: span_field(fields, "latency_us")?,
                loss_ppm: ppm(fields, "loss_ppm")?,
                duplicate_ppm: ppm(fields, "duplicate_ppm")?,
                reorder_ppm: ppm(fields, "reorder_ppm")?,
                bandwidth_bps: fields.whole("bandwidth_bps", BANDWIDTH_BPS_MAX)?,
            };
            Command::Link { from, to, both, change }
        }
        "hold" => {
            let (from, to, both) = link_fields(fields, roster)?;
            Command::Hold { from, to, both }
        }
        "release" => {
            let (from, to, both) = link_fields(fields, roster)?;
            Command::Release { from, to, both }
        }
        "message" => {
            let id = fields.text("id")?;
            let id = read_message_id(id, roster).map_err(|error| error.within("id"))?;
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
                "torn" => DiskMode::Torn,
                "slow" => DiskMode::Slow,
                "full" => DiskMode::Full,
                other => {
                    let problem = format!("is normal, lose-unsynced, torn, slow or full, not \"{other}\"");
                    return Err(InputError::new("mode", problem));
                }
            };
            Command::Disk { node, mode, sync_us: span_field(fields, "sync_us")? }
        }
        "add-node" => {
            let name = fields.text("node")?;
            Command::AddNode(roster.find_new(name).map_err(|error| error.within("node"))?)
        }
        "remove-node" => Command::RemoveNode(node(fields)?),
        "set" => {
            let param = params::find_live(roster.info, fields.text("key")?)?;
            let value = fields.need("value")?;
            let setting =
                param.from_json(value).map_err(|error| InputError { place: "value".into(), problem: error.problem })?;
            Command::Set { key: param.id(), value: (setting.low, setting.high) }
        }
        "move" => {
            let node = node(fields)?;
            let mut axis = |key| {
                let place = fields.signed(key, -FAR, FAR)?;
                place.map(|place| place as i32).ok_or_else(|| InputError::new(key, "is missing"))
            };
            Command::Move { node, x: axis("x")?, y: axis("y")? }
        }
        other => {
            let problem = format!(
                "there is no command \"{other}\"; there are request, crash, restart, pause, resume, cut, heal, \
                 partition, heal-all, link, hold, release, message, clock, disk, add-node, remove-node, set, move"
            );
            return Err(InputError::new("do", problem));
        }
    })
}

fn node_field(fields: &mut Fields<'_>, key: &'static str, roster: &Roster) -> Result<NodeId, InputError> {
    let name = fields.text(key)?;
    roster.find(name).map_err(|error| error.within(key))
}

fn link_fields(fields: &mut Fields<'_>, roster: &Roster) -> Result<(NodeId, NodeId, bool), InputError> {
    let from = node_field(fields, "from", roster)?;
    let to = node_field(fields, "to", roster)?;
    if from == to {
        return Err(InputError::new("to", "is the same node as from; a link joins two"));
    }
    Ok((from, to, fields.flag("both", true)?))
}

fn groups_field(fields: &mut Fields<'_>, roster: &Roster) -> Result<Vec<Vec<NodeId>>, InputError> {
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
            let node = roster.find(name).map_err(|error| error.within(&place))?;
            if nodes.contains(&node) || groups.iter().any(|group| group.contains(&node)) {
                return Err(InputError::new(place, format!("names {name} a second time")));
            }
            nodes.push(node);
        }
        groups.push(nodes);
    }
    Ok(groups)
}

/// A time or a range of times in µs.
fn span_field(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<(u64, u64)>, InputError> {
    let wrong = || {
        let problem = format!("is a number of µs or a range like \"5000..15000\", at most {SPAN_US_MAX}");
        InputError::new(key, problem)
    };
    let range = match fields.get(key) {
        None => return Ok(None),
        Some(Value::String(text)) => {
            let (low, high) = text.split_once("..").unwrap_or((text, text));
            low.parse::<u64>().ok().zip(high.parse::<u64>().ok()).ok_or_else(wrong)?
        }
        Some(value) => {
            let number = whole(value, SPAN_US_MAX).map_err(|_| wrong())?;
            (number, number)
        }
    };
    if range.0 > range.1 || range.1 > SPAN_US_MAX { Err(wrong()) } else { Ok(Some(range)) }
}

/// Writes a command with its time. `names` has all machines that are ever added.
pub fn write_stamped<Op>(stamped: &Stamped<Op>, names: &Names, info: &LabInfo, op: impl Fn(&Op) -> Value) -> Value {
    let mut map = Map::new();
    map.insert("at_us".into(), stamped.at_us.into());
    if stamped.after > 0 {
        map.insert("after".into(), stamped.after.into());
    }
    let Value::Object(command) = write_command(&stamped.command, names, info, op) else {
        unreachable!("a command is written as an object")
    };
    map.extend(command);
    Value::Object(map)
}

/// Writes a command without a time.
pub fn write_command<Op>(command: &Command<Op>, names: &Names, info: &LabInfo, op: impl Fn(&Op) -> Value) -> Value {
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
        Command::Link { from, to, both, change } => {
            let LinkChange { latency_us, loss_ppm, duplicate_ppm, reorder_ppm, bandwidth_bps } = change;
            let mut value = link("link", *from, *to, *both);
            if let Some((low, high)) = latency_us {
                value["latency_us"] = format!("{low}..{high}").into();
            }
            for (key, ppm) in [("loss_ppm", loss_ppm), ("duplicate_ppm", duplicate_ppm), ("reorder_ppm", reorder_ppm)] {
                if let Some(ppm) = ppm {
                    value[key] = (*ppm).into();
                }
            }
            if let Some(bps) = bandwidth_bps {
                value["bandwidth_bps"] = (*bps).into();
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
        Command::Disk { node, mode, sync_us } => {
            let mode = match mode {
                DiskMode::Normal => "normal",
                DiskMode::LoseUnsynced => "lose-unsynced",
                DiskMode::Torn => "torn",
                DiskMode::Slow => "slow",
                DiskMode::Full => "full",
            };
            let mut value = json!({"do": "disk", "node": names.of(*node), "mode": mode});
            if let Some((low, high)) = sync_us {
                value["sync_us"] = format!("{low}..{high}").into();
            }
            value
        }
        Command::AddNode(id) => node("add-node", *id),
        Command::RemoveNode(id) => node("remove-node", *id),
        Command::Set { key, value: (low, high) } => {
            let param = params::of_set(info, *key).expect("a command sets a parameter that there is");
            json!({"do": "set", "key": param.key, "value": param.to_json(Setting { low: *low, high: *high })})
        }
        Command::Move { node, x, y } => json!({"do": "move", "node": names.of(*node), "x": x, "y": y}),
    }
}

/// A message's name: `n1>n2#17`, a copy `n1>n2#17.1`.
#[must_use]
pub fn write_message_id(id: MessageId, names: &Names) -> String {
    let MessageId { from, to, number, copy } = id;
    let copy = if copy == 0 { String::new() } else { format!(".{copy}") };
    format!("{}>{}#{number}{copy}", names.of(from), names.of(to))
}

fn read_message_id(text: &str, roster: &Roster) -> Result<MessageId, InputError> {
    let wrong = || InputError::new("", format!("is a message like n1>n2#17, not \"{text}\""));
    let (from, rest) = text.split_once('>').ok_or_else(wrong)?;
    let (to, rest) = rest.split_once('#').ok_or_else(wrong)?;
    let (number, copy) = rest.split_once('.').unwrap_or((rest, "0"));
    Ok(MessageId {
        from: roster.find(from)?,
        to: roster.find(to)?,
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
    use crate::params::ParamInfo;

    fn names() -> Names {
        check::Names::servers(3).into()
    }

    const LATENCY: ParamInfo = ParamInfo {
        key: "latency-ms",
        title: "One-way latency",
        shape: params::Shape::Range,
        default: Setting { low: 5, high: 15 },
        min: 0,
        max: 1_000,
        unit: "ms",
        live: true,
    };
    const NODES: ParamInfo = ParamInfo { key: "nodes", shape: params::Shape::Number, live: false, ..LATENCY };
    const FORMER: ParamInfo = ParamInfo { key: "jitter-ms", ..LATENCY };
    static INFO: LabInfo = LabInfo { params: &[NODES, LATENCY], retired: &[FORMER], ..LabInfo::BASE };

    fn read(value: &Value) -> Result<Vec<Stamped<String>>, InputError> {
        read_commands(value, &Roster::new(&names(), &INFO), |op| {
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
            {"at_us": 13, "do": "disk", "node": "n1", "mode": "torn"},
            {"at_us": 13, "do": "disk", "node": "n1", "mode": "slow", "sync_us": "5..900"},
            {"at_us": 13, "do": "disk", "node": "n1", "mode": "full"},
            {"at_us": 13, "do": "disk", "node": "n1", "mode": "normal"},
            {"at_us": 14, "do": "link", "from": "n1", "to": "n3", "reorder_ppm": 7, "bandwidth_bps": 8_000_000},
            {"at_us": 14, "do": "link", "from": "n1", "to": "n3", "both": false},
            {"at_us": 15, "do": "add-node", "node": "n4"},
            {"at_us": 15, "do": "add-node", "node": "n6"},
            {"at_us": 16, "do": "message", "id": "n4>n6#2", "act": "hold"},
            {"at_us": 17, "do": "remove-node", "node": "n4"},
            {"at_us": 18, "do": "crash", "node": "n4"},
            {"at_us": 19, "do": "set", "key": "latency-ms", "value": "7..9"},
            {"at_us": 19, "do": "set", "key": "jitter-ms", "value": "1..2"},
            {"at_us": 20, "do": "move", "node": "n2", "x": -40, "y": 70},
        ]);
        let commands = read(&all).unwrap();
        assert_eq!(added(&commands, 3), 3);
        let names = names().with_added(3);
        let write = |stamped| write_stamped(stamped, &names, &INFO, |op: &String| Value::from(op.as_str()));
        let written: Vec<Value> = commands.iter().map(write).collect();
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
        for (command, wanted) in [
            (json!({"do": "crash", "node": "n4"}), "node: there is no node \"n4\"; there are n1, n2, n3"),
            (
                json!({"do": "add-node", "node": "n204"}),
                "node: \"n204\" is no name for a new node; they are n4 to n203",
            ),
            (json!({"do": "add-node"}), "node: is missing"),
            (json!({"do": "remove-node", "node": "n4"}), "node: there is no node \"n4\""),
            (
                json!({"do": "set", "key": "nodes", "value": 4}),
                "key: nodes cannot be changed while it runs; latency-ms can",
            ),
            (json!({"do": "set", "key": "colour", "value": 4}), "key: there is no parameter \"colour\""),
            (
                json!({"do": "set", "key": "latency-ms", "value": 1_001}),
                "value: 1001 is out of range; it takes 0 to 1000 ms",
            ),
            (json!({"do": "set", "key": "latency-ms"}), "value: is missing"),
            (json!({"do": "move", "node": "n1", "x": 1}), "y: is missing"),
            (
                json!({"do": "move", "node": "n1", "x": 100_001, "y": 0}),
                "x: is a whole number between -100000 and 100000",
            ),
            (json!({"do": "move", "node": "n1", "x": 1.5, "y": 0}), "x: is a whole number between"),
            (json!({"do": "disk", "node": "n1", "mode": "wet"}), "mode: is normal, lose-unsynced, torn, slow or full"),
            (
                json!({"do": "disk", "node": "n1", "mode": "slow", "sync_us": "9..3"}),
                "sync_us: is a number of µs or a range",
            ),
            (json!({"do": "disk", "node": "n1", "sync_us": 5}), "mode: is missing"),
            (
                json!({"do": "link", "from": "n1", "to": "n2", "reorder_ppm": 1_000_001}),
                "reorder_ppm: is a whole number",
            ),
            (json!({"do": "link", "from": "n1", "to": "n2", "bandwidth_bps": -1}), "bandwidth_bps: is a whole number"),
            (json!({"do": "link", "from": "n1", "to": "n2", "bandwidth": 1}), "bandwidth: is not a known field"),
        ] {
            let mut command = command;
            command["at_us"] = 1.into();
            let problem = error(command);
            assert!(problem.starts_with(&format!("commands[1].{wanted}")), "{problem}");
        }
        let mut deep = json!("bottom");
        for _ in 0..40 {
            deep = json!([deep]);
        }
        assert_eq!(
            error(json!({"at_us": 1, "do": "request", "node": "n1", "op": deep})),
            "commands: is nested more than 32 levels deep"
        );
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
