//! `/activate#<token>`: proves the address of a new account, by the link or by the code of the mail, and signs the user in.
//!
//! A browser that has not registered the account asks for a password and a name: somebody else may have registered with
//! the address.

use holdfast_contract::{accounts::Activation, problem::ProblemType};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    browser, common,
    components::{
        erased::{act, follow, live, part},
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
pub struct Activating {
    pub sending: Sending,
    /// Whether the server asks for a password and a name.
    pub is_owner_asked: RwSignal<bool>,
    pub password: RwSignal<String>,
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
}

impl Activating {
    pub fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let (sending, is_owner_asked) = (Sending::new(after_sign_in()), RwSignal::new(false));
        Effect::new(move || {
            let kind = sending.failure.with(|failure| failure.as_ref()?.kind());
            if kind == Some(ProblemType::RegisteredElsewhere) {
                is_owner_asked.set(true);
                // The page asks for what is missing. Nothing was wrong.
                sending.failure.set(None);
            }
        });
        Self { sending, is_owner_asked, password: text(), first_name: text(), last_name: text() }
    }

    /// Sends the proof, with password and name if they are asked for.
    pub fn send(self, proof: Activation) {
        let of_owner = |text: RwSignal<String>| {
            self.is_owner_asked.get_untracked().then(|| text.get_untracked())
        };
        let wanted = Activation {
            password: of_owner(self.password),
            first_name: of_owner(self.first_name),
            last_name: of_owner(self.last_name),
            locale: document()
                .document_element()
                .and_then(|page| page.get_attribute("lang"))
                .filter(|_| self.is_owner_asked.get_untracked()),
            ..proof
        };
        self.sending.send(async move { api::activate(&wanted).await });
    }
}

/// The fields for password and name, once they are asked for, and the button that sends the form.
#[component]
pub fn OwnerFields(activating: Activating) -> impl IntoView {
    let i18n = use_i18n();
    let Activating { sending, is_owner_asked, password, first_name, last_name } = activating;
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
            <p class="fine">
                // The router stays on a page that has the same path.
                <a href="/activate" rel="external" data-testid="ask-link">
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
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        let email = email.get_untracked();
        asking.send(async move { api::ask_activation(email).await });
    };
    move || {
        if asking.is_done.get() {
            let (email, text) = (email.get_untracked(), tx!(i18n, activate.ask_sent));
            return view! { <CodeEntry email text/> }.into_any();
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

/// The way on for a user whose account is active, for example because the answer to the first try was lost.
#[component]
fn ActiveAlready() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <p class="fine">
            {tx!(i18n, activate.active)} " "
            <a href="/login?next=/">{common!(i18n, sign_in)}</a>
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
    let (code, heading) = (RwSignal::new(String::new()), NodeRef::<leptos::html::H1>::new());
    // The form before it had the focus.
    follow(move || {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    let asked = email.clone();
    let again = act(move |_| {
        let email = asked.clone();
        asking.is_done.set(false);
        asking.send(async move { api::ask_activation(email).await });
    });
    let (shown, typed) = (email.clone(), email);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        activating.send(Activation {
            email: Some(typed.clone()),
            code: Some(code.get_untracked()),
            ..Activation::default()
        });
    };
    let asked_text = tx!(i18n, activate.asked);
    view! {
        <form class="panel form" novalidate data-testid="code-form" on:submit=submit>
            <h1 tabindex="-1" node_ref=heading>
                {tx!(i18n, forgot.sent)}
            </h1>
            <p>{text}</p>
            <p>
                <strong dir="auto">{shown}</strong> " "
                <a href="" rel="external">{tx!(i18n, activate.other)}</a>
            </p>
            <ProofFailure failure=activating.sending.failure/>
            <FailureNote failure=asking.failure/>
            <p
                role="status"
                class="soft"
                data-testid="asked"
                prop:textContent=live(move || if asking.is_done.get() { asked_text.get() } else { "" })
            ></p>
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
            <ActiveAlready/>
        </form>
    }
}
