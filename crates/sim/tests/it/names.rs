//! What things are called: derived names, and flags by name.

use sim::{Flag, Flags, Named};

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
    #[named(it.name())]
    Inside(Inner, u8),
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
        Outer::Inside(Inner::One, 1),
        Outer::Inside(Inner::TwoWords, 1),
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
