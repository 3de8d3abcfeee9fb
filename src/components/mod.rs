//! What the page is made of. Components are thin: they show signals of the playground and hand
//! back what somebody did.

pub mod app;
mod checks;
mod header;
mod icons;
mod share;
mod stage;
mod story;
mod tour;
mod transport;
mod words;
