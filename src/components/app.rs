//! The whole page.

use leptos::prelude::*;

use crate::address::{self, Chrome};
use crate::mode::{Mode, use_mode};
use crate::platform::{api, page};
use crate::playground::{Playground, use_playground};

use super::debug::Debug;
use super::header::Header;
use super::help::Help;
use super::home::{Catalogue, Introduction};
use super::panel::Panel;
use super::ring::RingState;
use super::space_time::SpaceTimeState;
use super::stage::StageView;
use super::timeline::Timeline;
use super::tour::TourCard;

/// Reads the address, opens its run, and shows it.
#[component]
pub fn App() -> impl IntoView {
    let opening = address::read(&page::query(), &page::fragment());
    page::set_theme(opening.theme);
    let playground = Playground::open(&opening);
    provide_context(playground);
    let mode = Mode::new(playground, &opening);
    provide_context(mode);
    api::install(playground);
    let tours = mode.tours();
    provide_context(tours);
    mode.start_tour(&opening);
    page::on_fragment_change(move || {
        let fragment = page::fragment();
        if !fragment.is_empty() && !tours.open_fragment(&fragment) {
            mode.home.set(false);
            playground.open_link(&fragment);
        }
    });
    let help = RwSignal::new(false);
    let black = RwSignal::new(false);
    page::on_key(move |press| key(mode, playground, help, black, &press.key)).keep();
    view! {
        {(mode.chrome == Chrome::Full).then(|| view! { <Header theme=opening.theme help=help /> })}
        <Problem />
        // Whatever belongs to one place is made anew in another, and what it held on to is let go.
        {move || if mode.home.get() { view! { <Home /> }.into_any() } else { view! { <Lab /> }.into_any() }}
        {mode.debug.then(|| view! { <Debug /> })}
        <p class="unseen" role="status" aria-live="polite">{move || playground.announcement.get()}</p>
        <Help open=help />
        {move || black.get().then(|| view! { <div class="black" aria-label="Black screen" role="img"></div> })}
    }
}

/// Keys that no control takes.
fn key(mode: Mode, playground: Playground, help: RwSignal<bool>, black: RwSignal<bool>, key: &str) -> bool {
    if black.get_untracked() {
        black.set(false);
        return true;
    }
    let presenting = mode.present.get_untracked();
    match key {
        "?" => help.update(|open| *open = !*open),
        "f" | "F" => page::toggle_full_screen(),
        "b" | "B" | "." if presenting => black.set(true),
        key if presenting && mode.tours().present_key(key) => {}
        "Escape" if presenting => mode.present.set(false),
        // On the home page these keys scroll.
        _ if mode.home.get_untracked() => return false,
        " " => playground.toggle(),
        "ArrowRight" => playground.step(1),
        "ArrowLeft" => playground.step_back(),
        "u" | "U" => {
            playground.undo();
        }
        _ => return false,
    }
    true
}

/// A lab, as large as the window.
#[component]
fn Lab() -> impl IntoView {
    let mode = use_mode();
    provide_context(RingState::new(use_playground()));
    provide_context(SpaceTimeState::new(use_playground()));
    view! {
        <TourCard />
        <main>
            <StageView />
        </main>
        // Before the panel, so that the keyboard comes to time right after the stage.
        {(mode.chrome != Chrome::None).then(|| view! { <Timeline /> })}
        <aside class="panel" aria-label="What is going on">
            <Panel />
        </aside>
    }
    .into_any()
}

/// The home page: a live lab, and all the others below.
#[component]
fn Home() -> impl IntoView {
    provide_context(RingState::new(use_playground()));
    provide_context(SpaceTimeState::new(use_playground()));
    view! {
        <Introduction />
        <main>
            <StageView />
        </main>
        <Timeline />
        <aside class="panel" aria-label="What is going on">
            <Panel />
        </aside>
        <Catalogue />
    }
    .into_any()
}

/// What was wrong with somebody's input.
#[component]
fn Problem() -> impl IntoView {
    let playground = use_playground();
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
