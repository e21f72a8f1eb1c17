//! `/settings`: the language, the colours, and which mails are sent. The choices are kept in the browser; the language of a
//! signed-in user is also kept with the account.

use holdfast_contract::accounts::ProfileChange;
use leptos::prelude::*;
use ui::{
    api,
    arrival::arrive,
    common,
    components::{
        erased::{act, follow, live, part},
        failure::FailureNote,
        toasts::Toasts,
    },
    i18n::{self, use_i18n},
    program,
    state::{
        language,
        session::SignedInUser,
        theme::{Appearance, Theme},
    },
    t_string, td_string, tx,
};

use super::asking::Asking;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, settings.title));
    arrive();
    view! {
        <main id="main" class="page narrow">
            <h1>{tx!(i18n, settings.title)}</h1>
            <Languages/>
            <Colours/>
            <Mails/>
        </main>
    }
}

/// One choice of a group.
fn choice(
    group: &'static str,
    value: &'static str,
    name: AnyView,
    chosen: Signal<bool>,
    choose: Callback<()>,
) -> AnyView {
    view! {
        <label class="method">
            <input
                type="radio"
                name=group
                value=value
                data-testid=format!("{group}-{value}")
                prop:checked=chosen
                on:change=act(move |_| choose.run(()))
            />
            {name}
        </label>
    }
    .into_any()
}

#[component]
fn Languages() -> impl IntoView {
    let i18n = use_i18n();
    let (user, toasts, asking) = (SignedInUser::expect(), Toasts::expect(), Asking::new());
    let wanted = RwSignal::new(None::<&'static str>);
    let choose = move |tag: &'static str| {
        if let Some(locale) = language::locale_of(tag) {
            i18n.set_locale(locale);
        }
        wanted.set(Some(tag).filter(|_| untrack(|| user.is_signed_in())));
    };
    // A choice that is made during a request is sent after it.
    follow(move || {
        let (is_busy, Some(tag)) = (asking.busy.get(), wanted.get()) else { return };
        if is_busy {
            return;
        }
        wanted.set(None);
        let change = ProfileChange { locale: Some(tag.to_owned()), ..ProfileChange::default() };
        asking.send(async move {
            user.keep_own(api::edit_profile(&change).await?);
            toasts.tell(|locale| td_string!(locale, settings.language_saved));
            Ok(())
        });
    });
    let choices = language::LOCALES.map(|it| {
        let tag = language::tag(it);
        let chosen = live(move || i18n.get_locale() == it);
        let name = view! { <span lang=tag>{language::name(it)}</span> }.into_any();
        choice("language", tag, name, chosen, Callback::new(move |()| choose(tag)))
    });
    let text = move || {
        if user.is_signed_in() {
            t_string!(i18n, settings.language_account)
        } else {
            t_string!(i18n, settings.language_browser)
        }
    };
    view! {
        <fieldset class="panel form">
            <legend>{tx!(i18n, settings.language)}</legend>
            <FailureNote failure=asking.failure/>
            <div class="methods">{choices.collect_view()}</div>
            <p class="soft" prop:textContent=live(text)></p>
        </fieldset>
    }
}

#[component]
fn Colours() -> impl IntoView {
    let i18n = use_i18n();
    let theme = Appearance::expect().theme;
    let choices = [
        (Theme::Auto, "auto", tx!(i18n, settings.colours_auto)),
        (Theme::Light, "light", tx!(i18n, settings.colours_light)),
        (Theme::Dark, "dark", tx!(i18n, settings.colours_dark)),
    ]
    .map(|(it, word, name)| {
        let name = view! { <span>{name}</span> }.into_any();
        let chosen = live(move || theme.get() == it);
        choice("colours", word, name, chosen, Callback::new(move |()| theme.set(it)))
    });
    view! {
        <fieldset class="panel form">
            <legend>{tx!(i18n, settings.colours)}</legend>
            <div class="methods">{choices.collect_view()}</div>
            <p class="soft">{tx!(i18n, settings.colours_text)}</p>
        </fieldset>
    }
}

/// Which mails are sent, and in which language. All of them are about what somebody has done, so none can be switched off.
#[component]
fn Mails() -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let path = program::sign_in_path("/settings");
    view! {
        <section class="panel form" aria-labelledby="mails-title" data-testid="mails">
            <h2 id="mails-title">{tx!(i18n, settings.mails)}</h2>
            <p>{tx!(i18n, settings.mails_text)}</p>
            <ul class="dotted">
                <li>{tx!(i18n, settings.mails_bookings)}</li>
                <li>{tx!(i18n, settings.mails_account)}</li>
            </ul>
            {part(move || match user.profile() {
                Some(profile) => {
                    let locale = language::locale_of(&profile.locale);
                    let language = language::name(locale.unwrap_or(language::LOCALES[0]));
                    view! {
                        <p data-testid="mail-language">
                            {t_string!(i18n, settings.mails_language, language)}
                        </p>
                        <a href="/account" class="button secondary">{tx!(i18n, bookings.account)}</a>
                    }
                    .into_any()
                }
                None => view! {
                    <p>{tx!(i18n, settings.signed_out)}</p>
                    <a href=path.clone() class="button secondary">{common!(i18n, sign_in)}</a>
                }
                .into_any(),
            })}
        </section>
    }
}
