//! What things are called: derived names, flags by name, operations by name and arguments.

use sim::{Arg, Flag, Flags, Named, NodeId, Operation};

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
