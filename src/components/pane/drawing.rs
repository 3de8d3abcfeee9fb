//! Charts, lanes and graphs: the same shapes as in pictures, as wide as there is room. Those who hear the page get all of it as
//! text, and whatever can be done as buttons.

use leptos::html::Div;
use leptos::prelude::*;
use view::pane::{Act, Block, Drawing, Item, Part};
use view::shapes::Shape;

use crate::platform::page;
use crate::playground::use_playground;
use crate::reactive::{Effect, Memo, RwSignal};

use super::super::stage::shape_view;
use super::each;
use super::item::{Acts, perform, point, standing};

/// How wide a drawing is before its box is known, in pixels.
const WIDTH: f64 = 320.0;

/// A block that is drawn.
#[component]
pub fn DrawingView(pane: &'static str, block: Memo<Option<Block>>) -> impl IntoView {
    let frame = NodeRef::<Div>::new();
    let room = RwSignal::new(WIDTH);
    Effect::new(move |_| {
        if let Some(element) = frame.get() {
            let measured = element.clone();
            let measure = move || {
                let width = f64::from(measured.client_width());
                if width > 0.0 && room.get_untracked() != width {
                    room.set(width);
                }
            };
            page::on_resize(&element, measure).keep();
        }
    });
    let drawing: Memo<Drawing> =
        Memo::new(move |_| block.with(|block| block.as_ref().map(|block| block.draw(room.get()))).unwrap_or_default());
    let spoken = Memo::new(move |_| block.with(|block| block.as_ref().map(Block::spoken)).unwrap_or_default());
    let size = Memo::new(move |_| drawing.with(|drawing| (drawing.width.ceil(), drawing.height.ceil())));
    let parts = Memo::new(move |_| {
        drawing.with(|drawing| drawing.parts.iter().map(|part| (part.key.clone(), part.clone())).collect::<Vec<_>>())
    });
    // A mark has room for one act, and what nobody can point at for none; what else a lab offers stands below.
    let more = Memo::new(move |_| {
        let further = |part: &Part| {
            let item = part.item.as_ref().filter(|item| item.full.is_none())?;
            let title = |act: &Act| Act { title: format!("{}: {}", item.text, act.title), does: act.does.clone() };
            Some(item.acts.iter().skip(usize::from(part.has_room())).map(title).collect::<Vec<_>>())
        };
        drawing.with(|drawing| drawing.parts.iter().filter_map(further).flatten().collect::<Vec<_>>())
    });
    // One part is reached by Tab, the others from there by arrow keys: the one used last, or the rightmost that can be
    // read, which along an axis of time is the newest, or else the first.
    let used = RwSignal::new(None::<String>);
    let reads = |part: &Part| part.item.as_ref().is_some_and(|item| item.full.is_some());
    let can = move |part: &Part| reads(part) || part.item.as_ref().is_some_and(|item| !item.offered().is_empty());
    let stop = Memo::new(move |_| {
        drawing.with(|drawing| {
            let parts = || drawing.parts.iter().filter(|part| can(part));
            let last = used.with(|used| parts().find(|part| used.as_ref() == Some(&part.key)));
            let newest = || parts().filter(|part| reads(part)).max_by(|a, b| a.area[0].total_cmp(&b.area[0]));
            last.or_else(newest).or_else(|| parts().next()).map(|part| part.key.clone())
        })
    });
    // What it says in full, and all that can be done with it.
    let read = Memo::new(move |_| {
        let key = stop.get()?;
        drawing.with(|drawing| drawing.parts.iter().find(|part| part.key == key && reads(part))?.item.clone())
    });
    let is_read = Memo::new(move |_| read.with(Option::is_some));
    let about = move || {
        is_read.get().then(|| {
            let said = move || read.with(|item| item.as_ref().map(Item::spoken));
            let acts =
                Memo::new(move |_| read.with(|item| item.as_ref().map(|item| item.acts.clone())).unwrap_or_default());
            view! { <div class="pane-about"><p>{said}</p><Acts pane=pane acts=acts /></div> }
        })
    };
    let caption = Memo::new(move |_| {
        block.with(|block| block.as_ref().map(|block| block.caption().to_owned())).unwrap_or_default()
    });
    // What is wider than its box scrolls, also by keyboard.
    let scrolls = move || size.get().0 > room.get() + 1.0;
    view! {
        <p class="unseen">{move || spoken.get()}</p>
        <div class="pane-drawing" node_ref=frame tabindex=move || scrolls().then_some("0")>
            <svg
                role="group"
                aria-label=move || caption.with(|caption| if caption.is_empty() { "Drawing".to_owned() } else { caption.clone() })
                on:keydown=move |event| page::rove(&event)
                width=move || size.get().0
                height=move || size.get().1
                viewBox=move || format!("0 0 {} {}", size.get().0, size.get().1)
            >
                {each(parts, move |part| view! { <PartView pane=pane part=part used=used stop=stop /> }.into_any())}
            </svg>
        </div>
        {about}
        <div class="pane-acts"><Acts pane=pane acts=more /></div>
    }
    .into_any()
}

