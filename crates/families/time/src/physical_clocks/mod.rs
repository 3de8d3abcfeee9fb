//! A time server and its clients, whose clocks drift: Cristian, Berkeley, NTP and a two-step protocol like PTP.
//!
//! Papers: those of [`crate::physical_clocks`], which has the formulae, the filter and the slewed clock. Here they run: n1
//! is the time server (Berkeley's coordinator, PTP's master), all others are its clients. A node has a *bare* clock,
//! which is its machine's wall clock, and shows a *software* clock, which is the bare one and what has been added to it.
//! Measurements compare bare clocks, so that slewing does not get in between; what has been added to the other one is
//! sent beside.
//!
//! A correction is slewed, so that the software clock never goes back. RFC 5905 (§11.3) slews below 128 ms and steps
//! beyond, either way, once that has lasted. Here only steps forward are taken, at once; backwards everything is slewed,
//! as Cristian and Gusella and Zatti ask for. Kernels slew by 500 in a million; a lab that shows it in seconds has to
//! be faster, and says so.
//!
//! A server that is asked for the time needs a while for its answer. NTP and Berkeley read its clock before and after
//! that, so that it does not count; Cristian has one reading, made when the answer is ready, and is wrong by half of it.
//!
//! What a message waits for in the sender's operating system is part of its way as software stamps have it: they are taken
//! before. Stamps of a network card, as with PTP, are taken when it leaves; the follow-up exists to bring that one along.
//!
//! Nothing is on disk: what a node had added to its clock is gone after a crash, and is measured anew.
//!
//! What it survives: crashes, pauses, cuts, partitions, loss, duplicates, any delay, clocks that are set or drift. That a
//! measurement is within half of its delay always holds; that the error gets small is promised while ways are even.
//!
//! Left out: several servers, the discipline of frequency, Cristian's retries until an answer is quick enough, PTP's
//! choice of a master, its peer delays and the corrections that its switches add.

mod lab;
mod oracle;
mod panes;
mod samples;
#[cfg(test)]
mod tests;
mod words;

pub use lab::ENTRY;
use sim::clock::Clock;
use sim::{Disk, Flags, Fx, LinkProfile, Named, NodeId, Operation, Param, ParamKey, Params, Protocol, RequestId};

use algorithms::physical_clocks::{Filter, Measured, Slewed, berkeley, cristian, ntp, ptp};

pub use oracle::{
    CONFIDENTLY_WRONG, CONVERGES, NEVER_BACK, PhysicalOracle, SOME_STEP, TRUTH_IN_BAND, WITHIN_HALF, error_limit_us,
    reference_us,
};
pub use samples::{CHARTED_MAX, Point, Sample};

/// What clocks show when a run begins, so that none has to show less than nothing.
pub const WALL_AT_START_US: u64 = 100_000_000;

/// The time server.
pub const SERVER: NodeId = NodeId(0);

/// A clock that is behind by as much is set forward at once (RFC 5905's step threshold), in µs.
pub const STEP_US: i64 = 128_000;

/// How long a node waits for an answer before it asks again, in µs.
pub const TIMEOUT_US: u64 = 1_000_000;

/// How fast clocks drift at most, as everybody assumes who knows no better, in parts per million (RFC 5905's PHI).
pub const PHI_PPM: u64 = 15;

/// How many messages may wait in an operating system, and questions for their answers; more are dropped.
const OUTBOX_MAX: usize = 64;

/// What the draws of a node are for.
const DRAW_PHASE: u32 = 1;
const DRAW_NONCE: u32 = 2;
const DRAW_WAIT: u32 = 3;

/// How clocks are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Param)]
pub enum Scheme {
    /// A client asks, and takes half of the round trip for the way back.
    Cristian,
    /// A coordinator asks everybody and tells each how far from the average it is.
    Berkeley,
    /// Four readings, and of eight measurements the quickest.
    #[default]
    Ntp,
    /// Sync, follow-up, delay request and delay response, stamped by the network card.
    Ptp,
}

impl Scheme {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Cristian, Self::Berkeley, Self::Ntp, Self::Ptp];

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cristian => "Cristian",
            Self::Berkeley => "Berkeley",
            Self::Ntp => "NTP",
            Self::Ptp => "PTP-like",
        }
    }
}

