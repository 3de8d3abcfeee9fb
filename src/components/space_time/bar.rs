//! What is done to the diagram as a whole: what its axis means, which processes and events are in it, search, logs.

use leptos::prelude::*;
use view::lens::space_time::plan::Axis;

use crate::reactive::{Memo, RwSignal};

use super::super::parts::Part;
use super::super::popover::Popover;
use super::{SpaceTimeState, use_space_time};

/// The buttons above a diagram.
#[component]
pub fn SpaceTimeBar() -> impl IntoView {
    let state = use_space_time();
    let axis = move |name: &'static str, axis: Axis| {
        view! {
            <button aria-pressed=move || (state.axis.get() == axis).to_string() on:click=move |_| state.axis.set(axis)>
                {name}
            </button>
        }
    };
    // A log has no times.
    let axes = move || {
        state.log.with(Option::is_none).then(|| {
            view! {
                <div class="switch" role="group" aria-label="What the long axis shows">
                    {axis("Time", Axis::Time)}
                    {axis("Steps", Axis::Steps)}
                </div>
            }
        })
    };
    let routine = Memo::new(move |_| {
        state.version.track();
        state.has_routine()
    });
    let fold = move || {
        routine.get().then(|| {
            view! {
                <button
                    aria-pressed=move || state.fold.get().to_string()
                    title="Draw routine events in a row as one"
                    on:click=move |_| state.fold.update(|fold| *fold = !*fold)
                >
                    "Fold routine"
                </button>
            }
        })
    };
    view! {
        <div class="st-bar">
            {axes}
            {fold}
            <Popover name="Processes" below=true>
                <Processes />
            </Popover>
            <Search state=state />
            <Popover name="Logs" below=true>
                {Part::LogForm.show()}
            </Popover>
        </div>
        <OpenLogLine />
    }
    .into_any()
}

/// Which processes have a line with room around it.
#[component]
fn Processes() -> impl IntoView {
    let state = use_space_time();
    let names = state.with(|diagram| diagram.processes.clone());
    let row = move |name: String| {
        let shown = {
            let name = name.clone();
            move || !state.aside.with(|aside| aside.contains(&name))
        };
        let called = name.clone();
        view! {
            <label class="st-process">
                <input
                    type="checkbox"
                    prop:checked=shown
                    on:change=move |_| {
                        state.aside.update(|aside| match aside.iter().position(|known| *known == name) {
                            Some(place) => drop(aside.remove(place)),
                            None => aside.push(name.clone()),
                        });
                    }
                />
                <span>{called}</span>
            </label>
        }
    };
    view! {
        <p>"Put processes aside that only take room."</p>
        <div class="st-processes">{names.into_iter().map(row).collect_view()}</div>
    }
    .into_any()
}

/// Finds events by words; Enter goes from one to the next.
#[component]
fn Search(state: SpaceTimeState) -> impl IntoView {
    let place = RwSignal::new(None::<usize>);
    let count = move || {
        let found = state.found.with(Vec::len);
        let wanted = state.wanted.with(|wanted| !wanted.trim().is_empty());
        match (wanted, place.get()) {
            (false, _) => String::new(),
            (true, Some(place)) if place < found => format!("{} of {found}", place + 1),
            (true, _) => format!("{found} found"),
        }
    };
    let go = move |forth: bool| {
        let found = state.found.get_untracked();
        if found.is_empty() {
            return;
        }
        let last = found.len() - 1;
        let next = match place.get_untracked() {
            None => {
                if forth {
                    0
                } else {
                    last
                }
            }
            Some(place) if forth => {
                if place >= last {
                    0
                } else {
                    place + 1
                }
            }
            Some(place) => place.checked_sub(1).unwrap_or(last),
        };
        place.set(Some(next));
        if let Some(step) = state.step(found[next]) {
            state.hovered.set(Some(step));
            state.show(Some(step));
        }
    };
    view! {
        <label class="st-search">
            <span class="unseen">"Search events"</span>
            <input
                type="search"
                placeholder="Search events"
                prop:value=move || state.wanted.get()
                on:input=move |event| {
                    state.wanted.set(event_target_value(&event));
                    place.set(None);
                }
                on:keydown=move |event| match event.key().as_str() {
                    "Enter" => {
                        event.prevent_default();
                        go(!event.shift_key());
                    }
                    "Escape" if !state.wanted.get_untracked().is_empty() => {
                        event.prevent_default();
                        event.stop_propagation();
                        state.wanted.set(String::new());
                        state.hovered.set(None);
                    }
                    _ => {}
                }
            />
            <span class="st-count" aria-live="polite">{count}</span>
        </label>
    }
    .into_any()
}

/// Says that a log is shown and not the run.
#[component]
fn OpenLogLine() -> impl IntoView {
    let state = use_space_time();
    move || {
        state.log.get().map(|log| {
            let bad = log.malformed.len();
            let lines = log
                .malformed
                .iter()
                .take(200)
                .map(|(line, problem)| view! { <li>{format!("line {line}: {problem}")}</li> })
                .collect_view();
            let problems = (bad > 0).then(|| {
                view! {
                    <details>
                        <summary>{format!("{bad} {} could not be taken as they are", if bad == 1 { "line" } else { "lines" })}</summary>
                        <ul tabindex="0">{lines}</ul>
                    </details>
                }
            });
            view! {
                <div class="st-open" role="status">
                    <b>{log.name.clone()}</b>
                    <span>{format!("{} events", log.events)}</span>
                    <button on:click=move |_| state.close_log()>"Back to the run"</button>
                    {problems}
                </div>
            }
        })
    }
}
