//! `window.netsplit`: the page's programming interface.
//!
//! Every call but `load` is synchronous; bad input throws an `Error` whose message names the field, and the run stays as
//! it was. `load` returns a promise, because a lab's code may have to come first, and rejects it with such an error.
//!
//! What answers comes when a script asks whether the page is ready, or when the page has nothing better to do; what tells
//! of events is here from the start, and silent as long as nobody can listen.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use js_sys::{Array, Error, Function, Object, Promise, Reflect, Symbol};
use serde::Serialize;
use serde_json::Value;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use labs::InputError;
use labs::json::DEPTH_MAX;

use super::page;

/// What the programming interface can do; the app implements it. As long as no run is open, whatever needs one says so.
pub trait Api: Clone + 'static {
    /// Opens a run, given as data or as a link's text; `opened` hears, now or later, what came of it.
    fn load(&self, run: &Value, opened: impl Fn(Result<(), InputError>) + Clone + 'static);
    /// The run.
    fn run(&self) -> Result<Value, InputError>;
    /// The state.
    fn state(&self) -> Result<Value, InputError>;
    /// Plays.
    fn play(&self) -> Result<(), InputError>;
    /// Pauses.
    fn pause(&self) -> Result<(), InputError>;
    /// Pauses and executes so many steps, at least one.
    fn step(&self, count: u64) -> Result<(), InputError>;
    /// Pauses and goes to a time, in µs.
    fn seek(&self, time_us: u64) -> Result<(), InputError>;
    /// Simulated seconds per real second.
    fn set_speed(&self, speed: f64) -> Result<(), InputError>;
    /// Applies a command without a time, now.
    fn apply(&self, command: &Value) -> Result<(), InputError>;
    /// Takes the newest command back; whether there was one.
    fn undo(&self) -> Result<bool, InputError>;
    /// Shows another branch.
    fn set_branch(&self, id: &str) -> Result<(), InputError>;
    /// The link to the run.
    fn share_url(&self) -> Result<String, InputError>;
    /// The stage as a text of SVG that stands alone.
    fn export_svg(&self) -> Result<String, InputError>;
}

/// Most steps that one call executes.
const STEPS_MAX: u64 = 1_000_000;

/// Most values in one argument: lists, objects, and what is in them. The largest run has fewer.
const VALUES_MAX: u32 = 500_000;

/// Most events of [`Topic::Step`] within a second.
const STEP_EVENTS: usize = 10;
/// A second.
const STEP_EVENTS_MS: f64 = 1_000.0;

/// Most events that are told in one go, those included that listeners cause by calling back. Whoever
/// reaches it calls back without end.
const TOLD_MAX: u32 = 2_000;

type Listener = (u32, Topic, Function);
type ToJs = fn(&Value) -> JsValue;

thread_local! {
    static LISTENERS: RefCell<(u32, Vec<Listener>)> = const { RefCell::new((0, Vec::new())) };
    /// What is still to be told; none while nobody is telling.
    static TELLING: RefCell<Option<VecDeque<(Topic, JsValue)>>> = const { RefCell::new(None) };
    /// When the newest events of [`Topic::Step`] were told, as many as a second may have.
    static STEPS_TOLD_MS: RefCell<VecDeque<f64>> = const { RefCell::new(VecDeque::new()) };
    /// Whether another one is to come.
    static STEP_WAITS: Cell<bool> = const { Cell::new(false) };
    /// Once the page can be asked for a run.
    static OPENED: Moment = Moment::new();
    /// Once `window.netsplit` has its methods.
    static INSTALLED: Moment = Moment::new();
    /// What makes the methods come.
    static BRING: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
    /// How values become JavaScript's, once the methods are there.
    static TO_JS: Cell<Option<ToJs>> = const { Cell::new(None) };
}

/// Something that happens once, and a promise of it.
struct Moment {
    promise: Promise,
    resolve: Function,
}

