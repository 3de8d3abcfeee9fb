//! The same keys under other ways to place them: how many the last change moves, and how even each way is.

use labs::placements::{KEYS, Placements, Row, ideal};
use leptos::prelude::*;
use view::lens::LensKind;
use view::lens::ring::{Membership, Ring, grouped};

use super::super::lenses::Frame;
use super::use_ring;
use crate::platform::page;

/// How long a frame may work on it, in ms.
const BUDGET_MS: f64 = 4.0;

/// The change that is compared: what it is called, and the members before and after.
#[derive(Clone, PartialEq)]
struct Compared {
    what: String,
    before: Membership,
    after: Membership,
}

/// The lens.
#[component]
pub fn PlacementsLens() -> impl IntoView {
    let state = use_ring();
    let compared = Memo::new(move |_| state.ring.with(|ring| ring.as_ref().map(|ring| compared(ring))));
    let rows = RwSignal::new(Vec::<Row>::new());
    let work = StoredValue::new_local(None::<Placements>);
    Effect::new(move |_| {
        if let Some(Compared { before, after, .. }) = compared.get() {
            let begun = work.try_update_value(|work| work.replace(Placements::new(before, after)));
            // A comparison under way is given up, but what drives it goes on with the new one.
            if begun.is_some_and(|before| before.is_none()) {
                drive(work, rows);
            }
        }
    });
    let due =
        Memo::new(move |_| compared.with(|compared| compared.as_ref().map_or(0, |of| ideal(&of.before, &of.after))));
    let what = move || {
        compared.with(|compared| {
            compared.as_ref().map(|of| {
                format!(
                    "{}: keys that move, of {}. At least {} have to (dashed).",
                    of.what,
                    grouped(KEYS),
                    grouped(due.get() as usize)
                )
            })
        })
    };
    let row = move |way: usize| {
        let look = Memo::new(move |_| rows.with(|rows| rows.get(way).copied()));
        move || look.get().map(|row| line(&row, due.get()))
    };
    view! {
        <Frame kind=LensKind::Placements>
            <p class="small">{what}</p>
            <table class="shares placements">
                <thead>
                    <tr>
                        <th scope="col">"Placed by"</th>
                        <th scope="col"><span class="unseen">"Part that moves"</span></th>
                        <th scope="col" class="number">"Moved"</th>
                        <th scope="col" class="number">"Fullest"</th>
                    </tr>
                </thead>
                <tbody>{(0..labs::placements::Way::ALL.len()).map(row).collect_view()}</tbody>
            </table>
            <p class="small">"Jump can only add or lose its last bucket, and that is what is counted. Jump and modulo know no weights."</p>
        </Frame>
    }
    .into_any()
}

/// Works a little in each frame until it is done.
fn drive(work: StoredValue<Option<Placements>, LocalStorage>, rows: RwSignal<Vec<Row>>) {
    request_animation_frame(move || {
        let began_ms = page::now_ms();
        let done = work.try_update_value(|work| {
            let mut done = None;
            while done.is_none() && page::now_ms() - began_ms < BUDGET_MS {
                done = work.as_mut().and_then(Placements::work).map(<[Row]>::to_vec);
                if work.is_none() {
                    break;
                }
            }
            if done.is_some() {
                *work = None;
            }
            done
        });
        match done {
            Some(Some(found)) => drop(rows.try_set(found)),
            Some(None) => drive(work, rows),
            // The lens is gone.
            None => {}
        }
    });
}

/// The last change; before there is any, what one more server would do.
fn compared(ring: &Ring) -> Compared {
    if let Some(change) = &ring.change {
        let (before, after) = (change.before.clone(), change.after.clone());
        return Compared { what: change.what.clone(), before, after };
    }
    let before = ring.now.of.clone();
    let mut after = before.clone();
    let number = |name: &str| name.trim_start_matches('n').parse::<u32>().unwrap_or(0);
    let last = ring.servers.iter().map(|server| number(&server.name)).max().unwrap_or(0);
    let name = format!("n{}", last + 1);
    let place = after.servers.partition_point(|(known, _)| *known < name);
    after.servers.insert(place, (name, 1));
    for (member, ..) in &mut after.moved {
        if *member >= place {
            *member += 1;
        }
    }
    Compared { what: "If one more server joined".to_owned(), before, after }
}

fn line(row: &Row, due: u32) -> AnyView {
    let part = f64::from(row.moved) / KEYS as f64 * 98.5;
    let due = f64::from(due) / KEYS as f64 * 98.5;
    let much = part > 4.0 * due.max(1.0);
    view! {
        <tr>
            <th scope="row">{row.way.title()}</th>
            <td class="bars">
                <svg viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="bar" class:fill-mute=!much class:fill-fault=much x="0.5" y="3" width=part height="10"></rect>
                    <line class="due" x1=due x2=due y1="0" y2="16"></line>
                </svg>
            </td>
            <td class="number">{grouped(row.moved as usize)}</td>
            <td class="number">{format!("{}.{:02} ×", row.max_ppm / 1_000_000, row.max_ppm / 10_000 % 100)}</td>
        </tr>
    }
    .into_any()
}
