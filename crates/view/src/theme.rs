//! The two themes, for pictures that leave the page.
//!
//! The page takes its colours from `style/netsplit.css`, so that the system's preference counts
//! without a redraw; a picture that stands alone has to bring them along. A test holds the two
//! together.

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The theme of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// The name used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Names of colours and what they are in this theme.
    pub fn colours(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        COLOURS.iter().map(move |(name, light, dark)| match self {
            Self::Light => (*name, *light),
            Self::Dark => (*name, *dark),
        })
    }
}

/// The fonts of texts; whoever looks at a picture has one of them.
pub const FONTS: &str = "\"IBM Plex Sans\", Inter, system-ui, \"Segoe UI\", Roboto, sans-serif";

/// Name, light, dark. The names are those of [`crate::shapes::Paint`], two for links, and two for what somebody has picked.
const COLOURS: [(&str, &str, &str); 17] = [
    ("ink", "#1d2433", "#e8ebf4"),
    ("mute", "#5c6579", "#99a3bd"),
    ("panel", "#ffffff", "#161b2c"),
    ("ground", "#fbfaf7", "#121729"),
    ("line", "#d9d7cf", "#2a3148"),
    ("cut", "#7b8090", "#717b96"),
    ("fault", "#b3261e", "#ff9d94"),
    ("accent", "#3b4cca", "#a3adff"),
    ("on-accent", "#ffffff", "#10131c"),
    ("on-hue", "#10131c", "#10131c"),
    ("hue-0", "#56b4e9", "#56b4e9"),
    ("hue-1", "#e69f00", "#e69f00"),
    ("hue-2", "#009e73", "#009e73"),
    ("hue-3", "#cc79a7", "#cc79a7"),
    ("hue-4", "#f0e442", "#f0e442"),
    ("hue-5", "#d55e00", "#d55e00"),
    ("hue-6", "#3f8fc9", "#3f8fc9"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::{HUES, Paint};

    /// What `--name` is in a block of CSS.
    fn variable<'a>(block: &'a str, name: &str) -> Option<&'a str> {
        let (_, rest) = block.split_once(&format!("--{name}: "))?;
        rest.split_once(';').map(|(value, _)| value)
    }

    /// The declarations behind a selector, as far as its closing brace.
    fn block<'a>(css: &'a str, selector: &str) -> &'a str {
        let (_, rest) = css.split_once(&format!("{selector} {{")).unwrap_or_else(|| panic!("no {selector}"));
        rest.split_once('}').expect("a closing brace").0
    }

    #[test]
    fn pictures_have_the_colours_of_the_page() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../style/netsplit.css");
        let css = std::fs::read_to_string(path).unwrap();
        let light = block(&css, ":root");
        // Once by choice, once by the system's preference; what a dark theme does not change stays.
        let darks = [block(&css, ":root[data-theme=\"dark\"]"), block(&css, ":root:not([data-theme])")];
        for (name, value) in Theme::Light.colours() {
            assert_eq!(variable(light, name), Some(value), "{name} in light");
        }
        for (name, value) in Theme::Dark.colours() {
            for dark in darks {
                assert_eq!(variable(dark, name).or_else(|| variable(light, name)), Some(value), "{name} in dark");
            }
        }
        assert_eq!(variable(light, "sans"), Some(FONTS));
    }

    #[test]
    fn every_paint_has_a_colour() {
        let plain = [Paint::Ink, Paint::Mute, Paint::Panel, Paint::Ground, Paint::Fault, Paint::OnHue];
        for paint in plain.into_iter().chain((0..HUES).map(Paint::Hue)) {
            assert!(COLOURS.iter().any(|(name, ..)| *name == paint.name()), "{paint:?}");
        }
        for theme in [Theme::Light, Theme::Dark] {
            assert_eq!(Theme::parse(theme.name()), Some(theme));
        }
        assert_eq!(Theme::parse("auto"), None);
    }
}
