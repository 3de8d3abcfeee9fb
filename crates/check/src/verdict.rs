//! Properties, and what a run has to say about them.

use sim::{Observer, Protocol, Record};

/// The three shapes of properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Holds at every step (safety).
    Always,
    /// Comes true within a bound, counted while its premise holds (liveness with a deadline).
    Eventually,
    /// Is seen at least once; shows that a run was not vacuous.
    Sometimes,
}

impl Kind {
    /// The name used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Eventually => "eventually",
            Self::Sometimes => "sometimes",
        }
    }
}

/// How a property stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An `Always` that has not been broken.
    Holds,
    /// An `Always` that was broken, or an `Eventually` whose bound has passed.
    Violated,
    /// An `Eventually` that is not true yet and still has time.
    Pending,
    /// An `Eventually` that is true, or a `Sometimes` that was seen.
    Met,
    /// A `Sometimes` that was not seen.
    Unseen,
}

impl Status {
    /// The name used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Pending => "pending",
            Self::Met => "met",
            Self::Unseen => "unseen",
        }
    }
}

/// What a property is, apart from any run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Stable kebab-case identifier, such as `election-safety`.
    pub id: &'static str,
    /// The literature's name, such as "Election Safety".
    pub name: &'static str,
    /// The property in one short sentence.
    pub claim: &'static str,
    /// Its shape.
    pub kind: Kind,
}

impl Property {
    /// What holds at every step.
    #[must_use]
    pub const fn always(id: &'static str, name: &'static str, claim: &'static str) -> Self {
        Self { id, name, claim, kind: Kind::Always }
    }

    /// What comes true in time.
    #[must_use]
    pub const fn eventually(id: &'static str, name: &'static str, claim: &'static str) -> Self {
        Self { id, name, claim, kind: Kind::Eventually }
    }

    /// What is seen at least once.
    #[must_use]
    pub const fn sometimes(id: &'static str, name: &'static str, claim: &'static str) -> Self {
        Self { id, name, claim, kind: Kind::Sometimes }
    }
}

/// Where in a run something is: a step and its simulated time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At {
    /// The step.
    pub step: u64,
    /// Its time, in µs.
    pub time_us: u64,
}

impl At {
    /// Where a record stands.
    #[must_use]
    pub const fn of<P: Protocol>(record: &Record<P>) -> Self {
        Self { step: record.step, time_us: record.time_us }
    }

    /// Evidence found here.
    #[must_use]
    pub const fn evidence(self, reason: String) -> Evidence {
        Evidence { step: self.step, time_us: self.time_us, reason }
    }

    /// Keeps what is found here, unless something was found before.
    pub fn mark(self, slot: &mut Option<Evidence>, reason: impl FnOnce() -> String) {
        slot.get_or_insert_with(|| self.evidence(reason()));
    }
}

/// Where and why a property was broken, or when it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The step at which it showed.
    pub step: u64,
    /// The time of that step, in µs.
    pub time_us: u64,
    /// Why, as a sentence that names the nodes involved.
    pub reason: String,
}

/// How one property stands in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which property.
    pub property: Property,
    /// How it stands.
    pub status: Status,
    /// The step, time and reason of a violation, or of the first time it was met.
    pub evidence: Option<Evidence>,
    /// What the verdict rests on, for people: "2 terms checked". May be empty.
    pub basis: String,
}

impl Verdict {
    /// The verdict of an `Always` property.
    #[must_use]
    pub fn always(property: Property, violation: Option<&Evidence>, basis: String) -> Self {
        debug_assert_eq!(property.kind, Kind::Always);
        let status = if violation.is_some() { Status::Violated } else { Status::Holds };
        Self { property, status, evidence: violation.cloned(), basis }
    }

    /// The verdict of a `Sometimes` property.
    #[must_use]
    pub fn sometimes(property: Property, seen: Option<&Evidence>, basis: String) -> Self {
        debug_assert_eq!(property.kind, Kind::Sometimes);
        let status = if seen.is_some() { Status::Met } else { Status::Unseen };
        Self { property, status, evidence: seen.cloned(), basis }
    }
}

/// All oracles of one protocol: they watch a run and can be asked for verdicts at any moment.
pub trait Oracle<P: Protocol>: Observer<P> {
    /// The verdicts at time `now_us` (not before the last step that was observed).
    fn verdicts(&self, now_us: u64) -> Vec<Verdict>;

    /// The first violation, if there is one; cheap enough to ask after every step.
    fn violated(&self) -> bool;
}
