//! Operations as data, and as a lab's own.

use serde_json::Value;
use sim::{Protocol, Stamped};

use super::records;
use crate::error::InputError;
use crate::lab::Lab;
use crate::names::Names;
use crate::ops::{self, OpInfo};

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
    commands: &[Stamped<Value>],
    names: &Names,
    known: &[OpInfo],
) -> Result<Vec<Stamped<<L::Protocol as Protocol>::Op>>, InputError> {
    let mut read = Vec::with_capacity(commands.len());
    for Stamped { at_us, after, command } in commands.iter().cloned() {
        let command = command.try_map_op(|op| read_op::<L>(&op, names, known))?;
        read.push(Stamped { at_us, after, command });
    }
    Ok(read)
}

/// Turns an algorithm's operations into data.
pub(crate) fn write_ops<L: Lab>(
    commands: &[Stamped<<L::Protocol as Protocol>::Op>],
    names: &Names,
) -> Vec<Stamped<Value>> {
    let write = |Stamped { at_us, after, command }: &Stamped<_>| Stamped {
        at_us: *at_us,
        after: *after,
        command: records::write_command::<L>(command, names),
    };
    commands.iter().map(write).collect()
}
