//! `/register`: the form that creates an account. Then the page takes the code of the mail.

use holdfast_contract::accounts::Registration;
use leptos::prelude::*;
use ui::{
    api, common,
    components::{
        consent::{Consent, ConsentField, is_about_terms},
        field::{Field, Filling},
        sign_in::{Typed, TypedFields},
    },
    i18n::{self, use_i18n},
    state::language,
    td_string, tx,
};

use super::{activate::CodeEntry, asking::Asking, form::AccountForm};

#[component]
pub fn RegisterPage() -> impl IntoView {
    let i18n = use_i18n();
    let (typed, registering) = (Typed::new(), Asking::new());
    let (first_name, last_name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    i18n::title(i18n, |locale| td_string!(locale, register.title));
    let failure = registering.failure;
    let consent = Consent::asked_anew_when(move || {
        failure.with(|failure| failure.as_ref().is_some_and(is_about_terms))
    });
    let send = move |()| {
        let Ok(accepted) = consent.said() else { return };
        let credentials = typed.credentials();
        let registration = Registration {
            email: credentials.email,
            password: credentials.password,
            first_name: first_name.get_untracked(),
            last_name: last_name.get_untracked(),
            locale: Some(language::tag(i18n.get_locale_untracked()).into()),
            accepted,
        };
        registering.send(async move { api::register(&registration).await });
    };
    let form = move || {
        view! {
            <AccountForm
                title=tx!(i18n, register.title)
                test_id="register-button"
                failure
                busy=registering.busy
                send
                question=tx!(i18n, register.has_account)
                other=common!(i18n, sign_in)
                other_path="/login"
            >
                <NameFields first_name last_name failure/>
                <TypedFields
                    typed
                    failure
                    autocomplete="new-password"
                    hint=tx!(i18n, register.password_hint)
                />
                <ConsentField consent/>
            </AccountForm>
        }
        .into_any()
    };
    let page = move || {
        if registering.is_done.get() {
            let email = typed.credentials().email;
            let text = tx!(i18n, activate.sent_text);
            return view! {
                <main id="main" class="page narrow"><CodeEntry email text/></main>
            }
            .into_any();
        }
        form()
    };
    view! { {page} }
}

/// The fields for the names of a user.
#[component]
pub fn NameFields(
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
    failure: RwSignal<Option<api::CallFailure>>,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
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
    }
}
