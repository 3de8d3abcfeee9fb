//! Scripts that anybody can read, in the style of etcd's raft: a line is a command, the indented
//! lines below it are what the cluster then does. `UPDATE_EXPECT=1` rewrites what is indented;
//! `expect` lines hold whatever is rewritten.
//!
//! ```text
//! cluster N seed S          N servers; timeouts 150–300 ms, latency 5–15 ms, disk 1 ms
//! quiet N seed S            the same, but no server times out by itself
//!   … clients N             behind either: N clients, c1 and so on
//!   … spare N               N machines that are members of nothing
//!   … snapshots N           a snapshot every N entries
//!   … latency MS            each message takes just as long
//!   … pre-vote, check-quorum, lease
//!   … bug NAME              with that mistake; otherwise nothing may be violated at any line
//! until T, wait T           lets time pass up to T ms, or T ms more
//! time-out n1               and crash, restart, pause, resume
//! put n1 x 5                and get n1 x, add n1 x 5; asked of a server or a client
//! transfer n1 n2            and add-server, remove-server: what n1 is asked to do with n2
//! cut n1 n2                 and heal, hold, release, each in both directions; * means all others
//! cut n1 > n2               in one direction only
//! drop n1 > n2              loses what is on its way from n1 to n2
//! heal                      heals every link
//! disk n1 lose-unsynced     or normal: what a crash does to writes that are not synced
//! expect leader n1          and candidate, pre-candidate, follower, crashed
//! expect term n1 2          and commit n1 2
//! expect vote n1 n3         or "none"
//! expect log n1 1 1 2       the terms of its entries; behind a snapshot: [7] 2 2
//! expect map n1 x=5 y=2
//! expect members n1 n1 n2 n3
//! expect violated P …       these properties, and no others
//! ```

use check::{Oracle, Status};
use consensus::raft::{
    Bugs, Config, KvOp, Msg, Note, Op, Payload, Raft, RaftOracle, Reads, Refusal, Ret, Role, Server, Why,
};
use expect_test::{ExpectFile, expect_file};
use sim::{
    ClusterConfig, Command, DiskMode, Driver, Event, LinkProfile, MessageAct, NodeId, Observer, Outcome, Record, World,
};

extern crate netsplit_consensus as consensus;

/// What has been said since it was last asked.
#[derive(Clone, Default)]
struct Lines(Vec<String>);

impl Observer<Raft> for Lines {
    fn observe(&mut self, record: &Record<Raft>, world: &World<Raft>) {
        let Some(node) = record.event.node() else { return };
        let names = Names::of(world.config());
        let mut say = |text: String| {
            self.0.push(format!("{:>8.3} ms  {} {text}", record.time_us as f64 / 1e3, names.name(node)));
        };
        for outcome in &record.outcomes {
            match outcome {
                Outcome::Noted(note) => {
                    if let Some(words) = names.words(note) {
                        say(words);
                    }
                }
                Outcome::Replied { ret: Ret::Refused(why), .. } => say(format!("refuses: {}", reason(*why))),
                Outcome::Replied { ret: Ret::Unknown, .. } => say("does not know what comes of a request".into()),
                Outcome::Replied { ret: Ret::Changed, .. } => say("has changed the members".into()),
                Outcome::WritesLost(count) => say(format!("loses {count} writes")),
                _ => {}
            }
        }
        // Heartbeats to a machine that is down are nothing to tell.
        if let Event::Vanish { id, msg } = &record.event
            && !matches!(msg, Msg::AppendEntries { entries, .. } if entries.is_empty())
        {
            say(format!("is down when a message from {} arrives", names.name(id.from)));
        }
    }
}

/// What nodes are called: n1 and so on, clients c1 and so on.
#[derive(Clone, Copy)]
struct Names {
    servers: u32,
    clients: u32,
}

impl Names {
    fn of(config: &Config) -> Self {
        Self { servers: config.servers, clients: config.clients }
    }

    fn name(self, node: NodeId) -> String {
        match node.0.checked_sub(self.servers) {
            Some(behind) if behind < self.clients => format!("c{}", behind + 1),
            Some(_) => format!("n{}", node.0 + 1 - self.clients),
            None => format!("n{}", node.0 + 1),
        }
    }

    fn node(self, word: &str) -> NodeId {
        let all = (0..self.servers + self.clients + 16).map(NodeId);
        all.into_iter().find(|&node| self.name(node) == word).unwrap_or_else(|| panic!("no node {word}"))
    }

