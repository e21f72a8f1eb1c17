//! The remaining time of the visitor's holds, from the hold to the payment.

use leptos::prelude::*;

use super::icon::{Icon, Sign};
use crate::{
    components::erased::{follow, known, live, part},
    counted,
    i18n::use_i18n,
    program,
    state::{
        countdown::{Urgency, announcement, clock},
        holds::Holds,
    },
    tx,
};

/// The countdown in the header. It shows figures; screen readers get words at 5, 3 and 1 minutes.
#[component]
pub fn Countdown() -> impl IntoView {
    let i18n = use_i18n();
    let holds = Holds::expect();
    let spoken = RwSignal::new(None::<i64>);
    let mut before = None;
    follow(move || {
        let now = holds.seconds.get();
        if let (Some(before), Some(now)) = (before, now)
            && let Some(minutes) = announcement(before, now)
        {
            spoken.set(Some(minutes));
        }
        before = now;
    });
    let words = move || {
        let minutes = spoken.get();
        minutes.map_or_else(String::new, |minutes| {
            counted!(i18n.get_locale(), minutes, hold.spoken_single | hold.spoken_several)
        })
    };
    let shown = known(move || holds.seconds.get().is_some());
    view! {
        {part(move || {
            shown
                .get()
                .then(|| {
                    let seconds = move || holds.seconds.get().unwrap_or(0);
                    let class = move || format!("countdown {}", Urgency::at(seconds()).class());
                    view! {
                        <a
                            href=live(move || holds.checkout_path().unwrap_or_else(|| "/".into()))
                            rel=program::rel("/checkout/-")
                            class=live(class)
                            data-testid="countdown"
                            title=tx!(i18n, hold.to_checkout)
                        >
                            <Icon sign=Sign::Clock/>
                            <span class="visually-hidden">{tx!(i18n, hold.time_left)}</span>
                            <span class="figures" role="timer" prop:textContent=live(move || clock(seconds()))></span>
                        </a>
                    }
                })
        })}
        <p class="visually-hidden" aria-live="assertive" prop:textContent=live(words)></p>
    }
}
