//! `/activate#<token>`: proves the address of a new account, by the link or by the code of the mail, and signs the user in.
//!
//! A browser that has not registered the account asks for a password and a name: somebody else may have registered with
//! the address.

use holdfast_contract::{accounts::Activation, problem::ProblemType};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    arrival::arrive,
    browser, common,
    components::{
        code_field::{CodeField, SendsItself, TypedCode},
        consent::{Consent, ConsentField, is_about_terms},
        erased::{act, follow, live, part},
        failure::FailureNote,
        field::Field,
        sign_in::Sending,
    },
    i18n::{self, use_i18n},
    state::language,
    td_string, tx,
};

use super::{
    asking::{Asking, DoneNote, MailForm, NextHeading, ProofFailure, SubmitButton, link_token},
    register::NameFields,
};
use crate::way_back::{after_sign_in, with_return};

#[component]
pub fn ActivatePage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, activate.title));
    arrive();
    let token = link_token();
    let page = move || {
        let token = token.get();
        if token.is_empty() {
            return view! { <AskForm/> }.into_any();
        }
        view! { <LinkForm token/> }.into_any()
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}

/// The request that activates an account.
#[derive(Clone, Copy)]
pub struct Activating {
    pub sending: Sending,
    /// Whether the server asks for a password and a name.
    pub is_owner_asked: RwSignal<bool>,
    pub password: RwSignal<String>,
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
    consent: Consent,
    /// The language of the pages.
    locale: Signal<&'static str>,
}

impl Activating {
    pub fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let (i18n, sending) = (use_i18n(), Sending::new(after_sign_in()));
        let activating = Self {
            sending,
            is_owner_asked: RwSignal::new(false),
            password: text(),
            first_name: text(),
            last_name: text(),
            consent: Consent::asked_anew_when(move || {
                sending.failure.with(|failure| failure.as_ref().is_some_and(is_about_terms))
            }),
            locale: live(move || language::tag(i18n.get_locale())),
        };
        activating.asks_owner_after(sending.failure);
        activating
    }

    /// Asks for a password and a name when a request fails because they are missing.
    pub fn asks_owner_after(self, failure: RwSignal<Option<CallFailure>>) {
        follow(move || {
            let kind = failure.with(|failure| failure.as_ref()?.kind());
            if kind == Some(ProblemType::RegisteredElsewhere) {
                self.is_owner_asked.set(true);
                // Nothing was wrong.
                failure.set(None);
                browser::focus_drawn("first_name");
            }
        });
    }

    /// Sends the proof, with password and name if they are asked for.
    pub fn send(self, proof: Activation) {
        let is_owner_asked = self.is_owner_asked.get_untracked();
        let accepted = if is_owner_asked { self.consent.said() } else { Ok(None) };
        let Ok(accepted) = accepted else { return };
        let of_owner = |text: RwSignal<String>| is_owner_asked.then(|| text.get_untracked());
        let wanted = Activation {
            password: of_owner(self.password),
            first_name: of_owner(self.first_name),
            last_name: of_owner(self.last_name),
            locale: is_owner_asked.then(|| self.locale.get_untracked().to_owned()),
            accepted,
            ..proof
        };
        self.sending.send(async move { api::activate(&wanted).await });
    }
}

/// The fields for password, name and terms, once they are asked for, and the button that sends the form.
#[component]
pub fn OwnerFields(activating: Activating) -> impl IntoView {
    let i18n = use_i18n();
    let Activating { sending, is_owner_asked, password, first_name, last_name, consent, .. } =
        activating;
    let fields = part(move || {
        is_owner_asked
            .get()
            .then(|| {
                view! {
                    <p role="status" data-testid="owner-asked">{tx!(i18n, activate.owner)}</p>
                    <NameFields first_name last_name failure=sending.failure/>
                    <Field
                        name="password"
                        label=tx!(i18n, activate.password)
                        kind="password"
                        autocomplete="new-password"
                        value=password
                        failure=sending.failure
                        hint=Some(tx!(i18n, register.password_hint))
                    />
                    <ConsentField consent/>
                }
            })
            .into_any()
    });
    view! {
        {fields}
        <SubmitButton busy=sending.busy label=tx!(i18n, activate.send) test_id="activate-button"/>
    }
}

/// Activates by the token of a link, at once.
#[component]
fn LinkForm(token: String) -> impl IntoView {
    let i18n = use_i18n();
    let activating = Activating::new();
    let send = move || {
        activating.send(Activation { token: Some(token.clone()), ..Activation::default() });
    };
    send();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };
    view! {
        <form class="panel form" novalidate data-testid="link-form" on:submit=submit>
            <h1>{tx!(i18n, activate.title)}</h1>
            <ProofFailure failure=activating.sending.failure/>
            <OwnerFields activating/>
            <p class="fine">
                // The router stays on a page that has the same path.
                <a href=with_return("/activate") rel="external" data-testid="ask-link">
                    {tx!(i18n, reset.again)}
                </a>
            </p>
            <ActiveAlready/>
        </form>
    }
}

/// Asks for the mail once more, and then takes its code.
#[component]
fn AskForm() -> impl IntoView {
    let i18n = use_i18n();
    let (asking, email) = (Asking::new(), RwSignal::new(String::new()));
    let ask = move |email| asking.send(async move { api::ask_activation(email).await });
    move || {
        if asking.is_done.get() {
            let (email, text) = (email.get_untracked(), tx!(i18n, activate.ask_sent));
            return view! { <CodeEntry email text/> }.into_any();
        }
        view! {
            <MailForm
                title=tx!(i18n, activate.ask)
                text=tx!(i18n, activate.ask_text)
                email
                asking
                ask
                test_id="ask-button"
            />
        }
        .into_any()
    }
}

/// The way on for a user whose account is active, for example because the answer to the first try was lost.
#[component]
fn ActiveAlready() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <p class="fine">
            {tx!(i18n, activate.active)} " "
            <a href=with_return("/login")>{common!(i18n, sign_in)}</a>
        </p>
    }
}

/// The field for the code of the mail to this address.
#[component]
pub fn CodeEntry(
    email: String,
    /// What the visitor has to do.
    text: Signal<&'static str>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (activating, asking) = (Activating::new(), Asking::new());
    let code = TypedCode::new();
    let asked = email.clone();
    let again = act(move |_| {
        let email = asked.clone();
        asking.send(async move { api::ask_activation(email).await });
    });
    let (shown, typed) = (email.clone(), email);
    let send = Callback::new(move |()| {
        if let Some(code) = code.complete() {
            activating.send(Activation {
                email: Some(typed.clone()),
                code: Some(code),
                ..Activation::default()
            });
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send.run(());
    };
    let is_enough = live(move || !activating.is_owner_asked.get());
    let sends = SendsItself { is_enough, busy: activating.sending.busy, send };
    view! {
        <form class="panel form" novalidate data-testid="code-form" on:submit=submit>
            <NextHeading text=tx!(i18n, forgot.sent)/>
            <p>{text}</p>
            <p>
                <strong dir="auto">{shown}</strong> " "
                <a href="" rel="external">{tx!(i18n, activate.other)}</a>
            </p>
            <FailureNote failure=asking.failure/>
            <DoneNote asking text=tx!(i18n, activate.asked) test_id="asked"/>
            <CodeField code failure=activating.sending.failure sends/>
            <OwnerFields activating/>
            <button
                type="button"
                class="button secondary wide"
                disabled=asking.busy
                data-testid="ask-again"
                on:click=again
            >
                {tx!(i18n, activate.again)}
            </button>
            <ActiveAlready/>
        </form>
    }
}
