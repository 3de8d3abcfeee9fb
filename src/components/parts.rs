//! Parts of the page whose code is a file of its own on a published page, fetched when they are first shown: the
//! space-time diagram, logs for it, the ring, the lenses beside the stage, what can be done to what is picked and the forms, and what
//! is there for those who ask (tours, help).
//!
//! Only the functions of chunks here may mention these components, or their code becomes a part of the main file again. What does
//! not come is said among the page's notices, and can be tried again; the rest of the page goes on.

use leptos::prelude::*;
use view::PaneInfo;

use super::help::Help;
use super::lenses::checks::Checks;
use super::lenses::inspector::InspectorLens;
use super::pane::PaneLens;
use super::ring::bar::{RingBar, TokenSlider};
use super::ring::fields::RingFields;
use super::ring::layer::RingLayer;
use super::share::Links;
use super::space_time::SpaceTimeLens;
use super::space_time::bar::SpaceTimeBar;
use super::space_time::comparison::ComparisonLens;
use super::space_time::diagram::Diagram;
use super::space_time::log::LogForm;
use super::stage::tools::Actions;
use super::stage::tools::ask::AskForm;
use super::stage::tools::settings::SettingsForm;
use super::stage::tools::split::SplitForm;
#[cfg(not(split))]
use super::tour::guide::Guide;
use super::tour::guide::TourCard;
use crate::desk::use_desk;
use crate::platform::api;
use crate::playground::Selection;
use crate::reactive::RwSignal;

/// A part of the page.
#[derive(Clone)]
pub enum Part {
    /// The space-time diagram on the stage; upright on a narrow page.
    Diagram(RwSignal<bool>),
    SpaceTimeBar,
    SpaceTimeLens,
    ComparisonLens,
    /// A log to show in place of the run.
    LogForm,
    RingLayer,
    RingBar,
    TokenSlider,
    /// What is asked of the ring, above or below its pane.
    RingFields(bool),
    Checks,
    Inspector,
    Pane(&'static PaneInfo),
    /// What can be done to what is picked.
    Actions(Selection),
    /// An operation to ask of one node, or of whoever can be asked.
    AskForm(Option<String>),
    SettingsForm,
    SplitForm,
    /// The link to the run.
    Links,
    /// What scripts of other pages speak to: it installs itself, and shows nothing.
    Interface,
    TourCard,
    /// The help sheet, and whether it is open.
    Help(RwSignal<bool>),
}

/// What a chunk has: it makes those of the parts that are its own.
type Make = fn(Part) -> Option<AnyView>;

fn space_time(part: Part) -> Option<AnyView> {
    Some(match part {
        Part::Diagram(upright) => view! { <Diagram upright=move || upright.get() /> }.into_any(),
        Part::SpaceTimeBar => view! { <SpaceTimeBar /> }.into_any(),
        Part::SpaceTimeLens => view! { <SpaceTimeLens /> }.into_any(),
        Part::ComparisonLens => view! { <ComparisonLens /> }.into_any(),
        _ => return None,
    })
}

fn logs(part: Part) -> Option<AnyView> {
    Some(match part {
        Part::LogForm => view! { <LogForm /> }.into_any(),
        _ => return None,
    })
}

fn ring(part: Part) -> Option<AnyView> {
    Some(match part {
        Part::RingLayer => view! { <RingLayer /> }.into_any(),
        Part::RingBar => view! { <RingBar /> }.into_any(),
        Part::TokenSlider => view! { <TokenSlider /> }.into_any(),
        Part::RingFields(above) => view! { <RingFields above=above /> }.into_any(),
        _ => return None,
    })
}

fn lenses(part: Part) -> Option<AnyView> {
    Some(match part {
        Part::Checks => view! { <Checks /> }.into_any(),
        Part::Inspector => view! { <InspectorLens /> }.into_any(),
        Part::Pane(info) => view! { <PaneLens info=info /> }.into_any(),
        _ => return None,
    })
}

fn actions(part: Part) -> Option<AnyView> {
    Some(match part {
        Part::Actions(of) => view! { <Actions of=of /> }.into_any(),
        Part::AskForm(of) => view! { <AskForm of=of /> }.into_any(),
        Part::SettingsForm => view! { <SettingsForm /> }.into_any(),
        Part::SplitForm => view! { <SplitForm /> }.into_any(),
        Part::Links => view! { <Links /> }.into_any(),
        Part::Interface => {
            api::install(use_desk());
            ().into_any()
        }
        _ => return None,
    })
}

fn asides(part: Part) -> Option<AnyView> {
    Some(match part {
        Part::TourCard => view! { <TourCard /> }.into_any(),
        Part::Help(open) => view! { <Help open=open /> }.into_any(),
        _ => return None,
    })
}

impl Part {
    /// Shows the part.
    #[cfg(not(split))]
    pub fn show(self) -> AnyView {
        let chunks: [Make; 6] = [space_time, logs, ring, lenses, actions, asides];
        chunks.into_iter().find_map(|make| make(self.clone())).into_any()
    }

