//! The state of the connection: whether the server can be reached, and whether it has room.
//!
//! The browser says when the device loses its network, but not when the network leads nowhere. So the page also asks
//! the server: after a call without a response, and regularly while the visitor holds seats or the server was
//! unreachable.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit};

use super::holds::Holds;
use crate::browser;

/// How often the server is asked while it cannot be reached.
const TICK: Duration = Duration::from_secs(2);
/// The number of ticks between two questions while the visitor holds seats.
const WATCHED_TICKS: u32 = 5;
/// How long the server may take to respond, in milliseconds.
const ANSWER_LIMIT_MS: u32 = 5_000;
/// The address that responds as long as the server runs.
const ALIVE: &str = "/healthz";

thread_local! {
    static NETWORK: Cell<Option<Network>> = const { Cell::new(None) };
}

/// Whether the server can be reached.
#[derive(Clone, Copy)]
pub struct Network {
    away: RwSignal<bool>,
    /// How many calls wait because the server has no room.
    waiting: RwSignal<u32>,
    is_asking: StoredValue<bool>,
}

impl Network {
    /// Watches the network, and provides its state to every component.
    pub fn provide() {
        let network = Self {
            away: RwSignal::new(!window().navigator().on_line()),
            waiting: RwSignal::new(0),
            is_asking: StoredValue::new(false),
        };
        provide_context(network);
        NETWORK.set(Some(network));
        let holds = Holds::expect();
        let lost = window_event_listener(ev::offline, move |_| network.away.set(true));
        let back = window_event_listener(ev::online, move |_| network.ask());
        on_cleanup(move || {
            lost.remove();
            back.remove();
        });
        let ticks = Cell::new(0_u32);
        let watch = move || {
            ticks.set(ticks.get() + 1);
            let holding = holds.seconds.with_untracked(Option::is_some);
            if network.away.get_untracked()
                || (holding && ticks.get().is_multiple_of(WATCHED_TICKS))
            {
                network.ask();
            }
        };
        let _ = set_interval_with_handle(watch, TICK);
    }

    /// The state that [`Self::provide`] provided.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Whether the server cannot be reached; reactive.
    pub fn is_away(self) -> bool {
        self.away.get()
    }

    /// Whether a call waits because the server has no room; reactive.
    pub fn is_full(self) -> bool {
        self.waiting.get() > 0
    }

    fn ask(self) {
        if self.is_asking.get_value() {
            return;
        }
        self.is_asking.set_value(true);
        leptos::task::spawn_local(async move {
            let away = !window().navigator().on_line() || !answers().await;
            self.is_asking.set_value(false);
            self.away.maybe_update(|known| std::mem::replace(known, away) != away);
        });
    }
}

/// Asks the server whether it can still be reached, because a call had no response.
pub fn doubt() {
    if let Some(network) = NETWORK.get() {
        network.ask();
    }
}

/// Waits because the server has no room. The pages say so meanwhile.
pub async fn wait_for_room(ms: i32) {
    let waiting = NETWORK.get().map(|network| network.waiting);
    let count = |change: fn(&mut u32)| waiting.map(|waiting| waiting.try_update(change));
    count(|waiting| *waiting += 1);
    browser::sleep(ms).await;
    count(|waiting| *waiting -= 1);
}

async fn answers() -> bool {
    let init = RequestInit::new();
    init.set_signal(Some(&AbortSignal::timeout_with_u32(ANSWER_LIMIT_MS)));
    JsFuture::from(window().fetch_with_str_and_init(ALIVE, &init)).await.is_ok()
}
