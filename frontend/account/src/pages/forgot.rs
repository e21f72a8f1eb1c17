//! `/forgot`: asks for a mail for a new password, and then takes the code of the mail.

use holdfast_contract::accounts::{Activation, NewPassword};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    common,
    components::{
        code_field::{CodeField, TypedCode},
        erased::part,
    },
    i18n::{self, use_i18n},
    td_string, tx,
};

use super::{
    activate::{Activating, OwnerFields},
    asking::{AskAgain, Asking, MailForm, NewPasswordField, NextHeading, PasswordSet},
};
use crate::way_back::with_return;

#[component]
pub fn ForgotPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, forgot.title));
    arrive();
    let (asking, resetting) = (Asking::new(), Asking::new());
    let email = RwSignal::new(String::new());
    let ask = move |email| asking.send(async move { api::forgot_password(email).await });
    let page = move || match (resetting.is_done.get(), asking.is_done.get()) {
        (true, _) => view! { <PasswordSet/> }.into_any(),
        (false, true) => view! { <CodeForm email asking resetting/> }.into_any(),
        (false, false) => view! {
            <MailForm
                title=tx!(i18n, forgot.title)
                text=tx!(i18n, forgot.text)
                email
                asking
                ask
                test_id="forgot-button"
            >
                <p class="fine"><a href=with_return("/login")>{common!(i18n, sign_in)}</a></p>
            </MailForm>
        }
        .into_any(),
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}

/// The fields for the code of the mail and the new password.
#[component]
fn CodeForm(email: RwSignal<String>, asking: Asking, resetting: Asking) -> impl IntoView {
    let i18n = use_i18n();
    let (code, activating) = (TypedCode::new(), Activating::new());
    let (failure, password) = (resetting.failure, activating.password);
    // The code of an account that is not active yet activates it.
    activating.asks_owner_after(failure);
    let reset = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(code) = code.complete() else { return };
        if activating.is_owner_asked.get_untracked() {
            return activating.send(Activation {
                email: Some(email.get_untracked()),
                code: Some(code),
                ..Activation::default()
            });
        }
        let wanted = NewPassword {
            token: None,
            email: Some(email.get_untracked()),
            code: Some(code),
            password: password.get_untracked(),
        };
        resetting.send(async move { api::reset_password(&wanted).await });
    };
    view! {
        <form class="panel form" novalidate data-testid="code-form" on:submit=reset>
            <NextHeading text=tx!(i18n, forgot.sent)/>
            <p>{tx!(i18n, forgot.sent_text)}</p>
            <CodeField code failure also=activating.sending.failure/>
            {part(move || {
                if activating.is_owner_asked.get() {
                    view! { <OwnerFields activating/> }.into_any()
                } else {
                    view! { <NewPasswordField password resetting/> }.into_any()
                }
            })}
            <AskAgain asking test_id="ask-again"/>
        </form>
    }
}
