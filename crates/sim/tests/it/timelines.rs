//! Travel in time is exact: wherever one comes from, a moment is the same as on the straight way.

use proptest::prelude::*;
use sim::hash::StableHasher;
use sim::{BranchId, Command, NodeId, Stamped, Timeline};

use crate::plans::{SPAN_US, command, effort, plan};
use crate::toy::{Log, N1, N2, Op, Setup, Straight, at, busy, quiet};

/// Long enough for several keyframes.
const END_US: u64 = 4 * SPAN_US;

type Travel = Timeline<crate::toy::Toy, Log>;

fn open(setup: &Setup, commands: &[Stamped<Op>]) -> Travel {
    Timeline::new(setup.seed, setup.config(), setup.cluster.clone(), Log::default(), commands.to_vec())
}

/// The present moment of a timeline is that of the straight run, and so is its whole past.
fn check(timeline: &Travel, straight: &Straight) {
    let step = timeline.world().step_count();
    assert_eq!(timeline.world().digest(), straight.digest(step), "digest after step {step}");
    let trace: Vec<u64> =
        (1..=step).map(|step| StableHasher::of(&*timeline.record(step).expect("the past is recorded"))).collect();
    assert_eq!(trace, straight.trace(step), "records up to step {step}");
    // The observer came along.
    let observed: Vec<u64> = timeline.observer().0.iter().map(StableHasher::of).collect();
    assert_eq!(observed, trace);
}

#[derive(Clone, Debug)]
enum Go {
    Seek(u64),
    SeekStep(u64),
    Step(u8),
    RunUntil(u64),
}

fn go() -> impl Strategy<Value = Go> {
    prop_oneof![
        3 => (0..END_US).prop_map(Go::Seek),
        2 => (0u64..1_000).prop_map(Go::SeekStep),
        2 => (1u8..20).prop_map(Go::Step),
        1 => (0..END_US).prop_map(Go::RunUntil),
    ]
}

fn travel(timeline: &mut Travel, go: &Go) {
    match *go {
        Go::Seek(time_us) => timeline.seek(time_us),
        Go::SeekStep(step) => timeline.seek_step(step),
        Go::Step(times) => (0..times).for_each(|_| {
            timeline.step_until(END_US);
        }),
        Go::RunUntil(time_us) => timeline.run_until(time_us),
    }
}

