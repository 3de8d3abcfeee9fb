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
    Ruler,
    Sun,
    Moon,
    Check,
    Cross,
    Power,
    Clock,
    Disk,
    Move,
    Trash,
    Copy,
    Sliders,
    Split,
    Ask,
    Search,
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
        Icon::Ruler => "M2 8h20v8H2zM6 8v3M10 8v4M14 8v3M18 8v4",
        Icon::Sun => {
            "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5"
        }
        Icon::Moon => "M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10z",
        Icon::Check => "M5 12.5l4.5 4.5L19 7.5",
        Icon::Cross => "M6 6l12 12M18 6L6 18",
        Icon::Power => "M12 3v8M7 6a8 8 0 1 0 10 0",
        Icon::Clock => "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4l3 2",
        Icon::Disk => "M5 7c0-4 14-4 14 0v10c0 4-14 4-14 0zM5 7c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
        Icon::Move => "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
        Icon::Trash => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
        Icon::Copy => "M9 9h11v11H9zM5 15H4V4h11v1",
        Icon::Sliders => {
            "M4 7h8M18 7h2M4 17h2M12 17h8M12 7a3 3 0 1 0 6 0 3 3 0 0 0-6 0zM6 17a3 3 0 1 0 6 0 3 3 0 0 0-6 0z"
        }
        Icon::Split => "M12 3v3M12 9v3M12 15v3M12 21v.01M4 9a3 3 0 1 1 0 6M20 9a3 3 0 1 0 0 6",
        Icon::Ask => "M4 5h16v11H10l-4 4v-4H4z",
        Icon::Search => "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20",
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
