//! Panes: what labs say beside the stage, drawn once for all of them. Tables, facts and sentences are elements of HTML,
//! lanes and graphs are drawings; whatever stays keeps its element and changes in place.

mod drawing;
mod grid;
mod item;

use leptos::prelude::*;
use view::Picture;
use view::lens::LensKind;
use view::pane::{Block, Fact, Facts, Group, Item, PaneInfo, Row, Table, Tool};

use crate::components::list::For;
use crate::playground::use_playground;
use crate::reactive::{Effect, Memo, RwSignal, StoredValue};

use super::lenses::Frame;
use super::parts::Part;
use drawing::DrawingView;
use grid::GridView;
use item::{ItemView, Items, name_of, perform};

/// A pane of the lab.
#[component]
pub fn PaneLens(info: &'static PaneInfo) -> impl IntoView {
    let playground = use_playground();
    let again = Trigger::new();
    let ask = Memo::new(move |_| playground.asks.with(|asks| asks.get(info.id).cloned()).unwrap_or_default());
    let pane = Memo::new(move |_| {
        again.track();
        playground.revision.track();
        ask.with(|ask| playground.read(|session| session.pane(info.id, ask))).unwrap_or_default()
    });
    // What takes longer than a frame goes on in the next one.
    let waits = StoredValue::new(false);
    Effect::new(move |_| {
        again.track();
        if pane.with(|pane| pane.pending) && !waits.get_value() {
            waits.set_value(true);
            request_animation_frame(move || {
                waits.set_value(false);
                again.notify();
            });
        }
    });
    // A block of another kind is another element.
    let kinds =
        Memo::new(move |_| pane.with(|pane| pane.blocks.iter().map(std::mem::discriminant).collect::<Vec<_>>()));
    let places = move || kinds.get().into_iter().enumerate().collect::<Vec<_>>();
    let lit = Memo::new(move |_| playground.highlight.with(|names| names.iter().any(|name| name == info.id)));
    let tools = Memo::new(move |_| {
        let tools = pane.with(|pane| pane.tools.clone());
        named(tools.into_iter().map(|tool| (tool.title.clone(), tool)))
    });
    let tool = move |tool: Memo<Option<Tool>>| {
        let title = move || tool.with(|tool| tool.as_ref().map(|tool| tool.title.clone()));
        let sign = move || tool.with(|tool| tool.as_ref().map(|tool| tool.sign.clone()));
        let idle = move || tool.with(|tool| tool.as_ref().is_none_or(|tool| tool.does.is_none()));
        let go = move |_| {
            if let Some(does) = tool.get_untracked().and_then(|tool| tool.does) {
                perform(playground, info.id, &does);
            }
        };
        view! { <button class="square plain" aria-label=title disabled=idle on:click=go>{sign}</button> }.into_any()
    };
    let has_tools = Memo::new(move |_| tools.with(|tools| !tools.is_empty()));
    let tools = move || {
        has_tools.get().then(|| {
            view! { <span class="pager" role="group" aria-label="What is shown">{each(tools, tool)}</span> }
        })
    };
    let tools = tools.into_any();
    // A pane with the name of the lab's picture has fields for what the picture shows, above or below its blocks.
    let of_picture = playground.lab.with_untracked(|lab| lab.picture == Picture::Ring && lab.picture.id() == info.id);
    let controls = move |above: bool| of_picture.then(|| Part::RingFields(above).show());
    view! {
        <Frame kind=LensKind::Pane(info) tools=tools>
            {controls(true)}
            <div class="pane" class:lit=move || lit.get()>
                <For each=places key=|place| *place let:place>
                    {block(info.id, Memo::new(move |_| pane.with(|pane| pane.blocks.get(place.0).cloned())))}
                </For>
            </div>
            {controls(false)}
        </Frame>
    }
    .into_any()
}

