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

/// Loads the page anew, at an address of its own where one is given.
pub fn reload(address: Option<&str>) {
    if let (Some(address), Ok(history)) = (address, window().history()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(address));
    }
    let _ = window().location().reload();
}

/// The part of the address behind `#`, with it; empty without one.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Calls `then` whenever the part behind `#` changes.
pub fn on_fragment_change(then: impl Fn() + 'static) {
    listen(&window(), "hashchange", move |_| then()).forever();
}

/// Goes to another query of the same page, without loading it again.
pub fn push_query(query: &str) {
    if let Ok(history) = window().history() {
        let address = format!("{}{query}", base_address());
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Calls `then` when somebody goes back or forth in the browser's history.
pub fn on_history(then: impl Fn() + 'static) {
    listen(&window(), "popstate", move |_| then()).forever();
}

/// Goes to the top of the page.
pub fn scroll_up() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Sets the title of the document.
pub fn set_title(title: &str) {
    if let Some(document) = window().document() {
        document.set_title(title);
    }
}

/// Sets an attribute of the document, for styles to follow; `None` takes it away.
pub fn set_mark(name: &str, value: Option<&str>) {
    if let Some(root) = window().document().and_then(|document| document.document_element()) {
        let _ = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    }
}

/// Fills the screen with the page, or gives it back.
pub fn toggle_full_screen() {
    let Some(document) = window().document() else { return };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Some(root) = document.document_element() {
        // A browser may refuse; then nothing changes.
        let _ = root.request_fullscreen();
    }
}

/// Whether a click is an ordinary one, that does not ask for another tab or window.
pub fn is_plain_click(event: &web_sys::MouseEvent) -> bool {
    event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key())
}

/// Whether a click was made with a key.
pub fn is_by_keyboard(event: &web_sys::MouseEvent) -> bool {
    event.detail() == 0
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
        listen(&list, "change", move |_| then()).forever();
    }
}

/// Where the layout turns to that of phones; style/narrow.css has the same width.
const NARROW: &str = "(width < 760px)";

/// Whether the window is as narrow as a phone's.
pub fn is_narrow() -> bool {
    matches(NARROW)
}

/// Calls `then` when the window becomes narrow, or wide again.
pub fn on_narrow_change(then: impl Fn(bool) + 'static) -> Option<Guard> {
    let list = window().match_media(NARROW).ok()??;
    Some(listen(&list, "change", move |_| then(is_narrow())))
}

