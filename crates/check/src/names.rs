//! What people call the nodes. A lab says it once, and whoever tells of nodes goes by it: reasons of verdicts,
//! scripts, narration.

use std::cell::OnceCell;
use std::rc::Rc;

use sim::NodeId;
use sim::world::NODES_MAX;

/// Names of all machines that can ever be in a world: those that a run starts with, and behind them the ones that may
/// be added, which go on counting: n6, n7 and so on. A clone costs nothing.
#[derive(Clone, Debug)]
pub struct Names(Rc<Known>);

#[derive(Debug)]
struct Known {
    first: Box<[String]>,
    /// Made once somebody asks for one: most runs add nobody, and a sweep makes names for each of thousands of runs.
    later: OnceCell<Box<[String]>>,
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.0.first == other.0.first
    }
}

impl Eq for Names {}

impl Names {
    /// These names for the machines that a run starts with, in order.
    #[must_use]
    pub fn new(first: impl IntoIterator<Item = String>) -> Self {
        Self(Rc::new(Known { first: first.into_iter().collect(), later: OnceCell::new() }))
    }

    /// The names of the machines that may be added.
    fn later(&self) -> &[String] {
        self.0.later.get_or_init(|| {
            let number = |name: &String| name.strip_prefix('n').and_then(|number| number.parse::<u32>().ok());
            let last = self.0.first.iter().filter_map(number).max().unwrap_or(0);
            (1..=NODES_MAX.saturating_sub(self.0.first.len() as u32)).map(|next| format!("n{}", last + next)).collect()
        })
    }

    /// Servers called n1 to nN.
    #[must_use]
    pub fn servers(count: u32) -> Self {
        Self::servers_and_clients(count, 0)
    }

    /// Servers called n1 to nN, and behind them clients called c1 to cM.
    #[must_use]
    pub fn servers_and_clients(servers: u32, clients: u32) -> Self {
        let servers = (1..=servers).map(|number| format!("n{number}"));
        Self::new(servers.chain((1..=clients).map(|number| format!("c{number}"))))
    }

    /// The same, and behind those that a run starts with one more.
    #[must_use]
    pub fn and(self, name: &str) -> Self {
        Self::new(self.first().map(str::to_owned).chain([name.to_owned()]))
    }

    /// The name of a node.
    #[must_use]
    pub fn of(&self, node: NodeId) -> &str {
        let name = match node.index().checked_sub(self.0.first.len()) {
            None => self.0.first.get(node.index()),
            Some(later) => self.later().get(later),
        };
        name.map_or("a machine that is not there", |name| name)
    }

    /// Nodes in words: "n1, n2 and n3".
    #[must_use]
    pub fn list<'a>(&self, nodes: impl IntoIterator<Item = &'a NodeId>) -> String {
        let names: Vec<&str> = nodes.into_iter().map(|&node| self.of(node)).collect();
        match names.as_slice() {
            [] => "nobody".to_owned(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        }
    }

    /// The node with this name, whether or not it has been added yet.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let place = |names: &[String]| names.iter().position(|known| known == name);
        let later = || Some(self.0.first.len() + place(self.later())?);
        place(&self.0.first).or_else(later).map(|index| NodeId(index as u32))
    }

    /// The names of the machines that a run starts with.
    pub fn first(&self) -> impl Iterator<Item = &str> {
        self.0.first.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_that_can_be_has_one_name() {
        let names = Names::servers_and_clients(2, 2).and("a1");
        assert_eq!(names.first().collect::<Vec<_>>(), ["n1", "n2", "c1", "c2", "a1"]);
        assert_eq!([0, 3, 4, 5].map(|node| names.of(NodeId(node))), ["n1", "c2", "a1", "n3"]);
        assert!((0..NODES_MAX).all(|node| names.find(names.of(NodeId(node))) == Some(NodeId(node))));
        assert_eq!(names.find("c9"), None);
        assert_eq!(names.of(NodeId(NODES_MAX)), "a machine that is not there");
    }

    #[test]
    fn lists_read_as_people_write_them() {
        let names = Names::servers(3);
        let list = |count: u32| names.list(&(0..count).map(NodeId).collect::<Vec<_>>());
        assert_eq!([0, 1, 2, 3].map(list), ["nobody", "n1", "n1 and n2", "n1, n2 and n3"]);
    }
}
