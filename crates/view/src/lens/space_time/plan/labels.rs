//! The words of a diagram: labels beside events as far as there is room, vectors, and times along the axis.

use super::viewport::{HEAD, Viewport};
use super::{Label, Lit, Scene, Tick};

/// Lanes at least this far apart have labels, and two lines of them, in pixels.
pub(super) const LABELLED: f64 = 44.0;
const LABELLED_TWICE: f64 = 60.0;
/// How wide a letter is, on average, in pixels: of a label, and of what stands below it.
pub(super) const LETTER: f64 = 6.2;
const SMALL_LETTER: f64 = 6.7;
/// Most labels at a time.
pub(super) const LABELS_MAX: usize = 90;
/// Ticks are at least this far apart, in pixels.
const TICKS_APART: f64 = 84.0;

impl Scene<'_> {
    /// Puts as many labels as have room, the urgent ones first.
    pub(super) fn put_labels(
        &self,
        viewport: &Viewport,
        lit: &Lit<'_>,
        wishes: Vec<(u8, u32, f64, String)>,
        labels: &mut Vec<Label>,
    ) {
        let gap = self.gap(viewport);
        let mut taken: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.lanes.len()];
        for (_, event, at, fold) in wishes {
            if labels.len() == LABELS_MAX {
                break;
            }
            let process = self.event(event).process;
            let Some(taken) = taken.get_mut(process as usize) else { continue };
            let lane = self.lane(process);
            let text = if fold.is_empty() { self.event(event).label.clone() } else { fold };
            let small =
                if gap >= LABELLED_TWICE && !viewport.upright { self.vector_text(event) } else { String::new() };
            if text.is_empty() && small.is_empty() {
                continue;
            }
            let (text, small, low, high, spot) = if viewport.upright {
                // Beside the dot, as far as the next line or the edge.
                let letters = ((gap.min(viewport.across - lane) - 16.0) / LETTER).max(0.0) as usize;
                let lit_up = lit.focus.is_some_and(|(focus, ..)| focus == event) || lit.picked.contains(&Some(event));
                if letters < 3 || (letters < 7 && !lit_up && !text.starts_with('×')) {
                    continue;
                }
                let text = shortened(&text, letters);
                (text, small, at - 8.0, at + 8.0, (lane + 10.0, at + 4.0))
            } else {
                let text = if text.starts_with(char::is_numeric) { text } else { shortened(&text, 26) };
                let half =
                    (text.chars().count() as f64 * LETTER).max(small.chars().count() as f64 * SMALL_LETTER) / 2.0;
                // Near the ends it moves inwards instead of being cut off.
                let head = HEAD[0] - 8.0;
                let middle = at.min((viewport.along - half - 2.0).max(at - half)).max((head + half).min(at + half));
                let lift = if small.is_empty() { 14.0 } else { 27.0 };
                (text, small, middle - half - 5.0, middle + half + 5.0, (middle, lane - lift))
            };
            if low < -40.0 || high > viewport.along + 40.0 || taken.iter().any(|&(a, b)| low < b && a < high) {
                continue;
            }
            taken.push((low, high));
            let dim = lit.focus.is_some_and(|(focus, past, future)| {
                event != focus && !past[event as usize] && !future[event as usize] && !lit.picked.contains(&Some(event))
            }) || self.event(event).step > self.now.1;
            labels.push(Label { event, spot, text, small, dim });
        }
        crate::order::by_key(labels, |label| label.event);
    }

    /// The vector of an event, if clocks are kept: `[1 0 2]` by process, or by name where others are in it.
    #[must_use]
    pub fn vector_text(&self, event: u32) -> String {
        let vector = &self.event(event).stamp.vector;
        if vector.is_empty() {
            return String::new();
        }
        let names = &self.diagram.processes;
        if names.len() > 6 || vector.iter().any(|(name, _)| !names.contains(name)) {
            let entries: Vec<String> = vector.iter().map(|(name, count)| format!("{name}:{count}")).collect();
            return shortened(&format!("{{{}}}", entries.join(" ")), 24);
        }
        let count = |name: &String| vector.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
        let counts: Vec<String> = names.iter().map(|name| count(name).to_string()).collect();
        format!("[{}]", counts.join(" "))
    }

    /// How far apart processes are that are not put aside.
    pub(super) fn gap(&self, viewport: &Viewport) -> f64 {
        let shown: Vec<f64> =
            self.lanes.iter().zip(self.aside).filter(|(_, aside)| !**aside).map(|(lane, _)| *lane).collect();
        match shown[..] {
            [first, second, ..] => second - first,
            _ => viewport.across,
        }
    }

    pub(super) fn ticks(&self, viewport: &Viewport) -> Vec<Tick> {
        let least = (viewport.until - viewport.from) * TICKS_APART / viewport.room();
        let mut step = 1.0;
        // 1, 2, 5, 10 and so on.
        for factor in [2.0, 2.5, 2.0].into_iter().cycle().take(60) {
            if step >= least {
                break;
            }
            step *= factor;
        }
        let first = (viewport.from.max(0.0) / step).ceil();
        let mut ticks = Vec::new();
        for number in 0..64 {
            let moment = (first + f64::from(number)) * step;
            let place = viewport.place(moment);
            if place > viewport.along - 14.0 || moment > viewport.until {
                break;
            }
            let text = if self.columns.is_empty() { time_text(moment, step) } else { format!("{moment:.0}") };
            ticks.push(Tick { place, text });
        }
        ticks
    }
}

/// A time on the axis, as exact as the distance of ticks asks for.
fn time_text(time_us: f64, step_us: f64) -> String {
    let (unit_us, unit) = if step_us >= 100_000.0 {
        (1_000_000.0, "s")
    } else if step_us >= 100.0 {
        (1_000.0, "ms")
    } else {
        (1.0, "µs")
    };
    let digits = [1.0, 0.1, 0.01].iter().position(|&digit| step_us >= unit_us * digit).unwrap_or(3);
    format!("{:.digits$} {unit}", time_us / unit_us)
}

/// A text with at most so many letters.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_their_distance() {
        assert_eq!(time_text(1_500_000.0, 500_000.0), "1.5 s");
        assert_eq!(time_text(2_000_000.0, 1_000_000.0), "2 s");
        assert_eq!(time_text(12_340.0, 20.0), "12340 µs");
        assert_eq!(time_text(12_300.0, 100.0), "12.3 ms");
        assert_eq!(time_text(5_000.0, 5_000.0), "5 ms");
    }
}
