//! Raft's scripts. What they can say besides what every script can, see `script`:
//!
//! ```text
//! cluster N seed S          N servers; timeouts 150–300 ms
//! quiet N seed S            the same, but no server times out by itself
//!   … clients N             behind either: N clients, c1 and so on
//!   … spare N               N machines that are members of nothing
//!   … snapshots N           a snapshot every N entries
//!   … pre-vote, check-quorum, vote-guard, lease
//!   … bug NAME              with that mistake
//! time-out n1
//! put n1 x 5                and get n1 x, add n1 x 5; asked of a server or a client
//! transfer n1 n2            and add-server, remove-server: what n1 is asked to do with n2
//! expect leader n1          and candidate, pre-candidate, follower
//! expect term n1 2          and commit n1 2
//! expect vote n1 n3         or "none"
//! expect log n1 1 1 2       the terms of its entries; behind a snapshot: [7] 2 2
//! expect map n1 x=5 y=2
//! expect members n1 n1 n2 n3
//! ```

use check::Names;
use script::{Options, Script, Setup};
use sim::NodeId;

use super::{Bugs, Config, Msg, Note, Payload, Raft, RaftOracle, Reads, Refusal, Ret, Role, Why};

struct Words;

impl Script for Words {
    type Protocol = Raft;
    type Oracle = RaftOracle;

    fn cluster(&self, options: &mut Options<'_>) -> Setup<Self> {
        let (servers, quiet) = match options.number("quiet") {
            Some(servers) => (servers, true),
            None => (options.number("cluster").expect("a script begins with its cluster"), false),
        };
        let config = Config {
            servers,
            clients: options.number("clients").unwrap_or(0),
            election_timeout_us: if quiet { (60_000_000, 90_000_000) } else { (150_000, 300_000) },
            heartbeat_us: 50_000,
            pre_vote: options.flag("pre-vote"),
            check_quorum: options.flag("check-quorum"),
            vote_guard: options.flag("vote-guard"),
            reads: if options.flag("lease") { Reads::Lease } else { Reads::ReadIndex },
            snapshot_every: options.number("snapshots").unwrap_or(0).into(),
            bugs: options.bugs(),
            ..Config::default()
        };
        let spare = options.number("spare").unwrap_or(0);
        Setup {
            oracle: RaftOracle::new(&config),
            names: Names::servers_and_clients(config.servers, config.clients),
            cluster: options.machines(config.servers + config.clients + spare),
            sound: config.bugs == Bugs::default(),
            config,
        }
    }

    fn note(note: &Note, names: &Names) -> Option<String> {
        let name = |node: &NodeId| names.of(*node);
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
                Refusal::LogBehind { .. } => format!("refuses {}: its own log is more up to date", name(candidate)),
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
                Payload::Members(members) => format!("applies entry {}: members {}", entry.index, list(names, members)),
            },
            Note::TookSnapshot { index } => format!("takes a snapshot up to {index}"),
            Note::InstalledSnapshot { index } => format!("installs a snapshot up to {index}"),
            Note::MembersChanged { members } => format!("goes by the members {}", list(names, members)),
            Note::Transferring { to } => format!("hands over to {}", name(to)),
            Note::Invoked { .. } => return None,
            Note::Answered { ret, .. } => format!("has the answer: {ret}"),
            Note::Retried { server, .. } => format!("asks {} instead", name(server)),
        })
    }

    fn reply(ret: &Ret, _: &Names) -> Option<String> {
        match ret {
            Ret::Refused(why) => Some(format!("refuses: {}", reason(*why))),
            Ret::Unknown => Some("does not know what comes of a request".into()),
            Ret::Changed => Some("has changed the members".into()),
            _ => None,
        }
    }

    /// Heartbeats to a machine that is down are nothing to tell.
    fn is_routine(msg: &Msg) -> bool {
        matches!(msg, Msg::AppendEntries { entries, .. } if entries.is_empty())
    }

    fn see(node: &Raft, what: &str, names: &Names) -> Option<String> {
        let server = node.server()?;
        Some(match what {
            "term" => server.term.to_string(),
            "commit" => server.commit.to_string(),
            "vote" => server.voted_for.map_or("none", |node| names.of(node)).to_owned(),
            "log" => {
                let log = &server.log;
                let snapshot = Some(log.snapshot().index).filter(|&index| index > 0).map(|index| format!("[{index}]"));
                let terms = log.entries().iter().map(|entry| entry.term.to_string());
                snapshot.into_iter().chain(terms).collect::<Vec<_>>().join(" ")
            }
            "map" => {
                let pairs = server.kv.values().iter().map(|(key, value)| format!("{key}={value}"));
                pairs.collect::<Vec<_>>().join(" ")
            }
            "members" => list(names, server.members()),
            _ => return None,
        })
    }

    fn role(node: &Raft) -> &'static str {
        match node.server().map(|server| &server.role) {
            None => "client",
            Some(Role::Follower { .. }) => "follower",
            Some(Role::PreCandidate { .. }) => "pre-candidate",
            Some(Role::Candidate { .. }) => "candidate",
            Some(Role::Leader(_)) => "leader",
        }
    }
}

fn list<'a>(names: &Names, nodes: impl IntoIterator<Item = &'a NodeId>) -> String {
    nodes.into_iter().map(|&node| names.of(node)).collect::<Vec<_>>().join(" ")
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

#[test]
fn scripts() {
    script::check_folder(&Words, "src/raft/scripts");
}
