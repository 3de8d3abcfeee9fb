//! Operations of clients as a name and arguments, which is how scripts, links and forms have them.

use std::vec::IntoIter;

use crate::protocol::{Named, NodeId};

/// An argument of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A node.
    Node(NodeId),
    /// Nodes.
    Nodes(Vec<NodeId>),
    /// A number.
    Number(i64),
    /// A key or a text.
    Text(String),
}

/// Arguments in the order of an operation's fields, to be taken one by one.
pub type Args = IntoIter<Arg>;

/// What a client can ask for. It is derived: [`Named::name`] names it, and its fields are its arguments.
pub trait Operation: Named + Sized {
    /// The operation of this name with these arguments; none when there is no such, or they do not fit.
    fn read(name: &str, args: &mut Args) -> Option<Self>;

    /// Its arguments.
    fn args(&self) -> Vec<Arg>;
}

/// What a field of an operation may be.
pub trait Argument: Sized {
    /// Takes it from what comes next.
    fn take(args: &mut Args) -> Option<Self>;

    /// The argument.
    fn arg(&self) -> Arg;
}

impl Argument for NodeId {
    fn take(args: &mut Args) -> Option<Self> {
        args.next().and_then(|arg| if let Arg::Node(node) = arg { Some(node) } else { None })
    }

    fn arg(&self) -> Arg {
        Arg::Node(*self)
    }
}

/// A list, or as many nodes as there are one behind the other.
impl Argument for Vec<NodeId> {
    fn take(args: &mut Args) -> Option<Self> {
        if let [Arg::Nodes(_), ..] = args.as_slice() {
            return args.next().and_then(|arg| if let Arg::Nodes(nodes) = arg { Some(nodes) } else { None });
        }
        let mut nodes = Self::new();
        while let [Arg::Node(node), ..] = *args.as_slice() {
            nodes.push(node);
            args.next();
        }
        Some(nodes)
    }

    fn arg(&self) -> Arg {
        Arg::Nodes(self.clone())
    }
}

impl Argument for String {
    fn take(args: &mut Args) -> Option<Self> {
        args.next().and_then(|arg| if let Arg::Text(text) = arg { Some(text) } else { None })
    }

    fn arg(&self) -> Arg {
        Arg::Text(self.clone())
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Argument for $number {
            fn take(args: &mut Args) -> Option<Self> {
                args.next().and_then(|arg| if let Arg::Number(number) = arg { number.try_into().ok() } else { None })
            }

            fn arg(&self) -> Arg {
                Arg::Number(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}
numbers!(i64, u64, u32);
