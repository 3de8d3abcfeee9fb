//! Asks something of a node, as a client would: the operations that a lab offers, with values to edit.

use labs::ops::{ArgInfo, ArgKind, Asked, OpInfo};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::playground::{Playground, use_playground};
use crate::reactive::{Memo, RwSignal, StoredValue};

use super::super::super::icons::Icon;
use super::super::super::parts::Part;
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
        <Popover name="Request" icon=Icon::Ask disabled=nothing>
            {Part::AskForm(of.get_value()).show()}
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
        view::order::by_key(&mut whom, |(_, small)| !*small);
        (op, whom.into_iter().map(|(id, _)| id).collect::<Vec<_>>())
    });
    asked.filter(|(_, whom)| !whom.is_empty()).collect()
}

/// The values of an operation's arguments, as its example has them. The node of an example may not be there.
fn values(op: &OpInfo, nodes: &[String]) -> Vec<(&'static ArgInfo, Vec<RwSignal<String>>)> {
    let there = |name: &str| {
        let known = nodes.iter().any(|node| node == name);
        field(if known { name.to_owned() } else { nodes.first().cloned().unwrap_or_else(|| name.to_owned()) })
    };
    let args = op.args.iter().map(|arg| {
        let values = match arg.kind {
            ArgKind::Node(name) => vec![there(name)],
            ArgKind::Nodes(names, _) => names.iter().map(|name| there(name)).collect(),
            ArgKind::Number(number, _) => vec![field(number.to_string())],
            ArgKind::Key(text, _) | ArgKind::Text(text, _) => vec![field(text.to_owned())],
        };
        (arg, values)
    });
    args.collect()
}

/// The operation as it stands in a command.
fn operation(op: &OpInfo, values: &[(&'static ArgInfo, Vec<RwSignal<String>>)]) -> Value {
    let value = |(arg, texts): &(&'static ArgInfo, Vec<RwSignal<String>>)| match arg.kind {
        ArgKind::Nodes(..) => texts.iter().map(|text| Value::from(text.get())).collect(),
        ArgKind::Number(..) => {
            let text = texts[0].get();
            text.trim().parse::<i64>().map_or_else(|_| Value::String(text.clone()), Value::from)
        }
        ArgKind::Node(_) | ArgKind::Key(..) | ArgKind::Text(..) => texts[0].get().into(),
    };
    op.written(values.iter().map(value).collect())
}

/// An operation, its arguments, and whom it is asked of.
#[component]
pub fn AskForm(of: Option<String>) -> impl IntoView {
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
        let args = StoredValue::new(servers.with_value(|servers| values(op, servers)));
        let command = Memo::new(
            move |_| json!({"do": "request", "node": whom.get(), "op": args.with_value(|args| operation(op, args))}),
        );
        let pairs = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>();
        let node = move |name: &'static str, value: RwSignal<String>| {
            let options = Signal::stored(servers.with_value(|all| pairs(all.clone())));
            view! { <Choice name=name value=value options=options /> }.into_any()
        };
        let fields = args.with_value(|args| {
            let fields = args.iter().map(|(arg, values)| match arg.kind {
                ArgKind::Node(_) => node(arg.name, values[0]),
                ArgKind::Nodes(..) => {
                    let next = values.iter().skip(1).map(|value| node("Then", *value)).collect_view();
                    view! { {node(arg.name, values[0])} {next} }.into_any()
                }
                ArgKind::Number(_, (min, max)) => {
                    view! { <Number name=arg.name value=values[0] min=min as f64 max=max as f64 /> }.into_any()
                }
                ArgKind::Key(..) | ArgKind::Text(..) => view! { <Text name=arg.name value=values[0] /> }.into_any(),
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
                    <Choice name="Send to" value=whom options=Signal::stored(pairs(nodes)) />
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
            <Choice name="Operation" value=chosen options=Signal::stored(names) />
        </div>
        {form}
    }
    .into_any()
}
