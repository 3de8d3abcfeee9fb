//! The course of a run at a glance: who was in charge and when, what was done to the cluster, what was violated, and the
//! branches.

/// Everything that is known of the branch that is shown, also of its future where somebody has been there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip {
    /// Who was in charge or wanted to be, ordered by when it began.
    pub bands: Vec<Band>,
    /// Commands and violations, ordered by time.
    pub marks: Vec<Mark>,
    /// All branches, in the order in which they began.
    pub branches: Vec<Branch>,
}

/// What a band stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandKind {
    /// A node is in charge.
    Holds,
    /// A node wants to be.
    Seeks,
    /// Old bands, too many to be kept one by one.
    Many,
}

/// A stretch of time in which one thing was so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// What it stands for.
    pub kind: BandKind,
    /// In words: "n1 · term 1".
    pub label: String,
    /// The hue of its number.
    pub hue: Option<u32>,
    /// Bands of one kind that overlap are in different lanes, counted from 0.
    pub lane: u32,
    /// How many lanes those have together that overlap with it, or with one another that does, and so on.
    pub lanes: u32,
    /// The step with which it began.
    pub from_step: u64,
    /// When it began, in µs.
    pub from_us: u64,
    /// The step with which it ended and when, in µs; none while it lasts.
    pub to: Option<(u64, u64)>,
}

impl Band {
    /// Whether it lasts at a time. `end_us` is where those end that have not ended.
    #[must_use]
    pub fn covers(&self, at_us: u64, end_us: u64) -> bool {
        (self.from_us..=self.to.map_or(end_us, |(_, to_us)| to_us)).contains(&at_us)
    }
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Something was broken.
    Fault,
    /// Something was mended.
    Repair,
    /// Something was asked or set.
    Request,
    /// A property was violated.
    Violation,
}

/// A moment worth finding again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it stands for.
    pub kind: MarkKind,
    /// In a word or two, for a label.
    pub short: String,
    /// In full.
    pub text: String,
    /// The step right after which it can be seen; none while it is planned.
    pub step: Option<u64>,
    /// When, in µs.
    pub at_us: u64,
}

/// A course of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its letter.
    pub id: String,
    /// The branch it left.
    pub parent: Option<String>,
    /// When it left, in µs.
    pub at_us: u64,
    /// How far it was simulated, in µs.
    pub explored_us: u64,
    /// Whether it is the one that is shown.
    pub shown: bool,
    /// How it differs from the one that is shown, or, if it is shown, from its parent: "n1–n3 not cut".
    pub differs: String,
    /// Its own commands, those given after it left its parent, in µs.
    pub marks_us: Vec<u64>,
}

/// What one can jump to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turning {
    /// The beginning of a band: somebody wants to be in charge, or is at once.
    Role,
    /// A fault.
    Fault,
    /// A violation.
    Violation,
    /// Any of them, and whatever else begins, ends or is marked.
    Any,
}

/// Where a jump leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// When, in µs.
    pub at_us: u64,
    /// The step right after which it can be seen; none while it is planned.
    pub step: Option<u64>,
}

impl Strip {
    /// The last turning point before a moment, given by its time and step.
    #[must_use]
    pub fn before(&self, turning: Turning, now: (u64, u64)) -> Option<Target> {
        self.targets(turning).filter(|target| Self::side(target, now).is_lt()).max()
    }

    /// The next turning point after a moment, given by its time and step.
    #[must_use]
    pub fn after(&self, turning: Turning, now: (u64, u64)) -> Option<Target> {
        self.targets(turning).filter(|target| Self::side(target, now).is_gt()).min()
    }

    fn side(target: &Target, (now_us, now_step): (u64, u64)) -> std::cmp::Ordering {
        match target.step {
            Some(step) => step.cmp(&now_step),
            // What is planned for this very moment comes with the next step.
            None if target.at_us == now_us => std::cmp::Ordering::Greater,
            None => target.at_us.cmp(&now_us),
        }
    }

    fn targets(&self, turning: Turning) -> impl Iterator<Item = Target> {
        let any = turning == Turning::Any;
        let bands = self.bands.iter().flat_map(move |band| {
            let begins = any || (turning == Turning::Role && self.is_turning(band));
            let from = begins.then_some((band.from_step, band.from_us));
            let to = band.to.filter(|_| any);
            from.into_iter().chain(to).map(|(step, at_us)| Target { at_us, step: Some(step) })
        });
        let marks = self.marks.iter().filter(move |mark| match turning {
            Turning::Any => true,
            Turning::Role => false,
            Turning::Fault => mark.kind == MarkKind::Fault,
            Turning::Violation => mark.kind == MarkKind::Violation,
        });
        bands.chain(marks.map(|mark| Target { at_us: mark.at_us, step: mark.step }))
    }

