//! Asks something of a node, as a client would: the operations that a lab offers, with values to edit.

use labs::Asked;
use labs::lab::OpInfo;
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::playground::{Playground, use_playground};

use super::super::super::icons::Icon;
use super::super::super::popover::{Closer, Popover};
use super::fields::{Choice, Number, Text, field};

/// A button with a form; for one node, or for whoever can be asked.
#[component]
pub fn Ask(of: Option<String>) -> impl IntoView {
    let playground = use_playground();
    let of = StoredValue::new(of);
    let nothing = move || of.with_value(|of| choices(playground, of.as_deref()).is_empty());
    let nothing = Signal::derive(move || {
        playground.stage.track();
        nothing()
    });
    view! {
        <Popover name="Ask" icon=Icon::Ask disabled=nothing>
            <AskForm of=of.get_value() />
        </Popover>
    }
    .into_any()
}

/// Which operations can be asked of whom.
fn choices(playground: Playground, of: Option<&str>) -> Vec<(&'static OpInfo, Vec<String>)> {
    let nodes: Vec<(String, bool)> =
        playground.stage.with_untracked(|stage| stage.nodes.iter().map(|node| (node.id.clone(), node.small)).collect());
    let ops = playground.lab.get_untracked().ops.iter();
    let asked = ops.map(|op| {
        let fits = |(id, small): &&(String, bool)| of.is_none_or(|of| of == id) && (op.of == Asked::Anybody || !*small);
        let mut whom: Vec<_> = nodes.iter().filter(fits).cloned().collect();
        // A client retries and knows whom to ask, so it comes first.
        whom.sort_by_key(|(_, small)| !*small);
        (op, whom.into_iter().map(|(id, _)| id).collect::<Vec<_>>())
    });
    asked.filter(|(_, whom)| !whom.is_empty()).collect()
}

/// One value of an operation, as its example shows it.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// A node's name.
    Node,
    /// A text.
    Text,
    /// A whole number.
    Number,
}

/// The values of an operation: what its example has behind its name.
fn parts(op: &OpInfo, nodes: &[String]) -> Vec<(Part, RwSignal<String>)> {
    let example: Value = serde_json::from_str(op.form).unwrap_or_default();
    let argument = example.get(op.id).cloned().unwrap_or_default();
    let values = match argument {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let part = |value: Value| match value {
        // Names of nodes are recognised by their form, because the node of the example may not be there.
        Value::String(text) if text.starts_with('n') && text[1..].parse::<u32>().is_ok() => {
            (Part::Node, field(if nodes.contains(&text) { text } else { nodes.first().cloned().unwrap_or(text) }))
        }
        Value::String(text) => (Part::Text, field(text)),
        other => (Part::Number, field(other.to_string())),
    };
    values.into_iter().map(part).collect()
}

/// The operation as it stands in a command.
fn operation(op: &OpInfo, parts: &[(Part, RwSignal<String>)]) -> Value {
    let value = |(part, text): &(Part, RwSignal<String>)| {
        let text = text.get();
        match part {
            Part::Number => text.trim().parse::<i64>().map_or_else(|_| Value::String(text.clone()), Value::from),
            Part::Node | Part::Text => Value::String(text),
        }
    };
    let mut values: Vec<Value> = parts.iter().map(value).collect();
    match values.len() {
        0 => op.id.into(),
        1 => json!({op.id: values.remove(0)}),
        _ => json!({op.id: values}),
    }
}

#[component]
fn AskForm(of: Option<String>) -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    let choices = choices(playground, of.as_deref());
    // Something that needs no election to be over, and changes something, is asked first.
    let first = choices.iter().find(|(op, _)| op.of == Asked::Anybody).or(choices.first());
    let chosen = field(first.map_or("", |(op, _)| op.id));
    let names: Vec<(String, String)> = choices.iter().map(|(op, _)| (op.id.to_owned(), op.title.to_owned())).collect();
    let choices = StoredValue::new(choices);
    let servers = StoredValue::new(playground.stage.with_untracked(|stage| {
        stage.nodes.iter().filter(|node| !node.small).map(|node| node.id.clone()).collect::<Vec<_>>()
    }));
    let whom = field("");
    let form = move || {
        let id = chosen.get();
        let Some((op, nodes)) = choices.with_value(|all| all.iter().find(|(op, _)| op.id == id).cloned()) else {
            return ().into_any();
        };
        whom.set(nodes.first().cloned().unwrap_or_default());
        let parts = StoredValue::new(servers.with_value(|servers| parts(op, servers)));
        let command = Memo::new(
            move |_| json!({"do": "request", "node": whom.get(), "op": parts.with_value(|parts| operation(op, parts))}),
        );
        let pairs = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>();
        let fields = parts.with_value(|parts| {
            // A word on its own is something to say; keys are short, or stand beside a value.
            let said = parts.len() == 1 && parts[0].1.with_untracked(String::len) > 3;
            let fields = parts.iter().enumerate().map(|(place, (part, value))| match part {
                Part::Node => view! { <Choice name=if place == 0 { "Server" } else { "Next server" } value=*value options=Signal::stored(servers.with_value(|all| pairs(all.clone()))) /> }.into_any(),
                Part::Text => view! { <Text name=if said { "Text" } else { "Key" } value=*value /> }.into_any(),
                Part::Number => view! { <Number name="Value" value=*value min=-9e15 max=9e15 /> }.into_any(),
            });
            fields.collect_view()
        });
        view! {
            <form on:submit=move |event| {
                event.prevent_default();
                playground.command(&command.get_untracked());
                closer.close();
            }>
                <div class="fields">
                    {fields}
                    <Choice name="Asked of" value=whom options=Signal::stored(pairs(nodes)) />
                </div>
                <p class="small">{op.summary}</p>
                <div class="row">
                    <button class="primary" type="submit" disabled=move || !playground.would(&command.get())>{op.title}</button>
                </div>
            </form>
        }
        .into_any()
    };
    view! {
        <div class="fields">
            <Choice name="What" value=chosen options=Signal::stored(names) />
        </div>
        {form}
    }
    .into_any()
}
