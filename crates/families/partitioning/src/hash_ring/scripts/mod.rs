//! The hash ring's scripts. What they can say besides what every script can, see `script`:
//!
//! ```text
//! cluster N seed S          N servers and an administrator, a1; three replicas, two of which make a quorum
//!   … clients N             c1 and so on
//!   … spare N               N machines that are members of nothing
//!   … bug NAME              with that mistake
//! put c1 x 5                and get c1 x
//! add-server a1 n5          and remove-server
//! expect x n1 5             what n1 has stored under x, or "nothing"
//! expect server n1          and client, administrator
//! ```

use check::Names;
use script::{Options, Script, Setup, plain};

use super::oracles::some_config;
use super::{Bugs, Config, HashRing, HashRingOracle, Note, Ret};

struct Words;

impl Script for Words {
    type Protocol = HashRing;
    type Oracle = HashRingOracle;

    fn cluster(&self, options: &mut Options<'_>) -> Setup<Self> {
        let bugs: Bugs = options.bugs();
        let servers = options.number("cluster").expect("a script begins with its cluster");
        let config = Config { servers, clients: options.number("clients").unwrap_or(1), bugs, ..some_config() };
        let names = Names::servers_and_clients(config.servers, config.clients).and("a1");
        let spare = options.number("spare").unwrap_or(0);
        Setup {
            oracle: HashRingOracle::new(&config, names.clone()),
            cluster: options.machines(config.servers + config.clients + 1 + spare),
            sound: bugs == Bugs::default(),
            config,
            names,
        }
    }

    fn note(note: &Note, names: &Names) -> Option<String> {
        match note {
            Note::Invoked { .. } | Note::Answered { .. } => None,
            _ => Some(plain(note, names)),
        }
    }

    fn reply(ret: &Ret, _: &Names) -> Option<String> {
        Some(match ret {
            Ret::Value(None) => "found nothing".to_owned(),
            Ret::Value(Some(value)) => format!("found {value}"),
            Ret::Refused(why) => format!("refuses: {why:?}"),
            Ret::Written | Ret::PassedOn | Ret::Changed => format!("is done: {ret:?}"),
        })
    }

    fn see(node: &HashRing, key: &str, _: &Names) -> Option<String> {
        let stored = node.server().filter(|_| key != "server")?.kept.keys.get(key);
        Some(stored.map_or_else(|| "nothing".to_owned(), |stored| stored.value.to_string()))
    }

    fn role(node: &HashRing) -> &'static str {
        match node {
            HashRing::Server(_) => "server",
            HashRing::Client(_) => "client",
            HashRing::Admin(_) => "administrator",
        }
    }
}

#[test]
fn scripts() {
    script::check_folder(&Words, "src/hash_ring/scripts");
}
