//! `/find-booking`: asks for a mail with links to bookings, for people who bought without an account.

use holdfast_contract::bookings::BookingLookup;
use leptos::prelude::*;
use ui::{
    api,
    arrival::arrive,
    common,
    components::field::{Field, Filling},
    i18n::{self, use_i18n},
    td_string, tx,
};

use super::asking::{AskAgain, Asking, MailForm, NextHeading};

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
    let ask = move |email| {
        let typed = reference.get_untracked().trim().to_owned();
        let wanted = BookingLookup { email, reference: (!typed.is_empty()).then_some(typed) };
        asking.send(async move { api::look_up_bookings(&wanted).await });
    };
    let fields: Children = Box::new(move || {
        view! {
            <Field
                name="reference"
                label=tx!(i18n, find.reference)
                filling=Filling::Optional
                autocomplete="off"
                value=reference
                failure=asking.failure
                hint=Some(tx!(i18n, find.reference_hint))
            />
        }
        .into_any()
    });
    view! {
        <MailForm
            title=tx!(i18n, find.title)
            text=tx!(i18n, find.text)
            email
            asking
            fields
            send=tx!(i18n, find.send)
            ask
            test_id="find-button"
        >
            <p class="fine"><a href="/login">{common!(i18n, sign_in)}</a></p>
        </MailForm>
    }
}

/// Says that the mail is on its way, if the address has bookings.
#[component]
fn Sent(email: RwSignal<String>, asking: Asking) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="panel form" data-testid="find-sent">
            <NextHeading text=tx!(i18n, forgot.sent)/>
            <p>{tx!(i18n, find.sent_text)}</p>
            <p><strong dir="auto">{email.get_untracked()}</strong></p>
            <AskAgain asking test_id="find-again"/>
        </div>
    }
}
