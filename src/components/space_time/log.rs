//! Logs for ShiViz, both ways: a log that somebody has is shown as a diagram, and the run is given out as a log.

use labs::shiviz::{DEFAULT_REGEX, Export, HOST_FIRST_REGEX, import};
use leptos::prelude::*;

use crate::platform::page;
use crate::reactive::RwSignal;

use super::super::popover::Closer;
use super::use_space_time;

/// Larger files are not read, in bytes.
const FILE_BYTES_MAX: f64 = 64.0 * 1024.0 * 1024.0;

/// A small log to try.
const EXAMPLE: &str = "alice writes to bob\nalice {\"alice\":1}\nbob reads it\nbob {\"alice\":1, \"bob\":1}\ncarol starts\ncarol {\"carol\":1}\nbob tells carol\nbob {\"alice\":1, \"bob\":2}\nalice goes on\nalice {\"alice\":2}\ncarol hears of it\ncarol {\"alice\":1, \"bob\":2, \"carol\":2}\n";

/// Opens a log, from a file or as text, or copies the run's.
#[component]
pub fn LogForm() -> impl IntoView {
    let state = use_space_time();
    let closer = expect_context::<Closer>();
    let text = RwSignal::new(String::new());
    let regex = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let copied = RwSignal::new(None::<String>);
    let open = move |name: String, text: &str| {
        let pattern = regex.get_untracked();
        let pattern = pattern.trim();
        match import(text, (!pattern.is_empty()).then_some(pattern)) {
            Ok(log) => {
                let malformed = log.malformed.iter().map(|bad| (bad.line, bad.problem.clone())).collect();
                state.open_log(name, log.space_time(), malformed);
                closer.close();
            }
            Err(error) => problem.set(Some(error.to_string())),
        }
    };
    let choose = move |event: leptos::ev::Event| {
        page::chosen_file(&event, FILE_BYTES_MAX, move |file| match file {
            Ok((name, text)) => open(name, &text),
            Err(error) => problem.set(Some(error)),
        });
    };
    let copy = move |_| {
        let log = state.playground.read(|session| {
            let mut export = Export::new(session.processes());
            let mut log = String::new();
            for step in 1..=session.step_count() {
                if let Some(moment) = session.moment(step)
                    && let Some(lines) = export.lines(&moment)?
                {
                    log.push_str(&lines);
                }
            }
            Ok::<_, labs::InputError>(log)
        });
        match log {
            Ok(log) => {
                let events = log.lines().count() / 2;
                page::copy(&log, move |worked| {
                    let said = if worked {
                        format!("{events} events are copied.")
                    } else {
                        "The clipboard is not to be had here.".into()
                    };
                    copied.set(Some(said));
                });
            }
            Err(error) => problem.set(Some(error.to_string())),
        }
    };
    view! {
        <div class="st-log">
            <p>"Explore a ShiViz log of your own system: events with their hosts and vector clocks. It stays on this machine."</p>
            <label class="entry">
                <span>"Log file"</span>
                <input type="file" accept=".log,.txt,text/plain" on:change=choose />
            </label>
            <label class="entry">
                <span>"Or its text"</span>
                <textarea
                    rows="5"
                    spellcheck="false"
                    placeholder="event\nhost {\"host\":1}"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
            </label>
            <label class="entry">
                <span>"Regular expression (none: ShiViz’s own)"</span>
                <input
                    type="text"
                    spellcheck="false"
                    list="st-regexes"
                    placeholder=DEFAULT_REGEX
                    prop:value=move || regex.get()
                    on:input=move |event| regex.set(event_target_value(&event))
                />
                <datalist id="st-regexes">
                    <option value=DEFAULT_REGEX></option>
                    <option value=HOST_FIRST_REGEX></option>
                </datalist>
            </label>
            {move || problem.get().map(|problem| view! { <p class="st-problem" role="alert">{problem}</p> })}
            <div class="st-log-buttons">
                <button
                    class="primary"
                    disabled=move || text.with(|text| text.trim().is_empty())
                    on:click=move |_| text.with_untracked(|text| open("Pasted log".into(), text))
                >
                    "Show it"
                </button>
                <button on:click=move |_| {
                    text.set(EXAMPLE.into());
                    regex.set(String::new());
                }>"An example"</button>
            </div>
            <hr />
            <button on:click=copy>"Copy this run as a log"</button>
            <p class="st-copied" aria-live="polite">{move || copied.get()}</p>
        </div>
    }
    .into_any()
}
