//! The address of the signed-in user: a form for another one, and then the code of the mail to it.

use holdfast_contract::accounts::{EmailProof, NewEmail};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api, browser,
    components::{
        code_field::{CODE_ID, CodeField, SendsItself, TypedCode},
        complaint::Complaint,
        erased::{act, live, part},
        field::Field,
        toasts::Toasts,
    },
    i18n::{Locale, use_i18n},
    state::session::SignedInUser,
    t_string, td_string, tx,
};

use crate::pages::{
    asking::{Asking, Refusal, SubmitButton},
    email::renew,
};

#[component]
pub fn EmailForm() -> impl IntoView {
    let i18n = use_i18n();
    let (asking, proving) = (Asking::new(), Asking::new());
    let (address, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    view! {
        <section class="panel form" aria-labelledby="email-title">
            <h2 id="email-title">{tx!(i18n, account.email)}</h2>
            {part(move || {
                if asking.is_done.get() {
                    view! { <CodeForm address asking proving/> }.into_any()
                } else {
                    view! { <AddressForm address password asking proving/> }.into_any()
                }
            })}
        </section>
    }
}

/// Why the server lets nobody ask for the address.
fn refusal(locale: Locale, reason: &str) -> Option<&'static str> {
    (reason == "changed-lately").then(|| td_string!(locale, account.changed_lately))
}

#[component]
fn AddressForm(
    address: RwSignal<String>,
    password: RwSignal<String>,
    asking: Asking,
    proving: Asking,
) -> impl IntoView {
    let i18n = use_i18n();
    let (user, is_same) = (SignedInUser::expect(), RwSignal::new(false));
    let failure = asking.failure;
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted =
            NewEmail { email: address.get_untracked(), current_password: password.get_untracked() };
        // What an earlier code came to is about another address.
        proving.is_done.set(false);
        proving.failure.set(None);
        let present = untrack(|| user.profile()).map(|profile| profile.email);
        is_same.set(present.as_deref() == Some(wanted.email.trim().to_lowercase().as_str()));
        if is_same.get_untracked() {
            return;
        }
        asking.send(async move {
            api::ask_new_email(&wanted).await?;
            password.set(String::new());
            browser::focus_drawn(CODE_ID);
            Ok(())
        });
    };
    let same = move || {
        if is_same.get() { t_string!(i18n, account.same_email) } else { "" }
    };
    view! {
        <form class="form" novalidate on:submit=ask>
            <Refusal
                failure
                secrets=&["current_password"]
                refused=tx!(i18n, account.wrong_password)
                explains=refusal
            />
            <Complaint id="same-email" text=live(same)/>
            <Field
                name="email"
                label=tx!(i18n, account.new_email)
                kind="email"
                autocomplete="email"
                value=address
                failure
            />
            <Field
                name="current-password"
                within="email-"
                label=tx!(i18n, account.current_password)
                kind="password"
                autocomplete="current-password"
                value=password
                failure
            />
            <SubmitButton
                busy=asking.busy
                label=tx!(i18n, account.change_email)
                test_id="new-email-button"
            />
        </form>
    }
}

#[component]
fn CodeForm(address: RwSignal<String>, asking: Asking, proving: Asking) -> impl IntoView {
    let i18n = use_i18n();
    let (user, toasts) = (SignedInUser::expect(), Toasts::expect());
    let code = TypedCode::new();
    let sent = move || t_string!(i18n, account.email_sent, email = address.get());
    let prove = Callback::new(move |()| {
        let Some(code) = code.complete() else { return };
        let present = untrack(|| user.profile()).map(|profile| profile.email);
        let wanted = EmailProof { token: None, email: present, code: Some(code) };
        proving.send(async move {
            api::prove_email(&wanted).await?;
            renew(user).await;
            address.set(String::new());
            asking.is_done.set(false);
            toasts.tell(|locale| td_string!(locale, account.email_changed));
            Ok(())
        });
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        prove.run(());
    };
    let sends = SendsItself { is_enough: Signal::stored(true), busy: proving.busy, send: prove };
    view! {
        <form class="form" novalidate data-testid="email-code-form" on:submit=submit>
            <p role="status" prop:textContent=live(sent)></p>
            <CodeField code failure=proving.failure sends/>
            <SubmitButton busy=proving.busy label=tx!(i18n, email.send) test_id="email-code-button"/>
            <button
                type="button"
                class="button secondary wide"
                data-testid="other-email"
                on:click=act(move |_| {
                    asking.is_done.set(false);
                    browser::focus_drawn("email");
                })
            >
                {tx!(i18n, account.other_email)}
            </button>
        </form>
    }
}
