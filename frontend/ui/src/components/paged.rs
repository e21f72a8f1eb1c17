//! A list that is read page by page, and whose items change one by one.

use std::future::Future;

use leptos::prelude::*;

use super::{
    erased::{act, part},
    failure::FailureNote,
};
use crate::{api::CallFailure, common, i18n::use_i18n};

/// A page of such a list: its items, and the cursor of the next page.
pub type ItemPage<T> = Result<(Vec<T>, Option<String>), CallFailure>;

/// The list, as the page knows it.
pub struct Paged<T: Send + Sync + 'static> {
    /// `None` while the first page loads. Each item is a signal, so that its change draws no other item again.
    pub items: RwSignal<Option<Vec<RwSignal<T>>>>,
    next: RwSignal<Option<String>>,
    /// The failure of the last request.
    pub failure: RwSignal<Option<CallFailure>>,
    busy: RwSignal<bool>,
    /// Rises with each search. An answer to an earlier search is ignored.
    search: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Paged<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Paged<T> {}

impl<T: Clone + Send + Sync + 'static> Default for Paged<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + Send + Sync + 'static> Paged<T> {
    pub fn new() -> Self {
        Self {
            items: RwSignal::new(None),
            next: RwSignal::new(None),
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            search: RwSignal::new(0),
        }
    }

    /// The cursor of the next page.
    pub fn cursor(self) -> Option<String> {
        self.next.get_untracked()
    }

    /// Begins the list anew with its first page.
    pub fn begin(self, page: impl Future<Output = ItemPage<T>> + 'static) {
        self.search.update(|search| *search += 1);
        self.items.set(None);
        self.next.set(None);
        self.busy.set(false);
        self.read(page);
    }

    /// Adds a page, unless one is under way.
    pub fn read(self, page: impl Future<Output = ItemPage<T>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        let search = self.search.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = page.await;
            // The visitor may have searched for something else, or left the page.
            if self.search.try_get_untracked() != Some(search) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok((items, next)) => {
                    self.next.set(next);
                    self.items.update(|all| {
                        all.get_or_insert_default().extend(items.into_iter().map(RwSignal::new));
                    });
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }
}

/// Below the list: the note about loading, the failure, and the button for the next page.
#[component]
pub fn PagedEnd<T: Clone + Send + Sync + 'static>(
    list: Paged<T>,
    /// Called to read the next page, or the first one again after a failure.
    more: Callback<()>,
    /// The text of the button for the next page.
    label: Signal<&'static str>,
    /// The `data-testid` of the button.
    test_id: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_first = move || list.items.with(Option::is_none);
    let has_failed = move || list.failure.with(Option::is_some);
    let label = move || if is_first() { common!(i18n, retry) } else { label };
    view! {
        {part(move || {
            (is_first() && !has_failed())
                .then(|| view! { <p role="status" class="soft">{common!(i18n, loading)}</p> })
        })}
        <FailureNote failure=list.failure/>
        {part(move || {
            let is_shown = list.next.with(Option::is_some) || (is_first() && has_failed());
            is_shown
                .then(|| {
                    view! {
                        <div class="row-actions">
                            <button
                                type="button"
                                class="button secondary"
                                disabled=list.busy
                                data-testid=test_id
                                on:click=act(move |_| more.run(()))
                            >
                                {label()}
                            </button>
                        </div>
                    }
                })
        })}
    }
}
