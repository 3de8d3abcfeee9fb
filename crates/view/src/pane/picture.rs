//! A pane as a text of SVG that stands alone, from the same drawings as on the page.

use super::{Block, Pane};
use crate::stage::Stage;
use crate::svg::{self, Escaped, Number, put};
use crate::theme::Theme;

/// Room around the blocks, in pixels.
const MARGIN: f64 = 20.0;
/// Room between two blocks, in pixels.
const BETWEEN: f64 = 18.0;

/// A pane as a picture, about as wide as it is asked to be. `title` says what is seen.
#[must_use]
pub fn picture(pane: &Pane, width: f64, theme: Theme, title: &str) -> String {
    let drawings: Vec<_> = pane.blocks.iter().map(|block: &Block| block.draw(width - 2.0 * MARGIN)).collect();
    let wide = drawings.iter().map(|drawing| drawing.width).fold(0.0, f64::max) + 2.0 * MARGIN;
    let between = BETWEEN * drawings.len().saturating_sub(1) as f64;
    let high = drawings.iter().map(|drawing| drawing.height).sum::<f64>() + between + 2.0 * MARGIN;
    let (wide, high, name) = (Number(wide.ceil()), Number(high.ceil()), theme.name());
    let mut out = String::with_capacity(8 * 1024);
    put(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"netsplit-{name}\" role=\"img\" \
             viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\">\n<title>{}</title>\n<desc>{}</desc>\n",
            Escaped(title),
            Escaped(&pane.spoken())
        ),
    );
    svg::style(&mut out, &Stage::default(), None, theme);
    svg::hatch(&mut out, theme);
    put(&mut out, format_args!("<rect class=\"fill-ground\" width=\"{wide}\" height=\"{high}\"/>\n"));
    let mut top = MARGIN;
    for drawing in &drawings {
        put(&mut out, format_args!("<g transform=\"translate({} {})\">\n", Number(MARGIN), Number(top)));
        for part in &drawing.parts {
            for shape in &part.shapes {
                svg::draw(&mut out, shape);
            }
            out.push('\n');
        }
        out.push_str("</g>\n");
        top += drawing.height + BETWEEN;
    }
    out.push_str("</svg>\n");
    out
}
