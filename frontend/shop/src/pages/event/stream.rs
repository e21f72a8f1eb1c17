//! The page's part in the event stream (server-sent events).
//!
//! The tabs of one browser share one connection, which the shell's script opens (`frontend/shell/shop.js`). It passes
//! the messages to this module, and asks for the number of the last change that the page contains.

use holdfast_contract::live::{Change, stream_events};
use leptos::prelude::*;
use wasm_bindgen::{JsValue, closure::Closure};

use super::floor::{Floor, StreamStatus};
use ui::{api, components::erased::follow as watch, js, json, state::network::Network};

/// The script's function that joins the stream.
const JOIN: &str = "holdfastStream";

type StreamCallback = Closure<dyn Fn(String, String) -> f64>;

/// The script's handle, and the function that it calls.
struct StreamHandle {
    handle: JsValue,
    _page: StreamCallback,
}

impl StreamHandle {
    fn call(&self, name: &str) {
        let _ = js::call(&self.handle, name, &[]);
    }
}

type Slot = StoredValue<Option<StreamHandle>, LocalStorage>;

/// Follows the stream until the visitor leaves the page.
pub fn follow(floor: Floor) {
    let event = floor.event.with_untracked(|event| event.id);
    let slot: Slot = StoredValue::new_local(None);
    let page: StreamCallback = Closure::new(move |kind: String, text: String| {
        if floor.event.try_with_untracked(|_| ()).is_none() {
            return 0.0;
        }
        heard(floor, slot, &kind, &text)
    });
    let with = [api::stream_address(event).into(), page.as_ref().clone()];
    let Ok(handle) = js::call(&window(), JOIN, &with) else { return };
    slot.set_value(Some(StreamHandle { handle, _page: page }));
    on_cleanup(move || call(slot, "close"));
    let network = Network::expect();
    let mut was_away = false;
    watch(move || {
        let is_away = network.is_away();
        if std::mem::replace(&mut was_away, is_away) && !is_away {
            call(slot, "again");
        }
    });
    let ticking =
        set_interval_with_handle(move || floor.lapse(), std::time::Duration::from_secs(1));
    on_cleanup(move || {
        if let Ok(ticking) = ticking {
            ticking.clear();
        }
    });
}

fn call(slot: Slot, name: &str) {
    let _ = slot.try_with_value(|line| line.as_ref().map(|line| line.call(name)));
}

/// The number of the last change that the page contains.
fn seq(floor: Floor) -> i64 {
    floor.look_untracked(|_, live| live.seq)
}

/// Processes one message of the script. Returns the answer to the question `seq`.
#[allow(clippy::cast_precision_loss, reason = "fewer than 2^53 changes")]
fn heard(floor: Floor, slot: Slot, kind: &str, text: &str) -> f64 {
    match kind {
        "open" => floor.stream.set(StreamStatus::Live),
        "away" => floor.stream.set(StreamStatus::Rejoining),
        stream_events::CHANGE => {
            if let Some(change) = json::parse::<Change>(text) {
                floor.change(change);
            }
        }
        stream_events::RESET => floor.begin_anew(),
        // Another tab has the connection, which has brought the changes up to this number.
        "at" => {
            if let Ok(at) = text.parse() {
                floor.hear_of(at);
            }
        }
        "return" => leptos::task::spawn_local(async move {
            floor.read_states().await;
            call(slot, "join");
            floor.read_event().await;
        }),
        _ => {}
    }
    seq(floor) as f64
}