/// What all nodes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub struct Config {
    /// How clocks are set.
    #[param]
    pub scheme: Scheme,
    /// How far clients' clocks are off from the start, at most, in µs.
    #[param("skew-ms")]
    pub skew_us: u64,
    /// How fast clients' clocks drift from the start, at most, in parts per million.
    #[param]
    pub drift_ppm: u64,
    /// How often somebody asks, in µs.
    #[param("poll-ms")]
    pub poll_us: u64,
    /// How long a message waits in its sender's operating system, at most, in µs.
    #[param]
    pub wait_us: u64,
    /// How long whoever is asked for the time needs for the answer, in µs.
    #[param]
    pub serve_us: u64,
    /// Cristian: a message takes at least this, as everybody assumes, in µs.
    #[param("latency-ms")]
    pub way_min_us: u64,
    /// Berkeley: clocks of which no two differ by more than this are averaged (γ of Gusella and Zatti), in µs.
    #[param("gamma-ms")]
    pub gamma_us: u64,
    /// By how much a slewed clock runs faster or slower, in parts per million.
    #[param]
    pub slew_ppm: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

/// What messages to the time server need on top: a parameter of the links.
const SET_TOWARDS_MS: ParamKey = ParamKey::of("towards-ms");

/// Classic mistakes. All off is what the papers say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub struct Bugs {
    /// The server’s reading is taken as it is, as if it had taken no time to arrive.
    #[title("ignores the delay")]
    pub ignores_delay: bool,
    /// A clock is set at once, also back, instead of being slewed.
    #[title("steps backwards")]
    pub steps_backwards: bool,
}

/// A bare clock at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// What it has counted, which never jumps, in µs.
    pub counter_us: u64,
    /// What is added to that, which changes only when somebody sets the clock, in µs.
    pub base_us: i64,
}

impl Bare {
    /// What it shows, in µs.
    #[must_use]
    pub const fn shown_us(self) -> u64 {
        self.counter_us.saturating_add_signed(self.base_us)
    }
}

impl Config {
    /// How far a node's clock is off from the start, in µs, and how fast it drifts, in parts per million: n2 is ahead and
    /// fast, n3 behind and slow by as much, and so on with less and less. The server's clock is right.
    #[must_use]
    pub fn lie(&self, node: NodeId) -> (i64, i64) {
        let Some(client) = node.0.checked_sub(1) else { return (0, 0) };
        let part = |most: u64| {
            let magnitude = i64::try_from(most / (1 + u64::from(client) / 2)).unwrap_or(i64::MAX);
            if client.is_multiple_of(2) { magnitude } else { -magnitude }
        };
        (part(self.skew_us), part(self.drift_ppm))
    }

    /// The bare clock of a node whose machine's clocks show this.
    #[must_use]
    pub fn bare(&self, node: NodeId, monotonic_us: u64, wall_us: u64) -> Bare {
        let (offset_us, drift_ppm) = self.lie(node);
        let counter_us = i128::from(monotonic_us) * i128::from(1_000_000 + drift_ppm) / 1_000_000;
        let set_us = i128::from(wall_us) - i128::from(monotonic_us);
        Bare {
            counter_us: u64::try_from(counter_us).unwrap_or(u64::MAX),
            base_us: (WALL_AT_START_US as i64)
                .saturating_add(offset_us)
                .saturating_add(i64::try_from(set_us).unwrap_or(0)),
        }
    }

    /// The bare clock of a node whose machine has this clock, at the true time `now_us`.
    #[must_use]
    pub fn bare_at(&self, node: NodeId, clock: &Clock, now_us: u64) -> Bare {
        self.bare(node, clock.monotonic_us(now_us), clock.wall_us(now_us))
    }

    /// How fast clocks drift, as nodes assume, in parts per million.
    #[must_use]
    pub const fn phi_ppm(&self) -> u64 {
        if self.drift_ppm > PHI_PPM { self.drift_ppm } else { PHI_PPM }
    }
}

