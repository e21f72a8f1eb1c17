//! Signing in: the request, and the fields for address and password. The page of the account program and the dialog of
//! the checkout use them.

use std::future::Future;

use holdfast_contract::accounts::{Credentials, Session};
use leptos::prelude::*;

use super::{dialog::Dialog, failure::FailureNote, field::Field};
use crate::{
    api::{self, CallFailure},
    common,
    components::erased::act,
    i18n::use_i18n,
    state::session::{self, SignedInUser},
    tx,
};

/// A form whose request starts a session.
#[derive(Clone, Copy)]
pub struct Sending {
    /// The failure of the last request.
    pub failure: RwSignal<Option<CallFailure>>,
    /// Whether a request is under way.
    pub busy: RwSignal<bool>,
    account: SignedInUser,
    signed_in: Callback<()>,
}

impl Sending {
    /// Creates the form's state. `signed_in` runs after the session is stored.
    pub fn new(signed_in: Callback<()>) -> Self {
        Self {
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            account: SignedInUser::expect(),
            signed_in,
        }
    }

    /// Sends the request, unless one is under way, and stores the session.
    pub fn send(self, work: impl Future<Output = Result<Session, CallFailure>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let sent = session::guest_token();
            match work.await {
                Ok(session) => {
                    self.account.sign_in(session, sent.as_deref());
                    // The visitor may have closed the form meanwhile.
                    self.signed_in.try_run(());
                }
                Err(refused) => {
                    let _ = self.failure.try_set(Some(refused));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// The address and the password that the visitor typed.
#[derive(Clone, Copy)]
pub struct Typed {
    email: RwSignal<String>,
    password: RwSignal<String>,
    /// Whether the session lasts when the browser is closed.
    pub remember: RwSignal<bool>,
}

impl Typed {
    pub fn new() -> Self {
        Self {
            email: RwSignal::new(String::new()),
            password: RwSignal::new(String::new()),
            remember: RwSignal::new(false),
        }
    }

    pub fn credentials(self) -> Credentials {
        Credentials {
            email: self.email.get_untracked(),
            password: self.password.get_untracked(),
            remember: self.remember.get_untracked(),
        }
    }

    /// Sends the credentials to the server.
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

/// The fields for address and password. `hint` says what a new password must contain.
#[component]
pub fn TypedFields(
    typed: Typed,
    /// The failure of the last request.
    failure: RwSignal<Option<CallFailure>>,
    /// The `autocomplete` token of the password field.
    autocomplete: &'static str,
    /// The rule that the password must meet.
    #[prop(optional)]
    hint: Option<Signal<&'static str>>,
    /// A prefix for the ids in the page.
    #[prop(default = "")]
    within: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
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

/// A sign-in dialog. The page below keeps everything, whether the visitor signs in or cancels.
#[component]
pub fn SignInDialog(
    /// Whether the dialog is on the page.
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
            <form class="form" novalidate data-testid="sign-in-dialog" on:submit=submit>
                <FailureNote failure=sending.failure/>
                <TypedFields typed failure=sending.failure autocomplete="current-password" within="sign-in-"/>
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
