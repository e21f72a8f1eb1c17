//! `/terms`, `/privacy`, `/cookies` and `/imprint`: the legal documents of the shop.

use holdfast_contract::legal::{LegalKind, LegalText};
use leptos::prelude::*;
use ui::{
    api, browser,
    components::{
        erased::part,
        loaded::{Waiting, loaded},
    },
    i18n::use_i18n,
    state::language,
    td_string, tx,
};

#[component]
pub fn TermsPage() -> impl IntoView {
    view! { <LegalPage kind=LegalKind::Terms/> }
}

#[component]
pub fn PrivacyPage() -> impl IntoView {
    view! { <LegalPage kind=LegalKind::Privacy/> }
}

#[component]
pub fn CookiesPage() -> impl IntoView {
    view! { <LegalPage kind=LegalKind::Cookies/> }
}

#[component]
pub fn ImprintPage() -> impl IntoView {
    view! { <LegalPage kind=LegalKind::Imprint/> }
}

/// The document in the language of the page, or in the language that the server has instead.
#[component]
fn LegalPage(kind: LegalKind) -> impl IntoView {
    let i18n = use_i18n();
    part(move || {
        let language = language::tag(i18n.get_locale());
        loaded(
            move || api::legal_text(kind, language),
            || view! { <Waiting/> }.into_any(),
            move |text, _| view! { <Shown text wanted=language/> }.into_any(),
        )
    })
}

#[component]
fn Shown(
    text: LegalText,
    /// The language of the page.
    wanted: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let LegalText { title, version, language, html, .. } = text;
    browser::set_title(&title);
    let is_foreign = language != wanted;
    let note = is_foreign.then(|| view! { <p class="soft">{tx!(i18n, legal.other_language)}</p> });
    view! {
        <main id="main" class="page column" data-testid="legal">
            <h1 lang=language.clone()>{title}</h1>
            <p class="soft" data-testid="legal-version">
                {td_string!(
                    i18n.get_locale_untracked(), legal.version, version = version.as_str()
                )}
            </p>
            {note}
            <div class="prose" lang=language inner_html=html></div>
        </main>
    }
}
