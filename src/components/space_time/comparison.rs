//! The comparison: two events, what each clock says of them, and why; or, of one event, all that it could know of and
//! all that may know of it.

use labs::comparison::wall_reversal;
use leptos::prelude::*;
use view::Picture;
use view::lens::comparison::{Clock, Worth};
use view::lens::space_time::Relation;
use view::lens::{Comparison, LensKind};

use crate::components::words::seconds;
use crate::reactive::Memo;

use super::super::lenses::Frame;
use super::{SpaceTimeState, use_space_time};

/// Most events of a list.
const LISTED: usize = 40;

/// The lens.
#[component]
pub fn ComparisonLens() -> impl IntoView {
    let state = use_space_time();
    let body = move || match (state.comparison.get(), state.picked.get()) {
        (Some(comparison), _) => both(state, comparison),
        (None, [Some(step), _]) => one(state, step),
        (None, _) => nothing(state),
    };
    view! {
        <Frame kind=LensKind::Comparison>
            <div class="comparison">{body}</div>
        </Frame>
    }
    .into_any()
}

/// Nothing is picked: how to, and, where the wall clocks were wrong about a message, where.
fn nothing(state: SpaceTimeState) -> AnyView {
    let liar = Memo::new(move |_| {
        state.version.track();
        let (first, second) = state.with(wall_reversal)?;
        Some((state.step(first)?, state.step(second)?))
    });
    let there = Memo::new(move |_| liar.with(Option::is_some));
    let show = move |_| {
        if let Some((first, second)) = liar.get_untracked() {
            state.playground.picture.set(Picture::SpaceTime);
            state.picked.set([Some(first), Some(second)]);
            state.show(Some(second));
        }
    };
    view! {
        <p class="hint">
            "Pick two events in the space-time diagram: click them, or move with the arrow keys and press Enter."
        </p>
        {move || {
            there
                .get()
                .then(|| view! { <button class="liar" on:click=show>"Show where the wall clocks lie"</button> })
        }}
    }
    .into_any()
}

/// An event as a heading, and what can be done with it.
fn heading(state: SpaceTimeState, which: u8, step: Option<u64>) -> AnyView {
    let Some(step) = step else { return ().into_any() };
    let told = state.number(step).and_then(|event| {
        state.with(|diagram| {
            let event = diagram.events.get(event as usize)?;
            let name = diagram.processes.get(event.process as usize)?.clone();
            Some((name, event.label.clone(), event.text.clone(), event.time_us))
        })
    });
    let Some((name, label, text, time_us)) = told else { return ().into_any() };
    let logged = state.log.with(Option::is_some);
    let when = (!logged).then(|| {
        view! {
            <button class="link" title="Go to this moment" on:click=move |_| state.playground.seek_step(step)>
                {seconds(time_us)}
            </button>
        }
    });
    view! {
        <div class="picked-event" title=text>
            <b class="which" aria-hidden="true">{which.to_string()}</b>
            <span>
                <b>{name}</b>
                " "
                {label}
            </span>
            {when}
            <button
                class="square plain"
                aria-label=format!("Let go of event {which}")
                on:click=move |_| {
                    state.picked.update(|picked| {
                        *picked = if which == 1 { [picked[1], None] } else { [picked[0], None] };
                    });
                }
            >
                "×"
            </button>
        </div>
    }
    .into_any()
}

fn both(state: SpaceTimeState, comparison: Comparison) -> AnyView {
    let [first, second] = state.picked.get_untracked();
    let verdict = match comparison.relation {
        Relation::Before => "1 happened before 2",
        Relation::After => "2 happened before 1",
        Relation::Equal => "The same event",
        Relation::Concurrent => "Concurrent",
    };
    let rows = comparison.clocks.into_iter().map(|says| {
        let worth = match says.worth {
            Worth::Exact => "exact",
            Worth::Open => "open",
            Worth::Lies => "lies",
        };
        let vector = says.clock == Clock::Vector;
        view! {
            <tr class=worth>
                <th scope="row">{says.clock.title()}</th>
                <td class="readings">{if vector { "below".to_owned() } else { says.readings }}</td>
                <td>{says.verdict}</td>
                <td class="worth">{says.why}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let components = (!comparison.components.is_empty()).then(|| {
        let rows = comparison
            .components
            .into_iter()
            .map(|component| {
                let sign = match component.first.cmp(&component.second) {
                    std::cmp::Ordering::Less => "<",
                    std::cmp::Ordering::Equal => "=",
                    std::cmp::Ordering::Greater => ">",
                };
                view! {
                    <tr class:differs=sign != "=">
                        <th scope="row">{component.process}</th>
                        <td>{component.first}</td>
                        <td>{sign}</td>
                        <td>{component.second}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <h3>"Why: vectors, component by component"</h3>
            <table class="components">
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"1"</th>
                        <td></td>
                        <th scope="col">"2"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    view! {
        {heading(state, 1, first)}
        {heading(state, 2, second)}
        <p class="relation">{verdict}</p>
        <div class="wide">
            <table class="clocks">
                <thead>
                    <tr>
                        <th scope="col">"clock"</th>
                        <th scope="col">"1 and 2"</th>
                        <th scope="col">"says 1 is"</th>
                        <th scope="col">"which is"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {components}
        <p class="sentence">{comparison.sentence}</p>
    }
    .into_any()
}

/// How many events there are, and some of them: their steps, and what they are.
type Listed = (usize, Vec<(u64, String)>);

/// One event: everything that it could know of, everything that may know of it, and the rest.
fn one(state: SpaceTimeState, step: u64) -> AnyView {
    let lists = move || {
        // While it plays the lists stand still: made anew with each frame they would fold up under somebody's hand.
        if !state.playground.playing.get() {
            state.version.track();
        }
        let event = state.number(step)?;
        let diagram_lists = state.with(|diagram| {
            let index = diagram.index();
            let (past, future) = (index.past(event), index.future(event));
            let told = |place: usize| {
                let event = &diagram.events[place];
                let name = diagram.processes.get(event.process as usize).map_or("", String::as_str);
                (event.step, format!("{name} {}", event.label))
            };
            let pick = |test: &dyn Fn(usize) -> bool, newest: bool| {
                let all: Vec<usize> = (0..diagram.events.len()).filter(|&place| test(place)).collect();
                let shown: Vec<(u64, String)> = if newest {
                    all.iter().rev().take(LISTED).map(|&place| told(place)).collect()
                } else {
                    all.iter().take(LISTED).map(|&place| told(place)).collect()
                };
                (all.len(), shown)
            };
            let here = event as usize;
            [
                ("Happened before it", pick(&|place| past[place], true)),
                ("May be caused by it", pick(&|place| future[place], false)),
                (
                    "Concurrent: neither knows of the other",
                    pick(&|place| place != here && !past[place] && !future[place], true),
                ),
            ]
        });
        let list = |(title, (count, shown)): (&'static str, Listed)| {
            let more = count.saturating_sub(shown.len());
            let items = shown
                .into_iter()
                .map(|(step, text)| {
                    view! {
                        <li>
                            <button
                                class="link"
                                on:click=move |_| {
                                    state.pick(step);
                                    state.show(Some(step));
                                }
                            >
                                {text}
                            </button>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <details>
                    <summary>{format!("{title}: {count}")}</summary>
                    <ul>{items} {(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}</ul>
                </details>
            }
        };
        Some(diagram_lists.into_iter().map(list).collect_view())
    };
    view! {
        {heading(state, 1, Some(step))}
        <p class="hint">"Pick another event to compare."</p>
        {lists}
    }
    .into_any()
}
