//! One node's state. It follows what is picked on the stage; fields that the last step changed are
//! marked while the run stands still.

use leptos::prelude::*;
use view::lens::LensKind;
use view::lens::inspector::{Field, Inspector};

use crate::components::list::For;
use crate::playground::{Selection, use_playground};
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

use super::Frame;

/// The inspector.
#[component]
pub fn InspectorLens() -> impl IntoView {
    let playground = use_playground();
    let names = Memo::new(move |_| {
        playground.stage.with(|stage| stage.nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>())
    });
    let chosen = RwSignal::new(String::new());
    Effect::new(move |_| {
        if let Some(Selection::Node(node)) = playground.selected.get() {
            chosen.set(node);
        }
    });
    // What was chosen may have been taken away, or belong to another run.
    let node = Memo::new(move |_| {
        names.with(|names| {
            let known = chosen.with(|chosen| names.contains(chosen));
            if known { chosen.get() } else { names.first().cloned().unwrap_or_default() }
        })
    });
    let inspected = Memo::new(move |_| {
        playground.revision.track();
        // While it plays, what the newest of many steps changed is not worth a replay.
        let changes = !playground.playing.get();
        node.with(|node| playground.read(|session| session.inspector(node, changes)))
    });
    let options = move || {
        let option = move |name: String| {
            let chosen = name.clone();
            view! { <option value=name.clone() selected=move || node.get() == chosen>{name.clone()}</option> }
        };
        names.get().into_iter().map(option).collect_view()
    };
    let choose = move |event| {
        let name = event_target_value(&event);
        playground.selected.set(Some(Selection::Node(name.clone())));
        chosen.set(name);
    };
    let tools = view! {
        <select class="compact" aria-label="Node" prop:value=move || node.get() on:change=choose>{options}</select>
    }
    .into_any();
    let groups = move || {
        inspected.with(|now| now.iter().flat_map(|now| now.groups.iter().map(|group| group.title)).collect::<Vec<_>>())
    };
    view! {
        <Frame kind=LensKind::Inspector tools=tools>
            <For each=groups key=|title| *title let:title>
                <h3>{title}</h3>
                <FieldList title=title inspected=inspected />
            </For>
        </Frame>
    }
    .into_any()
}

fn fields<'a>(now: &'a Inspector, title: &str) -> &'a [Field] {
    now.groups.iter().find(|group| group.title == title).map_or(&[], |group| &group.fields)
}

/// The fields of a group. Each stays where it is and changes in place, so that what is unfolded
/// stays so.
#[component]
fn FieldList(title: &'static str, inspected: Memo<Option<Inspector>>) -> impl IntoView {
    let names = Memo::new(move |_| {
        inspected.with(|now| {
            // Whether it can be unfolded is part of what a field is.
            let key = |field: &Field| (field.name.clone(), field.parts.is_empty());
            now.iter().flat_map(|now| fields(now, title)).map(key).collect::<Vec<_>>()
        })
    });
    let line = move |(name, flat): (String, bool)| {
        let known = StoredValue::new(name.clone());
        let field = Memo::new(move |_| {
            inspected.with(|now| {
                let is = |field: &&Field| known.with_value(|name| *name == field.name);
                now.as_ref().and_then(|now| fields(now, title).iter().find(is).cloned())
            })
        });
        let changed = move || field.with(|field| field.as_ref().is_some_and(|field| field.changed));
        let value = move || field.with(|field| field.as_ref().map(|field| field.value.clone()));
        let mark = move || changed().then(mark);
        if flat {
            return view! {
                <div class="field" class:changed=changed>
                    <dt>{name}</dt>
                    <dd>{value}{mark}</dd>
                </div>
            }
            .into_any();
        }
        let open = RwSignal::new(false);
        let parts = move || {
            open.get().then(|| {
                field.with(|field| {
                    let parts = field.as_ref().map(|field| field.parts.clone()).unwrap_or_default();
                    // The newest entries come last; they are what one looks for.
                    let line = |part: view::lens::inspector::Part| {
                        view! {
                            <li class:changed=part.changed>
                                <span class="part">{part.name}</span>
                                <span>{part.value}{part.changed.then(mark_view)}</span>
                            </li>
                        }
                    };
                    view! { <ul class="parts">{parts.into_iter().map(line).collect_view()}</ul> }
                })
            })
        };
        view! {
            <div class="field" class:changed=changed>
                <dt>
                    <button
                        class="unfold"
                        aria-expanded=move || open.get().to_string()
                        on:click=move |_| open.update(|open| *open = !*open)
                    >
                        {name}
                    </button>
                </dt>
                <dd>{value}{mark}{parts}</dd>
            </div>
        }
        .into_any()
    };
    view! {
        <dl class="fields">
            <For each=move || names.get() key=Clone::clone children=line />
        </dl>
    }
    .into_any()
}

fn mark() -> AnyView {
    mark_view().into_any()
}

/// The mark of a change, which is more than a colour.
fn mark_view() -> impl IntoView {
    view! { <span class="change" title="changed by the last step"><span class="unseen">" changed"</span></span> }
}
