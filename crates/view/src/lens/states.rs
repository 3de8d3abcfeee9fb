//! The states that a node can be in, as a diagram: who is where, and how often each way was taken.

/// A diagram, laid out by hand. Lengths are units of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// Width and height of the drawing.
    pub size: (u32, u32),
    /// The states.
    pub states: Vec<State>,
    /// The ways between them.
    pub transitions: Vec<Transition>,
}

/// Width of a state's box.
pub const BOX_WIDTH: i32 = 100;
/// Height of a state's box.
pub const BOX_HEIGHT: i32 = 50;

/// A state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What it is called.
    pub title: &'static str,
    /// The upper left corner of its box.
    pub at: (i32, i32),
    /// The nodes that are in it now.
    pub nodes: Vec<Occupant>,
}

/// A node in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// Its name.
    pub name: String,
    /// The hue of its term, ballot or shard.
    pub hue: Option<u32>,
}

/// A way from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where it starts, by position; none for every state.
    pub from: Option<usize>,
    /// Where it ends, by position.
    pub to: usize,
    /// What makes a node take it.
    pub cause: &'static str,
    /// How often it was taken so far.
    pub count: u64,
    /// How it is drawn; none for ways that are only told of.
    pub look: Option<Way>,
}

/// How a transition is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// A path in the syntax of SVG; it ends at the tip of the arrow.
    pub path: &'static str,
    /// Where its label stands.
    pub label: (i32, i32),
    /// How the label stands against that point.
    pub anchor: crate::shapes::Anchor,
}
