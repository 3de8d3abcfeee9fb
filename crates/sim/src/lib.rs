//! The simulated cluster: time, randomness, network, disks, clocks, faults, replay.
//!
//! A [`Protocol`] is a state machine that sees the world only through [`Fx`]: it cannot read a
//! clock, a random number or a socket that the simulator did not hand to it. A [`World`] holds one
//! cluster of such machines and executes one event at a time; a [`Timeline`] adds exact travel in
//! time and branches on top.
//!
//! # What holds, whatever the protocol does
//!
//! - The same seed, configuration and commands give the same steps and the same [`World::digest`],
//!   on every machine, native or wasm.
//! - Every random draw is keyed by what it is for (see [`random`]), so that leaving out one message
//!   or one command changes no other draw.
//! - Time is an integer number of simulated microseconds; no float influences a run.
//! - A crash drops the node and keeps what its disk had promised to keep (see [`disk`]).
//! - Every [`Record`] names the step that caused it.
//!
//! # What is left out
//!
//! Limits to queues, disks that fail to read.
#![deny(missing_docs)]

pub mod actor;
pub mod clock;
pub mod command;
pub mod disk;
pub mod driver;
pub mod hash;
pub mod map;
pub mod network;
pub mod operation;
pub mod order;
pub mod params;
pub mod protocol;
mod queue;
pub mod random;
pub mod record;
pub mod testing;
pub mod timeline;
pub mod world;

pub use actor::Actor;
pub use command::{Command, MessageAct, ParamKey, Stamped};
pub use derive::{Flags, Named, Operation, Param, Params, Shared, Variants};
pub use disk::{Disk, DiskMode, Write};
pub use driver::Driver;
pub use map::{Map, Set};
pub use network::{Flight, InFlight, LinkChange, LinkProfile, LossReason, MessageId};
pub use operation::{Arg, Args, Operation};
pub use params::Params;
pub use protocol::{Data, Flag, Flags, Fx, Named, NodeId, Protocol, RequestId};
pub use record::{Event, Observer, Outcome, Record};
pub use timeline::{BranchId, Timeline};
pub use world::{ClusterConfig, Net, Presence, World};
