//! The canvas backend: draws shapes, and knows what each paint is in the present theme.

use std::collections::BTreeMap;

use view::Stage;
use view::layout::{HEIGHT, WIDTH};
use view::shapes::{self, Paint, Shape};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Draws what moves every frame.
pub struct Painter {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    colours: BTreeMap<&'static str, String>,
    /// Device pixels per unit of the stage, and where the stage begins.
    scale: f64,
    origin: (f64, f64),
}

impl Painter {
    /// A painter for a canvas; `None` where canvases do not work.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
        let mut painter = Self { canvas, context, colours: BTreeMap::new(), scale: 1.0, origin: (0.0, 0.0) };
        painter.read_theme();
        painter.resize();
        Some(painter)
    }

    /// Reads the theme's colours anew.
    pub fn read_theme(&mut self) {
        let Some(window) = web_sys::window() else { return };
        let Some(root) = window.document().and_then(|document| document.document_element()) else { return };
        let Ok(Some(style)) = window.get_computed_style(&root) else { return };
        let plain = [Paint::Ink, Paint::Mute, Paint::Panel, Paint::Ground, Paint::Fault, Paint::OnHue];
        for paint in plain.into_iter().chain((0..shapes::HUES).map(Paint::Hue)) {
            let value = style.get_property_value(&format!("--{}", paint.name())).unwrap_or_default();
            self.colours.insert(paint.name(), value.trim().to_owned());
        }
    }

    /// Fits the canvas to its box and the device's pixels, as `preserveAspectRatio="xMidYMid meet"`
    /// fits the layers of SVG.
    pub fn resize(&mut self) {
        let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let (width, height) = (f64::from(self.canvas.client_width()), f64::from(self.canvas.client_height()));
        self.canvas.set_width((width * ratio).round() as u32);
        self.canvas.set_height((height * ratio).round() as u32);
        let (stage_width, stage_height) = (f64::from(WIDTH), f64::from(HEIGHT));
        let fit = (width / stage_width).min(height / stage_height);
        self.scale = fit * ratio;
        self.origin = ((width - stage_width * fit) / 2.0 * ratio, (height - stage_height * fit) / 2.0 * ratio);
    }

    /// Draws timers and messages as they are at `time_us`.
    pub fn draw(&self, stage: &Stage, time_us: f64) {
        let context = &self.context;
        let _ = context.reset_transform();
        context.clear_rect(0.0, 0.0, f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        context.set_line_cap("round");
        for node in &stage.nodes {
            if let Some((start, end)) = shapes::timer_arc(node, time_us) {
                self.place(f64::from(node.position.x), f64::from(node.position.y));
                context.begin_path();
                let _ = context.arc(0.0, 0.0, shapes::TIMER_RADIUS, start, end);
                self.stroke(Paint::Mute, 4.0);
            }
        }
        context.set_line_cap("butt");
        for message in &stage.messages {
            let (x, y) = shapes::message_position(stage, message, time_us);
            let (from, to) = (stage.nodes[message.from].position, stage.nodes[message.to].position);
            let towards = f64::from(to.y - from.y).atan2(f64::from(to.x - from.x));
            self.place(x, y);
            self.shape(&shapes::message(message, towards));
        }
    }

    fn place(&self, x: f64, y: f64) {
        let (scale, (left, top)) = (self.scale, self.origin);
        let _ = self.context.set_transform(scale, 0.0, 0.0, scale, left + x * scale, top + y * scale);
    }

    fn shape(&self, shape: &Shape) {
        let context = &self.context;
        context.begin_path();
        match shape {
            Shape::Circle { x, y, r, fill, stroke, width, .. } => {
                let _ = context.arc(*x, *y, *r, 0.0, std::f64::consts::TAU);
                self.fill(*fill);
                self.stroke(*stroke, *width);
            }
            Shape::Polygon { points, fill, stroke, width } => {
                for (index, (x, y)) in points.iter().enumerate() {
                    if index == 0 { context.move_to(*x, *y) } else { context.line_to(*x, *y) }
                }
                context.close_path();
                self.fill(*fill);
                self.stroke(*stroke, *width);
            }
            Shape::Strokes { lines, stroke, width } => {
                for [from, to] in lines {
                    context.move_to(from.0, from.1);
                    context.line_to(to.0, to.1);
                }
                self.stroke(*stroke, *width);
            }
            // Text and pills belong to the layers of SVG.
            Shape::Pill { .. } | Shape::Text { .. } => {}
        }
    }

    fn fill(&self, paint: Paint) {
        if let Some(colour) = self.colours.get(paint.name()) {
            self.context.set_fill_style_str(colour);
            self.context.fill();
        }
    }

    fn stroke(&self, paint: Paint, width: f64) {
        if let Some(colour) = self.colours.get(paint.name()).filter(|_| width > 0.0) {
            self.context.set_stroke_style_str(colour);
            self.context.set_line_width(width);
            self.context.stroke();
        }
    }
}
