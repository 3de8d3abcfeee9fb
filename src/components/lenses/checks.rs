//! How the properties stand.

use labs::state::VerdictState;
use leptos::prelude::*;
use view::lens::LensKind;

use crate::components::list::For;
use crate::playground::use_playground;
use crate::reactive::{Memo, RwSignal};

use super::super::icons::{Glyph, Icon};
use super::Frame;

/// The verdicts: what is violated first, then by kind of property.
#[component]
pub fn Checks() -> impl IntoView {
    let playground = use_playground();
    let order = move || {
        let rank = |verdict: &VerdictState| match (verdict.status, verdict.kind) {
            ("violated", _) => 0,
            (_, "always") => 1,
            (_, "eventually") => 2,
            _ => 3,
        };
        playground.revision.track();
        playground.verdicts.with_untracked(|verdicts| {
            let mut order: Vec<_> = verdicts.iter().map(|verdict| (rank(verdict), verdict.property)).collect();
            view::order::by_key(&mut order, |(rank, _)| *rank);
            order.into_iter().map(|(_, property)| property).collect::<Vec<_>>()
        })
    };
    // What simply holds is one line, until somebody wants to see it.
    let holding = Memo::new(move |_| {
        playground.revision.track();
        playground.verdicts.with_untracked(|verdicts| verdicts.iter().filter(|verdict| simply_holds(verdict)).count())
    });
    let folded = RwSignal::new(true);
    let summary = move || {
        let count = holding.get();
        (count >= FOLDED_MIN).then(|| {
            view! {
                <button
                    class="holding"
                    aria-expanded=move || (!folded.get()).to_string()
                    on:click=move |_| folded.update(|folded| *folded = !*folded)
                >
                    <span class="mark" aria-hidden="true"><Glyph icon=Icon::Check /></span>
                    <span>{format!("{count} safety checks hold")}</span>
                </button>
            }
        })
    };
    let is_folded = move || folded.get() && holding.get() >= FOLDED_MIN;
    view! {
        <Frame kind=LensKind::Checks>
            {summary}
            <ul class="verdicts" class:folded=is_folded>
                <For each=order key=|property| *property let:property>
                    <Row property=property />
                </For>
            </ul>
        </Frame>
    }
    .into_any()
}

/// So many that hold are told in one line.
const FOLDED_MIN: usize = 3;

fn simply_holds(verdict: &VerdictState) -> bool {
    verdict.kind == "always" && verdict.status == "holds"
}

/// One property. What changes about it changes in place, so that its button keeps the focus.
#[component]
fn Row(property: &'static str) -> impl IntoView {
    let playground = use_playground();
    let verdict = Memo::new(move |_| {
        playground.revision.track();
        playground
            .verdicts
            .with_untracked(|verdicts| verdicts.iter().find(|verdict| verdict.property == property).cloned())
    });
    let of = move |pick: fn(&VerdictState) -> &'static str| verdict.with(|verdict| verdict.as_ref().map_or("", pick));
    let status = Memo::new(move |_| of(|verdict| verdict.status));
    let step = Memo::new(move |_| verdict.with(|verdict| verdict.as_ref().and_then(|verdict| verdict.step)));
    let basis = move || {
        verdict.with(|verdict| match verdict.as_ref()? {
            VerdictState { reason: Some(reason), .. } => Some(reason.clone()),
            VerdictState { basis, name, .. } if basis.is_empty() => Some((*name).to_owned()),
            VerdictState { basis, name, .. } => Some(format!("{name} · {basis}")),
        })
    };
    let glyph = move || match status.get() {
        "holds" | "met" => Some(view! { <Glyph icon=Icon::Check /> }),
        "violated" => Some(view! { <Glyph icon=Icon::Cross /> }),
        _ => None,
    };
    // What is well takes one line; the rest is there for whoever asks, by eye or by ear.
    let quiet = move || matches!(status.get(), "holds" | "met" | "unseen");
    let jump = move || {
        step.get().map(|step| {
            view! { <button class="quiet" on:click=move |_| playground.seek_step(step)>{format!("Go to step {step}")}</button> }
        })
    };
    view! {
        <li
            class=move || format!("verdict {}", status.get())
            class:simple=move || verdict.with(|verdict| verdict.as_ref().is_some_and(simply_holds))
            class:quiet-verdict=quiet
            title=move || quiet().then(basis).flatten()
        >
            <span class="mark" aria-hidden="true">{glyph}</span>
            <div class="verdict-words">
                <span class="claim">
                    {move || of(|verdict| verdict.claim)}
                    <span class="unseen">{move || format!(": {}", status.get())}</span>
                </span>
                // That something holds always is what one expects; the other kinds are said.
                <span class="kind">{move || of(|verdict| if verdict.kind == "always" { "" } else { verdict.kind })}</span>
                <small class:reason=move || status.get() == "violated">{basis}</small>
                {jump}
            </div>
        </li>
    }
    .into_any()
}
