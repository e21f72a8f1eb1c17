//! The header of every page: name, countdown, language, colours, and the signed-in user.

use holdfast_contract::accounts::Role;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    bar::Bar,
    countdown::Countdown,
    icon::{Icon, Sign},
    kept_note::KeptNote,
};
use crate::{
    common,
    components::erased::{act, known, live, part},
    i18n::{Locale, use_i18n},
    program,
    state::{
        countdown::clock,
        holds::Holds,
        language,
        network::Network,
        session::SignedInUser,
        theme::{Appearance, Theme},
    },
    t_string, tx,
};

/// Moves the focus to the main part of the page. Without `prevent_default`, the router would treat the click as a link
/// to another page.
fn skip(event: web_sys::MouseEvent) {
    event.prevent_default();
    let main =
        document().get_element_by_id("main").and_then(|main| main.dyn_into::<HtmlElement>().ok());
    if let Some(main) = main {
        let _ = main.set_attribute("tabindex", "-1");
        let _ = main.focus();
    }
}

#[component]
pub fn Header() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <a class="skip" href="#main" on:click=act(skip)>{tx!(i18n, header.skip)}</a>
        <header class="top">
            <a href="/" rel=program::rel("/") class="brand">
                <span class="brand-mark" aria-hidden="true"></span>
                <span>"Holdfast"</span>
            </a>
            <div class="top-middle">
                <Countdown/>
            </div>
            <nav class="top-actions" aria-label=tx!(i18n, header.settings)>
                <LanguageSwitch/>
                <ThemeSwitch/>
                <Who/>
            </nav>
        </header>
        <OfflineBar/>
        <KeptNote/>
    }
}

/// A message while the server cannot be reached, or has no room. The message says that the seats are held only as long as that is
/// true.
#[component]
fn OfflineBar() -> impl IntoView {
    let i18n = use_i18n();
    let (network, holds) = (Network::expect(), Holds::expect());
    let text = move || match holds.seconds.get().filter(|seconds| *seconds > 0) {
        Some(seconds) => {
            let time = clock(seconds);
            t_string!(i18n, header.offline_held, time = time.as_str())
        }
        None => t_string!(i18n, header.offline).to_owned(),
    };
    let shown = known(move || network.is_away());
    let full = known(move || network.is_full() && !network.is_away());
    let full_text = move || t_string!(i18n, header.full).to_owned();
    view! {
        <Bar class="offline-bar" test_id="offline" sign=Sign::Offline shown text=live(text)/>
        <Bar class="offline-bar" test_id="full" sign=Sign::Clock shown=full text=live(full_text)/>
    }
}

#[component]
fn LanguageSwitch() -> impl IntoView {
    let i18n = use_i18n();
    let other = move || match i18n.get_locale() {
        Locale::en => Locale::fr,
        Locale::fr => Locale::en,
    };
    let code = move || language::tag(other());
    view! {
        <button
            type="button"
            class="quiet bar-button"
            data-testid="language"
            lang=live(code)
            on:click=act(move |_| i18n.set_locale(other()))
        >
            <Icon sign=Sign::Language/>
            <span>{part(move || language::name(other()))}</span>
        </button>
    }
}

#[component]
fn ThemeSwitch() -> impl IntoView {
    let i18n = use_i18n();
    let theme = Appearance::expect().theme;
    let label = move || match theme.get() {
        Theme::Auto => t_string!(i18n, header.theme_auto),
        Theme::Light => t_string!(i18n, header.theme_light),
        Theme::Dark => t_string!(i18n, header.theme_dark),
    };
    view! {
        <button
            type="button"
            class="quiet bar-button square"
            data-testid="theme"
            aria-label=live(label)
            title=live(label)
            on:click=act(move |_| theme.update(|theme| *theme = theme.next()))
        >
            {part(move || {
                let sign = match theme.get() {
                    Theme::Auto => Sign::Auto,
                    Theme::Light => Sign::Sun,
                    Theme::Dark => Sign::Moon,
                };
                view! { <Icon sign/> }
            })}
        </button>
    }
}

#[component]
fn Who() -> impl IntoView {
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let sign_out = move |_| account.sign_out();
    part(move || match account.profile() {
        Some(profile) => view! {
            {matches!(profile.role, Role::Organizer | Role::Admin)
                .then(|| {
                    view! {
                        <a
                            class="bar-button quiet desk-link"
                            data-testid="desk-link"
                            href="/desk"
                            rel=program::rel("/desk")
                        >
                            {tx!(i18n, header.desk)}
                        </a>
                    }
                })}
            <a
                class="who bar-button quiet"
                data-testid="signed-in"
                href="/bookings"
                rel=program::rel("/bookings")
                title=tx!(i18n, header.bookings)
            >
                <Icon sign=Sign::User/>
                <span dir="auto">{profile.first_name}</span>
            </a>
            <button type="button" class="quiet bar-button" data-testid="sign-out" on:click=sign_out>
                <Icon sign=Sign::Leave/>
                <span>{tx!(i18n, header.sign_out)}</span>
            </button>
        }
        .into_any(),
        None => view! {
            <a href="/login" rel=program::rel("/login") class="bar-button quiet">
                <Icon sign=Sign::User/>
                <span>{common!(i18n, sign_in)}</span>
            </a>
        }
        .into_any(),
    })
}
