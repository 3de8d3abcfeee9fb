//! The stage of a second run beside the first.

use leptos::prelude::*;

use crate::playground::use_playground;
use crate::reactive::Memo;

use super::ring::RingState;
use super::space_time;
use super::stage::StageView;

/// The second stage, where two runs are compared.
#[component]
pub fn SecondStage() -> impl IntoView {
    let first = use_playground();
    let contrast = Memo::new(move |_| first.contrast.get());
    move || {
        let second = first.open_beside(contrast.get()?);
        match second {
            Ok(second) => {
                provide_context(second);
                provide_context(RingState::new(second));
                provide_context(space_time::Place::new(second));
                Some(view! { <StageView /> })
            }
            Err(error) => {
                first.report(error.within("compare").to_string());
                None
            }
        }
    }
}
