//! The page around the app: address, theme, clipboard, keys, motion preference.

use js_sys::Reflect;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

fn window() -> web_sys::Window {
    web_sys::window().expect("the app runs in a page")
}

/// The parameters of the page's address, in order, decoded.
pub fn query() -> Vec<(String, String)> {
    let search = window().location().search().unwrap_or_default();
    let Ok(params) = web_sys::UrlSearchParams::new_with_str(&search) else { return Vec::new() };
    js_sys::try_iter(&params)
        .ok()
        .flatten()
        .into_iter()
        .flatten()
        .filter_map(|pair| {
            let pair = js_sys::Array::from(&pair.ok()?);
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect()
}

/// The part of the address behind `#`, with it; empty without one.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Calls `then` whenever the part behind `#` changes.
pub fn on_fragment_change(then: impl Fn() + 'static) {
    listen(&window(), "hashchange", move |_| then());
}

/// The page's address without parameters and fragment.
pub fn base_address() -> String {
    let location = window().location();
    format!("{}{}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default())
}

/// Whether the visitor asked for less motion.
pub fn prefers_reduced_motion() -> bool {
    matches("(prefers-reduced-motion: reduce)")
}

/// Whether the visitor's system is dark.
pub fn prefers_dark() -> bool {
    matches("(prefers-color-scheme: dark)")
}

fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// Calls `then` when the system's light or dark preference changes.
pub fn on_system_theme_change(then: impl Fn() + 'static) {
    if let Ok(Some(list)) = window().match_media("(prefers-color-scheme: dark)") {
        listen(&list, "change", move |_| then());
    }
}

/// Sets `data-theme` of the document; `None` follows the system.
pub fn set_theme(theme: Option<&str>) {
    if let Some(root) = window().document().and_then(|document| document.document_element()) {
        let _ = match theme {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        };
    }
}

/// Names what is lit up, for the style sheet: `data-lit` of the page's body.
pub fn set_lit(names: &str) {
    set_of_body("data-lit", names);
}

/// Names the lenses that are open, for the style sheet: `data-lenses` of the page's body; all are
/// open when it is empty.
pub fn set_lenses(names: &str) {
    set_of_body("data-lenses", names);
}

fn set_of_body(name: &str, value: &str) {
    if let Some(body) = window().document().and_then(|document| document.body()) {
        let _ = match value {
            "" => body.remove_attribute(name),
            value => body.set_attribute(name, value),
        };
    }
}

/// Puts the focus on the element with this id, if it is there.
pub fn focus(id: &str) {
    let element = window().document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Fetches a text from this origin; `then` gets it, or what went wrong. It takes a path relative to
/// the page and nothing that could lead elsewhere.
pub fn fetch_text(path: &str, then: impl FnOnce(Result<String, String>) + 'static) {
    let elsewhere = path.contains([':', '\\', '?', '#']) || path.starts_with('/');
    if elsewhere || path.chars().any(char::is_control) {
        return then(Err("is a path below this page, such as lessons/mine.toml".into()));
    }
    let promise = window().fetch_with_str(path);
    wasm_bindgen_futures::spawn_local(async move { then(fetched(promise).await) });
}

async fn fetched(promise: js_sys::Promise) -> Result<String, String> {
    let lost = |_| "cannot be fetched".to_owned();
    let response = JsFuture::from(promise).await.map_err(lost)?.dyn_into::<web_sys::Response>().map_err(lost)?;
    if !response.ok() {
        return Err(format!("cannot be fetched: the server says {}", response.status()));
    }
    let text = JsFuture::from(response.text().map_err(lost)?).await.map_err(lost)?;
    text.as_string().ok_or_else(|| "is not text".into())
}

/// Copies a text; `then` hears whether it worked.
pub fn copy(text: &str, then: impl FnOnce(bool) + 'static) {
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|clipboard| clipboard.is_undefined()) {
        // Without a secure context there is no clipboard; the text stays there to be copied by hand.
        then(false);
        return;
    }
    let promise = window().navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move { then(JsFuture::from(promise).await.is_ok()) });
}

/// A fresh seed. The only random number that does not come from a seed.
pub fn fresh_seed() -> Option<u64> {
    getrandom::u64().ok().map(|bits| 1 + bits % 999_999)
}

/// Milliseconds since the page was opened.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// What a key press was, when it did not go to a control that uses it.
pub struct KeyPress {
    /// The key, as `KeyboardEvent.key` names it.
    pub key: String,
}

/// Controls that take keys such as space, Enter and the arrows.
const CONTROLS: &str = "button, input, select, textarea, a, summary, [role=button], [role=switch]";

/// What takes letters, page keys or Escape: fields, what scrolls, and what floats above the page.
const FIELDS: &str = "input, select, textarea, [role=dialog], [role=menu], [role=log], [contenteditable], ul[tabindex]";

/// Calls `then` for key presses that no control takes; a true answer means that it was used.
pub fn on_key(then: impl Fn(KeyPress) -> bool + 'static) {
    on_key_beside(CONTROLS, then);
}

/// Calls `then` for letters, page keys and Escape where nothing else takes them; a button does not.
pub fn on_page_key(then: impl Fn(KeyPress) -> bool + 'static) {
    on_key_beside(FIELDS, then);
}

fn on_key_beside(taken_by: &'static str, then: impl Fn(KeyPress) -> bool + 'static) {
    listen(&window(), "keydown", move |event| {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
        if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let taken = target.is_some_and(|element| element.closest(taken_by).ok().flatten().is_some());
        if !taken && then(KeyPress { key: event.key() }) {
            event.prevent_default();
        }
    });
}

/// The width and height of an element changed, or were seen for the first time.
pub fn on_resize(element: &web_sys::Element, then: impl Fn() + 'static) {
    let closure = Closure::<dyn FnMut(JsValue)>::new(move |_| then());
    if let Ok(observer) = web_sys::ResizeObserver::new(closure.as_ref().unchecked_ref()) {
        observer.observe(element);
        // It lives as long as the page does.
        std::mem::forget(observer);
        closure.forget();
    }
}

fn listen(target: &web_sys::EventTarget, event: &str, then: impl Fn(web_sys::Event) + 'static) {
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(then);
    // Listeners of the page live as long as the page.
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    closure.forget();
}
