//! Operations as data, and as a lab's own.

use serde_json::Value;
use sim::{Protocol, Stamped};

use crate::error::InputError;
use crate::lab::Lab;
use crate::names::Names;
use crate::ops::{self, OpInfo};
use crate::run::Run;

/// Reads one operation.
pub(crate) fn read_op<L: Lab>(
    value: &Value,
    names: &Names,
    known: &[OpInfo],
) -> Result<<L::Protocol as Protocol>::Op, InputError> {
    ops::read(value, names, known)
}

/// Turns operations as data into the algorithm's own.
pub(crate) fn read_ops<L: Lab>(
    run: &Run,
    names: &Names,
) -> Result<Vec<Stamped<<L::Protocol as Protocol>::Op>>, InputError> {
    run.commands
        .iter()
        .map(|stamped| {
            let Stamped { at_us, after, command } = stamped.clone();
            Ok(Stamped {
                at_us,
                after,
                command: command.try_map_op(|op| read_op::<L>(&op, names, run.entry.info.ops))?,
            })
        })
        .collect()
}

/// Turns an algorithm's operations into data.
pub(crate) fn write_ops<L: Lab>(
    commands: &[Stamped<<L::Protocol as Protocol>::Op>],
    names: &Names,
) -> Vec<Stamped<Value>> {
    let write = |stamped: &Stamped<_>| {
        let Stamped { at_us, after, command } = stamped.clone();
        let command = command.try_map_op(|op| Ok::<_, std::convert::Infallible>(ops::write(&op, names)));
        Stamped { at_us, after, command: command.unwrap_or_else(|never| match never {}) }
    };
    commands.iter().map(write).collect()
}
