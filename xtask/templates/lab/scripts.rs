//! The system's scripts. What they can say besides what every script can, see `script`:
//!
//! ```text
//! cluster N seed S          N nodes that do not count of their own accord
//!   … count-every MS        they do
//!   … bug NAME              with that mistake
//! add n1 5
//! expect number n1 5        what n1 has
//! ```

use check::Names;
use script::{Options, Script, Setup};

use super::{Bugs, Config, Counter, CounterOracle, Note, Ret};

struct Words;

impl Script for Words {
    type Protocol = Counter;
    type Oracle = CounterOracle;

    fn cluster(options: &mut Options<'_>) -> Setup<Self> {
        let bugs: Bugs = options.bugs();
        let nodes = options.number("cluster").expect("a script begins with its cluster");
        let count_us = u64::from(options.number("count-every").unwrap_or(0)) * 1_000;
        let names = Names::servers(nodes);
        Setup {
            oracle: CounterOracle::new(names.clone()),
            cluster: options.machines(nodes),
            sound: bugs == Bugs::default(),
            config: Config { count_us, bugs },
            names,
        }
    }

    fn note(note: &Note, _: &Names) -> Option<String> {
        Some(match note {
            Note::Started(number) => format!("starts with {number}"),
            Note::Counted(number) => format!("counts to {number}"),
            Note::CaughtUp(number) => format!("takes over {number}"),
        })
    }

    fn reply(ret: &Ret, _: &Names) -> Option<String> {
        let Ret::Number(number) = ret;
        Some(format!("answers {number}"))
    }

    fn see(node: &Counter, what: &str, _: &Names) -> Option<String> {
        (what == "number").then(|| node.number.to_string())
    }
}

#[test]
fn scripts() {
    script::check_folder::<Words>(concat!(env!("CARGO_MANIFEST_DIR"), "/src/@MODULE@/scripts"));
}
