//! The icons: one set, 24 units square, drawn with the colour of the text around them.

use leptos::prelude::*;

/// An icon; decoration, since every button has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Play,
    Pause,
    Step,
    StepBack,
    Reset,
    Undo,
    Dice,
    Scissors,
    Heal,
    Sun,
    Moon,
    Check,
    Cross,
    Back,
    On,
    Jump,
}

/// Draws an icon.
#[component]
pub fn Glyph(icon: Icon) -> impl IntoView {
    let path = match icon {
        Icon::Play => "M8 5l11 7-11 7z",
        Icon::Pause => "M8 5v14M16 5v14",
        Icon::Step => "M6 5l9 7-9 7zM19 5v14",
        Icon::StepBack => "M18 5l-9 7 9 7zM5 5v14",
        Icon::Reset => "M4 11a8 8 0 1 1 2 6M4 5v6h6",
        Icon::Undo => "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
        Icon::Dice => "M5 4h14v16H5zM9 8.5v.01M15 8.5v.01M12 12v.01M9 15.5v.01M15 15.5v.01",
        Icon::Scissors => {
            "M8 8l11 9M8 16l11-9M8 6.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM8 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"
        }
        Icon::Heal => "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
        Icon::Sun => {
            "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5"
        }
        Icon::Moon => "M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10z",
        Icon::Check => "M5 12.5l4.5 4.5L19 7.5",
        Icon::Cross => "M6 6l12 12M18 6L6 18",
        Icon::Back => "M14.5 6l-6 6 6 6",
        Icon::On => "M9.5 6l6 6-6 6",
        Icon::Jump => "M4 17a8 8 0 0 1 15-3M20 8v6h-6M11 19h.01",
    };
    let filled = matches!(icon, Icon::Play);
    view! {
        <svg class="icon" class:filled=filled viewBox="0 0 24 24" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}
