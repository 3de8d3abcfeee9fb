//! Lists whose rows stay while their keys do. All lists of the page share one instance of the framework's loop, which is
//! large: a row is what makes it, behind a pointer.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::Arc;

use leptos::prelude::*;

/// A row that may have to be made.
struct Row {
    /// Stands for the row's key; that two keys of a list come to the same 64 bits will not be seen.
    key: u64,
    make: Box<dyn FnOnce() -> AnyView + Send>,
}

/// Shows a row for each item. Rows are made once for each key; they move and go with it.
#[component]
pub fn For<Items, Item, Key, View>(
    /// The items, read again whenever a signal in it changes.
    each: impl Fn() -> Items + Send + 'static,
    /// What tells items apart.
    key: impl Fn(&Item) -> Key + Send + 'static,
    /// Makes the row of an item.
    children: impl Fn(Item) -> View + Send + Sync + 'static,
) -> impl IntoView
where
    Items: IntoIterator<Item = Item> + 'static,
    Item: Send + 'static,
    Key: Hash + 'static,
    View: IntoView + 'static,
{
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let make = Arc::new(move |item| children(item).into_any());
    let row = move |item: Item| {
        let make = Arc::clone(&make);
        Row { key: hasher.hash_one(key(&item)), make: Box::new(move || make(item)) }
    };
    rows(Box::new(move || each().into_iter().map(&row).collect()))
}

fn rows(each: Box<dyn Fn() -> Vec<Row> + Send>) -> AnyView {
    view! { <leptos::prelude::For each=each key=|row| row.key children=|row: Row| (row.make)() /> }.into_any()
}