fn block(pane: &'static str, block: Memo<Option<Block>>) -> AnyView {
    // Only what a block is made of is read again; what kind it is stays.
    match block.get_untracked() {
        Some(Block::Grid(_)) => view! { <GridView pane=pane block=block /> }.into_any(),
        Some(Block::Table(_)) => view! { <TableView pane=pane block=block /> }.into_any(),
        Some(Block::Facts(_)) => view! { <FactsView pane=pane block=block /> }.into_any(),
        Some(Block::Text(_)) => view! { <TextView pane=pane block=block /> }.into_any(),
        Some(Block::Chart(_) | Block::Lanes(_) | Block::Graph(_)) => {
            view! { <DrawingView pane=pane block=block /> }.into_any()
        }
        None => ().into_any(),
    }
}

/// A list under names of which each stands for the same thing a moment later. Of several with the same name the later
/// ones are numbered.
fn named<T>(all: impl IntoIterator<Item = (String, T)>) -> Vec<(String, T)> {
    let mut counts = labs::Map::<String, u32>::new();
    let numbered = |(name, it): (String, T)| {
        let count = counts.entry(name.clone()).or_insert(0);
        *count += 1;
        (if *count == 1 { name } else { format!("{name}~{count}") }, it)
    };
    all.into_iter().map(numbered).collect()
}

/// Shows each of a list by name, in order; what stays changes in place. Only those are told of a change whose own it is:
/// everything below a hundred rows would be looked at otherwise, however little has changed.
fn each<T: Clone + PartialEq + Send + Sync + 'static>(
    all: Memo<Vec<(String, T)>>,
    show: impl Fn(Memo<Option<T>>) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let names = Memo::new(move |_| all.with(|all| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()));
    let shown = StoredValue::new(labs::Map::<String, RwSignal<Option<T>>>::new());
    Effect::new(move |_| {
        all.with(|all| {
            for (name, it) in all {
                let known = shown.with_value(|shown| shown.get(name).copied());
                let Some(known) = known else { continue };
                if known.try_with_untracked(|known| known.as_ref() != Some(it)).unwrap_or(false) {
                    known.set(Some(it.clone()));
                }
            }
        });
    });
    let one = move |name: String| {
        let it = all.with_untracked(|all| all.iter().find(|(known, _)| *known == name).map(|(_, it)| it.clone()));
        let it = RwSignal::new(it);
        shown.update_value(|shown| {
            shown.insert(name.clone(), it);
        });
        on_cleanup(move || {
            shown.try_update_value(|shown| shown.remove(&name));
        });
        show(Memo::new(move |_| it.get()))
    };
    view! { <For each=move || names.get() key=Clone::clone children=one /> }.into_any()
}

