//! What keys and hands can do, on one sheet.

use leptos::html;
use leptos::prelude::*;

use crate::platform::page;
use crate::reactive::{Effect, RwSignal};

use super::icons::{Glyph, Icon};

/// Keys and what they do.
const KEYS: [(&str, &str); 11] = [
    ("Space", "play or pause"),
    ("← →", "a step back, a step on"),
    ("[ ]", "previous, next turning point"),
    ("< >", "slower, faster"),
    ("U", "undo"),
    ("N, P", "next, previous step of a tour"),
    ("F", "full screen"),
    ("B", "black screen, while presenting"),
    ("?", "this sheet"),
    ("on a node: Enter", "what can be done to it"),
    ("on a node: X, arrows", "crash or restart it, move it"),
];

/// Gestures and what they do.
const HANDS: [(&str, &str); 6] = [
    ("Draw across links", "cuts them"),
    ("Draw around nodes", "splits them off"),
    ("Click a link", "cuts or heals it"),
    ("Click a message", "catches it: drop, hold, send twice"),
    ("Drag a node", "moves it"),
    ("Double-click a node", "crashes or restarts it"),
];

/// The sheet.
#[component]
pub fn Help(open: RwSignal<bool>) -> impl IntoView {
    let sheet = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(sheet) = sheet.get() {
            page::focus_first(&sheet);
        }
    });
    let list = |title: &'static str, rows: &'static [(&'static str, &'static str)]| {
        let rows = rows.iter().map(|(what, does)| view! { <dt>{*what}</dt><dd>{*does}</dd> }).collect_view();
        view! { <div><h3>{title}</h3><dl>{rows}</dl></div> }
    };
    move || {
        open.get().then(|| {
            view! {
                <div
                    class="veil"
                    on:click=move |event| {
                        if page::came_to(&event, ".veil") && !page::came_to(&event, ".sheet") {
                            open.set(false);
                        }
                    }
                >
                    <div
                        class="sheet"
                        role="dialog"
                        aria-modal="true"
                        aria-label="Help"
                        node_ref=sheet
                        on:keydown=move |event| {
                            match event.key().as_str() {
                                "Escape" => open.set(false),
                                // There is one control only.
                                "Tab" => event.prevent_default(),
                                _ => {}
                            }
                        }
                    >
                        <div class="sheet-head">
                            <h2>"What you can do"</h2>
                            <button class="square" aria-label="Close" on:click=move |_| open.set(false)>
                                <Glyph icon=Icon::Cross />
                            </button>
                        </div>
                        <div class="columns">{list("By hand", &HANDS)} {list("By keyboard", &KEYS)}</div>
                    </div>
                </div>
            }
        })
    }
}
