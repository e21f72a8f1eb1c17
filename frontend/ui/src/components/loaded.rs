//! A page whose content is fetched first: shows a skeleton, then the content or a failure.

use std::future::Future;

use leptos::prelude::*;

use super::{erased::part, failure::FailureView};
use crate::{
    api::CallFailure,
    arrival::arrive,
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
