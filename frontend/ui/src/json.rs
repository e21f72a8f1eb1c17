//! Reads JSON from the network and from storage with the browser's own parser.
//!
//! The browser's parser is faster than a parser in WebAssembly. The code of such a parser, compiled again for every
//! type, would be a tenth of the program.

mod reader;
mod unreadable;

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// Converts a parsed value to a type. Returns `None` if the value has another shape.
pub fn meaning<T: DeserializeOwned>(value: JsValue) -> Option<T> {
    T::deserialize(reader::Reader(value)).ok()
}

/// Parses a JSON text and converts it to a type.
pub fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    meaning(js_sys::JSON::parse(text).ok()?)
}
