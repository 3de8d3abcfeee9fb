//! The panel: which lenses are open, as sections beside the stage, or one at a time as a sheet on
//! phones.

use leptos::prelude::*;
use view::lens::LensKind;

use crate::components::list::For;
use crate::mode::use_mode;
use crate::playground::{Playground, use_playground};
use crate::reactive::{Effect, Memo, RwSignal};

use super::lenses::story::Story;
use super::lenses::wire::Wire;
use super::parts::Part;
use super::sheet::{Sheet, button_id};
use super::tour::Tours;

/// What the panel shows.
#[derive(Clone, Copy)]
struct PanelState {
    playground: Playground,
    home: RwSignal<bool>,
    sheet: Sheet,
}

impl PanelState {
    /// Whether a lens can be seen.
    fn shows(self, kind: LensKind) -> bool {
        let narrow = self.sheet.narrow.get();
        if self.home.get() {
            // Beside the introduction there is room for what happens, and for nothing else.
            return kind == LensKind::Story && !narrow;
        }
        let offered = self.playground.lab.with(|lab| lab.lenses.contains(&kind));
        let open =
            if narrow { self.sheet.is_up(kind) } else { self.playground.lenses.with(|open| open.contains(&kind)) };
        offered && open
    }

    fn toggle(self, kind: LensKind) {
        if self.sheet.narrow.get_untracked() {
            self.sheet.toggle(kind);
        } else {
            self.playground.lenses.update(|open| match open.iter().position(|known| *known == kind) {
                Some(position) => drop(open.remove(position)),
                None => open.push(kind),
            });
        }
    }

    /// Opens a lens beside the stage. A sheet would cover what somebody looks at.
    fn open_beside(self, kind: LensKind) {
        if !self.playground.lenses.with_untracked(|open| open.contains(&kind)) {
            self.playground.lenses.update(|open| open.push(kind));
        }
    }
}

/// The lenses.
#[component]
pub fn Panel() -> impl IntoView {
    let playground = use_playground();
    let sheet = Sheet::new();
    provide_context(sheet);
    let panel = PanelState { playground, home: use_mode().home, sheet };
    let violated = Memo::new(move |_| {
        playground.verdicts.with(|verdicts| verdicts.iter().any(|verdict| verdict.status == "violated"))
    });
    Effect::new(move |_| {
        if violated.get() {
            panel.open_beside(LensKind::Checks);
        }
    });
    // A tour needs the room of a sheet.
    let tours = expect_context::<Tours>();
    Effect::new(move |_| {
        if tours.is_on() {
            sheet.put_away();
        }
    });
    let buttons = move || {
        let button = move |&kind: &LensKind| {
            let alarm = move || {
                (kind == LensKind::Checks && violated.get()).then(
                    || view! { <b class="alarm" aria-hidden="true">"!"</b><span class="unseen">" (violated)"</span> },
                )
            };
            view! {
                <button
                    id=button_id(kind)
                    aria-pressed=move || panel.shows(kind).to_string()
                    on:click=move |_| panel.toggle(kind)
                >
                    {kind.title()}
                    {alarm}
                </button>
            }
        };
        playground.lab.get().lenses.iter().map(button).collect_view()
    };
    // The order is the lab's; each comes and goes by itself, so that what stays keeps its focus.
    let kinds = move || playground.lab.get().lenses.to_vec();
    let lens = move |kind: LensKind| {
        let shown = Memo::new(move |_| panel.shows(kind));
        match kind {
            // The log is always there for those who hear the page.
            LensKind::Story => view! { <Story shown=shown /> }.into_any(),
            // So is the list of messages, which nobody could reach otherwise without seeing them move.
            LensKind::Wire => view! { <Wire shown=shown /> }.into_any(),
            kind => (move || shown.get().then(|| one(kind))).into_any(),
        }
    };
    view! {
        <div class="lens-bar" role="group" aria-label="Lenses">{buttons}</div>
        // It scrolls, also for keyboards, and also where nothing in it takes the focus.
        <div class="lens-list" tabindex="0">
            <For each=kinds key=|kind| *kind let:kind>{lens(kind)}</For>
        </div>
    }
}

fn one(kind: LensKind) -> AnyView {
    let part = match kind {
        LensKind::Checks => Part::Checks,
        LensKind::Inspector => Part::Inspector,
        LensKind::SpaceTime => Part::SpaceTimeLens,
        LensKind::Comparison => Part::ComparisonLens,
        LensKind::Pane(info) => Part::Pane(info),
        LensKind::Wire | LensKind::Story => return ().into_any(),
    };
    part.show()
}
