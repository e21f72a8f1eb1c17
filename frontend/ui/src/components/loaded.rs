//! A page whose content is fetched first: shows a skeleton, then the content or a failure.

use std::future::Future;

use leptos::prelude::*;

use super::{
    erased::{act, part},
    failure::FailureView,
};
use crate::{
    api::CallFailure,
    arrival::arrive,
    common,
    i18n::use_i18n,
    state::load::{Load, load},
};

/// Fetches the content and shows the skeleton meanwhile. `page` gets the content and the callback that fetches it
/// again.
pub fn loaded<T, Fut>(
    fetch: impl Fn() -> Fut + Send + Sync + 'static,
    skeleton: fn() -> AnyView,
    page: impl Fn(T, Callback<()>) -> AnyView + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send>
where
    T: Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<T, CallFailure>> + 'static,
{
    let (state, again) = load(fetch);
    part(move || {
        state.with(|state| match state {
            Load::Waiting => skeleton(),
            Load::Failed(failure) => {
                arrive();
                view! { <FailureView failure=failure.clone() again/> }.into_any()
            }
            Load::Ready(it) => {
                arrive();
                page(it.clone(), again)
            }
        })
    })
}

/// A page in place of content that is fetched, for pages without a skeleton in the shape of their content.
#[component]
pub fn Waiting() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page narrow" aria-busy="true">
            <p role="status" class="soft">{common!(i18n, loading)}</p>
        </main>
    }
}

/// A part of a page whose content is fetched first: says that it loads, then shows the content, or a button that tries again.
pub fn loaded_part<T: Clone + Send + Sync + 'static>(
    state: RwSignal<Load<T>>,
    again: Callback<()>,
    content: impl Fn(T) -> AnyView + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send> {
    let i18n = use_i18n();
    part(move || {
        state.with(|state| match state {
            Load::Waiting => {
                view! { <p role="status" class="soft">{common!(i18n, loading)}</p> }.into_any()
            }
            Load::Failed(_) => view! {
                <button type="button" class="button secondary" on:click=act(move |_| again.run(()))>
                    {common!(i18n, retry)}
                </button>
            }
            .into_any(),
            Load::Ready(it) => content(it.clone()),
        })
    })
}
