//! The stage of a run as a picture that stands alone.

use view::layout::Point;
use view::lens::ring;
use view::lens::space_time;
use view::lens::space_time::Window;
use view::lens::space_time::plan::{Lit, Scene, Viewport};
use view::{Pane, PaneInfo, Picture, Stage, Theme, svg};

use crate::entry::Entry;
use crate::error::InputError;
use crate::info::VariantKind;
use crate::run::Run;
use crate::session::Session;

/// How large a space-time diagram is drawn, in pixels.
const DIAGRAM: (f64, f64) = (960.0, 420.0);

/// How wide a pane is drawn, in pixels; a wide table takes more.
const PANE_WIDTH: f64 = 480.0;

/// What the lab's own stage shows at `time_us`, which lies between the last step and the next one, as SVG: a ring
/// where the lab has one, or the network.
#[must_use]
pub fn stage(session: &Session, time_us: f64, theme: Theme) -> String {
    if session.run_as_opened().entry.info.picture == Picture::SpaceTime {
        return diagram(session, time_us, theme);
    }
    let seats = session.ask(&ring::Ask::default()).map(|ring| ring.seats(&ring.anchors(ring.newest(), &[], None)));
    seated(session, time_us, theme, &seats.unwrap_or_default())
}

/// What a lab's stage shows first: a fresh run at the moment at which the lab opens.
pub fn opening(entry: &'static Entry, theme: Theme) -> Result<String, InputError> {
    let mut session = Run::of_entry(entry).open()?;
    let opening_us = session.opening_us();
    session.seek(opening_us);
    Ok(stage(&session, opening_us as f64, theme))
}

/// What a lab's card shows where nothing moves: the still of its showcase, as a network.
pub fn card(entry: &'static Entry, theme: Theme) -> Result<String, InputError> {
    let mut session = Run::of_showcase(entry)?.open()?;
    session.seek(entry.info.showcase.still_us);
    Ok(seated(&session, entry.info.showcase.still_us as f64, theme, &[]))
}

/// Everything up to the present moment as a space-time diagram; of very many steps the last ones.
fn diagram(session: &Session, time_us: f64, theme: Theme) -> String {
    let diagram = session.space_time(Window { from_us: 0, until_us: u64::MAX });
    let index = diagram.index();
    let aside = vec![false; diagram.processes.len()];
    let height = DIAGRAM.1.max(Viewport::across_min(false, aside.len()));
    let viewport = Viewport { along: DIAGRAM.0, across: height, upright: false, from: 0.0, until: time_us.max(1.0) };
    let lanes = viewport.lanes(&aside);
    let folded = diagram.folded(3);
    let scene = Scene {
        diagram: &diagram,
        index: &index,
        columns: &[],
        folded: Some(&folded),
        lanes: &lanes,
        aside: &aside,
        now: (time_us, session.step_count()),
    };
    let (from, until) = scene.extent();
    let margin = (until - from) * 0.04;
    let viewport = Viewport { from: from - margin, until: until + margin, ..viewport };
    space_time::picture::picture(&scene, &viewport, &Lit::default(), theme, &title(session, time_us))
}

/// A pane of the lab at the present moment, as SVG.
#[must_use]
pub fn pane(session: &Session, info: &PaneInfo, pane: &Pane, theme: Theme) -> String {
    let title = format!("{}: {}", info.heading, title(session, session.time_us() as f64));
    view::pane::picture(pane, PANE_WIDTH, theme, &title)
}

/// Puts nodes where a picture of the run wants them.
pub fn seat(stage: &mut Stage, seats: &[(String, Point)]) {
    for node in &mut stage.nodes {
        if let Some((_, seat)) = seats.iter().find(|(id, _)| *id == node.id) {
            node.position = *seat;
        }
    }
}

/// The same where somebody has seated nodes around the ring; without seats it is the network.
#[must_use]
pub fn seated(session: &Session, time_us: f64, theme: Theme, seats: &[(String, Point)]) -> String {
    let title = title(session, time_us);
    let mut stage = session.stage();
    match session.ask(&ring::Ask::default()).filter(|_| !seats.is_empty()) {
        None => svg::stage(&stage, time_us, theme, &title),
        Some(ring) => {
            seat(&mut stage, seats);
            svg::ring(&stage, &ring, time_us, theme, &title)
        }
    }
}

/// What a picture of a run at `time_us` is called.
#[must_use]
pub fn title(session: &Session, time_us: f64) -> String {
    let run = session.run_as_opened();
    let variant = match run.variant.kind {
        VariantKind::Correct => String::new(),
        VariantKind::Bug | VariantKind::Cost => format!(" ({})", run.variant.title),
    };
    format!("{}{variant}, seed {}, at {}", run.entry.info.title, run.seed, seconds(time_us as u64))
}

/// A time in seconds, to the microsecond, without needless digits.
fn seconds(time_us: u64) -> String {
    let text = format!("{}.{:06}", time_us / 1_000_000, time_us % 1_000_000);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}
