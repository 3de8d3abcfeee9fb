//! What nearly every lab's file uses: `use runs::prelude::*;`. Both `ops` and `params` have a `number`, so these are called by
//! their modules.

pub use check::plan::PlannedOps;
pub use check::{FaultKind, FaultModel};
pub use serde_json::{Map, Value, json};
pub use sim::random::Stream;
pub use sim::{Command, Event, Flag, Named, NodeId, Outcome, Record, World};
pub use view::lens::LensKind;
pub use view::narration::Weight;
pub use view::{MessageShape, Pane, PaneAsk, PaneInfo, Picture, Stage, layout, shapes};

pub use crate::bands::RoleChange;
pub use crate::entry::Entry;
pub use crate::info::{LabInfo, Roles, Showcase, VariantInfo};
pub use crate::kit::{DISK_SYNC, LATENCY, before_first, bug, correct, cost, hue, live, quiet_clients, range, servers};
pub use crate::lab::{Chosen, Lab, Look, Setup};
pub use crate::names::Names;
pub use crate::ops::{self, ArgInfo, NUMBER_MAX, OpInfo, key, node, nodes, op, text};
pub use crate::params::{self, DISTANCE, ParamInfo, Setting, choice, switch};
pub use crate::plain::{OTHER, Telling, Topic, told};
