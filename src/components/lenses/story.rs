//! What happened, in sentences, the newest first. Routine is told in one line that can be unfolded.

use leptos::prelude::*;
use view::Sentence;
use view::lens::LensKind;
use view::narration::Weight;

use crate::components::list::For;
use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Memo, RwSignal};

use super::super::words::seconds;
use super::Frame;

/// Most steps that one line unfolds to.
const UNFOLDED_MAX: usize = 100;

/// A line of the story.
#[derive(Clone, PartialEq)]
enum Line {
    /// A sentence.
    Told(Sentence),
    /// Routine steps between two sentences: the first and the last of them.
    Routine(u64, u64),
}

impl Line {
    fn key(&self) -> (u64, u64) {
        match self {
            Self::Told(sentence) => (sentence.step, 0),
            Self::Routine(from, to) => (*from, *to),
        }
    }
}

/// The story so far.
#[component]
pub fn Story(shown: Memo<bool>) -> impl IntoView {
    let playground = use_playground();
    let step = Memo::new(move |_| {
        playground.revision.track();
        playground.read(|session| session.step_count())
    });
    let lines = Memo::new(move |_| {
        playground.revision.track();
        playground.log.with_untracked(|log| {
            let mut lines = Vec::with_capacity(2 * log.len());
            let mut before = None;
            for sentence in log {
                if let Some(from) = before.map(|before: u64| before + 1).filter(|from| *from < sentence.step) {
                    lines.push(Line::Routine(from, sentence.step - 1));
                }
                lines.push(Line::Told(sentence.clone()));
                before = Some(sentence.step);
            }
            lines.reverse();
            lines
        })
    });
    // The newest sentence at or before a step.
    let told_at = move |step: u64| {
        let told = |line: &Line| matches!(line, Line::Told(told) if told.step <= step).then(|| line.key().0);
        lines.with(|lines| lines.iter().find_map(told))
    };
    // What has been routine since the newest sentence; it grows, so it is not one of the lines yet.
    let since = Memo::new(move |_| {
        let newest = told_at(u64::MAX)?;
        (step.get() > newest).then(|| (newest + 1, step.get()))
    });
    let present = Memo::new(move |_| told_at(step.get()));
    let active = RwSignal::new(None::<(u64, u64)>);
    // One line is reached by Tab, the others from there by arrow keys: the one used last, or the present one.
    let stop = Memo::new(move |_| {
        if !shown.get() {
            return None;
        }
        let known = active.get().filter(|key| lines.with(|lines| lines.iter().any(|line| line.key() == *key)));
        known
            .or_else(|| present.get().map(|step| (step, 0)))
            .or_else(|| lines.with(|lines| lines.first().map(Line::key)))
    });
    let tab = move |key: (u64, u64)| move || if stop.get() == Some(key) { "0" } else { "-1" };
    let line = move |line: Line| match line {
        Line::Told(sentence) => {
            let (at, key) = (sentence.step, (sentence.step, 0));
            view! {
                <li
                    class:milestone=sentence.weight == Weight::Milestone
                    class:present=move || present.get() == Some(at)
                    class:future=move || step.get() < at
                >
                    <button
                        class="moment"
                        data-rove=""
                        tabindex=tab(key)
                        aria-current=move || (present.get() == Some(at)).then_some("step")
                        on:focus=move |_| active.set(Some(key))
                        on:click=move |_| playground.seek_step(at)
                    >
                        <span class="when">{seconds(sentence.time_us)}</span>
                        <span>{sentence.text}</span>
                    </button>
                </li>
            }
            .into_any()
        }
        Line::Routine(from, to) => {
            let key = (from, to);
            view! {
                <li class:future=move || step.get() < from>
                    <Fold from=from to=to tab=Signal::derive(tab(key)) focused=move || active.set(Some(key)) />
                </li>
            }
            .into_any()
        }
    };
    let latest = move || {
        since.get().map(|(from, to)| {
            let summary = playground.read(|session| session.summary(from, to));
            view! { <p class="routine since">{summary}</p> }
        })
    };
    view! {
        <div class="story" class:unseen=move || !shown.get()>
            <Frame kind=LensKind::Story>
                // It may be read at leisure; announcements go through the status line, which is limited in rate.
                <div
                    class="lines"
                    role="log"
                    aria-live="off"
                    aria-label="What happened"
                    on:keydown=move |event| page::rove(&event)
                >
                    {latest}
                    <ol>
                        <For each=move || lines.get() key=move |line| (playground.retellings.get_untracked(), line.key()) children=line />
                    </ol>
                </div>
            </Frame>
        </div>
    }
    .into_any()
}

/// Routine steps in one line, and when it is unfolded, each in its own.
#[component]
fn Fold(from: u64, to: u64, tab: Signal<&'static str>, focused: impl Fn() + 'static) -> impl IntoView {
    let playground = use_playground();
    let open = RwSignal::new(false);
    let summary = playground.read(|session| session.summary(from, to));
    let steps = move || {
        open.get().then(|| {
            let told: Vec<Sentence> = playground
                .read(|session| (from..=to).take(UNFOLDED_MAX).filter_map(|step| session.sentence(step)).collect());
            let line = move |sentence: Sentence| {
                let step = sentence.step;
                view! {
                    <li>
                        <button class="moment" data-rove="" tabindex="-1" on:click=move |_| playground.seek_step(step)>
                            <span class="when">{seconds(sentence.time_us)}</span>
                            <span>{sentence.text}</span>
                        </button>
                    </li>
                }
            };
            view! { <ol class="unfolded">{told.into_iter().rev().map(line).collect_view()}</ol> }
        })
    };
    view! {
        <button
            class="routine"
            data-rove=""
            tabindex=tab
            aria-expanded=move || open.get().to_string()
            on:focus=move |_| focused()
            on:click=move |_| open.update(|open| *open = !*open)
        >
            {summary}
        </button>
        {steps}
    }
    .into_any()
}
