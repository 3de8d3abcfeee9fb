//! Processes that post to each other's feeds and keep replicated registers, every event stamped by a vector clock.
//!
//! Papers: Colin Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 1988, and Friedemann
//! Mattern, "Virtual Time and Global States of Distributed Systems", 1989, for the vectors; Kenneth Birman, André
//! Schiper, Pat Stephenson, "Lightweight Causal and Atomic Group Multicast", TOCS 9(3), 1991, for causal delivery; Nuno
//! Preguiça et al., "Dotted Version Vectors", 2010, for registers. That nothing with fewer than N entries can
//! characterize happened-before among N processes is due to Bernadette Charron-Bost, "Concerning the Size of Logical
//! Clocks in Distributed Systems", IPL 39(1), 1991.
//!
//! A step in which a process does something is one event of its clocks, whatever it does in it: a receipt that passes
//! something on merges, ticks once, and what it sends carries that clock. There are two vectors that must not be mixed
//! up. The *event vector* counts events and says what happened before what; a receipt counts in it also when the post
//! has to wait. What a post *depends on* is a vector that counts posts, and it grows when a post is shown: that one
//! decides what waits. A register has a third one, of its writes: to have heard of a process is not to have seen what it
//! wrote.
//!
//! A process writes to its own replica having seen what is there. It may also be a client of another one: it reads a
//! register there, keeps the values' context, and writes there or elsewhere with that context later, however old it
//! has become.
//!
//! What is broadcast is sent once to each and may get lost. Every so often a process asks another one, in turn, for what
//! it has missed, and so does whoever starts again. So what any running process shows is in time shown by all.
//!
//! What it survives: crashes, pauses, cuts, partitions, loss, duplicates, any delay, any wall clock. A crash takes a
//! process's memory with it; what boots there later is another process with a name of its own, as in
//! [`crate::clocks`], and fetches what the others have. What nobody else had heard of is gone.
//!
//! Left out: acknowledgements, groups whose members change, stability (when nobody needs a post any more; each author's
//! newest [`POSTS_KEPT`] are kept), deletion, and names for a client's writes: one that the network copies is written
//! twice.

mod feed;
mod lab;
mod oracle;
mod register;

pub use lab::ENTRY;
use std::rc::Rc;

use sim::{Disk, Flags, Fx, Map, Named, NodeId, Operation, Params, Protocol, RequestId, Shared};

use crate::clocks::{EventId, NAMES, STRIDE, Stamp, WALL_AT_START_US};
use algorithms::clocks::{HybridClock, LamportClock, Order, VectorClock};

pub use feed::{Arrival, Feed, POSTS_KEPT, Shown, WAITING_MAX};
pub use oracle::{
    CAUGHT_UP, CAUSAL_DELIVERY, CONCURRENT_WRITES, CONVERGENCE, FeedOracle, NO_FALSE_SIBLING, NO_LOST_WRITE,
    POST_WAITED, VECTOR_CHARACTERIZES,
};
pub use register::{Register, Rule, Taken, Version};

/// Longest text of a post and name of a register, in characters.
pub const TEXT_CHARS_MAX: usize = 24;
/// Largest value of a register.
pub const VALUE_MAX: u64 = 999_999_999;
/// Most processes that a message is passed along.
pub const PATH_MAX: usize = 8;
/// A process that knows of so many registers makes no new ones.
pub const REGISTERS_MAX: usize = 16;
/// A process that has so many values of a register which a client has not seen takes no other one from it.
pub const SIBLINGS_MAX: usize = 8;

/// Whose entry it is where one counter stands for all processes.
pub const EVERYBODY: NodeId = NodeId(STRIDE - 1);

/// What processes post, write and answer of their own accord.
const TEXTS: [&str; 6] = ["photo", "news", "hello", "lunch?", "rain", "a song"];
const ANSWERS: [&str; 4] = ["nice", "yes", "why?", "thanks"];
const KEYS: [&str; 2] = ["account", "plan"];

