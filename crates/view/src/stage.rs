//! The stage: a cluster at one moment, as plain data.

use crate::layout::Point;

/// What a stage can be a picture of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picture {
    /// Machines and the links between them.
    #[default]
    Network,
    /// A hash ring.
    Ring,
    /// Processes as lines, messages as arrows.
    SpaceTime,
}

impl Picture {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ring, Self::SpaceTime, Self::Network];

    /// Stable kebab-case identifier.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Ring => "ring",
            Self::SpaceTime => "space-time",
        }
    }

    /// What its button says.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Network => "Network",
            Self::Ring => "Ring",
            Self::SpaceTime => "Space-time",
        }
    }

    /// The picture with this identifier.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|picture| picture.id() == id)
    }
}

/// The cluster at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// When, in simulated µs.
    pub time_us: u64,
    /// The nodes, in the order in which they are reached by keyboard.
    pub nodes: Vec<Node>,
    /// The links, one entry per pair of nodes.
    pub links: Vec<Link>,
    /// The messages on their way.
    pub messages: Vec<Message>,
}

impl Stage {
    /// Whether nodes and links look as they do in another stage. Timers and messages are left out: they move every
    /// frame, and are drawn by themselves.
    #[must_use]
    pub fn stands_like(&self, other: &Self) -> bool {
        let alike = |(a, b): (&Node, &Node)| {
            let Node {
                id,
                role,
                label,
                position,
                condition,
                hue,
                in_charge,
                contends,
                badge,
                remark,
                small,
                crowd,
                timer_us: _,
            } = a;
            *id == b.id
                && *role == b.role
                && *label == b.label
                && *position == b.position
                && *condition == b.condition
                && *hue == b.hue
                && *in_charge == b.in_charge
                && *contends == b.contends
                && *badge == b.badge
                && *remark == b.remark
                && *small == b.small
                && *crowd == b.crowd
        };
        self.nodes.len() == other.nodes.len()
            && self.links == other.links
            && self.nodes.iter().zip(&other.nodes).all(alike)
    }
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// It runs.
    #[default]
    Up,
    /// It runs, but the process is paused.
    Paused,
    /// It is down; its disk is kept.
    Crashed,
}

/// A node, as it is drawn and read out.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, such as `n1`.
    pub id: String,
    /// What it is, such as "leader".
    pub role: String,
    /// The line below its name, such as "term 2".
    pub label: String,
    /// Where it stands.
    pub position: Point,
    /// Whether it runs.
    pub condition: Condition,
    /// The hue that stands for its term, ballot or shard; none for grey.
    pub hue: Option<u32>,
    /// Filled: it is in charge.
    pub in_charge: bool,
    /// Dashed ring: it wants to be in charge.
    pub contends: bool,
    /// A small count above the node, such as "2 / 3" votes.
    pub badge: Option<String>,
    /// A remark beside the node, such as "still believes it leads".
    pub remark: Option<String>,
    /// Drawn small: a client or another bystander.
    pub small: bool,
    /// One of a crowd: the radius at which it is drawn, with its name and nothing beside it.
    pub crowd: Option<u32>,
    /// A timer that runs: when it was set and when it runs out, in simulated µs.
    pub timer_us: Option<(u64, u64)>,
}

impl Node {
    /// What a screen reader says: "n1, leader, term 2".
    #[must_use]
    pub fn spoken(&self) -> String {
        let mut parts = vec![self.id.as_str()];
        match self.condition {
            Condition::Up => {}
            Condition::Paused => parts.push("paused"),
            Condition::Crashed => parts.push("crashed"),
        }
        if self.condition != Condition::Crashed {
            parts.push(&self.role);
        }
        if !self.label.is_empty() && self.label != self.role {
            parts.push(&self.label);
        }
        parts.extend(self.remark.as_deref());
        parts.join(", ")
    }
}

/// A link between two nodes, by their positions in [`Stage::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// One end.
    pub a: usize,
    /// The other end.
    pub b: usize,
    /// Whether messages from `a` reach `b`.
    pub forward: bool,
    /// Whether messages from `b` reach `a`.
    pub backward: bool,
    /// Whether messages are frozen, in either direction.
    pub held: bool,
    /// Drawn faintly: it is not what the stage is about.
    pub quiet: bool,
}

impl Link {
    /// Whether messages pass both ways.
    #[must_use]
    pub const fn up(&self) -> bool {
        self.forward && self.backward
    }
}

/// The shape that stands for a message's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageShape {
    /// A question: request-vote and its like.
    Triangle,
    /// A yes.
    Diamond,
    /// A no.
    Square,
    /// Routine: heartbeats, replication.
    Circle,
    /// An answer to routine.
    Ring,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its name, such as `n1>n2#17`.
    pub id: String,
    /// The sender, by position in [`Stage::nodes`].
    pub from: usize,
    /// The receiver, likewise.
    pub to: usize,
    /// Its kind, such as `request-vote`.
    pub kind: String,
    /// Its kind as a shape.
    pub shape: MessageShape,
    /// The hue of its term.
    pub hue: Option<u32>,
    /// When it left, in simulated µs.
    pub sent_us: u64,
    /// How long it takes, in µs.
    pub latency_us: u64,
    /// When it arrives, in simulated µs.
    pub due_us: u64,
    /// How many things it carries, where that is worth a word.
    pub carries: Option<u32>,
    /// Where it was stopped, in parts per million of its way.
    pub held_at_ppm: Option<u32>,
}

impl Message {
    /// How much of the way lies behind it at `time_us`, from 0 to 1.
    #[must_use]
    pub fn progress(&self, time_us: f64) -> f64 {
        if let Some(ppm) = self.held_at_ppm {
            return f64::from(ppm) / 1e6;
        }
        let remaining = self.due_us as f64 - time_us;
        (1.0 - remaining / self.latency_us.max(1) as f64).clamp(0.0, 1.0)
    }
}
