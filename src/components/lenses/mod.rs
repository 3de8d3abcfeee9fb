//! The lenses of the panel: each is a section that shows one view of the run as it is now.

pub mod checks;
pub mod inspector;
pub mod story;
pub mod wire;

use leptos::html::Button;
use leptos::prelude::*;
use view::lens::LensKind;

use crate::reactive::Effect;

use super::icons::{Glyph, Icon};
use super::sheet::use_sheet;

/// The frame around a lens: its heading, what can be done with it, and on phones a way to close it.
#[component]
pub fn Frame(kind: LensKind, #[prop(optional)] tools: Option<AnyView>, children: Children) -> impl IntoView {
    let sheet = use_sheet();
    let close = NodeRef::<Button>::new();
    // A sheet has come up for somebody: focus goes there, and back when it closes.
    Effect::new(move |_| {
        if let Some(close) = close.get() {
            let _ = close.focus();
        }
    });
    let closer = move || {
        sheet.is_up(kind).then(|| {
            view! {
                <button class="square plain" node_ref=close aria-label="Close" on:click=move |_| sheet.close()>
                    <Glyph icon=Icon::Cross />
                </button>
            }
        })
    };
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && sheet.narrow.get_untracked() {
            event.prevent_default();
            sheet.close();
        }
    };
    view! {
        <section class=format!("lens lens-{}", kind.id()) aria-label=kind.heading() on:keydown=escape>
            <div class="lens-head">
                <h2>{kind.heading()}</h2>
                {tools}
                {closer}
            </div>
            {children()}
        </section>
    }
    .into_any()
}