/// What nodes send to each other. Times are readings of bare clocks in µs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Msg {
    /// What time is it?
    #[named("time-request")]
    Ask {
        /// Names the question; the answer has it too.
        nonce: u64,
    },
    /// An answer.
    #[named("time-reply")]
    Answer {
        /// The question's.
        nonce: u64,
        /// When the question arrived.
        received_us: u64,
        /// When the answer was written.
        sent_us: u64,
        /// What is added to this clock.
        added: Added,
    },
    /// Berkeley: what to add to the clock in all, in µs.
    Adjust {
        /// Of the question whose answer this is about.
        nonce: u64,
        /// What to add in all.
        total_us: i64,
        /// The delay of that question and answer, in µs.
        delay_us: u64,
        /// How far the coordinator still is from where it is heading, in µs.
        slack_us: u64,
    },
    /// PTP: its arrival is what counts.
    Sync {
        /// Names it; the follow-up has it too.
        nonce: u64,
    },
    /// PTP: when the sync really left.
    FollowUp {
        /// The sync's.
        nonce: u64,
        /// When that left.
        left_us: u64,
        /// What is added to this clock.
        added: Added,
    },
    /// PTP: how long is the way back?
    DelayRequest {
        /// Names the question; the answer has it too.
        nonce: u64,
    },
    /// PTP: an answer to that.
    DelayResponse {
        /// The question's.
        nonce: u64,
        /// When the question arrived.
        arrived_us: u64,
    },
}

/// What a node adds to its bare clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Added {
    /// Where it is heading, in µs.
    pub target_us: i64,
    /// How far it still is from there, in µs.
    pub left_us: i64,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    /// Time to ask.
    Poll,
    /// An answer is ready.
    Serve(u64),
    /// A message leaves the operating system.
    Leave(u64),
}

/// What can be asked of a node from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Op {
    /// To ask for the time now.
    Poll,
}

/// The answer to an [`Op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// It asks.
    Asked,
    /// In this scheme others ask.
    OthersAsk,
}

/// Never written: nodes keep nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named)]
pub enum Cell {}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    /// It has compared its bare clock with another one's.
    Measured {
        /// Whose.
        peer: NodeId,
        /// What came out.
        measured: Measured,
        /// How long that took by its own clock, in µs.
        elapsed_us: u64,
        /// PTP: by which sync. It left before anything that this node knows of.
        sync: Option<u64>,
        /// How far its software clock is behind by this measurement alone, in µs.
        behind_us: i64,
        /// Whether this is the one that counts.
        counts: bool,
    },
    /// Its clock runs faster or slower until so much is added, in µs.
    Slewing(i64),
    /// It has set its clock by so much at once, in µs.
    Stepped(i64),
    /// Nobody has answered.
    Unanswered(NodeId),
    /// Somebody has set its machine's clock, by so much in µs: what it had measured means nothing any more.
    ClockSet(i64),
}

/// What a node believes about its software clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// How far it is ahead of the server's, in µs.
    pub error_us: i64,
    /// By how much that may be wrong, in µs.
    pub bound_us: u64,
}

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    peer: NodeId,
    nonce: u64,
    /// What the bare clock showed, and had counted.
    asked_us: u64,
    counter_us: u64,
}

/// A question that an answer is being made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Serving {
    number: u64,
    to: NodeId,
    nonce: u64,
    received_us: u64,
}

/// A question that a coordinator has an answer to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Answered {
    peer: NodeId,
    nonce: u64,
    measured: Measured,
    target_us: i64,
}

/// A sync and its follow-up, as far as they have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Syncing {
    /// Of the newest sync: its name, when it arrived, what had been counted.
    sync: Option<(u64, u64, u64)>,
    /// Of the newest follow-up: its name, when the sync left, what is added there.
    follow: Option<(u64, u64, Added)>,
    /// The delay request that is under way.
    request: Option<DelayRequest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct DelayRequest {
    nonce: u64,
    sync: u64,
    sync_left_us: u64,
    sync_arrived_us: u64,
    /// What had been counted when the sync arrived.
    counter_us: u64,
    /// When it left, once it has.
    left_us: Option<u64>,
    added: Added,
}

/// When a measurement began: what had been counted, and the sync that it is about.
#[derive(Clone, Copy, Debug)]
struct Since {
    counter_us: u64,
    sync: Option<u64>,
}

