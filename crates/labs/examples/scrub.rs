use std::time::Instant;
fn main() {
    for (end, name) in [(5_600_000_000u64, "1M steps"), (36_000_000_000, "6.5M steps")] {
        let run = netsplit_labs::Run::of_lab("raft-election").unwrap();
        let mut s = (run.entry.open)(&run).unwrap();
        let t = Instant::now();
        s.seek(end);
        println!("{name}: {} steps in {:?}", s.step_count(), t.elapsed());
        let (mut worst, mut total, mut worst_read) = (0u128, 0u128, 0u128);
        for n in 0..400u64 {
            let at = (n * 7_919_000_003) % end;
            let t = Instant::now();
            s.seek(at);
            let us = t.elapsed().as_micros();
            worst = worst.max(us);
            total += us;
            let t = Instant::now();
            let step = s.step_count();
            s.sentence(step);
            worst_read = worst_read.max(t.elapsed().as_micros());
        }
        println!(
            "  seek: worst {worst} us, mean {} us; reading the sentence there: worst {worst_read} us",
            total / 400
        );
    }
}