    fn list<'a>(self, nodes: impl IntoIterator<Item = &'a NodeId>) -> String {
        nodes.into_iter().map(|&node| self.name(node)).collect::<Vec<_>>().join(" ")
    }

    fn words(self, note: &Note) -> Option<String> {
        let name = |node: &NodeId| self.name(*node);
        Some(match note {
            Note::BecamePreCandidate { next_term } => format!("asks whether it could win term {next_term}"),
            Note::BecameCandidate { term } => format!("becomes candidate of term {term}"),
            Note::BecameLeader { term, votes } => format!("becomes leader of term {term} with {votes} votes"),
            Note::SteppedDown { term, led: true, why } => format!("stops leading: {why:?}, term {term}"),
            Note::SteppedDown { term, led: false, .. } => format!("gives up its candidacy: term {term}"),
            Note::GrantedVote { term, candidate, pre: true } => {
                format!("would vote for {} in term {term}", name(candidate))
            }
            Note::GrantedVote { term, candidate, pre: false } => {
                format!("votes for {} in term {term}", name(candidate))
            }
            Note::RefusedVote { term, candidate, why, .. } => match why {
                Refusal::OldTerm => format!("refuses {}: it is in term {term} already", name(candidate)),
                Refusal::VotedFor(other) => {
                    format!("refuses {}: it voted for {} in term {term}", name(candidate), name(other))
                }
                Refusal::LogBehind => format!("refuses {}: its own log is more up to date", name(candidate)),
                Refusal::HearsLeader => format!("refuses {}: it hears a leader", name(candidate)),
            },
            Note::FollowsLeader { term, leader } => format!("follows {} in term {term}", name(leader)),
            Note::Proposed { index } => format!("puts entry {index} into its log"),
            Note::Appended { from, to } if from == to => format!("appends entry {from}"),
            Note::Appended { from, to } => format!("appends entries {from} to {to}"),
            Note::Truncated { from, to } => format!("drops entries {from} to {to}"),
            Note::RejectedEntries { conflict } => match conflict.term {
                None => format!("refuses entries: its log ends before {}", conflict.index),
                Some(term) => format!("refuses entries: it has term {term} there, from {} on", conflict.index),
            },
            Note::Applied { entry } => match &entry.payload {
                Payload::Noop => format!("applies entry {}", entry.index),
                Payload::Command { op, .. } => format!("applies entry {}: {op}", entry.index),
                Payload::Members(members) => format!("applies entry {}: members {}", entry.index, self.list(members)),
            },
            Note::TookSnapshot { index } => format!("takes a snapshot up to {index}"),
            Note::InstalledSnapshot { index } => format!("installs a snapshot up to {index}"),
            Note::MembersChanged { members } => format!("goes by the members {}", self.list(members)),
            Note::Transferring { to } => format!("hands over to {}", name(to)),
            Note::Invoked { .. } => return None,
            Note::Answered { ret, .. } => format!("has the answer: {ret}"),
            Note::Retried { server, .. } => format!("asks {} instead", name(server)),
        })
    }
}

