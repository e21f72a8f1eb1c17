//! There is no such page.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    i18n::{self, td_string, use_i18n},
    tx,
};

/// Any other address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, not_found.title));
    view! {
        <main id="main" class="page narrow">
            <div class="state-box">
                <p class="big-figure" aria-hidden="true">"404"</p>
                <h1>{tx!(i18n, not_found.title)}</h1>
                <p>{tx!(i18n, not_found.text)}</p>
                <A href="/" attr:class="button primary">{tx!(i18n, common.to_events)}</A>
            </div>
        </main>
    }
}
