//! The page for addresses without a page.

use leptos::prelude::*;

use crate::{
    arrival::arrive,
    common,
    i18n::{self, use_i18n},
    program, td_string, tx,
};

/// The page for an address that does not exist, or that the visitor may not know of.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let i18n = use_i18n();
    arrive();
    i18n::title(i18n, |locale| td_string!(locale, not_found.title));
    view! {
        <main id="main" class="page narrow">
            <div class="state-box">
                <p class="big-figure" aria-hidden="true">"404"</p>
                <h1>{tx!(i18n, not_found.title)}</h1>
                <p>{tx!(i18n, not_found.text)}</p>
                <a href="/" rel=program::rel("/") class="button primary">
                    {common!(i18n, to_events)}
                </a>
            </div>
        </main>
    }
}
