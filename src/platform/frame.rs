//! The one animation-frame driver: a closure that is made once and reused for every frame.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

type Tick = Closure<dyn FnMut(f64)>;

/// Calls a function once per frame while it runs. The browser itself stops calling while the page
/// is hidden.
#[derive(Clone)]
pub struct FrameLoop {
    closure: Rc<RefCell<Option<Tick>>>,
    running: Rc<Cell<bool>>,
    /// The frame that has been asked for.
    requested: Rc<Cell<Option<i32>>>,
}

impl FrameLoop {
    /// A loop that stands still. `tick` gets the time of the frame in ms.
    pub fn new(mut tick: impl FnMut(f64) + 'static) -> Self {
        let this = Self { closure: Rc::default(), running: Rc::default(), requested: Rc::default() };
        let inner = this.clone();
        let closure = Closure::new(move |now_ms: f64| {
            inner.requested.set(None);
            if inner.running.get() {
                tick(now_ms);
                inner.request();
            }
        });
        *this.closure.borrow_mut() = Some(closure);
        this
    }

    /// Stops for good, and lets go of what it calls.
    pub fn end(&self) {
        self.stop();
        if let (Some(window), Some(request)) = (web_sys::window(), self.requested.take()) {
            let _ = window.cancel_animation_frame(request);
        }
        self.closure.borrow_mut().take();
    }

    /// Starts; harmless when it runs.
    pub fn start(&self) {
        self.running.set(true);
        self.request();
    }

    /// Stops; harmless when it stands.
    pub fn stop(&self) {
        self.running.set(false);
    }

    fn request(&self) {
        if !self.running.get() || self.requested.get().is_some() {
            return;
        }
        if let (Some(window), Some(closure)) = (web_sys::window(), self.closure.borrow().as_ref()) {
            self.requested.set(window.request_animation_frame(closure.as_ref().unchecked_ref()).ok());
        }
    }
}
