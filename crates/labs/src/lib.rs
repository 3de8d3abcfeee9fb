//! The catalogue: every system of every family, and the tours about them, made from the families' folders by this
//! crate's build script. The page and the command line see this crate, and through it what all labs have in common.

pub use runs::*;

/// The text of a tour: a published page fetches it.
#[cfg(not(split))]
macro_rules! tour_text {
    ($path:literal) => {
        TourText::Here(include_str!($path))
    };
}
#[cfg(split)]
macro_rules! tour_text {
    ($path:literal) => {
        TourText::Apart(std::sync::OnceLock::new())
    };
}

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// All labs and all tours.
#[must_use]
pub const fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// The loader says why in the page's own words; all that the code knows is that nothing came.
#[cfg(split)]
fn not_loaded(error: wasm_split_helpers::SplitLoaderError) -> LoadError {
    LoadError(error.to_string())
}
