//! Where everything on the time axis goes: pure functions from what is known of a run to places in pixels.

use view::shapes::HUES;
use view::timeline::{Band, BandKind, Mark, MarkKind, Strip, Target};

use crate::components::words::seconds;

/// The axis is never shorter than this, in µs.
const LENGTH_US_MIN: u64 = 1_000_000;
/// How wide a letter is at most, on average, in pixels.
const LETTER: f64 = 6.1;
/// Marks nearer to each other than this are drawn as one, in pixels.
const APART: f64 = 15.0;
/// Poles of marks nearer than this would hide the bands, in pixels.
const CROWDED: f64 = 32.0;
/// Ticks are at least this far apart, in pixels.
const TICKS_APART: f64 = 68.0;
/// A lane lower than this has no room for words, in pixels.
const LABEL_HEIGHT: f64 = 11.5;

/// The time that is shown, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from_us: u64,
    pub to_us: u64,
}

impl Window {
    /// The window that shows a moment. It moves in leaps and only when it has to, and reaches further than anybody has
    /// been, so that one can go there.
    pub fn around(zoom: Option<u64>, time_us: u64, explored_us: u64, before: Option<Self>) -> Self {
        let Some(length_us) = zoom else {
            return Self { from_us: 0, to_us: round_length(explored_us.max(LENGTH_US_MIN) * 11 / 10) };
        };
        let margin_us = length_us / 20;
        let fits = |window: &Self| {
            let after_start = window.from_us == 0 || time_us >= window.from_us + margin_us;
            window.to_us - window.from_us == length_us && after_start && time_us + margin_us <= window.to_us
        };
        before.filter(fits).unwrap_or_else(|| {
            // Forwards most of the window is for what comes, backwards for what was.
            let forwards = before.is_none_or(|before| time_us >= before.from_us + margin_us);
            let behind_us = if forwards { length_us / 4 } else { length_us / 4 * 3 };
            let grid_us = length_us / 10;
            let from_us = time_us.saturating_sub(behind_us) / grid_us * grid_us;
            Self { from_us, to_us: from_us + length_us }
        })
    }

    /// Where a time is, on an axis this wide; beyond its ends for what is outside.
    pub fn place(self, at_us: u64, width: f64) -> f64 {
        (at_us as f64 - self.from_us as f64) / (self.to_us - self.from_us) as f64 * width
    }

    /// The time at a place.
    pub fn time_us(self, x: f64, width: f64) -> u64 {
        let share = if width > 0.0 { (x / width).clamp(0.0, 1.0) } else { 0.0 };
        self.from_us + (share * (self.to_us - self.from_us) as f64) as u64
    }
}

/// The next longer of 1, 2, 5, 10 s and so on.
fn round_length(least_us: u64) -> u64 {
    let steps = [1, 2, 5].into_iter().cycle().zip((0..24u32).map(|index| 10u64.pow(index / 3)));
    steps.map(|(digit, power)| digit * power * 1_000_000).find(|&us| us > least_us).unwrap_or(least_us)
}

/// How big everything is, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub width: f64,
    /// The middle of the marks.
    pub marks: f64,
    /// Where bands begin, how high reigns are, and how high candidacies below them.
    pub bands: f64,
    pub leads: f64,
    pub stands: f64,
    /// The base line of the times.
    pub ticks: f64,
    pub height: f64,
    /// Whether marks have words beside them.
    pub words: bool,
}

impl Sizes {
    /// The sizes for an axis this wide.
    pub fn of(width: f64) -> Self {
        if width < 480.0 {
            Self { width, marks: 7.0, bands: 14.0, leads: 15.0, stands: 7.0, ticks: 46.0, height: 48.0, words: false }
        } else {
            Self { width, marks: 9.0, bands: 19.0, leads: 24.0, stands: 12.0, ticks: 68.0, height: 72.0, words: true }
        }
    }
}

