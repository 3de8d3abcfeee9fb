//! The hash ring as a text of SVG: what lies below links, messages and servers.

use super::{Escaped, put};
use crate::lens::Ring;
use crate::lens::ring::{BAND, Circle, KeyDots, MIDDLE, NEXT_BAND, Piece};
use crate::shapes::{HUES, Paint};
use crate::theme::Theme;

/// The rules that only a ring needs.
pub(super) fn style(out: &mut String, theme: Theme) {
    let name = theme.name();
    let colour = |wanted: &str| theme.colours().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
    let mut rule = |selector: &str, body: std::fmt::Arguments<'_>| {
        put(out, format_args!(".netsplit-{name} {selector}{{{body}}}\n"));
    };
    let (ink, panel, ground) = (colour("ink"), colour("panel"), colour("ground"));
    rule(".ring-ground", format_args!("fill:none;stroke:{panel}"));
    rule(".down", format_args!("fill-opacity:.3"));
    rule(".edge", format_args!("fill:none;stroke:{ink};stroke-width:1.6"));
    rule(".thin", format_args!("stroke-width:.8"));
    rule(".seams", format_args!("fill:none;stroke:{ink}"));
    rule(".tokens", format_args!("fill:{panel};stroke:{ink};stroke-width:1.6"));
    rule(".key-halo", format_args!("fill:{panel};stroke:{ink};stroke-width:1.6"));
    rule(".key-dots", format_args!("stroke:{ink}"));
    rule(".fine", format_args!("stroke:none"));
    let halo = format!("paint-order:stroke;stroke:{ground};stroke-width:5px;stroke-linejoin:round");
    rule(".ring-count", format_args!("font-size:22px;font-weight:700;{halo}"));
    rule(".ring-about", format_args!("font-size:13px;{halo}"));
}

/// The ring that holds and the one to come, keys, virtual nodes, and what it says in its middle.
pub(super) fn draw(out: &mut String, ring: &Ring) {
    let (x, y) = MIDDLE;
    out.push_str("<g>\n");
    put(
        out,
        format_args!(
            "<circle class=\"ring-ground\" cx=\"{x}\" cy=\"{y}\" r=\"{}\" stroke-width=\"{}\"/>\n",
            (BAND.0 + BAND.1) / 2.0,
            BAND.1 - BAND.0
        ),
    );
    let next: Vec<Piece> = ring.next.as_ref().map(|next| next.drawn()).unwrap_or_default();
    let now = ring.now.drawn();
    for server in &ring.servers {
        let arcs = ring.arcs(server, (&ring.now, &now), (ring.newest(), &next));
        let down = if arcs.down { " down" } else { "" };
        for path in [&arcs.path, &arcs.next] {
            draw_path(out, &format!("fill-{}{down}", Paint::Hue(arcs.hue).name()), path);
        }
    }
    draw_path(out, "seams", &Circle::seams(&now, BAND));
    draw_path(out, "seams", &Circle::seams(&next, NEXT_BAND));
    let edges = if next.is_empty() { &[][..] } else { &[NEXT_BAND.0, NEXT_BAND.1] };
    for (class, radii) in [("edge", &[BAND.0, BAND.1][..]), ("edge thin", edges)] {
        for r in radii {
            put(out, format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>\n"));
        }
    }
    let KeyDots { dots, hues, halo } = KeyDots::new(&ring.keys, ring.looks());
    let fine = if dots.fine() { " fine" } else { "" };
    draw_path(out, "key-halo", &halo);
    for (hue, path) in (0u32..).zip(&hues) {
        let fill = if hue < HUES { Paint::Hue(hue) } else { Paint::Panel };
        draw_path(out, &format!("key-dots{fine} fill-{}", fill.name()), path);
    }
    draw_path(out, "tokens", &ring.newest().token_dots(None));
    let (large, small) = ring.words();
    let lines = [
        ("count fill-ink", Some(large), 0.0),
        ("about fill-mute", Some(small), 24.0),
        ("about fill-mute", ring.remark(), 44.0),
    ];
    for (class, text, below) in lines {
        if let Some(text) = text {
            let (text, y) = (Escaped(&text), y + below);
            put(
                out,
                format_args!("<text class=\"ring-{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>\n"),
            );
        }
    }
    out.push_str("</g>\n");
}

/// What it says, for the description.
pub(super) fn spoken(ring: &Ring) -> String {
    let (large, small) = ring.words();
    let rest = ring.remark().map_or_else(String::new, |remark| format!(", {remark}"));
    format!("a hash ring: {large}, {small}{rest}")
}

fn draw_path(out: &mut String, class: &str, path: &str) {
    if !path.is_empty() {
        put(out, format_args!("<path class=\"{class}\" d=\"{path}\"/>\n"));
    }
}
