//! The notice that stands in place of a page for signed-in users: a link to the sign-in page, which leads back to the
//! page.

use holdfast_contract::pages::Page;
use leptos::prelude::*;

use super::icon::{Icon, Sign};
use crate::{common, i18n::use_i18n, program, tx};

#[component]
pub fn SignInFirst(title: Signal<&'static str>, text: Signal<&'static str>) -> impl IntoView {
    let i18n = use_i18n();
    let here = program::here();
    let path = program::sign_in_path(&here);
    let rel = program::rel(&path);
    // Guests have no account to sign in to.
    let of_guests = matches!(Page::at(&here), Some(Page::Booking | Page::MyBookings)).then(|| {
        let find = "/find-booking";
        view! {
            <a href=find rel=program::rel(find) data-testid="find-booking">
                {tx!(i18n, sign_in.find)}
            </a>
        }
    });
    view! {
        <main id="main" class="page narrow">
            <div class="state-box">
                <Icon sign=Sign::User/>
                <h1>{title}</h1>
                <p>{text}</p>
                <a href=path rel=rel class="button primary">{common!(i18n, sign_in)}</a>
                {of_guests}
            </div>
        </main>
    }
}
