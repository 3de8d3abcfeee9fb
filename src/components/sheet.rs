//! Lenses as sheets: in a narrow window one lens at a time comes up over the rest.

use leptos::prelude::*;
use view::lens::LensKind;

use crate::platform::page;
use crate::reactive::RwSignal;

/// Which lens is up as a sheet; copies share it.
#[derive(Clone, Copy)]
pub struct Sheet {
    /// Whether the window is narrow, so that lenses come up as sheets.
    pub narrow: RwSignal<bool>,
    up: RwSignal<Option<LensKind>>,
}

impl Sheet {
    /// No sheet; follows the width of the window for as long as what is around the call lives.
    pub fn new() -> Self {
        let narrow = RwSignal::new(page::is_narrow());
        if let Some(guard) = page::on_narrow_change(move |now| narrow.set(now)) {
            guard.keep();
        }
        Self { narrow, up: RwSignal::new(None) }
    }

    /// Whether a lens is up as a sheet.
    pub fn is_up(self, kind: LensKind) -> bool {
        self.narrow.get() && self.up.get() == Some(kind)
    }

    /// Brings a lens up, or down again.
    pub fn toggle(self, kind: LensKind) {
        self.up.update(|up| *up = if *up == Some(kind) { None } else { Some(kind) });
    }

    /// Takes the sheet down.
    pub fn put_away(self) {
        self.up.set(None);
    }

    /// Closes the sheet; focus goes back to the button that opened it.
    pub fn close(self) {
        if let Some(kind) = self.up.get_untracked() {
            self.up.set(None);
            page::focus(&button_id(kind));
        }
    }
}

/// The id of the button that opens a lens.
pub fn button_id(kind: LensKind) -> String {
    format!("lens-button-{}", kind.id())
}

/// The panel's sheet, for lenses in it.
pub fn use_sheet() -> Sheet {
    expect_context::<Sheet>()
}
