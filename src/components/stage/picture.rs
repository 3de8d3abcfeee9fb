//! What the stage is a picture of, and what is done to that picture.

use leptos::prelude::*;
use view::Picture;

use crate::mode::use_mode;
use crate::playground::use_playground;
use crate::reactive::Memo;

use super::super::parts::Part;
use super::super::ring::use_ring;
use super::super::space_time;

/// Ring, diagram or network.
#[component]
pub fn PictureBar() -> impl IntoView {
    let playground = use_playground();
    let mode = use_mode();
    let (ring, space_time) = (use_ring(), space_time::Place::of_lab());
    let has_ring = Memo::new(move |_| ring.ring.with(Option::is_some));
    let choice = move |picture: Picture| {
        view! {
            <button
                aria-pressed=move || (playground.picture.get() == picture).to_string()
                on:click=move |_| playground.picture.set(picture)
            >
                {picture.title()}
            </button>
        }
    };
    let choices = move || {
        Picture::ALL
            .into_iter()
            .filter(|picture| *picture != Picture::Ring || has_ring.get())
            .map(choice)
            .collect_view()
    };
    let bar = move || {
        view! {
            <div class="stage-bar">
                <div class="switch" role="group" aria-label="What the stage shows">{choices}</div>
                {move || space_time.shown.get().then(|| Part::SpaceTimeBar.show())}
                {move || has_ring.get().then(|| Part::RingBar.show())}
            </div>
        }
        .into_any()
    };
    move || (!mode.home.get()).then(bar)
}
