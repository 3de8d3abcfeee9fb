//! Messages in flight: a list for those who cannot see them move, and a legend for those who can.

use leptos::prelude::*;
use view::lens::LensKind;
use view::{Stage, shapes};

use crate::components::list::For;
use crate::platform::page;
use crate::playground::{Selection, use_playground};
use crate::reactive::{Memo, RwSignal, StoredValue};

use super::super::stage::{PICKED_ID, shape_view};
use super::Frame;

/// Most messages that are listed.
const ROWS_MAX: usize = 100;

/// Most that are listed where only those who hear the page come.
const ROWS_HIDDEN_MAX: usize = 20;

/// One message, as it is listed.
#[derive(Clone, PartialEq)]
struct Row {
    id: String,
    way: String,
    kind: String,
    arrives: String,
}

fn rows(stage: &Stage, most: usize) -> Vec<Row> {
    let mut messages: Vec<_> = stage.messages.iter().collect();
    view::order::by(&mut messages, |a, b| (a.due_us, &a.id).cmp(&(b.due_us, &b.id)));
    let name = |index: usize| stage.nodes[index].id.as_str();
    let row = |message: &&view::Message| Row {
        id: message.id.clone(),
        way: format!("{} → {}", name(message.from), name(message.to)),
        kind: message.kind.clone(),
        arrives: match message.held_at_ppm {
            Some(_) => "held".to_owned(),
            // It has arrived at a process that does not run.
            None if message.due_us <= stage.time_us => "waits".to_owned(),
            None => format!("in {:.1} ms", message.due_us.saturating_sub(stage.time_us) as f64 / 1_000.0),
        },
    };
    messages.iter().take(most).map(row).collect()
}

/// The messages, the next to arrive first.
#[component]
pub fn Wire(shown: Memo<bool>) -> impl IntoView {
    let playground = use_playground();
    let rows = Memo::new(move |_| {
        playground.revision.track();
        let most = if shown.get() { ROWS_MAX } else { ROWS_HIDDEN_MAX };
        playground.stage.with_untracked(|stage| rows(stage, most))
    });
    let count = Memo::new(move |_| {
        playground.revision.track();
        playground.stage.with_untracked(|stage| stage.messages.len())
    });
    let active = RwSignal::new(String::new());
    // One of them is reached by Tab, the others from there by arrow keys.
    let stop = Memo::new(move |_| {
        let known = active.with(|active| rows.with(|rows| rows.iter().any(|row| row.id == *active)));
        if known { active.get() } else { rows.with(|rows| rows.first().map(|row| row.id.clone()).unwrap_or_default()) }
    });
    let row = move |row: Row| {
        let id = StoredValue::new(row.id.clone());
        let is = move |other: &str| id.with_value(|id| id == other);
        let glyph = playground.stage.with_untracked(|stage| {
            let message = stage.messages.iter().find(|message| message.id == row.id);
            message.map(|message| shape_view(&shapes::message(message, 0.0)))
        });
        let arrives = move || rows.with(|rows| rows.iter().find(|row| is(&row.id)).map(|row| row.arrives.clone()));
        let picked =
            move || playground.selected.with(|picked| matches!(picked, Some(Selection::Message(picked)) if is(picked)));
        view! {
            <li>
                <button
                    class="message"
                    data-rove=""
                    tabindex=move || if shown.get() && stop.with(|stop| is(stop)) { "0" } else { "-1" }
                    aria-pressed=move || picked().to_string()
                    on:focus=move |_| active.set(id.get_value())
                    on:click=move |event| {
                        playground.pause();
                        playground.select(Some(Selection::Message(id.get_value())));
                        if page::is_by_keyboard(&event) {
                            page::focus_soon(PICKED_ID);
                        }
                    }
                >
                    <svg class="glyph" viewBox="-12 -12 24 24" aria-hidden="true">{glyph}</svg>
                    <span class="way">{row.way}</span>
                    <span class="kind">{row.kind}</span>
                    <span class="due">{arrives}</span>
                </button>
            </li>
        }
        .into_any()
    };
    let more = move || {
        let more = count.get().saturating_sub(rows.with(Vec::len));
        (more > 0).then(|| view! { <li class="nothing">{format!("and {more} more")}</li> })
    };
    let tools = view! { <span class="count">{move || count.get()}</span> }.into_any();
    view! {
        <div class="wire" class:unseen=move || !shown.get()>
        <Frame kind=LensKind::Wire tools=tools>
            <ul class="messages" aria-label="Messages in flight" on:keydown=move |event| page::rove(&event)>
                <For each=move || rows.get() key=|row| row.id.clone() children=row />
                {more}
                {move || (count.get() == 0).then(|| view! { <li class="nothing">"Nothing is under way."</li> })}
            </ul>
        </Frame>
        </div>
    }
    .into_any()
}
