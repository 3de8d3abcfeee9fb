//! Scripts that anybody can read, in the style of etcd's raft: a line is a command, the indented lines below it are
//! what the cluster then does. `UPDATE_EXPECT=1` rewrites what is indented; `expect` lines hold whatever is rewritten.
//! For tests only.
//!
//! A system's folder of scripts is one test:
//!
//! ```text
//! #[test]
//! fn scripts() {
//!     script::check_folder(&OfLab::<CommitLab>::new(&ENTRY), "src/two_phase_commit/scripts");
//! }
//! ```
//!
//! [`OfLab`] asks the system's lab for all that a script needs. A system that wants better words than a type's `Debug`, or
//! clusters that its lab does not offer, says so in a [`Script`] of its own.
//!
//! What every script can say:
//!
//! ```text
//! # words                   to the reader
//! cluster N seed S …        the first line, see `Script::cluster`; of a lab:
//!   nodes N seed S …        some parameter, the seed, and any other parameters, such as latency-ms 10
//!   … bug NAME              with that mistake
//! until T, wait T           lets time pass up to T ms, or T ms more
//! OP n1 …                   an operation of the system with its arguments, asked of n1: put c1 x 5
//! crash n1                  and restart, pause, resume, join, leave
//! cut n1 n2                 and heal, hold, release, each in both directions; * means all others
//! cut n1 > n2               in one direction only
//! drop n1 > n2              loses what is on its way from n1 to n2
//! heal                      heals every link
//! disk n1 lose-unsynced     or normal, torn, slow, full
//! clock n1 MS PPM           its clock is ahead by that much, and fast by that much
//! expect WHAT n1 …          what the system can see of n1, see `Script::see`; of a lab: a field of `Lab::detail`
//! expect ROLE n1 …          each of these is in that role, see `Script::role`; or `crashed`
//! expect violated P …       these properties, and no others
//! ```
//!
//! In a cluster that makes no mistake ([`Setup::sound`]) nothing may be violated at any line.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use check::{Names, Oracle, Status};
use expect_test::expect_file;
use runs::lab::Lab;
use runs::{Entry, Run, VariantKind};
use serde_json::Value;
use sim::{
    Arg, ClusterConfig, Command, DiskMode, Driver, Event, Flags, LinkProfile, MessageAct, NodeId, Observer, Operation,
    Outcome, Presence, Protocol, Record, World,
};

/// What a script's first line asks for.
pub struct Setup<S: Script> {
    /// The protocol's configuration.
    pub config: <S::Protocol as Protocol>::Config,
    /// The machines; [`Options::machines`] makes them.
    pub cluster: ClusterConfig,
    /// What is checked.
    pub oracle: S::Oracle,
    /// What nodes are called.
    pub names: Names,
    /// Whether no mistake is made, so that nothing may ever be violated.
    pub sound: bool,
}

/// The words that a system's scripts are written in.
pub trait Script: Sized {
    /// The protocol.
    type Protocol: Protocol<Op: Operation>;
    /// Its oracles.
    type Oracle: Oracle<Self::Protocol>;

    /// The cluster of a script.
    fn cluster(&self, options: &mut Options<'_>) -> Setup<Self>;

    /// What a node says about itself, in words that follow its name; none for what need not be told.
    fn note(note: &<Self::Protocol as Protocol>::Note, names: &Names) -> Option<String> {
        Some(plain(note, names))
    }

    /// What a node answers to an operation, in words that follow its name; none for what need not be told.
    fn reply(ret: &<Self::Protocol as Protocol>::Ret, names: &Names) -> Option<String> {
        Some(format!("answers {}", plain(ret, names)))
    }

    /// Whether it is nothing to tell that such a message comes to a machine that is down.
    fn is_routine(_msg: &<Self::Protocol as Protocol>::Msg) -> bool {
        false
    }

    /// What can be expected of a node: its `term`, its `log`. None when there is no such thing to see.
    fn see(_node: &Self::Protocol, _what: &str, _names: &Names) -> Option<String> {
        None
    }

    /// The role of a node.
    fn role(_node: &Self::Protocol) -> &'static str {
        "running"
    }
}

/// The words of scripts about a lab: parameters and variants are those that it offers, and of a node one sees what it shows.
pub struct OfLab<L> {
    entry: &'static Entry,
    lab: PhantomData<L>,
}

