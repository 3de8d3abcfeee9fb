//! What can be changed about the algorithm and the network while they run: the lab's live parameters.

use labs::params::{DISTANCE, ParamInfo, Setting, Shape};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::playground::use_playground;
use crate::reactive::{RwSignal, StoredValue};

use super::super::super::icons::Icon;
use super::super::super::parts::Part;
use super::super::super::popover::{Closer, Popover};
use super::fields::{Choice, Number, Text, field};

/// A button with a form; only where there is something to set.
#[component]
pub fn Settings() -> impl IntoView {
    let playground = use_playground();
    // Distance has a switch of its own.
    let some =
        move || playground.lab.with(|lab| lab.params.iter().any(|param| param.live && param.key != DISTANCE.key));
    let settings = || {
        view! {
            <Popover name="Settings" icon=Icon::Sliders>
                {Part::SettingsForm.show()}
            </Popover>
        }
    };
    move || some().then(settings)
}

/// The live parameters.
#[component]
pub fn SettingsForm() -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    let now = playground.read(|session| session.live_settings());
    let entries: Vec<(&'static ParamInfo, String, RwSignal<String>)> = now
        .into_iter()
        .filter(|(param, _)| param.key != DISTANCE.key)
        .map(|(param, setting)| {
            let text = text_of(param, setting);
            (param, text.clone(), field(text))
        })
        .collect();
    let fields = entries.iter().map(|&(param, _, value)| {
        let choices = param.choices();
        let name =
            if param.unit.is_empty() { param.title.to_owned() } else { format!("{}, {}", param.title, param.unit) };
        if !choices.is_empty() {
            let options: Vec<_> = choices.iter().map(|(word, name)| ((*word).to_owned(), (*name).to_owned())).collect();
            view! { <Choice name=name value=value options=Signal::stored(options) /> }.into_any()
        } else if param.shape == Shape::Range {
            view! { <Text name=name value=value /> }.into_any()
        } else {
            view! { <Number name=name value=value min=param.min as f64 max=param.max as f64 /> }.into_any()
        }
    });
    let fields = fields.collect_view();
    let changed = StoredValue::new(entries);
    // What was not touched is left alone.
    let commands = move || -> Vec<Value> {
        changed.with_value(|entries| {
            let changed = entries.iter().filter(|(_, before, value)| value.with(|value| value.trim() != before));
            changed
                .map(|(param, _, value)| json!({"do": "set", "key": param.key, "value": value.get().trim()}))
                .collect()
        })
    };
    view! {
        <form on:submit=move |event| {
            event.prevent_default();
            playground.command_all(&untrack(commands));
            closer.close();
        }>
            <div class="fields level">{fields}</div>
            <div class="row">
                <button class="primary" type="submit" disabled=move || commands().is_empty()>"Set"</button>
            </div>
        </form>
    }
    .into_any()
}

fn text_of(param: &ParamInfo, setting: Setting) -> String {
    match param.to_json(setting) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
