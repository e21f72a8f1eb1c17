//! The views of a failure: what happened, and what the visitor can do next.

use holdfast_contract::{pages::Page, problem::ProblemType};
use leptos::prelude::*;

use super::{
    icon::{Icon, Sign},
    not_found::NotFoundPage,
    sign_in_first::SignInFirst,
};
use crate::{
    api::CallFailure,
    common,
    components::erased::{act, part},
    i18n::use_i18n,
    program,
    state::session::SignedInUser,
    tx, words,
};

/// A page in place of the content that failed to load, with a button that tries again.
#[component]
pub fn FailureView(failure: CallFailure, again: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    if failure.kind() == Some(ProblemType::LinkExpired) {
        return view! {
            <SignInFirst title=tx!(i18n, sign_in.expired) text=tx!(i18n, sign_in.expired_text)/>
        }
        .into_any();
    }
    // Another try does not help if the object does not exist or the visitor may not know of it.
    if let Some(ProblemType::NotFound | ProblemType::Unauthorized) = failure.kind() {
        let is_personal =
            matches!(Page::at(&program::here()), Some(Page::Booking | Page::MyBookings));
        if is_personal && !SignedInUser::expect().is_signed_in() {
            return view! {
                <SignInFirst title=tx!(i18n, sign_in.first) text=tx!(i18n, sign_in.first_text)/>
            }
            .into_any();
        }
        return view! { <NotFoundPage/> }.into_any();
    }
    view! {
        <main id="main" class="page narrow">
            <div class="state-box" role="alert">
                <Icon sign=Sign::Alert/>
                <h1>{common!(i18n, not_loaded)}</h1>
                <p>{part(move || words::failure(i18n.get_locale(), &failure))}</p>
                <div class="row-actions">
                    <button type="button" class="button primary" on:click=act(move |_| again.run(()))>
                        {common!(i18n, retry)}
                    </button>
                    <a href="/" rel=program::rel("/") class="button secondary">
                        {common!(i18n, to_events)}
                    </a>
                </div>
            </div>
        </main>
    }
    .into_any()
}

/// The message about a failed request, beside its form. Screen readers read it when it appears.
#[component]
pub fn FailureNote(failure: RwSignal<Option<CallFailure>>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div role="alert">
            {part(move || {
                failure
                    .get()
                    .map(|failure| {
                        let text = words::failure(i18n.get_locale(), &failure);
                        view! {
                            <div class="notice">
                                <Icon sign=Sign::Alert/>
                                <p>{text}</p>
                            </div>
                        }
                    })
            })}
        </div>
    }
}