/// The measurement that a clock is set by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counting {
    /// Its delay, in µs.
    pub delay_us: u64,
    /// By how much it may be wrong, in µs.
    pub error_max_us: u64,
    /// What had been counted when it was made, in µs.
    pub counter_us: u64,
    /// How far the other clock was from where it was heading, in µs.
    pub slack_us: u64,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    me: NodeId,
    /// What was added to the counter when it last looked.
    base_us: i64,
    clock: Slewed,
    filter: Filter,
    counting: Option<Counting>,
    pending: Vec<Pending>,
    /// Berkeley: whose answers the coordinator has, while a round lasts.
    round: Option<Vec<Answered>>,
    /// Berkeley: the newest question that a client has answered, and what it had counted then.
    answered: Option<(u64, u64)>,
    syncing: Syncing,
    serving: Vec<Serving>,
    outbox: Vec<(u64, NodeId, Msg)>,
    /// Numbers what is being answered and what is on its way out.
    posted: u64,
    /// How often nobody answered.
    unanswered: u64,
}

impl Node {
    /// What it adds to its bare clock, and how far it is from there.
    #[must_use]
    pub fn added(&self, bare: Bare) -> Added {
        let (added_us, left_us) = self.clock.added_and_left(bare.counter_us);
        Added { target_us: added_us.saturating_add(left_us), left_us }
    }

    /// What its software clock shows, in µs.
    #[must_use]
    pub fn shown_us(&self, bare: Bare) -> u64 {
        let Added { target_us, left_us } = self.added(bare);
        bare.shown_us().saturating_add_signed(target_us.saturating_sub(left_us))
    }

    /// What it believes about its software clock; nothing before it has measured anything.
    #[must_use]
    pub fn claim(&self, bare: Bare, phi_ppm: u64) -> Option<Claim> {
        let Counting { error_max_us, counter_us, slack_us, delay_us: _ } = self.counting?;
        let age_us = bare.counter_us.saturating_sub(counter_us);
        // A clock that is slow by that much has counted too little.
        let (age_us, phi_ppm) = (u128::from(age_us), u128::from(phi_ppm.min(900_000)));
        let drifted_us = u64::try_from(age_us * phi_ppm / (1_000_000 - phi_ppm)).unwrap_or(u64::MAX);
        Some(Claim {
            error_us: -self.added(bare).left_us,
            bound_us: error_max_us.saturating_add(drifted_us).saturating_add(slack_us),
        })
    }

    /// The measurement that its clock is set by.
    #[must_use]
    pub const fn counting(&self) -> Option<Counting> {
        self.counting
    }

