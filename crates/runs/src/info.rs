//! A lab as data: what `list` prints and the page offers. It names no algorithm's types.

use view::lens::LensKind;
use view::{PaneInfo, Picture};

use crate::error::InputError;
use crate::ops::OpInfo;
use crate::params::{ParamInfo, Setting};

/// A lab as data: what `list` prints and what the page offers.
#[derive(Clone, Copy, Debug)]
pub struct LabInfo {
    /// Stable kebab-case identifier.
    pub id: &'static str,
    /// Grows when its runs change: protocol, set-up, or draws. Runs say by which revision they were recorded.
    pub revision: u64,
    /// What people call it.
    pub title: &'static str,
    /// What else people call it, kebab-case: second names wherever its identifier is one.
    pub aliases: &'static [&'static str],
    /// The family it belongs to.
    pub family: &'static str,
    /// What there is to see, in one sentence.
    pub summary: &'static str,
    /// What a newcomer is invited to try: a heading and a sentence or two.
    pub invitation: (&'static str, &'static str),
    /// `correct` first, then the classic mistakes.
    pub variants: &'static [VariantInfo],
    /// What can be set.
    pub params: &'static [ParamInfo],
    /// What could be set once: recorded runs still name it, and it changes nothing any more.
    pub retired: &'static [ParamInfo],
    /// What clients can ask of a node.
    pub ops: &'static [OpInfo],
    /// Names of the numbers that a run reports.
    pub metrics: &'static [&'static str],
    /// Simulated seconds per real second at which it is best watched.
    pub speed: f64,
    /// Who can be in charge, in words; none where nobody is.
    pub roles: Option<&'static Roles>,
    /// What its stage shows at first.
    pub picture: Picture,
    /// What its card shows.
    pub showcase: Showcase,
    /// The ways to look at it, in the order in which they are offered.
    pub lenses: &'static [LensKind],
    /// Those that are open at first.
    pub opening_lenses: &'static [LensKind],
}

/// What is said of a lab before its code is there.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Its identifier.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What else people call it.
    pub aliases: &'static [&'static str],
    /// The family it belongs to.
    pub family: &'static str,
    /// What there is to see, in one sentence.
    pub summary: &'static str,
    /// What its classic mistakes are called.
    pub mistakes: &'static [&'static str],
}

impl Card {
    /// Whether the lab goes by this name: its identifier, or another one.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.aliases.contains(&name)
    }
}

/// A lab's words for who is in charge: for the bands of the timeline, for what one can jump to, and for whom one cuts off.
#[derive(Debug, PartialEq, Eq)]
pub struct Roles {
    /// Who is in charge: `leader`. The stage says who that is ([`view::Node::in_charge`]).
    pub holder: &'static str,
    /// What a band says of a node that holds the role: empty, or `in doubt`.
    pub holds: &'static str,
    /// What a band says of a node that wants the role: `stands`.
    pub seeks: &'static str,
    /// What bands are numbered by: `term`.
    pub number: &'static str,
    /// What one jumps to where a band begins: `Election`.
    pub turning: &'static str,
}

/// A short piece of a run that shows what a lab is about, to be repeated.
#[derive(Clone, Copy, Debug)]
pub struct Showcase {
    /// The commands of the run, as JSON; seed 1, `correct`.
    pub commands: &'static str,
    /// Where it begins, in simulated µs.
    pub from_us: u64,
    /// Where it ends, in simulated µs.
    pub until_us: u64,
    /// The moment that stands for all of it where nothing moves, in simulated µs.
    pub still_us: u64,
    /// Simulated seconds per real second.
    pub speed: f64,
}

impl LabInfo {
    /// What a lab fills in as it has something to say.
    pub const BASE: Self = Self {
        id: "",
        revision: 1,
        title: "",
        aliases: &[],
        family: "",
        summary: "",
        invitation: ("", ""),
        variants: &[],
        params: &[],
        retired: &[],
        ops: &[],
        metrics: &[],
        speed: 1.0,
        roles: None,
        picture: Picture::Network,
        showcase: Showcase { commands: "[]", from_us: 0, until_us: 1_000_000, still_us: 0, speed: 1.0 },
        lenses: &[],
        opening_lenses: &[],
    };

    /// What is said of it before its code is there, but for its mistakes.
    #[must_use]
    pub const fn card(&self) -> Card {
        let Self { id, title, aliases, family, summary, .. } = *self;
        Card { id, title, aliases, family, summary, mistakes: &[] }
    }

    /// What its classic mistakes are called: all variants but the first, which is right.
    #[must_use]
    pub const fn mistakes<const COUNT: usize>(&self) -> [&'static str; COUNT] {
        let mut titles = [""; COUNT];
        let mut at = 0;
        while at < COUNT {
            titles[at] = self.variants[at + 1].title;
            at += 1;
        }
        titles
    }

    /// This lab's version of a parameter, which may have another default; as given, when the lab
    /// does not offer it.
    #[must_use]
    pub fn param<'a>(&'a self, param: &'a ParamInfo) -> &'a ParamInfo {
        self.params.iter().find(|known| known.key == param.key).unwrap_or(param)
    }

    /// The panes that it offers.
    pub fn panes(&self) -> impl Iterator<Item = &'static PaneInfo> {
        self.lenses.iter().filter_map(|kind| match kind {
            LensKind::Pane(info) => Some(*info),
            _ => None,
        })
    }

    /// The lens with this identifier: one that it offers, or any that is built in.
    #[must_use]
    pub fn lens(&self, id: &str) -> Option<LensKind> {
        self.lenses.iter().copied().find(|kind| kind.id() == id).or_else(|| LensKind::parse(id))
    }

    /// The variant with this identifier.
    pub fn variant(&'static self, id: &str) -> Result<&'static VariantInfo, InputError> {
        self.variants.iter().find(|variant| variant.id == id).ok_or_else(|| {
            let known: Vec<_> = self.variants.iter().map(|variant| variant.id).collect();
            InputError::new("variant", format!("{} has no variant \"{id}\"; it has {}", self.id, known.join(", ")))
        })
    }
}

/// One version of a lab's algorithm.
#[derive(Debug)]
pub struct VariantInfo {
    /// Stable kebab-case identifier.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The mistake in one sentence.
    pub summary: &'static str,
    /// What kind of version it is.
    pub kind: VariantKind,
    /// Parameters that have other defaults in it.
    pub overrides: &'static [(&'static str, Setting)],
}

impl VariantInfo {
    /// The same, with other defaults of parameters.
    #[must_use]
    pub const fn with(self, overrides: &'static [(&'static str, Setting)]) -> Self {
        Self { overrides, ..self }
    }
}

/// What kind of version a variant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariantKind {
    /// The algorithm as published.
    Correct,
    /// Some oracle catches it.
    Bug,
    /// It is only worse.
    Cost,
}

impl VariantKind {
    /// The name used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Bug => "bug",
            Self::Cost => "cost",
        }
    }
}

/// The lenses of a lab: its own, and behind them those that every lab offers.
#[macro_export]
macro_rules! lenses {
    ($($own:expr),* $(,)?) => {{
        use ::view::lens::LensKind;
        &[$($own,)* LensKind::Checks, LensKind::Inspector, LensKind::SpaceTime, LensKind::Wire, LensKind::Story]
    }};
}