impl Moment {
    fn new() -> Self {
        let mut resolve = None;
        let promise = Promise::new(&mut |done, _| resolve = Some(done));
        Self { promise, resolve: resolve.expect("a promise calls its executor at once") }
    }

    fn has_come(&self) {
        let _ = self.resolve.call0(&JsValue::NULL);
    }
}

/// The promise that the start-up script waits for: it resolves once a run is open, however often that is tried.
#[wasm_bindgen]
pub fn opened() -> Promise {
    OPENED.with(|opened| opened.promise.clone())
}

/// The promise that `window.netsplit` has its methods, which come now if they have not.
#[wasm_bindgen]
pub fn speaks() -> Promise {
    BRING.with_borrow(|bring| bring.iter().for_each(|bring| bring()));
    INSTALLED.with(|installed| installed.promise.clone())
}

/// Says what makes the methods come: something that leads to [`install`]. Which labs there are can be asked at once.
pub fn on_asked(bring: impl Fn() + 'static) {
    BRING.set(Some(Box::new(bring)));
    let labs = answer(|| js_sys::JSON::parse(&labs::catalogue().describe().to_string()).unwrap_or(JsValue::NULL));
    offer(&Object::from_entries(&Array::of1(&Array::of2(&"labs".into(), &labs))).unwrap_or_default());
}

/// Adds methods to `window.netsplit`, which the start-up script has made.
fn offer(methods: &Object) {
    if let Ok(netsplit) = Reflect::get(&js_sys::global(), &"netsplit".into())
        && let Some(netsplit) = netsplit.dyn_ref::<Object>()
    {
        Object::assign(netsplit, methods);
    }
}

/// Says that a run is open. What is shown of it is there when those who wait for it hear that.
pub fn say_ready() {
    page::after_ms(0.0, || OPENED.with(Moment::has_come));
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The run moved; at most ten times a second.
    Step,
    /// A node said something about itself while the run played or was stepped.
    Note,
    /// A verdict changed.
    Verdict,
    /// Another branch is shown, or one was added.
    Branch,
    /// Something went wrong that the page reports.
    Error,
}

