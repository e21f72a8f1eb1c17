//! One saga that needs attention, with the button that retries it.

use holdfast_contract::{operators::Saga, words::SagaKind};
use leptos::prelude::*;
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, live, part},
        failure::FailureNote,
    },
    counted,
    i18n::{Locale, use_i18n},
    t_string, td_string, tx,
};

use super::AttentionList;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A duration before now in words, in the largest unit that fits.
fn ago(locale: Locale, seconds: i64) -> String {
    match seconds {
        ..MINUTE => td_string!(locale, attention.now).to_owned(),
        MINUTE..HOUR => {
            counted!(locale, seconds / MINUTE, attention.minutes_single | attention.minutes_several)
        }
        HOUR..DAY => {
            counted!(locale, seconds / HOUR, attention.hours_single | attention.hours_several)
        }
        DAY.. => counted!(locale, seconds / DAY, attention.days_single | attention.days_several),
    }
}

fn kind(locale: Locale, kind: &str) -> String {
    match SagaKind::parse(kind) {
        Some(SagaKind::Checkout) => td_string!(locale, attention.checkout).to_owned(),
        Some(SagaKind::Refund) => td_string!(locale, attention.refund).to_owned(),
        None => td_string!(locale, attention.other, kind = kind),
    }
}

#[component]
pub fn SagaCard(saga: Saga, waiting: AttentionList) -> impl IntoView {
    let i18n = use_i18n();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<CallFailure>));
    let id = saga.id;
    let name = saga.booking_reference.clone().unwrap_or_else(|| id.to_string());
    let send_on = {
        let name = name.clone();
        move |_| {
            if busy.get_untracked() {
                return;
            }
            busy.set(true);
            failure.set(None);
            let name = name.clone();
            leptos::task::spawn_local(async move {
                match api::retry_saga(id).await {
                    Ok(saga) => waiting.sent_on(name, saga),
                    Err(refused) => {
                        let _ = failure.try_set(Some(refused));
                    }
                }
                let _ = busy.try_set(false);
            });
        }
    };
    let label = move || {
        if busy.get() {
            t_string!(i18n, attention.trying)
        } else {
            t_string!(i18n, attention.try_again)
        }
    };
    let kind_name = saga.kind.clone();
    view! {
        <li class="panel" data-testid="saga">
            <h2>
                {part(move || kind(i18n.get_locale(), &kind_name))} " "
                <span class="figures">{name}</span>
            </h2>
            <Facts saga/>
            <FailureNote failure/>
            <div class="row-actions">
                <button
                    type="button"
                    class="button primary"
                    disabled=busy
                    data-testid="retry-saga"
                    on:click=act(send_on)
                >
                    {live(label)}
                </button>
            </div>
        </li>
    }
}

#[component]
fn Facts(saga: Saga) -> impl IntoView {
    let i18n = use_i18n();
    let fact = |name: Signal<&'static str>, value: AnyView| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let optional = |name, value: Option<String>| value.map(|value| fact(name, value.into_any()));
    let no_step = move || t_string!(i18n, attention.no_step);
    let step = saga.step.map_or_else(|| live(no_step).into_any(), IntoAny::into_any);
    let age = move |seconds| live(move || ago(i18n.get_locale(), seconds)).into_any();
    view! {
        <dl class="facts">
            {optional(tx!(i18n, attention.reason), saga.reason)}
            {fact(tx!(i18n, attention.step), step)}
            {optional(tx!(i18n, attention.attempts), saga.attempts.map(|it| it.to_string()))}
            {fact(tx!(i18n, attention.stopped), age(saga.idle_seconds))}
            {fact(tx!(i18n, attention.begun), age(saga.age_seconds))}
            {optional(tx!(i18n, attention.last_error), saga.last_error)}
        </dl>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_the_largest_unit_that_fits() {
        for (seconds, text) in [
            (0, "just now"),
            (119, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(ago(Locale::en, seconds), text);
        }
        assert_eq!(ago(Locale::fr, 3_600), "il y a 1 heure");
    }
}
