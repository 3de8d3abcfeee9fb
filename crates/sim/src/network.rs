//! Links and the messages on them.
//!
//! Each direction of a link is a link of its own. Messages may overtake each other: latency is
//! drawn per message, and some are late on top of that where the link says so. Where a link has a
//! bandwidth, messages leave the sender one after the other. A cut drops what is on the wire and
//! everything sent until it is healed; a hold freezes messages where they are and lets them go on
//! when it ends.
//!
//! Distance may count: then a message needs a time for each unit that the machines stand apart, and
//! what its link's latency varies by on top. A link whose latency a command has set keeps that.
//! Likewise the way towards one machine may be longer than all others, which makes round trips uneven.
//!
//! Left out: a limit to the queue before a link; what is sent faster than it carries waits longer
//! and longer.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::protocol::NodeId;
use crate::random::Source;

/// Names a message for as long as the run exists: the n-th message of a directed link, counted
/// from 1, and for duplicates which copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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

impl MessageId {
    /// Names no message: messages are counted from 1.
    pub const NONE: Self = Self { from: NodeId(0), to: NodeId(0), number: 0, copy: 0 };

    /// Stands, in a fault plan, for one that is in flight when the command applies, drawn with the
    /// key `draw`. A sweep replaces it by the one that it has picked; for a world it names none.
    #[must_use]
    pub const fn any(draw: u32) -> Self {
        Self { copy: draw | 1, ..Self::NONE }
    }

    /// Whether it stands for any message; see [`MessageId::any`].
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.number == 0 && self.copy != 0
    }

    /// Hashes the name in one word, together with what it is part of. Names differ in it as long as
    /// a link carries fewer than 2³⁶ messages; steps are hashed one after the other anyway.
    #[inline]
    pub(crate) fn hash_in<H: Hasher>(self, what: u64, state: &mut H) {
        let ends = (u64::from(self.from.0) << 46) ^ (u64::from(self.to.0) << 36);
        let copy = u64::from(self.copy).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state.write_u64((what << 56) ^ ends ^ self.number ^ copy);
    }
}

impl Hash for MessageId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash_in(0, state);
    }
}

/// How a directed link treats messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LinkProfile {
    /// One-way latency, uniform in this inclusive range, in µs.
    pub latency_us: (u64, u64),
    /// Lost messages, in parts per million.
    pub loss_ppm: u32,
    /// Messages that arrive twice, in parts per million.
    pub duplicate_ppm: u32,
    /// Messages that are late, so that others overtake them, in parts per million: they need up to
    /// the longest latency more, and at least 1 µs.
    pub reorder_ppm: u32,
    /// What the link carries, in bits per second; 0 is without limit. Messages of
    /// [`Protocol::size_bytes`](crate::Protocol::size_bytes) leave one after the other, in the order in which they were sent.
    pub bandwidth_bps: u64,
    /// What a message needs for each whole unit between the ends, in µs; 0 where distance does not
    /// count. Where it does, of the latency only what it varies by counts: distance × this + (drawn
    /// latency − lowest latency).
    pub distance_us: u32,
    /// What each message towards one machine needs on top, in µs: the ways there and back differ by it.
    pub towards: Option<(NodeId, u32)>,
}

/// A change of a [`LinkProfile`]; `None` leaves a property as it is. A change without any property
/// takes the link back to how the cluster's links are by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LinkChange {
    /// See [`LinkProfile::latency_us`].
    pub latency_us: Option<(u64, u64)>,
    /// See [`LinkProfile::loss_ppm`].
    pub loss_ppm: Option<u32>,
    /// See [`LinkProfile::duplicate_ppm`].
    pub duplicate_ppm: Option<u32>,
    /// See [`LinkProfile::reorder_ppm`].
    pub reorder_ppm: Option<u32>,
    /// See [`LinkProfile::bandwidth_bps`].
    pub bandwidth_bps: Option<u64>,
}

impl LinkChange {
    /// Whether it takes the link back to the default.
    #[must_use]
    pub fn resets(&self) -> bool {
        *self == Self::default()
    }

    /// The profile after the change.
    #[must_use]
    pub fn applied_to(&self, profile: LinkProfile) -> LinkProfile {
        LinkProfile {
            latency_us: self.latency_us.unwrap_or(profile.latency_us),
            loss_ppm: self.loss_ppm.unwrap_or(profile.loss_ppm),
            duplicate_ppm: self.duplicate_ppm.unwrap_or(profile.duplicate_ppm),
            reorder_ppm: self.reorder_ppm.unwrap_or(profile.reorder_ppm),
            bandwidth_bps: self.bandwidth_bps.unwrap_or(profile.bandwidth_bps),
            // Who gives a link a latency means it.
            distance_us: if self.latency_us.is_some() { 0 } else { profile.distance_us },
            towards: if self.latency_us.is_some() { None } else { profile.towards },
        }
    }
}

/// The end of a list of slots.
pub(crate) const NO_SLOT: u32 = u32::MAX;

/// One direction of a link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) up: bool,
    pub(crate) held: bool,
    /// Its own profile, where a command has given it one; otherwise it has the cluster's.
    pub(crate) profile: Option<Box<LinkProfile>>,
    /// Whether a command has given it a latency: then neither distance nor uneven ways count on it.
    pub(crate) own_latency: bool,
    pub(crate) sent: u64,
    /// When what has been sent will have left the sender, in µs; matters with a bandwidth.
    pub(crate) busy_until_us: u64,
    /// The messages on it are a list through the slots of the world.
    pub(crate) first: u32,
    pub(crate) source: Source,
}

/// What follows from the state is left out: the list of messages and the source of draws.
impl Hash for Link {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let flags = u64::from(self.up) | u64::from(self.held) << 1 | u64::from(self.own_latency) << 2;
        state.write_u64(flags | self.sent << 3);
        state.write_u64(self.busy_until_us);
        if let Some(profile) = &self.profile {
            profile.hash(state);
        }
    }
}

/// A message on its way, without what it says.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Which message this is.
    pub id: MessageId,
    /// The step that sent it.
    pub cause: u64,
    /// When it left, in µs.
    pub sent_us: u64,
    /// The time it needs in all, queueing included, in µs.
    pub latency_us: u64,
    /// When it arrives, in µs. While it is held, when it would have arrived.
    pub due_us: u64,
    pub(crate) held_by_link: bool,
    pub(crate) held_by_hand: bool,
    /// What was left of the way when it was stopped, in µs.
    pub(crate) remaining_us: u64,
    /// The queue entry that stands for it; 0 while it is held, so that entries from before are
    /// void.
    pub(crate) sequence: u64,
    /// Its neighbours on the link.
    pub(crate) before: u32,
    pub(crate) behind: u32,
}

impl Flight {
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

/// A message on its way, with what it says.
#[derive(Debug)]
pub struct InFlight<'a, M> {
    flight: &'a Flight,
    /// What it says.
    pub msg: &'a M,
}

impl<'a, M> InFlight<'a, M> {
    pub(crate) const fn new(flight: &'a Flight, msg: &'a M) -> Self {
        Self { flight, msg }
    }
}

impl<M> Clone for InFlight<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for InFlight<'_, M> {}

impl<M> std::ops::Deref for InFlight<'_, M> {
    type Target = Flight;

    fn deref(&self) -> &Flight {
        self.flight
    }
}

/// Why a message never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossReason {
    /// The link was cut when it was sent or while it was on the way, or one of its ends has been
    /// taken away.
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
