//! What one of two runs side by side is, and how its properties stand.

use leptos::prelude::*;

use crate::playground::use_playground;
use crate::reactive::Memo;

/// What one of two runs is, and how its properties stand.
#[component]
pub fn Side() -> impl IntoView {
    let playground = use_playground();
    let contrast = Memo::new(move |_| playground.contrast.get());
    let words = move || {
        playground.variant.track();
        contrast.get().map(|contrast| playground.read(|session| contrast.words(session.run_as_opened())))
    };
    let checks = Memo::new(move |_| {
        playground.verdicts.with(|verdicts| {
            let of = |status: &str| verdicts.iter().filter(|verdict| verdict.status == status).count();
            let counts = ["violated", "holds", "met", "pending", "unseen"].map(|status| (of(status), status));
            let counts = counts.into_iter().filter(|(count, _)| *count > 0);
            counts
                .map(|(count, status)| match status {
                    "holds" if count > 1 => format!("{count} hold"),
                    status => format!("{count} {status}"),
                })
                .collect::<Vec<_>>()
                .join(" · ")
        })
    });
    view! {
        <div class="side">
            <h1>{words}</h1>
            <p>{move || checks.get()}</p>
        </div>
    }
}