/// What the draws of a process are for.
const DRAW_PAUSE: u32 = 1;
const DRAW_DEED: u32 = 2;
const DRAW_WORD: u32 = 3;
const DRAW_PEER: u32 = 4;
const DRAW_NAME: u32 = 5;
const DRAW_ASK: u32 = 6;

/// What all processes know from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Params)]
pub struct Config {
    /// Whether a post waits for what it depends on.
    #[param]
    pub causal_delivery: bool,
    /// How far wall clocks are off from the start, at most, in µs.
    #[param("skew-ms")]
    pub skew_us: u64,
    /// A vector drops the entry of a process that one has heard nothing new of for so many events; 0 for never.
    #[param]
    pub prune_after: u64,
    /// Each process does something about this often of its own accord, in µs; 0 for never.
    #[param("act-every-ms")]
    pub act_us: u64,
    /// Each process asks another one for what it has missed about this often, in µs; 0 for never.
    #[param("ask-every-ms")]
    pub ask_us: u64,
    /// The mistakes to make.
    pub bugs: Bugs,
}

impl Config {
    /// How far the wall clock of a machine is off from the start: n1 is ahead, n2 behind by as much, and so on with
    /// less and less.
    #[must_use]
    pub const fn offset_us(&self, node: NodeId) -> i64 {
        let magnitude = (self.skew_us / (1 + node.0 as u64 / 2)) as i64;
        if node.0.is_multiple_of(2) { magnitude } else { -magnitude }
    }
}

/// Classic mistakes. All off is what the papers say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Flags)]
pub struct Bugs {
    /// Posts are shown as they arrive: a reply may come before what it answers.
    #[title("causal in name only")]
    pub no_causal_delivery: bool,
    /// Of two values the one with the later wall clock stays. An acknowledged write disappears.
    #[title("last writer wins")]
    pub last_writer_wins: bool,
    /// An entry for each process, and writes have no dots: of two clients that write at one process with the same
    /// context, the second swallows the first.
    #[named("version-vectors-without-dots")]
    #[title("version vectors without dots")]
    pub no_dots: bool,
    /// A client’s write is taken as if the client had seen nothing: what it replaces stays beside it, and siblings pile
    /// up.
    #[title("ignores contexts")]
    pub ignores_contexts: bool,
    /// Vectors forget who has been silent for four events: “before” turns into “concurrent”.
    #[title("prunes silent processes")]
    pub prunes_silent: bool,
    /// One counter for all: it is a Lamport clock, and nothing is ever concurrent.
    #[named("counter-called-vector-clock")]
    #[title("a counter called vector clock")]
    pub one_counter: bool,
}

/// Names a post for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId {
    /// Who posted it.
    pub author: NodeId,
    /// Counts its posts, from 1.
    pub number: u64,
}

/// A post.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Post {
    /// Which one.
    pub id: PostId,
    /// What it says.
    pub text: String,
    /// What it answers.
    pub answers: Option<Answered>,
    /// The posts that its author had been shown, and what those depended on; this one is counted as well.
    pub depends_on: VectorClock,
    /// The event vector when it was posted.
    pub vector: VectorClock,
}

/// A post that another one answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answered {
    /// Which one.
    pub id: PostId,
    /// What it says.
    pub text: String,
}

