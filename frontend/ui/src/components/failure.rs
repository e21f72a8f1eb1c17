//! Something went wrong: what happened, and a way on.

use holdfast_contract::problem::ProblemType;
use leptos::prelude::*;

use super::{
    icon::{Icon, Sign},
    not_found::NotFoundPage,
};
use crate::{
    api::Failure,
    common,
    components::erased::{act, part},
    i18n::use_i18n,
    program, words,
};

/// A whole page's failure with a button that tries again.
#[component]
pub fn FailureView(failure: Failure, again: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    // Trying again helps neither where nothing is, nor where a stranger may not know of it.
    if let Some(ProblemType::NotFound | ProblemType::Unauthorized) = failure.kind() {
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

/// What went wrong with something that was sent, beside it; read out as it comes.
#[component]
pub fn FailureNote(failure: RwSignal<Option<Failure>>) -> impl IntoView {
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
