//! An item within HTML: its mark, its bar, its text, and what can be done with it. What it stands for lights up here,
//! in the other panes and on the stage.

use leptos::prelude::*;
use view::pane::{Act, Does, Id, Item, Mark, mark_shapes};
use view::shapes::Paint;

use crate::playground::{Playground, Selection, use_playground};
use crate::reactive::Memo;

use super::super::stage::shape_view;
use super::{each, named};

/// What an item is called among its neighbours: what it stands for, or what it says.
pub fn name_of(item: &Item) -> String {
    item.id.as_ref().map_or_else(|| item.text.clone(), |id| format!("{id:?}"))
}

/// What somebody has picked on the stage, where this is that.
pub fn selection(id: &Id) -> Option<Selection> {
    Some(match id {
        Id::Node(name) => Selection::Node(name.clone()),
        Id::Link(a, b) => Selection::Link(a.clone(), b.clone()),
        Id::Message(id) => Selection::Message(id.clone()),
        _ => return None,
    })
}

/// Does what an act says.
pub fn perform(playground: Playground, pane: &'static str, does: &Does) {
    match does {
        Does::Run(command) => match labs::json::parse(command.as_bytes(), "command") {
            Ok(command) => playground.command(&command),
            Err(error) => playground.report(error.to_string()),
        },
        Does::Seek(time_us) => playground.seek(*time_us),
        Does::Select(Id::Step(step)) => playground.seek_step(*step),
        Does::Select(id) => match selection(id) {
            Some(picked) => playground.select(Some(picked)),
            // What the stage does not know is lit up in the panes.
            None => playground.pointed.set(Some(id.clone())),
        },
        Does::Ask(name, value) => playground.asks.update(|asks| {
            asks.entry(pane).or_default().args.insert(name.clone(), value.clone());
        }),
    }
}

/// Whether what an item stands for is picked, and whether somebody points at it.
pub fn standing(item: Memo<Option<Item>>) -> (Memo<bool>, Memo<bool>) {
    let playground = use_playground();
    let id = Memo::new(move |_| item.with(|item| item.as_ref().and_then(|item| item.id.clone())));
    let picked = Memo::new(move |_| {
        let wanted = id.with(|id| id.as_ref().and_then(selection));
        wanted.is_some() && playground.selected.with(|selected| *selected == wanted)
    });
    let lit = Memo::new(move |_| id.with(|id| id.is_some() && playground.pointed.with(|pointed| pointed == id)));
    (picked, lit)
}

/// Says that somebody points at an item, or not any more.
pub fn point(playground: Playground, item: Memo<Option<Item>>, here: bool) {
    let id = item.with_untracked(|item| item.as_ref().and_then(|item| item.id.clone()));
    if id.is_some() {
        playground.pointed.set(id.filter(|_| here));
    }
}

/// Several items beside each other.
#[component]
pub fn Items(pane: &'static str, items: Memo<Vec<Item>>) -> impl IntoView {
    let items = Memo::new(move |_| {
        let items = items.get();
        // A single item changes in place, whatever it says.
        if items.len() == 1 {
            return items.into_iter().map(|item| (String::new(), item)).collect();
        }
        named(items.into_iter().map(|item| (name_of(&item), item)))
    });
    each(items, move |item| view! { <ItemView pane=pane item=item /> }.into_any())
}