impl<L: Lab> OfLab<L> {
    /// Scripts about this lab, of this entry.
    #[must_use]
    pub const fn new(entry: &'static Entry) -> Self {
        Self { entry, lab: PhantomData }
    }
}

impl<L: Lab> Script for OfLab<L> {
    type Protocol = L::Protocol;
    type Oracle = L::Oracle;

    fn cluster(&self, options: &mut Options<'_>) -> Setup<Self> {
        let (mut run, info) = (Run::of_entry(self.entry), self.entry.info);
        for param in info.params {
            if let Some(text) = options.word(param.key) {
                run.settings.set(info.params, param.key, &text).unwrap_or_else(|error| panic!("{error}"));
            }
        }
        if let Some(id) = options.word("bug") {
            run.variant = info.variant(&id).unwrap_or_else(|error| panic!("{error}"));
        }
        let setup = runs::lab::Setup::<L>::of(run.chosen());
        Setup {
            config: setup.config,
            cluster: setup.cluster,
            oracle: setup.oracle,
            names: setup.names,
            sound: run.variant.kind != VariantKind::Bug,
        }
    }

    fn see(node: &L::Protocol, what: &str, names: &Names) -> Option<String> {
        L::detail(node, &names.clone().into()).get(what).map(words)
    }
}

/// A value as a script has it: without quotes, and what is in a list one behind the other.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Data in words: as `Debug` has it, with the names of nodes.
pub fn plain(data: &impl Debug, names: &Names) -> String {
    let text = format!("{data:?}");
    let mut parts = text.split("NodeId(");
    let mut words = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(')').expect("Debug closes what it opens");
        words += names.of(NodeId(number.parse().expect("a node is a number")));
        words += rest;
    }
    words
}

/// The words of a script's first line. Each is taken by its name; what nobody takes is a mistake of the script.
pub struct Options<'a>(Vec<&'a str>);

impl Options<'_> {
    /// Whether the word stands there.
    pub fn flag(&mut self, name: &str) -> bool {
        let place = self.0.iter().position(|word| *word == name);
        place.map(|place| self.0.remove(place)).is_some()
    }

    /// The word behind this one.
    pub fn word(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|word| *word == name)?;
        let taken: Vec<&str> = self.0.drain(place..(place + 2).min(self.0.len())).collect();
        let [_, value] = taken[..] else { panic!("{name} needs a value") };
        Some(value.to_owned())
    }

    /// The number behind this word.
    pub fn number(&mut self, name: &str) -> Option<u32> {
        self.word(name).map(|value| number(&value) as u32)
    }

    /// The mistake behind `bug`; without it, none.
    pub fn bugs<B: Flags>(&mut self) -> B {
        let of = |name: String| B::only(&name).unwrap_or_else(|| panic!("no mistake {name}"));
        self.word("bug").map_or_else(B::default, of)
    }

    /// This many machines; takes `latency`.
    pub fn machines(&mut self, nodes: u32) -> ClusterConfig {
        let latency_us =
            self.number("latency").map_or((5_000, 15_000), |ms| (u64::from(ms) * 1_000, u64::from(ms) * 1_000));
        let link = LinkProfile { latency_us, ..LinkProfile::default() };
        ClusterConfig { nodes, link, disk_sync_us: (1_000, 1_000), positions: Vec::new() }
    }
}

/// A word as an argument: a node's name, a number, or else a text.
fn arg(word: &str, names: &Names) -> Arg {
    let text = || Arg::Text(word.to_owned());
    names.find(word).map(Arg::Node).unwrap_or_else(|| word.parse().map_or_else(|_| text(), Arg::Number))
}

