//! JSON from the network and from storage, read by the browser's own parser.
//!
//! It is faster than one in WebAssembly, and that one's code, woven into every type, would be a tenth of
//! the program.

mod reader;
mod unreadable;

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// What a parsed value means; nothing where it is of another shape.
pub fn meaning<T: DeserializeOwned>(value: JsValue) -> Option<T> {
    T::deserialize(reader::Reader(value)).ok()
}

/// What a text means.
pub fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    meaning(js_sys::JSON::parse(text).ok()?)
}
