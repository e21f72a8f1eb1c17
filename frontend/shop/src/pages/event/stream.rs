//! The connection to the event stream (server-sent events), opened again whenever it breaks.
//!
//! The browser reconnects by itself and sends the last id that it saw. Only when the browser gives up does this module
//! open a new connection, which continues after the last change that the page contains.

use std::{cell::RefCell, rc::Rc};

use holdfast_contract::live::{Change, stream_events};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use super::floor::{Floor, StreamStatus};
use ui::{api, browser, components::erased::follow as watch, json, state::network::Network};

/// The wait before the first new connection. Each failure doubles it.
const FIRST_WAIT_MS: i32 = 1_000;
/// The longest wait before a new connection.
const LONGEST_WAIT_MS: i32 = 15_000;
/// A shorter interruption is not shown to the visitor.
const QUIET_MS: i32 = 1_500;

type Listener = Closure<dyn Fn(MessageEvent)>;

/// An open connection. It is closed when it is dropped.
struct Line {
    source: EventSource,
    _listeners: Vec<Listener>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}

type Slot = Rc<RefCell<Option<Line>>>;

/// Follows the stream until the visitor leaves the page.
pub fn follow(floor: Floor) {
    let slot: Slot = Rc::default();
    open(floor, &slot, FIRST_WAIT_MS);
    let kept = StoredValue::new_local(slot);
    on_cleanup(move || {
        if let Some(slot) = kept.try_get_value() {
            slot.borrow_mut().take();
        }
    });
    // A connection may look open although the network under it is gone. When the server can be reached again, the
    // page opens a new connection and does not wait until the browser notices.
    let network = Network::expect();
    let mut was_away = false;
    watch(move || {
        let is_away = network.is_away();
        if std::mem::replace(&mut was_away, is_away) && !is_away {
            kept.with_value(|slot| open(floor, slot, FIRST_WAIT_MS));
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

fn open(floor: Floor, slot: &Slot, wait_ms: i32) {
    let Some(event) = floor.event.try_with_untracked(|event| event.id) else { return };
    let seq = floor.look_untracked(|_, live| live.seq);
    let Ok(source) = EventSource::new(&api::stream_address(event, seq)) else { return };

    let opened: Listener = Closure::new(move |_| {
        let _ = floor.stream.try_set(StreamStatus::Live);
    });
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));

    let broken: Listener = {
        let slot = slot.clone();
        let source = source.clone();
        Closure::new(move |_| {
            tell_if_it_lasts(floor, source.clone());
            if source.ready_state() == EventSource::CLOSED {
                let slot = slot.clone();
                leptos::task::spawn_local(async move {
                    browser::sleep(wait_ms).await;
                    if floor.event.try_with_untracked(|_| ()).is_some() && slot.borrow().is_some() {
                        open(floor, &slot, (wait_ms * 2).min(LONGEST_WAIT_MS));
                    }
                });
            }
        })
    };
    source.set_onerror(Some(broken.as_ref().unchecked_ref()));

    let change: Listener = Closure::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Some(change) = json::parse::<Change>(&text)
            && floor.event.try_with_untracked(|_| ()).is_some()
        {
            floor.change(change);
        }
    });
    let reset: Listener = Closure::new(move |_| {
        if floor.event.try_with_untracked(|_| ()).is_some() {
            floor.begin_anew();
        }
    });
    for (name, listener) in [(stream_events::CHANGE, &change), (stream_events::RESET, &reset)] {
        let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    }
    let line = Line { source, _listeners: vec![opened, broken, change, reset] };
    let before = slot.borrow_mut().replace(line);
    // One of the listeners may be running right now, so the old connection is freed after that listener returns.
    leptos::task::spawn_local(async move { drop(before) });
}

fn tell_if_it_lasts(floor: Floor, source: EventSource) {
    leptos::task::spawn_local(async move {
        browser::sleep(QUIET_MS).await;
        let was_live = floor.stream.try_get_untracked() == Some(StreamStatus::Live);
        if source.ready_state() != EventSource::OPEN && was_live {
            let _ = floor.stream.try_set(StreamStatus::Rejoining);
        }
    });
}
