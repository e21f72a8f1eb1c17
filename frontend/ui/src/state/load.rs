//! The state of a fetch: waiting, failed or ready.

use std::future::Future;

use leptos::prelude::*;

use crate::api::CallFailure;

#[derive(Debug, Clone, PartialEq)]
pub enum Load<T> {
    Waiting,
    Failed(CallFailure),
    Ready(T),
}

/// Fetches now, and again whenever the returned callback runs.
pub fn load<T, F, Fut>(fetch: F) -> (RwSignal<Load<T>>, Callback<()>)
where
    T: Send + Sync + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, CallFailure>> + 'static,
{
    let state = RwSignal::new(Load::Waiting);
    let again = Callback::new(move |()| {
        state.set(Load::Waiting);
        let answer = fetch();
        leptos::task::spawn_local(async move {
            let next = match answer.await {
                Ok(value) => Load::Ready(value),
                Err(failure) => Load::Failed(failure),
            };
            // The page may no longer exist; then nobody waits for the result.
            let _ = state.try_set(next);
        });
    });
    again.run(());
    (state, again)
}
