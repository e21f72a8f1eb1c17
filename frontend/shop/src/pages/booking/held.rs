//! For how long the seats of a pending booking stay held.

use std::time::Duration;

use holdfast_contract::bookings::Booking;
use leptos::prelude::*;

use super::told;
use ui::{
    components::erased::{known, live},
    i18n::use_i18n,
    state::{countdown::clock, network::Network},
};

const SECOND: Duration = Duration::from_secs(1);

/// The seconds for which the server holds the seats while the payment finishes. 0 when no payment is under way.
#[derive(Clone, Copy)]
pub struct HeldSeconds(RwSignal<i64>);

impl HeldSeconds {
    /// Starts the clock. Each answer of the server sets it right, after a tab has slept too.
    pub fn new() -> Self {
        let held = Self(RwSignal::new(0));
        if let Ok(ticking) = set_interval_with_handle(move || held.pass(), SECOND) {
            on_cleanup(move || ticking.clear());
        }
        held
    }

    fn pass(self) {
        self.0.maybe_update(|seconds| {
            let is_left = *seconds > 0;
            *seconds -= i64::from(is_left);
            is_left
        });
    }

    /// Takes the remaining time out of the server's answer, so that two answers about an unchanged booking are equal.
    pub fn put(self, booking: &mut Booking) {
        let seconds = booking.payment_expires_in_seconds.take().unwrap_or(0);
        if self.0.try_get_untracked() != Some(seconds) {
            self.0.try_set(seconds);
        }
    }

    /// The sentence about a payment under way, with the time for which the seats stay held. Without a connection nobody
    /// knows that, so the sentence does not promise it then.
    ///
    /// The time is a timer: a screen reader does not read its changes aloud, although it reads those of the region around it.
    pub fn sentence(self) -> AnyView {
        let (i18n, network) = (use_i18n(), Network::expect());
        let is_held = known(move || self.0.get() > 0 && !network.is_away());
        let words =
            move || told::waiting(i18n.get_locale(), is_held.get(), network.is_away()).to_owned();
        let time = move || if is_held.get() { clock(self.0.get()) } else { String::new() };
        view! {
            <p data-testid="booking-told">
                <span prop:textContent=live(words)></span>
                " "
                <span role="timer" class="figures" prop:textContent=live(time)></span>
            </p>
        }
        .into_any()
    }
}
