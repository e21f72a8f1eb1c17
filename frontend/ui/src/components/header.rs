//! The header of every page: name, countdown, language, colours, and the signed-in user.

use holdfast_contract::accounts::{Profile, Role};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    countdown::Countdown,
    icon::{Icon, Sign},
};
use crate::{
    api, common,
    components::erased::{act, live, part},
    i18n::{Locale, use_i18n},
    program,
    state::{
        language,
        session::Account,
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
            <span>{part(move || match other() {
                Locale::en => "English",
                Locale::fr => "Français",
            })}</span>
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
    let account = Account::expect();
    let sign_out = move |_| {
        leptos::task::spawn_local(async move {
            // The token is removed from the device, whatever the server responds.
            let _ = api::logout().await;
            account.sign_out();
        });
    };
    part(move || match account.profile() {
        Some(profile) => view! {
            {name(profile)}
            <button type="button" class="quiet bar-button" data-testid="sign-out" on:click=sign_out>
                {tx!(i18n, header.sign_out)}
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

/// The name of the signed-in user. For users with a desk, it is a link to the desk.
fn name(profile: Profile) -> AnyView {
    let i18n = use_i18n();
    let inner = view! {
        <Icon sign=Sign::User/>
        <span>{profile.first_name}</span>
    };
    match profile.role {
        Role::Organizer | Role::Admin => view! {
            <a
                class="who bar-button quiet"
                data-testid="signed-in"
                href="/desk"
                rel=program::rel("/desk")
                title=tx!(i18n, header.desk)
            >
                {inner}
            </a>
        }
        .into_any(),
        Role::Customer | Role::Controller => view! {
            <span class="who" data-testid="signed-in" title=profile.email>{inner}</span>
        }
        .into_any(),
    }
}
