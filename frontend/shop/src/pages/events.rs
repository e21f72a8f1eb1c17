//! `/`: the list of events, one card for each event.

use holdfast_contract::catalogue::{Event, EventStatus};
use leptos::prelude::*;

use ui::{
    api, common,
    components::erased::{act, live, part},
    components::{
        icon::{Icon, Sign},
        loaded::loaded,
        nothing::Nothing,
    },
    counted,
    i18n::{self, Locale, use_i18n},
    intl::{self, DateStyle},
    td_string, tx,
};

/// The number of placeholder cards while the list loads.
const SKELETONS: usize = 3;

#[component]
pub fn EventsPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, events.title));
    loaded(
        api::events,
        || view! { <Skeleton/> }.into_any(),
        |page, again| {
            if page.items.is_empty() {
                view! { <NoEvents again/> }.into_any()
            } else {
                view! { <Cards events=page.items/> }.into_any()
            }
        },
    )
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page" aria-busy="true">
            <h1>{tx!(i18n, events.title)}</h1>
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <ul class="cards" aria-hidden="true">
                {(0..SKELETONS).map(|_| view! { <SkeletonCard/> }).collect_view()}
            </ul>
        </main>
    }
}

#[component]
fn NoEvents(again: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, events.title)}</h1>
            <Nothing
                sign=Sign::Calendar
                title=tx!(i18n, events.none)
                text=tx!(i18n, events.none_text)
                way=view! {
                    <button type="button" class="button secondary" on:click=act(move |_| again.run(()))>
                        {tx!(i18n, events.look_again)}
                    </button>
                }
                    .into_any()
            />
        </main>
    }
}

#[component]
fn Cards(events: Vec<Event>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, events.title)}</h1>
            <ul class="cards">
                {events.into_iter().map(|event| view! { <EventCard event/> }).collect_view()}
            </ul>
        </main>
    }
}

#[component]
fn SkeletonCard() -> impl IntoView {
    view! {
        <li class="card is-skeleton">
            <div class="leaf skeleton"></div>
            <div class="card-body">
                <div class="skeleton skeleton-title"></div>
                <div class="skeleton skeleton-line"></div>
                <div class="skeleton skeleton-line"></div>
            </div>
        </li>
    }
}

/// The text for an event's status, and the class name of that status in the style sheet.
fn status(locale: Locale, event: &Event) -> (String, &'static str) {
    match event.status {
        EventStatus::OnSale => {
            let left = event.available;
            (counted!(locale, left, event.left_single | event.left_several), "on-sale")
        }
        EventStatus::SoldOut => (td_string!(locale, events.sold_out).to_owned(), "quiet-state"),
        EventStatus::Draft | EventStatus::Upcoming => {
            let from = intl::date(locale, &event.sale_starts_at, &event.time_zone, DateStyle::Full);
            (td_string!(locale, events.sale_from, date = from), "quiet-state")
        }
        EventStatus::Completed => (td_string!(locale, events.over).to_owned(), "quiet-state"),
        EventStatus::Cancelled => (td_string!(locale, events.cancelled).to_owned(), "bad-state"),
    }
}

#[component]
fn EventCard(event: Event) -> impl IntoView {
    let i18n = use_i18n();
    let event = StoredValue::new(event);
    let date = move |style| {
        event.with_value(|it| intl::date(i18n.get_locale(), &it.starts_at, &it.time_zone, style))
    };
    let price = move || {
        event.with_value(|it| {
            let locale = i18n.get_locale();
            it.price_range
                .as_ref()
                .map(|range| {
                    td_string!(locale, event.from, price = intl::money_short(locale, &range.min))
                })
                .unwrap_or_default()
        })
    };
    let state = move || event.with_value(|it| status(i18n.get_locale(), it));
    let (href, language, name, place, time) = event.with_value(|it| {
        let href = format!("/events/{}", it.slug);
        (href, it.language.clone(), it.name.clone(), it.place.clone(), it.starts_at.clone())
    });
    view! {
        <li class="card" data-testid="event-card">
            <div class="leaf" aria-hidden="true">
                <span class="leaf-month">{part(move || date(DateStyle::Month))}</span>
                <span class="leaf-day figures">{part(move || date(DateStyle::Day))}</span>
                <span class="leaf-time">{part(move || date(DateStyle::Weekday))}</span>
                <span class="leaf-time figures">{part(move || date(DateStyle::Time))}</span>
            </div>
            <div class="card-body">
                <h2 lang=language dir="auto">
                    <a href=href class="card-link">{name}</a>
                </h2>
                <p class="fact">
                    <Icon sign=Sign::Calendar/>
                    <time datetime=time>{part(move || date(DateStyle::Short))}</time>
                </p>
                <p class="fact">
                    <Icon sign=Sign::Place/>
                    <span dir="auto">{place}</span>
                </p>
            </div>
            <div class="card-side">
                <strong class="figures" prop:textContent=live(price)></strong>
                <span class=live(move || format!("status {}", state().1))>{part(move || state().0)}</span>
            </div>
        </li>
    }
}
