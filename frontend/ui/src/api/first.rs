//! The requests that the shell began beside the program's download (`shell/boot.js`); the program takes their answers
//! over instead of asking again.

use js_sys::{Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsCast;

use crate::{browser, js::member};

/// Where the shell leaves them: promises of answers by path.
const BEGUN: &str = "holdfastBegun";
/// Answers are good for so long after the visitor came; later ones might be out of date.
const LIMIT_MS: f64 = 60_000.0;

/// The answer to this path that is on its way, once.
pub fn take(path: &str) -> Option<Promise> {
    if browser::monotonic_ms() > LIMIT_MS {
        return None;
    }
    let begun = member(&window(), BEGUN);
    let answer: Promise = member(&begun, path).dyn_into().ok()?;
    let _ = Reflect::delete_property(begun.unchecked_ref::<Object>(), &path.into());
    Some(answer)
}
