//! `/bookings`: the visitor's bookings, newest first.

use holdfast_contract::{
    accounts::Role,
    bookings::{Booking, BookingStatus},
    catalogue::Event,
};
use leptos::prelude::*;
use ui::{
    api::{self, CallFailure},
    common,
    components::{
        erased::{act, live, part},
        failure::FailureNote,
        icon::Sign,
        loaded::loaded,
        nothing::Nothing,
    },
    i18n::{self, Locale, use_i18n},
    intl::{self, DateStyle},
    program,
    state::session::SignedInUser,
    td_string, tx,
};

/// Bookings that were read, each with its events.
#[derive(Clone)]
struct Opening {
    bookings: Vec<(Booking, Vec<Event>)>,
    /// The cursor of the next page of the list.
    next: Option<String>,
}

async fn open(after: Option<String>) -> Result<Opening, CallFailure> {
    let page = api::bookings(after.as_deref()).await?;
    let mut events: Vec<Event> = Vec::new();
    let mut bookings = Vec::with_capacity(page.items.len());
    for booking in page.items {
        let mut own: Vec<Event> = Vec::new();
        for line in &booking.lines {
            let id = line.event_id;
            if own.iter().any(|event| event.id == id) {
                continue;
            }
            if !events.iter().any(|event| event.id == id) {
                events.push(api::event(&id.to_string()).await?);
            }
            own.extend(events.iter().find(|event| event.id == id).cloned());
        }
        bookings.push((booking, own));
    }
    Ok(Opening { bookings, next: page.next })
}

#[component]
pub fn BookingsPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, bookings.title));
    let account = SignedInUser::expect();
    // The list depends on the visitor: after a sign-in or a sign-out, it is read again.
    part(move || {
        let _ = account.is_signed_in();
        loaded(
            || open(None),
            || view! { <Skeleton/> }.into_any(),
            |opening, _| view! { <Bookings opening/> }.into_any(),
        )
        .into_any()
    })
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page" aria-busy="true">
            <h1>{tx!(i18n, bookings.title)}</h1>
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <div class="skeleton skeleton-line" aria-hidden="true"></div>
            <div class="skeleton skeleton-line" aria-hidden="true"></div>
        </main>
    }
}

#[component]
fn Bookings(opening: Opening) -> impl IntoView {
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let (bookings, next) = (RwSignal::new(opening.bookings), RwSignal::new(opening.next));
    let failure = RwSignal::new(None::<CallFailure>);
    let more = move || {
        let after = next.get_untracked();
        failure.set(None);
        leptos::task::spawn_local(async move {
            match open(after).await {
                Ok(page) => {
                    let _ = bookings.try_update(|all| all.extend(page.bookings));
                    let _ = next.try_set(page.next);
                }
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
        });
    };
    let has_desk = move || {
        account.profile().is_some_and(|it| matches!(it.role, Role::Organizer | Role::Admin))
    };
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, bookings.title)}</h1>
            {part(move || {
                bookings
                    .with(|all| {
                        if all.is_empty() {
                            return view! {
                                <Nothing
                                    sign=Sign::Ticket
                                    title=tx!(i18n, bookings.none)
                                    text=tx!(i18n, bookings.none_text)
                                    way=view! {
                                        <a href="/" rel=program::rel("/") class="button primary">
                                            {common!(i18n, to_events)}
                                        </a>
                                    }
                                        .into_any()
                                />
                            }
                            .into_any();
                        }
                        let rows = all
                            .iter()
                            .cloned()
                            .map(|(booking, events)| view! { <Row booking events/> });
                        view! { <ul class="desk-rows">{rows.collect_view()}</ul> }.into_any()
                    })
            })}
            <FailureNote failure/>
            <div class="row-actions page-end">
                {part(move || {
                    next.get()
                        .map(|_| {
                            view! {
                                <button
                                    type="button"
                                    class="button secondary"
                                    data-testid="more-bookings"
                                    on:click=act(move |_| more())
                                >
                                    {tx!(i18n, bookings.more)}
                                </button>
                            }
                        })
                })}
                {part(move || {
                    account
                        .is_signed_in()
                        .then(|| {
                            view! {
                                <a href="/account" class="button secondary" data-testid="account-link">
                                    {tx!(i18n, bookings.account)}
                                </a>
                            }
                        })
                })}
                {part(move || {
                    has_desk()
                        .then(|| {
                            view! {
                                <a href="/desk" rel=program::rel("/desk") class="button secondary">
                                    {tx!(i18n, bookings.desk)}
                                </a>
                            }
                        })
                })}
            </div>
        </main>
    }
}

/// The text for a booking's status, and the class name of that status in the style sheet.
fn status(locale: Locale, status: BookingStatus) -> (&'static str, &'static str) {
    match status {
        BookingStatus::Pending => (td_string!(locale, bookings.pending), "quiet-state"),
        BookingStatus::Confirmed => (td_string!(locale, bookings.confirmed), "on-sale"),
        BookingStatus::Failed => (td_string!(locale, bookings.failed), "bad-state"),
        BookingStatus::Cancelled => (td_string!(locale, bookings.cancelled), "bad-state"),
    }
}

#[component]
fn Row(booking: Booking, events: Vec<Event>) -> impl IntoView {
    let i18n = use_i18n();
    let path = format!("/bookings/{}", booking.reference);
    let rel = program::rel(&path);
    let (state, total) = (booking.status, booking.total);
    let name = events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>().join(", ");
    let language = events.first().map(|event| event.language.clone());
    let when = move || {
        let first = events.first();
        first.map(|event| {
            intl::date(i18n.get_locale(), &event.starts_at, &event.time_zone, DateStyle::Short)
        })
    };
    view! {
        <li class="desk-row" data-testid="booking-row">
            <div class="desk-row-main">
                <h2 lang=language dir="auto">
                    <a href=path rel=rel>{name}</a>
                </h2>
                <p class="soft">
                    <span class="figures">{booking.reference}</span> " · "
                    <span prop:textContent=live(move || when().unwrap_or_default())></span>
                </p>
            </div>
            <div class="desk-row-side">
                <span
                    class=format!("status {}", status(Locale::en, state).1)
                    prop:textContent=live(move || status(i18n.get_locale(), state).0.to_owned())
                ></span>
                <span
                    class="figures"
                    prop:textContent=live(move || intl::money(i18n.get_locale(), &total))
                ></span>
            </div>
        </li>
    }
}