#[component]
fn PartView(
    pane: &'static str,
    part: Memo<Option<Part>>,
    used: RwSignal<Option<String>>,
    stop: Memo<Option<String>>,
) -> impl IntoView {
    let playground = use_playground();
    let shapes: Memo<Vec<Shape>> =
        Memo::new(move |_| part.with(|part| part.as_ref().map(|part| part.shapes.clone())).unwrap_or_default());
    let item = Memo::new(move |_| part.with(|part| part.as_ref().and_then(|part| part.item.clone())));
    let area = Memo::new(move |_| part.with(|part| part.as_ref().map(|part| part.area)).unwrap_or_default());
    let (picked, lit) = standing(item);
    let act = Memo::new(move |_| item.with(|item| item.as_ref().and_then(|item| item.offered().into_iter().next())));
    let said = Memo::new(move |_| item.with(|item| item.as_ref().map(Item::spoken)).unwrap_or_default());
    let key = Memo::new(move |_| part.with(|part| part.as_ref().map(|part| part.key.clone())));
    let is_stop = Memo::new(move |_| stop.with(|stop| stop.is_some() && key.with(|key| key == stop)));
    // What has more to say is read before anything is done with it.
    let reads = Memo::new(move |_| item.with(|item| item.as_ref().is_some_and(|item| item.full.is_some())));
    let enter = move || {
        point(playground, item, true);
        if reads.get_untracked() {
            used.set(key.get_untracked());
        }
    };
    let go = move || {
        used.set(key.get_untracked());
        if let Some(act) = act.get_untracked().filter(|_| !reads.get_untracked()) {
            perform(playground, pane, &act.does);
        }
    };
    let has_spot =
        Memo::new(move |_| part.with(|part| part.as_ref().is_some_and(|it| it.item.is_some() && it.has_room())));
    let can = Memo::new(move |_| reads.get() || act.with(Option::is_some));
    let name = move || match act.with(|act| act.as_ref().filter(|_| !reads.get()).map(|act| act.title.clone())) {
        Some(title) => format!("{}: {title}", said.get()),
        None => said.get(),
    };
    let press = move |event: leptos::ev::KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            go();
        }
    };
    let rect = move || {
        view! {
            <rect
                class="reach"
                rx="6"
                x=move || area.get()[0]
                y=move || area.get()[1]
                width=move || area.get()[2]
                height=move || area.get()[3]
            ></rect>
        }
    };
    let over = move || {
        has_spot.get().then(|| {
            if can.get() {
                view! {
                    <g
                        class="spot"
                        class:picked=move || picked.get() || (reads.get() && is_stop.get())
                        class:lit=move || lit.get()
                        role="button"
                        data-rove=""
                        tabindex=move || if is_stop.get() { "0" } else { "-1" }
                        aria-label=name
                        aria-pressed=move || (picked.get() || (reads.get() && is_stop.get())).to_string()
                        on:click=move |_| go()
                        on:keydown=press
                        on:pointerenter=move |_| enter()
                        on:pointerleave=move |_| point(playground, item, false)
                        on:focus=move |_| {
                            used.set(key.get_untracked());
                            enter();
                        }
                        on:blur=move |_| point(playground, item, false)
                    >
                        {rect()}
                    </g>
                }
                .into_any()
            } else {
                view! {
                    <g
                        class="spot"
                        class:lit=move || lit.get()
                        aria-hidden="true"
                        on:pointerenter=move |_| point(playground, item, true)
                        on:pointerleave=move |_| point(playground, item, false)
                    >
                        <title>{move || said.get()}</title>
                        {rect()}
                    </g>
                }
                .into_any()
            }
        })
    };
    view! {
        <g aria-hidden="true" class:picked=move || picked.get() class:lit=move || lit.get()>
            {move || shapes.with(|shapes| shapes.iter().map(shape_view).collect_view())}
        </g>
        {over}
    }
    .into_any()
}
