//! The timeline's data against what a plain replay shows: every step of the branch is executed again by somebody who
//! only looks at roles, terms, events and verdicts.

use labs::{Run, Session};
use proptest::prelude::*;
use serde_json::{Value, json};
use view::timeline::{BandKind, MarkKind, Strip};

fn open(value: Value) -> Session {
    reopen(&Run::from_json(labs::catalogue(), &value).unwrap())
}

fn reopen(run: &Run) -> Session {
    run.open().unwrap()
}

/// A band as both sides tell it: label, first step, last step.
type Told = (String, u64, Option<u64>);

fn told(strip: &Strip) -> Vec<Told> {
    let bands = strip.bands.iter().map(|band| (band.label.clone(), band.from_step, band.to.map(|(step, _)| step)));
    let mut bands: Vec<Told> = bands.collect();
    bands.sort();
    bands
}

/// What a replay shows.
#[derive(Default)]
struct Seen {
    bands: Vec<Told>,
    commands: Vec<(u64, u64)>,
    violations: Vec<(u64, u64)>,
}

/// Executes a run again up to `until_us`, and looks at every step.
fn replay(run: &Run, until_us: u64) -> Seen {
    let mut session = reopen(run);
    session.seek_step(0);
    // Each node's role, the first and last term of its candidacy, and the step since when.
    let mut open: Vec<Option<(&'static str, u64, u64, u64)>> = Vec::new();
    let mut seen = Seen::default();
    let label = |node: usize, (role, first, last, _): (&str, u64, u64, u64)| match role {
        "leader" => format!("n{} · term {last}", node + 1),
        _ if first == last => format!("n{} stands · term {last}", node + 1),
        _ => format!("n{} stands · terms {first}–{last}", node + 1),
    };
    let mut arrived = false;
    while !arrived {
        let before = session.step_count();
        arrived = session.advance(until_us, 1);
        let step = session.step_count();
        if step == before {
            continue;
        }
        let event = session.event(step).unwrap();
        if event["what"] == "command" {
            seen.commands.push((step, event["time_us"].as_u64().unwrap()));
        }
        let state = session.state();
        let servers =
            state.nodes.iter().filter_map(|node| Some((node.id.strip_prefix('n')?.parse::<usize>().ok()? - 1, node)));
        let mut now: Vec<Option<(&'static str, u64)>> = Vec::new();
        for (place, node) in servers {
            now.resize(now.len().max(place + 1), None);
            let role = ["leader", "candidate"].into_iter().find(|role| *role == node.role);
            now[place] = role.map(|role| (role, node.detail["term"].as_u64().unwrap()));
        }
        let count = now.len().max(open.len());
        now.resize(count, None);
        open.resize(count, None);
        for (place, (was, is)) in open.iter_mut().zip(now).enumerate() {
            // Who learns of a newer term and stands again at once has given the first candidacy up.
            let gave_up = event["outcomes"].as_array().unwrap().iter().any(|outcome| outcome["note"] == "stepped-down")
                && event["node"] == format!("n{}", place + 1);
            match (*was, is) {
                (Some(("candidate", first, _, since)), Some(("candidate", term))) if !gave_up => {
                    *was = Some(("candidate", first, term, since));
                }
                (Some(("leader", _, last, _)), Some(("leader", term))) if last == term => {}
                (before, after) => {
                    if let Some(before) = before {
                        seen.bands.push((label(place, before), before.3, Some(step)));
                    }
                    *was = after.map(|(role, term)| (role, term, term, step));
                }
            }
        }
    }
    for (place, reign) in open.into_iter().enumerate() {
        seen.bands.extend(reign.map(|reign| (label(place, reign), reign.3, None)));
    }
    seen.bands.sort();
    let violated = session.verdicts().into_iter().filter(|verdict| verdict.status == "violated");
    seen.violations = violated.map(|verdict| (verdict.step.unwrap(), verdict.time_us.unwrap())).collect();
    seen.violations.sort_unstable();
    seen
}

/// Compares the strip of the branch that is shown with a replay, wherever the present is.
fn check(session: &mut Session) {
    let now = (session.time_us(), session.step_count());
    // The furthest instant is completed, so that a replay can get there by time alone.
    session.seek(session.explored_us());
    let end = session.run();
    session.seek(now.0);
    let strip = session.strip();
    let seen = replay(&end, session.explored_us());
    assert_eq!(told(&strip), seen.bands);
    let violations = strip.marks.iter().filter(|mark| mark.kind == MarkKind::Violation);
    let mut violations: Vec<(u64, u64)> = violations.map(|mark| (mark.step.unwrap(), mark.at_us)).collect();
    violations.sort_unstable();
    assert_eq!(violations, seen.violations);
    // What was done to several things at once is one mark, at the last of them.
    let commands = strip.marks.iter().filter(|mark| mark.kind != MarkKind::Violation);
    let applied: Vec<(u64, u64)> = commands.clone().filter_map(|mark| Some((mark.step?, mark.at_us))).collect();
    assert!(applied.iter().all(|mark| seen.commands.contains(mark)), "{applied:?} {:?}", seen.commands);
    let instants =
        |list: &[(u64, u64)]| list.iter().map(|(_, at_us)| *at_us).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(instants(&applied), instants(&seen.commands));
    assert!(commands.filter(|mark| mark.step.is_none()).all(|mark| mark.at_us > session.explored_us()));
    // Bands in one lane do not overlap.
    for (index, band) in strip.bands.iter().enumerate() {
        assert!(band.lane < band.lanes);
        for other in strip.bands[..index]
            .iter()
            .filter(|other| (other.lane, other.kind == BandKind::Seeks) == (band.lane, band.kind == BandKind::Seeks))
        {
            assert!(other.to.is_some_and(|(step, _)| step <= band.from_step), "{other:?} covers {band:?}");
        }
    }
    assert_eq!(strip.branches.iter().filter(|branch| branch.shown).count(), 1);
}

#[derive(Clone, Debug)]
enum Act {
    Seek(u64),
    Step(u8),
    Back(u8),
    Apply(Value),
    Undo,
    Branch(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    let node = (1..=5u8).prop_map(|node| format!("n{node}"));
    let pair = (1..=5u8, 1..=5u8).prop_filter("two nodes", |(a, b)| a != b);
    let command = prop_oneof![
        (prop::sample::select(vec!["crash", "restart", "pause", "resume", "crash", "restart"]), node.clone())
            .prop_map(|(what, node)| json!({"do": what, "node": node})),
        pair.prop_map(|(a, b)| json!({"do": "cut", "from": format!("n{a}"), "to": format!("n{b}")})),
        (1..=4u8).prop_map(|cut| {
            let name = |node: u8| format!("n{node}");
            json!({"do": "partition", "groups": [(1..=cut).map(name).collect::<Vec<_>>(), (cut + 1..=5).map(name).collect::<Vec<_>>()]})
        }),
        Just(json!({"do": "heal-all"})),
        node.clone().prop_map(|node| json!({"do": "request", "node": node, "op": "time-out"})),
        node.prop_map(|node| json!({"do": "remove-node", "node": node})),
    ];
    prop_oneof![
        5 => (0..8_000_000u64).prop_map(Act::Seek),
        1 => (1..40u8).prop_map(Act::Step),
        1 => (1..40u8).prop_map(Act::Back),
        5 => command.prop_map(Act::Apply),
        1 => Just(Act::Undo),
        2 => any::<prop::sample::Index>().prop_map(Act::Branch),
    ]
}

fn perform(session: &mut Session, act: Act) {
    match act {
        Act::Seek(time_us) => session.seek(time_us),
        Act::Step(times) => (0..times).for_each(|_| {
            session.step();
        }),
        Act::Back(times) => session.seek_step(session.step_count().saturating_sub(times.into())),
        // Who has been taken away cannot be named again.
        Act::Apply(command) => drop(session.apply(&command)),
        Act::Undo => drop(session.undo()),
        Act::Branch(index) => {
            let branches = session.state().branches;
            session.set_branch(&branches[index.index(branches.len())].id).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_strip_is_what_a_replay_shows(
        seed in 0u64..1_000,
        variant in prop::sample::select(vec!["correct", "forgets-vote", "fixed-timeout", "counts-late-votes"]),
        acts in prop::collection::vec(act(), 1..14),
    ) {
        let mut session = open(json!({"lab": "raft-election", "variant": variant, "seed": seed}));
        for act in acts {
            perform(&mut session, act);
        }
        let branches: Vec<String> = session.state().branches.into_iter().map(|branch| branch.id).collect();
        check(&mut session);
        for branch in branches {
            session.set_branch(&branch).unwrap();
            check(&mut session);
        }
    }
}

/// A cluster whose leader is cut off, at 3 s.
fn cut_off() -> (Session, String) {
    let mut session = open(json!({"lab": "raft-election", "seed": 1}));
    session.seek(1_000_000);
    let leader = session.state().nodes.into_iter().find(|node| node.role == "leader").unwrap().id;
    let others: Vec<String> = (1..=5).map(|node| format!("n{node}")).filter(|node| *node != leader).collect();
    session.apply(&json!({"do": "partition", "groups": [[leader], others]})).unwrap();
    session.seek(3_000_000);
    (session, leader)
}

#[test]
fn reigns_overlap_when_a_leader_is_cut_off() {
    let (session, leader) = cut_off();
    let strip = session.strip();
    let reigns: Vec<_> = strip.bands.iter().filter(|band| band.kind == BandKind::Holds).collect();
    assert_eq!(reigns.len(), 2);
    assert_eq!(reigns[0].label, format!("{leader} · term 1"));
    assert!(reigns.iter().all(|band| band.to.is_none()), "the old leader does not know");
    assert_ne!(reigns[0].lane, reigns[1].lane);
    assert_ne!(reigns[0].hue, reigns[1].hue);
    assert_eq!(strip.marks.len(), 1);
    assert_eq!((strip.marks[0].kind, &*strip.marks[0].short), (MarkKind::Fault, "split"));
}

#[test]
fn branches_say_how_they_differ() {
    let (mut session, leader) = cut_off();
    session.seek(500_000);
    session.apply(&json!({"do": "crash", "node": leader})).unwrap();
    let strip = session.strip();
    let [a, b] = &strip.branches[..] else { panic!("there are two branches") };
    assert_eq!((&*a.id, a.shown, &*b.id, b.shown, b.at_us), ("a", false, "b", true, 500_000));
    assert_eq!(b.parent.as_deref(), Some("a"));
    assert!(a.differs.ends_with(&format!("split, {leader} not crashed")), "{}", a.differs);
    assert!(b.differs.starts_with(&format!("{leader} crashed, ")), "{}", b.differs);
    assert_eq!((&*a.marks_us, &*b.marks_us), (&[1_000_000][..], &[500_000][..]));
}

#[test]
fn a_planned_command_is_marked_ahead() {
    let run = json!({"lab": "raft-election", "seed": 1,
        "commands": [{"at_us": 2_000_000, "do": "crash", "node": "n1"}, {"at_us": 2_000_000, "do": "crash", "node": "n2"}]});
    let mut session = open(run);
    let planned = session.strip().marks;
    assert_eq!(planned.len(), 1);
    assert_eq!((planned[0].step, planned[0].at_us, &*planned[0].text), (None, 2_000_000, "n1, n2 crashed"));
    session.seek(2_000_000);
    let step = session.strip().marks[0].step.expect("it has been applied");
    assert_eq!(session.event(step).unwrap()["command"]["node"], "n2");
    session.seek(0);
    assert_eq!(session.strip().marks[0].step, Some(step), "what was seen once is known");
}
