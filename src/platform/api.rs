//! `window.netsplit`: the page's programming interface.
//!
//! Every call is synchronous; bad input throws an `Error` whose message names the field, and the
//! run stays as it was.

use std::cell::RefCell;

use js_sys::{Error, Function, Object, Reflect};
use serde::Serialize;
use serde_json::Value;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use labs::InputError;

/// What the programming interface can do; the app implements it.
pub trait Api: Clone + 'static {
    /// All labs.
    fn labs(&self) -> Value;
    /// Opens a run, given as data or as a link's text.
    fn load(&self, run: &Value) -> Result<(), InputError>;
    /// The run.
    fn run(&self) -> Value;
    /// The state.
    fn state(&self) -> Value;
    /// Plays.
    fn play(&self);
    /// Pauses.
    fn pause(&self);
    /// Pauses and executes so many steps, at least one.
    fn step(&self, count: u64);
    /// Pauses and goes to a time, in µs.
    fn seek(&self, time_us: u64);
    /// Simulated seconds per real second.
    fn set_speed(&self, speed: f64) -> Result<(), InputError>;
    /// Applies a command without a time, now.
    fn apply(&self, command: &Value) -> Result<(), InputError>;
    /// Takes the newest command back; whether there was one.
    fn undo(&self) -> bool;
    /// Shows another branch.
    fn set_branch(&self, id: &str) -> Result<(), InputError>;
    /// The link to the run.
    fn share_url(&self) -> Result<String, InputError>;
}

/// Most steps that one call executes.
const STEPS_MAX: u64 = 1_000_000;

type Listener = (u32, Topic, Function);

thread_local! {
    static LISTENERS: RefCell<(u32, Vec<Listener>)> = const { RefCell::new((0, Vec::new())) };
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The run moved; at most ten times a second.
    Step,
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
            "verdict" => Self::Verdict,
            "branch" => Self::Branch,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

/// Tells everybody who listens. Call it only while nothing of the app is borrowed: a listener may
/// call back.
pub fn emit(topic: Topic, payload: impl FnOnce() -> Value) {
    let functions: Vec<Function> = LISTENERS.with_borrow(|(_, all)| {
        all.iter().filter(|(_, known, _)| *known == topic).map(|(.., function)| function.clone()).collect()
    });
    if functions.is_empty() {
        return;
    }
    let payload = to_js(&payload());
    for function in functions {
        if let Err(error) = function.call1(&JsValue::NULL, &payload) {
            web_sys::console::error_2(&"a listener of netsplit failed:".into(), &error);
        }
    }
}

/// Installs the methods on `window.netsplit`, which the start-up script has made.
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
    method("labs", own!(api => answer(move || to_js(&api.labs()))));
    method("load", own!(api => act_on(move |run| api.load(&from_js(&run, "run")?))));
    method("run", own!(api => answer(move || to_js(&api.run()))));
    method("getState", own!(api => answer(move || to_js(&api.state()))));
    method("play", own!(api => act(move || api.play())));
    method("pause", own!(api => act(move || api.pause())));
    method(
        "step",
        own!(api => act_on(move |count| {
            api.step(if count.is_undefined() { 1 } else { whole(&count, "n", STEPS_MAX)? });
            Ok(())
        })),
    );
    method(
        "seek",
        own!(api => act_on(move |time| {
            api.seek(whole(&time, "us", labs::command::TIME_US_MAX)?);
            Ok(())
        })),
    );
    method(
        "setSpeed",
        own!(api => act_on(move |speed| {
            api.set_speed(speed.as_f64().ok_or_else(|| InputError::new("speed", "is a number"))?)
        })),
    );
    method("apply", own!(api => act_on(move |command| api.apply(&from_js(&command, "command")?))));
    method("undo", own!(api => answer(move || api.undo().into())));
    method(
        "setBranch",
        own!(api => act_on(move |id| {
            api.set_branch(&id.as_string().ok_or_else(|| InputError::new("branch", "is a text"))?)
        })),
    );
    method("shareUrl", own!(api => answer_or_throw(move || api.share_url().map(JsValue::from))));
    method("on", on());
    if let Ok(netsplit) = Reflect::get(&js_sys::global(), &"netsplit".into())
        && let Some(netsplit) = netsplit.dyn_ref::<Object>()
    {
        Object::assign(netsplit, &methods);
    }
}

fn on() -> Function {
    let closure =
        Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(|topic: JsValue, then: JsValue| {
            let topic = topic
                .as_string()
                .and_then(|name| Topic::parse(&name))
                .ok_or_else(|| JsValue::from(Error::new("event: is step, verdict, branch or error")))?;
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

/// A method without an argument that answers.
fn answer(call: impl Fn() -> JsValue + 'static) -> Function {
    Closure::<dyn Fn() -> JsValue>::new(call).into_js_value().unchecked_into()
}

/// A method without an argument that answers or throws.
fn answer_or_throw(call: impl Fn() -> Result<JsValue, InputError> + 'static) -> Function {
    let closure = Closure::<dyn Fn() -> Result<JsValue, JsValue>>::new(move || {
        call().map_err(|error| Error::new(&error.to_string()).into())
    });
    closure.into_js_value().unchecked_into()
}

/// A method without an argument and without an answer.
fn act(call: impl Fn() + 'static) -> Function {
    Closure::<dyn Fn()>::new(call).into_js_value().unchecked_into()
}

/// A method with an argument that may be wrong.
fn act_on(call: impl Fn(JsValue) -> Result<(), InputError> + 'static) -> Function {
    let closure = Closure::<dyn Fn(JsValue) -> Result<(), JsValue>>::new(move |argument: JsValue| {
        call(argument).map_err(|error| Error::new(&error.to_string()).into())
    });
    closure.into_js_value().unchecked_into()
}

fn to_js(value: &Value) -> JsValue {
    // Plain objects and numbers, as JSON.parse would make them.
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

fn from_js(value: &JsValue, what: &str) -> Result<Value, InputError> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|error| InputError::new(what, format!("is not plain data: {error}")))
}

fn whole(value: &JsValue, field: &str, max: u64) -> Result<u64, InputError> {
    match value.as_f64() {
        Some(number) if number >= 0.0 && number <= max as f64 && number.fract() == 0.0 => Ok(number as u64),
        _ => Err(InputError::new(field, format!("is a whole number of at most {max}"))),
    }
}
