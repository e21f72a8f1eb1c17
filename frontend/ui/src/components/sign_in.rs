//! Signing in: what is sent, and the fields of address and password. The page of the account program and the dialog
//! of checkout are made of it.

use std::future::Future;

use holdfast_contract::accounts::{Credentials, Session};
use leptos::prelude::*;

use super::{dialog::Dialog, failure::FailureNote, field::Field};
use crate::{
    api::{self, Failure},
    common,
    components::erased::act,
    i18n::use_i18n,
    state::session::Account,
    tx,
};

/// A form that ends with a session.
#[derive(Clone, Copy)]
pub struct Sending {
    /// What the server said.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether something is on its way.
    pub busy: RwSignal<bool>,
    account: Account,
    signed_in: Callback<()>,
}

impl Sending {
    /// Nothing is sent yet. `signed_in` runs once the session is kept.
    pub fn new(signed_in: Callback<()>) -> Self {
        Self {
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            account: Account::expect(),
            signed_in,
        }
    }

    /// Sends, unless something is on its way, and keeps the session.
    pub fn send(self, work: impl Future<Output = Result<Session, Failure>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            match work.await {
                Ok(session) => {
                    self.account.sign_in(session);
                    self.signed_in.run(());
                }
                Err(refused) => {
                    let _ = self.failure.try_set(Some(refused));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// An address and a password.
#[derive(Clone, Copy)]
pub struct Typed {
    email: RwSignal<String>,
    password: RwSignal<String>,
}

impl Typed {
    pub fn new() -> Self {
        Self { email: RwSignal::new(String::new()), password: RwSignal::new(String::new()) }
    }

    pub fn credentials(self) -> Credentials {
        Credentials { email: self.email.get_untracked(), password: self.password.get_untracked() }
    }

    /// Asks the server for a session.
    pub fn sign_in(self, sending: Sending) {
        let credentials = self.credentials();
        sending.send(async move { api::login(&credentials).await });
    }
}

impl Default for Typed {
    fn default() -> Self {
        Self::new()
    }
}

/// The fields of [`Typed`]. A new password is told what it needs.
#[component]
pub fn TypedFields(
    typed: Typed,
    sending: Sending,
    /// What the browser may fill in as the password.
    autocomplete: &'static str,
    /// What is asked of the password.
    #[prop(optional)]
    hint: Option<Signal<&'static str>>,
    /// Stands before the names in the ids of the page.
    #[prop(default = "")]
    within: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let failure = sending.failure;
    view! {
        <Field
            name="email"
            within
            label=tx!(i18n, sign_in.email)
            kind="email"
            autocomplete="email"
            value=typed.email
            failure
        />
        <Field
            name="password"
            within
            label=tx!(i18n, sign_in.password)
            kind="password"
            autocomplete
            value=typed.password
            failure
            hint
        />
    }
}

/// Signing in without leaving the page. Nothing of the page is lost, whether it is done or given up.
#[component]
pub fn SignInDialog(
    /// The dialog is on the page while this is true.
    open: RwSignal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let close = Callback::new(move |()| {
        let _ = open.try_set(false);
    });
    let (typed, sending) = (Typed::new(), Sending::new(close));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        typed.sign_in(sending);
    };
    view! {
        <Dialog title=common!(i18n, sign_in) leave=close>
            <form class="form" data-testid="sign-in-dialog" on:submit=submit>
                <FailureNote failure=sending.failure/>
                <TypedFields typed sending autocomplete="current-password" within="sign-in-"/>
                <div class="row-actions">
                    <button
                        type="submit"
                        class="button primary"
                        disabled=sending.busy
                        data-testid="login-button"
                    >
                        {common!(i18n, sign_in)}
                    </button>
                    <button
                        type="button"
                        class="button secondary"
                        on:click=act(move |_| close.run(()))
                    >
                        {common!(i18n, close)}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
