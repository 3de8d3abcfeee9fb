//! How the properties stand.

use labs::state::VerdictState;
use leptos::prelude::*;

use crate::playground::use_playground;

use super::icons::{Glyph, Icon};

const GROUPS: [(&str, &str); 3] = [("always", "Always"), ("eventually", "Eventually"), ("sometimes", "Sometimes")];

/// The verdicts, by kind of property.
#[component]
pub fn Checks() -> impl IntoView {
    let playground = use_playground();
    let groups = GROUPS.map(|(kind, title)| {
        let rows = move || {
            let verdicts = playground.verdicts.get();
            verdicts
                .into_iter()
                .filter(|verdict| verdict.kind == kind)
                .map(|verdict| view! { <Row verdict=verdict /> })
                .collect_view()
        };
        view! {
            <h2>{title}</h2>
            <ul class="verdicts">{rows}</ul>
        }
    });
    view! { <section aria-label="Checks">{groups.into_iter().collect_view()}</section> }
}

/// One property.
#[component]
fn Row(verdict: VerdictState) -> impl IntoView {
    let playground = use_playground();
    let glyph = match verdict.status {
        "holds" | "met" => Some(view! { <Glyph icon=Icon::Check /> }),
        "violated" => Some(view! { <Glyph icon=Icon::Cross /> }),
        _ => None,
    };
    let violated = verdict.status == "violated";
    let basis = match &verdict.reason {
        Some(reason) => reason.clone(),
        None if verdict.basis.is_empty() => verdict.name.to_owned(),
        None => format!("{} · {}", verdict.name, verdict.basis),
    };
    let jump = verdict.step.map(|step| {
        view! { <button class="quiet" on:click=move |_| playground.seek_step(step)>{format!("Go to step {step}")}</button> }
    });
    // What is well takes one line; the rest is there for whoever asks, by eye or by ear.
    let quiet = matches!(verdict.status, "holds" | "met" | "unseen");
    let hint = quiet.then(|| basis.clone());
    view! {
        <li class=format!("verdict {}", verdict.status) class:quiet-verdict=quiet title=hint>
            <span class="mark" aria-hidden="true">{glyph}</span>
            <div>
                <span class="claim">
                    {verdict.claim}<span class="unseen">{format!(": {}", verdict.status)}</span>
                </span>
                <small class:reason=violated>{basis}</small>
                {jump}
            </div>
        </li>
    }
}
