//! The nodes of a run, and what people call them.

use std::ops::Deref;

use sim::NodeId;

use crate::error::InputError;

/// What people call the nodes that a run has by now: of [`check::Names`], which go on for ever, so many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    all: check::Names,
    len: usize,
}

impl From<check::Names> for Names {
    /// The nodes that a run starts with.
    fn from(all: check::Names) -> Self {
        Self { len: all.first().count(), all }
    }
}

impl Deref for Names {
    type Target = check::Names;

    fn deref(&self) -> &check::Names {
        &self.all
    }
}

impl Names {
    /// The same, and `count` machines that are added later.
    #[must_use]
    pub fn with_added(&self, count: u32) -> Self {
        self.first(self.len + count as usize)
    }

    /// The first `count` nodes.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self { all: self.all.clone(), len: count }
    }

    /// The node with this name.
    pub fn find(&self, name: &str) -> Result<NodeId, InputError> {
        self.all.find(name).filter(|node| node.index() < self.len).ok_or_else(|| {
            let known: Vec<&str> = (0..self.len as u32).map(|index| self.of(NodeId(index))).collect();
            InputError::new("", format!("there is no node \"{name}\"; there are {}", known.join(", ")))
        })
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no nodes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}
