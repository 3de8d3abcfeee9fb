//! The fields of the small forms: a label and a control, and what stands in it.

use labs::json;
use leptos::prelude::*;

use crate::reactive::RwSignal;

/// A number that somebody types.
#[component]
pub fn Number(
    /// What it is called, with its unit.
    #[prop(into)]
    name: String,
    /// The number as text, so that what is half typed stays.
    value: RwSignal<String>,
    /// Smallest.
    min: f64,
    /// Largest.
    max: f64,
    /// By how much the arrows change it.
    #[prop(default = 1.0)]
    step: f64,
) -> impl IntoView {
    view! {
        <label class="entry">
            <span>{name}</span>
            <input
                type="number"
                min=min.to_string()
                max=max.to_string()
                step=if step < 1.0 { "any".to_owned() } else { step.to_string() }
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </label>
    }
    .into_any()
}

/// A text that somebody types.
#[component]
pub fn Text(#[prop(into)] name: String, value: RwSignal<String>) -> impl IntoView {
    view! {
        <label class="entry">
            <span>{name}</span>
            <input
                type="text"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </label>
    }
    .into_any()
}

/// One of several; each is a value and what it is called.
#[component]
pub fn Choice(
    #[prop(into)] name: String,
    value: RwSignal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let options = move || {
        let chosen = value.get();
        let option = |(value, name): (String, String)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{name}</option> }
        };
        options.get().into_iter().map(option).collect_view()
    };
    view! {
        <label class="entry">
            <span>{name}</span>
            <select on:change=move |event| value.set(event_target_value(&event))>{options}</select>
        </label>
    }
    .into_any()
}

/// A number in a field, scaled to a whole one: milliseconds to microseconds, percent to parts per million. Nothing for
/// an empty field.
pub fn scaled(text: &str, by: f64) -> Option<i64> {
    let number = json::number(text)?;
    let scaled = (number * by).round();
    scaled.is_finite().then_some(scaled as i64)
}

/// A field's signal that starts with a text.
pub fn field(start: impl Into<String>) -> RwSignal<String> {
    RwSignal::new(start.into())
}