/// Moves focus to the element with this identifier.
pub fn focus(id: &str) {
    let found = window().document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// In a group of which one element is reached by Tab, arrow keys, Home and End lead to the others:
/// those that bear `data-rove`, in their order in the page. For `keydown` of the group.
pub fn rove(event: &web_sys::KeyboardEvent) {
    let group = event.current_target().and_then(|group| group.dyn_into::<web_sys::Element>().ok());
    let (Some(group), Some(document)) = (group, window().document()) else { return };
    let Some(active) = document.active_element() else { return };
    let Ok(items) = group.query_selector_all("[data-rove]") else { return };
    let count = items.length();
    let Some(position) =
        (0..count).find(|&index| items.get(index).is_some_and(|item| item.is_same_node(Some(&active))))
    else {
        return;
    };
    let next = match event.key().as_str() {
        "ArrowDown" | "ArrowRight" => (position + 1).min(count - 1),
        "ArrowUp" | "ArrowLeft" => position.saturating_sub(1),
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    event.prevent_default();
    if let Some(item) = items.get(next) {
        match item.dyn_into::<web_sys::HtmlElement>() {
            Ok(element) => drop(element.focus()),
            Err(item) => drop(item.dyn_into::<web_sys::SvgElement>().map(|element| element.focus())),
        }
    }
}

/// Sets the theme; `None` follows the system.
pub fn set_theme(theme: Option<&str>) {
    set_mark("data-theme", theme);
}

/// Whether the page is dark now: by choice, or because the system is.
pub fn is_dark() -> bool {
    let root = window().document().and_then(|document| document.document_element());
    match root.and_then(|root| root.get_attribute("data-theme")).as_deref() {
        Some(theme) => theme == "dark",
        None => prefers_dark(),
    }
}

/// Calls `then` once, so many milliseconds from now.
pub fn after_ms(wait_ms: f64, then: impl FnOnce() + 'static) {
    let closure = Closure::once_into_js(then);
    let wait_ms = wait_ms.ceil() as i32;
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(closure.unchecked_ref(), wait_ms);
}

/// Names what is lit up, for the style sheet: `data-lit` of the page's body.
pub fn set_lit(names: &str) {
    set_of_body("data-lit", names);
}

fn set_of_body(name: &str, value: &str) {
    if let Some(body) = window().document().and_then(|document| document.body()) {
        let _ = match value {
            "" => body.remove_attribute(name),
            value => body.set_attribute(name, value),
        };
    }
}

/// Waits for what `window.netsplitBeforeLoad(lab)` promises, where somebody has put such a function; its failure is that of
/// the load. With `debug=1` tests make the code of a lab slow or lose it that way.
pub async fn rehearse_load(lab: &str) -> Result<(), String> {
    let hook = Reflect::get(&window(), &"netsplitBeforeLoad".into()).unwrap_or_default();
    let Ok(hook) = hook.dyn_into::<js_sys::Function>() else { return Ok(()) };
    let said = |error: JsValue| match error.dyn_into::<js_sys::Error>() {
        Ok(error) => String::from(error.message()),
        Err(_) => "it failed".to_owned(),
    };
    let promise = hook.call1(&JsValue::NULL, &lab.into()).map_err(said)?;
    JsFuture::from(js_sys::Promise::resolve(&promise)).await.map_err(said)?;
    Ok(())
}

/// The file with the picture of a lab's card in the theme of the moment, where the page has come with pictures.
pub fn card_picture(lab: &str) -> Option<String> {
    let file = Reflect::get(&window(), &"netsplitCard".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    file.call2(&JsValue::NULL, &lab.into(), &is_dark().into()).ok()?.as_string()
}

/// Why a chunk of the page's code has not come, in words; none where the page is one file.
#[cfg(split)]
pub fn why_missing(chunk: &str) -> Option<String> {
    Some(chunk_problem(chunk)).filter(|problem| !problem.is_empty())
}

/// The same on a page that is one file.
#[cfg(not(split))]
pub fn why_missing(_chunk: &str) -> Option<String> {
    None
}

/// Sees to it that the text of a tour on the shelf is there.
#[cfg(split)]
pub async fn fetch_tour(tour: &labs::Shelved) -> Result<(), String> {
    if tour.text().is_some() {
        return Ok(());
    }
    match tour_text(tour.id).await {
        Ok(text) => text.as_string().map(|text| tour.keep(text)).ok_or_else(|| "it is no text".to_owned()),
        Err(error) => {
            Err(error.dyn_into::<js_sys::Error>().map_or("it failed".to_owned(), |error| error.message().into()))
        }
    }
}

/// The same on a page that is one file.
#[cfg(not(split))]
pub async fn fetch_tour(_tour: &labs::Shelved) -> Result<(), String> {
    Ok(())
}

// The name is that of `assets/chunks.js` before it has its final one.
#[cfg(split)]
#[wasm_bindgen::prelude::wasm_bindgen(raw_module = "./chunks.js")]
extern "C" {
    #[wasm_bindgen(js_name = problem)]
    fn chunk_problem(name: &str) -> String;
    #[wasm_bindgen(js_name = tour, catch)]
    async fn tour_text(id: &str) -> Result<JsValue, JsValue>;
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

/// The text of the file that somebody has chosen in a field, and its name; or why there is none.
pub fn chosen_file(
    event: &web_sys::Event,
    bytes_max: f64,
    then: impl FnOnce(Result<(String, String), String>) + 'static,
) {
    let input = target_of(event).and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
    let name = file.name();
    if file.size() > bytes_max {
        return then(Err(format!("{name} is larger than {} MiB", bytes_max / 1_048_576.0)));
    }
    let promise = file.text();
    wasm_bindgen_futures::spawn_local(async move {
        let text = JsFuture::from(promise).await.ok().and_then(|text| text.as_string());
        then(text.map(|text| (name.clone(), text)).ok_or_else(|| format!("{name} cannot be read as text")));
    });
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

/// Bytes that the wasm has of memory.
pub fn memory_bytes() -> f64 {
    let buffer = Reflect::get(&wasm_bindgen::memory(), &"buffer".into()).unwrap_or_default();
    Reflect::get(&buffer, &"byteLength".into()).ok().and_then(|length| length.as_f64()).unwrap_or(0.0)
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
pub fn on_key(then: impl Fn(KeyPress) -> bool + 'static) -> Guard {
    on_key_beside(CONTROLS, then)
}

/// Calls `then` for letters, page keys and Escape where nothing else takes them; a button does not.
pub fn on_page_key(then: impl Fn(KeyPress) -> bool + 'static) -> Guard {
    on_key_beside(FIELDS, then)
}

fn on_key_beside(taken_by: &'static str, then: impl Fn(KeyPress) -> bool + 'static) -> Guard {
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
    })
}

/// Puts the focus on the first element within `element` that a selector names.
pub fn focus_within(element: &web_sys::Element, selector: &str) {
    let Ok(Some(found)) = element.query_selector(selector) else { return };
    // Elements of SVG take focus as those of HTML do, by the same name.
    if let Ok(focus) = Reflect::get(&found, &"focus".into())
        && let Some(focus) = focus.dyn_ref::<js_sys::Function>()
    {
        let _ = focus.call0(&found);
    }
}

/// Something that goes on until it is dropped: a listener, an observer, a frame loop.
#[must_use = "it ends when it is dropped"]
pub struct Guard(Option<Box<dyn FnOnce()>>);

impl Guard {
    /// `end` is called when it is dropped.
    pub fn new(end: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(end)))
    }

    /// Lets it go on for as long as the page lives.
    fn forever(self) {
        std::mem::forget(self);
    }

    /// Lets it go on for as long as the component or effect around it does.
    pub fn keep(self) {
        leptos::prelude::StoredValue::new_local(self);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// The width and height of an element changed, or were seen for the first time.
pub fn on_resize(element: &web_sys::Element, then: impl Fn() + 'static) -> Guard {
    let closure = Closure::<dyn FnMut(JsValue)>::new(move |_| then());
    let observer = web_sys::ResizeObserver::new(closure.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        observer.observe(element);
    }
    let end = move || {
        if let Some(observer) = observer {
            observer.disconnect();
        }
        drop(closure);
    };
    Guard::new(end)
}

/// Calls `then` whenever an element comes into view or leaves it.
pub fn on_seen(element: &web_sys::Element, then: impl Fn(bool) + 'static) -> Guard {
    let closure = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        // Of several changes the last one counts.
        if let Some(last) =
            entries.iter().last().and_then(|last| last.dyn_into::<web_sys::IntersectionObserverEntry>().ok())
        {
            then(last.is_intersecting());
        }
    });
    let observer = web_sys::IntersectionObserver::new(closure.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        observer.observe(element);
    }
    let end = move || {
        if let Some(observer) = observer {
            observer.disconnect();
        }
        drop(closure);
    };
    Guard::new(end)
}

/// Calls `then` for every press of a pointer on the page, before whatever is pressed hears of it.
pub fn on_pointer_down(then: impl Fn(&web_sys::Event) + 'static) -> Guard {
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| then(&event));
    let target = window();
    let _ = target.add_event_listener_with_callback_and_bool("pointerdown", closure.as_ref().unchecked_ref(), true);
    let end = move || {
        let _ =
            target.remove_event_listener_with_callback_and_bool("pointerdown", closure.as_ref().unchecked_ref(), true);
        drop(closure);
    };
    Guard::new(end)
}

fn target_of(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

/// Whether an event came to an element or to something inside it.
pub fn is_within(event: &web_sys::Event, element: &web_sys::Element) -> bool {
    target_of(event).is_some_and(|target| element.contains(Some(&target)))
}

/// Whether an event came to something that a selector names, or to something inside it.
pub fn came_to(event: &web_sys::Event, selector: &str) -> bool {
    target_of(event).is_some_and(|target| target.closest(selector).ok().flatten().is_some())
}

/// Whether the focus leaves the element that listens, for something else on the page.
pub fn focus_leaves(event: &web_sys::FocusEvent) -> bool {
    let here = event.current_target().and_then(|here| here.dyn_into::<web_sys::Node>().ok());
    let next = event.related_target().and_then(|next| next.dyn_into::<web_sys::Node>().ok());
    match (here, next) {
        (Some(here), Some(next)) => !here.contains(Some(&next)),
        // It goes nowhere: a click on the ground, or another window.
        _ => false,
    }
}

/// Selects all of a text field that gets the focus.
pub fn select_all(event: &web_sys::FocusEvent) {
    if let Some(input) = target_of(event).and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok()) {
        input.select();
    }
}

/// What the keyboard can reach.
const FOCUSABLE: &str = "button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea, a[href]";

/// Moves the focus to the first control inside an element.
pub fn focus_first(element: &web_sys::Element) {
    let element = element.clone();
    focus_when_there(move || element.query_selector(FOCUSABLE).ok().flatten());
}

/// How many frames what is to get the focus may be in coming: its code may have to be fetched first.
const FOCUS_FRAMES_MAX: u32 = 600;

/// Moves focus to the element with this identifier, once what is to come has been drawn, unless the reader has gone
/// elsewhere by then.
pub fn focus_soon(id: &'static str) {
    leptos::prelude::request_animation_frame(move || {
        focus_when_there(move || window().document()?.get_element_by_id(id));
    });
}

/// Moves focus to what `find` finds, now or in one of the next frames, unless the reader has gone elsewhere by then.
fn focus_when_there(find: impl Fn() -> Option<web_sys::Element> + 'static) {
    fn active() -> Option<web_sys::Element> {
        window().document().and_then(|document| document.active_element())
    }
    fn again(find: Box<dyn Fn() -> Option<web_sys::Element>>, from: Option<web_sys::Element>, left: u32) {
        if let Some(element) = find() {
            if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
                let _ = element.focus();
            }
            return;
        }
        leptos::prelude::request_animation_frame(move || {
            let now = active();
            let lost = now.as_ref().is_some_and(|now| now.tag_name() == "BODY");
            if left > 0 && (lost || now == from) {
                again(find, from, left - 1);
            }
        });
    }
    again(Box::new(find), active(), FOCUS_FRAMES_MAX);
}

