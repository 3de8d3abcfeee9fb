//! A button that opens a small dialog above or below itself.

use leptos::html;
use leptos::prelude::*;

use crate::platform::page;
use crate::reactive::{Effect, RwSignal, StoredValue};

use super::icons::{Glyph, Icon};

/// Lets what is inside close the dialog around it.
#[derive(Clone, Copy)]
pub struct Closer(RwSignal<bool>);

impl Closer {
    /// Closes the dialog.
    pub fn close(self) {
        self.0.set(false);
    }
}

/// A button with an icon and a name; what is inside is made when it opens. Escape, a click elsewhere, or leaving it
/// by keyboard closes it.
#[component]
pub fn Popover(
    /// What the button says, and what the dialog is called.
    #[prop(into)]
    name: Signal<String>,
    /// The button's icon.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Opens downwards, from the right end of the button.
    #[prop(optional)]
    below: bool,
    /// Whether there is nothing to open it for.
    #[prop(into, optional)]
    disabled: Signal<bool>,
    /// What is inside.
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let children = StoredValue::new(children);
    let anchor = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let dialog = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            page::focus_first(&dialog);
        }
    });
    Effect::new(move |_| {
        if disabled.get() {
            open.set(false);
        }
    });
    page::on_pointer_down(move |event| {
        if open.get_untracked() && anchor.get_untracked().is_some_and(|anchor| !page::is_within(event, &anchor)) {
            open.set(false);
        }
    })
    .keep();
    let key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
            if let Some(button) = button.get_untracked() {
                let _ = button.focus();
            }
        }
    };
    view! {
        <div
            class="anchor"
            node_ref=anchor
            on:keydown=key
            on:focusout=move |event| {
                if page::focus_leaves(&event) {
                    open.set(false);
                }
            }
        >
            <button
                node_ref=button
                aria-haspopup="dialog"
                aria-expanded=move || open.get().to_string()
                disabled=move || disabled.get()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {icon.map(|icon| view! { <Glyph icon=icon /> })}
                <span>{move || name.get()}</span>
            </button>
            {move || {
                open.get().then(|| {
                    provide_context(Closer(open));
                    view! {
                        <div class="popover" class:above=!below role="dialog" aria-label=move || name.get() node_ref=dialog>
                            {children.with_value(|children| children())}
                        </div>
                    }
                })
            }}
        </div>
    }
    .into_any()
}
