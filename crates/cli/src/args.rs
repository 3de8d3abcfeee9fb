//! The command line: what was asked for, checked.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;

use labs::command::{TIME_US_MAX, parse_duration};
use labs::{InputError, Run, link};
use lexopt::prelude::*;
use view::Theme;

use crate::render::RenderCall;

use crate::ring::{self, RingCall};

/// The help text.
pub const HELP: &str = "\
netsplit: distributed systems that run, break and explain themselves

  netsplit list [--json]
  netsplit run RUN [--json] [--explain] [--digests N]
  netsplit replay LINK|FILE [--json]
  netsplit trace RUN --format jsonl|shiviz|mermaid
  netsplit render RUN --at T [--theme light|dark] [--lens stage|PANE] [--json] [-o FILE]
  netsplit explore LAB [--variant V] [--set k=v]… [--seeds A..B] [--shard k/n] [--keep-going] [--shrink] [--json]
  netsplit tour ID|FILE [--check] [--link]
  netsplit compare-clocks CLOCK CLOCK
  netsplit import FILE [--regex R] [--json]
  netsplit ring [--algorithm ring|modulo|rendezvous|maglev|bounded|ketama] [--hash sha1|crc32|fnv1a|murmur3] [--vnodes N]
                --node NAME[:WEIGHT]… [--remove NAME]… [--replicas R] [--key K]… [--keys-prefix P --count N] [--json]
  netsplit ring --algorithm jump --buckets N --key-u64 K… [--json]

RUN is LAB [--seed N] [--variant V] [--set k=v]… [--commands FILE] [--for D], or a link, or a file.
D is a time such as 12us, 250ms, 3.2s or 1m; by default 10s, or the end that a recorded run has beyond.
trace prints one JSON object a step, or a log for ShiViz, or a sequence diagram for Mermaid. render writes SVG, to stdout without -o,
or with --json a pane as data; T is a time as D is, or 0s.
--seeds A..B leaves B out.
compare-clocks takes vector clocks such as '{\"A\":1,\"B\":2}' and prints before, after, equal or concurrent. import reads a
log for ShiViz; R has groups (?<host>…), (?<clock>…) and (?<event>…).
tour prints a tour's words and notes; --check plays it to its end, --link prints it as the end of an address.
ring says who owns which key, how evenly, and how many keys --remove moves. --vnodes is for ring and bounded; --hash for
all but ketama, which goes by MD5.

Exit codes: 0 nothing violated, 1 something violated, 2 wrong usage or input, 3 a replay that differs.
";

/// Most bytes of a file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Most bytes of a log that is read.
const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long a run lasts when nothing else is said, in µs.
const HORIZON_US: u64 = 10_000_000;

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or input; one line.
    Input(String),
    /// The output could not be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Input(error.to_string())
    }
}

impl Failure {
    fn input(problem: impl Into<String>) -> Self {
        Self::Input(problem.into())
    }
}

/// What was asked for.
pub enum Call {
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
    /// List the labs.
    List {
        /// As JSON.
        json: bool,
    },
    /// Run.
    Run(RunCall),
    /// Replay a recorded run and check its end.
    Replay {
        /// The run.
        run: Box<Run>,
        /// As JSON.
        json: bool,
    },
    /// Print every step as data.
    Trace {
        /// The run.
        run: Box<Run>,
        /// All events at or before this time run, in µs.
        horizon_us: u64,
        /// As what.
        format: TraceFormat,
    },
    /// Compare two vector clocks.
    CompareClocks(String, String),
    /// Read a log of another system.
    Import(ImportCall),
    /// Draw one moment.
    Render(RenderCall),
    /// Sweep.
    Explore(ExploreCall),
    /// Place keys.
    Ring(RingCall),
    /// Read a tour.
    Tour(TourCall),
}

/// What a trace is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFormat {
    /// A JSON object for each step.
    Jsonl,
    /// A ShiViz log.
    Shiviz,
    /// A sequence diagram for Mermaid.
    Mermaid,
}

/// A log.
pub struct ImportCall {
    /// Where it comes from.
    pub path: String,
    /// What it says.
    pub text: String,
    /// How to read it.
    pub regex: Option<String>,
    /// As JSON.
    pub json: bool,
}

