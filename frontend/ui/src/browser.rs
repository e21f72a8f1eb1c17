//! The few things that are asked of the browser itself: clock, storage, chance, waiting.
//!
//! Storage may be refused (private windows, settings); then nothing is kept and nothing fails.

use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Storage;

/// Where something is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Until it is removed, for every tab.
    Device,
    /// Until this tab is closed.
    Tab,
}

fn storage(keep: Keep) -> Option<Storage> {
    match keep {
        Keep::Device => window().local_storage(),
        Keep::Tab => window().session_storage(),
    }
    .ok()
    .flatten()
}

/// What is kept under this name.
pub fn read(keep: Keep, name: &str) -> Option<String> {
    storage(keep)?.get_item(name).ok().flatten()
}

/// Keeps a text; silently does nothing where the browser refuses.
pub fn write(keep: Keep, name: &str, value: &str) {
    if let Some(storage) = storage(keep) {
        let _ = storage.set_item(name, value);
    }
}

/// Forgets what is kept under this name.
pub fn remove(keep: Keep, name: &str) {
    if let Some(storage) = storage(keep) {
        let _ = storage.remove_item(name);
    }
}

/// Milliseconds on the monotonic clock: never goes back when somebody sets the clock.
pub fn monotonic_ms() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |clock| clock.now())
}

/// Milliseconds since 1970 by the device's clock, which may be wrong.
#[allow(clippy::cast_possible_truncation, reason = "whole milliseconds")]
pub fn wall_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// Seconds since 1970 as the server writes times.
#[allow(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
pub fn rfc3339(seconds: i64) -> String {
    js_sys::Date::new(&(seconds as f64 * 1000.0).into()).to_iso_string().into()
}

/// Waits.
pub async fn sleep(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ =
            window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(promise).await;
}

/// A new name for one attempt: a random UUID, also where the page is not a secure context.
pub fn attempt_key() -> String {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Sets a mark that the browser's performance tools and tests can see.
pub fn mark(name: &str) {
    if let Some(clock) = window().performance() {
        let _ = clock.mark(name);
    }
}

/// Puts the focus on an element of this id, where there is one.
pub fn focus(id: &str) {
    if let Some(element) = leptos::prelude::document().get_element_by_id(id) {
        let _ = element.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

/// Names the page in the tab and in the history.
pub fn set_title(title: &str) {
    leptos::prelude::document().set_title(title);
}
