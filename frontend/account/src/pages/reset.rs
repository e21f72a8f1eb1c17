//! `/reset#<token>`: the form for a new password, to which the link of the mail leads.

use holdfast_contract::accounts::NewPassword;
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    i18n::{self, use_i18n},
    td_string, tx,
};

use super::asking::{Asking, NewPasswordField, PasswordSet, ProofFailure, link_token};

#[component]
pub fn ResetPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, reset.title));
    arrive();
    let (token, resetting) = (link_token(), Asking::new());
    let password = RwSignal::new(String::new());
    let reset = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = NewPassword {
            token: Some(token.get_untracked()),
            email: None,
            code: None,
            password: password.get_untracked(),
        };
        resetting.send(async move { api::reset_password(&wanted).await });
    };
    let page = move || {
        if resetting.is_done.get() {
            return view! { <PasswordSet/> }.into_any();
        }
        if token.with(String::is_empty) {
            return view! {
                <div class="panel form" data-testid="no-token">
                    <h1>{tx!(i18n, reset.title)}</h1>
                    <p>{tx!(i18n, reset.no_token)}</p>
                    <a class="button primary wide" href="/forgot">{tx!(i18n, reset.again)}</a>
                </div>
            }
            .into_any();
        }
        view! {
            <form class="panel form" novalidate on:submit=reset>
                <h1>{tx!(i18n, reset.title)}</h1>
                <ProofFailure failure=resetting.failure/>
                <NewPasswordField password resetting/>
                <p class="fine"><a href="/forgot">{tx!(i18n, reset.again)}</a></p>
            </form>
        }
        .into_any()
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}
