//! `/forgot`: asks for a mail for a new password, and then takes the code of the mail.

use holdfast_contract::{
    accounts::{Activation, NewPassword},
    problem::ProblemType,
};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    common,
    components::{
        erased::{act, follow, part},
        failure::FailureNote,
        field::Field,
    },
    i18n::{self, use_i18n},
    td_string, tx,
};

use super::{
    activate::{Activating, OwnerFields},
    asking::{Asking, NewPasswordField, PasswordSet, ProofFailure},
};
use crate::way_back::with_return;

#[component]
pub fn ForgotPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, forgot.title));
    arrive();
    let (asking, resetting) = (Asking::new(), Asking::new());
    let email = RwSignal::new(String::new());
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        let email = email.get_untracked();
        asking.send(async move { api::forgot_password(email).await });
    };
    let page = move || match (resetting.is_done.get(), asking.is_done.get()) {
        (true, _) => view! { <PasswordSet/> }.into_any(),
        (false, true) => view! { <CodeForm email asking resetting/> }.into_any(),
        (false, false) => view! {
            <form class="panel form" novalidate on:submit=ask>
                <h1>{tx!(i18n, forgot.title)}</h1>
                <p>{tx!(i18n, forgot.text)}</p>
                <FailureNote failure=asking.failure/>
                <Field
                    name="email"
                    label=tx!(i18n, forgot.email)
                    kind="email"
                    autocomplete="email"
                    value=email
                    failure=asking.failure
                />
                <button
                    type="submit"
                    class="button primary wide"
                    disabled=asking.busy
                    data-testid="forgot-button"
                >
                    {tx!(i18n, forgot.send)}
                </button>
                <p class="fine"><a href=with_return("/login")>{common!(i18n, sign_in)}</a></p>
            </form>
        }
        .into_any(),
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}

/// The fields for the code of the mail and the new password.
#[component]
fn CodeForm(email: RwSignal<String>, asking: Asking, resetting: Asking) -> impl IntoView {
    let i18n = use_i18n();
    let (code, activating) = (RwSignal::new(String::new()), Activating::new());
    let (failure, password) = (resetting.failure, activating.password);
    // The code of an account that is not active yet activates it.
    follow(move || {
        let kind = failure.with(|failure| failure.as_ref()?.kind());
        if kind == Some(ProblemType::RegisteredElsewhere) {
            activating.is_owner_asked.set(true);
            failure.set(None);
        }
    });
    let reset = move |event: SubmitEvent| {
        event.prevent_default();
        if activating.is_owner_asked.get_untracked() {
            return activating.send(Activation {
                email: Some(email.get_untracked()),
                code: Some(code.get_untracked()),
                ..Activation::default()
            });
        }
        let wanted = NewPassword {
            token: None,
            email: Some(email.get_untracked()),
            code: Some(code.get_untracked()),
            password: password.get_untracked(),
        };
        resetting.send(async move { api::reset_password(&wanted).await });
    };
    view! {
        <form class="panel form" novalidate data-testid="code-form" on:submit=reset>
            <h1>{tx!(i18n, forgot.sent)}</h1>
            <p>{tx!(i18n, forgot.sent_text)}</p>
            <ProofFailure failure/>
            <Field
                name="mail-code"
                label=tx!(i18n, forgot.code)
                autocomplete="one-time-code"
                value=code
                failure
            />
            {part(move || {
                if activating.is_owner_asked.get() {
                    view! { <OwnerFields activating/> }.into_any()
                } else {
                    view! { <NewPasswordField password resetting/> }.into_any()
                }
            })}
            <ProofFailure failure=activating.sending.failure/>
            <button
                type="button"
                class="button secondary wide"
                data-testid="ask-again"
                on:click=act(move |_| asking.is_done.set(false))
            >
                {tx!(i18n, forgot.again)}
            </button>
        </form>
    }
}
