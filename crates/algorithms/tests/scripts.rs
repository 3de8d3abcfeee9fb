//! Scripts that anybody can read, in the style of etcd's raft: a line is a command, the indented
//! lines below it are what the cluster then does. `UPDATE_EXPECT=1` rewrites what is indented;
//! `expect` lines hold whatever is rewritten.
//!
//! ```text
//! cluster N seed S          N servers; timeouts 150–300 ms, latency 5–15 ms, disk 1 ms
//! quiet N seed S            the same, but no server times out by itself
//! until T                   lets time pass up to T ms
//! time-out n1               and crash, restart, pause, resume
//! cut n1 n2                 and heal, hold, release, each in both directions; * means all others
//! expect leader n1          and candidate, follower, crashed
//! expect term n1 2
//! expect vote n1 n3         or "none"
//! ```

use algorithms::raft::{Bugs, Config, Note, Op, Raft, RaftOracle, Refusal, Role};
use check::Oracle;
use expect_test::{ExpectFile, expect_file};
use sim::{ClusterConfig, Command, Driver, Event, LinkProfile, NodeId, Observer, Record, World};

extern crate netsplit_algorithms as algorithms;

/// What has been said since it was last asked.
#[derive(Clone, Default)]
struct Lines(Vec<String>);

impl Observer<Raft> for Lines {
    fn observe(&mut self, record: &Record<Raft>, _world: &World<Raft>) {
        let Some(node) = record.event.node() else { return };
        for note in record.notes() {
            self.0.push(format!("{:>8.3} ms  {} {}", record.time_us as f64 / 1e3, name(node), words(note)));
        }
        if let Event::Vanish { id, .. } = &record.event {
            self.0.push(format!(
                "{:>8.3} ms  a message from {} finds {} down",
                record.time_us as f64 / 1e3,
                name(id.from),
                name(node)
            ));
        }
    }
}

fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

fn words(note: &Note) -> String {
    match note {
        Note::BecameCandidate { term } => format!("becomes candidate of term {term}"),
        Note::BecameLeader { term, votes } => format!("becomes leader of term {term} with {votes} votes"),
        Note::SteppedDown { term, led: true } => format!("stops leading: term {term}"),
        Note::SteppedDown { term, led: false } => format!("gives up its candidacy: term {term}"),
        Note::GrantedVote { term, candidate } => format!("votes for {} in term {term}", name(*candidate)),
        Note::RefusedVote { term, candidate, why: Refusal::OldTerm } => {
            format!("refuses {}: it is in term {term} already", name(*candidate))
        }
        Note::RefusedVote { term, candidate, why: Refusal::VotedFor(other) } => {
            format!("refuses {}: it voted for {} in term {term}", name(*candidate), name(*other))
        }
        Note::FollowsLeader { term, leader } => format!("follows {} in term {term}", name(*leader)),
    }
}

type Cluster = Driver<Raft, (Lines, RaftOracle)>;

fn cluster(servers: &str, seed: &str, election_timeout_us: (u64, u64)) -> Cluster {
    let config = Config { election_timeout_us, heartbeat_us: 50_000, bugs: Bugs::default() };
    let link = LinkProfile { latency_us: (5_000, 15_000), ..LinkProfile::default() };
    let machines = ClusterConfig { nodes: servers.parse().unwrap(), link, disk_sync_us: (1_000, 1_000) };
    Driver::new(seed.parse().unwrap(), config, machines, (Lines::default(), RaftOracle::new(election_timeout_us.1)))
}

fn node(word: &str) -> NodeId {
    let number: u32 =
        word.strip_prefix('n').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no node {word}"));
    NodeId(number - 1)
}

fn role(world: &World<Raft>, node: NodeId) -> &'static str {
    match world.node(node).map(|raft| &raft.role) {
        None => "crashed",
        Some(Role::Follower { .. }) => "follower",
        Some(Role::Candidate { .. }) => "candidate",
        Some(Role::Leader) => "leader",
    }
}

fn obey(cluster: &mut Cluster, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let world = &cluster.world;
    let commands = match words[..] {
        ["until", ms] => {
            let time_us = ms.parse::<u64>().unwrap() * 1_000;
            return cluster.run_until(&[], time_us);
        }
        ["expect", "term", who, term] => {
            return assert_eq!(world.node(node(who)).unwrap().term.to_string(), term, "{line}");
        }
        ["expect", "vote", who, whom] => {
            let vote = world.node(node(who)).unwrap().voted_for.map_or("none".into(), name);
            return assert_eq!(vote, whom, "{line}");
        }
        ["expect", wanted, ref who @ ..] => {
            return who.iter().for_each(|who| assert_eq!(role(world, node(who)), wanted, "{line}: {who}"));
        }
        ["time-out", who] => vec![Command::Request { node: node(who), op: Op::TimeOut }],
        ["crash", who] => vec![Command::Crash(node(who))],
        ["restart", who] => vec![Command::Restart(node(who))],
        ["pause", who] => vec![Command::Pause(node(who))],
        ["resume", who] => vec![Command::Resume(node(who))],
        [what, who, whom] => {
            let from = node(who);
            let others: Vec<_> = match whom {
                "*" => world.node_ids().filter(|other| *other != from).collect(),
                whom => vec![node(whom)],
            };
            let command = |to| match what {
                "cut" => Command::Cut { from, to, both: true },
                "heal" => Command::Heal { from, to, both: true },
                "hold" => Command::Hold { from, to, both: true },
                "release" => Command::Release { from, to, both: true },
                _ => panic!("no command: {line}"),
            };
            others.into_iter().map(command).collect()
        }
        _ => panic!("no command: {line}"),
    };
    for command in &commands {
        cluster.world.command(command, &mut cluster.observer);
    }
}

fn check(script: &ExpectFile, text: &str) {
    let mut told = String::new();
    let mut current: Option<Cluster> = None;
    for line in text.lines().filter(|line| !line.starts_with(' ')) {
        told += line;
        told.push('\n');
        match (&line.split_whitespace().collect::<Vec<_>>()[..], &mut current) {
            ([] | ["#", ..], _) => continue,
            (["cluster", servers, "seed", seed], _) => current = Some(cluster(servers, seed, (150_000, 300_000))),
            (["quiet", servers, "seed", seed], _) => current = Some(cluster(servers, seed, (60_000_000, 90_000_000))),
            (_, Some(cluster)) => obey(cluster, line),
            (_, None) => panic!("a script begins with its cluster, not with: {line}"),
        }
        let cluster = current.as_mut().expect("there is a cluster by now");
        assert!(!cluster.observer.1.violated(), "a property is violated after: {line}");
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
            check(&expect_file![concat!("../testdata/", $file)], include_str!(concat!("../testdata/", $file)));
        }
    )*};
}

scripts! {
    an_election: "election.txt";
    a_split_vote: "split_vote.txt";
    a_leader_that_is_cut_off: "leader_cut_off.txt";
    a_vote_that_survives: "crash_keeps_the_vote.txt";
}
