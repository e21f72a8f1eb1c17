//! Something that is fetched: waiting, failed, or there.

use std::future::Future;

use leptos::prelude::*;

use crate::api::Failure;

/// What is known of something that is fetched.
#[derive(Debug, Clone, PartialEq)]
pub enum Load<T> {
    /// Under way.
    Waiting,
    /// It did not come.
    Failed(Failure),
    /// Here it is.
    Ready(T),
}

/// Fetches now, and again whenever the callback is run.
pub fn load<T, F, Fut>(fetch: F) -> (RwSignal<Load<T>>, Callback<()>)
where
    T: Send + Sync + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, Failure>> + 'static,
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
            // The page may be gone by now; then nobody waits for this.
            let _ = state.try_set(next);
        });
    });
    again.run(());
    (state, again)
}
