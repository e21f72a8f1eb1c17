//! A request whose response has no body, and the parts of the pages that send one.

use std::future::Future;

use leptos::{ev::SubmitEvent, html, prelude::*};
use ui::{
    api::CallFailure,
    browser, common,
    components::{
        code_field,
        erased::{act, follow, known, live, part},
        failure::FailureNote,
        field::Field,
        reason_note::{Explains, ReasonNote},
    },
    i18n::{text, use_i18n},
    tx,
};

/// The state of a form that sends such a request.
#[derive(Clone, Copy)]
pub struct Asking {
    /// The failure of the last request.
    pub failure: RwSignal<Option<CallFailure>>,
    /// Whether a request is under way.
    pub busy: RwSignal<bool>,
    /// Whether the server has done what the request asked for.
    pub is_done: RwSignal<bool>,
}

impl Asking {
    pub fn new() -> Self {
        Self {
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            is_done: RwSignal::new(false),
        }
    }

    /// Sends the request, unless one is under way.
    pub fn send(self, work: impl Future<Output = Result<(), CallFailure>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        // A form that shows this signal must not be drawn again for nothing.
        if self.is_done.get_untracked() {
            self.is_done.set(false);
        }
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let answer = work.await;
            if answer.is_ok() {
                let _ = self.is_done.try_set(true);
            }
            let _ = self.failure.try_set(answer.err());
            let _ = self.busy.try_set(false);
        });
    }
}

/// The token of the mail's link that led to the page: the part of the address after `#`, which is removed from it.
pub fn link_token() -> RwSignal<String> {
    let token = RwSignal::new(browser::take_fragment());
    browser::on_fragment(move || token.set(browser::take_fragment()));
    token
}

/// What failed, above the fields of a form. If the server refuses one of `secrets`, the note says `refused`.
#[component]
pub fn Refusal(
    failure: RwSignal<Option<CallFailure>>,
    /// The fields that prove who sends the form.
    secrets: &'static [&'static str],
    refused: Signal<&'static str>,
    /// The texts for the reasons of other refusals.
    #[prop(optional)]
    explains: Option<Explains>,
) -> impl IntoView {
    let is_of_secrets =
        known(move || failure.with(|it| it.as_ref().is_some_and(|it| it.names(secrets))));
    part(move || {
        if is_of_secrets.get() {
            view! {
                <div class="notice" role="alert" data-testid="no-proof">
                    <p>{refused}</p>
                </div>
            }
            .into_any()
        } else {
            let explains = explains.unwrap_or(|_, _| None);
            view! { <ReasonNote failure explains/> }.into_any()
        }
    })
}

/// [`Refusal`] of a form that sends the link or the code of a mail.
#[component]
pub fn ProofFailure(failure: RwSignal<Option<CallFailure>>) -> impl IntoView {
    let refused = text(use_i18n(), code_field::no_proof);
    view! { <Refusal failure secrets=code_field::SECRETS refused/> }
}

/// Says that the server has done what was asked. The element is always there, so that screen readers hear the text.
#[component]
pub fn DoneNote(
    asking: Asking,
    text: Signal<&'static str>,
    test_id: &'static str,
) -> impl IntoView {
    let said = live(move || if asking.is_done.get() { text.get() } else { "" });
    view! { <p role="status" data-testid=test_id prop:textContent=said></p> }
}

/// The button that sends a form. It is switched off while a request is under way.
#[component]
pub fn SubmitButton(
    busy: RwSignal<bool>,
    label: Signal<&'static str>,
    /// The `data-testid`, by which browser tests find the button.
    test_id: &'static str,
) -> impl IntoView {
    view! {
        <button type="submit" class="button primary wide" disabled=busy data-testid=test_id>
            {label}
        </button>
    }
}

/// The heading of a form that takes the place of another form. It gets the focus, which was in the form before it.
#[component]
pub fn NextHeading(text: Signal<&'static str>) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    follow(move || {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    view! {
        <h1 tabindex="-1" node_ref=heading>
            {text}
        </h1>
    }
}

/// The button that leads back to the form that asks for a mail. The form keeps the address.
#[component]
pub fn AskAgain(
    asking: Asking,
    /// The `data-testid` of the button.
    test_id: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let again = act(move |_| {
        asking.is_done.set(false);
        browser::focus_drawn("email");
    });
    view! {
        <button type="button" class="button secondary wide" data-testid=test_id on:click=again>
            {tx!(i18n, forgot.again)}
        </button>
    }
}

/// The form that asks for a mail to an address.
#[component]
pub fn MailForm(
    title: Signal<&'static str>,
    text: Signal<&'static str>,
    email: RwSignal<String>,
    asking: Asking,
    /// Fields below the address.
    #[prop(optional)]
    fields: Option<Children>,
    /// The text of the form's button, if “Send the mail” does not say enough.
    #[prop(optional)]
    send: Option<Signal<&'static str>>,
    /// Called with the address when the visitor sends the form.
    #[prop(into)]
    ask: Callback<String>,
    /// The `data-testid` of the form's button.
    test_id: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let i18n = use_i18n();
    let submit = act(move |event: SubmitEvent| {
        event.prevent_default();
        ask.run(email.get_untracked());
    });
    let send = send.unwrap_or_else(|| tx!(i18n, forgot.send));
    view! {
        <form class="panel form" novalidate on:submit=submit>
            <h1>{title}</h1>
            <p>{text}</p>
            <FailureNote failure=asking.failure/>
            <Field
                name="email"
                label=tx!(i18n, forgot.email)
                kind="email"
                autocomplete="email"
                value=email
                failure=asking.failure
            />
            {fields.map(|fields| fields())}
            <SubmitButton busy=asking.busy label=send test_id/>
            {children.map(|children| children())}
        </form>
    }
}

/// The field for the new password, and the button that sends the form.
#[component]
pub fn NewPasswordField(password: RwSignal<String>, resetting: Asking) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Field
            name="password"
            label=tx!(i18n, reset.password)
            kind="password"
            autocomplete="new-password"
            value=password
            failure=resetting.failure
            hint=Some(tx!(i18n, register.password_hint))
        />
        <SubmitButton busy=resetting.busy label=tx!(i18n, reset.send) test_id="reset-button"/>
    }
}

/// The end of the way: the password is changed.
#[component]
pub fn PasswordSet() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="panel form" data-testid="password-set">
            <h1>{tx!(i18n, reset.done)}</h1>
            <p>{tx!(i18n, reset.done_text)}</p>
            <a class="button primary wide" href="/login?next=/">{common!(i18n, sign_in)}</a>
        </div>
    }
}