impl Sizes {
    /// The upper edge and the height of a band.
    fn lane(self, band: &Band) -> (f64, f64) {
        let (top, all) = match band.kind {
            BandKind::Holds | BandKind::Many => (self.bands, self.leads),
            BandKind::Seeks => (self.bands + self.leads, self.stands),
        };
        let height = all / f64::from(band.lanes.max(1));
        (top + height * f64::from(band.lane), height)
    }

    /// The lower edge of all bands.
    pub fn foot(self) -> f64 {
        self.bands + self.leads + self.stands
    }
}

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub x: f64,
    pub y: f64,
    pub text: String,
    /// Whether it stands on a full hue.
    pub on_hue: bool,
}

/// The bands, as one path for each look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bands {
    pub leads: [String; HUES as usize],
    pub stands: [String; HUES as usize],
    pub many: String,
    pub labels: Vec<Label>,
}

/// Draws who led and who wanted to.
pub fn bands(strip: &Strip, window: Window, explored_us: u64, sizes: Sizes) -> Bands {
    let mut drawn = Bands::default();
    for band in &strip.bands {
        let to_us = band.to.map_or(explored_us, |(_, to_us)| to_us);
        if to_us < window.from_us || band.from_us > window.to_us {
            continue;
        }
        let left = window.place(band.from_us, sizes.width).max(0.0);
        // What is too short to be seen is seen all the same.
        let right = window.place(to_us, sizes.width).min(sizes.width).max(left + 1.5);
        let (y, height) = sizes.lane(band);
        let hue = band.hue.map_or(0, |hue| hue as usize % drawn.leads.len());
        let path = match band.kind {
            BandKind::Holds => &mut drawn.leads[hue],
            BandKind::Seeks => &mut drawn.stands[hue],
            BandKind::Many => &mut drawn.many,
        };
        let (x, bottom) = (tenth(left), tenth(y + height - 0.8));
        path.push_str(&format!("M{x} {}H{}V{bottom}H{x}z", tenth(y + 0.8), tenth(right)));
        let room = right - left - 10.0;
        let fits = |text: &str| text.chars().count() as f64 * LETTER <= room;
        let name = band.label.split(' ').next().unwrap_or_default();
        let text = [&*band.label, name].into_iter().find(|text| fits(text));
        if let Some(text) = text.filter(|_| height >= LABEL_HEIGHT) {
            let on_hue = band.kind == BandKind::Holds;
            drawn.labels.push(Label { x: left + 5.0, y: tenth(y + height / 2.0 + 3.5), text: text.to_owned(), on_hue });
        }
    }
    drawn
}

/// What is under the pointer, in words.
pub fn describe(strip: &Strip, at_us: u64, y: f64, explored_us: u64, sizes: Sizes) -> Option<String> {
    let here = |band: &&Band| {
        let (top, height) = sizes.lane(band);
        (top..top + height).contains(&y) && band.covers(at_us, explored_us)
    };
    let band = strip.bands.iter().rfind(here)?;
    Some(match band.to {
        Some((_, to_us)) => format!("{}: {} to {}", band.label, seconds(band.from_us), seconds(to_us)),
        None => format!("{}: since {}", band.label, seconds(band.from_us)),
    })
}

/// One mark, or several that are too near to each other to be told apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    pub x: f64,
    pub kind: MarkKind,
    pub planned: bool,
    /// What it is, in full.
    pub text: String,
    /// The same in a word or two, if there is room.
    pub word: Option<String>,
    /// Whether there is room for its pole to go through the bands without hiding them.
    pub alone: bool,
    pub target: Target,
}