    /// How often nobody has answered.
    #[must_use]
    pub const fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Whether it waits for an answer.
    #[must_use]
    pub const fn waits(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Looks at its bare clock. Whoever finds that somebody has set it forgets what he has measured.
    fn look(&mut self, fx: &mut Fx<'_, Self>) -> Bare {
        let bare = fx.config().bare(self.me, fx.monotonic_us(), fx.wall_us());
        if bare.base_us != self.base_us {
            fx.note(Note::ClockSet(bare.base_us.saturating_sub(self.base_us)));
            self.base_us = bare.base_us;
            // It stops where it is, because it does not know any more where to go.
            self.clock.correct(bare.counter_us, 0);
            self.filter.clear();
            (self.counting, self.round, self.answered) = (None, None, None);
            self.pending.clear();
            self.serving.clear();
            self.syncing = Syncing::default();
        }
        bare
    }

    /// Sends a message by way of the operating system, where it may wait.
    fn post(&mut self, to: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        let wait_us = match fx.config().wait_us {
            0 => 0,
            most_us => fx.draw(DRAW_WAIT, 0, most_us),
        };
        if wait_us == 0 {
            self.leave(to, msg, fx);
        } else if self.outbox.len() < OUTBOX_MAX {
            self.posted += 1;
            self.outbox.push((self.posted, to, msg));
            fx.set_timer(Timer::Leave(self.posted), wait_us);
        }
    }

    /// A message leaves; the network card knows when.
    fn leave(&mut self, to: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        let bare = self.look(fx);
        let follow_up = match &msg {
            Msg::Sync { nonce } => {
                Some(Msg::FollowUp { nonce: *nonce, left_us: bare.shown_us(), added: self.added(bare) })
            }
            Msg::DelayRequest { nonce } => {
                if let Some(request) = self.syncing.request.as_mut().filter(|request| request.nonce == *nonce) {
                    request.left_us = Some(bare.shown_us());
                }
                None
            }
            _ => None,
        };
        fx.send(to, msg);
        if let Some(msg) = follow_up {
            self.post(to, msg, fx);
        }
    }

    /// Somebody asks for the time, and has his answer when it is ready.
    fn serve(&mut self, to: NodeId, nonce: u64, bare: Bare, fx: &mut Fx<'_, Self>) {
        let serve_us = fx.config().serve_us;
        let received_us = bare.shown_us();
        self.posted += 1;
        let serving = Serving { number: self.posted, to, nonce, received_us };
        if serve_us == 0 {
            self.answer(serving, bare, fx);
        } else if self.serving.len() < OUTBOX_MAX {
            self.serving.push(serving);
            fx.set_timer(Timer::Serve(self.posted), serve_us);
        }
    }

    fn answer(&mut self, Serving { to, nonce, received_us, .. }: Serving, bare: Bare, fx: &mut Fx<'_, Self>) {
        let msg = Msg::Answer { nonce, received_us, sent_us: bare.shown_us(), added: self.added(bare) };
        self.post(to, msg, fx);
    }

    fn nonce(fx: &mut Fx<'_, Self>) -> u64 {
        fx.draw(DRAW_NONCE, 1, u64::from(u32::MAX))
    }

    fn ask(&mut self, peer: NodeId, bare: Bare, fx: &mut Fx<'_, Self>) {
        let nonce = Self::nonce(fx);
        self.pending.push(Pending { peer, nonce, asked_us: bare.shown_us(), counter_us: bare.counter_us });
        self.post(peer, Msg::Ask { nonce }, fx);
    }

    /// Whoever waits for an answer asks again when that has been too long.
    fn gives_up(&mut self, bare: Bare, now: bool, fx: &mut Fx<'_, Self>) -> bool {
        let since_us = self.pending.iter().map(|pending| pending.counter_us).min();
        if !now && since_us.is_some_and(|since_us| bare.counter_us.saturating_sub(since_us) < TIMEOUT_US) {
            return false;
        }
        for pending in std::mem::take(&mut self.pending) {
            self.unanswered += 1;
            fx.note(Note::Unanswered(pending.peer));
        }
        true
    }

    /// Asks, if in this scheme it is this node that asks. `now`: whatever it is waiting for.
    fn poll(&mut self, now: bool, fx: &mut Fx<'_, Self>) -> bool {
        let bare = self.look(fx);
        match (fx.config().scheme, self.me == SERVER) {
            (Scheme::Cristian | Scheme::Ntp, false) => {
                if self.gives_up(bare, now, fx) {
                    self.ask(SERVER, bare, fx);
                }
                true
            }
            (Scheme::Berkeley, true) => {
                if self.gives_up(bare, now, fx) {
                    self.conclude(bare, fx);
                    self.round = Some(Vec::new());
                    for peer in fx.peers() {
                        self.ask(peer, bare, fx);
                    }
                }
                true
            }
            (Scheme::Ptp, true) => {
                for peer in fx.peers() {
                    let nonce = Self::nonce(fx);
                    self.post(peer, Msg::Sync { nonce }, fx);
                }
                true
            }
            (Scheme::Cristian | Scheme::Ntp, true) | (Scheme::Berkeley | Scheme::Ptp, false) => false,
        }
    }

    /// Adds so much to the bare clock, in all, from now on or in time.
    fn correct(&mut self, bare: Bare, total_us: i64, fx: &mut Fx<'_, Self>) {
        let config = fx.config();
        let (added_us, _) = self.clock.added_and_left(bare.counter_us);
        let left_us = total_us.saturating_sub(added_us);
        if left_us >= STEP_US || config.bugs.steps_backwards && left_us != 0 {
            self.clock.step(bare.counter_us, left_us);
            fx.note(Note::Stepped(left_us));
        } else {
            self.clock.correct_by(bare.counter_us, left_us, config.slew_ppm);
            fx.note(Note::Slewing(left_us));
        }
    }

    /// A client has measured the server's clock, which has so much added to it.
    fn follow(&mut self, bare: Bare, measured: Measured, since: Since, added: Added, fx: &mut Fx<'_, Self>) {
        let Since { counter_us, sync } = since;
        let total = Measured { offset_us: measured.offset_us.saturating_add(added.target_us), ..measured };
        let (chosen, chosen_us) = match fx.config().scheme {
            Scheme::Ntp => self.filter.add_at(total, counter_us),
            Scheme::Cristian | Scheme::Berkeley | Scheme::Ptp => (total, counter_us),
        };
        // A measurement is used once, and none that is older than one that has been used (RFC 5905 §10).
        let counts = self.counting.is_none_or(|counting| counting.counter_us < chosen_us);
        let (added_us, _) = self.clock.added_and_left(bare.counter_us);
        fx.note(Note::Measured {
            peer: SERVER,
            measured,
            elapsed_us: bare.counter_us.saturating_sub(counter_us),
            sync,
            behind_us: total.offset_us.saturating_sub(added_us),
            counts: counts && chosen_us == counter_us,
        });
        if counts {
            let slack_us = added.left_us.unsigned_abs();
            self.counting = Some(Counting {
                delay_us: chosen.delay_us,
                error_max_us: chosen.error_max_us(),
                counter_us: chosen_us,
                slack_us,
            });
            self.correct(bare, chosen.offset_us, fx);
        }
    }

    /// The end of a round of Berkeley's: everybody who has answered is told.
    fn conclude(&mut self, bare: Bare, fx: &mut Fx<'_, Self>) {
        let Some(answers) = self.round.take().filter(|answers| !answers.is_empty()) else { return };
        let target_us = self.added(bare).target_us;
        let ahead =
            |answer: &Answered| answer.measured.offset_us.saturating_add(answer.target_us).saturating_sub(target_us);
        let offsets_us: Vec<i64> = answers.iter().map(ahead).collect();
        let add_us = berkeley(&offsets_us, fx.config().gamma_us);
        self.correct(bare, target_us.saturating_add(add_us[0]), fx);
        let slack_us = self.added(bare).left_us.unsigned_abs();
        for (answer, add_us) in answers.into_iter().zip(&add_us[1..]) {
            let Answered { peer, nonce, measured, target_us } = answer;
            let total_us = target_us.saturating_add(*add_us);
            self.post(peer, Msg::Adjust { nonce, total_us, delay_us: measured.delay_us, slack_us }, fx);
        }
    }

    fn answered(
        &mut self,
        from: NodeId,
        nonce: u64,
        (received_us, sent_us): (u64, u64),
        added: Added,
        fx: &mut Fx<'_, Self>,
    ) {
        let bare = self.look(fx);
        let is_it = |pending: &Pending| pending.peer == from && pending.nonce == nonce;
        // What nobody waits for is a copy, or comes too late.
        let Some(place) = self.pending.iter().position(is_it) else { return };
        let Pending { asked_us, counter_us, .. } = self.pending.remove(place);
        let now_us = bare.shown_us();
        let config = fx.config();
        let measured = match config.scheme {
            Scheme::Cristian => cristian(asked_us, sent_us, now_us, config.way_min_us),
            Scheme::Berkeley | Scheme::Ntp | Scheme::Ptp => ntp(asked_us, received_us, sent_us, now_us),
        };
        let measured = judged(measured, sent_us, now_us, config);
        let Some(answers) = self.round.as_mut() else {
            self.follow(bare, measured, Since { counter_us, sync: None }, added, fx);
            return;
        };
        answers.push(Answered { peer: from, nonce, measured, target_us: added.target_us });
        let own_us = self.added(bare).target_us;
        fx.note(Note::Measured {
            peer: from,
            measured,
            elapsed_us: bare.counter_us.saturating_sub(counter_us),
            sync: None,
            behind_us: measured.offset_us.saturating_add(added.target_us).saturating_sub(own_us),
            counts: true,
        });
        if self.pending.is_empty() {
            self.conclude(bare, fx);
        }
    }

    /// Once both have come, whichever is first, the way back is measured.
    fn synced(&mut self, fx: &mut Fx<'_, Self>) {
        let Syncing { sync: Some((sync, arrived_us, counter_us)), follow: Some((follow, left_us, added)), .. } =
            self.syncing
        else {
            return;
        };
        if sync != follow {
            return;
        }
        let nonce = Self::nonce(fx);
        self.syncing = Syncing {
            request: Some(DelayRequest {
                nonce,
                sync,
                sync_left_us: left_us,
                sync_arrived_us: arrived_us,
                counter_us,
                left_us: None,
                added,
            }),
            ..Syncing::default()
        };
        self.post(SERVER, Msg::DelayRequest { nonce }, fx);
    }
}

/// What a node makes of a measurement, after which the other clock's reading was `theirs_us` when its own was `mine_us`.
fn judged(measured: Measured, theirs_us: u64, mine_us: u64, config: &Config) -> Measured {
    if config.bugs.ignores_delay {
        // What the other clock showed when it was read is taken for what it shows now.
        let offset_us = i64::try_from(i128::from(theirs_us) - i128::from(mine_us)).unwrap_or(0);
        return Measured { offset_us, ..measured };
    }
    measured
}

impl Protocol for Node {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = ();
    type Note = Note;

