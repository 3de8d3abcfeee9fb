//! The canvas backend: draws shapes, and knows what each paint is in the present theme.

use std::cell::RefCell;

use labs::Map;
use view::layout::{HEIGHT, WIDTH};
use view::shapes::{self, Paint, Shape};
use view::theme::FONTS;
use view::{MessageShape, Stage};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Draws what moves every frame.
pub struct Painter {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    colours: Map<&'static str, String>,
    /// Device pixels per unit of the stage, and where the stage begins.
    scale: f64,
    origin: (f64, f64),
    /// Pictures of messages, for crowds of them; made when they are needed.
    sprites: RefCell<Map<Look, HtmlCanvasElement>>,
}

/// What makes messages look alike: shape and hue.
type Look = (u8, Option<u32>);

/// A shape and where its origin is.
type Placed = (Shape, f64, f64);

/// From so many messages that look alike on, they are copies of one picture.
const SPRITES_FROM: usize = 100;

impl Painter {
    /// A painter for a canvas; `None` where canvases do not work.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
        let mut painter =
            Self { canvas, context, colours: Map::new(), scale: 1.0, origin: (0.0, 0.0), sprites: RefCell::default() };
        painter.read_theme();
        painter.resize();
        Some(painter)
    }

    /// Reads the theme's colours anew.
    pub fn read_theme(&mut self) {
        self.sprites.borrow_mut().clear();
        let Some(window) = web_sys::window() else { return };
        let Some(root) = window.document().and_then(|document| document.document_element()) else { return };
        let Ok(Some(style)) = window.get_computed_style(&root) else { return };
        let plain = [Paint::Ink, Paint::Mute, Paint::Panel, Paint::Ground, Paint::Fault, Paint::OnHue];
        for paint in plain.into_iter().chain((0..shapes::HUES).map(Paint::Hue)) {
            let value = style.get_property_value(&format!("--{}", paint.name())).unwrap_or_default();
            self.colours.insert(paint.name(), value.trim().to_owned());
        }
        // Stripes are too fine for what is drawn here.
        let ground = self.colours.get(Paint::Ground.name()).cloned().unwrap_or_default();
        self.colours.insert(Paint::Hatch.name(), ground);
    }

    /// Fits the canvas to its box and the device's pixels, as `preserveAspectRatio="xMidYMid meet"`
    /// fits the layers of SVG.
    pub fn resize(&mut self) {
        self.sprites.borrow_mut().clear();
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
        self.clear();
        self.timers(stage, time_us);
        self.messages(stage, time_us);
    }

    /// Draws the whole stage as it is at `time_us`, without words: for pictures too small to read.
    pub fn draw_all(&self, stage: &Stage, time_us: f64) {
        self.clear();
        for link in &stage.links {
            let [from, to] = shapes::rim_to_rim(&stage.nodes[link.a], &stage.nodes[link.b]);
            self.context.begin_path();
            self.context.move_to(from.0, from.1);
            self.context.line_to(to.0, to.1);
            let _ = self.context.set_line_dash(&dashes(if link.up() { &[] } else { &[3.0, 9.0] }));
            self.stroke(Paint::Mute, if link.quiet { 1.0 } else { 2.5 });
        }
        let _ = self.context.set_line_dash(&dashes(&[]));
        self.timers(stage, time_us);
        self.messages(stage, time_us);
        for node in &stage.nodes {
            let (x, y) = (f64::from(node.position.x), f64::from(node.position.y));
            for shape in shapes::node(node) {
                self.context.begin_path();
                self.outline(&shape, x, y);
                self.finish(&shape);
            }
        }
    }

    fn clear(&self) {
        let context = &self.context;
        let _ = context.reset_transform();
        context.clear_rect(0.0, 0.0, f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        let (scale, (left, top)) = (self.scale, self.origin);
        let _ = context.set_transform(scale, 0.0, 0.0, scale, left, top);
    }

    fn timers(&self, stage: &Stage, time_us: f64) {
        let context = &self.context;
        context.set_line_cap("round");
        context.begin_path();
        for node in &stage.nodes {
            if let Some((start, end)) = shapes::timer_arc(node, time_us) {
                let (x, y) = (f64::from(node.position.x), f64::from(node.position.y));
                context.move_to(x + shapes::TIMER_RADIUS * start.cos(), y + shapes::TIMER_RADIUS * start.sin());
                let _ = context.arc(x, y, shapes::TIMER_RADIUS, start, end);
            }
        }
        self.stroke(Paint::Mute, 4.0);
        context.set_line_cap("butt");
    }

    /// Messages that look alike are one path: the browser is asked a few times a frame, however many there are.
    fn messages(&self, stage: &Stage, time_us: f64) {
        let mut groups: Map<Look, Vec<Placed>> = Map::new();
        for message in &stage.messages {
            let (x, y) = shapes::message_position(stage, message, time_us);
            let (from, to) = (stage.nodes[message.from].position, stage.nodes[message.to].position);
            let towards = f64::from(to.y - from.y).atan2(f64::from(to.x - from.x));
            let group = groups.entry((message.shape as u8, message.hue)).or_default();
            group.push((shapes::message(message, towards), x, y));
        }
        for (key, group) in &groups {
            if group.len() >= SPRITES_FROM && self.stamp(*key, group) {
                continue;
            }
            self.context.begin_path();
            for (shape, x, y) in group {
                self.outline(shape, *x, *y);
            }
            self.finish(&group[0].0);
        }
        // On top of them, so that no number lies below the next message.
        for message in stage.messages.iter().filter(|message| message.carries.is_some()) {
            let (x, y) = shapes::message_position(stage, message, time_us);
            if let Some(Shape::Text { x: dx, y: dy, text, fill, .. }) = shapes::carried(message) {
                self.remark(&text, (x + dx, y + dy), fill);
            }
        }
    }

    /// A few letters with a halo, as the layers of SVG have them.
    fn remark(&self, text: &str, (x, y): (f64, f64), fill: Paint) {
        let context = &self.context;
        context.set_font(&format!("600 12px {FONTS}"));
        context.set_line_join("round");
        let colour = |paint: Paint| self.colours.get(paint.name()).map_or("", String::as_str);
        context.set_stroke_style_str(colour(Paint::Ground));
        context.set_line_width(4.0);
        let _ = context.stroke_text(text, x, y);
        context.set_fill_style_str(colour(fill));
        let _ = context.fill_text(text, x, y);
        context.set_line_join("miter");
    }

    /// Draws a crowd of messages that look alike by copying a small picture of one of them: a browser without a GPU takes
    /// long over a path of a thousand outlines. False for shapes that turn with their way.
    fn stamp(&self, look: Look, group: &[Placed]) -> bool {
        if look.0 == MessageShape::Triangle as u8 {
            return false;
        }
        let mut sprites = self.sprites.borrow_mut();
        if !sprites.contains_key(&look) {
            let Some(sprite) = self.sprite(&group[0].0) else { return false };
            sprites.insert(look, sprite);
        }
        let sprite = &sprites[&look];
        let half = f64::from(sprite.width()) / 2.0;
        let _ = self.context.reset_transform();
        for (_, x, y) in group {
            let (x, y) = (self.origin.0 + x * self.scale - half, self.origin.1 + y * self.scale - half);
            let _ = self.context.draw_image_with_html_canvas_element(sprite, x.round(), y.round());
        }
        let (scale, (left, top)) = (self.scale, self.origin);
        let _ = self.context.set_transform(scale, 0.0, 0.0, scale, left, top);
        true
    }

    /// A picture of one shape, in device pixels.
    fn sprite(&self, shape: &Shape) -> Option<HtmlCanvasElement> {
        let document = web_sys::window()?.document()?;
        let canvas = document.create_element("canvas").ok()?.dyn_into::<HtmlCanvasElement>().ok()?;
        let size = (2.0 * (shapes::MESSAGE_RADIUS + 4.0) * self.scale).ceil().max(2.0);
        canvas.set_width(size as u32);
        canvas.set_height(size as u32);
        let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
        let painter = Self {
            context,
            colours: self.colours.clone(),
            scale: self.scale,
            origin: (size / 2.0, size / 2.0),
            sprites: RefCell::default(),
            canvas,
        };
        let _ = painter.context.set_transform(self.scale, 0.0, 0.0, self.scale, size / 2.0, size / 2.0);
        painter.context.begin_path();
        painter.outline(shape, 0.0, 0.0);
        painter.finish(shape);
        Some(painter.canvas)
    }

    /// Adds a shape's outline to the path.
    fn outline(&self, shape: &Shape, x: f64, y: f64) {
        let context = &self.context;
        match shape {
            Shape::Circle { x: dx, y: dy, r, .. } => {
                context.move_to(x + dx + r, y + dy);
                let _ = context.arc(x + dx, y + dy, *r, 0.0, std::f64::consts::TAU);
            }
            Shape::Polygon { points, .. } => {
                for (index, (dx, dy)) in points.iter().enumerate() {
                    if index == 0 { context.move_to(x + dx, y + dy) } else { context.line_to(x + dx, y + dy) }
                }
                context.close_path();
            }
            Shape::Strokes { lines, .. } => {
                for [from, to] in lines {
                    context.move_to(x + from.0, y + from.1);
                    context.line_to(x + to.0, y + to.1);
                }
            }
            // Words and charts belong to SVG.
            Shape::Pill { .. } | Shape::Text { .. } | Shape::Line { .. } | Shape::Area { .. } => {}
        }
    }

    /// Fills and strokes the path as a shape wants it.
    fn finish(&self, shape: &Shape) {
        match shape {
            Shape::Circle { fill, stroke, width, dashed, .. } => {
                self.fill(*fill);
                if *dashed {
                    let _ = self.context.set_line_dash(&dashes(&[9.0, 6.0]));
                }
                self.stroke(*stroke, *width);
                if *dashed {
                    let _ = self.context.set_line_dash(&dashes(&[]));
                }
            }
            Shape::Polygon { fill, stroke, width, .. } => {
                self.fill(*fill);
                self.stroke(*stroke, *width);
            }
            Shape::Strokes { stroke, width, .. } => self.stroke(*stroke, *width),
            Shape::Pill { .. } | Shape::Text { .. } | Shape::Line { .. } | Shape::Area { .. } => {}
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

/// A pattern of dashes, as the browser takes it.
fn dashes(pattern: &[f64]) -> js_sys::Array {
    pattern.iter().map(|length| wasm_bindgen::JsValue::from(*length)).collect()
}
