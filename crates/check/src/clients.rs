//! Clients' operations as an oracle follows them: from what nodes say about themselves to a history that is judged.
//!
//! A protocol names its operations in its own way (client, session and number; a transaction), and says when one is
//! asked for and answered. [`ClientHistory`] keeps which are open, gives up those whose client has crashed, and
//! judges each answer by a [`Model`]:
//!
//! ```
//! use check::clients::{ClientHistory, LINEARIZABILITY};
//! use check::models::{Map, MapOp, MapRet};
//! use check::{At, Board, Names};
//! use sim::NodeId;
//! # extern crate netsplit_check as check;
//!
//! let (at, client) = (At { step: 1, time_us: 10 }, NodeId(3));
//! let mut board = Board::new(&[LINEARIZABILITY], Names::servers_and_clients(3, 1));
//! let mut clients = ClientHistory::<Map, u64>::default();
//! clients.invoke(at, client, 1, MapOp::Get { key: "x".into() });
//! if let Some(witness) = clients.answer(at, 1, MapRet::Value(Some(7))) {
//!     board.violate(&LINEARIZABILITY, at, |_| witness.reason.clone());
//! }
//! assert!(board.violated());
//! assert_eq!(clients.basis(), "1 of 1 operations answered");
//! ```

use sim::{Command, Event, Map, NodeId, Protocol, Record};

use crate::linearizability::{Incremental, Judgement, Limits, Model, Witness};
use crate::operations::{History, OpId};
use crate::verdict::{At, Property};

/// Each operation takes effect at one instant between question and answer (Herlihy and Wing, "Linearizability: a
/// correctness condition for concurrent objects", TOPLAS 1990).
pub const LINEARIZABILITY: Property =
    Property::always("linearizability", "Linearizability", "Clients see one up-to-date copy");

/// What an answer may cost, in states. Beyond it a key is not judged any more, and [`ClientHistory::basis`] says so.
pub const LIMITS: Limits = Limits { states_max: 2_000, configurations_max: 128, search_states_max: 50_000 };

/// The operations of clients, named by `T` in the protocol, and the judgement so far.
#[derive(Clone, Debug)]
pub struct ClientHistory<M: Model, T> {
    check: Incremental<M>,
    /// Operations that are open, and what the history calls them.
    open: Map<T, OpId>,
    newest: Option<OpId>,
    asked: u64,
    answered: u64,
}

impl<M: Model, T> Default for ClientHistory<M, T> {
    fn default() -> Self {
        let check = Incremental::new(LIMITS);
        Self { check, open: Map::new(), newest: None, asked: 0, answered: 0 }
    }
}

impl<M: Model, T: Ord + Copy> ClientHistory<M, T> {
    /// How many operations were answered, and how many were asked for.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.answered, self.asked)
    }

    /// What was asked and told.
    #[must_use]
    pub const fn history(&self) -> &History<M::Op, M::Ret> {
        self.check.history()
    }

    /// Why no order of the operations explains all answers; none while there is one.
    #[must_use]
    pub fn witness(&self) -> Option<&Witness> {
        self.check.violation().map(|(_, witness)| witness)
    }

    /// What the verdict rests on.
    #[must_use]
    pub fn basis(&self) -> String {
        let (answered, asked) = (self.answered, self.asked);
        match self.check.judgement() {
            Judgement::Unknown { .. } => format!("{answered} of {asked} answers; some keys were too much to check"),
            _ => format!("{answered} of {asked} operations answered"),
        }
    }

    /// An operation is asked for: by a client, or of a server that has no other client.
    pub fn invoke(&mut self, at: At, node: NodeId, name: T, op: M::Op) {
        if self.check.history().is_full() {
            return;
        }
        let at_us = at.time_us;
        let ordinal = match self.newest {
            Some(newest) if newest.at_us == at_us => newest.ordinal + 1,
            _ => 0,
        };
        let id = OpId { at_us, node, ordinal };
        self.newest = Some(id);
        self.open.insert(name, id);
        self.asked += 1;
        self.check.invoke(id, at, op);
    }

    /// An operation is answered. Returns why that cannot be, if this very answer shows it. A mistake may answer twice;
    /// what counts is the first answer.
    pub fn answer(&mut self, at: At, name: T, ret: M::Ret) -> Option<&Witness> {
        let id = self.open.remove(&name)?;
        self.answered += 1;
        let shows = self.check.answer(id, at, ret);
        self.witness().filter(|_| shows)
    }

    /// No answer to an operation will come. It may have happened, and may happen yet.
    pub fn give_up(&mut self, at: At, name: T) {
        if let Some(id) = self.open.remove(&name) {
            self.check.give_up(id, at);
        }
    }

    /// Gives up what a node that crashes or is taken away had asked for.
    pub fn observe<P: Protocol>(&mut self, record: &Record<P>) {
        if let Event::Command(Command::Crash(node) | Command::RemoveNode(node)) = record.event {
            let gone = self.open.extract_if(.., |_, id| id.node == node);
            gone.for_each(|(_, id)| self.check.give_up(id, At::of(record)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Register, RegisterOp, RegisterRet};
    use crate::operations::End;

    const fn at(step: u64) -> At {
        At { step, time_us: 10 }
    }

    #[test]
    fn operations_of_one_moment_are_told_apart_and_a_second_answer_is_ignored() {
        let mut clients = ClientHistory::<Register, &str>::default();
        clients.invoke(at(1), NodeId(0), "one", RegisterOp::Write(1));
        clients.invoke(at(1), NodeId(0), "two", RegisterOp::Read);
        assert!(clients.answer(at(2), "two", RegisterRet::Value(Some(1))).is_none());
        assert!(clients.answer(at(3), "two", RegisterRet::Value(Some(9))).is_none());
        clients.give_up(at(4), "one");
        assert_eq!((clients.counts(), clients.history().len()), ((1, 2), 2));
        assert!(matches!(clients.history().get(0).unwrap().end, End::GivenUp { .. }));
    }

    #[test]
    fn an_answer_that_cannot_be_is_shown_once() {
        let mut clients = ClientHistory::<Register, u32>::default();
        clients.invoke(at(1), NodeId(0), 1, RegisterOp::Read);
        clients.invoke(at(1), NodeId(1), 2, RegisterOp::Read);
        assert!(clients.answer(at(2), 1, RegisterRet::Value(Some(5))).is_some());
        assert!(clients.answer(at(3), 2, RegisterRet::Value(Some(6))).is_none());
        assert!(clients.witness().is_some());
    }
}