    fn boot(_: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        let config = fx.config();
        let me = fx.me();
        let phase_us = fx.draw(DRAW_PHASE, 1, config.poll_us.max(1));
        fx.set_timer(Timer::Poll, phase_us);
        Self {
            me,
            base_us: config.bare(me, fx.monotonic_us(), fx.wall_us()).base_us,
            clock: Slewed::default(),
            filter: Filter::default(),
            counting: None,
            pending: Vec::new(),
            round: None,
            answered: None,
            syncing: Syncing::default(),
            serving: Vec::new(),
            outbox: Vec::new(),
            posted: 0,
            unanswered: 0,
        }
    }

    fn set(config: &mut Config, link: &mut LinkProfile, key: ParamKey, value: (u64, u64)) {
        if key == SET_TOWARDS_MS {
            link.towards = towards(value.0 * 1_000);
        } else {
            config.set(key, value);
        }
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        let bare = self.look(fx);
        match msg {
            Msg::Ask { nonce } => {
                if from == SERVER {
                    self.answered = Some((nonce, bare.counter_us));
                }
                self.serve(from, nonce, bare, fx);
            }
            Msg::Answer { nonce, received_us, sent_us, added } => {
                self.answered(from, nonce, (received_us, sent_us), added, fx);
            }
            Msg::Adjust { nonce, total_us, delay_us, slack_us } => {
                if let Some((_, counter_us)) = self.answered.take_if(|(answered, _)| *answered == nonce) {
                    let error_max_us = delay_us.div_ceil(2);
                    self.counting = Some(Counting { delay_us, error_max_us, counter_us, slack_us });
                    self.correct(bare, total_us, fx);
                }
            }
            Msg::Sync { nonce } => {
                self.syncing.sync = Some((nonce, bare.shown_us(), bare.counter_us));
                self.synced(fx);
            }
            Msg::FollowUp { nonce, left_us, added } => {
                self.syncing.follow = Some((nonce, left_us, added));
                self.synced(fx);
            }
            Msg::DelayRequest { nonce } => {
                self.post(from, Msg::DelayResponse { nonce, arrived_us: bare.shown_us() }, fx);
            }
            Msg::DelayResponse { nonce, arrived_us } => {
                let is_it = |request: &mut DelayRequest| request.nonce == nonce && request.left_us.is_some();
                let Some(request) = self.syncing.request.take_if(is_it) else { return };
                let DelayRequest { sync, sync_left_us, sync_arrived_us, counter_us, left_us, added, .. } = request;
                let left_us = left_us.unwrap_or(0);
                let measured = ptp(sync_left_us, sync_arrived_us, left_us, arrived_us);
                let measured = judged(measured, sync_left_us, sync_arrived_us, fx.config());
                self.follow(bare, measured, Since { counter_us, sync: Some(sync) }, added, fx);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Self>) {
        match timer {
            Timer::Poll => {
                fx.set_timer(Timer::Poll, fx.config().poll_us.max(1));
                self.poll(false, fx);
            }
            Timer::Serve(number) => {
                let bare = self.look(fx);
                if let Some(place) = self.serving.iter().position(|serving| serving.number == number) {
                    let serving = self.serving.remove(place);
                    self.answer(serving, bare, fx);
                }
            }
            Timer::Leave(number) => {
                if let Some(place) = self.outbox.iter().position(|(posted, ..)| *posted == number) {
                    let (_, to, msg) = self.outbox.remove(place);
                    self.leave(to, msg, fx);
                }
            }
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Self>) {
        let ret = match op {
            Op::Poll if self.poll(true, fx) => Ret::Asked,
            Op::Poll => Ret::OthersAsk,
        };
        fx.reply(id, ret);
    }
}

/// The uneven way, for a [`LinkProfile`]: messages to the server need so much more, in µs.
#[must_use]
pub fn towards(more_us: u64) -> Option<(NodeId, u32)> {
    (more_us > 0).then(|| (SERVER, u32::try_from(more_us).unwrap_or(u32::MAX)))
}
