//! Seed sweeps: `correct` survives its fault model, each bug is found, and a hit is a run that
//! replays.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use labs::sweep::{Outcome, Sweep};
use labs::{Run, link};
use serde_json::Value;

use crate::systems::{bugs, entries, expectations, of_one_lab};

/// So many seeds while somebody works on one lab: enough to see a blunder within seconds.
const SEEDS_OF_ONE_LAB: u64 = 200;

fn base(lab: &str, variant: &str) -> Run {
    let mut run = Run::of_lab(labs::catalogue(), lab).unwrap();
    run.variant = run.entry.info.variant(variant).unwrap();
    run
}

fn sweep(base: &Run, seed: u64, shrink: bool) -> Outcome {
    base.sweep_seed(seed, Sweep { shrink })
}

fn status(run: &Run, until_us: u64, property: &str) -> &'static str {
    let mut session = run.open().unwrap();
    session.seek(until_us);
    session.verdicts().iter().find(|verdict| verdict.property == property).expect("the lab has the property").status
}

fn survives_and_is_not_vacuous(lab: &str, all: u64, steps_min: u64) {
    let seeds = if of_one_lab() { all.min(SEEDS_OF_ONE_LAB) } else { all };
    let base = base(lab, "correct");
    let (mut seen, mut steps) = (BTreeSet::new(), 0);
    for seed in 0..seeds {
        let outcome = sweep(&base, seed, false);
        if let Some(hit) = outcome.hit {
            panic!("seed {seed}: {:?}\nnetsplit replay '{}'", hit.verdict, link::encode(&hit.run).unwrap());
        }
        seen.extend(outcome.seen);
        steps += outcome.steps;
    }
    let session = base.open().unwrap();
    let wanted: BTreeSet<_> = session
        .verdicts()
        .iter()
        .filter(|verdict| verdict.kind == "sometimes")
        .map(|verdict| verdict.property)
        .collect();
    assert!(!wanted.is_empty());
    // What is rare may not be seen in fewer seeds.
    assert!(seeds < all || seen == wanted, "{lab}: seen {seen:?} of {wanted:?}");
    assert!(steps > seeds * steps_min, "only {steps} steps: the sweep hardly runs anything");
}

/// Does a piece of work for each lab, two labs at a time.
fn each_lab(work: impl Fn(&'static str, &Value) + Sync) {
    let labs: Vec<&'static str> = entries().iter().map(|entry| entry.info.id).collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        while let Some(lab) = labs.get(next.fetch_add(1, Ordering::Relaxed)) {
            timed(lab, || work(lab, &expectations(lab)));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(worker);
        worker();
    });
}

/// Says how long a lab took, for the report of `cargo xtask test`. Past the harness, which keeps what passing tests print.
fn timed(lab: &str, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    let _ = writeln!(std::io::stderr(), "swept {lab} in {} ms", started.elapsed().as_millis());
}

#[test]
fn correct_survives_and_no_sweep_is_vacuous() {
    each_lab(|lab, expected| {
        let number = |key: &str| expected["sweep"][key].as_u64().unwrap_or_else(|| panic!("{lab}: sweep.{key}"));
        survives_and_is_not_vacuous(lab, number("seeds"), number("steps_min"));
    });
}

#[test]
fn correct_survives_with_other_settings() {
    each_lab(|lab, expected| {
        for settings in expected["settings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut base = base(lab, "correct");
            for (key, value) in settings.split(' ').map(|set| set.split_once('=').expect("key=value")) {
                base.settings.set(base.entry.info.params, key, value).unwrap();
            }
            for seed in 0..120 {
                let hit = sweep(&base, seed, false).hit;
                assert!(hit.is_none(), "{lab} {settings}, seed {seed}: {:?}", hit.unwrap().verdict);
            }
        }
    });
}

/// `found_within` is within how many seeds of any range a blind sweep finds a bug: fifteen times as many as one hit takes
/// on average, so that none in so many has a probability below one in a million. A bug without it is in no fault plan: its
/// run is a directed one.
#[test]
fn each_bug_is_found_in_two_disjoint_ranges() {
    for bug in bugs() {
        // What is as rare as that is looked for by `cargo xtask sweep`.
        let Some(within) = bug.found_within.filter(|&within| within <= 3_000) else { continue };
        let base = base(bug.lab, &bug.variant);
        timed(bug.lab, || {
            for start in [0, 100_000] {
                let found = (start..start + within).find(|&seed| sweep(&base, seed, false).hit.is_some());
                assert!(found.is_some(), "{} is not found in {within} seeds from {start} on", bug.variant);
            }
        });
    }
}

#[test]
fn a_hit_is_a_run_that_replays() {
    let base = base("raft-election", "forgets-vote");
    let mut hits = 0;
    for seed in 0..150 {
        for shrink in [false, true] {
            let Some(hit) = sweep(&base, seed, shrink).hit else { continue };
            hits += 1;
            let run = link::decode(labs::catalogue(), &link::encode(&hit.run).unwrap()).unwrap();
            assert_eq!(run.to_json(), hit.run.to_json());
            assert_eq!((run.seed, run.variant.id), (seed, "forgets-vote"));
            let mut session = run.open().unwrap();
            session.check_end().unwrap_or_else(|divergence| panic!("seed {seed}: {divergence:?}"));
            let verdict =
                session.verdicts().into_iter().find(|verdict| verdict.status == "violated").expect("violated again");
            assert_eq!(verdict, hit.verdict, "seed {seed}");
            assert_eq!(verdict.step, Some(session.step_count()), "the run ends at the violation");
        }
    }
    assert!(hits > 10);
}

#[test]
fn the_same_seed_is_the_same_sweep() {
    let base = base("raft-election", "forgets-vote");
    for seed in 0..40 {
        let (one, two) = (sweep(&base, seed, true), sweep(&base, seed, true));
        assert_eq!((one.steps, one.seen), (two.steps, two.seen));
        assert_eq!(one.hit.map(|hit| hit.run.to_json()), two.hit.map(|hit| hit.run.to_json()));
    }
}

#[test]
fn what_shrinking_leaves_is_needed_command_by_command() {
    let base = base("raft-election", "forgets-vote");
    let horizon_us = (base.entry.fault_model)(base.chosen()).horizon_us;
    let mut shrunk = 0;
    for seed in 0..200 {
        let Some(whole) = sweep(&base, seed, false).hit else { continue };
        let small = sweep(&base, seed, true).hit.expect("shrinking keeps the hit");
        let property = small.verdict.property;
        assert_eq!(property, whole.verdict.property);
        assert!(small.run.commands.len() <= whole.run.commands.len());
        assert_eq!(status(&small.run, horizon_us, property), "violated", "seed {seed}");
        for left_out in 0..small.run.commands.len() {
            let mut less = small.run.clone();
            less.commands.remove(left_out);
            assert_ne!(
                status(&less, horizon_us, property),
                "violated",
                "seed {seed}: command {left_out} is not needed"
            );
        }
        // To vote twice a server has to crash and come back.
        assert!(small.run.commands.len() >= 2, "seed {seed}");
        shrunk += 1;
        if shrunk == 8 {
            return;
        }
    }
    panic!("only {shrunk} hits");
}
