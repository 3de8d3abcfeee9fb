//! `netsplit explore`: a sweep over seeds, in shards that add up.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};

use labs::link;
use labs::sweep::{Hit, Sweep};
use serde_json::json;

use crate::args::{ExploreCall, Failure};

/// Sweeps; stops at the first hit unless told to keep going.
pub fn explore(call: &ExploreCall, out: &mut impl Write) -> Result<u8, Failure> {
    let base = &call.base;
    let (lab, variant) = (base.entry.info.id, base.variant.id);
    let (mut tried, mut violations, mut steps) = (0u64, 0u64, 0u64);
    let mut sometimes: BTreeMap<&str, u64> = BTreeMap::new();
    let seeds = call.seeds.clone().skip(call.shard as usize - 1).step_by(call.shards as usize);
    for seed in seeds {
        let outcome = base.sweep_seed(seed, Sweep { shrink: call.shrink });
        tried += 1;
        steps += outcome.steps;
        for property in outcome.seen {
            *sometimes.entry(property).or_default() += 1;
        }
        if let Some(hit) = outcome.hit {
            violations += 1;
            match report(&hit, call.json, out).and_then(|()| Ok(out.flush()?)) {
                // Somebody wanted to see a hit, has seen one, and looks no further.
                Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(1),
                reported => reported?,
            }
            if !call.keep_going {
                break;
            }
        }
    }
    let (seeds, shard) =
        (format!("{}..{}", call.seeds.start, call.seeds.end), format!("{}/{}", call.shard, call.shards));
    if call.json {
        let summary = json!({
            "kind": "summary", "lab": lab, "variant": variant, "seeds": seeds, "shard": shard, "tried": tried,
            "violations": violations, "steps": steps, "sometimes": sometimes,
        });
        writeln!(out, "{summary}")?;
    } else {
        writeln!(
            out,
            "{lab} ({variant}), seeds {seeds}, shard {shard}: {tried} tried, {violations} violated, {steps} steps"
        )?;
        for (property, count) in sometimes {
            writeln!(out, "  {property}: seen in {count}")?;
        }
    }
    Ok(u8::from(violations > 0))
}

fn report(hit: &Hit, as_json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let Hit { verdict, run } = hit;
    let link = link::encode(run);
    if as_json {
        let mut line = json!({
            "kind": "violation", "seed": run.seed, "property": verdict.property, "step": verdict.step,
            "time_us": verdict.time_us, "reason": verdict.reason, "run": null,
        });
        match link {
            Ok(link) => line["run"] = link.into(),
            Err(problem) => line["problem"] = problem.to_string().into(),
        }
        writeln!(out, "{line}")?;
    } else {
        let reason = verdict.reason.as_deref().unwrap_or_default();
        writeln!(
            out,
            "seed {}: {} violated at step {}: {reason}",
            run.seed,
            verdict.property,
            verdict.step.unwrap_or_default()
        )?;
        match link {
            Ok(link) => writeln!(out, "  {} commands; netsplit replay '{link}'", run.commands.len())?,
            Err(problem) => writeln!(out, "  {problem}; try --shrink")?,
        }
    }
    Ok(())
}