/// A tour.
pub struct TourCall {
    /// Where the text comes from: a file, or a tour of netsplit's own.
    pub from: String,
    /// The text.
    pub text: String,
    /// Play it to its end.
    pub check: bool,
    /// Print it as the end of an address.
    pub link: bool,
}

/// One run.
pub struct RunCall {
    /// The run.
    pub run: Box<Run>,
    /// All events at or before this time run, in µs.
    pub horizon_us: u64,
    /// As JSON.
    pub json: bool,
    /// Tell the story.
    pub explain: bool,
    /// A digest every so many steps.
    pub digests: Option<u64>,
}

/// A sweep.
pub struct ExploreCall {
    /// Lab, variant and settings.
    pub base: Box<Run>,
    /// The seeds, the end left out.
    pub seeds: Range<u64>,
    /// The shard, from 1.
    pub shard: u64,
    /// How many shards.
    pub shards: u64,
    /// Do not stop at the first hit.
    pub keep_going: bool,
    /// Shrink hits.
    pub shrink: bool,
    /// As JSON.
    pub json: bool,
}

/// Everything that options can say; each call takes what it knows and refuses the rest.
#[derive(Default)]
struct Options {
    json: bool,
    explain: bool,
    keep_going: bool,
    shrink: bool,
    check: bool,
    link: bool,
    seed: Option<String>,
    variant: Option<String>,
    set: Vec<String>,
    commands: Option<String>,
    horizon: Option<String>,
    digests: Option<String>,
    seeds: Option<String>,
    shard: Option<String>,
    format: Option<String>,
    at: Option<String>,
    theme: Option<String>,
    lens: Option<String>,
    output: Option<String>,
    regex: Option<String>,
    /// The options that were given, by name, to find those that a call does not know.
    given: Vec<&'static str>,
}

impl Options {
    fn allow(&self, call: &str, known: &[&str]) -> Result<(), Failure> {
        match self.given.iter().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Failure::input(format!("{call} does not take {name}; try netsplit --help"))),
        }
    }
}

