//! The page: reads its address, opens a run, and mounts the app.

mod address;
mod components;
mod desk;
mod mode;
mod notices;
mod platform;
mod playground;
mod reactive;
mod scripting;
mod signals;

use leptos::prelude::*;

fn main() {
    platform::crash::install();
    mount_to_body(components::app::App);
}