    /// Shows the part, at once if its chunk is there, so that nothing moves and the focus stays; otherwise when it comes.
    #[cfg(split)]
    pub fn show(self) -> AnyView {
        use Part::*;
        let (chunk, load): (_, arriving::Load) = match &self {
            Diagram(_) | SpaceTimeBar | SpaceTimeLens | ComparisonLens => {
                ("space_time", || Box::pin(arriving::load_space_time()))
            }
            LogForm => ("logs", || Box::pin(arriving::load_logs())),
            RingLayer | RingBar | TokenSlider | RingFields(_) => ("ring", || Box::pin(arriving::load_ring())),
            Checks | Inspector | Pane(_) => ("lenses", || Box::pin(arriving::load_lenses())),
            Actions(_) | AskForm(_) | SettingsForm | SplitForm | Links | Interface => {
                ("actions", || Box::pin(arriving::load_actions()))
            }
            TourCard | Help(_) => ("asides", || Box::pin(arriving::load_asides())),
        };
        expect_context::<Chunks>().show(self, chunk, load)
    }
}

/// What leads through tours.
#[cfg(not(split))]
pub async fn guide() -> Result<Guide, labs::LoadError> {
    Ok(Guide::HERE)
}

/// What says which chunks are missing, for the page's notices.
#[cfg(split)]
pub use arriving::{Chunks, guide, missing};

#[cfg(split)]
mod arriving {
    use std::pin::Pin;

    use labs::{LoadError, Map};
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{Make, Part};
    use crate::components::tour::guide::Guide;
    use crate::desk::{Desk, use_desk};
    use crate::platform::page;
    use crate::reactive::{Memo, RwSignal};

    type Loaded = Result<Make, SplitLoaderError>;
    /// Fetches a chunk.
    pub type Load = fn() -> Pin<Box<dyn Future<Output = Loaded>>>;

    #[wasm_split(space_time, fallible)]
    pub fn load_space_time() -> Loaded {
        Ok(super::space_time)
    }

    #[wasm_split(logs, fallible)]
    pub fn load_logs() -> Loaded {
        Ok(super::logs)
    }

    #[wasm_split(ring, fallible)]
    pub fn load_ring() -> Loaded {
        Ok(super::ring)
    }

    #[wasm_split(lenses, fallible)]
    pub fn load_lenses() -> Loaded {
        Ok(super::lenses)
    }

    #[wasm_split(actions, fallible)]
    pub fn load_actions() -> Loaded {
        Ok(super::actions)
    }

    #[wasm_split(asides, fallible)]
    pub fn load_asides() -> Loaded {
        Ok(super::asides)
    }

    #[wasm_split(asides, fallible)]
    pub fn load_guide() -> Result<Guide, SplitLoaderError> {
        Ok(Guide::HERE)
    }

    /// What leads through tours.
    pub async fn guide() -> Result<Guide, LoadError> {
        load_guide().await.map_err(|error| LoadError(page::why_missing("asides").unwrap_or(error.to_string())))
    }

    /// How a chunk stands that was asked for.
    #[derive(Clone)]
    enum Standing {
        Coming,
        There(Make),
        Missing { load: Load, problem: String },
    }

    /// The page's chunks, by name; copies share them.
    #[derive(Clone, Copy)]
    pub struct Chunks(RwSignal<Map<&'static str, Standing>>);

    impl Chunks {
        /// None was asked for.
        pub fn new(desk: Desk) -> Self {
            Self(desk.signals.signal(Map::new()))
        }

        /// Shows a part of a chunk.
        pub fn show(self, part: Part, chunk: &'static str, load: Load) -> AnyView {
            match self.0.with_untracked(|chunks| chunks.get(chunk).cloned()) {
                Some(Standing::There(make)) => return make(part).into_any(),
                Some(Standing::Coming | Standing::Missing { .. }) => {}
                None => self.fetch(chunk, load),
            }
            let there = Memo::new(move |_| {
                self.0.with(|chunks| match chunks.get(chunk) {
                    Some(Standing::There(make)) => Some(*make),
                    _ => None,
                })
            });
            (move || there.get().map(|make| make(part.clone()))).into_any()
        }

        /// Fetches a chunk, for all parts that wait for it.
        fn fetch(self, chunk: &'static str, load: Load) {
            self.0.update(|chunks| drop(chunks.insert(chunk, Standing::Coming)));
            spawn_local(async move {
                let standing = match load().await {
                    Ok(make) => Standing::There(make),
                    Err(error) => {
                        let problem = page::why_missing(chunk).unwrap_or(error.to_string());
                        Standing::Missing { load, problem }
                    }
                };
                self.0.update(|chunks| drop(chunks.insert(chunk, standing)));
            });
        }
    }

    /// What to do about parts that have not come.
    pub fn missing(chunks: Chunks) -> impl IntoView {
        let desk = use_desk();
        let one = move |chunk: &'static str, load: Load, problem: &str| {
            view! {
                <div class="problem" role="alert">
                    <span>{format!("A part of the page could not be loaded: {problem}.")}</span>
                    <span class="space"></span>
                    <button class="quiet" on:click=move |_| chunks.fetch(chunk, load)>"Try again"</button>
                    <button class="quiet" on:click=move |_| desk.reload()>"Reload"</button>
                </div>
            }
        };
        move || {
            chunks.0.with(|chunks| {
                let missing = chunks.iter().filter_map(|(&chunk, standing)| match standing {
                    Standing::Missing { load, problem } => Some(one(chunk, *load, problem)),
                    Standing::Coming | Standing::There(_) => None,
                });
                missing.collect_view()
            })
        }
    }
}
