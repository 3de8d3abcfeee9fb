//! The whole page.

use leptos::prelude::*;

use crate::address;
use crate::platform::{api, page};
use crate::playground::Playground;

use super::checks::Checks;
use super::header::Header;
use super::stage::StageView;
use super::story::{Story, Wire};
use super::tour::{TourCard, Tours};
use super::transport::Transport;

/// Reads the address, opens its run, and shows it.
#[component]
pub fn App() -> impl IntoView {
    let opening = address::read(&page::query(), &page::fragment());
    page::set_theme(opening.theme);
    let playground = Playground::open(&opening);
    provide_context(playground);
    api::install(playground);
    let tours = Tours::new(playground);
    provide_context(tours);
    tours.open_address(&page::query(), &page::fragment());
    page::on_fragment_change(move || {
        let fragment = page::fragment();
        if !fragment.is_empty() && !tours.open_fragment(&fragment) {
            playground.open_link(&fragment);
        }
    });
    page::on_key(move |press| match press.key.as_str() {
        " " => {
            playground.toggle();
            true
        }
        "ArrowRight" => {
            playground.step(1);
            true
        }
        "ArrowLeft" => {
            playground.step_back();
            true
        }
        _ => false,
    });
    view! {
        <Header theme=opening.theme />
        <Problem />
        <TourCard />
        <main>
            <StageView />
        </main>
        // Before the panel, so that the keyboard comes to time right after the stage.
        <Transport />
        <aside class="panel" aria-label="What is going on">
            <Checks />
            <Wire />
            <Story />
        </aside>
        <p class="unseen" role="status" aria-live="polite">{move || playground.announcement.get()}</p>
    }
}

/// What was wrong with somebody's input.
#[component]
fn Problem() -> impl IntoView {
    let playground = expect_context::<Playground>();
    move || {
        playground.problem.get().map(|problem| {
            view! {
                <div class="problem" role="alert">
                    <span>{problem}</span>
                    <button class="quiet" on:click=move |_| playground.problem.set(None)>"Dismiss"</button>
                </div>
            }
        })
    }
}
