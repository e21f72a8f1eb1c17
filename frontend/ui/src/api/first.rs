//! The requests that the shell page started while the program was loading (`shell/boot.js`). The program takes over
//! their responses instead of requesting them again.

use js_sys::{Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsCast;

use crate::{browser, js::member};

/// The global object in which the shell leaves the promises of responses, by path.
const BEGUN: &str = "holdfastBegun";
/// The maximum time after the start of the page at which a response is still used. A later response might be
/// outdated.
const LIMIT_MS: f64 = 60_000.0;

/// Takes the response for this path that is under way. Returns it only once.
pub fn take(path: &str) -> Option<Promise> {
    if browser::monotonic_ms() > LIMIT_MS {
        return None;
    }
    let begun = member(&window(), BEGUN);
    let answer: Promise = member(&begun, path).dyn_into().ok()?;
    let _ = Reflect::delete_property(begun.unchecked_ref::<Object>(), &path.into());
    Some(answer)
}
