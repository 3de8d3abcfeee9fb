//! What can be done to one node.

use leptos::prelude::*;
use serde_json::{Value, json};
use view::Condition;

use crate::playground::use_playground;
use crate::reactive::Memo;

use super::super::super::icons::{Glyph, Icon};
use super::super::super::popover::{Closer, Popover};
use super::super::super::ring::bar::RingTools;
use super::super::gesture::on_stage;
use super::fields::{Choice, Number, field, scaled};
use super::{Act, Picked, ask, cut_off_command};

/// How far one press of a button moves a node, in units of the stage.
const NUDGE: i32 = 32;

/// Crash, pause, cut off, ask, clock, disk, place.
#[component]
pub fn NodeTools(id: String) -> impl IntoView {
    let playground = use_playground();
    let condition = {
        let id = id.clone();
        Memo::new(move |_| {
            playground.stage.with(|stage| stage.nodes.iter().find(|node| node.id == id).map(|node| node.condition))
        })
    };
    let on = |word: &str| json!({"do": word, "node": id});
    let [crash, restart, pause, resume, remove] = ["crash", "restart", "pause", "resume", "remove-node"].map(on);
    let power = move || match condition.get() {
        Some(Condition::Crashed) => {
            view! { <Act icon=Icon::Power name="Restart" command=restart.clone() /> }.into_any()
        }
        _ => view! { <Act icon=Icon::Power name="Crash" command=crash.clone() /> }.into_any(),
    };
    let run = move || match condition.get() {
        Some(Condition::Paused) => view! { <Act icon=Icon::Play name="Resume" command=resume.clone() /> }.into_any(),
        _ => view! { <Act icon=Icon::Pause name="Pause" command=pause.clone() /> }.into_any(),
    };
    let heal = {
        let id = id.clone();
        move |_| {
            let others = playground.stage.with_untracked(|stage| {
                let touches = |link: &&view::Link| stage.nodes[link.a].id == id || stage.nodes[link.b].id == id;
                let heal = |link: &view::Link| json!({"do": "heal", "from": stage.nodes[link.a].id, "to": stage.nodes[link.b].id});
                stage.links.iter().filter(touches).filter(|link| !link.up()).map(heal).collect::<Vec<Value>>()
            });
            playground.command_all(&others);
        }
    };
    let whole = {
        let id = id.clone();
        Memo::new(move |_| {
            playground.stage.with(|stage| {
                let touches = |link: &view::Link| stage.nodes[link.a].id == id || stage.nodes[link.b].id == id;
                stage.links.iter().all(|link| !touches(link) || link.up())
            })
        })
    };
    let cut_off = cut_off_command(playground, &id);
    let links = move || {
        if whole.get() {
            return view! { <Act icon=Icon::Scissors name="Cut off" command=cut_off.clone() /> }.into_any();
        }
        view! {
            <button on:click=heal.clone()>
                <Glyph icon=Icon::Heal />
                <span>"Heal its links"</span>
            </button>
        }
        .into_any()
    };
    let (clock_id, disk_id, place_id, ask_id) = (id.clone(), id.clone(), id.clone(), id.clone());
    view! {
        <Picked name=id.clone() />
        {power}
        {run}
        {links}
        <RingTools id=id.clone() />
        <ask::Ask of=Some(ask_id) />
        <Popover name="Clock" icon=Icon::Clock>
            <ClockForm id=clock_id.clone() />
        </Popover>
        <Popover name="Disk" icon=Icon::Disk>
            <DiskForm id=disk_id.clone() />
        </Popover>
        <Popover name="More" icon=Icon::Move>
            <Place id=place_id.clone() />
            <div class="row">
                <Act icon=Icon::Trash name="Remove the machine" command=remove.clone() />
            </div>
        </Popover>
    }
    .into_any()
}

/// A clock's offset and drift.
#[component]
fn ClockForm(id: String) -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    let (offset, drift) = (field("50"), field("0"));
    let right = json!({"do": "clock", "node": id});
    // What cannot be read is no number, and the command says so instead of taking it for one.
    let number = |text: String, by: f64| scaled(&text, by).map_or(Value::Null, Value::from);
    let command = Memo::new(move |_| {
        json!({
            "do": "clock", "node": id,
            "offset_us": number(offset.get(), 1_000.0), "drift_ppm": number(drift.get(), 1.0),
        })
    });
    view! {
        <form on:submit=move |event| {
            event.prevent_default();
            playground.command(&command.get_untracked());
            closer.close();
        }>
            <div class="fields">
                <Number name="Ahead by, ms" value=offset min=-3_600_000.0 max=3_600_000.0 step=0.1 />
                <Number name="Drift, ppm" value=drift min=-500_000.0 max=500_000.0 />
            </div>
            <p class="small">"1,000 ppm is a millisecond a second. A negative number is behind, or slow."</p>
            <div class="row">
                <button class="primary" type="submit" disabled=move || !playground.would(&command.get())>"Set the clock"</button>
                <Act icon=Icon::Check name="Right again" command=right />
            </div>
        </form>
    }
    .into_any()
}

/// What a disk does with writes.
#[component]
fn DiskForm(id: String) -> impl IntoView {
    let playground = use_playground();
    let closer = expect_context::<Closer>();
    let (mode, low, high) = (field("lose-unsynced"), field(""), field(""));
    let modes: Vec<(String, String)> = [
        ("normal", "behaves normally"),
        ("lose-unsynced", "loses unsynced writes in a crash"),
        ("torn", "tears the last write in a crash"),
        ("slow", "is slow"),
        ("full", "is full"),
    ]
    .map(|(value, name)| (value.to_owned(), name.to_owned()))
    .to_vec();
    let command = Memo::new(move |_| {
        let mut command = json!({"do": "disk", "node": id, "mode": mode.get()});
        if let (Some(low), Some(high)) = (scaled(&low.get(), 1_000.0), scaled(&high.get(), 1_000.0)) {
            command["sync_us"] = format!("{low}..{high}").into();
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
                <Choice name="The disk" value=mode options=Signal::stored(modes) />
                <Number name="A write takes, ms" value=low min=0.0 max=10_000.0 step=0.1 />
                <Number name="at most, ms" value=high min=0.0 max=10_000.0 step=0.1 />
            </div>
            <p class="small">"Empty fields keep the usual time."</p>
            <div class="row">
                <button class="primary" type="submit" disabled=move || !playground.would(&command.get())>"Set the disk"</button>
            </div>
        </form>
    }
    .into_any()
}

/// Moves a node without dragging it.
#[component]
fn Place(id: String) -> impl IntoView {
    let playground = use_playground();
    let nudge = move |dx: i32, dy: i32| {
        let at = playground
            .stage
            .with_untracked(|stage| stage.nodes.iter().find(|node| node.id == id).map(|node| node.position));
        if let Some(at) = at {
            playground.put(&id, on_stage(f64::from(at.x + dx), f64::from(at.y + dy)));
        }
    };
    let buttons = [("Left", "←", -NUDGE, 0), ("Up", "↑", 0, -NUDGE), ("Down", "↓", 0, NUDGE), ("Right", "→", NUDGE, 0)];
    let buttons = buttons.map(|(name, arrow, dx, dy)| {
        let nudge = nudge.clone();
        view! { <button class="square" aria-label=name on:click=move |_| nudge(dx, dy)>{arrow}</button> }
    });
    view! {
        <div class="row arrows" role="group" aria-label="Move it">{buttons.collect_view()}</div>
        <p class="small">"Or drag it, or press the arrow keys while it has the focus."</p>
    }
    .into_any()
}