proptest! {
    #![proptest_config(effort(60))]

    #[test]
    fn seeking_and_stepping_in_any_order_is_exact(seed: u64, plan in plan(), ways in proptest::collection::vec(go(), 1..12)) {
        let straight = busy(seed).run(&plan, END_US);
        let mut timeline = open(&busy(seed), &plan);
        for way in ways {
            let way = match way {
                Go::SeekStep(step) => Go::SeekStep(step.min(straight.log.len() as u64)),
                way => way,
            };
            let way = &way;
            travel(&mut timeline, way);
            check(&timeline, &straight);
            let (time_us, step) = (timeline.world().time_us(), timeline.world().step_count());
            let done_by = |time_us| straight.log.iter().filter(|record| record.time_us <= time_us).count() as u64;
            match *way {
                Go::Seek(wanted_us) => {
                    prop_assert_eq!(time_us, wanted_us);
                    prop_assert_eq!(step, done_by(wanted_us));
                }
                Go::SeekStep(wanted) => {
                    prop_assert_eq!(step, wanted.max(3));
                    prop_assert_eq!(time_us, straight.log[step as usize - 1].time_us);
                }
                Go::Step(_) => {}
                Go::RunUntil(wanted_us) => prop_assert!(time_us >= wanted_us),
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Go(Go),
    Apply(Command<Op>),
    Undo,
    Switch(prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        5 => go().prop_map(Edit::Go),
        3 => command().prop_map(Edit::Apply),
        2 => Just(Edit::Undo),
        2 => any::<prop::sample::Index>().prop_map(Edit::Switch),
    ]
}

/// What is planned for a machine goes with the command that has added it.
fn forget(commands: &mut Vec<Stamped<Op>>, from: usize, undone: &Command<Op>) {
    let Command::AddNode(node) = *undone else { return };
    let adds = |stamped: &Stamped<Op>| stamped.command == Command::AddNode(node);
    if node.0 < 3 || commands[..from].iter().any(adds) {
        return;
    }
    let until = commands[from..].iter().position(adds).map_or(commands.len(), |behind| from + behind);
    let mut planned = commands.split_off(from);
    let rest = planned.split_off(until - from);
    for mut stamped in planned {
        // Everything prints the machines that it names.
        let names = format!("{:?}", stamped.command).contains(&format!("{node:?}"));
        if let Command::Partition(groups) = &mut stamped.command {
            groups.iter_mut().for_each(|group| group.retain(|known| *known != node));
        } else if names && !matches!(&stamped.command, Command::Request { node: asked, .. } if *asked != node) {
            continue;
        }
        commands.push(stamped);
    }
    commands.extend(rest);
}

proptest! {
    #![proptest_config(effort(120))]

    /// Edits in any order: the moment shown is always that of a straight run of the branch's
    /// commands, and a branch that was left is found as it was.
    #[test]
    fn branches_and_undo_are_exact(seed: u64, plan in plan(), edits in proptest::collection::vec(edit(), 1..16)) {
        let setup = busy(seed);
        let mut timeline = open(&setup, &plan);
        let mut left = vec![plan];
        for edit in &edits {
            let (before, applied) = (timeline.commands().to_vec(), timeline.applied());
            let (here, now_us) = (timeline.branch(), timeline.world().time_us());
            match edit {
                Edit::Go(go) => travel(&mut timeline, go),
                Edit::Apply(command) => {
                    timeline.apply(command.clone());
                    prop_assert_eq!(timeline.world().time_us(), now_us);
                    prop_assert_eq!(timeline.applied(), applied + 1);
                    prop_assert_eq!(&timeline.commands()[..applied], &before[..applied], "the past has changed");
                    prop_assert_eq!(&timeline.commands()[applied].command, command);
                    if timeline.branch() == here {
                        prop_assert_eq!(&timeline.commands()[applied + 1..], &before[applied..], "a planned command is gone");
                    }
                }
                Edit::Undo => {
                    let mut expected = before.clone();
                    prop_assert_eq!(timeline.undo(), applied > 0);
                    if applied > 0 {
                        let undone = expected.remove(applied - 1);
                        forget(&mut expected, applied - 1, &undone.command);
                    }
                    prop_assert_eq!(timeline.commands(), &expected[..]);
                    prop_assert_eq!(timeline.world().time_us(), now_us);
                }
                Edit::Switch(index) => {
                    let branch = BranchId(index.index(left.len()) as u32);
                    timeline.switch(branch);
                    prop_assert_eq!(timeline.branch(), branch);
                    prop_assert_eq!(timeline.commands(), &left[branch.0 as usize][..], "a branch has changed behind our back");
                    prop_assert_eq!(timeline.world().time_us(), now_us);
                }
            }
            let branch = timeline.branch().0 as usize;
            left.resize(timeline.branches().count(), Vec::new());
            left[branch] = timeline.commands().to_vec();
            check(&timeline, &setup.run(timeline.commands(), END_US.max(timeline.world().time_us())));
        }
    }
}

#[test]
fn to_act_in_the_past_keeps_the_old_future() {
    let setup = busy(3);
    let mut timeline = open(&setup, &[]);
    timeline.run_until(40_000);
    let old = timeline.world().digest();
    timeline.seek(20_000);
    assert_eq!(timeline.explored_us(), 40_000, "to go back is not to forget");
    let shared = timeline.world().step_count();
    timeline.apply(Command::Crash(N1));
    assert_eq!(
        timeline.branches().collect::<Vec<_>>(),
        [(BranchId(0), None, 0), (BranchId(1), Some(BranchId(0)), 20_000)]
    );
    timeline.run_until(40_000);
    assert_ne!(timeline.world().digest(), old);
    check(&timeline, &setup.run(&[at(20_000, Command::Crash(N1))], 40_000));
    let record = timeline.record(shared).unwrap().clone();
    timeline.switch(BranchId(0));
    assert_eq!((timeline.world().time_us(), timeline.world().digest()), (40_000, old));
    assert_eq!(
        StableHasher::of(&*record),
        StableHasher::of(&*timeline.record(shared).unwrap()),
        "branches share their past"
    );
    check(&timeline, &setup.run(&[], 40_000));
}

#[test]
fn at_the_end_of_what_was_seen_no_branch_is_needed() {
    let mut timeline = open(&busy(3), &[]);
    timeline.run_until(20_000);
    timeline.apply(Command::Crash(N1));
    timeline.apply(Command::Crash(N2));
    assert_eq!(timeline.branches().count(), 1);
    timeline.step();
    timeline.apply(Command::Restart(N1));
    assert_eq!(timeline.branches().count(), 1);
    timeline.seek_step(timeline.world().step_count() - 1);
    timeline.apply(Command::Restart(N2));
    assert_eq!(timeline.branches().count(), 2, "one step back is the past");
}

#[test]
fn a_moment_before_idle_time_that_was_seen_is_the_past() {
    let mut timeline = open(&crate::toy::quiet(), &[]);
    timeline.run_until(90_000);
    timeline.seek(50_000);
    timeline.apply(Command::Crash(N1));
    assert_eq!(timeline.branches().count(), 2, "somebody has seen that nothing happens until 90,000 µs");
    timeline.switch(BranchId(0));
    timeline.seek(90_000);
    timeline.apply(Command::Crash(N1));
    assert_eq!((timeline.branches().count(), timeline.branch()), (2, BranchId(0)));
}

#[test]
fn planned_commands_stay_planned() {
    let setup = busy(4);
    let plan = [at(10_000, Command::Crash(N1)), at(30_000, Command::Restart(N1)), at(50_000, Command::Crash(N2))];
    let mut timeline = open(&setup, &plan);
    timeline.run_until(20_000);
    timeline.apply(Command::Pause(N2));
    let times = |timeline: &Travel| timeline.commands().iter().map(|stamped| stamped.at_us).collect::<Vec<_>>();
    assert_eq!(times(&timeline), [10_000, 20_000, 30_000, 50_000]);
    // In the past: what nobody has seen yet stays planned; what was seen is the old future's.
    timeline.run_until(40_000);
    timeline.seek(25_000);
    timeline.apply(Command::Resume(N2));
    assert_eq!(times(&timeline), [10_000, 20_000, 25_000, 50_000]);
    timeline.run_until(60_000);
    assert!(!timeline.world().is_up(N1) && !timeline.world().is_up(N2));
    check(&timeline, &setup.run(timeline.commands(), 60_000));
}

#[test]
fn a_planned_command_of_the_instant_in_which_one_acts_stays_planned() {
    // One message arrives at 1,000 µs; the command waits for it, and nobody has seen it apply.
    let setup = crate::toy::quiet();
    let plan = [crate::toy::send(0, N1, N2, 1), Stamped { at_us: 1_000, after: 1, command: Command::Crash(N2) }];
    let mut timeline = open(&setup, &plan);
    timeline.seek_step(5);
    assert_eq!((timeline.world().time_us(), timeline.applied()), (1_000, 1));
    timeline.seek_step(4);
    timeline.apply(Command::Pause(N1));
    assert_eq!(timeline.branches().count(), 2);
    assert_eq!(timeline.commands().len(), 3);
    timeline.run_until(2_000);
    assert!(!timeline.world().is_up(N2));
}

#[test]
fn undo_takes_back_a_command_from_before_the_branch_point() {
    let setup = busy(5);
    let mut timeline = open(&setup, &[]);
    timeline.run_until(10_000);
    timeline.apply(Command::Crash(N1));
    timeline.run_until(40_000);
    timeline.seek(20_000);
    timeline.apply(Command::Crash(N2));
    timeline.run_until(30_000);
    assert!(timeline.undo());
    check(&timeline, &setup.run(&[at(10_000, Command::Crash(N1))], 30_000));
    assert!(timeline.undo());
    check(&timeline, &setup.run(&[], 30_000));
    assert!(!timeline.undo(), "nothing is left to take back");
    let forked_us = timeline.branches().nth(1).unwrap().2;
    assert_eq!(forked_us, 10_000, "the branches part where the undone command was");
    timeline.switch(BranchId(0));
    check(&timeline, &setup.run(&[at(10_000, Command::Crash(N1))], 30_000));
}

#[test]
fn undo_in_a_parent_leaves_its_branches_their_past() {
    let setup = busy(6);
    let mut timeline = open(&setup, &[]);
    timeline.run_until(10_000);
    timeline.apply(Command::Crash(N1));
    timeline.run_until(40_000);
    timeline.seek(20_000);
    timeline.apply(Command::Crash(N2));
    timeline.seek(15_000);
    timeline.apply(Command::Pause(N2));
    timeline.switch(BranchId(0));
    assert!(timeline.undo());
    check(&timeline, &setup.run(&[], 15_000));
    for branch in [1, 2] {
        timeline.switch(BranchId(branch));
        timeline.run_until(30_000);
        let commands = timeline.commands().to_vec();
        assert_eq!(commands[0], at(10_000, Command::Crash(N1)));
        check(&timeline, &setup.run(&commands, 30_000));
    }
}

#[test]
fn keyframes_stay_few_and_every_moment_stays_exact() {
    let setup = busy(8);
    let mut timeline = open(&setup, &[]);
    while timeline.world().step_count() < 40_000 {
        timeline.step();
    }
    assert!((sim::timeline::KEYFRAMES_MAX / 2..=sim::timeline::KEYFRAMES_MAX).contains(&timeline.keyframe_count()));
    let digest = timeline.world().digest();
    let mut driver = setup.driver();
    for step in 4..=40_000u64 {
        driver.step(&[], u64::MAX);
        if step % 3_989 == 0 || step == 40_000 {
            timeline.seek_step(step);
            assert_eq!(timeline.world().digest(), driver.world.digest(), "step {step}");
        }
    }
    assert_eq!(timeline.world().digest(), digest);
}

#[test]
fn seeking_a_step_ends_right_after_it() {
    let mut timeline = open(&crate::toy::quiet(), &[crate::toy::send(0, N1, N2, 1)]);
    timeline.run_until(90_000);
    let last = timeline.world().step_count();
    timeline.seek_step(last);
    assert_eq!(timeline.world().time_us(), 2_000, "idle time after the step is not part of the moment");
    timeline.seek_step(last + 10);
    assert_eq!(timeline.world().step_count(), last, "a run that ends has no more steps");
}

#[test]
fn records_are_found_again_in_any_order() {
    let setup = busy(8);
    let straight = setup.run(&[at(90_000, Command::Crash(N1)), at(95_000, Command::Restart(N1))], 1_000_000);
    let mut timeline = open(&setup, &[at(90_000, Command::Crash(N1)), at(95_000, Command::Restart(N1))]);
    timeline.run_until(1_000_000);
    let last = timeline.world().step_count();
    assert!(last > 10_000 && timeline.record(last + 1).is_none() && timeline.record(0).is_none());
    let forward = 1..=last;
    let backward = (1..=last).rev();
    let scattered = (0..200).map(|n| 1 + n * 7_919 % last);
    for step in backward.chain(scattered).chain(forward) {
        let record = timeline.record(step).expect("it has been simulated");
        assert_eq!(record.step, step);
        assert_eq!(StableHasher::of(&*record), StableHasher::of(&straight.log[step as usize - 1]), "step {step}");
    }
    // Wherever one is: what has been seen can be read, and reading moves nothing.
    timeline.seek(50_000);
    let digest = timeline.world().digest();
    assert_eq!(timeline.record(last).unwrap().step, last);
    assert_eq!((timeline.world().digest(), timeline.world().time_us()), (digest, 50_000));
    // Another branch has other records from its beginning on, and the same before.
    let shared = timeline.world().step_count();
    timeline.apply(Command::Crash(N2));
    assert!(timeline.record(shared + 2).is_none(), "nobody has been there");
    assert!(matches!(timeline.record(shared + 1).unwrap().event, sim::Event::Command(Command::Crash(N2))));
    assert_eq!(
        StableHasher::of(&*timeline.record(shared).unwrap()),
        StableHasher::of(&straight.log[shared as usize - 1])
    );
    timeline.run_until(60_000);
    assert!(timeline.undo());
    assert_eq!(
        StableHasher::of(&*timeline.record(shared + 1).unwrap()),
        StableHasher::of(&straight.log[shared as usize])
    );
}

/// Counts what is really executed: clones count together.
#[derive(Clone, Default)]
struct Effort(std::rc::Rc<std::cell::Cell<u64>>);

impl sim::Observer<crate::toy::Toy> for Effort {
    fn observe(&mut self, _: &sim::Record<crate::toy::Toy>, _: &sim::World<crate::toy::Toy>) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn to_seek_costs_no_more_than_the_way_from_a_keyframe() {
    let (setup, effort) = (busy(8), Effort::default());
    let mut timeline = Timeline::new(setup.seed, setup.config(), setup.cluster.clone(), effort.clone(), vec![]);
    timeline.run_until(3_000_000);
    let steps = timeline.world().step_count();
    let spacing = steps / sim::timeline::KEYFRAMES_MAX as u64 * 2 + 256;
    for n in 0..300u64 {
        let before = effort.0.get();
        // Back and forth, near and far.
        timeline.seek(n * 1_999_993 % 3_000_000);
        timeline.seek_step(3 + n * 7_919 % steps);
        let cost = effort.0.get() - before;
        assert!(cost <= 2 * spacing, "{cost} steps executed of {steps}");
    }
    let before = effort.0.get();
    for step in (4..=steps).rev().step_by(97) {
        assert_eq!(timeline.record(step).unwrap().step, step);
    }
    assert_eq!(effort.0.get(), before, "to read what happened asks no oracle");
}

#[test]
fn what_was_planned_for_a_machine_that_never_comes_goes_with_it() {
    let late = NodeId(3);
    let gone = Command::Partition(vec![vec![N1, late], vec![N2]]);
    let plan = [
        at(1_000, Command::AddNode(late)),
        at(2_000, Command::Crash(late)),
        at(3_000, gone),
        at(3_500, Command::Cut { from: N2, to: late, both: true }),
        at(4_000, Command::AddNode(late)),
        at(5_000, Command::Restart(late)),
    ];
    let words = |timeline: &Travel| -> Vec<(u64, Command<Op>)> {
        timeline.commands().iter().map(|stamped| (stamped.at_us, stamped.command.clone())).collect()
    };
    let left = vec![
        (3_000, Command::Partition(vec![vec![N1], vec![N2]])),
        (4_000, Command::AddNode(late)),
        (5_000, Command::Restart(late)),
    ];
    let mut timeline = open(&quiet(), &plan);
    timeline.run_until(1_500);
    assert!(timeline.undo());
    assert_eq!(words(&timeline), left);
    timeline.run_until(6_000);
    assert!(timeline.world().is_up(late));
    // A branch that leaves before the machine came has no use for its plans either.
    let mut timeline = open(&quiet(), &plan);
    timeline.run_until(1_500);
    timeline.seek(500);
    timeline.apply(Command::Crash(N1));
    assert_eq!(words(&timeline)[0], (500, Command::Crash(N1)));
    assert_eq!(words(&timeline)[1..], left);
    // Nobody else's plans are touched, nor those of a machine that was there all the time.
    let there = [at(1_000, Command::AddNode(N1)), at(2_000, Command::Crash(N1))];
    let mut timeline = open(&quiet(), &there);
    timeline.run_until(1_500);
    assert!(timeline.undo());
    assert_eq!(words(&timeline), [(2_000, Command::Crash(N1))]);
    let mut timeline = open(&quiet(), &[at(1_000, Command::Crash(N1)), at(2_000, Command::Restart(N1))]);
    timeline.run_until(1_500);
    assert!(timeline.undo());
    assert_eq!(words(&timeline), [(2_000, Command::Restart(N1))]);
}

#[test]
fn facts_count_what_is_there() {
    let mut timeline = open(&busy(4), &[]);
    let first = timeline.facts();
    assert_eq!((first.keyframes, first.records), (1, 3), "one keyframe, three boots");
    assert!(first.keyframe_bytes > 100);
    timeline.run_until(1_000_000);
    let later = timeline.facts();
    assert_eq!(later.queue, timeline.world().queue_len());
    assert_eq!(later.keyframes, timeline.keyframe_count());
    assert!(later.keyframe_bytes > first.keyframe_bytes * 2);
    // A branch shares the keyframes before it.
    timeline.seek(500_000);
    timeline.apply(Command::Crash(N1));
    assert_eq!(timeline.facts().keyframes, later.keyframes);
    assert!(timeline.record(5).is_some());
    assert!(timeline.facts().records > first.records);
}