/// Moves the focus to the node of the stage whose name begins like this.
pub fn focus_named(start: &str) {
    let selector = format!("[aria-label^=\"{}\"]", start.replace(['"', '\\'], ""));
    if let Some(document) = window().document()
        && let Ok(Some(element)) = document.query_selector(&selector)
        && let Some(element) = element.dyn_ref::<web_sys::SvgElement>()
    {
        let _ = element.focus();
    }
}

/// Where a point of the window is on a stage that is fitted into an element, in units of the stage.
pub fn stage_spot(element: &web_sys::Element, client_x: f64, client_y: f64) -> (f64, f64) {
    let rect = element.get_bounding_client_rect();
    let (width, height) = (f64::from(view::layout::WIDTH), f64::from(view::layout::HEIGHT));
    let fit = (rect.width() / width).min(rect.height() / height).max(f64::MIN_POSITIVE);
    let (left, top) = ((rect.width() - width * fit) / 2.0, (rect.height() - height * fit) / 2.0);
    ((client_x - rect.left() - left) / fit, (client_y - rect.top() - top) / fit)
}

/// Where a point of the window is in an element, in pixels, however far it has been scrolled.
pub fn spot_in(element: &web_sys::Element, client_x: f64, client_y: f64) -> (f64, f64) {
    let rect = element.get_bounding_client_rect();
    let scrolled = (f64::from(element.scroll_left()), f64::from(element.scroll_top()));
    (client_x - rect.left() + scrolled.0, client_y - rect.top() + scrolled.1)
}

/// Whatever a pointer does next comes to the element that listens, wherever it goes.
pub fn capture(event: &web_sys::PointerEvent) {
    if let Some(element) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

fn listen(target: &web_sys::EventTarget, event: &'static str, then: impl Fn(web_sys::Event) + 'static) -> Guard {
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(then);
    let target = target.clone();
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    Guard::new(move || {
        let _ = target.remove_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    })
}