/// Reads the command line.
pub fn parse() -> Result<Call, Failure> {
    let mut parser = lexopt::Parser::from_env();
    let mut words: Vec<String> = Vec::new();
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Call::Help),
            Short('V') | Long("version") => return Ok(Call::Version),
            // What it takes has nothing in common with what runs take.
            Value(word) if word == "ring" && words.is_empty() && options.given.is_empty() => {
                return Ok(ring::parse(&mut parser)?.map_or(Call::Help, Call::Ring));
            }
            Value(word) => words.push(text(word)?),
            Long(name) => {
                let flag: (&'static str, &mut bool) = match name {
                    "json" => ("--json", &mut options.json),
                    "explain" => ("--explain", &mut options.explain),
                    "keep-going" => ("--keep-going", &mut options.keep_going),
                    "shrink" => ("--shrink", &mut options.shrink),
                    "check" => ("--check", &mut options.check),
                    "link" => ("--link", &mut options.link),
                    _ => {
                        let (name, slot) = match name {
                            "set" => {
                                options.given.push("--set");
                                options.set.push(text(parser.value()?)?);
                                continue;
                            }
                            "seed" => ("--seed", &mut options.seed),
                            "variant" => ("--variant", &mut options.variant),
                            "commands" => ("--commands", &mut options.commands),
                            "for" => ("--for", &mut options.horizon),
                            "digests" => ("--digests", &mut options.digests),
                            "seeds" => ("--seeds", &mut options.seeds),
                            "shard" => ("--shard", &mut options.shard),
                            "format" => ("--format", &mut options.format),
                            "at" => ("--at", &mut options.at),
                            "theme" => ("--theme", &mut options.theme),
                            "lens" => ("--lens", &mut options.lens),
                            "regex" => ("--regex", &mut options.regex),
                            _ => return Err(arg.unexpected().into()),
                        };
                        if slot.is_some() {
                            return Err(Failure::input(format!("{name} is given twice")));
                        }
                        options.given.push(name);
                        *slot = Some(text(parser.value()?)?);
                        continue;
                    }
                };
                *flag.1 = true;
                options.given.push(flag.0);
            }
            Short('o') => {
                if options.output.is_some() {
                    return Err(Failure::input("-o is given twice"));
                }
                options.given.push("-o");
                options.output = Some(text(parser.value()?)?);
            }
            Short(_) => return Err(arg.unexpected().into()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Err(Failure::input(
            "a command is missing: list, run, replay, trace, render, explore, tour, compare-clocks, import or ring; try netsplit --help",
        )),
        ["help"] => Ok(Call::Help),
        ["list"] => {
            options.allow("list", &["--json"])?;
            Ok(Call::List { json: options.json })
        }
        ["run", what] => run_call(what, &options).map(Call::Run),
        ["replay", what] => {
            options.allow("replay", &["--json"])?;
            if labs::catalogue().find(what).is_ok() {
                return Err(Failure::input(format!("replay takes a link or a file, and {what} is a lab; use run")));
            }
            Ok(Call::Replay { run: Box::new(recorded(what)?), json: options.json })
        }
        ["trace", what] => trace_call(what, &options),
        ["render", what] => render_call(what, &options).map(Call::Render),
        ["explore", lab] => explore_call(lab, &options).map(Call::Explore),
        ["tour", what] => tour_call(what, &options).map(Call::Tour),
        ["import", path] => import_call(path, &options).map(Call::Import),
        ["compare-clocks", first, second] => {
            options.allow("compare-clocks", &[])?;
            Ok(Call::CompareClocks((*first).to_owned(), (*second).to_owned()))
        }
        ["compare-clocks"] | ["compare-clocks", _] => {
            Err(Failure::input("compare-clocks needs two clocks, such as '{\"A\":1}' '{\"A\":1,\"B\":1}'"))
        }
        ["import"] => Err(Failure::input("import needs a file")),
        ["tour"] => Err(Failure::input("tour needs a file or one of netsplit's own tours")),
        ["trace"] => Err(Failure::input("trace needs a lab, a link or a file")),
        ["render"] => Err(Failure::input("render needs a lab, a link or a file")),
        ["run"] => Err(Failure::input("run needs a lab, a link or a file")),
        ["replay"] => Err(Failure::input("replay needs a link or a file")),
        ["explore"] => Err(Failure::input("explore needs a lab; see netsplit list")),
        [
            call @ ("list" | "run" | "replay" | "trace" | "render" | "explore" | "tour" | "compare-clocks" | "import"),
            ..,
            extra,
        ] => Err(Failure::input(format!("{call} does not know what to do with \"{extra}\""))),
        ["ring", ..] => Err(Failure::input("ring comes first; its options follow")),
        [other, ..] => Err(Failure::input(format!(
            "there is no command \"{other}\"; there are list, run, replay, trace, render, explore, tour, \
             compare-clocks, import and ring; try netsplit --help"
        ))),
    }
}

fn run_call(what: &str, options: &Options) -> Result<RunCall, Failure> {
    let (run, horizon_us) = chosen_run("run", what, options, &["--json", "--explain", "--digests"])?;
    let digests = options.digests.as_ref().map(|text| match number("--digests", text)? {
        0 => Err(Failure::input("--digests: takes a whole number above zero")),
        every => Ok(every),
    });
    Ok(RunCall { run, horizon_us, json: options.json, explain: options.explain, digests: digests.transpose()? })
}

fn trace_call(what: &str, options: &Options) -> Result<Call, Failure> {
    let (run, horizon_us) = chosen_run("trace", what, options, &["--format"])?;
    const KNOWN: &str = "there are jsonl, shiviz and mermaid";
    let format = match options.format.as_deref() {
        Some("jsonl") => TraceFormat::Jsonl,
        Some("shiviz") => TraceFormat::Shiviz,
        Some("mermaid") => TraceFormat::Mermaid,
        Some(other) => return Err(Failure::input(format!("--format: there is no format \"{other}\"; {KNOWN}"))),
        None => return Err(Failure::input(format!("--format: is missing; {KNOWN}"))),
    };
    Ok(Call::Trace { run, horizon_us, format })
}

