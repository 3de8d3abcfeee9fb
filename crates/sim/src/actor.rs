//! Protocols whose nodes are of several kinds: each has handlers of its own, and [`actors!`](crate::actors) hands events on.

use crate::disk::Disk;
use crate::protocol::{Fx, NodeId, Protocol, RequestId};

/// What nodes of one kind, such as clients or a coordinator, keep in memory, and what they do. A protocol is an enum of its
/// kinds, says at boot which node is what, and has [`actors!`](crate::actors) do the rest:
///
/// ```text
/// #[derive(Clone, Debug, Hash, Variants)]                       // node.coordinator(), if it is one
/// enum Node {
///     Coordinator(Coordinator),                                 // impl Actor<Node> for Coordinator
///     Participant(Box<Participant>),                            // impl Actor<Node> for Participant
/// }
///
/// impl Protocol for Node {
///     type Config = Config;
///     …
///     fn boot(disk: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
///         if fx.me() == COORDINATOR {
///             Self::Coordinator(Actor::boot(disk, fx))
///         } else {
///             Self::Participant(Actor::boot(disk, fx))
///         }
///     }
///
///     sim::actors!(Coordinator, Participant);
/// }
/// ```
pub trait Actor<P: Protocol>: Sized {
    /// As [`Protocol::boot`].
    fn boot(disk: &Disk<P>, fx: &mut Fx<'_, P>) -> Self;
    /// As [`Protocol::on_message`].
    fn on_message(&mut self, from: NodeId, msg: P::Msg, fx: &mut Fx<'_, P>);
    /// As [`Protocol::on_timer`]; nothing, unless it waits for something.
    fn on_timer(&mut self, timer: P::Timer, fx: &mut Fx<'_, P>) {
        let _ = (timer, fx);
    }
    /// As [`Protocol::on_request`].
    fn on_request(&mut self, id: RequestId, op: P::Op, fx: &mut Fx<'_, P>);
}

/// So that a kind with a large state does not make all nodes large.
impl<P: Protocol, R: Actor<P>> Actor<P> for Box<R> {
    fn boot(disk: &Disk<P>, fx: &mut Fx<'_, P>) -> Self {
        Self::new(R::boot(disk, fx))
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, msg: P::Msg, fx: &mut Fx<'_, P>) {
        R::on_message(self, from, msg, fx);
    }

    #[inline]
    fn on_timer(&mut self, timer: P::Timer, fx: &mut Fx<'_, P>) {
        R::on_timer(self, timer, fx);
    }

    #[inline]
    fn on_request(&mut self, id: RequestId, op: P::Op, fx: &mut Fx<'_, P>) {
        R::on_request(self, id, op, fx);
    }
}

/// The handlers of a [`Protocol`](crate::Protocol) that is an enum of these variants: each event goes to the
/// [`Actor`](crate::Actor) that the node is.
#[macro_export]
macro_rules! actors {
    ($($kind:ident),+ $(,)?) => {
        #[inline]
        fn on_message(&mut self, from: $crate::NodeId, msg: Self::Msg, fx: &mut $crate::Fx<'_, Self>) {
            match self {
                $(Self::$kind(actor) => $crate::Actor::on_message(actor, from, msg, fx),)+
            }
        }

        #[inline]
        fn on_timer(&mut self, timer: Self::Timer, fx: &mut $crate::Fx<'_, Self>) {
            match self {
                $(Self::$kind(actor) => $crate::Actor::on_timer(actor, timer, fx),)+
            }
        }

        #[inline]
        fn on_request(&mut self, id: $crate::RequestId, op: Self::Op, fx: &mut $crate::Fx<'_, Self>) {
            match self {
                $(Self::$kind(actor) => $crate::Actor::on_request(actor, id, op, fx),)+
            }
        }
    };
}