/// Draws what was done to the cluster and what was violated.
pub fn flags(strip: &Strip, window: Window, sizes: Sizes) -> Vec<Flag> {
    let mut flags: Vec<(Flag, usize)> = Vec::new();
    let inside = |mark: &&Mark| (window.from_us..=window.to_us).contains(&mark.at_us);
    for mark in strip.marks.iter().filter(inside) {
        let x = tenth(window.place(mark.at_us, sizes.width));
        let target = Target { at_us: mark.at_us, step: mark.step };
        match flags.last_mut().filter(|(flag, _)| x - flag.x < APART) {
            Some((flag, count)) => {
                *count += 1;
                if *count <= 3 {
                    flag.text.push_str(&format!(" · {} {}", seconds(mark.at_us), mark.text));
                }
                // The worst gives it its shape, its word and the place to go to.
                if mark.kind > flag.kind {
                    (flag.kind, flag.word, flag.target) = (mark.kind, Some(mark.short.clone()), target);
                }
            }
            None => {
                let text = format!("{} {}", seconds(mark.at_us), mark.text);
                let (kind, planned) = (mark.kind, mark.step.is_none());
                flags.push((Flag { x, kind, planned, text, word: Some(mark.short.clone()), alone: true, target }, 1));
            }
        }
    }
    let mut flags: Vec<Flag> = flags
        .into_iter()
        .map(|(mut flag, count)| {
            if count > 3 {
                flag.text.push_str(&format!(" · and {} more", count - 3));
            }
            flag
        })
        .collect();
    let mut end = sizes.width;
    let places: Vec<f64> = flags.iter().map(|flag| flag.x).collect();
    let gaps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (index, flag) in flags.iter_mut().enumerate().rev() {
        let near = |gap: Option<&f64>| gap.is_some_and(|gap| *gap < CROWDED);
        flag.alone = !(near(gaps.get(index)) || index > 0 && near(gaps.get(index - 1)));
        let room = end - flag.x - 20.0;
        flag.word = flag.word.take().filter(|word| sizes.words && word.chars().count() as f64 * LETTER <= room);
        end = flag.x;
    }
    flags
}

/// Round times, and where they stand.
pub fn ticks(window: Window, sizes: Sizes) -> Vec<(f64, String)> {
    let length_us = window.to_us - window.from_us;
    let fits = |step_us: u64| length_us.div_ceil(step_us) as f64 * TICKS_APART <= sizes.width;
    let steps = (0..9u32).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_000 * 10u64.pow(power)));
    let Some(step_us) = steps.into_iter().find(|&step_us| fits(step_us)) else { return Vec::new() };
    let first_us = window.from_us.div_ceil(step_us) * step_us;
    let times = (0..).map(|index| first_us + index * step_us).take_while(|us| *us <= window.to_us);
    times.map(|us| (tenth(window.place(us, sizes.width)), tick(us))).collect()
}

/// A round time: `0`, `0.25 s`, `12 s`.
fn tick(us: u64) -> String {
    match (us / 1_000_000, us / 10_000 % 100) {
        (0, 0) => "0".to_owned(),
        (whole, 0) => format!("{whole} s"),
        (whole, part) => format!("{} s", format!("{whole}.{part:02}").trim_end_matches('0')),
    }
}

