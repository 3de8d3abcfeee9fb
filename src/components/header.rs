//! The bar at the top: which lab, which variant, and what can be done with the run as a whole.

use leptos::html;
use leptos::prelude::*;

use crate::desk::use_desk;
use crate::mode::use_mode;
use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Effect, RwSignal};

use super::icons::{Glyph, Icon};
use super::share::Share;
use super::tour::TourMenu;

/// The bar at the top.
#[component]
pub fn Header(theme: Option<&'static str>, help: RwSignal<bool>) -> impl IntoView {
    let playground = use_playground();
    let mode = use_mode();
    let variants = move || {
        let chosen = playground.variant.get().id;
        let options = playground.lab.get().variants.iter().map(move |variant| {
            view! { <option value=variant.id selected=variant.id == chosen>{variant.title}</option> }
        });
        options.collect_view()
    };
    let chooser = NodeRef::<html::Select>::new();
    // The list shows the lab that is open, also while another one is on its way, or did not come.
    let show_open = move || {
        if let Some(chooser) = chooser.get_untracked() {
            chooser.set_value(playground.lab.get_untracked().id);
        }
    };
    Effect::new(move |_| {
        chooser.track();
        playground.lab.track();
        show_open();
    });
    let choose = move |event| {
        mode.go(Some(&event_target_value(&event)));
        show_open();
    };
    let labs = {
        let chosen = playground.lab.get_untracked().id;
        let option = move |lab: &'static labs::Listed| {
            view! { <option value=lab.card.id selected=lab.card.id == chosen>{lab.card.title}</option> }
        };
        labs::catalogue().iter().map(option).collect_view()
    };
    view! {
        <header>
            <a
                class="logo"
                href=move || {
                    mode.home.track();
                    mode.address_of(None)
                }
                aria-label="net/split, home"
                on:click=move |event| {
                    if page::is_plain_click(&event) {
                        event.prevent_default();
                        mode.go(None);
                    }
                }
            >
                "net"<i>"/"</i>"split"
            </a>
            <label class="choice lab">
                <span>"Lab"</span>
                <select node_ref=chooser on:change=choose>{labs}</select>
            </label>
            <label class="choice">
                <span>"Variant"</span>
                <select on:change=move |event| playground.choose_variant(&event_target_value(&event))>{variants}</select>
            </label>
            <span class="space"></span>
            <TourMenu />
            <button class="square" aria-label="Help" title="Keys and gestures (?)" on:click=move |_| help.set(true)>"?"</button>
            <ThemeSwitch theme=theme />
            <Share />
            <button
                class="primary present-button"
                title="Large type, and nothing but the stage (Escape ends it)"
                on:click=move |_| mode.present.update(|present| *present = !*present)
            >
                "Present"
            </button>
        </header>
    }
}

/// Switches between light and dark. Without a choice the page follows the system.
#[component]
fn ThemeSwitch(theme: Option<&'static str>) -> impl IntoView {
    let desk = use_desk();
    let chosen = RwSignal::new(theme);
    let system_dark = RwSignal::new(page::prefers_dark());
    page::on_system_theme_change(move || {
        system_dark.set(page::prefers_dark());
        desk.read_theme();
    });
    let dark = move || chosen.get().map_or_else(|| system_dark.get(), |theme| theme == "dark");
    let switch = move |_| {
        let next = if dark() { "light" } else { "dark" };
        chosen.set(Some(next));
        page::set_theme(Some(next));
        desk.read_theme();
    };
    view! {
        <button class="square" aria-label=move || if dark() { "Light theme" } else { "Dark theme" } on:click=switch>
            {move || if dark() { view! { <Glyph icon=Icon::Sun /> } } else { view! { <Glyph icon=Icon::Moon /> } }}
        </button>
    }
}
