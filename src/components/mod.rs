//! What the page is made of. Components are thin: they show signals of the playground and hand
//! back what somebody did.

pub mod app;
mod header;
mod icons;
mod lenses;
mod panel;
mod share;
mod stage;
mod transport;
mod words;