fn import_call(path: &str, options: &Options) -> Result<ImportCall, Failure> {
    options.allow("import", &["--json", "--regex"])?;
    let text = read_at_most(path, LOG_BYTES_MAX)?;
    Ok(ImportCall { path: path.to_owned(), text, regex: options.regex.clone(), json: options.json })
}

fn render_call(what: &str, options: &Options) -> Result<RenderCall, Failure> {
    let (run, horizon_us) = chosen_run("render", what, options, &["--at", "--theme", "--lens", "--json", "-o"])?;
    let at =
        options.at.as_deref().ok_or_else(|| Failure::input("--at: is missing; it says which moment, such as 3.2s"))?;
    // Unlike a length of time a moment may be zero.
    let at_us = if parse_duration(at) == Some(0) { 0 } else { duration("--at", at)? };
    if options.horizon.is_some() && at_us > horizon_us {
        return Err(Failure::input(format!("--at: {at} lies beyond the end of the run that --for sets")));
    }
    let theme = options.theme.as_deref().unwrap_or(Theme::Light.name());
    let theme = Theme::parse(theme)
        .ok_or_else(|| Failure::input(format!("--theme: there is no theme \"{theme}\"; there are light and dark")))?;
    let pane = match options.lens.as_deref() {
        None | Some("stage") => None,
        Some(id) => Some(run.entry.info.panes().find(|pane| pane.id == id).ok_or_else(|| {
            let known: Vec<&str> = std::iter::once("stage").chain(run.entry.info.panes().map(|pane| pane.id)).collect();
            Failure::input(format!("--lens: \"{id}\" cannot be drawn here; {} can", known.join(", ")))
        })?),
    };
    if options.json && pane.is_none() {
        return Err(Failure::input("--json: prints a pane as data; --lens says which"));
    }
    Ok(RenderCall { run, at_us, theme, pane, json: options.json, path: options.output.clone() })
}

/// The run that `call` is about, and up to when it goes. `own` are the options of the call itself.
fn chosen_run(call: &str, what: &str, options: &Options, own: &[&str]) -> Result<(Box<Run>, u64), Failure> {
    let mut known = own.to_vec();
    known.push("--for");
    let mut default_us = HORIZON_US;
    let run = if link::looks_like_link(what) || labs::catalogue().find(what).is_err() {
        options.allow("a recorded run", &known)?;
        let run = recorded(what)?;
        if let Some(end) = &run.end {
            default_us = default_us.max(end.time_us);
        }
        run
    } else {
        known.extend(["--seed", "--variant", "--set", "--commands"]);
        options.allow(call, &known)?;
        let mut run = base(what, options)?;
        if let Some(seed) = &options.seed {
            run.set_seed(number("--seed", seed)?)?;
        }
        if let Some(path) = &options.commands {
            let text = read_file(path)?;
            let value = labs::json::parse(text.as_bytes(), "not JSON");
            let read = value.and_then(|value| run.set_commands(&value));
            read.map_err(|error| Failure::input(format!("{path}: {error}")))?;
        }
        run
    };
    let horizon_us = options.horizon.as_ref().map_or(Ok(default_us), |text| duration("--for", text))?;
    Ok((Box::new(run), horizon_us))
}

fn explore_call(lab: &str, options: &Options) -> Result<ExploreCall, Failure> {
    let known = ["--json", "--variant", "--set", "--seeds", "--shard", "--keep-going", "--shrink"];
    options.allow("explore", &known)?;
    let (shard, shards) = match &options.shard {
        None => (1, 1),
        Some(text) => {
            let wrong = || Failure::input(format!("--shard: takes k/n with 1 ≤ k ≤ n, such as 2/8, not \"{text}\""));
            let (shard, shards) = text.split_once('/').ok_or_else(wrong)?;
            let (shard, shards) = shard.parse::<u64>().ok().zip(shards.parse::<u64>().ok()).ok_or_else(wrong)?;
            if shard == 0 || shard > shards {
                return Err(wrong());
            }
            (shard, shards)
        }
    };
    Ok(ExploreCall {
        base: Box::new(base(lab, options)?),
        seeds: seeds(options.seeds.as_deref().unwrap_or("0..1000"))?,
        shard,
        shards,
        keep_going: options.keep_going,
        shrink: options.shrink,
        json: options.json,
    })
}

