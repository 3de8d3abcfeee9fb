//! The stage of a run as a picture that stands alone.

use view::{Theme, svg};

use crate::lab::VariantKind;
use crate::session::Session;

/// What the stage shows at `time_us`, which lies between the last step and the next one, as SVG.
#[must_use]
pub fn stage(session: &dyn Session, time_us: f64, theme: Theme) -> String {
    svg::stage(&session.stage(), time_us, theme, &title(session, time_us))
}

/// What a picture of a run at `time_us` is called.
#[must_use]
pub fn title(session: &dyn Session, time_us: f64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Run;

    #[test]
    fn a_picture_says_what_it_shows() {
        let mut run = Run::of_lab("raft-election").unwrap();
        let title = |run: &Run, time_us: u64| {
            let mut session = (run.entry.open)(run).unwrap();
            session.seek(time_us);
            let picture = stage(session.as_ref(), time_us as f64, Theme::Light);
            picture.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned()
        };
        assert_eq!(title(&run, 0), "Raft: leader election, seed 1, at 0 s");
        run.set_seed(7).unwrap();
        run.variant = run.entry.info.variant("forgets-vote").unwrap();
        assert_eq!(title(&run, 1_250_000), "Raft: leader election (forgets its vote), seed 7, at 1.25 s");
    }
}