/// What processes send to each other; each message has the stamp of the event that sent it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Shared)]
#[shared(stamp: &Stamp)]
pub enum Msg {
    /// A post, to everybody.
    Post {
        /// When it was sent.
        stamp: Stamp,
        /// The post.
        post: Rc<Post>,
    },
    /// Something for the receiver, and to be passed on.
    Told {
        /// When it was sent.
        stamp: Stamp,
        /// Whom it is to be passed on to, one after the other.
        path: Vec<NodeId>,
    },
    /// What a register holds after a write, to everybody.
    Write {
        /// When it was sent.
        stamp: Stamp,
        /// Which register.
        key: String,
        /// Its values.
        versions: Vec<Version>,
    },
    /// A client reads a register.
    Get {
        /// When it was sent.
        stamp: Stamp,
        /// Which register.
        key: String,
    },
    /// What a client has read.
    Got {
        /// When it was sent.
        stamp: Stamp,
        /// Which register.
        key: String,
        /// Its values.
        values: Vec<u64>,
        /// Which writes are in them.
        context: VectorClock,
    },
    /// A client writes a register.
    Put {
        /// When it was sent.
        stamp: Stamp,
        /// Which register.
        key: String,
        /// The value.
        value: u64,
        /// What the client has seen of that register.
        context: VectorClock,
    },
    /// What the sender has; it asks for the rest.
    Have {
        /// When it was sent.
        stamp: Stamp,
        /// The newest post of each author that it has shown.
        delivered: VectorClock,
        /// Older ones that it has not.
        gaps: Vec<PostId>,
        /// The writes that it has seen, by register.
        contexts: Map<String, VectorClock>,
    },
    /// What the receiver has missed.
    CatchUp {
        /// When it was sent.
        stamp: Stamp,
        /// Posts that nobody has any more: up to these numbers.
        scrolled: VectorClock,
        /// Posts, in the order in which the sender showed them.
        posts: Vec<Rc<Post>>,
        /// Registers, each with all its values.
        registers: Vec<(String, Vec<Version>)>,
    },
}

/// The timers of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Named)]
pub enum Timer {
    /// Time to do something.
    Act,
    /// Time to ask for what it has missed.
    Ask,
}

/// What can be asked of a process from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named, Operation)]
pub enum Op {
    /// A local event.
    Local,
    /// Post this.
    Post(String),
    /// Answer the newest post of somebody else with this.
    Reply(String),
    /// Tell the first one, who passes it on to the next one, and so on.
    Tell(Vec<NodeId>),
    /// Write a register.
    Write(String, u64),
    /// Read a register as a client of another process.
    Get(NodeId, String),
    /// Write a register as a client of another process, with the context of what was read last.
    Put(NodeId, String, u64),
}

/// The answer to an [`Op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// The event has happened.
    Done(EventId),
    /// Nobody sends messages to himself.
    ToItself,
    /// Nobody else's post is on the screen.
    NothingToAnswer,
    /// There are [`REGISTERS_MAX`] registers already.
    TooManyRegisters,
}

/// Never written: processes keep nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Named)]
pub enum Cell {}

/// What an event was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Deed {
    /// Something of its own.
    #[named("local-event")]
    Local,
    /// A post left for everybody.
    Posted(Rc<Post>),
    /// A message left.
    Told(NodeId),
    /// A value left for everybody.
    Wrote {
        /// The register.
        key: String,
        /// The value.
        value: u64,
    },
    /// It has asked, as a client, what this process has of a register.
    Get(NodeId, String),
    /// It has sent, as a client, a value of a register to this process.
    Put {
        /// To whom.
        to: NodeId,
        /// The register.
        key: String,
        /// The value.
        value: u64,
        /// What it had seen of that register.
        context: VectorClock,
    },
    /// It asked one process for what it has missed, or all of them.
    Asked(Option<NodeId>),
    /// A message arrived, which this event had sent.
    Received(EventId),
}

