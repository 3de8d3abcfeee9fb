//! The page: reads its address, opens a run, and mounts the app.

mod address;
mod components;
mod mode;
mod platform;
mod playground;

use leptos::prelude::*;

fn main() {
    platform::crash::install();
    mount_to_body(components::app::App);
}
