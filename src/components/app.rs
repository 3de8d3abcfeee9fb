//! The whole page.

use leptos::prelude::*;

use crate::address::{self, Chrome};
use crate::desk::{Desk, use_desk};
use crate::mode::{Mode, use_mode};
use crate::platform::{api, page};
use crate::playground::{Playground, use_playground};
use crate::reactive::{Memo, RwSignal};

use super::debug::Debug;
use super::header::Header;
use super::home::{Catalogue, Introduction};
use super::panel::Panel;
#[cfg(split)]
use super::parts;
use super::parts::Part;
use super::ring::RingState;
use super::second_stage::SecondStage;
use super::space_time;
use super::stage::StageView;
use super::timeline::Timeline;

/// Reads the address, opens its run, and shows it.
#[component]
pub fn App() -> impl IntoView {
    let opening = address::read(&page::query(), &page::fragment());
    page::set_theme(opening.theme);
    let desk = Desk::new(opening.debug);
    provide_context(desk);
    #[cfg(split)]
    let chunks = parts::Chunks::new(desk);
    #[cfg(split)]
    provide_context(chunks);
    let mode = Mode::new(desk, &opening);
    provide_context(mode);
    let asked = RwSignal::new(false);
    api::on_asked(move || asked.set(true));
    let has_asked = Memo::new(move |_| asked.get());
    let tours = mode.tours();
    provide_context(tours);
    let theme = opening.theme;
    mode.begin(opening);
    page::on_fragment_change(move || {
        let fragment = page::fragment();
        if !fragment.is_empty() && !tours.open_fragment(&fragment) {
            desk.open_link(&fragment, move || mode.home.set(false));
        }
    });
    let help = RwSignal::new(false);
    #[cfg(split)]
    let missing = parts::missing(chunks);
    #[cfg(not(split))]
    let missing = ();
    let help_wanted = Memo::new(move |before| before.is_some_and(|before: &bool| *before) || help.get());
    let black = RwSignal::new(false);
    page::on_key(move |press| key(mode, desk, help, black, &press.key)).keep();
    // What needs a run is there once there is one.
    let open = Memo::new(move |_| desk.playground.with(Option::is_some));
    let announcement = move || desk.playground.get().map(|playground| playground.announcement.get());
    view! {
        {move || (open.get() && mode.chrome == Chrome::Full).then(|| view! { <Header theme=theme help=help /> })}
        <div class="notices">
            <Problem />
            <Loading />
            {missing}
        </div>
        // Whatever belongs to one place is made anew in another, and what it held on to is let go.
        {move || if mode.home.get() { view! { <Home open=open /> }.into_any() } else { view! { <Lab open=open /> }.into_any() }}
        {move || (open.get() && mode.debug).then(|| view! { <Debug /> })}
        <p class="unseen" role="status" aria-live="polite">{announcement}</p>
        {move || help_wanted.get().then(|| Part::Help(help).show())}
        {move || has_asked.get().then(|| Part::Interface.show())}
        {move || black.get().then(|| view! { <div class="black" aria-label="Black screen" role="img"></div> })}
    }
}

/// Keys that no control takes.
fn key(mode: Mode, desk: Desk, help: RwSignal<bool>, black: RwSignal<bool>, key: &str) -> bool {
    if black.get_untracked() {
        black.set(false);
        return true;
    }
    let presenting = mode.present.get_untracked();
    match key {
        "?" => help.update(|open| *open = !*open),
        "f" | "F" => page::toggle_full_screen(),
        "b" | "B" | "." if presenting => black.set(true),
        key if presenting && mode.tours().key(key, true) => {}
        "Escape" if presenting => mode.present.set(false),
        // On the home page these keys scroll.
        _ if mode.home.get_untracked() => return false,
        _ => return desk.open_run().is_some_and(|playground| key_of_run(playground, key)),
    }
    true
}

/// Keys for the run that is open.
fn key_of_run(playground: Playground, key: &str) -> bool {
    match key {
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
fn Lab(open: Memo<bool>) -> impl IntoView {
    let mode = use_mode();
    let run = move || {
        let playground = use_playground();
        provide_context(RingState::new(playground));
        provide_context(space_time::Place::new(playground));
        let paired = Memo::new(move |_| playground.contrast.with(Option::is_some));
        view! {
            <main class:paired=move || paired.get()>
                <StageView />
                <SecondStage />
            </main>
            // Before the panel, so that the keyboard comes to time right after the stage.
            {(mode.chrome != Chrome::None).then(|| view! { <Timeline /> })}
            <aside class="panel" aria-label="What is going on">
                <Panel />
            </aside>
        }
        .into_any()
    };
    let on_tour = Memo::new(move |_| mode.tours().is_on());
    view! {
        {move || on_tour.get().then(|| Part::TourCard.show())}
        {move || open.get().then(run)}
    }
    .into_any()
}

/// The home page: a live lab, and all the others below.
#[component]
fn Home(open: Memo<bool>) -> impl IntoView {
    let run = move || {
        let playground = use_playground();
        provide_context(RingState::new(playground));
        provide_context(space_time::Place::new(playground));
        view! {
            <main>
                <StageView />
            </main>
            <Timeline />
            <aside class="panel" aria-label="What is going on">
                <Panel />
            </aside>
        }
        .into_any()
    };
    view! {
        <Introduction />
        {move || open.get().then(run)}
        <Catalogue />
    }
    .into_any()
}

/// What was wrong with somebody's input.
#[component]
fn Problem() -> impl IntoView {
    let notices = use_desk().notices;
    move || {
        notices.problem.get().map(|problem| {
            view! {
                <div class="problem" role="alert">
                    <span>{problem}</span>
                    <button class="quiet" on:click=move |_| notices.clear()>"Dismiss"</button>
                </div>
            }
        })
    }
}

/// A lab whose code is long in coming, or has not come.
#[component]
fn Loading() -> impl IntoView {
    let desk = use_desk();
    let failed = move |title: &str, problem: String| {
        // Without a run there is nothing to go back to.
        let dismiss = desk.open_run().map(|_| {
            view! { <button class="quiet" on:click=move |_| desk.give_up()>"Dismiss"</button> }
        });
        view! {
            <div class="problem" role="alert">
                <span>{format!("{title} could not be loaded: {problem}.")}</span>
                <span class="space"></span>
                <button class="quiet" on:click=move |_| desk.try_again()>"Try again"</button>
                <button class="quiet" on:click=move |_| desk.reload()>"Reload"</button>
                {dismiss}
            </div>
        }
        .into_any()
    };
    move || {
        desk.waiting.get().map(|waiting| match waiting.problem {
            Some(problem) => failed(waiting.title, problem),
            None => view! { <p class="loading" role="status">{format!("Loading {}…", waiting.title)}</p> }.into_any(),
        })
    }
}
