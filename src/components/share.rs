//! The link to the run.

use leptos::prelude::*;

use crate::platform::page;
use crate::playground::use_playground;

/// A button that copies the link, and shows it to be copied by hand.
#[component]
pub fn Share() -> impl IntoView {
    let playground = use_playground();
    let link = RwSignal::new(None::<String>);
    let copied = RwSignal::new(false);
    let shown_at = StoredValue::new(0u64);
    let toggle = move |_| {
        if link.get_untracked().is_some() {
            link.set(None);
            return;
        }
        playground.pause();
        let url = match playground.share_url() {
            Ok(url) => url,
            Err(problem) => {
                playground.problem.set(Some(problem.to_string()));
                return;
            }
        };
        copied.set(false);
        page::copy(&url, move |worked| copied.set(worked));
        shown_at.set_value(playground.time_us.get_untracked());
        link.set(Some(url));
    };
    // A link that no longer shows what is on the stage would mislead.
    Effect::new(move |_| {
        let moved = playground.time_us.get() != shown_at.get_value();
        if moved && link.get_untracked().is_some() {
            link.set(None);
        }
    });
    let dialog = move || {
        link.get().map(|url| {
            let length = url.len();
            let frame = format!(
                "<iframe src=\"{}\" title=\"netsplit\" width=\"800\" height=\"600\" loading=\"lazy\" allow=\"fullscreen\"></iframe>",
                url.replacen('#', "?embed=1#", 1),
            );
            view! {
                <div class="popover" role="dialog" aria-label="Share this run" on:keydown=move |event| {
                    if event.key() == "Escape" {
                        link.set(None);
                    }
                }>
                    <p>
                        {move || if copied.get() { "The link is copied." } else { "Copy this link." }}
                        " Whoever opens it sees this run, step for step."
                    </p>
                    <label class="entry">
                        <span>{format!("Link, {length} characters")}</span>
                        <input type="text" readonly=true aria-label="Link to this run" prop:value=url on:focus=move |event| page::select_all(&event) />
                    </label>
                    <label class="entry">
                        <span>"In a page of your own"</span>
                        <input type="text" readonly=true aria-label="Line to embed this run" prop:value=frame on:focus=move |event| page::select_all(&event) />
                    </label>
                </div>
            }
        })
    };
    view! {
        <div class="anchor">
            <button data-control="share" aria-expanded=move || link.get().is_some().to_string() on:click=toggle>"Share"</button>
            {dialog}
        </div>
    }
}
