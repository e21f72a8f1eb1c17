//! `/find-booking`: asks for a mail with links to bookings, for people who bought without an account.

use holdfast_contract::bookings::BookingLookup;
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    common,
    components::{
        erased::act,
        failure::FailureNote,
        field::{Field, Filling},
    },
    i18n::{self, use_i18n},
    td_string, tx,
};

use super::asking::{Asking, SubmitButton};

#[component]
pub fn FindBookingPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, find.title));
    arrive();
    let asking = Asking::new();
    let (email, reference) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let page = move || {
        if asking.is_done.get() {
            return view! { <Sent email asking/> }.into_any();
        }
        view! { <FindForm email reference asking/> }.into_any()
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}

#[component]
fn FindForm(email: RwSignal<String>, reference: RwSignal<String>, asking: Asking) -> impl IntoView {
    let i18n = use_i18n();
    let submit = act(move |event: SubmitEvent| {
        event.prevent_default();
        let typed = reference.get_untracked().trim().to_owned();
        let wanted = BookingLookup {
            email: email.get_untracked(),
            reference: (!typed.is_empty()).then_some(typed),
        };
        asking.send(async move { api::look_up_bookings(&wanted).await });
    });
    let failure = asking.failure;
    view! {
        <form class="panel form" novalidate data-testid="find-form" on:submit=submit>
            <h1>{tx!(i18n, find.title)}</h1>
            <p>{tx!(i18n, find.text)}</p>
            <FailureNote failure/>
            <Field
                name="email"
                label=tx!(i18n, forgot.email)
                kind="email"
                autocomplete="email"
                value=email
                failure
            />
            <Field
                name="reference"
                label=tx!(i18n, find.reference)
                filling=Filling::Optional
                autocomplete="off"
                value=reference
                failure
                hint=Some(tx!(i18n, find.reference_hint))
            />
            <SubmitButton busy=asking.busy label=tx!(i18n, find.send) test_id="find-button"/>
            <p class="fine"><a href="/login">{common!(i18n, sign_in)}</a></p>
        </form>
    }
}

/// Says that the mail is on its way, if the address has bookings.
#[component]
fn Sent(email: RwSignal<String>, asking: Asking) -> impl IntoView {
    let i18n = use_i18n();
    let heading = NodeRef::<leptos::html::H1>::new();
    // The form before it had the focus.
    ui::components::erased::follow(move || {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    view! {
        <div class="panel form" data-testid="find-sent">
            <h1 tabindex="-1" node_ref=heading>{tx!(i18n, forgot.sent)}</h1>
            <p>{tx!(i18n, find.sent_text)}</p>
            <p><strong dir="auto">{email.get_untracked()}</strong></p>
            <button
                type="button"
                class="button secondary wide"
                data-testid="find-again"
                on:click=act(move |_| asking.is_done.set(false))
            >
                {tx!(i18n, forgot.again)}
            </button>
        </div>
    }
}