/// A length in pixels, short enough to be written.
pub fn tenth(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_run_grows_in_round_steps_and_a_zoom_moves_in_leaps() {
        let whole = |explored_us| Window::around(None, 0, explored_us, None).to_us;
        assert_eq!(
            [0, 900_000, 1_000_000, 4_000_000, 600_000_000].map(whole),
            [2, 2, 2, 5, 1_000].map(|s| s * 1_000_000)
        );
        let near = |time_us, before| Window::around(Some(1_000_000), time_us, 9_000_000, before);
        let first = near(5_000_000, None);
        assert_eq!((first.from_us, first.to_us), (4_700_000, 5_700_000));
        assert_eq!(near(5_600_000, Some(first)), first, "what fits does not move");
        let next = near(5_700_000, Some(first));
        assert!(next.from_us > first.from_us && next.from_us < 5_700_000);
        let back = near(4_700_000, Some(first));
        assert!(back.from_us < 4_100_000 && back.to_us > 4_700_000, "going back there is room behind");
        assert_eq!(near(0, Some(first)).from_us, 0);
        // Wherever one is, it is in the window, at once and after the window has moved.
        for time_us in (0..9_000_000).step_by(37_000) {
            let window = near(time_us, Some(first));
            assert!((window.from_us..=window.to_us).contains(&time_us), "{time_us}");
            assert_eq!(near(time_us, Some(window)), window, "{time_us}");
        }
    }

    #[test]
    fn places_and_times_are_each_others_inverse() {
        let window = Window { from_us: 2_000_000, to_us: 4_000_000 };
        for x in [0.0, 10.0, 500.0, 999.0] {
            assert!((window.place(window.time_us(x, 1_000.0), 1_000.0) - x).abs() < 0.01);
        }
    }

    fn mark(at_us: u64, kind: MarkKind) -> Mark {
        Mark { kind, short: "cut".into(), text: "n1–n2 cut".into(), step: Some(at_us), at_us }
    }

    #[test]
    fn marks_that_are_too_near_become_one_that_shows_the_worst() {
        let marks = vec![
            mark(100_000, MarkKind::Repair),
            mark(101_000, MarkKind::Violation),
            mark(102_000, MarkKind::Fault),
            mark(103_000, MarkKind::Fault),
            mark(900_000, MarkKind::Fault),
            mark(1_500_000, MarkKind::Fault),
        ];
        let strip = Strip { marks, ..Strip::default() };
        let window = Window { from_us: 0, to_us: 1_000_000 };
        let flags = flags(&strip, window, Sizes::of(1_000.0));
        assert_eq!(
            flags.iter().map(|flag| (flag.x, flag.kind)).collect::<Vec<_>>(),
            [(100.0, MarkKind::Violation), (900.0, MarkKind::Fault)]
        );
        assert_eq!(flags[0].target.at_us, 101_000);
        assert!(flags[0].text.ends_with("and 1 more"));
        assert_eq!(flags[0].word.as_deref(), Some("cut"));
    }

    #[test]
    fn ticks_are_round_and_far_enough_apart() {
        let window = Window { from_us: 0, to_us: 2_000_000 };
        let texts = |width| ticks(window, Sizes::of(width)).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(300.0), ["0", "0.5 s", "1 s", "1.5 s", "2 s"]);
        assert_eq!(texts(700.0)[1], "0.2 s");
        assert!(texts(0.0).is_empty());
        let long = ticks(Window { from_us: 0, to_us: 1_000_000_000 }, Sizes::of(700.0));
        assert_eq!(long.last().unwrap().1, "1000 s");
    }

    #[test]
    fn bands_outside_the_window_are_not_drawn_and_words_stay_inside() {
        let band = |from_us, to: Option<u64>, kind| Band {
            kind,
            label: "n1 · term 1".into(),
            hue: Some(0),
            lane: 0,
            lanes: 1,
            from_step: from_us,
            from_us,
            to: to.map(|to_us| (to_us, to_us)),
        };
        let window = Window { from_us: 1_000_000, to_us: 2_000_000 };
        let strip = Strip {
            bands: vec![
                band(0, Some(900_000), BandKind::Seeks),
                band(900_000, Some(1_500_000), BandKind::Holds),
                band(1_500_000, Some(1_510_000), BandKind::Seeks),
                band(1_510_000, None, BandKind::Holds),
            ],
            ..Strip::default()
        };
        let drawn = bands(&strip, window, 1_540_000, Sizes::of(1_000.0));
        assert_eq!(drawn.leads[0].matches('M').count(), 2);
        assert_eq!(drawn.stands[0].matches('M').count(), 1);
        let words: Vec<_> = drawn.labels.iter().map(|label| &*label.text).collect();
        assert_eq!(words, ["n1 · term 1", "n1"], "the second is too narrow for more");
        let sizes = Sizes::of(1_000.0);
        let under = |at_us| describe(&strip, at_us, sizes.bands + 3.0, 1_540_000, sizes);
        assert_eq!(under(1_400_000).as_deref(), Some("n1 · term 1: 0.900 s to 1.500 s"));
        assert_eq!(under(1_530_000).as_deref(), Some("n1 · term 1: since 1.510 s"));
        assert_eq!(under(1_600_000), None);
    }
}