/// An item.
#[component]
pub fn ItemView(pane: &'static str, item: Memo<Option<Item>>) -> impl IntoView {
    let playground = use_playground();
    let (picked, lit) = standing(item);
    let read = move |item: &Item| item.text.clone();
    let text = Memo::new(move |_| item.with(|item| item.as_ref().map(read)).unwrap_or_default());
    let class = Memo::new(move |_| item.with(|item| item.as_ref().map(class_of)).unwrap_or_default());
    let mark = Memo::new(move |_| item.with(|item| item.as_ref().and_then(|item| item.ink.mark)));
    let barred = Memo::new(move |_| item.with(|item| item.as_ref().and_then(is_barred)));
    // The pattern's word, unless the text says it.
    let pattern = Memo::new(move |_| {
        item.with(|item| item.as_ref().and_then(|item| item.ink.pattern.spoken().filter(|word| *word != item.text)))
    });
    // What is heard instead of all that is seen.
    let full = Memo::new(move |_| item.with(|item| item.as_ref().and_then(|item| item.full.clone())));
    let is_full = Memo::new(move |_| full.with(Option::is_some));
    // What can be picked is a button itself; what a lab offers stands behind it.
    let acts = Memo::new(move |_| item.with(|item| item.as_ref().map(|item| item.acts.clone())).unwrap_or_default());
    let select = Memo::new(move |_| {
        let offered = item.with(|item| item.as_ref().map(Item::offered)).unwrap_or_default();
        acts.with(Vec::is_empty).then(|| offered.into_iter().next()).flatten()
    });
    let inside = move || {
        view! {
            {move || barred.get().map(|long| bar(item, long))}
            {move || mark.get().map(|mark| mark_view(mark, !is_full.get()))}
            <span class="says" aria-hidden=move || is_full.get().then_some("true")>{move || text.get()}</span>
            {move || {
                let word = pattern.get().filter(|_| !is_full.get());
                word.map(|word| view! { <span class="unseen">{format!(", {word}")}</span> })
            }}
            {move || is_full.get().then(|| view! { <span class="unseen">{move || full.get()}</span> })}
        }
    };
    let is_button = Memo::new(move |_| select.with(Option::is_some));
    let pick = move |_| {
        if let Some(act) = select.get_untracked() {
            perform(playground, pane, &act.does);
        }
    };
    let body = move || {
        if is_button.get() {
            view! {
                <button
                    class=move || class.get()
                    class:picked=move || picked.get()
                    class:lit=move || lit.get()
                    title=move || full.get()
                    aria-pressed=move || picked.get().to_string()
                    on:click=pick
                    on:pointerenter=move |_| point(playground, item, true)
                    on:pointerleave=move |_| point(playground, item, false)
                    on:focus=move |_| point(playground, item, true)
                    on:blur=move |_| point(playground, item, false)
                >
                    {inside()}
                </button>
            }
            .into_any()
        } else {
            view! {
                <span
                    class=move || class.get()
                    class:picked=move || picked.get()
                    class:lit=move || lit.get()
                    title=move || full.get()
                    on:pointerenter=move |_| point(playground, item, true)
                    on:pointerleave=move |_| point(playground, item, false)
                >
                    {inside()}
                </span>
            }
            .into_any()
        }
    };
    view! {
        {body}
        <Acts pane=pane acts=acts />
    }
    .into_any()
}

/// What a lab offers to do, as buttons.
#[component]
pub fn Acts(pane: &'static str, acts: Memo<Vec<Act>>) -> impl IntoView {
    let playground = use_playground();
    let acts = Memo::new(move |_| named(acts.get().into_iter().map(|act| (act.title.clone(), act))));
    each(acts, move |act: Memo<Option<Act>>| {
        let go = move |_| {
            if let Some(act) = act.get_untracked() {
                perform(playground, pane, &act.does);
            }
        };
        let title = move || act.with(|act| act.as_ref().map(|act| act.title.clone()));
        view! { <button class="act quiet" on:click=go>{title}</button> }.into_any()
    })
}

fn class_of(item: &Item) -> String {
    let mut class = format!("item looks-{}", item.ink.pattern.name());
    if item.ink.hue.is_some() {
        class.push(' ');
        class.push_str(Paint::hue(item.ink.hue).name());
    }
    if item.filled_ppm.is_some() {
        // The bar has the hue.
        class.push_str(" barred");
    }
    if item.due_ppm.is_some() {
        class.push_str(" long");
    }
    class
}

/// A mark, drawn as in pictures.
fn mark_view(mark: Mark, is_heard: bool) -> impl IntoView {
    view! {
        <svg class="sign" viewBox="0 0 14 14" aria-hidden="true">
            {mark_shapes(mark, Paint::Ink).iter().map(shape_view).collect_view()}
        </svg>
        {is_heard.then(|| view! { <span class="unseen">{format!("{}, ", mark.spoken())}</span> })}
    }
}

/// Whether an item has a bar, and whether that has a line where it should end.
fn is_barred(item: &Item) -> Option<bool> {
    item.filled_ppm.map(|_| item.due_ppm.is_some())
}

/// A bar that is filled to a share; the number is beside it. One with a line where it should end is as long as there is
/// room.
fn bar(item: Memo<Option<Item>>, long: bool) -> AnyView {
    let room = if long { 98.5 } else { 44.0 };
    // Tenths, so that what nobody can see moves nothing.
    let part = move |ppm: fn(&Item) -> Option<u32>| {
        let ppm = item.with(|item| item.as_ref().and_then(ppm)).unwrap_or_default().min(1_000_000);
        (f64::from(ppm) * room / 1e5).round() / 10.0
    };
    let width = Memo::new(move |_| part(|item| item.filled_ppm));
    if long {
        let due = Memo::new(move |_| part(|item| item.due_ppm));
        view! {
            <svg class="filled long" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">
                <rect class="part" x="0.5" y="2" width=move || width.get() height="12"></rect>
                <line class="due" x1=move || due.get() x2=move || due.get() y1="0" y2="16"></line>
            </svg>
        }
        .into_any()
    } else {
        view! {
            <svg class="filled" viewBox="0 0 46 10" aria-hidden="true">
                <rect class="part" x="1" y="1" width=move || width.get() height="8" rx="4"></rect>
                <rect class="whole" x="1" y="1" width="44" height="8" rx="4"></rect>
            </svg>
        }
        .into_any()
    }
}