fn number(word: &str) -> i64 {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

/// What has been said since it was last asked.
struct Lines<S> {
    names: Names,
    lines: Vec<String>,
    words: PhantomData<S>,
}

impl<S> Clone for Lines<S> {
    fn clone(&self) -> Self {
        Self { names: self.names.clone(), lines: self.lines.clone(), words: self.words }
    }
}

impl<S: Script> Observer<S::Protocol> for Lines<S> {
    fn observe(&mut self, record: &Record<S::Protocol>, _: &World<S::Protocol>) {
        let Some(node) = record.event.node() else { return };
        let ms = format!("{}.{:03}", record.time_us / 1_000, record.time_us % 1_000);
        let names = self.names.clone();
        let mut say = |text: String| self.lines.push(format!("{ms:>8} ms  {} {text}", names.of(node)));
        for outcome in &record.outcomes {
            let told = match outcome {
                Outcome::Noted(note) => S::note(note, &names),
                Outcome::Replied { ret, .. } => S::reply(ret, &names),
                Outcome::WritesLost(count) => Some(format!("loses {count} writes")),
                _ => None,
            };
            told.into_iter().for_each(&mut say);
        }
        if let Event::Vanish { id, msg } = &record.event
            && !S::is_routine(msg)
        {
            say(format!("is down when a message from {} arrives", names.of(id.from)));
        }
    }
}

/// A cluster in the middle of a script.
struct Play<S: Script> {
    driver: Driver<S::Protocol, (Lines<S>, S::Oracle)>,
    names: Names,
    sound: bool,
}

impl<S: Script> Play<S> {
    fn begin(script: &S, words: &[&str]) -> Self {
        let mut options = Options(words.to_vec());
        let seed = options.number("seed").expect("a cluster has a seed");
        let Setup { config, cluster, oracle, names, sound } = script.cluster(&mut options);
        assert!(options.0.is_empty(), "nobody understands {:?}", options.0);
        let lines = Lines { names: names.clone(), lines: Vec::new(), words: PhantomData };
        Self { driver: Driver::new(seed.into(), config, cluster, (lines, oracle)), names, sound }
    }

    fn violated(&self) -> Vec<&'static str> {
        let verdicts = self.driver.observer.1.verdicts(self.driver.world.time_us()).into_iter();
        verdicts.filter(|verdict| verdict.status == Status::Violated).map(|verdict| verdict.property.id).collect()
    }

    fn node(&self, name: &str) -> NodeId {
        let found = self.names.find(name).filter(|&node| self.driver.world.presence(node) != Presence::Absent);
        found.unwrap_or_else(|| panic!("no node {name}"))
    }

    fn expect(&self, words: &[&str], line: &str) {
        let state = |who: &str| self.driver.world.node(self.node(who));
        match words {
            ["violated", wanted @ ..] => assert_eq!(self.violated(), wanted, "{line}"),
            [what, who, wanted @ ..] => match state(who).and_then(|node| S::see(node, what, &self.names)) {
                Some(seen) => assert_eq!(seen, wanted.join(" "), "{line}"),
                None => {
                    for who in &words[1..] {
                        assert_eq!(state(who).map_or("crashed", S::role), *what, "{line}: {who}");
                    }
                }
            },
            [] | [_] => panic!("expect what? {line}"),
        }
    }

    fn obey(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let node = |word: &str| self.node(word);
        let commands = match words[..] {
            ["until", ms] => return self.driver.run_until(&[], number(ms) as u64 * 1_000),
            ["wait", ms] => {
                let until_us = self.driver.world.time_us() + number(ms) as u64 * 1_000;
                return self.driver.run_until(&[], until_us);
            }
            ["expect", ref what @ ..] => return self.expect(what, line),
            ["heal"] => vec![Command::HealAll],
            [what, who, ref rest @ ..] => {
                let mut args = rest.iter().map(|word| arg(word, &self.names)).collect::<Vec<Arg>>().into_iter();
                let op = Operation::read(what, &mut args).filter(|_| args.len() == 0);
                match (op, what, rest) {
                    (Some(op), ..) => vec![Command::Request { node: node(who), op }],
                    (None, "crash", []) => vec![Command::Crash(node(who))],
                    (None, "restart", []) => vec![Command::Restart(node(who))],
                    (None, "pause", []) => vec![Command::Pause(node(who))],
                    (None, "resume", []) => vec![Command::Resume(node(who))],
                    (None, "join", []) => {
                        let newcomer = self.names.find(who).unwrap_or_else(|| panic!("no machine is called {who}"));
                        vec![Command::AddNode(newcomer)]
                    }
                    (None, "leave", []) => vec![Command::RemoveNode(node(who))],
                    (None, "disk", [mode]) => {
                        vec![Command::Disk { node: node(who), mode: disk_mode(mode), sync_us: None }]
                    }
                    (None, "clock", [ms, ppm]) => {
                        let (offset_us, drift_ppm) = (number(ms) * 1_000, number(ppm) as i32);
                        vec![Command::Clock { node: node(who), offset_us, drift_ppm }]
                    }
                    (None, "drop", [">", whom]) => {
                        let (from, to) = (node(who), node(whom));
                        let flights = self.driver.world.flights().into_iter();
                        let theirs = flights.filter(|flight| (flight.id.from, flight.id.to) == (from, to));
                        theirs.map(|flight| Command::Message { id: flight.id, act: MessageAct::Drop }).collect()
                    }
                    (None, _, [">", whom]) => self.links(what, who, whom, false),
                    (None, _, [whom]) => self.links(what, who, whom, true),
                    _ => panic!("no command: {line}"),
                }
            }
            _ => panic!("no command: {line}"),
        };
        for command in &commands {
            self.driver.world.command(command, &mut self.driver.observer);
        }
    }

    fn links(&self, what: &str, who: &str, whom: &str, both: bool) -> Vec<Command<<S::Protocol as Protocol>::Op>> {
        let from = self.node(who);
        let others: Vec<_> = match whom {
            "*" => self.driver.world.node_ids().filter(|other| *other != from).collect(),
            whom => vec![self.node(whom)],
        };
        let command = |to| match what {
            "cut" => Command::Cut { from, to, both },
            "heal" => Command::Heal { from, to, both },
            "hold" => Command::Hold { from, to, both },
            "release" => Command::Release { from, to, both },
            _ => panic!("no command: {what} {who} {whom}"),
        };
        others.into_iter().map(command).collect()
    }
}

