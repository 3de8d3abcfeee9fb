//! Parameters by their keys: how a configuration takes what somebody sets.

use crate::command::ParamKey;

/// A configuration whose fields are parameters. It is derived: see [`macro@crate::Params`].
pub trait Params: Default {
    /// The keys of its parameters.
    const KEYS: &'static [&'static str];

    /// Sets a parameter; false when it has none with this key. A number has the same value at both ends.
    fn set(&mut self, key: ParamKey, value: (u64, u64)) -> bool;
}

/// Nothing that could be set.
impl Params for () {
    const KEYS: &'static [&'static str] = &[];

    fn set(&mut self, _: ParamKey, _: (u64, u64)) -> bool {
        false
    }
}

/// What a parameter may be: a number, a range, a switch, or one of several things, for which it is derived.
pub trait Param {
    /// What is set. Where one number is wanted, it is the lower end.
    fn of(value: (u64, u64)) -> Self;
}

impl Param for u64 {
    fn of((low, _): (Self, Self)) -> Self {
        low
    }
}

impl Param for u32 {
    fn of((low, _): (u64, u64)) -> Self {
        Self::try_from(low).unwrap_or(Self::MAX)
    }
}

impl Param for (u64, u64) {
    fn of(range: Self) -> Self {
        range
    }
}

impl Param for bool {
    fn of((low, _): (u64, u64)) -> Self {
        low > 0
    }
}
