//! A run as data: which lab, which settings, which seed, and what somebody did to it.

use serde_json::{Map, Value, json};
use sim::{Command, NodeId, Set, Stamped};
use view::layout::Point;

use crate::catalogue::{Catalogue, Listed};
use crate::command::{self, COMMANDS_MAX, FAR, Roster, TIME_US_MAX};
use crate::entry::Entry;
use crate::error::InputError;
use crate::info::VariantInfo;
use crate::json::{Fields, check_depth, kind_of, parse};
use crate::lab::Chosen;
use crate::names::Names;
use crate::params::{ParamInfo, Settings};
pub use crate::state::End;

/// The version of the format itself.
pub const FORMAT_VERSION: u64 = 1;

/// The version of the engine. It grows whenever any golden digest changes.
pub const ENGINE_VERSION: u64 = 2;

/// Largest seed: every number up to it is exact in JavaScript.
pub const SEED_MAX: u64 = (1 << 53) - 1;

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The lab.
    pub entry: &'static Entry,
    /// The variant.
    pub variant: &'static VariantInfo,
    /// The seed.
    pub seed: u64,
    /// What was set.
    pub settings: Settings,
    /// What was done, ordered by time. Operations are kept as data.
    pub commands: Vec<Stamped<Value>>,
    /// Where nodes stand that somebody has moved.
    pub layout: sim::Map<NodeId, Point>,
    /// Where the recording ended.
    pub end: Option<End>,
    /// The engine that recorded it.
    pub engine: u64,
    /// The lab's revision that recorded it ([`LabInfo::revision`](crate::info::LabInfo::revision)).
    pub revision: u64,
    /// Keys that it set and that its lab does not have any more; they change nothing.
    pub retired: Set<&'static str>,
}

impl Run {
    /// A fresh run of a lab: `correct`, seed 1, defaults.
    pub fn of_lab(catalogue: &Catalogue, id: &str) -> Result<Self, InputError> {
        catalogue.find(id)?.entry().map(Self::of_entry)
    }

    /// A fresh run of a lab, whether or not a catalogue has it.
    #[must_use]
    pub fn of_entry(entry: &'static Entry) -> Self {
        Self {
            entry,
            variant: &entry.info.variants[0],
            seed: 1,
            settings: Settings::default(),
            commands: Vec::new(),
            layout: sim::Map::new(),
            end: None,
            engine: ENGINE_VERSION,
            revision: entry.info.revision,
            retired: Set::new(),
        }
    }

    /// The run that a lab's card shows.
    pub fn of_showcase(entry: &'static Entry) -> Result<Self, InputError> {
        let mut run = Self::of_entry(entry);
        let commands =
            parse(entry.info.showcase.commands.as_bytes(), "no JSON").map_err(|error| error.within("showcase"))?;
        run.set_commands(&commands)?;
        Ok(run)
    }