/// What a process says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Named)]
pub enum Note {
    /// Something happened.
    #[named(deed.name())]
    Happened {
        /// The event.
        stamp: Stamp,
        /// What it was.
        deed: Deed,
    },
    /// What it received it has passed on.
    PassedOn(NodeId),
    /// It shows a post.
    #[named(match early { Some(_) => "shown-early", None if *waited => "shown-late", None => "shown" })]
    Shown {
        /// Which.
        post: Rc<Post>,
        /// Something that the post depends on and that was not shown before.
        early: Option<PostId>,
        /// Whether it had to wait.
        waited: bool,
        /// What is right above it, and how that stands to it by their event vectors.
        above: Option<(Rc<Post>, Order)>,
    },
    /// A post waits.
    Waits {
        /// Which.
        post: Rc<Post>,
        /// What for.
        missing: PostId,
    },
    /// A post would have to wait, and there is no room.
    NoRoom(PostId),
    /// Old posts that nobody has any more count as shown, up to these numbers.
    Skipped(VectorClock),
    /// It has taken values in.
    #[named(match taken {
        Taken { kept: false, .. } => "dropped",
        Taken { values, .. } if values.len() > 1 => "kept-siblings",
        Taken { .. } => "took",
    })]
    Took {
        /// The register.
        key: String,
        /// What that did.
        taken: Taken,
    },
    /// A client's write was refused: there are too many registers, or siblings that the client has not seen.
    Refused,
    /// It has answered a client with the values of a register, and their context.
    Handed(Vec<u64>, VectorClock),
    /// As a client, it has read these values of a register, and keeps their context.
    Read(Vec<u64>, VectorClock),
    /// It has sent so many posts and values that somebody had missed.
    Supplied(NodeId, u32),
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Itself.
    pub me: NodeId,
    /// How many events it has had.
    pub events: u64,
    /// Its Lamport clock.
    pub lamport: LamportClock,
    /// Its vector clock.
    pub vector: VectorClock,
    /// Its hybrid logical clock.
    pub hybrid: HybridClock,
    /// What its wall clock showed at its last event, in µs.
    pub wall_us: u64,
    /// Its feed.
    pub feed: Feed,
    /// The registers that it knows of.
    pub registers: Map<String, Register>,
    /// As a client: the context of what it has read of each register last; of one that it has only asked for, nothing.
    pub contexts: Map<String, VectorClock>,
    /// For each process the newest event of it that it knows of, and at which of its own events it had heard of that.
    heard: Map<NodeId, (u64, u64)>,
    /// Whether it will do something of its own accord.
    acting: bool,
    /// How often it has asked for what it has missed.
    asked: u32,
}

impl Process {
    fn wall_us(fx: &Fx<'_, Self>) -> u64 {
        (WALL_AT_START_US + fx.wall_us()).saturating_add_signed(fx.config().offset_us(fx.me()))
    }

    /// The number of its next event.
    const fn next_event(&self) -> EventId {
        EventId { process: self.me, number: self.events + 1 }
    }

    /// Something happens, and every clock takes note of it.
    fn tick(&mut self, attached: Option<&Stamp>, fx: &Fx<'_, Self>) -> Stamp {
        let config = fx.config();
        let wall_us = Self::wall_us(fx);
        let event = self.next_event();
        self.events = event.number;
        self.wall_us = wall_us;
        let entry = if config.bugs.one_counter { EVERYBODY } else { self.me };
        match attached {
            None => {
                self.lamport.tick();
                self.vector.tick(entry);
                self.hybrid.tick(wall_us);
            }
            Some(attached) => {
                self.lamport.receive(attached.lamport);
                self.vector.receive(entry, &attached.vector);
                self.hybrid.receive(attached.hybrid, wall_us);
            }
        }
        self.prune(entry, config.prune_after);
        Stamp { event, wall_us, lamport: self.lamport, vector: self.vector.clone(), hybrid: self.hybrid.newest() }
    }

    /// Drops entries that have not grown for so many events.
    fn prune(&mut self, entry: NodeId, prune_after: u64) {
        let Self { vector, heard, events, .. } = self;
        for (process, count) in vector.entries() {
            let known = heard.entry(process).or_insert((0, *events));
            if count > known.0 {
                *known = (count, *events);
            }
        }
        if prune_after > 0 {
            let silent =
                |&(&process, &(_, at)): &(&NodeId, &(u64, u64))| process != entry && *events - at >= prune_after;
            heard.iter().filter(silent).for_each(|(&process, _)| vector.prune(process));
        }
    }

    fn happen(&mut self, deed: Deed, attached: Option<&Stamp>, fx: &mut Fx<'_, Self>) -> Stamp {
        let stamp = self.tick(attached, fx);
        fx.note(Note::Happened { stamp: stamp.clone(), deed });
        stamp
    }

