//! The functions of the browser that the programs use: clock, storage, random numbers, waiting.
//!
//! The browser may refuse storage (private windows, settings, a full disk). Then `boot.js` puts storage in its place that
//! lasts until the page is closed, so that the visitor can pay for what this page holds.

use leptos::prelude::{on_cleanup, window, window_event_listener};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlElement, Storage, Url};

/// How long a stored value is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Until it is removed, and visible in every tab.
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

/// Reads the value that is stored under this name.
pub fn read(keep: Keep, name: &str) -> Option<String> {
    storage(keep)?.get_item(name).ok().flatten()
}

/// Stores a text.
pub fn write(keep: Keep, name: &str, value: &str) {
    if let Some(storage) = storage(keep) {
        let _ = storage.set_item(name, value);
    }
}

/// Reads the ids that [`write_ids`] stored on the device. Damaged ids are left out.
pub fn read_ids(name: &str) -> Vec<Uuid> {
    let text = read(Keep::Device, name).unwrap_or_default();
    text.split(',').filter_map(|id| id.parse().ok()).collect()
}

/// Stores ids on the device.
pub fn write_ids(name: &str, ids: &[Uuid]) {
    let ids: Vec<_> = ids.iter().map(Uuid::to_string).collect();
    write(Keep::Device, name, &ids.join(","));
}

/// Has the browser save the file under this name.
pub fn save(file: &Blob, name: &str) {
    let Ok(address) = Url::create_object_url_with_blob(file) else { return };
    let link = window().document().and_then(|document| document.create_element("a").ok());
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.set_attribute("href", &address);
        let _ = link.set_attribute("download", name);
        link.click();
    }
    let _ = Url::revoke_object_url(&address);
}

/// Removes the value that is stored under this name.
pub fn remove(keep: Keep, name: &str) {
    if let Some(storage) = storage(keep) {
        let _ = storage.remove_item(name);
    }
}

/// Removes everything that is stored, except the values under these names, and tells this tab. The browser tells the
/// other tabs.
pub fn forget_all_but(kept: &[&str]) {
    for storage in [Keep::Device, Keep::Tab].into_iter().filter_map(storage) {
        let names: Vec<String> = (0..storage.length().unwrap_or(0))
            .filter_map(|at| storage.key(at).ok().flatten())
            .filter(|name| !kept.contains(&name.as_str()))
            .collect();
        for name in names {
            let _ = storage.remove_item(&name);
        }
    }
    tell_this_tab();
}

/// Lets the parts of this page read again what is stored. The browser tells only the other tabs of a change.
pub fn tell_this_tab() {
    if let Ok(event) = web_sys::Event::new("storage") {
        let _ = window().dispatch_event(&event);
    }
}

/// Milliseconds on the monotonic clock, which never goes back when somebody sets the device's clock.
pub fn monotonic_ms() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |clock| clock.now())
}

/// A time in seconds since 1970 in the form in which the server writes times (RFC 3339).
#[allow(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
pub fn rfc3339(seconds: i64) -> String {
    js_sys::Date::new(&(seconds as f64 * 1000.0).into()).to_iso_string().into()
}

pub async fn sleep(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ =
            window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(promise).await;
}

/// A new idempotency key: a random UUID. It also works if the page is not a secure context.
pub fn attempt_key() -> String {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Sets a mark that the browser's performance tools and the tests can see.
pub fn mark(name: &str) {
    if let Some(clock) = window().performance() {
        let _ = clock.mark(name);
    }
}

/// Moves the focus to the element with this id, if it exists.
pub fn focus(id: &str) {
    if let Some(element) = leptos::prelude::document().get_element_by_id(id) {
        let _ = element.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

/// Moves the focus to the element with this id, once it is drawn.
pub fn focus_drawn(id: &'static str) {
    leptos::task::spawn_local(async move {
        sleep(0).await;
        focus(id);
    });
}

/// Sets the title in the tab and in the history: the name of the page, and the shop's.
pub fn set_title(name: &str) {
    leptos::prelude::document().set_title(&format!("{name} · Holdfast"));
}

/// Calls `act` when a link that is opened in this tab changes only the part of the address after `#`, until the component is
/// removed.
pub fn on_fragment(act: impl Fn() + 'static) {
    let watching = window_event_listener(leptos::ev::hashchange, move |_| act());
    on_cleanup(move || watching.remove());
}

/// Takes the part after `#` out of the page's address, so that this tab's history does not keep it.
pub fn take_fragment() -> String {
    let location = window().location();
    let fragment = location.hash().unwrap_or_default().trim_start_matches('#').to_owned();
    if let (Ok(history), Ok(path)) = (window().history(), location.pathname()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    fragment
}
