//! The branches as lanes below the axis: each starts where it left its parent.

use leptos::html::Div;
use leptos::prelude::*;
use view::timeline::Branch;

use crate::components::list::For;
use crate::components::words::seconds;
use crate::playground::use_playground;
use crate::reactive::{Effect, Memo};

use super::Axis;
use super::drawing::tenth;

/// How high a lane is, in pixels; the style sheet has it, too.
const HEIGHT: f64 = 24.0;

/// The branches, once there are several.
#[component]
pub fn Lanes(axis: Axis) -> impl IntoView {
    let branches = Memo::new(move |_| {
        let branches = axis.strip.with(|strip| strip.branches.clone());
        if branches.len() > 1 { branches } else { Vec::new() }
    });
    let ids = move || branches.with(|branches| branches.iter().map(|branch| branch.id.clone()).collect::<Vec<_>>());
    // The lane that is shown is never out of sight.
    let list = NodeRef::<Div>::new();
    Effect::new(move |_| {
        let place = branches.with(|branches| branches.iter().position(|branch| branch.shown));
        if let (Some(list), Some(place)) = (list.get(), place) {
            let top = (HEIGHT * place as f64) as i32;
            let lowest = top - 3 * HEIGHT as i32;
            list.set_scroll_top(list.scroll_top().clamp(lowest.max(0), top));
        }
    });
    view! {
        <Show when=move || branches.with(|branches| !branches.is_empty())>
            <div class="lanes" node_ref=list role="group" aria-label="Branches">
                <For each=ids key=Clone::clone let:id>
                    <Lane axis branches id />
                </For>
            </div>
        </Show>
    }
    .into_any()
}

/// One branch.
#[component]
fn Lane(axis: Axis, branches: Memo<Vec<Branch>>, id: String) -> impl IntoView {
    let playground = use_playground();
    let branch = Memo::new({
        let id = id.clone();
        move |_| branches.with(|branches| branches.iter().find(|branch| branch.id == id).cloned())
    });
    let shown = move || branch.with(|branch| branch.as_ref().is_some_and(|branch| branch.shown));
    let words = Memo::new(move |_| branch.with(|branch| branch.as_ref().map_or_else(String::new, describe)));
    let drawn = Memo::new(move |_| {
        let (window, width, explored_us) = (axis.window.get(), axis.width.get(), playground.explored_us.get());
        branch.with(|branch| {
            let Some(branch) = branch else { return Drawn::default() };
            let explored_us = if branch.shown { explored_us } else { branch.explored_us };
            let place = |at_us: u64| window.place(at_us, width);
            draw(branch, place, explored_us, width)
        })
    });
    let choose = {
        let id = id.clone();
        move |_| {
            if let Err(error) = playground.show_branch(&id) {
                playground.report(error.to_string());
            }
        }
    };
    let tell = move || axis.hint.set(Some(words.get_untracked()));
    let path = move |class: &'static str, look: fn(&Drawn) -> &str| {
        view! { <path class=class d=move || drawn.with(|drawn| look(drawn).to_owned())></path> }
    };
    view! {
        <button
            class="lane"
            aria-pressed=move || shown().to_string()
            aria-label=move || words.get()
            on:click=choose
            on:focus=move |_| tell()
            on:blur=move |_| axis.hint.set(None)
            on:pointerenter=move |_| tell()
            on:pointerleave=move |_| axis.hint.set(None)
        >
            <svg width=move || axis.width.get() height=HEIGHT aria-hidden="true">
                {path("course", |drawn| &drawn.course)}
                {path("given", |drawn| &drawn.marks)}
                <text class="letter" x=move || drawn.with(|drawn| drawn.letter) y="16" text-anchor="middle">{format!("{id} ")}</text>
                <text class="differs" x=move || drawn.with(|drawn| drawn.end + 8.0) y="16">
                    {move || drawn.with(|drawn| drawn.words.clone())}
                </text>
            </svg>
        </button>
    }
    .into_any()
}

/// A branch in words.
fn describe(branch: &Branch) -> String {
    let Branch { id, parent, at_us, differs, .. } = branch;
    let origin = match parent {
        Some(parent) => format!("it left {parent} at {}", seconds(*at_us)),
        None => "it was the first".to_owned(),
    };
    let shown = if branch.shown { ", shown" } else { "" };
    let differs = if differs.is_empty() { String::new() } else { format!("{differs}; ") };
    format!("Branch {id}: {differs}{origin}{shown}")
}

/// Where the parts of a lane go.
#[derive(Clone, Debug, Default, PartialEq)]
struct Drawn {
    letter: f64,
    course: String,
    marks: String,
    end: f64,
    /// How it differs, if there is room behind its end.
    words: String,
}

fn draw(branch: &Branch, place: impl Fn(u64) -> f64, explored_us: u64, width: f64) -> Drawn {
    let middle = HEIGHT / 2.0;
    let (from, to) = (place(branch.at_us), place(explored_us));
    // What lies outside is held on to by the nearer end of the axis.
    let left = from.clamp(0.0, (width - 30.0).max(0.0));
    let hooked = branch.parent.is_some() && from >= 0.0;
    // The letter stands before the hook where there is room.
    let (letter, start) = match hooked {
        true if left >= 12.0 => (left - 8.0, left + 10.0),
        true => (left + 18.0, left + 27.0),
        false => (left + 6.0, left + 14.0),
    };
    let (letter, start) = (tenth(letter), tenth(start));
    let end = tenth(to.clamp(start.min(width), width));
    let hook = if hooked { format!("M{} 0q0 {middle} 10 {middle}", tenth(left)) } else { String::new() };
    let course = format!("{hook}M{start} {middle}H{end}");
    let inside = branch.marks_us.iter().map(|at_us| place(*at_us)).filter(|x| (left..=end).contains(x));
    // The command that made the branch is where its course begins.
    let marks = inside.map(|x| format!("M{} {}v10", tenth(x.max(start)), middle - 5.0)).collect();
    let room = width - end - 16.0;
    let fits = branch.differs.chars().count() as f64 * 6.2 <= room;
    let words = if fits { branch.differs.clone() } else { String::new() };
    Drawn { letter, course, marks, end, words }
}
