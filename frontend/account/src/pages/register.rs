//! `/register`: the form that creates an account and signs the new user in.

use holdfast_contract::accounts::Registration;
use leptos::prelude::*;
use ui::{
    api, common,
    components::{
        field::{Field, Filling},
        sign_in::{Sending, Typed, TypedFields},
    },
    i18n::{self, use_i18n},
    state::language,
    td_string, tx,
};

use super::form::AccountForm;
use crate::way_back::after_sign_in;

#[component]
pub fn RegisterPage() -> impl IntoView {
    let i18n = use_i18n();
    let (typed, sending) = (Typed::new(), Sending::new(after_sign_in()));
    let (first_name, last_name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    i18n::title(i18n, |locale| td_string!(locale, register.title));
    let send = move |()| {
        let credentials = typed.credentials();
        let registration = Registration {
            email: credentials.email,
            password: credentials.password,
            first_name: first_name.get_untracked(),
            last_name: last_name.get_untracked(),
            locale: Some(language::tag(i18n.get_locale_untracked()).into()),
        };
        sending.send(async move { api::register(&registration).await });
    };
    let failure = sending.failure;
    view! {
        <AccountForm
            title=tx!(i18n, register.title)
            test_id="register-button"
            sending
            send
            question=tx!(i18n, register.has_account)
            other=common!(i18n, sign_in)
            other_path="/login"
        >
            <div class="field-pair">
                <Field
                    name="first_name"
                    label=tx!(i18n, register.first_name)
                    autocomplete="given-name"
                    value=first_name
                    failure
                />
                <Field
                    name="last_name"
                    label=tx!(i18n, register.last_name)
                    autocomplete="family-name"
                    filling=Filling::Optional
                    value=last_name
                    failure
                />
            </div>
            <TypedFields
                typed
                sending
                autocomplete="new-password"
                hint=tx!(i18n, register.password_hint)
            />
        </AccountForm>
    }
}
