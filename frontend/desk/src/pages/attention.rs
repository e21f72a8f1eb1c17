//! `/desk/attention`: the checkouts and refunds that cannot continue by themselves, each with a button that retries it.

mod card;

use holdfast_contract::operators::{Saga, SagaPage, SagaStatus};
use leptos::prelude::*;
use ui::{
    api::{self, CallFailure},
    common,
    components::{
        erased::{act, part},
        failure::FailureNote,
        icon::Sign,
        loaded::loaded,
        nothing::Nothing,
    },
    counted,
    i18n::{self, use_i18n},
    td_string, tx,
};

use crate::door::{Tab, behind_door};
use card::SagaCard;

/// The number of placeholder cards while the list loads.
const SKELETONS: usize = 2;

#[component]
pub fn AttentionPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, desk.attention));
    behind_door(Tab::Attention, |_| {
        loaded(
            || api::stuck_sagas(None),
            || view! { <Skeleton/> }.into_any(),
            |page, again| view! { <Queue page again/> }.into_any(),
        )
        .into_any()
    })
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    let card = || {
        view! {
            <li class="panel">
                <div class="skeleton skeleton-title"></div>
                <div class="skeleton skeleton-line"></div>
                <div class="skeleton skeleton-line"></div>
            </li>
        }
    };
    view! {
        <main id="main" class="page" aria-busy="true">
            <h1>{tx!(i18n, desk.attention)}</h1>
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <ul class="desk-cards" aria-hidden="true">
                {(0..SKELETONS).map(|_| card()).collect_view()}
            </ul>
        </main>
    }
}

/// The list of sagas that need attention, as the page knows it.
#[derive(Clone, Copy)]
pub struct AttentionList {
    sagas: RwSignal<Vec<Saga>>,
    next: RwSignal<Option<String>>,
    /// The result of the last retry: the name of the saga, and whether the saga continues.
    told: RwSignal<Option<(String, bool)>>,
    failure: RwSignal<Option<CallFailure>>,
}

impl AttentionList {
    fn new(page: SagaPage) -> Self {
        Self {
            sagas: RwSignal::new(page.items),
            next: RwSignal::new(page.next),
            told: RwSignal::new(None),
            failure: RwSignal::new(None),
        }
    }

    /// Takes over the state of a saga after its retry.
    pub fn sent_on(self, name: String, saga: Saga) {
        let goes_on = saga.status != SagaStatus::NeedsAttention;
        // The visitor may have left the page meanwhile.
        let _ = self.sagas.try_update(|sagas| {
            if goes_on {
                sagas.retain(|it| it.id != saga.id);
            } else if let Some(known) = sagas.iter_mut().find(|it| it.id == saga.id) {
                *known = saga;
            }
        });
        let _ = self.told.try_set(Some((name, goes_on)));
    }

    fn read_more(self) {
        let Some(after) = self.next.get_untracked() else { return };
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            match api::stuck_sagas(Some(&after)).await {
                Ok(page) => {
                    let _ = self.sagas.try_update(|sagas| sagas.extend(page.items));
                    let _ = self.next.try_set(page.next);
                }
                Err(failure) => {
                    let _ = self.failure.try_set(Some(failure));
                }
            }
        });
    }
}

#[component]
fn Queue(page: SagaPage, again: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let waiting = AttentionList::new(page);
    let told = move || {
        let locale = i18n.get_locale();
        waiting.told.get().map(|(name, goes_on)| {
            let name = name.as_str();
            let text = if goes_on {
                td_string!(locale, attention.on_its_way, name = name)
            } else {
                td_string!(locale, attention.still_stuck, name = name)
            };
            view! { <p class="banner" data-testid="attention-told">{text}</p> }
        })
    };
    let cards = move || {
        waiting.sagas.with(|sagas| {
            if sagas.is_empty() {
                return view! {
                    <Nothing
                        sign=Sign::Check
                        title=tx!(i18n, attention.none)
                        text=tx!(i18n, attention.none_text)
                    />
                }
                .into_any();
            }
            let count = i64::try_from(sagas.len()).unwrap_or(i64::MAX);
            let cards = sagas.iter().map(|saga| view! { <SagaCard saga=saga.clone() waiting/> });
            view! {
                <p>
                    {counted!(
                        i18n.get_locale(), count, attention.count_single | attention.count_several
                    )}
                </p>
                <ul class="desk-cards">{cards.collect_view()}</ul>
            }
            .into_any()
        })
    };
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, desk.attention)}</h1>
            <div role="status">{part(told)}</div>
            {part(cards)}
            <FailureNote failure=waiting.failure/>
            <div class="row-actions">
                {part(move || {
                    waiting
                        .next
                        .with(Option::is_some)
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="button secondary"
                                    on:click=act(move |_| waiting.read_more())
                                >
                                    {tx!(i18n, attention.more)}
                                </button>
                            }
                        })
                })}
                <button
                    type="button"
                    class="button secondary"
                    data-testid="look-again"
                    on:click=act(move |_| again.run(()))
                >
                    {tx!(i18n, desk.look_again)}
                </button>
            </div>
        </main>
    }
}