    fn post(&mut self, text: String, answers: Option<Answered>, fx: &mut Fx<'_, Self>) -> Stamp {
        let stamp = self.tick(None, fx);
        let depends_on = self.feed.next_of(self.me);
        let id = PostId { author: self.me, number: depends_on.get(self.me) };
        let post = Rc::new(Post { id, text, answers, depends_on, vector: stamp.vector.clone() });
        fx.note(Note::Happened { stamp: stamp.clone(), deed: Deed::Posted(post.clone()) });
        self.feed.show_own(post.clone());
        for peer in fx.peers() {
            fx.send(peer, Msg::Post { stamp: stamp.clone(), post: post.clone() });
        }
        stamp
    }

    /// The newest post of somebody else on the screen.
    fn newest_of_others(&self) -> Option<Answered> {
        let newest = self.feed.posts().iter().rev().find(|post| post.id.author != self.me)?;
        Some(Answered { id: newest.id, text: newest.text.clone() })
    }

    /// Writes to its own replica: it has seen whatever is there.
    fn write(&mut self, key: &str, value: u64, fx: &mut Fx<'_, Self>) -> Stamp {
        let stamp = self.happen(Deed::Wrote { key: key.to_owned(), value }, None, fx);
        let context = self.registers.get(key).map_or(VectorClock::EMPTY, Register::context);
        self.store(&stamp, key, value, context, fx);
        stamp
    }

    /// A client's write, at the event that received it.
    fn receive_put(&mut self, here: &Stamp, key: &str, value: u64, context: VectorClock, fx: &mut Fx<'_, Self>) {
        let context = if fx.config().bugs.ignores_contexts { VectorClock::EMPTY } else { context };
        let unseen = self.registers.get(key).map_or(0, |register| register.unseen(&context));
        if self.has_room_for(key) && unseen < SIBLINGS_MAX {
            self.store(here, key, value, context, fx);
        } else {
            fx.note(Note::Refused);
        }
    }

    fn has_room_for(&self, key: &str) -> bool {
        self.registers.len() < REGISTERS_MAX || self.registers.contains_key(key)
    }

    /// Writes with a context, and tells everybody what the register holds then.
    fn store(&mut self, here: &Stamp, key: &str, value: u64, context: VectorClock, fx: &mut Fx<'_, Self>) {
        let register = self.registers.entry(key.to_owned()).or_default();
        let taken = register.write(self.me, context, rule(fx.config()), (here.event, value, here.wall_us));
        fx.note(Note::Took { key: key.to_owned(), taken });
        for peer in fx.peers() {
            let versions = register.siblings().to_vec();
            fx.send(peer, Msg::Write { stamp: here.clone(), key: key.to_owned(), versions });
        }
    }

    fn take(&mut self, key: &str, versions: &[Version], fx: &mut Fx<'_, Self>) {
        let register = self.registers.entry(key.to_owned()).or_default();
        if let Some(taken) = register.sync(versions, rule(fx.config())) {
            fx.note(Note::Took { key: key.to_owned(), taken });
        }
    }

    /// Asks for a register, as a client; none where it has read too many others.
    fn get(&mut self, from: NodeId, key: String, fx: &mut Fx<'_, Self>) -> Option<Stamp> {
        if self.contexts.len() >= REGISTERS_MAX && !self.contexts.contains_key(&key) {
            return None;
        }
        self.contexts.entry(key.clone()).or_default();
        let stamp = self.happen(Deed::Get(from, key.clone()), None, fx);
        fx.send(from, Msg::Get { stamp: stamp.clone(), key });
        Some(stamp)
    }

    fn put(&mut self, to: NodeId, key: String, value: u64, fx: &mut Fx<'_, Self>) -> Stamp {
        // Who has read nothing has seen nothing.
        let context = self.contexts.get(&key).cloned().unwrap_or_default();
        let deed = Deed::Put { to, key: key.clone(), value, context: context.clone() };
        let stamp = self.happen(deed, None, fx);
        fx.send(to, Msg::Put { stamp: stamp.clone(), key, value, context });
        stamp
    }