fn reason(why: Why) -> String {
    let text = format!("{why:?}");
    let mut words = String::new();
    for letter in text.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

type Cluster = Driver<Raft, (Lines, RaftOracle)>;

fn bug(name: &str) -> Bugs {
    let mut bugs = Bugs::default();
    let flag = match name {
        "commits-old-terms" => &mut bugs.commits_old_terms,
        "stale-leader-reads" => &mut bugs.stale_leader_reads,
        "no-log-check" => &mut bugs.no_log_check,
        "overlapping-changes" => &mut bugs.overlapping_changes,
        "change-before-own-term" => &mut bugs.change_before_own_term,
        "acks-before-fsync" => &mut bugs.acks_before_fsync,
        other => panic!("no mistake {other}"),
    };
    *flag = true;
    bugs
}

fn cluster(words: &[&str]) -> Cluster {
    let [kind, servers, "seed", seed, options @ ..] = words else { panic!("no cluster: {words:?}") };
    let election_timeout_us = if *kind == "quiet" { (60_000_000, 90_000_000) } else { (150_000, 300_000) };
    let mut config = Config {
        servers: servers.parse().unwrap(),
        clients: 0,
        election_timeout_us,
        heartbeat_us: 50_000,
        pre_vote: false,
        check_quorum: false,
        reads: Reads::ReadIndex,
        snapshot_every: 0,
        workload_us: 0,
        live: Vec::new(),
        bugs: Bugs::default(),
    };
    let mut link = LinkProfile { latency_us: (5_000, 15_000), ..LinkProfile::default() };
    let mut spare = 0;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut value = || options.next().expect("an option has a value");
        match *option {
            "clients" => config.clients = value().parse().unwrap(),
            "spare" => spare = value().parse().unwrap(),
            "snapshots" => config.snapshot_every = value().parse().unwrap(),
            "latency" => {
                let us = value().parse::<u64>().unwrap() * 1_000;
                link.latency_us = (us, us);
            }
            "pre-vote" => config.pre_vote = true,
            "check-quorum" => config.check_quorum = true,
            "lease" => config.reads = Reads::Lease,
            "bug" => config.bugs = bug(value()),
            other => panic!("no option {other}"),
        }
    }
    let oracle = RaftOracle::new(&config);
    let nodes = config.servers + config.clients + spare;
    let machines = ClusterConfig { nodes, link, disk_sync_us: (1_000, 1_000), positions: Vec::new() };
    Driver::new(seed.parse().unwrap(), config, machines, (Lines::default(), oracle))
}

fn role(world: &World<Raft>, node: NodeId) -> &'static str {
    match world.node(node).map(|raft| &raft.server().expect("a role is a server's").role) {
        None => "crashed",
        Some(Role::Follower { .. }) => "follower",
        Some(Role::PreCandidate { .. }) => "pre-candidate",
        Some(Role::Candidate { .. }) => "candidate",
        Some(Role::Leader(_)) => "leader",
    }
}

fn server(world: &World<Raft>, node: NodeId) -> &Server {
    world.node(node).and_then(Raft::server).expect("the server runs")
}

fn violated(cluster: &Cluster) -> Vec<&'static str> {
    let verdicts = cluster.observer.1.verdicts(cluster.world.time_us()).into_iter();
    verdicts.filter(|verdict| verdict.status == Status::Violated).map(|verdict| verdict.property.id).collect()
}

fn expect(cluster: &Cluster, names: Names, words: &[&str], line: &str) {
    let world = &cluster.world;
    let server = |who: &str| server(world, names.node(who));
    match words {
        ["term", who, term] => assert_eq!(server(who).term.to_string(), *term, "{line}"),
        ["commit", who, index] => assert_eq!(server(who).commit.to_string(), *index, "{line}"),
        ["vote", who, whom] => {
            assert_eq!(server(who).voted_for.map_or("none".into(), |node| names.name(node)), *whom, "{line}");
        }
        ["log", who, wanted @ ..] => {
            let log = &server(who).log;
            let snapshot = Some(log.snapshot().index).filter(|&index| index > 0).map(|index| format!("[{index}]"));
            let terms = log.entries().iter().map(|entry| entry.term.to_string());
            assert_eq!(snapshot.into_iter().chain(terms).collect::<Vec<_>>(), wanted, "{line}");
        }
        ["map", who, wanted @ ..] => {
            let pairs = server(who).kv.values().iter().map(|(key, value)| format!("{key}={value}"));
            assert_eq!(pairs.collect::<Vec<_>>(), wanted, "{line}");
        }
        ["members", who, wanted @ ..] => assert_eq!(names.list(server(who).members()), wanted.join(" "), "{line}"),
        ["violated", wanted @ ..] => assert_eq!(violated(cluster), wanted, "{line}"),
        [wanted, who @ ..] => {
            who.iter().for_each(|who| assert_eq!(role(world, names.node(who)), *wanted, "{line}: {who}"));
        }
        [] => panic!("expect what?"),
    }
}

