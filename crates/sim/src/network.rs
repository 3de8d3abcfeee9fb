//! Links and the messages on them.
//!
//! Each direction of a link is a link of its own. Messages may overtake each other: latency is
//! drawn per message. A cut drops what is on the wire and everything sent until it is healed; a
//! hold freezes messages where they are and lets them go on when it ends.

use std::fmt;

use crate::protocol::{NodeId, Protocol};

/// Names a message for as long as the run exists: the n-th message of a directed link, counted
/// from 1, and for duplicates which copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageId {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// Counts messages on this directed link, from 1.
    pub number: u64,
    /// 0 for the message itself, 1 and up for copies.
    pub copy: u32,
}

/// How a directed link treats messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkProfile {
    /// One-way latency, uniform in this inclusive range, in µs.
    pub latency_us: (u64, u64),
    /// Lost messages, in parts per million.
    pub loss_ppm: u32,
    /// Messages that arrive twice, in parts per million.
    pub duplicate_ppm: u32,
}

/// One direction of a link.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Link {
    pub(crate) up: bool,
    pub(crate) held: bool,
    pub(crate) profile: LinkProfile,
    pub(crate) sent: u64,
}

/// A message on its way.
#[derive(Clone, Debug, Hash)]
pub struct Flight<P: Protocol> {
    /// Which message this is.
    pub id: MessageId,
    /// What it says.
    pub msg: P::Msg,
    /// The step that sent it.
    pub cause: u64,
    /// When it left, in µs.
    pub sent_us: u64,
    /// The time it needs in all, in µs.
    pub latency_us: u64,
    /// When it arrives, in µs. While it is held, when it would have arrived.
    pub due_us: u64,
    pub(crate) held_by_link: bool,
    pub(crate) held_by_hand: bool,
    /// What was left of the way when it was stopped, in µs.
    pub(crate) remaining_us: u64,
    /// Grows whenever the message is rescheduled, so that queue entries from before are void.
    pub(crate) generation: u32,
}

impl<P: Protocol> Flight<P> {
    /// Whether it is stopped where it is.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.held_by_link || self.held_by_hand
    }

    /// How much of its way lies behind it at `now_us`, in parts per million.
    #[must_use]
    pub fn progress_ppm(&self, now_us: u64) -> u32 {
        let remaining = if self.held() { self.remaining_us } else { self.due_us.saturating_sub(now_us) };
        let done = self.latency_us.saturating_sub(remaining);
        (u128::from(done) * 1_000_000 / u128::from(self.latency_us.max(1))).min(1_000_000) as u32
    }
}

/// Why a message never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossReason {
    /// The link was cut when it was sent or while it was on the way.
    Cut,
    /// The link lost it at random.
    Random,
    /// The receiver was down when it arrived.
    ReceiverDown,
    /// Somebody dropped it by hand.
    Dropped,
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "the link is cut",
            Self::Random => "the network lost it",
            Self::ReceiverDown => "the receiver is down",
            Self::Dropped => "it was dropped by hand",
        })
    }
}
