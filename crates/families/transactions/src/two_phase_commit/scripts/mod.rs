//! Scripts of two-phase commit. What they can say besides what every script can, see `script`:
//!
//! ```text
//! cluster N seed S          n1 and N participants; timeouts after 100 ms; nobody begins anything of his own accord
//!   … bug NAME              with that mistake
//! transfer n1 n2 n3 10      n1 is asked to take 10 from n2 for n3; behind that, for any others
//! expect locked n2 T1       or "free"
//! expect balance n2 90
//! ```

use check::Names;
use script::{Options, Script, Setup};

use super::tests::some_config;
use super::{Bugs, CommitOracle, Node};

struct Words;

impl Script for Words {
    type Protocol = Node;
    type Oracle = CommitOracle;

    fn cluster(options: &mut Options<'_>) -> Setup<Self> {
        let participants = options.number("cluster").expect("a script begins with its cluster");
        let bugs: Bugs = options.bugs();
        let names = Names::servers(participants + 1);
        Setup {
            oracle: CommitOracle::new(names.clone()),
            cluster: options.machines(participants + 1),
            config: super::Config { participants, bugs, ..some_config() },
            sound: bugs == Bugs::default(),
            names,
        }
    }

    fn see(node: &Node, what: &str, _: &Names) -> Option<String> {
        let Node::Participant(participant) = node else { return None };
        Some(match what {
            "locked" => participant.locked_by().map_or_else(|| "free".to_owned(), |tx| format!("T{tx}")),
            "balance" => participant.account.balance.to_string(),
            _ => return None,
        })
    }
}

#[test]
fn scripts() {
    script::check_folder::<Words>(concat!(env!("CARGO_MANIFEST_DIR"), "/src/two_phase_commit/scripts"));
}
