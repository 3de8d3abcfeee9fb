//! What happened, in words, and what is on its way.

use leptos::prelude::*;
use view::narration::Weight;
use view::shapes;

use crate::playground::use_playground;

use super::stage::shape_view;
use super::words::seconds;

/// The story so far, newest first.
#[component]
pub fn Story() -> impl IntoView {
    let playground = use_playground();
    let lines = move || playground.log.get().into_iter().rev().collect::<Vec<_>>();
    view! {
        <section class="story">
            <h2>"What happened"</h2>
            // It may be read at leisure; announcements go through the status line, which is limited in rate.
            <div class="lines" role="log" aria-live="off" aria-label="What happened" tabindex="0">
                <ol>
                    <For each=lines key=|sentence| sentence.step let:sentence>
                        <li class:milestone=sentence.weight == Weight::Milestone>
                            <button class="moment" on:click=move |_| playground.seek_step(sentence.step)>
                                <span class="when">{seconds(sentence.time_us)}</span>
                                <span>{sentence.text.clone()}</span>
                            </button>
                        </li>
                    </For>
                </ol>
            </div>
        </section>
    }
}

/// Messages on their way: a list for those who cannot see them move, and a legend for those who can.
#[component]
pub fn Wire() -> impl IntoView {
    let playground = use_playground();
    let rows = move || {
        playground.stage.with(|stage| {
            let mut messages: Vec<_> = stage.messages.iter().collect();
            messages.sort_by_key(|message| (message.due_us, message.id.clone()));
            let name = |index: usize| stage.nodes[index].id.clone();
            messages
                .into_iter()
                .map(|message| {
                    let glyph = shape_view(&shapes::message(message, 0.0));
                    let arrives = match message.held_at_ppm {
                        Some(_) => "held".to_owned(),
                        // It has arrived at a process that does not run.
                        None if message.due_us <= stage.time_us => "waits".to_owned(),
                        None => format!("in {:.1} ms", message.due_us.saturating_sub(stage.time_us) as f64 / 1_000.0),
                    };
                    view! {
                        <li>
                            <svg class="glyph" viewBox="-12 -12 24 24" aria-hidden="true">{glyph}</svg>
                            <span class="way">{format!("{} → {}", name(message.from), name(message.to))}</span>
                            <span class="kind">{message.kind.clone()}</span>
                            <span class="due">{arrives}</span>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    let count = move || playground.stage.with(|stage| stage.messages.len());
    view! {
        <section class="wire">
            <h2>"On the wire "<span class="count">{count}</span></h2>
            <ul aria-label="Messages in flight" tabindex="0">
                {rows}
                {move || (count() == 0).then(|| view! { <li class="nothing">"Nothing is under way."</li> })}
            </ul>
        </section>
    }
}
