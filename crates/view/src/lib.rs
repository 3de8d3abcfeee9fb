//! Plain data that gets drawn, and how it is drawn: the stage, its geometry, narration, lenses.
//!
//! This crate knows no algorithm and no browser. A lab fills in a [`Stage`]; the page and the SVG
//! backend turn it into shapes by the same pure functions, so that a node looks the same wherever
//! it is drawn.

pub mod geometry;
pub mod layout;
pub mod lens;
pub mod narration;
pub mod order;
pub mod pane;
pub mod shapes;
pub mod stage;
pub mod svg;
pub mod theme;
pub mod timeline;

pub use narration::Sentence;
pub use pane::{Pane, PaneAsk, PaneInfo};
pub use stage::{Condition, Link, Message, MessageShape, Node, Picture, Stage};
pub use theme::Theme;