    fn tell(&mut self, path: &[NodeId], fx: &mut Fx<'_, Self>) -> Option<Stamp> {
        let (&next, rest) = path.split_first()?;
        let stamp = self.happen(Deed::Told(next), None, fx);
        fx.send(next, Msg::Told { stamp: stamp.clone(), path: rest.to_vec() });
        Some(stamp)
    }

    /// Asks these processes for what it has missed.
    fn ask(&mut self, peers: &[NodeId], fx: &mut Fx<'_, Self>) {
        let only = if let [peer] = peers { Some(*peer) } else { None };
        let stamp = self.happen(Deed::Asked(only), None, fx);
        let contexts: Map<String, VectorClock> =
            self.registers.iter().map(|(key, register)| (key.clone(), register.context())).collect();
        for &peer in peers {
            let (delivered, gaps) = (self.feed.delivered().clone(), self.feed.gaps());
            fx.send(peer, Msg::Have { stamp: stamp.clone(), delivered, gaps, contexts: contexts.clone() });
        }
    }

    /// What somebody who has that has missed, if anything.
    fn supply(
        &self,
        stamp: Stamp,
        delivered: &VectorClock,
        gaps: &[PostId],
        contexts: &Map<String, VectorClock>,
    ) -> Option<Msg> {
        let missed = |post: &Rc<Post>| post.id.number > delivered.get(post.id.author) || gaps.contains(&post.id);
        let posts: Vec<Rc<Post>> = self.feed.posts().iter().filter(|post| missed(post)).cloned().collect();
        let scrolled = self.feed.scrolled();
        let scrolled = VectorClock::of(scrolled.entries().filter(|&(author, upto)| upto > delivered.get(author)));
        let missed = |(key, register): &(&String, &Register)| {
            contexts.get(*key).map_or(!register.siblings().is_empty(), |context| register.unseen(context) > 0)
        };
        let missed = self.registers.iter().filter(missed);
        let registers: Vec<(String, Vec<Version>)> =
            missed.map(|(key, register)| (key.clone(), register.siblings().to_vec())).collect();
        let nothing = posts.is_empty() && registers.is_empty() && scrolled.is_empty();
        (!nothing).then_some(Msg::CatchUp { stamp, scrolled, posts, registers })
    }

    fn receive_post(&mut self, post: &Rc<Post>, fx: &mut Fx<'_, Self>) {
        let above = self.feed.posts().last().cloned();
        match self.feed.receive(post.clone(), waits(fx.config())) {
            Arrival::Shown(shown) => Self::tell_of(above, shown, fx),
            Arrival::Waits(missing) => fx.note(Note::Waits { post: post.clone(), missing }),
            Arrival::Full => fx.note(Note::NoRoom(post.id)),
            Arrival::Known => {}
        }
    }

    fn tell_of(mut above: Option<Rc<Post>>, shown: Vec<Shown>, fx: &mut Fx<'_, Self>) {
        for Shown { post, early, waited } in shown {
            let beside = above.map(|above| {
                let order = above.vector.compare(&post.vector);
                (above, order)
            });
            above = Some(post.clone());
            fx.note(Note::Shown { post, early, waited, above: beside });
        }
    }

    /// What is the same after every step: nothing waits that need not, and a process that is to act will.
    fn settle(&mut self, fx: &mut Fx<'_, Self>) {
        let causal = waits(fx.config());
        if !self.feed.waiting().is_empty() {
            let above = self.feed.posts().last().cloned();
            let shown = self.feed.release(causal);
            Self::tell_of(above, shown, fx);
        }
        let act_us = fx.config().act_us;
        if !self.acting && act_us > 0 {
            self.acting = true;
            let after_us = fx.draw(DRAW_PAUSE, act_us / 2, act_us + act_us / 2);
            fx.set_timer(Timer::Act, after_us.max(1));
        }
    }

    fn set_ask(fx: &mut Fx<'_, Self>) {
        let ask_us = fx.config().ask_us;
        if ask_us > 0 {
            let after_us = fx.draw(DRAW_ASK, ask_us / 2, ask_us + ask_us / 2);
            fx.set_timer(Timer::Ask, after_us.max(1));
        }
    }

