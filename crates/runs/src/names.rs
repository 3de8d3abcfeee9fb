//! What people call the nodes.

use sim::NodeId;

use crate::error::InputError;

/// What people call the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// Servers called n1 to nN.
    #[must_use]
    pub fn servers(count: u32) -> Self {
        Self((1..=count).map(|number| format!("n{number}")).collect())
    }

    /// Servers called n1 to nN, and behind them clients called c1 to cM.
    #[must_use]
    pub fn servers_and_clients(servers: u32, clients: u32) -> Self {
        let clients = (1..=clients).map(|number| format!("c{number}"));
        Self(Self::servers(servers).0.into_iter().chain(clients).collect())
    }

    /// The same, and behind them one more.
    #[must_use]
    pub fn and(mut self, name: &str) -> Self {
        self.0.push(name.to_owned());
        self
    }

    /// The same, and names for `count` machines that are added later: nK goes on counting.
    #[must_use]
    pub fn with_added(&self, count: u32) -> Self {
        let number = |name: &String| name.strip_prefix('n').and_then(|number| number.parse::<u32>().ok());
        let last = self.0.iter().filter_map(number).max().unwrap_or(0);
        let added = (1..=count).map(|next| format!("n{}", last + next));
        Self(self.0.iter().cloned().chain(added).collect())
    }

    /// The names of the first `count` nodes.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self(self.0[..count].to_vec())
    }

    /// The name of a node.
    #[must_use]
    pub fn of(&self, node: NodeId) -> &str {
        &self.0[node.index()]
    }

    /// The node with this name.
    pub fn find(&self, name: &str) -> Result<NodeId, InputError> {
        match (0u32..).zip(&self.0).find(|(_, known)| *known == name) {
            Some((index, _)) => Ok(NodeId(index)),
            None => Err(InputError::new("", format!("there is no node \"{name}\"; there are {}", self.0.join(", ")))),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