fn disk_mode(word: &str) -> DiskMode {
    match word {
        "normal" => DiskMode::Normal,
        "lose-unsynced" => DiskMode::LoseUnsynced,
        "torn" => DiskMode::Torn,
        "slow" => DiskMode::Slow,
        "full" => DiskMode::Full,
        other => panic!("no disk is {other}"),
    }
}

/// A script with what the cluster does below each line, in place of what stands there. A script may begin several
/// clusters, one after the other; its first word may be another than `cluster`, if the system takes it.
///
/// # Panics
///
/// Where an `expect` line does not hold, a sound cluster violates something, or a line cannot be understood.
#[must_use]
pub fn play<S: Script>(script: &S, text: &str) -> String {
    let mut told = String::new();
    let mut current: Option<Play<S>> = None;
    for line in text.lines().filter(|line| !line.starts_with(' ')) {
        told += line;
        told.push('\n');
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&words[..], &mut current) {
            ([] | ["#", ..], _) => continue,
            ([_, _, "seed", ..], _) => current = Some(Play::begin(script, &words)),
            (_, Some(play)) => play.obey(line),
            (_, None) => panic!("a script begins with its cluster, not with: {line}"),
        }
        let play = current.as_mut().expect("there is a cluster by now");
        if play.sound {
            assert_eq!(play.violated(), [""; 0], "after: {line}");
        }
        for said in play.driver.observer.0.lines.drain(..) {
            told += &format!("  {said}\n");
        }
    }
    told
}

/// Plays every script of a folder of the package, `*.txt`, and holds each against what stands in it, or rewrites it.
///
/// # Panics
///
/// When a script does not hold, see [`play`], or when there is none.
pub fn check_folder<S: Script>(script: &S, folder: impl AsRef<Path>) {
    // Relative to the package, where tests are run.
    let folder = std::path::absolute(folder).expect("a folder has a name");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut scripts: Vec<PathBuf> = files.map(|file| file.expect("a folder can be read").path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    scripts.sort();
    assert!(!scripts.is_empty(), "there is no script in {}", folder.display());
    for path in scripts {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}", path.display());
        expect_file![&path].assert_eq(&play(script, &text));
    }
}

#[cfg(test)]
mod tests {
    use check::{At, Board, Property, Verdict};
    use sim::{Disk, Fx, Named, RequestId};

    use super::*;

    /// Passes a number on to the next node, as often as it says.
    #[derive(Clone, Debug, Hash)]
    struct Relay {
        heard: u32,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
    struct Hops(u32);

    #[derive(Clone, Debug, Hash, Named, Operation)]
    struct Pass(u32);

    #[derive(Clone, Debug, Hash, Named)]
    struct Passed {
        to: NodeId,
    }

    impl Protocol for Relay {
        type Config = ();
        type Msg = Hops;
        type Timer = Hops;
        type Op = Pass;
        type Ret = ();
        type Cell = Hops;
        type Entry = ();
        type Note = Passed;

