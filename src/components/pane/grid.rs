//! A grid as a table of HTML whose cells are equally wide; what stands around their texts is a class.

use leptos::prelude::*;
use view::pane::{Block, Cell, Grid, Line};

use crate::reactive::Memo;

use super::item::{ItemView, name_of};
use super::{each, named};

/// A grid.
#[component]
pub fn GridView(pane: &'static str, block: Memo<Option<Block>>) -> impl IntoView {
    let grid = Memo::new(move |_| match block.get() {
        Some(Block::Grid(grid)) => grid,
        _ => Grid::default(),
    });
    let caption = Memo::new(move |_| grid.with(|grid| grid.caption.clone()));
    let heads = Memo::new(move |_| grid.with(|grid| (grid.corner.clone(), grid.columns.clone())));
    let head_cells = move || {
        let (corner, columns) = heads.get();
        let column = |column: String| view! { <th scope="col">{column}</th> };
        view! { <th scope="col"><span class="unseen">{corner}</span></th> {columns.into_iter().map(column).collect_view()} }
    };
    let rows = Memo::new(move |_| {
        let rows = grid.with(|grid| grid.rows.clone());
        named(rows.into_iter().map(|row| (name_of(&row.head), row)))
    });
    let row = move |row: Memo<Option<Line>>| {
        let head = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.head.clone())));
        let cells = Memo::new(move |_| {
            let cells = row.with(|row| row.as_ref().map(|row| row.cells.clone())).unwrap_or_default();
            // Cells change where they stand.
            cells.into_iter().enumerate().map(|(place, cell)| (place.to_string(), cell)).collect::<Vec<_>>()
        });
        let cell = move |cell: Memo<Option<Cell>>| {
            let item = Memo::new(move |_| cell.with(|cell| cell.as_ref().map(|cell| cell.item.clone())));
            let span = move || cell.with(|cell| cell.as_ref().map(|cell| cell.span.max(1).to_string()));
            let class = Memo::new(move |_| cell.with(|cell| cell.as_ref().map(class_of)));
            view! { <td class=move || class.get() colspan=span><ItemView pane=pane item=item /></td> }.into_any()
        };
        view! {
            <tr>
                <th scope="row"><ItemView pane=pane item=head /></th>
                {each(cells, cell)}
            </tr>
        }
        .into_any()
    };
    let legend = Memo::new(move |_| grid.with(|grid| grid.legend.clone()));
    let sample = |cell: Cell| {
        let item = format!("item looks-{}", cell.item.ink.pattern.name());
        view! { <span><span class=class_of(&cell)><span class=item></span></span>{cell.item.text}</span> }
    };
    view! {
        // It scrolls where there is no room for it, also by keyboard.
        <div class="pane-grid" tabindex="0" role="group" aria-label=move || caption.get()>
            <table>
                <caption class="unseen">{move || caption.get()}</caption>
                <thead><tr>{head_cells}</tr></thead>
                <tbody>{each(rows, row)}</tbody>
            </table>
        </div>
        <p class="pane-legend" aria-hidden="true">{move || legend.get().into_iter().map(sample).collect_view()}</p>
    }
    .into_any()
}

/// What stands around a cell's text, and how much of that there is.
fn class_of(cell: &Cell) -> String {
    let length = match cell.item.text.chars().count() {
        0 => "cell empty",
        1..=4 => "cell",
        _ if cell.span == 1 => "cell long",
        _ => "cell",
    };
    cell.signs.iter().fold(length.to_owned(), |class, sign| format!("{class} sign-{}", sign.name()))
}
