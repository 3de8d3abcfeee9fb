//! What things are called: derived names, flags by name, operations by name and arguments.

use sim::{Arg, Flag, Flags, Named, NodeId, Operation, Param, ParamKey, Params, Shared, Variants};

#[derive(Named)]
struct PlainMove;

#[derive(Named)]
enum Inner {
    One,
    TwoWords,
}

#[derive(Named)]
#[allow(dead_code)]
enum Outer {
    Unit,
    WithFields {
        a: u8,
    },
    #[named("other")]
    Renamed(u8),
    #[named(if *yes { "vote-yes" } else { "vote-no" })]
    Vote {
        tx: u64,
        yes: bool,
    },
    #[inner]
    Inside(Inner),
}

#[derive(Debug, PartialEq, Named, Operation)]
enum KeyOp {
    Get(String),
    #[named("put-if")]
    Put {
        key: String,
        value: i64,
    },
}

#[derive(Debug, PartialEq, Named, Operation)]
enum Op {
    #[inner]
    Key(KeyOp),
    TimeOut,
    Transfer {
        from: NodeId,
        to: Vec<NodeId>,
        each: u32,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Flags)]
struct Mistakes {
    /// The vote is kept in memory only:
    /// it is forgotten.
    #[title("forgets its vote")]
    forgets_vote: bool,
    /// Something else.
    #[title("another")]
    #[named("called-otherwise")]
    other: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Param)]
enum Way {
    Short,
    #[default]
    Long,
}

#[derive(Clone, Debug, Default, PartialEq, Params)]
struct Settings {
    #[param]
    nodes: u32,
    #[param("wait-ms")]
    wait_us: u64,
    #[param("pause-ms")]
    pause_us: (u64, u64),
    #[param]
    serve_us: u64,
    #[param]
    pre_vote: bool,
    #[param]
    way: Way,
    mistakes: Mistakes,
}

#[derive(Shared)]
#[shared(tx: u64)]
#[shared(key: &str)]
#[allow(dead_code)]
enum About {
    Read { tx: u64, key: String },
    Write { key: String, tx: u64, value: i64 },
}

#[test]
fn what_all_variants_have_is_handed_out() {
    let all = [About::Read { tx: 1, key: "x".into() }, About::Write { key: "y".into(), tx: 2, value: 3 }];
    assert_eq!(all.each_ref().map(|about| (about.tx(), about.key())), [(1, "x"), (2, "y")]);
}

#[derive(Variants)]
enum Kind {
    Small(u8),
    VeryLarge(Box<u64>),
}

#[test]
fn what_is_in_a_variant_is_lent_to_who_asks_for_it() {
    let (small, large) = (Kind::Small(1), Kind::VeryLarge(Box::new(2)));
    assert_eq!((small.small(), small.very_large()), (Some(&1), None));
    assert_eq!((large.small(), large.very_large()), (None, Some(&2)));
}

#[test]
fn a_configuration_takes_parameters_by_their_keys_and_in_its_own_units() {
    assert_eq!(Settings::KEYS, ["nodes", "wait-ms", "pause-ms", "serve-us", "pre-vote", "way"]);
    let mut settings = Settings::default();
    let mut set = |key, low, high| settings.set(ParamKey::of(key), (low, high));
    assert!(set("nodes", 5, 5) && set("wait-ms", 7, 9) && set("pause-ms", 1, 2) && set("serve-us", 3, 3));
    assert!(set("pre-vote", 1, 1) && set("way", 0, 0));
    assert!(!set("wait-us", 1, 1) && !set("mistakes", 1, 1), "these are no parameters");
    let wanted = Settings {
        nodes: 5,
        wait_us: 7_000,
        pause_us: (1_000, 2_000),
        serve_us: 3,
        pre_vote: true,
        way: Way::Short,
        mistakes: Mistakes::default(),
    };
    assert_eq!(settings, wanted);
    settings.set(ParamKey::of("wait-ms"), (u64::MAX, u64::MAX));
    settings.set(ParamKey::of("nodes"), (u64::MAX, u64::MAX));
    settings.set(ParamKey::of("way"), (2, 2));
    assert_eq!((settings.wait_us, settings.nodes, settings.way), (u64::MAX, u32::MAX, Way::Long), "nothing overflows");
}

#[test]
fn a_value_is_named_after_its_variant_or_as_it_says() {
    assert_eq!(PlainMove.name(), "plain-move");
    let all = [
        Outer::Unit,
        Outer::WithFields { a: 1 },
        Outer::Renamed(1),
        Outer::Vote { tx: 1, yes: true },
        Outer::Vote { tx: 1, yes: false },
        Outer::Inside(Inner::One),
        Outer::Inside(Inner::TwoWords),
    ];
    let names = all.map(|value| value.name());
    assert_eq!(names, ["unit", "with-fields", "other", "vote-yes", "vote-no", "one", "two-words"]);
}

#[test]
fn a_flag_is_found_by_its_name_and_no_other() {
    let (forgets_vote, other) = (true, true);
    assert_eq!(Mistakes::only("forgets-vote"), Some(Mistakes { forgets_vote, ..Mistakes::default() }));
    assert_eq!(Mistakes::only("called-otherwise"), Some(Mistakes { other, ..Mistakes::default() }));
    for unknown in ["forgets_vote", "other", "correct", ""] {
        assert_eq!(Mistakes::only(unknown), None);
    }
}

#[test]
fn what_people_are_told_of_a_flag_is_its_documentation() {
    let summary = "The vote is kept in memory only: it is forgotten.";
    assert_eq!(Mistakes::FORGETS_VOTE, Flag { name: "forgets-vote", title: "forgets its vote", summary });
    assert_eq!(Mistakes::OTHER, Flag { name: "called-otherwise", title: "another", summary: "Something else." });
}

#[test]
fn an_operation_is_its_name_and_its_fields() {
    let [n1, n2, n3] = [0, 1, 2].map(NodeId);
    for op in [
        Op::Key(KeyOp::Get("x".into())),
        Op::Key(KeyOp::Put { key: "x".into(), value: -5 }),
        Op::TimeOut,
        Op::Transfer { from: n1, to: vec![n2, n3], each: 7 },
    ] {
        assert_eq!(Op::read(op.name(), &mut op.args().into_iter()), Some(op));
    }
    let read = |name: &str, args: Vec<Arg>| Op::read(name, &mut args.into_iter());
    let (number, text) = (Arg::Number(7), Arg::Text("x".into()));
    let one_by_one = [n1, n2, n3].map(Arg::Node).into_iter().chain([number.clone()]).collect::<Vec<_>>();
    assert_eq!(read("transfer", one_by_one), Some(Op::Transfer { from: n1, to: vec![n2, n3], each: 7 }));
    // What does not fit is nothing.
    assert_eq!(read("put", vec![text.clone(), number.clone()]), None);
    assert_eq!(read("put-if", vec![text]), None);
    assert_eq!(read("get", vec![number]), None);
    assert_eq!(read("transfer", vec![Arg::Node(n1), Arg::Nodes(vec![n2]), Arg::Number(-1)]), None);
}