    /// Something of its own accord.
    fn act(&mut self, fx: &mut Fx<'_, Self>) {
        let word = |list: &[&str], fx: &mut Fx<'_, Self>| {
            list[fx.draw(DRAW_WORD, 0, list.len() as u64 - 1) as usize].to_owned()
        };
        let answered = self.newest_of_others();
        match (fx.draw(DRAW_DEED, 0, 9), answered) {
            (0..=3, Some(answered)) => {
                let text = word(&ANSWERS, fx);
                self.post(text, Some(answered), fx);
            }
            (0..=5, _) => {
                let text = word(&TEXTS, fx);
                self.post(text, None, fx);
            }
            (6..=7, _) => {
                let key = word(&KEYS, fx);
                let value = fx.draw(DRAW_WORD, 1, 20) * 10;
                self.write(&key, value, fx);
            }
            (8, _) if fx.nodes() > 1 => {
                let peers: Vec<NodeId> = fx.peers().collect();
                let peer = peers[fx.draw(DRAW_PEER, 0, peers.len() as u64 - 1) as usize];
                self.tell(&[peer], fx);
            }
            _ => drop(self.happen(Deed::Local, None, fx)),
        }
    }
}

const fn rule(config: &Config) -> Rule {
    match (config.bugs.last_writer_wins, config.bugs.no_dots) {
        (true, _) => Rule::LastWriterWins,
        (false, true) => Rule::Plain,
        (false, false) => Rule::Dotted,
    }
}

const fn waits(config: &Config) -> bool {
    config.causal_delivery && !config.bugs.no_causal_delivery
}

impl Protocol for Process {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Op = Op;
    type Ret = Ret;
    type Cell = Cell;
    type Entry = ();
    type Note = Note;

    fn boot(_: &Disk<Self>, fx: &mut Fx<'_, Self>) -> Self {
        // Whoever boots after the beginning may have had a predecessor, and takes a name that nobody has.
        let first = fx.monotonic_us() == 0;
        let name = if first { 0 } else { fx.draw(DRAW_NAME, 1, NAMES) as u32 };
        let mut process = Self {
            me: NodeId(fx.me().0 % STRIDE + name * STRIDE),
            events: 0,
            lamport: LamportClock::default(),
            vector: VectorClock::default(),
            hybrid: HybridClock::default(),
            wall_us: Self::wall_us(fx),
            feed: Feed::default(),
            registers: Map::new(),
            contexts: Map::new(),
            heard: Map::new(),
            acting: false,
            asked: 0,
        };
        let peers: Vec<NodeId> = fx.peers().collect();
        if !first && !peers.is_empty() {
            process.ask(&peers, fx);
        }
        Self::set_ask(fx);
        process.settle(fx);
        process
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, fx: &mut Fx<'_, Self>) {
        let sent = msg.stamp();
        let here = self.happen(Deed::Received(sent.event), Some(sent), fx);
        match msg {
            Msg::Post { post, .. } => self.receive_post(&post, fx),
            Msg::Told { path, .. } => {
                if let Some((&next, rest)) = path.split_first()
                    && next != fx.me()
                {
                    fx.note(Note::PassedOn(next));
                    fx.send(next, Msg::Told { stamp: here, path: rest.to_vec() });
                }
            }
            Msg::Write { key, versions, .. } => self.take(&key, &versions, fx),
            Msg::Get { key, .. } => {
                let register = self.registers.get(&key);
                let values = register.map(Register::values).unwrap_or_default();
                let context = register.map(Register::context).unwrap_or_default();
                fx.note(Note::Handed(values.clone(), context.clone()));
                fx.send(from, Msg::Got { stamp: here, key, values, context });
            }
            Msg::Got { key, values, context, .. } => {
                // What another process on this machine has asked for is none of its business.
                if let Some(read) = self.contexts.get_mut(&key) {
                    read.clone_from(&context);
                    fx.note(Note::Read(values, context));
                }
            }
            Msg::Put { key, value, context, .. } => self.receive_put(&here, &key, value, context, fx),
            Msg::Have { delivered, gaps, contexts, .. } => {
                if let Some(supply) = self.supply(here, &delivered, &gaps, &contexts) {
                    if let Msg::CatchUp { posts, registers, .. } = &supply {
                        fx.note(Note::Supplied(from, (posts.len() + registers.len()) as u32));
                    }
                    fx.send(from, supply);
                }
            }
            Msg::CatchUp { scrolled, posts, registers, .. } => {
                if self.feed.skip(&scrolled) {
                    fx.note(Note::Skipped(scrolled));
                }
                for post in &posts {
                    self.receive_post(post, fx);
                }
                for (key, versions) in &registers {
                    self.take(key, versions, fx);
                }
            }
        }
        self.settle(fx);
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Fx<'_, Self>) {
        match timer {
            Timer::Act => {
                self.acting = false;
                if fx.config().act_us > 0 {
                    self.act(fx);
                }
            }
            Timer::Ask => {
                let peers: Vec<NodeId> = fx.peers().collect();
                if !peers.is_empty() {
                    // One after the other, so that before long it has asked everybody.
                    let peer = peers[self.asked as usize % peers.len()];
                    self.asked = self.asked.wrapping_add(1);
                    self.ask(&[peer], fx);
                }
                Self::set_ask(fx);
            }
        }
        self.settle(fx);
    }

