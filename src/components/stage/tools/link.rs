//! What can be done to one link.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::playground::use_playground;
use crate::reactive::{Memo, StoredValue};

use super::super::super::icons::Icon;
use super::super::super::popover::{Closer, Popover};
use super::fields::{Choice, Number, field, scaled};
use super::{Act, Picked};

/// Cut and heal in one direction or both, hold and release, how it treats messages.
#[component]
pub fn LinkTools(a: String, b: String) -> impl IntoView {
    let playground = use_playground();
    let look = {
        let (a, b) = (a.clone(), b.clone());
        Memo::new(move |_| {
            playground.stage.with(|stage| {
                let link =
                    stage.links.iter().find(|link| stage.nodes[link.a].id == a && stage.nodes[link.b].id == b)?;
                Some((link.forward, link.backward, link.held))
            })
        })
    };
    let both = |word: &str| json!({"do": word, "from": a, "to": b});
    let one = |word: &str, from: &String, to: &String| json!({"do": word, "from": from, "to": to, "both": false});
    let [cut, heal, hold, release] = ["cut", "heal", "hold", "release"].map(both);
    let ways =
        [(&a, &b), (&b, &a)].map(|(from, to)| (format!("{from} → {to}"), one("cut", from, to), one("heal", from, to)));
    let [forth, back] = ways;
    let way = move |(name, cut, heal): (String, Value, Value), forward: bool| {
        move || {
            let up = look.get().is_some_and(|(there, back, _)| if forward { there } else { back });
            let (icon, word, command) = if up { (Icon::Scissors, "Cut", &cut) } else { (Icon::Heal, "Heal", &heal) };
            view! { <Act icon=icon name=format!("{word} {name}") command=command.clone() /> }
        }
    };
    let whole = move || match look.get() {
        Some((true, true, _)) => view! { <Act icon=Icon::Scissors name="Cut" command=cut.clone() /> },
        _ => view! { <Act icon=Icon::Heal name="Heal" command=heal.clone() /> },
    };
    let still = move || match look.get() {
        Some((.., true)) => view! { <Act icon=Icon::Play name="Release its messages" command=release.clone() /> },
        _ => view! { <Act icon=Icon::Pause name="Hold its messages" command=hold.clone() /> },
    };
    let name = format!("{a}–{b}");
    view! {
        <Picked name=name />
        {whole}
        {way(forth, true)}
        {way(back, false)}
        {still}
        <Popover name="Quality" icon=Icon::Sliders>
            <Quality a=a.clone() b=b.clone() />
        </Popover>
    }
    .into_any()
}

/// Latency, losses, copies, disorder, bandwidth.
#[component]
fn Quality(a: String, b: String) -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    let way = field("both");
    let [low, high, loss, copies, disorder, bandwidth] = ["100", "200", "", "", "", ""].map(field);
    let ways = vec![
        ("both".to_owned(), "both ways".to_owned()),
        ("forth".to_owned(), format!("{a} → {b}")),
        ("back".to_owned(), format!("{b} → {a}")),
    ];
    let ends = move |way: &str| {
        let (from, to) = if way == "back" { (&b, &a) } else { (&a, &b) };
        json!({"do": "link", "from": from, "to": to, "both": way == "both"})
    };
    let ends = StoredValue::new(ends);
    let reset = Memo::new(move |_| ends.with_value(|ends| ends(&way.get())));
    let command = Memo::new(move |_| {
        let mut command = reset.get();
        if let (Some(low), Some(high)) = (scaled(&low.get(), 1_000.0), scaled(&high.get(), 1_000.0)) {
            command["latency_us"] = format!("{low}..{high}").into();
        }
        let percents = [("loss_ppm", loss), ("duplicate_ppm", copies), ("reorder_ppm", disorder)];
        for (key, value) in percents {
            if let Some(ppm) = scaled(&value.get(), 10_000.0) {
                command[key] = ppm.into();
            }
        }
        if let Some(bps) = scaled(&bandwidth.get(), 1_000.0) {
            command["bandwidth_bps"] = bps.into();
        }
        command
    });
    view! {
        <form on:submit=move |event| {
            event.prevent_default();
            playground.command(&command.get_untracked());
            closer.close();
        }>
            <div class="fields">
                <Choice name="Messages" value=way options=Signal::stored(ways) />
                <Number name="take, ms" value=low min=0.0 max=10_000.0 step=0.1 />
                <Number name="to at most, ms" value=high min=0.0 max=10_000.0 step=0.1 />
                <Number name="Lost, %" value=loss min=0.0 max=100.0 step=0.1 />
                <Number name="Sent twice, %" value=copies min=0.0 max=100.0 step=0.1 />
                <Number name="Out of order, %" value=disorder min=0.0 max=100.0 step=0.1 />
                <Number name="Bandwidth, kbit/s" value=bandwidth min=0.0 max=1_000_000.0 />
            </div>
            <p class="small">"Empty fields stay as they are."</p>
            <div class="row">
                <button class="primary" type="submit" disabled=move || !playground.would(&command.get())>"Set the link"</button>
                <button
                    type="button"
                    disabled=move || !playground.would(&reset.get())
                    on:click=move |_| {
                        playground.command(&reset.get_untracked());
                        closer.close();
                    }
                >
                    "Like the others again"
                </button>
            </div>
        </form>
    }
    .into_any()
}