impl Topic {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "step" => Self::Step,
            "note" => Self::Note,
            "verdict" => Self::Verdict,
            "branch" => Self::Branch,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

/// Whether anybody listens.
pub fn listens(topic: Topic) -> bool {
    LISTENERS.with_borrow(|(_, all)| all.iter().any(|(_, known, _)| *known == topic))
}

/// Tells everybody who listens. Call it only while nothing of the app is borrowed: a listener may
/// call back. What happens on account of that is told when it is its turn, so that listeners who
/// call back do not pile up on the stack.
pub fn emit(topic: Topic, payload: impl FnOnce() -> Value) {
    let Some(to_js) = TO_JS.get().filter(|_| listens(topic)) else { return };
    let event = (topic, to_js(&payload()));
    let waits = TELLING.with_borrow_mut(|telling| match telling {
        Some(queue) => {
            if queue.len() < TOLD_MAX as usize {
                queue.push_back(event);
            }
            true
        }
        None => {
            *telling = Some(VecDeque::from([event]));
            false
        }
    });
    if waits {
        return;
    }
    let next = || TELLING.with_borrow_mut(|telling| telling.as_mut().and_then(VecDeque::pop_front));
    let mut told = 0;
    while let Some((topic, payload)) = next() {
        told += 1;
        if told > TOLD_MAX {
            let problem =
                format!("netsplit: listeners call back without end; after {TOLD_MAX} events the rest is left out");
            web_sys::console::error_1(&problem.into());
            break;
        }
        tell(topic, &payload);
    }
    TELLING.set(None);
}

fn tell(topic: Topic, payload: &JsValue) {
    let functions: Vec<Function> = LISTENERS.with_borrow(|(_, all)| {
        all.iter().filter(|(_, known, _)| *known == topic).map(|(.., function)| function.clone()).collect()
    });
    for function in functions {
        if let Err(error) = function.call1(&JsValue::NULL, payload) {
            web_sys::console::error_2(&"a listener of netsplit failed:".into(), &error);
        }
    }
}

/// Tells everybody who listens that the run moved, at most ten times a second: what comes too early
/// is told later, as things stand then.
pub fn emit_step(payload: impl FnOnce() -> Value + 'static) {
    if STEP_WAITS.get() || !listens(Topic::Step) {
        return;
    }
    let now_ms = page::now_ms();
    let full = |told: &VecDeque<f64>| told.front().copied().filter(|_| told.len() >= STEP_EVENTS);
    let wait_ms = STEPS_TOLD_MS.with_borrow(full).map_or(0.0, |first_ms| first_ms + STEP_EVENTS_MS - now_ms);
    if wait_ms <= 0.0 {
        tell_step(payload);
        return;
    }
    STEP_WAITS.set(true);
    page::after_ms(wait_ms, move || {
        STEP_WAITS.set(false);
        tell_step(payload);
    });
}

fn tell_step(payload: impl FnOnce() -> Value) {
    STEPS_TOLD_MS.with_borrow_mut(|told| {
        if told.len() >= STEP_EVENTS {
            told.pop_front();
        }
        told.push_back(page::now_ms());
    });
    emit(Topic::Step, payload);
}

/// Installs the methods on `window.netsplit`.
pub fn install(api: impl Api) {
    let methods = Object::new();
    let method = |name: &str, function: Function| {
        let _ = Reflect::set(&methods, &name.into(), &function);
    };
    // Each closure owns a handle of its own.
    macro_rules! own {
        ($api:ident => $body:expr) => {{
            let $api = api.clone();
            $body
        }};
    }
    method("load", own!(api => load(api)));
    method("run", own!(api => answer_or_throw(move || api.run().map(|run| to_js(&run)))));
    method("getState", own!(api => answer_or_throw(move || api.state().map(|state| to_js(&state)))));
    method("play", own!(api => act(move || api.play())));
    method("pause", own!(api => act(move || api.pause())));
    method(
        "step",
        own!(api => act_on(move |count| {
            api.step(if count.is_undefined() { 1 } else { whole(&count, "n", STEPS_MAX)? })
        })),
    );
    method("seek", own!(api => act_on(move |time| api.seek(whole(&time, "us", labs::command::TIME_US_MAX)?))));
    method(
        "setSpeed",
        own!(api => act_on(move |speed| {
            api.set_speed(speed.as_f64().ok_or_else(|| InputError::new("speed", "is a number"))?)
        })),
    );
    method("apply", own!(api => act_on(move |command| api.apply(&from_js(&command, "command")?))));
    method("undo", own!(api => answer_or_throw(move || api.undo().map(JsValue::from))));
    method(
        "setBranch",
        own!(api => act_on(move |id| {
            api.set_branch(&id.as_string().ok_or_else(|| InputError::new("branch", "is a text"))?)
        })),
    );
    method("shareUrl", own!(api => answer_or_throw(move || api.share_url().map(JsValue::from))));
    method("exportSvg", own!(api => answer_or_throw(move || api.export_svg().map(JsValue::from))));
    method("on", on());
    offer(&methods);
    TO_JS.set(Some(to_js));
    INSTALLED.with(Moment::has_come);
}

fn on() -> Function {
    let closure =
        Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(|topic: JsValue, then: JsValue| {
            let topic = topic
                .as_string()
                .and_then(|name| Topic::parse(&name))
                .ok_or_else(|| JsValue::from(Error::new("event: is step, note, verdict, branch or error")))?;
            let then: Function = then.dyn_into().map_err(|_| JsValue::from(Error::new("fn: is a function")))?;
            let id = LISTENERS.with_borrow_mut(|(last, all)| {
                *last += 1;
                all.push((*last, topic, then));
                *last
            });
            let off = Closure::<dyn Fn()>::new(move || {
                LISTENERS.with_borrow_mut(|(_, all)| all.retain(|(known, ..)| *known != id))
            });
            Ok(off.into_js_value())
        });
    closure.into_js_value().unchecked_into()
}

/// `load`: a promise of the run that is its argument.
fn load(api: impl Api) -> Function {
    let closure = Closure::<dyn Fn(JsValue) -> Promise>::new(move |run: JsValue| {
        Promise::new(&mut |resolve, reject| {
            let settle = move |opened: Result<(), InputError>| {
                let _ = match opened {
                    Ok(()) => resolve.call0(&JsValue::NULL),
                    Err(error) => reject.call1(&JsValue::NULL, &thrown(placed(error, "run"))),
                };
            };
            match from_js(&run, "run") {
                Ok(run) => api.load(&run, settle),
                Err(error) => settle(Err(error)),
            }
        })
    });
    closure.into_js_value().unchecked_into()
}

fn thrown(error: InputError) -> JsValue {
    Error::new(&error.to_string()).into()
}

/// A method without an argument that answers.
fn answer(call: impl Fn() -> JsValue + 'static) -> Function {
    Closure::<dyn Fn() -> JsValue>::new(call).into_js_value().unchecked_into()
}

/// A method without an argument that answers or throws.
fn answer_or_throw(call: impl Fn() -> Result<JsValue, InputError> + 'static) -> Function {
    let closure = Closure::<dyn Fn() -> Result<JsValue, JsValue>>::new(move || call().map_err(thrown));
    closure.into_js_value().unchecked_into()
}

/// A method without an argument and without an answer, which may throw.
fn act(call: impl Fn() -> Result<(), InputError> + 'static) -> Function {
    answer_or_throw(move || call().map(|()| JsValue::UNDEFINED))
}

/// A method with an argument that may be wrong.
fn act_on(call: impl Fn(JsValue) -> Result<(), InputError> + 'static) -> Function {
    let closure =
        Closure::<dyn Fn(JsValue) -> Result<(), JsValue>>::new(move |argument: JsValue| call(argument).map_err(thrown));
    closure.into_js_value().unchecked_into()
}

fn to_js(value: &Value) -> JsValue {
    // Plain objects and numbers, as JSON.parse would make them.
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

/// A problem that names no field is one of the whole argument.
pub fn placed(error: InputError, argument: &str) -> InputError {
    if error.place.is_empty() { error.within(argument) } else { error }
}

fn from_js(value: &JsValue, what: &str) -> Result<Value, InputError> {
    check_shape(value).map_err(|error| error.within(what))?;
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|error| InputError::new(what, format!("is not plain data: {error}")))
}

/// Refuses what converting it could exhaust the stack or the memory with: deep nesting, cycles, and
/// objects that contain others many times over. It walks through the argument without recursion.
fn check_shape(value: &JsValue) -> Result<(), InputError> {
    let too_many = || InputError::new("", format!("has more than {VALUES_MAX} values"));
    let mut open = vec![(value.clone(), 0)];
    let mut count: u32 = 0;
    while let Some((value, depth)) = open.pop() {
        if !value.is_object() {
            continue;
        }
        if depth > DEPTH_MAX {
            return Err(InputError::new("", format!("is nested more than {DEPTH_MAX} levels deep")));
        }
        let items = match value.dyn_ref::<Array>() {
            Some(list) => list.clone(),
            // Maps, sets and the like are no JSON.
            None if Symbol::iterator().js_in(&value) => return Err(InputError::new("", "is not plain data")),
            None => Object::values(value.unchecked_ref()),
        };
        count = count.checked_add(items.length()).filter(|count| *count <= VALUES_MAX).ok_or_else(too_many)?;
        open.extend(items.iter().map(|item| (item, depth + 1)));
    }
    Ok(())
}

fn whole(value: &JsValue, field: &str, max: u64) -> Result<u64, InputError> {
    match value.as_f64() {
        Some(number) if number >= 0.0 && number <= max as f64 && number.fract() == 0.0 => Ok(number as u64),
        _ => Err(InputError::new(field, format!("is a whole number of at most {max}"))),
    }
}
