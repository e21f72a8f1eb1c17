//! `/activate#<token>`: proves the address of a new account, by the link or by the code of the mail, and signs the user in.
//!
//! A browser that has not registered the account asks for a password and a name: somebody else may have registered with
//! the address.

use holdfast_contract::{accounts::Activation, problem::ProblemType};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    browser,
    components::{
        erased::{act, part},
        failure::FailureNote,
        field::Field,
        sign_in::Sending,
    },
    i18n::{self, use_i18n},
    td_string, tx,
};

use super::{
    asking::{Asking, ProofFailure},
    register::NameFields,
};
use crate::way_back::after_sign_in;

#[component]
pub fn ActivatePage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, activate.title));
    arrive();
    let token = RwSignal::new(browser::take_fragment());
    // Another link that is opened in this tab changes only the part of the address after `#`.
    let watching = window_event_listener(leptos::ev::hashchange, move |_| {
        token.set(browser::take_fragment());
    });
    on_cleanup(move || watching.remove());
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
struct Activating {
    sending: Sending,
    /// Whether the server asks for a password and a name.
    is_owner_asked: RwSignal<bool>,
    password: RwSignal<String>,
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
}

impl Activating {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let (sending, is_owner_asked) = (Sending::new(after_sign_in()), RwSignal::new(false));
        Effect::new(move || {
            let kind = sending.failure.with(|failure| failure.as_ref()?.kind());
            if kind == Some(ProblemType::RegisteredElsewhere) {
                is_owner_asked.set(true);
            }
        });
        Self { sending, is_owner_asked, password: text(), first_name: text(), last_name: text() }
    }

    /// Sends the proof, with password and name if they are asked for.
    fn send(self, proof: Activation) {
        let of_owner = |text: RwSignal<String>| {
            self.is_owner_asked.get_untracked().then(|| text.get_untracked())
        };
        let wanted = Activation {
            password: of_owner(self.password),
            first_name: of_owner(self.first_name),
            last_name: of_owner(self.last_name),
            ..proof
        };
        self.sending.send(async move { api::activate(&wanted).await });
    }
}

/// The fields for password and name, once they are asked for, and the button that sends the form.
#[component]
fn OwnerFields(activating: Activating) -> impl IntoView {
    let i18n = use_i18n();
    let Activating { sending, is_owner_asked, password, first_name, last_name } = activating;
    let fields = part(move || {
        is_owner_asked
            .get()
            .then(|| {
                view! {
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
                }
            })
            .into_any()
    });
    view! {
        {fields}
        <button
            type="submit"
            class="button primary wide"
            disabled=sending.busy
            data-testid="activate-button"
        >
            {tx!(i18n, activate.send)}
        </button>
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
            <p class="fine"><a href="/activate">{tx!(i18n, activate.ask)}</a></p>
        </form>
    }
}

/// Asks for the mail once more, and then takes its code.
#[component]
fn AskForm() -> impl IntoView {
    let i18n = use_i18n();
    let (asking, email) = (Asking::new(), RwSignal::new(String::new()));
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        let email = email.get_untracked();
        asking.send(async move { api::ask_activation(email).await });
    };
    move || {
        if asking.is_done.get() {
            return view! { <CodeEntry email=email.get_untracked()/> }.into_any();
        }
        view! {
            <form class="panel form" novalidate on:submit=ask>
                <h1>{tx!(i18n, activate.ask)}</h1>
                <p>{tx!(i18n, activate.ask_text)}</p>
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
                    data-testid="ask-button"
                >
                    {tx!(i18n, forgot.send)}
                </button>
            </form>
        }
        .into_any()
    }
}

/// The field for the code of the mail to this address.
#[component]
pub fn CodeEntry(email: String) -> impl IntoView {
    let i18n = use_i18n();
    arrive();
    let (activating, asking) = (Activating::new(), Asking::new());
    let code = RwSignal::new(String::new());
    let asked = email.clone();
    let again = act(move |_| {
        let email = asked.clone();
        asking.send(async move { api::ask_activation(email).await });
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        activating.send(Activation {
            email: Some(email.clone()),
            code: Some(code.get_untracked()),
            ..Activation::default()
        });
    };
    let is_asked = part(move || {
        let note = asking.is_done.get().then(|| {
            view! { <p class="notice" role="status" data-testid="asked">{tx!(i18n, activate.asked)}</p> }
        });
        note.into_any()
    });
    view! {
        <form class="panel form" novalidate data-testid="code-form" on:submit=submit>
            <h1>{tx!(i18n, forgot.sent)}</h1>
            <p>{tx!(i18n, activate.sent_text)}</p>
            <ProofFailure failure=activating.sending.failure/>
            <FailureNote failure=asking.failure/>
            {is_asked}
            <Field
                name="mail-code"
                label=tx!(i18n, forgot.code)
                autocomplete="one-time-code"
                value=code
                failure=activating.sending.failure
            />
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
        </form>
    }
}
