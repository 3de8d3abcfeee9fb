//! What the page is made of. Components are thin: they show signals of the playground and hand
//! back what somebody did.

pub mod app;
mod debug;
mod header;
mod help;
mod home;
mod icons;
mod lenses;
mod list;
mod pane;
mod panel;
pub mod parts;
mod popover;
mod ring;
mod second_stage;
mod share;
mod sheet;
mod space_time;
mod stage;
mod timeline;
pub mod tour;
mod words;