    /// What it has chosen of its lab.
    #[must_use]
    pub const fn chosen(&self) -> Chosen<'_> {
        Chosen::new(self.entry.info, self.variant, &self.settings)
    }

    /// Whether this engine and this revision of its lab recorded it, so that its digests are theirs.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.engine == ENGINE_VERSION && self.revision == self.entry.info.revision
    }

    /// What somebody has to know who compares this run with its recording, as sentences; nothing for most runs.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.is_current() {
            let version = |engine, revision| format!("engine {engine}, revision {revision} of {}", self.entry.info.id);
            remarks.push(format!(
                "The run was recorded by {}, and this is {}: its end is compared by step and time, not by digest",
                version(self.engine, self.revision),
                version(ENGINE_VERSION, self.entry.info.revision)
            ));
        }
        let sets = |key: &ParamInfo| {
            let sets = |command: &Command<Value>| matches!(command, Command::Set { key: set, .. } if *set == key.id());
            self.retired.contains(key.key) || self.commands.iter().any(|stamped| sets(&stamped.command))
        };
        for param in self.entry.info.retired.iter().filter(|param| sets(param)) {
            remarks.push(format!("{} is no longer a parameter; what the run sets it to changes nothing", param.key));
        }
        remarks
    }

    /// What people call the nodes of this run, those included that commands add.
    #[must_use]
    pub fn names(&self) -> Names {
        let initial = self.initial_names();
        initial.with_added(command::added(&self.commands, initial.len()))
    }

    /// What people call the nodes that are there from the start.
    fn initial_names(&self) -> Names {
        (self.entry.names)(self.chosen())
    }

    /// Sets the seed.
    pub fn set_seed(&mut self, seed: u64) -> Result<(), InputError> {
        self.seed = check_seed(seed)?;
        Ok(())
    }

    /// Replaces the commands by a JSON array of them.
    pub fn set_commands(&mut self, value: &Value) -> Result<(), InputError> {
        let entry = self.entry;
        let roster = Roster::new(&self.initial_names(), entry.info);
        self.commands = command::read_commands(value, &roster, |op| {
            (entry.check_op)(op, roster.names(), entry.info.ops)?;
            Ok(op.clone())
        })?;
        Ok(())
    }

    /// The lab that a run is about, given as JSON or as the text of a file or a link, for whoever has to fetch its code
    /// before the rest can be read. None where it names none: reading says what is wrong then.
    #[must_use]
    pub fn lab_of(catalogue: &Catalogue, value: &Value) -> Option<&'static Listed> {
        let lab_in = |data: &Value| catalogue.find(data.get("lab")?.as_str()?).ok();
        match value.as_str().map(str::trim) {
            Some(text) if crate::link::looks_like_link(text) => lab_in(&crate::link::data_of(text).ok()?),
            Some(text) => lab_in(&parse(text.as_bytes(), "").ok()?),
            None => lab_in(value),
        }
    }

    /// Reads a run from JSON.
    pub fn from_json(catalogue: &Catalogue, value: &Value) -> Result<Self, InputError> {
        check_depth(value)?;
        let mut fields = Fields::of(value, "a run")?;
        let format = fields.whole("format", u64::MAX)?.unwrap_or(FORMAT_VERSION);
        if format != FORMAT_VERSION {
            return Err(InputError::new(
                "format",
                format!("{format} is not known here; this is netsplit's format {FORMAT_VERSION}"),
            ));
        }
        let (engine, revision) = (fields.whole("engine", u64::MAX)?, fields.whole("revision", u64::MAX)?);
        let mut run = Self::of_lab(catalogue, fields.text("lab")?)?;
        run.engine = engine.unwrap_or(run.engine);
        run.revision = revision.unwrap_or(run.revision);
        if let Some(variant) = fields.get("variant") {
            let id = variant
                .as_str()
                .ok_or_else(|| InputError::new("variant", format!("is a text, not {}", kind_of(variant))))?;
            run.variant = run.entry.info.variant(id)?;
        }
        run.set_seed(fields.whole("seed", SEED_MAX)?.unwrap_or(1))?;
        if let Some(set) = fields.get("set") {
            let Value::Object(set) = set else {
                return Err(InputError::new("set", format!("is an object, not {}", kind_of(set))));
            };
            let info = run.entry.info;
            for (key, value) in set {
                match info.retired.iter().find(|param| param.key == key) {
                    Some(param) => drop(run.retired.insert(param.key)),
                    None => run.settings.set_json(info.params, key, value)?,
                }
            }
        }
        if let Some(commands) = fields.get("commands") {
            run.set_commands(commands)?;
        }
        if let Some(layout) = fields.get("layout") {
            run.layout = read_layout(layout, &run.names()).map_err(|error| error.within("layout"))?;
        }
        if let Some(end) = fields.get("end") {
            run.end = Some(read_end(end).map_err(|error| error.within("end"))?);
        }
        fields.finish()?;
        Ok(run)
    }

    /// Reads a run from the text of a file: run JSON, or a link.
    pub fn from_text(catalogue: &Catalogue, text: &str) -> Result<Self, InputError> {
        let text = text.trim();
        if crate::link::looks_like_link(text) {
            return crate::link::decode(catalogue, text);
        }
        Self::from_json(catalogue, &parse(text.as_bytes(), "neither a link nor JSON")?)
    }

    /// Writes the run as JSON; what is at its default is left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let names = self.names();
        let mut map = Map::new();
        map.insert("format".into(), FORMAT_VERSION.into());
        map.insert("engine".into(), self.engine.into());
        map.insert("revision".into(), self.revision.into());
        map.insert("lab".into(), self.entry.info.id.into());
        map.insert("variant".into(), self.variant.id.into());
        map.insert("seed".into(), self.seed.into());
        let info = self.entry.info;
        map.insert("set".into(), self.settings.to_json(info.params));
        debug_assert!(self.commands.len() <= COMMANDS_MAX, "a run has too many commands");
        let commands = self.commands.iter();
        let commands = commands.map(|stamped| command::write_stamped(stamped, &names, info, Value::clone));
        map.insert("commands".into(), commands.collect());
        if !self.layout.is_empty() {
            let layout =
                self.layout.iter().map(|(&node, point)| (names.of(node).to_owned(), json!([point.x, point.y])));
            map.insert("layout".into(), Value::Object(layout.collect()));
        }
        if let Some(End { step, time_us, digest }) = &self.end {
            map.insert("end".into(), json!({"step": step, "time_us": time_us, "digest": digest}));
        }
        Value::Object(map)
    }
}

/// A seed that a run may have.
pub fn check_seed(seed: u64) -> Result<u64, InputError> {
    if seed > SEED_MAX {
        return Err(InputError::new("seed", format!("{seed} is too large; {SEED_MAX} is the largest")));
    }
    Ok(seed)
}

fn read_layout(value: &Value, names: &Names) -> Result<sim::Map<NodeId, Point>, InputError> {
    let Value::Object(map) = value else {
        return Err(InputError::new("", format!("is an object, not {}", kind_of(value))));
    };
    let mut layout = sim::Map::new();
    for (name, position) in map {
        let node = names.find(name).map_err(|error| error.within(name))?;
        let point = match position.as_array().map(Vec::as_slice) {
            Some([x, y]) => x.as_i64().zip(y.as_i64()).filter(|(x, y)| x.abs() <= FAR && y.abs() <= FAR),
            _ => None,
        };
        let (x, y) = point
            .ok_or_else(|| InputError::new(name.as_str(), format!("is a pair of whole numbers, not {position}")))?;
        layout.insert(node, Point { x: x as i32, y: y as i32 });
    }
    Ok(layout)
}

fn read_end(value: &Value) -> Result<End, InputError> {
    let mut fields = Fields::of(value, "the end")?;
    let step = fields.whole("step", u64::MAX)?.ok_or_else(|| InputError::new("step", "is missing"))?;
    let time_us = fields.whole("time_us", TIME_US_MAX)?.ok_or_else(|| InputError::new("time_us", "is missing"))?;
    let digest = fields.text("digest")?;
    if digest.len() != 16 || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(InputError::new("digest", format!("is 16 lowercase hexadecimal digits, not \"{digest}\"")));
    }
    let end = End { step, time_us, digest: digest.to_owned() };
    fields.finish()?;
    Ok(end)
}
