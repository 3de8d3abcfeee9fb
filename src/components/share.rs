//! The link to the run, and the line that embeds it.

use leptos::prelude::*;

use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Effect, RwSignal};

use super::parts::Part;
use super::popover::{Closer, Popover};

/// A button that copies the link, and shows it to be copied by hand.
#[component]
pub fn Share() -> impl IntoView {
    view! {
        <div data-control="share">
            <Popover name="Share" below=true>
                {Part::Links.show()}
            </Popover>
        </div>
    }
    .into_any()
}

/// The link, and the line.
#[component]
pub fn Links() -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    playground.pause();
    let url = match playground.share_url() {
        Ok(url) => url,
        Err(problem) => return view! { <p>{problem.to_string()}</p> }.into_any(),
    };
    let copied = RwSignal::new(false);
    page::copy(&url, move |worked| {
        copied.set(worked);
    });
    // A link that no longer shows what is on the stage would mislead.
    let shown_at_us = playground.time_us.get_untracked();
    Effect::new(move |_| {
        if playground.time_us.get() != shown_at_us {
            closer.close();
        }
    });
    let branches = playground.read(|session| session.strip().branches.len());
    let only = (branches > 1).then_some(" It has the branch that is shown, not the others.");
    let frame = format!(
        "<iframe src=\"{}\" title=\"netsplit\" width=\"800\" height=\"600\" loading=\"lazy\" allow=\"fullscreen\"></iframe>",
        url.replacen('#', "?embed=1#", 1),
    );
    let length = url.len();
    view! {
        <p>
            {move || if copied.get() { "The link is copied." } else { "Copy this link." }}
            " Whoever opens it sees this run, step for step." {only}
        </p>
        <label class="entry">
            <span>{format!("Link, {length} characters")}</span>
            <input
                type="text"
                readonly=true
                aria-label="Link to this run"
                prop:value=url
                on:focus=move |event| page::select_all(&event)
            />
        </label>
        <label class="entry">
            <span>"In a page of your own"</span>
            <input
                type="text"
                readonly=true
                aria-label="Line to embed this run"
                prop:value=frame
                on:focus=move |event| page::select_all(&event)
            />
        </label>
    }
    .into_any()
}
