//! What can be done to one message on its way.

use leptos::prelude::*;
use serde_json::json;

use crate::playground::use_playground;
use crate::reactive::Memo;

use super::super::super::icons::Icon;
use super::{Act, Picked};

/// Drop, hold, duplicate, deliver now.
#[component]
pub fn MessageTools(id: String) -> impl IntoView {
    let playground = use_playground();
    let about = {
        let id = id.clone();
        Memo::new(move |_| {
            playground.revision.track();
            playground.stage.with(|stage| {
                let message = stage.messages.iter().find(|message| message.id == id)?;
                let (from, to) = (&stage.nodes[message.from].id, &stage.nodes[message.to].id);
                Some((format!("{from} → {to}: {}", message.kind), message.held_at_ppm.is_some()))
            })
        })
    };
    let act = |act: &str| json!({"do": "message", "id": id, "act": act});
    let [drop, hold, release, duplicate, deliver] = ["drop", "hold", "release", "duplicate", "deliver"].map(act);
    let still = move || match about.get() {
        Some((_, true)) => view! { <Act icon=Icon::Play name="Release" command=release.clone() /> },
        _ => view! { <Act icon=Icon::Pause name="Hold" command=hold.clone() /> },
    };
    let name = move || about.get().map_or_else(String::new, |(name, _)| name);
    view! {
        {move || view! { <Picked name=name() /> }}
        <Act icon=Icon::Trash name="Drop" command=drop />
        {still}
        <Act icon=Icon::Copy name="Send twice" command=duplicate />
        <Act icon=Icon::Step name="Deliver now" command=deliver />
    }
    .into_any()
}
