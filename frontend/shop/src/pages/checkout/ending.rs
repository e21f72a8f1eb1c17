//! The end of a checkout without a booking: what happened, what was kept, and the way back to the event.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::basket::{Basket, End};
use ui::{
    browser,
    components::icon::{Icon, Sign},
    i18n::use_i18n,
    tx,
};

/// The page returns to the event by itself after this time.
const BACK_AFTER_MS: i32 = 3_000;

#[component]
pub fn Ended(end: End, basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    let path = basket.event.with_value(|event| format!("/events/{}", event.slug));
    let navigate = StoredValue::new_local(use_navigate());
    {
        let path = path.clone();
        leptos::task::spawn_local(async move {
            browser::sleep(BACK_AFTER_MS).await;
            // The handler no longer exists if the visitor has left the page meanwhile.
            let _ = navigate.try_with_value(|go| {
                go(&path, NavigateOptions { replace: true, ..NavigateOptions::default() });
            });
        });
    }
    view! {
        <main id="main" class="page narrow">
            <div class="state-box" role="alert" data-testid="hold-ended">
                <Icon sign=Sign::Clock/>
                {match end {
                    End::Expired => {
                        view! {
                            <h1>{tx!(i18n, ended.expired)}</h1>
                            <p>{tx!(i18n, ended.expired_text)}</p>
                        }
                            .into_any()
                    }
                    End::Cancelled => {
                        view! {
                            <h1>{tx!(i18n, ended.cancelled)}</h1>
                            <p>{tx!(i18n, ended.cancelled_text)}</p>
                        }
                            .into_any()
                    }
                }}
                <a href=path class="button primary">{tx!(i18n, ended.back)}</a>
                <p class="fine">{tx!(i18n, ended.soon)}</p>
            </div>
        </main>
    }
}
