//! `/email#<token>`: the link of a mail about a new address. It gives the account the new address, or takes the change back.

use holdfast_contract::accounts::EmailProof;
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    i18n::{self, use_i18n},
    state::session::{self, SignedInUser},
    td_string, tx,
};

use super::asking::{Asking, ProofFailure, SubmitButton, link_token};

/// How the token of a link begins that takes a change back.
const RESTORES: &str = "hl1.email_restore.";

#[component]
pub fn EmailPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, email.page));
    arrive();
    let token = link_token();
    let page = move || {
        let token = token.get();
        if token.is_empty() {
            return view! {
                <div class="panel form" data-testid="no-token">
                    <h1>{tx!(i18n, email.page)}</h1>
                    <p>{tx!(i18n, email.no_token)}</p>
                    <a class="button primary wide" href="/account">{tx!(i18n, account.title)}</a>
                </div>
            }
            .into_any();
        }
        view! { <LinkForm token/> }.into_any()
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}

#[component]
fn LinkForm(token: String) -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let asking = Asking::new();
    let restores = token.starts_with(RESTORES);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = EmailProof { token: Some(token.clone()), ..EmailProof::default() };
        asking.send(async move {
            api::prove_email(&wanted).await?;
            if restores {
                // All sessions of the account have ended. Another user of this browser stays signed in.
                session::renewed().await;
            } else {
                renew(user).await;
            }
            Ok(())
        });
    };
    let form = move || {
        let texts = if restores {
            (tx!(i18n, email.restore), tx!(i18n, email.restore_text), tx!(i18n, email.restore_send))
        } else {
            (tx!(i18n, email.title), tx!(i18n, email.text), tx!(i18n, email.send))
        };
        let (title, text, label) = texts;
        view! {
            <h1>{title}</h1>
            <p>{text}</p>
            <ProofFailure failure=asking.failure/>
            <SubmitButton busy=asking.busy label test_id="email-button"/>
        }
    };
    let page = move || {
        if !asking.is_done.get() {
            return form().into_any();
        }
        let (title, text) = if restores {
            (tx!(i18n, email.restored), tx!(i18n, email.restored_text))
        } else {
            (tx!(i18n, email.done), tx!(i18n, email.done_text))
        };
        view! {
            <div data-testid="email-done" class="form">
                <h1>{title}</h1>
                <p>{text}</p>
                <a class="button primary wide" href="/account">{tx!(i18n, account.title)}</a>
            </div>
        }
        .into_any()
    };
    view! { <form class="panel form" novalidate on:submit=send>{page}</form> }
}

/// Shows the signed-in user as the server knows them now.
pub async fn renew(user: SignedInUser) {
    if !untrack(|| user.is_signed_in()) {
        return;
    }
    if let Ok(profile) = api::profile().await {
        user.keep_own(profile);
    }
}
