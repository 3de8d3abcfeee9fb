//! Temporary: blind counts.
extern crate netsplit_labs as labs;
use labs::Run;
use labs::sweep::Sweep;
use std::collections::BTreeMap;

#[test]
#[ignore]
fn blind_counts() {
    let wanted: Vec<String> = std::env::var("BLIND").unwrap_or_default().split(',').map(str::to_owned).collect();
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2_000);
    for entry in labs::catalogue() {
        for variant in entry.info.variants {
            if wanted != [""] && !wanted.iter().any(|w| w == variant.id) {
                continue;
            }
            let mut base = Run::of_lab(entry.info.id).unwrap();
            base.variant = variant;
            let (mut hits, mut first, mut props, mut steps) = (0, None, BTreeMap::new(), 0u64);
            let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
            for seed in 0..seeds {
                let outcome = (entry.sweep_seed)(&base, seed, Sweep { shrink: false });
                steps += outcome.steps;
                for s in outcome.seen {
                    *seen.entry(s).or_default() += 1;
                }
                if let Some(hit) = outcome.hit {
                    hits += 1;
                    first.get_or_insert(seed);
                    *props.entry(hit.verdict.property).or_insert(0u32) += 1;
                }
            }
            println!(
                "{} {} hits={hits} first={first:?} {props:?} steps={steps} seen={seen:?}",
                entry.info.id, variant.id
            );
        }
    }
}