fn tour_call(what: &str, options: &Options) -> Result<TourCall, Failure> {
    options.allow("tour", &["--check", "--link"])?;
    let text = match labs::catalogue().find_tour(what) {
        Ok(shelved) => shelved.text().unwrap_or_default().to_owned(),
        Err(_) if std::path::Path::new(what).exists() => read_file(what)?,
        Err(_) => {
            let known: Vec<_> = labs::catalogue().tours.iter().map(|shelved| shelved.id).collect();
            let problem = format!("\"{what}\" is neither a file nor a tour; tours are {}", known.join(", "));
            return Err(Failure::Input(problem));
        }
    };
    Ok(TourCall { from: what.to_owned(), text, check: options.check, link: options.link })
}

fn base(lab: &str, options: &Options) -> Result<Run, Failure> {
    let mut run = Run::of_lab(labs::catalogue(), lab)?;
    if let Some(variant) = &options.variant {
        run.variant = run.entry.info.variant(variant)?;
    }
    for assignment in &options.set {
        let (key, value) = assignment
            .split_once('=')
            .ok_or_else(|| Failure::input(format!("--set: takes key=value, not \"{assignment}\"")))?;
        run.settings.set(run.entry.info.params, key, value)?;
    }
    Ok(run)
}

fn recorded(what: &str) -> Result<Run, Failure> {
    if link::looks_like_link(what) {
        return Ok(link::decode(labs::catalogue(), what)?);
    }
    if !std::path::Path::new(what).exists() {
        let labs: Vec<_> = labs::catalogue().iter().map(|lab| lab.card.id).collect();
        return Err(Failure::input(format!(
            "\"{what}\" is neither a lab, nor a link, nor a file; labs are {}",
            labs.join(", ")
        )));
    }
    Run::from_text(labs::catalogue(), &read_file(what)?).map_err(|error| Failure::input(format!("{what}: {error}")))
}

fn read_file(path: &str) -> Result<String, Failure> {
    read_at_most(path, FILE_BYTES_MAX)
}

fn read_at_most(path: &str, bytes_max: u64) -> Result<String, Failure> {
    let problem = |error: io::Error| Failure::input(format!("{path}: {error}"));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(problem)?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(problem)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Failure::input(format!("{path}: is larger than {} MiB", bytes_max >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| Failure::input(format!("{path}: is not text in UTF-8")))
}

/// A word of the command line, which has to be text.
pub fn text(word: std::ffi::OsString) -> Result<String, Failure> {
    word.into_string().map_err(|word| Failure::input(format!("\"{}\" is not valid text", word.to_string_lossy())))
}

/// The whole number that an option takes.
pub fn number(option: &str, text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| Failure::input(format!("{option}: takes a whole number, not \"{text}\"")))
}

fn duration(option: &str, text: &str) -> Result<u64, Failure> {
    match parse_duration(text) {
        None | Some(0) => Err(Failure::input(format!(
            "{option}: takes a time above zero such as 12us, 250ms, 3.2s or 1m, not \"{text}\""
        ))),
        Some(us) if us > TIME_US_MAX => Err(Failure::input(format!("{option}: {text} is too long; a day is the most"))),
        Some(us) => Ok(us),
    }
}

fn seeds(text: &str) -> Result<Range<u64>, Failure> {
    let wrong = || Failure::input(format!("--seeds: takes A..B with A below B, such as 0..1000, not \"{text}\""));
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (from, to) = from.parse::<u64>().ok().zip(to.parse::<u64>().ok()).ok_or_else(wrong)?;
    if from >= to {
        return Err(wrong());
    }
    if to - 1 > labs::run::SEED_MAX {
        return Err(Failure::input(format!("--seeds: {text} goes beyond {}, the largest seed", labs::run::SEED_MAX)));
    }
    Ok(from..to)
}