    fn on_request(&mut self, id: RequestId, op: Op, fx: &mut Fx<'_, Self>) {
        let ret = match op {
            Op::Local => Ret::Done(self.happen(Deed::Local, None, fx).event),
            Op::Post(text) => Ret::Done(self.post(text, None, fx).event),
            Op::Reply(text) => match self.newest_of_others() {
                Some(answered) => Ret::Done(self.post(text, Some(answered), fx).event),
                None => Ret::NothingToAnswer,
            },
            Op::Tell(path) if path.first() == Some(&fx.me()) => Ret::ToItself,
            Op::Tell(path) => match self.tell(&path, fx) {
                Some(stamp) => Ret::Done(stamp.event),
                None => Ret::ToItself,
            },
            Op::Write(key, _) if !self.has_room_for(&key) => Ret::TooManyRegisters,
            Op::Write(key, value) => Ret::Done(self.write(&key, value, fx).event),
            Op::Get(peer, _) | Op::Put(peer, ..) if peer == fx.me() => Ret::ToItself,
            Op::Get(from, key) => match self.get(from, key, fx) {
                Some(stamp) => Ret::Done(stamp.event),
                None => Ret::TooManyRegisters,
            },
            Op::Put(to, key, value) => Ret::Done(self.put(to, key, value, fx).event),
        };
        fx.reply(id, ret);
        self.settle(fx);
    }

    fn size_bytes(msg: &Msg) -> u64 {
        let post = |post: &Rc<Post>| 32 + 12 * (post.depends_on.len() + post.vector.len());
        let versions =
            |versions: &[Version]| versions.iter().map(|version| 32 + 12 * version.clock.past.len()).sum::<usize>();
        let body = match msg {
            Msg::Post { post: body, .. } => post(body),
            Msg::Told { path, .. } => 4 * path.len(),
            Msg::Write { versions: body, .. } => versions(body),
            Msg::Get { key, .. } => key.len(),
            Msg::Got { values, context, .. } => 8 * values.len() + 12 * context.len(),
            Msg::Put { context, .. } => 8 + 12 * context.len(),
            Msg::Have { delivered, gaps, contexts, .. } => {
                let contexts: usize = contexts.values().map(|context| 24 + 12 * context.len()).sum();
                12 * (delivered.len() + gaps.len()) + contexts
            }
            Msg::CatchUp { scrolled, posts, registers, .. } => {
                let posts: usize = posts.iter().map(post).sum();
                let registers: usize = registers.iter().map(|(_, body)| versions(body)).sum();
                12 * scrolled.len() + posts + registers
            }
        };
        (64 + 12 * msg.stamp().vector.len() + body) as u64
    }
}
