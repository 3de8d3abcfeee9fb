//! Everything that talks to the browser. No other module of the page names `web_sys`, `js_sys` or
//! `wasm_bindgen`; a test holds this.

pub mod api;
pub mod canvas;
pub mod crash;
pub mod frame;
pub mod page;
