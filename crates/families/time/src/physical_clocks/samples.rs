//! How wrong clocks were over a run, in bounded memory: when there are too many samples every other one goes, and new
//! ones are taken half as often.
//!
//! Keyframes hold copies of the oracle, so full chunks are shared between copies.

use std::rc::Rc;

/// So many nodes are charted, the first ones.
pub const CHARTED_MAX: usize = 8;

/// Most samples that are kept.
const SAMPLES_MAX: usize = 512;

/// Samples in a shared chunk.
const CHUNK: usize = 32;

/// How far apart samples are at first, in µs.
const SPACING_US: u64 = 10_000;

/// A node at one moment, in µs; far-off values stop at the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// How far its software clock is ahead of true time.
    pub error_us: i32,
    /// What it believes of that and by how much it may be wrong, if it has measured anything.
    pub claim_us: Option<(i32, u32)>,
}

/// All nodes at one moment; nothing for those that are down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, in simulated µs.
    pub at_us: u64,
    /// By node.
    pub points: [Option<Point>; CHARTED_MAX],
}

/// The samples of a run.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    spacing_us: u64,
    full: Vec<Rc<Vec<Sample>>>,
    newest: Vec<Sample>,
}

impl Default for Samples {
    fn default() -> Self {
        Self { spacing_us: SPACING_US, full: Vec::new(), newest: Vec::new() }
    }
}

impl Samples {
    /// All of them, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sample> + Clone {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.newest)
    }

    fn len(&self) -> usize {
        self.full.len() * CHUNK + self.newest.len()
    }

    /// When the newest was taken, in µs.
    fn newest_us(&self) -> Option<u64> {
        self.newest.last().or_else(|| self.full.last()?.last()).map(|sample| sample.at_us)
    }

    /// Whether it is time for another one. `now`: whatever the spacing says, because something has jumped.
    pub(super) fn wants(&self, at_us: u64, now: bool) -> bool {
        self.newest_us()
            .is_none_or(|newest_us| now || at_us == newest_us || at_us >= newest_us.saturating_add(self.spacing_us))
    }

    /// Takes a sample. Of several at one moment the last one counts, but where something has jumped.
    pub(super) fn push(&mut self, sample: Sample, jumped: bool) {
        if !jumped && self.newest.last().is_some_and(|newest| newest.at_us == sample.at_us) {
            self.newest.pop();
        }
        self.newest.push(sample);
        if self.newest.len() == CHUNK {
            self.full.push(Rc::new(std::mem::take(&mut self.newest)));
        }
        if self.len() > SAMPLES_MAX {
            self.spacing_us *= 2;
            let kept: Vec<Sample> = self.iter().step_by(2).copied().collect();
            let mut chunks = kept.chunks_exact(CHUNK);
            self.full = chunks.by_ref().map(|chunk| Rc::new(chunk.to_vec())).collect();
            self.newest = chunks.remainder().to_vec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_us: u64) -> Sample {
        Sample { at_us, points: [None; CHARTED_MAX] }
    }

    #[test]
    fn there_are_never_too_many_and_they_cover_the_whole_run() {
        let mut samples = Samples::default();
        for at_us in (0..100_000_000).step_by(1_000) {
            if samples.wants(at_us, false) {
                samples.push(sample(at_us), false);
            }
            assert!(samples.len() <= SAMPLES_MAX);
        }
        let times: Vec<u64> = samples.iter().map(|sample| sample.at_us).collect();
        assert_eq!(times[0], 0);
        assert!(times.len() > SAMPLES_MAX / 4 && times.is_sorted());
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= samples.spacing_us));
        assert!(100_000_000 - times[times.len() - 1] <= samples.spacing_us + 1_000);
    }

    #[test]
    fn what_jumps_is_sampled_at_once_also_without_end() {
        let mut samples = Samples::default();
        samples.push(sample(0), false);
        samples.push(sample(0), false);
        assert_eq!(samples.len(), 1);
        samples.push(sample(0), true);
        assert_eq!(samples.len(), 2);
        assert!(
            !samples.wants(1, false)
                && samples.wants(0, false)
                && samples.wants(1, true)
                && samples.wants(SPACING_US, false)
        );
        for at_us in 0..10_000 {
            samples.push(sample(at_us), true);
            assert!(samples.len() <= SAMPLES_MAX);
        }
    }
}