    /// Whether a band is a turning point; one that is in charge is where nobody wanted to be before.
    fn is_turning(&self, band: &Band) -> bool {
        match band.kind {
            BandKind::Seeks => true,
            BandKind::Holds => !self
                .bands
                .iter()
                .any(|other| other.kind == BandKind::Seeks && other.to == Some((band.from_step, band.from_us))),
            BandKind::Many => false,
        }
    }
}

/// Gives each band the lowest lane that is free when it begins, both kinds apart; bands must be ordered by
/// their beginnings. What is added at the end moves nothing that is there to another lane.
pub fn assign_lanes(bands: &mut [Band]) {
    for stands in [false, true] {
        // The bands that overlap, and for each lane the step with which its last band ended; none while it lasts.
        let mut cluster: Vec<usize> = Vec::new();
        let mut ends: Vec<Option<u64>> = Vec::new();
        for index in 0..bands.len() {
            if (bands[index].kind == BandKind::Seeks) != stands {
                continue;
            }
            let from_step = bands[index].from_step;
            let is_free = |end: &Option<u64>| end.is_some_and(|end| end <= from_step);
            if ends.iter().all(is_free) {
                (cluster, ends) = (Vec::new(), Vec::new());
            }
            let lane = ends.iter().position(is_free).unwrap_or_else(|| {
                ends.push(None);
                ends.len() - 1
            });
            ends[lane] = bands[index].to.map(|(step, _)| step);
            bands[index].lane = lane as u32;
            cluster.push(index);
            for &member in &cluster {
                bands[member].lanes = ends.len() as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(kind: BandKind, from_step: u64, to_step: Option<u64>) -> Band {
        let to = to_step.map(|step| (step, step * 1_000));
        Band { kind, label: String::new(), hue: None, lane: 9, lanes: 9, from_step, from_us: from_step * 1_000, to }
    }

    fn mark(kind: MarkKind, step: Option<u64>, at_us: u64) -> Mark {
        Mark { kind, short: String::new(), text: String::new(), step, at_us }
    }

    #[test]
    fn bands_that_overlap_are_in_different_lanes() {
        let mut bands = [
            band(BandKind::Seeks, 1, Some(3)),
            band(BandKind::Holds, 3, Some(5)),
            band(BandKind::Holds, 5, None),
            band(BandKind::Seeks, 5, Some(8)),
            band(BandKind::Seeks, 6, Some(7)),
            band(BandKind::Holds, 8, None),
        ];
        assign_lanes(&mut bands);
        let lanes = bands.map(|band| (band.lane, band.lanes));
        assert_eq!(lanes, [(0, 1), (0, 1), (0, 2), (0, 2), (1, 2), (1, 2)]);
    }

    #[test]
    fn jumps_find_the_nearest_on_each_side() {
        let strip = Strip {
            bands: vec![
                band(BandKind::Seeks, 10, Some(14)),
                band(BandKind::Holds, 14, Some(30)),
                // Nobody stood for this one.
                band(BandKind::Holds, 40, None),
            ],
            marks: vec![
                mark(MarkKind::Fault, Some(20), 20_000),
                mark(MarkKind::Violation, Some(35), 35_000),
                mark(MarkKind::Fault, None, 90_000),
            ],
            ..Strip::default()
        };
        let step = |target: Option<Target>| target.map(|target| target.step);
        let at = |step: u64| (step * 1_000, step);
        assert_eq!(step(strip.after(Turning::Role, at(0))), Some(Some(10)));
        assert_eq!(step(strip.after(Turning::Role, at(10))), Some(Some(40)));
        assert_eq!(step(strip.before(Turning::Role, at(10))), None);
        assert_eq!(step(strip.before(Turning::Role, at(50))), Some(Some(40)));
        assert_eq!(step(strip.after(Turning::Fault, at(20))), Some(None));
        assert_eq!(step(strip.before(Turning::Violation, at(40))), Some(Some(35)));
        assert_eq!(step(strip.after(Turning::Any, at(14))), Some(Some(20)));
        assert_eq!(step(strip.before(Turning::Any, at(35))), Some(Some(30)));
        // A plan for this very moment is still ahead.
        assert_eq!(step(strip.after(Turning::Fault, (90_000, 60))), Some(None));
    }
}
