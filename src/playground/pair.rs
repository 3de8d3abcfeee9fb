//! Two runs side by side, on one clock: the second is the first under another variant or other settings.
//!
//! A run is data, so the second is derived from the first: whenever what somebody did is no longer what it has, it is
//! derived anew and brought to the same moment. Nothing is given to it alone: what is done on its stage goes to the
//! first run, and comes back that way.

use labs::params::ParamInfo;
use labs::{InputError, Run};
use leptos::prelude::*;
use serde_json::Value;
use view::Stage;

use super::clock::STEPS_PER_FRAME;
use super::{Player, Playground, open_session};
use crate::platform::page;
use crate::reactive::StoredValue;
use crate::signals::Signals;

/// In what the second of two runs differs from the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// As it stands in an address.
    pub text: String,
    difference: Difference,
}

#[derive(Clone, Debug, PartialEq)]
enum Difference {
    Variant(&'static str),
    /// Keys and values.
    Set(Vec<(String, String)>),
}

impl Contrast {
    /// Reads `VARIANT`, or `set.KEY:VALUE` and more of them after commas, for a run.
    pub fn read(text: &str, run: &Run) -> Result<Self, InputError> {
        let wrong = |error: InputError| error.within("compare");
        let difference = if text.starts_with("set.") {
            let set = text.split(',').map(|item| {
                let pair = item.strip_prefix("set.").and_then(|item| item.split_once(':'));
                let (key, value) = pair.ok_or_else(|| {
                    InputError::new("compare", format!("is a variant or set.KEY:VALUE[,…], not \"{item}\""))
                })?;
                Ok((key.to_owned(), value.to_owned()))
            });
            Difference::Set(set.collect::<Result<_, InputError>>()?)
        } else {
            Difference::Variant(run.entry.info.variant(text).map_err(wrong)?.id)
        };
        let this = Self { text: text.to_owned(), difference };
        this.of(&Run { end: None, ..run.clone() }).map_err(wrong)?;
        Ok(this)
    }

    /// The second run to a first one.
    fn of(&self, first: &Run) -> Result<Run, InputError> {
        let mut data = first.to_json();
        match &self.difference {
            Difference::Variant(id) => data["variant"] = (*id).into(),
            Difference::Set(set) => {
                let (params, mut settings) = (first.entry.info.params, first.settings.clone());
                for (key, value) in set {
                    settings.set(params, key, value)?;
                }
                data["set"] = settings.to_json(params);
            }
        }
        // What was done has to make sense there as well: there may be fewer nodes.
        Run::from_json(labs::catalogue(), &data)
    }

    /// What sets one of the two runs apart from the other, in words.
    pub fn words(&self, run: &Run) -> String {
        let Difference::Set(set) = &self.difference else { return run.variant.title.to_owned() };
        let one = |param: &ParamInfo| {
            let value = match param.to_json(run.settings.get(run.variant, param)) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            format!("{} {value} {}", param.title, param.unit).trim_end().to_owned()
        };
        let params = run.entry.info.params.iter().filter(|param| set.iter().any(|(key, _)| key == param.key));
        params.map(one).collect::<Vec<_>>().join(", ")
    }
}

/// What a run is in a pair.
#[derive(Clone)]
pub(super) enum Role {
    /// It stands by itself.
    Alone,
    /// The run that is acted on, and the one beside it.
    First(Playground),
    /// The run beside another one.
    Second {
        first: Playground,
        contrast: Contrast,
        /// The first run when it was last derived, without its end.
        original: Value,
    },
}

impl Playground {
    /// Opens the run beside this one; it lives as long as what is around the call.
    pub fn open_beside(self, contrast: Contrast) -> Result<Self, InputError> {
        let original = Run { end: None, ..self.read(|session| session.run()) };
        let run = contrast.of(&original)?;
        let role = Role::Second { first: self, contrast, original: original.to_json() };
        let signals = Signals::new();
        let second = Self {
            player: StoredValue::new(Player::new(&run, role)),
            signals,
            stage: signals.signal(Stage::default()),
            time_us: signals.signal(0),
            explored_us: signals.signal(0),
            marks: signals.signal(Vec::new()),
            verdicts: signals.signal(Vec::new()),
            caption: signals.signal(None),
            log: signals.signal(Vec::new()),
            announcement: signals.signal(String::new()),
            variant: signals.signal(run.variant),
            retellings: signals.signal(0),
            revision: signals.signal(0),
            // The rest is the same for both: whether it plays, what is picked, what the stage is a picture of.
            ..self
        };
        self.player.update_value(|player| player.role = Role::First(second));
        on_cleanup(move || self.player.update_value(|player| player.role = Role::Alone));
        second.follow();
        Ok(second)
    }

    /// The run beside this one, if there is one.
    pub(super) fn second(self) -> Option<Self> {
        self.player.with_value(|player| if let Role::First(second) = player.role { Some(second) } else { None })
    }

    /// The run that is acted on: of two the first, otherwise this one.
    pub(super) fn acting(self) -> Self {
        self.player.with_value(|player| if let Role::Second { first, .. } = player.role { first } else { self })
    }

    /// Whether it stands beside another run.
    pub fn is_second(self) -> bool {
        self.player.with_value(|player| matches!(player.role, Role::Second { .. }))
    }

    /// Comes to where the first run is, by what was done there.
    pub(super) fn follow(self) {
        let Role::Second { first, contrast, original } = self.player.with_value(|player| player.role.clone()) else {
            return;
        };
        // Another run is opened, and this one goes.
        if first.contrast.with_untracked(|now| now.as_ref() != Some(&contrast)) {
            return;
        }
        let now = Run { end: None, ..first.read(|session| session.run()) };
        let data = now.to_json();
        if data != original {
            let run = match contrast.of(&now) {
                Ok(run) => run,
                Err(error) => {
                    first.contrast.set(None);
                    return self.report(error.within("compare").to_string());
                }
            };
            self.player.update_value(|player| {
                player.session = open_session(&run);
                player.role = Role::Second { first, contrast, original: data };
                player.logged_step = 0;
            });
            self.log.set(Vec::new());
            self.caption.set(None);
            self.variant.set(run.variant);
        }
        let (time_us, shown_us) = (first.read(|session| session.time_us()), first.shown_us());
        self.with_session(|session| session.seek(time_us));
        self.player.update_value(|player| player.shown_us = shown_us);
        self.show(page::now_ms(), true);
    }

    /// Simulates on towards a moment that the clock wants to show; returns the one that it got to.
    pub(super) fn go_along(self, until_us: f64) -> f64 {
        let got_there = self.with_session(|session| session.advance(until_us as u64, STEPS_PER_FRAME));
        if got_there { until_us } else { self.read(|session| session.time_us()) as f64 }
    }

    /// Shows the moment that the first run shows.
    pub(super) fn show_along(self, shown_us: f64, now_ms: f64) {
        self.player.update_value(|player| player.shown_us = shown_us);
        self.show(now_ms, false);
    }
}