#[component]
fn TableView(pane: &'static str, block: Memo<Option<Block>>) -> impl IntoView {
    let table = move |read: &mut dyn FnMut(&Table)| {
        block.with(|block| {
            if let Some(Block::Table(table)) = block {
                read(table);
            }
        });
    };
    let caption = Memo::new(move |_| {
        let mut caption = String::new();
        table(&mut |table| caption.clone_from(&table.caption));
        caption
    });
    let heads = Memo::new(move |_| {
        let mut heads = (String::new(), Vec::new());
        table(&mut |table| heads = (table.corner.clone(), table.columns.clone()));
        heads
    });
    let rows = Memo::new(move |_| {
        let mut rows = Vec::new();
        table(&mut |table| {
            rows = table.lines().map(|(row, inner)| (row.clone(), inner)).collect();
        });
        named(
            rows.into_iter()
                .map(|(row, inner): (Row, bool)| (name_of(&row.head), (Row { rows: Vec::new(), ..row }, inner))),
        )
    });
    let head_cells = move || {
        let (corner, columns) = heads.get();
        let column = |column: view::pane::Column| {
            view! { <th scope="col" class=column.align.name()>{column.title}</th> }
        };
        view! { <th scope="col">{corner}</th> {columns.into_iter().map(column).collect_view()} }
    };
    let row = move |row: Memo<Option<(Row, bool)>>| {
        let inner = move || row.with(|row| row.as_ref().is_some_and(|(_, inner)| *inner));
        let head = Memo::new(move |_| row.with(|row| row.as_ref().map(|(row, _)| row.head.clone())));
        let columns = Memo::new(move |_| heads.with(|(_, columns)| columns.clone()));
        let cells = move || {
            let cell = |(place, column): (usize, view::pane::Column)| {
                let items = Memo::new(move |_| {
                    let cell = |row: &(Row, bool)| row.0.cells.get(place).cloned();
                    row.with(|row| row.as_ref().and_then(cell)).unwrap_or_default()
                });
                let wide = move || items.with(|items| items.iter().any(|item| item.due_ppm.is_some()));
                view! { <td class=column.align.name() class:wide=wide><Items pane=pane items=items /></td> }
            };
            columns.get().into_iter().enumerate().map(cell).collect_view()
        };
        view! {
            <tr class:inner=inner>
                <th scope="row"><ItemView pane=pane item=head /></th>
                {cells}
            </tr>
        }
        .into_any()
    };
    // Said by a class: a style that looked for long bars itself would look through all rows whenever one of them changes.
    let has_long = move |(row, _): &(Row, bool)| row.cells.iter().flatten().any(|item| item.due_ppm.is_some());
    let long = Memo::new(move |_| rows.with(|rows| rows.iter().any(|(_, row)| has_long(row))));
    view! {
        // It scrolls where there is no room for it, also by keyboard.
        <div class="pane-table" class:long=move || long.get() tabindex="0" role="group" aria-label=move || caption.get()>
            <table>
                <caption>{move || caption.get()}</caption>
                <thead><tr>{head_cells}</tr></thead>
                <tbody>{each(rows, row)}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn FactsView(pane: &'static str, block: Memo<Option<Block>>) -> impl IntoView {
    let groups = Memo::new(move |_| {
        let groups = block.with(|block| match block {
            Some(Block::Facts(Facts { groups })) => groups.clone(),
            _ => Vec::new(),
        });
        named(groups.into_iter().map(|group| (group.title.clone(), group)))
    });
    let fact = move |fact: Memo<Option<Fact>>| {
        let name = move || fact.with(|fact| fact.as_ref().map(|fact| fact.name.clone()));
        let value =
            Memo::new(move |_| fact.with(|fact| fact.as_ref().map(|fact| fact.value.clone())).unwrap_or_default());
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td><Items pane=pane items=value /></td>
            </tr>
        }
        .into_any()
    };
    let group = move |group: Memo<Option<Group>>| {
        let title =
            Memo::new(move |_| group.with(|group| group.as_ref().map(|group| group.title.clone())).unwrap_or_default());
        let facts = Memo::new(move |_| {
            let facts = group.with(|group| group.as_ref().map(|group| group.facts.clone())).unwrap_or_default();
            named(facts.into_iter().map(|fact| (fact.name.clone(), fact)))
        });
        let head = move || {
            let title = title.get();
            (!title.is_empty()).then(|| view! { <tr><th scope="rowgroup" colspan="2" class="group">{title}</th></tr> })
        };
        view! { <tbody>{head} {each(facts, fact)}</tbody> }.into_any()
    };
    view! { <table class="pane-facts">{each(groups, group)}</table> }.into_any()
}

#[component]
fn TextView(pane: &'static str, block: Memo<Option<Block>>) -> impl IntoView {
    let lines = Memo::new(move |_| {
        let lines: Vec<Item> = block.with(|block| match block {
            Some(Block::Text(text)) => text.lines.clone(),
            _ => Vec::new(),
        });
        // Sentences change where they stand.
        lines.into_iter().enumerate().map(|(place, line)| (place.to_string(), line)).collect::<Vec<_>>()
    });
    let line = move |line: Memo<Option<Item>>| view! { <p><ItemView pane=pane item=line /></p> }.into_any();
    view! { <div class="pane-text">{each(lines, line)}</div> }.into_any()
}
