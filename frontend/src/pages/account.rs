//! Signing in and registering.

mod form;
mod way_back;

use holdfast_contract::accounts::{Credentials, Registration};
use leptos::prelude::*;

use crate::{
    api,
    i18n::{self, td_string, use_i18n},
    state::language,
    tx,
};
use form::{Field, Sending, SignForm};

/// What both forms ask for.
#[derive(Clone, Copy)]
struct Typed {
    email: RwSignal<String>,
    password: RwSignal<String>,
}

impl Typed {
    fn new() -> Self {
        Self { email: RwSignal::new(String::new()), password: RwSignal::new(String::new()) }
    }

    fn credentials(self) -> Credentials {
        Credentials { email: self.email.get_untracked(), password: self.password.get_untracked() }
    }
}

/// The fields of [`Typed`]. A new password is told what it needs.
#[component]
fn TypedFields(
    typed: Typed,
    sending: Sending,
    /// What the browser may fill in as the password.
    autocomplete: &'static str,
    /// What is asked of the password.
    #[prop(optional)]
    hint: Option<Signal<&'static str>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let failure = sending.failure;
    view! {
        <Field
            name="email"
            label=tx!(i18n, account.email)
            kind="email"
            autocomplete="email"
            value=typed.email
            failure
        />
        <Field
            name="password"
            label=tx!(i18n, account.password)
            kind="password"
            autocomplete
            value=typed.password
            failure
            hint
        />
    }
}

/// `/login`.
#[component]
pub fn LoginPage() -> impl IntoView {
    let i18n = use_i18n();
    let (typed, sending) = (Typed::new(), Sending::new());
    i18n::title(i18n, |locale| td_string!(locale, account.sign_in));
    let send = move |()| {
        let credentials = typed.credentials();
        sending.send(async move { api::login(&credentials).await });
    };
    view! {
        <SignForm
            title=tx!(i18n, account.sign_in)
            test_id="login-button"
            sending
            send
            question=tx!(i18n, account.no_account)
            other=tx!(i18n, account.register)
            other_path="/register"
        >
            <TypedFields typed sending autocomplete="current-password"/>
        </SignForm>
    }
}

/// `/register`.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let i18n = use_i18n();
    let (typed, sending) = (Typed::new(), Sending::new());
    let (first_name, last_name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    i18n::title(i18n, |locale| td_string!(locale, account.register));
    let send = move |()| {
        let credentials = typed.credentials();
        let registration = Registration {
            email: credentials.email.clone(),
            password: credentials.password.clone(),
            first_name: first_name.get_untracked(),
            last_name: last_name.get_untracked(),
            locale: Some(language::tag(i18n.get_locale_untracked()).into()),
        };
        sending.send(async move {
            api::register(&registration).await?;
            api::login(&credentials).await
        });
    };
    let failure = sending.failure;
    view! {
        <SignForm
            title=tx!(i18n, account.register)
            test_id="register-button"
            sending
            send
            question=tx!(i18n, account.has_account)
            other=tx!(i18n, account.sign_in)
            other_path="/login"
        >
            <div class="field-pair">
                <Field
                    name="first_name"
                    label=tx!(i18n, account.first_name)
                    autocomplete="given-name"
                    value=first_name
                    failure
                />
                <Field
                    name="last_name"
                    label=tx!(i18n, account.last_name)
                    autocomplete="family-name"
                    value=last_name
                    failure
                />
            </div>
            <TypedFields
                typed
                sending
                autocomplete="new-password"
                hint=tx!(i18n, account.password_hint)
            />
        </SignForm>
    }
}
