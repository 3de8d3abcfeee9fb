//! A space-time diagram as a text of SVG that stands alone.

use super::plan::{Class, Lit, Scene, Viewport};
use crate::shapes::{HUES, Paint};
use crate::svg::{Escaped, Number, put, style};
use crate::theme::Theme;

/// What a viewport shows, with the names of the processes and their hues.
#[must_use]
pub fn picture(scene: &Scene<'_>, viewport: &Viewport, lit: &Lit<'_>, theme: Theme, title: &str) -> String {
    let mut out = String::with_capacity(16 * 1024);
    let (width, height) = viewport.spot(viewport.along, viewport.across);
    let (wide, high, name) = (Number(width), Number(height), theme.name());
    put(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"netsplit-{name}\" role=\"img\" \
             viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\">\n<title>{}</title>\n<desc>{}</desc>\n",
            Escaped(title),
            Escaped(&description(scene))
        ),
    );
    style(&mut out, theme);
    put(
        &mut out,
        format_args!(
            "<rect class=\"fill-ground\" width=\"{wide}\" height=\"{high}\"/>\n\
             <g stroke-linecap=\"round\" stroke-linejoin=\"round\">\n"
        ),
    );
    let drawing = scene.draw(viewport, lit);
    for tick in &drawing.ticks {
        let ((x, y), (x2, y2)) = (viewport.spot(tick.place, 0.0), viewport.spot(tick.place, viewport.across - 22.0));
        put(
            &mut out,
            format_args!(
                "<path class=\"fill-none stroke-line\" d=\"M{} {}L{} {}\"/>",
                Number(x),
                Number(y),
                Number(x2),
                Number(y2)
            ),
        );
        let (x, y) = if viewport.upright { (6.0, tick.place + 4.0) } else { (tick.place, viewport.across - 7.0) };
        text(&mut out, (x, y), if viewport.upright { "start" } else { "middle" }, 11, "mute", &tick.text);
    }
    for class in Class::ALL {
        let (ink, path) = (class.ink(), &drawing.paths[class as usize]);
        if path.is_empty() {
            continue;
        }
        let dash = if ink.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", ink.dash) };
        put(
            &mut out,
            format_args!(
                "<path class=\"fill-{} stroke-{}\" stroke-width=\"{}\"{dash} d=\"{path}\"/>\n",
                ink.fill, ink.stroke, ink.width
            ),
        );
    }
    out.push_str("</g>\n");
    let anchor = if viewport.upright { "start" } else { "middle" };
    for label in &drawing.labels {
        let (x, y) = label.spot;
        text(&mut out, (x, y), anchor, 12, if label.dim { "mute" } else { "ink" }, &label.text);
        if !label.small.is_empty() {
            text(&mut out, (x, y + 13.0), anchor, 11, "mute", &label.small);
        }
    }
    for ((x, y), which) in &drawing.numbers {
        text(&mut out, (*x, y + 4.2), "middle", 12, "on-accent", &which.to_string());
    }
    for (index, (process, &lane)) in (0u32..).zip(scene.diagram.processes.iter().zip(scene.lanes)) {
        let (x, y) = viewport.spot(viewport.badge(), lane);
        let hue = Paint::Hue(index % HUES).name();
        let (left, top) = (Number(x), Number(y));
        put(
            &mut out,
            format_args!(
                "<circle class=\"fill-panel stroke-ink\" stroke-width=\"3\" cx=\"{left}\" cy=\"{top}\" r=\"19\"/>\
                 <circle class=\"fill-none stroke-{hue}\" stroke-width=\"3.5\" cx=\"{left}\" cy=\"{top}\" r=\"17\"/>"
            ),
        );
        text(&mut out, (x, y + 4.5), "middle", 12, "ink", &badge_text(process));
    }
    out.push_str("</svg>\n");
    out
}

/// A name, as far as it fits into a badge.
#[must_use]
pub fn badge_text(name: &str) -> String {
    if name.chars().count() <= 6 {
        return name.to_owned();
    }
    format!("{}…", name.chars().take(4).collect::<String>())
}

fn description(scene: &Scene<'_>) -> String {
    let (events, messages) = (scene.diagram.events.len(), scene.diagram.messages.len());
    format!("Processes {}; {events} events, {messages} messages", scene.diagram.processes.join(", "))
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, size: u32, colour: &str, what: &str) {
    let (x, y) = (Number(x), Number(y));
    put(
        out,
        format_args!(
            "<text class=\"fill-{colour} stroke-ground\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-size=\"{size}\" \
             paint-order=\"stroke\" stroke-width=\"{}\" stroke-linejoin=\"round\">{}</text>\n",
            if colour == "on-accent" { 0 } else { 3 },
            Escaped(what)
        ),
    );
}
