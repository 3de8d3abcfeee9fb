//! The replicated log: a row per server, a column per index.

use leptos::prelude::*;
use view::Condition;
use view::lens::LensKind;
use view::lens::log::{Cell, Log, LogWindow, Row};
use view::shapes::Paint;

use crate::playground::use_playground;

use super::Frame;

/// Columns that are shown; narrow panels leave the first ones out.
const COLUMNS: u32 = 8;

/// The replicated log.
#[component]
pub fn LogLens() -> impl IntoView {
    let playground = use_playground();
    // None follows the end.
    let last = RwSignal::new(None::<u64>);
    let shown = Memo::new(move |_| {
        playground.revision.track();
        let window = LogWindow { last: last.get(), columns: COLUMNS };
        playground.read(|session| session.ask(&window))
    });
    let ends = move || shown.with(|log| log.as_ref().map_or((1, 0, 0), |log| (log.first, log.last, log.end)));
    let stride = u64::from(COLUMNS) / 2;
    let earlier = move |_| last.set(Some(ends().1.saturating_sub(stride).max(u64::from(COLUMNS))));
    let later = move |_| {
        let (_, now, end) = ends();
        last.set((now + stride < end).then_some(now + stride));
    };
    let tools = view! {
        <span class="pager" role="group" aria-label="Entries">
            <button class="square plain" aria-label="Earlier entries" disabled=move || { ends().0 <= 1 } on:click=earlier>
                "‹"
            </button>
            <button class="square plain" aria-label="Later entries" disabled=move || { ends().1 >= ends().2 } on:click=later>
                "›"
            </button>
        </span>
    }
    .into_any();
    view! {
        <Frame kind=LensKind::Log tools=tools>
            <div class="log-box">{move || shown.with(|log| log.as_ref().map(table))}</div>
            <p class="legend" aria-hidden="true">
                <span class="cell sample uncommitted"></span>"not committed"
                <span class="cell sample"></span>"committed"
                <span class="cell sample matched"></span>"matched"
            </p>
        </Frame>
    }
    .into_any()
}

fn table(log: &Log) -> AnyView {
    let columns = log.first..log.first + u64::from(COLUMNS);
    let heads = columns.clone().map(|index| view! { <th scope="col">{index}</th> }).collect_view();
    let rows = log.rows.iter().map(|row| view_row(log, row, columns.clone())).collect_view();
    view! {
        <table class="log">
            <caption class="unseen">{format!("Entries {} to {} of {}", log.first, log.last, log.end)}</caption>
            <thead>
                <tr>
                    <th scope="col"><span class="unseen">"Server"</span></th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn view_row(log: &Log, row: &Row, columns: std::ops::Range<u64>) -> AnyView {
    let mut cells: Vec<AnyView> = Vec::new();
    let mut next = columns.start;
    if row.snapshot >= next {
        let last = row.snapshot.min(columns.end - 1);
        cells.push(
            view! {
                <td colspan=(last + 1 - next).to_string() title=format!("Entries up to {} are in a snapshot", row.snapshot)>
                    <span class="cell folded">
                        {format!("… {}", row.snapshot)}<span class="unseen">" in a snapshot"</span>
                    </span>
                </td>
            }
            .into_any(),
        );
        next = last + 1;
    }
    for index in next..columns.end {
        let cell = row.cells.iter().find(|cell| cell.index == index);
        cells.push(view_cell(row, index, cell));
    }
    let down = row.condition == Condition::Crashed;
    let known = row.progress.map(|progress| format!("matched {}, next {}", progress.matched, progress.next));
    let about = if row.leads { followers(log) } else { known };
    let mark = if down {
        "✕".into_any()
    } else if row.leads {
        // The crown of the stage.
        view! { <svg viewBox="-14 -16 28 18"><path d="M-12 0L-14-13L-6-6.5L0-15L6-6.5L14-13L12 0z"></path></svg> }
            .into_any()
    } else {
        ().into_any()
    };
    let spoken = match &about {
        Some(about) => format!(" {}, {about}", row.role),
        None => format!(" {}", row.role),
    };
    view! {
        <tr class:down=down>
            <th scope="row" title=about>
                {row.node.clone()}
                <span class="role" aria-hidden="true">{mark}</span>
                <span class="unseen">{spoken}</span>
            </th>
            {cells}
        </tr>
    }
    .into_any()
}

/// How far the others are, as the leader knows.
fn followers(log: &Log) -> Option<String> {
    let known = log.rows.iter().filter_map(|row| {
        row.progress.map(|progress| format!("{} matched {}, next {}", row.node, progress.matched, progress.next))
    });
    let known = known.collect::<Vec<_>>();
    (!known.is_empty()).then(|| known.join("; "))
}

fn view_cell(row: &Row, index: u64, cell: Option<&Cell>) -> AnyView {
    let matched = row.progress.is_some_and(|progress| progress.matched == index && index > 0);
    let next = row.progress.is_some_and(|progress| progress.next == index);
    let Some(cell) = cell else {
        return view! { <td><span class="cell nothing" class:next=next></span></td> }.into_any();
    };
    let down = row.condition == Condition::Crashed;
    let standing = match (down, cell.committed, cell.durable) {
        (true, ..) => "on disk",
        (false, true, _) => "committed",
        (false, false, true) => "not committed",
        (false, false, false) => "not committed, not on disk yet",
    };
    let applied = if cell.applied { ", applied" } else { "" };
    let spoken = format!("{}, term {}, {standing}{applied}", cell.what, cell.term);
    let long = cell.text.chars().count() > 4;
    view! {
        <td title=format!("{index}: {spoken}")>
            <span
                class=format!("cell {}", Paint::hue(cell.hue).name())
                class:uncommitted=!cell.committed
                class:applied=cell.applied
                class:matched=matched
                class:next=next
                class:long=long
                aria-hidden="true"
            >
                {cell.text.clone()}
            </span>
            <span class="unseen">{spoken.clone()}</span>
        </td>
    }
    .into_any()
}