        fn boot(_: &Disk<Self>, _: &mut Fx<'_, Self>) -> Self {
            Self { heard: 0 }
        }
        fn on_message(&mut self, _: NodeId, Hops(left): Hops, fx: &mut Fx<'_, Self>) {
            self.heard += 1;
            if let Some(left) = left.checked_sub(1) {
                let to = NodeId((fx.me().0 + 1) % fx.nodes());
                fx.note(Passed { to });
                fx.send(to, Hops(left));
            }
        }
        fn on_timer(&mut self, _: Hops, _: &mut Fx<'_, Self>) {}
        fn on_request(&mut self, id: RequestId, Pass(hops): Pass, fx: &mut Fx<'_, Self>) {
            fx.reply(id, ());
            self.on_message(fx.me(), Hops(hops), fx);
        }
    }

    const NOT_BACK: Property = Property::always("not-back", "Not back", "Nothing comes back to n1");

    #[derive(Clone)]
    struct Watch(Board);

    impl Observer<Relay> for Watch {
        fn observe(&mut self, record: &Record<Relay>, _: &World<Relay>) {
            if record.notes().any(|note| note.to == NodeId(0)) {
                self.0.violate(&NOT_BACK, At::of(record), |_| "it does".into());
            }
        }
    }

    impl Oracle<Relay> for Watch {
        fn verdicts(&self, now_us: u64) -> Vec<Verdict> {
            self.0.verdicts(now_us, |_| String::new())
        }
        fn violated(&self) -> bool {
            self.0.violated()
        }
    }

    struct Words;

    impl Script for Words {
        type Protocol = Relay;
        type Oracle = Watch;

        fn cluster(&self, options: &mut Options<'_>) -> Setup<Self> {
            let nodes = options.number("cluster").unwrap();
            let names = Names::servers(nodes);
            let oracle = Watch(Board::new(&[NOT_BACK], names.clone()));
            Setup { config: (), cluster: options.machines(nodes), oracle, names, sound: !options.flag("faulty") }
        }

        fn see(node: &Relay, what: &str, _: &Names) -> Option<String> {
            (what == "heard").then(|| node.heard.to_string())
        }
    }

    /// Whether a script is refused.
    fn fails(text: &str) -> bool {
        std::panic::catch_unwind(|| play(&Words, text)).is_err()
    }

    #[test]
    fn a_script_is_told_line_by_line() {
        let text = "\
# Down the line.
cluster 3 seed 1 latency 2
pass n1 2
  what stood here before
crash n3
until 10
expect heard n2 1
expect crashed n3
expect running n1 n2
";
        let told = "\
# Down the line.
cluster 3 seed 1 latency 2
pass n1 2
     0.000 ms  n1 answers ()
     0.000 ms  n1 Passed { to: n2 }
crash n3
until 10
     2.000 ms  n2 Passed { to: n3 }
     4.000 ms  n3 is down when a message from n2 arrives
expect heard n2 1
expect crashed n3
expect running n1 n2
";
        assert_eq!(play(&Words, text), told);
        assert_eq!(play(&Words, told), told, "what is told is a script");
    }

    #[test]
    fn what_does_not_hold_or_is_not_understood_fails() {
        let begin = "cluster 2 seed 1 latency 2\npass n1 2\n";
        assert!(!fails(begin));
        for wrong in ["expect heard n1 2", "expect crashed n1", "expect role", "jump n1", "cut n1", "crash n9"] {
            assert!(fails(&format!("{begin}{wrong}\n")), "{wrong}");
        }
        assert!(fails("wait 5\n") && fails("cluster 2 seed 1 purple\n") && fails("cluster 2 seed\n"));
    }

    #[test]
    fn only_what_makes_mistakes_may_violate_anything() {
        let script = |options: &str| format!("cluster 2 seed 1{options}\npass n1 2\nwait 50\n");
        assert!(fails(&script("")), "n2 passes back to n1");
        let told = play(&Words, &(script(" faulty") + "expect violated not-back\n"));
        assert!(told.contains("n2 Passed { to: n1 }"));
        assert!(fails(&(script(" faulty") + "expect violated\n")));
    }

    #[test]
    fn what_is_cut_held_or_dropped_does_not_arrive() {
        for (before, after) in [("cut n1 > n2", ""), ("", "drop n1 > n2"), ("hold n1 *", "")] {
            let text = format!("cluster 3 seed 1\n{before}\npass n1 1\n{after}\nwait 50\nexpect heard n2 0\n");
            assert!(!fails(&text), "{before}{after}");
        }
        assert!(!fails("cluster 3 seed 1\ncut n1 n2\nheal\npass n1 1\nwait 50\nexpect heard n2 1\n"));
    }
}
