//! What clients can ask of nodes. A lab declares its operations with the kinds of their arguments; how they are read and
//! written as data, their examples and the page's form all follow from that.
//!
//! As data an operation is its name, or an object whose one field has its name: `"time-out"`, `{"get": "x"}`,
//! `{"put": ["x", 1]}`.

use serde_json::{Value, json};
use sim::{Arg, Operation};

use crate::error::InputError;
use crate::json::{kind_of, one_line};
use crate::names::Names;

/// Numbers stay exact on their way through JavaScript up to here, in both directions.
pub const NUMBER_MAX: i64 = (1 << 53) - 1;

/// Something a client can ask of a node.
#[derive(Debug)]
pub struct OpInfo {
    /// Stable identifier; the first word of the operation.
    pub id: &'static str,
    /// What a button says.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What it takes.
    pub args: &'static [ArgInfo],
    /// Whom it is asked of.
    pub of: Asked,
}

/// Whom an operation is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Servers only.
    Servers,
    /// Clients, which ask servers in their turn and retry, or servers directly.
    Anybody,
}

/// An argument of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgInfo {
    /// What a field in a form is called.
    pub name: &'static str,
    /// What it may be.
    pub kind: ArgKind,
}

/// What an argument may be, with an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// The name of a node.
    Node(&'static str),
    /// Names of nodes, one or more, at most so many, none twice in a row.
    Nodes(&'static [&'static str], usize),
    /// A whole number; the smallest and the largest.
    Number(i64, (i64, i64)),
    /// A key of 1 to so many bytes.
    Key(&'static str, usize),
    /// A text of 1 to so many characters, none of them a control character.
    Text(&'static str, usize),
}

/// An operation without arguments, asked of servers.
#[must_use]
pub const fn op(id: &'static str, title: &'static str, summary: &'static str) -> OpInfo {
    OpInfo { id, title, summary, args: &[], of: Asked::Servers }
}

/// An argument that is a node.
#[must_use]
pub const fn node(name: &'static str, example: &'static str) -> ArgInfo {
    ArgInfo { name, kind: ArgKind::Node(example) }
}

/// An argument that is a list of nodes, at most so many.
#[must_use]
pub const fn nodes(name: &'static str, example: &'static [&'static str], most: usize) -> ArgInfo {
    ArgInfo { name, kind: ArgKind::Nodes(example, most) }
}

/// An argument that is a key.
#[must_use]
pub const fn key(example: &'static str, bytes_max: usize) -> ArgInfo {
    ArgInfo { name: "Key", kind: ArgKind::Key(example, bytes_max) }
}

/// An argument that is a whole number.
#[must_use]
pub const fn number(name: &'static str, example: i64, limits: (i64, i64)) -> ArgInfo {
    ArgInfo { name, kind: ArgKind::Number(example, limits) }
}

/// An argument that is a text.
#[must_use]
pub const fn text(name: &'static str, example: &'static str, chars_max: usize) -> ArgInfo {
    ArgInfo { name, kind: ArgKind::Text(example, chars_max) }
}

impl OpInfo {
    /// The same operation with arguments.
    #[must_use]
    pub const fn with(self, args: &'static [ArgInfo]) -> Self {
        Self { args, ..self }
    }

    /// The same operation, asked of clients as well.
    #[must_use]
    pub const fn of_anybody(self) -> Self {
        Self { of: Asked::Anybody, ..self }
    }

    /// An example of it, as it stands in a command's `op`.
    #[must_use]
    pub fn example(&self) -> Value {
        let values: Vec<Value> = self.args.iter().map(ArgInfo::example).collect();
        self.written(values)
    }

    /// The example as text.
    #[must_use]
    pub fn form(&self) -> String {
        one_line(&self.example())
    }

    /// The operation with the values of its arguments, as data.
    #[must_use]
    pub fn written(&self, mut values: Vec<Value>) -> Value {
        match (self.args, values.len()) {
            ([], _) => self.id.into(),
            ([_], 1) => json!({self.id: values.remove(0)}),
            _ => json!({self.id: values}),
        }
    }

    /// The complaint about an argument that the operation cannot take.
    fn unlike(&self, argument: &Value) -> InputError {
        if self.args.is_empty() {
            return InputError::new(self.id, "takes nothing: it is written as a text");
        }
        let kinds: Vec<String> = self.args.iter().map(ArgInfo::described).collect();
        let takes = kinds.join(" and ");
        InputError::new(self.id, format!("takes {takes}, as in {}, not {argument}", self.form()))
    }
}

impl ArgInfo {
    fn example(&self) -> Value {
        match self.kind {
            ArgKind::Node(text) | ArgKind::Key(text, _) | ArgKind::Text(text, _) => text.into(),
            ArgKind::Nodes(names, _) => names.into(),
            ArgKind::Number(number, _) => number.into(),
        }
    }

    fn described(&self) -> String {
        match self.kind {
            ArgKind::Node(_) => "the name of a node".into(),
            ArgKind::Nodes(_, most) => format!("a list of 1 to {most} nodes, none twice in a row"),
            ArgKind::Number(_, (min, max)) if (min, max) == (-NUMBER_MAX, NUMBER_MAX) => "a whole number".into(),
            ArgKind::Number(_, (min, max)) => format!("a whole number from {min} to {max}"),
            ArgKind::Key(_, most) => format!("a key of 1 to {most} bytes"),
            ArgKind::Text(_, most) => format!("a text of 1 to {most} characters"),
        }
    }

    /// Reads a value; none for one of another kind, an error for a name that nobody has.
    fn read(&self, value: &Value, names: &Names) -> Result<Option<Arg>, InputError> {
        Ok(match (self.kind, value) {
            (ArgKind::Node(_), Value::String(name)) => Some(Arg::Node(names.find(name)?)),
            (ArgKind::Nodes(_, most), Value::Array(list)) if (1..=most).contains(&list.len()) => {
                let mut nodes = Vec::with_capacity(list.len());
                for item in list {
                    let Value::String(name) = item else { return Ok(None) };
                    nodes.push(names.find(name)?);
                }
                let apart = nodes.windows(2).all(|pair| pair[0] != pair[1]);
                apart.then_some(Arg::Nodes(nodes))
            }
            (ArgKind::Number(_, (min, max)), value) => {
                value.as_i64().filter(|number| (min..=max).contains(number)).map(Arg::Number)
            }
            (ArgKind::Key(_, most), Value::String(key)) if (1..=most).contains(&key.len()) => {
                Some(Arg::Text(key.clone()))
            }
            (ArgKind::Text(_, most), Value::String(text)) => {
                let fits = (1..=most).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
                fits.then(|| Arg::Text(text.trim().to_owned()))
            }
            _ => None,
        })
    }
}

/// Reads one of these operations. The error says which there are.
///
/// # Panics
///
/// When a lab has declared other arguments than its operation has; a test makes every operation of the catalogue from its
/// example.
pub fn read<O: Operation>(value: &Value, names: &Names, known: &[OpInfo]) -> Result<O, InputError> {
    let (id, args) = read_args(value, names, known)?;
    Ok(O::read(id, &mut args.into_iter()).unwrap_or_else(|| panic!("{id} has other arguments")))
}

/// Reads the name and the arguments of one of these operations.
fn read_args(value: &Value, names: &Names, known: &[OpInfo]) -> Result<(&'static str, Vec<Arg>), InputError> {
    let list = || known.iter().map(OpInfo::form).collect::<Vec<_>>().join(", ");
    let (word, argument) = match value {
        Value::String(word) => (word.as_str(), &Value::Null),
        Value::Object(map) => match map.iter().next() {
            Some((word, argument)) if map.len() == 1 => (word.as_str(), argument),
            _ => {
                let example = known.first().map_or_else(String::new, OpInfo::form);
                let problem = format!("has {} fields; an operation has one, such as {example}", map.len());
                return Err(InputError::new("", problem));
            }
        },
        other => {
            let problem = format!("is a text or an object, not {}; there are {}", kind_of(other), list());
            return Err(InputError::new("", problem));
        }
    };
    let info = known
        .iter()
        .find(|op| op.id == word)
        .ok_or_else(|| InputError::new("", format!("there is no operation \"{word}\"; there are {}", list())))?;
    let one = std::slice::from_ref(argument);
    let values: &[Value] = match (info.args, argument) {
        ([], Value::Null) => &[],
        ([_], _) => one,
        (args, Value::Array(values)) if values.len() == args.len() && !args.is_empty() => values,
        _ => return Err(info.unlike(argument)),
    };
    let mut args = Vec::with_capacity(values.len());
    for (arg, value) in info.args.iter().zip(values) {
        let read = arg.read(value, names).map_err(|error| error.within(info.id))?;
        args.push(read.ok_or_else(|| info.unlike(argument))?);
    }
    Ok((info.id, args))
}

/// Writes an operation.
#[must_use]
pub fn write(op: &impl Operation, names: &Names) -> Value {
    write_args(op.name(), op.args(), names)
}

fn write_args(id: &str, args: Vec<Arg>, names: &Names) -> Value {
    let value = |arg: Arg| match arg {
        Arg::Node(node) => names.of(node).into(),
        Arg::Nodes(nodes) => nodes.into_iter().map(|node| Value::from(names.of(node))).collect(),
        Arg::Number(number) => number.into(),
        Arg::Text(text) => text.into(),
    };
    let mut values: Vec<Value> = args.into_iter().map(value).collect();
    match values.len() {
        0 => id.into(),
        1 => json!({id: values.remove(0)}),
        _ => json!({id: values}),
    }
}