fn obey(cluster: &mut Cluster, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let names = Names::of(cluster.world.config());
    let node = |word: &str| names.node(word);
    let number = |word: &str| word.parse::<i64>().unwrap_or_else(|_| panic!("no number: {word}"));
    let request = |who: &str, op: Op| vec![Command::Request { node: node(who), op }];
    let world = &cluster.world;
    let commands = match words[..] {
        ["until", ms] => return cluster.run_until(&[], number(ms) as u64 * 1_000),
        ["wait", ms] => {
            let until_us = world.time_us() + number(ms) as u64 * 1_000;
            return cluster.run_until(&[], until_us);
        }
        ["expect", ref what @ ..] => return expect(cluster, names, what, line),
        ["time-out", who] => request(who, Op::TimeOut),
        ["put", who, key, value] => request(who, Op::Kv(KvOp::Put { key: key.into(), value: number(value) })),
        ["add", who, key, by] => request(who, Op::Kv(KvOp::Add { key: key.into(), by: number(by) })),
        ["get", who, key] => request(who, Op::Kv(KvOp::Get { key: key.into() })),
        ["transfer", who, whom] => request(who, Op::Transfer(node(whom))),
        ["add-server", who, whom] => request(who, Op::AddServer(node(whom))),
        ["remove-server", who, whom] => request(who, Op::RemoveServer(node(whom))),
        ["crash", who] => vec![Command::Crash(node(who))],
        ["restart", who] => vec![Command::Restart(node(who))],
        ["pause", who] => vec![Command::Pause(node(who))],
        ["resume", who] => vec![Command::Resume(node(who))],
        ["heal"] => vec![Command::HealAll],
        ["disk", who, "lose-unsynced"] => {
            vec![Command::Disk { node: node(who), mode: DiskMode::LoseUnsynced, sync_us: None }]
        }
        ["disk", who, "normal"] => vec![Command::Disk { node: node(who), mode: DiskMode::Normal, sync_us: None }],
        ["drop", who, ">", whom] => {
            let (from, to) = (node(who), node(whom));
            let flights = world.flights().into_iter().filter(|flight| (flight.id.from, flight.id.to) == (from, to));
            flights.map(|flight| Command::Message { id: flight.id, act: MessageAct::Drop }).collect()
        }
        [what, who, ">", whom] => links(world, names, what, who, whom, false),
        [what, who, whom] => links(world, names, what, who, whom, true),
        _ => panic!("no command: {line}"),
    };
    for command in &commands {
        cluster.world.command(command, &mut cluster.observer);
    }
}

fn links(world: &World<Raft>, names: Names, what: &str, who: &str, whom: &str, both: bool) -> Vec<Command<Op>> {
    let from = names.node(who);
    let others: Vec<_> = match whom {
        "*" => world.node_ids().filter(|other| *other != from).collect(),
        whom => vec![names.node(whom)],
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

fn check(script: &ExpectFile, text: &str) {
    let mut told = String::new();
    let mut current: Option<Cluster> = None;
    for line in text.lines().filter(|line| !line.starts_with(' ')) {
        told += line;
        told.push('\n');
        match (&line.split_whitespace().collect::<Vec<_>>()[..], &mut current) {
            ([] | ["#", ..], _) => continue,
            (words @ ["cluster" | "quiet", ..], _) => current = Some(cluster(words)),
            (_, Some(cluster)) => obey(cluster, line),
            (_, None) => panic!("a script begins with its cluster, not with: {line}"),
        }
        let cluster = current.as_mut().expect("there is a cluster by now");
        if cluster.world.config().bugs == Bugs::default() {
            assert_eq!(violated(cluster), [""; 0], "after: {line}");
        }
        for said in cluster.observer.0.0.drain(..) {
            told += &format!("  {said}\n");
        }
    }
    script.assert_eq(&told);
}

macro_rules! scripts {
    ($($test:ident: $file:literal;)*) => {$(
        #[test]
        fn $test() {
            check(&expect_file![concat!("../src/raft/scripts/", $file)], include_str!(concat!("../src/raft/scripts/", $file)));
        }
    )*};
}

scripts! {
    an_election: "election.txt";
    a_split_vote: "split_vote.txt";
    a_leader_that_is_cut_off: "leader_cut_off.txt";
    a_vote_that_survives: "crash_keeps_the_vote.txt";
    figure_7: "figure_7.txt";
    figure_8: "figure_8.txt";
    a_client_that_retries: "client_retry.txt";
    a_snapshot_for_a_follower_that_lags_behind: "snapshot_install.txt";
    members_come_and_go: "membership.txt";
    a_read_from_a_leader_that_is_none: "stale_read.txt";
    a_leadership_is_handed_over: "transfer.txt";
    writes_that_a_crash_loses: "unsynced_writes.txt";
}

/// Every file is a script that is run.
#[test]
fn no_script_is_forgotten() {
    let here = include_str!("scripts.rs");
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/raft/scripts")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(here.contains(&format!("\"{name}\"")), "{name} is not in scripts.rs");
    }
}
