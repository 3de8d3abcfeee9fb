//! `netsplit render`: one moment of a run as a picture, or a pane of it as data.

use std::fs;
use std::io::Write;

use labs::{Run, picture};
use view::{PaneInfo, Theme};

use crate::args::Failure;

/// Which moment of which run, and how.
pub struct RenderCall {
    /// The run.
    pub run: Box<Run>,
    /// The moment, in µs: everything due at or before it has run.
    pub at_us: u64,
    /// Light or dark.
    pub theme: Theme,
    /// The pane that is drawn; none for the stage.
    pub pane: Option<&'static PaneInfo>,
    /// Whether the pane is printed as data.
    pub json: bool,
    /// The file to write; stdout without one.
    pub path: Option<String>,
}

/// Writes the picture.
pub fn render(call: &RenderCall, out: &mut impl Write) -> Result<u8, Failure> {
    let mut session = call.run.open()?;
    session.seek(call.at_us);
    let pane = call.pane.and_then(|info| Some((info, session.whole_pane(info.id)?)));
    let picture = match &pane {
        Some((_, pane)) if call.json => format!("{}\n", serde_json::json!(pane)),
        Some((info, pane)) => picture::pane(&session, info, pane, call.theme),
        None => picture::stage(&session, session.time_us() as f64, call.theme),
    };
    match &call.path {
        None => out.write_all(picture.as_bytes())?,
        Some(path) => fs::write(path, picture).map_err(|error| Failure::Input(format!("-o: {path}: {error}")))?,
    }
    Ok(0)
}
